//! Handling: workers begin, succeed or fail, and every copy meets its fate.

use super::Simulation;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Failed, Rules, Settled};
use crate::engine::care::State;
use crate::engine::consumer::Hand;
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::ledger::{End, Verdict};
use crate::engine::observe::{AfterFailure, Observation, Observer};
use crate::engine::seats::Seat;
use crate::ids::{ChannelId, ConsumerId, EventId, LinkId, OutletId};
use crate::scenario::plan::Occasion;
use crate::time::{Span, Time};

/// What is done about a message whose handling has failed.
#[derive(Clone, Copy, Debug)]
enum Remedy {
    /// The same worker tries again at once.
    AtOnce,
    /// Another attempt is made after this time.
    Retry(Span),
    /// It is dropped, as if it had been handled.
    Drop,
    /// It is sent to a dead-letter channel.
    DeadLetter(ChannelId, LinkId),
    /// Its broker has it again, and has decided.
    Return,
    /// Nothing: it ends here.
    GiveUp,
}

impl Remedy {
    /// What observers are told of it.
    fn told(self, now: Time) -> AfterFailure {
        match self {
            Remedy::AtOnce => AfterFailure::Retry(now),
            Remedy::Retry(span) => AfterFailure::Retry(now + span),
            Remedy::Drop => AfterFailure::Drop,
            Remedy::DeadLetter(..) => AfterFailure::DeadLetter,
            Remedy::Return => AfterFailure::Returned,
            Remedy::GiveUp => AfterFailure::Final,
        }
    }
}

impl Simulation {
    #[inline(always)]
    pub(super) fn arrive_at_consumer<O: Observer>(&mut self, message: &Message, observer: &mut O) {
        if message.event.flags.has(Flags::STALE) {
            return;
        }
        self.reach(*self.seats.get(message.event.seat), message, observer);
    }

    /// A message reaches the workers behind its seat.
    #[inline(always)]
    pub(super) fn reach<O: Observer>(&mut self, seat: Seat, message: &Message, observer: &mut O) {
        let Seat { consumer, outlet, crew, .. } = seat;
        let station = &mut self.crews[crew as usize];
        if !station.usual && self.reach_unusual(seat, &message.apart(), observer) {
            return;
        }
        let station = &mut self.crews[crew as usize];
        match station.idle.take() {
            Some(worker) => {
                let slot = station.first_worker + worker;
                self.begin(consumer, slot, outlet, message, false, observer);
            }
            None => {
                station.inbox.push(*message);
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &message.event }, observer);
            }
        }
    }

    /// The same where something is unusual with the crew. True if that is all.
    #[inline(never)]
    fn reach_unusual<O: Observer>(&mut self, seat: Seat, message: &Message, observer: &mut O) -> bool {
        let Seat { outlet, crew, .. } = seat;
        let station = &self.crews[crew as usize];
        if station.lanes.is_some() {
            self.arrive_in_lane(crew, outlet, message, observer);
            return true;
        }
        station.idle.len() == 0 && self.shed_at_the_door(crew, message, observer)
    }

    /// A worker begins to handle a message.
    #[inline(always)]
    pub(super) fn begin<O: Observer>(
        &mut self,
        id: ConsumerId,
        slot: u32,
        outlet: OutletId,
        message: &Message,
        waited: bool,
        observer: &mut O,
    ) {
        let consumer = &mut self.consumers[id.index()];
        let mut service = consumer.service();
        let worker = slot - consumer.first_worker;
        consumer.deliveries += 1;
        if message.event.failures > 0 || message.event.flags.has(Flags::REDELIVERED) {
            consumer.rare.counts.redeliveries += 1;
        }
        if consumer.special {
            service = self.prepare(id, worker, outlet, &message.apart(), service);
        }
        let done = self.now + service;
        self.hands[slot as usize] = Hand { message: *message, began: self.now, done };
        self.agenda.schedule(done, Due::Done, slot);
        self.note(&Observation::Delivered { outlet, consumer: id, worker, message, waited, service }, observer);
    }

    /// A worker is done.
    #[inline(always)]
    pub(super) fn finish<O: Observer>(&mut self, slot: u32, desk: &mut Desk, observer: &mut O) {
        let hand = &mut self.hands[slot as usize];
        if hand.done != self.now {
            return;
        }
        hand.done = Hand::NEVER;
        let Hand { message, began, .. } = *hand;
        let seat = *self.seats.get(message.event.seat);
        let consumer = &self.consumers[seat.consumer.index()];
        if consumer.special || consumer.calls {
            return self.finish_otherwise(slot, consumer.special, desk, observer);
        }
        self.succeed_at(slot, seat, &message, began, true, desk, observer);
    }

    #[inline(never)]
    fn finish_otherwise<O: Observer>(&mut self, slot: u32, special: bool, desk: &mut Desk, observer: &mut O) {
        match special {
            true => self.finish_with_care(slot, desk, observer),
            false => self.worker_goes_on(slot, 0, desk, observer),
        }
    }

    /// A worker has handled its message well. `follows`: what follows has not been seen to yet.
    #[inline(never)]
    pub(super) fn succeed<O: Observer>(&mut self, slot: u32, follows: bool, desk: &mut Desk, observer: &mut O) {
        let Hand { message, began, .. } = self.hands[slot as usize];
        self.succeed_at(slot, *self.seats.get(message.event.seat), &message, began, follows, desk, observer);
    }

    #[inline(always)]
    fn succeed_at<O: Observer>(
        &mut self,
        slot: u32,
        seat: Seat,
        message: &Message,
        began: Time,
        mut follows: bool,
        desk: &mut Desk,
        observer: &mut O,
    ) {
        let Seat { consumer: id, outlet, told, crew, .. } = seat;
        let consumer = &mut self.consumers[id.index()];
        let worker = slot - consumer.first_worker;
        let (folds, emits) = (consumer.folds, consumer.emits);
        consumer.acked += 1;
        self.books[outlet.index()].acked += 1;
        self.note(&Observation::Acked { outlet, consumer: id, worker, message, began }, observer);
        if folds {
            follows &= self.handled(id, outlet, &message.event.apart(), observer);
        }
        if follows && emits {
            self.all_follow(id, &message.event.apart(), desk, observer);
        }
        self.end(&message.event, outlet, End::Acked);
        if told {
            self.settled.push((*message, Settled::Acked));
        }
        self.take_next(crew, slot, observer);
    }

    /// A worker has failed at its message.
    #[inline(never)]
    pub(super) fn fail_work<O: Observer>(&mut self, slot: u32, why: Reason, desk: &mut Desk, observer: &mut O) {
        let Hand { message, began, .. } = self.hands[slot as usize];
        let Seat { told, crew, .. } = *self.seats.get(message.event.seat);
        if let Some(how) = self.fail(slot, message, began, why, desk, observer) {
            if told {
                self.settled.push((message, how));
            }
            self.take_next(crew, slot, observer);
        }
    }

    /// Handling has failed. What that means to the broker; `None` if the same worker tries again at once.
    #[inline(never)]
    pub(super) fn fail<O: Observer>(
        &mut self,
        slot: u32,
        mut message: Message,
        began: Time,
        why: Reason,
        desk: &mut Desk,
        observer: &mut O,
    ) -> Option<Settled> {
        let Seat { consumer: id, outlet, .. } = *self.seats.get(message.event.seat);
        let worker = slot - self.consumers[id.index()].first_worker;
        message.event.failures = message.event.failures.saturating_add(1);
        let (remedy, why) = self.decide_failure(id, outlet, &message, why, desk);
        let next = remedy.told(self.now);
        let counts = &mut self.consumers[id.index()].rare.counts;
        match next {
            AfterFailure::Retry(_) => counts.retries += 1,
            AfterFailure::DeadLetter => counts.dead_lettered += 1,
            AfterFailure::Final => counts.failed += 1,
            AfterFailure::Returned => counts.returned += 1,
            AfterFailure::Drop => counts.dropped += 1,
        }
        self.note(&Observation::Failed { outlet, consumer: id, worker, message: &message, began, next, why }, observer);
        if matches!(next, AfterFailure::DeadLetter | AfterFailure::Drop | AfterFailure::Final)
            && !self.consumers[id.index()].then.is_empty()
        {
            self.all_follow_on(id, &message.event, Occasion::Failed, desk, observer);
        }
        match remedy {
            Remedy::AtOnce => {
                message.routed = self.now;
                self.begin(id, slot, outlet, &message, false, observer);
                None
            }
            Remedy::Retry(span) => {
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &message.event }, observer);
                let place = self.backoffs.put(message);
                self.agenda.schedule(self.now + span, Due::Retry, place);
                Some(Settled::Parked)
            }
            Remedy::Drop => {
                self.books[outlet.index()].dropped += 1;
                self.end(&message.event, outlet, End::Gone);
                Some(Settled::Ended)
            }
            Remedy::DeadLetter(channel, link) => {
                self.books[outlet.index()].dead_lettered += 1;
                self.end(&message.event, outlet, End::Kept);
                // What becomes of the dead letter is a story of its own: the ledger no longer follows it.
                // And nobody has handled it yet where it goes, whatever happened to the event where it comes from.
                let old = Flags::TRACKED.with(Flags::HANDLED).with(Flags::REDELIVERED).with(Flags::REPLAYED);
                let flags = message.event.flags.without(old).with(Flags::DEAD_LETTER);
                self.send_to_broker(link, channel, Event { flags, failures: 0, ..message.event }, desk, observer);
                Some(Settled::Ended)
            }
            Remedy::Return => {
                let broker = self.plan.outlets[outlet.index()].broker;
                self.decide(broker, desk, observer);
                Some(Settled::Failed)
            }
            Remedy::GiveUp => {
                self.books[outlet.index()].failed += 1;
                self.end(&message.event, outlet, End::Gone);
                Some(Settled::Failed)
            }
        }
    }

    /// What is to be done about a message whose handling has failed, and why it failed in the end.
    fn decide_failure(
        &mut self,
        id: ConsumerId,
        outlet: OutletId,
        message: &Message,
        mut why: Reason,
        desk: &mut Desk,
    ) -> (Remedy, Reason) {
        let consumer = &mut self.consumers[id.index()];
        let mut backoff = consumer.backoff(message.event.failures);
        if backoff.is_some() && consumer.care.as_mut().is_some_and(|care| !care.token()) {
            (backoff, why) = (None, Reason::NoToken);
        }
        let drops = consumer.care.as_ref().is_some_and(|care| care.drops);
        let remedy = match (backoff, consumer.rare.dead_letter) {
            (Some(Span::ZERO), _) if consumer.gate() == State::Closed => Remedy::AtOnce,
            (Some(span), _) => Remedy::Retry(span),
            (None, _) if drops => Remedy::Drop,
            (None, Some((channel, link))) => Remedy::DeadLetter(channel, link),
            // Its broker has forgotten it long ago.
            (None, None) if consumer.acks_first() => Remedy::GiveUp,
            (None, None) => {
                let broker = self.plan.outlets[outlet.index()].broker;
                desk.now = self.now;
                match self.brokers[broker.index()].failed(message.event.seat, message, desk) {
                    Failed::Final => Remedy::GiveUp,
                    Failed::Decided => Remedy::Return,
                }
            }
        };
        (remedy, why)
    }

    /// A worker that is free takes the next message or rests.
    #[inline(always)]
    pub(super) fn take_next<O: Observer>(&mut self, crew: u32, slot: u32, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        let worker = slot - station.first_worker;
        if !station.usual && self.take_nothing(crew, worker, observer) {
            return;
        }
        let station = &mut self.crews[crew as usize];
        match station.inbox.pop() {
            Some(message) => {
                let Seat { outlet, consumer, .. } = *self.seats.get(message.event.seat);
                self.books[outlet.index()].waiting -= 1;
                self.begin(consumer, slot, outlet, &message, true, observer);
            }
            None => station.idle.give(worker),
        }
    }

    /// A worker is free where something is unusual with its crew. True if it does not just take the next message or rest.
    #[inline(never)]
    fn take_nothing<O: Observer>(&mut self, crew: u32, worker: u32, observer: &mut O) -> bool {
        let station = &self.crews[crew as usize];
        if worker >= station.capacity {
            // Its place was taken away while it worked.
            self.wake_ready(crew, observer);
        } else if station.is_leaving() {
            self.rest_for_good(crew, worker);
        } else if station.lanes.is_some() {
            self.take_next_in_lane(crew, worker, observer);
        } else {
            return false;
        }
        true
    }

    /// A backoff is over.
    pub(super) fn resume<O: Observer>(&mut self, mut message: Message, observer: &mut O) {
        let Seat { outlet, told, .. } = *self.seats.get(message.event.seat);
        self.books[outlet.index()].waiting -= 1;
        self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
        let acks_first = |seat: &Seat| self.consumers[seat.consumer.index()].acks_first();
        if told && !acks_first(self.seats.get(message.event.seat)) {
            let broker = self.plan.outlets[outlet.index()].broker;
            self.brokers[broker.index()].resumed(message.event.seat);
        }
        message.routed = self.now;
        let crew = self.seats.get(message.event.seat).crew;
        match self.crews[crew as usize].lanes.is_some() {
            true => self.go_on_in_lane(crew, outlet, &message, observer),
            false => self.arrive_at_consumer(&message, observer),
        }
    }

    /// A copy has met its fate.
    #[inline(always)]
    pub(super) fn end(&mut self, event: &Event, outlet: OutletId, how: End) {
        self.live -= 1;
        if event.flags.any(Flags::TRACKED.with(Flags::HANDLED).with(Flags::REPLAYED)) {
            self.end_special(&event.apart(), outlet, how);
        } else if how == End::Gone {
            self.lost += 1;
        }
    }

    #[inline(never)]
    pub(super) fn end_special(&mut self, event: &Event, outlet: OutletId, how: End) {
        let handled = event.flags.has(Flags::HANDLED);
        let mut verdict = Verdict::default();
        if event.flags.has(Flags::TRACKED) {
            // Losing a copy of what was handled before loses nothing.
            let how = if handled && how == End::Gone { End::Kept } else { how };
            verdict = self.ledger.end(event.id, Some(outlet), how);
        }
        if handled && how == End::Acked {
            verdict.duplicates = 1;
        }
        self.conclude(event.id, verdict);
    }

    pub(super) fn conclude(&mut self, event: EventId, verdict: Verdict) {
        self.lost += verdict.lost;
        self.duplicates += verdict.duplicates;
        if verdict.finished
            && let Some(pause) = self.emitters[event.emitter().index()].think()
        {
            let at = self.now + pause;
            self.agenda.schedule(at, Due::Arrival, event.emitter().0);
        }
    }
}
