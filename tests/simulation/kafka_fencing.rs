//! Producers of Kafka that share a `transactional.id`: the newcomer fences the other one, whatever that has in hand.

use crate::{consumer, kafka_view, plan, run};
use tidemill::record::Report;
use tidemill::record::report::NodeReport;

/// `old` publishes from the start and `new` from 20 s on, both for 40 s, under these ids.
fn text(old: &str, new: &str, rest: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E", key: Uniform(keys: 50))],
        nodes: [
            Producer(id: "old", emits: [Emit(event: "E", to: "k/t", arrivals: Every("10ms"))]),
            Producer(id: "new", emits: [Emit(event: "E", to: "k/t", arrivals: Steps([("0s", "0/s"), ("20s", "100/s"), ("55s", "0/s")]))]),
            Broker(id: "k", kind: Kafka(topics: [Topic(name: "t", partitions: 3, replication: 3, min_insync: 2)],
                transactions: [Transaction(node: "old", {old}), Transaction(node: "new", {new})],
                groups: [Group(name: "c", isolation: ReadCommitted)])),
            Consumer(id: "c", reads: [Read(from: "k/t")], handle: Handle(time: Constant("1ms"))),
        ], {rest})"#
    )
}

const BOTH: &str = r#"id: "orders-tx""#;

/// Of each producer: its epoch, how often it was fenced, what has ended it.
fn producers(report: &Report) -> Vec<(&str, u16, u64, Option<&str>)> {
    kafka_view(report).transactions.iter().map(|it| (it.node.as_str(), it.epoch, it.fenced, it.error)).collect()
}

fn published(report: &Report, name: &str) -> u64 {
    match report.nodes.get(name) {
        Some(NodeReport::Producer { published, .. }) => *published,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_with_an_id_of_its_own_leaves_the_other_alone() {
    let report = run(&plan(&text("", "", "")), 5);
    assert!(producers(&report).iter().all(|(_, _, fenced, error)| *fenced == 0 && error.is_none()));
    assert_eq!(report.totals.lost, 0);
}

#[test]
fn the_newcomer_fences_the_other_one_for_good() {
    let report = run(&plan(&text(BOTH, BOTH, "")), 5);
    let [old, new] = producers(&report)[..] else { panic!() };
    assert_eq!((old.2, old.3), (1, Some("ProducerFencedException")));
    assert_eq!((new.2, new.3), (0, None));
    assert!(new.1 > old.1, "the newcomer's epoch is the higher one: {old:?} {new:?}");
    // All of the newcomer's events count, and of the other one's those of its first twenty seconds, less one open transaction.
    let counted = consumer(&report, "c").acked - published(&report, "new");
    assert!((1985..=2000).contains(&counted), "{counted}");
    assert_eq!(report.totals.acked + report.totals.dropped, report.totals.published, "{:?}", report.totals);
    // What is published after that is lost; what was in the aborted transaction is not, its publisher knows.
    assert!((3980..=4001).contains(&report.totals.lost), "{:?}", report.totals);
}

#[test]
fn what_the_other_one_had_open_is_aborted_at_once() {
    // It would be open for 30 s, and withhold everything for so long.
    let slow = format!(r#"{BOTH}, every: "30s", events: 100000"#);
    let report = run(&plan(&text(&slow, BOTH, "")), 5);
    assert_eq!(producers(&report)[0].3, Some("ProducerFencedException"));
    // Nothing of its first twenty seconds was committed, and nobody waits for that any longer.
    assert_eq!(consumer(&report, "c").acked, published(&report, "new"));
    assert!(consumer(&report, "c").latency.max < 1.0, "{:?}", consumer(&report, "c").latency);
    assert_eq!(kafka_view(&report).topics[0].partitions.iter().map(|it| it.high_watermark - it.last_stable_offset).max(), Some(0));
}

#[test]
fn a_producer_that_is_started_again_takes_the_id_back() {
    let report = run(&plan(&text(BOTH, BOTH, r#"faults: [Fault(at: "30s", lasts: "2s", what: Crash("old"))]"#)), 5);
    let [old, new] = producers(&report)[..] else { panic!() };
    assert_eq!((old.3, new.3), (None, Some("ProducerFencedException")));
    assert!(old.1 > new.1);
    // Twenty seconds of the one, twelve of the other, and twenty-eight of the first again.
    let counted = consumer(&report, "c").acked;
    assert!((5940..=6000).contains(&counted), "{counted}");
}

#[test]
fn a_producer_that_was_cut_off_finds_itself_replaced() {
    // A zombie: it goes on while it reaches nobody, and its stand-in has taken over when the network is back.
    let report = run(&plan(&text(BOTH, BOTH, r#"faults: [Fault(at: "15s", lasts: "20s", what: Partition(of: ["old"]))]"#)), 5);
    assert_eq!(producers(&report)[0].3, Some("ProducerFencedException"));
    let counted = consumer(&report, "c").acked - published(&report, "new");
    assert!((1485..=1500).contains(&counted), "{counted}");
}

#[test]
fn consumers_that_share_an_id_fence_each_other_and_their_group_goes_on_with_the_one_that_is_left() {
    let text = r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E", key: Uniform(keys: 50)), Event(name: "F")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/in", arrivals: Steps([("0s", "100/s"), ("40s", "0/s")]))]),
            Broker(id: "k", kind: Kafka(topics: [Topic(name: "in", partitions: 2), Topic(name: "out", partitions: 2)],
                transactions: [Transaction(node: "a", id: "mover"), Transaction(node: "b", id: "mover")],
                groups: [Group(name: "movers"), Group(name: "end", isolation: ReadCommitted)])),
            Consumer(id: "a", reads: [Read(from: "k/in", group: "movers")], then: [Emit(event: "F", to: "k/out")], handle: Handle(time: Constant("1ms"))),
            Consumer(id: "b", reads: [Read(from: "k/in", group: "movers")], then: [Emit(event: "F", to: "k/out")], handle: Handle(time: Constant("1ms"))),
            Consumer(id: "end", reads: [Read(from: "k/out")], handle: Handle(time: Constant("1ms"))),
        ])"#;
    let report = run(&plan(text), 5);
    let [a, b] = producers(&report)[..] else { panic!() };
    assert_eq!((a.0, a.3, b.0, b.3), ("a", Some("ProducerFencedException"), "b", None));
    let movers = kafka_view(&report).groups.iter().find(|group| group.name == "movers").unwrap();
    assert_eq!((movers.stopped, movers.members, movers.error.as_deref()), (1, 1, Some("ProducerFencedException")));
    // Exactly once all the same.
    assert_eq!(consumer(&report, "end").acked, published(&report, "p"));
}
