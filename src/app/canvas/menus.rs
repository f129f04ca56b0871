//! What a right click offers.

use super::{Canvas, CanvasInput};
use crate::app::action::{Action, Selection};
use crate::app::edit::{Edit, unique_id};
use crate::app::rail::{in_sentence, palette};
use egui::{Pos2, Response, Ui};

/// What the open menu is about.
#[derive(Clone, Debug, Default)]
pub struct Menu {
    /// A node; without one it is about the ground.
    pub node: Option<String>,
    /// The place of the scene that was clicked.
    pub at: Pos2,
    /// It was asked for just now.
    pub opened: bool,
}

impl Canvas {
    pub(super) fn show_menus(&mut self, ui: &Ui, input: &CanvasInput<'_>, ground: &Response, actions: &mut Vec<Action>) {
        if let Some(name) = self.menu.node.clone() {
            let Some(node) = self.scene.index.get(&name).map(|i| &self.scene.nodes[*i]) else {
                self.menu.node = None;
                return;
            };
            // Rows lie on their broker: asking for the pointer's click again would miss those on a row.
            let response =
                ui.interact(self.view.screen_rect(node.rect).intersect(self.view.canvas), ui.scope_id().with("menu"), egui::Sense::hover());
            let opened = std::mem::take(&mut self.menu.opened);
            let mut chosen = None;
            egui::Popup::from_response(&response)
                .id(ui.scope_id().with("node menu"))
                .kind(egui::PopupKind::Menu)
                .open_memory(opened.then_some(egui::SetOpenCommand::Bool(true)))
                .at_pointer_fixed()
                .layout(egui::Layout::top_down_justified(egui::Align::Min))
                .width(0.0)
                .show(|ui| {
                    chosen = ["Duplicate", "Delete"].into_iter().find(|label| ui.button(*label).clicked());
                });
            match chosen {
                Some("Duplicate") => self.duplicate(input, actions),
                Some(_) => actions.push(super::keys::delete(input)),
                None => {}
            }
            return;
        }
        let at = super::gestures::snapped(self.menu.at);
        let mut chosen = None;
        let mut fit = false;
        ground.context_menu(|ui| {
            for (placing, name, ..) in palette() {
                if ui.button(format!("Add {} here", in_sentence(name))).clicked() {
                    chosen = Some(placing);
                }
            }
            ui.separator();
            fit = ui.button("Fit").clicked();
        });
        if let Some(placing) = chosen {
            self.add(input, placing, at, actions);
        }
        if fit {
            self.fitting.ask();
            ui.ctx().request_repaint();
        }
    }

    /// Copies what is selected, a little aside, and selects the copies.
    pub(super) fn duplicate(&self, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let mut copied = input.scenario.clone();
        let mut selection = Selection::default();
        let mut single = None;
        for (i, node) in input.scenario.nodes.iter().enumerate().filter(|(_, n)| input.selection.nodes.contains(n.id())) {
            let mut copy = node.clone();
            *copy.id_mut() = unique_id(&copied, node.id());
            if let Some(drawn) = self.scene.nodes.get(i) {
                copy.set_at((drawn.at.x + 32.0, drawn.at.y + 32.0));
            }
            selection.nodes.insert(copy.id().to_owned());
            single = Some(copy.clone());
            copied.nodes.push(copy);
        }
        let edit = match (selection.nodes.len(), single) {
            (1, Some(node)) => Edit::Add(node),
            (0, _) => return,
            (count, _) => Edit::SetScenario { label: format!("Duplicate {count} nodes"), scenario: Box::new(copied) },
        };
        actions.push(Action::Edit(edit));
        actions.push(Action::Select(selection));
    }
}
