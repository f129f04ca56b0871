//! What a broker or client of Kafka answers when it does not do what was asked.

/// An error by Kafka's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer replicas in sync than `min.insync.replicas`; nothing was appended.
    NotEnoughReplicas,
    /// The same while the answer was awaited; the batch is in the log.
    NotEnoughReplicasAfterAppend,
    /// `acks=all` was not met within `request.timeout.ms`; the batch is in the log.
    RequestTimedOut,
    /// The partition has no leader.
    LeaderNotAvailable,
    /// The batch does not follow the last one of its producer.
    OutOfOrderSequenceNumber,
    /// A newer instance of the producer has been here.
    InvalidProducerEpoch,
    /// A record without a key for a compacted topic.
    InvalidRecord,
    /// The position is outside the log and `auto.offset.reset` is `none`.
    OffsetOutOfRange,
    /// There is no committed offset and `auto.offset.reset` is `none`.
    NoOffsetForPartition,
    /// The log was cut below the position and `auto.offset.reset` is `none` (KIP-320).
    LogTruncation,
    /// Another producer has taken the `transactional.id`.
    ProducerFenced,
}

impl Error {
    /// As it stands in Kafka's protocol (the last ones: the exceptions of the Java client).
    pub fn name(self) -> &'static str {
        match self {
            Error::NotEnoughReplicas => "NOT_ENOUGH_REPLICAS",
            Error::NotEnoughReplicasAfterAppend => "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
            Error::RequestTimedOut => "REQUEST_TIMED_OUT",
            Error::LeaderNotAvailable => "LEADER_NOT_AVAILABLE",
            Error::OutOfOrderSequenceNumber => "OUT_OF_ORDER_SEQUENCE_NUMBER",
            Error::InvalidProducerEpoch => "INVALID_PRODUCER_EPOCH",
            Error::InvalidRecord => "INVALID_RECORD",
            Error::OffsetOutOfRange => "OffsetOutOfRangeException",
            Error::NoOffsetForPartition => "NoOffsetForPartitionException",
            Error::LogTruncation => "LogTruncationException",
            Error::ProducerFenced => "ProducerFencedException",
        }
    }
}
