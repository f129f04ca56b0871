//! Places for nodes that the document gives none: columns in the direction events flow. Pure and repeatable.

use super::layout::{Scene, forward_of, rect_of};
use super::measures::{COLUMN_GAP, CONSUMER, GRID, STACK_GAP, WIDTH};
use crate::app::action::Placing;
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Node};
use egui::{Pos2, Rect, Vec2, pos2, vec2};
use std::collections::{HashMap, VecDeque};

/// Where each node is: the document's place, or one in the column of its distance from where events begin.
pub fn places(scenario: &Scenario, index: &HashMap<String, usize>, sizes: &[Vec2]) -> Vec<(f32, f32)> {
    // Beyond this, figures lose the precision that drawing needs.
    let sane = |at: &(f32, f32)| at.0.abs() < 1e6 && at.1.abs() < 1e6;
    let given: Vec<Option<(f32, f32)>> = scenario.nodes.iter().map(|n| n.at().filter(sane)).collect();
    if given.iter().all(Option::is_some) {
        return given.into_iter().flatten().collect();
    }
    let follows = followers(scenario, index);
    let column = columns(scenario, &follows);
    let columns = order(&column, &follows, &given);

    let mut placed = given.clone();
    let mut taken: Vec<Rect> = Vec::new();
    for (i, at) in given.iter().enumerate() {
        taken.extend(at.map(|at| rect_of(&scenario.nodes[i], at.into(), sizes[i], 1.0)));
    }
    let mut x = 80.0;
    for members in &columns {
        // A long column is folded, so that a large topology stays about as high as wide.
        let high = ((members.len() as f32 * 2.5).sqrt().ceil() as usize).max(12);
        for part in members.chunks(high) {
            let widest = part.iter().map(|&i| sizes[i].x).fold(0.0, f32::max);
            let height: f32 = part.iter().map(|&i| sizes[i].y + STACK_GAP).sum::<f32>() - STACK_GAP;
            let mut top = 240.0 - height / 2.0;
            for &i in part {
                // Off the places the document gives: further down until there is room.
                let mut rect = Rect::from_min_size(pos2(x + (widest - sizes[i].x) / 2.0, top), sizes[i]);
                while let Some(hit) = taken.iter().find(|t| t.intersects(rect)) {
                    rect = rect.translate(vec2(0.0, hit.bottom() + STACK_GAP - rect.top()));
                }
                taken.push(rect);
                top = rect.bottom() + STACK_GAP;
                let middle = rect_of(&scenario.nodes[i], rect.center(), sizes[i], 1.0).center();
                let at = rect.center() + (rect.center() - middle);
                placed[i] = Some(((at.x / GRID).round() * GRID, (at.y / GRID).round() * GRID));
            }
            x += widest + STACK_GAP;
        }
        if !members.is_empty() {
            x += COLUMN_GAP - STACK_GAP;
        }
    }
    placed.into_iter().map(Option::unwrap_or_default).collect()
}

/// Where in `visible` there is room for one more: producers on the left, consumers on the right, under each other.
pub fn free(scene: &Scene, visible: Rect, placing: Placing) -> Pos2 {
    let share = match placing {
        Placing::Producer => 0.15,
        Placing::Broker(_) => 0.5,
        Placing::Consumer | Placing::Store => 0.85,
    };
    room(scene, visible, share)
}

/// The middle of a free place in `visible`, if there is one, beginning at this share of its width.
pub fn room(scene: &Scene, visible: Rect, share: f32) -> Pos2 {
    let size = vec2(WIDTH.1, CONSUMER) * scene.scale;
    let first = pos2(visible.left() + visible.width() * share, visible.center().y);
    // Below, above, further below, and so on; then the same beside it.
    let places = (0..6).flat_map(|column| (0..9).map(move |n| first + (size + Vec2::splat(STACK_GAP)) * vec2(aside(column), aside(n))));
    let taken = |at: Pos2| scene.nodes.iter().any(|n| n.rect.intersects(Rect::from_center_size(at, size)));
    places.clone().find(|at| visible.contains(*at) && !taken(*at)).or_else(|| places.clone().find(|at| !taken(*at))).unwrap_or(first)
}

/// The free place nearest to a wanted one, above or below it.
pub fn near(scene: &Scene, wanted: Pos2) -> Pos2 {
    let size = vec2(WIDTH.1, CONSUMER) * scene.scale;
    let taken = |at: Pos2| scene.nodes.iter().any(|n| n.rect.expand(STACK_GAP / 4.0).intersects(Rect::from_center_size(at, size)));
    let places = (0..400).map(|n| wanted + vec2(0.0, (size.y + STACK_GAP) / 2.0 * aside(n)));
    places.into_iter().find(|at| !taken(*at)).unwrap_or(wanted)
}

/// 0, 1, -1, 2, -2 and so on.
fn aside(n: usize) -> f32 {
    n.div_ceil(2) as f32 * if n % 2 == 1 { 1.0 } else { -1.0 }
}

/// Who comes after whom, by position.
fn followers(scenario: &Scenario, index: &HashMap<String, usize>) -> Vec<Vec<usize>> {
    let mut follows = vec![Vec::new(); scenario.nodes.len()];
    // Stores stand behind whoever calls them.
    for (i, node) in scenario.nodes.iter().enumerate() {
        follows[i].extend(called(node).filter_map(|store| index.get(store).copied()));
    }
    let broker = |place: &str| place.split_once('/').and_then(|(broker, _)| index.get(broker).copied());
    for (i, node) in scenario.nodes.iter().enumerate() {
        match node {
            Node::Producer(p) => follows[i].extend(p.emits.iter().filter_map(|e| broker(&e.to))),
            Node::Broker(Broker { id, kind: BrokerKind::EventBridge(parts), .. }) => {
                let next = parts.rules.iter().filter_map(|rule| broker(&forward_of(id, rule)?));
                follows[i].extend(next.filter(|next| *next != i));
            }
            Node::Broker(_) | Node::Store(_) => {}
            Node::Consumer(c) => {
                for read in &c.reads {
                    if let Some(b) = broker(&read.from) {
                        follows[b].push(i);
                    }
                }
                follows[i].extend(c.then.iter().filter_map(|t| broker(&t.to)));
                follows[i].extend(c.dead_letter.iter().filter_map(|p| broker(p)));
            }
        }
    }
    follows
}

/// The stores that a node calls or writes to.
fn called(node: &Node) -> impl Iterator<Item = &str> {
    let (calls, outbox) = match node {
        Node::Producer(p) => (p.calls.as_slice(), p.outbox.as_ref()),
        Node::Consumer(c) => (c.calls.as_slice(), c.outbox.as_ref()),
        Node::Broker(_) | Node::Store(_) => (&[][..], None),
    };
    calls.iter().map(|call| call.store.as_str()).chain(outbox.map(crate::scenario::publishing::Outbox::store))
}

/// The shortest way from where events begin; what nothing leads to stands by its role.
fn columns(scenario: &Scenario, follows: &[Vec<usize>]) -> Vec<usize> {
    let mut column = vec![usize::MAX; follows.len()];
    let mut begin = |starts: Vec<usize>, at: usize| {
        let mut next: VecDeque<usize> = VecDeque::new();
        for start in starts {
            if column[start] == usize::MAX {
                column[start] = at;
                next.push_back(start);
            }
        }
        while let Some(i) = next.pop_front() {
            for &j in &follows[i] {
                if column[j] == usize::MAX {
                    column[j] = column[i] + 1;
                    next.push_back(j);
                }
            }
        }
    };
    let all = |wanted: fn(&Node) -> bool| scenario.nodes.iter().enumerate().filter(|(_, n)| wanted(n)).map(|(i, _)| i).collect();
    begin(all(|n| matches!(n, Node::Producer(_))), 0);
    begin(all(|n| matches!(n, Node::Broker(_))), 1);
    begin(all(|n| matches!(n, Node::Consumer(_))), 2);
    begin(all(|n| matches!(n, Node::Store(_))), 3);
    column
}

/// Each column's unplaced members, ordered so that neighbours in flow are neighbours in height.
fn order(column: &[usize], follows: &[Vec<usize>], given: &[Option<(f32, f32)>]) -> Vec<Vec<usize>> {
    let count = column.iter().max().map_or(0, |m| m + 1);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (i, &c) in column.iter().enumerate() {
        columns[c].push(i);
    }
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); column.len()];
    for (i, next) in follows.iter().enumerate() {
        for &j in next {
            before[j].push(i);
        }
    }
    let mut height = vec![0.0_f32; column.len()];
    for members in &mut columns {
        let mean = |i: usize, height: &[f32]| {
            let earlier: Vec<f32> = before[i].iter().filter(|&&b| column[b] < column[i]).map(|&b| height[b]).collect();
            if earlier.is_empty() { 0.5 } else { earlier.iter().sum::<f32>() / earlier.len() as f32 }
        };
        let mut keyed: Vec<(f32, usize)> = members.iter().map(|&i| (mean(i, &height), i)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let last = keyed.len().max(2) - 1;
        for (position, (_, i)) in keyed.iter().enumerate() {
            height[*i] = position as f32 / last as f32;
        }
        *members = keyed.into_iter().map(|(_, i)| i).filter(|&i| given[i].is_none()).collect();
    }
    columns
}
