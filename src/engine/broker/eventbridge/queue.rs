//! A dead-letter queue: keeps what targets never took, and gives it to whoever reads from it.

use crate::engine::broker::Desk;
use crate::engine::event::{Event, Message};
use crate::engine::fifo::Fifo;
use crate::ids::{OutletId, SeatId};
use std::collections::VecDeque;

/// A standard queue: its readers share what is in it.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub outlet: OutletId,
    /// Handed over before and come back: they go first.
    returned: VecDeque<Message>,
    ready: Fifo<Message>,
    readers: Vec<(SeatId, bool)>,
    turn: usize,
}

impl Queue {
    pub fn new(outlet: OutletId, readers: Vec<SeatId>) -> Queue {
        let readers = readers.into_iter().map(|seat| (seat, true)).collect();
        Queue { outlet, returned: VecDeque::new(), ready: Fifo::default(), readers, turn: 0 }
    }

    /// Takes a dead letter in.
    pub fn push(&mut self, event: &Event, desk: &mut Desk) {
        self.ready.push(desk.owe(self.outlet, event));
        self.hand_out(desk);
    }

    /// A reader is there, or gone and has given these back.
    pub fn set_up(&mut self, seat: SeatId, up: bool, copies: &[Message], desk: &mut Desk) {
        self.readers.iter_mut().filter(|(reader, _)| *reader == seat).for_each(|(_, is)| *is = up);
        for copy in copies.iter().rev() {
            let message = desk.take_back(self.outlet, copy);
            self.returned.push_front(message);
        }
        self.hand_out(desk);
    }

    fn hand_out(&mut self, desk: &mut Desk) {
        let n = self.readers.len();
        while let Some(next) = (0..n).map(|i| (self.turn + i) % n).find(|i| self.readers[*i].1) {
            let Some(message) = self.returned.pop_front().or_else(|| self.ready.pop()) else { return };
            self.turn = (next + 1) % n;
            desk.release(self.readers[next].0, message);
        }
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        size_of::<Queue>() + self.returned.len() * size_of::<Message>() + self.ready.weigh(each)
    }

    pub fn waiting(&self) -> impl Iterator<Item = &Message> {
        self.returned.iter().chain(self.ready.iter())
    }
}
