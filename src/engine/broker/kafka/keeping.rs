//! What logs keep: retention and compaction at work, and what that means for groups that have not read yet.

use super::cluster::{Kafka, owed};
use super::error::Error;
use super::log::Log;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Place};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;

impl Kafka {
    /// Deletes old segments. What a group had not read of them is expired.
    pub(super) fn delete_old(&mut self, desk: &mut Desk) {
        let mut astray = Vec::new();
        for (number, partition) in self.partitions.iter_mut().enumerate() {
            let start = partition.log.start();
            let before = partition.log.clone();
            if partition.log.apply_retention(desk.now()) == start {
                continue;
            }
            let start = partition.log.start();
            for (slot, cursor) in partition.cursors.iter_mut().enumerate().filter(|(_, cursor)| cursor.active) {
                if cursor.again.front().map_or(cursor.position, |(offset, _)| *offset) < start {
                    cursor.strays(Error::OffsetOutOfRange);
                    astray.push((number, slot));
                }
                cursor.expire_below(start, desk);
                let to = start.min(partition.shown);
                for (_, message) in owed(&before, &partition.transactions, cursor.committed_only, cursor.position, to) {
                    desk.end(cursor.outlet, &message.event, Place::Waiting, BrokerFate::Expired, Reason::Retention);
                }
                cursor.position = cursor.position.max(start);
            }
            partition.shown = partition.shown.max(start);
            partition.transactions.forget_below(start);
        }
        astray.into_iter().for_each(|(partition, slot)| self.look_at_position(partition, slot, desk));
    }

    /// Compacts logs that are dirty enough. A group that has not read a replaced value never will; the later one stands for it.
    pub(super) fn clean(&mut self, desk: &mut Desk) {
        let settings = self.settings.clone();
        for partition in self.partitions.iter_mut().filter(|partition| partition.log.config().compact) {
            let before = partition.log.clone();
            let mut cleaned = false;
            let (stable, transactions) = (partition.stable(), &partition.transactions);
            let bytes = |message: &Message| settings.bytes(message.event.kind);
            while partition.log.clean(desk.now(), stable, bytes, |offset| transactions.is_aborted(offset)) {
                cleaned = true;
            }
            if !cleaned {
                continue;
            }
            for cursor in partition.cursors.iter().filter(|cursor| cursor.active) {
                let fresh = owed(&before, &partition.transactions, cursor.committed_only, cursor.position, partition.shown);
                for (_, message) in fresh.filter(|(at, _)| !holds(&partition.log, *at)) {
                    // Nothing is lost: what the key stands for now is in the log.
                    let event = Event { flags: message.event.flags.with(Flags::HANDLED), ..message.event };
                    desk.end(cursor.outlet, &event, Place::Waiting, BrokerFate::Dropped, Reason::Compacted);
                }
            }
        }
    }
}

fn holds(log: &Log<Message>, offset: u64) -> bool {
    log.read(offset).is_some_and(|(at, _)| at == offset)
}
