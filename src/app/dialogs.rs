//! What the window asks, in the window itself: which file, what about unsaved work, what is wrong with a file.
//!
//! Where the desktop has a file dialog it is shown as well, from a thread of its own, because it blocks until it is
//! answered. The field in the window is always there beside it: not every desktop has a dialog, and none tells that
//! it has not.

use super::action::{Action, Answer};
use super::files;
use super::problems;
use super::session::{Question, Session};
use super::theme::{Theme, size, space};
use super::widgets::{labelled_button, muted, primary_button};
use crate::exchange::{self, Format};
use egui::{Align, Context, Id, Key, Layout, Modal, RichText, ScrollArea, TextEdit, Ui};
use egui_material_icons::icons::ICON_FOLDER_OPEN;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// A dialog that is answered faster than any person could was never shown.
const NO_PERSON: Duration = Duration::from_millis(300);

/// The state of the window's questions.
#[derive(Default)]
pub struct Dialogs {
    /// Whether the desktop's own file dialogs are tried.
    pub native: bool,
    /// The question that is shown, to notice a new one.
    shown: Option<Question>,
    path: String,
    /// What to say below the field.
    trouble: Option<String>,
    answer: Option<Receiver<Picked>>,
}

/// What a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Open,
    Save,
    Compare,
    Export,
}

impl Purpose {
    fn action(self, path: PathBuf) -> Action {
        match self {
            Purpose::Open => Action::Open(path),
            Purpose::Save | Purpose::Export => Action::SaveAs(path),
            Purpose::Compare => Action::CompareWith(path),
        }
    }
}

struct Picked {
    path: Option<PathBuf>,
    took: Duration,
}

impl Dialogs {
    /// Shows what the session asks, if it asks something.
    pub fn show(&mut self, ctx: &Context, session: &Session, theme: &Theme, actions: &mut Vec<Action>) {
        let fresh = self.shown != session.question;
        if fresh {
            self.shown.clone_from(&session.question);
            self.begin(ctx, session);
        }
        match &session.question {
            None => {}
            Some(Question::Unsaved) => unsaved(ctx, session, theme, actions),
            Some(Question::ChangedOnDisk(path)) => {
                let words =
                    format!("Something else has written {} since it was opened here. Saving now would lose that.", files::shown(path));
                replace(ctx, theme, "The file has changed", &words, actions);
            }
            Some(Question::Exists(path)) => {
                let words = format!("{} is there already. Saving replaces what is in it.", files::shown(path));
                replace(ctx, theme, "There is a file of this name", &words, actions);
            }
            Some(Question::Recover(_)) => recover(ctx, theme, actions),
            Some(Question::Reload { path, .. }) => reload(ctx, session, theme, path, actions),
            Some(Question::Broken { file, problems }) => broken(ctx, theme, file, problems, actions),
            Some(Question::OpenPath) => self.path_field(ctx, theme, fresh, Purpose::Open, session, actions),
            Some(Question::ComparePath) => self.path_field(ctx, theme, fresh, Purpose::Compare, session, actions),
            Some(Question::SavePath) => self.path_field(ctx, theme, fresh, Purpose::Save, session, actions),
            Some(Question::ExportPath) => self.path_field(ctx, theme, fresh, Purpose::Export, session, actions),
        }
    }

    fn begin(&mut self, ctx: &Context, session: &Session) {
        self.trouble = None;
        self.answer = None;
        self.path = match &session.question {
            Some(Question::SavePath) => files::shown(&proposal(session)),
            Some(Question::ExportPath) => files::shown(&proposal(session).with_extension("json")),
            Some(Question::OpenPath | Question::ComparePath) => {
                folder(session).map(|f| format!("{}{}", f.display(), std::path::MAIN_SEPARATOR)).unwrap_or_default()
            }
            _ => return,
        };
        if self.native {
            self.browse(ctx, session);
        }
    }

    /// Asks the desktop.
    fn browse(&mut self, ctx: &Context, session: &Session) {
        let export = session.question == Some(Question::ExportPath);
        let save = export || session.question == Some(Question::SavePath);
        let mut dialog = rfd::FileDialog::new();
        if !export {
            dialog = dialog.add_filter("Scenarios", &["ron"]);
        }
        dialog = dialog.add_filter(OTHERS, &["json", "yaml", "yml"]).add_filter("All files", &["*"]);
        if let Some(folder) = folder(session) {
            dialog = dialog.set_directory(folder);
        }
        let proposal = if export { proposal(session).with_extension("json") } else { proposal(session) };
        if save && let Some(name) = proposal.file_name() {
            dialog = dialog.set_file_name(name.to_string_lossy());
        }
        let (send, receive) = channel();
        let ctx = ctx.clone();
        let asked = move || {
            #[allow(clippy::disallowed_methods, reason = "how long the desktop took tells whether a dialog was shown at all")]
            let began = Instant::now();
            let path = if save { dialog.save_file() } else { dialog.pick_file() };
            // Nobody listens any more if the question was answered in the window.
            let _ = send.send(Picked { path, took: began.elapsed() });
            ctx.request_repaint();
        };
        self.answer = std::thread::Builder::new().name("file dialog".into()).spawn(asked).ok().map(|_| receive);
    }

    fn path_field(&mut self, ctx: &Context, theme: &Theme, fresh: bool, purpose: Purpose, session: &Session, actions: &mut Vec<Action>) {
        if let Some(answer) = &self.answer {
            match answer.try_recv() {
                Ok(Picked { path: Some(path), .. }) => {
                    self.answer = None;
                    actions.push(purpose.action(path));
                    return;
                }
                Ok(Picked { path: None, took }) => {
                    self.answer = None;
                    if took > NO_PERSON {
                        actions.push(Action::Answer(Answer::Cancel));
                        return;
                    }
                    // There is none here: not asked again, and the field is all there is.
                    self.native = false;
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => self.answer = None,
            }
        }
        let (head, verb) = match purpose {
            Purpose::Save => ("Save scenario as", "Save"),
            Purpose::Open => ("Open scenario", "Open"),
            Purpose::Compare => ("Compare with a scenario or a recording", "Compare"),
            Purpose::Export => ("Export brokers", "Export"),
        };
        let shown = dialog(ctx, theme, head, |ui| {
            let label = ui.label("Path of the file");
            let field = TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY).hint_text("/home/me/shop.ron");
            let mut output = field.show(ui);
            let response = output.response.response.labelled_by(label.id);
            if fresh {
                response.request_focus();
                let cursor = |at: usize| egui::text::CCursor::new(self.path.chars().take(at).count());
                let end = self.path.chars().count();
                // Where something is saved its name is to be typed: the folder and the ending are as they should be.
                let range = if matches!(purpose, Purpose::Save | Purpose::Export) { name_in(&self.path) } else { (end, end) };
                output.state.cursor.set_char_range(Some(egui::text::CCursorRange::two(cursor(range.0), cursor(range.1))));
                output.state.store(ui.ctx(), response.id);
            }
            let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            if response.changed() {
                self.trouble = None;
            }
            match &self.trouble {
                Some(why) => ui.label(RichText::new(why).color(theme.bad).size(theme.label)),
                None if self.answer.is_some() => ui.label(muted(theme, "Or choose it in the file dialog").size(theme.label)),
                None => ui.label(muted(theme, hint(&self.path, purpose, session)).size(theme.label)),
            };
            let mut go = entered;
            buttons(ui, |ui| {
                go |= primary_button(ui, theme, verb, !self.path.trim().is_empty()).clicked();
                if ui.button("Cancel").clicked() {
                    actions.push(Action::Answer(Answer::Cancel));
                }
                if self.native && self.answer.is_none() && labelled_button(ui, theme, ICON_FOLDER_OPEN, "Browse", true).clicked() {
                    self.browse(ui.ctx(), session);
                }
            });
            if go {
                match checked(&self.path, purpose, session) {
                    Ok(path) => actions.push(purpose.action(path)),
                    Err(why) => {
                        self.trouble = Some(why);
                        response.request_focus();
                    }
                }
            }
        });
        if shown {
            actions.push(Action::Answer(Answer::Cancel));
        }
    }
}

/// The folder where the open file is, or the last one that was.
fn folder(session: &Session) -> Option<PathBuf> {
    let open = session.document.as_ref().and_then(|d| d.home.path());
    let path = open.or(session.settings.recent.first().map(PathBuf::as_path))?;
    path.parent().filter(|p| !p.as_os_str().is_empty()).map(Path::to_path_buf)
}

/// Where a scenario would be saved if nobody said otherwise.
fn proposal(session: &Session) -> PathBuf {
    let Some(document) = &session.document else { return PathBuf::new() };
    if let Some(path) = document.home.path() {
        return path.to_path_buf();
    }
    let name: String = document.scenario.name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let name = if name.is_empty() { "scenario".to_owned() } else { name };
    let folder = folder(session).or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    folder.join(format!("{name}.ron"))
}

/// Where in a path, in letters, the name of the file stands, without its ending.
fn name_in(path: &str) -> (usize, usize) {
    let letters = |until: usize| path[..until].chars().count();
    let from = path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let to = path[from..].rfind('.').filter(|at| *at > 0).map_or(path.len(), |at| from + at);
    (letters(from), letters(to))
}

/// Files of other products that can be opened and written.
const OTHERS: &str = "RabbitMQ definitions, CloudFormation";

const NO_FORMAT: &str = "End it with .json (RabbitMQ or CloudFormation, as the brokers are) or .yaml (CloudFormation)";

/// The format of another product that a file of this name would be written in.
fn foreign(path: &Path, session: &Session) -> Option<&'static Format> {
    exchange::by_extension(&session.document.as_ref()?.scenario, path.extension()?.to_str()?)
}

/// The file that is meant by what was typed: `~` is the home folder, and a scenario is saved with its ending.
fn meant(typed: &str, purpose: Purpose) -> PathBuf {
    let typed = typed.trim();
    let path = match typed.strip_prefix("~/").zip(std::env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(typed),
    };
    if purpose == Purpose::Save && !path.is_dir() { files::with_ending(path) } else { path }
}

/// What would happen with this path.
fn hint(typed: &str, purpose: Purpose, session: &Session) -> String {
    let path = &meant(typed, purpose);
    let there = path.is_file();
    match (purpose, foreign(path, session)) {
        (Purpose::Open, _) if there => "This file can be opened".to_owned(),
        (Purpose::Open, _) => "A scenario, RabbitMQ definitions or a CloudFormation template; or drop a file into the window".to_owned(),
        (Purpose::Compare, _) if there => "This file can be compared with".to_owned(),
        (Purpose::Compare, _) => "A scenario or a recording".to_owned(),
        (_, Some(format)) => {
            let also = if there { "; this file exists and will be replaced" } else { "" };
            let yaml = if format.name == "cloudformation" { " (end it with .yaml to have it in YAML)" } else { "" };
            format!("Writes {}{yaml}: of a broker alone, of several the selected one; the scenario is not saved by that{also}", format.what)
        }
        (Purpose::Export, None) => NO_FORMAT.to_owned(),
        (Purpose::Save, None) if there => format!("{} exists: it will be replaced", files::shown(path)),
        (Purpose::Save, None) => "A new file".to_owned(),
    }
}

/// A path that makes sense, or why it does not.
fn checked(typed: &str, purpose: Purpose, session: &Session) -> Result<PathBuf, String> {
    let path = meant(typed, purpose);
    if path.is_dir() {
        return Err("This is a folder: add the name of a file".to_owned());
    }
    if purpose == Purpose::Export && foreign(&path, session).is_none() {
        return Err(NO_FORMAT.to_owned());
    }
    if matches!(purpose, Purpose::Save | Purpose::Export) {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return if folder.is_dir() { Ok(path) } else { Err(format!("There is no folder {}", folder.display())) };
    }
    if path.is_file() { Ok(path) } else { Err(format!("There is no file {}", path.display())) }
}

/// A dialog in the middle of the window; `true` if the person wants it away.
fn dialog(ctx: &Context, theme: &Theme, head: &str, content: impl FnOnce(&mut Ui)) -> bool {
    let modal = Modal::new(Id::unique("tidemill dialog")).frame(modal_frame(ctx, theme)).show(ctx, |ui| {
        let room = ui.ctx().content_rect().width() - theme.px(space::XL) * 2.0;
        ui.set_width(theme.px(size::DIALOG).min(room));
        ui.spacing_mut().item_spacing.y = theme.px(space::S);
        ui.label(RichText::new(head).size(theme.title).strong());
        content(ui);
    });
    modal.should_close()
}

/// The ground of dialogs.
pub fn modal_frame(ctx: &Context, theme: &Theme) -> egui::Frame {
    egui::Frame::popup(&ctx.global_style()).corner_radius(space::NODE_RADIUS).inner_margin(theme.px(space::L))
}

/// The buttons at the foot of a dialog, the one it is for outermost.
fn buttons(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.add_space(ui.spacing().item_spacing.y);
    let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), content);
}

fn unsaved(ctx: &Context, session: &Session, theme: &Theme, actions: &mut Vec<Action>) {
    let name = session.document.as_ref().map(|d| d.scenario.name.clone()).unwrap_or_default();
    let away = dialog(ctx, theme, "Save your changes?", |ui| {
        ui.label(format!("“{name}” has changes that are in no file. Without saving they are lost."));
        buttons(ui, |ui| {
            if primary_button(ui, theme, "Save changes", true).clicked() {
                actions.push(Action::Answer(Answer::Save));
            }
            if ui.button("Cancel").clicked() {
                actions.push(Action::Answer(Answer::Cancel));
            }
            if ui.button(RichText::new("Discard changes").color(theme.bad)).clicked() {
                actions.push(Action::Answer(Answer::Discard));
            }
        });
    });
    if away {
        actions.push(Action::Answer(Answer::Cancel));
    }
}

/// Asks whether a file may be replaced.
fn replace(ctx: &Context, theme: &Theme, head: &str, words: &str, actions: &mut Vec<Action>) {
    let away = dialog(ctx, theme, head, |ui| {
        ui.label(words);
        buttons(ui, |ui| {
            if ui.button("Cancel").clicked() {
                actions.push(Action::Answer(Answer::Cancel));
            }
            if ui.button("Save elsewhere").clicked() {
                actions.push(Action::AskSaveAs);
            }
            if ui.button(RichText::new("Replace it").color(theme.bad)).clicked() {
                actions.push(Action::Answer(Answer::Save));
            }
        });
    });
    if away {
        actions.push(Action::Answer(Answer::Cancel));
    }
}

fn recover(ctx: &Context, theme: &Theme, actions: &mut Vec<Action>) {
    let away = dialog(ctx, theme, "Recover your changes?", |ui| {
        ui.label("Tidemill ended before your last changes to this file were saved. They were kept beside it.");
        buttons(ui, |ui| {
            if primary_button(ui, theme, "Recover changes", true).clicked() {
                actions.push(Action::Answer(Answer::Save));
            }
            if ui.button("Not now").clicked() {
                actions.push(Action::Answer(Answer::Cancel));
            }
            if ui.button(RichText::new("Throw them away").color(theme.bad)).clicked() {
                actions.push(Action::Answer(Answer::Discard));
            }
        });
    });
    if away {
        actions.push(Action::Answer(Answer::Cancel));
    }
}

fn reload(ctx: &Context, session: &Session, theme: &Theme, path: &Path, actions: &mut Vec<Action>) {
    let away = dialog(ctx, theme, "The file has changed", |ui| {
        ui.label(format!("Something else has written {}.", files::shown(path)));
        if session.dirty() {
            ui.label("Loading it again replaces your unsaved changes; undo brings them back.");
        }
        buttons(ui, |ui| {
            if primary_button(ui, theme, "Load it again", true).clicked() {
                actions.push(Action::Answer(Answer::Save));
            }
            if ui.button("Keep what is here").clicked() {
                actions.push(Action::Answer(Answer::Cancel));
            }
        });
    });
    if away {
        actions.push(Action::Answer(Answer::Cancel));
    }
}

fn broken(ctx: &Context, theme: &Theme, file: &str, list: &[crate::scenario::Problem], actions: &mut Vec<Action>) {
    let away = dialog(ctx, theme, "This file cannot be opened", |ui| {
        ui.label(muted(theme, format!("{file} is left as it is, and so is what was open.")));
        ScrollArea::vertical().max_height(ui.ctx().content_rect().height() * 0.5).auto_shrink([false, true]).show(ui, |ui| {
            problems::in_file(ui, theme, list);
        });
        buttons(ui, |ui| {
            if primary_button(ui, theme, "Close", true).clicked() {
                actions.push(Action::Answer(Answer::Cancel));
            }
        });
    });
    if away {
        actions.push(Action::Answer(Answer::Cancel));
    }
}
