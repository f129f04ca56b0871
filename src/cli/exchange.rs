//! `tidemill import` and `tidemill export`: other tools' formats.

use super::{Exit, complain, note, output, print, report};
use crate::exchange::{self, FORMATS};
use crate::files;
use crate::scenario::{NoFiles, read, write};
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};

/// Make a scenario of another tool's file. Exit code 2: bad input.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The file: what `rabbitmqctl export_definitions` wrote, or a CloudFormation template in JSON or YAML.
    file: PathBuf,
    /// Which virtual host of it.
    #[arg(long, value_name = "NAME")]
    vhost: Option<String>,
    /// Where to write the scenario instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Write a part of a scenario for another tool. Exit code 2: bad input.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The scenario file.
    file: PathBuf,
    /// The format.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    to: String,
    /// Which broker, if there are several.
    #[arg(long, value_name = "ID")]
    broker: Option<String>,
    /// Where to write it instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Import {
    /// Reads, converts, writes; what was not carried over goes to standard error.
    pub fn execute(&self) -> Exit {
        if let Err(exit) = output::look(self.output.as_deref(), std::slice::from_ref(&self.file)) {
            return exit;
        }
        let text = match files::text(&self.file) {
            Ok(text) => text,
            Err(problems) => {
                report(&problems);
                return Exit::BadInput;
            }
        };
        match exchange::import(&text, self.vhost.as_deref()) {
            Ok(carried) => self.deliver(&write(&carried.result), &carried.left),
            Err(message) => complain(&format!("`{}`: {message}", self.file.display())),
        }
    }

    /// What no other command would take is no scenario.
    fn deliver(&self, text: &str, left: &[String]) -> Exit {
        match read::load(text, &format!("what {} became", self.file.display()), &NoFiles) {
            Ok(_) => deliver(text, left, self.output.as_deref()),
            Err(problems) => {
                report(&problems);
                Exit::BadInput
            }
        }
    }
}

impl Export {
    /// Reads, converts, writes; what was not carried over goes to standard error.
    pub fn execute(&self) -> Exit {
        if let Err(exit) = output::look(self.output.as_deref(), std::slice::from_ref(&self.file)) {
            return exit;
        }
        let loaded = match files::open(&self.file) {
            Ok(loaded) => loaded,
            Err(problems) => {
                report(&problems);
                return Exit::BadInput;
            }
        };
        let Some(format) = FORMATS.iter().find(|format| format.name == self.to) else { return complain("this format is unknown") };
        match (format.export)(&loaded.scenario, self.broker.as_deref()) {
            Ok(carried) => deliver(&carried.result, &carried.left, self.output.as_deref()),
            Err(message) => complain(&format!("`{}`: {message}", self.file.display())),
        }
    }
}

fn deliver(text: &str, left: &[String], output: Option<&Path>) -> Exit {
    for line in left {
        note(&format!("not carried over: {line}"));
    }
    output.map_or_else(|| print(text), |file| output::save(file, text))
}
