//! RabbitMQ: exchanges, queues and the bindings between them.

use super::{NamedOutlet, Parts};
use crate::scenario::pairs::Pairs;
use crate::scenario::units::{Rate, Size};
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The channel that stands for the exchange without a name: whatever is published there goes to the queue that its routing key
/// names.
pub const DEFAULT_EXCHANGE: &str = "(default)";

/// Nodes that a cluster may have; more than anybody runs.
pub const MOST_NODES: u32 = 99;

/// Exchanges that every virtual host has from the start, with their kinds.
pub const PREDECLARED: [(&str, ExchangeKind); 5] = [
    ("amq.direct", ExchangeKind::Direct),
    ("amq.fanout", ExchangeKind::Fanout),
    ("amq.headers", ExchangeKind::Headers),
    ("amq.match", ExchangeKind::Headers),
    ("amq.topic", ExchangeKind::Topic),
];

/// Where a run simplifies, for people.
pub const FIDELITY: &[&str] = &[
    "Modelled is RabbitMQ 4.0.5, AMQP 0-9-1, held against what live servers showed (`tidemill conform rabbitmq`).",
    "Known to differ: what overtakes others in a classic priority queue expires in time, where a server sets no timer for it; exchanges of \
     type x-local-random are not there.",
    "Each instance of a consumer has an AMQP channel of its own for each queue that it reads, with its own prefetch.",
    "Acknowledgements take no time and are never lost; confirms to publishers travel back over their link.",
    "A message lost on the link to a consumer counts as acknowledged; real connections would send it again or reset.",
    "A handling that failed for good is rejected, or requeued where the subscription says so.",
    "`ack: BeforeWork` acknowledges when the work begins; real automatic acknowledgement does when the message is sent.",
    "Dead letters are routed at once. At least once means here: they stay in their quorum queue until every queue has taken them; \
     what is refused, has no way or goes to a lost node's classic queue is tried again after three minutes, as a server does it by default.",
    "Queues that expire, are exclusive or delete themselves: each instance of a consumer is a connection, and declares its queue with its \
     bindings when it comes. A crash of the broker counts as the end of all connections; leases begin anew when it is back.",
    "Streams: retention looks when a segment is full; offsets by time and `Last` count single messages, not chunks. The instances of one \
     reader are one named reader with a single active one, and go on behind what they have acknowledged.",
    "Clusters: a node is lost whole; clients reach the others at once, what consumers hold stays with them, copies that come back are level \
     at once, and no time passes in replication. A classic queue keeps its messages and refuses new ones while its node is lost.",
    "Clusters, streams and flow control follow the documentation; they were not observed on live servers.",
    "Flow control: the memory alarm holds all publishers back together. Credit flow works by the `rate` that a queue is given: a publisher \
     may be 400 messages ahead of a classic queue and gets 200 more when so many are in, 32 ahead of a quorum queue, 256 of a stream; one \
     queue without credit holds its whole connection back, which is here the node that publishes. It counts as in flow for five seconds \
     more, as in the management plugin. What a connection holds back waits at its node.",
];

/// A broker by the rules of RabbitMQ 4.0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RabbitMq {
    /// What is published to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// What is consumed from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Queue>,
    /// Which exchange fills which queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
    /// Nodes of the cluster, each of which can fail by itself (`"bus#2"`). Default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub nodes: u32,
    /// What nodes do that see no majority of the others (`cluster_partition_handling`). Default: they go on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub minority: Minority,
    /// How long a quorum queue or a stream is without a leader when its leader's node is lost and a majority is left: mostly the time
    /// in which the others' failure detector is sure. Default 5 s, its interval in RabbitMQ.
    #[serde(default = "five_seconds", skip_serializing_if = "is_five_seconds")]
    pub election: Span,
    /// Readers of streams that begin elsewhere than at the next event, later, or again (event replay).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attaches: Vec<Attach>,
    /// Event replay: dead letters sent back to work, as a shovel moves them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redrives: Vec<Redrive>,
    /// Bytes of waiting messages at which publishers are blocked until four fifths of that are left (the memory alarm; RabbitMQ's own
    /// watermark is 60 % of the memory). Default: without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
}

impl Default for RabbitMq {
    fn default() -> Self {
        RabbitMq {
            exchanges: Vec::new(),
            queues: Vec::new(),
            bindings: Vec::new(),
            nodes: one(),
            minority: Minority::default(),
            election: five_seconds(),
            attaches: Vec::new(),
            redrives: Vec::new(),
            memory: None,
        }
    }
}

/// What nodes do that see no majority of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Minority {
    /// They go on: classic queues work, quorum queues and streams need a majority of their own.
    #[default]
    Ignore,
    /// They pause, and with them everything on them (`pause_minority`).
    Pause,
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Its name.
    pub name: String,
    /// How it picks bindings. Default: by the exact key.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: ExchangeKind,
    /// Producers may not publish to it. Default: they may.
    #[serde(default, skip_serializing_if = "is_default")]
    pub internal: bool,
    /// The exchange that takes what this one has no binding for. Default: none, such events are unroutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate: Option<String>,
}

/// How an exchange picks bindings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExchangeKind {
    /// The binding's key is the routing key.
    #[default]
    Direct,
    /// All of them.
    Fanout,
    /// The binding's key is a pattern for the routing key: `*` is one word, `#` any number of words.
    Topic,
    /// The binding asks for headers.
    Headers,
}

/// A queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// How it keeps its messages. Default: classic.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: QueueKind,
    /// Most ready messages. Default: without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Most bytes of ready messages; of a stream: bytes it keeps, in whole segments (`x-max-length-bytes`). Default: without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<Size>,
    /// How long a stream keeps events, in whole segments (`x-max-age`). Default: without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// Bytes of a stream's segment (`x-stream-max-segment-size-bytes`). Default 500 MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Size>,
    /// The node of a cluster, from 1, where a classic queue is, or that first leads. Default: dealt out in the order of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
    /// Nodes that have a copy of a quorum queue or a stream (`x-quorum-initial-group-size`, `x-initial-cluster-size`). Default: 3 for a
    /// quorum queue, all for a stream; no more than there are nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u32>,
    /// What happens beyond. Default: the head of the queue makes room.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overflow: Overflow,
    /// How long a message may wait; counts at the head of the queue. Default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Span>,
    /// Highest priority that counts (classic queues). Default: priorities do not count. Quorum queues have two levels, 5 and above
    /// and below, without being told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_priority: Option<u8>,
    /// One consumer at a time takes everything, the next takes over when it is gone. Default: all take turns.
    #[serde(default, skip_serializing_if = "is_default")]
    pub single_active: bool,
    /// Times a message may come back to a quorum queue before it is dead-lettered; below zero: as often as it likes. Default 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_limit: Option<i32>,
    /// Where go messages that expire, are rejected, or do not fit. Default: nowhere, they are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<DeadLetter>,
    /// How long the queue lives without a consumer (`x-expires`; a quorum queue notices at its next look, every 5 s); then it is deleted
    /// with its messages, and consumers declare it again when they come. Default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Span>,
    /// It is deleted when its last consumer goes (classic queues). Default: it stays.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto_delete: bool,
    /// It belongs to the connection of the one instance that reads it, and is deleted when that goes (classic queues). Default: it is
    /// everybody's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exclusive: bool,
    /// Messages a second that the queue can take in, one after the other; publishers that are faster are slowed down by credit flow.
    /// A server's depends on its disks, its network and the messages (some 20,000 a second for small ones). Default: as many as come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// How a queue keeps its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueKind {
    /// On one node.
    #[default]
    Classic,
    /// Replicated by consensus.
    Quorum,
    /// An append-only log, replicated, that every reader reads for itself and from anywhere.
    Stream,
}

/// Bytes of a segment of a stream that does not say how large its segments are.
pub const STREAM_SEGMENT: Size = Size(500_000_000);

/// Events that a reader of a stream may hold without a `prefetch`; RabbitMQ itself refuses a reader without one.
pub const STREAM_PREFETCH: u32 = 100;

/// A reader attaches to a stream at an offset (`x-stream-offset`). One that is not listed attaches at the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// The consumer that reads.
    pub reader: String,
    /// Which stream.
    pub stream: String,
    /// When. Until its first time a reader is not there; later ones send it elsewhere (event replay). Default: at the start.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at: Span,
    /// Where it begins. Default: with the next event that is written.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offset: Offset,
}

/// A place in a stream: `x-stream-offset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offset {
    /// The oldest event that is still there.
    First,
    /// The newest event that is there.
    Last,
    /// The next one to be written.
    #[default]
    Next,
    /// The one with this number, from 0; the oldest if that is gone, the next if it is yet to come.
    Offset(u64),
    /// The first one written at this time of the run or later.
    Time(Span),
}

/// What happens to an event that a full queue cannot keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    /// The head of the queue makes room.
    #[default]
    DropHead,
    /// It is refused.
    RejectPublish,
    /// It is refused and dead-lettered (classic queues).
    RejectPublishDlx,
}

/// A way for dead letters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// Through which exchange; empty text or left out: straight to the queue that `key` names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exchange: String,
    /// With which routing key. Default: the one that the message has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How safely (`x-dead-letter-strategy`). Default: at most once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strategy: Strategy,
}

/// How safely dead letters go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// At once; what has no way or is refused there is gone.
    #[default]
    AtMostOnce,
    /// They stay in their queue, and count against its limit, until every queue that they go to has them; what has no way or is refused
    /// is tried again every three minutes. Quorum queues with `overflow: RejectPublish` only.
    AtLeastOnce,
}

impl Exchange {
    /// A plain one.
    pub fn new(name: &str, kind: ExchangeKind) -> Exchange {
        Exchange { name: name.to_owned(), kind, internal: false, alternate: None }
    }

    /// The kind that it must have, if it is one of those that are always there.
    pub fn predeclared(&self) -> Option<ExchangeKind> {
        PREDECLARED.iter().find(|(name, _)| *name == self.name).map(|(_, kind)| *kind)
    }
}

impl Queue {
    /// Whether its dead letters go on at least once. As in RabbitMQ, the strategy alone does not do it.
    pub fn keeps_dead_letters(&self) -> bool {
        self.kind == QueueKind::Quorum
            && self.overflow == Overflow::RejectPublish
            && self.dead_letter.as_ref().is_some_and(|way| way.strategy == Strategy::AtLeastOnce)
    }

    /// Whether it can be deleted while the broker runs.
    pub fn comes_and_goes(&self) -> bool {
        self.expires.is_some() || self.auto_delete || self.exclusive
    }
}

/// Everything that waits in one queue is moved to another, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// When.
    pub at: Span,
    /// Out of which queue.
    pub from: String,
    /// Into which queue.
    pub to: String,
}

/// A binding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The exchange.
    pub from: String,
    /// The queue, or another exchange.
    pub to: String,
    /// Says that `to` is an exchange where a queue has the same name. Default: a queue, if there is one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to_exchange: bool,
    /// The key, or the pattern of a topic exchange. Default: the empty key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// How a headers exchange compares. Default: all headers have to fit.
    #[serde(default, rename = "match", skip_serializing_if = "is_default")]
    pub matching: Match,
    /// The headers that a headers exchange asks for.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub headers: Pairs<Header>,
}

/// How a binding of a headers exchange compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Match {
    /// Every header fits; those that start with `x-` do not count.
    #[default]
    All,
    /// At least one header fits; those that start with `x-` do not count.
    Any,
    /// Every header fits.
    AllWithX,
    /// At least one header fits.
    AnyWithX,
}

/// A header's value. Values of different kinds are never equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Header {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// In a binding: any value. In a message: no value.
    Present,
}

fn one() -> u32 {
    1
}
fn is_one(n: &u32) -> bool {
    *n == 1
}
fn five_seconds() -> Span {
    Span::from_millis(5_000)
}
fn is_five_seconds(span: &Span) -> bool {
    *span == five_seconds()
}
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where a binding leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leads {
    /// To a queue, by its position.
    Queue(usize),
    /// To an exchange, by its position.
    Exchange(usize),
}

impl RabbitMq {
    /// Position of an exchange.
    pub fn exchange(&self, name: &str) -> Option<usize> {
        self.exchanges.iter().position(|exchange| exchange.name == name)
    }

    /// Position of a queue.
    pub fn queue(&self, name: &str) -> Option<usize> {
        self.queues.iter().position(|queue| queue.name == name)
    }

    /// Where a binding leads; `None` if there is no such queue or exchange.
    pub fn leads(&self, binding: &Binding) -> Option<Leads> {
        let queue = if binding.to_exchange { None } else { self.queue(&binding.to).map(Leads::Queue) };
        queue.or_else(|| self.exchange(&binding.to).map(Leads::Exchange))
    }

    /// The positions of all exchanges and queues by their names, for whoever asks often.
    pub fn places(&self) -> Places<'_> {
        let mut places = Places::default();
        // As elsewhere, the first of a name counts.
        for (at, exchange) in self.exchanges.iter().enumerate() {
            places.exchanges.entry(exchange.name.as_str()).or_insert(at);
        }
        for (at, queue) in self.queues.iter().enumerate() {
            places.queues.entry(queue.name.as_str()).or_insert(at);
        }
        places
    }

    /// By exchange, the queues that events published to it may reach, whatever their keys, dead-lettering included.
    fn reached(&self) -> Vec<BTreeSet<usize>> {
        let places = self.places();
        let mut ways: Vec<Vec<Leads>> = vec![Vec::new(); self.exchanges.len()];
        for binding in &self.bindings {
            if let Some(from) = places.exchange(&binding.from) {
                ways[from].extend(places.leads(binding));
            }
        }
        for (at, exchange) in self.exchanges.iter().enumerate() {
            ways[at].extend(places.alternate(exchange));
        }
        let from = |exchange: usize| {
            let (mut queues, mut seen) = (BTreeSet::new(), BTreeSet::new());
            let mut next = vec![Leads::Exchange(exchange)];
            while let Some(lead) = next.pop() {
                match lead {
                    Leads::Exchange(at) if seen.insert(at) => next.extend(&ways[at]),
                    Leads::Queue(at) if queues.insert(at) => next.extend(places.dead_letters(&self.queues[at])),
                    _ => {}
                }
            }
            queues
        };
        (0..self.exchanges.len()).map(from).collect()
    }

    /// The nodes, from 0, that have a queue: the one that leads at first, then the next ones in the circle.
    pub fn members(&self, queue: usize) -> Vec<u32> {
        let nodes = self.nodes.max(1);
        let Some(it) = self.queues.get(queue) else { return Vec::new() };
        let count = match (it.kind, it.members) {
            (QueueKind::Classic, _) => 1,
            (_, Some(members)) => members.clamp(1, nodes),
            (QueueKind::Quorum, None) => nodes.min(3),
            (QueueKind::Stream, None) => nodes,
        };
        let first = it.node.map_or(queue as u32, |node| node.saturating_sub(1));
        (0..count).map(|member| (first % nodes + member) % nodes).collect()
    }

    /// Where dead letters of a queue go first.
    pub fn dead_letters_of(&self, queue: usize) -> Vec<Leads> {
        let Some(way) = &self.queues[queue].dead_letter else { return Vec::new() };
        if way.exchange.is_empty() {
            let key = way.key.as_deref().and_then(|key| self.queue(key));
            return key.map(Leads::Queue).into_iter().collect();
        }
        self.exchange(&way.exchange).map(Leads::Exchange).into_iter().collect()
    }
}

/// Positions of exchanges and queues by their names.
#[derive(Clone, Debug, Default)]
pub struct Places<'p> {
    exchanges: BTreeMap<&'p str, usize>,
    queues: BTreeMap<&'p str, usize>,
}

impl Places<'_> {
    /// Position of an exchange.
    pub fn exchange(&self, name: &str) -> Option<usize> {
        self.exchanges.get(name).copied()
    }

    /// Position of a queue.
    pub fn queue(&self, name: &str) -> Option<usize> {
        self.queues.get(name).copied()
    }

    /// As [`RabbitMq::leads`].
    pub fn leads(&self, binding: &Binding) -> Option<Leads> {
        let queue = if binding.to_exchange { None } else { self.queue(&binding.to).map(Leads::Queue) };
        queue.or_else(|| self.exchange(&binding.to).map(Leads::Exchange))
    }

    /// Where an exchange's events go that none of its bindings takes.
    pub fn alternate(&self, exchange: &Exchange) -> Option<Leads> {
        exchange.alternate.as_deref().and_then(|name| self.exchange(name)).map(Leads::Exchange)
    }

    /// As [`RabbitMq::dead_letters_of`].
    pub fn dead_letters(&self, queue: &Queue) -> Option<Leads> {
        let way = queue.dead_letter.as_ref()?;
        match way.exchange.as_str() {
            "" => way.key.as_deref().and_then(|key| self.queue(key)).map(Leads::Queue),
            name => self.exchange(name).map(Leads::Exchange),
        }
    }
}

impl Parts for RabbitMq {
    fn name(&self) -> &'static str {
        "RabbitMq"
    }

    fn channel_word(&self) -> &'static str {
        "exchange"
    }

    fn channels(&self) -> Vec<&str> {
        self.exchanges.iter().map(|exchange| exchange.name.as_str()).chain([DEFAULT_EXCHANGE]).collect()
    }

    fn channel_path(&self, index: usize) -> String {
        format!("exchanges[{index}].name")
    }

    fn declares_outlets(&self) -> bool {
        true
    }

    fn outlets(&self) -> Option<Vec<NamedOutlet<'_>>> {
        let reached = self.reached();
        let outlet = |(at, queue)| {
            let queue: &Queue = queue;
            let fed = (0..reached.len()).filter(|exchange| reached[*exchange].contains(&at)).chain([self.exchanges.len()]);
            NamedOutlet { name: queue.name.as_str(), path: format!("queues[{at}].name"), fed_by: fed.collect() }
        };
        Some(self.queues.iter().enumerate().map(outlet).collect())
    }

    fn fans_out(&self, outlet: usize) -> bool {
        self.queues.get(outlet).is_some_and(|queue| queue.kind == QueueKind::Stream)
    }

    fn open_channel(&self) -> Option<usize> {
        Some(self.exchanges.len())
    }

    fn nodes(&self) -> u32 {
        self.nodes
    }

    fn seats_per_instance(&self) -> bool {
        true
    }

    fn keeps_unread(&self) -> bool {
        true
    }
}
