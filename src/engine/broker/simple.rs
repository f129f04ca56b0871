//! Publish and subscribe, the concept: every group that reads a topic gets a copy of every event, in the order in which
//! events arrive; the members of a group share its inbox.
//!
//! # Fidelity and limits
//!
//! No product works quite like this, and that is the point: it shows the idea without anybody's rules.
//! - The broker keeps nothing: an event of a topic that nobody reads is unroutable and gone.
//! - A group with one reader (a consumer with any number of instances) is pushed to without limit: the inbox is the
//!   consumer's, so network latency never leaves a worker idle.
//! - A group of several consumers shares its inbox in the broker; a message goes to the next consumer in turn that has a
//!   free worker, and travels then.
//! - Acknowledgements take no time and are never lost.

use super::{Desk, Rules};
use crate::engine::event::Message;
use crate::engine::fifo::Fifo;
use crate::ids::{BrokerId, ChannelId, OutletId, ReadId};
use crate::scenario::Plan;
use std::collections::BTreeMap;

/// A broker of the simple kind.
#[derive(Clone, Debug)]
pub struct Simple {
    /// By channel, from the broker's first channel on: its outlets with their only reader, if there is only one.
    topics: Vec<Vec<(OutletId, Option<ReadId>)>>,
    first_channel: usize,
    /// Inboxes of groups with several readers.
    inboxes: Vec<Inbox>,
    /// Which of them, by outlet.
    by_outlet: BTreeMap<OutletId, usize>,
    /// Which of them and whose place in it, by reader.
    by_read: BTreeMap<ReadId, (usize, usize)>,
}

#[derive(Clone, Debug)]
struct Inbox {
    outlet: OutletId,
    ready: Fifo<Message>,
    members: Vec<Member>,
    /// Whose turn it is.
    turn: usize,
}

#[derive(Clone, Debug)]
struct Member {
    read: ReadId,
    /// Workers not yet promised a message; below zero while retries take more than there are.
    room: i64,
}

impl Simple {
    /// A simple broker of a checked plan.
    pub fn new(plan: &Plan, id: BrokerId) -> Simple {
        let own = |channel: &usize| plan.channels[*channel].broker == id;
        let channels: Vec<usize> = (0..plan.channels.len()).filter(own).collect();
        let first_channel = channels.first().copied().unwrap_or(0);
        let only = |outlet: OutletId| match plan.outlets[outlet.index()].readers.as_slice() {
            [read] => Some(*read),
            _ => None,
        };
        let topics = channels.iter().map(|c| plan.channels[*c].outlets.iter().map(|o| (*o, only(*o))).collect()).collect();
        let member = |read: &ReadId| {
            let consumer = plan.reads[read.index()].consumer;
            Member { read: *read, room: i64::from(plan.consumers[consumer.index()].capacity()) }
        };
        let shared = plan.outlets.iter().enumerate().filter(|(_, o)| o.broker == id && o.readers.len() > 1);
        let inboxes = shared.map(|(i, outlet)| Inbox {
            outlet: OutletId::at(i),
            ready: Fifo::default(),
            members: outlet.readers.iter().map(member).collect(),
            turn: 0,
        });
        let inboxes: Vec<Inbox> = inboxes.collect();
        let by_outlet = inboxes.iter().enumerate().map(|(i, inbox)| (inbox.outlet, i)).collect();
        let places = |(i, inbox): (usize, &Inbox)| {
            inbox.members.iter().enumerate().map(move |(m, member)| (member.read, (i, m))).collect::<Vec<_>>()
        };
        let by_read = inboxes.iter().enumerate().flat_map(places).collect();
        Simple { topics, first_channel, inboxes, by_outlet, by_read }
    }

    /// The shared inbox that a reader belongs to, and its place there.
    fn membership(&mut self, read: ReadId) -> Option<(&mut Inbox, usize)> {
        let (inbox, place) = self.by_read.get(&read)?;
        Some((&mut self.inboxes[*inbox], *place))
    }
}

impl Inbox {
    /// Hands out what can be handed out.
    fn hand_out(&mut self, desk: &mut Desk) {
        while !self.ready.is_empty() {
            let n = self.members.len();
            let Some(next) = (0..n).map(|i| (self.turn + i) % n).find(|i| self.members[*i].room > 0) else { return };
            let Some(message) = self.ready.pop() else { return };
            self.turn = (next + 1) % n;
            self.members[next].room -= 1;
            desk.release(self.outlet, self.members[next].read, message);
        }
    }
}

impl Rules for Simple {
    #[inline(always)]
    fn arrive(&mut self, channel: ChannelId, desk: &mut Desk) {
        for (outlet, only) in &self.topics[channel.index() - self.first_channel] {
            match only {
                Some(read) => desk.hand(*outlet, *read),
                None => desk.store(*outlet),
            }
        }
    }

    fn settled(&mut self, read: ReadId, desk: &mut Desk) {
        if let Some((inbox, place)) = self.membership(read) {
            inbox.members[place].room += 1;
            inbox.hand_out(desk);
        }
    }

    fn resumed(&mut self, read: ReadId) {
        if let Some((inbox, place)) = self.membership(read) {
            inbox.members[place].room -= 1;
        }
    }

    fn stored(&mut self, outlet: OutletId, message: Message, desk: &mut Desk) {
        if let Some(index) = self.by_outlet.get(&outlet) {
            let inbox = &mut self.inboxes[*index];
            inbox.ready.push(message);
            inbox.hand_out(desk);
        }
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let inboxes: usize = self.inboxes.iter().map(|inbox| inbox.ready.weigh(each) + size_of::<Inbox>()).sum();
        inboxes + self.topics.iter().map(|outlets| size_of_val(outlets.as_slice())).sum::<usize>()
    }

    fn waiting(&self) -> Box<dyn Iterator<Item = (OutletId, &Message)> + '_> {
        Box::new(self.inboxes.iter().flat_map(|inbox| inbox.ready.iter().map(|message| (inbox.outlet, message))))
    }
}
