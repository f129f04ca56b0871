//! Positions of a group in a partition: where it starts, what a seek does, and its lag.

use super::Error;
use crate::time::Span;

/// `auto.offset.reset`: where to go without a valid position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoOffsetReset {
    /// To the oldest record.
    Earliest,
    /// To the end (Kafka's default): what was written before is skipped.
    #[default]
    Latest,
    /// Nowhere: an error.
    None,
    /// To the first record that is not older than this (`by_duration:PT1H`, KIP-1106); where all are, to the end.
    ByDuration(Span),
}

/// Where a consumer is told to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The oldest record.
    Beginning,
    /// The end.
    End,
    /// This offset, if it is in the log.
    Offset(u64),
}

/// The readable part of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The log start.
    pub start: u64,
    /// The end that consumers see: the high watermark, or the last stable offset for read-committed ones.
    pub end: u64,
}

impl Range {
    /// The position for a wanted one: itself between log start and end (the end itself is valid), else where the reset leads.
    /// `since` gives the first offset whose record is not older than a span.
    pub fn position(self, wanted: Option<u64>, reset: AutoOffsetReset, since: impl FnOnce(Span) -> Option<u64>) -> Result<u64, Error> {
        match (wanted, reset) {
            (Some(offset), _) if (self.start..=self.end).contains(&offset) => Ok(offset),
            (_, AutoOffsetReset::Earliest) => Ok(self.start),
            (_, AutoOffsetReset::Latest) => Ok(self.end),
            (_, AutoOffsetReset::ByDuration(span)) => Ok(since(span).map_or(self.end, |offset| offset.clamp(self.start, self.end))),
            (Some(_), AutoOffsetReset::None) => Err(Error::OffsetOutOfRange),
            (None, AutoOffsetReset::None) => Err(Error::NoOffsetForPartition),
        }
    }

    /// The position after a seek, whatever was committed.
    pub fn seek(self, to: Seek, reset: AutoOffsetReset) -> Result<u64, Error> {
        match to {
            Seek::Beginning => Ok(self.start),
            Seek::End => Ok(self.end),
            Seek::Offset(offset) => self.position(Some(offset), reset, |_| None),
        }
    }

    /// End minus committed offset, counting offsets and not records: gaps of compaction, markers and what was deleted are in
    /// it. Without a commit there is no lag; where the log was cut off before what is committed, it is negative.
    pub fn lag(self, committed: Option<u64>) -> Option<i64> {
        committed.map(|committed| self.end as i64 - committed as i64)
    }
}
