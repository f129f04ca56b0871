//! What may be touched in a step: compares a scenario before and after an edit.

use crate::scenario::Scenario;
use crate::scenario::document::Node;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether an edit changes what must not be touched. `given` are the nodes that were there when the step began: others are the
/// learner's own, if nodes may be added.
pub fn outside(before: &Scenario, after: &Scenario, touch: &[String], given: &BTreeSet<String>) -> bool {
    if touch.is_empty() {
        return false;
    }
    let may = |head: &str| touch.iter().any(|path| path == head);
    let fields = |head: &str| -> Vec<&str> {
        let inside = |path: &'_ String| path.strip_prefix(head).is_some_and(|rest| rest.starts_with(['.', '[']));
        touch.iter().filter(|path| inside(path)).map(|path| path[head.len()..].trim_start_matches('.')).collect()
    };
    for node in after.nodes.iter().chain(&before.nodes) {
        let id = node.id();
        let find = |scenario: &Scenario| scenario.nodes.iter().find(|n| n.id() == id).cloned();
        let (old, new) = (find(before), find(after));
        if may(id) || may("nodes") && (old.is_none() || new.is_none() || !given.contains(id)) {
            continue;
        }
        let same = match (old, new) {
            (Some(old), Some(new)) => alike(&old, &new, &fields(id)),
            _ => false,
        };
        if !same {
            return true;
        }
    }
    let events = |scenario: &Scenario| scenario.events.iter().filter(|e| !may(&e.name)).cloned().collect::<Vec<_>>();
    let differs = [
        ("events", events(before) != events(after)),
        ("links", before.links != after.links),
        ("network", before.network != after.network),
        ("faults", before.faults != after.faults),
        ("duration", before.duration != after.duration),
        ("warmup", before.warmup != after.warmup),
        ("seed", before.seed != after.seed),
        ("limits", before.limits != after.limits),
    ];
    differs.into_iter().any(|(name, differs)| differs && !may(name))
}

/// Whether two versions of a node are the same but for its place and these settings.
fn alike(old: &Node, new: &Node, but: &[&str]) -> bool {
    let bare = |node: &Node| {
        let mut value = serde_json::to_value(node).unwrap_or_default();
        // A variant with its content: `{"Consumer": {...}}`.
        if let Some(Value::Object(inside)) = value.as_object_mut().and_then(|outer| outer.values_mut().next()) {
            inside.remove("at");
            for path in but {
                let field = path.split(['.', '[']).next().unwrap_or(path);
                inside.remove(field);
            }
        }
        value
    };
    bare(old) == bare(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::edit::Edit;

    #[test]
    fn only_what_may_be_touched_can_be_changed() {
        let shop = crate::scenario::read(include_str!("../../../scenarios/cases/shop.ron"), "shop.ron").unwrap();
        let given: BTreeSet<String> = shop.nodes.iter().map(|n| n.id().to_owned()).collect();
        let changed = |change: &dyn Fn(&mut Scenario)| {
            let mut next = shop.clone();
            change(&mut next);
            next
        };
        let consumer = |s: &mut Scenario, id: &str, change: &dyn Fn(&mut crate::scenario::document::Consumer)| {
            for node in &mut s.nodes {
                if let Node::Consumer(c) = node
                    && c.id == id
                {
                    change(c);
                }
            }
        };
        let touch = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let more = changed(&|s| consumer(s, "billing", &|c| c.instances = 3));
        assert!(!outside(&shop, &more, &[], &given));
        assert!(!outside(&shop, &more, &touch(&["billing.instances"]), &given));
        assert!(!outside(&shop, &more, &touch(&["billing"]), &given));
        assert!(outside(&shop, &more, &touch(&["billing.threads"]), &given));
        let moved = changed(&|s| s.nodes[0].set_at((1.0, 2.0)));
        assert!(!outside(&shop, &moved, &touch(&["billing"]), &given));
        let longer = changed(&|s| s.duration = crate::time::Span::from_millis(5));
        assert!(outside(&shop, &longer, &touch(&["billing"]), &given));
        assert!(!outside(&shop, &longer, &touch(&["duration"]), &given));
        let mut added = shop.clone();
        added.nodes.push(Node::Consumer(crate::scenario::document::Consumer { id: "mine".into(), ..Default::default() }));
        assert!(outside(&shop, &added, &touch(&["billing"]), &given));
        assert!(!outside(&shop, &added, &touch(&["nodes"]), &given));
        let mut named = added.clone();
        Edit::Rename { from: "mine".into(), to: "loyalty".into() }.apply(&mut named).unwrap();
        consumer(&mut named, "loyalty", &|c| c.threads = 2);
        assert!(!outside(&added, &named, &touch(&["nodes"]), &given), "what was added is the learner's own");
    }
}
