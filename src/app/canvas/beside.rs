//! A canvas beside another: what differs is marked on both, and the second is to be looked at only.

use super::gestures::Gesture;
use super::{Canvas, CanvasInput, Pointed, controls, hit, live};
use crate::app::action::{Action, Selection};
use egui::{Align2, FontId, Rect, Sense, Shape, Stroke, StrokeKind, Ui, vec2};

/// A node that is not the same in another run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The node.
    pub node: String,
    /// In what it differs.
    pub words: String,
}

impl Canvas {
    /// Looks at the scene from where another canvas does.
    pub fn see_as(&mut self, other: &Canvas) {
        (self.view.zoom, self.view.centre) = (other.view.zoom, other.view.centre);
        self.fitting.leave();
    }

    /// Draws the canvas of another run, called `name`: it can be moved and zoomed and looked at, nothing in it can be changed. Says
    /// whether it was moved.
    pub fn watch(&mut self, ui: &mut Ui, input: &CanvasInput<'_>, name: &str, actions: &mut Vec<Action>) -> bool {
        let rect = ui.available_rect_before_wrap();
        if !rect.is_positive() || !rect.is_finite() {
            return false;
        }
        let ground = ui.allocate_rect(rect, Sense::click_and_drag());
        ground.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, name));
        self.view.canvas = rect;
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt("canvas"));
        let ui = &mut ui;
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        let relaid = self.lay_out(ui, input);
        self.fit_in(input.theme);
        self.take_frame(ui, input, relaid);
        let before = self.view;
        self.move_view(ui, &ground);
        if ground.drag_started() {
            self.gesture = Gesture::Pan;
        }
        let place = ground.hover_pos().map(|at| self.view.scene_from_screen(at));
        let node = place.and_then(|place| hit::spot(&self.scene, place, 0.0)).map(|spot| spot.node);
        let wire = place.filter(|_| node.is_none()).and_then(|place| hit::wire(&self.scene, place, self.view.zoom));
        if ground.clicked() {
            // A node of that name is selected on both canvases, and its settings and figures are those of what is open.
            let selection = node.map_or_else(Selection::default, |node| Selection::node(&self.scene.nodes[node].id));
            actions.push(Action::Select(selection));
        }
        let pointed = Pointed { node, wire, ..Pointed::default() };
        self.draw(ui, input, &pointed);
        self.draw_marks(ui, input);
        self.tooltips(ui, input, &pointed);
        controls::show(ui, &mut self.view, input.theme, &mut self.fitting);
        if self.particles.any() && input.frame.is_some_and(live::moves) && !input.reduce_motion {
            ui.ctx().request_repaint_after(std::time::Duration::from_micros(16_600));
        }
        (before.zoom, before.centre) != (self.view.zoom, self.view.centre)
    }

    /// A dashed line around what differs, with the difference beside it where it covers nothing; else it is told under the pointer.
    pub(super) fn draw_marks(&self, ui: &Ui, input: &CanvasInput<'_>) {
        let theme = input.theme;
        let screen = |node: usize| self.view.screen_rect(self.scene.nodes[node].rect);
        let mut taken: Vec<Rect> = match input.marks {
            [] => return,
            _ => self.visible_nodes().map(|node| screen(node).shrink(2.0)).collect(),
        };
        for mark in input.marks {
            let Some(node) = self.scene.index.get(&mark.node) else { continue };
            let rect = screen(*node).expand(theme.px(3.0));
            if !rect.intersects(self.view.canvas) {
                continue;
            }
            let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
            let stroke = Stroke::new(theme.stroke * 1.5, theme.warn);
            ui.painter().extend(Shape::dashed_line(&corners, stroke, theme.px(6.0), theme.px(4.0)));
            let galley = ui.painter().layout_no_wrap(mark.words.clone(), FontId::proportional(theme.label * 0.9), theme.text);
            let pad = vec2(theme.px(3.0), 0.0);
            let size = galley.size() + pad * 2.0;
            let places = [
                Align2::CENTER_BOTTOM.anchor_size(rect.center_top(), size),
                Align2::CENTER_TOP.anchor_size(rect.center_bottom(), size),
                Align2::LEFT_CENTER.anchor_size(rect.right_center(), size),
                Align2::RIGHT_CENTER.anchor_size(rect.left_center(), size),
            ];
            let free = |chip: &Rect| self.view.canvas.contains_rect(*chip) && !taken.iter().any(|other| other.intersects(*chip));
            if let Some(chip) = places.into_iter().find(free) {
                ui.painter().rect(chip, theme.px(3.0), theme.panel, Stroke::new(theme.stroke, theme.warn), StrokeKind::Inside);
                ui.painter().galley(chip.min + pad, galley, theme.text);
                taken.push(chip);
            }
        }
    }

    /// In what a node differs from the other run, if it is marked.
    pub(super) fn marked<'m>(&self, input: &CanvasInput<'m>, node: usize) -> Option<&'m str> {
        let id = &self.scene.nodes[node].id;
        input.marks.iter().find(|mark| mark.node == *id).map(|mark| mark.words.as_str())
    }
}
