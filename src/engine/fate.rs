//! Why something ended, was refused or came back: a reason for every fate, in words that a person understands.

use std::fmt;

/// Why a copy ended, was refused, or was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A link lost it.
    LinkLoss,
    /// It was sent to somebody who could not be reached: the network was cut in two.
    CutOff,
    /// Its handler failed on the last attempt.
    HandlerFailed,
    /// Handling it took too long.
    TimedOut,
    /// Its handling failed, and there was no token left for another attempt.
    NoToken,
    /// It was acknowledged before the work, and then its instance was gone.
    AckedThenGone,
    /// Its consumer had too much to do and dropped it at once.
    Shed,
    /// It is poison: its handler fails on it whenever it tries.
    Poison,
    /// It waited longer than its time to live.
    TimeToLive,
    /// Its queue was full and the oldest makes room.
    QueueFull,
    /// Its queue was full and refuses what is new.
    QueueRefuses,
    /// It was delivered more often than its queue allows.
    DeliveryLimit,
    /// Its consumer rejected it without requeueing.
    Rejected,
    /// The broker's retries are used up.
    RetriesUsedUp,
    /// It is older than the broker's retries may take.
    RetryAge,
    /// It goes round: a dead letter that came back to where it had been.
    Cycle,
    /// The broker keeps it no longer (retention).
    Retention,
    /// A later event with its key replaced it (compaction).
    Compacted,
    /// Too few replicas are in sync.
    NotEnoughReplicas,
    /// There is no leader to take it.
    NoLeader,
    /// Its leader died before the others had it.
    UnreplicatedLoss,
    /// It was not confirmed within the delivery timeout.
    DeliveryTimeout,
    /// Its publisher sent it as often as it may, and no confirmation came.
    NotConfirmed,
    /// Its publisher crashed before it was confirmed.
    PublisherCrashed,
    /// A store that its handler called failed, or did not answer at all.
    StoreFailed,
    /// A store that its handler called did not answer in time.
    StoreTimeout,
    /// It was stored, and its publisher crashed, or lost the store's answer, before it sent it.
    NeverSent,
    /// It is larger than the broker takes.
    TooLarge,
    /// The broker takes no more per second.
    Throttled,
    /// The service failed on this one of several.
    InternalFailure,
    /// The broker is down.
    BrokerDown,
    /// No dead-letter target is set.
    NoDeadLetter,
    /// It was removed with its queue, or purged.
    Purged,
    /// Its offset was committed before it was handled.
    CommittedBefore,
    /// Its group was told to skip it.
    Skipped,
    /// It was moved to another queue to be handled again.
    Redriven,
    /// It went on to another bus.
    Forwarded,
    /// It may go from bus to bus once only.
    SecondHop,
    /// The transaction that it was published in was aborted.
    TransactionAborted,
    /// Its member did not poll in time, and another one of its group reads it again.
    TakenOver,
    /// Its queue was deleted: it expired, or its last consumer or its connection went.
    QueueDeleted,
    /// Its publisher has been fenced: another one has taken its transactional.id.
    ProducerFenced,
    /// The position of its group was no longer in the log, and the reset led past it.
    OffsetReset,
    /// What its target's input makes of it is not JSON.
    NotJson,
    /// It, or one that was sent in a batch with it, has no key, and its topic is compacted.
    InvalidRecord,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::LinkLoss => "lost on the network",
            Reason::CutOff => "the other side could not be reached",
            Reason::HandlerFailed => "its handler failed",
            Reason::TimedOut => "its handler timed out",
            Reason::NoToken => "its handler failed and the retry budget was spent",
            Reason::AckedThenGone => "it was acknowledged before the work, then its instance crashed",
            Reason::Shed => "its consumer had too much to do",
            Reason::Poison => "it is poison: handling it always fails",
            Reason::TimeToLive => "it waited longer than its time to live",
            Reason::QueueFull => "its queue was full",
            Reason::QueueRefuses => "its queue was full and refuses new events",
            Reason::DeliveryLimit => "it was delivered more often than its queue allows",
            Reason::Rejected => "its consumer rejected it",
            Reason::RetriesUsedUp => "the broker's retries were used up",
            Reason::RetryAge => "it was too old to be retried",
            Reason::Cycle => "it came back as a dead letter to where it had been",
            Reason::Retention => "its retention was over",
            Reason::Compacted => "a later event with its key replaced it",
            Reason::NotEnoughReplicas => "too few replicas were in sync (NOT_ENOUGH_REPLICAS)",
            Reason::NoLeader => "its partition or queue had no leader",
            Reason::UnreplicatedLoss => "its leader died before another replica had it",
            Reason::TakenOver => "its reader did not poll in time, and another one of the group reads it again",
            Reason::TransactionAborted => "its transaction was aborted",
            Reason::DeliveryTimeout => "it was not confirmed within delivery.timeout.ms",
            Reason::NotConfirmed => "its publisher gave it up: no confirmation came after the last retry",
            Reason::PublisherCrashed => "its publisher crashed before it was confirmed",
            Reason::StoreFailed => "a store that its handler called failed",
            Reason::StoreTimeout => "a store that its handler called did not answer in time",
            Reason::NeverSent => "it was stored and never sent: its publisher crashed or lost the store's answer in between",
            Reason::TooLarge => "it is larger than the broker takes",
            Reason::Throttled => "the broker took no more per second",
            Reason::InternalFailure => "the service failed on this entry of a call",
            Reason::BrokerDown => "its broker was down",
            Reason::NoDeadLetter => "there is no dead-letter target",
            Reason::Purged => "its queue was emptied",
            Reason::CommittedBefore => "it was committed before it was handled",
            Reason::Skipped => "its group was told to skip it",
            Reason::Redriven => "it was moved to another queue to be handled again",
            Reason::Forwarded => "it went on to another bus",
            Reason::QueueDeleted => "its queue was deleted",
            Reason::ProducerFenced => "its publisher was fenced by another one with its transactional.id (ProducerFencedException)",
            Reason::OffsetReset => "its group's position was no longer in the log, and auto.offset.reset skipped it",
            Reason::NotJson => "what its target's input makes of it is not JSON",
            Reason::InvalidRecord => "a compacted topic takes no batch with records without a key (INVALID_RECORD)",
            Reason::SecondHop => "it had come from a bus and may go to a bus once only",
        })
    }
}
