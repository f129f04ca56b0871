//! Chains of events: what follows on which outcome, replies that are waited for, parts that are joined.

use crate::time::Span;
use serde::{Deserialize, Serialize};

/// On what an event follows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum When {
    /// On a handled event, whatever its outcome (with a `join`: on the last part).
    #[default]
    Handled,
    /// On a handled event with this business outcome, one of `handle.outcomes`.
    Outcome(String),
    /// On an event whose handling has failed for good.
    Failed,
    /// When parts are missing at the end of a `join`'s time.
    TimedOut,
}

/// A consumer that waits for several events of one correlation id: what follows, follows when all of them have been handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// How many different events make it whole.
    pub count: u32,
    /// How long it waits after the first. Default 10 s.
    #[serde(default = "ten_seconds", skip_serializing_if = "is_ten_seconds")]
    pub within: Span,
}

impl Default for Join {
    fn default() -> Self {
        Join { count: 2, within: ten_seconds() }
    }
}

/// A request waits for a reply: an event with its correlation id that is handled by somebody who reads `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// `broker/channel` that replies come to: the reply-to address.
    pub to: String,
    /// How long the requester waits. Default 10 s.
    #[serde(default = "ten_seconds", skip_serializing_if = "is_ten_seconds")]
    pub within: Span,
}

impl Reply {
    /// Replies on this channel, with the default time.
    pub fn to(channel: &str) -> Reply {
        Reply { to: channel.to_owned(), within: ten_seconds() }
    }
}

fn ten_seconds() -> Span {
    Span::from_millis(10_000)
}
fn is_ten_seconds(span: &Span) -> bool {
    *span == ten_seconds()
}
