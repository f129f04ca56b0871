//! What is under a place of the scene. Pure.

use super::layout::Scene;
use super::measures::LINK_GRASP_SCREEN;
use egui::{Pos2, Rect};

/// A node, and which of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The node.
    pub node: usize,
    /// The row, if the place is on one.
    pub row: Option<usize>,
}

/// The topmost node at a place (the last drawn), a little around it included.
pub fn spot(scene: &Scene, place: Pos2, margin: f32) -> Option<Spot> {
    let node = scene.nodes.iter().rposition(|n| n.rect.expand(margin).contains(place))?;
    let row = scene.nodes[node].rows.iter().position(|r| r.rect.expand2(egui::vec2(margin, 0.0)).contains(place));
    Some(Spot { node, row })
}

/// The nearest link within reach of the pointer.
pub fn wire(scene: &Scene, place: Pos2, zoom: f32) -> Option<usize> {
    let reach = LINK_GRASP_SCREEN / zoom;
    let near = |(i, wire): (usize, &super::layout::Wire)| {
        if !wire.curve.bounds().expand(reach).contains(place) {
            return None;
        }
        let distance = wire.curve.distance(place);
        (distance <= reach).then_some((distance, i))
    };
    scene.wires.iter().enumerate().filter_map(near).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, i)| i)
}

/// The nodes that a marquee touches.
pub fn within(scene: &Scene, area: Rect) -> impl Iterator<Item = usize> {
    scene.nodes.iter().enumerate().filter(move |(_, n)| n.rect.intersects(area)).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::action::Placing;
    use crate::app::edit::{Edit, added};
    use crate::scenario::Scenario;
    use egui::{Vec2, pos2, vec2};

    fn scene() -> Scene {
        let mut scenario = Scenario::default();
        for (placing, x) in [(Placing::Producer, 0.0), (Placing::Broker("Simple"), 400.0), (Placing::Consumer, 800.0)] {
            scenario = added(placing, (x, 0.0), None, &scenario).unwrap().0;
        }
        Edit::Connect { from: "producer-1".into(), to: "broker-1".into(), channel: "events".into() }.apply(&mut scenario).unwrap();
        Scene::of(&scenario, 1.0, &|_| Vec2::ZERO)
    }

    #[test]
    fn finds_nodes_rows_and_links() {
        let scene = scene();
        assert_eq!(spot(&scene, pos2(0.0, 0.0), 0.0), Some(Spot { node: 0, row: None }));
        assert_eq!(spot(&scene, scene.nodes[1].rows[0].rect.center(), 0.0), Some(Spot { node: 1, row: Some(0) }));
        assert_eq!(spot(&scene, scene.nodes[1].rect.center_top() + vec2(0.0, 10.0), 0.0), Some(Spot { node: 1, row: None }));
        assert_eq!(spot(&scene, pos2(200.0, 0.0), 0.0), None);
        let on = scene.wires[0].curve.at(0.5);
        assert_eq!(wire(&scene, on + vec2(0.0, 5.0), 1.0), Some(0));
        assert_eq!(wire(&scene, on + vec2(0.0, 9.0), 1.0), None);
        assert_eq!(wire(&scene, on + vec2(0.0, 9.0), 0.5), Some(0), "reach is a matter of the screen");
        assert_eq!(within(&scene, Rect::from_center_size(pos2(0.0, 0.0), vec2(700.0, 10.0))).collect::<Vec<_>>(), [0, 1]);
    }
}
