//! What goes wrong by plan and by chance, and the lints that are allowed: written in the inspector, without a file.

use crate::hands::*;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use tidemill::app::action::Action;
use tidemill::app::edit::Edit;
use tidemill::app::settings::Settings;
use tidemill::scenario::faults::{Fault, Trouble};
use tidemill::scenario::units::Percent;
use tidemill::time::Span;

/// The smallest scenario with everything of its inspector in sight.
fn first() -> Window {
    let builder = egui_kittest::Harness::builder().with_size(egui::vec2(1280.0, 2400.0)).with_step_dt(0.02);
    let mut w = builder.build_eframe(|cc| tidemill::app::Shell::new(&cc.egui_ctx, Settings::default()));
    w.run_steps(3);
    w.state_mut().session.apply(Action::OpenShipped("basics/first.ron"));
    until(&mut w, "it is open", |s| s.session.document.is_some());
    w.run_steps(4);
    w
}

/// Pushes a button wherever it is, in sight or not.
fn push(w: &mut Window, button: &str) {
    w.get_by_role_and_label(Role::Button, button).click_accesskit();
    w.run_steps(4);
}

/// Another kind of fault, from outside: names far down a list are out of sight.
fn put(w: &mut Window, what: Fault) {
    let mut next = scenario(w).clone();
    *next.faults[0].what_mut() = what;
    w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: "Change faults".into(), scenario: Box::new(next) }));
    w.run_steps(4);
}

fn faults(w: &Window) -> &[Trouble] {
    &scenario(w).faults
}

#[test]
fn a_fault_is_added_changed_in_every_field_and_removed() {
    let mut w = first();
    push(&mut w, "Add fault");
    let seconds = |n: u64| Span::from_millis(n * 1000);
    let crash = |lasts| Trouble::Fault { at: seconds(20), lasts, what: Fault::Crash("receiver".into()) };
    assert_eq!(faults(&w), [crash(Some(seconds(5)))]);
    retype(&mut w, "Begins at", "12s");
    retype(&mut w, "Lasts", "3s");
    pick(&mut w, "Fault", "Slow");
    retype(&mut w, "Times", "8");
    let slow = Fault::Slow { node: "receiver".into(), times: 8.0 };
    assert_eq!(faults(&w), [Trouble::Fault { at: seconds(12), lasts: Some(seconds(3)), what: slow.clone() }]);
    assert!(w.query_all_by_label_contains("receiver 8 times as slow").next().is_some(), "the verdict says what it does");
    pick(&mut w, "Happens", "By chance");
    retype(&mut w, "Mean gap", "30s");
    retype(&mut w, "Mean length", "2s");
    assert_eq!(faults(&w), [Trouble::Chaos { what: slow, every: seconds(30), lasts: seconds(2) }]);
    pick(&mut w, "Fault", "Surge");
    assert_eq!(faults(&w)[0].what(), &Fault::Surge { producer: "sender".into(), times: 5.0 }, "it strikes producers alone");
    put(&mut w, Fault::Loss { between: ("sender".into(), "bus".into()), rate: Percent(0.2) });
    pick(&mut w, "Between", "receiver");
    assert_eq!(faults(&w)[0].what().targets(), ["receiver", "bus"]);
    put(&mut w, Fault::Partition { of: vec!["sender".into()], from: Vec::new() });
    retype(&mut w, "One side", "sender, receiver");
    retype(&mut w, "Other side", "bus");
    assert_eq!(faults(&w)[0].what(), &Fault::Partition { of: vec!["sender".into(), "receiver".into()], from: vec!["bus".into()] });
    retype(&mut w, "Other side", "buss");
    assert!(w.query_all_by_label_contains("there is no node buss").next().is_some(), "the verdict says what is wrong");
    push(&mut w, "Remove fault 1");
    assert_eq!(faults(&w), []);
    push(&mut w, "Undo");
    assert_eq!(faults(&w).len(), 1);
}

#[test]
fn a_lint_is_allowed_from_a_list_and_taken_back() {
    let mut w = first();
    let list = w.get_by_role_and_label(Role::ComboBox, "Allow");
    use egui_kittest::kittest::NodeT;
    assert_eq!(list.accesskit_node().value().as_deref(), Some("choose a lint"));
    pick(&mut w, "Allow", "unbounded-queue");
    pick(&mut w, "Allow", "hot-partition");
    assert_eq!(scenario(&w).allow, ["unbounded-queue", "hot-partition"]);
    push(&mut w, "Remove unbounded-queue");
    assert_eq!(scenario(&w).allow, ["hot-partition"]);
}
