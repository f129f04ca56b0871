//! What the service's administration refuses.
//!
//! From the API model of 2015-10-07, the quota page of the user guide and recorded answers.

use crate::language::template::{LONGEST_TEMPLATE, MOST_PATHS};
use crate::scenario::broker::eventbridge::limits::{AGE_SECONDS, MOST_ATTEMPTS, MOST_REPLAYS, MOST_TARGETS};

/// Characters of a target's id.
const LONGEST_TARGET_ID: usize = 64;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It makes no sense as it is.
    Validation,
    /// It goes beyond a quota.
    LimitExceeded,
    /// There is one of that name.
    AlreadyExists,
}

impl Refusal {
    /// The error's name.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Validation => "ValidationException",
            Refusal::LimitExceeded => "LimitExceededException",
            Refusal::AlreadyExists => "ResourceAlreadyExistsException",
        }
    }
}

fn require(fine: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if fine { Ok(()) } else { Err(otherwise) }
}

/// PutTargets adds so many to so many; those whose id is known replace and do not count.
pub fn put_targets(existing: usize, added: usize, known: bool) -> Result<(), Refusal> {
    require(existing + if known { 0 } else { added } <= MOST_TARGETS, Refusal::LimitExceeded)
}

/// A target's id: letters, digits, dots, dashes and underscores, at most 64.
pub fn target_id(id: &str) -> Result<(), Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    require(!id.is_empty() && id.len() <= LONGEST_TARGET_ID && id.chars().all(fits), Refusal::Validation)
}

/// A retry policy's numbers.
pub fn retry_policy(age_seconds: Option<i64>, attempts: Option<i64>) -> Result<(), Refusal> {
    let age = age_seconds.is_none_or(|age| u64::try_from(age).is_ok_and(|age| AGE_SECONDS.contains(&age)));
    let attempts = attempts.is_none_or(|n| u32::try_from(n).is_ok_and(|n| n <= MOST_ATTEMPTS));
    require(age && attempts, Refusal::Validation)
}

/// An input transformer's size.
pub fn transformer(paths: usize, template: usize) -> Result<(), Refusal> {
    require(paths <= MOST_PATHS && template <= LONGEST_TEMPLATE, Refusal::Validation)
}

/// A rule that still has targets cannot be deleted.
pub fn delete_rule(targets: usize) -> Result<(), Refusal> {
    require(targets == 0, Refusal::Validation)
}

/// A request for an event replay.
#[derive(Clone, Copy, Debug)]
pub struct StartReplay {
    /// Whether the archive it names exists.
    pub archive_exists: bool,
    /// Whether it goes to the bus that the archive is of: the only one it can go to.
    pub own_bus: bool,
    /// End of its window after the start, in seconds.
    pub length: i64,
    /// Whether its name is taken; names stay taken for 90 days.
    pub name_taken: bool,
    /// Replays that go on already.
    pub active: usize,
}

/// Whether an event replay may start.
pub fn start_replay(request: &StartReplay) -> Result<(), Refusal> {
    require(request.archive_exists && request.own_bus && request.length > 0, Refusal::Validation)?;
    require(!request.name_taken, Refusal::AlreadyExists)?;
    require(request.active < MOST_REPLAYS, Refusal::LimitExceeded)
}
