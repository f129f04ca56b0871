//! Sizes beyond every real use: they load, or are refused, and never hang.

use std::fmt::Write as _;
use tidemill::scenario::{NoFiles, load, read};

/// A chain of services, about a kilobyte each: producers, brokers, and consumers that emit into the next broker.
fn large(nodes: usize) -> String {
    let groups = nodes / 5;
    let mut text = String::from("Scenario(\n    format: 1,\n    events: [\n");
    for i in 0..groups {
        writeln!(text, "        Event(name: \"Event{i}\", key: Zipf(keys: 100, exponent: 1.1)),").unwrap();
    }
    text.push_str("    ],\n    nodes: [\n");
    for i in 0..groups {
        let padding = "lorem ipsum dolor sit amet, ".repeat(165);
        writeln!(text, "        // {padding}").unwrap();
        writeln!(text, "        Broker(id: \"bus{i}\", at: ({i}, 0), kind: Simple(topics: [\"in\", \"out\"])),").unwrap();
        writeln!(
            text,
            "        Producer(id: \"p{i}\", emits: [Emit(event: \"Event{i}\", to: \"bus{i}/in\", arrivals: Poisson(\"5/s\"))]),"
        )
        .unwrap();
        for c in 0..2 {
            let next = (i + 1) % groups;
            writeln!(
                text,
                "        Consumer(id: \"c{i}-{c}\", reads: [Read(from: \"bus{i}/in\")], handle: Handle(time: Gamma(mean: \"3ms\", shape: 2)),\n            \
                 then: [Emit(event: \"Event{next}\", to: \"bus{next}/out\", probability: \"50%\")]),"
            )
            .unwrap();
        }
        writeln!(text, "        Consumer(id: \"last{i}\", reads: [Read(from: \"bus{i}/out\")]),").unwrap();
    }
    text.push_str("    ],\n)\n");
    text
}

#[test]
fn five_megabytes_with_five_thousand_nodes_load() {
    let text = large(5000);
    assert!(text.len() > 5_000_000, "{}", text.len());
    let loaded = load(&text, "large.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0]));
    assert_eq!(loaded.warnings, []);
    assert_eq!((loaded.plan.nodes.len(), loaded.plan.links.len(), loaded.plan.outlets.len()), (5000, 12000, 3000));
}

#[test]
fn many_mistakes_are_cut_short() {
    let text = large(5000).replace("/in\"", "/inn\"");
    let problems = load(&text, "large.ron", &NoFiles).unwrap_err();
    assert_eq!(problems.len(), 201);
    assert_eq!(problems[200].message, "and 2800 more like these");
}

#[test]
fn bombs_are_refused_with_a_place() {
    for (bomb, message) in [
        ("[".repeat(1_000_000), "nested more than 100 deep"),
        (format!("Scenario(format: 1, nodes: {}", "A(b: ".repeat(500_000)), "nested more than 100 deep"),
        (format!("Scenario(format: 1, name: \"{}", "x".repeat(3_000_000)), "the text that begins here has no closing quote"),
        ("/*".repeat(1_000_000), "the comment that begins here never ends"),
        (format!("Scenario(format: 1, seed: {})", "9".repeat(1_000_000)), "expected a whole number from 0 to 18446744073709551615"),
        (format!("Scenario(format: 1, duration: \"{}s\")", "9".repeat(1_000_000)), "expected a time"),
        (format!("Scenario(format: 1, {}: 5)", "x".repeat(1_000_000)), "there is no field `xxxx"),
        ("r#\"".repeat(500_000), "the text that begins here has no closing quote"),
        ("\"\\\"".repeat(500_001), "the text that begins here has no closing quote"),
    ] {
        let problems = read(&bomb, "bomb.ron").unwrap_err();
        assert!(problems[0].message.starts_with(message), "{}", &problems[0].message[..80.min(problems[0].message.len())]);
        assert!(problems[0].to_string().len() < 2000, "{}", problems[0].to_string().len());
        assert!(problems[0].line > 0);
    }
}

#[test]
fn everything_connected_to_everything_still_loads() {
    let events: String = (0..300).map(|i| format!("Event(name: \"E{i}\"), ")).collect();
    let emits: String = (0..300).map(|i| format!("Emit(event: \"E{i}\", to: \"bus/t{i}\", arrivals: Poisson(\"1/s\")), ")).collect();
    let topics: String = (0..300).map(|i| format!("\"t{i}\", ")).collect();
    let reads: String = (0..300).map(|i| format!("Read(from: \"bus/t{i}\"), ")).collect();
    let thens: String = (0..300).map(|i| format!("Emit(event: \"E{i}\", to: \"bus/t{i}\", probability: \"1%\"), ")).collect();
    let consumers: String = (0..30).map(|i| format!("Consumer(id: \"c{i}\", reads: [{reads}], then: [{thens}]), ")).collect();
    let text = format!(
        "Scenario(format: 1, events: [{events}], nodes: [Producer(id: \"p\", emits: [{emits}]), Broker(id: \"bus\", kind: Simple(topics: [{topics}])), {consumers}])"
    );
    let loaded = load(&text, "dense.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0]));
    assert_eq!(loaded.plan.reads.len(), 9000);
}

#[test]
fn more_event_types_than_an_event_can_carry_are_refused() {
    let events: String = (0..65_536).map(|i| format!("Event(name: \"E{i}\"),")).collect();
    let problems = load(&format!("Scenario(format: 1, events: [{events}])"), "types.ron", &NoFiles).unwrap_err();
    assert!(problems.iter().any(|p| p.message.contains("65536 event types are more than the 65535")), "{}", problems[0]);
}
