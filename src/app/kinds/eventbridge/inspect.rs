//! EventBridge's settings, named as people say them: buses with their archives, replays, how clients publish, the service itself.

use super::{letters, pattern, recent, rules, view};
use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::broker::renamed;
use crate::app::inspector::fields::{add, choice, count, entry, flag, optional, quantity, section, share, text};
use crate::app::inspector::shapes::times;
use crate::app::kinds::Way;
use crate::app::kinds::removal::removed;
use crate::app::theme::{Theme, space};
use crate::app::widgets::{labelled_button, muted};
use crate::run::Command;
use crate::run::frame::eventbridge::{ReplayView, View};
use crate::scenario::Scenario;
use crate::scenario::broker::eventbridge::{Archive, Bus, FIDELITY, PutEvents, Replay};
use crate::scenario::broker::{EventBridge, Request};
use crate::scenario::document::Node;
use crate::scenario::intervention::What;
use crate::scenario::units::Rate;
use crate::time::Span;
use egui::Ui;
use egui_material_icons::icons::ICON_CANCEL;

/// Draws everything.
pub(super) fn show(parts: &mut EventBridge, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let seen = view(input.frame, broker);
    let recent = recent::of(seen);
    buses(parts, ui, input, broker, seen, &recent, actions);
    rules::list(parts, ui, input, broker, seen, &recent, actions);
    letters::show(parts, ui, theme, seen);
    replays(parts, ui, theme, seen, broker, actions);
    publishing(&mut parts.put, ui, theme);
    sources(parts, ui, input, broker);
    section(ui, theme, "Service");
    times(ui, theme, "Latency", "From an event's arrival to a target's hearing of it", &mut parts.latency);
    share(ui, theme, "Made twice", "Deliveries that are made twice: at least once is all that is promised", &mut parts.duplicates);
    quantity(ui, theme, "Put quota", "Calls of PutEvents per second; more are refused", &mut parts.quotas.put);
    quantity(ui, theme, "Invoke quota", "Targets invoked per second; more wait", &mut parts.quotas.invoke);
    text(ui, theme, "Account", "Twelve digits, as events carry them", &mut parts.account, wrong_account);
    text(ui, theme, "Region", "As in eu-central-1, as events carry it", &mut parts.region, |region| {
        region.is_empty().then(|| "it needs a name, as in us-east-1".to_owned())
    });
    fidelity(ui, theme);
}

fn wrong_account(account: &str) -> Option<String> {
    let fits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    (!fits).then(|| "an account is twelve digits".to_owned())
}

/// A name's field; what refers to it follows.
pub(super) fn name(ui: &mut Ui, input: &Inspected<'_>, broker: &str, way: Way, taken: &[String], now: &str, actions: &mut Vec<Action>) {
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

pub(super) fn unused(prefix: &str, taken: &[String]) -> String {
    (1..).map(|n| format!("{prefix}-{n}")).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// One of the buses, or the usual one.
pub(super) fn bus_choice(ui: &mut Ui, theme: &Theme, title: &str, help: &str, none: &str, buses: &[String], value: &mut Option<String>) {
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
    seen: Option<&View>,
    recent: &[recent::Seen],
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
                    let mut some = archive.pattern.is_some();
                    if flag(ui, theme, "Only some", "Whether it keeps only events that match a pattern", &mut some) {
                        archive.pattern = some.then(|| rules::EVERYTHING.to_owned());
                    }
                    if let Some(wanted) = &mut archive.pattern {
                        pattern::edit(ui, theme, input.scenario, wanted, false, recent.iter().filter(|event| event.bus == i));
                    }
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
        actions.extend(removed(input.scenario, broker, Way::In, i));
    }
    if add(ui, theme, "Add bus") {
        parts.buses.push(Bus { name: unused("bus", &taken), archive: None });
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

/// Who publishes to a broker, and whoever else is given a source there.
fn publishers(scenario: &Scenario, broker: &str, parts: &EventBridge) -> Vec<String> {
    let here = |place: &str| place.split_once('/').is_some_and(|(id, _)| id == broker);
    let publishes = |node: &&Node| match node {
        Node::Producer(producer) => producer.emits.iter().any(|emit| here(&emit.to)),
        Node::Consumer(consumer) => consumer.then.iter().any(|then| here(&then.to)),
        Node::Broker(_) | Node::Store(_) => false,
    };
    let mut names: Vec<String> = scenario.nodes.iter().filter(publishes).map(|node| node.id().to_owned()).collect();
    for (name, _) in parts.sources.iter() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// What events of each publisher say as their source.
fn sources(parts: &mut EventBridge, ui: &mut Ui, input: &Inspected<'_>, broker: &str) {
    let names = publishers(input.scenario, broker, parts);
    if names.is_empty() {
        return;
    }
    section(ui, input.theme, "Sources");
    for name in names {
        let position = parts.sources.iter().position(|(node, _)| *node == name);
        let mut source = position.map(|at| Source(parts.sources.0[at].1.clone()));
        let help = format!("What events of {name} say as their source");
        if ui.push_id("source", |ui| optional(ui, input.theme, &name, &help, &name, &mut source)).inner {
            match (position, source) {
                (Some(at), Some(Source(new))) => parts.sources.0[at].1 = new,
                (Some(at), None) => drop(parts.sources.0.remove(at)),
                (None, Some(Source(new))) => parts.sources.0.push((name, new)),
                (None, None) => {}
            }
        }
    }
}

/// A source as it is typed.
struct Source(String);

impl std::str::FromStr for Source {
    type Err = String;
    fn from_str(text: &str) -> Result<Source, String> {
        Ok(Source(text.trim().to_owned()))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn replays(parts: &mut EventBridge, ui: &mut Ui, theme: &Theme, seen: Option<&View>, broker: &str, actions: &mut Vec<Action>) {
    let archived: Vec<String> = parts.buses.iter().filter(|bus| bus.archive.is_some()).map(|bus| bus.name.clone()).collect();
    if archived.is_empty() && parts.replays.is_empty() {
        return;
    }
    section(ui, theme, "Event replays");
    let taken: Vec<String> = parts.replays.iter().map(|replay| replay.name.clone()).collect();
    let reached: Vec<Vec<String>> = parts.replays.iter().map(|replay| rules_of(parts, replay)).collect();
    let mut gone = None;
    for (i, replay) in parts.replays.iter_mut().enumerate() {
        let title = format!("replay {}", replay.name);
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
                chosen_rules(ui, theme, &mut replay.rules, &reached[i]);
                quantity(ui, theme, "Rate", "Events that come again per second", &mut replay.rate);
                optional(ui, theme, "Cancel at", "When it is stopped if it still goes on", "never", &mut replay.cancel);
                if let Some(now) = seen.and_then(|view| view.replays.get(i)) {
                    progress(ui, theme, now, &taken[i], broker, actions);
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

/// The rules that a replay can reach: those of its archive's bus.
fn rules_of(parts: &EventBridge, replay: &Replay) -> Vec<String> {
    let bus = parts.archive_of(replay);
    parts.rules.iter().filter(|rule| bus.is_some() && parts.bus_of(rule) == bus).map(|rule| rule.name.clone()).collect()
}

/// All rules, or some of them.
fn chosen_rules(ui: &mut Ui, theme: &Theme, chosen: &mut Vec<String>, all: &[String]) {
    let mut some = !chosen.is_empty();
    if flag(ui, theme, "Chosen rules", "Whether only some rules get the events again; otherwise all do", &mut some) {
        *chosen = if some { all.to_vec() } else { Vec::new() };
    }
    if !some {
        return;
    }
    // What is not there any more can still be taken out.
    let gone: Vec<String> = chosen.iter().filter(|name| !all.contains(name)).cloned().collect();
    for name in all.iter().chain(&gone) {
        let mut on = chosen.contains(name);
        let only = on && chosen.len() == 1;
        if flag(ui, theme, name, "Whether this rule gets the events again", &mut on) && !only {
            match on {
                true => chosen.push(name.clone()),
                false => chosen.retain(|known| known != name),
            }
        }
    }
}

/// How far a replay is, and the way to end it.
fn progress(ui: &mut Ui, theme: &Theme, now: &ReplayView, name: &str, broker: &str, actions: &mut Vec<Action>) {
    let words = format!("{}: {} came again, {} to come", now.state.word(), now.done, now.left);
    ui.label(muted(theme, words).size(theme.label));
    let under_way = matches!(now.state.word(), "PLANNED" | "RUNNING");
    if under_way && labelled_button(ui, theme, ICON_CANCEL, &format!("Cancel {name} now"), true).clicked() {
        let request = Request::CancelReplay(name.to_owned());
        actions.push(Action::Run(Command::Intervene(What::Ask { broker: broker.to_owned(), request })));
    }
}

/// The page that says what is as in the service and what is not.
fn fidelity(ui: &mut Ui, theme: &Theme) {
    ui.add_space(theme.px(space::S));
    egui::CollapsingHeader::new("Fidelity and limits").id_salt("eventbridge-fidelity").show(ui, |ui| {
        for (headline, sentences) in FIDELITY {
            section(ui, theme, headline);
            for sentence in *sentences {
                ui.label(muted(theme, *sentence).size(theme.label));
            }
        }
    });
}
