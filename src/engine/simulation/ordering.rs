//! Handling where the order of each key is kept: see [`Lanes`](crate::engine::lanes::Lanes).

use super::Simulation;
use crate::engine::event::Message;
use crate::engine::observe::{Observation, Observer};
use crate::ids::OutletId;

impl Simulation {
    /// A message has come: a worker that rests begins with it, unless another of its key is in the way.
    #[inline(never)]
    pub(super) fn arrive_in_lane<O: Observer>(&mut self, crew: u32, outlet: OutletId, message: &Message, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        let Some(lanes) = &mut station.lanes else { return };
        // Where no worker rests, everything waits in one queue: who is in whose way is looked at when its turn comes.
        let rests = station.idle.len() > 0;
        if rests && !lanes.is_taken(message) {
            lanes.take(message);
            if let Some(worker) = station.idle.take() {
                let (consumer, slot) = (station.consumer, station.first_worker + worker);
                self.begin(consumer, slot, outlet, message, false, observer);
            }
            return;
        }
        if self.shed_at_the_door(crew, message, observer) {
            return;
        }
        let station = &mut self.crews[crew as usize];
        if !(rests && station.lanes.as_mut().is_some_and(|lanes| lanes.hold_up(message))) {
            station.inbox.push(*message);
        }
        self.waits_at_consumer(outlet, message, observer);
    }

    /// A message that has its lane goes on after a backoff.
    pub(super) fn go_on_in_lane<O: Observer>(&mut self, crew: u32, outlet: OutletId, message: &Message, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        if let Some(worker) = station.idle.take() {
            let (consumer, slot) = (station.consumer, station.first_worker + worker);
            return self.begin(consumer, slot, outlet, message, false, observer);
        }
        if self.shed_at_the_door(crew, message, observer) {
            self.free_lane(crew, message);
            return self.wake_ready(crew, observer);
        }
        self.crews[crew as usize].lanes.iter_mut().for_each(|lanes| lanes.wait_again(message));
        self.waits_at_consumer(outlet, message, observer);
    }

    fn waits_at_consumer<O: Observer>(&mut self, outlet: OutletId, message: &Message, observer: &mut O) {
        self.books[outlet.index()].waiting += 1;
        self.note(&Observation::Waits { outlet, event: &message.event }, observer);
    }

    /// A worker that is free takes what is ready, else what has come first and has nothing in its way, else it rests.
    #[inline(never)]
    pub(super) fn take_next_in_lane<O: Observer>(&mut self, crew: u32, worker: u32, observer: &mut O) {
        let station = &mut self.crews[crew as usize];
        let Some(lanes) = &mut station.lanes else { return };
        let next = lanes.next().or_else(|| {
            loop {
                let message = station.inbox.pop()?;
                if !lanes.hold_up(&message) {
                    lanes.take(&message);
                    return Some(message);
                }
            }
        });
        match next {
            Some(message) => {
                let (consumer, slot) = (station.consumer, station.first_worker + worker);
                let outlet = self.seats.get(message.event.seat).outlet;
                self.books[outlet.index()].waiting -= 1;
                self.begin(consumer, slot, outlet, &message, true, observer);
            }
            None => station.idle.give(worker),
        }
    }

    /// A message is out of its worker's hands for good: the next of its key may begin.
    #[inline(always)]
    pub(super) fn free_lane(&mut self, crew: u32, message: &Message) {
        if let Some(lanes) = &mut self.crews[crew as usize].lanes {
            lanes.release(message);
        }
    }

    /// Workers that rest begin with what is ready, where its lane was given free by nobody who takes the next himself.
    pub(super) fn wake_ready<O: Observer>(&mut self, crew: u32, observer: &mut O) {
        loop {
            let station = &mut self.crews[crew as usize];
            let ready = station.lanes.as_ref().is_some_and(|lanes| lanes.is_ready());
            let Some(worker) = (if ready { station.idle.take() } else { None }) else { return };
            self.take_next_in_lane(crew, worker, observer);
        }
    }
}
