//! One plot: lines in their nodes' colours with their names at their ends, or a heat map; over the part of the run that is seen, with the
//! playhead. Clicked or dragged, it goes there; scrolled, it zooms, and all others with it.

use super::figures::{Curve, Format, Ink, Kind, columns, ends, values};
use super::save::place_of;
use super::scale::Scale;
use crate::app::action::{Action, Selection};
use crate::app::marks::short;
use crate::app::theme::{Theme, space};
use crate::app::timeline::TimeView;
use crate::figures;
use crate::ids::NodeId;
use crate::record::faults::together;
use crate::run::Frame;
use crate::scenario::Plan;
use crate::scenario::plan::Role;
use egui::{Align2, Color32, FontId, Id, Rect, RichText, Sense, Stroke, Ui, Vec2, Vec2b, pos2, vec2};
use egui_plot::{AxisHints, GridInput, HoverPosition, Line, LineStyle, Plot, PlotPoint, PlotPoints, PlotTransform, Points, Span, VLine};

/// Most lines in one plot: more can neither be told apart nor drawn in time.
const LINES: usize = 24;

/// Points per line and per hundred points of the plot's own width, in the usual size of type: bins are fine enough to zoom into, but side
/// by side in a small plot they would be noise.
const DENSITY: f32 = 25.0;
/// Least room for the figures of the upright axis.
const AXIS: f32 = 40.0;

/// The part of the run that plots show, in seconds: what the timeline has zoomed to, or as much as there is.
pub(super) fn part(frame: &Frame, time: &TimeView) -> (f64, f64) {
    let duration = frame.plan.duration.seconds();
    time.view.unwrap_or_else(|| (0.0, shown_until(frame.past.recorded.seconds(), duration).max(1e-9)))
}

/// Draws it.
pub(super) fn one(
    ui: &mut Ui,
    theme: &Theme,
    frame: &Frame,
    selection: &Selection,
    (place, kind, scale): (usize, Kind, Scale),
    (from, until): (f64, f64),
    time: &mut TimeView,
    actions: &mut Vec<Action>,
) {
    let format = kind.format();
    let width = ui.available_width();
    let names = (width * 0.3).min(theme.px(104.0).max(width * 0.2));
    let most = ((width - names - theme.px(AXIS)).max(0.0) / theme.px(100.0) * DENSITY) as usize;
    let mut curves = kind.curves(frame, from, until, most);
    let heat = match kind {
        Kind::Heat => {
            let any = frame.plan.nodes.iter().any(|n| matches!(n.role, Role::Consumer(_)) && selection.nodes.contains(&n.name));
            let wanted = |node: NodeId| !any || selection.nodes.contains(&frame.plan.nodes[node.index()].name);
            columns(frame, from, until, most * 2, wanted)
        }
        _ => Vec::new(),
    };
    let chosen = |node: NodeId| frame.plan.nodes.get(node.index()).is_some_and(|n| selection.nodes.contains(&n.name));
    let selected = |c: &Curve| match c.ink {
        Ink::Node(node) => chosen(node),
        Ink::Outlet(outlet) => frame.plan.outlets.get(outlet.index()).is_some_and(|o| chosen(frame.plan.brokers[o.broker.index()].node)),
        Ink::Type(_) | Ink::Other => false,
    };
    let any_selected = curves.iter().any(selected);
    let all = curves.len();
    if all > LINES {
        curves.sort_by(|a, b| selected(b).cmp(&selected(a)).then(b.top().total_cmp(&a.top())));
        curves.truncate(LINES);
    }
    if all > LINES {
        ui.label(RichText::new(format!("The largest {LINES} of {all}")).size(theme.label).color(theme.muted));
    }
    let rect = ui.available_rect_before_wrap();
    let plot_size = rect.size() - vec2(names, 0.0);
    let (least, most_shown) = scale.range(values(&curves, &heat));
    // From here on points are where they stand on the axis.
    curves.iter_mut().flat_map(|curve| &mut curve.points).for_each(|point| point[1] = scale.place(point[1]));
    let ink = |c: &Curve| {
        let colour = match c.ink {
            Ink::Node(_) | Ink::Outlet(_) => theme.line_colour(rank(&frame.plan, c.ink)),
            Ink::Type(kind) => theme.event(kind.index()).0,
            Ink::Other => theme.muted,
        };
        if any_selected && !selected(c) { theme.wash(colour, 0.45) } else { colour }
    };
    let named = ends(&curves).into_iter().map(|(name, i, last)| End {
        name: name.to_owned(),
        value: last[1],
        colour: ink(&curves[i]),
        selected: selected(&curves[i]),
    });
    let named: Vec<End> = named.collect();
    let again = |c: &Curve| match c.ink {
        Ink::Node(_) | Ink::Outlet(_) => rank(&frame.plan, c.ink) >= Theme::LINE_COLOURS,
        Ink::Type(kind) => kind.index() >= 7,
        Ink::Other => false,
    };
    // A line of one point is none: it is drawn as a dot.
    let dots: Vec<(Color32, [f64; 2])> = curves.iter().flat_map(|c| lone(&c.points).map(|p| (ink(c), p)).collect::<Vec<_>>()).collect();
    let lines: Vec<Line<'_>> = curves.iter().flat_map(|c| lines_of(c, theme, ink(c), again(c), selected(c))).collect();
    let hovered = move |at: &HoverPosition<'_>| {
        let (name, at) = match at {
            HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, *position),
            HoverPosition::Elsewhere { .. } => return None,
        };
        Some(format!("{name}\n{} at {}", format.words(scale.value(at.y)), figures::seconds(at.x)))
    };
    let axis = |hints: AxisHints<'static>| hints.tick_label_font(FontId::proportional(theme.label)).tick_label_color(theme.muted);
    let near = theme.px(18.0);
    let x_axis = axis(AxisHints::new_x())
        .formatter(|mark, _| {
            // The corner belongs to the zero of the other axis.
            if mark.value == 0.0 { String::new() } else { figures::axis_seconds(mark.value) }
        })
        .label_spacing(near..=near * 1.2);
    let y_axis = axis(AxisHints::new_y()).label_spacing(near * 0.5..=near * 0.7).min_thickness(theme.px(AXIS)).formatter(move |mark, _| {
        // Below zero there is nothing to say: the margin may reach there, figures do not.
        let value = scale.value(mark.value);
        if value < 0.0 { String::new() } else { short(&format.words(value)) }
    });
    let (across, up) = ((plot_size.x / theme.px(48.0)) as usize, (plot_size.y / theme.px(32.0)) as usize);
    let response = Plot::new(("plot", place))
        .width(plot_size.x)
        .height(plot_size.y)
        .include_y(least)
        .include_y(most_shown)
        .set_margin_fraction(Vec2::ZERO)
        .sense(Sense::click_and_drag())
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .grid_color(theme.line)
        .show_grid(Vec2b::new(false, true))
        .grid_spacing(egui::Rangef::new(1.0, 2.0))
        .x_grid_spacer(move |input: GridInput| Scale::default().marks(Format::Time, input.bounds, across))
        .y_grid_spacer(move |input: GridInput| scale.marks(format, input.bounds, up))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .link_cursor(Id::unique("plots over time"), [true, false])
        .cursor_color(theme.muted)
        .label_formatter(hovered)
        .show(ui, |plot| {
            plot.set_plot_bounds_x(from..=until);
            for fault in &frame.past.faults {
                let (began, ended) = (fault.began.seconds(), fault.ended.unwrap_or(frame.past.recorded).seconds());
                plot.span(band(String::new(), began..=ended).fill(theme.wash(theme.bad, 0.10)));
            }
            for (from, to, words) in together(&frame.past.faults, frame.past.recorded) {
                plot.span(band(words, from..=to).fill(Color32::TRANSPARENT));
            }
            for change in frame.past.here().into_iter().flat_map(|branch| &branch.interventions) {
                let line = VLine::new(change.what.to_string(), change.time().seconds());
                plot.vline(line.stroke(Stroke::new(theme.stroke, theme.warn)).style(LineStyle::dotted_dense()));
            }
            for (colour, at) in dots {
                plot.points(Points::new("", vec![at]).color(colour).radius(theme.px(2.0)));
            }
            plot.vline(VLine::new("now", frame.now.seconds()).stroke(Stroke::new(theme.stroke, theme.accent)).allow_hover(false));
            for line in lines {
                plot.line(line);
            }
        });
    draw_heat(ui, theme, &response.transform, scale, least, &heat);
    ui.data_mut(|data| data.insert_temp(place_of(kind), rect));
    act(ui, &response, frame, time, actions);
    let lines = response.transform.frame();
    let room = Rect::from_min_max(pos2(rect.left() + plot_size.x, lines.top()), pos2(rect.right(), lines.bottom()));
    name_ends(ui, theme, &response.transform, room, named);
}

/// A stretch of time over the whole height, with its name at the top as far as that fits.
fn band(name: String, range: std::ops::RangeInclusive<f64>) -> Span {
    Span::new(name, range).axis(egui_plot::Axis::X).border_width(0.0)
}

/// What the pointer wants: another moment, or a closer look.
fn act<R>(ui: &Ui, response: &egui_plot::PlotResponse<R>, frame: &Frame, time: &mut TimeView, actions: &mut Vec<Action>) {
    let (pointer, transform) = (&response.response, &response.transform);
    let duration = frame.plan.duration.seconds();
    if let Some(at) = pointer.hover_pos() {
        let scroll = ui.input(|i| i.smooth_scroll_delta());
        if scroll.y != 0.0 {
            time.zoom(duration, transform.value_from_position(at).x, (-f64::from(scroll.y) / 240.0).exp());
        }
    }
    if (pointer.dragged() || pointer.clicked())
        && let Some(at) = pointer.interact_pointer_pos()
    {
        time.seek(transform.value_from_position(at).x.clamp(0.0, duration), actions);
    }
    if pointer.drag_stopped() || pointer.clicked() {
        time.let_go();
    }
}

/// Points without a neighbour.
fn lone(points: &[[f64; 2]]) -> impl Iterator<Item = [f64; 2]> + '_ {
    points.split(|p| !p[1].is_finite()).filter(|part| part.len() == 1).map(|part| part[0])
}

/// Classes of latency as cells, darker where there are more, on a logarithmic scale.
fn draw_heat(ui: &Ui, theme: &Theme, transform: &PlotTransform, scale: Scale, least: f64, heat: &[(f64, f64, crate::record::heat::Heat)]) {
    let most = heat.iter().flat_map(|(_, _, heat)| heat.classes().map(|class| class.2)).max().unwrap_or(1);
    let mut mesh = egui::Mesh::default();
    for (begin, end, heat) in heat {
        for (low, high, count) in heat.classes() {
            let share = f64::from(count).ln_1p() / f64::from(most).ln_1p();
            // What begins at zero reaches to the bottom.
            let corner = |x: f64, y: f64| transform.position_from_point(&PlotPoint::new(x, scale.place(y).max(least)));
            let mut cell = Rect::from_two_pos(corner(*begin, low), corner(*end, high));
            if cell.height() < 1.0 {
                cell.set_height(1.0);
            }
            mesh.add_colored_rect(cell, theme.wash(theme.accent, 0.12 + 0.88 * share as f32));
        }
    }
    ui.painter().with_clip_rect(*transform.frame()).add(mesh);
}

/// Up to where the time axis reaches: the whole run once half of it is over, before that the half, the quarter or the eighth
/// that the present is in. What has just begun fills the plot, and the axis changes three times, not all the time.
fn shown_until(now: f64, duration: f64) -> f64 {
    [8.0, 4.0, 2.0].into_iter().map(|part| duration / part).find(|until| now <= until * 0.98).unwrap_or(duration)
}

/// The how-manieth of those that have lines it is: its colour, whatever is selected or shown. Outlets that nobody reads come behind all nodes.
pub(super) fn rank(plan: &Plan, ink: Ink) -> usize {
    let nodes = |before: usize| plan.nodes.iter().take(before).filter(|node| !matches!(node.role, Role::Broker(_))).count();
    match ink {
        Ink::Node(node) => nodes(node.index()),
        Ink::Outlet(outlet) => {
            nodes(plan.nodes.len()) + plan.outlets.iter().take(outlet.index()).filter(|outlet| outlet.readers.is_empty()).count()
        }
        Ink::Type(kind) => kind.index(),
        Ink::Other => 0,
    }
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

/// A name at the end of a line.
struct End {
    name: String,
    value: f64,
    colour: Color32,
    selected: bool,
}

/// Names at the lines' ends, moved apart where they would cover each other; what does not fit is left to hovering.
fn name_ends(ui: &Ui, theme: &Theme, transform: &PlotTransform, room: Rect, ends: Vec<End>) {
    let height = theme.label * 1.3;
    if room.height() < height {
        return;
    }
    let (top, bottom) = (room.top() + height / 2.0, room.bottom() - height / 2.0);
    let place = |value: f64| transform.position_from_point_y(value).clamp(top, bottom);
    let mut ends: Vec<(f32, End)> = ends.into_iter().map(|end| (place(end.value), end)).collect();
    put_in_order(&mut ends, height / 2.0);
    leave_out(&mut ends, (room.height() / height).floor() as usize, |end| end.selected);
    let mut places: Vec<f32> = ends.iter().map(|(place, _)| *place).collect();
    spread(&mut places, height, top, bottom);
    let painter = ui.painter().with_clip_rect(room);
    for ((_, end), y) in ends.into_iter().zip(places) {
        let to = pos2(room.left() + theme.px(space::S), y);
        painter.circle_filled(to, theme.px(2.5), end.colour);
        let font = FontId::proportional(theme.label);
        let at = to + vec2(theme.px(space::XS) + 2.0, 0.0);
        painter.text(at, Align2::LEFT_CENTER, fitted(ui, &end.name, &font, room.right() - at.x), font, theme.text);
    }
}

/// Puts names in the order of their places, from the top; but two that stand side by side and want places closer than `near` stay as they are.
/// So names of lines that end together keep the order of the lines, instead of changing places with every bin.
fn put_in_order<T>(places: &mut [(f32, T)], near: f32) {
    for sorted in 1..places.len() {
        for at in (0..sorted).rev() {
            if places[at].0 - places[at + 1].0 < near {
                break;
            }
            places.swap(at, at + 1);
        }
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

/// Leaves out the lowest of those that are not `wanted`, until no more than `fit` are left. (After they were put in order, so that those that
/// are shown do not change with every bin either.)
fn leave_out<T>(places: &mut Vec<(f32, T)>, fit: usize, wanted: impl Fn(&T) -> bool) {
    while places.len() > fit {
        let lowest = places.iter().rposition(|(_, name)| !wanted(name)).unwrap_or(places.len() - 1);
        places.remove(lowest);
    }
}

/// Moves places that (nearly) ascend apart to at least `gap`, within bounds.
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
    fn no_two_lines_of_one_plot_have_the_same_place_among_the_colours() {
        let text = include_str!("../../../scenarios/brokers/rabbitmq-retry.ron");
        let plan = crate::scenario::load(text, "retry.ron", &crate::scenario::NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan;
        let idle = (0..plan.outlets.len()).filter(|i| plan.outlets[*i].readers.is_empty());
        let lines = (0..plan.nodes.len()).filter(|i| !matches!(plan.nodes[*i].role, Role::Broker(_)));
        let inks: Vec<Ink> =
            lines.map(|i| Ink::Node(NodeId::at(i))).chain(idle.map(|i| Ink::Outlet(crate::ids::OutletId::at(i)))).collect();
        let places: std::collections::BTreeSet<usize> = inks.iter().map(|ink| rank(&plan, *ink)).collect();
        assert!(inks.len() == 5 && places == (0..5).collect(), "{inks:?} {places:?}");
    }

    #[test]
    fn names_that_have_no_room_are_left_out() {
        let (ctx, theme) = (egui::Context::default(), Theme::of(crate::app::theme::Mode::Projector));
        let bounds = egui_plot::PlotBounds::from_min_max([0.0, 0.0], [1.0, 1.0]);
        for height in [0.0, 1.0, 10.0, 200.0] {
            let room = Rect::from_min_size(egui::Pos2::ZERO, vec2(100.0, height));
            let transform = PlotTransform::new(room, bounds, [false, false]);
            let end = |value: f64| End { name: "billing".to_owned(), value, colour: Color32::WHITE, selected: true };
            let draw = |ui: &mut Ui| name_ends(ui, &theme, &transform, room, vec![end(0.2), end(0.9)]);
            let mut output = ctx.run_ui(egui::RawInput::default(), draw);
            output.textures_delta.clear();
            let texts = output.shapes.iter().filter(|shape| matches!(shape.shape, egui::Shape::Text(_))).count();
            assert_eq!(texts, if height < 100.0 { 0 } else { 2 }, "{height}");
        }
    }

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
    fn names_of_lines_that_end_together_keep_the_order_of_the_lines() {
        let order = |places: &[f32]| -> Vec<usize> {
            let mut named: Vec<(f32, usize)> = places.iter().copied().enumerate().map(|(i, place)| (place, i)).collect();
            put_in_order(&mut named, 10.0);
            named.into_iter().map(|(_, i)| i).collect()
        };
        // Three lines about one value, whichever is above the others just now.
        for places in [[50.0, 54.0, 47.0], [47.0, 50.0, 54.0], [54.0, 47.0, 50.0]] {
            assert_eq!(order(&places), [0, 1, 2], "{places:?}");
        }
        assert_eq!(order(&[90.0, 10.0, 50.0]), [1, 2, 0]);
        assert_eq!(order(&[90.0, 10.0, 92.0, 12.0]), [1, 3, 0, 2], "each pair keeps its order");
    }

    #[test]
    fn the_lowest_names_are_left_out_where_not_all_fit_but_no_chosen_one_before_others() {
        let left = |fit: usize, chosen: &[usize]| -> Vec<usize> {
            let mut named: Vec<(f32, usize)> = (0..5).map(|i| (i as f32, i)).collect();
            leave_out(&mut named, fit, |name| chosen.contains(name));
            named.into_iter().map(|(_, i)| i).collect()
        };
        assert_eq!((left(7, &[]), left(3, &[])), (vec![0, 1, 2, 3, 4], vec![0, 1, 2]));
        assert_eq!((left(3, &[4]), left(1, &[3, 4]), left(0, &[4])), (vec![0, 1, 4], vec![3], vec![]));
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
