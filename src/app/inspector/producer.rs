//! A producer's workloads.

use super::fields::{add, entry, fixed, name_of, section};
use super::{Inspected, ends, shapes, types};
use crate::app::kinds::{self, Way};
use crate::scenario::document::{Emit, Producer};
use crate::scenario::shapes::Arrivals;
use crate::scenario::units::Rate;
use egui::Ui;

/// Draws the fields.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, producer: &mut Producer) {
    let theme = input.theme;
    let (channels, types) = (ends(input.scenario, Way::In), types(input.scenario));
    fixed(ui, |ui| super::publishing::publish(ui, theme, &mut producer.publish));
    section(ui, theme, "Emits");
    let mut gone = None;
    for (i, emit) in producer.emits.iter_mut().enumerate() {
        ui.push_id(("emit", i), |ui| {
            if entry(ui, theme, &format!("workload {}", i + 1), |ui| workload(ui, input, emit, &channels, &types)) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        producer.emits.remove(i);
    }
    if fixed(ui, |ui| add(ui, theme, "Add workload")) {
        let like = producer.emits.last().cloned();
        let first = || Emit::new(types.first().cloned(), channels.first().cloned().unwrap_or_default(), Arrivals::Poisson(Rate(10.0)));
        producer.emits.push(like.unwrap_or_else(first));
    }
    fixed(ui, |ui| super::store::calls(ui, input, &mut producer.calls, &mut producer.outbox));
}

fn workload(ui: &mut Ui, input: &Inspected<'_>, emit: &mut Emit, channels: &[String], types: &[String]) {
    const FROM_FILE: &str = "as in the file";
    let theme = input.theme;
    let mut event = emit.event.clone().unwrap_or_else(|| FROM_FILE.to_owned());
    let mut known = types.to_vec();
    if matches!(emit.arrivals, Arrivals::Trace(_)) {
        known.push(FROM_FILE.to_owned());
    }
    if fixed(ui, |ui| name_of(ui, theme, "Event", "The type of the events", &known, &mut event)) {
        emit.event = (event != FROM_FILE).then_some(event);
    }
    fixed(ui, |ui| name_of(ui, theme, "To", "Broker and channel", channels, &mut emit.to));
    shapes::arrivals(ui, theme, &mut emit.arrivals);
    fixed(ui, |ui| super::chains::reply(ui, input, emit));
    if kinds::rabbitmq::is_at(input.scenario, &emit.to) {
        kinds::rabbitmq::emitting(ui, theme, emit);
    }
}
