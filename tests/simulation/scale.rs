//! Instances and threads that come and go by hand, at brokers that know them one by one and at those that do not.

use crate::consumer;
use proptest::prelude::*;
use std::sync::Arc;
use tidemill::engine::{Observation, Observer, Progress};
use tidemill::run::{Moment, Script, Source};
use tidemill::scenario::NoFiles;
use tidemill::scenario::intervention::Intervention;
use tidemill::time::Time;

// A member finishes what it has polled before it gives anything up: with Kafka's 500 records that would be most of the run.
const KAFKA: &str = r#"Kafka(topics: [Topic(name: "t", partitions: 6)], groups: [Group(name: "c", max_poll_records: 5, session: "6s")])"#;
const RABBIT: &str =
    r#"RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "t")], bindings: [Binding(from: "x", to: "t")])"#;
const STREAM: &str = r#"RabbitMq(exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "t", kind: Stream)], bindings: [Binding(from: "x", to: "t")])"#;
const SIMPLE: &str = r#"Simple(topics: ["t"])"#;

fn source(kind: &str, handling: &str, faults: &str) -> Source {
    let to = if kind.contains("Exchange") { "b/x" } else { "b/t" };
    let text = format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E", key: Uniform(keys: 50))], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "{to}", arrivals: Every("50ms"))]),
            Broker(id: "b", kind: {kind}),
            Consumer(id: "c", reads: [Read(from: "b/t")], {handling}),
        ], faults: [{faults}])"#
    );
    Source { text, name: "scale".to_owned(), files: Arc::new(NoFiles) }
}

fn at(seconds: f64, change: &str) -> Intervention {
    Intervention::set(Time((seconds * 1e9) as u64), change).unwrap()
}

fn script(source: &Source, changes: &[Intervention]) -> Script {
    source.script(None, changes).unwrap_or_else(|problems| panic!("{}\n{}", problems[0], source.text))
}

/// Counts what is taken out of workers' hands.
#[derive(Default)]
struct Interrupted(u64);

impl Observer for Interrupted {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        self.0 += u64::from(matches!(what, Observation::Interrupted { .. }));
    }
}

fn run(source: &Source, changes: &[Intervention]) -> (Moment, u64) {
    let script = script(source, changes);
    let mut moment = Moment::start(&script, 200);
    let mut interrupted = Interrupted::default();
    moment.advance(&script, Time::NEVER, u64::MAX, &mut interrupted);
    moment.simulation.audit().unwrap();
    (moment, interrupted.0)
}

fn report(moment: &Moment) -> tidemill::record::Report {
    tidemill::record::Report::of(&moment.simulation, &moment.recorder, 0.0)
}

#[test]
fn who_is_taken_away_finishes_what_it_has_in_hand() {
    for kind in [KAFKA, RABBIT, SIMPLE] {
        let prefetch = if kind == RABBIT { "prefetch: 1," } else { "" };
        let four = source(kind, &format!(r#"instances: 4, {prefetch} handle: Handle(time: Constant("190ms"))"#), "");
        // In the middle of everybody's work.
        let (moment, interrupted) = run(&four, &[at(20.03, "c.instances=1")]);
        let totals = report(&moment).totals;
        assert_eq!((interrupted, totals.redeliveries, totals.duplicates, totals.lost), (0, 0, 0, 0), "{kind}");
        assert_eq!(moment.simulation.busy(tidemill::ids::ConsumerId(0)), 1, "{kind}");
        assert!(totals.waiting > 400, "one alone cannot keep up: {kind} {totals:?}");
        // A crash waits for nobody.
        let crashed = source(
            kind,
            &format!(r#"instances: 4, {prefetch} handle: Handle(time: Constant("190ms"))"#),
            r#"Fault(at: "20030ms", what: Crash("c#2"))"#,
        );
        assert!(run(&crashed, &[]).1 > 0, "{kind}");
    }
}

#[test]
fn a_consumer_grows_beyond_what_it_began_with() {
    for kind in [KAFKA, RABBIT, SIMPLE] {
        // One does ten a second of twenty.
        let one = source(kind, r#"handle: Handle(time: Constant("100ms"))"#, "");
        let (few, _) = run(&one, &[]);
        let (many, interrupted) = run(&one, &[at(20.0, "c.instances=6")]);
        let (few, many) = (report(&few), report(&many));
        let (few, many) = (consumer(&few, "c"), consumer(&many, "c"));
        assert!(few.lag.last > 550, "{kind}: {:?}", few.lag);
        assert!(many.lag.last < 10 && many.instances == 6, "{kind}: {:?}", many.lag);
        assert!(many.redeliveries == 0 && interrupted == 0, "{kind}");
        // And shrinks, and grows again.
        let changes = [at(20.0, "c.instances=4"), at(30.0, "c.instances=2"), at(40.0, "c.instances=6"), at(45.0, "c.threads=3")];
        let (again, interrupted) = run(&one, &changes);
        assert_eq!((consumer(&report(&again), "c").instances, interrupted), (6, 0), "{kind}");
        assert!(consumer(&report(&again), "c").lag.last < 10, "{kind}");
    }
    // Only one instance reads a stream under one name; the next takes over where it is gone.
    let (stream, _) = run(&source(STREAM, r#"handle: Handle(time: Constant("10ms"))"#, ""), &[at(20.0, "c.instances=3")]);
    assert!(consumer(&report(&stream), "c").acked > 1190);
}

#[test]
fn who_comes_while_all_are_struck_is_struck_too() {
    for (kind, fault) in [(KAFKA, "Crash"), (RABBIT, "Crash"), (KAFKA, "Pause"), (RABBIT, "Pause"), (SIMPLE, "Crash"), (SIMPLE, "Pause")] {
        let struck =
            source(kind, r#"handle: Handle(time: Constant("60ms"))"#, &format!(r#"Fault(at: "10s", lasts: "20s", what: {fault}("c"))"#));
        let script = script(&struck, &[at(15.0, "c.instances=5")]);
        let mut moment = Moment::start(&script, 200);
        moment.advance(&script, Time(16_000_000_000), u64::MAX, &mut ());
        let before = moment.simulation.counts(tidemill::ids::ConsumerId(0)).deliveries;
        moment.advance(&script, Time(29_000_000_000), u64::MAX, &mut ());
        assert_eq!(moment.simulation.counts(tidemill::ids::ConsumerId(0)).deliveries, before, "{kind} {fault}");
        moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
        moment.simulation.audit().unwrap();
        assert!(consumer(&report(&moment), "c").lag.last < 100, "it catches up: {kind} {fault}: {:?}", consumer(&report(&moment), "c").lag);
    }
}

#[test]
fn who_was_struck_while_nobody_was_there_comes_back() {
    // Nothing to do from the 2nd second to the 60th: no instance is there when the fault strikes, and when it ends.
    let simple = |what: &str| {
        format!(
            r#"Scenario(format: 1, duration: "120s", events: [Event(name: "E")], nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Steps([("0s", "10/s"), ("2s", "0/s"), ("60s", "10/s")]))]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("10ms")),
                    scale: Autoscale(by: Lag(5), least: 0, most: 5, every: "1s", delay: "1s", hold: "5s")),
            ], faults: [Fault(at: "40s", lasts: "5s", what: {what}("c"))])"#
        )
    };
    for what in ["Crash", "Pause"] {
        let report = crate::run(&crate::plan(&simple(what)), 1);
        assert!(report.totals.acked > 590 && report.totals.waiting < 20, "{what}: {:?}", report.totals);
    }
}

#[test]
fn who_comes_while_all_others_are_struck_one_by_one_works() {
    for fault in ["Crash", "Pause"] {
        // The only instance is struck itself, and not the consumer as a whole.
        let one = source(
            SIMPLE,
            r#"handle: Handle(time: Constant("20ms"))"#,
            &format!(r#"Fault(at: "10s", lasts: "40s", what: {fault}("c#1"))"#),
        );
        let script = script(&one, &[at(15.0, "c.instances=2"), at(30.0, "c.instances=1"), at(35.0, "c.instances=2")]);
        let mut moment = Moment::start(&script, 200);
        moment.advance(&script, Time(29_000_000_000), u64::MAX, &mut ());
        assert!(consumer(&report(&moment), "c").lag.last < 10, "{fault}: {:?}", consumer(&report(&moment), "c").lag);
        moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
        moment.simulation.audit().unwrap();
        assert!(consumer(&report(&moment), "c").lag.last < 10, "{fault}: {:?}", consumer(&report(&moment), "c").lag);
        assert_eq!(report(&moment).totals.lost, 0);
    }
}

#[test]
fn who_is_called_back_owes_nothing_for_what_it_was_sent_before() {
    // It is told to go while it has something in hand, and called back before that is done: it subscribes anew.
    let handling = r#"instances: 3, ordered: PerKey, handle: Handle(time: Exponential(mean: "150ms"), fails: "10%")"#;
    let script = script(&source(RABBIT, handling, ""), &[at(3.063, "c.instances=2"), at(3.097, "c.instances=3")]);
    let mut moment = Moment::start(&script, 50);
    moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
    moment.simulation.audit().unwrap();
    let report = report(&moment);
    let c = consumer(&report, "c");
    assert!(c.acked + c.failed > 1_100, "of 1,200 that are just what three can do: {c:?}");
}

fn change() -> impl Strategy<Value = String> {
    prop_oneof![
        (1u32..7).prop_map(|n| format!("c.instances={n}")),
        (1u32..4).prop_map(|n| format!("c.threads={n}")),
        prop::sample::select(vec!["c", "c#1", "b"]).prop_map(|node| format!("Fault(what: Crash({node:?}), lasts: \"1s\")")),
        prop::sample::select(vec!["c", "c#1"]).prop_map(|node| format!("Fault(what: Pause({node:?}), lasts: \"2s\")")),
        Just(r#"Fault(what: Partition(of: ["c"], from: ["b"]), lasts: "1s")"#.to_owned()),
    ]
}

fn handling() -> impl Strategy<Value = String> {
    let or = |choices: Vec<&'static str>| prop::sample::select(choices);
    (
        or(vec!["", "ack: BeforeWork,", "ack: Auto(every: \"300ms\"),"]),
        or(vec!["", "timeout: \"250ms\",", "inbox: Inbox(),"]),
        or(vec!["", "breaker: Breaker(window: \"1s\", least: 3, open: \"500ms\"),"]),
        or(vec!["ordered: PerKey,", "ordered: Free,", ""]),
        or(vec!["", "retry: Retry(attempts: 3, backoff: Fixed(\"300ms\")),", "retry: Retry(attempts: 2),"]),
        1u32..4,
    )
        .prop_map(|(ack, timeout, breaker, ordered, retry, instances)| {
            format!(r#"instances: {instances}, {ack} {timeout} {breaker} {ordered} {retry} handle: Handle(time: Exponential(mean: "150ms"), fails: "10%")"#)
        })
}

proptest! {
    #![proptest_config(crate::random(60))]

    #[test]
    fn whoever_comes_and_goes_the_books_balance(
        kind in prop::sample::select(vec![KAFKA, RABBIT, STREAM, SIMPLE]),
        handling in handling(),
        changes in prop::collection::vec((0u64..30_000, change()), 1..10),
    ) {
        let mut changes = changes;
        changes.sort_by_key(|(at, _)| *at);
        let list: Vec<Intervention> = changes.iter().map(|(ms, change)| at(*ms as f64 / 1e3, change)).collect();
        let script = script(&source(kind, &handling, ""), &list);
        let mut moment = Moment::start(&script, 50);
        while moment.advance(&script, Time::NEVER, 3, &mut ()) == Progress::Paused {
            if let Err(wrong) = moment.simulation.audit() {
                panic!("{wrong}");
            }
        }
        let mut whole = Moment::start(&script, 50);
        whole.advance(&script, Time::NEVER, u64::MAX, &mut ());
        prop_assert_eq!(whole.simulation.fingerprint(), moment.simulation.fingerprint());
    }
}
