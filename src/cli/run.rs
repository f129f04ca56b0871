//! `tidemill run`.

use super::progress::Progress;
use super::{Exit, changed, complain, output, print, report, table};
use crate::files;
use crate::files::Folder;
use crate::record::Report;
use crate::run::look;
use crate::run::source::MARKS;
use crate::run::why::Insight;
use crate::run::{Script, Source, headless};
use crate::scenario::intervention::Intervention;
use crate::scenario::recording::Recording;
use crate::scenario::{Problem, read};
use crate::time::{Span, Time};
use std::path::PathBuf;
use std::sync::Arc;

/// Run a scenario. Exit code 1 if what it expects does not hold, 2 on bad input, 3 if a limit stopped the run.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The scenario file; `-` reads it from standard input.
    file: PathBuf,
    /// Seed of all randomness, in place of the scenario's.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<u64>,
    /// Virtual time to simulate, such as 60s, in place of the scenario's duration.
    #[arg(long = "for", value_name = "TIME", allow_hyphen_values = true, value_parser = |text: &str| text.parse::<Span>())]
    length: Option<Span>,
    /// Change a parameter, such as `inventory.instances=4` or `order-service.emits[0].arrivals=80/s`; may be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Change a parameter on the way, at a virtual time: `--at 10s billing.instances=2`; may be given several times, in order of time.
    #[arg(long, num_args = 2, allow_hyphen_values = true, value_names = ["TIME", "PATH=VALUE"], action = clap::ArgAction::Append)]
    at: Vec<String>,
    /// Write a recording of the run to this file: `tidemill replay` runs it again, `tidemill open` shows it.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Print what a person should notice as well: what cannot keep up, what is lost, each with its evidence.
    #[arg(long)]
    why: bool,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

impl Run {
    /// Runs the scenario and prints what came of it.
    pub fn execute(&self) -> Exit {
        if let Err(exit) = output::look(self.record.as_deref(), std::slice::from_ref(&self.file)) {
            return exit;
        }
        let (source, interventions, script) = match self.script() {
            Ok(script) => script,
            Err(exit) => return exit,
        };
        let progress = Progress::new(&script.plan.name, script.plan.duration);
        let marks = if self.record.is_some() { MARKS } else { 0 };
        let (finished, trail) = headless::follow_marked(&script, script.plan.duration, marks, &mut |now| progress.at(now));
        drop(progress);
        let figures = finished.report();
        let told = self.tell(&figures, &script, finished.simulation.now());
        let saved = self.record.as_deref().map_or(Exit::Fine, |file| match source.recording(&finished, &trail, &interventions) {
            Ok(recording) => output::save(file, &recording.write()),
            Err(why) => output::cannot(file, &why),
        });
        let came = match &figures.stopped {
            Some(reason) => {
                complain(&format!("stopped at {}: {reason}", finished.simulation.now()));
                Exit::Stopped
            }
            None if figures.holds() => Exit::Fine,
            None => Exit::Failed,
        };
        came.worse(told).worse(saved)
    }

    /// Prints the figures of a run that went to `end`.
    fn tell(&self, figures: &Report, script: &Script, end: Time) -> Exit {
        let insights = if self.why { look::why(script, end) } else { Vec::new() };
        if !self.json {
            return print(&(table::of(figures) + &if self.why { noticed(&insights) } else { String::new() }));
        }
        match serde_json::to_value(figures) {
            Ok(mut object) => {
                if self.why {
                    object["why"] = insights.iter().map(|insight| told(insight, script)).collect();
                }
                print(&format!("{object}\n"))
            }
            Err(error) => complain(&format!("the figures cannot be written as JSON: {error}")),
        }
    }

    fn script(&self) -> Result<(Source, Vec<Intervention>, Script), Exit> {
        let text = files::text(&self.file).map_err(bad)?;
        let name = self.file.display().to_string();
        if Recording::is_one(&text) {
            return Err(complain(&format!("{name} is a recording: `tidemill replay {name}` runs it again")));
        }
        let (text, called) = changed(text, &name, &self.changes()).map_err(bad)?;
        let source = Source { text, name, files: Arc::new(Folder::of(&self.file)) };
        let loaded = read::load(&source.text, &called, &*source.files).map_err(bad)?;
        report(&loaded.warnings);
        let interventions = self.interventions().map_err(|why| complain(&why))?;
        if interventions.is_empty() {
            let script = Script::plain(Arc::new(loaded.plan), self.seed.unwrap_or(loaded.scenario.seed));
            return Ok((source, interventions, script));
        }
        let script = source.script(self.seed, &interventions).map_err(bad)?;
        Ok((source, interventions, script))
    }

    /// What is changed on the way.
    fn interventions(&self) -> Result<Vec<Intervention>, String> {
        let pairs = self.at.chunks_exact(2);
        let mut interventions = pairs
            .map(|pair| {
                Intervention::set(Time::ZERO + pair[0].parse::<Span>().map_err(|why| format!("--at {}: {why}", pair[0]))?, &pair[1])
            })
            .collect::<Result<Vec<_>, String>>()?;
        // Those of the same time stay in the order in which they were given.
        interventions.sort_by_key(|intervention| intervention.at);
        Ok(interventions)
    }

    /// What the options change from the start on.
    fn changes(&self) -> Vec<String> {
        self.set.iter().cloned().chain(self.length.map(|length| format!("duration={length}"))).collect()
    }
}

/// What is to be noticed, for people.
fn noticed(insights: &[Insight]) -> String {
    let mut text = String::from("\nwhat to notice\n");
    if insights.is_empty() {
        text.push_str("  nothing: no consumer is near its limit, and no event is lost, late or out of order\n");
    }
    for insight in insights {
        let at = insight.at.map(|at| format!(", from {at} on")).unwrap_or_default();
        text.push_str(&format!("  {}{at}\n    {}\n", insight.title, insight.evidence));
    }
    text
}

/// The same for programs.
fn told(insight: &Insight, script: &Script) -> serde_json::Value {
    serde_json::json!({
        "weight": format!("{:?}", insight.weight).to_lowercase(),
        "title": insight.title,
        "evidence": insight.evidence,
        "at": insight.at.map(Time::seconds),
        "node": insight.node.map(|node| script.plan.nodes[node.index()].name.clone()),
    })
}

fn bad(problems: Vec<Problem>) -> Exit {
    report(&problems);
    Exit::BadInput
}
