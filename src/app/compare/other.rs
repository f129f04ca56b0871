//! Another scenario, or a recording of another run, to compare with.

use crate::app::files::{self, Home};
use crate::run::{Rival, Source};
use crate::scenario::recording::Recording;
use crate::scenario::write::{Differing, differences};
use crate::scenario::{self, Problem, Scenario};
use std::path::Path;
use std::sync::Arc;

/// What the open scenario is compared with.
#[derive(Clone, Debug)]
pub struct Other {
    /// What it is called: its file.
    pub name: String,
    /// What is drawn of it.
    pub scenario: Scenario,
    /// In what it differs from the open scenario.
    pub differs: Vec<Differing>,
    /// With which seed it runs.
    pub seed: u64,
}

/// Reads a scenario or a recording from a file, to run beside the open one. A scenario runs with `seed`, so that both have the same luck;
/// a recording with its own, as it was recorded.
///
/// # Errors
/// What is wrong with it.
pub fn read(path: &Path, seed: u64) -> Result<(Other, Rival), Vec<Problem>> {
    let shown = files::shown(path);
    let bytes = crate::files::bytes(path).map_err(|why| vec![Problem::of_file(&shown, crate::files::reason(&why), None)])?;
    let text = scenario::read::text(&bytes, &shown)?;
    let (source, seed, interventions) = if Recording::is_one(&text) {
        let recording = Recording::read(&text, &shown)?;
        (Source::of(&recording), recording.seed, recording.interventions)
    } else {
        (Source { text, name: shown.clone(), files: Arc::new(Home::File(path.to_path_buf())) }, seed, Vec::new())
    };
    let script = source.script(Some(seed), &interventions)?;
    let scenario = scenario::read(&source.text, &source.name)?;
    let name = path.file_name().map_or(shown.clone(), |name| name.to_string_lossy().into_owned());
    let other = Other { name: name.clone(), scenario, differs: Vec::new(), seed };
    Ok((other, Rival::Other { name, script: Arc::new(script), interventions }))
}

impl Other {
    /// Looks again at what differs from the open scenario.
    pub fn look(&mut self, open: &Scenario) {
        self.differs = differences(open, &self.scenario);
        // The seed that counts is the one it runs with.
        self.differs.retain(|differing| differing.path != "seed");
    }
}

/// A differing setting in words, the open scenario's first.
pub fn words(differing: &Differing) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    format!("{}: {} here, {} there", differing.path, side(&differing.a), side(&differing.b))
}
