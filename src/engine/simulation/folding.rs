//! Projections and chains: what a handled event changes, what it completes, whom it answers, what follows.

use super::Simulation;
use super::errands::Errand;
use crate::engine::broker::Desk;
use crate::engine::chains::{JoinCounts, Joined, ReplyCounts};
use crate::engine::event::Event;
use crate::engine::observe::{Observation, Observer};
use crate::engine::projection::StateFigures;
use crate::ids::{ChannelId, ConsumerId, EmitterId, EventId, NodeId, OutletId};
use crate::random::mix;
use crate::scenario::plan::Occasion;

impl Simulation {
    /// A new event is there: those whose states it is meant for expect it, and whoever asked waits for the reply.
    pub(super) fn watch<O: Observer>(&mut self, id: EmitterId, event: &Event, observer: &mut O) {
        if !self.plan.emitters[id.index()].in_transactions {
            self.count(self.emitters[id.index()].channel, event, observer);
        }
        if let Some(requests) = &mut self.requests[id.index()] {
            requests.ask(event);
            let at = self.now + requests.within;
            self.errand(at, Errand::ReplyTimeout(event.id));
        }
    }

    /// An event counts, in states that are folded from its channel as well: it is published, or its transaction is committed.
    pub(super) fn count<O: Observer>(&mut self, channel: ChannelId, event: &Event, observer: &mut O) {
        for i in 0..self.plan.channels[channel.index()].folded_by.len() {
            let consumer = self.plan.channels[channel.index()].folded_by[i];
            self.expect(consumer, event, observer);
        }
    }

    fn expect<O: Observer>(&mut self, id: ConsumerId, event: &Event, observer: &mut O) {
        let (plan, seed) = (std::sync::Arc::clone(&self.plan), self.seed);
        if let Some(state) = &mut self.states[id.index()]
            && state.expect(&plan, seed, event)
        {
            let sums = state.sums();
            self.note(&Observation::Expected { consumer: id, event, sums }, observer);
        }
    }

    /// A copy is owed to an outlet that its broker declares: only now is it known whose states it is meant for.
    #[inline(never)]
    pub(super) fn watch_routed<O: Observer>(&mut self, outlet: OutletId, event: &Event, observer: &mut O) {
        let plan = std::sync::Arc::clone(&self.plan);
        for read in &plan.outlets[outlet.index()].readers {
            self.expect(plan.reads[read.index()].consumer, event, observer);
        }
    }

    /// An event has been handled well: its consumer's state changes, and requests are answered. Whether what follows may follow now:
    /// where parts are joined, only on the last of them.
    #[inline(never)]
    pub(super) fn handled<O: Observer>(&mut self, id: ConsumerId, outlet: OutletId, event: &Event, observer: &mut O) -> bool {
        let (plan, seed) = (std::sync::Arc::clone(&self.plan), self.seed);
        // What is read before its transaction is committed may never count.
        let emitter = &plan.emitters[event.id.emitter().index()];
        let undecided = emitter.in_transactions && plan.outlets[outlet.index()].channels.contains(&emitter.channel);
        if let Some(state) = &mut self.states[id.index()] {
            if !undecided {
                state.expect(&plan, seed, event);
            }
            let again = !state.apply(&plan, seed, event);
            let sums = state.sums();
            self.note(&Observation::Folded { consumer: id, event, again, sums }, observer);
        }
        if let Some(order) = &mut self.consumers[id.index()].order {
            order.handled(outlet, event);
        }
        let asker = event.root.emitter();
        if plan.emitters[asker.index()].reply.is_some_and(|reply| plan.outlets[outlet.index()].channels.contains(&reply.channel))
            && let Some(requests) = &mut self.requests[asker.index()]
            && let Some(after) = requests.answer(event.root, self.now)
        {
            self.note(&Observation::Answered { emitter: asker, request: event.root, after }, observer);
        }
        let Some(joins) = &mut self.joins[id.index()] else { return true };
        match joins.take(event, self.now) {
            Joined::Complete => true,
            Joined::Begun(at) => {
                self.errand(at, Errand::JoinTimeout(id, event.root));
                false
            }
            Joined::Waits => false,
        }
    }

    /// The time for a reply is over.
    pub(super) fn reply_timeout<O: Observer>(&mut self, request: EventId, observer: &mut O) {
        let emitter = request.emitter();
        if self.requests[emitter.index()].as_mut().is_some_and(|requests| requests.give_up(request)) {
            self.note(&Observation::NoReply { emitter, request }, observer);
        }
    }

    /// The time for the parts of a whole is over.
    pub(super) fn join_timeout<O: Observer>(&mut self, id: ConsumerId, root: EventId, desk: &mut Desk, observer: &mut O) {
        let Some(joins) = &mut self.joins[id.index()] else { return };
        let (first, memory) = (joins.expire(root), joins.memory());
        self.errand(self.now + memory, Errand::JoinForgotten(id, root));
        if let Some(first) = first {
            self.all_follow_on(id, &first, Occasion::TimedOut, desk, observer);
        }
    }

    /// Whether an event of this emitter follows from a handled one, chance permitting.
    pub(super) fn follows(&mut self, emitter: EmitterId, consumer: ConsumerId, cause: &Event) -> bool {
        match self.emitters[emitter.index()].occasion {
            Occasion::Handled => self.emitters[emitter.index()].follows(cause.kind),
            Occasion::Outcome(wanted) => self.outcome(consumer, cause) == wanted && self.emitters[emitter.index()].follows(cause.kind),
            Occasion::Failed | Occasion::TimedOut => false,
        }
    }

    /// What comes of an event's handling. The same event has the same outcome however often it is handled.
    fn outcome(&self, consumer: ConsumerId, event: &Event) -> u16 {
        let plan = &self.plan.consumers[consumer.index()];
        let salt = crate::random::hash_name(&self.plan.nodes[plan.node.index()].name) ^ self.seed;
        let mut left = crate::random::Stream::numbered(mix(salt), event.id.0).unit() * plan.outcomes.iter().sum::<f64>();
        let chosen = plan.outcomes.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        chosen.unwrap_or(plan.outcomes.len().saturating_sub(1)) as u16
    }

    /// All that follows from a handled event.
    pub(super) fn all_follow<O: Observer>(&mut self, id: ConsumerId, cause: &Event, desk: &mut Desk, observer: &mut O) {
        for i in 0..self.consumers[id.index()].then.len() {
            let emitter = self.consumers[id.index()].then[i];
            if self.follows(emitter, id, cause) {
                self.publish(emitter, Some(cause), desk, observer);
            }
        }
    }

    /// All that follows on another occasion than a handled event.
    #[inline(never)]
    pub(super) fn all_follow_on<O: Observer>(&mut self, id: ConsumerId, cause: &Event, on: Occasion, desk: &mut Desk, observer: &mut O) {
        for i in 0..self.consumers[id.index()].then.len() {
            let emitter = self.consumers[id.index()].then[i];
            let own = &mut self.emitters[emitter.index()];
            if own.occasion == on && own.follows(cause.kind) {
                self.publish(emitter, Some(cause), desk, observer);
            }
        }
    }

    /// The consumers that read an outlet throw their states away, to build them again from what is replayed.
    pub(super) fn rebuild<O: Observer>(&mut self, outlet: OutletId, observer: &mut O) {
        let plan = std::sync::Arc::clone(&self.plan);
        for read in &plan.outlets[outlet.index()].readers {
            let consumer = plan.reads[read.index()].consumer;
            if let Some(state) = &mut self.states[consumer.index()] {
                state.reset();
                self.note(&Observation::Rebuilds { consumer }, observer);
            }
        }
    }

    /// A consumer's state, expected against actual; none if it keeps none.
    pub fn state(&self, id: ConsumerId) -> Option<StateFigures> {
        self.states[id.index()].as_ref().map(|state| state.figures())
    }

    /// What became of wholes that a consumer joins; none if it joins none.
    pub fn joins(&self, id: ConsumerId) -> Option<JoinCounts> {
        self.joins[id.index()].as_ref().map(|joins| joins.counts)
    }

    /// What became of a producer's requests; none if it makes none.
    pub fn replies(&self, node: NodeId) -> Option<ReplyCounts> {
        let own = self.plan.nodes[node.index()].emitters.iter();
        own.filter_map(|id| self.requests[id.index()].as_ref().map(|requests| requests.counts)).reduce(ReplyCounts::and)
    }
}
