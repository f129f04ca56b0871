//! EventBridge: buses above, rules and dead-letter queues below. A rule shows what it wanted and what it passed over, and its
//! pattern is judged against the events that just went by while it is being written.

mod pattern;

use super::{Board, Inside, Kind, Offer, Part, Way, even, letters};
use crate::app::action::Action;
use crate::app::canvas::labels;
use crate::app::canvas::measures::{BROKER_WIDTH, PAD, ROW, ROW_FIGURES};
use crate::app::canvas::paint::mix;
use crate::app::inspector::Inspected;
use crate::app::inspector::broker::renamed;
use crate::app::inspector::fields::{add, choice, count, entry, flag, optional, quantity, section, share, text};
use crate::app::inspector::shapes::{schedule_of, times};
use crate::app::theme::Theme;
use crate::app::widgets::{fact, labelled_button, muted};
use crate::run::frame::{BrokerView, eventbridge};
use crate::run::{Command, Frame};
use crate::scenario::broker::eventbridge::{Archive, Bus, FIDELITY, PutEvents, Replay, RetryPolicy, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge, Request};
use crate::scenario::document::Node;
use crate::scenario::intervention::What;
use crate::scenario::plan::Role;
use crate::scenario::schedule::Schedule;
use crate::scenario::units::Rate;
use crate::time::Span;
use egui::{Align2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_material_icons::icons::{ICON_ALT_ROUTE, ICON_CANCEL};

/// What the palette says.
pub const OFFER: Offer = Offer {
    kind: "EventBridge",
    title: "EventBridge",
    line: "Event buses whose rules pick events by their contents",
    icon: ICON_ALT_ROUTE,
    fresh: || {
        let bus = Bus { name: "default".to_owned(), archive: None };
        BrokerKind::EventBridge(EventBridge { buses: vec![bus], rules: vec![rule("everything", None)], ..EventBridge::default() })
    },
};

/// Height of an archive below its bus.
const ARCHIVE: f32 = 26.0;

/// A rule that wants every event.
fn rule(name: &str, bus: Option<String>) -> Rule {
    Rule {
        name: name.to_owned(),
        bus,
        pattern: r#"{"source": [{"exists": true}]}"#.to_owned(),
        schedule: None,
        enabled: true,
        forward: None,
        input: None,
        retry: RetryPolicy::default(),
        dead_letter: None,
    }
}

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
        let wanted = rows.iter().map(|(name, ..)| letters(name) + ROW_FIGURES + PAD * 2.0).fold(least, f32::max);
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
            let end = right - 96.0 * unit;
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
                    let middle = place.right_center();
                    let bad = trouble(counts);
                    let up = if bad.is_empty() { 0.0 } else { 7.0 * unit };
                    inside.brush.text(middle - vec2(0.0, up), Align2::RIGHT_CENTER, scratch, theme.label, theme.muted, place.width());
                    if !bad.is_empty() {
                        let wide = place.width() + 40.0 * unit;
                        inside.brush.text(middle + vec2(0.0, up), Align2::RIGHT_CENTER, &bad, theme.label * 0.9, theme.warn, wide);
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
                self.rules.push(rule(name, bus));
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
                    follow(&mut rule.forward);
                });
                self.replays.iter_mut().for_each(|replay| follow(&mut replay.bus));
            }
            Way::Out => {
                self.rules.iter_mut().for_each(|rule| {
                    if rule.name == from {
                        to.clone_into(&mut rule.name);
                    }
                    follow(&mut rule.dead_letter);
                });
                let named = self.replays.iter_mut().flat_map(|replay| &mut replay.rules);
                named.filter(|name| *name == from).for_each(|name| to.clone_into(name));
            }
        }
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        let seen = view(input.frame, broker);
        buses(self, ui, input, broker, seen, actions);
        rules(self, ui, input, broker, seen, actions);
        replays(self, ui, input.theme, seen, broker, actions);
        publishing(&mut self.put, ui, input.theme);
        section(ui, input.theme, "Service");
        times(ui, input.theme, "Latency", "From an event's arrival to a target's hearing of it", &mut self.latency);
        share(ui, input.theme, "Made twice", "Deliveries that are made twice: at least once is all that is promised", &mut self.duplicates);
        quantity(ui, input.theme, "Put quota", "Events taken in per second; more are refused", &mut self.quotas.put);
        quantity(ui, input.theme, "Invoke quota", "Targets invoked per second; more wait", &mut self.quotas.invoke);
        fidelity(ui, input.theme);
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

/// A name's field; what refers to it follows.
fn name(ui: &mut Ui, input: &Inspected<'_>, broker: &str, way: Way, taken: &[String], now: &str, actions: &mut Vec<Action>) {
    let mut new = now.to_owned();
    let wrong = |name: &str| match name {
        "" => Some("it needs a name".to_owned()),
        name if name.contains(['/', '#']) => Some("no `/` and no `#` in a name".to_owned()),
        name if name != now && taken.iter().any(|other| other == name) => Some(format!("there is another `{name}`")),
        _ => None,
    };
    if text(ui, input.theme, "Name", "Everything that refers to it follows", &mut new, wrong) {
        actions.push(renamed(input.scenario, broker, &[way], now, &new));
    }
}

fn unused(prefix: &str, taken: &[String]) -> String {
    (1..).map(|n| format!("{prefix}-{n}")).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// One of the buses, or the usual one.
fn bus_choice(ui: &mut Ui, theme: &Theme, title: &str, help: &str, none: &str, buses: &[String], value: &mut Option<String>) {
    let options: Vec<&str> = std::iter::once(none).chain(buses.iter().map(String::as_str)).collect();
    let at = value.as_ref().and_then(|name| options.iter().skip(1).position(|o| o == name)).map_or(0, |i| i + 1);
    if let Some(picked) = choice(ui, theme, title, help, &options, at) {
        *value = (picked > 0).then(|| options[picked].to_owned());
    }
}

fn buses(
    parts: &mut EventBridge,
    ui: &mut Ui,
    input: &Inspected<'_>,
    broker: &str,
    seen: Option<&eventbridge::View>,
    actions: &mut Vec<Action>,
) {
    let theme = input.theme;
    section(ui, theme, "Buses");
    let taken: Vec<String> = parts.buses.iter().map(|bus| bus.name.clone()).collect();
    let mut gone = None;
    for (i, bus) in parts.buses.iter_mut().enumerate() {
        let title = format!("bus {}", bus.name);
        let remove = ui.push_id(("bus", i), |ui| {
            entry(ui, theme, &title, |ui| {
                name(ui, input, broker, Way::In, &taken, &taken[i], actions);
                let mut kept = bus.archive.is_some();
                if flag(ui, theme, "Archive", "Keeps events, to have them replayed", &mut kept) {
                    bus.archive = kept.then(Archive::default);
                }
                if let Some(archive) = &mut bus.archive {
                    optional(ui, theme, "Retention", "How long it keeps events", "for ever", &mut archive.retention);
                }
                if let Some(bus) = seen.and_then(|view| view.buses.get(i)) {
                    let words = format!("{} taken, {} wanted by no rule, {} refused", bus.taken, bus.unmatched, bus.refused);
                    ui.label(muted(theme, words).size(theme.label));
                    if kept {
                        ui.label(muted(theme, format!("{} in the archive", bus.archived)).size(theme.label));
                    }
                }
            })
        });
        if remove.inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        parts.buses.remove(i);
    }
    if add(ui, theme, "Add bus") {
        parts.buses.push(Bus { name: unused("bus", &taken), archive: None });
    }
}

fn rules(
    parts: &mut EventBridge,
    ui: &mut Ui,
    input: &Inspected<'_>,
    broker: &str,
    seen: Option<&eventbridge::View>,
    actions: &mut Vec<Action>,
) {
    let theme = input.theme;
    section(ui, theme, "Rules");
    let buses: Vec<String> = parts.buses.iter().map(|bus| bus.name.clone()).collect();
    let mut taken: Vec<String> = parts.rules.iter().map(|rule| rule.name.clone()).collect();
    taken.extend(parts.dead_letter_queues().into_iter().map(str::to_owned));
    let far: Vec<String> = input
        .scenario
        .nodes
        .iter()
        .filter_map(|node| match node {
            Node::Broker(other) if other.id != broker => match &other.kind {
                BrokerKind::EventBridge(parts) => Some(parts.buses.iter().map(|bus| format!("{}/{}", other.id, bus.name))),
                _ => None,
            },
            _ => None,
        })
        .flatten()
        .collect();
    let homes: Vec<Option<usize>> = parts.rules.iter().map(|rule| parts.bus_of(rule)).collect();
    let mut gone = None;
    for (i, rule) in parts.rules.iter_mut().enumerate() {
        let title = format!("rule {}", rule.name);
        let remove = ui.push_id(("rule", i), |ui| {
            entry(ui, theme, &title, |ui| {
                name(ui, input, broker, Way::Out, &taken, &taken[i], actions);
                if buses.len() > 1 {
                    bus_choice(ui, theme, "Bus", "Whose events it looks at", "the usual one", &buses, &mut rule.bus);
                }
                flag(ui, theme, "Enabled", "Whether it looks at events at all", &mut rule.enabled);
                let recent = seen.into_iter().flat_map(|view| &view.recent).filter(|event| Some(event.bus) == homes[i]);
                pattern::edit(ui, theme, &mut rule.pattern, recent.map(|event| event.json.as_str()));
                if buses.len() + far.len() > 1 {
                    let others: Vec<String> = buses.iter().chain(&far).cloned().collect();
                    let help = "Another bus that gets the events as well; one of another broker as broker/bus";
                    bus_choice(ui, theme, "Forward to", help, "no other bus", &others, &mut rule.forward);
                }
                quantity(ui, theme, "Give up after", "Age of an event beyond which it is not tried again", &mut rule.retry.max_age);
                count(ui, theme, "Tries", "Tries after the first one", &mut rule.retry.attempts, 0..=185);
                let mut queue = rule.dead_letter.clone().unwrap_or_default();
                if text(ui, theme, "Dead letters", "The queue for what targets never took; empty for none", &mut queue, |_| None) {
                    rule.dead_letter = Some(queue).filter(|queue| !queue.is_empty());
                }
                let mut timed = rule.schedule.is_some();
                if flag(
                    ui,
                    theme,
                    "On a schedule",
                    "Its targets get an event of the service's own at some times; on the bus called default only",
                    &mut timed,
                ) {
                    rule.schedule = timed.then(Schedule::each_minute);
                }
                if let Some(schedule) = &mut rule.schedule {
                    schedule_of(ui, theme, schedule);
                }
                if let Some(rule) = seen.and_then(|view| view.rules.get(i)) {
                    figures(ui, theme, rule);
                }
            })
        });
        if remove.inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        parts.rules.remove(i);
    }
    if add(ui, theme, "Add rule") {
        let bus = buses.first().cloned().filter(|_| buses.len() > 1);
        parts.rules.push(rule(&unused("rule", &taken), bus));
    }
}

/// What a rule did in the run.
fn figures(ui: &mut Ui, theme: &Theme, rule: &eventbridge::RuleView) {
    let width = ui.available_width() / 2.0;
    for (name, help, value) in [
        ("Matched", "Events it wanted", rule.matched),
        ("Passed over", "Events it looked at and did not want", rule.passed_over),
        ("Invocations", "Hand-overs to targets, tries included", rule.invocations),
        ("Failed", "Of these, failed", rule.failed),
        ("Throttled", "Of the failed: a function was at its limit", rule.throttles),
        ("Waited", "Hand-overs that waited for the quota", rule.throttled),
        ("On schedule", "Events of the service's own", rule.scheduled),
        ("Dead-lettered", "Copies that went to the dead-letter queue", rule.dead_lettered),
        ("Dropped", "Copies given up with nowhere to go", rule.dropped),
    ] {
        fact(ui, theme, name, help, &value.to_string(), width);
    }
}

/// How clients put events.
fn publishing(put: &mut PutEvents, ui: &mut Ui, theme: &Theme) {
    section(ui, theme, "PutEvents");
    count(ui, theme, "Entries", "Entries of one call, up to ten", &mut put.entries, 1..=10);
    if put.entries > 1 {
        quantity(ui, theme, "Wait", "How long a client waits for a call to fill up", &mut put.wait);
    }
    share(ui, theme, "Entries fail", "Share of entries that fail alone while the call succeeds: FailedEntryCount", &mut put.fails);
}

fn replays(parts: &mut EventBridge, ui: &mut Ui, theme: &Theme, seen: Option<&eventbridge::View>, broker: &str, actions: &mut Vec<Action>) {
    let archived: Vec<String> = parts.buses.iter().filter(|bus| bus.archive.is_some()).map(|bus| bus.name.clone()).collect();
    if archived.is_empty() && parts.replays.is_empty() {
        return;
    }
    section(ui, theme, "Event replays");
    let taken: Vec<String> = parts.replays.iter().map(|replay| replay.name.clone()).collect();
    let mut gone = None;
    for (i, replay) in parts.replays.iter_mut().enumerate() {
        let (title, replay_name) = (format!("replay {}", replay.name), replay.name.clone());
        let remove = ui.push_id(("replay", i), |ui| {
            entry(ui, theme, &title, |ui| {
                text(ui, theme, "Name", "Events carry it as replay-name", &mut replay.name, |name| {
                    name.is_empty().then(|| "it needs a name".to_owned())
                });
                if archived.len() > 1 {
                    bus_choice(ui, theme, "Archive of", "The bus whose archive it is", "the usual one", &archived, &mut replay.bus);
                }
                quantity(ui, theme, "Starts at", "When it starts", &mut replay.at);
                quantity(ui, theme, "From", "Start of the window of events", &mut replay.from);
                optional(ui, theme, "To", "End of the window of events", "its own start", &mut replay.to);
                quantity(ui, theme, "Rate", "Events that come again per second", &mut replay.rate);
                optional(ui, theme, "Cancel at", "When it is stopped if it still goes on", "never", &mut replay.cancel);
                if let Some(now) = seen.and_then(|view| view.replays.get(i)) {
                    let words = format!("{}: {} came again, {} to come", now.state.word(), now.done, now.left);
                    ui.label(muted(theme, words).size(theme.label));
                    let name = &replay_name;
                    let under_way = matches!(now.state.word(), "PLANNED" | "RUNNING");
                    if under_way && labelled_button(ui, theme, ICON_CANCEL, &format!("Cancel {name} now"), true).clicked() {
                        let request = Request::CancelReplay(name.clone());
                        actions.push(Action::Run(Command::Intervene(What::Ask { broker: broker.to_owned(), request })));
                    }
                }
            })
        });
        if remove.inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        parts.replays.remove(i);
    }
    if add(ui, theme, "Add replay") {
        parts.replays.push(Replay {
            name: unused("replay", &taken),
            bus: None,
            at: Span::from_millis(30_000),
            from: Span::ZERO,
            to: None,
            rules: Vec::new(),
            rate: Rate(500.0),
            cancel: None,
        });
    }
}

/// The page that says what is as in the service and what is not.
fn fidelity(ui: &mut Ui, theme: &Theme) {
    ui.add_space(theme.px(crate::app::theme::space::S));
    egui::CollapsingHeader::new("Fidelity and limits").id_salt("eventbridge-fidelity").show(ui, |ui| {
        for (headline, sentences) in FIDELITY {
            section(ui, theme, headline);
            for sentence in *sentences {
                ui.label(muted(theme, *sentence).size(theme.label));
            }
        }
    });
}
