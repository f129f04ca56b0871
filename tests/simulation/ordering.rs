//! The order of each key, kept or given up.

use crate::{consumer, plan, run};
use proptest::prelude::*;
use tidemill::record::Report;

const KAFKA: &str = r#"Kafka(topics: [Topic(name: "t", partitions: 4)])"#;
const SIMPLE: &str = r#"Simple(topics: ["t"])"#;

fn report(kind: &str, arrivals: &str, handling: &str, faults: &str, seed: u64) -> Report {
    let text = format!(
        r#"Scenario(format: 1, duration: "30s", events: [Event(name: "E", key: Uniform(keys: 12), attributes: {{"n": Whole(1, 1000000)}})], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: {arrivals})]),
            Broker(id: "b", kind: {kind}),
            Consumer(id: "c", reads: [Read(from: "b/t")], {handling}, state: Projection(fold: Last("n"), by: Key)),
        ], faults: [{faults}])"#
    );
    run(&plan(&text), seed)
}

const RETRIES: &str = r#"handle: Handle(time: Exponential(mean: "30ms"), fails: "20%"), retry: Retry(attempts: 4, backoff: Exponential(first: "20ms", jitter: Full))"#;

#[test]
fn order_is_given_up_or_kept_as_asked_for_and_counted() {
    for kind in [SIMPLE, KAFKA] {
        let of = |ordered: &str| report(kind, r#"Poisson("60/s")"#, &format!("threads: 8, {ordered} {RETRIES}"), "", 1);
        let (kept, free, plain) = (of("ordered: PerKey,"), of("ordered: Free,"), of(""));
        let (kept, free, plain) = (consumer(&kept, "c"), consumer(&free, "c"), consumer(&plain, "c"));
        assert_eq!((kept.reordered, plain.reordered), (Some(0), None), "{kind}");
        assert!(free.reordered.unwrap() > 100, "{kind}: {:?}", free.reordered);
        // Saying that it is given up changes nothing but that it is counted.
        assert_eq!((free.acked, free.latency, free.retries), (plain.acked, plain.latency, plain.retries), "{kind}");
        assert!(kept.latency.mean > free.latency.mean, "order has its price: {kind}");
    }
}

#[test]
fn the_last_value_of_each_key_is_right_where_order_is_kept() {
    let until = r#"Steps([("0s", "60/s"), ("25s", "0/s")])"#;
    let wrong = |ordered: &str| {
        let report = report(SIMPLE, until, &format!(r#"threads: 8, {ordered} handle: Handle(time: Exponential(mean: "60ms"))"#), "", 3);
        let state = consumer(&report, "c").state.unwrap();
        (state.wrong, state.missing)
    };
    assert_eq!(wrong("ordered: PerKey,"), (0, 0));
    assert!(wrong("").0 > 0);
}

#[test]
fn a_retry_holds_its_own_key_and_no_other() {
    let of = |ordered: &str| {
        let handling = format!(
            r#"threads: 6, {ordered} handle: Handle(time: Constant("5ms"), poison: Key("0")), retry: Retry(attempts: 3, backoff: Fixed("2s"))"#
        );
        report(SIMPLE, r#"Poisson("60/s")"#, &handling, "", 5)
    };
    let (kept, free) = (of("ordered: PerKey,"), of(""));
    let (one, other) = (consumer(&kept, "c"), consumer(&free, "c"));
    // Each event of the poisoned key takes four seconds, one after the other; the others go by.
    assert!((6..=7).contains(&one.failed) && other.failed > 100, "{} {}", one.failed, other.failed);
    assert!(one.latency.max < 0.2 && one.acked == other.acked, "{:?} {} {}", one.latency, one.acked, other.acked);
    assert!(one.lag.last > 100, "what is behind it waits: {:?}", one.lag);
}

#[test]
fn events_without_a_key_wait_for_nobody() {
    let text = |ordered: &str| {
        format!(
            r#"Scenario(format: 1, duration: "20s", events: [Event(name: "E")], nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("60/s"))]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")], threads: 4, {ordered} {RETRIES}),
            ])"#
        )
    };
    let (kept, free) = (run(&plan(&text("ordered: PerKey,")), 1), run(&plan(&text("")), 1));
    // Not quite the same luck: failures are drawn at another moment.
    let (kept, free) = (consumer(&kept, "c"), consumer(&free, "c"));
    assert!(kept.acked.abs_diff(free.acked) < 20 && (kept.latency.mean / free.latency.mean - 1.0).abs() < 0.1, "{kept:?} {free:?}");
}

fn fault(kind: &'static str) -> impl Strategy<Value = String> {
    let what = match kind {
        // One that stands still for long is put out of a Kafka group, and then two may have the same key: as in life.
        KAFKA => vec![r#"Crash("c")"#, r#"Crash("c#1")"#, r#"Crash("c#2")"#, r#"Errors(node: "c", rate: "50%")"#],
        _ => vec![
            r#"Crash("c")"#,
            r#"Crash("c#1")"#,
            r#"Crash("c#2")"#,
            r#"Pause("c#1")"#,
            r#"Crash("b")"#,
            r#"Partition(of: ["c"], from: ["b"])"#,
            r#"Errors(node: "c", rate: "50%")"#,
        ],
    };
    (0u32..25_000, 50u32..4_000, prop::sample::select(what))
        .prop_map(|(at, lasts, what)| format!("Fault(at: \"{at}ms\", lasts: \"{lasts}ms\", what: {what}),"))
}

fn faults(kind: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(fault(kind), 0..6).prop_map(|faults| faults.concat())
}

fn handling() -> impl Strategy<Value = String> {
    let or = |choices: Vec<&'static str>| prop::sample::select(choices);
    (
        or(vec!["", "inbox: Inbox(),"]),
        or(vec!["", "ack: BeforeWork,", "timeout: \"80ms\","]),
        or(vec!["", "prefetch: 5,"]),
        1u32..4,
        1u32..5,
    )
        .prop_map(|(inbox, ack, prefetch, instances, threads)| {
            format!("instances: {}, threads: {threads}, ordered: PerKey, {inbox} {ack} {prefetch} {RETRIES}", instances.max(2))
        })
}

proptest! {
    #![proptest_config(crate::random(120))]

    #[test]
    fn whatever_goes_wrong_a_simple_broker_and_its_consumer_keep_the_order(handling in handling(), faults in faults(SIMPLE), seed in 0u64..1000) {
        let report = report(SIMPLE, r#"Poisson("60/s")"#, &handling, &faults, seed);
        prop_assert_eq!(consumer(&report, "c").reordered, Some(0));
    }

    #[test]
    fn whoever_crashes_a_kafka_group_keeps_the_order(handling in handling(), faults in faults(KAFKA), seed in 0u64..1000) {
        let report = report(KAFKA, r#"Poisson("60/s")"#, &handling, &faults, seed);
        prop_assert_eq!(consumer(&report, "c").reordered, Some(0));
    }
}
