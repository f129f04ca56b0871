//! What happens to single events: retries, dead letters, loss, duplicates, groups, chains, closed loops, links.

use crate::{consumer, plan, run};
use std::sync::Arc;
use tidemill::engine::{Event, Observation, Observer, Simulation};
use tidemill::ids::EventId;
use tidemill::record::Report;
use tidemill::time::Time;

/// A producer, a broker with topics t, u and dead, and whatever is given.
fn scenario(head: &str, arrivals: &str, nodes: &str, links: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "100s", {head} events: [Event(name: "E", size: "1000B"), Event(name: "F")],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: {arrivals})]),
                Broker(id: "b", kind: Simple(topics: ["t", "u", "dead"])),
                {nodes}
            ],
            links: [{links}])"#
    )
}

const PLAIN: &str = r#"Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("10ms"))),"#;

fn report(head: &str, arrivals: &str, nodes: &str, links: &str) -> Report {
    run(&plan(&scenario(head, arrivals, nodes, links)), 3)
}

#[test]
fn times_add_up_to_the_nanosecond() {
    let report = report("", r#"Once(at: "1s")"#, PLAIN, r#"Link(between: ("p", "b"), latency: Constant("5ms"))"#);
    let c = consumer(&report, "c");
    assert_eq!((c.latency.max, c.service.max, c.wait.max), (0.016, 0.010, 0.001));
}

#[test]
fn bandwidth_makes_events_queue_for_the_wire() {
    // 1000 bytes at 10 kB/s take 100 ms each; ten sent at once arrive 100 ms apart.
    let report = report("", "Once(count: 10)", PLAIN, r#"Link(between: ("p", "b"), latency: Constant("1ms"), bandwidth: "10kB/s")"#);
    let c = consumer(&report, "c");
    assert!((c.latency.max - (1.0 + 0.001 + 0.001 + 0.010)).abs() < 1e-9, "{}", c.latency.max);
    assert!((c.latency.mean - (0.55 + 0.012)).abs() < 1e-9, "{}", c.latency.mean);
}

#[test]
fn retries_end_in_success_dead_letter_or_failure() {
    let retrying = |more: &str| {
        format!(
            r#"Consumer(id: "c", instances: 4, reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms"), fails: "50%"),
                retry: Retry(attempts: 3, backoff: Fixed("10ms")), {more}),
            Consumer(id: "morgue", reads: [Read(from: "b/dead")]),"#
        )
    };
    let dead = report("", r#"Poisson("200/s")"#, &retrying(r#"dead_letter: "b/dead""#), "");
    let (t, c) = (dead.totals, consumer(&dead, "c"));
    // One in eight fails three times: 2500 of 20000, give or take five standard deviations.
    assert!((2250..2750).contains(&c.dead_lettered), "{}", c.dead_lettered);
    assert_eq!((t.failed, t.lost, t.duplicates), (0, 0, 0));
    assert!((t.retries as i64 - c.redeliveries as i64).abs() < 20, "those in backoff at the end are not redelivered yet");
    assert!(consumer(&dead, "morgue").acked + 10 > c.dead_lettered);
    assert!((c.latency.max - (0.002 + 3.0 * 0.001 + 2.0 * 0.010)).abs() < 0.005, "{}", c.latency.max);

    let lost = report("", r#"Poisson("200/s")"#, &retrying(""), "");
    assert_eq!(consumer(&lost, "c").failed, c.dead_lettered, "the same luck, whatever becomes of a failure");
    assert_eq!(lost.totals.lost, lost.totals.failed);
}

#[test]
fn an_immediate_retry_stays_in_the_same_hands() {
    let nodes = r#"Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("10ms"), fails: "100%"), retry: Retry(attempts: 4)),"#;
    let report = report("", "Once()", nodes, "");
    let c = consumer(&report, "c");
    assert_eq!((c.deliveries, c.redeliveries, c.retries, c.failed, c.acked), (4, 3, 3, 1, 0));
    assert!((c.utilisation * 100.0 - 0.040).abs() < 1e-9);
}

#[test]
fn the_most_attempts_end_as_well() {
    let nodes = r#"Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms"), fails: "100%"), retry: Retry(attempts: 255)),"#;
    let report = report("", "Once()", nodes, "");
    let c = consumer(&report, "c");
    assert_eq!((c.deliveries, c.retries, c.failed), (255, 254, 1));
}

#[test]
fn loss_is_counted_where_it_happens() {
    let lossy =
        |share: &str, between: &str| report("", r#"Poisson("100/s")"#, PLAIN, &format!(r#"Link(between: ({between}), loss: "{share}")"#));
    let before = lossy("10%", r#""p", "b""#);
    let t = before.totals;
    assert_eq!(t.lost, t.dropped);
    assert!((t.lost as f64 / t.published as f64 - 0.1).abs() < 0.015);
    assert_eq!(before.outlets.0[0].1.books.routed, t.published - t.lost - (t.in_flight - before.outlets.0[0].1.in_flight));

    let after = lossy("10%", r#""b", "c""#);
    let (t, outlet) = (after.totals, &after.outlets.0[0].1);
    assert_eq!((t.lost, t.dropped), (outlet.books.dropped, outlet.books.dropped));
    assert_eq!(outlet.books.routed, outlet.books.acked + outlet.books.dropped + outlet.books.waiting + outlet.in_flight);

    let all = lossy("100%", r#""p", "b""#);
    assert_eq!((all.totals.lost, all.totals.acked), (all.totals.published, 0));
}

#[test]
fn duplicates_are_handled_twice_and_counted_once_each() {
    let doubled = |between: &str| {
        let more = r#"Consumer(id: "d", reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms"))),"#;
        let link = format!(r#"Link(between: ({between}), duplication: "100%")"#);
        report("", r#"Once(count: 50)"#, &(PLAIN.to_owned() + more), &link)
    };
    let before = doubled(r#""p", "b""#);
    assert_eq!((consumer(&before, "c").acked, consumer(&before, "d").acked), (100, 100));
    assert_eq!((before.totals.published, before.totals.duplicates, before.totals.lost), (50, 100, 0));
    let after = doubled(r#""b", "d""#);
    assert_eq!((consumer(&after, "c").acked, consumer(&after, "d").acked), (50, 100));
    assert_eq!((after.totals.duplicates, after.totals.lost), (50, 0));
}

#[test]
fn every_group_gets_a_copy_and_a_group_shares_one() {
    let nodes = r#"
        Consumer(id: "one", reads: [Read(from: "b/t", group: "g")], handle: Handle(time: Exponential(mean: "10ms"))),
        Consumer(id: "two", instances: 3, reads: [Read(from: "b/t", group: "g")], handle: Handle(time: Exponential(mean: "10ms"))),
        Consumer(id: "alone", reads: [Read(from: "b/t")], handle: Handle(time: Constant("1ms"))),"#;
    let report = report("", r#"Poisson("200/s")"#, nodes, "");
    let (one, two) = (consumer(&report, "one"), consumer(&report, "two"));
    let shared = report.outlets.get("b/t#g").unwrap();
    assert_eq!(one.acked + two.acked, shared.books.acked);
    assert!(two.acked > 2 * one.acked && one.acked > 2000, "work follows the free workers: {} and {}", one.acked, two.acked);
    assert_eq!(report.outlets.get("b/t#alone").unwrap().books.routed, shared.books.routed);
    assert_eq!(report.totals.duplicates, 0);
}

#[test]
fn what_nobody_reads_is_unroutable_and_not_lost() {
    let report = report("", "Once(count: 7)", "", "");
    assert_eq!((report.totals.published, report.totals.unroutable, report.totals.lost), (7, 7, 0));
}

#[test]
fn a_closed_loop_never_has_more_events_out_than_users() {
    // 8 users who do not think, one worker of 10 ms: the worker is always busy and 8 events are always out.
    let loops = r#"ClosedLoop(users: 8, think: Constant("0s"))"#;
    let report = report(r#"network: Network(latency: Constant("0s")),"#, loops, PLAIN, "");
    let c = consumer(&report, "c");
    assert_eq!((c.lag.max, c.acked), (8, 10_000));
    assert!((c.utilisation - 1.0).abs() < 1e-9 && (c.latency.p50 - 0.080).abs() < 0.001);
    // Users of lost events come back as well.
    let lossy = crate::run(&plan(&scenario(r#"network: Network(loss: "30%"),"#, loops, PLAIN, "")), 1);
    assert!(lossy.totals.published > 5_000, "{}", lossy.totals.published);
}

/// Who caused whom.
#[derive(Default)]
struct Family {
    published: Vec<(Event, Option<EventId>)>,
}

impl Observer for Family {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        if let Observation::Published { event, cause, .. } = what {
            self.published.push((**event, *cause));
        }
    }
}

#[test]
fn chains_carry_correlation_causation_and_key() {
    let text = r#"Scenario(format: 1, duration: "10s",
        events: [Event(name: "A", key: Sequential), Event(name: "B"), Event(name: "C")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "A", to: "b/a", arrivals: Every("1s"))]),
            Broker(id: "b", kind: Simple(topics: ["a", "b", "c"])),
            Consumer(id: "x", reads: [Read(from: "b/a")], then: [Emit(event: "B", to: "b/b")]),
            Consumer(id: "y", reads: [Read(from: "b/a"), Read(from: "b/b")], then: [Emit(event: "C", to: "b/c", on: ["B"])]),
            Consumer(id: "z", reads: [Read(from: "b/c")]),
        ])"#;
    let plan = plan(text);
    let mut family = Family::default();
    Simulation::new(Arc::clone(&plan), 1).advance(Time(9_500_000_000), u64::MAX, &mut family);
    assert_eq!(family.published.len(), 27);
    for (event, cause) in &family.published {
        match (usize::from(event.kind.0), cause) {
            (0, None) => assert_eq!(event.root, event.id),
            (kind, Some(cause)) => {
                let parent = family.published.iter().find(|(e, _)| e.id == *cause).unwrap().0;
                assert_eq!(usize::from(parent.kind.0), kind - 1, "`on` lets C follow from B alone");
                assert_eq!((event.root, event.key), (parent.root, parent.key));
            }
            other => panic!("{other:?}"),
        }
    }
}
