//! What a person should notice about a run: each with its evidence and the moment at which it shows.

use super::journey::ended;
use super::script::Moment;
use crate::engine::broker::Broker;
use crate::engine::broker::eventbridge::replaying::State;
use crate::engine::event::{Flags, Key};
use crate::engine::{AfterFailure, BrokerFate, Note, Observation, Observer, kafka};
use crate::figures;
use crate::ids::{BrokerId, ChannelId, ConsumerId, EventId, NodeId, OutletId};
use crate::record::series::Bin;
use crate::record::{Series, Totals};
use crate::scenario::Plan;
use crate::scenario::broker::BrokerKind;
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something to be noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct Insight {
    /// How bad it is.
    pub weight: Weight,
    /// What it is, in a few words.
    pub title: String,
    /// What shows it, and what to try.
    pub evidence: String,
    /// When it shows first.
    pub at: Option<Time>,
    /// Where.
    pub node: Option<NodeId>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Events are lost or wait without end.
    Bad,
    /// It may become so.
    Watch,
    /// Good to know.
    Note,
}

/// Most keys that are counted.
const KEYS: usize = 50_000;
/// A share of handlings that are tried again from which on it is told.
const RETRIED: f64 = 0.15;
/// So many events are enough to tell where events go.
const MANY: u64 = 200;
/// A chain of events so long is taken for a loop.
const LOOP: u32 = 200;

/// Collects what the series do not tell.
#[derive(Debug)]
pub struct Evidence {
    plan: Arc<Plan>,
    /// By consumer: handled per worker.
    workers: Vec<BTreeMap<u32, u64>>,
    /// By outlet and key: when the event last handled to the end was published.
    latest: BTreeMap<(OutletId, Key), Time>,
    /// By outlet: events handled after a later one with the same key, and when first.
    overtaken: BTreeMap<OutletId, (u64, Time)>,
    /// By outlet: handled per key.
    keys: BTreeMap<(OutletId, Key), u64>,
    lost: Option<(Time, Option<NodeId>)>,
    duplicate: Option<(Time, ConsumerId)>,
    acked: std::collections::BTreeSet<(EventId, OutletId)>,
    /// By outlet: all handled with a key, and since when one key has far more than its share.
    hot: BTreeMap<OutletId, (u64, Option<Time>)>,
    /// By outlet: routed in all, and when that was enough to tell where it goes.
    enough: BTreeMap<OutletId, (u64, Option<Time>)>,
    /// By consumer: handled in all, and when that was enough to tell who works.
    settled: Vec<(u64, Option<Time>)>,
    retried: BTreeMap<ConsumerId, Time>,
    dead: BTreeMap<ConsumerId, (u64, Time)>,
    /// Length of the chains that are still growing.
    chains: BTreeMap<EventId, u32>,
    looped: Option<(Time, NodeId)>,
    /// By outlet: clients that an exception has ended, when the first, and what it was.
    stopped: BTreeMap<OutletId, (u64, Time, kafka::Error, Option<u32>)>,
    /// By node: producers that another one has fenced, and when first.
    fenced: BTreeMap<NodeId, (u64, Time)>,
    /// By node: events of its own that it gave up, and when first.
    given_up: BTreeMap<NodeId, (u64, Time)>,
    /// By channel: events that reached it, and when those were many.
    reached: Vec<(u64, Option<Time>)>,
    /// By channel: those of them that nobody was owed, and when the first was.
    unroutable: BTreeMap<ChannelId, (u64, Time)>,
}

impl Evidence {
    /// Before a run.
    pub fn new(plan: &Arc<Plan>) -> Evidence {
        Evidence {
            workers: vec![BTreeMap::new(); plan.consumers.len()],
            plan: Arc::clone(plan),
            latest: BTreeMap::new(),
            overtaken: BTreeMap::new(),
            keys: BTreeMap::new(),
            lost: None,
            hot: BTreeMap::new(),
            enough: BTreeMap::new(),
            settled: vec![(0, None); plan.consumers.len()],
            duplicate: None,
            acked: std::collections::BTreeSet::new(),
            retried: BTreeMap::new(),
            dead: BTreeMap::new(),
            chains: BTreeMap::new(),
            looped: None,
            stopped: BTreeMap::new(),
            fenced: BTreeMap::new(),
            given_up: BTreeMap::new(),
            reached: vec![(0, None); plan.channels.len()],
            unroutable: BTreeMap::new(),
        }
    }

    /// An event for this channel did not get into its broker.
    fn not_taken(&mut self, now: Time, channel: ChannelId) {
        let broker = self.plan.channels[channel.index()].broker;
        self.lost.get_or_insert((now, Some(self.plan.brokers[broker.index()].node)));
    }

    fn acked(&mut self, now: Time, outlet: OutletId, consumer: ConsumerId, worker: u32, event: &crate::engine::Event) {
        *self.workers[consumer.index()].entry(worker).or_default() += 1;
        let capacity = self.plan.consumers[consumer.index()].capacity();
        let settled = &mut self.settled[consumer.index()];
        settled.0 += 1;
        if settled.0 > enough(capacity) {
            settled.1.get_or_insert(now);
        }
        let special = event.flags != Flags::default() || event.failures > 0;
        if special && !self.acked.insert((event.id, outlet)) {
            self.duplicate.get_or_insert((now, consumer));
        }
        if event.key == Key::NONE || self.keys.len() >= KEYS {
            return;
        }
        let of_key = self.keys.entry((outlet, event.key)).or_default();
        *of_key += 1;
        let hot = self.hot.entry(outlet).or_default();
        hot.0 += 1;
        if is_hot(*of_key, hot.0) {
            hot.1.get_or_insert(now);
        }
        let latest = self.latest.entry((outlet, event.key)).or_default();
        if event.published < *latest {
            self.overtaken.entry(outlet).or_insert((0, now)).0 += 1;
        }
        *latest = event.published.max(*latest);
    }
}

impl Observer for Evidence {
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        match *what {
            Observation::Acked { outlet, consumer, worker, message, .. }
            | Observation::Handled { outlet, consumer, worker, message, .. } => self.acked(now, outlet, consumer, worker, &message.event),
            Observation::LostOnLink { link, .. } => {
                let node = self.plan.links[link.index()].from;
                self.lost.get_or_insert((now, Some(node)));
            }
            Observation::Routed { outlet, .. } => {
                let routed = self.enough.entry(outlet).or_default();
                routed.0 += 1;
                if routed.0 == MANY {
                    routed.1 = Some(now);
                }
            }
            Observation::Accepted { channel, .. } => {
                let reached = &mut self.reached[channel.index()];
                reached.0 += 1;
                if reached.0 == MANY {
                    reached.1 = Some(now);
                }
            }
            Observation::Unroutable { channel, .. } => self.unroutable.entry(channel).or_insert((0, now)).0 += 1,
            Observation::Ended { outlet, fate, .. } if fate != BrokerFate::DeadLettered && !ended(fate).0 => {
                self.lost.get_or_insert((now, reader(&self.plan, outlet)));
            }
            Observation::Refused { channel, .. } => self.not_taken(now, channel),
            Observation::GivenUp { channel, event, .. } => {
                let node = self.plan.emitters[event.id.emitter().index()].node;
                self.given_up.entry(node).or_insert((0, now)).0 += 1;
                self.not_taken(now, channel);
            }
            Observation::Failed { consumer, next, .. } => match next {
                AfterFailure::Retry(_) => {
                    self.retried.entry(consumer).or_insert(now);
                }
                AfterFailure::DeadLetter => self.dead.entry(consumer).or_insert((0, now)).0 += 1,
                AfterFailure::Final | AfterFailure::Drop => {
                    let node = self.plan.consumers[consumer.index()].node;
                    self.lost.get_or_insert((now, Some(node)));
                }
                AfterFailure::Returned => {}
            },
            Observation::Broker { note: Note::ClientStopped { outlet, part, why, .. }, .. } => {
                self.stopped.entry(outlet).or_insert((0, now, why, part)).0 += 1;
            }
            Observation::Broker { note: Note::PublisherFenced { link }, .. } => {
                self.fenced.entry(self.plan.links[link.index()].from).or_insert((0, now)).0 += 1;
            }
            Observation::Published { emitter, event, cause: Some(_) } if self.chains.len() < KEYS => {
                let length = self.chains.entry(event.root).or_default();
                *length += 1;
                if *length == LOOP {
                    let node = self.plan.emitters[emitter.index()].node;
                    self.looped.get_or_insert((now, node));
                }
            }
            _ => {}
        }
    }
}

/// What is to be noticed about a run up to a moment, the worst first.
pub fn diagnose(moment: &Moment, evidence: &Evidence) -> Vec<Insight> {
    let plan = moment.simulation.plan();
    let film = moment.recorder.series_at(moment.now());
    let totals = Totals::of(&moment.simulation);
    let mut found: Vec<Insight> = crews(plan).iter().flat_map(|crew| overload(moment, &film, crew)).collect();
    for (i, consumer) in plan.consumers.iter().enumerate() {
        let (id, node) = (ConsumerId::at(i), consumer.node);
        let name = &plan.nodes[node.index()].name;
        found.extend(retries(moment, evidence, id, node, name));
        found.extend(members(evidence, id, node, name, consumer.capacity()));
        if let Some((number, at)) = evidence.dead.get(&id) {
            found.push(Insight {
                weight: Weight::Watch,
                title: format!("{name} dead-letters events"),
                evidence: format!("{} of its events failed on their last attempt and were put away", figures::count(*number)),
                at: Some(*at),
                node: Some(node),
            });
        }
    }
    if totals.lost > 0 {
        found.push(Insight {
            weight: Weight::Bad,
            title: "Events are lost".to_owned(),
            evidence: format!(
                "{} have no surviving copy and were never handled by somebody who was owed them; look for them under Journeys, Lost",
                figures::count(totals.lost)
            ),
            at: evidence.lost.map(|(at, _)| at),
            node: evidence.lost.and_then(|(_, node)| node),
        });
    }
    if totals.duplicates > 0 {
        let node = evidence.duplicate.map(|(_, consumer)| plan.consumers[consumer.index()].node);
        found.push(Insight {
            weight: Weight::Watch,
            title: "Events are handled more than once".to_owned(),
            evidence: format!(
                "{} further handlings by a group that had handled the event before; handlers must be idempotent",
                figures::count(totals.duplicates)
            ),
            at: evidence.duplicate.map(|(at, _)| at),
            node,
        });
    }
    for (node, (number, at)) in &evidence.given_up {
        found.push(Insight {
            weight: Weight::Bad,
            title: format!("{} gives up events", plan.nodes[node.index()].name),
            evidence: format!(
                "{} of its events got into no broker, and it does not send them any more; look for them under Journeys, Lost",
                figures::count(*number)
            ),
            at: Some(*at),
            node: Some(*node),
        });
    }
    for (outlet, (number, at)) in &evidence.overtaken {
        let planned = &plan.outlets[outlet.index()];
        found.push(Insight {
            weight: Weight::Note,
            title: format!("{} hands out events of a key out of order", planned.name),
            evidence: format!(
                "{} done after a later one with the same key: several workers, retries or the network let them overtake",
                events_were(*number)
            ),
            at: Some(*at),
            node: reader(plan, *outlet),
        });
    }
    found.extend(stopped_clients(plan, evidence));
    found.extend(evidence.fenced.iter().map(|(node, (times, at))| Insight {
        weight: Weight::Bad,
        title: format!("{} was fenced", plan.nodes[node.index()].name),
        evidence: format!(
            "{}: another producer took its transactional.id, and what it publishes is lost until it is started again: give each an id of \
             its own, or let one run at a time",
            figures::counted(*times, "time")
        ),
        at: Some(*at),
        node: Some(*node),
    }));
    found.extend(dead_ends(plan, evidence));
    found.extend(idle_rules(moment, evidence));
    found.extend(hot_keys(plan, evidence));
    found.extend(hot_partitions(moment, evidence));
    if let Some((at, node)) = evidence.looped {
        found.push(Insight {
            weight: Weight::Bad,
            title: "Events go round in a loop".to_owned(),
            evidence: format!("a single event has caused {LOOP} others: look for a `then` that leads back to where it began"),
            at: Some(at),
            node: Some(node),
        });
    }
    found.sort_by_key(|insight| insight.weight);
    found
}

fn reader(plan: &Plan, outlet: OutletId) -> Option<NodeId> {
    let read = plan.outlets[outlet.index()].readers.first()?;
    Some(plan.consumers[plan.reads[read.index()].consumer.index()].node)
}

/// Consumers by what they read: those that read the very same (a group, a queue) share one backlog.
fn crews(plan: &Plan) -> Vec<Vec<ConsumerId>> {
    let mut crews: BTreeMap<Vec<OutletId>, Vec<ConsumerId>> = BTreeMap::new();
    for (i, consumer) in plan.consumers.iter().enumerate() {
        let mut outlets: Vec<OutletId> = consumer.reads.iter().map(|read| plan.reads[read.index()].outlet).collect();
        outlets.sort_unstable();
        crews.entry(outlets).or_default().push(ConsumerId::at(i));
    }
    crews.into_values().collect()
}

/// What a crew reads, by name.
fn backlog_of(plan: &Plan, consumer: ConsumerId) -> String {
    let outlets = plan.consumers[consumer.index()].reads.iter().map(|read| plan.reads[read.index()].outlet);
    outlets.map(|outlet| plan.outlets[outlet.index()].name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Consumers of a crew that have more to do than they can, and a crew whose backlog grows.
fn overload(moment: &Moment, film: &Series, crew: &[ConsumerId]) -> Vec<Insight> {
    let (plan, end) = (moment.simulation.plan(), moment.now().seconds());
    let part = |from: f64, to: f64| film.span(end * from, end * to);
    let (Some(early), Some(late), Some(one)) = (part(0.3, 0.55), part(0.75, 1.0), crew.first().copied()) else { return Vec::new() };
    // All of a crew are owed the same.
    let (was, is, owed) = (early.lag(one), late.lag(one), moment.recorder.lag(one));
    let growing = is > was * 1.3 + 3.0 && owed as f64 > was;
    let bins = film.bins(0.0, end, 400);
    let first = |wanted: &dyn Fn(&Bin<'_>) -> bool| {
        // Several in a row: a single full bin is no trend.
        let place = bins.windows(5).position(|few| few.iter().all(wanted))?;
        Some(Time((bins[place].begin() * 1e9) as u64))
    };
    let workers_of = |id: ConsumerId| plan.consumers[id.index()].capacity();
    let name = |id: ConsumerId| plan.nodes[plan.consumers[id.index()].node.index()].name.as_str();
    let named = |some: &[ConsumerId]| match some {
        [only] => name(*only).to_owned(),
        several => format!("{} consumers of {}", several.len(), backlog_of(plan, one)),
    };
    let owed_to = if crew.len() > 1 { format!(" to {}", backlog_of(plan, one)) } else { String::new() };
    let full: Vec<ConsumerId> = crew.iter().copied().filter(|id| late.utilisation(*id) > 0.95).collect();
    if let Some(fullest) = full.first().copied().filter(|_| growing) {
        let capacity: u32 = full.iter().map(|id| workers_of(*id)).sum();
        let busy = full.iter().map(|id| late.utilisation(*id) * f64::from(workers_of(*id))).sum::<f64>() / f64::from(capacity.max(1));
        return vec![Insight {
            weight: Weight::Bad,
            title: format!("{} cannot keep up", named(&full)),
            evidence: format!(
                "{} busy {} of the time and {} events are owed{owed_to}, {} more each second: add instances, or make handling faster",
                if full.len() > 1 { format!("their {capacity} workers are") } else { workers(capacity) },
                figures::share(busy),
                figures::count(owed),
                figures::number((is - was) / (end * 0.45).max(1e-9))
            ),
            at: first(&|bin| full.iter().any(|id| bin.utilisation(*id) > 0.97) && bin.lag(one) > f64::from(capacity)),
            node: Some(plan.consumers[fullest.index()].node),
        }];
    }
    if growing && owed > 20 {
        return vec![Insight {
            weight: Weight::Watch,
            title: format!("The backlog of {} grows", named(crew)),
            evidence: format!("{} events are owed, {} on average earlier in the run", figures::count(owed), figures::number(was)),
            at: first(&|bin| bin.lag(one) > was + (is - was) / 2.0),
            node: Some(plan.consumers[one.index()].node),
        }];
    }
    let near = crew.iter().copied().filter(|id| late.utilisation(*id) > 0.9);
    near.map(|id| Insight {
        weight: Weight::Watch,
        title: format!("{} is close to its limit", name(id)),
        evidence: format!(
            "{} busy {} of the time: a little more load and events pile up",
            workers(workers_of(id)),
            figures::share(late.utilisation(id))
        ),
        at: first(&|bin| bin.utilisation(id) > 0.9),
        node: Some(plan.consumers[id.index()].node),
    })
    .collect()
}

fn retries(moment: &Moment, evidence: &Evidence, id: ConsumerId, node: NodeId, name: &str) -> Option<Insight> {
    let counts = moment.simulation.counts(id);
    let share = counts.retries as f64 / (counts.acked.max(1)) as f64;
    (share > RETRIED).then(|| Insight {
        weight: Weight::Watch,
        title: format!("Retries multiply the work of {name}"),
        evidence: format!(
            "{} further attempts for {} handled events: each costs {:.2} handlings",
            figures::count(counts.retries),
            figures::count(counts.acked),
            counts.deliveries as f64 / counts.acked.max(1) as f64
        ),
        at: evidence.retried.get(&id).copied(),
        node: Some(node),
    })
}

/// Clients of Kafka that an exception has ended.
fn stopped_clients<'e>(plan: &'e Plan, evidence: &'e Evidence) -> impl Iterator<Item = Insight> + 'e {
    evidence.stopped.iter().map(|(outlet, (clients, at, why, part))| {
        let next = match why {
            kafka::Error::NoOffsetForPartition => {
                "its group has committed nothing and auto.offset.reset is none: send it somewhere first (`replays`), or choose another reset"
            }
            kafka::Error::OffsetOutOfRange => {
                "retention has deleted what it was to read next, and auto.offset.reset is none: keep more, read faster, or choose another reset"
            }
            kafka::Error::LogTruncation => {
                "an unclean leader lacks what it has read already, and auto.offset.reset is none: forbid unclean elections, or choose another reset"
            }
            _ => "another producer has taken the transactional.id of theirs",
        };
        Insight {
            weight: Weight::Bad,
            title: match clients {
                1 => format!("A client of {} stopped", plan.outlets[outlet.index()].name),
                more => format!("{} clients of {} stopped", figures::count(*more), plan.outlets[outlet.index()].name),
            },
            evidence: match part {
                Some(part) => format!("{} for partition {part}: {next}", why.name()),
                None => format!("{}: {next}", why.name()),
            },
            at: Some(*at),
            node: reader(plan, *outlet),
        }
    })
}

/// Where events went no further, because nothing leads on from there.
fn dead_ends<'e>(plan: &'e Plan, evidence: &'e Evidence) -> impl Iterator<Item = Insight> + 'e {
    evidence.unroutable.iter().map(|(channel, (number, at))| {
        let planned = &plan.channels[channel.index()];
        let broker = &plan.brokers[planned.broker.index()];
        let (place, all) = (&planned.name, evidence.reached[channel.index()].0);
        let (title, why) = match &broker.kind {
            BrokerKind::RabbitMq(_) => ("Events reach no queue from", "no binding fits their routing key or headers"),
            BrokerKind::EventBridge(_) => ("Events reach no target from", "no rule of the bus that has a target fits them"),
            BrokerKind::Simple(_) | BrokerKind::Kafka(_) => ("Events reach nobody from", "nobody reads it"),
        };
        let weight = match &broker.kind {
            _ if *number >= all => Weight::Bad,
            // A bus carries what is of no interest here as well.
            BrokerKind::EventBridge(_) => Weight::Note,
            _ => Weight::Watch,
        };
        Insight {
            weight,
            title: format!("{title} {place}"),
            evidence: format!("{} of {} went no further: {why}", figures::count(*number), figures::counted(all.max(*number), "event")),
            at: Some(*at),
            node: Some(broker.node),
        }
    })
}

/// Rules of EventBridge that looked at many events and wanted none.
fn idle_rules(moment: &Moment, evidence: &Evidence) -> Vec<Insight> {
    let plan = moment.simulation.plan();
    let mut found = Vec::new();
    for (i, planned) in plan.brokers.iter().enumerate() {
        let Broker::EventBridge(service) = moment.simulation.broker(BrokerId::at(i)) else { continue };
        let view = service.view();
        // A rule may be there for a replay that is still to come.
        if view.replays.iter().any(|replay| matches!(replay.state, State::Planned | State::Running)) {
            continue;
        }
        for (rule, view) in service.parts().rules.iter().zip(view.rules) {
            let Some(bus) = service.parts().bus_of(rule).filter(|_| view.matched == 0 && view.passed_over >= MANY) else { continue };
            found.push(Insight {
                weight: Weight::Watch,
                title: format!("The rule {} wants no event", rule.name),
                evidence: format!("none of {} on its bus fitted its pattern", figures::counted(view.passed_over, "event")),
                // It shows once there were enough of them.
                at: evidence.reached[planned.channels.start + bus].1,
                node: Some(planned.node),
            });
        }
    }
    found
}

/// How much has to be handled before it can be told who works.
fn enough(capacity: u32) -> u64 {
    u64::from(capacity) * 20
}

/// Whether so many events of one key are far more than its share of all.
fn is_hot(of_key: u64, all: u64) -> bool {
    all > 200 && of_key as f64 > 0.2 * all as f64
}

/// Partitions that get far more than their share.
fn hot_partitions(moment: &Moment, evidence: &Evidence) -> Vec<Insight> {
    let plan = moment.simulation.plan();
    let mut found = Vec::new();
    for (i, broker) in plan.brokers.iter().enumerate() {
        let Broker::Kafka(cluster) = moment.simulation.broker(BrokerId::at(i)) else { continue };
        for topic in cluster.view().topics {
            let ends: Vec<u64> = topic.partitions.iter().map(|partition| partition.log_end_offset).collect();
            let all: u64 = ends.iter().sum();
            let Some((hottest, most)) = ends.iter().copied().enumerate().max_by_key(|(i, end)| (*end, usize::MAX - i)) else { continue };
            // Twice the share is a lot; of two partitions, where that cannot be, three quarters are.
            let share = most as f64 / all.max(1) as f64;
            if ends.len() < 2 || all < 200 || share < (2.0 / ends.len() as f64).min(0.75) {
                continue;
            }
            let Some(outlet) = topic.outlets.first() else { continue };
            let name = plan.outlets[outlet.index()].name.split('#').next().unwrap_or_default();
            let lag = topic.partitions[hottest].positions.iter().map(|position| position.lag).max().unwrap_or(0);
            found.push(Insight {
                weight: Weight::Watch,
                title: format!("Partition {hottest} of {name} is hot"),
                evidence: format!(
                    "it got {} of {} records, where an even spread over {} partitions gives {}; {} of them wait: choose keys that spread better",
                    figures::share(share),
                    figures::count(all),
                    ends.len(),
                    figures::share(1.0 / ends.len() as f64),
                    figures::count(lag)
                ),
                // It shows once there is enough of it.
                at: topic.outlets.iter().filter_map(|outlet| evidence.enough.get(outlet).and_then(|(_, at)| *at)).min(),
                node: Some(broker.node),
            });
        }
    }
    found
}

fn events_were(number: u64) -> String {
    format!("{} {}", figures::counted(number, "event"), if number == 1 { "was" } else { "were" })
}

fn workers(capacity: u32) -> String {
    if capacity == 1 { "its only worker is".to_owned() } else { format!("its {capacity} workers are") }
}

/// Workers that have nothing to do while others do everything.
fn members(evidence: &Evidence, id: ConsumerId, node: NodeId, name: &str, capacity: u32) -> Option<Insight> {
    let workers = &evidence.workers[id.index()];
    let handled: u64 = workers.values().sum();
    let idle = capacity.saturating_sub(workers.len() as u32);
    (idle > 0 && handled > enough(capacity)).then(|| Insight {
        weight: Weight::Note,
        title: format!("{idle} of {capacity} workers of {name} never work"),
        evidence: format!(
            "{} handled by {}: fewer would do, or nothing is assigned to them",
            events_were(handled),
            if workers.len() == 1 { "the other one".to_owned() } else { format!("the other {}", workers.len()) }
        ),
        at: evidence.settled[id.index()].1,
        node: Some(node),
    })
}

/// Keys that have far more than their share: what makes one partition hot.
fn hot_keys(plan: &Plan, evidence: &Evidence) -> Vec<Insight> {
    let mut by_outlet: BTreeMap<OutletId, (u64, u64, u64)> = BTreeMap::new();
    for ((outlet, _), number) in &evidence.keys {
        let (keys, all, most) = by_outlet.entry(*outlet).or_default();
        (*keys, *all, *most) = (*keys + 1, *all + number, (*most).max(*number));
    }
    let hot = by_outlet.into_iter().filter(|(_, (keys, all, most))| *keys >= 8 && is_hot(*most, *all));
    hot.map(|(outlet, (keys, all, most))| Insight {
        weight: Weight::Watch,
        title: format!("One key dominates {}", plan.outlets[outlet.index()].name),
        evidence: format!(
            "{} of its events carry one of {} keys: whatever keeps a key in order (a partition) gets that much",
            figures::share(most as f64 / all as f64),
            figures::count(keys)
        ),
        at: evidence.hot.get(&outlet).and_then(|(_, since)| *since),
        node: reader(plan, outlet),
    })
    .collect()
}
