//! What grows without end stops with a reason, and everything recorded so far stays.

use crate::{consumer, plan, run};

fn overloaded(limits: &str, arrivals: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "60s", limits: Limits({limits}), events: [Event(name: "E")],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: {arrivals})]),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("1s"))),
            ])"#
    )
}

#[test]
fn too_many_live_events_stop_the_run() {
    let report = run(&plan(&overloaded("live: 1000", r#"Poisson("1000/s")"#)), 1);
    let reason = report.stopped.clone().unwrap();
    assert!(reason.contains("more than 1000 events") && reason.contains("limits: Limits(live:"), "{reason}");
    assert!(report.simulated > 0.9 && report.simulated < 1.2, "{}", report.simulated);
    assert_eq!(report.totals.waiting + report.totals.in_flight, 1001);
    assert!(report.totals.published > 1000);
}

#[test]
fn too_many_steps_stop_the_run() {
    let report = run(&plan(&overloaded("steps: 5000", r#"Every("1ns")"#)), 1);
    assert!(report.stopped.as_ref().unwrap().contains("more than 5000 steps"));
    assert_eq!(report.engine.steps, 5000);
}

#[test]
fn an_absurd_burst_at_one_instant_stops_too() {
    let report = run(&plan(&overloaded("live: 100000", "Once(count: 18446744073709551615)")), 1);
    assert!(report.stopped.is_some());
    assert_eq!(report.simulated, 0.0);
}

#[test]
fn a_loop_without_end_stops_by_its_steps() {
    let text = r#"Scenario(format: 1, duration: "1h", limits: Limits(steps: 100000), events: [Event(name: "E")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Once(count: 3))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", instances: 9, reads: [Read(from: "b/t")], then: [Emit(event: "E", to: "b/t")]),
        ])"#;
    let report = run(&plan(text), 1);
    assert!(report.stopped.is_some());
    assert!(consumer(&report, "c").acked > 1000);
}

#[test]
fn arrivals_that_wait_for_a_store_are_alive() {
    let text = r#"Scenario(format: 1, duration: "1h", limits: Limits(live: 1000), events: [Event(name: "E")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("1000000/s"))], calls: [Call(store: "s")]),
            Store(id: "s", connections: 1, time: Constant("1s")),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")]),
        ])"#;
    let report = run(&plan(text), 1);
    assert!(report.stopped.clone().unwrap().contains("more than 1000 events"), "{:?}", report.stopped);
    assert_eq!((report.totals.published, report.simulated < 0.01), (0, true));
}

#[test]
fn calls_that_nobody_waits_for_any_more_are_bounded_too() {
    // The worker gives up after a millisecond, while its calls travel for an hour.
    let text = r#"Scenario(format: 1, duration: "1h", limits: Limits(live: 1000), events: [Event(name: "E")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("1ms"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Store(id: "s", connections: 1, time: Constant("1s")),
            Consumer(id: "c", instances: 3, reads: [Read(from: "b/t")], handle: Handle(time: Constant("0s")),
                calls: [Call(store: "s", timeout: "1ms")]),
        ],
        links: [Link(between: ("c", "s"), latency: Constant("1h"))])"#;
    let report = run(&plan(text), 1);
    assert!(report.stopped.clone().unwrap().contains("more than 1000 events"), "{:?}", report.stopped);
    assert!(report.engine.steps <= 100_000, "{}", report.engine.steps);
}

#[test]
fn surges_on_top_of_each_other_stop_too() {
    // 10^9 events for one arrival: they come one after the other.
    let surge = |times: u32| format!(r#"Fault(at: "1s", lasts: "5s", what: Surge(producer: "p", times: {times}))"#);
    let text = overloaded("live: 20000", r#"Every("1s")"#);
    let text = text.replace("            ])", &format!("            ], faults: [{}, {}])", surge(100_000), surge(10_000)));
    let report = run(&plan(&text), 1);
    assert!(report.stopped.clone().unwrap().contains("more than 20000 events"), "{:?}", report.stopped);
    // At 10^9 per second.
    assert!((2.0..2.001).contains(&report.simulated), "{}", report.simulated);
}
