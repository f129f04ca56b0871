//! The waterfall: one row per copy, stages as bars over time, causes above what they caused.

use super::Finding;
use crate::app::action::Action;
use crate::app::marks::{short, time_marks};
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::cut;
use crate::figures;
use crate::run::journey::{Journey, Stage, StageKind, Traced, Track};
use crate::run::{Command, Frame};
use crate::time::Time;
use egui::{Align2, Color32, CornerRadius, FontId, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Most rows: a chain that fans out into thousands can be followed, not read.
const ROWS: usize = 300;

/// A line of the waterfall.
enum Row<'a> {
    Event(&'a Traced, usize),
    Track(&'a Traced, &'a Track, usize),
}

pub(super) fn show(ui: &mut Ui, theme: &Theme, frame: &Frame, journey: &Journey, finding: &mut Finding, actions: &mut Vec<Action>) {
    let rows = rows(journey);
    let (from, to) = span(journey);
    let room = ui.available_rect_before_wrap();
    let names = (room.width() * 0.28).clamp(theme.px(120.0), theme.px(240.0));
    let left = room.left() + names;
    // Room for fates behind the bars.
    let width = (room.right() - left - theme.px(190.0)).max(theme.px(80.0));
    let x = |at: Time| left + ((at.seconds() - from) / (to - from).max(1e-9)) as f32 * width;
    let font = FontId::proportional(theme.label);
    let head = theme.label * 1.5;
    let (strip, _) = ui.allocate_exact_size(vec2(room.width(), head), Sense::hover());
    for mark in time_marks((0.0, to - from), (width / theme.px(80.0)) as usize) {
        let at = left + (mark.value / (to - from).max(1e-9)) as f32 * width;
        let words = format!("+{}", short(&figures::axis_seconds(mark.value)));
        ui.painter().text(pos2(at, strip.center().y), Align2::LEFT_CENTER, words, font.clone(), theme.muted);
    }
    let height = theme.px(size::CONTROL - space::S);
    ScrollArea::vertical().id_salt("waterfall").auto_shrink(false).show_rows(ui, height, rows.len(), |ui, shown| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for row in &rows[shown] {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
            match row {
                Row::Event(traced, depth) => {
                    let kind = frame.plan.types.get(traced.kind.index()).map_or("", |kind| kind.name.as_str());
                    let node = frame.plan.nodes.get(traced.node.index()).map_or("", |node| node.name.as_str());
                    let key = traced.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
                    let words = format!("{kind} {}{key}, published by {node} at {}", traced.id, traced.published);
                    let at = pos2(rect.left() + indent(theme, *depth), rect.center().y);
                    let (colour, glyph) = theme.event(traced.kind.index());
                    crate::app::legend::glyph(ui.painter(), theme, at + vec2(theme.px(5.0), 0.0), theme.px(4.0), colour, glyph);
                    let ink = if traced.id == journey.asked { theme.text } else { theme.muted };
                    ui.painter().text(at + vec2(theme.px(space::L), 0.0), Align2::LEFT_CENTER, &words, font.clone(), ink);
                    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, words.clone()));
                    if response.on_hover_text("Click: the journey of this event").clicked() {
                        finding.open(traced.id, actions);
                    }
                }
                Row::Track(traced, track, depth) => {
                    let name = match track.outlet {
                        Some(outlet) => frame.plan.outlets.get(outlet.index()).map_or("", |outlet| outlet.name.as_str()),
                        None => "to its broker",
                    };
                    let painter = ui.painter();
                    let place = Rect::from_min_max(pos2(rect.left() + indent(theme, depth + 1), rect.top()), pos2(left, rect.bottom()));
                    painter.with_clip_rect(place).text(place.left_center(), Align2::LEFT_CENTER, name, font.clone(), theme.muted);
                    let mut words = vec![format!("{name} of {}", traced.id)];
                    for stage in &track.stages {
                        let end = stage.to.unwrap_or(journey.until);
                        let bar =
                            Rect::from_x_y_ranges(x(stage.from)..=x(end).max(x(stage.from) + 1.5), rect.y_range().shrink(theme.px(3.0)));
                        let (colour, stroke) = ink(theme, stage);
                        painter.rect(bar, CornerRadius::same(2), colour, stroke, egui::StrokeKind::Inside);
                        words.push(format!("{}: {}", figures::seconds((end - stage.from).seconds()), stage.words));
                    }
                    let last = track.stages.last().map_or(traced.published, |stage| stage.to.unwrap_or(journey.until));
                    let (fate, colour) = match &track.fate {
                        Some(fate) if fate.good => (fate.words.clone(), theme.good),
                        Some(fate) => (fate.words.clone(), theme.bad),
                        None => ("not over yet".to_owned(), theme.warn),
                    };
                    let at = pos2(x(last.max(track.fate.as_ref().map_or(last, |fate| fate.at))) + theme.px(space::S), rect.center().y);
                    let galley = cut(painter, &fate, font.clone(), colour, rect.right() - at.x);
                    painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, colour);
                    words.push(fate);
                    let words = words.join("\n");
                    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, words.clone()));
                    let under = response
                        .hover_pos()
                        .and_then(|p| track.stages.iter().find(|s| x(s.from) <= p.x && p.x <= x(s.to.unwrap_or(journey.until)) + 2.0));
                    let clicked = response.clicked();
                    let response = match under {
                        Some(stage) => response.on_hover_text_at_pointer(told(stage, journey)),
                        None => response.on_hover_text_at_pointer(words),
                    };
                    if clicked || response.clicked() {
                        actions.push(Action::Run(Command::Seek(under.map_or(traced.published, |stage| stage.from))));
                    }
                }
            }
        }
        if frame.now.seconds() >= from && frame.now.seconds() <= to {
            let clip = ui.clip_rect();
            let stroke = Stroke::new(theme.stroke, theme.accent);
            ui.painter().line_segment([pos2(x(frame.now), clip.top()), pos2(x(frame.now), clip.bottom())], stroke);
        }
    });
}

fn told(stage: &Stage, journey: &Journey) -> String {
    let end = stage.to.unwrap_or(journey.until);
    let over = if stage.to.is_none() { ", not over yet" } else { "" };
    format!("{}\n{}{over}\nfrom {}", stage.words, figures::seconds((end - stage.from).seconds()), stage.from)
}

fn indent(theme: &Theme, depth: usize) -> f32 {
    theme.px(space::M) * depth.min(12) as f32
}

/// Told apart by more than their colour: what waits is hollow, what backs off as well but in another line.
fn ink(theme: &Theme, stage: &Stage) -> (Color32, Stroke) {
    match stage.kind {
        StageKind::Travels(_) => (theme.wash(theme.muted, 0.55), Stroke::NONE),
        StageKind::Waits => (theme.wash(theme.warn, 0.15), Stroke::new(theme.stroke, theme.warn)),
        StageKind::Handled(_) => (theme.good, Stroke::NONE),
        StageKind::Failed(_) => (theme.bad, Stroke::NONE),
        StageKind::BacksOff => (Color32::TRANSPARENT, Stroke::new(theme.stroke, theme.muted)),
    }
}

/// From the first publish to the last end, in seconds.
fn span(journey: &Journey) -> (f64, f64) {
    let from = journey.events.iter().map(|traced| traced.published).min().unwrap_or_default();
    let tracks = journey.events.iter().flat_map(|traced| &traced.tracks);
    let end = |track: &Track| match &track.fate {
        Some(fate) => fate.at,
        None => journey.until,
    };
    let to = tracks.map(end).max().unwrap_or(from);
    (from.seconds(), to.seconds().max(from.seconds() + 1e-6))
}

/// Events under what caused them.
fn rows(journey: &Journey) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let known = |cause: &crate::ids::EventId| journey.events.iter().any(|traced| traced.id == *cause);
    let roots = journey.events.iter().filter(|traced| traced.cause.as_ref().is_none_or(|cause| !known(cause)));
    let mut stack: Vec<(&Traced, usize)> = roots.map(|traced| (traced, 0)).collect();
    stack.reverse();
    while let Some((traced, depth)) = stack.pop() {
        if rows.len() >= ROWS {
            break;
        }
        rows.push(Row::Event(traced, depth));
        rows.extend(traced.tracks.iter().map(|track| Row::Track(traced, track, depth)));
        let effects = journey.events.iter().rev().filter(|other| other.cause == Some(traced.id));
        stack.extend(effects.map(|effect| (effect, depth + 1)));
    }
    rows
}
