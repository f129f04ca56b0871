//! Many patterns at once: which of them does an event match?
//!
//! The cost of an event follows from what it matches, hardly from how many patterns there are. Each branch of each pattern is
//! filed under what is rarest about it: in a tree under up to [`DEEPEST`] exact values, in which the event's own values lead the
//! way, and where many share a place of the tree, there under one prefix, suffix, interval or text without case, or under a path
//! that has to be there. Only the branches found so are compared in full; each question to a path is answered once per event.

mod filing;
mod hash;
mod intervals;
mod prefixes;
mod values;

use super::facts::{Facts, Field};
use super::pattern::{Pattern, Test, consistent};
use filing::Node;
use hash::Table;
use std::sync::Arc;

/// How many exact values a branch is filed under at most.
const DEEPEST: usize = 3;

/// A set of patterns, ready to be matched.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    branches: Vec<Branch>,
    questions: Vec<Question>,
    paths: Table<Box<str>, u32>,
    /// The tree of exact values; its root is the first.
    tree: Vec<Node>,
}

/// A branch of a pattern.
#[derive(Clone, Debug)]
struct Branch {
    /// Whose it is: its position in the list of patterns.
    pattern: u32,
    /// What it asks, in order of paths.
    asks: Vec<u32>,
}

/// What a branch may ask of a path. Branches that ask the same share it.
#[derive(Clone, Debug)]
struct Question {
    path: u32,
    tests: Arc<Vec<Test>>,
    /// Whether nothing at all is an answer as well.
    absent: bool,
}

/// Work space of [`Matcher::find`], kept to spare allocations.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    round: u32,
    /// By path: the round it was seen in and where its facts are.
    spans: Vec<(u32, u32, u32)>,
    /// The paths of this event that any pattern names.
    present: Vec<u32>,
    /// By question: twice the round it was answered in, plus the answer.
    answers: Vec<u32>,
    /// By branch: the round it was compared in.
    compared: Vec<u32>,
}

impl Scratch {
    fn begin(&mut self, matcher: &Matcher) {
        let sizes = (matcher.paths.len(), matcher.questions.len(), matcher.branches.len());
        if (self.spans.len(), self.answers.len(), self.compared.len()) != sizes || self.round >= u32::MAX / 2 - 1 {
            *self = Scratch {
                round: 0,
                spans: vec![(0, 0, 0); sizes.0],
                present: Vec::new(),
                answers: vec![0; sizes.1],
                compared: vec![0; sizes.2],
            };
        }
        self.round += 1;
        self.present.clear();
    }

    fn facts<'a>(&self, facts: &'a Facts, path: u32) -> &'a [Field] {
        match self.spans[path as usize] {
            (round, from, to) if round == self.round => &facts.fields[from as usize..to as usize],
            _ => &[],
        }
    }
}

impl Matcher {
    /// A matcher of these patterns.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Matcher {
        Matcher::of(patterns.into_iter().map(Some))
    }

    /// A matcher of the patterns there are; positions without one are counted and match nothing.
    pub fn of<'a>(patterns: impl IntoIterator<Item = Option<&'a Pattern>>) -> Matcher {
        filing::build(patterns)
    }

    /// The positions of the patterns that an event matches, in order.
    pub fn find(&self, facts: &Facts, scratch: &mut Scratch, found: &mut Vec<u32>) {
        found.clear();
        scratch.begin(self);
        let mut from = 0;
        while from < facts.fields.len() {
            let path = &facts.fields[from].path;
            let to = from + facts.fields[from..].iter().take_while(|field| field.path == *path).count();
            if let Some(path) = self.paths.get(path.as_str()) {
                scratch.spans[*path as usize] = (scratch.round, from as u32, to as u32);
                scratch.present.push(*path);
            }
            from = to;
        }
        let mut compare = |branch: u32, scratch: &mut Scratch| self.compare(branch, facts, scratch, found);
        if !self.tree.is_empty() {
            self.descend(0, facts, scratch, &mut compare);
        }
        found.sort_unstable();
        found.dedup();
    }

    fn descend(&self, node: u32, facts: &Facts, scratch: &mut Scratch, compare: &mut impl FnMut(u32, &mut Scratch)) {
        let node = &self.tree[node as usize];
        node.branches.iter().for_each(|branch| compare(*branch, scratch));
        meet(&node.files, scratch, |path, files, scratch| {
            for field in scratch.facts(facts, path) {
                files.visit(&field.fact, |branch| compare(branch, scratch));
            }
        });
        meet(&node.next, scratch, |path, values, scratch| {
            for field in scratch.facts(facts, path) {
                if let Some(next) = values.get(&field.fact) {
                    self.descend(*next, facts, scratch, compare);
                }
            }
        });
    }

    /// Whether a branch that may match does.
    fn compare(&self, branch: u32, facts: &Facts, scratch: &mut Scratch, found: &mut Vec<u32>) {
        let round = scratch.round;
        if std::mem::replace(&mut scratch.compared[branch as usize], round) == round {
            return;
        }
        let branch = &self.branches[branch as usize];
        let mut elements = false;
        for question in &branch.asks {
            let asked = &self.questions[*question as usize];
            let fields = scratch.facts(facts, asked.path);
            elements |= fields.iter().any(|field| !field.elements.is_empty());
            let known = scratch.answers[*question as usize];
            let answer = if known / 2 == round {
                known % 2 == 1
            } else {
                // Where elements of lists decide, "absent" may still come true for what was chosen before.
                let absent = asked.absent && fields.iter().all(|field| !field.elements.is_empty());
                let answer = absent || fields.iter().any(|field| asked.tests.iter().any(|test| test.passes(&field.fact)));
                scratch.answers[*question as usize] = round * 2 + u32::from(answer);
                answer
            };
            if !answer {
                return;
            }
        }
        if elements {
            let asked = branch.asks.iter().map(|question| {
                let asked = &self.questions[*question as usize];
                (scratch.facts(facts, asked.path), asked.tests.as_slice())
            });
            if !consistent(&asked.collect::<Vec<_>>(), &mut Vec::new()) {
                return;
            }
        }
        found.push(branch.pattern);
    }
}

/// Visits what is filed under paths that the event may have, by the shorter of two lists: the paths here, or the event's.
fn meet<T>(filed: &[(u32, T)], scratch: &mut Scratch, mut visit: impl FnMut(u32, &T, &mut Scratch)) {
    if filed.len() <= scratch.present.len() {
        for (path, item) in filed {
            visit(*path, item, scratch);
        }
    } else {
        for i in 0..scratch.present.len() {
            let path = scratch.present[i];
            if let Ok(at) = filed.binary_search_by_key(&path, |(path, _)| *path) {
                visit(path, &filed[at].1, scratch);
            }
        }
    }
}

#[cfg(test)]
mod tests;
