//! The log cleaner: the last value of every key stays, tombstones for a while.

use super::{Log, Record, Segment};
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the cleaner remembers of a log between its passes.
#[derive(Clone, Debug, Default)]
pub struct Cleaner {
    /// Below it everything has been through a pass; above it the log is dirty.
    cleaned_to: u64,
    /// When the tombstones that a pass has kept may go, by their offsets.
    deadlines: BTreeMap<u64, Time>,
}

impl Cleaner {
    /// The log was cut at an offset.
    pub(super) fn truncated(&mut self, to: u64) {
        self.cleaned_to = self.cleaned_to.min(to);
        self.deadlines.split_off(&to);
    }
}

impl<R: Record> Log<R> {
    /// One pass of the cleaner, if the log is dirty enough for one; says whether it was. Only segments below the active one
    /// and below `stable` (the last stable offset) and older than `min.compaction.lag.ms` take part; offsets and order stay,
    /// small segments become one. `bytes` says what each record takes, `aborted` which offsets are of aborted transactions: these go,
    /// and replace nothing.
    pub fn clean(&mut self, now: Time, stable: u64, bytes: impl Fn(&R) -> u64, aborted: impl Fn(u64) -> bool) -> bool {
        if !self.config.compact {
            return false;
        }
        let lag = self.config.min_compaction_lag_ms;
        let ends = self.sealed.iter().skip(1).map(|segment| segment.base).chain([self.active.base]);
        let ready = |(segment, end): &(&Arc<Segment<R>>, u64)| *end <= stable && now.since(segment.largest) >= lag;
        let cleanable = self.sealed.iter().zip(ends).take_while(ready).count();
        let clean = self.sealed.range(..cleanable).take_while(|segment| segment.base < self.cleaner.cleaned_to).count();
        let weight = |segments: std::ops::Range<usize>| self.sealed.range(segments).map(|segment| segment.bytes).sum::<u64>();
        let dirty = weight(clean..cleanable);
        let share = dirty as f64 / (weight(0..clean) + dirty).max(1) as f64;
        if dirty == 0 || share <= self.config.min_cleanable_dirty_ratio {
            return false;
        }
        let latest = self.latest(clean..cleanable, &aborted);
        self.rewrite(cleanable, now, &latest, bytes, &aborted);
        true
    }

    /// The last offset of every key in some segments.
    fn latest(&self, segments: std::ops::Range<usize>, aborted: &impl Fn(u64) -> bool) -> BTreeMap<R::Key, u64> {
        let records = self.sealed.range(segments).flat_map(|segment| segment.iter()).filter(|(offset, _)| !aborted(*offset));
        records.filter_map(|(offset, record)| record.key().map(|key| (key, offset))).collect()
    }

    /// Copies what stays of the first `cleanable` segments into as few as `segment.bytes` allows.
    fn rewrite(
        &mut self,
        cleanable: usize,
        now: Time,
        latest: &BTreeMap<R::Key, u64>,
        bytes: impl Fn(&R) -> u64,
        aborted: &impl Fn(u64) -> bool,
    ) {
        let rest = self.sealed.split_off(cleanable);
        let old = std::mem::replace(&mut self.sealed, rest);
        self.cleaner.cleaned_to = self.sealed.front().map_or(self.active.base, |segment| segment.base);
        let mut cleaned: Vec<Arc<Segment<R>>> = Vec::new();
        let mut into: Option<(Segment<R>, u64)> = None;
        for segment in old {
            let fits = into.as_ref().is_some_and(|(_, before)| before + segment.bytes <= self.config.segment_bytes);
            if !fits {
                cleaned.extend(into.take().map(|(full, _)| Arc::new(full)));
            }
            let (target, before) = into.get_or_insert_with(|| (Segment::new(segment.base), 0));
            *before += segment.bytes;
            for (offset, record) in segment.iter() {
                if !aborted(offset) && self.cleaner.keeps(offset, record, now + self.config.delete_retention_ms, now, latest) {
                    target.push(offset, record.clone(), bytes(record));
                }
            }
        }
        cleaned.extend(into.map(|(full, _)| Arc::new(full)));
        for segment in cleaned.into_iter().rev() {
            self.sealed.push_front(segment);
        }
    }
}

impl Cleaner {
    /// Whether a record survives this pass. The first pass that meets a tombstone only stamps it.
    fn keeps<R: Record>(&mut self, offset: u64, record: &R, deadline: Time, now: Time, latest: &BTreeMap<R::Key, u64>) -> bool {
        let last = record.key().is_some_and(|key| latest.get(&key).is_none_or(|newest| offset >= *newest));
        let expired = record.is_tombstone() && self.deadlines.get(&offset).is_some_and(|deadline| now >= *deadline);
        let keeps = last && !expired;
        if !keeps {
            self.deadlines.remove(&offset);
        } else if record.is_tombstone() {
            self.deadlines.entry(offset).or_insert(deadline);
        }
        keeps
    }
}
