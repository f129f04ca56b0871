//! The first lesson and the next from the welcome screen; the shop's to the challenge's stars; what is kept of it; and writing one.

use crate::hands::*;
use egui::Key;
use egui_kittest::kittest::Queryable;
use tidemill::app::Shell;
use tidemill::app::action::{Action, Answer, Placing, Selection};
use tidemill::app::edit::Edit;
use tidemill::app::library::LESSONS;
use tidemill::app::session::Level;
use tidemill::app::teach::course::Phase;
use tidemill::app::teach::{Progress, Teach};
use tidemill::app::theme::Mode;
use tidemill::run::Command;
use tidemill::run::frame::Speed;
use tidemill::scenario::document::{Consumer, Node, Read};

fn at(shell: &Shell, step: usize, phase: Phase) -> bool {
    shell.session.course.as_ref().is_some_and(|course| course.at == step && course.phase == phase)
}

/// The shop's lesson from its start.
fn the_shops(w: &mut Window) {
    w.state_mut().session.apply(Action::OpenShipped("cases/shop.ron"));
    w.state_mut().session.apply(Action::Teach(Teach::Start));
    w.run_steps(4);
}

fn undo(w: &mut Window) {
    w.key_press_modifiers(egui::Modifiers::COMMAND, Key::Z);
    w.run_steps(3);
}

fn faster(w: &mut Window) {
    w.state_mut().session.apply(Action::Run(Command::Speed(Speed::Times(10.0))));
}

/// A new node, selected as one that was put on the canvas is.
fn add(w: &mut Window, node: Node) {
    let (label, selection) = (format!("Add {}", node.id()), Selection::node(node.id()));
    let mut next = scenario(w).clone();
    next.nodes.push(node);
    w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label, scenario: Box::new(next) }));
    w.state_mut().session.apply(Action::Select(selection));
}

fn set_instances(w: &mut Window, id: &str, instances: u32) {
    let mut node = scenario(w).nodes.iter().find(|n| n.id() == id).unwrap().clone();
    if let Node::Consumer(c) = &mut node {
        c.instances = instances;
    }
    w.state_mut().session.apply(Action::Edit(Edit::SetNode(Box::new(node))));
    w.run_steps(2);
}

#[test]
fn one_lesson_leads_to_the_next() {
    let mut w = window();
    click(&mut w, "Start the first lesson");
    until(&mut w, "it is at its first step", |s| at(s, 0, Phase::Go));
    assert_eq!(scenario(&w).name, LESSONS[0].0.name);
    let last = w.state().session.course.as_ref().unwrap().last();
    w.state_mut().session.settings.lessons.insert(format!("shipped {}", LESSONS[0].0.file), Progress { done: true, ..Progress::default() });
    w.state_mut().session.course.as_mut().unwrap().at = last;
    w.state_mut().session.course.as_mut().unwrap().phase = Phase::Over;
    w.run_steps(4);
    click(&mut w, "Next lesson");
    until(&mut w, "the next one has begun", |s| at(s, 0, Phase::Go));
    assert_eq!(scenario(&w).name, LESSONS[1].0.name);
    w.state_mut().session.apply(Action::Welcome);
    w.run_steps(4);
    click(&mut w, "Go on with the lessons");
    until(&mut w, "the one that is not done is there", |s| at(s, 0, Phase::Go));
    assert_eq!(scenario(&w).name, LESSONS[1].0.name);
}

#[test]
fn the_shops_lesson_from_start_to_challenge() {
    let mut w = window();
    the_shops(&mut w);
    until(&mut w, "it is at its first step", |s| at(s, 0, Phase::Go));
    let before = scenario(&w).clone();
    assert!(w.query_by_label("One event, many readers").is_some());
    faster(&mut w);
    click(&mut w, "Go to step 1: One event, many readers");
    press(&mut w, Key::Space);
    until(&mut w, "the first step is reached", |s| at(s, 0, Phase::Reached));
    assert!(!w.state().session.playing(), "what is read is what is seen: the run stands");
    assert!(!w.state().session.course.as_ref().unwrap().told.after.contains('–'), "figures are filled in");
    let steps = |w: &Window| w.state().session.course.as_ref().unwrap().stretches();
    let first = steps(&w);
    assert!(first.len() == 1 && first[0].name.starts_with("1. ") && first[0].from == 0.0 && first[0].to.is_some(), "{first:?}");
    click(&mut w, "Next step");
    let second = steps(&w);
    assert!(second.len() == 2 && second[1].from >= first[0].to.unwrap() && second[1].to.is_none(), "{second:?}");
    click(&mut w, "Timeline tab");

    assert!(at(w.state(), 1, Phase::Ask), "a prediction comes before the run goes on");
    assert!(!w.state().session.playing());
    // Only billing may be touched.
    set_instances(&mut w, "inventory", 7);
    assert_eq!(scenario(&w), &before);
    click(&mut w, "Answer: It loses the orders of that time");
    until(&mut w, "billing's lag has grown", |s| at(s, 1, Phase::Reached));
    assert_eq!(w.state().session.course.as_ref().unwrap().told.right, Some(false));
    assert!(w.query_by_label_contains("Not quite. The run shows: It does not notice").is_some());
    click(&mut w, "Next step");

    click(&mut w, "Hint");
    assert!(w.query_by_label_contains("The run ends after a minute").is_some());
    press(&mut w, Key::Space);
    until(&mut w, "billing has caught up", |s| at(s, 2, Phase::Reached));
    click(&mut w, "Next step");

    retype(&mut w, "Your answer", "fifty");
    assert!(at(w.state(), 3, Phase::Ask), "that is no number");
    assert!(w.query_by_label_contains("That is no answer").is_some());
    assert!(
        w.get_by_role_and_label(egui::accesskit::Role::TextInput, "Your answer").is_focused(),
        "it is typed again here, not on the canvas"
    );
    retype(&mut w, "Your answer", "50");
    until(&mut w, "the answer is taken", |s| at(s, 3, Phase::Go));
    let loyalty = Consumer { id: "consumer-1".into(), reads: vec![Read::new("bus/orders".into())], ..Consumer::default() };
    add(&mut w, Node::Consumer(loyalty));
    w.state_mut().session.apply(Action::Edit(Edit::Rename { from: "consumer-1".into(), to: "loyalty".into() }));
    w.state_mut().session.apply(Action::Run(Command::Play));
    faster(&mut w);
    until(&mut w, "loyalty handles orders", |s| at(s, 3, Phase::Reached));
    assert_eq!(w.state().session.course.as_ref().unwrap().told.right, Some(true));
    click(&mut w, "Next step");

    until(&mut w, "the challenge is set up", |s| at(s, 4, Phase::Go));
    click(&mut w, "Try it");
    until(&mut w, "doing nothing is judged", |s| s.session.course.as_ref().unwrap().score.is_some());
    assert_eq!(w.state().session.course.as_ref().unwrap().score.as_ref().unwrap().earned(), 0);
    until(&mut w, "the run goes as fast as before the try", |s| s.session.frame().unwrap().speed == Speed::Times(10.0));
    set_instances(&mut w, "billing", 2);
    set_instances(&mut w, "notification", 3);
    click(&mut w, "Try it");
    until(&mut w, "the solution is judged", |s| s.session.course.as_ref().unwrap().score.as_ref().is_some_and(|score| score.reached()));
    let score = w.state().session.course.as_ref().unwrap().score.clone().unwrap();
    assert_eq!((score.earned(), score.most()), (2, 3), "three instances of notification are one too many for its star");
    assert!(w.query_by_label_contains("2 of 3 stars").is_some());
    click(&mut w, "Finish");
    assert!(at(w.state(), 4, Phase::Over));
    click(&mut w, "Back to the scenario");
    assert!(w.state().session.course.is_none());
    assert_eq!(scenario(&w), &before, "the scenario is as it was before");
    assert_eq!(w.state().session.settings.lessons["shipped cases/shop.ron"].stars, 2);
}

#[test]
fn a_lesson_is_left_and_resumed_where_it_was() {
    let mut w = window();
    the_shops(&mut w);
    click(&mut w, "Go to step 3: It catches up");
    until(&mut w, "it is there", |s| at(s, 2, Phase::Go));
    until(&mut w, "the run stands where the step begins", |s| {
        let begins = s.session.course.as_ref().map_or(f64::MAX, |course| course.from.seconds());
        begins > 5.0 && s.session.frame().is_some_and(|f| f.now.seconds() >= begins)
    });
    let steps = w.state().session.course.as_ref().unwrap().stretches();
    assert!(steps.len() == 3 && steps.windows(2).all(|pair| pair[0].to.is_some_and(|to| to <= pair[1].from)), "{steps:?}");
    assert_eq!(steps[2].from, w.state().session.frame().unwrap().now.seconds());
    click(&mut w, "Leave lesson");
    assert!(w.state().session.course.is_none());
    click(&mut w, "Resume at step 3");
    until(&mut w, "it is there again", |s| at(s, 2, Phase::Go));
}

#[test]
fn a_room_sees_the_projector_and_one_key_leads_through() {
    let mut w = window();
    the_shops(&mut w);
    press(&mut w, Key::F7);
    assert_eq!(w.state().session.settings.mode, Mode::Projector);
    w.run_steps(3);
    assert!(w.query_by_label_contains("Ask the room who would call whom").is_some(), "the trainer sees the notes");
    faster(&mut w);
    // What is not in sight yet comes first.
    (0..3).for_each(|_| press(&mut w, Key::PageDown));
    until(&mut w, "the first step is reached", |s| at(s, 0, Phase::Reached));
    for _ in 0..4 {
        if at(w.state(), 0, Phase::Reached) {
            press(&mut w, Key::PageDown);
        }
    }
    assert!(at(w.state(), 1, Phase::Ask));
    for _ in 0..8 {
        let asked = |w: &Window| w.query_by_label("Once more goes on without an answer").is_some();
        if !asked(&w) {
            press(&mut w, Key::PageDown);
        }
    }
    assert!(at(w.state(), 1, Phase::Ask), "one press answers nothing");
    press(&mut w, Key::Num2);
    assert!(at(w.state(), 1, Phase::Go), "a number key answers");
    press(&mut w, Key::PageUp);
    until(&mut w, "it is back at the first step", |s| at(s, 0, Phase::Go));
    press(&mut w, Key::F7);
    assert_eq!(w.state().session.settings.mode, Mode::Dark);
    assert!(w.state().session.settings.inspector, "everything is put back");
}

#[test]
fn a_lesson_is_written_in_the_window_and_every_change_can_be_undone() {
    let mut w = window();
    click(&mut w, "Open First steps");
    click(&mut w, "Unfold lesson panel");
    let lesson = |w: &Window| scenario(w).lesson.clone();
    if lesson(&w).is_some() {
        // It ships with one: begin without.
        let bare = tidemill::scenario::Scenario { lesson: None, ..scenario(&w).clone() };
        w.state_mut().session.apply(Action::Edit(Edit::SetScenario { label: "Remove lesson".into(), scenario: Box::new(bare) }));
        w.run_steps(2);
    }
    click(&mut w, "Write a lesson");
    click(&mut w, "Begin with a template");
    let steps = |w: &Window| lesson(w).map_or(0, |l| l.steps.len());
    assert_eq!(steps(&w), 2);
    assert!(w.state().session.document.as_ref().unwrap().findings.is_empty(), "the template is right");
    click(&mut w, "Add step");
    assert_eq!(steps(&w), 3);
    assert_eq!(lesson(&w).unwrap().steps[1].title, "A new step");
    click(&mut w, "Move step up");
    assert_eq!(lesson(&w).unwrap().steps[0].title, "A new step");
    retype(&mut w, "Title", "Begin here");
    assert_eq!(lesson(&w).unwrap().steps[0].title, "Begin here");
    // What is being typed is not lost by going to another step.
    w.get_by_role_and_label(egui::accesskit::Role::TextInput, "Title").focus();
    w.run_steps(2);
    w.get_by_role_and_label(egui::accesskit::Role::TextInput, "Title").type_text(" and now");
    w.run_steps(1);
    w.get_by_label_contains("Edit step 2. ").click_accesskit();
    w.run_steps(4);
    assert!(lesson(&w).unwrap().steps[0].title.contains(" and now"), "{:?}", lesson(&w).unwrap().steps[0].title);
    w.get_by_label_contains("Edit step 1. ").click_accesskit();
    w.run_steps(4);
    click(&mut w, "Delete step");
    assert_eq!(steps(&w), 2);
    for _ in 0..6 {
        click(&mut w, "Undo");
    }
    assert_eq!(lesson(&w), None);
}

#[test]
fn how_near_an_answer_must_be_and_hints_of_several_lines_are_written_in_the_window() {
    let mut w = window();
    click(&mut w, "Open First steps");
    click(&mut w, "Unfold lesson panel");
    click(&mut w, "Write a lesson");
    click(&mut w, "Begin with a template");
    let step = |w: &Window| scenario(w).lesson.clone().unwrap().steps[0].clone();
    let operate = |w: &mut Window, label: &str| {
        // It may be scrolled out of sight.
        w.get_by_label(label).click_accesskit();
        w.run_steps(4);
    };
    operate(&mut w, "Prediction: Number");
    retype(&mut w, "Right within", "5%");
    match step(&w).predict {
        Some(tidemill::scenario::lesson::Predict::Number { within, .. }) => assert_eq!(within.to_string(), "5%"),
        other => panic!("{other:?}"),
    }
    operate(&mut w, "Add hint");
    operate(&mut w, "Add hint");
    assert_eq!(step(&w).hints.len(), 2);
    operate(&mut w, "Remove last hint");
    let field = w.get_by_role_and_label(egui::accesskit::Role::MultilineTextInput, "Hint 1");
    field.focus();
    w.run_steps(2);
    w.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    w.get_by_role_and_label(egui::accesskit::Role::MultilineTextInput, "Hint 1").type_text("One line.\nAnd another.");
    w.run_steps(2);
    press(&mut w, Key::Escape);
    assert_eq!(step(&w).hints.iter().map(|hint| hint.text()).collect::<Vec<_>>(), ["One line.\nAnd another."]);
}

#[test]
fn the_inspector_is_put_away_by_a_lesson_in_large_type_and_comes_for_who_is_to_change_something() {
    let mut w = window();
    w.state_mut().session.apply(Action::Look(Mode::Projector));
    the_shops(&mut w);
    let unfolded = |w: &Window| w.query_by_label("Fold inspector").is_some();
    assert!(!unfolded(&w));
    w.state_mut().session.apply(Action::Select(Selection::node("billing")));
    w.run_steps(4);
    assert!(!unfolded(&w), "nothing is to be changed yet");
    click(&mut w, "Go to step 4: One more reader");
    until(&mut w, "it is there", |s| at(s, 3, Phase::Ask));
    retype(&mut w, "Your answer", "50");
    until(&mut w, "it is under way", |s| at(s, 3, Phase::Go));
    let loyalty = Consumer { id: "loyalty".into(), reads: vec![Read::new("bus/orders".into())], ..Consumer::default() };
    add(&mut w, Node::Consumer(loyalty));
    w.run_steps(4);
    assert!(unfolded(&w), "what was added is selected, and is to be named");
    assert!(w.state().session.settings.inspector, "it was never more than put away");
}

#[test]
fn a_step_is_not_undone_and_what_the_last_try_showed_goes_with_the_run() {
    let mut w = window();
    the_shops(&mut w);
    click(&mut w, "Go to step 5: Challenge");
    until(&mut w, "the challenge is set up", |s| at(s, 4, Phase::Go));
    let before = scenario(&w).clone();
    undo(&mut w);
    assert_eq!(scenario(&w), &before, "what the step begins with stays");
    assert!(w.state().session.notices.iter().any(|n| n.text.starts_with("The step begins here")));
    set_instances(&mut w, "billing", 2);
    click(&mut w, "Try it");
    until(&mut w, "it is judged", |s| s.session.course.as_ref().unwrap().score.is_some());
    // A node may be moved about: the run is the same.
    w.state_mut().session.apply(Action::Edit(Edit::Move(vec![("billing".into(), (10.0, 10.0))])));
    assert!(w.state().session.course.as_ref().unwrap().score.is_some());
    undo(&mut w);
    undo(&mut w);
    assert_eq!(scenario(&w), &before, "the learner's own changes can be undone");
    assert!(w.state().session.course.as_ref().unwrap().score.is_none(), "another run, another score");
    let notices = &w.state().session.notices;
    assert_eq!(notices.iter().filter(|n| n.level == Level::Info).count(), 1, "the latest is enough: {notices:?}");
}

#[test]
fn who_has_made_the_change_is_not_waited_for_and_a_room_puts_back_what_there_was() {
    let mut w = window();
    w.state_mut().session.apply(Action::Look(Mode::Projector));
    the_shops(&mut w);
    press(&mut w, Key::F7);
    assert!(w.query_by_label("Add consumer").is_none(), "no palette for a room");
    press(&mut w, Key::F7);
    assert!(w.query_by_label("Fold inspector").is_none(), "it is put away as before");
    click(&mut w, "Go to step 4: One more reader");
    until(&mut w, "it is there", |s| at(s, 3, Phase::Ask));
    press(&mut w, Key::F7);
    assert!(w.query_by_label("Add consumer").is_some(), "the step is about the palette");
    press(&mut w, Key::F7);
    retype(&mut w, "Your answer", "50");
    until(&mut w, "it is waited for", |s| at(s, 3, Phase::Go) && s.session.playing());
    w.run_steps(2);
    assert!(w.query_by_label("Waiting for your change").is_some());
    let loyalty = Consumer { id: "loyalty".into(), reads: vec![Read::new("bus/orders".into())], ..Consumer::default() };
    add(&mut w, Node::Consumer(loyalty));
    w.run_steps(2);
    assert!(w.query_by_label("Waiting for your change").is_none());
}

#[test]
fn the_next_lesson_waits_for_what_is_asked_and_then_begins() {
    let mut w = window();
    w.state_mut().session.apply(Action::New);
    w.state_mut().session.apply(Action::PlaceInView(Placing::Producer));
    w.run_steps(4);
    w.state_mut().session.apply(Action::OpenLesson("cases/shop.ron"));
    w.run_steps(2);
    assert!(w.state().session.question.is_some() && w.state().session.course.is_none());
    w.state_mut().session.apply(Action::Teach(Teach::Resume));
    assert!(w.state().session.course.is_none(), "what is asked comes first");
    w.state_mut().session.apply(Action::Answer(Answer::Discard));
    until(&mut w, "the lesson has begun", |s| at(s, 0, Phase::Go));
}

#[test]
fn a_trainer_gets_past_a_challenge_and_what_is_done_for_the_learner_earns_no_star() {
    let mut w = window();
    the_shops(&mut w);
    w.state_mut().session.apply(Action::Teach(Teach::To(4)));
    until(&mut w, "the challenge is there", |s| at(s, 4, Phase::Go) && s.session.going.is_none());
    let forth = |w: &mut Window| {
        let what = tidemill::app::teach::notes::forth(w.state().session.course.as_ref().unwrap());
        w.state_mut().session.apply(Action::Teach(what));
    };
    forth(&mut w);
    until(&mut w, "doing nothing is judged", |s| s.session.course.as_ref().unwrap().score.is_some());
    forth(&mut w);
    assert!(w.state().session.course.as_ref().unwrap().acted, "then it is solved");
    forth(&mut w);
    until(&mut w, "the solution is judged", |s| s.session.course.as_ref().unwrap().score.as_ref().is_some_and(|score| score.reached()));
    assert!(w.query_by_label_contains("Solved for you").is_some());
    forth(&mut w);
    assert!(at(w.state(), 4, Phase::Over));
    assert_eq!(w.state().session.settings.lessons["shipped cases/shop.ron"].stars, 0);
}
