//! `tidemill export` and `tidemill import`.

use super::{Exit, complain, note, print, report};
use crate::exchange::{Exchanged, FORMATS};
use crate::files;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};

/// Write a scenario in the format of another tool.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The scenario file.
    file: PathBuf,
    /// The format.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS.iter().filter(|f| f.export.is_some()).map(|f| f.name)))]
    to: String,
    /// Write to this file in place of standard output.
    #[arg(short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Read what another tool wrote, and write it as a scenario.
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The file.
    file: PathBuf,
    /// Its format; by default what it looks like.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS.iter().filter(|f| f.import.is_some()).map(|f| f.name)))]
    from: Option<String>,
    /// Write to this file in place of standard output.
    #[arg(short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    /// Writes the scenario, and notes on what is not in it.
    pub fn execute(&self) -> Exit {
        let loaded = match files::open(&self.file) {
            Ok(loaded) => loaded,
            Err(problems) => {
                report(&problems);
                return Exit::BadInput;
            }
        };
        let format = FORMATS.iter().find(|format| format.name == self.to);
        let Some(export) = format.and_then(|format| format.export) else { return complain("this format cannot be written") };
        give(export(&loaded.scenario), &self.file, self.out.as_deref())
    }
}

impl Import {
    /// Writes the scenario, and notes on what was made up.
    pub fn execute(&self) -> Exit {
        let text = match files::text(&self.file) {
            Ok(text) => text,
            Err(problems) => {
                report(&problems);
                return Exit::BadInput;
            }
        };
        let format = match &self.from {
            Some(name) => FORMATS.iter().find(|format| format.name == *name),
            None => FORMATS.iter().find(|format| format.import.is_some() && (format.recognises)(&text)),
        };
        let Some(import) = format.and_then(|format| format.import) else {
            let names: Vec<&str> = FORMATS.iter().filter(|format| format.import.is_some()).map(|format| format.name).collect();
            return complain(&format!("`{}` looks like none of the formats that can be read: {}", self.file.display(), names.join(", ")));
        };
        give(import(&text), &self.file, self.out.as_deref())
    }
}

/// Prints or writes what came out.
fn give(result: Result<Exchanged, String>, from: &Path, out: Option<&Path>) -> Exit {
    let exchanged = match result {
        Ok(exchanged) => exchanged,
        Err(message) => return complain(&format!("`{}`: {message}", from.display())),
    };
    exchanged.notes.iter().for_each(|sentence| note(sentence));
    match out {
        None => print(&exchanged.text),
        Some(path) => {
            if let Err(error) = files::save(path, &exchanged.text) {
                return complain(&format!("cannot write `{}`: {}", path.display(), files::reason(&error)));
            }
        }
    }
    Exit::Fine
}
