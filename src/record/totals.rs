//! Counts over a whole run.

use crate::engine::Simulation;
use crate::ids::{ConsumerId, EmitterId, OutletId};
use serde::{Deserialize, Serialize};

/// What happened in all, from the start of the run (warm-up included, so that the books balance).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Events emitted by producers and by `then`.
    pub published: u64,
    /// Events a broker refused.
    pub rejected: u64,
    /// Events that reached a broker where nobody reads the channel.
    pub unroutable: u64,
    /// Hand-overs of an event to a worker, redeliveries included.
    pub deliveries: u64,
    /// Hand-overs of an event that had been handed over before.
    pub redeliveries: u64,
    /// Copies handled to the end.
    pub acked: u64,
    /// Further attempts that were scheduled after a failed one.
    pub retries: u64,
    /// Copies whose last attempt failed, with nowhere to go.
    pub failed: u64,
    /// Copies whose last attempt failed and that went to a dead-letter channel.
    pub dead_lettered: u64,
    /// Copies that grew too old.
    pub expired: u64,
    /// Copies that ended on the way: lost on a link, or pushed out of a full queue.
    pub dropped: u64,
    /// Events owed to an outlet that has neither a surviving copy of them nor ever acknowledged one. Counted once per
    /// outlet; once for an event lost before it reached its broker.
    pub lost: u64,
    /// Events handled to the end more than once by the same group; each further time counts.
    pub duplicates: u64,
    /// Events that their publishers keep at the end: not confirmed yet, or waiting to be sent.
    pub unconfirmed: u64,
    /// Copies travelling on links or in the hands of workers, at the end.
    pub in_flight: u64,
    /// Copies waiting for a worker or for their backoff, at the end.
    pub waiting: u64,
}

impl Totals {
    /// The counts of a run so far.
    pub fn of(simulation: &Simulation) -> Totals {
        let plan = simulation.plan();
        let inbound = simulation.inbound();
        let mut totals = Totals {
            published: (0..plan.emitters.len()).map(|i| simulation.published(EmitterId::at(i))).sum(),
            unroutable: inbound.unroutable,
            rejected: inbound.refused,
            dropped: inbound.lost,
            in_flight: inbound.travelling(),
            unconfirmed: inbound.kept,
            lost: simulation.lost(),
            duplicates: simulation.duplicates(),
            ..Totals::default()
        };
        for i in 0..plan.outlets.len() {
            let books = simulation.books(OutletId::at(i));
            totals.acked += books.acked;
            totals.failed += books.failed;
            totals.dead_lettered += books.dead_lettered;
            totals.expired += books.expired;
            totals.dropped += books.dropped;
            totals.waiting += books.waiting;
            totals.in_flight += books.in_flight();
        }
        for i in 0..plan.consumers.len() {
            let counts = simulation.counts(ConsumerId::at(i));
            totals.deliveries += counts.deliveries;
            totals.redeliveries += counts.redeliveries;
            totals.retries += counts.retries;
        }
        totals
    }
}
