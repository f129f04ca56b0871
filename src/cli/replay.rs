//! `tidemill replay`.

use super::progress::Progress;
use super::{Exit, complain, note, print, report, table};
use crate::files;
use crate::run::Source;
use crate::run::verdict::{self, Verdict};
use crate::scenario::recording::Recording;
use std::path::PathBuf;

/// Run a recording again and verify its fingerprint. Exit code 1 if the run is not the same, 2 on bad input.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The recording; `-` reads it from standard input.
    recording: PathBuf,
    /// Print one JSON object and nothing else: the report of the run, with what became of the recording under `recording`.
    #[arg(long)]
    json: bool,
}

impl Replay {
    /// Runs the recording and says whether it is the same run.
    pub fn execute(&self) -> Exit {
        let recording = match self.read() {
            Ok(recording) => recording,
            Err(exit) => return exit,
        };
        let this = env!("CARGO_PKG_VERSION");
        if recording.tidemill != this {
            note(&format!("recorded with Tidemill {}, this is {this}: models may have changed", recording.tidemill));
        }
        let script = match Source::of(&recording).script(Some(recording.seed), &recording.interventions) {
            Ok(script) => script,
            Err(problems) => {
                report(&problems);
                return Exit::BadInput;
            }
        };
        let progress = Progress::new(&script.plan.name, recording.end());
        let (finished, verdict) = verdict::follow(&recording, &script, &mut |now| progress.at(now));
        drop(progress);
        let verdict = Told(verdict);
        let told = if self.json {
            let mut object = serde_json::to_value(finished.report()).unwrap_or_default();
            object["recording"] = verdict.json(&recording);
            print(&format!("{object}\n"))
        } else {
            print(&(table::of(&finished.report()) + &verdict.text(&recording)))
        };
        told.worse(if verdict.0.same() { Exit::Fine } else { Exit::Failed })
    }

    fn read(&self) -> Result<Recording, Exit> {
        let bad = |problems: Vec<crate::scenario::Problem>| {
            report(&problems);
            Exit::BadInput
        };
        let text = files::text(&self.recording).map_err(bad)?;
        let name = self.recording.display().to_string();
        if !Recording::is_one(&text) {
            return Err(complain(&format!("{name} is no recording: `tidemill run {name} --record FILE` makes one of a scenario")));
        }
        Recording::read(&text, &name).map_err(bad)
    }
}

/// What became of a recording, for programs and for people.
struct Told(Verdict);

impl Told {
    fn json(&self, recording: &Recording) -> serde_json::Value {
        serde_json::json!({
            "same": self.0.same(),
            "recorded_with": recording.tidemill,
            "recorded_fingerprint": String::from(recording.fingerprint),
            "fingerprint": String::from(self.0.found),
            "differs_between": self.0.differs.map(|(from, to)| [from.seconds(), to.seconds()]),
        })
    }

    fn text(&self, recording: &Recording) -> String {
        let (then, now) = (String::from(recording.fingerprint), String::from(self.0.found));
        match self.0.differs {
            None => format!("\nthe same run as recorded, bit for bit: {now}\n"),
            Some((from, to)) => format!(
                "\nNOT the same run as recorded: {now} instead of {then}\n  it begins to differ between {} and {}\n  recorded with \
                 Tidemill {}, this is {}\n",
                crate::figures::seconds(from.seconds()),
                crate::figures::seconds(to.seconds()),
                recording.tidemill,
                env!("CARGO_PKG_VERSION")
            ),
        }
    }
}
