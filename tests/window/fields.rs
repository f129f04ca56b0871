//! What is typed stays where it was typed, and what is called by long names stays where it belongs.

use crate::hands::*;
use crate::time::{frame, ran};
use egui::accesskit::Role;
use egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::{By, NodeT, Queryable};
use tidemill::app::Start;
use tidemill::app::action::{Action, Selection};
use tidemill::app::edit::Edit;
use tidemill::run::Command;
use tidemill::scenario::Scenario;
use tidemill::scenario::document::{Event, Node};
use tidemill::scenario::intervention::What;
use tidemill::scenario::pairs::Pairs;
use tidemill::scenario::shapes::Times;
use tidemill::scenario::units::Size;
use tidemill::time::Span;

const CHANGE: &str = "Change on the way, as path=value";

fn with_an_event(w: &mut Window) {
    let scenario = Scenario {
        events: vec![Event { name: "Event1".into(), size: Size(1024), key: None, attributes: Pairs::default() }],
        ..Scenario::default()
    };
    w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: "Draw".into(), scenario: Box::new(scenario) }));
    w.run_steps(4);
}

#[test]
fn what_was_wrong_in_one_scenario_is_not_in_the_next() {
    let mut w = window();
    w.key_press_modifiers(Modifiers::COMMAND, Key::N);
    w.run_steps(4);
    with_an_event(&mut w);
    retype(&mut w, "Size", "no size");
    w.get_by_label_contains("expected a size");
    w.key_press_modifiers(Modifiers::COMMAND, Key::N);
    w.run_steps(4);
    click(&mut w, "Discard changes");
    with_an_event(&mut w);
    assert!(w.query_by_label_contains("expected a size").is_none());
}

/// The text of a scenario in which everything has a name of some eighty letters.
fn long_winded(text: &str) -> String {
    let names = ["OrderCreated", "InvoiceIssued", "order-service", "orders", "invoices", "inventory", "billing", "accounting"];
    names.iter().fold(text.to_owned(), |text, name| text.replace(name, &format!("{name}{}", "N".repeat(72))))
}

/// Everything that begins in a part of the window ends in it.
fn nothing_sticks_out(w: &Window, part: Rect, place: &str) {
    for node in w.query_all(By::new().predicate(|node| node.role() != Role::GenericContainer)) {
        let what = node.accesskit_node();
        // A field scrolls what is longer than itself.
        if what.raw_bounds().is_none() || what.role() == Role::TextRun {
            continue;
        }
        let rect = node.rect();
        let begins_here = part.contains(rect.left_center()) && rect.left() > part.left() + 1.0;
        assert!(
            !begins_here || rect.right() <= part.right() + 0.5,
            "{place}: {:?} {:?} {:?} at {rect:?} sticks out of {part:?}",
            what.role(),
            what.label(),
            what.value()
        );
    }
}

#[test]
fn long_names_make_nothing_wider_than_its_part_of_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.ron");
    let texts = [
        include_str!("../../scenarios/cases/shop.ron"),
        include_str!("../../scenarios/brokers/shop-kafka.ron"),
        include_str!("../../scenarios/brokers/shop-rabbitmq.ron"),
        include_str!("../../scenarios/brokers/shop-eventbridge.ron"),
    ];
    for text in texts {
        std::fs::write(&path, long_winded(text)).unwrap();
        let mut w = window();
        w.state_mut().start(Start::File(path.clone()));
        w.run_steps(4);
        // Too little for what comes, so that something is said about them.
        let mut slow = scenario(&w).clone();
        slow.name = "N".repeat(80);
        for node in &mut slow.nodes {
            if let Node::Consumer(consumer) = node {
                consumer.handle.time = Times::Constant(Span::from_millis(900));
            }
        }
        w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: "Slow down".into(), scenario: Box::new(slow.clone()) }));
        w.run_steps(4);
        let window = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 720.0));
        let edge = w.get_by_label("Inspector tab").rect().left() - 8.0;
        let inspector = Rect::from_min_max(egui::pos2(edge, 60.0), egui::pos2(window.right(), 10_000.0));
        nothing_sticks_out(&w, inspector, "the scenario");
        for node in &slow.nodes {
            w.state_mut().session.apply(Action::Select(Selection::node(node.id())));
            w.run_steps(3);
            nothing_sticks_out(&w, inspector, node.id());
        }
        // It says how many there are.
        let tab =
            |w: &Window| w.get_by(|node| node.label().is_some_and(|label| label.starts_with("Problems") && label.ends_with("tab"))).rect();
        let at = tab(&w).center();
        click_at(&mut w, at);
        let dock = tab(&w);
        let transport = w.get_by_label("Moment of the run").rect().top();
        let dock = Rect::from_min_max(egui::pos2(73.0, dock.top()), egui::pos2(edge, transport - 30.0));
        nothing_sticks_out(&w, dock, "problems");
        click(&mut w, "Events tab");
        nothing_sticks_out(&w, dock, "events");
        let top = Rect::from_min_max(window.min, egui::pos2(window.right(), 40.0));
        nothing_sticks_out(&w, top, "top");
        w.key_press_modifiers(Modifiers::COMMAND, Key::N);
        w.run_steps(4);
        w.get_by_label("Save your changes?");
        nothing_sticks_out(&w, window, "the question");
    }
}

#[test]
fn a_change_that_cannot_be_made_stays_to_be_put_right() {
    let mut w = ran();
    click(&mut w, "Branches tab");
    let typed = |w: &Window| w.get_by_role_and_label(Role::TextInput, CHANGE).accesskit_node().value().unwrap_or_default();
    for (n, wrong) in [(1, "foo.bar=3"), (2, "billing.handle.time=abc")] {
        retype(&mut w, CHANGE, wrong);
        until(&mut w, "it is refused", |s| frame(s).past.refused.last().is_some_and(|refusal| refusal.number == n));
        w.run_steps(3);
        assert_eq!(typed(&w), wrong);
        assert!(w.state().session.notices.is_empty(), "it is said where it was typed");
        assert!(w.query_all(By::new().label_contains("there is no ")).next().is_some());
    }
    retype(&mut w, CHANGE, "billing.instances=3");
    until(&mut w, "it is made", |s| frame(s).past.here().unwrap().interventions.len() == 1);
    w.run_steps(3);
    assert_eq!(typed(&w), "");
    assert!(w.query_all(By::new().label_contains("there is no ")).next().is_none());
}

#[test]
fn the_next_change_takes_the_notice_of_the_former_away() {
    let mut w = ran();
    let set = |path: &str| Action::Run(Command::Intervene(What::Set { path: path.into(), value: "3".into() }));
    let told = |s: &tidemill::app::Shell| s.session.notices.iter().filter(|n| n.text.starts_with("Not changed")).count();
    w.state_mut().session.apply(set("foo.bar"));
    until(&mut w, "it is refused", |s| told(s) == 1);
    w.state_mut().session.apply(set("bar.foo"));
    until(&mut w, "the other is refused", |s| s.session.notices.iter().any(|n| n.text.contains("`bar`")));
    assert_eq!(told(w.state()), 1);
    w.state_mut().session.apply(set("billing.instances"));
    until(&mut w, "it is made", |s| frame(s).past.here().unwrap().interventions.len() == 1);
    assert_eq!(told(w.state()), 0);
}
