//! The window as a person uses it, without a screen: by the names of what can be clicked.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "runs are paced by wall time, so wall time has to pass here")]

use egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::path::Path;
use std::time::{Duration, Instant};
use tidemill::app::action::{Action, Connection, Selection};
use tidemill::app::edit::Edit;
use tidemill::app::session::Question;
use tidemill::app::settings::Settings;
use tidemill::app::theme::Mode;
use tidemill::app::{Shell, Start};
use tidemill::run::frame::PlayState;
use tidemill::scenario::document::Node;

fn window() -> Harness<'static, Shell> {
    let builder = Harness::builder().with_size(egui::vec2(1280.0, 720.0)).with_step_dt(0.02);
    let mut harness = builder.build_eframe(|cc| Shell::new(&cc.egui_ctx, Settings::default()));
    harness.run_steps(3);
    harness
}

/// Lets pictures pass until something is so; wall time passes with them, because runs are paced by it.
fn until(harness: &mut Harness<'_, Shell>, what: &str, so: impl Fn(&Shell) -> bool) {
    let began = Instant::now();
    while !so(harness.state()) {
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
        harness.run_steps(1);
    }
    harness.run_steps(2);
}

fn click(harness: &mut Harness<'_, Shell>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(4);
}

fn shop() -> Harness<'static, Shell> {
    let mut harness = window();
    click(&mut harness, "Open Online shop");
    harness
}

fn published(shell: &Shell) -> u64 {
    shell.session.frame().map_or(0, |f| f.totals.published)
}

#[test]
fn one_click_on_the_welcome_screen_and_events_are_moving() {
    let mut harness = shop();
    until(&mut harness, "events are published", |s| published(s) > 20);
    assert!(harness.query_by_label("Pause").is_some());
    click(&mut harness, "Pause");
    until(&mut harness, "it stands", |s| !s.session.playing());
    let before = published(harness.state());
    std::thread::sleep(Duration::from_millis(100));
    harness.run_steps(3);
    assert_eq!(published(harness.state()), before);
    let steps = harness.state().session.frame().unwrap().steps;
    click(&mut harness, "Step");
    until(&mut harness, "a step was made", |s| s.session.frame().is_some_and(|f| f.steps > steps));
    click(&mut harness, "Restart");
    until(&mut harness, "it is at the start", |s| s.session.frame().is_some_and(|f| f.now.0 == 0));
}

#[test]
fn space_plays_and_pauses() {
    let mut harness = shop();
    until(&mut harness, "it plays", |s| s.session.playing());
    harness.key_press(Key::Space);
    harness.run_steps(2);
    until(&mut harness, "it stands", |s| s.session.frame().is_some_and(|f| f.state == PlayState::Paused));
    harness.key_press(Key::Space);
    harness.run_steps(2);
    until(&mut harness, "it plays again", |s| s.session.playing());
}

fn instances(shell: &Shell, id: &str) -> u32 {
    let scenario = &shell.session.document.as_ref().unwrap().scenario;
    scenario
        .nodes
        .iter()
        .find_map(|n| {
            if let Node::Consumer(c) = n
                && c.id == id
            {
                Some(c.instances)
            } else {
                None
            }
        })
        .unwrap()
}

fn duration(shell: &Shell) -> String {
    shell.session.document.as_ref().unwrap().scenario.duration.to_string()
}

fn retype(harness: &mut Harness<'_, Shell>, label: &str, text: &str) {
    let field = harness.get_by_role_and_label(Role::TextInput, label);
    field.focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_role_and_label(Role::TextInput, label).type_text(text);
    harness.run_steps(2);
}

#[test]
fn a_field_changes_the_scenario_and_undo_restores_it() {
    let mut harness = shop();
    assert_eq!(duration(harness.state()), "60s");
    retype(&mut harness, "Duration", "90s");
    assert_eq!(duration(harness.state()), "60s", "nothing changes before the person has finished");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(duration(harness.state()), "90s");
    assert!(harness.state().session.dirty());
    until(&mut harness, "the new plan runs", |s| s.session.frame().is_some_and(|f| f.plan.duration.seconds() == 90.0));
    assert!(harness.state().session.playing(), "it goes on playing");
    click(&mut harness, "Undo");
    assert_eq!(duration(harness.state()), "60s");
    assert!(!harness.state().session.dirty());
    click(&mut harness, "Redo");
    assert_eq!(duration(harness.state()), "90s");
}

#[test]
fn wrong_input_stays_in_the_field_with_its_reason() {
    let mut harness = shop();
    retype(&mut harness, "Duration", "90");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(duration(harness.state()), "60s");
    assert!(harness.query_by_label_contains("has no unit").is_some());
    retype(&mut harness, "Duration", "2min");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(duration(harness.state()), "2min");
    assert!(harness.query_by_label_contains("has no unit").is_none());
}

#[test]
fn the_selected_node_can_be_changed() {
    let mut harness = shop();
    let before = instances(harness.state(), "billing");
    harness.state_mut().session.apply(Action::Select(Selection::node("billing")));
    harness.run_steps(3);
    assert!(harness.query_by_label("Utilisation").is_some());
    harness.get_by_label("Instances").focus();
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_label("Instances").type_text(&(before + 1).to_string());
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(instances(harness.state(), "billing"), before + 1);
    retype(&mut harness, "Name", "invoicing");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(instances(harness.state(), "invoicing"), before + 1);
    assert_eq!(harness.state().session.document.as_ref().unwrap().selection.single(), Some("invoicing"));
}

#[test]
fn what_is_saved_opens_again_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.ron");
    let mut harness = shop();
    retype(&mut harness, "Duration", "90s");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    click(&mut harness, "Save");
    assert_eq!(harness.state().question(), Some(&Question::SavePath));
    retype(&mut harness, "Path of the file", path.to_str().unwrap());
    harness.key_press(Key::Enter);
    harness.run_steps(6);
    assert!(path.is_file());
    assert!(!harness.state().session.dirty());
    let saved = harness.state().session.document.as_ref().unwrap().scenario.clone();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("// An online shop: one event"), "comments stay");
    let mut other = window();
    other.state_mut().start(Start::File(path));
    other.run_steps(3);
    assert_eq!(other.state().session.document.as_ref().unwrap().scenario, saved);
    assert_eq!(other.state().session.settings.recent.len(), 1);
}

#[test]
fn a_name_without_its_ending_is_known_to_be_taken_before_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("shop.ron");
    std::fs::write(&taken, "another scenario").unwrap();
    let mut harness = shop();
    click(&mut harness, "Save");
    retype(&mut harness, "Path of the file", folder.path().join("shop").to_str().unwrap());
    let told = format!("{} exists: it will be replaced", taken.display());
    assert!(harness.query_by_label(&told).is_some());
    retype(&mut harness, "Path of the file", folder.path().join("other").to_str().unwrap());
    assert!(harness.query_by_label("A new file").is_some());
}

#[test]
fn a_scenario_with_a_trace_takes_it_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = window();
    harness.state_mut().session.apply(Action::OpenShipped("cases/airport.ron"));
    harness.run_steps(3);
    harness.state_mut().session.apply(Action::SaveAs(folder.path().join("day")));
    harness.run_steps(3);
    assert!(folder.path().join("day.ron").is_file());
    assert!(folder.path().join("nyc-flights-2013-07-01.csv").is_file());
    let document = harness.state().session.document.as_ref().unwrap();
    assert!(document.runnable() && !document.dirty(), "{:?}", document.findings);
}

#[test]
fn unsaved_work_is_asked_about() {
    let mut harness = shop();
    retype(&mut harness, "Duration", "90s");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    click(&mut harness, "Welcome screen");
    assert_eq!(harness.state().question(), Some(&Question::Unsaved));
    click(&mut harness, "Cancel");
    assert!(harness.state().session.document.is_some());
    click(&mut harness, "Welcome screen");
    click(&mut harness, "Discard changes");
    assert!(harness.state().session.document.is_none());
    assert!(harness.query_by_label("Open Online shop").is_some());
}

#[test]
fn a_broken_file_is_explained_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.ron");
    std::fs::write(&path, "Scenario(\n    format: 1,\n    duratoin: \"60s\",\n)\n").unwrap();
    let mut harness = shop();
    harness.state_mut().session.apply(Action::Open(path));
    harness.run_steps(4);
    assert!(matches!(harness.state().question(), Some(Question::Broken { .. })));
    assert!(harness.query_by_label("This file cannot be opened").is_some());
    assert!(harness.query_all_by_label_contains("duratoin").next().is_some());
    click(&mut harness, "Close");
    assert_eq!(harness.state().session.document.as_ref().unwrap().scenario.name, "Online shop");
}

#[test]
fn a_missing_file_is_a_sentence() {
    let mut harness = window();
    harness.state_mut().session.apply(Action::Open(Path::new("/no/such/file.ron").to_path_buf()));
    harness.run_steps(3);
    assert!(harness.query_by_label("/no/such/file.ron cannot be opened: there is no such file or folder").is_some());
}

#[test]
fn a_path_that_is_wrong_is_said_below_the_field() {
    let mut harness = window();
    click(&mut harness, "Open");
    retype(&mut harness, "Path of the file", "/no/such/file.ron");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert!(harness.query_by_label("There is no file /no/such/file.ron").is_some());
    harness.key_press(Key::Escape);
    harness.run_steps(4);
    assert_eq!(harness.state().question(), None);
}

#[test]
fn the_look_changes_and_everything_still_fits() {
    let mut harness = shop();
    for (name, mode) in [("Light", Mode::Light), ("Projector", Mode::Projector), ("Dark", Mode::Dark)] {
        click(&mut harness, name);
        assert_eq!(harness.state().session.settings.mode, mode);
        for label in ["Play", "Pause", "Step", "Restart", "Speed", "Help", "Save", "Undo", "Add producer", "Add broker", "Add consumer"] {
            if let Some(node) = harness.query_by_label(label) {
                let rect = node.rect();
                assert!(rect.min.x >= 0.0 && rect.max.x <= 1280.0 && rect.max.y <= 720.0, "{label} at {rect:?} in {mode:?}");
            }
        }
    }
}

#[test]
fn an_edit_that_cannot_run_keeps_the_last_good_run_and_says_what_is_wrong() {
    let mut harness = shop();
    until(&mut harness, "it plays", |s| published(s) > 5);
    harness.state_mut().session.apply(Action::Select(Selection::node("bus")));
    harness.run_steps(3);
    click(&mut harness, "Remove topic orders");
    assert!(harness.state().session.document.as_ref().unwrap().runnable(), "who wrote to it and read it went with it");
    click(&mut harness, "Undo");
    let session = &mut harness.state_mut().session;
    let billing = session.document.as_ref().unwrap().scenario.nodes.iter().find(|node| node.id() == "billing");
    let mut lost = billing.unwrap().clone();
    let Node::Consumer(consumer) = &mut lost else { panic!("{lost:?}") };
    consumer.reads[0].from = "bus/nothing".to_owned();
    session.apply(Action::Edit(Edit::SetNode(Box::new(lost))));
    harness.run_steps(3);
    let session = &harness.state().session;
    assert!(!session.document.as_ref().unwrap().runnable());
    assert!(session.frame().is_some() && session.playing());
    click(&mut harness, "Undo");
    assert!(harness.state().session.document.as_ref().unwrap().runnable());
}

#[test]
fn a_new_scenario_begins_empty_and_the_palette_arms_the_canvas() {
    let mut harness = window();
    click(&mut harness, "New scenario");
    assert!(harness.state().session.document.as_ref().unwrap().scenario.nodes.is_empty());
    click(&mut harness, "Add producer");
    assert!(harness.state().session.placing.is_some());
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.state().session.placing.is_none());
}

#[test]
fn a_selected_connection_shows_its_link_which_can_differ_from_the_network() {
    let mut harness = shop();
    let connection = Some(Connection::Read { consumer: "billing".to_owned(), index: 0 });
    harness.state_mut().session.apply(Action::Select(Selection { connection, ..Selection::default() }));
    harness.run_steps(3);
    retype(&mut harness, "Loss", "5%");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    let links = |h: &Harness<'_, Shell>| h.state().session.document.as_ref().unwrap().scenario.links.clone();
    let link = links(&harness).into_iter().find(|l| l.between.0 == "billing" || l.between.1 == "billing").unwrap();
    assert_eq!(link.loss.unwrap().to_string(), "5%");
    click(&mut harness, "Undo");
    assert!(links(&harness).iter().all(|l| l.loss.is_none()));
}

#[test]
fn the_inspector_keeps_its_width_in_every_look() {
    let mut harness = shop();
    for look in ["Light", "Projector", "Dark"] {
        click(&mut harness, look);
        for id in ["", "order-service", "bus", "billing"] {
            let selection = if id.is_empty() { Selection::default() } else { Selection::node(id) };
            harness.state_mut().session.apply(Action::Select(selection));
            harness.run_steps(3);
            let left = |h: &Harness<'_, Shell>| h.get_by_role_and_label(Role::TextInput, "Name").rect().left();
            if id.is_empty() {
                continue;
            }
            let before = left(&harness);
            harness.run_steps(30);
            assert_eq!(left(&harness), before, "{id} in {look}");
        }
    }
}
