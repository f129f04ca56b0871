//! Faults begin and end, on the agenda or by hand.

use super::Simulation;
use super::errands::Errand;
use crate::engine::broker::{Desk, Rules};
use crate::engine::consumer::{Burden, Load};
use crate::engine::faults::{Effect, Spell, effects};
use crate::engine::observe::{Observation, Observer};
use crate::ids::{BrokerId, LinkId, NodeId, SeatId};
use crate::random::hash_name;
use crate::scenario::broker::Request;
use crate::scenario::faults::Fault;
use crate::scenario::plan::FaultPlan;
use std::sync::Arc;

impl Simulation {
    /// Puts the faults of the plan on the agenda.
    pub(super) fn schedule_faults(&mut self) {
        for fault in Arc::clone(&self.plan).faults.iter().cloned() {
            let number = self.faults.add(Arc::new(fault), false, self.seed);
            self.schedule_next(number);
        }
    }

    /// Something goes wrong now, by hand; it ends by itself if its plan says after what time.
    pub fn begin_fault(&mut self, fault: FaultPlan, observer: &mut impl Observer) {
        let number = self.faults.add(Arc::new(fault), true, self.seed);
        let mut desk = std::mem::take(&mut self.desk);
        self.break_down(number, &mut desk, observer);
        self.desk = desk;
    }

    /// What went wrong is mended now, by hand. False if it is not at work.
    pub fn end_fault(&mut self, what: &Fault, observer: &mut impl Observer) -> bool {
        let Some(number) = self.faults.at_work(what) else { return false };
        let mut desk = std::mem::take(&mut self.desk);
        self.mend(number, &mut desk, observer);
        self.desk = desk;
        true
    }

    /// A broker is asked to do something, by hand.
    pub fn ask(&mut self, broker: BrokerId, request: &Request, observer: &mut impl Observer) {
        let mut desk = std::mem::take(&mut self.desk);
        desk.now = self.now;
        self.brokers[broker.index()].asked(request, &mut desk);
        self.decide(broker, &mut desk, observer);
        self.desk = desk;
    }

    /// All faults, by number.
    pub fn faults(&self) -> &[Spell] {
        self.faults.all()
    }

    fn schedule_next(&mut self, number: u32) {
        let now = self.now;
        let Some(spell) = self.faults.get_mut(number) else { return };
        let round = spell.round;
        if let Some(at) = spell.next(now) {
            self.errand(at, Errand::Fault { number, round, begins: true });
        }
    }

    /// A turn of a fault has come.
    pub(super) fn fault_turns<O: Observer>(&mut self, number: u32, round: u32, begins: bool, desk: &mut Desk, observer: &mut O) {
        let Some(spell) = self.faults.get_mut(number) else { return };
        match begins {
            true => self.break_down(number, desk, observer),
            // Somebody may have mended it by hand.
            false if spell.round == round && spell.at_work.is_some() => self.mend(number, desk, observer),
            false => {}
        }
    }

    fn break_down<O: Observer>(&mut self, number: u32, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        let Some(spell) = self.faults.get_mut(number) else { return };
        spell.round += 1;
        let (round, until, fault) = (spell.round, spell.end(now), Arc::clone(&spell.plan));
        spell.at_work = Some((now, until));
        if let Some(at) = until {
            self.errand(at, Errand::Fault { number, round, begins: false });
        }
        self.note(&Observation::FaultBegan { number, fault: &fault, until }, observer);
        for (i, effect) in effects(&fault, &Arc::clone(&self.plan)).into_iter().enumerate() {
            self.begin_effect(number, i, effect, desk, observer);
        }
    }

    fn mend<O: Observer>(&mut self, number: u32, desk: &mut Desk, observer: &mut O) {
        let Some(spell) = self.faults.get_mut(number) else { return };
        spell.at_work = None;
        let fault = Arc::clone(&spell.plan);
        self.note(&Observation::FaultEnded { number }, observer);
        for effect in effects(&fault, &Arc::clone(&self.plan)) {
            self.end_effect(number, effect, desk, observer);
        }
        self.schedule_next(number);
    }

    fn begin_effect<O: Observer>(&mut self, number: u32, index: usize, effect: Effect, desk: &mut Desk, observer: &mut O) {
        let stream = self.faults.all()[number as usize].stream(self.seed, index);
        let mut weigh = |consumer: crate::ids::ConsumerId, instance: Option<u32>, load: Load| {
            self.consumers[consumer.index()].burden(Burden { fault: number, instance, load });
        };
        match effect {
            Effect::Gone(consumer, instance) => self.fell(consumer, instance, false, desk, observer),
            Effect::Still(consumer, instance) => self.stiffen(consumer, instance, desk, observer),
            Effect::Slow(consumer, instance, times) => weigh(consumer, instance, Load::Slow(times)),
            Effect::Fails(consumer, instance, odds) => weigh(consumer, instance, Load::Fail(odds, stream)),
            Effect::Poison(consumer, instance, odds) => {
                // The same events every time it comes.
                let salt = self.seed ^ hash_name(&self.faults.all()[number as usize].plan.what.to_string());
                self.consumers[consumer.index()].burden(Burden { fault: number, instance, load: Load::Poison(odds, salt) });
            }
            Effect::Mute(node) => {
                self.each_workload(node, |emitter| emitter.mute(true));
                self.publisher_fell(node, false, desk, observer);
            }
            Effect::StoreDown(store) => self.store_fell(store, observer),
            Effect::StoreSlow(store, times) => self.stores[store.index()].slow.push((number, times)),
            Effect::StoreFails(store, odds) => self.stores[store.index()].errors.push((number, odds, stream)),
            Effect::Surge(node, times) => self.each_workload(node, |emitter| emitter.surge(number, times, stream.clone())),
            Effect::Broker(broker) => self.broker_fell(broker, desk, observer),
            Effect::BrokerNode(broker, node) => self.broker_node(broker, node, false, desk, observer),
            Effect::Link(link, strain) => {
                self.links[link.index()].strain(number, strain, stream);
                self.look_at_link(link);
            }
            Effect::Cut(link) => self.cut(link, desk, observer),
        }
    }

    fn end_effect<O: Observer>(&mut self, number: u32, effect: Effect, desk: &mut Desk, observer: &mut O) {
        match effect {
            Effect::Gone(consumer, instance) => self.rose(consumer, instance, desk, observer),
            Effect::Still(consumer, instance) => self.loosen(consumer, instance, desk, observer),
            Effect::Slow(consumer, ..) | Effect::Fails(consumer, ..) | Effect::Poison(consumer, ..) => {
                self.consumers[consumer.index()].unburden(number);
            }
            Effect::Mute(node) => {
                let mut mute = false;
                self.each_workload(node, |emitter| {
                    emitter.mute(false);
                    mute |= emitter.is_mute();
                });
                if !mute {
                    self.publisher_rose(node, desk, observer);
                }
            }
            Effect::StoreDown(store) => self.store_rose(store),
            Effect::StoreSlow(store, _) => self.stores[store.index()].slow.retain(|(from, _)| *from != number),
            Effect::StoreFails(store, _) => self.stores[store.index()].errors.retain(|(from, ..)| *from != number),
            Effect::Surge(node, _) => self.each_workload(node, |emitter| emitter.calm(number)),
            Effect::Broker(broker) => self.broker_rose(broker, desk, observer),
            Effect::BrokerNode(broker, node) => self.broker_node(broker, node, true, desk, observer),
            Effect::Link(link, _) => {
                self.links[link.index()].relax(number);
                self.look_at_link(link);
            }
            Effect::Cut(link) => self.mend_cut(link, desk, observer),
        }
    }

    fn each_workload(&mut self, node: NodeId, mut change: impl FnMut(&mut super::emitter::Emitter)) {
        for id in &self.plan.nodes[node.index()].emitters {
            let origin = &self.plan.emitters[id.index()].origin;
            debug_assert!(!matches!(origin, crate::scenario::plan::Origin::Then { .. }), "consumers are struck otherwise");
            change(&mut self.emitters[id.index()]);
        }
    }

    fn broker_node<O: Observer>(&mut self, broker: BrokerId, node: u32, up: bool, desk: &mut Desk, observer: &mut O) {
        desk.now = self.now;
        self.brokers[broker.index()].node(node, up, desk);
        self.decide(broker, desk, observer);
    }

    fn broker_fell<O: Observer>(&mut self, broker: BrokerId, desk: &mut Desk, observer: &mut O) {
        self.outages[broker.index()] += 1;
        if self.outages[broker.index()] > 1 {
            return;
        }
        self.doors.iter_mut().filter(|door| door.broker == broker).for_each(|door| door.shut = true);
        let seats = self.seats_of(|outlet| self.plan.outlets[outlet.index()].broker == broker, |_| true);
        self.sever(&seats, desk, observer);
        desk.now = self.now;
        self.brokers[broker.index()].crashed(desk);
        self.decide(broker, desk, observer);
    }

    fn broker_rose<O: Observer>(&mut self, broker: BrokerId, desk: &mut Desk, observer: &mut O) {
        self.outages[broker.index()] -= 1;
        if self.outages[broker.index()] > 0 {
            return;
        }
        self.doors.iter_mut().filter(|door| door.broker == broker).for_each(|door| door.shut = false);
        desk.now = self.now;
        self.brokers[broker.index()].recovered(desk);
        self.decide(broker, desk, observer);
        let seats = self.seats_of(|outlet| self.plan.outlets[outlet.index()].broker == broker, |_| true);
        self.rejoin(&seats, desk, observer);
    }

    /// Nothing passes a link any more: what is sent is lost, and who sits at its end has left.
    fn cut<O: Observer>(&mut self, link: LinkId, desk: &mut Desk, observer: &mut O) {
        self.links[link.index()].cut(true);
        self.look_at_link(link);
        let seats = self.seats_of(|_| true, |used| used == link);
        self.sever(&seats, desk, observer);
    }

    fn mend_cut<O: Observer>(&mut self, link: LinkId, desk: &mut Desk, observer: &mut O) {
        self.links[link.index()].cut(false);
        self.look_at_link(link);
        let seats = self.seats_of(|_| true, |used| used == link);
        self.rejoin(&seats, desk, observer);
    }

    fn seats_of(&self, outlet: impl Fn(crate::ids::OutletId) -> bool, link: impl Fn(LinkId) -> bool) -> Vec<SeatId> {
        self.seats.iter().filter(|(_, seat)| outlet(seat.outlet) && link(seat.link)).map(|(id, _)| id).collect()
    }
}
