//! The linter: what runs, but probably not as meant. Each lint has an id and an explanation, as a compiler's have.
//!
//! Lints look at a document together with the plan made from it, and at nothing else: no run is needed. A new lint is a file here
//! and a line in [`LINTS`].

mod dead_end;
mod load;
mod retries;
mod unstable;

pub use load::{Load, loads};

use super::Scenario;
use super::check::Finding;
use super::plan::{ConsumerPlan, Plan};
use super::problem::Severity;

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
pub static LINTS: &[&Lint] =
    &[&unstable::UNSTABLE_NODE, &retries::RETRY_WITHOUT_JITTER, &retries::RETRY_AT_ONCE, &dead_end::NO_DEAD_LETTER];

/// The lint of that id.
pub fn lint(id: &str) -> Option<&'static Lint> {
    LINTS.iter().copied().find(|lint| lint.id == id)
}

/// What lints look at.
struct Subject<'s> {
    plan: &'s Plan,
    loads: Vec<Option<Load>>,
}

impl Subject<'_> {
    fn name(&self, consumer: &ConsumerPlan) -> &str {
        &self.plan.nodes[consumer.node.index()].name
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
    let subject = Subject { plan, loads: loads(plan) };
    for lint in LINTS.iter().filter(|lint| scenario.allow.iter().all(|id| id != lint.id)) {
        (lint.look)(&subject, &mut Found { lint, list: &mut list });
    }
    list
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
}
