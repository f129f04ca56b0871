//! Order that is asked for where it cannot be kept.

use super::{Found, Lint, Subject};
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::rabbitmq::QueueKind;
use crate::scenario::handling::Ordered;
use crate::scenario::plan::ConsumerPlan;

/// See its explanation.
pub static ORDER_NOT_KEPT: Lint = Lint {
    id: "order-not-kept",
    line: "a consumer keeps the order of each key, and its broker hands one key to several instances",
    explanation: "With `ordered: PerKey` a consumer handles the events of a key one after the other, but only as they are handed to it. Where \
                  its broker hands the events of one key to several instances (a RabbitMQ queue with competing consumers, a group of several \
                  consumers at a simple broker) these overtake each other in different hands, and an EventBridge bus promises no order at \
                  all. Read with one instance that has several `threads`, let a RabbitMQ queue have a single active consumer \
                  (`single_active: true`), or take a broker that keeps a key with one instance, such as Kafka. If order does not matter, \
                  say so: `ordered: Free`.",
    look,
};

fn look(subject: &Subject<'_>, found: &mut Found<'_>) {
    for consumer in subject.plan.consumers.iter().filter(|consumer| consumer.ordered == Some(Ordered::PerKey)) {
        if let Some((why, help)) = why(subject, consumer) {
            let name = subject.name(consumer);
            found.warn(format!("nodes.{name}.ordered"), format!("`{name}` cannot keep the order of each key: {why}"), help.to_owned());
        }
    }
}

fn why(subject: &Subject<'_>, consumer: &ConsumerPlan) -> Option<(String, &'static str)> {
    consumer.reads.iter().find_map(|read| {
        let outlet = &subject.plan.outlets[subject.plan.reads[read.index()].outlet.index()];
        let apart = if consumer.is_function() { 1 } else { consumer.most_instances() };
        match &subject.plan.brokers[outlet.broker.index()].kind {
            BrokerKind::Kafka(_) => None,
            BrokerKind::EventBridge(_) => Some(("a bus promises no order".to_owned(), "say that it does not matter: `ordered: Free`")),
            BrokerKind::Simple(_) => {
                let several = outlet.readers.len() > 1;
                several.then(|| ("several consumers share its group".to_owned(), "make them one consumer with more instances"))
            }
            BrokerKind::RabbitMq(parts) => {
                let queue = outlet.part.and_then(|part| parts.queues.get(part as usize))?;
                let competing = apart > 1 || outlet.readers.len() > 1;
                let one_by_one = queue.single_active || queue.kind == QueueKind::Stream;
                (competing && !one_by_one).then(|| {
                    let why = format!("the queue `{}` hands it to several instances", queue.name);
                    (why, "give one instance more `threads`, or the queue `single_active: true`")
                })
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::scenario::{NoFiles, load};

    fn warned(kind: &str, to: &str, from: &str, consumer: &str) -> bool {
        let text = format!(
            r#"Scenario(format: 1, events: [Event(name: "E", key: Uniform(keys: 9))], nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/{to}", arrivals: Poisson("5/s"))]),
                Broker(id: "b", kind: {kind}),
                Consumer(id: "c", reads: [Read(from: "b/{from}", group: "g")], {consumer}),
                Consumer(id: "d", reads: [Read(from: "b/{from}")]),
            ])"#
        );
        let text = if kind.starts_with("Simple") || kind.starts_with("Kafka") { text } else { text.replace(", group: \"g\"", "") };
        let text = if kind.starts_with("Rabbit") { text.replace("Consumer(id: \"d\", reads: [Read(from: \"b/q\")]),", "") } else { text };
        match load(&text, "lint.ron", &NoFiles) {
            Ok(loaded) => loaded.warnings.iter().any(|warning| warning.lint == Some("order-not-kept")),
            Err(problems) => panic!("{}", problems[0]),
        }
    }

    #[test]
    fn order_is_kept_where_one_instance_has_a_key() {
        let rabbit = |queue: &str| {
            format!(
                r#"RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "q", {queue})], bindings: [Binding(from: "x", to: "q")])"#
            )
        };
        let kept = "ordered: PerKey, instances: 2";
        assert!(warned(&rabbit(""), "x", "q", kept));
        for (kind, to, from, consumer) in [
            (rabbit(""), "x", "q", "ordered: PerKey, threads: 2"),
            (rabbit(""), "x", "q", "ordered: Free, instances: 2"),
            (rabbit("single_active: true"), "x", "q", kept),
            (r#"Kafka(topics: [Topic(name: "t", partitions: 4)])"#.to_owned(), "t", "t", kept),
            (r#"Simple(topics: ["t"])"#.to_owned(), "t", "t", kept),
        ] {
            assert!(!warned(&kind, to, from, consumer), "{kind} {consumer}");
        }
        let bus = r#"EventBridge(buses: [Bus(name: "m")], rules: [Rule(name: "r", bus: "m", pattern: r"{}")])"#;
        let bus = bus.replace("r\"{}\"", r##"r#"{"source": [{"exists": true}]}"#"##);
        assert!(warned(&bus, "m", "r", kept));
    }
}
