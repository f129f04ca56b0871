//! A workload, run again and again, and what came of it.

use super::memory;
use super::spread::Spread;
use super::workloads::Workload;
use crate::cli::progress::Runs;
use crate::figures::{NONE, number, seconds as time};
use crate::run::bench::{Run, Stretch};
use crate::run::sweep::WHOLE;
use crate::scenario::{NoFiles, Plan, load};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;

/// What stands above the [rows](Outcome::row) of a table, after what calls them.
pub fn head(called: &[&str]) -> Vec<String> {
    let figures = ["per CPU second", "min .. max", "each", "deliveries", "mean latency", "theory", "peak memory"];
    called.iter().chain(&figures).map(ToString::to_string).collect()
}

/// What came of a workload.
pub struct Outcome {
    pub name: String,
    /// Deliveries per processor second.
    pub speed: Spread,
    deliveries: u64,
    steps: u64,
    /// Mean over all repetitions.
    mean_latency: Option<f64>,
    theory: Option<f64>,
    /// Of the whole process: what earlier workloads left behind and the system did not get back counts as well.
    peak_memory_mb: Option<f64>,
}

/// Ready to run.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn plan(workload: &Workload) -> Result<Arc<Plan>, String> {
    match load(&workload.text, &workload.name, &NoFiles) {
        Ok(loaded) => Ok(Arc::new(loaded.plan)),
        Err(problems) => Err(problems.first().map_or_else(String::new, ToString::to_string)),
    }
}

/// What a whole run came to, and its mean latency where that is known.
pub type Measured = io::Result<(Stretch, Option<f64>)>;

/// A run from the end of its warm-up on, without anybody who looks.
pub fn alone(plan: &Arc<Plan>, seed: u64) -> Measured {
    let mut run = Run::new(plan, seed);
    run.advance(plan.warmup)?;
    let stretch = run.advance(plan.duration)?;
    Ok((stretch, run.mean_latency()))
}

/// Measures it with the seeds from 1 on.
///
/// # Errors
/// What the system refused, in a sentence.
pub fn repeat(workload: &Workload, repetitions: u64, progress: &Runs, measure: fn(&Arc<Plan>, u64) -> Measured) -> Result<Outcome, String> {
    let plan = plan(workload)?;
    memory::forget_peak();
    let mut collected = Collected::default();
    for seed in 1..=repetitions {
        let (stretch, latency) = measure(&plan, seed).map_err(|error| format!("{}: {error}", workload.name))?;
        collected.take(stretch, latency);
        progress.add(WHOLE);
    }
    Ok(collected.outcome(workload))
}

/// Measurements of the repetitions so far.
#[derive(Default)]
pub struct Collected {
    speeds: Vec<f64>,
    latencies: Vec<f64>,
    last: Stretch,
}

impl Collected {
    /// Another one.
    pub fn take(&mut self, stretch: Stretch, latency: Option<f64>) {
        self.speeds.push(stretch.deliveries as f64 / stretch.cpu_seconds.max(1e-9));
        self.latencies.extend(latency);
        self.last = stretch;
    }

    /// All of them together.
    pub fn outcome(self, workload: &Workload) -> Outcome {
        let n = self.latencies.len();
        Outcome {
            name: workload.name.clone(),
            speed: Spread::of(self.speeds),
            deliveries: self.last.deliveries,
            steps: self.last.steps,
            mean_latency: (n > 0).then(|| self.latencies.iter().sum::<f64>() / n as f64),
            theory: workload.theory,
            peak_memory_mb: memory::peak(),
        }
    }
}

impl Outcome {
    /// Nanoseconds of processor time per delivery.
    pub fn ns(&self) -> f64 {
        1e9 / self.speed.median().max(1e-9)
    }

    /// One object.
    pub fn json(&self) -> Value {
        json!({
            "deliveries_per_cpu_second": self.speed.median(),
            "range": self.speed.range(),
            "ns_per_delivery": self.ns(),
            "deliveries": self.deliveries,
            "steps": self.steps,
            "mean_latency": self.mean_latency,
            "theory": self.theory,
            "peak_memory_mb": self.peak_memory_mb,
        })
    }

    /// A line of a table under [`head`], after what it is called.
    pub fn row(&self, called: &[&str]) -> Vec<String> {
        let [least, most] = self.speed.range();
        let figures = [
            format!("{}/s", number(self.speed.median())),
            format!("{} .. {}", number(least), number(most)),
            format!("{:.0} ns", self.ns()),
            number(self.deliveries as f64),
            self.mean_latency.map_or_else(|| NONE.to_owned(), time),
            self.theory.map_or_else(|| NONE.to_owned(), time),
            self.peak_memory_mb.map_or_else(|| NONE.to_owned(), |mb| format!("{mb:.0} MB")),
        ];
        called.iter().map(ToString::to_string).chain(figures).collect()
    }
}
