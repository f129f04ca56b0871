//! Positions that are not in the log: what `auto.offset.reset` makes of them, and clients that stop because it makes nothing of them.
//!
//! A client notices when it fetches. So a position that retention has overtaken while nobody reads stays as it is, and `latest` means
//! the end at the moment when somebody reads again.

use super::cluster::{Kafka, Member, Stopped};
use super::error::Error;
use super::offsets::{AutoOffsetReset, Range};
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Note, Place};
use crate::engine::fate::Reason;
use crate::time::{Span, Time};

impl Kafka {
    /// Whether a group begins without a position. As the run begins it has one everywhere or nowhere, so the first partition of a topic
    /// tells.
    pub(super) fn is_astray(&self, group: usize) -> bool {
        let first = |(topic, slot): &(u32, u32)| (self.topics[*topic as usize].first as usize, *slot as usize);
        self.groups[group].topics.iter().map(first).any(|(partition, slot)| self.partitions[partition].cursors[slot].astray.is_some())
    }

    pub(super) fn member_of(&self, group: usize, client: usize) -> &Member {
        &self.members[self.groups[group].members[client] as usize]
    }

    /// A group without a valid position in a partition goes where its reset says; with `none` it has none still.
    pub(super) fn settle_position(&mut self, number: usize, slot: usize, desk: &mut Desk) {
        let partition = &self.partitions[number];
        let cursor = &partition.cursors[slot];
        let range = Range { start: partition.log.start(), end: partition.readable(slot) };
        let since = |span: Span| partition.log.offset_for(Time(desk.now().0.saturating_sub(span.0)));
        match range.position(None, cursor.reset, since) {
            Ok(to) if cursor.active => self.move_to(number, slot, to, Reason::OffsetReset, desk),
            Ok(to) => self.begin_at(number, slot, to, desk),
            Err(error) => {
                self.partitions[number].cursors[slot].astray.get_or_insert(error);
            }
        }
    }

    /// Somebody reads a partition, or the log is not what it was: is the group's position in it?
    pub(super) fn look_at_position(&mut self, number: usize, slot: usize, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        partition.cursors[slot].expire_below(partition.log.start(), desk);
        let cursor = &self.partitions[number].cursors[slot];
        let Some(owner) = cursor.owner.filter(|_| cursor.astray.is_some()) else { return };
        self.settle_position(number, slot, desk);
        match self.partitions[number].cursors[slot].astray {
            None => self.list(number, slot, desk),
            Some(why) => {
                if let Some(seated) = self.seats.get(owner) {
                    self.throws(seated.member as usize, Stopped { why, partition: Some(number as u32) }, desk);
                }
            }
        }
    }

    /// A client's poll throws: it finishes what it has in hand, then its application ends and closes it.
    pub(super) fn throws(&mut self, number: usize, stopped: Stopped, desk: &mut Desk) {
        let member = &mut self.members[number];
        if member.stopped.is_none() {
            member.stopped = Some(stopped);
            (member.draining, member.batch_left) = (true, member.outstanding);
            self.stops(number, desk);
        }
    }

    /// A client that has thrown closes once it has nothing in hand.
    pub(super) fn stops(&mut self, number: usize, desk: &mut Desk) {
        let member = &self.members[number];
        let Some(Stopped { why, partition }) = member.stopped.filter(|_| member.outstanding == 0) else { return };
        let (group, client) = (member.group as usize, member.client as usize);
        if self.groups[group].group.is_down(client) {
            return;
        }
        let about = partition.map(|partition| &self.partitions[partition as usize]);
        let outlet = self.groups[group].topics.iter().find(|(topic, _)| about.is_none_or(|it| it.topic == *topic));
        if let Some((topic, slot)) = outlet {
            let outlet = self.partitions[self.topics[*topic as usize].first as usize].cursors[*slot as usize].outlet;
            desk.note(Note::ClientStopped { outlet, part: about.map(|it| it.number), member: client as u32, why });
        }
        self.groups[group].group.closes(client, desk.now(), &mut self.happened);
        self.happen(group, desk);
    }

    /// A group has been sent elsewhere: clients that had stopped are started again.
    pub(super) fn start_again(&mut self, group: usize, desk: &mut Desk) {
        for client in 0..self.groups[group].members.len() {
            let member = self.groups[group].members[client] as usize;
            if self.members[member].stopped.is_some() && self.groups[group].group.is_down(client) {
                (self.members[member].stopped, self.members[member].draining) = (None, false);
                if let Some(publisher) = self.members[member].session {
                    self.restart(publisher, desk);
                }
                self.groups[group].group.joins(client, desk.now());
            }
        }
        self.arm(group, desk);
    }
}

impl super::cluster::Cursor {
    /// Its position is no longer in the log. Going on from the log start is what retention does to it anyway.
    pub fn strays(&mut self, why: Error) {
        if self.reset != AutoOffsetReset::Earliest {
            self.astray.get_or_insert(why);
        }
    }

    /// What was to be read again and is no longer in the log, which starts at `start`, has expired.
    pub fn expire_below(&mut self, start: u64, desk: &mut Desk) {
        while self.again.front().is_some_and(|(offset, _)| *offset < start) {
            if let Some((_, message)) = self.again.pop_front() {
                desk.end(self.outlet, &message.event, Place::Waiting, BrokerFate::Expired, Reason::Retention);
                self.strays(Error::OffsetOutOfRange);
            }
        }
    }
}
