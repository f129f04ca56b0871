//! The shapes a workload is made of: arrivals, time distributions, keys, attributes, backoffs.
//!
//! What each means is defined here in words; `engine::arrivals`, `engine::sample` and `engine::keys` do it.

use super::pairs::Pairs;
use super::schedule::Schedule;
use super::units::{Percent, Rate};
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// When a producer emits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Arrivals {
    /// At a fixed interval, the first after one interval.
    Every(Span),
    /// A Poisson process: independent, exponential gaps.
    Poisson(Rate),
    /// Poisson at `rate` for `on`, silence for `off`, repeated; starts with `on`.
    Bursts {
        /// Length of a burst.
        on: Span,
        /// Length of the silence after it.
        off: Span,
        /// Events per second within a burst.
        rate: Rate,
    },
    /// A Poisson process whose rate goes linearly from `from` to `to` and then stays.
    Ramp {
        /// Rate at the start.
        from: Rate,
        /// Rate at the end.
        to: Rate,
        /// Length of the ramp.
        over: Span,
    },
    /// A Poisson process whose rate changes at the given times (ascending); nothing before the first.
    Steps(Vec<(Span, Rate)>),
    /// A Poisson process whose rate swings as a sine around its mean, rising first.
    Daily {
        /// Mean rate.
        mean: Rate,
        /// How far it swings, as a share of the mean.
        swing: Percent,
        /// Length of one swing.
        period: Span,
    },
    /// Markov-modulated Poisson process: states of a rate and an exponential stay with the given mean; after each stay
    /// another state is chosen, all others alike (with two states: the other one). Starts in the first. A mean stay is 1 ms at least, and a
    /// hundred-millionth of the run.
    Mmpp(Vec<(Rate, Span)>),
    /// A number of users, each emits, waits until its event has met its fate everywhere, thinks, emits again.
    /// The first events follow a first time of thinking.
    ClosedLoop {
        /// Users.
        users: u32,
        /// Time between a finished event and the next one of the same user.
        think: Times,
    },
    /// A number of events at one moment.
    Once {
        /// When. Default: at the start.
        #[serde(default, skip_serializing_if = "is_zero")]
        at: Span,
        /// How many. Default 1.
        #[serde(default = "one")]
        count: u64,
    },
    /// On a schedule as EventBridge writes it, one event each time: `rate(5 minutes)`, or `cron(0 12 * * ? *)` in UTC. Runs begin with
    /// the year 2026.
    Schedule(Schedule),
    /// Recorded arrivals: a CSV file beside the scenario with a `time` column (seconds), and `event` and `key` columns where
    /// wanted; all other columns become attributes.
    Trace(String),
}

/// How long something takes. Never negative: distributions that could be are cut at zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Times {
    /// Always the same.
    Constant(Span),
    /// Evenly spread.
    Uniform {
        /// Shortest.
        from: Span,
        /// Longest.
        to: Span,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: Span,
    },
    /// Normal; what falls below zero counts as zero.
    Normal {
        /// Mean.
        mean: Span,
        /// Standard deviation.
        sd: Span,
    },
    /// Log-normal, given by two of its percentiles.
    LogNormal {
        /// 50th percentile.
        median: Span,
        /// 99th percentile.
        p99: Span,
    },
    /// Gamma (Erlang where the shape is whole).
    Gamma {
        /// Mean.
        mean: Span,
        /// Shape, greater than 0: 1 is exponential, larger is more regular.
        shape: f64,
    },
    /// Pareto: long-tailed.
    Pareto {
        /// Shortest.
        min: Span,
        /// Tail index, greater than 0; the mean is infinite at 1 and below.
        alpha: f64,
    },
    /// Measured percentiles (ascending), straight lines between them. Begins at zero unless `"0%"` is given, and the last
    /// given percentile is also the maximum unless it is `"100%"`.
    Empirical(Vec<(Percent, Span)>),
}

impl Arrivals {
    /// Events per second, averaged over a run of so many seconds. Zero for a closed loop (it waits for whoever is slow) and for a
    /// trace (whose rows are elsewhere).
    pub fn mean_rate(&self, seconds: f64) -> f64 {
        match self {
            Arrivals::Every(gap) => 1.0 / gap.seconds(),
            Arrivals::Poisson(rate) => rate.0,
            Arrivals::Bursts { on, off, rate } => rate.0 * on.seconds() / (on.seconds() + off.seconds()),
            Arrivals::Ramp { from, to, over } => {
                let (over, middle) = (over.seconds().max(1e-9), (from.0 + to.0) / 2.0);
                match seconds <= over {
                    true => from.0 + (to.0 - from.0) * seconds / over / 2.0,
                    false => (middle * over + to.0 * (seconds - over)) / seconds,
                }
            }
            Arrivals::Steps(steps) => {
                let ends = steps.iter().skip(1).map(|(at, _)| at.seconds()).chain([f64::INFINITY]);
                let events = steps.iter().zip(ends).map(|((at, rate), end)| rate.0 * (end.min(seconds) - at.seconds()).max(0.0));
                events.sum::<f64>() / seconds
            }
            Arrivals::Daily { mean, .. } => mean.0,
            Arrivals::Mmpp(states) => {
                let stays: f64 = states.iter().map(|(_, stay)| stay.seconds()).sum();
                states.iter().map(|(rate, stay)| rate.0 * stay.seconds()).sum::<f64>() / stays
            }
            Arrivals::Once { at, count } => {
                if at.seconds() <= seconds {
                    *count as f64 / seconds
                } else {
                    0.0
                }
            }
            Arrivals::Schedule(schedule) => schedule.mean_rate(seconds),
            Arrivals::ClosedLoop { .. } | Arrivals::Trace(_) => 0.0,
        }
    }

    /// Highest number of events per second that lasts for some time. Zero for a closed loop, a trace and what comes at one moment.
    pub fn peak_rate(&self) -> f64 {
        match self {
            Arrivals::Every(gap) => 1.0 / gap.seconds(),
            Arrivals::Poisson(rate) | Arrivals::Bursts { rate, .. } => rate.0,
            Arrivals::Ramp { from, to, .. } => from.0.max(to.0),
            Arrivals::Steps(steps) => steps.iter().map(|(_, rate)| rate.0).fold(0.0, f64::max),
            Arrivals::Daily { mean, swing, .. } => mean.0 * (1.0 + swing.0),
            Arrivals::Mmpp(states) => states.iter().map(|(rate, _)| rate.0).fold(0.0, f64::max),
            Arrivals::Once { .. } | Arrivals::Schedule(_) | Arrivals::ClosedLoop { .. } | Arrivals::Trace(_) => 0.0,
        }
    }
}

impl Times {
    /// The mean in seconds; infinite where there is none. (What is cut at zero counts as if it were not.)
    pub fn mean(&self) -> f64 {
        match self {
            Times::Constant(span) => span.seconds(),
            Times::Uniform { from, to } => (from.seconds() + to.seconds()) / 2.0,
            Times::Exponential { mean } | Times::Normal { mean, .. } | Times::Gamma { mean, .. } => mean.seconds(),
            Times::LogNormal { median, p99 } => {
                // The mean is the median times exp(sigma^2 / 2); the 99th percentile lies 2.326 sigma above the median's logarithm.
                let sigma = libm::log(p99.seconds() / median.seconds()) / 2.326_347_874_040_841;
                median.seconds() * libm::exp(sigma * sigma / 2.0)
            }
            Times::Pareto { alpha, .. } if *alpha <= 1.0 => f64::INFINITY,
            Times::Pareto { min, alpha } => min.seconds() * alpha / (alpha - 1.0),
            Times::Empirical(points) => {
                // Straight lines between the points, from zero at 0 % unless said, level after the last.
                let (mut before, mut sum) = ((0.0, points.first().filter(|p| p.0.0 <= 0.0).map_or(0.0, |p| p.1.seconds())), 0.0);
                for (share, value) in points {
                    let point = (share.0, value.seconds());
                    sum += (point.0 - before.0) * (point.1 + before.1) / 2.0;
                    before = point;
                }
                sum + (1.0 - before.0) * before.1
            }
        }
    }

    /// The 99th percentile in seconds.
    pub fn p99(&self) -> f64 {
        /// Of the standard normal distribution.
        const Z: f64 = 2.326_347_874_040_841;
        match self {
            Times::Constant(span) => span.seconds(),
            Times::Uniform { from, to } => from.seconds() + 0.99 * (to.seconds() - from.seconds()),
            Times::Exponential { mean } => mean.seconds() * libm::log(100.0),
            Times::Normal { mean, sd } => (mean.seconds() + Z * sd.seconds()).max(0.0),
            Times::LogNormal { p99, .. } => p99.seconds(),
            Times::Gamma { mean, shape } => {
                // Wilson and Hilferty (1931): the cube root of a gamma variable is nearly normal.
                let ninth = 1.0 / (9.0 * shape);
                mean.seconds() * libm::pow(1.0 - ninth + Z * libm::sqrt(ninth), 3.0).max(0.0)
            }
            Times::Pareto { min, alpha } => min.seconds() * libm::pow(100.0, 1.0 / alpha),
            Times::Empirical(points) => {
                let mut before = (0.0, points.first().filter(|p| p.0.0 <= 0.0).map_or(0.0, |p| p.1.seconds()));
                for (share, value) in points {
                    let point = (share.0, value.seconds());
                    if point.0 >= 0.99 {
                        let part = if point.0 > before.0 { (0.99 - before.0) / (point.0 - before.0) } else { 1.0 };
                        return before.1 + (point.1 - before.1) * part.clamp(0.0, 1.0);
                    }
                    before = point;
                }
                before.1
            }
        }
    }
}

/// How an event's key is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Key {
    /// `keys` values, the i-th with a weight of 1 / i^exponent.
    Zipf {
        /// Number of different keys.
        keys: u64,
        /// Skew: 0 is uniform, about 1 is usual for real traffic.
        exponent: f64,
    },
    /// `keys` values, all alike.
    Uniform {
        /// Number of different keys.
        keys: u64,
    },
    /// Every event its own: 0, 1, 2, ...
    Sequential,
    /// Always this one.
    Fixed(String),
}

/// How the value of an attribute is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Attribute {
    /// One of the texts, by weight.
    Choice(Pairs<f64>),
    /// A number, evenly spread from the first to the second.
    Uniform(f64, f64),
    /// A whole number, evenly spread, both ends included.
    Whole(i64, i64),
    /// Always this text.
    Text(String),
    /// Always this number.
    Number(f64),
}

/// How long to wait before another attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Backoff {
    /// Not at all: the same worker tries again at once.
    #[default]
    Immediate,
    /// Always as long.
    Fixed(Span),
    /// `first`, then `factor` times as long each time, never longer than `max`.
    Exponential {
        /// Before the second attempt.
        first: Span,
        /// Growth per attempt, 1 or more. Default 2.
        #[serde(default = "two", skip_serializing_if = "is_two")]
        factor: f64,
        /// Upper bound. Default 30 s.
        #[serde(default = "half_minute", skip_serializing_if = "is_half_minute")]
        max: Span,
        /// Randomness that keeps clients from retrying in step. Default none.
        #[serde(default, skip_serializing_if = "is_none")]
        jitter: Jitter,
    },
}

/// What a random draw does to a backoff of `b` (names as in Brooker, "Exponential Backoff And Jitter", AWS 2015).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Jitter {
    /// `b` itself.
    #[default]
    None,
    /// Uniform between 0 and `b`.
    Full,
    /// Uniform between `b / 2` and `b`.
    Equal,
}

fn one() -> u64 {
    1
}
fn two() -> f64 {
    2.0
}
fn half_minute() -> Span {
    Span::from_millis(30_000)
}
fn is_two(factor: &f64) -> bool {
    *factor == two()
}
fn is_half_minute(span: &Span) -> bool {
    *span == half_minute()
}
fn is_none(jitter: &Jitter) -> bool {
    *jitter == Jitter::None
}
fn is_zero(span: &Span) -> bool {
    *span == Span::ZERO
}
