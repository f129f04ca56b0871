//! Queues that come and go in a run: they expire for want of consumers, delete themselves with the last one, or belong to one
//! connection. Consumers declare their queue and its bindings when they come, as clients do.

use super::exchange::{QueueId, Target};
use super::rules::RabbitMq;
use super::setup::{arguments, settings};
use super::view::Counts;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Note, Place};
use crate::engine::fate::Reason;
use crate::scenario::broker::rabbitmq::Leads;

/// What was before a queue was deleted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Life {
    /// Times it was deleted.
    pub deleted: u32,
    /// What it did until then.
    pub counts: Counts,
}

impl RabbitMq {
    /// Ends what was in queues that are gone: nothing of it is dead-lettered. Nothing leads to them any more.
    pub(super) fn bury(&mut self, desk: &mut Desk) {
        if self.host.out.deleted.is_empty() {
            return;
        }
        for queue in std::mem::take(&mut self.host.out.deleted) {
            let outlet = self.outlet(queue.id);
            let letters = queue.ready_letters().chain(queue.held_letters()).map(|letter| &letter.payload);
            for message in letters.chain(queue.discards().iter()) {
                desk.end(outlet, &message.event, Place::Waiting, BrokerFate::Dropped, Reason::QueueDeleted);
            }
            let life = &mut self.lives[queue.id.0 as usize];
            life.deleted += 1;
            life.counts.add(&queue.counts);
            desk.note(Note::QueueDeclared { outlet, there: false });
        }
        self.host.out.cancelled.clear();
        self.forget_ways();
    }

    /// A consumer comes: if its queue is gone it declares it, and binds it as the file says.
    pub(super) fn declare(&mut self, id: QueueId, desk: &mut Desk) {
        if self.host.queue(id).is_some() {
            return;
        }
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(parts) = RabbitMq::declared(&plan, self.id) else { return };
        let at = id.0 as usize;
        let Some(queue) = parts.queues.get(at) else { return };
        let settings = settings(queue, &mut self.host);
        self.host.declare_again(id, &queue.name, settings);
        for binding in parts.bindings.iter().filter(|binding| parts.leads(binding) == Some(Leads::Queue(at))) {
            if let Some(source) = self.host.find_exchange(&binding.from) {
                self.host.bind(source, Target::Queue(id), &binding.key, arguments(binding));
            }
        }
        self.host.hold(id, self.is_still(id));
        self.forget_ways();
        desk.note(Note::QueueDeclared { outlet: self.outlet(id), there: true });
    }

    /// An instance is gone: a queue that was its own goes with it.
    pub(super) fn owner_left(&mut self, id: QueueId) {
        let exclusive =
            RabbitMq::declared(&self.plan, self.id).and_then(|parts| parts.queues.get(id.0 as usize)).is_some_and(|queue| queue.exclusive);
        if exclusive {
            self.host.delete_queue(id);
        }
    }

    /// Leases begin anew, at the start and when the broker is back.
    pub(super) fn renew_leases(&mut self, desk: &mut Desk) {
        self.host.at(desk.now().0);
        for number in 0..self.lives.len() {
            let id = QueueId(number as u32);
            if self.host.queue(id).is_some_and(|queue| queue.settings.expires.is_some()) {
                self.host.renew(id);
                self.after(id, desk);
            }
        }
    }
}
