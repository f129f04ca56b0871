//! The document: what a person writes down, with the defaults where they said nothing.
//!
//! Plain data. Reading and writing are in [`mod@super::read`] and [`mod@super::write`], meaning in [`mod@super::check`].
//! Field names are the file format's; every optional field is left out of the file while it has its default.

use super::broker::BrokerKind;
use super::broker::rabbitmq::Header;
use super::chains::{Join, Reply, When};
use super::faults::Trouble;
use super::handling::{Ack, After, Breaker, Budget, Inbox, Ordered, Poison, Scale, Shed};
use super::lesson::Lesson;
use super::pairs::Pairs;
use super::publishing::{Outbox, Publish};
use super::shapes::{Arrivals, Attribute, Backoff, Key, Times};
use super::state::Projection;
use super::store::{Call, Store};
use super::units::{Bandwidth, Percent, Size};
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format this build reads and writes.
pub const FORMAT: u32 = 1;

/// A whole scenario file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of the file format; required, 1 at present.
    pub format: u32,
    /// Title, shown in the window's head and in reports.
    #[serde(default = "untitled")]
    pub name: String,
    /// One or two sentences on what the scenario shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Where all randomness comes from. Default 1.
    #[serde(default = "one")]
    pub seed: u64,
    /// Virtual length of the run. Default 60 s.
    #[serde(default = "minute")]
    pub duration: Span,
    /// Statistics (means, percentiles, utilisation) start after this; counts do not. Default 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub warmup: Span,
    /// What every link is like unless `links` says otherwise. Default: 1 ms, nothing lost.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: Network,
    /// When to stop a run that grows without end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// Event types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Producers, brokers, consumers and stores.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// Network edges that differ from `network`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Nodes that belong together, drawn in a frame with a title. They mean nothing to the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Words on the canvas. They mean nothing to the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What goes wrong, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Trouble>,
    /// Statements about the run that `tidemill check` tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expect>,
    /// Ids of lints that are not to be told, because the scenario is about what they warn of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// What it teaches, step by step. Default: nothing in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Lesson>,
}

impl Scenario {
    /// Who reads from a place (`broker/outlet`). A consumer reads as the group of its own id where the file names none.
    pub fn readers(&self, place: &str) -> Groups<'_> {
        let mut groups = Groups::new();
        self.reads().filter(|(read, _)| read.from == place).for_each(|(read, consumer)| enter(&mut groups, read, consumer));
        groups
    }

    /// The same for all places that are read from.
    pub fn all_readers(&self) -> BTreeMap<&str, Groups<'_>> {
        let mut all: BTreeMap<&str, Groups<'_>> = BTreeMap::new();
        self.reads().for_each(|(read, consumer)| enter(all.entry(&read.from).or_default(), read, consumer));
        all
    }

    fn reads(&self) -> impl Iterator<Item = (&Read, &Consumer)> {
        let consumers = self.nodes.iter().filter_map(|node| match node {
            Node::Consumer(consumer) => Some(consumer),
            _ => None,
        });
        consumers.flat_map(|consumer| consumer.reads.iter().map(move |read| (read, consumer)))
    }
}

/// The groups that read from a place, in file order, each with the consumers in it.
pub type Groups<'s> = Vec<(&'s str, Vec<&'s Consumer>)>;

fn enter<'s>(groups: &mut Groups<'s>, read: &'s Read, consumer: &'s Consumer) {
    let group = read.group.as_deref().unwrap_or(&consumer.id);
    match groups.iter_mut().find(|(known, _)| *known == group) {
        Some((_, consumers)) => consumers.push(consumer),
        None => groups.push((group, vec![consumer])),
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Scenario {
            format: FORMAT,
            name: untitled(),
            about: String::new(),
            seed: one(),
            duration: minute(),
            warmup: Span::ZERO,
            network: Network::default(),
            limits: Limits::default(),
            events: Vec::new(),
            nodes: Vec::new(),
            links: Vec::new(),
            groups: Vec::new(),
            notes: Vec::new(),
            faults: Vec::new(),
            expect: Vec::new(),
            allow: Vec::new(),
            lesson: None,
        }
    }
}

/// The default link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Time an event travels, one way. Default 1 ms constant.
    #[serde(default = "millisecond", skip_serializing_if = "is_millisecond")]
    pub latency: Times,
    /// Share of events that never arrive. Default 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Percent,
    /// Share of events that arrive twice. Default 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub duplication: Percent,
    /// Bytes per second the link carries; events queue for it. Default: without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// Whether events arrive in the order they were sent even if a later one draws a shorter latency, as on
    /// one TCP connection. Default: each event travels on its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ordered: bool,
}

impl Default for Network {
    fn default() -> Self {
        Network { latency: millisecond(), loss: Percent(0.0), duplication: Percent(0.0), bandwidth: None, ordered: false }
    }
}

/// One network edge between a node and a broker, both directions; what is left out is as in `network`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The two ends, in either order: a node and a broker.
    pub between: (String, String),
    /// See [`Network::latency`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Times>,
    /// See [`Network::loss`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Percent>,
    /// See [`Network::duplication`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplication: Option<Percent>,
    /// See [`Network::bandwidth`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// See [`Network::ordered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<bool>,
}

/// Nodes that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What stands on the frame around them.
    #[serde(default)]
    pub title: String,
    /// Their ids. A node can be in several groups.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// Words on the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What it says, over as many lines as it has.
    pub text: String,
    /// Place of its upper left corner on the canvas.
    pub at: (f32, f32),
}

/// Bounds that end a run with a clear reason instead of a freeze or a full memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Copies of events that may be alive (travelling, waiting, in hand) at once. Default 5 million.
    #[serde(default = "live_limit")]
    pub live: u64,
    /// Steps of the simulation. Default two thousand million.
    #[serde(default = "step_limit")]
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { live: live_limit(), steps: step_limit() }
    }
}

/// An event type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name, as in `OrderCreated`.
    pub name: String,
    /// Bytes on the wire. Default 1 KiB.
    #[serde(default = "kibibyte", skip_serializing_if = "is_kibibyte")]
    pub size: Size,
    /// How its key is chosen. Default: none, or the key of the event that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Named values that travel with each event.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub attributes: Pairs<Attribute>,
}

/// A node of the topology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "a document has few nodes beside what a run holds")]
pub enum Node {
    /// Emits events.
    Producer(Producer),
    /// Takes events in, routes, stores and hands them out.
    Broker(Broker),
    /// Handles events.
    Consumer(Consumer),
    /// Is called by producers and consumers: a database, a remote service.
    Store(Store),
}

impl Node {
    /// The name that everything else refers to.
    pub fn id(&self) -> &str {
        match self {
            Node::Producer(p) => &p.id,
            Node::Broker(b) => &b.id,
            Node::Consumer(c) => &c.id,
            Node::Store(s) => &s.id,
        }
    }

    /// The name, to be changed (references elsewhere are the caller's to follow up).
    pub fn id_mut(&mut self) -> &mut String {
        match self {
            Node::Producer(p) => &mut p.id,
            Node::Broker(b) => &mut b.id,
            Node::Consumer(c) => &mut c.id,
            Node::Store(s) => &mut s.id,
        }
    }

    /// Place on the canvas, if the file gives one.
    pub fn at(&self) -> Option<(f32, f32)> {
        match self {
            Node::Producer(p) => p.at,
            Node::Broker(b) => b.at,
            Node::Consumer(c) => c.at,
            Node::Store(s) => s.at,
        }
    }

    /// Moves the node on the canvas.
    pub fn set_at(&mut self, at: (f32, f32)) {
        *match self {
            Node::Producer(p) => &mut p.at,
            Node::Broker(b) => &mut b.at,
            Node::Consumer(c) => &mut c.at,
            Node::Store(s) => &mut s.at,
        } = Some(at);
    }

    /// Where it stands in the world, if the file says so.
    pub fn zone(&self) -> Option<&str> {
        match self {
            Node::Producer(p) => p.zone.as_deref(),
            Node::Broker(b) => b.zone.as_deref(),
            Node::Consumer(c) => c.zone.as_deref(),
            Node::Store(s) => s.zone.as_deref(),
        }
    }

    /// The same, to be changed.
    pub fn zone_mut(&mut self) -> &mut Option<String> {
        match self {
            Node::Producer(p) => &mut p.zone,
            Node::Broker(b) => &mut b.zone,
            Node::Consumer(c) => &mut c.zone,
            Node::Store(s) => &mut s.zone,
        }
    }

    /// `producer`, `broker`, `consumer` or `store`.
    pub fn role(&self) -> &'static str {
        match self {
            Node::Producer(_) => "producer",
            Node::Broker(_) => "broker",
            Node::Consumer(_) => "consumer",
            Node::Store(_) => "store",
        }
    }
}

/// Emits events at its workloads' pace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Producer {
    /// Unique name.
    pub id: String,
    /// Place on the canvas; laid out automatically without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<(f32, f32)>,
    /// Where it stands in the world, as in `eu-1a`: nodes of one zone carry the same tag on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What it emits, where to, when.
    #[serde(default)]
    pub emits: Vec<Emit>,
    /// Whether it waits for its broker to confirm what it publishes. Default: no.
    #[serde(default, skip_serializing_if = "is_default")]
    pub publish: Publish,
    /// Stores that are called before an event is emitted; if a call fails, nothing is, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// A store that is written to as well, and what ties that to publishing. Default: nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox: Option<Outbox>,
}

impl Default for Producer {
    /// A producer without a name that emits nothing.
    fn default() -> Self {
        Producer { id: String::new(), at: None, zone: None, emits: Vec::new(), publish: Publish::Forget, calls: Vec::new(), outbox: None }
    }
}

/// One workload of a producer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emit {
    /// Event type. May be left out with `Trace` arrivals: then every row is emitted as the type it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// `broker/channel`.
    pub to: String,
    /// When events are emitted.
    pub arrivals: Arrivals,
    /// Whether each event is a request that waits for a reply. Default: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// RabbitMQ: the routing key. Default: the event's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
    /// RabbitMQ: headers, for headers exchanges.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub headers: Pairs<Header>,
    /// RabbitMQ: the priority. Default: none, which counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// RabbitMQ: how long the event may wait in a queue. Default: as long as the queue allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Span>,
    /// RabbitMQ: what no queue gets is returned to the producer. Default: it is dropped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mandatory: bool,
}

impl Emit {
    /// A workload without anything special.
    pub fn new(event: Option<String>, to: String, arrivals: Arrivals) -> Emit {
        Emit {
            event,
            to,
            arrivals,
            reply: None,
            routing_key: None,
            headers: Pairs::default(),
            priority: None,
            expiration: None,
            mandatory: false,
        }
    }
}

/// A broker node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Unique name.
    pub id: String,
    /// Place on the canvas; laid out automatically without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<(f32, f32)>,
    /// Where it stands in the world, as in `eu-1a`: nodes of one zone carry the same tag on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// By whose rules it works, with its native parts.
    pub kind: BrokerKind,
}

/// A group of instances that handle events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// Unique name.
    pub id: String,
    /// Place on the canvas; laid out automatically without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<(f32, f32)>,
    /// Where it stands in the world, as in `eu-1a`: nodes of one zone carry the same tag on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What it reads.
    #[serde(default)]
    pub reads: Vec<Read>,
    /// Running copies. Default 1.
    #[serde(default = "one_u32", skip_serializing_if = "is_one")]
    pub instances: u32,
    /// Events each instance handles at a time. Default 1.
    #[serde(default = "one_u32", skip_serializing_if = "is_one")]
    pub threads: u32,
    /// Most events that an instance may hold without having acknowledged them, of a RabbitMQ or simple broker. Default: without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefetch: Option<u32>,
    /// How long handling takes and how often it fails.
    #[serde(default, skip_serializing_if = "is_default")]
    pub handle: Handle,
    /// What happens to an event whose handling failed. Default: the first failure is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// `broker/channel` that takes events whose last attempt failed. Default: none, their fate is `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<String>,
    /// When it tells its broker that it has an event. Default: after the work.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ack: Ack,
    /// Whether it keeps the order of each key, or gives it up. Default: given up, and not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Ordered>,
    /// Longest an attempt may take; then it fails. Default: as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// Remembers what it has handled, and skips it. Default: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<Inbox>,
    /// Takes nothing for a while when too much fails. Default: it goes on trying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// Drops what it cannot handle in time. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shed: Option<Shed>,
    /// How the number of instances changes. Default: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// Events emitted when an event has been handled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Then>,
    /// Whether it waits for its broker to confirm what follows. Default: no.
    #[serde(default, skip_serializing_if = "is_default")]
    pub publish: Publish,
    /// Stores that are called when the work on an event is done; if a call fails, so does the handling, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// A store that is written to as well, and what ties that to publishing. Default: nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox: Option<Outbox>,
    /// State that it folds from what it handles. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Projection>,
    /// Whether it waits for several events of one correlation id before anything follows. Default: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
}

impl Default for Consumer {
    /// A consumer without a name that reads nothing.
    fn default() -> Self {
        Consumer {
            id: String::new(),
            at: None,
            zone: None,
            reads: Vec::new(),
            instances: one_u32(),
            threads: one_u32(),
            prefetch: None,
            handle: Handle::default(),
            retry: None,
            dead_letter: None,
            ack: Ack::AfterWork,
            ordered: None,
            timeout: None,
            inbox: None,
            breaker: None,
            shed: None,
            scale: None,
            then: Vec::new(),
            publish: Publish::Forget,
            calls: Vec::new(),
            outbox: None,
            state: None,
            join: None,
        }
    }
}

/// One subscription of a consumer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// `broker/channel`, or `broker/outlet` where the broker's kind names its outlets.
    pub from: String,
    /// Consumers of one group share its events. Default: the consumer's id, a group of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// RabbitMQ: consumers of a higher priority are served first while they can take something. Default 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: i32,
    /// RabbitMQ: an event whose last attempt failed goes back to its queue instead of being rejected. Default: it is rejected.
    #[serde(default, skip_serializing_if = "is_default")]
    pub requeue: bool,
}

impl Read {
    /// A subscription without anything special.
    pub fn new(from: String) -> Read {
        Read { from, group: None, priority: 0, requeue: false }
    }
}

/// What a handler does with an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handle {
    /// Time one event takes. Default 1 ms constant.
    #[serde(default = "millisecond", skip_serializing_if = "is_millisecond")]
    pub time: Times,
    /// Share of attempts that fail. Default 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fails: Percent,
    /// What may come of handling an event as far as the business is concerned, by weight: a payment is accepted or declined. An event
    /// has the same outcome however often it is handled. Default: nothing to tell apart.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub outcomes: Pairs<f64>,
    /// How far an attempt is when its effect takes place: a crash or a time-out between that and the end has the effect without the
    /// acknowledgement. Default 100%: at the end. An attempt that fails by itself has no effect.
    #[serde(default = "always", skip_serializing_if = "is_always")]
    pub effect: Percent,
    /// Events that fail at every attempt. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poison: Option<Poison>,
}

impl Default for Handle {
    fn default() -> Self {
        Handle { time: millisecond(), fails: Percent(0.0), outcomes: Pairs::default(), effect: always(), poison: None }
    }
}

/// Trying again after a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, the first included; the last one's failure is final. Default 3.
    #[serde(default = "three")]
    pub attempts: u32,
    /// How long to wait before trying again. Default: not at all.
    #[serde(default, skip_serializing_if = "is_default")]
    pub backoff: Backoff,
    /// Limits retries where much fails. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// What becomes of an event whose last attempt failed. Default: dead letter.
    #[serde(default, skip_serializing_if = "is_default")]
    pub after: After,
}

impl Default for Retry {
    fn default() -> Self {
        Retry { attempts: three(), backoff: Backoff::default(), budget: None, after: After::DeadLetter }
    }
}

/// An event that follows from a handled one. It carries the same correlation id, names the handled event as its
/// cause, and has its key unless its own type has a `key`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Emit")]
pub struct Then {
    /// Event type.
    pub event: String,
    /// `broker/channel`.
    pub to: String,
    /// How often it follows. Default 100%.
    #[serde(default = "always", skip_serializing_if = "is_always")]
    pub probability: Percent,
    /// Event types it follows from. Default: every type the consumer reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// On which occasion. Default: whenever an event has been handled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: When,
    /// RabbitMQ: the routing key. Default: the event's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
    /// RabbitMQ: headers, for headers exchanges.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub headers: Pairs<Header>,
    /// RabbitMQ: the priority. Default: none, which counts as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// RabbitMQ: how long the event may wait in a queue. Default: as long as the queue allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Span>,
    /// RabbitMQ: what no queue gets is returned to the consumer. Default: it is dropped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mandatory: bool,
}

impl Then {
    /// One event for every event handled.
    pub fn new(event: String, to: String) -> Then {
        Then {
            event,
            to,
            probability: always(),
            on: Vec::new(),
            when: When::Handled,
            routing_key: None,
            headers: Pairs::default(),
            priority: None,
            expiration: None,
            mandatory: false,
        }
    }
}

/// A checkable statement about a run, such as `p99 < 200ms`; see [`mod@super::expect`] for the language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expect(pub String);

fn untitled() -> String {
    "Untitled".to_owned()
}
fn one() -> u64 {
    1
}
fn one_u32() -> u32 {
    1
}
fn three() -> u32 {
    3
}
fn minute() -> Span {
    Span::from_millis(60_000)
}
fn millisecond() -> Times {
    Times::Constant(Span::from_millis(1))
}
fn kibibyte() -> Size {
    Size(1024)
}
fn always() -> Percent {
    Percent(1.0)
}
fn live_limit() -> u64 {
    5_000_000
}
fn step_limit() -> u64 {
    2_000_000_000
}
fn is_one(n: &u32) -> bool {
    *n == 1
}
fn is_millisecond(times: &Times) -> bool {
    *times == millisecond()
}
fn is_kibibyte(size: &Size) -> bool {
    *size == kibibyte()
}
fn is_always(share: &Percent) -> bool {
    *share == always()
}
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
