//! Seats: who can be handed messages. A seat is one `Read` as one instance of its consumer has it, or as all instances together
//! have it, where their broker does not tell them apart.

use crate::ids::{ConsumerId, LinkId, OutletId, ReadId, SeatId};
use crate::scenario::Plan;

/// One seat. Half a line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Seat {
    /// Its own number.
    pub id: SeatId,
    /// Whose.
    pub consumer: ConsumerId,
    /// Of what.
    pub outlet: OutletId,
    /// The way from the broker to the consumer.
    pub link: LinkId,
    /// The workers that take what is handed to it, see [`Crew`](super::consumer::Crew).
    pub crew: u32,
    /// Which `Read` it is.
    pub read: ReadId,
    /// Which instance of the consumer, from 0; 0 where all share the seat.
    pub instance: u32,
    /// Whether its broker wants to hear what becomes of each message (see [`Rules::settled`](super::broker::Rules::settled)).
    pub told: bool,
}

/// All seats of a plan.
#[derive(Clone, Debug)]
pub struct Seats {
    list: Vec<Seat>,
    /// By `Read`: its seats.
    of: Box<[Vec<SeatId>]>,
}

impl Seats {
    /// Sets the table. `crews` gives the crews of a consumer: one for all instances, or one each.
    pub fn new(plan: &Plan, crews: &[Vec<u32>]) -> Seats {
        let (mut list, mut of) = (Vec::with_capacity(plan.reads.len()), Vec::with_capacity(plan.reads.len()));
        for (i, read) in plan.reads.iter().enumerate() {
            let first = list.len();
            let crews = &crews[read.consumer.index()];
            let broker = plan.outlets[read.outlet.index()].broker;
            let own = plan.brokers[broker.index()].kind.parts().seats_per_instance();
            for (instance, crew) in crews.iter().take(if own { crews.len() } else { 1 }).enumerate() {
                list.push(Seat {
                    id: SeatId::at(list.len()),
                    consumer: read.consumer,
                    outlet: read.outlet,
                    link: read.link,
                    crew: *crew,
                    read: ReadId::at(i),
                    instance: instance as u32,
                    told: false,
                });
            }
            of.push((first..list.len()).map(SeatId::at).collect());
        }
        Seats { list, of: of.into() }
    }

    /// One seat more, of a `Read` that has some; it is given a number.
    pub(super) fn add(&mut self, seat: Seat) -> SeatId {
        let id = SeatId::at(self.list.len());
        self.list.push(Seat { id, ..seat });
        self.of[seat.read.index()].push(id);
        id
    }

    /// One seat.
    #[inline(always)]
    pub fn get(&self, seat: SeatId) -> &Seat {
        &self.list[seat.index()]
    }

    /// The seats of a `Read`, one per instance or one in all.
    pub fn of(&self, read: ReadId) -> &[SeatId] {
        &self.of[read.index()]
    }

    /// All seats at an outlet, by reader, then by instance.
    pub fn at(&self, plan: &Plan, outlet: OutletId) -> Vec<SeatId> {
        plan.outlets[outlet.index()].readers.iter().flat_map(|read| self.of(*read)).copied().collect()
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (SeatId, &Seat)> {
        self.list.iter().enumerate().map(|(i, seat)| (SeatId::at(i), seat))
    }

    /// Marks the seats whose brokers want to hear what becomes of each message.
    pub(super) fn tell(&mut self, wanted: impl Fn(&Seat) -> bool) {
        self.list.iter_mut().for_each(|seat| seat.told = wanted(seat));
    }
}
