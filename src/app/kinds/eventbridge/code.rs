//! A field of several lines for one of the small languages: what is typed is judged at once, and counts once the person has
//! finished with something that is right.

use crate::app::theme::Theme;
use crate::app::widgets::{muted, name_field};
use crate::language::Fault;
use egui::{FontId, RichText, TextEdit, Ui};

/// Draws the field with what is wrong below it, and gives what the typed text says, if it is right.
pub(super) fn field<T>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    help: &str,
    value: &mut String,
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Option<T> {
    let id = ui.make_persistent_id(name);
    // Together with the text it began from: undo, or another file, starts it anew.
    let stored: Option<(String, String)> = ui.data(|data| data.get_temp(id));
    let mut draft = stored.filter(|(from, _)| from == value).map_or_else(|| value.clone(), |(_, draft)| draft);
    ui.label(muted(theme, name).size(theme.label)).on_hover_text(help);
    let field = TextEdit::multiline(&mut draft).font(FontId::monospace(theme.label)).desired_rows(2).desired_width(f32::INFINITY);
    let response = ui.add(field);
    name_field(&response, name);
    let judged = read(&draft);
    if let Err(fault) = &judged {
        let (line, column) = fault.place(&draft);
        ui.label(RichText::new(format!("Line {line}, column {column}: {fault}")).color(theme.bad).size(theme.label));
    }
    if response.lost_focus() && judged.is_ok() && draft != *value {
        value.clone_from(&draft);
        ui.data_mut(|data| data.remove_temp::<(String, String)>(id));
    } else if draft != *value {
        ui.data_mut(|data| data.insert_temp(id, (value.clone(), draft)));
    } else {
        ui.data_mut(|data| data.remove_temp::<(String, String)>(id));
    }
    judged.ok()
}
