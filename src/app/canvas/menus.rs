//! What a right click offers, on whatever it was made.

use super::notes::change;
use super::{Canvas, CanvasInput};
use crate::app::action::{Action, Arrange, Connection, Find, OnCanvas, Selection, Source};
use crate::app::edit::Edit;
use crate::app::kinds;
use crate::app::rail::{in_sentence, palette};
use crate::app::theme::Theme;
use crate::run::Command;
use crate::scenario::document::{Broker, Node};
use crate::scenario::faults::{KINDS, Strikes, Trouble};
use crate::scenario::intervention::What;
use crate::time::Span;
use egui::{Button, Pos2, RichText, Ui};

/// What a menu is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum About {
    /// The ground, at this place of the scene.
    #[default]
    Ground,
    /// A node, and the part of it (a broker's row), if it was one.
    Node(String, Option<String>),
    /// A link.
    Wire(Option<Connection>, String),
    /// A note.
    Note(usize),
    /// A group's frame.
    Group(usize),
}

/// The menu.
#[derive(Clone, Debug, Default)]
pub struct Menu {
    /// What it is about.
    pub about: About,
    /// The place of the scene that was clicked.
    pub at: Pos2,
    /// It was asked for just now.
    opened: bool,
    /// How often one was asked for: each is a window of its own, or it would begin with the size of the one before.
    count: u32,
}

impl Menu {
    /// Asks for it.
    pub fn open(&mut self, about: About) {
        (self.about, self.opened) = (about, true);
        self.count = self.count.wrapping_add(1);
    }
}

/// A line of a menu.
enum Item {
    Do(String, &'static str, Vec<Action>),
    Line,
    More(String, Vec<Item>),
}

fn does(name: impl Into<String>, keys: &'static str, action: Action) -> Item {
    Item::Do(name.into(), keys, vec![action])
}

fn told(name: impl Into<String>, keys: &'static str, command: OnCanvas) -> Item {
    does(name, keys, Action::Canvas(command))
}

impl Canvas {
    pub(super) fn show_menu(&mut self, ui: &Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let whole = ui.interact(self.view.canvas, ui.scope_id().with("menu"), egui::Sense::hover());
        let opened = std::mem::take(&mut self.menu.opened);
        if opened {
            self.menu.at = ui.input(|i| i.pointer.latest_pos()).map_or(self.view.centre, |p| self.view.scene_from_screen(p));
        }
        let popup = egui::Popup::from_response(&whole)
            .id(ui.scope_id().with(("canvas menu", self.menu.count)))
            .kind(egui::PopupKind::Menu)
            .open_memory(opened.then_some(egui::SetOpenCommand::Bool(true)))
            .at_pointer_fixed()
            .layout(egui::Layout::top_down_justified(egui::Align::Min))
            .width(0.0);
        popup.show(|ui| show(ui, input.theme, self.items(input), actions));
    }

    fn items(&self, input: &CanvasInput<'_>) -> Vec<Item> {
        match &self.menu.about {
            About::Ground => self.of_ground(input),
            About::Node(id, part) => self.of_node(input, id, part.as_deref()),
            About::Wire(connection, name) => {
                let mut items = of_wire(connection.as_ref(), name);
                let ends = connection.as_ref().and_then(|c| crate::app::inspector::link::ends(input.scenario, c));
                if let Some((node, broker)) = ends {
                    items.push(Item::Line);
                    items.extend(breaks(input, &[Strikes::Link], &node, &broker));
                }
                items
            }
            About::Note(_) => vec![told("Duplicate", "Ctrl+D", OnCanvas::Duplicate), told("Delete", "Delete", OnCanvas::Delete)],
            About::Group(index) => {
                let nodes = input.scenario.groups.get(*index).map(|g| g.nodes.iter().cloned().collect()).unwrap_or_default();
                vec![
                    does("Select its nodes", "", Action::Select(Selection::nodes(nodes))),
                    told("Remove frame", "Delete", OnCanvas::Delete),
                ]
            }
        }
    }

    fn of_ground(&self, input: &CanvasInput<'_>) -> Vec<Item> {
        let at = Some(super::gestures::snapped(self.menu.at).into());
        let add = |(placing, name, ..): (_, &str, _, _)| {
            told(format!("Add {} here", in_sentence(name)), "", OnCanvas::Add { placing, at, with: None })
        };
        let mut items: Vec<Item> = palette().map(add).collect();
        items.push(told("Add note here", "", OnCanvas::Note(at)));
        if !input.scenario.nodes.is_empty() {
            items.push(Item::Line);
            items.push(told("Select all", "Ctrl+A", OnCanvas::SelectAll));
            items.push(told("Arrange everything in layers", "T", OnCanvas::Arrange(Arrange::Layers)));
            items.push(does("Fit", "F", Action::FitView));
        }
        items
    }

    fn of_node(&self, input: &CanvasInput<'_>, id: &str, part: Option<&str>) -> Vec<Item> {
        let several = input.selection.nodes.len() > 1;
        let mut items = Vec::new();
        let node = input.scenario.nodes.iter().find(|n| n.id() == id);
        if let (Some(Node::Broker(broker)), Some(part)) = (node, part) {
            let row = self.scene.index.get(id).and_then(|i| self.scene.nodes[*i].rows.iter().find(|r| r.name == part));
            if row.is_some_and(|r| r.gives) && kinds::has(&broker.kind, part, kinds::Way::Out) {
                let with = Source::Channel { broker: id.to_owned(), channel: part.to_owned() };
                let add = OnCanvas::Add { placing: crate::app::action::Placing::Consumer, at: None, with: Some(with) };
                items.push(told(format!("Add consumer of {part}"), "", add));
            }
            items.push(told(format!("Rename {part}"), "", OnCanvas::Rename(format!("{id}/{part}"))));
            if input.frame.is_some() {
                items.extend(requests(input, broker, part));
            }
            items.push(Item::Line);
        }
        if !several {
            items.push(does("Connect…", "L", Action::Find(Find::Connect(id.to_owned()))));
            items.push(told("Rename", "F2", OnCanvas::Rename(id.to_owned())));
            items.push(does("Settings", "Enter", Action::Inspect));
            items.push(Item::Line);
        }
        items.push(told("Duplicate", "Ctrl+D", OnCanvas::Duplicate));
        items.push(told("Copy", "Ctrl+C", OnCanvas::Copy));
        items.push(told("Cut", "Ctrl+X", OnCanvas::Cut));
        items.push(told("Delete", "Delete", OnCanvas::Delete));
        if let (Some(node), false) = (node, several) {
            items.push(Item::Line);
            items.extend(breaks(input, &strikes(node), id, ""));
        }
        items.push(Item::Line);
        items.push(told("Group", "G", OnCanvas::Group));
        if several {
            let order = Arrange::ALL.iter().map(|(how, name)| told(*name, "", OnCanvas::Arrange(*how))).collect();
            items.push(Item::More("Arrange".to_owned(), order));
        }
        items
    }
}

/// What can be asked of a part of a broker now; the run goes on with it.
fn requests(input: &CanvasInput<'_>, broker: &Broker, part: &str) -> Vec<Item> {
    let place = format!("{}/{part}", broker.id);
    let readers = input.scenario.nodes.iter().filter_map(|node| match node {
        Node::Consumer(consumer) if consumer.reads.iter().any(|read| read.from == place) => Some(consumer.id.clone()),
        _ => None,
    });
    let groups = kinds::of(&broker.kind).requests(part, &readers.collect::<Vec<_>>());
    let line = |(words, request)| {
        let what = What::Ask { broker: broker.id.clone(), request };
        does(words, "", Action::Run(Command::Intervene(what)))
    };
    groups.into_iter().map(|(name, lines)| Item::More(name, lines.into_iter().map(line).collect())).collect()
}

/// What can strike a node.
fn strikes(node: &Node) -> Vec<Strikes> {
    match node {
        Node::Producer(_) => vec![Strikes::Node, Strikes::Producer],
        Node::Broker(_) | Node::Store(_) => vec![Strikes::Node],
        Node::Consumer(_) => vec![Strikes::Node, Strikes::Consumer],
    }
}

/// Faults to add at the moment that is shown, and the way to be rid of those that are there. They are part of the scenario: the run
/// begins anew and meets them.
fn breaks(input: &CanvasInput<'_>, strikes: &[Strikes], a: &str, b: &str) -> Vec<Item> {
    // In tenths of a second: a moment that was chosen by looking is no more exact than that.
    let now = input.frame.map_or(Span::ZERO, |f| Span::from_millis((f.now.0 + 50_000_000) / 100_000_000 * 100));
    let lasts = Span::from_millis(5_000);
    let faults = KINDS.iter().filter(|kind| strikes.contains(&kind.strikes)).map(|kind| {
        let what = (kind.make)(a, b);
        let label = format!("Break at {now}: {}", what.words());
        let trouble = Trouble::Fault { at: now, lasts: Some(lasts), what };
        does(format!("{}: {}", kind.name, kind.about), "", change(input.scenario, &label, |s| s.faults.push(trouble)))
    });
    let mut items = vec![Item::More(format!("Break at {now} for {lasts}"), faults.collect())];
    let meets = |trouble: &Trouble| {
        let targets = trouble.what().targets();
        targets.contains(&a) && (b.is_empty() || targets.contains(&b))
    };
    if input.scenario.faults.iter().any(meets) {
        let mended = change(input.scenario, &format!("Mend {a}"), |s| s.faults.retain(|trouble| !meets(trouble)));
        items.push(does("Remove its faults", "", mended));
    }
    items
}

fn of_wire(connection: Option<&Connection>, name: &str) -> Vec<Item> {
    let owner = match connection {
        Some(
            Connection::Call { node: id, .. }
            | Connection::Emit { producer: id, .. }
            | Connection::Read { consumer: id, .. }
            | Connection::Then { consumer: id, .. }
            | Connection::Forward { broker: id, .. },
        ) => id,
        None => return vec![does(format!("Settings of {name}"), "", Action::Select(Selection::node(name)))],
    };
    let delete = Edit::Delete { nodes: Vec::new(), connection: connection.cloned() };
    vec![
        does("Settings", "Enter", Action::Inspect),
        does(format!("Select {owner}"), "", Action::Select(Selection::node(owner))),
        Item::Line,
        does("Delete connection", "Delete", Action::Edit(delete)),
    ]
}

fn show(ui: &mut Ui, theme: &Theme, items: Vec<Item>, actions: &mut Vec<Action>) {
    // As wide as the longest line, which a menu without a width of its own would break instead.
    ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
    for item in items {
        match item {
            Item::Line => drop(ui.separator()),
            Item::More(name, items) => drop(ui.menu_button(name, |ui| show(ui, theme, items, actions))),
            Item::Do(name, keys, does) => {
                let button = Button::new(name.as_str())
                    .frame_when_inactive(false)
                    .shortcut_text(RichText::new(keys).color(theme.muted).size(theme.label));
                let response = ui.add(button);
                crate::app::widgets::named(&response, &name);
                if response.clicked() {
                    actions.extend(does);
                }
            }
        }
    }
}
