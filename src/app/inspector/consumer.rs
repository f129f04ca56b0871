//! A consumer: what it reads, how it works, what happens when it fails, what follows.

use super::fields::{add, count, entry, fixed, name_of, optional, section, share};
use super::{Inspected, Tag, ends, fields, handling, shapes, types};
use crate::app::kinds::{self, Way};
use crate::scenario::document::{Consumer, Read, Retry, Then};
use egui::Ui;

/// Draws the fields.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, consumer: &mut Consumer) {
    let theme = input.theme;
    let (channels, outlets) = (ends(input.scenario, Way::In), ends(input.scenario, Way::Out));
    count(ui, theme, "Instances", "Running copies", &mut consumer.instances, 1..=100_000);
    count(ui, theme, "Threads", "Events each instance handles at a time", &mut consumer.threads, 1..=100_000);
    if consumer
        .reads
        .iter()
        .any(|read| kinds::rabbitmq::is_at(input.scenario, &read.from) || kinds::simple::is_at(input.scenario, &read.from))
    {
        kinds::rabbitmq::prefetch(ui, theme, consumer);
    }
    section(ui, theme, "Handling");
    shapes::times(ui, theme, "Time", "Time one event takes", &mut consumer.handle.time);
    share(ui, theme, "Fails", "Share of attempts that fail", &mut consumer.handle.fails);
    fixed(ui, |ui| {
        handling::handling(ui, theme, consumer);
        reads(ui, input, consumer, &outlets);
        super::store::calls(ui, input, &mut consumer.calls, &mut consumer.outbox);
    });
    section(ui, theme, "When it fails");
    retry(ui, input, consumer);
    fixed(ui, |ui| {
        dead_letter(ui, input, consumer, &channels);
        handling::surviving(ui, theme, consumer);
    });
    then(ui, input, consumer, &channels);
    fixed(ui, |ui| {
        super::chains::outcomes(ui, theme, consumer);
        super::chains::join(ui, theme, consumer);
        super::chains::state(ui, input, consumer);
    });
}

fn reads(ui: &mut Ui, input: &Inspected<'_>, consumer: &mut Consumer, outlets: &[String]) {
    let theme = input.theme;
    section(ui, theme, "Reads");
    let mut gone = None;
    let own = format!("{} (its own)", consumer.id);
    for (i, read) in consumer.reads.iter_mut().enumerate() {
        ui.push_id(("read", i), |ui| {
            let fields = |ui: &mut Ui| {
                name_of(ui, theme, "From", "Broker and what of it is read", outlets, &mut read.from);
                let mut group = read.group.clone().map(Tag);
                if optional(ui, theme, "Group", "Consumers of one group share its events", &own, &mut group) {
                    read.group = group.map(|g| g.0);
                }
                if kinds::rabbitmq::is_at(input.scenario, &read.from) {
                    kinds::rabbitmq::reading(ui, theme, read);
                }
            };
            if entry(ui, theme, &format!("subscription {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        consumer.reads.remove(i);
    }
    if add(ui, theme, "Add subscription") {
        let free = outlets.iter().find(|c| !consumer.reads.iter().any(|r| r.from == **c)).or(outlets.first());
        consumer.reads.push(Read::new(free.cloned().unwrap_or_default()));
    }
}

fn retry(ui: &mut Ui, input: &Inspected<'_>, consumer: &mut Consumer) {
    let theme = input.theme;
    let mut on = consumer.retry.is_some();
    if fields::flag(ui, theme, "Retry", "Try again after a failure; without it the first failure is final", &mut on) {
        consumer.retry = on.then(Retry::default);
    }
    if let Some(retry) = &mut consumer.retry {
        count(ui, theme, "Attempts", "In all, the first included", &mut retry.attempts, 1..=255);
        ui.push_id("backoff", |ui| shapes::backoff(ui, theme, &mut retry.backoff));
        fixed(ui, |ui| handling::retry(ui, theme, retry));
    }
}

fn dead_letter(ui: &mut Ui, input: &Inspected<'_>, consumer: &mut Consumer, channels: &[String]) {
    const NONE: &str = "none";
    let mut to = consumer.dead_letter.clone().unwrap_or_else(|| NONE.to_owned());
    let known: Vec<String> = std::iter::once(NONE.to_owned()).chain(channels.iter().cloned()).collect();
    if name_of(ui, input.theme, "Dead letters", "Takes events whose last attempt failed", &known, &mut to) {
        consumer.dead_letter = (to != NONE).then_some(to);
    }
}

fn then(ui: &mut Ui, input: &Inspected<'_>, consumer: &mut Consumer, channels: &[String]) {
    let theme = input.theme;
    let types = types(input.scenario);
    let outcomes: Vec<String> = consumer.handle.outcomes.iter().map(|(name, _)| name.clone()).collect();
    section(ui, theme, "Then emits");
    fixed(ui, |ui| super::publishing::publish(ui, theme, &mut consumer.publish));
    let mut gone = None;
    for (i, then) in consumer.then.iter_mut().enumerate() {
        ui.push_id(("then", i), |ui| {
            let fields = |ui: &mut Ui| {
                fixed(ui, |ui| {
                    name_of(ui, theme, "Event", "The type of the event that follows", &types, &mut then.event);
                    name_of(ui, theme, "To", "Broker and channel", channels, &mut then.to);
                });
                share(ui, theme, "How often", "Share of handled events it follows from", &mut then.probability);
                super::chains::when(ui, theme, &outcomes, &mut then.when);
                triggers(ui, input, then, &types);
                if kinds::rabbitmq::is_at(input.scenario, &then.to) {
                    kinds::rabbitmq::emitting(ui, theme, then);
                }
            };
            if entry(ui, theme, &format!("emission {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        consumer.then.remove(i);
    }
    if fixed(ui, |ui| add(ui, theme, "Add emission")) {
        let event = types.last().cloned().unwrap_or_default();
        let to = channels.iter().find(|c| !consumer.reads.iter().any(|r| r.from == **c)).or(channels.first());
        consumer.then.push(Then::new(event, to.cloned().unwrap_or_default()));
    }
}

/// The event types an emission follows from: all, or those that are ticked.
fn triggers(ui: &mut Ui, input: &Inspected<'_>, then: &mut Then, types: &[String]) {
    let mut all = then.on.is_empty();
    if fields::flag(ui, input.theme, "On every type", "Whether it follows from every type the consumer reads", &mut all) {
        then.on = if all { Vec::new() } else { types.first().cloned().into_iter().collect() };
    }
    if all {
        return;
    }
    for name in types {
        let mut on = then.on.contains(name);
        if ui.checkbox(&mut on, name).changed() {
            if on {
                then.on.push(name.clone());
            } else if then.on.len() > 1 {
                then.on.retain(|known| known != name);
            }
        }
    }
}
