//! What the keyboard does on the canvas, unless something else has the focus.

use super::gestures::Gesture;
use super::measures::GRID;
use super::notes::change;
use super::{Canvas, CanvasInput};
use crate::app::action::{Action, OnCanvas, Selection};
use crate::app::edit::Edit;
use egui::{Event, EventFilter, Id, Key, Modifiers, Response, Ui, Vec2, vec2};

impl Canvas {
    /// Escape, Delete, arrows, Tab, Enter, Ctrl+A, Ctrl+D.
    pub(super) fn take_keys(&mut self, ui: &Ui, input: &CanvasInput<'_>, ground: &Response, actions: &mut Vec<Action>) {
        let focus = ui.memory(|m| m.focused());
        let notes = input.scenario.notes.len();
        let ours = |id: Id| {
            id == ground.id
                || (0..notes).any(|n| self.note_id(ui, n) == id)
                || self.scene.nodes.iter().any(|n| self.node_id(ui, &n.id) == id)
        };
        let focused = focus.filter(|id| ours(*id));
        let behind_dialog = !ui.memory(|m| m.allows_interaction(ui.layer_id()));
        if behind_dialog || ui.ctx().text_edit_focused() || (focus.is_some() && focused.is_none()) {
            return;
        }
        if let Some(id) = focused {
            // These keys would move the focus instead; Tab leaves an empty canvas.
            let tab = !self.scene.nodes.is_empty();
            let filter = EventFilter { tab, horizontal_arrows: true, vertical_arrows: true, escape: true };
            ui.memory_mut(|m| m.set_focus_lock_filter(id, filter));
        }
        let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|i| i.consume_key(modifiers, key));

        if ui.input(|i| i.key_pressed(Key::Escape)) {
            self.escape(ui, input, focused, actions);
        }
        if !input.selection.is_empty() && (pressed(Modifiers::NONE, Key::Delete) || pressed(Modifiers::NONE, Key::Backspace)) {
            actions.push(delete(input));
        }
        if pressed(Modifiers::COMMAND, Key::A) {
            let nodes = self.scene.nodes.iter().map(|n| n.id.clone()).collect();
            actions.push(Action::Select(Selection::nodes(nodes)));
        }
        if !input.selection.is_empty() && pressed(Modifiers::COMMAND, Key::D) {
            self.tell(OnCanvas::Duplicate);
        }
        self.take_clipboard(ui);
        if !input.selection.nodes.is_empty() && matches!(self.gesture, Gesture::Idle) {
            self.nudge(ui, input, actions);
        }
        if focused.is_some() && !input.selection.is_empty() && pressed(Modifiers::NONE, Key::Enter) {
            actions.push(Action::Inspect);
        }
        if focused.is_some() && !self.scene.nodes.is_empty() {
            let forward = pressed(Modifiers::NONE, Key::Tab);
            let backward = !forward && pressed(Modifiers::SHIFT, Key::Tab);
            if forward || backward {
                self.cycle(ui, input, backward, actions);
            }
        }
    }

    /// Copy, cut and paste come as events of their own, whatever keys the desktop has for them.
    fn take_clipboard(&mut self, ui: &Ui) {
        let mut told = Vec::new();
        ui.input_mut(|i| {
            i.events.retain(|event| {
                let command = match event {
                    Event::Copy => OnCanvas::Copy,
                    Event::Cut => OnCanvas::Cut,
                    Event::Paste(text) => OnCanvas::Paste(text.clone()),
                    _ => return true,
                };
                told.push(command);
                false
            });
        });
        told.into_iter().for_each(|command| self.tell(command));
    }

    /// Takes back one thing: placing, the selection, at last the focus. (A gesture was seen to before.)
    fn escape(&mut self, ui: &Ui, input: &CanvasInput<'_>, focused: Option<Id>, actions: &mut Vec<Action>) {
        if input.placing.is_some() {
            actions.push(Action::Place(None));
        } else if self.parts.is_none() && !egui::Popup::is_any_open(ui.ctx()) {
            if !input.selection.is_empty() {
                actions.push(Action::Select(Selection::default()));
            } else if let Some(id) = focused {
                ui.memory_mut(|m| m.surrender_focus(id));
            }
        }
    }

    fn nudge(&self, ui: &Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let mut by = Vec2::ZERO;
        for (key, way) in [
            (Key::ArrowLeft, vec2(-1.0, 0.0)),
            (Key::ArrowRight, vec2(1.0, 0.0)),
            (Key::ArrowUp, vec2(0.0, -1.0)),
            (Key::ArrowDown, vec2(0.0, 1.0)),
        ] {
            let (small, large) =
                ui.input_mut(|i| (i.count_and_consume_key(Modifiers::NONE, key), i.count_and_consume_key(Modifiers::SHIFT, key)));
            by += way * GRID * (small as f32 + 5.0 * large as f32);
        }
        if by != Vec2::ZERO {
            let chosen = self.scene.nodes.iter().filter(|n| input.selection.nodes.contains(&n.id));
            self.push_move(chosen.map(|n| (n.id.clone(), (n.at + by).into())).collect(), actions);
        }
    }

    fn cycle(&mut self, ui: &Ui, input: &CanvasInput<'_>, backward: bool, actions: &mut Vec<Action>) {
        let count = self.scene.nodes.len();
        let current = input.selection.nodes.last().and_then(|id| self.scene.index.get(id)).copied();
        let next = match (current, backward) {
            (None, false) => 0,
            (None, true) => count - 1,
            (Some(i), false) => (i + 1) % count,
            (Some(i), true) => (i + count - 1) % count,
        };
        let node = &self.scene.nodes[next];
        actions.push(Action::Select(Selection::node(&node.id)));
        if !self.view.visible().contains_rect(node.rect) {
            self.view.look_at(node.rect.center());
        }
        let focus = self.node_id(ui, &node.id);
        ui.memory_mut(|m| m.request_focus(focus));
    }
}

/// Deletes what is selected.
pub fn delete(input: &CanvasInput<'_>) -> Action {
    let selection = input.selection;
    match (selection.note, selection.group) {
        (Some(note), _) if note < input.scenario.notes.len() => change(input.scenario, "Delete note", |s| drop(s.notes.remove(note))),
        (_, Some(group)) if group < input.scenario.groups.len() => change(input.scenario, "Remove frame", |s| drop(s.groups.remove(group))),
        _ => Action::Edit(Edit::Delete { nodes: selection.nodes.iter().cloned().collect(), connection: selection.connection.clone() }),
    }
}
