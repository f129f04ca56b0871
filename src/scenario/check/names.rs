//! What refers to what: every name of the document resolved to a dense id, or reported.

use super::Findings;
use crate::ids::{ChannelId, NodeId, OutletId, TypeId};
use crate::scenario::Files;
use crate::scenario::broker::Parts;
use crate::scenario::document::{Consumer, Node, Scenario};
use crate::scenario::expect::{self, Expectation, Known, broker_role};
use crate::scenario::names::listed;
use crate::scenario::needs;
use crate::scenario::plan::Trace;
use crate::scenario::shapes::Arrivals;
use crate::scenario::trace::Traces;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// Names longer than this are refused: they appear in every table and on every node.
const LONGEST: usize = 200;

/// An `Emit` of a producer or of a consumer's `then`, with what could be resolved of it.
pub(super) struct Emitter {
    pub node: NodeId,
    /// Its position in `emits` or `then`.
    pub index: usize,
    pub path: String,
    /// Of its events; `None` for a trace whose rows name theirs, or if the name is unknown.
    pub event: Option<TypeId>,
    pub channel: Option<ChannelId>,
    pub origin: Source,
    /// Where the replies come to that it waits for.
    pub reply: Option<ChannelId>,
}

/// Which list an emitter stands in.
pub(super) enum Source {
    Emits { trace: Option<Arc<Trace>> },
    Then { on: Vec<TypeId> },
}

/// A `Read`, with what could be resolved of it.
pub(super) struct Reading {
    pub node: NodeId,
    pub path: String,
    /// The broker it reads from.
    pub broker: Option<NodeId>,
    /// The channels whose events may come this way.
    pub channels: Vec<ChannelId>,
    pub outlet: Option<OutletId>,
    /// As which group; the consumer's id where the file names none.
    pub group: String,
    /// As in the file.
    pub priority: i32,
    /// As in the file.
    pub requeue: bool,
}

/// A channel of a broker.
pub(super) struct Channel<'s> {
    pub broker: NodeId,
    pub name: &'s str,
}

/// What is read from: a channel as one group reads it, or what the broker declares by name.
pub(super) struct Outlet {
    pub broker: NodeId,
    /// The channels that feed it.
    pub channels: Vec<ChannelId>,
    /// `broker/channel#group`, or `broker/outlet` where the broker's kind declares it.
    pub name: String,
    /// Its position among the outlets its broker declares.
    pub part: Option<u32>,
}

/// Outlets where each group has a copy of every event.
#[derive(Default)]
struct Copies<'s> {
    /// A group's own, of a declared one.
    by_group: HashMap<(OutletId, &'s str), OutletId>,
    /// Those that somebody reads: the first reader's is the declared one.
    read: HashSet<OutletId>,
}

/// Everything the document names, and who refers to it.
pub(super) struct Names<'s> {
    pub node_paths: Vec<String>,
    pub event_paths: Vec<String>,
    pub nodes: HashMap<&'s str, NodeId>,
    types: HashMap<&'s str, TypeId>,
    by_endpoint: HashMap<(NodeId, &'s str), ChannelId>,
    /// Outlets that a broker declares by name.
    declared: HashMap<(NodeId, &'s str), OutletId>,
    pub channels: Vec<Channel<'s>>,
    pub outlets: Vec<Outlet>,
    /// Producers' emits in file order, then `then` in file order.
    pub emitters: Vec<Emitter>,
    pub reads: Vec<Reading>,
    /// Consumers with a dead-letter channel that exists.
    pub dead_letters: Vec<(NodeId, ChannelId)>,
}

/// Most event types: an event carries its type in 16 bits.
const MOST_TYPES: usize = 65_535;

impl<'s> Names<'s> {
    /// Resolves all names of `scenario`.
    pub fn resolve(scenario: &'s Scenario, findings: &mut Findings) -> Names<'s> {
        let mut names = Names {
            node_paths: Vec::with_capacity(scenario.nodes.len()),
            event_paths: Vec::with_capacity(scenario.events.len()),
            nodes: HashMap::new(),
            types: HashMap::new(),
            by_endpoint: HashMap::new(),
            declared: HashMap::new(),
            channels: Vec::new(),
            outlets: Vec::new(),
            emitters: Vec::new(),
            reads: Vec::new(),
            dead_letters: Vec::new(),
        };
        names.declare_events(scenario, findings);
        names.declare_nodes(scenario, findings);
        names.emits(scenario, findings);
        names.consumers(scenario, findings);
        names.links(scenario, findings);
        names.groups(scenario, findings);
        names
    }

    /// The path of a node's field.
    pub fn at(&self, node: NodeId, field: &str) -> String {
        format!("{}.{field}", self.node_paths[node.index()])
    }

    /// The event of that name, if there is one.
    pub fn event_id(&self, name: &str) -> Option<TypeId> {
        self.types.get(name).copied()
    }

    /// The position of an outlet among those that a broker declares.
    pub fn declared_at(&self, broker: NodeId, outlet: &str) -> Option<u32> {
        self.declared.get(&(broker, outlet)).and_then(|id| self.outlets[id.index()].part)
    }

    /// As which groups consumers read from the outlets that a broker declares, by position of the outlet, each once.
    pub fn groups_by_part(&self, broker: NodeId) -> BTreeMap<u32, Vec<&str>> {
        let mut all: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for read in &self.reads {
            let outlet = read.outlet.map(|outlet| &self.outlets[outlet.index()]).filter(|outlet| outlet.broker == broker);
            let Some(part) = outlet.and_then(|outlet| outlet.part) else { continue };
            let groups = all.entry(part).or_default();
            if !groups.contains(&read.group.as_str()) {
                groups.push(&read.group);
            }
        }
        all
    }

    /// A broker's channel of that name.
    pub fn channel_at(&self, broker: NodeId, name: &str) -> Option<ChannelId> {
        self.by_endpoint.get(&(broker, name)).copied()
    }

    /// The channels of a broker, in the order of its kind's declaration. (They are declared node by node.)
    pub fn channels_of(&self, broker: NodeId) -> Range<usize> {
        let first = self.channels.partition_point(|channel| channel.broker < broker);
        first..self.channels.partition_point(|channel| channel.broker <= broker)
    }

    /// What a consumer reads, in its order. (Everything read stands node by node.)
    pub fn reads_by(&self, consumer: NodeId) -> &[Reading] {
        let first = self.reads.partition_point(|read| read.node < consumer);
        &self.reads[first..self.reads.partition_point(|read| read.node <= consumer)]
    }

    /// The endpoint text of a channel.
    pub fn endpoint(&self, scenario: &Scenario, channel: ChannelId) -> String {
        let channel = &self.channels[channel.index()];
        format!("{}/{}", scenario.nodes[channel.broker.index()].id(), channel.name)
    }

    fn declare_events(&mut self, scenario: &'s Scenario, findings: &mut Findings) {
        if scenario.events.len() > MOST_TYPES {
            findings
                .error("events", format!("{} event types are more than the {MOST_TYPES} that can be told apart", scenario.events.len()));
        }
        for (i, event) in scenario.events.iter().enumerate() {
            let at = format!("events[{i}]");
            let wrong = malformed(&event.name, &['/', '#']);
            if let Some(wrong) = &wrong {
                findings.error_help(format!("{at}.name"), format!("an event's name {wrong}"), "write it as in `OrderCreated`");
                findings.suggest.refuse(&event.name);
            }
            let first = *self.types.entry(&event.name).or_insert(TypeId::at(i));
            let taken = first != TypeId::at(i);
            if taken {
                findings.error_help(
                    format!("{at}.name"),
                    format!("there are two events called `{}`", event.name),
                    "give one of them another name, or remove it",
                );
            }
            let plain = wrong.is_none() && !taken && !event.name.contains(['.', '[']);
            self.event_paths.push(if plain { format!("events.{}", event.name) } else { at });
        }
    }

    fn declare_nodes(&mut self, scenario: &'s Scenario, findings: &mut Findings) {
        for (i, node) in scenario.nodes.iter().enumerate() {
            let at = format!("nodes[{i}]");
            let wrong = malformed(node.id(), &['/', '#', '.', '[', ']', '=']);
            if let Some(wrong) = &wrong {
                findings.error_help(format!("{at}.id"), format!("the id of a {} {wrong}", node.role()), "write it as in `order-service`");
                findings.suggest.refuse(node.id());
            }
            let first = *self.nodes.entry(node.id()).or_insert(NodeId::at(i));
            let taken = first != NodeId::at(i);
            if taken {
                findings.error_help(
                    format!("{at}.id"),
                    format!("there are two nodes called `{}`", node.id()),
                    "ids are unique among producers, brokers, consumers and stores",
                );
            }
            self.node_paths.push(if wrong.is_none() && !taken { format!("nodes.{}", node.id()) } else { at });
            if let Node::Broker(broker) = node {
                self.declare_parts(NodeId::at(i), broker.id.as_str(), broker.kind.parts(), findings);
            }
        }
    }

    /// A broker's channels, and its outlets where its kind declares them.
    fn declare_parts(&mut self, node: NodeId, id: &str, parts: &'s dyn Parts, findings: &mut Findings) {
        let (word, at) = (parts.channel_word(), self.at(node, "kind"));
        let first = self.channels.len();
        for (n, channel) in parts.channels().into_iter().enumerate() {
            let path = format!("{at}.{}", parts.channel_path(n));
            if let Some(wrong) = malformed(channel, &['#']) {
                findings.error(path, format!("{} {word}'s name {wrong}", article(word)));
                findings.suggest.refuse(channel);
            } else if self.by_endpoint.contains_key(&(node, channel)) {
                findings.error(path, format!("the {word} `{channel}` is listed twice"));
            }
            self.by_endpoint.entry((node, channel)).or_insert(ChannelId::at(self.channels.len()));
            self.channels.push(Channel { broker: node, name: channel });
        }
        for (part, outlet) in parts.outlets().into_iter().flatten().enumerate() {
            let path = format!("{at}.{}", outlet.path);
            if let Some(wrong) = malformed(outlet.name, &['#']) {
                findings.error(path, format!("this name {wrong}"));
                findings.suggest.refuse(outlet.name);
            } else if self.declared.contains_key(&(node, outlet.name)) {
                findings.error(path, format!("`{}` is listed twice", outlet.name));
            }
            self.declared.entry((node, outlet.name)).or_insert(OutletId::at(self.outlets.len()));
            let channels = outlet.fed_by.iter().map(|channel| ChannelId::at(first + channel)).collect();
            self.outlets.push(Outlet { broker: node, channels, name: format!("{id}/{}", outlet.name), part: Some(part as u32) });
        }
    }

    fn emits(&mut self, scenario: &Scenario, findings: &mut Findings) {
        for (i, node) in scenario.nodes.iter().enumerate() {
            let Node::Producer(producer) = node else { continue };
            let id = NodeId::at(i);
            if producer.emits.is_empty() {
                findings.warning(
                    self.node_paths[i].clone(),
                    format!("the producer `{}` emits nothing", producer.id),
                    "add an `Emit(event: ..., to: ..., arrivals: ...)` to its `emits`",
                );
            }
            for (index, emit) in producer.emits.iter().enumerate() {
                let path = self.at(id, &format!("emits[{index}]"));
                if emit.event.is_none() && !matches!(emit.arrivals, Arrivals::Trace(_)) {
                    findings.error_help(
                        path.clone(),
                        "this does not say which event it emits",
                        "write `event: \"...\"`; only a `Trace` with an `event` column may leave it out",
                    );
                }
                let event = emit.event.as_deref().and_then(|name| self.event(scenario, name, format!("{path}.event"), findings));
                let channel = self.channel(scenario, &emit.to, format!("{path}.to"), findings);
                let reply = emit.reply.as_ref().and_then(|r| self.channel(scenario, &r.to, format!("{path}.reply.to"), findings));
                self.emitters.push(Emitter { node: id, index, path, event, channel, origin: Source::Emits { trace: None }, reply });
            }
        }
    }

    fn consumers(&mut self, scenario: &'s Scenario, findings: &mut Findings) {
        let mut outlets: HashMap<(ChannelId, &str), OutletId> = HashMap::new();
        let mut targets = Copies::default();
        for (i, node) in scenario.nodes.iter().enumerate() {
            let Node::Consumer(consumer) = node else { continue };
            let id = NodeId::at(i);
            if consumer.reads.is_empty() {
                findings.warning(
                    self.node_paths[i].clone(),
                    format!("the consumer `{}` reads nothing", consumer.id),
                    "add a `Read(from: \"broker/channel\")` to its `reads`",
                );
            }
            self.reads_of(scenario, consumer, id, &mut outlets, &mut targets, findings);
            for (index, then) in consumer.then.iter().enumerate() {
                let path = self.at(id, &format!("then[{index}]"));
                let event = self.event(scenario, &then.event, format!("{path}.event"), findings);
                let channel = self.channel(scenario, &then.to, format!("{path}.to"), findings);
                let on = then.on.iter().enumerate();
                let on = on.filter_map(|(n, name)| self.event(scenario, name, format!("{path}.on[{n}]"), findings)).collect();
                self.emitters.push(Emitter { node: id, index, path, event, channel, origin: Source::Then { on }, reply: None });
            }
            if let Some(to) = &consumer.dead_letter
                && let Some(channel) = self.channel(scenario, to, self.at(id, "dead_letter"), findings)
            {
                self.dead_letters.push((id, channel));
            }
        }
    }

    fn reads_of(
        &mut self,
        scenario: &'s Scenario,
        consumer: &'s Consumer,
        node: NodeId,
        outlets: &mut HashMap<(ChannelId, &'s str), OutletId>,
        targets: &mut Copies<'s>,
        findings: &mut Findings,
    ) {
        let mut own: HashSet<OutletId> = HashSet::new();
        for (index, read) in consumer.reads.iter().enumerate() {
            let path = self.at(node, &format!("reads[{index}]"));
            let group = read.group.as_deref().unwrap_or(&consumer.id);
            if read.group.is_some()
                && let Some(wrong) = malformed(group, &['#', '/'])
            {
                findings.error(format!("{path}.group"), format!("a group's name {wrong}"));
            }
            let outlet = match self.declared_outlet(scenario, &read.from, format!("{path}.from"), findings) {
                Some(declared) => declared.map(|outlet| self.own_copy(scenario, outlet, group, targets)),
                None => self.channel(scenario, &read.from, format!("{path}.from"), findings).map(|channel| {
                    *outlets.entry((channel, group)).or_insert_with(|| {
                        let name = format!("{}#{group}", self.endpoint(scenario, channel));
                        let broker = self.channels[channel.index()].broker;
                        self.outlets.push(Outlet { broker, channels: vec![channel], name, part: None });
                        OutletId::at(self.outlets.len() - 1)
                    })
                }),
            };
            if let Some(outlet) = outlet
                && !own.insert(outlet)
            {
                findings.error_help(
                    path.clone(),
                    format!("`{}` reads `{}` twice as the group `{group}`", consumer.id, read.from),
                    "remove one, or give it another `group` to get every event twice",
                );
            }
            let known = outlet.map(|outlet| &self.outlets[outlet.index()]);
            let (broker, channels) = (known.map(|o| o.broker), known.map_or_else(Vec::new, |o| o.channels.clone()));
            self.reads.push(Reading {
                node,
                path,
                broker,
                channels,
                outlet,
                group: group.to_owned(),
                priority: read.priority,
                requeue: read.requeue,
            });
        }
    }

    fn groups(&self, scenario: &Scenario, findings: &mut Findings) {
        for (i, group) in scenario.groups.iter().enumerate() {
            for (n, name) in group.nodes.iter().enumerate().filter(|(_, name)| !self.nodes.contains_key(name.as_str())) {
                let help = findings.suggest.did_you_mean(name, scenario.nodes.iter().map(Node::id));
                findings.add(super::Severity::Error, format!("groups[{i}].nodes[{n}]"), format!("there is no node `{name}`"), help);
            }
        }
    }

    /// The outlet that `from` names, where its broker declares outlets (`Some(None)` if it declares no such one, which is then
    /// reported); `None` where a channel and a group make the outlet, or where the broker is not known.
    fn declared_outlet(&self, scenario: &Scenario, from: &str, path: String, findings: &mut Findings) -> Option<Option<OutletId>> {
        let (broker, name) = from.split_once('/')?;
        let node = *self.nodes.get(broker)?;
        let Node::Broker(found) = &scenario.nodes[node.index()] else { return None };
        if !found.kind.parts().declares_outlets() {
            return None;
        }
        let id = self.declared.get(&(node, name)).copied();
        if id.is_none() {
            let declared = found.kind.parts().outlets().unwrap_or_default();
            let known = || declared.iter().map(|outlet| outlet.name);
            let help = findings.suggest.nearest(name, known()).map(|o| format!("did you mean `{broker}/{o}`?"));
            let help = help.or_else(|| Some(format!("it has {}", listed(known()))).filter(|_| !declared.is_empty()));
            findings.add(super::Severity::Error, path, format!("the broker `{broker}` has nothing called `{name}` to read from"), help);
        }
        Some(id)
    }

    /// The outlet that a group has of its own, where each reader of a declared outlet gets its own copies.
    fn own_copy(&mut self, scenario: &Scenario, declared: OutletId, group: &'s str, copies: &mut Copies<'s>) -> OutletId {
        let Outlet { broker, part, .. } = self.outlets[declared.index()];
        let Node::Broker(document) = &scenario.nodes[broker.index()] else { return declared };
        if !part.is_some_and(|part| document.kind.parts().fans_out(part as usize)) {
            return declared;
        }
        if let Some(outlet) = copies.by_group.get(&(declared, group)) {
            return *outlet;
        }
        let outlet = if !copies.read.insert(declared) {
            let Outlet { channels, name, .. } = &self.outlets[declared.index()];
            self.outlets.push(Outlet { broker, channels: channels.clone(), name: format!("{name}#{group}"), part });
            OutletId::at(self.outlets.len() - 1)
        } else {
            declared
        };
        copies.by_group.insert((declared, group), outlet);
        outlet
    }

    fn links(&self, scenario: &Scenario, findings: &mut Findings) {
        let mut used: HashSet<(NodeId, NodeId)> = HashSet::new();
        let ends = |channel: ChannelId, node: NodeId| (node, self.channels[channel.index()].broker);
        used.extend(self.emitters.iter().filter_map(|e| Some(ends(e.channel?, e.node))));
        used.extend(self.reads.iter().filter_map(|r| Some((r.node, r.broker?))));
        for (i, node) in scenario.nodes.iter().enumerate() {
            let stores = called(node).filter_map(|name| self.nodes.get(name));
            used.extend(stores.map(|store| (NodeId::at(i), *store)));
        }
        used.extend(self.dead_letters.iter().map(|(node, channel)| ends(*channel, *node)));
        let mut known: HashSet<(NodeId, NodeId)> = HashSet::new();
        for (i, link) in scenario.links.iter().enumerate() {
            let path = format!("links[{i}].between");
            let end = |n: usize, name: &str, findings: &mut Findings| {
                let node = self.nodes.get(name).copied();
                if node.is_none() {
                    let help = findings.suggest.did_you_mean(name, scenario.nodes.iter().map(Node::id));
                    findings.add(super::Severity::Error, format!("{path}[{n}]"), format!("there is no node `{name}`"), help);
                }
                node
            };
            let (from, to) = (end(0, &link.between.0, findings), end(1, &link.between.1, findings));
            let (Some(from), Some(to)) = (from, to) else { continue };
            let serves = |id: NodeId| matches!(scenario.nodes[id.index()], Node::Broker(_) | Node::Store(_));
            let pair = match (serves(from), serves(to)) {
                _ if from == to => {
                    findings.error(path, format!("a link joins two nodes; both ends are `{}`", link.between.0));
                    continue;
                }
                (false, true) => (from, to),
                (true, false) => (to, from),
                (both, _) => {
                    let (a, b) = (&link.between.0, &link.between.1);
                    let message = format!(
                        "a link joins a broker or store and a producer or consumer; {} of `{a}` and `{b}` is a broker or store",
                        if both { "each" } else { "none" }
                    );
                    findings.error(path, message);
                    continue;
                }
            };
            if !known.insert(pair) {
                findings.error(path, format!("the link between `{}` and `{}` is described twice", link.between.0, link.between.1));
            } else if !used.contains(&pair) && !findings.has_errors() {
                findings.warning(
                    path,
                    format!("`{}` and `{}` exchange nothing: this link has no effect", link.between.0, link.between.1),
                    "remove it, or let one of them emit to, read from or call the other",
                );
            }
        }
    }

    fn event(&self, scenario: &Scenario, name: &str, path: String, findings: &mut Findings) -> Option<TypeId> {
        let found = self.types.get(name).copied();
        if found.is_none() {
            let known = || scenario.events.iter().map(|e| e.name.as_str()).filter(|name| findings.suggest.sound(name));
            let help = findings.suggest.did_you_mean(name, known()).or_else(|| match known().next() {
                None => Some(format!("declare it: `events: [Event(name: \"{name}\")]`")),
                Some(_) => Some(format!("declare it in `events`, or use one of {}", listed(known()))),
            });
            findings.add(super::Severity::Error, path, format!("there is no event `{name}`"), help);
        }
        found
    }

    /// The channel of an endpoint `broker/channel`.
    fn channel(&self, scenario: &Scenario, endpoint: &str, path: String, findings: &mut Findings) -> Option<ChannelId> {
        let brokers = || scenario.nodes.iter().filter(|n| matches!(n, Node::Broker(_))).map(Node::id);
        let Some((broker, channel)) = endpoint.split_once('/') else {
            // Perhaps only the broker, perhaps only the channel was written.
            let example = match self.nodes.get(endpoint).map(|n| &scenario.nodes[n.index()]) {
                Some(Node::Broker(b)) => b.kind.channels().first().map(|c| format!("{endpoint}/{c}")),
                _ => self.channels.iter().position(|c| c.name == endpoint).map(|c| self.endpoint(scenario, ChannelId::at(c))),
            };
            let help = example.map_or_else(|| "write it as `broker/channel`".to_owned(), |e| format!("did you mean `{e}`?"));
            findings.error_help(path, format!("`{endpoint}` does not name a broker and a channel"), help);
            return None;
        };
        let Some(node) = self.nodes.get(broker).copied() else {
            let help = findings.suggest.nearest(broker, brokers()).map(|b| format!("did you mean `{b}/{channel}`?"));
            let help = help.or_else(|| Some(format!("the brokers are {}", listed(brokers()))).filter(|_| brokers().next().is_some()));
            findings.add(super::Severity::Error, path, format!("there is no broker `{broker}`"), help);
            return None;
        };
        let Node::Broker(found) = &scenario.nodes[node.index()] else {
            let role = scenario.nodes[node.index()].role();
            let help = format!("events go through a broker: {}", listed(brokers()));
            findings.error_help(path, format!("`{broker}` is a {role}, not a broker"), help);
            return None;
        };
        let id = self.by_endpoint.get(&(node, channel)).copied();
        if id.is_none() {
            let (known, word) = (found.kind.channels(), found.kind.parts().channel_word());
            let help = findings.suggest.nearest(channel, known.iter().copied()).map(|c| format!("did you mean `{broker}/{c}`?"));
            let help = help.or_else(|| match known.is_empty() {
                true => Some(format!("add it to the {word} list of `{broker}`")),
                false => Some(format!("it has {}", listed(known.iter().copied()))),
            });
            findings.add(super::Severity::Error, path, format!("the broker `{broker}` has no {word} `{channel}`"), help);
        }
        id
    }

    /// Reads the files that `Trace` arrivals name, each once.
    pub fn read_traces(&mut self, scenario: &Scenario, files: &dyn Files, findings: &mut Findings) {
        let mut traces = Traces::new(&self.types, scenario, files);
        for emitter in &mut self.emitters {
            let Node::Producer(producer) = &scenario.nodes[emitter.node.index()] else { continue };
            let emit = &producer.emits[emitter.index];
            let (Arrivals::Trace(file), Source::Emits { trace }) = (&emit.arrivals, &mut emitter.origin) else { continue };
            // An unknown event name has been reported; rows cannot be chosen by it.
            if emit.event.is_some() && emitter.event.is_none() {
                continue;
            }
            let path = format!("{}.arrivals", emitter.path);
            match traces.rows(file, emitter.event, &findings.suggest) {
                Ok(rows) => {
                    let late = rows.rows.len() - rows.rows.partition_point(|r| r.at.0 <= scenario.duration.0);
                    if late > 0 {
                        let message = format!("{late} of {} rows of `{file}` lie behind the end of the run", rows.rows.len());
                        findings.warning(path, message, "make `duration` longer to have them emitted");
                    }
                    *trace = Some(rows);
                }
                Err((message, help)) => findings.add(super::Severity::Error, path, message, help),
            }
        }
    }
}

/// Parses the expectations and looks up what they name.
pub(super) fn expectations(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) -> Vec<Expectation> {
    let role = |node: &Node| match node {
        Node::Broker(broker) => broker_role(&broker.kind),
        other => other.role(),
    };
    let outlet = |outlet: &Outlet| match &scenario.nodes[outlet.broker.index()] {
        Node::Broker(broker) => {
            let first = names.channels_of(outlet.broker).start;
            expect::Outlet::of(&broker.kind, outlet.part, outlet.channels.first().map(|channel| channel.index() - first))
        }
        _ => expect::Outlet::Plain,
    };
    let met = needs::met(scenario);
    let nodes = scenario.nodes.iter().zip(&met).map(|(node, met)| (node.id(), role(node), met));
    let known = Known::new(nodes, names.outlets.iter().map(|o| (o.name.as_str(), outlet(o))));
    let mut parsed = Vec::with_capacity(scenario.expect.len());
    for (i, expect) in scenario.expect.iter().enumerate() {
        match Expectation::parse(&expect.0, &known, &findings.suggest) {
            Ok(expectation) => parsed.push(expectation),
            Err((message, help)) => findings.add(super::Severity::Error, format!("expect[{i}][0]"), message, help),
        }
    }
    parsed
}

/// The stores that a node calls, by name.
pub(super) fn called(node: &Node) -> impl Iterator<Item = &str> {
    let (calls, outbox): (&[crate::scenario::store::Call], _) = match node {
        Node::Producer(producer) => (&producer.calls, producer.outbox.as_ref()),
        Node::Consumer(consumer) => (&consumer.calls, consumer.outbox.as_ref()),
        Node::Broker(_) | Node::Store(_) => (&[], None),
    };
    calls.iter().map(|call| call.store.as_str()).chain(outbox.map(crate::scenario::publishing::Outbox::store))
}

/// The article before a word of ours.
pub(super) fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// What is wrong with a name, as the rest of a sentence.
fn malformed(name: &str, forbidden: &[char]) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.trim() != name {
        return Some(format!("has white space at an end: `{name}`"));
    }
    if name.chars().count() > LONGEST {
        return Some(format!("is longer than {LONGEST} characters"));
    }
    let bad = |c: char| forbidden.contains(&c) || matches!(c, '"' | '\'' | '`') || c.is_control();
    name.chars().find(|c| bad(*c)).map(|c| format!("contains {c:?}, which has a meaning of its own: `{}`", name.escape_debug()))
}
