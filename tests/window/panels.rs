//! The parts of the window: dragged by their tabs, sent elsewhere by a command, and found there again.

use crate::hands::*;
use egui::{Key, Pos2, Rect, pos2};
use egui_kittest::kittest::Queryable;
use tidemill::app::Shell;
use tidemill::app::action::{Action, Selection};
use tidemill::app::panels::{Part, Side};
use tidemill::app::settings::Settings;

fn open() -> Window {
    let mut w = window();
    click(&mut w, "Open Online shop");
    w.run_steps(4);
    w
}

fn tab(w: &Window, part: Part) -> Rect {
    w.get_by_label_contains(&format!("{} tab", part.title())).rect()
}

#[test]
fn a_tab_is_dragged_to_where_it_is_to_stand() {
    let mut w = open();
    let inspector = tab(&w, Part::Inspector);
    let (from, to) = (middle(&w, "Events tab"), pos2(inspector.right() + 40.0, inspector.center().y));
    drag(&mut w, from, to);
    w.run_steps(4);
    let there = tab(&w, Part::Events);
    assert!(there.left() >= inspector.right() - 1.0 && (there.center().y - inspector.center().y).abs() < 2.0, "{there:?} {inspector:?}");
    // Onto the right half of what is below the canvas: side by side with the rest.
    let plots = tab(&w, Part::Plots);
    drag(&mut w, there.center(), Pos2::new(900.0, plots.bottom() + 100.0));
    w.run_steps(4);
    let there = tab(&w, Part::Events);
    assert!(there.center().y > 300.0 && there.left() > plots.right() + 100.0, "{there:?}");
}

#[test]
fn parts_sent_elsewhere_are_found_there_by_the_next_program() {
    let mut w = open();
    w.state_mut().session.apply(Action::Panel(Part::Plots, Side::Right));
    w.state_mut().session.apply(Action::Panel(Part::Timeline, Side::Beside));
    w.run_steps(5);
    assert!(tab(&w, Part::Plots).left() > 900.0);
    let (timeline, journeys) = (tab(&w, Part::Timeline), tab(&w, Part::Journeys));
    assert!(timeline.left() > journeys.right(), "side by side: {timeline:?} {journeys:?}");
    let kept = Settings { panels: w.state().remembered().panels, ..Settings::default() };
    let builder = egui_kittest::Harness::builder().with_size(egui::vec2(1280.0, 720.0)).with_step_dt(0.02);
    let mut again = builder.build_eframe(|cc| Shell::new(&cc.egui_ctx, kept));
    again.run_steps(3);
    click(&mut again, "Open Online shop");
    again.run_steps(5);
    assert_eq!(tab(&again, Part::Timeline), timeline);
    assert!(tab(&again, Part::Plots).left() > 900.0);
    again.state_mut().session.apply(Action::PanelsBack);
    again.run_steps(5);
    assert!(tab(&again, Part::Plots).left() < 400.0);
}

#[test]
fn folding_leaves_the_canvas_all_the_room() {
    let mut w = open();
    let before = w.get_by_label("canvas").rect();
    click(&mut w, "Fold inspector");
    click(&mut w, "Fold plots");
    w.run_steps(20);
    let after = w.get_by_label("canvas").rect();
    assert!(after.width() > before.width() + 200.0 && after.height() > before.height() + 150.0, "{before:?} {after:?}");
    click(&mut w, "Unfold inspector");
    click(&mut w, "Unfold plots");
    w.run_steps(20);
    assert_eq!(w.get_by_label("canvas").rect(), before);
}

#[test]
fn deleting_a_note_or_a_frame_selects_no_other() {
    let text = "Scenario(format: 1, nodes: [Producer(id: \"p\", at: (0, 0)), Producer(id: \"q\", at: (0, 200))],
        notes: [Note(text: \"one\", at: (0, 400)), Note(text: \"two\", at: (0, 500))],
        groups: [Group(title: \"a\", nodes: [\"p\"]), Group(title: \"b\", nodes: [\"q\"])])";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.ron");
    std::fs::write(&path, text).unwrap();
    let mut w = window();
    w.state_mut().session.apply(Action::Open(path));
    w.run_steps(3);
    for selection in [Selection { note: Some(0), ..Selection::default() }, Selection { group: Some(0), ..Selection::default() }] {
        w.state_mut().session.apply(Action::Select(selection));
        w.run_steps(2);
        // A key that is held comes again and again.
        (0..4).for_each(|_| press(&mut w, Key::Delete));
        assert!(w.state().session.document.as_ref().unwrap().selection.is_empty());
    }
    let left = scenario(&w);
    assert_eq!((left.notes.len(), left.groups.len(), left.nodes.len()), (1, 1, 2));
    assert_eq!((&*left.notes[0].text, &*left.groups[0].title), ("two", "b"));
}
