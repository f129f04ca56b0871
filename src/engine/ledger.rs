//! The ledger: which copies of an event are still alive, for the few events where that cannot be told from one copy alone.
//!
//! An ordinary copy that ends without an acknowledgement is a loss, and one that is acknowledged is not a duplicate. That is wrong
//! only where the network made twins, and unknown only where somebody waits for all copies (a closed loop). Those copies carry
//! [`Flags::TRACKED`](super::event::Flags::TRACKED) and are entered here; all others cost nothing.

use crate::ids::{EventId, OutletId};
use std::collections::BTreeMap;

/// How a tracked copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Acknowledged.
    Acked,
    /// Gone, but a copy survives elsewhere (dead-lettered).
    Kept,
    /// Gone.
    Gone,
}

/// What the end of a copy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Losses that are now certain.
    pub lost: u64,
    /// Duplicates: 1 if this was a further acknowledgement by the same outlet.
    pub duplicates: u64,
    /// Whether no tracked copy of the event is left anywhere.
    pub finished: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Copies {
    alive: u32,
    acked: u32,
    kept: bool,
}

/// Tracked copies by event and place; the place before routing sorts first.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    copies: BTreeMap<(EventId, Option<OutletId>), Copies>,
}

impl Ledger {
    /// One more tracked copy at an outlet (or, with `None`, on its way to a broker).
    pub fn enter(&mut self, event: EventId, place: Option<OutletId>) {
        self.copies.entry((event, place)).or_default().alive += 1;
    }

    /// A copy on its way to a broker has arrived; call after [`Ledger::enter`] for each outlet it was routed to. `lost`: it did not arrive.
    pub fn arrived(&mut self, event: EventId, lost: bool) -> Verdict {
        self.end(event, None, if lost { End::Gone } else { End::Kept })
    }

    /// A copy has ended.
    pub fn end(&mut self, event: EventId, place: Option<OutletId>, how: End) -> Verdict {
        let mut verdict = Verdict::default();
        if let Some(copies) = self.copies.get_mut(&(event, place)) {
            copies.alive = copies.alive.saturating_sub(1);
            match how {
                End::Acked => {
                    verdict.duplicates = u64::from(copies.acked > 0);
                    copies.acked += 1;
                }
                End::Kept => copies.kept = true,
                End::Gone => {}
            }
        }
        // While a copy is still on its way to the broker, more may come to any outlet: nothing is certain yet.
        if self.copies.get(&(event, None)).is_none_or(|inbound| inbound.alive == 0) {
            self.close(event, &mut verdict);
        }
        verdict
    }

    /// Strikes out the places where no copy is left.
    fn close(&mut self, event: EventId, verdict: &mut Verdict) {
        let all = (event, None)..=(event, Some(OutletId(u32::MAX)));
        let done: Vec<_> = self.copies.range(all.clone()).filter(|(_, c)| c.alive == 0).map(|(at, c)| (*at, *c)).collect();
        for (at, copies) in done {
            verdict.lost += u64::from(copies.acked == 0 && !copies.kept);
            self.copies.remove(&at);
        }
        verdict.finished = self.copies.range(all).next().is_none();
    }

    /// Bytes on the heap, about.
    pub fn bytes(&self) -> usize {
        // Nodes of such a map are between half and all full.
        self.copies.len() * (size_of::<(EventId, Option<OutletId>)>() + size_of::<Copies>()) * 2
    }

    /// Tracked copies alive: (on their way to a broker, at outlets).
    pub fn alive(&self) -> (u64, u64) {
        let mut counts = (0, 0);
        for ((_, place), copies) in &self.copies {
            *if place.is_none() { &mut counts.0 } else { &mut counts.1 } += u64::from(copies.alive);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: EventId = EventId(7);
    const A: Option<OutletId> = Some(OutletId(0));

    #[test]
    fn twins_that_are_both_handled_are_one_duplicate_and_no_loss() {
        let mut ledger = Ledger::default();
        ledger.enter(EVENT, None);
        ledger.enter(EVENT, None);
        ledger.enter(EVENT, A);
        assert_eq!(ledger.arrived(EVENT, false), Verdict::default());
        assert_eq!(ledger.end(EVENT, A, End::Acked), Verdict::default());
        ledger.enter(EVENT, A);
        assert_eq!(ledger.arrived(EVENT, false), Verdict::default());
        assert_eq!(ledger.end(EVENT, A, End::Acked), Verdict { lost: 0, duplicates: 1, finished: true });
        assert_eq!(ledger.alive(), (0, 0));
    }

    #[test]
    fn one_lost_twin_is_no_loss_and_two_are_one() {
        let mut ledger = Ledger::default();
        for second_lost in [false, true] {
            ledger.enter(EVENT, None);
            ledger.enter(EVENT, None);
            assert_eq!(ledger.arrived(EVENT, true), Verdict::default());
            if second_lost {
                assert_eq!(ledger.arrived(EVENT, true), Verdict { lost: 1, duplicates: 0, finished: true });
            } else {
                ledger.enter(EVENT, A);
                assert_eq!(ledger.arrived(EVENT, false), Verdict::default());
                assert_eq!(ledger.end(EVENT, A, End::Acked), Verdict { lost: 0, duplicates: 0, finished: true });
            }
        }
    }
}
