//! From nothing to a scenario that runs and is kept: by the pointer, and by the keyboard alone.

use crate::hands::*;
use egui::{Key, Modifiers, pos2};
use egui_kittest::kittest::Queryable;
use tidemill::app::Start;
use tidemill::app::action::{Action, Selection};
use tidemill::scenario::document::Node;

#[test]
fn place_connect_play_save_and_open_again() {
    let mut w = window();
    click(&mut w, "New scenario");
    for (name, at) in [("Add producer", pos2(220.0, 220.0)), ("Add broker", pos2(500.0, 220.0)), ("Add consumer", pos2(800.0, 220.0))] {
        click(&mut w, name);
        click_at(&mut w, at);
    }
    let names: Vec<&str> = scenario(&w).nodes.iter().map(Node::id).collect();
    assert_eq!(names, ["producer-1", "broker-1", "consumer-1"]);

    let (from, to) = (middle(&w, "connect from producer-1"), middle(&w, "broker broker-1"));
    drag(&mut w, from, to);
    let (from, to) = (middle(&w, "connect from broker-1/events"), middle(&w, "consumer consumer-1"));
    drag(&mut w, from, to);
    assert!(w.state().session.document.as_ref().unwrap().findings.is_empty());

    click(&mut w, "Play");
    until(&mut w, "events are handled", |s| {
        s.session.frame().is_some_and(|f| f.plan.node("consumer-1").is_some_and(|id| f.nodes[id.index()].count > 3))
    });

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    click(&mut w, "Save");
    retype(&mut w, "Path of the file", path.to_str().unwrap());
    assert!(path.is_file() && !w.state().session.dirty());
    let saved = scenario(&w).clone();

    let mut again = window();
    again.state_mut().start(Start::File(path));
    again.run_steps(3);
    assert_eq!(scenario(&again), &saved);
    let document = again.state().session.document.as_ref().unwrap();
    assert!(document.runnable() && !document.dirty());
}

#[test]
fn the_same_without_a_pointer() {
    let mut w = window();
    w.key_press_modifiers(Modifiers::COMMAND, Key::N);
    w.run_steps(4);
    for key in [Key::P, Key::B, Key::C, Key::C] {
        press(&mut w, key);
    }
    let rects: Vec<egui::Rect> = ["producer producer-1", "broker broker-1", "consumer consumer-1", "consumer consumer-2"]
        .map(|label| w.get_by_label(label).rect())
        .to_vec();
    for (i, rect) in rects.iter().enumerate() {
        assert!(rects[..i].iter().all(|other| !other.intersects(*rect)), "{rects:?}");
    }
    assert!(rects[0].right() < rects[1].left() && rects[1].right() < rects[2].left(), "{rects:?}");

    // On to the first node, into its settings, and there a workload.
    press(&mut w, Key::Tab);
    assert_eq!(w.state().session.document.as_ref().unwrap().selection.single(), Some("producer-1"));
    press(&mut w, Key::Enter);
    assert!(w.get_by_role_and_label(egui::accesskit::Role::TextInput, "Name").is_focused());
    enter_on(&mut w, "Add workload");
    for _ in 0..2 {
        press(&mut w, Key::Escape);
    }
    for id in ["consumer-1", "consumer-2"] {
        w.get_by_label(&format!("consumer {id}")).focus();
        w.run_steps(3);
        enter_on(&mut w, "Add subscription");
    }
    let Node::Consumer(second) = &scenario(&w).nodes[3] else { panic!() };
    assert_eq!(second.reads[0].from, "broker-1/events");
    // A workload needs a type; the first one comes with the first connection by hand, here it is made in the settings.
    w.get_by_label("canvas").focus();
    w.run_steps(2);
    press(&mut w, Key::Escape);
    enter_on(&mut w, "Add event type");
    assert_eq!(scenario(&w).events.len(), 1);
}

fn enter_on(w: &mut Window, label: &str) {
    w.get_by_label(label).focus();
    w.run_steps(2);
    press(w, Key::Enter);
}

/// A scenario's brokers, out by the window and in again by the window.
#[test]
fn brokers_are_exported_and_a_template_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    for (shipped, name, part) in [
        ("brokers/eventbridge-rules.ron", "rules.json", "\"AWS::Events::Rule\""),
        ("brokers/eventbridge-rules.ron", "rules.yaml", "Arn: !GetAtt QueueWarehouse.Arn"),
        ("brokers/rabbitmq-retry.ron", "retry.json", "\"exchanges\""),
    ] {
        let mut w = window();
        w.state_mut().session.apply(Action::OpenShipped(shipped));
        w.run_steps(4);
        let before = scenario(&w).clone();
        // As a person finds it: in the list of commands.
        w.key_press_modifiers(Modifiers::COMMAND, Key::K);
        w.run_steps(4);
        w.event(egui::Event::Text("Export for".to_owned()));
        w.run_steps(3);
        press(&mut w, Key::Enter);
        assert!(w.query_by_label("Export brokers").is_some(), "{shipped}");
        let path = folder.path().join(name);
        retype(&mut w, "Path of the file", path.to_str().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(part), "{part} is missing in {text}");
        assert_eq!(scenario(&w), &before, "the scenario is what it was");
        assert!(w.state().session.document.as_ref().unwrap().home.path().is_none(), "and is saved nowhere");

        let mut again = window();
        again.state_mut().session.apply(Action::Open(path));
        again.run_steps(4);
        let document = again.state().session.document.as_ref().unwrap_or_else(|| panic!("{name} is not opened"));
        assert!(document.runnable(), "{name}");
    }
    // Of several brokers the selected one.
    let mut w = window();
    let path = folder.path().join("accounts.yaml");
    w.state_mut().session.apply(Action::OpenShipped("brokers/eventbridge-accounts.ron"));
    w.run_steps(4);
    for (selected, written) in [(None, false), (Some("index"), false), (Some("europe"), true)] {
        w.state_mut().session.apply(Action::Select(selected.map(Selection::node).unwrap_or_default()));
        w.state_mut().session.apply(Action::SaveAs(path.clone()));
        w.run_steps(2);
        assert_eq!(path.exists(), written, "{selected:?}");
    }
    assert!(std::fs::read_to_string(&path).unwrap().contains("RuleIndex"));
    let mut w = window();
    w.state_mut().session.apply(Action::OpenShipped("brokers/eventbridge-rules.ron"));
    w.run_steps(4);
    w.state_mut().session.apply(Action::AskExport);
    w.run_steps(4);
    retype(&mut w, "Path of the file", folder.path().join("rules.txt").to_str().unwrap());
    assert!(w.query_by_label_contains("End it with .json").is_some(), "an ending that says nothing is refused");
    assert!(!folder.path().join("rules.txt").exists());
}
