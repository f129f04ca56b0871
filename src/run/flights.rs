//! Which events set out on which links since the last frame: what the window draws as particles.

use super::frame::{Flight, Frame, Manner};
use crate::engine::event::{Event, Flags};
use crate::engine::{Observation, Observer};
use crate::ids::LinkId;
use crate::time::Time;

/// Collects flights, thinned evenly where there are more than a frame takes.
#[derive(Debug, Default)]
pub struct Flights {
    kept: Vec<Flight>,
    seen: u64,
    /// Every how many-th is kept; doubles whenever the list is full.
    stride: u64,
    /// While the run is on its way to this time: only what is still on its way then counts.
    pub until: Option<Time>,
}

impl Flights {
    /// What was collected, and how many set out in all; starts anew.
    pub fn take(&mut self) -> (Vec<Flight>, u64) {
        let seen = std::mem::take(&mut self.seen);
        self.stride = 1;
        (std::mem::take(&mut self.kept), seen)
    }

    #[inline(always)]
    fn add(&mut self, link: LinkId, event: &Event, sent: Time, arrives: Time, lost: bool) {
        if self.until.is_some_and(|until| arrives <= until) {
            return;
        }
        self.seen += 1;
        if self.stride > 1 && !self.seen.is_multiple_of(self.stride) {
            return;
        }
        self.keep(link, event, sent, arrives, lost);
    }

    fn keep(&mut self, link: LinkId, event: &Event, sent: Time, arrives: Time, lost: bool) {
        if self.kept.len() >= Frame::FLIGHTS {
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride = self.stride.max(1) * 2;
        }
        let manner = match event.flags {
            _ if lost => Manner::Lost,
            flags if flags.has(Flags::DEAD_LETTER) => Manner::DeadLetter,
            flags if flags.has(Flags::DUPLICATE) => Manner::Duplicate,
            flags if flags.has(Flags::REPLAYED) => Manner::Replay,
            flags if flags.has(Flags::REDELIVERED) => Manner::Redelivery,
            _ => Manner::Plain,
        };
        self.kept.push(Flight { link, event: event.id, kind: event.kind.into(), sent, arrives, manner });
    }
}

impl Observer for Flights {
    #[inline(always)]
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        match what {
            Observation::Sent { link, event, arrives } => self.add(*link, event, now, *arrives, false),
            Observation::LostOnLink { link, event, .. } => self.add(*link, event, now, now, true),
            _ => {}
        }
    }
}
