use super::*;
use crate::app::edit::Edit;
use crate::app::{action::Placing, edit::added};

fn connected() -> Scenario {
    let mut scenario = Scenario::default();
    for (placing, at) in
        [(Placing::Producer, (80.0, 240.0)), (Placing::Broker("Simple"), (420.0, 240.0)), (Placing::Consumer, (760.0, 240.0))]
    {
        scenario = added(placing, at, None, &scenario).unwrap().0;
    }
    for (from, to, channel) in
        [("producer-1", "broker-1", "events"), ("broker-1", "consumer-1", "events"), ("consumer-1", "broker-1", "done")]
    {
        Edit::Connect { from: from.into(), to: to.into(), channel: channel.into() }.apply(&mut scenario).unwrap();
    }
    scenario
}

fn still(_: &str) -> Vec2 {
    Vec2::ZERO
}

#[test]
fn every_connection_becomes_a_link_between_its_ends() {
    let mut scenario = connected();
    if let Node::Consumer(c) = &mut scenario.nodes[2] {
        c.dead_letter = Some("broker-1/events".into());
    }
    let scene = Scene::of(&scenario, 1.0, &still);
    let roles: Vec<WireRole> = scene.wires.iter().map(|w| w.role).collect();
    assert_eq!(roles, [WireRole::Emit, WireRole::Read, WireRole::Then, WireRole::DeadLetter]);
    for wire in &scene.wires {
        let (start, end) = (wire.curve.at(0.0), wire.curve.at(1.0));
        assert!((start.x - scene.nodes[wire.from].rect.right()).abs() < 1.0, "{:?}", wire.role);
        assert!((end.x - scene.nodes[wire.to].rect.left()).abs() < 1.0, "{:?}", wire.role);
        assert!(wire.curve.heading().x > 0.9, "enters from the left");
    }
    assert_eq!(scene.ends(&scene.wires[1]), "broker-1/events to consumer-1");
    assert_eq!(scene.connection(&scene.wires[2]), Some(Connection::Then { consumer: "consumer-1".into(), index: 0 }));
}

#[test]
fn links_back_go_around_nodes() {
    let scene = Scene::of(&connected(), 1.0, &still);
    let back = scene.wires.iter().find(|w| w.role == WireRole::Then).unwrap();
    for node in &scene.nodes {
        assert!(back.curve.points().iter().all(|p| !node.rect.shrink(1.0).contains(*p)), "crosses {}", node.id);
    }
}

#[test]
fn links_forward_go_around_nodes() {
    let mut scenario = connected();
    scenario = added(Placing::Consumer, (250.0, 240.0), None, &scenario).unwrap().0;
    scenario.nodes[1].set_at((600.0, 240.0));
    scenario.nodes[2].set_at((900.0, 240.0));
    let scene = Scene::of(&scenario, 1.0, &still);
    let between = scene.nodes[3].rect;
    assert!(scene.wires[0].curve.points().iter().all(|p| !between.contains(*p)));
}

#[test]
fn places_are_found_without_overlap_and_in_the_direction_of_flow() {
    let mut scenario = connected();
    for i in 0..30 {
        let placing = [Placing::Producer, Placing::Broker("Simple"), Placing::Consumer][i % 3];
        scenario = added(placing, (0.0, 0.0), None, &scenario).unwrap().0;
    }
    for (i, node) in scenario.nodes.iter_mut().enumerate() {
        match node {
            Node::Producer(p) => p.at = None,
            Node::Broker(b) => b.at = None,
            Node::Consumer(c) if i > 3 => c.at = None,
            Node::Consumer(_) | Node::Store(_) => {}
        }
    }
    for scale in [1.0, 1.25] {
        let scene = Scene::of(&scenario, scale, &still);
        for (i, a) in scene.nodes.iter().enumerate() {
            for b in &scene.nodes[..i] {
                assert!(!a.rect.shrink(1.0).intersects(b.rect.shrink(1.0)) || scale > 1.0, "{} on {}", a.id, b.id);
            }
        }
        assert!(scene.nodes[0].rect.right() < scene.nodes[1].rect.left());
        assert!(scene.nodes[1].rect.right() < scene.nodes[2].rect.left() || !scene.nodes[2].unplaced);
    }
    let again = Scene::of(&scenario, 1.0, &still);
    let first = Scene::of(&scenario, 1.0, &still);
    assert!(again.nodes.iter().zip(&first.nodes).all(|(a, b)| a.rect == b.rect));
}

#[test]
fn nonsense_in_the_document_is_drawn_as_far_as_it_makes_sense() {
    let mut scenario = connected();
    if let Node::Producer(p) = &mut scenario.nodes[0] {
        p.at = Some((f32::NAN, f32::INFINITY));
        p.emits[0].to = "nowhere/at-all".into();
    }
    let twin = scenario.nodes[1].clone();
    scenario.nodes.push(twin);
    let scene = Scene::of(&scenario, 1.0, &still);
    assert!(scene.nodes.iter().all(|n| n.rect.is_finite()));
    assert_eq!(scene.wires.len(), 2);
}
