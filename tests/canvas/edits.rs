use crate::world::*;
use tidemill::app::action::{Connection, Placing};
use tidemill::app::edit::{Edit, added, fresh, unique_id};
use tidemill::scenario::document::{Expect, Link, Node};
use tidemill::scenario::{NoFiles, Scenario, load, write};

fn consumer(scenario: &Scenario, id: &str) -> tidemill::scenario::document::Consumer {
    match scenario.nodes.iter().find(|n| n.id() == id) {
        Some(Node::Consumer(c)) => c.clone(),
        other => panic!("{other:?}"),
    }
}

fn link(a: &str, b: &str) -> Link {
    Link { between: (a.into(), b.into()), latency: None, loss: None, duplication: None, bandwidth: None, ordered: None }
}

#[test]
fn added_nodes_get_names_of_their_own() {
    let mut scenario = three();
    for _ in 0..2 {
        scenario = added(Placing::Producer, (0.0, 0.0), None, &scenario).unwrap().0;
    }
    let ids: Vec<&str> = scenario.nodes.iter().map(|n| n.id()).collect();
    assert_eq!(ids, ["producer-1", "broker-1", "consumer-1", "producer-2", "producer-3"]);
    assert_eq!(fresh(Placing::Consumer, (0.0, 0.0), &scenario).id(), "consumer-2");
    assert_eq!(unique_id(&scenario, "billing"), "billing");
    *scenario.nodes[0].id_mut() = "s3".into();
    assert_eq!(unique_id(&scenario, "s3"), "s3-2");
}

#[test]
fn connecting_twice_is_connecting_once() {
    let mut scenario = connected();
    connect(&mut scenario, "consumer-1", "broker-1", "done").unwrap();
    let once = scenario.clone();
    for (from, to, channel) in
        [("producer-1", "broker-1", "events"), ("broker-1", "consumer-1", "events"), ("consumer-1", "broker-1", "done")]
    {
        connect(&mut scenario, from, to, channel).unwrap();
    }
    assert_eq!(scenario, once);
    assert_eq!(scenario.events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["Event1", "Event2"]);
    let Node::Broker(broker) = &scenario.nodes[1] else { panic!() };
    assert_eq!(broker.kind.channels(), ["events", "done"]);
}

#[test]
fn what_cannot_be_connected_says_why_and_changes_nothing() {
    let mut scenario = three();
    let before = scenario.clone();
    for (from, to, channel, reason) in [
        ("producer-1", "consumer-1", "x", "A producer publishes to a broker"),
        ("consumer-1", "producer-1", "x", "A consumer publishes to a broker"),
        ("broker-1", "broker-1", "x", "A broker hands out to consumers"),
        ("broker-1", "producer-1", "x", "A producer reads nothing"),
        ("nobody", "broker-1", "x", "no node nobody"),
        ("producer-1", "broker-1", "", "cannot be the name"),
        ("producer-1", "broker-1", "a/b", "cannot be the name"),
    ] {
        let error = connect(&mut scenario, from, to, channel).unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert_eq!(scenario, before);
    }
}

#[test]
fn deleting_a_broker_takes_all_that_hangs_on_it() {
    let mut scenario = connected();
    connect(&mut scenario, "consumer-1", "broker-1", "done").unwrap();
    scenario.links = vec![link("producer-1", "broker-1"), link("x", "consumer-1")];
    scenario.expect = ["lost == 0", "broker-1/events#consumer-1.depth.max < 5", "consumer-1.lag.max < 10"].map(|t| Expect(t.into())).into();
    Edit::Delete { nodes: vec!["broker-1".into()], connection: None }.apply(&mut scenario).unwrap();
    assert_eq!(scenario.nodes.len(), 2);
    let left = consumer(&scenario, "consumer-1");
    assert!(left.reads.is_empty() && left.then.is_empty());
    assert_eq!(scenario.links, [link("x", "consumer-1")]);
    assert_eq!(scenario.expect, [Expect("lost == 0".into()), Expect("consumer-1.lag.max < 10".into())]);
}

#[test]
fn deleting_a_connection_that_is_gone_changes_nothing() {
    let mut scenario = connected();
    let delete = Edit::Delete { nodes: Vec::new(), connection: Some(Connection::Emit { producer: "producer-1".into(), index: 0 }) };
    assert_eq!(delete.label(), "Delete connection");
    delete.apply(&mut scenario).unwrap();
    let before = scenario.clone();
    assert!(delete.apply(&mut scenario).is_err());
    assert_eq!(scenario, before);
}

#[test]
fn what_a_cluster_says_of_groups_and_producers_goes_with_their_last_connection() {
    let text = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "k/one", arrivals: Every("1s")), Emit(event: "E", to: "k/two", arrivals: Every("1s"))]),
        Broker(id: "k", kind: Kafka(topics: [Topic(name: "one"), Topic(name: "two")], groups: [Group(name: "c"), Group(name: "d")],
            replays: [Replay(group: "c", at: "5s", to: Beginning), Replay(group: "d", at: "6s", to: Beginning)],
            transactions: [Transaction(node: "p")])),
        Consumer(id: "c", reads: [Read(from: "k/one")]),
        Consumer(id: "d", reads: [Read(from: "k/one")]),
    ])"#;
    let sound = |scenario: &Scenario| {
        let text = write(scenario);
        load(&text, "edited.ron", &NoFiles).unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]));
        text
    };
    let mut scenario = load(text, "cluster.ron", &NoFiles).unwrap().scenario;
    let emit = Edit::Delete { nodes: Vec::new(), connection: Some(Connection::Emit { producer: "p".into(), index: 0 }) };
    emit.apply(&mut scenario).unwrap();
    assert!(sound(&scenario).contains("Transaction("), "it still publishes there");
    emit.apply(&mut scenario).unwrap();
    assert!(!sound(&scenario).contains("Transaction("));
    let read = Edit::Delete { nodes: Vec::new(), connection: Some(Connection::Read { consumer: "c".into(), index: 0 }) };
    read.apply(&mut scenario).unwrap();
    let left = sound(&scenario);
    assert!(!left.contains(r#"group: "c""#) && !left.contains(r#"Group(name: "c""#), "{left}");
    assert!(left.contains(r#"group: "d""#) && left.contains(r#"Group(name: "d""#), "{left}");
    Edit::Delete { nodes: vec!["d".into()], connection: None }.apply(&mut scenario).unwrap();
    let left = sound(&scenario);
    assert!(!left.contains("Replay(") && !left.contains("Group("), "{left}");
}

#[test]
fn everything_follows_a_new_name() {
    let mut scenario = connected();
    connect(&mut scenario, "consumer-1", "broker-1", "done").unwrap();
    scenario = added(Placing::Consumer, (0.0, 0.0), None, &scenario).unwrap().0;
    connect(&mut scenario, "broker-1", "consumer-2", "events").unwrap();
    for node in &mut scenario.nodes {
        if let Node::Consumer(c) = node {
            if c.id == "consumer-2" {
                c.reads[0].group = Some("consumer-1".into());
            } else {
                c.dead_letter = Some("broker-1/done".into());
            }
        }
    }
    scenario.links = vec![link("producer-1", "broker-1")];
    scenario.expect =
        ["consumer-1.lag.max < broker-1/events#consumer-1.depth.max", "my-consumer-1.lag < 1"].map(|t| Expect(t.into())).into();
    Edit::Rename { from: "broker-1".into(), to: "bus".into() }.apply(&mut scenario).unwrap();
    Edit::Rename { from: "consumer-1".into(), to: "billing".into() }.apply(&mut scenario).unwrap();
    let billing = consumer(&scenario, "billing");
    assert_eq!((billing.reads[0].from.as_str(), &billing.reads[0].group), ("bus/events", &None));
    assert_eq!((billing.then[0].to.as_str(), billing.dead_letter.as_deref()), ("bus/done", Some("bus/done")));
    assert_eq!(consumer(&scenario, "consumer-2").reads[0].group.as_deref(), Some("billing"), "it shared the inbox and still does");
    assert_eq!(scenario.links, [link("producer-1", "bus")]);
    assert_eq!(scenario.expect, [Expect("billing.lag.max < bus/events#billing.depth.max".into()), Expect("my-consumer-1.lag < 1".into())]);
    for bad in ["", "bus", "a/b", " x"] {
        assert!(Edit::Rename { from: "billing".into(), to: bad.into() }.apply(&mut scenario).is_err(), "{bad:?}");
    }
}

/// The scenario of a text; its expectations are sound before and after.
fn sound(text: &str) -> Scenario {
    load(text, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}\n{text}", p[0])).scenario
}

fn expected(scenario: &Scenario) -> Vec<&str> {
    scenario.expect.iter().map(|expect| expect.0.as_str()).collect()
}

#[test]
fn expectations_in_quotes_follow_names_and_go_with_them() {
    let shop = || sound(include_str!("../../scenarios/cases/shop.ron"));
    let mut scenario = shop();
    let last = |scenario: &Scenario| expected(scenario).last().map(|text| (*text).to_owned());
    Edit::Rename { from: "accounting".into(), to: "ledger".into() }.apply(&mut scenario).unwrap();
    assert_eq!(last(&scenario).as_deref(), Some("'bus/invoices#ledger'.depth.max < 100"));
    Edit::Rename { from: "bus".into(), to: "central bus".into() }.apply(&mut scenario).unwrap();
    assert_eq!(last(&scenario).as_deref(), Some("'central bus/invoices#ledger'.depth.max < 100"));
    Edit::Rename { from: "billing".into(), to: "2nd billing".into() }.apply(&mut scenario).unwrap();
    assert!(expected(&scenario).contains(&"'2nd billing'.lag.max < 100"), "{:?}", expected(&scenario));
    scenario.lesson = None;
    sound(&write(&scenario));
    let mut scenario = shop();
    Edit::Delete { nodes: vec!["accounting".into()], connection: None }.apply(&mut scenario).unwrap();
    assert!(expected(&scenario).len() == 5 && !expected(&scenario).iter().any(|text| text.contains("accounting")));
    // Without its reader an inbox is none.
    let mut scenario = shop();
    let read = Some(Connection::Read { consumer: "accounting".into(), index: 0 });
    Edit::Delete { nodes: Vec::new(), connection: read }.apply(&mut scenario).unwrap();
    assert_eq!(expected(&scenario).len(), 5, "{:?}", expected(&scenario));
}

#[test]
fn expectations_of_others_stay_as_they_are() {
    // A topic and a group are called as nodes are; `lost` is a total and a node.
    let text = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
        Producer(id: "orders", emits: [Emit(event: "E", to: "bus/orders", arrivals: Every("1s")), Emit(event: "E", to: "bus/else", arrivals: Every("1s"))]),
        Broker(id: "bus", kind: Simple(topics: ["orders", "else"])),
        Consumer(id: "lost", reads: [Read(from: "bus/orders")]),
        Consumer(id: "other", reads: [Read(from: "bus/else", group: "lost")]),
    ], expect: [
        Expect("lost == 0"), Expect("orders.published > 1"), Expect("'bus/orders#lost'.routed > 1"), Expect("`bus/else#lost`.routed > 1"),
    ])"#;
    let mut scenario = sound(text);
    Edit::Rename { from: "orders".into(), to: "shop".into() }.apply(&mut scenario).unwrap();
    Edit::Rename { from: "lost".into(), to: "found".into() }.apply(&mut scenario).unwrap();
    let left = ["lost == 0", "shop.published > 1", "'bus/orders#found'.routed > 1", "`bus/else#lost`.routed > 1"];
    assert_eq!(expected(&scenario), left);
    sound(&write(&scenario));
    let mut scenario = sound(text);
    Edit::Delete { nodes: vec!["orders".into()], connection: None }.apply(&mut scenario).unwrap();
    assert_eq!(expected(&scenario), ["lost == 0", "'bus/orders#lost'.routed > 1", "`bus/else#lost`.routed > 1"]);
    Edit::Delete { nodes: vec!["lost".into()], connection: None }.apply(&mut scenario).unwrap();
    assert_eq!(expected(&scenario), ["lost == 0", "`bus/else#lost`.routed > 1"]);
    sound(&write(&scenario));
}

#[test]
fn what_a_broker_says_of_its_readers_follows_their_names() {
    let rename = |text: &str, from: &str, to: &str| {
        let mut scenario = sound(text);
        scenario.lesson = None;
        Edit::Rename { from: from.into(), to: to.into() }.apply(&mut scenario).unwrap();
        let text = write(&scenario);
        sound(&text);
        text
    };
    let text = rename(include_str!("../../scenarios/brokers/kafka-replay.ron"), "search", "index");
    assert!(text.contains("group: \"index\"") && !text.contains("\"search\""), "{text}");
    rename(include_str!("../../scenarios/patterns/event-sourcing.ron"), "branches", "twigs");
    let streams = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "r/x", arrivals: Every("1s"))]),
        Broker(id: "r", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "s", kind: Stream)],
            bindings: [Binding(from: "x", to: "s")], attaches: [Attach(reader: "c", stream: "s", offset: First)])),
        Consumer(id: "c", reads: [Read(from: "r/s")]),
        Consumer(id: "d", reads: [Read(from: "r/s")]),
    ])"#;
    assert!(rename(streams, "c", "e").contains("Attach(reader: \"e\""));
    let mut scenario = sound(streams);
    Edit::Delete { nodes: vec!["c".into()], connection: None }.apply(&mut scenario).unwrap();
    assert!(!write(&sound(&write(&scenario))).contains("Attach"));
}

const CLUSTER: &str = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
    Producer(id: "p", emits: [Emit(event: "E", to: "k/one", arrivals: Every("1s")), Emit(event: "E", to: "k/two", arrivals: Every("1s"))]),
    Broker(id: "k", kind: Kafka(topics: [Topic(name: "one"), Topic(name: "two")], groups: [Group(name: "c", starts: "1s")],
        replays: [Replay(group: "c", at: "5s", to: Beginning)], transactions: [Transaction(node: "p")])),
    Consumer(id: "c", reads: [Read(from: "k/one"), Read(from: "k/two")]),
])"#;

#[test]
fn a_group_that_is_called_otherwise_keeps_what_its_cluster_says_of_it() {
    let edited = |change: &dyn Fn(&mut tidemill::scenario::document::Consumer)| {
        let mut scenario = sound(CLUSTER);
        let mut node = scenario.nodes[2].clone();
        if let Node::Consumer(consumer) = &mut node {
            change(consumer);
        }
        Edit::SetNode(Box::new(node)).apply(&mut scenario).unwrap();
        write(&sound(&write(&scenario)))
    };
    // As long as it reads anything by its old name, the settings are its.
    let half = edited(&|it| it.reads[0].group = Some("g".into()));
    assert!(half.contains("Group(name: \"c\"") && half.contains("group: \"c\""), "{half}");
    let whole = edited(&|it| it.reads.iter_mut().for_each(|read| read.group = Some("g".into())));
    assert!(whole.contains("Group(name: \"g\"") && !whole.contains("\"c\", at"), "{whole}");
    let none = edited(&|it| it.reads.clear());
    assert!(!none.contains("Group(") && !none.contains("Replay(") && none.contains("Transaction("), "{none}");
}

#[test]
fn transactions_follow_the_node_that_publishes_in_them() {
    use tidemill::scenario::broker::kafka::Transaction;
    use tidemill::scenario::broker::{BrokerKind, Kafka};
    let mut scenario = three();
    let publishers = |scenario: &Scenario| match scenario.nodes.iter().find(|node| node.id() == "broker-1") {
        Some(Node::Broker(broker)) => match &broker.kind {
            BrokerKind::Kafka(kafka) => kafka.transactions.iter().map(|transaction| transaction.node.clone()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    for node in &mut scenario.nodes {
        if let Node::Broker(broker) = node {
            let transactions = vec![Transaction::of("producer-1"), Transaction::of("consumer-1")];
            broker.kind = BrokerKind::Kafka(Kafka { transactions, ..Kafka::default() });
        }
    }
    Edit::Rename { from: "producer-1".into(), to: "shop".into() }.apply(&mut scenario).unwrap();
    assert_eq!(publishers(&scenario), ["shop", "consumer-1"]);
    Edit::Delete { nodes: vec!["consumer-1".into()], connection: None }.apply(&mut scenario).unwrap();
    assert_eq!(publishers(&scenario), ["shop"]);
}

#[test]
fn nodes_are_replaced_by_their_like() {
    let mut scenario = three();
    let mut node = scenario.nodes[2].clone();
    if let Node::Consumer(c) = &mut node {
        c.instances = 7;
    }
    let set = Edit::SetNode(Box::new(node));
    set.apply(&mut scenario).unwrap();
    assert_eq!(consumer(&scenario, "consumer-1").instances, 7);
    let mut wrong = scenario.nodes[0].clone();
    *wrong.id_mut() = "consumer-1".into();
    assert!(Edit::SetNode(Box::new(wrong)).apply(&mut scenario).unwrap_err().contains("consumer, not a producer"));
    let all = Edit::SetScenario { label: "Change duration".into(), scenario: Box::default() };
    assert_eq!(all.label(), "Change duration");
    all.apply(&mut scenario).unwrap();
    assert!(scenario.nodes.is_empty());
}

#[test]
fn moving_what_is_not_there_moves_nothing() {
    let mut scenario = three();
    let before = scenario.clone();
    for moves in
        [vec![("producer-1".to_owned(), (1.0, 2.0)), ("nobody".to_owned(), (0.0, 0.0))], vec![("producer-1".to_owned(), (f32::NAN, 0.0))]]
    {
        assert!(Edit::Move(moves).apply(&mut scenario).is_err());
        assert_eq!(scenario, before);
    }
}
