//! A part of a broker goes, with everything that leads to it: as when a node is removed, and undone as one step.

use super::{Way, of, of_mut};
use crate::app::action::Action;
use crate::app::edit::{Edit, users};
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Node};
use crate::scenario::expect::mentions;
use std::collections::BTreeSet;

/// The edit by which a broker loses the part at a position among those of its way, and everybody what led there.
pub fn removed(scenario: &Scenario, broker: &str, way: Way, position: usize) -> Option<Action> {
    let mut next = scenario.clone();
    let kind = kind_of(&mut next, broker)?;
    let before = [places(broker, kind, Way::In), places(broker, kind, Way::Out)];
    let name = of_mut(kind).remove(position, way)?;
    let label = format!("Remove {} {name}", of(kind).noun(way));
    let after = [places(broker, kind, Way::In), places(broker, kind, Way::Out)];
    let [to, from] = [0, 1].map(|way| before[way].difference(&after[way]).cloned().collect::<BTreeSet<_>>());
    unlink(&mut next, &to, &from);
    users::forget(&mut next, &users::of(scenario));
    Some(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }))
}

fn kind_of<'s>(scenario: &'s mut Scenario, broker: &str) -> Option<&'s mut BrokerKind> {
    scenario.nodes.iter_mut().find_map(|node| match node {
        Node::Broker(Broker { id, kind, .. }) if id == broker => Some(kind),
        _ => None,
    })
}

/// What can be written to or read from, as `broker/part`.
fn places(broker: &str, kind: &BrokerKind, way: Way) -> BTreeSet<String> {
    let parts = kind.parts();
    let outlets = parts.outlets().filter(|_| way == Way::Out).map(|outlets| outlets.into_iter().map(|outlet| outlet.name).collect());
    outlets.unwrap_or_else(|| parts.channels()).into_iter().map(|name| format!("{broker}/{name}")).collect()
}

/// Takes away what leads to places that are not there any more, and what is expected of them.
fn unlink(scenario: &mut Scenario, to: &BTreeSet<String>, from: &BTreeSet<String>) {
    for node in &mut scenario.nodes {
        match node {
            Node::Producer(producer) => {
                producer.emits.retain(|emit| !to.contains(&emit.to));
                producer.emits.iter_mut().for_each(|emit| drop(emit.reply.take_if(|reply| to.contains(&reply.to))));
            }
            Node::Consumer(consumer) => {
                consumer.reads.retain(|read| !from.contains(&read.from));
                consumer.then.retain(|then| !to.contains(&then.to));
                consumer.dead_letter.take_if(|place| to.contains(place));
            }
            Node::Broker(broker) => of_mut(&mut broker.kind).cut(&|place| to.contains(place)),
            Node::Store(_) => {}
        }
    }
    scenario.expect.retain(|expect| !from.iter().any(|place| mentions(&expect.0, place)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load, write};

    const EVENTBRIDGE: &str = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/one", arrivals: Every("1s")), Emit(event: "E", to: "b/two", arrivals: Every("1s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "one", archive: Archive()), Bus(name: "two")], rules: [
            Rule(name: "x", bus: "one", pattern: "{\"source\":[\"p\"]}", forward: "two", targets: [
                Target(reader: "c", dead_letter: "x-dead"), Target(bus: "two", dead_letter: "shared")]),
            Rule(name: "y", bus: "two", pattern: "{\"source\":[\"p\"]}", dead_letter: "shared"),
        ], replays: [Replay(name: "r", bus: "one", at: "5s", rules: ["x"])])),
        Consumer(id: "c", reads: [Read(from: "b/x"), Read(from: "b/y")]),
        Consumer(id: "d", reads: [Read(from: "b/x-dead"), Read(from: "b/shared")]),
    ], expect: [Expect("'b/x'.depth.max < 10"), Expect("'b/y'.depth.max < 10")])"#;

    const KAFKA: &str = r#"Scenario(format: 1, events: [Event(name: "E"), Event(name: "F")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/one", arrivals: Every("1s"))]),
        Producer(id: "q", emits: [Emit(event: "E", to: "b/two", arrivals: Every("1s"))]),
        Broker(id: "b", kind: Kafka(topics: [Topic(name: "one"), Topic(name: "two")], transactions: [Transaction(node: "p")],
            groups: [Group(name: "c", starts: "1s")], replays: [Replay(at: "5s", group: "d", topic: "one"), Replay(at: "5s", group: "c")])),
        Consumer(id: "c", reads: [Read(from: "b/one")], then: [Emit(event: "F", to: "b/two")]),
        Consumer(id: "d", reads: [Read(from: "b/one"), Read(from: "b/two")], dead_letter: "b/one"),
    ], expect: [Expect("'b/one#c'.depth.max < 10"), Expect("'b/two#d'.depth.max < 10")])"#;

    const RABBITMQ: &str = r#"Scenario(format: 1, events: [Event(name: "E"), Event(name: "F")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/one", arrivals: Every("1s")), Emit(event: "E", to: "b/two", arrivals: Every("1s"))]),
        Broker(id: "b", kind: RabbitMq(
            exchanges: [Exchange(name: "one", kind: Fanout), Exchange(name: "two", kind: Fanout, alternate: "one"), Exchange(name: "x", kind: Fanout)],
            queues: [
                Queue(name: "x", dead_letter: DeadLetter(exchange: "one")), Queue(name: "y", dead_letter: DeadLetter(key: "x")),
                Queue(name: "s", kind: Stream)],
            bindings: [
                Binding(from: "one", to: "x"), Binding(from: "two", to: "y"), Binding(from: "one", to: "x", to_exchange: true),
                Binding(from: "x", to: "y"), Binding(from: "x", to: "s")],
            attaches: [Attach(reader: "d", stream: "s", offset: First)], redrives: [Redrive(at: "5s", from: "x", to: "y")])),
        Consumer(id: "c", reads: [Read(from: "b/x")], then: [Emit(event: "F", to: "b/x")]),
        Consumer(id: "d", reads: [Read(from: "b/y"), Read(from: "b/s")], dead_letter: "b/one"),
    ], expect: [Expect("'b/x'.depth.max < 10"), Expect("'b/y'.depth.max < 10")])"#;

    fn scenario(text: &str) -> Scenario {
        load(text, "t.ron", &NoFiles).unwrap_or_else(|p| panic!("{}\n{text}", p[0])).scenario
    }

    /// What is left in the file, which is sound.
    fn after(text: &str, way: Way, position: usize) -> (String, String) {
        let action = removed(&scenario(text), "b", way, position);
        let Some(Action::Edit(Edit::SetScenario { label, scenario })) = action else { panic!("{action:?}") };
        let text = write(&scenario);
        load(&text, "left.ron", &NoFiles).unwrap_or_else(|p| panic!("{label}: {}\n{text}", p[0]));
        (label, text)
    }

    fn says(text: &str, has: &[&str], has_not: &[&str]) {
        has.iter().for_each(|part| assert!(text.contains(part), "{part} is missing in {text}"));
        has_not.iter().for_each(|part| assert!(!text.contains(part), "{part} is left in {text}"));
    }

    #[test]
    fn a_rule_takes_along_what_led_to_it() {
        let (label, text) = after(EVENTBRIDGE, Way::Out, 0);
        assert_eq!(label, "Remove rule x");
        // A replay for it alone would have become one for all rules.
        says(&text, &["b/y", "b/shared", "'b/y'"], &["b/x", "Replay"]);
        let scenario = scenario(EVENTBRIDGE);
        assert!(removed(&scenario, "b", Way::Out, 9).is_none() && removed(&scenario, "p", Way::Out, 0).is_none());
    }

    #[test]
    fn a_replay_of_several_rules_goes_on_without_one() {
        let (_, text) = after(&EVENTBRIDGE.replace(r#"rules: ["x"]"#, r#"rules: ["x", "y"]"#), Way::Out, 0);
        says(&text, &[r#"rules: ["y"]"#], &[]);
        let (_, text) = after(&EVENTBRIDGE.replace(r#", rules: ["x"]"#, ""), Way::Out, 0);
        says(&text, &["Replay"], &[]);
    }

    #[test]
    fn a_bus_takes_along_its_rules_and_publishers() {
        let (label, text) = after(EVENTBRIDGE, Way::In, 0);
        assert_eq!(label, "Remove bus one");
        says(&text, &["b/two"], &["b/one", "\"x\"", "Replay"]);
        let (_, text) = after(EVENTBRIDGE, Way::In, 1);
        says(&text, &["b/x-dead"], &["\"two\"", "forward", "Target(bus"]);
    }

    #[test]
    fn a_topic_takes_along_who_writes_to_it_and_reads_it() {
        let (label, text) = after(KAFKA, Way::In, 0);
        assert_eq!(label, "Remove topic one");
        says(&text, &["b/two", "'b/two#d'"], &["b/one", "Transaction", "Group(", "Replay"]);
        let (_, text) = after(KAFKA, Way::In, 1);
        says(&text, &["b/one", "'b/one#c'", "Transaction", "Group("], &["b/two"]);
        let simple = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/one", arrivals: Every("1s")), Emit(event: "E", to: "b/two", arrivals: Every("1s"))]),
            Broker(id: "b", kind: Simple(topics: ["one", "two"])), Consumer(id: "c", reads: [Read(from: "b/one"), Read(from: "b/two")])])"#;
        let (label, text) = after(simple, Way::Out, 1);
        assert_eq!(label, "Remove topic two");
        says(&text, &["b/one"], &["two"]);
    }

    #[test]
    fn a_queue_or_an_exchange_takes_along_only_what_led_that_way() {
        let (label, text) = after(RABBITMQ, Way::Out, 0);
        assert_eq!(label, "Remove queue x");
        // There is an exchange of the same name.
        says(&text, &["to: \"b/x\"", "to_exchange", "'b/y'", "Attach"], &["from: \"b/x\"", "Redrive", "key: \"x\"", "'b/x'"]);
        let (label, text) = after(RABBITMQ, Way::In, 2);
        assert_eq!(label, "Remove exchange x");
        says(&text, &["from: \"b/x\"", "'b/x'", "Redrive", "key: \"x\""], &["to: \"b/x\"", "to_exchange"]);
        let (_, text) = after(RABBITMQ, Way::In, 0);
        says(&text, &["b/two", "key: \"x\""], &["b/one", "\"one\"", "alternate"]);
        let (_, text) = after(RABBITMQ, Way::Out, 2);
        says(&text, &["b/y"], &["b/s", "Attach"]);
    }
}
