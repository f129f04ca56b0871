//! The inspector: everything that the selected node can be given, or the scenario's own settings if nothing is selected.
//! A function of what is open: it changes a copy, and what differs from the original becomes an edit.

mod about;
mod allowed;
mod attributes;
pub mod broker;
mod chains;
mod change;
mod consumer;
mod curve;
pub mod defaults;
mod events;
mod faults;
pub mod fields;
mod handling;
pub mod link;
mod live;
mod moment;
mod producer;
mod publishing;
mod scenario;
mod several;
pub mod shapes;
mod store;

use super::action::{Action, Connection, Selection};
use super::edit::Edit;
use super::expectations::Verdicts;
use super::kinds::{self, Way};
use super::theme::{Theme, size, space};
use super::widgets::bounded;
use crate::run::Frame;
use crate::scenario::check::Finding;
use crate::scenario::document::Node;
use crate::scenario::{Files, Scenario};
use egui::{FontId, RichText, ScrollArea, Ui, UiBuilder};
pub use fields::take_focus;
pub use moment::Moment;

/// What the inspector reads.
pub struct Inspected<'a> {
    /// The open scenario.
    pub scenario: &'a Scenario,
    /// The run, if there is one.
    pub frame: Option<&'a Frame>,
    /// What is selected.
    pub selection: &'a Selection,
    /// What is wrong.
    pub findings: &'a [Finding],
    /// A lesson on it is under way.
    pub taught: bool,
    /// Whether the scenario is what runs.
    pub runnable: bool,
    /// Another number for every scenario that is opened: what is typed in the fields of one is none of another's.
    pub opened: u64,
    /// Another number after every change of the scenario.
    pub revision: u64,
    /// Where the files are that the scenario names.
    pub files: &'a dyn Files,
    /// What has come of what is expected of the run.
    pub verdicts: &'a Verdicts,
    /// The look.
    pub theme: &'a Theme,
}

/// Draws the inspector.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, moment: &mut Moment, actions: &mut Vec<Action>) {
    let salt = (input.opened, input.selection.single().unwrap_or_default());
    // A child of fixed size: something too wide is cut off instead of making the panel wider, picture by picture.
    let room = ui.available_rect_before_wrap();
    let mut child = ui.new_child(UiBuilder::new().max_rect(room));
    ui.advance_cursor_after_rect(room);
    child.shrink_clip_rect(room);
    moment.switch(&mut child, input, actions);
    match moment.scenario(&child, input) {
        None => everything(&mut child, input, salt, actions),
        Some(now) => {
            let mut asked = Vec::new();
            everything(&mut child, &Inspected { scenario: &now, ..*input }, salt, &mut asked);
            for action in asked {
                match action {
                    Action::Edit(edit) => moment.turn(input, &now, edit, actions),
                    other => actions.push(other),
                }
            }
        }
    }
}

fn everything(child: &mut Ui, input: &Inspected<'_>, salt: (u64, &str), actions: &mut Vec<Action>) {
    ScrollArea::vertical().id_salt(("inspector", salt)).auto_shrink(false).show(child, |ui| {
        // Fields end before the scroll bar, which otherwise lies on top of them.
        ui.set_width(ui.available_width() - input.theme.px(space::S));
        ui.push_id(salt, |ui| match (input.selection.single(), &input.selection.connection, input.selection.nodes.len()) {
            (Some(id), _, _) => match input.scenario.nodes.iter().find(|n| n.id() == id) {
                Some(node) => one_node(ui, input, node, actions),
                None => scenario::show(ui, input, actions),
            },
            (None, Some(connection), 0) => one_connection(ui, input, connection, actions),
            (None, _, 0) => scenario::show(ui, input, actions),
            (None, ..) => several::show(ui, input, actions),
        });
        ui.add_space(input.theme.px(space::L));
    });
}

fn one_node(ui: &mut Ui, input: &Inspected<'_>, node: &Node, actions: &mut Vec<Action>) {
    let theme = input.theme;
    fields::begin(ui, node);
    title(ui, theme, node.id(), node.role());
    problems(ui, input, node.id());
    about::node(ui, theme, node);
    live::show(ui, input, node);
    fields::section(ui, theme, "Settings");
    fields::fixed(ui, |ui| rename(ui, input, node, actions));
    let mut draft = node.clone();
    fields::fixed(ui, |ui| zone(ui, input, &mut draft));
    match &mut draft {
        Node::Producer(producer) => producer::show(ui, input, producer),
        Node::Broker(broker) => broker::show(ui, input, broker, actions),
        Node::Consumer(consumer) => consumer::show(ui, input, consumer),
        Node::Store(store) => store::show(ui, input, store),
    }
    if draft != *node {
        actions.push(Action::Edit(Edit::SetNode(Box::new(draft))));
    }
}

/// A connection is a part of the node it belongs to: its settings are there.
fn one_connection(ui: &mut Ui, input: &Inspected<'_>, connection: &Connection, actions: &mut Vec<Action>) {
    let (owner, what) = match connection {
        Connection::Emit { producer, .. } => (producer, "emits to a broker"),
        Connection::Read { consumer, .. } => (consumer, "reads from a broker"),
        Connection::Call { node, .. } => (node, "calls a store and waits for its answer"),
        Connection::Then { consumer, .. } => (consumer, "emits on when it has handled an event"),
        Connection::Forward { broker, .. } => (broker, "sends what a rule wants to another bus"),
    };
    title(ui, input.theme, "Connection", "");
    ui.label(format!("{owner} {what}"));
    ui.horizontal_wrapped(|ui| {
        if ui.button(format!("Show {owner}")).clicked() {
            actions.push(Action::Select(Selection::node(owner)));
        }
        let fixed = fields::is_from_now(ui.ctx());
        if ui.add_enabled(!fixed, egui::Button::new("Remove connection")).clicked() {
            actions.push(Action::Edit(Edit::Delete { nodes: Vec::new(), connection: Some(connection.clone()) }));
        }
    });
    link::show(ui, input, connection, actions);
    ui.separator();
    if let Some(node) = input.scenario.nodes.iter().find(|n| n.id() == owner) {
        one_node(ui, input, node, actions);
    }
}

/// A word that may be left out: a zone, a group of readers.
#[derive(Clone)]
pub struct Tag(pub String);

impl std::str::FromStr for Tag {
    type Err = String;
    fn from_str(text: &str) -> Result<Tag, String> {
        if text.contains(['/', '#']) { Err("no `/` and no `#` in a name".to_owned()) } else { Ok(Tag(text.trim().to_owned())) }
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn zone(ui: &mut Ui, input: &Inspected<'_>, node: &mut Node) {
    let mut zone = node.zone().map(|zone| Tag(zone.to_owned()));
    if fields::optional(ui, input.theme, "Zone", "Where it stands in the world, as in eu-1a", "none", &mut zone) {
        *node.zone_mut() = zone.map(|zone| zone.0);
    }
}

/// The head of the inspector.
fn title(ui: &mut Ui, theme: &Theme, name: &str, role: &str) {
    ui.horizontal(|ui| {
        ui.set_min_height(theme.px(size::CONTROL));
        let role = ui.painter().layout_no_wrap(role.to_owned(), FontId::proportional(theme.label), theme.muted);
        // A long name leaves room for what it is the name of.
        let room = ui.available_width() - role.size().x - ui.spacing().item_spacing.x;
        bounded(ui, room, |ui| ui.label(RichText::new(name).size(theme.title).strong()));
        if !role.is_empty() {
            ui.label(role);
        }
    });
}

/// What is wrong with one node, above everything else.
fn problems(ui: &mut Ui, input: &Inspected<'_>, id: &str) {
    let path = format!("nodes.{id}");
    for finding in input.findings {
        let here = finding.path == path || finding.path.strip_prefix(&path).is_some_and(|rest| rest.starts_with(['.', '[']));
        if here {
            super::problems::finding(ui, input.theme, input.scenario, finding);
        }
    }
}

fn rename(ui: &mut Ui, input: &Inspected<'_>, node: &Node, actions: &mut Vec<Action>) {
    let mut id = node.id().to_owned();
    let taken = |name: &str| input.scenario.nodes.iter().any(|n| n.id() == name && name != node.id());
    let wrong = |name: &str| match name {
        "" => Some("a node needs a name".to_owned()),
        _ if name.contains(['/', '#']) => Some("`/` and `#` have a meaning in endpoints and cannot be in a name".to_owned()),
        _ if taken(name) => Some(format!("there is another `{name}`")),
        _ => None,
    };
    if fields::text(ui, input.theme, "Name", "Everything that refers to this node follows", &mut id, wrong) {
        actions.push(Action::Edit(Edit::Rename { from: node.id().to_owned(), to: id }));
    }
}

/// All `broker/name` of a scenario that events can pass in this direction.
fn ends(scenario: &Scenario, way: Way) -> Vec<String> {
    let brokers = scenario.nodes.iter().filter_map(|n| if let Node::Broker(b) = n { Some(b) } else { None });
    brokers.flat_map(|b| kinds::names(&b.kind, way).into_iter().map(|name| format!("{}/{name}", b.id))).collect()
}

/// The names of all event types.
fn types(scenario: &Scenario) -> Vec<String> {
    scenario.events.iter().map(|e| e.name.clone()).collect()
}
