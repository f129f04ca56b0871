//! What the guarantees promise, under whatever goes wrong with a consumer.
//!
//! `PROPTEST_CASES=5000 cargo test --test simulation guarantees` tries more schedules than the suite has time for.

use crate::plan;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use tidemill::engine::{Observation, Observer, Simulation};
use tidemill::ids::EventId;
use tidemill::time::{Span, Time};

/// What somebody sees who only watches, and knows when in an attempt its effect takes place.
#[derive(Default)]
struct Watcher {
    /// By worker: how long the attempt in hand takes.
    hands: BTreeMap<u32, Span>,
    /// Attempts cut off, by event: how many, and how many of them after their effect.
    cut: BTreeMap<EventId, (u32, u32)>,
    /// By event: how often it was handled to the end.
    handled: BTreeMap<EventId, u32>,
}

impl Observer for Watcher {
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        match *what {
            Observation::Delivered { worker, service, .. } => {
                self.hands.insert(worker, service);
            }
            Observation::Interrupted { worker, message, began, .. } => {
                let cut = self.cut.entry(message.event.id).or_default();
                cut.0 += 1;
                cut.1 += u32::from(now >= began + Span(self.hands[&worker].0 / 2));
            }
            Observation::Acked { message, .. } | Observation::Handled { message, .. } => {
                *self.handled.entry(message.event.id).or_default() += 1
            }
            _ => {}
        }
    }
}

/// A schedule of crashes, broken connections and slowness. (Nothing stands still: then the watcher could not tell when effects take place.)
fn schedule() -> impl Strategy<Value = String> {
    let what = prop::sample::select(vec![
        r#"Crash("c")"#,
        r#"Crash("c#1")"#,
        r#"Crash("c#2")"#,
        r#"Crash("zone:east")"#,
        r#"Partition(of: ["c"])"#,
        r#"Slow(node: "c", times: 3)"#,
        r#"Latency(between: ("b", "c"), add: "20ms")"#,
    ]);
    let one = (0u32..4000, 1u32..900, what.clone())
        .prop_map(|(at, lasts, what)| format!("Fault(at: \"{at}ms\", lasts: \"{lasts}ms\", what: {what}),"));
    let chaos = (20u32..600, 5u32..200, what)
        .prop_map(|(every, lasts, what)| format!("Chaos(every: \"{every}ms\", lasts: \"{lasts}ms\", what: {what}),"));
    prop::collection::vec(prop_oneof![4 => one, 1 => chaos], 1..7).prop_map(|all| all.concat())
}

/// 200 events within 4 s, then time enough for all of them.
fn run(faults: &str, instances: u32, handling: &str, seed: u64) -> (Simulation, Watcher) {
    let text = format!(
        r#"Scenario(format: 1, duration: "400s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Steps([("0s", "50/s"), ("4s", "0/s")]))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", zone: "east", instances: {instances}, reads: [Read(from: "b/t")],
                handle: Handle(time: Exponential(mean: "15ms"), effect: "50%"), {handling}),
        ], faults: [{faults}])"#
    );
    let plan = plan(&text);
    let (mut simulation, mut watcher) = (Simulation::new(Arc::clone(&plan), seed), Watcher::default());
    simulation.advance(Time::NEVER, u64::MAX, &mut watcher);
    simulation.audit().unwrap();
    (simulation, watcher)
}

proptest! {
    #![proptest_config(crate::random(100))]

    #[test]
    fn at_most_once_loses_what_is_in_hand_and_duplicates_nothing(faults in schedule(), instances in 2u32..4, seed in 0u64..1000) {
        let (simulation, watcher) = run(&faults, instances, "ack: BeforeWork", seed);
        prop_assert_eq!(simulation.duplicates(), 0);
        // What was cut off before its effect is lost; what was cut off after it has been done.
        let lost: u32 = watcher.cut.values().map(|(cut, after)| cut - after).sum();
        prop_assert_eq!(simulation.lost(), u64::from(lost));
        prop_assert!(watcher.cut.values().all(|(cut, _)| *cut == 1), "nothing is handled again");
        prop_assert!(watcher.handled.values().all(|times| *times == 1));
    }

    #[test]
    fn at_least_once_loses_nothing_and_duplicates_what_was_done_and_not_acknowledged(faults in schedule(), instances in 2u32..4, seed in 0u64..1000) {
        let (simulation, watcher) = run(&faults, instances, "ack: AfterWork", seed);
        prop_assert_eq!(simulation.lost(), 0);
        let done = watcher.cut.iter().filter(|(event, (_, after))| *after > 0 && watcher.handled.contains_key(event)).count();
        prop_assert_eq!(simulation.duplicates(), done as u64);
    }

    #[test]
    fn acknowledging_now_and_then_loses_nothing_and_duplicates_what_came_between(faults in schedule(), instances in 2u32..4, seed in 0u64..1000) {
        let (simulation, watcher) = run(&faults, instances, r#"ack: Auto(every: "250ms")"#, seed);
        prop_assert_eq!(simulation.lost(), 0);
        let again = |event: &EventId| watcher.handled.get(event).is_some_and(|times| *times > 1);
        let done = |event: &EventId| watcher.handled.contains_key(event) && watcher.cut.get(event).is_some_and(|(_, after)| *after > 0);
        let events = watcher.handled.keys().filter(|event| again(event) || done(event)).count() as u64;
        // What is not acknowledged yet when the run ends would still be counted.
        prop_assert!(simulation.duplicates() <= events && simulation.duplicates() + simulation.live() >= events);
    }

    #[test]
    fn with_an_inbox_everything_is_done_exactly_once(faults in schedule(), instances in 2u32..4, seed in 0u64..1000, auto: bool) {
        let ack = if auto { r#"ack: Auto(every: "250ms"),"# } else { "" };
        let (simulation, _) = run(&faults, instances, &format!("{ack} inbox: Inbox()"), seed);
        prop_assert_eq!((simulation.lost(), simulation.duplicates()), (0, 0));
    }
}

/// With everything else as it is by default.
#[test]
fn when_to_acknowledge_needs_no_other_setting() {
    let [after, before, auto] = ["AfterWork", "BeforeWork", r#"Auto(every: "1s")"#].map(|ack| {
        let text = format!(
            r#"Scenario(format: 1, duration: "30s", events: [Event(name: "E")], nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("100/s"))]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("4ms")), ack: {ack}),
            ], faults: [Chaos(what: Crash("c"), every: "400ms", lasts: "50ms")])"#
        );
        let mut simulation = Simulation::new(plan(&text), 3);
        simulation.advance(Time::NEVER, u64::MAX, &mut ());
        (simulation.lost(), simulation.duplicates())
    });
    assert_eq!(after, (0, 0), "what was cut off has had no effect and is done again");
    assert!(before.0 > 10 && before.1 == 0, "{before:?}: what was in hand is lost");
    assert!(auto.0 == 0 && auto.1 > 100, "{auto:?}: what was done since the last acknowledgement is done again");
}

#[test]
fn an_inbox_that_is_too_small_forgets() {
    // The network doubles everything, late: with room for all nothing is done twice, with room for three much is.
    let doubled = |size: u32| {
        let text = format!(
            r#"Scenario(format: 1, duration: "20s", network: Network(latency: Exponential(mean: "100ms"), duplication: "50%"),
                events: [Event(name: "E")], nodes: [
                    Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("10ms"))]),
                    Broker(id: "b", kind: Simple(topics: ["t"])),
                    Consumer(id: "c", reads: [Read(from: "b/t")], inbox: Inbox(size: {size})),
                ])"#
        );
        crate::run(&plan(&text), 1).totals
    };
    let (all, few) = (doubled(100_000), doubled(3));
    assert_eq!((all.lost, all.duplicates), (0, 0));
    assert!(few.duplicates > 100, "{few:?}");
}
