//! On the way to a step of a lesson: all before it is done as the lesson does it. That means simulating, which can take long, so
//! it happens on a thread of its own. Knows no session.

use super::course::{Course, Stop};
use crate::app::session::Wake;
use crate::lesson::Walk;
use crate::scenario::intervention::Intervention;
use crate::scenario::{Files, Problem, Scenario};
use crate::time::Time;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// Where a learner would stand who did everything as the reference solutions do.
#[derive(Debug)]
pub struct Stand {
    /// The scenario as it is then.
    pub scenario: Scenario,
    /// What was changed on the way.
    pub interventions: Vec<Intervention>,
    /// The moment of the run.
    pub now: Time,
    /// What this run went through on the way there.
    pub trail: Vec<Stop>,
}

/// A step that is gone to. Dropped, it is given up.
#[derive(Debug)]
pub struct Going {
    /// Which.
    pub at: usize,
    /// Whether the lesson begins there: nothing of it stands yet.
    pub begins: bool,
    stop: Arc<AtomicBool>,
    found: Receiver<Result<Stand, String>>,
}

impl Going {
    /// Sets out; `wake` is called on arrival.
    ///
    /// # Errors
    /// The system's, if it has no thread to give.
    pub fn to(at: usize, begins: bool, course: &Course, files: Arc<dyn Files + Send + Sync>, wake: Wake) -> io::Result<Going> {
        let (send, found) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (course, stopped) = (course.clone(), Arc::clone(&stop));
        let go = move || {
            // Nobody listens any more if it was given up.
            let _ = send.send(stand(&course, files, at, stopped));
            wake();
        };
        std::thread::Builder::new().name("lesson".into()).spawn(go)?;
        Ok(Going { at, begins, stop, found })
    }

    /// What was found, once it is.
    pub fn arrived(&self) -> Option<Result<Stand, String>> {
        match self.found.try_recv() {
            Ok(found) => Some(found),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("what lies before it could not be simulated".to_owned())),
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Where a step begins. Once `stop` is set, what it gives is of no use.
///
/// # Errors
/// Why it cannot be reached.
pub fn stand(course: &Course, files: Arc<dyn Files + Send + Sync>, at: usize, stop: Arc<AtomicBool>) -> Result<Stand, String> {
    let first = |problems: Vec<Problem>| problems.into_iter().next().map(|p| p.message).unwrap_or_default();
    let mut walk = Walk::new(&course.original, files).map_err(first)?;
    // As it was before: what was renamed since has its old name again.
    let lesson = course.original.lesson.as_ref().unwrap_or(&course.lesson);
    walk.stop = stop;
    let mut trail = Vec::new();
    for (i, step) in lesson.steps.iter().take(at).enumerate() {
        if step.anew || step.act.iter().any(|act| act.on_the_way().is_none()) {
            // Another run begins.
            trail.clear();
        }
        let began = if trail.is_empty() { Time::ZERO } else { walk.now() };
        walk.take(step)?;
        trail.push(Stop { step: i, began, reached: Some(walk.now()) });
    }
    if let Some(challenge) = lesson.challenge.as_ref().filter(|_| at >= lesson.steps.len()) {
        walk.act(&challenge.prepare)?;
        walk.anew().map_err(first)?;
        trail.clear();
    }
    if lesson.steps.get(at).is_some_and(|step| step.anew) {
        walk.anew().map_err(first)?;
        trail.clear();
    }
    Ok(Stand { now: walk.now(), interventions: walk.interventions.clone(), scenario: walk.scenario, trail })
}
