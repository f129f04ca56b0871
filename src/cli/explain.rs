//! `tidemill explain`: what a warning is about.

use super::{Exit, complain, print};
use crate::scenario::lint::{LINTS, lint, near};

/// Explain a lint, or list them all.
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Its id, as in `warning[unstable-node]`.
    lint: Option<String>,
}

impl Explain {
    /// Prints the explanation.
    pub fn execute(&self) -> Exit {
        let Some(id) = &self.lint else {
            let wide = LINTS.iter().map(|lint| lint.id.len()).max().unwrap_or(0);
            return print(&LINTS.iter().map(|lint| format!("{:wide$}  {}\n", lint.id, lint.line)).collect::<String>());
        };
        match lint(id) {
            Some(lint) => print(&format!("{}: {}\n\n{}\n", lint.id, lint.line, lint.explanation)),
            None => {
                let near = near(id).map_or_else(|| "`tidemill explain` lists them all".to_owned(), |it| format!("did you mean `{it}`?"));
                complain(&format!("there is no lint `{id}`; {near}"))
            }
        }
    }
}
