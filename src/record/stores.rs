//! What a run leaves in figures about a store.

use super::cells::Cells;
use super::histogram::{Distribution, Summary};
use super::level::Level;
use super::recorder::{LevelFigures, level_figures};
use super::series::StoreCell;
use crate::engine::observe::StoreNote;
use crate::time::Time;

/// One store's record.
#[derive(Clone, Debug)]
pub(super) struct StoreRecord {
    connections: u32,
    busy: Level,
    queue: Level,
    wait: Distribution,
    service: Distribution,
    /// Calls served and the sum of their times, waiting included, since the start.
    served: (u64, u128),
    /// Calls that failed since the start.
    failed: u64,
    /// Areas of busy connections and waiting calls.
    at_warmup: (u128, u128),
}

/// A store's figures after warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StoreFigures {
    /// From a call's arrival to its connection, seconds.
    pub wait: Summary,
    /// With a connection, seconds.
    pub service: Summary,
    /// Share of connections in use.
    pub utilisation: f64,
    /// Calls waiting for a connection.
    pub queue: LevelFigures,
}

impl StoreRecord {
    /// Of a run at its very start.
    pub fn new(connections: u32) -> StoreRecord {
        StoreRecord {
            connections,
            busy: Level::default(),
            queue: Level::default(),
            wait: Distribution::default(),
            service: Distribution::default(),
            served: (0, 0),
            at_warmup: (0, 0),
            failed: 0,
        }
    }

    /// Takes in what happened.
    pub fn observe(&mut self, now: Time, what: StoreNote, warm: bool, cells: &mut Cells) {
        match what {
            StoreNote::Waits => self.queue.up(now),
            StoreNote::GivesUp => self.queue.down(now),
            StoreNote::Begins { waited, wait } => {
                if waited {
                    self.queue.down(now);
                }
                self.busy.up(now);
                self.served.1 += u128::from(wait.0);
                if warm {
                    self.wait.record(wait.0, cells);
                }
            }
            StoreNote::Ends { service, ok } => {
                self.busy.down(now);
                self.failed += u64::from(!ok);
                self.served.0 += 1;
                self.served.1 += u128::from(service.0);
                if warm {
                    self.service.record(service.0, cells);
                }
            }
            StoreNote::Breaks { served } => self.failed += u64::from(!served),
        }
    }

    /// All its distributions.
    pub fn distributions(&mut self) -> [&mut Distribution; 2] {
        [&mut self.wait, &mut self.service]
    }

    /// Calls served since the start.
    pub fn count(&self) -> u64 {
        self.served.0
    }

    /// Calls waiting now.
    pub fn waiting(&self) -> u64 {
        self.queue.now()
    }

    /// Mean, median and 99th percentile of the wait, in seconds; none before anything was served.
    pub fn wait(&self, cells: &Cells) -> Option<(f64, f64, f64)> {
        cells.of(&self.wait).in_short()
    }

    /// Running totals for the series.
    pub fn cell(&self, at: Time) -> StoreCell {
        let room = u128::from(self.connections) * u128::from(at.0);
        StoreCell { time: self.served.1, queue: self.queue.area(at), busy: self.busy.area(at), room, failed: self.failed }
    }

    /// Statistics start here.
    pub fn end_warmup(&mut self, at: Time) {
        self.at_warmup = (self.busy.area(at), self.queue.area(at));
        self.queue.forget_max();
    }

    /// Figures after warm-up.
    pub fn figures(&self, warmup: Time, now: Time, warm: bool, cells: &Cells) -> StoreFigures {
        let observed = (now - warmup).0 as f64 * f64::from(self.connections);
        let busy = (self.busy.area(now) - if warm { self.at_warmup.0 } else { 0 }) as f64;
        StoreFigures {
            wait: cells.of(&self.wait).summary(),
            service: cells.of(&self.service).summary(),
            utilisation: if warm && observed > 0.0 { busy / observed } else { 0.0 },
            queue: level_figures(&self.queue, self.at_warmup.1, warmup, now, warm),
        }
    }
}
