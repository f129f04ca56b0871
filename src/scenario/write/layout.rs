//! Where lines break.
//!
//! What is short stands on one line. The scenario, its nodes and lists of several structures are always one below the
//! other, because that is how people scan and diff them.

use super::doc::Doc;

/// Lines are kept within this where they can be broken at all.
const WIDTH: usize = 120;
const INDENT: usize = 4;

/// The text of a value that begins at column `used` of a line indented by `indent`; `behind` is what must still fit behind it.
pub(super) fn lay_out(doc: &Doc, indent: usize, used: usize, behind: usize) -> String {
    let mut out = String::new();
    render(doc, indent, used, behind, &mut out);
    out
}

fn render(doc: &Doc, indent: usize, used: usize, behind: usize, out: &mut String) {
    if !always_broken(doc)
        && let Some(line) = one_line(doc, WIDTH.saturating_sub(used + behind))
    {
        out.push_str(&line);
        return;
    }
    let inner = indent + INDENT;
    let (open, close) = match doc {
        Doc::Atom(atom) => return out.push_str(atom),
        // A single value keeps its bracket company: `Steps([` ... `])`.
        Doc::Values(name, values) if values.len() == 1 => {
            out.push_str(name);
            out.push('(');
            render(&values[0], indent, used + name.len() + 1, behind + 1, out);
            return out.push(')');
        }
        Doc::Fields(name, _) | Doc::Values(name, _) => (format!("{name}("), ')'),
        Doc::List(_) => ("[".to_owned(), ']'),
        Doc::Map(_) => ("{".to_owned(), '}'),
    };
    out.push_str(&open);
    let before = out.len();
    let mut part = |key: Option<String>, value: &Doc| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', inner));
        let key = key.unwrap_or_default();
        out.push_str(&key);
        render(value, inner, inner + key.chars().count(), 1, out);
        out.push(',');
    };
    match doc {
        Doc::Fields(_, fields) => fields.iter().for_each(|(name, value)| part(Some(format!("{name}: ")), value)),
        Doc::Map(entries) => entries.iter().for_each(|(key, value)| part(Some(format!("{key}: ")), value)),
        Doc::Values(_, values) | Doc::List(values) => values.iter().for_each(|value| part(None, value)),
        Doc::Atom(_) => {}
    }
    if out.len() > before {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
    }
    out.push(close);
}

/// Whether a value is broken even where it would fit: nodes and events with more than a line's worth to say, lists of structures.
fn always_broken(doc: &Doc) -> bool {
    match doc {
        Doc::Fields(name, fields) => match name.as_str() {
            "Scenario" => true,
            "Producer" | "Consumer" => !fields.is_empty(),
            _ => fields.iter().any(|(_, v)| always_broken(v)),
        },
        Doc::List(items) => items.len() > 1 && items.iter().all(is_named) || items.iter().any(always_broken),
        Doc::Values(name, values) => values.iter().any(always_broken) && !name.is_empty(),
        Doc::Map(entries) => entries.iter().any(|(_, v)| always_broken(v)),
        // A text over several lines.
        Doc::Atom(atom) => atom.contains('\n'),
    }
}

fn is_named(doc: &Doc) -> bool {
    doc.name().is_some_and(|name| !name.is_empty())
}

/// The value on one line, however long.
pub(in crate::scenario) fn in_one_line(doc: &Doc) -> String {
    let mut line = String::new();
    flat(doc, usize::MAX, &mut line);
    line
}

/// The value on one line, if it takes at most `room` columns.
fn one_line(doc: &Doc, room: usize) -> Option<String> {
    let mut line = String::new();
    flat(doc, room, &mut line).then_some(line).filter(|l| l.chars().count() <= room)
}

/// Appends the value; gives up (false) as soon as the line is certainly too long.
fn flat(doc: &Doc, room: usize, line: &mut String) -> bool {
    // A character takes at most four bytes.
    if line.len() > room.saturating_mul(4) {
        return false;
    }
    let separate = |i: usize, line: &mut String| {
        if i > 0 {
            line.push_str(", ");
        }
    };
    match doc {
        Doc::Atom(atom) => line.push_str(atom),
        Doc::Fields(name, fields) => {
            line.push_str(name);
            line.push('(');
            for (i, (key, value)) in fields.iter().enumerate() {
                separate(i, line);
                line.push_str(key);
                line.push_str(": ");
                if !flat(value, room, line) {
                    return false;
                }
            }
            line.push(')');
        }
        Doc::Map(entries) => {
            line.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                separate(i, line);
                line.push_str(key);
                line.push_str(": ");
                if !flat(value, room, line) {
                    return false;
                }
            }
            line.push('}');
        }
        Doc::Values(name, values) => {
            line.push_str(name);
            line.push('(');
            for (i, value) in values.iter().enumerate() {
                separate(i, line);
                if !flat(value, room, line) {
                    return false;
                }
            }
            line.push(')');
        }
        Doc::List(values) => {
            line.push('[');
            for (i, value) in values.iter().enumerate() {
                separate(i, line);
                if !flat(value, room, line) {
                    return false;
                }
            }
            line.push(']');
        }
    }
    true
}
