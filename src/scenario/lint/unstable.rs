//! Consumers that are offered more than they can do.

use super::{Found, Lint, Subject, digits};

/// See its explanation.
pub static UNSTABLE_NODE: Lint = Lint {
    id: "unstable-node",
    line: "a consumer is offered more work than it can do, so its backlog grows without end",
    explanation: "A consumer can do as much work per second as it has workers (instances times threads). The work it is offered is the \
                  rate of its events, averaged over the run, times the mean handling time, times the attempts that an event takes on \
                  average. Where what it emits comes back to it, the rounds are added up; where one event comes back as one or more, their \
                  rate has no bound. At or above its capacity no queue is long enough and no latency settles: whatever the run shows depends on \
                  how long it is. Add instances, make handling faster, or lower the rate. A scenario that is about overload says so \
                  with `allow: [\"unstable-node\"]`.",
    look,
};

fn look(subject: &Subject<'_>, found: &mut Found<'_>) {
    for (consumer, load) in subject.plan.consumers.iter().zip(&subject.loads) {
        let Some(load) = load.filter(|load| load.share() >= 1.0) else { continue };
        let name = subject.name(consumer);
        let (message, help) = if load.rate.is_infinite() {
            (
                format!(
                    "`{name}` is offered events that bring on more of themselves: their rate has no bound, and its backlog grows without end"
                ),
                "one of them comes back as one or more, on average: lower the `probability` of a step on their way".to_owned(),
            )
        } else if load.work.is_finite() {
            let can = load.workers / load.work;
            let full = load.rate * load.work / f64::from(consumer.threads.max(1));
            let help = match full.round() {
                even if (full - even).abs() < 1e-9 => {
                    format!(
                        "it needs more than {} instances, which are just enough where all is as regular as clockwork, or faster handling",
                        digits(even)
                    )
                }
                _ => format!("it needs at least {} instances, or faster handling", digits(full.ceil())),
            };
            let (rate, can) = (digits(load.rate), digits(can));
            if load.share() > 1.0 + 1e-9 {
                (format!("`{name}` is offered {rate} events/s and can handle {can}/s: its backlog grows without end"), help)
            } else {
                (
                    format!("`{name}` is offered {rate} events/s and can handle just as many: it has no room to spare"),
                    "unless arrivals and handling are as regular as clockwork its backlog grows without end: add an instance".to_owned(),
                )
            }
        } else {
            (
                format!("the handling time of `{name}` has no mean: its backlog grows without end"),
                "choose a Pareto `alpha` above 1, or another distribution".to_owned(),
            )
        };
        found.warn(format!("nodes.{name}"), message, help);
    }
}
