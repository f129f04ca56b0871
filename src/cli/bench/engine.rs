//! `tidemill bench engine`.

use super::memory;
use super::spread::Spread;
use super::workloads::{self, Workload};
use crate::cli::progress::Runs;
use crate::cli::table;
use crate::figures::{NONE, number, seconds as time};
use crate::run::bench::{self, Run, Stretch};
use crate::run::sweep::WHOLE;
use crate::scenario::{NoFiles, Plan, load};
use crate::time::Time;
use serde_json::{Map, Value, json};
use std::io;
use std::sync::Arc;

/// How much is run.
struct Sizes {
    /// Events published by each workload.
    published: u64,
    /// Events that wait in one queue.
    backlog: u64,
    copies: &'static [u64],
    repetitions: u64,
}

const FULL: Sizes = Sizes { published: 1_000_000, backlog: 1_000_000, copies: &[1, 10, 100, 1_000, 10_000], repetitions: 5 };
/// To see that everything works, not how fast it is.
const QUICK: Sizes = Sizes { published: 10_000, backlog: 20_000, copies: &[1, 10, 100], repetitions: 3 };

/// Which of the plain workloads is the fan-out.
const FANOUT: usize = 1;

/// What came of a workload.
struct Result {
    name: String,
    /// Deliveries per processor second.
    speed: Spread,
    deliveries: u64,
    steps: u64,
    /// Mean over all repetitions.
    mean_latency: Option<f64>,
    theory: Option<f64>,
    /// Of the whole process: what earlier workloads left behind and the system did not get back counts as well.
    peak_memory_mb: Option<f64>,
}

/// What came of the queue with a backlog.
struct Waiting {
    /// While the backlog waits.
    long: Result,
    /// The same arrivals and service without it.
    empty: Result,
    backlog: u64,
    bytes: f64,
}

/// Everything that was measured.
pub struct Figures {
    waiting: Waiting,
    plain: Vec<Result>,
    /// The fan-out as the window follows it.
    followed: Result,
    copies: Vec<(u64, Result)>,
}

/// Measures everything; takes about a minute, or some seconds if `quick`.
///
/// # Errors
/// What the system refused, in a sentence.
pub fn measure(quick: bool) -> std::result::Result<Figures, String> {
    let sizes = if quick { QUICK } else { FULL };
    let n = sizes.published;
    let plain = [
        workloads::mm1(n),
        workloads::fanout(1, n),
        workloads::network(n),
        workloads::retry(n),
        workloads::kafka(n),
        workloads::rabbitmq(n),
        workloads::eventbridge(n),
    ];
    let progress = Runs::new("engine", (3 + plain.len() + sizes.copies.len()) * sizes.repetitions as usize);
    let run = |workload: &Workload| repeat(workload, sizes.repetitions, &progress, alone);
    let followed = repeat(&plain[FANOUT], sizes.repetitions, &progress, followed)?;
    let plain = plain.iter().map(run).collect::<std::result::Result<_, _>>()?;
    let (long, bytes) = waiting(&sizes, &progress)?;
    let empty = run(&workloads::waiting(0, sizes.published))?;
    let waiting = Waiting { long, empty, backlog: sizes.backlog, bytes };
    let copies = sizes.copies.iter().map(|k| Ok((*k, run(&workloads::fanout(*k, sizes.published))?)));
    Ok(Figures { waiting, plain, followed, copies: copies.collect::<std::result::Result<_, String>>()? })
}

fn plan(workload: &Workload) -> std::result::Result<Arc<Plan>, String> {
    match load(&workload.text, &workload.name, &NoFiles) {
        Ok(loaded) => Ok(Arc::new(loaded.plan)),
        Err(problems) => Err(problems.first().map_or_else(String::new, ToString::to_string)),
    }
}

/// What a whole run came to, and its mean latency where that is known.
type Measured = io::Result<(Stretch, Option<f64>)>;

/// A run without anybody who looks.
fn alone(plan: &Arc<Plan>, seed: u64) -> Measured {
    let mut run = Run::new(plan, seed);
    let stretch = run.advance(plan.duration)?;
    Ok((stretch, run.mean_latency()))
}

/// A run as the window follows it.
fn followed(plan: &Arc<Plan>, seed: u64) -> Measured {
    Ok((bench::followed(plan, seed)?, None))
}

fn repeat(
    workload: &Workload,
    repetitions: u64,
    progress: &Runs,
    measure: fn(&Arc<Plan>, u64) -> Measured,
) -> std::result::Result<Result, String> {
    let plan = plan(workload)?;
    memory::forget_peak();
    let mut collected = Collected::default();
    for seed in 1..=repetitions {
        let (stretch, latency) = measure(&plan, seed).map_err(|error| format!("{}: {error}", workload.name))?;
        collected.take(stretch, latency);
        progress.add(WHOLE);
    }
    Ok(collected.result(workload))
}

/// The queue with a backlog: filled, then drained under the arrivals of a load of 0.8. Also the bytes per waiting event.
fn waiting(sizes: &Sizes, progress: &Runs) -> std::result::Result<(Result, f64), String> {
    let workload = workloads::waiting(sizes.backlog, sizes.published);
    let plan = plan(&workload)?;
    let wrong = |error| format!("{}: {error}", workload.name);
    memory::forget_peak();
    let (mut collected, mut bytes) = (Collected::default(), 0.0);
    for seed in 1..=sizes.repetitions {
        let mut run = Run::new(&plan, seed);
        let before = run.bytes();
        run.advance(Time::ZERO).map_err(wrong)?;
        bytes = (run.bytes() - before) as f64 / run.live().max(1) as f64;
        let stretch = run.advance(plan.duration).map_err(wrong)?;
        // Latencies of a queue that never empties say nothing.
        collected.take(stretch, None);
        progress.add(WHOLE);
    }
    Ok((collected.result(&workload), bytes))
}

/// Measurements of the repetitions so far.
#[derive(Default)]
struct Collected {
    speeds: Vec<f64>,
    latencies: Vec<f64>,
    last: Stretch,
}

impl Collected {
    fn take(&mut self, stretch: Stretch, latency: Option<f64>) {
        self.speeds.push(stretch.deliveries as f64 / stretch.cpu_seconds.max(1e-9));
        self.latencies.extend(latency);
        self.last = stretch;
    }

    fn result(self, workload: &Workload) -> Result {
        let n = self.latencies.len();
        Result {
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

impl Result {
    /// Nanoseconds of processor time per delivery.
    fn ns(&self) -> f64 {
        1e9 / self.speed.median().max(1e-9)
    }

    fn json(&self) -> Value {
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

    fn cells(&self, name: &str) -> Vec<String> {
        let [least, most] = self.speed.range();
        vec![
            name.to_owned(),
            format!("{}/s", number(self.speed.median())),
            format!("{} .. {}", number(least), number(most)),
            format!("{:.0} ns", self.ns()),
            number(self.deliveries as f64),
            self.mean_latency.map_or_else(|| NONE.to_owned(), time),
            self.theory.map_or_else(|| NONE.to_owned(), time),
            self.peak_memory_mb.map_or_else(|| NONE.to_owned(), |mb| format!("{mb:.0} MB")),
        ]
    }
}

impl Figures {
    /// One object.
    pub fn json(&self) -> Value {
        let mut all: Map<String, Value> = self.plain.iter().map(|result| (result.name.clone(), result.json())).collect();
        let mut followed = self.followed.json();
        followed["of_headless"] = json!(self.followed_share());
        all.insert("followed".to_owned(), followed);
        all.insert("copies".to_owned(), self.copies.iter().map(|(k, result)| (k.to_string(), result.json())).collect());
        let mut waiting = self.waiting.long.json();
        waiting["waiting"] = self.waiting.backlog.into();
        waiting["bytes_per_waiting_event"] = json!(self.waiting.bytes);
        waiting["empty_ns_per_delivery"] = json!(self.waiting.empty.ns());
        waiting["times_empty"] = json!(self.waiting.times_empty());
        all.insert("waiting".to_owned(), waiting);
        Value::Object(all)
    }

    /// A table for people.
    pub fn text(&self) -> String {
        let head = ["workload", "per CPU second", "min .. max", "each", "deliveries", "mean latency", "theory", "peak memory"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(self.plain.iter().map(|result| result.cells(&result.name)));
        rows.push(self.followed.cells("fanout, followed"));
        rows.extend(self.copies.iter().map(|(k, result)| result.cells(&format!("fanout x {k}"))));
        rows.push(self.waiting.long.cells(&format!("{} waiting", number(self.waiting.backlog as f64))));
        rows.push(self.waiting.empty.cells("the same, none waiting"));
        let mut text = String::from("engine: deliveries per CPU second of the run phase, median\n\n");
        table::aligned(&mut text, &rows);
        let bytes = self.waiting.bytes;
        let (times, share) = (self.waiting.times_empty(), self.followed_share());
        text + &format!(
            "\n  {bytes:.1} bytes per waiting event; a long queue costs {times:.2} times an empty one\n  followed as by the window, the \
             fan-out reaches {share:.2} of its speed without anybody who looks\n"
        )
    }

    /// Speed of the fan-out when it is followed, in parts of that without anybody who looks.
    fn followed_share(&self) -> f64 {
        self.followed.speed.median() / self.plain[FANOUT].speed.median().max(1e-9)
    }
}

impl Waiting {
    fn times_empty(&self) -> f64 {
        self.long.ns() / self.empty.ns().max(1e-9)
    }
}
