//! The bar at the top: what is open, what can be done with it, how it looks.

use super::action::{Action, Fold};
use super::expectations::{Stage, Verdicts};
use super::panels::Part;
use super::session::Session;
use super::theme::{Mode, Theme, size, space};
use super::widgets::{icon_button, muted, named, named_choice};
use crate::figures;
use crate::scenario::Severity;
use egui::{Align, Button, Layout, RichText, Ui, Vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons as i;

/// What the bar changes of the window itself.
pub struct Folds<'a> {
    /// Whether the inspector is unfolded.
    pub inspector: &'a mut bool,
    /// Whether the dock is unfolded.
    pub dock: &'a mut bool,
    /// Whether the help is shown.
    pub help: &'a mut bool,
    /// Set when a part is asked for.
    pub asked: &'a mut Option<Part>,
}

const LOOKS: [(Mode, &str, MaterialIcon, &str); 3] = [
    (Mode::Light, "Light", i::ICON_LIGHT_MODE, "Dark text on light ground"),
    (Mode::Dark, "Dark", i::ICON_DARK_MODE, "Light text on dark ground"),
    (Mode::Projector, "Projector", i::ICON_CO_PRESENT, "For a room: larger, with more contrast"),
];

/// Draws the bar.
pub fn show(ui: &mut Ui, theme: &Theme, session: &Session, verdicts: &Verdicts, folds: &mut Folds<'_>, actions: &mut Vec<Action>) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
        let document = session.document.as_ref();
        let open = document.is_some();
        let home = Button::new(RichText::new("Tidemill").strong().size(theme.body)).frame_when_inactive(false);
        let response = ui.add_enabled(open, home).on_hover_text("Back to the welcome screen");
        named(&response, "Welcome screen");
        if response.clicked() {
            actions.push(Action::Welcome);
        }
        ui.separator();
        let mut button = |ui: &mut Ui, icon, name: &str, keys: &str, enabled: bool, action: Action| {
            if icon_button(ui, theme, icon, name, keys, enabled).clicked() {
                actions.push(action);
            }
        };
        button(ui, i::ICON_NOTE_ADD, "New", "Ctrl+N", true, Action::New);
        button(ui, i::ICON_FOLDER_OPEN, "Open", "Ctrl+O", true, Action::AskOpen);
        button(ui, i::ICON_SAVE, "Save", "Ctrl+S", open, Action::Save);
        button(ui, i::ICON_SAVE_AS, "Save as", "Ctrl+Shift+S", open, Action::AskSaveAs);
        ui.separator();
        let (undo, redo) = (session.undo_label(), session.redo_label());
        let keys = |label: &Option<String>, keys: &str| label.as_ref().map_or(keys.to_owned(), |label| format!("{label}, {keys}"));
        button(ui, i::ICON_UNDO, "Undo", &keys(&undo, "Ctrl+Z"), undo.is_some(), Action::Undo);
        button(ui, i::ICON_REDO, "Redo", &keys(&redo, "Ctrl+Shift+Z"), redo.is_some(), Action::Redo);
        ui.separator();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = theme.px(space::XS);
            right(ui, theme, session, verdicts, folds, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| name(ui, theme, session));
        });
    });
}

/// The scenario's name, a star for unsaved work, and the file.
fn name(ui: &mut Ui, theme: &Theme, session: &Session) {
    // Dots alone would say nothing; the window's own title has the name as well.
    let Some(document) = session.document.as_ref().filter(|_| ui.available_width() > theme.px(48.0)) else { return };
    let dirty = session.dirty();
    let star = if dirty { " *" } else { "" };
    let name = RichText::new(format!("{}{star}", document.scenario.name)).size(theme.body);
    let response = ui.add(egui::Label::new(name).truncate());
    response.on_hover_text(if dirty { "Has changes that are not saved" } else { "Saved" });
    if let Some(path) = document.home.path()
        && let Some(file) = path.file_name()
        && ui.available_width() > theme.px(80.0)
    {
        let file = muted(theme, file.to_string_lossy()).size(theme.label);
        ui.add(egui::Label::new(file).truncate()).on_hover_text(path.display().to_string());
    }
}

fn right(ui: &mut Ui, theme: &Theme, session: &Session, verdicts: &Verdicts, folds: &mut Folds<'_>, actions: &mut Vec<Action>) {
    if icon_button(ui, theme, i::ICON_HELP, "Help", "F1", true).clicked() {
        *folds.help = true;
    }
    ui.separator();
    // From right to left, so that they read light, dark, projector.
    for (mode, name, icon, tip) in LOOKS.into_iter().rev() {
        let on = session.settings.mode == mode;
        let face = icon.rich_text().size(theme.px(size::ICON));
        let button = Button::selectable(on, face).min_size(Vec2::splat(theme.px(size::CONTROL)));
        let response = ui.add(button).on_hover_text(tip);
        named_choice(&response, name, on);
        if response.clicked() {
            actions.push(Action::Look(mode));
        }
    }
    let Some(document) = &session.document else { return };
    ui.separator();
    if icon_button(ui, theme, i::ICON_DOCK_TO_RIGHT, if *folds.inspector { "Fold inspector" } else { "Unfold inspector" }, "F4", true)
        .clicked()
    {
        *folds.inspector = !*folds.inspector;
    }
    if icon_button(ui, theme, i::ICON_MONITORING, if *folds.dock { "Fold plots" } else { "Unfold plots" }, "F3", true).clicked() {
        *folds.dock = !*folds.dock;
    }
    let lesson = if session.lesson { "Fold lesson panel" } else { "Unfold lesson panel" };
    if icon_button(ui, theme, i::ICON_SCHOOL, lesson, "F6", true).clicked() {
        actions.push(Action::Fold(Fold::Lesson));
    }
    if icon_button(ui, theme, i::ICON_COMPARE_ARROWS, "Compare with a file", "a scenario or a recording, side by side", true).clicked() {
        actions.push(Action::AskCompare);
    }
    if icon_button(ui, theme, i::ICON_FIT_SCREEN, "Show everything", "F", true).clicked() {
        actions.push(Action::FitView);
    }
    // A lesson changes the scenario, and what is expected of it is not what it is about.
    if let Some((words, well)) = verdicts.summary().filter(|_| session.course.is_none()) {
        let (icon, colour) = match (well, verdicts.stage) {
            (true, Stage::End) => (i::ICON_CHECK_CIRCLE, theme.good),
            (false, Stage::End) => (i::ICON_CANCEL, theme.bad),
            (_, Stage::Start | Stage::Way) => (i::ICON_HOURGLASS_EMPTY, theme.muted),
        };
        let face = (icon.rich_text().size(theme.px(size::ICON)).color(colour), RichText::new(&words).color(colour));
        let response = ui.add(Button::new(face).frame_when_inactive(false));
        named(&response, &format!("Expectations: {words}"));
        if response.on_hover_text("Show what is expected of the run, and what came of it").clicked() {
            *folds.asked = Some(Part::Expectations);
        }
    }
    if document.findings.is_empty() {
        return;
    }
    let errors = document.findings.iter().filter(|f| f.severity == Severity::Error).count();
    let (icon, colour, words) = match errors {
        0 => (i::ICON_WARNING, theme.warn, figures::counted(document.findings.len() as u64, "warning")),
        n => (i::ICON_ERROR, theme.bad, figures::counted(n as u64, "problem")),
    };
    let face = (icon.rich_text().size(theme.px(size::ICON)).color(colour), RichText::new(&words).color(colour));
    let response = ui.add(Button::new(face).frame_when_inactive(false));
    named(&response, &words);
    if response.on_hover_text("Show what is wrong").clicked() {
        *folds.asked = Some(Part::Problems);
    }
}
