//! A dead letter: what a target never took, and the attributes by which its queue tells why.

use super::delivery::{DeliveryError, Exhausted};
use super::setup::{Setup, TargetSetup, To};
use crate::engine::event::Event;
use crate::scenario::Plan;

/// Dead letters of a queue that are shown with their attributes.
pub(super) const SHOWN: usize = 4;

/// One that was written a moment ago.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub event: Event,
    /// Which target did not take it.
    pub target: u32,
    /// What came of the last try.
    pub error: DeliveryError,
    pub why: Exhausted,
    /// Tries after the first.
    pub retries: u32,
}

impl Letter {
    /// Its attributes as the service gives them to a message in the queue.
    pub fn attributes(&self, plan: &Plan, setup: &Setup) -> Vec<(&'static str, String)> {
        let target = &setup.targets[self.target as usize];
        let attributes = [
            ("RULE_ARN", Some(setup.parts.rule_arn(&setup.parts.rules[target.rule as usize]))),
            ("TARGET_ARN", Some(arn(plan, setup, target))),
            ("ERROR_CODE", Some(self.error.code().to_owned())),
            ("ERROR_MESSAGE", Some(self.error.message().to_owned())),
            ("EXHAUSTED_RETRY_CONDITION", self.why.condition().map(str::to_owned)),
            ("RETRY_ATTEMPTS", Some(self.retries.to_string())),
        ];
        attributes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The ARN of a target: a function's, a bus's, or that of the queue from which a service of one's own reads.
fn arn(plan: &Plan, setup: &Setup, target: &TargetSetup) -> String {
    let parts = &setup.parts;
    match &target.to {
        To::Bus(_) => parts.bus_arn(&target.name),
        To::Far(_, channel) => setup.far_arn(plan, *channel),
        To::Seats(_) => {
            let reader = plan.outlets[target.outlet.index()].readers.first();
            let function = reader.is_some_and(|read| plan.consumers[plan.reads[read.index()].consumer.index()].is_function());
            let (service, resource) = if function { ("lambda", "function:") } else { ("sqs", "") };
            parts.arn(service, &format!("{resource}{}", target.name))
        }
    }
}
