//! Everything the window can be told, by name: what the list of commands offers. Knows no widget.

use super::action::{Action, Arrange, Find, Fold, OnCanvas, Placing, Source};
use super::canvas::measures::ZOOM_STEP;
use super::edit::{Edit, may_follow};
use super::kinds::{self, Way};
use super::panels::{Part, Side};
use super::rail::{in_sentence, palette};
use super::session::Session;
use super::teach::Teach;
use super::theme::Mode;
use super::transport::neighbour;
use crate::run::{Command, Frame, Rival};
use crate::scenario::Scenario;
use crate::scenario::document::Node;

/// Something to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What it is called.
    pub name: String,
    /// Keys that do the same, or a few words on it.
    pub hint: String,
    /// What it does.
    pub actions: Vec<Action>,
}

impl Choice {
    fn new(name: impl Into<String>, hint: impl Into<String>, action: Action) -> Choice {
        Choice { name: name.into(), hint: hint.into(), actions: vec![action] }
    }
}

/// What there is to choose from.
pub fn choices(session: &Session, find: &Find) -> Vec<Choice> {
    let scenario = session.document.as_ref().map(|d| &d.scenario);
    match (find, scenario) {
        (Find::Command, None) => of_the_window(session),
        (Find::Command, Some(scenario)) => {
            let mut all = of_the_scenario(session);
            all.extend(additions(None, None));
            all.extend(of_the_window(session));
            all.extend(nodes(scenario));
            all
        }
        (Find::Node, Some(scenario)) => nodes(scenario),
        (Find::Add { at, with }, Some(_)) => additions(*at, with.as_ref()),
        (Find::Connect(id), Some(scenario)) => connections(scenario, id),
        (_, None) => Vec::new(),
    }
}

fn of_the_window(session: &Session) -> Vec<Choice> {
    let mut all = vec![
        Choice::new("New scenario", "Ctrl+N", Action::New),
        Choice::new("Open", "Ctrl+O", Action::AskOpen),
        Choice::new("Light look", "", Action::Look(Mode::Light)),
        Choice::new("Dark look", "", Action::Look(Mode::Dark)),
        Choice::new("Projector look", "larger, with more contrast", Action::Look(Mode::Projector)),
        Choice::new("Help", "F1", Action::Fold(Fold::Help)),
    ];
    let reduced = session.settings.reduce_motion;
    all.push(Choice::new(if reduced { "Allow motion" } else { "Reduce motion" }, "", Action::ReduceMotion(!reduced)));
    if session.course.is_some() {
        all.push(Choice::new("Leave lesson", "", Action::Teach(Teach::Leave)));
        all.push(Choice::new("Present the lesson to a room, or stop", "F7", Action::Teach(Teach::Present)));
    } else if session.document.as_ref().is_some_and(|d| d.scenario.lesson.is_some()) {
        all.push(Choice::new("Start lesson", "", Action::Teach(Teach::Start)));
    }
    if session.document.is_some() {
        all.push(Choice::new("Save", "Ctrl+S", Action::Save));
        all.push(Choice::new("Save as", "Ctrl+Shift+S", Action::AskSaveAs));
        all.extend(Part::ALL.into_iter().filter(|part| *part != Part::Canvas).map(|part| {
            let words = format!("Show {}", part.title().to_lowercase());
            Choice::new(words, "", Action::OpenPanel(part))
        }));
        for part in Part::ALL.into_iter().filter(|part| *part != Part::Canvas) {
            for (side, words) in Side::ALL {
                all.push(Choice::new(format!("Move {} {words}", part.title().to_lowercase()), "", Action::Panel(part, side)));
            }
        }
        all.push(Choice::new("Put all panels back", "", Action::PanelsBack));
        all.push(Choice::new("Export for RabbitMQ or AWS", "", Action::AskExport));
        all.push(Choice::new("Fold or unfold plots", "F3", Action::Fold(Fold::Dock)));
        all.push(Choice::new("Fold or unfold inspector", "F4", Action::Fold(Fold::Inspector)));
        all.push(Choice::new("Fold or unfold lesson", "F6", Action::Fold(Fold::Lesson)));
        all.push(Choice::new("Write a lesson, or stop writing", "", Action::Teach(Teach::Write)));
        all.push(Choice::new("Welcome screen", "", Action::Welcome));
    }
    all
}

fn of_the_scenario(session: &Session) -> Vec<Choice> {
    let Some(document) = &session.document else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(frame) = session.frame() {
        let (name, command) = if session.playing() { ("Pause", Command::Pause) } else { ("Play", Command::Play) };
        all.push(Choice::new(name, "Space", Action::Run(command)));
        all.push(Choice::new("Step", ".", Action::Run(Command::Step)));
        all.push(Choice::new("Step back", ",", Action::Run(Command::StepBack)));
        let nodes = super::keys::selected_nodes(session, &frame.plan);
        if !nodes.is_empty() {
            let next = |back| Action::Run(Command::Next { nodes: nodes.clone(), back });
            all.push(Choice::new("Next thing at what is selected", "Alt+Right", next(false)));
            all.push(Choice::new("Last thing at what is selected", "Alt+Left", next(true)));
        }
        all.push(Choice::new("Restart", "Home", Action::Run(Command::Restart)));
        all.push(Choice::new("Slow motion, or no longer", "S, to follow single events", Action::Run(Command::Follow(!frame.past.follow))));
        all.push(Choice::new("Mark this moment", "M", Action::Mark));
        if matches!(document.home, super::files::Home::Recorded(_)) {
            all.push(Choice::new("Verify the recording", "whether the run is still the same, bit for bit", Action::Verify));
        }
        all.push(Choice::new("Save recording", "the run with everything that was changed on the way", Action::SaveRecording));
        all.push(Choice::new("Faster", "]", Action::Run(Command::Speed(neighbour(frame.speed, true)))));
        all.push(Choice::new("Slower", "[", Action::Run(Command::Speed(neighbour(frame.speed, false)))));
        all.extend(comparisons(session, &frame));
    }
    if let Some(label) = session.undo_label() {
        all.push(Choice::new("Undo", format!("{label}, Ctrl+Z"), Action::Undo));
    }
    if let Some(label) = session.redo_label() {
        all.push(Choice::new("Redo", format!("{label}, Ctrl+Shift+Z"), Action::Redo));
    }
    let told = |name: &str, keys: &str, command: OnCanvas| Choice::new(name, keys, Action::Canvas(command));
    all.push(Choice::new("Show everything", "F", Action::FitView));
    all.push(Choice::new("Find a node", "Ctrl+F", Action::Find(Find::Node)));
    all.push(told("Zoom in", "+", OnCanvas::Zoom(ZOOM_STEP)));
    all.push(told("Zoom out", "-", OnCanvas::Zoom(1.0 / ZOOM_STEP)));
    all.push(told("Actual size", "1", OnCanvas::ActualSize));
    all.push(told("Select all", "Ctrl+A", OnCanvas::SelectAll));
    let selected = &document.selection;
    if !selected.is_empty() {
        all.push(told("Delete", "Delete", OnCanvas::Delete));
    }
    let broker = document.scenario.nodes.iter().find_map(|n| match n {
        Node::Broker(broker) if selected.single() == Some(&broker.id) => Some(broker),
        _ => None,
    });
    if let Some(broker) = broker {
        for part in kinds::of(&broker.kind).board(0.0).parts {
            let rename = OnCanvas::Rename(format!("{}/{}", broker.id, part.name));
            all.push(told(&format!("Rename {} {}", part.noun, part.name), "", rename));
        }
    }
    if !selected.nodes.is_empty() {
        all.push(told("Copy", "Ctrl+C", OnCanvas::Copy));
        all.push(told("Cut", "Ctrl+X", OnCanvas::Cut));
        all.push(told("Duplicate", "Ctrl+D", OnCanvas::Duplicate));
        all.push(told("Group", "G, a frame with a title", OnCanvas::Group));
    }
    if let Some(id) = selected.single() {
        all.push(Choice::new("Connect", "L", Action::Find(Find::Connect(id.to_owned()))));
        all.push(told("Rename", "F2", OnCanvas::Rename(id.to_owned())));
        all.push(Choice::new("Settings", "Enter", Action::Inspect));
    }
    for (how, name) in Arrange::ALL {
        if how == Arrange::Layers {
            all.push(told(name, if selected.nodes.len() > 1 { "T, what is selected" } else { "T, everything" }, OnCanvas::Arrange(how)));
        } else if selected.nodes.len() > 1 {
            all.push(told(name, "", OnCanvas::Arrange(how)));
        }
    }
    all
}

/// What the run can be compared with.
fn comparisons(session: &Session, frame: &Frame) -> Vec<Choice> {
    let mut all = vec![Choice::new("Compare with another file", "a scenario or a recording, side by side", Action::AskCompare)];
    for branch in frame.past.branches.iter().filter(|branch| branch.id != frame.past.branch) {
        let compare = Action::Run(Command::Compare(Some(Rival::Branch(branch.id))));
        all.push(Choice::new(format!("Compare with {}", branch.name), "a branch, side by side", compare));
    }
    for changes in session.kept() {
        all.push(Choice::new(format!("Make again: {}", changes.name), "changed on the way before an edit", changes.again()));
    }
    if frame.beside.is_some() {
        let words = if session.sides { "Show one canvas" } else { "Show both canvases" };
        all.push(Choice::new(words, "", Action::Fold(Fold::Sides)));
        all.push(Choice::new("Stop comparing", "", Action::Run(Command::Compare(None))));
    }
    all
}

fn additions(at: Option<(f32, f32)>, with: Option<&Source>) -> Vec<Choice> {
    let mut all: Vec<Choice> = palette()
        .filter(|(placing, ..)| may_follow(*placing, with))
        .map(|(placing, name, _, line)| {
            let keys = match placing {
                Placing::Producer => ", P",
                Placing::Consumer => ", C",
                Placing::Broker(kind) if kind == kinds::usual().kind => ", B",
                Placing::Broker(_) | Placing::Store => "",
            };
            let add = OnCanvas::Add { placing, at, with: with.cloned() };
            Choice::new(format!("Add {}", in_sentence(name)), format!("{line}{keys}"), Action::Canvas(add))
        })
        .collect();
    if with.is_none() {
        all.push(Choice::new("Add note", "Words on the canvas, N", Action::Canvas(OnCanvas::Note(at))));
    }
    all
}

fn nodes(scenario: &Scenario) -> Vec<Choice> {
    let go = |n: &Node| Choice::new(format!("Go to {}", n.id()), n.role(), Action::Canvas(OnCanvas::Show(n.id().to_owned())));
    scenario.nodes.iter().map(go).collect()
}

/// Everything that makes sense to connect a node with and is not connected yet.
fn connections(scenario: &Scenario, id: &str) -> Vec<Choice> {
    let Some(node) = scenario.nodes.iter().find(|n| n.id() == id) else { return Vec::new() };
    let connect = |from: &str, to: &str, channel: &str| {
        Action::Edit(Edit::Connect { from: from.to_owned(), to: to.to_owned(), channel: channel.to_owned() })
    };
    let mut all = Vec::new();
    let mut offer = |name: String, hint: &str, action: Action| all.push(Choice::new(name, hint, action));
    let brokers = || scenario.nodes.iter().filter_map(|n| if let Node::Broker(b) = n { Some(b) } else { None });
    let publishes = |node: &Node, place: &str| match node {
        Node::Producer(p) => p.emits.iter().any(|e| e.to == place),
        Node::Consumer(c) => c.then.iter().any(|t| t.to == place),
        Node::Broker(_) | Node::Store(_) => true,
    };
    let reads = |node: &Node, place: &str| match node {
        Node::Consumer(c) => c.reads.iter().any(|r| r.from == place),
        _ => true,
    };
    for broker in brokers().filter(|b| b.id == id || !matches!(node, Node::Broker(_))) {
        let ends = |way: Way| {
            let names = kinds::names(&broker.kind, way);
            let noun = kinds::of(&broker.kind).noun(way);
            let new = (1..).map(|n| format!("{noun}-{n}")).find(|name| !names.contains(name)).unwrap_or_default();
            names.into_iter().map(move |name| (name, false)).chain(std::iter::once((new, true))).map(move |(name, new)| (name, noun, new))
        };
        let others = || scenario.nodes.iter().filter(|n| if broker.id == id { n.id() != id } else { n.id() == id });
        for (other, (name, noun, new)) in others().flat_map(|o| ends(Way::Out).map(move |e| (o, e))) {
            let place = format!("{}/{name}", broker.id);
            if !reads(other, &place) {
                let hint = if new { format!("a new {noun}") } else { String::new() };
                offer(format!("{} reads {place}", other.id()), &hint, connect(&broker.id, other.id(), &name));
            }
        }
        for (other, (name, noun, new)) in others().flat_map(|o| ends(Way::In).map(move |e| (o, e))) {
            let place = format!("{}/{name}", broker.id);
            if !publishes(other, &place) {
                let hint = if new { format!("a new {noun}") } else { String::new() };
                offer(format!("{} publishes to {place}", other.id()), &hint, connect(other.id(), &broker.id, &name));
            }
        }
    }
    let called = |node: &Node, store: &str| match node {
        Node::Producer(p) => p.calls.iter().any(|call| call.store == store),
        Node::Consumer(c) => c.calls.iter().any(|call| call.store == store),
        Node::Broker(_) | Node::Store(_) => true,
    };
    for store in scenario.nodes.iter().filter(|n| matches!(n, Node::Store(_))) {
        for caller in scenario.nodes.iter().filter(|n| (n.id() == id || store.id() == id) && !called(n, store.id())) {
            offer(format!("{} calls {}", caller.id(), store.id()), "", connect(caller.id(), store.id(), ""));
        }
    }
    // What is there already comes before what would have to be made.
    all.sort_by_key(|c| !c.hint.is_empty());
    all
}

/// How well a name fits what was typed; the higher the better, nothing if it does not.
pub fn fit(typed: &str, name: &str) -> Option<i32> {
    let (typed, name) = (typed.trim().to_lowercase(), name.to_lowercase());
    if typed.is_empty() {
        return Some(0);
    }
    if let Some(at) = name.find(&typed) {
        let begins = at == 0 || name[..at].ends_with(|c: char| !c.is_alphanumeric());
        return Some(1000 - at.min(200) as i32 + if begins { 500 } else { 0 } - (name.len() as i32) / 8);
    }
    // Else its letters in order, best where they begin words.
    let mut score = 0;
    let mut rest = typed.chars().filter(|c| !c.is_whitespace()).peekable();
    let mut before = ' ';
    for letter in name.chars() {
        if rest.peek() == Some(&letter) {
            rest.next();
            score += if before.is_alphanumeric() { 1 } else { 20 };
        }
        before = letter;
    }
    rest.peek().is_none().then_some(score - (name.len() as i32) / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(typed: &str, names: &[&str]) -> Option<String> {
        let fitting = names.iter().filter_map(|n| Some((fit(typed, n)?, *n)));
        fitting.max_by_key(|(score, _)| *score).map(|(_, name)| name.to_owned())
    }

    #[test]
    fn what_was_typed_finds_what_was_meant() {
        let names = ["Add producer", "Add consumer", "Align left", "Align centres", "Go to inventory", "Select all", "Save as"];
        for (typed, meant) in [
            ("prod", "Add producer"),
            ("ac", "Align centres"),
            ("ADD C", "Add consumer"),
            ("inv", "Go to inventory"),
            ("sel", "Select all"),
            ("svas", "Save as"),
        ] {
            assert_eq!(best(typed, &names).as_deref(), Some(meant), "{typed}");
        }
        assert_eq!(best("zzz", &names), None);
    }

    #[test]
    fn a_node_is_offered_what_makes_sense_and_is_not_there() {
        let shop = crate::scenario::read(include_str!("../../scenarios/cases/shop.ron"), "shop.ron").unwrap();
        let names = |id: &str| connections(&shop, id).into_iter().map(|c| c.name).collect::<Vec<_>>();
        assert_eq!(names("order-service"), ["order-service publishes to bus/invoices", "order-service publishes to bus/topic-1"]);
        let billing = names("billing");
        assert!(billing.contains(&"billing reads bus/invoices".to_owned()) && !billing.contains(&"billing reads bus/orders".to_owned()));
        assert!(billing.contains(&"billing publishes to bus/orders".to_owned()));
        assert!(names("bus").contains(&"accounting reads bus/orders".to_owned()) && names("nobody").is_empty());
        for choice in connections(&shop, "bus") {
            let [Action::Edit(edit)] = &choice.actions[..] else { panic!() };
            edit.apply(&mut shop.clone()).unwrap();
        }
    }
}
