//! What parameters are when nobody gives them: read off a specimen of each kind of node, with everything that it can be given at its
//! default. It is drawn once, by the very code that draws the real fields, in a context of its own that nobody sees; so a new field
//! needs nothing here to show its default, and a test goes through all of them.

use super::{Inspected, Moment};
use crate::app::action::Selection;
use crate::app::expectations::Verdicts;
use crate::app::theme::{Mode, Theme};
use crate::scenario::document::{Broker, Consumer, Emit, Node, Producer, Read, Retry, Then};
use crate::scenario::handling::{Breaker, Budget, Inbox, Scale, Shed};
use crate::scenario::publishing::{Outbox, Publish};
use crate::scenario::shapes::Arrivals;
use crate::scenario::store::{Call, Store};
use crate::scenario::units::Rate;
use crate::scenario::{NoFiles, Scenario};
use egui::{Context, Id, RawInput, Rect, vec2};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A field as the specimen shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Help in one line.
    pub help: String,
    /// Its value, as it is shown.
    pub value: String,
}

/// Fields by section, list and name.
pub type Table = BTreeMap<String, Field>;

/// What is being written down while a specimen is drawn.
#[derive(Clone, Default)]
struct Recording(Table);

/// The fields of a node of this kind: its role, and for a broker the kind of it.
pub fn table(ctx: &Context, node: &Node) -> Arc<Table> {
    let kind = match node {
        Node::Broker(broker) => broker.kind.name(),
        other => other.role(),
    };
    let slot = Id::unique(("defaults", kind));
    if let Some(known) = ctx.data(|d| d.get_temp::<Arc<Table>>(slot)) {
        return known;
    }
    let table = Arc::new(drawn(&specimen(node)));
    ctx.data_mut(|d| d.insert_temp(slot, Arc::clone(&table)));
    table
}

/// Writes a field down if a specimen is being drawn.
pub(super) fn record(ctx: &Context, key: &str, help: &str, value: &str) {
    ctx.data_mut(|d| {
        if let Some(mut recording) = d.get_temp::<Recording>(Id::NULL) {
            recording.0.entry(key.to_owned()).or_insert(Field { help: help.to_owned(), value: value.to_owned() });
            d.insert_temp(Id::NULL, recording);
        }
    });
}

/// Whether one is.
pub(super) fn is_recording(ctx: &Context) -> bool {
    ctx.data(|d| d.get_temp::<Recording>(Id::NULL)).is_some()
}

fn drawn(scenario: &Scenario) -> Table {
    let (ctx, theme) = (Context::default(), Theme::of(Mode::Dark));
    // Icons have a family of their own.
    egui_material_icons::initialize(&ctx);
    ctx.data_mut(|d| d.insert_temp(Id::NULL, Recording::default()));
    let selection = Selection::node("specimen");
    let input = Inspected {
        scenario,
        frame: None,
        selection: &selection,
        findings: &[],
        taught: false,
        runnable: false,
        opened: 0,
        revision: 0,
        files: &NoFiles,
        verdicts: &Verdicts::default(),
        theme: &theme,
    };
    for _ in 0..2 {
        let raw = RawInput { screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, vec2(400.0, 20_000.0))), ..RawInput::default() };
        let mut output = ctx.run_ui(raw, |ui| {
            super::show(ui, &input, &mut Moment::default(), &mut Vec::new());
        });
        // Nobody draws it.
        output.textures_delta.clear();
    }
    ctx.data_mut(|d| d.get_temp::<Recording>(Id::NULL)).unwrap_or_default().0
}

/// A scenario with a node of the same kind that has everything it can have, as it is by default.
fn specimen(like: &Node) -> Scenario {
    let id = "specimen".to_owned();
    let store = || Node::Store(Store { id: "store".into(), ..Store::default() });
    let calls = || vec![Call { store: "store".into(), timeout: None }];
    let node = match like {
        Node::Producer(_) => Node::Producer(Producer {
            id,
            publish: Publish::confirmed(),
            emits: vec![Emit::new(None, "broker/events".into(), Arrivals::Poisson(Rate(10.0)))],
            calls: calls(),
            outbox: Some(Outbox::transactional("store")),
            ..Producer::default()
        }),
        Node::Broker(broker) => {
            Node::Broker(Broker { id, at: None, zone: None, kind: (crate::app::kinds::offer(broker.kind.name()).fresh)() })
        }
        Node::Store(_) => Node::Store(Store { id, ..Store::default() }),
        Node::Consumer(_) => Node::Consumer(Consumer {
            id,
            reads: vec![Read::new("broker/events".into())],
            then: vec![Then::new("E".into(), "broker/events".into())],
            calls: calls(),
            outbox: Some(Outbox::transactional("store")),
            publish: Publish::confirmed(),
            retry: Some(Retry { budget: Some(Budget::default()), ..Retry::default() }),
            inbox: Some(Inbox::default()),
            breaker: Some(Breaker::default()),
            shed: Some(Shed { queue: Some(1000), age: None }),
            scale: Some(Scale::autoscale()),
            ..Consumer::default()
        }),
    };
    let nodes = if matches!(node, Node::Store(_)) { vec![node] } else { vec![node, store()] };
    Scenario { nodes, ..Scenario::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::kinds::OFFERS;

    /// Every parameter of every kind says what it is for and what it is by default; quantities with their units.
    #[test]
    fn every_field_has_help_and_a_default() {
        let brokers = OFFERS.iter().map(|offer| Node::Broker(Broker { id: "b".into(), at: None, zone: None, kind: (offer.fresh)() }));
        let others = [Node::Producer(Producer::default()), Node::Consumer(Consumer::default()), Node::Store(Store::default())];
        let (mut wrong, mut count) = (Vec::new(), 0);
        for node in others.into_iter().chain(brokers) {
            let table = drawn(&specimen(&node));
            let kind = if let Node::Broker(broker) = &node { broker.kind.name() } else { node.role() };
            assert!(table.len() >= 2, "{kind}: {table:?}");
            for (key, field) in &table {
                count += 1;
                if field.help.trim().is_empty() {
                    wrong.push(format!("{kind} {key}: no help"));
                }
                if field.value.is_empty() {
                    wrong.push(format!("{kind} {key}: no default"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(count > 80, "{count} fields are few: does the specimen still have everything?");
    }

    #[test]
    fn defaults_are_those_of_the_file() {
        let table = drawn(&specimen(&Node::Consumer(Consumer::default())));
        let shown = |key: &str| {
            table.get(key).map(|field| field.value.clone()).unwrap_or_else(|| panic!("{key}: {:#?}", table.keys().collect::<Vec<_>>()))
        };
        assert_eq!(shown("Settings//Instances"), Consumer::default().instances.to_string());
        assert_eq!(shown("When it fails//Attempts"), Retry::default().attempts.to_string());
        assert_eq!(shown("Surviving//Opens at"), Breaker::default().failures.to_string());
        let table = drawn(&specimen(&Node::Store(Store::default())));
        assert_eq!(table["Settings//Connections"].value, Store::default().connections.to_string());
    }
}
