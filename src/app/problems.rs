//! What is wrong, listed: findings in the open scenario, problems in a file that could not be opened.

use super::action::{Action, Selection};
use super::theme::{Theme, size, space};
use super::widgets::{bounded, muted, named, prose};
use crate::scenario::check::Finding;
use crate::scenario::document::Node;
use crate::scenario::{Problem, Scenario, Severity};
use egui::{Color32, RichText, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ERROR, ICON_WARNING};
use std::collections::HashMap;

/// The findings of the open scenario; a click on one selects its node.
pub fn show(ui: &mut Ui, theme: &Theme, scenario: &Scenario, findings: &[Finding], actions: &mut Vec<Action>) {
    if findings.is_empty() {
        ui.label(muted(theme, "Nothing is wrong with this scenario"));
        return;
    }
    // Backwards, so that of two of one name the first counts, as everywhere.
    let nodes: HashMap<&str, &Node> = scenario.nodes.iter().rev().map(|node| (node.id(), node)).collect();
    ScrollArea::vertical().id_salt("problems").auto_shrink(false).show(ui, |ui| {
        for (i, f) in findings.iter().enumerate() {
            let node = f.node().and_then(|id| nodes.get(id));
            ui.push_id(i, |ui| {
                ui.horizontal_top(|ui| {
                    if let Some(node) = node
                        && of_node(ui, theme, node.id())
                    {
                        actions.push(Action::Select(Selection::node(node.id())));
                    }
                    ui.vertical(|ui| told(ui, theme, node.copied(), f));
                })
            });
        }
    });
}

/// A button with a node's name, which leaves room for what is said of the node.
fn of_node(ui: &mut Ui, theme: &Theme, id: &str) -> bool {
    let width = (ui.available_width() * 0.3).max(theme.px(size::FIELD_NAME));
    let response = bounded(ui, width, |ui| ui.button(id));
    named(&response, id);
    response.on_hover_text(format!("Select {id}")).clicked()
}

/// One finding: what is wrong, where, what to do.
pub fn finding(ui: &mut Ui, theme: &Theme, scenario: &Scenario, finding: &Finding) {
    let node = finding.node().and_then(|id| scenario.nodes.iter().find(|node| node.id() == id));
    told(ui, theme, node, finding);
}

/// The same, with the node that it is about.
fn told(ui: &mut Ui, theme: &Theme, node: Option<&Node>, finding: &Finding) {
    let (icon, colour) = mark(theme, finding.severity);
    ui.horizontal_wrapped(|ui| {
        // As high as the button beside it, so that both stand on one line.
        ui.set_min_height(theme.px(size::CONTROL));
        ui.label(icon.rich_text().color(colour).size(theme.px(size::ICON)));
        ui.label(prose(theme, &finding.message, theme.body, colour));
    });
    let more = match (node.and_then(|node| by_hand(node, &finding.path)), &finding.help) {
        (Some(help), _) => help.to_owned(),
        (None, Some(help)) => format!("{}: {help}", finding.path),
        (None, None) => finding.path.clone(),
    };
    if !more.is_empty() {
        ui.label(prose(theme, &more, theme.label, theme.muted));
    }
}

/// What to do with the pointer, where that is simpler than what to write into the file.
fn by_hand(node: &Node, path: &str) -> Option<&'static str> {
    // Only where the finding is about the node as a whole.
    path.strip_prefix("nodes.").filter(|id| *id == node.id())?;
    match node {
        Node::Producer(p) if p.emits.is_empty() => Some("Drag from the port on its right to a broker, or add a workload in the inspector"),
        Node::Consumer(c) if c.reads.is_empty() => Some("Drag from a broker's port to it, or add a subscription in the inspector"),
        _ => None,
    }
}

/// Problems of a file, with the lines concerned.
pub fn in_file(ui: &mut Ui, theme: &Theme, problems: &[Problem]) {
    for problem in problems {
        let (icon, colour) = mark(theme, problem.severity);
        ui.horizontal_wrapped(|ui| {
            ui.label(icon.rich_text().color(colour).size(theme.px(size::ICON)));
            let place = if problem.line > 0 { format!("Line {}, column {}: ", problem.line, problem.column) } else { String::new() };
            ui.label(prose(theme, &format!("{place}{}", problem.message), theme.body, colour));
        });
        if !problem.excerpt.is_empty() {
            egui::Frame::new().fill(theme.field()).corner_radius(space::RADIUS).inner_margin(theme.px(space::S)).show(ui, |ui| {
                ScrollArea::horizontal().id_salt((problem.line, problem.column, &problem.message)).show(ui, |ui| {
                    ui.add(egui::Label::new(RichText::new(&problem.excerpt).monospace().size(theme.label)).extend());
                });
            });
        }
        if let Some(help) = &problem.help {
            ui.label(prose(theme, help, theme.body, theme.text));
        }
        ui.add_space(theme.px(space::S));
    }
}

fn mark(theme: &Theme, severity: Severity) -> (egui_material_icons::MaterialIcon, Color32) {
    match severity {
        Severity::Error => (ICON_ERROR, theme.bad),
        Severity::Warning => (ICON_WARNING, theme.warn),
    }
}
