//! Lessons in the window: a course through a scenario's lesson, what may be touched meanwhile, the panel, the trainer's notes, and
//! the editor. [`course`] is the state and knows no widget, [`lead`] is what it does to the session.

pub mod course;
pub mod editor;
pub mod going;
pub mod lead;
pub mod lock;
pub mod markdown;
pub mod notes;
pub mod panel;

use std::sync::Arc;

/// What can be done in a lesson.
#[derive(Clone, Debug, PartialEq)]
pub enum Teach {
    /// Begin it.
    Start,
    /// Go on where it was left.
    Resume,
    /// Leave it; what was reached is kept.
    Leave,
    /// Answer the question that is asked.
    Answer(course::Said),
    /// Go on without an answer, when it is asked for a second time.
    Unanswered,
    /// Let the run go on, and do what is done for the learner.
    Go,
    /// Do what the learner was to do.
    Show,
    /// One hint more.
    Hint,
    /// The next step.
    Next,
    /// A step, as if all before it had been done.
    To(usize),
    /// Go there no more.
    Stay,
    /// Run the challenge from the start, and judge it at the end.
    Try,
    /// Show the lesson to a room, or no longer.
    Present,
    /// Open the editor, or close it.
    Write,
}

/// What belongs to the room while a lesson is shown to it, to be put back afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The look.
    pub mode: super::theme::Mode,
    /// Whether the inspector was unfolded.
    pub inspector: bool,
    /// Whether the lesson had put it away.
    pub tucked: bool,
    /// Whether the dock was unfolded.
    pub dock: bool,
}

/// What was reached of a lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The step to go on with.
    pub step: usize,
    /// Whether it was gone through to its end.
    pub done: bool,
    /// Stars earned in the challenge, the most so far.
    pub stars: u32,
}

/// By what a lesson is known from one start to the next: its file.
pub fn key(home: &super::files::Home, name: &str) -> String {
    match home {
        super::files::Home::Shipped(shipped) => format!("shipped {}", shipped.file),
        super::files::Home::File(path) => path.display().to_string(),
        super::files::Home::Recorded(_) | super::files::Home::Nowhere => name.to_owned(),
    }
}

/// The files that a home gives, for runs on the side.
pub fn files_of(home: &super::files::Home) -> Arc<dyn crate::scenario::Files + Send + Sync> {
    Arc::new(home.clone())
}
