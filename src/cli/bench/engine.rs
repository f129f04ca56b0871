//! `tidemill bench engine`.

use super::memory;
use super::outcome::{self, Collected, Measured, Outcome, alone, plan, repeat};
use super::workloads::{self, Workload};
use crate::cli::progress::Runs;
use crate::cli::table;
use crate::figures::number;
use crate::run::bench::{self, Run};
use crate::run::sweep::WHOLE;
use crate::scenario::Plan;
use crate::time::Time;
use serde_json::{Map, Value, json};
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

/// What came of the queue with a backlog.
struct Waiting {
    /// While the backlog waits.
    long: Outcome,
    /// The same arrivals and service without it.
    empty: Outcome,
    backlog: u64,
    bytes: f64,
}

/// Everything that was measured.
pub struct Figures {
    waiting: Waiting,
    plain: Vec<Outcome>,
    /// The fan-out as the window follows it.
    followed: Outcome,
    copies: Vec<(u64, Outcome)>,
}

/// Measures everything; takes about a minute, or some seconds if `quick`.
///
/// # Errors
/// What the system refused, in a sentence.
pub fn measure(quick: bool) -> Result<Figures, String> {
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
    let plain = plain.iter().map(run).collect::<Result<_, _>>()?;
    let (long, bytes) = waiting(&sizes, &progress)?;
    let empty = run(&workloads::waiting(0, sizes.published))?;
    let waiting = Waiting { long, empty, backlog: sizes.backlog, bytes };
    let copies = sizes.copies.iter().map(|k| Ok((*k, run(&workloads::fanout(*k, sizes.published))?)));
    Ok(Figures { waiting, plain, followed, copies: copies.collect::<Result<_, String>>()? })
}

/// A run as the window follows it.
fn followed(plan: &Arc<Plan>, seed: u64) -> Measured {
    Ok((bench::followed(plan, seed)?, None))
}

/// The queue with a backlog: filled, then drained under the arrivals of a load of 0.8. Also the bytes per waiting event.
fn waiting(sizes: &Sizes, progress: &Runs) -> Result<(Outcome, f64), String> {
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
    Ok((collected.outcome(&workload), bytes))
}

impl Figures {
    /// One object.
    pub fn json(&self) -> Value {
        let mut all: Map<String, Value> = self.plain.iter().map(|outcome| (outcome.name.clone(), outcome.json())).collect();
        let mut followed = self.followed.json();
        followed["of_headless"] = json!(self.followed_share());
        all.insert("followed".to_owned(), followed);
        all.insert("copies".to_owned(), self.copies.iter().map(|(k, outcome)| (k.to_string(), outcome.json())).collect());
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
        let mut rows = vec![outcome::head(&["workload"])];
        rows.extend(self.plain.iter().map(|outcome| outcome.row(&[&outcome.name])));
        rows.push(self.followed.row(&["fanout, followed"]));
        rows.extend(self.copies.iter().map(|(k, outcome)| outcome.row(&[&format!("fanout x {k}")])));
        rows.push(self.waiting.long.row(&[&format!("{} waiting", number(self.waiting.backlog as f64))]));
        rows.push(self.waiting.empty.row(&["the same, none waiting"]));
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
