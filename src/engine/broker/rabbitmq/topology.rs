//! The exchanges of a broker, and the way from an exchange to queues.

use super::exchange::{Binding, Exchange, ExchangeId, QueueId, Target};
use super::names::{Name, Names};
use super::topic::Walk;
use super::value::Table;
use std::collections::BTreeMap;

/// Exchanges with their bindings, and the queues by name.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// All names.
    pub names: Names,
    exchanges: Vec<Option<Exchange>>,
    by_name: BTreeMap<Name, ExchangeId>,
    queues: BTreeMap<Name, QueueId>,
}

/// Work space and result of routing.
#[derive(Clone, Debug, Default)]
pub struct Routing {
    /// The queues reached, each once, in the order in which they were met.
    pub queues: Vec<QueueId>,
    exchanges: Vec<ExchangeId>,
    /// By queue, the last routing that met it: no list is searched on the way.
    met: Vec<u64>,
    now: u64,
    walk: Walk,
    targets: Vec<Target>,
}

impl Routing {
    fn reach(&mut self, queue: QueueId) {
        let at = queue.0 as usize;
        if self.met.len() <= at {
            self.met.resize(at + 1, 0);
        }
        if self.met[at] != self.now {
            self.met[at] = self.now;
            self.queues.push(queue);
        }
    }
}

impl Topology {
    /// The exchange of this name; the default exchange (the empty name) is none of them.
    pub fn find(&self, name: Name) -> Option<ExchangeId> {
        self.by_name.get(&name).copied()
    }

    /// An exchange.
    pub fn get(&self, id: ExchangeId) -> Option<&Exchange> {
        self.exchanges.get(id.0 as usize)?.as_ref()
    }

    /// All exchanges, in the order of their making.
    pub fn exchanges(&self) -> impl Iterator<Item = (ExchangeId, &Exchange)> {
        self.exchanges.iter().enumerate().filter_map(|(i, exchange)| Some((ExchangeId(i as u32), exchange.as_ref()?)))
    }

    /// Adds an exchange whose name is free.
    pub fn add(&mut self, exchange: Exchange) -> ExchangeId {
        let id = ExchangeId(self.exchanges.len() as u32);
        self.by_name.insert(exchange.name, id);
        self.exchanges.push(Some(exchange));
        id
    }

    /// Removes an exchange with the bindings from and to it.
    pub fn remove(&mut self, id: ExchangeId) {
        let Some(exchange) = self.exchanges.get_mut(id.0 as usize).and_then(Option::take) else { return };
        self.by_name.remove(&exchange.name);
        self.unbind_target(Target::Exchange(id));
    }

    /// The queue of this name.
    pub fn find_queue(&self, name: Name) -> Option<QueueId> {
        self.queues.get(&name).copied()
    }

    /// Makes a queue known by its name.
    pub fn add_queue(&mut self, name: Name, id: QueueId) {
        self.queues.insert(name, id);
    }

    /// Forgets a queue and the bindings to it.
    pub fn remove_queue(&mut self, name: Name, id: QueueId) {
        self.queues.remove(&name);
        self.unbind_target(Target::Queue(id));
    }

    /// Binds.
    pub fn bind(&mut self, source: ExchangeId, binding: Binding) {
        if let Some(exchange) = self.exchanges.get_mut(source.0 as usize).and_then(Option::as_mut) {
            exchange.bind(binding, &self.names);
        }
    }

    /// Unbinds; an auto-delete exchange goes with its last binding.
    pub fn unbind(&mut self, source: ExchangeId, gone: impl Fn(&Binding) -> bool) {
        let Some(exchange) = self.exchanges.get_mut(source.0 as usize).and_then(Option::as_mut) else { return };
        if exchange.unbind(gone, &mut self.names) && exchange.auto_delete {
            self.remove(source);
        }
    }

    fn unbind_target(&mut self, target: Target) {
        for i in 0..self.exchanges.len() {
            self.unbind(ExchangeId(i as u32), |binding| binding.target == target);
        }
    }

    /// Finds the queues that a message published to `exchange` with these keys reaches. Each exchange on the way is asked once,
    /// an alternate exchange only where no binding fitted, a binding to an exchange that leads nowhere included.
    pub fn route(&self, exchange: Name, key: Name, more_keys: &[Name], headers: &Table, routing: &mut Routing) {
        routing.queues.clear();
        routing.exchanges.clear();
        routing.now += 1;
        let Some(first) = self.find(exchange) else {
            if exchange == Name::EMPTY {
                self.route_by_name(key, more_keys, routing);
            }
            return;
        };
        routing.exchanges.push(first);
        let mut at = 0;
        while let Some(id) = routing.exchanges.get(at) {
            let Some(exchange) = self.get(*id) else { break };
            at += 1;
            let mut targets = std::mem::take(&mut routing.targets);
            for key in std::iter::once(&key).chain(more_keys) {
                exchange.route(*key, headers, &self.names, &mut routing.walk, &mut |target| targets.push(target));
            }
            if targets.is_empty()
                && let Some(alternate) = exchange.alternate.and_then(|name| self.find(name))
            {
                targets.push(Target::Exchange(alternate));
            }
            for target in targets.drain(..) {
                match target {
                    Target::Queue(queue) => routing.reach(queue),
                    Target::Exchange(next) if routing.exchanges.contains(&next) => {}
                    Target::Exchange(next) => routing.exchanges.push(next),
                }
            }
            routing.targets = targets;
        }
    }

    /// The default exchange: the key is a queue's name.
    fn route_by_name(&self, key: Name, more_keys: &[Name], routing: &mut Routing) {
        for key in std::iter::once(&key).chain(more_keys) {
            if let Some(queue) = self.find_queue(*key) {
                routing.reach(queue);
            }
        }
    }
}
