//! Two runs compared by hand: both canvases, what differs, files beside what is open.

use crate::hands::*;
use crate::time::{frame, ran};
use egui::Key;
use egui_kittest::kittest::Queryable;
use tidemill::app::action::Action;
use tidemill::app::session::Question;
use tidemill::run::Command;
use tidemill::time::Time;

/// Goes back, changes something, and runs on.
fn branched() -> Window {
    let mut w = ran();
    w.state_mut().session.apply(Action::Run(Command::Seek(Time(2_000_000_000))));
    until(&mut w, "the past", |s| frame(s).now == Time(2_000_000_000) && frame(s).past.seeking.is_none());
    click(&mut w, "Branches tab");
    retype(&mut w, "Change on the way, as path=value", "billing.handle.time=Constant(\"300ms\")");
    until(&mut w, "there is a branch", |s| frame(s).past.branch == 1);
    w.state_mut().session.apply(Action::Run(Command::Seek(Time(12_000_000_000))));
    until(&mut w, "it has gone on", |s| frame(s).now == Time(12_000_000_000) && frame(s).past.seeking.is_none());
    w
}

#[test]
fn two_branches_stand_side_by_side_under_one_playhead() {
    let mut w = branched();
    assert!(w.query_by_label("canvas of Main").is_none());
    click(&mut w, "Compare with Main");
    until(&mut w, "both are there", |s| frame(s).beside.is_some() && frame(s).past.answers.contrast.is_some());
    let (left, right) = (w.get_by_label("canvas").rect(), w.get_by_label("canvas of Main").rect());
    assert!(left.right() <= right.left() + 1.0 && (left.width() - right.width()).abs() < 2.0, "{left:?} {right:?}");
    w.get_by_label_contains("nodes differ");
    w.get_by_label_contains("They differ from");
    w.get_by_label("Because of billing.handle.time = Constant(\"300ms\") at 00:00:02.000 here");
    // One playhead: a click on the bar moves both.
    let bar = w.get_by_label("Moment of the run").rect();
    click_at(&mut w, egui::pos2(bar.left() + bar.width() * 0.15, bar.center().y));
    until(&mut w, "the moment", |s| frame(s).now < Time(12_000_000_000) && frame(s).past.seeking.is_none());
    let both = frame(w.state());
    assert_eq!(both.beside.as_ref().unwrap().frame.now, both.now);
    press(&mut w, Key::Space);
    until(&mut w, "it plays", |s| frame(s).now > both.now);
    press(&mut w, Key::Space);
    let both = frame(w.state());
    assert_eq!(both.beside.as_ref().unwrap().frame.now, both.now);
    // What is on the second canvas can be looked at, not changed.
    let before = scenario(&w).clone();
    let right = w.get_by_label("canvas of Main").rect();
    drag(&mut w, right.center(), right.center() + egui::vec2(60.0, 10.0));
    click_at(&mut w, right.center());
    assert_eq!(*scenario(&w), before);
    // One canvas again, then nothing to compare.
    click(&mut w, "Close the second canvas");
    assert!(w.query_by_label("canvas of Main").is_none() && frame(w.state()).beside.is_some());
    click(&mut w, "Both canvases");
    w.get_by_label("canvas of Main");
    click(&mut w, "Stop comparing");
    until(&mut w, "one run alone", |s| frame(s).beside.is_none());
    assert!(w.query_by_label("canvas of Main").is_none());
}

#[test]
fn another_file_runs_beside_the_open_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slower.ron");
    let mut w = ran();
    let text = include_str!("../../scenarios/cases/shop.ron");
    let slower = text.replacen("Poisson(\"50/s\")", "Poisson(\"80/s\")", 1);
    assert_ne!(text, slower);
    std::fs::write(&path, slower).unwrap();
    click(&mut w, "Compare with a file");
    assert_eq!(w.state().question(), Some(&Question::ComparePath));
    retype(&mut w, "Path of the file", &path.display().to_string());
    until(&mut w, "both are there", |s| frame(s).beside.is_some() && frame(s).past.answers.contrast.is_some());
    assert_eq!(frame(w.state()).seed, frame(w.state()).beside.as_ref().unwrap().frame.seed, "the same luck");
    w.get_by_label("canvas of slower.ron");
    click(&mut w, "Branches tab");
    w.get_by_label_contains("order-service.emits[0].arrivals");
    // Series lie over each other in every plot that has lines.
    let names = |s: &tidemill::app::Shell| {
        let frame = frame(s);
        tidemill::app::plots::figures::Kind::Throughput.curves(&frame, 0.0, 10.0, 100).into_iter().map(|c| c.name).collect::<Vec<_>>()
    };
    assert!(names(w.state()).contains(&"billing".to_owned()) && names(w.state()).contains(&"billing (slower.ron)".to_owned()));
    click(&mut w, "Plots tab");
    click(&mut w, "Timeline tab");
    // The open scenario is edited meanwhile: the other stays.
    let mut edited = scenario(&w).clone();
    edited.seed += 1;
    let edit = tidemill::app::edit::Edit::SetScenario { label: "Change seed".to_owned(), scenario: Box::new(edited) };
    w.state_mut().session.apply(Action::Edit(edit));
    until(&mut w, "it runs anew", |s| s.session.frame().is_some_and(|f| f.now == Time::ZERO && f.beside.is_some()));
    // What cannot be read is said, and nothing is lost.
    std::fs::write(&path, "Scenario(").unwrap();
    w.state_mut().session.apply(Action::CompareWith(path));
    w.run_steps(2);
    assert!(matches!(w.state().question(), Some(Question::Broken { .. })));
    w.state_mut().session.apply(Action::Answer(tidemill::app::action::Answer::Cancel));
    // From the list of commands as well.
    w.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
    w.run_steps(3);
    let commands = tidemill::app::commands::choices(&w.state().session, &tidemill::app::action::Find::Command);
    for name in ["Compare with another file", "Stop comparing", "Show one canvas"] {
        assert!(commands.iter().any(|choice| choice.name == name), "{name}");
    }
    press(&mut w, Key::Escape);
    click(&mut w, "New");
    w.state_mut().session.apply(Action::Answer(tidemill::app::action::Answer::Discard));
    w.run_steps(3);
    assert!(w.state().session.other.is_none());
}
