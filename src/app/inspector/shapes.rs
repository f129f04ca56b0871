//! Editors for the shapes of workloads: arrivals, times, keys, backoffs. Another kind starts from what the old one meant:
//! about the same rate, about the same time.

use super::curve;
use super::fields::{add, choice, count, entry, factor, quantity, share, text, whole};
use crate::app::theme::Theme;
use crate::scenario::schedule::Schedule;
use crate::scenario::shapes::{Arrivals, Backoff, Jitter, Key, Times};
use crate::scenario::units::{Percent, Rate};
use crate::time::Span;
use egui::Ui;

const ARRIVALS: &[(&str, &str)] = &[
    ("Every", "At a fixed interval"),
    ("Poisson", "Independent arrivals at a mean rate"),
    ("Bursts", "A rate for a while, then silence, repeated"),
    ("Ramp", "A rate that grows or falls, then stays"),
    ("Steps", "Rates that change at given times"),
    ("Daily", "A rate that swings around its mean"),
    ("Mmpp", "Random changes between several rates"),
    ("ClosedLoop", "Users who wait for each event's fate, think, and send again"),
    ("Once", "A number of events at one moment"),
    ("Schedule", "Again and again, as in `rate(5 minutes)` or `cron(0 12 * * ? *)`"),
    ("Trace", "Recorded arrivals from a CSV file"),
];

/// When a producer emits.
pub fn arrivals(ui: &mut Ui, theme: &Theme, value: &mut Arrivals) -> bool {
    let names: Vec<&str> = ARRIVALS.iter().map(|(name, _)| *name).collect();
    let at = arrivals_index(value);
    let mut done = false;
    if let Some(picked) = choice(ui, theme, "Arrivals", ARRIVALS[at].1, &names, at) {
        *value = arrivals_of_kind(picked, mean_rate(value));
        done = true;
    }
    done | match value {
        Arrivals::Every(gap) => quantity(ui, theme, "Interval", "Time from one event to the next", gap),
        Arrivals::Poisson(rate) => quantity(ui, theme, "Rate", "Mean number of events per time", rate),
        Arrivals::Bursts { on, off, rate } => {
            quantity(ui, theme, "Burst", "Length of a burst", on)
                | quantity(ui, theme, "Silence", "Time between bursts", off)
                | quantity(ui, theme, "Rate", "Events per time within a burst", rate)
        }
        Arrivals::Ramp { from, to, over } => {
            quantity(ui, theme, "From", "Rate at the start", from)
                | quantity(ui, theme, "To", "Rate at the end, kept from then on", to)
                | quantity(ui, theme, "Over", "Length of the ramp", over)
        }
        Arrivals::Steps(steps) => {
            let next = steps.last().map_or((Span::ZERO, Rate(10.0)), |(at, rate)| (Span(at.0 + Span::from_millis(10_000).0), *rate));
            rows(ui, theme, "step", steps, next, |ui, (at, rate)| {
                quantity(ui, theme, "At", "When this rate begins", at) | quantity(ui, theme, "Rate", "Events per time from then on", rate)
            })
        }
        Arrivals::Daily { mean, swing, period } => {
            quantity(ui, theme, "Mean", "Mean rate", mean)
                | share(ui, theme, "Swing", "How far the rate goes up and down, as a share of the mean", swing)
                | quantity(ui, theme, "Period", "Length of one swing", period)
        }
        Arrivals::Mmpp(states) => rows(ui, theme, "state", states, (Rate(10.0), Span::from_millis(1000)), |ui, (rate, stay)| {
            quantity(ui, theme, "Rate", "Events per time in this state", rate)
                | quantity(ui, theme, "Mean stay", "Mean time until another state begins", stay)
        }),
        Arrivals::ClosedLoop { users, think } => {
            count(ui, theme, "Users", "How many send events", users, 1..=1_000_000)
                | times(ui, theme, "Thinking", "Time between a finished event and the same user's next", think)
        }
        Arrivals::Once { at, count } => {
            quantity(ui, theme, "At", "When they are emitted", at) | whole(ui, theme, "Count", "How many", count, 1..=1_000_000_000)
        }
        Arrivals::Schedule(schedule) => schedule_of(ui, theme, schedule),
        Arrivals::Trace(file) => {
            let wrong = |t: &str| t.is_empty().then(|| "name a CSV file, as in `arrivals.csv`".to_owned());
            text(ui, theme, "File", "CSV file beside the scenario, with a `time` column in seconds", file, wrong)
        }
    }
}

/// A schedule in the words of EventBridge.
pub fn schedule_of(ui: &mut Ui, theme: &Theme, value: &mut Schedule) -> bool {
    let mut written = value.to_string();
    let wrong = |t: &str| t.parse::<Schedule>().err();
    let done = text(
        ui,
        theme,
        "Schedule",
        "rate(5 minutes), or cron(minutes hours day-of-month month day-of-week year) in UTC",
        &mut written,
        wrong,
    );
    if done && let Ok(schedule) = written.parse() {
        *value = schedule;
    }
    done
}

fn arrivals_index(value: &Arrivals) -> usize {
    match value {
        Arrivals::Every(_) => 0,
        Arrivals::Poisson(_) => 1,
        Arrivals::Bursts { .. } => 2,
        Arrivals::Ramp { .. } => 3,
        Arrivals::Steps(_) => 4,
        Arrivals::Daily { .. } => 5,
        Arrivals::Mmpp(_) => 6,
        Arrivals::ClosedLoop { .. } => 7,
        Arrivals::Once { .. } => 8,
        Arrivals::Schedule(_) => 9,
        Arrivals::Trace(_) => 10,
    }
}

/// About how many events per second an arrival process gives, where that can be said.
fn mean_rate(value: &Arrivals) -> f64 {
    let rate = match value {
        Arrivals::Every(gap) => 1.0 / gap.seconds(),
        Arrivals::Poisson(rate) => rate.0,
        Arrivals::Bursts { on, off, rate } => rate.0 * on.seconds() / (on.seconds() + off.seconds()),
        Arrivals::Ramp { to, .. } => to.0,
        Arrivals::Steps(steps) => steps.last().map_or(10.0, |(_, rate)| rate.0),
        Arrivals::Daily { mean, .. } => mean.0,
        Arrivals::Mmpp(states) => states.iter().map(|(rate, _)| rate.0).sum::<f64>() / states.len() as f64,
        Arrivals::ClosedLoop { users, think } => f64::from(*users) / mean_time(think).seconds(),
        Arrivals::Once { .. } | Arrivals::Schedule(_) | Arrivals::Trace(_) => 10.0,
    };
    // Three digits: a rate that was computed reads like one that was typed.
    let rate = if rate.is_finite() && rate > 0.0 { rate } else { 10.0 };
    let digits = 10f64.powf(2.0 - rate.log10().floor());
    (rate * digits).round() / digits
}

fn arrivals_of_kind(kind: usize, rate: f64) -> Arrivals {
    let seconds = |s: f64| Span::from_seconds(s);
    match kind {
        0 => Arrivals::Every(rounded(1.0 / rate)),
        1 => Arrivals::Poisson(Rate(rate)),
        2 => Arrivals::Bursts { on: seconds(2.0), off: seconds(8.0), rate: Rate(rate * 5.0) },
        3 => Arrivals::Ramp { from: Rate(rate / 10.0), to: Rate(rate), over: seconds(30.0) },
        4 => Arrivals::Steps(vec![(Span::ZERO, Rate(rate)), (seconds(20.0), Rate(rate * 2.0))]),
        5 => Arrivals::Daily { mean: Rate(rate), swing: Percent(0.5), period: seconds(60.0) },
        6 => Arrivals::Mmpp(vec![(Rate(rate / 2.0), seconds(10.0)), (Rate(rate * 2.0), seconds(5.0))]),
        7 => Arrivals::ClosedLoop { users: (rate.ceil() as u32).max(1), think: Times::Exponential { mean: seconds(1.0) } },
        8 => Arrivals::Once { at: Span::ZERO, count: 1 },
        9 => Arrivals::Schedule(Schedule::each_minute()),
        _ => Arrivals::Trace("arrivals.csv".to_owned()),
    }
}

const TIMES: &[(&str, &str)] = &[
    ("Constant", "Always the same"),
    ("Uniform", "Evenly spread between two times"),
    ("Exponential", "Many short ones, few long ones"),
    ("Normal", "Around a mean, cut at zero"),
    ("LogNormal", "As real services: a median and a long tail"),
    ("Gamma", "Between exponential and constant, by its shape"),
    ("Pareto", "Very long-tailed"),
    ("Empirical", "Measured percentiles"),
];

/// How long something takes.
pub fn times(ui: &mut Ui, theme: &Theme, name: &str, help: &str, value: &mut Times) -> bool {
    let names: Vec<&str> = TIMES.iter().map(|(name, _)| *name).collect();
    let at = times_index(value);
    let mut done = false;
    if let Some(picked) = choice(ui, theme, name, &format!("{help}. {}: {}", TIMES[at].0, TIMES[at].1), &names, at) {
        *value = times_of_kind(picked, mean_time(value));
        done = true;
    }
    let changed = ui
        .push_id(name, |ui| {
            done | match value {
                Times::Constant(time) => quantity(ui, theme, "Time", "Always this long", time),
                Times::Uniform { from, to } => quantity(ui, theme, "From", "Shortest", from) | quantity(ui, theme, "To", "Longest", to),
                Times::Exponential { mean } => quantity(ui, theme, "Mean", "Mean time", mean),
                Times::Normal { mean, sd } => {
                    quantity(ui, theme, "Mean", "Mean time", mean) | quantity(ui, theme, "Deviation", "Standard deviation", sd)
                }
                Times::LogNormal { median, p99 } => {
                    quantity(ui, theme, "Median", "Half take no longer", median)
                        | quantity(ui, theme, "99 %", "All but one in a hundred take no longer", p99)
                }
                Times::Gamma { mean, shape } => {
                    quantity(ui, theme, "Mean", "Mean time", mean)
                        | factor(ui, theme, "Shape", "1 is exponential, larger is more regular", shape, 1e-3)
                }
                Times::Pareto { min, alpha } => {
                    quantity(ui, theme, "Least", "Shortest", min)
                        | factor(
                            ui,
                            theme,
                            "Tail index",
                            "The smaller, the longer the tail; at 1 and below the mean is infinite",
                            alpha,
                            1e-3,
                        )
                }
                Times::Empirical(points) => {
                    let next = (Percent(1.0), points.last().map_or(Span::from_millis(1), |p| p.1));
                    rows(ui, theme, "percentile", points, next, |ui, (share, time)| {
                        quantity(ui, theme, "Percentile", "This share takes no longer than", share)
                            | quantity(ui, theme, "Time", "At this percentile", time)
                    })
                }
            }
        })
        .inner;
    curve::show(ui, theme, value);
    changed
}

fn times_index(value: &Times) -> usize {
    match value {
        Times::Constant(_) => 0,
        Times::Uniform { .. } => 1,
        Times::Exponential { .. } => 2,
        Times::Normal { .. } => 3,
        Times::LogNormal { .. } => 4,
        Times::Gamma { .. } => 5,
        Times::Pareto { .. } => 6,
        Times::Empirical(_) => 7,
    }
}

/// About how long it takes: the mean, or the median where that is what is known.
fn mean_time(value: &Times) -> Span {
    match value {
        Times::Constant(time) => *time,
        Times::Uniform { from, to } => Span(from.0 / 2 + to.0 / 2),
        Times::Exponential { mean } | Times::Normal { mean, .. } | Times::Gamma { mean, .. } => *mean,
        Times::LogNormal { median, .. } => *median,
        Times::Pareto { min, .. } => *min,
        Times::Empirical(points) => points.iter().find(|(p, _)| p.0 >= 0.5).or(points.last()).map_or(Span::from_millis(1), |p| p.1),
    }
}

fn times_of_kind(kind: usize, mean: Span) -> Times {
    let mean = if mean == Span::ZERO { Span::from_millis(1) } else { mean };
    let times = |factor: f64| rounded(mean.seconds() * factor);
    match kind {
        0 => Times::Constant(mean),
        1 => Times::Uniform { from: times(0.5), to: times(1.5) },
        2 => Times::Exponential { mean },
        3 => Times::Normal { mean, sd: times(0.2) },
        4 => Times::LogNormal { median: mean, p99: times(8.0) },
        5 => Times::Gamma { mean, shape: 2.0 },
        6 => Times::Pareto { min: mean, alpha: 2.5 },
        _ => Times::Empirical(vec![(Percent(0.5), mean), (Percent(0.9), times(2.5)), (Percent(0.99), times(8.0))]),
    }
}

/// A span of about so many seconds, with few digits.
fn rounded(seconds: f64) -> Span {
    let unit = 10f64.powf(seconds.max(1e-9).log10().floor() - 2.0).max(1e-9);
    Span::from_seconds((seconds / unit).round() * unit)
}

/// How an event's key is chosen.
pub fn key(ui: &mut Ui, theme: &Theme, value: &mut Option<Key>) -> bool {
    const KINDS: &[&str] = &["None", "Zipf", "Uniform", "Sequential", "Fixed"];
    let at = match value {
        None => 0,
        Some(Key::Zipf { .. }) => 1,
        Some(Key::Uniform { .. }) => 2,
        Some(Key::Sequential) => 3,
        Some(Key::Fixed(_)) => 4,
    };
    let mut done = false;
    let help = "Events of one key belong together. None: the key of the event that caused it, if any";
    if let Some(picked) = choice(ui, theme, "Key", help, KINDS, at) {
        *value = match picked {
            0 => None,
            1 => Some(Key::Zipf { keys: 1000, exponent: 1.1 }),
            2 => Some(Key::Uniform { keys: 1000 }),
            3 => Some(Key::Sequential),
            _ => Some(Key::Fixed("a".to_owned())),
        };
        done = true;
    }
    done | match value {
        Some(Key::Zipf { keys, exponent }) => {
            whole(ui, theme, "Keys", "Number of different keys", keys, 1..=1_000_000_000)
                | factor(ui, theme, "Exponent", "0 is uniform, about 1 is usual for real traffic", exponent, 0.0)
        }
        Some(Key::Uniform { keys }) => whole(ui, theme, "Keys", "Number of different keys", keys, 1..=1_000_000_000),
        Some(Key::Fixed(key)) => text(ui, theme, "Text", "The key of every event", key, |_| None),
        Some(Key::Sequential) | None => false,
    }
}

/// How long to wait before another attempt.
pub fn backoff(ui: &mut Ui, theme: &Theme, value: &mut Backoff) -> bool {
    const KINDS: &[&str] = &["Immediate", "Fixed", "Exponential"];
    const JITTERS: &[Jitter] = &[Jitter::None, Jitter::Full, Jitter::Equal];
    let at = match value {
        Backoff::Immediate => 0,
        Backoff::Fixed(_) => 1,
        Backoff::Exponential { .. } => 2,
    };
    let mut done = false;
    if let Some(picked) = choice(ui, theme, "Backoff", "How long to wait before another attempt", KINDS, at) {
        *value = match picked {
            0 => Backoff::Immediate,
            1 => Backoff::Fixed(Span::from_millis(100)),
            _ => Backoff::Exponential { first: Span::from_millis(100), factor: 2.0, max: Span::from_millis(10_000), jitter: Jitter::Full },
        };
        done = true;
    }
    done | match value {
        Backoff::Immediate => false,
        Backoff::Fixed(wait) => quantity(ui, theme, "Wait", "Before every further attempt", wait),
        Backoff::Exponential { first, factor: growth, max, jitter } => {
            let mut done = quantity(ui, theme, "First", "Before the second attempt", first)
                | factor(ui, theme, "Factor", "Growth from one attempt to the next", growth, 1.0)
                | quantity(ui, theme, "Longest", "Never longer than this", max);
            let at = JITTERS.iter().position(|j| j == jitter).unwrap_or(0);
            let help = "Randomness that keeps clients from retrying in step: none, 0 to the wait, or half the wait to the wait";
            if let Some(picked) = choice(ui, theme, "Jitter", help, &["None", "Full", "Equal"], at) {
                *jitter = JITTERS[picked];
                done = true;
            }
            done
        }
    }
}

/// A list of entries, each with its own fields, to which one can be added and from which all but one can be taken.
fn rows<T: Clone>(
    ui: &mut Ui,
    theme: &Theme,
    what: &str,
    list: &mut Vec<T>,
    next: T,
    mut fields: impl FnMut(&mut Ui, &mut T) -> bool,
) -> bool {
    let mut done = false;
    let mut gone = None;
    for (i, item) in list.iter_mut().enumerate() {
        ui.push_id((what, i), |ui| {
            if entry(ui, theme, &format!("{what} {}", i + 1), |ui| done |= fields(ui, item)) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone.filter(|_| list.len() > 1) {
        list.remove(i);
        done = true;
    }
    if add(ui, theme, &format!("Add {what}")) {
        list.push(next);
        done = true;
    }
    done
}
