//! What a RabbitMQ broker shows of itself: plain values for whoever draws or reports it.

use super::queue::Queue;
use super::rules::RabbitMq;
use super::settings::QueueKind;
use crate::engine::Message;
use crate::ids::OutletId;
use serde::Serialize;

/// A broker at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// By node: whether it is up.
    pub nodes: Vec<bool>,
    /// Whether the nodes that are left have paused because they are no majority.
    pub paused: bool,
    /// Whether publishers are held back.
    pub blocked: bool,
    /// Events that publishers hold meanwhile.
    pub held_back: usize,
    /// Its queues, in the order of the file.
    pub queues: Vec<QueueView>,
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
    /// Messages that wait in it; events that a stream keeps.
    pub ready: u64,
    /// Messages sent to consumers and not settled.
    pub unacked: u64,
    /// Consumers it has now.
    pub consumers: usize,
    /// The node, from 0, that leads it, or has it.
    pub leader: Option<u32>,
    /// The nodes, from 0, that have copies of it.
    pub members: Vec<u32>,
    /// What it did so far.
    #[serde(flatten)]
    pub counts: Counts,
    /// The log, if it is a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamView>,
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

impl Deaths {
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
        let (blocked, held_back) = self.back_pressure();
        View {
            nodes: self.cluster.nodes().to_vec(),
            paused: self.cluster.is_paused(),
            blocked,
            held_back,
            queues: self.host().queues().map(|queue| self.queue_view(queue)).collect(),
        }
    }

    fn queue_view(&self, queue: &Queue<Message>) -> QueueView {
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
        let counts = Counts { published: queue.log().map_or(queue.counts.published, super::stream::Stream::end), ..queue.counts };
        QueueView {
            name: self.host().topology.names.text(queue.name).to_owned(),
            outlet: self.outlet(queue.id),
            kind: match queue.settings.kind {
                QueueKind::Classic => "classic",
                QueueKind::Quorum => "quorum",
                QueueKind::Stream => "stream",
            },
            ready: queue.ready(),
            unacked: queue.unacked() + unacked,
            consumers: queue.consumer_count() + consumers,
            leader: placed.and_then(|placed| placed.leader),
            members: placed.map(|placed| placed.members.to_vec()).unwrap_or_default(),
            counts: Counts { delivered: counts.delivered + delivered.0, redelivered: counts.redelivered + delivered.1, ..counts },
            stream,
        }
    }
}
