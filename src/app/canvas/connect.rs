//! Drawing a link by hand: from which port, where it may end and why not, and the question which part of a broker is meant.

use super::layout::{Kind, NodeBox, Row, Scene};
use super::{Canvas, CanvasInput, hit};
use crate::app::action::{Action, Find, Source};
use crate::app::edit::{Edit, forwarded, may_connect};
use crate::app::kinds::{self, Way};
use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::Node;
use egui::{Key, Pos2, Ui};

/// Where a port is; nowhere if it is gone.
pub fn port(source: &Source, scene: &Scene) -> Option<Pos2> {
    let node = &scene.nodes[*scene.index.get(source.node())?];
    match source {
        Source::Node(_) => matches!(node.kind, Kind::Producer | Kind::Consumer).then(|| node.output()),
        Source::Input(_) => (node.kind == Kind::Consumer).then(|| node.input()),
        Source::Channel { channel, .. } => Some(node.rows.iter().find(|r| r.gives && r.name == *channel)?.rect.right_center()),
    }
}

/// In which direction events would pass the broker at the other end of a link from this port.
fn way(source: &Source) -> Way {
    if matches!(source, Source::Input(_)) { Way::Out } else { Way::In }
}

/// Whether a link from there may end at this node (and row), or why not.
pub fn verdict(scene: &Scene, scenario: &Scenario, source: &Source, target: usize, row: Option<usize>) -> Result<(), String> {
    let gone = || "It is gone".to_owned();
    let here = scene.index.get(source.node()).and_then(|i| scenario.nodes.get(*i)).ok_or_else(gone)?;
    let there = scenario.nodes.get(target).ok_or_else(gone)?;
    let row = row.and_then(|row| scene.nodes.get(target)?.rows.get(row));
    if let (Source::Channel { broker, channel }, Some(boxed)) = (source, scene.nodes.get(target))
        && bridges(here, there)
    {
        let bus = row.or_else(|| only_bus(boxed)).ok_or("It has several buses: let go on one of them")?;
        return match bus.takes {
            true => forwarded(scenario, &format!("{broker}/{channel}"), &bus.place).map(drop),
            false => Err(format!("Nothing is sent to a {}: it is read from", bus.noun)),
        };
    }
    if matches!(source, Source::Input(_)) {
        may_connect(there, here).map_err(|_| "A consumer reads from a broker".to_owned())?;
    } else {
        may_connect(here, there)?;
    }
    if let Some(row) = row.filter(|row| !row.goes(way(source))) {
        let noun = row.noun;
        return Err(match way(source) {
            Way::In => format!("Nothing is published to a {noun}: it is read from"),
            Way::Out => format!("Nothing is read from a {noun}: it is published to"),
        });
    }
    let already = match (here, there, row) {
        (Node::Producer(p), _, Some(row)) if p.emits.iter().any(|e| e.to == row.place) => {
            Some(format!("{} publishes to {} already", p.id, row.place))
        }
        (Node::Consumer(c), _, Some(row)) if way(source) == Way::Out && c.reads.iter().any(|r| r.from == row.place) => {
            Some(format!("{} reads {} already", c.id, row.place))
        }
        (Node::Consumer(c), _, Some(row)) if way(source) == Way::In && c.then.iter().any(|t| t.to == row.place) => {
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

/// Whether both are EventBridge brokers, whose rules send events from bus to bus.
fn bridges(here: &Node, there: &Node) -> bool {
    let bridge = |node: &Node| matches!(node, Node::Broker(broker) if matches!(broker.kind, BrokerKind::EventBridge(_)));
    bridge(here) && bridge(there)
}

/// The bus of a broker that has no other.
fn only_bus(node: &NodeBox) -> Option<&Row> {
    let mut buses = node.rows.iter().filter(|row| row.takes);
    buses.next().filter(|_| buses.next().is_none())
}

/// The question which part of a broker is meant.
#[derive(Clone, Debug)]
pub struct PartMenu {
    node: String,
    broker: String,
    way: Way,
    at: Pos2,
    new: Option<String>,
    asked: bool,
}

impl PartMenu {
    fn edit(&self, channel: String) -> Edit {
        let (node, broker) = (self.node.clone(), self.broker.clone());
        match self.way {
            Way::In => Edit::Connect { from: node, to: broker, channel },
            Way::Out => Edit::Connect { from: broker, to: node, channel },
        }
    }
}

impl Canvas {
    /// A link drawn by hand was let go here.
    pub(super) fn finish_link(&mut self, input: &CanvasInput<'_>, source: &Source, pointer: Pos2, actions: &mut Vec<Action>) {
        let place = self.view.scene_from_screen(pointer);
        let Some(spot) = hit::spot(&self.scene, place, 6.0 / self.view.zoom) else {
            // Into nothing: what is to be there? A hand that only trembled means nothing.
            let drawn = port(source, &self.scene).is_some_and(|from| (self.view.screen_from_scene(from) - pointer).length() > 40.0);
            if drawn && self.view.canvas.contains(pointer) {
                let at = super::gestures::snapped(place);
                actions.push(Action::Find(Find::Add { at: Some(at.into()), with: Some(source.clone()) }));
            }
            return;
        };
        if verdict(&self.scene, input.scenario, source, spot.node, spot.row).is_err() {
            return;
        }
        let target = &self.scene.nodes[spot.node];
        if let (Source::Channel { broker, channel }, Kind::Broker) = (source, target.kind) {
            let bus = spot.row.and_then(|row| target.rows.get(row)).or_else(|| only_bus(target));
            let edit = bus.and_then(|bus| forwarded(input.scenario, &format!("{broker}/{channel}"), &bus.place).ok());
            actions.extend(edit.map(Action::Edit));
            return;
        }
        if let Source::Channel { broker, channel } = source {
            actions.push(Action::Edit(Edit::Connect { from: broker.clone(), to: target.id.clone(), channel: channel.clone() }));
            return;
        }
        if target.kind == Kind::Store {
            let (from, to) = (source.node().to_owned(), target.id.clone());
            actions.push(Action::Edit(Edit::Connect { from, to, channel: String::new() }));
            return;
        }
        let way = way(source);
        let fitting = || target.rows.iter().enumerate().filter(|(_, row)| row.goes(way)).map(|(i, _)| i);
        // The only one there is, unless the node has to do with that already: then another is meant.
        let theirs = |place: &str| match input.scenario.nodes.iter().find(|n| n.id() == source.node()) {
            Some(Node::Producer(p)) => p.emits.iter().any(|e| e.to == place),
            Some(Node::Consumer(c)) => c.reads.iter().any(|r| r.from == place) || c.then.iter().any(|t| t.to == place),
            _ => false,
        };
        let only = fitting().next().filter(|row| fitting().count() == 1 && !theirs(&target.rows[*row].place));
        let menu = PartMenu { node: source.node().to_owned(), broker: target.id.clone(), way, at: pointer, new: None, asked: false };
        match spot.row.or(only).and_then(|row| target.rows.get(row)) {
            Some(row) => actions.push(Action::Edit(menu.edit(row.name.clone()))),
            None => self.parts = Some(menu),
        }
    }

    /// The little window that asks for the part.
    pub(super) fn show_parts(&mut self, ui: &Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let Some(mut menu) = self.parts.take() else { return };
        let Some(broker) = self.scene.index.get(&menu.broker).map(|i| &self.scene.nodes[*i]) else { return };
        let noun = match input.scenario.nodes.iter().find(|n| n.id() == menu.broker) {
            Some(Node::Broker(b)) => kinds::of(&b.kind).noun(menu.way),
            _ => return,
        };
        let mut chosen = None;
        let mut open = true;
        let popup = egui::Popup::new(ui.scope_id().with("parts"), ui.ctx().clone(), menu.at, ui.layer_id())
            .open_bool(&mut open)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .width(200.0 * input.theme.body / 14.0);
        popup.show(|ui| {
            ui.label(egui::RichText::new(format!("Which {noun} of {}?", menu.broker)).color(input.theme.muted));
            for row in broker.rows.iter().filter(|row| row.goes(menu.way)) {
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
            Some(channel) => actions.push(Action::Edit(menu.edit(channel))),
            None if open && !ui.input(|i| i.key_pressed(Key::Escape)) => self.parts = Some(menu),
            None => {}
        }
    }
}
