//! Retries that make an outage worse.

use super::{Found, Lint, Subject};
use crate::scenario::plan::ConsumerPlan;
use crate::scenario::shapes::{Backoff, Jitter};

/// See its explanation.
pub static RETRY_WITHOUT_JITTER: Lint = Lint {
    id: "retry-without-jitter",
    line: "workers that fail together try again together",
    explanation: "When something that several workers need goes down, their events fail at about the same time. With a backoff that is \
                  the same for all, they come back at the same time as well, again and again, in waves that can keep the thing down that \
                  they wait for. Jitter spreads them: `Exponential(first: \"100ms\", jitter: Full)` draws each wait between nothing and \
                  the full backoff.",
    look: without_jitter,
};

/// See its explanation.
pub static RETRY_AT_ONCE: Lint = Lint {
    id: "retry-at-once",
    line: "many attempts without any pause between them",
    explanation: "A failure that lasts longer than a moment uses up all attempts within that moment, and multiplies the load on whatever \
                  fails by the number of attempts. A backoff that grows gives it time to recover: \
                  `Exponential(first: \"100ms\", factor: 2, max: \"10s\", jitter: Full)`.",
    look: at_once,
};

/// Attempts without a pause that still pass for a quick second try.
const FEW: u32 = 5;

fn may_fail(consumer: &ConsumerPlan) -> bool {
    consumer.retry.attempts > 1 && consumer.handle.fails.0 > 0.0
}

fn without_jitter(subject: &Subject<'_>, found: &mut Found<'_>) {
    for consumer in subject.plan.consumers.iter().filter(|c| may_fail(c) && c.capacity() > 1) {
        if matches!(consumer.retry.backoff, Backoff::Fixed(_) | Backoff::Exponential { jitter: Jitter::None, .. }) {
            let name = subject.name(consumer);
            found.warn(
                format!("nodes.{name}.retry.backoff"),
                format!("the workers of `{name}` that fail together try again together"),
                "spread them: `Exponential(first: ..., jitter: Full)`".to_owned(),
            );
        }
    }
}

fn at_once(subject: &Subject<'_>, found: &mut Found<'_>) {
    for consumer in subject.plan.consumers.iter().filter(|c| may_fail(c) && c.retry.attempts > FEW) {
        if consumer.retry.backoff == Backoff::Immediate {
            let name = subject.name(consumer);
            found.warn(
                format!("nodes.{name}.retry"),
                format!("`{name}` makes {} attempts without any pause: a short outage uses them all up", consumer.retry.attempts),
                "wait in between: `backoff: Exponential(first: \"100ms\", jitter: Full)`".to_owned(),
            );
        }
    }
}
