//! Exchanges and their bindings.

use super::headers;
use super::names::{Name, Names};
use super::topic::{Trie, Walk};
use super::value::{Table, Value, look_up};
use crate::random::{hash_name, mix};
use std::collections::BTreeMap;

/// An exchange by its place in the [`Topology`](super::topology::Topology).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u32);

/// A queue by its place in the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

/// By which rule an exchange picks its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeKind {
    /// The binding key equals the routing key.
    Direct,
    /// All bindings.
    Fanout,
    /// The binding key is a pattern for the routing key.
    Topic,
    /// The binding's arguments ask for headers.
    Headers,
}

impl ExchangeKind {
    /// By its name in `exchange.declare`.
    pub fn named(name: &str) -> Option<ExchangeKind> {
        Some(match name {
            "direct" => ExchangeKind::Direct,
            "fanout" => ExchangeKind::Fanout,
            "topic" => ExchangeKind::Topic,
            "headers" => ExchangeKind::Headers,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            ExchangeKind::Direct => "direct",
            ExchangeKind::Fanout => "fanout",
            ExchangeKind::Topic => "topic",
            ExchangeKind::Headers => "headers",
        }
    }
}

/// Where a binding leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// To a queue.
    Queue(QueueId),
    /// To another exchange.
    Exchange(ExchangeId),
}

/// A binding, seen from its exchange. One is the same as another if all three parts are.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Where it leads.
    pub target: Target,
    /// Its key: an exact key, a pattern, or without meaning, by the kind of the exchange.
    pub key: Name,
    /// Its arguments; only a headers exchange looks at them.
    pub arguments: Table,
}

impl Binding {
    /// The same for bindings that are the same, and hardly ever for others.
    fn mark(&self) -> (Target, Name, u64) {
        let word = self.arguments.iter().fold(0, |word, (name, value)| mix(word ^ hash_name(name)) ^ value.mark());
        (self.target, self.key, word)
    }
}

/// An exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its name.
    pub name: Name,
    /// Its rule.
    pub kind: ExchangeKind,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// As declared.
    pub arguments: Table,
    /// Where what it cannot route goes (`alternate-exchange`), by name: it need not exist.
    pub alternate: Option<Name>,
    bindings: Vec<Binding>,
    /// Where each binding stands, by what it is made of; those with the same hash of their arguments stand together.
    known: BTreeMap<(Target, Name, u64), Vec<u32>>,
    index: Index,
}

/// Bindings in the order in which the kind looks for them.
#[derive(Clone, Debug)]
enum Index {
    Direct(BTreeMap<Name, Vec<Target>>),
    Fanout(Vec<Target>),
    Topic(Trie<Target>),
    Headers,
}

impl Exchange {
    /// A new exchange without bindings.
    pub fn new(name: Name, kind: ExchangeKind, arguments: Table, names: &mut Names) -> Exchange {
        let alternate = look_up(&arguments, "alternate-exchange").and_then(Value::as_text).map(|text| names.intern(text));
        let index = Index::new(kind, names);
        Exchange {
            name,
            kind,
            durable: true,
            auto_delete: false,
            internal: false,
            arguments,
            alternate,
            bindings: Vec::new(),
            known: BTreeMap::new(),
            index,
        }
    }

    /// Its bindings, in the order in which they were made.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Adds a binding; one that is there already changes nothing. Costs no more with many bindings than with few.
    pub fn bind(&mut self, binding: Binding, names: &Names) {
        let alike = self.known.entry(binding.mark()).or_default();
        if alike.iter().all(|at| self.bindings[*at as usize] != binding) {
            alike.push(self.bindings.len() as u32);
            self.index.add(&binding, names);
            self.bindings.push(binding);
        }
    }

    /// Removes the bindings that are like this. True if there were any and now there is none at all.
    pub fn unbind(&mut self, gone: impl Fn(&Binding) -> bool, names: &mut Names) -> bool {
        if !self.bindings.iter().any(&gone) {
            return false;
        }
        let bindings = std::mem::take(&mut self.bindings);
        self.known.clear();
        self.index = Index::new(self.kind, names);
        bindings.into_iter().filter(|binding| !gone(binding)).for_each(|binding| self.bind(binding, names));
        self.bindings.is_empty()
    }

    /// Calls back with the target of every binding that fits; the same target may come more than once.
    #[inline]
    pub fn route(&self, key: Name, headers: &Table, names: &Names, walk: &mut Walk, found: &mut impl FnMut(Target)) {
        match &self.index {
            Index::Direct(keys) => keys.get(&key).into_iter().flatten().for_each(|target| found(*target)),
            Index::Fanout(targets) => targets.iter().for_each(|target| found(*target)),
            Index::Topic(trie) => trie.matching(names.words(key), walk, found),
            Index::Headers => {
                let fitting = self.bindings.iter().filter(|binding| headers::matches(&binding.arguments, headers));
                fitting.for_each(|binding| found(binding.target));
            }
        }
    }
}

impl Index {
    fn new(kind: ExchangeKind, names: &mut Names) -> Index {
        match kind {
            ExchangeKind::Direct => Index::Direct(BTreeMap::new()),
            ExchangeKind::Fanout => Index::Fanout(Vec::new()),
            ExchangeKind::Topic => Index::Topic(Trie::new(names)),
            ExchangeKind::Headers => Index::Headers,
        }
    }

    /// The same target may stand here twice: who routes counts it once.
    fn add(&mut self, binding: &Binding, names: &Names) {
        match self {
            Index::Direct(keys) => keys.entry(binding.key).or_default().push(binding.target),
            Index::Fanout(targets) => targets.push(binding.target),
            Index::Topic(trie) => trie.insert(binding.key, names, binding.target),
            Index::Headers => {}
        }
    }
}
