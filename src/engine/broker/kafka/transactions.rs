//! Transactions on one partition: markers, the last stable offset, and what a read-committed consumer skips.

use std::collections::BTreeMap;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its records count.
    Committed,
    /// Its records are skipped by read-committed consumers.
    Aborted,
}

/// The transactions of one partition, by producer id.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    /// First offset of each open transaction.
    open: BTreeMap<u64, u64>,
    /// Aborted ones: producer, first offset, offset of the marker.
    aborted: Vec<(u64, u64, u64)>,
}

impl Transactions {
    /// A transactional record of `producer` was appended at `offset`: its transaction is open from its first one on.
    pub fn appended(&mut self, producer: u64, offset: u64) {
        self.open.entry(producer).or_insert(offset);
    }

    /// The producer's transaction ended with a marker at `marker` (which takes an offset of its own).
    pub fn ended(&mut self, producer: u64, outcome: Outcome, marker: u64) {
        if let Some(first) = self.open.remove(&producer)
            && outcome == Outcome::Aborted
        {
            self.aborted.push((producer, first, marker));
        }
    }

    /// The last stable offset: the first offset of the oldest open transaction, else the high watermark. A read-committed
    /// consumer reads below it, so plain records behind an open transaction wait as well.
    pub fn last_stable_offset(&self, high_watermark: u64) -> u64 {
        self.open.values().copied().min().map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// Whether a record of `producer` at `offset` belongs to an aborted transaction.
    pub fn is_aborted(&self, producer: u64, offset: u64) -> bool {
        self.aborted.iter().any(|(who, first, marker)| *who == producer && (*first..*marker).contains(&offset))
    }
}
