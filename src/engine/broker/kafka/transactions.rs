//! Transactions on one partition: what is open, what was aborted, the last stable offset, and what a read-committed consumer skips.

use std::collections::BTreeMap;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its records count.
    Committed,
    /// Its records are skipped by read-committed consumers.
    Aborted,
}

/// A run of offsets, from the first to behind the last.
pub type Run = (u64, u64);

/// The transactions of one partition.
#[derive(Clone, Debug, Default)]
pub struct Transactions {
    /// By producer: what its open transaction has written, the oldest first.
    open: BTreeMap<u64, Vec<Run>>,
    /// What aborted ones have written: by its first offset, the offset behind.
    aborted: BTreeMap<u64, u64>,
}

impl Transactions {
    /// A producer has appended records in a transaction, from `first` to before `behind`: it is open from its first one on.
    pub fn appended(&mut self, producer: u64, first: u64, behind: u64) {
        let runs = self.open.entry(producer).or_default();
        match runs.last_mut() {
            Some(last) if last.1 == first => last.1 = behind,
            _ => runs.push((first, behind)),
        }
    }

    /// The producer's transaction has ended with a marker (which takes an offset of its own). Gives what it had written.
    pub fn ended(&mut self, producer: u64, outcome: Outcome) -> Vec<Run> {
        let runs = self.open.remove(&producer).unwrap_or_default();
        if outcome == Outcome::Aborted {
            self.aborted.extend(runs.iter().copied());
        }
        runs
    }

    /// The last stable offset: the first offset of the oldest open transaction, else the high watermark. A read-committed
    /// consumer reads below it, so plain records behind an open transaction wait as well.
    #[inline]
    pub fn last_stable_offset(&self, high_watermark: u64) -> u64 {
        let first = |runs: &Vec<Run>| runs.first().map(|(first, _)| *first);
        self.open.values().filter_map(first).min().map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// Whether the record at an offset belongs to an aborted transaction.
    #[inline]
    pub fn is_aborted(&self, offset: u64) -> bool {
        self.aborted.range(..=offset).next_back().is_some_and(|(_, behind)| offset < *behind)
    }

    /// Whether the record at an offset belongs to a transaction that is open or was aborted.
    pub fn is_uncertain(&self, offset: u64) -> bool {
        self.is_aborted(offset) || self.open.values().flatten().any(|(first, behind)| (*first..*behind).contains(&offset))
    }

    /// The log was cut at an offset: what was written from there on never was.
    pub fn truncate(&mut self, to: u64) {
        for runs in self.open.values_mut() {
            runs.retain(|(first, _)| *first < to);
            runs.iter_mut().for_each(|(_, behind)| *behind = (*behind).min(to));
        }
        self.aborted.split_off(&to);
        if let Some(mut last) = self.aborted.last_entry() {
            let behind = (*last.get()).min(to);
            last.insert(behind);
        }
    }

    /// The log starts here now: nobody asks about older offsets any more. What is open stays open from here on.
    pub fn forget_below(&mut self, start: u64) {
        for runs in self.open.values_mut() {
            runs.iter_mut().for_each(|(first, behind)| (*first, *behind) = ((*first).max(start), (*behind).max(start)));
            runs.dedup_by(|later, earlier| {
                *earlier == (start, start) && later.0 == start && {
                    *earlier = *later;
                    true
                }
            });
        }
        while let Some(first) = self.aborted.first_entry().filter(|first| *first.get() <= start) {
            first.remove();
        }
    }
}
