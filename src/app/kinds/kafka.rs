//! Kafka: topics with a strip per partition, where offsets run from left to right and every group stands where it has committed.
//! Strips get thinner as there are more of them, and stand in columns beyond a dozen, so that a hundred are still one picture.

mod inspect;

use super::{Board, Inside, Kind, Offer, Part, Way, even, letters};
use crate::app::action::Action;
use crate::app::canvas::labels;
use crate::app::canvas::layout::Row;
use crate::app::canvas::measures::{BROKER_WIDTH, PAD, ROW_FIGURES};
use crate::app::canvas::paint::mix;
use crate::app::inspector::Inspected;
use crate::run::Frame;
use crate::run::frame::{BrokerView, kafka};
use crate::scenario::broker::kafka::Topic;
use crate::scenario::broker::{BrokerKind, Kafka};
use crate::scenario::plan::Role;
use egui::{Align2, Color32, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_material_icons::icons::ICON_VIEW_STREAM;

/// What the palette says.
pub const OFFER: Offer = Offer {
    kind: "Kafka",
    title: "Kafka",
    line: "Topics of partitions that are kept, and read by offset",
    icon: ICON_VIEW_STREAM,
    fresh: || {
        let topic = Topic { partitions: 6, replication: 3, min_insync: 2, ..Topic::named("events") };
        BrokerKind::Kafka(Kafka { topics: vec![topic], ..Kafka::default() })
    },
};

/// A topic's name and figures, above its strips.
const CAPTION: f32 = 26.0;
/// Height of a strip with the gap to the next.
const STRIP: f32 = 9.0;
/// Strips in a column.
const COLUMN: u32 = 12;
/// Below the last strip.
const BELOW: f32 = 7.0;
/// Beside the first strip, for the leaders.
const MARGIN: f32 = 8.0;

/// What the run's latest frame shows of the broker called `id`.
fn view<'f>(frame: Option<&'f Frame>, id: &str) -> Option<&'f kafka::View> {
    let frame = frame?;
    let node = frame.plan.nodes.iter().find(|node| node.name == id)?;
    let Role::Broker(broker) = node.role else { return None };
    match frame.brokers.get(broker.index())? {
        BrokerView::Kafka(view) => Some(view),
        _ => None,
    }
}

/// Columns and rows of strips for so many partitions.
fn grid(partitions: u32) -> (u32, u32) {
    (partitions.div_ceil(COLUMN).max(1), partitions.clamp(1, COLUMN))
}

impl Kind for Kafka {
    fn board(&self, least: f32) -> Board {
        let wanted = self.topics.iter().map(|topic| letters(&topic.name) + ROW_FIGURES + PAD * 2.0).fold(least, f32::max);
        let width = even(wanted).clamp(BROKER_WIDTH.0, BROKER_WIDTH.1);
        let mut top = 0.0;
        let mut parts = Vec::new();
        for topic in &self.topics {
            let height = CAPTION + grid(topic.partitions).1 as f32 * STRIP + BELOW;
            let rect = Rect::from_min_size(pos2(0.0, top), vec2(width, height));
            parts.push(Part { name: topic.name.clone(), noun: "topic", takes: true, gives: true, rect });
            top += height;
        }
        Board { size: vec2(width, top.max(CAPTION + BELOW)), parts }
    }

    fn paint(&self, inside: &Inside<'_>, scratch: &mut String) {
        let seen = inside.id.and_then(|id| inside.frame.and_then(|frame| view(Some(frame), &frame.plan.nodes[id.index()].name)));
        if inside.node.rows.is_empty() {
            inside.nothing("no topics yet");
        }
        for (i, row) in inside.node.rows.iter().enumerate() {
            let area = inside.area(row);
            if inside.brush.view.canvas.intersects(area)
                && let Some(topic) = self.topics.get(i)
            {
                self.row(inside, i, row, topic, seen, area, scratch);
            }
        }
    }

    fn noun(&self, _way: Way) -> &'static str {
        "topic"
    }

    fn create(&mut self, name: &str, _way: Way) {
        let replication = self.nodes.min(3);
        self.topics.push(Topic { partitions: 6, replication, min_insync: replication.min(2), ..Topic::named(name) });
    }

    fn rename(&mut self, from: &str, to: &str, _way: Way) {
        self.topics.iter_mut().filter(|topic| topic.name == from).for_each(|topic| to.clone_into(&mut topic.name));
        let named = self.replays.iter_mut().filter_map(|replay| replay.topic.as_mut());
        named.filter(|topic| *topic == from).for_each(|topic| to.clone_into(topic));
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        inspect::show(self, ui, input, broker, actions);
    }
}

impl Kafka {
    fn row(&self, inside: &Inside<'_>, i: usize, row: &Row, topic: &Topic, seen: Option<&kafka::View>, area: Rect, scratch: &mut String) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        inside.slot(i, area);
        let right = area.right() - PAD * unit;
        let head = Rect::from_min_max(area.min, pos2(area.right(), area.top() + CAPTION * unit));
        let end = right - 96.0 * unit;
        inside.caption(row, head, end);
        let now = seen.and_then(|view| view.topics.get(i));
        scratch.clear();
        let mut colour = theme.muted;
        match (seen, now) {
            (Some(view), Some(now)) if view.groups.iter().any(|group| group.state != "Stable") && !now.outlets.is_empty() => {
                scratch.push_str("rebalancing");
                colour = theme.warn;
            }
            (_, Some(now)) if !now.outlets.is_empty() => {
                let lag = now.partitions.iter().flat_map(|partition| &partition.positions).map(|position| position.lag).sum();
                labels::count(scratch, lag);
                scratch.push_str(" lag");
            }
            (_, Some(now)) => {
                labels::count(scratch, now.partitions.iter().map(|partition| partition.high_watermark - partition.log_start_offset).sum());
                scratch.push_str(" kept");
            }
            _ => {
                labels::count(scratch, u64::from(topic.partitions));
                scratch.push_str(if topic.partitions == 1 { " partition" } else { " partitions" });
            }
        }
        inside.brush.text(pos2(right, head.center().y), Align2::RIGHT_CENTER, scratch, theme.label, colour, right - end);
        let strips =
            Rect::from_min_max(pos2(area.left() + (PAD + MARGIN) * unit, head.bottom()), pos2(right, area.bottom() - BELOW * unit));
        let longest = now.map_or(1, |now| now.partitions.iter().map(|partition| partition.log_end_offset).max().unwrap_or(0).max(1));
        let (columns, rows) = grid(topic.partitions);
        let cell = vec2(strips.width() / columns as f32, strips.height() / rows as f32);
        let gap = if columns > 8 { 1.0 } else { 4.0 } * unit;
        for partition in 0..topic.partitions {
            let min = strips.min + vec2((partition / COLUMN) as f32 * cell.x, (partition % COLUMN) as f32 * cell.y);
            let strip = Rect::from_min_size(min, vec2((cell.x - gap).max(1.0), cell.y - 2.0 * unit));
            match now.and_then(|now| now.partitions.get(partition as usize)) {
                Some(state) => draw(inside, strip, state, longest, columns == 1),
                None => {
                    inside.brush.painter.rect_filled(strip, 2.0 * unit, mix(theme.node, theme.muted, 0.2));
                }
            }
        }
    }
}

/// One partition: what is kept, how far each group has come, who leads.
fn draw(inside: &Inside<'_>, strip: Rect, state: &kafka::PartitionView, longest: u64, roomy: bool) {
    let (theme, unit, painter) = (inside.theme(), inside.brush.unit, &inside.brush.painter);
    let x = |offset: u64| strip.left() + strip.width() * (offset as f32 / longest as f32);
    let between = |from: u64, to: u64| Rect::from_min_max(pos2(x(from), strip.top()), pos2(x(to).max(x(from) + 0.5), strip.bottom()));
    painter.rect_filled(strip, 2.0 * unit, mix(theme.node, theme.muted, 0.12));
    painter.rect_filled(between(state.log_start_offset, state.high_watermark), 1.0 * unit, mix(theme.node, theme.muted, 0.45));
    if state.log_end_offset > state.high_watermark {
        // Written, and not to be read yet.
        painter.rect_filled(between(state.high_watermark, state.log_end_offset), 0.0, theme.warn.gamma_multiply(0.6));
    }
    // What the slowest group still has to read is in its colour.
    let slowest = state.positions.iter().enumerate().max_by_key(|(_, position)| position.lag);
    if let Some((group, position)) = slowest.filter(|(_, position)| position.lag > 0) {
        painter.rect_filled(between(position.committed, state.high_watermark), 1.0 * unit, theme.line_colour(group).gamma_multiply(0.55));
    }
    for (group, position) in state.positions.iter().enumerate().take(8) {
        let colour = if position.member.is_some() { theme.line_colour(group) } else { theme.bad };
        let at = x(position.committed).min(strip.right() - 1.0);
        painter.vline(at, egui::Rangef::new(strip.top() - unit, strip.bottom() + unit), Stroke::new((2.0 * unit).max(1.0), colour));
    }
    let edge = match state.leader {
        None => Some(theme.bad),
        Some(_) if state.isr.len() < state.replicas.len() => Some(theme.warn),
        Some(_) => None,
    };
    if let Some(colour) = edge {
        painter.rect_stroke(strip.expand(0.5), 2.0 * unit, Stroke::new(theme.stroke, colour), StrokeKind::Outside);
    }
    if roomy {
        leader(inside, strip, state.leader);
    }
}

/// The node that leads, beside its strip: in its own colour, and by number where there is room.
fn leader(inside: &Inside<'_>, strip: Rect, node: Option<u32>) {
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let at = pos2(strip.left() - 5.0 * unit, strip.center().y);
    let colour: Color32 = node.map_or(theme.bad, |node| theme.line_colour(node as usize));
    inside.brush.painter.circle_filled(at, 2.6 * unit, colour);
}
