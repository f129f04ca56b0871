//! Checkpoints: copies of a run from which any moment is reached by simulating forward.
//!
//! They are taken after every so many steps, at multiples of that number, so that where they are does not depend on how the run was
//! paced. When all together take more memory than they may, the distance doubles and every other one goes. Memory is counted in bytes: of
//! each copy what is its own, and once whatever several share (sealed parts of long queues, rows of the series).

use super::script::Moment;
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A copy of a run.
#[derive(Debug)]
pub struct Checkpoint {
    /// On which branch it was taken.
    pub branch: u32,
    /// The copy.
    pub moment: Moment,
    /// Bytes of its own.
    own: usize,
    /// The blocks it shares, and their bytes.
    shared: Vec<(usize, usize)>,
}

impl Checkpoint {
    /// By what they are ordered: branch, steps, turns taken.
    fn key(&self) -> (u32, u64, usize) {
        (self.branch, self.moment.simulation.steps(), self.moment.taken)
    }
}

/// All checkpoints of a run and its branches.
#[derive(Debug)]
pub struct Checkpoints {
    /// In the order of (branch, steps).
    kept: Vec<Arc<Checkpoint>>,
    stride: u64,
    budget: usize,
    own: usize,
    /// Blocks by identity: bytes, and how many checkpoints have them.
    blocks: BTreeMap<usize, (usize, u32)>,
    shared: usize,
}

/// A way to a moment: branches with the time up to which each is followed and the number of turns taken there, the latest first.
pub type Lineage = [(u32, Time, usize)];

impl Checkpoints {
    /// Memory that checkpoints may take if nobody says otherwise, in bytes.
    pub const BUDGET: usize = 512 << 20;
    /// Steps between two checkpoints at first: some milliseconds of simulating.
    const STRIDE: u64 = 1 << 15;

    /// None yet; to stay within so many bytes.
    pub fn new(budget: usize) -> Checkpoints {
        Checkpoints { kept: Vec::new(), stride: Self::STRIDE, budget, own: 0, blocks: BTreeMap::new(), shared: 0 }
    }

    /// How many steps a run that has made `steps` may make until the next checkpoint is to be taken.
    pub fn next(&self, steps: u64) -> u64 {
        self.stride - steps % self.stride
    }

    /// Takes a checkpoint if this moment is one for it and there is none yet.
    pub fn offer(&mut self, branch: u32, moment: &Moment) {
        if moment.simulation.steps().is_multiple_of(self.stride) {
            self.take(branch, moment);
        }
    }

    /// Takes a checkpoint here whatever the distance, unless there is one.
    pub fn take(&mut self, branch: u32, moment: &Moment) {
        let place = self.kept.binary_search_by_key(&(branch, moment.simulation.steps(), moment.taken), |c| c.key());
        let Err(place) = place else { return };
        let mut shared = Vec::new();
        let moment = moment.clone();
        let mut own = size_of::<Checkpoint>();
        own += moment.simulation.weigh(&mut |block, bytes| shared.push((block, bytes)));
        own += moment.recorder.weigh(|block, bytes| shared.push((block, bytes)));
        own += shared.len() * size_of::<(usize, usize)>();
        self.keep(place, Arc::new(Checkpoint { branch, moment, own, shared }));
    }

    /// Keeps a checkpoint that others keep as well.
    pub fn adopt(&mut self, checkpoint: &Arc<Checkpoint>) {
        if let Err(place) = self.kept.binary_search_by_key(&checkpoint.key(), |c| c.key()) {
            self.keep(place, Arc::clone(checkpoint));
        }
    }

    fn keep(&mut self, place: usize, checkpoint: Arc<Checkpoint>) {
        for (block, bytes) in &checkpoint.shared {
            let held = self.blocks.entry(*block).or_insert((*bytes, 0));
            if held.1 == 0 {
                self.shared += held.0;
            }
            held.1 += 1;
        }
        self.own += checkpoint.own;
        self.kept.insert(place, checkpoint);
        self.keep_to_budget();
    }

    fn keep_to_budget(&mut self) {
        while self.bytes() > self.budget && self.kept.len() > 1 {
            self.stride = self.stride.saturating_mul(2).min(1 << 62);
            let before = self.kept.len();
            self.thin();
            if self.kept.len() == before {
                // Nothing but the beginnings of branches.
                break;
            }
        }
    }

    /// The memory that they may take, in bytes.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Another budget, in bytes.
    pub fn limit(&mut self, budget: usize) {
        self.budget = budget;
        self.keep_to_budget();
    }

    /// Drops every other one of each branch, but never its first.
    fn thin(&mut self) {
        let (mut branch, mut place) = (u32::MAX, 0);
        for checkpoint in std::mem::take(&mut self.kept) {
            place = if checkpoint.branch == branch { place + 1 } else { 0 };
            branch = checkpoint.branch;
            if place % 2 == 0 {
                self.kept.push(checkpoint);
            } else {
                self.forget(&checkpoint);
            }
        }
    }

    fn forget(&mut self, checkpoint: &Checkpoint) {
        self.own -= checkpoint.own;
        for (block, _) in &checkpoint.shared {
            if let Some(held) = self.blocks.get_mut(block) {
                held.1 -= 1;
                if held.1 == 0 {
                    self.shared -= held.0;
                    self.blocks.remove(block);
                }
            }
        }
    }

    /// The latest checkpoint on the way to a moment that is not after `time`.
    pub fn before(&self, lineage: &Lineage, time: Time) -> Option<&Arc<Checkpoint>> {
        let on_the_way = |(branch, until, turns): &(u32, Time, usize)| {
            let first = self.kept.partition_point(|c| c.branch < *branch);
            let of_branch = self.kept[first..].iter().take_while(|c| c.branch == *branch);
            of_branch.take_while(|c| c.moment.now() <= time.min(*until)).filter(|c| c.moment.taken <= *turns).last()
        };
        lineage.iter().filter_map(on_the_way).max_by_key(|c| (c.moment.now(), c.moment.simulation.steps()))
    }

    /// Where they stand on a way, in order of time.
    pub fn along(&self, lineage: &Lineage) -> Vec<Arc<Checkpoint>> {
        let on = |c: &&Arc<Checkpoint>| {
            lineage.iter().any(|(b, until, turns)| c.branch == *b && c.moment.now() <= *until && c.moment.taken <= *turns)
        };
        let mut found: Vec<_> = self.kept.iter().filter(on).cloned().collect();
        found.sort_by_key(|c| (c.moment.now(), c.moment.simulation.steps()));
        found
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        self.own + self.shared + self.kept.capacity() * size_of::<usize>() + self.blocks.len() * 2 * size_of::<(usize, usize, u32)>()
    }
}
