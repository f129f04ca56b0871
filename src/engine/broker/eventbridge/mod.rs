//! EventBridge, its classic buses with rules: what it takes in, which rules want it, how targets get it.
//!
//! The service's own rules know nothing of a run: PutEvents, limits, retries and dead letters, archives; patterns and inputs are in
//! `language`. `service` puts them to work: an event that arrives is looked up (`table`, `setup`) and delivered to every
//! target of every rule that wants it, each for itself.
//!
//! # Fidelity and limits
//!
//! See [`FIDELITY`], which the window shows.

pub mod archive;
pub mod delivery;
pub mod envelope;
pub mod limits;
pub mod put_events;
mod queue;
mod quota;
pub mod replaying;
pub mod routing;
mod service;
mod setup;
mod table;
pub mod view;

pub use service::EventBridge;

/// What is as in the service, what is not, and what the newer product does otherwise: a headline and sentences for each.
pub const FIDELITY: &[(&str, &[&str])] = &[
    (
        "As in the service",
        &[
            "Event patterns follow aws/event-ruler 2.0.1, the service's own engine: every operator, numbers by value, array consistency, and its refusals.",
            "Every matching rule delivers to each of its targets (at most five) for itself; two rules with one target deliver twice, under one event id.",
            "At least once and in no order: each delivery takes its own time, and a few are made twice.",
            "PutEvents refuses what is too large or beyond its quota per second; invocations beyond theirs wait and are not lost.",
            "A target that fails is tried again until the rule's age or number of tries is used up; then the event goes to the dead-letter queue, or is gone.",
            "Archives keep what their pattern takes for their retention; replays come in slices of one minute, those in order, inside of one in none, marked with the replay's name, and are never archived again.",
            "An event goes from bus to bus once only: the loop protection refuses a second time (THIRD_ACCOUNT_HOP_DETECTED) and does not retry.",
        ],
    ),
    (
        "Simplified",
        &[
            "The service publishes neither its backoff nor how rare duplicates are. Here the first wait is one second, doubled each time up to ten minutes, with jitter; one delivery in 100,000 is made twice.",
            "Latency is drawn from published measurements unless the scenario says otherwise. There is no guarantee of it in the service.",
            "Each event is a call of its own: batches of up to ten entries are checked by the model of PutEvents, not made by producers.",
            "A target is a consumer. Its handling is part of the delivery: a failure is the target's failure. For a function that is called asynchronously, give the consumer a `retry` of its own: the service counts such an event as delivered.",
            "Rules are there from the start: the delay with which new or changed rules take effect is not modelled, nor that with which events reach an archive.",
            "Buses of other accounts or regions are buses of the same broker: forwarding takes one more latency.",
        ],
    ),
    (
        "The newer Custom Event Bus",
        &[
            "Since 2026 the bus with rules is called Custom Event Bus - Classic. The newer one has subscribers with one target each instead of rules, and filters without wildcards.",
            "It keeps every event for 1 to 365 days: a subscriber starts at the latest event, or at a point in the past, instead of an archive and a replay.",
            "It can keep order within an event group (FIFO; a failing event blocks its group), and drops duplicates published within five minutes.",
            "It takes 100 entries per call, and its retry default is 5 attempts within 300 seconds.",
        ],
    ),
];
