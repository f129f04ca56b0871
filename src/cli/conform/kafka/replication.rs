//! A partition's replicas: what producers are answered, who leads, what consumers see.

use super::{Compared, read};
use crate::engine::kafka::Error;
use crate::engine::kafka::replication::{Acks, Places, Replication, ReplicationConfig};
use crate::time::{Span, Time};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Row {
    given: Given,
    expected: Map<String, Value>,
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    replicas: Vec<u32>,
    leader: Option<u32>,
    old_leader: Option<u32>,
    isr: Option<Vec<u32>>,
    alive: Option<Vec<u32>>,
    #[serde(default)]
    dead: Vec<u32>,
    min_insync_replicas: Option<u32>,
    acks: Option<Value>,
    #[serde(default)]
    unclean: bool,
    #[serde(default)]
    elr: Vec<u32>,
    #[serde(default)]
    elr_enabled: bool,
    last_known_leader: Option<u32>,
    slow_follower: Option<u32>,
    event: Option<String>,
    follower: Option<String>,
    log_end: Option<u64>,
    high_watermark_before: Option<u64>,
    replica_lag_time_max_ms: Option<u64>,
    broker_session_timeout_ms: Option<u64>,
    /// `log_of_2` and the like.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Runs a row and answers what it asks for.
pub fn replication(row: &Value) -> Result<Compared, String> {
    let Row { given, expected } = read(row)?;
    let mut actual = if expected.contains_key("seconds_min") || expected.contains_key("seconds_max") {
        within(detection(&given), &expected)
    } else if given.acks.is_some() {
        produce(&given, &expected)?
    } else {
        elect(&given)?
    };
    actual.retain(|field, _| expected.contains_key(field));
    Ok(Compared { expected: json!(expected), actual: json!(actual) })
}

impl Given {
    fn place(&self, node: u32) -> Result<usize, String> {
        self.replicas.iter().position(|replica| *replica == node).ok_or_else(|| format!("broker {node} has no replica"))
    }

    fn places(&self, nodes: &[u32]) -> Result<Places, String> {
        nodes.iter().map(|node| self.place(*node)).collect()
    }

    fn nodes(&self, places: Places) -> Value {
        let mut nodes: Vec<u32> = self.replicas.iter().enumerate().filter(|(place, _)| places.has(*place)).map(|(_, node)| *node).collect();
        nodes.sort_unstable();
        json!(nodes)
    }

    fn log(&self, node: u32) -> Option<&Vec<Value>> {
        self.more.get(&format!("log_of_{node}")).and_then(Value::as_array)
    }

    /// Who leaves those in sync by the event, before it has fetched: whom it names as dying, or does not name among those who stay (`to [1]`),
    /// and else, if it speaks of the set in sync at all, whoever is slow or dead.
    fn leaving(&self, partition: &Replication, slow: Option<usize>) -> Places {
        let event = self.event.as_deref().unwrap_or_default();
        let shrinks = Stem::of(event) == Some(Stem::Gone) || event.contains("shrink");
        let places = || (0..self.replicas.len()).filter(|place| shrinks && Some(*place) != partition.leader());
        let (stay, named) = named(event);
        let is = |nodes: &[u32], place: &usize| nodes.contains(&self.replicas[*place]);
        match () {
            () if !stay.is_empty() => places().filter(|place| !is(&stay, place)).collect(),
            () if self.replicas.iter().any(|node| named.contains(node)) => places().filter(|place| is(&named, place)).collect(),
            () => places().filter(|place| Some(*place) == slow || !partition.alive().has(*place)).collect(),
        }
    }

    /// The partition as the row finds it, with the ends of those in sync (or of the logs that are given).
    fn partition(&self, end: u64, high_watermark: u64) -> Result<Replication, String> {
        let living = |node: &&u32| !self.dead.contains(node);
        let alive = self.alive.clone().unwrap_or_else(|| self.replicas.iter().filter(living).copied().collect());
        let isr = self.places(self.isr.as_deref().unwrap_or(&self.replicas))?;
        let ends: Vec<u64> = self
            .replicas
            .iter()
            .enumerate()
            .map(|(place, node)| self.log(*node).map_or(if isr.has(place) { end } else { 0 }, |log| log.len() as u64))
            .collect();
        let leader = self.leader.or(self.old_leader).map(|node| self.place(node)).transpose()?;
        let config = ReplicationConfig {
            min_insync: self.min_insync_replicas.unwrap_or(1),
            unclean: self.unclean,
            elr: self.elr_enabled,
            lag_time_max: Span::from_millis(self.replica_lag_time_max_ms.unwrap_or(30_000)),
        };
        let last = self.last_known_leader.map(|node| self.place(node)).transpose()?;
        let partition = Replication::restored(config, &ends, self.places(&alive)?, isr, leader, high_watermark);
        Ok(partition.with_eligible(self.places(&self.elr)?, last.or(leader)))
    }
}

/// Produces one record.
fn produce(given: &Given, expected: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let acks = match given.acks.as_ref().and_then(|acks| acks.as_str().map(str::to_owned).or_else(|| acks.as_i64().map(|n| n.to_string())))
    {
        Some(text) if text == "0" => Acks::Zero,
        Some(text) if text == "1" => Acks::One,
        Some(text) if text == "all" || text == "-1" => Acks::All,
        _ => return Err(format!("unknown acks {:?}", given.acks)),
    };
    let mut partition = given.partition(0, 0)?;
    // A leader that is dead but not yet fenced answers nobody.
    let headless = partition.leader().is_some_and(|leader| !partition.alive().has(leader));
    let admitted = if headless { Err(Error::LeaderNotAvailable) } else { partition.admit(acks) };
    if let Err(error) = admitted {
        return Ok(said([("result", json!(error.name())), ("appended", json!(false)), ("visible", json!(false))]));
    }
    partition.appended(1, Time::ZERO);
    let slow = given.slow_follower.map(|node| given.place(node)).transpose()?;
    let leaving = given.leaving(&partition, slow);
    let fetches = |place: usize| Some(place) != slow && Some(place) != partition.leader() && partition.alive().has(place);
    let fetching: Vec<usize> = (0..given.replicas.len()).filter(|place| fetches(*place) && !leaving.has(*place)).collect();
    fetching.into_iter().for_each(|place| partition.fetched(place, 1, Time::ZERO));
    (0..given.replicas.len()).filter(|place| leaving.has(*place)).for_each(|place| partition.fence(place));
    let visible = partition.high_watermark() > 0;
    // Who is dead or slow leaves the set in sync in time; does the record show then?
    let mut later = partition.clone();
    let gone = |place: &usize| later.isr().has(*place) && (!later.alive().has(*place) || Some(*place) == slow);
    let gone: Vec<usize> = (0..given.replicas.len()).filter(gone).collect();
    gone.into_iter().for_each(|place| later.fence(place));
    let isr = given.nodes(later.isr());
    let result = match (acks, partition.answer(0)) {
        (Acks::Zero, _) => json!("no response, offset unknown to the producer"),
        (Acks::One, _) | (Acks::All, Some(Ok(()))) => json!("ok"),
        (Acks::All, Some(Err(error))) => json!(error.name()),
        (Acks::All, None) => match given.slow_follower {
            Some(node) => json!(format!("ok only after {node} has fetched the record or left the ISR")),
            None => json!(Error::RequestTimedOut.name()),
        },
    };
    // A sentence about the time when it becomes visible has to name the right set.
    let shown = match expected.get("visible") {
        Some(Value::String(words)) if !visible && later.high_watermark() > 0 && names(words, &isr) => json!(words),
        _ => json!(visible),
    };
    Ok(said([("result", result), ("appended", json!(true)), ("visible", shown), ("isr", isr)]))
}

/// Whether a sentence speaks of the ISR, and of no other one than this.
fn names(words: &str, isr: &Value) -> bool {
    words.contains("ISR") && words.find('[').is_none_or(|at| words[at..].replace(' ', "").starts_with(&isr.to_string()))
}

/// What becomes of the partition by itself and by the event that is given.
fn elect(given: &Given) -> Result<Map<String, Value>, String> {
    let end = given.log_end.unwrap_or(0);
    let mut partition = given.partition(end, given.high_watermark_before.unwrap_or(0))?;
    let before: Vec<u64> = (0..given.replicas.len()).map(|place| partition.end(place)).collect();
    let event = given.event.as_deref().unwrap_or_default();
    // Those whom the row calls dead are fenced already; one in sync may still be listed. Theirs comes first: nobody is elected for the
    // others' sake.
    let mut dead: Vec<usize> = (0..given.replicas.len()).filter(|place| !partition.alive().has(*place)).collect();
    dead.sort_by_key(|place| !partition.isr().has(*place));
    dead.into_iter().for_each(|place| partition.fence(place));
    partition.elect();
    let now = Time::ZERO;
    let preferred = event.contains("preferred");
    let brokers = named(event).1.into_iter().filter_map(|node| given.place(node).ok());
    match Stem::of(event) {
        _ if preferred => partition.elect_preferred(),
        Some(Stem::Gone) => brokers.for_each(|place| partition.fence(place)),
        Some(Stem::Back) => brokers.for_each(|place| partition.unfence(place)),
        None if event.is_empty() => {}
        None => return Err(format!("event `{event}` is not understood")),
    }
    // Everybody alive has time to catch up.
    let end = partition.leader().map_or(0, |leader| partition.end(leader));
    for place in 0..given.replicas.len() {
        if !preferred && Some(place) != partition.leader() && partition.alive().has(place) {
            partition.fetched(place, end, now);
        }
    }
    partition.appended(end, now);
    let leader = partition.leader().map(|place| given.replicas[place]);
    let log = leader.and_then(|leader| given.log(leader));
    // What the longest log had and the new one lacks.
    let longest = given.replicas.iter().filter_map(|node| given.log(*node)).max_by_key(|log| log.len());
    let lost = longest.zip(log).map(|(longest, log)| longest[log.len().min(longest.len())..].to_vec());
    let produce = partition.admit(Acks::All).map_or_else(|error| error.name(), |()| "ok");
    let truncated = (0..given.replicas.len()).any(|place| partition.end(place) < before[place]);
    Ok(said([
        ("leader", json!(leader)),
        ("isr", given.nodes(partition.isr())),
        ("high_watermark", json!(partition.high_watermark())),
        ("log", json!(log)),
        ("lost", json!(lost)),
        ("produce", json!(produce)),
        ("truncated", json!(truncated)),
    ]))
}

/// What an event says of the brokers that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stem {
    Gone,
    Back,
}

impl Stem {
    const WORDS: &[(Stem, &[&str])] = &[
        (Stem::Back, &["join", "return", "back", "restart", "again", "recover", "unfence", "comes up"]),
        (Stem::Gone, &["die", "dead", "death", "crash", "leave", "kill", "stop", "fail", "fence", "shut", "gone", "lost", "goes down"]),
    ];

    fn of(event: &str) -> Option<Stem> {
        let event = event.to_lowercase();
        let spoken = |(_, words): &&(Stem, &[&str])| words.iter().any(|word| event.contains(word));
        Stem::WORDS.iter().find(spoken).map(|(stem, _)| *stem)
    }
}

/// The numbers in an event: those in a list `[..]`, and the others.
fn named(event: &str) -> (Vec<u32>, Vec<u32>) {
    let numbers = |text: &str| text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    match event.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?))) {
        Some((before, (list, after))) => (numbers(list), numbers(&format!("{before} {after}"))),
        None => (Vec::new(), numbers(event)),
    }
}

fn said<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

/// Seconds from trouble to the controller or the leader acting on it.
fn detection(given: &Given) -> f64 {
    let lives = given.follower.as_deref().is_some_and(|follower| follower.starts_with("alive") || follower.contains("slow"));
    if lives || given.broker_session_timeout_ms.is_none() && given.replica_lag_time_max_ms.is_some() {
        let config =
            ReplicationConfig { lag_time_max: Span::from_millis(given.replica_lag_time_max_ms.unwrap_or(30_000)), ..Default::default() };
        let mut partition = Replication::new(config, 2);
        // The leader takes records that the follower does not fetch, and looks every half of the time, at no particular phase.
        let check = Span(config.lag_time_max.0 / 2);
        let mut now = Time::ZERO + Span(check.0 / 3);
        partition.appended(1, now);
        while !partition.shrink(now) {
            now += check;
        }
        return now.seconds();
    }
    // Half a heartbeat (every 2 s) has passed since the last one, on average.
    let session = given.broker_session_timeout_ms.unwrap_or(9000);
    session as f64 / 1000.0 - 1.0
}

/// The bounds that a time keeps are the answer; a bound that it breaks is answered with the time.
fn within(seconds: f64, expected: &Map<String, Value>) -> Map<String, Value> {
    let bound = |field: &str, holds: fn(f64, f64) -> bool| {
        let kept = expected.get(field).filter(|bound| bound.as_f64().is_some_and(|bound| holds(seconds, bound)));
        (field.to_owned(), kept.cloned().unwrap_or_else(|| json!(seconds)))
    };
    [bound("seconds_min", |time, bound| time >= bound), bound("seconds_max", |time, bound| time <= bound)].into_iter().collect()
}
