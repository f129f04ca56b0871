//! Kafka's native parts: nodes, topics, how producers publish and how groups read.
//!
//! Fields are named as people write them; each says which of Kafka's settings it is and what Kafka's default is.

use super::Parts;
use crate::scenario::units::{Percent, Size};
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// A Kafka cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// Broker nodes. Default 3.
    #[serde(default = "three", skip_serializing_if = "is_three")]
    pub nodes: u32,
    /// Racks that the nodes are in, in turn (`broker.rack`): replicas of a partition are in different ones as far as there are any.
    /// Default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub racks: u32,
    /// Eligible leader replicas (KIP-966): a replica that left those in sync with complete data, because too few were left, may lead
    /// when none is left. Default false, as in Kafka 4.0; clusters made with 4.1 or later have it
    /// (<https://kafka.apache.org/42/operations/eligible-leader-replicas>).
    #[serde(default, skip_serializing_if = "is_default")]
    pub elr: bool,
    /// Topics.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// How everybody publishes who writes to this cluster.
    #[serde(default, skip_serializing_if = "is_default")]
    pub producers: Producers,
    /// Nodes that publish in transactions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<Transaction>,
    /// Groups that are not as all the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Groups that are sent back (or ahead) at some time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<Replay>,
    /// How often old segments are looked for: `log.retention.check.interval.ms`. Default 5 min.
    #[serde(default = "five_minutes", skip_serializing_if = "is_five_minutes")]
    pub retention_check: Span,
    /// How often compacted logs are looked at: `log.cleaner.backoff.ms`. Default 15 s.
    #[serde(default = "quarter_minute", skip_serializing_if = "is_quarter_minute")]
    pub cleaner_pause: Span,
    /// How long a dead node is waited for: `broker.session.timeout.ms`. Default 9 s.
    #[serde(default = "nine_seconds", skip_serializing_if = "is_nine_seconds")]
    pub node_session: Span,
}

impl Default for Kafka {
    fn default() -> Self {
        Kafka {
            nodes: three(),
            racks: one(),
            elr: false,
            topics: Vec::new(),
            producers: Producers::default(),
            transactions: Vec::new(),
            groups: Vec::new(),
            replays: Vec::new(),
            retention_check: five_minutes(),
            cleaner_pause: quarter_minute(),
            node_session: nine_seconds(),
        }
    }
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// `num.partitions`. Default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub partitions: u32,
    /// Replicas of each partition: `default.replication.factor`. Default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub replication: u32,
    /// `min.insync.replicas`. Default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub min_insync: u32,
    /// Whether a replica out of sync may lead when none in sync lives: `unclean.leader.election.enable`. Default false.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unclean: bool,
    /// How long and how much is kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retention: Retention,
    /// What happens to old records: `cleanup.policy`. Default `Delete`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cleanup: Cleanup,
    /// When a log starts a new segment.
    #[serde(default, skip_serializing_if = "is_default")]
    pub segment: Segment,
    /// A log is compacted when a larger share of it is dirty: `min.cleanable.dirty.ratio`. Default 50%.
    #[serde(default = "half", skip_serializing_if = "is_half")]
    pub min_dirty: Percent,
}

impl Topic {
    /// A topic with all defaults.
    pub fn named(name: &str) -> Topic {
        Topic {
            name: name.to_owned(),
            partitions: 1,
            replication: 1,
            min_insync: 1,
            unclean: false,
            retention: Retention::default(),
            cleanup: Cleanup::default(),
            segment: Segment::default(),
            min_dirty: half(),
        }
    }
}

/// How long and how much a log keeps, for whole segments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// `retention.ms`. Default 7 days.
    #[serde(default = "week", skip_serializing_if = "is_week")]
    pub time: Span,
    /// `retention.bytes`, per partition. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Size>,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { time: week(), bytes: None }
    }
}

/// `cleanup.policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cleanup {
    /// Old segments are deleted.
    #[default]
    Delete,
    /// The last event of each key is kept for ever.
    Compact,
    /// Both.
    CompactDelete,
}

/// When a log starts a new segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// `segment.bytes`. Default 1 GiB, at least 1 MiB since Kafka 4.0.
    #[serde(default = "gibibyte", skip_serializing_if = "is_gibibyte")]
    pub bytes: Size,
    /// `segment.ms`. Default 7 days.
    #[serde(default = "week", skip_serializing_if = "is_week")]
    pub time: Span,
}

impl Default for Segment {
    fn default() -> Self {
        Segment { bytes: gibibyte(), time: week() }
    }
}

/// How clients publish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Producers {
    /// `acks`. Default `All`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub acks: Acks,
    /// `linger.ms`: how long a batch waits for more. Default 5 ms (since Kafka 4.0).
    #[serde(default = "five_ms", skip_serializing_if = "is_five_ms")]
    pub linger: Span,
    /// `batch.size`. Default 16 KiB.
    #[serde(default = "sixteen_kib", skip_serializing_if = "is_sixteen_kib")]
    pub batch: Size,
    /// `max.in.flight.requests.per.connection`. Default 5.
    #[serde(default = "five", skip_serializing_if = "is_five")]
    pub in_flight: u32,
    /// `enable.idempotence`. Default: on, unless `acks` or `in_flight` rule it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotence: Option<bool>,
    /// `retries`. Default: without limit, `delivery_timeout` ends them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// `retry.backoff.ms`, growing to a second. Default 100 ms.
    #[serde(default = "tenth", skip_serializing_if = "is_tenth")]
    pub retry_backoff: Span,
    /// `delivery.timeout.ms`. Default 2 min.
    #[serde(default = "two_minutes", skip_serializing_if = "is_two_minutes")]
    pub delivery_timeout: Span,
}

impl Default for Producers {
    fn default() -> Self {
        Producers {
            acks: Acks::All,
            linger: five_ms(),
            batch: sixteen_kib(),
            in_flight: five(),
            idempotence: None,
            retries: None,
            retry_backoff: tenth(),
            delivery_timeout: two_minutes(),
        }
    }
}

impl Producers {
    /// Most requests in flight that an idempotent producer may have: a broker remembers so many batches.
    pub const IDEMPOTENT_IN_FLIGHT: u32 = 5;

    /// Whether duplicates are recognised: as asked for, else wherever it is possible.
    pub fn idempotent(&self) -> bool {
        let possible = self.acks == Acks::All && self.in_flight <= Self::IDEMPOTENT_IN_FLIGHT && self.retries != Some(0);
        self.idempotence.unwrap_or(possible)
    }
}

/// `acks`: what a producer waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acks {
    /// Nothing.
    Zero,
    /// The leader.
    One,
    /// Every replica in sync.
    #[default]
    All,
}

/// A node that publishes in transactions: what it writes in one of them counts all together, or not at all. A consumer that reads
/// from the same cluster commits its offsets with them, so that each event it reads has its effect exactly once, whatever crashes.
///
/// Each instance of a consumer has a producer of its own, with a `transactional.id` of its own. Where two nodes have the same one, whoever
/// begins to use it later fences the other (ProducerFencedException), which stops until it is started again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// A producer, or a consumer that emits something.
    pub node: String,
    /// `transactional.id`; of a consumer's instances followed by `-` and their number from 0. Default: the node's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A transaction is committed once it has so many events: published ones, or (where the offsets belong to it) handled ones.
    /// Default 100.
    #[serde(default = "hundred", skip_serializing_if = "is_hundred")]
    pub events: u32,
    /// It is committed this long after it began at the latest, like Kafka Streams' `commit.interval.ms` under exactly-once. Default
    /// 100 ms.
    #[serde(default = "tenth", skip_serializing_if = "is_tenth")]
    pub every: Span,
    /// `transaction.timeout.ms`: the coordinator aborts a transaction that is open for so long, and fences its producer. Default 60 s.
    #[serde(default = "minute", skip_serializing_if = "is_minute")]
    pub timeout: Span,
    /// Share of the transactions that the application aborts instead. Default none.
    #[serde(default = "none", skip_serializing_if = "is_none")]
    pub aborts: Percent,
}

impl Transaction {
    /// `transaction.max.timeout.ms`: brokers refuse longer timeouts.
    pub const LONGEST_TIMEOUT: Span = Span::from_millis(900_000);

    /// Its `transactional.id`, without an instance's number.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.node)
    }

    /// With all defaults.
    pub fn of(node: &str) -> Transaction {
        Transaction { node: node.to_owned(), id: None, events: hundred(), every: tenth(), timeout: minute(), aborts: none() }
    }
}

/// `isolation.level`: what readers see of transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Isolation {
    /// Everything below the high watermark, what is aborted later included.
    #[default]
    ReadUncommitted,
    /// Only what is committed, and nothing behind the first transaction that is still open (the last stable offset).
    ReadCommitted,
}

/// A group's settings. Groups that are not listed have all defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The group, as in a consumer's `Read` (its id, unless that says otherwise).
    pub name: String,
    /// `group.protocol`. Default `Classic`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub protocol: Protocol,
    /// `partition.assignment.strategy`, or for the `Consumer` protocol `group.consumer.assignors`. Default `Range`, `Uniform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignor: Option<Assignor>,
    /// `heartbeat.interval.ms`. Default 3 s, 5 s for the `Consumer` protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Span>,
    /// `session.timeout.ms`. Default 45 s.
    #[serde(default = "forty_five", skip_serializing_if = "is_forty_five")]
    pub session: Span,
    /// `max.poll.interval.ms`. Default 5 min.
    #[serde(default = "five_minutes", skip_serializing_if = "is_five_minutes")]
    pub max_poll: Span,
    /// `max.poll.records`. Default 500.
    #[serde(default = "five_hundred", skip_serializing_if = "is_five_hundred")]
    pub max_poll_records: u32,
    /// `auto.offset.reset`. Default `Latest`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reset: Reset,
    /// `isolation.level`. Default `ReadUncommitted`, as in the Java client (librdkafka's is `read_committed`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub isolation: Isolation,
    /// Whether instances are static members (`group.instance.id`). Default false.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fixed: bool,
    /// When its members join for the first time. Default: they are there from the start.
    #[serde(default, skip_serializing_if = "is_default")]
    pub starts: Span,
}

impl Group {
    /// A group with all defaults.
    pub fn named(name: &str) -> Group {
        Group {
            name: name.to_owned(),
            protocol: Protocol::default(),
            assignor: None,
            heartbeat: None,
            session: forty_five(),
            max_poll: five_minutes(),
            max_poll_records: five_hundred(),
            reset: Reset::default(),
            isolation: Isolation::default(),
            fixed: false,
            starts: Span::ZERO,
        }
    }
}

/// `group.protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Members meet at a barrier, one of them assigns.
    #[default]
    Classic,
    /// The broker assigns, members follow one by one (KIP-848).
    Consumer,
}

/// Who gets which partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assignor {
    /// Contiguous ranges, topic by topic.
    Range,
    /// Dealt in a circle (classic only).
    RoundRobin,
    /// Balanced, moving as little as possible; everything stops all the same (classic only).
    Sticky,
    /// The same, and what does not move goes on (classic only).
    CooperativeSticky,
    /// Balanced, in contiguous blocks (consumer protocol only).
    Uniform,
}

/// `auto.offset.reset`: where to read on without a valid position, because nothing is committed or that offset is not in
/// the log (any more).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reset {
    /// To the oldest event that is still there.
    Earliest,
    /// To the end.
    #[default]
    Latest,
    /// Nowhere: who reads a partition without a valid position gets an exception and stops.
    None,
    /// To the first event that is not older than this at that moment: `by_duration:PT1H` (KIP-1106, Kafka 4.0).
    ByDuration(Span),
}

/// A group is sent elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// When.
    pub at: Span,
    /// Which group.
    pub group: String,
    /// Of which topic. Default: of all that it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Where to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: Position,
}

/// A place in every partition of a topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// The oldest event that is still there.
    #[default]
    Beginning,
    /// The end: whatever waits is skipped.
    End,
    /// This offset, or the nearest that is there.
    Offset(u64),
    /// The first event that is not older than this time of the run.
    Time(Span),
}

impl Parts for Kafka {
    fn name(&self) -> &'static str {
        "Kafka"
    }

    fn channel_word(&self) -> &'static str {
        "topic"
    }

    fn channels(&self) -> Vec<&str> {
        self.topics.iter().map(|topic| topic.name.as_str()).collect()
    }

    fn channel_path(&self, index: usize) -> String {
        format!("topics[{index}].name")
    }

    fn commits(&self) -> bool {
        true
    }

    fn seats_per_instance(&self) -> bool {
        true
    }

    fn nodes(&self) -> u32 {
        self.nodes
    }

    fn keeps_unread(&self) -> bool {
        true
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! defaults {
    ($($make:ident, $is:ident: $type:ty = $value:expr;)*) => {$(
        fn $make() -> $type {
            $value
        }
        fn $is(value: &$type) -> bool {
            *value == $value
        }
    )*};
}

defaults! {
    one, is_one: u32 = 1;
    three, is_three: u32 = 3;
    five, is_five: u32 = 5;
    hundred, is_hundred: u32 = 100;
    five_hundred, is_five_hundred: u32 = 500;
    five_ms, is_five_ms: Span = Span::from_millis(5);
    tenth, is_tenth: Span = Span::from_millis(100);
    nine_seconds, is_nine_seconds: Span = Span::from_millis(9_000);
    quarter_minute, is_quarter_minute: Span = Span::from_millis(15_000);
    forty_five, is_forty_five: Span = Span::from_millis(45_000);
    minute, is_minute: Span = Span::from_millis(60_000);
    two_minutes, is_two_minutes: Span = Span::from_millis(120_000);
    five_minutes, is_five_minutes: Span = Span::from_millis(300_000);
    week, is_week: Span = Span::from_millis(7 * 24 * 3_600_000);
    sixteen_kib, is_sixteen_kib: Size = Size(16 << 10);
    gibibyte, is_gibibyte: Size = Size(1 << 30);
    none, is_none: Percent = Percent(0.0);
    half, is_half: Percent = Percent(0.5);
}

/// What is as in Kafka 4.x and what is simplified, in headlines and sentences.
pub const FIDELITY: &[(&str, &[&str])] = &[
    (
        "As in Kafka",
        &[
            "Keys choose partitions by murmur2; records without a key stick to a partition until a batch is full, and then choose another one, \
             rather where fewer batches wait (KIP-794, partitioner.adaptive.partitioning.enable).",
            "Batches linger, fill up and take places in flight; retries back off; idempotent batches are recognised by sequence numbers, \
             five of them per partition.",
            "acks 0, 1 and all, min.insync.replicas, the high watermark, fencing of dead nodes, clean and unclean elections, cutting off \
             what a new leader lacks.",
            "Range, round robin, sticky and cooperative sticky assignors under the classic protocol, uniform and range under the consumer \
             protocol (KIP-848); sessions, heartbeats, max.poll.interval, static members.",
            "Transactions in the second version of their protocol (KIP-890): markers that take offsets, an epoch for each, offsets committed \
             together with what was made of them, fencing of zombies and of producers that share a transactional.id, transaction.timeout.ms with a look every 10 s; the last stable offset, and \
             isolation.level read_committed and read_uncommitted.",
            "Replicas in different racks (broker.rack); eligible leader replicas (KIP-966) where `elr` is set.",
            "Offsets, commits after work, before work or automatic inside poll; lag in offsets; seeks; retention for whole segments by time \
             and size; compaction by key, where a batch with a record that has none is refused (INVALID_RECORD).",
            "auto.offset.reset earliest, latest, none and by_duration (KIP-1106), also where retention has overtaken a group or an unclean \
             leader lacks what it has read. Under none the client's poll throws (NoOffsetForPartition, OffsetOutOfRange, LogTruncation) \
             and it closes; whoever takes its partitions over does the same.",
            "These rules pass the shared tables of measured behaviour: `tidemill conform kafka FILE`.",
        ],
    ),
    (
        "Simplified",
        &[
            "At the start all groups have their partitions; joining with the initial delay happens when members come later. A group that \
             starts later looks its first positions up at once, not when its members have joined.",
            "The batches of a request are answered one by one, as soon as each can be; its place in flight is free when all are. \
             buffer.memory has no limit.",
            "A poll gives what has arrived so far; records arrive while a batch is worked on, up to max.poll.records in all. A member that \
             has to give up everything first finishes these. A new owner waits for records that the old one still has in hand, unless \
             max.poll.interval is over: then it reads them again from the commit on.",
            "A member that stands still (`Pause`) goes on with its heartbeats, as the client's background thread does: only \
             max.poll.interval notices.",
            "Followers fetch every millisecond, each partition by itself and up to replica.fetch.max.bytes of it (1 MiB; a larger record comes \
             alone): so a node that comes back catches up by a gigabyte a second. Disks take no time, and it has the log that it had.",
            "A lost packet is sent again after 200 ms on the way in. What a link loses on the way out is lost: use links without loss there.",
            "The coordinators' and the controller's nodes never matter. Groups' requests take 2 ms.",
            "initTransactions is a request of its own only where producers share a transactional.id: with the first event, or before a \
             consumer reads. The end of a transaction is answered when its \
             markers are replicated; these take an offset and no bytes. A consumer that closes or loses its connection aborts its \
             transaction; one that has to give up partitions commits first, and who gets them waits for that.",
            "Consumers have no rack: they fetch from leaders (no client.rack), and assignors do not look at racks; the tables are run \
             against a model that does.",
            "Quotas, tiered storage, adding partitions and share groups have no place in a scenario.",
        ],
    ),
];
