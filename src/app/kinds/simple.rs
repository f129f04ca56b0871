//! The simple kind: a row per topic, with a bar for what waits for each group.

use super::removal::removed;
use super::{Board, Inside, Kind, Offer, Way};
use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::broker::{renamed, uses};
use crate::app::inspector::fields::{add, removable, section};
use crate::app::widgets::muted;
use crate::scenario::Scenario;
use crate::scenario::broker::{BrokerKind, Simple};
use crate::scenario::document::Node;
use egui::Ui;
use egui_material_icons::icons::ICON_HUB;

/// Whether an endpoint belongs to a simple broker.
pub fn is_at(scenario: &Scenario, endpoint: &str) -> bool {
    let broker = endpoint.split('/').next();
    let simple = |node: &Node| matches!(node, Node::Broker(b) if Some(b.id.as_str()) == broker && matches!(b.kind, BrokerKind::Simple(_)));
    scenario.nodes.iter().any(simple)
}

/// What the palette says.
pub const OFFER: Offer = Offer {
    kind: "Simple",
    title: "Broker",
    line: "Publish and subscribe, the concept itself",
    icon: ICON_HUB,
    fresh: || BrokerKind::Simple(Simple { topics: vec!["events".to_owned()] }),
};

impl Kind for Simple {
    fn board(&self, least: f32) -> Board {
        Board::stack(self.topics.iter().map(String::as_str), "topic", true, true, least)
    }

    fn paint(&self, inside: &Inside<'_>, scratch: &mut String) {
        inside.rows(scratch);
    }

    fn noun(&self, _way: Way) -> &'static str {
        "topic"
    }

    fn create(&mut self, name: &str, _way: Way) {
        self.topics.push(name.to_owned());
    }

    fn rename(&mut self, from: &str, to: &str, _way: Way) {
        self.topics.iter_mut().filter(|t| *t == from).for_each(|t| to.clone_into(t));
    }

    fn remove(&mut self, position: usize, _way: Way) -> Option<String> {
        (position < self.topics.len()).then(|| self.topics.remove(position))
    }

    fn about(&self) -> &'static str {
        "Every group that reads a topic gets a copy of every event published to it, in the order of arrival. The members of a group \
         share its inbox: each event goes to one of them. Events wait in memory until they are taken, without limit; a topic that \
         nobody reads keeps nothing."
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        let theme = input.theme;
        section(ui, theme, "Topics");
        let all = self.topics.clone();
        let mut gone = None;
        for (i, topic) in all.iter().enumerate() {
            let used = uses(input.scenario, &format!("{broker}/{topic}"));
            let parse = |name: &str| match name.trim() {
                "" => Err("a topic needs a name".to_owned()),
                name if name.contains(['/', '#']) => Err("no `/` and no `#` in a name".to_owned()),
                name if name != topic && all.iter().any(|t| t == name) => Err(format!("there is another `{name}`")),
                name => Ok(name.to_owned()),
            };
            let (new, remove) = ui.push_id(("topic", i), |ui| removable(ui, theme, &format!("topic {topic}"), topic, &parse)).inner;
            if let Some(name) = new {
                actions.push(renamed(input.scenario, broker, &[Way::In, Way::Out], topic, &name));
            }
            if remove {
                gone = Some(i);
            }
            ui.label(muted(theme, used).size(theme.label));
        }
        if let Some(i) = gone {
            actions.extend(removed(input.scenario, broker, Way::In, i));
        }
        if add(ui, theme, "Add topic") {
            let name = (1..).map(|n| format!("topic-{n}")).find(|name| !all.contains(name)).unwrap_or_default();
            self.topics.push(name);
        }
    }
}
