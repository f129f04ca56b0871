//! Handling: quantities of what consumers do beyond handling.

use super::Findings;
use super::names::Names;
use crate::ids::NodeId;
use crate::scenario::document::{Consumer, Node, Scenario};
use crate::scenario::handling::{Ack, Measure, Poison, Scale};
use crate::scenario::shapes::Arrivals;
use crate::time::Span;

/// Most ids an inbox keeps.
const MOST_IDS: u32 = 10_000_000;

/// Workers that a consumer has at most.
pub(super) fn workers(consumer: &Consumer) -> u64 {
    match consumer.scale {
        Some(Scale::Serverless { limit, .. }) => u64::from(limit),
        Some(Scale::Autoscale { most, .. }) => u64::from(consumer.instances.max(most)) * u64::from(consumer.threads),
        None => u64::from(consumer.instances) * u64::from(consumer.threads),
    }
}

/// Whether some events have what a file says.
fn traced(scenario: &Scenario) -> bool {
    let emits = |node: &Node| matches!(node, Node::Producer(p) if p.emits.iter().any(|e| matches!(e.arrivals, Arrivals::Trace(_))));
    scenario.nodes.iter().any(emits)
}

/// Looks at how every consumer takes its work and finishes it.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        let Node::Consumer(consumer) = node else { continue };
        let at = |field: &str| names.at(NodeId::at(i), field);
        if consumer.ack == (Ack::Auto { every: Span::ZERO }) {
            findings.error_help(
                at("ack.every"),
                "an interval of 0 acknowledges without end",
                "write `AfterWork` to acknowledge each event",
            );
        }
        if consumer.timeout == Some(Span::ZERO) {
            findings.error_help(at("timeout"), "no attempt takes 0", "leave it out to let each take as long as it takes");
        }
        if let Some(inbox) = &consumer.inbox
            && !(1..=MOST_IDS).contains(&inbox.size)
        {
            findings.error(at("inbox.size"), format!("an inbox keeps 1 to {MOST_IDS} ids, not {}", inbox.size));
        }
        if let Some(breaker) = &consumer.breaker {
            for (field, span) in [("window", breaker.window), ("open", breaker.open)] {
                if span == Span::ZERO {
                    findings.error(at(&format!("breaker.{field}")), "a breaker needs some time here");
                }
            }
            if breaker.failures.0 <= 0.0 {
                findings.error(at("breaker.failures"), "at 0% it would always be open");
            }
        }
        if let Some(shed) = &consumer.shed
            && shed.queue.is_none()
            && shed.age.is_none()
        {
            findings.error_help(at("shed"), "this sheds nothing", "say what to drop: `queue: 1000` or `age: \"5s\"`");
        }
        scale(consumer, &at, findings);
        if let Some(budget) = consumer.retry.as_ref().and_then(|retry| retry.budget.as_ref())
            && budget.tokens == 0
        {
            findings.error_help(at("retry.budget.tokens"), "a budget of 0 never retries", "leave `retry` out to try once");
        }
        match &consumer.handle.poison {
            Some(Poison::Attribute { name, .. })
                if !traced(scenario) && !scenario.events.iter().any(|e| e.attributes.iter().any(|(known, _)| known == name)) =>
            {
                let known = scenario.events.iter().flat_map(|e| e.attributes.iter().map(|(name, _)| name.as_str()));
                let help = findings.suggest.did_you_mean(name, known).unwrap_or_else(|| "give an event such an attribute".to_owned());
                findings.warning(at("handle.poison.name"), format!("no event declares an attribute `{name}`"), help);
            }
            _ => {}
        }
    }
}

/// Looks at how the number of instances changes.
fn scale(consumer: &Consumer, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    match &consumer.scale {
        Some(Scale::Serverless { limit: 0, .. }) => findings.error(at("scale.limit"), "a limit of 0 handles nothing"),
        Some(Scale::Serverless { .. }) => {
            for (field, _) in [("instances", consumer.instances), ("threads", consumer.threads)].iter().filter(|(_, number)| *number != 1) {
                let help = "leave it out: `limit` says how many instances there are at most";
                findings.warning(at(field), "a function has an instance for each event in hand, however many are said here", help);
            }
        }
        Some(Scale::Autoscale { by, least, most, every, .. }) => {
            let instances = consumer.instances;
            if least > most {
                findings.error(at("scale.least"), format!("there cannot be at least {least} and at most {most} instances"));
            } else if !(*least..=*most).contains(&instances) {
                let help = format!("begin with `instances: {}`, or widen `least` and `most`", instances.clamp(*least, *most));
                findings.error_help(at("instances"), format!("{instances} at the start is not within {least} and {most}"), help);
            }
            match by {
                Measure::Lag(0) => findings.error(at("scale.by"), "an instance must be worth at least one event"),
                Measure::Utilisation(target) if target.0 <= 0.0 => findings.error(at("scale.by"), "no number of instances is busy for 0%"),
                Measure::Schedule(turns) if turns.is_empty() => {
                    let help = "say how many there are from when on: `Schedule([(\"10s\", 4)])`";
                    findings.error_help(at("scale.by"), "this schedule has no entries", help);
                }
                Measure::Schedule(turns) if turns.windows(2).any(|pair| pair[0].0 >= pair[1].0) => {
                    findings.error(at("scale.by"), "the times of a schedule must go up");
                }
                Measure::Lag(_) | Measure::Utilisation(_) if *every == Span::ZERO => {
                    findings.error_help(at("scale.every"), "an interval of 0 looks without end", "give it some time, such as `\"15s\"`");
                }
                _ => {}
            }
        }
        _ => {}
    }
}
