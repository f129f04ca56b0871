//! What the person wants done. Panels and canvas only read and push actions; one place (`app::session`) applies them
//! after the frame was drawn, so nothing on screen changes halfway through.

use super::edit::Edit;
use super::panels::{Part, Side};
use crate::ids::EventId;
use crate::run::Command;
use crate::scenario::intervention::{Intervention, What};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing to do.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "few exist at a time, none for long")]
pub enum Action {
    /// Change the scenario; undoable.
    Edit(Edit),
    /// Take back the last edit.
    Undo,
    /// Do it again.
    Redo,
    /// Act on the run.
    Run(Command),
    /// Change something at the moment that is shown, in one step; undoable.
    FromNow(Vec<What>),
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
    /// Ask which scenario or recording to compare with.
    AskCompare,
    /// Compare the run with this scenario or recording.
    CompareWith(PathBuf),
    /// Open a scenario that ships with the program, by its name in the library.
    OpenShipped(&'static str),
    /// The same, and begin its lesson or go on with it.
    OpenLesson(&'static str),
    /// Save where it was opened from, or ask.
    Save,
    /// Ask where to save.
    AskSaveAs,
    /// Ask where to write the brokers for the products that they are.
    AskExport,
    /// Save here from now on; a file for another product (`.json`, `.yaml`) is written, and the scenario stays where it is.
    SaveAs(PathBuf),
    /// Change the look.
    Look(super::theme::Mode),
    /// Show the whole topology.
    FitView,
    /// Something that needs to know where things are drawn.
    Canvas(OnCanvas),
    /// Open the list to choose from by typing.
    Find(Find),
    /// Fold or unfold a part of the window.
    Fold(Fold),
    /// Send a part of the window elsewhere.
    Panel(Part, Side),
    /// Bring a part of the window to the front.
    OpenPanel(Part),
    /// Put every part of the window where it usually stands.
    PanelsBack,
    /// Whether things appear in place instead of moving there.
    ReduceMotion(bool),
    /// Tell the person something that did not work.
    Complain(String),
    /// Start placing a node of this kind from the palette: the next click on the canvas puts it there.
    Place(Option<Placing>),
    /// Put a node of this kind where there is room in what is seen; for hands without a pointer.
    PlaceInView(Placing),
    /// Go on in the inspector, at the settings of what is selected.
    Inspect,
    /// Close the window (asks first if there is unsaved work).
    Close,
    /// Open unsaved work that was left behind.
    Recover(PathBuf),
    /// Throw it away.
    GiveUp(PathBuf),
    /// Answer the question that is open.
    Answer(Answer),
    /// Take this notice away.
    Dismiss(u64),
    /// Let checkpoints take so many megabytes.
    Memory(usize),
    /// Mark the moment that is shown.
    Mark,
    /// Write a file of this name beside the scenario.
    SaveBeside(String, Arc<[u8]>),
    /// Write a recording of the branch that is shown.
    SaveRecording,
    /// No longer keep these changes of a run that is no more.
    Forget(Vec<Intervention>),
    /// Run the open recording again and tell whether it is still the same run.
    Verify,
    /// Show the journey of this event of the run.
    OpenJourney(EventId),
    /// Something in a lesson.
    Teach(super::teach::Teach),
}

impl Action {
    /// Whether it saves what is open, or leaves it.
    pub fn saves_or_leaves(&self) -> bool {
        let writes = matches!(self, Action::Save | Action::AskSaveAs | Action::AskExport | Action::SaveRecording);
        let opens = matches!(self, Action::New | Action::AskOpen | Action::Open(_) | Action::OpenShipped(_) | Action::OpenLesson(_));
        writes || opens || matches!(self, Action::Welcome | Action::Close)
    }
}

/// What the canvas does when told: by a key, a menu or the list of commands.
#[derive(Clone, Debug, PartialEq)]
pub enum OnCanvas {
    /// Zoom by this factor around the middle.
    Zoom(f32),
    /// One point of the screen per unit of the scene.
    ActualSize,
    /// Select every node.
    SelectAll,
    /// Put a copy of what is selected beside it.
    Duplicate,
    /// Put what is selected on the clipboard, as the text of a scenario.
    Copy,
    /// The same, and remove it.
    Cut,
    /// Add the nodes of a scenario's text.
    Paste(String),
    /// Remove what is selected.
    Delete,
    /// Put nodes in order.
    Arrange(Arrange),
    /// Put a frame around what is selected.
    Group,
    /// Add a note, here or in the middle of what is seen.
    Note(Option<(f32, f32)>),
    /// Type another name where the name stands: of a node, or of a broker's part as `broker/part`.
    Rename(String),
    /// Bring a node into sight and select it.
    Show(String),
    /// Add a node here, fed by or feeding what is named, if anything is.
    Add {
        /// What.
        placing: Placing,
        /// Where; where there is room without it.
        at: Option<(f32, f32)>,
        /// What it is to be connected with.
        with: Option<Source>,
    },
}

/// How nodes are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrange {
    /// Left edges on one line.
    Left,
    /// Middles below each other.
    Centre,
    /// Right edges on one line.
    Right,
    /// Upper edges on one line.
    Top,
    /// Middles beside each other.
    Middle,
    /// Lower edges on one line.
    Bottom,
    /// Equal gaps from left to right.
    Across,
    /// Equal gaps from top to bottom.
    Down,
    /// In layers from left to right, as events flow.
    Layers,
}

impl Arrange {
    /// All, with what they are called.
    pub const ALL: [(Arrange, &'static str); 9] = [
        (Arrange::Left, "Align left"),
        (Arrange::Centre, "Align centres"),
        (Arrange::Right, "Align right"),
        (Arrange::Top, "Align top"),
        (Arrange::Middle, "Align middles"),
        (Arrange::Bottom, "Align bottom"),
        (Arrange::Across, "Distribute across"),
        (Arrange::Down, "Distribute down"),
        (Arrange::Layers, "Arrange in layers"),
    ];

    /// What it is called, as a command and in the undo menu.
    pub fn label(self) -> &'static str {
        Self::ALL.iter().find(|(a, _)| *a == self).map_or("", |(_, label)| label)
    }
}

/// A port that links are drawn from. By name, as the scenario may change meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A producer's or a consumer's output.
    Node(String),
    /// A consumer's input.
    Input(String),
    /// A broker's channel or outlet.
    Channel {
        /// The broker.
        broker: String,
        /// Its part.
        channel: String,
    },
}

impl Source {
    /// The node it belongs to.
    pub fn node(&self) -> &str {
        match self {
            Source::Node(id) | Source::Input(id) => id,
            Source::Channel { broker, .. } => broker,
        }
    }

    /// The part, if it is a broker's.
    pub fn row(&self) -> Option<&str> {
        match self {
            Source::Channel { channel, .. } => Some(channel),
            Source::Node(_) | Source::Input(_) => None,
        }
    }
}

/// What is to be found by typing.
#[derive(Clone, Debug, PartialEq)]
pub enum Find {
    /// A command, or anything else.
    Command,
    /// A node, to go there.
    Node,
    /// Something to add, here and connected with this.
    Add {
        /// A place of the scene.
        at: Option<(f32, f32)>,
        /// What it is to be connected with.
        with: Option<Source>,
    },
    /// Something to connect this node with.
    Connect(String),
}

/// Parts of the window that fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The help.
    Help,
    /// The dock.
    Dock,
    /// The inspector.
    Inspector,
    /// The lesson.
    Lesson,
    /// The canvas of the run that is compared with.
    Sides,
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
    /// A note, by its position in the document.
    pub note: Option<usize>,
    /// A group's frame, by its position in the document.
    pub group: Option<usize>,
}

impl Selection {
    /// One node and nothing else.
    pub fn node(id: &str) -> Selection {
        Selection::nodes(BTreeSet::from([id.to_owned()]))
    }

    /// These nodes and nothing else.
    pub fn nodes(nodes: BTreeSet<String>) -> Selection {
        Selection { nodes, ..Selection::default() }
    }

    /// The node, if exactly one is selected and nothing else.
    pub fn single(&self) -> Option<&str> {
        let alone = self.nodes.len() == 1 && self.connection.is_none() && self.note.is_none() && self.group.is_none();
        self.nodes.first().filter(|_| alone).map(String::as_str)
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        *self == Selection::default()
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
    /// The `index`-th of a node's `calls`.
    Call {
        /// The producer or consumer.
        node: String,
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
    /// The bus that the `index`-th rule of an EventBridge broker sends events to.
    Forward {
        /// The broker of the rule.
        broker: String,
        /// Position among its rules.
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
    /// A store.
    Store,
}
