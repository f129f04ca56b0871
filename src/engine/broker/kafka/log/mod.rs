//! The log of one partition: offsets, segments, what is kept and what is read.
//!
//! Appended once, read by any number of groups by offset. Sealed segments are shared between clones, so a checkpoint of a
//! long log costs a counter per block.

mod compaction;
mod config;
mod retention;
mod segment;
mod shared;

pub use compaction::Cleaner;
pub use config::LogConfig;
pub use segment::Segment;

use super::Error;
use crate::time::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a log has to know of a record.
pub trait Record: Clone {
    /// What compaction tells records apart by.
    type Key: Ord + Clone;

    /// Its key, if it has one (an empty key is a key).
    fn key(&self) -> Option<Self::Key>;

    /// Its timestamp (`CreateTime`): the producer's, so that old and future ones occur.
    fn timestamp(&self) -> Time;

    /// Whether its value is null: in a compacted log the end of its key.
    fn is_tombstone(&self) -> bool;
}

/// The log of one replica of one partition.
#[derive(Clone, Debug)]
pub struct Log<R: Record> {
    config: Arc<LogConfig>,
    sealed: VecDeque<Arc<Segment<R>>>,
    active: Segment<R>,
    start: u64,
    end: u64,
    high_watermark: u64,
    cleaner: Cleaner,
}

impl<R: Record> Log<R> {
    /// Calls `each` with the identity and the bytes of every block that copies share, sealed segments among them, and gives the bytes that a
    /// copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        for segment in &self.sealed {
            let own = segment.weigh(each);
            each(Arc::as_ptr(segment) as usize, size_of::<Segment<R>>() + own);
        }
        self.sealed.len() * size_of::<usize>() + self.active.weigh(each)
    }

    /// An empty log.
    pub fn new(config: Arc<LogConfig>) -> Log<R> {
        let (start, end, high_watermark) = (0, 0, 0);
        Log { config, sealed: VecDeque::new(), active: Segment::new(0), start, end, high_watermark, cleaner: Cleaner::default() }
    }

    /// The settings it was made with.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// The first offset that can still be read (`logStartOffset`).
    #[inline(always)]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The offset that the next record gets (`LEO`).
    #[inline(always)]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The offset up to which consumers may read.
    #[inline(always)]
    pub fn high_watermark(&self) -> u64 {
        self.high_watermark
    }

    /// Replication has come this far. Never moves back, never beyond the end.
    #[inline]
    pub fn advance_high_watermark(&mut self, to: u64) {
        self.high_watermark = self.high_watermark.max(to.min(self.end));
    }

    /// Bytes of all records in it.
    pub fn bytes(&self) -> u64 {
        self.segments().map(|segment| segment.bytes).sum()
    }

    /// Segments from the oldest; the last is the active one.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment<R>> {
        self.sealed.iter().map(Arc::as_ref).chain([&self.active])
    }

    /// Whether a record may be appended: a compacted topic takes none without a key.
    pub fn accepts(&self, record: &R) -> Result<(), Error> {
        if self.config.compact && record.key().is_none() { Err(Error::InvalidRecord) } else { Ok(()) }
    }

    /// Appends a record of so many bytes and gives its offset. The active segment is rolled first if the record does not fit
    /// or comes too late for it; too late by its own timestamp, so that no traffic means no roll.
    #[inline]
    pub fn append(&mut self, record: R, bytes: u64) -> u64 {
        let late = record.timestamp().since(self.active.first) > self.config.segment_ms;
        if !self.active.is_empty() && (self.active.bytes + bytes > self.config.segment_bytes || late) {
            self.roll();
        }
        let offset = self.end;
        self.active.push(offset, record, bytes);
        self.end += 1;
        offset
    }

    /// Takes an offset without a record: a transaction's marker.
    pub fn append_marker(&mut self) -> u64 {
        self.end += 1;
        self.end - 1
    }

    /// Seals the active segment and starts an empty one at the end.
    pub fn roll(&mut self) {
        let sealed = std::mem::replace(&mut self.active, Segment::new(self.end));
        self.sealed.push_back(Arc::new(sealed));
    }

    /// Follower and returning leader: drops what is at and above an offset.
    pub fn truncate(&mut self, to: u64, bytes: impl Fn(&R) -> u64) {
        if to >= self.end {
            return;
        }
        while self.active.base > to {
            let Some(last) = self.sealed.pop_back() else { break };
            self.active = Arc::unwrap_or_clone(last);
        }
        self.active.truncate(to, bytes);
        self.end = to;
        self.start = self.start.min(to);
        self.high_watermark = self.high_watermark.min(to);
        self.cleaner.truncated(to);
    }

    /// The first record at or above an offset, with its offset.
    #[inline]
    pub fn read(&self, offset: u64) -> Option<(u64, &R)> {
        if offset >= self.active.base {
            let at = self.active.position(offset);
            return self.active.record(at).map(|record| (self.active.offset(at), record));
        }
        let first = self.sealed.partition_point(|segment| segment.base <= offset).saturating_sub(1);
        self.sealed.range(first..).map(Arc::as_ref).chain([&self.active]).find_map(|segment| {
            let at = segment.position(offset);
            segment.record(at).map(|record| (segment.offset(at), record))
        })
    }

    /// The same if it lies before another offset. (Mostly nothing does, once a reader has what there is: then nothing is looked for.)
    #[inline]
    pub fn read_before(&self, offset: u64, end: u64) -> Option<(u64, &R)> {
        if offset < end { self.read(offset).filter(|(at, _)| *at < end) } else { None }
    }

    /// Records from an offset up to (and without) another.
    pub fn range(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &R)> {
        let first = if from >= self.active.base {
            self.sealed.len()
        } else {
            self.sealed.partition_point(|segment| segment.base <= from).saturating_sub(1)
        };
        let segments = self.sealed.range(first..).map(Arc::as_ref).chain([&self.active]);
        segments
            .take_while(move |segment| segment.base < to)
            .flat_map(move |segment| segment.from(from))
            .take_while(move |(at, _)| *at < to)
    }

    /// All records that are still there, from the oldest.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &R)> {
        self.segments().flat_map(Segment::iter).filter(|(offset, _)| *offset >= self.start)
    }

    /// The earliest offset whose record is at least as young as `time`, even if later ones are older; none if there is none.
    pub fn offset_for(&self, time: Time) -> Option<u64> {
        let young = self.segments().filter(|segment| segment.largest >= time);
        young.flat_map(Segment::iter).find(|(offset, record)| *offset >= self.start && record.timestamp() >= time).map(|(offset, _)| offset)
    }
}
