//! The simulation: state, and what happens at each entry of the agenda.

mod adopt;
mod ahead;
mod calling;
mod caring;
mod confirming;
mod deciding;
mod emitter;
mod errands;
mod folding;
mod growing;
mod handling;
mod instances;
mod ordering;
mod publishing;
mod reading;
mod relaying;
mod scaling;
mod travelling;
mod troubles;
mod ways;
mod weigh;

use crate::engine::agenda::{Agenda, Due, MOST_INDEXED, MOST_SCHEDULED};
use crate::engine::books::{Books, Inbound};
use crate::engine::broker::{Broker, Desk, Rules, Settled};
use crate::engine::calls::{Call, Who};
use crate::engine::chains::{Joins, Requests};
use crate::engine::consumer::{Consumer, Crew, Hand};
use crate::engine::convoy::{ConvoyId, Convoys};
use crate::engine::event::{KeyTexts, Message};
use crate::engine::fate::Reason;
use crate::engine::faults::Faults;
use crate::engine::keys::Interner;
use crate::engine::ledger::Ledger;
use crate::engine::link::{Link, Travelling};
use crate::engine::observe::{Fingerprint, Observation, Observer};
use crate::engine::projection::State;
use crate::engine::publisher::Publisher;
use crate::engine::relay::{OutboxCounts, Relay};
use crate::engine::seats::Seats;
use crate::engine::slab::Slab;
use crate::engine::store::Store;
use crate::ids::{BrokerId, ConsumerId, EmitterId, LinkId, NodeId};
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::plan::Sending;
use crate::time::Time;
use ahead::Ahead;
use emitter::Emitter;
use errands::Errand;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use ways::{Door, Ways};

/// A plan being executed with a seed. Cloning it is a checkpoint: long queues and traces are shared, not copied.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub(super) plan: Arc<Plan>,
    seed: u64,
    now: Time,
    steps: u64,
    stopped: Option<Stop>,
    pub(super) agenda: Agenda,
    emitters: Vec<Emitter>,
    /// By emitter: what it keeps until it is confirmed, if it waits for that.
    pub(super) publishers: Vec<Option<Publisher>>,
    pub(super) links: Vec<Link>,
    pub(super) convoys: Convoys,
    /// By link: whether it is [plain](Link::plain), so that of most links nothing else has to be near.
    plain_links: Vec<bool>,
    pub(super) brokers: Vec<Broker>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) crews: Vec<Crew>,
    pub(super) seats: Arc<Seats>,
    /// By channel.
    doors: Box<[Door]>,
    ways: Ways,
    ahead: Ahead,
    /// Workers of all consumers.
    pub(super) hands: Vec<Hand>,
    /// Messages that may overtake each other.
    pub(super) transits: Slab<Travelling>,
    /// Messages that wait for another attempt.
    pub(super) backoffs: Slab<Message>,
    /// When brokers' rules want to be called, with their tokens.
    wakes: Slab<(BrokerId, u64)>,
    /// What brokers sent over links, with their tokens and whether it arrives.
    parcels: Slab<(BrokerId, u64, bool)>,
    errands: Slab<Errand>,
    pub(super) stores: Vec<Store>,
    pub(super) calls: Slab<Call>,
    /// Answers of stores to workers that stand still.
    late: Vec<(u32, Who, bool, Reason)>,
    /// Steps of calls so far, to tell them apart.
    call_steps: u64,
    pub(super) relays: Vec<Relay>,
    /// What nodes wrote and published, where they do both.
    outboxes: BTreeMap<NodeId, OutboxCounts>,
    /// By consumer.
    states: Vec<Option<State>>,
    joins: Vec<Option<Joins>>,
    /// By emitter.
    requests: Vec<Option<Requests>>,
    /// Whether some state is folded from what is known only when it is routed.
    watches_routed: bool,
    /// When the parcel sent last arrives, if it does: for those who watch what it carries.
    parcel_arrives: Option<Time>,
    started: bool,
    faults: Faults,
    /// By broker: so many reasons to be down.
    outages: Box<[u16]>,
    /// By seat: so many reasons to be without a connection to its broker.
    severed: Vec<u16>,
    pub(super) books: Vec<Books>,
    pub(super) inbound: Inbound,
    pub(super) ledger: Ledger,
    /// Copies travelling, waiting or in hand, and calls of workloads: each stands for the event that it comes before.
    pub(super) live: u64,
    lost: u64,
    duplicates: u64,
    fingerprint: Fingerprint,
    keys: Arc<KeyTexts>,
    /// Work space, kept to spare allocations.
    desk: Desk,
    /// Messages whose brokers want to hear what became of them; told at the end of the step.
    settled: Vec<(Message, Settled)>,
}

/// The last moment at which something may happen: no entry of the agenda is due at the end of time.
const LAST: Time = Time(Time::NEVER.0 - 1);

/// What is bounded by no limit of the scenario is looked at once in so many steps.
const LOOK_EVERY: u64 = 1 << 16;
/// Most of what is pending of one kind; the other half of the numbers is for what comes until the next look.
const MOST_PENDING: u64 = MOST_INDEXED / 2;

/// Why a run stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More copies of events were alive at once than the scenario allows.
    Live {
        /// The limit.
        limit: u64,
    },
    /// More steps were simulated than the scenario allows.
    Steps {
        /// The limit.
        limit: u64,
    },
    /// More was on the agenda at once that is no event than can be told apart.
    Pending {
        /// The limit.
        limit: u64,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Live { limit } => write!(
                f,
                "more than {limit} events were waiting or on their way at once: consumers cannot keep up. Lower the rates, add \
                 instances, or raise `limits: Limits(live: ...)`"
            ),
            Stop::Steps { limit } => write!(
                f,
                "the run took more than {limit} steps. Shorten `duration`, lower the rates, look for a loop without end, or raise \
                 `limits: Limits(steps: ...)`"
            ),
            Stop::Pending { limit } => write!(
                f,
                "more than {limit} time-outs, answers and requests were pending at once. Lower the rates, or shorten time-outs and latencies"
            ),
        }
    }
}

/// How far [`Simulation::advance`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// To the time asked for.
    Reached,
    /// To the number of steps allowed for this call.
    Paused,
    /// To a limit of the scenario.
    Stopped(Stop),
}

/// When after so many steps it is looked at next what no limit bounds: at the same steps however a run is cut into pieces.
fn next_look(steps: u64) -> u64 {
    (steps / LOOK_EVERY + 1).saturating_mul(LOOK_EVERY)
}

/// Counts of all nodes that both write and publish.
fn outboxes(plan: &Plan) -> BTreeMap<NodeId, OutboxCounts> {
    let emits = plan.emitters.iter().filter(|emitter| emitter.sending != Sending::Straight).map(|emitter| emitter.node);
    emits.map(|node| (node, OutboxCounts::default())).collect()
}

impl Simulation {
    /// A run at its very start.
    pub fn new(plan: Arc<Plan>, seed: u64) -> Simulation {
        let interner = Interner::of(&plan);
        let emitters = (0..plan.emitters.len()).map(|i| Emitter::new(&plan, EmitterId::at(i), seed, &interner)).collect();
        let mut first_worker = 0;
        let mut consumers = Vec::with_capacity(plan.consumers.len());
        let mut crews = Vec::new();
        let mut crews_of = Vec::with_capacity(plan.consumers.len());
        for (i, consumer) in plan.consumers.iter().enumerate() {
            let id = ConsumerId::at(i);
            let own = |read: &crate::ids::ReadId| {
                let broker = plan.outlets[plan.reads[read.index()].outlet.index()].broker;
                plan.brokers[broker.index()].kind.parts().seats_per_instance()
            };
            let apart = consumer.reads.iter().any(own) && !consumer.is_function();
            let (count, size) = if apart { (consumer.most_instances(), consumer.threads) } else { (1, consumer.capacity()) };
            let own_crews: Vec<u32> = (crews.len() as u32..crews.len() as u32 + count).collect();
            consumers.push(Consumer::new(&plan, id, seed, first_worker, own_crews.clone()));
            let crew = |n: u32| Crew::new(consumer, id, apart.then_some(n), first_worker + n * size, size);
            crews.extend((0..count).map(crew));
            crews_of.push(own_crews);
            first_worker += count * size;
        }
        let hands = vec![Hand::EMPTY; first_worker as usize];
        let mut seats = Seats::new(&plan, &crews_of);
        let brokers: Vec<Broker> = (0..plan.brokers.len()).map(|i| Broker::new(&plan, BrokerId::at(i), &seats, seed)).collect();
        seats.tell(|seat| brokers[plan.outlets[seat.outlet.index()].broker.index()].wants_word(seat));
        let name = |node: crate::ids::NodeId| plan.nodes[node.index()].name.as_str();
        let mut convoys = Convoys::default();
        let links = plan.links.iter().map(|link| {
            let random = Stream::named(seed ^ hash_name("link") ^ hash_name(name(link.from)).rotate_left(1), name(link.to));
            Link::new(link, random, &mut convoys)
        });
        let links: Vec<Link> = links.collect();
        let ahead = Ahead::new(&seats, &crews, hands.len());
        let (doors, ways) = ways::of(&plan, &brokers, &seats);
        let mut simulation = Simulation {
            seed,
            now: Time::ZERO,
            steps: 0,
            stopped: None,
            agenda: Agenda::default(),
            emitters,
            publishers: plan.emitters.iter().map(|emitter| Publisher::new(&emitter.publish)).collect(),
            plain_links: links.iter().map(|link| link.plain).collect(),
            links,
            convoys,
            brokers,
            consumers,
            crews,
            faults: Faults::default(),
            outages: vec![0; plan.brokers.len()].into(),
            severed: vec![0; seats.iter().count()],
            seats: Arc::new(seats),
            doors,
            ways,
            ahead,
            hands,
            transits: Slab::default(),
            backoffs: Slab::default(),
            wakes: Slab::default(),
            parcels: Slab::default(),
            errands: Slab::default(),
            stores: plan.stores.iter().map(|store| Store::new(&plan, store, seed)).collect(),
            calls: Slab::default(),
            late: Vec::new(),
            call_steps: 0,
            relays: plan.relays.iter().map(|_| Relay::new()).collect(),
            outboxes: outboxes(&plan),
            states: plan.consumers.iter().map(|consumer| consumer.state.as_ref().map(State::new)).collect(),
            joins: plan.consumers.iter().map(|consumer| consumer.join.as_ref().map(Joins::new)).collect(),
            requests: plan.emitters.iter().map(|emitter| emitter.reply.map(|reply| Requests::new(reply.within))).collect(),
            watches_routed: plan.outlets.iter().any(|outlet| outlet.folded),
            parcel_arrives: None,
            started: false,
            books: vec![Books::default(); plan.outlets.len()],
            inbound: Inbound::default(),
            ledger: Ledger::default(),
            live: 0,
            lost: 0,
            duplicates: 0,
            fingerprint: Fingerprint::default(),
            keys: Arc::new(interner.texts()),
            desk: Desk::default(),
            settled: Vec::new(),
            plan,
        };
        for i in 0..simulation.emitters.len() {
            for at in simulation.emitters[i].first() {
                simulation.agenda.schedule(at, Due::Arrival, i as u32);
            }
        }
        simulation.start_relays();
        simulation.schedule_faults();
        simulation
    }

    /// Simulates up to and including `until` (never beyond the plan's duration), or `steps` steps, whichever comes first.
    pub fn advance(&mut self, until: Time, steps: u64, observer: &mut impl Observer) -> Progress {
        let until = until.min(self.plan.duration).min(LAST);
        let limits = &self.plan.limits;
        let (live, most) = (limits.live.min(MOST_INDEXED), limits.steps.min(MOST_SCHEDULED / 2));
        // One comparison per step for all: a pause, the limit, and a look at what has grown.
        let pause = self.steps.saturating_add(steps);
        let mut look = pause.min(most).min(next_look(self.steps));
        // Out of the structure for the length of the call, so that rules can write to it while the simulation acts.
        let mut desk = std::mem::take(&mut self.desk);
        if !self.started {
            self.started = true;
            for i in 0..self.brokers.len() {
                self.brokers[i].start(&mut desk);
                self.decide(BrokerId::at(i), &mut desk, observer);
            }
            self.start_scaling(&mut desk, observer);
        }
        if let Some(stop) = self.stopped {
            self.desk = desk;
            return Progress::Stopped(stop);
        }
        let mut paused = steps == 0;
        let progress = loop {
            let Some(entry) = self.agenda.due_by(until) else {
                self.now = self.now.max(until);
                break Progress::Reached;
            };
            if paused {
                break Progress::Paused;
            }
            self.now = entry.at();
            self.steps += 1;
            observer.at(self.now);
            self.look_ahead(entry, observer);
            self.agenda.open();
            self.handle(entry.due(), entry.index(), &mut desk, observer);
            while let Some((message, how)) = self.settled.pop() {
                self.tell(&message, how, &mut desk, observer);
            }
            self.agenda.close();
            // Both sequence numbers and steps are bounded by the step limit, so neither can wrap.
            let stop = if self.live > live {
                Stop::Live { limit: live }
            } else if self.steps >= look || self.agenda.scheduled() >= MOST_SCHEDULED {
                match self.outgrown(live, most) {
                    Some(stop) => stop,
                    None => {
                        paused = self.steps >= pause;
                        look = pause.min(most).min(next_look(self.steps));
                        continue;
                    }
                }
            } else {
                continue;
            };
            self.stopped = Some(stop);
            break Progress::Stopped(stop);
        };
        self.desk = desk;
        progress
    }

    /// Whether the run has taken too many steps, or anything has grown too large that [`Simulation::live`] does not count.
    #[cold]
    fn outgrown(&self, live: u64, most: u64) -> Option<Stop> {
        if self.steps >= most || self.agenda.scheduled() >= MOST_SCHEDULED {
            return Some(Stop::Steps { limit: most });
        }
        if !self.steps.is_multiple_of(LOOK_EVERY) {
            return None;
        }
        // Calls whose callers have given up belong to nothing that is alive. (A relay calls for many at once.)
        if self.calls.len() as u64 > live.saturating_add(self.relays.len() as u64) {
            return Some(Stop::Live { limit: live });
        }
        let most_pending = self.errands.len().max(self.wakes.len()).max(self.parcels.len());
        (most_pending as u64 > MOST_PENDING).then_some(Stop::Pending { limit: MOST_PENDING })
    }

    #[inline(always)]
    fn handle<O: Observer>(&mut self, due: Due, index: u32, desk: &mut Desk, observer: &mut O) {
        match due {
            Due::Done => self.finish(index, desk, observer),
            Due::Arrival => self.emit(EmitterId(index), desk, observer),
            Due::ConvoyHead => {
                let convoy = self.convoys.get_mut(ConvoyId(index));
                let head = convoy.pop();
                if let Some((next, _)) = convoy.front() {
                    self.agenda.insert(*next);
                }
                if let Some((_, travelling)) = head {
                    self.arrive(&travelling, desk, observer);
                }
            }
            Due::Transit => {
                if let Some(travelling) = self.transits.take(index) {
                    self.arrive(&travelling, desk, observer);
                }
            }
            Due::Retry => {
                if let Some(message) = self.backoffs.take(index) {
                    self.resume(message, observer);
                }
            }
            Due::Wake => {
                if let Some((broker, token)) = self.wakes.take(index) {
                    desk.now = self.now;
                    self.brokers[broker.index()].wake(token, desk);
                    self.decide(broker, desk, observer);
                }
            }
            Due::Errand => self.run_errand(index, desk, observer),
            Due::Parcel => {
                if let Some((broker, token, arrives)) = self.parcels.take(index) {
                    desk.now = self.now;
                    let arrives = arrives && self.outages[broker.index()] == 0;
                    self.brokers[broker.index()].parcel(token, arrives, desk);
                    self.decide(broker, desk, observer);
                }
            }
        }
    }

    /// Something about a link has changed.
    fn look_at_link(&mut self, link: LinkId) {
        self.plain_links[link.index()] = self.links[link.index()].plain;
    }

    #[inline(always)]
    fn note<O: Observer>(&mut self, what: &Observation<'_>, observer: &mut O) {
        self.fingerprint.fold(self.now, what);
        observer.observe(self.now, what);
    }
}
