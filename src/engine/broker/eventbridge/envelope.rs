//! The envelope that the service puts around what was published.

use crate::engine::event::{Event, Value, attributes};
use crate::ids::{ChannelId, EmitterId, NodeId, TypeId};
use crate::language::facts::{Fact, Facts, Field};
use crate::language::json::{Json, Member, Node};
use crate::random::mix;
use crate::scenario::Plan;
use crate::scenario::broker::eventbridge::Rule;
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::plan::Role;
use crate::time::Time;

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

impl Envelope {
    /// The envelope of a simulated event: its detail is its attributes, its detail type the name of its type, its source the node that
    /// published it unless the scenario gives that another name.
    pub fn of(plan: &Plan, seed: u64, parts: &EventBridge, event: &Event, replay_name: Option<&str>) -> Envelope {
        let member = |(name, value): (String, Value)| {
            let json = match value {
                Value::Number(number) => Json::Number(number.to_string()),
                Value::Text(text) => Json::Text(text),
            };
            Member { name, at: 0, node: Node { at: 0, json } }
        };
        let home = home(plan, parts, event);
        Envelope {
            id: uuid(seed, event.id.0),
            detail_type: plan.types[TypeId::from(event.kind).index()].name.clone(),
            source: source(plan, home, event).to_owned(),
            account: home.account.clone(),
            time: timestamp(event.published),
            region: home.region.clone(),
            replay_name: replay_name.map(str::to_owned),
            resources: resource(plan, home, event).into_iter().collect(),
            detail: Json::Object(attributes(plan, seed, event).into_iter().map(member).collect()),
        }
    }
}

/// The broker that a bus belongs to, which has its account and region; `here` if it is a channel of another kind.
pub(super) fn owner<'a>(plan: &'a Plan, here: &'a EventBridge, channel: ChannelId) -> &'a EventBridge {
    match &plan.brokers[plan.channels[channel.index()].broker.index()].kind {
        BrokerKind::EventBridge(parts) => parts,
        _ => here,
    }
}

/// Where an event was put in: it keeps the names of that account and region wherever it is forwarded to.
fn home<'a>(plan: &'a Plan, here: &'a EventBridge, event: &Event) -> &'a EventBridge {
    owner(plan, here, plan.emitters[event.id.emitter().index()].channel)
}

/// What emits the events of the schedules of a broker, whose node is given, with each rule's position.
pub(super) fn scheduled_emitters<'a>(
    plan: &'a Plan,
    node: NodeId,
    parts: &'a EventBridge,
) -> impl Iterator<Item = (EmitterId, usize, &'a Rule)> {
    let own = plan.nodes[node.index()].emitters.iter();
    own.zip(parts.scheduled()).map(|(emitter, (position, rule, _))| (*emitter, position, rule))
}

/// Whether an event comes on a rule's schedule: nothing else comes from a broker.
pub(super) fn is_scheduled(plan: &Plan, event: &Event) -> bool {
    let node = plan.emitters[event.id.emitter().index()].node;
    matches!(plan.nodes[node.index()].role, Role::Broker(_))
}

/// The rule whose schedule an event comes on, as the only resource that it is about.
fn resource(plan: &Plan, home: &EventBridge, event: &Event) -> Option<String> {
    is_scheduled(plan, event).then_some(())?;
    let own = event.id.emitter();
    let mut emitters = scheduled_emitters(plan, plan.emitters[own.index()].node, home);
    emitters.find(|(emitter, ..)| *emitter == own).map(|(.., rule)| home.rule_arn(rule))
}

/// The `source` of an event.
pub(super) fn source<'a>(plan: &'a Plan, parts: &'a EventBridge, event: &Event) -> &'a str {
    if is_scheduled(plan, event) {
        return "aws.events";
    }
    let name = &plan.nodes[plan.emitters[event.id.emitter().index()].node.index()].name;
    parts.sources.iter().find(|(node, _)| node == name).map_or(name, |(_, source)| source)
}

/// What all events of an emitter and type have in common.
pub(super) fn common(parts: &EventBridge, source: &str, detail_type: &str) -> Vec<Field> {
    let field = |path: &str, text: &str| Field { path: path.to_owned(), fact: Fact::Text(text.to_owned()), elements: Vec::new() };
    vec![
        field("version", "0"),
        field("detail-type", detail_type),
        field("source", source),
        field("account", &parts.account),
        field("region", &parts.region),
    ]
}

/// All facts of a simulated event, as its envelope's JSON would give them.
pub(super) fn facts(plan: &Plan, seed: u64, parts: &EventBridge, event: &Event, replay_name: Option<&str>) -> Facts {
    let detail_type = &plan.types[TypeId::from(event.kind).index()].name;
    let home = home(plan, parts, event);
    let mut fields = common(home, source(plan, home, event), detail_type);
    let mut add = |path: String, fact: Fact| fields.push(Field { path, fact, elements: Vec::new() });
    add("id".to_owned(), Fact::Text(uuid(seed, event.id.0)));
    add("time".to_owned(), Fact::Text(timestamp(event.published)));
    if let Some(arn) = resource(plan, home, event) {
        add("resources".to_owned(), Fact::Text(arn));
    }
    if let Some(name) = replay_name {
        add("replay-name".to_owned(), Fact::Text(name.to_owned()));
    }
    for (name, value) in attributes(plan, seed, event) {
        let fact = match value {
            Value::Number(number) => Fact::number(number),
            Value::Text(text) => Fact::Text(text),
        };
        add(format!("detail.{name}"), fact);
    }
    Facts::new(fields)
}

/// An id in the service's form, the same for the same event of the same run.
fn uuid(seed: u64, event: u64) -> String {
    let (a, b) = (mix(seed ^ mix(event)), mix(event ^ mix(seed)));
    let (high, low) = (a >> 32, a & 0xffff_ffff);
    format!("{high:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", low >> 16, low & 0xfff, 0x8000 | b >> 50, b & 0xffff_ffff_ffff)
}

/// A moment of a run as a date: runs begin with the year 2026, in UTC and whole seconds, as the service gives times.
pub(super) fn timestamp(time: Time) -> String {
    let seconds = time.0 / crate::time::SECOND;
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut left) = (2026, day);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    let days = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while left >= days[month] {
        left -= days[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}T{:02}:{:02}:{:02}Z", month + 1, left + 1, second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn moments_are_dates() {
        assert_eq!(timestamp(Time::ZERO), "2026-01-01T00:00:00Z");
        assert_eq!(timestamp(Time(59 * 86_400 * SECOND - 1)), "2026-02-28T23:59:59Z");
        assert_eq!(timestamp(Time((2 * 365 + 59) * 86_400 * SECOND)), "2028-02-29T00:00:00Z");
    }

    #[test]
    fn ids_look_like_ids() {
        let id = uuid(42, 7);
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
        assert_ne!(id, uuid(42, 8));
    }
}
