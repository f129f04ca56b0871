//! What the canvas does when it is told: by a key, a menu, the list of commands.

use super::keys::delete;
use super::writing::What;
use super::{Canvas, CanvasInput, arrange, gestures, place};
use crate::app::action::{Action, Arrange, OnCanvas, Placing, Selection, Source};
use crate::app::clip;
use crate::app::edit::{Edit, added};
use crate::scenario::{self, Scenario};
use egui::{Pos2, Ui, vec2};
use std::collections::BTreeSet;

/// How far a copy lies beside its original.
const ASIDE: f32 = 32.0;

impl Canvas {
    /// Does it with the next picture.
    pub fn tell(&mut self, command: OnCanvas) {
        self.told.push(command);
    }

    /// Does what it was told.
    pub(super) fn obey(&mut self, ui: &Ui, input: &CanvasInput<'_>, ground: egui::Id, actions: &mut Vec<Action>) {
        for command in std::mem::take(&mut self.told) {
            match command {
                OnCanvas::Zoom(factor) => self.view.zoom_at(self.view.canvas.center(), factor),
                OnCanvas::ActualSize => self.view.zoom_at(self.view.canvas.center(), 1.0 / self.view.zoom),
                OnCanvas::SelectAll => {
                    let nodes = self.scene.nodes.iter().map(|n| n.id.clone()).collect();
                    actions.push(Action::Select(Selection::nodes(nodes)));
                }
                OnCanvas::Duplicate => {
                    let part = self.part(input);
                    self.join(input, &part, (ASIDE, ASIDE), "Duplicate", actions);
                }
                OnCanvas::Copy => drop(self.copy(ui, input)),
                OnCanvas::Cut => {
                    if self.copy(ui, input) {
                        actions.push(delete(input));
                    }
                }
                OnCanvas::Paste(text) => self.paste(ui, input, &text, actions),
                OnCanvas::Delete => {
                    if !input.selection.is_empty() {
                        actions.push(delete(input));
                    }
                }
                OnCanvas::Arrange(how) => self.arrange(input, how, actions),
                OnCanvas::Group => self.group(input, actions),
                OnCanvas::Note(at) => self.add_note(input, at, actions),
                OnCanvas::Rename(name) => match name.split_once('/') {
                    Some((broker, part)) => self.write(What::Part { broker: broker.to_owned(), part: part.to_owned() }, part.to_owned()),
                    None => self.write(What::Node(name.clone()), name),
                },
                OnCanvas::Show(id) => self.bring_into_sight(ui, &id, actions),
                OnCanvas::Add { placing, at, with } => {
                    let at = at.map_or_else(|| self.room_for(placing, with.as_ref()), Into::into);
                    self.add_with(input, placing, at, with.as_ref(), actions);
                    // The keyboard goes on from there: Tab to the next node, Enter to its settings.
                    ui.memory_mut(|m| m.request_focus(ground));
                }
            }
            ui.ctx().request_repaint();
        }
    }

    /// Where there is room for one more.
    fn room_for(&self, placing: Placing, with: Option<&Source>) -> Pos2 {
        let beside = with.and_then(|source| Some((source, self.scene.index.get(source.node())?)));
        match beside {
            Some((source, &node)) => {
                let rect = self.scene.nodes[node].rect;
                let x = if matches!(source, Source::Input(_)) { rect.left() - 240.0 } else { rect.right() + 240.0 };
                gestures::snapped(place::near(&self.scene, egui::pos2(x, rect.center().y)))
            }
            None => gestures::snapped(place::free(&self.scene, self.view.visible(), placing)),
        }
    }

    /// Adds a node, connects it with what it was drawn from, and selects it.
    pub(super) fn add_with(
        &mut self,
        input: &CanvasInput<'_>,
        placing: Placing,
        at: Pos2,
        with: Option<&Source>,
        actions: &mut Vec<Action>,
    ) {
        match added(placing, at.into(), with, input.scenario) {
            Ok((next, id, label)) => {
                actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }));
                actions.push(Action::Select(Selection::node(&id)));
                // The person chose this place in this view: it must not jump to fit.
                self.fitting.leave();
            }
            Err(why) => actions.push(Action::Complain(why)),
        }
    }

    /// What is selected, as a scenario of its own.
    fn part(&self, input: &CanvasInput<'_>) -> Scenario {
        let place = |id: &str| self.scene.index.get(id).map(|i| self.scene.nodes[*i].at.into());
        let mut part = clip::part(input.scenario, &input.selection.nodes, place);
        part.notes.extend(input.selection.note.and_then(|i| input.scenario.notes.get(i)).cloned());
        part
    }

    fn copy(&mut self, ui: &Ui, input: &CanvasInput<'_>) -> bool {
        let part = self.part(input);
        let any = !part.nodes.is_empty() || !part.notes.is_empty();
        if any {
            ui.ctx().copy_text(scenario::write(&part));
            self.pasted = 0;
        }
        any
    }

    fn paste(&mut self, ui: &Ui, input: &CanvasInput<'_>, text: &str, actions: &mut Vec<Action>) {
        let Ok(part) = scenario::read(text, "clipboard") else {
            let why = "The clipboard holds no part of a scenario: copy nodes here or in another window first".to_owned();
            actions.push(Action::Complain(why));
            return;
        };
        if part.nodes.is_empty() && part.notes.is_empty() {
            actions.push(Action::Complain("There are no nodes in the scenario on the clipboard".to_owned()));
            return;
        }
        self.pasted += 1;
        let aside = ASIDE * self.pasted as f32;
        // Where the pointer is, if it is here; else aside of where it was copied.
        let places: Vec<Pos2> = part.nodes.iter().filter_map(|n| n.at()).chain(part.notes.iter().map(|n| n.at)).map(Into::into).collect();
        let pointer = ui.input(|i| i.pointer.hover_pos()).filter(|p| self.view.canvas.contains(*p));
        let shift = match pointer.filter(|_| !places.is_empty()) {
            Some(pointer) => {
                gestures::snapped(self.view.scene_from_screen(pointer) - egui::Rect::from_points(&places).center().to_vec2()).to_vec2()
            }
            None => vec2(aside, aside),
        };
        self.join(input, &part, (shift.x, shift.y), "Paste", actions);
    }

    fn join(&mut self, input: &CanvasInput<'_>, part: &Scenario, shift: (f32, f32), verb: &str, actions: &mut Vec<Action>) {
        if part.nodes.is_empty() && part.notes.is_empty() {
            return;
        }
        let (next, names) = clip::joined(input.scenario, part, shift);
        let label = match (names.len(), names.first()) {
            (0, _) => format!("{verb} note"),
            (1, Some(name)) => format!("{verb} {name}"),
            (n, _) => format!("{verb} {n} nodes"),
        };
        actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }));
        actions.push(Action::Select(Selection::nodes(names)));
        self.fitting.leave();
    }

    /// Puts what is selected in order; in layers everything, if not several are selected.
    fn arrange(&mut self, input: &CanvasInput<'_>, how: Arrange, actions: &mut Vec<Action>) {
        let all = || self.scene.nodes.iter().map(|n| n.id.clone()).collect::<BTreeSet<String>>();
        let whole = how == Arrange::Layers && input.selection.nodes.len() < 2;
        let chosen = if whole { all() } else { input.selection.nodes.clone() };
        let whole = chosen.len() == self.scene.nodes.len() && how == Arrange::Layers;
        let moves = self.with_unplaced(arrange::arranged(&self.scene, &chosen, how));
        if !moves.is_empty() {
            actions.push(Action::Edit(Edit::Arrange { label: how.label(), moves }));
            if whole {
                self.following = 3;
            }
        }
    }

    fn bring_into_sight(&mut self, ui: &Ui, id: &str, actions: &mut Vec<Action>) {
        let Some(&i) = self.scene.index.get(id) else { return };
        self.view.look_at(self.scene.nodes[i].rect.center());
        if self.view.zoom < super::measures::NEAR {
            self.view.zoom = 1.0;
        }
        self.fitting.leave();
        actions.push(Action::Select(Selection::node(id)));
        let focus = self.node_id(ui, id);
        ui.memory_mut(|m| m.request_focus(focus));
    }
}
