//! The long way through a worker's hands, for consumers that do more than handle: see [`Care`](crate::engine::care::Care).

use super::Simulation;
use super::errands::Errand;
use crate::engine::broker::desk::BrokerFate;
use crate::engine::broker::{Desk, Settled};
use crate::engine::care::{CareCounts, Outcome, State, Work};
use crate::engine::consumer::Hand;
use crate::engine::event::{Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::ledger::End;
use crate::engine::observe::{Observation, Observer};
use crate::engine::seats::Seat;
use crate::ids::{ConsumerId, OutletId};
use crate::scenario::handling::Ack;
use crate::time::{Span, Time};

impl Simulation {
    /// A worker begins with a message that would take it so long if nothing was special. How long it takes.
    #[inline(never)]
    pub(super) fn prepare(&mut self, id: ConsumerId, worker: u32, outlet: OutletId, message: &Message, service: Span) -> Span {
        let station = &self.crews[self.seats.get(message.event.seat).crew as usize];
        let consumer = &mut self.consumers[id.index()];
        let instance = consumer.instance(station, consumer.first_worker + worker);
        let service = consumer.burdened(instance, service);
        if consumer.care.is_none() {
            return service;
        }
        let by_chance = consumer.fails(instance, &message.event);
        let Some(care) = &mut consumer.care else { return service };
        let poison = care.is_poison(&self.plan, self.seed, &self.keys, &message.event);
        let fails = if poison { Some(Reason::Poison) } else { by_chance };
        let service = care.begin(worker, outlet, &message.event, self.now, service, fails);
        // A further attempt has been acknowledged with the first.
        if care.ack == Ack::BeforeWork && message.event.failures == 0 && self.seats.get(message.event.seat).told {
            self.settled.push((*message, Settled::Acked));
        }
        service
    }

    /// A worker is done with a message.
    #[inline(never)]
    pub(super) fn finish_with_care<O: Observer>(&mut self, slot: u32, desk: &mut Desk, observer: &mut O) {
        let Hand { message, began, .. } = self.hands[slot as usize];
        let Seat { consumer: id, outlet, told, crew, .. } = *self.seats.get(message.event.seat);
        let consumer = &mut self.consumers[id.index()];
        let worker = slot - consumer.first_worker;
        let instance = consumer.instance(&self.crews[crew as usize], slot);
        let calls = consumer.calls;
        let outcome = match &mut consumer.care {
            None => consumer.fails(instance, &message.event).map_or(Outcome::Done, Outcome::Fails),
            Some(care) => {
                let outcome = care.work(worker).outcome;
                if calls && outcome == Outcome::Done {
                    // It is not over before the stores have answered.
                    care.postpone(worker);
                } else {
                    care.rest(worker, self.now);
                }
                outcome
            }
        };
        match outcome {
            Outcome::Fails(why) => return self.fail_with_care(slot, why, desk, observer),
            Outcome::Done if calls => return self.worker_goes_on(slot, 0, desk, observer),
            Outcome::Done => return self.succeed_with_care(slot, true, desk, observer),
            Outcome::Shed => {
                self.note(&Observation::Interrupted { outlet, consumer: id, worker, message: &message, began }, observer);
                self.shed(id, outlet, &message, observer);
            }
            Outcome::Skip => self.skip(id, outlet, worker, &message, began, observer),
        }
        self.free_lane(crew, &message);
        let how = if outcome == Outcome::Shed { Settled::Ended } else { Settled::Acked };
        if told && !self.consumers[id.index()].acks_first() {
            self.settled.push((message, how));
        }
        self.take_next_if_let(crew, slot, observer);
    }

    /// A worker has failed at its message, or a store has failed it.
    #[inline(never)]
    pub(super) fn fail_with_care<O: Observer>(&mut self, slot: u32, why: Reason, desk: &mut Desk, observer: &mut O) {
        let Hand { mut message, began, .. } = self.hands[slot as usize];
        let Seat { consumer: id, outlet, told, crew, .. } = *self.seats.get(message.event.seat);
        let (worker, acks_first) = (slot - self.consumers[id.index()].first_worker, self.consumers[id.index()].acks_first());
        if why == Reason::TimedOut {
            self.consumers[id.index()].care.iter_mut().for_each(|care| care.counts.timeouts += 1);
            self.cut_off(id, worker, outlet, &mut message, observer);
        }
        self.breaker_sees(id, true, observer);
        if let Some(how) = self.fail(slot, message, began, why, desk, observer) {
            if how != Settled::Parked {
                self.free_lane(crew, &message);
            }
            if told && !acks_first {
                self.settled.push((message, how));
            }
            self.take_next_if_let(crew, slot, observer);
        }
    }

    /// A worker has handled its message well. `follows`: what follows has not been seen to yet.
    #[inline(never)]
    pub(super) fn succeed_with_care<O: Observer>(&mut self, slot: u32, mut follows: bool, desk: &mut Desk, observer: &mut O) {
        let Hand { message, began, .. } = self.hands[slot as usize];
        let Seat { consumer: id, outlet, told, crew, .. } = *self.seats.get(message.event.seat);
        let worker = slot - self.consumers[id.index()].first_worker;
        let acks_first = self.consumers[id.index()].acks_first();
        self.free_lane(crew, &message);
        self.breaker_sees(id, false, observer);
        let care = self.consumers[id.index()].care.as_mut();
        let fresh = care.is_none_or(|care| {
            care.refund();
            care.take_effect(outlet, message.event.id)
        });
        if !fresh {
            self.skip(id, outlet, worker, &message, began, observer);
        } else {
            let later = self.acknowledges_later(id);
            self.consumers[id.index()].acked += 1;
            match later {
                true => self.note(&Observation::Handled { outlet, consumer: id, worker, message: &message, began }, observer),
                false => {
                    self.books[outlet.index()].acked += 1;
                    self.note(&Observation::Acked { outlet, consumer: id, worker, message: &message, began }, observer);
                }
            }
            if self.consumers[id.index()].folds {
                follows &= self.handled(id, outlet, &message.event, observer);
            }
            if follows {
                self.all_follow(id, &message.event, desk, observer);
            }
            if later {
                self.keep_unacked(id, worker, message);
                return self.take_next_if_let(crew, slot, observer);
            }
            self.end(&message.event, outlet, End::Acked);
        }
        if told && !acks_first {
            self.settled.push((message, Settled::Acked));
        }
        self.take_next_if_let(crew, slot, observer);
    }

    /// An event that has been handled before, as the inbox knows, is acknowledged and nothing else.
    fn skip<O: Observer>(&mut self, id: ConsumerId, outlet: OutletId, worker: u32, message: &Message, began: Time, observer: &mut O) {
        let consumer = &mut self.consumers[id.index()];
        consumer.acked += 1;
        consumer.care.iter_mut().for_each(|care| care.counts.skipped += 1);
        self.books[outlet.index()].acked += 1;
        self.note(&Observation::Acked { outlet, consumer: id, worker, message, began }, observer);
        self.end(&message.event, outlet, End::Kept);
    }

    fn shed<O: Observer>(&mut self, id: ConsumerId, outlet: OutletId, message: &Message, observer: &mut O) {
        self.consumers[id.index()].care.iter_mut().for_each(|care| care.counts.shed += 1);
        self.throw_away(outlet, message, Reason::Shed, observer);
    }

    /// A copy in flight ends here.
    fn throw_away<O: Observer>(&mut self, outlet: OutletId, message: &Message, why: Reason, observer: &mut O) {
        self.books[outlet.index()].dropped += 1;
        self.note(&Observation::Ended { outlet, event: &message.event, waited: false, fate: BrokerFate::Dropped, why }, observer);
        self.end(&message.event, outlet, End::Gone);
    }

    /// A message finds no worker. True if so many wait already that it is dropped.
    #[inline(never)]
    pub(super) fn shed_at_the_door<O: Observer>(&mut self, crew: u32, message: &Message, observer: &mut O) -> bool {
        let station = &self.crews[crew as usize];
        let id = station.consumer;
        let Some(most) = self.consumers[id.index()].care.as_ref().and_then(|care| care.shed.queue) else { return false };
        if station.inbox.len() + station.lanes.as_ref().map_or(0, |lanes| lanes.len()) < most as usize {
            return false;
        }
        let Seat { outlet, told, .. } = *self.seats.get(message.event.seat);
        self.shed(id, outlet, message, observer);
        if told && !(self.consumers[id.index()].acks_first() && message.event.failures > 0) {
            self.settled.push((*message, Settled::Ended));
        }
        true
    }

    /// The attempt in a worker's hand is cut off. If its effect has taken place, handling the event again makes a duplicate.
    pub(super) fn cut_off<O: Observer>(&mut self, id: ConsumerId, worker: u32, outlet: OutletId, message: &mut Message, observer: &mut O) {
        let now = self.now;
        let Some(care) = &mut self.consumers[id.index()].care else { return };
        let Work { effect, outcome, .. } = care.work(worker);
        care.cool(worker);
        if effect <= now && !matches!(outcome, Outcome::Shed | Outcome::Skip) {
            care.take_effect(outlet, message.event.id);
            message.event.flags = message.event.flags.with(Flags::HANDLED);
            if self.consumers[id.index()].folds && self.handled(id, outlet, &message.event, observer) {
                // What it has stored stays stored; what should follow has not been sent.
                self.joins[id.index()].iter_mut().for_each(|joins| joins.leave_unanswered(&message.event));
            }
        }
    }

    /// Copies that a crew held and has acknowledged before the work are gone with it; the others are given back.
    pub(super) fn lose_begun<O: Observer>(&mut self, crew: u32, held: Vec<Message>, in_hand: bool, observer: &mut O) -> Vec<Message> {
        if !self.consumers[self.crews[crew as usize].consumer.index()].acks_first() {
            return held;
        }
        let (gone, kept): (Vec<Message>, Vec<Message>) = held.into_iter().partition(|message| in_hand || message.event.failures > 0);
        for message in gone {
            let outlet = self.seats.get(message.event.seat).outlet;
            self.throw_away(outlet, &message, Reason::AckedThenGone, observer);
        }
        kept
    }

    fn acknowledges_later(&self, id: ConsumerId) -> bool {
        self.consumers[id.index()].care.as_ref().is_some_and(|care| matches!(care.ack, Ack::Auto { .. }))
    }

    fn keep_unacked(&mut self, id: ConsumerId, worker: u32, message: Message) {
        let now = self.now;
        let Some(care) = &mut self.consumers[id.index()].care else { return };
        let Ack::Auto { every } = care.ack else { return };
        care.unacked.push((worker, message));
        if !std::mem::replace(&mut care.ticking, true) {
            let next = Time((now.0 / every.0 + 1).saturating_mul(every.0));
            self.errand(next, Errand::Acknowledge(id));
        }
    }

    /// Everything is acknowledged that a consumer has handled.
    pub(super) fn acknowledge<O: Observer>(&mut self, id: ConsumerId, observer: &mut O) {
        let Some(care) = &mut self.consumers[id.index()].care else { return };
        care.ticking = false;
        for (_, message) in std::mem::take(&mut care.unacked) {
            let Seat { outlet, told, .. } = *self.seats.get(message.event.seat);
            self.books[outlet.index()].acked += 1;
            self.note(&Observation::Acknowledged { outlet, event: &message.event }, observer);
            self.end(&message.event, outlet, End::Acked);
            if told {
                self.settled.push((message, Settled::Acked));
            }
        }
        // Those told first are told last otherwise.
        self.settled.reverse();
    }

    /// Takes from what a crew has handled and not acknowledged what is `wanted`, oldest first.
    pub(super) fn drop_unacked(&mut self, crew: u32, wanted: impl Fn(u32, &Message) -> bool) -> Vec<Message> {
        let station = &self.crews[crew as usize];
        let consumer = &mut self.consumers[station.consumer.index()];
        let first = station.first_worker - consumer.first_worker;
        let Some(care) = &mut consumer.care else { return Vec::new() };
        let seats = &self.seats;
        let own = |(worker, message): &(u32, Message)| seats.get(message.event.seat).crew == crew && wanted(worker - first, message);
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut care.unacked).into_iter().partition(own);
        care.unacked = kept;
        let handled = |(_, mut message): (u32, Message)| {
            message.event.flags = message.event.flags.with(Flags::HANDLED);
            message
        };
        gone.into_iter().map(handled).collect()
    }

    fn breaker_sees<O: Observer>(&mut self, id: ConsumerId, failed: bool, observer: &mut O) {
        let now = self.now;
        let Some(care) = &mut self.consumers[id.index()].care else { return };
        let Some(breaker) = &mut care.breaker else { return };
        if !breaker.attempt(failed, now) {
            return;
        }
        let (state, round, open) = (breaker.state, breaker.round, breaker.plan.open);
        self.note(&Observation::Breaker { consumer: id, state }, observer);
        if state == State::Open {
            self.consumers[id.index()].care.iter_mut().for_each(|care| care.counts.opened += 1);
            self.errand(now + open, Errand::Probe(id, round));
            self.crews_of(id).for_each(|crew| self.hold(crew));
        } else {
            for crew in self.crews_of(id) {
                for worker in self.crews[crew as usize].release() {
                    let slot = self.crews[crew as usize].first_worker + worker;
                    self.take_next(crew, slot, observer);
                }
            }
        }
    }

    /// Keeps the workers of a crew that rest from work.
    pub(super) fn hold(&mut self, crew: u32) {
        let station = &mut self.crews[crew as usize];
        while let Some(worker) = station.idle.take() {
            station.hold(worker);
        }
    }

    /// A breaker has been open for its time: one event is let through.
    pub(super) fn half_open<O: Observer>(&mut self, id: ConsumerId, round: u32, observer: &mut O) {
        let breaker = self.consumers[id.index()].care.as_mut().and_then(|care| care.breaker.as_mut());
        let Some(breaker) = breaker.filter(|breaker| breaker.round == round && breaker.state == State::Open) else { return };
        breaker.state = State::HalfOpen;
        self.note(&Observation::Breaker { consumer: id, state: State::HalfOpen }, observer);
        self.probe_anew(id, observer);
    }

    /// With a breaker half-open somebody must be there to try.
    pub(super) fn probe_anew<O: Observer>(&mut self, id: ConsumerId, observer: &mut O) {
        if self.consumers[id.index()].gate() != State::HalfOpen || self.tries(id) {
            return;
        }
        for crew in self.crews_of(id) {
            let station = &mut self.crews[crew as usize];
            if let Some(worker) = station.off_duty.as_mut().filter(|_| station.up).and_then(|off| off.held.pop()) {
                let slot = self.crews[crew as usize].first_worker + worker;
                return self.take_next(crew, slot, observer);
            }
        }
    }

    /// Whether any of a consumer's workers works, or would if something came.
    fn tries(&self, id: ConsumerId) -> bool {
        self.crews_of(id).map(|crew| &self.crews[crew as usize]).any(|station| {
            let slots = station.first_worker as usize..(station.first_worker + station.capacity) as usize;
            station.idle.len() > 0 || self.hands[slots].iter().any(|hand| hand.done != Hand::NEVER)
        })
    }

    /// A worker that is free takes the next message or rests, unless a breaker keeps it from work.
    pub(super) fn take_next_if_let<O: Observer>(&mut self, crew: u32, slot: u32, observer: &mut O) {
        let id = self.crews[crew as usize].consumer;
        let free = match self.consumers[id.index()].gate() {
            State::Closed => true,
            _ if self.crews[crew as usize].is_leaving() => true,
            State::HalfOpen => !self.tries(id),
            State::Open => false,
        };
        match free {
            true => self.take_next(crew, slot, observer),
            false => {
                let station = &mut self.crews[crew as usize];
                let worker = slot - station.first_worker;
                // One whose place was taken away while it worked is not there to be let go.
                if worker < station.capacity {
                    station.hold(worker);
                }
            }
        }
    }

    /// What a consumer did beyond handling; none if it does nothing of the kind.
    pub fn care(&self, id: ConsumerId) -> Option<CareCounts> {
        self.consumers[id.index()].care.as_ref().map(|care| care.counts)
    }

    /// What a consumer's breaker lets through; none without one.
    pub fn breaker(&self, id: ConsumerId) -> Option<State> {
        self.consumers[id.index()].care.as_ref().and_then(|care| care.breaker.as_ref()).map(|breaker| breaker.state)
    }
}
