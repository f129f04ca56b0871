//! Where things stand in a RON text: a tree of places, with the comments.
//!
//! Knows brackets, texts, comments, fields and commas, and nothing of what they mean; values are read by the `ron` crate.
//! Used to give a problem its place, to edit a text without rewriting it, and to carry comments. One pass over the
//! text, no recursion: time and memory are linear, and deep nesting is an error with a place.

mod scan;

use std::collections::HashMap;

/// Deepest nesting that is read; a scenario needs about ten.
pub const DEEPEST: usize = 100;
/// Longest text that is read, in bytes; places are 32-bit numbers.
pub const LONGEST: usize = 256 << 20;

/// A stretch of the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

impl Place {
    fn new(start: usize, end: usize) -> Place {
        Place { start: start as u32, end: end as u32 }
    }

    /// As a range to slice the text with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number, a name without brackets, anything else in one word.
    Word,
    /// Text in quotes, a character, bytes.
    Text,
    /// `( ... )`, with or without a name before it.
    Round,
    /// `[ ... ]`
    List,
    /// `{ ... }`
    Map,
}

/// A value of the text.
#[derive(Clone, Debug)]
pub struct Item {
    /// The field name or map key before it.
    pub key: Option<Place>,
    /// The name before the bracket, as in `Producer(...)`.
    pub name: Option<Place>,
    /// What it looks like.
    pub shape: Shape,
    /// The value itself, from its name to its closing bracket.
    pub place: Place,
    /// Just behind the opening bracket; the start of the value if it has none.
    pub open: u32,
    /// Of the comma behind it.
    pub comma: Option<u32>,
    /// What it is part of.
    pub parent: Option<u32>,
    /// What it consists of, in order.
    pub children: Vec<u32>,
}

impl Item {
    /// From the key to the end of the value.
    pub fn whole(&self) -> Place {
        Place { start: self.key.map_or(self.place.start, |k| k.start), end: self.place.end }
    }
}

/// Brackets or quotes that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// An opening bracket without its closing one; where a wrong one stands instead, if one does.
    Unclosed(u32, Option<u32>),
    /// A closing bracket that nothing opened.
    Unopened(u32),
    /// Text in quotes that never ends.
    Text(u32),
    /// A `/*` that never ends.
    Comment(u32),
    /// Nested more than [`DEEPEST`] deep.
    Deep(u32),
    /// Something behind the end of the value.
    Trailing(u32),
    /// No value at all.
    Empty,
    /// More than [`LONGEST`] bytes.
    Long,
}

/// The places of a RON text.
#[derive(Clone, Debug)]
pub struct Tree<'t> {
    /// The text it was made of.
    pub text: &'t str,
    /// All values; positions in this list are how items are referred to.
    pub items: Vec<Item>,
    /// All comments, in order, without the line end.
    pub comments: Vec<Place>,
    /// The outermost value.
    pub root: u32,
    /// For lists addressed by name: list item -> name -> child.
    named: HashMap<u32, HashMap<String, u32>>,
}

impl<'t> Tree<'t> {
    /// Finds the places of `text`, or where its brackets, quotes or comments do not fit together.
    pub fn new(text: &'t str) -> Result<Tree<'t>, Broken> {
        if text.len() > LONGEST {
            return Err(Broken::Long);
        }
        let builder = scan::scan(text)?;
        let Some(root) = builder.roots.first().copied() else { return Err(Broken::Empty) };
        if let Some(second) = builder.roots.get(1) {
            return Err(Broken::Trailing(builder.items[*second as usize].place.start));
        }
        let mut tree = Tree { text, items: builder.items, comments: builder.comments, root, named: HashMap::new() };
        tree.index_names();
        Ok(tree)
    }

    /// The item at a position of the list.
    pub fn item(&self, index: u32) -> &Item {
        &self.items[index as usize]
    }

    /// The text at a place.
    pub fn slice(&self, place: Place) -> &'t str {
        &self.text[place.range()]
    }

    /// The field or map key before an item, without quotes.
    pub fn key(&self, index: u32) -> Option<&'t str> {
        self.item(index).key.map(|k| self.slice(k).trim_start_matches("r#").trim_matches('"'))
    }

    /// The name before an item's bracket, or the word that it is.
    pub fn name(&self, index: u32) -> Option<&'t str> {
        self.item(index).name.map(|n| self.slice(n).trim_start_matches("r#"))
    }

    /// The value in a field of an item; the last one if it is given twice.
    pub fn field(&self, index: u32, name: &str) -> Option<u32> {
        self.item(index).children.iter().rev().copied().find(|c| self.key(*c) == Some(name))
    }

    /// A text value without quotes and escapes.
    pub fn string(&self, index: u32) -> Option<String> {
        let item = self.item(index);
        if item.shape != Shape::Text { None } else { ron::from_str(self.slice(item.place)).ok() }
    }

    /// What an item of a list is called: its `id` or `name`.
    pub fn called(&self, index: u32) -> Option<String> {
        self.field(index, "id").or_else(|| self.field(index, "name")).and_then(|f| self.string(f))
    }

    fn index_names(&mut self) {
        for list in ["nodes", "events"] {
            let Some(list) = self.field(self.root, list) else { continue };
            let mut names = HashMap::new();
            for child in &self.item(list).children {
                if let Some(name) = self.called(*child) {
                    names.entry(name).or_insert(*child);
                }
            }
            self.named.insert(list, names);
        }
    }

    /// The item of a document path such as `nodes.billing.reads[0].from`; the nearest one around it if the path leads to
    /// something that is not written down. The second value says whether it is the thing itself.
    pub fn find(&self, path: &str) -> (u32, bool) {
        let mut at = self.root;
        for step in steps(path) {
            let at_item = self.item(at);
            let next = match step {
                Step::Index(i) => at_item.children.get(i).copied(),
                Step::Name(name) => {
                    let by_name = self.named.get(&at).and_then(|names| names.get(name)).copied();
                    by_name.or_else(|| self.field(at, name))
                }
            };
            match next {
                Some(next) => at = next,
                None => return (at, false),
            }
        }
        (at, true)
    }

    /// Where a problem with an item is best shown: at its value if it is short, at its name if it is a structure.
    pub fn spot(&self, index: u32) -> Place {
        let item = self.item(index);
        match (item.name, item.key) {
            (Some(name), _) => name,
            (None, Some(key)) if matches!(item.shape, Shape::List | Shape::Map | Shape::Round) => key,
            _ => item.place,
        }
    }

    /// The smallest item that covers a byte of the text, the key included.
    pub fn around(&self, offset: usize) -> u32 {
        let mut at = self.root;
        loop {
            let children = &self.item(at).children;
            let next = children.partition_point(|c| self.item(*c).whole().start as usize <= offset);
            match next.checked_sub(1).map(|i| children[i]).filter(|c| offset < self.item(*c).whole().end as usize) {
                Some(child) => at = child,
                None => return at,
            }
        }
    }

    /// The document path of an item, as [`Tree::find`] takes it.
    pub fn path(&self, index: u32) -> String {
        let mut steps: Vec<String> = Vec::new();
        let mut at = index;
        while let Some(parent) = self.item(at).parent {
            let names = self.named.get(&parent);
            let name = names.and_then(|names| self.called(at).filter(|n| names.get(n) == Some(&at) && !n.contains(['.', '['])));
            steps.push(match (self.key(at), name) {
                (Some(key), _) => format!(".{key}"),
                (None, Some(name)) => format!(".{name}"),
                (None, None) => {
                    format!("[{}]", self.item(parent).children.iter().position(|c| *c == at).unwrap_or(0))
                }
            });
            at = parent;
        }
        steps.reverse();
        steps.concat().trim_start_matches('.').to_owned()
    }
}

/// One step of a document path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// A field, a map key, or the name of a node or event.
    Name(&'p str),
    /// A position in a list or tuple, from 0.
    Index(usize),
}

/// The steps of a path: names between dots, positions in brackets or as a number of their own (`emits[0]`, `emits.0`).
pub fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|p| !p.is_empty()) {
        let (name, indices) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        match name.parse() {
            Ok(index) if !steps.is_empty() && !matches!(steps.last(), Some(Step::Name("nodes" | "events"))) => {
                steps.push(Step::Index(index))
            }
            _ if name.is_empty() => {}
            _ => steps.push(Step::Name(name)),
        }
        steps.extend(indices.split('[').filter_map(|i| i.trim_end_matches(']').parse().ok()).map(Step::Index));
    }
    steps
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SAMPLE: &str = r##"/* a /* nested */ one */ Scenario(
    // first
    format: 1,
    nodes: [
        Producer(id: "a\"b", at: (1, -2.5), emits: [Emit(to: "x/y", arrivals: Every("1s"))]), // behind
        Consumer(id: "bill", r#then: [r#"raw " ) text"#, 'c', '\'', b'x'], Free: Quiet),
    ],
    map: { "k": 1, 'q': Some((1)) , (1, 2): [] },
)"##;

    fn place<'t>(tree: &Tree<'t>, path: &str) -> &'t str {
        let (item, exact) = tree.find(path);
        assert!(exact, "{path}");
        tree.slice(tree.item(item).place)
    }

    #[test]
    fn paths_lead_to_places_and_back() {
        let tree = Tree::new(SAMPLE).unwrap();
        for (path, text) in [
            ("format", "1"),
            ("nodes.a\"b.at[1]", "-2.5"),
            ("nodes[0].emits[0].arrivals[0]", "\"1s\""),
            ("nodes.bill.then.0", r##"r#"raw " ) text"#"##),
            ("nodes.bill.then[2]", r"'\''"),
            ("nodes.bill.Free", "Quiet"),
            ("map.k", "1"),
        ] {
            assert_eq!(place(&tree, path), text);
        }
        let (item, _) = tree.find("nodes.bill.then[1]");
        assert_eq!(tree.path(item), "nodes.bill.then[1]");
        assert_eq!(tree.find("nodes.bill.retry.attempts"), (tree.find("nodes.bill").0, false));
        assert_eq!(tree.path(tree.around(SAMPLE.find("raw").unwrap())), "nodes.bill.then[0]");
    }

    #[test]
    fn comments_are_found_whole() {
        let tree = Tree::new(SAMPLE).unwrap();
        let texts: Vec<&str> = tree.comments.iter().map(|c| tree.slice(*c)).collect();
        assert_eq!(texts, ["/* a /* nested */ one */", "// first", "// behind"]);
    }

    #[test]
    fn what_does_not_fit_together_has_a_place() {
        for (text, broken) in [
            ("", Broken::Empty),
            ("// only a comment", Broken::Empty),
            ("A(b: [1, 2)", Broken::Unclosed(5, Some(10))),
            ("A(b: [1, 2]", Broken::Unclosed(1, None)),
            ("A()]", Broken::Unopened(3)),
            ("A(b: \"x)", Broken::Text(5)),
            ("A(b: \"x,\n c: \"y\")", Broken::Text(5)),
            ("A() /* x", Broken::Comment(4)),
            ("A() B", Broken::Trailing(4)),
            ("A(r#\"x\")", Broken::Text(2)),
        ] {
            assert_eq!(Tree::new(text).unwrap_err(), broken, "{text}");
        }
        assert_eq!(Tree::new(&"[".repeat(1_000_000)).unwrap_err(), Broken::Deep(DEEPEST as u32));
    }

    #[test]
    fn oddities_do_not_panic() {
        for text in
            ["'", "r", "r#", "r##", "b'", "\\", "\"\\", "'\\", ":", ",", "(:)", "(,)", "(a:,b:)", "é'é'é", "#![", "#!", "r#\"\"", "/"]
        {
            let _ = Tree::new(text);
        }
    }
}
