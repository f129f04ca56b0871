//! Parts of scenarios, as scenarios: what copying takes along, and how a part is added to another scenario. Pure.

use super::edit::unique_id;
use super::kinds::{self, Way};
use crate::scenario::Scenario;
use crate::scenario::document::{Event, Group, Node};
use std::collections::{BTreeMap, BTreeSet};

/// The part of a scenario that these nodes make: with the event types that they use, the links and groups among them. `place` says
/// where nodes are that the document gives no place.
pub fn part(scenario: &Scenario, ids: &BTreeSet<String>, place: impl Fn(&str) -> Option<(f32, f32)>) -> Scenario {
    let mut nodes: Vec<Node> = scenario.nodes.iter().filter(|n| ids.contains(n.id())).cloned().collect();
    for node in &mut nodes {
        if let Some(at) = place(node.id()) {
            node.set_at(at);
        }
    }
    let used: BTreeSet<&str> = nodes.iter().flat_map(events_of).collect();
    let events: Vec<Event> = scenario.events.iter().filter(|e| used.contains(e.name.as_str())).cloned().collect();
    let links = scenario.links.iter().filter(|l| ids.contains(&l.between.0) || ids.contains(&l.between.1)).cloned().collect();
    let within = |g: &&Group| !g.nodes.is_empty() && g.nodes.iter().all(|id| ids.contains(id));
    let groups = scenario.groups.iter().filter(within).cloned().collect();
    let name = format!("Part of {}", scenario.name);
    Scenario { name, events, nodes, links, groups, ..Scenario::default() }
}

fn events_of(node: &Node) -> Vec<&str> {
    match node {
        Node::Producer(p) => p.emits.iter().filter_map(|e| e.event.as_deref()).collect(),
        Node::Broker(_) => Vec::new(),
        Node::Consumer(c) => c.then.iter().flat_map(|t| std::iter::once(&t.event).chain(&t.on)).map(String::as_str).collect(),
    }
}

/// A scenario with a part added, moved by `shift`, and the names that its nodes got. Ends that are in neither are left out.
pub fn joined(scenario: &Scenario, part: &Scenario, shift: (f32, f32)) -> (Scenario, BTreeSet<String>) {
    let mut whole = scenario.clone();
    for event in &part.events {
        if !whole.events.iter().any(|e| e.name == event.name) {
            whole.events.push(event.clone());
        }
    }
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for node in &part.nodes {
        let mut copy = node.clone();
        *copy.id_mut() = unique_id(&whole, node.id());
        if let Some((x, y)) = node.at() {
            copy.set_at((x + shift.0, y + shift.1));
        }
        names.insert(node.id(), copy.id().to_owned());
        whole.nodes.push(copy);
    }
    let first = scenario.nodes.len();
    let brokers: BTreeMap<String, _> =
        whole.nodes.iter().filter_map(|n| if let Node::Broker(b) = n { Some((b.id.clone(), b.kind.clone())) } else { None }).collect();
    // An end follows its broker's new name; one outside of the part stays if it is here too.
    let follow = |place: &str, way: Way| -> Option<String> {
        let (broker, end) = place.split_once('/')?;
        let broker = names.get(broker).map_or(broker, String::as_str);
        brokers.get(broker).filter(|kind| kinds::has(kind, end, way)).map(|_| format!("{broker}/{end}"))
    };
    for node in &mut whole.nodes[first..] {
        match node {
            Node::Producer(p) => p.emits.retain_mut(|e| follow(&e.to, Way::In).map(|to| e.to = to).is_some()),
            Node::Broker(_) => {}
            Node::Consumer(c) => {
                c.reads.retain_mut(|r| follow(&r.from, Way::Out).map(|from| r.from = from).is_some());
                for group in c.reads.iter_mut().filter_map(|r| r.group.as_mut()) {
                    if let Some(name) = names.get(group.as_str()) {
                        group.clone_from(name);
                    }
                }
                c.then.retain_mut(|t| follow(&t.to, Way::In).map(|to| t.to = to).is_some());
                c.dead_letter = c.dead_letter.as_deref().and_then(|to| follow(to, Way::In));
            }
        }
    }
    for link in &part.links {
        let mut link = link.clone();
        let mut known = true;
        for end in [&mut link.between.0, &mut link.between.1] {
            match names.get(end.as_str()) {
                Some(name) => end.clone_from(name),
                None => known &= scenario.nodes.iter().any(|n| n.id() == end),
            }
        }
        if known {
            whole.links.push(link);
        }
    }
    for group in &part.groups {
        let nodes = group.nodes.iter().filter_map(|id| names.get(id.as_str()).cloned()).collect();
        whole.groups.push(Group { title: group.title.clone(), nodes });
    }
    whole.notes.extend(part.notes.iter().cloned().map(|mut note| {
        note.at = (note.at.0 + shift.0, note.at.1 + shift.1);
        note
    }));
    (whole, names.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{read, write};

    fn shop() -> Scenario {
        read(include_str!("../../scenarios/cases/shop.ron"), "shop.ron").unwrap()
    }

    fn ids(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn a_part_goes_through_text_into_another_scenario() {
        let part = part(&shop(), &ids(&["order-service", "bus", "billing"]), |_| None);
        let text = write(&part);
        let (whole, names) = joined(&Scenario::default(), &read(&text, "clipboard").unwrap(), (10.0, 20.0));
        assert_eq!(names, ids(&["billing", "bus", "order-service"]));
        assert_eq!(whole.events.len(), 2, "both types are used");
        assert_eq!(whole.links.len(), 1);
        assert_eq!(whole.nodes[0].at(), Some((70.0, 344.0)));
        let Node::Consumer(billing) = &whole.nodes[2] else { panic!() };
        assert_eq!((billing.reads[0].from.as_str(), billing.then[0].to.as_str()), ("bus/orders", "bus/invoices"));
    }

    #[test]
    fn a_copy_beside_its_original_has_names_of_its_own_and_keeps_what_it_hung_on() {
        let shop = shop();
        let (whole, names) = joined(&shop, &part(&shop, &ids(&["billing"]), |_| None), (32.0, 32.0));
        assert_eq!(names, ids(&["billing-2"]));
        let Some(Node::Consumer(copy)) = whole.nodes.last() else { panic!() };
        assert_eq!(copy.reads[0].from, "bus/orders", "the broker is still there");

        let (whole, names) = joined(&shop, &part(&shop, &ids(&["bus", "billing"]), |_| None), (0.0, 0.0));
        assert_eq!(names, ids(&["billing-2", "bus-2"]));
        let Some(Node::Consumer(copy)) = whole.nodes.iter().find(|n| n.id() == "billing-2") else { panic!() };
        assert_eq!((copy.reads[0].from.as_str(), copy.then[0].to.as_str()), ("bus-2/orders", "bus-2/invoices"));
        assert!(whole.links.iter().any(|l| l.between.1 == "bus-2"), "the long line to the copied broker is as long");
    }

    #[test]
    fn ends_that_are_nowhere_are_left_out() {
        let (whole, _) = joined(&Scenario::default(), &part(&shop(), &ids(&["billing", "order-service"]), |_| None), (0.0, 0.0));
        let (Node::Producer(p), Node::Consumer(c)) = (&whole.nodes[0], &whole.nodes[1]) else { panic!() };
        assert!(p.emits.is_empty() && c.reads.is_empty() && c.then.is_empty() && whole.links.is_empty());
    }
}
