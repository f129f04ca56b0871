//! The dead letters that were written last, with what the service says of each in its attributes.

use crate::app::inspector::fields::section;
use crate::app::theme::Theme;
use crate::app::widgets::{fold, muted};
use crate::run::frame::eventbridge::{LetterView, View};
use crate::scenario::broker::EventBridge;
use egui::{FontId, Label, RichText, Ui};

/// Draws them by queue.
pub(super) fn show(parts: &EventBridge, ui: &mut Ui, theme: &Theme, seen: Option<&View>) {
    let queues = parts.dead_letter_queues();
    let Some(view) = seen.filter(|_| !queues.is_empty()) else { return };
    section(ui, theme, "Dead letters");
    for queue in queues {
        let letters: Vec<&LetterView> = view.letters.iter().filter(|letter| letter.queue == queue).collect();
        if letters.is_empty() {
            ui.label(muted(theme, format!("{queue}: none so far")).size(theme.label));
            continue;
        }
        let fold = fold(ui, theme, &format!("Newest in {queue}")).id_salt(("letters", queue));
        fold.show_unindented(ui, |ui| letters.iter().for_each(|letter| one(ui, theme, letter)));
    }
}

fn one(ui: &mut Ui, theme: &Theme, letter: &LetterView) {
    ui.label(RichText::new(&letter.kind).size(theme.label).strong());
    for (name, value) in &letter.attributes {
        ui.label(muted(theme, *name).size(theme.label));
        ui.add(Label::new(RichText::new(value).font(FontId::monospace(theme.label))).wrap());
    }
}
