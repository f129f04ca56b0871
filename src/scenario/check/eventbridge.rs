//! EventBridge's own parts: patterns, inputs, buses that are named, and what the service would refuse.

use super::Findings;
use super::names::Names;
use super::numbers;
use crate::ids::NodeId;
use crate::language::Fault;
use crate::language::json;
use crate::language::pattern::Pattern;
use crate::language::template::{Path, Shape, Transformer};
use crate::scenario::broker::eventbridge::limits::{
    AGE_SECONDS, MOST_ATTEMPTS, MOST_BUSES, MOST_ENTRIES, MOST_REPLAYS, MOST_RULES, MOST_TARGETS,
};
use crate::scenario::broker::eventbridge::{Input, Replay, RetryPolicy, Rule, Target};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::document::{Node, Scenario};
use crate::scenario::names::listed;
use crate::scenario::units::Rate;
use crate::time::Span;

/// The one bus whose rules may have schedules.
const DEFAULT_BUS: &str = "default";

/// Looks at an EventBridge broker.
pub(super) fn look(parts: &EventBridge, names: &Names<'_>, node: NodeId, scenario: &Scenario, findings: &mut Findings) {
    let at = |field: &str| names.at(node, &format!("kind.{field}"));
    if parts.buses.len() > MOST_BUSES {
        findings.error(at("buses"), format!("an account has at most {MOST_BUSES} buses in a region; these are {}", parts.buses.len()));
    }
    let mut rules = vec![0; parts.buses.len()];
    parts.rules.iter().filter_map(|rule| parts.bus_of(rule)).for_each(|bus| rules[bus] += 1);
    for (i, bus) in parts.buses.iter().enumerate() {
        if let Some(archive) = &bus.archive {
            if let Some(text) = &archive.pattern {
                pattern(text, at(&format!("buses[{i}].archive.pattern")), findings);
            }
            if archive.retention == Some(Span::ZERO) {
                findings.error_help(
                    at(&format!("buses[{i}].archive.retention")),
                    "an archive that keeps nothing is none",
                    "leave `retention` out to keep events for ever",
                );
            }
        }
        let rules = rules[i];
        if rules > MOST_RULES {
            findings.warning(
                at("rules"),
                format!("the bus `{}` has {rules} rules; an account's quota is {MOST_RULES}", bus.name),
                "ask for a higher quota, or use another bus",
            );
        }
    }
    let readers = names.groups_by_part(node);
    for (i, given) in parts.rules.iter().enumerate() {
        let groups = names.declared_at(node, &given.name).and_then(|part| readers.get(&part));
        rule(parts, given, groups.map_or(&[], Vec::as_slice), scenario, names, node, &at(&format!("rules[{i}]")), findings);
    }
    for (i, given) in parts.replays.iter().enumerate() {
        replay(parts, given, &at(&format!("replays[{i}]")), scenario.duration, findings);
        if parts.replays[..i].iter().any(|other| other.name == given.name) {
            findings.error(at(&format!("replays[{i}].name")), format!("there is another replay `{}`; names stay taken", given.name));
        }
    }
    if parts.replays.len() > MOST_REPLAYS {
        let message = format!("at most {MOST_REPLAYS} event replays may go on at a time; these are {}", parts.replays.len());
        findings.warning(at("replays"), message, "let some of them start when others have ended");
    }
    if !(1..=MOST_ENTRIES).contains(&parts.put.entries) {
        findings.error(at("put.entries"), format!("a call of PutEvents has 1 to {MOST_ENTRIES} entries, not {}", parts.put.entries));
    }
    numbers::times(&parts.latency, &at("latency"), findings);
    for (name, rate) in [("put", parts.quotas.put), ("invoke", parts.quotas.invoke)] {
        positive(rate, at(&format!("quotas.{name}")), findings);
    }
    for (source, _) in parts.sources.iter() {
        if !names.nodes.contains_key(source.as_str()) {
            let help = findings.suggest.did_you_mean(source, scenario.nodes.iter().map(Node::id));
            findings.add(super::Severity::Error, at("sources"), format!("there is no node `{source}`"), help);
        }
    }
    if parts.account.len() != 12 || !parts.account.bytes().all(|b| b.is_ascii_digit()) {
        findings.error(at("account"), format!("an account is twelve digits, as in 111122223333, not `{}`", parts.account));
    }
}

fn positive(rate: Rate, path: String, findings: &mut Findings) {
    if !(rate.0.is_finite() && rate.0 > 0.0) {
        findings.error(path, "nothing would ever get through at a rate of 0");
    }
}

/// Reports a fault within a text by its place there.
fn fault(what: &str, text: &str, fault: &Fault, path: String, findings: &mut Findings) {
    let (line, column) = fault.place(text);
    let place = if text.contains('\n') { format!("line {line}, column {column}") } else { format!("character {column}") };
    findings.error(path, format!("{what}, {place}: {fault}"));
}

fn pattern(text: &str, path: String, findings: &mut Findings) {
    if let Err(wrong) = Pattern::read(text) {
        fault("the event pattern is invalid", text, &wrong, path, findings);
    }
}

/// Reports a bus that is not there.
fn bus(parts: &EventBridge, name: Option<&str>, path: String, findings: &mut Findings) {
    let known = || parts.buses.iter().map(|bus| bus.name.as_str());
    let (message, help) = match name {
        Some(name) => (format!("there is no bus `{name}`"), findings.suggest.did_you_mean(name, known())),
        None => ("this does not say which bus it is about".to_owned(), None),
    };
    let help = help.or_else(|| Some(format!("it is one of {}", listed(known()))).filter(|_| known().next().is_some()));
    findings.add(super::Severity::Error, path, message, help);
}

/// A bus of another broker, to which events are forwarded.
fn far_bus(scenario: &Scenario, names: &Names<'_>, node: NodeId, broker: &str, bus: &str, path: String, findings: &mut Findings) {
    let others = || {
        scenario.nodes.iter().filter_map(|node| match node {
            Node::Broker(other) => match &other.kind {
                BrokerKind::EventBridge(parts) => Some((other.id.as_str(), parts)),
                _ => None,
            },
            _ => None,
        })
    };
    if names.nodes.get(broker) == Some(&node) {
        return findings.error_help(path, "this is a bus of the same broker", format!("write `{bus}`"));
    }
    match others().find(|(id, _)| *id == broker) {
        None => {
            let help = findings.suggest.did_you_mean(broker, others().map(|(id, _)| id));
            findings.add(super::Severity::Error, path, format!("there is no EventBridge broker `{broker}`"), help);
        }
        Some((_, parts)) if !parts.buses.iter().any(|known| known.name == bus) => {
            let help = findings.suggest.did_you_mean(bus, parts.buses.iter().map(|bus| bus.name.as_str()));
            findings.add(super::Severity::Error, path, format!("`{broker}` has no bus `{bus}`"), help);
        }
        Some(_) => {}
    }
}

fn rule(
    parts: &EventBridge,
    rule: &Rule,
    groups: &[&str],
    scenario: &Scenario,
    names: &Names<'_>,
    node: NodeId,
    path: &str,
    findings: &mut Findings,
) {
    if !rule.pattern.is_empty() {
        pattern(&rule.pattern, format!("{path}.pattern"), findings);
    } else if rule.schedule.is_none() {
        let message = format!("the rule `{}` wants nothing: it has neither a pattern nor a schedule", rule.name);
        findings.error_help(
            format!("{path}.name"),
            message,
            "write a pattern, such as `{\"source\": [{\"exists\": true}]}` for every event",
        );
    }
    let own = parts.bus_of(rule);
    if rule.schedule.is_some()
        && let Some(bus) = own.map(|bus| &parts.buses[bus]).filter(|bus| bus.name != DEFAULT_BUS)
    {
        findings.error_help(
            format!("{path}.schedule"),
            format!("schedules are for rules of the default bus only, not for those of `{}`", bus.name),
            "call the bus `default`, or give the rule to one of that name",
        );
    }
    if own.is_none() {
        bus(parts, rule.bus.as_deref(), format!("{path}.bus"), findings);
    }
    if let Some((broker, bus)) = rule.forward.as_deref().and_then(|to| to.split_once('/')) {
        far_bus(scenario, names, node, broker, bus, format!("{path}.forward"), findings);
    } else if let Some(to) = &rule.forward {
        match parts.buses.iter().position(|bus| bus.name == *to) {
            None => bus(parts, Some(to), format!("{path}.forward"), findings),
            Some(to) if Some(to) == own => findings.error(format!("{path}.forward"), "a rule cannot send events back to its own bus"),
            Some(_) => {}
        }
    }
    let is_rule = |queue: &str| names.declared_at(node, queue).is_some_and(|part| (part as usize) < parts.rules.len());
    for (queue, field) in rule.queues().filter(|(queue, _)| is_rule(queue)) {
        findings.error(format!("{path}.{field}"), format!("`{queue}` is a rule; a dead-letter queue has a name of its own"));
    }
    policy(&rule.retry, &format!("{path}.retry"), findings);
    if let Some(given) = &rule.input {
        input(rule, given, &format!("{path}.input"), findings);
    }
    for (i, given) in rule.targets.iter().enumerate() {
        let here = format!("{path}.targets[{i}]");
        target(rule, given, groups, scenario, &here, findings);
        let same = |other: &Target| (&other.reader, &other.bus) == (&given.reader, &given.bus);
        if rule.targets[..i].iter().any(same) {
            let name = given.reader.as_ref().or(given.bus.as_ref()).map_or("", String::as_str);
            findings.error_help(
                here,
                format!("`{name}` is named twice among the targets of `{}`", rule.name),
                "write all its settings in one",
            );
        }
    }
    let targets = groups.len() + usize::from(rule.forward.is_some());
    if targets > MOST_TARGETS {
        findings.error_help(
            format!("{path}.name"),
            format!("the rule `{}` has {targets} targets; {MOST_TARGETS} is the most", rule.name),
            "give a second rule the same pattern and let some consumers read from that",
        );
    } else if targets == 0 {
        findings.warning(
            format!("{path}.name"),
            format!("the rule `{}` has no target: what it matches goes nowhere", rule.name),
            "let a consumer `Read` from it",
        );
    }
}

fn policy(policy: &RetryPolicy, path: &str, findings: &mut Findings) {
    let (least, most) = (Span::from_millis(1000 * AGE_SECONDS.start()), Span::from_millis(1000 * AGE_SECONDS.end()));
    if !(least..=most).contains(&policy.max_age) {
        let message = format!("a retry policy allows ages from {least} to {most}, not {}", policy.max_age);
        findings.error(format!("{path}.max_age"), message);
    }
    if policy.attempts > MOST_ATTEMPTS {
        let message = format!("a retry policy allows at most {MOST_ATTEMPTS} attempts, not {}", policy.attempts);
        findings.error(format!("{path}.attempts"), message);
    }
}

/// One target with settings of its own.
fn target(rule: &Rule, target: &Target, groups: &[&str], scenario: &Scenario, path: &str, findings: &mut Findings) {
    match (&target.reader, &target.bus) {
        (Some(reader), None) => {
            if !groups.contains(&reader.as_str()) {
                no_reader(rule, reader, groups, scenario, format!("{path}.reader"), findings);
            }
        }
        (None, Some(bus)) => {
            if rule.forward.as_ref() != Some(bus) {
                let (message, help) = match &rule.forward {
                    None => (
                        format!("the rule `{}` forwards to no bus, so that `{bus}` is none of its targets", rule.name),
                        format!("write `forward: {bus:?}` in the rule, or remove this"),
                    ),
                    Some(to) => (
                        format!("the rule `{}` forwards to `{to}`, not to `{bus}`", rule.name),
                        format!("write `bus: {to:?}`, or remove this"),
                    ),
                };
                findings.error_help(format!("{path}.bus"), message, help);
            }
            if target.input.is_some() {
                findings.error_help(
                    format!("{path}.input"),
                    format!("the bus `{bus}` gets events as they are: an input is for consumers only"),
                    "remove it; let the rules of that bus make an input of the events",
                );
            }
        }
        (Some(_), Some(_)) => findings.error_help(path, "a target is a reader or a bus, not both", "make two of it, one for each"),
        (None, None) => {
            findings.error_help(
                path,
                "this does not say whose settings it has",
                "write `reader: \"...\"`, or `bus: \"...\"` for the bus of `forward`",
            );
        }
    }
    if let Some(given) = &target.retry {
        policy(given, &format!("{path}.retry"), findings);
    }
    if let Some(given) = &target.input {
        input(rule, given, &format!("{path}.input"), findings);
    }
    if target.is_empty() {
        findings.warning(
            path,
            "a target without settings of its own has no effect",
            "give it a `retry`, a `dead_letter` or an `input`, or remove it",
        );
    }
}

/// Reports a target that does not read from its rule.
fn no_reader(rule: &Rule, reader: &str, groups: &[&str], scenario: &Scenario, path: String, findings: &mut Findings) {
    let consumer = scenario.nodes.iter().find_map(|node| match node {
        Node::Consumer(consumer) if consumer.id == reader => Some(consumer),
        _ => None,
    });
    let reads = |group: &&&str| consumer.is_some_and(|it| it.reads.iter().any(|read| read.group.as_deref() == Some(**group)));
    let message = match consumer {
        Some(_) => format!("`{reader}` does not read from the rule `{}`", rule.name),
        None => format!("nobody called `{reader}` reads from the rule `{}`", rule.name),
    };
    let help = match (groups.iter().find(reads), groups) {
        (Some(group), _) => format!("it reads as the group `{group}`: write `reader: {group:?}`"),
        (None, []) => "let a consumer `Read` from the rule, or remove this".to_owned(),
        (None, groups) => match findings.suggest.did_you_mean(reader, groups.iter().copied()) {
            Some(help) => help,
            None => format!("its readers are {}", listed(groups.iter().copied())),
        },
    };
    findings.error_help(path, message, help);
}

fn input(rule: &Rule, input: &Input, path: &str, findings: &mut Findings) {
    match input {
        Input::Constant(text) => {
            if let Err(wrong) = json::read(text) {
                fault("a constant input is JSON", text, &wrong, format!("{path}[0]"), findings);
            }
        }
        Input::Path(text) => {
            if let Err(wrong) = Path::read(text) {
                fault("this is no path", text, &wrong, format!("{path}[0]"), findings);
            }
        }
        Input::Transformer { paths, template } => {
            let named = paths.iter().map(|(name, path)| (name.as_str(), path.as_str()));
            let path = format!("{path}.template");
            match Transformer::read(named, template) {
                Err(wrong) => fault("the input transformer is invalid", template, &wrong, path, findings),
                Ok(transformer) => {
                    // Only what can come is worth a word.
                    let fails = |comes: bool, shape: Shape| comes && !transformer.makes_json(shape);
                    let message = if fails(!rule.pattern.is_empty(), Shape::DETAILED) {
                        "what this template comes to is not JSON: no event with details is ever delivered with it"
                    } else if fails(rule.schedule.is_some(), Shape::SCHEDULED) {
                        "what this template comes to is not JSON: no event that comes on the schedule is ever delivered with it"
                    } else {
                        return;
                    };
                    findings.warning(
                        path,
                        message,
                        "write texts in quotes, and objects and lists such as `<aws.events.event.json>` without",
                    );
                }
            }
        }
    }
}

fn replay(parts: &EventBridge, replay: &Replay, path: &str, duration: Span, findings: &mut Findings) {
    match parts.archive_of(replay) {
        None => bus(parts, replay.bus.as_deref(), format!("{path}.bus"), findings),
        Some(bus) if parts.buses[bus].archive.is_none() => {
            findings.error_help(
                format!("{path}.bus"),
                format!("the bus `{}` has no archive to replay", parts.buses[bus].name),
                "give it one: `archive: Archive()`",
            );
        }
        Some(_) => {}
    }
    if replay.to.is_some_and(|to| to <= replay.from) {
        findings.error(format!("{path}.to"), "the window ends before it begins: `to` has to be later than `from`");
    }
    if replay.at > duration {
        findings.warning(format!("{path}.at"), format!("{} lies behind the end of the run", replay.at), "it will never start");
    } else if replay.from >= replay.at {
        let message = format!("when it starts, at {}, nothing of this window has happened", replay.at);
        findings.warning(format!("{path}.from"), message, "a replay brings back what was: let it start later, or begin the window earlier");
    }
    positive(replay.rate, format!("{path}.rate"), findings);
    for (i, name) in replay.rules.iter().enumerate() {
        if !parts.rules.iter().any(|rule| rule.name == *name) {
            let help = findings.suggest.did_you_mean(name, parts.rules.iter().map(|rule| rule.name.as_str()));
            findings.add(super::Severity::Error, format!("{path}.rules[{i}]"), format!("there is no rule `{name}`"), help);
        }
    }
}
