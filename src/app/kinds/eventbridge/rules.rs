//! Rules in the inspector: which events each wants, what its targets get, how often they are tried, what it did.

use super::input::{self as inputs, Example};
use super::inspect::{bus_choice, name, unused};
use super::queues::{QUEUE, Queues};
use super::recent::Seen;
use super::{pattern, targets};
use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::fields::{add, count, entry, flag, quantity, section, text};
use crate::app::inspector::shapes::schedule_of;
use crate::app::kinds::Way;
use crate::app::kinds::removal::removed;
use crate::app::theme::{Theme, space};
use crate::app::widgets::fact;
use crate::language::pattern::Pattern;
use crate::run::frame::eventbridge::{RuleView, TargetView, View};
use crate::scenario::Scenario;
use crate::scenario::broker::eventbridge::{RetryPolicy, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::document::Node;
use crate::scenario::schedule::Schedule;
use egui::Ui;

/// A pattern that every event matches.
pub(super) const EVERYTHING: &str = r#"{"source": [{"exists": true}]}"#;

/// A rule that wants every event.
pub(super) fn fresh(name: &str, bus: Option<String>) -> Rule {
    Rule {
        name: name.to_owned(),
        bus,
        pattern: EVERYTHING.to_owned(),
        schedule: None,
        enabled: true,
        forward: None,
        input: None,
        retry: RetryPolicy::default(),
        dead_letter: None,
        targets: Vec::new(),
    }
}

/// Draws all rules.
pub(super) fn list(
    parts: &mut EventBridge,
    ui: &mut Ui,
    input: &Inspected<'_>,
    broker: &str,
    seen: Option<&View>,
    recent: &[Seen],
    actions: &mut Vec<Action>,
) {
    let theme = input.theme;
    section(ui, theme, "Rules");
    let buses: Vec<String> = parts.buses.iter().map(|bus| bus.name.clone()).collect();
    let mut taken: Vec<String> = parts.rules.iter().map(|rule| rule.name.clone()).collect();
    taken.extend(parts.dead_letter_queues().into_iter().map(str::to_owned));
    let far = far_buses(input.scenario, broker);
    let arns: Vec<String> = parts.rules.iter().map(|rule| parts.rule_arn(rule)).collect();
    let queues = Queues::of(parts);
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
                let own: Vec<&Seen> = recent.iter().filter(|event| Some(event.bus) == homes[i]).collect();
                pattern::edit(ui, theme, input.scenario, &mut rule.pattern, rule.schedule.is_some(), own.iter().copied());
                on_a_schedule(ui, theme, rule);
                let wanted = Pattern::read(&rule.pattern).ok();
                let example = wanted.and_then(|wanted| own.iter().find(|event| wanted.matches(&event.facts)));
                let shown = Example { event: example.or(own.first()).copied(), rule: &rule.name.clone(), arn: &arns[i] };
                inputs::edit(ui, theme, &mut rule.input, &shown);
                if buses.len() + far.len() > 1 {
                    let others: Vec<String> = buses.iter().chain(&far).cloned().collect();
                    let help = "Another bus that gets the events as well; one of another broker as broker/bus";
                    let mut to = rule.forward.clone();
                    bus_choice(ui, theme, "Forward to", help, "no other bus", &others, &mut to);
                    rule.set_forward(to);
                }
                retries(ui, theme, &mut rule.retry);
                let mut queue = rule.dead_letter.clone().unwrap_or_default();
                if text(ui, theme, "Dead letters", QUEUE, &mut queue, |name| queues.wrong(name)) {
                    rule.dead_letter = queues.changed(rule.dead_letter.as_deref(), &queue, input.scenario, broker, actions);
                }
                if let Some(rule) = seen.and_then(|view| view.rules.get(i)) {
                    figures(ui, theme, rule);
                }
                let counts: Vec<&TargetView> = seen.iter().flat_map(|view| &view.targets).filter(|it| it.rule == i).collect();
                targets::list(rule, ui, input, broker, &shown, &counts, &queues, actions);
            })
        });
        if remove.inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        actions.extend(removed(input.scenario, broker, Way::Out, i));
    }
    if add(ui, theme, "Add rule") {
        let bus = buses.first().cloned().filter(|_| buses.len() > 1);
        parts.rules.push(fresh(&unused("rule", &taken), bus));
    }
}

/// How often and how long a target is tried again.
pub(super) fn retries(ui: &mut Ui, theme: &Theme, policy: &mut RetryPolicy) {
    quantity(ui, theme, "Give up after", "Age of an event beyond which it is not tried again, one minute to a day", &mut policy.max_age);
    count(ui, theme, "Tries", "Tries after the first one", &mut policy.attempts, 0..=185);
}

/// The buses of other EventBridge brokers, as `broker/bus`.
fn far_buses(scenario: &Scenario, broker: &str) -> Vec<String> {
    let mut far = Vec::new();
    for node in &scenario.nodes {
        if let Node::Broker(other) = node
            && let BrokerKind::EventBridge(parts) = &other.kind
            && other.id != broker
        {
            far.extend(parts.buses.iter().map(|bus| format!("{}/{}", other.id, bus.name)));
        }
    }
    far
}

fn on_a_schedule(ui: &mut Ui, theme: &Theme, rule: &mut Rule) {
    let mut timed = rule.schedule.is_some();
    let help = "Its targets get an event of the service's own at some times; on the bus called default only";
    if flag(ui, theme, "On a schedule", help, &mut timed) {
        rule.schedule = timed.then(Schedule::each_minute);
        if !timed && rule.pattern.is_empty() {
            // One of both it has to have.
            rule.pattern = EVERYTHING.to_owned();
        }
    }
    if let Some(schedule) = &mut rule.schedule {
        schedule_of(ui, theme, schedule);
    }
}

/// What a rule did in the run.
fn figures(ui: &mut Ui, theme: &Theme, rule: &RuleView) {
    let width = (ui.available_width() - theme.px(space::M)) / 2.0;
    let all = [
        ("Matched", "Events it wanted", rule.matched),
        ("Passed over", "Events it looked at and did not want", rule.passed_over),
        ("Attempts", "InvocationAttempts: calls of targets, tries included", rule.invocations),
        ("Failed", "Attempts that failed: InvocationAttempts less SuccessfulInvocationAttempts", rule.failed),
        ("Throttled", "Of the failed: a function was at its limit", rule.throttles),
        ("Waited", "ThrottledRules: calls that waited for the quota of invocations", rule.throttled),
        ("Forwarded", "Events handed to another bus", rule.forwarded),
        ("On schedule", "Events of the service's own", rule.scheduled),
        ("Dead-lettered", "Copies that went to the dead-letter queue", rule.dead_lettered),
        ("Dropped", "Copies given up with nowhere to go", rule.dropped),
    ];
    for pair in all.chunks(2) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme.px(space::M);
            pair.iter().for_each(|(name, help, value)| fact(ui, theme, name, help, &value.to_string(), width));
        });
    }
}
