//! Figures over time: throughput, what waits, latency. One line per node or outlet, in the node's colour everywhere, with
//! its name at its end; the time axes move together, and a line across all of them marks the present.

use super::action::Selection;
use super::marks::{nice_marks, short, time_marks};
use super::theme::{Theme, space};
use super::widgets::muted;
use crate::figures;
use crate::ids::{ConsumerId, NodeId, OutletId};
use crate::record::series::Bin;
use crate::run::Frame;
use crate::scenario::plan::Role;
use egui::{Align2, Color32, FontId, Id, Rect, RichText, Stroke, Ui, Vec2, Vec2b, pos2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, HoverPosition, Line, LineStyle, Plot, PlotPoints, PlotTransform, VLine};

/// Most lines in one plot: more can neither be told apart nor drawn in time.
const LINES: usize = 24;

/// About how many points a line has when the run is over: bins are fine enough to zoom into, but side by side in a small plot
/// they would be noise.
const POINTS: usize = 120;

/// A figure over time.
struct Curve {
    name: String,
    node: NodeId,
    points: Vec<[f64; 2]>,
    /// Drawn dashed, and named only under the pointer.
    aside: bool,
}

impl Curve {
    fn last(&self) -> Option<[f64; 2]> {
        self.points.iter().rev().find(|p| p[1].is_finite()).copied()
    }

    fn top(&self) -> f64 {
        self.points.iter().map(|p| p[1]).filter(|v| v.is_finite()).fold(0.0, f64::max)
    }
}

/// Draws the plots side by side, as many as there is room for.
pub fn show(ui: &mut Ui, theme: &Theme, frame: Option<&Frame>, selection: &Selection) {
    let Some(frame) = frame.filter(|f| !f.past.film.is_empty()) else {
        ui.vertical_centered(|ui| {
            ui.add_space((ui.available_height() / 2.0 - theme.body * 1.5).max(0.0));
            ui.label(muted(theme, "Press play: throughput, waiting events and latency appear here as the run goes on"));
        });
        return;
    };
    let plots: [(&str, Format, Figure); 3] = [
        ("Throughput, per second", Format::Number, throughput),
        ("Waiting (–) and lag (- -), events", Format::Number, depth),
        ("Latency, mean", Format::Time, latency),
    ];
    let least = theme.px(240.0);
    let shown = ((ui.available_width() / least) as usize).clamp(1, plots.len());
    let gap = ui.spacing().item_spacing.x;
    let size = vec2((ui.available_width() - gap * (shown as f32 - 1.0)) / shown as f32, ui.available_height());
    ui.horizontal_top(|ui| {
        for (title, format, curves) in plots.into_iter().take(shown) {
            ui.allocate_ui(size, |ui| {
                ui.vertical(|ui| {
                    ui.set_min_size(size);
                    one(ui, theme, frame, selection, title, format, curves(frame));
                });
            });
        }
    });
}

/// What is measured: how values are written, and which are round.
#[derive(Clone, Copy)]
enum Format {
    Number,
    Time,
}

impl Format {
    fn words(self, value: f64) -> String {
        match self {
            Format::Number => figures::number(value),
            Format::Time => figures::seconds(value),
        }
    }

    fn marks(self, bounds: (f64, f64), most: usize) -> Vec<GridMark> {
        match self {
            Format::Number => nice_marks(bounds, most),
            Format::Time => time_marks(bounds, most),
        }
    }
}

/// What is drawn.
type Figure = fn(&Frame) -> Vec<Curve>;

fn throughput(frame: &Frame) -> Vec<Curve> {
    let nodes = frame.plan.nodes.iter().enumerate().filter(|(_, node)| !matches!(node.role, Role::Broker(_)));
    nodes.map(|(i, _)| of_node(frame, NodeId::at(i), |bin| bin.throughput(NodeId::at(i)))).collect()
}

fn latency(frame: &Frame) -> Vec<Curve> {
    of_consumers(frame, |bin, node, consumer| bin.latency(node, consumer))
}

fn depth(frame: &Frame) -> Vec<Curve> {
    let plan = &frame.plan;
    let outlets = plan.outlets.iter().enumerate().filter_map(|(i, outlet)| {
        // A line has the colour and the name of who reads: that is whose work waits there.
        let reader = plan.consumers.get(plan.reads.get(outlet.readers.first()?.index())?.consumer.index())?;
        let name = &plan.nodes.get(reader.node.index())?.name;
        let channel = || {
            let channel = outlet.channels.first().and_then(|c| plan.channels.get(c.index()));
            channel.and_then(|c| c.name.split('/').nth(1)).unwrap_or_default()
        };
        // The channel first: names are cut at their end, and all channels of a reader begin alike.
        let name = if reader.reads.len() > 1 { format!("{}, {name}", channel()) } else { name.clone() };
        let points = points(frame, |bin| bin.depth(OutletId::at(i)));
        Some(Curve { name, node: reader.node, points, aside: false })
    });
    let mut lag = of_consumers(frame, |bin, _, consumer| bin.lag(consumer));
    for curve in &mut lag {
        curve.name.push_str(" lag");
        curve.aside = true;
    }
    outlets.chain(lag).collect()
}

fn of_node(frame: &Frame, node: NodeId, figure: impl Fn(&Bin<'_>) -> f64) -> Curve {
    let name = frame.plan.nodes.get(node.index()).map(|n| n.name.clone()).unwrap_or_default();
    Curve { name, node, points: points(frame, figure), aside: false }
}

fn of_consumers(frame: &Frame, figure: fn(&Bin<'_>, NodeId, ConsumerId) -> f64) -> Vec<Curve> {
    let consumers = frame.plan.consumers.iter().enumerate();
    consumers.map(|(i, consumer)| of_node(frame, consumer.node, |bin| figure(bin, consumer.node, ConsumerId::at(i)))).collect()
}

/// The figure in every bin that is drawn.
fn points(frame: &Frame, figure: impl Fn(&Bin<'_>) -> f64) -> Vec<[f64; 2]> {
    let until = shown_until(frame.past.recorded.seconds(), frame.plan.duration.seconds());
    frame.past.film.bins(0.0, until, POINTS).iter().map(|bin| [bin.middle(), figure(bin)]).collect()
}

fn one(ui: &mut Ui, theme: &Theme, frame: &Frame, selection: &Selection, title: &str, format: Format, mut curves: Vec<Curve>) {
    let selected = |c: &Curve| frame.plan.nodes.get(c.node.index()).is_some_and(|n| selection.nodes.contains(&n.name));
    let any_selected = curves.iter().any(selected);
    let all = curves.len();
    if all > LINES {
        curves.sort_by(|a, b| selected(b).cmp(&selected(a)).then(b.top().total_cmp(&a.top())));
        curves.truncate(LINES);
    }
    let more = if all > LINES { format!(", the largest {LINES} of {all}") } else { String::new() };
    ui.label(RichText::new(format!("{title}{more}")).size(theme.label).color(theme.muted));
    let rect = ui.available_rect_before_wrap();
    let names = (rect.width() * 0.3).min(theme.px(104.0).max(rect.width() * 0.2));
    let plot_size = rect.size() - vec2(names, 0.0);
    let until = shown_until(frame.past.recorded.seconds(), frame.plan.duration.seconds());
    let top = curves.iter().map(Curve::top).fold(0.0, f64::max);
    let ink = |c: &Curve| {
        let colour = theme.line_colour(rank(frame, c.node));
        if any_selected && !selected(c) { theme.wash(colour, 0.45) } else { colour }
    };
    let ends: Vec<(String, [f64; 2], Color32, bool)> =
        curves.iter().filter(|c| !c.aside).filter_map(|c| Some((c.name.clone(), c.last()?, ink(c), selected(c)))).collect();
    let lines: Vec<Line<'_>> =
        curves.iter().flat_map(|c| lines_of(c, theme, ink(c), rank(frame, c.node) >= Theme::LINE_COLOURS, selected(c))).collect();
    let hovered = move |at: &HoverPosition<'_>| {
        let (name, at) = match at {
            HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, *position),
            HoverPosition::Elsewhere { .. } => return None,
        };
        Some(format!("{name}\n{} at {}", format.words(at.y), figures::seconds(at.x)))
    };
    let axis = |hints: AxisHints<'static>| hints.tick_label_font(FontId::proportional(theme.label)).tick_label_color(theme.muted);
    let near = theme.px(18.0);
    let x_axis = axis(AxisHints::new_x())
        .formatter(|mark, _| {
            // The corner belongs to the zero of the other axis.
            if mark.value == 0.0 { String::new() } else { figures::axis_seconds(mark.value) }
        })
        .label_spacing(near..=near * 1.2);
    let y_axis = axis(AxisHints::new_y()).label_spacing(near * 0.5..=near * 0.7).min_thickness(theme.px(40.0)).formatter(move |mark, _| {
        // Below zero there is nothing to say: the margin may reach there, figures do not.
        if mark.value < 0.0 { String::new() } else { short(&format.words(mark.value)) }
    });
    let (across, up) = ((plot_size.x / theme.px(48.0)) as usize, (plot_size.y / theme.px(32.0)) as usize);
    let response = Plot::new(title)
        .width(plot_size.x)
        .height(plot_size.y)
        .include_x(0.0)
        .include_x(until)
        .include_y(0.0)
        .include_y(if top > 0.0 { top * 1.1 } else { 1.15 })
        .set_margin_fraction(Vec2::ZERO)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .grid_color(theme.line)
        .show_grid(Vec2b::new(false, true))
        .grid_spacing(egui::Rangef::new(1.0, 2.0))
        .x_grid_spacer(move |input: GridInput| Format::Time.marks(input.bounds, across))
        .y_grid_spacer(move |input: GridInput| format.marks(input.bounds, up))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .link_axis(Id::unique("plots over time"), [true, false])
        .link_cursor(Id::unique("plots over time"), [true, false])
        .cursor_color(theme.muted)
        .label_formatter(hovered)
        .show(ui, |plot| {
            plot.vline(VLine::new("now", frame.now.seconds()).stroke(Stroke::new(theme.stroke, theme.accent)).allow_hover(false));
            for line in lines {
                plot.line(line);
            }
        });
    let lines = response.transform.frame();
    let room = Rect::from_min_max(pos2(rect.left() + plot_size.x, lines.top()), pos2(rect.right(), lines.bottom()));
    name_ends(ui, theme, &response.transform, room, ends);
}

/// Up to where the time axis reaches: the whole run once half of it is over, before that the half, the quarter or the eighth
/// that the present is in. What has just begun fills the plot, and the axis changes three times, not all the time.
fn shown_until(now: f64, duration: f64) -> f64 {
    [8.0, 4.0, 2.0].into_iter().map(|part| duration / part).find(|until| now <= until * 0.98).unwrap_or(duration)
}

/// The how-manieth of those that have lines a node is: its colour, whatever is selected or shown.
fn rank(frame: &Frame, node: NodeId) -> usize {
    frame.plan.nodes.iter().take(node.index()).filter(|n| !matches!(n.role, Role::Broker(_))).count()
}

/// The parts of a curve between its gaps.
fn lines_of<'a>(curve: &Curve, theme: &Theme, colour: Color32, again: bool, selected: bool) -> Vec<Line<'a>> {
    let width = theme.stroke * if selected { 2.5 } else { 1.5 };
    let parts = curve.points.split(|p| !p[1].is_finite()).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let style = match curve.aside {
                true => LineStyle::dashed_dense(),
                // Colours come round again: the second time the line is dotted.
                false if again => LineStyle::dotted_dense(),
                false => LineStyle::Solid,
            };
            Line::new(curve.name.clone(), PlotPoints::from(part.to_vec())).color(colour).width(width).style(style)
        })
        .collect()
}

/// Names at the lines' ends, moved apart where they would cover each other; what does not fit is left to hovering.
fn name_ends(ui: &Ui, theme: &Theme, transform: &PlotTransform, room: Rect, mut ends: Vec<(String, [f64; 2], Color32, bool)>) {
    let height = theme.label * 1.3;
    let fit = (room.height() / height).floor() as usize;
    if ends.len() > fit {
        ends.sort_by(|a, b| b.3.cmp(&a.3).then(b.1[1].total_cmp(&a.1[1])));
        ends.truncate(fit);
    }
    let y_of = |value: f64| transform.position_from_point_y(value).clamp(room.top() + height / 2.0, room.bottom() - height / 2.0);
    ends.sort_by(|a, b| b.1[1].total_cmp(&a.1[1]));
    let mut places: Vec<f32> = ends.iter().map(|e| y_of(e.1[1])).collect();
    spread(&mut places, height, room.top() + height / 2.0, room.bottom() - height / 2.0);
    let painter = ui.painter().with_clip_rect(room);
    for ((name, _, colour, _), y) in ends.into_iter().zip(places) {
        let to = pos2(room.left() + theme.px(space::S), y);
        painter.circle_filled(to, theme.px(2.5), colour);
        let font = FontId::proportional(theme.label);
        let at = to + vec2(theme.px(space::XS) + 2.0, 0.0);
        painter.text(at, Align2::LEFT_CENTER, fitted(ui, &name, &font, room.right() - at.x), font, theme.text);
    }
}

/// A name cut to a width.
fn fitted(ui: &Ui, name: &str, font: &FontId, width: f32) -> String {
    let wide = |text: &str| ui.fonts_mut(|f| f.layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE).size().x);
    if wide(name) <= width {
        return name.to_owned();
    }
    let mut short: Vec<char> = name.chars().collect();
    while short.len() > 1 {
        short.pop();
        let text: String = short.iter().chain(['…'].iter()).collect();
        if wide(&text) <= width {
            return text;
        }
    }
    String::new()
}

/// Moves ascending places apart to at least `gap`, within bounds.
fn spread(places: &mut [f32], gap: f32, least: f32, most: f32) {
    let mut floor = least;
    for place in places.iter_mut() {
        *place = place.max(floor);
        floor = *place + gap;
    }
    let mut ceiling = most;
    for place in places.iter_mut().rev() {
        *place = place.min(ceiling);
        ceiling = *place - gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_moved_apart_and_stay_inside() {
        let mut places = [50.0, 51.0, 52.0, 99.0];
        spread(&mut places, 10.0, 5.0, 100.0);
        assert!(places.windows(2).all(|w| w[1] - w[0] >= 9.99), "{places:?}");
        assert!(places[0] >= 5.0 && places[3] <= 100.0, "{places:?}");
        let mut crowded = [95.0, 96.0, 97.0];
        spread(&mut crowded, 10.0, 5.0, 100.0);
        assert!(crowded[2] <= 100.0 && crowded[0] <= 80.0, "{crowded:?}");
    }

    #[test]
    fn the_time_axis_grows_with_the_run_and_never_ends_before_the_present() {
        assert_eq!(shown_until(0.0, 80.0), 10.0);
        assert_eq!(shown_until(12.0, 80.0), 20.0);
        assert_eq!(shown_until(80.0, 80.0), 80.0);
        for now in 0..=80 {
            let until = shown_until(f64::from(now), 80.0);
            assert!((f64::from(now)..=80.0).contains(&until), "{now}: {until}");
        }
    }
}
