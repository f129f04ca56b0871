//! The trainer's window while a lesson is shown to a room: the notes of this step, what comes next, and the time.

use super::course::{Course, Phase, Said};
use super::panel::{self, Panel};
use super::{Teach, markdown};
use crate::app::action::Action;
use crate::app::style;
use crate::app::theme::{Mode, Theme, space};
use crate::app::widgets::{muted, primary_button};
use crate::run::Frame;
use crate::scenario::lesson::Predict;
use egui::{CentralPanel, Context, Key, Modifiers, RichText, ScrollArea, Ui, ViewportBuilder, ViewportId};

/// Size of the window, in points.
const SIZE: [f32; 2] = [460.0, 420.0];

/// Shows it. Where there are no second windows it is a window within the window.
pub fn show(ctx: &Context, course: &Course, frame: Option<&Frame>, lesson: &mut Panel, actions: &mut Vec<Action>) {
    let builder = ViewportBuilder::default().with_title("Notes – Tidemill").with_inner_size(SIZE).with_active(false);
    // The room sees the projector's look; these are for the trainer's own screen.
    let theme = Theme::of(Mode::Dark);
    ctx.show_viewport_immediate(ViewportId::from_hash_of("lesson notes"), builder, |ui, _| {
        let ground = egui::Frame::new().fill(theme.panel).inner_margin(theme.px(space::M) as i8);
        CentralPanel::default().frame(ground).show(ui, |ui| inside(ui, &theme, course, frame, actions));
        keys(ui.ctx(), course, true, lesson, actions);
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
    let place = if course.step().is_some() { format!("{}: {title}", panel::place(course)) } else { title.to_owned() };
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
        if let Some(predict) = course.step().and_then(|step| step.predict.as_ref()) {
            ui.add_space(theme.px(space::M));
            ui.add(egui::Label::new(muted(theme, format!("Question: {}", predict.question()))).wrap());
            ui.add(egui::Label::new(format!("Answer: {}", right(predict))).wrap());
        }
        if let Some(challenge) = course.challenge() {
            ui.add_space(theme.px(space::M));
            let solution = challenge.solution.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            ui.add(egui::Label::new(format!("Solution: {solution}")).wrap());
        }
        if let Some(next) = course.lesson.steps.get(course.at + 1) {
            ui.add_space(theme.px(space::M));
            ui.label(muted(theme, format!("Next: {}", next.title)));
        }
    });
}

/// The right answer as the lesson's author gives it.
fn right(predict: &Predict) -> String {
    match predict {
        Predict::Choice { answers, .. } => {
            let right: Vec<&str> = answers.iter().filter(|answer| answer.right).map(|answer| answer.text.as_str()).collect();
            if right.is_empty() { "what the run shows".to_owned() } else { right.join("; ") }
        }
        Predict::Number { answer, .. } => format!("about {answer}"),
    }
}

/// The keys of a lesson: the same in the window and in the notes.
pub fn keys(ctx: &Context, course: &Course, presented: bool, lesson: &mut Panel, actions: &mut Vec<Action>) {
    const DIGITS: [Key; 9] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    let pressed = |key: Key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    if pressed(Key::F7) {
        actions.push(Action::Teach(Teach::Present));
    }
    // What has not been read yet comes first.
    if presented && pressed(Key::PageDown) && !lesson.read_on() {
        actions.push(Action::Teach(forth(course)));
    }
    if presented && course.at > 0 && pressed(Key::PageUp) {
        actions.push(Action::Teach(Teach::To(course.at - 1)));
    }
    let seen = lesson.asks() && !ctx.text_edit_focused();
    if let (Phase::Ask, Some(Predict::Choice { answers, .. }), true) =
        (course.phase, course.step().and_then(|step| step.predict.as_ref()), seen)
        && let Some(n) = DIGITS.iter().take(answers.len()).position(|key| pressed(*key))
    {
        actions.push(Action::Teach(Teach::Answer(Said::Choice(n))));
    }
}

/// What a trainer's one key does: whatever brings the lesson on.
pub fn forth(course: &Course) -> Teach {
    match (course.phase, course.step()) {
        (Phase::Over, _) => Teach::Present,
        (Phase::Ask, _) => Teach::Unanswered,
        (Phase::Reached, _) => Teach::Next,
        (Phase::Go, Some(_)) if course.changes() && !course.acted && !course.changed => Teach::Show,
        (Phase::Go, Some(_)) => Teach::Go,
        // A try, then the solution, then a try of that; then on, whatever came of it.
        (Phase::Go, None) => match &course.score {
            Some(score) if score.reached() || course.acted => Teach::Next,
            Some(_) => Teach::Show,
            None => Teach::Try,
        },
    }
}
