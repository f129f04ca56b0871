//! RabbitMQ's settings, named as people say them; what the run shows; and what is simplified.

use super::fields::{headers, maybe_count, maybe_words};
use super::{binding, now};
use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::broker::{ends, renamed};
use crate::app::inspector::fields::{add, choice, entry, flag, name_of, optional, quantity, section, text};
use crate::app::kinds::removal::removed;
use crate::app::kinds::{Kind, Way};
use crate::app::theme::Theme;
use crate::app::widgets::muted;
use crate::scenario::broker::RabbitMq;
use crate::scenario::broker::rabbitmq::{
    Attach, DEFAULT_EXCHANGE, DeadLetter, Exchange, ExchangeKind, FIDELITY, Leads, Match, Minority, Offset, Overflow, Queue, QueueKind,
    Redrive, Strategy,
};
use crate::scenario::document::Node;
use crate::time::Span;
use egui::Ui;

/// Draws everything.
pub fn show(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    let theme = input.theme;
    if let Some(view) = super::view(input.frame, broker) {
        now::show(view, parts, ui, input, broker, actions);
    }
    let (of_exchanges, of_queues) = uses(parts, input, broker);
    exchanges(parts, ui, input, broker, &of_exchanges, actions);
    queues(parts, ui, input, broker, &of_queues, actions);
    bindings(parts, ui, theme);
    attaches(parts, ui, input, broker);
    redrives(parts, ui, theme);
    cluster(parts, ui, theme);
    section(ui, theme, "Flow control");
    optional(ui, theme, "Memory", "Bytes of waiting messages at which publishers are blocked", "without limit", &mut parts.memory);
    egui::CollapsingHeader::new("Fidelity and limits").show(ui, |ui| {
        for line in FIDELITY {
            ui.label(muted(theme, format!("• {line}")).size(theme.label));
        }
    });
}

fn named(parse: &str, others: &[String], now: &str, what: &str) -> Option<String> {
    match parse {
        "" => Some(format!("{what} needs a name")),
        name if name.contains(['/', '#']) => Some("no `/` and no `#` in a name".to_owned()),
        name if name != now && others.iter().any(|other| other == name) => Some(format!("there is another `{name}`")),
        _ => None,
    }
}

/// By exchange and by queue: how many give to it and take from it, publishers and readers, bindings, alternates and ways of dead letters.
fn uses(parts: &RabbitMq, input: &Inspected<'_>, broker: &str) -> (Vec<String>, Vec<String>) {
    let places = parts.places();
    let outside = |name: &str| ends(input.scenario, &format!("{broker}/{name}"));
    // An exchange and a queue may have one name: who publishes means the one, who reads the other.
    let mut exchanges: Vec<(usize, usize)> = parts.exchanges.iter().map(|exchange| (outside(&exchange.name).0, 0)).collect();
    let mut queues: Vec<(usize, usize)> = parts.queues.iter().map(|queue| (0, outside(&queue.name).1)).collect();
    let mut ways: Vec<(Option<usize>, Leads)> = Vec::new();
    ways.extend(parts.bindings.iter().filter_map(|binding| Some((places.exchange(&binding.from), places.leads(binding)?))));
    ways.extend(parts.exchanges.iter().enumerate().filter_map(|(at, exchange)| Some((Some(at), places.alternate(exchange)?))));
    ways.extend(parts.queues.iter().filter_map(|queue| Some((None, places.dead_letters(queue)?))));
    for (from, to) in ways {
        if let Some(exchange) = from.and_then(|from| exchanges.get_mut(from)) {
            exchange.1 += 1;
        }
        let end = match to {
            Leads::Exchange(at) => exchanges.get_mut(at),
            Leads::Queue(at) => queues.get_mut(at),
        };
        end.into_iter().for_each(|end| end.0 += 1);
    }
    let told = |ends: Vec<(usize, usize)>| ends.into_iter().map(|(into, out)| format!("{into} in, {out} out")).collect();
    (told(exchanges), told(queues))
}

fn exchanges(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str, uses: &[String], actions: &mut Vec<Action>) {
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
            ui.label(muted(theme, &uses[i]).size(theme.label));
        };
        if ui.push_id(("exchange", i), |ui| entry(ui, theme, &format!("exchange {}", all[i]), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        actions.extend(removed(input.scenario, broker, Way::In, i));
    }
    if add(ui, theme, "Add exchange") {
        let name = (1..).map(|n| format!("exchange-{n}")).find(|name| !all.contains(name)).unwrap_or_default();
        parts.exchanges.push(Exchange::new(&name, ExchangeKind::Topic));
    }
}

fn queues(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str, uses: &[String], actions: &mut Vec<Action>) {
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
            ui.label(muted(theme, &uses[i]).size(theme.label));
        };
        if ui.push_id(("queue", i), |ui| entry(ui, theme, &format!("queue {}", all[i]), fields)).inner {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        actions.extend(removed(input.scenario, broker, Way::Out, i));
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
        optional(
            ui,
            theme,
            "Takes in",
            "Events a second it can take in; faster publishers are slowed down",
            "as many as come",
            &mut queue.rate,
        );
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
        queue.dead_letter = dead.then(|| DeadLetter { exchange: exchanges.first().cloned().unwrap_or_default(), ..DeadLetter::default() });
    }
    if let Some(way) = &mut queue.dead_letter {
        let known: Vec<String> = std::iter::once(DEFAULT_EXCHANGE.to_owned()).chain(exchanges.iter().cloned()).collect();
        let mut through = if way.exchange.is_empty() { DEFAULT_EXCHANGE.to_owned() } else { way.exchange.clone() };
        if name_of(ui, theme, "Through", "The dead-letter exchange", &known, &mut through) {
            way.exchange = if through == DEFAULT_EXCHANGE { String::new() } else { through };
        }
        maybe_words(ui, theme, "With key", "The routing key of dead letters", "the one they have", &mut way.key);
        if queue.kind == QueueKind::Quorum {
            let help =
                "At least once, they stay until every queue that they go to has them; the queue must reject publishes when it is full";
            let mut surely = way.strategy == Strategy::AtLeastOnce;
            if flag(ui, theme, "At least once", help, &mut surely) {
                way.strategy = if surely { Strategy::AtLeastOnce } else { Strategy::AtMostOnce };
            }
        }
    }
    optional(
        ui,
        theme,
        "Expires",
        "Deleted after this time without a consumer (a quorum queue looks every 5 s); consumers declare it again",
        "never",
        &mut queue.expires,
    );
    if queue.kind == QueueKind::Classic {
        flag(ui, theme, "Auto-delete", "Deleted when its last consumer goes", &mut queue.auto_delete);
        flag(ui, theme, "Exclusive", "Belongs to the one instance that reads it, and goes with it", &mut queue.exclusive);
    }
    optional(
        ui,
        theme,
        "Takes in",
        "Messages a second it can take in; faster publishers are slowed down",
        "as many as come",
        &mut queue.rate,
    );
}

fn bindings(parts: &mut RabbitMq, ui: &mut Ui, theme: &Theme) {
    section(ui, theme, "Bindings");
    let exchanges: Vec<String> = parts.exchanges.iter().map(|exchange| exchange.name.clone()).collect();
    let mut targets: Vec<String> = parts.queues.iter().map(|queue| queue.name.clone()).collect();
    let ambiguous: Vec<String> = targets.iter().filter(|name| exchanges.contains(name)).cloned().collect();
    targets.extend(exchanges.iter().filter(|name| !targets.contains(name)).cloned().collect::<Vec<_>>());
    let kinds: Vec<ExchangeKind> = parts.exchanges.iter().map(|exchange| exchange.kind).collect();
    let mut gone = None;
    for (i, binding) in parts.bindings.iter_mut().enumerate() {
        let fields = |ui: &mut Ui| {
            name_of(ui, theme, "From", "An exchange", &exchanges, &mut binding.from);
            let other = name_of(ui, theme, "To", "A queue, or another exchange", &targets, &mut binding.to);
            // Only where two have one name there is anything to say.
            if ambiguous.contains(&binding.to) {
                flag(ui, theme, "To exchange", "A queue has the same name: it is the exchange that is meant", &mut binding.to_exchange);
            } else if other {
                binding.to_exchange = false;
            }
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
fn attaches(parts: &mut RabbitMq, ui: &mut Ui, input: &Inspected<'_>, broker: &str) {
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

fn cluster(parts: &mut RabbitMq, ui: &mut Ui, theme: &Theme) {
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

fn redrives(parts: &mut RabbitMq, ui: &mut Ui, theme: &Theme) {
    if parts.redrives.is_empty() && parts.queues.len() < 2 {
        return;
    }
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
