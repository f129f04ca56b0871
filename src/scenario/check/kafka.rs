//! What Kafka itself would refuse, and what is probably not meant.

use super::Findings;
use super::names::Names;
use crate::ids::NodeId;
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::kafka::{Acks, Assignor, Group, Kafka, Producers, Protocol, Topic, Transaction};
use crate::scenario::document::Node;
use crate::scenario::handling::Ack;
use crate::time::Span;
use std::cell::LazyCell;
use std::collections::BTreeSet;

/// Most nodes of a cluster, and so most replicas of a partition.
const MOST_NODES: u32 = 64;
/// Most partitions of all topics of a cluster together.
const MOST_PARTITIONS: u64 = 100_000;
/// `segment.bytes` is at least this since Kafka 4.0.
const LEAST_SEGMENT: u64 = 1 << 20;
/// `request.timeout.ms`: `delivery.timeout.ms` has to be longer by the linger time.
const REQUEST_TIMEOUT: Span = Span::from_millis(30_000);

/// Looks at every Kafka broker of the document.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        if let Node::Broker(broker) = node
            && let BrokerKind::Kafka(kafka) = &broker.kind
        {
            let at = |field: &str| names.at(NodeId::at(i), &format!("kind.{field}"));
            cluster(kafka, &at, findings);
            transactions(scenario, &broker.id, kafka, &at, findings);
            let groups = LazyCell::new(|| groups(scenario, &broker.id));
            for (n, group) in kafka.groups.iter().enumerate() {
                known_group(&group.name, &groups, at(&format!("groups[{n}].name")), findings);
                settings(group, &at(&format!("groups[{n}]")), findings);
                if kafka.groups[..n].iter().any(|other| other.name == group.name) {
                    findings.error(at(&format!("groups[{n}].name")), format!("the group `{}` is listed twice", group.name));
                }
            }
            for (n, replay) in kafka.replays.iter().enumerate() {
                known_group(&replay.group, &groups, at(&format!("replays[{n}].group")), findings);
                let topics = || kafka.topics.iter().map(|topic| topic.name.as_str());
                if let Some(topic) = replay.topic.as_deref().filter(|topic| !topics().any(|known| known == *topic)) {
                    let help = findings.suggest.did_you_mean(topic, topics());
                    findings.add(super::Severity::Error, at(&format!("replays[{n}].topic")), format!("there is no topic `{topic}`"), help);
                }
                if replay.at > scenario.duration {
                    let message = format!("{} lies behind the end of the run, {}", replay.at, scenario.duration);
                    findings.warning(at(&format!("replays[{n}].at")), message, "the group will stay where it is");
                }
            }
        }
    }
}

/// Groups that read from a broker.
pub(super) fn groups(scenario: &Scenario, broker: &str) -> BTreeSet<String> {
    let mut groups = BTreeSet::new();
    for node in &scenario.nodes {
        if let Node::Consumer(consumer) = node {
            let here = consumer.reads.iter().filter(|read| read.from.split_once('/').is_some_and(|(id, _)| id == broker));
            groups.extend(here.map(|read| read.group.clone().unwrap_or_else(|| consumer.id.clone())));
        }
    }
    groups
}

fn known_group(name: &str, known: &BTreeSet<String>, path: String, findings: &mut Findings) {
    if !known.contains(name) {
        let help = findings.suggest.did_you_mean(name, known.iter().map(String::as_str));
        let help = help.or_else(|| Some("a group is named by a `Read`, or is the id of the consumer that reads".to_owned()));
        findings.add(super::Severity::Error, path, format!("no group `{name}` reads from this broker"), help);
    }
}

fn cluster(kafka: &Kafka, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    if !(1..=MOST_NODES).contains(&kafka.nodes) {
        findings.error(at("nodes"), format!("a cluster has 1 to {MOST_NODES} nodes, not {}", kafka.nodes));
    }
    if !(1..=kafka.nodes.max(1)).contains(&kafka.racks) {
        findings.error_help(
            at("racks"),
            format!("{} nodes are in 1 to {} racks, not in {}", kafka.nodes, kafka.nodes, kafka.racks),
            "nodes are put into racks in turn",
        );
    }
    let partitions: u64 = kafka.topics.iter().map(|topic| u64::from(topic.partitions)).sum();
    if partitions > MOST_PARTITIONS {
        findings.error(at("topics"), format!("{partitions} partitions are more than the {MOST_PARTITIONS} that can be simulated"));
    }
    for (n, one) in kafka.topics.iter().enumerate() {
        topic(one, kafka.nodes, &|field| at(&format!("topics[{n}].{field}")), findings);
    }
    producers(&kafka.producers, &|field| at(&format!("producers.{field}")), findings);
    for (field, span) in [("retention_check", kafka.retention_check), ("cleaner_pause", kafka.cleaner_pause)] {
        if span < Span::from_millis(1) {
            findings.error(at(field), "this happens at most once in a millisecond");
        }
    }
}

fn topic(topic: &Topic, nodes: u32, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    if topic.partitions == 0 {
        findings.error(at("partitions"), format!("the topic `{}` has no partitions, so nothing could be written to it", topic.name));
    }
    if topic.replication == 0 {
        findings.error(at("replication"), "a partition has at least one replica: its leader");
    } else if topic.replication > nodes {
        findings.error_help(
            at("replication"),
            format!("{} replicas of a partition need as many nodes, and there are {nodes}", topic.replication),
            format!("give the cluster more `nodes`, or replicate at most {nodes} times"),
        );
    }
    if topic.segment.bytes.0 < LEAST_SEGMENT {
        findings.error_help(
            at("segment.bytes"),
            "segments are at least 1 MiB since Kafka 4.0",
            "use `segment: Segment(time: ...)` to start new ones more often",
        );
    }
}

fn producers(producers: &Producers, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    if producers.in_flight == 0 {
        findings.error(at("in_flight"), "without a request in flight nothing is ever sent");
    }
    if producers.batch.0 == 0 {
        findings.error(at("batch"), "a batch of no bytes takes no record");
    }
    if producers.idempotence == Some(true) {
        if producers.acks != Acks::All {
            findings.error(at("acks"), "idempotence needs acks `All` (Kafka refuses anything else)");
        }
        if producers.in_flight > Producers::IDEMPOTENT_IN_FLIGHT {
            findings.error(at("in_flight"), format!("idempotence allows at most {} requests in flight", Producers::IDEMPOTENT_IN_FLIGHT));
        }
        if producers.retries == Some(0) {
            findings.error(at("retries"), "idempotence needs retries");
        }
    }
    if producers.delivery_timeout.0 < producers.linger.0.saturating_add(REQUEST_TIMEOUT.0) {
        findings.error_help(
            at("delivery_timeout"),
            "the delivery timeout has to be at least the linger time and the request timeout (30 s) together",
            "make it longer, or `linger` shorter",
        );
    }
}

/// Who publishes in transactions, and how.
fn transactions(scenario: &Scenario, broker: &str, kafka: &Kafka, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    let here = |place: &str| place.split_once('/').is_some_and(|(id, _)| id == broker);
    let publishes = |node: &Node| match node {
        Node::Producer(producer) => producer.emits.iter().any(|emit| here(&emit.to)),
        Node::Consumer(consumer) => consumer.then.iter().any(|then| here(&then.to)) || consumer.dead_letter.as_deref().is_some_and(here),
        Node::Broker(_) | Node::Store(_) => false,
    };
    for (n, transaction) in kafka.transactions.iter().enumerate() {
        let path = |field: &str| at(&format!("transactions[{n}].{field}"));
        let name = transaction.node.as_str();
        match scenario.nodes.iter().find(|node| node.id() == name) {
            Some(node) if publishes(node) => {
                if let Node::Consumer(consumer) = node
                    && consumer.reads.iter().any(|read| here(&read.from))
                    && consumer.ack != Ack::AfterWork
                {
                    findings.error_help(
                        path("node"),
                        format!("the offsets of `{name}` are committed with its transactions, not on its own (`ack`)"),
                        format!("take `ack` away from `{name}`"),
                    );
                }
            }
            Some(_) => findings.error_help(
                path("node"),
                format!("`{name}` publishes nothing to this broker"),
                "transactions are of a producer that emits to it, or of a consumer whose `then` does",
            ),
            None => {
                let publishers = scenario.nodes.iter().filter(|node| publishes(node)).map(Node::id);
                let help = findings.suggest.did_you_mean(name, publishers);
                findings.add(super::Severity::Error, path("node"), format!("there is no node `{name}`"), help);
            }
        }
        if kafka.transactions[..n].iter().any(|other| other.node == name) {
            findings.error(path("node"), format!("`{name}` is listed twice"));
        }
        if transaction.id.as_deref() == Some("") {
            findings.error_help(path("id"), "`transactional.id` is not empty", "leave it out for the node's id");
        }
        if transaction.events == 0 {
            findings.error(path("events"), "a transaction has at least one event");
        }
        if transaction.every < Span::from_millis(1) {
            findings.error(path("every"), "a transaction is open for at least a millisecond");
        }
        if transaction.timeout > Transaction::LONGEST_TIMEOUT {
            findings.error_help(
                path("timeout"),
                format!("brokers refuse a timeout of more than {} (INVALID_TRANSACTION_TIMEOUT)", Transaction::LONGEST_TIMEOUT),
                "`transaction.max.timeout.ms` is 15 minutes",
            );
        } else if transaction.timeout <= transaction.every {
            findings.error_help(
                path("timeout"),
                format!("the coordinator aborts after {}, before the producer commits after {}", transaction.timeout, transaction.every),
                "a timeout of many times `every` is usual",
            );
        }
    }
    let idempotent = kafka.producers.idempotent();
    if !kafka.transactions.is_empty() && !idempotent {
        findings.error_help(
            at("producers"),
            "transactions need idempotent producers",
            format!("that is acks `All`, retries, and at most {} requests in flight", Producers::IDEMPOTENT_IN_FLIGHT),
        );
    }
}

fn settings(group: &Group, at: &str, findings: &mut Findings) {
    let path = |field: &str| format!("{at}.{field}");
    match (group.protocol, group.assignor) {
        (Protocol::Classic, Some(Assignor::Uniform)) => {
            findings.error_help(path("assignor"), "`Uniform` belongs to the `Consumer` protocol", "write `protocol: Consumer` as well");
        }
        (Protocol::Consumer, Some(Assignor::RoundRobin | Assignor::Sticky | Assignor::CooperativeSticky)) => {
            findings.error_help(path("assignor"), "the `Consumer` protocol knows `Uniform` and `Range` only", "leave it out for `Uniform`");
        }
        _ => {}
    }
    let heartbeat = group.heartbeat.unwrap_or(Span::from_millis(3000));
    if heartbeat < Span::from_millis(1) {
        findings.error(path("heartbeat"), "heartbeats come at most once in a millisecond");
    } else if heartbeat >= group.session {
        findings.error_help(
            path("session"),
            format!("the session of {} ends before the next heartbeat, which comes every {heartbeat}", group.session),
            "a session of at least three heartbeats is usual",
        );
    }
    if group.max_poll_records == 0 {
        findings.error(path("max_poll_records"), "a poll that gives no record gives nothing");
    }
}
