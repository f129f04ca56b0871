//! Groups at work: records handed to members, settled, committed, given back; and what rebalances do to that.

use super::cluster::{Commits, Handed, Kafka, Token};
use super::group::Happening;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Note, Place};
use crate::engine::event::{Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::fifo::pop_near;
use crate::ids::{EventId, SeatId};
use crate::time::Time;
use std::collections::BTreeMap;

impl Kafka {
    /// Records up to the high watermark are the groups' from now on, and publishers that wait for that are answered.
    pub(super) fn show(&mut self, number: usize, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let visible = partition.replication.high_watermark();
        if visible > partition.shown {
            partition.log.advance_high_watermark(visible);
            let channel = self.topics[partition.topic as usize].channel;
            for (_, message) in partition.log.range(partition.shown, visible) {
                for cursor in partition.cursors.iter().filter(|cursor| cursor.active) {
                    desk.owe(cursor.outlet, &message.event);
                }
                if !super::cluster::is_repeat(message) {
                    desk.accept(channel, &message.event);
                }
            }
            partition.shown = visible;
            self.settle_markers(number, desk);
            let partition = &mut self.partitions[number];
            let stable = partition.stable();
            partition.most_withheld = partition.most_withheld.max(visible - stable);
            for cursor in partition.cursors.iter_mut().filter(|cursor| cursor.active) {
                let end = if cursor.committed_only { stable } else { visible };
                cursor.most_lag = cursor.most_lag.max(end.saturating_sub(cursor.committed));
            }
            for slot in 0..self.partitions[number].cursors.len() {
                self.list(number, slot, desk);
            }
        }
        while let Some((end, batch)) = self.partitions[number].pending.front().copied() {
            let Some(answer) = self.partitions[number].replication.answer(end - 1) else { return };
            self.partitions[number].pending.pop_front();
            self.respond(batch, answer, desk);
        }
    }

    /// A partition may have something for its reader.
    pub(super) fn list(&mut self, number: usize, slot: usize, desk: &mut Desk) {
        let readable = self.partitions[number].readable(slot);
        let cursor = &mut self.partitions[number].cursors[slot];
        let has = cursor.again.front().is_some_and(|(offset, _)| *offset < readable) || cursor.position < readable;
        let Some(seat) = cursor.owner.filter(|_| has) else { return };
        let Some(seated) = self.seats.get(seat) else { return };
        let member = seated.member as usize;
        if !cursor.listed {
            cursor.listed = true;
            self.members[member].ready.push_back((number as u32, slot as u32));
        }
        self.feed(member, desk);
    }

    /// Hands a member what is there for it, as far as `max.poll.records` goes.
    pub(super) fn feed(&mut self, number: usize, desk: &mut Desk) {
        if self.members[number].ready.is_empty() {
            return;
        }
        let idle = self.members[number].outstanding == 0;
        while self.members[number].outstanding < self.members[number].limit && !self.members[number].draining {
            let Some((partition, slot)) = self.members[number].ready.front().copied() else { break };
            if !self.feed_from(number, partition as usize, slot as usize, desk) {
                pop_near(&mut self.members[number].ready);
                let cursor = &mut self.partitions[partition as usize].cursors[slot as usize];
                // Another reader's list is not this member's to change.
                if cursor.owner.is_none_or(|seat| self.members[number].seats.contains(&seat)) {
                    cursor.listed = false;
                }
            }
        }
        let member = &mut self.members[number];
        if idle && member.outstanding > 0 {
            member.batch_left = member.outstanding;
            self.groups[member.group as usize].group.works(member.client as usize, desk.now());
        }
    }

    /// Hands over records of one partition; false if it has no more for this member.
    fn hand_over(&mut self, number: usize, partition: usize, slot: usize, desk: &mut Desk) -> bool {
        let served = self.served(partition);
        let Kafka { partitions, members, seats, .. } = self;
        let (it, member) = (&mut partitions[partition], &mut members[number]);
        let readable = it.readable(slot);
        let cursor = &mut it.cursors[slot];
        let Some(seat) = cursor.owner.filter(|seat| member.seats.contains(seat)) else { return false };
        if !served || cursor.astray.is_some() || cursor.holder.is_some_and(|holder| holder != seat) {
            return false;
        }
        let Some(seated) = seats.get_mut(seat) else { return false };
        while member.outstanding < member.limit {
            let (offset, message) = match cursor.again.front().copied() {
                Some((offset, _)) if offset >= readable => return false,
                Some(again) => {
                    cursor.again.pop_front();
                    again
                }
                None => match it.log.read_before(cursor.position, readable) {
                    Some((offset, _)) if cursor.committed_only && it.transactions.is_aborted(offset) => {
                        cursor.position = offset + 1;
                        continue;
                    }
                    Some((offset, message)) => {
                        cursor.position = offset + 1;
                        (offset, *message)
                    }
                    None => {
                        // Markers are read over.
                        cursor.position = cursor.position.max(readable);
                        cursor.pass();
                        return false;
                    }
                },
            };
            cursor.holder = Some(seat);
            cursor.unsettled += 1;
            if member.commits == Commits::BeforeWork {
                cursor.committed = cursor.committed.max(offset + 1);
            } else {
                cursor.window.push(offset);
            }
            member.outstanding += 1;
            seated.handed.push_back(Handed {
                id: message.event.id,
                partition: partition as u32,
                offset,
                epoch: cursor.epoch,
                done: false,
                taken_over: false,
            });
            desk.release(seat, message);
        }
        true
    }

    /// Hands over records of one partition, which (of a transactional member) belongs to its transaction from then on.
    fn feed_from(&mut self, number: usize, partition: usize, slot: usize, desk: &mut Desk) -> bool {
        let before = self.members[number].outstanding;
        let more = self.hand_over(number, partition, slot, desk);
        let member = &self.members[number];
        if let Some(publisher) = member.session.filter(|_| member.outstanding > before)
            && let Some(session) = self.session(publisher)
        {
            session.touched.insert((partition as u32, slot as u32));
        }
        more
    }

    /// A record is out of its worker's hands.
    pub(super) fn settle(&mut self, seat: SeatId, message: &Message, desk: &mut Desk) {
        let Some(seated) = self.seats.get_mut(seat) else { return };
        if message.event.flags.has(Flags::DUPLICATE) {
            return;
        }
        let (member, slot) = (seated.member as usize, seated.slot as usize);
        let Some(Handed { partition, offset, epoch, taken_over, .. }) = seated.put_down(message.event.id) else { return };
        let partition = partition as usize;
        let cursor = &mut self.partitions[partition].cursors[slot];
        cursor.unsettled -= u32::from(!taken_over);
        let session = self.members[member].session;
        // What was read in a transaction is nobody else's before that has ended.
        let released = cursor.unsettled == 0 && session.is_none() && !taken_over;
        if released {
            cursor.holder = None;
        }
        let after_work = self.members[member].commits == Commits::AfterWork;
        if cursor.epoch == epoch && !(after_work && cursor.commits_oldest(offset)) {
            cursor.window.settle(offset);
            if after_work {
                cursor.commit();
            }
        }
        let waits = released && cursor.owner != Some(seat);
        let member_state = &mut self.members[member];
        member_state.outstanding -= 1;
        member_state.batch_left = member_state.batch_left.saturating_sub(1);
        if let Some(publisher) = session {
            self.input_done(publisher, desk);
        }
        if self.members[member].batch_left == 0 {
            self.poll(member, desk);
        } else {
            self.feed(member, desk);
        }
        if waits {
            self.list(partition, slot, desk);
        }
    }

    /// A member has done the batch of its last poll and polls again.
    pub(super) fn poll(&mut self, number: usize, desk: &mut Desk) {
        let now = desk.now();
        let (group, client) = (self.members[number].group as usize, self.members[number].client as usize);
        if let Some(publisher) = self.members[number].session {
            if self.groups[group].group.is_told(client) {
                self.end_soon(publisher, desk);
            }
            // It polls again when its transaction has ended.
            if self.session(publisher).is_some_and(|session| session.holds_members()) {
                let member = &mut self.members[number];
                (member.draining, member.batch_left) = (true, member.outstanding);
                return;
            }
        }
        if self.members[number].stopped.is_some() {
            let member = &mut self.members[number];
            (member.draining, member.batch_left) = (true, member.outstanding);
            return self.stops(number, desk);
        }
        if let Commits::Auto(every, next) = self.members[number].commits
            && now >= next
        {
            self.members[number].commits = Commits::Auto(every, now + every);
            self.commit_all(number);
        }
        let readers = &mut self.groups[group];
        let member = &mut self.members[number];
        // Who has to give up everything first finishes what it has already been sent.
        member.draining = member.outstanding > 0 && readers.group.is_told(client) && !readers.group.config().cooperative();
        member.batch_left = member.outstanding;
        if !member.draining {
            let idle = member.outstanding == 0;
            readers.group.polls(client, now, idle, &mut self.happened);
            if !self.happened.is_empty() || readers.group.next().is_some_and(|at| at < readers.armed) {
                self.happen(group, desk);
            }
            self.feed(number, desk);
        }
    }

    /// Commits what a member has settled, of everything that it reads.
    fn commit_all(&mut self, number: usize) {
        let (group, client) = (self.members[number].group as usize, self.members[number].client as usize);
        for at in 0..self.groups[group].group.reads(client).len() {
            let (partition, slot) = self.place(group, self.groups[group].group.reads(client)[at]);
            self.partitions[partition].cursors[slot].commit();
        }
    }

    /// The partition and the cursor that a group means.
    fn place(&self, group: usize, partition: super::TopicPartition) -> (usize, usize) {
        let (topic, slot) = self.groups[group].topics[partition.topic as usize];
        ((self.topics[topic as usize].first + partition.partition) as usize, slot as usize)
    }

    /// The seat by which a client of a group reads a topic.
    fn seat(&self, group: usize, client: usize, slot: usize, partition: usize) -> Option<SeatId> {
        let member = &self.members[self.groups[group].members[client] as usize];
        let outlet = self.partitions[partition].cursors[slot].outlet;
        let reads = |seat: &SeatId| self.seats.get(*seat).is_some_and(|seated| seated.outlet == outlet);
        member.seats.iter().copied().find(reads)
    }

    /// A group's own time has come.
    pub(super) fn group_due(&mut self, group: usize, desk: &mut Desk) {
        let readers = &mut self.groups[group];
        // Of two wakes the later one finds the group asleep.
        if readers.armed != desk.now() {
            return;
        }
        readers.armed = Time::NEVER;
        readers.group.advance(desk.now(), &mut self.happened);
        self.happen(group, desk);
    }

    /// Wakes the group when it has something to do.
    pub(super) fn arm(&mut self, group: usize, desk: &mut Desk) {
        let readers = &mut self.groups[group];
        if let Some(at) = readers.group.next().filter(|at| *at < readers.armed) {
            readers.armed = at.max(desk.now());
            desk.wake(at, Token::Group(group as u32).pack());
        }
    }

    /// Does what happened in a group.
    pub(super) fn happen(&mut self, group: usize, desk: &mut Desk) {
        let mut happened = std::mem::take(&mut self.happened);
        let mut taken = Vec::new();
        for happening in happened.drain(..) {
            match happening {
                Happening::Revoked { client, partitions, overdue } => {
                    let number = self.groups[group].members[client] as usize;
                    let session = self.members[number].session;
                    let overdue = overdue && self.members[number].outstanding > 0;
                    for (partition, slot) in partitions.into_iter().map(|p| self.place(group, p)).collect::<Vec<_>>() {
                        let cursor = &mut self.partitions[partition].cursors[slot];
                        cursor.before = cursor.owner.or(cursor.before);
                        (cursor.owner, cursor.listed) = (None, false);
                        if session.is_none() {
                            cursor.commit();
                        }
                        if overdue {
                            self.take_over(partition, slot, desk);
                        }
                    }
                    if let Some(publisher) = session.filter(|_| overdue) {
                        self.offsets_refused(publisher, desk);
                    }
                    if let Some(publisher) = session {
                        self.end_soon(publisher, desk);
                    }
                }
                Happening::Assigned { client, partitions } => {
                    for (partition, slot) in partitions.into_iter().map(|p| self.place(group, p)).collect::<Vec<_>>() {
                        self.groups[group].moved += 1;
                        let owner = self.seat(group, client, slot, partition);
                        let cursor = &mut self.partitions[partition].cursors[slot];
                        if owner != cursor.owner.or(cursor.before) {
                            cursor.since = desk.now();
                        }
                        cursor.owner = owner;
                        taken.push((partition, slot));
                        self.list(partition, slot, desk);
                    }
                }
                Happening::Began if !self.groups[group].rebalancing => {
                    self.groups[group].rebalancing = true;
                    self.groups[group].moved = 0;
                    self.outlets(group).for_each(|outlet| desk.note(Note::RebalanceBegan { outlet }));
                }
                Happening::Began | Happening::Settled { .. } | Happening::Removed { .. } => {}
            }
        }
        self.happened = happened;
        taken.into_iter().for_each(|(partition, slot)| self.look_at_position(partition, slot, desk));
        if self.groups[group].rebalancing && self.groups[group].group.is_stable() {
            self.groups[group].rebalancing = false;
            let moved = self.groups[group].moved;
            self.outlets(group).for_each(|outlet| desk.note(Note::RebalanceEnded { outlet, moved }));
        }
        self.arm(group, desk);
    }

    /// What a group reads from.
    fn outlets(&self, group: usize) -> impl Iterator<Item = crate::ids::OutletId> + '_ {
        self.groups[group].topics.iter().map(|(topic, slot)| {
            let first = self.topics[*topic as usize].first as usize;
            self.partitions[first].cursors[*slot as usize].outlet
        })
    }

    /// An instance is there again.
    pub(super) fn seat_joined(&mut self, seat: SeatId, desk: &mut Desk) {
        let Some(seated) = self.seats.get(seat) else { return };
        let member = seated.member as usize;
        self.members[member].away = false;
        let (group, client) = (self.members[member].group as usize, self.members[member].client as usize);
        if let Some(publisher) = self.members[member].session {
            self.producer_back(publisher, desk);
        }
        if self.groups[group].group.is_down(client) && desk.now() >= self.groups[group].starts {
            self.members[member].stopped = None;
            self.groups[group].group.joins(client, desk.now());
            self.arm(group, desk);
        }
    }

    /// An instance is gone. What it had not committed is read again; with it, what it had handled since its last commit.
    pub(super) fn seat_left(&mut self, seat: SeatId, copies: &[Message], orderly: bool, desk: &mut Desk) {
        let session = self.seats.get(seat).and_then(|seated| self.members[seated.member as usize].session);
        if let Some(publisher) = session {
            self.producer_gone(publisher, orderly, desk);
        }
        let Some(seated) = self.seats.get_mut(seat) else { return };
        let (member, slot) = (seated.member as usize, seated.slot as usize);
        let mut handed: Vec<Handed> = std::mem::take(&mut seated.handed).into_iter().filter(|handed| !handed.done).collect();
        let (outlet, before_work) = (seated.outlet, self.members[member].commits == Commits::BeforeWork);
        let mut touched: BTreeMap<u32, Vec<(u64, Message)>> = BTreeMap::new();
        for copy in copies {
            let known = handed.iter().position(|handed| handed.id == copy.event.id && !copy.event.flags.has(Flags::DUPLICATE));
            match known.map(|at| handed.remove(at)) {
                // Somebody else has read it again.
                Some(Handed { taken_over: true, .. }) => {
                    let event = crate::engine::event::Event { flags: copy.event.flags.with(Flags::HANDLED), ..copy.event };
                    desk.end(outlet, &event, Place::Returned, BrokerFate::Dropped, Reason::TakenOver);
                }
                // Nobody can read it again.
                Some(Handed { partition, epoch: Handed::CUT_OFF, .. }) if !before_work => {
                    touched.entry(partition).or_default();
                    desk.end(outlet, &copy.event, Place::Returned, BrokerFate::Dropped, Reason::UnreplicatedLoss);
                }
                Some(Handed { partition, offset, .. }) if !before_work => {
                    touched.entry(partition).or_default().push((offset, desk.take_back(outlet, copy)));
                }
                // Its offset is committed already: nobody will read it again.
                Some(Handed { partition, .. }) => {
                    touched.entry(partition).or_default();
                    desk.end(outlet, &copy.event, Place::Returned, BrokerFate::Dropped, Reason::CommittedBefore);
                }
                None => desk.end(outlet, &copy.event, Place::Returned, BrokerFate::Dropped, Reason::LinkLoss),
            }
        }
        let (group, client) = (self.members[member].group as usize, self.members[member].client as usize);
        // Also partitions of which everything is handled, but not all committed.
        let first = self.topics[self.partition_topic(group, seat)].first;
        for at in 0..self.topics[self.partition_topic(group, seat)].count {
            let cursor = &self.partitions[(first + at) as usize].cursors[slot];
            // What another one still has in hand stays there: whoever was to read on had nothing yet.
            if cursor.holder.or(cursor.owner) == Some(seat) {
                touched.entry(first + at).or_default();
            }
        }
        for (partition, returned) in touched {
            if orderly && session.is_none() {
                self.partitions[partition as usize].cursors[slot].commit();
            }
            self.rewind(partition as usize, slot, returned, desk);
        }
        let it = &mut self.members[member];
        (it.outstanding, it.batch_left, it.draining, it.stopped, it.away) = (0, 0, false, None, true);
        let readers = &mut self.groups[group];
        if orderly {
            readers.group.closes(client, desk.now(), &mut self.happened);
        } else {
            readers.group.dies(client, desk.now(), &mut self.happened);
        }
        self.happen(group, desk);
    }

    fn partition_topic(&self, group: usize, seat: SeatId) -> usize {
        let seated = self.seats.get(seat);
        let slot_of = |(topic, slot): &&(u32, u32)| {
            let first = self.topics[*topic as usize].first as usize;
            seated.is_some_and(|seated| self.partitions[first].cursors[*slot as usize].outlet == seated.outlet)
        };
        self.groups[group].topics.iter().find(slot_of).map_or(0, |(topic, _)| *topic as usize)
    }

    /// A member that did not poll in time keeps what it has in hand; the group reads it again, from the commit on.
    fn take_over(&mut self, number: usize, slot: usize, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let cursor = &mut partition.cursors[slot];
        let Some(seated) = cursor.holder.and_then(|seat| self.seats.get_mut(seat)) else { return };
        seated.handed.iter_mut().filter(|handed| handed.partition as usize == number).for_each(|handed| handed.taken_over = true);
        if let Some(session) = self.members[seated.member as usize].session.and_then(|it| self.publishers[it as usize].session.as_mut()) {
            session.touched.remove(&(number as u32, slot as u32));
        }
        cursor.window.settle_all();
        self.rewind(number, slot, Vec::new(), desk);
    }

    /// A reader is gone: from the commit on everything is to be read again.
    pub(super) fn rewind(&mut self, number: usize, slot: usize, mut returned: Vec<(u64, Message)>, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let cursor = &mut partition.cursors[slot];
        (cursor.holder, cursor.unsettled) = (None, 0);
        cursor.epoch += 1;
        for (offset, done) in cursor.window.take() {
            // What was handled and not committed is handled again.
            if done && let Some((_, message)) = partition.log.read(offset).filter(|(at, _)| *at == offset) {
                let flags = message.event.flags.without(Flags::TRACKED).with(Flags::HANDLED).with(Flags::REDELIVERED);
                let event = crate::engine::event::Event { flags, ..message.event };
                returned.push((offset, desk.owe(cursor.outlet, &event)));
            }
        }
        returned.extend(cursor.again.drain(..));
        returned.sort_by_key(|(offset, _)| *offset);
        cursor.again.extend(returned);
    }
}

impl super::cluster::Seated {
    /// The event is out of a worker's hands; what had been handed over.
    #[inline]
    fn put_down(&mut self, event: EventId) -> Option<Handed> {
        // Mostly it is the oldest.
        if self.handed.front().is_some_and(|handed| handed.id == event && !handed.done) {
            let oldest = pop_near(&mut self.handed);
            self.forget_done();
            return oldest;
        }
        let handed = self.handed.iter_mut().find(|handed| handed.id == event && !handed.done)?;
        handed.done = true;
        Some(*handed)
    }

    /// What is done with stands only behind what is not.
    #[inline]
    fn forget_done(&mut self) {
        while self.handed.front().is_some_and(|handed| handed.done) {
            self.handed.pop_front();
        }
    }
}

impl super::cluster::Cursor {
    /// Settles and commits the record at an offset, if it is the oldest that is not committed and none behind it is settled.
    #[inline]
    fn commits_oldest(&mut self, offset: u64) -> bool {
        let oldest = self.window.take_oldest(offset);
        if oldest {
            self.committed = self.committed.max(offset + 1);
            self.pass();
        }
        oldest
    }

    /// Commits everything that is settled without a gap.
    #[inline]
    pub(super) fn commit(&mut self) {
        if let Some(offset) = self.window.take_settled() {
            self.committed = self.committed.max(offset + 1);
        }
        self.pass();
    }

    /// Where nothing before it is open, the commit goes up to the position, over markers that lie before that.
    #[inline]
    fn pass(&mut self) {
        if self.window.is_empty() && self.again.is_empty() && self.unsettled == 0 {
            self.committed = self.committed.max(self.position);
        }
    }
}
