//! Time as a place: what of the run is seen, which span is selected, markers with notes, and the lanes under which all of it lies.

mod around;
mod lanes;
mod span;
mod strips;

use super::action::Action;
use super::theme::{Theme, space};
use super::widgets::{labelled_button, muted};
use crate::figures;
use crate::run::{Command, Frame};
use crate::time::{SECOND, Time};
use egui::{Align, Layout, RichText, Ui, vec2};
use egui_material_icons::icons::{ICON_BOOKMARK_ADD, ICON_CLOSE, ICON_FIT_SCREEN, ICON_REPEAT};

/// A stretch of the run that has a name: a step of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// What it is called.
    pub name: String,
    /// Where it begins, in seconds.
    pub from: f64,
    /// Where it ends; none while it has not.
    pub to: Option<f64>,
}

/// A moment that a person wants to find again.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// When.
    pub at: Time,
    /// In the person's words; may be empty.
    pub note: String,
}

/// What the timeline remembers of how it is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeView {
    /// The part that is seen, in seconds; all of the run if none.
    pub view: Option<(f64, f64)>,
    /// The selected span, in seconds.
    pub span: Option<(f64, f64)>,
    /// In order of time.
    pub markers: Vec<Marker>,
    /// Which marker's surroundings are shown, by position.
    pub open: Option<usize>,
    /// What the pointer drags.
    drag: Option<Drag>,
    /// The moment last asked for, so that a still pointer does not ask again.
    asked: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    Scrub,
    Select(f64),
    Pan,
}

/// The narrowest part of a run that can be seen, in seconds.
const NARROWEST: f64 = 1e-4;

impl TimeView {
    /// The part that is seen of a run of so many seconds.
    pub fn seen(&self, duration: f64) -> (f64, f64) {
        self.view.unwrap_or((0.0, duration.max(NARROWEST)))
    }

    /// Sees `factor` times as much, with `fixed` staying where it is.
    pub fn zoom(&mut self, duration: f64, fixed: f64, factor: f64) {
        let (from, to) = self.seen(duration);
        let width = ((to - from) * factor).clamp(NARROWEST, duration.max(NARROWEST));
        let share = ((fixed - from) / (to - from)).clamp(0.0, 1.0);
        self.show(duration, fixed - share * width, width);
    }

    /// Sees what lies so many seconds further.
    pub fn pan(&mut self, duration: f64, by: f64) {
        let (from, to) = self.seen(duration);
        self.show(duration, from + by, to - from);
    }

    fn show(&mut self, duration: f64, from: f64, width: f64) {
        let from = from.clamp(0.0, (duration - width).max(0.0));
        self.view = (width < duration * 0.9999).then_some((from, from + width));
    }

    /// Puts a marker, unless there is one.
    pub fn mark(&mut self, at: Time) {
        match self.markers.binary_search_by_key(&at, |marker| marker.at) {
            Ok(place) => self.open = Some(place),
            Err(place) => {
                self.markers.insert(place, Marker { at, note: String::new() });
                self.open = Some(place);
            }
        }
    }

    /// Asks for a moment, once.
    pub fn seek(&mut self, seconds: f64, actions: &mut Vec<Action>) {
        let to = Time((seconds.max(0.0) * SECOND as f64).round() as u64);
        if self.asked != Some(to) {
            self.asked = Some(to);
            actions.push(Action::Run(Command::Seek(to)));
        }
    }

    /// The pointer has let go: the same moment may be asked for again.
    pub fn let_go(&mut self) {
        self.asked = None;
    }
}

/// Draws the timeline's tab: lanes, and beside them the figures of what is selected.
pub fn show(ui: &mut Ui, theme: &Theme, frame: Option<&Frame>, steps: &[Stretch], time: &mut TimeView, actions: &mut Vec<Action>) {
    let Some(frame) = frame else {
        ui.label(muted(theme, "Nothing runs yet"));
        return;
    };
    tools(ui, theme, frame, time, actions);
    let beside = time.span.is_some() || time.open.is_some();
    let room = ui.available_size();
    let width = if beside { (room.x * 0.42).clamp(theme.px(260.0), theme.px(460.0)) } else { 0.0 };
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(room.x - width - ui.spacing().item_spacing.x, room.y), |ui| {
            lanes::show(ui, theme, frame, steps, time, actions);
        });
        if beside {
            ui.allocate_ui(vec2(width, room.y), |ui| {
                ui.vertical(|ui| {
                    if time.open.is_some() {
                        around::show(ui, theme, frame, time, actions);
                    } else {
                        span::show(ui, theme, frame, time);
                    }
                });
            });
        }
    });
}

fn tools(ui: &mut Ui, theme: &Theme, frame: &Frame, time: &mut TimeView, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
        if labelled_button(ui, theme, ICON_BOOKMARK_ADD, "Mark this moment", true).on_hover_text("M, or a double click").clicked() {
            time.mark(frame.now);
        }
        if labelled_button(ui, theme, ICON_FIT_SCREEN, "Whole run", time.view.is_some()).clicked() {
            time.view = None;
        }
        if let Some((from, to)) = time.span {
            let looping = frame.past.looping.is_some();
            if labelled_button(ui, theme, ICON_REPEAT, if looping { "Stop looping" } else { "Loop the span" }, true).clicked() {
                let at = |seconds: f64| Time((seconds * SECOND as f64) as u64);
                actions.push(Action::Run(Command::Loop((!looping).then_some((at(from), at(to))))));
            }
            if labelled_button(ui, theme, ICON_CLOSE, "Clear the span", true).clicked() {
                time.span = None;
                actions.push(Action::Run(Command::Loop(None)));
            }
        }
        let hint = "Drag to scrub, Shift and drag to select a span, scroll to zoom, drag with the right button to pan";
        ui.add(egui::Label::new(muted(theme, hint).size(theme.label)).truncate());
    });
}

/// A name on the left and figures at the right edge, for tables of figures.
fn row(ui: &mut Ui, theme: &Theme, name: &str, cells: &[String], head: bool) {
    let text = |words: &str| {
        let words = RichText::new(words).size(theme.label);
        if head { words.color(theme.muted) } else { words.color(theme.text) }
    };
    let (height, all) = (theme.label * 1.4, ui.available_width());
    // Figures have up to nine characters of one width, names what is left: at least a quarter.
    let cell = (theme.label * 5.2).min(all * 0.75 / cells.len().max(1) as f32);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let width = all - cell * cells.len() as f32;
        ui.allocate_ui_with_layout(vec2(width, height), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(width);
            ui.add(egui::Label::new(text(name)).truncate()).on_hover_text(name);
        });
        for words in cells {
            ui.allocate_ui_with_layout(vec2(cell, height), Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_width(cell);
                ui.add(egui::Label::new(text(words).monospace().size(theme.label * 0.86)).truncate());
            });
        }
    });
}

pub use around::change as change_of;

/// A figure in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Count,
    PerSecond,
    Seconds,
    Share,
}

impl Unit {
    fn words(self, value: f64) -> String {
        if !value.is_finite() {
            return figures::NONE.to_owned();
        }
        match self {
            Unit::Count => figures::number(value),
            Unit::PerSecond => figures::rate(value),
            Unit::Seconds => figures::seconds(value),
            Unit::Share => figures::share(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_what_is_under_the_pointer_and_stays_within_the_run() {
        let mut time = TimeView::default();
        time.zoom(100.0, 25.0, 0.5);
        assert_eq!(time.seen(100.0), (12.5, 62.5));
        time.zoom(100.0, 25.0, 0.1);
        let (from, to) = time.seen(100.0);
        assert!((to - from - 5.0).abs() < 1e-9 && ((25.0 - from) / (to - from) - 0.25).abs() < 1e-9, "{from} {to}");
        time.pan(100.0, -1e9);
        assert_eq!(time.seen(100.0).0, 0.0);
        time.pan(100.0, 1e9);
        assert!((time.seen(100.0).1 - 100.0).abs() < 1e-9);
        time.zoom(100.0, 99.0, 1e12);
        assert_eq!((time.view, time.seen(0.0)), (None, (0.0, NARROWEST)));
        time.zoom(100.0, 50.0, 1e-30);
        assert!(time.seen(100.0).1 > time.seen(100.0).0);
    }

    #[test]
    fn markers_stand_in_order_and_once() {
        let mut time = TimeView::default();
        [5, 1, 3, 1].into_iter().for_each(|at| time.mark(Time(at)));
        assert_eq!(time.markers.iter().map(|m| m.at.0).collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!(time.open, Some(0));
        let mut actions = Vec::new();
        (0..3).for_each(|_| time.seek(1.5, &mut actions));
        assert_eq!(actions.len(), 1);
        time.let_go();
        time.seek(1.5, &mut actions);
        assert_eq!(actions.len(), 2);
    }
}
