//! The field of an event pattern: what is being typed is judged at once, by the events that just went by.

use crate::app::theme::Theme;
use crate::app::widgets::{muted, named};
use crate::language::facts::Facts;
use crate::language::pattern::Pattern;
use egui::{FontId, RichText, TextEdit, Ui};

/// Events that a pattern is shown against.
const SHOWN: usize = 6;

/// Letters of an event that are shown.
const EXCERPT: usize = 160;

/// Draws the field; the pattern changes once the person has finished with one that is valid.
pub(super) fn edit<'e>(ui: &mut Ui, theme: &Theme, pattern: &mut String, recent: impl Iterator<Item = &'e str>) {
    let id = ui.make_persistent_id("pattern");
    // Together with the pattern it began from: undo, or another file, starts it anew.
    let stored: Option<(String, String)> = ui.data(|data| data.get_temp(id));
    let mut draft = stored.filter(|(from, _)| from == pattern).map_or_else(|| pattern.clone(), |(_, draft)| draft);
    ui.label(muted(theme, "Event pattern").size(theme.label)).on_hover_text("Which events it wants, in JSON");
    let field = TextEdit::multiline(&mut draft).font(FontId::monospace(theme.label)).desired_rows(3).desired_width(f32::INFINITY);
    let response = ui.add(field);
    named(&response, "Event pattern");
    let judged = Pattern::read(&draft);
    match &judged {
        Err(fault) => {
            let (line, column) = fault.place(&draft);
            ui.label(RichText::new(format!("Line {line}, column {column}: {fault}")).color(theme.bad).size(theme.label));
        }
        Ok(judge) => verdicts(ui, theme, judge, recent),
    }
    if response.lost_focus() && judged.is_ok() && draft != *pattern {
        pattern.clone_from(&draft);
        ui.data_mut(|data| data.remove_temp::<(String, String)>(id));
    } else if draft != *pattern {
        ui.data_mut(|data| data.insert_temp(id, (pattern.clone(), draft)));
    } else {
        ui.data_mut(|data| data.remove_temp::<(String, String)>(id));
    }
}

/// A line per recent event: whether the pattern wants it.
fn verdicts<'e>(ui: &mut Ui, theme: &Theme, pattern: &Pattern, recent: impl Iterator<Item = &'e str>) {
    let mut any = false;
    for event in recent.take(SHOWN) {
        any = true;
        let wanted = Facts::read(event).is_ok_and(|facts| pattern.matches(&facts));
        let (mark, colour) = if wanted { ("✔", theme.good) } else { ("–", theme.muted) };
        let shown: String = event.chars().skip_while(|c| *c != ',').skip(1).take(EXCERPT).collect();
        let line = ui.label(RichText::new(format!("{mark} {shown}")).color(colour).size(theme.label * 0.9));
        line.on_hover_text(format!("{} {event}", if wanted { "Matches:" } else { "Does not match:" }));
    }
    if !any {
        ui.label(muted(theme, "Run the scenario to see it judge events").size(theme.label));
    }
}
