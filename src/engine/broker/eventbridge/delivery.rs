//! What follows when a target does not take an event: another try, the dead-letter queue, or nothing more.
//!
//! Rules of the user guide's pages on retry policies and dead-letter queues of rules.

pub use crate::scenario::broker::eventbridge::RetryPolicy;
use crate::time::Span;

/// Why a target did not take an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryError {
    /// It cannot be reached.
    Unavailable,
    /// It answers with an error of its own.
    FromTarget,
    /// The client that calls it fails.
    Client,
    /// It takes no more for now.
    Throttling,
    /// It did not answer in time.
    Timeout,
    /// The rule may not call it.
    NoPermissions,
    /// It has been deleted.
    NoResource,
    /// The rule's input is not JSON.
    InvalidJson,
    /// The target is a bus, and the event came from a bus: it may be sent on to a bus once only. This is the loop protection.
    SecondHop,
    /// The same where the target is in another region.
    SecondRegion,
}

impl DeliveryError {
    /// All of them.
    pub const ALL: [DeliveryError; 10] = [
        DeliveryError::Unavailable,
        DeliveryError::FromTarget,
        DeliveryError::Client,
        DeliveryError::Throttling,
        DeliveryError::Timeout,
        DeliveryError::NoPermissions,
        DeliveryError::NoResource,
        DeliveryError::InvalidJson,
        DeliveryError::SecondHop,
        DeliveryError::SecondRegion,
    ];

    /// As in a dead letter's attribute `ERROR_CODE`: codes of the user guide's page on dead-letter queues.
    pub fn code(self) -> &'static str {
        match self {
            DeliveryError::Unavailable => "CONNECTION_FAILURE",
            DeliveryError::FromTarget => "ERROR_FROM_TARGET",
            DeliveryError::Client => "SDK_CLIENT_ERROR",
            DeliveryError::Throttling => "THROTTLING",
            DeliveryError::Timeout => "TIMEOUT",
            DeliveryError::NoPermissions => "NO_PERMISSIONS",
            DeliveryError::NoResource => "NO_RESOURCE",
            DeliveryError::InvalidJson => "INVALID_JSON",
            DeliveryError::SecondHop => "THIRD_ACCOUNT_HOP_DETECTED",
            DeliveryError::SecondRegion => "THIRD_REGION_HOP_DETECTED",
        }
    }

    /// As in a dead letter's attribute `ERROR_MESSAGE`. The service's wording is not published: these words are ours.
    pub fn message(self) -> &'static str {
        match self {
            DeliveryError::Unavailable => "The target cannot be reached.",
            DeliveryError::FromTarget => "The target answered with an error.",
            DeliveryError::Client => "The call of the target failed.",
            DeliveryError::Throttling => "The target is at its limit of concurrent executions.",
            DeliveryError::Timeout => "The target did not answer in time.",
            DeliveryError::NoPermissions => "The rule may not call the target.",
            DeliveryError::NoResource => "The target does not exist.",
            DeliveryError::InvalidJson => "The input of the target is not JSON.",
            DeliveryError::SecondHop | DeliveryError::SecondRegion => "The event was forwarded from bus to bus before.",
        }
    }

    /// Whether trying again can help.
    pub fn retriable(self) -> bool {
        use DeliveryError::{Client, FromTarget, Throttling, Timeout, Unavailable};
        matches!(self, Unavailable | FromTarget | Client | Throttling | Timeout)
    }
}

/// What follows from a failed delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again.
    Retry,
    /// No more tries.
    GiveUp(Exhausted),
}

/// Why there are no more tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// The service has had the event for longer than the policy allows.
    Age,
    /// There were as many as the policy allows.
    Attempts,
    /// Trying again cannot help.
    Pointless,
}

impl Exhausted {
    /// As in a dead letter's attribute `EXHAUSTED_RETRY_CONDITION`, which one that was never to be tried again does not have.
    pub fn condition(self) -> Option<&'static str> {
        match self {
            Exhausted::Age => Some("MaximumEventAgeInSeconds"),
            Exhausted::Attempts => Some("MaximumRetryAttempts"),
            Exhausted::Pointless => None,
        }
    }
}

impl RetryPolicy {
    /// What follows from a failure after so many tries beyond the first, so long after the service took the event in.
    pub fn next(&self, error: DeliveryError, retries: u32, age: Span) -> Next {
        if !error.retriable() {
            Next::GiveUp(Exhausted::Pointless)
        } else if age > self.max_age {
            Next::GiveUp(Exhausted::Age)
        } else if retries >= self.attempts {
            Next::GiveUp(Exhausted::Attempts)
        } else {
            Next::Retry
        }
    }
}

/// The first wait between tries. The service does not publish its schedule; see [`backoff`].
pub const FIRST_BACKOFF: Span = Span::from_millis(1_000);

/// The longest wait: 185 tries within 24 hours are one per 467 seconds, so waits are capped at some minutes.
pub const LONGEST_BACKOFF: Span = Span::from_millis(600_000);

/// The wait before a try, doubled each time up to the longest, then anywhere between half of it and all of it. `luck` is in [0, 1).
pub fn backoff(retries: u32, luck: f64) -> Span {
    let doubled = FIRST_BACKOFF.0.saturating_mul(1 << retries.min(20));
    let most = doubled.min(LONGEST_BACKOFF.0);
    Span(most / 2 + (luck * (most / 2) as f64) as u64)
}
