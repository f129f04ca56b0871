//! What people write on the canvas: notes, and frames with a title around nodes that belong together.

use super::gestures::{Gesture, snapped};
use super::layout::NodeBox;
use super::measures::*;
use super::paint::{Brush, Detail, mix};
use super::writing::What;
use super::{Canvas, CanvasInput, menus, place};
use crate::app::action::{Action, Selection};
use crate::app::edit::Edit;
use crate::app::kinds::letters;
use crate::app::theme::space;
use crate::app::widgets::cut;
use crate::scenario::Scenario;
use crate::scenario::document::{Group, Note};
use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, FontId, Id, PointerButton, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};
use std::collections::HashMap;

/// A group's frame, in the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameBox {
    /// Its position in the document.
    pub index: usize,
    /// What stands on it.
    pub title: String,
    /// Around its nodes.
    pub rect: Rect,
    /// Positions of its nodes.
    pub nodes: Vec<usize>,
}

impl FrameBox {
    /// The bar with the title: what is taken hold of.
    pub fn bar(&self, scale: f32) -> Rect {
        Rect::from_min_size(self.rect.min, vec2(self.rect.width(), FRAME_TITLE * scale))
    }
}

/// The frames of a scenario's groups; groups of nothing have none.
pub fn frames(scenario: &Scenario, nodes: &[NodeBox], index: &HashMap<String, usize>, scale: f32) -> Vec<FrameBox> {
    let frame = |(i, group): (usize, &Group)| {
        let members: Vec<usize> = group.nodes.iter().filter_map(|id| index.get(id).copied()).collect();
        let around = members.iter().fold(Rect::NOTHING, |all, m| all.union(nodes[*m].rect));
        let mut rect = around.expand(FRAME_PAD * scale);
        rect.min.y -= FRAME_TITLE * scale;
        around.is_positive().then(|| FrameBox { index: i, title: group.title.clone(), rect, nodes: members })
    };
    scenario.groups.iter().enumerate().filter_map(frame).collect()
}

/// Where a note is, in the scene: as large as its words need, without asking the fonts.
pub fn note_rect(note: &Note, scale: f32) -> Rect {
    let room = NOTE_WIDTH - 2.0 * PAD;
    let lines: Vec<&str> = note.text.lines().collect();
    let widest = lines.iter().map(|l| letters(l) * 0.82).fold(56.0, f32::max).min(room);
    let rows: f32 = lines.iter().map(|l| (letters(l) * 0.82 / room).ceil().max(1.0)).sum::<f32>().max(1.0);
    Rect::from_min_size(note.at.into(), vec2(widest + 2.0 * PAD, rows * NOTE_LINE + PAD * 1.4) * scale)
}

/// Draws the frames, below everything else.
pub fn paint_frames(brush: &Brush<'_>, frames: &[FrameBox], selected: Option<usize>) {
    let theme = brush.theme;
    for frame in frames {
        let rect = brush.view.screen_rect(frame.rect);
        if !rect.intersects(brush.view.canvas) {
            continue;
        }
        let on = selected == Some(frame.index);
        let edge = if on { theme.accent } else { mix(theme.line, theme.muted, 0.35) };
        let radius = (space::NODE_RADIUS + 4.0) * brush.unit;
        let stroke = Stroke::new(theme.stroke * if on { 2.0 } else { 1.0 }, edge);
        brush.painter.rect(rect, radius, theme.wash(theme.muted, 0.06), stroke, StrokeKind::Inside);
        let at = rect.min + vec2(PAD, FRAME_TITLE * 0.55) * brush.unit;
        let room = rect.width() - 2.0 * PAD * brush.unit;
        brush.text(at, Align2::LEFT_CENTER, &frame.title, theme.label, theme.muted, room);
    }
}

/// Draws the notes.
pub fn paint_notes(brush: &Brush<'_>, scenario: &Scenario, scale: f32, selected: Option<usize>, moved: Option<(usize, Vec2)>) {
    let theme = brush.theme;
    for (i, note) in scenario.notes.iter().enumerate() {
        let shift = moved.filter(|(moved, _)| *moved == i).map_or(Vec2::ZERO, |(_, by)| by);
        let rect = brush.view.screen_rect(note_rect(note, scale).translate(shift));
        if !rect.intersects(brush.view.canvas) {
            continue;
        }
        let on = selected == Some(i);
        let edge = if on { theme.accent } else { mix(theme.canvas, theme.warn, 0.45) };
        let stroke = Stroke::new(theme.stroke * if on { 2.0 } else { 1.0 }, edge);
        // From further away words shrink less than what they are about, for as long as they can be read at all.
        let size = ((theme.label * 1.05 * brush.view.zoom).max(theme.label * 0.8) * 2.0).round() / 2.0;
        let shown = brush.detail != Detail::Far;
        let pad = vec2(PAD - 2.0, PAD * 0.6) * brush.unit;
        let mut job = LayoutJob::single_section(note.text.clone(), TextFormat::simple(FontId::proportional(size), theme.text));
        job.wrap.max_width = rect.width() - 2.0 * pad.x;
        let galley = shown.then(|| brush.painter.layout_job(job));
        let high = galley.as_ref().map_or(rect.height(), |g| g.size().y + 2.0 * pad.y);
        let rect = Rect::from_min_size(rect.min, vec2(rect.width(), high));
        brush.painter.rect(rect, 4.0 * brush.unit, mix(theme.canvas, theme.warn, 0.1), stroke, StrokeKind::Inside);
        if let Some(galley) = galley {
            brush.painter.galley(rect.min + pad, galley, theme.text);
        }
    }
}

/// The tag of a node's zone, on its upper edge.
pub fn paint_zone(brush: &Brush<'_>, rect: Rect, zone: &str) {
    let theme = brush.theme;
    let size = ((theme.label * 0.9 * brush.view.zoom).max(theme.label * 0.75) * 2.0).round() / 2.0;
    let pad = vec2(5.0, 0.5);
    // No longer than its node, whose right end has marks of its own.
    let room = rect.width() - 34.0 * brush.unit - 2.0 * pad.x;
    let galley = cut(brush.painter, zone, FontId::proportional(size), theme.muted, room);
    // On the upper edge, out of the way of the name below it.
    let foot = pos2(rect.left() + 10.0 * brush.unit, rect.top() + 3.0 * brush.unit);
    let tag = Rect::from_min_size(foot - vec2(0.0, galley.size().y + 2.0 * pad.y), galley.size() + pad * 2.0);
    brush.painter.rect(tag, tag.height() / 2.0, theme.panel, Stroke::new(theme.stroke, theme.line), StrokeKind::Inside);
    brush.painter.galley(tag.min + pad, galley, theme.muted);
}

/// An edit of the whole scenario by a small change.
pub fn change(scenario: &Scenario, label: &str, change: impl FnOnce(&mut Scenario)) -> Action {
    let mut next = scenario.clone();
    change(&mut next);
    Action::Edit(Edit::SetScenario { label: label.to_owned(), scenario: Box::new(next) })
}

impl Canvas {
    /// How far a note has been dragged.
    pub(super) fn note_moved(&self, ui: &Ui, scenario: &Scenario) -> Option<(usize, Vec2)> {
        let Gesture::Note { index, from } = self.gesture else { return None };
        let at: Pos2 = scenario.notes.get(index)?.at.into();
        let pointer = ui.input(|i| i.pointer.latest_pos())?;
        Some((index, snapped(at + (self.view.scene_from_screen(pointer) - from)) - at))
    }

    /// Makes frames and notes real to the pointer and to assistive technology.
    pub(super) fn touch_notes(&mut self, ui: &Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        for i in 0..self.scene.frames.len() {
            self.touch_frame(ui, input, i, actions);
        }
        for (i, note) in input.scenario.notes.iter().enumerate() {
            let rect = self.view.screen_rect(note_rect(note, self.scene.scale));
            if !rect.intersects(self.view.canvas) {
                continue;
            }
            let response = ui.interact(rect, self.note_id(ui, i), Sense::click_and_drag());
            let first = note.text.lines().next().unwrap_or_default().to_owned();
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, input.selection.note == Some(i), format!("note {first}")));
            let select = Action::Select(Selection { note: Some(i), ..Selection::default() });
            if response.double_clicked() {
                self.write(What::Note(i), note.text.clone());
            }
            if response.clicked() || response.secondary_clicked() {
                actions.push(select.clone());
                ui.memory_mut(|m| m.request_focus(response.id));
            }
            if response.secondary_clicked() {
                self.menu.open(menus::About::Note(i));
            }
            if response.drag_started_by(PointerButton::Primary) && matches!(self.gesture, Gesture::Idle) {
                actions.push(select);
                if let Some(press) = ui.input(|i| i.pointer.press_origin()) {
                    self.gesture = Gesture::Note { index: i, from: self.view.scene_from_screen(press) };
                }
            }
            if response.drag_stopped()
                && let Some((index, by)) = self.note_moved(ui, input.scenario)
            {
                self.gesture = Gesture::Idle;
                if by != Vec2::ZERO {
                    actions.push(change(input.scenario, "Move note", |s| {
                        if let Some(note) = s.notes.get_mut(index) {
                            note.at = (note.at.0 + by.x, note.at.1 + by.y);
                        }
                    }));
                }
            }
        }
    }

    fn touch_frame(&mut self, ui: &Ui, input: &CanvasInput<'_>, i: usize, actions: &mut Vec<Action>) {
        let frame = &self.scene.frames[i];
        let bar = self.view.screen_rect(frame.bar(self.scene.scale));
        if !bar.intersects(self.view.canvas) {
            return;
        }
        let (index, title) = (frame.index, frame.title.clone());
        let response = ui.interact(bar, ui.scope_id().with(("group", index)), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, input.selection.group == Some(index), format!("group {title}")));
        let select = Action::Select(Selection { group: Some(index), ..Selection::default() });
        if response.double_clicked() {
            self.write(What::Group(index), title);
        }
        if response.clicked() || response.secondary_clicked() {
            actions.push(select.clone());
        }
        if response.secondary_clicked() {
            self.menu.open(menus::About::Group(index));
        }
        if response.drag_started_by(PointerButton::Primary) && matches!(self.gesture, Gesture::Idle) {
            actions.push(select);
            let (press, frame) = (ui.input(|i| i.pointer.press_origin()), &self.scene.frames[i]);
            if let (Some(press), Some(&lead)) = (press, frame.nodes.first()) {
                let names = frame.nodes.iter().map(|n| self.scene.nodes[*n].id.clone()).collect();
                let lead = &self.scene.nodes[lead];
                let from = self.view.scene_from_screen(press);
                self.gesture = Gesture::Move { names, lead: lead.id.clone(), at: lead.at, from };
            }
        }
        if response.drag_stopped() && matches!(self.gesture, Gesture::Move { .. }) {
            self.finish_move(actions);
        }
    }

    /// A note's identity towards egui.
    pub(super) fn note_id(&self, ui: &Ui, index: usize) -> Id {
        ui.scope_id().with(("note", index))
    }

    /// Puts a frame around what is selected, and asks for its title.
    pub(super) fn group(&mut self, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let nodes: Vec<String> = self.scene.nodes.iter().filter(|n| input.selection.nodes.contains(&n.id)).map(|n| n.id.clone()).collect();
        if nodes.is_empty() {
            return;
        }
        let index = input.scenario.groups.len();
        let title = "Group".to_owned();
        actions.push(change(input.scenario, "Add group", |s| s.groups.push(Group { title: title.clone(), nodes })));
        actions.push(Action::Select(Selection { group: Some(index), ..Selection::default() }));
        self.write(What::Group(index), title);
    }

    /// Adds a note, and asks for its words.
    pub(super) fn add_note(&mut self, input: &CanvasInput<'_>, at: Option<(f32, f32)>, actions: &mut Vec<Action>) {
        // Where nobody says where, it hides nothing.
        let at: Pos2 = at.map_or_else(|| place::room(&self.scene, self.view.visible(), 0.5), Into::into);
        let index = input.scenario.notes.len();
        let text = "Note".to_owned();
        actions.push(change(input.scenario, "Add note", |s| s.notes.push(Note { text: text.clone(), at: snapped(at).into() })));
        actions.push(Action::Select(Selection { note: Some(index), ..Selection::default() }));
        self.write(What::Note(index), text);
        self.fitting.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::canvas::layout::Scene;
    use crate::scenario::read;

    #[test]
    fn frames_surround_their_nodes_and_notes_hold_their_words() {
        let text = "Scenario(format: 1, nodes: [Producer(id: \"a\", at: (0, 0)), Producer(id: \"b\", at: (400, 200))],
            groups: [Group(title: \"Both\", nodes: [\"a\", \"b\"]), Group(title: \"None\")])";
        let scene = Scene::of(&read(text, "x").unwrap(), 1.0, &|_| Vec2::ZERO);
        assert_eq!(scene.frames.len(), 1);
        let frame = &scene.frames[0];
        assert!(scene.nodes.iter().all(|n| frame.rect.contains_rect(n.rect) && !frame.bar(1.0).intersects(n.rect)));
        assert!(scene.bounds.contains_rect(frame.rect));
        let rect = |text: &str| note_rect(&Note { text: text.to_owned(), at: (8.0, 8.0) }, 1.0);
        assert!(rect("one\ntwo\nthree").height() > rect("one").height() * 1.8);
        assert!(rect(&"long ".repeat(60)).width() <= NOTE_WIDTH && rect(&"long ".repeat(60)).height() > rect("one\ntwo\nthree").height());
    }
}
