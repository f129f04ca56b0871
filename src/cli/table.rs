//! A run's figures as a table for people.

use crate::figures::{count, number, rate, seconds as time, share};
use crate::record::Report;
use crate::record::report::NodeReport;
use crate::run::words;
use std::fmt::Write;

/// The whole report.
pub fn of(report: &Report) -> String {
    let mut text = String::new();
    head(&mut text, report);
    consumers(&mut text, report);
    super::kept::tables(&mut text, report);
    outlets(&mut text, report);
    super::parts::tables(&mut text, report);
    totals(&mut text, report);
    expectations(&mut text, report);
    text
}

fn head(text: &mut String, report: &Report) {
    let engine = &report.engine;
    let _ = writeln!(text, "{}", report.scenario);
    let _ = writeln!(
        text,
        "  {} simulated in {}, seed {}, fingerprint {}, {} deliveries per second",
        time(report.simulated),
        time(engine.wall),
        report.seed,
        report.fingerprint,
        number(engine.deliveries_per_second)
    );
    if report.warmup > 0.0 {
        let _ = writeln!(text, "  rates, means and percentiles from {} on", time(report.warmup));
    }
}

/// Rows of cells, the first column to the left, the others to the right.
pub fn aligned(text: &mut String, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let _ = if column == 0 { write!(line, " {cell:<width$}") } else { write!(line, "  {cell:>width$}") };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// Cells of a table's head.
pub fn header(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn consumers(text: &mut String, report: &Report) {
    let mut flow = vec![header(&["producers and brokers", "events", "rate"])];
    let mut rows = vec![header(&[
        "consumers",
        "handled",
        "rate",
        "busy",
        "wait",
        "latency p50",
        "p99",
        "max",
        "lag mean",
        "lag max",
        "failed",
        "dead-lettered",
    ])];
    for (name, node) in &report.nodes.0 {
        match node {
            NodeReport::Producer { published, throughput, .. } => {
                flow.push(vec![name.clone(), count(*published), rate(*throughput)]);
            }
            NodeReport::Broker { accepted, throughput, .. } => {
                flow.push(vec![name.clone(), count(*accepted), rate(*throughput)]);
            }
            NodeReport::Store(_) => {}
            NodeReport::Consumer(c) => rows.push(vec![
                name.clone(),
                count(c.acked),
                rate(c.throughput),
                share(c.utilisation),
                time(c.wait.mean),
                time(c.latency.p50),
                time(c.latency.p99),
                time(c.latency.max),
                number(c.lag.mean),
                count(c.lag.max),
                count(c.failed),
                count(c.dead_lettered),
            ]),
        }
    }
    // Where a broker takes back what failed, the other two columns do not tell of it.
    let back = report.nodes.0.iter().filter_map(|(_, node)| if let NodeReport::Consumer(c) = node { Some(c.given_back) } else { None });
    if back.clone().any(|given_back| given_back > 0) {
        let cells = std::iter::once("given back".to_owned()).chain(back.map(count));
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }
    for rows in [flow, rows].iter().filter(|rows| rows.len() > 1) {
        text.push('\n');
        aligned(text, rows);
    }
}

fn outlets(text: &mut String, report: &Report) {
    if report.outlets.0.is_empty() {
        return;
    }
    let mut rows =
        vec![header(&["outlets", "routed", "acked", "failed", "dead-lettered", "dropped", "waiting", "depth mean", "depth max"])];
    for (name, o) in &report.outlets.0 {
        let counts = [o.books.routed, o.books.acked, o.books.failed, o.books.dead_lettered, o.books.dropped, o.books.waiting].map(count);
        let mut row = vec![name.clone()];
        row.extend(counts);
        row.extend([number(o.depth.mean), count(o.depth.max)]);
        rows.push(row);
    }
    text.push('\n');
    aligned(text, &rows);
}

fn totals(text: &mut String, report: &Report) {
    let t = &report.totals;
    let all = [
        ("published", t.published),
        ("rejected", t.rejected),
        ("unroutable", t.unroutable),
        ("deliveries", t.deliveries),
        ("redeliveries", t.redeliveries),
        ("acked", t.acked),
        ("retries", t.retries),
        ("failed", t.failed),
        ("dead-lettered", t.dead_lettered),
        ("expired", t.expired),
        ("dropped", t.dropped),
        ("lost", t.lost),
        ("duplicates", t.duplicates),
        ("in flight", t.in_flight),
        ("waiting", t.waiting),
    ];
    // What did not happen needs no line, except for what everybody looks for first.
    let shown = all.iter().filter(|(name, n)| *n > 0 || matches!(*name, "published" | "deliveries" | "acked" | "lost" | "duplicates"));
    let cells: Vec<String> = shown.map(|(name, n)| format!("{name} {n}")).collect();
    let _ = writeln!(text, "\n  totals: {}", cells.join(", "));
}

fn expectations(text: &mut String, report: &Report) {
    if report.expectations.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  expectations");
    for expectation in &report.expectations {
        let _ = writeln!(text, "  {}", expectation_line(expectation));
    }
}

/// One expectation with its outcome.
pub fn expectation_line(expectation: &crate::record::report::ExpectationReport) -> String {
    let mark = if expectation.holds { "holds" } else { "FAILS" };
    match expectation.actual {
        _ if expectation.holds => format!("{mark}  {}", expectation.text),
        Some(actual) => format!("{mark}  {}  (it is {})", expectation.text, words::figure(actual, expectation.quantity)),
        None => format!("{mark}  {}  (the run gave no value)", expectation.text),
    }
}
