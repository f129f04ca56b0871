//! What holds for one target of a rule: its own settings, else the rule's.

use super::{Input, RetryPolicy, Rule};
use serde::{Deserialize, Serialize};

/// A target of a rule with settings of its own: a reader or the bus that the rule forwards to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Whose settings these are: the consumer that reads from the rule, or the group that it reads as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// Instead of a reader, the bus that the rule forwards to, written as in `forward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// What a reader gets of an event. A bus always gets all of it. Default: as the rule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// How often and how long it is tried again. Default: as the rule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// The queue for what it never took; an empty name for none. Default: as the rule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<String>,
}

/// What holds for one target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivery<'r> {
    /// What it gets of an event; nothing here for all of it.
    pub input: Option<&'r Input>,
    /// How often and how long it is tried again.
    pub retry: RetryPolicy,
    /// The queue for what it never took.
    pub dead_letter: Option<&'r str>,
}

impl Rule {
    /// What the rule says of its targets.
    pub fn usual(&self) -> Delivery<'_> {
        Delivery { input: self.input.as_ref(), retry: self.retry, dead_letter: named(self.dead_letter.as_deref()) }
    }

    /// What holds for the readers of a group (a consumer's id, if it reads as no group of another name).
    pub fn to_reader(&self, group: &str) -> Delivery<'_> {
        self.with(self.targets.iter().find(|target| target.reader.as_deref() == Some(group)))
    }

    /// What holds for the bus that the rule forwards to.
    pub fn to_bus(&self) -> Delivery<'_> {
        let own = self.targets.iter().find(|target| target.bus.is_some() && target.bus == self.forward);
        Delivery { input: None, ..self.with(own) }
    }

    fn with<'r>(&'r self, own: Option<&'r Target>) -> Delivery<'r> {
        let usual = self.usual();
        let Some(own) = own else { return usual };
        Delivery {
            input: own.input.as_ref().or(usual.input),
            retry: own.retry.unwrap_or(usual.retry),
            dead_letter: own.dead_letter.as_deref().map_or(usual.dead_letter, |queue| named(Some(queue))),
        }
    }

    /// The dead-letter queues that it names, and in which of its fields.
    pub fn queues(&self) -> impl Iterator<Item = (&str, String)> {
        let own = self.targets.iter().enumerate();
        let own = own.filter_map(|(i, target)| Some((named(target.dead_letter.as_deref())?, format!("targets[{i}].dead_letter"))));
        self.dead_letter.as_deref().map(|queue| (queue, "dead_letter".to_owned())).into_iter().chain(own)
    }

    /// The names of dead-letter queues that it gives, to be changed.
    pub fn queues_mut(&mut self) -> impl Iterator<Item = &mut Option<String>> {
        std::iter::once(&mut self.dead_letter).chain(self.targets.iter_mut().map(|target| &mut target.dead_letter))
    }

    /// Wherever it names the bus that it forwards to.
    pub fn forwards_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.forward.iter_mut().chain(self.targets.iter_mut().filter_map(|target| target.bus.as_mut()))
    }

    /// Forwards to another bus, or to none any more; what is said of the bus follows, or goes. Whether that is a change.
    pub fn set_forward(&mut self, to: Option<String>) -> bool {
        if self.forward == to {
            return false;
        }
        let before = std::mem::replace(&mut self.forward, to);
        for target in self.targets.iter_mut().filter(|target| target.bus.is_some() && target.bus == before) {
            target.bus.clone_from(&self.forward);
        }
        // What was the bus's is nobody's now.
        self.targets.retain(|target| target.reader.is_some() || target.bus.is_some() || before.is_none());
        true
    }
}

impl Target {
    /// Whether it says anything that the rule does not.
    pub fn is_empty(&self) -> bool {
        self.input.is_none() && self.retry.is_none() && self.dead_letter.is_none()
    }
}

fn named(queue: Option<&str>) -> Option<&str> {
    queue.filter(|queue| !queue.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::broker::EventBridge;
    use crate::scenario::broker::Parts;

    const TEXT: &str = r#"(buses: [(name: "in"), (name: "out")], rules: [(name: "r", bus: "in", forward: "out", pattern: "{}",
        input: Path("$.detail"), retry: (attempts: 9), dead_letter: "usual", targets: [
            (reader: "a", input: Path("$"), retry: (attempts: 2), dead_letter: "own"),
            (reader: "b", dead_letter: ""),
            (bus: "out", retry: (max_age: "1h")),
        ])])"#;

    #[test]
    fn a_target_has_its_own_settings_and_the_rules_for_the_rest() {
        let parts: EventBridge =
            ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME).from_str(TEXT).unwrap();
        let rule = &parts.rules[0];
        let told = |delivery: Delivery<'_>| (delivery.input.cloned(), delivery.retry.attempts, delivery.dead_letter.map(str::to_owned));
        let path = |text: &str| Some(Input::Path(text.to_owned()));
        let queue = |name: &str| Some(name.to_owned());
        assert_eq!(told(rule.to_reader("a")), (path("$"), 2, queue("own")));
        assert_eq!(told(rule.to_reader("b")), (path("$.detail"), 9, None));
        assert_eq!(told(rule.to_reader("c")), (path("$.detail"), 9, queue("usual")));
        assert_eq!(told(rule.to_bus()), (None, 185, queue("usual")));
        assert_eq!(rule.to_bus().retry.max_age.to_string(), "1h");
        // Both queues can be read from, and lead back to where they are named.
        assert_eq!(parts.dead_letter_queues(), ["usual", "own"]);
        let outlets = parts.outlets().unwrap();
        assert_eq!((outlets[2].path.as_str(), outlets[2].fed_by.as_slice()), ("rules[0].targets[0].dead_letter", [0].as_slice()));
    }
}
