//! What the window draws: an immutable picture of a run at one moment.

use super::branches::BranchInfo;
use super::look::Answers;
pub use super::rival::{Against, Beside};
use crate::engine::broker::Broker;
pub use crate::engine::broker::eventbridge::view as eventbridge;
pub use crate::engine::broker::kafka::view as kafka;
pub use crate::engine::broker::rabbitmq::view as rabbitmq;
use crate::ids::{EventId, LinkId, OutletId, TypeId};
use crate::record::faults::FaultSpan;
pub use crate::record::report::Figures;
use crate::record::series::Bin;
use crate::record::{Series, Totals};
use crate::scenario::Plan;
use crate::time::{Span, Time};
use std::fmt;
use std::sync::Arc;

/// A run at one moment. Made by the runner, shared, never changed.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Counts up with every restart, every new plan and every jump through time: what a frame of another number showed does not lead
    /// to this one.
    pub run: u64,
    /// Counts up with every frame of this runner: flights are new when this is.
    pub number: u64,
    /// What runs.
    pub plan: Arc<Plan>,
    /// With which seed.
    pub seed: u64,
    /// The moment.
    pub now: Time,
    /// Playing, paused, done.
    pub state: PlayState,
    /// Wanted speed.
    pub speed: Speed,
    /// Virtual seconds per wall second, over the last second or so; 0 while not playing.
    pub achieved: f64,
    /// Steps of the simulation so far.
    pub steps: u64,
    /// Hash over everything observed so far.
    pub fingerprint: u64,
    /// Counts so far.
    pub totals: Totals,
    /// By `NodeId`.
    pub nodes: Vec<NodeFigures>,
    /// By `BrokerId`: what its kind shows of itself.
    pub brokers: Vec<BrokerView>,
    /// By `OutletId`.
    pub outlets: Vec<OutletFigures>,
    /// By `LinkId`.
    pub links: Vec<LinkFigures>,
    /// Events that set out on a link since the frame before, at most [`Frame::FLIGHTS`], thinned evenly when there were more.
    pub flights: Vec<Flight>,
    /// How many set out, before thinning.
    pub set_out: u64,
    /// What went wrong so far, in the order in which it began.
    pub faults: Arc<Vec<Arc<FaultSpan>>>,
    /// Over how much virtual time its rates are taken.
    pub window: Span,
    /// Events owed and not finished; a group's events count once.
    pub owed: u64,
    /// Figures over time, up to the moment.
    pub series: Series,
    /// What is known of the run beyond the moment.
    pub past: Past,
    /// The run that this one is compared with, at the same moment.
    pub beside: Option<Arc<Beside>>,
    /// All figures as a report has them, if they are wanted; renewed a few times a second.
    pub figures: Option<Arc<Figures>>,
}

/// The recorded run around the moment that a frame shows.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// How far this branch was ever simulated.
    pub recorded: Time,
    /// Figures over time up to there.
    pub film: Series,
    /// What went wrong up to there.
    pub faults: Vec<Arc<FaultSpan>>,
    /// Where the run is on its way to, while it is not yet there.
    pub seeking: Option<Time>,
    /// Whether the speed is chosen so that single events can be followed.
    pub follow: bool,
    /// The span that is played again and again.
    pub looping: Option<(Time, Time)>,
    /// The branch that is shown.
    pub branch: u32,
    /// All branches, in the order in which they were made.
    pub branches: Arc<Vec<BranchInfo>>,
    /// Bytes that checkpoints take, and how many there are.
    pub memory: (usize, usize),
    /// Bytes that checkpoints may take.
    pub budget: usize,
    /// How many interventions this runner was asked for so far.
    pub asked: u64,
    /// What could not be done, the latest last.
    pub refused: Arc<Vec<Refusal>>,
    /// What was looked up.
    pub answers: Answers,
}

/// Something that a run was asked for and could not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Counts up with every one.
    pub number: u64,
    /// Which intervention it was, by [`Past::asked`]; none if it was something else.
    pub intervention: Option<u64>,
    /// In words.
    pub why: Arc<str>,
}

impl Past {
    /// The most refusals in one frame; those of one step all reach whoever made it.
    pub const REFUSALS: usize = 64;

    /// The branch that is shown.
    pub fn here(&self) -> Option<&BranchInfo> {
        self.branches.iter().find(|branch| branch.id == self.branch)
    }
}

impl Frame {
    /// Most flights in one frame.
    pub const FLIGHTS: usize = 2_000;

    /// The recorded run between two times (in seconds) in about `most` bins, for lines: up to its very end, unless that moves on.
    pub fn lines(&self, from: f64, to: f64, most: usize) -> Vec<Bin<'_>> {
        let film = &self.past.film;
        // Where a run stands on its way, its end is as accidental as while it plays: what has begun there says nothing yet.
        let over = matches!(self.state, PlayState::Finished | PlayState::Stopped(_));
        let grows = !over && self.now >= self.past.recorded;
        if grows { film.settled_bins(from, to, most) } else { film.bins(from, to, most) }
    }

    /// Takes over the flights of the frame before this one, which nobody had time to look at: a slow window still shows every event.
    pub fn take_along(&mut self, missed: &Frame) {
        let jumps = missed.past.seeking.is_some() || self.past.seeking.is_some();
        if missed.run != self.run || missed.now > self.now || jumps {
            return;
        }
        self.set_out += missed.set_out;
        let own = std::mem::take(&mut self.flights);
        let all = missed.flights.len() + own.len();
        // Evenly thinned where there are more than a frame takes.
        let stride = all.div_ceil(Self::FLIGHTS).max(1);
        self.flights = missed.flights.iter().copied().chain(own).step_by(stride).collect();
    }
}

/// What a broker shows of itself, beyond what all have.
#[derive(Clone, Debug, PartialEq)]
pub enum BrokerView {
    /// Nothing more.
    Plain,
    /// Queues with what is ready and unacked.
    RabbitMq(Box<rabbitmq::View>),
    /// Buses, rules, replays, recent events.
    EventBridge(Box<eventbridge::View>),
    /// Partitions, positions, groups, nodes.
    Kafka(Box<kafka::View>),
}

impl BrokerView {
    /// What a broker shows now.
    pub fn of(broker: &Broker) -> BrokerView {
        match broker {
            Broker::RabbitMq(broker) => BrokerView::RabbitMq(Box::new(broker.view())),
            Broker::EventBridge(broker) => BrokerView::EventBridge(Box::new(broker.view())),
            Broker::Kafka(broker) => BrokerView::Kafka(Box::new(broker.view())),
            Broker::Simple(_) => BrokerView::Plain,
        }
    }
}

/// Whether virtual time moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayState {
    /// It moves.
    Playing,
    /// It stands.
    Paused,
    /// The scenario's duration has passed.
    Finished,
    /// A limit stopped the run; the reason in words.
    Stopped(String),
}

/// How fast virtual time is wanted to move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// Virtual seconds per wall second, 0.0001 to 100,000.
    Times(f64),
    /// As fast as the machine can.
    Max,
}

/// A node at the moment. Rates are over the last second of wall time (or of virtual time, where that is longer) while the run plays, over
/// the last second of virtual time (or a three-hundredth of the run, where that is longer) while it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeFigures {
    /// Per virtual second: emitted by a producer, taken in by a broker, handled to the end by a consumer, served by a store.
    pub rate: f64,
    /// The same as a count since the start.
    pub count: u64,
    /// Consumers: owed and not finished. Stores: calls that wait for a connection.
    pub lag: u64,
    /// Consumers: workers busy now. Stores: connections in use.
    pub busy: u32,
    /// Consumers: workers. Stores: connections.
    pub capacity: u32,
    /// Consumers and stores: share of workers or connections busy, over the same span as `rate`.
    pub utilisation: f64,
    /// Consumers: copies whose last attempt failed, dead-lettered ones included. Stores: calls that failed.
    pub failed: u64,
    /// The same per virtual second, over the same span as `rate`, with those of consumers whose event its broker took back.
    pub failing: f64,
    /// Consumers: further attempts scheduled. Stores: calls given up by their callers.
    pub retries: u64,
    /// Consumers: attempts that failed and whose event its broker took back, to decide what becomes of it.
    pub given_back: u64,
    /// Consumers that keep a state: expected against actual.
    pub state: Option<StateView>,
    /// Nodes that write to a store and publish.
    pub outbox: Option<OutboxView>,
    /// Nodes that wait for replies or for parts: those that came in time, those that did not, those still waited for.
    pub waits: Option<(u64, u64, u64)>,
    /// Events that its brokers make it hold back; none where nobody has ever had to.
    pub held_back: Option<u64>,
    /// Events that came back to it because no queue gets them, where it asks for that.
    pub returned: Option<u64>,
    /// Publishers that wait for confirmations: events sent again, given up, and not confirmed yet.
    pub confirms: Option<(u64, u64, u64)>,
    /// Brokers: events of those taken in that nobody was owed, because no binding, rule or reader took them.
    pub unroutable: u64,
    /// Brokers: events of those that arrived that it refused.
    pub refused: u64,
    /// What keeps it from working as usual, apart from faults.
    pub condition: Option<Condition>,
    /// Consumers: seconds from publish to the end of handling, since warm-up: mean, median, 99th percentile. Stores: mean, median and
    /// 99th percentile of the wait for a connection. None before there is anything to measure.
    pub latency: Option<(f64, f64, f64)>,
}

/// What keeps a node from working as usual, apart from faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Consumers: the circuit breaker lets nothing through.
    BreakerOpen,
    /// Consumers: the circuit breaker lets one event through, to see.
    BreakerHalfOpen,
    /// Consumers: their Kafka group is being divided anew.
    Rebalancing,
    /// Brokers: RabbitMQ holds publishers back, or a quota of EventBridge holds deliveries back. Producers: their broker holds them back.
    /// Consumers: a function is at its limit of instances, and more waits.
    Throttled,
    /// Consumers: a function has no warm instance, so that the next event waits for one to start.
    Cold,
    /// Consumers: so many instances were asked for and do not work yet.
    Starting(u32),
    /// Consumers: an exception of their Kafka client has ended some of their instances. Producers: it has ended them.
    Stopped,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::BreakerOpen => f.write_str("breaker open"),
            Condition::BreakerHalfOpen => f.write_str("breaker half open"),
            Condition::Rebalancing => f.write_str("rebalancing"),
            Condition::Throttled => f.write_str("throttled"),
            Condition::Cold => f.write_str("cold"),
            Condition::Starting(n) => write!(f, "{n} starting"),
            Condition::Stopped => f.write_str("stopped by an exception"),
        }
    }
}

/// A state at the moment, see the engine's figures of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StateView {
    /// What it would come to with every published event applied exactly once.
    pub expected: f64,
    /// What it comes to.
    pub actual: f64,
    /// Keys, accounts or values that are wrong.
    pub wrong: u64,
    /// Of so many.
    pub keys: u64,
    /// Events published that are not in it.
    pub missing: u64,
    /// Times an event was applied that was in it already.
    pub repeated: u64,
    /// Seconds since the oldest event that it lacks, newer than all that is in it, was published.
    pub staleness: f64,
}

/// Writes and publications at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxView {
    /// Writes that the store has taken.
    pub written: u64,
    /// Publications.
    pub published: u64,
    /// Written and never published.
    pub missing: u64,
    /// Published and never written.
    pub invented: u64,
    /// Rows that wait for the relay.
    pub waiting: u64,
}

/// An outlet at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutletFigures {
    /// Copies routed to it since the start.
    pub routed: u64,
    /// Copies handled to the end.
    pub acked: u64,
    /// Copies that failed for good, were dead-lettered, expired or dropped.
    pub ended_badly: u64,
    /// Copies waiting.
    pub waiting: u64,
    /// Copies travelling or in hand.
    pub in_flight: u64,
}

/// A link at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkFigures {
    /// Events that set out per virtual second.
    pub rate: f64,
    /// Since the start.
    pub sent: u64,
    /// Of these, lost on the way.
    pub lost: u64,
}

/// What an event travels on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// A link.
    Link(LinkId),
    /// The way from a rule to another bus, of the same broker or of another one; the rule by what is read from it.
    Forward(OutletId),
}

/// An event on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// On what.
    pub course: Course,
    /// Which event.
    pub event: EventId,
    /// Of which type.
    pub kind: TypeId,
    /// When it set out.
    pub sent: Time,
    /// When it arrives (or would have).
    pub arrives: Time,
    /// What is special about it.
    pub manner: Manner,
}

/// What is special about a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Nothing.
    Plain,
    /// A second copy that the network made.
    Duplicate,
    /// It was handed over before, and came back.
    Redelivery,
    /// Its broker was told to deliver stored events again.
    Replay,
    /// On its way to a dead-letter channel.
    DeadLetter,
    /// It will not arrive.
    Lost,
}
