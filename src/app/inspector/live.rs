//! The figures of the selected node, as they are now.

use super::Inspected;
use crate::app::theme::space;
use crate::app::widgets::{fact, muted};
use crate::figures::{count, number, rate, seconds, share};
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
    // Without a sample there is nothing to tell, which is not the same as no time at all.
    let latency = |which: fn((f64, f64, f64)) -> f64| seconds(f.latency.map_or(f64::NAN, which));
    let mut facts: Vec<(&str, &str, String)> = match node {
        Node::Producer(_) => vec![("Emits", "Events per second, lately", rate(f.rate)), ("Emitted", "Events so far", count(f.count))],
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
                ("Arriving", "Events per second that reach it, lately, refused ones included", rate(f.rate)),
                ("Arrived", "Events that reached it so far, refused ones included", count(f.count)),
                ("Waiting", "Copies that nobody has taken yet", count(waiting)),
                ("In flight", "Copies that were handed out and are not acknowledged yet", count(in_flight)),
                ("Unroutable", "Events that no binding, rule or reader took: nobody was owed them", count(f.unroutable)),
                ("Refused", "Of those that arrived, refused: for want of room or of a leader, or because it was down", count(f.refused)),
                ("Ended badly", "Copies that failed for good, expired or were dropped", count(bad)),
            ]
        }
        Node::Store(_) => vec![
            ("Serves", "Calls per second, lately", rate(f.rate)),
            ("Served", "Calls so far", count(f.count)),
            ("Queue", "Calls that wait for a connection", count(f.lag)),
            ("Busy", "Connections in use, of all", format!("{}/{}", f.busy, f.capacity)),
            ("Utilisation", "Share of its connections' time in use, lately", share(f.utilisation)),
            ("Wait", "Mean time a call waited for a connection", latency(|l| l.0)),
            ("Failed", "Calls that failed", count(f.failed)),
            ("Timed out", "Calls given up by their callers", count(f.retries)),
        ],
        Node::Consumer(_) => vec![
            ("Handles", "Events per second, lately", rate(f.rate)),
            ("Handled", "Events so far", count(f.count)),
            ("Lag", "Events it still owes: waiting for it or in its hands", count(f.lag)),
            ("Busy", "Workers at work, of all", format!("{}/{}", f.busy, f.capacity)),
            (
                "Utilisation",
                "Share of its workers' time spent working, lately; of the whole run under Expectations and in `tidemill run`",
                share(f.utilisation),
            ),
            ("Latency", "Mean time from publishing an event to having handled it, once the warm-up is over", latency(|l| l.0)),
            ("p50", "Half of the events took no longer than this", latency(|l| l.1)),
            ("p99", "All but one event in a hundred took no longer than this", latency(|l| l.2)),
            ("Failed", "Events whose last attempt failed", count(f.failed)),
            ("Retries", "Attempts after the first", count(f.retries)),
        ],
    };
    if let Some((resent, given_up, unconfirmed)) = f.confirms {
        facts.extend([
            ("Unconfirmed", "Events it keeps because their broker has not confirmed them yet", count(unconfirmed)),
            ("Resent", "Times it sent an event again because no confirmation came in time", count(resent)),
            ("Given up", "Events it gave up after the last retry", count(given_up)),
        ]);
    }
    if let Some(held) = f.held_back.filter(|_| matches!(node, Node::Producer(_) | Node::Consumer(_))) {
        facts.push(("Held back", "Events it cannot send: its broker is full, or takes in no faster (back-pressure)", count(held)));
    }
    if f.given_back > 0 {
        let help = "Attempts that failed and whose event its broker took back: what becomes of it is the broker's to decide";
        facts.push(("Given back", help, count(f.given_back)));
    }
    if let Some(returned) = f.returned {
        facts.push(("Returned", "Mandatory events that came back because no queue gets them", count(returned)));
    }
    if let Some(state) = &f.state {
        facts.extend([
            ("Expected", "What its state would be with every published event applied exactly once", number(state.expected)),
            ("Actual", "What its state is", number(state.actual)),
            ("Difference", "Actual less expected", number(state.actual - state.expected)),
            ("Wrong", "Keys, accounts or values that are wrong, of all", format!("{} of {}", count(state.wrong), count(state.keys))),
            ("Missing", "Events published that are not in its state yet", count(state.missing)),
            ("Repeated", "Times an event was applied that was in its state already", count(state.repeated)),
            ("Staleness", "Age of the oldest event that its state lacks", seconds(state.staleness)),
        ]);
    }
    if let Some(outbox) = &f.outbox {
        facts.extend([
            ("Written", "Writes that the store has taken", count(outbox.written)),
            ("Published", "Events published of what was written", count(outbox.published)),
            ("Outbox", "Events in the outbox that are not published yet", count(outbox.waiting)),
            ("Missing", "Written and never published", count(outbox.missing)),
            ("Invented", "Published and never written", count(outbox.invented)),
        ]);
    }
    if let Some((done, timed_out, waiting)) = f.waits {
        facts.extend([
            ("Complete", "Replies that came in time, or wholes with all their parts", count(done)),
            ("Timed out", "Replies or parts that did not come in time", count(timed_out)),
            ("Waits for", "Requests without a reply yet, or wholes without all their parts", count(waiting)),
        ]);
    }
    let width = (ui.available_width() - input.theme.px(space::L)) / 2.0;
    for pair in facts.chunks(2) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = input.theme.px(space::L);
            for (name, help, value) in pair {
                fact(ui, input.theme, name, help, value, width);
            }
        });
    }
}
