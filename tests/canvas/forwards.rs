//! Events that rules send from bus to bus: links of their own, with what travels on them.

#![allow(clippy::disallowed_methods, reason = "a run goes on by itself, and is waited for")]

use crate::world::*;
use std::sync::Arc;
use tidemill::app::action::{Action, Connection};
use tidemill::app::canvas::layout::{Scene, WireRole};
use tidemill::app::canvas::live::Live;
use tidemill::app::edit::{Edit, forwarded};
use tidemill::app::inspector::broker::renamed;
use tidemill::app::kinds::Way;
use tidemill::run::frame::{Course, Frame};
use tidemill::run::{Command, Runner};
use tidemill::scenario::broker::BrokerKind;
use tidemill::scenario::document::Node;
use tidemill::scenario::{NoFiles, Scenario, check, load};
use tidemill::time::Time;

/// A rule that sends on within the broker, and one that sends to another.
const SCENARIO: &str = r###"Scenario(format: 1, duration: "60s", events: [Event(name: "Order"), Event(name: "Else")], nodes: [
    Producer(id: "shop", at: (0, 0), emits: [
        Emit(event: "Order", to: "here/orders", arrivals: Every("100ms")), Emit(event: "Else", to: "here/orders", arrivals: Every("1s")),
    ]),
    Broker(id: "here", at: (300, 0), kind: EventBridge(
        buses: [Bus(name: "orders"), Bus(name: "audit")],
        rules: [
            Rule(name: "all", bus: "orders", pattern: r#"{"source": ["shop"]}"#, forward: "audit"),
            Rule(name: "orders-only", bus: "orders", pattern: r#"{"detail-type": ["Order"]}"#, forward: "there/copies"),
            Rule(name: "kept", bus: "audit", pattern: r#"{"source": ["shop"]}"#),
        ])),
    Broker(id: "there", at: (700, 0), kind: EventBridge(
        buses: [Bus(name: "copies")], rules: [Rule(name: "index", pattern: r#"{"source": ["shop"]}"#)])),
    Consumer(id: "auditor", at: (700, 300), reads: [Read(from: "here/kept")]),
    Consumer(id: "indexer", at: (1000, 0), reads: [Read(from: "there/index")]),
])"###;

fn scenario() -> Scenario {
    load(SCENARIO, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario
}

fn scene(scenario: &Scenario) -> Scene {
    Scene::of(scenario, 1.0, &|_| egui::Vec2::ZERO)
}

#[test]
fn they_are_links_from_the_rule_to_the_bus() {
    let scene = scene(&scenario());
    let forwards: Vec<_> = scene.wires.iter().filter(|wire| wire.role == WireRole::Forward).collect();
    let ends: Vec<String> = forwards.iter().map(|wire| scene.ends(wire)).collect();
    assert_eq!(ends, ["here/all to here/audit", "here/orders-only to there/copies"]);
    for wire in &forwards {
        let (start, end) = (wire.curve.at(0.0), wire.curve.at(1.0));
        assert!((start.x - scene.nodes[wire.from].rect.right()).abs() < 1.0 && (end.x - scene.nodes[wire.to].rect.left()).abs() < 1.0);
    }
    // The one within the broker goes around it.
    let own = scene.nodes[forwards[0].from].rect.shrink(1.0);
    assert!(forwards[0].curve.points().iter().all(|point| !own.contains(*point)));
    assert_eq!(scene.connection(forwards[1]), Some(Connection::Forward { broker: "here".into(), index: 1 }));
    let copies = &scene.nodes[forwards[1].to].rows[forwards[1].enters.unwrap()];
    assert_eq!(copies.events, [0, 1], "what comes along is known there");
}

/// The run at a moment, as the window sees it, with what set out on the way there.
fn at(scenario: &Scenario, seconds: u64) -> Arc<Frame> {
    let plan = Arc::new(check(scenario, &NoFiles).unwrap().0);
    let runner = Runner::start(plan, 1, || {}).unwrap();
    let moment = Time(seconds * 1_000_000_000);
    runner.send(Command::Seek(moment));
    for _ in 0..2_000 {
        let frame = runner.frame();
        if frame.now == moment && frame.past.seeking.is_none() {
            return frame;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the run did not come to {seconds} s");
}

#[test]
fn what_travels_and_how_much_is_seen_on_them() {
    let scenario = scenario();
    let scene = scene(&scenario);
    let frame = at(&scenario, 30);
    let mut live = Live::default();
    live.update(Some(&frame), &scene, true);
    let position = |role: WireRole, index: usize| scene.wires.iter().position(|w| w.role == role && w.index == index).unwrap();
    let (all, orders) = (position(WireRole::Forward, 0), position(WireRole::Forward, 1));
    assert!((live.rate(Some(&frame), all) - 11.0).abs() < 0.5, "{}", live.rate(Some(&frame), all));
    assert!((live.rate(Some(&frame), orders) - 10.0).abs() < 0.5, "{}", live.rate(Some(&frame), orders));
    assert!(live.is_inside(all) && !live.is_inside(orders));
    let plan = &frame.plan;
    let outlet = |name: &str| tidemill::ids::OutletId::at(plan.outlets.iter().position(|outlet| outlet.name == name).unwrap());
    let flight = |course: Course| tidemill::run::frame::Flight {
        course,
        event: tidemill::ids::EventId::new(tidemill::ids::EmitterId(0), 0),
        kind: tidemill::ids::TypeId(0),
        sent: Time(0),
        arrives: Time(1),
        manner: tidemill::run::frame::Manner::Plain,
    };
    assert_eq!(live.wire(&flight(Course::Forward(outlet("here/all")))), Some(all as u32));
    assert_eq!(live.wire(&flight(Course::Forward(outlet("here/orders-only")))), Some(orders as u32));
}

fn forward(scenario: &Scenario, rule: usize) -> Option<&str> {
    match &scenario.nodes[1] {
        Node::Broker(broker) => match &broker.kind {
            BrokerKind::EventBridge(parts) => parts.rules[rule].forward.as_deref(),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn they_follow_names_and_go_with_what_they_lead_to() {
    let mut next = scenario();
    Edit::Rename { from: "there".into(), to: "europe".into() }.apply(&mut next).unwrap();
    assert_eq!((forward(&next, 0), forward(&next, 1)), (Some("audit"), Some("europe/copies")));
    let Action::Edit(edit) = renamed(&next, "europe", &[Way::In], "copies", "photos") else { panic!() };
    edit.apply(&mut next).unwrap();
    assert_eq!(forward(&next, 1), Some("europe/photos"));
    Edit::Delete { nodes: vec!["europe".into()], connection: None }.apply(&mut next).unwrap();
    assert_eq!(forward(&next, 1), None);
    let connection = Some(Connection::Forward { broker: "here".into(), index: 0 });
    let delete = Edit::Delete { nodes: Vec::new(), connection };
    delete.apply(&mut next).unwrap();
    assert_eq!(forward(&next, 0), None);
    assert!(delete.apply(&mut next).is_err(), "it is gone");
}

#[test]
fn a_hand_draws_them_from_a_rule_to_a_bus() {
    let before = scenario();
    let mut next = before.clone();
    forwarded(&before, "here/kept", "there/copies").unwrap().apply(&mut next).unwrap();
    assert_eq!(forward(&next, 2), Some("there/copies"));
    forwarded(&before, "here/kept", "here/orders").unwrap().apply(&mut next).unwrap();
    assert_eq!(forward(&next, 2), Some("orders"));
    for (rule, bus, why) in
        [("here/kept", "here/audit", "own bus"), ("here/all", "here/audit", "already"), ("here/nothing", "here/audit", "Only a rule")]
    {
        assert!(forwarded(&before, rule, bus).unwrap_err().contains(why), "{rule} to {bus}");
    }
    // In the canvas itself.
    let mut h = harness(before);
    let laid = scene(&h.state().scenario);
    let row = |place: &str, way| laid.row_at(place, way).map(|(node, row)| laid.nodes[node].rows[row].rect).unwrap();
    let (from, to) = (row("here/kept", Way::Out).right_center(), row("there/copies", Way::In).center());
    let (from, to) = (h.state().canvas.screen_position(from.into()), h.state().canvas.screen_position(to.into()));
    drag(&mut h, from, to);
    assert_eq!(h.state().edits, ["Change here"]);
    assert_eq!(forward(&h.state().scenario, 2), Some("there/copies"));
}
