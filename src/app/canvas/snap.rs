//! Snapping: a node that is being dragged keeps to the grid, and to the edges, middles and ports of its neighbours. Pure.

use super::gestures::snapped;
use super::layout::{NodeBox, Scene};
use super::measures::SNAP_SCREEN;
use egui::{Pos2, Rect, Vec2, pos2, vec2};
use std::collections::BTreeSet;

/// Where a drag has led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snap {
    /// How far the nodes have moved.
    pub by: Vec2,
    /// Lines to be shown: what was snapped to.
    pub guides: Vec<[Pos2; 2]>,
}

/// The heights at which links meet a node, and its upper and lower edge.
fn levels(node: &NodeBox) -> impl Iterator<Item = f32> + '_ {
    let edges = [node.rect.top(), node.rect.bottom()];
    let ports = node.rows.iter().map(|r| r.rect.center().y);
    edges.into_iter().chain(node.rows.is_empty().then(|| node.rect.center().y)).chain(ports)
}

fn uprights(rect: Rect) -> [f32; 3] {
    [rect.left(), rect.center().x, rect.right()]
}

/// `lead` was at `rect` (with its place at `at`) and is dragged by `wanted`; `held` go with it.
pub fn snap(scene: &Scene, lead: &NodeBox, home: Rect, at: Pos2, wanted: Vec2, held: &BTreeSet<String>, zoom: f32) -> Snap {
    let reach = SNAP_SCREEN / zoom;
    let grid = snapped(at + wanted) - at;
    let moved = home.translate(wanted);
    let mine: Vec<f32> = levels(lead).map(|y| y - lead.rect.top() + moved.top()).collect();
    // Only what can be seen near by: a line from far away would be no help.
    let near = moved.expand2(vec2(900.0, 600.0) / zoom.max(0.5));
    let others = || scene.nodes.iter().filter(|n| !held.contains(&n.id) && n.rect.intersects(near));
    let best = |pairs: &mut dyn Iterator<Item = (f32, f32)>| {
        let offsets = pairs.map(|(own, other)| other - own).filter(|d| d.abs() <= reach);
        offsets.min_by(|a, b| a.abs().total_cmp(&b.abs()))
    };
    let (own_x, own_y) = (uprights(moved), &mine);
    let x = best(&mut others().flat_map(|n| uprights(n.rect)).flat_map(|other| own_x.map(|own| (own, other))));
    let y = best(&mut others().flat_map(levels).flat_map(|other| own_y.iter().map(move |own| (*own, other))));
    let by = vec2(x.map_or(grid.x, |d| wanted.x + d), y.map_or(grid.y, |d| wanted.y + d));
    let placed = home.translate(by);
    let mut guides = Vec::new();
    for node in others() {
        let both = placed.union(node.rect);
        if x.is_some() {
            for line in uprights(node.rect).into_iter().filter(|line| uprights(placed).iter().any(|own| (own - line).abs() < 0.1)) {
                guides.push([pos2(line, both.top()), pos2(line, both.bottom())]);
            }
        }
        if y.is_some() {
            let shift = by.y - wanted.y;
            for line in levels(node).filter(|line| mine.iter().any(|own| (own + shift - line).abs() < 0.1)) {
                guides.push([pos2(both.left(), line), pos2(both.right(), line)]);
            }
        }
    }
    guides.truncate(12);
    Snap { by, guides }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::read;

    fn scene() -> Scene {
        let text = "Scenario(format: 1, nodes: [Producer(id: \"a\", at: (0, 0)), Producer(id: \"b\", at: (400, 203))])";
        Scene::of(&read(text, "x").unwrap(), 1.0, &|_| Vec2::ZERO)
    }

    #[test]
    fn keeps_to_neighbours_when_near_and_to_the_grid_else() {
        let scene = scene();
        let held = BTreeSet::from(["a".to_owned()]);
        let lead = &scene.nodes[0];
        let to = |wanted| snap(&scene, lead, lead.rect, lead.at, wanted, &held, 1.0);
        let near = to(vec2(50.0, 200.0));
        assert_eq!(near.by, vec2(48.0, 203.0), "to the other's height, across to the grid");
        assert!(near.guides.iter().all(|g| g[0].y == g[1].y) && !near.guides.is_empty());
        let far = to(vec2(50.0, 100.0));
        assert_eq!((far.by, far.guides), (vec2(48.0, 104.0), Vec::new()));
        assert_eq!(to(vec2(397.0, 41.0)).by.x, 400.0);
        assert_eq!(snap(&scene, lead, lead.rect, lead.at, vec2(50.0, 200.0), &held, 4.0).by.y, 200.0, "reach is a matter of the screen");
    }
}
