//! The envelope that the service puts around what was published.

use crate::language::json::{Json, Member, Node};

/// An event as rules and targets see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The service's own id of it.
    pub id: String,
    /// What happened.
    pub detail_type: String,
    /// Who says it.
    pub source: String,
    /// Whose it is: twelve digits.
    pub account: String,
    /// When it happened, as in RFC 3339.
    pub time: String,
    /// Where.
    pub region: String,
    /// By which event replay it comes again.
    pub replay_name: Option<String>,
    /// What it is about.
    pub resources: Vec<String>,
    /// The rest.
    pub detail: Json,
}

impl Envelope {
    /// The event as JSON, its members in the service's order; a replay's name stands between region and resources.
    pub fn json(&self) -> Json {
        let text = |text: &str| Json::Text(text.to_owned());
        let resources = self.resources.iter().map(|name| Node { at: 0, json: text(name) }).collect();
        let members = [
            ("version", Some(text("0"))),
            ("id", Some(text(&self.id))),
            ("detail-type", Some(text(&self.detail_type))),
            ("source", Some(text(&self.source))),
            ("account", Some(text(&self.account))),
            ("time", Some(text(&self.time))),
            ("region", Some(text(&self.region))),
            ("replay-name", self.replay_name.as_deref().map(text)),
            ("resources", Some(Json::List(resources))),
            ("detail", Some(self.detail.clone())),
        ];
        let member =
            |(name, json): (&str, Option<Json>)| json.map(|json| Member { name: name.to_owned(), at: 0, node: Node { at: 0, json } });
        Json::Object(members.into_iter().filter_map(member).collect())
    }
}
