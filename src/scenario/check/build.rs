//! The plan of a document in which nothing is wrong.

use super::names::{Names, Source};
use crate::ids::{BrokerId, ChannelId, ConsumerId, EmitterId, LinkId, NodeId, OutletId, ReadId, StoreId, TypeId};
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::eventbridge::SCHEDULED_EVENT;
use crate::scenario::chains::When;
use crate::scenario::document::{Consumer, Link, Node, Retry, Scenario};
use crate::scenario::expect::Expectation;
use crate::scenario::handling::Scale;
use crate::scenario::needs;
use crate::scenario::plan::{
    BrokerPlan, CallPlan, ChannelPlan, Checked, ConsumerPlan, EmitterPlan, Handling, LinkPlan, NodePlan, Occasion, Origin, OutletPlan,
    Plan, Properties, ReadPlan, RelayPlan, ReplyPlan, Role, Sending, StorePlan, TypePlan,
};
use crate::scenario::publishing::{First, Outbox, Publish};
use crate::scenario::shapes::{Arrivals, Times};
use crate::scenario::store::Call;
use crate::scenario::units::{Percent, Size};
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Builds the plan. `names` must have been resolved without an error.
pub(super) fn plan(scenario: &Scenario, names: &Names<'_>, expectations: Vec<Expectation>) -> Plan {
    let (nodes, roles) = nodes(scenario);
    let mut links = Links::new(scenario, names);
    let mut plan = Plan {
        name: scenario.name.clone(),
        seed: scenario.seed,
        duration: Time::ZERO + scenario.duration,
        warmup: Time::ZERO + scenario.warmup,
        limits: scenario.limits.clone(),
        types: types(scenario),
        nodes,
        emitters: Vec::with_capacity(names.emitters.len()),
        brokers: brokers(scenario, names),
        channels: channels(scenario, names, &roles),
        outlets: Vec::with_capacity(names.outlets.len()),
        reads: Vec::with_capacity(names.reads.len()),
        consumers: consumers(scenario),
        stores: stores(scenario),
        relays: Vec::new(),
        links: Vec::new(),
        faults: Vec::new(),
        expectations,
        checked: Checked(()),
    };
    outlets(&mut plan, names, &roles);
    emitters(&mut plan, scenario, names, &roles, &mut links);
    reads(&mut plan, names, &roles, &mut links);
    for (node, channel) in &names.dead_letters {
        let link = links.between(*node, names.channels[channel.index()].broker);
        if let Role::Consumer(consumer) = roles[node.index()] {
            plan.consumers[consumer.index()].dead_letter = Some((*channel, link));
        }
    }
    writes(&mut plan, scenario, names, &roles, &mut links);
    event_buses(&mut plan, scenario, names, &mut links);
    watched(&mut plan, scenario);
    plan.links = links.both_ways();
    plan
}

fn nodes(scenario: &Scenario) -> (Vec<NodePlan>, Vec<Role>) {
    let (mut brokers, mut consumers, mut stores) = (0, 0, 0);
    let roles: Vec<Role> = scenario
        .nodes
        .iter()
        .map(|node| match node {
            Node::Producer(_) => Role::Producer,
            Node::Broker(_) => {
                brokers += 1;
                Role::Broker(BrokerId::at(brokers - 1))
            }
            Node::Consumer(_) => {
                consumers += 1;
                Role::Consumer(ConsumerId::at(consumers - 1))
            }
            Node::Store(_) => {
                stores += 1;
                Role::Store(StoreId::at(stores - 1))
            }
        })
        .collect();
    let nodes = scenario
        .nodes
        .iter()
        .zip(&roles)
        .zip(needs::met(scenario))
        .map(|((n, role), met)| NodePlan {
            name: n.id().to_owned(),
            role: *role,
            zone: n.zone().map(str::to_owned),
            emitters: Vec::new(),
            met,
        })
        .collect();
    (nodes, roles)
}

fn types(scenario: &Scenario) -> Vec<TypePlan> {
    let plan = |e: &crate::scenario::document::Event| TypePlan {
        name: e.name.clone(),
        size: e.size,
        key: e.key.clone(),
        attributes: e.attributes.0.clone(),
    };
    scenario.events.iter().map(plan).collect()
}

fn brokers(scenario: &Scenario, names: &Names<'_>) -> Vec<BrokerPlan> {
    let broker = |(i, node): (usize, &Node)| match node {
        Node::Broker(broker) => {
            let (node, channels) = (NodeId::at(i), names.channels_of(NodeId::at(i)));
            Some(BrokerPlan { node, kind: broker.kind.clone(), channels, outlets: Vec::new() })
        }
        _ => None,
    };
    scenario.nodes.iter().enumerate().filter_map(broker).collect()
}

fn channels(scenario: &Scenario, names: &Names<'_>, roles: &[Role]) -> Vec<ChannelPlan> {
    let channel = |i: usize| {
        let broker = match roles[names.channels[i].broker.index()] {
            Role::Broker(broker) => broker,
            _ => BrokerId(0),
        };
        ChannelPlan { broker, name: names.endpoint(scenario, ChannelId::at(i)), outlets: Vec::new(), folded_by: Vec::new() }
    };
    (0..names.channels.len()).map(channel).collect()
}

fn outlets(plan: &mut Plan, names: &Names<'_>, roles: &[Role]) {
    for (i, outlet) in names.outlets.iter().enumerate() {
        outlet.channels.iter().for_each(|channel| plan.channels[channel.index()].outlets.push(OutletId::at(i)));
        let Role::Broker(broker) = roles[outlet.broker.index()] else { continue };
        let (channels, name, part) = (outlet.channels.clone(), outlet.name.clone(), outlet.part);
        plan.brokers[broker.index()].outlets.push(OutletId::at(plan.outlets.len()));
        plan.outlets.push(OutletPlan { broker, channels, name, part, readers: Vec::new(), folded: false });
    }
}

fn consumers(scenario: &Scenario) -> Vec<ConsumerPlan> {
    let consumer = |(i, node): (usize, &Node)| match node {
        Node::Consumer(c) => Some(consumer(NodeId::at(i), c)),
        _ => None,
    };
    scenario.nodes.iter().enumerate().filter_map(consumer).collect()
}

fn consumer(node: NodeId, consumer: &Consumer) -> ConsumerPlan {
    let (instances, threads) = match consumer.scale {
        Some(Scale::Serverless { limit, .. }) => (limit, 1),
        Some(Scale::Autoscale { .. }) | None => (consumer.instances, consumer.threads),
    };
    ConsumerPlan {
        node,
        instances,
        threads,
        handling: Handling {
            timeout: consumer.timeout,
            inbox: consumer.inbox.clone(),
            breaker: consumer.breaker.clone(),
            shed: consumer.shed.clone(),
            scale: consumer.scale.clone(),
        },
        ack: consumer.ack,
        ordered: consumer.ordered,
        prefetch: consumer.prefetch.unwrap_or(0),
        handle: consumer.handle.clone(),
        retry: consumer.retry.clone().unwrap_or(Retry { attempts: 1, ..Retry::default() }),
        dead_letter: None,
        then: Vec::new(),
        reads: Vec::new(),
        calls: Vec::new(),
        sending: Sending::Straight,
        state: consumer.state.clone(),
        join: consumer.join.clone(),
        outcomes: consumer.handle.outcomes.iter().map(|(_, weight)| *weight).collect(),
        answers: false,
    }
}

fn emitters(plan: &mut Plan, scenario: &Scenario, names: &Names<'_>, roles: &[Role], links: &mut Links<'_>) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut repeats: BTreeMap<String, usize> = BTreeMap::new();
    for (i, emitter) in names.emitters.iter().enumerate() {
        let Some(channel) = emitter.channel else { continue };
        let link = links.between(emitter.node, names.channels[channel.index()].broker);
        let origin = match (&emitter.origin, &scenario.nodes[emitter.node.index()], roles[emitter.node.index()]) {
            (Source::Emits { trace: Some(trace) }, ..) => Origin::Trace(trace.clone()),
            (Source::Emits { trace: None }, Node::Producer(producer), _) => {
                Origin::Workload(producer.emits[emitter.index].arrivals.clone())
            }
            (Source::Then { on }, Node::Consumer(document), Role::Consumer(consumer)) => {
                plan.consumers[consumer.index()].then.push(EmitterId::at(i));
                Origin::Then { consumer, probability: document.then[emitter.index].probability, on: on.clone() }
            }
            _ => continue,
        };
        let properties = properties(&scenario.nodes[emitter.node.index()], emitter);
        let event = emitter.event.map_or("*", |e| &scenario.events[e.index()].name);
        let name = format!("{}/{event}->{}", scenario.nodes[emitter.node.index()].id(), plan.channels[channel.index()].name);
        let name = distinct(name, &mut taken, &mut repeats);
        let publish = match &scenario.nodes[emitter.node.index()] {
            Node::Producer(producer) => producer.publish.clone(),
            Node::Consumer(consumer) => consumer.publish.clone(),
            Node::Broker(_) | Node::Store(_) => Publish::Forget,
        };
        let (occasion, reply) = match &scenario.nodes[emitter.node.index()] {
            Node::Consumer(consumer) => (occasion(consumer, &consumer.then[emitter.index].when), None),
            Node::Producer(producer) => {
                let within = producer.emits[emitter.index].reply.as_ref().map(|reply| reply.within);
                (Occasion::Handled, emitter.reply.zip(within).map(|(channel, within)| ReplyPlan { channel, within }))
            }
            Node::Broker(_) | Node::Store(_) => (Occasion::Handled, None),
        };
        plan.nodes[emitter.node.index()].emitters.push(EmitterId::at(plan.emitters.len()));
        plan.emitters.push(EmitterPlan {
            node: emitter.node,
            name,
            event: emitter.event,
            channel,
            link,
            origin,
            properties,
            publish,
            calls: Vec::new(),
            sending: Sending::Straight,
            occasion,
            reply,
            in_transactions: false,
        });
    }
}

/// What EventBridge brokers send by themselves: events on a schedule, and events for buses of other brokers.
fn event_buses(plan: &mut Plan, scenario: &Scenario, names: &Names<'_>, links: &mut Links<'_>) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        let Node::Broker(broker) = node else { continue };
        let BrokerKind::EventBridge(parts) = &broker.kind else { continue };
        let here = NodeId::at(i);
        for (far, _) in parts.rules.iter().filter_map(|rule| rule.forward.as_deref()?.split_once('/')) {
            if let Some(there) = names.nodes.get(far) {
                links.between(here, *there);
            }
        }
        for (_, rule, schedule) in parts.scheduled() {
            let Some(bus) = parts.bus_of(rule) else { continue };
            let Some(channel) = names.channels_of(here).nth(bus) else { continue };
            let kind = plan.types.iter().position(|kind| kind.name == SCHEDULED_EVENT).unwrap_or_else(|| {
                let (name, size) = (SCHEDULED_EVENT.to_owned(), Size(256));
                plan.types.push(TypePlan { name, size, key: None, attributes: Vec::new() });
                plan.types.len() - 1
            });
            plan.nodes[i].emitters.push(EmitterId::at(plan.emitters.len()));
            plan.emitters.push(EmitterPlan {
                node: here,
                name: format!("{}/{} on schedule", broker.id, rule.name),
                event: Some(TypeId::at(kind)),
                channel: ChannelId::at(channel),
                link: links.inside(here),
                origin: Origin::Workload(Arrivals::Schedule(schedule.clone())),
                properties: Properties::default(),
                publish: Publish::Forget,
                calls: Vec::new(),
                sending: Sending::Straight,
                occasion: Occasion::Handled,
                reply: None,
                in_transactions: false,
            });
        }
    }
}

fn occasion(consumer: &Consumer, when: &When) -> Occasion {
    match when {
        When::Handled => Occasion::Handled,
        When::Outcome(name) => {
            let at = consumer.handle.outcomes.iter().position(|(known, _)| known == name);
            Occasion::Outcome(at.unwrap_or_default() as u16)
        }
        When::Failed => Occasion::Failed,
        When::TimedOut => Occasion::TimedOut,
    }
}

fn stores(scenario: &Scenario) -> Vec<StorePlan> {
    let store = |(i, node): (usize, &Node)| match node {
        Node::Store(store) => {
            Some(StorePlan { node: NodeId::at(i), connections: store.connections, time: store.time.clone(), fails: store.fails })
        }
        _ => None,
    };
    scenario.nodes.iter().enumerate().filter_map(store).collect()
}

/// Calls to stores, and what ties the last of them to publishing.
fn writes(plan: &mut Plan, scenario: &Scenario, names: &Names<'_>, roles: &[Role], links: &mut Links<'_>) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        let id = NodeId::at(i);
        let (calls, outbox) = match node {
            Node::Producer(producer) => (&producer.calls, &producer.outbox),
            Node::Consumer(consumer) => (&consumer.calls, &consumer.outbox),
            Node::Broker(_) | Node::Store(_) => continue,
        };
        let mut way = |call: &Call| {
            let node = *names.nodes.get(call.store.as_str())?;
            let Role::Store(store) = roles[node.index()] else { return None };
            Some(CallPlan { store, link: links.between(id, node), timeout: call.timeout })
        };
        let mut list: Vec<CallPlan> = calls.iter().filter_map(&mut way).collect();
        let write = outbox.as_ref().and_then(|outbox| way(&Call { store: outbox.store().to_owned(), timeout: None }));
        list.extend(write);
        let sending = match (outbox, write) {
            (Some(Outbox::DualWrite { first: First::Store, .. }), _) => Sending::StoreFirst,
            (Some(Outbox::DualWrite { first: First::Broker, .. }), _) => Sending::BrokerFirst,
            (Some(Outbox::Outbox { poll, batch, .. }), Some(call)) => {
                plan.relays.push(RelayPlan { node: id, call, poll: *poll, batch: *batch });
                Sending::Outbox(plan.relays.len() as u32 - 1)
            }
            _ => Sending::Straight,
        };
        let Plan { nodes, emitters, .. } = &mut *plan;
        for emitter in &nodes[i].emitters {
            let emitter = &mut emitters[emitter.index()];
            emitter.sending = sending;
            if matches!(node, Node::Producer(_)) {
                emitter.calls = list.clone();
            }
        }
        if let Role::Consumer(consumer) = roles[i] {
            let consumer = &mut plan.consumers[consumer.index()];
            (consumer.calls, consumer.sending) = (list, sending);
        }
    }
}

/// Who watches which events: states that are folded from them, requests that they answer.
fn watched(plan: &mut Plan, scenario: &Scenario) {
    for emitter in &mut plan.emitters {
        if let BrokerKind::Kafka(kafka) = &plan.brokers[plan.channels[emitter.channel.index()].broker.index()].kind {
            let node = &plan.nodes[emitter.node.index()].name;
            emitter.in_transactions = kafka.transactions.iter().any(|transaction| transaction.node == *node);
        }
    }
    let asked: BTreeSet<ChannelId> = plan.emitters.iter().filter_map(|emitter| Some(emitter.reply?.channel)).collect();
    for i in 0..plan.reads.len() {
        let (consumer, outlet) = (plan.reads[i].consumer, plan.reads[i].outlet);
        let node = plan.brokers[plan.outlets[outlet.index()].broker.index()].node;
        let declared = match &scenario.nodes[node.index()] {
            Node::Broker(broker) => broker.kind.parts().declares_outlets(),
            _ => false,
        };
        let channels = plan.outlets[outlet.index()].channels.clone();
        plan.consumers[consumer.index()].answers |= channels.iter().any(|channel| asked.contains(channel));
        if plan.consumers[consumer.index()].state.is_none() {
            continue;
        }
        plan.outlets[outlet.index()].folded |= declared;
        for channel in channels.iter().filter(|_| !declared) {
            let by = &mut plan.channels[channel.index()].folded_by;
            if !by.contains(&consumer) {
                by.push(consumer);
            }
        }
    }
}

/// What the `Emit` says to a RabbitMQ broker.
fn properties(node: &Node, emitter: &super::names::Emitter) -> Properties {
    match (&emitter.origin, node) {
        (Source::Emits { .. }, Node::Producer(producer)) => {
            let emit = &producer.emits[emitter.index];
            Properties {
                routing_key: emit.routing_key.clone(),
                headers: emit.headers.0.clone(),
                priority: emit.priority,
                expiration: emit.expiration,
                mandatory: emit.mandatory,
            }
        }
        (Source::Then { .. }, Node::Consumer(consumer)) => {
            let then = &consumer.then[emitter.index];
            Properties {
                routing_key: then.routing_key.clone(),
                headers: then.headers.0.clone(),
                priority: then.priority,
                expiration: then.expiration,
                mandatory: then.mandatory,
            }
        }
        _ => Properties::default(),
    }
}

/// The name itself the first time, then with `~2`, `~3`, ...
fn distinct(name: String, taken: &mut BTreeSet<String>, repeats: &mut BTreeMap<String, usize>) -> String {
    if taken.insert(name.clone()) {
        return name;
    }
    let count = repeats.entry(name.clone()).or_insert(1);
    loop {
        *count += 1;
        let numbered = format!("{name}~{count}");
        if taken.insert(numbered.clone()) {
            return numbered;
        }
    }
}

fn reads(plan: &mut Plan, names: &Names<'_>, roles: &[Role], links: &mut Links<'_>) {
    for (i, read) in names.reads.iter().enumerate() {
        let (Some(broker), Some(outlet), Role::Consumer(consumer)) = (read.broker, read.outlet, roles[read.node.index()]) else {
            continue;
        };
        let link = links.between(broker, read.node);
        plan.consumers[consumer.index()].reads.push(ReadId::at(i));
        plan.outlets[outlet.index()].readers.push(ReadId::at(i));
        plan.reads.push(ReadPlan { consumer, outlet, link, group: read.group.clone(), priority: read.priority, requeue: read.requeue });
    }
}

/// The directions that are used, in the order of their first use.
struct Links<'s> {
    scenario: &'s Scenario,
    described: BTreeMap<(NodeId, NodeId), &'s Link>,
    ids: BTreeMap<(NodeId, NodeId), LinkId>,
    list: Vec<LinkPlan>,
}

impl<'s> Links<'s> {
    fn new(scenario: &'s Scenario, names: &Names<'_>) -> Links<'s> {
        let mut described = BTreeMap::new();
        for link in &scenario.links {
            let ends = (names.nodes.get(link.between.0.as_str()), names.nodes.get(link.between.1.as_str()));
            if let (Some(a), Some(b)) = ends {
                described.insert((*a.min(b), *a.max(b)), link);
            }
        }
        Links { scenario, described, ids: BTreeMap::new(), list: Vec::new() }
    }

    fn between(&mut self, from: NodeId, to: NodeId) -> LinkId {
        if let Some(id) = self.ids.get(&(from, to)) {
            return *id;
        }
        let network = &self.scenario.network;
        let own = self.described.get(&(from.min(to), from.max(to)));
        let id = LinkId::at(self.list.len());
        self.list.push(LinkPlan {
            from,
            to,
            latency: own.and_then(|l| l.latency.clone()).unwrap_or_else(|| network.latency.clone()),
            loss: own.and_then(|l| l.loss).unwrap_or(network.loss),
            duplication: own.and_then(|l| l.duplication).unwrap_or(network.duplication),
            bandwidth: own.and_then(|l| l.bandwidth).or(network.bandwidth),
            ordered: own.and_then(|l| l.ordered).unwrap_or(network.ordered),
            back: id,
        });
        self.ids.insert((from, to), id);
        id
    }

    /// A node's way to itself, which takes no time.
    fn inside(&mut self, node: NodeId) -> LinkId {
        if let Some(id) = self.ids.get(&(node, node)) {
            return *id;
        }
        let id = LinkId::at(self.list.len());
        self.list.push(LinkPlan {
            from: node,
            to: node,
            latency: Times::Constant(Span::ZERO),
            loss: Percent(0.0),
            duplication: Percent(0.0),
            bandwidth: None,
            ordered: true,
            back: id,
        });
        self.ids.insert((node, node), id);
        id
    }

    /// All of them, each with its way back: confirmations and acknowledgements travel too. Ways on which no event travels come last.
    fn both_ways(mut self) -> Vec<LinkPlan> {
        for i in 0..self.list.len() {
            let (from, to) = (self.list[i].from, self.list[i].to);
            self.list[i].back = self.between(to, from);
            let back = self.list[i].back;
            self.list[back.index()].back = LinkId::at(i);
        }
        self.list
    }
}
