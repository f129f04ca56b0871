//! Where branches are filed: by what is rarest about them.

use super::hash::Table;
use super::intervals::Intervals;
use super::prefixes::Prefixes;
use super::values::ByValue;
use super::{Branch, DEEPEST, Matcher, Question};
use crate::language::facts::Fact;
use crate::language::pattern::address::Address;
use crate::language::pattern::{Pattern, Test, fold};
use std::collections::BTreeMap;

/// Values of one field that a branch may be filed under in the tree; a field with more is not looked up there.
const MOST_VALUES: usize = 64;

/// Branches at one place of the tree that are compared without another look-up.
const FEW: usize = 8;

/// A node of the tree of exact values.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Branches that may match here.
    pub branches: Vec<u32>,
    /// By path, in order: branches that may match here if that path has the value.
    pub files: Vec<(u32, Files)>,
    /// By path, in order: where its values lead.
    pub next: Vec<(u32, ByValue<u32>)>,
}

/// Branches filed under one path.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    values: ByValue<Vec<u32>>,
    folded: Table<Box<str>, Vec<u32>>,
    prefixes: Prefixes,
    folded_prefixes: Prefixes,
    /// Reversed.
    suffixes: Prefixes,
    folded_suffixes: Prefixes,
    numbers: Intervals<f64>,
    addresses: Intervals<u128>,
    /// Branches that ask no more than that the path is there, or something that only comparing decides.
    any: Vec<u32>,
    /// Which of these there are, so that nothing is looked up in vain.
    texts: bool,
    folds: bool,
    ips: bool,
}

fn reversed(text: &[u8]) -> Vec<u8> {
    text.iter().rev().copied().collect()
}

impl Files {
    /// Files a branch under one test.
    fn add(&mut self, test: &Test, branch: u32) {
        self.texts |= matches!(test, Test::Prefix(_) | Test::Suffix(_) | Test::Wildcard(_));
        self.folds |= matches!(test, Test::Folded(_) | Test::PrefixFolded(_) | Test::SuffixFolded(_));
        match test {
            Test::Prefix(prefix) => self.prefixes.add(prefix.as_bytes(), branch),
            Test::Suffix(suffix) => self.suffixes.add(&reversed(suffix.as_bytes()), branch),
            Test::Wildcard(wildcard) if !wildcard.head().is_empty() || wildcard.tail().is_empty() => {
                self.prefixes.add(wildcard.head(), branch);
            }
            Test::Wildcard(wildcard) => self.suffixes.add(&reversed(wildcard.tail()), branch),
            Test::Folded(text) => self.folded.entry(fold::rough(&text.text).into()).or_default().push(branch),
            Test::PrefixFolded(text) => self.folded_prefixes.add(fold::rough(&text.text).as_bytes(), branch),
            Test::SuffixFolded(text) => self.folded_suffixes.add(&reversed(fold::rough(&text.text).as_bytes()), branch),
            Test::Range(range) => self.numbers.add(range.low, range.high, branch),
            Test::Address(block) => {
                let (low, high) = block.span();
                self.ips = true;
                self.addresses.add(Some((low, true)), Some((high, true)), branch);
            }
            Test::Present | Test::Absent | Test::AnythingBut(_) => self.any.push(branch),
            exact => {
                if let Some(branches) = self.values.place(exact, Vec::new) {
                    branches.push(branch);
                }
            }
        }
    }

    fn settle(&mut self) {
        self.prefixes.settle();
        self.folded_prefixes.settle();
        self.suffixes.settle();
        self.folded_suffixes.settle();
        self.numbers.settle();
        self.addresses.settle();
    }

    /// Visits the branches that a value may lead to, some perhaps twice.
    pub(super) fn visit(&self, fact: &Fact, mut visit: impl FnMut(u32)) {
        self.any.iter().copied().for_each(&mut visit);
        self.values.get(fact).into_iter().flatten().copied().for_each(&mut visit);
        match fact {
            Fact::Number { value: Some(value), .. } => self.numbers.visit(*value, &mut visit),
            Fact::Text(text) => {
                if self.texts {
                    self.prefixes.visit(text.as_bytes(), &mut visit);
                    self.suffixes.visit(&reversed(text.as_bytes()), &mut visit);
                }
                if self.folds {
                    let rough = fold::rough(text);
                    self.folded.get(rough.as_str()).into_iter().flatten().copied().for_each(&mut visit);
                    self.folded_prefixes.visit(rough.as_bytes(), &mut visit);
                    self.folded_suffixes.visit(&reversed(rough.as_bytes()), &mut visit);
                }
                if self.ips
                    && let Some(address) = Address::read(text)
                {
                    self.addresses.visit(address.bits, &mut visit);
                }
            }
            _ => {}
        }
    }
}

/// How few values pass a test, roughly: the lower, the better it is to be filed under.
fn breadth(test: &Test) -> u32 {
    match test {
        Test::Prefix(text) | Test::Suffix(text) if text.is_empty() => 4,
        Test::Prefix(_) | Test::Suffix(_) | Test::Folded(_) => 1,
        Test::Range(_) | Test::Address(_) | Test::PrefixFolded(_) | Test::SuffixFolded(_) => 2,
        Test::Wildcard(_) => 3,
        Test::Present | Test::AnythingBut(_) => 4,
        Test::Absent => 5,
        _ => 0,
    }
}

fn broadest(question: &Question) -> u32 {
    question.tests.iter().map(breadth).max().unwrap_or(0)
}

/// Files all branches of all patterns.
pub(super) fn build<'a>(patterns: impl IntoIterator<Item = Option<&'a Pattern>>) -> Matcher {
    let mut matcher = Matcher::default();
    let mut shared: BTreeMap<(u32, String), u32> = BTreeMap::new();
    for (pattern, given) in patterns.into_iter().enumerate() {
        for branch in given.into_iter().flat_map(Pattern::branches) {
            let asks = branch.iter().map(|(path, tests)| {
                let next = matcher.paths.len() as u32;
                let path = *matcher.paths.entry(path.as_str().into()).or_insert(next);
                *shared.entry((path, format!("{tests:?}"))).or_insert_with(|| {
                    let absent = tests.contains(&Test::Absent);
                    matcher.questions.push(Question { path, tests: tests.clone(), absent });
                    matcher.questions.len() as u32 - 1
                })
            });
            let asks = asks.collect();
            matcher.branches.push(Branch { pattern: pattern as u32, asks });
        }
    }
    matcher.tree.push(Node::default());
    let ranks = ranks(&matcher);
    for branch in 0..matcher.branches.len() as u32 {
        for node in places(&mut matcher, branch, &ranks) {
            matcher.tree[node as usize].branches.push(branch);
        }
    }
    for node in 0..matcher.tree.len() {
        spread(&mut matcher, node);
    }
    matcher
}

/// The order in which paths are looked up in the tree: those with the most different values first, because they tell most. The
/// same for all branches, so that they share their way.
fn ranks(matcher: &Matcher) -> Vec<u32> {
    let mut different = vec![0u32; matcher.paths.len()];
    for question in matcher.questions.iter().filter(|question| exact(question)) {
        different[question.path as usize] += 1;
    }
    let mut order: Vec<usize> = (0..different.len()).collect();
    order.sort_by_key(|path| (u32::MAX - different[*path], *path));
    let mut ranks = vec![0; different.len()];
    order.iter().enumerate().for_each(|(rank, path)| ranks[*path] = rank as u32);
    ranks
}

/// Whether a question is answered by looking up a few values.
fn exact(question: &Question) -> bool {
    question.tests.len() <= MOST_VALUES && question.tests.iter().all(ByValue::<u32>::takes)
}

/// The places of the tree where the exact values of a branch lead; the root if it has none.
fn places(matcher: &mut Matcher, branch: u32, ranks: &[u32]) -> Vec<u32> {
    let asks = &matcher.branches[branch as usize].asks;
    let mut sure: Vec<u32> = asks.iter().copied().filter(|q| exact(&matcher.questions[*q as usize])).collect();
    sure.sort_by_key(|q| ranks[matcher.questions[*q as usize].path as usize]);
    let mut nodes = vec![0u32];
    for question in sure.into_iter().take(DEEPEST) {
        let Question { path, tests, .. } = matcher.questions[question as usize].clone();
        if nodes.len() * tests.len() > MOST_VALUES {
            break;
        }
        let mut next = Vec::new();
        for node in nodes {
            for test in tests.iter() {
                next.extend(way(&mut matcher.tree, node, path, test));
            }
        }
        nodes = next;
    }
    nodes
}

/// Files the many branches of one place under what else is rare about them.
fn spread(matcher: &mut Matcher, node: usize) {
    if matcher.tree[node].branches.len() <= FEW {
        return;
    }
    let mut kept = Vec::new();
    let mut files: BTreeMap<u32, Files> = BTreeMap::new();
    for branch in std::mem::take(&mut matcher.tree[node].branches) {
        let asks = matcher.branches[branch as usize].asks.iter().map(|q| &matcher.questions[*q as usize]);
        match asks.filter(|question| !question.absent && !exact(question)).min_by_key(|question| broadest(question)) {
            Some(question) => {
                let file = files.entry(question.path).or_default();
                question.tests.iter().for_each(|test| file.add(test, branch));
            }
            None => kept.push(branch),
        }
    }
    files.values_mut().for_each(Files::settle);
    matcher.tree[node].branches = kept;
    matcher.tree[node].files = files.into_iter().collect();
}

/// Where a value of a path leads from a node, made if need be.
fn way(tree: &mut Vec<Node>, from: u32, path: u32, test: &Test) -> Option<u32> {
    let fresh = tree.len() as u32;
    let next = &mut tree[from as usize].next;
    let at = next.binary_search_by_key(&path, |(path, _)| *path).unwrap_or_else(|at| {
        next.insert(at, (path, ByValue::default()));
        at
    });
    let to = *next[at].1.place(test, || fresh)?;
    if to == fresh {
        tree.push(Node::default());
    }
    Some(to)
}
