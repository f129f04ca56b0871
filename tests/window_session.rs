//! The model behind the window, without a window.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::disallowed_methods, reason = "runs are paced by wall time, so wall time has to pass here")]

use std::path::Path;
use std::sync::Arc;
use tidemill::app::action::{Action, Answer, Selection};
use tidemill::app::document::Document;
use tidemill::app::edit::Edit;
use tidemill::app::session::{Level, Question, Session};
use tidemill::app::settings::Settings;
use tidemill::app::teach::Teach;
use tidemill::run::{Command, Frame};
use tidemill::scenario::intervention::What;
use tidemill::scenario::{self, Scenario};
use tidemill::time::{Span, Time};

fn session() -> Session {
    Session::new(Settings::default(), Arc::new(|| ()))
}

fn shop() -> Session {
    let mut session = session();
    session.apply(Action::OpenShipped("cases/shop.ron"));
    session
}

fn document(session: &Session) -> &Document {
    session.document.as_ref().unwrap()
}

fn with(session: &Session, label: &str, change: impl Fn(&mut Scenario)) -> Action {
    let mut scenario = document(session).scenario.clone();
    change(&mut scenario);
    Action::Edit(Edit::SetScenario { label: label.to_owned(), scenario: Box::new(scenario) })
}

/// The shop in a file of its own.
fn in_file(path: &Path) -> Session {
    let mut session = shop();
    session.apply(Action::SaveAs(path.to_path_buf()));
    session
}

/// A notice of this level that says this.
fn told(session: &Session, level: Level, words: &str) -> bool {
    session.notices.iter().any(|n| n.level == level && n.text.contains(words))
}

/// Waits for a picture of the run.
fn until(session: &Session, what: &str, so: impl Fn(&Frame) -> bool) {
    let began = std::time::Instant::now();
    while !session.frame().is_some_and(|frame| so(&frame)) {
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Lets so much time pass that what is unsaved is kept safe. `now` in seconds.
fn keep(session: &mut Session, now: f64) {
    for i in 0..20 {
        session.pass(now + f64::from(i) * 0.001);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn longer(session: &Session) -> Action {
    with(session, "Change duration", |s| s.duration = Span::from_millis(90_000))
}

#[test]
fn moving_a_node_is_work_to_save_but_not_another_run() {
    let mut session = shop();
    let plan = Arc::clone(document(&session).plan.as_ref().unwrap());
    session.apply(Action::Edit(Edit::Move(vec![("billing".to_owned(), (1.0, 2.0))])));
    assert!(session.dirty());
    assert!(Arc::ptr_eq(&plan, document(&session).plan.as_ref().unwrap()));
    let action = longer(&session);
    session.apply(action);
    assert!(!Arc::ptr_eq(&plan, document(&session).plan.as_ref().unwrap()));
}

#[test]
fn an_edit_that_changes_nothing_leaves_no_trace() {
    let mut session = shop();
    let action = with(&session, "Nothing", |_| ());
    session.apply(action);
    assert!(!session.dirty());
    assert_eq!(document(&session).undo_label(), None);
}

#[test]
fn undoing_to_what_was_saved_is_not_unsaved_work() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = shop();
    session.apply(Action::SaveAs(folder.path().join("a.ron")));
    let action = longer(&session);
    session.apply(action);
    assert!(session.dirty());
    assert_eq!(document(&session).undo_label(), Some("Change duration"));
    session.apply(Action::Undo);
    assert!(!session.dirty());
    session.apply(Action::Redo);
    assert!(session.dirty());
}

#[test]
fn the_selection_follows_names_and_what_is_gone_is_not_selected() {
    let mut session = shop();
    session.apply(Action::Select(Selection::node("billing")));
    session.apply(Action::Edit(Edit::Rename { from: "billing".to_owned(), to: "invoicing".to_owned() }));
    assert_eq!(document(&session).selection.single(), Some("invoicing"));
    session.apply(Action::Undo);
    assert_eq!(document(&session).selection.single(), None);
}

#[test]
fn a_half_finished_scenario_is_saved_and_opens_again_with_its_findings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.ron");
    let mut session = shop();
    session.apply(Action::Edit(Edit::SetNode(Box::new(without_topics(&session)))));
    assert!(!document(&session).runnable());
    session.apply(Action::SaveAs(path.clone()));
    assert!(!session.dirty());
    let mut again = self::session();
    again.apply(Action::Open(path));
    assert_eq!(again.question, None);
    assert_eq!(document(&again).scenario, document(&session).scenario);
    assert!(!document(&again).runnable());
    assert!(again.frame().is_none(), "there is no good version to run");
}

fn without_topics(session: &Session) -> tidemill::scenario::document::Node {
    let mut bus = document(session).scenario.nodes.iter().find(|n| n.id() == "bus").unwrap().clone();
    if let tidemill::scenario::document::Node::Broker(broker) = &mut bus {
        match &mut broker.kind {
            tidemill::scenario::broker::BrokerKind::Simple(simple) => simple.topics.clear(),
            #[allow(unreachable_patterns, reason = "there are as many kinds as the product has")]
            other => panic!("{} is not the simple kind", other.name()),
        }
    }
    bus
}

#[test]
fn a_file_that_someone_else_changed_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ron");
    let mut session = shop();
    session.apply(Action::SaveAs(path.clone()));
    std::fs::write(&path, "something else").unwrap();
    let action = longer(&session);
    session.apply(action);
    session.apply(Action::Save);
    assert_eq!(session.question, Some(Question::ChangedOnDisk(path.clone())));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
    session.apply(Action::Answer(Answer::Save));
    assert_eq!(session.question, None);
    assert!(!session.dirty());
    assert!(std::fs::read_to_string(&path).unwrap().contains("90s"));
}

#[test]
fn saving_first_goes_on_with_what_was_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = shop();
    let action = longer(&session);
    session.apply(action);
    session.apply(Action::Close);
    assert!(!session.closing);
    assert_eq!(session.question, Some(Question::Unsaved));
    session.apply(Action::Answer(Answer::Save));
    assert_eq!(session.question, Some(Question::SavePath), "it has no file yet");
    session.apply(Action::SaveAs(folder.path().join("a.ron")));
    assert!(session.closing);
}

#[test]
fn saving_that_fails_loses_nothing_and_leaves_nothing() {
    let mut session = shop();
    let action = longer(&session);
    session.apply(action);
    session.apply(Action::Close);
    session.apply(Action::Answer(Answer::Save));
    session.apply(Action::SaveAs(Path::new("/no/such/folder/a.ron").to_path_buf()));
    assert!(session.dirty() && !session.closing);
    assert!(session.notices.iter().any(|n| n.level == Level::Error && n.text.contains("Nothing is lost")));
    // The wish to close went with the failure: nothing closes later by surprise.
    let folder = tempfile::tempdir().unwrap();
    session.apply(Action::SaveAs(folder.path().join("a.ron")));
    assert!(!session.closing);
}

#[test]
fn any_bytes_as_a_file_are_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ron");
    for bytes in [&b""[..], b"\xff\xfe", b"Scenario(", b"Scenario(format: 9)", b"()", b"\0\0\0"] {
        std::fs::write(&path, bytes).unwrap();
        let mut session = session();
        session.apply(Action::Open(path.clone()));
        assert!(session.document.is_none(), "{bytes:?}");
        assert!(session.question.is_some() || !session.notices.is_empty(), "{bytes:?}");
    }
}

#[test]
fn a_day_is_shown_in_a_sitting() {
    let mut session = session();
    session.apply(Action::OpenShipped("cases/airport.ron"));
    std::thread::sleep(std::time::Duration::from_millis(200));
    let frame = session.frame().unwrap();
    assert_eq!(frame.speed, tidemill::run::frame::Speed::Times(1000.0));
    assert!(frame.now.seconds() > 10.0);
}

#[test]
fn an_ending_that_the_program_adds_overwrites_nothing_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let (typed, meant) = (folder.path().join("shop"), folder.path().join("shop.ron"));
    std::fs::write(&meant, "another scenario").unwrap();
    let mut session = shop();
    session.apply(Action::SaveAs(typed.clone()));
    assert!(session.question.is_some());
    assert_eq!(std::fs::read_to_string(&meant).unwrap(), "another scenario");
    session.apply(Action::Answer(Answer::Cancel));
    assert_eq!(std::fs::read_to_string(&meant).unwrap(), "another scenario");
    session.apply(Action::SaveAs(typed.clone()));
    session.apply(Action::Answer(Answer::Save));
    assert_eq!(session.question, None);
    assert_eq!(document(&session).home.path(), Some(meant.as_path()));
    // Its own file is not another one.
    session.apply(Action::SaveAs(typed));
    assert_eq!(session.question, None);
}

/// Goes to a step of the lesson, and waits until it is there.
fn go_to(session: &mut Session, at: usize) {
    session.apply(Action::Teach(Teach::To(at)));
    while session.going.is_some() {
        std::thread::sleep(std::time::Duration::from_millis(5));
        session.watch_lesson();
    }
}

/// The shop's lesson in a file, begun, at its challenge.
fn in_its_lesson(path: &Path) -> Session {
    let mut session = in_file(path);
    session.apply(Action::Teach(Teach::Start));
    go_to(&mut session, 4);
    assert!(session.course.as_ref().is_some_and(|course| course.at == 4 && course.original != document(&session).scenario));
    session
}

#[test]
fn a_lesson_in_a_file_is_not_written_over_by_its_own_middle() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workshop.ron");
    let mut session = in_its_lesson(&path);
    let before = std::fs::read_to_string(&path).unwrap();
    keep(&mut session, 1.0);
    assert!(!folder.path().join(".workshop.ron.autosave").exists(), "a step is no work");
    assert!(!session.dirty());
    for action in [Action::Save, Action::AskSaveAs, Action::SaveAs(path.clone())] {
        session.apply(action);
        assert_eq!(session.question, None);
        assert!(told(&session, Level::Warning, "Leave the lesson"), "{:?}", session.notices);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
        session.notices.clear();
    }
    session.apply(Action::Close);
    assert_eq!(session.question, None);
    assert!(session.closing);
}

#[test]
fn what_was_unsaved_before_a_lesson_is_kept_and_asked_about_and_saved_without_the_lessons_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workshop.ron");
    let mut session = in_file(&path);
    let action = with(&session, "Change name", |s| s.name = "Mine".to_owned());
    session.apply(action);
    let mine = document(&session).scenario.clone();
    session.apply(Action::Teach(Teach::Start));
    go_to(&mut session, 4);
    keep(&mut session, 1.0);
    let copy = std::fs::read_to_string(folder.path().join(".workshop.ron.autosave")).unwrap();
    assert!(scenario::read(&copy, "copy").unwrap() == mine);
    session.apply(Action::Close);
    assert_eq!(session.question, Some(Question::Unsaved));
    session.apply(Action::Answer(Answer::Save));
    assert!(session.closing);
    assert!(scenario::read(&std::fs::read_to_string(&path).unwrap(), "file").unwrap() == mine);
}

#[test]
fn a_lesson_ends_where_its_file_is_loaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workshop.ron");
    let mut session = in_its_lesson(&path);
    let theirs = std::fs::read_to_string(&path).unwrap().replace("Online shop", "Their shop");
    session.question = Some(Question::Reload { path, text: theirs });
    session.apply(Action::Answer(Answer::Save));
    assert!(session.course.is_none() && !session.dirty());
    assert_eq!(document(&session).scenario.name, "Their shop");
}

#[test]
fn work_that_is_not_recovered_now_is_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ron");
    drop(in_file(&path));
    let lost = scenario::write(&Scenario { name: "Lost".to_owned(), ..shop().document.unwrap().scenario });
    std::fs::write(folder.path().join(".a.ron.autosave"), &lost).unwrap();

    let mut session = self::session();
    session.apply(Action::Open(path.clone()));
    assert!(matches!(session.question, Some(Question::Recover(_))));
    session.apply(Action::Answer(Answer::Cancel));
    let action = longer(&session);
    session.apply(action);
    keep(&mut session, 1.0);
    let action = with(&session, "Change name", |s| s.name = "Kept".to_owned());
    session.apply(action);
    keep(&mut session, 4.0);
    session.apply(Action::Save);
    keep(&mut session, 7.0);

    let mut again = self::session();
    again.apply(Action::Open(path.clone()));
    assert!(matches!(again.question, Some(Question::Recover(_))));
    again.apply(Action::Answer(Answer::Save));
    assert_eq!(document(&again).scenario.name, "Lost");
    keep(&mut again, 1.0);
    again.apply(Action::Save);
    keep(&mut again, 4.0);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a.ron"], "what is safe is kept once");
}

#[test]
fn a_file_that_does_not_open_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, broken) = (folder.path().join("a.ron"), folder.path().join("broken.ron"));
    std::fs::write(&broken, "Scenario(").unwrap();
    for wrong in [broken, folder.path().join("none.ron")] {
        let mut session = in_file(&path);
        let action = longer(&session);
        session.apply(action);
        session.apply(Action::Teach(Teach::Start));
        keep(&mut session, 1.0);
        let copy = folder.path().join(".a.ron.autosave");
        session.apply(Action::Open(wrong));
        session.apply(Action::Answer(Answer::Discard));
        assert!(session.course.is_some() && session.lesson, "the lesson goes on");
        assert!(copy.is_file(), "and the work in it is still kept");
    }
}

#[test]
fn undo_takes_back_no_edit_in_place_of_a_change_on_another_branch() {
    let mut session = shop();
    // An edit lets the run go on as it was.
    until(&session, "it plays", |frame| frame.now.seconds() > 0.0);
    let action = longer(&session);
    session.apply(action);
    until(&session, "it has gone some way", |frame| frame.plan.duration.seconds() == 90.0 && frame.now.seconds() > 1.0);
    session.apply(Action::Run(Command::Pause));
    session.apply(Action::Run(Command::Seek(Time(500_000_000))));
    until(&session, "it is in the past", |frame| frame.now == Time(500_000_000) && frame.past.seeking.is_none());
    session.apply(Action::FromNow(vec![What::Set { path: "billing.instances".to_owned(), value: "2".to_owned() }]));
    until(&session, "it has branched", |frame| frame.past.branches.len() == 2);
    session.apply(Action::Run(Command::Branch(0)));
    until(&session, "it is on the first branch", |frame| frame.past.branch == 0 && frame.past.seeking.is_none());
    session.apply(Action::Undo);
    assert_eq!(document(&session).scenario.duration, Span::from_millis(90_000), "the edit stays");
    assert!(told(&session, Level::Info, "Nothing was undone"), "{:?}", session.notices);
    assert_eq!(session.frame().unwrap().past.branches.len(), 2, "and so do the branches");
    // There it is taken back.
    session.apply(Action::Run(Command::Branch(1)));
    until(&session, "it is on the branch", |frame| frame.past.branch == 1 && frame.past.seeking.is_none());
    session.apply(Action::Undo);
    until(&session, "it is where the change is not", |frame| frame.past.here().is_some_and(|here| here.interventions.is_empty()));
    session.apply(Action::Undo);
    assert_eq!(document(&session).undo_label(), None);
}

#[test]
fn a_refusal_takes_its_own_change_from_undo_and_no_other() {
    let mut session = shop();
    until(&session, "it runs", |frame| frame.now.seconds() > 0.1);
    session.apply(Action::Run(Command::Pause));
    let set = |path: &str, value: &str| What::Set { path: path.to_owned(), value: value.to_owned() };
    session.apply(Action::FromNow(vec![set("billing.instances", "2")]));
    session.apply(Action::Run(Command::Compare(Some(tidemill::run::rival::Rival::Branch(99)))));
    until(&session, "that is refused", |frame| !frame.past.refused.is_empty());
    session.hear();
    assert!(session.undo_label().is_some_and(|label| label.contains("billing.instances")), "{:?}", session.undo_label());
    assert!(told(&session, Level::Error, "no longer there"));
    // Of several, those that were made stay to be undone.
    session.apply(Action::FromNow(vec![set("billing.instances", "many"), set("billing.instances", "3"), set("nobody.instances", "1")]));
    until(&session, "two are refused", |frame| frame.past.refused.len() == 3);
    session.hear();
    assert!(session.undo_label().is_some_and(|label| label.starts_with("billing.instances = 3, ")), "{:?}", session.undo_label());
    session.apply(Action::Undo);
    let left = |frame: &Frame| frame.past.here().map(|here| here.interventions.iter().map(|i| i.what.to_string()).collect::<Vec<_>>());
    until(&session, "it is taken back", |frame| left(frame).is_some_and(|left| left == ["billing.instances = 2"]));
}

#[test]
fn the_way_to_a_late_step_is_found_on_the_side_and_can_be_given_up() {
    let mut session = shop();
    session.apply(Action::Teach(Teach::Start));
    let before = document(&session).scenario.clone();
    session.apply(Action::Teach(Teach::To(4)));
    let at = |session: &Session| session.course.as_ref().map(|course| course.at);
    assert_eq!((at(&session), session.going.as_ref().map(|going| going.at)), (Some(0), Some(4)), "nobody waits for it");
    session.apply(Action::Teach(Teach::Next));
    assert_eq!(at(&session), Some(0), "nothing is done meanwhile in the step that is left");
    session.apply(Action::Teach(Teach::Stay));
    std::thread::sleep(std::time::Duration::from_millis(300));
    session.watch_lesson();
    assert!(at(&session) == Some(0) && document(&session).scenario == before, "it is not gone to any more");
    go_to(&mut session, 4);
    assert!(at(&session) == Some(4) && document(&session).scenario != before);
    // A lesson that would begin there is not begun, and goes on there another time.
    session.apply(Action::Teach(Teach::Leave));
    session.apply(Action::Teach(Teach::Resume));
    session.apply(Action::Teach(Teach::Stay));
    assert!(session.course.is_none() && session.progress().is_some_and(|progress| progress.step == 4));
}

#[test]
fn a_wish_to_close_does_not_outlive_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session();
    session.apply(Action::OpenShipped("brokers/shop-eventbridge.ron"));
    let action = longer(&session);
    session.apply(action);
    session.apply(Action::Close);
    session.apply(Action::Answer(Answer::Save));
    session.apply(Action::SaveAs(folder.path().join("x.yaml")));
    assert!(folder.path().join("x.yaml").is_file(), "{:?}", session.notices);
    session.apply(Action::SaveAs(folder.path().join("a.ron")));
    assert!(!session.dirty() && !session.closing);
}

#[test]
fn a_trace_that_goes_along_is_told_and_so_is_one_that_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session();
    session.apply(Action::OpenShipped("cases/airport.ron"));
    let here = folder.path().join("day.ron");
    session.apply(Action::SaveAs(here.clone()));
    let saved = format!("Saved {}", here.display());
    assert!(
        session.notices.iter().any(|n| n.text.contains(&saved) && n.text.contains("nyc-flights-2013-07-01.csv")),
        "{:?}",
        session.notices
    );
    std::fs::remove_file(folder.path().join("nyc-flights-2013-07-01.csv")).unwrap();
    let there = tempfile::tempdir().unwrap();
    session.apply(Action::SaveAs(there.path().join("day.ron")));
    assert!(told(&session, Level::Warning, "nyc-flights-2013-07-01.csv could not be copied"), "{:?}", session.notices);
}

#[test]
fn a_lesson_speaks_of_nodes_by_their_new_names() {
    let names = |scenario: &Scenario| scenario.nodes.iter().map(|node| node.id().to_owned()).collect::<Vec<_>>();
    let renamed = |scenario: &Scenario, before: &str| {
        let mut renamed = scenario.clone();
        for name in names(scenario) {
            Edit::Rename { to: format!("{before}{name}"), from: name }.apply(&mut renamed).unwrap();
        }
        renamed
    };
    for (shipped, _) in tidemill::app::library::LESSONS.iter() {
        let scenario = scenario::read(shipped.text, shipped.file).unwrap();
        let found = |scenario: &Scenario| {
            let (_, findings) = scenario::check(scenario, &scenario::NoFiles).unwrap_or_else(|f| panic!("{}: {f:?}", shipped.file));
            let mut all: Vec<String> = findings.into_iter().filter(|f| f.path.starts_with("lesson")).map(|f| f.message).collect();
            all.sort();
            all
        };
        assert_eq!(found(&renamed(&scenario, "other-")), found(&scenario), "{}", shipped.file);
    }
    // Whether it is still true can only be told by going through it.
    let shop = renamed(&document(&shop()).scenario, "the other ");
    let files: Arc<dyn scenario::Files + Send + Sync> = Arc::new(scenario::NoFiles);
    let cases = tidemill::lesson::check::check(&shop, &files, &mut |_, _| ());
    assert_eq!(cases.len(), shop.lesson.as_ref().unwrap().steps.len() + 1);
    for case in cases {
        assert!(case.holds, "{}: {:?}", case.name, case.problems);
    }
}
