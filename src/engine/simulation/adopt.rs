//! Changing parameters of a run that goes on.

use super::Simulation;
use crate::engine::agenda::Due;
use crate::engine::observe::Observer;
use crate::ids::{ConsumerId, EmitterId, LinkId};
use crate::scenario::Plan;
use crate::scenario::plan::Origin;
use crate::time::Time;
use std::sync::Arc;

impl Simulation {
    /// From now on the run follows another plan. It must be one that [`Plan::adoptable`] allows in place of the one that runs.
    ///
    /// What has begun ends as it began: events on links arrive when they would have, work in hand takes as long as it was to take.
    /// Only what has not begun follows the new plan. Random streams go on where they are.
    pub fn adopt(&mut self, plan: &Arc<Plan>, observer: &mut impl Observer) {
        let was: Vec<u32> = (0..self.consumers.len()).map(|i| self.instances(ConsumerId::at(i))).collect();
        let old = std::mem::replace(&mut self.plan, Arc::clone(plan));
        for (i, emitter) in plan.emitters.iter().enumerate() {
            let listed = matches!(emitter.origin, Origin::Trace(_));
            if !listed && format!("{:?}", emitter.origin) != format!("{:?}", old.emitters[i].origin) {
                self.adopt_emitter(EmitterId::at(i));
            }
        }
        for (i, link) in plan.links.iter().enumerate() {
            if format!("{link:?}") != format!("{:?}", old.links[i]) {
                self.links[i].adopt(link, &mut self.convoys);
                self.look_at_link(LinkId::at(i));
            }
        }
        self.stores.iter_mut().zip(&plan.stores).for_each(|(store, planned)| store.adopt(planned));
        let mut desk = std::mem::take(&mut self.desk);
        for (i, (planned, before)) in plan.consumers.iter().zip(&old.consumers).enumerate() {
            self.consumers[i].adopt(planned);
            if (planned.instances, planned.threads) != (before.instances, before.threads) {
                self.resize(ConsumerId::at(i), was[i], &mut desk, observer);
            }
        }
        self.desk = desk;
    }

    fn adopt_emitter(&mut self, id: EmitterId) {
        let due = |entry: &crate::engine::agenda::Entry| entry.due() == Due::Arrival && entry.index() == id.0;
        let pending: Vec<Time> = self.agenda.iter().filter(due).map(|entry| entry.at()).collect();
        let plan = Arc::clone(&self.plan);
        if let Some(at) = self.emitters[id.index()].adopt(&plan, id, self.now, pending) {
            self.agenda.schedule(at, Due::Arrival, id.0);
        }
    }
}
