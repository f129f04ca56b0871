//! Drawings as buses with a rule per reader.

use super::{Converter, Drawing, Reading, and};
use crate::scenario::broker::eventbridge::{Bus, RetryPolicy, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge};

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
    });
    BrokerKind::EventBridge(EventBridge {
        buses: drawing.channels.iter().map(bus).collect(),
        rules: rules.collect(),
        ..EventBridge::default()
    })
}

/// What a drawing does not say of these buses.
pub(super) fn lost(parts: &EventBridge, lost: &mut Vec<String>) {
    let choosy: Vec<String> = parts.rules.iter().filter(|rule| rule.pattern != EVERYTHING).map(|rule| format!("`{}`", rule.name)).collect();
    if !choosy.is_empty() {
        let rules = if choosy.len() == 1 { "the rule" } else { "the rules" };
        lost.push(format!("The event patterns of {rules} {}: readers get every event of the bus.", and(&choosy)));
    }
    if parts.buses.iter().any(|bus| bus.archive.is_some()) {
        lost.push("The archives and their replays.".to_owned());
    }
    if parts.rules.iter().any(|rule| rule.dead_letter.is_some()) {
        lost.push("The dead-letter queues of rules, and the retries before them.".to_owned());
    }
    if parts.rules.iter().any(|rule| rule.input.is_some()) {
        lost.push("The inputs that rules make of events.".to_owned());
    }
    if parts.rules.iter().any(|rule| rule.forward.is_some()) {
        lost.push("Forwarding from bus to bus.".to_owned());
    }
}
