//! Replicas at work: followers fetch, nodes die and come back, leaders change.

use super::cluster::{Handed, Kafka, Partition, Token, owed};
use super::error::Error;
use super::log::Log;
use super::offsets::AutoOffsetReset;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Note, Place};
use crate::engine::event::Message;
use crate::engine::fate::Reason;
use crate::time::Span;

/// From a record's arrival at its leader to its arrival at the followers, which ask all the time.
const FETCH: Span = Span::from_millis(1);
/// Most bytes of a partition that one fetch of a follower brings, if it is more than one record: `replica.fetch.max.bytes`.
const FETCH_BYTES: u64 = 1 << 20;
/// A node tells the controller that it lives so often: `broker.heartbeat.interval.ms`.
const HEARTBEAT: Span = Span::from_millis(2000);
/// From a node's start to its first fetch.
const RETURN: Span = Span::from_millis(500);

/// Where a fetch ends that begins at an offset.
fn one_fetch(log: &Log<Message>, from: u64, bytes: impl Fn(&Message) -> u64) -> u64 {
    let mut room = FETCH_BYTES;
    let mut records = log.range(from, log.end()).map(|(offset, message)| (offset, bytes(message)));
    // The first record comes whatever its size.
    room = room.saturating_sub(records.next().map_or(0, |(_, size)| size));
    let beyond = records.find(|(_, size)| {
        let fits = *size <= room;
        room = room.saturating_sub(*size);
        !fits
    });
    beyond.map_or(log.end(), |(offset, _)| offset)
}

impl Kafka {
    /// The leader has something new: without followers it is committed, else they come for it.
    pub(super) fn replicate(&mut self, number: usize, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        if partition.nodes.len() == 1 {
            self.show(number, desk);
        } else if !partition.fetching {
            partition.fetching = true;
            desk.wake(desk.now() + FETCH, Token::Fetch(number as u32).pack());
        }
    }

    /// Followers that live fetch what the leader has, and come again if that was not all.
    pub(super) fn followers_fetch(&mut self, number: usize, desk: &mut Desk) {
        self.partitions[number].fetching = false;
        if !self.served(number) {
            return;
        }
        let now = desk.now();
        let Kafka { partitions, nodes, settings, .. } = self;
        let Partition { nodes: places, log, replication, fetching, .. } = &mut partitions[number];
        let end = log.end();
        for (place, node) in places.iter().enumerate() {
            if nodes[*node as usize].up && replication.leader() != Some(place) {
                let from = replication.end(place);
                // Mostly a follower has nearly all: nothing need be counted.
                let all = end.saturating_sub(from).saturating_mul(settings.largest()) <= FETCH_BYTES;
                let to = if all { end } else { one_fetch(log, from, |message| settings.bytes(message.event.kind)) };
                replication.fetched(place, to, now);
                *fetching |= to < end;
            }
        }
        if *fetching {
            desk.wake(now + FETCH, Token::Fetch(number as u32).pack());
        }
        self.show(number, desk);
    }

    /// A node dies, or comes back.
    pub(super) fn node_changes(&mut self, number: u32, up: bool, desk: &mut Desk) {
        let Some(node) = self.nodes.get_mut(number as usize).filter(|node| node.up != up) else { return };
        (node.up, node.missed) = (up, false);
        node.life += 1;
        let life = node.life as u16;
        desk.note(Note::Node { node: number, up });
        if up {
            return desk.wake(desk.now() + RETURN, Token::Return(number, life).pack());
        }
        self.connections_lost(number, desk);
        // Its last heartbeat was up to two seconds ago: each node has its own phase.
        let phase = HEARTBEAT.0 * u64::from(number + 1) / (self.nodes.len() as u64 + 1);
        let ago = (desk.now().0 + HEARTBEAT.0 - phase) % HEARTBEAT.0;
        let missed = Span(self.settings.node_session.0.saturating_sub(ago));
        desk.wake(desk.now() + missed, Token::Fence(number, life).pack());
    }

    /// The controller has not heard of a node for its session time: others lead.
    pub(super) fn fence(&mut self, node: usize, life: u16, desk: &mut Desk) {
        if self.nodes[node].life as u16 != life {
            return;
        }
        // Where no node works nobody is left to decide: the first that comes back does.
        self.nodes[node].missed = self.nodes.iter().all(|node| !node.up);
        if !self.nodes[node].missed {
            self.each_replica(node, desk, |kafka, partition, place, _| kafka.partitions[partition].replication.fence(place));
        }
    }

    /// A node is back and catches up.
    pub(super) fn returned(&mut self, node: usize, life: u16, desk: &mut Desk) {
        if self.nodes[node].life as u16 != life {
            return;
        }
        for other in 0..self.nodes.len() {
            if self.nodes[other].missed {
                self.fence(other, self.nodes[other].life as u16, desk);
            }
        }
        self.each_replica(node, desk, |kafka, partition, place, desk| {
            kafka.partitions[partition].replication.unfence(place);
            kafka.replicate(partition, desk);
        });
        // What it leads can be read and written again.
        for partition in 0..self.partitions.len() {
            if self.leader(partition) == Some(node as u32) {
                self.mark(partition, desk);
                (0..self.partitions[partition].cursors.len()).for_each(|slot| self.list(partition, slot, desk));
            }
        }
    }

    /// Leadership goes back to the first replicas where these are in sync.
    pub(super) fn prefer(&mut self, desk: &mut Desk) {
        for partition in 0..self.partitions.len() {
            let before = self.leader(partition);
            self.partitions[partition].replication.elect_preferred();
            self.after_election(partition, before, desk);
        }
    }

    fn each_replica(&mut self, node: usize, desk: &mut Desk, act: impl Fn(&mut Kafka, usize, usize, &mut Desk)) {
        for partition in 0..self.partitions.len() {
            if let Some(place) = self.partitions[partition].nodes.iter().position(|n| *n as usize == node) {
                let before = self.leader(partition);
                act(self, partition, place, desk);
                self.after_election(partition, before, desk);
            }
        }
        let (under, offline) = self.troubled();
        self.peaks = (self.peaks.0.max(under), self.peaks.1.max(offline));
    }

    /// Partitions with fewer replicas in sync than they have, and those without a leader.
    pub(super) fn troubled(&self) -> (u32, u32) {
        let count = |which: &dyn Fn(&Partition) -> bool| self.partitions.iter().filter(|partition| which(partition)).count() as u32;
        (count(&|it| it.replication.under_replicated()), count(&|it| it.replication.leader().is_none()))
    }

    /// What follows where a partition may have another leader: its log is the new leader's, and everybody is told.
    fn after_election(&mut self, number: usize, before: Option<u32>, desk: &mut Desk) {
        let leader = self.leader(number);
        if leader != before {
            let (topic, part) = (self.partitions[number].topic as usize, self.partitions[number].number);
            desk.note(Note::Leader { channel: self.topics[topic].channel, part, node: leader });
            self.leaders_changed(topic);
            if let Some(place) = self.partitions[number].replication.leader() {
                self.cut(number, self.partitions[number].replication.end(place), desk);
            }
            for slot in 0..self.partitions[number].cursors.len() {
                self.list(number, slot, desk);
                self.look_at_position(number, slot, desk);
            }
        }
        self.show(number, desk);
        if leader.is_some() {
            self.replicate(number, desk);
            self.mark(number, desk);
        }
    }

    /// The log ends at `end` now. Records that groups were owed and that no replica has any more are lost to them.
    fn cut(&mut self, number: usize, end: u64, desk: &mut Desk) {
        if end >= self.partitions[number].log.end() {
            return;
        }
        self.cut_off(number, end, desk);
        let sizes = self.settings.clone();
        let partition = &mut self.partitions[number];
        for cursor in partition.cursors.iter_mut().filter(|cursor| cursor.active) {
            let (keep, gone): (Vec<_>, Vec<_>) = cursor.again.drain(..).partition(|(offset, _)| *offset < end);
            cursor.again.extend(keep);
            let from = cursor.position.max(end);
            let fresh = owed(&partition.log, &partition.transactions, cursor.committed_only, from, partition.shown);
            let fresh = fresh.map(|(_, message)| message.event);
            for event in gone.into_iter().map(|(_, message)| message.event).chain(fresh) {
                desk.end(cursor.outlet, &event, Place::Waiting, BrokerFate::Dropped, Reason::UnreplicatedLoss);
            }
            if cursor.position > end && cursor.reset == AutoOffsetReset::None {
                cursor.strays(Error::LogTruncation);
            }
            cursor.position = cursor.position.min(end);
            cursor.committed = cursor.committed.min(end);
            // What is in hand of it is finished, but its offset will be another record's.
            cursor.window.cut_off(end);
            let readers = self.seats.iter_mut().filter(|seated| seated.outlet == cursor.outlet);
            let in_hand = readers.flat_map(|seated| seated.handed.iter_mut());
            let gone = in_hand.filter(|handed| handed.partition as usize == number && handed.offset >= end);
            gone.for_each(|handed| handed.epoch = Handed::CUT_OFF);
        }
        // Markers that are gone are written again.
        let gone = partition.markers.iter().filter(|(offset, ..)| *offset >= end).map(|(_, publisher, outcome)| (*publisher, *outcome));
        partition.owed_markers.extend(gone);
        partition.markers.retain(|(offset, ..)| *offset < end);
        partition.transactions.truncate(end);
        partition.shown = partition.shown.min(end);
        partition.log.truncate(end, |message| sizes.bytes(message.event.kind));
    }
}
