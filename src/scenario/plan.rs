//! The plan: a checked scenario with names resolved to dense ids. The engine runs plans and nothing else.
//!
//! Parse, don't validate: only [`mod@super::check`] makes a plan, so whoever holds one need not look for unknown names,
//! empty distributions or impossible numbers.

use super::broker::BrokerKind;
use super::broker::rabbitmq::Header;
use super::chains::Join;
use super::document::{Handle, Limits, Retry};
use super::expect::Expectation;
use super::faults::Fault;
use super::handling::{Ack, Breaker, Inbox, Ordered, Scale, Shed};
use super::needs::Need;
use super::publishing::Publish;
use super::shapes::{Arrivals, Attribute, Key, Times};
use super::state::Projection;
use super::units::{Bandwidth, Percent, Size};
use crate::ids::{BrokerId, ChannelId, ConsumerId, EmitterId, LinkId, NodeId, OutletId, ReadId, StoreId, TypeId};
use crate::time::{Span, Time};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A checked scenario, ready to run. Lists are indexed by the ids of their kind.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's title.
    pub name: String,
    /// The scenario's seed; a run may be given another one.
    pub seed: u64,
    /// When the run ends.
    pub duration: Time,
    /// When statistics start.
    pub warmup: Time,
    /// Bounds that stop a run.
    pub limits: Limits,
    /// By [`TypeId`].
    pub types: Vec<TypePlan>,
    /// By [`NodeId`].
    pub nodes: Vec<NodePlan>,
    /// By [`EmitterId`]: first those of producers, in file order, then those of `then`.
    pub emitters: Vec<EmitterPlan>,
    /// By [`BrokerId`].
    pub brokers: Vec<BrokerPlan>,
    /// By [`ChannelId`]; those of one broker stand together.
    pub channels: Vec<ChannelPlan>,
    /// By [`OutletId`].
    pub outlets: Vec<OutletPlan>,
    /// By [`ReadId`].
    pub reads: Vec<ReadPlan>,
    /// By [`ConsumerId`].
    pub consumers: Vec<ConsumerPlan>,
    /// By [`StoreId`].
    pub stores: Vec<StorePlan>,
    /// Outboxes with their relays.
    pub relays: Vec<RelayPlan>,
    /// By [`LinkId`]. One per pair of ends and direction that is used.
    pub links: Vec<LinkPlan>,
    /// What goes wrong, in file order.
    pub faults: Vec<FaultPlan>,
    /// What the scenario expects of its run, parsed.
    pub expectations: Vec<Expectation>,
    #[expect(dead_code, reason = "never read: it only keeps others from making a plan")]
    pub(super) checked: Checked,
}

/// Proof that a plan went through the checks: nothing outside `scenario` can make one.
#[derive(Clone, Copy, Debug)]
pub struct Checked(pub(super) ());

/// An event type.
#[derive(Clone, Debug)]
pub struct TypePlan {
    /// Its name.
    pub name: String,
    /// Bytes on the wire.
    pub size: Size,
    /// How its key is chosen.
    pub key: Option<Key>,
    /// Its attributes.
    pub attributes: Vec<(String, Attribute)>,
}

/// A node.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// Its id in the file.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Where it stands in the world, if the file says so.
    pub zone: Option<String>,
    /// What it emits, in the order of the emitters.
    pub emitters: Vec<EmitterId>,
    /// What it has that brings figures with it.
    pub met: BTreeSet<Need>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Emits.
    Producer,
    /// Routes and stores.
    Broker(BrokerId),
    /// Handles.
    Consumer(ConsumerId),
    /// Is called.
    Store(StoreId),
}

/// An `Emit`.
#[derive(Clone, Debug)]
pub struct EmitterPlan {
    /// The producer or consumer it belongs to.
    pub node: NodeId,
    /// Names its random streams: unique, and independent of what else is in the file.
    pub name: String,
    /// The type of its events; `None` for a trace whose rows name their types.
    pub event: Option<TypeId>,
    /// Where its events go.
    pub channel: ChannelId,
    /// The way there.
    pub link: LinkId,
    /// When it emits.
    pub origin: Origin,
    /// What a RabbitMQ broker looks at.
    pub properties: Properties,
    /// Whether it waits for confirmations.
    pub publish: Publish,
    /// Stores that a workload calls, one after the other; with an outbox or a dual write, the last is that write.
    pub calls: Vec<CallPlan>,
    /// How its events are sent on their way. For `then` the consumer's own way.
    pub sending: Sending,
    /// On which occasion a `then` follows.
    pub occasion: Occasion,
    /// What each event waits for, if it is a request.
    pub reply: Option<ReplyPlan>,
    /// Whether its events are published in Kafka's transactions, so that they count once these are committed.
    pub in_transactions: bool,
}

/// What the events of an emitter carry for a RabbitMQ broker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    /// The routing key; `None`: the event's name.
    pub routing_key: Option<String>,
    /// Headers.
    pub headers: Vec<(String, Header)>,
    /// The priority.
    pub priority: Option<u8>,
    /// How long they may wait in a queue.
    pub expiration: Option<Span>,
    /// Whether they are returned when no queue gets them.
    pub mandatory: bool,
}

/// When an emitter emits.
#[derive(Clone, Debug)]
pub enum Origin {
    /// At a workload's pace. Never `Arrivals::Trace`.
    Workload(Arrivals),
    /// At recorded times.
    Trace(Arc<Trace>),
    /// When a consumer has handled an event.
    Then {
        /// Whose handling it follows.
        consumer: ConsumerId,
        /// How often.
        probability: Percent,
        /// On which types; empty means all.
        on: Vec<TypeId>,
    },
}

/// A call to a store.
#[derive(Clone, Copy, Debug)]
pub struct CallPlan {
    /// Which store.
    pub store: StoreId,
    /// The way there.
    pub link: LinkId,
    /// How long the caller waits; without end if there is none.
    pub timeout: Option<Span>,
}

/// What ties publishing to the write before or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// There is no such write.
    Straight,
    /// Nothing; the write comes first.
    StoreFirst,
    /// Nothing; publishing comes first.
    BrokerFirst,
    /// An outbox, by its position in [`Plan::relays`].
    Outbox(u32),
}

/// On what an event follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// On a handled event.
    Handled,
    /// On a handled event with this outcome, by its position in [`ConsumerPlan::outcomes`].
    Outcome(u16),
    /// On an event whose handling has failed for good.
    Failed,
    /// On missing parts.
    TimedOut,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug)]
pub struct ReplyPlan {
    /// Where replies come to.
    pub channel: ChannelId,
    /// How long it waits.
    pub within: Span,
}

/// A store.
#[derive(Clone, Debug)]
pub struct StorePlan {
    /// The node it is.
    pub node: NodeId,
    /// Calls it serves at a time, at least 1.
    pub connections: u32,
    /// Time of a call.
    pub time: Times,
    /// Share of calls that fail.
    pub fails: Percent,
}

/// An outbox with its relay.
#[derive(Clone, Debug)]
pub struct RelayPlan {
    /// Whose it is.
    pub node: NodeId,
    /// How it reads and marks.
    pub call: CallPlan,
    /// How long it rests.
    pub poll: Span,
    /// Most rows it takes at a time, at least 1.
    pub batch: u32,
}

/// Recorded arrivals, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Names of the attribute columns.
    pub columns: Vec<String>,
    /// One row per event.
    pub rows: Vec<TraceRow>,
    /// The different keys; rows refer to them by position.
    pub keys: Vec<String>,
}

/// One recorded arrival.
#[derive(Clone, Debug)]
pub struct TraceRow {
    /// When.
    pub at: Time,
    /// Of what type.
    pub event: TypeId,
    /// Its key, as a position in [`Trace::keys`].
    pub key: Option<u32>,
    /// One value per attribute column; empty text where the file has none.
    pub values: Arc<[Box<str>]>,
}

/// A broker.
#[derive(Clone, Debug)]
pub struct BrokerPlan {
    /// The node it is.
    pub node: NodeId,
    /// Its rules and native parts.
    pub kind: BrokerKind,
    /// Its channels, in the order in which its kind declares them.
    pub channels: Range<usize>,
    /// Its outlets: those that its kind declares, in that order, or those that are read, by first reader.
    pub outlets: Vec<OutletId>,
}

/// What can be written to.
#[derive(Clone, Debug)]
pub struct ChannelPlan {
    /// Whose it is.
    pub broker: BrokerId,
    /// `broker/channel`.
    pub name: String,
    /// The outlets it may feed, in file order of their declaration or first reader.
    pub outlets: Vec<OutletId>,
    /// Consumers that fold a state from all its events (those that read outlets which the broker declares are not here: who gets
    /// what is known only when it is routed).
    pub folded_by: Vec<ConsumerId>,
}

/// What can be read from.
#[derive(Clone, Debug)]
pub struct OutletPlan {
    /// Whose it is.
    pub broker: BrokerId,
    /// What feeds it; may be several or none for an outlet that the broker declares.
    pub channels: Vec<ChannelId>,
    /// `broker/channel#group`, or `broker/outlet` where the broker's kind declares it.
    pub name: String,
    /// Its position among the outlets that its broker's kind declares.
    pub part: Option<u32>,
    /// Who reads it, in file order; may be empty only for an outlet that the broker declares.
    pub readers: Vec<ReadId>,
    /// Whether its broker declares it, and a reader folds a state from it.
    pub folded: bool,
}

/// A consumer's subscription.
#[derive(Clone, Debug)]
pub struct ReadPlan {
    /// Who reads.
    pub consumer: ConsumerId,
    /// What.
    pub outlet: OutletId,
    /// The way from the broker to the consumer.
    pub link: LinkId,
    /// As which group; the consumer's name where the file names none.
    pub group: String,
    /// Priority among the consumers of a RabbitMQ queue.
    pub priority: i32,
    /// Whether a RabbitMQ queue takes back what failed for good.
    pub requeue: bool,
}

/// A consumer.
#[derive(Clone, Debug)]
pub struct ConsumerPlan {
    /// The node it is.
    pub node: NodeId,
    /// Running copies, at least 1.
    pub instances: u32,
    /// Events each handles at a time, at least 1.
    pub threads: u32,
    /// Most unacknowledged events of a RabbitMQ channel; 0: without limit.
    pub prefetch: u32,
    /// When it acknowledges.
    pub ack: Ack,
    /// What it thinks of the order of each key, if it says so.
    pub ordered: Option<Ordered>,
    /// Time and failures of handling.
    pub handle: Handle,
    /// How it takes its work and finishes it.
    pub handling: Handling,
    /// Attempts and backoff; `attempts` is 1 where the file has no `retry`.
    pub retry: Retry,
    /// Where an event goes whose last attempt failed, and the way there.
    pub dead_letter: Option<(ChannelId, LinkId)>,
    /// What follows from a handled event.
    pub then: Vec<EmitterId>,
    /// Its subscriptions.
    pub reads: Vec<ReadId>,
    /// Stores it calls, one after the other; with an outbox or a dual write, the last is that write.
    pub calls: Vec<CallPlan>,
    /// How what follows is sent on its way.
    pub sending: Sending,
    /// The state it folds.
    pub state: Option<Projection>,
    /// What it joins.
    pub join: Option<Join>,
    /// Weights of its outcomes.
    pub outcomes: Vec<f64>,
    /// Whether it reads what requests wait for.
    pub answers: bool,
}

/// How a consumer takes its work and finishes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handling {
    /// Longest an attempt may take.
    pub timeout: Option<Span>,
    /// Remembers what it has handled.
    pub inbox: Option<Inbox>,
    /// Its circuit breaker.
    pub breaker: Option<Breaker>,
    /// What it drops at once.
    pub shed: Option<Shed>,
    /// How the number of instances changes.
    pub scale: Option<Scale>,
}

impl Handling {
    /// Whether it takes nothing but work and time.
    pub fn is_plain(&self) -> bool {
        *self == Handling::default()
    }
}

impl ConsumerPlan {
    /// Whether it is a function as a service.
    pub fn is_function(&self) -> bool {
        matches!(self.handling.scale, Some(Scale::Serverless { .. }))
    }

    /// Whether instances are added and taken away.
    pub fn is_scaled(&self) -> bool {
        matches!(self.handling.scale, Some(Scale::Autoscale { .. }))
    }

    /// Instances it has at most, however it is scaled.
    pub fn most_instances(&self) -> u32 {
        match self.handling.scale {
            Some(Scale::Autoscale { most, .. }) => most.max(self.instances),
            _ => self.instances,
        }
    }

    /// Events it can handle at the same time: at the start, where that changes.
    pub fn capacity(&self) -> u32 {
        self.instances.saturating_mul(self.threads)
    }
}

/// One direction of a network edge.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Where events enter.
    pub from: NodeId,
    /// Where they arrive.
    pub to: NodeId,
    /// One-way latency.
    pub latency: Times,
    /// Share that never arrives.
    pub loss: Percent,
    /// Share that arrives twice.
    pub duplication: Percent,
    /// Bytes per second, or without limit.
    pub bandwidth: Option<Bandwidth>,
    /// Whether order is kept.
    pub ordered: bool,
    /// The opposite direction.
    pub back: LinkId,
}

/// A fault.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultPlan {
    /// As written.
    pub what: Fault,
    /// What it strikes: one list for each target it names; of a `Partition` those of the one side and those of the other.
    pub strikes: [Vec<Place>; 2],
    /// When.
    pub when: When,
}

/// A node, or one instance of it (from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which node.
    pub node: NodeId,
    /// Which instance; `None` for all.
    pub instance: Option<u32>,
}

/// When a fault comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once.
    Once {
        /// At this time.
        at: Time,
        /// For so long; `None` to the end of the run.
        lasts: Option<Span>,
    },
    /// Again and again.
    Random {
        /// Mean time between two.
        every: Span,
        /// Mean length.
        lasts: Span,
    },
}

impl Plan {
    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|n| n.name == name).map(NodeId::at)
    }

    /// When a consumer acknowledges, as far as that is its own doing and not that of its broker's rules (a Kafka group's commits).
    pub fn ack_of(&self, consumer: ConsumerId) -> Ack {
        let plan = &self.consumers[consumer.index()];
        let outlet = |read: &ReadId| &self.outlets[self.reads[read.index()].outlet.index()];
        let commits = |read: &ReadId| self.brokers[outlet(read).broker.index()].kind.parts().commits();
        if plan.reads.iter().any(commits) { Ack::AfterWork } else { plan.ack }
    }

    /// As which group an outlet is read that its broker does not declare; nothing where nobody reads it.
    pub fn group_of(&self, outlet: OutletId) -> &str {
        self.outlets[outlet.index()].readers.first().map_or("", |read| &self.reads[read.index()].group)
    }

    /// Length of the part of the run that statistics cover.
    pub fn observed(&self) -> Span {
        self.duration - self.warmup
    }
}
