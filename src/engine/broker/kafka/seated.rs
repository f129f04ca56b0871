//! What members have in hand, by the seats of the whole plan.

use super::cluster::{Handed, Seated};
use crate::ids::SeatId;

/// The seats at a broker. Those of the brokers of one file are numbered together, mostly reader by reader: nothing is kept of what lies
/// before a broker's first and behind its last.
#[derive(Clone, Debug, Default)]
pub(super) struct BySeat {
    first: usize,
    list: Vec<Option<Seated>>,
}

impl BySeat {
    fn place(&self, seat: SeatId) -> usize {
        seat.index().wrapping_sub(self.first)
    }

    /// What a seat has, if it is one of this broker's.
    #[inline]
    pub fn get(&self, seat: SeatId) -> Option<&Seated> {
        self.list.get(self.place(seat))?.as_ref()
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, seat: SeatId) -> Option<&mut Seated> {
        let place = self.place(seat);
        self.list.get_mut(place)?.as_mut()
    }

    /// A seat more.
    pub fn put(&mut self, seat: SeatId, seated: Seated) {
        let index = seat.index();
        if self.list.is_empty() {
            self.first = index;
        } else if index < self.first {
            self.list.splice(..0, std::iter::repeat_n(None, self.first - index));
            self.first = index;
        }
        let place = index - self.first;
        self.list.resize(self.list.len().max(place + 1), None);
        self.list[place] = Some(seated);
    }

    /// All of them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Seated> {
        self.list.iter_mut().flatten()
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        let handed = |seated: &Seated| seated.handed.capacity() * size_of::<Handed>();
        self.list.len() * size_of::<Option<Seated>>() + self.list.iter().flatten().map(handed).sum::<usize>()
    }
}
