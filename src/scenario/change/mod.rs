//! One drawing, another kind of broker: topic, topic exchange with a queue per reader, bus with a rule per reader.
//!
//! A broker of any kind is read as a [`Drawing`]: channels, and who reads what comes through them. Any kind can be made of that. What a
//! drawing does not hold (native settings, filters), and what the new kind cannot do (order, replay), is told in sentences.

mod eventbridge;
mod kafka;
mod rabbitmq;
mod simple;

use super::Scenario;
use super::broker::BrokerKind;
use super::broker::rabbitmq::DEFAULT_EXCHANGE;
use super::document::{Consumer, Node, Read};
use std::collections::BTreeMap;

/// A broker without its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// What is written to, by name.
    pub channels: Vec<String>,
    /// What is read from: one entry per group of readers.
    pub outlets: Vec<Outlet>,
}

/// What one group of readers reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlet {
    /// A name for it: its group's.
    pub name: String,
    /// Positions of the channels whose events come this way; none for what only dead letters reach.
    pub channels: Vec<usize>,
    /// How many consumers read it together.
    pub readers: u32,
    /// Running copies of all of them.
    pub instances: u32,
}

/// What each kind can do with drawings.
struct Converter {
    /// As in the file.
    name: &'static str,
    /// As on the command line and in sentences.
    title: &'static str,
    /// Makes a broker of a drawing. Outlets are called as in the drawing, channels too.
    make: fn(&Drawing) -> BrokerKind,
    /// How readers say what they read.
    reading: Reading,
    /// What a broker of this kind cannot do, whatever it was before.
    cannot: &'static [&'static str],
}

/// How readers say what they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// By channel, and as which group.
    Channels,
    /// By the name of a queue, which readers share.
    Queue,
    /// By the name of a rule, of which each group gets copies of its own.
    Rule,
}

const CONVERTERS: &[Converter] = &[simple::CONVERTER, kafka::CONVERTER, rabbitmq::CONVERTER, eventbridge::CONVERTER];

/// The kinds that brokers can be changed to: name in the file, and title.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    CONVERTERS.iter().map(|kind| (kind.name, kind.title))
}

/// The kind of that name in the file, whatever its case.
pub fn kind(name: &str) -> Option<&'static str> {
    CONVERTERS.iter().find(|kind| kind.name.eq_ignore_ascii_case(name)).map(|kind| kind.name)
}

/// What a scenario becomes with another kind of broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The scenario.
    pub scenario: Scenario,
    /// What it no longer says, and what the new kind cannot do: sentences.
    pub lost: Vec<String>,
}

/// Gives the broker called `id` another kind. `None` if there is no such broker or kind; unchanged if it is of that kind.
pub fn change(scenario: &Scenario, id: &str, to: &str) -> Option<Changed> {
    let to = CONVERTERS.iter().find(|kind| kind.name.eq_ignore_ascii_case(to))?;
    let at = scenario.nodes.iter().position(|node| matches!(node, Node::Broker(b) if b.id == id))?;
    let Node::Broker(broker) = &scenario.nodes[at] else { return None };
    let declared = broker.kind.parts().declares_outlets();
    if broker.kind.name() == to.name {
        return Some(Changed { scenario: scenario.clone(), lost: Vec::new() });
    }
    let mut lost = Vec::new();
    let (drawing, places) = drawing(scenario, id, &broker.kind, &mut lost);
    lost.extend(to.cannot.iter().map(|sentence| format!("{}: {sentence}", to.title)));
    let mut next = scenario.clone();
    if let Node::Broker(broker) = &mut next.nodes[at] {
        broker.kind = (to.make)(&drawing);
    }
    for (node, outlets) in places.into_iter().enumerate() {
        if let Node::Consumer(consumer) = &mut next.nodes[node] {
            let before = consumer.clone();
            rewire(consumer, id, &drawing, &outlets, to.reading);
            let pairs = before.reads.iter().zip(&outlets).filter_map(|(read, outlet)| Some((read, &drawing.outlets[(*outlet)?])));
            for (read, outlet) in pairs {
                let names = [called(read, &before, declared), renamed(id, outlet, &drawing, to.reading)];
                next.expect
                    .iter_mut()
                    .for_each(|expect| expect.0 = expect.0.replace(&format!("'{}'", names[0]), &format!("'{}'", names[1])));
            }
        }
    }
    if let BrokerKind::EventBridge(parts) = &broker.kind {
        eventbridge::send_dead_letters(scenario, parts, id, &mut next);
    }
    Some(Changed { scenario: next, lost })
}

/// Gives every broker that kind.
pub fn change_all(scenario: &Scenario, to: &str) -> Option<Changed> {
    let ids: Vec<String> = scenario.nodes.iter().filter(|n| matches!(n, Node::Broker(_))).map(|n| n.id().to_owned()).collect();
    kind(to)?;
    let mut changed = Changed { scenario: scenario.clone(), lost: Vec::new() };
    for id in ids {
        let next = change(&changed.scenario, &id, to)?;
        changed.lost.extend(next.lost.into_iter().filter(|sentence| !changed.lost.contains(sentence)).collect::<Vec<_>>());
        changed.scenario = next.scenario;
    }
    Some(changed)
}

/// A broker as a drawing, and for each node and each of its reads which outlet that is.
fn drawing(scenario: &Scenario, id: &str, kind: &BrokerKind, lost: &mut Vec<String>) -> (Drawing, Vec<Vec<Option<usize>>>) {
    let parts = kind.parts();
    let mut drawing = Drawing { channels: parts.channels().into_iter().map(str::to_owned).collect(), outlets: Vec::new() };
    let declared = parts.outlets();
    // What only dead letters reach is a channel of its own, to which consumers send them.
    let mut dead: Vec<(usize, usize)> = Vec::new();
    if let BrokerKind::EventBridge(parts) = kind {
        for (i, (_, channel)) in eventbridge::dead_channels(parts).into_iter().enumerate() {
            dead.push((parts.rules.len() + i, drawing.channels.len()));
            drawing.channels.push(channel);
        }
    }
    // By what they read and as which group.
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut places = vec![Vec::new(); scenario.nodes.len()];
    for (node, place) in places.iter_mut().enumerate() {
        let Node::Consumer(consumer) = &scenario.nodes[node] else { continue };
        for read in &consumer.reads {
            let Some(name) = read.from.split_once('/').filter(|(broker, _)| *broker == id).map(|(_, name)| name) else {
                place.push(None);
                continue;
            };
            let group = read.group.clone().unwrap_or_else(|| consumer.id.clone());
            let (channels, group) = match &declared {
                Some(declared) => {
                    let at = declared.iter().position(|outlet| outlet.name == name);
                    let own = at.and_then(|at| dead.iter().find(|(outlet, _)| *outlet == at)).map(|(_, channel)| vec![*channel]);
                    let fed_by = own.unwrap_or_else(|| at.map(|at| declared[at].fed_by.clone()).unwrap_or_default());
                    // Readers of a queue share it; readers of a rule get copies of their own.
                    let shared = !at.is_some_and(|at| parts.fans_out(at));
                    (fed_by, if shared { name.to_owned() } else { group })
                }
                None => (drawing.channels.iter().position(|channel| channel == name).into_iter().collect(), group),
            };
            let next = drawing.outlets.len();
            let outlet = *known.entry((name.to_owned(), group.clone())).or_insert(next);
            if outlet == next {
                drawing.outlets.push(Outlet { name: group, channels, readers: 0, instances: 0 });
            }
            drawing.outlets[outlet].readers += 1;
            drawing.outlets[outlet].instances += consumer.instances;
            place.push(Some(outlet));
        }
    }
    distinct(&mut drawing);
    match kind {
        BrokerKind::Simple(_) => {}
        BrokerKind::Kafka(parts) => kafka::lost(parts, lost),
        BrokerKind::RabbitMq(parts) => {
            rabbitmq::lost(parts, lost);
            forget_default(scenario, id, &mut drawing);
        }
        BrokerKind::EventBridge(parts) => eventbridge::lost(parts, lost),
    }
    (drawing, places)
}

/// The exchange without a name is only drawn where somebody publishes to it.
fn forget_default(scenario: &Scenario, id: &str, drawing: &mut Drawing) {
    let end = format!("{id}/{DEFAULT_EXCHANGE}");
    let used = scenario.nodes.iter().any(|node| match node {
        Node::Producer(producer) => producer.emits.iter().any(|emit| emit.to == end),
        Node::Consumer(consumer) => consumer.then.iter().any(|then| then.to == end) || consumer.dead_letter.as_ref() == Some(&end),
        Node::Broker(_) | Node::Store(_) => false,
    });
    if !used && let Some(at) = drawing.channels.iter().position(|channel| channel == DEFAULT_EXCHANGE) {
        // It is the last one, so that no other moves up.
        drawing.channels.truncate(at);
        drawing.outlets.iter_mut().for_each(|outlet| outlet.channels.retain(|channel| *channel < at));
    }
}

/// Gives outlets of one name names of their own: a consumer that reads several channels.
fn distinct(drawing: &mut Drawing) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    drawing.outlets.iter().for_each(|outlet| *names.entry(outlet.name.clone()).or_default() += 1);
    let mut taken: Vec<String> = Vec::new();
    for outlet in &mut drawing.outlets {
        if names[&outlet.name] > 1 {
            let channel = outlet.channels.first().map_or("dead-letters", |channel| &drawing.channels[*channel]);
            outlet.name = format!("{}-{channel}", outlet.name);
        }
        let base = outlet.name.clone();
        let mut n = 1;
        while taken.contains(&outlet.name) {
            n += 1;
            outlet.name = format!("{base}-{n}");
        }
        taken.push(outlet.name.clone());
    }
}

/// Lets a consumer read the same as before from the new kind.
fn rewire(consumer: &mut Consumer, broker: &str, drawing: &Drawing, outlets: &[Option<usize>], reading: Reading) {
    let mut reads = Vec::new();
    for (read, outlet) in std::mem::take(&mut consumer.reads).into_iter().zip(outlets) {
        let Some(outlet) = outlet.map(|at| &drawing.outlets[at]) else {
            reads.push(read);
            continue;
        };
        let group = Some(outlet.name.clone()).filter(|name| *name != consumer.id);
        if reading != Reading::Channels {
            let group = Some(outlet.name.clone()).filter(|_| reading == Reading::Rule && outlet.readers > 1);
            reads.push(again(&read, format!("{broker}/{}", outlet.name), group));
        } else {
            for channel in &outlet.channels {
                let from = format!("{broker}/{}", drawing.channels[*channel]);
                reads.push(again(&read, from, group.clone()));
            }
        }
    }
    // Two outlets may have been fed by one channel.
    let mut seen = Vec::new();
    reads.retain(|read| {
        let key = (read.from.clone(), read.group.clone());
        !seen.contains(&key) && {
            seen.push(key);
            true
        }
    });
    consumer.reads = reads;
}

/// How the outlet of a subscription is called in figures.
fn called(read: &Read, consumer: &Consumer, declared: bool) -> String {
    if declared { read.from.clone() } else { format!("{}#{}", read.from, read.group.as_deref().unwrap_or(&consumer.id)) }
}

/// How an outlet of a drawing is called in figures under a kind.
fn renamed(broker: &str, outlet: &Outlet, drawing: &Drawing, reading: Reading) -> String {
    match (reading, outlet.channels.first()) {
        (Reading::Channels, Some(channel)) => format!("{broker}/{}#{}", drawing.channels[*channel], outlet.name),
        _ => format!("{broker}/{}", outlet.name),
    }
}

/// The same subscription to something else.
fn again(read: &Read, from: String, group: Option<String>) -> Read {
    let mut read = read.clone();
    read.from = from;
    read.group = group;
    read
}

/// "a", "a and b", "a, b and c".
fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests;
