//! The observer that every run has: levels, distributions and series of all nodes and outlets.

use super::cells::Cells;
use super::fates::Fates;
use super::faults::FaultLog;
use super::heat::{Heat, Told};
use super::held::Held;
use super::histogram::{Distribution, Precision, Summary};
use super::level::{Bulk, Level};
use super::series::{ConsumerCell, Happening, OutletCell, Row, Series};
use super::staleness::Staleness;
use super::stores::{StoreFigures, StoreRecord};
use crate::engine::near::near;
use crate::engine::{AfterFailure, Note, Observation, Observer};
use crate::ids::{BrokerId, ConsumerId, NodeId, OutletId, StoreId, TypeId};
use crate::scenario::Plan;
use crate::scenario::plan::Role;
use crate::time::Time;
use std::sync::Arc;

/// What a run leaves in figures.
#[derive(Clone, Debug)]
pub struct Recorder {
    plan: Arc<Plan>,
    /// By node: its count when the warm-up ended.
    counted_before: Box<[u64]>,
    outlets: Vec<OutletRecord>,
    consumers: Vec<ConsumerRecord>,
    links: Vec<LinkRecord>,
    stores: Vec<StoreRecord>,
    held: Held,
    /// What the lags of all consumers together count too often: events owed to outlets with several readers, once for each reader after
    /// the first.
    owed_again: Bulk,
    /// By emitter: how long replies took, where its events are requests.
    replies: Vec<Option<Distribution>>,
    faults: FaultLog,
    fates: Fates,
    /// By type: events published.
    types: Vec<u64>,
    /// By emitter: events published. By channel: events taken in. What a node counts is their sum: a delivery touches one number each.
    emitted: Vec<u64>,
    accepted: Vec<u64>,
    /// By channel: of these, owed to nobody.
    unroutable: Vec<u64>,
    /// The same of those that it refused.
    refused: Vec<u64>,
    /// Of all distributions.
    cells: Cells,
    /// By outlet: waiting messages times nanoseconds when the warm-up ended.
    waiting_at_warmup: Box<[u128]>,
    series: Series,
    bin_started: Time,
    /// The next moment at which something must be noted before going on: the end of a bin or of the warm-up.
    mark: Time,
    warm: bool,
}

/// What every delivery looks at stands in one line of the cache.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct OutletRecord {
    waiting: Level,
    /// Highest level of waiting within the bin.
    bin_max: u64,
    /// Others that read it, mostly none.
    others: Box<[ConsumerId]>,
    /// The consumer that reads it first; its lag includes what the outlet is owed. [`NOBODY`] if nobody does.
    reader: ConsumerId,
}

/// No consumer has this number, so that looking for one also tells whether there is one.
const NOBODY: ConsumerId = ConsumerId(u32::MAX);

/// A consumer's figures: three lines of the cache, the first for what comes, the second for what is handled, the third for what begins.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct ConsumerRecord {
    lag: Level,
    busy: Level,
    /// Workers, and since when there are so many.
    capacity: (u32, Time),
    /// From publish to the end of handling.
    latency: Distribution,
    /// Handling.
    service: Distribution,
    /// From arrival at the outlet to the start of handling.
    wait: Distribution,
    failed: u64,
    retries: u64,
    seldom: Box<Seldom>,
}

/// What is looked at when a bin ends, or when something rare happens.
#[derive(Clone, Debug)]
struct Seldom {
    /// The latencies that earlier bins have told of.
    told: Told,
    /// Most workers there were after warm-up.
    most_workers: u32,
    /// Workers times nanoseconds up to when their number changed last.
    room: u128,
    /// Number handled and sum of latencies during the warm-up, once it is over: `latency` has only what came after it.
    early: (u64, u128),
    at_warmup: Snapshot,
    stale: Option<StaleRecord>,
    /// Attempts that failed and whose event its broker took back.
    given_back: u64,
}

/// How old a consumer's projection is.
#[derive(Clone, Debug, Default)]
struct StaleRecord {
    now: Staleness,
    area_at_warmup: u128,
    /// What it should come to, and what it comes to.
    sums: (f64, f64),
}

#[derive(Clone, Copy, Debug, Default)]
struct Snapshot {
    busy_area: u128,
    lag_area: u128,
    room: u128,
}

/// What set out on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkRecord {
    /// Events that set out, lost ones included.
    pub sent: u64,
    /// Of these, lost.
    pub lost: u64,
}

/// A time-weighted figure after warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct LevelFigures {
    /// Mean over time.
    pub mean: f64,
    /// Highest.
    pub max: u64,
    /// At the end.
    pub last: u64,
}

/// How old a projection was, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct StalenessFigures {
    /// Mean over time.
    pub mean: f64,
    /// Oldest.
    pub max: f64,
    /// At the end.
    pub last: f64,
}

/// A consumer's figures after warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ConsumerFigures {
    /// From publish to the end of handling, seconds.
    pub latency: Summary,
    /// From arrival at the outlet to the start of handling, seconds.
    pub wait: Summary,
    /// Handling, seconds.
    pub service: Summary,
    /// Events owed and not finished.
    pub lag: LevelFigures,
    /// Share of workers busy.
    pub utilisation: f64,
    /// Events it could handle at the same time.
    pub workers: LevelFigures,
}

impl Recorder {
    /// For a run at its very start that nobody watches: a coarse series is enough.
    pub fn new(plan: Arc<Plan>) -> Recorder {
        Recorder::with_bins(plan, Series::PLAIN)
    }

    /// For a run at its very start, with a series of at most so many bins.
    pub fn with_bins(plan: Arc<Plan>, most: usize) -> Recorder {
        let asking = plan.emitters.iter().filter(|emitter| emitter.reply.is_some()).count();
        let precision = Precision::of(plan.consumers.len() * 3 + plan.stores.len() * 2 + asking);
        let reader = |read: &crate::ids::ReadId| plan.reads[read.index()].consumer;
        let mut recorder = Recorder {
            counted_before: vec![0; plan.nodes.len()].into(),
            outlets: plan
                .outlets
                .iter()
                .map(|outlet| OutletRecord {
                    waiting: Level::default(),
                    bin_max: 0,
                    reader: outlet.readers.first().map_or(NOBODY, reader),
                    others: outlet.readers.iter().skip(1).map(reader).collect(),
                })
                .collect(),
            consumers: plan
                .consumers
                .iter()
                .map(|consumer| ConsumerRecord {
                    lag: Level::default(),
                    busy: Level::default(),
                    capacity: (consumer.capacity(), Time::ZERO),
                    latency: Distribution::default(),
                    service: Distribution::default(),
                    wait: Distribution::default(),
                    failed: 0,
                    retries: 0,
                    seldom: Box::new(Seldom {
                        told: Told::default(),
                        most_workers: consumer.capacity(),
                        room: 0,
                        early: (0, 0),
                        at_warmup: Snapshot::default(),
                        stale: consumer.state.as_ref().map(|_| StaleRecord::default()),
                        given_back: 0,
                    }),
                })
                .collect(),
            links: vec![LinkRecord::default(); plan.links.len()],
            stores: plan.stores.iter().map(|store| StoreRecord::new(store.connections)).collect(),
            held: Held::default(),
            owed_again: Bulk::default(),
            replies: plan.emitters.iter().map(|emitter| emitter.reply.map(|_| Distribution::default())).collect(),
            faults: FaultLog::default(),
            fates: Fates::default(),
            types: vec![0; plan.types.len()],
            emitted: vec![0; plan.emitters.len()],
            accepted: vec![0; plan.channels.len()],
            unroutable: vec![0; plan.channels.len()],
            refused: vec![0; plan.channels.len()],
            cells: Cells::new(precision, 0),
            waiting_at_warmup: vec![0; plan.outlets.len()].into(),
            series: Series::new(Series::width_for(&plan, most)),
            bin_started: Time::ZERO,
            mark: Time::ZERO,
            warm: false,
            plan,
        };
        recorder.pass(Time::ZERO);
        recorder
    }

    /// Notes the ends of bins and of the warm-up up to `now`. Called before anything at `now` is taken in, and before anybody looks at
    /// the figures.
    pub fn pass(&mut self, now: Time) {
        self.cells.settle();
        while self.mark <= now {
            if !self.warm && self.plan.warmup <= self.mark {
                self.end_warmup();
            }
            let bin_end = self.bin_started + self.series.width;
            if bin_end <= self.mark {
                let mut row = self.row(bin_end, |_| Heat::default());
                for (cell, consumer) in row.consumers.iter_mut().zip(&mut self.consumers) {
                    cell.heat = consumer.seldom.told.tell(self.cells.of(&consumer.latency));
                }
                self.series.push(row);
                self.start_bin(bin_end);
                if self.cells.is_stirred() {
                    self.tidy();
                }
            }
            let bin_end = self.bin_started + self.series.width;
            self.mark = if self.warm { bin_end } else { bin_end.min(self.plan.warmup) };
        }
    }

    fn end_warmup(&mut self) {
        let at = self.plan.warmup;
        self.warm = true;
        self.counted_before = self.counts();
        for (outlet, area) in self.outlets.iter_mut().zip(&mut self.waiting_at_warmup) {
            *area = outlet.waiting.area(at);
            outlet.waiting.forget_max();
        }
        self.stores.iter_mut().for_each(|store| store.end_warmup(at));
        self.held.end_warmup(at);
        for consumer in &mut self.consumers {
            // What was handled so far counts, but its times do not.
            let latency = self.cells.of(&consumer.latency);
            consumer.seldom.early = latency.count_and_sum();
            consumer.seldom.told.forget(latency);
            consumer.latency.clear(&mut self.cells);
            consumer.seldom.at_warmup = consumer.snapshot(at);
            consumer.lag.forget_max();
            if let Some(stale) = &mut consumer.seldom.stale {
                stale.area_at_warmup = stale.now.area(at);
                stale.now.forget_max();
            }
        }
    }

    /// Moves all distributions to new cells, so that those of a consumer stand side by side and none is left unused in between.
    fn tidy(&mut self) {
        let mut cells = Cells::new(self.cells.precision(), self.cells.in_use());
        let consumers = self.consumers.iter_mut().flat_map(|consumer| [&mut consumer.latency, &mut consumer.service, &mut consumer.wait]);
        let stores = self.stores.iter_mut().flat_map(StoreRecord::distributions);
        for distribution in consumers.chain(stores).chain(self.replies.iter_mut().flatten()) {
            *distribution = distribution.moved(&self.cells, &mut cells);
        }
        self.cells = cells;
    }

    /// All totals at `end`, with what is special of the bin from the last boundary to there; `heat` gives its latencies.
    fn row(&self, end: Time, heat: impl Fn(&ConsumerRecord) -> Heat) -> Row {
        let outlets = self
            .outlets
            .iter()
            .map(|outlet| OutletCell { waiting: outlet.waiting.area(end), most: outlet.bin_max.max(outlet.waiting.now()) });
        let consumers = self.consumers.iter().map(|consumer| ConsumerCell {
            latency: consumer.seldom.early.1 + consumer.latency.sum(),
            lag: consumer.lag.area(end),
            busy: consumer.busy.area(end),
            room: consumer.room(end),
            failed: consumer.failed,
            retries: consumer.retries,
            given_back: consumer.seldom.given_back,
            stale: consumer.seldom.stale.as_ref().map_or(0, |stale| stale.now.area(end)),
            state: consumer.seldom.stale.as_ref().map_or((0.0, 0.0), |stale| stale.sums),
            heat: heat(consumer),
        });
        Row {
            end,
            counts: self.counts(),
            sent: self.links.iter().map(|link| link.sent).collect(),
            types: self.types.clone().into(),
            outlets: outlets.collect(),
            consumers: consumers.collect(),
            stores: self.stores.iter().map(|store| store.cell(end)).collect(),
            held: self.held.areas(end),
            owed_again: self.owed_again.area(end),
        }
    }

    fn start_bin(&mut self, at: Time) {
        self.bin_started = at;
        self.outlets.iter_mut().for_each(|outlet| outlet.bin_max = outlet.waiting.now());
    }

    /// The series with the bin under way as its last row.
    pub fn series_at(&self, now: Time) -> Series {
        if now <= self.bin_started {
            return self.series.clone();
        }
        self.series.with_open(self.row(now, |consumer| consumer.seldom.told.since(self.cells.of(&consumer.latency))))
    }

    /// Events of a type published since the start.
    pub fn published(&self, kind: TypeId) -> u64 {
        self.types[kind.index()]
    }

    /// Events that reached a broker and were owed to nobody: no binding or rule fitted them, or nobody reads where they were published.
    pub fn unroutable(&self, broker: BrokerId) -> u64 {
        self.unroutable[self.plan.brokers[broker.index()].channels.clone()].iter().sum()
    }

    /// Events that reached a broker and were refused by it.
    pub fn refused(&self, broker: BrokerId) -> u64 {
        self.refused[self.plan.brokers[broker.index()].channels.clone()].iter().sum()
    }

    /// Calls `each` with the identity and the bytes of every block that copies share, and gives the bytes that a copy takes besides.
    pub fn weigh(&self, each: impl FnMut(usize, usize)) -> usize {
        let each_consumer = size_of::<ConsumerRecord>() + size_of::<Seldom>();
        let consumers: usize = self.consumers.iter().map(|consumer| each_consumer + consumer.seldom.told.bytes()).sum();
        let plain = self.links.len() * size_of::<LinkRecord>()
            + [
                self.counted_before.len(),
                self.types.len(),
                self.emitted.len(),
                self.accepted.len(),
                self.unroutable.len(),
                self.refused.len(),
            ]
            .iter()
            .sum::<usize>()
                * size_of::<u64>();
        let each_outlet = size_of::<OutletRecord>() + size_of::<u128>();
        let outlets: usize = self.outlets.iter().map(|outlet| each_outlet + size_of_val(&*outlet.others)).sum();
        size_of::<Recorder>() + consumers + self.cells.bytes() + plain + outlets + self.held.bytes() + self.series.weigh(each)
    }

    /// From `now` on the run follows another plan of the same shape.
    pub fn adopt(&mut self, plan: &Arc<Plan>) {
        self.plan = Arc::clone(plan);
    }

    /// What a node counts: emitted by a producer, taken in by a broker, handled to the end by a consumer, served by a store.
    pub fn count(&self, node: NodeId) -> u64 {
        match self.role(node) {
            Role::Consumer(consumer) => self.consumers[consumer.index()].handled(&self.cells),
            Role::Store(store) => self.stores[store.index()].count(),
            Role::Producer => self.plan.nodes[node.index()].emitters.iter().map(|emitter| self.emitted[emitter.index()]).sum(),
            Role::Broker(broker) => self.accepted[self.plan.brokers[broker.index()].channels.clone()].iter().sum(),
        }
    }

    fn counts(&self) -> Box<[u64]> {
        (0..self.plan.nodes.len()).map(|i| self.count(NodeId::at(i))).collect()
    }

    /// The same per second after warm-up, up to `now`.
    pub fn throughput(&self, node: NodeId, now: Time) -> f64 {
        let seconds = (now - self.plan.warmup).seconds();
        let counted = self.count(node) - self.counted_before[node.index()];
        if self.warm && seconds > 0.0 { counted as f64 / seconds } else { 0.0 }
    }

    /// Level of waiting messages at an outlet after warm-up.
    pub fn depth(&self, outlet: OutletId, now: Time) -> LevelFigures {
        let area_at_warmup = self.waiting_at_warmup[outlet.index()];
        level_figures(&self.outlets[outlet.index()].waiting, area_at_warmup, self.plan.warmup, now, self.warm)
    }

    /// Events that a node's brokers make it hold back, after warm-up; none if nobody has ever had to.
    pub fn held_back(&self, node: NodeId, now: Time) -> Option<LevelFigures> {
        let (level, at_warmup) = self.held.of(node)?;
        Some(level_figures(level, at_warmup, self.plan.warmup, now, self.warm))
    }

    /// Events that a node holds back now.
    pub fn held_back_now(&self, node: NodeId) -> u64 {
        self.held.now(node)
    }

    /// What a consumer did after warm-up.
    pub fn consumer(&self, id: ConsumerId, now: Time) -> ConsumerFigures {
        let consumer = &self.consumers[id.index()];
        let observed = (consumer.room(now) - consumer.seldom.at_warmup.room) as f64;
        let busy = (consumer.busy.area(now) - if self.warm { consumer.seldom.at_warmup.busy_area } else { 0 }) as f64;
        ConsumerFigures {
            latency: if self.warm { self.cells.of(&consumer.latency).summary() } else { Summary::default() },
            wait: self.cells.of(&consumer.wait).summary(),
            service: self.cells.of(&consumer.service).summary(),
            lag: level_figures(&consumer.lag, consumer.seldom.at_warmup.lag_area, self.plan.warmup, now, self.warm),
            utilisation: if self.warm && observed > 0.0 { busy / observed } else { 0.0 },
            workers: LevelFigures {
                mean: if self.warm && now > self.plan.warmup { observed / (now - self.plan.warmup).0 as f64 } else { 0.0 },
                max: if self.warm { u64::from(consumer.seldom.most_workers) } else { 0 },
                last: u64::from(consumer.capacity.0),
            },
        }
    }

    /// Mean, median and 99th percentile of a consumer's latency after warm-up, in seconds; none before it has handled anything then.
    pub fn latency(&self, id: ConsumerId) -> Option<(f64, f64, f64)> {
        self.cells.of(&self.consumers[id.index()].latency).in_short().filter(|_| self.warm)
    }

    /// Events owed and not finished now; a group's events count once, however many consumers share them.
    pub fn owed(&self) -> u64 {
        self.consumers.iter().map(|consumer| consumer.lag.now()).sum::<u64>().saturating_sub(self.owed_again.now())
    }

    /// Events owed to a consumer now.
    pub fn lag(&self, id: ConsumerId) -> u64 {
        self.consumers[id.index()].lag.now()
    }

    /// Busy workers times nanoseconds since the start: differences give utilisation over any span.
    pub fn busy_area(&self, id: ConsumerId, now: Time) -> u128 {
        self.consumers[id.index()].busy.area(now)
    }

    /// Messages whose last attempt failed (dead-lettered ones included), further attempts scheduled, and attempts that failed and whose
    /// event its broker took back.
    pub fn failures(&self, id: ConsumerId) -> (u64, u64, u64) {
        let consumer = &self.consumers[id.index()];
        (consumer.failed, consumer.retries, consumer.seldom.given_back)
    }

    /// Latency of all consumers together after warm-up.
    pub fn overall_latency(&self) -> Summary {
        let latencies = self.consumers.iter().filter(|_| self.warm).map(|consumer| &consumer.latency);
        self.together(latencies)
    }

    /// Some distributions as one.
    fn together<'a>(&self, distributions: impl Iterator<Item = &'a Distribution>) -> Summary {
        let (mut all, mut cells) = (Distribution::default(), Cells::new(self.cells.precision(), 0));
        distributions.for_each(|one| all.add(self.cells.of(one), &mut cells));
        cells.of(&all).summary()
    }

    /// What went wrong.
    pub fn faults(&self) -> &FaultLog {
        &self.faults
    }

    /// How copies ended that were not handled to the end.
    pub fn fates(&self) -> &Fates {
        &self.fates
    }

    /// What a store did after warm-up.
    pub fn store(&self, id: StoreId, now: Time) -> StoreFigures {
        self.stores[id.index()].figures(self.plan.warmup, now, self.warm, &self.cells)
    }

    /// Calls that wait for a connection of a store now.
    pub fn store_queue(&self, id: StoreId) -> u64 {
        let store = &self.stores[id.index()];
        store.waiting()
    }

    /// Mean, median and 99th percentile of the wait for a connection of a store after warm-up, in seconds; none before
    /// it has served anything then.
    pub fn store_wait(&self, id: StoreId) -> Option<(f64, f64, f64)> {
        self.stores[id.index()].wait(&self.cells)
    }

    /// How old a consumer's projection is, in seconds: mean and highest after warm-up, and now. None without a projection.
    pub fn staleness(&self, id: ConsumerId, now: Time) -> Option<StalenessFigures> {
        let stale = self.consumers[id.index()].seldom.stale.as_ref()?;
        let ns = (now - self.plan.warmup).0;
        let area = stale.now.area(now) - if self.warm { stale.area_at_warmup } else { 0 };
        let mean = if self.warm && ns > 0 { area as f64 / ns as f64 * 1e-9 } else { 0.0 };
        let seconds = |ns: u64| ns as f64 * 1e-9;
        Some(StalenessFigures { mean, max: seconds(stale.now.max(now)), last: seconds(stale.now.age(now)) })
    }

    /// How long replies to a node's requests took; none if it makes none.
    pub fn round_trips(&self, node: NodeId) -> Option<Summary> {
        let own = self.plan.nodes[node.index()].emitters.iter();
        let replies = own.filter_map(|id| self.replies[id.index()].as_ref());
        replies.clone().next()?;
        Some(self.together(replies))
    }

    /// What set out on a link.
    pub fn link(&self, link: crate::ids::LinkId) -> LinkRecord {
        self.links[link.index()]
    }

    fn role(&self, node: NodeId) -> Role {
        self.plan.nodes[node.index()].role
    }
}

impl ConsumerRecord {
    /// Number handled since the start.
    fn handled(&self, cells: &Cells) -> u64 {
        self.seldom.early.0 + cells.of(&self.latency).count()
    }

    fn snapshot(&self, at: Time) -> Snapshot {
        Snapshot { busy_area: self.busy.area(at), lag_area: self.lag.area(at), room: self.room(at) }
    }

    fn resized(&mut self, workers: u32, now: Time) {
        self.seldom.room = self.room(now);
        self.capacity = (workers, now);
        self.seldom.most_workers = self.seldom.most_workers.max(workers);
    }

    /// Workers times nanoseconds since the start.
    fn room(&self, at: Time) -> u128 {
        let (workers, since) = self.capacity;
        self.seldom.room + u128::from(workers) * u128::from((at - since).0)
    }
}

pub(super) fn level_figures(level: &Level, area_at_warmup: u128, warmup: Time, now: Time, warm: bool) -> LevelFigures {
    let ns = (now - warmup).0;
    let mean = if warm && ns > 0 { (level.area(now) - area_at_warmup) as f64 / ns as f64 } else { 0.0 };
    LevelFigures { mean, max: if warm { level.max() } else { 0 }, last: level.now() }
}

impl Observer for Recorder {
    #[inline(always)]
    fn at(&mut self, now: Time) {
        if now >= self.mark {
            self.pass(now);
        }
    }

    #[inline(always)]
    fn soon(&self, consumer: ConsumerId, outlet: OutletId, work: bool) {
        near(&self.outlets[outlet.index()]);
        let record = &self.consumers[consumer.index()];
        near(record);
        if work {
            near(&record.latency);
            near(&record.wait);
        }
    }

    #[inline(always)]
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        self.fates.observe(what);
        match *what {
            Observation::Published { emitter, event, .. } => {
                self.types[usize::from(event.kind.0)] += 1;
                self.emitted[emitter.index()] += 1;
            }
            Observation::Accepted { channel, .. } => self.accepted[channel.index()] += 1,
            Observation::Sent { link, .. } => self.links[link.index()].sent += 1,
            Observation::LostOnLink { link, outlet, .. } => {
                let link = &mut self.links[link.index()];
                link.sent += 1;
                link.lost += 1;
                if let Some(outlet) = outlet {
                    self.ended(outlet, now);
                }
            }
            Observation::Unroutable { channel, .. } => self.unroutable[channel.index()] += 1,
            Observation::Refused { channel, .. } => self.refused[channel.index()] += 1,
            Observation::GivenUp { .. }
            | Observation::Confirmed { .. }
            | Observation::NoReply { .. }
            | Observation::Returned { .. }
            | Observation::Breaker { .. } => {}
            Observation::Resized { consumer, workers, .. } => self.consumers[consumer.index()].resized(workers, now),
            Observation::Store { store, what } => {
                let warm = self.warm;
                self.stores[store.index()].observe(now, what, warm, &mut self.cells);
            }
            Observation::Expected { consumer, event, sums } => {
                if let Some(stale) = &mut self.consumers[consumer.index()].seldom.stale {
                    stale.now.published(event.published, now);
                    stale.sums = sums;
                }
            }
            Observation::Folded { consumer, event, sums, .. } => {
                if let Some(stale) = &mut self.consumers[consumer.index()].seldom.stale {
                    stale.now.applied(event.published, now);
                    stale.sums = sums;
                }
            }
            Observation::Rebuilds { consumer } => {
                if let Some(stale) = &mut self.consumers[consumer.index()].seldom.stale {
                    stale.now.reset(now);
                    stale.sums.1 = 0.0;
                }
            }
            Observation::Answered { emitter, after, .. } => {
                if let Some(replies) = self.replies[emitter.index()].as_mut().filter(|_| self.warm) {
                    replies.record(after.0, &mut self.cells);
                }
            }
            Observation::Broker { note: Note::HeldBack { link, more }, .. } => {
                let node = self.plan.links[link.index()].from;
                self.held.note(node, self.plan.nodes.len(), more, now);
            }
            Observation::Broker { broker, note } => {
                let node = self.plan.brokers[broker.index()].node;
                self.series.note(Happening { at: now, node, note });
            }
            Observation::FaultBegan { number, fault, until } => self.faults.began(number, fault, until, now, &self.plan),
            Observation::FaultEnded { number } => self.faults.ended(number, now),
            Observation::Ended { outlet, waited, .. } => {
                if waited {
                    self.outlets[outlet.index()].waiting.down(now);
                }
                self.ended(outlet, now);
            }
            Observation::Interrupted { consumer, .. } => self.consumers[consumer.index()].busy.down(now),
            Observation::Routed { outlet, .. } => {
                let outlet = &self.outlets[outlet.index()];
                if let Some(reader) = self.consumers.get_mut(outlet.reader.index()) {
                    reader.lag.up(now);
                }
                if !outlet.others.is_empty() {
                    outlet.others.iter().for_each(|consumer| self.consumers[consumer.index()].lag.up(now));
                    self.owed_again.up(outlet.others.len(), now);
                }
            }
            Observation::Waits { outlet, .. } => {
                let outlet = &mut self.outlets[outlet.index()];
                outlet.waiting.up(now);
                if outlet.waiting.now() > outlet.bin_max {
                    outlet.bin_max = outlet.waiting.now();
                }
            }
            Observation::Leaves { outlet, .. } => self.outlets[outlet.index()].waiting.down(now),
            Observation::Delivered { outlet, consumer, message, waited, .. } => {
                if waited {
                    self.outlets[outlet.index()].waiting.down(now);
                }
                let consumer = &mut self.consumers[consumer.index()];
                consumer.busy.up(now);
                if self.warm {
                    consumer.wait.record((now - message.routed).0, &mut self.cells);
                }
            }
            Observation::Acknowledged { outlet, .. } => self.ended(outlet, now),
            Observation::Acked { outlet, consumer, message, began, .. } | Observation::Handled { outlet, consumer, message, began, .. } => {
                let record = &mut self.consumers[consumer.index()];
                record.busy.down(now);
                record.latency.record((now - message.event.published).0, &mut self.cells);
                if self.warm {
                    record.service.record((now - began).0, &mut self.cells);
                }
                if matches!(what, Observation::Acked { .. }) {
                    self.ended(outlet, now);
                }
            }
            Observation::Failed { outlet, consumer, began, next, .. } => {
                let record = &mut self.consumers[consumer.index()];
                record.busy.down(now);
                if self.warm {
                    record.service.record((now - began).0, &mut self.cells);
                }
                match next {
                    AfterFailure::Retry(_) => record.retries += 1,
                    // What the broker makes of it is a story of its own.
                    AfterFailure::Returned => record.seldom.given_back += 1,
                    AfterFailure::DeadLetter | AfterFailure::Final | AfterFailure::Drop => {
                        record.failed += 1;
                        self.ended(outlet, now);
                    }
                }
            }
        }
    }
}

impl Recorder {
    /// A copy owed to an outlet has met its fate.
    #[inline(always)]
    fn ended(&mut self, outlet: OutletId, now: Time) {
        let outlet = &self.outlets[outlet.index()];
        if let Some(reader) = self.consumers.get_mut(outlet.reader.index()) {
            reader.lag.down(now);
        }
        if !outlet.others.is_empty() {
            outlet.others.iter().for_each(|consumer| self.consumers[consumer.index()].lag.down(now));
            self.owed_again.down(outlet.others.len(), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_delivery_touches_takes_few_lines_of_the_cache() {
        assert_eq!(size_of::<OutletRecord>(), 64);
        assert_eq!(size_of::<ConsumerRecord>(), 192);
        assert_eq!(size_of::<Distribution>(), 32);
    }
}
