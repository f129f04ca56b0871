//! Progress on a terminal, silence in a pipe.

use crate::run::sweep::WHOLE;
use crate::time::Time;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over virtual time; appears only if the run takes long enough to be waited for.
pub struct Progress {
    bar: ProgressBar,
    end: Time,
}

impl Progress {
    /// For a run that ends at `end`. Draws on standard error if that is a terminal, else nowhere.
    pub fn new(name: &str, end: Time) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3}% {eta}") {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        Progress { bar, end }
    }

    /// The run has come this far.
    pub fn at(&self, now: Time) {
        self.bar.set_position((now.seconds() / self.end.seconds().max(1e-9) * 1000.0) as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over many runs.
pub struct Runs(ProgressBar);

impl Runs {
    /// For so many runs. Draws on standard error if that is a terminal, else nowhere.
    pub fn new(name: &str, runs: usize) -> Runs {
        let bar = ProgressBar::with_draw_target(Some(runs as u64 * WHOLE), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3}% {eta}") {
            bar.set_style(style);
        }
        bar.set_message(format!("{name}, {runs} runs"));
        Runs(bar)
    }

    /// So many thousandths of a run were done since.
    pub fn add(&self, done: u64) {
        self.0.inc(done);
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
