use super::*;
use crate::scenario::{NoFiles, load, write};

const SHOP: &str = r#"Scenario(format: 1, events: [Event(name: "Order"), Event(name: "Bill")],
    nodes: [
        Producer(id: "shop", emits: [Emit(event: "Order", to: "b/orders", arrivals: Poisson("50/s"))]),
        Broker(id: "b", kind: Simple(topics: ["orders", "bills"])),
        Consumer(id: "billing", reads: [Read(from: "b/orders")], instances: 3, then: [Emit(event: "Bill", to: "b/bills")]),
        Consumer(id: "audit", reads: [Read(from: "b/orders"), Read(from: "b/bills")]),
        Consumer(id: "mail-1", reads: [Read(from: "b/bills", group: "mail")]),
        Consumer(id: "mail-2", reads: [Read(from: "b/bills", group: "mail")]),
    ],
    expect: [Expect("'b/bills#mail'.depth.max < 10")])"#;

fn reads(scenario: &Scenario) -> Vec<String> {
    let consumers = scenario.nodes.iter().filter_map(|node| if let Node::Consumer(c) = node { Some(c) } else { None });
    consumers.flat_map(|c| c.reads.iter().map(|r| format!("{} {} {}", c.id, r.from, r.group.as_deref().unwrap_or("-")))).collect()
}

fn shop() -> Scenario {
    load(SHOP, "shop.ron", &NoFiles).unwrap().scenario
}

#[test]
fn every_kind_makes_a_sound_scenario_of_every_other() {
    for (first, _) in kinds() {
        let one = change(&shop(), "b", first).unwrap().scenario;
        for (second, _) in kinds() {
            let two = change(&one, "b", second).unwrap().scenario;
            let text = write(&two);
            let loaded = load(&text, "changed.ron", &NoFiles).unwrap_or_else(|p| panic!("{first} to {second}: {}\n{text}", p[0]));
            assert!(loaded.warnings.is_empty(), "{first} to {second}: {}", loaded.warnings[0]);
            // Who writes and who reads stays as it was, so the drawing does.
            assert_eq!(loaded.plan.links.len(), load(SHOP, "shop.ron", &NoFiles).unwrap().plan.links.len(), "{first} to {second}");
            assert_eq!(loaded.plan.outlets.iter().filter(|o| !o.readers.is_empty()).count(), 4, "{first} to {second}\n{text}");
        }
    }
}

#[test]
fn there_and_back_is_what_it_was() {
    for (kind, _) in kinds() {
        let there = change(&shop(), "b", kind).unwrap().scenario;
        let back = change(&there, "b", "Simple").unwrap().scenario;
        assert_eq!(back.nodes.len(), shop().nodes.len());
        let channels = |scenario: &Scenario| match &scenario.nodes[1] {
            Node::Broker(broker) => broker.kind.channels().into_iter().map(str::to_owned).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!(channels(&back), ["orders", "bills"], "{kind}");
        let plain: Vec<String> = reads(&back).iter().map(|r| r.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(plain, ["billing b/orders", "audit b/orders", "audit b/bills", "mail-1 b/bills", "mail-2 b/bills"], "{kind}");
    }
}

#[test]
fn a_rule_per_reader_and_a_shared_group_shares() {
    let changed = change(&shop(), "b", "eventbridge").unwrap();
    assert_eq!(
        reads(&changed.scenario),
        ["billing b/billing -", "audit b/audit-orders -", "audit b/audit-bills -", "mail-1 b/mail mail", "mail-2 b/mail mail"]
    );
    assert!(changed.lost.iter().any(|sentence| sentence.contains("no order")), "{:?}", changed.lost);
}

#[test]
fn what_is_lost_is_said() {
    let text = SHOP.replace(
        r#"Simple(topics: ["orders", "bills"])"#,
        r##"EventBridge(buses: [Bus(name: "orders", archive: Archive()), Bus(name: "bills")], rules: [
            Rule(name: "billing", bus: "orders", pattern: r#"{"detail-type":["Order"]}"#, enabled: false,
                targets: [Target(reader: "billing", dead_letter: "dlq", retry: RetryPolicy(attempts: 2), input: Path("$.detail"))]),
            Rule(name: "rest", bus: "bills", pattern: r#"{"source": [{"exists": true}]}"#)])"##,
    );
    let text = text.replace(r#"id: "billing", reads: [Read(from: "b/orders")]"#, r#"id: "billing", reads: [Read(from: "b/billing")]"#);
    let text = text
        .replace("b/orders\"), Read", "b/billing\"), Read")
        .replace("Read(from: \"b/bills\"", "Read(from: \"b/rest\"")
        .replace("'b/bills#mail'", "'b/rest#mail'");
    let scenario = load(&text, "shop.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
    let lost = change(&scenario, "b", "Simple").unwrap().lost.join("\n");
    for part in [
        "event patterns of the rule `billing`",
        "archives",
        "Dead-letter queues",
        "retry policies of the rule `billing`",
        "inputs",
        "disabled",
    ] {
        assert!(lost.contains(part), "{part} is missing in {lost}");
    }
    assert!(!lost.contains("`rest`") && !lost.contains("times"), "{lost}");
    assert_eq!(change(&scenario, "b", "EventBridge").unwrap().lost, Vec::<String>::new());
    assert!(change(&scenario, "shop", "Simple").is_none() && change(&scenario, "b", "Pigeon").is_none());
}

#[test]
fn every_dead_letter_queue_is_a_channel_of_its_own() {
    let text = r#"Scenario(format: 1, events: [Event(name: "Order")], nodes: [
        Producer(id: "shop", emits: [Emit(event: "Order", to: "b/orders", arrivals: Every("1s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "orders")], rules: [
            Rule(name: "some", pattern: "{\"source\":[\"shop\"]}", dead_letter: "orders"),
            Rule(name: "more", pattern: "{\"source\":[\"shop\"]}", dead_letter: "orders-dead-letters")])),
        Consumer(id: "billing", reads: [Read(from: "b/some")]),
        Consumer(id: "audit", reads: [Read(from: "b/more")]),
    ])"#;
    let scenario = load(text, "shop.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
    for (kind, _) in kinds().filter(|(kind, _)| *kind != "EventBridge") {
        let text = write(&change(&scenario, "b", kind).unwrap().scenario);
        let plan = load(&text, "changed.ron", &NoFiles).unwrap_or_else(|p| panic!("{kind}: {}\n{text}", p[0])).plan;
        for name in ["b/orders", "b/orders-dead-letters", "b/orders-dead-letters-dead-letters"] {
            assert_eq!(plan.channels.iter().filter(|channel| channel.name == name).count(), 1, "{kind}: {name}\n{text}");
        }
    }
}

#[test]
fn dead_letters_go_where_their_readers_wait_for_them() {
    let text = r#"Scenario(format: 1, events: [Event(name: "Order")], nodes: [
        Producer(id: "shop", emits: [Emit(event: "Order", to: "b/orders", arrivals: Every("1s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "orders")], rules: [
            Rule(name: "all", pattern: "{\"source\":[{\"exists\":true}]}", targets: [Target(reader: "billing", dead_letter: "unpaid")])])),
        Consumer(id: "billing", reads: [Read(from: "b/all")], handle: Handle(fails: "10%")),
        Consumer(id: "audit", reads: [Read(from: "b/all")]),
        Consumer(id: "reminder", reads: [Read(from: "b/unpaid")]),
    ])"#;
    let scenario = load(text, "shop.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
    for (kind, _) in kinds().filter(|(kind, _)| *kind != "EventBridge") {
        let changed = change(&scenario, "b", kind).unwrap();
        let text = write(&changed.scenario);
        let loaded = load(&text, "changed.ron", &NoFiles).unwrap_or_else(|p| panic!("{kind}: {}\n{text}", p[0]));
        let to = |id: &str| {
            loaded.scenario.nodes.iter().find_map(|node| match node {
                Node::Consumer(consumer) if consumer.id == id => Some(consumer.dead_letter.clone()),
                _ => None,
            })
        };
        assert_eq!((to("billing"), to("audit")), (Some(Some("b/unpaid".to_owned())), Some(None)), "{kind}");
        // The reader of dead letters gets them and nothing else.
        let named = |name: &str| loaded.plan.channels.iter().position(|channel| channel.name == name).unwrap();
        let outlet = &loaded.plan.outlets[loaded.plan.channels[named("b/unpaid")].outlets[0].index()];
        assert_eq!((loaded.plan.channels[named("b/unpaid")].outlets.len(), outlet.readers.len()), (1, 1), "{kind}\n{text}");
        assert!(outlet.channels.iter().all(|channel| channel.index() != named("b/orders")), "{kind}\n{text}");
        assert!(changed.lost.iter().any(|sentence| sentence.contains("`unpaid` themselves")), "{:?}", changed.lost);
    }
}
