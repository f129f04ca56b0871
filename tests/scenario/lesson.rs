//! Lessons are true: those that ship, and what is said about one that is not.

use crate::shipped::{Beside, library};
use std::sync::Arc;
use tidemill::lesson;
use tidemill::scenario::{Files, NoFiles, read};

const SHOP: &str = include_str!("../../scenarios/cases/shop.ron");

fn problems(text: &str) -> Vec<String> {
    let scenario = read(text, "shop.ron").unwrap_or_else(|problems| panic!("{}", problems[0]));
    let files: Arc<dyn Files + Send + Sync> = Arc::new(NoFiles);
    let cases = lesson::check(&scenario, &files, &mut |_, _| {});
    assert!(!cases.is_empty());
    cases.iter().flat_map(|case| case.problems.iter().map(|problem| format!("{}: {problem}", case.name))).collect()
}

#[test]
fn every_lesson_that_ships_is_true() {
    let mut lessons = 0;
    for (path, text) in library() {
        let scenario = read(&text, &path.display().to_string()).unwrap();
        let files: Arc<dyn Files + Send + Sync> = Arc::new(Beside(path.parent().unwrap().to_owned()));
        for case in lesson::check(&scenario, &files, &mut |_, _| {}) {
            assert!(case.holds, "{}, {}: {:?}", path.display(), case.name, case.problems);
            lessons += 1;
        }
    }
    assert!(lessons >= 5, "{lessons}");
}

/// What is changed in the shop's lesson, and what is said of it.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("until: \"billing.lag.last >= 300\"", "until: \"billing.lag.last >= 3000\"", "did not come to hold by 20s: `billing.lag.last` is"),
    (
        "until: \"billing.lag.last >= 300\"",
        "until: \"billing.lag.last >= 0\"",
        "step 2, Billing breaks: `billing.lag.last >= 0` holds already",
    ),
    (
        "until: \"billing.lag.last >= 300\"",
        "until: \"billing.acked >= 300\"",
        "`billing.acked >= 300` comes to hold without its action, at",
    ),
    (
        "when: \"order-service.throughput >= 35/s and lost == 0\"",
        "when: \"order-service.throughput >= 95/s\"",
        "the right answer, \"It does not notice and goes on publishing\", is not what the run shows",
    ),
    ("when: \"lost > 0\"", "when: \"lost >= 0\"", "a wrong answer, \"It loses the orders of that time\", is what the run shows"),
    ("answer: \"50/s\"", "answer: \"80/s\"", "`order-service.throughput` is"),
    ("value: \"2\"", "value: \"1\"", "challenge: its solution does not reach `billing.latency.p99 < 2s`: `billing.latency.p99` is"),
    (
        "stars: [\"billing.utilisation > 80%\"",
        "stars: [\"billing.utilisation > 95%\"",
        "does not earn the star `billing.utilisation > 95%`",
    ),
    ("goal: [\"billing.latency.p99 < 2s\", \"notification.latency.p99 < 2s\", ", "goal: [", "the goal is reached by doing nothing"),
];

#[test]
fn a_lesson_that_is_not_true_is_found_out() {
    assert_eq!(problems(SHOP), Vec::<String>::new());
    for (old, new, said) in MISTAKES {
        assert!(SHOP.contains(old), "{old}");
        let problems = problems(&SHOP.replacen(old, new, 1));
        assert!(problems.iter().any(|problem| problem.contains(said)), "{new}: {problems:?}");
    }
}

#[test]
fn a_lesson_keeps_its_form_when_it_is_written() {
    let scenario = read(SHOP, "shop.ron").unwrap();
    let written = tidemill::scenario::write(&scenario);
    assert_eq!(read(&written, "written").unwrap(), scenario);
    assert!(written.contains("text: r#\"\n"), "texts are written over several lines, as people write them");
}

/// A run is sent back to its beginning on the way, as a person can do it.
const AGAIN: &str = r#"Scenario(format: 1, name: "Again", duration: "30s", events: [Event(name: "E")], nodes: [
    Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Every("100ms"))]),
    Broker(id: "k", kind: Kafka(topics: [Topic(name: "t", partitions: 1)])),
    Consumer(id: "c", reads: [Read(from: "k/t")], handle: Handle(time: Constant("1ms"))),
], lesson: Lesson(summary: "s", steps: [
    Step(title: "first", text: "x", by: "10s"),
    Step(title: "again", text: "x", act: [Now(Ask(broker: "k", request: Seek(group: "c", to: Beginning)))], until: "c.acked >= 250", by: "20s"),
]))"#;

#[test]
fn a_lesson_can_do_what_a_hand_can() {
    assert_eq!(problems(AGAIN), Vec::<String>::new());
    let later = problems(&AGAIN.replace("to: Beginning", "to: End"));
    assert!(later.iter().any(|problem| problem.contains("step 2, again: `c.acked >= 250` did not come to hold by 20s")), "{later:?}");
}
