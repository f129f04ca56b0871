//! Instances go away and come back, and with them what they held.

use super::Simulation;
use crate::engine::broker::{Desk, Rules};
use crate::engine::consumer::{Hand, Idle};
use crate::engine::event::{Flags, Message};
use crate::engine::observe::{Observation, Observer};
use crate::ids::{ConsumerId, SeatId};
use crate::time::Time;
use std::collections::BTreeMap;

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
        self.crews_of(consumer).for_each(|crew| self.bring_up(crew, &mut desk, observer));
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

    /// What the workers of a crew had in hand, longest held first.
    fn drop_hands<O: Observer>(&mut self, crew: u32, observer: &mut O) -> Vec<Message> {
        let station = &self.crews[crew as usize];
        let (consumer, first, capacity) = (station.consumer, station.first_worker, station.capacity);
        let mut held: Vec<(Time, u32, Message)> = Vec::new();
        for slot in first..first + capacity {
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
