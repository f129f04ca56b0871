//! Where a learner stands in a lesson. Pure: told what the run shows, says what is to be read.

use crate::app::timeline::Stretch;
use crate::lesson::judge::{Score, Shown};
use crate::run::Frame;
use crate::run::frame::{PlayState, Speed};
use crate::scenario::Scenario;
use crate::scenario::lesson::{Challenge, Lesson, Predict, Step};
use crate::time::Time;
use std::collections::BTreeSet;

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A question is to be answered first.
    Ask,
    /// It is under way.
    Go,
    /// It is reached.
    Reached,
    /// The lesson is over.
    Over,
}

/// What a learner said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The answer at this position.
    Choice(usize),
    /// A number, as typed.
    Number(String),
    /// Nothing.
    Nothing,
}

/// What is told once a step is reached, with the figures of that moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Whether the answer was right; none without an answer.
    pub right: Option<bool>,
    /// The right answer in words.
    pub answer: String,
    /// Why it is the right one.
    pub because: String,
    /// What is to be read then.
    pub after: String,
}

/// When in the run a step began and was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Which step.
    pub step: usize,
    /// When it began.
    pub began: Time,
    /// When it was reached, if it was.
    pub reached: Option<Time>,
}

/// A lesson under way.
#[derive(Clone, Debug)]
pub struct Course {
    /// By what it is known.
    pub key: String,
    /// The scenario with its lesson as it was before.
    pub original: Scenario,
    /// The lesson.
    pub lesson: Lesson,
    /// The step; behind the last one is the challenge.
    pub at: usize,
    /// How far it is.
    pub phase: Phase,
    /// What was said to its question.
    pub said: Option<Said>,
    /// Whether to go on without an answer was asked for once.
    pub pressed: bool,
    /// Whether its action was done by the lesson.
    pub acted: bool,
    /// Whether the learner has changed something since it began.
    pub changed: bool,
    /// How many edits there were when it began: those are not undone in it.
    pub depth: u64,
    /// How many hints are shown.
    pub hints: usize,
    /// What is told, once it is reached.
    pub told: Told,
    /// What came of the last try at the challenge.
    pub score: Option<Score>,
    /// Whether a try at the challenge is under way.
    pub trying: bool,
    /// Whether the step is reached, as soon as the run stands.
    stopping: bool,
    /// How fast the run went before a try at the challenge.
    pub pace: Option<Speed>,
    /// The nodes that were there when the step began.
    pub given: BTreeSet<String>,
    /// When in the run the step begins; what lies before is not looked at.
    pub from: Time,
    /// The steps that this run went through.
    pub trail: Vec<Stop>,
}

impl Course {
    /// Before the first step of a scenario's lesson; none if it has none.
    pub fn new(scenario: &Scenario, key: String) -> Option<Course> {
        let lesson = scenario.lesson.clone().filter(|lesson| !lesson.steps.is_empty())?;
        let mut course = Course {
            key,
            original: scenario.clone(),
            lesson,
            at: 0,
            phase: Phase::Go,
            said: None,
            pressed: false,
            acted: false,
            changed: false,
            depth: 0,
            hints: 0,
            told: Told::default(),
            score: None,
            trying: false,
            stopping: false,
            pace: None,
            given: BTreeSet::new(),
            from: Time::ZERO,
            trail: Vec::new(),
        };
        course.begin(0, scenario);
        Some(course)
    }

    /// Begins a step, with the scenario as it is.
    pub fn begin(&mut self, at: usize, scenario: &Scenario) {
        self.at = at.min(self.last());
        (self.said, self.acted, self.hints, self.told) = (None, false, 0, Told::default());
        (self.score, self.trying, self.pressed, self.changed, self.stopping) = (None, false, false, false, false);
        self.from = Time::ZERO;
        self.given = scenario.nodes.iter().map(|node| node.id().to_owned()).collect();
        self.phase = match self.step() {
            Some(step) if step.predict.is_some() => Phase::Ask,
            Some(step) if step.until.is_none() && step.by.is_none() => Phase::Reached,
            _ => Phase::Go,
        };
    }

    /// The scenario was edited: what the lesson speaks of may have another name in it.
    pub fn edited(&mut self, scenario: &Scenario) {
        if let Some(lesson) = &scenario.lesson {
            self.lesson.clone_from(lesson);
        }
    }

    /// The run begins anew, with the step that is under way; what the last try showed is not true of it.
    pub fn anew(&mut self) {
        (self.score, self.stopping) = (None, false);
        self.trail = vec![Stop { step: self.at, began: Time::ZERO, reached: None }];
    }

    /// The steps that this run went through, for the timeline.
    pub fn stretches(&self) -> Vec<Stretch> {
        let name = |at: usize| match self.lesson.steps.get(at).map(|step| step.title.as_str()) {
            Some("") => format!("Step {}", at + 1),
            Some(title) => format!("{}. {title}", at + 1),
            None => "Challenge".to_owned(),
        };
        let stretch = |stop: &Stop| Stretch { name: name(stop.step), from: stop.began.seconds(), to: stop.reached.map(Time::seconds) };
        self.trail.iter().map(stretch).collect()
    }

    /// The position of what comes last: the challenge, if there is one.
    pub fn last(&self) -> usize {
        self.lesson.steps.len() - usize::from(self.lesson.challenge.is_none())
    }

    /// The step, if it is one.
    pub fn step(&self) -> Option<&Step> {
        self.lesson.steps.get(self.at)
    }

    /// The challenge, if it has come to that.
    pub fn challenge(&self) -> Option<&Challenge> {
        self.lesson.challenge.as_ref().filter(|_| self.at >= self.lesson.steps.len())
    }

    /// What pulses on the canvas.
    pub fn highlight(&self) -> &[String] {
        self.step().filter(|_| self.phase != Phase::Over).map_or(&[], |step| &step.highlight)
    }

    /// What may be touched; everything, if it is empty.
    pub fn touch(&self) -> &[String] {
        match (self.phase, self.step(), self.challenge()) {
            (Phase::Over, ..) => &[],
            (_, Some(step), _) => &step.touch,
            (_, None, Some(challenge)) => &challenge.touch,
            (_, None, None) => &[],
        }
    }

    /// Whether the learner is to change something now.
    pub fn changes(&self) -> bool {
        match (self.phase, self.step()) {
            (Phase::Go, Some(step)) => !step.act.is_empty() && !step.done_for_you,
            (Phase::Go, None) => true,
            _ => false,
        }
    }

    /// Looks at the run; whether the step has just been reached. While the run plays its figures are those of a moment ago: it has to stand
    /// before what it shows is told, so that what is read is what is seen.
    pub fn look(&mut self, frame: &Frame) -> bool {
        let Some(figures) = &frame.figures else { return false };
        let shown = Shown { plan: &frame.plan, figures };
        // A run that is on its way to where the step begins shows its start first.
        if self.phase != Phase::Go || frame.now < self.from {
            return false;
        }
        let Some(step) = self.lesson.steps.get(self.at) else { return self.judge(frame, &shown) };
        let ready = self.acted || !step.done_for_you;
        let reached = match (&step.until, step.by) {
            (Some(until), _) => shown.holds(until),
            (None, Some(by)) => frame.now >= Time::ZERO + by,
            (None, None) => true,
        };
        if !(ready && reached || self.stopping) {
            return false;
        }
        self.stopping = frame.state == PlayState::Playing;
        if self.stopping {
            return true;
        }
        self.told = told(step, self.said.as_ref(), &shown);
        self.phase = Phase::Reached;
        if let Some(stop) = self.trail.last_mut().filter(|stop| stop.step == self.at) {
            stop.reached = Some(frame.now.max(stop.began));
        }
        true
    }

    fn judge(&mut self, frame: &Frame, shown: &Shown<'_>) -> bool {
        let over = matches!(frame.state, PlayState::Finished | PlayState::Stopped(_));
        let Some(challenge) = self.lesson.challenge.as_ref().filter(|_| self.trying && over) else { return false };
        let score = shown.score(challenge);
        self.trying = false;
        if score.reached() {
            self.told = Told { after: shown.fill(&challenge.after), ..Told::default() };
        }
        let reached = score.reached();
        self.score = Some(score);
        reached
    }
}

fn told(step: &Step, said: Option<&Said>, shown: &Shown<'_>) -> Told {
    let after = shown.fill(&step.after);
    let Some(predict) = &step.predict else { return Told { after, ..Told::default() } };
    let because = shown.fill(predict.because());
    match predict {
        Predict::Choice { answers, .. } => {
            let borne_out = shown.borne_out(predict);
            let marked = answers.iter().position(|answer| answer.right);
            // What this run shows counts; the learner may have changed it.
            let right = borne_out.first().copied().or(marked);
            Told {
                right: said.and_then(|said| if let Said::Choice(i) = said { Some(right == Some(*i)) } else { None }),
                answer: right.and_then(|i| answers.get(i)).map(|answer| answer.text.clone()).unwrap_or_default(),
                because,
                after,
            }
        }
        Predict::Number { figure, .. } => Told {
            right: said.and_then(|said| if let Said::Number(text) = said { shown.near(predict, text) } else { None }),
            answer: shown.figure(figure).map(|(value, quantity)| crate::run::words::figure(value, quantity)).unwrap_or_default(),
            because,
            after,
        },
    }
}
