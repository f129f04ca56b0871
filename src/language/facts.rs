//! An event as patterns see it: flat, one fact per value that stands at the end of a path.
//!
//! Objects and dots are the same (`{"a":{"b":1}}` is `a.b`), lists vanish from the path, and each value remembers by which
//! elements of which lists it was reached, because a pattern's values must come from the same element (aws/event-ruler 2.0.1).

use super::json::{Fault, Json, Node, read};
use super::pattern::number;

/// A value in an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number {
        /// As it was spelled.
        spelling: String,
        /// Its value, if comparing by value is allowed; see [`number::value`].
        value: Option<f64>,
    },
    /// A string.
    Text(String),
}

impl Fact {
    /// A number as the engine holds it.
    pub fn number(value: f64) -> Fact {
        Fact::Number { spelling: value.to_string(), value: Some(if value == 0.0 { 0.0 } else { value }) }
    }
}

/// Which element of which list a value was reached through, outermost first; lists are numbered in order of appearance.
pub type Membership = Vec<(u32, u32)>;

/// A fact with its path.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Names joined by dots.
    pub path: String,
    /// The value there.
    pub fact: Fact,
    /// By which elements it was reached.
    pub elements: Membership,
}

/// All facts of an event, in order of their paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub(super) fields: Vec<Field>,
}

impl Facts {
    /// The facts of an event given as JSON text.
    pub fn read(event: &str) -> Result<Facts, Fault> {
        Facts::of(&read(event)?)
    }

    /// The facts of an event.
    pub fn of(event: &Node) -> Result<Facts, Fault> {
        if !matches!(event.json, Json::Object(_)) {
            return Err(Fault::new(event.at, format!("an event is a JSON object, not {}", event.json.kind())));
        }
        let mut walk = Walk { fields: Vec::new(), path: String::new(), depth: 0, elements: Vec::new(), lists: 0 };
        walk.node(event);
        Ok(Facts::new(walk.fields))
    }

    /// Facts from fields in any order.
    pub fn new(mut fields: Vec<Field>) -> Facts {
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        Facts { fields }
    }

    /// The facts, in order of their paths.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The facts at a path.
    pub fn at<'a>(&'a self, path: &str) -> &'a [Field] {
        let first = self.fields.partition_point(|field| field.path.as_str() < path);
        let count = self.fields[first..].iter().take_while(|field| field.path == path).count();
        &self.fields[first..first + count]
    }

    /// The same event with one more field outside of any list.
    pub fn with(mut self, path: &str, fact: Fact) -> Facts {
        self.fields.push(Field { path: path.to_owned(), fact, elements: Vec::new() });
        Facts::new(self.fields)
    }
}

struct Walk {
    fields: Vec<Field>,
    path: String,
    /// Names in the path.
    depth: usize,
    elements: Membership,
    lists: u32,
}

impl Walk {
    fn node(&mut self, node: &Node) {
        let fact = match &node.json {
            Json::Object(members) => {
                for member in members {
                    let back = self.path.len();
                    if self.depth > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(&member.name);
                    self.depth += 1;
                    self.node(&member.node);
                    self.depth -= 1;
                    self.path.truncate(back);
                }
                return;
            }
            Json::List(items) => {
                let list = self.lists;
                self.lists += 1;
                for (i, item) in items.iter().enumerate() {
                    // A plain value in a list is any of its values; only what stands deeper belongs to an element.
                    let deeper = matches!(item.json, Json::Object(_) | Json::List(_));
                    if deeper {
                        self.elements.push((list, i as u32));
                    }
                    self.node(item);
                    if deeper {
                        self.elements.pop();
                    }
                }
                return;
            }
            Json::Null => Fact::Null,
            Json::Bool(yes) => Fact::Bool(*yes),
            Json::Number(spelling) => Fact::Number { spelling: spelling.clone(), value: number::value(spelling) },
            Json::Text(text) => Fact::Text(text.clone()),
        };
        self.fields.push(Field { path: self.path.clone(), fact, elements: self.elements.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_and_dots_are_the_same_and_lists_vanish() {
        let facts = Facts::read(r#"{"b":[1,[{"c":"x"}],{}],"a.d":null,"e":[]}"#).unwrap();
        let seen: Vec<_> = facts.fields().iter().map(|f| (f.path.as_str(), f.elements.clone())).collect();
        assert_eq!(seen, [("a.d", vec![]), ("b", vec![]), ("b.c", vec![(0, 1), (1, 0)])]);
        assert_eq!(facts.at("b").len(), 1);
        assert_eq!(facts.at("e").len(), 0);
    }

    #[test]
    fn only_an_object_is_an_event() {
        assert!(Facts::read("[1]").unwrap_err().reason.contains("a list"));
    }
}
