//! Whether a recording run again is the same run, and if not, where it begins to differ.

use super::headless;
use super::source::Source;
use crate::scenario::Problem;
use crate::scenario::recording::{Hash, Recording};
use crate::time::{Span, Time};

/// What became of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The fingerprint that the run has now.
    pub found: Hash,
    /// The stretch in which the runs begin to differ; none if they do not.
    pub differs: Option<(Span, Span)>,
}

impl Verdict {
    /// Of a run that was just made, with the fingerprints at the recording's marks.
    pub fn of(recording: &Recording, trail: &[(Time, u64)], found: Hash) -> Verdict {
        let pairs = recording.trail.iter().zip(trail).map(|((at, then), (_, now))| (*at, then.0 == *now));
        let marks = pairs.chain([(recording.until, recording.fingerprint == found)]);
        let mut last = Span::ZERO;
        let mut differs = None;
        for (at, same) in marks {
            if !same {
                differs = Some((last, at));
                break;
            }
            last = at;
        }
        Verdict { found, differs }
    }

    /// Whether it is the recorded run, bit for bit.
    pub fn same(&self) -> bool {
        self.differs.is_none()
    }
}

/// Runs a recording again.
///
/// # Errors
/// What is wrong with its scenario or with what was changed on the way.
pub fn verify(recording: &Recording) -> Result<Verdict, Vec<Problem>> {
    let script = Source::of(recording).script(Some(recording.seed), &recording.interventions)?;
    let (finished, trail) = headless::follow_marked(&script, recording.end(), recording.trail.len() as u64, &mut |_| {});
    Ok(Verdict::of(recording, &trail, Hash(finished.simulation.fingerprint())))
}
