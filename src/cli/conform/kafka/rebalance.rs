//! What a group does when a member comes, goes, dies or gets stuck, in virtual time.

use super::{Compared, read};
use crate::engine::kafka::TopicPartition;
use crate::engine::kafka::assign::{Assignor, Topic};
use crate::engine::kafka::group::{Group, GroupConfig, Happening, Protocol};
use crate::time::{Span, Time};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Deserialize)]
struct Row {
    given: Given,
    expected: Map<String, Value>,
}

#[derive(Deserialize)]
struct Given {
    partitions: u32,
    members: usize,
    heartbeat_interval_ms: Option<u64>,
    group_consumer_heartbeat_interval_ms: Option<u64>,
    session_timeout_ms: Option<u64>,
    max_poll_interval_ms: Option<u64>,
    poll_processing_ms: Option<u64>,
    protocol: Option<String>,
    #[serde(default)]
    group_instance_id: bool,
    event: String,
}

/// What happens to the last member, or who is new.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Joins,
    Closes,
    Dies,
    Stuck,
}

/// When the event happens: long after the group formed, at no particular phase of heartbeats.
const EVENT: Time = Time(61_234_000_000);

/// How long the group is watched after the event: longer than any timeout of Kafka's defaults.
const WATCHED: Span = Span::from_millis(400_000);

/// What was seen after the event.
#[derive(Default)]
struct Seen {
    rebalances: u32,
    /// Partitions that somebody who goes on reading had to give up, and how many of these times.
    interrupted: BTreeSet<TopicPartition>,
    /// When each partition's last owner stopped, and when the next one started.
    stopped: BTreeMap<TopicPartition, Time>,
    /// How long each partition that changed hands was read by nobody.
    gaps: Vec<Span>,
    /// Whether everybody who goes on had given up everything before anything was handed out.
    all_stopped_first: bool,
    /// Instants at which partitions were handed out.
    handed: BTreeSet<Time>,
    /// When the coordinator removed the member.
    removed: Option<Time>,
    /// When the member polled last.
    polled: Time,
    /// When everything was read again.
    whole: Option<Time>,
    others_heard: u32,
}

/// Plays the event and answers what the row asks for.
pub fn rebalance(row: &Value) -> Result<Compared, String> {
    let Row { given, expected } = read(row)?;
    let (event, back) = given.event()?;
    let config = given.config()?;
    let seen = play(&given, config, event, back);
    let actual: Map<String, Value> =
        expected.iter().map(|(field, value)| (field.clone(), answer(field, value, &seen, &given, config))).collect();
    Ok(Compared { expected: json!(expected), actual: json!(actual) })
}

impl Given {
    /// What happens, and after how many seconds the member is back.
    fn event(&self) -> Result<(Event, Option<f64>), String> {
        let words = self.event.to_lowercase();
        let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
        let seconds =
            || words.split_once("after ").and_then(|(_, rest)| rest.split_whitespace().next()?.trim_end_matches('s').parse().ok());
        let back = if has(&["back", "return", "restart"]) { seconds() } else { None };
        match () {
            () if has(&["stops calling poll", "stuck"]) => Ok((Event::Stuck, None)),
            () if has(&["sigkill", "crash", "dies", "killed"]) => Ok((Event::Dies, back)),
            () if has(&["close", "leave"]) => Ok((Event::Closes, back)),
            () if has(&["join"]) => Ok((Event::Joins, None)),
            () => Err(format!("event `{}` is not understood", self.event)),
        }
    }

    fn config(&self) -> Result<GroupConfig, String> {
        let words = self.protocol.as_deref().unwrap_or("range").to_lowercase();
        let (protocol, assignor) = match () {
            () if words.contains("848") || words.starts_with("consumer") => (Protocol::Consumer, Assignor::Uniform),
            () if words.contains("cooperative") => (Protocol::Classic, Assignor::CooperativeSticky),
            () if words.contains("roundrobin") => (Protocol::Classic, Assignor::RoundRobin),
            () if words.contains("sticky") => (Protocol::Classic, Assignor::Sticky),
            () if words.contains("range") || words.contains("eager") || words.contains("classic") => (Protocol::Classic, Assignor::Range),
            () => return Err(format!("protocol `{words}` is not understood")),
        };
        let heartbeat = match protocol {
            Protocol::Classic => self.heartbeat_interval_ms.unwrap_or(3000),
            Protocol::Consumer => self.group_consumer_heartbeat_interval_ms.unwrap_or(5000),
        };
        let default = GroupConfig::default();
        let or = |ms: Option<u64>, default: Span| ms.map_or(default, Span::from_millis);
        // The broker sets the session of the consumer protocol (45 s); what a client asks for does not matter there.
        let session = if protocol == Protocol::Classic { or(self.session_timeout_ms, default.session) } else { default.session };
        Ok(GroupConfig {
            protocol,
            assignor,
            heartbeat: Span::from_millis(heartbeat),
            session,
            max_poll: or(self.max_poll_interval_ms, default.max_poll),
            fixed: self.group_instance_id,
            ..default
        })
    }
}

fn play(given: &Given, config: GroupConfig, event: Event, back: Option<f64>) -> Seen {
    let topics = Arc::new(vec![Topic { partitions: given.partitions, replica_racks: Vec::new() }]);
    let mut group = Group::formed(config, topics, vec![vec![0]; given.members]);
    let subject = if event == Event::Joins { group.enrol(vec![0]) } else { given.members - 1 };
    let every = Span::from_millis(given.poll_processing_ms.unwrap_or(50).max(1));
    let clients = given.members + usize::from(event == Event::Joins);
    // Every client works on what it polled and polls again, each at its own phase.
    let mut polls: BTreeSet<(Time, usize)> =
        (0..clients).map(|client| (Time(every.0 * (client as u64 + 1) / (clients as u64 + 1)), client)).collect();
    let mut seen = Seen::default();
    let mut running: Vec<bool> = (0..clients).map(|client| event != Event::Joins || client != subject).collect();
    let mut out = Vec::new();
    let mut before = None;
    let mut due = vec![(EVENT, false)];
    due.extend(back.map(|seconds| (EVENT + Span::from_seconds(seconds), true)));
    loop {
        let next_poll = polls.first().map_or(Time::NEVER, |(at, _)| *at);
        let next_event = due.first().map_or(Time::NEVER, |(at, _)| *at);
        let now = group.next().unwrap_or(Time::NEVER).min(next_poll).min(next_event);
        if now > EVENT + WATCHED {
            break;
        }
        if now == next_event {
            let (_, returns) = due.remove(0);
            match event {
                _ if returns => {
                    running[subject] = true;
                    group.joins(subject, now);
                }
                Event::Joins => {
                    running[subject] = true;
                    group.joins(subject, now);
                }
                Event::Closes => {
                    running[subject] = false;
                    group.closes(subject, now, &mut out);
                }
                Event::Dies => {
                    running[subject] = false;
                    group.dies(subject, now, &mut out);
                }
                // It is at work on what it polled last, and never done.
                Event::Stuck => running[subject] = false,
            }
            before.get_or_insert(group.rebalances());
            if matches!(event, Event::Closes | Event::Dies) {
                // What the subject read is read by nobody from here on.
                for happening in out.drain(..) {
                    if let Happening::Revoked { partitions, .. } = happening {
                        seen.stopped.extend(partitions.into_iter().map(|partition| (partition, now)));
                    }
                }
            }
        } else if now == next_poll {
            polls.pop_first().inspect(|(_, client)| {
                if running[*client] {
                    group.polls(*client, now, false, &mut out);
                    if *client == subject {
                        seen.polled = now;
                    }
                }
                polls.insert((now + every, *client));
            });
        } else {
            group.advance(now, &mut out);
        }
        for happening in out.drain(..) {
            if before.is_some() {
                seen.note(happening, subject, now, &group, &running, given.partitions);
            }
        }
    }
    seen.rebalances = group.rebalances() - before.unwrap_or(0);
    seen
}

impl Seen {
    fn note(&mut self, happening: Happening, subject: usize, now: Time, group: &Group, running: &[bool], count: u32) {
        match happening {
            Happening::Revoked { client, partitions, .. } => {
                if client != subject {
                    self.interrupted.extend(&partitions);
                    self.others_heard += 1;
                }
                self.stopped.extend(partitions.into_iter().map(|partition| (partition, now)));
            }
            Happening::Assigned { client, partitions } => {
                self.others_heard += u32::from(client != subject);
                if self.handed.is_empty() {
                    self.all_stopped_first = self.stopped.len() == count as usize;
                }
                self.handed.insert(now);
                self.gaps.extend(partitions.iter().filter_map(|partition| self.stopped.remove(partition)).map(|since| now.since(since)));
            }
            Happening::Removed { client, .. } if client == subject => {
                self.removed.get_or_insert(now);
            }
            _ => {}
        }
        let read: usize = (0..running.len()).filter(|client| running[*client]).map(|client| group.reads(client).len()).sum();
        if read == count as usize {
            self.whole.get_or_insert(now);
        } else {
            self.whole = None;
        }
    }
}

/// What the model says where the row expects `value`. Sentences are repeated if what was seen bears them out.
fn answer(field: &str, value: &Value, seen: &Seen, given: &Given, config: GroupConfig) -> Value {
    let since = |at: Option<Time>| at.map(|at| at.since(EVENT).seconds());
    let longest = seen.gaps.iter().max().copied().unwrap_or(Span::ZERO);
    let heartbeat = config.heartbeat.seconds();
    let slack = 0.5;
    let poll = given.poll_processing_ms.unwrap_or(50) as f64 / 1000.0;
    let borne_out = |holds: bool| if holds { value.clone() } else { json!(format!("longest gap {} s", longest.seconds())) };
    let within = |seconds: Option<f64>, holds: fn(f64, f64) -> bool| match (seconds, value.as_f64()) {
        (Some(seconds), Some(bound)) if holds(seconds, bound) => value.clone(),
        _ => json!(seconds),
    };
    // Somebody leaving is over when all is read again, also where nobody notices before a timeout.
    let seconds = since(seen.whole);
    match field {
        "rebalances" => json!(seen.rebalances),
        "revoked_partitions" => json!(seen.interrupted.len()),
        "partitions_never_interrupted" => json!(given.partitions as usize - seen.interrupted.len()),
        "survivors_revoke" => json!(seen.interrupted.len()),
        "rebalances_seen_by_others" => json!(if seen.others_heard == 0 { 0 } else { seen.rebalances }),
        "seconds_min" => within(seconds, |time, bound| time >= bound),
        "seconds_max" => within(seconds, |time, bound| time <= bound),
        "detected_after_session_timeout" => {
            json!(since(seen.removed).is_some_and(|time| time <= config.session.seconds() + heartbeat))
        }
        "detected_after_s" => json!(seen.removed.map(|at| at.since(seen.polled).seconds().round() as u64)),
        // One barrier: all stop, then one moment at which all start.
        "order" => borne_out(seen.all_stopped_first && seen.handed.len() == 1),
        "pause_bound" => borne_out(seen.handed.len() == 1 && longest.seconds() <= heartbeat + poll + slack),
        "moved_partitions_wait" => borne_out(longest > Span::ZERO && longest.seconds() <= heartbeat + slack),
        "partitions_given_at" => borne_out(seconds.is_some_and(|time| time <= heartbeat + slack)),
        _ => Value::Null,
    }
}
