//! `tidemill check`: scenarios as tests.

use super::progress::Runs;
use super::{Exit, ONCE, complain, junit, output, print, report, table};
use crate::files::{self, Folder};
use crate::lesson::{self, Case};
use crate::record::report::ExpectationReport;
use crate::run::sweep::WHOLE;
use crate::run::{headless, parallel};
use crate::scenario::read::Loaded;
use crate::scenario::{Files, Problem, Severity};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Check scenarios.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Scenario files, and folders to look for them in.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
    /// Write the outcome as JUnit XML, for continuous integration: a suite per file, a case per expectation.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Files checked at the same time; by default as many as there are cores. Results do not depend on it.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    jobs: Option<NonZeroUsize>,
}

/// What came of one file.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) file: String,
    /// `holds`, `fails`, `bad input` or `stopped`.
    pub(super) result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    warnings: Vec<String>,
    pub(super) errors: Vec<String>,
    pub(super) expectations: Vec<ExpectationReport>,
    /// By step of its lesson, and for the challenge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lesson: Vec<Case>,
}

impl Check {
    /// Checks everything and prints what came of it.
    pub fn execute(&self) -> Exit {
        let files = match found(&self.paths) {
            Ok(files) => files,
            Err(message) => return complain(&message),
        };
        if let Err(exit) = output::look(self.junit.as_deref(), &files) {
            return exit;
        }
        let progress = Runs::new("check", files.len());
        let checked = parallel::map(&files, self.jobs.unwrap_or_else(parallel::cores), |file| check(file, &|done| progress.add(done)));
        drop(progress);
        let worst = checked.iter().fold(Exit::Fine, |worst, (exit, ..)| worst.worse(*exit));
        let (outcomes, problems): (Vec<Outcome>, Vec<Vec<Problem>>) =
            checked.into_iter().map(|(_, outcome, problems)| (outcome, problems)).unzip();
        let told = if self.json { told_as_json(&outcomes) } else { told(&outcomes, &problems) };
        let saved = self.junit.as_deref().map_or(Exit::Fine, |file| junit::write(file, &outcomes));
        worst.worse(told).worse(saved)
    }
}

/// Prints a line or more per file, and how many hold.
fn told(outcomes: &[Outcome], problems: &[Vec<Problem>]) -> Exit {
    let mut told = Exit::Fine;
    for (outcome, problems) in outcomes.iter().zip(problems) {
        report(problems);
        if told == Exit::Fine {
            told = print(&line(outcome));
        }
    }
    if outcomes.len() > 1 && told == Exit::Fine {
        let fine = outcomes.iter().filter(|outcome| outcome.result == "holds").count();
        told = print(&format!("{fine} of {} scenarios hold\n", outcomes.len()));
    }
    told
}

fn told_as_json(outcomes: &[Outcome]) -> Exit {
    match serde_json::to_string(&serde_json::json!({ "files": outcomes })) {
        Ok(text) => print(&(text + "\n")),
        Err(error) => complain(&format!("the outcome cannot be written as JSON: {error}")),
    }
}

/// All scenario files named or found in folders, in order.
fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    if paths.iter().filter(|path| path.as_path() == Path::new("-")).count() > 1 {
        return Err(ONCE.to_owned());
    }
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            search(path, &mut files)?;
            if files.len() == before {
                return Err(format!("there is no scenario file (*.ron) in `{}`", path.display()));
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn search(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot look into `{}`: {error}", folder.display());
    let mut entries = std::fs::read_dir(folder).map_err(cannot)?.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        // Links are not followed: they may lead in circles.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "ron") {
            files.push(path);
        }
    }
    Ok(())
}

fn check(file: &Path, progress: &dyn Fn(u64)) -> (Exit, Outcome, Vec<Problem>) {
    let mut outcome = Outcome {
        file: file.display().to_string(),
        result: "bad input",
        fingerprint: None,
        warnings: Vec::new(),
        errors: Vec::new(),
        expectations: Vec::new(),
        lesson: Vec::new(),
    };
    let loaded = match files::open(file).and_then(lesson_is_right) {
        Ok(loaded) => loaded,
        Err(problems) => {
            progress(WHOLE);
            outcome.errors = problems.iter().map(ToString::to_string).collect();
            return (Exit::BadInput, outcome, problems);
        }
    };
    outcome.warnings = loaded.warnings.iter().map(ToString::to_string).collect();
    let plan = Arc::new(loaded.plan);
    // A lesson goes through several runs: it is half of the work where there is one.
    let share = if loaded.scenario.lesson.is_some() { WHOLE / 2 } else { WHOLE };
    let (end, mut told) = (plan.duration.seconds().max(1e-9), 0);
    let mut reach = |part: f64| {
        let reached = ((part * WHOLE as f64) as u64).clamp(told, WHOLE);
        progress(reached - told);
        told = reached;
    };
    let finished = headless::run(&plan, plan.seed, &mut |now| reach(now.seconds() / end * share as f64 / WHOLE as f64));
    let folder: Arc<dyn Files + Send + Sync> = Arc::new(Folder::of(file));
    outcome.lesson = lesson::check(&loaded.scenario, &folder, &mut |done, all| reach(0.5 + done as f64 / all as f64 / 2.0));
    progress(WHOLE - told);
    let figures = finished.report();
    outcome.fingerprint = Some(figures.fingerprint.clone());
    let holds = figures.holds() && outcome.lesson.iter().all(|case| case.holds);
    outcome.expectations = figures.expectations;
    let (exit, result) = match (figures.stopped, holds) {
        (Some(reason), _) => {
            outcome.errors.push(format!("stopped at {}: {reason}", finished.simulation.now()));
            (Exit::Stopped, "stopped")
        }
        (None, true) => (Exit::Fine, "holds"),
        (None, false) => (Exit::Failed, "fails"),
    };
    outcome.result = result;
    (exit, outcome, loaded.warnings)
}

/// What is wrong with a lesson keeps no scenario from running, but it is wrong.
fn lesson_is_right(mut loaded: Loaded) -> Result<Loaded, Vec<Problem>> {
    let of_lesson = |problem: &Problem| problem.path == "lesson" || problem.path.starts_with("lesson.");
    if !loaded.warnings.iter().any(of_lesson) {
        return Ok(loaded);
    }
    loaded.warnings.iter_mut().filter(|problem| of_lesson(problem)).for_each(|problem| problem.severity = Severity::Error);
    Err(loaded.warnings)
}

fn line(outcome: &Outcome) -> String {
    let mut text = format!("{:<9}  {}\n", outcome.result, outcome.file);
    if outcome.result == "stopped" {
        outcome.errors.iter().for_each(|error| text += &format!("           {error}\n"));
    }
    for expectation in outcome.expectations.iter().filter(|e| !e.holds) {
        text += &format!("           {}\n", table::expectation_line(expectation));
    }
    for case in &outcome.lesson {
        case.problems.iter().for_each(|problem| text += &format!("           lesson, {}: {problem}\n", case.name));
    }
    text
}
