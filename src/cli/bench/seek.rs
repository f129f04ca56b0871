//! `tidemill bench seek`: how long it takes from asking for a moment of a long recorded run until its picture is there.

use super::memory;
use super::spread::Spread;
use super::workloads::{self, Workload};
use crate::figures::number;
use crate::run::frame::{Frame, PlayState, Speed};
use crate::run::{Command, Runner};
use crate::scenario::{NoFiles, load};
use crate::time::Time;
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Moments that are asked for.
const MOMENTS: u64 = 200;
/// Longest wait for a frame before the run is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// What was measured.
pub struct Figures {
    deliveries: u64,
    /// Milliseconds per moment.
    ms: Spread,
    /// What this process grew by, in MB; what checkpoints say where the system does not tell.
    memory_mb: f64,
    checkpoints: usize,
    checkpoints_mb: f64,
}

/// Records a run and visits moments of it.
///
/// # Errors
/// What went wrong, in a sentence.
pub fn measure(quick: bool) -> Result<Figures, String> {
    // Four deliveries each.
    let workload = workloads::fanout(1, if quick { 100_000 } else { 2_500_000 });
    let Workload { text, name, .. } = workload;
    let plan =
        Arc::new(load(&text, &name, &NoFiles).map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))?.plan);
    let before = memory::resident();
    let (woken, wakes) = channel();
    let woken = Mutex::new(woken);
    let wake = move || {
        // Fails only once nobody waits any more.
        let _ = woken.lock().unwrap_or_else(PoisonError::into_inner).send(());
    };
    let runner = Runner::start(Arc::clone(&plan), plan.seed, wake).map_err(|error| error.to_string())?;
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    let end = wait(&runner, &wakes, |frame| matches!(frame.state, PlayState::Finished | PlayState::Stopped(_)))?;
    let mut ms = Vec::new();
    for number in 1..=MOMENTS {
        // Spread over the run without order: multiples of the golden section, whose fractions are.
        let share = (number as f64 * 0.618_033_988_749_895).fract();
        ms.push(visit(&runner, &wakes, Time((plan.duration.0 as f64 * share) as u64))?);
    }
    let (bytes, checkpoints) = runner.frame().past.memory;
    let counted = bytes as f64 / f64::from(1 << 20);
    let grown = memory::resident().zip(before).map(|(after, before)| (after - before) / f64::from(1 << 20));
    let memory_mb = grown.unwrap_or(counted);
    Ok(Figures { deliveries: end.totals.deliveries, ms: Spread::of(ms), memory_mb, checkpoints, checkpoints_mb: counted })
}

#[allow(clippy::disallowed_methods, reason = "this is what is measured")]
fn visit(runner: &Runner, wakes: &Receiver<()>, to: Time) -> Result<f64, String> {
    let began = Instant::now();
    runner.send(Command::Seek(to));
    wait(runner, wakes, |frame| frame.now == to && frame.past.seeking.is_none())?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

fn wait(runner: &Runner, wakes: &Receiver<()>, done: impl Fn(&Frame) -> bool) -> Result<Arc<Frame>, String> {
    loop {
        let frame = runner.frame();
        if done(&frame) {
            return Ok(frame);
        }
        wakes.recv_timeout(PATIENCE).map_err(|_| "the run gave no picture".to_owned())?;
    }
}

impl Figures {
    /// One object.
    pub fn json(&self) -> Value {
        json!({"seek": {
            "ms": {"p50": self.ms.quantile(0.5), "p95": self.ms.quantile(0.95), "max": self.ms.range()[1]},
            "memory_mb": self.memory_mb,
            "checkpoints": self.checkpoints,
            "checkpoints_mb": self.checkpoints_mb,
            "deliveries": self.deliveries,
            "moments": MOMENTS,
        }})
    }

    /// For people.
    pub fn text(&self) -> String {
        format!(
            "seek: {MOMENTS} moments of a run of {} deliveries, from asking to the picture of the moment\n\n  {:.1} ms at the median, {:.1} ms \
             at the 95th percentile, {:.1} ms at most\n  {:.0} MB of memory, {:.0} MB of it in {} checkpoints\n",
            number(self.deliveries as f64),
            self.ms.quantile(0.5),
            self.ms.quantile(0.95),
            self.ms.range()[1],
            self.memory_mb,
            self.checkpoints_mb,
            self.checkpoints,
        )
    }
}
