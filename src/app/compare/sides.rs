//! Two canvases side by side, of two runs at the same moment.

use super::marks::marks;
use crate::app::action::{Action, Fold};
use crate::app::canvas::{Canvas, CanvasInput};
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::{bounded, icon_button, muted};
use crate::figures;
use crate::run::Frame;
use crate::run::frame::{Against, Beside, PlayState};
use crate::scenario::Scenario;
use egui::{Align, Layout, Rect, RichText, Stroke, Ui, UiBuilder, pos2, vec2};
use egui_material_icons::icons::ICON_CLOSE;

/// The canvas on the right, and whose it is.
#[derive(Default)]
pub struct Sides {
    canvas: Canvas,
    /// The run that it shows, or the scenario: another one is shown whole at first.
    shown: Option<String>,
}

impl Sides {
    /// Draws both: on the left what is open, on the right what it is compared with, which can be looked at but not changed.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        left: &mut Canvas,
        input: &CanvasInput<'_>,
        frame: &Frame,
        beside: &Beside,
        other: Option<&Scenario>,
        actions: &mut Vec<Action>,
    ) {
        let theme = input.theme;
        let all = ui.available_rect_before_wrap();
        let head = theme.px(size::CONTROL);
        let middle = all.center().x.round();
        let halves = [Rect::from_min_max(all.min, pos2(middle, all.bottom())), Rect::from_min_max(pos2(middle, all.top()), all.max)];
        let (ours, theirs) = (marks(frame, &beside.frame), marks(&beside.frame, frame));
        let here = match beside.against {
            Against::Branch(_) => frame.past.here().map_or("", |branch| branch.name.as_str()),
            Against::Other => input.scenario.name.as_str(),
        };
        // What is said of a run stands behind its name.
        let name = halves[0].width() * 0.6;
        let inside = |half: Rect| Rect::from_min_max(half.min + vec2(0.0, head), half.max);
        self.head(ui, theme, Rect::from_min_size(halves[0].min, vec2(halves[0].width(), head)), |ui| {
            bounded(ui, name, |ui| ui.label(RichText::new(here).size(theme.label)));
            let words = match (ours.len(), beside.same) {
                (_, true) => "the same so far, bit for bit".to_owned(),
                (0, false) => "they differ, in no figure of a node".to_owned(),
                (1, false) => "1 node differs".to_owned(),
                (n, false) => format!("{n} nodes differ"),
            };
            ui.add(egui::Label::new(muted(theme, words).size(theme.label)).truncate());
        });
        self.head(ui, theme, Rect::from_min_size(halves[1].min, vec2(halves[1].width(), head)), |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, theme, ICON_CLOSE, "Close the second canvas", "", true).clicked() {
                    actions.push(Action::Fold(Fold::Sides));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let state = match &beside.frame.state {
                        PlayState::Stopped(why) => format!("stopped at {}: {why}", figures::seconds(beside.frame.now.seconds())),
                        PlayState::Finished if beside.frame.now < frame.now => {
                            format!("over since {}", figures::seconds(beside.frame.now.seconds()))
                        }
                        _ => String::new(),
                    };
                    bounded(ui, name, |ui| ui.label(RichText::new(&beside.name).size(theme.label)));
                    ui.add(egui::Label::new(muted(theme, state).size(theme.label)).truncate());
                });
            });
        });
        let canvas = |marks| CanvasInput { marks, ..*input };
        let mut child = ui.new_child(UiBuilder::new().max_rect(inside(halves[0])).id_salt("left canvas"));
        left.show(&mut child, &canvas(&ours), actions);
        let which = match (beside.against, other) {
            (Against::Other, Some(_)) => beside.name.clone(),
            _ => String::new(),
        };
        let same_drawing = which.is_empty();
        if self.shown.as_ref() != Some(&which) {
            *self = Sides { shown: Some(which), ..Sides::default() };
        }
        if same_drawing {
            self.canvas.see_as(left);
        }
        let theirs = CanvasInput {
            scenario: other.filter(|_| !same_drawing).unwrap_or(input.scenario),
            frame: Some(&beside.frame),
            findings: &[],
            highlight: &[],
            placing: None,
            ..canvas(&theirs)
        };
        let mut child = ui.new_child(UiBuilder::new().max_rect(inside(halves[1])).id_salt("right canvas"));
        let moved = self.canvas.watch(&mut child, &theirs, &format!("canvas of {}", beside.name), actions);
        if same_drawing && moved {
            left.see_as(&self.canvas);
            ui.ctx().request_repaint();
        }
        ui.painter().line_segment([pos2(middle, all.top()), pos2(middle, all.bottom())], Stroke::new(theme.stroke * 2.0, theme.line));
        ui.advance_cursor_after_rect(all);
    }

    fn head(&self, ui: &mut Ui, theme: &Theme, rect: Rect, content: impl FnOnce(&mut Ui)) {
        ui.painter().rect_filled(rect, 0.0, theme.panel);
        ui.painter().line_segment([rect.left_bottom(), rect.right_bottom()], Stroke::new(theme.stroke, theme.line));
        let room = rect.shrink2(vec2(theme.px(space::S), 0.0));
        let mut child = ui.new_child(UiBuilder::new().max_rect(room).layout(Layout::left_to_right(Align::Center)));
        child.shrink_clip_rect(room);
        content(&mut child);
    }
}
