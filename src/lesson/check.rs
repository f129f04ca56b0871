//! Whether a lesson is true: every step is reached by its own reference solution and not without it, every prediction is borne out
//! by the run, and the challenge is solved by its solution and not by doing nothing.

use super::judge::Shown;
use super::walk::{Reached, Walk};
use crate::run::words;
use crate::scenario::lesson::{Challenge, Lesson, Predict, Step};
use crate::scenario::{Files, Scenario};
use crate::time::Time;
use serde::Serialize;
use std::sync::Arc;

/// What came of one step, or of the challenge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// `step 2, Break it`, or `challenge`.
    pub name: String,
    /// Whether nothing is wrong with it.
    pub holds: bool,
    /// Virtual seconds of the run at which it was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<f64>,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
}

/// Goes through a scenario's lesson. `progress` is told after each case how many of all are done. Nothing if there is no lesson.
pub fn check(scenario: &Scenario, files: &Arc<dyn Files + Send + Sync>, progress: &mut dyn FnMut(usize, usize)) -> Vec<Case> {
    let Some(lesson) = &scenario.lesson else { return Vec::new() };
    let all = lesson.steps.len() + usize::from(lesson.challenge.is_some());
    let mut cases = Vec::with_capacity(all);
    let mut walk = match Walk::new(scenario, Arc::clone(files)) {
        Ok(walk) => walk,
        Err(problems) => return vec![case("lesson", None, problems.iter().map(|p| p.message.clone()).collect())],
    };
    for (i, one) in lesson.steps.iter().enumerate() {
        let (reached, problems) = step(&mut walk, one);
        let stuck = reached.is_none();
        cases.push(case(&name(lesson, i), reached, problems));
        progress(cases.len(), all);
        if stuck {
            // What follows builds on this step.
            return cases;
        }
    }
    if let Some(one) = &lesson.challenge {
        let (reached, problems) = challenge(walk, one);
        cases.push(case("challenge", reached, problems));
        progress(all, all);
    }
    cases
}

fn name(lesson: &Lesson, i: usize) -> String {
    format!("step {}, {}", i + 1, lesson.steps[i].title)
}

fn case(name: &str, reached: Option<Time>, problems: Vec<String>) -> Case {
    Case { name: name.to_owned(), holds: problems.is_empty(), reached: reached.map(Time::seconds), problems }
}

fn step(walk: &mut Walk, step: &Step) -> (Option<Time>, Vec<String>) {
    let mut problems = Vec::new();
    problems.extend(step.until.as_ref().and_then(|until| without(walk, step, until)));
    let began = if step.anew { Time::ZERO } else { walk.now() };
    match walk.take(step) {
        Err(why) => {
            problems.push(format!("its action cannot be done: {why}"));
            (None, problems)
        }
        Ok(Reached::Never) => {
            let (until, end) = (step.until.as_deref().unwrap_or_default(), walk.now() - Time::ZERO);
            problems.push(format!("`{until}` did not come to hold by {end}{}", as_it_is(walk, until)));
            (None, problems)
        }
        Ok(Reached::At(at)) => {
            if step.until.is_none() && step.by.is_some_and(|by| Time::ZERO + by <= began) {
                problems.push(format!("the run is at {began} when the step begins: `by` is no later"));
            }
            let figures = walk.figures();
            let shown = Shown { plan: walk.plan(), figures: &figures };
            if let Some(predict) = &step.predict {
                problems.extend(prediction(&shown, predict));
            }
            let because = step.predict.as_ref().map(Predict::because);
            let texts = because.into_iter().chain([&step.after]);
            problems.extend(texts.flat_map(|text| shown.unfilled(text)).map(|figure| format!("the run has no value for `{figure}` yet")));
            (Some(at), problems)
        }
    }
}

/// Whether a step is reached without its action, or before it began.
fn without(walk: &Walk, step: &Step, until: &str) -> Option<String> {
    let mut idle = walk.clone();
    if step.anew && idle.anew().is_err() {
        return None;
    }
    if idle.holds(until) {
        return Some(format!("`{until}` holds already when the step begins"));
    }
    let needed = !step.act.is_empty();
    match idle.seek(until, if needed { walk.end(step) } else { Time::ZERO }) {
        Reached::At(at) if needed => Some(format!("`{until}` comes to hold without its action, at {at}")),
        _ => None,
    }
}

/// The values of a condition's figures, for a message.
fn as_it_is(walk: &Walk, condition: &str) -> String {
    use crate::scenario::expect::{Condition, Known, Operand};
    let figures = walk.figures();
    let Ok(parsed) = Condition::parse(condition, &Known::of(walk.plan())) else { return String::new() };
    let told = parsed.0.iter().filter_map(|expectation| {
        let Operand::Figure(path) = &expectation.left else { return None };
        let left = expectation.text.split(['<', '>', '=', '!']).next().unwrap_or_default().trim().to_owned();
        Some(format!("`{left}` is {}", figures.get(path).map_or("not there".to_owned(), |v| words::figure(v, expectation.quantity))))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
}

fn prediction(shown: &Shown<'_>, predict: &Predict) -> Vec<String> {
    match predict {
        Predict::Choice { answers, .. } => {
            let borne_out = shown.borne_out(predict);
            let wrong = answers.iter().enumerate().filter_map(|(i, answer)| match (answer.right, borne_out.contains(&i)) {
                (true, false) => Some(format!("the right answer, \"{}\", is not what the run shows: `{}`", answer.text, answer.when)),
                (false, true) => Some(format!("a wrong answer, \"{}\", is what the run shows: `{}`", answer.text, answer.when)),
                _ => None,
            });
            wrong.collect()
        }
        Predict::Number { figure, answer, .. } => match (shown.near(predict, answer), shown.figure(figure)) {
            (Some(true), _) => Vec::new(),
            (_, Some((value, quantity))) => {
                vec![format!("`{figure}` is {} in the run, and the answer says {answer}", words::figure(value, quantity))]
            }
            (_, None) => vec![format!("the run has no value for `{figure}`")],
        },
    }
}

fn challenge(mut walk: Walk, challenge: &Challenge) -> (Option<Time>, Vec<String>) {
    let whole = |walk: &mut Walk| -> Result<(), Vec<String>> {
        walk.anew().map_err(|problems| problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>())?;
        walk.advance(Time(u64::MAX));
        Ok(())
    };
    let mut problems = Vec::new();
    let prepared = walk.act(&challenge.prepare).map_err(|why| vec![format!("it cannot be prepared: {why}")]);
    if let Err(wrong) = prepared.and_then(|()| whole(&mut walk)) {
        return (None, wrong);
    }
    let score = |walk: &Walk| Shown { plan: walk.plan(), figures: &walk.figures() }.score(challenge);
    if score(&walk).reached() {
        problems.push("the goal is reached by doing nothing".to_owned());
    }
    let solved = walk.act(&challenge.solution).map_err(|why| vec![format!("its solution cannot be done: {why}")]);
    if let Err(wrong) = solved.and_then(|()| whole(&mut walk)) {
        problems.extend(wrong);
        return (None, problems);
    }
    let score = score(&walk);
    let missed = |list: &[String], holds: &[bool]| {
        list.iter().zip(holds).filter(|(_, holds)| !**holds).map(|(text, _)| text.clone()).collect::<Vec<_>>()
    };
    for text in missed(&challenge.goal, &score.goal) {
        problems.push(format!("its solution does not reach `{text}`{}", as_it_is(&walk, &text)));
    }
    for text in missed(&challenge.stars, &score.stars) {
        problems.push(format!("its solution does not earn the star `{text}`{}", as_it_is(&walk, &text)));
    }
    (Some(walk.now()), problems)
}
