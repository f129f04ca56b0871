//! The lanes: a figure each, over the part of the run that is seen, with everything that happened to the run from outside.

use super::{Drag, TimeView, Unit};
use crate::app::action::Action;
use crate::app::marks::{short, time_marks};
use crate::app::theme::{Theme, size, space};
use crate::figures;
use crate::ids::{ConsumerId, NodeId, OutletId};
use crate::record::heat::Heat;
use crate::record::series::Bin;
use crate::run::{Frame, words};
use crate::scenario::Plan;
use crate::scenario::plan::Role;
use crate::time::{SECOND, Time};
use egui::{Align2, Color32, FontId, Painter, PointerButton, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

/// A figure of the whole run over time.
struct Lane {
    name: &'static str,
    unit: Unit,
    figure: fn(&Plan, &Bin<'_>) -> f64,
}

const LANES: [Lane; 5] = [
    Lane { name: "Emitted", unit: Unit::PerSecond, figure: emitted },
    Lane { name: "Handled", unit: Unit::PerSecond, figure: handled },
    Lane { name: "Waiting", unit: Unit::Count, figure: waiting },
    Lane { name: "Latency p99", unit: Unit::Seconds, figure: latency },
    Lane { name: "Failures", unit: Unit::PerSecond, figure: failures },
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

/// The 99th percentile of all consumers' latencies together.
pub fn latency(plan: &Plan, bin: &Bin<'_>) -> f64 {
    let heats: Vec<&Heat> = (0..plan.consumers.len()).filter_map(|i| bin.heat(ConsumerId::at(i))).collect();
    Heat::sum(heats.into_iter()).quantile(0.99)
}

/// Failed handlings of all consumers per second, tried again or not.
pub fn failures(plan: &Plan, bin: &Bin<'_>) -> f64 {
    (0..plan.consumers.len()).map(|i| bin.failed(ConsumerId::at(i)) + bin.retries(ConsumerId::at(i))).sum()
}

/// Where things are.
struct Ground<'a> {
    theme: &'a Theme,
    /// Of the lanes, without their names.
    rect: Rect,
    from: f64,
    to: f64,
}

impl Ground<'_> {
    fn x(&self, seconds: f64) -> f32 {
        self.rect.left() + ((seconds - self.from) / (self.to - self.from)) as f32 * self.rect.width()
    }

    fn seconds(&self, x: f32) -> f64 {
        self.from + f64::from((x - self.rect.left()) / self.rect.width().max(1.0)) * (self.to - self.from)
    }
}

/// Draws the lanes and does what the pointer wants.
pub(super) fn show(ui: &mut Ui, theme: &Theme, frame: &Frame, time: &mut TimeView, actions: &mut Vec<Action>) {
    let room = ui.available_size();
    let (all, response) = ui.allocate_exact_size(vec2(room.x, room.y.max(theme.px(60.0))), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo { value: Some(frame.now.seconds()), ..WidgetInfo::labeled(egui::Role::Slider, true, "Timeline") });
    let duration = frame.plan.duration.seconds();
    let axis = theme.px(space::L);
    let names = theme.px(132.0);
    let rect = Rect::from_min_max(all.min + vec2(names, 0.0), all.max - vec2(theme.px(space::S), axis));
    let (from, to) = time.seen(duration);
    let ground = Ground { theme, rect, from, to };
    let painter = ui.painter().with_clip_rect(all);
    let lower = theme.px(size::CONTROL);
    let height = ((rect.height() - lower) / LANES.len() as f32).max(theme.px(10.0));
    let most = (rect.width() / 2.0) as usize;
    let bins = frame.past.film.bins(from, to, most);
    let others = frame.beside.as_deref().map(|beside| &beside.frame);
    let other_bins = others.map_or_else(Vec::new, |other| other.past.film.bins(from, to, most));
    for (i, lane) in LANES.iter().enumerate() {
        let top = rect.top() + i as f32 * height;
        let lane_rect = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height - theme.px(2.0)));
        let other = others.map_or_else(Vec::new, |other| values(&other.plan, lane, &other_bins));
        draw_lane(&painter, &ground, lane, lane_rect, all.left(), frame, &bins, &other);
    }
    let changes = Rect::from_min_max(pos2(rect.left(), rect.bottom() - lower), rect.max);
    draw_changes(&painter, &ground, changes, all.left(), frame, time);
    draw_axis(&painter, &ground, all);
    draw_over(&painter, &ground, frame, time);
    act(ui, &response, &ground, time, duration, actions);
    tell(&response, &ground, frame, &bins, height);
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
    let now = bins.iter().rposition(|bin| bin.begin() <= frame.now.seconds()).map_or(f64::NAN, |i| values[i].1);
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
    let scale = format!("{} ", lane.unit.words(top));
    painter.text(rect.right_top(), Align2::RIGHT_TOP, scale, FontId::proportional(theme.label * 0.85), theme.muted);
}

/// Interventions, where branches begin, and markers.
fn draw_changes(painter: &Painter, ground: &Ground<'_>, rect: Rect, left: f32, frame: &Frame, time: &TimeView) {
    let theme = ground.theme;
    let font = FontId::proportional(theme.label);
    painter.text(pos2(left, rect.center().y), Align2::LEFT_CENTER, "Changes", font.clone(), theme.muted);
    let y = rect.center().y;
    let side = theme.px(5.0);
    for branch in frame.past.branches.iter() {
        let Some((_, at)) = branch.parent.filter(|(parent, _)| *parent == frame.past.branch) else { continue };
        let x = ground.x(at.seconds());
        painter.line_segment([pos2(x, y), pos2(x + side * 2.0, y - side * 1.6)], Stroke::new(theme.stroke * 1.5, theme.good));
        painter.circle_filled(pos2(x, y), theme.px(2.5), theme.good);
    }
    for intervention in frame.past.here().map_or(&[][..], |branch| &branch.interventions) {
        let x = ground.x(intervention.time().seconds());
        let corners = vec![pos2(x, y - side), pos2(x + side, y), pos2(x, y + side), pos2(x - side, y)];
        painter.add(Shape::convex_polygon(corners, theme.warn, Stroke::NONE));
        if ground.rect.x_range().contains(x) {
            painter.text(pos2(x + side * 1.5, y), Align2::LEFT_CENTER, intervention.what.to_string(), font.clone(), theme.text);
        }
    }
    for fault in &frame.past.faults {
        let end = fault.ended.map_or(frame.past.recorded, |at| at);
        let band = Rect::from_x_y_ranges(
            ground.x(fault.began.seconds())..=ground.x(end.seconds()).max(ground.x(fault.began.seconds()) + 2.0),
            rect.y_range(),
        );
        let band = band.intersect(Rect::from_x_y_ranges(ground.rect.x_range(), rect.y_range()));
        if band.width() > 0.0 {
            painter.rect_filled(band, 2.0, theme.wash(theme.bad, 0.3));
            painter.with_clip_rect(band).text(
                band.left_center() + vec2(2.0, 0.0),
                Align2::LEFT_CENTER,
                &fault.words,
                font.clone(),
                theme.text,
            );
        }
    }
    for happening in frame.past.film.happenings() {
        let x = ground.x(happening.at.seconds());
        if ground.rect.x_range().contains(x) {
            painter.circle_stroke(pos2(x, rect.bottom() - side), theme.px(2.5), Stroke::new(theme.stroke, theme.accent));
        }
    }
    for (i, marker) in time.markers.iter().enumerate() {
        let x = ground.x(marker.at.seconds());
        if !ground.rect.x_range().contains(x) {
            continue;
        }
        let colour = if time.open == Some(i) { theme.accent } else { theme.muted };
        painter.line_segment([pos2(x, ground.rect.top()), pos2(x, rect.bottom())], Stroke::new(theme.stroke, colour));
        let flag = vec![pos2(x, rect.top()), pos2(x + side * 2.0, rect.top() + side), pos2(x, rect.top() + side * 2.0)];
        painter.add(Shape::convex_polygon(flag, colour, Stroke::NONE));
        painter.text(pos2(x + side * 2.5, rect.top() + side), Align2::LEFT_CENTER, &marker.note, font.clone(), theme.text);
    }
}

fn draw_axis(painter: &Painter, ground: &Ground<'_>, all: Rect) {
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
        painter.text(pos2(x, all.bottom()), align, words, FontId::proportional(theme.label), theme.muted);
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

fn act(ui: &Ui, response: &Response, ground: &Ground<'_>, time: &mut TimeView, duration: f64, actions: &mut Vec<Action>) {
    let (scroll, zoom) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
    if let Some(at) = response.hover_pos() {
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
            match time.markers.iter().position(near).filter(|_| at.y > ground.rect.bottom() - ground.theme.px(size::CONTROL)) {
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
fn tell(response: &Response, ground: &Ground<'_>, frame: &Frame, bins: &[Bin<'_>], height: f32) {
    let Some(at) = response.hover_pos().filter(|at| ground.rect.contains(*at)) else { return };
    let seconds = ground.seconds(at.x);
    let mut words = figures::seconds(seconds);
    let lane = ((at.y - ground.rect.top()) / height) as usize;
    if let (Some(lane), Some(bin)) = (LANES.get(lane), bins.iter().find(|bin| bin.begin() <= seconds && seconds < bin.end())) {
        words = format!(
            "{}: {}\n{} to {}",
            lane.name,
            lane.unit.words((lane.figure)(&frame.plan, bin)),
            figures::seconds(bin.begin()),
            figures::seconds(bin.end())
        );
    } else if let Some(change) =
        frame.past.here().into_iter().flat_map(|branch| &branch.interventions).find(|i| near(ground, i.time().seconds(), at.x))
    {
        words = change.to_string();
    } else if let Some(fault) =
        frame.past.faults.iter().find(|f| f.began.seconds() <= seconds && seconds <= f.ended.unwrap_or(frame.past.recorded).seconds())
    {
        words = fault.words.clone();
    } else if let Some(happening) = frame.past.film.happenings().find(|h| near(ground, h.at.seconds(), at.x)) {
        words = format!("{}\nat {}", words::of_note(&frame.plan, &happening.note), happening.at);
    } else if let Some(branch) = frame.past.branches.iter().find(|b| b.parent.is_some_and(|(_, t)| near(ground, t.seconds(), at.x))) {
        words = format!("Branch: {}", branch.name);
    }
    response.clone().on_hover_text_at_pointer(words);
}

fn near(ground: &Ground<'_>, seconds: f64, x: f32) -> bool {
    (ground.x(seconds) - x).abs() < ground.theme.px(space::S)
}
