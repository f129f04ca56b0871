//! State, outcomes, joins and replies.

use super::Findings;
use super::names::Names;
use crate::ids::NodeId;
use crate::scenario::chains::When;
use crate::scenario::document::{Consumer, Node, Scenario};
use crate::scenario::names::listed;
use crate::scenario::shapes::Arrivals;
use crate::scenario::state::Fold;
use crate::time::Span;

/// Most parts of one whole.
const MOST_PARTS: u32 = 10_000;

/// Looks at what consumers keep, join and tell apart, and at what requests wait for.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        let id = NodeId::at(i);
        match node {
            Node::Producer(producer) => {
                for (n, emit) in producer.emits.iter().enumerate() {
                    if emit.reply.as_ref().is_some_and(|reply| reply.within == Span::ZERO) {
                        let path = names.at(id, &format!("emits[{n}].reply.within"));
                        findings.error(path, "no reply can come within no time");
                    }
                }
            }
            Node::Consumer(consumer) => {
                state(scenario, consumer, names, id, findings);
                outcomes(consumer, names, id, findings);
                join(consumer, names, id, findings);
            }
            Node::Broker(_) | Node::Store(_) => {}
        }
    }
}

fn state(scenario: &Scenario, consumer: &Consumer, names: &Names<'_>, id: NodeId, findings: &mut Findings) {
    let Some(projection) = &consumer.state else { return };
    let path = names.at(id, "state.fold");
    let asked: Vec<(&str, String)> = match &projection.fold {
        Fold::Count => Vec::new(),
        Fold::Sum(name) | Fold::Last(name) | Fold::Set(name) => vec![(name, format!("{path}[0]"))],
        Fold::Balance { from, to, amount } => {
            vec![(from, format!("{path}.from")), (to, format!("{path}.to")), (amount, format!("{path}.amount"))]
        }
    };
    // The columns of a trace are attributes too.
    let traced = scenario.nodes.iter().any(|node| match node {
        Node::Producer(producer) => producer.emits.iter().any(|emit| matches!(emit.arrivals, Arrivals::Trace(_))),
        _ => false,
    });
    let known = || scenario.events.iter().flat_map(|event| event.attributes.iter().map(|(name, _)| name.as_str()));
    for (name, path) in asked.into_iter().filter(|(name, _)| !traced && !known().any(|k| k == *name)) {
        let help = findings.suggest.did_you_mean(name, known());
        let help = help.unwrap_or_else(|| format!("add it to an event: `attributes: {{\"{name}\": Uniform(1, 100)}}`"));
        findings.error_help(path, format!("no event has an attribute `{name}`"), help);
    }
}

fn outcomes(consumer: &Consumer, names: &Names<'_>, id: NodeId, findings: &mut Findings) {
    let outcomes = &consumer.handle.outcomes;
    let path = names.at(id, "handle.outcomes");
    if let Some((name, weight)) = outcomes.iter().find(|(_, weight)| !(weight.is_finite() && *weight >= 0.0)) {
        findings.error(path, format!("the outcome `{name}` has the weight {weight}; weights are 0 or more"));
    } else if !outcomes.is_empty() && outcomes.iter().all(|(_, weight)| *weight == 0.0) {
        findings.error(path, "no outcome is ever chosen: all weights are 0");
    } else if outcomes.0.len() > usize::from(u16::MAX) {
        findings.error(path, format!("{} outcomes are more than {}", outcomes.0.len(), u16::MAX));
    }
    for (n, then) in consumer.then.iter().enumerate() {
        let at = names.at(id, &format!("then[{n}].when"));
        match &then.when {
            When::Outcome(name) => {
                let known = || outcomes.iter().map(|(name, _)| name.as_str());
                if !known().any(|k| k == name) {
                    let help = match (findings.suggest.did_you_mean(name, known()), outcomes.is_empty()) {
                        (Some(help), _) => help,
                        (None, true) => format!("add `outcomes: {{\"{name}\": 9, \"other\": 1}}` to its `handle`"),
                        (None, false) => format!("its outcomes are {}", listed(known())),
                    };
                    findings.error_help(format!("{at}[0]"), format!("handling at `{}` has no outcome `{name}`", consumer.id), help);
                }
            }
            When::TimedOut if consumer.join.is_none() => {
                let message = format!("`{}` waits for no parts, so none can be missing", consumer.id);
                findings.error_help(at, message, "add `join: Join(count: ...)` to it");
            }
            When::Handled | When::Failed | When::TimedOut => {}
        }
    }
}

fn join(consumer: &Consumer, names: &Names<'_>, id: NodeId, findings: &mut Findings) {
    let Some(join) = &consumer.join else { return };
    if !(2..=MOST_PARTS).contains(&join.count) {
        let message = format!("what is joined has from 2 to {MOST_PARTS} parts, not {}", join.count);
        findings.error(names.at(id, "join.count"), message);
    }
    if join.within == Span::ZERO {
        findings.error(names.at(id, "join.within"), "no second part can come within no time");
    }
}
