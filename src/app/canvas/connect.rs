//! Drawing a link by hand: from which port, where it may end and why not, and the question which topic is meant.

use super::layout::{Kind, Scene};
use super::{Canvas, CanvasInput, hit};
use crate::app::action::Action;
use crate::app::edit::{Edit, may_connect};
use crate::app::kinds::{self, Way};
use crate::scenario::Scenario;
use crate::scenario::document::Node;
use egui::{Key, Pos2, Ui};

/// The port that a link is being drawn from. By name, as the scenario may change meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A producer's or a consumer's output.
    Node(String),
    /// A broker's channel.
    Channel {
        /// The broker.
        broker: String,
        /// Its channel.
        channel: String,
    },
}

impl Source {
    /// The node it belongs to.
    pub fn node(&self) -> &str {
        match self {
            Source::Node(id) => id,
            Source::Channel { broker, .. } => broker,
        }
    }

    /// The channel, if it is a broker's.
    pub fn row(&self) -> Option<&str> {
        match self {
            Source::Node(_) => None,
            Source::Channel { channel, .. } => Some(channel),
        }
    }

    /// Where it is; nowhere if it is gone.
    pub fn port(&self, scene: &Scene) -> Option<Pos2> {
        let node = &scene.nodes[*scene.index.get(self.node())?];
        match self.row() {
            None => matches!(node.kind, Kind::Producer | Kind::Consumer).then(|| node.output()),
            Some(channel) => Some(node.rows.iter().find(|r| r.gives && r.name == channel)?.rect.right_center()),
        }
    }
}

/// Whether a link from there may end at this node (and row), or why not.
pub fn verdict(scene: &Scene, scenario: &Scenario, source: &Source, target: usize, row: Option<usize>) -> Result<(), String> {
    let gone = || "It is gone".to_owned();
    let from = scene.index.get(source.node()).and_then(|i| scenario.nodes.get(*i)).ok_or_else(gone)?;
    let to = scenario.nodes.get(target).ok_or_else(gone)?;
    may_connect(from, to)?;
    let row = row.and_then(|row| scene.nodes.get(target)?.rows.get(row));
    if let Some(row) = row.filter(|row| matches!(to, Node::Broker(_)) && !row.takes) {
        return Err(format!("Nothing is published to a {}: it is read from", row.noun));
    }
    let already = match (from, to, row) {
        (Node::Producer(p), _, Some(row)) if p.emits.iter().any(|e| e.to == row.place) => {
            Some(format!("{} publishes to {} already", p.id, row.place))
        }
        (Node::Consumer(c), _, Some(row)) if c.then.iter().any(|t| t.to == row.place) => {
            Some(format!("{} publishes to {} already", c.id, row.place))
        }
        (Node::Broker(b), Node::Consumer(c), _) => {
            let place = format!("{}/{}", b.id, source.row().unwrap_or_default());
            c.reads.iter().any(|r| r.from == place).then(|| format!("{} reads {place} already", c.id))
        }
        _ => None,
    };
    already.map_or(Ok(()), Err)
}

/// The question which topic of a broker is meant.
#[derive(Clone, Debug)]
pub struct TopicMenu {
    from: String,
    broker: String,
    at: Pos2,
    new: Option<String>,
    asked: bool,
}

impl Canvas {
    /// A link drawn by hand was let go here.
    pub(super) fn finish_link(&mut self, input: &CanvasInput<'_>, source: &Source, pointer: Pos2, actions: &mut Vec<Action>) {
        let Some(spot) = hit::spot(&self.scene, self.view.scene_from_screen(pointer), 6.0 / self.view.zoom) else { return };
        if verdict(&self.scene, input.scenario, source, spot.node, spot.row).is_err() {
            return;
        }
        let target = &self.scene.nodes[spot.node];
        let (from, to) = (source.node().to_owned(), target.id.clone());
        if target.kind == Kind::Store {
            return actions.push(Action::Edit(Edit::Connect { from, to, channel: String::new() }));
        }
        let takers = || target.rows.iter().enumerate().filter(|(_, row)| row.takes).map(|(i, _)| i);
        let only = takers().next().filter(|_| takers().count() == 1);
        let channel = match source.row() {
            Some(channel) => Some(channel.to_owned()),
            None => spot.row.or(only).and_then(|row| Some(target.rows.get(row)?.name.clone())),
        };
        match channel {
            Some(channel) => actions.push(Action::Edit(Edit::Connect { from, to, channel })),
            None => self.topics = Some(TopicMenu { from, broker: to, at: pointer, new: None, asked: false }),
        }
    }

    /// The little window that asks for the topic.
    pub(super) fn show_topics(&mut self, ui: &Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let Some(mut menu) = self.topics.take() else { return };
        let Some(broker) = self.scene.index.get(&menu.broker).map(|i| &self.scene.nodes[*i]) else { return };
        let noun = match input.scenario.nodes.iter().find(|n| n.id() == menu.broker) {
            Some(Node::Broker(b)) => kinds::of(&b.kind).noun(Way::In),
            _ => return,
        };
        let mut chosen = None;
        let mut open = true;
        let popup = egui::Popup::new(ui.scope_id().with("topics"), ui.ctx().clone(), menu.at, ui.layer_id())
            .open_bool(&mut open)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .width(200.0 * input.theme.body / 14.0);
        popup.show(|ui| {
            ui.label(egui::RichText::new(format!("Which {noun} of {}?", menu.broker)).color(input.theme.muted));
            for row in broker.rows.iter().filter(|row| row.takes) {
                if ui.add(egui::Button::new(&row.name).frame(false)).clicked() {
                    chosen = Some(row.name.clone());
                }
            }
            match &mut menu.new {
                None => {
                    if ui.add(egui::Button::new(format!("New {noun}…")).frame(false)).clicked() {
                        menu.new = Some(String::new());
                    }
                }
                Some(name) => {
                    let field = ui.add(egui::TextEdit::singleline(name).hint_text("Name").desired_width(160.0));
                    let field = field.accessible_name(format!("Name of the new {noun}"));
                    if !menu.asked {
                        field.request_focus();
                        menu.asked = true;
                    }
                    let entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                    let fits = !name.trim().is_empty() && !name.contains('/');
                    let pressed = ui.add_enabled(fits, egui::Button::new(format!("Create {noun}"))).clicked();
                    if fits && (entered || pressed) {
                        chosen = Some(name.trim().to_owned());
                    }
                }
            }
        });
        match chosen {
            Some(channel) => actions.push(Action::Edit(Edit::Connect { from: menu.from, to: menu.broker, channel })),
            None if open && !ui.input(|i| i.key_pressed(Key::Escape)) => self.topics = Some(menu),
            None => {}
        }
    }
}
