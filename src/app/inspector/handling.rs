//! How a consumer takes its work and finishes it, and what it does to survive.

use super::fields::{choice, count, flag, optional, quantity, section, share, text, whole};
use crate::app::theme::Theme;
use crate::scenario::document::{Consumer, Retry};
use crate::scenario::handling::{Ack, After, Breaker, Budget, Inbox, Measure, Ordered, Poison, Scale, Shed};
use crate::scenario::units::Percent;
use crate::time::Span;
use egui::Ui;

/// Draws the fields of handling itself.
pub fn handling(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    share(
        ui,
        theme,
        "Effect at",
        "How far an attempt is when its effect takes place: a crash after that has the effect without the acknowledgement",
        &mut consumer.handle.effect,
    );
    poison(ui, theme, consumer);
    optional(ui, theme, "Timeout", "Longest an attempt may take; then it fails", "none", &mut consumer.timeout);
    ack(ui, theme, &mut consumer.ack);
    ordered(ui, theme, &mut consumer.ordered);
}

/// Draws the fields of what a consumer does to survive.
pub fn surviving(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    section(ui, theme, "Surviving");
    if let Some(inbox) = part(ui, theme, "Inbox", "Remembers what it has handled, and skips it", &mut consumer.inbox, Inbox::default) {
        count(ui, theme, "Ids kept", "The oldest makes room for a new one", &mut inbox.size, 1..=10_000_000);
    }
    if let Some(breaker) =
        part(ui, theme, "Breaker", "Takes nothing for a while when too much fails", &mut consumer.breaker, Breaker::default)
    {
        share(ui, theme, "Opens at", "Share of failed attempts at which it opens", &mut breaker.failures);
        quantity(ui, theme, "Within", "Over which time attempts are counted", &mut breaker.window);
        count(ui, theme, "At least", "Fewer attempts than this say nothing", &mut breaker.least, 1..=1_000_000);
        quantity(ui, theme, "Stays open", "Then one event is tried", &mut breaker.open);
    }
    let shed = || Shed { queue: Some(1000), age: None };
    if let Some(shed) = part(ui, theme, "Shed load", "Drops what it cannot handle in time", &mut consumer.shed, shed) {
        if let Some(queue) = part(ui, theme, "By length", "Drops what arrives while too much waits", &mut shed.queue, || 1000) {
            count(ui, theme, "Above", "Events that arrive while so many wait are dropped", queue, 0..=10_000_000);
        }
        optional(ui, theme, "Older than", "Events older than this when their turn comes are dropped", "no limit", &mut shed.age);
    }
    scale(ui, theme, &mut consumer.scale);
}

/// How the number of instances changes.
fn scale(ui: &mut Ui, theme: &Theme, value: &mut Option<Scale>) {
    let at = match value {
        None => 0,
        Some(Scale::Autoscale { .. }) => 1,
        Some(Scale::Serverless { .. }) => 2,
    };
    match choice(ui, theme, "Scaling", "How the number of instances changes", &["Fixed", "Autoscaled", "Function"], at) {
        Some(0) => *value = None,
        Some(1) => *value = Some(Scale::autoscale()),
        Some(_) => *value = Some(Scale::serverless()),
        None => {}
    }
    match value {
        Some(Scale::Serverless { cold_start, idle, limit }) => {
            quantity(ui, theme, "Cold start", "How long an instance takes to start", cold_start);
            quantity(ui, theme, "Warm for", "An instance that has had nothing to do for so long is gone", idle);
            count(ui, theme, "Limit", "Most instances at a time; further events wait", limit, 1..=100_000);
        }
        Some(Scale::Autoscale { by, least, most, every, delay, hold }) => {
            measure(ui, theme, by);
            count(ui, theme, "Fewest", "Instances there always are", least, 0..=100_000);
            count(ui, theme, "Most", "Instances there never are more of", most, 1..=100_000);
            if !matches!(by, Measure::Schedule(_)) {
                quantity(ui, theme, "Looks every", "How often it looks", every);
                quantity(ui, theme, "Holds for", "Takes instances away only when so few were needed for so long", hold);
            }
            quantity(ui, theme, "Start-up", "How long a new instance takes until it works", delay);
        }
        None => {}
    }
}

/// What decides how many instances there should be.
fn measure(ui: &mut Ui, theme: &Theme, by: &mut Measure) {
    let at = match by {
        Measure::Lag(_) => 0,
        Measure::Utilisation(_) => 1,
        Measure::Schedule(_) => 2,
    };
    match choice(ui, theme, "By", "What decides how many instances there should be", &["Lag", "Utilisation", "Schedule"], at) {
        Some(0) => *by = Measure::Lag(100),
        Some(1) => *by = Measure::Utilisation(Percent(0.7)),
        Some(_) => *by = Measure::Schedule(vec![(Span::from_millis(10_000), 2)]),
        None => {}
    }
    match by {
        Measure::Lag(each) => {
            whole(ui, theme, "Lag each", "Events owed to the consumer for each instance", each, 1..=1_000_000_000);
        }
        Measure::Utilisation(target) => {
            share(ui, theme, "Target", "Share of the workers' time that should go into handling", target);
        }
        Measure::Schedule(turns) => {
            let mut now = turns.iter().map(|(at, instances)| format!("{at}: {instances}")).collect::<Vec<_>>().join(", ");
            let wrong = |text: &str| schedule(text).err();
            if text(ui, theme, "From when on", "Times and instances, as in 10s: 4, 60s: 1", &mut now, wrong)
                && let Ok(new) = schedule(&now)
            {
                *turns = new;
            }
        }
    }
}

/// Reads `10s: 4, 60s: 1`.
fn schedule(text: &str) -> Result<Vec<(Span, u32)>, String> {
    let turn = |part: &str| {
        let (at, instances) = part.split_once(':').ok_or_else(|| "write it as 10s: 4, 60s: 1".to_owned())?;
        let instances = instances.trim().parse().map_err(|_| format!("{} is no number of instances", instances.trim()))?;
        Ok((at.trim().parse::<Span>()?, instances))
    };
    text.split(',').map(turn).collect()
}

/// Draws the fields of a retry beyond attempts and backoff.
pub fn retry(ui: &mut Ui, theme: &Theme, retry: &mut Retry) {
    if let Some(budget) = part(ui, theme, "Budget", "Limits retries where much fails", &mut retry.budget, Budget::default) {
        count(ui, theme, "Tokens", "In a full bucket; each retry takes one", &mut budget.tokens, 1..=1_000_000);
        share(ui, theme, "Refund", "Share of a token that each success puts back", &mut budget.refund);
    }
    let at = usize::from(retry.after == After::Drop);
    if let Some(picked) = choice(ui, theme, "Then", "What becomes of an event whose last attempt failed", &["Dead letter", "Drop"], at) {
        retry.after = if picked == 0 { After::DeadLetter } else { After::Drop };
    }
}

fn ack(ui: &mut Ui, theme: &Theme, value: &mut Ack) {
    let help = "When it tells its broker that it has an event. In Kafka: commits after the work, before it, or by enable.auto.commit";
    let at = match value {
        Ack::AfterWork => 0,
        Ack::BeforeWork => 1,
        Ack::Auto { .. } => 2,
    };
    match choice(ui, theme, "Acknowledge", help, &["After work", "Before work", "Now and then"], at) {
        Some(0) => *value = Ack::AfterWork,
        Some(1) => *value = Ack::BeforeWork,
        Some(_) => *value = Ack::Auto { every: Span::from_millis(5_000) },
        None => {}
    }
    if let Ack::Auto { every } = value {
        quantity(ui, theme, "Every", "What has been handled is acknowledged so often (Kafka: auto.commit.interval.ms)", every);
    }
}

fn ordered(ui: &mut Ui, theme: &Theme, value: &mut Option<Ordered>) {
    let help = "Kept: of each key one event at a time is in hand, and a retry holds up its key alone. Free: whoever is free takes the \
                next. Counted: the report says how many came out of order, as it does where order is kept";
    let choices = [None, Some(Ordered::PerKey), Some(Ordered::Free)];
    let at = choices.iter().position(|choice| choice == value).unwrap_or(0);
    if let Some(picked) = choice(ui, theme, "Order of a key", help, &["Free", "Kept", "Free, counted"], at) {
        *value = choices[picked];
    }
}

fn poison(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    let value = &mut consumer.handle.poison;
    let at = match value {
        None => 0,
        Some(Poison::Share(_)) => 1,
        Some(Poison::Key(_)) => 2,
        Some(Poison::Attribute { .. }) => 3,
    };
    let options = ["None", "A share", "A key", "An attribute"];
    match choice(ui, theme, "Poison", "Events that fail at every attempt", &options, at) {
        Some(0) => *value = None,
        Some(1) => *value = Some(Poison::Share(Percent(0.01))),
        Some(2) => *value = Some(Poison::Key("0".to_owned())),
        Some(_) => *value = Some(Poison::Attribute { name: "country".to_owned(), value: "ES".to_owned() }),
        None => {}
    }
    match value {
        Some(Poison::Share(part)) => drop(share(ui, theme, "Poison share", "Of the events", part)),
        Some(Poison::Key(key)) => drop(text(ui, theme, "Poison key", "Events with this key", key, |_| None)),
        Some(Poison::Attribute { name, value }) => {
            text(ui, theme, "Attribute", "Of which attribute", name, |_| None);
            text(ui, theme, "Value", "As text", value, |_| None);
        }
        None => {}
    }
}

/// A part that may be left out, with a switch.
fn part<'p, T>(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &'p mut Option<T>, make: impl Fn() -> T) -> Option<&'p mut T> {
    let mut on = value.is_some();
    if flag(ui, theme, name, help, &mut on) {
        *value = on.then(make);
    }
    value.as_mut()
}
