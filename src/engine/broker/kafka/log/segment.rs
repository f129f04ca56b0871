//! A segment of a log: what is deleted and cleaned as one.

use super::Record;
use super::shared::Shared;
use crate::time::Time;

/// Records from a base offset on. Dense until compaction or a transaction's marker leaves a gap, then with explicit offsets.
#[derive(Clone, Debug)]
pub struct Segment<R> {
    /// The first offset that may be in it; the next segment's base bounds it above.
    pub base: u64,
    /// The bytes of its records.
    pub bytes: u64,
    /// The timestamp of its first record, which `segment.ms` counts from.
    pub first: Time,
    /// The largest timestamp in it, which retention by time looks at.
    pub largest: Time,
    records: Shared<R>,
    /// The records' offsets, empty while they are `base`, `base + 1`, and so on.
    offsets: Shared<u64>,
}

impl<R: Record> Segment<R> {
    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        self.records.weigh(each) + self.offsets.weigh(each)
    }

    /// An empty segment.
    pub fn new(base: u64) -> Segment<R> {
        Segment { base, bytes: 0, first: Time::ZERO, largest: Time::ZERO, records: Shared::default(), offsets: Shared::default() }
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Appends a record at an offset above all others.
    #[inline]
    pub fn push(&mut self, offset: u64, record: R, bytes: u64) {
        let timestamp = record.timestamp();
        if self.records.is_empty() {
            self.first = timestamp;
        }
        self.largest = self.largest.max(timestamp);
        self.bytes += bytes;
        let dense = self.base + self.records.len() as u64;
        if self.offsets.is_empty() && offset != dense {
            (self.base..dense).for_each(|offset| self.offsets.push(offset));
        }
        if offset != dense || !self.offsets.is_empty() {
            self.offsets.push(offset);
        }
        self.records.push(record);
    }

    /// The offset of the record at a position.
    #[inline]
    pub fn offset(&self, at: usize) -> u64 {
        if self.offsets.is_empty() { self.base + at as u64 } else { self.offsets.get(at).copied().unwrap_or(u64::MAX) }
    }

    /// The position of the first record at or above an offset.
    #[inline]
    pub fn position(&self, offset: u64) -> usize {
        if self.offsets.is_empty() {
            return (offset.saturating_sub(self.base) as usize).min(self.records.len());
        }
        let (mut low, mut high) = (0, self.records.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.offset(middle) < offset { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The record at a position.
    #[inline]
    pub fn record(&self, at: usize) -> Option<&R> {
        self.records.get(at)
    }

    /// Offsets and records at and above an offset.
    pub fn from(&self, offset: u64) -> impl Iterator<Item = (u64, &R)> {
        (self.position(offset)..self.len()).filter_map(|at| self.records.get(at).map(|record| (self.offset(at), record)))
    }

    /// Offsets and records in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &R)> {
        self.records.iter().enumerate().map(|(at, record)| (self.offset(at), record))
    }

    /// Drops the records at and above an offset; `bytes` says what each was.
    pub fn truncate(&mut self, offset: u64, bytes: impl Fn(&R) -> u64) {
        let keep = self.position(offset);
        self.bytes -= self.records.iter().skip(keep).map(bytes).sum::<u64>().min(self.bytes);
        self.records.truncate(keep);
        self.offsets.truncate(keep);
        self.largest = self.records.iter().map(Record::timestamp).max().unwrap_or(Time::ZERO);
    }
}
