//! The trainer's window while a lesson is shown to a room: the notes of this step, what comes next, and the time.

use super::course::{Course, Phase};
use super::{Teach, markdown, panel};
use crate::app::action::Action;
use crate::app::style;
use crate::app::theme::{Mode, Theme, space};
use crate::app::widgets::{muted, primary_button};
use crate::run::Frame;
use egui::{CentralPanel, Context, RichText, ScrollArea, Ui, ViewportBuilder, ViewportId};

/// Size of the window, in points.
const SIZE: [f32; 2] = [460.0, 420.0];

/// Shows it. Where there are no second windows it is a window within the window.
pub fn show(ctx: &Context, course: &Course, frame: Option<&Frame>, actions: &mut Vec<Action>) {
    let builder = ViewportBuilder::default().with_title("Notes – Tidemill").with_inner_size(SIZE);
    // The room sees the projector's look; these are for the trainer's own screen.
    let theme = Theme::of(Mode::Dark);
    ctx.show_viewport_immediate(ViewportId::from_hash_of("lesson notes"), builder, |ui, _| {
        let ground = egui::Frame::new().fill(theme.panel).inner_margin(theme.px(space::M) as i8);
        CentralPanel::default().frame(ground).show(ui, |ui| inside(ui, &theme, course, frame, actions));
        if ui.ctx().input(|input| input.viewport().close_requested()) {
            actions.push(Action::Teach(Teach::Present));
        }
    });
}

fn inside(ui: &mut Ui, theme: &Theme, course: &Course, frame: Option<&Frame>, actions: &mut Vec<Action>) {
    // Whatever look the room has.
    style::wear(ui, theme);
    ui.spacing_mut().item_spacing.y = theme.px(space::S);
    let (title, notes) = match (course.step(), course.challenge()) {
        (Some(step), _) => (step.title.as_str(), &step.notes),
        (None, Some(challenge)) => ("Challenge", &challenge.notes),
        (None, None) => return,
    };
    let place = format!("Notes on {} of {}: {title}", course.at + 1, course.last() + 1);
    ui.label(RichText::new(place).size(theme.title).strong().color(theme.text));
    let at = frame.map(|frame| format!("The run is at {}", frame.now)).unwrap_or_default();
    ui.label(muted(theme, at).size(theme.label));
    ui.horizontal(|ui| {
        if course.at > 0 && ui.button("Step back").clicked() {
            actions.push(Action::Teach(Teach::To(course.at - 1)));
        }
        let words = if course.phase == Phase::Over { "Stop presenting" } else { "Go on with the lesson" };
        if primary_button(ui, theme, words, true).clicked() {
            actions.push(Action::Teach(forth(course)));
        }
    });
    ui.label(muted(theme, "Page down goes on, page up goes back").size(theme.label));
    ui.separator();
    ScrollArea::vertical().id_salt("notes").auto_shrink(false).show(ui, |ui| {
        match notes.is_empty() {
            true => drop(ui.label(muted(theme, "No notes for this step"))),
            false => markdown::show(ui, theme, &panel::filled(notes, frame)),
        }
        if let Some(next) = course.lesson.steps.get(course.at + 1) {
            ui.add_space(theme.px(space::M));
            ui.label(muted(theme, format!("Next: {}", next.title)));
        }
    });
}

/// What a trainer's one key does: whatever brings the lesson on.
pub fn forth(course: &Course) -> Teach {
    match (course.phase, course.step()) {
        (Phase::Over, _) => Teach::Present,
        (Phase::Ask, _) => Teach::Answer(super::course::Said::Nothing),
        (Phase::Reached, _) => Teach::Next,
        (Phase::Go, Some(step)) if !step.act.is_empty() && !course.acted && !step.done_for_you => Teach::Show,
        (Phase::Go, Some(_)) => Teach::Go,
        (Phase::Go, None) => match &course.score {
            Some(score) if score.reached() => Teach::Next,
            _ => Teach::Try,
        },
    }
}
