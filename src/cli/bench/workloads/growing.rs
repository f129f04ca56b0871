//! Workloads in which one thing grows and what happens to an event stays the same.

use super::Workload;
use std::fmt::Write;

fn workload(name: &str, text: String) -> Workload {
    Workload { name: name.to_owned(), text, theory: None }
}

/// So many consumers that all read from one place, and handle an event in an exponential time of this mean.
fn readers(many: u64, from: &str, mean: &str) -> String {
    let one = |i| format!(r#"Consumer(id: "c{i}", reads: [Read(from: "{from}")], handle: Handle(time: Exponential(mean: "{mean}"))), "#);
    (0..many).map(one).collect()
}

/// So many events on their way at once, on average: 100,000 per second over a link whose exponential latency has the mean that makes it so.
/// The warm-up is three means, after which 95 % of them are there.
pub fn on_the_way(many: u64, deliveries: u64) -> Workload {
    let mean = many * 10;
    let text = format!(
        r#"Scenario(format: 1, name: "on the way", duration: "{duration}us", warmup: "{warmup}us", network: Network(latency: Constant("0s")),
    links: [Link(between: ("p", "b"), latency: Exponential(mean: "{mean}us"))],
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("100000/s"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "5us"))),
    ])"#,
        warmup = 3 * mean,
        duration = 3 * mean + deliveries * 10,
    );
    workload("on the way", text)
}

/// So many consumers of one topic: each event goes to all of them.
pub fn consumers(many: u64, deliveries: u64) -> Workload {
    let consumers = readers(many, "b/t", "800us");
    let text = format!(
        r#"Scenario(format: 1, name: "consumers", duration: "{duration}ms",
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("1000/s"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])), {consumers}
    ])"#,
        duration = deliveries.div_ceil(many).max(10),
    );
    workload("consumers", text)
}

/// A Kafka topic of so many partitions on three nodes, 2,000 keyed events per second, a group of four members. The more partitions, the
/// fewer records in a batch. The warm-up is the time in which the group gets its partitions.
pub fn partitions(many: u64, deliveries: u64) -> Workload {
    let consumer = r#"
        Consumer(id: "c", reads: [Read(from: "k/t")], instances: 4, handle: Handle(time: Exponential(mean: "1ms"))),"#;
    workload("partitions", kafka(many, deliveries / 2, consumer))
}

/// So many groups, each of one member, that all read a Kafka topic of 1,000 partitions, which get 2,000 keyed events per second. What
/// publishing costs is shared by all.
pub fn groups(many: u64, deliveries: u64) -> Workload {
    let consumers = readers(many, "k/t", "200us");
    workload("groups", kafka(1_000, deliveries.div_ceil(2 * many).max(500), &consumers))
}

/// Runs for so many milliseconds after the warm-up.
fn kafka(partitions: u64, milliseconds: u64, consumers: &str) -> String {
    format!(
        r#"Scenario(format: 1, name: "kafka", duration: "{duration}ms", warmup: "5s",
    events: [Event(name: "E", key: Uniform(keys: 100000))],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Poisson("2000/s"))]),
        Broker(id: "k", kind: Kafka(nodes: 3, topics: [Topic(name: "t", partitions: {partitions}, replication: 3, min_insync: 2)])), {consumers}
    ])"#,
        duration = 5_000 + milliseconds,
    )
}

/// A topic exchange of RabbitMQ with so many bindings to ten queues, a fifth of them with wildcards. Ten producers' events go to a queue each.
pub fn bindings(many: u64, deliveries: u64) -> Workload {
    let (mut queues, mut bindings, mut emits, mut consumers) = (String::new(), String::new(), String::new(), String::new());
    for q in 0..10 {
        let _ = write!(queues, r#"Queue(name: "q{q}"), "#);
        // Far apart, and each in the bindings of its queue.
        let key = q * (many / 100 * 10) + q;
        let _ = write!(emits, r#"Emit(event: "E", to: "b/x", arrivals: Poisson("1000/s"), routing_key: "shop.order{key}.paid"), "#);
        let _ = write!(
            consumers,
            r#"
        Consumer(id: "c{q}", prefetch: 10, reads: [Read(from: "b/q{q}")], handle: Handle(time: Exponential(mean: "800us"))),"#
        );
    }
    for i in 0..many {
        let key = match i % 10 {
            0 => format!("shop.order{i}.#"),
            1 => format!("*.order{i}.paid"),
            _ => format!("shop.order{i}.paid"),
        };
        let _ = write!(bindings, r#"Binding(from: "x", to: "q{q}", key: "{key}"), "#, q = i % 10);
    }
    let text = format!(
        r#"Scenario(format: 1, name: "bindings", duration: "{duration}ms", network: Network(latency: Constant("0s")),
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [{emits}]),
        Broker(id: "b", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: Topic)], queues: [{queues}], bindings: [{bindings}])),{consumers}
    ])"#,
        duration = (deliveries / 10).max(10),
    );
    workload("bindings", text)
}

/// A bus of EventBridge with so many rules, of which three in ten ask for more than the customer: each event fits the rule of its customer.
pub fn rules(many: u64, deliveries: u64) -> Workload {
    let (mut rules, mut reads) = (String::new(), String::new());
    for i in 0..many {
        let more = match i % 10 {
            0 => r#","total":[{"numeric":[">=",0]}]"#,
            1 => r#","path":[{"prefix":"eu/"}]"#,
            2 => r#","gift":[{"exists":false}]"#,
            _ => "",
        };
        let _ = write!(rules, r##"Rule(name: "r{i}", pattern: r#"{{"source":["shop"],"detail":{{"customer":[{i}]{more}}}}}"#), "##);
        let _ = write!(reads, r#"Read(from: "b/r{i}"), "#);
    }
    let text = format!(
        r#"Scenario(format: 1, name: "rules", duration: "{duration}ms", network: Network(latency: Constant("0s")),
    events: [Event(name: "Order", attributes: {{"customer": Whole(0, {last}), "total": Uniform(0, 500), "path": Choice({{"eu/es": 1, "eu/de": 1}})}})],
    nodes: [
        Producer(id: "shop", emits: [Emit(event: "Order", to: "b/default", arrivals: Poisson("1000/s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "default")], rules: [{rules}])),
        Consumer(id: "c", reads: [{reads}], handle: Handle(time: Exponential(mean: "800us"))),
    ])"#,
        duration = deliveries.max(10),
        last = many - 1,
    );
    workload("rules", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load};

    #[test]
    fn all_of_them_are_sound_scenarios_of_the_size_they_claim() {
        for (workload, nodes, outlets) in [
            (on_the_way(10, 100), 3, 1),
            (consumers(20, 100), 22, 20),
            (partitions(12, 100), 3, 1),
            (groups(7, 100), 9, 7),
            (bindings(10, 100), 12, 10),
            (rules(30, 100), 3, 30),
        ] {
            let loaded = load(&workload.text, &workload.name, &NoFiles).unwrap_or_else(|p| panic!("{}: {}", workload.name, p[0]));
            assert_eq!(loaded.warnings.first().map(ToString::to_string), None, "{}", workload.name);
            assert_eq!((loaded.plan.nodes.len(), loaded.plan.outlets.len()), (nodes, outlets), "{}", workload.name);
        }
    }
}
