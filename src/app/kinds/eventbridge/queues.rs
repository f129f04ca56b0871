//! The names of dead-letter queues: a queue is there where a rule or one of its targets names it.

use crate::app::action::Action;
use crate::app::inspector::broker::renamed;
use crate::app::kinds::Way;
use crate::scenario::Scenario;
use crate::scenario::broker::EventBridge;

/// What a dead-letter queue is for.
pub(super) const QUEUE: &str = "The queue for what targets never took; empty for none";

/// The dead-letter queues of a broker, and how often each is named.
pub(super) struct Queues {
    named: Vec<String>,
    /// Whose names no queue can have.
    rules: Vec<String>,
}

impl Queues {
    pub fn of(parts: &EventBridge) -> Queues {
        let named = parts.rules.iter().flat_map(|rule| rule.queues().map(|(queue, _)| queue.to_owned()).collect::<Vec<_>>());
        Queues { named: named.collect(), rules: parts.rules.iter().map(|rule| rule.name.clone()).collect() }
    }

    /// A name that neither a queue nor a rule has.
    pub fn free(&self, wanted: &str) -> String {
        let taken = |name: &String| self.named.contains(name) || self.rules.contains(name);
        (1..).map(|n| if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") }).find(|name| !taken(name)).unwrap_or_default()
    }

    /// What is wrong with a name for a queue.
    pub fn wrong(&self, name: &str) -> Option<String> {
        if name.contains(['/', '#']) {
            return Some("no `/` and no `#` in a name".to_owned());
        }
        self.rules.iter().any(|rule| rule == name).then(|| format!("`{name}` is a rule"))
    }

    /// A queue's field says another name now: what it comes to. A queue that is named there alone is renamed, so that its readers
    /// follow; the change is made by an action then.
    pub fn changed(&self, from: Option<&str>, to: &str, scenario: &Scenario, broker: &str, actions: &mut Vec<Action>) -> Option<String> {
        let count = |name: &str| self.named.iter().filter(|queue| *queue == name).count();
        match from.filter(|from| !from.is_empty() && !to.is_empty() && count(from) == 1 && count(to) == 0) {
            Some(from) => {
                actions.push(renamed(scenario, broker, &[Way::Out], from, to));
                Some(from.to_owned())
            }
            None => Some(to.to_owned()).filter(|queue| !queue.is_empty()),
        }
    }
}
