//! The targets of a rule: what each has for itself, and what holds as the rule says it.

use super::input::{AS_RULE, Example, called, edit_own};
use super::queues::Queues;
use super::rules::retries;
use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::fields::{choice, text};
use crate::app::theme::Theme;
use crate::app::widgets::{fold, muted};
use crate::figures;
use crate::run::frame::eventbridge::{TargetCounts, TargetView};
use crate::scenario::broker::eventbridge::{Rule, Target};
use egui::Ui;

/// Draws what each reader of a rule, and the bus that it forwards to, has for itself.
#[allow(clippy::too_many_arguments, reason = "what a rule shows of itself, and what its targets share")]
pub(super) fn list(
    rule: &mut Rule,
    ui: &mut Ui,
    input: &Inspected<'_>,
    broker: &str,
    example: &Example<'_>,
    seen: &[&TargetView],
    queues: &Queues,
    actions: &mut Vec<Action>,
) {
    let readers = input.scenario.readers(&format!("{broker}/{}", example.rule));
    let readers = readers.into_iter().map(|(group, _)| Target { reader: Some(group.to_owned()), ..Target::default() });
    let bus = rule.forward.clone().map(|bus| Target { bus: Some(bus), ..Target::default() });
    let theme = input.theme;
    for blank in readers.chain(bus) {
        let is_it = |target: &Target| (&target.reader, &target.bus) == (&blank.reader, &blank.bus);
        let position = rule.targets.iter().position(is_it);
        let before = position.map_or_else(|| blank.clone(), |at| rule.targets[at].clone());
        let mut target = before.clone();
        let name = blank.reader.as_ref().or(blank.bus.as_ref()).map_or("", String::as_str);
        let head = format!("{} {name}: {}", if blank.bus.is_some() { "Bus" } else { "Target" }, summary(&before));
        let fold = fold(ui, theme, &head).id_salt(("target", name, blank.bus.is_some()));
        let fields = |ui: &mut Ui| {
            if let Some(words) = inherited(&before, rule) {
                ui.label(muted(theme, words).size(theme.label));
            }
            if blank.bus.is_none() {
                edit_own(ui, theme, &mut target.input, rule.input.as_ref(), example);
            }
            own_retries(ui, theme, &mut target, rule);
            own_queue(ui, theme, &mut target, queues, |from, to| queues.changed(from, to, input.scenario, broker, actions));
            let is_seen = |it: &&&TargetView| it.name == name && it.is_bus == blank.bus.is_some();
            if let Some(it) = seen.iter().find(is_seen).map(|it| it.counts) {
                ui.label(muted(theme, told(it)).size(theme.label));
            }
        };
        fold.show_unindented(ui, |ui| ui.push_id((name, blank.bus.is_some()), fields));
        if target == before {
            continue;
        }
        match position {
            Some(at) if target.is_empty() => drop(rule.targets.remove(at)),
            Some(at) => rule.targets[at] = target,
            None => rule.targets.push(target),
        }
    }
}

/// What a target has for itself, in a few words.
fn summary(target: &Target) -> String {
    let own = [
        target.input.is_some().then_some("input"),
        target.retry.is_some().then_some("retries"),
        target.dead_letter.is_some().then_some("dead letters"),
    ];
    let own: Vec<&str> = own.into_iter().flatten().collect();
    if own.is_empty() { "as the rule".to_owned() } else { format!("own {}", own.join(", ")) }
}

/// What holds for a target because its rule says so.
fn inherited(target: &Target, rule: &Rule) -> Option<String> {
    let usual = rule.usual();
    let parts = [
        (target.bus.is_none() && target.input.is_none()).then(|| called(usual.input).to_owned()),
        target.retry.is_none().then(|| format!("{} tries within {}", usual.retry.attempts, usual.retry.max_age)),
        target
            .dead_letter
            .is_none()
            .then(|| usual.dead_letter.map_or_else(|| "no dead-letter queue".to_owned(), |it| format!("failed go to {it}"))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("From the rule: {}", parts.join(", ")))
}

/// What a target did, in a few words.
fn told(counts: TargetCounts) -> String {
    let ends = [(counts.dead_lettered, "dead-lettered"), (counts.dropped, "dropped")].into_iter().filter(|(count, _)| *count > 0);
    let ends: String = ends.map(|(count, what)| format!(", {count} {what}")).collect();
    format!("{}, {} failed{ends}", figures::counted(counts.invocations, "attempt"), counts.failed)
}

fn own_retries(ui: &mut Ui, theme: &Theme, target: &mut Target, rule: &Rule) {
    let at = usize::from(target.retry.is_some());
    if let Some(picked) = choice(ui, theme, "Retries", "How often and how long it is tried again", &[AS_RULE, "its own"], at) {
        target.retry = (picked > 0).then_some(rule.retry);
    }
    if let Some(own) = &mut target.retry {
        retries(ui, theme, own);
    }
}

fn own_queue(ui: &mut Ui, theme: &Theme, target: &mut Target, queues: &Queues, changed: impl FnOnce(Option<&str>, &str) -> Option<String>) {
    let options = [AS_RULE, "no queue", "own queue"];
    let at = match target.dead_letter.as_deref() {
        None => 0,
        Some("") => 1,
        Some(_) => 2,
    };
    if let Some(picked) = choice(ui, theme, "Failed go to", "The queue for what this target never took", &options, at) {
        let name = target.reader.as_ref().or(target.bus.as_ref()).map_or("", String::as_str);
        target.dead_letter = match picked {
            0 => None,
            1 => Some(String::new()),
            _ => Some(queues.free(&format!("{}-dlq", name.replace('/', "-")))),
        };
    }
    if let Some(queue) = target.dead_letter.as_deref().filter(|queue| !queue.is_empty()) {
        let mut new = queue.to_owned();
        let wrong = |name: &str| if name.is_empty() { Some("it needs a name".to_owned()) } else { queues.wrong(name) };
        if text(ui, theme, "Queue", "Consumers read from it as broker/queue", &mut new, wrong) {
            target.dead_letter = changed(Some(queue), &new);
        }
    }
}
