//! What does not change during a run.

use super::partitioner::{murmur2, positive};
use crate::engine::event::{Event, Key, KeyTexts};
use crate::engine::keys::Interner;
use crate::ids::BrokerId;
use crate::scenario::Plan;
use crate::scenario::broker::kafka::{Kafka as Document, Producers, Replay};
use crate::scenario::publishing::Publish;
use crate::time::Span;

/// Bytes of a batch besides its records, and of a record besides its value (lengths, offset, timestamp, no headers).
pub const BATCH_OVERHEAD: u64 = 61;
/// See [`BATCH_OVERHEAD`].
pub const RECORD_OVERHEAD: u64 = 10;

/// Settings of a cluster, and what follows from the plan.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub producers: Producers,
    pub idempotent: bool,
    pub replays: Vec<Replay>,
    pub retention_check: Span,
    pub cleaner_pause: Span,
    pub node_session: Span,
    pub seed: u64,
    /// By emitter: whether it waits for confirmations.
    confirmed: Box<[bool]>,
    /// Bytes of an event by type.
    sizes: Box<[u64]>,
    largest: u64,
    texts: KeyTexts,
    /// Names of the topics, in file order.
    pub topics: Box<[String]>,
    /// By topic: whether somebody folds a state from its events.
    pub folded: Box<[bool]>,
}

impl Settings {
    pub fn new(plan: &Plan, id: BrokerId, document: &Document, seed: u64) -> Settings {
        let own = plan.channels[plan.brokers[id.index()].channels.clone()].iter();
        Settings {
            folded: own.map(|channel| !channel.folded_by.is_empty()).collect(),
            topics: document.topics.iter().map(|topic| topic.name.clone()).collect(),
            idempotent: document.producers.idempotent(),
            producers: document.producers.clone(),
            confirmed: plan.emitters.iter().map(|emitter| emitter.publish != Publish::Forget).collect(),
            replays: document.replays.clone(),
            retention_check: document.retention_check.max(Span::from_millis(1)),
            cleaner_pause: document.cleaner_pause.max(Span::from_millis(1)),
            node_session: document.node_session,
            seed,
            sizes: plan.types.iter().map(|kind| kind.size.0).collect(),
            largest: plan.types.iter().map(|kind| kind.size.0).max().unwrap_or(0) + RECORD_OVERHEAD,
            texts: Interner::of(plan).texts(),
        }
    }

    /// Whether whoever published an event waits for word of it.
    #[inline]
    pub fn waits(&self, event: &Event) -> bool {
        self.confirmed[event.id.emitter().index()]
    }

    /// Bytes of a record in a log.
    #[inline]
    pub fn bytes(&self, kind: crate::engine::event::Kind) -> u64 {
        self.sizes[usize::from(kind.0)] + RECORD_OVERHEAD
    }

    /// Bytes of the largest record there is.
    #[inline]
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The hash of a key's text, without its sign; `None` without a key.
    #[inline]
    pub fn hash(&self, key: Key) -> Option<u32> {
        let mut digits = [0; 20];
        key.bytes(&self.texts, &mut digits).map(|bytes| positive(murmur2(bytes)))
    }
}
