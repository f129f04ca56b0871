//! A cluster as a checked plan describes it: everything stands, groups have their partitions, nothing is written yet.

use super::assign::Assignor;
use super::cluster::{Commits, Cursor, Kafka, Member, Node, Partition, Readers, Seated, Topic};
use super::error::Error;
use super::group::{Group, GroupConfig, Protocol};
use super::log::{Log, LogConfig};
use super::offsets::AutoOffsetReset;
use super::publisher::Publisher;
use super::replication::{Replication, ReplicationConfig};
use super::seated::BySeat;
use super::session::Session;
use super::settings::Settings;
use super::transactions::Transactions;
use super::window::Window;
use crate::engine::seats::{Seat, Seats};
use crate::ids::{BrokerId, ChannelId, LinkId, OutletId, SeatId};
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::kafka as document;
use crate::scenario::handling::Ack;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

impl Kafka {
    /// A cluster of a checked plan.
    pub fn new(plan: &Arc<Plan>, id: BrokerId, seats: &Seats, seed: u64) -> Kafka {
        let parts = match &plan.brokers[id.index()].kind {
            BrokerKind::Kafka(parts) => parts.clone(),
            // Only a broker of this kind is made here.
            _ => document::Kafka::default(),
        };
        let channels = plan.brokers[id.index()].channels.clone();
        let first_channel = channels.start;
        let mut kafka = Kafka {
            settings: Arc::new(Settings::new(plan, id, &parts, seed)),
            nodes: vec![Node { up: true, felled: false, missed: false, life: 0 }; parts.nodes as usize],
            topics: Vec::new(),
            first_channel,
            partitions: Vec::new(),
            groups: Vec::new(),
            members: Vec::new(),
            seats: BySeat::default(),
            publishers: Vec::new(),
            by_link: BTreeMap::new(),
            instances: match parts.transactions.as_slice() {
                [] => Arc::default(),
                _ => seats.iter().map(|(_, seat)| seat.instance).collect(),
            },
            batches: Vec::new(),
            opened: 0,
            spare: Vec::new(),
            happened: Vec::new(),
            peaks: (0, 0),
        };
        for (topic, channel) in parts.topics.iter().zip(channels) {
            kafka.add_topic(topic, ChannelId::at(channel), &parts);
        }
        kafka.add_groups(plan, &parts, id, seats);
        kafka.add_publishers(plan, &parts, id, seats);
        kafka.pair_rivals();
        kafka
    }

    fn add_topic(&mut self, topic: &document::Topic, channel: ChannelId, parts: &document::Kafka) {
        let nodes = self.nodes.len() as u32;
        let log = Arc::new(log_config(topic));
        let replicas = topic.replication.clamp(1, nodes);
        let first = self.partitions.len() as u32;
        let config =
            ReplicationConfig { min_insync: topic.min_insync, unclean: topic.unclean, elr: parts.elr, ..ReplicationConfig::default() };
        for number in 0..topic.partitions {
            self.partitions.push(Partition {
                topic: self.topics.len() as u32,
                number,
                nodes: placed(first + number, replicas, nodes, parts.racks.clamp(1, nodes)),
                log: Log::new(log.clone()),
                replication: Replication::new(config, replicas as usize),
                producers: BTreeMap::new(),
                transactions: Transactions::default(),
                markers: VecDeque::new(),
                owed_markers: Vec::new(),
                shown: 0,
                most_withheld: 0,
                pending: VecDeque::new(),
                asked: (0, 0),
                fetching: false,
                cursors: Vec::new(),
            });
        }
        self.topics.push(Topic { channel, first, count: topic.partitions, log });
    }

    /// Groups by name: everybody who reads under one name is one group, whatever it reads.
    fn add_groups(&mut self, plan: &Plan, parts: &document::Kafka, id: BrokerId, seats: &Seats) {
        let outlets = &plan.brokers[id.index()].outlets;
        let mut groups: BTreeMap<&str, Vec<OutletId>> = BTreeMap::new();
        outlets.iter().for_each(|outlet| groups.entry(plan.group_of(*outlet)).or_default().push(*outlet));
        for (name, outlets) in groups {
            let settings = parts.groups.iter().find(|group| group.name == name).cloned().unwrap_or(document::Group::named(name));
            let mut topics: Vec<(u32, u32)> = Vec::new();
            // Instances of consumers, in file order, with the seats by which they read.
            let mut clients: BTreeMap<(u32, u32), Vec<SeatId>> = BTreeMap::new();
            for outlet in outlets {
                let topic = plan.outlets[outlet.index()].channels.first().map_or(0, |channel| channel.index() - self.first_channel);
                let (first, count) = (self.topics[topic].first as usize, self.topics[topic].count as usize);
                let slot = self.partitions[first].cursors.len() as u32;
                let committed_only = settings.isolation == document::Isolation::ReadCommitted;
                let cursor = Cursor::new(outlet, settings.starts == Span::ZERO, committed_only, settings.reset);
                self.partitions[first..first + count].iter_mut().for_each(|partition| partition.cursors.push(cursor.clone()));
                topics.push((topic as u32, slot));
                for seat in seats.at(plan, outlet) {
                    let it = seats.get(seat);
                    clients.entry((it.consumer.0, it.instance)).or_default().push(seat);
                    self.seats.put(seat, Seated { member: 0, slot, outlet, handed: VecDeque::new() });
                }
            }
            topics.sort_by_key(|(topic, _)| &parts.topics[*topic as usize].name);
            self.add_group(plan, &settings, topics, clients, seats);
        }
    }

    fn add_group(
        &mut self,
        plan: &Plan,
        settings: &document::Group,
        topics: Vec<(u32, u32)>,
        clients: BTreeMap<(u32, u32), Vec<SeatId>>,
        seats: &Seats,
    ) {
        let (number, first_member) = (self.groups.len() as u32, self.members.len() as u32);
        let outlet_of = |topic: &(u32, u32)| {
            let first = self.topics[topic.0 as usize].first as usize;
            self.partitions[first].cursors[topic.1 as usize].outlet
        };
        let places: Vec<_> = topics.iter().map(outlet_of).collect();
        let mut subscriptions = Vec::new();
        for (client, ((consumer, _), own)) in clients.into_iter().enumerate() {
            for seat in &own {
                self.seats.get_mut(*seat).into_iter().for_each(|seated| seated.member = self.members.len() as u32);
            }
            let mut reads: Vec<u32> = (0..places.len() as u32)
                .filter(|place| own.iter().any(|seat| seats.get(*seat).outlet == places[*place as usize]))
                .collect();
            reads.sort_unstable();
            subscriptions.push(reads);
            self.members.push(Member {
                group: number,
                client: client as u32,
                seats: own,
                outstanding: 0,
                limit: settings.max_poll_records.max(1),
                batch_left: 0,
                draining: false,
                commits: commits(plan.consumers[consumer as usize].ack),
                session: None,
                ready: VecDeque::new(),
                stopped: None,
                away: false,
            });
        }
        let counts = topics.iter().map(|(topic, _)| self.topics[*topic as usize].count);
        let known = Kafka::assigned_topics(counts);
        let config = group_config(settings);
        let group = match settings.starts {
            Span::ZERO => Group::formed(config, known, subscriptions),
            _ => {
                let mut group = Group::formed(config, known, Vec::new());
                subscriptions.into_iter().for_each(|topics| {
                    group.enrol(topics);
                });
                group
            }
        };
        for client in 0..self.members.len() - first_member as usize {
            let reads = if settings.starts == Span::ZERO { group.reads(client).to_vec() } else { Vec::new() };
            for partition in reads {
                let (topic, slot) = topics[partition.topic as usize];
                let at = (self.topics[topic as usize].first + partition.partition) as usize;
                let outlet = self.partitions[at].cursors[slot as usize].outlet;
                let own = &self.members[first_member as usize + client].seats;
                let seat = own.iter().copied().find(|seat| seats.get(*seat).outlet == outlet);
                self.partitions[at].cursors[slot as usize].owner = seat;
            }
        }
        self.groups.push(Readers {
            name: settings.name.clone(),
            group,
            topics,
            members: (first_member..self.members.len() as u32).collect(),
            armed: Time::NEVER,
            rebalancing: false,
            moved: 0,
            starts: Time::ZERO + settings.starts,
        });
    }

    /// An instance more, with these seats: a client of each group that it reads with, which is not running yet.
    /// (A consumer that publishes in transactions cannot grow: see [`Plan::adoptable`].)
    pub(super) fn add_client(&mut self, plan: &Plan, seats: &[(SeatId, Seat)]) {
        if !self.instances.is_empty() {
            let mut instances = self.instances.to_vec();
            for (seat, it) in seats {
                instances.resize(instances.len().max(seat.index() + 1), 0);
                instances[seat.index()] = it.instance;
            }
            self.instances = instances.into();
        }
        for number in 0..self.groups.len() {
            let readers = &self.groups[number];
            let place_of = |outlet: OutletId| {
                readers.topics.iter().position(|(topic, slot)| {
                    self.partitions[self.topics[*topic as usize].first as usize].cursors[*slot as usize].outlet == outlet
                })
            };
            let own: Vec<(SeatId, Seat, usize)> =
                seats.iter().filter_map(|(seat, it)| place_of(it.outlet).map(|place| (*seat, *it, place))).collect();
            let Some((_, first, _)) = own.first().copied() else { continue };
            let mut reads: Vec<u32> = own.iter().map(|(.., place)| *place as u32).collect();
            reads.sort_unstable();
            let slots: Vec<u32> = own.iter().map(|(.., place)| readers.topics[*place].1).collect();
            let limit = readers.members.first().map_or(1, |member| self.members[*member as usize].limit);
            let member = self.members.len() as u32;
            for ((seat, it, _), slot) in own.iter().zip(slots) {
                self.seats.put(*seat, Seated { member, slot, outlet: it.outlet, handed: VecDeque::new() });
            }
            let readers = &mut self.groups[number];
            readers.members.push(member);
            let client = readers.group.enrol(reads) as u32;
            self.members.push(Member {
                group: number as u32,
                client,
                seats: own.iter().map(|(seat, ..)| *seat).collect(),
                outstanding: 0,
                limit,
                batch_left: 0,
                draining: false,
                commits: commits(plan.consumers[first.consumer.index()].ack),
                session: None,
                ready: VecDeque::new(),
                stopped: None,
                away: true,
            });
        }
    }

    /// Everybody who may publish: one client for each node that has a way here, and where that publishes in transactions one for each
    /// of its instances.
    fn add_publishers(&mut self, plan: &Plan, parts: &document::Kafka, id: BrokerId, seats: &Seats) {
        let here = plan.brokers[id.index()].node;
        for (i, link) in plan.links.iter().enumerate().filter(|(_, link)| link.to == here) {
            let name = |node: crate::ids::NodeId| plan.nodes[node.index()].name.as_str();
            let node = name(link.from);
            let salt = |purpose: &str| self.settings.seed ^ hash_name(purpose) ^ hash_name(name(here));
            let random = Stream::named(salt("partitioner"), node);
            self.by_link.insert(LinkId::at(i), self.publishers.len() as u32);
            let plain = Publisher::new(LinkId::at(i), link.back, self.nodes.len(), random);
            let Some(settings) = parts.transactions.iter().find(|transaction| transaction.node == node) else {
                self.publishers.push(plain);
                continue;
            };
            let own = |seat: &Seat| plan.consumers[seat.consumer.index()].node == link.from;
            let instances = seats.iter().filter(|(_, seat)| own(seat)).map(|(_, seat)| seat.instance + 1).max();
            for instance in 0..instances.unwrap_or(1) {
                // Streams are named after who it is, not after what it calls itself.
                let own_name = if instances.is_some() { format!("{node}-{instance}") } else { node.to_owned() };
                let id = match instances {
                    Some(_) => format!("{}-{instance}", settings.id()),
                    None => settings.id().to_owned(),
                };
                let mut session = Session::new(settings, id, Stream::named(salt("transactions"), &own_name));
                for (number, member) in self.members.iter_mut().enumerate() {
                    if member.seats.iter().map(|seat| seats.get(*seat)).any(|seat| own(seat) && seat.instance == instance) {
                        (member.session, member.commits) = (Some(self.publishers.len() as u32), Commits::InTransaction);
                        session.members.push(number as u32);
                    }
                }
                let random = Stream::named(salt("partitioner"), &own_name);
                let instances = instances.unwrap_or(1);
                self.publishers.push(plain.clone().transactional(instances, session, random));
            }
        }
    }
}

fn commits(ack: Ack) -> Commits {
    match ack {
        Ack::AfterWork => Commits::AfterWork,
        Ack::BeforeWork => Commits::BeforeWork,
        Ack::Auto { every } => Commits::Auto(every, Time::ZERO + every),
    }
}

impl Cursor {
    /// Of a group that is there from the start, or comes later. Without a reset it has no position before it is sent somewhere.
    fn new(outlet: crate::ids::OutletId, there: bool, committed_only: bool, reset: document::Reset) -> Cursor {
        let reset = match reset {
            document::Reset::Earliest => AutoOffsetReset::Earliest,
            document::Reset::Latest => AutoOffsetReset::Latest,
            document::Reset::None => AutoOffsetReset::None,
            document::Reset::ByDuration(span) => AutoOffsetReset::ByDuration(span),
        };
        let astray = reset == AutoOffsetReset::None;
        Cursor {
            outlet,
            active: there && !astray,
            committed_only,
            owner: None,
            holder: None,
            unsettled: 0,
            position: 0,
            committed: 0,
            most_lag: 0,
            before: None,
            since: Time::ZERO,
            window: Window::default(),
            again: VecDeque::new(),
            epoch: 0,
            listed: false,
            reset,
            astray: astray.then_some(Error::NoOffsetForPartition),
        }
    }
}

/// The nodes of a partition's replicas: leaders go round over all partitions of the cluster, followers come next in the circle of nodes;
/// but none in a rack that has one already while others have none. Racks take nodes in turn.
fn placed(partition: u32, replicas: u32, nodes: u32, racks: u32) -> Box<[u32]> {
    let mut chosen: Vec<u32> = Vec::new();
    for _ in 0..replicas {
        let in_rack = |node: u32| chosen.iter().filter(|other| **other % racks == node % racks).count();
        let circle = (0..nodes).map(|step| (partition + step) % nodes).filter(|node| !chosen.contains(node));
        chosen.extend(circle.min_by_key(|node| in_rack(*node)));
    }
    chosen.into()
}

fn log_config(topic: &document::Topic) -> LogConfig {
    use document::Cleanup;
    LogConfig {
        delete: topic.cleanup != Cleanup::Compact,
        compact: topic.cleanup != Cleanup::Delete,
        retention_ms: Some(topic.retention.time),
        retention_bytes: topic.retention.bytes.map(|size| size.0),
        segment_bytes: topic.segment.bytes.0,
        segment_ms: topic.segment.time,
        min_cleanable_dirty_ratio: topic.min_dirty.0,
        ..LogConfig::default()
    }
}

fn group_config(settings: &document::Group) -> GroupConfig {
    let default = GroupConfig::default();
    let (protocol, heartbeat) = match settings.protocol {
        document::Protocol::Classic => (Protocol::Classic, default.heartbeat),
        document::Protocol::Consumer => (Protocol::Consumer, Span::from_millis(5000)),
    };
    let assignor = match (settings.assignor, protocol) {
        (None, Protocol::Classic) => Assignor::Range,
        (None | Some(document::Assignor::Uniform), _) => Assignor::Uniform,
        (Some(document::Assignor::Range), Protocol::Consumer) => Assignor::ServerRange,
        (Some(document::Assignor::Range), Protocol::Classic) => Assignor::Range,
        (Some(document::Assignor::RoundRobin), _) => Assignor::RoundRobin,
        (Some(document::Assignor::Sticky), _) => Assignor::Sticky,
        (Some(document::Assignor::CooperativeSticky), _) => Assignor::CooperativeSticky,
    };
    GroupConfig {
        protocol,
        assignor,
        heartbeat: settings.heartbeat.unwrap_or(heartbeat),
        session: settings.session,
        max_poll: settings.max_poll,
        fixed: settings.fixed,
        ..default
    }
}

#[cfg(test)]
mod tests {
    use super::placed;

    #[test]
    fn replicas_go_round_and_keep_out_of_each_others_racks() {
        assert_eq!(*placed(4, 3, 5, 1), [4, 0, 1]);
        // Nodes 0, 2, 4 are in one rack, 1, 3, 5 in the other.
        assert_eq!(*placed(0, 2, 6, 2), [0, 1]);
        assert_eq!(*placed(4, 3, 5, 2), [4, 1, 0]);
        for partition in 0..30 {
            let racks = |nodes: &[u32]| nodes.iter().map(|node| node % 3).collect::<std::collections::BTreeSet<_>>();
            assert_eq!(racks(&placed(partition, 3, 7, 3)).len(), 3);
            assert_eq!(racks(&placed(partition, 5, 7, 3)).len(), 3);
        }
    }
}
