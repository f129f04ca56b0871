//! The lesson's panel: where the learner stands, what is to be read and answered, what came of it.

use super::course::{Course, Phase, Said};
use super::{Progress, Teach, markdown};
use crate::app::action::{Action, Fold};
use crate::app::document::Document;
use crate::app::files::Home;
use crate::app::library::{self, Shipped};
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::{icon_button, labelled_button, muted, name_field, named, primary_button};
use crate::figures;
use crate::lesson::judge::{Score, Shown, fill};
use crate::run::Frame;
use crate::run::frame::PlayState;
use crate::scenario::lesson::{Challenge, Lesson, Predict, Prose, Step};
use egui::{Align, Button, Color32, Layout, Response, RichText, ScrollArea, Sense, TextEdit, Ui, UiBuilder, vec2};
use egui_material_icons::icons as i;

/// What the panel reads.
pub struct Input<'a> {
    /// The open scenario.
    pub document: &'a Document,
    /// The lesson under way, if one is.
    pub course: Option<&'a Course>,
    /// The step of it that is gone to.
    pub going: Option<usize>,
    /// What was reached of it before.
    pub progress: Option<Progress>,
    /// Whether it is shown to a room.
    pub presented: bool,
    /// The run.
    pub frame: Option<&'a Frame>,
    /// The look.
    pub theme: &'a Theme,
}

/// What the panel remembers.
#[derive(Debug, Default)]
pub struct Panel {
    /// The number that is being typed.
    number: String,
    /// The step that was drawn last, so that another one begins at its top.
    at: Option<usize>,
    /// What came of it has been brought into view.
    shown: bool,
    /// A question was drawn.
    asked: bool,
    /// How far it is scrolled, and how much of it is below what is seen, in points.
    seen: (f32, f32),
    /// Scroll there.
    to: Option<f32>,
}

/// So much, in points, does not count as unread.
const READ: f32 = 12.0;

impl Panel {
    /// Draws the panel into all of the room that is left.
    pub fn show(&mut self, ui: &mut Ui, input: &Input<'_>, actions: &mut Vec<Action>) {
        // A child of fixed size: what is too wide is cut off instead of making the panel wider.
        let room = ui.available_rect_before_wrap();
        let mut child = ui.new_child(UiBuilder::new().max_rect(room));
        ui.advance_cursor_after_rect(room);
        child.shrink_clip_rect(room);
        match (input.course, &input.document.scenario.lesson) {
            (Some(course), _) => self.course(&mut child, input, course, actions),
            (None, Some(lesson)) => intro(&mut child, input, lesson, actions),
            (None, None) => nothing(&mut child, input.theme, actions),
        }
    }

    /// Goes on to what is below what is seen; not if that is all.
    pub fn read_on(&mut self) -> bool {
        // Drawn again it knows again; folded up it has nothing to read.
        let (at, below) = std::mem::take(&mut self.seen);
        let more = below > READ;
        self.to = more.then_some(at + below);
        more
    }

    fn course(&mut self, ui: &mut Ui, input: &Input<'_>, course: &Course, actions: &mut Vec<Action>) {
        let theme = input.theme;
        if self.at != Some(course.at) {
            self.number.clear();
            (self.at, self.shown) = (Some(course.at), false);
        }
        self.shown &= course.phase == Phase::Reached || course.score.is_some();
        head(ui, input, course, actions);
        dots(ui, theme, course, actions);
        ui.add_space(theme.px(space::XS));
        // The separator and the space around it, and the buttons with their edges.
        let foot = theme.px(size::CONTROL + space::S) + ui.spacing().item_spacing.y * 2.0 + 6.0;
        let height = (ui.available_height() - foot).max(theme.px(size::CONTROL));
        let mut scroll = ScrollArea::vertical().id_salt(("lesson", course.at)).auto_shrink(false).max_height(height);
        if let Some(to) = self.to.take() {
            scroll = scroll.vertical_scroll_offset(to.min(self.seen.0 + height * 0.8));
        }
        let output = scroll.show(ui, |ui| {
            ui.set_width(ui.available_width() - theme.px(space::M));
            ui.spacing_mut().item_spacing.y = theme.px(space::S);
            match (course.phase, course.step(), course.challenge()) {
                (Phase::Over, ..) => over(ui, input, course),
                (_, Some(step), _) => self.step(ui, input, course, step, actions),
                (_, None, Some(challenge)) => self.solve(ui, input, course, challenge),
                (_, None, None) => {}
            }
            ui.add_space(theme.px(space::M));
        });
        let at = output.state.clamped_offset().y;
        self.seen = (at, output.content_size.y - output.inner_rect.height() - at);
        ui.separator();
        buttons(ui, input, course, actions);
    }

    fn step(&mut self, ui: &mut Ui, input: &Input<'_>, course: &Course, step: &Step, actions: &mut Vec<Action>) {
        let theme = input.theme;
        ui.label(RichText::new(&step.title).size(theme.title).strong());
        markdown::show(ui, theme, &filled(&step.text, input.frame));
        if let Some(predict) = &step.predict {
            if course.phase == Phase::Ask {
                self.question(ui, input, predict, actions);
            } else {
                answered(ui, theme, course, predict);
            }
        }
        if course.phase == Phase::Reached {
            let response = ui.scope(|ui| told(ui, theme, course)).response;
            self.bring_into_view(&response);
        }
        hints(ui, theme, &step.hints, course.hints);
    }

    /// The challenge: its task, what has to hold, and what came of the last try.
    fn solve(&mut self, ui: &mut Ui, input: &Input<'_>, course: &Course, challenge: &Challenge) {
        let theme = input.theme;
        ui.label(RichText::new("Challenge").size(theme.title).strong());
        markdown::show(ui, theme, &filled(&challenge.text, input.frame));
        ui.label(muted(theme, "At the end of a whole run").size(theme.label));
        let score = course.score.as_ref();
        for (n, text) in challenge.goal.iter().enumerate() {
            condition(ui, input, text, score.map(|score| score.goal[n]), None);
        }
        if !challenge.stars.is_empty() {
            ui.label(muted(theme, "A star more for each of").size(theme.label));
        }
        for (n, text) in challenge.stars.iter().enumerate() {
            condition(ui, input, text, score.map(|score| score.stars[n]), Some(score.is_some_and(Score::reached)));
        }
        if let Some(score) = score {
            let colour = if score.reached() { theme.good } else { theme.bad };
            let response = boxed(ui, theme, colour, |ui| {
                if score.reached() && course.acted {
                    ui.add(egui::Label::new("Solved for you: the stars are still to be earned.").wrap());
                    markdown::show(ui, theme, &course.told.after);
                } else if score.reached() {
                    stars(ui, theme, score.earned(), score.most());
                    markdown::show(ui, theme, &course.told.after);
                } else {
                    ui.add(egui::Label::new("Not yet: change something and try again.").wrap());
                }
            });
            self.bring_into_view(&response);
        }
        hints(ui, theme, &challenge.hints, course.hints);
    }

    /// Once: afterwards the learner scrolls.
    fn bring_into_view(&mut self, response: &Response) {
        if !self.shown && response.rect.height() > 0.0 {
            response.scroll_to_me(Some(Align::Min));
            self.shown = true;
        }
    }

    /// Whether the question that is asked is there to be seen, since this was asked last.
    pub fn asks(&mut self) -> bool {
        std::mem::take(&mut self.asked)
    }

    fn question(&mut self, ui: &mut Ui, input: &Input<'_>, predict: &Predict, actions: &mut Vec<Action>) {
        self.asked = true;
        let theme = input.theme;
        boxed(ui, theme, theme.accent, |ui| {
            ui.horizontal_top(|ui| {
                ui.label(i::ICON_HELP.rich_text().size(theme.px(size::ICON)).color(theme.accent));
                ui.add(egui::Label::new(RichText::new(predict.question()).strong()).wrap());
            });
            match predict {
                Predict::Choice { answers, .. } => {
                    for (n, answer) in answers.iter().enumerate() {
                        let face = Button::selectable(false, &answer.text).frame_when_inactive(true).wrap();
                        let response = ui.add(face.min_size(vec2(ui.available_width(), theme.px(size::CONTROL))));
                        named(&response, &format!("Answer: {}", answer.text));
                        if response.on_hover_text(format!("Key {}", n + 1)).clicked() {
                            actions.push(Action::Teach(Teach::Answer(Said::Choice(n))));
                        }
                    }
                }
                Predict::Number { answer, figure, .. } => self.number(ui, input, answer, figure, actions),
            }
            let skip = ui.add(Button::new(muted(theme, "I do not know")).frame_when_inactive(false));
            named(&skip, "I do not know");
            if skip.clicked() {
                actions.push(Action::Teach(Teach::Answer(Said::Nothing)));
            }
        });
    }

    /// A number with its unit; what is none is not taken.
    fn number(&mut self, ui: &mut Ui, input: &Input<'_>, answer: &str, figure: &str, actions: &mut Vec<Action>) {
        let theme = input.theme;
        let unit: String = answer.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
        let with_unit = match self.number.trim().parse::<f64>() {
            // The unit is known: nobody need type it.
            Ok(_) => format!("{}{unit}", self.number.trim()),
            Err(_) => self.number.trim().to_owned(),
        };
        let figures = input.frame.and_then(|frame| Some(Shown { plan: &frame.plan, figures: frame.figures.as_ref()? }));
        let quantity = figures.and_then(|shown| shown.figure(figure)).map(|(_, quantity)| quantity);
        let wrong = quantity.and_then(|quantity| quantity.parse(figure, &with_unit).err());
        let good = !with_unit.is_empty() && wrong.is_none();
        ui.horizontal(|ui| {
            let hint = if unit.is_empty() { "a number".to_owned() } else { format!("as in 10{unit}") };
            let field = ui.add(TextEdit::singleline(&mut self.number).hint_text(hint).desired_width(theme.px(120.0)));
            name_field(&field, "Your answer");
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if entered && !good {
                // It is to be typed again, and not elsewhere.
                field.request_focus();
            }
            let clicked = primary_button(ui, theme, "Answer", good).clicked();
            if (clicked || entered) && good {
                actions.push(Action::Teach(Teach::Answer(Said::Number(with_unit.clone()))));
            }
        });
        if let Some((_, help)) = wrong.filter(|_| !with_unit.is_empty()) {
            let help = help.unwrap_or_default().replace('`', "");
            let words = if help.is_empty() { "That is no number".to_owned() } else { format!("That is no answer: {help}") };
            ui.add(egui::Label::new(RichText::new(words).size(theme.label).color(theme.bad)).wrap());
        }
    }
}

/// What was asked and said, in short: what is to be read now is what came of it.
fn answered(ui: &mut Ui, theme: &Theme, course: &Course, predict: &Predict) {
    let said = match (&course.said, predict) {
        (Some(Said::Choice(n)), Predict::Choice { answers, .. }) => answers.get(*n).map(|answer| format!("You said: {}", answer.text)),
        (Some(Said::Number(text)), _) => Some(format!("You said: {text}")),
        _ => None,
    };
    ui.add(egui::Label::new(muted(theme, predict.question())).wrap());
    ui.add(egui::Label::new(said.unwrap_or_else(|| "You did not say".to_owned())).wrap());
}

/// Where the learner stands, in words.
pub fn place(course: &Course) -> String {
    match (course.phase, course.step()) {
        (Phase::Over, _) => "The end".to_owned(),
        (_, Some(_)) => format!("Step {} of {}", course.at + 1, course.lesson.steps.len()),
        (_, None) => "Challenge".to_owned(),
    }
}

/// The panel's first line.
fn head(ui: &mut Ui, input: &Input<'_>, course: &Course, actions: &mut Vec<Action>) {
    let theme = input.theme;
    ui.horizontal(|ui| {
        ui.label(muted(theme, place(course)).size(theme.label));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            if icon_button(ui, theme, i::ICON_CLOSE, "Leave lesson", "", true).clicked() {
                actions.push(Action::Teach(Teach::Leave));
            }
            let name = if input.presented { "End presentation" } else { "Present to a room" };
            if icon_button(ui, theme, i::ICON_CO_PRESENT, name, "F7", true).clicked() {
                actions.push(Action::Teach(Teach::Present));
            }
        });
    });
}

/// A dot for each step; those before are reached, and any can be gone to.
fn dots(ui: &mut Ui, theme: &Theme, course: &Course, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme.px(space::XS), theme.px(space::XS));
        for at in 0..=course.last() {
            let (rect, response) = ui.allocate_exact_size(vec2(theme.px(space::XL), theme.px(space::L)), Sense::click());
            let title = course.lesson.steps.get(at).map_or("Challenge", |step| step.title.as_str());
            named(&response, &format!("Go to step {}: {title}", at + 1));
            let line = egui::Rect::from_center_size(rect.center(), vec2(rect.width(), theme.px(space::XS)));
            let colour = match at.cmp(&course.at) {
                std::cmp::Ordering::Less => theme.good,
                std::cmp::Ordering::Equal => theme.accent,
                std::cmp::Ordering::Greater => theme.edge(),
            };
            let line = if at == course.at || response.hovered() || response.has_focus() { line.expand(theme.stroke) } else { line };
            ui.painter().rect_filled(line, 2.0, colour);
            let response = response.on_hover_text(format!("{}. {title}", at + 1)).on_hover_cursor(egui::CursorIcon::PointingHand);
            if response.clicked() && at != course.at {
                actions.push(Action::Teach(Teach::To(at)));
            }
        }
    });
}

/// What is to be clicked after a lesson.
fn afterwards(ui: &mut Ui, input: &Input<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let next = following(input);
        if let Some(next) = next
            && primary_button(ui, theme, "Next lesson", true).on_hover_text(&next.name).clicked()
        {
            actions.push(Action::OpenLesson(next.file));
        }
        let back = "Back to the scenario";
        if if next.is_some() { ui.button(back) } else { primary_button(ui, theme, back, true) }.clicked() {
            actions.push(Action::Teach(Teach::Leave));
        }
    });
}

/// What is said on the way to another step.
fn going(ui: &mut Ui, theme: &Theme, to: usize, course: &Course, actions: &mut Vec<Action>) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.spinner();
        let place = if to < course.lesson.steps.len() { format!("step {}", to + 1) } else { "the challenge".to_owned() };
        ui.label(muted(theme, format!("Going to {place}")).size(theme.label)).on_hover_text("What lies before it is simulated");
        if ui.button("Do not go there").clicked() {
            actions.push(Action::Teach(Teach::Stay));
        }
    });
}

/// What is to be clicked next.
#[allow(clippy::collapsible_match, reason = "what draws does not belong in a guard")]
fn buttons(ui: &mut Ui, input: &Input<'_>, course: &Course, actions: &mut Vec<Action>) {
    if let Some(to) = input.going {
        return going(ui, input.theme, to, course, actions);
    }
    if course.phase == Phase::Over {
        return afterwards(ui, input, actions);
    }
    let theme = input.theme;
    let mut teach = |what: Teach| actions.push(Action::Teach(what));
    let playing = input.frame.is_some_and(|f| f.state == PlayState::Playing);
    let over = input.frame.is_some_and(|f| matches!(f.state, PlayState::Finished | PlayState::Stopped(_)));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| match (course.phase, course.step(), course.challenge()) {
            (Phase::Ask, ..) => {
                let words = if course.pressed { "Once more goes on without an answer" } else { "Answer to go on" };
                ui.label(muted(theme, words).size(theme.label));
            }
            (Phase::Reached, Some(_), _) => {
                let words = if course.at == course.last() { "Finish" } else { "Next step" };
                if primary_button(ui, theme, words, true).clicked() {
                    teach(Teach::Next);
                }
            }
            (Phase::Go, Some(step), _) => {
                let words = if step.done_for_you && !course.acted { "Go on" } else { "Play" };
                if (playing || over) && course.changes() && !course.acted && !course.changed {
                    ui.label(muted(theme, "Waiting for your change").size(theme.label));
                } else if playing {
                    ui.spinner();
                    let words = step.by.map_or_else(|| "Watching the run".to_owned(), |by| format!("Watching the run until {by}"));
                    let response = ui.label(muted(theme, words).size(theme.label));
                    if let Some(until) = &step.until {
                        response.on_hover_text(format!("Until {until}"));
                    }
                } else if primary_button(ui, theme, words, true).clicked() {
                    teach(Teach::Go);
                }
                more(ui, theme, &step.hints, course, !step.act.is_empty() && !step.done_for_you, &mut teach);
            }
            (_, None, Some(challenge)) => {
                if course.score.as_ref().is_some_and(Score::reached) {
                    if primary_button(ui, theme, "Finish", true).clicked() {
                        teach(Teach::Next);
                    }
                    if ui.button("Try again").clicked() {
                        teach(Teach::Try);
                    }
                } else if course.trying {
                    ui.spinner();
                    ui.label(muted(theme, "Running to the end").size(theme.label));
                } else if primary_button(ui, theme, "Try it", true).clicked() {
                    teach(Teach::Try);
                }
                let stuck = course.score.is_some();
                more(ui, theme, &challenge.hints, course, stuck && !challenge.solution.is_empty(), &mut teach);
            }
            _ => {}
        });
    });
}

/// A hint, and in the end the solution.
fn more(ui: &mut Ui, theme: &Theme, hints: &[Prose], course: &Course, solvable: bool, teach: &mut dyn FnMut(Teach)) {
    if course.hints < hints.len() {
        if labelled_button(ui, theme, i::ICON_LIGHTBULB, "Hint", true).clicked() {
            teach(Teach::Hint);
        }
    } else if solvable && !course.acted && ui.button("Show me").on_hover_text("Do it for me").clicked() {
        teach(Teach::Show);
    }
}

fn hints(ui: &mut Ui, theme: &Theme, hints: &[Prose], shown: usize) {
    for hint in hints.iter().take(shown) {
        boxed(ui, theme, theme.warn, |ui| {
            ui.horizontal_top(|ui| {
                ui.label(i::ICON_LIGHTBULB.rich_text().size(theme.px(size::ICON)).color(theme.warn));
                ui.vertical(|ui| markdown::show(ui, theme, &fill(hint, &|_| None)));
            });
        });
    }
}

/// What came of the step, with the run's own figures.
fn told(ui: &mut Ui, theme: &Theme, course: &Course) {
    let told = &course.told;
    if !told.because.is_empty() {
        let (icon, colour, words) = match (told.right, &course.said) {
            (Some(true), _) => (i::ICON_CHECK_CIRCLE, theme.good, "Right".to_owned()),
            (Some(false), _) => (i::ICON_CANCEL, theme.bad, format!("Not quite. The run shows: {}", told.answer)),
            (None, _) => (i::ICON_INFO, theme.accent, format!("The run shows: {}", told.answer)),
        };
        boxed(ui, theme, colour, |ui| {
            ui.horizontal_top(|ui| {
                ui.label(icon.rich_text().size(theme.px(size::ICON)).color(colour));
                ui.add(egui::Label::new(RichText::new(words).strong().color(colour)).wrap());
            });
            markdown::show(ui, theme, &told.because);
        });
    }
    if !told.after.is_empty() {
        boxed(ui, theme, theme.good, |ui| markdown::show(ui, theme, &told.after));
    }
    if told.because.is_empty() && told.after.is_empty() && course.step().is_some_and(|step| step.until.is_some()) {
        ui.horizontal(|ui| {
            ui.label(i::ICON_CHECK_CIRCLE.rich_text().size(theme.px(size::ICON)).color(theme.good));
            ui.label(RichText::new("Done").color(theme.good));
        });
    }
}

/// A condition with what is known of it; of a star, also whether it can be earned: the goal is reached.
fn condition(ui: &mut Ui, input: &Input<'_>, text: &str, holds: Option<bool>, star: Option<bool>) {
    let theme = input.theme;
    let (icon, colour) = match (holds, star) {
        (Some(true), Some(true)) => (i::ICON_STAR, theme.warn),
        (_, Some(_)) => (i::ICON_STAR, theme.edge()),
        (Some(true), None) => (i::ICON_CHECK_CIRCLE, theme.good),
        (Some(false), None) => (i::ICON_CANCEL, theme.bad),
        (None, None) => (i::ICON_RADIO_BUTTON_UNCHECKED, theme.muted),
    };
    ui.horizontal_top(|ui| {
        ui.label(icon.rich_text().size(theme.body * 1.2).color(colour));
        ui.vertical(|ui| {
            ui.add(egui::Label::new(RichText::new(text).monospace().size(theme.label)).wrap());
            let figure = text.split(['<', '>', '=', '!']).next().unwrap_or_default().trim();
            let now = input.frame.and_then(|frame| {
                let figures = frame.figures.as_ref()?;
                let (value, quantity) = Shown { plan: &frame.plan, figures }.figure(figure)?;
                Some(crate::run::words::figure(value, quantity))
            });
            if let Some(now) = now {
                ui.label(muted(theme, format!("now {now}")).size(theme.label));
            }
        });
    });
}

/// So many stars of all.
pub fn stars(ui: &mut Ui, theme: &Theme, earned: u32, most: u32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for n in 0..most {
            let colour = if n < earned { theme.warn } else { theme.edge() };
            ui.add(egui::Label::new(i::ICON_STAR.rich_text().size(theme.px(size::ICON)).color(colour)).selectable(false));
        }
        ui.label(format!(" {earned} of {most} stars"));
    });
}

/// The lesson of the library that comes after this one.
fn following(input: &Input<'_>) -> Option<&'static Shipped> {
    match &input.document.home {
        Home::Shipped(shipped) => library::next_lesson(shipped.file),
        _ => None,
    }
}

fn over(ui: &mut Ui, input: &Input<'_>, course: &Course) {
    let (theme, progress) = (input.theme, input.progress);
    ui.label(RichText::new("Well done").size(theme.title).strong());
    ui.add(egui::Label::new(format!("That was “{}”.", course.original.name)).wrap());
    if let (Some(progress), Some(challenge)) = (progress, &course.lesson.challenge) {
        stars(ui, theme, progress.stars, 1 + challenge.stars.len() as u32);
    }
    let words = "Leave the lesson to have the scenario as it was before, or go back to a step by the line above.";
    ui.add(egui::Label::new(muted(theme, words)).wrap());
    if let Some(next) = following(input) {
        ui.add(egui::Label::new(format!("Next: “{}”. {}", next.name, next.line)).wrap());
    }
}

/// Before a lesson.
fn intro(ui: &mut Ui, input: &Input<'_>, lesson: &Lesson, actions: &mut Vec<Action>) {
    let theme = input.theme;
    ui.spacing_mut().item_spacing.y = theme.px(space::S);
    close(ui, theme, actions);
    ui.label(RichText::new(&input.document.scenario.name).size(theme.title).strong());
    ui.add(egui::Label::new(&lesson.summary).wrap());
    let steps = figures::counted(lesson.steps.len() as u64, "step");
    let more = if lesson.challenge.is_some() { " and a challenge" } else { "" };
    ui.label(muted(theme, format!("{steps}{more}, about {}", figures::counted(lesson.minutes.into(), "minute"))).size(theme.label));
    let begun = input.progress.filter(|progress| progress.step > 0 && progress.step < lesson.steps.len() + 1);
    ui.horizontal_wrapped(|ui| {
        if let Some(progress) = begun {
            if primary_button(ui, theme, &format!("Resume at step {}", progress.step + 1), true).clicked() {
                actions.push(Action::Teach(Teach::Resume));
            }
            if ui.button("Start from the beginning").clicked() {
                actions.push(Action::Teach(Teach::Start));
            }
        } else if primary_button(ui, theme, "Start lesson", !lesson.steps.is_empty()).clicked() {
            actions.push(Action::Teach(Teach::Start));
        }
        if labelled_button(ui, theme, i::ICON_EDIT, "Edit lesson", true).clicked() {
            actions.push(Action::Teach(Teach::Write));
        }
    });
    if let (Some(progress), Some(challenge)) = (input.progress.filter(|p| p.done), &lesson.challenge) {
        stars(ui, theme, progress.stars, 1 + challenge.stars.len() as u32);
    }
}

/// No lesson yet.
fn nothing(ui: &mut Ui, theme: &Theme, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = theme.px(space::S);
    close(ui, theme, actions);
    ui.label(RichText::new("No lesson yet").size(theme.title).strong());
    let words =
        "A lesson goes along this scenario step by step: what to look at, what to predict, what to do. It is kept in the same file.";
    ui.add(egui::Label::new(words).wrap());
    if primary_button(ui, theme, "Write a lesson", true).clicked() {
        actions.push(Action::Teach(Teach::Write));
    }
}

fn close(ui: &mut Ui, theme: &Theme, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label(muted(theme, "Lesson").size(theme.label));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, theme, i::ICON_CLOSE, "Fold lesson", "F6", true).clicked() {
                actions.push(Action::Fold(Fold::Lesson));
            }
        });
    });
}

/// A text with the run's figures, as they are now.
pub fn filled(prose: &Prose, frame: Option<&Frame>) -> String {
    match frame.and_then(|frame| Some((frame, frame.figures.as_ref()?))) {
        Some((frame, figures)) => Shown { plan: &frame.plan, figures }.fill(prose),
        None => fill(prose, &|_| None),
    }
}

/// Something set apart by a coloured edge.
fn boxed(ui: &mut Ui, theme: &Theme, colour: Color32, inside: impl FnOnce(&mut Ui)) -> Response {
    let margin = theme.px(space::S) as i8;
    let frame = egui::Frame::new().fill(theme.wash(colour, 0.08)).corner_radius(space::RADIUS).inner_margin(margin);
    let response = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        inside(ui);
    });
    let rect = response.response.rect;
    let edge = egui::Rect::from_min_max(rect.min, egui::pos2(rect.left() + theme.px(3.0), rect.bottom()));
    ui.painter().rect_filled(edge, 1.0, colour);
    response.response
}
