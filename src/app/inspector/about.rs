//! Longer help, on demand: what a thing is, in a few sentences.

use crate::app::kinds;
use crate::app::theme::Theme;
use crate::app::widgets::muted;
use crate::scenario::document::Node;
use egui::Ui;

/// Draws the fold with the help on a node.
pub fn node(ui: &mut Ui, theme: &Theme, node: &Node) {
    match node {
        Node::Producer(_) => fold(
            ui,
            theme,
            "A producer",
            "It publishes events and does not wait for what becomes of them. Each workload is one stream: an event type, where it goes, and \
             when, with randomness of its own, so that changing one stream leaves all others as they are.",
        ),
        Node::Broker(broker) => fold(ui, theme, "This broker", kinds::of(&broker.kind).about()),
        Node::Consumer(_) => fold(
            ui,
            theme,
            "A consumer",
            "It is a group of instances, each with so many threads; a thread handles one event at a time. An event that fails is tried again \
             as the retry says; when the last attempt has failed it goes to the dead letters, or nowhere. Lag is what it owes: waiting for \
             it or in its hands. When utilisation comes near 100 % the lag grows, however fast a single event is handled.",
        ),
    }
}

fn fold(ui: &mut Ui, theme: &Theme, what: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let head = muted(theme, format!("How it works: {}", what.to_lowercase())).size(theme.label);
    egui::CollapsingHeader::new(head).id_salt("about").show(ui, |ui| {
        ui.label(muted(theme, text));
    });
}
