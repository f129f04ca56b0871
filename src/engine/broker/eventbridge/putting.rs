//! Clients that gather events and put them in calls of several entries.

use crate::engine::event::{Event, odds};
use crate::engine::slab::Slab;
use crate::ids::{ChannelId, LinkId};
use crate::scenario::broker::eventbridge::PutEvents;

/// A call of PutEvents.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub entries: Vec<(ChannelId, Event)>,
    /// What counts against the size of a call.
    pub bytes: u64,
}

/// All clients of a broker.
#[derive(Clone, Debug)]
pub(super) struct Puts {
    most: usize,
    /// Odds that an entry fails alone.
    pub fails: u64,
    /// By link: what is being gathered, and how many calls there were before.
    open: Vec<(Call, u32)>,
    under_way: Slab<Call>,
}

/// What became of an event that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It is the first of a call, which is the one of this number.
    Opened(u32),
    /// It waits with others.
    Waits,
    /// The call is full with it.
    Full,
}

impl Puts {
    pub fn new(settings: &PutEvents, links: usize) -> Puts {
        let (most, fails) = (settings.entries.max(1) as usize, odds(settings.fails));
        let open = if most > 1 { vec![(Call::default(), 0); links] } else { Vec::new() };
        Puts { most, fails, open, under_way: Slab::default() }
    }

    /// Whether clients gather events at all.
    pub fn batches(&self) -> bool {
        self.most > 1
    }

    pub fn add(&mut self, link: LinkId, channel: ChannelId, event: &Event, bytes: u64) -> Added {
        let (call, round) = &mut self.open[link.index()];
        call.entries.push((channel, *event));
        call.bytes += bytes;
        match call.entries.len() {
            all if all >= self.most => Added::Full,
            1 => Added::Opened(*round & 0x0fff_ffff),
            _ => Added::Waits,
        }
    }

    /// Whether the call of that number is still being gathered.
    pub fn waits(&self, link: LinkId, round: u32) -> bool {
        self.open.get(link.index()).is_some_and(|(call, now)| *now & 0x0fff_ffff == round && !call.entries.is_empty())
    }

    /// What was gathered sets out.
    pub fn send(&mut self, link: LinkId) -> Option<(u32, &Call)> {
        let (call, round) = self.open.get_mut(link.index())?;
        *round = round.wrapping_add(1);
        let number = self.under_way.put(std::mem::take(call));
        self.under_way.get(number).map(|call| (number, call))
    }

    /// A call has arrived, or is lost.
    pub fn take(&mut self, number: u32) -> Option<Call> {
        self.under_way.take(number)
    }

    /// Every event that has not reached the broker.
    pub fn held(&self, visit: &mut dyn FnMut(&Event)) {
        let open = self.open.iter().map(|(call, _)| call);
        open.chain(self.under_way.iter()).flat_map(|call| &call.entries).for_each(|(_, event)| visit(event));
    }
}
