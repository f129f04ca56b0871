//! Writing lessons: a form over the scenario's own lesson. Every change is an edit, to be undone like any other.

use super::Teach;
use crate::app::action::Action;
use crate::app::document::Document;
use crate::app::edit::Edit;
use crate::app::problems;
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::{icon_button, labelled_button, muted, name_field, named_choice};
use crate::scenario::Scenario;
use crate::scenario::check::Finding;
use crate::scenario::document::Node;
use crate::scenario::faults::Fault;
use crate::scenario::intervention::What;
use crate::scenario::lesson::{Act, Answer, Challenge, Lesson, Predict, Prose, Step};
use crate::time::Span;
use egui::{Align, Button, Checkbox, Layout, RichText, ScrollArea, TextEdit, Ui, UiBuilder, vec2};
use egui_material_icons::icons as i;

/// What the editor remembers.
#[derive(Debug, Default)]
pub struct Editor {
    /// The step that is open; behind the last one is the challenge.
    at: usize,
    /// Fields that are being typed in or cannot be read, and their texts so far.
    drafts: Vec<(egui::Id, String)>,
    /// What is done with the steps once their fields have given away what was typed.
    turn: Option<Turn>,
}

/// What is done with the steps.
#[derive(Clone, Copy, Debug)]
enum Turn {
    To(usize),
    Add,
    Up,
    Down,
    Delete,
}

impl Editor {
    /// Draws it into all of the room that is left.
    pub fn show(&mut self, ui: &mut Ui, theme: &Theme, document: &Document, actions: &mut Vec<Action>) {
        let room = ui.available_rect_before_wrap();
        let mut child = ui.new_child(UiBuilder::new().max_rect(room));
        ui.advance_cursor_after_rect(room);
        child.shrink_clip_rect(room);
        let ui = &mut child;
        ui.spacing_mut().item_spacing.y = theme.px(space::XS);
        let scenario = &document.scenario;
        let mut lesson = scenario.lesson.clone();
        let mut label = "Change lesson".to_owned();
        ui.horizontal(|ui| {
            ui.label(RichText::new("Edit lesson").size(theme.title).strong());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if labelled_button(ui, theme, i::ICON_CHECK, "Done", true).clicked() {
                    actions.push(Action::Teach(Teach::Write));
                }
            });
        });
        ScrollArea::vertical().id_salt("lesson editor").auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - theme.px(space::M));
            match &mut lesson {
                None => {
                    let words = "A template for this scenario: two steps, one of them with a prediction. Change what it says.";
                    ui.add(egui::Label::new(words).wrap());
                    if labelled_button(ui, theme, i::ICON_SCHOOL, "Begin with a template", true).clicked() {
                        label = "Begin a lesson".to_owned();
                        lesson = Some(template(scenario));
                    }
                }
                Some(lesson) => self.lesson(ui, theme, document, lesson, &mut label),
            }
        });
        if lesson != scenario.lesson {
            let edit = Edit::SetScenario { label, scenario: Box::new(Scenario { lesson, ..scenario.clone() }) };
            actions.push(Action::Edit(edit));
        }
    }

    fn lesson(&mut self, ui: &mut Ui, theme: &Theme, document: &Document, lesson: &mut Lesson, label: &mut String) {
        self.field(ui, theme, None, "What is learned", &mut lesson.summary, 1);
        let mut minutes = lesson.minutes.to_string();
        self.field(ui, theme, None, "Minutes", &mut minutes, 1);
        lesson.minutes = minutes.trim().parse().unwrap_or(lesson.minutes);
        ui.add_space(theme.px(space::S));
        self.list(ui, theme, document, lesson);
        ui.separator();
        let steps = lesson.steps.len();
        match lesson.steps.get_mut(self.at) {
            Some(step) => self.step(ui, theme, step),
            None => {
                let mut on = lesson.challenge.is_some();
                check(ui, "With a challenge at the end", &mut on);
                match (on, &mut lesson.challenge) {
                    (true, None) => lesson.challenge = Some(Challenge::default()),
                    (false, Some(_)) => lesson.challenge = None,
                    (_, Some(challenge)) => self.challenge(ui, theme, challenge),
                    (false, None) => {}
                }
                self.at = steps;
            }
        }
        self.turn(lesson, label);
        // Below the fields, which would otherwise move while somebody types.
        for finding in wrong(document, self.at, lesson.steps.len()) {
            problems::finding(ui, theme, &document.scenario, finding);
        }
    }

    /// Goes to another step, or changes their order.
    fn turn(&mut self, lesson: &mut Lesson, label: &mut String) {
        let (at, steps) = (self.at, lesson.steps.len());
        let words;
        (self.at, words) = match self.turn.take() {
            None => return,
            Some(Turn::To(at)) => (at, None),
            Some(Turn::Add) => {
                let new = (at + 1).min(steps);
                let text = Prose::from("What is to be read and done.");
                lesson.steps.insert(new, Step { title: "A new step".to_owned(), text, ..Step::default() });
                (new, Some("Add step"))
            }
            Some(Turn::Up) => {
                lesson.steps.swap(at, at - 1);
                (at - 1, Some("Move step"))
            }
            Some(Turn::Down) => {
                lesson.steps.swap(at, at + 1);
                (at + 1, Some("Move step"))
            }
            Some(Turn::Delete) => {
                lesson.steps.remove(at);
                (at.min(steps.saturating_sub(2)), Some("Delete step"))
            }
        };
        words.into_iter().for_each(|words| words.clone_into(label));
    }

    /// The steps in their order, to be chosen, moved, added and removed.
    fn list(&mut self, ui: &mut Ui, theme: &Theme, document: &Document, lesson: &Lesson) {
        let steps = lesson.steps.len();
        for (n, step) in lesson.steps.iter().enumerate() {
            let words = format!("{}. {}", n + 1, step.title);
            let colour = if wrong(document, n, steps).next().is_some() { theme.warn } else { theme.text };
            let button = Button::selectable(n == self.at, RichText::new(words.as_str()).color(colour)).truncate();
            let response = ui.add(button.min_size(vec2(ui.available_width(), theme.px(size::CONTROL))));
            named_choice(&response, &format!("Edit step {words}"), n == self.at);
            if response.clicked() {
                self.turn = Some(Turn::To(n));
            }
        }
        let colour = if wrong(document, steps, steps).next().is_some() { theme.warn } else { theme.text };
        let button = Button::selectable(self.at >= steps, RichText::new("Challenge").color(colour)).truncate();
        let response = ui.add(button.min_size(vec2(ui.available_width(), theme.px(size::CONTROL))));
        named_choice(&response, "Edit challenge", self.at >= steps);
        if response.clicked() {
            self.turn = Some(Turn::To(steps));
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let at = self.at;
            for (icon, words, enabled, turn) in [
                (i::ICON_ADD, "Add step", true, Turn::Add),
                (i::ICON_ARROW_UPWARD, "Move step up", at > 0 && at < steps, Turn::Up),
                (i::ICON_ARROW_DOWNWARD, "Move step down", at + 1 < steps, Turn::Down),
                (i::ICON_DELETE, "Delete step", at < steps, Turn::Delete),
            ] {
                if icon_button(ui, theme, icon, words, "", enabled).clicked() {
                    self.turn = Some(turn);
                }
            }
        });
    }

    fn step(&mut self, ui: &mut Ui, theme: &Theme, step: &mut Step) {
        self.text(ui, theme, "Title", &mut step.title, 1);
        self.text(ui, theme, "Text", &mut step.text.0, 6);
        self.words(ui, theme, "Highlight", "billing, bus/orders, shop -> bus", &mut step.highlight);
        self.words(ui, theme, "May be touched", "everything", &mut step.touch);
        check(ui, "The run begins anew", &mut step.anew);
        self.predict(ui, theme, &mut step.predict);
        self.acts(ui, theme, "Reference solution, an action in each line", &mut step.act);
        check(ui, "Done for the learner", &mut step.done_for_you);
        let mut until = step.until.clone().unwrap_or_default();
        self.text(ui, theme, "Reached when", &mut until, 1);
        step.until = Some(until.trim().to_owned()).filter(|text| !text.is_empty());
        let mut by = step.by.map(|by| by.to_string()).unwrap_or_default();
        self.text(ui, theme, "At the latest at", &mut by, 1);
        step.by = if by.trim().is_empty() { None } else { by.trim().parse::<Span>().ok().or(step.by) };
        self.text(ui, theme, "Text afterwards", &mut step.after.0, 4);
        self.hints(ui, theme, &mut step.hints);
        self.text(ui, theme, "Notes for the trainer", &mut step.notes.0, 3);
    }

    fn challenge(&mut self, ui: &mut Ui, theme: &Theme, challenge: &mut Challenge) {
        self.text(ui, theme, "Task", &mut challenge.text.0, 6);
        self.acts(ui, theme, "Set up before, an action in each line", &mut challenge.prepare);
        self.words(ui, theme, "May be touched", "everything", &mut challenge.touch);
        self.lines(ui, theme, "Goal, an expectation in each line", &mut challenge.goal);
        self.lines(ui, theme, "A star for each line", &mut challenge.stars);
        self.hints(ui, theme, &mut challenge.hints);
        self.acts(ui, theme, "Reference solution, an action in each line", &mut challenge.solution);
        self.text(ui, theme, "Text afterwards", &mut challenge.after.0, 4);
        self.text(ui, theme, "Notes for the trainer", &mut challenge.notes.0, 3);
    }

    fn predict(&mut self, ui: &mut Ui, theme: &Theme, predict: &mut Option<Predict>) {
        ui.horizontal(|ui| {
            ui.label(muted(theme, "Prediction").size(theme.label));
            let kinds = [("None", 0), ("Choice", 1), ("Number", 2)];
            let now = predict.as_ref().map_or(0, |p| if matches!(p, Predict::Choice { .. }) { 1 } else { 2 });
            for (name, kind) in kinds {
                let response = ui.add(Button::selectable(now == kind, name));
                named_choice(&response, &format!("Prediction: {name}"), now == kind);
                if response.clicked() && now != kind {
                    *predict = fresh(kind);
                }
            }
        });
        match predict {
            None => {}
            Some(Predict::Choice { question, answers, because }) => {
                self.text(ui, theme, "Question", question, 2);
                for (n, answer) in answers.iter_mut().enumerate() {
                    self.text(ui, theme, &format!("Answer {}", n + 1), &mut answer.text, 1);
                    self.text(ui, theme, &format!("Answer {} is right when", n + 1), &mut answer.when, 1);
                    check(ui, &format!("Answer {} is the right one", n + 1), &mut answer.right);
                }
                ui.horizontal(|ui| {
                    if ui.button("Add answer").clicked() {
                        answers.push(Answer { text: "Something else".to_owned(), when: "lost > 0".to_owned(), right: false });
                    }
                    if answers.len() > 2 && ui.button("Remove last answer").clicked() {
                        answers.pop();
                    }
                });
                self.text(ui, theme, "Why", &mut because.0, 3);
            }
            Some(Predict::Number { question, figure, answer, within, because }) => {
                self.text(ui, theme, "Question", question, 2);
                self.text(ui, theme, "Figure that is asked for", figure, 1);
                self.text(ui, theme, "About what it is", answer, 1);
                let mut share = within.to_string();
                self.text(ui, theme, "Right within", &mut share, 1);
                *within = share.trim().parse().unwrap_or(*within);
                self.text(ui, theme, "Why", &mut because.0, 3);
            }
        }
    }

    /// Actions as they stand in the file, one in each line. A line that is none stays in the field until it is one.
    fn acts(&mut self, ui: &mut Ui, theme: &Theme, name: &str, acts: &mut Vec<Act>) {
        let mut text = acts.iter().map(Act::line).collect::<Vec<_>>().join("\n");
        let before = text.clone();
        let wrong = self.text(ui, theme, name, &mut text, 3);
        if text == before {
            return;
        }
        match text.lines().filter(|line| !line.trim().is_empty()).map(Act::parse).collect::<Result<Vec<_>, _>>() {
            Ok(new) => *acts = new,
            Err(why) => {
                // Kept to be mended.
                self.keep(wrong, text);
                ui.data_mut(|data| data.insert_temp(wrong, why));
            }
        }
        if let Some(why) = ui.data(|data| data.get_temp::<String>(wrong)).filter(|_| self.drafts.iter().any(|(field, _)| *field == wrong)) {
            ui.add(egui::Label::new(RichText::new(why).color(theme.bad).size(theme.label)).wrap());
        }
    }

    /// Hints, each in a field of its own: they may have several lines. One without a word is none.
    fn hints(&mut self, ui: &mut Ui, theme: &Theme, hints: &mut Vec<Prose>) {
        for (n, hint) in hints.iter_mut().enumerate() {
            self.text(ui, theme, &format!("Hint {}", n + 1), &mut hint.0, 2);
        }
        ui.horizontal(|ui| {
            if ui.button("Add hint").clicked() {
                hints.push(Prose::from("What helps a little."));
            }
            if !hints.is_empty() && ui.button("Remove last hint").clicked() {
                hints.pop();
            }
        });
        hints.retain(|hint| !hint.is_empty());
    }

    fn lines(&mut self, ui: &mut Ui, theme: &Theme, name: &str, list: &mut Vec<String>) {
        let mut text = list.join("\n");
        let before = text.clone();
        self.text(ui, theme, name, &mut text, 3);
        if text != before {
            *list = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        }
    }

    fn words(&mut self, ui: &mut Ui, theme: &Theme, name: &str, hint: &str, list: &mut Vec<String>) {
        let mut text = list.join(", ");
        let before = text.clone();
        self.text(ui, theme, name, &mut text, 1);
        if text != before {
            *list = text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        }
        if list.is_empty() {
            ui.label(muted(theme, format!("as in: {hint}")).size(theme.label));
        }
    }

    /// A field of the step that is open.
    fn text(&mut self, ui: &mut Ui, theme: &Theme, name: &str, text: &mut String, rows: usize) -> egui::Id {
        self.field(ui, theme, Some(self.at), name, text, rows)
    }

    /// A field of a step, or of the whole lesson; its text changes once the person has finished typing, or leaves the step. Gives the
    /// field's id.
    fn field(&mut self, ui: &mut Ui, theme: &Theme, step: Option<usize>, name: &str, text: &mut String, rows: usize) -> egui::Id {
        let label = ui.label(muted(theme, name).size(theme.label));
        let id = ui.make_persistent_id((name, step));
        let mut shown = match self.drafts.iter().find(|(field, _)| *field == id) {
            Some((_, draft)) => draft.clone(),
            None if rows > 1 => Prose(text.clone()).text(),
            None => text.clone(),
        };
        let before = shown.clone();
        let edit = if rows > 1 { TextEdit::multiline(&mut shown) } else { TextEdit::singleline(&mut shown) };
        let response = ui.add(edit.id(id).desired_rows(rows).desired_width(f32::INFINITY)).labelled_by(label.id);
        name_field(&response, name);
        if shown != before {
            self.keep(id, shown);
        }
        if response.lost_focus() || !response.has_focus() || self.turn.is_some() {
            self.drafts.extract_if(.., |(field, _)| *field == id).for_each(|(_, draft)| *text = draft);
        }
        id
    }

    /// Keeps what a field says so far.
    fn keep(&mut self, id: egui::Id, text: String) {
        self.drafts.retain(|(field, _)| *field != id);
        self.drafts.push((id, text));
    }
}

fn check(ui: &mut Ui, words: &str, on: &mut bool) {
    let response = ui.add(Checkbox::new(on, words));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, *on, words));
}

fn fresh(kind: u8) -> Option<Predict> {
    match kind {
        1 => Some(Predict::Choice {
            question: "What will happen?".to_owned(),
            answers: vec![
                Answer { text: "Nothing is lost".to_owned(), when: "lost == 0".to_owned(), right: true },
                Answer { text: "Events are lost".to_owned(), when: "lost > 0".to_owned(), right: false },
            ],
            because: Prose::from("{lost} events are lost."),
        }),
        2 => Some(Predict::Number {
            question: "How many events will have been published?".to_owned(),
            figure: "published".to_owned(),
            answer: "100".to_owned(),
            within: crate::scenario::units::Percent(0.2),
            because: Prose::from("It is {published}."),
        }),
        _ => None,
    }
}

/// A lesson to begin with, about the scenario's first consumer.
pub fn template(scenario: &Scenario) -> Lesson {
    let consumer = scenario.nodes.iter().find_map(|node| if let Node::Consumer(c) = node { Some(c.id.clone()) } else { None });
    let half = Span(scenario.duration.0 / 4);
    let mut steps = vec![Step {
        title: "Look around".to_owned(),
        text: Prose::from("Say what there is to see, and what happens in it. Press play."),
        by: Some(half),
        after: Prose::from("{published} events were published so far, and {acked} were handled."),
        notes: Prose::from("What the trainer should say or ask."),
        ..Step::default()
    }];
    let Some(id) = consumer else {
        return Lesson { summary: "What is learned, in one line".to_owned(), minutes: 10, steps, challenge: None };
    };
    steps.push(Step {
        title: format!("Without {id}"),
        text: Prose(format!("`{id}` crashes. What will become of the events?")),
        highlight: vec![id.clone()],
        predict: fresh(1),
        act: vec![Act::Now(What::Fault { what: Fault::Crash(id.clone()), lasts: Some(half) })],
        done_for_you: true,
        until: Some(format!("{id}.lag.last >= 5")),
        hints: vec![Prose(format!("Watch the lag of `{id}` in the plots."))],
        ..Step::default()
    });
    Lesson { summary: "What is learned, in one line".to_owned(), minutes: 10, steps, challenge: None }
}

/// What was found wrong with a step; behind the last of them, with the challenge and the lesson as a whole.
fn wrong(document: &Document, at: usize, steps: usize) -> impl Iterator<Item = &Finding> {
    let here = format!("lesson.steps[{at}]");
    document.findings.iter().filter(move |finding| match at < steps {
        true => finding.path.starts_with(&here),
        false => finding.path.starts_with("lesson") && !finding.path.starts_with("lesson.steps["),
    })
}
