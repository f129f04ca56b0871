//! What goes with a rule or a bus within its broker.

use crate::scenario::broker::EventBridge;

/// Takes away the rule at a position; what is its name?
pub(super) fn rule(parts: &mut EventBridge, position: usize) -> Option<String> {
    let rule = (position < parts.rules.len()).then(|| parts.rules.remove(position))?;
    forget(parts, |name| name == rule.name);
    Some(rule.name)
}

/// Takes away the bus at a position, its rules and replays, and what is forwarded to it; what is its name?
pub(super) fn bus(parts: &mut EventBridge, position: usize) -> Option<String> {
    let bus = parts.buses.get(position)?.name.clone();
    let whole = parts.clone();
    let is_own = |name: &str| whole.rules.iter().any(|rule| rule.name == name && whole.bus_of(rule) == Some(position));
    parts.buses.remove(position);
    parts.rules.retain(|rule| !is_own(&rule.name));
    parts.replays.retain(|replay| whole.archive_of(replay) != Some(position));
    forget(parts, is_own);
    parts.rules.iter_mut().filter(|rule| rule.forward.as_ref() == Some(&bus)).for_each(|rule| _ = rule.set_forward(None));
    Some(bus)
}

/// No replay speaks of rules that are gone. One that was for these alone goes with them: without any it would be for all.
fn forget(parts: &mut EventBridge, is_gone: impl Fn(&str) -> bool) {
    parts.replays.retain_mut(|replay| {
        let for_all = replay.rules.is_empty();
        replay.rules.retain(|rule| !is_gone(rule));
        for_all || !replay.rules.is_empty()
    });
}
