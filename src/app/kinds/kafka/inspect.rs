//! Kafka's settings, named as people say them, with Kafka's own names in the help; what the run shows; and what is simplified.

use crate::app::action::Action;
use crate::app::inspector::Inspected;
use crate::app::inspector::broker::{renamed, uses};
use crate::app::inspector::fields::{add, choice, count, entry, flag, free, name_of, optional, quantity, section, share, text};
use crate::app::kinds::removal::removed;
use crate::app::kinds::{Kind, Way};
use crate::app::theme::{Theme, space};
use crate::app::widgets::{fold, labelled_button, muted};
use crate::figures;
use crate::run::Command;
use crate::run::Frame;
use crate::run::frame::kafka::View;
use crate::scenario::broker::kafka::{
    Acks, Assignor, Cleanup, FIDELITY, Group, Isolation, Position, Producers, Protocol, Replay, Reset, Topic, Transaction,
};
use crate::scenario::broker::{Kafka, Request};
use crate::scenario::document::Node;
use crate::scenario::intervention::What;
use crate::time::Span;
use egui::Ui;
use egui_material_icons::icons::ICON_REPLAY;
use std::collections::BTreeSet;

/// Draws everything.
pub fn show(kafka: &mut Kafka, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    let theme = input.theme;
    if let Some((frame, view)) = input.frame.zip(super::view(input.frame, broker)) {
        now(ui, theme, frame, view, kafka, broker, actions);
    }
    count(ui, theme, "Nodes", "Brokers of the cluster", &mut kafka.nodes, 1..=64);
    count(ui, theme, "Racks", "broker.rack: nodes are in so many racks in turn", &mut kafka.racks, 1..=64);
    flag(
        ui,
        theme,
        "Eligible leaders",
        "eligible.leader.replicas.version: KIP-966, on for clusters made with 4.1 or later",
        &mut kafka.elr,
    );
    topics(kafka, ui, input, broker, actions);
    producers(&mut kafka.producers, ui, theme);
    transactions(&mut kafka.transactions, ui, theme, &publishers(input, broker));
    let known = readers(input, broker);
    groups(&mut kafka.groups, ui, theme, &known);
    replays(kafka, ui, theme, &known);
    section(ui, theme, "Housekeeping");
    quantity(ui, theme, "Retention check", "log.retention.check.interval.ms", &mut kafka.retention_check);
    quantity(ui, theme, "Cleaner pause", "log.cleaner.backoff.ms", &mut kafka.cleaner_pause);
    quantity(ui, theme, "Node session", "broker.session.timeout.ms", &mut kafka.node_session);
    fidelity(ui, theme);
}

/// A first duration to go back by.
const HOUR: Span = Span::from_millis(3_600_000);

/// Groups that read here.
fn readers(input: &Inspected<'_>, broker: &str) -> Vec<String> {
    let mut groups = BTreeSet::new();
    for node in &input.scenario.nodes {
        if let Node::Consumer(consumer) = node {
            let here = consumer.reads.iter().filter(|read| read.from.split_once('/').is_some_and(|(id, _)| id == broker));
            groups.extend(here.map(|read| read.group.clone().unwrap_or_else(|| consumer.id.clone())));
        }
    }
    groups.into_iter().collect()
}

/// Nodes that publish here.
fn publishers(input: &Inspected<'_>, broker: &str) -> Vec<String> {
    let here = |place: &str| place.split_once('/').is_some_and(|(id, _)| id == broker);
    let publishes = |node: &&Node| match node {
        Node::Producer(producer) => producer.emits.iter().any(|emit| here(&emit.to)),
        Node::Consumer(consumer) => consumer.then.iter().any(|then| here(&then.to)),
        Node::Broker(_) | Node::Store(_) => false,
    };
    input.scenario.nodes.iter().filter(publishes).map(|node| node.id().to_owned()).collect()
}

/// What the run shows: groups with their lag, partitions with their leader and offsets.
fn now(ui: &mut Ui, theme: &Theme, frame: &Frame, view: &View, kafka: &Kafka, broker: &str, actions: &mut Vec<Action>) {
    section(ui, theme, "Now");
    let line = |ui: &mut Ui, words: String| ui.label(muted(theme, words).size(theme.label));
    let up = view.nodes.iter().filter(|up| **up).count();
    line(
        ui,
        format!(
            "{up} of {} up, {}",
            figures::counted(view.nodes.len() as u64, "node"),
            figures::counted(view.under_replicated_partitions.into(), "under-replicated partition")
        ),
    );
    for group in &view.groups {
        let classic = kafka.groups.iter().find(|set| set.name == group.name).is_none_or(|set| set.protocol == Protocol::Classic);
        let words = format!(
            "{}: {}, {}, {}, {} {}, lag {}{}, records-lag-max {}",
            group.name,
            group.state,
            group.isolation,
            figures::counted(group.members as u64, "member"),
            if classic { "generation" } else { "epoch" },
            group.generation,
            group.lag,
            // What open transactions hold back is none of it.
            if group.isolation == "read_committed" { " to the last stable offsets" } else { "" },
            group.records_lag_max
        );
        line(ui, words);
        if let Some(error) = &group.error {
            let stopped = match group.stopped {
                1 => "1 client has stopped".to_owned(),
                more => format!("{more} clients have stopped"),
            };
            let words = format!("{stopped}: {error}. Sending the group elsewhere gives it positions and starts them again.");
            ui.label(egui::RichText::new(words).size(theme.label).color(theme.bad));
        }
        send(ui, theme, &group.name, broker, actions);
    }
    for it in &view.transactions {
        line(
            ui,
            format!(
                "{} of {}: {}, epoch {}, {} committed, {} aborted ({} timed out), fenced {} {}",
                it.id,
                it.node,
                it.state,
                it.epoch,
                it.committed,
                it.aborted,
                it.timed_out,
                it.fenced,
                if it.fenced == 1 { "time" } else { "times" }
            ),
        );
        if let Some(error) = it.error {
            let words = format!("{} has stopped: {error}. It takes the id back when it is started again (after a crash).", it.node);
            ui.label(egui::RichText::new(words).size(theme.label).color(theme.bad));
        }
    }
    for (topic, now) in kafka.topics.iter().zip(&view.topics) {
        fold(ui, theme, &format!("Partitions of {}", topic.name)).id_salt(("partitions", &topic.name)).show(ui, |ui| {
            for (number, partition) in now.partitions.iter().enumerate().take(100) {
                let groups = now.outlets.iter().map(|outlet| frame.plan.group_of(*outlet));
                let groups = super::readers(groups.zip(&partition.positions).collect()).join("; ");
                let stable = match partition.last_stable_offset {
                    stable if stable < partition.high_watermark => format!(" (last stable offset {stable})"),
                    _ => String::new(),
                };
                let words = format!(
                    "{number}: {}, offsets {} to {}{stable}{}{groups}",
                    super::placed(partition),
                    partition.log_start_offset,
                    partition.high_watermark,
                    if groups.is_empty() { "" } else { "; " },
                );
                line(ui, words);
            }
        });
    }
}

/// Sends a group elsewhere while the run goes on.
fn send(ui: &mut Ui, theme: &Theme, group: &str, broker: &str, actions: &mut Vec<Action>) {
    fold(ui, theme, &format!("Send {group} elsewhere")).id_salt(("send", group)).show(ui, |ui| {
        let id = ui.make_persistent_id(("send to", group));
        let mut to = ui.data(|data| data.get_temp::<Position>(id)).unwrap_or_default();
        free(ui, |ui| place(ui, theme, &mut to));
        ui.data_mut(|data| data.insert_temp(id, to));
        if labelled_button(ui, theme, ICON_REPLAY, &format!("Send {group} there now"), true).clicked() {
            let request = Request::Seek { group: group.to_owned(), topic: None, to };
            actions.push(Action::Run(Command::Intervene(What::Ask { broker: broker.to_owned(), request })));
        }
    });
}

fn topics(kafka: &mut Kafka, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
    let theme = input.theme;
    section(ui, theme, "Topics");
    let all: Vec<String> = kafka.topics.iter().map(|topic| topic.name.clone()).collect();
    let mut gone = None;
    for (i, topic) in kafka.topics.iter_mut().enumerate() {
        ui.push_id(("topic", i), |ui| {
            let fields = |ui: &mut Ui| {
                let mut name = topic.name.clone();
                let wrong = |name: &str| match name {
                    "" => Some("a topic needs a name".to_owned()),
                    name if name.contains(['/', '#']) => Some("no `/` and no `#` in a name".to_owned()),
                    name if name != all[i] && all.iter().any(|other| other == name) => Some(format!("there is another `{name}`")),
                    _ => None,
                };
                if text(ui, theme, "Name", "The topic", &mut name, wrong) {
                    actions.push(renamed(input.scenario, broker, &[Way::In, Way::Out], &topic.name, &name));
                }
                ui.label(muted(theme, uses(input.scenario, &format!("{broker}/{}", topic.name))).size(theme.label));
                one_topic(topic, ui, theme);
            };
            if entry(ui, theme, &format!("topic {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        actions.extend(removed(input.scenario, broker, Way::In, i));
    }
    if add(ui, theme, "Add topic") {
        let name = (1..).map(|n| format!("topic-{n}")).find(|name| !all.contains(name)).unwrap_or_default();
        kafka.create(&name, Way::In);
    }
}

fn one_topic(topic: &mut Topic, ui: &mut Ui, theme: &Theme) {
    count(ui, theme, "Partitions", "num.partitions: what a group shares out", &mut topic.partitions, 1..=10_000);
    count(ui, theme, "Replication", "replication factor: on how many nodes each partition is", &mut topic.replication, 1..=64);
    count(ui, theme, "Min in sync", "min.insync.replicas: acks=all is refused below it", &mut topic.min_insync, 1..=64);
    flag(ui, theme, "Unclean election", "unclean.leader.election.enable: a replica out of sync may lead", &mut topic.unclean);
    const POLICIES: [Cleanup; 3] = [Cleanup::Delete, Cleanup::Compact, Cleanup::CompactDelete];
    let chosen = POLICIES.iter().position(|policy| *policy == topic.cleanup).unwrap_or(0);
    if let Some(new) = choice(ui, theme, "Cleanup", "cleanup.policy", &["delete", "compact", "compact, delete"], chosen) {
        topic.cleanup = POLICIES[new];
    }
    if topic.cleanup != Cleanup::Compact {
        quantity(ui, theme, "Keep for", "retention.ms, for whole segments", &mut topic.retention.time);
        optional(ui, theme, "Keep bytes", "retention.bytes, per partition", "no limit", &mut topic.retention.bytes);
    }
    if topic.cleanup != Cleanup::Delete {
        share(ui, theme, "Dirty share", "min.cleanable.dirty.ratio", &mut topic.min_dirty);
    }
    quantity(ui, theme, "Segment size", "segment.bytes, at least 1 MiB", &mut topic.segment.bytes);
    quantity(ui, theme, "Segment time", "segment.ms", &mut topic.segment.time);
}

fn producers(producers: &mut Producers, ui: &mut Ui, theme: &Theme) {
    section(ui, theme, "Producers");
    const ACKS: [Acks; 3] = [Acks::Zero, Acks::One, Acks::All];
    let chosen = ACKS.iter().position(|acks| *acks == producers.acks).unwrap_or(2);
    if let Some(new) = choice(ui, theme, "Acks", "acks: what a producer waits for", &["0", "1", "all"], chosen) {
        producers.acks = ACKS[new];
    }
    quantity(ui, theme, "Linger", "linger.ms: how long a batch waits for more", &mut producers.linger);
    quantity(ui, theme, "Batch", "batch.size", &mut producers.batch);
    count(ui, theme, "In flight", "max.in.flight.requests.per.connection", &mut producers.in_flight, 1..=1000);
    let options = ["where possible", "on", "off"];
    let chosen = [None, Some(true), Some(false)].iter().position(|one| *one == producers.idempotence).unwrap_or(0);
    if let Some(new) = choice(ui, theme, "Idempotence", "enable.idempotence: no duplicates, order kept", &options, chosen) {
        producers.idempotence = [None, Some(true), Some(false)][new];
    }
    let mut limited = producers.retries.is_some();
    if flag(ui, theme, "Limit retries", "retries; without a limit the delivery timeout ends them", &mut limited) {
        producers.retries = limited.then_some(5);
    }
    if let Some(retries) = &mut producers.retries {
        count(ui, theme, "Retries", "retries", retries, 0..=u32::MAX);
    }
    quantity(ui, theme, "Retry backoff", "retry.backoff.ms, growing to a second", &mut producers.retry_backoff);
    quantity(ui, theme, "Delivery timeout", "delivery.timeout.ms", &mut producers.delivery_timeout);
}

fn transactions(transactions: &mut Vec<Transaction>, ui: &mut Ui, theme: &Theme, known: &[String]) {
    if transactions.is_empty() && known.is_empty() {
        return;
    }
    section(ui, theme, "Transactions");
    let mut gone = None;
    for (i, transaction) in transactions.iter_mut().enumerate() {
        ui.push_id(("transaction", i), |ui| {
            let fields = |ui: &mut Ui| {
                name_of(ui, theme, "Producer", "Who publishes in transactions", known, &mut transaction.node);
                let help =
                    "transactional.id, for consumers with the number of the instance behind it: who comes later to one fences the other";
                let mut id = transaction.id().to_owned();
                let wrong = |id: &str| id.is_empty().then(|| "an id is not empty".to_owned());
                if text(ui, theme, "Id", help, &mut id, wrong) {
                    transaction.id = (id != transaction.node).then_some(id);
                }
                count(ui, theme, "Events", "So many events end a transaction", &mut transaction.events, 1..=1_000_000);
                quantity(ui, theme, "Commit every", "commit.interval.ms of Kafka Streams: it ends after so long", &mut transaction.every);
                quantity(ui, theme, "Timeout", "transaction.timeout.ms: the coordinator aborts it then", &mut transaction.timeout);
                share(ui, theme, "Aborts", "Share of the transactions that the application aborts", &mut transaction.aborts);
            };
            if entry(ui, theme, &format!("transactions {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        transactions.remove(i);
    }
    let free = known.iter().find(|name| !transactions.iter().any(|transaction| transaction.node == **name));
    if let Some(name) = free
        && add(ui, theme, "Publish in transactions")
    {
        transactions.push(Transaction::of(name));
    }
}

fn groups(groups: &mut Vec<Group>, ui: &mut Ui, theme: &Theme, known: &[String]) {
    if groups.is_empty() && known.is_empty() {
        return;
    }
    section(ui, theme, "Groups");
    let mut gone = None;
    for (i, group) in groups.iter_mut().enumerate() {
        ui.push_id(("group", i), |ui| {
            if entry(ui, theme, &format!("group {}", i + 1), |ui| one_group(group, ui, theme, known)) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        groups.remove(i);
    }
    let free = known.iter().find(|name| !groups.iter().any(|group| group.name == **name));
    if let Some(name) = free
        && add(ui, theme, "Set up a group")
    {
        groups.push(Group::named(name));
    }
}

fn one_group(group: &mut Group, ui: &mut Ui, theme: &Theme, known: &[String]) {
    name_of(ui, theme, "Group", "group.id", known, &mut group.name);
    let classic = group.protocol == Protocol::Classic;
    let options = ["classic", "consumer (KIP-848)"];
    if let Some(new) = choice(ui, theme, "Protocol", "group.protocol", &options, usize::from(!classic)) {
        group.protocol = if new == 0 { Protocol::Classic } else { Protocol::Consumer };
        group.assignor = None;
    }
    let (names, help): (&[(&str, Assignor)], _) = if group.protocol == Protocol::Classic {
        let names = &[
            ("range", Assignor::Range),
            ("round robin", Assignor::RoundRobin),
            ("sticky", Assignor::Sticky),
            ("cooperative sticky", Assignor::CooperativeSticky),
        ];
        (names, "partition.assignment.strategy")
    } else {
        (&[("uniform", Assignor::Uniform), ("range", Assignor::Range)], "group.remote.assignor")
    };
    let words: Vec<&str> = names.iter().map(|(word, _)| *word).collect();
    let chosen = names.iter().position(|(_, assignor)| Some(*assignor) == group.assignor).unwrap_or(0);
    if let Some(new) = choice(ui, theme, "Assignor", help, &words, chosen) {
        group.assignor = Some(names[new].1);
    }
    // Under KIP-848 both are configurations of the group, which the broker keeps.
    let (heartbeat, session, usual) = match classic {
        true => ("heartbeat.interval.ms", "session.timeout.ms", "3s"),
        false => ("consumer.heartbeat.interval.ms, of the group", "consumer.session.timeout.ms, of the group", "5s"),
    };
    optional(ui, theme, "Heartbeat", heartbeat, usual, &mut group.heartbeat);
    quantity(ui, theme, "Session", session, &mut group.session);
    quantity(ui, theme, "Max poll", "max.poll.interval.ms", &mut group.max_poll);
    count(ui, theme, "Max records", "max.poll.records", &mut group.max_poll_records, 1..=100_000);
    let chosen = match group.reset {
        Reset::Earliest => 0,
        Reset::Latest => 1,
        Reset::None => 2,
        Reset::ByDuration(_) => 3,
    };
    let help = "auto.offset.reset: where to read on when no committed offset is in the log";
    if let Some(new) = choice(ui, theme, "Reset", help, &["earliest", "latest", "none", "by_duration"], chosen) {
        group.reset = [Reset::Earliest, Reset::Latest, Reset::None, Reset::ByDuration(HOUR)][new];
    }
    if let Reset::ByDuration(span) = &mut group.reset {
        quantity(ui, theme, "Duration", "by_duration:PT1H goes back an hour (KIP-1106, Kafka 4.0)", span);
    }
    let all = group.isolation == Isolation::ReadUncommitted;
    if let Some(new) = choice(ui, theme, "Isolation", "isolation.level", &["read_uncommitted", "read_committed"], usize::from(!all)) {
        group.isolation = if new == 0 { Isolation::ReadUncommitted } else { Isolation::ReadCommitted };
    }
    flag(ui, theme, "Static members", "group.instance.id: back within the session without a rebalance", &mut group.fixed);
    quantity(ui, theme, "Starts", "When its members join for the first time", &mut group.starts);
}

fn replays(kafka: &mut Kafka, ui: &mut Ui, theme: &Theme, known: &[String]) {
    if kafka.replays.is_empty() && known.is_empty() {
        return;
    }
    section(ui, theme, "Event replay");
    let topics: Vec<String> = kafka.topics.iter().map(|topic| topic.name.clone()).collect();
    let mut gone = None;
    for (i, replay) in kafka.replays.iter_mut().enumerate() {
        ui.push_id(("replay", i), |ui| {
            let fields = |ui: &mut Ui| {
                quantity(ui, theme, "At", "When the group is sent there", &mut replay.at);
                name_of(ui, theme, "Group", "Who reads again", known, &mut replay.group);
                const ALL: &str = "all";
                let mut topic = replay.topic.clone().unwrap_or_else(|| ALL.to_owned());
                let options: Vec<String> = std::iter::once(ALL.to_owned()).chain(topics.iter().cloned()).collect();
                if name_of(ui, theme, "Topic", "Of which topic", &options, &mut topic) {
                    replay.topic = (topic != ALL).then_some(topic);
                }
                place(ui, theme, &mut replay.to);
            };
            if entry(ui, theme, &format!("replay {}", i + 1), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        kafka.replays.remove(i);
    }
    if let Some(group) = known.first()
        && add(ui, theme, "Add replay")
    {
        kafka.replays.push(Replay { at: Span::from_millis(10_000), group: group.clone(), topic: None, to: Position::Beginning });
    }
}

fn place(ui: &mut Ui, theme: &Theme, to: &mut Position) {
    let chosen = match to {
        Position::Beginning => 0,
        Position::End => 1,
        Position::Offset(_) => 2,
        Position::Time(_) => 3,
    };
    if let Some(new) = choice(ui, theme, "To", "Where it goes on reading", &["beginning", "end", "offset", "time"], chosen) {
        *to = [Position::Beginning, Position::End, Position::Offset(0), Position::Time(Span::ZERO)][new];
    }
    match to {
        Position::Offset(offset) => {
            crate::app::inspector::fields::whole(ui, theme, "Offset", "In every partition", offset, 0..=u64::MAX);
        }
        Position::Time(time) => {
            quantity(ui, theme, "Time", "The first event that is not older than this time of the run", time);
        }
        Position::Beginning | Position::End => {}
    }
}

/// The page that says what is as in Kafka and what is not.
fn fidelity(ui: &mut Ui, theme: &Theme) {
    ui.add_space(theme.px(space::S));
    egui::CollapsingHeader::new("Fidelity and limits").id_salt("kafka-fidelity").show(ui, |ui| {
        for (headline, sentences) in FIDELITY {
            section(ui, theme, headline);
            for sentence in *sentences {
                ui.label(muted(theme, *sentence).size(theme.label));
            }
        }
    });
}
