//! Idempotent producers: what one partition remembers of each, to append every batch once and in order.

use super::Error;

/// How many batches of a producer a partition remembers, which is why a producer may have five requests in flight.
pub const REMEMBERED: usize = 5;

/// Sequence numbers run from 0 to 2^31 - 1 and start again.
const SEQUENCES: u32 = 1 << 31;

/// A batch that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Batch {
    first: u32,
    last: u32,
    offset: u64,
}

/// What a partition knows of one producer.
#[derive(Clone, Debug)]
pub struct ProducerState {
    epoch: u16,
    /// The oldest first.
    batches: [Batch; REMEMBERED],
    len: u8,
}

/// What becomes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is to be appended.
    New,
    /// It is in the log already, from this offset on; the producer is told so.
    Duplicate(u64),
}

impl ProducerState {
    /// A producer that the partition has not heard of; its first batch may have any sequence number.
    pub fn new(epoch: u16) -> ProducerState {
        ProducerState { epoch, batches: [Batch { first: 0, last: 0, offset: 0 }; REMEMBERED], len: 0 }
    }

    /// Judges a batch of `records` (at least one) with its first sequence number.
    pub fn admit(&self, epoch: u16, first: u32, records: u32) -> Result<Admission, Error> {
        if epoch < self.epoch {
            return Err(Error::InvalidProducerEpoch);
        }
        let known = &self.batches[..usize::from(self.len)];
        let follows = match known.last() {
            // A new epoch starts over.
            _ if epoch > self.epoch => first == 0,
            None => true,
            Some(batch) => first == after(batch.last, 1),
        };
        let last = after(first, records.saturating_sub(1));
        let same = known.iter().find(|batch| epoch == self.epoch && (batch.first, batch.last) == (first, last));
        match same {
            Some(batch) => Ok(Admission::Duplicate(batch.offset)),
            None if follows => Ok(Admission::New),
            None => Err(Error::OutOfOrderSequenceNumber),
        }
    }

    /// An admitted batch was appended at `offset`.
    pub fn appended(&mut self, epoch: u16, first: u32, records: u32, offset: u64) {
        if epoch > self.epoch {
            *self = ProducerState::new(epoch);
        }
        let full = usize::from(self.len) == REMEMBERED;
        if full {
            self.batches.rotate_left(1);
        } else {
            self.len += 1;
        }
        self.batches[usize::from(self.len) - 1] = Batch { first, last: after(first, records.saturating_sub(1)), offset };
    }
}

impl ProducerState {
    /// The log was cut at an offset: later batches never were. False if nothing is left to know.
    pub fn truncate(&mut self, offset: u64) -> bool {
        while self.len > 0 && self.batches[usize::from(self.len) - 1].offset >= offset {
            self.len -= 1;
        }
        self.len > 0
    }
}

/// The sequence number so many after another.
pub fn after(sequence: u32, by: u32) -> u32 {
    ((u64::from(sequence) + u64::from(by)) % u64::from(SEQUENCES)) as u32
}
