//! From an event on a bus to the targets of the rules that want it.

use crate::language::facts::Facts;
use crate::language::matcher::{Matcher, Scratch};
use crate::language::pattern::Pattern;

/// A bus with its rules.
#[derive(Clone, Debug, Default)]
pub struct Bus<T> {
    rules: Vec<Rule<T>>,
    matcher: Matcher,
}

/// A rule of a bus.
#[derive(Clone, Debug)]
pub struct Rule<T> {
    /// Which events it wants; `None` for one that waits for times instead.
    pub pattern: Option<Pattern>,
    /// Whether it looks at events at all.
    pub enabled: bool,
    /// Where they go: each target for itself, in no order, a target named twice twice.
    pub targets: Vec<T>,
}

impl<T> Bus<T> {
    /// A bus with these rules.
    pub fn new(rules: Vec<Rule<T>>) -> Bus<T> {
        // A pattern that is nobody's keeps the positions: it has no branches and matches nothing.
        let matcher = Matcher::of(rules.iter().map(|rule| rule.pattern.as_ref().filter(|_| rule.enabled)));
        Bus { rules, matcher }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule<T>] {
        &self.rules
    }

    /// The positions of the rules that want an event.
    pub fn wanting(&self, facts: &Facts, scratch: &mut Scratch, found: &mut Vec<u32>) {
        self.matcher.find(facts, scratch, found);
    }

    /// The targets that get an event, once per rule and target.
    pub fn targets(&self, facts: &Facts) -> Vec<&T> {
        let mut found = Vec::new();
        self.wanting(facts, &mut Scratch::default(), &mut found);
        found.iter().flat_map(|rule| &self.rules[*rule as usize].targets).collect()
    }
}
