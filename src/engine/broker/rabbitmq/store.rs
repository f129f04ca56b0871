//! The ready messages of a queue, in the order in which they leave.

use super::message::Letter;
use crate::engine::fifo::Fifo;
use std::collections::VecDeque;

/// Where a message stood: what it needs to go back there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number among all that left the same level.
    pub number: u64,
    /// Its level: the priority of a classic queue.
    pub level: u8,
}

/// Ready messages.
#[derive(Clone, Debug)]
pub enum Store<M> {
    /// Classic: what comes back goes to its old place.
    Classic(Levels<M>),
    /// Quorum: what comes back goes behind what came back before, and in front of all else.
    Quorum(Box<TwoLevels<M>>),
}

/// A classic queue's messages: one level for each priority.
#[derive(Clone, Debug)]
pub struct Levels<M> {
    levels: Vec<Level<M>>,
    len: u64,
    left: u64,
}

#[derive(Clone, Debug)]
struct Level<M> {
    /// What came back, by its number. All of it left before anything in `fresh` will, so it is always in front.
    returned: VecDeque<(u64, Letter<M>)>,
    fresh: Fifo<Letter<M>>,
}

/// A quorum queue's messages (since 4.0): priorities of 5 and above are served before the rest, two to one while both wait.
#[derive(Clone, Debug)]
pub struct TwoLevels<M> {
    returned: VecDeque<Letter<M>>,
    high: Fifo<(u64, Letter<M>)>,
    low: Fifo<(u64, Letter<M>)>,
    len: u64,
    arrived: u64,
    /// Counts 0, 1, 2 with what leaves; at 2 it is the turn of the low ones.
    turn: u8,
}

impl<M: Clone> Store<M> {
    /// An empty store of a classic queue with priorities up to `max_priority`.
    pub fn classic(max_priority: Option<u8>) -> Store<M> {
        let level = || Level { returned: VecDeque::new(), fresh: Fifo::default() };
        let levels = (0..=max_priority.unwrap_or(0)).map(|_| level()).collect();
        Store::Classic(Levels { levels, len: 0, left: 0 })
    }

    /// An empty store of a quorum queue.
    pub fn quorum() -> Store<M> {
        let (high, low) = (Fifo::default(), Fifo::default());
        Store::Quorum(Box::new(TwoLevels { returned: VecDeque::new(), high, low, len: 0, arrived: 0, turn: 0 }))
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        match self {
            Store::Classic(levels) => {
                let level = |level: &Level<M>| {
                    size_of::<Level<M>>() + level.returned.len() * size_of::<(u64, Letter<M>)>() + level.fresh.weigh(each)
                };
                levels.levels.iter().map(level).sum()
            }
            Store::Quorum(levels) => {
                let own = size_of::<TwoLevels<M>>() + levels.returned.len() * size_of::<Letter<M>>();
                own + levels.high.weigh(each) + levels.low.weigh(each)
            }
        }
    }

    /// How many are ready.
    #[inline]
    pub fn len(&self) -> u64 {
        match self {
            Store::Classic(levels) => levels.len,
            Store::Quorum(levels) => levels.len,
        }
    }

    /// Whether none is.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the newest.
    #[inline]
    pub fn push(&mut self, letter: Letter<M>) {
        match self {
            Store::Classic(levels) => {
                let level = usize::from(letter.priority()).min(levels.levels.len() - 1);
                levels.len += 1;
                levels.levels[level].fresh.push(letter);
            }
            Store::Quorum(levels) => {
                let entry = (levels.arrived, letter);
                levels.arrived += 1;
                levels.len += 1;
                if entry.1.priority() > 4 { levels.high.push(entry) } else { levels.low.push(entry) }
            }
        }
    }

    /// The next to leave, left where it is.
    #[inline(always)]
    pub fn front(&self) -> Option<&Letter<M>> {
        // Asked several times per delivery, and mostly of an empty queue.
        if self.is_empty() { None } else { self.front_of_some() }
    }

    fn front_of_some(&self) -> Option<&Letter<M>> {
        match self {
            Store::Classic(levels) => levels.levels.iter().rev().find_map(Level::front),
            Store::Quorum(levels) => levels.front(),
        }
    }

    /// Takes the next.
    #[inline]
    pub fn pop(&mut self) -> Option<(Place, Letter<M>)> {
        match self {
            Store::Classic(levels) => levels.pop(),
            Store::Quorum(levels) => {
                let letter = levels.pop()?;
                Some((Place { number: 0, level: 0 }, letter))
            }
        }
    }

    /// A place for a message that leaves without having been stored.
    #[inline]
    pub fn passing(&mut self, letter: &Letter<M>) -> Place {
        match self {
            Store::Classic(levels) => {
                levels.left += 1;
                let level = usize::from(letter.priority()).min(levels.levels.len() - 1) as u8;
                Place { number: levels.left, level }
            }
            Store::Quorum(_) => Place { number: 0, level: 0 },
        }
    }

    /// Puts back what left.
    pub fn put_back(&mut self, place: Place, letter: Letter<M>) {
        match self {
            Store::Classic(levels) => {
                levels.len += 1;
                let returned = &mut levels.levels[usize::from(place.level)].returned;
                let at = returned.partition_point(|(number, _)| *number < place.number);
                returned.insert(at, (place.number, letter));
            }
            Store::Quorum(levels) => {
                levels.len += 1;
                levels.returned.push_back(letter);
            }
        }
    }

    /// Keeps only some, each at its place. (Quorum queues lose nothing in a restart, so they keep all.)
    pub fn retain(&mut self, keep: impl Fn(&Letter<M>) -> bool) {
        let Store::Classic(levels) = self else { return };
        for level in &mut levels.levels {
            level.returned.retain(|(_, letter)| keep(letter));
            let mut fresh = Fifo::default();
            level.fresh.iter().filter(|letter| keep(letter)).for_each(|letter| fresh.push(letter.clone()));
            level.fresh = fresh;
        }
        levels.len = levels.levels.iter().map(|level| level.returned.len() as u64 + level.fresh.iter().count() as u64).sum();
    }

    /// All of them; order only within a level.
    pub fn iter(&self) -> Box<dyn Iterator<Item = &Letter<M>> + '_> {
        match self {
            Store::Classic(levels) => Box::new(levels.levels.iter().rev().flat_map(|level| {
                let returned = level.returned.iter().map(|(_, letter)| letter);
                returned.chain(level.fresh.iter())
            })),
            Store::Quorum(levels) => {
                let fresh = levels.high.iter().chain(levels.low.iter()).map(|(_, letter)| letter);
                Box::new(levels.returned.iter().chain(fresh))
            }
        }
    }
}

impl<M: Clone> Level<M> {
    #[inline]
    fn front(&self) -> Option<&Letter<M>> {
        match self.returned.front() {
            Some((_, letter)) => Some(letter),
            None => self.fresh.front(),
        }
    }
}

impl<M: Clone> Levels<M> {
    #[inline]
    fn pop(&mut self) -> Option<(Place, Letter<M>)> {
        if self.len == 0 {
            return None;
        }
        for (at, level) in self.levels.iter_mut().enumerate().rev() {
            if let Some((number, letter)) = level.returned.pop_front() {
                self.len -= 1;
                return Some((Place { number, level: at as u8 }, letter));
            }
            if let Some(letter) = level.fresh.pop() {
                self.len -= 1;
                self.left += 1;
                return Some((Place { number: self.left, level: at as u8 }, letter));
            }
        }
        None
    }
}

impl<M: Clone> TwoLevels<M> {
    /// Whether the next one that never left comes from the high level.
    fn high_is_next(&self) -> bool {
        match (self.high.front(), self.low.front()) {
            (Some(_), None) => true,
            (Some((high, _)), Some((low, _))) => self.turn != 2 || high < low,
            (None, _) => false,
        }
    }

    fn front(&self) -> Option<&Letter<M>> {
        if let Some(letter) = self.returned.front() {
            return Some(letter);
        }
        let fresh = if self.high_is_next() { self.high.front() } else { self.low.front() };
        fresh.map(|(_, letter)| letter)
    }

    fn pop(&mut self) -> Option<Letter<M>> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        if let Some(letter) = self.returned.pop_front() {
            return Some(letter);
        }
        let fresh = if self.high_is_next() { self.high.pop() } else { self.low.pop() };
        self.turn = (self.turn + 1) % 3;
        fresh.map(|(_, letter)| letter)
    }
}
