//! The linter: what runs, but probably not as meant. Each lint has an id and an explanation, as a compiler's have.
//!
//! Lints look at a document together with the plan made from it, and at nothing else: no run is needed. A new lint is a file here
//! and a line in [`LINTS`].

mod dead_end;
mod kafka;
mod load;
mod loops;
mod loss;
mod order;
mod queues;
mod retries;
mod sums;
mod timeouts;
mod unstable;

pub(super) use loops::ENDLESS_LOOP;
pub(super) use queues::UNREACHABLE_OUTLET;

use super::Scenario;
use super::check::Finding;
use super::plan::{ConsumerPlan, Plan, Role};
use super::problem::Severity;
use load::Load;
use std::collections::BTreeMap;

/// A rule of the linter.
#[derive(Debug)]
pub struct Lint {
    /// Its id, as in `warning[unstable-node]` and in a scenario's `allow`.
    pub id: &'static str,
    /// What it warns of, in one line.
    pub line: &'static str,
    /// Why that matters and what to do, in a paragraph.
    pub explanation: &'static str,
    /// Looks for it.
    look: fn(&Subject<'_>, &mut Found<'_>),
}

/// All lints, in the order in which they look.
pub static LINTS: &[&Lint] = &[
    &unstable::UNSTABLE_NODE,
    &kafka::HOT_PARTITION,
    &kafka::IDLE_MEMBERS,
    &kafka::MIN_INSYNC,
    &kafka::NOTHING_COMMITTED,
    &kafka::NO_KEY,
    &queues::UNBOUNDED_QUEUE,
    &queues::UNREACHABLE_OUTLET,
    &loops::ENDLESS_LOOP,
    &loss::ACK_BEFORE_WORK,
    &order::ORDER_NOT_KEPT,
    &timeouts::SHORT_TIMEOUT,
    &retries::RETRY_WITHOUT_JITTER,
    &retries::RETRY_AT_ONCE,
    &retries::RETRY_WITHOUT_LIMIT,
    &dead_end::NO_DEAD_LETTER,
];

/// The lint of that id.
pub fn lint(id: &str) -> Option<&'static Lint> {
    LINTS.iter().copied().find(|lint| lint.id == id)
}

/// The id of a lint that is near to this, if one is: "did you mean".
pub fn near(id: &str) -> Option<&'static str> {
    super::names::Suggest::default().nearest(id, LINTS.iter().map(|lint| lint.id))
}

/// What lints look at.
struct Subject<'s> {
    scenario: &'s Scenario,
    plan: &'s Plan,
    loads: Vec<Option<Load>>,
    /// Events per second that are published to each channel, by type; what cannot be told is left out.
    rates: Vec<BTreeMap<usize, f64>>,
}

impl Subject<'_> {
    fn name(&self, consumer: &ConsumerPlan) -> &str {
        &self.plan.nodes[consumer.node.index()].name
    }

    fn load(&self, consumer: &ConsumerPlan) -> Option<Load> {
        match self.plan.nodes[consumer.node.index()].role {
            Role::Consumer(id) => self.loads[id.index()],
            _ => None,
        }
    }

    /// Seconds of work that one event makes.
    fn work(&self, consumer: &ConsumerPlan) -> f64 {
        load::work(self.plan, consumer)
    }

    /// Events per second that a consumer can handle.
    fn capacity(&self, consumer: &ConsumerPlan) -> f64 {
        f64::from(consumer.capacity().max(1)) / self.work(consumer)
    }
}

/// Takes in what a lint finds.
struct Found<'f> {
    lint: &'static Lint,
    list: &'f mut Vec<Finding>,
}

impl Found<'_> {
    fn warn(&mut self, path: String, message: String, help: String) {
        self.list.push(Finding { severity: Severity::Warning, path, message, help: Some(help), lint: Some(self.lint.id) });
    }
}

/// Lets all lints look that the scenario does not allow to be broken.
pub(super) fn look(scenario: &Scenario, plan: &Plan) -> Vec<Finding> {
    let mut list = Vec::new();
    let (loads, rates) = load::flow(plan);
    let subject = Subject { scenario, plan, loads, rates };
    for lint in LINTS.iter().filter(|lint| scenario.allow.iter().all(|id| id != lint.id)) {
        (lint.look)(&subject, &mut Found { lint, list: &mut list });
    }
    list
}

/// A number with three significant digits.
fn digits(value: f64) -> String {
    let places = (2.0 - libm::floor(libm::log10(value.abs().max(1e-9)))).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load};

    /// The ids of the warnings of a scenario with one consumer, said in these words.
    fn warned(consumer: &str, rest: &str) -> Vec<&'static str> {
        let text = format!(
            r#"Scenario(format: 1, {rest} events: [Event(name: "E")], nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("50/s"))]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")], {consumer}),
            ])"#
        );
        match load(&text, "lint.ron", &NoFiles) {
            Ok(loaded) => loaded.warnings.iter().filter_map(|w| w.lint).collect(),
            Err(problems) => panic!("{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>()),
        }
    }

    #[test]
    fn ids_are_unique_and_explained() {
        for (i, lint) in LINTS.iter().enumerate() {
            assert!(LINTS[..i].iter().all(|other| other.id != lint.id));
            assert!(lint.explanation.len() > 100 && !lint.line.ends_with('.'), "{}", lint.id);
        }
    }

    #[test]
    fn a_consumer_that_cannot_keep_up_is_named_unless_that_is_allowed() {
        assert_eq!(warned(r#"handle: Handle(time: Constant("19ms"))"#, ""), [""; 0]);
        assert_eq!(warned(r#"handle: Handle(time: Constant("21ms"))"#, ""), ["unstable-node"]);
        assert_eq!(warned(r#"instances: 2, handle: Handle(time: Constant("21ms"))"#, ""), [""; 0]);
        assert_eq!(warned(r#"handle: Handle(time: Constant("21ms"))"#, r#"allow: ["unstable-node"],"#), [""; 0]);
        // Retries are work too: three attempts at a handler that mostly fails.
        let failing = r#"handle: Handle(time: Constant("10ms"), fails: "90%"), retry: Retry(attempts: 3, backoff: Immediate)"#;
        assert_eq!(warned(failing, ""), ["unstable-node", "no-dead-letter"]);
    }

    #[test]
    fn retries_that_come_all_at_once_are_named() {
        let with = |backoff: &str| {
            format!(
                r#"instances: 2, handle: Handle(time: Constant("1ms"), fails: "1%"), dead_letter: "b/t", retry: Retry(attempts: 9, backoff: {backoff})"#
            )
        };
        assert_eq!(warned(&with(r#"Exponential(first: "10ms", jitter: None)"#), ""), ["retry-without-jitter"]);
        assert_eq!(warned(&with(r#"Fixed("10ms")"#), ""), ["retry-without-jitter"]);
        assert_eq!(warned(&with(r#"Exponential(first: "10ms", jitter: Full)"#), ""), [""; 0]);
        assert_eq!(warned(&with("Immediate"), ""), ["retry-at-once"]);
    }

    #[test]
    fn what_fails_for_good_needs_a_place_to_go() {
        assert_eq!(warned(r#"handle: Handle(time: Constant("1ms"), fails: "1%")"#, ""), ["no-dead-letter"]);
        assert_eq!(warned(r#"handle: Handle(time: Constant("1ms"), fails: "1%"), dead_letter: "b/t""#, ""), [""; 0]);
    }

    #[test]
    fn who_may_not_lose_anything_acknowledges_after_the_work() {
        let expecting = |text: &str| warned("ack: BeforeWork", &format!("expect: [Expect(\"{text}\")],"));
        assert_eq!(expecting("lost == 0"), ["ack-before-work"]);
        assert_eq!(expecting("'b/t#c'.dropped < 1"), ["ack-before-work"]);
        assert_eq!(expecting("lost < 100"), [""; 0]);
        assert_eq!(warned("ack: BeforeWork", ""), [""; 0]);
        assert_eq!(warned("", r#"expect: [Expect("lost == 0")],"#), [""; 0]);
    }

    #[test]
    fn timeouts_are_measured_against_what_they_wait_for() {
        let with = |timeout: &str| format!(r#"handle: Handle(time: Exponential(mean: "10ms")), timeout: "{timeout}""#);
        // The 99th percentile of an exponential time is ln 100 = 4.6 times its mean.
        assert_eq!(warned(&with("47ms"), ""), [""; 0]);
        assert_eq!(warned(&with("45ms"), ""), ["short-timeout"]);
        assert_eq!(warned(&with("45ms"), r#"allow: ["short-timeout"],"#), [""; 0]);
    }

    #[test]
    fn what_follows_on_one_of_several_outcomes_is_counted_as_often_as_that() {
        let chain = |outcome: &str| {
            let consumer = format!(
                r#"handle: Handle(time: Constant("1ms"), outcomes: {{"often": 9, "seldom": 1}}),
                   then: [Emit(event: "F", to: "b/u", when: Outcome("{outcome}"))]),
                   Consumer(id: "d", reads: [Read(from: "b/u")], handle: Handle(time: Constant("100ms"))"#
            );
            let text = format!(
                r#"Scenario(format: 1, events: [Event(name: "E"), Event(name: "F")], nodes: [
                    Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("50/s"))]),
                    Broker(id: "b", kind: Simple(topics: ["t", "u"])),
                    Consumer(id: "c", reads: [Read(from: "b/t")], {consumer}),
                ])"#
            );
            load(&text, "lint.ron", &NoFiles).unwrap().warnings.iter().filter_map(|w| w.lint).collect::<Vec<_>>()
        };
        // 45 a second where 10 can be handled; 5 a second.
        assert_eq!(chain("often"), ["unstable-node"]);
        assert_eq!(chain("seldom"), [""; 0]);
    }

    #[test]
    fn what_comes_round_again_is_added_up_to_its_end() {
        let round = |probability: &str, instances: u32| {
            let text = format!(
                r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
                    Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("50/s"))]),
                    Broker(id: "b", kind: Simple(topics: ["t"])),
                    Consumer(id: "c", instances: {instances}, reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms")),
                        then: [Emit(event: "E", to: "b/t", probability: "{probability}")]),
                ])"#
            );
            let warnings = load(&text, "lint.ron", &NoFiles).unwrap().warnings;
            warnings.into_iter().find(|w| w.lint == Some("unstable-node")).map(|w| w.message)
        };
        // 50 a second and 99 of 100 of them again and again: 5000 a second.
        let offered = "`c` is offered 5000 events/s and can handle 2000/s: its backlog grows without end";
        assert_eq!(round("99%", 2).as_deref(), Some(offered));
        assert!(round("99%", 3).is_some());
        assert_eq!(round("99%", 6), None);
        for instances in [3, 4, 1000] {
            assert!(round("100%", instances).is_some_and(|m| m.contains("their rate has no bound")), "{instances}");
        }
    }
}
