//! What is being typed counts as work: it is saved, and asked about, like everything else.

use crate::hands::*;
use egui::accesskit::Role;
use egui::{Key, Modifiers, ViewportEvent, ViewportId};
use egui_kittest::kittest::Queryable;
use std::path::Path;
use tidemill::app::action::{Action, Selection};
use tidemill::app::session::Question;
use tidemill::app::teach::Teach;
use tidemill::scenario::document::Node;

/// The shop in a file of its own.
fn saved(path: &Path) -> Window {
    let mut w = window();
    w.state_mut().session.apply(Action::OpenShipped("cases/shop.ron"));
    w.state_mut().session.apply(Action::SaveAs(path.to_path_buf()));
    w.run_steps(3);
    w
}

/// Types at the end of a field, and stays in it.
fn type_in(w: &mut Window, role: Role, label: &str, text: &str) {
    w.get_by_role_and_label(role, label).focus();
    w.run_steps(2);
    w.key_press_modifiers(Modifiers::COMMAND, Key::End);
    w.get_by_role_and_label(role, label).type_text(text);
    w.run_steps(2);
}

fn command(w: &mut Window, key: Key) {
    w.key_press_modifiers(Modifiers::COMMAND, key);
    w.run_steps(4);
}

fn close(w: &mut Window) {
    w.input_mut().viewports.entry(ViewportId::ROOT).or_default().events.push(ViewportEvent::Close);
    w.run_steps(1);
    w.input_mut().viewports.entry(ViewportId::ROOT).or_default().events.clear();
    w.run_steps(4);
}

#[test]
fn a_paragraph_of_a_lesson_is_saved_while_it_is_being_written_and_writing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    let mut w = saved(&path);
    w.state_mut().session.apply(Action::Teach(Teach::Write));
    w.run_steps(4);
    type_in(&mut w, Role::MultilineTextInput, "Text", " One word more.");
    command(&mut w, Key::S);
    assert!(std::fs::read_to_string(&path).unwrap().contains("One word more."));
    assert!(!w.state().session.dirty());
    assert!(w.get_by_role_and_label(Role::MultilineTextInput, "Text").is_focused(), "the hands stay where they are");
    w.get_by_role_and_label(Role::MultilineTextInput, "Text").type_text(" And a pipe.");
    w.run_steps(2);
    command(&mut w, Key::S);
    assert!(std::fs::read_to_string(&path).unwrap().contains("One word more. And a pipe."));
}

#[test]
fn what_is_being_typed_is_asked_about_before_the_window_closes() {
    let folder = tempfile::tempdir().unwrap();
    let mut w = saved(&folder.path().join("mine.ron"));
    w.state_mut().session.apply(Action::Teach(Teach::Write));
    w.run_steps(4);
    type_in(&mut w, Role::MultilineTextInput, "Text", " One word more.");
    close(&mut w);
    assert_eq!(w.state().question(), Some(&Question::Unsaved));
    assert!(!w.state().session.closing);
    click(&mut w, "Save changes");
    assert!(w.state().session.closing);
}

#[test]
fn a_window_closes_at_once_where_nothing_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let mut w = saved(&folder.path().join("mine.ron"));
    w.get_by_role_and_label(Role::TextInput, "Duration").focus();
    w.run_steps(2);
    close(&mut w);
    assert_eq!(w.state().question(), None);
    assert!(w.state().session.closing);
}

#[test]
fn a_setting_is_taken_in_before_something_else_is_begun_or_opened() {
    for (key, then) in [(Key::N, Question::Unsaved), (Key::O, Question::OpenPath)] {
        let folder = tempfile::tempdir().unwrap();
        let mut w = saved(&folder.path().join("mine.ron"));
        w.get_by_role_and_label(Role::TextInput, "Duration").focus();
        w.run_steps(2);
        w.key_press_modifiers(Modifiers::COMMAND, Key::A);
        w.get_by_role_and_label(Role::TextInput, "Duration").type_text("90s");
        w.run_steps(2);
        command(&mut w, key);
        assert_eq!(w.state().question(), Some(&then));
        assert_eq!(scenario(&w).duration.to_string(), "90s");
    }
}

#[test]
fn a_number_and_a_name_on_the_canvas_are_saved_while_they_are_being_typed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    let mut w = saved(&path);
    w.state_mut().session.apply(Action::Select(Selection::node("billing")));
    w.run_steps(4);
    w.get_by_label("Instances").focus();
    w.run_steps(3);
    w.key_press_modifiers(Modifiers::COMMAND, Key::A);
    w.get_by_label("Instances").type_text("7");
    w.run_steps(2);
    command(&mut w, Key::S);
    let billing = scenario(&w).nodes.iter().find(|n| n.id() == "billing").cloned();
    assert!(matches!(billing, Some(Node::Consumer(c)) if c.instances == 7));
    w.get_by_label("canvas").focus();
    w.run_steps(2);
    press(&mut w, Key::F2);
    w.get_by_label("New name").type_text("invoicing");
    w.run_steps(2);
    command(&mut w, Key::S);
    assert!(!w.state().session.dirty());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("instances: 7") && text.contains("invoicing"), "{text}");
}
