//! State folded from events, twice: as it is, and as it would be had every event been applied exactly once.
//!
//! Numbers are kept in millionths, so that sums do not depend on the order in which they are made: what differs, differs for a
//! reason.

use super::event::{Event, Key, Value, attribute};
use crate::ids::EventId;
use crate::scenario::Plan;
use crate::scenario::state::{By, Fold, Projection};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A consumer's state.
#[derive(Clone, Debug)]
pub struct State {
    fold: Fold,
    by: By,
    cells: BTreeMap<Cell, Pair>,
    published: Seen,
    applied: Seen,
    figures: Tally,
}

/// What there is a value of. Beyond [`MOST_CELLS`] all further ones share the first kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Whole,
    Of(Key),
    Named(Key, Arc<str>),
}

const MOST_CELLS: usize = 1_000_000;

/// A value as it should be and as it is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Pair {
    expected: Held,
    actual: Held,
}

/// A number in millionths, or a text.
#[derive(Clone, Debug, Default, PartialEq)]
struct Held {
    number: i128,
    text: Option<Arc<str>>,
}

/// What an event does to a cell.
enum Change {
    Add(i128),
    Put(Held),
}

/// Sums over all cells.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    expected: i128,
    actual: i128,
    off: i128,
    wrong: u64,
    missing: u64,
    repeated: u64,
}

/// Expected against actual.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct StateFigures {
    /// What the state would come to: the sum over all keys; for balances, what was moved.
    pub expected: f64,
    /// What it comes to.
    pub actual: f64,
    /// The latter less the former.
    pub difference: f64,
    /// How far all values are off, added up without their signs.
    pub off: f64,
    /// Keys, accounts or values that are wrong.
    pub wrong: u64,
    /// Of so many.
    pub keys: u64,
    /// Events that were published and are not in it (yet).
    pub missing: u64,
    /// Times an event was applied that was in it already.
    pub repeated: u64,
}

/// Which events, one bit for each.
#[derive(Clone, Debug, Default)]
struct Seen(BTreeMap<u32, Vec<u64>>);

impl Seen {
    /// Notes an event; false if it was there already.
    fn insert(&mut self, event: EventId) -> bool {
        let bits = self.0.entry(event.emitter().0).or_default();
        let (word, bit) = ((event.serial() / 64) as usize, 1u64 << (event.serial() % 64));
        if bits.len() <= word {
            bits.resize(word + 1, 0);
        }
        let new = bits[word] & bit == 0;
        bits[word] |= bit;
        new
    }

    /// Whether an event is there.
    fn holds(&self, event: EventId) -> bool {
        let words = self.0.get(&event.emitter().0);
        words.and_then(|words| words.get((event.serial() / 64) as usize)).is_some_and(|word| word & 1 << (event.serial() % 64) != 0)
    }
}

impl State {
    /// A state before anything happened.
    pub fn new(projection: &Projection) -> State {
        State {
            fold: projection.fold.clone(),
            by: projection.by,
            cells: BTreeMap::new(),
            published: Seen::default(),
            applied: Seen::default(),
            figures: Tally::default(),
        }
    }

    /// An event that is meant for this state has been published (in a transaction: committed). False if that is known already.
    pub fn expect(&mut self, plan: &Plan, seed: u64, event: &Event) -> bool {
        let new = self.published.insert(event.id);
        if new {
            self.figures.missing += u64::from(!self.applied.holds(event.id));
            self.change(plan, seed, event, true);
        }
        new
    }

    /// An event has been handled: it changes the state, whether it did before or not. False if it did.
    pub fn apply(&mut self, plan: &Plan, seed: u64, event: &Event) -> bool {
        let new = self.applied.insert(event.id);
        if new {
            self.figures.missing -= u64::from(self.published.holds(event.id));
        } else {
            self.figures.repeated += 1;
        }
        self.change(plan, seed, event, false);
        new
    }

    /// The state is thrown away, to be built again from stored events.
    pub fn reset(&mut self) {
        self.applied = Seen::default();
        let published: u64 = self.published.0.values().flatten().map(|word| u64::from(word.count_ones())).sum();
        let expected = self.figures.expected;
        self.figures = Tally { expected, missing: published, ..Tally::default() };
        for pair in self.cells.values_mut() {
            pair.actual = Held::default();
            self.figures.off += pair.off();
            self.figures.wrong += u64::from(pair.is_wrong());
        }
    }

    /// Bytes that a copy takes; texts, which copies share, not counted.
    pub fn bytes(&self) -> usize {
        // Nodes of such maps are two thirds full on average.
        let cells = self.cells.len() * (size_of::<Cell>() + size_of::<Pair>()) * 3 / 2;
        let bits = |seen: &Seen| seen.0.values().map(|words| words.len() * size_of::<u64>()).sum::<usize>();
        size_of::<State>() + cells + bits(&self.published) + bits(&self.applied)
    }

    /// What it should come to, and what it comes to.
    pub fn sums(&self) -> (f64, f64) {
        (plain(self.figures.expected), plain(self.figures.actual))
    }

    /// Expected against actual.
    pub fn figures(&self) -> StateFigures {
        let f = &self.figures;
        StateFigures {
            expected: plain(f.expected),
            actual: plain(f.actual),
            difference: plain(f.actual - f.expected),
            off: plain(f.off),
            wrong: f.wrong,
            keys: self.cells.len() as u64,
            missing: f.missing,
            repeated: f.repeated,
        }
    }

    fn change(&mut self, plan: &Plan, seed: u64, event: &Event, expected: bool) {
        let key = if self.by == By::Key { event.key } else { Key::NONE };
        let value = |name: &str| attribute(plan, seed, event, name);
        match &self.fold {
            Fold::Count => self.put(cell(key), Change::Add(MILLION), expected),
            Fold::Sum(name) => {
                if let Some(Value::Number(number)) = value(name) {
                    self.put(cell(key), Change::Add(millionths(number)), expected);
                }
            }
            Fold::Last(name) => {
                if let Some(value) = value(name) {
                    self.put(cell(key), Change::Put(held(value)), expected);
                }
            }
            Fold::Set(name) => {
                if let Some(value) = value(name) {
                    self.put(Cell::Named(key, name_of(value)), Change::Put(Held { number: MILLION, text: None }), expected);
                }
            }
            Fold::Balance { from, to, amount } => {
                if let (Some(from), Some(to), Some(Value::Number(amount))) = (value(from), value(to), value(amount)) {
                    let amount = millionths(amount);
                    self.put(Cell::Named(Key::NONE, name_of(from)), Change::Add(-amount), expected);
                    self.put(Cell::Named(Key::NONE, name_of(to)), Change::Add(amount), expected);
                    // The sum of all accounts never changes: what was moved says more.
                    *if expected { &mut self.figures.expected } else { &mut self.figures.actual } += amount;
                }
            }
        }
    }

    fn put(&mut self, cell: Cell, change: Change, expected: bool) {
        let full = self.cells.len() >= MOST_CELLS && !self.cells.contains_key(&cell);
        let pair = self.cells.entry(if full { Cell::Whole } else { cell }).or_default();
        let (off, wrong) = (pair.off(), pair.is_wrong());
        let held = if expected { &mut pair.expected } else { &mut pair.actual };
        let before = held.number;
        match change {
            Change::Add(number) => held.number += number,
            Change::Put(new) => *held = new,
        }
        let grown = held.number - before;
        self.figures.off += pair.off() - off;
        self.figures.wrong = self.figures.wrong + u64::from(pair.is_wrong()) - u64::from(wrong);
        if !matches!(self.fold, Fold::Balance { .. }) {
            *if expected { &mut self.figures.expected } else { &mut self.figures.actual } += grown;
        }
    }
}

impl Pair {
    fn off(&self) -> i128 {
        (self.expected.number - self.actual.number).abs()
    }

    fn is_wrong(&self) -> bool {
        self.expected != self.actual
    }
}

const MILLION: i128 = 1_000_000;

fn cell(key: Key) -> Cell {
    if key == Key::NONE { Cell::Whole } else { Cell::Of(key) }
}

fn millionths(number: f64) -> i128 {
    libm::round(number * MILLION as f64) as i128
}

fn plain(millionths: i128) -> f64 {
    millionths as f64 / MILLION as f64
}

fn held(value: Value) -> Held {
    match value {
        Value::Number(number) => Held { number: millionths(number), text: None },
        Value::Text(text) => Held { number: 0, text: Some(text.into()) },
    }
}

fn name_of(value: Value) -> Arc<str> {
    match value {
        Value::Number(number) => number.to_string().into(),
        Value::Text(text) => text.into(),
    }
}
