//! Dead-lettering: why a message left its queue, what it remembers of that (`x-death`), and when a circle is cut.

use super::names::Name;

/// Why a message was dead-lettered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A consumer refused it without requeueing.
    Rejected,
    /// Its time to live was over at the head of the queue.
    Expired,
    /// The queue was over its length limit.
    MaxLength,
    /// It came back to a quorum queue more often than the delivery limit allows.
    DeliveryLimit,
}

impl Reason {
    /// As in `x-death`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Rejected => "rejected",
            Reason::Expired => "expired",
            Reason::MaxLength => "maxlen",
            Reason::DeliveryLimit => "delivery_limit",
        }
    }
}

/// One entry of `x-death`: all deaths in one queue for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Where.
    pub queue: Name,
    /// Why.
    pub reason: Reason,
    /// How often.
    pub count: u64,
    /// The exchange by which the message had come, the first time.
    pub exchange: Name,
    /// Its routing keys then, those of `CC` included, those of `BCC` not.
    pub keys: Vec<Name>,
    /// Its `expiration` then, in milliseconds; a dead letter no longer has one.
    pub expiration: Option<u64>,
}

/// Where, why and from which exchange: what `x-first-death-*` and `x-last-death-*` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The queue.
    pub queue: Name,
    /// Why.
    pub reason: Reason,
    /// The exchange by which the message had come.
    pub exchange: Name,
}

/// What a message remembers of its deaths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deaths {
    /// The first of all.
    pub first: Place,
    /// The latest.
    pub last: Place,
    /// By recency, the latest first (since 4.0; earlier versions had no reliable order).
    pub entries: Vec<Death>,
}

impl Deaths {
    /// Records a death; `before` is what the message remembered so far.
    pub fn record(before: Option<Deaths>, death: Death) -> Deaths {
        let place = Place { queue: death.queue, reason: death.reason, exchange: death.exchange };
        let Some(mut deaths) = before else { return Deaths { first: place, last: place, entries: vec![death] } };
        deaths.last = place;
        match deaths.entries.iter().position(|entry| entry.queue == death.queue && entry.reason == death.reason) {
            Some(at) => {
                let mut entry = deaths.entries.remove(at);
                entry.count += 1;
                deaths.entries.insert(0, entry);
            }
            None => deaths.entries.insert(0, death),
        }
        deaths
    }

    /// Whether going to this queue closes a circle in which nobody ever rejected the message: going back over the deaths up to
    /// the latest in that queue, none is a rejection. Such a message is dropped instead.
    pub fn is_cycle(&self, target: Name) -> bool {
        let Some(back) = self.entries.iter().position(|entry| entry.queue == target) else { return false };
        self.entries[..=back].iter().all(|entry| entry.reason != Reason::Rejected)
    }
}
