//! RabbitMQ on the canvas: exchanges, queues as tubes with what is ready and what is unacked, the bindings between them with their
//! keys, and the ways of dead letters.

use super::FOOTER;
use super::board::GAP;
use super::fields::shown;
use crate::app::canvas::layout::Row;
use crate::app::canvas::measures::PAD;
use crate::app::canvas::paint::{Detail, mix};
use crate::app::kinds::Inside;
use crate::run::frame::rabbitmq;
use crate::scenario::broker::RabbitMq;
use crate::scenario::broker::rabbitmq::{Exchange, ExchangeKind, Leads, Queue, QueueKind};
use egui::{Align2, Color32, Rect, Shape, Stroke, epaint::CubicBezierShape, pos2, vec2};
use std::fmt::Write;

pub(super) fn exchange_row(inside: &Inside<'_>, i: usize, row: &Row, exchange: Option<&Exchange>) {
    let area = inside.area(row);
    inside.slot(i, area);
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let word = match exchange.map(|exchange| exchange.kind) {
        Some(ExchangeKind::Direct) => "direct",
        Some(ExchangeKind::Fanout) => "fanout",
        Some(ExchangeKind::Topic) => "topic",
        Some(ExchangeKind::Headers) => "headers",
        None => "",
    };
    let right = area.right_center() - vec2(PAD * unit, 0.0);
    let room = if inside.brush.detail == Detail::Near { area.width() * 0.4 } else { 0.0 };
    let used = if room > 0.0 { inside.brush.text(right, Align2::RIGHT_CENTER, word, theme.label, theme.muted, room) } else { 0.0 };
    inside.caption(row, area, right.x - used - 6.0 * unit);
}

/// A stream as a strip from the oldest offset to the newest, with a tick where each reader is: what is left of it is read.
fn stream_tube(inside: &Inside<'_>, tube: Rect, log: &rabbitmq::StreamView) {
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let painter = &inside.brush.painter;
    if log.next > log.first {
        painter.rect_filled(tube, 2.0 * unit, mix(theme.accent, theme.node, 0.35));
    }
    for reader in log.readers.iter().filter(|reader| reader.attached) {
        let share = reader.next.saturating_sub(log.first) as f32 / log.next.saturating_sub(log.first).max(1) as f32;
        let x = tube.left() + tube.width() * share.min(1.0);
        painter.vline(x, tube.y_range().expand(3.0 * unit), Stroke::new((2.0 * unit).max(1.0), theme.text));
    }
}

pub(super) fn queue_row(
    inside: &Inside<'_>,
    i: usize,
    row: &Row,
    queue: &Queue,
    clustered: bool,
    figures: Option<&rabbitmq::QueueView>,
    scratch: &mut String,
) {
    let area = inside.area(row);
    inside.slot(i, area);
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let right = area.right() - PAD * unit;
    let Some(figures) = figures else {
        let word = match queue.kind {
            QueueKind::Classic if queue.exclusive => "exclusive",
            QueueKind::Classic if queue.auto_delete => "auto-delete",
            QueueKind::Classic if queue.expires.is_some() => "expires",
            QueueKind::Classic => "",
            QueueKind::Quorum => "quorum",
            QueueKind::Stream => "stream",
        };
        let used = inside.brush.text(pos2(right, area.center().y), Align2::RIGHT_CENTER, word, theme.label, theme.muted, 80.0 * unit);
        return inside.caption(row, area, right - used - 6.0 * unit);
    };
    if !figures.exists {
        // Its place, and nothing in it.
        let edge = crate::app::canvas::paint::rounded(area.shrink2(vec2(7.0, 3.0) * unit), 5.0 * unit);
        inside.brush.painter.extend(Shape::dashed_line(&edge, Stroke::new(theme.stroke, theme.muted), 4.0, 4.0));
        let used = inside.brush.text(pos2(right, area.center().y), Align2::RIGHT_CENTER, "deleted", theme.label, theme.muted, 80.0 * unit);
        return inside.caption(row, area, right - used - 6.0 * unit);
    }
    scratch.clear();
    if clustered {
        let _ = match figures.leader {
            Some(leader) => write!(scratch, "@{} ", leader + 1),
            None => write!(scratch, "@- "),
        };
    }
    let _ = match &figures.stream {
        Some(log) => write!(scratch, "{}..{}", log.first, log.next),
        None => write!(scratch, "{}+{}", figures.ready, figures.unacked),
    };
    let colour = match figures {
        rabbitmq::QueueView { leader: None, .. } => theme.bad,
        rabbitmq::QueueView { consumers: 0, ready: 1.., stream: None, .. } => theme.warn,
        _ => theme.muted,
    };
    let used =
        inside.brush.text(pos2(right, area.center().y - 5.0 * unit), Align2::RIGHT_CENTER, scratch, theme.label, colour, 120.0 * unit);
    inside.caption(row, Rect::from_min_max(area.min, pos2(area.right(), area.bottom() - 10.0 * unit)), right - used - 6.0 * unit);
    // The tube: ready from the left, unacked behind it in another colour, the limit as a line.
    let tube = Rect::from_min_max(pos2(area.left() + PAD * unit, area.bottom() - 12.0 * unit), pos2(right, area.bottom() - 6.0 * unit));
    inside.brush.bar(tube, 0.0, theme.accent);
    if let Some(log) = &figures.stream {
        return stream_tube(inside, tube, log);
    }
    let most = queue.max_length.map_or(1e6, |most| (most.max(1) as f32) * 1.25);
    let share = |count: u64| match queue.max_length {
        Some(_) => (count as f32 / most).min(1.0),
        None => ((1.0 + count as f32).log10() / 6.0).min(1.0),
    };
    let (ready, all) = (share(figures.ready), share(figures.ready + figures.unacked));
    let fill = |from: f32, to: f32, colour: Color32| {
        if to > from {
            let at = |share: f32| tube.left() + tube.width() * share;
            let part = Rect::from_min_max(pos2(at(from), tube.top()), pos2(at(to).max(at(from) + 1.0), tube.bottom()));
            inside.brush.painter.rect_filled(part, 2.0 * unit, colour);
        }
    };
    fill(0.0, ready, if ready > 0.78 { theme.warn } else { theme.accent });
    fill(ready, all, mix(theme.accent, theme.node, 0.55));
    if queue.max_length.is_some() {
        let x = tube.left() + tube.width() / 1.25;
        inside.brush.painter.vline(x, tube.y_range().expand(2.0 * unit), Stroke::new((1.5 * unit).max(1.0), theme.bad));
    }
}

impl RabbitMq {
    pub(super) fn has_footer(&self) -> bool {
        self.nodes > 1 || self.memory.is_some() || self.queues.iter().any(|queue| queue.rate.is_some())
    }

    /// Nodes as discs with their numbers, crossed out when they are lost, and whether publishers have to wait.
    pub(super) fn footer(&self, inside: &Inside<'_>, view: Option<&rabbitmq::View>, scratch: &mut String) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        let rect = inside.brush.view.screen_rect(inside.node.rect);
        let middle = rect.bottom() - FOOTER * 0.5 * unit;
        let mut x = rect.left() + (PAD + 6.0) * unit;
        if self.nodes > 1 {
            for node in 0..self.nodes.min(9) {
                let up = view.is_none_or(|view| view.nodes.get(node as usize).copied().unwrap_or(true));
                let (centre, radius) = (pos2(x, middle), 7.0 * unit);
                let colour = if up { theme.good } else { theme.bad };
                inside.brush.painter.circle_stroke(centre, radius, Stroke::new((1.5 * unit).max(1.0), colour));
                if !up {
                    let arm = vec2(5.0, 5.0) * unit;
                    inside.brush.painter.line_segment([centre - arm, centre + arm], Stroke::new((1.5 * unit).max(1.0), colour));
                }
                scratch.clear();
                let _ = write!(scratch, "{}", node + 1);
                inside.brush.text(centre, Align2::CENTER_CENTER, scratch, theme.label * 0.85, theme.text, 14.0 * unit);
                x += 20.0 * unit;
            }
        }
        scratch.clear();
        let colour = match view {
            Some(view) if view.paused => {
                scratch.push_str("minority: all paused");
                theme.bad
            }
            Some(view) if view.blocked => {
                let _ = write!(scratch, "publishers blocked, {} held", view.held_back);
                theme.bad
            }
            Some(view) if view.publishers.iter().any(|publisher| publisher.in_flow) => {
                let in_flow = view.publishers.iter().filter(|publisher| publisher.in_flow).count();
                let publishers = if in_flow == 1 { "publisher" } else { "publishers" };
                let _ = write!(scratch, "{in_flow} {publishers} in flow, {} held", view.held_back);
                theme.warn
            }
            Some(view) if view.queues.iter().any(|queue| queue.exists && queue.leader.is_none()) => {
                scratch.push_str("no leader for a queue");
                theme.warn
            }
            _ if self.nodes > 1 => {
                let _ = write!(scratch, "{} nodes", self.nodes);
                theme.muted
            }
            _ if self.memory.is_some() => {
                scratch.push_str("memory alarm not raised");
                theme.muted
            }
            _ => {
                scratch.push_str("no publisher slowed down");
                theme.muted
            }
        };
        // The corner is marked when something is wrong.
        let right = rect.right() - PAD * 2.5 * unit;
        inside.brush.text(pos2(right, middle), Align2::RIGHT_CENTER, scratch, theme.label, colour, right - x);
    }

    /// Bindings as lines from exchanges to queues and other exchanges, and to alternates.
    pub(super) fn paint_bindings(&self, inside: &Inside<'_>, exchanges: &[Row], queues: &[Row]) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        // Many lines are fainter: what they lead to has to be read through them.
        let strong = if self.bindings.len() > 40 { 0.25 } else { 0.7 };
        let stroke = Stroke::new((1.2 * unit).clamp(0.8, 2.0), mix(theme.line, theme.muted, strong));
        let places = self.places();
        let bindings = self.bindings.iter().map(|binding| (places.exchange(&binding.from), places.leads(binding), false));
        // What no binding of an exchange takes goes to its alternate: as a dashed line.
        let alternates = self.exchanges.iter().enumerate().map(|(at, exchange)| (Some(at), places.alternate(exchange), true));
        for (from, leads, dashed) in bindings.chain(alternates) {
            let Some(from) = from.map(|at| inside.area(&exchanges[at])) else { continue };
            let start = from.right_center();
            let reach = GAP * unit * 0.45;
            let (end, into) = match leads {
                Some(Leads::Queue(at)) => {
                    let end = inside.area(&queues[at]).left_center();
                    (end, end - vec2(reach, 0.0))
                }
                Some(Leads::Exchange(at)) => {
                    let area = inside.area(&exchanges[at]);
                    // Into the same side if it is above or below, else into the front.
                    if area.left() > start.x {
                        (area.left_center(), area.left_center() - vec2(reach, 0.0))
                    } else {
                        let end = area.right_center() + vec2(0.0, 6.0 * unit);
                        (end, end + vec2(reach, 0.0))
                    }
                }
                None => continue,
            };
            if !inside.brush.view.canvas.intersects(Rect::from_two_pos(start, end).expand(reach)) {
                continue;
            }
            let points = [start, start + vec2(reach, 0.0), into, end];
            let curve = CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
            match dashed {
                true => inside.brush.painter.extend(Shape::dashed_line(&curve.flatten(Some(1.0)), stroke, 5.0 * unit, 3.0 * unit)),
                false => _ = inside.brush.painter.add(curve),
            }
            let tip = if into.x < end.x { 1.0 } else { -1.0 };
            let head = vec![end, end - vec2(5.0 * tip, 3.0) * unit, end - vec2(5.0 * tip, -3.0) * unit];
            inside.brush.painter.add(Shape::convex_polygon(head, stroke.color, Stroke::NONE));
        }
    }

    /// The keys of bindings before their queues, over all lines, each on a ground of its own. Of several keys of one queue as many as
    /// there is room for stand below each other; how many more there are is said.
    pub(super) fn paint_keys(&self, inside: &Inside<'_>, queues: &[Row]) {
        if inside.brush.detail < Detail::Near {
            return;
        }
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        let places = self.places();
        let mut keys: Vec<Vec<String>> = vec![Vec::new(); queues.len()];
        for binding in &self.bindings {
            let (Some(from), Some(Leads::Queue(to))) = (places.exchange(&binding.from), places.leads(binding)) else { continue };
            let words = match self.exchanges[from].kind {
                ExchangeKind::Headers => shown(&binding.headers),
                ExchangeKind::Fanout => String::new(),
                ExchangeKind::Direct | ExchangeKind::Topic => binding.key.clone(),
            };
            if !words.is_empty() {
                keys[to].push(words);
            }
        }
        const LINE: f32 = 12.0;
        const MOST: usize = 3;
        for (row, keys) in queues.iter().zip(keys) {
            let area = inside.area(row);
            if keys.is_empty() || !inside.brush.view.canvas.intersects(area.expand(GAP * unit)) {
                continue;
            }
            let more = keys.len() - keys.len().min(MOST);
            let shown = if more > 0 { MOST - 1 } else { keys.len() };
            let mut lines: Vec<String> = keys.iter().take(shown).cloned().collect();
            if more > 0 {
                lines.push(format!("and {} more", keys.len() - shown));
            }
            let top = area.left_center().y - LINE * unit * (lines.len() - 1) as f32 * 0.5;
            for (i, words) in lines.iter().enumerate() {
                // One key stands above its line, so that the arrow's head is seen.
                let lift = if lines.len() == 1 { 7.0 * unit } else { 0.0 };
                let at = pos2(area.left() - 9.0 * unit, top + LINE * unit * i as f32 - lift);
                let (room, size) = (GAP * unit * 0.8, theme.label * 0.9);
                // Laid out once without colour to know how wide it is.
                let wide = inside.brush.text(at, Align2::RIGHT_CENTER, words, size, Color32::TRANSPARENT, room);
                let ground =
                    Rect::from_min_max(pos2(at.x - wide - 2.0 * unit, at.y - 6.5 * unit), pos2(at.x + 2.0 * unit, at.y + 6.5 * unit));
                inside.brush.painter.rect_filled(ground, 3.0 * unit, theme.node);
                inside.brush.text(at, Align2::RIGHT_CENTER, words, size, theme.text, room);
            }
        }
    }

    /// Ways of dead letters: dashed, grey, with a cross.
    pub(super) fn paint_dead_letters(&self, inside: &Inside<'_>, exchanges: &[Row], queues: &[Row]) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        let stroke = Stroke::new((1.2 * unit).clamp(0.8, 2.0), mix(theme.muted, theme.bad, 0.35));
        let places = self.places();
        for (i, queue) in self.queues.iter().enumerate() {
            let start = inside.area(&queues[i]).left_center() + vec2(0.0, 9.0 * unit);
            if let Some(lead) = places.dead_letters(queue) {
                let (end, back) = match lead {
                    Leads::Exchange(at) => (inside.area(&exchanges[at]).right_center() + vec2(0.0, 10.0 * unit), false),
                    Leads::Queue(at) => (inside.area(&queues[at]).left_center() + vec2(0.0, 9.0 * unit), true),
                };
                let reach = GAP * unit * if back { 0.3 } else { 0.5 };
                if !inside.brush.view.canvas.intersects(Rect::from_two_pos(start, end).expand(reach)) {
                    continue;
                }
                let into = if back { end - vec2(reach, 0.0) } else { end + vec2(reach, 0.0) };
                let curve =
                    CubicBezierShape::from_points_stroke([start, start - vec2(reach, 0.0), into, end], false, Color32::TRANSPARENT, stroke);
                let points = curve.flatten(Some(1.0));
                inside.brush.painter.extend(Shape::dashed_line(&points, stroke, 4.0 * unit.max(0.5), 3.0 * unit.max(0.5)));
                let tip = if back { 5.0 } else { -5.0 };
                let head = vec![end, end - vec2(tip, 3.0) * unit, end - vec2(tip, -3.0) * unit];
                inside.brush.painter.add(Shape::convex_polygon(head, stroke.color, Stroke::NONE));
                let middle = curve.sample(0.5);
                let arm = vec2(3.0, 3.0) * unit;
                inside.brush.painter.line_segment([middle - arm, middle + arm], stroke);
                inside.brush.painter.line_segment([middle - vec2(arm.x, -arm.y), middle + vec2(arm.x, -arm.y)], stroke);
            }
        }
    }
}
