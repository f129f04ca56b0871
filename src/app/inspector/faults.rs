//! What goes wrong in the scenario, at given times or by chance: every kind of fault with all its fields, and what the checks say of it.

use super::Inspected;
use super::fields::{add, choice, entry, factor, name_of, optional, quantity, share, text};
use crate::app::problems;
use crate::app::theme::Theme;
use crate::app::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::document::Node;
use crate::scenario::faults::{Fault, KINDS, Kind, Strikes, Trouble};
use crate::time::Span;
use egui::Ui;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// More instances of one node than this are not offered one by one; their names can be typed into the file.
const MOST_INSTANCES: u32 = 12;

/// Draws the list; says whether anything changed.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, scenario: &mut Scenario) -> bool {
    let theme = input.theme;
    let (mut done, mut gone) = (false, None);
    for (i, trouble) in scenario.faults.iter_mut().enumerate() {
        ui.push_id(("fault", i), |ui| {
            let fields = |ui: &mut Ui| {
                done |= when(ui, theme, trouble, input.scenario.duration);
                done |= what(ui, theme, trouble.what_mut(), input.scenario);
                verdict(ui, input, i, trouble);
            };
            if entry(ui, theme, &format!("fault {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        scenario.faults.remove(i);
    }
    let added = add(ui, theme, "Add fault");
    if added {
        scenario.faults.push(first(input.scenario));
    }
    done || gone.is_some() || added
}

/// A fault to begin with: the first consumer crashes, in the middle of the run.
fn first(scenario: &Scenario) -> Trouble {
    let consumer = scenario.nodes.iter().find(|node| matches!(node, Node::Consumer(_))).or_else(|| scenario.nodes.first());
    let what = Fault::Crash(consumer.map(|node| node.id().to_owned()).unwrap_or_default());
    Trouble::Fault { at: third(scenario.duration), lasts: Some(Span::from_millis(5_000).min(third(scenario.duration))), what }
}

fn third(duration: Span) -> Span {
    // Whole seconds, where there are any.
    let third = duration.0 / 3;
    Span(if third >= 1_000_000_000 { third / 1_000_000_000 * 1_000_000_000 } else { third })
}

/// Once, or again and again.
fn when(ui: &mut Ui, theme: &Theme, trouble: &mut Trouble, duration: Span) -> bool {
    let at = usize::from(matches!(trouble, Trouble::Chaos { .. }));
    let mut done = false;
    if let Some(picked) = choice(ui, theme, "Happens", "Once, or again and again at random times", &["At a time", "By chance"], at) {
        let what = trouble.what().clone();
        *trouble = match (picked, &*trouble) {
            (0, Trouble::Chaos { lasts, .. }) => Trouble::Fault { at: third(duration), lasts: Some(*lasts), what },
            (_, Trouble::Fault { lasts, .. }) => {
                Trouble::Chaos { what, every: third(duration), lasts: lasts.unwrap_or(Span::from_millis(5_000)) }
            }
            (_, same) => same.clone(),
        };
        done = true;
    }
    done | match trouble {
        Trouble::Fault { at, lasts, .. } => {
            quantity(ui, theme, "Begins at", "From the start of the run", at)
                | optional(ui, theme, "Lasts", "Then it is mended", "to the end of the run", lasts)
        }
        Trouble::Chaos { every, lasts, .. } => {
            quantity(ui, theme, "Mean gap", "From the end of one to the beginning of the next, exponentially distributed", every)
                | quantity(ui, theme, "Mean length", "Exponentially distributed", lasts)
        }
    }
}

/// What goes wrong, with its amounts and whom it strikes.
fn what(ui: &mut Ui, theme: &Theme, fault: &mut Fault, scenario: &Scenario) -> bool {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let kind = fault.kind();
    let at = names.iter().position(|name| *name == kind.name).unwrap_or(0);
    let mut done = false;
    if let Some(picked) = choice(ui, theme, "Fault", kind.about, &names, at) {
        *fault = another(fault, &KINDS[picked], scenario);
        done = true;
    }
    let known = targets(scenario, fault);
    let target = |ui: &mut Ui, value: &mut String| name_of(ui, theme, "Strikes", "A node, one instance of it, or a zone", &known, value);
    let ends = |ui: &mut Ui, (a, b): &mut (String, String)| {
        name_of(ui, theme, "Between", "One end: a node, or a zone", &known, a) | name_of(ui, theme, "And", "The other end", &known, b)
    };
    done | match fault {
        Fault::Crash(node) | Fault::Pause(node) => target(ui, node),
        Fault::Slow { node, times } => target(ui, node) | factor(ui, theme, "Times", "So many times as long", times, 0.001),
        Fault::Errors { node, rate } => target(ui, node) | share(ui, theme, "Share", "Of the attempts, on top of what fails anyway", rate),
        Fault::Poison { node, share: part } => target(ui, node) | share(ui, theme, "Share", "Of the events", part),
        Fault::Surge { producer, times } => {
            target(ui, producer) | factor(ui, theme, "Times", "So many times as many events; fewer below 1", times, 0.0)
        }
        Fault::Latency { between, add, times } => {
            ends(ui, between)
                | quantity(ui, theme, "Longer by", "Added to each event's latency", add)
                | factor(ui, theme, "Times", "So many times as long", times, 0.0)
        }
        Fault::Loss { between, rate } => ends(ui, between) | share(ui, theme, "Share", "Of what travels", rate),
        Fault::Duplicate { between, rate } => ends(ui, between) | share(ui, theme, "Share", "Of what travels", rate),
        Fault::Reorder { between, by } => ends(ui, between) | quantity(ui, theme, "By up to", "Each event takes up to so much longer", by),
        Fault::Partition { of, from } => sides(ui, theme, of, from),
    }
}

/// Both sides of a partition, as names behind commas.
fn sides(ui: &mut Ui, theme: &Theme, of: &mut Vec<String>, from: &mut Vec<String>) -> bool {
    let mut one = Names(of.clone()).to_string();
    let empty = |text: &str| Names::from_str(text).unwrap_or_default().0.is_empty().then(|| "name the nodes of one side".to_owned());
    let mut done = false;
    if text(ui, theme, "One side", "Nodes or zones, as in billing, zone:eu-1a", &mut one, empty) {
        *of = Names::from_str(&one).unwrap_or_default().0;
        done = true;
    }
    let mut other = Some(Names(from.clone())).filter(|names| !names.0.is_empty());
    if optional(ui, theme, "Other side", "Nodes or zones that the first side does not reach", "everybody else", &mut other) {
        *from = other.unwrap_or_default().0;
        done = true;
    }
    done
}

/// What the checks say of a fault; where they have nothing to say, what it does.
fn verdict(ui: &mut Ui, input: &Inspected<'_>, i: usize, trouble: &Trouble) {
    let path = format!("faults[{i}]");
    let mut fine = true;
    for finding in input.findings {
        if finding.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])) {
            problems::finding(ui, input.theme, input.scenario, finding);
            fine = false;
        }
    }
    if fine {
        let words = muted(input.theme, trouble.what().words()).size(input.theme.label);
        ui.add(egui::Label::new(words).wrap()).on_hover_text(trouble.what().kind().about);
    }
}

/// A fault of another kind, for the same target where it can strike that.
fn another(old: &Fault, kind: &Kind, scenario: &Scenario) -> Fault {
    let fault = (kind.make)("", "");
    let known = targets(scenario, &fault);
    let kept: Vec<&String> = known.iter().filter(|name| old.targets().contains(&name.as_str())).collect();
    if kind.strikes == Strikes::Link {
        // Two that exchange something, if possible with what was struck before.
        let pairs = pairs(scenario);
        let mut fits = pairs.iter().filter(|(a, b)| kept.contains(&a) || kept.contains(&b));
        let (a, b) = fits.next().or(pairs.first()).cloned().unwrap_or_default();
        return (kind.make)(&a, &b);
    }
    let target = kept.into_iter().next().or(known.first()).cloned().unwrap_or_default();
    (kind.make)(&target, "")
}

/// Whom a fault of this kind can strike, by name.
fn targets(scenario: &Scenario, fault: &Fault) -> Vec<String> {
    let strikes = fault.kind().strikes;
    let struck = |node: &&Node| match (strikes, node) {
        (Strikes::Node | Strikes::Link, _) | (Strikes::Consumer, Node::Consumer(_)) | (Strikes::Producer, Node::Producer(_)) => true,
        (Strikes::Consumer, Node::Store(_)) => matches!(fault, Fault::Slow { .. } | Fault::Errors { .. }),
        (Strikes::Consumer | Strikes::Producer, _) => false,
    };
    let nodes: Vec<&Node> = scenario.nodes.iter().filter(struck).collect();
    let mut names = Vec::new();
    for node in &nodes {
        names.push(node.id().to_owned());
        let instances = match node {
            Node::Consumer(consumer) => consumer.instances,
            Node::Broker(broker) => broker.kind.parts().nodes(),
            Node::Producer(_) | Node::Store(_) => 1,
        };
        if strikes != Strikes::Link && (2..=MOST_INSTANCES).contains(&instances) {
            names.extend((1..=instances).map(|n| format!("{}#{n}", node.id())));
        }
    }
    let zones: BTreeSet<&str> = nodes.iter().filter_map(|node| node.zone()).collect();
    names.extend(zones.into_iter().map(|zone| format!("zone:{zone}")));
    names
}

/// Nodes that exchange events: the node, and its broker.
fn pairs(scenario: &Scenario) -> Vec<(String, String)> {
    let broker = |place: &str| place.split('/').next().unwrap_or(place).to_owned();
    let of = |node: &Node| -> Vec<String> {
        match node {
            Node::Producer(producer) => producer.emits.iter().map(|emit| broker(&emit.to)).collect(),
            Node::Consumer(consumer) => consumer.reads.iter().map(|read| broker(&read.from)).collect(),
            Node::Broker(_) | Node::Store(_) => Vec::new(),
        }
    };
    scenario.nodes.iter().flat_map(|node| of(node).into_iter().map(|broker| (node.id().to_owned(), broker))).collect()
}

/// Names behind commas.
#[derive(Clone, Debug, Default)]
struct Names(Vec<String>);

impl FromStr for Names {
    type Err = String;
    fn from_str(text: &str) -> Result<Names, String> {
        Ok(Names(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()))
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}
