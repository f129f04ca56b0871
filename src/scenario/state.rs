//! State that a consumer folds from events: a projection, a read model, balances.

use serde::{Deserialize, Serialize};

/// State that a consumer keeps. It survives crashes, as in a database of its own; what it is compared with is the state that
/// applying every published event exactly once would give. (Of what is published in Kafka's transactions: every committed one, so that
/// what a reader of uncommitted events takes in too many shows.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// What is made of an event.
    pub fold: Fold,
    /// Whether there is one state in all or one per key. Default: one in all.
    #[serde(default, skip_serializing_if = "is_whole")]
    pub by: By,
}

/// What a projection makes of events. Events without the attribute change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fold {
    /// Their number.
    #[default]
    Count,
    /// The sum of an attribute.
    Sum(String),
    /// The attribute of the event that came last: duplicates do no harm, a changed order does.
    Last(String),
    /// The different values of an attribute: neither duplicates nor order do harm.
    Set(String),
    /// Accounts: each event moves an amount from one to another.
    Balance {
        /// The attribute that names the account that pays.
        from: String,
        /// The attribute that names the account that is paid.
        to: String,
        /// The attribute that says how much.
        amount: String,
    },
}

/// What has a state of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// All events together.
    #[default]
    Whole,
    /// Each key.
    Key,
}

fn is_whole(by: &By) -> bool {
    *by == By::Whole
}
