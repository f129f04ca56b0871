//! What is behind the window: what is open, what runs, what is asked. Knows no widget; [`Session::apply`] is the one
//! place where actions take effect.

use super::action::{Action, Answer, Find, Fold, OnCanvas, Placing, Selection};
use super::compare::other::{self, Other};
use super::document::{Document, Effect};
use super::files::{self, Home};
use super::keep::{self, Keep};
use super::library;
use super::on_the_way::OnTheWay;
use super::panels::{Part, Side};
use super::settings::Settings;
use super::teach::course::Course;
use super::teach::{Room, Teach};
use crate::exchange;
use crate::figures;
use crate::ids::EventId;
use crate::run::frame::{PlayState, Speed};
use crate::run::source::MARKS;
use crate::run::verdict::verify;
use crate::run::{Command, Frame, Runner, Source, headless};
use crate::scenario::document::Node;
use crate::scenario::intervention::{Intervention, What};
use crate::scenario::recording::Recording;
use crate::scenario::shapes::Arrivals;
use crate::scenario::write::Rewritten;
use crate::scenario::{self, Files, Problem, Scenario};
use crate::time::{Span, Time};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Called when there is something new to draw, from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The model behind the window.
pub struct Session {
    /// What is remembered between starts.
    pub settings: Settings,
    /// What is open; the welcome screen if nothing is.
    pub document: Option<Document>,
    /// What the person is to be told, oldest first.
    pub notices: Vec<Notice>,
    /// What the person is asked. Nothing else goes on before it is answered.
    pub question: Option<Question>,
    /// The kind of node that the next click on the canvas places.
    pub placing: Option<Placing>,
    /// The kind of node that is to be put where there is room.
    pub place_in_view: Option<Placing>,
    /// Something else has been opened.
    pub fresh: bool,
    /// The moment that is shown is to be marked.
    pub mark: bool,
    /// What the canvas is to do next.
    pub on_canvas: Vec<OnCanvas>,
    /// The list that is to be opened.
    pub find: Option<Find>,
    /// Whether the help is shown.
    pub help: bool,
    /// The event whose journey is to be shown.
    pub journey: Option<EventId>,
    /// The keyboard goes on in the inspector.
    pub inspect: bool,
    /// The whole topology is to be shown.
    pub fit: bool,
    /// What is to be done with the parts of the window.
    pub panels: Vec<ForPanels>,
    /// The scenario that the run is compared with, if it is no branch.
    pub other: Option<Other>,
    /// Whether the canvas of what is compared with is shown as well.
    pub sides: bool,
    /// Whether the lesson is unfolded.
    pub lesson: bool,
    /// The lesson that is gone through.
    pub course: Option<Course>,
    /// Whether the lesson is being written.
    pub writing: bool,
    /// While a lesson is shown to a room: what to put back afterwards.
    pub room: Option<Room>,
    /// A lesson has put the inspector away for the time being, so that the drawing has room.
    pub(in crate::app) tucked: bool,
    /// The window is to close: nothing is in the way any more.
    pub closing: bool,
    /// Unsaved work of programs that are no more: where it is, and what it is called.
    pub left_behind: Vec<(PathBuf, String)>,
    keep: Keep,
    /// What undo knows of changes on the way.
    on_the_way: OnTheWay,
    runner: Option<Runner>,
    /// What other threads will have to tell: of a recording that is written, or run again.
    awaited: Vec<std::sync::mpsc::Receiver<(Level, String)>>,
    /// Frames up to this run are of what was open before.
    stale: Option<u64>,
    /// What was wanted when unsaved work came in the way.
    then: Option<Action>,
    wake: Wake,
    next_notice: u64,
}

/// Something to be done with the parts of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForPanels {
    /// Send one elsewhere.
    Send(Part, Side),
    /// Bring one to the front.
    Open(Part),
    /// Put all back.
    Back,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// To be dismissed by.
    pub id: u64,
    /// How urgent.
    pub level: Level,
    /// In words.
    pub text: String,
}

/// How urgent a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Good to know; goes away by itself.
    Info,
    /// To be looked at.
    Warning,
    /// Something did not work.
    Error,
}

/// What the person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// There is unsaved work.
    Unsaved,
    /// The file to save to was changed by someone else.
    ChangedOnDisk(PathBuf),
    /// There is work on this file that was not saved before the program ended.
    Recover(PathBuf),
    /// Something else has written the open file; this is its text now.
    Reload {
        /// The file.
        path: PathBuf,
        /// What is in it.
        text: String,
    },
    /// Which file to open.
    OpenPath,
    /// Where to save.
    SavePath,
    /// Where to write the brokers for the products that they are.
    ExportPath,
    /// Which file to compare with.
    ComparePath,
    /// Nothing really: this file cannot be opened, for these reasons.
    Broken {
        /// The file as the person named it.
        file: String,
        /// What is wrong in it.
        problems: Vec<Problem>,
    },
}

impl Session {
    /// Nothing open. `wake` is called whenever a run has something new to show.
    pub fn new(settings: Settings, wake: Wake) -> Session {
        Session {
            settings,
            document: None,
            notices: Vec::new(),
            question: None,
            placing: None,
            place_in_view: None,
            on_canvas: Vec::new(),
            find: None,
            help: false,
            journey: None,
            mark: false,
            fresh: false,
            awaited: Vec::new(),
            inspect: false,
            fit: false,
            panels: Vec::new(),
            other: None,
            sides: true,
            lesson: false,
            tucked: false,
            course: None,
            writing: false,
            room: None,
            closing: false,
            left_behind: Vec::new(),
            keep: Keep::default(),
            on_the_way: OnTheWay::default(),
            runner: None,
            stale: None,
            then: None,
            wake,
            next_notice: 0,
        }
    }

    /// Keeps work that has no file yet in this folder, and looks there for what was left behind.
    pub fn keep_in(&mut self, folder: Option<PathBuf>) {
        self.keep = Keep::in_folder(folder);
        self.left_behind = self.keep.left_behind();
    }

    /// Lets time pass: unsaved work is kept safe, and the open file is looked at. `now` in seconds. Gives when to call next.
    pub fn pass(&mut self, now: f64) -> Option<f64> {
        if let Some(trouble) = self.keep.pass(now, self.document.as_ref()) {
            self.tell(Level::Warning, trouble);
        }
        if let (Some(document), None) = (&self.document, &self.question)
            && let Some(text) = self.keep.changed(now, document)
            && let Some(path) = document.home.path()
        {
            self.question = Some(Question::Reload { path: path.to_path_buf(), text });
        }
        self.keep.next(self.document.as_ref())
    }

    /// The latest picture of the run, if the open scenario has one.
    pub fn frame(&self) -> Option<Arc<Frame>> {
        self.frame_by(Runner::frame)
    }

    /// The same, to be drawn: see [`Runner::take`].
    pub fn frame_to_draw(&self) -> Option<Arc<Frame>> {
        self.frame_by(Runner::take)
    }

    fn frame_by(&self, get: impl Fn(&Runner) -> Arc<Frame>) -> Option<Arc<Frame>> {
        let (Some(runner), Some(document)) = (&self.runner, &self.document) else { return None };
        document.plan.as_ref()?;
        let frame = get(runner);
        (self.stale.is_none_or(|stale| frame.run > stale)).then_some(frame)
    }

    /// Whether virtual time moves.
    pub fn playing(&self) -> bool {
        self.frame().is_some_and(|f| f.state == PlayState::Playing)
    }

    /// Whether there is work that is in no file.
    pub fn dirty(&self) -> bool {
        self.document.as_ref().is_some_and(Document::dirty)
    }

    /// Whether leaving what is open is asked about: there is work in no file, and it is more than what a lesson did to a scenario that
    /// ships with the program.
    fn asks(&self) -> bool {
        let only_learned = self.course.is_some() && self.document.as_ref().is_some_and(|d| matches!(d.home, Home::Shipped(_)));
        self.dirty() && !only_learned
    }

    /// Makes an action take effect.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Open(_) | Action::OpenShipped(_) | Action::OpenLesson(_) | Action::New | Action::Welcome | Action::Close
                if self.asks() =>
            {
                self.question = Some(Question::Unsaved);
                self.then = Some(action);
            }
            Action::Open(_) | Action::OpenShipped(_) | Action::OpenLesson(_) | Action::New | Action::Welcome | Action::Close => {
                self.leave_for(action);
            }
            Action::Edit(edit) => {
                if let Some(why) = self.locked(&edit) {
                    return self.tell(Level::Info, why);
                }
                let Some(document) = &mut self.document else { return };
                match document.edit(&edit) {
                    Ok(effect) => {
                        self.course.iter_mut().for_each(|course| course.changed |= effect == Effect::NewPlan);
                        self.take_effect(effect);
                    }
                    Err(why) => self.tell(Level::Error, why),
                }
                self.bring_settings();
            }
            Action::Undo if self.at_the_beginning() => {
                self.tell(Level::Info, "The step begins here: what was before can be gone to by the line of steps");
            }
            Action::Undo if self.undo_on_the_way() => {}
            Action::Undo => self.step_through_history("Undone", Document::undo),
            Action::Redo if self.redo_on_the_way() => {}
            Action::Redo => self.step_through_history("Done again", Document::redo),
            Action::Run(Command::Intervene(what)) => self.change_now(vec![what]),
            Action::FromNow(what) => self.change_now(what),
            Action::Run(command) => self.run(command),
            Action::Select(selection) => self.select(selection),
            Action::AskCompare => self.question = self.document.as_ref().map(|_| Question::ComparePath),
            Action::CompareWith(path) => self.compare_with(&path),
            Action::AskOpen => self.question = Some(Question::OpenPath),
            Action::Save => match self.document.as_ref().map(|d| d.home.path().map(Path::to_path_buf)) {
                Some(Some(path)) => self.save(path, false),
                Some(None) => self.question = Some(Question::SavePath),
                None => {}
            },
            Action::AskSaveAs => self.question = self.document.as_ref().map(|_| Question::SavePath),
            Action::AskExport => self.question = self.document.as_ref().map(|_| Question::ExportPath),
            Action::SaveAs(path) => self.save(path, false),
            Action::Look(mode) => self.settings.mode = mode,
            Action::FitView => self.fit = true,
            Action::Canvas(command) => self.on_canvas.extend(self.document.is_some().then_some(command)),
            Action::Find(what) => self.find = Some(what),
            Action::Fold(Fold::Help) => self.help = !self.help,
            Action::Fold(Fold::Dock) => self.settings.dock = !self.settings.dock,
            Action::Fold(Fold::Sides) => self.sides = !self.sides,
            Action::Fold(Fold::Lesson) => self.lesson = !self.lesson,
            Action::Fold(Fold::Inspector) => self.unfold_inspector(!self.inspector()),
            Action::Panel(part, side) => self.panels.push(ForPanels::Send(part, side)),
            Action::OpenPanel(part) => {
                self.unfold(part);
                self.panels.push(ForPanels::Open(part));
            }
            Action::PanelsBack => {
                self.unfold_inspector(true);
                self.settings.dock = true;
                self.panels.push(ForPanels::Back);
            }
            Action::ReduceMotion(reduce) => self.settings.reduce_motion = reduce,
            Action::Complain(why) => self.tell(Level::Warning, why),
            Action::Place(placing) => self.placing = placing,
            Action::PlaceInView(kind) => (self.placing, self.place_in_view) = (None, Some(kind)),
            Action::Inspect => {
                self.inspect = true;
                self.unfold_inspector(true);
            }
            Action::Answer(answer) => self.answer(answer),
            Action::Recover(copy) => self.recover(&copy),
            Action::GiveUp(copy) => {
                self.left_behind.retain(|(known, _)| *known != copy);
                drop(std::fs::remove_file(copy));
            }
            Action::Dismiss(id) => self.notices.retain(|n| n.id != id),
            Action::Memory(megabytes) => {
                self.settings.memory_mb = megabytes;
                self.send(Command::Budget(megabytes.saturating_mul(1 << 20)));
            }
            Action::Mark => self.mark = true,
            Action::SaveBeside(name, bytes) => self.save_beside(&name, &bytes),
            Action::SaveRecording => self.save_recording(),
            Action::Verify => self.verify(),
            // What is asked comes first.
            Action::Teach(_) if self.question.is_some() => {}
            Action::Teach(what) => self.teach(what),
            Action::OpenJourney(event) => self.journey = Some(event),
        }
    }

    /// Tells the person something.
    pub fn tell(&mut self, level: Level, text: impl Into<String>) {
        let text = text.into();
        // The same thing said twice in a row is said once, and of what is only good to know the latest is enough.
        self.notices.retain(|n| n.text != text && !(level == Level::Info && n.level == Level::Info));
        self.notices.push(Notice { id: self.next_notice, level, text });
        self.next_notice += 1;
    }

    fn select(&mut self, selection: Selection) {
        if let Some(document) = &mut self.document {
            document.selection = selection;
        }
        self.bring_settings();
    }

    /// Whoever is to change something in a lesson needs the settings of what is selected.
    fn bring_settings(&mut self) {
        let selected = self.document.as_ref().is_some_and(|document| !document.selection.nodes.is_empty());
        if selected && self.course.as_ref().is_some_and(Course::changes) {
            self.tucked = false;
        }
    }

    /// Whether the inspector is unfolded.
    pub fn inspector(&self) -> bool {
        self.settings.inspector && !self.tucked
    }

    /// Unfolds the inspector, or folds it up.
    pub fn unfold_inspector(&mut self, unfolded: bool) {
        (self.settings.inspector, self.tucked) = (unfolded, false);
    }

    /// Changes something at the moment that is shown, where a lesson does not forbid it.
    fn change_now(&mut self, what: Vec<What>) {
        if let Some(why) = what.iter().find_map(|what| self.locked_on_the_way(what)) {
            return self.tell(Level::Info, why);
        }
        let Some(depth) = self.document.as_ref().map(Document::depth) else { return };
        self.course.iter_mut().for_each(|course| course.changed = true);
        for what in &what {
            self.send(Command::Intervene(what.clone()));
        }
        self.on_the_way.note(depth, what);
    }

    /// The latest change on the way could not be made.
    pub(super) fn refused(&mut self) {
        self.on_the_way.refused();
    }

    /// What undo would take back: the latest edit, or the latest change on the way.
    pub fn undo_label(&self) -> Option<String> {
        let document = self.document.as_ref()?;
        let now = self.on_the_way.undo_label(document.depth()).map(|change| format!("{change}, changed on the way"));
        now.or_else(|| document.undo_label().map(str::to_owned))
    }

    /// What redo would do again.
    pub fn redo_label(&self) -> Option<String> {
        let document = self.document.as_ref()?;
        let now = self.on_the_way.redo_label(document.depth()).map(|change| format!("{change}, changed on the way"));
        now.or_else(|| document.redo_label().map(str::to_owned))
    }

    /// Whether undo would take back what a step of a lesson begins with.
    fn at_the_beginning(&self) -> bool {
        let depth = self.document.as_ref().map(Document::depth);
        let on_the_way = depth.and_then(|depth| self.on_the_way.undo_label(depth)).is_some();
        !on_the_way && self.course.as_ref().is_some_and(|course| depth <= Some(course.depth))
    }

    /// Goes on without the latest change on the way, if that was the latest thing that was done.
    fn undo_on_the_way(&mut self) -> bool {
        let Some(depth) = self.document.as_ref().map(Document::depth) else { return false };
        let Some(label) = self.on_the_way.undo_label(depth) else { return false };
        let Some(frame) = self.frame() else { return false };
        let Some(left) = frame.past.here().and_then(|branch| self.on_the_way.undo(depth, branch)) else { return false };
        self.send(Command::Changes(left));
        self.tell(Level::Info, format!("Undone: {label}. The branch that has it is kept"));
        true
    }

    /// Goes back to where the change that was taken back is made.
    fn redo_on_the_way(&mut self) -> bool {
        let Some(depth) = self.document.as_ref().map(Document::depth) else { return false };
        let Some(label) = self.on_the_way.redo_label(depth) else { return false };
        let Some(all) = self.on_the_way.redo(depth) else { return false };
        self.send(Command::Changes(all));
        self.tell(Level::Info, format!("Done again: {label}"));
        true
    }

    /// A part that is asked for is not folded away.
    fn unfold(&mut self, part: Part) {
        match part {
            Part::Canvas => {}
            Part::Inspector => self.unfold_inspector(true),
            Part::Lesson => self.lesson = true,
            _ => self.settings.dock = true,
        }
    }

    fn step_through_history(&mut self, done: &str, step: impl Fn(&mut Document) -> Option<(String, Effect)>) {
        if let Some((label, effect)) = self.document.as_mut().and_then(step) {
            self.take_effect(effect);
            self.tell(Level::Info, format!("{done}: {}", lower_first(&label)));
        }
    }

    fn answer(&mut self, answer: Answer) {
        let question = self.question.take();
        match (answer, question) {
            (Answer::Save, Some(Question::Unsaved)) => self.apply(Action::Save),
            (Answer::Save, Some(Question::ChangedOnDisk(path))) => self.save(path, true),
            (Answer::Save, Some(Question::Recover(copy))) => self.recover(&copy),
            (Answer::Discard, Some(Question::Recover(copy))) => drop(std::fs::remove_file(copy)),
            (Answer::Save, Some(Question::Reload { path, text })) => self.reload(&path, text),
            (Answer::Discard, Some(Question::Unsaved)) => {
                if let Some(then) = self.then.take() {
                    self.leave_for(then);
                }
            }
            _ => self.then = None,
        }
    }

    /// Leaves what is open; unsaved work was asked about before.
    fn leave_for(&mut self, action: Action) {
        self.question = None;
        if !matches!(action, Action::Close) {
            self.leave_lesson();
            (self.lesson, self.writing) = (false, false);
        }
        self.keep.forget();
        match action {
            Action::Open(path) => self.open(&path),
            Action::OpenLesson(name) => {
                self.leave_for(Action::OpenShipped(name));
                self.teach(Teach::Resume);
            }
            Action::OpenShipped(name) => match library::shipped(name) {
                Some(shipped) => self.open_text(shipped.text, Home::Shipped(shipped), &shipped.name, true),
                None => self.tell(Level::Error, format!("no scenario called `{name}` comes with this program")),
            },
            Action::New => self.replace(Document::new(Scenario::default(), String::new(), Home::Nowhere), false),
            Action::Welcome => {
                self.send(Command::Pause);
                self.document = None;
                self.placing = None;
                self.settings.last = None;
            }
            Action::Close => self.closing = true,
            _ => {}
        }
    }

    fn open(&mut self, path: &Path) {
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

    /// Opens another tool's file as a new scenario, and says what was not carried over.
    fn import(&mut self, text: &str, called: &str) {
        match exchange::import(text, None) {
            Ok(carried) => {
                self.open_text(&scenario::write(&carried.result), Home::Nowhere, called, false);
                self.tell_left(&format!("Imported {called}"), &carried.left);
            }
            Err(why) => self.tell(Level::Error, format!("{called} cannot be imported: {why}")),
        }
    }

    /// Writes the brokers for RabbitMQ, or for AWS: a scenario itself is never such a file.
    fn export(&mut self, path: &Path, format: &exchange::Format) {
        let Some(document) = &self.document else { return };
        let shown = files::shown(path);
        let written = (format.export)(&document.scenario, None)
            .and_then(|carried| crate::files::save(path, &carried.result).map(|()| carried.left).map_err(|why| crate::files::reason(&why)));
        match written {
            Ok(left) => self.tell_left(&format!("Exported {} to {shown}", format.what), &left),
            Err(why) => self.tell(Level::Error, format!("{shown} cannot be exported: {why}")),
        }
    }

    fn tell_left(&mut self, done: &str, left: &[String]) {
        match left {
            [] => self.tell(Level::Info, done.to_owned()),
            left => self.tell(Level::Warning, format!("{done}. Not carried over: {}", left.join("; "))),
        }
    }

    /// Opens the scenario of a recording, to be run again with everything that was changed on the way.
    fn open_recording(&mut self, text: &str, path: &Path) {
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
                        let changes = recording.interventions.len();
                        self.tell(Level::Info, format!("A recording of {} with {changes} changes on the way", recording.name));
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

    /// Lets a scenario or a recording run beside the open one.
    fn compare_with(&mut self, path: &Path) {
        self.question = None;
        let (Some(frame), Some(document)) = (self.frame(), &self.document) else {
            return self.tell(Level::Warning, "Nothing runs yet that could be compared: see the problems first");
        };
        match other::read(path, frame.seed) {
            Ok((mut other, rival)) => {
                other.look(&document.scenario);
                self.run(Command::Compare(Some(rival)));
                self.other = Some(other);
            }
            Err(problems) => self.question = Some(Question::Broken { file: files::shown(path), problems }),
        }
    }

    /// Writes a recording of the branch that is shown, as far as it was simulated, on a thread of its own: the run is made again for it.
    fn save_recording(&mut self) {
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
    fn verify(&mut self) {
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
        let wake = Arc::clone(&self.wake);
        std::thread::spawn(move || {
            // Fails only once the window is gone.
            let _ = sender.send(work());
            wake();
        });
    }

    /// Writes something beside the scenario.
    fn save_beside(&mut self, name: &str, bytes: &[u8]) {
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

    /// Takes in what other threads have finished.
    pub fn hear(&mut self) {
        let mut told = Vec::new();
        self.awaited.retain(|receiver| match receiver.try_recv() {
            Ok(said) => {
                told.push(said);
                false
            }
            Err(error) => error == std::sync::mpsc::TryRecvError::Empty,
        });
        told.into_iter().for_each(|(level, text)| self.tell(level, text));
    }

    /// Opens a text whose form is right, even if it cannot run yet: a half-finished scenario must open again.
    fn open_text(&mut self, text: &str, home: Home, called: &str, play: bool) {
        match scenario::read(text, called) {
            Ok(scenario) => {
                let copy = home.path().map(keep::beside).filter(|copy| copy.is_file());
                if let Some(path) = home.path() {
                    self.settings.note(path);
                }
                let unsaved = copy.filter(|copy| keep::kept(copy).is_some_and(|kept| kept != scenario));
                self.replace(Document::new(scenario, text.to_owned(), home), play);
                self.question = unsaved.map(Question::Recover);
            }
            Err(problems) => self.question = Some(Question::Broken { file: called.to_owned(), problems }),
        }
    }

    /// Brings unsaved work back, as an edit: undo shows what was saved.
    fn recover(&mut self, copy: &Path) {
        let Some(kept) = keep::kept(copy) else { return };
        if self.document.as_ref().is_none_or(|d| d.home.path().is_none()) {
            self.replace(Document::new(Scenario::default(), String::new(), Home::Nowhere), false);
            self.left_behind.retain(|(known, _)| known != copy);
            drop(std::fs::remove_file(copy));
        }
        self.keep.adopt(copy);
        let label = "Recover unsaved changes".to_owned();
        self.apply(Action::Edit(super::edit::Edit::SetScenario { label, scenario: Box::new(kept) }));
        self.fit = true;
    }

    fn reload(&mut self, path: &Path, text: String) {
        match (scenario::read(&text, &files::shown(path)), &mut self.document) {
            (Ok(scenario), Some(document)) => {
                let effect = document.reload(text, scenario);
                self.take_effect(effect);
            }
            (Err(problems), _) => self.question = Some(Question::Broken { file: files::shown(path), problems }),
            (Ok(_), None) => {}
        }
    }

    fn replace(&mut self, document: Document, play: bool) {
        self.send(Command::Pause);
        self.send(Command::Compare(None));
        self.other = None;
        self.stale = self.runner.as_ref().map(|r| r.frame().run);
        self.document = Some(document);
        self.on_the_way = OnTheWay::default();
        self.fresh = true;
        self.placing = None;
        self.fit = true;
        let duration = self.document.as_ref().map_or(Span::ZERO, |d| d.scenario.duration);
        self.load(play, Some(fitting_speed(duration)));
    }

    pub(super) fn take_effect(&mut self, effect: Effect) {
        if let (Some(other), Some(document)) = (&mut self.other, &self.document) {
            other.look(&document.scenario);
        }
        self.on_the_way.edited(effect == Effect::NewPlan);
        if effect == Effect::NewPlan {
            let play = self.playing();
            self.load(play, None);
        }
    }

    /// Gives the runner the newest plan, and, before it moves, its speed.
    pub(super) fn load(&mut self, play: bool, speed: Option<f64>) {
        let Some(document) = &self.document else { return };
        let Some(plan) = document.plan.clone() else { return };
        let seed = document.scenario.seed;
        if self.runner.is_none() {
            let wake = Arc::clone(&self.wake);
            match Runner::start(Arc::clone(&plan), seed, move || wake()) {
                Ok(runner) => self.runner = Some(runner),
                Err(why) => return self.tell(Level::Error, format!("Nothing can run: the system has no thread to give ({why})")),
            }
        }
        if let Some(speed) = speed {
            self.send(Command::Speed(Speed::Times(speed)));
        }
        let interventions = match &document.home {
            // As recorded, for as long as nothing else was changed.
            Home::Recorded(recording) if !document.dirty() => recording.interventions.clone(),
            _ => Vec::new(),
        };
        let source = Arc::new(source_of(document));
        self.course.iter_mut().for_each(Course::anew);
        self.send(Command::Budget(self.settings.memory_mb.saturating_mul(1 << 20)));
        self.send(Command::Load { plan, seed, play });
        self.send(Command::Source { source, interventions });
    }

    /// Frames of what runs now are of what was before.
    pub(super) fn forget_frames(&mut self) {
        self.stale = self.runner.as_ref().map(|runner| runner.frame().run);
    }

    /// Lets the run that was loaded be changed on the way as it was before.
    pub(super) fn send_source(&self, interventions: Vec<Intervention>) {
        let Some(document) = &self.document else { return };
        self.send(Command::Source { source: Arc::new(source_of(document)), interventions });
    }

    fn run(&mut self, command: Command) {
        let over = self.frame().is_some_and(|f| matches!(f.state, PlayState::Finished | PlayState::Stopped(_)));
        if over && matches!(command, Command::Step) {
            self.send(Command::Restart);
        }
        if let Command::Compare(rival) = &command {
            self.sides |= rival.is_some();
            self.other = None;
        }
        self.send(command);
    }

    pub(super) fn send(&self, command: Command) {
        if let Some(runner) = &self.runner {
            runner.send(command);
        }
    }

    /// Saves; `over` says that a version someone else wrote meanwhile may go.
    fn save(&mut self, mut path: PathBuf, over: bool) {
        self.question = None;
        let format = path.extension().zip(self.document.as_ref());
        if let Some(format) = format.and_then(|(extension, document)| exchange::by_extension(&document.scenario, extension.to_str()?)) {
            return self.export(&path, format);
        }
        let Some(document) = &mut self.document else { return };
        if path.extension().is_none() {
            path.set_extension("ron");
        }
        let same_place = document.home.path() == Some(&path);
        if same_place && !over && changed_since(&path, &document.original) {
            self.question = Some(Question::ChangedOnDisk(path));
            return;
        }
        let rewritten = match document.original.as_str() {
            "" => Rewritten { text: scenario::write(&document.scenario), displaced: Vec::new() },
            original => scenario::write_over(&document.scenario, original),
        };
        let home = Home::File(path.clone());
        let taken_along = take_files_along(&document.scenario, &document.home, &path);
        if let Err(why) = crate::files::save(&path, &rewritten.text) {
            self.then = None;
            let (shown, why) = (files::shown(&path), crate::files::reason(&why));
            self.tell(Level::Error, format!("{shown} cannot be saved: {why}. Nothing is lost: save it somewhere else"));
            return;
        }
        document.saved(rewritten.text, home);
        self.settings.note(&path);
        for told in taken_along {
            self.tell(Level::Info, told);
        }
        match rewritten.displaced.len() {
            0 => self.tell(Level::Info, format!("Saved {}", files::shown(&path))),
            1 => self.tell(Level::Warning, "Saved. One comment belonged to something that is gone: it stands at the end of the file now"),
            n => self.tell(
                Level::Warning,
                format!("Saved. {n} comments belonged to things that are gone: they stand at the end of the file now"),
            ),
        }
        if let Some(then) = self.then.take() {
            self.apply(then);
        }
    }
}

/// The open scenario as text, as it is now.
fn source_of(document: &Document) -> Source {
    let text = match document.dirty() || document.original.is_empty() {
        true => scenario::write(&document.scenario),
        false => document.original.clone(),
    };
    Source { text, name: document.scenario.name.clone(), files: Arc::new(document.home.clone()) }
}

fn record(source: &Source, seed: u64, interventions: &[Intervention], until: Time, path: &Path) -> Result<(), String> {
    let first = |problems: Vec<Problem>| problems.first().map(|p| p.message.clone()).unwrap_or_default();
    let script = source.script(Some(seed), interventions).map_err(first)?;
    let (finished, trail) = headless::follow_marked(&script, until, MARKS, &mut |_| {});
    let recording = source.recording(&finished, &trail, interventions)?;
    crate::files::save(path, &recording.write()).map_err(|error| crate::files::reason(&error))
}

/// Whether a file is no longer what was read from it or written to it. One that is gone can simply be written again.
fn changed_since(path: &Path, original: &str) -> bool {
    match crate::files::text(path) {
        Ok(now) => now != original,
        Err(_) => path.exists(),
    }
}

/// A speed at which a run is over within a few minutes: a day in one sitting, a minute in a minute.
fn fitting_speed(duration: Span) -> f64 {
    const SITTING: f64 = 300.0;
    [1.0, 10.0, 100.0, 1000.0, 10_000.0].into_iter().find(|speed| duration.seconds() / speed <= SITTING).unwrap_or(100_000.0)
}

/// Copies trace files beside the place where the scenario goes, where there are none of that name yet.
fn take_files_along(scenario: &Scenario, from: &Home, to: &Path) -> Vec<String> {
    let folder = to.parent().unwrap_or(Path::new(""));
    let mut told = Vec::new();
    for name in traces(scenario) {
        let target = folder.join(name);
        if target.exists() || Path::new(name).is_absolute() {
            continue;
        }
        match from.read(name).and_then(|text| crate::files::save(&target, &text).map_err(|why| crate::files::reason(&why))) {
            Ok(()) => told.push(format!("Copied {name} beside the scenario")),
            Err(why) => told.push(format!("{name} could not be copied beside the scenario: {why}")),
        }
    }
    told
}

fn traces(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let producers = scenario.nodes.iter().filter_map(|n| if let Node::Producer(p) = n { Some(p) } else { None });
    producers.flat_map(|p| &p.emits).filter_map(|e| if let Arrivals::Trace(name) = &e.arrivals { Some(name.as_str()) } else { None })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
