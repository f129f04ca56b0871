//! Document to text.

mod differ;
mod doc;
mod edit;
mod layout;
mod over;

pub use differ::{Differing, differences};
pub(super) use doc::{Doc, quoted};
pub(super) use edit::Edits;
pub(super) use layout::in_one_line;

use super::Scenario;
use super::locate::Tree;
use super::read::read;
use std::collections::BTreeMap;

/// Longest line, in bytes, of a text that is edited in place.
const LONGEST_LINE: usize = 10_000;

/// The text of a scenario written over an older text.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The new text.
    pub text: String,
    /// Comments of the old text for which there was no place any more; they stand at the end of the new text.
    pub displaced: Vec<String>,
}

/// The text of a scenario, as a person would write it. Reading it gives the same scenario again.
pub fn write(scenario: &Scenario) -> String {
    let mut text = layout::lay_out(&Doc::of(scenario), 0, 0, 0);
    text.push('\n');
    text
}

/// A part of a scenario on one line, as it would stand in a file.
pub(super) fn line(part: &impl serde::Serialize) -> String {
    layout::in_one_line(&Doc::of(part))
}

/// The same, over an older text: what did not change stays as it was written, comments included; if nothing changed, every
/// byte does. Comments of what is gone are moved to the end. If `original` cannot be read, only its comments are kept.
pub fn write_over(scenario: &Scenario, original: &str) -> Rewritten {
    let body = original.strip_prefix('\u{feff}').unwrap_or(original);
    let Ok(tree) = Tree::new(body) else {
        // Not even its comments can be told apart.
        return Rewritten { text: write(scenario), displaced: Vec::new() };
    };
    let old = read(body, "");
    if old.as_ref().is_ok_and(|old| old == scenario) {
        return Rewritten { text: original.to_owned(), displaced: Vec::new() };
    }
    // Editing in place looks at whole lines; what a machine wrote on one line gains nothing from it.
    let by_hand = body.lines().all(|line| line.len() <= LONGEST_LINE);
    let merged = old.ok().filter(|_| by_hand).and_then(|old| {
        let mark = &original[..original.len() - body.len()];
        let text = format!("{mark}{}", over::merge(&tree, &Doc::of(&old), &Doc::of(scenario)));
        // The merge works on texts of every style; what it makes is believed only if it reads back.
        read(&text, "").is_ok_and(|back| back == *scenario).then_some(text)
    });
    with_comments(merged.unwrap_or_else(|| write(scenario)), &tree)
}

/// Adds the comments of the old text that are missing in the new one, at its end.
fn with_comments(mut text: String, old: &Tree<'_>) -> Rewritten {
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    if let Ok(tree) = Tree::new(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
        for comment in &tree.comments {
            *kept.entry(tree.slice(*comment).to_owned()).or_default() += 1;
        }
    }
    let mut displaced = Vec::new();
    for comment in &old.comments {
        let comment = old.slice(*comment);
        match kept.get_mut(comment) {
            Some(count) if *count > 0 => *count -= 1,
            _ => displaced.push(comment.to_owned()),
        }
    }
    for comment in &displaced {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(comment);
        text.push('\n');
    }
    Rewritten { text, displaced }
}

#[cfg(test)]
mod tests;
