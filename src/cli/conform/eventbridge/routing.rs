//! From an event on a bus to targets, over further buses too.

use super::{Compared, field, read};
use crate::engine::broker::eventbridge::routing::{Bus, Rule};
use crate::language::facts::Facts;
use crate::language::pattern::Pattern;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Given {
    bus: String,
    pattern: Value,
    targets: Vec<String>,
    state: String,
}

pub(super) fn run(row: &Value) -> Result<Compared, String> {
    let given: Vec<Given> = read(field(row, "setup")?)?;
    let mut buses: BTreeMap<String, Vec<Rule<String>>> = BTreeMap::new();
    for rule in given {
        let pattern = Pattern::read(&rule.pattern.to_string()).map_err(|fault| format!("`pattern`: {fault}"))?;
        let enabled = rule.state == "ENABLED";
        buses.entry(rule.bus).or_default().push(Rule { pattern: Some(pattern), enabled, targets: rule.targets });
    }
    let buses: BTreeMap<String, Bus<String>> = buses.into_iter().map(|(name, rules)| (name, Bus::new(rules))).collect();
    let event = field(row, "event")?;
    let first = event.get("bus").and_then(Value::as_str).unwrap_or("default");
    let facts = Facts::read(&event.to_string()).map_err(|fault| format!("`event`: {fault}"))?;
    let mut delivered: Vec<&str> = Vec::new();
    let mut ways = vec![(first, false)];
    while let Some((bus, forwarded)) = ways.pop() {
        for target in buses.get(bus).map(|bus| bus.targets(&facts)).unwrap_or_default() {
            match target.strip_prefix("bus:") {
                // An event goes from bus to bus once only.
                Some(_) if forwarded => continue,
                Some(next) => ways.push((next, true)),
                None => {}
            }
            delivered.push(target);
        }
    }
    delivered.sort_unstable();
    let mut expected: Vec<String> = read(field(row, "expected_deliveries")?)?;
    expected.sort_unstable();
    Ok(Compared { expected: json!(expected), actual: json!(delivered) })
}
