//! Why it is as it is: what a person should notice, with its evidence and a jump to the moment at which it shows.

use super::action::{Action, Selection};
use super::theme::{Theme, size, space};
use super::widgets::{icon_button, labelled_button, muted};
use crate::figures;
use crate::run::look::Look;
use crate::run::why::{Insight, Weight};
use crate::run::{Command, Frame};
use egui::{RichText, ScrollArea, Ui};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_ERROR, ICON_INFO, ICON_MY_LOCATION, ICON_SEARCH_INSIGHTS, ICON_WARNING};

/// Draws the tab.
pub fn show(ui: &mut Ui, theme: &Theme, frame: Option<&Frame>, actions: &mut Vec<Action>) {
    let Some(frame) = frame else {
        ui.label(muted(theme, "Nothing runs yet"));
        return;
    };
    let answers = &frame.past.answers;
    ui.horizontal(|ui| {
        if labelled_button(ui, theme, ICON_SEARCH_INSIGHTS, "Look at the run up to this moment", true).clicked() {
            actions.push(Action::Run(Command::Look(Look::Why)));
        }
        if answers.looking {
            ui.spinner();
        }
        if let Some((at, _)) = &answers.why {
            ui.label(muted(theme, format!("Up to {}", figures::seconds(at.seconds()))).size(theme.label));
        }
    });
    let Some((_, insights)) = &answers.why else {
        ui.label(muted(theme, "What cannot keep up, what piles up, what is lost, doubled or out of order: found in the run, with the moment at which it shows"));
        return;
    };
    if insights.is_empty() {
        ui.label(muted(theme, "Nothing: no consumer is near its limit, and no event is lost, doubled or out of order"));
        return;
    }
    ScrollArea::vertical().id_salt("why").auto_shrink(false).show(ui, |ui| {
        for insight in insights.iter() {
            one(ui, theme, frame, insight, actions);
        }
    });
}

fn one(ui: &mut Ui, theme: &Theme, frame: &Frame, insight: &Insight, actions: &mut Vec<Action>) {
    let (icon, colour): (MaterialIcon, _) = match insight.weight {
        Weight::Bad => (ICON_ERROR, theme.bad),
        Weight::Watch => (ICON_WARNING, theme.warn),
        Weight::Note => (ICON_INFO, theme.accent),
    };
    ui.horizontal(|ui| {
        ui.label(icon.rich_text().size(theme.px(size::ICON)).color(colour));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.horizontal(|ui| {
                ui.label(RichText::new(&insight.title));
                if let Some(at) = insight.at {
                    ui.label(muted(theme, format!("from {} on", figures::seconds(at.seconds()))).size(theme.label));
                    if icon_button(ui, theme, ICON_MY_LOCATION, "Go to the moment", "", true).clicked() {
                        actions.push(Action::Run(Command::Seek(at)));
                        let node = insight.node.and_then(|node| frame.plan.nodes.get(node.index()));
                        actions.extend(node.map(|node| Action::Select(Selection::node(&node.name))));
                    }
                }
            });
            ui.add(egui::Label::new(muted(theme, &insight.evidence).size(theme.label)).wrap());
        });
    });
    ui.add_space(theme.px(space::XS));
}
