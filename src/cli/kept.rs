//! Tables of what only some nodes do: confirm, write and publish, keep a state, join, ask, serve calls.

use super::table::{aligned, header};
use crate::figures::{count, number, rate, seconds as time, share};
use crate::record::Report;
use crate::record::report::NodeReport;

/// Appends the tables that have rows.
pub fn tables(text: &mut String, report: &Report) {
    let heads: [&[&str]; 7] = [
        &["stores", "calls", "rate", "busy", "wait", "wait p99", "service", "queue mean", "queue max", "failed", "timed out"],
        &["publishers", "confirmed", "resent", "given up", "unconfirmed"],
        &["back-pressure", "held mean", "held max", "held now", "returned"],
        &["writes and events", "written", "published", "again", "missing", "invented", "waiting"],
        &["state", "expected", "actual", "difference", "wrong", "of", "missing", "repeated", "staleness mean", "max"],
        &["joins", "complete", "timed out", "waiting"],
        &["requests", "answered", "timed out", "late", "waiting", "reply p50", "p99"],
    ];
    let mut tables = heads.map(|head| vec![header(head)]);
    let [stores, confirms, pressures, outboxes, states, joins, requests] = &mut tables;
    for (name, node) in &report.nodes.0 {
        let named = |cells: Vec<String>| std::iter::once(name.clone()).chain(cells).collect::<Vec<_>>();
        let back = match node {
            NodeReport::Producer { returned, held_back, .. } => (*held_back, *returned),
            NodeReport::Consumer(c) => (c.held_back, c.returned),
            NodeReport::Broker { .. } | NodeReport::Store(_) => (None, None),
        };
        if back != (None, None) {
            let held = back.0.unwrap_or_default();
            let returned = back.1.map_or_else(|| "-".to_owned(), count);
            pressures.push(named(vec![number(held.mean), count(held.max), count(held.last), returned]));
        }
        let (confirmed, outbox) = match node {
            NodeReport::Broker { .. } => (None, None),
            NodeReport::Store(s) => {
                let level = [number(s.queue.mean), count(s.queue.max), count(s.failed), count(s.timed_out)];
                let times = [time(s.wait.mean), time(s.wait.p99), time(s.service.mean)];
                stores
                    .push(named([vec![count(s.calls), rate(s.throughput), share(s.utilisation)], times.to_vec(), level.to_vec()].concat()));
                (None, None)
            }
            NodeReport::Producer { confirms, outbox, replies, round_trip, .. } => {
                if let Some(r) = replies {
                    let trip = round_trip.unwrap_or_default();
                    let counts = [r.answered, r.timed_out, r.late, r.waiting].map(count);
                    requests.push(named([counts.to_vec(), vec![time(trip.p50), time(trip.p99)]].concat()));
                }
                (*confirms, *outbox)
            }
            NodeReport::Consumer(c) => {
                if let (Some(s), Some(age)) = (c.state, c.staleness) {
                    let values = [s.expected, s.actual, s.difference].map(number);
                    let counts = [s.wrong, s.keys, s.missing, s.repeated].map(count);
                    states.push(named([values.to_vec(), counts.to_vec(), vec![time(age.mean), time(age.max)]].concat()));
                }
                if let Some(j) = c.join {
                    joins.push(named([j.complete, j.timed_out, j.waiting].map(count).to_vec()));
                }
                (c.confirms, c.outbox)
            }
        };
        if let Some(c) = confirmed {
            confirms.push(named([c.confirmed, c.resent, c.given_up, c.unconfirmed].map(count).to_vec()));
        }
        if let Some(o) = outbox {
            outboxes.push(named([o.written, o.published, o.republished, o.missing, o.invented, o.waiting].map(count).to_vec()));
        }
    }
    for table in tables.iter().filter(|table| table.len() > 1) {
        text.push('\n');
        aligned(text, table);
    }
}
