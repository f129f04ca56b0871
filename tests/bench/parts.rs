//! Scenarios with as many parts of a broker as one likes, each with its reader.

use std::fmt::Write;

/// Which parts.
#[derive(Clone, Copy, Debug)]
pub enum Parts {
    /// Topics of a Kafka cluster, each with a group of one.
    Topics,
    /// Queues of a RabbitMQ broker, each bound to one exchange by a key of its own.
    Queues,
    /// Rules of an EventBridge bus, each for a type of its own and with a dead-letter queue of its own.
    Rules,
    /// Brokers that keep nothing, each with a producer.
    Brokers,
}

/// A scenario with so many of them.
pub fn scenario(parts: Parts, number: usize) -> String {
    let (mut own, mut more, mut readers) = (String::new(), String::new(), String::new());
    let (mut channel, mut kind) = ("b/t", String::new());
    for i in 0..number {
        let from = match parts {
            Parts::Topics => {
                write!(own, r#"Topic(name: "t{i}", partitions: 3), "#).unwrap();
                format!("b/t{i}")
            }
            Parts::Queues => {
                write!(own, r#"Queue(name: "q{i}"), "#).unwrap();
                write!(more, r#"Binding(from: "x", to: "q{i}", key: "k{i}"), "#).unwrap();
                format!("b/q{i}")
            }
            Parts::Rules => {
                write!(own, r#"Rule(name: "r{i}", pattern: "{{\"detail-type\": [\"E{i}\"]}}", dead_letter: "d{i}"), "#).unwrap();
                format!("b/r{i}")
            }
            Parts::Brokers => {
                write!(more, r#"Producer(id: "p{i}", emits: [Emit(event: "E", to: "b{i}/t", arrivals: Every("1s"))]), "#).unwrap();
                write!(more, r#"Broker(id: "b{i}", kind: Simple(topics: ["t"])), "#).unwrap();
                format!("b{i}/t")
            }
        };
        writeln!(readers, r#"Consumer(id: "c{i}", reads: [Read(from: "{from}")], handle: Handle(time: Constant("1ms"))),"#).unwrap();
    }
    match parts {
        Parts::Topics => {
            channel = "b/t0";
            kind = format!("Kafka(topics: [{own}])");
        }
        Parts::Queues => {
            channel = "b/x";
            kind = format!(r#"RabbitMq(exchanges: [Exchange(name: "x", kind: Topic)], queues: [{own}], bindings: [{more}])"#);
        }
        Parts::Rules => kind = format!(r#"EventBridge(buses: [Bus(name: "t")], rules: [{own}])"#),
        Parts::Brokers => readers.insert_str(0, &more),
    }
    if !kind.is_empty() {
        write!(
            readers,
            r#"Producer(id: "p", emits: [Emit(event: "E", to: "{channel}", arrivals: Every("1s"))]), Broker(id: "b", kind: {kind}),"#
        )
        .unwrap();
    }
    format!(
        r#"Scenario(format: 1, duration: "10s", network: Network(latency: Constant("1ms")), events: [Event(name: "E")], nodes: [{readers}])"#
    )
}
