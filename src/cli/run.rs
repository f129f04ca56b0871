//! `tidemill run`.

use super::progress::Progress;
use super::{Exit, complain, print, report, table};
use crate::files;
use crate::files::Folder;
use crate::run::headless;
use crate::scenario::{Problem, read, set};
use crate::time::Span;
use std::path::PathBuf;
use std::sync::Arc;

/// Run a scenario. Exit code 1 if what it expects does not hold, 2 on bad input, 3 if a limit stopped the run.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The scenario file; `-` reads it from standard input.
    file: PathBuf,
    /// Seed of all randomness, in place of the scenario's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Virtual time to simulate, such as 60s, in place of the scenario's duration.
    #[arg(long = "for", value_name = "TIME", value_parser = |text: &str| text.parse::<Span>())]
    length: Option<Span>,
    /// Change a parameter, such as `inventory.instances=4` or `order-service.emits[0].arrivals=80/s`; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

impl Run {
    /// Runs the scenario and prints what came of it.
    pub fn execute(&self) -> Exit {
        let plan = match self.plan() {
            Ok(plan) => Arc::new(plan),
            Err(exit) => return exit,
        };
        let progress = Progress::new(&plan.name, plan.duration);
        let finished = headless::run(&plan, self.seed.unwrap_or(plan.seed), &mut |now| progress.at(now));
        drop(progress);
        let figures = finished.report();
        if self.json {
            match serde_json::to_string(&figures) {
                Ok(text) => print(&(text + "\n")),
                Err(error) => return complain(&format!("the figures cannot be written as JSON: {error}")),
            }
        } else {
            print(&table::of(&figures));
        }
        match &figures.stopped {
            Some(reason) => {
                complain(&format!("stopped at {}: {reason}", finished.simulation.now()));
                Exit::Stopped
            }
            None if figures.holds() => Exit::Fine,
            None => Exit::Failed,
        }
    }

    fn plan(&self) -> Result<crate::scenario::Plan, Exit> {
        let text = files::text(&self.file).map_err(bad)?;
        let text = self.changed(text)?;
        let loaded = read::load(&text, &self.file.display().to_string(), &Folder::of(&self.file)).map_err(bad)?;
        report(&loaded.warnings);
        Ok(loaded.plan)
    }

    /// The text with what the options change.
    fn changed(&self, mut text: String) -> Result<String, Exit> {
        let mut changes = self.set.clone();
        if let Some(length) = self.length {
            changes.push(format!("duration={length}"));
        }
        for change in &changes {
            text = set(&text, change).map_err(bad)?;
        }
        Ok(text)
    }
}

fn bad(problems: Vec<Problem>) -> Exit {
    report(&problems);
    Exit::BadInput
}
