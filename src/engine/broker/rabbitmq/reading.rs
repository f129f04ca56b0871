//! Readers of streams in a run: each has all events, from its own place on. The instances of one consumer are one named reader with
//! a single active one: the first that is up reads, the others stand by, and whoever takes over goes on behind what was acknowledged.

use super::exchange::QueueId;
use super::rules::RabbitMq;
use super::stream::Offset;
use super::view::ReaderView;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::{BrokerFate, Note, Place};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::ids::{OutletId, SeatId};
use crate::scenario::broker::rabbitmq::STREAM_PREFETCH;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// A reader of a stream.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// What it is owed stands in this outlet's books.
    pub outlet: OutletId,
    /// Which stream.
    pub queue: QueueId,
    /// Its seats, and which are up.
    seats: Vec<(SeatId, bool)>,
    /// Whether it has attached: until then nothing is owed to it.
    attached: bool,
    /// The next entry that it has not been given.
    next: u64,
    /// Up to here it is owed what was written: several dead letters may stand in the log before the first of them is.
    known: u64,
    /// What goes out before that, with its offset: what came back, and what was written before the reader came.
    pub again: VecDeque<(u64, Message)>,
    /// Who it is: its consumers.
    name: Arc<str>,
    delivered: u64,
    redelivered: u64,
}

impl Reader {
    /// One that has not attached yet; all its seats are up.
    pub fn new(outlet: OutletId, queue: QueueId, seats: Vec<SeatId>, name: &str) -> Reader {
        let seats = seats.into_iter().map(|seat| (seat, true)).collect();
        let (again, name) = (VecDeque::new(), Arc::from(name));
        Reader { outlet, queue, seats, attached: false, next: 0, known: 0, again, name, delivered: 0, redelivered: 0 }
    }

    /// One seat more, which is not up yet.
    pub fn add(&mut self, seat: SeatId) {
        self.seats.push((seat, false));
    }

    /// A seat is up or gone.
    pub fn stand(&mut self, seat: SeatId, up: bool) {
        self.seats.iter_mut().filter(|(own, _)| *own == seat).for_each(|(_, is_up)| *is_up = up);
    }

    fn active(&self) -> Option<SeatId> {
        self.seats.iter().find(|(_, up)| *up).map(|(seat, _)| *seat)
    }
}

impl RabbitMq {
    /// Whether a queue is a stream.
    #[inline]
    pub(super) fn is_stream(&self, queue: QueueId) -> bool {
        self.host.queue(queue).is_some_and(|queue| queue.log().is_some())
    }

    /// Whether the active instance may take one more.
    fn has_credit(&self, reader: &Reader) -> Option<SeatId> {
        let seat = reader.active().filter(|_| reader.attached)?;
        let taker = self.seats.get(&seat)?;
        let most = if taker.wish.prefetch == 0 { STREAM_PREFETCH } else { taker.wish.prefetch };
        (taker.holds.len() < most as usize && !self.is_still(reader.queue)).then_some(seat)
    }

    /// An event was appended to a stream: everybody who has attached is owed it.
    pub(super) fn written(&mut self, queue: QueueId, event: &Event, straight: bool, desk: &mut Desk) {
        for at in 0..self.readers_of[queue.0 as usize].len() {
            let number = self.readers_of[queue.0 as usize][at];
            let reader = &mut self.readers[number];
            if !reader.attached {
                continue;
            }
            reader.known += 1;
            let (known, reader) = (reader.known, &self.readers[number]);
            let up_to_date = reader.again.is_empty() && reader.next + 1 == known;
            let Some(seat) = (if straight && up_to_date { self.has_credit(reader) } else { None }) else {
                desk.owe(reader.outlet, event);
                continue;
            };
            desk.hand(seat);
            let reader = &mut self.readers[number];
            reader.next = known;
            reader.delivered += 1;
            if let Some(taker) = self.seats.get_mut(&seat) {
                taker.holds.push_back((event.id, short(known - 1)));
            }
        }
        self.expire(queue, desk);
        for at in 0..self.readers_of[queue.0 as usize].len() {
            self.pump(self.readers_of[queue.0 as usize][at], desk);
        }
    }

    /// What retention has taken from readers who had not read it has expired for them.
    fn expire(&mut self, queue: QueueId, desk: &mut Desk) {
        let Some(log) = self.host.queue(queue).and_then(|queue| queue.log()) else { return };
        let start = log.start();
        let numbers = &self.readers_of[queue.0 as usize];
        for number in numbers {
            let reader = &mut self.readers[*number];
            if !reader.attached {
                continue;
            }
            while let Some((_, message)) = reader.again.front().filter(|(offset, _)| *offset < start).copied() {
                reader.again.pop_front();
                desk.end(reader.outlet, &message.event, Place::Waiting, BrokerFate::Expired, Reason::Retention);
            }
            let until = start.min(reader.known);
            for message in log.range(reader.next, until) {
                desk.end(reader.outlet, &message.event, Place::Waiting, BrokerFate::Expired, Reason::Retention);
            }
            reader.next = reader.next.max(until);
        }
        let mut readers = numbers.iter().map(|number| &self.readers[*number]).filter(|reader| reader.attached);
        if readers.all(|reader| reader.known >= start) {
            self.host.forget_old(queue);
        }
    }

    /// Gives a reader what it has room for.
    pub(super) fn pump(&mut self, number: usize, desk: &mut Desk) {
        while let Some(seat) = self.has_credit(&self.readers[number]) {
            let reader = &mut self.readers[number];
            let (offset, message) = match reader.again.pop_front() {
                Some(again) => again,
                None if reader.next >= reader.known => return,
                None => {
                    let log = self.host.queue(reader.queue).and_then(|queue| queue.log());
                    let Some(message) = log.and_then(|log| log.read(reader.next)) else { return };
                    reader.next += 1;
                    (reader.next - 1, *message)
                }
            };
            reader.delivered += 1;
            reader.redelivered += u64::from(message.event.flags.has(Flags::REDELIVERED));
            if let Some(taker) = self.seats.get_mut(&seat) {
                taker.holds.push_back((message.event.id, short(offset)));
            }
            desk.release(seat, message);
        }
    }

    /// An instance is gone, with what it held: the next one goes on there.
    pub(super) fn reader_left(&mut self, number: usize, seat: SeatId, copies: &[Message], desk: &mut Desk) {
        let outlet = self.readers[number].outlet;
        self.readers[number].stand(seat, false);
        let Some(taker) = self.seats.get_mut(&seat) else { return };
        let offsets: Vec<Option<u32>> = copies.iter().map(|copy| taker.take(copy.event.id)).collect();
        // What is not among the copies has ended, though word of it is still to come.
        taker.holds.clear();
        let mut back: Vec<(u64, Message)> = Vec::with_capacity(copies.len());
        for (copy, offset) in copies.iter().zip(offsets) {
            match offset {
                Some(offset) => back.push((u64::from(offset), desk.take_back(outlet, copy))),
                // A twin that the network made: the stream never knew of it.
                None => desk.end(outlet, &copy.event, Place::Returned, BrokerFate::Dropped, Reason::LinkLoss),
            }
        }
        let again = &mut self.readers[number].again;
        again.extend(back);
        again.make_contiguous().sort_by_key(|(offset, _)| *offset);
        self.expire(self.readers[number].queue, desk);
        self.pump(number, desk);
    }

    /// A reader attaches at an offset. For one that had attached already this is event replay, or skips what waits.
    pub(super) fn attach(&mut self, number: usize, offset: Offset, desk: &mut Desk) {
        let reader = &mut self.readers[number];
        let Some(log) = self.host.queue(reader.queue).and_then(|queue| queue.log()) else { return };
        let (target, outlet) = (log.position(offset), reader.outlet);
        let replays = reader.attached;
        if replays {
            desk.note(Note::Replay { outlet, under_way: true });
        } else {
            (reader.attached, reader.next, reader.known) = (true, log.end(), log.end());
        }
        let waits: BTreeSet<u64> = reader.again.iter().map(|(offset, _)| *offset).collect();
        let mut again: Vec<(u64, Message)> = Vec::new();
        for (offset, message) in reader.again.drain(..) {
            if offset < target {
                desk.end(outlet, &message.event, Place::Waiting, BrokerFate::Dropped, Reason::Skipped);
            } else {
                again.push((offset, message));
            }
        }
        for message in log.range(reader.next, target) {
            desk.end(outlet, &message.event, Place::Waiting, BrokerFate::Dropped, Reason::Skipped);
        }
        reader.next = reader.next.max(target);
        let behind = reader.next;
        for offset in (target..behind).filter(|offset| !waits.contains(offset)) {
            let Some(message) = log.read(offset) else { continue };
            // Nobody follows these events' other copies any more; what was not read before is no replay.
            let flags = message.event.flags.without(Flags::TRACKED);
            let flags = if replays { flags.with(Flags::REPLAYED) } else { flags };
            again.push((offset, desk.owe(outlet, &Event { flags, ..message.event })));
        }
        again.sort_by_key(|(offset, _)| *offset);
        reader.again.extend(again);
        if replays {
            desk.note(Note::Replay { outlet, under_way: false });
        }
        self.pump(number, desk);
    }

    /// Calls back with what each reader is owed and has not been given.
    pub(super) fn readers_wait_for(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
        for reader in self.readers.iter().filter(|reader| reader.attached) {
            reader.again.iter().for_each(|(_, message)| visit(reader.outlet, message));
            let Some(log) = self.host.queue(reader.queue).and_then(|queue| queue.log()) else { continue };
            log.range(reader.next, log.end()).for_each(|message| visit(reader.outlet, message));
        }
    }

    /// The readers of a stream as they are.
    pub(super) fn reader_views(&self, queue: QueueId) -> Vec<ReaderView> {
        let end = self.host.queue(queue).and_then(|queue| queue.log()).map_or(0, super::stream::Stream::end);
        let readers = self.readers.iter().filter(|reader| reader.queue == queue && !reader.seats.is_empty());
        let view = |reader: &Reader| ReaderView {
            outlet: reader.outlet,
            name: reader.name.to_string(),
            attached: reader.attached,
            next: reader.again.front().map_or(reader.next, |(offset, _)| *offset),
            lag: if reader.attached { reader.again.len() as u64 + end - reader.next } else { 0 },
            unacked: reader.seats.iter().filter_map(|(seat, _)| self.seats.get(seat)).map(|taker| taker.holds.len() as u64).sum(),
        };
        readers.map(view).collect()
    }

    /// Deliveries to the readers of a stream, and how many of them were not the first of their event.
    pub(super) fn delivered_by(&self, queue: QueueId) -> (u64, u64) {
        let readers = self.readers.iter().filter(|reader| reader.queue == queue);
        readers.fold((0, 0), |(all, again), reader| (all + reader.delivered, again + reader.redelivered))
    }
}

/// An offset as it fits beside a held event; no run writes that many.
fn short(offset: u64) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
