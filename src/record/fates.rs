//! How copies ended that were not handled to the end, and why: counts by fate and reason.

use crate::engine::broker::desk::BrokerFate;
use crate::engine::{AfterFailure, Observation, Reason};
use serde::Serialize;
use std::collections::BTreeMap;

/// How a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Handled to the end, or known to have been.
    Acked,
    /// Failed for good, nowhere to go.
    Failed,
    /// Sent on as a dead letter.
    DeadLettered,
    /// Grew too old.
    Expired,
    /// Lost, pushed out or thrown away.
    Dropped,
    /// Refused by a broker.
    Rejected,
    /// Nobody was owed it.
    Unroutable,
}

/// Counts by fate and reason.
#[derive(Clone, Debug, Default)]
pub struct Fates(BTreeMap<(Fate, Option<Reason>), u64>);

/// One line of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FateCount {
    /// How.
    pub fate: Fate,
    /// Why, in words.
    pub reason: String,
    /// How many.
    pub count: u64,
}

impl Fates {
    /// Takes in one observation.
    #[inline(always)]
    pub fn observe(&mut self, what: &Observation<'_>) {
        let (fate, why) = match *what {
            Observation::LostOnLink { why, .. } | Observation::GivenUp { why, .. } => (Fate::Dropped, Some(why)),
            Observation::Refused { why, .. } => (Fate::Rejected, Some(why)),
            Observation::Unroutable { .. } => (Fate::Unroutable, None),
            Observation::Ended { fate, why, .. } => (of_broker(fate), Some(why)),
            Observation::Failed { next: AfterFailure::DeadLetter, why, .. } => (Fate::DeadLettered, Some(why)),
            Observation::Failed { next: AfterFailure::Drop, why, .. } => (Fate::Dropped, Some(why)),
            Observation::Failed { next: AfterFailure::Final, why, .. } => (Fate::Failed, Some(why)),
            _ => return,
        };
        self.count(fate, why);
    }

    #[inline(never)]
    fn count(&mut self, fate: Fate, why: Option<Reason>) {
        *self.0.entry((fate, why)).or_default() += 1;
    }

    /// All lines, by fate.
    pub fn lines(&self) -> Vec<FateCount> {
        let words = |why: &Option<Reason>| why.map_or_else(|| "no binding, rule or reader took it".to_owned(), |why| why.to_string());
        self.0.iter().map(|((fate, why), count)| FateCount { fate: *fate, reason: words(why), count: *count }).collect()
    }
}

fn of_broker(fate: BrokerFate) -> Fate {
    match fate {
        BrokerFate::Expired => Fate::Expired,
        BrokerFate::Dropped => Fate::Dropped,
        BrokerFate::DeadLettered => Fate::DeadLettered,
        BrokerFate::Failed => Fate::Failed,
        BrokerFate::Acked => Fate::Acked,
    }
}
