//! What differs between two scenarios, setting by setting.

use super::doc::Doc;
use super::layout::in_one_line;
use crate::scenario::Scenario;
use std::collections::BTreeSet;

/// A setting that is not the same in two scenarios.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// Where it stands, as in `--set`: `inventory.instances`.
    pub path: String,
    /// In the first, on one line; none where it has its default or is not there.
    pub a: Option<String>,
    /// In the second.
    pub b: Option<String>,
}

/// Fields that say nothing of what happens in a run.
const SILENT: &[&str] = &["name", "about", "notes", "groups", "lesson", "expect", "at"];
/// Longest value that is written out, in characters.
const LONGEST: usize = 80;

/// What differs between two scenarios in what decides a run, in the order of the first.
pub fn differences(a: &Scenario, b: &Scenario) -> Vec<Differing> {
    let mut found = Vec::new();
    compare("", &Doc::of(a), &Doc::of(b), true, &mut found);
    found
}

fn compare(path: &str, a: &Doc, b: &Doc, top: bool, found: &mut Vec<Differing>) {
    if a == b {
        return;
    }
    match (a, b) {
        (Doc::Fields(one, from), Doc::Fields(two, to)) if one == two => {
            for key in keys(from, to, |(key, _)| key) {
                let silent = SILENT.contains(&key) && (top || key == "at");
                if !silent {
                    let of = |all: &'_ [(String, Doc)]| all.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
                    // The parts of these are known by their own names.
                    let place = if top && ["nodes", "events"].contains(&key) { String::new() } else { joined(path, key) };
                    either(&place, of(from), of(to), found);
                }
            }
        }
        (Doc::List(from), Doc::List(to)) => match (named(from), named(to)) {
            (Some(from), Some(to)) => {
                for key in keys(&from, &to, |(key, _)| key) {
                    let of = |all: &[(String, &Doc)]| all.iter().find(|(known, _)| known == key).map(|(_, value)| (*value).clone());
                    either(&joined(path, key.trim_matches('"')), of(&from), of(&to), found);
                }
            }
            _ => {
                for i in 0..from.len().max(to.len()) {
                    either(&format!("{path}[{i}]"), from.get(i).cloned(), to.get(i).cloned(), found);
                }
            }
        },
        _ => found.push(Differing { path: path.to_owned(), a: Some(short(a)), b: Some(short(b)) }),
    }
}

fn either(path: &str, a: Option<Doc>, b: Option<Doc>, found: &mut Vec<Differing>) {
    match (a, b) {
        (Some(a), Some(b)) => compare(path, &a, &b, false, found),
        (a, b) => found.push(Differing { path: path.to_owned(), a: a.as_ref().map(short), b: b.as_ref().map(short) }),
    }
}

/// Keys of the first in their order, then those that only the second has.
fn keys<'a, T>(from: &'a [T], to: &'a [T], key: impl Fn(&'a T) -> &'a String) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    from.iter().chain(to).map(|item| key(item).as_str()).filter(|key| seen.insert(*key)).collect()
}

/// The items of a list by what they are called; none if any has no name, or two have the same.
fn named(list: &[Doc]) -> Option<Vec<(String, &Doc)>> {
    let name = |doc: &Doc| match doc.field("id").or_else(|| doc.field("name")) {
        Some(Doc::Atom(name)) => Some(name.clone()),
        _ => None,
    };
    let all = list.iter().map(|doc| Some((name(doc)?, doc))).collect::<Option<Vec<_>>>()?;
    let different: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    (different.len() == all.len()).then_some(all)
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn short(doc: &Doc) -> String {
    let line = in_one_line(doc);
    if line.chars().count() <= LONGEST { line } else { format!("{}…", line.chars().take(LONGEST - 1).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(text: &str) -> Scenario {
        crate::scenario::read(text, "test").unwrap_or_else(|p| panic!("{}", p[0]))
    }

    #[test]
    fn settings_that_decide_a_run_are_named_by_their_paths() {
        let a = r#"Scenario(format: 1, name: "a", seed: 1, events: [Event(name: "E")], nodes: [
            Producer(id: "p", at: (0, 0), emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("5/s"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])), Consumer(id: "c", reads: [Read(from: "b/t")])])"#;
        let b = a
            .replace("\"a\"", "\"b\"")
            .replace("(0, 0)", "(9, 9)")
            .replace("5/s", "6/s")
            .replace("Consumer(id: \"c\", ", "Consumer(id: \"d\", reads: [Read(from: \"b/t\")]), Consumer(id: \"c\", instances: 2, ");
        let told: Vec<(String, Option<String>, Option<String>)> =
            differences(&scenario(a), &scenario(&b)).into_iter().map(|d| (d.path, d.a, d.b)).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(told[0], ("p.emits[0].arrivals".to_owned(), some("Poisson(\"5/s\")"), some("Poisson(\"6/s\")")));
        assert_eq!(told[1], ("c.instances".to_owned(), None, some("2")));
        assert!(told[2].0 == "d" && told[2].1.is_none() && told[2].2.as_ref().unwrap().starts_with("Consumer(id: \"d\""));
        assert!(differences(&scenario(a), &scenario(a)).is_empty());
    }
}
