//! Instances go away and come back, stand still and go on; connections break and are made again. With them goes what was held.

use super::Simulation;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules};
use crate::engine::calls::Who;
use crate::engine::care::State;
use crate::engine::consumer::{Hand, Idle};
use crate::engine::event::{Flags, Key, Message};
use crate::engine::link::Travelling;
use crate::engine::observe::{Observation, Observer};
use crate::ids::{BrokerId, ConsumerId, SeatId};
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

impl Simulation {
    /// A consumer goes away, now and with all its instances: what it had in hand or in its mailbox is lost to it, and its brokers do by
    /// their rules. `orderly`: it was shut down, and has not crashed.
    pub fn stop(&mut self, consumer: ConsumerId, orderly: bool, observer: &mut impl Observer) {
        let mut desk = std::mem::take(&mut self.desk);
        if self.is_up(consumer) {
            self.fell(consumer, None, orderly, &mut desk, observer);
        }
        self.desk = desk;
    }

    /// A consumer that went away is there again, with all its instances.
    pub fn restart(&mut self, consumer: ConsumerId, observer: &mut impl Observer) {
        let mut desk = std::mem::take(&mut self.desk);
        if !self.is_up(consumer) {
            self.rose(consumer, None, &mut desk, observer);
        }
        self.desk = desk;
    }

    /// Whether a consumer is there, with at least one instance.
    pub fn is_up(&self, consumer: ConsumerId) -> bool {
        self.crews_of(consumer).any(|crew| self.crews[crew as usize].up)
    }

    /// Crews of a consumer: the one that all instances share, or one per instance.
    pub(super) fn crews_of(&self, consumer: ConsumerId) -> std::vec::IntoIter<u32> {
        self.consumers[consumer.index()].rare.crews.clone().into_iter()
    }

    /// The workers of one instance (or of all) in each crew of a consumer.
    fn workers_of(&self, consumer: ConsumerId, instance: Option<u32>) -> Vec<(u32, Range<u32>)> {
        let crews = self.crews_of(consumer);
        let all = |crew: u32| (crew, 0..self.crews[crew as usize].capacity);
        match instance {
            None => crews.map(all).collect(),
            Some(instance) if self.has_own_seats(consumer) => crews.skip(instance as usize).take(1).map(all).collect(),
            Some(instance) => {
                let threads = self.plan.consumers[consumer.index()].threads;
                let of = |crew: u32| {
                    let most = self.crews[crew as usize].capacity;
                    (crew, (instance * threads).min(most)..((instance + 1) * threads).min(most))
                };
                crews.map(of).collect()
            }
        }
    }

    /// Whether what befalls an instance (or all of them) befalls whole crews.
    fn strikes_crews(&self, consumer: ConsumerId, instance: Option<u32>) -> bool {
        instance.is_none() || self.has_own_seats(consumer)
    }

    /// The same, and with all of them also those that were taken away and may have work in hand.
    fn places_of(&self, consumer: ConsumerId, instance: Option<u32>) -> Vec<(u32, Range<u32>)> {
        let mut all = self.workers_of(consumer, instance);
        if instance.is_none() {
            all.iter_mut().for_each(|(crew, workers)| workers.end = self.crews[*crew as usize].places);
        }
        all
    }

    /// An instance (or all of them) is gone. Reasons to be gone add up.
    pub(super) fn fell<O: Observer>(
        &mut self,
        consumer: ConsumerId,
        instance: Option<u32>,
        orderly: bool,
        desk: &mut Desk,
        observer: &mut O,
    ) {
        let whole = self.strikes_crews(consumer, instance);
        for (crew, workers) in self.workers_of(consumer, instance) {
            let station = &mut self.crews[crew as usize];
            let off = station.off_duty.get_or_insert_default();
            off.down += u16::from(whole);
            let mut fallen = Vec::new();
            for worker in workers {
                let absence = off.absent.entry(worker).or_default();
                absence.down += 1;
                absence.left = None;
                if absence.down == 1 {
                    fallen.push(worker);
                }
            }
            match station.anybody() {
                false => {
                    self.take_down(crew, orderly, desk, observer);
                    // With the last of the workers goes what the consumer as a publisher kept in memory.
                    if !self.is_up(consumer) {
                        self.publisher_fell(self.plan.consumers[consumer.index()].node, orderly, desk, observer);
                    }
                }
                true => self.lose_workers(crew, &fallen, desk, observer),
            }
        }
        self.probe_anew(consumer, observer);
    }

    /// One reason less to be gone.
    pub(super) fn rose<O: Observer>(&mut self, consumer: ConsumerId, instance: Option<u32>, desk: &mut Desk, observer: &mut O) {
        let whole = self.strikes_crews(consumer, instance);
        for (crew, workers) in self.workers_of(consumer, instance) {
            let station = &mut self.crews[crew as usize];
            let off = station.off_duty.get_or_insert_default();
            off.down = off.down.saturating_sub(u16::from(whole));
            let mut risen = Vec::new();
            for worker in workers {
                let Some(absence) = off.absent.get_mut(&worker) else { continue };
                // One that came later than what struck its instance knows only what has struck the crew.
                absence.down = absence.down.saturating_sub(1).max(off.down);
                if absence.down == 0 {
                    if absence.still == 0 {
                        off.absent.remove(&worker);
                    }
                    risen.push(worker);
                }
            }
            match (station.up, station.anybody()) {
                (false, true) => self.bring_up(crew, desk, observer),
                (false, false) => {}
                (true, _) => risen.into_iter().for_each(|worker| self.offer(crew, worker, observer)),
            }
        }
    }

    /// An instance (or all of them) stands still. Reasons add up.
    pub(super) fn stiffen<O: Observer>(&mut self, consumer: ConsumerId, instance: Option<u32>, desk: &mut Desk, observer: &mut O) {
        let whole = self.strikes_crews(consumer, instance);
        for (crew, workers) in self.places_of(consumer, instance) {
            let station = &mut self.crews[crew as usize];
            let off = station.off_duty.get_or_insert_default();
            off.still += u16::from(whole);
            let mut first = whole && off.still == 1;
            for worker in workers {
                // A place that was taken away is somebody only as long as there is work in hand.
                if worker >= station.capacity && self.hands[(station.first_worker + worker) as usize].done == Hand::NEVER {
                    continue;
                }
                let absence = off.absent.entry(worker).or_default();
                absence.still += 1;
                first |= absence.still == 1;
                let hand = &mut self.hands[(station.first_worker + worker) as usize];
                if absence.still == 1 && absence.down == 0 && station.up {
                    match hand.done {
                        Hand::NEVER => {
                            station.idle.remove(worker);
                            off.held.retain(|held| *held != worker);
                        }
                        // The store's answer waits for it.
                        Hand::CALLING => absence.left = Some(Span::ZERO),
                        done => {
                            absence.left = Some(done - self.now);
                            hand.done = Hand::STILL;
                            let care = &mut self.consumers[consumer.index()];
                            let worker = station.first_worker + worker - care.first_worker;
                            care.care.iter_mut().for_each(|care| care.hold(worker, self.now));
                        }
                    }
                }
            }
            if first {
                self.say_paused(crew, true, desk, observer);
            }
        }
    }

    /// One reason less to stand still.
    pub(super) fn loosen<O: Observer>(&mut self, consumer: ConsumerId, instance: Option<u32>, desk: &mut Desk, observer: &mut O) {
        let whole = self.strikes_crews(consumer, instance);
        for (crew, workers) in self.places_of(consumer, instance) {
            let station = &mut self.crews[crew as usize];
            let off = station.off_duty.get_or_insert_default();
            off.still = off.still.saturating_sub(u16::from(whole));
            let (mut free, mut answered) = (Vec::new(), Vec::new());
            for worker in workers {
                let Some(absence) = off.absent.get_mut(&worker) else { continue };
                absence.still = absence.still.saturating_sub(1).max(off.still);
                if absence.still > 0 {
                    continue;
                }
                match absence.left.take() {
                    Some(_) if self.hands[(station.first_worker + worker) as usize].done == Hand::CALLING => {
                        off.absent.remove(&worker);
                        answered.push(station.first_worker + worker);
                    }
                    Some(left) => {
                        let slot = station.first_worker + worker;
                        self.hands[slot as usize].done = self.now + left;
                        self.agenda.schedule(self.now + left, Due::Done, slot);
                        let care = &mut self.consumers[consumer.index()];
                        let worker_of_all = slot - care.first_worker;
                        care.care.iter_mut().for_each(|care| care.go_on(worker_of_all, self.now));
                        off.absent.remove(&worker);
                    }
                    None if absence.down == 0 => {
                        off.absent.remove(&worker);
                        free.push(worker);
                    }
                    None => {}
                }
            }
            if off.still == 0 && off.absent.values().all(|absence| absence.still == 0) {
                self.say_paused(crew, false, desk, observer);
            }
            free.into_iter().for_each(|worker| self.offer(crew, worker, observer));
            answered.into_iter().for_each(|slot| self.late_answers(slot, desk, observer));
        }
    }

    fn say_paused<O: Observer>(&mut self, crew: u32, paused: bool, desk: &mut Desk, observer: &mut O) {
        let seats = self.seats.clone();
        for (seat, place) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            let broker = self.plan.outlets[place.outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].paused(seat, paused, desk);
            self.decide(broker, desk, observer);
        }
    }

    /// A worker that can work and has nothing in hand takes the next message or rests.
    pub(super) fn offer<O: Observer>(&mut self, crew: u32, worker: u32, observer: &mut O) {
        let station = &self.crews[crew as usize];
        if station.up && station.absence(worker).is_none() {
            self.take_next_if_let(crew, station.first_worker + worker, observer);
        }
    }

    /// A crew goes away: what it holds (in hand, waiting for another attempt, in its mailbox, on the way to it) is its brokers'
    /// again. `orderly`: it was shut down, and has not crashed.
    fn take_down<O: Observer>(&mut self, crew: u32, orderly: bool, desk: &mut Desk, observer: &mut O) {
        if !std::mem::replace(&mut self.crews[crew as usize].up, false) {
            return;
        }
        let station = &mut self.crews[crew as usize];
        station.idle = Idle::none(station.capacity);
        let leaves = station.leave(false);
        let off = station.off_duty.get_or_insert_default();
        off.held.clear();
        if leaves {
            // It does not come back with what has just struck it.
            off.down += 1;
            (0..station.capacity).for_each(|worker| off.absent.entry(worker).or_default().down += 1);
        }
        let seats = self.seats.clone();
        let mut copies = Copies::default();
        copies.add(self.drop_unacked(crew, |_, _| true));
        let held = self.drop_hands(crew, |_, _| true, observer).into_iter().map(|(_, message)| message).collect();
        copies.add(self.lose_begun(crew, held, true, observer));
        let waited = self.drop_waiting(crew, |_| true, observer);
        copies.add(self.lose_begun(crew, waited, false, observer));
        copies.add(self.recall(|message| seats.get(message.event.seat).crew == crew));
        for (seat, _) in seats.iter().filter(|(_, seat)| seat.crew == crew) {
            self.leave(seat, &copies.of(seat), orderly, desk, observer);
        }
    }

    /// A crew is there (again), with empty hands, and with it what its consumer publishes.
    pub(super) fn bring_up<O: Observer>(&mut self, crew: u32, desk: &mut Desk, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        if std::mem::replace(&mut station.up, true) {
            return;
        }
        station.rest_all();
        if self.consumers[self.crews[crew as usize].consumer.index()].gate() != State::Closed {
            self.hold(crew);
        }
        let seats = self.seats.clone();
        let own: Vec<SeatId> = seats.iter().filter(|(_, seat)| seat.crew == crew).map(|(seat, _)| seat).collect();
        own.into_iter().for_each(|seat| self.join(seat, desk, observer));
        self.publisher_rose(self.plan.consumers[self.crews[crew as usize].consumer.index()].node, desk, observer);
    }

    /// Some workers of a crew are gone while others go on: only what these had in hand is their brokers' again.
    fn lose_workers<O: Observer>(&mut self, crew: u32, workers: &[u32], desk: &mut Desk, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        workers.iter().for_each(|worker| station.idle.remove(*worker));
        station.off_duty.iter_mut().for_each(|off| off.held.retain(|held| !workers.contains(held)));
        let mut copies = Copies::default();
        copies.add(self.drop_unacked(crew, |worker, _| workers.contains(&worker)));
        let held: Vec<Message> =
            self.drop_hands(crew, |worker, _| workers.contains(&worker), observer).into_iter().map(|(_, message)| message).collect();
        let given_back = self.lose_begun(crew, held, true, observer);
        if self.crews[crew as usize].lanes.is_some() {
            // Whatever is behind them goes back with them, or it would come first.
            let keys: BTreeSet<(SeatId, Key)> = given_back.iter().map(|message| (message.event.seat, message.event.key)).collect();
            let behind = |message: &Message| message.event.key != Key::NONE && keys.contains(&(message.event.seat, message.event.key));
            copies.add(given_back);
            copies.add(self.drop_waiting(crew, behind, observer));
            copies.add(self.recall(behind));
            self.wake_ready(crew, observer);
        } else {
            copies.add(given_back);
        }
        for (seat, held) in copies.0 {
            let broker = self.plan.outlets[self.seats.get(seat).outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].returned(seat, &held, desk);
            self.decide(broker, desk, observer);
        }
    }

    /// The connections of these seats break: their brokers have back what was handed to them, and the workers are free for other work.
    pub(super) fn sever<O: Observer>(&mut self, severed: &[SeatId], desk: &mut Desk, observer: &mut O) {
        let fresh: Vec<SeatId> = severed.iter().copied().filter(|seat| self.break_connection(*seat)).collect();
        let seats = self.seats.clone();
        let mut free = Vec::new();
        let mut copies = self.take_from(&fresh, &mut free, observer);
        self.say_severing(&fresh, true, desk, observer);
        for seat in &fresh {
            // What a seat before this one gave back may have been handed here since.
            let mut held = copies.of(*seat);
            held.extend(self.take_from(&[*seat], &mut free, observer).of(*seat));
            if self.crews[seats.get(*seat).crew as usize].up {
                self.part(*seat, &held, false, desk, observer);
            }
        }
        self.say_severing(&fresh, false, desk, observer);
        free.into_iter().for_each(|(crew, worker)| self.offer(crew, worker, observer));
        for seat in fresh {
            self.wake_ready(self.seats.get(seat).crew, observer);
        }
    }

    /// Takes all that was handed to these seats and whose connections break with them, with the workers that are `free` by that.
    fn take_from<O: Observer>(&mut self, fresh: &[SeatId], free: &mut Vec<(u32, u32)>, observer: &mut O) -> Copies {
        let hit = |message: &Message| fresh.binary_search(&message.event.seat).is_ok();
        let mut crews: Vec<u32> = fresh.iter().map(|seat| self.seats.get(*seat).crew).collect();
        crews.sort_unstable();
        crews.dedup();
        let mut copies = Copies::default();
        for crew in crews {
            // What was acknowledged before the work needs no connection any more.
            let first = self.consumers[self.crews[crew as usize].consumer.index()].acks_first();
            copies.add(self.drop_unacked(crew, |_, message| hit(message)));
            let dropped = self.drop_hands(crew, |_, message| !first && hit(message), observer);
            free.extend(dropped.iter().map(|(worker, _)| (crew, *worker)));
            copies.add(dropped.into_iter().map(|(_, message)| message));
            copies.add(self.drop_waiting(crew, |message| hit(message) && !(first && message.event.failures > 0), observer));
        }
        copies.add(self.recall(hit));
        copies
    }

    fn say_severing<O: Observer>(&mut self, seats: &[SeatId], begins: bool, desk: &mut Desk, observer: &mut O) {
        for number in 0..self.brokers.len() {
            let broker = BrokerId::at(number);
            let own = |seat: &SeatId| self.plan.outlets[self.seats.get(*seat).outlet.index()].broker == broker;
            let own: Vec<SeatId> = seats.iter().copied().filter(own).collect();
            if !own.is_empty() {
                desk.now = self.now;
                self.brokers[number].severing(&own, begins, desk);
                self.decide(broker, desk, observer);
            }
        }
    }

    /// The connections of these seats are made again.
    pub(super) fn rejoin<O: Observer>(&mut self, seats: &[SeatId], desk: &mut Desk, observer: &mut O) {
        for seat in seats {
            self.severed[seat.index()] = self.severed[seat.index()].saturating_sub(1);
            if self.crews[self.seats.get(*seat).crew as usize].up {
                self.join(*seat, desk, observer);
            }
        }
    }

    /// One reason more for a seat to be without connection. Whether it is the first.
    fn break_connection(&mut self, seat: SeatId) -> bool {
        self.severed[seat.index()] += 1;
        self.severed[seat.index()] == 1
    }

    fn leave<O: Observer>(&mut self, seat: SeatId, held: &[Message], orderly: bool, desk: &mut Desk, observer: &mut O) {
        // A seat without connection left when it lost it.
        if self.severed[seat.index()] == 0 {
            self.part(seat, held, orderly, desk, observer);
        }
    }

    /// Its broker hears that a seat has left.
    fn part<O: Observer>(&mut self, seat: SeatId, held: &[Message], orderly: bool, desk: &mut Desk, observer: &mut O) {
        let broker = self.plan.outlets[self.seats.get(seat).outlet.index()].broker;
        desk.now = self.now;
        self.brokers[broker.index()].left(seat, held, orderly, desk);
        self.look_at_ways(broker);
        self.decide(broker, desk, observer);
    }

    fn join<O: Observer>(&mut self, seat: SeatId, desk: &mut Desk, observer: &mut O) {
        if self.severed[seat.index()] == 0 {
            let broker = self.plan.outlets[self.seats.get(seat).outlet.index()].broker;
            desk.now = self.now;
            self.brokers[broker.index()].joined(seat, desk);
            self.look_at_ways(broker);
            self.decide(broker, desk, observer);
        }
    }

    /// Takes out of the hands of a crew what is `wanted`, longest held first, with the workers that held it.
    fn drop_hands<O: Observer>(&mut self, crew: u32, wanted: impl Fn(u32, &Message) -> bool, observer: &mut O) -> Vec<(u32, Message)> {
        let station = &mut self.crews[crew as usize];
        let (consumer, first) = (station.consumer, station.first_worker);
        let mut held: Vec<(Time, u32, Message)> = Vec::new();
        for worker in 0..station.places {
            let hand = &mut self.hands[(first + worker) as usize];
            if hand.done != Hand::NEVER && wanted(worker, &hand.message) {
                hand.done = Hand::NEVER;
                let absence = station.off_duty.as_mut().and_then(|off| off.absent.get_mut(&worker));
                absence.into_iter().for_each(|absence| absence.left = None);
                held.push((hand.began, worker, hand.message));
            }
        }
        held.sort_by_key(|(began, worker, _)| (*began, *worker));
        for (began, worker, message) in &mut held {
            let outlet = self.seats.get(message.event.seat).outlet;
            let worker = first + *worker - self.consumers[consumer.index()].first_worker;
            self.free_lane(crew, message);
            self.cut_off(consumer, worker, outlet, message, observer);
            self.note(&Observation::Interrupted { outlet, consumer, worker, message, began: *began }, observer);
        }
        let gone: Vec<u32> = held.iter().map(|(_, worker, _)| first + worker).collect();
        self.late.retain(|(slot, ..)| !gone.contains(slot));
        self.abandon(|who| matches!(who, Who::Worker { slot, .. } if gone.contains(slot)), observer);
        held.into_iter().map(|(_, worker, message)| (worker, message)).collect()
    }

    /// Takes what is `wanted` out of a crew's mailbox, and from those that wait for another attempt: these first.
    fn drop_waiting<O: Observer>(&mut self, crew: u32, wanted: impl Fn(&Message) -> bool, observer: &mut O) -> Vec<Message> {
        let seats = self.seats.clone();
        let mut dropped = self.backoffs.take_all(|message| seats.get(message.event.seat).crew == crew && wanted(message));
        let station = &mut self.crews[crew as usize];
        if let Some(lanes) = &mut station.lanes {
            dropped.iter().for_each(|message| lanes.release(message));
            dropped.extend(lanes.take_out(&wanted));
        }
        let inbox = &mut station.inbox;
        let (gone, kept): (Vec<Message>, Vec<Message>) = std::iter::from_fn(|| inbox.pop()).partition(&wanted);
        kept.into_iter().for_each(|message| inbox.push(message));
        dropped.extend(gone);
        for message in &dropped {
            let outlet = seats.get(message.event.seat).outlet;
            self.books[outlet.index()].waiting -= 1;
            self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
        }
        dropped
    }

    /// Marks what is on its way to a consumer and `wanted` as stale, and gives copies of it. Takes time proportional to what travels.
    fn recall(&mut self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut found = Vec::new();
        let mut mark = |travelling: &mut Travelling| {
            let Some(message) = travelling.to_reader() else { return };
            if !message.event.flags.has(Flags::STALE) && wanted(message) {
                found.push(*message);
                message.event.flags = message.event.flags.with(Flags::STALE);
            }
        };
        self.convoys.for_each_mut(&mut mark);
        self.transits.iter_mut().for_each(&mut mark);
        found
    }
}

/// Copies by seat.
#[derive(Default)]
struct Copies(BTreeMap<SeatId, Vec<Message>>);

impl Copies {
    fn add(&mut self, messages: impl IntoIterator<Item = Message>) {
        for message in messages {
            self.0.entry(message.event.seat).or_default().push(message);
        }
    }

    fn of(&mut self, seat: SeatId) -> Vec<Message> {
        self.0.remove(&seat).unwrap_or_default()
    }
}
