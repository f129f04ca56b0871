//! The scenario's own settings: what concerns no single node.

use super::fields::{add, fixed, flag, optional, paragraph, quantity, removable, section, share, text, whole};
use super::{Inspected, allowed, events, faults, shapes, title};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::{expectations, problems};
use crate::scenario::Scenario;
use crate::scenario::document::Expect;
use crate::scenario::expect::{Condition, Known};
use egui::Ui;

/// Draws the fields; what changes first gives the edit its name.
pub fn show(ui: &mut Ui, input: &Inspected<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let mut draft = input.scenario.clone();
    let s = &mut draft;
    title(ui, theme, "Scenario", "");
    let mut label = None;
    let mut note = |changed: bool, what: &str| {
        if changed && label.is_none() {
            label = Some(format!("Change {what}"));
        }
    };
    let named = |name: &str| name.is_empty().then(|| "a scenario needs a name".to_owned());
    fixed(ui, |ui| {
        note(text(ui, theme, "Name", "Title", &mut s.name, named), "name");
        // It may say what a lesson asks.
        if !input.taught {
            note(paragraph(ui, theme, "About", "One or two sentences on what it shows", &mut s.about), "description");
        }
        section(ui, theme, "Run");
        note(whole(ui, theme, "Seed", "Where all randomness comes from: the same seed, the same run", &mut s.seed, 0..=u64::MAX), "seed");
        note(quantity(ui, theme, "Duration", "Virtual length of the run", &mut s.duration), "duration");
        note(quantity(ui, theme, "Warm-up", "Means and percentiles start after this", &mut s.warmup), "warm-up");
    });
    section(ui, theme, "Network");
    ui.push_id("network", |ui| {
        note(shapes::times(ui, theme, "Latency", "Time an event travels, one way", &mut s.network.latency), "network latency");
        note(share(ui, theme, "Loss", "Share of events that never arrive", &mut s.network.loss), "network loss");
        note(share(ui, theme, "Duplicates", "Share of events that arrive twice", &mut s.network.duplication), "network duplication");
        let help = "Bytes per second each link carries; events queue for it";
        note(optional(ui, theme, "Bandwidth", help, "without limit", &mut s.network.bandwidth), "network bandwidth");
        note(
            flag(ui, theme, "In order", "Events arrive in the order they were sent, as on one connection", &mut s.network.ordered),
            "network order",
        );
    });
    section(ui, theme, "Event types");
    note(fixed(ui, |ui| events::show(ui, input, s)), "event types");
    section(ui, theme, "Faults");
    note(fixed(ui, |ui| faults::show(ui, input, s)), "faults");
    section(ui, theme, "Limits");
    let help = "The run stops when more copies of events than this are on their way, waiting or in hand";
    note(whole(ui, theme, "Live events", help, &mut s.limits.live, 1..=u64::MAX), "limits");
    note(whole(ui, theme, "Steps", "The run stops after so many steps of the simulation", &mut s.limits.steps, 1..=u64::MAX), "limits");
    section(ui, theme, "Expectations");
    note(fixed(ui, |ui| expected(ui, input, s)), "expectations");
    section(ui, theme, "Allowed lints");
    note(fixed(ui, |ui| allowed::show(ui, input, s)), "allowed lints");
    if let Some(label) = label.filter(|_| draft != *input.scenario) {
        actions.push(Action::Edit(Edit::SetScenario { label, scenario: Box::new(draft) }));
    }
}

/// Statements about the run that `tidemill check` tests, each with what has come of it.
fn expected(ui: &mut Ui, input: &Inspected<'_>, scenario: &mut Scenario) -> bool {
    let theme = input.theme;
    let (mut done, mut gone) = (false, None);
    for (i, expect) in scenario.expect.iter_mut().enumerate() {
        let parse = |text: &str| readable(text.trim(), input);
        let name = format!("expectation {}", i + 1);
        let (new, remove) = ui.push_id(("expect", i), |ui| removable(ui, theme, &name, &expect.0, &parse)).inner;
        let place = format!("expect[{i}]");
        let mut wrong = input.findings.iter().filter(|finding| finding.path.starts_with(&place)).peekable();
        match input.verdicts.of(&expect.0) {
            Some(verdict) if wrong.peek().is_none() => expectations::line(ui, theme, verdict, input.verdicts.stage),
            _ => wrong.for_each(|finding| problems::finding(ui, theme, input.scenario, finding)),
        }
        if let Some(new) = new {
            expect.0 = new;
            done = true;
        }
        if remove {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        scenario.expect.remove(i);
    }
    let added = add(ui, theme, "Add expectation");
    if added {
        scenario.expect.push(Expect("lost == 0".to_owned()));
    }
    done || gone.is_some() || added
}

/// An expectation as it is typed, if it can be one of what runs; while nothing can run, whatever it says.
fn readable(text: &str, input: &Inspected<'_>) -> Result<String, String> {
    let Some(frame) = input.frame.filter(|_| input.runnable) else { return Ok(text.to_owned()) };
    match Condition::parse(text, &Known::of(&frame.plan)) {
        Ok(Condition(parts)) if parts.len() > 1 => Err("make two expectations of it".to_owned()),
        Ok(_) => Ok(text.to_owned()),
        Err((message, help)) => Err(help.map_or(message.clone(), |help| format!("{message}: {help}"))),
    }
}
