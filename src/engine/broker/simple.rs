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
//! - Acknowledgements take no time and are never lost. Publishers that wait for a confirmation are sent one as soon as the event
//!   is here, also if nobody reads the topic.

use super::{Desk, Rules, Settled};
use crate::engine::event::{Event, Message};
use crate::engine::fifo::Fifo;
use crate::engine::seats::{Seat, Seats};
use crate::ids::{BrokerId, ChannelId, OutletId, SeatId};
use crate::scenario::Plan;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A broker of the simple kind.
#[derive(Clone, Debug)]
pub struct Simple {
    /// By channel, from the broker's first channel on: the ways from there.
    topics: Vec<Vec<Way>>,
    first_channel: usize,
    inboxes: Vec<Inbox>,
    /// Which inbox a seat belongs to and its place in it.
    by_seat: BTreeMap<SeatId, (usize, usize)>,
}

/// From a topic to one group.
#[derive(Clone, Copy, Debug)]
struct Way {
    outlet: OutletId,
    /// The short way: to the only seat.
    seat: SeatId,
    /// Whether it can be taken: there is only one seat, which is up, and nothing waits.
    short: bool,
    inbox: u32,
}

/// A group's events that no member has room for.
#[derive(Clone, Debug)]
struct Inbox {
    outlet: OutletId,
    /// Handed over before and returned: they go first.
    returned: VecDeque<Message>,
    ready: Fifo<Message>,
    members: Vec<Member>,
    /// Whose turn it is.
    turn: usize,
}

#[derive(Clone, Debug)]
struct Member {
    seat: SeatId,
    /// Most messages it is promised at a time.
    limit: i64,
    /// How many more it may be promised now; below zero while retries take more than there are workers.
    room: i64,
    up: bool,
}

/// Room of a group's only member: it is pushed to without limit.
const UNLIMITED: i64 = i64::MAX / 2;

impl Simple {
    /// A simple broker of a checked plan.
    pub fn new(plan: &Arc<Plan>, id: BrokerId, seats: &Seats, _seed: u64) -> Simple {
        let own = plan.brokers[id.index()].channels.clone();
        let mut inboxes: Vec<Inbox> = Vec::new();
        let mut topics = Vec::new();
        for channel in own.clone() {
            let mut ways = Vec::new();
            for outlet in &plan.channels[channel].outlets {
                let at = seats.at(plan, *outlet);
                let prefetch =
                    |seat: &SeatId| Some(plan.consumers[seats.get(*seat).consumer.index()].prefetch).filter(|prefetch| *prefetch > 0);
                let alone = at.len() == 1 && at.iter().all(|seat| prefetch(seat).is_none());
                let member = |seat: &SeatId| {
                    let consumer = &plan.consumers[seats.get(*seat).consumer.index()];
                    let capacity = i64::from(consumer.capacity());
                    let limit = match prefetch(seat) {
                        Some(prefetch) => i64::from(prefetch) * i64::from(consumer.instances),
                        None if alone => UNLIMITED,
                        None => capacity,
                    };
                    Member { seat: *seat, limit, room: limit, up: true }
                };
                let seat = at.first().copied().unwrap_or(SeatId(0));
                ways.push(Way { outlet: *outlet, seat, short: alone, inbox: inboxes.len() as u32 });
                inboxes.push(Inbox {
                    outlet: *outlet,
                    returned: VecDeque::new(),
                    ready: Fifo::default(),
                    members: at.iter().map(member).collect(),
                    turn: 0,
                });
            }
            topics.push(ways);
        }
        let places = |(i, inbox): (usize, &Inbox)| {
            inbox.members.iter().enumerate().map(move |(m, member)| (member.seat, (i, m))).collect::<Vec<_>>()
        };
        let by_seat = inboxes.iter().enumerate().flat_map(places).collect();
        Simple { topics, first_channel: own.start, inboxes, by_seat }
    }

    /// The inbox that a seat belongs to, and its place there.
    fn membership(&mut self, seat: SeatId) -> Option<(&mut Inbox, usize)> {
        let (inbox, place) = self.by_seat.get(&seat)?;
        Some((&mut self.inboxes[*inbox], *place))
    }

    /// Opens or closes the short way to a group's only member.
    fn shorten(&mut self, seat: SeatId) {
        let Some((inbox, _)) = self.by_seat.get(&seat) else { return };
        let (index, inbox) = (*inbox as u32, &self.inboxes[*inbox]);
        if let [only] = inbox.members.as_slice()
            && only.limit == UNLIMITED
        {
            let short = only.up && inbox.is_empty();
            self.topics.iter_mut().flatten().filter(|way| way.inbox == index).for_each(|way| way.short = short);
        }
    }
}

impl Inbox {
    fn is_empty(&self) -> bool {
        self.returned.is_empty() && self.ready.is_empty()
    }

    /// Hands out what can be handed out.
    fn hand_out(&mut self, desk: &mut Desk) {
        while !self.is_empty() {
            let n = self.members.len();
            let free = |i: &usize| self.members[*i].up && self.members[*i].room > 0;
            let Some(next) = (0..n).map(|i| (self.turn + i) % n).find(free) else { return };
            let Some(message) = self.returned.pop_front().or_else(|| self.ready.pop()) else { return };
            self.turn = (next + 1) % n;
            self.members[next].room -= 1;
            desk.release(self.members[next].seat, message);
        }
    }
}

impl Rules for Simple {
    #[inline(always)]
    fn arrive(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk) {
        let ways = &self.topics[channel.index() - self.first_channel];
        for way in ways {
            if way.short {
                desk.hand(way.seat);
            } else {
                let inbox = &mut self.inboxes[way.inbox as usize];
                inbox.ready.push(desk.owe(way.outlet, event));
                inbox.hand_out(desk);
            }
        }
        if ways.is_empty() {
            desk.unroutable(channel, event);
        }
        desk.confirm(event, true);
    }

    fn goes_straight(&self, channel: ChannelId) -> bool {
        self.topics[channel.index() - self.first_channel].iter().all(|way| way.short)
    }

    fn settled(&mut self, seat: SeatId, _: &Message, _: Settled, desk: &mut Desk) {
        if let Some((inbox, place)) = self.membership(seat) {
            inbox.members[place].room += 1;
            inbox.hand_out(desk);
        }
    }

    fn resumed(&mut self, seat: SeatId) {
        if let Some((inbox, place)) = self.membership(seat) {
            inbox.members[place].room -= 1;
        }
    }

    fn joined(&mut self, seat: SeatId, desk: &mut Desk) {
        if let Some((inbox, place)) = self.membership(seat) {
            inbox.members[place].up = true;
            inbox.hand_out(desk);
        }
        self.shorten(seat);
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let inboxes: usize = self
            .inboxes
            .iter()
            .map(|inbox| inbox.ready.weigh(each) + inbox.returned.len() * size_of::<Message>() + size_of::<Inbox>())
            .sum();
        inboxes + self.topics.iter().map(|outlets| size_of_val(outlets.as_slice())).sum::<usize>()
    }

    fn resized(&mut self, seat: SeatId, capacity: u32, desk: &mut Desk) {
        if let Some((inbox, place)) = self.membership(seat)
            && inbox.members[place].limit != UNLIMITED
        {
            let member = &mut inbox.members[place];
            member.room += i64::from(capacity) - member.limit;
            member.limit = i64::from(capacity);
            inbox.hand_out(desk);
        }
    }

    fn left(&mut self, seat: SeatId, copies: &[Message], _: bool, desk: &mut Desk) {
        if let Some((inbox, place)) = self.membership(seat) {
            inbox.members[place].up = false;
            // Nothing of what it was promised is left with it.
            inbox.members[place].room = inbox.members[place].limit;
            for copy in copies.iter().rev() {
                let message = desk.take_back(inbox.outlet, copy);
                inbox.returned.push_front(message);
            }
            inbox.hand_out(desk);
        }
        self.shorten(seat);
    }

    fn returned(&mut self, seat: SeatId, copies: &[Message], desk: &mut Desk) {
        if let Some((inbox, place)) = self.membership(seat) {
            inbox.members[place].room += copies.len() as i64;
            for copy in copies.iter().rev() {
                let message = desk.take_back(inbox.outlet, copy);
                inbox.returned.push_front(message);
            }
            inbox.hand_out(desk);
        }
    }

    fn wants_word(&self, seat: &Seat) -> bool {
        self.by_seat.get(&seat.id).is_some_and(|(inbox, member)| {
            let members = &self.inboxes[*inbox].members;
            members.len() > 1 || members[*member].limit != UNLIMITED
        })
    }

    fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
        for inbox in &self.inboxes {
            inbox.returned.iter().chain(inbox.ready.iter()).for_each(|message| visit(inbox.outlet, message));
        }
    }
}
