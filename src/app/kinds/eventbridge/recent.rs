//! The events that just went by, as rules see them: read once per picture, for all the fields that are judged against them.

use crate::language::facts::Facts;
use crate::language::json::{Json, Node, read};
use crate::run::frame::eventbridge::{Recent, View};

/// An event that a bus took in a moment ago.
pub(super) struct Seen {
    /// Position of the bus.
    pub bus: usize,
    /// Its detail type.
    pub kind: String,
    /// Who says it.
    pub source: String,
    /// What its detail says, member by member: their paths, and a few words as in `total 312.4`.
    pub says: Vec<(String, String)>,
    /// The whole of it.
    pub json: Json,
    /// The same as patterns look at it.
    pub facts: Facts,
}

/// All that are kept, newest first.
pub(super) fn of(view: Option<&View>) -> Vec<Seen> {
    view.into_iter().flat_map(|view| &view.recent).filter_map(seen).collect()
}

fn seen(recent: &Recent) -> Option<Seen> {
    let node = read(&recent.json).ok()?;
    let facts = Facts::of(&node).ok()?;
    let text = |name: &str| match node.json.get(name) {
        Some(Node { json: Json::Text(text), .. }) => text.clone(),
        _ => String::new(),
    };
    let says = node.json.get("detail").map(|detail| members(&detail.json)).unwrap_or_default();
    Some(Seen { bus: recent.bus, kind: text("detail-type"), source: text("source"), says, json: node.json, facts })
}

/// The members of a detail, texts without their quotes.
fn members(json: &Json) -> Vec<(String, String)> {
    let Json::Object(members) = json else { return vec![("detail".to_owned(), json.to_string())] };
    let word = |json: &Json| match json {
        Json::Text(text) => text.clone(),
        // What a number says after its second decimal tells nobody anything here.
        Json::Number(spelling) if spelling.len() > 8 => spelling.parse().map_or_else(|_| spelling.clone(), |n: f64| format!("{n:.2}")),
        other => other.to_string(),
    };
    members.iter().map(|member| (format!("detail.{}", member.name), format!("{} {}", member.name, word(&member.node.json)))).collect()
}

impl Seen {
    /// What stands at a path, in words.
    pub fn at(&self, path: &str) -> String {
        let values: Vec<String> = self.facts.at(path).iter().map(|field| word(&field.fact)).collect();
        if values.is_empty() { "not there".to_owned() } else { values.join(", ") }
    }

    /// One member of the envelope per line.
    pub fn lines(&self) -> String {
        let Json::Object(members) = &self.json else { return self.json.to_string() };
        members.iter().map(|member| format!("{}: {}", member.name, member.node.json)).collect::<Vec<_>>().join("\n")
    }
}

fn word(fact: &crate::language::facts::Fact) -> String {
    use crate::language::facts::Fact;
    match fact {
        Fact::Null => "null".to_owned(),
        Fact::Bool(yes) => yes.to_string(),
        Fact::Number { spelling, .. } => spelling.clone(),
        Fact::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_events_apart_is_said_in_words() {
        let json = r#"{"version":"0","id":"1","detail-type":"Order","source":"shop","detail":{"total":12.50400422715129,"country":"ES","tags":["a"]}}"#;
        let seen = seen(&Recent { bus: 1, json: json.to_owned() }).unwrap();
        assert_eq!((seen.kind.as_str(), seen.source.as_str()), ("Order", "shop"));
        let says: Vec<&str> = seen.says.iter().map(|(_, words)| words.as_str()).collect();
        assert_eq!(says, ["total 12.50", "country ES", "tags [\"a\"]"]);
        assert_eq!(seen.says[0].0, "detail.total");
        assert_eq!((seen.at("detail.total"), seen.at("detail.gone")), ("12.50400422715129".to_owned(), "not there".to_owned()));
        assert!(seen.lines().contains("detail-type: \"Order\"\n"));
    }
}
