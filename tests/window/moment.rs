//! The inspector's switch: from the start, or from now on.

use crate::hands::*;
use crate::time::ran;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use tidemill::app::Shell;
use tidemill::app::action::{Action, Selection};
use tidemill::app::edit::Edit;
use tidemill::app::panels::Part;
use tidemill::run::Command;
use tidemill::run::frame::Speed;
use tidemill::scenario::Scenario;
use tidemill::scenario::document::Node;
use tidemill::scenario::intervention::What;
use tidemill::scenario::shapes::{Arrivals, Times};
use tidemill::time::{Span, Time};

fn select(w: &mut Window, node: &str) {
    w.state_mut().session.apply(Action::Select(Selection::node(node)));
    w.run_steps(4);
}

/// What was changed on the branch that is shown, in words.
fn changes(shell: &Shell) -> Vec<String> {
    let frame = shell.session.frame().unwrap();
    frame.past.here().map_or_else(Vec::new, |branch| branch.interventions.iter().map(|i| i.what.to_string()).collect())
}

fn shown(w: &Window, field: &str) -> String {
    w.get_by_role_and_label(Role::TextInput, field).accesskit_node().value().unwrap_or_default()
}

fn undo(w: &mut Window) {
    w.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    w.run_steps(3);
}

fn redo(w: &mut Window) {
    w.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    w.run_steps(3);
}

#[test]
fn from_now_changes_the_run_and_leaves_the_scenario() {
    let mut w = ran();
    let before = scenario(&w).clone();
    select(&mut w, "inventory");
    click(&mut w, "Changes apply from now");
    retype(&mut w, "Median", "20ms");
    let median = "inventory.handle.time.median = 20ms";
    until(&mut w, "the run is changed", |s| changes(s) == [median]);
    assert!(*scenario(&w) == before && !w.state().session.dirty(), "the scenario is as it was");
    assert_eq!(shown(&w, "Median"), "20ms", "the field shows what holds now");

    click(&mut w, "Changes apply from the start");
    assert_eq!(shown(&w, "Median"), "8ms", "and here what holds from the start");
    click(&mut w, "Changes apply from now");

    w.get_by_label("canvas").focus();
    w.run_steps(2);
    undo(&mut w);
    until(&mut w, "it is taken back", |s| changes(s).is_empty());
    assert_eq!(shown(&w, "Median"), "8ms");
    redo(&mut w);
    until(&mut w, "it is made again", |s| changes(s) == [median]);
    assert_eq!(w.state().session.frame().unwrap().past.branches.len(), 2, "both are kept");

    // An edit of the scenario begins the run anew: nothing of the old one is left to take back.
    click(&mut w, "Changes apply from the start");
    retype(&mut w, "Median", "9ms");
    until(&mut w, "it begins anew", |s| changes(s).is_empty());
    let Node::Consumer(inventory) = scenario(&w).nodes.iter().find(|n| n.id() == "inventory").unwrap() else { panic!() };
    assert!(matches!(inventory.handle.time, Times::LogNormal { median, .. } if median == Span::from_millis(9)));
    w.get_by_label("canvas").focus();
    w.run_steps(2);
    undo(&mut w);
    assert_eq!(*scenario(&w), before);
}

#[test]
fn what_cannot_change_on_the_way_is_locked_or_says_so_and_offers_the_start() {
    let mut w = ran();
    select(&mut w, "order-service");
    click(&mut w, "Changes apply from now");
    let disabled = |w: &Window, field: &str| w.get_by_role_and_label(Role::TextInput, field).accesskit_node().is_disabled();
    assert!(disabled(&w, "Name") && disabled(&w, "Zone") && !disabled(&w, "Rate"));
    // Another kind of arrivals than one with a rate.
    click(&mut w, "Arrivals");
    click(&mut w, "ClosedLoop");
    until(&mut w, "it says why", |_| true);
    assert!(w.query_by_label_contains("The kind of arrivals of order-service cannot be changed during a run").is_some());
    assert!(changes(w.state()).is_empty());
    click(&mut w, "Change from the start");
    let Node::Producer(orders) = scenario(&w).nodes.iter().find(|n| n.id() == "order-service").unwrap() else { panic!() };
    assert!(matches!(orders.emits[0].arrivals, Arrivals::ClosedLoop { .. }), "{:?}", orders.emits[0].arrivals);
}

#[test]
fn several_nodes_are_changed_in_one_step() {
    let mut w = ran();
    let both = ["inventory".to_owned(), "billing".to_owned()];
    w.state_mut().session.apply(Action::Select(Selection::nodes(both.into())));
    w.run_steps(4);
    click(&mut w, "Changes apply from now");
    retype(&mut w, "Median", "20ms");
    until(&mut w, "both are changed", |s| changes(s).len() == 2);
    assert!(changes(w.state()).iter().all(|c| c.contains(".handle.time")), "{:?}", changes(w.state()));
    w.get_by_label("canvas").focus();
    w.run_steps(2);
    undo(&mut w);
    until(&mut w, "both are as they were", |s| changes(s).is_empty());
}

#[test]
fn what_was_changed_on_the_way_outlives_an_edit_and_is_made_again() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    let edit = |w: &mut Window, label: &str, change: &dyn Fn(&mut Scenario)| {
        let mut next = scenario(w).clone();
        change(&mut next);
        w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: label.to_owned(), scenario: Box::new(next) }));
    };
    let told = |w: &Window, what: &str| w.state().session.notices.iter().any(|notice| notice.text.contains(what));
    let reseed = |w: &mut Window, seed: u64| edit(w, "Change seed", &|scenario| scenario.seed = seed);
    reseed(&mut w, 7);
    assert!(!told(&w, "kept"), "nothing was changed in that run");
    let change = What::Set { path: "billing.instances".into(), value: "3".into() };
    until(&mut w, "there is a run", |shell| shell.session.frame().is_some());
    w.state_mut().session.apply(Action::Run(Command::Seek(Time::ZERO + Span::from_millis(2_000))));
    until(&mut w, "it is there", |shell| shell.session.frame().is_some_and(|f| f.now >= Time::ZERO + Span::from_millis(2_000)));
    w.state_mut().session.apply(Action::Run(Command::Intervene(change)));
    until(&mut w, "it is made", |shell| changes(shell).len() == 1);
    let at = w.state().session.frame().unwrap().past.here().unwrap().interventions[0].at;

    reseed(&mut w, 8);
    assert!(told(&w, "What was changed on the way is kept"));
    until(&mut w, "another run is there", |shell| shell.session.frame().is_some_and(|frame| frame.seed == 8));
    assert!(changes(w.state()).is_empty(), "the scenario runs as it is drawn");
    w.state_mut().session.apply(Action::OpenPanel(Part::Branches));
    w.run_steps(3);
    // The name of what was changed is another by now.
    w.state_mut().session.apply(Action::Edit(Edit::Rename { from: "billing".into(), to: "invoicing".into() }));
    until(&mut w, "it has that name", |shell| shell.session.frame().is_some_and(|frame| frame.plan.node("invoicing").is_some()));
    w.run_steps(3);
    assert!(w.query_by_label("Make again: billing.instances = 3").is_none());
    click(&mut w, "Make again: invoicing.instances = 3");
    until(&mut w, "it is made again", |shell| changes(shell) == ["invoicing.instances = 3"]);
    let frame = w.state().session.frame().unwrap();
    let here = frame.past.here().unwrap();
    assert_eq!((here.interventions[0].at, here.name.as_str(), frame.seed), (at, "invoicing.instances = 3", 8));
    w.run_steps(3);
    assert!(w.query_by_label_contains("Make again").is_none(), "it is a branch again");

    // It cannot be made where there is nothing to change, and is not lost by that.
    let shrunk = Edit::Delete { nodes: vec!["invoicing".into()], connection: None };
    w.state_mut().session.apply(Action::Edit(shrunk));
    until(&mut w, "it is gone", |shell| shell.session.frame().is_some_and(|frame| frame.plan.node("invoicing").is_none()));
    w.run_steps(3);
    click(&mut w, "Make again: invoicing.instances = 3");
    until(&mut w, "why is told", |shell| shell.session.notices.iter().any(|notice| notice.text.contains("That cannot be done")));
    assert!(told(&w, "`invoicing`"), "{:?}", w.state().session.notices);
    w.get_by_label("canvas").focus();
    w.run_steps(2);
    undo(&mut w);
    until(&mut w, "it is back", |shell| shell.session.frame().is_some_and(|frame| frame.plan.node("invoicing").is_some()));
    w.run_steps(3);
    click(&mut w, "Forget invoicing.instances = 3");
    w.run_steps(3);
    assert!(w.query_by_label_contains("Make again").is_none());
}

#[test]
fn before_there_is_a_latency_none_is_told() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    select(&mut w, "inventory");
    let mut at = |seconds: u64| {
        let to = Time::ZERO + Span::from_millis(seconds * 1_000);
        w.state_mut().session.apply(Action::Run(Command::Pause));
        w.state_mut().session.apply(Action::Run(Command::Seek(to)));
        until(&mut w, "it is there", |shell| shell.session.frame().is_some_and(|frame| frame.now == to));
        w.run_steps(2);
        let frame = w.state().session.frame().unwrap();
        let node = &frame.nodes[frame.plan.node("inventory").unwrap().index()];
        (node.count > 0, node.latency.is_some(), w.query_all_by_label("–").count())
    };
    // The warm-up, of which nothing is measured, is 5 s.
    assert_eq!(at(3), (true, false, 3));
    assert_eq!(at(10), (true, true, 0));
}

#[test]
fn figures_of_a_moment_are_the_same_however_fast_it_was_come_to() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    let to = Time::ZERO + Span::from_millis(20_500);
    w.state_mut().session.apply(Action::Run(Command::Pause));
    w.state_mut().session.apply(Action::Run(Command::Seek(to)));
    let mut at = |times: f64| {
        w.state_mut().session.apply(Action::Run(Command::Speed(Speed::Times(times))));
        until(&mut w, "it is there", |shell| shell.session.frame().is_some_and(|f| f.now == to && f.speed == Speed::Times(times)));
        let frame = w.state().session.frame().unwrap();
        let owed: u64 = frame
            .nodes
            .iter()
            .enumerate()
            .filter(|(i, _)| frame.plan.consumers.iter().any(|c| c.node.index() == *i))
            .map(|(_, n)| n.lag)
            .sum();
        assert_eq!(frame.owed, owed, "nobody shares a group");
        frame.nodes.iter().map(|node| (node.rate, node.utilisation)).collect::<Vec<_>>()
    };
    let slow = at(1.0);
    assert!(slow.iter().any(|(rate, _)| *rate > 30.0));
    assert_eq!(at(100.0), slow);
}
