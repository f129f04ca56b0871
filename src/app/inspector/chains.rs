//! What a consumer makes of events beyond handling them: its state, outcomes, what it joins; and on what others follow.

use super::fields::{add, choice, count, entry, factor, flag, name_of, quantity, section, text};
use super::{Inspected, ends};
use crate::app::kinds::Way;
use crate::app::theme::Theme;
use crate::scenario::Scenario;
use crate::scenario::chains::{Join, Reply, When};
use crate::scenario::document::{Consumer, Emit};
use crate::scenario::state::{By, Fold, Projection};
use egui::Ui;

/// The state it keeps.
pub fn state(ui: &mut Ui, input: &Inspected<'_>, consumer: &mut Consumer) {
    let theme = input.theme;
    section(ui, theme, "State");
    let help = "What is made of the events: compared with what applying every published event exactly once would give";
    let at = match consumer.state.as_ref().map(|state| &state.fold) {
        None => 0,
        Some(Fold::Count) => 1,
        Some(Fold::Sum(_)) => 2,
        Some(Fold::Last(_)) => 3,
        Some(Fold::Set(_)) => 4,
        Some(Fold::Balance { .. }) => 5,
    };
    let known = attributes(input.scenario);
    if let Some(picked) = choice(ui, theme, "Projection", help, &["None", "Count", "Sum", "Last", "Set", "Balance"], at) {
        let one = |n: usize| known.get(n).or(known.first()).cloned().unwrap_or_default();
        let by = consumer.state.as_ref().map_or(By::Whole, |state| state.by);
        let fold = match picked {
            0 => None,
            1 => Some(Fold::Count),
            2 => Some(Fold::Sum(one(0))),
            3 => Some(Fold::Last(one(0))),
            4 => Some(Fold::Set(one(0))),
            _ => Some(Fold::Balance { from: one(0), to: one(1), amount: one(2) }),
        };
        consumer.state = fold.map(|fold| Projection { fold, by });
    }
    let Some(state) = &mut consumer.state else { return };
    match &mut state.fold {
        Fold::Count => {}
        Fold::Sum(name) | Fold::Last(name) | Fold::Set(name) => {
            name_of(ui, theme, "Of", "Which attribute of the events", &known, name);
        }
        Fold::Balance { from, to, amount } => {
            name_of(ui, theme, "From", "The attribute that names the account that pays", &known, from);
            name_of(ui, theme, "To account", "The attribute that names the account that is paid", &known, to);
            name_of(ui, theme, "Amount", "The attribute that says how much", &known, amount);
        }
    }
    if !matches!(state.fold, Fold::Balance { .. }) {
        let mut keyed = state.by == By::Key;
        if flag(ui, theme, "Per key", "Whether each key has a state of its own", &mut keyed) {
            state.by = if keyed { By::Key } else { By::Whole };
        }
    }
}

/// What may come of handling, by weight.
pub fn outcomes(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    let outcomes = &mut consumer.handle.outcomes.0;
    let names: Vec<String> = outcomes.iter().map(|(name, _)| name.clone()).collect();
    let mut gone = None;
    for (i, (name, weight)) in outcomes.iter_mut().enumerate() {
        ui.push_id(("outcome", i), |ui| {
            let taken = |text: &str| names.iter().enumerate().any(|(n, known)| n != i && known == text);
            let wrong = |text: &str| match text {
                "" => Some("an outcome needs a name".to_owned()),
                text if taken(text) => Some(format!("there is another `{text}`")),
                _ => None,
            };
            let fields = |ui: &mut Ui| {
                if text(ui, theme, "Outcome", "What may come of handling an event", name, wrong) {
                    // What follows on it follows its name.
                    for then in consumer.then.iter_mut().filter(|then| then.when == When::Outcome(names[i].clone())) {
                        then.when = When::Outcome(name.clone());
                    }
                }
                factor(ui, theme, "Weight", "How often, compared with the others", weight, 0.0);
            };
            if entry(ui, theme, &format!("outcome {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        outcomes.remove(i);
    }
    if add(ui, theme, "Add outcome") {
        let name = (1..).map(|n| format!("outcome-{n}")).find(|name| !names.contains(name));
        outcomes.push((name.unwrap_or_default(), 1.0));
    }
}

/// Whether it waits for several events of one correlation id.
pub fn join(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    let mut on = consumer.join.is_some();
    if flag(ui, theme, "Join", "Whether it waits for several events of one correlation id before anything follows", &mut on) {
        consumer.join = on.then(Join::default);
    }
    if let Some(join) = &mut consumer.join {
        count(ui, theme, "Parts", "How many different events make it whole", &mut join.count, 2..=10_000);
        quantity(ui, theme, "Within", "How long it waits after the first", &mut join.within);
    }
}

/// On what an event follows.
pub fn when(ui: &mut Ui, theme: &Theme, outcomes: &[String], when: &mut When) {
    let mut options = vec!["Handled", "Failed", "Timed out"];
    options.extend(outcomes.iter().map(String::as_str));
    let unknown;
    let at = match when {
        When::Handled => 0,
        When::Failed => 1,
        When::TimedOut => 2,
        When::Outcome(name) => match outcomes.iter().position(|known| known == name) {
            Some(i) => 3 + i,
            None => {
                unknown = name.clone();
                options.push(&unknown);
                options.len() - 1
            }
        },
    };
    let help = "On a handled event, on one that failed for good, on missing parts of a join, or on an outcome of handling";
    if let Some(picked) = choice(ui, theme, "When", help, &options, at) {
        *when = match picked {
            0 => When::Handled,
            1 => When::Failed,
            2 => When::TimedOut,
            n => When::Outcome(options[n].to_owned()),
        };
    }
}

/// Whether an event is a request.
pub fn reply(ui: &mut Ui, input: &Inspected<'_>, emit: &mut Emit) {
    let theme = input.theme;
    let channels = ends(input.scenario, Way::In);
    let mut on = emit.reply.is_some();
    if flag(ui, theme, "Waits for reply", "Whether each event is a request that waits for a reply", &mut on) {
        emit.reply = on.then(|| Reply::to(channels.last().map_or("", String::as_str)));
    }
    if let Some(reply) = &mut emit.reply {
        name_of(ui, theme, "Replies to", "Broker and channel that replies come to", &channels, &mut reply.to);
        quantity(ui, theme, "Within", "How long it waits for the reply", &mut reply.within);
    }
}

/// The names of all attributes of events.
fn attributes(scenario: &Scenario) -> Vec<String> {
    let mut names: Vec<String> = scenario.events.iter().flat_map(|event| event.attributes.iter().map(|(name, _)| name.clone())).collect();
    names.dedup();
    names
}
