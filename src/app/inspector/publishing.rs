//! How a node publishes: whether it waits for confirmations.

use super::fields::{choice, count, quantity};
use crate::app::theme::Theme;
use crate::scenario::publishing::Publish;
use egui::Ui;

/// Draws the fields.
pub fn publish(ui: &mut Ui, theme: &Theme, value: &mut Publish) {
    let help = "Whether it keeps each event until its broker has confirmed it, and sends it again when no confirmation comes";
    let at = usize::from(*value != Publish::Forget);
    if let Some(picked) = choice(ui, theme, "Publish", help, &["Forget", "Confirmed"], at) {
        *value = if picked == 0 { Publish::Forget } else { Publish::confirmed() };
    }
    if let Publish::Confirmed { timeout, retries, window } = value {
        quantity(ui, theme, "Timeout", "How long it waits for a confirmation before it sends again", timeout);
        count(ui, theme, "Resends", "How often it sends again before it gives up", retries, 0..=1_000_000);
        count(ui, theme, "Window", "Most events of one workload sent and not confirmed; further ones wait", window, 1..=10_000_000);
    }
}
