//! What a RabbitMQ broker shows of itself at the moment, and what can be asked of it while the run goes on.

use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::fields::section;
use crate::app::kinds::Kind;
use crate::app::theme::Theme;
use crate::app::widgets::{fold, labelled_button, muted};
use crate::figures::{bytes, count, counted};
use crate::run::Command;
use crate::run::frame::rabbitmq::{QueueView, View};
use crate::scenario::broker::RabbitMq;
use crate::scenario::document::Node;
use crate::scenario::intervention::What;
use egui::Ui;
use egui_material_icons::icons::ICON_REPLAY;

/// Queues that are listed; the rest is in the report.
const MOST: usize = 60;

/// Draws everything.
pub fn show(view: &View, parts: &RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    let theme = input.theme;
    section(ui, theme, "Now");
    for words in broker_lines(view) {
        line(ui, theme, words);
    }
    for queue in view.queues.iter().take(MOST) {
        fold(ui, theme, &headline(queue)).id_salt(("now", &queue.name)).show(ui, |ui| {
            for words in queue_lines(queue) {
                line(ui, theme, words);
            }
            asks(ui, input, parts, &queue.name, broker, actions);
        });
    }
    if view.queues.len() > MOST {
        line(ui, theme, format!("and {} more queues", view.queues.len() - MOST));
    }
}

fn line(ui: &mut Ui, theme: &Theme, words: String) {
    ui.label(muted(theme, words).size(theme.label));
}

fn broker_lines(view: &View) -> Vec<String> {
    let mut lines = Vec::new();
    if view.nodes.len() > 1 {
        let down: Vec<String> = view.nodes.iter().enumerate().filter(|(_, up)| !**up).map(|(node, _)| (node + 1).to_string()).collect();
        let words = if down.is_empty() { "all up".to_owned() } else { format!("down: {}", down.join(", ")) };
        lines.push(format!("{} nodes, {words}{}", view.nodes.len(), if view.paused { "; the rest has paused" } else { "" }));
    }
    if view.blocked {
        lines.push(format!("memory alarm: publishers hold {} back", counted(view.held_back, "event")));
    }
    for publisher in &view.publishers {
        let state = if publisher.in_flow { "in flow" } else { "running" };
        lines.push(format!("{}: {state}, holds {} back", publisher.node, counted(publisher.held_back, "event")));
    }
    if view.returned > 0 {
        lines.push(format!("{} returned", counted(view.returned, "mandatory event")));
    }
    if lines.is_empty() {
        lines.push("no publisher is held back".to_owned());
    }
    lines
}

fn headline(queue: &QueueView) -> String {
    match &queue.stream {
        None if !queue.exists => format!("{}: deleted", queue.name),
        Some(log) => format!("{}: offsets {} to {}", queue.name, log.first, log.next),
        None => format!("{}: {} ready, {} unacked", queue.name, count(queue.ready), count(queue.unacked)),
    }
}

fn queue_lines(queue: &QueueView) -> Vec<String> {
    let mut lines = vec![format!("{}, {}", queue.kind, counted(queue.consumers as u64, "consumer"))];
    if queue.members.len() > 1 {
        let members: Vec<String> = queue.members.iter().map(|node| (node + 1).to_string()).collect();
        let leader = queue.leader.map_or_else(|| "nobody leads".to_owned(), |node| format!("node {} leads", node + 1));
        lines.push(format!("members on nodes {}; {leader}", members.join(", ")));
    }
    if queue.deleted > 0 {
        let now = if queue.exists { "declared again since" } else { "until a consumer comes" };
        lines.push(format!("deleted {}, {now}", counted(queue.deleted.into(), "time")));
    }
    if queue.dead_letters_waiting > 0 {
        lines.push(format!("waiting until all that they go to have them: {}", counted(queue.dead_letters_waiting, "dead letter")));
    }
    let counts = &queue.counts;
    let deaths = |of: &crate::run::frame::rabbitmq::Deaths| {
        let parts = [("rejected", of.rejected), ("expired", of.expired), ("full", of.maxlen), ("delivery limit", of.delivery_limit)];
        let parts: Vec<String> = parts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{} {name}", count(*n))).collect();
        parts.join(", ")
    };
    lines.push(format!(
        "published {}, refused {}, delivered {} ({} again), returned {}",
        count(counts.published),
        count(counts.refused),
        count(counts.delivered),
        count(counts.redelivered),
        count(counts.returned),
    ));
    if counts.dead_lettered.sum() > 0 {
        lines.push(format!("dead-lettered: {}", deaths(&counts.dead_lettered)));
    }
    if counts.discarded.sum() > 0 {
        lines.push(format!("gone for good: {}", deaths(&counts.discarded)));
    }
    if let Some(log) = &queue.stream {
        lines.push(format!("{} in {}", bytes(log.bytes as f64), counted(log.segments as u64, "segment")));
        lines.extend(log.readers.iter().map(|reader| match reader.attached {
            true => format!("{} reads {} next, lag {}, {} unacked", reader.name, reader.next, count(reader.lag), reader.unacked),
            false => format!("{} has not attached yet", reader.name),
        }));
    }
    lines
}

/// Event replay by hand: what waits in a queue moves on, readers of a stream go elsewhere.
fn asks(ui: &mut Ui, input: &Inspected<'_>, parts: &RabbitMq, queue: &str, broker: &str, actions: &mut Vec<Action>) {
    let place = format!("{broker}/{queue}");
    let readers = input.scenario.nodes.iter().filter_map(|node| match node {
        Node::Consumer(consumer) if consumer.reads.iter().any(|read| read.from == place) => Some(consumer.id.clone()),
        _ => None,
    });
    for (name, lines) in parts.requests(queue, &readers.collect::<Vec<_>>()) {
        fold(ui, input.theme, &name).id_salt(("ask", &name)).show(ui, |ui| {
            for (words, request) in lines {
                let words = format!("{words} now");
                if labelled_button(ui, input.theme, ICON_REPLAY, &words, true).clicked() {
                    actions.push(Action::Run(Command::Intervene(What::Ask { broker: broker.to_owned(), request })));
                }
            }
        });
    }
}
