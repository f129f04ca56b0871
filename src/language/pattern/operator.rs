//! Operators: the objects with one member that stand in a field's list.

use super::address::Block;
use super::fold::Folded;
use super::number;
use super::test::{Range, Test};
use super::wildcard::Wildcard;
use crate::language::json::{Fault, Json, Member, Node};

/// The operator that an object is.
pub(super) fn read(members: &[Member], at: usize) -> Result<Test, Fault> {
    let (member, value) = only(members, at)?;
    Ok(match member.name.as_str() {
        "exactly" => Test::Text(text(member, value)?.to_owned()),
        "prefix" => match &value.json {
            Json::Object(inner) => Test::PrefixFolded(case_ignored(member, inner, value.at)?),
            _ => Test::Prefix(text(member, value)?.to_owned()),
        },
        "suffix" => match &value.json {
            Json::Object(inner) => Test::SuffixFolded(case_ignored(member, inner, value.at)?),
            _ => Test::Suffix(text(member, value)?.to_owned()),
        },
        "equals-ignore-case" => Test::Folded(Folded::new(text(member, value)?)),
        "wildcard" => Test::Wildcard(wildcard(text(member, value)?, value.at)?),
        "cidr" => Test::Address(Block::read(text(member, value)?).map_err(|reason| Fault::new(value.at, reason))?),
        "exists" => match value.json {
            Json::Bool(true) => Test::Present,
            Json::Bool(false) => Test::Absent,
            _ => return Err(Fault::new(value.at, format!("`exists` is true or false, not {}", value.json))),
        },
        "numeric" => Test::Range(range(value)?),
        "anything-but" => Test::AnythingBut(anything_but(value)?),
        other => return Err(Fault::new(member.at, unknown(other))),
    })
}

const NAMES: &[&str] = &["prefix", "suffix", "equals-ignore-case", "anything-but", "exists", "wildcard", "numeric", "cidr"];

fn unknown(name: &str) -> String {
    let near = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name) || name.replace('_', "-").eq_ignore_ascii_case(known));
    let hint = near.map_or_else(|| format!("one of {}", NAMES.join(", ")), |known| format!("did you mean `{known}`?"));
    format!("there is no operator `{name}`: {hint}")
}

/// The one member of an operator's object.
fn only(members: &[Member], at: usize) -> Result<(&Member, &Node), Fault> {
    match members {
        [] => Err(Fault::new(at, "an empty object is no operator")),
        [member] => Ok((member, &member.node)),
        [_, second, ..] => Err(Fault::new(second.at, "one operator per object: write each in braces of its own")),
    }
}

fn text<'a>(member: &Member, value: &'a Node) -> Result<&'a str, Fault> {
    match &value.json {
        Json::Text(text) => Ok(text),
        other => Err(Fault::new(value.at, format!("`{}` takes a string, not {}", member.name, other.kind()))),
    }
}

fn wildcard(text: &str, at: usize) -> Result<Wildcard, Fault> {
    Wildcard::read(text).map_err(|reason| Fault::new(at, reason))
}

/// `{"equals-ignore-case": "..."}` in place of a prefix or suffix.
fn case_ignored(outer: &Member, members: &[Member], at: usize) -> Result<Folded, Fault> {
    let (member, value) = only(members, at)?;
    if member.name != "equals-ignore-case" {
        let reason = format!("`{}` takes a string or {{\"equals-ignore-case\": string}}, not `{}`", outer.name, member.name);
        return Err(Fault::new(member.at, reason));
    }
    Ok(Folded::new(text(member, value)?))
}

/// A number that has a value to compare by.
fn bound(node: Option<&Node>, operator: &str, at: usize) -> Result<f64, Fault> {
    match node {
        Some(Node { at, json: Json::Number(spelling) }) => comparable(spelling, *at),
        Some(node) => Err(Fault::new(node.at, format!("behind `{operator}` stands a number, not {}", node.json.kind()))),
        None => Err(Fault::new(at, format!("behind `{operator}` a number is missing"))),
    }
}

fn comparable(spelling: &str, at: usize) -> Result<f64, Fault> {
    number::value(spelling).ok_or_else(|| Fault::new(at, format!("{spelling} has more digits than numbers are compared by")))
}

/// One comparison, or a lower bound and an upper one.
fn range(value: &Node) -> Result<Range, Fault> {
    let Json::List(terms) = &value.json else {
        return Err(Fault::new(value.at, format!("`numeric` takes a list, as in [\">\", 0, \"<=\", 5], not {}", value.json.kind())));
    };
    let comparison = |node: Option<&Node>| match node {
        Some(Node { json: Json::Text(text), at }) => Ok((text.clone(), *at)),
        Some(node) => Err(Fault::new(node.at, format!("a comparison (= < <= > >=) is expected here, not {}", node.json))),
        None => Err(Fault::new(value.at, "`numeric` needs a comparison and a number")),
    };
    let (first, at) = comparison(terms.first())?;
    let number = bound(terms.get(1), &first, value.at)?;
    let too_many = |node: &Node| Fault::new(node.at, "too much for `numeric`: one comparison, or > or >= followed by < or <=");
    let (low, high) = match first.as_str() {
        "=" => (Some((number, true)), Some((number, true))),
        "<" | "<=" => (None, Some((number, first == "<="))),
        ">" | ">=" => (Some((number, first == ">=")), None),
        other => return Err(Fault::new(at, format!("`{other}` is no comparison: one of = < <= > >="))),
    };
    let Some(extra) = terms.get(2) else { return Ok(Range { low, high }) };
    if !first.starts_with('>') {
        return Err(too_many(extra));
    }
    let (second, at) = comparison(Some(extra))?;
    if second != "<" && second != "<=" {
        return Err(Fault::new(at, format!("behind a lower bound stands < or <=, not `{second}`")));
    }
    let top = bound(terms.get(3), &second, value.at)?;
    if let Some(extra) = terms.get(4) {
        return Err(too_many(extra));
    }
    if number >= top {
        return Err(Fault::new(value.at, "the lower bound has to be below the upper one"));
    }
    Ok(Range { low, high: Some((top, second == "<=")) })
}

/// What `anything-but` excludes.
fn anything_but(value: &Node) -> Result<Vec<Test>, Fault> {
    match &value.json {
        Json::Object(members) => {
            let (member, inner) = only(members, value.at)?;
            let one: fn(&Member, &Node) -> Result<Test, Fault> = match member.name.as_str() {
                "prefix" => |member, node| Ok(Test::Prefix(not_empty(member, node)?.to_owned())),
                "suffix" => |member, node| Ok(Test::Suffix(not_empty(member, node)?.to_owned())),
                "equals-ignore-case" => |member, node| Ok(Test::Folded(Folded::new(text(member, node)?))),
                "wildcard" => |member, node| Ok(Test::Wildcard(wildcard(text(member, node)?, node.at)?)),
                other => {
                    let reason = format!("`anything-but` goes with prefix, suffix, equals-ignore-case and wildcard, not with `{other}`");
                    return Err(Fault::new(member.at, reason));
                }
            };
            match &inner.json {
                Json::List(items) => items.iter().map(|item| one(member, item)).collect(),
                _ => Ok(vec![one(member, inner)?]),
            }
        }
        Json::List(items) => {
            let tests: Vec<Test> = items.iter().map(excluded).collect::<Result<_, _>>()?;
            let strings = tests.iter().filter(|test| matches!(test, Test::Text(_))).count();
            if tests.is_empty() || (strings != 0 && strings != tests.len()) {
                return Err(Fault::new(value.at, "`anything-but` takes strings or numbers, all of one kind, at least one"));
            }
            Ok(tests)
        }
        _ => Ok(vec![excluded(value)?]),
    }
}

fn excluded(node: &Node) -> Result<Test, Fault> {
    match &node.json {
        Json::Text(text) => Ok(Test::Text(text.clone())),
        Json::Number(spelling) => Ok(Test::Number(comparable(spelling, node.at)?)),
        other => Err(Fault::new(node.at, format!("`anything-but` takes strings or numbers, not {}", other.kind()))),
    }
}

fn not_empty<'a>(member: &Member, node: &'a Node) -> Result<&'a str, Fault> {
    let text = text(member, node)?;
    if text.is_empty() {
        return Err(Fault::new(node.at, format!("an empty {} excludes everything", member.name)));
    }
    Ok(text)
}
