//! What the parts of brokers did, as tables for people: RabbitMQ's queues, EventBridge's buses and rules, Kafka's groups.

use super::table::{aligned, header};
use crate::engine::broker::eventbridge::view::{BusView, ReplayView, TargetCounts};
use crate::figures::count;
use crate::record::Report;
use crate::record::report::NodeReport;
use std::collections::BTreeMap;

/// All of them.
pub fn tables(text: &mut String, report: &Report) {
    queues(text, report);
    buses(text, report);
    rules(text, report);
    groups(text, report);
}

/// Takes out the columns in which nothing was seen, but for those that say something even then.
fn leave_out(rows: &mut [Vec<String>], seen: &mut [bool], kept: &[usize]) {
    kept.iter().for_each(|column| seen[*column] = true);
    for row in rows {
        let mut column = 0;
        row.retain(|_| {
            column += 1;
            seen[column - 1]
        });
    }
}

/// A table whose first column holds names and whose others hold counts.
fn counted(text: &mut String, head: &[&str], lines: &[(String, Vec<u64>)], kept: &[usize]) {
    if lines.is_empty() {
        return;
    }
    let mut seen = vec![false; head.len()];
    let mut rows = vec![header(head)];
    for (name, figures) in lines {
        figures.iter().enumerate().for_each(|(i, figure)| seen[i + 1] |= *figure > 0);
        rows.push(std::iter::once(name.clone()).chain(figures.iter().map(|figure| count(*figure))).collect());
    }
    leave_out(&mut rows, &mut seen, &[&[0], kept].concat());
    text.push('\n');
    aligned(text, &rows);
}

/// A line per bus, and one per event replay.
fn buses(text: &mut String, report: &Report) {
    for (name, node) in &report.nodes.0 {
        let NodeReport::Broker { eventbridge: Some(view), .. } = node else { continue };
        let line = |(bus, seen): &(String, BusView)| (bus.clone(), vec![seen.taken, seen.unmatched, seen.refused, seen.archived]);
        let lines: Vec<_> = view.buses.0.iter().map(line).collect();
        counted(text, &[&format!("buses of {name}"), "taken", "unmatched", "refused", "archived"], &lines, &[1, 2]);
        // Where a rule has one target, the rule's line says it all.
        let mut number: BTreeMap<&str, u32> = BTreeMap::new();
        let rule = |(target, _): &'_ (String, TargetCounts)| target.split_once('/').map_or(0, |(rule, _)| rule.len());
        view.targets.0.iter().for_each(|target| *number.entry(&target.0[..rule(target)]).or_default() += 1);
        let among = |target: &&(String, TargetCounts)| number[&target.0[..rule(target)]] > 1;
        let line =
            |(target, did): &(String, TargetCounts)| (target.clone(), vec![did.invocations, did.failed, did.dead_lettered, did.dropped]);
        let lines: Vec<_> = view.targets.0.iter().filter(among).map(line).collect();
        counted(text, &[&format!("targets of {name}"), "invocations", "failed", "dead-lettered", "dropped"], &lines, &[1, 2]);
        let line = |(replay, seen): &(String, ReplayView)| (format!("{replay} ({})", seen.state.word()), vec![seen.done, seen.left]);
        let lines: Vec<_> = view.replays.0.iter().map(line).collect();
        counted(text, &[&format!("replays of {name}"), "came again", "to come"], &lines, &[1, 2]);
    }
}

/// A line per rule of EventBridge.
fn rules(text: &mut String, report: &Report) {
    let mut lines: Vec<(String, Vec<u64>)> = Vec::new();
    for (outlet, figures) in &report.outlets.0 {
        let Some(rule) = &figures.rule else { continue };
        // Whoever reads as groups of their own reads from one rule.
        let name = outlet.split('#').next().unwrap_or(outlet);
        if lines.iter().any(|(known, _)| known == name) {
            continue;
        }
        let figures = [
            rule.matched,
            rule.passed_over,
            rule.invocations,
            rule.failed,
            rule.throttles,
            rule.throttled,
            rule.forwarded,
            rule.scheduled,
            rule.dead_lettered,
            rule.dropped,
        ];
        lines.push((name.to_owned(), figures.to_vec()));
    }
    let head = [
        "rules",
        "matched",
        "not matched",
        "invocations",
        "failed",
        "throttled",
        "waited",
        "forwarded",
        "scheduled",
        "dead-lettered",
        "dropped",
    ];
    counted(text, &head, &lines, &[1, 2, 3, 4, 5]);
}

/// A line per group of Kafka and topic: how far it was behind, by partition.
fn groups(text: &mut String, report: &Report) {
    let mut lines = Vec::new();
    for (outlet, figures) in &report.outlets.0 {
        let Some(largest) = &figures.records_lag_max else { continue };
        let now: u64 = figures.partition_lag.iter().map(|lag| lag.last).sum();
        let behind = figures.partition_lag.iter().filter(|lag| lag.last > 0).count() as u64;
        lines.push((outlet.clone(), vec![figures.partition_lag.len() as u64, behind, now, largest.last, largest.max]));
    }
    counted(text, &["groups", "partitions", "behind", "lag", "records-lag-max", "its peak"], &lines, &[1, 2, 3, 4, 5]);
    for (broker, node) in &report.nodes.0 {
        let NodeReport::Broker { kafka: Some(view), .. } = node else { continue };
        for group in &view.groups {
            if let Some(error) = &group.error {
                let clients = if group.stopped == 1 { "1 client has".to_owned() } else { format!("{} clients have", group.stopped) };
                text.push_str(&format!("\n  {clients} stopped in group {} of {broker}: {error}\n", group.name));
            }
        }
        for it in &view.transactions {
            if let Some(error) = it.error {
                text.push_str(&format!("\n  {} has stopped ({} of {broker}): {error}\n", it.node, it.id));
            }
        }
    }
}

/// A line per queue: what is in it, and what it did so far. Columns in which nothing happened anywhere are left out.
fn queues(text: &mut String, report: &Report) {
    for (name, node) in &report.nodes.0 {
        let NodeReport::Broker { rabbitmq: Some(view), .. } = node else { continue };
        if view.queues.is_empty() {
            continue;
        }
        let title = format!("queues of {name}");
        let head = [
            &title,
            "kind",
            "ready",
            "unacked",
            "published",
            "refused",
            "delivered",
            "redelivered",
            "returned",
            "dl rejected",
            "dl expired",
            "dl maxlen",
            "dl limit",
            "discarded",
            "dl waiting",
            "deleted",
        ];
        let mut rows = vec![header(&head)];
        let mut seen = vec![false; head.len()];
        for queue in &view.queues {
            let counts = &queue.counts;
            let (dead, gone) = (&counts.dead_lettered, counts.discarded.sum());
            let figures = [
                queue.ready,
                queue.unacked,
                counts.published,
                counts.refused,
                counts.delivered,
                counts.redelivered,
                counts.returned,
                dead.rejected,
                dead.expired,
                dead.maxlen,
                dead.delivery_limit,
                gone,
                queue.dead_letters_waiting,
                u64::from(queue.deleted),
            ];
            figures.iter().enumerate().for_each(|(i, figure)| seen[i + 2] |= *figure > 0);
            let mut row = vec![queue.name.clone(), queue.kind.to_owned()];
            row.extend(figures.map(count));
            rows.push(row);
        }
        // These say something even where they are nothing.
        leave_out(&mut rows, &mut seen, &[0, 1, 2, 3, 4, 6]);
        text.push('\n');
        aligned(text, &rows);
    }
}
