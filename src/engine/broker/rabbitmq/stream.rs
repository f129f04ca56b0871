//! A stream: an append-only log in segments, read by offset, truncated at its old end in whole segments.
//!
//! As RabbitMQ's documentation of streams has it: retention (`x-max-length-bytes`, `x-max-age`) is looked at when a new segment
//! begins, deletes whole segments from the oldest on, and never the one that is being written. Reading takes nothing away.
//! What is simplified: an entry is a chunk of its own, so that `last` and times mean single messages.

use std::collections::VecDeque;
use std::sync::Arc;

/// Entries of a block; full blocks are shared between copies of a log, so that a checkpoint copies one block at most.
const BLOCK: usize = 256;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// With the oldest entry that is there.
    First,
    /// With the newest entry that is there.
    Last,
    /// With the next one to be written.
    Next,
    /// With this one.
    At(u64),
    /// With the first one written at this time, in nanoseconds, or later.
    Time(u64),
}

/// What a stream keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Bytes of a segment; at least one entry fits in.
    pub segment: u64,
    /// Most bytes, in whole segments.
    pub bytes: Option<u64>,
    /// Longest age of a segment's newest entry, in nanoseconds.
    pub age: Option<u64>,
}

/// A stream's log.
#[derive(Clone, Debug)]
pub struct Stream<M> {
    keeps: Retention,
    /// From the oldest on; all but the last are full. The first may reach back behind `start`.
    blocks: VecDeque<Arc<Vec<Entry<M>>>>,
    /// Offset of the first entry of the first block.
    base: u64,
    /// The oldest entry that is kept.
    start: u64,
    /// The next one to be written.
    end: u64,
    /// Sealed segments, oldest first.
    sealed: VecDeque<Segment>,
    open: Segment,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Entry<M> {
    at: u64,
    message: M,
}

/// A run of entries that goes as a whole.
#[derive(Clone, Copy, Debug, Default)]
struct Segment {
    /// Behind its last entry.
    end: u64,
    bytes: u64,
    /// When its newest entry was written.
    newest: u64,
}

impl<M: Clone> Stream<M> {
    /// An empty one.
    pub fn new(keeps: Retention) -> Stream<M> {
        let (blocks, sealed) = (VecDeque::new(), VecDeque::new());
        Stream { keeps, blocks, base: 0, start: 0, end: 0, sealed, open: Segment::default(), bytes: 0 }
    }

    /// Offset of the oldest entry that is there; the end if there is none.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Offset of the next entry to be written.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Bytes of all entries that are there.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Segments that are there, the open one included.
    pub fn segments(&self) -> usize {
        self.sealed.len() + 1
    }

    /// Writes an entry of so many bytes; gives its offset. What no longer has to be kept goes when this begins a segment: see
    /// whether [`start`](Stream::start) has moved.
    pub fn append(&mut self, message: M, bytes: u64, now: u64) -> u64 {
        if self.open.bytes > 0 && self.open.bytes + bytes > self.keeps.segment {
            self.sealed.push_back(std::mem::take(&mut self.open));
            self.truncate(now);
        }
        let offset = self.end;
        let entry = Entry { at: now, message };
        match self.blocks.back_mut() {
            Some(block) if block.len() < BLOCK => Arc::make_mut(block).push(entry),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(entry);
                self.blocks.push_back(Arc::new(block));
            }
        }
        self.end += 1;
        self.bytes += bytes;
        self.open = Segment { end: self.end, bytes: self.open.bytes + bytes, newest: now };
        offset
    }

    fn truncate(&mut self, now: u64) {
        let Retention { bytes, age, .. } = self.keeps;
        while let Some(oldest) = self.sealed.front().copied() {
            let large = bytes.is_some_and(|most| self.bytes > most);
            let old = age.is_some_and(|age| oldest.newest.saturating_add(age) < now);
            if !(large || old) {
                break;
            }
            self.sealed.pop_front();
            self.bytes -= oldest.bytes;
            self.start = oldest.end;
        }
    }

    /// Frees what lies before the start; until then it can still be read with [`range`](Stream::range).
    pub fn forget(&mut self) {
        while self.blocks.len() > 1 && self.base + BLOCK as u64 <= self.start {
            self.blocks.pop_front();
            self.base += BLOCK as u64;
        }
    }

    /// The entry at an offset.
    pub fn read(&self, offset: u64) -> Option<&M> {
        let index = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        self.blocks.get(index / BLOCK)?.get(index % BLOCK).map(|entry| &entry.message)
    }

    /// Entries from one offset up to another, this one excluded.
    pub fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &M> {
        (from..to.min(self.end)).filter_map(|offset| self.read(offset))
    }

    /// The offset where a reader begins; always between the start and the end.
    pub fn position(&self, offset: Offset) -> u64 {
        match offset {
            Offset::First => self.start,
            Offset::Last => self.end.saturating_sub(1).max(self.start),
            Offset::Next => self.end,
            Offset::At(offset) => offset.clamp(self.start, self.end),
            Offset::Time(time) => self.since(time),
        }
    }

    fn since(&self, time: u64) -> u64 {
        let block = self.blocks.partition_point(|block| block.last().is_some_and(|entry| entry.at < time));
        let within = self.blocks.get(block).map_or(0, |block| block.partition_point(|entry| entry.at < time));
        (self.base + (block * BLOCK + within) as u64).clamp(self.start, self.end)
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        self.blocks.iter().for_each(|block| each(Arc::as_ptr(block) as usize, block.capacity() * size_of::<Entry<M>>()));
        self.blocks.capacity() * size_of::<usize>() + self.sealed.capacity() * size_of::<Segment>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keeps(segment: u64, bytes: Option<u64>, age: Option<u64>) -> Retention {
        Retention { segment, bytes, age }
    }

    #[test]
    fn offsets_say_where_a_reader_begins() {
        let mut log = Stream::new(keeps(1_000_000, None, None));
        assert_eq!([Offset::First, Offset::Last, Offset::Next, Offset::Time(5)].map(|offset| log.position(offset)), [0; 4]);
        (0..1_000u64).for_each(|n| {
            log.append(n, 1, n / 2);
        });
        assert_eq!(log.position(Offset::First), 0);
        assert_eq!(log.position(Offset::Last), 999);
        assert_eq!(log.position(Offset::Next), 1_000);
        assert_eq!(log.position(Offset::At(400)), 400);
        assert_eq!(log.position(Offset::At(4_000)), 1_000);
        assert_eq!(log.position(Offset::Time(300)), 600);
        assert_eq!(log.position(Offset::Time(5_000)), 1_000);
    }

    #[test]
    fn retention_deletes_whole_segments_and_never_the_one_being_written() {
        let mut log = Stream::new(keeps(10, Some(25), None));
        (0..20u64).for_each(|n| {
            log.append(n, 1, n);
        });
        assert_eq!((log.start(), log.segments()), (0, 2), "two segments of ten are below 25 bytes");
        (20..31u64).for_each(|n| {
            log.append(n, 1, n);
        });
        assert_eq!((log.start(), log.bytes()), (10, 21), "at the fourth segment the first goes");
        // A single entry larger than everything stays.
        let mut log = Stream::new(keeps(10, Some(1), Some(1)));
        log.append(0, 100, 0);
        assert_eq!((log.start(), log.end()), (0, 1));
        log.append(1, 100, 1_000_000);
        assert_eq!((log.start(), log.end()), (1, 2));
    }

    #[test]
    fn age_counts_from_the_newest_entry_of_a_segment_and_only_when_another_begins() {
        let mut log = Stream::new(keeps(2, None, Some(100)));
        [0, 10, 20, 30].into_iter().for_each(|at| {
            log.append(at, 1, at);
        });
        assert_eq!(log.start(), 0);
        assert_eq!(log.append(115, 1, 115), 4);
        assert_eq!(log.start(), 2, "the newest of the first segment is 105 old; that of the second is not");
        log.append(900, 1, 900);
        assert_eq!(log.start(), 2, "nothing begins, so nothing goes");
    }

    proptest! {
        /// Whatever is written and kept: offsets count on, what is there is what was written there, and limits hold but for one segment.
        #[test]
        fn what_is_there_is_what_was_written(
            sizes in prop::collection::vec(1u64..40, 1..900), segment in 1u64..300, most in prop::option::of(1u64..2_000),
        ) {
            let mut log = Stream::new(keeps(segment, most, None));
            for (n, size) in sizes.iter().enumerate() {
                prop_assert_eq!(log.append(n as u64, *size, n as u64 * 3), n as u64);
                log.forget();
            }
            let kept: Vec<u64> = log.range(log.start(), log.end()).copied().collect();
            prop_assert_eq!(kept, (log.start()..log.end()).collect::<Vec<_>>());
            let bytes: u64 = sizes[log.start() as usize..].iter().sum();
            prop_assert_eq!(bytes, log.bytes());
            if let Some(most) = most {
                prop_assert!(bytes <= most.max(segment) + segment.max(40), "{bytes} bytes are kept of at most {most}");
            }
            for time in [0, 7, 100, 3_000] {
                let found = log.position(Offset::Time(time));
                prop_assert!((log.start()..found).all(|offset| offset * 3 < time) && (found..log.end()).all(|offset| offset * 3 >= time));
            }
        }
    }
}
