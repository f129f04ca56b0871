//! What is kept of runs, beside the scenario: recordings, pictures, tables.

use super::{Level, Question, Session, source_of};
use crate::app::document::Document;
use crate::app::files::{self, Home};
use crate::figures;
use crate::run::source::MARKS;
use crate::run::verdict::verify;
use crate::run::{Source, headless};
use crate::scenario::intervention::Intervention;
use crate::scenario::recording::Recording;
use crate::scenario::{self, Problem};
use crate::time::{Span, Time};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Session {
    /// Opens the scenario of a recording, to be run again with everything that was changed on the way.
    pub(super) fn open_recording(&mut self, text: &str, path: &Path) {
        let shown = files::shown(path);
        let recording = match Recording::read(text, &shown) {
            Ok(recording) => Arc::new(recording),
            Err(problems) => {
                self.question = Some(Question::Broken { file: shown, problems });
                return;
            }
        };
        match scenario::read(&recording.scenario, &recording.name) {
            Ok(mut scenario) => {
                scenario.seed = recording.seed;
                self.settings.note(path);
                self.replace(Document::new(scenario, recording.scenario.clone(), Home::Recorded(Arc::clone(&recording))), false);
                let version = env!("CARGO_PKG_VERSION");
                match recording.tidemill == version {
                    true => {
                        let changes = figures::counted(recording.interventions.len() as u64, "change");
                        self.tell(Level::Info, format!("A recording of {} with {changes} on the way", recording.name));
                    }
                    false => {
                        let then = &recording.tidemill;
                        self.tell(
                            Level::Info,
                            format!("Recorded with Tidemill {then}, this is {version}: whether the run is still the same is found out"),
                        );
                        self.verify();
                    }
                }
            }
            Err(problems) => self.question = Some(Question::Broken { file: recording.name.clone(), problems }),
        }
    }

    /// Writes a recording of the branch that is shown, as far as it was simulated, on a thread of its own: the run is made again for it.
    pub(super) fn save_recording(&mut self) {
        let (Some(frame), Some(document)) = (self.frame(), &self.document) else { return };
        let source = source_of(document);
        let interventions = frame.past.here().map(|branch| branch.interventions.clone()).unwrap_or_default();
        let stem = document.home.path().and_then(Path::file_stem).unwrap_or_default().to_string_lossy();
        let Some(path) = self.beside(&format!("{stem}.recording.ron")) else { return };
        let (seed, until) = (frame.seed, frame.past.recorded);
        self.on_a_thread(move || match record(&source, seed, &interventions, until, &path) {
            Ok(()) => (Level::Info, format!("Recorded in {}", files::shown(&path))),
            Err(why) => (Level::Error, format!("The recording could not be written: {why}")),
        });
    }

    /// Runs the open recording again on a thread of its own, and tells whether it is still the same.
    pub(super) fn verify(&mut self) {
        let Some(Home::Recorded(recording)) = self.document.as_ref().map(|document| &document.home) else {
            return self.tell(Level::Warning, "What is open is no recording: there is nothing to verify");
        };
        let recording = Arc::clone(recording);
        self.on_a_thread(move || match verify(&recording) {
            Ok(verdict) => match verdict.differs {
                None => (Level::Info, "The run is the recorded one, bit for bit".to_owned()),
                Some((from, to)) => {
                    let at = |span: Span| figures::seconds(span.seconds());
                    let words = format!("The run is NOT the recorded one: it begins to differ between {} and {}", at(from), at(to));
                    (
                        Level::Warning,
                        format!("{words}. Recorded with Tidemill {}, this is {}", recording.tidemill, env!("CARGO_PKG_VERSION")),
                    )
                }
            },
            Err(problems) => {
                let why = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                (Level::Warning, format!("The recorded run cannot be made again by this version: {why}"))
            }
        });
    }

    /// Does something that takes long; what it gives is told once it is done.
    fn on_a_thread(&mut self, work: impl FnOnce() -> (Level, String) + Send + 'static) {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.awaited.push(receiver);
        let wake = self.wake();
        std::thread::spawn(move || {
            // Fails only once the window is gone.
            let _ = sender.send(work());
            wake();
        });
    }

    /// Takes in what other threads have finished, and what the run could not do. Gives why changes on the way were not made, to be told by
    /// whoever asked for them or with [`Session::tell_refusal`].
    pub fn hear(&mut self) -> Vec<Arc<str>> {
        let refusals = self.hear_refusals();
        let mut told = Vec::new();
        self.awaited.retain(|receiver| match receiver.try_recv() {
            Ok(said) => {
                told.push(said);
                false
            }
            Err(error) => error == std::sync::mpsc::TryRecvError::Empty,
        });
        told.into_iter().for_each(|(level, text)| self.tell(level, text));
        refusals
    }

    /// Writes something beside the scenario.
    pub(super) fn save_beside(&mut self, name: &str, bytes: &[u8]) {
        let Some(path) = self.beside(name) else { return };
        match std::fs::write(&path, bytes) {
            Ok(()) => self.tell(Level::Info, format!("Saved {}", files::shown(&path))),
            Err(why) => self.tell(Level::Error, format!("{} cannot be saved: {}", files::shown(&path), crate::files::reason(&why))),
        }
    }

    /// A path beside the scenario that nothing has yet, so that nothing is overwritten. A scenario that is in no file has none.
    fn beside(&mut self, name: &str) -> Option<PathBuf> {
        let Some(folder) = self.document.as_ref().and_then(|d| d.home.path()).and_then(Path::parent) else {
            self.tell(Level::Warning, "Save the scenario first: what is kept of its runs goes beside its file");
            return None;
        };
        let (stem, ends) = name.split_once('.').unwrap_or((name, ""));
        let mut names = std::iter::once(name.to_owned()).chain((2..).map(|i| format!("{stem} {i}.{ends}")));
        names.by_ref().map(|name| folder.join(name)).find(|path| !path.exists())
    }
}

fn record(source: &Source, seed: u64, interventions: &[Intervention], until: Time, path: &Path) -> Result<(), String> {
    let first = |problems: Vec<Problem>| problems.first().map(|p| p.message.clone()).unwrap_or_default();
    let script = source.script(Some(seed), interventions).map_err(first)?;
    let (finished, trail) = headless::follow_marked(&script, until, MARKS, &mut |_| {});
    let recording = source.recording(&finished, &trail, interventions)?;
    crate::files::save(path, &recording.write()).map_err(|error| crate::files::reason(&error))
}
