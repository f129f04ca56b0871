//! Options and words of commands that run a scenario several times.

use crate::figures::NONE;
use crate::run::sweep::Interval;
use crate::run::words;
use crate::scenario::expect::Quantity;
use std::num::NonZeroUsize;

/// How often, from which seed, on how many cores.
#[derive(Debug, clap::Args)]
pub struct Replicas {
    /// Runs of each scenario, under the seeds S, S+1, and so on; the same for all, so that they share their luck.
    #[arg(long, value_name = "N", default_value = "5", allow_hyphen_values = true, value_parser = clap::value_parser!(u16).range(1..))]
    replicas: u16,
    /// The first seed, in place of the scenario's.
    #[arg(long, value_name = "S", allow_hyphen_values = true)]
    pub seed: Option<u64>,
    /// Runs at the same time; by default as many as there are cores. Results do not depend on it.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    jobs: Option<NonZeroUsize>,
}

impl Replicas {
    /// Runs of each scenario, at least one.
    pub fn count(&self) -> usize {
        usize::from(self.replicas)
    }

    /// Runs at the same time.
    pub fn threads(&self) -> NonZeroUsize {
        self.jobs.unwrap_or_else(crate::run::parallel::cores)
    }

    /// What the figures in a table are.
    pub fn words(&self, seed: u64) -> String {
        match self.count() {
            1 => format!("one run each, seed {seed}; with --replicas there are confidence intervals"),
            n => format!(
                "{n} runs each, seeds {seed} to {}; mean ± half-width of the 95 % confidence interval",
                seed.wrapping_add(n as u64 - 1)
            ),
        }
    }
}

/// A figure for people: `12.3 ms ± 410 µs`.
pub fn cell(interval: &Interval, quantity: Quantity) -> String {
    match (interval.mean, interval.half_width) {
        (None, _) => NONE.to_owned(),
        (Some(mean), None) => words::figure(mean, quantity),
        // Nothing varied: digits after the sign would only be noise.
        (Some(mean), Some(0.0)) => format!("{} ± 0", words::figure(mean, quantity)),
        (Some(mean), Some(half)) => format!("{} ± {}", words::figure(mean, quantity), words::figure(half, quantity)),
    }
}
