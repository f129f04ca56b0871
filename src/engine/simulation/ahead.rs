//! Looking ahead: what the next step will most likely touch is brought near while this one is handled.

use super::Simulation;
use crate::engine::agenda::{Due, Entry};
use crate::engine::consumer::Crew;
use crate::engine::convoy::ConvoyId;
use crate::engine::link::To;
use crate::engine::near::near;
use crate::engine::observe::Observer;
use crate::engine::seats::Seats;
use crate::ids::{ChannelId, ConsumerId, OutletId, SeatId};
use std::sync::Arc;

/// From so many workers on it is worth while. (Debug builds always look, so that every test does.)
const MANY: usize = 200;

/// What tells at once where things are. It may be out of date: it only says what to bring near.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    /// Whether anybody looks.
    pub(super) looks: bool,
    /// By worker.
    posts: Arc<[Post]>,
    /// By transit: the channel it goes to.
    bound: Vec<ChannelId>,
}

/// Where a worker works, in a quarter of a line of the cache.
#[derive(Clone, Copy, Debug)]
struct Post {
    seat: SeatId,
    consumer: ConsumerId,
    outlet: OutletId,
    crew: u32,
}

impl Ahead {
    pub(super) fn new(seats: &Seats, crews: &[Crew], workers: usize) -> Ahead {
        let nowhere = Post { seat: SeatId(u32::MAX), consumer: ConsumerId(u32::MAX), outlet: OutletId(u32::MAX), crew: u32::MAX };
        let looks = cfg!(debug_assertions) || workers >= MANY;
        let mut posts = vec![nowhere; if looks { workers } else { 0 }];
        for (id, seat) in seats.iter().filter(|_| looks) {
            let crew = &crews[seat.crew as usize];
            let own = crew.first_worker as usize..(crew.first_worker + crew.places) as usize;
            posts[own].fill(Post { seat: id, consumer: seat.consumer, outlet: seat.outlet, crew: seat.crew });
        }
        Ahead { looks, posts: posts.into(), bound: Vec::new() }
    }

    /// A message has set out.
    #[inline(always)]
    pub(super) fn set_out(&mut self, transit: u32, to: To) {
        if let (true, To::Channel(channel)) = (self.looks, to) {
            let transit = transit as usize;
            if transit >= self.bound.len() {
                self.bound.resize(transit + 1, channel);
            }
            self.bound[transit] = channel;
        }
    }

    /// Bytes on the heap that copies do not share.
    pub(super) fn bytes(&self) -> usize {
        self.bound.capacity() * size_of::<ChannelId>()
    }
}

impl Simulation {
    /// Brings near what the next step will most likely touch; `entry` is what is handled now. (With a thousand fan-outs side by side a copy
    /// takes a quarter less time. Nobody looks where everything is near anyway: with a single fan-out it would take a tenth more.)
    #[inline(always)]
    pub(super) fn look_ahead<O: Observer>(&self, entry: Entry, observer: &O) {
        if self.ahead.looks {
            self.bring_near(entry, observer);
        }
    }

    #[inline(never)]
    fn bring_near<O: Observer>(&self, entry: Entry, observer: &O) {
        // The crew was brought near a step ago, and says where the message is that its worker will take next.
        if entry.due() == Due::Done
            && let Some(post) = self.ahead.posts.get(entry.index() as usize)
            && let Some(crew) = self.crews.get(post.crew as usize)
        {
            crew.inbox.bring_near();
        }
        let Some(next) = self.agenda.then() else { return };
        let index = next.index() as usize;
        match next.due() {
            Due::Done => self.bring_work_near(index, observer),
            Due::Transit => {
                self.transits.bring_near(next.index());
                let Some(channel) = self.ahead.bound.get(index) else { return };
                for seat in self.ways.of(self.doors[channel.index()]) {
                    near(&self.crews[seat.crew as usize]);
                    near(&self.books[seat.outlet.index()]);
                    observer.soon(seat.consumer, seat.outlet, false);
                }
            }
            Due::Arrival => {
                let emitter = &self.emitters[index];
                emitter.bring_near();
                near(&self.links[emitter.link.index()]);
            }
            Due::ConvoyHead => self.convoys.get(ConvoyId(next.index())).bring_near(),
            Due::Retry | Due::Wake | Due::Parcel | Due::Errand => {}
        }
    }

    #[inline(always)]
    fn bring_work_near<O: Observer>(&self, slot: usize, observer: &O) {
        near(&self.hands[slot]);
        // Whoever came later has no post, and nobody has a post without a seat.
        let Some(post) = self.ahead.posts.get(slot) else { return };
        let Some(consumer) = self.consumers.get(post.consumer.index()) else { return };
        near(consumer);
        near(&consumer.acked);
        near(&self.crews[post.crew as usize]);
        near(&self.books[post.outlet.index()]);
        near(self.seats.get(post.seat));
        observer.soon(post.consumer, post.outlet, true);
    }
}
