//! Events whose handling fails for good, with nowhere to go.

use super::load::failed_for_good;
use super::{Found, Lint, Subject};

/// See its explanation.
pub static NO_DEAD_LETTER: Lint = Lint {
    id: "no-dead-letter",
    line: "events whose last attempt fails are lost",
    explanation: "An event whose handling failed on the last attempt and that has no dead-letter route is gone: nobody can look at it, mend \
                  what was wrong and try again. A dead-letter channel keeps it: `dead_letter: \"broker/channel\"`. More attempts help only \
                  against failures that pass.",
    look,
};

/// Below this share of events a scenario need not bother.
const RARE: f64 = 1e-6;

fn look(subject: &Subject<'_>, found: &mut Found<'_>) {
    let plan = subject.plan;
    // A broker that declares its outlets has dead-letter routes of its own.
    let own_routes = |read: &crate::ids::ReadId| {
        let broker = plan.outlets[plan.reads[read.index()].outlet.index()].broker;
        plan.brokers[broker.index()].kind.parts().declares_outlets()
    };
    for consumer in plan.consumers.iter().filter(|c| c.dead_letter.is_none() && (failed_for_good(c) > RARE || c.handle.poison.is_some())) {
        if !consumer.reads.iter().any(own_routes) {
            let name = subject.name(consumer);
            let what = if consumer.handle.poison.is_some() { "poison" } else { "fails" };
            found.warn(
                format!("nodes.{name}.handle.{what}"),
                format!("events that `{name}` fails to handle for good are lost"),
                "give it a `dead_letter: \"broker/channel\"`, or more attempts".to_owned(),
            );
        }
    }
}
