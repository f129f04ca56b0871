//! What is behind the window: what is open, what runs, what is asked. Knows no widget; [`Session::apply`] is the one
//! place where actions take effect.

mod exchanging;
mod filing;
mod keeping;

use super::action::{Action, Answer, Find, Fold, OnCanvas, Placing, Selection};
use super::compare::other::{self, Other};
use super::document::{Document, Effect};
use super::files::{self, Home};
use super::keep::Keep;
use super::kept::{Changes, Kept};
use super::library;
use super::on_the_way::{OnTheWay, Undo};
use super::panels::{Part, Side};
use super::settings::Settings;
use super::teach::course::Course;
use super::teach::going::Going;
use super::teach::{Room, Teach};
use crate::ids::EventId;
use crate::run::frame::{PlayState, Speed};
use crate::run::{Command, Frame, Runner, Source};
use crate::scenario::intervention::{Intervention, What};
use crate::scenario::{self, Problem, Scenario};
use crate::time::Span;
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
    /// How often that was so: tells what is open from what was open before.
    pub opened: u64,
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
    /// The step of it that is gone to.
    pub going: Option<Going>,
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
    /// What was changed on the way in runs of the open scenario that are no more.
    kept: Kept,
    /// How many interventions the runner was asked for.
    asked: u64,
    /// The latest refusal that was told.
    refused: u64,
    runner: Option<Runner>,
    /// What other threads will have to tell: of a recording that is written, or run again.
    awaited: Vec<std::sync::mpsc::Receiver<(Level, String)>>,
    /// Frames up to this run are of what was open before.
    stale: Option<u64>,
    /// What was wanted when unsaved work came in the way.
    then: Option<Action>,
    /// The notice of the change on the way that could not be made.
    refusal: Option<u64>,
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
    /// There is a file of this name, which was named without its ending.
    Exists(PathBuf),
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
            opened: 0,
            awaited: Vec::new(),
            inspect: false,
            fit: false,
            panels: Vec::new(),
            other: None,
            sides: true,
            lesson: false,
            tucked: false,
            course: None,
            going: None,
            writing: false,
            room: None,
            closing: false,
            left_behind: Vec::new(),
            keep: Keep::default(),
            on_the_way: OnTheWay::default(),
            kept: Kept::default(),
            asked: 0,
            refused: 0,
            runner: None,
            stale: None,
            then: None,
            refusal: None,
            wake,
            next_notice: 0,
        }
    }

    /// Keeps work that has no file yet in this folder, and looks there for what was left behind.
    pub fn keep_in(&mut self, folder: Option<PathBuf>) {
        self.keep = Keep::in_folder(folder);
        self.left_behind = self.keep.left_behind();
    }

    /// Says where work without a file is offered that was left behind.
    pub fn tell_left_behind(&mut self) {
        let names: Vec<&str> = self.left_behind.iter().map(|(_, name)| name.as_str()).collect();
        if !names.is_empty() {
            let words = format!("Unsaved work was kept: {}. It can be recovered on the welcome screen", names.join(", "));
            self.tell(Level::Warning, words);
        }
    }

    /// Lets time pass: unsaved work is kept safe, and the open file is looked at. `now` in seconds. Gives when to call next.
    pub fn pass(&mut self, now: f64) -> Option<f64> {
        let unsaved = unsaved(self.document.as_ref(), self.course.as_ref());
        let dirty = unsaved.is_some();
        if let Some(trouble) = self.keep.pass(now, self.document.as_ref(), unsaved) {
            self.tell(Level::Warning, trouble);
        }
        if let (Some(document), None) = (&self.document, &self.question)
            && let Some(text) = self.keep.changed(now, document)
            && let Some(path) = document.home.path()
        {
            self.question = Some(Question::Reload { path: path.to_path_buf(), text });
        }
        self.want_figures();
        self.keep.next(self.document.as_ref(), dirty)
    }

    /// All figures are asked of the run while somebody reads them: a lesson, or who looks at what is expected.
    fn want_figures(&self) {
        let expects = self.document.as_ref().is_some_and(|document| !document.scenario.expect.is_empty());
        let wanted = expects || self.course.is_some();
        if self.frame().is_some_and(|frame| frame.figures.is_some() != wanted) {
            self.send(Command::Figures(wanted));
        }
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
        unsaved(self.document.as_ref(), self.course.as_ref()).is_some()
    }

    /// Makes an action take effect.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Open(_) | Action::OpenShipped(_) | Action::OpenLesson(_) | Action::New | Action::Welcome | Action::Close
                if self.dirty() =>
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
            Action::Forget(changes) => self.kept.forget(&changes),
            Action::Run(command) => self.run(command),
            Action::Select(selection) => self.select(selection),
            Action::AskCompare => self.question = self.document.as_ref().map(|_| Question::ComparePath),
            Action::CompareWith(path) => self.compare_with(&path),
            Action::AskOpen => self.question = Some(Question::OpenPath),
            Action::Save | Action::AskSaveAs if self.is_a_step() => {}
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
            Action::GiveUp(copy) => self.give_up(&copy),
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

    /// To be called by other threads that have something to show.
    pub(super) fn wake(&self) -> Wake {
        Arc::clone(&self.wake)
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
        self.forget_refusal();
        let changes = what.into_iter().filter_map(|what| Some((self.intervene(what.clone())?, what))).collect();
        self.on_the_way.note(depth, changes);
    }

    /// Asks for a change of the run; its number, by which a refusal names it. None where nothing runs.
    pub(super) fn intervene(&mut self, what: What) -> Option<u64> {
        self.runner.as_ref()?.send(Command::Intervene(what));
        self.asked += 1;
        Some(self.asked)
    }

    /// What the run could not do, told, but for changes on the way; one that was not made is not offered to be undone.
    fn hear_refusals(&mut self) -> Vec<Arc<str>> {
        let Some(frame) = self.frame() else { return Vec::new() };
        let (told, mut changes) = (self.refused, Vec::new());
        for refusal in frame.past.refused.iter().skip_while(|refusal| refusal.number <= told) {
            match refusal.intervention {
                Some(number) => {
                    self.on_the_way.refused(number);
                    changes.push(Arc::clone(&refusal.why));
                }
                None => self.tell(Level::Error, format!("That cannot be done: {}", refusal.why)),
            }
        }
        self.refused = frame.past.refused.last().map_or(self.refused, |last| last.number);
        changes
    }

    /// Tells why, until the next change is tried.
    pub(super) fn tell_refusal(&mut self, why: &str) {
        self.forget_refusal();
        self.refusal = Some(self.next_notice);
        self.tell(Level::Error, format!("Not changed: {why}"));
    }

    fn forget_refusal(&mut self) {
        if let Some(notice) = self.refusal.take() {
            self.notices.retain(|n| n.id != notice);
        }
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

    /// Goes on without the latest change on the way, if that was the latest thing that was done. Where it cannot, nothing else is
    /// undone in its place.
    fn undo_on_the_way(&mut self) -> bool {
        let Some(depth) = self.document.as_ref().map(Document::depth) else { return false };
        let Some(label) = self.on_the_way.undo_label(depth) else { return false };
        let undo = self.frame().map_or(Some(Undo::Underway), |frame| self.on_the_way.undo(depth, &frame.past));
        let told = match undo {
            None => return false,
            Some(Undo::Left(left)) => {
                self.send(Command::Changes { wanted: left, name: None });
                format!("Undone: {label}. The branch that has it is kept")
            }
            Some(Undo::Elsewhere(branch)) => {
                format!("Nothing was undone: {label} was changed on the branch “{branch}”. Go there, under Branches, to undo it")
            }
            Some(Undo::Underway) => format!("Nothing was undone: {label} is just being changed. Undo it in a moment"),
            Some(Undo::Gone) => format!("Nothing was undone: no branch of the run has {label} any more"),
        };
        self.tell(Level::Info, told);
        true
    }

    /// Goes back to where the change that was taken back is made.
    fn redo_on_the_way(&mut self) -> bool {
        let Some(depth) = self.document.as_ref().map(Document::depth) else { return false };
        let Some(label) = self.on_the_way.redo_label(depth) else { return false };
        let Some(all) = self.on_the_way.redo(depth) else { return false };
        self.send(Command::Changes { wanted: all, name: None });
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
            (Answer::Save, Some(Question::Unsaved)) => {
                self.leave_lesson();
                self.apply(Action::Save);
            }
            (Answer::Save, Some(Question::ChangedOnDisk(path) | Question::Exists(path))) => self.save(path, true),
            (Answer::Save, Some(Question::Recover(copy))) => self.recover(&copy),
            (Answer::Discard, Some(Question::Recover(copy))) => self.give_up(&copy),
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
        match action {
            Action::Open(path) => self.open(&path),
            Action::OpenLesson(name) => {
                self.open_shipped(name);
                if self.document.as_ref().is_some_and(|d| matches!(d.home, Home::Shipped(shipped) if shipped.file == name)) {
                    self.teach(Teach::Resume);
                }
            }
            Action::OpenShipped(name) => self.open_shipped(name),
            Action::New => self.replace(Document::new(Scenario::default(), String::new(), Home::Nowhere), false),
            Action::Welcome => {
                self.leave();
                self.send(Command::Pause);
                self.document = None;
                self.placing = None;
                self.settings.last = None;
                self.left_behind = self.keep.left_behind();
            }
            Action::Close => {
                self.keep.forget();
                self.closing = true;
            }
            _ => {}
        }
    }

    fn open_shipped(&mut self, name: &str) {
        match library::shipped(name) {
            Some(shipped) => self.open_text(shipped.text, Home::Shipped(shipped), &shipped.name, true),
            None => self.tell(Level::Error, format!("no scenario called `{name}` comes with this program")),
        }
    }

    /// Nothing of what was open is needed any more: its lesson ends, and the copy of its unsaved work goes.
    fn leave(&mut self) {
        self.leave_lesson();
        (self.lesson, self.writing) = (false, false);
        self.keep.forget();
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

    fn replace(&mut self, document: Document, play: bool) {
        self.leave();
        self.send(Command::Pause);
        self.send(Command::Compare(None));
        self.other = None;
        self.stale = self.runner.as_ref().map(|r| r.frame().run);
        self.kept = Kept::of(&document.scenario);
        self.document = Some(document);
        self.on_the_way = OnTheWay::default();
        self.forget_refusal();
        self.fresh = true;
        self.opened += 1;
        self.placing = None;
        self.fit = true;
        let duration = self.document.as_ref().map_or(Span::ZERO, |d| d.scenario.duration);
        self.load(play, Some(fitting_speed(duration)));
    }

    pub(super) fn take_effect(&mut self, effect: Effect) {
        if let (Some(other), Some(document)) = (&mut self.other, &self.document) {
            other.look(&document.scenario);
        }
        if let (Some(course), Some(document)) = (&mut self.course, &self.document) {
            course.edited(&document.scenario);
        }
        self.on_the_way.edited(effect == Effect::NewPlan);
        if effect == Effect::NewPlan {
            self.keep_changes();
        }
        if let Some(document) = &self.document {
            self.kept.follow(&document.scenario);
        }
        if effect == Effect::NewPlan {
            let play = self.playing();
            self.load(play, None);
        }
    }

    /// Another scenario runs now, without what was changed on the way before: that is kept, to be made again.
    pub(super) fn keep_changes(&mut self) {
        // What is done in a lesson belongs to the lesson.
        let taught = self.document.as_ref().is_some_and(Document::taught);
        let Some(frame) = self.frame().filter(|_| !taught) else { return };
        let changed = self.kept.take(&frame.past.branches);
        if changed > 0 {
            let what = if changed == 1 { "What was changed on the way is".to_owned() } else { format!("Its {changed} branches are") };
            self.tell(Level::Info, format!("The run begins anew. {what} kept under Branches, to be made again"));
        }
    }

    /// What was changed on the way in runs that are no more, and is not in this one.
    pub fn kept(&self) -> Vec<&Changes> {
        if self.course.is_some() {
            return Vec::new();
        }
        let frame = self.frame();
        let branches = frame.as_ref().map_or(&[][..], |frame| &frame.past.branches);
        self.kept.besides(branches)
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

    /// Frames of what runs now are of what was before, and so are the changes that were made to it.
    pub(super) fn forget_frames(&mut self) {
        self.on_the_way.edited(true);
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
}

/// What of the person's work is in no file. During a lesson that is the scenario as it was before it: what a step makes of it is none.
fn unsaved<'a>(document: Option<&'a Document>, course: Option<&'a Course>) -> Option<&'a Scenario> {
    let document = document?;
    match course {
        Some(course) => Some(&course.original).filter(|original| document.differs(original)),
        None => Some(&document.scenario).filter(|_| document.dirty()),
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

/// A speed at which a run is over within a few minutes: a day in one sitting, a minute in a minute.
fn fitting_speed(duration: Span) -> f64 {
    const SITTING: f64 = 300.0;
    [1.0, 10.0, 100.0, 1000.0, 10_000.0].into_iter().find(|speed| duration.seconds() / speed <= SITTING).unwrap_or(100_000.0)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
