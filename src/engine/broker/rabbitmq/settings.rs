//! What a queue was declared with.

use super::names::{Name, Names};
use super::value::{Table, Value, look_up};

/// How a queue keeps its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueKind {
    /// On one node.
    #[default]
    Classic,
    /// Replicated by consensus.
    Quorum,
    /// An append-only log that consumers read from anywhere.
    Stream,
}

impl QueueKind {
    /// By its name in `x-queue-type`.
    pub fn named(name: &str) -> Option<QueueKind> {
        Some(match name {
            "classic" => QueueKind::Classic,
            "quorum" => QueueKind::Quorum,
            "stream" => QueueKind::Stream,
            _ => return None,
        })
    }

    /// Its name in `x-queue-type`.
    pub fn name(self) -> &'static str {
        match self {
            QueueKind::Classic => "classic",
            QueueKind::Quorum => "quorum",
            QueueKind::Stream => "stream",
        }
    }
}

/// What happens to a publish that a full queue cannot keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The head of the queue makes room. The default.
    #[default]
    DropHead,
    /// The publish is refused.
    RejectPublish,
    /// The publish is refused and dead-lettered (classic queues; quorum queues take it for drop-head).
    RejectPublishDlx,
}

/// Delivery limit of a quorum queue that sets none (4.0; earlier versions had no limit).
pub const DEFAULT_DELIVERY_LIMIT: u64 = 20;

/// Settings of a queue. Times are nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Kind of queue.
    pub kind: QueueKind,
    /// Survives a restart.
    pub durable: bool,
    /// The connection it belongs to.
    pub owner: Option<u32>,
    /// Goes with its last consumer.
    pub auto_delete: bool,
    /// Time to live of its messages (`x-message-ttl`).
    pub ttl: Option<u64>,
    /// Time after which it goes when nobody uses it (`x-expires`).
    pub expires: Option<u64>,
    /// Most ready messages (`x-max-length`).
    pub max_length: Option<u64>,
    /// Most bytes of ready messages (`x-max-length-bytes`).
    pub max_bytes: Option<u64>,
    /// Longest age of what a stream keeps (`x-max-age`).
    pub max_age: Option<u64>,
    /// Bytes of a stream's segment (`x-stream-max-segment-size-bytes`).
    pub segment: Option<u64>,
    /// What happens beyond.
    pub overflow: Overflow,
    /// Highest priority (`x-max-priority`, classic only); `None`: priorities do not count.
    pub max_priority: Option<u8>,
    /// One consumer at a time (`x-single-active-consumer`).
    pub single_active: bool,
    /// Returns allowed per message (`x-delivery-limit`, quorum only); `None`: no limit.
    pub delivery_limit: Option<u64>,
    /// The dead-letter exchange, by name: it need not exist.
    pub dead_letter: Option<Name>,
    /// The key of dead letters; `None`: they keep theirs.
    pub dead_letter_key: Option<Name>,
    /// Dead letters stay until all queues that they go to have them (`x-dead-letter-strategy`; quorum queues that refuse publishes when
    /// they are full).
    pub at_least_once: bool,
}

impl Settings {
    /// Settings from arguments that [`check`](super::declare::check_queue) has accepted.
    pub fn new(arguments: &Table, names: &mut Names) -> Settings {
        let number = |name: &str| look_up(arguments, name).and_then(Value::as_int);
        let natural = |name: &str| number(name).and_then(|n| u64::try_from(n).ok());
        let millis = |name: &str| natural(name).map(|ms| ms.saturating_mul(1_000_000));
        let text = |name: &str| look_up(arguments, name).and_then(Value::as_text);
        let kind = text("x-queue-type").and_then(QueueKind::named).unwrap_or_default();
        let overflow = match (text("x-overflow"), kind) {
            (Some("reject-publish"), _) => Overflow::RejectPublish,
            (Some("reject-publish-dlx"), QueueKind::Classic) => Overflow::RejectPublishDlx,
            _ => Overflow::DropHead,
        };
        let delivery_limit = match number("x-delivery-limit") {
            _ if kind != QueueKind::Quorum => None,
            None => Some(DEFAULT_DELIVERY_LIMIT),
            Some(limit) => u64::try_from(limit).ok(),
        };
        let surely = text("x-dead-letter-strategy") == Some("at-least-once") && kind == QueueKind::Quorum;
        Settings {
            kind,
            durable: true,
            owner: None,
            auto_delete: false,
            ttl: millis("x-message-ttl"),
            expires: millis("x-expires"),
            max_length: natural("x-max-length"),
            max_bytes: natural("x-max-length-bytes"),
            max_age: text("x-max-age").and_then(age),
            segment: natural("x-stream-max-segment-size-bytes"),
            overflow,
            max_priority: natural("x-max-priority").map(|most| most.clamp(1, 255) as u8).filter(|_| kind == QueueKind::Classic),
            single_active: matches!(look_up(arguments, "x-single-active-consumer"), Some(Value::Bool(true))),
            delivery_limit,
            dead_letter: text("x-dead-letter-exchange").map(|text| names.intern(text)),
            dead_letter_key: text("x-dead-letter-routing-key").map(|text| names.key(text)),
            at_least_once: surely && overflow == Overflow::RejectPublish && text("x-dead-letter-exchange").is_some(),
        }
    }
}

/// `x-max-age`: a whole number and a unit, from years (`Y`) to seconds (`s`), in nanoseconds.
pub(super) fn age(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "Y" => 31_536_000,
        "M" => 2_592_000,
        "D" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()?.saturating_mul(seconds).saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    #[test]
    fn ages_have_a_unit() {
        assert_eq!(super::age("7D"), Some(604_800_000_000_000));
        assert_eq!(super::age("90s"), Some(90_000_000_000));
        assert_eq!([super::age("7"), super::age("x s"), super::age(""), super::age("7é")], [None; 4]);
    }
}
