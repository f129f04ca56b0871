//! Retries that make an outage worse.

use super::{Found, Lint, Subject};
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::rabbitmq::QueueKind;
use crate::scenario::faults::Fault;
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

/// See its explanation.
pub static RETRY_WITHOUT_LIMIT: Lint = Lint {
    id: "retry-without-limit",
    line: "events that fail come back again and again, without an end",
    explanation: "An event that can never be handled takes a worker again and again: with `requeue` on a queue without a delivery limit for \
                  ever, with a hundred attempts and more for so long that it is the same. If many are like that nothing else gets done, \
                  and while a dependency is down all of them call it without a rest. Give a quorum queue its `delivery_limit`, keep \
                  attempts few, or give retries a `budget`, and have somewhere for what fails for good to go.",
    look: without_limit,
};

/// Attempts that come to as much as no limit.
const MANY: u32 = 100;

/// Attempts without a pause that still pass for a quick second try.
const FEW: u32 = 5;

fn may_fail(consumer: &ConsumerPlan) -> bool {
    consumer.retry.attempts > 1 && consumer.handle.fails.0 > 0.0
}

/// Whether an attempt can fail at all, as far as the file says.
fn may_ever_fail(subject: &Subject<'_>, consumer: &ConsumerPlan) -> bool {
    let strikes = |what: &Fault| matches!(what, Fault::Errors { .. } | Fault::Poison { .. });
    let struck = || subject.plan.faults.iter().any(|f| strikes(&f.what) && f.strikes[0].iter().any(|place| place.node == consumer.node));
    consumer.handle.fails.0 > 0.0 || consumer.handle.poison.is_some() || !consumer.calls.is_empty() || struck()
}

fn without_limit(subject: &Subject<'_>, found: &mut Found<'_>) {
    let plan = subject.plan;
    for consumer in plan.consumers.iter().filter(|c| may_ever_fail(subject, c)) {
        let name = subject.name(consumer);
        for (n, read) in consumer.reads.iter().enumerate().filter(|(_, read)| plan.reads[read.index()].requeue) {
            let outlet = &plan.outlets[plan.reads[read.index()].outlet.index()];
            let BrokerKind::RabbitMq(parts) = &plan.brokers[outlet.broker.index()].kind else { continue };
            let Some(queue) = outlet.part.and_then(|part| parts.queues.get(part as usize)) else { continue };
            if queue.kind == QueueKind::Classic || queue.delivery_limit.is_some_and(|limit| limit < 0) {
                found.warn(
                    format!("nodes.{name}.reads[{n}].requeue"),
                    format!("what `{name}` fails to handle goes back to `{}` without an end", queue.name),
                    "make it a quorum queue with a `delivery_limit`, or leave `requeue` out and give it a `dead_letter`".to_owned(),
                );
            }
        }
        if consumer.retry.attempts >= MANY && consumer.retry.budget.is_none() {
            found.warn(
                format!("nodes.{name}.retry.attempts"),
                format!("{} attempts are as good as no limit", consumer.retry.attempts),
                "make fewer, or give them a `budget: Budget(tokens: 10)`".to_owned(),
            );
        }
    }
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
