//! What a RabbitMQ broker shows of itself: plain values for whoever draws or reports it.

use super::exchange::QueueId;
use super::lives::Life;
use super::queue::Queue;
use super::rules::RabbitMq;
use super::settings::QueueKind;
use crate::engine::Message;
use crate::ids::OutletId;
use serde::{Serialize, Serializer};

/// A broker at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// By node: whether it is up.
    pub nodes: Vec<bool>,
    /// Whether the nodes that are left have paused because they are no majority.
    pub paused: bool,
    /// Whether publishers are held back because of the memory alarm.
    pub blocked: bool,
    /// Events that publishers hold because of it or for want of credit.
    pub held_back: u64,
    /// Publishers that were held back, in flow or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub publishers: Vec<PublisherView>,
    /// Mandatory messages that went back to their publishers.
    pub returned: u64,
    /// Its queues, in the order of the file.
    pub queues: Vec<QueueView>,
}

/// A connection that publishes and was held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublisherView {
    /// The node.
    pub node: String,
    /// Whether it is in flow: blocked for want of credit, now or in the last five seconds.
    pub in_flow: bool,
    /// Events that it holds.
    pub held_back: u64,
}

/// A queue at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueView {
    /// Its name.
    pub name: String,
    /// Which outlet it is; the first reader's, if it is a stream.
    #[serde(skip)]
    pub outlet: OutletId,
    /// `classic`, `quorum` or `stream`.
    pub kind: &'static str,
    /// Whether it is there: it may have been deleted, and not be declared again.
    pub exists: bool,
    /// Times it was deleted.
    #[serde(skip_serializing_if = "is_zero")]
    pub deleted: u32,
    /// Messages that wait in it; events that a stream keeps.
    pub ready: u64,
    /// Messages sent to consumers and not settled.
    pub unacked: u64,
    /// Dead letters that stay in it until all have them who are to (at least once).
    #[serde(skip_serializing_if = "is_none_there")]
    pub dead_letters_waiting: u64,
    /// Consumers it has now.
    pub consumers: usize,
    /// The node, from 0, that leads it, or has it. In reports nodes are numbered from 1, as in files and faults.
    #[serde(serialize_with = "leader_from_one")]
    pub leader: Option<u32>,
    /// The nodes, from 0, that have copies of it; likewise.
    #[serde(serialize_with = "members_from_one")]
    pub members: Vec<u32>,
    /// What it did so far.
    #[serde(flatten)]
    pub counts: Counts,
    /// The log, if it is a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamView>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
fn is_none_there(count: &u64) -> bool {
    *count == 0
}
fn leader_from_one<S: Serializer>(node: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    node.map(|node| node + 1).serialize(serializer)
}
fn members_from_one<S: Serializer>(nodes: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(nodes.iter().map(|node| node + 1))
}

/// What a queue did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Messages it took, dead letters included.
    pub published: u64,
    /// Messages it refused.
    pub refused: u64,
    /// Messages sent to consumers.
    pub delivered: u64,
    /// Of these, sent before.
    pub redelivered: u64,
    /// Messages that came back from consumers and wait again.
    pub returned: u64,
    /// Messages that went on through its dead-letter exchange, by why they did.
    pub dead_lettered: Deaths,
    /// Messages that had nowhere to go on to and are gone.
    pub discarded: Deaths,
}

/// Messages by why they left a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Deaths {
    /// Consumers refused them.
    pub rejected: u64,
    /// Their time to live was over.
    pub expired: u64,
    /// The queue was full.
    pub maxlen: u64,
    /// They came back more often than the queue allows.
    pub delivery_limit: u64,
}

impl Counts {
    /// Adds what another life of the queue did.
    pub(super) fn add(&mut self, other: &Counts) {
        self.published += other.published;
        self.refused += other.refused;
        self.delivered += other.delivered;
        self.redelivered += other.redelivered;
        self.returned += other.returned;
        self.dead_lettered.add(&other.dead_lettered);
        self.discarded.add(&other.discarded);
    }
}

impl Deaths {
    fn add(&mut self, other: &Deaths) {
        self.rejected += other.rejected;
        self.expired += other.expired;
        self.maxlen += other.maxlen;
        self.delivery_limit += other.delivery_limit;
    }

    /// The count of a reason.
    pub(super) fn of(&mut self, reason: super::death::Reason) -> &mut u64 {
        match reason {
            super::death::Reason::Rejected => &mut self.rejected,
            super::death::Reason::Expired => &mut self.expired,
            super::death::Reason::MaxLength => &mut self.maxlen,
            super::death::Reason::DeliveryLimit => &mut self.delivery_limit,
        }
    }

    /// All of them.
    pub fn sum(&self) -> u64 {
        self.rejected + self.expired + self.maxlen + self.delivery_limit
    }
}

/// A stream's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamView {
    /// The oldest offset that is there.
    pub first: u64,
    /// The next offset to be written.
    pub next: u64,
    /// Bytes it keeps.
    pub bytes: u64,
    /// Segments it keeps.
    pub segments: usize,
    /// Its readers, in the order of the file.
    pub readers: Vec<ReaderView>,
}

/// A reader of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReaderView {
    /// Its outlet.
    #[serde(skip)]
    pub outlet: OutletId,
    /// Who it is.
    pub name: String,
    /// Whether it has attached.
    pub attached: bool,
    /// The next offset it gets.
    pub next: u64,
    /// Events that it is owed and has not been given.
    pub lag: u64,
    /// Events it holds and has not settled.
    pub unacked: u64,
}

impl RabbitMq {
    /// What it shows now.
    pub fn view(&self) -> View {
        let pressures = self.gates.pressures();
        let publisher = |pressure: &super::flow::Pressure| PublisherView {
            node: self.plan.nodes[self.plan.links[pressure.link.index()].from.index()].name.clone(),
            in_flow: pressure.in_flow,
            held_back: pressure.held_back,
        };
        View {
            nodes: self.cluster.nodes().to_vec(),
            paused: self.cluster.is_paused(),
            blocked: self.gates.alarm(),
            held_back: pressures.iter().map(|pressure| pressure.held_back).sum(),
            publishers: pressures.iter().map(publisher).collect(),
            returned: self.returned,
            queues: self.queue_views(),
        }
    }

    /// All queues of the file, those included that are not there.
    fn queue_views(&self) -> Vec<QueueView> {
        let declared = RabbitMq::declared(&self.plan, self.id).map(|parts| parts.queues.as_slice()).unwrap_or_default();
        let view = |(at, queue): (usize, &crate::scenario::broker::rabbitmq::Queue)| {
            let (id, life) = (QueueId(at as u32), self.lives[at]);
            match self.host().queue(id) {
                Some(queue) => self.queue_view(queue, life),
                None => QueueView {
                    name: queue.name.clone(),
                    outlet: self.outlet(id),
                    kind: "classic",
                    exists: false,
                    deleted: life.deleted,
                    ready: 0,
                    unacked: 0,
                    dead_letters_waiting: 0,
                    consumers: 0,
                    leader: None,
                    members: Vec::new(),
                    counts: life.counts,
                    stream: None,
                },
            }
        };
        declared.iter().enumerate().map(view).collect()
    }

    fn queue_view(&self, queue: &Queue<Message>, life: Life) -> QueueView {
        let placed = self.cluster.placed(queue.id);
        let stream = queue.log().map(|log| StreamView {
            first: log.start(),
            next: log.end(),
            bytes: log.bytes(),
            segments: log.segments(),
            readers: self.reader_views(queue.id),
        });
        let readers = stream.iter().flat_map(|stream| &stream.readers);
        let delivered = self.delivered_by(queue.id);
        let (unacked, consumers) = (readers.clone().map(|reader| reader.unacked).sum::<u64>(), readers.count());
        let mut counts = Counts { published: queue.log().map_or(queue.counts.published, super::stream::Stream::end), ..queue.counts };
        counts.add(&life.counts);
        QueueView {
            name: self.host().topology.names.text(queue.name).to_owned(),
            outlet: self.outlet(queue.id),
            kind: match queue.settings.kind {
                QueueKind::Classic => "classic",
                QueueKind::Quorum => "quorum",
                QueueKind::Stream => "stream",
            },
            exists: true,
            deleted: life.deleted,
            ready: queue.ready(),
            dead_letters_waiting: queue.discards().len(),
            unacked: queue.unacked() + unacked,
            consumers: queue.consumer_count() + consumers,
            leader: placed.and_then(|placed| placed.leader),
            members: placed.map(|placed| placed.members.to_vec()).unwrap_or_default(),
            counts: Counts { delivered: counts.delivered + delivered.0, redelivered: counts.redelivered + delivered.1, ..counts },
            stream,
        }
    }
}
