//! What a person should notice: each finding alone, with its evidence, its node and the moment at which it shows.

use crate::plan;
use tidemill::run::Script;
use tidemill::run::look::why;
use tidemill::run::why::{Insight, Weight};
use tidemill::time::Time;

fn insights(text: &str) -> (std::sync::Arc<tidemill::scenario::Plan>, Vec<Insight>) {
    let plan = plan(text);
    let found = why(&Script::plain(std::sync::Arc::clone(&plan), plan.seed), plan.duration);
    (plan, found)
}

/// The finding with these words in its title; its node and moment are given as well.
fn told(text: &str, words: &str) -> (Insight, String, Time) {
    let (plan, found) = insights(text);
    let insight = found.iter().find(|insight| insight.title.contains(words)).unwrap_or_else(|| panic!("{words}: {found:#?}")).clone();
    assert!(!insight.evidence.is_empty() && insight.evidence.chars().any(|c| c.is_ascii_digit()), "evidence in figures: {insight:?}");
    let node = insight.node.map(|node| plan.nodes[node.index()].name.clone()).unwrap_or_default();
    let at = insight.at.unwrap_or_else(|| panic!("a jump to the moment: {insight:?}"));
    (insight, node, at)
}

fn seconds(seconds: f64) -> Time {
    Time((seconds * 1e9) as u64)
}

/// A producer and a consumer; what each adds to itself, to the broker and to the scenario.
fn simple(consumer: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, seed: 4, duration: "40s", events: [Event(name: "E", key: Uniform(keys: 50))], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("100/s"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], {consumer}),
        ]{rest})"#
    )
}

#[test]
fn a_sound_run_is_left_alone() {
    let (_, found) = insights(&simple(r#"handle: Handle(time: Constant("2ms"))"#, ""));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_saturated_node() {
    let (insight, node, at) = told(&simple(r#"handle: Handle(time: Exponential(mean: "12ms"))"#, ""), "cannot keep up");
    assert!(insight.weight == Weight::Bad && node == "c" && at < seconds(10.0), "{insight:?}");
}

#[test]
fn a_backlog_that_grows_without_anybody_being_busy() {
    let down = r#", faults: [Fault(at: "20s", lasts: "20s", what: Crash("c"))]"#;
    let (insight, node, at) = told(&simple(r#"handle: Handle(time: Constant("2ms"))"#, down), "backlog of c grows");
    assert!(node == "c" && at >= seconds(20.0) && at < seconds(36.0), "{insight:?}");
}

#[test]
fn retries_that_multiply_the_work() {
    let consumer =
        r#"instances: 4, handle: Handle(time: Constant("2ms"), fails: "40%"), retry: Retry(attempts: 5, backoff: Fixed("10ms"))"#;
    let (insight, node, at) = told(&simple(consumer, ""), "Retries multiply");
    assert!(node == "c" && at < seconds(1.0) && insight.evidence.contains("each costs 1."), "{insight:?}");
}

fn kafka(partitions: u32, instances: u32, exponent: f64) -> String {
    format!(
        r#"Scenario(format: 1, seed: 4, duration: "20s", events: [Event(name: "E", key: Zipf(keys: 100, exponent: {exponent}))], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Poisson("100/s"))]),
            Broker(id: "k", kind: Kafka(topics: [Topic(name: "t", partitions: {partitions})])),
            Consumer(id: "c", instances: {instances}, reads: [Read(from: "k/t")], handle: Handle(time: Constant("2ms"))),
        ])"#
    )
}

#[test]
fn a_hot_partition() {
    let (insight, node, at) = told(&kafka(6, 2, 2.5), "of k/t is hot");
    assert!(node == "k" && at > seconds(0.5) && at < seconds(5.0) && insight.evidence.contains("16.7 %"), "{insight:?}");
    let (insight, node, at) = told(&kafka(6, 2, 2.5), "One key dominates");
    assert!(node == "c" && at < seconds(5.0), "{insight:?}");
    let (_, even) = insights(&kafka(6, 2, 0.1));
    assert!(!even.iter().any(|insight| insight.title.contains("hot") || insight.title.contains("dominates")), "{even:#?}");
}

#[test]
fn idle_members() {
    let (insight, node, at) = told(&kafka(2, 5, 0.1), "3 of 5 workers of c never work");
    assert!(node == "c" && at > seconds(0.5) && at < seconds(5.0), "{insight:?}");
}

#[test]
fn loss_on_the_network_and_in_a_full_queue() {
    let lossy = r#", network: Network(loss: "1%")"#;
    let (insight, _, at) = told(&simple(r#"handle: Handle(time: Constant("2ms"))"#, lossy), "Events are lost");
    assert!(insight.weight == Weight::Bad && at < seconds(10.0), "{insight:?}");
    let full = r#"Scenario(format: 1, seed: 4, duration: "20s", events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "r/x", arrivals: Poisson("100/s"))]),
        Broker(id: "r", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "q", max_length: 20)],
            bindings: [Binding(from: "x", to: "q")])),
        Consumer(id: "c", prefetch: 5, reads: [Read(from: "r/q")], handle: Handle(time: Constant("20ms"))),
    ])"#;
    let (insight, node, at) = told(full, "Events are lost");
    assert!(node == "c" && at < seconds(5.0), "{insight:?}");
}

#[test]
fn duplicates() {
    let twice = r#", network: Network(duplication: "1%")"#;
    let (insight, node, at) = told(&simple(r#"handle: Handle(time: Constant("2ms"))"#, twice), "handled more than once");
    assert!(node == "c" && at < seconds(10.0), "{insight:?}");
}

#[test]
fn reordering() {
    let several = r#"instances: 4, handle: Handle(time: Exponential(mean: "20ms"))"#;
    let (insight, node, at) = told(&simple(several, ""), "out of order");
    assert!(insight.weight == Weight::Note && node == "c" && at < seconds(10.0), "{insight:?}");
}

#[test]
fn a_routing_loop() {
    let text = r#"Scenario(format: 1, seed: 4, duration: "30s", events: [Event(name: "E"), Event(name: "F")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Once(count: 3))]),
        Broker(id: "b", kind: Simple(topics: ["t", "u"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("2ms")), then: [Emit(event: "F", to: "b/u")]),
        Consumer(id: "d", reads: [Read(from: "b/u")], handle: Handle(time: Constant("2ms")), then: [Emit(event: "E", to: "b/t")]),
    ])"#;
    let (insight, node, at) = told(text, "round in a loop");
    assert!(insight.weight == Weight::Bad && (node == "c" || node == "d") && at > seconds(0.3) && at < seconds(5.0), "{insight:?}");
}

#[test]
fn clients_that_stopped() {
    let text = simple("instances: 2", r#", allow: ["nothing-committed"]"#).replace(
        r#"Simple(topics: ["t"])"#,
        r#"Kafka(topics: [Topic(name: "t", partitions: 2)], groups: [Group(name: "c", reset: None, starts: "10s")])"#,
    );
    let (insight, node, at) = told(&text, "2 clients of b/t#c stopped");
    assert!(insight.weight == Weight::Bad && node == "c" && at > seconds(10.0) && at < seconds(17.0), "{insight:?} {at}");
    assert!(insight.evidence.contains("NoOffsetForPartitionException") && insight.evidence.contains("`replays`"), "{insight:?}");
}

#[test]
fn a_producer_that_was_fenced() {
    let text = simple("", "")
        .replace(
            r#"Simple(topics: ["t"])"#,
            r#"Kafka(topics: [Topic(name: "t")], transactions: [Transaction(node: "p", id: "x"), Transaction(node: "q", id: "x")])"#,
        )
        .replace(
            "Broker(",
            r#"Producer(id: "q", emits: [Emit(event: "E", to: "b/t", arrivals: Steps([("0s", "0/s"), ("20s", "10/s")]))]), Broker("#,
        );
    let (insight, node, at) = told(&text, "p was fenced");
    assert!(insight.weight == Weight::Bad && node == "p" && at > seconds(20.0) && at < seconds(21.0), "{insight:?} {at}");
}

/// Events of a RabbitMQ broker whose exchange is bound to a queue with this key.
fn bound(kind: &str, key: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "20s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "r/x", arrivals: Poisson("10/s"))]),
            Broker(id: "r", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: {kind})], queues: [Queue(name: "q")],
                bindings: [Binding(from: "x", to: "q", key: "{key}")])),
            Consumer(id: "c", reads: [Read(from: "r/q")], handle: Handle(time: Constant("2ms"))),
        ])"#
    )
}

#[test]
fn events_that_no_binding_fits() {
    let (insight, node, at) = told(&bound("Direct", "#"), "reach no queue from r/x");
    assert!(insight.weight == Weight::Bad && node == "r" && at < seconds(2.0), "{insight:?}");
    let [number, all] = [0, 2].map(|word| insight.evidence.split(' ').nth(word).unwrap());
    assert!(number == all && insight.evidence.contains("no binding fits"), "{insight:?}");
    let (_, fitting) = insights(&bound("Topic", "#"));
    assert!(fitting.is_empty(), "{fitting:#?}");
}

#[test]
fn events_that_nobody_reads() {
    let unread = simple("", "").replace(r#"topics: ["t"]"#, r#"topics: ["t", "u"]"#).replace(r#"to: "b/t""#, r#"to: "b/u""#);
    let (insight, node, _) = told(&unread, "reach nobody from b/u");
    assert!(insight.weight == Weight::Bad && node == "b", "{insight:?}");
}

/// Events on a bus with a rule for each of these patterns.
fn bus(archive: &str, patterns: &[&str]) -> String {
    let rule = |(i, pattern): (usize, &&str)| format!(r##"Rule(name: "r{i}", pattern: r#"{pattern}"#),"##);
    let reader = |i: usize| format!(r#"Consumer(id: "c{i}", reads: [Read(from: "eb/r{i}")], handle: Handle(time: Constant("2ms"))),"#);
    let (rules, readers) = (patterns.iter().enumerate().map(rule), (0..patterns.len()).map(reader));
    format!(
        r#"Scenario(format: 1, duration: "20s", events: [Event(name: "E"), Event(name: "F")], nodes: [
            Producer(id: "p", emits: [
                Emit(event: "E", to: "eb/o", arrivals: Poisson("30/s")),
                Emit(event: "F", to: "eb/o", arrivals: Poisson("30/s")),
            ]),
            Broker(id: "eb", kind: EventBridge(buses: [Bus(name: "o"{archive})], rules: [{}])),
            {}
        ])"#,
        rules.collect::<String>(),
        readers.collect::<String>()
    )
}

#[test]
fn events_that_no_rule_fits_and_a_rule_that_fits_none() {
    let (wanted, unwanted) = (r#"{"detail-type": ["E"]}"#, r#"{"detail-type": ["Order"]}"#);
    let (insight, node, _) = told(&bus("", &[unwanted]), "reach no target from eb/o");
    assert!(insight.weight == Weight::Bad && node == "eb" && insight.evidence.contains("no rule"), "{insight:?}");
    // What is of no interest to anybody is no harm.
    let (insight, ..) = told(&bus("", &[wanted]), "reach no target from eb/o");
    assert_eq!(insight.weight, Weight::Note);
    // What an archive keeps is not unroutable; the rule is idle all the same.
    let (insight, node, at) = told(&bus(", archive: Archive()", &[wanted, unwanted]), "The rule r1 wants no event");
    assert!(insight.weight == Weight::Watch && node == "eb" && at > seconds(1.0) && at < seconds(6.0), "{insight:?}");
    let (_, both) = insights(&bus(", archive: Archive()", &[wanted, unwanted]));
    assert!(both.len() == 1, "{both:#?}");
}

#[test]
fn what_a_group_is_owed_is_told_once_and_as_it_is_now() {
    let text = kafka(2, 1, 0.1).replace(r#"Read(from: "k/t")"#, r#"Read(from: "k/t", group: "g")"#).replace(
        r#"Constant("2ms"))),"#,
        r#"Constant("40ms"))),
            Consumer(id: "d", reads: [Read(from: "k/t", group: "g")], handle: Handle(time: Constant("40ms"))),"#,
    );
    let (insight, node, _) = told(&text, "2 consumers of k/t#g cannot keep up");
    assert!(insight.weight == Weight::Bad && node == "c", "{insight:?}");
    // 100 come and 50 go each second, for 20 seconds.
    let (_, found) = insights(&text);
    assert_eq!(found.iter().filter(|insight| insight.evidence.contains("owed")).count(), 1, "{found:#?}");
    let owed: f64 = insight.evidence.split(" events are owed to k/t#g").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!((900.0..1150.0).contains(&owed), "{insight:?}");
}

#[test]
fn what_a_publisher_gives_up_is_told() {
    let text = r#"Scenario(format: 1, duration: "40s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", publish: Confirmed(timeout: "100ms", retries: 1), emits: [Emit(event: "E", to: "b/t", arrivals: Every("100ms"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")]),
        ], faults: [Fault(at: "20s", lasts: "5s", what: Partition(of: ["p"]))])"#;
    let (insight, node, at) = told(text, "p gives up events");
    assert!(insight.weight == Weight::Bad && node == "p" && at > seconds(20.0) && at < seconds(21.0), "{insight:?}");
}
