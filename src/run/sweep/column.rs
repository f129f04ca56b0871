//! What a sweep looks at in each run.

use crate::record::Report;
use crate::record::report::NodeReport;
use crate::scenario::Plan;
use crate::scenario::expect::{Expectation, Figure, Known, Op, Operand, Quantity};
use crate::scenario::plan::Role;

/// A figure that is taken from every run.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Events handled to the end per second, all consumers together; written `throughput`.
    Throughput,
    /// A figure as in the scenario's expectations.
    Of(Figure),
}

impl Column {
    /// Parses a figure's path; see [`Figure::parse`].
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn parse(text: &str, known: &Known<'_>) -> Result<Column, (String, Option<String>)> {
        match text.trim() {
            "throughput" => Ok(Column::Throughput),
            text => Figure::parse(text, known).map(Column::Of),
        }
    }

    /// What to look at when nobody said: the run as a whole, then the load and the lag of each consumer.
    pub fn usual(plan: &Plan) -> Vec<Column> {
        let known = Known::of(plan);
        let run = ["throughput", "latency.p50", "latency.p99", "lost"].map(str::to_owned);
        let theirs = consumers(plan).flat_map(|name| of(name, &["utilisation", "lag.max"]));
        run.into_iter().chain(theirs).filter_map(|text| Column::parse(&text, &known).ok()).collect()
    }

    /// What to look at where there is room: what [`Column::usual`] has and more of everything.
    pub fn detailed(plan: &Plan) -> Vec<Column> {
        const RUN: [&str; 11] = [
            "throughput",
            "latency.mean",
            "latency.p50",
            "latency.p99",
            "published",
            "acked",
            "retries",
            "failed",
            "dead_lettered",
            "lost",
            "duplicates",
        ];
        const CONSUMER: [&str; 7] = ["throughput", "utilisation", "wait.mean", "latency.p50", "latency.p99", "lag.mean", "lag.max"];
        let known = Known::of(plan);
        let consumers = consumers(plan).flat_map(|name| of(name, &CONSUMER));
        let outlets = plan.outlets.iter().flat_map(|outlet| of(&outlet.name, &["depth.mean", "depth.max"]));
        let all = RUN.iter().map(|name| (*name).to_owned()).chain(consumers).chain(outlets);
        all.filter_map(|text| Column::parse(&text, &known).ok()).collect()
    }

    /// How it is called.
    pub fn name(&self) -> &str {
        match self {
            Column::Throughput => "throughput",
            Column::Of(figure) => &figure.text,
        }
    }

    /// What it counts.
    pub fn quantity(&self) -> Quantity {
        match self {
            Column::Throughput => Quantity::Rate,
            Column::Of(figure) => figure.quantity,
        }
    }
}

/// The values of all columns in a report, none where the run gave none.
pub fn values(columns: &[Column], mut report: Report) -> Vec<Option<f64>> {
    // Read as expectations are, so that a figure means the same in both.
    let asked = columns.iter().filter_map(|column| match column {
        Column::Throughput => None,
        Column::Of(figure) => Some(Expectation {
            text: figure.text.clone(),
            left: Operand::Figure(figure.path.clone()),
            op: Op::Equal,
            right: Operand::Number(0.0),
            quantity: figure.quantity,
        }),
    });
    report.expectations.clear();
    report.judge(&asked.collect::<Vec<_>>());
    let mut answers = report.expectations.iter().map(|answer| answer.actual);
    let value = |column: &Column| match column {
        Column::Throughput => Some(throughput(&report)),
        Column::Of(_) => answers.next().flatten(),
    };
    columns.iter().map(value).collect()
}

fn throughput(report: &Report) -> f64 {
    let handled = report.nodes.0.iter().map(|(_, node)| match node {
        NodeReport::Consumer(consumer) => consumer.throughput,
        _ => 0.0,
    });
    handled.sum()
}

fn consumers(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.nodes.iter().filter(|node| matches!(node.role, Role::Consumer(_))).map(|node| node.name.as_str())
}

/// Paths of figures of a node or outlet.
fn of(name: &str, figures: &[&str]) -> Vec<String> {
    // A name with a dot in it would fall apart without the quotes.
    let name = if name.contains(['.', '/', '#', ' ']) { format!("'{name}'") } else { name.to_owned() };
    figures.iter().map(|figure| format!("{name}.{figure}")).collect()
}
