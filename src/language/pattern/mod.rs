//! Event patterns: the language in which a rule says which events it wants.
//!
//! Behaviour follows aws/event-ruler 2.0.1, which is the service's own engine. All fields named in a pattern have to match, each
//! by any of the entries of its list; `$or` splits a pattern into branches, of which one has to match.

pub mod address;
pub mod fold;
pub mod number;
mod operator;
mod test;
pub mod wildcard;

pub use test::{Range, Test};

use super::facts::{Facts, Field, Membership};
use super::json::{Fault, Json, Member, Node, read};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters a pattern may have: the service's own bound (the API's; an account's quota is 2048 unless raised).
pub const LONGEST: usize = 4096;

/// Branches that `$or` may split a pattern into. The service has no such number but a size limit with the same effect.
const MOST_BRANCHES: usize = 1_000;

/// Names that a field inside of `$or` may not have, because they are operators or reserved to become some.
const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// A checked pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    branches: Vec<Branch>,
}

/// One way in which a pattern can match: for each path what its value may be. In order of paths.
pub type Branch = BTreeMap<String, Arc<Vec<Test>>>;

impl Pattern {
    /// Reads a pattern.
    pub fn read(text: &str) -> Result<Pattern, Fault> {
        if text.chars().count() > LONGEST {
            return Err(Fault::new(0, format!("a pattern has at most {LONGEST} characters")));
        }
        Pattern::of(&read(text)?)
    }

    /// The pattern that a JSON value is.
    pub fn of(node: &Node) -> Result<Pattern, Fault> {
        let Json::Object(members) = &node.json else {
            return Err(Fault::new(node.at, format!("a pattern is a JSON object, not {}", node.json.kind())));
        };
        let mut branches = Vec::new();
        object(&mut branches, None, members, node.at, false)?;
        Ok(Pattern { branches })
    }

    /// The branches of which one has to match.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Whether an event matches. Tries every branch in turn; for many patterns at once there is [`super::matcher::Matcher`].
    pub fn matches(&self, facts: &Facts) -> bool {
        self.branches.iter().any(|branch| {
            let asked: Vec<(&[Field], &[Test])> = branch.iter().map(|(path, tests)| (facts.at(path), tests.as_slice())).collect();
            consistent(&asked, &mut Vec::new())
        })
    }
}

impl Pattern {
    /// Why an event does not match: the paths whose values do not pass, of the branch that comes nearest. Empty if it matches, and if
    /// each value passes but no one element of a list has them all.
    pub fn misses(&self, facts: &Facts) -> Vec<&str> {
        let fails = |(path, tests): &(&String, &Arc<Vec<Test>>)| !consistent(&[(facts.at(path), tests.as_slice())], &mut Vec::new());
        let failing = self.branches.iter().map(|branch| branch.iter().filter(fails).map(|(path, _)| path.as_str()).collect::<Vec<_>>());
        failing.min_by_key(Vec::len).unwrap_or_default()
    }
}

/// Whether values can be chosen that pass, one per path, all from the same element of every list they share. Paths in order: a
/// path that has to be absent is absent if none of its values belongs to the elements chosen so far.
pub(super) fn consistent(asked: &[(&[Field], &[Test])], chosen: &mut Membership) -> bool {
    let Some(((fields, tests), rest)) = asked.split_first() else { return true };
    if tests.contains(&Test::Absent) && !fields.iter().any(|field| agrees(chosen, &field.elements)) && consistent(rest, chosen) {
        return true;
    }
    fields.iter().any(|field| {
        if !agrees(chosen, &field.elements) || !tests.iter().any(|test| test.passes(&field.fact)) {
            return false;
        }
        let back = chosen.len();
        for element in &field.elements {
            if !chosen.contains(element) {
                chosen.push(*element);
            }
        }
        let found = consistent(rest, chosen);
        chosen.truncate(back);
        found
    })
}

/// Whether elements contradict those chosen so far.
fn agrees(chosen: &Membership, elements: &Membership) -> bool {
    elements.iter().all(|(list, index)| chosen.iter().all(|(other, at)| other != list || at == index))
}

/// Adds what an object asks for to every branch there is.
fn object(branches: &mut Vec<Branch>, path: Option<&str>, members: &[Member], at: usize, in_or: bool) -> Result<(), Fault> {
    if members.is_empty() {
        return Err(Fault::new(at, "an empty object asks for nothing: name a field in it"));
    }
    for member in members {
        if member.name == "$or" {
            either(branches, path, member)?;
            continue;
        }
        if in_or && RESERVED.contains(&member.name.as_str()) {
            let reason = format!("`{}` is an operator's name, which no field inside of `$or` may have", member.name);
            return Err(Fault::new(member.at, reason));
        }
        let full = path.map_or_else(|| member.name.clone(), |path| format!("{path}.{}", member.name));
        match &member.node.json {
            Json::Object(inner) => object(branches, Some(&full), inner, member.node.at, in_or)?,
            Json::List(entries) => {
                let tests = Arc::new(list(entries, member.node.at)?);
                if branches.is_empty() {
                    branches.push(Branch::new());
                }
                // A path that is named again is replaced: the last one counts.
                for branch in branches.iter_mut() {
                    branch.insert(full.clone(), tests.clone());
                }
            }
            other => {
                let reason = format!("`{}` is {}: put what it may be into a list, as in [{}]", member.name, other.kind(), other);
                return Err(Fault::new(member.node.at, reason));
            }
        }
    }
    Ok(())
}

/// Splits every branch there is by the objects of an `$or`.
fn either(branches: &mut Vec<Branch>, path: Option<&str>, member: &Member) -> Result<(), Fault> {
    let Json::List(ways) = &member.node.json else {
        return Err(Fault::new(member.node.at, format!("`$or` is a list of objects, not {}", member.node.json.kind())));
    };
    let before = std::mem::take(branches);
    for way in ways {
        let Json::Object(members) = &way.json else {
            return Err(Fault::new(way.at, format!("`$or` is a list of objects; this is {}", way.json.kind())));
        };
        let mut split = if before.is_empty() { vec![Branch::new()] } else { before.clone() };
        object(&mut split, path, members, way.at, true)?;
        branches.append(&mut split);
        if branches.len() > MOST_BRANCHES {
            return Err(Fault::new(member.at, format!("the `$or`s of this pattern make more than {MOST_BRANCHES} combinations")));
        }
    }
    if ways.len() < 2 {
        return Err(Fault::new(member.node.at, "`$or` needs two objects or more"));
    }
    Ok(())
}

/// The entries of a field's list.
fn list(entries: &[Node], at: usize) -> Result<Vec<Test>, Fault> {
    if entries.is_empty() {
        return Err(Fault::new(at, "an empty list matches nothing: say what the field may be"));
    }
    let tests: Vec<Test> = entries.iter().map(entry).collect::<Result<_, _>>()?;
    let mut wildcards = Vec::new();
    for test in &tests {
        match test {
            Test::Wildcard(wildcard) => wildcards.push(wildcard),
            Test::AnythingBut(not) => {
                wildcards.extend(not.iter().filter_map(|t| if let Test::Wildcard(wildcard) = t { Some(wildcard) } else { None }));
            }
            _ => {}
        }
    }
    if wildcard::complexity(&wildcards) >= wildcard::TOO_COMPLEX {
        return Err(Fault::new(at, "the wildcards of this field are too complex: use fewer `*` between characters that repeat"));
    }
    Ok(tests)
}

fn entry(node: &Node) -> Result<Test, Fault> {
    Ok(match &node.json {
        Json::Null => Test::Null,
        Json::Bool(yes) => Test::Bool(*yes),
        Json::Number(spelling) => number::value(spelling).map_or_else(|| Test::Spelled(spelling.clone()), Test::Number),
        Json::Text(text) => {
            address::Address::read(text).map_or_else(|| Test::Text(text.clone()), |address| Test::Address(address::Block::one(address)))
        }
        Json::Object(members) => operator::read(members, node.at)?,
        Json::List(_) => return Err(Fault::new(node.at, "a list in a list: a field's entries are values or operators")),
    })
}

#[cfg(test)]
mod tests;
