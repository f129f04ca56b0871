//! Which member gets which partition, over a sequence of memberships.

use super::{Compared, read};
use crate::engine::kafka::TopicPartition;
use crate::engine::kafka::assign::{Assignment, Assignor, Group, Member, Topic};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Row {
    assignor: String,
    rounds: Vec<Round>,
    expected: Vec<Vec<Map<String, Value>>>,
    #[serde(default)]
    check: String,
    #[serde(default)]
    alternatives: Vec<Value>,
}

#[derive(Deserialize)]
struct Round {
    topics: BTreeMap<String, u32>,
    members: Vec<Given>,
    #[serde(default)]
    replica_racks: BTreeMap<String, Vec<Vec<String>>>,
}

#[derive(Deserialize)]
struct Given {
    id: String,
    topics: Vec<String>,
    instance: Option<String>,
    rack: Option<String>,
    owned: Option<Vec<String>>,
    generation: Option<i32>,
}

/// A topic's name and a partition's number.
type Named = (String, u32);

/// What everybody owns by member id, carried from rebalance to rebalance.
type Owned = BTreeMap<String, Vec<Named>>;

/// How many rebalances a group may take to come to rest: cooperative ones take two.
const MOST_REBALANCES: usize = 10;

/// Runs every round until the group is at rest.
pub fn assignor(row: &Value) -> Result<Compared, String> {
    let row: Row = read(row)?;
    let assignor = match row.assignor.as_str() {
        "range" => Assignor::Range,
        "roundrobin" => Assignor::RoundRobin,
        "sticky" => Assignor::Sticky,
        "cooperative-sticky" => Assignor::CooperativeSticky,
        "kip848-uniform" => Assignor::Uniform,
        "kip848-range" => Assignor::ServerRange,
        other => return Err(format!("unknown assignor `{other}`")),
    };
    let mut owned = Owned::new();
    let mut generation = 0;
    let mut rounds: Vec<Vec<Map<String, Value>>> = Vec::new();
    for round in &row.rounds {
        let mut rebalances = Vec::new();
        loop {
            // What the row says of ownership holds for the first rebalance of its round.
            let (answer, again) = rebalance(assignor, round, &mut owned, generation, rebalances.is_empty())?;
            generation += 1;
            rebalances.push(answer);
            if !again || rebalances.len() == MOST_REBALANCES {
                break;
            }
        }
        rounds.push(rebalances);
    }
    if row.check == "one_of" {
        let bare = |rebalance: &Map<String, Value>| rebalance.get("assignment").cloned().unwrap_or(Value::Null);
        let actual = json!(rounds.iter().map(|round| round.iter().map(bare).collect::<Vec<_>>()).collect::<Vec<_>>());
        let expected = row.alternatives.iter().find(|one| **one == actual).unwrap_or(&json!(row.alternatives)).clone();
        return Ok(Compared { expected, actual });
    }
    // Rows of eager assignors without memory say nothing of what moved; compare what the row speaks of.
    for (round, expected) in rounds.iter_mut().zip(&row.expected) {
        for (rebalance, expected) in round.iter_mut().zip(expected) {
            rebalance.retain(|field, _| expected.contains_key(field));
        }
    }
    Ok(Compared { expected: json!(row.expected), actual: json!(rounds) })
}

/// One rebalance in the words of the rows, and whether members have to rejoin because they gave something up.
fn rebalance(
    assignor: Assignor,
    round: &Round,
    owned: &mut Owned,
    generation: i32,
    first: bool,
) -> Result<(Map<String, Value>, bool), String> {
    let names: BTreeSet<&String> = round.topics.keys().chain(round.members.iter().flat_map(|member| &member.topics)).collect();
    let names: Vec<&String> = names.into_iter().collect();
    let number = |name: &str| names.binary_search_by(|known| known.as_str().cmp(name)).ok().map(|at| at as u32);
    let topic = |name: &&String| Topic {
        partitions: round.topics.get(*name).copied().unwrap_or(0),
        replica_racks: round.replica_racks.get(*name).cloned().unwrap_or_default(),
    };
    let topics: Vec<Topic> = names.iter().map(topic).collect();
    let mut given: Vec<&Given> = round.members.iter().collect();
    given.sort_by(|a, b| a.id.cmp(&b.id));
    let mut claims: Vec<Vec<Named>> = Vec::new();
    for member in &given {
        claims.push(match &member.owned {
            Some(owned) if first => owned.iter().map(|text| partition(text)).collect::<Result<_, _>>()?,
            _ => owned.get(&member.id).cloned().unwrap_or_default(),
        });
    }
    let member = |(given, claims): (&&Given, &Vec<Named>)| {
        let mut topics: Vec<u32> = given.topics.iter().filter_map(|name| number(name)).collect();
        topics.sort_unstable();
        topics.dedup();
        let has = |(name, partition): &Named| number(name).map(|topic| TopicPartition { topic, partition: *partition });
        Member {
            id: given.id.clone(),
            instance: given.instance.clone(),
            topics,
            rack: given.rack.clone(),
            owned: claims.iter().filter_map(has).collect(),
            generation: given.generation.filter(|_| first).or_else(|| (!claims.is_empty()).then_some(generation)),
        }
    };
    let members: Vec<Member> = given.iter().zip(&claims).map(member).collect();
    let assignment = assignor.assign(Group { topics: &topics, members: &members });
    Ok(answer(assignor, &given, &names, &claims, assignment, owned))
}

fn answer(
    assignor: Assignor,
    given: &[&Given],
    names: &[&String],
    claims: &[Vec<Named>],
    assignment: Assignment,
    owned: &mut Owned,
) -> (Map<String, Value>, bool) {
    let named = |p: &TopicPartition| (names[p.topic as usize].clone(), p.partition);
    let assigned: Vec<Vec<Named>> = assignment.iter().map(|partitions| partitions.iter().map(named).collect()).collect();
    // Of two who claim one partition the later counts as its previous owner.
    let previous: BTreeMap<&Named, &str> =
        given.iter().zip(claims).flat_map(|(member, claims)| claims.iter().map(|claim| (claim, member.id.as_str()))).collect();
    let (mut shown, mut revoked, mut moved) = (Map::new(), Map::new(), 0);
    for ((member, claims), assigned) in given.iter().zip(claims).zip(&assigned) {
        let mut by_topic: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (topic, partition) in assigned {
            by_topic.entry(topic).or_default().push(*partition);
        }
        shown.insert(member.id.clone(), json!(by_topic));
        moved += assigned.iter().filter(|partition| previous.get(partition).is_some_and(|owner| *owner != member.id)).count();
        let mut lost: Vec<&Named> = claims.iter().filter(|claim| !assigned.contains(claim)).collect();
        lost.sort();
        if !lost.is_empty() {
            let lost: Vec<String> = lost.iter().map(|(topic, partition)| format!("{topic}-{partition}")).collect();
            revoked.insert(member.id.clone(), json!(lost));
        }
    }
    let again = assignor == Assignor::CooperativeSticky && !revoked.is_empty();
    *owned = given.iter().zip(assigned).map(|(member, assigned)| (member.id.clone(), assigned)).collect();
    let answer = [("assignment", json!(shown)), ("moved", json!(moved)), ("revoked", json!(revoked))];
    (answer.into_iter().map(|(field, value)| (field.to_owned(), value)).collect(), again)
}

/// `topic-3`.
fn partition(text: &str) -> Result<Named, String> {
    let parts = text.rsplit_once('-').and_then(|(topic, number)| number.parse().ok().map(|number| (topic.to_owned(), number)));
    parts.ok_or_else(|| format!("`{text}` is no partition"))
}
