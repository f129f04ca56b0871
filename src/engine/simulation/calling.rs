//! Calls to stores: there, in the queue, served, and back to whoever waits.

use super::Simulation;
use super::errands::Errand;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules};
use crate::engine::calls::{Call, Leg, Who};
use crate::engine::consumer::Hand;
use crate::engine::event::{Event, Flags};
use crate::engine::fate::Reason;
use crate::engine::observe::{Observation, Observer, StoreNote};
use crate::ids::{EmitterId, EventId, LinkId, NodeId, StoreId};
use crate::scenario::plan::{CallPlan, Role, Sending};
use crate::time::Time;

impl Simulation {
    /// A call sets out.
    pub(super) fn call<O: Observer>(&mut self, way: CallPlan, who: Who, event: Option<Event>, observer: &mut O) {
        let serial = self.next_step();
        let link = &mut self.links[way.link.index()];
        let (lost, at) = (link.loses().is_some(), link.arrival(self.now, 0));
        self.stores[way.store.index()].counts.calls += 1;
        let call = Call {
            serial,
            step: serial,
            store: way.store,
            link: way.link,
            who,
            came: self.now,
            began: self.now,
            at: Leg::Going,
            ok: true,
            committed: false,
            orphan: false,
            event,
        };
        let place = self.calls.put(call);
        if lost {
            self.break_off(place, at, observer);
        } else {
            self.errand(at, Errand::CallArrives(place, serial));
        }
        if let Some(timeout) = way.timeout {
            self.errand(self.now + timeout, Errand::CallTimeout(place, serial));
        }
    }

    /// Every entry of the agenda that is about a call has a number of its own.
    fn next_step(&mut self) -> u64 {
        self.call_steps += 1;
        self.call_steps
    }

    /// The connection of a call broke: its caller notices at `at`.
    fn break_off<O: Observer>(&mut self, place: u32, at: Time, observer: &mut O) {
        let step = self.next_step();
        let Some(call) = self.calls.get_mut(place) else { return };
        let served = call.at == Leg::Served;
        (call.ok, call.at, call.step) = (false, Leg::Returning, step);
        let store = call.store;
        self.stores[store.index()].counts.failed += 1;
        self.note(&Observation::Store { store, what: StoreNote::Breaks { served } }, observer);
        self.errand(at, Errand::CallReturns(place, step));
    }

    /// The call that this step is about, if it has not gone another way meanwhile.
    fn due_call(&mut self, place: u32, step: u64) -> Option<&mut Call> {
        self.calls.get_mut(place).filter(|call| call.step == step)
    }

    /// A call reaches its store.
    pub(super) fn call_arrives<O: Observer>(&mut self, place: u32, step: u64, observer: &mut O) {
        let now = self.now;
        let Some(call) = self.due_call(place, step) else { return };
        call.came = now;
        let (id, serial, orphan) = (call.store, call.serial, call.orphan);
        if orphan {
            return self.close_call(place, observer);
        }
        let store = &mut self.stores[id.index()];
        match (store.is_up(), store.has_room()) {
            (false, _) => {
                let back = self.way_back(place, 0);
                self.break_off(place, back, observer);
            }
            (true, true) => self.serve(place, false, observer),
            (true, false) => {
                store.queue.push_back((place, serial));
                if let Some(call) = self.calls.get_mut(place) {
                    call.at = Leg::Queued;
                }
                self.note(&Observation::Store { store: id, what: StoreNote::Waits }, observer);
            }
        }
    }

    fn serve<O: Observer>(&mut self, place: u32, waited: bool, observer: &mut O) {
        let step = self.next_step();
        let now = self.now;
        let Some(call) = self.calls.get_mut(place) else { return };
        let store = &mut self.stores[call.store.index()];
        store.busy += 1;
        let (service, fails) = store.draw();
        (call.ok, call.at, call.began, call.step) = (!fails, Leg::Served, now, step);
        let (id, wait) = (call.store, now - call.came);
        self.note(&Observation::Store { store: id, what: StoreNote::Begins { waited, wait } }, observer);
        self.errand(now + service, Errand::CallServed(place, step));
    }

    /// A store has done what it was asked for, or has failed at it.
    pub(super) fn call_served<O: Observer>(&mut self, place: u32, step: u64, observer: &mut O) {
        let now = self.now;
        let Some(call) = self.due_call(place, step) else { return };
        let (id, ok, orphan) = (call.store, call.ok, call.orphan);
        let note = StoreNote::Ends { service: now - call.began, ok };
        let store = &mut self.stores[id.index()];
        store.busy -= 1;
        *if ok { &mut store.counts.served } else { &mut store.counts.failed } += 1;
        self.note(&Observation::Store { store: id, what: note }, observer);
        if ok {
            self.commit(place, observer);
        }
        if orphan {
            self.close_call(place, observer);
        } else {
            let at = self.way_back(place, 0);
            let step = self.next_step();
            if let Some(call) = self.calls.get_mut(place) {
                (call.at, call.step) = (Leg::Returning, step);
            }
            self.errand(at, Errand::CallReturns(place, step));
        }
        while self.stores[id.index()].has_room()
            && let Some((next, serial)) = self.stores[id.index()].queue.pop_front()
        {
            // Those that gave up meanwhile are passed over.
            if self.calls.get(next).is_some_and(|call| call.serial == serial && call.at == Leg::Queued) {
                self.serve(next, true, observer);
            }
        }
    }

    /// When the answer is back. If it is lost on the way, so is the connection: the call has failed, whatever the store did.
    fn way_back(&mut self, place: u32, bytes: u64) -> Time {
        let Some(call) = self.calls.get_mut(place) else { return self.now };
        let back = self.plan.links[call.link.index()].back;
        let link = &mut self.links[back.index()];
        call.ok &= link.loses().is_none();
        link.arrival(self.now, bytes)
    }

    /// What the store has done cannot be undone: what was to be stored is.
    fn commit<O: Observer>(&mut self, place: u32, observer: &mut O) {
        let Some(call) = self.calls.get_mut(place) else { return };
        call.committed = true;
        let (who, event) = (call.who, call.event);
        match who {
            Who::Relay { relay, round, marks } => {
                if marks && self.relays[relay as usize].round == round {
                    self.mark_rows(relay);
                }
            }
            Who::Workload { emitter, index, serial } => {
                let plan = &self.plan.emitters[emitter.index()];
                if index as usize + 1 < plan.calls.len() {
                    return;
                }
                match plan.sending {
                    Sending::Straight => {}
                    Sending::Outbox(relay) => {
                        let event = self.emitters[emitter.index()].make_arrived(emitter, self.now, serial);
                        self.store_row(relay, event, None, observer);
                    }
                    Sending::BrokerFirst => {
                        let node = plan.node;
                        self.outbox_counts(node).written += 1;
                    }
                    Sending::StoreFirst => {
                        let node = plan.node;
                        self.outbox_counts(node).written += 1;
                        let event = self.emitters[emitter.index()].make_arrived(emitter, self.now, serial);
                        self.bear(emitter, &event, None, observer);
                        self.inbound.kept += 1;
                        if let Some(call) = self.calls.get_mut(place) {
                            call.event = Some(event);
                        }
                    }
                }
            }
            Who::Worker { slot, index, .. } => {
                let consumer = self.hands_owner(slot);
                let plan = &self.plan.consumers[consumer.index()];
                if index as usize + 1 < plan.calls.len() || plan.sending == Sending::Straight {
                    return;
                }
                let (node, sending) = (plan.node, plan.sending);
                match (sending, event) {
                    (Sending::Outbox(relay), Some(cause)) => self.store_rows(relay, consumer, &cause, observer),
                    _ => self.outbox_counts(node).written += 1,
                }
            }
        }
    }

    /// The answer of a store, or the news that there is none, is back.
    pub(super) fn call_returns<O: Observer>(&mut self, place: u32, step: u64, desk: &mut Desk, observer: &mut O) {
        let Some(call) = self.due_call(place, step) else { return };
        if call.orphan {
            return self.close_call(place, observer);
        }
        let (who, ok, event) = (call.who, call.ok, call.event);
        if ok {
            // What is carried goes on with its caller.
            call.event = None;
        }
        let why = Reason::StoreFailed;
        let carried = event.filter(|_| ok);
        self.close_answered(place, ok, observer);
        self.answer(who, ok, carried, why, desk, observer);
    }

    /// A caller waits no longer.
    pub(super) fn call_timeout<O: Observer>(&mut self, place: u32, serial: u64, desk: &mut Desk, observer: &mut O) {
        let Some(call) = self.calls.get_mut(place).filter(|call| call.serial == serial && !call.orphan) else { return };
        let (who, store) = (call.who, call.store);
        self.stores[store.index()].counts.timed_out += 1;
        self.orphan_call(place, observer);
        self.answer(who, false, None, Reason::StoreTimeout, desk, observer);
    }

    /// Nobody waits for a call any more. Where it waits for a connection, it is given up; where it is being served, it is served.
    fn orphan_call<O: Observer>(&mut self, place: u32, observer: &mut O) {
        let Some(call) = self.calls.get_mut(place) else { return };
        call.orphan = true;
        let (store, at) = (call.store, call.at);
        if at == Leg::Queued {
            self.note(&Observation::Store { store, what: StoreNote::GivesUp }, observer);
            self.close_call(place, observer);
        }
    }

    /// Callers of a kind are gone.
    pub(super) fn abandon<O: Observer>(&mut self, gone: impl Fn(&Who) -> bool, observer: &mut O) {
        for place in self.calls.numbers(|call| !call.orphan && gone(&call.who)) {
            self.orphan_call(place, observer);
        }
    }

    /// A call is over without an answer to anybody.
    fn close_call<O: Observer>(&mut self, place: u32, observer: &mut O) {
        self.close_answered(place, false, observer);
    }

    /// A call is over. `goes_on`: its caller goes on as planned.
    fn close_answered<O: Observer>(&mut self, place: u32, goes_on: bool, observer: &mut O) {
        let Some(call) = self.calls.take(place) else { return };
        match call.who {
            Who::Relay { .. } => {}
            Who::Workload { emitter, index, .. } => {
                self.live -= 1;
                let plan = &self.plan.emitters[emitter.index()];
                let (node, channel, sending) = (plan.node, plan.channel, plan.sending);
                let last = index as usize + 1 == plan.calls.len();
                let born = match sending {
                    Sending::Straight => false,
                    Sending::BrokerFirst => last,
                    Sending::StoreFirst | Sending::Outbox(_) => last && call.committed,
                };
                if !goes_on && !born {
                    self.unborn(emitter);
                }
                match sending {
                    _ if !last => {}
                    Sending::BrokerFirst if !call.committed => self.outbox_counts(node).invented += 1,
                    Sending::StoreFirst => {
                        if let Some(event) = call.event {
                            self.outbox_counts(node).missing += 1;
                            self.note(&Observation::GivenUp { channel, event: &event, why: Reason::NeverSent }, observer);
                            self.let_go_unsent(&event);
                        }
                    }
                    _ => {}
                }
            }
            Who::Worker { slot, index, .. } => {
                let plan = &self.plan.consumers[self.hands_owner(slot).index()];
                let (node, last) = (plan.node, index as usize + 1 == plan.calls.len());
                match plan.sending {
                    Sending::BrokerFirst if last && !call.committed => self.outbox_counts(node).invented += 1,
                    Sending::StoreFirst if last && call.committed && !goes_on => self.outbox_counts(node).missing += 1,
                    _ => {}
                }
            }
        }
    }

    /// Whoever called goes on, or fails.
    fn answer<O: Observer>(&mut self, who: Who, ok: bool, carried: Option<Event>, why: Reason, desk: &mut Desk, observer: &mut O) {
        match who {
            Who::Relay { relay, round, marks } => self.relay_answer(relay, round, marks, ok, desk, observer),
            Who::Workload { emitter, index, serial } if ok => {
                self.workload_goes_on(emitter, index + 1, serial, carried, desk, observer);
            }
            Who::Workload { .. } => {}
            Who::Worker { slot, began, event, index } => {
                if !self.works_on(slot, began, event) {
                    return;
                }
                if self.stands_still(slot) {
                    self.late.push((slot, who, ok, why));
                    return;
                }
                match ok {
                    true => self.worker_goes_on(slot, index + 1, desk, observer),
                    false => self.worker_fails(slot, why, desk, observer),
                }
            }
        }
    }

    fn stands_still(&self, slot: u32) -> bool {
        let station = &self.crews[self.seats.get(self.hands[slot as usize].message.event.seat).crew as usize];
        station.absence(slot - station.first_worker).is_some_and(|absence| absence.still > 0)
    }

    /// A worker that stood still takes notice of the answers that came meanwhile.
    pub(super) fn late_answers<O: Observer>(&mut self, slot: u32, desk: &mut Desk, observer: &mut O) {
        let (own, others) = std::mem::take(&mut self.late).into_iter().partition(|(whose, ..)| *whose == slot);
        self.late = others;
        let own: Vec<(u32, Who, bool, Reason)> = own;
        own.into_iter().for_each(|(_, who, ok, why)| self.answer(who, ok, None, why, desk, observer));
    }

    /// Workers have other slots from now on.
    pub(super) fn move_callers(&mut self, old: std::ops::Range<u32>, new: u32) {
        let follow = |who: &mut Who| match who {
            Who::Worker { slot, .. } if old.contains(slot) => *slot = *slot - old.start + new,
            _ => {}
        };
        self.calls.iter_mut().for_each(|call| follow(&mut call.who));
        for (slot, who, ..) in &mut self.late {
            follow(who);
            if old.contains(slot) {
                *slot = *slot - old.start + new;
            }
        }
    }

    fn works_on(&self, slot: u32, began: Time, event: EventId) -> bool {
        let hand = &self.hands[slot as usize];
        hand.done == Hand::CALLING && hand.began == began && hand.message.event.id == event
    }

    /// A worker makes its next call, or has made them all.
    pub(super) fn worker_goes_on<O: Observer>(&mut self, slot: u32, index: u32, desk: &mut Desk, observer: &mut O) {
        let hand = self.hands[slot as usize];
        let consumer = self.hands_owner(slot);
        let plan = &self.plan.consumers[consumer.index()];
        match plan.calls.get(index as usize) {
            Some(way) => {
                let way = *way;
                if index as usize + 1 == plan.calls.len() && plan.sending == Sending::BrokerFirst {
                    let node = plan.node;
                    self.outbox_counts(node).published += 1;
                    self.all_follow(consumer, &hand.message.event, desk, observer);
                }
                self.hands[slot as usize].done = Hand::CALLING;
                let who = Who::Worker { slot, began: hand.began, event: hand.message.event.id, index };
                self.call(way, who, Some(hand.message.event), observer);
            }
            None => {
                let (node, sending) = (plan.node, plan.sending);
                self.hands[slot as usize].done = Hand::NEVER;
                match sending {
                    Sending::StoreFirst => self.outbox_counts(node).published += 1,
                    Sending::Straight | Sending::BrokerFirst | Sending::Outbox(_) => {}
                }
                let follows = matches!(sending, Sending::Straight | Sending::StoreFirst);
                let consumer = &mut self.consumers[consumer.index()];
                if consumer.special {
                    let worker = slot - consumer.first_worker;
                    consumer.care.iter_mut().for_each(|care| care.rest(worker, self.now));
                    self.succeed_with_care(slot, follows, desk, observer);
                } else {
                    self.succeed(slot, follows, desk, observer);
                }
            }
        }
    }

    fn worker_fails<O: Observer>(&mut self, slot: u32, why: Reason, desk: &mut Desk, observer: &mut O) {
        self.hands[slot as usize].done = Hand::NEVER;
        let consumer = self.hands_owner(slot);
        let consumer = &mut self.consumers[consumer.index()];
        if consumer.special {
            let worker = slot - consumer.first_worker;
            consumer.care.iter_mut().for_each(|care| care.rest(worker, self.now));
            self.fail_with_care(slot, why, desk, observer);
        } else {
            self.fail_work(slot, why, desk, observer);
        }
    }

    /// A workload's arrival: the first call to a store, or the event if there is none to call.
    pub(super) fn workload_begins<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        let calls = !self.plan.emitters[id.index()].calls.is_empty();
        let serial = if calls { self.emitters[id.index()].bind() } else { None };
        self.workload_goes_on(id, 0, serial, None, desk, observer);
    }

    /// A workload's arrival at a producer that calls stores: its next call, or what comes after the last.
    fn workload_goes_on<O: Observer>(
        &mut self,
        id: EmitterId,
        index: u32,
        serial: Option<u64>,
        carried: Option<Event>,
        desk: &mut Desk,
        observer: &mut O,
    ) {
        let plan = &self.plan.emitters[id.index()];
        let (node, sending) = (plan.node, plan.sending);
        match plan.calls.get(index as usize) {
            Some(way) => {
                let way = *way;
                if index as usize + 1 == plan.calls.len() && sending == Sending::BrokerFirst {
                    self.outbox_counts(node).published += 1;
                    self.publish_arrived(id, serial, desk, observer);
                }
                self.live += 1;
                self.call(way, Who::Workload { emitter: id, index, serial }, None, observer);
            }
            None => match (sending, carried) {
                (Sending::Straight, _) => self.publish_arrived(id, serial, desk, observer),
                (Sending::StoreFirst, Some(event)) => {
                    self.outbox_counts(node).published += 1;
                    self.inbound.kept -= 1;
                    self.set_off(id, event, desk, observer);
                }
                _ => {}
            },
        }
    }

    /// Nothing is published. Where somebody waits for the event's end, there is none to wait for.
    fn unborn(&mut self, id: EmitterId) {
        if let Some(pause) = self.emitters[id.index()].think() {
            self.agenda.schedule(self.now + pause, Due::Arrival, id.0);
        }
    }

    /// An event that was stored is never published.
    fn let_go_unsent(&mut self, event: &Event) {
        self.inbound.kept -= 1;
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.arrived(event.id, true);
            self.conclude(event.id, verdict);
        } else {
            self.lost += 1;
        }
    }

    /// A store goes down: whatever it has in hand or in its queue fails.
    pub fn store_fell(&mut self, id: StoreId, observer: &mut impl Observer) {
        let store = &mut self.stores[id.index()];
        store.downs += 1;
        store.busy = 0;
        store.queue.clear();
        for place in self.calls.numbers(|call| call.store == id && matches!(call.at, Leg::Queued | Leg::Served)) {
            let Some(call) = self.calls.get(place) else { continue };
            let what = match call.at {
                Leg::Queued => StoreNote::GivesUp,
                _ => StoreNote::Ends { service: self.now - call.began, ok: false },
            };
            self.note(&Observation::Store { store: id, what }, observer);
            let at = self.way_back(place, 0);
            self.break_off(place, at, observer);
        }
    }

    /// One reason less for a store to be down.
    pub fn store_rose(&mut self, id: StoreId) {
        let store = &mut self.stores[id.index()];
        store.downs = store.downs.saturating_sub(1);
    }

    /// A node that publishes is gone: what it asked for will be answered to nobody, and what it had in memory is gone too unless it was
    /// shut down in an orderly way.
    pub(super) fn publisher_fell<O: Observer>(&mut self, node: NodeId, orderly: bool, desk: &mut Desk, observer: &mut O) {
        let plan = std::sync::Arc::clone(&self.plan);
        let own = |who: &Who| match who {
            Who::Workload { emitter, .. } => plan.emitters[emitter.index()].node == node,
            Who::Relay { relay, .. } => plan.relays[*relay as usize].node == node,
            Who::Worker { .. } => false,
        };
        self.abandon(own, observer);
        self.relay_fell(node);
        if !orderly {
            self.forget_kept(node, observer);
        }
        self.tell_of_publisher(node, false, desk, observer);
    }

    /// It is there again.
    pub(super) fn publisher_rose<O: Observer>(&mut self, node: NodeId, desk: &mut Desk, observer: &mut O) {
        self.relay_rose(node);
        self.tell_of_publisher(node, true, desk, observer);
    }

    /// Tells every broker that a node can publish to whether it is there.
    fn tell_of_publisher<O: Observer>(&mut self, node: NodeId, up: bool, desk: &mut Desk, observer: &mut O) {
        let plan = std::sync::Arc::clone(&self.plan);
        for (i, link) in plan.links.iter().enumerate().filter(|(_, link)| link.from == node) {
            if let Role::Broker(broker) = plan.nodes[link.to.index()].role {
                desk.now = self.now;
                self.brokers[broker.index()].publisher(LinkId::at(i), up, desk);
                self.decide(broker, desk, observer);
            }
        }
    }

    /// Who a worker's slot belongs to, once it has had work.
    fn hands_owner(&self, slot: u32) -> crate::ids::ConsumerId {
        self.seats.get(self.hands[slot as usize].message.event.seat).consumer
    }

    /// How a store has done so far.
    pub fn store(&self, id: StoreId) -> &crate::engine::store::Store {
        &self.stores[id.index()]
    }
}
