//! What a RabbitMQ broker declares: names that lead somewhere, settings that go together, keys that fit.

use super::names::{Names, Source};
use super::{Findings, Severity};
use crate::ids::NodeId;
use crate::scenario::broker::BrokerKind;
use crate::scenario::broker::rabbitmq::{
    DEFAULT_EXCHANGE, ExchangeKind, Leads, MOST_NODES, Match, Minority, Overflow, Queue, QueueKind, RabbitMq, Strategy,
};
use crate::scenario::document::{Node, Scenario};
use crate::scenario::names::listed;
use crate::scenario::units::Size;
use crate::time::Span;
use std::collections::BTreeMap;

/// Looks at every RabbitMQ broker, and at what is said to brokers that do not listen to it.
pub(super) fn look(scenario: &Scenario, names: &Names<'_>, findings: &mut Findings) {
    for (i, node) in scenario.nodes.iter().enumerate() {
        let id = NodeId::at(i);
        match node {
            Node::Broker(broker) => {
                if let BrokerKind::RabbitMq(parts) = &broker.kind {
                    declared(parts, &names.at(id, "kind"), scenario.duration, findings);
                    owned(scenario, &broker.id, parts, &names.at(id, "kind"), findings);
                    attached(scenario, &broker.id, parts, &names.at(id, "kind"), findings);
                }
            }
            Node::Consumer(consumer) => {
                let reads = names.reads_by(id).iter();
                // What a read that leads nowhere was meant for, nobody knows.
                let may = reads.clone().any(|read| read.broker.is_none() || is_rabbit(scenario, read.broker).is_some());
                if consumer.prefetch.is_some() && !may {
                    let help = "leave it out, or let the consumer read from a RabbitMq broker";
                    findings.warning(names.at(id, "prefetch"), "only RabbitMQ looks at `prefetch`", help);
                }
                for (read, document) in reads.zip(&consumer.reads).filter(|(read, _)| read.broker.is_some()) {
                    let said = [("priority", document.priority != 0), ("requeue", document.requeue)];
                    for (field, _) in said.iter().filter(|(_, said)| *said && is_rabbit(scenario, read.broker).is_none()) {
                        let path = format!("{}.{field}", read.path);
                        findings.warning(path, format!("only RabbitMQ looks at `{field}`"), "leave it out");
                    }
                    let stream = || is_rabbit(scenario, read.broker).is_some_and(|parts| is_stream(parts, &document.from));
                    for (field, _) in said.iter().filter(|(_, said)| *said && stream()) {
                        let path = format!("{}.{field}", read.path);
                        findings.warning(path, format!("`{}` is a stream: it does not look at `{field}`", document.from), "leave it out");
                    }
                }
            }
            Node::Producer(_) | Node::Store(_) => {}
        }
    }
    for emitter in &names.emitters {
        let broker = emitter.channel.map(|channel| names.channels[channel.index()].broker);
        let channel = emitter.channel.map(|channel| names.channels[channel.index()].name);
        let (key, headers, priority, expiration, mandatory) = match (&scenario.nodes[emitter.node.index()], &emitter.origin) {
            (Node::Producer(producer), Source::Emits { .. }) => {
                let emit = &producer.emits[emitter.index];
                (&emit.routing_key, &emit.headers, emit.priority.is_some(), emit.expiration.is_some(), emit.mandatory)
            }
            (Node::Consumer(consumer), Source::Then { .. }) => {
                let then = &consumer.then[emitter.index];
                (&then.routing_key, &then.headers, then.priority.is_some(), then.expiration.is_some(), then.mandatory)
            }
            _ => continue,
        };
        let Some(parts) = is_rabbit(scenario, broker) else {
            let said = [
                ("routing_key", key.is_some()),
                ("headers", !headers.is_empty()),
                ("priority", priority),
                ("expiration", expiration),
                ("mandatory", mandatory),
            ];
            for (field, _) in said.iter().filter(|(_, said)| *said && broker.is_some()) {
                let path = format!("{}.{field}", emitter.path);
                findings.warning(path, format!("only RabbitMQ looks at `{field}`"), "leave it out, or emit to a RabbitMq broker");
            }
            continue;
        };
        let path = format!("{}.to", emitter.path);
        if channel.and_then(|name| parts.exchange(name)).is_some_and(|at| parts.exchanges[at].internal) {
            let name = channel.unwrap_or_default();
            findings.error_help(path, format!("`{name}` is internal: nobody may publish to it"), "publish to an exchange that leads there");
        } else if channel == Some(DEFAULT_EXCHANGE)
            && key.as_deref().zip(broker).is_none_or(|(key, broker)| names.declared_at(broker, key).is_none())
        {
            let help = findings.suggest.did_you_mean(key.as_deref().unwrap_or_default(), parts.queues.iter().map(|q| q.name.as_str()));
            let help = help.unwrap_or_else(|| "write the queue's name as `routing_key`".to_owned());
            findings.warning(
                path,
                "the default exchange leads to the queue that `routing_key` names, and there is none of that name",
                help,
            );
        }
    }
}

fn is_rabbit(scenario: &Scenario, broker: Option<NodeId>) -> Option<&RabbitMq> {
    match &scenario.nodes[broker?.index()] {
        Node::Broker(broker) => match &broker.kind {
            BrokerKind::RabbitMq(parts) => Some(parts),
            _ => None,
        },
        _ => None,
    }
}

fn is_stream(parts: &RabbitMq, place: &str) -> bool {
    let queue = place.split_once('/').and_then(|(_, name)| parts.queue(name));
    queue.is_some_and(|at| parts.queues[at].kind == QueueKind::Stream)
}

/// The consumers that read from a place.
pub(super) fn readers<'s>(scenario: &'s Scenario, place: &str) -> impl Iterator<Item = &'s str> {
    scenario.nodes.iter().filter_map(move |node| match node {
        Node::Consumer(consumer) if consumer.reads.iter().any(|read| read.from == place) => Some(consumer.id.as_str()),
        _ => None,
    })
}

/// Who attaches where to which stream.
fn attached(scenario: &Scenario, broker: &str, parts: &RabbitMq, at: &str, findings: &mut Findings) {
    let streams = || parts.queues.iter().filter(|queue| queue.kind == QueueKind::Stream).map(|queue| queue.name.as_str());
    for (i, attach) in parts.attaches.iter().enumerate() {
        let path = format!("{at}.attaches[{i}]");
        let place = format!("{broker}/{}", attach.stream);
        if !streams().any(|name| name == attach.stream) {
            let help = findings.suggest.did_you_mean(&attach.stream, streams());
            let help = help.or_else(|| streams().next().is_some().then(|| format!("there is {}", listed(streams()))));
            findings.add(Severity::Error, format!("{path}.stream"), format!("there is no stream `{}`", attach.stream), help);
            continue;
        }
        let readers = || readers(scenario, &place);
        if !readers().any(|id| id == attach.reader) {
            let help = findings.suggest.did_you_mean(&attach.reader, readers());
            let help = help.or_else(|| Some(format!("let a consumer of that name read from `{place}`")));
            findings.add(Severity::Error, format!("{path}.reader"), format!("`{}` does not read `{place}`", attach.reader), help);
        }
        if attach.at > scenario.duration {
            let message = format!("{} lies behind the end of the run, {}", attach.at, scenario.duration);
            findings.warning(format!("{path}.at"), message, "nobody will attach");
        }
    }
}

/// Exclusive queues belong to the one connection that reads them.
fn owned(scenario: &Scenario, broker: &str, parts: &RabbitMq, at: &str, findings: &mut Findings) {
    for (i, queue) in parts.queues.iter().enumerate().filter(|(_, queue)| queue.exclusive && queue.kind == QueueKind::Classic) {
        let (path, place) = (format!("{at}.queues[{i}].exclusive"), format!("{broker}/{}", queue.name));
        let readers = scenario.nodes.iter().filter_map(|node| match node {
            Node::Consumer(consumer) if consumer.reads.iter().any(|read| read.from == place) => Some(consumer),
            _ => None,
        });
        let readers: Vec<_> = readers.collect();
        let help = "leave `exclusive` out, or let one consumer with one instance read from the queue";
        match readers.as_slice() {
            [] => findings.error_help(path, format!("`{}` belongs to whoever reads it, and nobody does", queue.name), help),
            [one] if one.instances == 1 && one.scale.is_none() => {}
            [one] => {
                let message = format!("`{}` belongs to one connection, and `{}` has or may have several instances", queue.name, one.id);
                findings.error_help(path, message, help);
            }
            several => {
                let names = listed(several.iter().map(|consumer| consumer.id.as_str()));
                findings.error_help(path, format!("`{}` belongs to one connection, and {names} read from it", queue.name), help);
            }
        }
    }
}

/// What a stream does not have, and what only streams and clusters have.
fn kept(parts: &RabbitMq, queue: &Queue, path: &str, findings: &mut Findings) {
    let stream = queue.kind == QueueKind::Stream;
    let not_in_streams = [
        ("max_length", queue.max_length.is_some()),
        ("ttl", queue.ttl.is_some()),
        ("overflow", queue.overflow != Overflow::DropHead),
        ("max_priority", queue.max_priority.is_some()),
        ("delivery_limit", queue.delivery_limit.is_some()),
        ("single_active", queue.single_active),
        ("dead_letter", queue.dead_letter.is_some()),
        ("expires", queue.expires.is_some()),
    ];
    for (field, _) in not_in_streams.iter().filter(|(_, said)| stream && *said) {
        let help = "a stream keeps events by `max_age` and `max_bytes`, and everybody reads all of them";
        findings.error_help(format!("{path}.{field}"), format!("a stream has no `{field}`"), help);
    }
    for (field, _) in
        [("max_age", queue.max_age.is_some()), ("segment", queue.segment.is_some())].iter().filter(|(_, said)| !stream && *said)
    {
        findings.error_help(format!("{path}.{field}"), format!("only a stream has a `{field}`"), "write `kind: Stream`, or leave it out");
    }
    for (field, _) in [("auto_delete", queue.auto_delete), ("exclusive", queue.exclusive)].iter().filter(|(_, said)| *said) {
        if queue.kind != QueueKind::Classic {
            let help = "write `kind: Classic`, or give it a time to live without consumers, `expires`";
            let help = if stream { "streams stay" } else { help };
            findings.error_help(format!("{path}.{field}"), format!("only a classic queue can be `{field}`"), help);
        }
    }
    if queue.expires.is_some_and(|span| span.0 == 0) {
        findings.error_help(format!("{path}.expires"), "a queue lives for some time at least", "leave it out, or write `1ms`");
    }
    if queue.segment == Some(Size(0)) {
        findings.error(format!("{path}.segment"), "a segment holds at least one byte");
    }
    let nodes = parts.nodes;
    if let Some(node) = queue.node.filter(|node| *node == 0 || *node > nodes) {
        let message = format!("there is no node {node}: nodes are numbered from 1 to {nodes}");
        findings.error_help(format!("{path}.node"), message, "give the broker more `nodes`, or name another");
    }
    match queue.members {
        Some(_) if queue.kind == QueueKind::Classic => {
            let help = "write `kind: Quorum` to have copies on several nodes";
            findings.error_help(format!("{path}.members"), "a classic queue is on one node", help);
        }
        Some(members) if members == 0 || members > nodes => {
            let message = format!("{members} members are not possible on {nodes} nodes");
            findings.error_help(format!("{path}.members"), message, "a member takes a node of its own");
        }
        _ => {}
    }
}

fn declared(parts: &RabbitMq, at: &str, duration: Span, findings: &mut Findings) {
    let places = parts.places();
    let exchanges = || parts.exchanges.iter().map(|exchange| exchange.name.as_str());
    let queues = || parts.queues.iter().map(|queue| queue.name.as_str());
    let unknown = |path: String, what: &str, name: &str, known: Vec<&str>, findings: &mut Findings| {
        let help = findings.suggest.did_you_mean(name, known.iter().copied());
        let help = help.or_else(|| (!known.is_empty()).then(|| format!("there is {}", listed(known.iter().copied()))));
        findings.add(Severity::Error, path, format!("there is no {what} `{name}`"), help);
    };
    if parts.nodes == 0 || parts.nodes > MOST_NODES {
        findings.error(format!("{at}.nodes"), format!("a cluster has 1 to {MOST_NODES} nodes"));
    }
    if parts.nodes == 1 && parts.minority == Minority::Pause {
        findings.warning(format!("{at}.minority"), "a single node is never a minority", "leave it out, or have more `nodes`");
    }
    for (i, exchange) in parts.exchanges.iter().enumerate() {
        let path = format!("{at}.exchanges[{i}]");
        if let Some(kind) = exchange.predeclared() {
            if (exchange.kind, exchange.internal, &exchange.alternate) != (kind, false, &None) {
                let message = format!("`{}` is there from the start, as a plain {kind:?} exchange", exchange.name);
                findings.error_help(path.clone(), message, "give the exchange another name, or its own kind and nothing more");
            }
        } else if exchange.name == DEFAULT_EXCHANGE || exchange.name.starts_with("amq.") {
            let message = format!("the name `{}` is RabbitMQ's own", exchange.name);
            findings.error_help(format!("{path}.name"), message, "give the exchange another name");
        }
        if let Some(alternate) = exchange.alternate.as_deref().filter(|name| places.exchange(name).is_none()) {
            unknown(format!("{path}.alternate"), "exchange", alternate, exchanges().collect(), findings);
        }
    }
    for (i, queue) in parts.queues.iter().enumerate() {
        let path = format!("{at}.queues[{i}]");
        let quorum = queue.kind == QueueKind::Quorum;
        if queue.name.starts_with("amq.") {
            findings.error(format!("{path}.name"), format!("the name `{}` is RabbitMQ's own", queue.name));
        }
        if queue.rate.is_some_and(|rate| !(rate.0.is_finite() && rate.0 > 0.0)) {
            let help = "leave it out for a queue that takes everything in at once";
            findings.error_help(format!("{path}.rate"), "a queue takes nothing in at a rate of 0", help);
        }
        kept(parts, queue, &path, findings);
        if queue.kind == QueueKind::Stream {
            continue;
        }
        if quorum && queue.max_priority.is_some() {
            let help = "leave it out: quorum queues have two levels, priorities of 5 and above and the rest";
            findings.error_help(format!("{path}.max_priority"), "a quorum queue refuses `max_priority`", help);
        }
        if !quorum && queue.delivery_limit.is_some() {
            findings.error_help(format!("{path}.delivery_limit"), "a classic queue has no delivery limit", "write `kind: Quorum`");
        }
        if quorum && queue.overflow == Overflow::RejectPublishDlx {
            let help = "quorum queues take it for DropHead; write RejectPublish";
            findings.error_help(format!("{path}.overflow"), "a quorum queue does not reject and dead-letter", help);
        }
        if queue.overflow != Overflow::DropHead && queue.max_length.is_none() && queue.max_bytes.is_none() {
            findings.warning(format!("{path}.overflow"), "a queue without a limit never overflows", "give it `max_length` or `max_bytes`");
        }
        let Some(way) = &queue.dead_letter else { continue };
        if way.strategy == Strategy::AtLeastOnce && !queue.keeps_dead_letters() {
            let path = format!("{path}.dead_letter.strategy");
            if quorum {
                let help = "write `overflow: RejectPublish`: RabbitMQ dead-letters at most once otherwise";
                findings.warning(path, "dead letters go on at least once only from queues that refuse what does not fit", help);
            } else {
                findings.error_help(path, "only a quorum queue dead-letters at least once", "write `kind: Quorum`, or leave it out");
            }
        }
        if !way.exchange.is_empty() && places.exchange(&way.exchange).is_none() {
            unknown(format!("{path}.dead_letter.exchange"), "exchange", &way.exchange, exchanges().collect(), findings);
        } else if way.exchange.is_empty()
            && let Some(key) = way.key.as_deref().filter(|key| places.queue(key).is_none())
        {
            unknown(format!("{path}.dead_letter.key"), "queue", key, queues().collect(), findings);
        }
    }
    for (i, redrive) in parts.redrives.iter().enumerate() {
        for (field, name) in [("from", &redrive.from), ("to", &redrive.to)] {
            if places.queue(name).is_none() {
                unknown(format!("{at}.redrives[{i}].{field}"), "queue", name, queues().collect(), findings);
            }
        }
        if places.queue(&redrive.from).is_some_and(|from| parts.queues[from].kind == QueueKind::Stream) {
            let help = "nothing leaves a stream: let a reader attach again with `attaches`";
            findings.error_help(format!("{at}.redrives[{i}].from"), format!("`{}` is a stream", redrive.from), help);
        }
        if redrive.at > duration {
            let message = format!("{} lies behind the end of the run, {duration}", redrive.at);
            findings.warning(format!("{at}.redrives[{i}].at"), message, "nothing will be moved");
        }
        if redrive.from == redrive.to {
            findings.error(format!("{at}.redrives[{i}].to"), "a redrive moves messages from one queue to another");
        }
    }
    let mut alike: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (i, binding) in parts.bindings.iter().enumerate() {
        let path = format!("{at}.bindings[{i}]");
        match places.exchange(&binding.from) {
            None => unknown(format!("{path}.from"), "exchange", &binding.from, exchanges().collect(), findings),
            Some(from) => {
                let asks = binding.matching != Match::All || !binding.headers.is_empty();
                if asks && parts.exchanges[from].kind != ExchangeKind::Headers {
                    let message = format!("`{}` is no headers exchange: it does not look at headers", binding.from);
                    findings.warning(path.clone(), message, "give the exchange `kind: Headers`, or leave `match` and `headers` out");
                }
                let wildcard = binding.key.split('.').find(|word| matches!(*word, "*" | "#"));
                if let Some(word) = wildcard.filter(|_| parts.exchanges[from].kind == ExchangeKind::Direct) {
                    let message = format!("`{}` is a direct exchange: it takes `{word}` as it stands, not for any word", binding.from);
                    let help = "write the whole routing key, or give the exchange `kind: Topic`";
                    findings.warning(format!("{path}.key"), message, help);
                }
            }
        }
        match places.leads(binding) {
            None if binding.to_exchange => unknown(format!("{path}.to"), "exchange", &binding.to, exchanges().collect(), findings),
            None => unknown(format!("{path}.to"), "queue", &binding.to, queues().chain(exchanges()).collect(), findings),
            Some(Leads::Exchange(_) | Leads::Queue(_)) => {}
        }
        let alike = alike.entry((&binding.from, &binding.to, &binding.key)).or_default();
        if alike.iter().any(|before| parts.bindings[*before] == *binding) {
            findings.warning(path, "this binding is listed twice", "one has the same effect: remove the other");
        }
        alike.push(i);
    }
}
