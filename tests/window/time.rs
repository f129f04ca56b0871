//! Time by hand: going back, changing the past, looking things up, and every tab in every look.

#![allow(clippy::disallowed_methods, reason = "runs are paced by wall time, so wall time has to pass here")]

use crate::hands::*;
use egui::{Key, Modifiers, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use tidemill::app::Shell;
use tidemill::app::action::Action;
use tidemill::app::theme::Mode;
use tidemill::run::Frame;
use tidemill::run::frame::PlayState;

pub fn frame(shell: &Shell) -> std::sync::Arc<Frame> {
    shell.session.frame().unwrap()
}

/// A shop that has run for some seconds and stands.
pub fn ran() -> egui_kittest::Harness<'static, Shell> {
    let mut w = window();
    click(&mut w, "Open Online shop");
    press(&mut w, Key::CloseBracket);
    press(&mut w, Key::CloseBracket);
    press(&mut w, Key::CloseBracket);
    until(&mut w, "some seconds have passed", |s| s.session.frame().is_some_and(|f| f.now.seconds() > 5.0));
    click(&mut w, "Pause");
    until(&mut w, "it stands", |s| s.session.frame().is_some_and(|f| f.state == PlayState::Paused));
    w
}

#[test]
fn a_click_on_the_bar_goes_there_and_a_change_in_the_past_makes_a_branch() {
    let mut w = ran();
    let (recorded, duration) = (frame(w.state()).past.recorded, frame(w.state()).plan.duration);
    let bar = w.get_by_label("Moment of the run").rect();
    let share = recorded.seconds() / duration.seconds() / 2.0;
    click_at(&mut w, pos2(bar.left() + bar.width() * share as f32, bar.center().y));
    until(&mut w, "the moment is there", |s| frame(s).now < recorded && frame(s).past.seeking.is_none());
    let there = frame(w.state()).now;
    assert!((there.seconds() / recorded.seconds() - 0.5).abs() < 0.1, "{there}");
    assert_eq!(frame(w.state()).past.recorded, recorded);
    press(&mut w, Key::Comma);
    until(&mut w, "a step back", |s| frame(s).now < there && frame(s).past.seeking.is_none());
    press(&mut w, Key::Period);
    until(&mut w, "a step", |s| frame(s).past.seeking.is_none());
    click(&mut w, "Branches tab");
    retype(&mut w, "Change on the way, as path=value", "inventory.instances=5");
    until(&mut w, "there is a branch", |s| frame(s).past.branches.len() == 2);
    assert_eq!(frame(w.state()).past.branch, 1);
    click(&mut w, "Branch Main");
    until(&mut w, "the first run is back", |s| frame(s).past.branch == 0 && frame(s).past.seeking.is_none());
    click(&mut w, "Compare with inventory.instances = 5");
    until(&mut w, "they are compared", |s| frame(s).past.answers.contrast.is_some());
}

#[test]
fn events_are_found_and_followed_from_the_window() {
    let mut w = ran();
    click(&mut w, "Journeys tab");
    click(&mut w, "Slowest");
    until(&mut w, "events are found", |s| frame(s).past.answers.found.as_ref().is_some_and(|(_, found, _)| !found.is_empty()));
    let event = frame(w.state()).past.answers.found.as_ref().unwrap().1[0].event;
    click(&mut w, &format!("Event {event}"));
    until(&mut w, "its journey is there", |s| {
        frame(s).past.answers.journey.as_ref().is_some_and(|(e, journey)| *e == event && journey.is_some())
    });
    click(&mut w, "Light its way");
    assert!(w.state().session.document.as_ref().unwrap().selection.nodes.len() >= 3);
    click(&mut w, "Why tab");
    click(&mut w, "Look at the run up to this moment");
    until(&mut w, "it was looked at", |s| frame(s).past.answers.why.is_some());
}

#[test]
fn every_tab_shows_in_every_look_with_and_without_a_run() {
    for run in [false, true] {
        let mut w = if run { ran() } else { window() };
        if !run {
            click(&mut w, "New scenario");
        }
        for look in ["Light", "Projector", "Dark"] {
            click(&mut w, look);
            for tab in ["Timeline", "Plots", "Journeys", "Branches", "Why", "Events"] {
                click(&mut w, &format!("{tab} tab"));
                w.run_steps(2);
            }
            click(&mut w, "Timeline tab");
            press(&mut w, Key::M);
            w.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
            w.run_steps(3);
        }
    }
}

#[test]
fn plots_are_kept_beside_the_scenario_as_tables_and_drawings() {
    let folder = tempfile::tempdir().unwrap();
    let mut w = ran();
    click(&mut w, "Plots tab");
    click(&mut w, "Save plot 1 as CSV");
    assert!(w.state().session.notices.iter().any(|n| n.text.starts_with("Save the scenario first")), "there is no place beside nothing");
    w.state_mut().session.apply(Action::SaveAs(folder.path().join("shop.ron")));
    w.run_steps(2);
    // What is there already stays.
    std::fs::write(folder.path().join("Online shop - throughput.csv"), "mine").unwrap();
    click(&mut w, "Save plot 1 as CSV");
    assert_eq!(std::fs::read_to_string(folder.path().join("Online shop - throughput.csv")).unwrap(), "mine");
    std::fs::rename(folder.path().join("Online shop - throughput 2.csv"), folder.path().join("Online shop - throughput.csv")).unwrap();
    click(&mut w, "Save plot 1 as SVG");
    let file = |end: &str| {
        let name = format!("Online shop - throughput.{end}");
        std::fs::read_to_string(folder.path().join(&name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    };
    let table = file("csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("time_s,order-service,inventory,notification,analytics,billing,accounting"));
    let rows: Vec<Vec<f64>> = lines.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    assert!(rows.len() > 20 && rows.iter().all(|row| row.len() == 7) && rows.windows(2).all(|pair| pair[0][0] < pair[1][0]));
    let mean = rows.iter().map(|row| row[1]).sum::<f64>() / rows.len() as f64;
    assert!((30.0..70.0).contains(&mean), "the shop takes about 50 orders per second: {mean}");
    let drawing = file("svg");
    assert!(drawing.starts_with("<svg ") && drawing.matches("<polyline").count() >= 6 && drawing.contains(">billing</text>"), "{drawing}");
}

#[test]
fn a_recording_of_another_version_opens_and_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let mut w = ran();
    w.state_mut().session.apply(Action::SaveAs(folder.path().join("shop.ron")));
    w.run_steps(2);
    w.state_mut().session.apply(Action::SaveRecording);
    let path = folder.path().join("shop.recording.ron");
    until(&mut w, "it is written", |s| path.exists() && s.session.notices.iter().any(|n| n.text.starts_with("Recorded in")));
    let recorded = std::fs::read_to_string(&path).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let said = |w: &Window, words: &str| w.state().session.notices.iter().any(|n| n.text.contains(words));
    // The same version, and the run as it was.
    w.state_mut().session.apply(Action::Open(path.clone()));
    w.run_steps(2);
    w.state_mut().session.apply(Action::Verify);
    until(&mut w, "it is verified", |s| s.session.notices.iter().any(|n| n.text.contains("bit for bit")));
    // Another version, which did the same at first: a fingerprint in the middle is another one.
    let older = recorded.replace(&format!("tidemill: \"{version}\""), "tidemill: \"0.0.7\"");
    let lines: Vec<&str> = older.lines().collect();
    let mark = lines.iter().position(|line| line.contains("trail: [")).unwrap() + 20;
    let hash = lines[mark].rsplit('"').nth(1).unwrap();
    let other = folder.path().join("older.ron");
    std::fs::write(&other, older.replace(hash, "0123456789abcdef")).unwrap();
    w.state_mut().session.apply(Action::Open(other));
    w.run_steps(2);
    assert!(said(&w, "Recorded with Tidemill 0.0.7"));
    until(&mut w, "it is found out", |s| s.session.notices.iter().any(|n| n.text.contains("it begins to differ between")));
    let frame = frame(w.state());
    assert!(frame.plan.nodes.len() > 5, "it is open all the same, and can be played");
}

#[test]
fn a_span_is_selected_looped_zoomed_and_panned_and_moments_are_marked() {
    let mut w = ran();
    click(&mut w, "Timeline tab");
    let lanes = w.get_by_label("Timeline").rect();
    let recorded = frame(w.state()).past.recorded.seconds() / frame(w.state()).plan.duration.seconds();
    let x = |share: f64| lanes.left() + 140.0 + (lanes.width() - 148.0) * (share * recorded) as f32;
    let (from, to) = (pos2(x(0.2), lanes.center().y), pos2(x(0.8), lanes.center().y));
    w.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    drag(&mut w, from, to);
    w.event(egui::Event::ModifiersChanged(Modifiers::NONE));
    w.run_steps(2);
    for head in ["mean", "min", "p50", "p95", "max"] {
        assert!(w.query_all_by_label(head).next().is_some(), "{head}");
    }
    assert!(w.query_all_by_label("billing").count() >= 1);
    click(&mut w, "Loop the span");
    until(&mut w, "it loops", |s| frame(s).past.looping.is_some());
    let (begin, end) = frame(w.state()).past.looping.unwrap();
    press(&mut w, Key::Space);
    let mut turned = false;
    let mut last = frame(w.state()).now;
    for _ in 0..400 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        w.run_steps(1);
        let now = frame(w.state()).now;
        turned |= now < last && now >= begin;
        assert!(now <= end || !turned, "{now}");
        last = now;
    }
    assert!(turned, "it went back to the beginning of the span");
    press(&mut w, Key::Space);
    click(&mut w, "Stop looping");
    until(&mut w, "it no longer loops", |s| frame(s).past.looping.is_none());
    click(&mut w, "Clear the span");
    // The wheel zooms, the right button pans, and a button shows all again.
    w.hover_at(from);
    w.run_steps(1);
    w.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 120.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    w.run_steps(12);
    let whole = w.get_by_label("Whole run");
    assert!(!whole.accesskit_node().is_disabled(), "it is zoomed");
    click(&mut w, "Whole run");
    // Over the names it scrolls where there is no room for all.
    w.state_mut().session.apply(Action::Look(Mode::Projector));
    w.run_steps(8);
    let lanes = w.get_by_label("Timeline").rect();
    w.hover_at(pos2(lanes.left() + 20.0, lanes.top() + 20.0));
    w.run_steps(1);
    w.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -40.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    w.run_steps(12);
    assert!(w.get_by_label("Timeline").rect().top() < lanes.top() - 10.0, "it is scrolled");
    assert!(w.get_by_label("Whole run").accesskit_node().is_disabled(), "and not zoomed");
    w.state_mut().session.apply(Action::Look(Mode::Dark));
    w.run_steps(8);
    // A mark with a note, and what it was like before and after.
    click(&mut w, "Mark this moment");
    retype(&mut w, "Note of the marker", "here");
    w.state_mut().session.apply(Action::Run(tidemill::run::Command::Seek(tidemill::time::Time::ZERO)));
    until(&mut w, "the start", |s| frame(s).now == tidemill::time::Time::ZERO && frame(s).past.seeking.is_none());
    click(&mut w, "Go to the marker");
    until(&mut w, "the marker", |s| frame(s).now > tidemill::time::Time::ZERO && frame(s).past.seeking.is_none());
    click(&mut w, "Remove the marker");
    assert!(w.query_by_label("Note of the marker").is_none());
}
