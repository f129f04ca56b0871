//! The welcome screen: the scenarios that come with the program as pictures, a new one, a file, the files of late.

use super::action::Action;
use super::files;
use super::files::Home;
use super::library::{LESSONS, LIBRARY, Shipped};
use super::picture::Picture;
use super::settings::Settings;
use super::style;
use super::teach;
use super::theme::{Theme, size, space};
use super::widgets::{labelled_button, muted, named, primary_button};
use crate::scenario;
use egui::text::LayoutJob;
use egui::{Align2, FontId, Layout, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, vec2};
use egui_material_icons::icons::{ICON_CHECK, ICON_DELETE, ICON_FOLDER_OPEN, ICON_NOTE_ADD, ICON_RESTORE, ICON_SCHOOL};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The welcome screen; a picture is made when it first comes into view.
#[derive(Default)]
pub struct Welcome {
    pictures: BTreeMap<&'static str, Option<Picture>>,
    /// It was drawn before.
    begun: bool,
}

impl Welcome {
    /// Draws it.
    pub fn show(&mut self, ui: &mut Ui, theme: &Theme, settings: &Settings, left_behind: &[(PathBuf, String)], actions: &mut Vec<Action>) {
        let mut area = ScrollArea::vertical().id_salt("welcome").auto_shrink(false);
        if !std::mem::replace(&mut self.begun, true) {
            // Where the last start left it is of no use.
            area = area.vertical_scroll_offset(0.0);
        }
        area.show(ui, |ui| {
            let gap = theme.px(space::L);
            let room = ui.available_width() - theme.px(space::XL) * 2.0;
            // Three beside each other as long as their words fit; cards shrink before they go to the next line.
            let columns = (((room + gap) / (theme.px(size::CARD[0]) * 0.75 + gap)).floor() as usize).clamp(1, 3);
            let wide = ((room + gap) / columns as f32 - gap).min(theme.px(size::CARD[0]));
            let card = vec2(wide, theme.px(size::CARD[1]).min(wide * 0.75));
            let width = columns as f32 * card.x + (columns - 1) as f32 * gap;
            ui.horizontal(|ui| {
                ui.add_space(((ui.available_width() - width) / 2.0).max(theme.px(space::XL)));
                ui.vertical(|ui| {
                    ui.set_width(width);
                    ui.add_space(theme.px(space::XL));
                    head(ui, theme, settings, actions);
                    unsaved(ui, theme, left_behind, actions);
                    recent(ui, theme, settings, actions);
                    for shelf in LIBRARY.iter() {
                        ui.add_space(theme.px(space::L));
                        ui.label(RichText::new(shelf.title).size(theme.title));
                        ui.add_space(theme.px(space::XS));
                        ui.scope(|ui| {
                            ui.spacing_mut().item_spacing = vec2(gap, gap);
                            for line in shelf.scenarios.chunks(columns) {
                                ui.horizontal(|ui| line.iter().for_each(|shipped| self.card(ui, theme, card, shipped, settings, actions)));
                            }
                        });
                    }
                    ui.add_space(theme.px(space::L));
                    lessons(ui, theme, settings, actions);
                    ui.add_space(theme.px(space::L));
                });
            });
        });
    }

    /// A scenario as a picture with its title and its line.
    fn card(&mut self, ui: &mut Ui, theme: &Theme, card: Vec2, shipped: &'static Shipped, settings: &Settings, actions: &mut Vec<Action>) {
        let (rect, response) = ui.allocate_exact_size(card, Sense::click());
        named(&response, &format!("Open {}", shipped.name));
        let near = response.hovered() || response.has_focus();
        let mut cut = false;
        if ui.is_rect_visible(rect) {
            let line = Stroke::new(theme.stroke * if near { 1.5 } else { 1.0 }, if near { theme.accent } else { theme.line });
            let painter = ui.painter().with_clip_rect(rect.expand(theme.stroke));
            painter.rect(rect, space::NODE_RADIUS, theme.panel, line, StrokeKind::Inside);
            let inside = rect.shrink(theme.px(space::M));
            let label = theme.label * 1.35;
            let words = theme.body * 1.4 + label * 2.0;
            let drawn = Rect::from_min_max(inside.min, inside.max - vec2(0.0, words + theme.px(space::XS)));
            painter.rect_filled(drawn.expand(theme.px(space::XS)), space::RADIUS, theme.canvas);
            let picture = || scenario::read(shipped.text, shipped.file).ok().map(|s| Picture::of(&s));
            if let Some(picture) = self.pictures.entry(shipped.file).or_insert_with(picture) {
                picture.paint(&painter, theme, drawn, near);
            }
            let below = drawn.bottom() + theme.px(space::S);
            painter.text(egui::pos2(inside.left(), below), Align2::LEFT_TOP, &shipped.name, FontId::proportional(theme.body), theme.text);
            if LESSONS.iter().any(|(other, _)| other.file == shipped.file) {
                let done = progress(settings, shipped).done;
                let (icon, colour) = if done { (ICON_CHECK, theme.accent) } else { (ICON_SCHOOL, theme.muted) };
                let font = FontId::new(theme.body * 1.2, icon.font_family());
                painter.text(egui::pos2(inside.right(), below), Align2::RIGHT_TOP, icon.codepoint, font, colour);
            }
            let mut line = LayoutJob::simple(shipped.line.clone(), FontId::proportional(theme.label), theme.muted, inside.width());
            line.wrap.max_rows = 2;
            let line = painter.layout_job(line);
            cut = line.elided;
            painter.galley(egui::pos2(inside.left(), below + theme.body * 1.4), line, theme.muted);
        }
        // What stands there whole needs no second telling.
        let response = if cut { response.on_hover_text(&shipped.line) } else { response };
        if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
            actions.push(Action::OpenShipped(shipped.file));
        }
    }
}

/// What was reached of a lesson.
fn progress(settings: &Settings, shipped: &'static Shipped) -> teach::Progress {
    settings.lessons.get(&teach::key(&Home::Shipped(shipped), &shipped.name)).copied().unwrap_or_default()
}

/// The lessons that come with the program, with what was reached of them.
fn lessons(ui: &mut Ui, theme: &Theme, settings: &Settings, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing = vec2(theme.px(space::S), theme.px(space::XS));
    ui.label(RichText::new("Lessons").size(theme.title));
    for (shipped, lesson) in LESSONS.iter() {
        let progress = progress(settings, shipped);
        ui.horizontal(|ui| {
            let words = match progress {
                teach::Progress { step: 1.., .. } => "Resume",
                teach::Progress { done: true, .. } => "Again",
                _ => "Start",
            };
            let response = ui.button(words);
            named(&response, &format!("{words} lesson {}", shipped.name));
            if response.clicked() {
                actions.push(Action::OpenLesson(shipped.file));
            }
            ui.label(&*shipped.name);
            let most = lesson.challenge.as_ref().map_or(0, |challenge| 1 + challenge.stars.len());
            let reached = match (progress.done, progress.step) {
                (true, _) if most > 0 => format!("done, {} of {most} stars", progress.stars),
                (true, _) => "done".to_owned(),
                (false, 0) => format!("{} min", lesson.minutes),
                (false, step) if step >= lesson.steps.len() => "at the challenge".to_owned(),
                (false, step) => format!("at step {} of {}", step + 1, lesson.steps.len()),
            };
            ui.add(egui::Label::new(muted(theme, format!("{} · {reached}", lesson.summary)).size(theme.label)).truncate());
        });
    }
}

fn head(ui: &mut Ui, theme: &Theme, settings: &Settings, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Tidemill").text_style(style::head()).strong());
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if labelled_button(ui, theme, ICON_FOLDER_OPEN, "Open…", true).clicked() {
                actions.push(Action::AskOpen);
            }
            if labelled_button(ui, theme, ICON_NOTE_ADD, "New scenario", true).clicked() {
                actions.push(Action::New);
            }
            // Those that come with the program follow each other; the next one is the first that has not been gone through.
            let begun = LESSONS.iter().any(|(shipped, _)| progress(settings, shipped) != teach::Progress::default());
            let words = if begun { "Go on with the lessons" } else { "Start the first lesson" };
            if let Some((next, _)) = LESSONS.iter().find(|(shipped, _)| !progress(settings, shipped).done).or(LESSONS.first())
                && primary_button(ui, theme, words, true).on_hover_text(&next.name).clicked()
            {
                actions.push(Action::OpenLesson(next.file));
            }
        });
    });
    ui.label(muted(theme, "Draw producers, brokers and consumers, press play, and watch the events flow in simulated time"));
}

/// Work that a program which is no more has left behind.
fn unsaved(ui: &mut Ui, theme: &Theme, left_behind: &[(PathBuf, String)], actions: &mut Vec<Action>) {
    for (path, name) in left_behind {
        ui.add_space(theme.px(space::M));
        ui.horizontal(|ui| {
            ui.label(format!("Unsaved work was kept: {name}"));
            if labelled_button(ui, theme, ICON_RESTORE, "Recover", true).clicked() {
                actions.push(Action::Recover(path.clone()));
            }
            if labelled_button(ui, theme, ICON_DELETE, "Throw it away", true).clicked() {
                actions.push(Action::GiveUp(path.clone()));
            }
        });
    }
}

/// Most files of late that are offered.
const RECENT: usize = 6;

fn recent(ui: &mut Ui, theme: &Theme, settings: &Settings, actions: &mut Vec<Action>) {
    if settings.recent.is_empty() {
        return;
    }
    ui.add_space(theme.px(space::M));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme.px(space::S), theme.px(space::XS));
        ui.label(muted(theme, "Recent files"));
        for path in settings.recent.iter().take(RECENT) {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let shown = files::shown(path);
            let response = ui.button(name);
            named(&response, &format!("Open {shown}"));
            if response.on_hover_text(shown).clicked() {
                actions.push(Action::Open(path.clone()));
            }
        }
    });
}
