//! A broker's channels. Renaming one takes along everything that refers to it, so it is an edit of the whole scenario.

use super::Inspected;
use super::fields::{add, removable, row, section};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::document::{Broker, Node};
use egui::Ui;

/// Draws the fields.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, broker: &mut Broker, actions: &mut Vec<Action>) {
    let theme = input.theme;
    row(ui, theme, "Kind", "By whose rules it works", |ui, label| ui.label(broker.kind.name()).labelled_by(label));
    section(ui, theme, "Topics");
    let all: Vec<String> = broker.kind.channels().into_iter().map(str::to_owned).collect();
    let mut gone = None;
    for (i, topic) in all.iter().enumerate() {
        let used = uses(input.scenario, &format!("{}/{topic}", broker.id));
        let parse = |name: &str| match name.trim() {
            "" => Err("a topic needs a name".to_owned()),
            name if name.contains(['/', '#']) => Err("no `/` and no `#` in a name".to_owned()),
            name if name != topic && all.iter().any(|t| t == name) => Err(format!("there is another `{name}`")),
            name => Ok(name.to_owned()),
        };
        let (new, remove) = ui.push_id(("topic", i), |ui| removable(ui, theme, &format!("topic {topic}"), topic, &parse)).inner;
        if let Some(name) = new {
            actions.push(rename(input.scenario, &broker.id, topic, &name));
        }
        if remove {
            gone = Some(i);
        }
        ui.label(muted(theme, used).size(theme.label));
    }
    if let Some(i) = gone {
        broker.kind.parts_mut().remove_channel(i);
    }
    if add(ui, theme, "Add topic") {
        let name = (1..).map(|n| format!("topic-{n}")).find(|name| !all.contains(name)).unwrap_or_default();
        broker.kind.parts_mut().add_channel(&name);
    }
}

/// Who uses a channel, in words.
fn uses(scenario: &Scenario, channel: &str) -> String {
    let (mut writers, mut readers) = (0, 0);
    let mut scenario = scenario.clone();
    endpoints(&mut scenario, |end, reads| {
        if end == channel {
            *(if reads { &mut readers } else { &mut writers }) += 1;
        }
    });
    format!("{writers} in, {readers} out")
}

/// Everything that names a channel, and whether it reads from it.
fn endpoints(scenario: &mut Scenario, mut each: impl FnMut(&mut String, bool)) {
    for node in &mut scenario.nodes {
        match node {
            Node::Producer(p) => p.emits.iter_mut().for_each(|e| each(&mut e.to, false)),
            Node::Broker(_) => {}
            Node::Consumer(c) => {
                c.reads.iter_mut().for_each(|r| each(&mut r.from, true));
                c.then.iter_mut().for_each(|t| each(&mut t.to, false));
                c.dead_letter.iter_mut().for_each(|to| each(to, false));
            }
        }
    }
}

fn rename(scenario: &Scenario, broker: &str, from: &str, to: &str) -> Action {
    let mut next = scenario.clone();
    let (old, new) = (format!("{broker}/{from}"), format!("{broker}/{to}"));
    endpoints(&mut next, |end, _| {
        if *end == old {
            end.clone_from(&new);
        }
    });
    for node in &mut next.nodes {
        if let Node::Broker(b) = node
            && b.id == broker
        {
            let place = b.kind.channels().iter().position(|c| *c == from);
            place.into_iter().for_each(|i| b.kind.parts_mut().rename_channel(i, to));
        }
    }
    Action::Edit(Edit::SetScenario { label: format!("Rename topic {from} to {to}"), scenario: Box::new(next) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::broker::{BrokerKind, Simple};
    use crate::scenario::document::{Consumer, Handle, Read};

    #[test]
    fn renaming_a_topic_takes_its_readers_along() {
        let simple = Simple { topics: vec!["orders".into(), "other".into()] };
        let read = |from: &str| Read { from: from.into(), group: None };
        let scenario = Scenario {
            nodes: vec![
                Node::Broker(Broker { id: "bus".into(), at: None, kind: BrokerKind::Simple(simple) }),
                Node::Consumer(Consumer {
                    id: "billing".into(),
                    at: None,
                    reads: vec![read("bus/orders"), read("bus/other")],
                    instances: 1,
                    threads: 1,
                    handle: Handle::default(),
                    retry: None,
                    dead_letter: Some("bus/orders".into()),
                    then: Vec::new(),
                }),
            ],
            ..Scenario::default()
        };
        assert_eq!(uses(&scenario, "bus/orders"), "1 in, 1 out");
        let Action::Edit(Edit::SetScenario { scenario: next, .. }) = rename(&scenario, "bus", "orders", "sales") else { panic!() };
        assert_eq!(uses(&next, "bus/sales"), "1 in, 1 out");
        assert_eq!(uses(&next, "bus/orders"), "0 in, 0 out");
        assert_eq!(uses(&next, "bus/other"), "0 in, 1 out");
    }
}
