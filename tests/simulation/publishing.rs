//! Publishing: what confirmations promise holds whatever the network does.

use crate::{plan, run};
use proptest::prelude::*;
use tidemill::record::Report;
use tidemill::record::report::NodeReport;

/// Ten events at a time over a network that loses `there` on the way to the broker and back, and nothing to the consumer.
fn lossy(publish: &str, loss: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E")],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Once(at: "1s", count: 300))], publish: {publish}),
                Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")]),
            ],
            links: [Link(between: ("p", "b"), latency: Exponential(mean: "5ms"), loss: {loss:?})])"#
    )
}

fn confirms(report: &Report, name: &str) -> tidemill::engine::publisher::Confirms {
    match report.nodes.get(name) {
        Some(NodeReport::Producer { confirms: Some(confirms), .. }) => *confirms,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn nobody_hears_of_what_is_lost_without_confirmations() {
    let totals = run(&plan(&lossy("Forget", "20%")), 3).totals;
    assert!(totals.lost > 20 && totals.duplicates == 0, "{totals:?}");
    assert_eq!(totals.lost + totals.acked, 300);
}

#[test]
fn a_network_that_loses_everything_makes_the_publisher_give_up() {
    let report = run(&plan(&lossy(r#"Confirmed(timeout: "100ms", retries: 3)"#, "100%")), 1);
    let found = confirms(&report, "p");
    assert_eq!((found.confirmed, found.resent, found.given_up, found.unconfirmed), (0, 900, 300, 0));
    assert_eq!((report.totals.lost, report.totals.acked), (300, 0));
}

#[test]
fn a_window_holds_back_what_it_has_no_room_for() {
    // A round trip of 20 ms with four on the way: 300 events take 75 round trips.
    let text =
        lossy(r#"Confirmed(timeout: "1s", retries: 1, window: 4)"#, "0%").replace(r#"Exponential(mean: "5ms")"#, r#"Constant("10ms")"#);
    let finished = tidemill::run::headless::run(&plan(&text), 1, &mut |_| {});
    let report = finished.report();
    assert_eq!(report.totals.acked, 300);
    let Some(NodeReport::Consumer(consumer)) = report.nodes.get("c") else { panic!("no consumer") };
    // The last group sets out after 74 round trips, then 10 ms to the broker, 1 ms to the consumer, 4 times 1 ms of handling.
    assert!((consumer.latency.max - (74.0 * 0.020 + 0.010 + 0.001 + 0.004)).abs() < 0.02, "{:?}", consumer.latency);
}

proptest! {
    #![proptest_config(crate::random(60))]

    #[test]
    fn confirmed_publishing_never_loses_on_a_lossy_link(seed in 0u64..100_000, loss in 0u32..60) {
        let report = run(&plan(&lossy(r#"Confirmed(timeout: "40ms", retries: 1000, window: 50)"#, &format!("{loss}%"))), seed);
        let found = confirms(&report, "p");
        prop_assert_eq!((report.totals.lost, found.given_up, found.unconfirmed, found.confirmed), (0, 0, 0, 300), "seed {}", seed);
        // Every copy that set out was handled or lost on the way: the duplicates are those sent again that arrived as well.
        prop_assert_eq!(report.totals.acked, 300 + report.totals.duplicates);
        prop_assert_eq!(300 + found.resent, report.totals.acked + report.totals.dropped, "seed {}", seed);
    }
}
