//! Acknowledging too early where nothing may be lost.

use super::{Found, Lint, Subject};
use crate::scenario::expect::{Expectation, Op, Operand};
use crate::scenario::handling::Ack;
use crate::scenario::plan::ConsumerPlan;

/// See its explanation.
pub static ACK_BEFORE_WORK: Lint = Lint {
    id: "ack-before-work",
    line: "a consumer acknowledges before the work, and the scenario expects that nothing is lost",
    explanation: "With `ack: BeforeWork` the broker forgets an event as soon as the consumer has it: at most once. Whatever is in hand or \
                  in its mailbox when it crashes is lost, and no broker can help. A scenario with an expectation such as `lost == 0` says \
                  that this must not be. Acknowledge after the work (`ack: AfterWork`, the default), and make handling idempotent or give \
                  it an `inbox` against the duplicates that a crash can then cause.",
    look,
};

fn look(subject: &Subject<'_>, found: &mut Found<'_>) {
    for consumer in subject.plan.consumers.iter().filter(|c| c.ack == Ack::BeforeWork) {
        if let Some(said) = subject.plan.expectations.iter().find(|expectation| forbids(subject, consumer, expectation)) {
            let name = subject.name(consumer);
            found.warn(
                format!("nodes.{name}.ack"),
                format!("`{name}` loses what it has in hand when it crashes, and `{}` is expected", said.text),
                "acknowledge after the work: `ack: AfterWork`".to_owned(),
            );
        }
    }
}

/// Whether an expectation says that this consumer loses nothing.
fn forbids(subject: &Subject<'_>, consumer: &ConsumerPlan, expectation: &Expectation) -> bool {
    let none = match (expectation.op, &expectation.right) {
        (Op::Equal | Op::LessOrEqual, Operand::Number(value)) => *value <= 0.0,
        (Op::Less, Operand::Number(value)) => *value <= 1.0,
        _ => false,
    };
    let Operand::Figure(path) = &expectation.left else { return false };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    none && match path.as_slice() {
        ["totals", "lost" | "dropped"] => true,
        ["nodes", node, "state", "missing" | "wrong"] => *node == subject.name(consumer),
        ["outlets", outlet, "dropped"] => {
            consumer.reads.iter().any(|read| subject.plan.outlets[subject.plan.reads[read.index()].outlet.index()].name == *outlet)
        }
        _ => false,
    }
}
