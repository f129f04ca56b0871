//! A changed document written over the text it came from: only what differs is touched.

use super::doc::Doc;
use super::edit::Edits;
use crate::scenario::locate::{Shape, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// The text of `tree`, which reads as `old`, changed to read as `new`. In rare styles the result may not; callers check.
pub(super) fn merge(tree: &Tree<'_>, old: &Doc, new: &Doc) -> String {
    let mut edits = Edits::new(tree);
    value(&mut edits, tree.root, old, new);
    edits.apply(0..tree.text.len())
}

fn value(edits: &mut Edits<'_, '_>, item: u32, old: &Doc, new: &Doc) {
    if old == new {
        return;
    }
    let tree = edits.tree;
    let (shape, children) = (tree.item(item).shape, &tree.item(item).children);
    let same_name = old.name() == new.name() && tree.name(item).unwrap_or("") != "Some";
    match (old, new, shape) {
        (Doc::Fields(_, from), Doc::Fields(_, to), Shape::Round) if same_name && !children.is_empty() => fields(edits, item, from, to),
        (Doc::Map(from), Doc::Map(to), Shape::Map) if !children.is_empty() => fields(edits, item, from, to),
        (Doc::Values(_, from), Doc::Values(_, to), Shape::Round) if same_name && from.len() == to.len() && children.len() == to.len() => {
            for (child, (from, to)) in children.iter().zip(from.iter().zip(to)) {
                value(edits, *child, from, to);
            }
        }
        (Doc::List(from), Doc::List(to), Shape::List) if !children.is_empty() && children.len() == from.len() => {
            list(edits, item, from, to)
        }
        _ => edits.replace(item, new),
    }
}

/// Fields of a structure or entries of a map.
fn fields(edits: &mut Edits<'_, '_>, item: u32, old: &[(String, Doc)], new: &[(String, Doc)]) {
    let tree = edits.tree;
    let written: BTreeMap<&str, u32> = tree.item(item).children.iter().filter_map(|c| Some((tree.key(*c)?, *c))).collect();
    let before: BTreeMap<&str, &Doc> = old.iter().map(|(k, v)| (k.as_str(), v)).collect();
    let after: BTreeSet<&str> = new.iter().map(|(k, _)| bare(k)).collect();
    for (key, _) in old.iter().filter(|(k, _)| !after.contains(bare(k))) {
        if let Some(child) = written.get(bare(key)) {
            edits.remove(*child);
        }
    }
    let mut last = None;
    for (key, wanted) in new {
        let had = before.get(key.as_str());
        match written.get(bare(key)) {
            Some(child) => {
                match had {
                    Some(had) => value(edits, *child, had, wanted),
                    // Written out although it was the default.
                    None => edits.replace(*child, wanted),
                }
                last = Some(*child);
            }
            None if had == Some(&wanted) => {}
            None => edits.insert(item, last, Some(key), wanted),
        }
    }
}

/// A map key without its quotes, as [`Tree::key`] gives it.
fn bare(key: &str) -> &str {
    key.trim_matches('"')
}

fn list(edits: &mut Edits<'_, '_>, item: u32, old: &[Doc], new: &[Doc]) {
    let tree = edits.tree;
    let children = &tree.item(item).children;
    let from = pair_up(old, new);
    let kept: Vec<usize> = from.iter().flatten().copied().collect();
    if kept.is_empty() {
        return edits.replace(item, &Doc::List(new.to_vec()));
    }
    if kept.windows(2).any(|w| w[1] < w[0]) {
        return reorder(edits, item, old, new, &from);
    }
    let stays: BTreeSet<usize> = kept.iter().copied().collect();
    for (_, child) in children.iter().enumerate().filter(|(i, _)| !stays.contains(i)) {
        edits.remove(*child);
    }
    let mut last = None;
    for (wanted, from) in new.iter().zip(&from) {
        match from {
            Some(i) => {
                value(edits, children[*i], &old[*i], wanted);
                last = Some(children[*i]);
            }
            None => edits.insert(item, last, None, wanted),
        }
    }
}

/// Takes the items with their comments apart and puts them together in their new order.
fn reorder(edits: &mut Edits<'_, '_>, item: u32, old: &[Doc], new: &[Doc], from: &[Option<usize>]) {
    let tree = edits.tree;
    let children = &tree.item(item).children;
    let (Some(first), Some(last)) = (children.first(), children.last()) else { return };
    if !edits.is_multiline(tree.item(item)) {
        return edits.replace(item, &Doc::List(new.to_vec()));
    }
    let indent = edits.indent(tree.item(*first).whole().start as usize);
    let mut text = String::new();
    for (wanted, from) in new.iter().zip(from) {
        match from {
            Some(i) => {
                let mut own = Edits::new(tree);
                value(&mut own, children[*i], &old[*i], wanted);
                let place = tree.item(children[*i]);
                if place.comma.is_none() {
                    own.put(place.place.end as usize..place.place.end as usize, ",".to_owned());
                }
                text.push_str(&own.apply(edits.chunk(children[*i])));
            }
            None => {
                let value = super::layout::lay_out(wanted, indent, indent, 1);
                text.push_str(&format!("\n{:indent$}{value},", ""));
            }
        }
    }
    edits.put(edits.chunk(*first).start..edits.chunk(*last).end, text);
}

/// For each new item the old one that it was, if any: the one of the same name, else an equal one, else the one of the
/// same kind at the same place.
fn pair_up(old: &[Doc], new: &[Doc]) -> Vec<Option<usize>> {
    let mut from: Vec<Option<usize>> = vec![None; new.len()];
    let mut free: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, doc) in old.iter().enumerate().rev() {
        free.entry(identity(doc)).or_default().push(i);
    }
    let mut used = vec![false; old.len()];
    for (slot, doc) in from.iter_mut().zip(new) {
        *slot = free.get_mut(&identity(doc)).and_then(Vec::pop);
        if let Some(i) = *slot {
            used[i] = true;
        }
    }
    for (i, slot) in from.iter_mut().enumerate().filter(|(_, s)| s.is_none()) {
        if i < old.len() && !used[i] && old[i].name() == new[i].name() {
            (*slot, used[i]) = (Some(i), true);
        }
    }
    from
}

/// What a person would recognise an item by.
fn identity(doc: &Doc) -> String {
    let name = doc.name().unwrap_or("");
    let by = |fields: &[&str]| {
        let values: Vec<String> = fields.iter().filter_map(|f| doc.field(f)).map(|d| format!("{d:?}")).collect();
        (!values.is_empty()).then(|| values.join("\u{1}"))
    };
    let known = by(&["id"])
        .or_else(|| by(&["name"]))
        .or_else(|| by(&["between"]))
        .or_else(|| by(&["event", "to"]))
        .or_else(|| by(&["from", "group"]));
    known.map_or_else(|| format!("{doc:?}"), |k| format!("{name}\u{1}{k}"))
}
