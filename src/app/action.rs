//! What the person wants done. Panels and canvas only read and push actions; one place (`app::session`) applies them
//! after the frame was drawn, so nothing on screen changes halfway through.

use super::edit::Edit;
use crate::ids::EventId;
use crate::run::Command;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Action {
    /// Change the scenario; undoable.
    Edit(Edit),
    /// Take back the last edit.
    Undo,
    /// Do it again.
    Redo,
    /// Act on the run.
    Run(Command),
    /// Select exactly this.
    Select(Selection),
    /// Go back to the welcome screen (asks first if there is unsaved work).
    Welcome,
    /// A new, empty scenario.
    New,
    /// Show the dialog (or the path field) that asks which file to open.
    AskOpen,
    /// Open this file.
    Open(PathBuf),
    /// Open a scenario that ships with the program, by its name in the library.
    OpenShipped(&'static str),
    /// Save where it was opened from, or ask.
    Save,
    /// Ask where to save.
    AskSaveAs,
    /// Save here from now on.
    SaveAs(PathBuf),
    /// Change the look.
    Look(super::theme::Mode),
    /// Show the whole topology.
    FitView,
    /// Start placing a node of this kind from the palette: the next click on the canvas puts it there.
    Place(Option<Placing>),
    /// Put a node of this kind where there is room in what is seen; for hands without a pointer.
    PlaceInView(Placing),
    /// Go on in the inspector, at the settings of what is selected.
    Inspect,
    /// Close the window (asks first if there is unsaved work).
    Close,
    /// Answer the question that is open.
    Answer(Answer),
    /// Take this notice away.
    Dismiss(u64),
    /// Mark the moment that is shown.
    Mark,
    /// Write a file of this name beside the scenario.
    SaveBeside(String, Arc<[u8]>),
    /// Write a recording of the branch that is shown.
    SaveRecording,
    /// Show the journey of this event of the run.
    OpenJourney(EventId),
}

/// Answers to what the window asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Save, then go on.
    Save,
    /// Go on without saving.
    Discard,
    /// Stay.
    Cancel,
}

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Ids of nodes.
    pub nodes: BTreeSet<String>,
    /// A connection, if one is selected.
    pub connection: Option<Connection>,
}

impl Selection {
    /// One node and nothing else.
    pub fn node(id: &str) -> Selection {
        Selection { nodes: BTreeSet::from([id.to_owned()]), connection: None }
    }

    /// The node, if exactly one is selected and nothing else.
    pub fn single(&self) -> Option<&str> {
        match (self.nodes.len(), &self.connection) {
            (1, None) => self.nodes.first().map(String::as_str),
            _ => None,
        }
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.connection.is_none()
    }
}

/// A line on the canvas, by what in the scenario it stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Connection {
    /// The `index`-th of a producer's `emits`.
    Emit {
        /// The producer.
        producer: String,
        /// Position in its list.
        index: usize,
    },
    /// The `index`-th of a consumer's `reads`.
    Read {
        /// The consumer.
        consumer: String,
        /// Position in its list.
        index: usize,
    },
    /// The `index`-th of a consumer's `then`.
    Then {
        /// The consumer.
        consumer: String,
        /// Position in its list.
        index: usize,
    },
}

/// What the palette offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// A producer.
    Producer,
    /// A broker of the kind of this name in the file (see `app::kinds`).
    Broker(&'static str),
    /// A consumer.
    Consumer,
}
