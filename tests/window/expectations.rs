//! What is expected of a run, and what has come of it, while it runs and at its end.

use crate::hands::*;
use egui_kittest::kittest::Queryable;
use tidemill::app::action::{Action, Selection};
use tidemill::app::edit::Edit;
use tidemill::app::session::Session;
use tidemill::run::Command;
use tidemill::run::frame::PlayState;
use tidemill::time::Time;

fn at_the_end(session: &Session) -> bool {
    session.frame().is_some_and(|frame| frame.state == PlayState::Finished && frame.past.seeking.is_none() && frame.figures.is_some())
}

/// Whether all six are told of as those of a run that is not over: a scenario that ships begins to play.
fn on_its_way(w: &Window) -> bool {
    w.query_by_label("Expectations: 6 expectations").or_else(|| w.query_by_label_contains("of 6 hold so far")).is_some()
}

#[test]
fn what_is_expected_is_judged_where_it_is_seen() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    until(&mut w, "the figures are there", |shell| shell.session.frame().is_some_and(|frame| frame.figures.is_some()));
    w.run_steps(2);
    assert!(on_its_way(&w));
    w.state_mut().session.apply(Action::Run(Command::Seek(Time::NEVER)));
    until(&mut w, "the run is over", |shell| at_the_end(&shell.session));
    w.run_steps(2);
    let run = w.state().session.frame().unwrap().run;
    click(&mut w, "Expectations: All 6 hold");
    assert_eq!(w.query_all_by_label_contains("Holds: it is").count(), 12, "in the tab and in the inspector");

    // Another figure is asked of the run that is there.
    retype(&mut w, "expectation 1", "inventory.acked < 10");
    until(&mut w, "it is judged", |shell| at_the_end(&shell.session));
    w.run_steps(2);
    assert!(w.query_by_label("Expectations: 1 of 6 fail").is_some());
    assert_eq!(w.query_all_by_label_contains("Fails: it is").count(), 2);
    assert_eq!(w.state().session.frame().unwrap().run, run, "the run goes on as it was");

    // What cannot be read stays in its field, with what is wrong with it.
    retype(&mut w, "expectation 2", "inventory.lg < 10");
    assert!(w.query_by_label_contains("did you mean").is_some());
    assert_eq!(scenario(&w).expect[1].0, "duplicates == 0");
}

#[test]
fn a_wrong_expectation_of_a_file_is_told_at_its_field_and_its_mend_runs() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    let mut broken = scenario(&w).clone();
    broken.expect[1].0 = "nobody.lag < 10".to_owned();
    let edit = Edit::SetScenario { label: "Break it".to_owned(), scenario: Box::new(broken) };
    w.state_mut().session.apply(Action::Edit(edit));
    w.state_mut().session.apply(Action::Select(Selection::default()));
    w.run_steps(3);
    assert_eq!(w.query_all_by_label_contains("there is no node nobody").count(), 2, "among the problems and at its field");
    retype(&mut w, "expectation 2", "billing.lag.max < 10");
    until(&mut w, "all is well", |shell| shell.session.frame().is_some_and(|frame| frame.figures.is_some()));
    w.run_steps(3);
    assert!(w.query_by_label_contains("there is no node nobody").is_none());
    assert!(on_its_way(&w));
}
