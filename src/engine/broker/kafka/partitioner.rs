//! Which partition a record goes to: the hash of its key, or, without a key, the one the producer sticks to for a while
//! (KIP-794, since Kafka 3.3).

/// The murmur2 hash of a key's bytes with Kafka's seed: the same bits as the Java client's.
pub fn murmur2(key: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let mut hash = SEED ^ key.len() as u32;
    let mut words = key.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    (hash ^ (hash >> 15)) as i32
}

/// The hash without its sign: Kafka masks the bit, it does not take the absolute value.
pub fn positive(hash: i32) -> u32 {
    hash as u32 & 0x7fff_ffff
}

/// The partition of a key among all partitions of its topic, with or without a leader.
pub fn of_key(key: &[u8], partitions: u32) -> u32 {
    positive(murmur2(key)) % partitions.max(1)
}

/// One producer's choice for the keyless records of one topic.
#[derive(Clone, Debug)]
pub struct Sticky {
    batch_size: u64,
    partitions: u32,
    /// Those with a leader; the choice is among all if there is none.
    available: Vec<u32>,
    /// With weights since the last [`Sticky::update_load`] that found queues of different lengths.
    load: Option<Load>,
    current: u32,
    produced: u64,
}

/// Partitions to choose from with running sums of their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The partitions that may be chosen.
    pub partitions: Vec<u32>,
    /// The running sum of the weights up to and with each of them.
    pub cumulative: Vec<u32>,
}

impl Sticky {
    /// A producer that starts with the choice made by `draw`, a non-negative random number. `batch_size` in bytes.
    pub fn new(batch_size: u64, has_leader: &[bool], draw: u32) -> Sticky {
        let mut sticky =
            Sticky { batch_size, partitions: has_leader.len() as u32, available: Vec::new(), load: None, current: 0, produced: 0 };
        sticky.update_leaders(has_leader);
        sticky.current = sticky.choose(draw);
        sticky
    }

    /// The partition of the next record.
    #[inline(always)]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Which partitions have a leader now. Takes effect at the next choice.
    pub fn update_leaders(&mut self, has_leader: &[bool]) {
        self.available = (0..).zip(has_leader).filter(|(_, has)| **has).map(|(partition, _)| partition).collect();
    }

    /// How many batches wait for each of the first `length` of `partitions`: shorter queues get more (adaptive partitioning).
    /// Queues of equal length, all of them listed, make the choice uniform again.
    pub fn update_load(&mut self, queues: &[u32], partitions: &[u32], length: usize) {
        let listed = &queues[..length.min(queues.len())];
        let uniform = listed.len() == queues.len() && listed.iter().all(|queue| *queue == listed[0]);
        self.load = (!listed.is_empty() && queues.len() > 1 && !uniform).then(|| {
            let most = listed.iter().max().copied().unwrap_or(0) + 1;
            let mut sum = 0;
            let running = |queue: &u32| {
                sum += most - queue;
                sum
            };
            Load { cumulative: listed.iter().map(running).collect(), partitions: partitions[..listed.len()].to_vec() }
        });
    }

    /// The weights in use, none while the choice is uniform.
    pub fn load(&self) -> Option<&Load> {
        self.load.as_ref()
    }

    /// Whether [`Sticky::append`] will make a choice.
    #[inline]
    pub fn switches(&self, bytes: u64, switch_allowed: bool) -> bool {
        let produced = self.produced + bytes;
        produced >= self.batch_size && (switch_allowed || produced >= 2 * self.batch_size)
    }

    /// So many bytes were appended to the current partition; perhaps the next record starts another one. Switching is allowed
    /// unless the open batch is not yet sendable, and at twice the batch size it happens regardless. `draw` is asked only then.
    #[inline]
    pub fn append(&mut self, bytes: u64, switch_allowed: bool, draw: impl FnOnce() -> u32) {
        let switches = self.switches(bytes, switch_allowed);
        self.produced += bytes;
        if switches {
            self.current = self.choose(draw());
            self.produced = 0;
        }
    }

    /// The partition for a non-negative random number. May be the current one again.
    fn choose(&self, draw: u32) -> u32 {
        if let Some(load) = &self.load {
            let total = load.cumulative.last().copied().unwrap_or(1).max(1);
            let at = load.cumulative.partition_point(|sum| *sum <= draw % total);
            return load.partitions.get(at).copied().unwrap_or(self.current);
        }
        match self.available.len() as u32 {
            0 => draw % self.partitions.max(1),
            n => self.available[(draw % n) as usize],
        }
    }
}
