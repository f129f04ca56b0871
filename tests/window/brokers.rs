//! What brokers are asked by hand while a run goes on, and what they show.

#![allow(clippy::disallowed_methods, reason = "what runs on a thread of its own is waited for")]

use crate::hands::*;
use egui_kittest::kittest::Queryable;
use tidemill::app::Shell;
use tidemill::app::action::{Action, Selection};
use tidemill::run::Command;
use tidemill::run::frame::{BrokerView, eventbridge, kafka};
use tidemill::scenario::broker::eventbridge::{Input, RetryPolicy};
use tidemill::scenario::broker::{BrokerKind, EventBridge};
use tidemill::scenario::document::{Broker, Node};
use tidemill::time::{Span, Time};

/// A shipped scenario at a moment, with a node selected.
fn at(file: &'static str, seconds: u64, node: &str) -> Window {
    let mut w = window();
    w.state_mut().session.apply(Action::OpenShipped(file));
    until(&mut w, "the run is there", |s| s.session.frame().is_some());
    let moment = Time(seconds * 1_000_000_000);
    w.state_mut().session.apply(Action::Run(Command::Pause));
    w.state_mut().session.apply(Action::Run(Command::Seek(moment)));
    until(&mut w, "the moment is there", |s| s.session.frame().is_some_and(|f| f.now == moment && f.past.seeking.is_none()));
    w.state_mut().session.apply(Action::Select(Selection::node(node)));
    w.run_steps(4);
    w
}

/// A scenario of this text, with its broker `b` selected.
fn written(text: &str) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.ron");
    std::fs::write(&path, text).unwrap();
    let mut w = window();
    w.state_mut().session.apply(Action::Open(path));
    until(&mut w, "the run is there", |s| s.session.frame().is_some());
    w.state_mut().session.apply(Action::Select(Selection::node("b")));
    w.run_steps(4);
    w
}

/// Presses something that may be scrolled out of sight.
fn activate(w: &mut Window, label: &str) {
    w.get_by_label(label).click_accesskit();
    w.run_steps(4);
}

fn cluster(shell: &Shell) -> kafka::View {
    let frame = shell.session.frame().unwrap();
    match &frame.brokers[0] {
        BrokerView::Kafka(view) => (**view).clone(),
        other => panic!("{other:?}"),
    }
}

fn buses(shell: &Shell) -> eventbridge::View {
    let frame = shell.session.frame().unwrap();
    match &frame.brokers[0] {
        BrokerView::EventBridge(view) => (**view).clone(),
        other => panic!("{other:?}"),
    }
}

fn lag(shell: &Shell, group: &str) -> u64 {
    cluster(shell).groups.iter().find(|it| it.name == group).unwrap().lag
}

#[test]
fn a_group_is_sent_back_by_hand_while_the_run_goes_on() {
    let mut w = at("brokers/kafka-replay.ron", 20, "kafka");
    assert!(lag(w.state(), "shop") < 500);
    activate(&mut w, "Send shop elsewhere");
    activate(&mut w, "Send shop there now");
    until(&mut w, "the group is at the beginning", |s| lag(s, "shop") > 1500);
    let here = w.state().session.frame().unwrap();
    let told: Vec<String> = here.past.here().unwrap().interventions.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["kafka: shop goes to the beginning at 00:00:20.000"]);
    assert!(here.past.refused.is_empty());
}

#[test]
fn a_replay_is_cancelled_by_hand() {
    let mut w = at("brokers/eventbridge-replay.ron", 94, "bus");
    let under_way = buses(w.state()).replays[0];
    assert_eq!((under_way.state.word(), under_way.left > 0), ("RUNNING", true));
    activate(&mut w, "Cancel first-minute now");
    until(&mut w, "it is cancelled", |s| buses(s).replays[0].state.word() == "CANCELLED");
    assert!(w.query_by_label("Cancel first-minute now").is_none());
}

#[test]
fn what_is_modelled_can_be_read_in_the_inspector() {
    for (file, node, sentence) in
        [("brokers/kafka-replay.ron", "kafka", "goes on with its heartbeats"), ("brokers/eventbridge-replay.ron", "bus", "Scheduled rules")]
    {
        let mut w = at(file, 1, node);
        activate(&mut w, "Fidelity and limits");
        w.run_steps(20);
        assert!(w.query_all_by_label_contains(sentence).next().is_some(), "{file}");
    }
}

#[test]
fn the_shop_is_seen_side_by_side_under_every_kind() {
    let mut w = at("cases/shop.ron", 1, "bus");
    activate(&mut w, "Another kind");
    w.run_steps(20);
    assert!(w.query_all_by_label_contains("it keeps no order").next().is_some(), "what would not be kept is said before");
    activate(&mut w, "Run under every kind");
    let mut waited = 0;
    while w.query_by_label_contains("published at the same moments under each").is_none() {
        waited += 1;
        assert!(waited < 3_000, "the comparison never came");
        std::thread::sleep(std::time::Duration::from_millis(10));
        w.run_steps(1);
    }
    for words in ["Latency, median", "producers gather batches", "What cannot be kept"] {
        assert!(w.query_all_by_label_contains(words).next().is_some(), "{words}");
    }
    activate(&mut w, "Close comparison");
    assert!(w.query_by_label("Latency, median").is_none());
    activate(&mut w, "Change to EventBridge");
    let document = w.state().session.document.as_ref().unwrap();
    let kind = document.scenario.nodes.iter().find_map(|node| match node {
        Node::Broker(broker) => Some(broker.kind.name()),
        _ => None,
    });
    assert!(kind == Some("EventBridge") && document.runnable());
}

fn bridge(w: &Window) -> &EventBridge {
    let broker = scenario(w).nodes.iter().find_map(|node| match node {
        Node::Broker(broker) => Some(&broker.kind),
        _ => None,
    });
    match broker {
        Some(BrokerKind::EventBridge(parts)) => parts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_binding_says_which_of_two_of_one_name_it_means() {
    let mut w = written(
        r#"Scenario(format: 1, duration: "10s", events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/in", arrivals: Every("100ms"))]),
        Broker(id: "b", kind: RabbitMq(exchanges: [Exchange(name: "in", kind: Fanout), Exchange(name: "jobs", kind: Fanout)],
            queues: [Queue(name: "jobs")], bindings: [Binding(from: "in", to: "jobs"), Binding(from: "jobs", to: "jobs")])),
        Consumer(id: "c", reads: [Read(from: "b/jobs")], handle: Handle(time: Constant("1ms"))),
    ])"#,
    );
    let meant = |w: &Window| match &scenario(w).nodes[1] {
        Node::Broker(Broker { kind: BrokerKind::RabbitMq(parts), .. }) => {
            parts.bindings.iter().map(|binding| binding.to_exchange).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let flags: Vec<_> = w.query_all_by_role_and_label(egui::accesskit::Role::CheckBox, "To exchange").collect();
    assert_eq!(flags.len(), 2);
    flags[0].click_accesskit();
    w.run_steps(4);
    assert_eq!(meant(&w), [true, false]);
    w.state_mut().session.apply(Action::Undo);
    assert_eq!(meant(&w), [false, false]);
}

/// A broker with nobody around it.
fn alone(kind: &str) -> Window {
    written(&format!(r#"Scenario(format: 1, duration: "10s", nodes: [Broker(id: "b", kind: {kind})])"#))
}

#[test]
fn headings_have_something_below_them() {
    let w = alone(r#"Kafka(topics: [Topic(name: "events")])"#);
    for heading in ["Transactions", "Groups", "Event replay"] {
        assert!(w.query_by_label(heading).is_none(), "{heading}: nobody publishes or reads");
    }
    let w = alone(r#"RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "q")])"#);
    assert!(w.query_by_label("Redrives").is_none(), "there is nowhere to move anything");
    let w = at("brokers/kafka-replay.ron", 1, "kafka");
    assert!(["Transactions", "Groups", "Event replay"].iter().all(|heading| w.query_by_label(heading).is_some()));
}

#[test]
fn a_topic_that_is_added_is_kept_as_often_as_the_first() {
    let mut w = alone(r#"Kafka(topics: [Topic(name: "events", partitions: 6, replication: 3, min_insync: 2)])"#);
    activate(&mut w, "Add topic");
    let Node::Broker(Broker { kind: BrokerKind::Kafka(kafka), .. }) = &scenario(&w).nodes[0] else { panic!("{:?}", scenario(&w)) };
    let kept: Vec<_> = kafka.topics.iter().map(|topic| (topic.partitions, topic.replication, topic.min_insync)).collect();
    assert_eq!(kept, [(6, 3, 2); 2]);
}

#[test]
fn what_follows_from_an_event_says_to_rabbitmq_what_a_producer_can_say() {
    let mut w = at("brokers/shop-rabbitmq.ron", 1, "billing");
    retype(&mut w, "Event priority", "7");
    retype(&mut w, "Expiration", "2s");
    let follows = |w: &Window| {
        let billing =
            scenario(w).nodes.iter().find_map(|node| if let Node::Consumer(c) = node { (c.id == "billing").then_some(c) } else { None });
        billing.map(|billing| (billing.then[0].priority, billing.then[0].expiration))
    };
    assert_eq!(follows(&w), Some((Some(7), Some(Span::from_millis(2_000)))));
}

#[test]
fn patterns_are_judged_by_what_tells_events_apart_and_every_field_can_be_given() {
    let mut w = at("brokers/eventbridge-rules.ron", 20, "bus");
    // One rule wants them all; another says which part does not fit.
    assert!(w.query_all_by_label_contains("of the last 24 events").next().is_some());
    assert!(w.query_all_by_label_contains("country ES").next().is_some(), "the detail is seen");
    retype(&mut w, "Account", "444455556666");
    retype(&mut w, "Region", "eu-central-1");
    retype(&mut w, "shop", "com.other");
    let parts = bridge(&w);
    assert_eq!((parts.account.as_str(), parts.region.as_str()), ("444455556666", "eu-central-1"));
    assert_eq!(parts.sources.0, [("shop".to_owned(), "com.other".to_owned())]);
    retype(&mut w, "Account", "12");
    assert_eq!(bridge(&w).account, "444455556666", "twelve digits it has to be");
}

#[test]
fn a_target_is_given_what_its_rule_does_not_say() {
    let mut w = at("brokers/eventbridge-throttled.ron", 60, "bus");
    let own = |w: &Window| bridge(w).rules[0].targets.clone();
    // The one that has something of its own says what.
    assert!(w.query_by_label("Target partner: own retries, dead letters").is_some());
    activate(&mut w, "Target warehouse: as the rule");
    w.run_steps(20);
    assert!(w.query_all_by_label_contains("attempts, 0 failed").next().is_some(), "what it did");
    assert!(w.query_by_label("From the rule: whole event, 185 tries within 1d, no dead-letter queue").is_some());
    pick(&mut w, "Retries", "its own");
    assert_eq!(own(&w)[1].retry, Some(RetryPolicy::default()), "it begins with what held before");
    pick(&mut w, "Failed go to", "own queue");
    retype(&mut w, "Queue", "late");
    pick(&mut w, "Input", "part of it");
    assert!(w.query_by_label("Target warehouse: own input, retries, dead letters").is_some());
    let warehouse = bridge(&w).rules[0].to_reader("warehouse");
    assert_eq!((warehouse.dead_letter, warehouse.input), (Some("late"), Some(&Input::Path("$.detail".to_owned()))));
    pick(&mut w, "Failed go to", "no queue");
    assert_eq!(own(&w)[1].dead_letter.as_deref(), Some(""));
    // One after the other goes back to the rule's, and with the last the target's entry.
    pick(&mut w, "Failed go to", "as the rule");
    pick(&mut w, "Retries", "as the rule");
    assert_eq!(own(&w).len(), 2);
    w.state_mut().session.apply(Action::Run(Command::Seek(Time(60_000_000_000))));
    until(&mut w, "events have come", |s| buses(s).recent.len() > 10);
    assert!(w.query_all_by_label_contains("Of the newest OrderPlaced that comes to").next().is_some(), "what it comes to is seen");
    w.state_mut().session.apply(Action::Undo);
    w.state_mut().session.apply(Action::Undo);
    assert_eq!(own(&w)[1].retry, Some(RetryPolicy::default()), "each was a step of its own");
}

#[test]
fn dead_letters_say_whose_they_are_and_why() {
    let mut w = at("brokers/eventbridge-throttled.ron", 100, "bus");
    activate(&mut w, "Newest in partner-dlq");
    w.run_steps(20);
    for words in ["EXHAUSTED_RETRY_CONDITION", "MaximumRetryAttempts", "ERROR_FROM_TARGET", "arn:aws:sqs:us-east-1:111122223333:partner"] {
        assert!(w.query_all_by_label_contains(words).next().is_some(), "{words}");
    }
}

#[test]
fn a_rule_goes_with_the_ways_to_it_and_comes_back_with_them() {
    let mut w = at("brokers/eventbridge-throttled.ron", 10, "bus");
    let before = scenario(&w).clone();
    activate(&mut w, "Remove rule placed");
    assert!(bridge(&w).rules.is_empty());
    let reads = scenario(&w).nodes.iter().filter_map(|node| if let Node::Consumer(it) = node { Some(it.reads.len()) } else { None });
    assert_eq!(reads.collect::<Vec<_>>(), [0, 0, 0], "nobody is left reading what is not there");
    w.state_mut().session.apply(Action::Undo);
    assert_eq!(*scenario(&w), before);
}
