//! Changes to a text that leave the rest of it as it is.

use super::doc::Doc;
use super::layout::lay_out;
use crate::scenario::locate::{Item, Shape, Tree};
use std::ops::Range;

/// Replacements in a text, collected and then made at once.
pub(crate) struct Edits<'a, 't> {
    pub tree: &'a Tree<'t>,
    list: Vec<(Range<usize>, String)>,
}

impl<'a, 't> Edits<'a, 't> {
    /// None yet.
    pub fn new(tree: &'a Tree<'t>) -> Edits<'a, 't> {
        Edits { tree, list: Vec::new() }
    }

    /// The text of a range with the changes made. Changes beyond the range are not.
    pub fn apply(&self, range: Range<usize>) -> String {
        let mut edits: Vec<&(Range<usize>, String)> =
            self.list.iter().filter(|(at, _)| at.start >= range.start && at.end <= range.end).collect();
        edits.sort_by_key(|(at, _)| (at.start, at.end));
        let mut text = String::with_capacity(range.len());
        let mut done = range.start;
        for (at, new) in edits {
            // Overlapping changes would be a mistake of ours; whoever made them reads the result back.
            if at.start >= done {
                text.push_str(&self.tree.text[done..at.start]);
                text.push_str(new);
                done = at.end;
            }
        }
        text.push_str(&self.tree.text[done..range.end]);
        text
    }

    /// Writes `text` in place of a range.
    pub fn put(&mut self, range: Range<usize>, text: String) {
        // Keep the file's line ends.
        let text = if self.tree.text.contains("\r\n") { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
        self.list.push((range, text));
    }

    /// Writes another value in place of an item's.
    pub fn replace(&mut self, item: u32, new: &Doc) {
        let place = self.tree.item(item).place.range();
        let text = lay_out(new, self.indent(place.start), self.column(place.start), 1);
        self.put(place, text);
    }

    /// Inserts a child into an item behind its child `after`, or as the first one.
    pub fn insert(&mut self, into: u32, after: Option<u32>, key: Option<&str>, value: &Doc) {
        let item = self.tree.item(into);
        let key = key.map_or_else(String::new, |k| format!("{k}: "));
        let lines = self.is_multiline(item);
        let indent = match item.children.first() {
            Some(first) if lines => self.indent(self.tree.item(*first).whole().start as usize),
            _ if lines => self.indent(item.place.start as usize) + 4,
            _ => self.indent(item.place.start as usize),
        };
        let used = if lines { indent } else { self.column(item.place.start as usize) } + key.chars().count();
        let text = lay_out(value, indent, used, 1);
        let Some(after) = after else {
            let at = self.inner_start(item);
            let inserted = match lines {
                true => format!("\n{:indent$}{key}{text},", ""),
                false if item.children.is_empty() => format!("{key}{text}"),
                false => format!("{key}{text}, "),
            };
            return self.put(at..at, inserted);
        };
        let before = self.tree.item(after);
        if before.comma.is_none()
            && !self.list.iter().any(|(at, new)| at.start == before.place.end as usize && at.is_empty() && new.starts_with(','))
        {
            self.put(before.place.end as usize..before.place.end as usize, ",".to_owned());
        }
        let end = self.chunk_end(before);
        let at_line_end = self.tree.text[end..].trim_start_matches([' ', '\t', '\r']).starts_with('\n');
        let inserted = match (lines && at_line_end, before.comma.is_some() && Some(&after) != item.children.last()) {
            (true, _) => format!("\n{:indent$}{key}{text},", ""),
            (false, true) => format!(" {key}{text},"),
            (false, false) => format!(" {key}{text}"),
        };
        self.put(end..end, inserted);
    }

    /// Removes a child with the comments that belong to it.
    pub fn remove(&mut self, child: u32) {
        let item = self.tree.item(child);
        let chunk = self.chunk(child);
        let gap = &self.tree.text[chunk.start..item.whole().start as usize];
        // What stands above an empty line belongs to something larger than this child.
        let start = match last_blank_line(gap).filter(|blank| !gap[..*blank].trim().is_empty()) {
            Some(blank) => chunk.start + blank,
            None => chunk.start,
        };
        self.put(start..chunk.end, String::new());
    }

    /// A child with what belongs to it: from the end of the one before (or the bracket) to its comma and the comment behind
    /// that on the same line.
    pub fn chunk(&self, child: u32) -> Range<usize> {
        let item = self.tree.item(child);
        let start = match item.parent.map(|p| self.tree.item(p)) {
            Some(parent) => {
                let at = parent.children.partition_point(|c| *c < child);
                match at.checked_sub(1).and_then(|i| parent.children.get(i)) {
                    Some(before) => self.chunk_end(self.tree.item(*before)),
                    None => self.inner_start(parent),
                }
            }
            None => 0,
        };
        start..self.chunk_end(item)
    }

    fn chunk_end(&self, item: &Item) -> usize {
        self.behind(item.comma.map_or(item.place.end as usize, |c| c as usize + 1))
    }

    /// Behind the opening bracket, and behind a comment that ends its line: that one is about the whole.
    fn inner_start(&self, item: &Item) -> usize {
        let end = self.behind(item.open as usize);
        let ends_line = self.tree.text[end..].trim_start_matches([' ', '\t', '\r']).starts_with('\n');
        if ends_line { end } else { item.open as usize }
    }

    /// Behind the comments that follow `end` on its line.
    fn behind(&self, mut end: usize) -> usize {
        let text = self.tree.text;
        let line_end = text[end..].find('\n').map_or(text.len(), |n| end + n);
        let first = self.tree.comments.partition_point(|c| (c.start as usize) < end);
        for comment in &self.tree.comments[first..] {
            let blank = text.get(end..comment.start as usize).is_some_and(|t| t.chars().all(|c| matches!(c, ' ' | '\t')));
            if !blank || comment.end as usize > line_end {
                break;
            }
            end = comment.end as usize;
        }
        end
    }

    /// Whether an item's children stand on lines of their own.
    pub fn is_multiline(&self, item: &Item) -> bool {
        let until = item.children.first().map_or(item.place.end, |c| self.tree.item(*c).whole().start);
        item.shape != Shape::Word && self.tree.text[item.open as usize..until as usize].contains('\n')
    }

    /// Spaces before the first character of the line of a byte.
    pub fn indent(&self, at: usize) -> usize {
        let line = self.tree.text[..at].rfind('\n').map_or(0, |n| n + 1);
        self.tree.text[line..at].chars().take_while(|c| matches!(c, ' ' | '\t')).count()
    }

    fn column(&self, at: usize) -> usize {
        let line = self.tree.text[..at].rfind('\n').map_or(0, |n| n + 1);
        self.tree.text[line..at].chars().count()
    }
}

/// The start of the last empty line of a text, in bytes.
fn last_blank_line(text: &str) -> Option<usize> {
    let mut found = None;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if end > 0 && line.ends_with('\n') && line.trim().is_empty() {
            found = Some(end - 1);
        }
        end += line.len();
    }
    found
}
