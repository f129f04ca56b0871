//! `tidemill compare FILE --brokers ...`: one topology under several kinds of broker, side by side.

use super::Compare;
use crate::cli::progress::Runs;
use crate::cli::replicas::cell;
use crate::cli::{Exit, complain, print, report, table};
use crate::files::{self, Folder};
use crate::run::brokers::{self, Side};
use crate::run::sweep::{self, Results};
use crate::scenario::change;
use serde_json::{Map, Value, json};

impl Compare {
    /// Runs the scenario under each kind and prints what differs.
    pub(super) fn under_brokers(&self) -> Exit {
        let mut kinds = Vec::new();
        for name in &self.brokers {
            match change::kind(name) {
                Some(kind) if !kinds.contains(&kind) => kinds.push(kind),
                Some(_) => {}
                None => {
                    let known: Vec<String> = change::kinds().map(|(kind, _)| kind.to_lowercase()).collect();
                    return complain(&format!("there is no kind of broker called `{name}`; known are {}", known.join(", ")));
                }
            }
        }
        let loaded = match files::open(&self.a) {
            Ok(loaded) => loaded,
            Err(problems) => {
                report(&problems);
                return Exit::BadInput;
            }
        };
        let sides = match brokers::sides(&loaded.scenario, &kinds, &Folder::of(&self.a)) {
            Ok(sides) => sides,
            Err(findings) => {
                let first = findings.first().map_or_else(String::new, |finding| format!("{}: {}", finding.path, finding.message));
                return complain(&format!("with another kind of broker this scenario is not sound: {first}"));
            }
        };
        let rows: Vec<_> = sides.iter().map(|side| side.row.clone()).collect();
        let seed = self.replicas.seed.unwrap_or(loaded.plan.seed);
        let progress = Runs::new(&loaded.plan.name, rows.len() * self.replicas.count());
        let results = sweep::execute(&rows, seed, self.replicas.count(), self.replicas.threads(), &|done| progress.add(done));
        drop(progress);
        let differences = brokers::differences(&sides, &results);
        let mut exit = print(&if self.json {
            object(&loaded.plan.name, &sides, &results, &differences, sweep::seeds(seed, self.replicas.count()).collect())
        } else {
            self.side_by_side(&loaded.plan.name, &sides, &results, &differences, seed)
        });
        for (side, results) in sides.iter().zip(&results) {
            if let Some((seed, reason)) = results.stopped.first() {
                complain(&format!("{}, seed {seed}: {reason}", side.title));
                exit = exit.worse(Exit::Stopped);
            }
        }
        exit
    }

    fn side_by_side(&self, name: &str, sides: &[Side], results: &[Results], differences: &[String], seed: u64) -> String {
        let mut text = format!("{name}\n  {}\n\n", self.replicas.words(seed));
        let mut cells = vec![std::iter::once("figure").chain(sides.iter().map(|side| side.title)).map(str::to_owned).collect::<Vec<_>>()];
        for (at, column) in sides.first().into_iter().flat_map(|side| side.row.columns.iter().enumerate()) {
            let of = |results: &Results| cell(&results.interval(at), column.quantity());
            cells.push(std::iter::once(column.name().to_owned()).chain(results.iter().map(of)).collect());
        }
        table::aligned(&mut text, &cells);
        if !differences.is_empty() {
            text.push_str("\nwhat differs\n");
            differences.iter().for_each(|sentence| text += &format!("  - {sentence}\n"));
        }
        for side in sides.iter().filter(|side| !side.lost.is_empty()) {
            text += &format!("\nnot kept under {}\n", side.title);
            side.lost.iter().for_each(|sentence| text += &format!("  - {sentence}\n"));
        }
        text
    }
}

fn object(name: &str, sides: &[Side], results: &[Results], differences: &[String], seeds: Vec<u64>) -> String {
    let brokers: Vec<Value> = sides
        .iter()
        .zip(results)
        .map(|(side, results)| {
            let columns = side.row.columns.iter().enumerate();
            let figures: Map<String, Value> = columns.map(|(at, column)| (column.name().to_owned(), json!(results.interval(at)))).collect();
            let stopped: Vec<Value> = results.stopped.iter().map(|(seed, reason)| json!({"seed": seed, "reason": reason})).collect();
            json!({"kind": side.kind, "not_kept": side.lost, "figures": figures, "stopped": stopped})
        })
        .collect();
    format!("{}\n", json!({"scenario": name, "seeds": seeds, "brokers": brokers, "differences": differences}))
}
