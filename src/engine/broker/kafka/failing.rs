//! What a publisher has to know while batches of its fail: which ones of a partition failed, which wait for them, which are before them.

use super::batch::{Batch, Stage};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The unfinished batches of a publisher, as long as one of them has failed and is not sent again yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Failing {
    /// By partition, those that have unfinished batches.
    lanes: BTreeMap<u32, Lane>,
    /// Batches that failed, or wait for one that did.
    failed: usize,
}

/// The unfinished batches of a partition, by their serial numbers.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Those that failed, and those that wait for them.
    failed: BTreeSet<u64>,
    /// Of these, those that wait; with their places among all batches.
    held: BTreeMap<u64, u32>,
    /// The others.
    going: BTreeSet<u64>,
}

impl Failing {
    /// Whether none has failed any more.
    pub fn is_over(&self) -> bool {
        self.failed == 0
    }

    /// A batch is new, or has come to another stage.
    pub fn put(&mut self, place: u32, batch: &Batch) {
        let lane = self.lanes.entry(batch.partition).or_default();
        let serial = batch.serial;
        let before = lane.failed.len();
        let (into, out_of) = match batch.stage.has_failed() {
            true => (&mut lane.failed, &mut lane.going),
            false => (&mut lane.going, &mut lane.failed),
        };
        out_of.remove(&serial);
        into.insert(serial);
        if batch.stage == Stage::Held {
            lane.held.insert(serial, place);
        } else {
            lane.held.remove(&serial);
        }
        self.failed = self.failed + lane.failed.len() - before;
    }

    /// A batch that has not failed is out of its publisher's hands.
    pub fn remove(&mut self, batch: &Batch) {
        if let Some(lane) = self.lanes.get_mut(&batch.partition) {
            lane.going.remove(&batch.serial);
            if lane.going.is_empty() && lane.failed.is_empty() {
                self.lanes.remove(&batch.partition);
            }
        }
    }

    /// Whether an earlier batch of its partition has failed; `or_goes`: or is not delivered yet.
    pub fn is_before(&self, batch: &Batch, or_goes: bool) -> bool {
        let earlier = |serials: &BTreeSet<u64>| serials.first().is_some_and(|first| *first < batch.serial);
        self.lanes.get(&batch.partition).is_some_and(|lane| earlier(&lane.failed) || or_goes && earlier(&lane.going))
    }

    /// The place of the first batch of a partition that waits.
    pub fn first_held(&self, partition: u32) -> Option<u32> {
        self.lanes.get(&partition)?.held.first_key_value().map(|(_, place)| *place)
    }

    /// Which of these partitions have batches that failed or wait, and how many.
    pub fn counts(&self, partitions: Range<u32>) -> impl Iterator<Item = (u32, u32)> {
        self.lanes.range(partitions).map(|(partition, lane)| (*partition, lane.failed.len() as u32))
    }

    /// Bytes of a copy.
    pub fn bytes(&self) -> usize {
        let lane = |lane: &Lane| {
            let serials = lane.failed.len() + lane.going.len();
            size_of::<(u32, Lane)>() + serials * size_of::<u64>() + lane.held.len() * size_of::<(u64, u32)>()
        };
        size_of::<Failing>() + self.lanes.values().map(lane).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_batches_of_a_partition_wait_for_those_that_failed() {
        let batch = |partition: u32, serial: u64, stage: Stage| Batch { partition, serial, stage, ..Batch::new() };
        let mut failing = Failing::default();
        for (serial, stage) in [(1, Stage::Sent), (2, Stage::Backoff), (3, Stage::Queued)] {
            failing.put(serial as u32, &batch(7, serial, stage));
        }
        let later = batch(7, 4, Stage::Open);
        assert!(failing.is_before(&later, false) && !failing.is_before(&batch(8, 4, Stage::Open), true));
        let again = batch(7, 2, Stage::Backoff);
        assert!(failing.is_before(&again, true) && !failing.is_before(&again, false), "the first is under way");
        failing.put(4, &Batch { stage: Stage::Held, ..later });
        assert_eq!((failing.first_held(7), failing.counts(0..9).collect::<Vec<_>>()), (Some(4), vec![(7, 2)]));
        failing.remove(&batch(7, 1, Stage::Sent));
        assert!(!failing.is_before(&again, true));
        failing.put(2, &batch(7, 2, Stage::Sent));
        failing.put(4, &batch(7, 4, Stage::Queued));
        assert!(failing.is_over() && failing.first_held(7).is_none());
    }
}
