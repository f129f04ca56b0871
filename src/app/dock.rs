//! The dock above the transport: the timeline, plots, branches, problems and notes, event types.

use super::action::Action;
use super::branches::{self, Branching};
use super::compare::Comparing;
use super::document::Document;
use super::journeys::{self, Finding};
use super::plots::{self, Plotting};
use super::theme::{Theme, size, space};
use super::timeline::{self, TimeView};
use super::widgets::named_choice;
use super::{legend, problems, why};
use crate::run::Frame;
use egui::{Button, RichText, Ui, UiBuilder, vec2};

/// What the dock shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Lanes over the whole run.
    Timeline,
    /// Figures over time.
    #[default]
    Plots,
    /// The ways of single events.
    Journeys,
    /// Branches of the run, and what differs between them.
    Branches,
    /// What a person should notice.
    Why,
    /// What is wrong.
    Problems,
    /// Event types.
    Events,
}

/// What the dock remembers of how things are looked at.
#[derive(Debug, Default)]
pub struct Dock {
    /// Which tab is open.
    pub tab: Tab,
    /// Which figures are plotted.
    pub plotting: Plotting,
    /// How the timeline is looked at.
    pub time: TimeView,
    /// What is looked for among events.
    pub finding: Finding,
    /// What is typed and chosen among the branches.
    pub branching: Branching,
}

/// Draws the dock.
pub fn show(
    ui: &mut Ui,
    theme: &Theme,
    dock: &mut Dock,
    document: &Document,
    frame: Option<&Frame>,
    comparing: Comparing<'_>,
    steps: &[timeline::Stretch],
    actions: &mut Vec<Action>,
) {
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
        let branches = frame.map_or(1, |f| f.past.branches.len());
        let branches = if branches < 2 { "Branches".to_owned() } else { format!("Branches ({branches})") };
        let tabs = [
            (Tab::Timeline, "Timeline".to_owned()),
            (Tab::Plots, "Plots".to_owned()),
            (Tab::Journeys, "Journeys".to_owned()),
            (Tab::Branches, branches),
            (Tab::Why, "Why".to_owned()),
            (Tab::Problems, problems),
            (Tab::Events, "Events".to_owned()),
        ];
        for (kind, words) in tabs {
            let on = dock.tab == kind;
            let text = RichText::new(&words).size(theme.label).color(if on { theme.text } else { theme.muted });
            let response = ui.add(Button::selectable(on, text).min_size(vec2(0.0, theme.px(size::CONTROL - space::XS))));
            named_choice(&response, &format!("{words} tab"), on);
            if response.clicked() {
                dock.tab = kind;
            }
        }
    });
    match dock.tab {
        Tab::Timeline => timeline::show(ui, theme, frame, steps, &mut dock.time, actions),
        Tab::Plots => plots::show(ui, theme, frame, &document.selection, &mut dock.plotting, &mut dock.time, actions),
        Tab::Journeys => journeys::show(ui, theme, frame, &mut dock.finding, actions),
        Tab::Branches => branches::show(ui, theme, frame, &document.selection, comparing, &mut dock.branching, actions),
        Tab::Why => why::show(ui, theme, frame, actions),
        Tab::Problems => problems::show(ui, theme, &document.scenario, &document.findings, actions),
        Tab::Events => legend::show(ui, theme, &document.scenario),
    }
}
