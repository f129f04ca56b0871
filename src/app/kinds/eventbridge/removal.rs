//! A rule or a bus goes, with everything that leads to it: as when a node is removed, and undone as one step.

use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::scenario::Scenario;
use crate::scenario::broker::{BrokerKind, EventBridge, Parts};
use crate::scenario::document::{Broker, Node};

/// Without the rule at a position: nobody reads from it any more, nor from dead-letter queues that only it had.
pub(super) fn rule(scenario: &Scenario, broker: &str, position: usize) -> Option<Action> {
    changed(scenario, broker, |parts| {
        let rule = (position < parts.rules.len()).then(|| parts.rules.remove(position))?;
        parts.replays.iter_mut().for_each(|replay| replay.rules.retain(|name| *name != rule.name));
        Some(format!("Remove rule {}", rule.name))
    })
}

/// Without the bus at a position, its rules and replays, and whatever is published or forwarded to it.
pub(super) fn bus(scenario: &Scenario, broker: &str, position: usize) -> Option<Action> {
    changed(scenario, broker, |parts| {
        let bus = parts.buses.get(position)?.name.clone();
        let whole = parts.clone();
        let is_own = |name: &str| whole.rules.iter().any(|rule| rule.name == name && whole.bus_of(rule) == Some(position));
        parts.buses.remove(position);
        parts.rules.retain(|rule| !is_own(&rule.name));
        parts.replays.retain(|replay| whole.archive_of(replay) != Some(position));
        parts.replays.iter_mut().for_each(|replay| replay.rules.retain(|rule| !is_own(rule)));
        parts.rules.iter_mut().filter(|rule| rule.forward.as_ref() == Some(&bus)).for_each(|rule| _ = rule.set_forward(None));
        Some(format!("Remove bus {bus}"))
    })
}

/// The edit that makes a change of a broker's parts, and takes away what led to parts that are not there any more.
fn changed(scenario: &Scenario, broker: &str, change: impl FnOnce(&mut EventBridge) -> Option<String>) -> Option<Action> {
    let mut next = scenario.clone();
    let parts = next.nodes.iter_mut().find_map(|node| match node {
        Node::Broker(Broker { id, kind: BrokerKind::EventBridge(parts), .. }) if id == broker => Some(parts),
        _ => None,
    })?;
    let before = places(broker, parts);
    let label = change(parts)?;
    let after = places(broker, parts);
    let is_gone = |place: &String| before.contains(place) && !after.contains(place);
    for node in &mut next.nodes {
        match node {
            Node::Producer(producer) => producer.emits.retain(|emit| !is_gone(&emit.to)),
            Node::Consumer(consumer) => {
                consumer.reads.retain(|read| !is_gone(&read.from));
                consumer.then.retain(|then| !is_gone(&then.to));
                consumer.dead_letter.take_if(|place| is_gone(place));
            }
            Node::Broker(Broker { kind: BrokerKind::EventBridge(parts), .. }) => {
                let led = parts.rules.iter_mut().filter(|rule| rule.forward.as_ref().is_some_and(is_gone));
                led.for_each(|rule| _ = rule.set_forward(None));
            }
            Node::Broker(_) | Node::Store(_) => {}
        }
    }
    let gone: Vec<&String> = before.iter().filter(|place| is_gone(place)).collect();
    next.expect.retain(|expect| !gone.iter().any(|place| mentions(&expect.0, place)));
    Some(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }))
}

/// What can be written to and read from, as `broker/part`.
fn places(broker: &str, parts: &EventBridge) -> Vec<String> {
    let outlets = parts.outlets().into_iter().flatten().map(|outlet| format!("{broker}/{}", outlet.name));
    parts.channels().into_iter().map(|channel| format!("{broker}/{channel}")).chain(outlets).collect()
}

/// Whether an expectation speaks of a place.
fn mentions(text: &str, place: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(place).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(of_a_name) && !text[at + place.len()..].chars().next().is_some_and(of_a_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load, write};

    const TEXT: &str = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/one", arrivals: Every("1s")), Emit(event: "E", to: "b/two", arrivals: Every("1s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "one", archive: Archive()), Bus(name: "two")], rules: [
            Rule(name: "x", bus: "one", pattern: "{\"source\":[\"p\"]}", forward: "two", targets: [
                Target(reader: "c", dead_letter: "x-dead"), Target(bus: "two", dead_letter: "shared")]),
            Rule(name: "y", bus: "two", pattern: "{\"source\":[\"p\"]}", dead_letter: "shared"),
        ], replays: [Replay(name: "r", bus: "one", at: "5s", rules: ["x"])])),
        Consumer(id: "c", reads: [Read(from: "b/x"), Read(from: "b/y")]),
        Consumer(id: "d", reads: [Read(from: "b/x-dead"), Read(from: "b/shared")]),
    ], expect: [Expect("'b/x'.depth.max < 10"), Expect("'b/y'.depth.max < 10")])"#;

    fn after(action: Option<Action>) -> (String, String) {
        let Some(Action::Edit(Edit::SetScenario { label, scenario })) = action else { panic!("{action:?}") };
        let text = write(&scenario);
        // What is left is sound.
        load(&text, "left.ron", &NoFiles).unwrap_or_else(|p| panic!("{}\n{text}", p[0]));
        (label, text)
    }

    #[test]
    fn a_rule_takes_along_what_led_to_it() {
        let scenario = load(TEXT, "t.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
        let (label, text) = after(rule(&scenario, "b", 0));
        assert_eq!(label, "Remove rule x");
        assert!(!text.contains("b/x") && text.contains("b/y") && text.contains("b/shared") && text.contains("'b/y'"), "{text}");
        assert!(rule(&scenario, "b", 9).is_none() && rule(&scenario, "p", 0).is_none());
    }

    #[test]
    fn a_bus_takes_along_its_rules_and_publishers() {
        let scenario = load(TEXT, "t.ron", &NoFiles).unwrap().scenario;
        let (label, text) = after(bus(&scenario, "b", 0));
        assert_eq!(label, "Remove bus one");
        assert!(!text.contains("b/one") && !text.contains("\"x\"") && !text.contains("Replay") && text.contains("b/two"), "{text}");
        let (_, text) = after(bus(&scenario, "b", 1));
        assert!(
            !text.contains("\"two\"") && !text.contains("forward") && !text.contains("Target(bus") && text.contains("b/x-dead"),
            "{text}"
        );
    }
}
