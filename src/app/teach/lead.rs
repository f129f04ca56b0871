//! What a lesson does to the session: sets the scenario and the run up for each step, does what is done for the learner, looks at what
//! the run shows.

use super::course::{Course, Phase, Said, Stop};
use super::going::{Going, Stand, stand};
use super::{Room, Teach, files_of, key, lock};
use crate::app::document::Document;
use crate::app::edit::Edit;
use crate::app::session::{Level, Session};
use crate::app::theme::Mode;
use crate::run::Command;
use crate::run::frame::{PlayState, Speed};
use crate::scenario::Scenario;
use crate::scenario::intervention::{Intervention, What};
use crate::scenario::lesson::Act;
use crate::time::Time;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Wall seconds that a try at a challenge takes.
const TRY: f64 = 8.0;

impl Session {
    /// Does what was asked for in a lesson.
    pub fn teach(&mut self, what: Teach) {
        // On the way to a step nothing is done in the one that is left.
        let on_the_way =
            matches!(what, Teach::Start | Teach::Resume | Teach::To(_) | Teach::Stay | Teach::Leave | Teach::Write | Teach::Present);
        if self.going.is_some() && !on_the_way {
            return;
        }
        match what {
            Teach::Start => self.start_lesson(0),
            Teach::Resume => {
                let at = self.progress().map_or(0, |progress| progress.step);
                self.start_lesson(at);
            }
            Teach::Leave => self.leave_lesson(),
            Teach::Write => {
                self.leave_lesson();
                self.writing = !self.writing;
                self.lesson = true;
            }
            Teach::Present => self.present(),
            Teach::Answer(said) => {
                if let Some(course) = self.course.as_mut().filter(|course| course.phase == Phase::Ask) {
                    course.said = Some(said).filter(|said| *said != Said::Nothing);
                    course.phase = Phase::Go;
                    self.go_on();
                }
            }
            Teach::Unanswered => match &mut self.course {
                Some(course) if !course.pressed => course.pressed = true,
                _ => self.teach(Teach::Answer(Said::Nothing)),
            },
            Teach::Go => self.go_on(),
            Teach::Show => self.act(),
            Teach::Hint => {
                if let Some(course) = &mut self.course {
                    course.hints += 1;
                }
            }
            Teach::Next => self.next_step(),
            Teach::To(at) => self.go_to(at, self.going.as_ref().is_some_and(|going| going.begins)),
            Teach::Stay => {
                if self.going.take().is_some_and(|going| going.begins) {
                    self.leave_lesson();
                }
            }
            Teach::Try => self.try_challenge(),
        }
    }

    /// What was reached of the open scenario's lesson.
    pub fn progress(&self) -> Option<super::Progress> {
        let document = self.document.as_ref()?;
        self.settings.lessons.get(&key(&document.home, &document.scenario.name)).copied()
    }

    fn start_lesson(&mut self, at: usize) {
        let Some(document) = &self.document else { return };
        let Some(course) = Course::new(&document.scenario, key(&document.home, &document.scenario.name)) else { return };
        self.keep_changes();
        (self.course, self.lesson, self.writing) = (Some(course), true, false);
        // Two panels of that size leave the drawing no room; whoever is to change something has it back.
        self.tucked = self.settings.mode == Mode::Projector;
        if let Some(document) = &mut self.document {
            document.teach(true);
        }
        self.go_to(at, true);
    }

    /// Leaves the lesson; the scenario is as it was before.
    pub(in crate::app) fn leave_lesson(&mut self) {
        if self.room.is_some() {
            self.present();
        }
        let Some(course) = self.course.take() else { return };
        course.pace.into_iter().for_each(|pace| self.send(Command::Speed(pace)));
        (self.going, self.tucked) = (None, false);
        self.send(Command::Pause);
        self.put_scenario("Leave lesson", course.original);
        if let Some(document) = &mut self.document {
            document.teach(false);
        }
    }

    fn put_scenario(&mut self, label: &str, scenario: Scenario) {
        let Some(document) = &mut self.document else { return };
        let edit = Edit::SetScenario { label: label.to_owned(), scenario: Box::new(scenario) };
        match document.edit(&edit) {
            Ok(effect) => self.take_effect(effect),
            Err(why) => self.tell(Level::Error, why),
        }
    }

    /// Goes to a step, to begin it as if all before it had been done as the lesson does it; `begins` says that the lesson begins there.
    fn go_to(&mut self, at: usize, begins: bool) {
        let (Some(course), Some(document)) = (&self.course, &self.document) else { return };
        let at = at.min(course.last());
        let files = files_of(&document.home);
        self.going = None;
        if at == 0 {
            // There is nothing to be simulated before it.
            return self.enter(at, stand(course, files, at, Arc::default()));
        }
        match Going::to(at, begins, course, files, self.wake()) {
            Ok(going) => {
                self.send(Command::Pause);
                self.going = Some(going);
            }
            Err(why) => self.enter(at, Err(format!("the system has no thread to give ({why})"))),
        }
    }

    /// Begins the step that was gone to, once it is known where it begins.
    fn arrive(&mut self) {
        if let Some(going) = &self.going
            && let Some(found) = going.arrived()
        {
            let at = going.at;
            self.going = None;
            self.enter(at, found);
        }
    }

    /// Begins a step where it was found to begin.
    fn enter(&mut self, at: usize, found: Result<Stand, String>) {
        let stand = match found {
            Ok(stand) => stand,
            Err(why) => return self.tell(Level::Error, format!("The lesson cannot go there: {why}")),
        };
        let (Some(course), Some(document)) = (&self.course, &self.document) else { return };
        let lesson = course.original.lesson.clone();
        let ids = |scenario: &Scenario| scenario.nodes.iter().map(|node| node.id().to_owned()).collect::<BTreeSet<_>>();
        // Other nodes than were there may be out of sight.
        self.fit |= ids(&document.scenario) != ids(&stand.scenario);
        self.put_scenario("Go to another step", Scenario { lesson, ..stand.scenario.clone() });
        self.run_anew(stand.interventions, stand.now);
        self.begin(at, &stand.scenario);
        if let Some(course) = &mut self.course {
            course.from = stand.now;
            course.trail = stand.trail;
            course.trail.push(Stop { step: course.at, began: stand.now, reached: None });
        }
    }

    /// Another run of the scenario, which stands at a time.
    fn run_anew(&mut self, interventions: Vec<Intervention>, now: Time) {
        self.forget_frames();
        self.load(false, None);
        if !interventions.is_empty() {
            self.send_source(interventions);
        }
        if now > Time::ZERO {
            self.send(Command::Seek(now));
        }
    }

    fn begin(&mut self, at: usize, scenario: &Scenario) {
        let Some(course) = &mut self.course else { return };
        course.begin(at, scenario);
        course.depth = self.document.as_ref().map_or(0, Document::depth);
        // What a step is about is to be seen by a room without a hand at the mouse.
        self.fit |= at == 0 || self.room.is_some();
        let pace = course.pace.take();
        let (key, at) = (course.key.clone(), course.at);
        self.settings.lessons.entry(key).or_default().step = at;
        pace.into_iter().for_each(|pace| self.send(Command::Speed(pace)));
    }

    fn next_step(&mut self) {
        let Some(course) = &mut self.course else { return };
        let (at, last) = (course.at + 1, course.last());
        if at > last {
            course.phase = Phase::Over;
            let key = course.key.clone();
            let progress = self.settings.lessons.entry(key).or_default();
            (progress.done, progress.step) = (true, 0);
            return;
        }
        let skipped = course.phase != Phase::Reached;
        let over = self.frame().is_some_and(|f| matches!(f.state, PlayState::Finished | PlayState::Stopped(_)));
        let (Some(course), Some(document)) = (&self.course, &self.document) else { return };
        let Some(step) = course.lesson.steps.get(at).filter(|_| !skipped && !over) else { return self.go_to(at, false) };
        let (anew, scenario) = (step.anew, document.scenario.clone());
        let now = self.frame().map_or(Time::ZERO, |frame| frame.now);
        if anew {
            self.run_anew(Vec::new(), Time::ZERO);
        }
        self.begin(at, &scenario);
        if let Some(course) = &mut self.course {
            match anew {
                true => course.anew(),
                false => course.trail.push(Stop { step: course.at, began: now, reached: None }),
            }
        }
    }

    /// Lets the run go on; what is done for the learner is done.
    fn go_on(&mut self) {
        let Some(course) = &self.course else { return };
        if course.phase == Phase::Go && course.step().is_some_and(|step| step.done_for_you) && !course.acted {
            self.act();
        }
        self.send(Command::Play);
    }

    /// Does what is to be done in the step, or solves the challenge.
    fn act(&mut self) {
        let (Some(course), Some(document)) = (&mut self.course, &self.document) else { return };
        let acts: Vec<Act> = match (course.step(), course.challenge()) {
            (Some(step), _) => step.act.clone(),
            (None, Some(challenge)) => challenge.solution.clone(),
            (None, None) => return,
        };
        course.acted = true;
        let mut scenario = document.scenario.clone();
        let lesson = scenario.lesson.take();
        for act in &acts {
            if let Err((why, _)) = act.change(&mut scenario) {
                return self.tell(Level::Warning, format!("This cannot be done for you as the drawing is now: {why}"));
            }
        }
        scenario.lesson = lesson;
        if acts.iter().any(|act| act.on_the_way().is_none()) {
            let label = acts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            self.put_scenario(&label, scenario);
        }
        for what in acts.iter().filter_map(Act::on_the_way).cloned() {
            self.intervene(what);
        }
        self.send(Command::Play);
    }

    fn try_challenge(&mut self) {
        let pace = self.frame().map(|frame| frame.speed);
        let (Some(course), Some(document)) = (&mut self.course, &self.document) else { return };
        if course.challenge().is_none() {
            return;
        }
        course.trying = true;
        course.pace = course.pace.or(pace);
        let speed = (document.scenario.duration.seconds() / TRY).max(1.0);
        self.run_anew(Vec::new(), Time::ZERO);
        self.send(Command::Speed(Speed::Times(speed)));
        self.send(Command::Play);
    }

    /// Looks at the run: what is reached is told, and the run stands so that it can be looked at.
    pub fn watch_lesson(&mut self) {
        self.arrive();
        if self.going.is_some() {
            return;
        }
        let Some(frame) = self.frame() else { return };
        let Some(course) = &mut self.course else { return };
        let looked = course.look(&frame);
        // A try is over: what follows goes as fast as what was before.
        let pace = course.pace.take_if(|_| !course.trying);
        if !looked {
            return pace.into_iter().for_each(|pace| self.send(Command::Speed(pace)));
        }
        let (key, earned) = (course.key.clone(), course.score.as_ref().map(crate::lesson::judge::Score::earned));
        if let Some(earned) = earned {
            // What was done for the learner earns nothing.
            let earned = if course.acted { 0 } else { earned };
            let progress = self.settings.lessons.entry(key).or_default();
            (progress.done, progress.stars) = (true, progress.stars.max(earned));
        }
        self.send(Command::Pause);
    }

    /// Why an edit cannot be made in this step; none if it can.
    pub(in crate::app) fn locked(&self, edit: &Edit) -> Option<String> {
        let (course, document) = (self.course.as_ref()?, self.document.as_ref()?);
        let mut after = document.scenario.clone();
        edit.apply(&mut after).ok()?;
        lock::outside(&document.scenario, &after, course.touch(), &course.given).then(|| only(course.touch()))
    }

    /// The same for a change on the way.
    pub(in crate::app) fn locked_on_the_way(&self, what: &What) -> Option<String> {
        let touch = self.course.as_ref()?.touch();
        let inside = |path: &str| touch.is_empty() || touch.iter().any(|t| path.starts_with(t.as_str()) || t.starts_with(path));
        let may = match what {
            What::Set { path, .. } => inside(path),
            What::Fault { what, .. } | What::EndFault(what) => what.targets().into_iter().all(inside),
            What::Ask { broker, .. } => inside(broker),
        };
        (!may).then(|| only(touch))
    }

    /// Shows the lesson to a room: the projector's look, and nothing that is not needed; or puts everything back.
    fn present(&mut self) {
        let settings = &mut self.settings;
        match self.room.take() {
            Some(room) => {
                (settings.mode, settings.inspector, settings.dock) = (room.mode, room.inspector, room.dock);
                self.tucked = room.tucked;
            }
            None => {
                self.room = Some(Room { mode: settings.mode, inspector: settings.inspector, tucked: self.tucked, dock: settings.dock });
                (settings.mode, settings.dock) = (Mode::Projector, false);
                self.tucked = true;
            }
        }
        self.fit = true;
    }
}

/// What may be changed in a step, for somebody who tried to change something else.
fn only(touch: &[String]) -> String {
    let names: Vec<String> = touch.iter().map(|path| if path == "nodes" { "new nodes".to_owned() } else { format!("`{path}`") }).collect();
    let names = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    };
    format!("Only {names} can be changed in this step, everything else after the lesson")
}
