//! Changes of a scenario, as values: pure, without a window.

mod rename;
pub(in crate::app) mod users;

pub(in crate::app) use rename::Renaming;

use super::action::{Connection, Placing, Source};
use super::kinds::{self, Way};
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::{Broker, Consumer, Emit, Event, Handle, Node, Producer, Read, Then};
use crate::scenario::faults::Target;
use crate::scenario::shapes::{Arrivals, Times};
use crate::scenario::store::{Call, Store};
use crate::scenario::units::{Rate, Size};
use crate::scenario::{Scenario, expect};
use crate::time::Span;

/// One undoable change.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "few exist at a time, none for long")]
pub enum Edit {
    /// Move nodes to these places.
    Move(Vec<(String, (f32, f32))>),
    /// The same by a command, which gives the step its name.
    Arrange {
        /// What the command is called.
        label: &'static str,
        /// Where to.
        moves: Vec<(String, (f32, f32))>,
    },
    /// Connect two nodes, in the direction events flow: producer or consumer to a broker's channel, broker's channel to consumer.
    /// A channel that does not exist is created; an event type is created for a producer where the scenario has none.
    Connect {
        /// Where events come from.
        from: String,
        /// Where they go.
        to: String,
        /// Which of the broker's channels.
        channel: String,
    },
    /// Remove these nodes with all that hangs on them, and this connection.
    Delete {
        /// Ids.
        nodes: Vec<String>,
        /// A connection.
        connection: Option<Connection>,
    },
    /// Give a node another name; everything that refers to it follows.
    Rename {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// Replace a node's parameters (its id must stay the same).
    SetNode(Box<Node>),
    /// Replace the whole scenario (settings, event types, links); the label says what the person did.
    SetScenario {
        /// For the undo menu, as in "Change duration".
        label: String,
        /// The new scenario.
        scenario: Box<Scenario>,
    },
}

impl Edit {
    /// What it does, in words, for the undo menu.
    pub fn label(&self) -> String {
        match self {
            Edit::Move(moves) => match moves.as_slice() {
                [(id, _)] => format!("Move {id}"),
                _ => format!("Move {} nodes", moves.len()),
            },
            Edit::Arrange { label, .. } => (*label).to_owned(),
            Edit::Connect { from, to, channel } => format!("Connect {from} to {to}/{channel}"),
            Edit::Delete { nodes, connection } => match (nodes.as_slice(), connection) {
                ([], _) => "Delete connection".to_owned(),
                ([id], None) => format!("Delete {id}"),
                (_, None) => format!("Delete {} nodes", nodes.len()),
                (_, Some(_)) => format!("Delete {} things", nodes.len() + 1),
            },
            Edit::Rename { from, to } => format!("Rename {from} to {to}"),
            Edit::SetNode(node) => format!("Change {}", node.id()),
            Edit::SetScenario { label, .. } => label.clone(),
        }
    }

    /// Makes the change, or says why it cannot be made; then the scenario is as it was.
    pub fn apply(&self, scenario: &mut Scenario) -> Result<(), String> {
        match self {
            Edit::Move(moves) | Edit::Arrange { moves, .. } => {
                for (id, at) in moves {
                    if !(at.0.is_finite() && at.1.is_finite()) {
                        return Err(format!("{id} cannot be moved out of the canvas"));
                    }
                    find(scenario, id)?;
                }
                for (id, at) in moves {
                    if let Some(node) = scenario.nodes.iter_mut().find(|n| n.id() == id) {
                        node.set_at(*at);
                    }
                }
                Ok(())
            }
            Edit::Connect { from, to, channel } => connect(scenario, from, to, channel),
            Edit::Delete { nodes, connection } => delete(scenario, nodes, connection.as_ref()),
            Edit::Rename { from, to } => rename::rename(scenario, from, to),
            Edit::SetNode(node) => {
                let position = find(scenario, node.id())?;
                if scenario.nodes[position].role() != node.role() {
                    return Err(format!("{} is a {}, not a {}", node.id(), scenario.nodes[position].role(), node.role()));
                }
                let users = users::of(scenario);
                let before = std::mem::replace(&mut scenario.nodes[position], (**node).clone());
                if let (Node::Consumer(before), Node::Consumer(after)) = (&before, &**node) {
                    users::regroup(scenario, &users::regrouped(before, after));
                }
                users::forget(scenario, &users);
                Ok(())
            }
            Edit::SetScenario { scenario: new, .. } => {
                *scenario = (**new).clone();
                Ok(())
            }
        }
    }
}

/// A new node with sensible settings, its id not taken in the scenario.
pub fn fresh(placing: Placing, at: (f32, f32), scenario: &Scenario) -> Node {
    let at = Some(at);
    match placing {
        Placing::Producer => Node::Producer(Producer { id: unique_id(scenario, "producer-1"), at, ..Producer::default() }),
        Placing::Broker(kind) => {
            Node::Broker(Broker { id: unique_id(scenario, "broker-1"), at, zone: None, kind: (kinds::offer(kind).fresh)() })
        }
        Placing::Consumer => Node::Consumer(Consumer {
            id: unique_id(scenario, "consumer-1"),
            at,
            handle: Handle { time: Times::Exponential { mean: Span::from_millis(10) }, ..Handle::default() },
            ..Consumer::default()
        }),
        Placing::Store => Node::Store(Store { id: unique_id(scenario, "store-1"), at, ..Store::default() }),
    }
}

/// A scenario with a new node in it that is connected with what it was drawn from: the scenario, the node's name, what was done.
pub fn added(placing: Placing, at: (f32, f32), with: Option<&Source>, scenario: &Scenario) -> Result<(Scenario, String, String), String> {
    let node = fresh(placing, at, scenario);
    let id = node.id().to_owned();
    let mut next = scenario.clone();
    let own = |way: Way| match &node {
        Node::Broker(b) => kinds::names(&b.kind, way).into_iter().next().unwrap_or_else(|| "events".to_owned()),
        _ => String::new(),
    };
    let (ends, label) = match with {
        None => (None, format!("Add {id}")),
        Some(Source::Node(from)) => (Some((from.clone(), id.clone(), own(Way::In))), format!("Add {id} behind {from}")),
        Some(Source::Input(to)) => (Some((id.clone(), to.clone(), own(Way::Out))), format!("Add {id} before {to}")),
        Some(Source::Channel { broker, channel }) => {
            (Some((broker.clone(), id.clone(), channel.clone())), format!("Add {id} behind {broker}/{channel}"))
        }
    };
    next.nodes.push(node);
    if let Some((from, to, channel)) = ends {
        connect(&mut next, &from, &to, &channel)?;
    }
    Ok((next, id, label))
}

/// Whether a new node of this kind can be connected with that port.
pub fn may_follow(placing: Placing, with: Option<&Source>) -> bool {
    match (with, placing) {
        (None, _) | (Some(Source::Channel { .. }), Placing::Consumer) => true,
        (Some(Source::Node(_) | Source::Input(_)), placing) => matches!(placing, Placing::Broker(_)),
        (Some(Source::Channel { .. }), _) => false,
    }
}

/// `wanted`, or the same with the next free number at its end.
pub fn unique_id(scenario: &Scenario, wanted: &str) -> String {
    first_free(wanted, "-", |id| scenario.nodes.iter().any(|n| n.id() == id))
}

fn first_free(wanted: &str, separator: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let stem = wanted.trim_end_matches(|c: char| c.is_ascii_digit());
    let (stem, number) = match wanted[stem.len()..].parse::<u32>() {
        Ok(number) if stem.ends_with(separator) => (&stem[..stem.len() - separator.len()], number),
        _ => (wanted, 1),
    };
    let mut numbers = u64::from(number) + 1..;
    loop {
        // The numbers do not end before the names in a scenario do.
        let candidate = format!("{stem}{separator}{}", numbers.next().unwrap_or_default());
        if !taken(&candidate) {
            return candidate;
        }
    }
}

/// Why events cannot flow from one node to the other, in words for the person who tries; `Ok` if they can.
pub fn may_connect(from: &Node, to: &Node) -> Result<(), &'static str> {
    match (from, to) {
        (Node::Producer(_) | Node::Consumer(_), Node::Store(_)) => Ok(()),
        (Node::Store(_), _) => Err("A store answers those who call it: connect them to it"),
        (Node::Broker(_), Node::Store(_)) => Err("A broker calls no store: connect a producer or a consumer"),
        (Node::Producer(_) | Node::Consumer(_), Node::Broker(_)) | (Node::Broker(_), Node::Consumer(_)) => Ok(()),
        (Node::Producer(_), _) => Err("A producer publishes to a broker"),
        (Node::Consumer(_), _) => Err("A consumer publishes to a broker"),
        (Node::Broker(_), Node::Producer(_)) => Err("A producer reads nothing: connect a consumer"),
        (Node::Broker(_), Node::Broker(_)) => Err("A broker hands out to consumers"),
    }
}

/// Has a rule (`broker/rule`) send what it wants to a bus (`broker/bus`), its own broker's or another one's.
pub fn forwarded(scenario: &Scenario, rule: &str, bus: &str) -> Result<Edit, String> {
    let ((here, rule), (there, name)) = rule.split_once('/').zip(bus.split_once('/')).ok_or("it is gone")?;
    let mut node = scenario.nodes[find(scenario, here)?].clone();
    let parts = match &mut node {
        Node::Broker(Broker { kind: BrokerKind::EventBridge(parts), .. }) => parts,
        _ => return Err("Only a rule of EventBridge sends events to another bus".to_owned()),
    };
    let position = parts.rules.iter().position(|known| known.name == rule).ok_or("Only a rule sends events to another bus")?;
    let own = parts.bus_of(&parts.rules[position]).map(|bus| parts.buses[bus].name.as_str());
    if here == there && own == Some(name) {
        return Err("A rule cannot send events back to its own bus".to_owned());
    }
    let to = if here == there { name.to_owned() } else { bus.to_owned() };
    if !parts.rules[position].set_forward(Some(to)) {
        return Err(format!("{rule} sends events to {bus} already"));
    }
    Ok(Edit::SetNode(Box::new(node)))
}

fn find(scenario: &Scenario, id: &str) -> Result<usize, String> {
    scenario.nodes.iter().position(|n| n.id() == id).ok_or_else(|| format!("there is no node {id}"))
}

fn connect(scenario: &mut Scenario, from: &str, to: &str, channel: &str) -> Result<(), String> {
    let (source, target) = (find(scenario, from)?, find(scenario, to)?);
    may_connect(&scenario.nodes[source], &scenario.nodes[target]).map_err(str::to_owned)?;
    if matches!(scenario.nodes[target], Node::Store(_)) {
        let call = Call { store: to.to_owned(), timeout: None };
        match &mut scenario.nodes[source] {
            Node::Producer(producer) => producer.calls.push(call),
            Node::Consumer(consumer) => consumer.calls.push(call),
            Node::Broker(_) | Node::Store(_) => {}
        }
        return Ok(());
    }
    if channel.is_empty() || channel.contains('/') {
        return Err(format!("`{channel}` cannot be the name of a topic"));
    }
    let reads = matches!(scenario.nodes[source], Node::Broker(_));
    let broker = if reads { source } else { target };
    let place = format!("{}/{channel}", scenario.nodes[broker].id());
    if let Node::Broker(broker) = &mut scenario.nodes[broker] {
        let way = if reads { Way::Out } else { Way::In };
        if !kinds::has(&broker.kind, channel, way) {
            kinds::of_mut(&mut broker.kind).create(channel, way);
        }
    }
    match &scenario.nodes[source] {
        Node::Producer(producer) if producer.emits.iter().all(|e| e.to != place) => {
            if scenario.events.is_empty() {
                new_event(scenario);
            }
            let event = scenario.events.first().map(|e| e.name.clone());
            if let Node::Producer(producer) = &mut scenario.nodes[source] {
                producer.emits.push(Emit::new(event, place, Arrivals::Poisson(Rate(10.0))));
            }
        }
        Node::Consumer(consumer) if consumer.then.iter().all(|t| t.to != place) => {
            // What follows is another fact than what was handled: take a type that nobody emits yet, else a new one.
            let event = scenario.events.iter().map(|e| e.name.clone()).find(|name| !is_emitted(scenario, name));
            let event = event.unwrap_or_else(|| new_event(scenario));
            if let Node::Consumer(consumer) = &mut scenario.nodes[source] {
                consumer.then.push(Then::new(event, place));
            }
        }
        Node::Broker(_) => {
            if let Node::Consumer(consumer) = &mut scenario.nodes[target]
                && consumer.reads.iter().all(|r| r.from != place)
            {
                consumer.reads.push(Read::new(place));
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_emitted(scenario: &Scenario, event: &str) -> bool {
    scenario.nodes.iter().any(|node| match node {
        Node::Producer(p) => p.emits.iter().any(|e| e.event.as_deref() == Some(event)),
        Node::Consumer(c) => c.then.iter().any(|t| t.event == event),
        Node::Broker(_) | Node::Store(_) => false,
    })
}

fn new_event(scenario: &mut Scenario) -> String {
    let name = first_free("Event1", "", |name| scenario.events.iter().any(|e| e.name == name));
    scenario.events.push(Event { name: name.clone(), size: Size(1024), key: None, attributes: Default::default() });
    name
}

fn delete(scenario: &mut Scenario, nodes: &[String], connection: Option<&Connection>) -> Result<(), String> {
    for id in nodes {
        find(scenario, id)?;
    }
    let users = users::of(scenario);
    match connection {
        None => {}
        Some(Connection::Emit { producer, index }) => {
            let position = find(scenario, producer)?;
            match &mut scenario.nodes[position] {
                Node::Producer(p) if *index < p.emits.len() => drop(p.emits.remove(*index)),
                _ => return Err("that connection is gone".to_owned()),
            }
        }
        Some(Connection::Read { consumer, index }) => {
            let position = find(scenario, consumer)?;
            match &mut scenario.nodes[position] {
                Node::Consumer(c) if *index < c.reads.len() => drop(c.reads.remove(*index)),
                _ => return Err("that connection is gone".to_owned()),
            }
        }
        Some(Connection::Call { node, index }) => {
            let position = find(scenario, node)?;
            let calls = match &mut scenario.nodes[position] {
                Node::Producer(p) => &mut p.calls,
                Node::Consumer(c) => &mut c.calls,
                Node::Broker(_) | Node::Store(_) => return Err("that connection is gone".to_owned()),
            };
            match *index < calls.len() {
                true => drop(calls.remove(*index)),
                false => return Err("that connection is gone".to_owned()),
            }
        }
        Some(Connection::Then { consumer, index }) => {
            let position = find(scenario, consumer)?;
            match &mut scenario.nodes[position] {
                Node::Consumer(c) if *index < c.then.len() => drop(c.then.remove(*index)),
                _ => return Err("that connection is gone".to_owned()),
            }
        }
        Some(Connection::Forward { broker, index }) => {
            let position = find(scenario, broker)?;
            let taken = match &mut scenario.nodes[position] {
                Node::Broker(b) => kinds::of_mut(&mut b.kind).unforward(*index),
                _ => false,
            };
            if !taken {
                return Err("that connection is gone".to_owned());
            }
        }
    }
    let gone = |id: &str| nodes.iter().any(|n| n == id);
    let at_gone = |place: &str| gone(place.split_once('/').map_or(place, |(broker, _)| broker));
    scenario.nodes.retain(|n| !gone(n.id()));
    for node in &mut scenario.nodes {
        match node {
            Node::Producer(p) => {
                p.emits.retain(|e| !at_gone(&e.to));
                p.emits.iter_mut().for_each(|e| drop(e.reply.take_if(|reply| at_gone(&reply.to))));
                p.calls.retain(|call| !gone(&call.store));
                p.outbox.take_if(|outbox| gone(outbox.store()));
            }
            Node::Broker(b) => kinds::of_mut(&mut b.kind).cut(&at_gone),
            Node::Store(_) => {}
            Node::Consumer(c) => {
                c.calls.retain(|call| !gone(&call.store));
                c.outbox.take_if(|outbox| gone(outbox.store()));
                c.reads.retain(|r| !at_gone(&r.from));
                c.then.retain(|t| !at_gone(&t.to));
                c.dead_letter.take_if(|place| at_gone(place));
            }
        }
    }
    scenario.groups.retain_mut(|group| {
        let empty = group.nodes.is_empty();
        group.nodes.retain(|id| !gone(id));
        // A frame goes with the last node in it; one that was empty before is somebody's beginning.
        empty || !group.nodes.is_empty()
    });
    scenario.links.retain(|l| !gone(&l.between.0) && !gone(&l.between.1));
    let struck = |target: &str| matches!(Target::of(target), Target::Node(id) | Target::Instance(id, _) if gone(id));
    scenario.faults.retain(|trouble| !trouble.what().targets().into_iter().any(struck));
    scenario.expect.retain(|e| !expect::names(&e.0).any(at_gone));
    users::unexpect(scenario, &users);
    users::forget(scenario, &users);
    Ok(())
}
