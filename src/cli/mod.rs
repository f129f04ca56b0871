//! The headless commands. Results go to standard output, messages and progress to standard error.

mod bench;
mod check;
mod compare;
pub mod conform;
mod exchange;
mod explain;
mod junit;
mod kept;
mod output;
mod parts;
mod progress;
mod replay;
mod replicas;
mod run;
mod sweep;
mod table;

use crate::files;
use crate::scenario::{Problem, read, set};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// How a command ended; the numbers are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// Expectations failed.
    Failed = 1,
    /// Bad input or usage, or a result that could not be written.
    BadInput = 2,
    /// A limit stopped a run.
    Stopped = 3,
}

/// Why there cannot be two files called `-`.
const ONCE: &str = "standard input, `-`, can be read only once: name a file";

impl Exit {
    /// Of two, the one that a person should hear of: bad input outweighs a stopped run, which outweighs a failed expectation.
    #[must_use]
    fn worse(self, other: Exit) -> Exit {
        let weight = |exit: &Exit| [Exit::Fine, Exit::Failed, Exit::Stopped, Exit::BadInput].iter().position(|known| known == exit);
        std::cmp::max_by_key(self, other, weight)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A desktop workbench for event-driven architecture: draw producers, brokers and consumers, simulate the event flow, see what
/// happens.
#[derive(Debug, Parser)]
#[command(name = "tidemill", version, max_term_width = 110)]
struct Arguments {
    /// Without a command: the window, on the last scenario or the welcome screen.
    #[command(subcommand)]
    command: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Open the window on a scenario or a recording.
    Open {
        /// The scenario or recording file.
        file: PathBuf,
    },
    /// Run a scenario without a window and print what came of it. Exit code 1: an expectation failed, 2: bad input, 3: a limit stopped
    /// the run.
    Run(run::Run),
    /// Run a recording again and verify that it is the same run, bit for bit. Exit code 1: it is not, 2: bad input.
    Replay(replay::Replay),
    /// Read, check and run scenarios and test what they expect. Exit code 0: all hold, 1: some fail, 2: bad input, 3: a limit
    /// stopped a run.
    Check(check::Check),
    /// Run a scenario for every combination of values and print a table with confidence intervals. Exit code 2: bad input, 3: a limit
    /// stopped a run.
    Sweep(sweep::Sweep),
    /// Run two scenarios under the same seeds and print their figures side by side, with the difference. Exit code 2: bad input, 3: a
    /// limit stopped a run.
    Compare(compare::Compare),
    /// Run rows of observed behaviour against the model of a broker. Exit code 0: all pass, 1: some fail, 2: bad input.
    Conform(conform::Conform),
    /// Make a scenario of another tool's file: RabbitMQ definitions or a CloudFormation template. Exit code 2: bad input.
    Import(exchange::Import),
    /// Write brokers of a scenario for another tool: RabbitMQ definitions or a CloudFormation template. Exit code 2: bad input.
    Export(exchange::Export),
    /// Explain a warning by the id in its brackets, or list them all.
    Explain(explain::Explain),
    /// Measure how fast this machine simulates, or builds the pictures of the window.
    Bench(bench::Bench),
}

/// The whole program.
pub fn main() -> ExitCode {
    let exit = match Arguments::parse().command {
        Some(What::Run(run)) => run.execute(),
        Some(What::Replay(replay)) => replay.execute(),
        Some(What::Check(check)) => check.execute(),
        Some(What::Sweep(sweep)) => sweep.execute(),
        Some(What::Compare(compare)) => compare.execute(),
        Some(What::Conform(conform)) => conform.execute(),
        Some(What::Import(import)) => import.execute(),
        Some(What::Export(export)) => export.execute(),
        Some(What::Explain(explain)) => explain.execute(),
        Some(What::Bench(bench)) => bench.execute(),
        Some(What::Open { file }) => window(Some(file)),
        None => window(None),
    };
    exit.into()
}

#[cfg(feature = "gui")]
fn window(file: Option<PathBuf>) -> Exit {
    use crate::app::{Start, launch};
    match launch(file.map_or(Start::LastOrWelcome, Start::File)) {
        Ok(()) => Exit::Fine,
        Err(message) => complain(&message),
    }
}

#[cfg(not(feature = "gui"))]
fn window(_: Option<PathBuf>) -> Exit {
    complain("this build has no window; use `tidemill run FILE`, or build with the `gui` feature")
}

/// Prints an error line and gives the exit code that goes with it.
#[allow(clippy::print_stderr, reason = "this is the command line")]
fn complain(message: &str) -> Exit {
    eprintln!("error: {message}");
    Exit::BadInput
}

/// Prints problems; errors make bad input of it, warnings do not.
#[allow(clippy::print_stderr, reason = "this is the command line")]
fn report(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}

/// A scenario's text with values set one after the other, and what it is called in problems: their places are in no file then.
///
/// # Errors
/// What is wrong with the text itself, or with the first value that cannot be set.
fn changed(text: String, name: &str, changes: &[String]) -> Result<(String, String), Vec<Problem>> {
    if changes.is_empty() {
        return Ok((text, name.to_owned()));
    }
    read::read(&text, name)?;
    let text = changes.iter().try_fold(text, |text, change| set(&text, change))?;
    Ok((text, format!("{name} with {}", changes.join(", "))))
}

/// What is wrong with a `--figure`.
fn figure_problem(text: &str, (message, help): (String, Option<String>)) -> Problem {
    Problem::of_file(&format!("--figure {text}"), message, help)
}

/// Prints what is good to know.
#[allow(clippy::print_stderr, reason = "this is the command line")]
fn note(text: &str) {
    eprintln!("note: {text}");
}

/// Prints a result. A reader that has gone away (`| head`) is no error; that there is no room for it is.
#[must_use = "a result that nobody got is no success"]
fn print(text: &str) -> Exit {
    use std::io::{ErrorKind, Write, stdout};
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("the result cannot be written: {}", files::reason(&error)))
        }
        _ => Exit::Fine,
    }
}
