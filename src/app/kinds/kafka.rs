//! Kafka: topics with a strip per partition, where offsets run from left to right and every group stands where it has committed.
//! Beside a strip stand its replicas (the leader's in its node's colour) and, per group, who reads it. Beyond two dozen partitions a topic
//! is a field of cells, coloured by lag, so that hundreds are still one picture.

mod inspect;

use super::{Board, Inside, Kind, Offer, Part, Way, even, letters};
use crate::app::action::Action;
use crate::app::canvas::labels;
use crate::app::canvas::layout::Row;
use crate::app::canvas::measures::{BROKER_WIDTH, PAD, ROW_FIGURES};
use crate::app::canvas::paint::mix;
use crate::app::edit::users::{Gone, Users};
use crate::app::inspector::Inspected;
use crate::ids::NodeId;
use crate::run::Frame;
use crate::run::frame::{BrokerView, kafka};
use crate::scenario::broker::kafka::Topic;
use crate::scenario::broker::{BrokerKind, Kafka};
use crate::scenario::plan::Role;
use egui::{Align2, Color32, FontId, Rect, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};
use egui_material_icons::icons::ICON_VIEW_STREAM;
use std::cmp::Reverse;

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
/// Least room for its figure.
const FIGURE: f32 = 60.0;
/// Height of a strip with the gap to the next.
const STRIP: f32 = 9.0;
/// Strips in a column.
const COLUMN: u32 = 12;
/// Below the last strip.
const BELOW: f32 = 7.0;
/// Most strips; more partitions are cells.
const STRIPS: u32 = 24;
/// Between replicas' marks, and between owners' marks.
const MARK: f32 = 6.5;
/// Most replicas, and most groups, that have marks beside a strip.
const MARKS: usize = 4;
/// Sides of cells that are tried, largest first.
const CELLS: [f32; 6] = [14.0, 10.0, 7.0, 5.0, 4.0, 3.0];
/// Highest field of cells.
const FIELD: f32 = 150.0;
/// Most partitions of one cell that are told of: each takes several lines, and all have to be on the screen.
const TOLD: usize = 3;
/// Most groups of a partition that are told of.
const GROUPS: usize = 5;
/// A partition that changed hands so many seconds ago is still marked.
const FRESH: f64 = 5.0;
/// A lag of a power of ten below this is quiet.
const QUIET: f32 = 5.0;

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

/// How a topic's partitions are shown as cells: their side, columns and rows, and how many partitions one stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Field {
    side: f32,
    columns: u32,
    rows: u32,
    each: u32,
}

impl Field {
    fn of(partitions: u32, width: f32) -> Field {
        let fit = |side: f32, each: u32| {
            let columns = ((width / side) as u32).max(1);
            Field { side, columns, rows: partitions.div_ceil(each).div_ceil(columns).max(1), each }
        };
        let fits = |field: &Field| field.rows as f32 * field.side <= FIELD;
        let single = CELLS.iter().map(|side| fit(*side, 1)).find(fits);
        single.unwrap_or_else(|| {
            let smallest = CELLS[CELLS.len() - 1];
            (2..).map(|each| fit(smallest, each)).find(fits).unwrap_or(fit(smallest, partitions))
        })
    }
}

/// Height of a topic's strips or cells on a board of that width.
fn height(partitions: u32, width: f32) -> f32 {
    if partitions <= STRIPS {
        return grid(partitions).1 as f32 * STRIP;
    }
    let field = Field::of(partitions, width - 2.0 * PAD);
    field.rows as f32 * field.side
}

impl Kind for Kafka {
    fn board(&self, least: f32) -> Board {
        let wanted = self.topics.iter().map(|topic| letters(&topic.name) + ROW_FIGURES + PAD * 2.0).fold(least, f32::max);
        let width = even(wanted).clamp(BROKER_WIDTH.0, BROKER_WIDTH.1);
        let mut top = 0.0;
        let mut parts = Vec::new();
        for topic in &self.topics {
            let height = CAPTION + height(topic.partitions, width) + BELOW;
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
        let groups = seen.iter().flat_map(|view| &view.groups);
        let troubled: Vec<&kafka::GroupView> = groups.filter(|group| group.is_rebalancing() || group.stopped > 0).collect();
        for (i, row) in inside.node.rows.iter().enumerate() {
            let area = inside.area(row);
            if inside.brush.view.canvas.intersects(area)
                && let Some(topic) = self.topics.get(i)
            {
                self.row(inside, i, row, topic, seen, &troubled, area, scratch);
            }
        }
    }

    fn tells(&self, frame: &Frame, broker: NodeId, part: usize, at: Vec2, size: Vec2) -> Vec<String> {
        let seen = view(Some(frame), &frame.plan.nodes[broker.index()].name).and_then(|view| view.topics.get(part));
        let (Some(topic), Some(seen)) = (self.topics.get(part), seen) else { return Vec::new() };
        let Some(shown) = partitions_at(topic.partitions, at, size) else { return Vec::new() };
        let own = seen.partitions.iter().enumerate().skip(shown.start as usize).take(shown.len().min(TOLD));
        let more = shown.len().saturating_sub(TOLD);
        let more = (more > 0).then(|| format!("and {more} more"));
        own.flat_map(|(number, partition)| told(frame, &topic.name, number, partition, seen)).chain(more).collect()
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

    fn remove(&mut self, position: usize, _way: Way) -> Option<String> {
        let topic = (position < self.topics.len()).then(|| self.topics.remove(position))?;
        self.replays.retain(|replay| replay.topic.as_ref() != Some(&topic.name));
        Some(topic.name)
    }

    fn rename_node(&mut self, from: &str, to: &str) {
        let own = self.transactions.iter_mut().filter(|transaction| transaction.node == from);
        own.for_each(|transaction| to.clone_into(&mut transaction.node));
    }

    fn regroup(&mut self, _part: &str, from: &str, to: &str, users: &Users) {
        // A group is one in the whole cluster.
        if users.is_group(from) {
            return;
        }
        // What is said of the group that it joins holds.
        let known = self.groups.iter().any(|group| group.name == to);
        self.groups.retain(|group| !known || group.name != from);
        self.groups.iter_mut().filter(|group| group.name == from).for_each(|group| to.clone_into(&mut group.name));
        self.replays.iter_mut().filter(|replay| replay.group == from).for_each(|replay| to.clone_into(&mut replay.group));
    }

    fn forget(&mut self, gone: &Gone<'_>) {
        self.groups.retain(|group| !gone.group(&group.name));
        self.replays.retain(|replay| !gone.group(&replay.group));
        self.transactions.retain(|transaction| !gone.node(&transaction.node) && !gone.publisher(&transaction.node));
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        inspect::show(self, ui, input, broker, actions);
    }
}

impl Kafka {
    /// `troubled`: the groups that rebalance or have members that stopped.
    fn row(
        &self,
        inside: &Inside<'_>,
        i: usize,
        row: &Row,
        topic: &Topic,
        seen: Option<&kafka::View>,
        troubled: &[&kafka::GroupView],
        area: Rect,
        scratch: &mut String,
    ) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        inside.slot(i, area);
        let right = area.right() - PAD * unit;
        let head = Rect::from_min_max(area.min, pos2(area.right(), area.top() + CAPTION * unit));
        let now = seen.and_then(|view| view.topics.get(i));
        let readers = |wanted: &dyn Fn(&kafka::GroupView) -> bool| {
            let (Some(frame), Some(now)) = (inside.frame, now) else { return false };
            let reads = |group: &kafka::GroupView| now.outlets.iter().any(|outlet| frame.plan.group_of(*outlet) == group.name);
            troubled.iter().any(|group| wanted(group) && reads(group))
        };
        scratch.clear();
        let mut colour = theme.muted;
        match now {
            Some(_) if readers(&kafka::GroupView::is_rebalancing) => {
                scratch.push_str("rebalancing");
                colour = theme.warn;
            }
            Some(_) if readers(&|group| group.stopped > 0) => {
                scratch.push_str("stopped");
                colour = theme.bad;
            }
            Some(now) if !now.outlets.is_empty() => {
                let lag = now.partitions.iter().flat_map(|partition| &partition.positions).map(|position| position.lag).sum();
                labels::count(scratch, lag);
                scratch.push_str(" lag");
            }
            Some(now) => {
                labels::count(scratch, now.partitions.iter().map(|partition| partition.high_watermark - partition.log_start_offset).sum());
                scratch.push_str(" kept");
            }
            _ => {
                labels::count(scratch, u64::from(topic.partitions));
                scratch.push_str(if topic.partitions == 1 { " partition" } else { " partitions" });
            }
        }
        // A figure is never cut: the name has what it leaves. From afar it shrinks less than its node. Most are as wide.
        let width =
            inside.brush.text(pos2(right, head.center().y), Align2::RIGHT_CENTER, scratch, theme.label, colour, right - area.left());
        inside.caption(row, head, right - width.max(FIGURE * unit));
        let place = Rect::from_min_max(pos2(area.left() + PAD * unit, head.bottom()), pos2(right, area.bottom() - BELOW * unit));
        if topic.partitions > STRIPS {
            return cells(inside, place, topic, now);
        }
        let longest = now.map_or(1, |now| now.partitions.iter().map(|partition| partition.log_end_offset).max().unwrap_or(0).max(1));
        let (columns, rows) = grid(topic.partitions);
        let cell = vec2(place.width() / columns as f32, place.height() / rows as f32);
        let marks = |count: usize| count.min(MARKS) as f32 * MARK * unit;
        let before = marks(topic.replication as usize) + 2.0 * unit;
        let behind = marks(now.map_or(0, |now| now.outlets.len())) + 2.0 * unit;
        let moment = inside.frame.map_or(0.0, |frame| frame.now.seconds());
        for partition in 0..topic.partitions {
            let min = place.min + vec2((partition / COLUMN) as f32 * cell.x, (partition % COLUMN) as f32 * cell.y);
            let whole = Rect::from_min_size(min, vec2((cell.x - 4.0 * unit).max(1.0), cell.y - 2.0 * unit));
            let strip = Rect::from_min_max(whole.min + vec2(before, 0.0), whole.max - vec2(behind, 0.0));
            match now.and_then(|now| now.partitions.get(partition as usize)) {
                Some(state) => {
                    draw(inside, strip, state, longest, moment, scratch);
                    replicas(inside, whole, state, seen.map_or(&[], |view| &view.nodes));
                    owners(inside, strip, state, moment);
                }
                None => {
                    inside.brush.painter.rect_filled(strip, 2.0 * unit, mix(theme.node, theme.muted, 0.2));
                }
            }
        }
    }
}

/// Which partitions are drawn at a place of a topic's part.
fn partitions_at(partitions: u32, at: Vec2, size: Vec2) -> Option<std::ops::Range<u32>> {
    let place = Rect::from_min_max(pos2(PAD, CAPTION), pos2(size.x - PAD, size.y - BELOW));
    if !place.contains(at.to_pos2()) {
        return None;
    }
    let at = at - place.min.to_vec2();
    let shown = if partitions <= STRIPS {
        let (columns, rows) = grid(partitions);
        let (column, row) = ((at.x / place.width() * columns as f32) as u32, (at.y / place.height() * rows as f32) as u32);
        let partition = column * COLUMN + row.min(COLUMN - 1);
        partition..partition + 1
    } else {
        let field = Field::of(partitions, place.width());
        let (column, row) = ((at.x / field.side) as u32, (at.y / field.side) as u32);
        let first = (row * field.columns + column) * field.each;
        if column < field.columns { first..first + field.each } else { 0..0 }
    };
    let shown = shown.start..shown.end.min(partitions);
    (!shown.is_empty()).then_some(shown)
}

/// A partition in words: who has it, what is in it, and how far each group is.
fn told(frame: &Frame, topic: &str, number: usize, partition: &kafka::PartitionView, seen: &kafka::TopicView) -> Vec<String> {
    let mut lines = vec![
        format!("{topic}-{number}: {}", placed(partition)),
        format!("offsets {} to {}", partition.log_start_offset, partition.log_end_offset),
    ];
    let groups = seen.outlets.iter().map(|outlet| frame.plan.group_of(*outlet));
    lines.extend(readers(groups.zip(&partition.positions).collect()));
    lines
}

/// Where a partition is, as `kafka-topics --describe` says it.
fn placed(partition: &kafka::PartitionView) -> String {
    let names = |nodes: &[u32]| nodes.iter().map(|node| (node + 1).to_string()).collect::<Vec<_>>().join(",");
    let leader = partition.leader.map_or_else(|| "no leader".to_owned(), |node| format!("leader {}", node + 1));
    let isr = if partition.isr.is_empty() { "empty".to_owned() } else { names(&partition.isr) };
    format!("{leader}, replicas {}, ISR {isr}", names(&partition.replicas))
}

/// How far the groups of a partition are, of many those that need a look: who reads nothing first, then by lag.
fn readers(mut groups: Vec<(&str, &kafka::PositionView)>) -> Vec<String> {
    let more = groups.len().saturating_sub(GROUPS);
    if more > 0 {
        groups.sort_by_key(|(_, position)| (position.member.is_some(), Reverse(position.lag)));
    }
    let line = |(group, position): &(&str, &kafka::PositionView)| {
        let reader = position.member.map_or_else(|| "read by nobody".to_owned(), |member| format!("read by member {}", member + 1));
        format!("{group}: lag {}, {reader}", position.lag)
    };
    let rest = (more > 0).then(|| format!("and {more} more groups"));
    groups.iter().take(GROUPS).map(line).chain(rest).collect()
}

/// All partitions of a large topic, each a cell in the colour of its lag.
fn cells(inside: &Inside<'_>, place: Rect, topic: &Topic, now: Option<&kafka::TopicView>) {
    let (theme, unit, painter) = (inside.theme(), inside.brush.unit, &inside.brush.painter);
    let field = Field::of(topic.partitions, place.width() / unit);
    let side = field.side * unit;
    let gap = (side * 0.14).min(1.5);
    for cell in 0..topic.partitions.div_ceil(field.each) {
        let (column, row) = (cell % field.columns, cell / field.columns);
        let rect = Rect::from_min_size(place.min + vec2(column as f32, row as f32) * side, vec2(side - gap, side - gap));
        let from = (cell * field.each) as usize;
        let own = now
            .map_or(&[][..], |now| &now.partitions[from.min(now.partitions.len())..(from + field.each as usize).min(now.partitions.len())]);
        let read = own.iter().flat_map(|partition| &partition.positions);
        let lag = read.clone().map(|position| position.lag).max();
        let alone = read.clone().any(|position| position.member.is_none());
        let offline = own.iter().any(|partition| partition.leader.is_none());
        let colour = match lag {
            _ if offline || alone => theme.bad,
            None => mix(theme.node, theme.muted, 0.35),
            Some(lag) => {
                let share = ((1.0 + lag as f32).log10() / QUIET).min(1.0);
                let calm = mix(theme.node, theme.good, 0.55);
                mix(calm, theme.warn, (share * 1.6).min(1.0))
            }
        };
        painter.rect_filled(rect, (1.5 * unit).min(side * 0.2), colour);
        if offline {
            painter.line_segment([rect.left_top(), rect.right_bottom()], Stroke::new(theme.stroke, theme.node));
        } else if own.iter().any(|partition| partition.isr.len() < partition.replicas.len()) {
            // A frame that leaves something of the colour within.
            painter.rect_stroke(rect, 0.0, Stroke::new(theme.stroke.min(side * 0.14), theme.warn), StrokeKind::Inside);
        }
        if own.iter().any(|partition| partition.last_stable_offset < partition.high_watermark) {
            painter.hline(rect.x_range(), rect.bottom() - theme.stroke, Stroke::new(2.0 * theme.stroke, theme.warn));
        }
    }
}

/// One partition: what is kept, the older the fainter, how far each group has come, and in what trouble it is.
fn draw(inside: &Inside<'_>, strip: Rect, state: &kafka::PartitionView, longest: u64, moment: f64, scratch: &mut String) {
    let (theme, unit, painter) = (inside.theme(), inside.brush.unit, &inside.brush.painter);
    let x = |offset: u64| strip.left() + strip.width() * (offset as f32 / longest as f32);
    let between = |from: u64, to: u64| Rect::from_min_max(pos2(x(from), strip.top()), pos2(x(to).max(x(from) + 0.5), strip.bottom()));
    painter.rect_filled(strip, 2.0 * unit, mix(theme.node, theme.muted, 0.12));
    let kept = between(state.log_start_offset, state.high_watermark);
    for age in 0..AGES {
        let (from, to) = (age as f32 / AGES as f32, (age + 1) as f32 / AGES as f32);
        let part = Rect::from_x_y_ranges(kept.left() + kept.width() * from..=kept.left() + kept.width() * to, kept.y_range());
        painter.rect_filled(part, 0.0, mix(theme.node, theme.muted, 0.22 + 0.38 * to));
    }
    if state.log_end_offset > state.high_watermark {
        // Written, and not to be read yet.
        painter.rect_filled(between(state.high_watermark, state.log_end_offset), 0.0, theme.warn.gamma_multiply(0.6));
    }
    if state.last_stable_offset < state.high_watermark {
        // An open transaction: who reads committed records only waits here.
        let held = between(state.last_stable_offset, state.high_watermark);
        painter.hline(held.x_range(), held.bottom() - 0.75 * unit, Stroke::new(1.5 * unit, theme.warn));
        painter.vline(held.left(), strip.y_range(), Stroke::new(1.5 * unit, theme.warn));
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
    // Offsets and the age of the oldest, once there is room to read them.
    if strip.height() >= theme.px(READABLE) && strip.width() >= theme.px(10.0 * READABLE) {
        use std::fmt::Write;
        let size = (strip.height() * TEXT).min(theme.label).floor();
        let layout = |text: &str| painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), theme.text);
        scratch.clear();
        let _ = write!(scratch, "{}", state.log_end_offset);
        let end = layout(scratch);
        scratch.clear();
        let _ = write!(scratch, "{}", state.log_start_offset);
        if let Some(oldest) = state.oldest {
            let _ = write!(scratch, ", {} old", crate::figures::seconds(moment - oldest));
        }
        let start = layout(scratch);
        let inner = strip.shrink2(vec2(3.0 * unit, 0.0));
        let both = start.size().x + end.size().x + 6.0 * unit < inner.width();
        let figures =
            [(inner.right_center(), Align2::RIGHT_CENTER, Some(end)), (inner.left_center(), Align2::LEFT_CENTER, both.then_some(start))];
        for (at, anchor, galley) in figures.into_iter().filter_map(|(at, anchor, galley)| Some((at, anchor, galley?))) {
            let rect = anchor.anchor_size(at, galley.size());
            // What lies beneath must not be read as strokes of the letters.
            let ground = Rect::from_x_y_ranges(rect.x_range(), strip.y_range()).expand2(vec2(unit, 0.0));
            painter.rect_filled(ground, 0.0, theme.node.gamma_multiply(0.7));
            painter.galley(rect.min, galley, theme.text);
        }
    }
}

/// Steps in which what is kept fades with age.
const AGES: u32 = 6;
/// Least height of a strip on the screen for figures in it, at the usual size of letters.
const READABLE: f32 = 12.0;
/// How much of that their letters are high.
const TEXT: f32 = 0.8;

/// Where the replicas are, before the strip: each in its node's colour, the leader full, those in sync as rings, the others as crosses; a
/// leader or a replica in sync whose node is down, and that nobody has missed yet, is crossed out.
fn replicas(inside: &Inside<'_>, whole: Rect, state: &kafka::PartitionView, nodes: &[bool]) {
    let (theme, unit, painter) = (inside.theme(), inside.brush.unit, &inside.brush.painter);
    for (i, node) in state.replicas.iter().enumerate().take(MARKS) {
        let at = pos2(whole.left() + (i as f32 * MARK + MARK / 2.0 - 1.0) * unit, whole.center().y);
        let colour: Color32 = theme.line_colour(*node as usize);
        let down = nodes.get(*node as usize).is_some_and(|up| !up);
        let (leads, in_sync) = (state.leader == Some(*node), state.isr.contains(node));
        match () {
            () if leads => {
                painter.circle_filled(at, 2.6 * unit, if down { colour.gamma_multiply(0.5) } else { colour });
            }
            () if in_sync => {
                painter.circle_stroke(at, 2.0 * unit, Stroke::new(1.0 * unit, colour));
            }
            () => {}
        }
        match () {
            () if in_sync && !down => {}
            () => {
                let arm = vec2(1.6, 1.6) * unit;
                painter.line_segment([at - arm, at + arm], Stroke::new(1.0 * unit, theme.bad));
                painter.line_segment([at + vec2(arm.x, -arm.y), at - vec2(arm.x, -arm.y)], Stroke::new(1.0 * unit, theme.bad));
            }
        }
    }
}

/// Who reads, behind the strip: a square per group in the colour of its member, hollow where nobody does, framed for a while after it
/// changed hands.
fn owners(inside: &Inside<'_>, strip: Rect, state: &kafka::PartitionView, moment: f64) {
    let (theme, unit, painter) = (inside.theme(), inside.brush.unit, &inside.brush.painter);
    for (group, position) in state.positions.iter().enumerate().take(MARKS) {
        let at = pos2(strip.right() + (2.0 + MARK * (group as f32 + 0.5)) * unit, strip.center().y);
        let square = Rect::from_center_size(at, vec2(4.6, 4.6) * unit);
        match position.member {
            Some(member) => {
                painter.rect_filled(square, 1.0 * unit, theme.line_colour(member as usize));
                if position.since > 0.0 && moment - position.since < FRESH {
                    painter.rect_stroke(square, 1.0 * unit, Stroke::new(1.2 * unit, theme.text), StrokeKind::Outside);
                }
            }
            None => {
                painter.rect_stroke(square, 1.0 * unit, Stroke::new(1.2 * unit, theme.bad), StrokeKind::Inside);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_at_a_place_is_found_there() {
        let size = |partitions| vec2(240.0, CAPTION + height(partitions, 240.0) + BELOW);
        let corner = vec2(PAD + 1.0, CAPTION + 1.0);
        for partitions in [1, 12, 13, 24, 25, 100, 1_000, 5_000] {
            let size = size(partitions);
            assert_eq!(partitions_at(partitions, corner, size).map(|shown| shown.start), Some(0), "{partitions}");
            assert_eq!(partitions_at(partitions, vec2(120.0, 5.0), size), None, "the caption of {partitions}");
            // All are to be found, none beyond.
            let mut found = std::collections::BTreeSet::new();
            for x in 0..240 {
                for y in 0..size.y as u32 {
                    found.extend(partitions_at(partitions, vec2(x as f32 + 0.5, y as f32 + 0.5), size).into_iter().flatten());
                }
            }
            assert_eq!((found.len(), found.last().copied()), (partitions as usize, Some(partitions - 1)));
        }
    }

    #[test]
    fn of_many_groups_those_are_told_of_that_need_a_look() {
        let position = |lag, member| kafka::PositionView { position: 0, committed: 0, lag, most_lag: lag, since: 0.0, member };
        let few = [position(1, Some(0)), position(7, Some(2))];
        let named = |all| std::iter::zip(["a", "b", "c", "d", "e", "f", "g"], all).collect::<Vec<_>>();
        assert_eq!(readers(named(few.iter())), ["a: lag 1, read by member 1", "b: lag 7, read by member 3"], "in their order");
        let many: Vec<_> = (0..7).map(|lag| position(lag, (lag != 2).then_some(0))).collect();
        let told = readers(named(many.iter()));
        assert_eq!(told.len(), GROUPS + 1);
        assert_eq!([&told[0], &told[1], &told[5]], ["c: lag 2, read by nobody", "g: lag 6, read by member 1", "and 2 more groups"]);
    }

    #[test]
    fn every_number_of_partitions_has_a_field_of_bounded_size() {
        for partitions in [25, 100, 240, 1_000, 5_000, 100_000] {
            let field = Field::of(partitions, 240.0);
            assert!(field.rows as f32 * field.side <= FIELD, "{partitions}: {field:?}");
            assert!(
                u64::from(field.rows) * u64::from(field.columns) * u64::from(field.each) >= u64::from(partitions),
                "{partitions}: {field:?}"
            );
            assert!(partitions > 1_000 || field.each == 1, "{partitions}: {field:?}");
        }
    }
}
