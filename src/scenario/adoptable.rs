//! Which plan may take the place of another while it runs: the same shape, other numbers.

use super::Plan;
use super::broker::BrokerKind;
use super::plan::{ConsumerPlan, EmitterPlan, Origin};
use super::shapes::Arrivals;

impl Plan {
    /// Whether a run of this plan may go on with `next`.
    ///
    /// # Errors
    /// A sentence on what cannot be changed on the way. Rates, times, chances, instances, retries and links can.
    pub fn adoptable(&self, next: &Plan) -> Result<(), String> {
        let same = |what: &str, same: bool| if same { Ok(()) } else { Err(format!("{what} cannot be changed during a run: restart it")) };
        same("the length of a run and its warm-up", (self.duration, self.warmup) == (next.duration, next.warmup))?;
        same("the seed", self.seed == next.seed)?;
        same("faults that are planned", self.faults == next.faults)?;
        same("nodes", alike(&self.nodes, &next.nodes))?;
        same("event types", alike(&self.types, &next.types))?;
        same("what brokers consist of", alike(&self.brokers, &next.brokers))?;
        same(
            "connections",
            alike(&self.channels, &next.channels) && alike(&self.outlets, &next.outlets) && alike(&self.reads, &next.reads),
        )?;
        same("connections", self.emitters.len() == next.emitters.len() && self.links.len() == next.links.len())?;
        for (old, new) in self.emitters.iter().zip(&next.emitters) {
            let place = (&old.name, old.node, old.event, old.channel, old.link) == (&new.name, new.node, new.event, new.channel, new.link);
            same("connections", place)?;
            same(&format!("how {} publishes", self.nodes[old.node.index()].name), alike(&old.publish, &new.publish))?;
            let sending = (old.sending, old.occasion) == (new.sending, new.occasion)
                && alike(&old.calls, &new.calls)
                && alike(&old.reply, &new.reply);
            same(&format!("what {} calls and waits for", self.nodes[old.node.index()].name), sending)?;
            same(&format!("the kind of arrivals of {}", self.nodes[old.node.index()].name), exchangeable(old, new))?;
        }
        same("outboxes", alike(&self.relays, &next.relays))?;
        for (old, new) in self.links.iter().zip(&next.links) {
            same("connections", (old.from, old.to) == (new.from, new.to))?;
        }
        for (old, new) in self.consumers.iter().zip(&next.consumers) {
            let place = (&old.dead_letter, &old.then, &old.reads) == (&new.dead_letter, &new.then, &new.reads);
            let name = &self.nodes[old.node.index()].name;
            same(&format!("what {name} is connected to"), place)?;
            let folds = (&old.state, &old.join) == (&new.state, &new.join) && old.outcomes.len() == new.outcomes.len();
            same(&format!("what {name} calls and keeps"), folds && old.sending == new.sending && alike(&old.calls, &new.calls))?;
            let care = |plan: &ConsumerPlan| {
                (
                    (plan.ack, plan.ordered, plan.handling.clone()),
                    plan.handle.effect,
                    plan.handle.poison.clone(),
                    plan.retry.budget.clone(),
                    plan.retry.after,
                )
            };
            same(&format!("how {name} acknowledges and what it does to survive"), care(old) == care(new))?;
            if new.most_instances() > old.most_instances() && self.publishes_in_transactions(name) {
                let most = old.most_instances();
                return Err(format!("{name} publishes in transactions, with a producer for each of the {most} instances it began with"));
            }
        }
        Ok(())
    }
}

impl Plan {
    fn publishes_in_transactions(&self, node: &str) -> bool {
        let of = |kind: &BrokerKind| matches!(kind, BrokerKind::Kafka(parts) if parts.transactions.iter().any(|it| it.node == node));
        self.brokers.iter().any(|broker| of(&broker.kind))
    }
}

/// Whether two parts of plans say the same: whatever they consist of, what they show is all there is to them.
fn alike<T: std::fmt::Debug>(a: &T, b: &T) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

fn exchangeable(old: &EmitterPlan, new: &EmitterPlan) -> bool {
    match (&old.origin, &new.origin) {
        (Origin::Workload(old), Origin::Workload(new)) => match (old, new) {
            (Arrivals::ClosedLoop { users: old, .. }, Arrivals::ClosedLoop { users: new, .. }) => old == new,
            _ => alike(old, new) || (paced(old) && paced(new)),
        },
        (Origin::Trace(old), Origin::Trace(new)) => {
            let when = |rows: &[super::plan::TraceRow]| rows.iter().map(|row| (row.at, row.event, row.key)).collect::<Vec<_>>();
            old.keys == new.keys && when(&old.rows) == when(&new.rows)
        }
        (Origin::Then { consumer: old, .. }, Origin::Then { consumer: new, .. }) => old == new,
        _ => false,
    }
}

/// Whether events come at a rate, whatever came before.
fn paced(arrivals: &Arrivals) -> bool {
    !matches!(arrivals, Arrivals::ClosedLoop { .. } | Arrivals::Once { .. } | Arrivals::Trace(_))
}
