//! A store: connections, the queue before them, and what it did.

use super::event::odds;
use super::sample::Sampler;
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::plan::StorePlan;
use crate::time::Span;
use std::collections::VecDeque;

/// A store with its state.
#[derive(Clone, Debug)]
pub struct Store {
    connections: u32,
    /// Connections in use.
    pub busy: u32,
    /// Calls that wait for a connection, oldest first: their places and what tells them apart. Those that gave up are still here.
    pub queue: VecDeque<(u32, u64)>,
    time: Sampler,
    time_random: Stream,
    fails: u64,
    fails_random: Stream,
    /// So many reasons to be down.
    pub downs: u16,
    /// What makes it slow: a fault and by how much.
    pub slow: Vec<(u32, f64)>,
    /// What makes calls fail: a fault, odds.
    pub errors: Vec<(u32, u64, Stream)>,
    /// Since the start.
    pub counts: StoreCounts,
}

/// What became of the calls to a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Calls made.
    pub calls: u64,
    /// Served to the end and well.
    pub served: u64,
    /// Failed: by chance, because it was down, or because the connection broke.
    pub failed: u64,
    /// Given up by their callers. (The store may have served them all the same.)
    pub timed_out: u64,
}

impl Store {
    /// A store of a checked plan.
    pub fn new(plan: &Plan, store: &StorePlan, seed: u64) -> Store {
        let name = &plan.nodes[store.node.index()].name;
        let stream = |purpose: &str| Stream::named(seed ^ hash_name(purpose), name);
        Store {
            connections: store.connections,
            busy: 0,
            queue: VecDeque::new(),
            time: Sampler::new(&store.time),
            time_random: stream("store time"),
            fails: odds(store.fails),
            fails_random: stream("store failures"),
            downs: 0,
            slow: Vec::new(),
            errors: Vec::new(),
            counts: StoreCounts::default(),
        }
    }

    /// Calls that have not begun follow another plan from now on.
    pub fn adopt(&mut self, plan: &StorePlan) {
        self.connections = plan.connections;
        self.time = Sampler::new(&plan.time);
        self.fails = odds(plan.fails);
    }

    /// Whether a connection is free.
    pub fn has_room(&self) -> bool {
        self.busy < self.connections
    }

    /// Whether it answers at all.
    pub fn is_up(&self) -> bool {
        self.downs == 0
    }

    /// How long the next call takes, and whether it fails.
    pub fn draw(&mut self) -> (Span, bool) {
        let mut span = self.time.draw(&mut self.time_random);
        for (_, times) in &self.slow {
            span = Span((span.0 as f64 * times) as u64);
        }
        let mut fails = self.fails_random.chance(self.fails);
        for (_, odds, random) in &mut self.errors {
            fails |= random.chance(*odds);
        }
        (span, fails)
    }
}
