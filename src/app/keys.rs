//! Keys. What a text field wants goes to the text field; everything else works wherever the focus is.

use super::action::{Action, Arrange, Find, Fold, OnCanvas, Placing};
use super::canvas::measures::ZOOM_STEP;
use super::kinds;
use super::session::Session;
use super::transport::neighbour;
use crate::ids::NodeId;
use crate::run::Command;
use crate::scenario::Plan;
use crate::time::{Span, Time};
use egui::{Context, Key, KeyboardShortcut, Modifiers};

/// What the help says: keys, and what they do.
pub const HELP: &[(&str, &str)] = &[
    ("Space", "Play or pause"),
    (".  and  ,", "Step to the next or back to the last thing that happens"),
    ("Left, Right", "The same, with nothing selected; with Shift a hundredth of the run"),
    ("Alt+Left, Alt+Right", "The last or next thing that happens to what is selected"),
    ("S", "Slow motion: the speed at which single events can be followed"),
    ("M", "Mark this moment"),
    ("End", "To the end of what was recorded"),
    ("Home", "Restart"),
    ("[  and  ]", "Slower, faster"),
    ("Ctrl+N", "New scenario"),
    ("Ctrl+O", "Open"),
    ("Ctrl+S", "Save"),
    ("Ctrl+Shift+S", "Save as"),
    ("Ctrl+Z", "Undo"),
    ("Ctrl+Shift+Z or Ctrl+Y", "Redo"),
    ("Ctrl+K or Ctrl+Shift+P", "Find a command by typing"),
    ("Ctrl+F", "Find a node by name"),
    ("/ or double click", "Add something by typing its name"),
    ("P, B, C", "Add a producer, broker, consumer"),
    ("L", "Connect what is selected"),
    ("Tab", "Next node, once the canvas has the focus"),
    ("Arrows", "Move what is selected; with Shift further"),
    ("Enter, F2", "Go to the settings of what is selected, rename it"),
    ("Ctrl+A, Ctrl+D", "Select all, duplicate"),
    ("Ctrl+C, Ctrl+X, Ctrl+V", "Copy, cut, paste, as the text of a scenario"),
    ("Delete", "Remove what is selected"),
    ("T", "Arrange in layers: what is selected, or everything"),
    ("G, N", "Frame what is selected, add a note"),
    ("F, +, -, 1", "Show everything, zoom in, zoom out, actual size"),
    ("F1", "This help"),
    ("F3", "Fold plots"),
    ("F4", "Fold inspector"),
    ("F6, F7", "Fold the lesson, show it to a room"),
    ("1 to 9", "Answer a lesson's question"),
    ("Page down, Page up", "In a lesson shown to a room: go on, a step back"),
    ("Esc", "Stop placing, close a dialog, undo typing in a field"),
];

/// Turns keys into actions. Not called while a question is open.
pub fn actions(ctx: &Context, session: &Session, actions: &mut Vec<Action>) {
    let pressed = |modifiers: Modifiers, key: Key| ctx.input_mut(|i| i.consume_shortcut(&KeyboardShortcut::new(modifiers, key)));
    let (plain, command) = (Modifiers::NONE, Modifiers::COMMAND);
    // The longer combinations first: a shorter one would take their key away.
    let both = command | Modifiers::SHIFT;
    for (modifiers, key, action) in [
        (both, Key::S, Action::AskSaveAs),
        (command, Key::S, Action::Save),
        (command, Key::O, Action::AskOpen),
        (command, Key::N, Action::New),
    ] {
        if pressed(modifiers, key) {
            actions.push(action);
        }
    }
    for (key, fold) in [(Key::F1, Fold::Help), (Key::F3, Fold::Dock), (Key::F4, Fold::Inspector), (Key::F6, Fold::Lesson)] {
        if pressed(plain, key) {
            actions.push(Action::Fold(fold));
        }
    }
    if pressed(both, Key::P) || pressed(command, Key::K) {
        actions.push(Action::Find(Find::Command));
    }
    if session.document.is_some() && pressed(command, Key::F) {
        actions.push(Action::Find(Find::Node));
    }
    if ctx.text_edit_focused() {
        return;
    }
    let playing = session.playing();
    let speed = session.frame().map(|f| f.speed);
    let play = if playing { Command::Pause } else { Command::Play };
    let mut keys = vec![
        (both, Key::Z, Action::Redo),
        (command, Key::Z, Action::Undo),
        (command, Key::Y, Action::Redo),
        (plain, Key::Space, Action::Run(play)),
        (plain, Key::Period, Action::Run(Command::Step)),
        (plain, Key::Comma, Action::Run(Command::StepBack)),
        (plain, Key::M, Action::Mark),
        (plain, Key::Home, Action::Run(Command::Restart)),
        (plain, Key::F, Action::FitView),
        (plain, Key::Slash, Action::Find(Find::Add { at: None, with: None })),
        (plain, Key::Plus, Action::Canvas(OnCanvas::Zoom(ZOOM_STEP))),
        (plain, Key::Equals, Action::Canvas(OnCanvas::Zoom(ZOOM_STEP))),
        (plain, Key::Minus, Action::Canvas(OnCanvas::Zoom(1.0 / ZOOM_STEP))),
        (plain, Key::Num1, Action::Canvas(OnCanvas::ActualSize)),
        (plain, Key::T, Action::Canvas(OnCanvas::Arrange(Arrange::Layers))),
        (plain, Key::N, Action::Canvas(OnCanvas::Note(None))),
        (plain, Key::G, Action::Canvas(OnCanvas::Group)),
        (plain, Key::P, Action::PlaceInView(Placing::Producer)),
        (plain, Key::B, Action::PlaceInView(Placing::Broker(kinds::usual().kind))),
        (plain, Key::C, Action::PlaceInView(Placing::Consumer)),
    ];
    if let Some(speed) = speed {
        keys.push((plain, Key::OpenBracket, Action::Run(Command::Speed(neighbour(speed, false)))));
        keys.push((plain, Key::CloseBracket, Action::Run(Command::Speed(neighbour(speed, true)))));
    }
    if let Some(frame) = session.frame() {
        let (now, end) = (frame.now, frame.plan.duration);
        let hundredth = Span(end.0 / 100);
        let nodes = selected_nodes(session, &frame.plan);
        let next = |back| Action::Run(Command::Next { nodes: nodes.clone(), back });
        keys.push((Modifiers::ALT, Key::ArrowLeft, next(true)));
        keys.push((Modifiers::ALT, Key::ArrowRight, next(false)));
        keys.push((plain, Key::S, Action::Run(Command::Follow(!frame.past.follow))));
        keys.push((plain, Key::End, Action::Run(Command::Seek(frame.past.recorded))));
        if nodes.is_empty() {
            keys.push((Modifiers::SHIFT, Key::ArrowLeft, Action::Run(Command::Seek(Time(now.0.saturating_sub(hundredth.0))))));
            keys.push((Modifiers::SHIFT, Key::ArrowRight, Action::Run(Command::Seek(now + hundredth))));
            keys.push((plain, Key::ArrowLeft, Action::Run(Command::StepBack)));
            keys.push((plain, Key::ArrowRight, Action::Run(Command::Step)));
        }
    }
    if let Some(id) = session.document.as_ref().and_then(|d| d.selection.single()) {
        keys.push((plain, Key::L, Action::Find(Find::Connect(id.to_owned()))));
        keys.push((plain, Key::F2, Action::Canvas(OnCanvas::Rename(id.to_owned()))));
    }
    if session.placing.is_some() {
        keys.push((plain, Key::Escape, Action::Place(None)));
    }
    for (modifiers, key, action) in keys {
        if session.document.is_some() && pressed(modifiers, key) {
            actions.push(action);
        }
    }
}

/// What of the selection is a node of the run.
pub(super) fn selected_nodes(session: &Session, plan: &Plan) -> Vec<NodeId> {
    let selection = session.document.as_ref().map(|document| &document.selection);
    selection.into_iter().flat_map(|selection| &selection.nodes).filter_map(|name| plan.node(name)).collect()
}
