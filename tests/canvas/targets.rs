//! What rules say of single targets follows those targets through changes of the drawing.

use tidemill::app::action::{Action, Connection};
use tidemill::app::edit::{Edit, forwarded};
use tidemill::app::inspector::broker::renamed;
use tidemill::app::kinds::Way;
use tidemill::scenario::broker::BrokerKind;
use tidemill::scenario::document::Node;
use tidemill::scenario::{NoFiles, Scenario, load, write};

const SCENARIO: &str = r###"Scenario(format: 1, events: [Event(name: "Order")], nodes: [
    Producer(id: "shop", emits: [Emit(event: "Order", to: "here/orders", arrivals: Every("100ms"))]),
    Broker(id: "here", kind: EventBridge(
        buses: [Bus(name: "orders"), Bus(name: "audit")],
        rules: [
            Rule(name: "all", bus: "orders", pattern: r#"{"source": ["shop"]}"#, forward: "there/copies", targets: [
                Target(reader: "billing", dead_letter: "unpaid"),
                Target(reader: "mail", retry: RetryPolicy(attempts: 3)),
                Target(bus: "there/copies", retry: RetryPolicy(attempts: 9)),
            ]),
            Rule(name: "kept", bus: "audit", pattern: r#"{"source": ["shop"]}"#, targets: [Target(reader: "billing", dead_letter: "unpaid")]),
        ])),
    Broker(id: "there", kind: EventBridge(buses: [Bus(name: "copies")], rules: [Rule(name: "index", pattern: r#"{"source": ["shop"]}"#)])),
    Consumer(id: "billing", reads: [Read(from: "here/all"), Read(from: "here/kept")]),
    Consumer(id: "mail-1", reads: [Read(from: "here/all", group: "mail")]),
    Consumer(id: "mail-2", reads: [Read(from: "here/all", group: "mail")]),
    Consumer(id: "reminder", reads: [Read(from: "here/unpaid")]),
    Consumer(id: "indexer", reads: [Read(from: "there/index")]),
])"###;

fn scenario() -> Scenario {
    load(SCENARIO, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario
}

/// The targets of each rule of `here` that have settings of their own.
fn targets(scenario: &Scenario) -> Vec<String> {
    let Some(Node::Broker(broker)) = scenario.nodes.get(1) else { panic!() };
    let BrokerKind::EventBridge(parts) = &broker.kind else { panic!() };
    let named = |rule: &tidemill::scenario::broker::eventbridge::Rule| {
        let name = |target: &tidemill::scenario::broker::eventbridge::Target| target.reader.clone().or_else(|| target.bus.clone()).unwrap();
        format!("{}: {}", rule.name, rule.targets.iter().map(name).collect::<Vec<_>>().join(" "))
    };
    parts.rules.iter().map(named).collect()
}

/// What an edit leaves of the targets; none of them dangles.
fn after(edit: &Edit) -> Vec<String> {
    let mut next = scenario();
    edit.apply(&mut next).unwrap();
    if let Err(problems) = load(&write(&next), "after.ron", &NoFiles) {
        assert!(problems.iter().all(|problem| !problem.path.contains("targets")), "{}", problems[0]);
    }
    targets(&next)
}

#[test]
fn they_are_renamed_with_their_consumer() {
    let rename = |from: &str, to: &str| after(&Edit::Rename { from: from.into(), to: to.into() });
    assert_eq!(rename("billing", "accounts"), ["all: accounts mail there/copies", "kept: accounts"]);
    // A group is not called after the node.
    assert_eq!(rename("mail-1", "post"), ["all: billing mail there/copies", "kept: billing"]);
    assert_eq!(rename("there", "far"), ["all: billing mail far/copies", "kept: billing"]);
    assert_eq!(rename("here", "near"), ["all: billing mail there/copies", "kept: billing"]);
    let Action::Edit(bus) = renamed(&scenario(), "there", &[Way::In], "copies", "index") else { panic!() };
    assert_eq!(after(&bus), ["all: billing mail there/index", "kept: billing"]);
    let Action::Edit(queue) = renamed(&scenario(), "here", &[Way::Out], "unpaid", "late") else { panic!() };
    let mut next = scenario();
    queue.apply(&mut next).unwrap();
    let text = write(&next);
    assert!(text.contains("here/late") && !text.contains("unpaid") && load(&text, "t.ron", &NoFiles).is_ok(), "{text}");
}

#[test]
fn they_go_with_what_they_were_about() {
    let delete = |nodes: &[&str], connection: Option<Connection>| {
        after(&Edit::Delete { nodes: nodes.iter().map(|id| (*id).to_owned()).collect(), connection })
    };
    assert_eq!(delete(&["billing"], None), ["all: mail there/copies", "kept: "]);
    // One of two who share a group leaves the other.
    assert_eq!(delete(&["mail-1"], None), ["all: billing mail there/copies", "kept: billing"]);
    assert_eq!(delete(&["mail-1", "mail-2"], None), ["all: billing there/copies", "kept: billing"]);
    assert_eq!(delete(&["there"], None), ["all: billing mail", "kept: billing"]);
    let read = Connection::Read { consumer: "billing".into(), index: 0 };
    assert_eq!(delete(&[], Some(read)), ["all: mail there/copies", "kept: billing"]);
    let forward = Connection::Forward { broker: "here".into(), index: 0 };
    assert_eq!(delete(&[], Some(forward)), ["all: billing mail", "kept: billing"]);
}

#[test]
fn they_follow_what_is_changed_in_the_inspector() {
    let edited = |change: &dyn Fn(&mut tidemill::scenario::document::Consumer)| {
        let mut node = scenario().nodes.into_iter().find(|node| node.id() == "billing").unwrap();
        if let Node::Consumer(consumer) = &mut node {
            change(consumer);
        }
        after(&Edit::SetNode(Box::new(node)))
    };
    assert_eq!(edited(&|it| drop(it.reads.remove(1))), ["all: billing mail there/copies", "kept: "]);
    assert_eq!(edited(&|it| it.reads[0].from = "here/kept".into()), ["all: mail there/copies", "kept: billing"]);
    assert_eq!(edited(&|it| it.reads[0].group = Some("ledger".into())), ["all: ledger mail there/copies", "kept: billing"]);
    assert_eq!(edited(&|it| it.instances = 4), targets(&scenario()));
    // To another bus: what is said of the bus goes along.
    let edit = forwarded(&scenario(), "here/all", "here/audit").unwrap();
    assert_eq!(after(&edit), ["all: billing mail audit", "kept: billing"]);
}

#[test]
fn what_is_broken_already_is_nobodys_to_repair() {
    let mut scenario = scenario();
    let text = write(&scenario).replace("Target(reader: \"mail\"", "Target(reader: \"male\"");
    scenario = tidemill::scenario::read(&text, "t.ron").unwrap();
    Edit::Rename { from: "billing".into(), to: "accounts".into() }.apply(&mut scenario).unwrap();
    Edit::Delete { nodes: vec!["accounts".into()], connection: None }.apply(&mut scenario).unwrap();
    assert_eq!(targets(&scenario), ["all: male there/copies", "kept: "]);
}
