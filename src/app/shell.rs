//! The window's frame: where its parts are, and the turn of each picture: keys, parts, then what they asked for.

use super::action::Action;
use super::canvas::Canvas;
use super::compare::sides::Sides;
use super::dialogs::Dialogs;
use super::dock::Dock;
use super::finder::Finder;
use super::inspector;
use super::keys;
use super::notices::Notices;
use super::panels::{Panels, Part};
use super::parts::Parts;
use super::session::{ForPanels, Question, Session};
use super::settings::Settings;
use super::teach::{self, course::Course, editor::Editor, panel};
use super::theme::{Mode, Theme, motion, size, space};
use super::topbar::{self, Folds};
use super::transport::{self, Transport};
use super::typing::Typing;
use super::welcome::Welcome;
use super::zoom::Zoom;
use super::{expectations, help, rail, style};
use crate::run::Frame;
use crate::run::frame::PlayState;
use egui::{CentralPanel, Context, Margin, Panel, Rect, Ui, ViewportCommand, pos2};
use std::path::PathBuf;
use std::sync::Arc;

/// What the window begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The welcome screen.
    Welcome,
    /// What was open last time, or the welcome screen.
    LastOrWelcome,
    /// This file.
    File(PathBuf),
}

/// The window.
pub struct Shell {
    /// What is behind it.
    pub session: Session,
    theme: Theme,
    installed: Option<(Mode, bool)>,
    zoom: Zoom,
    canvas: Canvas,
    sides: Sides,
    dialogs: Dialogs,
    notices: Notices,
    welcome: Welcome,
    panels: Panels,
    dock: Dock,
    finder: Finder,
    moment: inspector::Moment,
    teaching: panel::Panel,
    editor: Editor,
    typing: Typing,
    title: String,
    /// Whether the open scenario could not run when it was last looked at.
    broken: bool,
    /// The run whose end was already told, and the notice that says it.
    told: Option<(u64, u64)>,
}

impl Shell {
    /// A window on nothing yet. Needs no storage and no desktop, so that tests can have one.
    pub fn new(ctx: &Context, settings: Settings) -> Shell {
        style::install_fonts(ctx);
        let waking = ctx.clone();
        let (theme, panels) = (Theme::of(settings.mode), Panels::remembered(&settings.panels));
        // Not at once: pictures that the window draws anyway and those that the run asks for become the same ones.
        let wake = move || waking.request_repaint_after(motion::FRAME);
        let mut shell = Shell {
            session: Session::new(settings, Arc::new(wake)),
            theme,
            installed: None,
            zoom: Zoom::default(),
            canvas: Canvas::default(),
            sides: Sides::default(),
            dialogs: Dialogs::default(),
            notices: Notices::default(),
            welcome: Welcome::default(),
            panels,
            dock: Dock::default(),
            finder: Finder::default(),
            moment: inspector::Moment::default(),
            teaching: panel::Panel::default(),
            editor: Editor::default(),
            typing: Typing::default(),
            title: String::new(),
            broken: false,
            told: None,
        };
        shell.dress(ctx);
        shell
    }

    /// Tries the desktop's own file dialogs as well.
    pub fn with_native_dialogs(mut self) -> Shell {
        self.dialogs.native = true;
        self
    }

    /// Opens what the window is to begin with.
    pub fn start(&mut self, start: Start) {
        match start {
            Start::File(path) => {
                self.session.apply(Action::Open(path));
                self.session.tell_left_behind();
            }
            // The welcome screen offers what was left behind, and the last file as well.
            Start::LastOrWelcome if !self.session.left_behind.is_empty() => {}
            Start::LastOrWelcome => {
                if let Some(path) = self.session.settings.last.clone().filter(|p| p.is_file()) {
                    self.session.apply(Action::Open(path));
                }
            }
            Start::Welcome => {}
        }
        self.show_problems();
    }

    /// One picture.
    pub fn ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let mut actions = Vec::new();
        self.typing.begin(&ctx);
        // What is typed into a dialog or a list is no work.
        let aside = self.session.question.is_some() || self.finder.is_open();
        let typing = !aside && ctx.text_edit_focused();
        self.hear(&ctx, typing, &mut actions);
        if !aside && !self.session.help && !self.typing.waits() {
            if let Some(course) = &self.session.course {
                teach::notes::keys(&ctx, course, self.session.room.is_some(), &mut self.teaching, &mut actions);
            }
            keys::actions(&ctx, &self.session, &mut actions);
        }
        for why in self.session.hear() {
            // Where it was typed it stands, with the reason.
            if !self.dock.branching.refused(&why) {
                self.session.tell_refusal(&why);
            }
        }
        self.session.watch_lesson();
        if std::mem::take(&mut self.session.fresh) {
            // Markers, spans and what was found belong to what was open before.
            self.dock = Dock { plotting: self.dock.plotting.clone(), ..Dock::default() };
            self.moment = inspector::Moment::default();
            (self.teaching, self.editor) = (panel::Panel::default(), Editor::default());
        }
        if std::mem::take(&mut self.session.mark)
            && let Some(frame) = self.session.frame()
        {
            self.dock.time.mark(frame.now);
            actions.push(Action::OpenPanel(Part::Timeline));
        }
        for file in super::plots::saved(&ctx) {
            self.session.apply(Action::SaveBeside(file.name, file.bytes));
        }
        if let Some(event) = self.session.journey.take() {
            actions.push(Action::OpenPanel(Part::Journeys));
            self.dock.finding.open(event, &mut actions);
        }
        let frame = self.session.frame_to_draw();
        self.tell_end(frame.as_deref());
        let corner = self.parts(ui, frame.as_deref(), &mut actions);
        if let Some(course) = self.session.course.as_ref().filter(|_| self.session.room.is_some()) {
            teach::notes::show(&ctx, course, frame.as_deref(), &mut self.teaching, &mut actions);
        }
        self.dialogs.show(&ctx, &self.session, &self.theme, &mut actions);
        help::show(&ctx, &self.theme, &mut self.session.help, &mut self.session.settings.reduce_motion);
        self.finder.show(&ctx, &self.session, &self.theme, &mut actions);
        self.notices.show(&ctx, &self.theme, &self.session.notices, corner, &mut actions);
        let actions = self.typing.sort(actions, typing);
        self.after(&ctx, actions, frame.as_deref());
    }

    /// Files dropped into the window, and its close button.
    fn hear(&mut self, ctx: &Context, typing: bool, actions: &mut Vec<Action>) {
        let dropped = ctx.input(|i| i.raw.dropped_files.first().map(|f| f.path().to_path_buf()));
        actions.extend(dropped.map(Action::Open));
        if ctx.input(|i| i.viewport().close_requested()) && !self.session.closing && (typing || self.session.dirty()) {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            actions.push(Action::Close);
        }
    }

    /// Draws all parts; gives the corner above which notices stand.
    fn parts(&mut self, ui: &mut Ui, frame: Option<&Frame>, actions: &mut Vec<Action>) -> egui::Pos2 {
        let theme = self.theme.clone();
        let bar = |x: f32| egui::Frame::new().fill(theme.panel).inner_margin(Margin::symmetric(theme.px(x) as i8, 0));
        let (mut inspector, mut dock, mut asked) = (self.session.inspector(), self.session.settings.dock, None);
        let mut help = self.session.help;
        let verdicts = self.session.document.as_ref().map(|document| expectations::verdicts(document, frame)).unwrap_or_default();
        Panel::top("top").exact_size(theme.px(size::TOP)).frame(bar(space::M)).show(ui, |ui| {
            let folds = &mut Folds { inspector: &mut inspector, dock: &mut dock, help: &mut help, asked: &mut asked };
            topbar::show(ui, &theme, &self.session, &verdicts, folds, actions);
        });
        if let Some(part) = asked {
            dock = true;
            self.panels.open(part);
        }
        let mut middle = ui.available_rect_before_wrap();
        match &self.session.document {
            None => {
                CentralPanel::default().frame(egui::Frame::new().fill(theme.canvas)).show(ui, |ui| {
                    self.welcome.show(ui, &theme, &self.session.settings, &self.session.left_behind, actions);
                });
            }
            Some(document) => {
                Panel::bottom("transport").exact_size(theme.px(size::TRANSPORT)).frame(bar(space::M)).show(ui, |ui| {
                    let input = Transport { scenario: &document.scenario, frame, runnable: document.runnable(), theme: &theme };
                    transport::show(ui, &input, &mut self.dock.time, actions);
                });
                // A room is shown a lesson, not how to draw, unless that is what the step is about.
                let draws = |course: &Course| course.touch().iter().any(|path| path == "nodes");
                if self.session.room.is_none() || self.session.course.as_ref().is_some_and(draws) {
                    let rail = Panel::left("rail").exact_size(theme.px(size::RAIL)).resizable(false).frame(bar(0.0));
                    rail.show(ui, |ui| rail::show(ui, &theme, self.session.placing, actions));
                }
                self.panels.set_visible(Part::Inspector, inspector);
                self.panels.set_visible(Part::Lesson, self.session.lesson);
                Part::DOCK.into_iter().for_each(|part| self.panels.set_visible(part, dock));
                CentralPanel::default().frame(egui::Frame::new().fill(theme.canvas)).show(ui, |ui| {
                    self.panels.fit(&theme, ui.available_size());
                    let mut parts = Parts {
                        theme: &theme,
                        session: &self.session,
                        document,
                        frame,
                        canvas: &mut self.canvas,
                        sides: &mut self.sides,
                        moment: &mut self.moment,
                        dock: &mut self.dock,
                        teaching: &mut self.teaching,
                        editor: &mut self.editor,
                        verdicts: &verdicts,
                        actions,
                        canvas_tile: self.panels.tile(Part::Canvas),
                    };
                    self.panels.tree.ui(&mut parts, ui);
                });
                middle = self.panels.rect(Part::Canvas).unwrap_or(middle);
            }
        }
        if inspector != self.session.inspector() {
            self.session.unfold_inspector(inspector);
        }
        self.session.settings.dock = dock;
        self.session.help = help;
        lower_right(middle)
    }

    /// Says once why a run ended before its time, for as long as that run is there.
    fn tell_end(&mut self, frame: Option<&Frame>) {
        let stopped = frame.and_then(|f| if let PlayState::Stopped(why) = &f.state { Some((f.run, why)) } else { None });
        if let Some((run, notice)) = self.told
            && stopped.is_none_or(|(now, _)| now != run)
        {
            self.session.apply(Action::Dismiss(notice));
            self.told = None;
        }
        if let (Some((run, why)), None) = (stopped, self.told) {
            self.session.tell(super::session::Level::Error, format!("The run was stopped: {why}"));
            self.told = self.session.notices.last().map(|notice| (run, notice.id));
        }
    }

    /// What was asked for takes effect, once everything has been drawn.
    fn after(&mut self, ctx: &Context, actions: Vec<Action>, frame: Option<&Frame>) {
        if !actions.is_empty() || self.typing.waits() {
            ctx.request_repaint();
        }
        for action in actions {
            self.session.apply(action);
        }
        if self.session.question.is_none() && !self.session.fresh && !self.session.closing {
            self.typing.go_on(ctx);
        }
        if let Some(seconds) = self.session.pass(ctx.input(|i| i.time)) {
            ctx.request_repaint_after_secs(seconds as f32);
        }
        self.show_problems();
        if std::mem::take(&mut self.session.fit) {
            self.canvas.fit();
            ctx.request_repaint();
        }
        if let Some(placing) = self.session.place_in_view.take() {
            self.canvas.place_in_view(placing);
            ctx.request_repaint();
        }
        for told in std::mem::take(&mut self.session.panels) {
            match told {
                ForPanels::Send(part, side) => self.panels.send(part, side),
                ForPanels::Open(part) => self.panels.open(part),
                ForPanels::Back => self.panels = Panels::default(),
            }
            ctx.request_repaint();
        }
        for command in std::mem::take(&mut self.session.on_canvas) {
            self.canvas.tell(command);
            ctx.request_repaint();
        }
        if let Some(find) = self.session.find.take() {
            self.finder.open(find);
            ctx.request_repaint();
        }
        if std::mem::take(&mut self.session.inspect) {
            inspector::take_focus(ctx);
            ctx.request_repaint();
        }
        self.zoom.fit(ctx, &mut self.session.settings.zoom);
        self.dress(ctx);
        self.entitle(ctx);
        if self.session.closing {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        if frame.is_some_and(|f| f.state == PlayState::Playing) {
            ctx.request_repaint_after(motion::FRAME);
        }
    }

    /// Problems come to the front when they appear, and go when they are solved.
    fn show_problems(&mut self) {
        let broken = self.session.document.as_ref().is_some_and(|d| !d.runnable());
        if broken && !self.broken {
            self.panels.open(Part::Problems);
        } else if self.broken && !broken && self.panels.is_open(Part::Problems) {
            self.panels.open(Part::Plots);
        }
        self.broken = broken;
    }

    /// Puts the look on when it has changed.
    fn dress(&mut self, ctx: &Context) {
        let wanted = (self.session.settings.mode, self.session.settings.reduce_motion);
        if self.installed != Some(wanted) {
            self.theme = Theme::of(wanted.0);
            style::install(ctx, &self.theme, wanted.1);
            self.installed = Some(wanted);
            ctx.request_repaint();
        }
    }

    fn entitle(&mut self, ctx: &Context) {
        let title = match &self.session.document {
            None => "Tidemill".to_owned(),
            Some(d) => format!("{}{} – Tidemill", d.scenario.name, if self.session.dirty() { " *" } else { "" }),
        };
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// What is to be remembered.
    pub fn remembered(&self) -> Settings {
        Settings { panels: self.panels.remember(), ..self.session.settings.clone() }
    }

    /// Whether a question is open, for tests.
    pub fn question(&self) -> Option<&Question> {
        self.session.question.as_ref()
    }
}

fn lower_right(rect: Rect) -> egui::Pos2 {
    pos2(rect.right(), rect.bottom())
}

impl eframe::App for Shell {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        Shell::ui(self, ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, Settings::KEY, &self.remembered());
    }
}
