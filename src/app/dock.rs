//! The dock above the transport: plots, problems and notes, event types.

use super::action::Action;
use super::document::Document;
use super::theme::{Theme, size, space};
use super::widgets::named_choice;
use super::{legend, plots, problems};
use crate::run::Frame;
use egui::{Button, RichText, Ui, UiBuilder, vec2};

/// What the dock shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Figures over time.
    #[default]
    Plots,
    /// What is wrong.
    Problems,
    /// Event types.
    Events,
}

/// Draws the dock.
pub fn show(ui: &mut Ui, theme: &Theme, tab: &mut Tab, document: &Document, frame: Option<&Frame>, actions: &mut Vec<Action>) {
    // A child of fixed size, so that the dock is as high as it was made, whatever is in it.
    let room = ui.available_rect_before_wrap();
    let mut child = ui.new_child(UiBuilder::new().max_rect(room));
    ui.advance_cursor_after_rect(room);
    child.shrink_clip_rect(room);
    let ui = &mut child;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
        let n = document.findings.len();
        let problems = if n == 0 { "Problems".to_owned() } else { format!("Problems ({n})") };
        for (kind, words) in [(Tab::Plots, "Plots".to_owned()), (Tab::Problems, problems), (Tab::Events, "Events".to_owned())] {
            let on = *tab == kind;
            let text = RichText::new(&words).size(theme.label).color(if on { theme.text } else { theme.muted });
            let response = ui.add(Button::selectable(on, text).min_size(vec2(0.0, theme.px(size::CONTROL - space::XS))));
            named_choice(&response, &format!("{words} tab"), on);
            if response.clicked() {
                *tab = kind;
            }
        }
    });
    match tab {
        Tab::Plots => plots::show(ui, theme, frame, &document.selection),
        Tab::Problems => problems::show(ui, theme, &document.scenario, &document.findings, actions),
        Tab::Events => legend::show(ui, theme, &document.scenario),
    }
}
