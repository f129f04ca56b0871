//! Drawings as buses with a rule per reader.

use super::{Converter, Drawing, Reading, Scenario, and};
use crate::scenario::broker::eventbridge::{Bus, RetryPolicy, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::document::Node;

pub(super) const CONVERTER: Converter = Converter {
    name: "EventBridge",
    title: "EventBridge",
    make,
    reading: Reading::Rule,
    cannot: &[
        "it keeps no order, not even among events of one key.",
        "it pushes: a consumer that cannot keep up piles up events itself, and one that fails is called again after growing waits.",
        "each delivery takes about 150 ms at the median.",
    ],
};

/// A pattern that every event matches.
const EVERYTHING: &str = r#"{"source": [{"exists": true}]}"#;

fn make(drawing: &Drawing) -> BrokerKind {
    let bus = |name: &String| Bus { name: name.clone(), archive: None };
    let several = drawing.channels.len() > 1;
    let rules = drawing.outlets.iter().map(|outlet| Rule {
        name: outlet.name.clone(),
        bus: outlet.channels.first().map(|channel| drawing.channels[*channel].clone()).filter(|_| several),
        pattern: EVERYTHING.to_owned(),
        schedule: None,
        enabled: true,
        forward: None,
        input: None,
        retry: RetryPolicy::default(),
        dead_letter: None,
        targets: Vec::new(),
    });
    BrokerKind::EventBridge(EventBridge {
        buses: drawing.channels.iter().map(bus).collect(),
        rules: rules.collect(),
        ..EventBridge::default()
    })
}

/// The dead-letter queues, and the channel of its own that the letters of each go through in a drawing: none has a bus's name.
pub(super) fn dead_channels(parts: &EventBridge) -> Vec<(&str, String)> {
    let queues = parts.dead_letter_queues();
    let mut channels: Vec<(&str, String)> = Vec::new();
    for queue in &queues {
        let taken = |name: &str| {
            parts.buses.iter().any(|bus| bus.name == name)
                || queues.iter().any(|other| other != queue && *other == name)
                || channels.iter().any(|(_, channel)| channel == name)
        };
        let mut name = (*queue).to_owned();
        while taken(&name) {
            name.push_str("-dead-letters");
        }
        channels.push((queue, name));
    }
    channels
}

/// Has consumers send what fails for good to where their rules had it go.
pub(super) fn send_dead_letters(before: &Scenario, parts: &EventBridge, broker: &str, after: &mut Scenario) {
    let channels = dead_channels(parts);
    for rule in &parts.rules {
        for (group, consumers) in before.readers(&format!("{broker}/{}", rule.name)) {
            let Some(queue) = rule.to_reader(group).dead_letter else { continue };
            let Some((_, channel)) = channels.iter().find(|(known, _)| *known == queue) else { continue };
            let place = format!("{broker}/{channel}");
            for node in &mut after.nodes {
                if let Node::Consumer(consumer) = node
                    && consumers.iter().any(|known| known.id == consumer.id)
                {
                    consumer.dead_letter.get_or_insert_with(|| place.clone());
                }
            }
        }
    }
}

/// What a drawing does not say of these buses.
pub(super) fn lost(parts: &EventBridge, lost: &mut Vec<String>) {
    let named = |fits: fn(&Rule) -> bool| {
        let names: Vec<String> = parts.rules.iter().filter(|rule| fits(rule)).map(|rule| format!("`{}`", rule.name)).collect();
        (!names.is_empty()).then(|| format!("{} {}", if names.len() == 1 { "the rule" } else { "the rules" }, and(&names)))
    };
    if let Some(choosy) = named(|rule| !rule.pattern.is_empty() && rule.pattern != EVERYTHING) {
        lost.push(format!("The event patterns of {choosy}: readers get every event of the bus."));
    }
    if let Some(timed) = named(|rule| rule.schedule.is_some()) {
        lost.push(format!("The times of {timed}: nothing comes by itself any more."));
    }
    if let Some(off) = named(|rule| !rule.enabled) {
        lost.push(format!("The state of {off}, disabled so far: readers get events now."));
    }
    if parts.buses.iter().any(|bus| bus.archive.is_some()) {
        lost.push("The archives and their replays.".to_owned());
    }
    let queues: Vec<String> = dead_channels(parts).into_iter().map(|(_, channel)| format!("`{channel}`")).collect();
    if !queues.is_empty() {
        lost.push(format!("Dead-letter queues: consumers send what fails for good to {} themselves.", and(&queues)));
    }
    if let Some(patient) = named(|rule| {
        let own = rule.targets.iter().filter_map(|target| target.retry);
        own.chain([rule.retry]).any(|policy| policy != RetryPolicy::default())
    }) {
        lost.push(format!("The retry policies of {patient}."));
    }
    if let Some(shaped) = named(|rule| rule.input.is_some() || rule.targets.iter().any(|target| target.input.is_some())) {
        lost.push(format!("The inputs that targets of {shaped} get in place of events."));
    }
    if parts.rules.iter().any(|rule| rule.forward.is_some()) {
        lost.push("Forwarding from bus to bus.".to_owned());
    }
}
