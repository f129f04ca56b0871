//! Finding by typing, and work that outlives the program.

use crate::hands::*;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use tidemill::app::action::Action;
use tidemill::app::session::Question;
use tidemill::app::{Start, edit::Edit};
use tidemill::scenario::Scenario;
use tidemill::scenario::document::Node;

fn typed(w: &mut Window, field: &str, text: &str) {
    w.run_steps(2);
    w.get_by_label(field).type_text(text);
    w.run_steps(2);
    press(w, Key::Enter);
    w.run_steps(3);
}

#[test]
fn a_topology_grows_by_typing() {
    let mut w = window();
    w.key_press_modifiers(Modifiers::COMMAND, Key::N);
    w.run_steps(4);
    for kind in ["add producer", "add broker", "add consumer"] {
        press(&mut w, Key::Slash);
        typed(&mut w, "Addition", kind);
    }
    assert_eq!(scenario(&w).nodes.len(), 3);
    // The consumer was added last and is selected.
    press(&mut w, Key::L);
    typed(&mut w, "Connection", "reads events");
    let Node::Consumer(consumer) = &scenario(&w).nodes[2] else { panic!() };
    assert_eq!(consumer.reads[0].from, "broker-1/events");
    w.key_press_modifiers(Modifiers::COMMAND, Key::F);
    w.run_steps(3);
    typed(&mut w, "Node", "prod");
    assert_eq!(w.state().session.document.as_ref().unwrap().selection.single(), Some("producer-1"));
    press(&mut w, Key::L);
    typed(&mut w, "Connection", "events");
    assert!(w.state().session.document.as_ref().unwrap().findings.is_empty());
    w.key_press_modifiers(Modifiers::COMMAND, Key::K);
    w.run_steps(3);
    typed(&mut w, "Command", "arrange");
    assert_eq!(w.state().session.document.as_ref().unwrap().undo_label(), Some("Arrange in layers"));
    // Escape leaves everything as it is.
    w.key_press_modifiers(Modifiers::COMMAND, Key::K);
    w.run_steps(3);
    press(&mut w, Key::Escape);
    w.run_steps(3);
    assert!(w.query_by_label("Command").is_none());
}

#[test]
fn work_that_was_not_saved_is_offered_when_its_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    std::fs::write(&path, "// mine\nScenario(format: 1, name: \"Mine\")\n").unwrap();
    let mut w = window();
    w.state_mut().start(Start::File(path.clone()));
    w.run_steps(3);
    let changed = Scenario { name: "Changed".into(), ..scenario(&w).clone() };
    w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: "Change name".into(), scenario: Box::new(changed) }));
    let kept = folder.path().join(".mine.ron.autosave");
    until(&mut w, "the work is kept", |_| kept.is_file());
    // Nothing is asked for: the program is simply no more.
    drop(w);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "// mine\nScenario(format: 1, name: \"Mine\")\n");

    let mut again = window();
    again.state_mut().start(Start::File(path.clone()));
    again.run_steps(10);
    assert!(matches!(again.state().question(), Some(Question::Recover(_))));
    click(&mut again, "Recover changes");
    assert_eq!(scenario(&again).name, "Changed");
    assert!(again.state().session.dirty());
    again.state_mut().session.apply(Action::Undo);
    assert_eq!(scenario(&again).name, "Mine");
    again.state_mut().session.apply(Action::Redo);
    again.state_mut().session.apply(Action::Save);
    until(&mut again, "the copy is gone", |_| !kept.exists());
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("// mine\n"));
}

fn renamed(w: &mut Window, name: &str) {
    let changed = Scenario { name: name.into(), ..scenario(w).clone() };
    w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: "Change name".into(), scenario: Box::new(changed) }));
    w.run_steps(2);
}

#[test]
fn two_windows_on_one_file_do_not_touch_each_others_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    std::fs::write(&path, "Scenario(format: 1, name: \"Mine\")\n").unwrap();
    let (first, second) = (folder.path().join(".mine.ron.autosave"), folder.path().join(".mine.ron.2.autosave"));
    let open = || {
        let mut w = window();
        w.state_mut().start(Start::File(path.clone()));
        w.run_steps(3);
        w
    };
    let mut one = open();
    renamed(&mut one, "Of one");
    until(&mut one, "the work is kept", |_| first.is_file());
    one.run_steps(8);
    let mut other = open();
    assert_eq!(other.state().question(), None, "nothing is lost yet");
    assert!(other.state().session.notices.iter().any(|n| n.text.contains("is open in another window")));
    renamed(&mut other, "Of the other");
    until(&mut other, "the other work is kept", |_| second.is_file());
    assert!(std::fs::read_to_string(&first).unwrap().contains("Of one"));
    // One of them is no more: what it leaves is offered, what the other has is not.
    drop(one);
    let mut third = open();
    assert_eq!(third.state().question(), Some(&Question::Recover(first.clone())));
    third.run_steps(10);
    click(&mut third, "Recover changes");
    assert_eq!(scenario(&third).name, "Of one");
    assert!(first.is_file() && second.is_file());
    other.state_mut().session.apply(Action::Save);
    until(&mut other, "what it has is in the file", |_| !second.exists());
}

#[test]
fn work_without_a_file_is_offered_before_the_last_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    std::fs::write(&path, "Scenario(format: 1, name: \"Mine\")\n").unwrap();
    let started = |start: Start| {
        let mut w = window();
        w.state_mut().session.keep_in(Some(folder.path().join("unsaved")));
        w.state_mut().session.settings.last = Some(path.clone());
        w.state_mut().start(start);
        w.run_steps(3);
        w
    };
    let mut w = started(Start::LastOrWelcome);
    assert_eq!(scenario(&w).name, "Mine", "nothing is left behind");
    w.state_mut().session.apply(Action::New);
    renamed(&mut w, "Not saved yet");
    let kept = folder.path().join("unsaved/unsaved-1.ron");
    until(&mut w, "the work is kept", |_| kept.is_file());
    w.run_steps(8);
    let beside = started(Start::LastOrWelcome);
    assert_eq!(scenario(&beside).name, "Mine", "its window lives");
    drop(w);
    let named = started(Start::File(path.clone()));
    assert!(named.state().session.notices.iter().any(|n| n.text.contains("Not saved yet")));
    let mut again = started(Start::LastOrWelcome);
    again.get_by_label("Unsaved work was kept: Not saved yet");
    click(&mut again, "Recover");
    assert_eq!(scenario(&again).name, "Not saved yet");
    assert!(again.state().session.dirty() && kept.is_file(), "it is kept until it is saved");
}

#[test]
fn a_file_that_something_else_wrote_is_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    std::fs::write(&path, "Scenario(format: 1, name: \"Mine\")\n").unwrap();
    let mut w = window();
    w.state_mut().start(Start::File(path.clone()));
    w.run_steps(3);
    std::fs::write(&path, "Scenario(format: 1, name: \"Theirs\")\n").unwrap();
    until(&mut w, "it is noticed", |s| matches!(s.question(), Some(Question::Reload { .. })));
    w.run_steps(8);
    click(&mut w, "Load it again");
    assert_eq!(scenario(&w).name, "Theirs");
    assert!(!w.state().session.dirty());
    w.state_mut().session.apply(Action::Undo);
    assert_eq!(scenario(&w).name, "Mine");
    assert!(w.state().session.dirty());
}
