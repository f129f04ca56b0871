//! The proof that the books balance: count every copy where it really is, and compare.

use super::books::Imbalance;
use super::broker::Rules;
use super::calls::Who;
use super::consumer::Hand;
use super::event::{Flags, Message};
use super::link::{To, Travelling};
use super::publisher::Publisher;
use super::simulation::Simulation;
use crate::ids::OutletId;

/// Copies found, by outlet: (waiting, in flight); and those on their way to a broker.
struct Found {
    outlets: Vec<(u64, u64)>,
    inbound: u64,
    /// With their publishers.
    kept: u64,
    /// In outboxes.
    stored: u64,
    /// Arrivals at producers that wait for a store.
    calling: u64,
    tracked: (u64, u64),
}

impl Simulation {
    /// Counts every copy of every event where it really is and compares with the books. Takes time proportional to what
    /// is alive. An error is a bug in the engine.
    pub fn audit(&self) -> Result<(), Imbalance> {
        let found = self.find();
        let fail = |text: String| Err(Imbalance(format!("{text} at {} (seed {})", self.now(), self.seed())));
        for (i, books) in self.books.iter().enumerate() {
            let ended = books.acked + books.failed + books.dead_lettered + books.expired + books.dropped;
            let (waiting, in_flight) = found.outlets[i];
            if books.routed != ended + waiting + in_flight || books.waiting != waiting {
                let name = &self.plan.outlets[i].name;
                return fail(format!("{name} has {books:?}, but {waiting} are waiting and {in_flight} in flight"));
            }
        }
        if self.inbound.accepted < self.inbound.unroutable + self.inbound.refused {
            return fail(format!("{:?}: more were turned away than came", self.inbound));
        }
        if self.inbound.sent != self.inbound.lost + self.inbound.accepted + found.inbound {
            return fail(format!("{:?}, but {} are on their way to brokers", self.inbound, found.inbound));
        }
        if self.inbound.kept != found.kept || self.inbound.stored != found.stored {
            let (kept, stored) = (found.kept, found.stored);
            return fail(format!("{:?}, but publishers keep {kept} and outboxes {stored}", self.inbound));
        }
        let owed: u64 = self.books.iter().map(|books| books.owed()).sum();
        let live = owed + found.inbound + found.kept + found.stored + found.calling;
        if self.live != live {
            return fail(format!("{} copies are said to be alive, {live} are", self.live));
        }
        if self.ledger.alive() != found.tracked {
            return fail(format!("the ledger follows {:?} copies, there are {:?}", self.ledger.alive(), found.tracked));
        }
        Ok(())
    }

    fn find(&self) -> Found {
        let mut found = Found { outlets: vec![(0, 0); self.books.len()], inbound: 0, kept: 0, stored: 0, calling: 0, tracked: (0, 0) };
        for Travelling { message, to } in self.convoys.iter().chain(self.transits.iter()) {
            match to {
                To::Channel(_) => {
                    found.inbound += 1;
                    found.tracked.0 += u64::from(message.event.flags.has(Flags::TRACKED));
                }
                To::Reader => {}
            }
        }
        self.copies(&mut |outlet, message, waits| found.add(outlet, message, waits));
        for event in self.publishers.iter().flatten().flat_map(Publisher::kept) {
            found.kept += 1;
            found.tracked.0 += u64::from(event.flags.has(Flags::TRACKED));
        }
        for call in self.calls.iter().filter(|call| matches!(call.who, Who::Workload { .. })) {
            found.kept += u64::from(call.event.is_some());
            found.calling += u64::from(call.event.is_none());
            found.tracked.0 += u64::from(call.event.is_some_and(|event| event.flags.has(Flags::TRACKED)));
        }
        for row in self.relays.iter().flat_map(|relay| &relay.rows) {
            found.stored += 1;
            found.tracked.0 += u64::from(row.event.flags.has(Flags::TRACKED));
        }
        for broker in &self.brokers {
            broker.held(&mut |event| {
                found.inbound += 1;
                found.tracked.0 += u64::from(event.flags.has(Flags::TRACKED));
            });
        }
        found
    }

    /// Calls `visit` with every copy that an outlet is owed and that has no fate yet, and whether it waits; else it travels, or somebody
    /// has it in hand. Takes time proportional to what is alive.
    pub fn copies(&self, visit: &mut dyn FnMut(OutletId, &Message, bool)) {
        for Travelling { message, to } in self.convoys.iter().chain(self.transits.iter()) {
            if matches!(to, To::Reader) && !message.event.flags.has(Flags::STALE) {
                visit(self.outlet_of(message), message, false);
            }
        }
        for crew in &self.crews {
            let in_lanes = crew.lanes.iter().flat_map(|lanes| lanes.iter());
            crew.inbox.iter().chain(in_lanes).for_each(|message| visit(self.outlet_of(message), message, true));
        }
        for hand in self.hands.iter().filter(|hand| hand.done != Hand::NEVER) {
            visit(self.outlet_of(&hand.message), &hand.message, false);
        }
        for (_, message) in self.consumers.iter().flat_map(|consumer| &consumer.care).flat_map(|care| &care.unacked) {
            visit(self.outlet_of(message), message, false);
        }
        self.backoffs.iter().for_each(|message| visit(self.outlet_of(message), message, true));
        for broker in &self.brokers {
            broker.waiting(&mut |outlet, message| visit(outlet, message, true));
        }
    }

    fn outlet_of(&self, message: &Message) -> OutletId {
        self.seats.get(message.event.seat).outlet
    }
}

impl Found {
    fn add(&mut self, outlet: OutletId, message: &Message, waits: bool) {
        let (waiting, in_flight) = &mut self.outlets[outlet.index()];
        *if waits { waiting } else { in_flight } += 1;
        self.tracked.1 += u64::from(message.event.flags.has(Flags::TRACKED));
    }
}
