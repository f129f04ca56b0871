//! Groups that begin later, and groups that are sent elsewhere.

use super::cluster::{Kafka, owed};
use super::offsets::{AutoOffsetReset, Range, Seek};
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Note, Place};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::scenario::broker::kafka::Position;
use crate::time::Time;
use std::collections::BTreeSet;

impl Kafka {
    /// A group begins to read, where `auto.offset.reset` says unless it was sent somewhere before: nothing is committed.
    pub(super) fn group_starts(&mut self, group: usize, desk: &mut Desk) {
        for (topic, slot) in self.groups[group].topics.clone() {
            let (first, count) = (self.topics[topic as usize].first, self.topics[topic as usize].count);
            for partition in (first..first + count).map(|partition| partition as usize) {
                if !self.partitions[partition].cursors[slot as usize].active {
                    self.settle_position(partition, slot as usize, desk);
                }
                self.look_at_position(partition, slot as usize, desk);
            }
        }
        self.claim_for(group, desk);
        for client in 0..self.groups[group].members.len() {
            let member = self.member_of(group, client);
            if self.groups[group].group.is_down(client) && member.stopped.is_none() && !member.away {
                self.groups[group].group.joins(client, desk.now());
            }
        }
        self.arm(group, desk);
    }

    /// A group has its first position in a partition: what is there from it on is owed to it.
    pub(super) fn begin_at(&mut self, number: usize, slot: usize, position: u64, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let cursor = &mut partition.cursors[slot];
        (cursor.active, cursor.astray, cursor.committed) = (true, None, position);
        for (offset, message) in owed(&partition.log, &partition.transactions, cursor.committed_only, position, partition.shown) {
            // History: nobody follows these events' other copies any more.
            cursor.again.push_back((offset, desk.owe(cursor.outlet, &Event { flags: untracked(message), ..message.event })));
        }
        cursor.position = partition.shown.max(position);
    }

    /// A group is sent elsewhere as the scenario says.
    pub(super) fn replay(&mut self, number: usize, desk: &mut Desk) {
        let settings = self.settings.clone();
        let replay = &settings.replays[number];
        self.send_elsewhere(&replay.group, replay.topic.as_deref(), replay.to, desk);
    }

    /// A group is sent elsewhere by a person or a tool. Back: what it read is delivered again. Ahead: what waits is skipped.
    pub(super) fn send_elsewhere(&mut self, group: &str, only: Option<&str>, to: Position, desk: &mut Desk) {
        let Some(group) = self.groups.iter().position(|readers| readers.name == group) else { return };
        for (topic, slot) in self.groups[group].topics.clone() {
            if only.is_some_and(|only| self.settings.topics[topic as usize] != only) {
                continue;
            }
            let it = &self.topics[topic as usize];
            let (first, count) = (it.first, it.count);
            let outlet = self.partitions[first as usize].cursors[slot as usize].outlet;
            desk.note(Note::Replay { outlet, under_way: true });
            for partition in first..first + count {
                self.seek(partition as usize, slot as usize, to, desk);
            }
            desk.note(Note::Replay { outlet, under_way: false });
            for partition in first..first + count {
                self.list(partition as usize, slot as usize, desk);
            }
        }
        self.start_again(group, desk);
    }

    fn seek(&mut self, number: usize, slot: usize, to: Position, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let range = Range { start: partition.log.start(), end: partition.readable(slot) };
        let to = match to {
            Position::Beginning => Seek::Beginning,
            Position::End => Seek::End,
            Position::Offset(offset) => Seek::Offset(offset.clamp(range.start, range.end)),
            Position::Time(time) => partition.log.offset_for(Time::ZERO + time).map_or(Seek::End, Seek::Offset),
        };
        let target = range.seek(to, AutoOffsetReset::Latest).unwrap_or(range.end).min(range.end);
        match partition.cursors[slot].active {
            true => self.move_to(number, slot, target, Reason::Skipped, desk),
            false => self.begin_at(number, slot, target, desk),
        }
    }

    /// A group's position in a partition moves: what it passes over is skipped for this reason, what lies before it is read again.
    pub(super) fn move_to(&mut self, number: usize, slot: usize, target: u64, why: Reason, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let cursor = &mut partition.cursors[slot];
        cursor.astray = None;
        // What is in hand is finished, but no longer counts for commits.
        cursor.epoch += 1;
        cursor.window.clear();
        cursor.committed = target;
        let waits: BTreeSet<u64> = cursor.again.iter().map(|(offset, _)| *offset).collect();
        let mut again: Vec<(u64, Message)> = Vec::new();
        for (offset, message) in cursor.again.drain(..) {
            if offset < target {
                desk.end(cursor.outlet, &message.event, Place::Waiting, BrokerFate::Dropped, why);
            } else {
                again.push((offset, message));
            }
        }
        if target >= cursor.position {
            for (_, message) in owed(&partition.log, &partition.transactions, cursor.committed_only, cursor.position, target) {
                desk.end(cursor.outlet, &message.event, Place::Waiting, BrokerFate::Dropped, why);
            }
            cursor.position = target;
        } else {
            let read = owed(&partition.log, &partition.transactions, cursor.committed_only, target, cursor.position);
            for (offset, message) in read.filter(|(offset, _)| !waits.contains(offset)) {
                let flags = untracked(message).with(Flags::REPLAYED);
                again.push((offset, desk.owe(cursor.outlet, &Event { flags, ..message.event })));
            }
        }
        again.sort_by_key(|(offset, _)| *offset);
        cursor.again.extend(again);
    }
}

fn untracked(message: &Message) -> Flags {
    message.event.flags.without(Flags::TRACKED)
}
