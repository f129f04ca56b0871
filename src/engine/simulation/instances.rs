//! Instances go away and come back, and with them what they held.

use super::Simulation;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules};
use crate::engine::consumer::{Hand, Idle};
use crate::engine::event::{Flags, Message};
use crate::engine::observe::{Observation, Observer};
use crate::ids::{ConsumerId, SeatId};
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Simulation {
    /// A consumer goes away, now and with all its instances: what it had in hand or in its mailbox is lost to it, and its brokers do by
    /// their rules. `orderly`: it was shut down, and has not crashed.
    pub fn stop(&mut self, consumer: ConsumerId, orderly: bool, observer: &mut impl Observer) {
        let mut desk = std::mem::take(&mut self.desk);
        self.crews_of(consumer).for_each(|crew| self.take_down(crew, orderly, &mut desk, observer));
        if !orderly {
            self.forget_kept(self.plan.consumers[consumer.index()].node, observer);
        }
        self.desk = desk;
    }

    /// A consumer that went away is there again, with all its instances.
    pub fn restart(&mut self, consumer: ConsumerId, observer: &mut impl Observer) {
        let mut desk = std::mem::take(&mut self.desk);
        // Instances that were taken away in the meantime stay away.
        let there = self.plan.consumers[consumer.index()].instances as usize;
        self.crews_of(consumer).take(there).for_each(|crew| self.bring_up(crew, &mut desk, observer));
        self.desk = desk;
    }

    /// Whether a consumer is there, with at least one instance.
    pub fn is_up(&self, consumer: ConsumerId) -> bool {
        self.crews_of(consumer).any(|crew| self.crews[crew as usize].up)
    }

    /// Crews of a consumer: the one that all instances share, or one per instance.
    pub(super) fn crews_of(&self, consumer: ConsumerId) -> std::ops::Range<u32> {
        let (first, count) = self.consumers[consumer.index()].crews;
        first..first + count
    }

    /// A crew goes away: what it holds (in hand, in its mailbox, waiting for another attempt, on the way to it) is its brokers'
    /// again. `orderly`: it was shut down, and has not crashed.
    pub(super) fn take_down<O: Observer>(&mut self, crew: u32, orderly: bool, desk: &mut Desk, observer: &mut O) {
        if !std::mem::replace(&mut self.crews[crew as usize].up, false) {
            return;
        }
        let mut copies: BTreeMap<SeatId, Vec<Message>> = BTreeMap::new();
        self.crews[crew as usize].idle = Idle::none(self.crews[crew as usize].capacity);
        for message in self.drop_hands(crew, observer) {
            copies.entry(message.event.seat).or_default().push(message);
        }
        let mut waited: Vec<Message> = std::iter::from_fn(|| self.crews[crew as usize].inbox.pop()).collect();
        let seats = self.seats.clone();
        waited.extend(self.backoffs.take_all(|message| seats.get(message.event.seat).crew == crew));
        for message in waited {
            let outlet = seats.get(message.event.seat).outlet;
            self.books[outlet.index()].waiting -= 1;
            self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
            copies.entry(message.event.seat).or_default().push(message);
        }
        for message in self.recall(crew) {
            copies.entry(message.event.seat).or_default().push(message);
        }
        for (seat, _) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            let held = copies.remove(&seat).unwrap_or_default();
            let broker = self.plan.outlets[seats.get(seat).outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].left(seat, &held, orderly, desk);
            self.decide(broker, desk, observer);
        }
    }

    /// A crew is there (again), with empty hands.
    pub(super) fn bring_up<O: Observer>(&mut self, crew: u32, desk: &mut Desk, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        if std::mem::replace(&mut station.up, true) {
            return;
        }
        station.idle = Idle::all(station.capacity);
        let seats = self.seats.clone();
        for (seat, place) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            let broker = self.plan.outlets[place.outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].joined(seat, desk);
            self.decide(broker, desk, observer);
        }
    }

    /// A consumer has as many instances and threads as the plan says from now on. What is in hand is finished first.
    pub(super) fn resize<O: Observer>(&mut self, consumer: ConsumerId, desk: &mut Desk, observer: &mut O) {
        let planned = &self.plan.consumers[consumer.index()];
        let (instances, threads, all) = (planned.instances, planned.threads, planned.capacity());
        let crews = self.crews_of(consumer);
        // A single crew is all instances; several are one each, and there were at least as many at the start.
        if crews.len() == 1 && !self.has_own_seats(consumer) {
            return self.resize_crew(crews.start, all, desk, observer);
        }
        for (instance, crew) in (0u32..).zip(crews) {
            if instance < instances {
                self.resize_crew(crew, threads, desk, observer);
                self.bring_up(crew, desk, observer);
            } else {
                self.take_down(crew, true, desk, observer);
            }
        }
    }

    /// Whether a broker tells this consumer's instances apart.
    fn has_own_seats(&self, consumer: ConsumerId) -> bool {
        let reads = &self.plan.consumers[consumer.index()].reads;
        reads.iter().any(|read| {
            let outlet = &self.plan.outlets[self.plan.reads[read.index()].outlet.index()];
            self.plan.brokers[outlet.broker.index()].kind.parts().seats_per_instance()
        })
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
        let up = station.up;
        station.idle = Idle::these(capacity, resting);
        if up {
            for worker in before..capacity {
                // One that was taken away and still works is simply kept.
                if self.hands[(first + worker) as usize].done == Hand::NEVER {
                    self.take_next(crew, first + worker, observer);
                }
            }
        }
        let seats = Arc::clone(&self.seats);
        for (seat, place) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            let broker = self.plan.outlets[place.outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].resized(seat, capacity, desk);
            self.decide(broker, desk, observer);
        }
    }

    /// Gives a crew more places. Work in hand moves with it, and what the agenda knows of the old places is out of date.
    fn move_crew(&mut self, crew: u32, places: u32) {
        let station = &mut self.crews[crew as usize];
        let (old, held, new) = (station.first_worker, station.places, self.hands.len() as u32);
        (station.first_worker, station.places) = (new, places);
        let consumer = &mut self.consumers[station.consumer.index()];
        if consumer.crews.1 == 1 {
            consumer.first_worker = new;
        }
        self.hands.resize((new + places) as usize, Hand::EMPTY);
        for worker in 0..held {
            let hand = std::mem::replace(&mut self.hands[(old + worker) as usize], Hand::EMPTY);
            if hand.done != Hand::NEVER {
                self.agenda.schedule(hand.done, Due::Done, new + worker);
            }
            self.hands[(new + worker) as usize] = hand;
        }
    }

    /// What the workers of a crew had in hand, longest held first.
    fn drop_hands<O: Observer>(&mut self, crew: u32, observer: &mut O) -> Vec<Message> {
        let station = &self.crews[crew as usize];
        let (consumer, first, places) = (station.consumer, station.first_worker, station.places);
        let mut held: Vec<(Time, u32, Message)> = Vec::new();
        for slot in first..first + places {
            let hand = &mut self.hands[slot as usize];
            if std::mem::replace(&mut hand.done, Hand::NEVER) != Hand::NEVER {
                held.push((hand.began, slot, hand.message));
            }
        }
        held.sort_by_key(|(began, slot, _)| (*began, *slot));
        for (began, slot, message) in &held {
            let outlet = self.seats.get(message.event.seat).outlet;
            let worker = slot - self.consumers[consumer.index()].first_worker;
            self.note(&Observation::Interrupted { outlet, consumer, worker, message, began: *began }, observer);
        }
        held.into_iter().map(|(_, _, message)| message).collect()
    }

    /// Marks what is on its way to a crew as stale, and gives copies of it. Takes time proportional to what travels.
    fn recall(&mut self, crew: u32) -> Vec<Message> {
        let mut found = Vec::new();
        let seats = self.seats.clone();
        let mut links: Vec<u32> = seats.iter().filter(|(_, seat)| seat.crew == crew).map(|(_, seat)| seat.link.0).collect();
        links.sort_unstable();
        links.dedup();
        let mut mark = |message: &mut Message| {
            if seats.get(message.event.seat).crew == crew && !message.event.flags.has(Flags::STALE) {
                found.push(*message);
                message.event.flags = message.event.flags.with(Flags::STALE);
            }
        };
        for link in links {
            self.links[link as usize].each_to_reader(&mut mark);
        }
        for (_, travelling) in self.transits.iter_mut() {
            travelling.to_reader().into_iter().for_each(&mut mark);
        }
        found
    }
}
