//! What can be seen of a broker while it runs.

use super::replaying::State;
use crate::ids::OutletId;
use crate::time::Time;
use serde::Serialize;

/// The whole of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// By bus, in order of the file.
    pub buses: Vec<BusView>,
    /// By rule, in order of the file.
    pub rules: Vec<RuleView>,
    /// By replay, in order of the file.
    pub replays: Vec<ReplayView>,
    /// By rule, in order of the file; within one its readers, then the bus that it forwards to.
    pub targets: Vec<TargetView>,
    /// The events that came last, newest first.
    pub recent: Vec<Recent>,
    /// By queue, the dead letters that were written last, newest first.
    pub letters: Vec<LetterView>,
}

/// A target of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// Position of the rule.
    pub rule: usize,
    /// What reads from the rule, as which group; or the bus that it forwards to.
    pub name: String,
    /// Whether it is the bus.
    pub is_bus: bool,
    /// What is read from; of the bus, what is read from the rule first.
    pub outlet: OutletId,
    /// What it did.
    pub counts: TargetCounts,
}

/// What a target did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetCounts {
    /// Hand-overs, tries included.
    pub invocations: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Copies that went to its dead-letter queue.
    pub dead_lettered: u64,
    /// Copies given up with nowhere to go.
    pub dropped: u64,
}

/// A dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterView {
    /// Its queue.
    pub queue: String,
    /// The detail type of the event in it.
    pub kind: String,
    /// What the service says of it: `RULE_ARN`, `TARGET_ARN`, `ERROR_CODE` and so on.
    pub attributes: Vec<(&'static str, String)>,
}

/// An event that came a moment ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// Position of the bus it came to.
    pub bus: usize,
    /// Its whole envelope.
    pub json: String,
}

/// A bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct BusView {
    /// Events taken in.
    pub taken: u64,
    /// Of these, wanted by no rule.
    pub unmatched: u64,
    /// Refused: too many per second, or too large.
    pub refused: u64,
    /// Events in its archive.
    pub archived: u64,
    /// Times of the oldest and the newest of these, in seconds of the run.
    pub window: Option<(f64, f64)>,
}

/// A rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleView {
    /// Events it wanted.
    pub matched: u64,
    /// Events it looked at and did not want.
    pub passed_over: u64,
    /// Hand-overs to targets, tries included.
    pub invocations: u64,
    /// Of these, failed.
    #[serde(rename = "failed_invocations")]
    pub failed: u64,
    /// Hand-overs that had to wait for the quota.
    pub throttled: u64,
    /// Until when the last of them waits.
    #[serde(skip)]
    pub throttled_until: Time,
    /// Hand-overs that a function did not take because it was at its limit; they count as failed.
    pub throttles: u64,
    /// Events handed to another bus.
    pub forwarded: u64,
    /// Events of the service's own, by the rule's schedule.
    pub scheduled: u64,
    /// Copies that went to the dead-letter queue.
    #[serde(skip)]
    pub dead_lettered: u64,
    /// Copies given up with nowhere to go.
    #[serde(skip)]
    pub dropped: u64,
}

/// A replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayView {
    /// How far it is.
    pub state: State,
    /// Events that came again.
    pub done: u64,
    /// Events still to come.
    pub left: u64,
}
