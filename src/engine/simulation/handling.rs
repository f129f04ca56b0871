//! Handling: workers begin, succeed or fail, and every copy meets its fate.

use super::{Reading, Simulation};
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules};
use crate::engine::consumer::Hand;
use crate::engine::event::{Event, Flags, Message};
use crate::engine::ledger::{End, Verdict};
use crate::engine::observe::{AfterFailure, Observation, Observer};
use crate::ids::{ConsumerId, EmitterId, EventId, OutletId};
use crate::time::{Span, Time};

impl Simulation {
    #[inline(always)]
    pub(super) fn arrive_at_consumer<O: Observer>(&mut self, message: &Message, observer: &mut O) {
        let Reading { consumer: id, outlet, .. } = self.reads[message.event.read.index()];
        let consumer = &mut self.consumers[id.index()];
        match consumer.idle.take() {
            Some(worker) => self.begin(id, worker, outlet, message, false, observer),
            None => {
                consumer.inbox.push(*message);
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &message.event }, observer);
            }
        }
    }

    /// A worker begins to handle a message.
    #[inline(always)]
    pub(super) fn begin<O: Observer>(
        &mut self,
        id: ConsumerId,
        worker: u32,
        outlet: OutletId,
        message: &Message,
        waited: bool,
        observer: &mut O,
    ) {
        let consumer = &mut self.consumers[id.index()];
        let service = consumer.service();
        let slot = consumer.first_worker + worker;
        consumer.counts.deliveries += 1;
        consumer.counts.redeliveries += u64::from(message.event.failures > 0);
        self.hands[slot as usize] = Hand { consumer: id, message: *message, began: self.now };
        self.agenda.schedule(self.now + service, Due::Done, slot);
        self.note(&Observation::Delivered { outlet, consumer: id, worker, message, waited, service }, observer);
    }

    /// A worker is done.
    #[inline(always)]
    pub(super) fn finish<O: Observer>(&mut self, slot: u32, desk: &mut Desk, observer: &mut O) {
        let Hand { consumer: id, message, began } = self.hands[slot as usize];
        let Reading { outlet, shared, .. } = self.reads[message.event.read.index()];
        let consumer = &mut self.consumers[id.index()];
        let worker = slot - consumer.first_worker;
        if consumer.fails() {
            if self.fail(id, worker, outlet, message, began, desk, observer) {
                return;
            }
        } else {
            consumer.counts.acked += 1;
            self.books[outlet.index()].acked += 1;
            self.note(&Observation::Acked { outlet, consumer: id, worker, message: &message, began }, observer);
            for i in 0..self.consumers[id.index()].then.len() {
                let emitter = self.consumers[id.index()].then[i];
                self.follow(emitter, message.event, desk, observer);
            }
            self.end(&message.event, outlet, End::Acked);
        }
        if shared {
            self.settled.push(message.event.read);
        }
        self.take_next(id, worker, observer);
    }

    /// Handling has failed. True if the same worker tries again at once.
    #[inline(never)]
    pub(super) fn fail<O: Observer>(
        &mut self,
        id: ConsumerId,
        worker: u32,
        outlet: OutletId,
        mut message: Message,
        began: Time,
        desk: &mut Desk,
        observer: &mut O,
    ) -> bool {
        message.event.failures = message.event.failures.saturating_add(1);
        let consumer = &mut self.consumers[id.index()];
        let backoff = consumer.backoff(message.event.failures);
        let dead_letter = consumer.dead_letter;
        let next = match (backoff, dead_letter) {
            (Some(span), _) => AfterFailure::Retry(self.now + span),
            (None, Some(_)) => AfterFailure::DeadLetter,
            (None, None) => AfterFailure::Final,
        };
        match next {
            AfterFailure::Retry(_) => consumer.counts.retries += 1,
            AfterFailure::DeadLetter => consumer.counts.dead_lettered += 1,
            AfterFailure::Final => consumer.counts.failed += 1,
        }
        self.note(&Observation::Failed { outlet, consumer: id, worker, message: &message, began, next }, observer);
        match (backoff, dead_letter) {
            (Some(Span::ZERO), _) => {
                message.routed = self.now;
                self.begin(id, worker, outlet, &message, false, observer);
                return true;
            }
            (Some(span), _) => {
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &message.event }, observer);
                let place = self.backoffs.put(message);
                self.agenda.schedule(self.now + span, Due::Retry, place);
            }
            (None, Some((channel, link))) => {
                self.books[outlet.index()].dead_lettered += 1;
                self.end(&message.event, outlet, End::Kept);
                // What becomes of the dead letter is a story of its own: the ledger no longer follows it.
                let flags = message.event.flags.without(Flags::TRACKED).with(Flags::DEAD_LETTER);
                self.send_to_broker(link, channel, Event { flags, failures: 0, ..message.event }, desk, observer);
            }
            (None, None) => {
                self.books[outlet.index()].failed += 1;
                self.end(&message.event, outlet, End::Gone);
            }
        }
        false
    }

    /// A worker that is free takes the next message or rests.
    #[inline(always)]
    pub(super) fn take_next<O: Observer>(&mut self, id: ConsumerId, worker: u32, observer: &mut O) {
        let consumer = &mut self.consumers[id.index()];
        match consumer.inbox.pop() {
            Some(message) => {
                let outlet = self.reads[message.event.read.index()].outlet;
                self.books[outlet.index()].waiting -= 1;
                self.begin(id, worker, outlet, &message, true, observer);
            }
            None => consumer.idle.give(worker),
        }
    }

    /// A backoff is over.
    pub(super) fn resume<O: Observer>(&mut self, mut message: Message, observer: &mut O) {
        let Reading { outlet, shared, .. } = self.reads[message.event.read.index()];
        self.books[outlet.index()].waiting -= 1;
        self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
        if shared {
            let broker = self.plan.outlets[outlet.index()].broker;
            self.brokers[broker.index()].resumed(message.event.read);
        }
        message.routed = self.now;
        self.arrive_at_consumer(&message, observer);
    }

    /// What follows from a handled event, if chance will have it.
    #[inline(never)]
    pub(super) fn follow<O: Observer>(&mut self, id: EmitterId, cause: Event, desk: &mut Desk, observer: &mut O) {
        if self.emitters[id.index()].follows(cause.kind) {
            self.publish(id, Some(&cause), desk, observer);
        }
    }

    /// A copy has met its fate.
    #[inline(always)]
    pub(super) fn end(&mut self, event: &Event, outlet: OutletId, how: End) {
        self.live -= 1;
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.end(event.id, Some(outlet), how);
            self.conclude(event.id, verdict);
        } else if how == End::Gone {
            self.lost += 1;
        }
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
