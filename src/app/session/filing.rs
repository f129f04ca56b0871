//! Scenario files: opened, read again, brought back, saved.

use super::{Level, Question, Session};
use crate::app::action::Action;
use crate::app::document::Document;
use crate::app::edit::Edit;
use crate::app::files::{self, Home};
use crate::app::keep::{self, Found};
use crate::exchange;
use crate::scenario::document::Node;
use crate::scenario::recording::Recording;
use crate::scenario::shapes::Arrivals;
use crate::scenario::write::Rewritten;
use crate::scenario::{self, Files, Scenario};
use std::path::{Path, PathBuf};

/// What is said of unsaved work that was left behind when it was looked for, and is not any more.
const TAKEN: &str = "These changes are in another window by now, or gone. Look for them there";

impl Session {
    pub(super) fn open(&mut self, path: &Path) {
        let shown = files::shown(path);
        match crate::files::bytes(path) {
            Ok(bytes) => match scenario::read::text(&bytes, &shown) {
                Ok(text) if Recording::is_one(&text) => self.open_recording(&text, path),
                Ok(text) if exchange::is_known(&text) => self.import(&text, &shown),
                Ok(text) => self.open_text(&text, Home::File(path.to_path_buf()), &shown, false),
                Err(problems) => self.question = Some(Question::Broken { file: shown, problems }),
            },
            Err(why) => {
                self.settings.recent.retain(|known| known != path);
                self.tell(Level::Error, format!("{shown} cannot be opened: {}", crate::files::reason(&why)));
            }
        }
    }

    /// Opens a text whose form is right, even if it cannot run yet: a half-finished scenario must open again.
    pub(super) fn open_text(&mut self, text: &str, home: Home, called: &str, play: bool) {
        match scenario::read(text, called) {
            Ok(scenario) => {
                let mut unsaved = Found::default();
                if let Some(path) = home.path() {
                    self.settings.note(path);
                    unsaved = keep::found(path, &scenario);
                }
                self.replace(Document::new(scenario, text.to_owned(), home), play);
                self.question = unsaved.left.map(Question::Recover);
                if unsaved.elsewhere {
                    let next = "Save them there first: then they can be loaded here";
                    self.tell(Level::Warning, format!("{called} is open in another window, with changes that are in no file. {next}"));
                }
            }
            Err(problems) => self.question = Some(Question::Broken { file: called.to_owned(), problems }),
        }
    }

    /// Brings unsaved work back, as an edit: undo shows what was saved.
    pub(super) fn recover(&mut self, copy: &Path) {
        self.left_behind.retain(|(known, _)| known != copy);
        let Some(kept) = keep::kept(copy).filter(|_| !crate::files::is_held(copy)) else {
            return self.tell(Level::Warning, TAKEN);
        };
        if self.document.as_ref().is_none_or(|d| d.home.path().is_none()) {
            self.replace(Document::new(Scenario::default(), String::new(), Home::Nowhere), false);
        }
        // After the copy of what was open before has gone.
        if !self.keep.adopt(copy) {
            return self.tell(Level::Warning, TAKEN);
        }
        let label = "Recover unsaved changes".to_owned();
        self.apply(Action::Edit(Edit::SetScenario { label, scenario: Box::new(kept) }));
        self.fit = true;
    }

    /// Throws unsaved work away that was left behind.
    pub(super) fn give_up(&mut self, copy: &Path) {
        self.left_behind.retain(|(known, _)| known != copy);
        if !keep::discard(copy) {
            self.tell(Level::Warning, TAKEN);
        }
    }

    pub(super) fn reload(&mut self, path: &Path, text: String) {
        let scenario = match scenario::read(&text, &files::shown(path)) {
            Ok(scenario) => scenario,
            Err(problems) => {
                self.question = Some(Question::Broken { file: files::shown(path), problems });
                return;
            }
        };
        // Its scenario is not the file's any more.
        self.leave_lesson();
        if let Some(document) = &mut self.document {
            let effect = document.reload(text, scenario);
            self.take_effect(effect);
        }
    }

    /// Whether what is on the canvas is a lesson's, so that saving it would write over the scenario that the lesson is about.
    pub(super) fn is_a_step(&mut self) -> bool {
        if self.course.is_some() {
            self.tell(
                Level::Warning,
                "Not saved: what is on the canvas is a step of the lesson. Leave the lesson, and your scenario is back to be saved; \
                 undo then brings back what you did in the lesson",
            );
        }
        self.course.is_some()
    }

    /// Saves; `over` says that what is in the file already may go.
    pub(super) fn save(&mut self, named: PathBuf, over: bool) {
        self.question = None;
        let path = files::with_ending(named.clone());
        let format = path.extension().zip(self.document.as_ref());
        if let Some(format) = format.and_then(|(extension, document)| exchange::by_extension(&document.scenario, extension.to_str()?)) {
            // What was to come after saving would be a surprise later: by this the scenario is not safe.
            self.then = None;
            return self.export(&path, format);
        }
        if self.is_a_step() {
            return;
        }
        let Some(document) = &mut self.document else { return };
        let same_place = document.home.path() == Some(&path);
        if same_place && !over && changed_since(&path, &document.original) {
            self.question = Some(Question::ChangedOnDisk(path));
            return;
        }
        // Whoever named it without its ending was not shown that it is there.
        if path != named && !same_place && !over && path.exists() {
            self.question = Some(Question::Exists(path));
            return;
        }
        let rewritten = match document.original.as_str() {
            "" => Rewritten { text: scenario::write(&document.scenario), displaced: Vec::new() },
            original => scenario::write_over(&document.scenario, original),
        };
        let home = Home::File(path.clone());
        let along = take_files_along(&document.scenario, &document.home, &path);
        if let Err(why) = crate::files::save(&path, &rewritten.text) {
            self.then = None;
            let (shown, why) = (files::shown(&path), crate::files::reason(&why));
            self.tell(Level::Error, format!("{shown} cannot be saved: {why}. Nothing is lost: save it somewhere else"));
            return;
        }
        document.saved(rewritten.text, home);
        self.settings.note(&path);
        self.tell_saved(&path, &along, rewritten.displaced.len());
        if let Some(then) = self.then.take() {
            self.apply(then);
        }
    }

    /// Says what was saved, and where somebody has to see to something.
    fn tell_saved(&mut self, path: &Path, along: &Along, displaced: usize) {
        let beside = match along.copied.as_slice() {
            [] => String::new(),
            names => format!(", and {} beside it", names.join(", ")),
        };
        self.tell(Level::Info, format!("Saved {}{beside}", files::shown(path)));
        match displaced {
            0 => {}
            1 => self.tell(Level::Warning, "One comment belonged to something that is gone: it stands at the end of the file now"),
            n => self.tell(Level::Warning, format!("{n} comments belonged to things that are gone: they stand at the end of the file now")),
        }
        for (name, why) in &along.failed {
            self.tell(Level::Warning, format!("{name} could not be copied beside the scenario: {why}. Put it there by hand"));
        }
    }
}

/// Whether a file is no longer what was read from it or written to it. One that is gone can simply be written again.
fn changed_since(path: &Path, original: &str) -> bool {
    match crate::files::text(path) {
        Ok(now) => now != original,
        Err(_) => path.exists(),
    }
}

/// What became of the trace files of a scenario that was saved elsewhere.
#[derive(Default)]
struct Along {
    /// The names of those that were copied.
    copied: Vec<String>,
    /// Those that could not be, and why.
    failed: Vec<(String, String)>,
}

/// Copies trace files beside the place where the scenario goes, where there are none of that name yet.
fn take_files_along(scenario: &Scenario, from: &Home, to: &Path) -> Along {
    let folder = to.parent().unwrap_or(Path::new(""));
    let mut along = Along::default();
    for name in traces(scenario) {
        let target = folder.join(name);
        if target.exists() || Path::new(name).is_absolute() {
            continue;
        }
        match from.read(name).and_then(|text| crate::files::save(&target, &text).map_err(|why| crate::files::reason(&why))) {
            Ok(()) => along.copied.push(name.to_owned()),
            Err(why) => along.failed.push((name.to_owned(), why)),
        }
    }
    along
}

fn traces(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let producers = scenario.nodes.iter().filter_map(|n| if let Node::Producer(p) = n { Some(p) } else { None });
    producers.flat_map(|p| &p.emits).filter_map(|e| if let Arrivals::Trace(name) = &e.arrivals { Some(name.as_str()) } else { None })
}
