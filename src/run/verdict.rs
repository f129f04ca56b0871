//! Whether a recording run again is the same run, and if not, where it begins to differ.

use super::headless::{self, Finished};
use super::script::Script;
use super::source::Source;
use crate::scenario::Problem;
use crate::scenario::recording::{Hash, Recording};
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// What became of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The fingerprint that the run has now.
    pub found: Hash,
    /// The stretch in which the runs begin to differ; none if they do not.
    pub differs: Option<(Span, Span)>,
}

impl Verdict {
    /// Whether it is the recorded run, bit for bit.
    pub fn same(&self) -> bool {
        self.differs.is_none()
    }
}

/// Runs a recording's own script again, and compares at the moments whose fingerprints the recording has.
pub fn follow(recording: &Recording, script: &Script, progress: &mut dyn FnMut(Time)) -> (Finished, Verdict) {
    // A text can be edited: marks may stand in any order, or behind the end.
    let marks: BTreeMap<Time, Hash> = recording.trail.iter().map(|(at, hash)| (Time::ZERO + *at, *hash)).collect();
    let marks: Vec<(Time, Hash)> = marks.into_iter().filter(|(at, _)| *at <= recording.end()).collect();
    let times: Vec<Time> = marks.iter().map(|(at, _)| *at).collect();
    let (finished, trail) = headless::follow_past(script, recording.end(), &times, progress);
    let found = Hash(finished.simulation.fingerprint());
    let pairs = marks.iter().zip(&trail).map(|((at, then), (_, now))| (*at - Time::ZERO, then.0 == *now));
    let mut last = Span::ZERO;
    let mut differs = None;
    for (at, same) in pairs.chain([(recording.until, recording.fingerprint == found)]) {
        if !same {
            differs = Some((last, at));
            break;
        }
        last = at;
    }
    (finished, Verdict { found, differs })
}

/// Runs a recording again.
///
/// # Errors
/// What is wrong with its scenario or with what was changed on the way.
pub fn verify(recording: &Recording) -> Result<Verdict, Vec<Problem>> {
    let script = Source::of(recording).script(Some(recording.seed), &recording.interventions)?;
    Ok(follow(recording, &script, &mut |_| {}).1)
}
