//! Rates over the last while: differences of counts between now and a moment ago.

use crate::engine::Simulation;
use crate::ids::{ConsumerId, LinkId, NodeId, StoreId};
use crate::record::Recorder;
use crate::time::{SECOND, Span, Time};
use std::collections::VecDeque;

/// Samples of all counts, some tenths of the window apart.
#[derive(Debug, Default)]
pub struct Rates {
    samples: VecDeque<Sample>,
}

#[derive(Debug)]
struct Sample {
    at: Time,
    nodes: Box<[u64]>,
    links: Box<[u64]>,
    busy: Box<[u128]>,
    stores: Box<[u128]>,
}

/// Samples per window.
const PARTS: u64 = 8;

impl Rates {
    /// Takes a sample if it is time. `virtual_per_wall`: how fast the run moves; the window is one wall second or one virtual second,
    /// whichever is longer in virtual time.
    pub fn sample(&mut self, simulation: &Simulation, recorder: &Recorder, virtual_per_wall: f64) {
        let now = simulation.now();
        let window = Span((virtual_per_wall.clamp(1.0, 1e6) * SECOND as f64) as u64);
        if self.samples.back().is_some_and(|last| now - last.at < Span(window.0 / PARTS)) {
            return;
        }
        while self.samples.len() > 1 && self.samples.get(1).is_some_and(|second| now - second.at >= window) {
            self.samples.pop_front();
        }
        let plan = simulation.plan();
        self.samples.push_back(Sample {
            at: now,
            nodes: (0..plan.nodes.len()).map(|i| recorder.count(NodeId::at(i))).collect(),
            links: (0..plan.links.len()).map(|i| recorder.link(LinkId::at(i)).sent).collect(),
            busy: (0..plan.consumers.len()).map(|i| recorder.busy_area(ConsumerId::at(i), now)).collect(),
            stores: (0..plan.stores.len()).map(|i| recorder.store_now(StoreId::at(i), now).1).collect(),
        });
    }

    /// Virtual seconds between the oldest sample and `now`, if any.
    fn span(&self, now: Time) -> Option<(&Sample, f64)> {
        let oldest = self.samples.front()?;
        let seconds = (now - oldest.at).seconds();
        (seconds > 0.0).then_some((oldest, seconds))
    }

    /// A node's rate, given its count now.
    pub fn node(&self, now: Time, node: NodeId, count: u64) -> f64 {
        self.span(now).map_or(0.0, |(then, seconds)| count.saturating_sub(then.nodes[node.index()]) as f64 / seconds)
    }

    /// A link's rate, given its count now.
    pub fn link(&self, now: Time, link: LinkId, count: u64) -> f64 {
        self.span(now).map_or(0.0, |(then, seconds)| count.saturating_sub(then.links[link.index()]) as f64 / seconds)
    }

    /// A consumer's utilisation, given its busy area now.
    pub fn utilisation(&self, now: Time, consumer: ConsumerId, capacity: u32, area: u128) -> f64 {
        self.share(now, capacity, area, |then| then.busy[consumer.index()])
    }

    /// A store's utilisation, given its busy area now.
    pub fn store_utilisation(&self, now: Time, store: StoreId, connections: u32, area: u128) -> f64 {
        self.share(now, connections, area, |then| then.stores[store.index()])
    }

    fn share(&self, now: Time, capacity: u32, area: u128, before: impl Fn(&Sample) -> u128) -> f64 {
        self.span(now).map_or(0.0, |(then, seconds)| {
            let busy = area.saturating_sub(before(then)) as f64 / SECOND as f64;
            busy / seconds / f64::from(capacity.max(1))
        })
    }
}
