//! Time-outs that are shorter than what they wait for often takes.

use super::{Found, Lint, Subject};
use crate::scenario::document::Node;
use crate::scenario::publishing::Publish;
use crate::scenario::store::Call;
use crate::time::Span;

/// See its explanation.
pub static SHORT_TIMEOUT: Lint = Lint {
    id: "short-timeout",
    line: "a time-out is shorter than the 99th percentile of what it waits for",
    explanation: "More than one in a hundred is given up although it would have come. The work is done all the same, its result is thrown \
                  away, and usually it is asked for again: a time-out that is too short makes load, and the more load there is the more \
                  time-outs. Make it longer than the 99th percentile (twice that is a usual start), or make what it waits for faster. What is \
                  counted here is the bare time of handling, of the call or of the way there and back, without any waiting for others.",
    look,
};

fn look(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in &subject.scenario.nodes {
        let id = node.id();
        match node {
            Node::Consumer(consumer) => {
                let p99 = consumer.handle.time.p99();
                tell(found, format!("nodes.{id}.timeout"), consumer.timeout, p99, "handling an event");
                calls(subject, found, id, &consumer.calls);
                confirmations(subject, found, id, &consumer.publish);
            }
            Node::Producer(producer) => {
                calls(subject, found, id, &producer.calls);
                confirmations(subject, found, id, &producer.publish);
            }
            Node::Broker(_) | Node::Store(_) => {}
        }
    }
}

fn calls(subject: &Subject<'_>, found: &mut Found<'_>, id: &str, calls: &[Call]) {
    for (n, call) in calls.iter().enumerate() {
        let store = subject.scenario.nodes.iter().find_map(|node| match node {
            Node::Store(store) if store.id == call.store => Some(store),
            _ => None,
        });
        let p99 = store.map_or(0.0, |store| store.time.p99());
        tell(found, format!("nodes.{id}.calls[{n}].timeout"), call.timeout, p99, &format!("a call to `{}`", call.store));
    }
}

/// A confirmation travels there and back, and its publisher waits for it.
fn confirmations(subject: &Subject<'_>, found: &mut Found<'_>, id: &str, publish: &Publish) {
    let Publish::Confirmed { timeout, .. } = publish else { return };
    let plan = subject.plan;
    let own = plan.emitters.iter().filter(|emitter| plan.nodes[emitter.node.index()].name == id);
    let there_and_back = own.map(|emitter| {
        let link = &plan.links[emitter.link.index()];
        link.latency.p99() + plan.links[link.back.index()].latency.p99()
    });
    tell(
        found,
        format!("nodes.{id}.publish.timeout"),
        Some(*timeout),
        there_and_back.fold(0.0, f64::max),
        "the way to the broker and back",
    );
}

fn tell(found: &mut Found<'_>, path: String, timeout: Option<Span>, p99: f64, what: &str) {
    let Some(timeout) = timeout.filter(|timeout| timeout.seconds() < p99) else { return };
    // A hundred years and more are without end.
    let takes = if p99 < 3e9 { Span((p99 * 1e3).ceil() as u64 * 1_000_000).to_string() } else { "for ever".to_owned() };
    found.warn(
        path,
        format!("{what} takes {takes} at the 99th percentile: a time-out of {timeout} gives up more than one in a hundred"),
        format!("wait longer than {takes}, or make it faster"),
    );
}
