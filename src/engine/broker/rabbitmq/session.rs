//! Clients: connections with channels, delivery tags, and the errors that close them.

use super::broker::{Broker, Published};
use super::consumer::{Channel, Seat, Subscription};
use super::declare;
use super::exchange::{Exchange, ExchangeId, ExchangeKind, QueueId, Target};
use super::fault::Fault;
use super::message::{Letter, Payload, Rare};
use super::names::Name;
use super::out::Step;
use super::settings::{QueueKind, Settings};
use super::value::{Table, Value, look_up};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Clients of one broker. Every method that can fail closes the channel, or the connection, of whoever called it wrongly.
#[derive(Clone, Debug)]
pub struct Session<M> {
    /// The broker.
    pub broker: Broker<M>,
    channels: BTreeMap<Channel, ChannelState>,
    seats: BTreeMap<Seat, (Channel, Arc<str>)>,
    next: u32,
    received: Vec<Received<M>>,
    cancelled: Vec<Arc<str>>,
}

/// A message at a client.
#[derive(Clone, Debug)]
pub struct Received<M> {
    /// The tag of its consumer.
    pub consumer: Arc<str>,
    /// From which queue.
    pub queue: QueueId,
    /// Where it came.
    pub channel: Channel,
    /// Its delivery tag there.
    pub tag: u64,
    /// The message.
    pub letter: Letter<M>,
}

#[derive(Clone, Debug)]
struct ChannelState {
    connection: u32,
    /// Prefetch of consumers to come.
    prefetch: u32,
    /// Limit over the whole channel; 0: none.
    global: u32,
    next_tag: u64,
    /// In the order of their tags.
    unacked: Vec<Unacked>,
    consumers: Vec<Subscribed>,
}

#[derive(Clone, Debug)]
struct Subscribed {
    tag: Arc<str>,
    seat: Seat,
    queue: QueueId,
}

#[derive(Clone, Debug)]
struct Unacked {
    tag: u64,
    queue: QueueId,
    slot: u32,
    /// The consumer; `None` for `basic.get`.
    consumer: Option<Arc<str>>,
}

/// What is settled together: a queue's messages of one consumer, or of one `basic.get` by its tag.
type Group = (QueueId, Option<Arc<str>>, u64);

/// What to declare a queue with.
#[derive(Clone, Debug, Default)]
pub struct QueueWish {
    /// Its name.
    pub name: String,
    /// Survives a restart.
    pub durable: bool,
    /// For its connection alone, and gone with it.
    pub exclusive: bool,
    /// Goes with its last consumer.
    pub auto_delete: bool,
    /// Arguments.
    pub arguments: Table,
}

/// What to declare an exchange with.
#[derive(Clone, Debug, Default)]
pub struct ExchangeWish {
    /// Its name.
    pub name: String,
    /// Its kind, by name.
    pub kind: String,
    /// Survives a restart.
    pub durable: bool,
    /// Goes with its last binding.
    pub auto_delete: bool,
    /// Not for publishers.
    pub internal: bool,
    /// Arguments.
    pub arguments: Table,
}

/// Where a binding is to lead, by name.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// To a queue.
    Queue(&'a str),
    /// To an exchange.
    Exchange(&'a str),
}

/// What to publish besides the payload.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// Headers.
    pub headers: Table,
    /// Priority.
    pub priority: Option<u8>,
    /// Expiration, as the text that it is.
    pub expiration: Option<String>,
    /// Delivery mode 2.
    pub persistent: bool,
    /// Bytes of the body.
    pub size: u32,
}

impl<M: Payload> Default for Session<M> {
    fn default() -> Self {
        let mut broker = Broker::default();
        for (name, kind) in [
            ("amq.direct", ExchangeKind::Direct),
            ("amq.fanout", ExchangeKind::Fanout),
            ("amq.topic", ExchangeKind::Topic),
            ("amq.headers", ExchangeKind::Headers),
            ("amq.match", ExchangeKind::Headers),
            ("amq.rabbitmq.trace", ExchangeKind::Topic),
        ] {
            let internal = name == "amq.rabbitmq.trace";
            let name = broker.topology.names.intern(name);
            let mut exchange = Exchange::new(name, kind, Table::new(), &mut broker.topology.names);
            exchange.internal = internal;
            broker.add_exchange(exchange);
        }
        Session { broker, channels: BTreeMap::new(), seats: BTreeMap::new(), next: 0, received: Vec::new(), cancelled: Vec::new() }
    }
}

impl<M: Payload> Session<M> {
    /// Opens a channel of a connection.
    pub fn open(&mut self, connection: u32) -> Channel {
        self.next += 1;
        let channel = Channel(self.next);
        let state = ChannelState { connection, prefetch: 0, global: 0, next_tag: 1, unacked: Vec::new(), consumers: Vec::new() };
        self.channels.insert(channel, state);
        channel
    }

    /// Whether the channel is open.
    pub fn is_open(&self, channel: Channel) -> bool {
        self.channels.contains_key(&channel)
    }

    /// Messages that clients received since the last call.
    pub fn take_received(&mut self) -> Vec<Received<M>> {
        std::mem::take(&mut self.received)
    }

    /// Consumers whose queue went away since the last call, by their tags.
    pub fn take_cancelled(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.cancelled)
    }

    /// Time passes.
    pub fn advance(&mut self, until: u64) {
        self.broker.advance(until);
        self.hand_out();
    }

    /// Gives sent messages their tags and tells consumers of queues that are gone.
    fn hand_out(&mut self) {
        for step in std::mem::take(&mut self.broker.out.steps) {
            let Step::Delivery(delivery) = step else { continue };
            let Some((channel, consumer)) = self.seats.get(&delivery.seat).cloned() else { continue };
            let Some(state) = self.channels.get_mut(&channel) else { continue };
            let tag = state.note(delivery.queue, delivery.slot, Some(Arc::clone(&consumer)));
            self.received.push(Received { consumer, queue: delivery.queue, channel, tag, letter: delivery.letter });
        }
        self.broker.out.deleted.clear();
        for (seat, channel) in std::mem::take(&mut self.broker.out.cancelled) {
            self.seats.remove(&seat);
            let Some(state) = self.channels.get_mut(&channel) else { continue };
            if let Some(at) = state.consumers.iter().position(|consumer| consumer.seat == seat) {
                self.cancelled.push(state.consumers.remove(at).tag);
            }
        }
    }

    /// Closes whatever a wrong call has to close.
    fn guarded<T>(&mut self, channel: Channel, act: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let result = act(self);
        if let Err(fault) = &result {
            match self.channels.get(&channel).map(|state| state.connection) {
                Some(connection) if fault.closes_connection() => self.drop_connection(connection),
                _ => self.drop_channel(channel),
            }
        }
        self.hand_out();
        result
    }

    /// Ends a channel as if its client had vanished: what it held comes back before anybody takes its consumers' places.
    pub fn drop_channel(&mut self, channel: Channel) {
        let Some(state) = self.channels.remove(&channel) else { return };
        for consumer in &state.consumers {
            self.seats.remove(&consumer.seat);
        }
        self.broker.channel_down(channel);
        self.hand_out();
    }

    /// Ends a channel as clients do: first its consumers are cancelled, then it closes.
    pub fn close_channel(&mut self, channel: Channel) {
        let Some(state) = self.channels.get(&channel) else { return };
        for tag in state.consumers.iter().map(|consumer| Arc::clone(&consumer.tag)).collect::<Vec<_>>() {
            self.cancel(channel, &tag);
        }
        self.drop_channel(channel);
    }

    fn channels_of(&self, connection: u32) -> Vec<Channel> {
        self.channels.iter().filter(|(_, state)| state.connection == connection).map(|(channel, _)| *channel).collect()
    }

    /// Ends a connection as if its client had vanished.
    pub fn drop_connection(&mut self, connection: u32) {
        let channels = self.channels_of(connection);
        // Nothing goes to a client that is gone, from whichever of its channels it comes back.
        for state in channels.iter().filter_map(|channel| self.channels.get(channel)) {
            state.consumers.iter().for_each(|consumer| drop(self.seats.remove(&consumer.seat)));
        }
        channels.into_iter().for_each(|channel| self.drop_channel(channel));
        self.delete_owned(connection);
    }

    /// Ends a connection as clients do, channel by channel.
    pub fn close_connection(&mut self, connection: u32) {
        self.channels_of(connection).into_iter().for_each(|channel| self.close_channel(channel));
        self.delete_owned(connection);
    }

    fn delete_owned(&mut self, connection: u32) {
        let owned: Vec<QueueId> =
            self.broker.queues().filter(|queue| queue.settings.owner == Some(connection)).map(|queue| queue.id).collect();
        owned.into_iter().for_each(|id| self.broker.delete_queue(id));
        self.hand_out();
    }

    /// The broker stops and starts.
    pub fn restart(&mut self) {
        self.channels.clear();
        self.seats.clear();
        self.broker.restart();
        self.hand_out();
    }

    /// A queue that this channel may use.
    fn queue(&self, channel: Channel, name: &str) -> Result<QueueId, Fault> {
        let id = self.broker.find_queue(name).ok_or_else(|| Fault::not_found("queue", name))?;
        let owner = self.broker.queue(id).and_then(|queue| queue.settings.owner);
        let own = self.channels.get(&channel).map(|state| state.connection);
        if owner.is_some() && owner != own {
            return Err(Fault::locked(format!("cannot obtain exclusive access to locked queue '{name}' in vhost '/'")));
        }
        Ok(id)
    }

    fn exchange(&self, name: &str) -> Result<ExchangeId, Fault> {
        self.broker.find_exchange(name).ok_or_else(|| Fault::not_found("exchange", name))
    }

    /// `queue.declare`; the answer is ready messages and consumers.
    pub fn declare_queue(&mut self, channel: Channel, wish: &QueueWish, passive: bool) -> Result<(u64, u64), Fault> {
        self.guarded(channel, |session| {
            let id = if passive { session.queue(channel, &wish.name)? } else { session.queue_as_wished(channel, wish)? };
            let count = |session: &Self| session.broker.queue(id).map_or((0, 0), |q| (q.ready(), q.consumer_count() as u64));
            // Only classic queues notice that somebody asked.
            if session.broker.queue(id).is_some_and(|queue| queue.settings.kind == QueueKind::Classic) {
                session.broker.renew(id);
            }
            Ok(count(session))
        })
    }

    fn queue_as_wished(&mut self, channel: Channel, wish: &QueueWish) -> Result<QueueId, Fault> {
        let QueueWish { name, durable, exclusive, auto_delete, arguments } = wish;
        declare::check_name("queue", name)?;
        // What goes with its connection survives nothing.
        let lasting = *durable && !*exclusive;
        let owner = if *exclusive { self.channels.get(&channel).map(|state| state.connection) } else { None };
        if let Some(id) = self.broker.find_queue(name) {
            self.queue(channel, name)?;
            let Some(queue) = self.broker.queue(id) else { return Err(Fault::not_found("queue", name)) };
            if queue.settings.owner != owner {
                return Err(Fault::locked(format!("cannot obtain exclusive access to locked queue '{name}' in vhost '/'")));
            }
            for (argument, current, wanted) in
                [("durable", queue.settings.durable, lasting), ("auto_delete", queue.settings.auto_delete, *auto_delete)]
            {
                if current != wanted {
                    return Err(Fault::precondition(format!("inequivalent arg '{argument}' for queue '{name}' in vhost '/'")));
                }
            }
            declare::check_same_queue(name, &queue.arguments, arguments)?;
            return Ok(id);
        }
        declare::check_queue(name, *durable, *exclusive, *auto_delete, arguments)?;
        let settings =
            Settings { durable: lasting, owner, auto_delete: *auto_delete, ..Settings::new(arguments, &mut self.broker.topology.names) };
        Ok(self.broker.add_queue(name, settings, arguments.clone()))
    }

    /// `exchange.declare`.
    pub fn declare_exchange(&mut self, channel: Channel, wish: &ExchangeWish, passive: bool) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            let ExchangeWish { name, kind, durable, auto_delete, internal, arguments } = wish;
            if name.is_empty() {
                return Err(Fault::refused("operation not permitted on the default exchange"));
            }
            if passive {
                return session.exchange(name).map(|_| ());
            }
            let Some(kind) = ExchangeKind::named(kind) else {
                return Err(Fault::precondition(format!("unknown exchange type '{kind}'")));
            };
            if let Some(known) = session.broker.find_exchange(name).and_then(|id| session.broker.topology.get(id)) {
                let alternate = |arguments: &Table| look_up(arguments, "alternate-exchange").cloned();
                for (argument, same) in [
                    ("type", known.kind == kind),
                    ("durable", known.durable == *durable),
                    ("auto_delete", known.auto_delete == *auto_delete),
                    ("internal", known.internal == *internal),
                    ("alternate-exchange", alternate(&known.arguments) == alternate(arguments)),
                ] {
                    if !same {
                        return Err(Fault::precondition(format!("inequivalent arg '{argument}' for exchange '{name}' in vhost '/'")));
                    }
                }
                return Ok(());
            }
            declare::check_name("exchange", name)?;
            if look_up(arguments, "alternate-exchange").is_some_and(|value| value.as_text().is_none()) {
                return Err(Fault::precondition("invalid type for arg 'alternate-exchange'"));
            }
            let number = session.broker.topology.names.intern(name);
            let mut exchange = Exchange::new(number, kind, arguments.clone(), &mut session.broker.topology.names);
            (exchange.durable, exchange.auto_delete, exchange.internal) = (*durable, *auto_delete, *internal);
            session.broker.add_exchange(exchange);
            Ok(())
        })
    }

    /// `queue.bind` and `exchange.bind`.
    pub fn bind(&mut self, channel: Channel, source: &str, to: Destination<'_>, key: &str, arguments: &Table) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            session.check_not_default(source, to)?;
            let target = match to {
                Destination::Queue(name) => Target::Queue(session.queue(channel, name)?),
                Destination::Exchange(name) => Target::Exchange(session.exchange(name)?),
            };
            let source = session.exchange(source)?;
            if session.broker.topology.get(source).is_some_and(|exchange| exchange.kind == ExchangeKind::Headers) {
                declare::check_headers_binding(arguments)?;
            }
            session.broker.bind(source, target, key, arguments.clone());
            Ok(())
        })
    }

    /// `queue.unbind` and `exchange.unbind`; what is not there needs no unbinding.
    pub fn unbind(&mut self, channel: Channel, source: &str, to: Destination<'_>, key: &str, arguments: &Table) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            session.check_not_default(source, to)?;
            let target = match to {
                Destination::Queue(name) => session.broker.find_queue(name).map(Target::Queue),
                Destination::Exchange(name) => session.broker.find_exchange(name).map(Target::Exchange),
            };
            if let (Some(source), Some(target)) = (session.broker.find_exchange(source), target) {
                session.broker.unbind(source, target, key, arguments);
            }
            Ok(())
        })
    }

    fn check_not_default(&self, source: &str, to: Destination<'_>) -> Result<(), Fault> {
        if source.is_empty() || matches!(to, Destination::Exchange("")) {
            return Err(Fault::refused("operation not permitted on the default exchange"));
        }
        Ok(())
    }

    /// `queue.delete`; deleting what is not there is no error.
    pub fn delete_queue(&mut self, channel: Channel, name: &str, if_unused: bool, if_empty: bool) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            if session.broker.find_queue(name).is_none() && !name.is_empty() {
                return Ok(());
            }
            let id = session.queue(channel, name)?;
            let Some(queue) = session.broker.queue(id) else { return Ok(()) };
            if queue.settings.kind != QueueKind::Classic && (if_unused || if_empty) {
                return Err(Fault::not_implemented(format!("cannot delete queue '{name}' in vhost '/' with if-unused or if-empty")));
            }
            if if_empty && queue.ready() > 0 {
                return Err(Fault::precondition(format!("queue '{name}' in vhost '/' not empty")));
            }
            if if_unused && queue.consumer_count() > 0 {
                return Err(Fault::precondition(format!("queue '{name}' in vhost '/' in use")));
            }
            session.broker.delete_queue(id);
            Ok(())
        })
    }

    /// `exchange.delete`; deleting what is not there is no error.
    pub fn delete_exchange(&mut self, channel: Channel, name: &str, if_unused: bool) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            if name.is_empty() {
                return Err(Fault::refused("operation not permitted on the default exchange"));
            }
            if name.starts_with("amq.") {
                return Err(Fault::refused(format!("deletion of system exchange '{name}' in vhost '/' not allowed")));
            }
            let Some(id) = session.broker.find_exchange(name) else { return Ok(()) };
            let used = session.broker.topology.get(id).is_some_and(|exchange| !exchange.bindings().is_empty());
            if if_unused && used {
                return Err(Fault::precondition(format!("exchange '{name}' in vhost '/' in use")));
            }
            session.broker.topology.remove(id);
            Ok(())
        })
    }

    /// `queue.purge`; the answer is the number of messages thrown away.
    pub fn purge(&mut self, channel: Channel, name: &str) -> Result<u64, Fault> {
        self.guarded(channel, |session| {
            let id = session.queue(channel, name)?;
            if session.broker.queue(id).is_some_and(|queue| queue.settings.kind == QueueKind::Stream) {
                return Err(Fault::not_implemented(format!("queue.purge not supported by stream queues ('{name}')")));
            }
            Ok(session.broker.purge(id))
        })
    }

    /// `basic.publish`. No queue reached is what `mandatory` returns, any refusal a negative confirm.
    pub fn publish(
        &mut self,
        channel: Channel,
        exchange: &str,
        key: &str,
        payload: M,
        properties: &Properties,
    ) -> Result<Published, Fault> {
        self.guarded(channel, |session| {
            if !exchange.is_empty() {
                let id = session.exchange(exchange)?;
                if session.broker.topology.get(id).is_some_and(|exchange| exchange.internal) {
                    return Err(Fault::refused(format!("cannot publish to internal exchange '{exchange}' in vhost '/'")));
                }
            }
            let origin = session.broker.origin(exchange, key);
            let mut letter = Letter::new(payload, properties.size, origin);
            letter.persistent = properties.persistent;
            letter.rare = session.rare(properties)?.map(Arc::new);
            Ok(session.broker.publish(letter, Some(channel)))
        })
    }

    /// What few messages have; `None` if this has none of it.
    fn rare(&mut self, properties: &Properties) -> Result<Option<Rare>, Fault> {
        let Properties { headers, priority, expiration, .. } = properties;
        let expiration = match expiration {
            None => None,
            Some(text) => {
                let bad = || Fault::precondition(format!("invalid expiration '{text}'"));
                Some(text.parse::<u64>().ok().filter(|ms| *ms <= declare::LONGEST as u64).ok_or_else(bad)?)
            }
        };
        if headers.is_empty() && priority.is_none() && expiration.is_none() {
            return Ok(None);
        }
        let more_keys = self.keys_in(headers, "CC")?;
        let blind_keys = self.keys_in(headers, "BCC")?;
        let headers = headers.iter().filter(|(name, _)| &**name != "BCC").cloned().collect();
        let more_keys = [more_keys, blind_keys.clone()].concat();
        Ok(Some(Rare { headers, priority: *priority, expiration, more_keys, blind_keys, deaths: None }))
    }

    /// The routing keys in a `CC` or `BCC` header.
    fn keys_in(&mut self, headers: &Table, name: &str) -> Result<Vec<Name>, Fault> {
        match look_up(headers, name) {
            None => Ok(Vec::new()),
            Some(Value::List(keys)) => {
                let names = &mut self.broker.topology.names;
                // What is no text is passed over.
                Ok(keys.iter().filter_map(Value::as_text).map(|text| names.key(text)).collect())
            }
            Some(_) => Err(Fault::precondition(format!("invalid message: unacceptable type in header {name}"))),
        }
    }

    /// `basic.qos`: for consumers to come, or for the whole channel.
    pub fn qos(&mut self, channel: Channel, prefetch: u32, global: bool) {
        let Some(state) = self.channels.get_mut(&channel) else { return };
        if global {
            state.global = prefetch;
            let holding = state.unacked.iter().filter(|unacked| unacked.consumer.is_some()).count() as u32;
            self.broker.limit_channel(channel, prefetch, holding);
        } else {
            // Whoever sets the one lifts the other (as it is at 4.0.5).
            (state.prefetch, state.global) = (prefetch, 0);
            self.broker.limit_channel(channel, 0, 0);
        }
        self.hand_out();
    }

    /// `basic.consume`.
    pub fn consume(
        &mut self,
        channel: Channel,
        tag: &str,
        queue: &str,
        auto_ack: bool,
        exclusive: bool,
        arguments: &Table,
    ) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            let Some(state) = session.channels.get(&channel) else { return Ok(()) };
            let (prefetch, global) = (state.prefetch, state.global > 0);
            if state.consumers.iter().any(|consumer| &*consumer.tag == tag) {
                return Err(Fault::not_allowed(format!("attempt to reuse consumer tag '{tag}'")));
            }
            let id = session.queue(channel, queue)?;
            let kind = session.broker.queue(id).map(|queue| queue.settings.kind).unwrap_or_default();
            if kind == QueueKind::Stream && prefetch == 0 {
                return Err(Fault::precondition(format!("consumer prefetch count is not set for stream '{queue}' in vhost '/'")));
            }
            if kind == QueueKind::Stream {
                return Err(Fault::not_implemented(format!("reading the stream '{queue}' in vhost '/' by a session is not modelled")));
            }
            if kind != QueueKind::Classic && global {
                return Err(Fault::not_implemented(format!("queue '{queue}' in vhost '/' does not support global qos")));
            }
            let priority = match look_up(arguments, "x-priority") {
                None => 0,
                Some(Value::Int(n)) => (*n).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
                Some(_) => return Err(Fault::precondition("invalid arg 'x-priority'")),
            };
            session.next += 1;
            let seat = Seat(session.next);
            let tag: Arc<str> = Arc::from(tag);
            session.seats.insert(seat, (channel, Arc::clone(&tag)));
            let wish = Subscription { seat, channel, prefetch, auto_ack, exclusive, priority };
            if !session.broker.subscribe(id, wish) {
                session.seats.remove(&seat);
                return Err(Fault::refused(format!("queue '{queue}' in vhost '/' in exclusive use")));
            }
            if let Some(state) = session.channels.get_mut(&channel) {
                state.consumers.push(Subscribed { tag, seat, queue: id });
            }
            Ok(())
        })
    }

    /// `basic.cancel`; what the consumer holds stays with the channel.
    pub fn cancel(&mut self, channel: Channel, tag: &str) {
        let Some(state) = self.channels.get_mut(&channel) else { return };
        let Some(at) = state.consumers.iter().position(|consumer| &*consumer.tag == tag) else { return };
        let consumer = state.consumers.remove(at);
        self.seats.remove(&consumer.seat);
        self.broker.cancel(consumer.queue, consumer.seat);
        self.hand_out();
    }

    /// `basic.get`: the message with its delivery tag, and how many are ready behind it.
    pub fn get(&mut self, channel: Channel, queue: &str, auto_ack: bool) -> Result<Option<(Letter<M>, u64, u64)>, Fault> {
        self.guarded(channel, |session| {
            let id = session.queue(channel, queue)?;
            let Some(settings) = session.broker.queue(id).map(|queue| &queue.settings) else { return Ok(None) };
            if settings.kind == QueueKind::Quorum && settings.single_active {
                return Err(Fault::locked(format!("cannot obtain access to locked queue '{queue}' in vhost '/'")));
            }
            if settings.kind == QueueKind::Stream {
                return Err(Fault::not_implemented(format!("basic.get not supported by stream queues ('{queue}')")));
            }
            let Some((letter, slot)) = session.broker.get(id, channel, auto_ack) else { return Ok(None) };
            let remaining = session.broker.queue(id).map_or(0, |queue| queue.ready());
            let Some(state) = session.channels.get_mut(&channel) else { return Ok(None) };
            let tag = state.note(id, slot, None);
            Ok(Some((letter, tag, remaining)))
        })
    }

    /// `basic.ack`.
    pub fn ack(&mut self, channel: Channel, tag: u64, multiple: bool) -> Result<(), Fault> {
        self.settle(channel, tag, multiple, |broker, queue, slots| broker.ack(queue, slots))
    }

    /// `basic.nack`, and `basic.reject` where `multiple` is false.
    pub fn nack(&mut self, channel: Channel, tag: u64, multiple: bool, requeue: bool) -> Result<(), Fault> {
        self.settle(
            channel,
            tag,
            multiple,
            |broker, queue, slots| {
                if requeue { broker.requeue(queue, slots) } else { broker.reject(queue, slots) }
            },
        )
    }

    /// `basic.recover`.
    pub fn recover(&mut self, channel: Channel, requeue: bool) -> Result<(), Fault> {
        if requeue {
            return self.settle(channel, 0, true, |broker, queue, slots| broker.requeue(queue, slots));
        }
        self.guarded(channel, |_| Err(Fault::not_implemented("requeue=false")))
    }

    fn settle(&mut self, channel: Channel, tag: u64, multiple: bool, act: impl Fn(&mut Broker<M>, QueueId, &[u32])) -> Result<(), Fault> {
        self.guarded(channel, |session| {
            let Some(state) = session.channels.get_mut(&channel) else { return Ok(()) };
            let settled = state.take(tag, multiple)?;
            let count = settled.iter().filter(|unacked| unacked.consumer.is_some()).count() as u32;
            // Each consumer's messages go back to their queue together, the oldest first.
            let mut groups: BTreeMap<Group, Vec<u32>> = BTreeMap::new();
            for unacked in settled {
                let single = if unacked.consumer.is_none() { unacked.tag } else { 0 };
                groups.entry((unacked.queue, unacked.consumer, single)).or_default().push(unacked.slot);
            }
            for ((queue, ..), slots) in groups {
                act(&mut session.broker, queue, &slots);
            }
            session.broker.give_to_channel(channel, count);
            Ok(())
        })
    }
}

impl ChannelState {
    /// A message goes out: its tag, and unless it counts as acked its place among the unacked.
    fn note(&mut self, queue: QueueId, slot: Option<u32>, consumer: Option<Arc<str>>) -> u64 {
        let tag = self.next_tag;
        self.next_tag += 1;
        if let Some(slot) = slot {
            self.unacked.push(Unacked { tag, queue, slot, consumer });
        }
        tag
    }

    /// Takes what a tag stands for: one, all up to it, or for tag 0 and several all there are.
    fn take(&mut self, tag: u64, multiple: bool) -> Result<Vec<Unacked>, Fault> {
        if multiple && tag == 0 {
            return Ok(std::mem::take(&mut self.unacked));
        }
        let Some(at) = self.unacked.iter().position(|unacked| unacked.tag == tag) else {
            return Err(Fault::precondition(format!("unknown delivery tag {tag}")));
        };
        Ok(if multiple { self.unacked.drain(..=at).collect() } else { vec![self.unacked.remove(at)] })
    }
}
