//! From what a parser stumbled over to what a person can do about it.

mod values;
mod words;

use super::document::{Event, Expect, Group, Link, Node, Note, Scenario};
use super::locate::{Broken, DEEPEST, LONGEST, Place, Shape, Tree};
use super::names::Suggest;
use super::problem::{Lines, Problem};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use values::{Refused, Value, Why};

/// Most problems of form that are shown at once.
const MOST: usize = 50;

/// The problem of a text whose brackets, quotes or comments do not fit together.
pub(super) fn broken(text: &str, file: &str, broken: &Broken) -> Problem {
    let lines = Lines::new(text);
    let at = |offset: u32, message: String, help: &str| {
        let problem = lines.problem(file, offset as usize, offset as usize + 1, message);
        Problem { help: Some(help.to_owned()).filter(|h| !h.is_empty()), ..problem }
    };
    let bracket = |offset: u32| text.get(offset as usize..offset as usize + 1).unwrap_or("(");
    match *broken {
        Broken::Unclosed(open, None) => {
            let close = closing(bracket(open));
            at(open, format!("this `{}` is never closed", bracket(open)), &format!("a `{close}` is missing somewhere behind it"))
        }
        Broken::Unclosed(open, Some(wrong)) => {
            let (line, column) = lines.position(wrong as usize);
            let close = closing(bracket(open));
            let message =
                format!("this `{}` is not closed: a `{}` comes first, in line {line}, column {column}", bracket(open), bracket(wrong));
            at(open, message, &format!("a `{close}` is missing before it"))
        }
        Broken::Unopened(close) => at(
            close,
            format!("nothing was opened that this `{}` could close", bracket(close)),
            "remove it, or look for what closed too early above it",
        ),
        Broken::Text(quote) => at(quote, "the text that begins here has no closing quote".to_owned(), "write `\"` at its end"),
        Broken::Comment(start) => {
            at(start, "the comment that begins here never ends".to_owned(), "write `*/` at its end; comments may contain comments")
        }
        Broken::Deep(open) => at(open, format!("nested more than {DEEPEST} deep"), "a scenario needs about ten levels"),
        Broken::Trailing(start) if !text.get(..start as usize).is_some_and(|before| before.contains('(')) => {
            at(0, "this is not a scenario".to_owned(), "a scenario begins with `Scenario(format: 1, ...`")
        }
        Broken::Trailing(start) => {
            at(start, "the scenario ended before this".to_owned(), "a file holds one `Scenario(...)` and nothing behind it")
        }
        Broken::Empty => Problem {
            help: Some("a scenario begins with `Scenario(format: 1, ...`".to_owned()),
            ..Problem::of_file(file, "the file is empty", None)
        },
        Broken::Long => Problem::of_file(file, format!("the file is longer than {} MiB", LONGEST >> 20), None),
    }
}

fn closing(open: &str) -> char {
    match open {
        "(" => ')',
        "[" => ']',
        _ => '}',
    }
}

/// What is wrong in a text that `ron` refused. After a mistake it is read again as if what is mistaken were not there: so long as that can be
/// left out, the next mistake shows.
pub(super) fn diagnose(tree: &Tree<'_>, file: &str, error: &ron::error::SpannedError) -> Vec<Problem> {
    let mut refused: Vec<Refused> = Vec::new();
    let mut passed: BTreeSet<u32> = BTreeSet::new();
    each::<Event>(tree, "events", &mut passed, &mut refused);
    each::<Node>(tree, "nodes", &mut passed, &mut refused);
    each::<Link>(tree, "links", &mut passed, &mut refused);
    each::<Group>(tree, "groups", &mut passed, &mut refused);
    each::<Note>(tree, "notes", &mut passed, &mut refused);
    each::<Expect>(tree, "expect", &mut passed, &mut refused);
    refusals::<Scenario>(tree, tree.root, &mut passed, &mut refused);
    let lines = Lines::new(tree.text);
    if refused.is_empty() {
        // Our reading is laxer than ron's in something: then its words must do.
        let offset = lines.offset(error.span.end.line, error.span.end.col);
        let path = tree.path(tree.around(offset));
        let message = match error.code {
            ron::Error::ExpectedComma | ron::Error::ExpectedStructLikeEnd | ron::Error::ExpectedArrayEnd | ron::Error::ExpectedMapEnd => {
                "a comma is missing before this".to_owned()
            }
            _ => lower_first(&error.code.to_string()),
        };
        return vec![Problem { path, ..lines.problem(file, offset, offset + 1, message) }];
    }
    let mut placed: Vec<(Place, Refused)> = refused.into_iter().map(|r| (place(tree, &r), r)).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.dedup_by(|a, b| a.0 == b.0);
    let suggest = Suggest::default();
    let problem = |(place, refused): &(Place, Refused)| {
        let item = refused.item.unwrap_or(tree.root);
        let (message, help) = words::explain(tree, item, &refused.why, &suggest);
        let problem = lines.problem(file, place.start as usize, place.end as usize, message);
        Problem { path: tree.path(item), help, ..problem }
    };
    placed.iter().take(MOST).map(problem).collect()
}

/// The same for a value by itself, in a sentence.
pub(super) fn sentence<T: DeserializeOwned>(tree: &Tree<'_>, error: &ron::error::SpannedError) -> String {
    let Some(refused) = refusal::<T>(tree, tree.root, &BTreeSet::new()) else { return lower_first(&error.code.to_string()) };
    let (message, help) = words::explain(tree, refused.item.unwrap_or(tree.root), &refused.why, &Suggest::default());
    help.map_or(message.clone(), |help| format!("{message}; {help}"))
}

/// The mistakes in each element of a list of the scenario; elements that have any are passed over from then on.
fn each<T: DeserializeOwned>(tree: &Tree<'_>, list: &str, passed: &mut BTreeSet<u32>, refused: &mut Vec<Refused>) {
    let Some(list) = tree.field(tree.root, list).filter(|l| tree.item(*l).shape == Shape::List) else { return };
    for child in &tree.item(list).children {
        let before = refused.len();
        refusals::<T>(tree, *child, passed, refused);
        if refused.len() > before {
            passed.insert(*child);
        }
    }
}

/// The mistakes in a value, as far as one can be left out to see the next.
fn refusals<T: DeserializeOwned>(tree: &Tree<'_>, item: u32, passed: &mut BTreeSet<u32>, refused: &mut Vec<Refused>) {
    while refused.len() < MOST {
        let Some(next) = refusal::<T>(tree, item, passed) else { return };
        let mistaken = next.item.unwrap_or(item);
        if !follows(tree, mistaken, &next.why, passed) {
            refused.push(next);
        }
        // What is left out and is in the way nevertheless would be so for ever.
        if !left_out(tree, mistaken, item).is_some_and(|part| passed.insert(part)) {
            return;
        }
    }
}

/// Whether a refusal only comes from what was passed over in that value.
fn follows(tree: &Tree<'_>, item: u32, why: &Why, passed: &BTreeSet<u32>) -> bool {
    let mut gone = tree.item(item).children.iter().filter(|child| passed.contains(child));
    let near = |key: &str, field: &'static str| Suggest::default().nearest(key, [field]).is_some();
    match why {
        // It may be there and have been misspelt.
        Why::Missing(field) => gone.filter_map(|child| tree.key(*child)).any(|key| key == *field || near(key, field)),
        Why::Message(_) => gone.next().is_some(),
        _ => false,
    }
}

/// The smallest part around a mistake, below a value, that can be left out: a field, or an element of a list.
fn left_out(tree: &Tree<'_>, mistaken: u32, below: u32) -> Option<u32> {
    let mut at = mistaken;
    while at != below {
        let parent = tree.item(at).parent?;
        if tree.item(at).key.is_some() || tree.item(parent).shape == Shape::List {
            return Some(at);
        }
        at = parent;
    }
    None
}

fn refusal<T: DeserializeOwned>(tree: &Tree<'_>, item: u32, passed: &BTreeSet<u32>) -> Option<Refused> {
    let refused = T::deserialize(Value { tree, item, inside: false, passed }).err()?;
    Some(Refused { item: refused.item.or(Some(item)), ..refused })
}

fn place(tree: &Tree<'_>, refused: &Refused) -> Place {
    let item = refused.item.unwrap_or(tree.root);
    refused.place.unwrap_or_else(|| match refused.why {
        Why::Other { .. } | Why::Choice { .. } | Why::Structure { .. } | Why::Message(_) => tree.item(item).place,
        _ => tree.spot(item),
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
