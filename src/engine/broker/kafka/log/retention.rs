//! Deleting old segments, as the broker does every `log.retention.check.interval.ms` (5 minutes).

use super::{Log, Record, Segment};
use crate::time::Time;

impl<R: Record> Log<R> {
    /// Deletes whole segments from the oldest, first by size, then by time, stopping at the first that stays, and gives the new
    /// log start. The active segment may go too once all of it has to; an empty one then starts at the end.
    pub fn apply_retention(&mut self, now: Time) -> u64 {
        if !self.config.delete {
            return self.start;
        }
        if let Some(limit) = self.config.retention_bytes {
            let mut excess = self.bytes().saturating_sub(limit);
            self.delete_while(|segment| {
                let goes = excess >= segment.bytes && excess > 0;
                excess = excess.saturating_sub(segment.bytes);
                goes
            });
        }
        if let Some(limit) = self.config.retention_ms {
            self.delete_while(|segment| now.since(segment.largest) > limit);
        }
        self.start
    }

    /// Never deletes beyond the high watermark, nor an empty active segment.
    fn delete_while(&mut self, mut goes: impl FnMut(&Segment<R>) -> bool) {
        while let Some(oldest) = self.sealed.front() {
            let end = self.sealed.get(1).map_or(self.active.base, |next| next.base);
            if end > self.high_watermark || !goes(oldest) {
                return;
            }
            self.sealed.pop_front();
            self.start = self.start.max(end);
        }
        if !self.active.is_empty() && self.end <= self.high_watermark && goes(&self.active) {
            self.active = Segment::new(self.end);
            self.start = self.end;
        }
    }
}
