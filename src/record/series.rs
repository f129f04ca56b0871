//! Figures over time: the run cut into bins of equal width, one row of running totals at the end of each.
//!
//! Rows hold totals since the start, so that the figures of any span are a difference of two of them: a bin, a few
//! hundred bins that a plot draws as one, the last second before now. Coarser levels spare whoever draws a long run from looking at
//! every bin. On all levels bins are 1, 2 or 5 times a power of ten wide, as are most intervals that people give: so all bins of what is
//! regular hold the same number of events, and its line is straight. Rows are shared, so that a copy of a series (a checkpoint, a frame)
//! costs next to nothing. Memory is bounded: the number of bins shrinks as the number of nodes and outlets grows (see
//! [`Series::bins_for`]).

use super::heat::Heat;
use super::tape::Tape;
use crate::engine::Note;
use crate::ids::{ConsumerId, LinkId, NodeId, OutletId, StoreId, TypeId};
use crate::scenario::Plan;
use crate::time::{SECOND, Span, Time};
use std::borrow::Cow;
use std::sync::Arc;

/// The finished bins of a run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Width of a bin.
    pub width: Span,
    /// From the finest to the coarsest that has a row.
    levels: Vec<Level>,
    /// The bin under way, where somebody asked for it.
    open: Option<Arc<Row>>,
    /// What happened apart from events, in order of time.
    happenings: Tape<Happening>,
}

/// Bins of one width.
#[derive(Clone, Debug, PartialEq)]
struct Level {
    /// How many of the finest make one of these.
    times: u64,
    /// The level whose rows are put together for it.
    from: usize,
    rows: Tape<Row>,
}

/// Something that happened to a broker: a rebalance, a node that failed, publishers held back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// To which node.
    pub node: NodeId,
    /// What.
    pub note: Note,
}

/// Running totals at the end of a bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where the bin ends.
    pub end: Time,
    /// By [`NodeId`]: emitted by a producer, taken in by a broker, handled to the end by a consumer, served by a
    /// store.
    pub counts: Box<[u64]>,
    /// By [`LinkId`]: events that set out.
    pub sent: Box<[u64]>,
    /// By [`TypeId`]: events published.
    pub types: Box<[u64]>,
    /// By [`OutletId`].
    pub outlets: Box<[OutletCell]>,
    /// By [`ConsumerId`].
    pub consumers: Box<[ConsumerCell]>,
    /// By [`StoreId`].
    pub stores: Box<[StoreCell]>,
    /// By [`NodeId`]: held-back events times nanoseconds; empty until a broker first holds one back.
    pub held: Box<[u128]>,
    /// What the lags of all consumers together count too often, because several share an outlet: events times nanoseconds.
    pub owed_again: u128,
}

/// A store at the end of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StoreCell {
    /// Sum of the times of all calls, waiting included, nanoseconds.
    pub time: u128,
    /// Waiting calls times nanoseconds.
    pub queue: u128,
    /// Connections in use times nanoseconds.
    pub busy: u128,
    /// Connections times nanoseconds.
    pub room: u128,
    /// Calls that failed since the start.
    pub failed: u64,
}

/// An outlet at the end of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutletCell {
    /// Waiting events times nanoseconds.
    pub waiting: u128,
    /// The most events that waited at once within the bin.
    pub most: u64,
}

/// A consumer at the end of a bin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerCell {
    /// Sum of the latencies of everything handled to the end, nanoseconds.
    pub latency: u128,
    /// Owed events times nanoseconds.
    pub lag: u128,
    /// Busy workers times nanoseconds.
    pub busy: u128,
    /// Workers times nanoseconds.
    pub room: u128,
    /// Messages whose last attempt failed.
    pub failed: u64,
    /// Further attempts scheduled.
    pub retries: u64,
    /// Attempts that failed and whose event its broker took back.
    pub given_back: u64,
    /// Age of its projection times time, square nanoseconds.
    pub stale: u128,
    /// What its projection should come to, and what it comes to.
    pub state: (f64, f64),
    /// Latencies within this bin.
    pub heat: Heat,
}

/// A bin, or several taken together: the figures between two rows.
#[derive(Clone, Copy, Debug)]
pub struct Bin<'a> {
    /// The row where it begins; the start of the run if there is none.
    before: Option<&'a Row>,
    /// The row where it ends.
    row: &'a Row,
    /// The whole bin of its level in it; none where it has only what came after the last of them.
    whole: Option<&'a Row>,
    /// The level of which it has all that came after the last whole bin.
    rest: Option<(&'a Series, usize)>,
}

impl Row {
    /// The memory it takes.
    pub fn bytes(&self) -> usize {
        let heat: usize = self.consumers.iter().map(|consumer| consumer.heat.bytes()).sum();
        size_of::<Row>()
            + size_of_val(&*self.counts)
            + size_of_val(&*self.sent)
            + size_of_val(&*self.types)
            + size_of_val(&*self.outlets)
            + size_of_val(&*self.consumers)
            + size_of_val(&*self.stores)
            + size_of_val(&*self.held)
            + heat
    }

    /// Rows that follow each other as one row of another level; none of none.
    fn merged(rows: &[&Row]) -> Option<Row> {
        let mut merged = Row::clone(rows.last()?);
        for (i, cell) in merged.outlets.iter_mut().enumerate() {
            cell.most = rows.iter().map(|row| row.outlets[i].most).max().unwrap_or_default();
        }
        for (i, cell) in merged.consumers.iter_mut().enumerate() {
            cell.heat = Heat::sum(rows.iter().map(|row| &row.consumers[i].heat));
        }
        Some(merged)
    }
}

impl Series {
    /// Memory bound of the bins themselves; all coarser levels together take as much again.
    const BYTES: usize = 32 << 20;
    /// What a consumer's latencies in a bin may be expected to take.
    const HEAT: usize = 128;
    /// Most bins of a run that somebody looks at closely.
    pub const FINE: usize = 8192;
    /// Most bins of a run that nobody looks at while it goes on.
    pub const PLAIN: usize = 512;

    /// An empty series in bins of this width.
    pub fn new(width: Span) -> Series {
        Series { width, levels: Vec::new(), open: None, happenings: Tape::default() }
    }

    /// The width of the bins of a run: such that there are no more of them than [`Series::bins_for`], and 1, 2 or 5 times a power of ten
    /// nanoseconds.
    pub fn width_for(plan: &Plan, most: usize) -> Span {
        let least = plan.duration.0.div_ceil(Self::bins_for(plan, most) as u64).max(1);
        let power = 10u64.pow(least.ilog10());
        let even = [1, 2, 5].into_iter().map(|digit| power.saturating_mul(digit)).find(|width| *width >= least);
        Span(even.unwrap_or(power.saturating_mul(10)))
    }

    /// How many bins a run may be cut into: at most `most`, fewer where a row is long, but at least 10.
    pub fn bins_for(plan: &Plan, most: usize) -> usize {
        let consumer = size_of::<ConsumerCell>() + Self::HEAT;
        let numbers = (plan.nodes.len() + plan.links.len() + plan.types.len()) * size_of::<u64>();
        let row = size_of::<Row>() + numbers + plan.outlets.len() * size_of::<OutletCell>() + plan.consumers.len() * consumer;
        let row = row + plan.stores.len() * size_of::<StoreCell>();
        (Self::BYTES / row).min(most).max(10)
    }

    /// Adds the bin that has just ended.
    pub fn push(&mut self, row: Row) {
        self.open = None;
        if self.levels.is_empty() {
            self.levels.push(Level { times: 1, from: 0, rows: Tape::default() });
        }
        self.levels[0].rows.push(Arc::new(row));
        let all = self.len() as u64;
        for level in 1.. {
            let (times, from) = self.levels.get(level).map_or_else(|| self.next_level(), |known| (known.times, known.from));
            if all.is_multiple_of(times) {
                let below = &self.levels[from];
                let first = below.rows.len() - (times / below.times) as usize;
                let Some(row) = Row::merged(&below.rows(first)) else { break };
                if level == self.levels.len() {
                    self.levels.push(Level { times, from, rows: Tape::default() });
                }
                self.levels[level].rows.push(Arc::new(row));
            } else if level == self.levels.len() {
                break;
            }
        }
    }

    /// What follows the coarsest level: how many of the finest bins make one, and from which level they are put together. After 1, 2
    /// and 5 times a power of ten comes the next power.
    fn next_level(&self) -> (u64, usize) {
        let last = self.levels.len() - 1;
        let mut lead = self.width.0 * self.levels[last].times;
        while lead > 0 && lead.is_multiple_of(10) {
            lead /= 10;
        }
        match (lead, last.checked_sub(1)) {
            (2, Some(before)) => (self.levels[before].times * 5, before),
            (2, None) => (self.levels[last].times * 5, last),
            _ => (self.levels[last].times * 2, last),
        }
    }

    /// Most happenings that are kept: a run that does nothing but rebalance shows as such.
    const HAPPENINGS: usize = 10_000;

    /// Notes that something happened.
    pub fn note(&mut self, happening: Happening) {
        if self.happenings.len() < Self::HAPPENINGS {
            self.happenings.push(Arc::new(happening));
        }
    }

    /// What happened apart from events, in order of time.
    pub fn happenings(&self) -> impl Iterator<Item = &Happening> + '_ {
        (0..self.happenings.len()).filter_map(|i| self.happenings.get(i).map(|happening| &**happening))
    }

    /// With the bin under way.
    pub fn with_open(&self, row: Row) -> Series {
        Series { open: Some(Arc::new(row)), ..self.clone() }
    }

    /// How many bins there are, the one under way not counted.
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, |level| level.rows.len())
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.open.is_none()
    }

    /// The totals at the end.
    fn last(&self) -> Option<&Row> {
        self.open.as_ref().or_else(|| self.levels.first()?.rows.last()).map(|row| &**row)
    }

    /// Up to when there are figures.
    pub fn end(&self) -> Time {
        self.last().map_or(Time::ZERO, |row| row.end)
    }

    /// The figures of the last while: from the latest end of a bin that is at least `back` before the last row, or from the start of the
    /// run if there is none.
    pub fn recent(&self, back: Span) -> Option<Bin<'_>> {
        let row = self.last()?;
        let bins = (row.end - (Time::ZERO + back)).0.checked_div(self.width.0).unwrap_or(0) as usize;
        let before = bins.checked_sub(1).and_then(|last| self.levels.first()?.row(last));
        Some(Bin::of(before, row))
    }

    /// The bins between two times (in seconds) and one on either side, in the finest level in which they are about `most` or fewer. The
    /// last one has what came after it as well, since the rates of a fraction of a bin would be chance; of the finest level, half a bin
    /// and more is one of its own.
    pub fn bins(&self, from: f64, to: f64, most: usize) -> Vec<Bin<'_>> {
        let width = self.width.seconds().max(1e-9);
        let few = |level: &Level| (to - from) / (width * level.times as f64) <= most.max(1) as f64;
        self.level(self.levels.iter().position(few).unwrap_or(self.levels.len().saturating_sub(1)), from, to)
    }

    /// The same for lines that still grow, whose ends are not to waver: the last bin has nothing of what came after it.
    pub fn settled_bins(&self, from: f64, to: f64, most: usize) -> Vec<Bin<'_>> {
        let mut bins = self.bins(from, to, most);
        if let Some(last) = bins.last_mut()
            && let Some(whole) = last.whole
        {
            (last.row, last.rest) = (whole, None);
        }
        bins
    }

    fn level(&self, number: usize, from: f64, to: f64) -> Vec<Bin<'_>> {
        let Some(level) = self.levels.get(number) else {
            return self.open.iter().map(|row| Bin { before: None, row, whole: None, rest: Some((self, 0)) }).collect();
        };
        let width = self.width.seconds().max(1e-9) * level.times as f64;
        let first = ((from / width).max(0.0) as usize).saturating_sub(1);
        let len = level.rows.len();
        let end = ((to / width).max(0.0) as usize).saturating_add(2).min(len);
        let bin = |index: usize| Some(Bin::of(index.checked_sub(1).and_then(|before| level.row(before)), level.row(index)?));
        let mut bins: Vec<Bin<'_>> = (first..end).filter_map(bin).collect();
        let Some((row, before)) = self.last().zip(level.row(len - 1)).filter(|(row, before)| row.end > before.end) else { return bins };
        if end == len && first <= end {
            let more = number > 0 || (row.end - before.end).0 < self.width.0 / 2;
            match bins.last_mut().filter(|_| more) {
                Some(last) => (last.row, last.rest) = (row, Some((self, number))),
                None => bins.push(Bin { before: Some(before), row, whole: None, rest: Some((self, number)) }),
            }
        }
        bins
    }

    /// The rows of what came after the last whole bin of a level, each of the coarsest level that it is put together from.
    fn beyond(&self, mut level: usize) -> Vec<&Row> {
        let mut rows = Vec::new();
        while level > 0 {
            let Level { times, from, rows: whole } = &self.levels[level];
            let below = &self.levels[*from];
            rows.extend(below.rows((times / below.times) as usize * whole.len()));
            level = *from;
        }
        rows.extend(self.open.iter().map(|row| &**row));
        rows
    }

    /// The figures of a whole span (in seconds), as exactly as the bins allow; none before the first bin has ended.
    pub fn span(&self, from: f64, to: f64) -> Option<Bin<'_>> {
        let level = self.levels.first()?;
        let width = self.width.seconds().max(1e-9);
        let at = |seconds: f64| ((seconds / width).round().max(0.0) as usize).min(self.len());
        let (mut first, mut last) = (at(from), at(to));
        if last <= first {
            // Narrower than a bin: the one that it is in.
            first = first.min(self.len().saturating_sub(1));
            last = (first + 1).min(self.len());
        }
        let row = |bins: usize| bins.checked_sub(1).and_then(|index| level.row(index));
        (last > first).then_some(())?;
        Some(Bin::of(row(first), row(last)?))
    }

    /// A consumer's latencies over a span (in seconds).
    pub fn heat(&self, consumer: ConsumerId, from: f64, to: f64) -> Heat {
        // Whole bins only: those that a span merely touches are not in it, unless there are no others.
        let inside =
            |bin: &&Bin<'_>| bin.begin() + 1e-9 >= from - self.width.seconds() / 2.0 && bin.end() <= to + self.width.seconds() / 2.0;
        let bins = self.level(0, from, to);
        let heats: Vec<Cow<'_, Heat>> = bins.iter().filter(inside).map(|bin| bin.heat(consumer)).collect();
        Heat::sum(heats.iter().map(|heat| &**heat))
    }

    /// Calls `each` with the identity and the bytes of every sealed block of rows, and gives the bytes of what is not shared.
    pub fn weigh(&self, mut each: impl FnMut(usize, usize)) -> usize {
        self.happenings.blocks(|block, notes| each(block, size_of_val(notes) + notes.len() * size_of::<Happening>()));
        let mut own = self.happenings.newest() * size_of::<usize>();
        for level in &self.levels {
            level.rows.blocks(|block, rows| each(block, rows.iter().map(|row| row.bytes()).sum()));
            own += size_of::<Level>() + level.rows.newest() * size_of::<usize>();
        }
        own
    }
}

impl Level {
    fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index).map(|row| &**row)
    }

    /// From a row on.
    fn rows(&self, first: usize) -> Vec<&Row> {
        (first..self.rows.len()).filter_map(|index| self.row(index)).collect()
    }
}

impl<'a> Bin<'a> {
    /// From one row to another.
    fn of(before: Option<&'a Row>, row: &'a Row) -> Bin<'a> {
        Bin { before, row, whole: Some(row), rest: None }
    }

    /// Rows with what is special of each stretch of it.
    fn rows(&self) -> impl Iterator<Item = &'a Row> {
        let rest = self.rest.map_or_else(Vec::new, |(series, level)| series.beyond(level));
        self.whole.into_iter().chain(rest)
    }

    /// Where it begins, in seconds.
    pub fn begin(&self) -> f64 {
        self.before.map_or(0.0, |row| row.end.seconds())
    }

    /// Where it ends, in seconds.
    pub fn end(&self) -> f64 {
        self.row.end.seconds()
    }

    /// Its middle, in seconds.
    pub fn middle(&self) -> f64 {
        (self.begin() + self.end()) / 2.0
    }

    fn ns(&self) -> f64 {
        (self.row.end - self.before.map_or(Time::ZERO, |row| row.end)).0.max(1) as f64
    }

    fn per_second(&self, count: impl Fn(&Row) -> Option<u64>) -> f64 {
        self.count(count) as f64 / self.ns() * SECOND as f64
    }

    fn count(&self, count: impl Fn(&Row) -> Option<u64>) -> u64 {
        count(self.row).unwrap_or(0).saturating_sub(self.before.and_then(&count).unwrap_or(0))
    }

    fn mean(&self, area: impl Fn(&Row) -> Option<u128>) -> f64 {
        self.area(area) / self.ns()
    }

    fn area(&self, area: impl Fn(&Row) -> Option<u128>) -> f64 {
        area(self.row).unwrap_or(0).saturating_sub(self.before.and_then(&area).unwrap_or(0)) as f64
    }

    /// Per second: emitted by a producer, taken in by a broker, handled to the end by a consumer.
    pub fn throughput(&self, node: NodeId) -> f64 {
        self.per_second(|row| row.counts.get(node.index()).copied())
    }

    /// Events of a type published per second.
    pub fn published(&self, kind: TypeId) -> f64 {
        self.per_second(|row| row.types.get(kind.index()).copied())
    }

    /// Events that set out on a link, per second.
    pub fn sent(&self, link: LinkId) -> f64 {
        self.per_second(|row| row.sent.get(link.index()).copied())
    }

    /// Messages of a consumer whose last attempt failed, per second.
    pub fn failed(&self, consumer: ConsumerId) -> f64 {
        self.per_second(|row| Some(row.consumers.get(consumer.index())?.failed))
    }

    /// Further attempts that a consumer scheduled, per second.
    pub fn retries(&self, consumer: ConsumerId) -> f64 {
        self.per_second(|row| Some(row.consumers.get(consumer.index())?.retries))
    }

    /// Attempts of a consumer that failed and whose event its broker took back, per second.
    pub fn given_back(&self, consumer: ConsumerId) -> f64 {
        self.per_second(|row| Some(row.consumers.get(consumer.index())?.given_back))
    }

    /// Mean seconds from publish to the end of handling; not a number if nothing ended.
    pub fn latency(&self, node: NodeId, consumer: ConsumerId) -> f64 {
        let ended = self.count(|row| row.counts.get(node.index()).copied()) as f64;
        self.area(|row| Some(row.consumers.get(consumer.index())?.latency)) / ended * 1e-9
    }

    /// Events owed to a consumer and not finished, mean over time.
    pub fn lag(&self, consumer: ConsumerId) -> f64 {
        self.mean(|row| Some(row.consumers.get(consumer.index())?.lag))
    }

    /// Events owed and not finished, mean over time; what is owed to several consumers that share an outlet counts once.
    pub fn owed(&self) -> f64 {
        self.mean(|row| Some(row.consumers.iter().map(|cell| cell.lag).sum::<u128>().saturating_sub(row.owed_again)))
    }

    /// Share of a consumer's workers that were busy.
    pub fn utilisation(&self, consumer: ConsumerId) -> f64 {
        let room = self.area(|row| Some(row.consumers.get(consumer.index())?.room));
        self.area(|row| Some(row.consumers.get(consumer.index())?.busy)) / room.max(1.0)
    }

    /// Age of a consumer's projection in seconds, mean over time.
    pub fn staleness(&self, consumer: ConsumerId) -> f64 {
        self.mean(|row| Some(row.consumers.get(consumer.index())?.stale)) * 1e-9
    }

    /// What a consumer's projection should come to at the end of the bin, and what it comes to; no numbers for who keeps none.
    pub fn state(&self, consumer: ConsumerId) -> (f64, f64) {
        self.row.consumers.get(consumer.index()).map_or((f64::NAN, f64::NAN), |cell| cell.state)
    }

    /// Mean seconds from a call's arrival at a store to its end; not a number if nothing ended.
    pub fn call_time(&self, node: NodeId, store: StoreId) -> f64 {
        let ended = self.count(|row| row.counts.get(node.index()).copied()) as f64;
        self.area(|row| Some(row.stores.get(store.index())?.time)) / ended * 1e-9
    }

    /// Calls waiting for a connection of a store, mean over time.
    pub fn queue(&self, store: StoreId) -> f64 {
        self.mean(|row| Some(row.stores.get(store.index())?.queue))
    }

    /// Share of a store's connections that were in use.
    pub fn store_utilisation(&self, store: StoreId) -> f64 {
        let room = self.area(|row| Some(row.stores.get(store.index())?.room));
        self.area(|row| Some(row.stores.get(store.index())?.busy)) / room.max(1.0)
    }

    /// Calls that a store let fail, per second.
    pub fn store_failed(&self, store: StoreId) -> f64 {
        self.per_second(|row| Some(row.stores.get(store.index())?.failed))
    }

    /// Events that its brokers make a node hold back, mean over time.
    pub fn held_back(&self, node: NodeId) -> f64 {
        self.mean(|row| row.held.get(node.index()).copied())
    }

    /// Whether any node has held anything back up to here.
    pub fn holds_back(&self) -> bool {
        !self.row.held.is_empty()
    }

    /// Events waiting at an outlet, mean over time.
    pub fn depth(&self, outlet: OutletId) -> f64 {
        self.mean(|row| Some(row.outlets.get(outlet.index())?.waiting))
    }

    /// The most events that waited at an outlet at once. Only of a single bin of a level, not of any span.
    pub fn most(&self, outlet: OutletId) -> u64 {
        self.rows().filter_map(|row| row.outlets.get(outlet.index())).map(|cell| cell.most).max().unwrap_or_default()
    }

    /// A consumer's latencies. Only of a single bin of a level, not of any span.
    pub fn heat(&self, consumer: ConsumerId) -> Cow<'a, Heat> {
        let of = |row: &'a Row| row.consumers.get(consumer.index()).map(|cell| &cell.heat);
        match (self.whole.and_then(of), self.rest) {
            (Some(whole), None) => Cow::Borrowed(whole),
            _ => {
                let heats: Vec<&Heat> = self.rows().filter_map(of).collect();
                Cow::Owned(Heat::sum(heats.into_iter()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(bins: u64) -> Series {
        let mut series = Series::new(Span(SECOND));
        for n in 1..=bins {
            series.push(Row { counts: [n * n].into(), ..row(n, SECOND) });
        }
        series
    }

    /// The `n`-th row of bins so wide.
    fn row(n: u64, width: u64) -> Row {
        Row {
            end: Time(n * width),
            counts: [n * width / SECOND].into(),
            sent: [].into(),
            types: [].into(),
            outlets: [OutletCell { waiting: u128::from(n * width) * 3, most: n % 7 }].into(),
            consumers: [].into(),
            stores: [].into(),
            held: [].into(),
            owed_again: 0,
        }
    }

    #[test]
    fn every_level_tells_the_same_story() {
        let series = series(1003);
        for most in [2, 10, 100, 1000, 100_000] {
            let bins = series.bins(0.0, 1003.0, most);
            assert!(bins.len() <= most + 2 && bins.len() * 3 >= most.min(1000), "{} of {most}", bins.len());
            assert!(bins.windows(2).all(|pair| pair[0].end() == pair[1].begin()), "without gaps");
            let end = bins[bins.len() - 1].end();
            assert_eq!((bins[0].begin(), end), (0.0, 1003.0), "from end to end");
            let all: f64 = bins.iter().map(|bin| bin.throughput(NodeId(0)) * (bin.end() - bin.begin())).sum();
            assert!((all - end * end).abs() < 1e-3, "{all}");
            assert_eq!(bins.iter().map(|bin| bin.most(OutletId(0))).max(), Some(6));
            assert!(bins.iter().all(|bin| (bin.depth(OutletId(0)) - 3.0).abs() < 1e-9));
        }
    }

    #[test]
    fn spans_are_differences_and_ends_are_no_problem() {
        let series = series(100);
        let span = series.span(10.0, 20.0).unwrap();
        assert!((span.throughput(NodeId(0)) - (400.0 - 100.0) / 10.0).abs() < 1e-9);
        assert_eq!(series.span(99.9, 1e9).unwrap().end(), 100.0);
        assert!(Series::new(Span(SECOND)).span(0.0, 1.0).is_none() && Series::new(Span(SECOND)).bins(0.0, 1.0, 5).is_empty());
        assert!((12..=13).contains(&series.bins(40.0, 50.0, 1000).len()));
        assert!(series.bins(200.0, 300.0, 10).is_empty());
        let now = Row { end: Time(100 * SECOND + SECOND / 2), counts: [10_050].into(), ..series.last().unwrap().clone() };
        let series = series.with_open(now);
        let recent = series.recent(Span(SECOND)).unwrap();
        assert_eq!((recent.begin(), recent.throughput(NodeId(0))), (99.0, (10_050.0 - 9_801.0) / 1.5));
        assert_eq!(series.recent(Span(1000 * SECOND)).unwrap().begin(), 0.0);
        assert_eq!(series.bins(0.0, 200.0, 1000).last().unwrap().end(), 100.5);
    }

    /// One event a second.
    fn counted(bins: u64, width: Span) -> Series {
        let mut series = Series::new(width);
        (1..=bins).for_each(|n| series.push(row(n, width.0)));
        series
    }

    #[test]
    fn widths_are_even_on_all_levels() {
        for (width, wanted) in [(1, [1, 2, 5, 10, 20]), (2, [2, 10, 20, 50, 100]), (5, [5, 10, 20, 50, 100])] {
            let series = counted(2000, Span(width * SECOND / 1000));
            let widths: Vec<u64> = series.levels.iter().map(|level| level.times * width).take(5).collect();
            assert_eq!(widths, wanted);
            for (i, level) in series.levels.iter().enumerate() {
                assert_eq!(level.rows.len() as u64, 2000 / level.times, "level {i} of {width} ms");
                let end = level.row(0).unwrap().end;
                assert_eq!(end.0, level.times * series.width.0, "level {i} of {width} ms");
            }
        }
    }

    #[test]
    fn what_is_regular_has_a_straight_line() {
        let series = counted(6000, Span(SECOND / 100));
        for most in [5, 10, 30, 60] {
            let rates: Vec<f64> = series.bins(0.0, 60.0, most).iter().map(|bin| bin.throughput(NodeId(0))).collect();
            assert!(rates.iter().all(|rate| *rate == 1.0), "{most}: {rates:?}");
        }
    }

    #[test]
    fn the_end_of_a_line_is_all_that_there_is_however_coarse_it_is() {
        let series = counted(5987, Span(SECOND / 100));
        for most in [5, 10, 30, 60, 400, 10_000] {
            let bins = series.bins(0.0, 60.0, most);
            let last = bins.last().unwrap();
            assert_eq!(last.end(), 59.87, "{most}");
            assert_eq!(bins.iter().map(|bin| bin.throughput(NodeId(0)) * (bin.end() - bin.begin())).sum::<f64>().round(), 59.0);
            let width = bins[0].end() - bins[0].begin();
            assert!((width * 0.999..width * 2.0).contains(&(last.end() - last.begin())), "{most}: {last:?}");
            assert_eq!(bins.iter().map(|bin| bin.most(OutletId(0))).max(), Some(6), "{most}");
            // While more is to come lines end with whole bins.
            let settled = series.settled_bins(0.0, 60.0, most);
            let ends = settled.last().unwrap().end() / width;
            assert!((ends - ends.round()).abs() < 1e-6, "{most}: {ends}");
        }
    }

    #[test]
    fn a_line_ends_with_a_bin_that_says_something() {
        let series = series(100);
        let ends = |ns: u64| {
            let now = Row { end: Time(100 * SECOND + ns), ..series.last().unwrap().clone() };
            let series = series.with_open(now);
            let end = |bins: Vec<Bin<'_>>| bins.last().unwrap().end();
            (end(series.bins(0.0, 200.0, 1000)), end(series.settled_bins(0.0, 200.0, 1000)))
        };
        assert_eq!(ends(SECOND / 4), (100.25, 100.0));
        assert_eq!(ends(SECOND / 2), (100.5, 100.5));
        // Where there is no other, it is better than nothing.
        let first = Row { end: Time(SECOND / 100), ..series.last().unwrap().clone() };
        assert_eq!(Series::new(Span(SECOND)).with_open(first).settled_bins(0.0, 1.0, 10).len(), 1);
    }
}
