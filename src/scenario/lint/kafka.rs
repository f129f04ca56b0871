//! What the partitions of a Kafka topic make impossible.

use super::{Found, Lint, Subject};
use crate::ids::{ChannelId, OutletId};
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::kafka::{Cleanup, Reset, Topic};
use crate::scenario::plan::{ConsumerPlan, Origin, Plan};
use crate::scenario::shapes::Key;

/// See its explanation.
pub static IDLE_MEMBERS: Lint = Lint {
    id: "idle-members",
    line: "a Kafka group has more members than its topic has partitions",
    explanation: "Within a group each partition is read by one member. Members beyond the number of partitions get none and have nothing \
                  to do until another one leaves. Give the topic more partitions (their number bounds how far a group can grow), or the \
                  consumer fewer instances. A few spare members that take over quickly are fine: say so with `allow: [\"idle-members\"]`.",
    look: idle_members,
};

/// See its explanation.
pub static MIN_INSYNC: Lint = Lint {
    id: "min-insync",
    line: "a topic wants more replicas in sync than it has",
    explanation: "With `acks: All` a write is refused (NOT_ENOUGH_REPLICAS) while fewer than `min_insync` replicas are in sync. Of a topic \
                  whose `replication` is smaller, Kafka (since 3.7) asks for all replicas: it takes nothing while any of their nodes is \
                  down. Usual are three replicas of which two have to be in sync: one node can be lost, and writing goes on.",
    look: min_insync,
};

/// See its explanation.
pub static HOT_PARTITION: Lint = Lint {
    id: "hot-partition",
    line: "one key has so large a share of a topic that the reader of its partition cannot keep up",
    explanation: "All events of a key go to one partition, and one member of a group reads it. Where few keys have most of the events, \
                  that member is offered more than it can do while the others idle; more instances or partitions do not help. Choose a \
                  key that spreads better, add something to the key of those few (and give up their order), make handling faster, or let \
                  the member handle several events at a time (`threads`, which gives up order as well).",
    look: hot_partition,
};

/// See its explanation.
pub static NOTHING_COMMITTED: Lint = Lint {
    id: "nothing-committed",
    line: "a Kafka group with `reset: None` has no committed offset when it starts",
    explanation: "With `auto.offset.reset=none` a client whose group has committed nothing throws NoOffsetForPartitionException at its \
                  first poll and stops, and whoever takes its partitions over does the same. People who work with `none` set a group's \
                  offsets before it starts: here with `replays`, at a time no later than the group's `starts`. Where the exception is \
                  what is to be seen, say so with `allow: [\"nothing-committed\"]`.",
    look: nothing_committed,
};

/// See its explanation.
pub static NO_KEY: Lint = Lint {
    id: "no-key",
    line: "events without a key for a compacted Kafka topic, which refuses them",
    explanation: "A compacted topic keeps the last record of each key. A record without a key has no place in it: the broker refuses its \
                  whole batch (INVALID_RECORD), and the producer does not try again, so all of these events are lost. Give the event a \
                  `key`, or the topic another `cleanup`.",
    look: no_key,
};

fn topic(plan: &Plan, channel: ChannelId) -> Option<&Topic> {
    let channel_plan = &plan.channels[channel.index()];
    let broker = &plan.brokers[channel_plan.broker.index()];
    match &broker.kind {
        BrokerKind::Kafka(kafka) => kafka.topics.get(channel.index() - broker.channels.start),
        _ => None,
    }
}

/// Each group that reads a topic: the topic, the outlet and who reads it.
fn groups(plan: &Plan) -> impl Iterator<Item = (ChannelId, &Topic, OutletId, Vec<&ConsumerPlan>)> {
    (0..plan.outlets.len()).map(OutletId::at).filter_map(|outlet| {
        let [channel] = plan.outlets[outlet.index()].channels.as_slice() else { return None };
        let readers = plan.outlets[outlet.index()].readers.iter();
        let readers = readers.map(|read| &plan.consumers[plan.reads[read.index()].consumer.index()]).collect();
        topic(plan, *channel).map(|topic| (*channel, topic, outlet, readers))
    })
}

fn idle_members(subject: &Subject<'_>, found: &mut Found<'_>) {
    for (_, topic, _, readers) in groups(subject.plan) {
        let members: u64 = readers.iter().map(|consumer| u64::from(consumer.instances)).sum();
        if let Some(last) = readers.last().filter(|_| members > u64::from(topic.partitions)) {
            let name = subject.name(last);
            found.warn(
                format!("nodes.{name}.instances"),
                format!("of the {members} members of this group only {} get a partition of `{}`", topic.partitions, topic.name),
                format!("give the topic at least {members} partitions, or the group fewer members"),
            );
        }
    }
}

fn min_insync(subject: &Subject<'_>, found: &mut Found<'_>) {
    for broker in &subject.plan.brokers {
        let BrokerKind::Kafka(kafka) = &broker.kind else { continue };
        let name = &subject.plan.nodes[broker.node.index()].name;
        for (n, topic) in kafka.topics.iter().enumerate().filter(|(_, topic)| topic.min_insync > topic.replication) {
            found.warn(
                format!("nodes.{name}.kind.topics[{n}].min_insync"),
                format!(
                    "{} replicas can never be in sync where there are {}: Kafka asks for all there are",
                    topic.min_insync, topic.replication
                ),
                "replicate more, or with acks `All` writes are refused (NOT_ENOUGH_REPLICAS) as soon as one node is down".to_owned(),
            );
        }
    }
}

fn no_key(subject: &Subject<'_>, found: &mut Found<'_>) {
    let plan = subject.plan;
    for emitter in &plan.emitters {
        // What follows on an event has its key, and rows of a trace have their own.
        let (Origin::Workload(_), Some(event)) = (&emitter.origin, emitter.event) else { continue };
        let event = &plan.types[event.index()];
        if let Some(topic) = topic(plan, emitter.channel).filter(|topic| topic.cleanup != Cleanup::Delete && event.key.is_none()) {
            found.warn(
                format!("events.{}", event.name),
                format!("`{}` has no key, and the compacted topic `{}` refuses it (INVALID_RECORD)", event.name, topic.name),
                format!("give `{}` a `key`, or `{}` another `cleanup`", event.name, topic.name),
            );
        }
    }
}

fn nothing_committed(subject: &Subject<'_>, found: &mut Found<'_>) {
    for broker in &subject.plan.brokers {
        let BrokerKind::Kafka(kafka) = &broker.kind else { continue };
        let name = &subject.plan.nodes[broker.node.index()].name;
        for (n, group) in kafka.groups.iter().enumerate().filter(|(_, group)| group.reset == Reset::None) {
            if !kafka.replays.iter().any(|replay| replay.group == group.name && replay.at <= group.starts) {
                found.warn(
                    format!("nodes.{name}.kind.groups[{n}].reset"),
                    format!("`{}` has committed no offset when it starts, so its clients stop (NoOffsetForPartitionException)", group.name),
                    format!("send it somewhere first: `replays: [Replay(at: \"{}\", group: \"{}\")]`", group.starts, group.name),
                );
            }
        }
    }
}

fn hot_partition(subject: &Subject<'_>, found: &mut Found<'_>) {
    let plan = subject.plan;
    for (channel, topic, outlet, readers) in groups(plan) {
        let partitions = f64::from(topic.partitions.max(1));
        // Events per second of the partition with the most frequent key, and how much of it that key is.
        let (mut rest, mut hottest) = (0.0, 0.0_f64);
        for (event, rate) in &subject.rates[channel.index()] {
            let share = plan.types[*event].key.as_ref().map_or(0.0, most_frequent);
            hottest = hottest.max(rate * share);
            rest += rate * (1.0 - share) / partitions;
        }
        for consumer in &readers {
            let can = f64::from(consumer.threads.max(1)) / subject.work(consumer);
            let overloaded = subject.load(consumer).is_some_and(|load| load.share() < 1.0) && hottest + rest >= can;
            // A key that makes up little is not what overloads a partition.
            if overloaded && hottest > rest / 2.0 {
                let name = subject.name(consumer);
                found.warn(
                    format!("nodes.{name}"),
                    format!(
                        "the most frequent key brings one partition of `{}` to {} events/s, and its reader can handle {}/s",
                        plan.outlets[outlet.index()].name,
                        super::digits(hottest + rest),
                        super::digits(can)
                    ),
                    "choose a key that spreads better, or make handling faster: more instances do not help".to_owned(),
                );
            }
        }
    }
}

/// Share of the events that have the most frequent key.
fn most_frequent(key: &Key) -> f64 {
    match key {
        Key::Fixed(_) => 1.0,
        Key::Sequential => 0.0,
        Key::Uniform { keys } => 1.0 / (*keys).max(1) as f64,
        Key::Zipf { keys, exponent } => {
            // The first thousand terms one by one, the rest by its integral.
            let (few, all) = ((*keys).clamp(1, 1000), (*keys).max(1) as f64 + 0.5);
            let sum: f64 = (1..=few).map(|i| libm::pow(i as f64, -exponent)).sum();
            let from = few as f64 + 0.5;
            let rest = match (exponent - 1.0).abs() < 1e-9 {
                true => libm::log(all / from),
                false => (libm::pow(all, 1.0 - exponent) - libm::pow(from, 1.0 - exponent)) / (1.0 - exponent),
            };
            1.0 / (sum + rest.max(0.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_the_most_frequent_key_follows_zipf() {
        let zipf = |keys, exponent| most_frequent(&Key::Zipf { keys, exponent });
        // 1 + 1/2 + 1/3 + 1/4
        assert!((zipf(4, 1.0) - 12.0 / 25.0).abs() < 1e-12);
        assert!((zipf(10, 0.0) - 0.1).abs() < 1e-12);
        // The harmonic number of a million is 14.392727.
        assert!((zipf(1_000_000, 1.0) - 1.0 / 14.392_727).abs() < 1e-6);
        // Zeta(2) is pi squared over six.
        assert!((zipf(100_000_000, 2.0) - 6.0 / (std::f64::consts::PI * std::f64::consts::PI)).abs() < 1e-6);
    }
}
