//! The figures of the selected node, as they are now.

use super::Inspected;
use crate::app::theme::space;
use crate::app::widgets::{fact, muted};
use crate::figures::{count, rate, seconds, share};
use crate::scenario::document::Node;
use egui::Ui;

/// Draws them in two columns that do not move.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, node: &Node) {
    let found = input.frame.and_then(|frame| Some((frame, frame.plan.node(node.id())?)));
    let Some((frame, id)) = found else {
        ui.label(muted(input.theme, "Not part of the run yet").size(input.theme.label));
        return;
    };
    let Some(f) = frame.nodes.get(id.index()) else { return };
    let facts: Vec<(&str, String)> = match node {
        Node::Producer(_) => vec![("Emits", rate(f.rate)), ("Emitted", count(f.count))],
        Node::Broker(_) => {
            let plan = &frame.plan;
            let mine = |o: &crate::scenario::plan::OutletPlan| plan.brokers.get(o.broker.index()).is_some_and(|b| b.node == id);
            let outlets = plan.outlets.iter().zip(&frame.outlets).filter(|(o, _)| mine(o)).map(|(_, f)| f);
            let (mut waiting, mut bad, mut in_flight) = (0, 0, 0);
            for outlet in outlets {
                waiting += outlet.waiting;
                bad += outlet.ended_badly;
                in_flight += outlet.in_flight;
            }
            vec![
                ("Takes in", rate(f.rate)),
                ("Taken in", count(f.count)),
                ("Waiting", count(waiting)),
                ("In flight", count(in_flight)),
                ("Ended badly", count(bad)),
            ]
        }
        Node::Consumer(_) => vec![
            ("Handles", rate(f.rate)),
            ("Handled", count(f.count)),
            ("Lag", count(f.lag)),
            ("Busy", format!("{}/{}", f.busy, f.capacity)),
            ("Utilisation", share(f.utilisation)),
            ("Latency, mean", seconds(f.latency.0)),
            ("50 %", seconds(f.latency.1)),
            ("99 %", seconds(f.latency.2)),
            ("Failed", count(f.failed)),
            ("Retries", count(f.retries)),
        ],
    };
    let width = (ui.available_width() - input.theme.px(space::L)) / 2.0;
    for pair in facts.chunks(2) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = input.theme.px(space::L);
            for (name, value) in pair {
                fact(ui, input.theme, name, value, width);
            }
        });
    }
}
