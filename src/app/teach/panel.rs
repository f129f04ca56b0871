//! The lesson's panel: where the learner stands, what is to be read and answered, what came of it.

use super::course::{Course, Phase, Said};
use super::{Progress, Teach, markdown};
use crate::app::action::{Action, Fold};
use crate::app::document::Document;
use crate::app::files::Home;
use crate::app::library::{self, Shipped};
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::{icon_button, labelled_button, muted, name_field, named, primary_button};
use crate::lesson::judge::{Shown, fill};
use crate::run::Frame;
use crate::run::frame::PlayState;
use crate::scenario::lesson::{Challenge, Lesson, Predict, Prose, Step};
use egui::{Align, Button, Color32, Layout, RichText, ScrollArea, Sense, TextEdit, Ui, UiBuilder, vec2};
use egui_material_icons::icons as i;

/// What the panel reads.
pub struct Input<'a> {
    /// The open scenario.
    pub document: &'a Document,
    /// The lesson under way, if one is.
    pub course: Option<&'a Course>,
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
}

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

    fn course(&mut self, ui: &mut Ui, input: &Input<'_>, course: &Course, actions: &mut Vec<Action>) {
        let theme = input.theme;
        if self.at != Some(course.at) {
            self.number.clear();
            self.at = Some(course.at);
        }
        head(ui, input, course, actions);
        dots(ui, theme, course, actions);
        ui.add_space(theme.px(space::XS));
        let foot = theme.px(size::CONTROL + space::M);
        let height = (ui.available_height() - foot).max(theme.px(size::CONTROL));
        let scroll = ScrollArea::vertical().id_salt(("lesson", course.at)).auto_shrink(false).max_height(height);
        scroll.show(ui, |ui| {
            ui.set_width(ui.available_width() - theme.px(space::M));
            ui.spacing_mut().item_spacing.y = theme.px(space::S);
            match (course.phase, course.step(), course.challenge()) {
                (Phase::Over, ..) => over(ui, input, course),
                (_, Some(step), _) => self.step(ui, input, course, step, actions),
                (_, None, Some(challenge)) => solve(ui, input, course, challenge),
                (_, None, None) => {}
            }
            ui.add_space(theme.px(space::M));
        });
        ui.separator();
        buttons(ui, input, course, actions);
    }

    fn step(&mut self, ui: &mut Ui, input: &Input<'_>, course: &Course, step: &Step, actions: &mut Vec<Action>) {
        let theme = input.theme;
        ui.label(RichText::new(&step.title).size(theme.title).strong());
        markdown::show(ui, theme, &filled(&step.text, input.frame));
        if let Some(predict) = &step.predict {
            self.question(ui, theme, course, predict, actions);
        }
        if course.phase == Phase::Reached {
            told(ui, theme, course);
        }
        hints(ui, theme, &step.hints, course.hints);
    }

    fn question(&mut self, ui: &mut Ui, theme: &Theme, course: &Course, predict: &Predict, actions: &mut Vec<Action>) {
        let asked = course.phase == Phase::Ask;
        boxed(ui, theme, theme.accent, |ui| {
            ui.horizontal_top(|ui| {
                ui.label(i::ICON_HELP.rich_text().size(theme.px(size::ICON)).color(theme.accent));
                ui.add(egui::Label::new(RichText::new(predict.question()).strong()).wrap());
            });
            match predict {
                Predict::Choice { answers, .. } => {
                    for (n, answer) in answers.iter().enumerate() {
                        let said = course.said == Some(Said::Choice(n));
                        let width = ui.available_width();
                        let face = Button::selectable(said, &answer.text).frame_when_inactive(true).wrap();
                        let response = ui.add_enabled(asked, face.min_size(vec2(width, theme.px(size::CONTROL))));
                        named(&response, &format!("Answer: {}", answer.text));
                        if response.clicked() {
                            actions.push(Action::Teach(Teach::Answer(Said::Choice(n))));
                        }
                    }
                }
                Predict::Number { answer, .. } if asked => {
                    ui.horizontal(|ui| {
                        let unit: String = answer.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned();
                        let hint = if unit.is_empty() { "a number".to_owned() } else { format!("a number with its unit, as in 10{unit}") };
                        let field = ui.add(TextEdit::singleline(&mut self.number).hint_text(hint).desired_width(theme.px(160.0)));
                        name_field(&field, "Your answer");
                        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                        let with_unit = match self.number.trim().parse::<f64>() {
                            // The unit is known: nobody need type it.
                            Ok(_) => format!("{}{unit}", self.number.trim()),
                            Err(_) => self.number.trim().to_owned(),
                        };
                        let clicked = primary_button(ui, theme, "Answer", !with_unit.is_empty()).clicked();
                        if (clicked || entered) && !with_unit.is_empty() {
                            actions.push(Action::Teach(Teach::Answer(Said::Number(with_unit))));
                        }
                    });
                }
                Predict::Number { .. } => {
                    let words = match &course.said {
                        Some(Said::Number(text)) => format!("You said {text}"),
                        _ => "You did not say".to_owned(),
                    };
                    ui.label(muted(theme, words));
                }
            }
            if asked {
                let skip = ui.add(Button::new(muted(theme, "I do not know")).frame_when_inactive(false));
                named(&skip, "I do not know");
                if skip.clicked() {
                    actions.push(Action::Teach(Teach::Answer(Said::Nothing)));
                }
            }
        });
    }
}

/// The panel's first line.
fn head(ui: &mut Ui, input: &Input<'_>, course: &Course, actions: &mut Vec<Action>) {
    let theme = input.theme;
    ui.horizontal(|ui| {
        let all = course.lesson.steps.len();
        let words = match (course.phase, course.step()) {
            (Phase::Over, _) => "The end".to_owned(),
            (_, Some(_)) => format!("Step {} of {all}", course.at + 1),
            (_, None) => "Challenge".to_owned(),
        };
        ui.label(muted(theme, words).size(theme.label));
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
            actions.push(Action::Teach(Teach::Leave));
            actions.push(Action::OpenShipped(next.file));
            actions.push(Action::Teach(Teach::Resume));
        }
        let back = "Back to the scenario";
        if if next.is_some() { ui.button(back) } else { primary_button(ui, theme, back, true) }.clicked() {
            actions.push(Action::Teach(Teach::Leave));
        }
    });
}

/// What is to be clicked next.
#[allow(clippy::collapsible_match, reason = "what draws does not belong in a guard")]
fn buttons(ui: &mut Ui, input: &Input<'_>, course: &Course, actions: &mut Vec<Action>) {
    if course.phase == Phase::Over {
        return afterwards(ui, input, actions);
    }
    let theme = input.theme;
    let mut teach = |what: Teach| actions.push(Action::Teach(what));
    let playing = input.frame.is_some_and(|f| f.state == PlayState::Playing);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| match (course.phase, course.step(), course.challenge()) {
            (Phase::Ask, ..) => {
                ui.label(muted(theme, "Answer to go on").size(theme.label));
            }
            (Phase::Reached, Some(_), _) => {
                let words = if course.at == course.last() { "Finish" } else { "Next step" };
                if primary_button(ui, theme, words, true).clicked() {
                    teach(Teach::Next);
                }
            }
            (Phase::Go, Some(step), _) => {
                let words = if step.done_for_you && !course.acted { "Go on" } else { "Play" };
                if playing {
                    ui.spinner();
                    ui.label(muted(theme, "Watching the run").size(theme.label));
                } else if primary_button(ui, theme, words, true).clicked() {
                    teach(Teach::Go);
                }
                more(ui, theme, &step.hints, course, !step.act.is_empty() && !step.done_for_you, &mut teach);
            }
            (_, None, Some(challenge)) => {
                if course.score.as_ref().is_some_and(crate::lesson::judge::Score::reached) {
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

/// The challenge: its task, what has to hold, and what came of the last try.
fn solve(ui: &mut Ui, input: &Input<'_>, course: &Course, challenge: &Challenge) {
    let theme = input.theme;
    ui.label(RichText::new("Challenge").size(theme.title).strong());
    markdown::show(ui, theme, &filled(&challenge.text, input.frame));
    ui.label(muted(theme, "At the end of a whole run").size(theme.label));
    let score = course.score.as_ref();
    for (n, text) in challenge.goal.iter().enumerate() {
        condition(ui, input, text, score.map(|score| score.goal[n]), false);
    }
    if !challenge.stars.is_empty() {
        ui.label(muted(theme, "A star more for each of").size(theme.label));
    }
    for (n, text) in challenge.stars.iter().enumerate() {
        condition(ui, input, text, score.map(|score| score.stars[n] && score.reached()), true);
    }
    if let Some(score) = score {
        let colour = if score.reached() { theme.good } else { theme.bad };
        boxed(ui, theme, colour, |ui| {
            if score.reached() {
                stars(ui, theme, score.earned(), score.most());
                markdown::show(ui, theme, &course.told.after);
            } else {
                ui.add(egui::Label::new("Not yet: change something and try again.").wrap());
            }
        });
    }
    hints(ui, theme, &challenge.hints, course.hints);
}

/// A condition with what is known of it.
fn condition(ui: &mut Ui, input: &Input<'_>, text: &str, holds: Option<bool>, star: bool) {
    let theme = input.theme;
    let (icon, colour) = match (holds, star) {
        (Some(true), true) => (i::ICON_STAR, theme.warn),
        (Some(true), false) => (i::ICON_CHECK_CIRCLE, theme.good),
        (Some(false), _) => (i::ICON_CANCEL, theme.bad),
        (None, true) => (i::ICON_STAR, theme.edge()),
        (None, false) => (i::ICON_RADIO_BUTTON_UNCHECKED, theme.muted),
    };
    ui.horizontal_top(|ui| {
        ui.label(icon.rich_text().size(theme.body * 1.2).color(colour));
        ui.vertical(|ui| {
            ui.add(egui::Label::new(RichText::new(text).monospace().size(theme.label)).wrap());
            let figure = text.split(['<', '>', '=', '!']).next().unwrap_or_default().trim();
            let now = input.frame.and_then(|frame| {
                let figures = frame.figures.as_ref()?;
                let (value, quantity) = Shown { plan: &frame.plan, figures }.figure(figure)?;
                Some(crate::lesson::judge::words(value, quantity))
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
    let more = if lesson.challenge.is_some() { " and a challenge" } else { "" };
    ui.label(muted(theme, format!("{} steps{more}, about {} minutes", lesson.steps.len(), lesson.minutes)).size(theme.label));
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
fn boxed(ui: &mut Ui, theme: &Theme, colour: Color32, inside: impl FnOnce(&mut Ui)) {
    let margin = theme.px(space::S) as i8;
    let frame = egui::Frame::new().fill(theme.wash(colour, 0.08)).corner_radius(space::RADIUS).inner_margin(margin);
    let response = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        inside(ui);
    });
    let rect = response.response.rect;
    let edge = egui::Rect::from_min_max(rect.min, egui::pos2(rect.left() + theme.px(3.0), rect.bottom()));
    ui.painter().rect_filled(edge, 1.0, colour);
}
