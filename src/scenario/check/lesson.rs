//! What lessons refer to: names in texts, highlights and locks; conditions and figures; actions that can be done.
//!
//! A lesson with mistakes keeps no scenario from running: its findings are warnings, which `tidemill check` takes for errors.

use super::{Finding, Findings};
use crate::scenario::document::{Consumer, Emit, Event, Handle, Link, Network, Producer, Read, Retry, Then};
use crate::scenario::expect::{Condition, Figure, Known};
use crate::scenario::faults::Fault;
use crate::scenario::intervention::What;
use crate::scenario::lesson::{Act, Challenge, Lesson, Predict, Prose, Step, Wrong};
use crate::scenario::names::{Suggest, listed};
use crate::scenario::plan::When;
use crate::scenario::wording::{Piece, pieces};
use crate::scenario::{Files, Plan, Scenario, Severity, read, set};
use crate::time::{Span, Time};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// Looks at the lesson of a scenario that is right otherwise.
pub(super) fn look(scenario: &Scenario, files: &dyn Files, findings: &mut Findings) {
    let Some(lesson) = &scenario.lesson else { return };
    let mut found = Found::default();
    whole(lesson, &mut found);
    steps(scenario, lesson, files, &mut found);
    findings.list.extend(found.0);
}

/// What has been found.
#[derive(Default)]
struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, path: impl Into<String>, (message, help): Wrong) {
        self.0.push(Finding { severity: Severity::Warning, path: path.into(), message, help, lint: None });
    }

    fn say(&mut self, path: impl Into<String>, message: &str, help: &str) {
        self.add(path, (message.to_owned(), Some(help.to_owned())));
    }
}

fn whole(lesson: &Lesson, found: &mut Found) {
    if lesson.steps.is_empty() {
        found.say("lesson", "the lesson has no steps", "write `steps: [Step(title: \"...\", text: \"...\")]`");
    }
    if lesson.summary.trim().is_empty() {
        found.say("lesson", "the lesson does not say what is learned", "write one line: `summary: \"...\"`");
    }
    for (i, step) in lesson.steps.iter().enumerate() {
        let at = format!("lesson.steps[{i}]");
        if step.title.trim().is_empty() {
            found.say(&*at, "the step has no title", "write `title: \"...\"`");
        }
        if step.text.is_empty() {
            found.say(&*at, "the step says nothing", "write what is to be read and done: `text: r#\"...\"#`");
        }
        if !step.act.is_empty() && step.until.is_none() {
            found.say(format!("{at}.act"), "nobody can tell whether this was done", "say what the run shows then: `until: \"...\"`");
        }
        if step.done_for_you && step.act.is_empty() {
            found.say(format!("{at}.done_for_you"), "there is nothing to be done for the learner", "write it: `act: [...]`");
        }
        if step.predict.is_some() && step.until.is_none() && step.by.is_none() {
            found.say(format!("{at}.predict"), "the run does not go on after this question", "add `until: \"...\"` or `by: \"10s\"`");
        }
        if let Some(Predict::Choice { answers, .. }) = &step.predict {
            let right = answers.iter().filter(|answer| answer.right).count();
            if answers.len() < 2 || right != 1 {
                let message = format!("of {} answers {right} are marked as right", answers.len());
                found.say(format!("{at}.predict.answers"), &message, "two answers or more, and `right: true` on exactly one");
            }
        }
    }
    if let Some(challenge) = &lesson.challenge {
        if challenge.goal.is_empty() {
            found.say("lesson.challenge", "the challenge has no goal", "write what has to hold at the end: `goal: [\"p99 < 200ms\"]`");
        }
        if challenge.text.is_empty() {
            found.say("lesson.challenge", "the challenge has no task", "write it: `text: r#\"...\"#`");
        }
        for (i, _) in challenge.solution.iter().enumerate().filter(|(_, act)| act.on_the_way().is_some()) {
            let at = format!("lesson.challenge.solution[{i}]");
            found.say(at, "a challenge is solved by changing the scenario, not the run on its way", "use `Change`, `Add` or `Remove`");
        }
    }
}

fn steps(scenario: &Scenario, lesson: &Lesson, files: &dyn Files, found: &mut Found) {
    let mut now = Scenario { lesson: None, ..scenario.clone() };
    let Some(mut before) = State::of(&now, files, "lesson", found) else { return };
    for (i, step) in lesson.steps.iter().enumerate() {
        let at = format!("lesson.steps[{i}]");
        let Some(after) = done(&mut now, &step.act, &format!("{at}.act"), files, found) else { return };
        let after = after.unwrap_or_else(|| before.clone());
        Look { states: [&before, &after], found }.step(step, &at, scenario);
        before = after;
    }
    if let Some(challenge) = &lesson.challenge {
        let at = "lesson.challenge";
        let Some(prepared) = done(&mut now, &challenge.prepare, &format!("{at}.prepare"), files, found) else { return };
        let prepared = prepared.unwrap_or(before);
        let Some(solved) = done(&mut now, &challenge.solution, &format!("{at}.solution"), files, found) else { return };
        let solved = solved.unwrap_or_else(|| prepared.clone());
        Look { states: [&prepared, &solved], found }.challenge(challenge, at);
    }
}

/// Does what is done; what the scenario is then, if it is another one. None if it cannot be done.
fn done(now: &mut Scenario, acts: &[Act], at: &str, files: &dyn Files, found: &mut Found) -> Option<Option<State>> {
    let before = now.clone();
    for (j, act) in acts.iter().enumerate() {
        let at = format!("{at}[{j}]");
        if let Err(wrong) = act.change(now) {
            found.add(at, wrong);
            return None;
        }
        if let Some(wrong) = act.on_the_way().and_then(|what| interferes(now, what)) {
            found.add(at, wrong);
        }
    }
    match *now == before {
        true => Some(None),
        false => State::of(now, files, at, found).map(Some),
    }
}

/// Why a run of this scenario cannot be interfered with like that; none if it can.
fn interferes(now: &Scenario, what: &What) -> Option<Wrong> {
    let at_once = |fault: &Fault, lasts: Option<Span>| super::fault(now, fault, When::Once { at: Time::ZERO, lasts }).err();
    let finding = match what {
        What::Set { path, value } => {
            let problem = set(&crate::scenario::write(now), &format!("{path}={value}")).err()?.into_iter().next();
            return Some(problem.map_or_else(|| (format!("`{path}` cannot be set"), None), |p| (p.message, p.help)));
        }
        What::Fault { what, lasts } => at_once(what, *lasts),
        What::EndFault(what) => at_once(what, None),
        What::Ask { broker, request } => super::request(now, broker, request).err(),
    };
    finding.map(|finding| (finding.message, finding.help))
}

/// The scenario at one moment of a lesson.
#[derive(Clone)]
struct State {
    plan: std::sync::Arc<Plan>,
    /// Everything that is called something in it.
    words: BTreeSet<String>,
    /// What paths can begin with.
    heads: BTreeSet<String>,
}

impl State {
    fn of(scenario: &Scenario, files: &dyn Files, at: &str, found: &mut Found) -> Option<State> {
        let plan = match super::check(scenario, files) {
            Ok((plan, _)) => plan,
            Err(findings) => {
                let first = findings.into_iter().find(|f| f.severity == Severity::Error)?;
                found.add(at, (format!("the scenario cannot run after this: {}", first.message), first.help));
                return None;
            }
        };
        let mut words = BTreeSet::new();
        gather(&serde_json::to_value(scenario).unwrap_or_default(), &mut words);
        words.extend(plan.channels.iter().map(|c| format!("{}/{}", plan.nodes[plan.brokers[c.broker.index()].node.index()].name, c.name)));
        words.extend(plan.outlets.iter().map(|outlet| outlet.name.clone()));
        let nodes = scenario.nodes.iter().map(|node| node.id().to_owned());
        let heads = nodes.chain(scenario.events.iter().map(|e| e.name.clone())).collect();
        Some(State { plan: std::sync::Arc::new(plan), words, heads })
    }
}

/// All texts and keys of a value.
fn gather(value: &serde_json::Value, words: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => drop(words.insert(text.clone())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        serde_json::Value::Object(entries) => entries.iter().for_each(|(key, item)| {
            words.insert(key.clone());
            gather(item, words);
        }),
        _ => {}
    }
}

/// The fields that something has in a file.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    match read::options().from_str::<T>("(?: 0)".replace('?', "no_such_field").as_str()).map_err(|error| error.code) {
        Err(ron::Error::NoSuchStructField { expected, .. }) => expected,
        _ => &[],
    }
}

/// Whether a word is one of the file's own.
fn of_the_format(word: &str) -> bool {
    let lists = [
        fields::<Scenario>(),
        fields::<Producer>(),
        fields::<Consumer>(),
        fields::<Emit>(),
        fields::<Then>(),
        fields::<Read>(),
        fields::<Handle>(),
        fields::<Retry>(),
        fields::<Event>(),
        fields::<Link>(),
        fields::<Network>(),
    ];
    lists.iter().any(|list| list.contains(&word)) || super::super::expect::is_word(word)
}

/// One step, between the scenario before it and after it.
struct Look<'a> {
    states: [&'a State; 2],
    found: &'a mut Found,
}

impl Look<'_> {
    fn step(&mut self, step: &Step, at: &str, scenario: &Scenario) {
        self.prose(&step.text, &format!("{at}.text"));
        self.prose(&step.after, &format!("{at}.after"));
        self.hints(&step.hints, at);
        self.prose(&step.notes, &format!("{at}.notes"));
        for (i, name) in step.highlight.iter().enumerate() {
            if let Err(wrong) = self.part(name) {
                self.found.add(format!("{at}.highlight[{i}]"), wrong);
            }
        }
        self.touch(&step.touch, at);
        if let Some(until) = &step.until {
            self.condition(until, format!("{at}.until"));
        }
        if step.by.is_some_and(|by| by > scenario.duration) {
            let message = format!("the run is over at {}", scenario.duration);
            self.found.say(format!("{at}.by"), &message, "make it shorter, or the scenario's `duration` longer");
        }
        let at = format!("{at}.predict");
        match &step.predict {
            None => {}
            Some(Predict::Choice { answers, because, .. }) => {
                for (i, answer) in answers.iter().enumerate() {
                    // What nobody has is a wrong answer, not a mistake.
                    self.condition_of(&answer.when, &Known::of(&self.states[1].plan).supposed(), format!("{at}.answers[{i}].when"));
                }
                self.prose(because, &format!("{at}.because"));
            }
            Some(Predict::Number { figure, answer, because, .. }) => {
                match Figure::parse(figure, &Known::of(&self.states[1].plan)) {
                    Ok(parsed) => {
                        if let Err(wrong) = parsed.quantity.parse(figure, answer) {
                            self.found.add(format!("{at}.answer"), wrong);
                        }
                    }
                    Err(wrong) => self.found.add(format!("{at}.figure"), wrong),
                }
                self.prose(because, &format!("{at}.because"));
            }
        }
    }

    fn challenge(&mut self, challenge: &Challenge, at: &str) {
        for (text, field) in [(&challenge.text, "text"), (&challenge.after, "after"), (&challenge.notes, "notes")] {
            self.prose(text, &format!("{at}.{field}"));
        }
        self.hints(&challenge.hints, at);
        self.touch(&challenge.touch, at);
        for (list, field) in [(&challenge.goal, "goal"), (&challenge.stars, "stars")] {
            for (i, text) in list.iter().enumerate() {
                self.condition(text, format!("{at}.{field}[{i}]"));
            }
        }
    }

    fn hints(&mut self, hints: &[Prose], at: &str) {
        for (i, hint) in hints.iter().enumerate() {
            self.prose(hint, &format!("{at}.hints[{i}]"));
        }
    }

    fn condition(&mut self, text: &str, at: String) {
        self.condition_of(text, &Known::of(&self.states[1].plan), at);
    }

    fn condition_of(&mut self, text: &str, known: &Known<'_>, at: String) {
        if let Err(wrong) = Condition::parse(text, known) {
            self.found.add(at, wrong);
        }
    }

    /// The figures and names in a text.
    fn prose(&mut self, prose: &Prose, at: &str) {
        for piece in pieces(&prose.0) {
            match piece {
                Piece::Words(_) | Piece::Block(_) => {}
                Piece::Figure(figure) => {
                    if let Err((message, help)) = Figure::parse(figure, &Known::of(&self.states[1].plan)) {
                        self.found.add(at, (format!("in the text, {message}"), help));
                    }
                }
                Piece::Code(code) => {
                    if let Err(wrong) = self.name(code) {
                        self.found.add(at, wrong);
                    }
                }
            }
        }
    }

    /// What stands in backquotes, if it looks like a name.
    fn name(&self, code: &str) -> Result<(), Wrong> {
        let plain = |c: char| c.is_alphanumeric() || "_-./#[]'".contains(c);
        let number = code.starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c));
        if number || code.is_empty() || !code.chars().all(plain) || of_the_format(code) {
            return Ok(());
        }
        let head = code.split(['.', '[']).next().unwrap_or(code);
        let known = |state: &&State| {
            state.words.contains(code)
                || Figure::parse(code, &Known::of(&state.plan)).is_ok()
                || (head != code && (state.heads.contains(head) || fields::<Scenario>().contains(&head)))
        };
        if self.states.iter().any(known) {
            return Ok(());
        }
        let names = self.states[1].heads.iter().map(String::as_str).chain(self.states[1].words.iter().map(String::as_str));
        let help = Suggest::default().did_you_mean(code, names);
        let otherwise = "names of the scenario stand in backquotes; what is none stands in double backquotes".to_owned();
        Err((format!("the text names `{code}`, and nothing is called so here"), help.or(Some(otherwise))))
    }

    /// A part of the drawing.
    fn part(&self, name: &str) -> Result<(), Wrong> {
        if let Some((from, to)) = name.split_once("->") {
            let (from, to) = (from.trim(), to.trim());
            let linked = |state: &&State| {
                let called = |id: crate::ids::NodeId| state.plan.nodes[id.index()].name.as_str();
                state.plan.links.iter().any(|link| (called(link.from), called(link.to)) == (from, to))
            };
            if let Some(wrong) = [from, to].into_iter().find_map(|end| self.node(end).err()) {
                return Err(wrong);
            }
            return match self.states.iter().any(linked) {
                true => Ok(()),
                false => Err((format!("no events go from `{from}` to `{to}`"), None)),
            };
        }
        if name.contains('/') {
            return match self.states.iter().any(|state| state.words.contains(name)) {
                true => Ok(()),
                false => {
                    let help = Suggest::default().did_you_mean(name, self.states[1].words.iter().map(String::as_str));
                    Err((format!("there is no channel or outlet `{name}`"), help))
                }
            };
        }
        self.node(name)
    }

    fn node(&self, name: &str) -> Result<(), Wrong> {
        let nodes = |state: &State| state.plan.nodes.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
        if self.states.iter().any(|state| nodes(state).iter().any(|node| node == name)) {
            return Ok(());
        }
        let nodes = nodes(self.states[1]);
        let help = Suggest::default().did_you_mean(name, nodes.iter().map(String::as_str));
        let help = help.unwrap_or_else(|| format!("the nodes are {}", listed(nodes.iter().map(String::as_str))));
        Err((format!("there is no node `{name}`"), Some(help)))
    }

    fn touch(&mut self, touch: &[String], at: &str) {
        for (i, path) in touch.iter().enumerate() {
            let head = path.split(['.', '[']).next().unwrap_or(path);
            let known = |state: &&State| state.heads.contains(head) || crate::scenario::set::TOP.contains(&head);
            if !self.states.iter().any(known) {
                let help = Suggest::default().did_you_mean(head, self.states[1].heads.iter().map(String::as_str));
                let help = help.unwrap_or_else(|| "name nodes, event types, or lists of the scenario such as `nodes`".to_owned());
                self.found.add(format!("{at}.touch[{i}]"), (format!("there is no node, event or field `{head}`"), Some(help)));
            }
        }
    }
}
