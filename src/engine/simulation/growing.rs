//! A consumer has more or fewer instances and threads from now on. Whoever is taken away finishes what it has in hand.

use super::Simulation;
use super::errands::Errand;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules};
use crate::engine::consumer::{Absence, Crew, Hand, Idle, OffDuty};
use crate::engine::faults::{Effect, effects};
use crate::engine::observe::Observer;
use crate::engine::seats::Seat;
use crate::ids::{ConsumerId, SeatId};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Simulation {
    /// A consumer has as many instances and threads as the plan says from now on, and had `before`. What is in hand is finished first.
    pub(super) fn resize<O: Observer>(&mut self, consumer: ConsumerId, before: u32, desk: &mut Desk, observer: &mut O) {
        let (instances, all) = (self.instances(consumer), self.workers(consumer));
        let threads = self.plan.consumers[consumer.index()].threads;
        self.note_workers(consumer, observer);
        // A single crew is all instances; several are one each.
        if !self.has_own_seats(consumer) {
            return self.crews_of(consumer).for_each(|crew| self.resize_crew(crew, all, desk, observer));
        }
        self.crews_of(consumer).for_each(|crew| self.resize_crew(crew, threads, desk, observer));
        for instance in instances..before {
            self.retire(consumer, instance, desk, observer);
        }
        for instance in before..instances {
            self.employ(consumer, instance, desk, observer);
        }
    }

    /// Whether a broker tells this consumer's instances apart.
    pub(super) fn has_own_seats(&self, consumer: ConsumerId) -> bool {
        let plan = &self.plan.consumers[consumer.index()];
        !plan.is_function() && plan.reads.iter().any(|read| self.tells_apart(self.plan.reads[read.index()].outlet))
    }

    fn tells_apart(&self, outlet: crate::ids::OutletId) -> bool {
        self.plan.brokers[self.plan.outlets[outlet.index()].broker.index()].kind.parts().seats_per_instance()
    }

    /// An instance is taken away: it begins nothing more, and leaves as soon as nothing is in its hands.
    pub(super) fn retire<O: Observer>(&mut self, consumer: ConsumerId, instance: u32, desk: &mut Desk, observer: &mut O) {
        let Some(crew) = self.crews_of(consumer).nth(instance as usize) else { return };
        if !self.crews[crew as usize].up || !self.has_work(crew) {
            return self.fell(consumer, Some(instance), true, desk, observer);
        }
        self.crews[crew as usize].leave(true);
        self.hold(crew);
        self.say_leaving(crew, true, desk, observer);
        self.probe_anew(consumer, observer);
    }

    /// A worker of a crew that is going away has finished.
    pub(super) fn rest_for_good(&mut self, crew: u32, worker: u32) {
        self.crews[crew as usize].hold(worker);
        if !self.has_work(crew) {
            self.errand(self.now, Errand::Leave(crew));
        }
    }

    /// The last worker of a crew that is going away has finished, unless the crew was called back or went away otherwise.
    pub(super) fn depart<O: Observer>(&mut self, crew: u32, desk: &mut Desk, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        if station.is_leaving() && !self.has_work(crew) {
            let station = &mut self.crews[crew as usize];
            station.leave(false);
            let (consumer, instance) = (station.consumer, station.instance);
            self.fell(consumer, instance, true, desk, observer);
        }
    }

    fn say_leaving<O: Observer>(&mut self, crew: u32, leaving: bool, desk: &mut Desk, observer: &mut O) {
        let seats = self.seats.clone();
        for (seat, place) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            if self.severed[seat.index()] == 0 {
                let broker = self.plan.outlets[place.outlet.index()].broker;
                desk.now = self.now;
                self.brokers[broker.index()].leaving(seat, leaving, desk);
                self.decide(broker, desk, observer);
            }
        }
    }

    fn has_work(&self, crew: u32) -> bool {
        let station = &self.crews[crew as usize];
        let slots = station.first_worker as usize..(station.first_worker + station.places) as usize;
        self.hands[slots].iter().any(|hand| hand.done != Hand::NEVER)
    }

    /// An instance works from now on: one that was there before, or another.
    fn employ<O: Observer>(&mut self, consumer: ConsumerId, instance: u32, desk: &mut Desk, observer: &mut O) {
        let Some(crew) = self.crews_of(consumer).nth(instance as usize) else {
            self.add_instance(consumer, instance);
            return self.rose(consumer, Some(instance), desk, observer);
        };
        if !self.crews[crew as usize].leave(false) {
            return self.rose(consumer, Some(instance), desk, observer);
        }
        // It had not gone yet.
        self.say_leaving(crew, false, desk, observer);
        for worker in self.crews[crew as usize].release() {
            self.offer(crew, worker, observer);
        }
    }

    /// Makes room for an instance that there never was: workers, and seats at the brokers that tell instances apart. It does not work
    /// yet, and whatever has befallen the whole consumer has befallen it as well.
    fn add_instance(&mut self, consumer: ConsumerId, instance: u32) {
        let plan = Arc::clone(&self.plan);
        let planned = &plan.consumers[consumer.index()];
        let (number, threads) = (self.crews.len() as u32, planned.threads);
        let record = &mut self.consumers[consumer.index()];
        let first = self.hands.len() as u32;
        record.rare.crews.push(number);
        let workers = (first + threads - record.first_worker) as usize;
        record.care.iter_mut().for_each(|care| care.make_room(workers));
        let mut crew = Crew::new(planned, consumer, Some(instance), first, threads);
        self.hands.resize(self.hands.len() + threads as usize, Hand::EMPTY);
        let at_work = || self.faults.all().iter().filter(|spell| spell.at_work.is_some()).flat_map(|spell| effects(&spell.plan, &plan));
        let gone = at_work().filter(|effect| matches!(effect, Effect::Gone(it, None) if *it == consumer)).count() as u16;
        let still = at_work().filter(|effect| matches!(effect, Effect::Still(it, None) if *it == consumer)).count() as u16;
        (crew.up, crew.idle) = (false, Idle::none(threads));
        let absence = Absence { down: gone + 1, still, left: None };
        let absent = (0..threads).map(|worker| (worker, absence)).collect();
        crew.off_duty = Some(Box::new(OffDuty { down: absence.down, still, absent, held: Vec::new() }));
        self.crews.push(crew);
        let mut grown: BTreeMap<usize, Vec<(SeatId, Seat)>> = BTreeMap::new();
        for read in planned.reads.iter().copied() {
            let outlet = plan.reads[read.index()].outlet;
            let Some(first) = self.seats.of(read).first().copied().filter(|_| self.tells_apart(outlet)) else { continue };
            let seat = Seat { crew: number, instance, ..*self.seats.get(first) };
            let id = Arc::make_mut(&mut self.seats).add(seat);
            self.severed.push(self.severed[first.index()]);
            grown.entry(plan.outlets[outlet.index()].broker.index()).or_default().push((id, seat));
        }
        for (broker, seats) in grown {
            self.brokers[broker].grow(&plan, &seats);
        }
    }

    fn resize_crew<O: Observer>(&mut self, crew: u32, capacity: u32, desk: &mut Desk, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        let before = station.capacity;
        if before == capacity {
            return;
        }
        if capacity > station.places {
            self.move_crew(crew, capacity);
        }
        let station = &mut self.crews[crew as usize];
        let first = station.first_worker;
        let mut resting = station.idle.resting();
        resting.retain(|worker| *worker < capacity);
        station.capacity = capacity;
        station.look();
        station.idle = Idle::these(capacity, resting);
        if let Some(off) = &mut station.off_duty {
            off.held.retain(|worker| *worker < capacity);
            // Who stands still with work in hand goes on with it later, place or not.
            off.absent.retain(|worker, absence| *worker < capacity || absence.left.is_some());
            // Those that come are as gone as the crew.
            if off.down > 0 || off.still > 0 {
                for worker in before..capacity {
                    let absence = off.absent.entry(worker).or_default();
                    (absence.down, absence.still) = (off.down, off.still);
                }
            }
        }
        let rises = !station.up && station.anybody();
        for worker in before..capacity {
            // One that was taken away and still works is simply kept.
            if self.hands[(first + worker) as usize].done == Hand::NEVER {
                self.offer(crew, worker, observer);
            }
        }
        let seats = self.seats.clone();
        for (seat, place) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            let broker = self.plan.outlets[place.outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].resized(seat, capacity, desk);
            self.decide(broker, desk, observer);
        }
        // All that were left were gone, and one has come that is not.
        if rises {
            self.bring_up(crew, desk, observer);
        }
    }

    /// Gives a crew more places. Work in hand moves with it, and what the agenda knows of the old places is out of date.
    fn move_crew(&mut self, crew: u32, places: u32) {
        let station = &mut self.crews[crew as usize];
        let (old, held, new) = (station.first_worker, station.places, self.hands.len() as u32);
        (station.first_worker, station.places) = (new, places);
        station.look();
        let consumer = &mut self.consumers[station.consumer.index()];
        let alone = consumer.rare.crews.len() == 1;
        if alone {
            consumer.first_worker = new;
        }
        if let Some(care) = &mut consumer.care
            && !alone
        {
            // One instance of several has other numbers for its workers by that: they are counted from the first one's.
            care.make_room((new + places - consumer.first_worker) as usize);
            care.renumber(old - consumer.first_worker..old - consumer.first_worker + held, new - consumer.first_worker);
        }
        self.hands.resize((new + places) as usize, Hand::EMPTY);
        for worker in 0..held {
            let hand = std::mem::replace(&mut self.hands[(old + worker) as usize], Hand::EMPTY);
            if !matches!(hand.done, Hand::NEVER | Hand::STILL | Hand::CALLING) {
                self.agenda.schedule(hand.done, Due::Done, new + worker);
            }
            self.hands[(new + worker) as usize] = hand;
        }
        self.move_callers(old..old + held, new);
    }
}
