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

/// The channel that dead letters of a queue go through in a drawing.
pub(super) fn dead_channel(parts: &EventBridge, queue: &str) -> String {
    let taken = |name: &String| parts.buses.iter().any(|bus| bus.name == *name);
    let mut name = queue.to_owned();
    while taken(&name) {
        name.push_str("-dead-letters");
    }
    name
}

/// Has consumers send what fails for good to where their rules had it go.
pub(super) fn send_dead_letters(before: &Scenario, parts: &EventBridge, broker: &str, after: &mut Scenario) {
    for rule in &parts.rules {
        for (group, consumers) in before.readers(&format!("{broker}/{}", rule.name)) {
            let Some(queue) = rule.to_reader(group).dead_letter else { continue };
            let place = format!("{broker}/{}", dead_channel(parts, queue));
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
    let queues: Vec<String> = parts.dead_letter_queues().into_iter().map(|queue| format!("`{}`", dead_channel(parts, queue))).collect();
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
