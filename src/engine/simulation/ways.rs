//! Doors and short ways: what has to be known of a channel when something comes to it, in one place.
//!
//! Where all events of a channel go straight on to the same seats, the rules are not asked every time. (An event of M/M/1 takes 5 % less
//! time, a copy among a thousand fan-outs 8 %.)

use super::Simulation;
use crate::engine::broker::{Broker, Rules};
use crate::engine::event::{Event, Flags};
use crate::engine::observe::Observer;
use crate::engine::seats::{Seat, Seats};
use crate::ids::{BrokerId, ChannelId};
use crate::scenario::Plan;
use std::sync::Arc;

/// A channel as seen from outside: one look where there were several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    pub(super) broker: BrokerId,
    /// Whether publishers go through a client of the broker's kind.
    pub(super) kept: bool,
    /// Whether the broker is down.
    pub(super) shut: bool,
    /// Whether its events take the short ways now, see [`Rules::goes_straight`].
    straight: bool,
    /// Its ways among those of all channels.
    first: u32,
    count: u32,
}

/// The first seats of the outlets of each channel, one channel's after the other's. (Copies, because they are looked at side by side.)
#[derive(Clone, Debug)]
pub(super) struct Ways(Arc<[Seat]>);

/// Doors and ways of all channels.
pub(super) fn of(plan: &Plan, brokers: &[Broker], seats: &Seats) -> (Box<[Door]>, Ways) {
    let mut ways = Vec::new();
    let mut door = |number: usize| {
        let channel = &plan.channels[number];
        let (broker, first) = (&brokers[channel.broker.index()], ways.len());
        let straight = broker.goes_straight(ChannelId::at(number));
        if straight {
            let seat = |outlet| seats.at(plan, outlet).first().map(|seat| *seats.get(*seat));
            ways.extend(channel.outlets.iter().filter_map(|outlet| seat(*outlet)));
        }
        let (first, count) = (first as u32, (ways.len() - first) as u32);
        Door { broker: channel.broker, kept: broker.keeps_publishers(), shut: false, straight: straight && count > 0, first, count }
    };
    let doors = (0..plan.channels.len()).map(&mut door).collect();
    (doors, Ways(ways.into()))
}

impl Ways {
    /// Those of one door.
    #[inline(always)]
    pub(super) fn of(&self, door: Door) -> &[Seat] {
        &self.0[door.first as usize..(door.first + door.count) as usize]
    }
}

impl Simulation {
    /// Somebody has joined a broker or left it: its channels go straight on, or no longer. Nothing that did not at the start ever does.
    pub(super) fn look_at_ways(&mut self, broker: BrokerId) {
        let rules = &self.brokers[broker.index()];
        let own = |(_, door): &(usize, &mut Door)| door.broker == broker && door.count > 0;
        for (number, door) in self.doors.iter_mut().enumerate().filter(own) {
            door.straight = rules.goes_straight(ChannelId::at(number));
        }
    }

    /// An event that has arrived takes the short ways, if it can; whether it did. (Of one that is tracked or awaited the rules may have
    /// something to tell.)
    #[inline(always)]
    pub(super) fn takes_short_ways<O: Observer>(&mut self, door: Door, event: &Event, observer: &mut O) -> bool {
        if !door.straight || event.flags.has(Flags::TRACKED) {
            return false;
        }
        let (mut way, end) = (door.first as usize, (door.first + door.count) as usize);
        while way < end {
            let seat = self.ways.0[way];
            way += 1;
            self.pass_on(seat, event, observer);
        }
        true
    }
}
