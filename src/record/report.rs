//! The report of a run: all figures by name, as `tidemill run --json` prints them. Times in seconds, rates per second.
//!
//! Counts cover the whole run, so that the books balance; means, percentiles, throughput and utilisation start after the warm-up.

use super::fates::FateCount;
use super::faults::FaultSpan;
use super::recorder::{LevelFigures, Recorder, StalenessFigures};
use super::{Totals, histogram::Summary};
use crate::engine::broker::Broker;
use crate::engine::broker::eventbridge::view::{BusView, ReplayView, RuleView, TargetCounts};
use crate::engine::broker::kafka::view::{TransactionCounts, View};
use crate::engine::broker::rabbitmq;
use crate::engine::care::CareCounts;
use crate::engine::chains::{JoinCounts, ReplyCounts};
use crate::engine::projection::StateFigures;
use crate::engine::publisher::Confirms;
use crate::engine::relay::OutboxCounts;
use crate::engine::{Books, Simulation};
use crate::ids::{NodeId, OutletId};
use crate::scenario::broker::BrokerKind;
use crate::scenario::expect::{Expectation, Quantity};
use crate::scenario::plan::{EmitterPlan, Role};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::sync::Arc;

/// Everything that a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The scenario's title.
    pub scenario: String,
    /// The seed of the run.
    pub seed: u64,
    /// Virtual seconds simulated.
    pub simulated: f64,
    /// Virtual seconds before statistics start.
    pub warmup: f64,
    /// Hash over all observations, 16 hexadecimal digits.
    pub fingerprint: String,
    /// Why the run stopped before its end, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// How much work it was.
    pub engine: EngineFigures,
    /// Counts.
    pub totals: Totals,
    /// From publish to the end of handling, all consumers together.
    pub latency: Summary,
    /// By name, in file order.
    pub nodes: Named<NodeReport>,
    /// By name, in order of their channels.
    pub outlets: Named<OutletReport>,
    /// How copies ended that were not handled to the end, and why.
    pub fates: Vec<FateCount>,
    /// What went wrong, in the order in which it began.
    pub faults: Arc<Vec<Arc<FaultSpan>>>,
    /// What the scenario expected, and whether it holds.
    pub expectations: Vec<ExpectationReport>,
}

/// How much work a run was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct EngineFigures {
    /// Entries of the agenda.
    pub steps: u64,
    /// Hand-overs to workers.
    pub deliveries: u64,
    /// Wall seconds; 0 where nobody measured.
    pub wall: f64,
    /// The ratio of the two.
    pub deliveries_per_second: f64,
}

/// Values by name, kept in order, written as a map.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Named<T> {
    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A node's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum NodeReport {
    /// A producer.
    Producer {
        /// Events emitted.
        published: u64,
        /// The same per second.
        throughput: f64,
        /// What came of waiting for confirmations, if it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        confirms: Option<Confirms>,
        /// What came of writing to a store as well, if it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        outbox: Option<OutboxCounts>,
        /// Events that came back because no queue gets them, if it asks for that.
        #[serde(skip_serializing_if = "Option::is_none")]
        returned: Option<u64>,
        /// Events that its brokers made it hold back, if one of them did to anybody.
        #[serde(skip_serializing_if = "Option::is_none")]
        held_back: Option<LevelFigures>,
        /// What became of its requests, if it makes any.
        #[serde(skip_serializing_if = "Option::is_none")]
        replies: Option<ReplyCounts>,
        /// From a request to its reply.
        #[serde(skip_serializing_if = "Option::is_none")]
        round_trip: Option<Summary>,
    },
    /// A store.
    Store(Box<StoreReport>),
    /// A broker.
    Broker {
        /// Events that reached it.
        accepted: u64,
        /// The same per second.
        throughput: f64,
        /// Events that no binding, rule or reader took.
        unroutable: u64,
        /// Refused by it.
        refused: u64,
        /// Kafka's `UnderReplicatedPartitions`.
        #[serde(skip_serializing_if = "Option::is_none")]
        under_replicated_partitions: Option<Peak>,
        /// Kafka's `OfflinePartitionsCount`.
        #[serde(skip_serializing_if = "Option::is_none")]
        offline_partitions: Option<Peak>,
        /// Records that open transactions keep from those who read committed records only (Kafka's `LastStableOffsetLag`), the most of
        /// a partition.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_stable_offset_lag: Option<Peak>,
        /// Transactions of a Kafka cluster.
        #[serde(skip_serializing_if = "Option::is_none")]
        transactions: Option<TransactionCounts>,
        /// What a Kafka cluster shows of itself at the end.
        #[serde(skip_serializing_if = "Option::is_none")]
        kafka: Option<Box<View>>,
        /// The same of EventBridge's buses and replays.
        #[serde(skip_serializing_if = "Option::is_none")]
        eventbridge: Option<Box<BridgeReport>>,
        /// What a RabbitMQ broker shows of itself at the end.
        #[serde(skip_serializing_if = "Option::is_none")]
        rabbitmq: Option<Box<rabbitmq::view::View>>,
    },
    /// A consumer.
    Consumer(Box<ConsumerReport>),
}

/// The largest value of a whole run and the one at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Peak {
    /// The largest.
    pub max: u64,
    /// The last.
    pub last: u64,
}

/// EventBridge's buses, targets and replays; rules are outlets.
#[derive(Clone, Debug, Serialize)]
pub struct BridgeReport {
    /// By name, in file order.
    pub buses: Named<BusView>,
    /// By rule and name, as in `big-orders/billing`; what a rule forwards to by the bus.
    pub targets: Named<TargetCounts>,
    /// By name, in file order.
    pub replays: Named<ReplayView>,
}

impl PartialEq for BridgeReport {
    fn eq(&self, other: &BridgeReport) -> bool {
        (&self.buses.0, &self.targets.0, &self.replays.0) == (&other.buses.0, &other.targets.0, &other.replays.0)
    }
}

/// A consumer's figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ConsumerReport {
    /// Hand-overs to its workers.
    pub deliveries: u64,
    /// Of these, of messages handed over before.
    pub redeliveries: u64,
    /// Handled to the end.
    pub acked: u64,
    /// Further attempts scheduled.
    pub retries: u64,
    /// Last attempt failed, nowhere to go.
    pub failed: u64,
    /// Last attempt failed, sent to the dead-letter channel.
    pub dead_lettered: u64,
    /// Attempt failed, taken back by its broker, which decides what becomes of it.
    pub given_back: u64,
    /// Handled to the end per second.
    pub throughput: f64,
    /// Share of workers busy.
    pub utilisation: f64,
    /// Handled after a later event of the same key, where the consumer says what it thinks of order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reordered: Option<u64>,
    /// From publish to the end of handling.
    pub latency: Summary,
    /// Handling.
    pub service: Summary,
    /// From arrival at the outlet to the start of handling.
    pub wait: Summary,
    /// Events owed and not finished.
    pub lag: LevelFigures,
    /// Running copies at the end.
    pub instances: u32,
    /// Running copies over time, where they are scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaled: Option<LevelFigures>,
    /// What came of waiting for confirmations of what follows, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirms: Option<Confirms>,
    /// Events that came back because no queue gets them, if it asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<u64>,
    /// Events that its brokers made it hold back, if one of them did to anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<LevelFigures>,
    /// What came of writing to a store as well, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbox: Option<OutboxCounts>,
    /// Its state, expected against actual, if it keeps one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateFigures>,
    /// How old its state was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staleness: Option<StalenessFigures>,
    /// What became of the wholes that it joins, if it joins any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinCounts>,
    /// What it did beyond handling, where it does anything of the kind: skipped, shed, timed out, and the like.
    #[serde(flatten)]
    pub care: Option<CareCounts>,
}

/// A store's figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StoreReport {
    /// Calls made to it.
    pub calls: u64,
    /// Served to the end and well.
    pub served: u64,
    /// Failed: by chance, because it was down, or because the connection broke.
    pub failed: u64,
    /// Given up by their callers.
    pub timed_out: u64,
    /// Calls served per second, well or not.
    pub throughput: f64,
    /// Share of connections in use.
    pub utilisation: f64,
    /// From a call's arrival to its connection.
    pub wait: Summary,
    /// With a connection.
    pub service: Summary,
    /// Calls waiting for a connection.
    pub queue: LevelFigures,
}

/// An outlet's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutletReport {
    /// What became of the copies routed to it.
    #[serde(flatten)]
    pub books: Books,
    /// Travelling or in hand at the end.
    pub in_flight: u64,
    /// Messages waiting.
    pub depth: LevelFigures,
    /// The largest lag of a partition: Kafka's `records-lag-max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_lag_max: Option<Peak>,
    /// The lag of each partition of a Kafka topic.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partition_lag: Vec<Peak>,
    /// What an EventBridge rule did.
    #[serde(flatten)]
    pub rule: Option<RuleView>,
}

/// An expectation and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectationReport {
    /// As written.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// The figure it speaks of; null if the run gave none.
    pub actual: Option<f64>,
    /// What the figure counts, to show it with its unit.
    #[serde(skip)]
    pub quantity: Quantity,
}

impl Report {
    /// The report of a run as it stands. `wall` is the time it took in seconds, 0 if nobody measured.
    pub fn of(simulation: &Simulation, recorder: &Recorder, wall: f64) -> Report {
        let plan = simulation.plan();
        let totals = Totals::of(simulation);
        let node = |i: usize| (plan.nodes[i].name.clone(), node_report(simulation, recorder, NodeId::at(i)));
        let outlet = |i: usize| (plan.outlets[i].name.clone(), outlet_report(simulation, recorder, OutletId::at(i)));
        Report {
            scenario: plan.name.clone(),
            seed: simulation.seed(),
            simulated: simulation.now().seconds(),
            warmup: plan.warmup.seconds(),
            fingerprint: format!("{:016x}", simulation.fingerprint()),
            stopped: simulation.stopped().map(|stop| stop.to_string()),
            engine: EngineFigures {
                steps: simulation.steps(),
                deliveries: totals.deliveries,
                wall,
                deliveries_per_second: if wall > 0.0 { totals.deliveries as f64 / wall } else { 0.0 },
            },
            totals,
            latency: recorder.overall_latency(),
            nodes: Named((0..plan.nodes.len()).map(node).collect()),
            outlets: Named((0..plan.outlets.len()).map(outlet).collect()),
            fates: recorder.fates().lines(),
            faults: Arc::clone(recorder.faults().spans()),
            expectations: Vec::new(),
        }
    }
}

impl Report {
    /// Tests what the scenario expects against these figures.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        if !expectations.is_empty() {
            self.expectations = self.figures().judge(expectations);
        }
    }

    /// All figures by their paths.
    pub fn figures(&self) -> Figures {
        Figures(serde_json::to_value(self).unwrap_or_default())
    }

    /// Whether all expectations hold.
    pub fn holds(&self) -> bool {
        self.expectations.iter().all(|expectation| expectation.holds)
    }
}

/// A report's figures, to be asked for by the paths that expectations have.
#[derive(Clone, Debug, Default)]
pub struct Figures(serde_json::Value);

impl Figures {
    /// What comes of expectations by these figures.
    pub fn judge(&self, expectations: &[Expectation]) -> Vec<ExpectationReport> {
        let resolve = |path: &[String]| self.get(path);
        let judged = expectations.iter().map(|expectation| {
            let outcome = expectation.evaluate(&resolve);
            ExpectationReport {
                text: expectation.text.clone(),
                holds: outcome.holds,
                actual: outcome.actual,
                quantity: expectation.quantity,
            }
        });
        judged.collect()
    }

    /// The figure at a path; none if there is no such figure or if it is a statistic of no samples.
    pub fn get(&self, path: &[String]) -> Option<f64> {
        let mut value = &self.0;
        for segment in path {
            value = match segment.parse::<usize>() {
                Ok(index) if value.is_array() => value.get(index)?,
                _ => value.get(segment)?,
            };
            if value.get("count").is_some_and(|count| count == 0) {
                return None;
            }
        }
        value.as_f64()
    }
}

fn node_report(simulation: &Simulation, recorder: &Recorder, id: NodeId) -> NodeReport {
    let (count, throughput) = (recorder.count(id), recorder.throughput(id, simulation.now()));
    match simulation.plan().nodes[id.index()].role {
        Role::Producer => NodeReport::Producer {
            published: count,
            throughput,
            confirms: simulation.confirms(id),
            outbox: simulation.outbox(id),
            returned: simulation.returns(id),
            held_back: held_back(simulation, recorder, id),
            replies: simulation.replies(id),
            round_trip: recorder.round_trips(id),
        },
        Role::Store(store) => {
            let (counts, figures) = (simulation.store(store).counts, recorder.store(store, simulation.now()));
            NodeReport::Store(Box::new(StoreReport {
                calls: counts.calls,
                served: counts.served,
                failed: counts.failed,
                timed_out: counts.timed_out,
                throughput,
                utilisation: figures.utilisation,
                wait: figures.wait,
                service: figures.service,
                queue: figures.queue,
            }))
        }
        Role::Broker(broker) => {
            let (mut kafka, mut eventbridge, mut rabbitmq) = (None, None, None);
            let (mut transactions, mut withheld) = (None, None);
            match simulation.broker(broker) {
                Broker::Kafka(it) => {
                    kafka = Some(Box::new(it.view()));
                    let (max, last) = it.last_stable_offset_lag();
                    (transactions, withheld) = (Some(it.transactions()), Some(Peak { max, last }));
                }
                Broker::EventBridge(it) => {
                    let (view, parts) = (it.counts(), it.parts());
                    let buses = parts.buses.iter().map(|bus| bus.name.clone()).zip(view.buses).collect();
                    let replays = parts.replays.iter().map(|replay| replay.name.clone()).zip(view.replays).collect();
                    let targets = view.targets.iter();
                    let targets = targets.map(|it| (format!("{}/{}", parts.rules[it.rule].name, it.name), it.counts)).collect();
                    eventbridge = Some(Box::new(BridgeReport { buses: Named(buses), targets: Named(targets), replays: Named(replays) }));
                }
                Broker::RabbitMq(it) => rabbitmq = Some(Box::new(it.view())),
                Broker::Simple(_) => {}
            }
            let peak = |max: u32, last: u32| Peak { max: u64::from(max), last: u64::from(last) };
            NodeReport::Broker {
                accepted: count,
                throughput,
                unroutable: recorder.unroutable(broker),
                refused: recorder.refused(broker),
                under_replicated_partitions: kafka.as_ref().map(|it| peak(it.peaks.0, it.under_replicated_partitions)),
                offline_partitions: kafka.as_ref().map(|it| peak(it.peaks.1, it.offline_partitions)),
                last_stable_offset_lag: withheld,
                transactions,
                kafka,
                eventbridge,
                rabbitmq,
            }
        }
        Role::Consumer(consumer) => {
            let counts = simulation.counts(consumer);
            let planned = &simulation.plan().consumers[consumer.index()];
            let figures = recorder.consumer(consumer, simulation.now());
            NodeReport::Consumer(Box::new(ConsumerReport {
                deliveries: counts.deliveries,
                redeliveries: counts.redeliveries,
                acked: counts.acked,
                retries: counts.retries,
                failed: counts.failed,
                dead_lettered: counts.dead_lettered,
                given_back: counts.returned,
                throughput,
                utilisation: figures.utilisation,
                reordered: simulation.reordered(consumer),
                latency: figures.latency,
                service: figures.service,
                wait: figures.wait,
                lag: figures.lag,
                instances: simulation.instances(consumer),
                scaled: planned.is_scaled().then(|| LevelFigures {
                    mean: figures.workers.mean / f64::from(planned.threads),
                    max: figures.workers.max / u64::from(planned.threads),
                    last: figures.workers.last / u64::from(planned.threads),
                }),
                confirms: simulation.confirms(id),
                returned: simulation.returns(id),
                held_back: held_back(simulation, recorder, id),
                outbox: simulation.outbox(id),
                state: simulation.state(consumer),
                staleness: recorder.staleness(consumer, simulation.now()),
                join: simulation.joins(consumer),
                care: simulation.care(consumer),
            }))
        }
    }
}

/// What a node held back; nothing where no broker of its could make it.
fn held_back(simulation: &Simulation, recorder: &Recorder, id: NodeId) -> Option<LevelFigures> {
    let plan = simulation.plan();
    let slows = |kind: &BrokerKind| match kind {
        BrokerKind::RabbitMq(parts) => parts.memory.is_some() || parts.queues.iter().any(|queue| queue.rate.is_some()),
        _ => false,
    };
    let publishes_to = |emitter: &EmitterPlan| slows(&plan.brokers[plan.channels[emitter.channel.index()].broker.index()].kind);
    let may = plan.nodes[id.index()].emitters.iter().any(|emitter| publishes_to(&plan.emitters[emitter.index()]));
    may.then(|| recorder.held_back(id, simulation.now()).unwrap_or_default())
}

fn outlet_report(simulation: &Simulation, recorder: &Recorder, id: OutletId) -> OutletReport {
    let books = simulation.books(id);
    let (mut partition_lag, mut rule) = (Vec::new(), None);
    match simulation.broker(simulation.plan().outlets[id.index()].broker) {
        Broker::Kafka(kafka) => partition_lag.extend(kafka.lags(id).map(|(max, last)| Peak { max, last })),
        Broker::EventBridge(it) => rule = it.rule_of(id),
        Broker::Simple(_) | Broker::RabbitMq(_) => {}
    }
    let largest = |of: fn(&Peak) -> u64| partition_lag.iter().map(of).max();
    OutletReport {
        books: *books,
        in_flight: books.in_flight(),
        depth: recorder.depth(id, simulation.now()),
        records_lag_max: largest(|lag| lag.max).zip(largest(|lag| lag.last)).map(|(max, last)| Peak { max, last }),
        partition_lag,
        rule,
    }
}
