//! What a cluster shows of itself: plain values for the window and for reports.

use super::cluster::{Kafka, Stopped};
use super::offsets::Range;
use crate::ids::OutletId;
use serde::Serialize;

/// A cluster at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// By node: whether it works.
    pub nodes: Vec<bool>,
    /// Partitions with fewer replicas in sync than they have (`UnderReplicatedPartitions`).
    pub under_replicated_partitions: u32,
    /// Partitions without a leader (`OfflinePartitionsCount`).
    pub offline_partitions: u32,
    /// The most of both so far.
    #[serde(skip)]
    pub peaks: (u32, u32),
    /// By topic, in file order.
    pub topics: Vec<TopicView>,
    /// By name.
    pub groups: Vec<GroupView>,
    /// Producers that publish in transactions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<TransactionView>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicView {
    /// By number.
    pub partitions: Vec<PartitionView>,
    /// What is read from it, in the order of [`PartitionView::positions`].
    #[serde(skip)]
    pub outlets: Vec<OutletId>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartitionView {
    /// The node that leads, if any does.
    pub leader: Option<u32>,
    /// The nodes of its replicas, the preferred leader first.
    pub replicas: Vec<u32>,
    /// Of these, in sync.
    pub isr: Vec<u32>,
    /// Of these, not in sync but eligible to lead (KIP-966).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elr: Vec<u32>,
    /// The oldest offset that can be read.
    pub log_start_offset: u64,
    /// Consumers read below this.
    pub high_watermark: u64,
    /// Those that read committed records only read below this.
    pub last_stable_offset: u64,
    /// The next offset.
    pub log_end_offset: u64,
    /// Bytes of its log.
    pub bytes: u64,
    /// Segments of its log.
    pub segments: usize,
    /// When its oldest record was published, in seconds of the run.
    pub oldest: Option<f64>,
    /// By group that reads it.
    pub positions: Vec<PositionView>,
}

/// A group's position in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PositionView {
    /// The next offset to be handed over.
    pub position: u64,
    /// The next offset to read after a restart.
    pub committed: u64,
    /// High watermark (under `read_committed` the last stable offset) minus committed offset.
    pub lag: u64,
    /// The largest it has been.
    pub most_lag: u64,
    /// When its owner got it from another one, in seconds of the run.
    pub since: f64,
    /// Which member reads it, counted within the group.
    pub member: Option<u32>,
}

/// A producer that publishes in transactions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransactionView {
    /// `transactional.id`.
    pub id: String,
    /// Whose it is.
    pub node: String,
    /// Its state as the coordinator calls it: `Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`, `CompleteAbort`.
    pub state: &'static str,
    /// Its producer epoch.
    pub epoch: u16,
    /// Since when its transaction has records in the log, in seconds of the run.
    pub since: Option<f64>,
    /// Transactions committed so far.
    pub committed: u64,
    /// Transactions aborted so far.
    pub aborted: u64,
    /// Of these, by the coordinator after `transaction.timeout.ms`.
    pub timed_out: u64,
    /// How often the producer was refused because it had been fenced.
    pub fenced: u64,
    /// What has ended its application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
}

/// Transactions of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TransactionCounts {
    /// Committed so far.
    pub committed: u64,
    /// Aborted so far.
    pub aborted: u64,
    /// Of these, by the coordinator after `transaction.timeout.ms`.
    pub timed_out: u64,
    /// How often a producer was refused because it had been fenced.
    pub fenced: u64,
    /// With records in a log, and not ended.
    pub open: u64,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupView {
    /// Its name.
    pub name: String,
    /// `Stable`, `PreparingRebalance` (under the consumer protocol `Reconciling`) or `Empty`.
    pub state: &'static str,
    /// `read_committed` or `read_uncommitted`.
    pub isolation: &'static str,
    /// Members that the coordinator knows.
    pub members: usize,
    /// Counts assignments.
    pub generation: i32,
    /// Rebalances so far.
    pub rebalances: u32,
    /// Sum of the lags of all its partitions.
    pub lag: u64,
    /// Largest of them (`records-lag-max`).
    pub records_lag_max: u64,
    /// Clients that have thrown an exception and closed.
    #[serde(skip_serializing_if = "is_zero")]
    pub stopped: usize,
    /// What the first of them threw, and about which partition: `NoOffsetForPartitionException for orders-3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl GroupView {
    /// Whether (some of) its members stand still while partitions are dealt out.
    pub fn is_rebalancing(&self) -> bool {
        !matches!(self.state, "Stable" | "Empty")
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Kafka {
    /// What there is to see.
    pub fn view(&self) -> View {
        let mut groups: Vec<GroupView> = self
            .groups
            .iter()
            .map(|readers| GroupView {
                name: readers.name.clone(),
                state: state(readers),
                isolation: self.isolation(readers),
                members: readers.group.members(),
                generation: readers.group.generation(),
                rebalances: readers.group.rebalances(),
                lag: 0,
                records_lag_max: 0,
                stopped: self.stopped(readers).count(),
                error: self.stopped(readers).next().map(|stopped| self.thrown(stopped)),
            })
            .collect();
        for (group, readers) in groups.iter_mut().zip(&self.groups) {
            for (topic, slot) in &readers.topics {
                let it = &self.topics[*topic as usize];
                for partition in &self.partitions[it.first as usize..(it.first + it.count) as usize] {
                    let lag = partition.lag(*slot as usize);
                    group.lag += lag;
                    group.records_lag_max = group.records_lag_max.max(lag);
                }
            }
        }
        let topic = |topic: &super::cluster::Topic| {
            let partitions = &self.partitions[topic.first as usize..(topic.first + topic.count) as usize];
            TopicView {
                partitions: partitions.iter().map(|partition| self.partition_view(partition)).collect(),
                outlets: partitions.first().map_or_else(Vec::new, |first| first.cursors.iter().map(|cursor| cursor.outlet).collect()),
            }
        };
        let (under, offline) = self.troubled();
        View {
            nodes: self.nodes.iter().map(|node| node.up).collect(),
            under_replicated_partitions: under,
            offline_partitions: offline,
            peaks: self.peaks,
            topics: self.topics.iter().map(topic).collect(),
            groups,
            transactions: self.publishers.iter().filter_map(|publisher| publisher.session.as_deref()).map(TransactionView::of).collect(),
        }
    }

    /// Clients of a group that have stopped, and why.
    fn stopped<'k>(&'k self, readers: &'k super::cluster::Readers) -> impl Iterator<Item = Stopped> + 'k {
        let members = readers.members.iter().enumerate();
        let stopped =
            move |(client, member): (usize, &u32)| self.members[*member as usize].stopped.filter(|_| readers.group.is_down(client));
        members.filter_map(stopped)
    }

    /// What a client has thrown.
    fn thrown(&self, stopped: Stopped) -> String {
        let of = |partition: u32| {
            let it = &self.partitions[partition as usize];
            format!("{} for {}-{}", stopped.why.name(), self.settings.topics[it.topic as usize], it.number)
        };
        stopped.partition.map_or_else(|| stopped.why.name().to_owned(), of)
    }

    /// The transactions of all producers together.
    pub fn transactions(&self) -> TransactionCounts {
        let sessions = self.publishers.iter().filter_map(|publisher| publisher.session.as_deref());
        sessions.fold(TransactionCounts::default(), |sum, session| TransactionCounts {
            committed: sum.committed + session.tally.committed,
            aborted: sum.aborted + session.tally.aborted,
            timed_out: sum.timed_out + session.tally.timed_out,
            fenced: sum.fenced + session.tally.fenced,
            open: sum.open + u64::from(session.open_since.is_some()),
        })
    }

    /// Records that open transactions keep from those who read committed records only: the most of a partition so far, and now.
    pub fn last_stable_offset_lag(&self) -> (u64, u64) {
        let most = self.partitions.iter().map(|partition| partition.most_withheld).max();
        let now = self.partitions.iter().map(|partition| partition.shown - partition.stable()).max();
        (most.unwrap_or(0), now.unwrap_or(0))
    }

    fn isolation(&self, readers: &super::cluster::Readers) -> &'static str {
        let committed = readers.topics.first().is_some_and(|(topic, slot)| {
            let first = self.topics[*topic as usize].first as usize;
            self.partitions[first].cursors[*slot as usize].committed_only
        });
        if committed { "read_committed" } else { "read_uncommitted" }
    }

    /// By partition: the largest lag so far and the present one of what is read from an outlet.
    pub fn lags(&self, outlet: OutletId) -> impl Iterator<Item = (u64, u64)> {
        let own = move |partition: &super::cluster::Partition| {
            let slot = partition.cursors.iter().position(|cursor| cursor.outlet == outlet)?;
            Some((partition.cursors[slot].most_lag, partition.lag(slot)))
        };
        self.partitions.iter().filter_map(own)
    }

    fn partition_view(&self, partition: &super::cluster::Partition) -> PartitionView {
        let position = |(slot, cursor): (usize, &super::cluster::Cursor)| PositionView {
            position: cursor.again.front().map_or(cursor.position, |(offset, _)| *offset),
            committed: cursor.committed,
            lag: partition.lag(slot),
            most_lag: cursor.most_lag,
            since: cursor.since.seconds(),
            member: cursor.owner.and_then(|seat| self.seats.get(seat)).map(|seated| self.members[seated.member as usize].client),
        };
        PartitionView {
            leader: partition.replication.leader().map(|place| partition.nodes[place]),
            replicas: partition.nodes.to_vec(),
            isr: partition.replication.isr().iter().filter_map(|place| partition.nodes.get(place).copied()).collect(),
            elr: partition.replication.elr().iter().filter_map(|place| partition.nodes.get(place).copied()).collect(),
            log_start_offset: partition.log.start(),
            high_watermark: partition.shown,
            last_stable_offset: partition.stable(),
            log_end_offset: partition.log.end(),
            bytes: partition.log.bytes(),
            segments: partition.log.segments().count(),
            oldest: partition.log.read(partition.log.start()).map(|(_, oldest)| oldest.event.published.seconds()),
            positions: partition.cursors.iter().enumerate().map(position).collect(),
        }
    }
}

impl super::cluster::Partition {
    fn lag(&self, slot: usize) -> u64 {
        let cursor = &self.cursors[slot];
        let range = Range { start: self.log.start(), end: self.readable(slot) };
        // Events that are owed are no fewer than none, whatever was committed before the log was cut off.
        range.lag(cursor.active.then_some(cursor.committed)).map_or(0, |lag| lag.max(0) as u64)
    }
}

impl TransactionView {
    fn of(session: &super::session::Session) -> TransactionView {
        let tally = session.tally;
        TransactionView {
            id: session.id.clone(),
            node: session.node.clone(),
            error: session.dead.then(|| super::Error::ProducerFenced.name()),
            state: session.state(),
            epoch: session.epoch,
            since: session.open_since.map(crate::time::Time::seconds),
            committed: tally.committed,
            aborted: tally.aborted,
            timed_out: tally.timed_out,
            fenced: tally.fenced,
        }
    }
}

fn state(readers: &super::cluster::Readers) -> &'static str {
    use super::group::Protocol;
    match () {
        () if readers.group.members() == 0 => "Empty",
        () if readers.group.is_stable() => "Stable",
        () if readers.group.config().protocol == Protocol::Consumer => "Reconciling",
        () => "PreparingRebalance",
    }
}
