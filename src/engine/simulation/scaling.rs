//! Instances come and go as a consumer's scaler asks for.

use super::Simulation;
use super::errands::Errand;
use crate::engine::broker::Desk;
use crate::engine::observe::{Observation, Observer};
use crate::engine::scaler::Scaler;
use crate::ids::ConsumerId;
use crate::scenario::handling::Measure;
use crate::time::Time;

impl Simulation {
    /// Instances of a consumer that work, or would if nothing were wrong.
    pub fn instances(&self, consumer: ConsumerId) -> u32 {
        self.scaler(consumer).map_or(self.plan.consumers[consumer.index()].instances, |scaler| scaler.instances)
    }

    /// Events that a consumer can handle at the same time.
    pub fn workers(&self, consumer: ConsumerId) -> u32 {
        self.instances(consumer).saturating_mul(self.plan.consumers[consumer.index()].threads)
    }

    /// Instances that a consumer has asked for and that are not there yet.
    pub fn starting(&self, consumer: ConsumerId) -> u32 {
        self.scaler(consumer).map_or(0, |scaler| scaler.asked.saturating_sub(scaler.instances))
    }

    /// Instances of a function that are warm now, besides those at work; 0 for what is none.
    pub fn warm(&self, consumer: ConsumerId) -> u32 {
        self.consumers[consumer.index()].care.as_ref().map_or(0, |care| care.warm(self.now()))
    }

    fn scaler(&self, consumer: ConsumerId) -> Option<&Scaler> {
        self.consumers[consumer.index()].care.as_ref().and_then(|care| care.scaler.as_ref())
    }

    fn scaler_mut(&mut self, consumer: ConsumerId) -> Option<&mut Scaler> {
        self.consumers[consumer.index()].care.as_mut().and_then(|care| care.scaler.as_mut())
    }

    /// Puts the first looks of all scalers on the agenda, and takes away the places that are there for later instances.
    pub(super) fn start_scaling<O: Observer>(&mut self, desk: &mut Desk, observer: &mut O) {
        for consumer in (0..self.consumers.len()).map(ConsumerId::at) {
            let Some(scaler) = self.scaler(consumer) else { continue };
            let instances = scaler.instances;
            let looks: Vec<(Time, Option<u32>)> = match &scaler.by {
                Measure::Schedule(turns) => turns.iter().map(|(at, instances)| (Time::ZERO + *at, Some(*instances))).collect(),
                Measure::Lag(_) | Measure::Utilisation(_) => vec![(Time::ZERO + scaler.every, None)],
            };
            looks.into_iter().for_each(|(at, asks)| self.errand(at, Errand::Scale(consumer, asks)));
            if self.has_own_seats(consumer) {
                let most = self.plan.consumers[consumer.index()].most_instances();
                (instances..most).for_each(|instance| self.retire(consumer, instance, desk, observer));
            }
        }
    }

    /// The scaler of a consumer looks, or follows its schedule.
    pub(super) fn scale<O: Observer>(&mut self, consumer: ConsumerId, asks: Option<u32>, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        let lag = self.owed(consumer);
        let threads = self.plan.consumers[consumer.index()].threads;
        let Some(scaler) = self.scaler_mut(consumer) else { return };
        match asks {
            Some(instances) => scaler.ask(instances),
            None => drop(scaler.look(now, lag, threads)),
        }
        let (asked, instances, every, delay) = (scaler.asked, scaler.instances, scaler.every, scaler.delay);
        if asks.is_none() {
            self.errand(now + every, Errand::Scale(consumer, None));
        }
        if asked < instances {
            self.set_instances(consumer, asked, desk, observer);
        } else if asked > instances {
            self.errand(now + delay, Errand::Grow(consumer, asked));
        }
    }

    /// Instances asked for earlier are there; of these, as many as are still asked for.
    pub(super) fn grow<O: Observer>(&mut self, consumer: ConsumerId, instances: u32, desk: &mut Desk, observer: &mut O) {
        let Some(scaler) = self.scaler(consumer) else { return };
        let instances = instances.min(scaler.asked);
        if instances > scaler.instances {
            self.set_instances(consumer, instances, desk, observer);
        }
    }

    fn set_instances<O: Observer>(&mut self, consumer: ConsumerId, instances: u32, desk: &mut Desk, observer: &mut O) {
        let before = self.instances(consumer);
        self.scaler_mut(consumer).into_iter().for_each(|scaler| scaler.instances = instances);
        self.resize(consumer, before, desk, observer);
    }

    /// Events owed to a consumer: on their way to it, waiting for it, or in its hands.
    fn owed(&self, consumer: ConsumerId) -> u64 {
        let outlet = |read: &crate::ids::ReadId| self.plan.reads[read.index()].outlet;
        self.plan.consumers[consumer.index()].reads.iter().map(|read| self.books[outlet(read).index()].owed()).sum()
    }

    /// Says how many workers a consumer has from now on.
    pub(super) fn note_workers<O: Observer>(&mut self, consumer: ConsumerId, observer: &mut O) {
        let (instances, workers) = (self.instances(consumer), self.workers(consumer));
        self.note(&Observation::Resized { consumer, instances, workers }, observer);
    }
}
