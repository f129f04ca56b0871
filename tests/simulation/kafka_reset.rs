//! Kafka's `auto.offset.reset`: where a group reads on without a valid position, and clients that stop because nothing says where.

use crate::{consumer, kafka_view, plan, run};
use tidemill::engine::broker::kafka::view::GroupView;
use tidemill::record::Report;

/// A hundred events a second for a minute into three partitions, and a group with two clients.
fn text(group: &str, more: &str, topic: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E", key: Uniform(keys: 50), size: "1KiB")], allow: ["nothing-committed"],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Every("10ms"))]),
            Broker(id: "k", kind: Kafka(topics: [Topic(name: "t", partitions: 3, {topic})], retention_check: "1s",
                groups: [Group(name: "c", {group})], {more})),
            Consumer(id: "c", reads: [Read(from: "k/t")], instances: 2, handle: Handle(time: Constant("1ms"))),
        ])"#
    )
}

fn group(report: &Report) -> &GroupView {
    &kafka_view(report).groups[0]
}

#[test]
fn without_a_reset_a_group_that_has_committed_nothing_stops() {
    for starts in ["0s", "20s"] {
        let report = run(&plan(&text(&format!(r#"reset: None, starts: "{starts}""#), "", "")), 1);
        let group = group(&report);
        assert_eq!((group.stopped, group.members, group.state), (2, 0, "Empty"), "{starts}");
        assert_eq!(group.error.as_deref(), Some("NoOffsetForPartitionException for t-0"));
        assert_eq!((consumer(&report, "c").deliveries, report.totals.lost), (0, 0));
    }
}

#[test]
fn without_a_reset_a_group_reads_from_where_it_was_sent_before_it_started() {
    let report = run(&plan(&text(r#"reset: None, starts: "20s""#, r#"replays: [Replay(at: "10s", group: "c", to: Time("5s"))]"#, "")), 1);
    assert_eq!((group(&report).stopped, group(&report).members), (0, 2));
    let handled = consumer(&report, "c").acked;
    assert!((5490..=5500).contains(&handled), "55 seconds' worth, not {handled}");
    // The same at the very beginning.
    let report = run(&plan(&text("reset: None", r#"replays: [Replay(at: "0s", group: "c")]"#, "")), 1);
    assert!(consumer(&report, "c").acked > 5990 && group(&report).stopped == 0);
}

#[test]
fn sending_a_group_elsewhere_starts_clients_again_that_had_stopped() {
    let report = run(&plan(&text("reset: None", r#"replays: [Replay(at: "30s", group: "c", to: Beginning)]"#, "")), 1);
    assert_eq!((group(&report).stopped, group(&report).members), (0, 2));
    assert!(consumer(&report, "c").acked > 5900, "{}", consumer(&report, "c").acked);
    // An instance that is started again on its own finds as little as before.
    let text = text("reset: None", "", "").replacen("allow:", r#"faults: [Fault(at: "10s", lasts: "5s", what: Crash("c#1"))], allow:"#, 1);
    assert_eq!(group(&run(&plan(&text), 1)).stopped, 2);
}

#[test]
fn by_duration_a_new_group_goes_back_by_that_much() {
    let acked = |reset: &str| {
        let report = run(&plan(&text(&format!(r#"reset: {reset}, starts: "30s""#), "", "")), 1);
        consumer(&report, "c").acked
    };
    // The initial rebalance delay does not matter: positions are looked up when the group starts.
    assert!((3990..=4001).contains(&acked(r#"ByDuration("10s")"#)), "{}", acked(r#"ByDuration("10s")"#));
    assert!((2990..=3001).contains(&acked("Latest")), "{}", acked("Latest"));
    assert!((5990..=6000).contains(&acked("Earliest")));
    assert_eq!(acked(r#"ByDuration("1h")"#), acked("Earliest"), "a log that is younger is read from its start");
    assert_eq!(acked(r#"ByDuration("0s")"#), acked("Latest"));
}

/// The group stands still from 10 s to 50 s, while retention keeps five seconds.
fn overtaken(reset: &str) -> Report {
    let text = text(&format!("reset: {reset}"), "", r#"retention: Retention(time: "5s"), segment: Segment(time: "1s")"#);
    let text = text.replacen("allow:", r#"faults: [Fault(at: "10s", lasts: "40s", what: Crash("c"))], allow:"#, 1);
    run(&plan(&text), 1)
}

#[test]
fn a_position_that_retention_has_overtaken_goes_where_the_reset_says() {
    let (earliest, latest, back) = (overtaken("Earliest"), overtaken("Latest"), overtaken(r#"ByDuration("2s")"#));
    let (expired, skipped) = (|report: &Report| report.totals.expired, |report: &Report| report.totals.dropped);
    // It reads again at 53 s, after the initial rebalance delay. What is older is gone for all; `latest` skips the five that are left as well, `by_duration` three of these.
    assert!((3500..3900).contains(&expired(&earliest)) && skipped(&earliest) == 0, "{:?}", earliest.totals);
    assert!((450..800).contains(&skipped(&latest)), "{:?}", latest.totals);
    assert!((250..600).contains(&skipped(&back)) && skipped(&back) + 150 < skipped(&latest), "{:?}", back.totals);
    for report in [&earliest, &latest, &back] {
        assert_eq!((group(report).stopped, group(report).lag), (0, 0));
    }
}

#[test]
fn without_a_reset_a_position_that_retention_has_overtaken_stops_the_clients() {
    let report = overtaken("None");
    assert_eq!(group(&report).error.as_deref(), Some("NoOffsetForPartitionException for t-0"), "it had never begun");
    let text = text(
        "reset: None",
        r#"replays: [Replay(at: "0s", group: "c")]"#,
        r#"retention: Retention(time: "5s"), segment: Segment(time: "1s")"#,
    );
    let text = text.replacen("allow:", r#"faults: [Fault(at: "10s", lasts: "20s", what: Crash("c"))], allow:"#, 1);
    let report = run(&plan(&text), 1);
    assert_eq!(group(&report).stopped, 2);
    assert!(group(&report).error.as_deref().is_some_and(|error| error.starts_with("OffsetOutOfRangeException for t-")));
    // What they were owed waits, or has expired meanwhile.
    assert!(consumer(&report, "c").acked < 1100);
    assert!(consumer(&report, "c").lag.last > 300);
}

#[test]
fn without_a_reset_a_truncated_log_stops_the_clients() {
    let text = text(
        "reset: None",
        r#"producers: Producers(acks: One), replays: [Replay(at: "0s", group: "c")]"#,
        r#"replication: 2, unclean: true"#,
    )
    .replace("partitions: 3", "partitions: 1")
    .replacen(
        "allow:",
        // The follower misses a while, then the leader dies and the follower leads.
        r#"faults: [Fault(at: "10s", lasts: "20s", what: Crash("k#2")), Fault(at: "29s", lasts: "40s", what: Crash("k#1"))], allow:"#,
        1,
    );
    let report = run(&plan(&text), 1);
    assert_eq!(group(&report).error.as_deref(), Some("LogTruncationException for t-0"));
    // With a reset it goes on at the first offset that differs.
    let report = run(&plan(&text.replace("reset: None", "reset: Latest")), 1);
    assert_eq!(group(&report).stopped, 0);
}
