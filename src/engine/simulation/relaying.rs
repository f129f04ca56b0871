//! Outboxes: rows are written with the work they belong to, and a relay publishes them.
//!
//! The ledger follows every row: it counts as a copy until it is marked, so that nothing is lost for certain while the relay will
//! publish it (again).

use super::Simulation;
use super::errands::Errand;
use crate::engine::broker::Desk;
use crate::engine::calls::Who;
use crate::engine::event::{Event, Flags};
use crate::engine::observe::Observer;
use crate::engine::relay::{OutboxCounts, Row};
use crate::ids::{ConsumerId, EmitterId, EventId, NodeId};
use crate::scenario::plan::Sending;
use crate::time::Span;

impl Simulation {
    /// Sends all relays on their first round.
    pub(super) fn start_relays(&mut self) {
        (0..self.relays.len() as u32).for_each(|relay| self.rest(relay));
    }

    /// A relay rests until it looks again.
    fn rest(&mut self, relay: u32) {
        let poll = self.plan.relays[relay as usize].poll;
        self.look_again(relay, poll);
    }

    fn look_again(&mut self, relay: u32, pause: Span) {
        let own = &mut self.relays[relay as usize];
        own.reset();
        let round = own.round;
        self.errand(self.now + pause, Errand::Poll(relay, round));
    }

    /// A new event is written to an outbox.
    pub(super) fn store_row<O: Observer>(&mut self, relay: u32, event: Event, cause: Option<&Event>, observer: &mut O) {
        let emitter = event.id.emitter();
        self.bear(emitter, &event, cause, observer);
        self.inbound.stored += 1;
        self.live += 1;
        let node = self.plan.relays[relay as usize].node;
        self.outbox_counts(node).written += 1;
        self.relays[relay as usize].rows.push_back(Row { emitter, event, sent: 0, done: None });
    }

    /// Whatever follows from a handled event is written to an outbox.
    pub(super) fn store_rows<O: Observer>(&mut self, relay: u32, consumer: ConsumerId, cause: &Event, observer: &mut O) {
        for i in 0..self.consumers[consumer.index()].then.len() {
            let emitter = self.consumers[consumer.index()].then[i];
            if self.follows(emitter, consumer, cause) {
                let event = self.emitters[emitter.index()].make(emitter, self.now, Some(cause));
                self.store_row(relay, event, Some(cause), observer);
            }
        }
    }

    /// A relay looks into its outbox.
    pub(super) fn poll<O: Observer>(&mut self, relay: u32, round: u64, observer: &mut O) {
        let own = &self.relays[relay as usize];
        if own.up && own.round == round {
            let way = self.plan.relays[relay as usize].call;
            self.call(way, Who::Relay { relay, round, marks: false }, None, observer);
        }
    }

    /// The store has answered a relay.
    pub(super) fn relay_answer<O: Observer>(&mut self, relay: u32, round: u64, marks: bool, ok: bool, desk: &mut Desk, observer: &mut O) {
        if self.relays[relay as usize].round != round {
            return;
        }
        let batch = self.plan.relays[relay as usize].batch as usize;
        match (ok, marks) {
            (true, false) if self.relays[relay as usize].take(batch) > 0 => self.publish_rows(relay, desk, observer),
            // There may be more where a whole batch came from.
            (true, true) if self.relays[relay as usize].rows.len() >= batch => self.look_again(relay, Span::ZERO),
            _ => self.rest(relay),
        }
    }

    fn publish_rows<O: Observer>(&mut self, relay: u32, desk: &mut Desk, observer: &mut O) {
        let round = self.relays[relay as usize].round;
        for i in 0..self.relays[relay as usize].taken {
            let row = &self.relays[relay as usize].rows[i];
            // After an orderly stop the publisher still waits for what was sent before: its word settles this row as well.
            if row.sent > 0 && self.publishers[row.emitter.index()].as_ref().is_some_and(|publisher| publisher.keeps(row.event.id)) {
                continue;
            }
            let row = &mut self.relays[relay as usize].rows[i];
            row.sent += 1;
            let again = row.sent > 1;
            let (id, mut event) = (row.emitter, row.event);
            if again {
                let node = self.plan.relays[relay as usize].node;
                self.outbox_counts(node).republished += 1;
                event.flags = event.flags.with(Flags::DUPLICATE);
            }
            self.ledger.enter(event.id, None);
            self.set_off(id, event, desk, observer);
            if self.publishers[id.index()].is_none() {
                self.relays[relay as usize].settle(event.id, true);
            }
        }
        if self.relays[relay as usize].round == round && self.relays[relay as usize].is_settled() {
            self.ask_to_mark(relay, observer);
        }
    }

    fn ask_to_mark<O: Observer>(&mut self, relay: u32, observer: &mut O) {
        let way = self.plan.relays[relay as usize].call;
        let round = self.relays[relay as usize].round;
        self.call(way, Who::Relay { relay, round, marks: true }, None, observer);
    }

    /// Rows that were published are marked: they are gone from the outbox.
    pub(super) fn mark_rows(&mut self, relay: u32) {
        let node = self.plan.relays[relay as usize].node;
        for event in self.relays[relay as usize].mark() {
            self.outbox_counts(node).published += 1;
            self.inbound.stored -= 1;
            self.live -= 1;
            let verdict = self.ledger.arrived(event.id, true);
            self.conclude(event.id, verdict);
        }
    }

    /// Word of an event's confirmation (or of its having been given up) for the relay that published it, if one did.
    pub(super) fn row_settled<O: Observer>(&mut self, id: EmitterId, event: EventId, done: bool, observer: &mut O) {
        if let Sending::Outbox(relay) = self.plan.emitters[id.index()].sending
            && self.relays[relay as usize].settle(event, done)
        {
            self.ask_to_mark(relay, observer);
        }
    }

    /// Whether an emitter's events are kept in an outbox.
    pub(super) fn has_outbox(&self, id: EmitterId) -> bool {
        matches!(self.plan.emitters[id.index()].sending, Sending::Outbox(_))
    }

    pub(super) fn relay_fell(&mut self, node: NodeId) {
        for (relay, _) in self.relays.iter_mut().zip(&self.plan.relays).filter(|(_, plan)| plan.node == node) {
            relay.reset();
            relay.up = false;
        }
    }

    pub(super) fn relay_rose(&mut self, node: NodeId) {
        for i in 0..self.relays.len() {
            if self.plan.relays[i].node == node && !std::mem::replace(&mut self.relays[i].up, true) {
                self.rest(i as u32);
            }
        }
    }

    /// Where a node's writes and publications are counted.
    pub(super) fn outbox_counts(&mut self, node: NodeId) -> &mut OutboxCounts {
        self.outboxes.entry(node).or_default()
    }

    /// What came of storing and publishing at a node; none if it does not do both.
    pub fn outbox(&self, node: NodeId) -> Option<OutboxCounts> {
        let counts = *self.outboxes.get(&node)?;
        let rows = self.plan.relays.iter().zip(&self.relays).filter(|(plan, _)| plan.node == node);
        Some(OutboxCounts { waiting: rows.map(|(_, relay)| relay.rows.len() as u64).sum(), ..counts })
    }
}
