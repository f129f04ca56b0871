//! The lanes: a figure each, over the part of the run that is seen, with everything that happened to the run from outside.

use super::strips::Strip;
use super::{Drag, Stretch, TimeView, Unit};
use crate::app::action::Action;
use crate::app::marks::{short, time_marks};
use crate::app::theme::{Theme, space};
use crate::figures;
use crate::ids::{ConsumerId, NodeId, OutletId};
use crate::record::heat::Heat;
use crate::record::series::Bin;
use crate::run::Frame;
use crate::scenario::Plan;
use crate::scenario::plan::Role;
use crate::time::{SECOND, Time};
use egui::scroll_area::ScrollSource;
use egui::{
    Align2, Color32, FontId, Painter, PointerButton, Pos2, Rect, Response, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use std::borrow::Cow;

/// A figure of the whole run over time.
struct Lane {
    name: &'static str,
    unit: Unit,
    figure: fn(&Plan, &Bin<'_>) -> f64,
    /// What it is at the moment, where that is a level and no rate.
    level: Option<fn(&Frame) -> u64>,
}

const LANES: [Lane; 6] = [
    Lane { name: "Emitted", unit: Unit::PerSecond, figure: emitted, level: None },
    Lane { name: "Handled", unit: Unit::PerSecond, figure: handled, level: None },
    Lane {
        name: "Waiting",
        unit: Unit::Count,
        figure: waiting,
        level: Some(|frame| frame.outlets.iter().map(|outlet| outlet.waiting).sum()),
    },
    Lane { name: "Lag", unit: Unit::Count, figure: lag, level: Some(|frame| frame.owed) },
    Lane { name: "Latency p99", unit: Unit::Seconds, figure: latency, level: None },
    Lane { name: "Failures", unit: Unit::PerSecond, figure: failures, level: None },
];

fn of_role(plan: &Plan, bin: &Bin<'_>, wanted: impl Fn(Role) -> bool) -> f64 {
    plan.nodes.iter().enumerate().filter(|(_, node)| wanted(node.role)).map(|(i, _)| bin.throughput(NodeId::at(i))).sum()
}

/// Events of all producers per second.
pub fn emitted(plan: &Plan, bin: &Bin<'_>) -> f64 {
    of_role(plan, bin, |role| role == Role::Producer)
}

/// What all consumers handled to the end per second.
pub fn handled(plan: &Plan, bin: &Bin<'_>) -> f64 {
    of_role(plan, bin, |role| matches!(role, Role::Consumer(_)))
}

/// Events waiting at all outlets.
pub fn waiting(plan: &Plan, bin: &Bin<'_>) -> f64 {
    (0..plan.outlets.len()).map(|i| bin.depth(OutletId::at(i))).sum()
}

/// Events owed and not finished; a group's events count once, however many consumers share them.
pub fn lag(_: &Plan, bin: &Bin<'_>) -> f64 {
    bin.owed()
}

/// The 99th percentile of all consumers' latencies together.
pub fn latency(plan: &Plan, bin: &Bin<'_>) -> f64 {
    let heats: Vec<Cow<'_, Heat>> = (0..plan.consumers.len()).map(|i| bin.heat(ConsumerId::at(i))).collect();
    Heat::sum(heats.iter().map(|heat| &**heat)).quantile(0.99)
}

/// Failed handlings of all consumers per second, tried again or not.
pub fn failures(plan: &Plan, bin: &Bin<'_>) -> f64 {
    let failed = |id| bin.failed(id) + bin.retries(id) + bin.given_back(id);
    (0..plan.consumers.len()).map(|i| failed(ConsumerId::at(i))).sum()
}

/// Where things are.
pub(super) struct Ground<'a> {
    pub(super) theme: &'a Theme,
    /// Of the lanes, without their names.
    pub(super) rect: Rect,
    from: f64,
    to: f64,
}

impl Ground<'_> {
    pub(super) fn x(&self, seconds: f64) -> f32 {
        self.rect.left() + ((seconds - self.from) / (self.to - self.from)) as f32 * self.rect.width()
    }

    pub(super) fn seconds(&self, x: f32) -> f64 {
        self.from + f64::from((x - self.rect.left()) / self.rect.width().max(1.0)) * (self.to - self.from)
    }
}

/// Draws the lanes and does what the pointer wants. Where there is no room for all of them they can be scrolled by their bar, and by the
/// wheel over their names: over the lanes it zooms.
pub(super) fn show(ui: &mut Ui, theme: &Theme, frame: &Frame, steps: &[Stretch], time: &mut TimeView, actions: &mut Vec<Action>) {
    let strips = Strip::of(frame, steps);
    let axis = theme.px(space::L);
    let all = ui.available_rect_before_wrap();
    let room = all.height() - axis;
    let height = Places::least(theme, strips.len()).max(room);
    // What is drawn inside of it can only be seen inside of it.
    let whole = ui.painter().clone();
    let names = theme.px(140.0);
    let over_names = ui.rect_contains_pointer(Rect::from_min_size(all.min, vec2(names, room)));
    let source = if over_names { ScrollSource::SCROLL_BAR | ScrollSource::MOUSE_WHEEL } else { ScrollSource::SCROLL_BAR };
    let lanes = ScrollArea::vertical().id_salt("lanes").auto_shrink(false).max_height(room).scroll_source(source);
    lanes.show(ui, |ui| {
        let width = ui.available_width();
        let below = Rect::from_min_max(pos2(all.left(), all.bottom() - axis), all.max);
        let (all, response) = ui.allocate_exact_size(vec2(width, height), Sense::click_and_drag());
        response
            .widget_info(|| WidgetInfo { value: Some(frame.now.seconds()), ..WidgetInfo::labeled(egui::Role::Slider, true, "Timeline") });
        let duration = frame.plan.duration.seconds();
        let rect = Rect::from_min_max(all.min + vec2(names, 0.0), all.max - vec2(theme.px(space::S), 0.0));
        let (from, to) = time.seen(duration);
        let ground = Ground { theme, rect, from, to };
        let painter = ui.painter().with_clip_rect(all.intersect(ui.clip_rect()));
        let places = Places::of(theme, rect, strips);
        let most = (rect.width() / 2.0) as usize;
        let bins = frame.lines(from, to, most);
        let others = frame.beside.as_deref().map(|beside| &beside.frame);
        let other_bins = others.map_or_else(Vec::new, |other| other.lines(from, to, most));
        for (lane, place) in LANES.iter().zip(&places.lanes) {
            let other = others.map_or_else(Vec::new, |other| values(&other.plan, lane, &other_bins));
            draw_lane(&painter, &ground, lane, *place, all.left(), frame, &bins, &other);
        }
        for (strip, place) in &places.strips {
            let font = FontId::proportional(theme.label);
            painter.text(pos2(all.left(), place.center().y), Align2::LEFT_CENTER, strip.name(), font, theme.muted);
            strip.draw(&painter, &ground, *place, frame, time, steps);
        }
        draw_axis(&painter, &whole, &ground, below);
        draw_over(&painter, &ground, frame, time);
        let flags = places.strips.last().map_or(rect.bottom(), |(_, place)| place.top());
        act(ui, &response, &ground, flags, time, duration, actions);
        tell(&response, &ground, frame, steps, &bins, &places);
    });
}

/// A lane's values over time.
fn values(plan: &Plan, lane: &Lane, bins: &[Bin<'_>]) -> Vec<(f64, f64)> {
    bins.iter().map(|bin| (bin.middle(), (lane.figure)(plan, bin))).collect()
}

/// One lane; that of the run that is compared with as a dashed line over it.
fn draw_lane(
    painter: &Painter,
    ground: &Ground<'_>,
    lane: &Lane,
    rect: Rect,
    left: f32,
    frame: &Frame,
    bins: &[Bin<'_>],
    other: &[(f64, f64)],
) {
    let theme = ground.theme;
    let font = FontId::proportional(theme.label);
    painter.text(pos2(left, rect.center().y), Align2::LEFT_CENTER, lane.name, font.clone(), theme.muted);
    painter.rect_filled(rect, 0.0, theme.field());
    painter.line_segment([rect.left_bottom(), rect.right_bottom()], Stroke::new(theme.stroke, theme.line));
    let values = values(&frame.plan, lane, bins);
    let top = values.iter().chain(other).map(|(_, value)| *value).filter(|v| v.is_finite()).fold(0.0, f64::max);
    // The moment's figure, as the nodes have it, whatever the width of a bin here.
    let now = match lane.level {
        Some(level) => level(frame) as f64,
        // Latencies are known by bin alone.
        None if lane.unit == Unit::Seconds => {
            bins.iter().rposition(|bin| bin.begin() <= frame.now.seconds()).map_or(f64::NAN, |i| values[i].1)
        }
        None => frame.series.recent(frame.window).map_or(f64::NAN, |bin| (lane.figure)(&frame.plan, &bin)),
    };
    let figure = if values.is_empty() { figures::NONE.to_owned() } else { lane.unit.words(now) };
    let figure_at = pos2(rect.left() - theme.px(space::S), rect.center().y);
    painter.text(figure_at, Align2::RIGHT_CENTER, figure, font.clone(), theme.text);
    if top <= 0.0 {
        return;
    }
    let clipped = painter.with_clip_rect(rect.expand(1.0));
    let y = |value: f64| rect.bottom() - (value / (top * 1.1)) as f32 * rect.height();
    let colour = if lane.name == "Failures" { theme.bad } else { theme.accent };
    // Parts between gaps; a part of one sample is a point.
    for part in values.split(|(_, value)| !value.is_finite()).filter(|part| !part.is_empty()) {
        let points: Vec<Pos2> = part.iter().map(|(at, value)| pos2(ground.x(*at), y(*value))).collect();
        match points.as_slice() {
            [only] => {
                clipped.circle_filled(*only, theme.px(2.0), colour);
            }
            points => {
                let mut mesh = egui::Mesh::default();
                let wash = theme.wash(colour, 0.25);
                for point in points {
                    mesh.colored_vertex(*point, wash);
                    mesh.colored_vertex(pos2(point.x, rect.bottom()), wash);
                }
                for i in 0..points.len() as u32 - 1 {
                    mesh.add_triangle(2 * i, 2 * i + 1, 2 * i + 2);
                    mesh.add_triangle(2 * i + 1, 2 * i + 2, 2 * i + 3);
                }
                clipped.add(Shape::mesh(mesh));
                clipped.add(Shape::line(points.to_vec(), Stroke::new(theme.stroke * 1.25, colour)));
            }
        }
    }
    for part in other.split(|(_, value)| !value.is_finite()).filter(|part| part.len() > 1) {
        let points: Vec<Pos2> = part.iter().map(|(at, value)| pos2(ground.x(*at), y(*value))).collect();
        clipped.extend(Shape::dashed_line(&points, Stroke::new(theme.stroke * 1.25, theme.text), theme.px(4.0), theme.px(3.0)));
    }
    // On a ground of its own: lines go through where it stands.
    let scale = painter.layout_no_wrap(lane.unit.words(top), FontId::proportional(theme.label * 0.85), theme.muted);
    let at = rect.right_top() - vec2(scale.size().x + theme.px(space::XS), 0.0);
    painter.rect_filled(Rect::from_min_size(at, scale.size()).expand2(vec2(2.0, 0.0)), 2.0, theme.field().gamma_multiply(0.85));
    painter.galley(at, scale, theme.muted);
}

/// Marks through all lanes, and their words below, where they stay however the lanes are scrolled.
fn draw_axis(painter: &Painter, whole: &Painter, ground: &Ground<'_>, below: Rect) {
    let theme = ground.theme;
    let most = (ground.rect.width() / theme.px(80.0)) as usize;
    for mark in time_marks((ground.from, ground.to), most) {
        let x = ground.x(mark.value);
        painter.line_segment(
            [pos2(x, ground.rect.top()), pos2(x, ground.rect.bottom())],
            Stroke::new(theme.stroke, theme.wash(theme.line, 0.6)),
        );
        let words = short(&figures::axis_seconds(mark.value));
        // The last one stands inside.
        let align = if x > ground.rect.right() - theme.px(space::L) { Align2::RIGHT_BOTTOM } else { Align2::CENTER_BOTTOM };
        whole.with_clip_rect(below).text(pos2(x, below.bottom()), align, words, FontId::proportional(theme.label), theme.muted);
    }
}

/// What lies over all lanes: the warm-up, the selected and the looping span, what is not simulated yet, the playhead.
fn draw_over(painter: &Painter, ground: &Ground<'_>, frame: &Frame, time: &TimeView) {
    let theme = ground.theme;
    let painter = painter.with_clip_rect(ground.rect);
    let band = |from: f64, to: f64, colour: Color32| {
        let rect = Rect::from_x_y_ranges(ground.x(from)..=ground.x(to), ground.rect.y_range());
        painter.rect_filled(rect, 0.0, colour);
    };
    if frame.plan.warmup.0 > 0 {
        band(0.0, frame.plan.warmup.seconds(), theme.wash(theme.muted, 0.10));
    }
    for fault in &frame.past.faults {
        band(fault.began.seconds(), fault.ended.unwrap_or(frame.past.recorded).seconds(), theme.wash(theme.bad, 0.08));
    }
    if let Some((from, to)) = time.span {
        band(from, to, theme.wash(theme.accent, 0.16));
    }
    for (i, marker) in time.markers.iter().enumerate() {
        let x = ground.x(marker.at.seconds());
        let colour = if time.open == Some(i) { theme.accent } else { theme.muted };
        painter.line_segment([pos2(x, ground.rect.top()), pos2(x, ground.rect.bottom())], Stroke::new(theme.stroke, colour));
    }
    if let Some((from, to)) = frame.past.looping {
        for at in [from, to] {
            let x = ground.x(at.seconds());
            painter.line_segment([pos2(x, ground.rect.top()), pos2(x, ground.rect.bottom())], Stroke::new(theme.stroke * 2.0, theme.good));
        }
    }
    let recorded = frame.past.recorded.seconds();
    if recorded < ground.to {
        // What nobody has simulated yet: empty, not zero.
        band(recorded, ground.to, theme.wash(theme.panel, 0.7));
    }
    let x = ground.x(frame.now.seconds());
    painter.line_segment([pos2(x, ground.rect.top()), pos2(x, ground.rect.bottom())], Stroke::new(theme.stroke * 2.0, theme.accent));
}

fn act(ui: &Ui, response: &Response, ground: &Ground<'_>, flags: f32, time: &mut TimeView, duration: f64, actions: &mut Vec<Action>) {
    let (scroll, zoom) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
    if let Some(at) = response.hover_pos().filter(|at| at.x >= ground.rect.left()) {
        let factor = if zoom != 1.0 { 1.0 / f64::from(zoom) } else { (-f64::from(scroll.y) / 240.0).exp() };
        if factor != 1.0 {
            time.zoom(duration, ground.seconds(at.x), factor);
        }
        if scroll.x != 0.0 {
            time.pan(duration, -f64::from(scroll.x) / f64::from(ground.rect.width().max(1.0)) * (ground.to - ground.from));
        }
    }
    if response.drag_started() {
        let at = ui.input(|i| i.pointer.press_origin()).map_or(0.0, |p| ground.seconds(p.x));
        let other = response.dragged_by(PointerButton::Secondary) || response.dragged_by(PointerButton::Middle);
        time.drag = Some(match ui.input(|i| i.modifiers.shift) {
            _ if other => Drag::Pan,
            true => Drag::Select(at),
            false => Drag::Scrub,
        });
    }
    if let Some(at) = response.interact_pointer_pos() {
        let here = ground.seconds(at.x).clamp(0.0, duration);
        match time.drag {
            Some(Drag::Pan) => {
                let by = f64::from(response.drag_delta().x) / f64::from(ground.rect.width().max(1.0)) * (ground.to - ground.from);
                time.pan(duration, -by);
            }
            Some(Drag::Select(from)) => {
                let from = from.clamp(0.0, duration);
                time.span = Some((from.min(here), from.max(here)));
                time.open = None;
            }
            Some(Drag::Scrub) => time.seek(here, actions),
            None => {}
        }
        if response.double_clicked() {
            time.mark(Time((here * SECOND as f64) as u64));
        } else if response.clicked() {
            let near = |m: &super::Marker| (ground.x(m.at.seconds()) - at.x).abs() < ground.theme.px(6.0);
            match time.markers.iter().position(near).filter(|_| at.y > flags) {
                Some(marker) => {
                    time.open = Some(marker);
                    time.seek(time.markers[marker].at.seconds(), actions);
                }
                None => time.seek(here, actions),
            }
            time.let_go();
        }
    }
    if response.drag_stopped() {
        time.drag = None;
        time.let_go();
        time.span = time.span.filter(|(from, to)| to - from > (ground.to - ground.from) * 1e-3);
    }
}

/// What lies under the pointer, in words.
fn tell(response: &Response, ground: &Ground<'_>, frame: &Frame, steps: &[Stretch], bins: &[Bin<'_>], places: &Places) {
    let Some(at) = response.hover_pos().filter(|at| ground.rect.contains(*at)) else { return };
    let seconds = ground.seconds(at.x);
    let lane = LANES.iter().zip(&places.lanes).find(|(_, rect)| rect.contains(at));
    let strip = || places.strips.iter().find(|(_, rect)| rect.contains(at));
    let words = match (lane, bins.iter().find(|bin| bin.begin() <= seconds && seconds < bin.end())) {
        (Some((lane, _)), Some(bin)) => {
            let value = lane.unit.words((lane.figure)(&frame.plan, bin));
            format!("{}: {value}\n{} to {}", lane.name, figures::seconds(bin.begin()), figures::seconds(bin.end()))
        }
        _ => strip().and_then(|(strip, _)| strip.tell(ground, frame, steps, at)).unwrap_or_else(|| figures::seconds(seconds)),
    };
    response.clone().on_hover_text_at_pointer(words);
}

/// Where lanes and strips are, from top to bottom.
struct Places {
    lanes: Vec<Rect>,
    strips: Vec<(Strip, Rect)>,
}

impl Places {
    fn of(theme: &Theme, rect: Rect, strips: Vec<Strip>) -> Places {
        let low = (theme.label * 1.45).round();
        let gap = theme.px(2.0);
        let room = rect.height() - low * strips.len() as f32;
        let height = (room / LANES.len() as f32).max(low);
        let place = |top: f32, height: f32| Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height - gap));
        let lanes = (0..LANES.len()).map(|i| place(rect.top() + i as f32 * height, height)).collect();
        let below = rect.top() + LANES.len() as f32 * height;
        let strips = strips.into_iter().enumerate().map(|(i, strip)| (strip, place(below + i as f32 * low, low))).collect();
        Places { lanes, strips }
    }

    /// The least height in which all can be read.
    fn least(theme: &Theme, strips: usize) -> f32 {
        (theme.label * 1.45).round() * (LANES.len() + strips) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::Mode;

    #[test]
    fn lanes_read_right_when_empty_with_one_sample_at_zero_and_in_gaps() {
        let text = r#"Scenario(format: 1, duration: "20s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Once(at: "10s", count: 50))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("10ms"))),
        ])"#;
        let plan = std::sync::Arc::new(
            crate::scenario::load(text, "lanes", &crate::scenario::NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan,
        );
        let script = crate::run::Script::plain(std::sync::Arc::clone(&plan), 1);
        let mut moment = crate::run::Moment::start(&script, 2000);
        let lane = |name: &str| LANES.iter().find(|lane| lane.name == name).unwrap();
        let read = |moment: &crate::run::Moment, name: &str| {
            let series = moment.recorder.series_at(moment.now());
            values(&plan, lane(name), &series.bins(0.0, 20.0, 4000))
        };
        for each in &LANES {
            assert!(read(&moment, each.name).is_empty(), "{}: nothing yet", each.name);
        }
        moment.advance(&script, Time(1_000_000), u64::MAX, &mut ());
        for each in &LANES {
            let (values, gap) = (read(&moment, each.name), each.unit == Unit::Seconds);
            assert!(values.len() == 1 && if gap { values[0].1.is_nan() } else { values[0].1 == 0.0 }, "{}: {values:?}", each.name);
        }
        moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
        let (emitted, handled, waiting) = (read(&moment, "Emitted"), read(&moment, "Handled"), read(&moment, "Waiting"));
        let top = |values: &[(f64, f64)]| values.iter().map(|value| value.1).fold(0.0, f64::max);
        assert!(top(&emitted) >= 50.0 && top(&handled) > 50.0 && top(&waiting) > 20.0 && top(&read(&moment, "Lag")) > 20.0);
        assert!(emitted.iter().all(|(at, value)| *value == 0.0 || (9.9..10.1).contains(at)), "at its moment and at no other");
        let latency = read(&moment, "Latency p99");
        assert!(latency.iter().all(|(at, value)| value.is_nan() || (9.9..10.7).contains(at)) && top(&latency) > 0.4);
        assert!(emitted[0].0 >= 0.0 && emitted[emitted.len() - 1].0 <= 20.0);
    }

    #[test]
    fn what_a_group_is_owed_counts_once() {
        let text = r#"Scenario(format: 1, duration: "10s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Every("10ms"))]),
            Broker(id: "k", kind: Kafka(topics: [Topic(name: "t", partitions: 2)])),
            Consumer(id: "c", reads: [Read(from: "k/t", group: "g")], handle: Handle(time: Constant("1s"))),
            Consumer(id: "d", reads: [Read(from: "k/t", group: "g")], handle: Handle(time: Constant("1s"))),
            Consumer(id: "e", reads: [Read(from: "k/t")], handle: Handle(time: Constant("1ms"))),
        ])"#;
        let plan = crate::scenario::load(text, "shared", &crate::scenario::NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan;
        let script = crate::run::Script::plain(std::sync::Arc::new(plan), 1);
        let mut moment = crate::run::Moment::start(&script, 2000);
        moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
        let series = moment.recorder.series_at(moment.now());
        let last = series.bins(9.9, 10.0, 1).last().map_or(f64::NAN, |bin| lag(&script.plan, bin));
        let books = (0..script.plan.outlets.len()).map(|i| moment.simulation.books(OutletId::at(i)));
        let owed: u64 = books.map(|books| books.waiting + books.in_flight()).sum();
        assert!(owed > 900 && (last - owed as f64).abs() < 20.0, "{last} in the lane, {owed} by the books");
    }

    #[test]
    fn lanes_and_strips_lie_below_each_other_and_never_become_too_low_to_read() {
        let theme = Theme::of(Mode::Projector);
        for height in [40.0, 200.0, 900.0] {
            let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(500.0, height));
            let places = Places::of(&theme, rect, vec![Strip::Faults, Strip::Changes]);
            let all: Vec<Rect> = places.lanes.iter().copied().chain(places.strips.iter().map(|(_, rect)| *rect)).collect();
            assert!(all.windows(2).all(|pair| pair[0].bottom() <= pair[1].top()), "{all:?}");
            assert!(all.iter().all(|rect| rect.height() >= theme.label));
            if height > Places::least(&theme, 2) {
                assert!(all[all.len() - 1].bottom() <= rect.bottom() + 0.5);
            }
        }
    }
}
