//! A RabbitMQ broker as the file declares it, in the model's own words.

use super::broker::Broker as Host;
use super::exchange::{Exchange, ExchangeKind, QueueId, Target};
use super::reading::Reader;
use super::settings::{self, DEFAULT_DELIVERY_LIMIT, Settings};
use super::stream::Offset;
use super::value::{Table, Value};
use crate::engine::event::Message;
use crate::ids::OutletId;
use crate::scenario::Plan;
use crate::scenario::broker::rabbitmq::{self as file, DEFAULT_EXCHANGE, Header, Leads};
use crate::time::Time;
use std::sync::Arc;

/// When what waits in which queue is moved to which.
pub(super) fn redrives(parts: &file::RabbitMq) -> Vec<(Time, QueueId, QueueId)> {
    let queue = |name: &str| parts.queue(name).map(|at| QueueId(at as u32));
    parts.redrives.iter().filter_map(|redrive| Some((Time::ZERO + redrive.at, queue(&redrive.from)?, queue(&redrive.to)?))).collect()
}

/// The consumers that read an outlet.
pub(super) fn read_by(plan: &Plan, outlet: OutletId) -> Vec<&str> {
    let consumers = plan.outlets[outlet.index()].readers.iter().map(|read| plan.reads[read.index()].consumer);
    consumers.map(|consumer| plan.nodes[plan.consumers[consumer.index()].node.index()].name.as_str()).collect()
}

/// When which reader attaches where: those that the file does not name, at the start.
pub(super) fn attaches(plan: &Plan, parts: &file::RabbitMq, readers: &[Reader]) -> Vec<(Time, usize, Offset)> {
    let mut all = Vec::new();
    for (number, reader) in readers.iter().enumerate() {
        let stream = parts.queues.get(reader.queue.0 as usize).map(|queue| queue.name.as_str());
        let names = read_by(plan, reader.outlet);
        let own = parts.attaches.iter().filter(|attach| names.contains(&attach.reader.as_str()) && Some(attach.stream.as_str()) == stream);
        let before = all.len();
        all.extend(own.map(|attach| (Time::ZERO + attach.at, number, place(attach.offset))));
        if all.len() == before && !names.is_empty() {
            all.push((Time::ZERO, number, Offset::Next));
        }
    }
    all
}

/// An offset of the file.
pub(super) fn place(offset: file::Offset) -> Offset {
    match offset {
        file::Offset::First => Offset::First,
        file::Offset::Last => Offset::Last,
        file::Offset::Next => Offset::Next,
        file::Offset::Offset(offset) => Offset::At(offset),
        file::Offset::Time(time) => Offset::Time(time.0),
    }
}

/// The exchanges and queues of a file.
pub(super) fn host(parts: &file::RabbitMq) -> Host<Message> {
    let mut host = Host::default();
    for exchange in &parts.exchanges {
        let kind = match exchange.kind {
            file::ExchangeKind::Direct => ExchangeKind::Direct,
            file::ExchangeKind::Fanout => ExchangeKind::Fanout,
            file::ExchangeKind::Topic => ExchangeKind::Topic,
            file::ExchangeKind::Headers => ExchangeKind::Headers,
        };
        let name = host.topology.names.intern(&exchange.name);
        let mut made = Exchange::new(name, kind, Table::new(), &mut host.topology.names);
        made.alternate = exchange.alternate.as_deref().map(|name| host.topology.names.intern(name));
        made.internal = exchange.internal;
        host.add_exchange(made);
    }
    for queue in &parts.queues {
        let settings = settings(queue, &mut host);
        host.add_queue(&queue.name, settings, Table::new());
    }
    let places = parts.places();
    for binding in &parts.bindings {
        let target = match places.leads(binding) {
            Some(Leads::Queue(at)) => host.find_queue(&parts.queues[at].name).map(Target::Queue),
            Some(Leads::Exchange(at)) => host.find_exchange(&parts.exchanges[at].name).map(Target::Exchange),
            None => None,
        };
        if let (Some(source), Some(target)) = (host.find_exchange(&binding.from), target) {
            host.bind(source, target, &binding.key, arguments(binding));
        }
    }
    host
}

/// A queue's settings.
pub(super) fn settings(queue: &file::Queue, host: &mut Host<Message>) -> Settings {
    let names = &mut host.topology.names;
    let quorum = queue.kind == file::QueueKind::Quorum;
    let delivery_limit = match queue.delivery_limit {
        None => Some(DEFAULT_DELIVERY_LIMIT),
        Some(limit) => u64::try_from(limit).ok(),
    };
    Settings {
        kind: match queue.kind {
            file::QueueKind::Classic => settings::QueueKind::Classic,
            file::QueueKind::Quorum => settings::QueueKind::Quorum,
            file::QueueKind::Stream => settings::QueueKind::Stream,
        },
        durable: true,
        ttl: queue.ttl.map(|span| span.0),
        max_length: queue.max_length,
        max_bytes: queue.max_bytes.map(|size| size.0),
        overflow: match queue.overflow {
            file::Overflow::RejectPublish => settings::Overflow::RejectPublish,
            file::Overflow::RejectPublishDlx if !quorum => settings::Overflow::RejectPublishDlx,
            file::Overflow::RejectPublishDlx | file::Overflow::DropHead => settings::Overflow::DropHead,
        },
        max_priority: queue.max_priority.filter(|_| !quorum),
        single_active: queue.single_active,
        max_age: queue.max_age.map(|span| span.0),
        segment: queue.segment.map(|size| size.0),
        delivery_limit: delivery_limit.filter(|_| quorum),
        expires: queue.expires.map(|span| span.0),
        auto_delete: queue.auto_delete && !quorum,
        at_least_once: queue.keeps_dead_letters(),
        dead_letter: queue.dead_letter.as_ref().map(|way| names.intern(&way.exchange)),
        dead_letter_key: queue.dead_letter.as_ref().and_then(|way| way.key.as_deref()).map(|key| names.key(key)),
        ..Settings::default()
    }
}

/// A binding's arguments as a headers exchange reads them.
pub(super) fn arguments(binding: &file::Binding) -> Table {
    if binding.headers.is_empty() && binding.matching == file::Match::All {
        return Table::new();
    }
    let how = match binding.matching {
        file::Match::All => "all",
        file::Match::Any => "any",
        file::Match::AllWithX => "all-with-x",
        file::Match::AnyWithX => "any-with-x",
    };
    let mut arguments = table(&binding.headers.0);
    arguments.push((Arc::from("x-match"), Value::text(how)));
    arguments
}

/// Headers as the model has them.
pub(super) fn table(headers: &[(String, Header)]) -> Table {
    let value = |header: &Header| match header {
        Header::Text(text) => Value::text(text),
        Header::Number(number) => Value::Int(*number),
        Header::Flag(flag) => Value::Bool(*flag),
        Header::Present => Value::Void,
    };
    headers.iter().map(|(name, header)| (Arc::from(name.as_str()), value(header))).collect()
}

/// The channels: exchanges, and the default one.
pub(super) fn parts_channels(parts: &file::RabbitMq) -> impl Iterator<Item = &str> {
    parts.exchanges.iter().map(|exchange| exchange.name.as_str()).chain([DEFAULT_EXCHANGE])
}
