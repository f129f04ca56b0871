//! Putting nodes in order: on one line, at equal gaps, in layers. Pure: boxes in, places out.

use super::layout::{NodeBox, Scene};
use super::measures::{COLUMN_GAP, GRID, STACK_GAP};
use crate::app::action::Arrange;
use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};
use egui::{Pos2, Rect, Vec2, pos2, vec2};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// New places of those of `chosen` that have to move.
pub fn arranged(scene: &Scene, chosen: &BTreeSet<String>, how: Arrange) -> Vec<(String, (f32, f32))> {
    let boxes: Vec<&NodeBox> = scene.nodes.iter().filter(|n| chosen.contains(&n.id)).collect();
    let shifts = match how {
        Arrange::Layers => layers(scene, &boxes),
        Arrange::Across => spread(&boxes, |r| (r.left(), r.right()), vec2(1.0, 0.0)),
        Arrange::Down => spread(&boxes, |r| (r.top(), r.bottom()), vec2(0.0, 1.0)),
        _ => align(&boxes, how),
    };
    let moved = boxes.iter().zip(shifts).filter(|(_, shift)| shift.length() > 0.01);
    moved.map(|(node, shift)| (node.id.clone(), (node.at + shift).into())).collect()
}

fn align(boxes: &[&NodeBox], how: Arrange) -> Vec<Vec2> {
    let whole = boxes.iter().fold(Rect::NOTHING, |all, n| all.union(n.home()));
    let shift = |r: Rect| match how {
        Arrange::Left => vec2(whole.left() - r.left(), 0.0),
        Arrange::Centre => vec2(whole.center().x - r.center().x, 0.0),
        Arrange::Right => vec2(whole.right() - r.right(), 0.0),
        Arrange::Top => vec2(0.0, whole.top() - r.top()),
        Arrange::Middle => vec2(0.0, whole.center().y - r.center().y),
        Arrange::Bottom => vec2(0.0, whole.bottom() - r.bottom()),
        Arrange::Across | Arrange::Down | Arrange::Layers => Vec2::ZERO,
    };
    boxes.iter().map(|n| shift(n.home())).collect()
}

/// The outermost stay where they are; the others share the room between them.
fn spread(boxes: &[&NodeBox], ends: impl Fn(Rect) -> (f32, f32), way: Vec2) -> Vec<Vec2> {
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| ends(boxes[a].home()).0.total_cmp(&ends(boxes[b].home()).0).then(a.cmp(&b)));
    let mut shifts = vec![Vec2::ZERO; boxes.len()];
    let (Some(&first), Some(&last)) = (order.first(), order.last()) else { return shifts };
    let taken: f32 = boxes.iter().map(|n| ends(n.home()).1 - ends(n.home()).0).sum();
    let room = ends(boxes[last].home()).1 - ends(boxes[first].home()).0;
    let gap = (room - taken) / (boxes.len() - 1).max(1) as f32;
    let mut next = ends(boxes[first].home()).0;
    for i in order {
        let (from, to) = ends(boxes[i].home());
        shifts[i] = way * (next - from);
        next += to - from + gap;
    }
    shifts
}

/// In layers from left to right, as events flow; the whole keeps its middle.
fn layers(scene: &Scene, boxes: &[&NodeBox]) -> Vec<Vec2> {
    let still = vec![Vec2::ZERO; boxes.len()];
    let mut graph: Graph<NodeLabel, EdgeLabel> = Graph::with_options(GraphOptions { directed: true, multigraph: false, compound: false });
    for node in boxes {
        let label = NodeLabel { width: f64::from(node.home().width()), height: f64::from(node.home().height()), ..NodeLabel::default() };
        graph.set_node(node.id.clone(), Some(label));
    }
    let chosen: BTreeSet<&str> = boxes.iter().map(|n| n.id.as_str()).collect();
    let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
    for wire in &scene.wires {
        let (from, to) = (scene.nodes[wire.from].id.as_str(), scene.nodes[wire.to].id.as_str());
        // The way back to a broker that feeds its sender must not turn the order of the layers round.
        let inside = chosen.contains(from) && chosen.contains(to) && from != to && !known.contains(&(to, from));
        if inside && known.insert((from, to)) {
            graph.set_edge(from, to, Some(EdgeLabel::default()), None);
        }
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: f64::from(STACK_GAP),
        edgesep: f64::from(STACK_GAP / 2.0),
        ranksep: f64::from(COLUMN_GAP),
        ..LayoutOptions::default()
    };
    // Somebody else's code on a graph of any shape: should it give up, the nodes stay where they are.
    if catch_unwind(AssertUnwindSafe(|| layout(&mut graph, Some(options)))).is_err() {
        return still;
    }
    let centre = |node: &&NodeBox| {
        let placed = graph.node(&node.id)?;
        Some(pos2(placed.x? as f32, placed.y? as f32)).filter(|p| p.is_finite())
    };
    let Some(mut centres) = boxes.iter().map(centre).collect::<Option<Vec<Pos2>>>() else { return still };
    upright(boxes, &mut centres);
    let before = boxes.iter().fold(Rect::NOTHING, |all, n| all.union(n.home()));
    let after = boxes.iter().zip(&centres).fold(Rect::NOTHING, |all, (n, c)| all.union(Rect::from_center_size(*c, n.home().size())));
    let shift = before.center() - after.center();
    let place = |(node, centre): (&&NodeBox, &Pos2)| {
        let to = node.at + (*centre + shift - node.home().center());
        ((to.to_vec2() / GRID).round() * GRID).to_pos2() - node.at
    };
    boxes.iter().zip(&centres).map(place).collect()
}

/// Turns the whole upside down where that is nearer to what stood above what before: people look for things where they put them.
fn upright(boxes: &[&NodeBox], centres: &mut [Pos2]) {
    let number = boxes.len().max(1) as f32;
    let (mean, old_mean) =
        (centres.iter().map(|c| c.y).sum::<f32>() / number, boxes.iter().map(|n| n.home().center().y).sum::<f32>() / number);
    let together: f32 = boxes.iter().zip(&*centres).map(|(n, c)| (n.home().center().y - old_mean) * (c.y - mean)).sum();
    if together < 0.0 {
        centres.iter_mut().for_each(|c| c.y = 2.0 * mean - c.y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::edit::Edit;
    use crate::scenario::{Scenario, read};

    fn scene(scenario: &Scenario) -> Scene {
        Scene::of(scenario, 1.0, &|_| Vec2::ZERO)
    }

    fn shop() -> Scenario {
        read(include_str!("../../../scenarios/cases/shop.ron"), "shop.ron").unwrap()
    }

    fn all(scenario: &Scenario) -> BTreeSet<String> {
        scenario.nodes.iter().map(|n| n.id().to_owned()).collect()
    }

    fn after(how: Arrange) -> Scene {
        let mut scenario = shop();
        let moves = arranged(&scene(&scenario), &all(&scenario), how);
        Edit::Move(moves).apply(&mut scenario).unwrap();
        scene(&scenario)
    }

    fn same(values: impl Iterator<Item = f32>) -> bool {
        let values: Vec<f32> = values.collect();
        values.iter().all(|v| (v - values[0]).abs() < 0.01)
    }

    #[test]
    fn aligned_nodes_stand_on_one_line() {
        assert!(same(after(Arrange::Left).nodes.iter().map(|n| n.rect.left())));
        assert!(same(after(Arrange::Centre).nodes.iter().map(|n| n.rect.center().x)));
        assert!(same(after(Arrange::Right).nodes.iter().map(|n| n.rect.right())));
        assert!(same(after(Arrange::Top).nodes.iter().map(|n| n.rect.top())));
        assert!(same(after(Arrange::Middle).nodes.iter().map(|n| n.rect.center().y)));
        assert!(same(after(Arrange::Bottom).nodes.iter().map(|n| n.rect.bottom())));
    }

    #[test]
    fn distributed_nodes_have_equal_gaps_between_ends_that_stay() {
        let (before, scene) = (scene(&shop()), after(Arrange::Down));
        let mut rects: Vec<Rect> = scene.nodes.iter().map(|n| n.rect).collect();
        rects.sort_by(|a, b| a.top().total_cmp(&b.top()));
        assert!(same(rects.windows(2).map(|w| w[1].top() - w[0].bottom())));
        let whole = |s: &Scene| s.nodes.iter().fold(Rect::NOTHING, |all, n| all.union(n.rect));
        assert!((whole(&before).y_range().span() - whole(&scene).y_range().span()).abs() < 0.01);
    }

    #[test]
    fn layers_follow_the_flow_and_cover_nothing() {
        let scene = after(Arrange::Layers);
        let rect = |id: &str| scene.nodes[scene.index[id]].rect;
        assert!(rect("order-service").right() < rect("bus").left());
        for id in ["inventory", "notification", "analytics", "billing", "accounting"] {
            assert!(rect("bus").right() < rect(id).left(), "{id}");
        }
        for (i, node) in scene.nodes.iter().enumerate() {
            assert!(scene.nodes[..i].iter().all(|other| !other.rect.intersects(node.rect)), "{}", node.id);
        }
        let again = arranged(&scene, &scene.nodes.iter().map(|n| n.id.clone()).collect(), Arrange::Layers);
        assert!(again.iter().all(|(id, at)| (pos2(at.0, at.1) - scene.nodes[scene.index[id]].at).length() <= GRID * 2.0), "{again:?}");
    }

    #[test]
    fn layers_keep_what_stood_above_what() {
        let order = ["inventory", "notification", "analytics", "billing", "accounting"];
        for upside_down in [false, true] {
            let mut scenario = shop();
            let places = order.iter().enumerate().map(|(i, id)| {
                let y = if upside_down { -(i as f32) } else { i as f32 } * 90.0;
                ((*id).to_owned(), (700.0, y))
            });
            Edit::Move(places.collect()).apply(&mut scenario).unwrap();
            let moves = arranged(&scene(&scenario), &all(&scenario), Arrange::Layers);
            Edit::Move(moves).apply(&mut scenario).unwrap();
            let scene = scene(&scenario);
            let y = |id: &str| scene.nodes[scene.index[id]].rect.center().y;
            assert_eq!(y("inventory") < y("billing"), !upside_down);
        }
    }

    /// Somebody else's code, on topologies of any shape.
    #[test]
    fn layers_of_random_topologies_cover_nothing() {
        let mut seed = 7_u64;
        let mut below = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for round in 0..40 {
            let (brokers, others) = (1 + below(4), 1 + below(30));
            let mut text = String::from("Scenario(format: 1, events: [Event(name: \"E\")], nodes: [");
            for b in 0..brokers {
                text.push_str(&format!("Broker(id: \"b{b}\", kind: Simple(topics: [\"t\", \"u\"])), "));
            }
            for i in 0..others {
                let (from, to) = (below(brokers), below(brokers));
                text.push_str(&match below(3) {
                    0 => format!("Producer(id: \"n{i}\", emits: [Emit(event: \"E\", to: \"b{to}/t\", arrivals: Poisson(\"1/s\"))]), "),
                    1 => {
                        format!("Consumer(id: \"n{i}\", reads: [Read(from: \"b{from}/t\")], then: [Emit(event: \"E\", to: \"b{to}/u\")]), ")
                    }
                    _ => format!("Consumer(id: \"n{i}\", reads: [Read(from: \"b{from}/u\"), Read(from: \"b{to}/t\")]), "),
                });
            }
            let mut scenario = read(&(text + "])"), "random").unwrap();
            Edit::Move(arranged(&scene(&scenario), &all(&scenario), Arrange::Layers)).apply(&mut scenario).unwrap();
            let scene = scene(&scenario);
            for (i, node) in scene.nodes.iter().enumerate() {
                let free = scene.nodes[..i].iter().all(|other| !other.rect.shrink(GRID).intersects(node.rect));
                assert!(free, "round {round}: {} lies on another", node.id);
            }
        }
    }

    #[test]
    fn nothing_and_one_are_arranged_already() {
        let scenario = shop();
        let one: BTreeSet<String> = BTreeSet::from(["bus".to_owned()]);
        for (how, _) in Arrange::ALL {
            assert!(arranged(&scene(&scenario), &BTreeSet::new(), how).is_empty());
            let moves = arranged(&scene(&scenario), &one, how);
            assert!(moves.iter().all(|(_, at)| (pos2(at.0, at.1) - pos2(400.0, 324.0)).length() <= GRID), "{how:?}: {moves:?}");
        }
    }
}
