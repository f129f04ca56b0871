//! `tidemill bench`: fixed workloads, measured with what ships.

mod engine;
mod growth;
mod memory;
mod outcome;
mod seek;
mod spread;
#[cfg(feature = "gui")]
mod window;
mod workloads;

use super::{Exit, complain, note, print};
use serde_json::Value;

/// Measure.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// What to measure.
    #[arg(value_enum)]
    what: Part,
    /// Print one JSON object and nothing else.
    #[arg(long)]
    json: bool,
    /// Far smaller workloads: shows that everything works, not how fast it is.
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Part {
    /// The simulation.
    Engine,
    /// What a delivery costs as something grows that has no part in it: partitions, bindings, rules and so on.
    Growth,
    /// Building and tessellating the window's pictures, without a GPU.
    Window,
    /// Going to moments of a long recorded run.
    Seek,
}

impl Bench {
    /// Measures and prints.
    pub fn execute(&self) -> Exit {
        if cfg!(debug_assertions) {
            note("this is a debug build; for figures that mean something build with `--release`");
        }
        let measured = match self.what {
            Part::Engine => engine::measure(self.quick).map(|figures| if self.json { line(&figures.json()) } else { figures.text() }),
            Part::Growth => growth::measure(self.quick).map(|figures| if self.json { line(&figures.json()) } else { figures.text() }),
            Part::Window => self.window(),
            Part::Seek => seek::measure(self.quick).map(|figures| if self.json { line(&figures.json()) } else { figures.text() }),
        };
        match measured {
            Ok(text) => print(&text),
            Err(message) => complain(&message),
        }
    }

    #[cfg(feature = "gui")]
    fn window(&self) -> Result<String, String> {
        window::measure(self.quick).map(|figures| if self.json { line(&figures.json()) } else { figures.text() })
    }

    #[cfg(not(feature = "gui"))]
    fn window(&self) -> Result<String, String> {
        Err("this build has no window to measure; build with the `gui` feature".to_owned())
    }
}

fn line(object: &Value) -> String {
    format!("{object}\n")
}
