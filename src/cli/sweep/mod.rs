//! `tidemill sweep`: one row of figures per combination of values, with confidence intervals.

mod vary;

use super::progress::Runs;
use super::replicas::{Replicas, cell};
use super::{Exit, changed, complain, figure_problem, note, print, report, table};
use crate::files::{self, Folder};
use crate::run::sweep::{self, Column, Results, Row};
use crate::scenario::expect::Known;
use crate::scenario::{Plan, Problem, read, set_for};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use vary::Vary;

/// Most columns of the table when nobody chose them: what a wide terminal shows.
const MOST_COLUMNS: usize = 8;

/// Run a scenario for every combination of values.
#[derive(Debug, clap::Args)]
pub struct Sweep {
    /// The scenario file; `-` reads it from standard input.
    file: PathBuf,
    /// Values of a parameter, such as inventory.instances=1,2,4 or analytics.handle.time=5ms,8ms; with several, every
    /// combination is run.
    #[arg(long, value_name = "PATH=A,B,C", required = true)]
    vary: Vec<String>,
    /// Change a parameter in all rows; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// What to show, as in expectations: inventory.latency.p99, lost, 'bus/orders#billing'.depth.max; `throughput` is that of all
    /// consumers together. May be given several times; without it, the run as a whole and the load and lag of each consumer.
    #[arg(long, value_name = "FIGURE")]
    figure: Vec<String>,
    #[command(flatten)]
    replicas: Replicas,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

impl Sweep {
    /// Runs all rows and prints what came of them.
    pub fn execute(&self) -> Exit {
        match self.rows() {
            Ok(rows) => self.run(rows),
            Err(exit) => exit,
        }
    }

    fn run(&self, Prepared { varied, rows, name, seed }: Prepared) -> Exit {
        let progress = Runs::new(&name, rows.len() * self.replicas.count());
        let results = sweep::execute(&rows, seed, self.replicas.count(), self.replicas.threads(), &|done| progress.add(done));
        drop(progress);
        let combinations = vary::combinations(&varied);
        let mut exit = if self.json {
            let rows: Vec<Value> =
                rows.iter().zip(&results).zip(&combinations).map(|((row, r), values)| object(&varied, values, row, r)).collect();
            let paths: Vec<&str> = varied.iter().map(|vary| vary.path.as_str()).collect();
            let seeds: Vec<u64> = sweep::seeds(seed, self.replicas.count()).collect();
            print(&format!("{}\n", json!({"scenario": name, "vary": paths, "seeds": seeds, "rows": rows})))
        } else {
            let mut text = format!("{name}\n  {}\n\n", self.replicas.words(seed));
            table::aligned(&mut text, &lines(&varied, &combinations, &rows, &results));
            print(&text)
        };
        for (values, results) in combinations.iter().zip(&results) {
            if let Some((seed, reason)) = results.stopped.first() {
                complain(&format!("with {}, seed {seed}: {reason}", described(&varied, values)));
                exit = exit.worse(Exit::Stopped);
            }
        }
        exit
    }

    /// Everything that is to be run; whatever is wrong is told before anything runs.
    fn rows(&self) -> Result<Prepared, Exit> {
        let varied = vary::all(&self.vary).map_err(|wrong| complain(&wrong))?;
        if let Some(lost) = self.set.iter().find(|set| varied.iter().any(|vary| vary.undoes(set))) {
            return Err(complain(&format!("`--set {lost}` would change nothing: it is varied")));
        }
        let text = files::text(&self.file).map_err(|problems| bad(&problems))?;
        let (text, called) = changed(text, &self.file.display().to_string(), &self.set).map_err(|problems| bad(&problems))?;
        let base = self.load(&text, &called)?;
        let mut told = BTreeSet::new();
        let mut plans = Vec::new();
        for values in vary::combinations(&varied) {
            let mut text = text.clone();
            for (vary, value) in varied.iter().zip(&values) {
                let assignment = format!("{}={value}", vary.path);
                text = set_for(&text, &assignment, &format!("--vary {assignment}")).map_err(|problems| bad(&problems))?;
            }
            let joint = if self.set.is_empty() { " with " } else { ", " };
            let loaded = self.load(&text, &format!("{called}{joint}{}", described(&varied, &values)))?;
            // Rows differ in little: what is odd about one is mostly odd about all.
            report(&loaded.warnings.into_iter().filter(|warning| told.insert(warning.message.clone())).collect::<Vec<_>>());
            plans.push(loaded.plan);
        }
        let asked: Vec<Column> = self.figure.iter().map(|text| asked(text, &plans)).collect::<Result<_, _>>()?;
        let row = |plan: Plan| {
            let columns = if asked.is_empty() { self.usual(&plan) } else { asked.clone() };
            Row { plan: Arc::new(plan), columns }
        };
        let rows = plans.into_iter().map(row).collect();
        let left_out = if self.figure.is_empty() { Column::usual(&base.plan).len().saturating_sub(MOST_COLUMNS) } else { 0 };
        if left_out > 0 && !self.json {
            note(&format!("{left_out} more figures are left out; choose with --figure, or see all with --json"));
        }
        Ok(Prepared { varied, rows, name: base.plan.name.clone(), seed: self.replicas.seed.unwrap_or(base.plan.seed) })
    }

    fn load(&self, text: &str, name: &str) -> Result<read::Loaded, Exit> {
        read::load(text, name, &Folder::of(&self.file)).map_err(|problems| bad(&problems))
    }

    /// What to look at when nobody said.
    fn usual(&self, plan: &Plan) -> Vec<Column> {
        let mut columns = Column::usual(plan);
        columns.truncate(if self.json { usize::MAX } else { MOST_COLUMNS });
        columns
    }
}

/// A figure that was asked for. One of the rows must have it: what is varied may be just the part that brings it.
fn asked(text: &str, plans: &[Plan]) -> Result<Column, Exit> {
    let mut wrong = None;
    for plan in plans {
        match Column::parse(text, &Known::of(plan)) {
            Ok(column) => return Ok(column),
            Err(one) => wrong = wrong.or(Some(one)),
        }
    }
    Err(bad(&[figure_problem(text, wrong.unwrap_or_default())]))
}

/// A sweep that can run.
struct Prepared {
    varied: Vec<Vary>,
    rows: Vec<Row>,
    name: String,
    seed: u64,
}

fn bad(problems: &[Problem]) -> Exit {
    report(problems);
    Exit::BadInput
}

/// `inventory.instances=4, billing.instances=1`.
fn described(varied: &[Vary], values: &[&str]) -> String {
    varied.iter().zip(values).map(|(vary, value)| format!("{}={value}", vary.path)).collect::<Vec<_>>().join(", ")
}

fn object(varied: &[Vary], values: &[&str], row: &Row, results: &Results) -> Value {
    let values: Map<String, Value> = varied.iter().zip(values).map(|(vary, value)| (vary.path.clone(), Value::from(*value))).collect();
    let figures: Map<String, Value> =
        row.columns.iter().enumerate().map(|(i, column)| (column.name().to_owned(), json!(results.interval(i)))).collect();
    let mut object = json!({"values": values, "figures": figures});
    if !results.stopped.is_empty() {
        object["stopped"] = results.stopped.iter().map(|(seed, reason)| json!({"seed": seed, "reason": reason})).collect();
    }
    object
}

fn lines(varied: &[Vary], combinations: &[Vec<&str>], rows: &[Row], results: &[Results]) -> Vec<Vec<String>> {
    let figures = rows.first().map_or(&[][..], |row| &row.columns);
    let head = varied.iter().map(|vary| vary.path.as_str()).chain(figures.iter().map(Column::name)).map(halves);
    let (above, below) = head.map(|(above, below)| (above.to_owned(), below.to_owned())).unzip();
    let mut lines = vec![above, below];
    for ((values, row), results) in combinations.iter().zip(rows).zip(results) {
        let mut line: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        // By name: a row whose nodes are called otherwise has other columns.
        let place = |figure: &Column| row.columns.iter().position(|column| column == figure);
        line.extend(figures.iter().map(|figure| place(figure).map_or_else(String::new, |i| cell(&results.interval(i), figure.quantity()))));
        if !results.stopped.is_empty() {
            line.push(format!("{} of {} runs stopped", results.stopped.len(), results.replicas.len()));
        }
        lines.push(line);
    }
    lines
}

/// A path over two lines of a table's head: whose figure it is, and which.
fn halves(path: &str) -> (&str, &str) {
    let quoted = path.strip_prefix('\'').and_then(|rest| rest.find('\'')).map_or(0, |end| end + 2);
    match path[quoted..].find('.') {
        Some(dot) => (&path[..quoted + dot], &path[quoted + dot + 1..]),
        None => ("", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_take_two_lines() {
        for (path, above, below) in [
            ("lost", "", "lost"),
            ("latency.p99", "latency", "p99"),
            ("inventory.lag.max", "inventory", "lag.max"),
            ("'bus/v1.2#x'.depth.max", "'bus/v1.2#x'", "depth.max"),
            ("'odd", "", "'odd"),
        ] {
            assert_eq!(halves(path), (above, below));
        }
    }
}
