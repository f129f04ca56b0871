//! A broker: its kind, and the parts that its kind has (`app::kinds`). Renaming a part takes along everything that refers to
//! it, so it is an edit of the whole scenario.

use super::Inspected;
use super::fields::fixed;
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::kinds::{self, Way};
use crate::scenario::document::{Broker, Node};
use crate::scenario::{Scenario, expect};
use egui::Ui;

/// Draws the fields.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, broker: &mut Broker, actions: &mut Vec<Action>) {
    fixed(ui, |ui| super::change::show(ui, input, broker, actions));
    fixed(ui, |ui| kinds::of_mut(&mut broker.kind).inspect(ui, input, &broker.id, actions));
}

/// Who uses a part of a broker (`broker/name`), in words.
pub fn uses(scenario: &Scenario, place: &str) -> String {
    let (writers, readers) = ends(scenario, place);
    format!("{writers} in, {readers} out")
}

/// How many outside of a broker give to a part of it (`broker/name`), and how many take from it.
pub fn ends(scenario: &Scenario, place: &str) -> (usize, usize) {
    let (mut writers, mut readers) = (0, 0);
    let mut scenario = scenario.clone();
    endpoints(&mut scenario, |end, way| {
        if end == place {
            *(if way == Way::Out { &mut readers } else { &mut writers }) += 1;
        }
    });
    (writers, readers)
}

/// Everything that names a part of a broker, and in which direction events pass it there.
fn endpoints(scenario: &mut Scenario, mut each: impl FnMut(&mut String, Way)) {
    for node in &mut scenario.nodes {
        match node {
            Node::Producer(p) => p.emits.iter_mut().for_each(|e| {
                each(&mut e.to, Way::In);
                e.reply.iter_mut().for_each(|reply| each(&mut reply.to, Way::In));
            }),
            Node::Broker(b) => kinds::of_mut(&mut b.kind).places().into_iter().for_each(|to| each(to, Way::In)),
            Node::Store(_) => {}
            Node::Consumer(c) => {
                c.reads.iter_mut().for_each(|r| each(&mut r.from, Way::Out));
                c.then.iter_mut().for_each(|t| each(&mut t.to, Way::In));
                c.dead_letter.iter_mut().for_each(|to| each(to, Way::In));
            }
        }
    }
}

/// The edit that gives a part of a broker, through which events pass in these directions, another name.
pub fn renamed(scenario: &Scenario, broker: &str, ways: &[Way], from: &str, to: &str) -> Action {
    let mut next = scenario.clone();
    let (old, new) = (format!("{broker}/{from}"), format!("{broker}/{to}"));
    let mut noun = "part";
    for node in &mut next.nodes {
        if let Node::Broker(b) = node
            && b.id == broker
        {
            for &way in ways {
                if kinds::has(&b.kind, from, way) {
                    noun = kinds::of(&b.kind).noun(way);
                    kinds::of_mut(&mut b.kind).rename(from, to, way);
                }
            }
        }
    }
    endpoints(&mut next, |end, way| {
        if *end == old && ways.contains(&way) {
            end.clone_from(&new);
        }
    });
    // Expectations know places by their outlets alone.
    if ways.contains(&Way::Out) {
        next.expect.iter_mut().for_each(|e| e.0 = expect::renamed(&e.0, &old, &new));
    }
    Action::Edit(Edit::SetScenario { label: format!("Rename {noun} {from} to {to}"), scenario: Box::new(next) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::broker::{BrokerKind, Simple};
    use crate::scenario::document::{Consumer, Read};

    #[test]
    fn renaming_a_topic_takes_its_readers_along() {
        let simple = Simple { topics: vec!["orders".into(), "other".into()] };
        let read = |from: &str| Read::new(from.into());
        let scenario = Scenario {
            nodes: vec![
                Node::Broker(Broker { id: "bus".into(), at: None, zone: None, kind: BrokerKind::Simple(simple) }),
                Node::Consumer(Consumer {
                    id: "billing".into(),
                    reads: vec![read("bus/orders"), read("bus/other")],
                    dead_letter: Some("bus/orders".into()),
                    ..Consumer::default()
                }),
            ],
            ..Scenario::default()
        };
        assert_eq!(uses(&scenario, "bus/orders"), "1 in, 1 out");
        let Action::Edit(Edit::SetScenario { scenario: next, .. }) = renamed(&scenario, "bus", &[Way::In, Way::Out], "orders", "sales")
        else {
            panic!()
        };
        assert_eq!(uses(&next, "bus/sales"), "1 in, 1 out");
        assert_eq!(uses(&next, "bus/orders"), "0 in, 0 out");
        assert_eq!(uses(&next, "bus/other"), "0 in, 1 out");
    }

    #[test]
    fn renaming_an_outlet_takes_along_what_is_expected_of_it() {
        let text = r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "bus/orders", arrivals: Every("1s")), Emit(event: "E", to: "r/x", arrivals: Every("1s"))]),
            Broker(id: "bus", kind: Simple(topics: ["orders"])),
            Broker(id: "r", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "x")],
                bindings: [Binding(from: "x", to: "x")])),
            Consumer(id: "c", reads: [Read(from: "bus/orders"), Read(from: "r/x")]),
        ], expect: [Expect("'bus/orders#c'.routed > 1"), Expect("'r/x'.depth.max < 10")])"#;
        let scenario = crate::scenario::read(text, "t.ron").unwrap_or_else(|p| panic!("{p:?}"));
        let after = |broker: &str, ways: &[Way], from: &str, to: &str| {
            let Action::Edit(Edit::SetScenario { scenario: next, .. }) = renamed(&scenario, broker, ways, from, to) else { panic!() };
            next.expect.iter().map(|expect| expect.0.clone()).collect::<Vec<_>>()
        };
        assert_eq!(after("bus", &[Way::In, Way::Out], "orders", "sales"), ["'bus/sales#c'.routed > 1", "'r/x'.depth.max < 10"]);
        assert_eq!(after("r", &[Way::Out], "x", "work"), ["'bus/orders#c'.routed > 1", "'r/work'.depth.max < 10"]);
        // The exchange of that name is no outlet.
        assert_eq!(after("r", &[Way::In], "x", "all"), ["'bus/orders#c'.routed > 1", "'r/x'.depth.max < 10"]);
    }
}
