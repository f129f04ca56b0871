//! Publishing with confirmations: events are kept, sent again, given up.
//!
//! The ledger follows every such event: besides its copies on their way, the publisher's own counts as one, so that nothing is
//! lost for certain while somebody will send it again.

use super::Simulation;
use super::errands::Errand;
use crate::engine::broker::Desk;
use crate::engine::event::{Event, Flags};
use crate::engine::fate::Reason;
use crate::engine::observe::{Observation, Observer};
use crate::engine::publisher::{Confirms, Overdue};
use crate::ids::{EmitterId, EventId, NodeId};

impl Simulation {
    /// A publisher that waits for confirmations has a new event, which the ledger knows already.
    #[inline(never)]
    pub(super) fn publish_confirmed<O: Observer>(&mut self, id: EmitterId, event: Event, desk: &mut Desk, observer: &mut O) {
        self.inbound.kept += 1;
        self.live += 1;
        if self.publishers[id.index()].as_mut().is_some_and(|publisher| publisher.take(&event)) {
            self.send_kept(id, event, desk, observer);
        }
    }

    fn send_kept<O: Observer>(&mut self, id: EmitterId, event: Event, desk: &mut Desk, observer: &mut O) {
        let Some(publisher) = &mut self.publishers[id.index()] else { return };
        if let Some(deadline) = publisher.sent(&event, self.now) {
            self.errand(deadline, Errand::Deadline(id));
        }
        self.ledger.enter(event.id, None);
        let emitter = &self.emitters[id.index()];
        let (channel, link) = (emitter.channel, emitter.link);
        self.send_to_broker(link, channel, event, desk, observer);
    }

    /// A broker confirms an event or refuses it: word of that sets out for the publisher, and may be lost on the way.
    pub(super) fn confirm(&mut self, event: &Event, taken: bool) {
        let id = event.id.emitter();
        if self.publishers[id.index()].is_none() {
            return;
        }
        let back = self.plan.links[self.emitters[id.index()].link.index()].back;
        let link = &mut self.links[back.index()];
        if link.loses().is_none() {
            let at = link.arrival(self.now, 0);
            self.errand(at, Errand::Confirmed { event: event.id, taken });
        }
    }

    /// A broker returns an event that nobody is to get: it sets out for its publisher, and may be lost on the way.
    pub(super) fn send_back(&mut self, event: &Event) {
        let id = event.id.emitter();
        let back = self.plan.links[self.emitters[id.index()].link.index()].back;
        let bytes = self.plan.types[usize::from(event.kind.0)].size.0;
        let link = &mut self.links[back.index()];
        if link.loses().is_none() {
            let at = link.arrival(self.now, bytes);
            self.errand(at, Errand::Returned(event.id));
        }
    }

    /// An event is back at its publisher.
    pub(super) fn returned<O: Observer>(&mut self, event: EventId, observer: &mut O) {
        let emitter = event.emitter();
        self.emitters[emitter.index()].returned += 1;
        self.note(&Observation::Returned { emitter, event }, observer);
    }

    /// Events that came back to a node; none if it does not ask for that.
    pub fn returns(&self, node: NodeId) -> Option<u64> {
        let own = self.plan.nodes[node.index()].emitters.iter();
        let asks = own.filter(|id| self.plan.emitters[id.index()].properties.mandatory);
        asks.map(|id| self.emitters[id.index()].returned).reduce(|a, b| a + b)
    }

    /// Word of an event has reached its publisher. What was refused is tried again when its time is over.
    pub(super) fn confirmed<O: Observer>(&mut self, event: EventId, taken: bool, desk: &mut Desk, observer: &mut O) {
        let id = event.emitter();
        let Some(publisher) = self.publishers[id.index()].as_mut().filter(|_| taken) else { return };
        if let Some(event) = publisher.confirm(event) {
            self.note(&Observation::Confirmed { emitter: id, event: &event }, observer);
            self.let_go(&event, false);
            self.row_settled(id, event.id, true, observer);
            self.send_waiting(id, desk, observer);
        }
    }

    fn send_waiting<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        while let Some(event) = self.publishers[id.index()].as_mut().and_then(|publisher| publisher.next_to_send()) {
            self.send_kept(id, event, desk, observer);
        }
    }

    /// A deadline has come: what was not confirmed in time is sent again, or given up.
    pub(super) fn deadline<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        while let Some(overdue) = self.publishers[id.index()].as_mut().and_then(|publisher| publisher.overdue(now)) {
            match overdue {
                Overdue::Again(event) => {
                    let event = Event { flags: event.flags.with(Flags::DUPLICATE), ..event };
                    self.send_kept(id, event, desk, observer);
                }
                Overdue::GiveUp(event) => {
                    self.give_up_kept(id, &event, Reason::NotConfirmed, observer);
                    self.row_settled(id, event.id, false, observer);
                }
            }
        }
        self.send_waiting(id, desk, observer);
        if let Some(next) = self.publishers[id.index()].as_mut().and_then(|publisher| publisher.rearm()) {
            self.errand(next, Errand::Deadline(id));
        }
    }

    /// A publisher has crashed: what it kept is gone with its memory.
    pub(super) fn forget_kept<O: Observer>(&mut self, node: NodeId, observer: &mut O) {
        for i in 0..self.publishers.len() {
            let id = EmitterId::at(i);
            if self.plan.emitters[i].node != node {
                continue;
            }
            for event in self.publishers[i].as_mut().map(|publisher| publisher.forget()).unwrap_or_default() {
                self.give_up_kept(id, &event, Reason::PublisherCrashed, observer);
            }
        }
    }

    /// An event is given up, unless an outbox has it still.
    fn give_up_kept<O: Observer>(&mut self, id: EmitterId, event: &Event, why: Reason, observer: &mut O) {
        if !self.has_outbox(id) {
            let channel = self.emitters[id.index()].channel;
            self.note(&Observation::GivenUp { channel, event, why }, observer);
        }
        self.let_go(event, true);
    }

    /// A publisher no longer keeps an event. `gone`: it has not been confirmed.
    fn let_go(&mut self, event: &Event, gone: bool) {
        self.inbound.kept -= 1;
        self.live -= 1;
        let verdict = self.ledger.arrived(event.id, gone);
        self.conclude(event.id, verdict);
    }

    /// What came of the confirmed publishing of a node; none if it does not wait for confirmations.
    pub fn confirms(&self, node: NodeId) -> Option<Confirms> {
        let own = self.plan.nodes[node.index()].emitters.iter();
        own.filter_map(|id| self.publishers[id.index()].as_ref().map(|publisher| publisher.counts)).reduce(Confirms::and)
    }
}
