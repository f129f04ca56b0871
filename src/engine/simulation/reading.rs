//! What can be read off a run.

use super::{Simulation, Stop};
use crate::engine::books::{Books, Inbound};
use crate::engine::broker::Broker;
use crate::engine::consumer::Counts;
use crate::engine::event::KeyTexts;
use crate::engine::seats::Seats;
use crate::ids::{BrokerId, ConsumerId, EmitterId, OutletId};
use crate::scenario::Plan;
use crate::time::Time;
use std::sync::Arc;

impl Simulation {
    /// What is executed.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// With which seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Virtual time reached.
    pub fn now(&self) -> Time {
        self.now
    }

    /// When something happens next, if anything does.
    pub fn next_due(&self) -> Option<Time> {
        self.agenda.next().map(|entry| entry.at())
    }

    /// Entries of the agenda handled so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Why the run stopped before its end, if it did.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Hash over all observations so far.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint.value()
    }

    /// The books of an outlet.
    pub fn books(&self, outlet: OutletId) -> &Books {
        &self.books[outlet.index()]
    }

    /// What became of events on their way to brokers.
    pub fn inbound(&self) -> &Inbound {
        &self.inbound
    }

    /// Events an emitter published so far.
    pub fn published(&self, emitter: EmitterId) -> u64 {
        self.emitters[emitter.index()].emitted()
    }

    /// What a consumer did so far.
    pub fn counts(&self, consumer: ConsumerId) -> Counts {
        self.consumers[consumer.index()].counts()
    }

    /// Workers of a consumer that are busy.
    pub fn busy(&self, consumer: ConsumerId) -> u32 {
        self.crews_of(consumer).map(|crew| self.crews[crew as usize].busy()).sum()
    }

    /// Events that a consumer handled after a later one of their key; none where it does not say what it thinks of order.
    pub fn reordered(&self, consumer: ConsumerId) -> Option<u64> {
        self.consumers[consumer.index()].order.as_ref().map(|order| order.reordered)
    }

    /// A broker, to look into.
    pub fn broker(&self, broker: BrokerId) -> &Broker {
        &self.brokers[broker.index()]
    }

    /// Who can be handed messages.
    pub fn seats(&self) -> &Seats {
        &self.seats
    }

    /// Losses that are certain: see `record::Totals::lost`.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Further acknowledgements of the same event by the same outlet.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Copies travelling, waiting or in hand, and arrivals at producers that wait for a store.
    pub fn live(&self) -> u64 {
        self.live
    }

    /// The plan's textual keys, to show keys with.
    pub fn keys(&self) -> &KeyTexts {
        &self.keys
    }
}
