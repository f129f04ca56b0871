//! The client side of publishing: partitions chosen, records batched, batches sent, answered, tried again, given up.

use super::Error;
use super::batch::{Batch, Stage};
use super::cluster::{Kafka, Token, Topic};
use super::failing::Failing;
use super::line::Line;
use super::partitioner::Sticky;
use super::producer::{Admission, ProducerState, after};
use super::replication::Acks;
use super::session::Session;
use super::settings::BATCH_OVERHEAD;
use super::written::{Topics, Written};
use crate::engine::broker::Desk;
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::ids::{ChannelId, LinkId};
use crate::random::Stream;
use crate::scenario::broker::kafka::Acks as AcksSetting;
use crate::time::Span;
use std::collections::{BTreeMap, VecDeque};

/// A lost packet is sent again by TCP after so long; nobody above notices.
const RETRANSMIT: Span = Span::from_millis(200);
/// `retry.backoff.max.ms`.
const LONGEST_BACKOFF: Span = Span::from_millis(1000);
/// `max.request.size`.
const MOST_REQUEST: u64 = 1 << 20;
/// Bytes of an answer to a request.
const ANSWER: u64 = 64;

/// A node that publishes to this cluster, with its client.
#[derive(Clone, Debug)]
pub(super) struct Publisher {
    pub link: LinkId,
    pub back: LinkId,
    /// The open batch of each partition, by its number among all.
    open: BTreeMap<u32, u32>,
    topics: Topics,
    random: Stream,
    /// Requests in flight, by node: which they are, and how many of their batches are not answered yet.
    in_flight: Vec<Vec<(u64, u32)>>,
    /// Requests sent so far.
    requests: u64,
    /// Batches that wait for a place on the connection, by node.
    queue: Vec<Line>,
    /// Requests on their way, in the order in which they were sent, by node: TCP keeps it.
    wire: Vec<VecDeque<u32>>,
    /// While batches failed and are not sent again yet: these, and what is before and behind them.
    failing: Option<Box<Failing>>,
    /// Producer epoch and next sequence number, by partition.
    pub sequences: BTreeMap<u32, (u16, u32)>,
    /// How many publish over its link, this one and the next ones: one, or as many as the node has instances.
    pub instances: u32,
    /// Its transactions, if it has any.
    pub session: Option<Box<Session>>,
}

impl Publisher {
    /// One that has published nothing yet.
    pub fn new(link: LinkId, back: LinkId, nodes: usize, random: Stream) -> Publisher {
        Publisher {
            link,
            back,
            open: BTreeMap::new(),
            topics: Topics::default(),
            random,
            in_flight: vec![Vec::new(); nodes],
            requests: 0,
            queue: vec![Line::default(); nodes],
            wire: vec![VecDeque::new(); nodes],
            failing: None,
            sequences: BTreeMap::new(),
            instances: 1,
            session: None,
        }
    }

    /// Bytes of a copy.
    pub fn bytes(&self) -> usize {
        let requests: usize = self.in_flight.iter().map(|it| it.capacity() * size_of::<(u64, u32)>()).sum();
        let wire: usize = self.wire.iter().map(|it| it.capacity() * size_of::<u32>()).sum();
        let batches = wire + self.queue.iter().map(Line::bytes).sum::<usize>();
        let nodes = self.in_flight.len() * (size_of::<Vec<(u64, u32)>>() + size_of::<Line>() + size_of::<VecDeque<u32>>());
        let partitions = self.open.len() * 2 * size_of::<u32>() + self.sequences.len() * size_of::<(u32, (u16, u32))>();
        let failing = self.failing.as_ref().map_or(0, |failing| failing.bytes());
        size_of::<Publisher>() + self.topics.bytes() + requests + batches + nodes + partitions + failing
    }

    /// One of so many instances that publish in transactions.
    pub fn transactional(self, instances: u32, session: Session, random: Stream) -> Publisher {
        Publisher { instances, session: Some(Box::new(session)), random, ..self }
    }
}

impl Kafka {
    /// An application sends a record.
    pub(super) fn send(&mut self, link: LinkId, channel: ChannelId, event: &Event, desk: &mut Desk) {
        self.publish_as(self.publisher_of(link, event), channel, event, desk);
    }

    /// The same, of a publisher.
    pub(super) fn publish_as(&mut self, publisher: u32, channel: ChannelId, event: &Event, desk: &mut Desk) {
        if self.publishers[publisher as usize].session.is_none() {
            return self.gather(publisher, channel, event, desk);
        }
        if self.enters(publisher, channel, event, desk) {
            self.gather(publisher, channel, event, desk);
            self.entered(publisher, desk);
        }
    }

    /// Puts a record into the batch of its partition.
    fn gather(&mut self, publisher: u32, channel: ChannelId, event: &Event, desk: &mut Desk) {
        let topic = channel.index() - self.first_channel;
        let bytes = self.settings.bytes(event.kind);
        let (partition, keyless) = match self.settings.hash(event.key) {
            Some(hash) => (self.topics[topic].first + hash % self.topics[topic].count, false),
            None => (self.topics[topic].first + self.sticky(publisher, topic), true),
        };
        let limit = self.settings.producers.batch.0;
        let mut batch = self.publishers[publisher as usize].open.get(&partition).copied();
        if let Some(full) = batch
            && self.batches[full as usize].bytes + bytes > limit
        {
            self.close(full, desk);
            batch = None;
        }
        let batch = match batch {
            Some(batch) => batch,
            None => self.open(publisher, partition, desk),
        };
        let it = &mut self.batches[batch as usize];
        it.events.push(*event);
        it.bytes += bytes;
        let sendable = it.bytes >= limit || self.settings.producers.linger == Span::ZERO;
        if keyless {
            self.stick(publisher, topic, bytes, sendable);
        }
        if sendable {
            self.close(batch, desk);
        }
    }

    /// The partition that a publisher sticks to for now.
    fn sticky(&mut self, publisher: u32, topic: usize) -> u32 {
        let known = |it: &Publisher| it.topics.get(topic).and_then(|written| written.sticky.as_ref()).map(Sticky::current);
        if let Some(current) = known(&self.publishers[publisher as usize]) {
            return current;
        }
        let (first, count) = (self.topics[topic].first as usize, self.topics[topic].count);
        let led: Vec<bool> = (first..first + count as usize).map(|partition| self.leader(partition).is_some()).collect();
        let it = &mut self.publishers[publisher as usize];
        let sticky = Sticky::new(self.settings.producers.batch.0, &led, (it.random.bits() >> 33) as u32);
        it.topics.written(topic, count).sticky.insert(sticky).current()
    }

    /// A record without a key is in its batch: perhaps the next one goes elsewhere, rather to where less waits to be sent.
    fn stick(&mut self, publisher: u32, topic: usize, bytes: u64, sendable: bool) {
        let it = &self.publishers[publisher as usize];
        let sticky = it.topics.get(topic).and_then(|written| written.sticky.as_ref());
        let load = sticky.is_some_and(|sticky| sticky.switches(bytes, sendable)).then(|| self.waiting(publisher, topic));
        let it = &mut self.publishers[publisher as usize];
        let random = &mut it.random;
        if let Some(sticky) = it.topics.get_mut(topic).and_then(|written| written.sticky.as_mut()) {
            if let Some((queues, partitions, led)) = load {
                sticky.update_load(&queues, &partitions, led);
            }
            sticky.append(bytes, sendable, || (random.bits() >> 33) as u32);
        }
    }

    /// How many batches of a publisher wait for each partition of a topic that has a leader, what partitions these are, and how many;
    /// nothing before all of them had one. (As the client: `queueSizes` has a place for each partition, led or not.)
    fn waiting(&self, publisher: u32, topic: usize) -> (Vec<u32>, Vec<u32>, usize) {
        let (first, count) = (self.topics[topic].first, self.topics[topic].count);
        let it = &self.publishers[publisher as usize];
        if !it.topics.get(topic).is_some_and(Written::has_begun_all) {
            return (Vec::new(), Vec::new(), 0);
        }
        let mut batches = vec![0; count as usize];
        let own = first..first + count;
        it.open.range(own.clone()).for_each(|(partition, _)| batches[(partition - first) as usize] += 1);
        for line in &it.queue {
            line.count(own.clone(), &self.batches, |partition, waiting| batches[(partition - first) as usize] += waiting);
        }
        if let Some(failing) = &it.failing {
            failing.counts(own).for_each(|(partition, failed)| batches[(partition - first) as usize] += failed);
        }
        let led: Vec<u32> = (0..count).filter(|partition| self.leader((first + partition) as usize).is_some()).collect();
        let mut queues: Vec<u32> = led.iter().map(|partition| batches[*partition as usize]).collect();
        let length = led.len();
        queues.resize(count as usize, 0);
        (queues, led, length)
    }

    /// Tells publishers which partitions have leaders; they choose among these.
    pub(super) fn leaders_changed(&mut self, topic: usize) {
        let (first, count) = (self.topics[topic].first as usize, self.topics[topic].count as usize);
        let led: Vec<bool> = (first..first + count).map(|partition| self.leader(partition).is_some()).collect();
        for publisher in &mut self.publishers {
            let sticky = publisher.topics.get_mut(topic).and_then(|written| written.sticky.as_mut());
            sticky.into_iter().for_each(|sticky| sticky.update_leaders(&led));
        }
    }

    fn open(&mut self, publisher: u32, partition: u32, desk: &mut Desk) -> u32 {
        let place = self.spare.pop().unwrap_or_else(|| {
            self.batches.push(Batch::new());
            self.batches.len() as u32 - 1
        });
        let batch = &mut self.batches[place as usize];
        batch.used = true;
        (batch.publisher, batch.partition, batch.bytes) = (publisher, partition, BATCH_OVERHEAD);
        batch.serial = self.opened;
        self.opened += 1;
        (batch.opened, batch.stage, batch.attempts) = (desk.now(), Stage::Open, 0);
        (batch.sequence, batch.at, batch.answer) = (None, None, Ok(()));
        let count = batch.count;
        let topic = self.partitions[partition as usize].topic as usize;
        let it = &mut self.publishers[publisher as usize];
        if let Some(failing) = &mut it.failing {
            failing.put(place, batch);
        }
        it.open.insert(partition, place);
        let Topic { first, count: partitions, .. } = self.topics[topic];
        it.topics.written(topic, partitions).begin(partition - first);
        self.session(publisher).into_iter().for_each(|session| session.unanswered += 1);
        if self.settings.producers.linger > Span::ZERO {
            desk.wake(desk.now() + self.settings.producers.linger, Token::Linger(place, count).pack());
        }
        place
    }

    fn current(&self, batch: u32, count: u16) -> bool {
        self.batches.get(batch as usize).is_some_and(|it| it.used && it.count == count)
    }

    /// A batch has waited long enough for more.
    pub(super) fn lingered(&mut self, batch: u32, count: u16, desk: &mut Desk) {
        if self.current(batch, count) && self.batches[batch as usize].stage == Stage::Open {
            self.close(batch, desk);
        }
    }

    /// A batch takes no more and is to be sent.
    fn close(&mut self, batch: u32, desk: &mut Desk) {
        let it = &self.batches[batch as usize];
        let (publisher, partition) = (it.publisher, it.partition);
        self.publishers[publisher as usize].open.remove(&partition);
        self.enqueue(batch, false, desk);
    }

    /// A publisher closes all its batches.
    pub(super) fn close_all(&mut self, publisher: u32, desk: &mut Desk) {
        while let Some((_, batch)) = self.publishers[publisher as usize].open.first_key_value() {
            self.close(*batch, desk);
        }
    }

    /// Puts a batch on the list of its leader's connection: behind the others, or (tried again) before those that came later.
    fn enqueue(&mut self, batch: u32, again: bool, desk: &mut Desk) {
        if self.must_wait(batch) {
            return self.set_stage(batch, Stage::Held);
        }
        let partition = self.batches[batch as usize].partition;
        let Some(node) = self.leader(partition as usize) else { return self.back_off(batch, Error::LeaderNotAvailable, desk) };
        self.set_stage(batch, Stage::Queued);
        let it = &mut self.batches[batch as usize];
        it.node = node;
        let publisher = it.publisher;
        let line = &mut self.publishers[publisher as usize].queue[node as usize];
        if again {
            line.push_again(batch, &self.batches);
        } else {
            line.push(batch, &self.batches);
        }
        self.pump(publisher, node, desk);
    }

    /// Whether a publisher holds a batch back, because an earlier one of its partition has failed and is not sent again yet. An
    /// idempotent one also holds back a batch that has failed itself, until all earlier ones are delivered.
    fn must_wait(&self, batch: u32) -> bool {
        let it = &self.batches[batch as usize];
        let Some(failing) = &self.publishers[it.publisher as usize].failing else { return false };
        failing.is_before(it, self.settings.idempotent && it.attempts > 0)
    }

    /// The next batch in order that waited for one that is out of the way now.
    fn release(&mut self, publisher: u32, partition: u32, desk: &mut Desk) {
        let next = self.publishers[publisher as usize].failing.as_ref().and_then(|failing| failing.first_held(partition));
        if let Some(next) = next.filter(|next| !self.must_wait(*next)) {
            self.enqueue(next, true, desk);
        }
    }

    fn set_stage(&mut self, batch: u32, stage: Stage) {
        let it = &mut self.batches[batch as usize];
        it.stage = stage;
        if stage.has_failed() || self.publishers[it.publisher as usize].failing.is_some() {
            self.follow(batch);
        }
    }

    /// Follows the stages of a publisher's batches, from the first that fails until none has failed any more.
    #[cold]
    fn follow(&mut self, batch: u32) {
        let number = self.batches[batch as usize].publisher;
        let publisher = &mut self.publishers[number as usize];
        if let Some(failing) = &mut publisher.failing {
            failing.put(batch, &self.batches[batch as usize]);
            if failing.is_over() {
                publisher.failing = None;
            }
            return;
        }
        let mut failing = Failing::default();
        let own = self.batches.iter().enumerate().filter(|(_, it)| it.used && it.publisher == number);
        own.for_each(|(place, it)| failing.put(place as u32, it));
        publisher.failing = Some(Box::new(failing));
    }

    /// Sends what the connection has places for.
    fn pump(&mut self, publisher: u32, node: u32, desk: &mut Desk) {
        let most = self.settings.producers.in_flight as usize;
        while !self.publishers[publisher as usize].queue[node as usize].is_empty() {
            let it = &mut self.publishers[publisher as usize];
            if it.in_flight[node as usize].len() >= most {
                return;
            }
            it.requests += 1;
            let (request, link) = (it.requests, it.link);
            // One request takes the first waiting batch of every partition, up to its size.
            it.queue[node as usize].look_again();
            let (mut sent, mut bytes, mut from) = (0, 0, Line::START);
            while let Some((place, batch)) = self.publishers[publisher as usize].queue[node as usize].next(from) {
                let it = &mut self.batches[batch as usize];
                if sent > 0 && bytes + it.bytes > MOST_REQUEST {
                    break;
                }
                if self.partitions[it.partition as usize].asked == (publisher, request) {
                    from = place + 1;
                    continue;
                }
                // The broker refuses what comes too early from an idempotent publisher; others wait of their own accord.
                from = place;
                if !self.settings.idempotent && self.must_wait(batch) {
                    self.publishers[publisher as usize].queue[node as usize].take(place, &self.batches);
                    self.set_stage(batch, Stage::Held);
                    continue;
                }
                let it = &mut self.batches[batch as usize];
                self.partitions[it.partition as usize].asked = (publisher, request);
                (it.request, it.attempts, it.arrived) = (request, it.attempts + 1, false);
                (sent, bytes) = (sent + 1, bytes + it.bytes);
                let it = &mut self.publishers[publisher as usize];
                it.queue[node as usize].take(place, &self.batches);
                it.wire[node as usize].push_back(batch);
                self.number(batch);
                self.set_stage(batch, Stage::Sent);
                let it = &self.batches[batch as usize];
                desk.ship(link, it.bytes, Token::Request(batch, it.count).pack());
                it.events.iter().for_each(|event| desk.carries(link, event));
            }
            if self.settings.producers.acks != AcksSetting::Zero && sent > 0 {
                self.publishers[publisher as usize].in_flight[node as usize].push((request, sent));
            }
            self.let_follow(publisher, node, request, desk);
        }
    }

    /// Without idempotence a batch that is sent again is followed at once by those that waited for it.
    fn let_follow(&mut self, publisher: u32, node: u32, request: u64, desk: &mut Desk) {
        if self.settings.idempotent || self.publishers[publisher as usize].failing.is_none() {
            return;
        }
        let sent = self.publishers[publisher as usize].wire[node as usize].iter().map(|batch| &self.batches[*batch as usize]);
        let partitions: Vec<u32> = sent.filter(|batch| batch.request == request).map(|batch| batch.partition).collect();
        partitions.into_iter().for_each(|partition| self.release(publisher, partition, desk));
    }

    /// Gives a batch its sequence numbers, if it has none of the current epoch.
    fn number(&mut self, batch: u32) {
        if !self.settings.idempotent {
            return;
        }
        let it = &mut self.batches[batch as usize];
        let publisher = &mut self.publishers[it.publisher as usize];
        let epoch = publisher.session.as_ref().map_or(0, |session| session.epoch);
        let next = publisher.sequences.entry(it.partition).or_insert((epoch, 0));
        if it.sequence.is_none_or(|(epoch, _)| epoch != next.0) && it.at.is_none() {
            it.sequence = Some(*next);
            next.1 = after(next.1, it.events.len() as u32);
        }
    }

    /// A request is at its node, or lost on the way.
    pub(super) fn request_arrives(&mut self, batch: u32, count: u16, arrived: bool, desk: &mut Desk) {
        if !self.current(batch, count) {
            return;
        }
        if !arrived {
            // TCP sends it again.
            return desk.wake(desk.now() + RETRANSMIT, Token::Retry(batch, count).pack());
        }
        let it = &mut self.batches[batch as usize];
        it.arrived = true;
        let (publisher, node) = (it.publisher as usize, it.node as usize);
        while let Some(first) = self.publishers[publisher].wire[node].front().copied().filter(|first| self.batches[*first as usize].arrived)
        {
            self.publishers[publisher].wire[node].pop_front();
            self.take_request(first, desk);
        }
    }

    /// A node looks at a request.
    fn take_request(&mut self, batch: u32, desk: &mut Desk) {
        let it = &self.batches[batch as usize];
        let (partition, node) = (it.partition as usize, it.node);
        if !self.nodes[node as usize].up || self.leader(partition) != Some(node) {
            return self.refused(batch, Error::LeaderNotAvailable, desk);
        }
        let acks = self.acks();
        if let Err(error) = self.partitions[partition].replication.admit(acks) {
            return self.respond(batch, Err(error), desk);
        }
        if let Err(error) = self.validate(batch) {
            return self.respond(batch, Err(error), desk);
        }
        match self.append(batch, desk) {
            Err(error) => self.respond(batch, Err(error), desk),
            Ok(end) if acks == Acks::All && self.partitions[partition].replication.high_watermark() < end => {
                self.partitions[partition].pending.push_back((end, batch));
            }
            Ok(_) => self.respond(batch, Ok(()), desk),
        }
    }

    /// Whether the log takes all records of a batch: one that it does not take spoils the batch.
    fn validate(&self, batch: u32) -> Result<(), Error> {
        let it = &self.batches[batch as usize];
        let log = &self.partitions[it.partition as usize].log;
        if !log.config().compact {
            return Ok(());
        }
        it.events.iter().try_for_each(|event| log.accepts(&Message { event: *event, routed: event.published }))
    }

    fn acks(&self) -> Acks {
        match self.settings.producers.acks {
            AcksSetting::Zero => Acks::Zero,
            AcksSetting::One => Acks::One,
            AcksSetting::All => Acks::All,
        }
    }

    /// Appends a batch, unless it is there already, and gives the offset behind its last record.
    fn append(&mut self, batch: u32, desk: &mut Desk) -> Result<u64, Error> {
        let it = &mut self.batches[batch as usize];
        let (number, records) = (it.partition as usize, it.events.len() as u32);
        let partition = &mut self.partitions[number];
        let session = self.publishers[it.publisher as usize].session.as_deref_mut();
        if session.as_ref().is_some_and(|session| !session.admits()) {
            return Err(Error::InvalidProducerEpoch);
        }
        if let Some((epoch, first)) = it.sequence {
            let state = partition.producers.entry(it.publisher).or_insert_with(|| ProducerState::new(epoch));
            match state.admit(epoch, first, records)? {
                Admission::Duplicate(offset) => return Ok(offset + u64::from(records)),
                Admission::New => state.appended(epoch, first, records, partition.log.end()),
            }
        }
        // Without idempotence nobody notices that the records are there already.
        let repeat = it.at.is_some();
        let start = partition.log.end();
        for event in &it.events {
            // A record that its publisher sent again is a record like others.
            let flags = event.flags.without(Flags::DUPLICATE);
            let flags = if repeat { flags.without(Flags::TRACKED).with(Flags::HANDLED) } else { flags };
            let message = Message { event: Event { flags, failures: 0, ..*event }, routed: desk.now() };
            partition.log.append(message, self.settings.bytes(event.kind));
        }
        let end = partition.log.end();
        if let Some(session) = session {
            partition.transactions.appended(u64::from(it.publisher), start, end);
            session.partitions.insert(number as u32);
            session.open_since.get_or_insert(desk.now());
        }
        if !repeat {
            it.at = Some((start, end));
        }
        partition.replication.appended(end, desk.now());
        self.replicate(number, desk);
        Ok(end)
    }

    /// The leader answers.
    pub(super) fn respond(&mut self, batch: u32, answer: Result<(), Error>, desk: &mut Desk) {
        let it = &mut self.batches[batch as usize];
        it.answer = answer;
        // In a transaction word waits for its end.
        if answer.is_ok() && self.publishers[it.publisher as usize].session.is_none() {
            it.events.iter().filter(|event| self.settings.waits(event)).for_each(|event| desk.confirm(event, true));
        }
        let (publisher, count) = (it.publisher, it.count);
        if self.settings.producers.acks == AcksSetting::Zero {
            // Nobody waits for an answer, and nobody learns of an error.
            match answer {
                Ok(()) => self.confirm(batch, desk),
                Err(error) => self.give_up(batch, error, desk),
            }
            return;
        }
        desk.ship(self.publishers[publisher as usize].back, ANSWER, Token::Answer(batch, count).pack());
    }

    /// There was nobody to answer: the client notices that the connection is gone, or that another node leads.
    fn refused(&mut self, batch: u32, error: Error, desk: &mut Desk) {
        if self.settings.producers.acks == AcksSetting::Zero {
            return self.give_up(batch, error, desk);
        }
        if !self.settings.idempotent {
            // Those behind it in its partition must not take its place in flight.
            self.set_stage(batch, Stage::Backoff);
        }
        self.free_place(batch, desk);
        self.back_off(batch, error, desk);
    }

    fn free_place(&mut self, batch: u32, desk: &mut Desk) {
        let it = &self.batches[batch as usize];
        let (publisher, node, request) = (it.publisher, it.node, it.request);
        let in_flight = &mut self.publishers[publisher as usize].in_flight[node as usize];
        if let Some(at) = in_flight.iter().position(|(known, _)| *known == request) {
            in_flight[at].1 -= 1;
            if in_flight[at].1 == 0 {
                in_flight.remove(at);
                self.pump(publisher, node, desk);
            }
        }
    }

    /// An answer is at its publisher, or lost on the way.
    pub(super) fn answer_arrives(&mut self, batch: u32, count: u16, arrived: bool, desk: &mut Desk) {
        if !self.current(batch, count) || self.batches[batch as usize].stage != Stage::Sent {
            return;
        }
        if !arrived {
            let back = self.publishers[self.batches[batch as usize].publisher as usize].back;
            return desk.ship(back, ANSWER, Token::Answer(batch, count).pack());
        }
        let answer = self.batches[batch as usize].answer;
        match answer {
            Ok(()) => {
                self.free_place(batch, desk);
                self.confirm(batch, desk);
            }
            Err(Error::InvalidProducerEpoch) if self.session(self.batches[batch as usize].publisher).is_some() => {
                self.transaction_fails(self.batches[batch as usize].publisher, true, desk);
            }
            // No other attempt could end better.
            Err(error @ Error::InvalidRecord) => {
                self.free_place(batch, desk);
                self.give_up(batch, error, desk);
            }
            Err(error) => self.refused(batch, error, desk),
        }
    }

    /// Waits before another attempt, if there is to be one.
    pub(super) fn back_off(&mut self, batch: u32, error: Error, desk: &mut Desk) {
        let now = desk.now();
        self.set_stage(batch, Stage::Backoff);
        let producers = &self.settings.producers;
        let it = &mut self.batches[batch as usize];
        let used_up = producers.retries.is_some_and(|retries| it.attempts > retries);
        let grown = producers.retry_backoff.0.saturating_mul(1 << it.attempts.saturating_sub(1).min(20));
        let pause = Span(grown.clamp(1, LONGEST_BACKOFF.0));
        if used_up || now.since(it.opened).0.saturating_add(pause.0) > producers.delivery_timeout.0 {
            return self.give_up(batch, error, desk);
        }
        let count = it.count;
        desk.wake(now + pause, Token::Retry(batch, count).pack());
    }

    /// The time has come for another attempt.
    pub(super) fn retry(&mut self, batch: u32, count: u16, desk: &mut Desk) {
        if !self.current(batch, count) {
            return;
        }
        match self.batches[batch as usize].stage {
            Stage::Backoff => self.enqueue(batch, true, desk),
            // A lost packet: the same request once more, on the same connection.
            Stage::Sent => {
                let it = &self.batches[batch as usize];
                desk.ship(self.publishers[it.publisher as usize].link, it.bytes, Token::Request(batch, count).pack());
            }
            Stage::Open | Stage::Queued | Stage::Held => {}
        }
    }

    /// The publisher takes a batch for delivered. If its leader died since it said so, it is not.
    fn confirm(&mut self, batch: u32, desk: &mut Desk) {
        let it = &self.batches[batch as usize];
        if it.at.is_none() {
            let channel = self.topics[self.partitions[it.partition as usize].topic as usize].channel;
            it.events.iter().for_each(|event| desk.lose_inbound(channel, event, Reason::UnreplicatedLoss));
        }
        self.done(batch, desk);
    }

    /// A batch is out of the publisher's hands.
    fn done(&mut self, batch: u32, desk: &mut Desk) {
        self.set_stage(batch, Stage::Sent);
        let it = &mut self.batches[batch as usize];
        if let Some(failing) = &mut self.publishers[it.publisher as usize].failing {
            failing.remove(it);
        }
        it.used = false;
        it.count = it.count.wrapping_add(1);
        it.events.clear();
        it.at = None;
        let (publisher, partition) = (it.publisher, it.partition);
        self.spare.push(batch);
        if let Some(session) = self.session(publisher) {
            session.unanswered -= 1;
        }
        self.release(publisher, partition, desk);
        self.flushed(publisher, desk);
    }

    /// A publisher drops everything that it has not been answered. What is in a log stays there, and is aborted with the rest.
    pub(super) fn discard_all(&mut self, publisher: u32, desk: &mut Desk) {
        let it = &mut self.publishers[publisher as usize];
        it.open.clear();
        it.queue.iter_mut().for_each(Line::clear);
        it.wire.iter_mut().for_each(VecDeque::clear);
        it.in_flight.iter_mut().for_each(Vec::clear);
        it.failing = None;
        it.session.iter_mut().for_each(|session| session.unanswered = 0);
        for (at, batch) in self.batches.iter_mut().enumerate().filter(|(_, batch)| batch.used && batch.publisher == publisher) {
            let partition = &mut self.partitions[batch.partition as usize];
            partition.pending.retain(|(_, pending)| *pending as usize != at);
            if batch.at.is_none() {
                let channel = self.topics[partition.topic as usize].channel;
                batch.events.iter().for_each(|event| desk.lose_inbound(channel, event, Reason::TransactionAborted));
            }
            (batch.used, batch.count, batch.at, batch.stage) = (false, batch.count.wrapping_add(1), None, Stage::Sent);
            batch.events.clear();
            self.spare.push(at as u32);
        }
    }

    /// A batch is given up: what is not in the log is lost. An idempotent publisher starts a new epoch, because a number is missing.
    fn give_up(&mut self, batch: u32, error: Error, desk: &mut Desk) {
        let it = &self.batches[batch as usize];
        let publisher = it.publisher;
        self.publishers[publisher as usize].session.iter_mut().for_each(|session| session.failed = true);
        if it.at.is_none() {
            let channel = self.topics[self.partitions[it.partition as usize].topic as usize].channel;
            let why = match error {
                Error::NotEnoughReplicas | Error::NotEnoughReplicasAfterAppend => Reason::NotEnoughReplicas,
                Error::LeaderNotAvailable => Reason::NoLeader,
                Error::InvalidRecord => Reason::InvalidRecord,
                _ => Reason::DeliveryTimeout,
            };
            it.events.iter().for_each(|event| desk.lose_inbound(channel, event, why));
            if let Some(next) = self.publishers[it.publisher as usize].sequences.get_mut(&it.partition) {
                *next = (next.0.wrapping_add(1), 0);
                if next.0 == 0 {
                    // The epochs are used up: it has another producer id.
                    self.partitions[it.partition as usize].producers.remove(&publisher);
                }
            }
        }
        self.done(batch, desk);
        if self.publishers[publisher as usize].session.is_some() {
            self.transaction_fails(publisher, false, desk);
        }
    }

    /// The node of these batches is gone: their publishers notice, and try again.
    pub(super) fn connections_lost(&mut self, node: u32, desk: &mut Desk) {
        for partition in 0..self.partitions.len() {
            if self.leader(partition) == Some(node) {
                while let Some((_, batch)) = self.partitions[partition].pending.pop_front() {
                    self.refused(batch, Error::LeaderNotAvailable, desk);
                }
            }
        }
    }

    /// The log of a partition ends at `end` now: batches beyond are no longer there, and records whose publisher was told that all
    /// is well are lost.
    pub(super) fn cut_off(&mut self, number: usize, end: u64, desk: &mut Desk) {
        let partition = &mut self.partitions[number];
        let channel = self.topics[partition.topic as usize].channel;
        let mut kept: Vec<(u64, u64)> = Vec::new();
        for batch in self.batches.iter_mut().filter(|batch| batch.used && batch.partition as usize == number) {
            let Some((start, behind)) = batch.at.filter(|(_, behind)| *behind > end) else { continue };
            // What groups were shown has reached the broker, whatever becomes of it; its offsets are others' from now on.
            let shown = behind <= partition.shown;
            if !shown {
                kept.push((start, behind));
            }
            batch.at = shown.then_some(Batch::NOWHERE);
        }
        partition.pending.retain(|(behind, _)| *behind <= end);
        let gone = partition.log.range(end.max(partition.shown), partition.log.end());
        for (offset, message) in gone.filter(|(_, message)| !super::cluster::is_repeat(message)) {
            if !kept.iter().any(|(start, behind)| (*start..*behind).contains(&offset)) {
                let why = if partition.transactions.is_uncertain(offset) { Reason::TransactionAborted } else { Reason::UnreplicatedLoss };
                desk.lose_inbound(channel, &message.event, why);
            }
        }
        // What is known of idempotent publishers goes with the records.
        partition.producers.retain(|_, state| state.truncate(end));
    }
}
