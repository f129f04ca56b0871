//! Figures and flights of a run, made up: which link they land on, and how long they are seen.

use crate::world::*;
use std::sync::Arc;
use tidemill::app::canvas::layout::{Scene, WireRole};
use tidemill::app::canvas::live::Live;
use tidemill::app::canvas::particles::Particles;
use tidemill::ids::{EmitterId, EventId, LinkId, TypeId};
use tidemill::record::{Series, Totals};
use tidemill::run::frame::{Course, Flight, Frame, LinkFigures, Manner, NodeFigures, OutletFigures, Past, PlayState, Speed};
use tidemill::scenario::document::Node;
use tidemill::scenario::{NoFiles, Plan, Scenario, check};
use tidemill::time::{Span, Time};

fn looped() -> Scenario {
    let mut scenario = connected();
    connect(&mut scenario, "consumer-1", "broker-1", "done").unwrap();
    connect(&mut scenario, "broker-1", "consumer-1", "done").unwrap();
    if let Node::Consumer(c) = &mut scenario.nodes[2] {
        c.dead_letter = Some("broker-1/dead".into());
    }
    if let Node::Broker(b) = &mut scenario.nodes[1] {
        match &mut b.kind {
            tidemill::scenario::broker::BrokerKind::Simple(simple) => simple.topics.push("dead".into()),
            #[allow(unreachable_patterns, reason = "there are as many kinds as the product has")]
            other => panic!("{} is not the simple kind", other.name()),
        }
    }
    scenario
}

fn frame(scenario: &Scenario) -> Frame {
    let plan: Arc<Plan> = Arc::new(check(scenario, &NoFiles).unwrap_or_else(|f| panic!("{f:?}")).0);
    Frame {
        run: 1,
        number: 1,
        seed: 1,
        now: Time(1_000_000_000),
        state: PlayState::Playing,
        speed: Speed::Times(1.0),
        achieved: 1.0,
        steps: 0,
        fingerprint: 0,
        totals: Totals::default(),
        nodes: vec![NodeFigures { rate: 50.0, lag: 3, busy: 1, capacity: 1, utilisation: 0.5, ..NodeFigures::default() }; plan.nodes.len()],
        brokers: Vec::new(),
        outlets: vec![OutletFigures { waiting: 42, ..OutletFigures::default() }; plan.outlets.len()],
        links: vec![LinkFigures { rate: 50.0, sent: 100, lost: 1 }; plan.links.len()],
        flights: Vec::new(),
        set_out: 0,
        faults: Arc::default(),
        window: Span::from_millis(1_000),
        owed: 0,
        series: Series::default(),
        beside: None,
        figures: None,
        past: Past::default(),
        plan,
    }
}

fn flight(link: LinkId, emitter: u32, manner: Manner) -> Flight {
    Flight {
        course: Course::Link(link),
        event: EventId::new(EmitterId(emitter), 0),
        kind: TypeId(0),
        sent: Time(0),
        arrives: Time(1_000_000),
        manner,
    }
}

fn link(plan: &Plan, from: &str, to: &str) -> LinkId {
    let (from, to) = (plan.node(from).unwrap(), plan.node(to).unwrap());
    LinkId::at(plan.links.iter().position(|l| l.from == from && l.to == to).unwrap())
}

fn scene(scenario: &Scenario) -> Scene {
    Scene::of(scenario, 1.0, &|_| egui::Vec2::ZERO)
}

#[test]
fn flights_land_on_the_link_they_belong_to() {
    let scenario = looped();
    let (scene, frame) = (scene(&scenario), frame(&scenario));
    let mut live = Live::default();
    live.update(Some(&frame), &scene, true);
    let there = link(&frame.plan, "producer-1", "broker-1");
    let out = link(&frame.plan, "broker-1", "consumer-1");
    let back = link(&frame.plan, "consumer-1", "broker-1");
    let on = |flight: Flight| live.wire(&flight).map(|w| (scene.wires[w as usize].role, scene.wires[w as usize].index));
    assert_eq!(on(flight(there, 0, Manner::Plain)), Some((WireRole::Emit, 0)));
    assert_eq!(on(flight(out, 0, Manner::Plain)), Some((WireRole::Read, 0)), "orders come from the first topic");
    assert_eq!(on(flight(out, 1, Manner::Duplicate)), Some((WireRole::Read, 1)), "what follows comes from the second");
    assert_eq!(on(flight(back, 1, Manner::Plain)), Some((WireRole::Then, 0)));
    assert_eq!(on(flight(back, 0, Manner::DeadLetter)), Some((WireRole::DeadLetter, 0)));
    assert_eq!(on(flight(LinkId(99), 77, Manner::Plain)), None);
}

#[test]
fn a_run_of_another_scenario_is_no_trouble() {
    let frame = frame(&looped());
    let other = scene(&three());
    let mut live = Live::default();
    live.update(Some(&frame), &other, true);
    assert_eq!(live.wire(&flight(LinkId(0), 0, Manner::Plain)), None);
    assert_eq!(live.rate(Some(&frame), 5), 0.0);
    let news = live.update(None, &other, false);
    assert!(news.run);
}

#[test]
fn particles_fly_long_enough_to_be_seen_and_stand_while_paused() {
    let scenario = looped();
    let (scene, mut frame) = (scene(&scenario), frame(&scenario));
    let there = link(&frame.plan, "producer-1", "broker-1");
    frame.flights = vec![flight(there, 0, Manner::Plain), flight(there, 0, Manner::Lost)];
    let mut live = Live::default();
    live.update(Some(&frame), &scene, true);
    let mut particles = Particles::default();
    particles.advance(0.016, &frame, true, &live, &scene, 1.0);
    assert_eq!(particles.len(), 2);
    for _ in 0..20 {
        particles.advance(0.016, &frame, false, &live, &scene, 1.0);
    }
    assert_eq!(particles.len(), 2, "a millisecond of the run is shown for much longer");
    frame.state = PlayState::Paused;
    for _ in 0..200 {
        particles.advance(0.016, &frame, false, &live, &scene, 1.0);
    }
    assert_eq!(particles.len(), 2, "they stand");
    frame.state = PlayState::Finished;
    for _ in 0..70 {
        particles.advance(0.016, &frame, false, &live, &scene, 1.0);
    }
    assert!(particles.is_empty());
}

#[test]
fn too_many_become_a_flow_within_the_budget() {
    let scenario = looped();
    let (scene, mut frame) = (scene(&scenario), frame(&scenario));
    let there = link(&frame.plan, "producer-1", "broker-1");
    frame.flights = vec![flight(there, 0, Manner::Plain); Frame::FLIGHTS];
    let mut live = Live::default();
    live.update(Some(&frame), &scene, true);
    let mut particles = Particles::default();
    for _ in 0..10 {
        particles.advance(0.016, &frame, true, &live, &scene, 1.0);
    }
    assert!((4..60).contains(&particles.len()), "{}", particles.len());
    assert!(particles.any());
    particles.budget = 3;
    particles.clear();
    particles.advance(0.016, &frame, true, &live, &scene, 1.0);
    assert_eq!(particles.len(), 3);
}

#[test]
fn the_window_shows_what_a_run_does() {
    let scenario = looped();
    let mut frame = frame(&scenario);
    frame.flights = vec![flight(link(&frame.plan, "producer-1", "broker-1"), 0, Manner::Plain)];
    let mut h = harness(scenario);
    h.state_mut().frame = Some(frame.clone());
    h.run_steps(3);
    assert_eq!(h.state().canvas.particles(), 1);
    frame.run = 2;
    frame.flights.clear();
    h.state_mut().frame = Some(frame.clone());
    h.run_steps(2);
    assert_eq!(h.state().canvas.particles(), 0, "another run begins empty");
    frame.number = 9;
    frame.flights = vec![flight(LinkId(0), 0, Manner::Plain)];
    h.state_mut().reduce_motion = true;
    h.state_mut().frame = Some(frame);
    h.run_steps(2);
    assert_eq!(h.state().canvas.particles(), 0, "no motion where none is wanted");
}
