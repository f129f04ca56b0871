//! The field of an event pattern: what is being typed is judged at once, by the events that just went by.

use super::code;
use super::recent::Seen;
use crate::app::legend::glyph;
use crate::app::theme::{Theme, space};
use crate::app::widgets::muted;
use crate::figures;
use crate::language::pattern::Pattern;
use crate::scenario::Scenario;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Label, Sense, Stroke, Ui, Vec2};

/// Events that a pattern is shown against.
const SHOWN: usize = 6;

/// Draws the field; the pattern changes once the person has finished with one that is valid, or with none where there need be none.
pub(super) fn edit<'s>(
    ui: &mut Ui,
    theme: &Theme,
    scenario: &Scenario,
    pattern: &mut String,
    optional: bool,
    recent: impl Iterator<Item = &'s Seen>,
) {
    let read = |text: &str| match text.trim().is_empty() && optional {
        true => Ok(None),
        false => Pattern::read(text).map(Some),
    };
    if let Some(Some(judge)) = code::field(ui, theme, "Event pattern", "Which events it wants, in JSON", pattern, read) {
        verdicts(ui, theme, scenario, &judge, &recent.collect::<Vec<_>>());
    }
}

/// How many of the last events the pattern wants, and a line for the newest.
fn verdicts(ui: &mut Ui, theme: &Theme, scenario: &Scenario, pattern: &Pattern, recent: &[&Seen]) {
    if recent.is_empty() {
        ui.label(muted(theme, "Run the scenario to see it judge events").size(theme.label));
        return;
    }
    let wanted = recent.iter().filter(|event| pattern.matches(&event.facts)).count();
    ui.label(muted(theme, format!("Wants {wanted} of the last {}", figures::counted(recent.len() as u64, "event"))).size(theme.label));
    // Where all come from one place, it need not be said on every line.
    let several = recent.iter().any(|event| event.source != recent[0].source);
    for event in recent.iter().take(SHOWN) {
        verdict(ui, theme, scenario, pattern, event, several);
    }
}

fn verdict(ui: &mut Ui, theme: &Theme, scenario: &Scenario, pattern: &Pattern, event: &Seen, with_source: bool) {
    let wanted = pattern.matches(&event.facts);
    let misses = if wanted { Vec::new() } else { pattern.misses(&event.facts) };
    let plain = |colour: Color32| TextFormat { font_id: FontId::proportional(theme.label), color: colour, ..TextFormat::default() };
    // What the pattern does not want is told apart by more than its colour.
    let unfit = TextFormat { underline: Stroke::new(theme.stroke, theme.warn), ..plain(theme.warn) };
    let format = |path: &str, colour: Color32| {
        let inside = |miss: &&str| *miss == path || miss.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        if misses.iter().any(inside) { unfit.clone() } else { plain(colour) }
    };
    let mut job = LayoutJob {
        wrap: TextWrapping { max_rows: 2, overflow_character: Some('…'), ..TextWrapping::default() },
        ..LayoutJob::default()
    };
    job.append(&event.kind, 0.0, format("detail-type", if wanted { theme.text } else { theme.muted }));
    let gap = theme.px(space::S);
    if with_source || misses.contains(&"source") {
        job.append(&format!("from {}", event.source), gap, format("source", theme.muted));
    }
    let absent = misses.iter().filter(|path| event.facts.at(path).is_empty() && path.starts_with("detail."));
    for path in absent {
        job.append(&format!("no {}", path.trim_start_matches("detail.")), gap, unfit.clone());
    }
    // What does not fit comes first: the rest may have to be cut off.
    let (unfitting, fitting): (Vec<_>, Vec<_>) = event.says.iter().partition(|(path, _)| format(path, theme.muted) == unfit);
    for (path, words) in unfitting.into_iter().chain(fitting) {
        job.append(words, gap, format(path, theme.muted));
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = theme.px(space::XS);
        let (mark, colour) = if wanted { ("✔", theme.good) } else { ("–", theme.muted) };
        let side = theme.label * 1.3;
        ui.add_sized([side, side], Label::new(egui::RichText::new(mark).color(colour).size(theme.label)));
        if let Some(kind) = scenario.events.iter().position(|known| known.name == event.kind) {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
            let (colour, shape) = theme.event(kind);
            glyph(ui.painter(), theme, rect.center(), side * 0.3, colour, shape);
        }
        job.wrap.max_width = ui.available_width();
        let text = ui.painter().layout_job(job);
        ui.add(Label::new(text)).on_hover_ui(|ui| {
            ui.label(reason(wanted, &misses, event));
            ui.label(egui::RichText::new(event.lines()).font(FontId::monospace(theme.label)));
        });
    });
}

/// Why an event is wanted or not, in words.
fn reason(wanted: bool, misses: &[&str], event: &Seen) -> String {
    let miss = |path: &&str| format!("{path} is {}", event.at(path));
    match misses {
        _ if wanted => "It matches".to_owned(),
        [] => "It does not match: no one element of a list has all that is asked for".to_owned(),
        misses => format!("It does not match: {}", misses.iter().map(miss).collect::<Vec<_>>().join(", ")),
    }
}
