//! `tidemill compare`: two scenarios, or one under several kinds of broker, with the same luck.

mod brokers;

use super::progress::Runs;
use super::replicas::{Replicas, cell};
use super::{Exit, ONCE, complain, figure_problem, print, report, table};
use crate::files;
use crate::record::Series;
use crate::run::contrast::{Contrast, contrast};
use crate::run::sweep::{self, Column, Results, Row};
use crate::run::{Moment, Script};
use crate::scenario::Plan;
use crate::scenario::expect::Known;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Compare two scenarios, or one under several kinds of broker.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("with").required(true).args(["b", "brokers"]))]
#[command(override_usage = "tidemill compare [OPTIONS] <A> <B>\n       tidemill compare [OPTIONS] <A> --brokers <KINDS>...")]
pub struct Compare {
    /// The scenario that the other is compared with.
    a: PathBuf,
    /// The other scenario.
    b: Option<PathBuf>,
    /// Run the one scenario with its brokers of each of these kinds: simple, kafka, rabbitmq, eventbridge.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', num_args = 1.., conflicts_with = "figure")]
    brokers: Vec<String>,
    /// What to show, as in expectations; may be given several times. Without it, the usual figures of all nodes and outlets.
    #[arg(long, value_name = "FIGURE")]
    figure: Vec<String>,
    #[command(flatten)]
    replicas: Replicas,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

/// A figure, and its position among the columns of each scenario that has it.
struct Line {
    column: Column,
    a: Option<usize>,
    b: Option<usize>,
}

impl Compare {
    /// Runs both and prints what differs.
    pub fn execute(&self) -> Exit {
        let Some(other) = &self.b else { return self.under_brokers() };
        if [&self.a, other].iter().all(|file| file.as_path() == Path::new("-")) {
            return complain(ONCE);
        }
        // Both are read before either is refused, so that one look tells everything.
        let (Ok(a), Ok(b)) = (load(&self.a), load(other)) else { return Exit::BadInput };
        let columns = match (self.columns(&a, &b), self.columns(&b, &a)) {
            (Ok(of_a), Ok(of_b)) => (of_a, of_b),
            (Err(exit), _) | (_, Err(exit)) => return exit,
        };
        let seed = self.replicas.seed.unwrap_or(a.seed);
        let rows = [Row { plan: Arc::new(a), columns: columns.0 }, Row { plan: Arc::new(b), columns: columns.1 }];
        let progress = Runs::new(&format!("{} and {}", rows[0].plan.name, rows[1].plan.name), rows.len() * self.replicas.count());
        let results = sweep::execute(&rows, seed, self.replicas.count(), self.replicas.threads(), &|done| progress.add(done));
        drop(progress);
        let lines = matched(&rows[0].columns, &rows[1].columns);
        let text =
            if self.json { self.object(other, &rows, &lines, &results, seed) } else { self.text(other, &rows, &lines, &results, seed) };
        let mut exit = print(&text);
        for (file, results) in [&self.a, other].into_iter().zip(&results) {
            if let Some((seed, reason)) = results.stopped.first() {
                complain(&format!("{}, seed {seed}: {reason}", file.display()));
                exit = exit.worse(Exit::Stopped);
            }
        }
        exit
    }

    /// What to take from `plan`. A figure that was asked for must exist in one of the two.
    fn columns(&self, plan: &Plan, other: &Plan) -> Result<Vec<Column>, Exit> {
        if self.figure.is_empty() {
            return Ok(Column::detailed(plan));
        }
        let (known, others) = (Known::of(plan), Known::of(other));
        let mut columns = Vec::new();
        for text in &self.figure {
            match Column::parse(text, &known) {
                Ok(column) => columns.push(column),
                Err(_) if Column::parse(text, &others).is_ok() => {}
                Err(wrong) => {
                    report(&[figure_problem(text, wrong)]);
                    return Err(Exit::BadInput);
                }
            }
        }
        Ok(columns)
    }

    fn object(&self, other: &Path, rows: &[Row; 2], lines: &[Line], results: &[Results], seed: u64) -> String {
        let interval = |which: usize, column: Option<usize>| column.map_or(Value::Null, |column| json!(results[which].interval(column)));
        let figures = lines.iter().map(|line| {
            let both = line.a.zip(line.b);
            let difference = both.map_or(Value::Null, |(a, b)| json!(results[1].difference(b, &results[0], a)));
            (line.column.name().to_owned(), json!({"a": interval(0, line.a), "b": interval(1, line.b), "difference": difference}))
        });
        let side = |which: usize, file: &Path| {
            let only: Vec<&str> = names(&rows[which].plan).filter(|name| !names(&rows[1 - which].plan).any(|n| n == *name)).collect();
            let stopped: Vec<Value> = results[which].stopped.iter().map(|(seed, reason)| json!({"seed": seed, "reason": reason})).collect();
            json!({"file": file.display().to_string(), "scenario": rows[which].plan.name, "only_here": only, "stopped": stopped})
        };
        let seeds: Vec<u64> = sweep::seeds(seed, self.replicas.count()).collect();
        let figures: Map<String, Value> = figures.collect();
        let first = contrasted(rows, seed)
            .and_then(|contrast| contrast.first)
            .map(|first| json!({"at": first.at.seconds(), "a": first.a, "b": first.b}));
        let object = json!({"a": side(0, &self.a), "b": side(1, other), "seeds": seeds, "figures": figures, "first_difference": first});
        format!("{object}\n")
    }

    fn text(&self, other: &Path, rows: &[Row; 2], lines: &[Line], results: &[Results], seed: u64) -> String {
        let mut text = format!("A  {}  {}\n", rows[0].plan.name, self.a.display());
        text += &format!("B  {}  {}\n  {}\n\n", rows[1].plan.name, other.display(), self.replicas.words(seed));
        let mut cells = vec![["figure", "A", "B", "B - A"].map(str::to_owned).to_vec()];
        let mut clear = false;
        for line in lines {
            let quantity = line.column.quantity();
            let side = |which: usize, column: Option<usize>| column.map_or(String::new(), |i| cell(&results[which].interval(i), quantity));
            let difference = match (line.a, line.b) {
                (Some(a), Some(b)) => {
                    let difference = results[1].difference(b, &results[0], a);
                    clear |= difference.excludes_zero();
                    cell(&difference, quantity) + if difference.excludes_zero() { " *" } else { "  " }
                }
                (Some(_), None) => "only in A  ".to_owned(),
                _ => "only in B  ".to_owned(),
            };
            cells.push(vec![line.column.name().to_owned(), side(0, line.a), side(1, line.b), difference]);
        }
        table::aligned(&mut text, &cells);
        if clear {
            text.push_str("\n  * the interval of the difference excludes zero: hardly luck\n");
        }
        if let Some(contrast) = contrasted(rows, seed) {
            text += &format!("\n  with seed {seed} {}\n", words(rows, &contrast));
        }
        for (which, results) in ["A", "B"].into_iter().zip(results).filter(|(_, results)| !results.stopped.is_empty()) {
            text += &format!("\n  {which}: {} of {} runs stopped and are left out\n", results.stopped.len(), results.replicas.len());
        }
        text
    }
}

/// Where the runs of this seed part, as long as both last.
fn contrasted(rows: &[Row; 2], seed: u64) -> Option<Contrast> {
    let [a, b] = [0, 1].map(|which: usize| Script::plain(Arc::clone(&rows[which].plan), seed));
    let start = |script: &Script| Moment::start(script, Series::PLAIN);
    contrast((&a, start(&a)), (&b, start(&b)), a.plan.duration.min(b.plan.duration), &|| false)
}

/// How two runs compare as wholes, in words.
fn words(rows: &[Row; 2], contrast: &Contrast) -> String {
    let [a, b] = [0, 1].map(|which: usize| rows[which].plan.duration);
    match (&contrast.first, a.cmp(&b)) {
        (Some(first), _) => format!("they differ from {} on:\n    A: {}\n    B: {}", first.at, first.a, first.b),
        (None, Ordering::Equal) if contrast.exact => "they are the same run, bit for bit".to_owned(),
        (None, Ordering::Equal) => "the same happens in both".to_owned(),
        (None, shorter) => {
            format!("the same happens in both up to {}, where {} ends", contrast.until, if shorter.is_lt() { "A" } else { "B" })
        }
    }
}

fn load(file: &Path) -> Result<Plan, ()> {
    match files::open(file) {
        Ok(loaded) => {
            report(&loaded.warnings);
            Ok(loaded.plan)
        }
        Err(problems) => {
            report(&problems);
            Err(())
        }
    }
}

/// The figures of both, those of A first.
fn matched(a: &[Column], b: &[Column]) -> Vec<Line> {
    let place = |columns: &[Column], name: &str| columns.iter().position(|column| column.name() == name);
    let of_a = a.iter().enumerate().map(|(i, column)| Line { column: column.clone(), a: Some(i), b: place(b, column.name()) });
    let of_b = b.iter().enumerate().filter(|(_, column)| place(a, column.name()).is_none());
    of_a.chain(of_b.map(|(i, column)| Line { column: column.clone(), a: None, b: Some(i) })).collect()
}

/// What has figures of its own: nodes and outlets.
fn names(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.nodes.iter().map(|node| node.name.as_str()).chain(plan.outlets.iter().map(|outlet| outlet.name.as_str()))
}
