//! RabbitMQ: exchanges on the left, queues on the right as tubes with what is ready and what is unacked, the bindings between them
//! with their keys, and the ways of dead letters.

use super::{Board, Inside, Kind, Offer, Part, Way, even, letters};
use crate::app::action::Action;
use crate::app::canvas::layout::Row;
use crate::app::canvas::measures::{PAD, ROW};
use crate::app::canvas::paint::{Detail, mix};
use crate::app::inspector::Inspected;
use crate::app::inspector::broker::{renamed, uses};
use crate::app::inspector::fields::{add, choice, entry, flag, name_of, optional, quantity, section, text};
use crate::app::theme::Theme;
use crate::app::widgets::muted;
use crate::run::Frame;
use crate::run::frame::{BrokerView, rabbitmq};
use crate::scenario::Scenario;
use crate::scenario::broker::rabbitmq::{
    Attach, Binding, DEFAULT_EXCHANGE, DeadLetter, Exchange, ExchangeKind, FIDELITY, Header, Leads, Match, Minority, Offset, Overflow,
    Queue, QueueKind, Redrive,
};
use crate::scenario::broker::{BrokerKind, RabbitMq};
use crate::scenario::document::{Consumer, Emit, Node, Read};
use crate::scenario::pairs::Pairs;
use crate::scenario::plan::Role;
use crate::time::Span;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, Ui, epaint::CubicBezierShape, pos2, vec2};
use egui_material_icons::icons::ICON_ACCOUNT_TREE;
use std::fmt::Write;
use std::str::FromStr;

/// What the palette says.
pub const OFFER: Offer = Offer {
    kind: "RabbitMq",
    title: "RabbitMQ",
    line: "Exchanges that route to queues, as RabbitMQ 4.0 does it",
    icon: ICON_ACCOUNT_TREE,
    fresh: || {
        BrokerKind::RabbitMq(RabbitMq {
            exchanges: vec![exchange("events", ExchangeKind::Topic)],
            queues: vec![queue("work")],
            bindings: vec![binding("events", "work", "#")],
            ..RabbitMq::default()
        })
    },
};

/// Below the columns: nodes of a cluster, publishers held back.
const FOOTER: f32 = 22.0;
/// Between the columns: room for bindings and their keys.
const GAP: f32 = 104.0;

fn exchange(name: &str, kind: ExchangeKind) -> Exchange {
    Exchange { name: name.to_owned(), kind, internal: false, alternate: None }
}

fn queue(name: &str) -> Queue {
    Queue { name: name.to_owned(), ..Queue::default() }
}

fn binding(from: &str, to: &str, key: &str) -> Binding {
    Binding {
        from: from.to_owned(),
        to: to.to_owned(),
        to_exchange: false,
        key: key.to_owned(),
        matching: Match::All,
        headers: Pairs::default(),
    }
}

/// Whether an endpoint belongs to a RabbitMQ broker.
pub fn is_at(scenario: &Scenario, endpoint: &str) -> bool {
    let broker = endpoint.split('/').next();
    let rabbit =
        |node: &Node| matches!(node, Node::Broker(b) if Some(b.id.as_str()) == broker && matches!(b.kind, BrokerKind::RabbitMq(_)));
    scenario.nodes.iter().any(rabbit)
}

/// A number that may be left out.
struct Count<T>(T);

impl<T: FromStr> FromStr for Count<T> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.trim().parse().map(Count).map_err(|_| format!("`{text}` is not a number that fits here"))
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Count<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that may be left out.
struct Words(String);

impl FromStr for Words {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Words(text.trim().to_owned()))
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn maybe_count<T: FromStr + std::fmt::Display + Copy>(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    help: &str,
    none: &str,
    value: &mut Option<T>,
) {
    let mut wrapped = value.map(Count);
    if optional(ui, theme, name, help, none, &mut wrapped) {
        *value = wrapped.map(|count| count.0);
    }
}

fn maybe_words(ui: &mut Ui, theme: &Theme, name: &str, help: &str, none: &str, value: &mut Option<String>) {
    let mut wrapped = value.clone().map(Words);
    if optional(ui, theme, name, help, none, &mut wrapped) {
        *value = wrapped.map(|words| words.0);
    }
}

/// What an `Emit` says to RabbitMQ.
pub fn emitting(ui: &mut Ui, theme: &Theme, emit: &mut Emit) {
    addressed(ui, theme, &mut emit.routing_key, &mut emit.headers);
    maybe_count(ui, theme, "Priority", "Counts in queues with priorities", "none", &mut emit.priority);
    optional(ui, theme, "Expiration", "How long the event may wait in a queue", "as long as the queue allows", &mut emit.expiration);
}

/// A routing key and headers.
pub fn addressed(ui: &mut Ui, theme: &Theme, key: &mut Option<String>, all: &mut Pairs<Header>) {
    maybe_words(ui, theme, "Routing key", "What exchanges compare with the keys of bindings", "the event's name", key);
    headers(ui, theme, all);
}

/// What a `Read` says to RabbitMQ.
pub fn reading(ui: &mut Ui, theme: &Theme, read: &mut Read) {
    let mut priority = (read.priority != 0).then_some(read.priority);
    maybe_count(ui, theme, "Priority", "Higher ones are served first while they can take something", "0", &mut priority);
    read.priority = priority.unwrap_or(0);
    flag(ui, theme, "Requeue", "What failed for good goes back to the queue instead of being rejected", &mut read.requeue);
}

/// The prefetch of a consumer that reads from RabbitMQ.
pub fn prefetch(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    let help = "Most events an instance may hold without having acknowledged them";
    maybe_count(ui, theme, "Prefetch", help, "without limit", &mut consumer.prefetch);
}

/// Headers in one line: `format=pdf, pages=3, draft=true, stamp`.
fn headers(ui: &mut Ui, theme: &Theme, headers: &mut Pairs<Header>) {
    let mut line = (!headers.is_empty()).then(|| Words(shown(headers)));
    let help = "As in `format=pdf, pages=3, draft=true`: texts, whole numbers, yes or no";
    if optional(ui, theme, "Headers", help, "none", &mut line) {
        *headers = Pairs(line.map(|words| parsed(&words.0)).unwrap_or_default());
    }
}

fn shown(headers: &Pairs<Header>) -> String {
    let one = |(name, header): &(String, Header)| match header {
        Header::Text(text) => format!("{name}={text}"),
        Header::Number(number) => format!("{name}={number}"),
        Header::Flag(flag) => format!("{name}={flag}"),
        Header::Present => name.clone(),
    };
    headers.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn parsed(line: &str) -> Vec<(String, Header)> {
    let one = |part: &str| {
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value.trim())));
        let header = match value {
            None => Header::Present,
            Some("true") => Header::Flag(true),
            Some("false") => Header::Flag(false),
            Some(value) => value.parse().map_or_else(|_| Header::Text(value.to_owned()), Header::Number),
        };
        (name.trim().to_owned(), header)
    };
    let mut headers: Vec<(String, Header)> = Vec::new();
    for (name, header) in line.split(',').filter(|part| !part.trim().is_empty()).map(one) {
        if !headers.iter().any(|(known, _)| *known == name) {
            headers.push((name, header));
        }
    }
    headers
}

/// What the run's latest frame shows of the broker called `id`.
fn view<'f>(frame: Option<&'f Frame>, id: &str) -> Option<&'f rabbitmq::View> {
    let frame = frame?;
    let node = frame.plan.nodes.iter().find(|node| node.name == id)?;
    let Role::Broker(broker) = node.role else { return None };
    match frame.brokers.get(broker.index())? {
        BrokerView::RabbitMq(view) => Some(view),
        _ => None,
    }
}

impl Kind for RabbitMq {
    fn board(&self, least: f32) -> Board {
        let channels: Vec<&str> = self.exchanges.iter().map(|exchange| exchange.name.as_str()).chain([DEFAULT_EXCHANGE]).collect();
        let widest = |names: &mut dyn Iterator<Item = &str>, figures: f32| {
            names.map(|name| letters(name) + figures + PAD * 2.0).fold(112.0, f32::max).min(232.0)
        };
        let left = even(widest(&mut channels.iter().copied(), 48.0));
        let right = even(widest(&mut self.queues.iter().map(|queue| queue.name.as_str()), 104.0)).max(least - left - GAP);
        let part = |name: &str, noun, takes: bool, column: (f32, f32), row: usize| Part {
            name: name.to_owned(),
            noun,
            takes,
            gives: !takes,
            rect: Rect::from_min_size(pos2(column.0, ROW * row as f32), vec2(column.1, ROW)),
        };
        let mut parts: Vec<Part> = channels.iter().enumerate().map(|(i, name)| part(name, "exchange", true, (0.0, left), i)).collect();
        let queues = self.queues.iter().enumerate();
        parts.extend(queues.map(|(i, queue)| part(&queue.name, "queue", false, (left + GAP, right), i)));
        let rows = channels.len().max(self.queues.len());
        Board { size: vec2(left + GAP + right, rows as f32 * ROW + if self.has_footer() { FOOTER } else { 0.0 }), parts }
    }

    fn paint(&self, inside: &Inside<'_>, scratch: &mut String) {
        let rows = &inside.node.rows;
        if rows.len() != self.exchanges.len() + 1 + self.queues.len() {
            return;
        }
        let (exchanges, queues) = rows.split_at(self.exchanges.len() + 1);
        let view = view(inside.frame, &inside.node.id);
        for (i, row) in exchanges.iter().enumerate() {
            exchange_row(inside, i, row, self.exchanges.get(i));
        }
        for (i, row) in queues.iter().enumerate() {
            let figures = view.and_then(|view| view.queues.get(i));
            queue_row(inside, exchanges.len() + i, row, &self.queues[i], self.nodes > 1, figures, scratch);
        }
        self.paint_bindings(inside, exchanges, queues, scratch);
        self.paint_dead_letters(inside, exchanges, queues);
        if self.has_footer() {
            self.footer(inside, view, scratch);
        }
    }

    fn noun(&self, way: Way) -> &'static str {
        match way {
            Way::In => "exchange",
            Way::Out => "queue",
        }
    }

    fn create(&mut self, name: &str, way: Way) {
        match way {
            Way::In => self.exchanges.push(exchange(name, ExchangeKind::Topic)),
            Way::Out => {
                // A queue that nothing fills would be of no use: it gets everything of the first exchange until somebody says otherwise.
                if let Some(first) = self.exchanges.first() {
                    let key = if first.kind == ExchangeKind::Topic { "#" } else { "" };
                    self.bindings.push(binding(&first.name, name, key));
                }
                self.queues.push(queue(name));
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str, way: Way) {
        let set = |name: &mut String| {
            if name == from {
                to.clone_into(name);
            }
        };
        let leads: Vec<Option<Leads>> = self.bindings.iter().map(|binding| self.leads(binding)).collect();
        match way {
            Way::In => {
                self.exchanges.iter_mut().for_each(|exchange| {
                    set(&mut exchange.name);
                    exchange.alternate.iter_mut().for_each(set);
                });
                self.queues.iter_mut().filter_map(|queue| queue.dead_letter.as_mut()).for_each(|way| set(&mut way.exchange));
                for (binding, leads) in self.bindings.iter_mut().zip(leads) {
                    set(&mut binding.from);
                    if matches!(leads, Some(Leads::Exchange(_))) {
                        set(&mut binding.to);
                    }
                }
            }
            Way::Out => {
                for queue in &mut self.queues {
                    set(&mut queue.name);
                    if let Some(DeadLetter { exchange, key: Some(key) }) = &mut queue.dead_letter
                        && exchange.is_empty()
                    {
                        set(key);
                    }
                }
                self.attaches.iter_mut().for_each(|attach| set(&mut attach.stream));
                for redrive in &mut self.redrives {
                    set(&mut redrive.from);
                    set(&mut redrive.to);
                }
                for (binding, leads) in self.bindings.iter_mut().zip(leads) {
                    if matches!(leads, Some(Leads::Queue(_))) {
                        set(&mut binding.to);
                    }
                }
            }
        }
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        let theme = input.theme;
        inspect_exchanges(self, ui, input, broker, actions);
        inspect_queues(self, ui, input, broker, actions);
        inspect_bindings(self, ui, theme);
        inspect_attaches(self, ui, input, broker);
        inspect_redrives(self, ui, theme);
        inspect_cluster(self, ui, theme);
        section(ui, theme, "Flow control");
        optional(ui, theme, "Memory", "Bytes of waiting messages at which publishers are blocked", "without limit", &mut self.memory);
        egui::CollapsingHeader::new("Fidelity and limits").show(ui, |ui| {
            for line in FIDELITY {
                ui.label(muted(theme, format!("• {line}")).size(theme.label));
            }
        });
    }
}

fn named(parse: &str, others: &[String], now: &str, what: &str) -> Option<String> {
    match parse {
        "" => Some(format!("{what} needs a name")),
        name if name.contains(['/', '#']) => Some("no `/` and no `#` in a name".to_owned()),
        name if name != now && others.iter().any(|other| other == name) => Some(format!("there is another `{name}`")),
        _ => None,
    }
}

fn inspect_exchanges(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    const KINDS: [(&str, ExchangeKind); 4] = [
        ("Direct", ExchangeKind::Direct),
        ("Fanout", ExchangeKind::Fanout),
        ("Topic", ExchangeKind::Topic),
        ("Headers", ExchangeKind::Headers),
    ];
    let theme = input.theme;
    section(ui, theme, "Exchanges");
    let all: Vec<String> = parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect();
    let mut gone = None;
    for (i, exchange) in parts.exchanges.iter_mut().enumerate() {
        let fields = |ui: &mut Ui| {
            let mut name = exchange.name.clone();
            if text(ui, theme, "Name", "As in `broker/exchange`", &mut name, |new| named(new, &all, &exchange.name, "an exchange")) {
                actions.push(renamed(input.scenario, broker, &[Way::In], &exchange.name, &name));
            }
            let names = KINDS.map(|(name, _)| name);
            let at = KINDS.iter().position(|(_, kind)| *kind == exchange.kind).unwrap_or(0);
            if let Some(chosen) = choice(ui, theme, "Type", "How it picks bindings", &names, at) {
                exchange.kind = KINDS[chosen].1;
            }
            const NONE: &str = "none";
            let known: Vec<String> = std::iter::once(NONE.to_owned()).chain(all.iter().filter(|n| **n != exchange.name).cloned()).collect();
            let mut alternate = exchange.alternate.clone().unwrap_or_else(|| NONE.to_owned());
            if name_of(ui, theme, "Alternate", "Takes what this one has no binding for", &known, &mut alternate) {
                exchange.alternate = (alternate != NONE).then_some(alternate);
            }
            flag(ui, theme, "Internal", "Producers may not publish to it", &mut exchange.internal);
            ui.label(muted(theme, uses(input.scenario, &format!("{broker}/{}", exchange.name))).size(theme.label));
        };
        if ui.push_id(("exchange", i), |ui| entry(ui, theme, &format!("exchange {}", all[i]), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        let name = parts.exchanges.remove(i).name;
        parts.bindings.retain(|binding| binding.from != name);
    }
    if add(ui, theme, "Add exchange") {
        let name = (1..).map(|n| format!("exchange-{n}")).find(|name| !all.contains(name)).unwrap_or_default();
        parts.exchanges.push(exchange(&name, ExchangeKind::Topic));
    }
}

fn inspect_queues(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    let theme = input.theme;
    section(ui, theme, "Queues");
    let all: Vec<String> = parts.queues.iter().map(|queue| queue.name.clone()).collect();
    let exchanges: Vec<String> = parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect();
    let nodes = parts.nodes;
    let mut gone = None;
    for (i, queue) in parts.queues.iter_mut().enumerate() {
        let fields = |ui: &mut Ui| {
            let mut name = queue.name.clone();
            if text(ui, theme, "Name", "As in `broker/queue`", &mut name, |new| named(new, &all, &queue.name, "a queue")) {
                actions.push(renamed(input.scenario, broker, &[Way::Out], &queue.name, &name));
            }
            queue_fields(ui, theme, queue, &exchanges, nodes);
            ui.label(muted(theme, uses(input.scenario, &format!("{broker}/{}", queue.name))).size(theme.label));
        };
        if ui.push_id(("queue", i), |ui| entry(ui, theme, &format!("queue {}", all[i]), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        let name = parts.queues.remove(i).name;
        parts.bindings.retain(|binding| binding.to_exchange || binding.to != name);
        parts.redrives.retain(|redrive| redrive.from != name && redrive.to != name);
        parts.attaches.retain(|attach| attach.stream != name);
    }
    if add(ui, theme, "Add queue") {
        let name = (1..).map(|n| format!("queue-{n}")).find(|name| !all.contains(name)).unwrap_or_default();
        parts.create(&name, Way::Out);
    }
}

fn queue_fields(ui: &mut Ui, theme: &Theme, queue: &mut Queue, exchanges: &[String], nodes: u32) {
    let kinds = [QueueKind::Classic, QueueKind::Quorum, QueueKind::Stream];
    let at = kinds.iter().position(|kind| *kind == queue.kind).unwrap_or(0);
    if let Some(chosen) = choice(ui, theme, "Type", "How it keeps its messages", &["Classic", "Quorum", "Stream"], at) {
        queue.kind = kinds[chosen];
    }
    if nodes > 1 {
        maybe_count(ui, theme, "Node", "Where it is, or who leads at first, from 1", "dealt out", &mut queue.node);
        let all = if queue.kind == QueueKind::Stream { "all nodes" } else { "3 nodes" };
        if queue.kind != QueueKind::Classic {
            maybe_count(ui, theme, "Members", "Nodes that have a copy", all, &mut queue.members);
        }
    }
    if queue.kind == QueueKind::Stream {
        optional(ui, theme, "Max age", "How long events are kept, in whole segments", "for ever", &mut queue.max_age);
        optional(ui, theme, "Max bytes", "How much is kept, in whole segments", "without limit", &mut queue.max_bytes);
        optional(ui, theme, "Segment", "Bytes of a segment", "500 MB", &mut queue.segment);
        return;
    }
    maybe_count(ui, theme, "Max length", "Most ready messages", "without limit", &mut queue.max_length);
    optional(ui, theme, "Max bytes", "Most bytes of ready messages", "without limit", &mut queue.max_bytes);
    let overflows = [Overflow::DropHead, Overflow::RejectPublish, Overflow::RejectPublishDlx];
    let at = overflows.iter().position(|overflow| *overflow == queue.overflow).unwrap_or(0);
    let names = ["Drop the head", "Reject publish", "Reject and dead-letter"];
    if let Some(chosen) = choice(ui, theme, "Overflow", "What happens beyond the limit", &names, at) {
        queue.overflow = overflows[chosen];
    }
    optional(ui, theme, "TTL", "How long a message may wait; counts at the head", "for ever", &mut queue.ttl);
    match queue.kind {
        QueueKind::Classic => {
            maybe_count(ui, theme, "Max priority", "Highest priority that counts", "no priorities", &mut queue.max_priority)
        }
        QueueKind::Stream => {}
        QueueKind::Quorum => {
            let help = "Times a message may come back; below zero: as often as it likes";
            maybe_count(ui, theme, "Delivery limit", help, "20", &mut queue.delivery_limit);
        }
    }
    flag(ui, theme, "Single active", "One consumer at a time takes everything", &mut queue.single_active);
    let mut dead = queue.dead_letter.is_some();
    if flag(ui, theme, "Dead letters", "What expires, is rejected or does not fit goes on", &mut dead) {
        queue.dead_letter = dead.then(|| DeadLetter { exchange: exchanges.first().cloned().unwrap_or_default(), key: None });
    }
    if let Some(way) = &mut queue.dead_letter {
        let known: Vec<String> = std::iter::once(DEFAULT_EXCHANGE.to_owned()).chain(exchanges.iter().cloned()).collect();
        let mut through = if way.exchange.is_empty() { DEFAULT_EXCHANGE.to_owned() } else { way.exchange.clone() };
        if name_of(ui, theme, "Through", "The dead-letter exchange", &known, &mut through) {
            way.exchange = if through == DEFAULT_EXCHANGE { String::new() } else { through };
        }
        maybe_words(ui, theme, "With key", "The routing key of dead letters", "the one they have", &mut way.key);
    }
}

fn inspect_bindings(parts: &mut RabbitMq, ui: &mut Ui, theme: &Theme) {
    section(ui, theme, "Bindings");
    let exchanges: Vec<String> = parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect();
    let mut targets: Vec<String> = parts.queues.iter().map(|queue| queue.name.clone()).collect();
    targets.extend(exchanges.iter().filter(|name| !targets.contains(name)).cloned().collect::<Vec<_>>());
    let kinds: Vec<ExchangeKind> = parts.exchanges.iter().map(|exchange| exchange.kind).collect();
    let mut gone = None;
    for (i, binding) in parts.bindings.iter_mut().enumerate() {
        let fields = |ui: &mut Ui| {
            name_of(ui, theme, "From", "An exchange", &exchanges, &mut binding.from);
            name_of(ui, theme, "To", "A queue, or another exchange", &targets, &mut binding.to);
            let kind = exchanges.iter().position(|name| *name == binding.from).map(|at| kinds[at]);
            match kind {
                Some(ExchangeKind::Headers) => {
                    let ways = [Match::All, Match::Any, Match::AllWithX, Match::AnyWithX];
                    let at = ways.iter().position(|way| *way == binding.matching).unwrap_or(0);
                    let names = ["All", "Any", "All, with x-", "Any, with x-"];
                    if let Some(chosen) = choice(ui, theme, "Match", "How headers are compared", &names, at) {
                        binding.matching = ways[chosen];
                    }
                    headers(ui, theme, &mut binding.headers);
                }
                Some(ExchangeKind::Fanout) => {}
                _ => {
                    text(ui, theme, "Key", "The exact key, or a pattern with `*` and `#`", &mut binding.key, |_| None);
                }
            }
        };
        if ui.push_id(("binding", i), |ui| entry(ui, theme, &format!("binding {}", i + 1), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        parts.bindings.remove(i);
    }
    if let (Some(from), Some(to)) = (exchanges.first(), targets.first())
        && add(ui, theme, "Add binding")
    {
        parts.bindings.push(binding(from, to, "#"));
    }
}

/// Where readers of streams begin: only where there is a stream with a reader.
fn inspect_attaches(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str) {
    let theme = input.theme;
    let streams: Vec<String> =
        parts.queues.iter().filter(|queue| queue.kind == QueueKind::Stream).map(|queue| queue.name.clone()).collect();
    let mut readers: Vec<(String, String)> = Vec::new();
    for node in &input.scenario.nodes {
        let Node::Consumer(consumer) = node else { continue };
        let reads = |stream: &&String| consumer.reads.iter().any(|read| read.from == format!("{broker}/{stream}"));
        readers.extend(streams.iter().find(reads).map(|stream| (consumer.id.clone(), stream.clone())));
    }
    let Some((first, first_stream)) = readers.first().cloned() else { return };
    section(ui, theme, "Readers of streams");
    let names: Vec<String> = readers.into_iter().map(|(name, _)| name).collect();
    let mut gone = None;
    for (i, attach) in parts.attaches.iter_mut().enumerate() {
        let fields = |ui: &mut Ui| {
            name_of(ui, theme, "Reader", "A consumer that reads the stream", &names, &mut attach.reader);
            name_of(ui, theme, "Stream", "Which stream", &streams, &mut attach.stream);
            quantity(ui, theme, "At", "When it attaches; a later time again is event replay", &mut attach.at);
            let at = match attach.offset {
                Offset::First => 0,
                Offset::Last => 1,
                Offset::Next => 2,
                Offset::Offset(_) => 3,
                Offset::Time(_) => 4,
            };
            let words = ["First", "Last", "Next", "Offset", "Time"];
            if let Some(chosen) = choice(ui, theme, "Offset", "Where it begins", &words, at) {
                attach.offset = [Offset::First, Offset::Last, Offset::Next, Offset::Offset(0), Offset::Time(Span::ZERO)][chosen];
            }
            match &mut attach.offset {
                Offset::Offset(offset) => {
                    let mut number = Some(*offset);
                    maybe_count(ui, theme, "Number", "Of the first event it gets, from 0", "0", &mut number);
                    *offset = number.unwrap_or(0);
                }
                Offset::Time(time) => {
                    quantity(ui, theme, "Time", "It gets what was written from then on", time);
                }
                Offset::First | Offset::Last | Offset::Next => {}
            }
        };
        if ui.push_id(("attach", i), |ui| entry(ui, theme, &format!("reader {}", i + 1), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        parts.attaches.remove(i);
    }
    if add(ui, theme, "Add reader") {
        parts.attaches.push(Attach { reader: first, stream: first_stream, at: Span::ZERO, offset: Offset::First });
    }
}

fn inspect_cluster(parts: &mut RabbitMq, ui: &mut Ui, theme: &Theme) {
    section(ui, theme, "Cluster");
    let mut nodes = Some(parts.nodes);
    maybe_count(ui, theme, "Nodes", "Each can fail by itself", "1", &mut nodes);
    parts.nodes = nodes.unwrap_or(1);
    if parts.nodes > 1 {
        let ways = [Minority::Ignore, Minority::Pause];
        let at = usize::from(parts.minority == Minority::Pause);
        if let Some(chosen) = choice(ui, theme, "Minority", "What nodes do that see no majority", &["Goes on", "Pauses"], at) {
            parts.minority = ways[chosen];
        }
        quantity(ui, theme, "Election", "How long a queue lacks a leader when its node is lost", &mut parts.election);
    }
}

fn inspect_redrives(parts: &mut RabbitMq, ui: &mut Ui, theme: &Theme) {
    section(ui, theme, "Redrives");
    let queues: Vec<String> = parts.queues.iter().map(|queue| queue.name.clone()).collect();
    let mut gone = None;
    for (i, redrive) in parts.redrives.iter_mut().enumerate() {
        let fields = |ui: &mut Ui| {
            quantity(ui, theme, "At", "When what waits is moved", &mut redrive.at);
            name_of(ui, theme, "From", "Out of this queue", &queues, &mut redrive.from);
            name_of(ui, theme, "To", "Into this queue", &queues, &mut redrive.to);
        };
        if ui.push_id(("redrive", i), |ui| entry(ui, theme, &format!("redrive {}", i + 1), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        parts.redrives.remove(i);
    }
    if let [first, .., last] = queues.as_slice()
        && add(ui, theme, "Add redrive")
    {
        parts.redrives.push(Redrive { at: Span::from_millis(30_000), from: last.clone(), to: first.clone() });
    }
}

fn exchange_row(inside: &Inside<'_>, i: usize, row: &Row, exchange: Option<&Exchange>) {
    let area = inside.area(row);
    inside.slot(i, area);
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let word = match exchange.map(|exchange| exchange.kind) {
        Some(ExchangeKind::Direct) => "direct",
        Some(ExchangeKind::Fanout) => "fanout",
        Some(ExchangeKind::Topic) => "topic",
        Some(ExchangeKind::Headers) => "headers",
        None => "",
    };
    let right = area.right_center() - vec2(PAD * unit, 0.0);
    let room = if inside.brush.detail == Detail::Near { area.width() * 0.4 } else { 0.0 };
    let used = if room > 0.0 { inside.brush.text(right, Align2::RIGHT_CENTER, word, theme.label, theme.muted, room) } else { 0.0 };
    inside.caption(row, area, right.x - used - 6.0 * unit);
}

/// A stream as a strip from the oldest offset to the newest, with a tick where each reader is: what is left of it is read.
fn stream_tube(inside: &Inside<'_>, tube: Rect, log: &rabbitmq::StreamView) {
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let painter = &inside.brush.painter;
    if log.next > log.first {
        painter.rect_filled(tube, 2.0 * unit, mix(theme.accent, theme.node, 0.35));
    }
    for reader in log.readers.iter().filter(|reader| reader.attached) {
        let share = reader.next.saturating_sub(log.first) as f32 / log.next.saturating_sub(log.first).max(1) as f32;
        let x = tube.left() + tube.width() * share.min(1.0);
        painter.vline(x, tube.y_range().expand(3.0 * unit), Stroke::new((2.0 * unit).max(1.0), theme.text));
    }
}

fn queue_row(
    inside: &Inside<'_>,
    i: usize,
    row: &Row,
    queue: &Queue,
    clustered: bool,
    figures: Option<&rabbitmq::QueueView>,
    scratch: &mut String,
) {
    let area = inside.area(row);
    inside.slot(i, area);
    let (theme, unit) = (inside.theme(), inside.brush.unit);
    let right = area.right() - PAD * unit;
    let Some(figures) = figures else {
        let word = match queue.kind {
            QueueKind::Classic => "",
            QueueKind::Quorum => "quorum",
            QueueKind::Stream => "stream",
        };
        let used = inside.brush.text(pos2(right, area.center().y), Align2::RIGHT_CENTER, word, theme.label, theme.muted, 80.0 * unit);
        return inside.caption(row, area, right - used - 6.0 * unit);
    };
    scratch.clear();
    if clustered {
        let _ = match figures.leader {
            Some(leader) => write!(scratch, "@{} ", leader + 1),
            None => write!(scratch, "@- "),
        };
    }
    let _ = match &figures.stream {
        Some(log) => write!(scratch, "{}..{}", log.first, log.next),
        None => write!(scratch, "{}+{}", figures.ready, figures.unacked),
    };
    let colour = match figures {
        rabbitmq::QueueView { leader: None, .. } => theme.bad,
        rabbitmq::QueueView { consumers: 0, ready: 1.., stream: None, .. } => theme.warn,
        _ => theme.muted,
    };
    let used =
        inside.brush.text(pos2(right, area.center().y - 5.0 * unit), Align2::RIGHT_CENTER, scratch, theme.label, colour, 120.0 * unit);
    inside.caption(row, Rect::from_min_max(area.min, pos2(area.right(), area.bottom() - 10.0 * unit)), right - used - 6.0 * unit);
    // The tube: ready from the left, unacked behind it in another colour, the limit as a line.
    let tube = Rect::from_min_max(pos2(area.left() + PAD * unit, area.bottom() - 12.0 * unit), pos2(right, area.bottom() - 6.0 * unit));
    inside.brush.bar(tube, 0.0, theme.accent);
    if let Some(log) = &figures.stream {
        return stream_tube(inside, tube, log);
    }
    let most = queue.max_length.map_or(1e6, |most| (most.max(1) as f32) * 1.25);
    let share = |count: u64| match queue.max_length {
        Some(_) => (count as f32 / most).min(1.0),
        None => ((1.0 + count as f32).log10() / 6.0).min(1.0),
    };
    let (ready, all) = (share(figures.ready), share(figures.ready + figures.unacked));
    let fill = |from: f32, to: f32, colour: Color32| {
        if to > from {
            let at = |share: f32| tube.left() + tube.width() * share;
            let part = Rect::from_min_max(pos2(at(from), tube.top()), pos2(at(to).max(at(from) + 1.0), tube.bottom()));
            inside.brush.painter.rect_filled(part, 2.0 * unit, colour);
        }
    };
    fill(0.0, ready, if ready > 0.78 { theme.warn } else { theme.accent });
    fill(ready, all, mix(theme.accent, theme.node, 0.55));
    if queue.max_length.is_some() {
        let x = tube.left() + tube.width() / 1.25;
        inside.brush.painter.vline(x, tube.y_range().expand(2.0 * unit), Stroke::new((1.5 * unit).max(1.0), theme.bad));
    }
}

impl RabbitMq {
    fn has_footer(&self) -> bool {
        self.nodes > 1 || self.memory.is_some()
    }

    /// Nodes as discs with their numbers, crossed out when they are lost, and whether publishers have to wait.
    fn footer(&self, inside: &Inside<'_>, view: Option<&rabbitmq::View>, scratch: &mut String) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        let rect = inside.brush.view.screen_rect(inside.node.rect);
        let middle = rect.bottom() - FOOTER * 0.5 * unit;
        let mut x = rect.left() + (PAD + 6.0) * unit;
        if self.nodes > 1 {
            for node in 0..self.nodes.min(9) {
                let up = view.is_none_or(|view| view.nodes.get(node as usize).copied().unwrap_or(true));
                let (centre, radius) = (pos2(x, middle), 7.0 * unit);
                let colour = if up { theme.good } else { theme.bad };
                inside.brush.painter.circle_stroke(centre, radius, Stroke::new((1.5 * unit).max(1.0), colour));
                if !up {
                    let arm = vec2(5.0, 5.0) * unit;
                    inside.brush.painter.line_segment([centre - arm, centre + arm], Stroke::new((1.5 * unit).max(1.0), colour));
                }
                scratch.clear();
                let _ = write!(scratch, "{}", node + 1);
                inside.brush.text(centre, Align2::CENTER_CENTER, scratch, theme.label * 0.85, theme.text, 14.0 * unit);
                x += 20.0 * unit;
            }
        }
        scratch.clear();
        let colour = match view {
            Some(view) if view.paused => {
                scratch.push_str("minority: all paused");
                theme.bad
            }
            Some(view) if view.blocked => {
                let _ = write!(scratch, "publishers blocked, {} held", view.held_back);
                theme.bad
            }
            Some(view) if view.queues.iter().any(|queue| queue.leader.is_none()) => {
                scratch.push_str("no leader for a queue");
                theme.warn
            }
            _ if self.nodes > 1 => {
                let _ = write!(scratch, "{} nodes", self.nodes);
                theme.muted
            }
            _ => {
                scratch.push_str("memory alarm not raised");
                theme.muted
            }
        };
        // The corner is marked when something is wrong.
        let right = rect.right() - PAD * 2.5 * unit;
        inside.brush.text(pos2(right, middle), Align2::RIGHT_CENTER, scratch, theme.label, colour, right - x);
    }

    fn paint_bindings(&self, inside: &Inside<'_>, exchanges: &[Row], queues: &[Row], scratch: &mut String) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        let stroke = Stroke::new((1.2 * unit).clamp(0.8, 2.0), mix(theme.line, theme.muted, 0.7));
        let mut named: Vec<(Pos2, f32)> = Vec::new();
        let mut labels: Vec<(Pos2, String)> = Vec::new();
        for binding in &self.bindings {
            let Some(from) = self.exchange(&binding.from).map(|at| inside.area(&exchanges[at])) else { continue };
            let start = from.right_center();
            let (end, control) = match self.leads(binding) {
                Some(Leads::Queue(at)) => (inside.area(&queues[at]).left_center(), 0.5),
                Some(Leads::Exchange(at)) => (inside.area(&exchanges[at]).right_center() + vec2(0.0, 6.0 * unit), 0.0),
                None => continue,
            };
            let reach = GAP * unit * 0.45;
            let into = if control > 0.0 { end - vec2(reach, 0.0) } else { end + vec2(reach, 0.0) };
            let points = [start, start + vec2(reach, 0.0), into, end];
            inside.brush.painter.add(CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke));
            let tip = if control > 0.0 { 1.0 } else { -1.0 };
            let head = vec![end, end - vec2(5.0 * tip, 3.0) * unit, end - vec2(5.0 * tip, -3.0) * unit];
            inside.brush.painter.add(Shape::convex_polygon(head, stroke.color, Stroke::NONE));
            if inside.brush.detail < Detail::Near || control == 0.0 {
                continue;
            }
            scratch.clear();
            match self.exchanges.iter().find(|exchange| exchange.name == binding.from).map(|exchange| exchange.kind) {
                Some(ExchangeKind::Headers) => scratch.push_str(&shown(&binding.headers)),
                Some(ExchangeKind::Fanout) | None => {}
                _ => scratch.push_str(&binding.key),
            }
            // Several keys of one queue stand below each other.
            let below = named.iter().filter(|(at, _)| (at.y - end.y).abs() < 1.0).count() as f32;
            named.push((end, below));
            labels.push((end - vec2(9.0, 7.0 - below * 12.0) * unit, scratch.clone()));
        }
        RabbitMq::paint_keys(inside, &labels);
    }

    /// The keys of bindings, over all lines, each on a ground of its own.
    fn paint_keys(inside: &Inside<'_>, labels: &[(Pos2, String)]) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        for (at, words) in labels.iter().filter(|(_, words)| !words.is_empty()) {
            let room = GAP * unit * 0.8;
            // Laid out once without colour to know how wide it is.
            let wide = inside.brush.text(*at, Align2::RIGHT_CENTER, words, theme.label * 0.9, Color32::TRANSPARENT, room);
            let ground = Rect::from_min_max(pos2(at.x - wide - 2.0 * unit, at.y - 6.5 * unit), pos2(at.x + 2.0 * unit, at.y + 6.5 * unit));
            inside.brush.painter.rect_filled(ground, 3.0 * unit, theme.node);
            inside.brush.text(*at, Align2::RIGHT_CENTER, words, theme.label * 0.9, theme.text, room);
        }
    }

    /// Ways of dead letters: dashed, grey, with a cross.
    fn paint_dead_letters(&self, inside: &Inside<'_>, exchanges: &[Row], queues: &[Row]) {
        let (theme, unit) = (inside.theme(), inside.brush.unit);
        let stroke = Stroke::new((1.2 * unit).clamp(0.8, 2.0), mix(theme.muted, theme.bad, 0.35));
        for (i, _) in self.queues.iter().enumerate() {
            let start = inside.area(&queues[i]).left_center() + vec2(0.0, 9.0 * unit);
            for lead in self.dead_letters_of(i) {
                let (end, back) = match lead {
                    Leads::Exchange(at) => (inside.area(&exchanges[at]).right_center() + vec2(0.0, 10.0 * unit), false),
                    Leads::Queue(at) => (inside.area(&queues[at]).left_center() + vec2(0.0, 9.0 * unit), true),
                };
                let reach = GAP * unit * if back { 0.3 } else { 0.5 };
                let into = if back { end - vec2(reach, 0.0) } else { end + vec2(reach, 0.0) };
                let curve =
                    CubicBezierShape::from_points_stroke([start, start - vec2(reach, 0.0), into, end], false, Color32::TRANSPARENT, stroke);
                let points = curve.flatten(Some(1.0));
                inside.brush.painter.extend(Shape::dashed_line(&points, stroke, 4.0 * unit.max(0.5), 3.0 * unit.max(0.5)));
                let tip = if back { 5.0 } else { -5.0 };
                let head = vec![end, end - vec2(tip, 3.0) * unit, end - vec2(tip, -3.0) * unit];
                inside.brush.painter.add(Shape::convex_polygon(head, stroke.color, Stroke::NONE));
                let middle = curve.sample(0.5);
                let arm = vec2(3.0, 3.0) * unit;
                inside.brush.painter.line_segment([middle - arm, middle + arm], stroke);
                inside.brush.painter.line_segment([middle - vec2(arm.x, -arm.y), middle + vec2(arm.x, -arm.y)], stroke);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_read_as_they_are_written() {
        let headers = Pairs(vec![
            ("format".to_owned(), Header::Text("pdf".to_owned())),
            ("pages".to_owned(), Header::Number(3)),
            ("draft".to_owned(), Header::Flag(true)),
            ("stamp".to_owned(), Header::Present),
        ]);
        assert_eq!(shown(&headers), "format=pdf, pages=3, draft=true, stamp");
        assert_eq!(Pairs(parsed(&shown(&headers))), headers);
    }

    #[test]
    fn renaming_takes_along_what_refers_to_it() {
        let BrokerKind::RabbitMq(mut parts) = (OFFER.fresh)() else { panic!("the offer is of another kind") };
        parts.queues[0].dead_letter = Some(DeadLetter { exchange: "events".to_owned(), key: None });
        parts.create("late", Way::Out);
        parts.queues[1].dead_letter = Some(DeadLetter { exchange: String::new(), key: Some("work".to_owned()) });
        parts.rename("events", "orders", Way::In);
        parts.rename("work", "jobs", Way::Out);
        assert!(parts.bindings.iter().all(|binding| binding.from == "orders" && parts.leads(binding).is_some()));
        assert_eq!(parts.queues[0].dead_letter.as_ref().map(|way| way.exchange.as_str()), Some("orders"));
        assert_eq!(parts.dead_letters_of(1), [Leads::Queue(0)]);
    }
}
