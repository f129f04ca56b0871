//! The scenario that is open: its text, its place, its past, what is wrong with it, and the last version that could run.

use super::action::Selection;
use super::edit::Edit;
use super::files::Home;
use super::history::History;
use crate::scenario::check::Finding;
use crate::scenario::{self, Plan, Scenario, Severity};
use std::sync::Arc;

/// How many steps can be taken back.
const STEPS: usize = 200;

/// An open scenario.
#[derive(Debug)]
pub struct Document {
    /// As it is now.
    pub scenario: Scenario,
    /// Where it lives.
    pub home: Home,
    /// The text as last read or written, with its comments; empty if there is none.
    pub original: String,
    /// What is selected.
    pub selection: Selection,
    /// What is wrong, or probably not meant; during a lesson without what would give its answers away.
    pub findings: Vec<Finding>,
    /// All that was found.
    found: Vec<Finding>,
    /// A lesson on it is under way.
    taught: bool,
    /// The last version that could run.
    pub plan: Option<Arc<Plan>>,
    saved: Scenario,
    dirty: bool,
    /// Counts the changes.
    revision: u64,
    history: History<Scenario>,
}

/// What a change means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The run goes on as it is.
    None,
    /// There is a new plan to run.
    NewPlan,
}

impl Document {
    /// Opens a scenario.
    pub fn new(scenario: Scenario, original: String, home: Home) -> Document {
        let mut document = Document {
            saved: scenario.clone(),
            scenario,
            home,
            original,
            selection: Selection::default(),
            findings: Vec::new(),
            found: Vec::new(),
            taught: false,
            plan: None,
            dirty: false,
            revision: 1,
            history: History::new(STEPS),
        };
        document.check();
        document
    }

    /// Whether there is work that is in no file.
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    /// Whether this is another scenario than the one that was saved.
    pub fn differs(&self, scenario: &Scenario) -> bool {
        *scenario != self.saved
    }

    /// Another number after every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether what is on the canvas is what runs (or would, on play).
    pub fn runnable(&self) -> bool {
        !self.findings.iter().any(|f| f.severity == Severity::Error)
    }

    /// What undo would take back.
    pub fn undo_label(&self) -> Option<&str> {
        self.history.undo_label()
    }

    /// What redo would do again.
    pub fn redo_label(&self) -> Option<&str> {
        self.history.redo_label()
    }

    /// How many edits lie behind.
    pub fn depth(&self) -> u64 {
        self.history.depth()
    }

    /// Changes the scenario; an edit that changes nothing leaves no step behind.
    pub fn edit(&mut self, edit: &Edit) -> Result<Effect, String> {
        let mut next = self.scenario.clone();
        edit.apply(&mut next)?;
        if next == self.scenario {
            return Ok(Effect::None);
        }
        let before = std::mem::replace(&mut self.scenario, next);
        let effect = self.changed(&before);
        self.follow(edit, &before);
        self.history.push(edit.label(), before);
        Ok(effect)
    }

    /// Takes back the last edit; its label, if there was one.
    pub fn undo(&mut self) -> Option<(String, Effect)> {
        self.history.undo_label()?;
        let (label, value) = self.history.undo(self.scenario.clone())?;
        Some((label, self.put(value)))
    }

    /// Does again what was taken back.
    pub fn redo(&mut self) -> Option<(String, Effect)> {
        self.history.redo_label()?;
        let (label, value) = self.history.redo(self.scenario.clone())?;
        Some((label, self.put(value)))
    }

    /// The scenario was written as `text` to `home`.
    pub fn saved(&mut self, text: String, home: Home) {
        let moved = self.home != home;
        self.original = text;
        self.home = home;
        self.saved = self.scenario.clone();
        self.dirty = false;
        if moved {
            // Trace files are looked for in another folder now.
            self.check();
        }
    }

    /// Nothing is selected that is not there. Notes and frames are known by their position, which may be another's once one of them is gone.
    fn forget_what_is_gone(&mut self, before: &Scenario) {
        let (scenario, selection) = (&self.scenario, &mut self.selection);
        selection.nodes.retain(|id| scenario.nodes.iter().any(|n| n.id() == id));
        selection.note.take_if(|_| scenario.notes.len() < before.notes.len());
        selection.group.take_if(|_| scenario.groups.len() < before.groups.len());
    }

    /// The file was read again: `text`, which says `scenario`. What was here before can be had back by undo.
    pub fn reload(&mut self, text: String, scenario: Scenario) -> Effect {
        self.saved = scenario.clone();
        self.original = text;
        let effect = self.edit(&Edit::SetScenario { label: "Reload file".to_owned(), scenario: Box::new(scenario) });
        self.dirty = self.scenario != self.saved;
        effect.unwrap_or(Effect::None)
    }

    fn put(&mut self, value: Scenario) -> Effect {
        let before = std::mem::replace(&mut self.scenario, value);
        let effect = self.changed(&before);
        let known: Vec<&str> = self.scenario.nodes.iter().map(|n| n.id()).collect();
        self.selection.nodes.retain(|id| known.contains(&id.as_str()));
        self.selection = Selection::nodes(std::mem::take(&mut self.selection.nodes));
        effect
    }

    fn changed(&mut self, before: &Scenario) -> Effect {
        self.dirty = self.scenario != self.saved;
        self.revision += 1;
        if !runs_alike(before, &self.scenario) {
            return self.check();
        }
        if (&before.lesson, &before.expect) != (&self.scenario.lesson, &self.scenario.expect) {
            // The run is the same; what is said or expected of it is not, and may be wrong.
            let ran = self.runnable();
            let effect = self.check();
            return if ran { Effect::None } else { effect };
        }
        Effect::None
    }

    fn check(&mut self) -> Effect {
        match scenario::check(&self.scenario, &self.home) {
            Ok((plan, findings)) => {
                self.plan = Some(Arc::new(plan));
                self.find(findings);
                Effect::NewPlan
            }
            Err(findings) => {
                self.find(findings);
                Effect::None
            }
        }
    }

    fn find(&mut self, findings: Vec<Finding>) {
        self.found = findings;
        self.tell();
    }

    /// Of what was found, what is told: a learner is to find out what the linter knows, and a lesson's own faults are its author's.
    fn tell(&mut self) {
        let told = |f: &&Finding| f.severity == Severity::Error || f.lint.is_none() && !f.path.starts_with("lesson");
        self.findings = self.found.iter().filter(|f| !self.taught || told(f)).cloned().collect();
    }

    /// Whether a lesson on it is under way.
    pub fn taught(&self) -> bool {
        self.taught
    }

    /// A lesson on it begins or ends; see [`Document::findings`].
    pub fn teach(&mut self, taught: bool) {
        self.taught = taught;
        self.tell();
    }

    /// The selection goes with what was done.
    fn follow(&mut self, edit: &Edit, before: &Scenario) {
        match edit {
            Edit::Rename { from, to } => {
                if self.selection.nodes.remove(from) {
                    self.selection.nodes.insert(to.clone());
                }
                self.selection.connection = None;
            }
            Edit::Delete { .. } => self.selection = Selection::default(),
            Edit::SetScenario { .. } => self.forget_what_is_gone(before),
            _ => {}
        }
    }
}

/// Whether two scenarios are one run: they differ at most in places on the canvas and in what is only said about them.
fn runs_alike(a: &Scenario, b: &Scenario) -> bool {
    let bare = |scenario: &Scenario| {
        let mut bare = scenario.clone();
        bare.name.clear();
        bare.about.clear();
        bare.groups.clear();
        bare.notes.clear();
        bare.lesson = None;
        bare.expect.clear();
        for node in &mut bare.nodes {
            node.set_at((0.0, 0.0));
        }
        bare
    };
    bare(a) == bare(b)
}
