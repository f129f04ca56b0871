//! The fixed workloads, as scenarios in text: what `bench` measures is what a file with this text would do.

pub mod growing;

use std::fmt::Write;

/// Something to run and measure.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name in the results.
    pub name: String,
    /// The scenario.
    pub text: String,
    /// What queueing theory gives for the mean seconds from publish to the end of handling, where it gives anything.
    pub theory: Option<f64>,
}

/// M/M/1: a Poisson process of 0.8 per second, one exponential server of mean 1 s: 1 / (1 - 0.8) seconds. So many `messages`.
pub fn mm1(messages: u64) -> Workload {
    let text = format!(
        r#"Scenario(format: 1, name: "mm1", duration: "{duration}s", network: Network(latency: Constant("0s")),
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("0.8/s"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "1s"))),
    ])"#,
        duration = messages * 5 / 4
    );
    Workload { name: "mm1".to_owned(), text, theory: Some(5.0) }
}

/// Shortest run, in seconds, for which a mean may be held against the steady state of theory. (The queue of the fan-out forgets
/// its empty start within some tenths of a second.)
const STEADY: f64 = 10.0;

/// `copies` independent fan-outs side by side: each a Poisson process of 1000 per second that reaches its broker after an
/// exponential 2 ms and goes at once to four consumers, each one exponential server of mean 0.8 ms. `published` events in all.
pub fn fanout(copies: u64, published: u64) -> Workload {
    let mut links = String::new();
    for i in 0..copies {
        // Writing to a text cannot fail.
        let _ = write!(links, r#"Link(between: ("p{i}", "b{i}"), latency: Exponential(mean: "2ms")), "#);
    }
    let network = format!(r#"network: Network(latency: Constant("0s")), links: [{links}],"#);
    fanouts("fanout", copies, published, &network)
}

/// One of them on a network of which the file says nothing: every link takes 1 ms.
pub fn network(published: u64) -> Workload {
    fanouts("network", 1, published, "")
}

fn fanouts(name: &str, copies: u64, published: u64, network: &str) -> Workload {
    let milliseconds = (published / copies).max(1);
    let mut nodes = String::new();
    for i in 0..copies {
        let _ = write!(
            nodes,
            r#"
        Producer(id: "p{i}", emits: [Emit(event: "E", to: "b{i}/t", arrivals: Poisson("1000/s"))]),
        Broker(id: "b{i}", kind: Simple(topics: ["t"])),"#
        );
        for c in 0..4 {
            let _ = write!(
                nodes,
                r#"
        Consumer(id: "c{i}-{c}", reads: [Read(from: "b{i}/t")], handle: Handle(time: Exponential(mean: "800us"))),"#
            );
        }
    }
    let text = format!(
        r#"Scenario(format: 1, name: "{name}", duration: "{milliseconds}ms", {network}
    events: [Event(name: "E")],
    nodes: [{nodes}
    ])"#
    );
    // Either way 2 ms to the consumers on average. What comes out of a delay that depends on nothing is a Poisson process again, so each
    // consumer is an M/M/1.
    let theory = 0.002 + 1.0 / (1.0 / 0.0008 - 1000.0);
    Workload { name: name.to_owned(), text, theory: (milliseconds as f64 / 1000.0 >= STEADY).then_some(theory) }
}

/// Everything that is not the straight way: jittered links in both directions, failures, backoffs with jitter, dead letters, keys,
/// follow-up events.
pub fn retry(published: u64) -> Workload {
    let text = format!(
        r#"Scenario(format: 1, name: "retry", duration: "{published}ms",
    network: Network(latency: LogNormal(median: "2ms", p99: "20ms"), loss: "0.1%", duplication: "0.1%"),
    events: [Event(name: "Order", key: Zipf(keys: 10000, exponent: 1.1)), Event(name: "Invoice")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "Order", to: "b/orders", arrivals: Poisson("1000/s"))]),
        Broker(id: "b", kind: Simple(topics: ["orders", "invoices", "dead"])),
        Consumer(id: "billing", reads: [Read(from: "b/orders")], instances: 4,
            handle: Handle(time: Gamma(mean: "2ms", shape: 2), fails: "10%"),
            retry: Retry(attempts: 3, backoff: Exponential(first: "10ms", factor: 2, max: "1s", jitter: Full)),
            dead_letter: "b/dead", then: [Emit(event: "Invoice", to: "b/invoices", probability: "50%")]),
        Consumer(id: "accounting", reads: [Read(from: "b/invoices")], instances: 2, handle: Handle(time: Exponential(mean: "2ms"))),
        Consumer(id: "repair", reads: [Read(from: "b/dead")], handle: Handle(time: Constant("1ms"))),
    ])"#
    );
    Workload { name: "retry".to_owned(), text, theory: None }
}

/// A Kafka cluster as it is: twelve partitions on three nodes, batches that linger 5 ms, acks from all replicas, four groups of three
/// members that commit after work. Handling takes 0.5 ms; every second event has a key.
pub fn kafka(published: u64) -> Workload {
    let consumers: String = (0..4)
        .map(|group| {
            format!(
                r#"
        Consumer(id: "g{group}", reads: [Read(from: "k/orders")], instances: 3, handle: Handle(time: Exponential(mean: "500us"))),"#
            )
        })
        .collect();
    let text = format!(
        r#"Scenario(format: 1, name: "kafka", duration: "{duration}ms", network: Network(latency: Constant("1ms")),
    events: [Event(name: "E", key: Uniform(keys: 100000)), Event(name: "F")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "k/orders", arrivals: Poisson("1000/s"))]),
        Producer(id: "q", emits: [Emit(event: "F", to: "k/orders", arrivals: Poisson("1000/s"))]),
        Broker(id: "k", kind: Kafka(nodes: 3, topics: [Topic(name: "orders", partitions: 12, replication: 3, min_insync: 2)])),{consumers}
    ])"#,
        duration = published / 2
    );
    Workload { name: "kafka".to_owned(), text, theory: None }
}

/// RabbitMQ at its usual work: a topic exchange with eight patterns, four queues, four consumers with a prefetch of 10 that acknowledge
/// each event. Every event reaches all four queues.
pub fn rabbitmq(published: u64) -> Workload {
    let (mut queues, mut bindings, mut consumers) = (String::new(), String::new(), String::new());
    for q in 0..4 {
        let _ = write!(queues, r#"Queue(name: "q{q}"), "#);
        let _ =
            write!(bindings, r##"Binding(from: "x", to: "q{q}", key: "order.#"), Binding(from: "x", to: "q{q}", key: "*.{q}.paid"), "##);
        let _ = write!(
            consumers,
            r#"
        Consumer(id: "c{q}", prefetch: 10, reads: [Read(from: "b/q{q}")], handle: Handle(time: Exponential(mean: "800us"))),"#
        );
    }
    let text = format!(
        r#"Scenario(format: 1, name: "rabbitmq", duration: "{published}ms", network: Network(latency: Constant("0s")),
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/x", arrivals: Poisson("1000/s"), routing_key: "order.es.paid")]),
        Broker(id: "b", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: Topic)], queues: [{queues}], bindings: [{bindings}])),{consumers}
    ])"#
    );
    // Each consumer is an M/M/1: where its events wait, in the queue or in its hands, makes no difference.
    let theory = 1.0 / (1.0 / 0.0008 - 1000.0);
    Workload { name: "rabbitmq".to_owned(), text, theory: (published as f64 / 1000.0 >= STEADY).then_some(theory) }
}

/// A bus with 20 rules, whose patterns look at numbers, texts and absent fields, and four targets: each event reaches about four.
/// `published` events in all.
pub fn eventbridge(published: u64) -> Workload {
    let (mut rules, mut reads) = (String::new(), vec![String::new(); 4]);
    for i in 0..20 {
        let pattern = match i % 4 {
            0 => format!(r#"{{"detail":{{"total":[{{"numeric":[">",{},"<=",{}]}}]}}}}"#, i * 25, i * 25 + 100),
            1 => format!(r#"{{"source":["shop"],"detail":{{"country":["C{}"]}}}}"#, i / 4),
            2 => format!(r#"{{"detail":{{"tenant":[{{"prefix":"t{}"}}],"note":[{{"exists":false}}]}}}}"#, i / 4),
            _ => format!(
                r#"{{"$or":[{{"detail":{{"lines":[{}]}}}},{{"detail":{{"country":[{{"anything-but":"C0"}}],"lines":[{}]}}}}]}}"#,
                i / 4,
                i / 4 + 5
            ),
        };
        let _ = write!(rules, r##"Rule(name: "r{i}", pattern: r#"{pattern}"#), "##);
        let _ = write!(reads[i % 4], r#"Read(from: "b/r{i}"), "#);
    }
    let consumers: String = reads
        .iter()
        .enumerate()
        .map(|(i, reads)| {
            format!(r#"Consumer(id: "c{i}", reads: [{reads}], instances: 4, handle: Handle(time: Exponential(mean: "800us"))), "#)
        })
        .collect();
    let text = format!(
        r#"Scenario(format: 1, name: "eventbridge", duration: "{published}ms", network: Network(latency: Constant("0s")),
    events: [Event(name: "Order", attributes: {{
        "total": Uniform(0, 500), "lines": Whole(0, 9), "country": Choice({{"C0": 4, "C1": 3, "C2": 2, "C3": 1, "C4": 1}}),
        "tenant": Choice({{"t0": 1, "t1": 1, "t2": 1, "t3": 1, "t4": 1}})}})],
    nodes: [
        Producer(id: "shop", emits: [Emit(event: "Order", to: "b/default", arrivals: Poisson("1000/s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "default")], rules: [{rules}])),
        {consumers}
    ])"#
    );
    Workload { name: "eventbridge".to_owned(), text, theory: None }
}

/// One exponential server at a load of 0.8 for `published` events, with `backlog` events that wait in its queue from the start on.
pub fn waiting(backlog: u64, published: u64) -> Workload {
    let once = match backlog {
        0 => String::new(),
        _ => format!(r#"Emit(event: "E", to: "b/t", arrivals: Once(count: {backlog})), "#),
    };
    let text = format!(
        r#"Scenario(format: 1, name: "waiting", duration: "{duration}ms", network: Network(latency: Constant("0s")),
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [{once}Emit(event: "E", to: "b/t", arrivals: Poisson("800/s"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "1ms"))),
    ],
    allow: ["unstable-node"])"#,
        duration = published * 5 / 4
    );
    Workload { name: "waiting".to_owned(), text, theory: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load};

    #[test]
    fn all_of_them_are_sound_scenarios_of_the_size_they_claim() {
        for (workload, nodes) in [
            (mm1(1000), 3),
            (kafka(1000), 7),
            (fanout(1, 10_000), 6),
            (fanout(7, 70), 42),
            (network(70), 6),
            (retry(500), 5),
            (rabbitmq(500), 6),
            (eventbridge(500), 6),
            (waiting(9, 9), 3),
            (waiting(0, 9), 3),
        ] {
            let loaded = load(&workload.text, &workload.name, &NoFiles).unwrap_or_else(|p| panic!("{}", p[0]));
            assert_eq!((loaded.plan.nodes.len(), loaded.warnings.len()), (nodes, 0), "{:?}", loaded.warnings.first());
        }
        assert_eq!(fanout(1, 1_000_000).theory, Some(0.006));
        assert_eq!(fanout(10_000, 1_000_000).theory, None, "a tenth of a second is no steady state");
    }
}
