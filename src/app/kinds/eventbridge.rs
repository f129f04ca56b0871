//! EventBridge: buses above, rules and dead-letter queues below. A rule shows what it wanted and what it passed over, and its
//! pattern is judged against the events that just went by while it is being written.

mod code;
mod input;
mod inspect;
mod letters;
mod pattern;
mod queues;
mod recent;
mod removal;
mod rules;
mod targets;

use super::{Board, Inside, Kind, Offer, Part, Way, even, letters};
use crate::app::action::Action;
use crate::app::canvas::labels;
use crate::app::canvas::measures::{BROKER_WIDTH, PAD, ROW};
use crate::app::canvas::paint::mix;
use crate::app::edit::users::{Gone, Users};
use crate::app::inspector::Inspected;
use crate::run::Frame;
use crate::run::frame::{BrokerView, eventbridge};
use crate::scenario::broker::eventbridge::{Bus, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::plan::Role;
use egui::{Align2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_material_icons::icons::ICON_ALT_ROUTE;

/// What the palette says.
pub const OFFER: Offer = Offer {
    kind: "EventBridge",
    title: "EventBridge",
    line: "Event buses whose rules pick events by their contents",
    icon: ICON_ALT_ROUTE,
    fresh: || {
        let bus = Bus { name: "default".to_owned(), archive: None };
        BrokerKind::EventBridge(EventBridge { buses: vec![bus], rules: vec![rules::fresh("everything", None)], ..EventBridge::default() })
    },
};

/// Width of a rule's figures, as in `12.3 k of 45.6 k`.
const FIGURES: f32 = 112.0;

/// Figures are mostly narrow digits: how much of the room for letters they take.
const SLIM: f32 = 0.8;

/// Height of an archive below its bus.
const ARCHIVE: f32 = 26.0;

/// What the run's latest frame shows of the broker called `id`.
fn view<'f>(frame: Option<&'f Frame>, id: &str) -> Option<&'f eventbridge::View> {
    let frame = frame?;
    let node = frame.plan.nodes.iter().find(|node| node.name == id)?;
    let Role::Broker(broker) = node.role else { return None };
    match frame.brokers.get(broker.index())? {
        BrokerView::EventBridge(view) => Some(view),
        _ => None,
    }
}

impl Kind for EventBridge {
    fn board(&self, least: f32) -> Board {
        let buses = self.buses.iter().map(|bus| (bus.name.as_str(), "bus", true));
        let rules = self.rules.iter().map(|rule| (rule.name.as_str(), "rule", false));
        let queues = self.dead_letter_queues().into_iter().map(|name| (name, "dead-letter queue", false));
        let rows: Vec<(&str, &'static str, bool)> = buses.chain(rules).chain(queues).collect();
        let height = |i: usize| if self.buses.get(i).is_some_and(|bus| bus.archive.is_some()) { ROW + ARCHIVE } else { ROW };
        let top = |i: usize| (0..i).map(height).sum::<f32>();
        let wanted = rows.iter().map(|(name, ..)| letters(name) + FIGURES + PAD * 2.0).fold(least, f32::max);
        let width = even(wanted).clamp(BROKER_WIDTH.0, BROKER_WIDTH.1);
        let part = |(i, (name, noun, takes)): (usize, &(&str, &'static str, bool))| Part {
            name: (*name).to_owned(),
            noun,
            takes: *takes,
            gives: !*takes,
            rect: Rect::from_min_size(pos2(0.0, top(i)), vec2(width, height(i))),
        };
        Board { size: vec2(width, top(rows.len()).max(ROW)), parts: rows.iter().enumerate().map(part).collect() }
    }

    fn paint(&self, inside: &Inside<'_>, scratch: &mut String) {
        let seen = inside.id.and_then(|id| inside.frame.and_then(|frame| view(Some(frame), &frame.plan.nodes[id.index()].name)));
        let unit = inside.brush.unit;
        if inside.node.rows.is_empty() {
            inside.nothing("no buses yet");
        }
        for (i, row) in inside.node.rows.iter().enumerate() {
            let area = inside.area(row);
            if !inside.brush.view.canvas.intersects(area) {
                continue;
            }
            inside.slot(i, area);
            let kept = self.buses.get(i).is_some_and(|bus| bus.archive.is_some());
            let area = if kept { area.with_max_y(area.bottom() - ARCHIVE * unit) } else { area };
            if kept {
                let place = Rect::from_min_size(area.left_bottom(), vec2(area.width(), ARCHIVE * unit));
                self.archive(inside, i, place, seen, scratch);
            }
            let right = area.right() - PAD * unit;
            let end = right - FIGURES * unit;
            inside.caption(row, area, end);
            let figures: Vec<_> = inside.figures(i).collect();
            let place = Rect::from_min_max(pos2(end, area.top()), pos2(right - 2.0 * unit, area.bottom()));
            scratch.clear();
            match (seen, i.checked_sub(self.buses.len())) {
                (Some(view), None) => {
                    labels::count(scratch, view.buses.get(i).map_or(0, |bus| bus.taken));
                    scratch.push_str(" in");
                }
                (Some(view), Some(rule)) if rule < self.rules.len() => {
                    let Some(counts) = view.rules.get(rule) else { continue };
                    tally(scratch, counts);
                    let theme = inside.theme();
                    if letters(scratch) * SLIM * theme.label / 12.0 > place.width() {
                        // From further away: what it wanted alone.
                        scratch.clear();
                        labels::count(scratch, counts.matched + counts.scheduled);
                    }
                    let middle = place.right_center();
                    let bad = trouble(counts);
                    let up = 7.0 * unit;
                    let fits = up * 2.0 > theme.label * 0.9;
                    let wide = place.width() + 40.0 * unit;
                    let figures = |at: egui::Pos2, text: &str| {
                        inside.brush.text(at, Align2::RIGHT_CENTER, text, theme.label, theme.muted, place.width())
                    };
                    let warning = |at: egui::Pos2| inside.brush.text(at, Align2::RIGHT_CENTER, &bad, theme.label * 0.9, theme.warn, wide);
                    match bad.is_empty() {
                        true => _ = figures(middle, scratch),
                        // Where two lines do not fit, what goes wrong is said.
                        false if !fits => _ = warning(middle),
                        false => {
                            figures(middle - vec2(0.0, up), scratch);
                            warning(middle + vec2(0.0, up));
                        }
                    }
                    continue;
                }
                _ => {
                    inside.depth(place, &figures, scratch);
                    continue;
                }
            }
            let theme = inside.theme();
            inside.brush.text(place.right_center(), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, place.width());
        }
    }

    fn noun(&self, way: Way) -> &'static str {
        match way {
            Way::In => "bus",
            Way::Out => "rule",
        }
    }

    fn create(&mut self, name: &str, way: Way) {
        match way {
            Way::In => self.buses.push(Bus { name: name.to_owned(), archive: None }),
            Way::Out => {
                let bus = self.buses.first().map(|bus| bus.name.clone()).filter(|_| self.buses.len() > 1);
                self.rules.push(rules::fresh(name, bus));
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str, way: Way) {
        let follow = |name: &mut Option<String>| name.iter_mut().filter(|name| *name == from).for_each(|name| to.clone_into(name));
        match way {
            Way::In => {
                self.buses.iter_mut().filter(|bus| bus.name == from).for_each(|bus| to.clone_into(&mut bus.name));
                self.rules.iter_mut().for_each(|rule| {
                    follow(&mut rule.bus);
                    rule.forwards_mut().filter(|bus| *bus == from).for_each(|bus| to.clone_into(bus));
                });
                self.replays.iter_mut().for_each(|replay| follow(&mut replay.bus));
            }
            Way::Out => {
                self.rules.iter_mut().for_each(|rule| {
                    if rule.name == from {
                        to.clone_into(&mut rule.name);
                    }
                    rule.queues_mut().for_each(follow);
                });
                let named = self.replays.iter_mut().flat_map(|replay| &mut replay.rules);
                named.filter(|name| *name == from).for_each(|name| to.clone_into(name));
            }
        }
    }

    fn remove(&mut self, position: usize, way: Way) -> Option<String> {
        match way {
            Way::In => removal::bus(self, position),
            Way::Out => removal::rule(self, position),
        }
    }

    fn places(&mut self) -> Vec<&mut String> {
        // A bus without a broker is one of its own.
        self.rules.iter_mut().flat_map(Rule::forwards_mut).filter(|bus| bus.contains('/')).collect()
    }

    fn cut(&mut self, gone: &dyn Fn(&str) -> bool) {
        let led = |rule: &&mut Rule| rule.forward.as_ref().is_some_and(|bus| bus.contains('/') && gone(bus));
        self.rules.iter_mut().filter(led).for_each(|rule| _ = rule.set_forward(None));
    }

    fn unforward(&mut self, position: usize) -> bool {
        self.rules.get_mut(position).is_some_and(|rule| rule.set_forward(None))
    }

    fn rename_node(&mut self, from: &str, to: &str) {
        self.sources.0.iter_mut().filter(|(node, _)| node == from).for_each(|(node, _)| to.clone_into(node));
    }

    fn regroup(&mut self, part: &str, from: &str, to: &str, users: &Users) {
        if users.reads(part, from) {
            return;
        }
        let targets = self.rules.iter_mut().filter(|rule| rule.name == part).flat_map(|rule| &mut rule.targets);
        targets.filter_map(|target| target.reader.as_mut()).filter(|reader| *reader == from).for_each(|reader| to.clone_into(reader));
    }

    fn forget(&mut self, gone: &Gone<'_>) {
        for rule in &mut self.rules {
            rule.targets.retain(|target| !target.reader.as_ref().is_some_and(|reader| gone.reader(&rule.name, reader)));
        }
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        inspect::show(self, ui, input, broker, actions);
    }
}

/// `12 of 340`, or how often its schedule came.
fn tally(out: &mut String, rule: &eventbridge::RuleView) {
    if rule.scheduled > 0 {
        labels::count(out, rule.scheduled);
        out.push_str(" on time");
    }
    if rule.scheduled == 0 || rule.matched > 0 {
        out.push_str(if rule.scheduled > 0 { ", " } else { "" });
        labels::count(out, rule.matched);
        out.push_str(" of ");
        labels::count(out, rule.matched + rule.passed_over);
    }
}

/// What went wrong with a rule's deliveries, in a few words.
fn trouble(rule: &eventbridge::RuleView) -> String {
    let mut words = Vec::new();
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            let mut text = String::new();
            labels::count(&mut text, count);
            words.push(format!("{text} {what}"));
        }
    };
    add(rule.failed - rule.throttles, "failed");
    add(rule.throttles, "throttled");
    add(rule.throttled, "waited");
    words.join(", ")
}

impl EventBridge {
    /// An archive below its bus: how much it keeps, on the time of the run, and the replays that are made of it.
    fn archive(&self, inside: &Inside<'_>, bus: usize, place: Rect, seen: Option<&eventbridge::View>, scratch: &mut String) {
        let (theme, unit, painter) = (inside.theme(), inside.brush.unit, &inside.brush.painter);
        let line = Rect::from_min_max(
            pos2(place.left() + (PAD + 2.0) * unit, place.bottom() - 9.0 * unit),
            pos2(place.right() - PAD * unit, place.bottom() - 4.0 * unit),
        );
        painter.rect_filled(line, 2.0 * unit, mix(theme.node, theme.muted, 0.15));
        scratch.clear();
        scratch.push_str("archive");
        if let (Some(frame), Some(view)) = (inside.frame, seen.and_then(|view| view.buses.get(bus))) {
            let whole = frame.plan.duration.seconds().max(1e-9);
            let x = |seconds: f64| line.left() + line.width() * (seconds / whole).clamp(0.0, 1.0) as f32;
            let span = |from: f64, to: f64| Rect::from_x_y_ranges(x(from)..=x(to).max(x(from) + 1.0), line.y_range());
            if let Some((oldest, newest)) = view.window {
                painter.rect_filled(span(oldest, newest), 2.0 * unit, mix(theme.node, theme.accent, 0.7));
            }
            let _ = std::fmt::Write::write_fmt(scratch, format_args!(": {} kept", crate::figures::count(view.archived)));
            let own = self.replays.iter().enumerate().filter(|(_, replay)| self.archive_of(replay) == Some(bus));
            for (i, replay) in own {
                let Some(now) = seen.and_then(|view| view.replays.get(i)) else { continue };
                let to = replay.to.unwrap_or(replay.at);
                painter.rect_stroke(
                    span(replay.from.seconds(), to.seconds()).expand(1.5 * unit),
                    2.0 * unit,
                    Stroke::new(theme.stroke, if now.left > 0 { theme.warn } else { theme.muted }),
                    StrokeKind::Outside,
                );
                if let Some(share) = (100 * now.done).checked_div(now.done + now.left) {
                    let _ = std::fmt::Write::write_fmt(scratch, format_args!(", {} {share} %", now.state.word()));
                }
            }
        }
        let at = pos2(line.left(), line.top() - 9.0 * unit);
        inside.brush.text(at, Align2::LEFT_CENTER, scratch, theme.label * 0.95, theme.muted, line.width());
    }
}
