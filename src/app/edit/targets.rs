//! What rules of EventBridge say of single targets, kept true to who reads from them.

use super::rules_of;
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::eventbridge::Target;
use crate::scenario::document::{Broker, Consumer, Node};

/// A target of a rule that is there: broker, rule, and whose settings they are.
type Held = (String, String, (Option<String>, Option<String>));

fn key(target: &Target) -> (Option<String>, Option<String>) {
    (target.reader.clone(), target.bus.clone())
}

/// The settings of single targets that are somebody's now.
pub(super) fn held(scenario: &Scenario) -> Vec<Held> {
    let mut held = Vec::new();
    for node in &scenario.nodes {
        let Node::Broker(Broker { id, kind: BrokerKind::EventBridge(parts), .. }) = node else { continue };
        for rule in parts.rules.iter().filter(|rule| !rule.targets.is_empty()) {
            let mut living = rule.clone();
            living.keep_targets(|group| reads(scenario, &format!("{id}/{}", rule.name), group));
            held.extend(living.targets.iter().map(|target| (id.clone(), rule.name.clone(), key(target))));
        }
    }
    held
}

/// Forgets the settings of targets that were there before a change, and are not any more.
pub(super) fn prune(scenario: &mut Scenario, before: &[Held]) {
    if before.is_empty() {
        return;
    }
    let after = held(scenario);
    for node in &mut scenario.nodes {
        let id = node.id().to_owned();
        for rule in rules_of(node) {
            let name = rule.name.clone();
            let gone = |target: &Target| {
                let known = (id.clone(), name.clone(), key(target));
                before.contains(&known) && !after.contains(&known)
            };
            rule.targets.retain(|target| !gone(target));
        }
    }
}

/// Whether anybody reads from a place as that group.
fn reads(scenario: &Scenario, place: &str, group: &str) -> bool {
    scenario.readers(place).iter().any(|(known, _)| *known == group)
}

/// Readers of a place are called otherwise: what its rule says of them follows.
pub(super) fn rename(scenario: &mut Scenario, place: &str, from: &str, to: &str) {
    let Some((broker, name)) = place.split_once('/') else { return };
    let Some(node) = scenario.nodes.iter_mut().find(|node| node.id() == broker) else { return };
    for target in rules_of(node).iter_mut().filter(|rule| rule.name == name).flat_map(|rule| &mut rule.targets) {
        if target.reader.as_deref() == Some(from) {
            target.reader = Some(to.to_owned());
        }
    }
}

/// A consumer that reads the same as before, but as another group, keeps what is said of it; unless others still read as that group.
pub(super) fn regrouped(scenario: &mut Scenario, before: &Consumer, after: &Consumer) {
    for (old, new) in before.reads.iter().zip(&after.reads).filter(|(old, new)| old.from == new.from && old.group != new.group) {
        let (from, to) = (old.group.as_ref().unwrap_or(&before.id), new.group.as_ref().unwrap_or(&after.id));
        if !reads(scenario, &old.from, from) {
            rename(scenario, &old.from, from, to);
        }
    }
}
