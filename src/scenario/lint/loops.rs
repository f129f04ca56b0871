//! Events that go round for ever. Found where the checks follow events from channel to channel; explained here.

use super::Lint;

/// See its explanation.
pub static ENDLESS_LOOP: Lint = Lint {
    id: "endless-loop",
    line: "events go round for ever",
    explanation: "What a consumer emits comes back to it by way of other consumers, and every step of that way is taken for certain. One \
                  event is enough to keep everybody on the way busy for ever, and each further one adds to it. Let a step emit only on some \
                  outcome or with a `probability`, count the rounds, or break the circle.",
    look: |_, _| {},
};
