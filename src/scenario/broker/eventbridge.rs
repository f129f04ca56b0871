//! EventBridge: buses with rules, archives and event replays, in the service's own words.

mod fidelity;
pub mod limits;
mod target;

pub use fidelity::FIDELITY;
pub use target::{Delivery, Target};

use super::{NamedOutlet, Parts};
use crate::language::template::{Shape, Transformer};
use crate::scenario::pairs::Pairs;
use crate::scenario::schedule::Schedule;
use crate::scenario::shapes::Times;
use crate::scenario::units::{Percent, Rate};
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// EventBridge's classic event buses of one account and region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventBridge {
    /// The buses.
    #[serde(default)]
    pub buses: Vec<Bus>,
    /// The rules of all buses.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Event replays that a run makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<Replay>,
    /// From an event's arrival at a bus to a target's hearing of it. Default: published measurements of 2023 (a Lambda target, in
    /// Ireland: 113 ms at the 10th percentile, 148 at the 50th, 241 at the 90th, 387 at the 99th).
    #[serde(default = "published_latency", skip_serializing_if = "is_published_latency")]
    pub latency: Times,
    /// Share of deliveries that are made twice: the service promises at least one. How rare a second one is, it does not say.
    /// Default 0.001%.
    #[serde(default = "rare", skip_serializing_if = "is_rare")]
    pub duplicates: Percent,
    /// How everybody publishes who writes to these buses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub put: PutEvents,
    /// What the account may do per second. Default: the quotas of us-east-1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quotas: Quotas,
    /// What events of a node say as their `source`. Default: the node's id.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub sources: Pairs<String>,
    /// Twelve digits.
    #[serde(default = "account", skip_serializing_if = "is_account")]
    pub account: String,
    /// As in `eu-central-1`.
    #[serde(default = "region", skip_serializing_if = "is_region")]
    pub region: String,
}

impl Default for EventBridge {
    fn default() -> Self {
        EventBridge {
            buses: Vec::new(),
            rules: Vec::new(),
            replays: Vec::new(),
            latency: published_latency(),
            duplicates: rare(),
            put: PutEvents::default(),
            quotas: Quotas::default(),
            sources: Pairs::default(),
            account: account(),
            region: region(),
        }
    }
}

/// An event bus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Its name.
    pub name: String,
    /// Keeps events to have them replayed. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
}

/// An archive of a bus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Which events it keeps: an event pattern. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// For how long. Default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Span>,
}

/// A rule: which events go to its targets, the consumers that read from it (at most five), or to another bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name; consumers read from `broker/name`.
    pub name: String,
    /// Whose events it looks at. Default: the only bus, or the one called `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// Which of them it wants: an event pattern in JSON. May be left out where there is a schedule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    /// When its targets get an event of the service's own (source `aws.events`, type `Scheduled Event`): `rate(5 minutes)`, or
    /// `cron(0 12 * * ? *)` in UTC. Only on the bus called `default`. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Whether it looks at any. Default yes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    /// A bus that gets the events as well, a target of its own: one of this broker by its name, or one of another EventBridge broker
    /// (another account or region) as `broker/bus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<String>,
    /// What targets that are consumers get of an event, unless `targets` says otherwise. Default: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// How often and how long a target that fails is tried again, unless `targets` says otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry: RetryPolicy,
    /// The queue that takes what targets never took, unless `targets` says otherwise; consumers read from `broker/queue`. Default: none,
    /// such events are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<String>,
    /// Targets with settings of their own. What is not said of a target here holds as the rule says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
}

/// What a target gets of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Input {
    /// Always this JSON text.
    Constant(String),
    /// What stands at a path, as in `$.detail.order`; `$` is the whole event.
    Path(String),
    /// A template filled with what stands at paths.
    Transformer {
        /// Names for paths.
        #[serde(default)]
        paths: Pairs<String>,
        /// The template, with `<name>` where a value goes.
        template: String,
    },
}

impl Input {
    /// The events of which it makes no JSON, so that they cannot be delivered.
    pub fn undeliverable(&self) -> Vec<Shape> {
        let Input::Transformer { paths, template } = self else { return Vec::new() };
        let paths = paths.iter().map(|(name, path)| (name.as_str(), path.as_str()));
        // One that cannot be read never gets into a run.
        let Ok(transformer) = Transformer::read(paths, template) else { return Vec::new() };
        Shape::ALL.into_iter().filter(|shape| !transformer.makes_json(*shape)).collect()
    }
}

/// How often and how long a target that fails is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicy {
    /// How long after the service took it in an event is given up, one minute to 24 hours; a replay brings it anew. Default 24 h.
    #[serde(default = "longest_age")]
    pub max_age: Span,
    /// Tries after the first, 0 to 185. Default 185.
    #[serde(default = "most_attempts")]
    pub attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy { max_age: longest_age(), attempts: most_attempts() }
    }
}

/// An event replay: archived events come again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Its name, which every event it brings carries as `replay-name`.
    pub name: String,
    /// The bus whose archive it is. Default: the only bus that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// When it starts.
    pub at: Span,
    /// Start of the window of events that come again, by their own times. Default: the start of the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from: Span,
    /// End of the window. Default: the moment at which the replay starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Span>,
    /// Rules that get them. Default: all there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// How many come again per second. The service does not say. Default 500/s.
    #[serde(default = "replay_rate", skip_serializing_if = "is_replay_rate")]
    pub rate: Rate,
    /// When it is cancelled, if it is still under way. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Span>,
}

/// How clients publish.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutEvents {
    /// Entries of one call, 1 to 10. Default 1: each event is a call of its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub entries: u32,
    /// How long a client waits for a call to fill up. Default 10 ms.
    #[serde(default = "ten_ms", skip_serializing_if = "is_ten_ms")]
    pub wait: Span,
    /// Share of entries that fail alone, while the call succeeds (`FailedEntryCount`, `InternalFailure`). Default none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fails: Percent,
}

impl Default for PutEvents {
    fn default() -> Self {
        PutEvents { entries: one(), wait: ten_ms(), fails: Percent(0.0) }
    }
}

/// What the account may do per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Calls of PutEvents; more are refused with ThrottlingException. Default 10000/s.
    #[serde(default = "put_rate")]
    pub put: Rate,
    /// Targets invoked; more wait. Default 18750/s.
    #[serde(default = "invoke_rate")]
    pub invoke: Rate,
}

impl Default for Quotas {
    fn default() -> Self {
        Quotas { put: put_rate(), invoke: invoke_rate() }
    }
}

impl EventBridge {
    /// Position of the bus that a rule belongs to.
    pub fn bus_of(&self, rule: &Rule) -> Option<usize> {
        self.bus_or_usual(rule.bus.as_deref(), |_| true)
    }

    /// Position of the bus whose archive a replay is of.
    pub fn archive_of(&self, replay: &Replay) -> Option<usize> {
        self.bus_or_usual(replay.bus.as_deref(), |bus| bus.archive.is_some())
    }

    /// The bus of that name; without a name the only one that fits, or the one called `default`.
    fn bus_or_usual(&self, name: Option<&str>, fits: impl Fn(&Bus) -> bool) -> Option<usize> {
        let named = |name: &str| self.buses.iter().position(|bus| bus.name == name);
        if let Some(name) = name {
            return named(name);
        }
        let mut fitting = (0..self.buses.len()).filter(|i| fits(&self.buses[*i]));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Some(only),
            _ => named("default"),
        }
    }

    /// The ARN of something in this account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The ARN of a bus.
    pub fn bus_arn(&self, name: &str) -> String {
        self.arn("events", &format!("event-bus/{name}"))
    }

    /// The ARN of a rule: one of the default bus does not name it.
    pub fn rule_arn(&self, rule: &Rule) -> String {
        match self.bus_of(rule).map(|bus| self.buses[bus].name.as_str()) {
            Some(bus) if bus != "default" => self.arn("events", &format!("rule/{bus}/{}", rule.name)),
            _ => self.arn("events", &format!("rule/{}", rule.name)),
        }
    }

    /// Rules that send events of the service's own at some times, in file order.
    pub fn scheduled(&self) -> impl Iterator<Item = (usize, &Rule, &Schedule)> {
        let rules = self.rules.iter().enumerate().filter(|(_, rule)| rule.enabled);
        rules.filter_map(|(i, rule)| rule.schedule.as_ref().map(|schedule| (i, rule, schedule)))
    }

    /// Names of the dead-letter queues, each once, in order of the rules.
    pub fn dead_letter_queues(&self) -> Vec<&str> {
        let mut known = BTreeSet::new();
        let queues = self.rules.iter().flat_map(Rule::queues).map(|(queue, _)| queue);
        queues.filter(|queue| known.insert(*queue)).collect()
    }
}

impl Parts for EventBridge {
    fn name(&self) -> &'static str {
        "EventBridge"
    }

    fn channel_word(&self) -> &'static str {
        "bus"
    }

    fn channels(&self) -> Vec<&str> {
        self.buses.iter().map(|bus| bus.name.as_str()).collect()
    }

    fn channel_path(&self, index: usize) -> String {
        format!("buses[{index}].name")
    }

    fn declares_outlets(&self) -> bool {
        true
    }

    /// First the rules, then the dead-letter queues.
    fn outlets(&self) -> Option<Vec<NamedOutlet<'_>>> {
        let mut rules = Vec::with_capacity(self.rules.len());
        let mut queues: Vec<NamedOutlet<'_>> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, rule) in self.rules.iter().enumerate() {
            let bus = self.bus_of(rule);
            rules.push(NamedOutlet { name: &rule.name, path: format!("rules[{i}].name"), fed_by: bus.into_iter().collect() });
            for (name, field) in rule.queues() {
                let at = *known.entry(name).or_insert_with(|| {
                    queues.push(NamedOutlet { name, path: format!("rules[{i}].{field}"), fed_by: Vec::new() });
                    queues.len() - 1
                });
                queues[at].fed_by.extend(bus);
            }
        }
        for queue in &mut queues {
            queue.fed_by.sort_unstable();
            queue.fed_by.dedup();
        }
        rules.extend(queues);
        Some(rules)
    }

    /// A rule's targets each get the event; a queue's readers share what is in it.
    fn fans_out(&self, outlet: usize) -> bool {
        outlet < self.rules.len()
    }
}

/// The type of events that come on a schedule.
pub const SCHEDULED_EVENT: &str = "Scheduled Event";

fn published_latency() -> Times {
    let point = |share: f64, ms: u64| (Percent(share), Span::from_millis(ms));
    Times::Empirical(vec![point(0.0, 80), point(0.1, 113), point(0.5, 148), point(0.9, 241), point(0.99, 387), point(1.0, 900)])
}
fn is_published_latency(times: &Times) -> bool {
    *times == published_latency()
}
fn rare() -> Percent {
    Percent(0.000_01)
}
fn is_rare(share: &Percent) -> bool {
    *share == rare()
}
fn account() -> String {
    "111122223333".to_owned()
}
fn is_account(text: &str) -> bool {
    text == account()
}
fn region() -> String {
    "us-east-1".to_owned()
}
fn is_region(text: &str) -> bool {
    text == region()
}
fn one() -> u32 {
    1
}
fn is_one(n: &u32) -> bool {
    *n == 1
}
fn ten_ms() -> Span {
    Span::from_millis(10)
}
fn is_ten_ms(span: &Span) -> bool {
    *span == ten_ms()
}
fn longest_age() -> Span {
    Span::from_millis(1000 * limits::AGE_SECONDS.end())
}
fn most_attempts() -> u32 {
    limits::MOST_ATTEMPTS
}
fn put_rate() -> Rate {
    Rate(10_000.0)
}
fn invoke_rate() -> Rate {
    Rate(18_750.0)
}
fn replay_rate() -> Rate {
    Rate(500.0)
}
fn is_replay_rate(rate: &Rate) -> bool {
    *rate == replay_rate()
}
fn yes() -> bool {
    true
}
fn is_yes(yes: &bool) -> bool {
    *yes
}
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
