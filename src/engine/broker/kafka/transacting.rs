//! Transactions at work: begun with the first event, committed or aborted by their producer, given up by the coordinator, with
//! markers in every partition that they wrote to and offsets that count from then on.
//!
//! The second version of the protocol (KIP-890, Kafka 4.0): partitions join a transaction with the first batch, and each transaction
//! has an epoch of its own, so that nothing of an earlier one can come late.

use super::cluster::{Kafka, Partition, Token};
use super::session::{Session, Step};
use super::transactions::{Outcome, Run};
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Place};
use crate::engine::event::{Event, Flags};
use crate::engine::fate::Reason;
use crate::ids::{ChannelId, LinkId};
use crate::time::Span;

/// The coordinator looks for transactions that take too long so often: `transaction.abort.timed.out.transaction.cleanup.interval.ms`.
pub(super) const EXPIRY_CHECK: Span = Span::from_millis(10_000);
/// Bytes of a request to end a transaction, and of its answer.
const REQUEST: u64 = 64;

impl Kafka {
    /// Who publishes an event that comes over a link: the node, or the instance of it that made the event.
    pub(super) fn publisher_of(&self, link: LinkId, event: &Event) -> u32 {
        let first = self.by_link[&link];
        match self.publishers[first as usize].instances {
            1 => first,
            most => first + self.instances.get(event.seat.index()).copied().unwrap_or(0).min(most - 1),
        }
    }

    pub(super) fn session(&mut self, publisher: u32) -> Option<&mut Session> {
        self.publishers[publisher as usize].session.as_deref_mut()
    }

    /// A transactional publisher publishes. False if the event waits for the next transaction.
    pub(super) fn enters(&mut self, publisher: u32, channel: ChannelId, event: &Event, desk: &mut Desk) -> bool {
        let waits = self.settings.waits(event);
        // What cannot be committed any more is not sent.
        if self.session(publisher).is_some_and(|session| session.failed && session.step == Step::Open) {
            desk.lose_inbound(channel, event, Reason::TransactionAborted);
            return false;
        }
        if self.session(publisher).is_some_and(|session| session.dead) {
            desk.lose_inbound(channel, event, Reason::ProducerFenced);
            return false;
        }
        self.claim(publisher, desk);
        let Some(session) = self.session(publisher) else { return true };
        if !session.takes() {
            session.waiting.push_back((channel, *event));
            return false;
        }
        if waits {
            session.words.push(*event);
        }
        self.begin(publisher, desk);
        true
    }

    /// A transaction begins, unless there is one.
    fn begin(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher).filter(|session| session.step == Step::Idle) else { return };
        (session.step, session.done, session.due, session.failed) = (Step::Open, 0, false, false);
        let (at, count) = (desk.now() + session.every, session.count);
        desk.wake(at, Token::Commit(publisher, count).pack());
    }

    /// An event of a producer without members is in its batch.
    pub(super) fn entered(&mut self, publisher: u32, desk: &mut Desk) {
        if let Some(session) = self.session(publisher).filter(|session| session.members.is_empty()) {
            session.done += 1;
            if session.done >= session.events {
                self.end_soon(publisher, desk);
            }
        }
    }

    /// A member has done with a record: its offset belongs to the transaction.
    pub(super) fn input_done(&mut self, publisher: u32, desk: &mut Desk) {
        self.begin(publisher, desk);
        let Some(session) = self.session(publisher) else { return };
        session.done += 1;
        if session.due || session.done >= session.events {
            self.end_soon(publisher, desk);
        }
    }

    /// A transaction has been open for as long as it should be.
    pub(super) fn commit_due(&mut self, publisher: u32, count: u16, desk: &mut Desk) {
        if self.session(publisher).is_some_and(|session| session.count == count && !session.due) {
            self.end_soon(publisher, desk);
        }
    }

    /// The transaction is to end: now, or when its members have done what they have in hand. They take nothing new before.
    pub(super) fn end_soon(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher).filter(|session| session.step == Step::Open && !session.down) else { return };
        session.due = true;
        let members = session.members.clone();
        members.iter().for_each(|member| self.members[*member as usize].draining = true);
        if members.iter().any(|member| self.members[*member as usize].outstanding > 0) {
            return;
        }
        match self.session(publisher).map_or(Outcome::Aborted, Session::chooses) {
            Outcome::Committed => {
                self.set_step(publisher, Step::Flushing);
                self.close_all(publisher, desk);
                self.flushed(publisher, desk);
            }
            Outcome::Aborted => self.withdraw(publisher, desk),
        }
    }

    fn set_step(&mut self, publisher: u32, step: Step) {
        self.session(publisher).into_iter().for_each(|session| session.step = step);
    }

    /// Asks for a commit once every batch is answered.
    pub(super) fn flushed(&mut self, publisher: u32, desk: &mut Desk) {
        let done = |session: &&mut Session| session.step == Step::Flushing && session.unanswered == 0 && !session.failed;
        if self.session(publisher).filter(done).is_some() {
            self.ask_to_end(publisher, Outcome::Committed, desk);
        }
    }

    /// The application aborts: what is not sent yet never will be.
    fn withdraw(&mut self, publisher: u32, desk: &mut Desk) {
        self.discard_all(publisher, desk);
        self.ask_to_end(publisher, Outcome::Aborted, desk);
    }

    pub(super) fn ask_to_end(&mut self, publisher: u32, outcome: Outcome, desk: &mut Desk) {
        self.set_step(publisher, Step::Ending(outcome));
        let it = &self.publishers[publisher as usize];
        let count = it.session.as_ref().map_or(0, |session| session.count);
        desk.ship(it.link, REQUEST, Token::End(publisher, count).pack());
    }

    /// A batch of the transaction is given up, or the broker says that the producer is fenced: all of it has to be aborted.
    pub(super) fn transaction_fails(&mut self, publisher: u32, fenced: bool, desk: &mut Desk) {
        let Some(session) = self.session(publisher) else { return };
        session.tally.fenced += u64::from(fenced && !session.failed);
        session.failed = true;
        match session.step {
            Step::Open => {
                self.discard_all(publisher, desk);
                self.end_soon(publisher, desk);
            }
            Step::Flushing => self.withdraw(publisher, desk),
            Step::Idle | Step::Ending(_) => {}
        }
    }

    /// A member is no longer one: the offsets of what it has in hand will be refused, and with them the transaction that this goes into.
    pub(super) fn offsets_refused(&mut self, publisher: u32, desk: &mut Desk) {
        self.begin(publisher, desk);
        self.transaction_fails(publisher, true, desk);
    }

    /// A request to end a transaction (or to begin anew, which ends what an earlier life has left open) is at the coordinator.
    pub(super) fn end_arrives(&mut self, publisher: u32, count: u16, arrived: bool, desk: &mut Desk) {
        let link = self.publishers[publisher as usize].link;
        let Some(session) = self.session(publisher).filter(|session| session.count == count && !session.down) else { return };
        let Step::Ending(outcome) = session.step else { return };
        match () {
            () if !arrived => desk.ship(link, REQUEST, Token::End(publisher, count).pack()),
            // It is being ended already; the answer follows.
            () if session.ending.is_some() => {}
            () if session.init => self.takes_id(publisher, desk),
            () if session.fenced => {
                session.tally.fenced += u64::from(outcome == Outcome::Committed);
                session.verdict = Outcome::Aborted;
                self.answer_end(publisher, desk);
            }
            () => self.decide(publisher, outcome, desk),
        }
    }

    /// The coordinator has decided: offsets count, markers are to be written.
    pub(super) fn decide(&mut self, publisher: u32, outcome: Outcome, desk: &mut Desk) {
        let Some(session) = self.session(publisher) else { return };
        (session.ending, session.verdict) = (Some(outcome), outcome);
        session.markers = session.partitions.len() as u32;
        let (partitions, touched) = (session.partitions.clone(), session.touched.clone());
        if outcome == Outcome::Committed {
            touched.iter().for_each(|(partition, slot)| self.partitions[*partition as usize].cursors[*slot as usize].commit());
        }
        if partitions.is_empty() {
            return self.complete(publisher, desk);
        }
        for partition in partitions {
            self.partitions[partition as usize].owed_markers.push((publisher, outcome));
            self.mark(partition as usize, desk);
        }
    }

    /// Writes the markers that a partition is owed, if it has a leader.
    pub(super) fn mark(&mut self, number: usize, desk: &mut Desk) {
        if self.partitions[number].owed_markers.is_empty() || !self.served(number) {
            return;
        }
        let partition = &mut self.partitions[number];
        for (publisher, outcome) in std::mem::take(&mut partition.owed_markers) {
            let offset = partition.log.append_marker();
            partition.markers.push_back((offset, publisher, outcome));
        }
        partition.replication.appended(partition.log.end(), desk.now());
        self.replicate(number, desk);
    }

    /// Markers below the high watermark take effect.
    pub(super) fn settle_markers(&mut self, number: usize, desk: &mut Desk) {
        while let Some((_, publisher, outcome)) = self.partitions[number].pop_marker() {
            let partition = &mut self.partitions[number];
            let runs = partition.transactions.ended(u64::from(publisher), outcome);
            match outcome {
                Outcome::Committed if self.settings.folded[partition.topic as usize] => {
                    let channel = self.topics[partition.topic as usize].channel;
                    let written = runs.iter().flat_map(|(first, behind)| partition.log.range(*first, *behind));
                    written.for_each(|(_, message)| desk.count(channel, &message.event));
                }
                Outcome::Committed => {}
                Outcome::Aborted => partition.skip(&runs, desk),
            }
            if let Some(session) = self.session(publisher) {
                session.markers = session.markers.saturating_sub(1);
                if session.markers == 0 {
                    self.complete(publisher, desk);
                }
            }
        }
    }

    /// All markers of a transaction are there.
    fn complete(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher) else { return };
        let Some(outcome) = session.ending.take() else { return };
        let was_open = session.open_since.take().is_some();
        session.partitions.clear();
        match outcome {
            Outcome::Committed => session.tally.committed += 1,
            Outcome::Aborted => session.tally.aborted += u64::from(was_open || !session.touched.is_empty()),
        }
        let answers = matches!(session.step, Step::Ending(_)) && !session.down;
        let (rivals, init) = (session.rivals.clone(), session.init);
        match () {
            // It has begun anew meanwhile.
            () if answers && init => self.takes_id(publisher, desk),
            () if answers => self.answer_end(publisher, desk),
            () => {}
        }
        rivals.into_iter().for_each(|rival| self.catches_up(rival, desk));
    }

    pub(super) fn answer_end(&mut self, publisher: u32, desk: &mut Desk) {
        let it = &self.publishers[publisher as usize];
        let count = it.session.as_ref().map_or(0, |session| session.count);
        desk.ship(it.back, REQUEST, Token::Ended(publisher, count).pack());
    }

    /// The coordinator's answer is at the producer: it goes on, and (after an abort) does its work again.
    pub(super) fn ended_arrives(&mut self, publisher: u32, count: u16, arrived: bool, desk: &mut Desk) {
        let Some(session) = self.session(publisher).filter(|session| session.count == count && !session.down) else { return };
        if !arrived {
            return self.answer_end(publisher, desk);
        }
        let committed = session.verdict == Outcome::Committed;
        session.count = session.count.wrapping_add(1);
        (session.step, session.fenced, session.failed, session.due) = (Step::Idle, session.usurped, false, false);
        session.init = false;
        session.dead = session.usurped && !committed;
        let (words, touched) = (std::mem::take(&mut session.words), std::mem::take(&mut session.touched));
        let (waiting, members) = (std::mem::take(&mut session.waiting), session.members.clone());
        self.next_epoch(publisher);
        if committed {
            words.iter().for_each(|event| desk.confirm(event, true));
        }
        for (partition, slot) in &touched {
            let (partition, slot) = (*partition as usize, *slot as usize);
            match committed {
                true => self.partitions[partition].cursors[slot].holder = None,
                false => self.rewind(partition, slot, Vec::new(), desk),
            }
        }
        for member in &members {
            let member = &mut self.members[*member as usize];
            member.draining = member.stopped.is_some();
        }
        for (channel, event) in waiting {
            self.publish_as(publisher, channel, &event, desk);
        }
        if self.session(publisher).is_some_and(|session| session.dead) {
            return self.is_fenced(publisher, &members, desk);
        }
        touched.iter().for_each(|(partition, slot)| self.list(*partition as usize, *slot as usize, desk));
        members.iter().for_each(|member| self.poll(*member as usize, desk));
    }

    /// The next transaction has a higher epoch, or when these are used up another producer id.
    fn next_epoch(&mut self, publisher: u32) {
        self.publishers[publisher as usize].sequences.clear();
        let Some(session) = self.session(publisher) else { return };
        session.epoch = session.epoch.wrapping_add(1);
        if session.epoch == 0 {
            for partition in &mut self.partitions {
                partition.producers.remove(&publisher);
            }
        }
    }

    /// A transactional producer is gone. `orderly`: it has closed, which aborts its transaction; else that stays open until the
    /// producer is back or its time is over.
    pub(super) fn producer_gone(&mut self, publisher: u32, orderly: bool, desk: &mut Desk) {
        let Some(session) = self.session(publisher).filter(|session| !session.down) else { return };
        session.down = true;
        session.count = session.count.wrapping_add(1);
        (session.step, session.due, session.failed) = (Step::Idle, false, false);
        let open = session.open_since.is_some() && session.ending.is_none();
        let waiting = std::mem::take(&mut session.waiting);
        session.words.clear();
        session.touched.clear();
        for (channel, event) in waiting {
            desk.lose_inbound(channel, &event, Reason::PublisherCrashed);
        }
        self.discard_all(publisher, desk);
        if orderly && open {
            self.decide(publisher, Outcome::Aborted, desk);
        }
    }

    /// It is back (`initTransactions`): what its former life has left open is aborted first.
    pub(super) fn producer_back(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher).filter(|session| session.down) else { return };
        (session.down, session.dead) = (false, false);
        self.initialise(publisher, desk);
    }

    /// Producers that are no members of a group here, on a link.
    pub(super) fn publisher_changes(&mut self, link: LinkId, up: bool, desk: &mut Desk) {
        let Some(first) = self.by_link.get(&link).copied() else { return };
        for publisher in first..first + self.publishers[first as usize].instances {
            match self.session(publisher).is_some_and(|session| session.members.is_empty()) {
                true if up => self.producer_back(publisher, desk),
                true => self.producer_gone(publisher, false, desk),
                false => {}
            }
        }
    }

    /// The coordinator aborts what is open for too long, and fences its producer.
    pub(super) fn expire(&mut self, desk: &mut Desk) {
        let now = desk.now();
        for publisher in 0..self.publishers.len() as u32 {
            let overdue = |session: &&mut Session| {
                session.ending.is_none() && session.open_since.is_some_and(|since| now.since(since) >= session.timeout)
            };
            if let Some(session) = self.session(publisher).filter(overdue) {
                session.fenced = true;
                session.tally.timed_out += 1;
                self.decide(publisher, Outcome::Aborted, desk);
            }
        }
    }
}

impl Partition {
    /// Below this everything is decided: where transactions are open it is not the high watermark.
    #[inline]
    pub fn stable(&self) -> u64 {
        self.transactions.last_stable_offset(self.shown)
    }

    /// Up to where a group may read.
    #[inline]
    pub fn readable(&self, slot: usize) -> u64 {
        if self.cursors[slot].committed_only { self.stable() } else { self.shown }
    }

    /// The next marker below the high watermark.
    fn pop_marker(&mut self) -> Option<(u64, u32, Outcome)> {
        self.markers.front().filter(|(offset, ..)| *offset < self.shown)?;
        self.markers.pop_front()
    }

    /// What was written in these runs is aborted: groups that read committed records only never get it.
    fn skip(&mut self, runs: &[Run], desk: &mut Desk) {
        let within = |offset: u64| runs.iter().any(|(first, behind)| (*first..*behind).contains(&offset));
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.active && cursor.committed_only) {
            let gone = |event: &Event, desk: &mut Desk| {
                // Nothing is lost: its publisher has taken it back.
                let event = Event { flags: event.flags.with(Flags::HANDLED), ..*event };
                desk.end(cursor.outlet, &event, Place::Waiting, BrokerFate::Dropped, Reason::TransactionAborted);
            };
            cursor.again.retain(|(offset, message)| {
                let aborted = within(*offset);
                if aborted {
                    gone(&message.event, desk);
                }
                !aborted
            });
            for (first, behind) in runs {
                let fresh = self.log.range((*first).max(cursor.position), (*behind).min(self.shown));
                fresh.for_each(|(_, message)| gone(&message.event, desk));
            }
        }
    }
}
