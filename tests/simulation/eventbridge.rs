//! EventBridge in a run: who gets what, what becomes of failures, archives that come again, and books that balance throughout.

use crate::{consumer, plan, run};
use proptest::prelude::*;
use std::sync::Arc;
use tidemill::engine::broker::Broker;
use tidemill::engine::broker::eventbridge::replaying::State;
use tidemill::engine::broker::eventbridge::view::View;
use tidemill::engine::{Progress, Simulation};
use tidemill::ids::{BrokerId, ConsumerId};
use tidemill::record::report::NodeReport;
use tidemill::record::{Report, Totals};
use tidemill::run::headless;
use tidemill::scenario::Plan;
use tidemill::time::Time;

fn scenario(broker: &str, nodes: &str) -> Arc<Plan> {
    plan(&format!(
        r#"Scenario(format: 1, duration: "20005ms", network: Network(latency: Constant("0s")),
        events: [
            Event(name: "Order", attributes: {{"total": Uniform(0, 500), "lines": Whole(1, 9), "country": Choice({{"ES": 1, "FR": 1}})}}),
            Event(name: "Huge", size: "1MiB"),
        ],
        nodes: [
            Producer(id: "shop", emits: [Emit(event: "Order", to: "b/default", arrivals: Every("10ms"))]),
            Broker(id: "b", kind: EventBridge({broker})),
            {nodes}
        ])"#
    ))
}

fn reader(id: &str, rule: &str) -> String {
    format!(r#"Consumer(id: "{id}", reads: [Read(from: "b/{rule}")], handle: Handle(time: Constant("1ms"))),"#)
}

fn rule(name: &str, pattern: &str, more: &str) -> String {
    format!("Rule(name: {name:?}, pattern: {pattern:?}, {more}),")
}

fn view(simulation: &Simulation) -> View {
    match simulation.broker(BrokerId(0)) {
        Broker::EventBridge(broker) => broker.view(),
        other => panic!("{other:?}"),
    }
}

fn finished(plan: &Arc<Plan>) -> (Report, View) {
    let finished = headless::run(plan, 7, &mut |_| {});
    finished.simulation.audit().unwrap();
    (finished.report(), view(&finished.simulation))
}

const ALL: &str = r#"{"source":["shop"]}"#;
const DEFAULT: &str = r#"buses: [Bus(name: "default")], latency: Constant("0s"), duplicates: "0%","#;

#[test]
fn rules_pick_events_by_what_they_say() {
    let rules = [
        rule("all", ALL, ""),
        rule("big", r#"{"detail":{"total":[{"numeric":[">",250]}]}}"#, ""),
        rule("three", r#"{"detail":{"lines":[3]}}"#, ""),
        rule("spain", r#"{"detail":{"country":["ES"],"total":[{"numeric":["<=",250]}]}}"#, ""),
        rule("other", r#"{"source":["nobody"]}"#, ""),
        rule("off", ALL, "enabled: false"),
        // Nothing can be decided in advance for this one.
        rule("timed", r#"{"time":[{"prefix":"2026-01-01T00:00:0"}]}"#, ""),
    ];
    let names = ["all", "big", "three", "spain", "other", "off", "timed"];
    let readers: String = names.iter().map(|name| reader(name, name)).collect();
    let (report, with_time) = finished(&scenario(&format!("{DEFAULT} rules: [{}]", rules.concat()), &readers));
    let handled = |name: &str| consumer(&report, name).acked;
    assert_eq!(handled("all"), 2000);
    assert!((900..1100).contains(&handled("big")), "{}", handled("big"));
    assert!((170..280).contains(&handled("three")), "{}", handled("three"));
    assert!((420..580).contains(&handled("spain")), "{}", handled("spain"));
    assert_eq!((handled("other"), handled("off")), (0, 0));
    assert_eq!(handled("timed"), 999, "events of the first ten seconds");
    // The same rules without it are decided in advance, and decide the same.
    let (_, decided) = finished(&scenario(
        &format!("{DEFAULT} rules: [{}]", rules[..6].concat()),
        &names[..6].iter().map(|n| reader(n, n)).collect::<String>(),
    ));
    assert_eq!(with_time.rules[..6], decided.rules[..]);
    assert_eq!(decided.rules[1].matched + decided.rules[1].passed_over, 2000);
}

#[test]
fn each_target_of_a_rule_gets_its_own_copy() {
    let nodes = [reader("a", "all"), reader("c", "all"), reader("d", "all")].concat();
    let (report, view) = finished(&scenario(&format!("{DEFAULT} rules: [{}]", rule("all", ALL, "")), &nodes));
    assert_eq!(["a", "c", "d"].map(|name| consumer(&report, name).acked), [2000; 3]);
    assert_eq!((view.rules[0].matched, view.rules[0].invocations), (2000, 6000));
    assert!(report.outlets.get("b/all").is_some() && report.outlets.get("b/all#c").is_some() && report.outlets.get("b/all#d").is_some());
}

#[test]
fn a_sixth_target_is_refused() {
    let nodes: String = (0..6).map(|i| reader(&format!("c{i}"), "all")).collect();
    let text = format!(
        r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [Producer(id: "p", emits: [Emit(event: "E", to: "b/x", arrivals: Every("1s"))]),
        Broker(id: "b", kind: EventBridge(buses: [Bus(name: "x")], rules: [{}])), {nodes}])"#,
        rule("all", ALL, "")
    );
    let problems = tidemill::scenario::load(&text, "t.ron", &tidemill::scenario::NoFiles).unwrap_err();
    assert!(problems[0].message.contains("6 targets"), "{}", problems[0]);
}

#[test]
fn failures_are_tried_again_and_then_dead_lettered_or_gone() {
    let rules =
        [rule("kept", ALL, r#"retry: RetryPolicy(attempts: 2), dead_letter: "dlq""#), rule("gone", ALL, "retry: RetryPolicy(attempts: 0)")];
    let failing =
        |id: &str| format!(r#"Consumer(id: "{id}", reads: [Read(from: "b/{id}")], handle: Handle(time: Constant("1ms"), fails: "50%")),"#);
    let nodes = [failing("kept"), failing("gone"), reader("repair", "dlq")].concat();
    let (report, view) = finished(&scenario(&format!("{DEFAULT} rules: [{}]", rules.concat()), &nodes));
    let (kept, gone) = (&view.rules[0], &view.rules[1]);
    // One half of each try fails, and three tries in all are allowed.
    assert!((160..330).contains(&kept.dead_lettered), "{kept:?}");
    assert!((900..1100).contains(&gone.dropped) && gone.failed == gone.dropped, "{gone:?}");
    assert!(kept.invocations > 3_000 && gone.invocations == 2_000);
    let repaired = consumer(&report, "repair").acked;
    assert!(repaired > 0 && repaired <= kept.dead_lettered, "{repaired}");
    assert_eq!(report.totals.lost, gone.dropped);
    assert_eq!(report.totals.dead_lettered, kept.dead_lettered);
}

#[test]
fn a_target_that_is_away_gets_its_events_later() {
    let plan = scenario(&format!("{DEFAULT} rules: [{}]", rule("all", ALL, "")), &reader("a", "all"));
    let mut simulation = Simulation::new(plan, 7);
    simulation.advance(Time(5_000_000_000), u64::MAX, &mut ());
    simulation.stop(ConsumerId(0), false, &mut ());
    simulation.advance(Time(8_000_000_000), u64::MAX, &mut ());
    simulation.restart(ConsumerId(0), &mut ());
    simulation.advance(Time::NEVER, u64::MAX, &mut ());
    simulation.audit().unwrap();
    let (totals, view) = (Totals::of(&simulation), view(&simulation));
    assert!(view.rules[0].failed >= 300, "{view:?}");
    assert_eq!(totals.lost, 0);
    assert!(totals.acked > 1_900 && totals.acked + totals.waiting + totals.in_flight == 2_000, "{totals:?}");
}

#[test]
fn quotas_refuse_what_is_put_and_delay_what_is_invoked() {
    let put = format!(r#"{DEFAULT} quotas: Quotas(put: "50/s"), rules: [{}]"#, rule("all", ALL, ""));
    let (report, seen) = finished(&scenario(&put, &reader("a", "all")));
    // A second's worth at once, then the pace.
    assert!((1040..=1052).contains(&seen.buses[0].taken), "{:?}", seen.buses);
    assert_eq!(report.totals.rejected, seen.buses[0].refused);
    assert_eq!(report.totals.lost, 0);
    let invoke = format!(r#"{DEFAULT} quotas: Quotas(invoke: "50/s"), rules: [{}]"#, rule("all", ALL, ""));
    let (report, seen) = finished(&scenario(&invoke, &reader("a", "all")));
    assert_eq!((report.totals.rejected, report.totals.lost), (0, 0));
    assert!((1030..=1052).contains(&consumer(&report, "a").acked), "{}", consumer(&report, "a").acked);
    // Each waits once, however long, and those that wait cost nothing until it is their turn.
    assert_eq!(seen.rules[0].throttled, 1_901, "all but those of the first second");
    assert_eq!(report.totals.waiting, 2_000 - consumer(&report, "a").acked);
    assert!(report.engine.steps < 12_000, "{}", report.engine.steps);
}

#[test]
fn too_large_is_refused() {
    let plan = plan(&format!(
        r#"Scenario(format: 1, duration: "1s", events: [Event(name: "Huge", size: "1MiB")], nodes: [
        Producer(id: "shop", emits: [Emit(event: "Huge", to: "b/default", arrivals: Once(count: 3))]),
        Broker(id: "b", kind: EventBridge({DEFAULT} rules: [{}])), {}])"#,
        rule("all", ALL, ""),
        reader("a", "all")
    ));
    assert_eq!(run(&plan, 1).totals.rejected, 3);
}

#[test]
fn an_archive_comes_again_once_and_marked() {
    let broker = format!(
        r#"buses: [Bus(name: "default", archive: Archive(pattern: "{{\"detail\":{{\"country\":[\"ES\"]}}}}"))], latency: Constant("0s"), duplicates: "0%",
        rules: [{}{}{}],
        replays: [Replay(name: "again", at: "5s", from: "1s", to: "3s", rules: ["all", "marked"]),
                  Replay(name: "stopped", at: "6s", cancel: "6100ms", rate: "100/s")]"#,
        rule("all", ALL, ""),
        rule("marked", r#"{"replay-name":["again"]}"#, ""),
        rule("fresh", r#"{"source":["shop"],"replay-name":[{"exists":false}]}"#, ""),
    );
    let nodes = [reader("all", "all"), reader("marked", "marked"), reader("fresh", "fresh")].concat();
    let (report, view) = finished(&scenario(&broker, &nodes));
    let again = view.replays[0];
    assert_eq!((again.state, again.left), (State::Completed, 0));
    assert!((70..130).contains(&again.done), "half of two seconds' events: {again:?}");
    assert_eq!(consumer(&report, "marked").acked, again.done);
    assert_eq!(consumer(&report, "fresh").acked, 2000, "a rule can keep out of replays");
    assert_eq!(view.replays[1].state, State::Cancelled);
    assert!((9..=12).contains(&view.replays[1].done), "{:?}", view.replays[1]);
    assert_eq!(consumer(&report, "all").acked, 2000 + again.done + view.replays[1].done);
    let archived = view.buses[0].archived;
    assert!((900..1100).contains(&archived), "what comes again is not archived again: {archived}");
}

#[test]
fn an_event_goes_from_bus_to_bus_once_only() {
    let broker = format!(
        r#"buses: [Bus(name: "default"), Bus(name: "central"), Bus(name: "third")], latency: Constant("0s"), duplicates: "0%",
        rules: [{}{}{}]"#,
        rule("out", ALL, r#"bus: "default", forward: "central""#),
        rule("back", ALL, r#"bus: "central", forward: "default", dead_letter: "loops""#),
        rule("seen", ALL, r#"bus: "central""#),
    );
    let (report, view) = finished(&scenario(&broker, &[reader("seen", "seen"), reader("loops", "loops")].concat()));
    assert_eq!((consumer(&report, "seen").acked, consumer(&report, "loops").acked), (2000, 2000));
    assert_eq!(view.buses.iter().map(|bus| bus.taken).collect::<Vec<_>>(), [2000, 2000, 0]);
    assert_eq!(view.rules[1].dead_lettered, 2000);
}

#[test]
fn a_few_deliveries_are_made_twice() {
    let broker = format!(r#"buses: [Bus(name: "default")], latency: Constant("0s"), duplicates: "5%", rules: [{}]"#, rule("all", ALL, ""));
    let (report, _) = finished(&scenario(&broker, &reader("a", "all")));
    assert!((60..150).contains(&report.totals.duplicates), "{}", report.totals.duplicates);
    assert_eq!(consumer(&report, "a").acked, 2000 + report.totals.duplicates);
}

fn pattern() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        ALL,
        r#"{"detail":{"total":[{"numeric":[">",250]}]}}"#,
        r#"{"detail":{"country":["ES"]}}"#,
        r#"{"source":["nobody"]}"#,
        r#"{"replay-name":[{"exists":true}]}"#,
        r#"{"id":[{"exists":true}]}"#,
    ])
}

/// What a target has in place of its rule's settings; nothing for most.
fn own() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        "retry: RetryPolicy(attempts: 1),",
        r#"dead_letter: "","#,
        r#"dead_letter: "q1", input: Path("$.detail"),"#,
        // Never delivered: what it comes to is not JSON.
        r#"retry: RetryPolicy(max_age: "60s"), input: Transformer(paths: {"all": "$.detail"}, template: "{\"a\": \"<all>\"}"),"#,
    ])
}

/// The broker's parts, with `TARGETS OF r0` where the readers of that rule are to have settings of their own.
fn broker() -> impl Strategy<Value = String> {
    let retry = prop::sample::select(vec!["", "retry: RetryPolicy(attempts: 0),", "retry: RetryPolicy(attempts: 3),"]);
    let share = || prop::sample::select(vec!["0%", "0%", "10%", "100%"]);
    let latency = prop::sample::select(vec![r#"Constant("0s")"#, r#"Exponential(mean: "40ms")"#, r#"Constant("5ms")"#]);
    let dead = prop::sample::select(vec!["", r#"dead_letter: "q0","#, r#"dead_letter: "q1","#]);
    let forward = prop::sample::select(vec![
        "targets: [",
        r#"forward: "b2", targets: ["#,
        r#"forward: "b2", targets: [Target(bus: "b2", dead_letter: "q0"),"#,
    ]);
    let rule = (pattern(), retry, dead, forward);
    let quotas = prop::sample::select(vec!["", r#"quotas: Quotas(put: "150/s"),"#, r#"quotas: Quotas(invoke: "100/s"),"#]);
    let replays = prop::sample::select(vec![
        "",
        r#"Replay(name: "r", at: "1s")"#,
        r#"Replay(name: "r", at: "500ms", rate: "50/s", cancel: "900ms")"#,
    ]);
    (prop::collection::vec(rule, 3..4), latency, share(), quotas, replays).prop_map(|(rules, latency, duplicates, quotas, replays)| {
        let rule = |(i, (pattern, retry, dead, forward)): (usize, &(&str, &str, &str, &str))| {
            let (bus, forward) = if i == 2 { ("b2", "targets: [") } else { ("b1", *forward) };
            format!("Rule(name: \"r{i}\", bus: {bus:?}, pattern: {pattern:?}, {retry} {dead} {forward} TARGETS OF r{i}]),")
        };
        let rules: String = rules.iter().enumerate().map(rule).collect();
        format!(
            "buses: [Bus(name: \"b1\", archive: Archive()), Bus(name: \"b2\")], latency: {latency}, duplicates: {duplicates:?}, {quotas}
            rules: [{rules} Rule(name: \"r3\", bus: \"b1\", pattern: {ALL:?}, dead_letter: \"q0\", targets: [TARGETS OF r3]),
                Rule(name: \"r4\", bus: \"b2\", pattern: {ALL:?}, dead_letter: \"q1\")],
            replays: [{replays}]"
        )
    })
}

fn busy() -> impl Strategy<Value = String> {
    let consumer = (
        prop::sample::select(vec!["0%", "30%", "100%"]),
        prop::sample::select(vec!["", "retry: Retry(attempts: 2),"]),
        prop::collection::btree_set(0usize..5, 1..4),
        own(),
    );
    (broker(), prop::collection::vec(consumer, 1..4), prop::sample::select(vec!["0s", "3ms"]), prop::sample::select(vec!["0%", "5%"])).prop_map(
        |(broker, consumers, latency, loss)| {
            let targets = |broker: String, rule: usize| {
                let readers = consumers.iter().enumerate().filter(|(_, (.., rules, own))| rules.contains(&rule) && !own.is_empty());
                let targets: String = readers.map(|(i, (.., own))| format!("Target(reader: \"c{i}\", {own}),")).collect();
                broker.replace(&format!("TARGETS OF r{rule}"), &targets)
            };
            let broker = (0..5).fold(broker, targets);
            let consumer = |(i, (fails, retry, rules, _)): (usize, &(&str, &str, std::collections::BTreeSet<usize>, &str))| {
                let reads: String = rules.iter().map(|rule| format!("Read(from: \"b/r{rule}\"),")).collect();
                format!("Consumer(id: \"c{i}\", instances: 2, reads: [{reads}], handle: Handle(time: Exponential(mean: \"6ms\"), fails: {fails:?}), {retry}),")
            };
            let consumers: String = consumers.iter().enumerate().map(consumer).collect();
            format!(
                r#"Scenario(format: 1, duration: "3s", limits: Limits(live: 4000),
                network: Network(latency: Constant({latency:?}), loss: {loss:?}, duplication: {loss:?}),
                events: [Event(name: "Order", attributes: {{"total": Uniform(0, 500), "country": Choice({{"ES": 1, "FR": 1}})}})],
                nodes: [
                    Producer(id: "shop", emits: [
                        Emit(event: "Order", to: "b/b1", arrivals: Poisson("200/s")),
                        Emit(event: "Order", to: "b/b2", arrivals: ClosedLoop(users: 5, think: Constant("20ms"))),
                    ]),
                    Broker(id: "b", kind: EventBridge({broker})),
                    {consumers}
                    Consumer(id: "repair", reads: [Read(from: "b/q0"), Read(from: "b/q1")], handle: Handle(time: Constant("1ms"))),
                ])"#
            )
        },
    )
}

proptest! {
    #![proptest_config(crate::random(80))]

    #[test]
    fn the_books_balance_at_every_step_of_whatever_chance_comes_up_with(text in busy(), seed in 0u64..1000, pace in 20u64..200) {
        let plan = plan(&text);
        let mut simulation = Simulation::new(Arc::clone(&plan), seed);
        let mut random = tidemill::random::Stream::named(seed, "outages");
        for _ in 0..2_000 {
            if simulation.advance(Time::NEVER, 1, &mut ()) != Progress::Paused {
                break;
            }
            if random.below(pace) == 0 {
                let consumer = ConsumerId::at(random.below(plan.consumers.len() as u64) as usize);
                match simulation.is_up(consumer) {
                    true => simulation.stop(consumer, true, &mut ()),
                    false => simulation.restart(consumer, &mut ()),
                }
            }
            if let Err(imbalance) = simulation.audit() {
                panic!("{imbalance}\n{text}");
            }
        }
        simulation.advance(Time::NEVER, 200_000, &mut ());
        prop_assert!(simulation.audit().is_ok(), "{:?}\n{text}", simulation.audit());
        let totals = Totals::of(&simulation);
        prop_assert!(totals.lost <= totals.failed + totals.dropped + totals.rejected + totals.unroutable, "{totals:?}");
    }

    #[test]
    fn a_run_in_pieces_is_the_run_in_one_go(text in busy(), seed in 0u64..1000, piece in 1u64..500) {
        let plan = plan(&text);
        let mut whole = Simulation::new(Arc::clone(&plan), seed);
        whole.advance(Time::NEVER, 30_000, &mut ());
        let mut pieces = Simulation::new(Arc::clone(&plan), seed);
        let mut left = 30_000;
        while left > 0 {
            // Going on from a copy, as branching and scrubbing do.
            let mut next = pieces.clone();
            let now = piece.min(left);
            if next.advance(Time::NEVER, now, &mut ()) != Progress::Paused {
                pieces = next;
                break;
            }
            pieces = next;
            left -= now;
        }
        prop_assert_eq!(whole.fingerprint(), pieces.fingerprint());
    }
}

/// Runs a whole scenario and keeps its books balanced.
fn whole(text: &str) -> Report {
    let finished = headless::run(&plan(text), 3, &mut |_| {});
    finished.simulation.audit().unwrap();
    finished.report()
}

#[test]
fn scheduled_rules_send_their_targets_an_event_of_the_services_own() {
    let report = whole(
        r#"Scenario(format: 1, duration: "11min", events: [], nodes: [
            Broker(id: "b", kind: EventBridge(buses: [Bus(name: "default", archive: Archive())], rules: [
                Rule(name: "tick", schedule: "rate(1 minute)"),
                Rule(name: "quarter", schedule: "cron(0/5 * * * ? *)"),
                Rule(name: "off", schedule: "rate(1 minute)", enabled: false),
                Rule(name: "all", pattern: "{\"source\": [\"aws.events\"]}"),
            ])),
            Consumer(id: "c", reads: [Read(from: "b/tick"), Read(from: "b/off"), Read(from: "b/all")]),
            Consumer(id: "d", reads: [Read(from: "b/quarter")]),
        ])"#,
    );
    let rule = |name: &str| report.outlets.get(name).unwrap().rule.unwrap();
    // The first after one interval; no other rule is asked.
    assert_eq!((rule("b/tick").scheduled, rule("b/quarter").scheduled, rule("b/off").scheduled), (11, 2, 0));
    assert_eq!((rule("b/all").matched, report.totals.lost), (0, 0));
    assert!(report.outlets.get("b/quarter").unwrap().books.acked == 2);
}

#[test]
fn an_input_that_makes_no_json_of_scheduled_events_alone_delivers_none_of_them() {
    let report = whole(
        r#"Scenario(format: 1, duration: "5min", events: [], nodes: [
            Broker(id: "b", kind: EventBridge(buses: [Bus(name: "default")], duplicates: "0%", rules: [
                Rule(name: "tick", schedule: "rate(1 minute)", targets: [
                    Target(reader: "first", input: Transformer(paths: {"about": "$.resources[0]"}, template: "{\"about\": \"<about>\"}")),
                    Target(reader: "all", input: Transformer(paths: {"about": "$.resources"}, template: "{\"about\": \"<about>\"}")),
                ]),
            ])),
            Consumer(id: "first", reads: [Read(from: "b/tick")]),
            Consumer(id: "all", reads: [Read(from: "b/tick")]),
        ])"#,
    );
    assert_eq!((consumer(&report, "first").acked, consumer(&report, "all").acked), (4, 0));
    let rule = report.outlets.get("b/tick").unwrap().rule.unwrap();
    assert_eq!((rule.failed, rule.dropped, report.totals.lost), (4, 4, 4), "a list in quotes is never JSON");
}

#[test]
fn a_quota_of_less_than_one_in_a_second_lets_one_through_now_and_then() {
    let text = |quotas: &str| {
        format!(
            r#"Scenario(format: 1, duration: "21500ms", events: [Event(name: "E")], network: Network(latency: Constant("0s")), nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/in", arrivals: Every("1s"))]),
            Broker(id: "b", kind: EventBridge(buses: [Bus(name: "in")], latency: Constant("0s"), duplicates: "0%", quotas: Quotas({quotas}),
                rules: [Rule(name: "r", pattern: "{{\"source\": [\"p\"]}}")])),
            Consumer(id: "c", reads: [Read(from: "b/r")], handle: Handle(time: Constant("1ms"))),
        ])"#
        )
    };
    let put = whole(&text(r#"put: "0.5/s""#));
    assert_eq!((put.totals.published, put.totals.rejected, consumer(&put, "c").acked), (21, 10, 11));
    let invoke = whole(&text(r#"invoke: "0.5/s""#));
    assert_eq!((consumer(&invoke, "c").acked, invoke.totals.waiting), (11, 10));
}

#[test]
fn calls_are_refused_whole_and_entries_alone_and_publishers_try_again() {
    let text = |publish: &str, put: &str| {
        format!(
            r#"Scenario(format: 1, duration: "30s", events: [Event(name: "E", size: "90KiB")], nodes: [
            Producer(id: "p", {publish} emits: [Emit(event: "E", to: "b/in", arrivals: Steps([("0s", "200/s"), ("20s", "0/s")]))]),
            Broker(id: "b", kind: EventBridge(put: PutEvents({put}), buses: [Bus(name: "in")],
                rules: [Rule(name: "r", pattern: "{{\"source\": [\"p\"]}}")])),
            Consumer(id: "c", reads: [Read(from: "b/r")], instances: 4),
        ])"#
        )
    };
    // Ten entries of 90 KiB stay below the megabyte, and a share of them fails alone.
    let forget = whole(&text("", r#"entries: 10, wait: "100ms", fails: "10%""#));
    let share = forget.totals.rejected as f64 / forget.totals.published as f64;
    assert!((0.07..0.13).contains(&share), "{share}");
    assert_eq!(forget.totals.published, forget.totals.rejected + forget.outlets.get("b/r").unwrap().books.routed);
    let confirmed = whole(&text(r#"publish: Confirmed(timeout: "1s", retries: 20),"#, r#"entries: 10, wait: "100ms", fails: "10%""#));
    assert_eq!((confirmed.totals.lost, confirmed.outlets.get("b/r").unwrap().rule.unwrap().matched), (0, confirmed.totals.published));
}

#[test]
fn a_call_that_is_too_large_is_refused_as_a_whole() {
    let report = whole(
        r#"Scenario(format: 1, duration: "5s", events: [Event(name: "E", size: "110KiB")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/in", arrivals: Once(at: "1s", count: 25))]),
            Broker(id: "b", kind: EventBridge(put: PutEvents(entries: 10), buses: [Bus(name: "in")],
                rules: [Rule(name: "r", pattern: "{\"source\": [\"p\"]}")])),
            Consumer(id: "c", reads: [Read(from: "b/r")]),
        ])"#,
    );
    // Two calls of ten are beyond a megabyte, the last one with five is not.
    assert_eq!((report.totals.rejected, report.outlets.get("b/r").unwrap().rule.unwrap().matched), (20, 5));
}

#[test]
fn a_function_at_its_limit_throttles_and_the_rule_tries_again() {
    let text = |retry: &str| {
        format!(
            r#"Scenario(format: 1, duration: "5min", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/in", arrivals: Once(at: "1s", count: 40))]),
            Broker(id: "b", kind: EventBridge(buses: [Bus(name: "in")], duplicates: "0%",
                rules: [Rule(name: "r", pattern: "{{\"source\": [\"p\"]}}", {retry} dead_letter: "dlq")])),
            Consumer(id: "f", reads: [Read(from: "b/r")], handle: Handle(time: Constant("2s")), scale: Serverless(limit: 3)),
            Consumer(id: "d", reads: [Read(from: "b/dlq")]),
        ])"#
        )
    };
    let patient = whole(&text(""));
    let rule = patient.outlets.get("b/r").unwrap().rule.unwrap();
    assert!(rule.throttles > 30, "{rule:?}");
    assert_eq!((patient.outlets.get("b/r").unwrap().books.acked, patient.totals.lost), (40, 0));
    let hasty = whole(&text("retry: RetryPolicy(max_age: \"60s\", attempts: 1),"));
    let books = hasty.outlets.get("b/r").unwrap().books;
    assert!(books.dead_lettered > 20 && books.acked + books.dead_lettered == 40, "{books:?}");
}

#[test]
fn the_age_of_a_retry_counts_from_when_the_service_took_the_event_in() {
    // The target is away for ten seconds, once while events are new and once while a replay brings them again.
    for (handle, down) in [("", "1s"), (r#"fails: "1%""#, "1s"), ("", "200s")] {
        let report = whole(&format!(
            r#"Scenario(format: 1, duration: "400s", events: [Event(name: "E")], nodes: [
                Producer(id: "shop", emits: [Emit(event: "E", to: "b/in", arrivals: Once(at: "1s", count: 10))]),
                Broker(id: "b", kind: EventBridge(buses: [Bus(name: "in", archive: Archive())], duplicates: "0%",
                    rules: [Rule(name: "r", pattern: {ALL:?}, retry: RetryPolicy(max_age: "60s"), dead_letter: "dlq")],
                    replays: [Replay(name: "again", at: "200s", to: "100s")])),
                Consumer(id: "c", reads: [Read(from: "b/r")], handle: Handle({handle})),
                Consumer(id: "d", reads: [Read(from: "b/dlq")]),
            ], faults: [Fault(at: "{down}", lasts: "10s", what: Crash("c"))])"#
        ));
        let outlet = report.outlets.get("b/r").unwrap();
        assert!(outlet.rule.unwrap().failed >= 10, "{outlet:?}");
        assert_eq!((outlet.books.acked, outlet.books.dead_lettered), (20, 0), "{handle} {down}");
    }
}

#[test]
fn events_go_to_another_brokers_bus_once() {
    let report = whole(
        r#"Scenario(format: 1, duration: "20s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", publish: Confirmed(), emits: [Emit(event: "E", to: "near/in", arrivals: Steps([("0s", "50/s"), ("10s", "0/s")]))]),
            Broker(id: "near", kind: EventBridge(buses: [Bus(name: "in")], duplicates: "0%",
                rules: [Rule(name: "on", pattern: "{\"source\": [\"p\"]}", forward: "far/in")])),
            Broker(id: "far", kind: EventBridge(region: "eu-west-1", buses: [Bus(name: "in")], duplicates: "0%", rules: [
                Rule(name: "got", pattern: "{\"source\": [\"p\"]}"),
                Rule(name: "back", pattern: "{\"source\": [\"p\"]}", forward: "near/in", dead_letter: "dlq")])),
            Consumer(id: "here", reads: [Read(from: "near/on")]),
            Consumer(id: "there", reads: [Read(from: "far/got")]),
            Consumer(id: "d", reads: [Read(from: "far/dlq")]),
        ])"#,
    );
    let all = report.totals.published;
    let books = |name: &str| report.outlets.get(name).unwrap().books;
    // What comes back is refused by the loop protection, at once.
    assert_eq!((books("near/on").acked, books("far/got").acked, books("far/back").dead_lettered), (2 * all, all, all));
    assert_eq!((report.totals.lost, report.totals.duplicates), (0, 0));
}

#[test]
fn a_replay_can_be_cancelled_by_hand() {
    use tidemill::scenario::broker::Request;
    let plan = scenario(
        &format!(r#"{DEFAULT_ARCHIVED} rules: [{}], replays: [Replay(name: "again", at: "5s", rate: "20/s")]"#, rule("all", ALL, "")),
        &reader("c", "all"),
    );
    let mut simulation = Simulation::new(plan, 1);
    simulation.advance(Time(7_000_000_000), u64::MAX, &mut ());
    let before = view(&simulation).replays[0];
    assert_eq!((before.state, before.done > 30), (State::Running, true));
    simulation.ask(BrokerId(0), &Request::CancelReplay("again".to_owned()), &mut ());
    simulation.advance(Time(20_000_000_000), u64::MAX, &mut ());
    let after = view(&simulation).replays[0];
    assert_eq!((after.state, after.done, after.left), (State::Cancelled, before.done, 0));
    simulation.audit().unwrap();
}

const DEFAULT_ARCHIVED: &str = r#"buses: [Bus(name: "default", archive: Archive())], latency: Constant("0s"), duplicates: "0%","#;

#[test]
fn each_target_of_a_rule_has_its_own_retries_and_dead_letters() {
    let failing =
        |id: &str| format!(r#"Consumer(id: "{id}", reads: [Read(from: "b/all")], handle: Handle(time: Constant("1ms"), fails: "100%")),"#);
    let failing: String = ["hasty", "careless", "plain", "patient"].map(failing).concat();
    let queues = ["usual", "own", "old", "hops"].map(|queue| reader(&format!("{queue}-reader"), queue)).concat();
    let plan = plan(&format!(
        r#"Scenario(format: 1, duration: "10min", network: Network(latency: Constant("0s")), events: [Event(name: "E")], nodes: [
            Producer(id: "shop", emits: [Emit(event: "E", to: "b/default", arrivals: Once(at: "1s", count: 10))]),
            Broker(id: "b", kind: EventBridge(buses: [Bus(name: "default"), Bus(name: "next")], latency: Constant("0s"), duplicates: "0%", rules: [
                Rule(name: "all", bus: "default", pattern: {ALL:?}, retry: RetryPolicy(attempts: 1), dead_letter: "usual", forward: "next", targets: [
                    Target(reader: "hasty", retry: RetryPolicy(attempts: 0), dead_letter: "own"),
                    Target(reader: "careless", dead_letter: ""),
                    Target(reader: "patient", retry: RetryPolicy(max_age: "60s"), dead_letter: "old"),
                ]),
                Rule(name: "back", bus: "next", pattern: {ALL:?}, forward: "default", dead_letter: "usual",
                    targets: [Target(bus: "default", dead_letter: "hops")]),
            ])),
            {failing} {queues}
        ])"#
    ));
    let (report, view) = finished(&plan);
    let target = |name: &str| view.targets.iter().find(|target| target.name == name).unwrap().counts;
    let told = |name: &str| {
        let counts = target(name);
        (counts.invocations, counts.failed, counts.dead_lettered, counts.dropped)
    };
    assert_eq!((told("hasty"), told("careless"), told("plain")), ((10, 10, 10, 0), (20, 20, 0, 10), (20, 20, 10, 0)));
    // Six waits of one second and more, each about twice as long as the one before, are over within a minute, seven are not.
    assert_eq!((target("patient").dead_lettered, target("patient").dropped), (10, 0));
    assert!((60..=80).contains(&target("patient").invocations), "{:?}", target("patient"));
    // The way to the next bus, and the way back that the loop protection cuts off.
    assert_eq!((told("next"), told("default")), ((10, 0, 0, 0), (10, 10, 10, 0)));
    // What targets did is what their rule did.
    let sums = |of: fn(&View) -> u64| of(&view);
    assert_eq!(sums(|v| v.rules[0].dead_lettered), 30);
    assert_eq!(sums(|v| v.rules.iter().map(|r| r.failed).sum()), sums(|v| v.targets.iter().map(|t| t.counts.failed).sum()));
    let Some(NodeReport::Broker { eventbridge: Some(told), .. }) = report.nodes.get("b") else { panic!() };
    assert_eq!(told.targets.get("all/careless"), Some(&target("careless")), "the report says the same");
    let books = |name: &str| report.outlets.get(name).unwrap().books;
    assert_eq!(["b/usual", "b/own", "b/old", "b/hops"].map(|queue| books(queue).acked), [10, 10, 10, 10]);
    assert_eq!((report.totals.lost, report.totals.dead_lettered), (10, 40));
    // A letter says whose it is and why it was written.
    let letter = |queue: &str| {
        let letter = view.letters.iter().find(|letter| letter.queue == queue).unwrap();
        letter.attributes.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>()
    };
    assert_eq!(
        letter("own"),
        [
            "RULE_ARN arn:aws:events:us-east-1:111122223333:rule/all",
            "TARGET_ARN arn:aws:sqs:us-east-1:111122223333:hasty",
            "ERROR_CODE ERROR_FROM_TARGET",
            "ERROR_MESSAGE The target answered with an error.",
            "EXHAUSTED_RETRY_CONDITION MaximumRetryAttempts",
            "RETRY_ATTEMPTS 0",
        ]
    );
    assert!(letter("old").contains(&"EXHAUSTED_RETRY_CONDITION MaximumEventAgeInSeconds".to_owned()), "{:?}", letter("old"));
    let hop = letter("hops");
    assert_eq!(
        hop[..3],
        [
            "RULE_ARN arn:aws:events:us-east-1:111122223333:rule/next/back",
            "TARGET_ARN arn:aws:events:us-east-1:111122223333:event-bus/default",
            "ERROR_CODE THIRD_ACCOUNT_HOP_DETECTED",
        ]
    );
    // Where trying again cannot help, no condition was used up.
    assert!(!hop.iter().any(|attribute| attribute.starts_with("EXHAUSTED")), "{hop:?}");
}

#[test]
fn a_target_whose_input_is_no_json_gets_nothing_and_is_not_tried_again() {
    let rule = rule(
        "all",
        ALL,
        r##"targets: [Target(reader: "quoted", input: Transformer(template: r#"{"event": "<aws.events.event.json>"}"#), dead_letter: "dlq")]"##,
    );
    let nodes = [reader("quoted", "all"), reader("plain", "all"), reader("repair", "dlq")].concat();
    let (report, view) = finished(&scenario(&format!("{DEFAULT} rules: [{rule}]"), &nodes));
    assert_eq!(["quoted", "plain", "repair"].map(|name| consumer(&report, name).acked), [0, 2000, 2000]);
    assert_eq!((view.targets[0].counts.invocations, view.targets[0].counts.dead_lettered), (2000, 2000));
    assert!(view.letters[0].attributes.contains(&("ERROR_CODE", "INVALID_JSON".to_owned())), "{:?}", view.letters[0]);
}

#[test]
fn an_event_keeps_the_names_of_where_it_was_put() {
    let (report, view) = finished(&plan(
        r#"Scenario(format: 1, duration: "3min", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "near/default", arrivals: Once(at: "1s", count: 10))]),
            Broker(id: "near", kind: EventBridge(account: "444455556666", sources: {"p": "com.p"}, buses: [Bus(name: "default")], duplicates: "0%", rules: [
                Rule(name: "on", pattern: "{\"source\": [\"com.p\"]}", forward: "far/in"),
                Rule(name: "tick", schedule: "rate(1 minute)", forward: "far/in")])),
            Broker(id: "far", kind: EventBridge(region: "eu-west-1", buses: [Bus(name: "in")], duplicates: "0%", rules: [
                Rule(name: "theirs", pattern: "{\"account\": [\"444455556666\"], \"region\": [\"us-east-1\"], \"source\": [\"com.p\"]}"),
                Rule(name: "timed", pattern: "{\"resources\": [\"arn:aws:events:us-east-1:444455556666:rule/tick\"]}", forward: "near/default",
                    targets: [Target(bus: "near/default", dead_letter: "stopped")])])),
            Consumer(id: "c", reads: [Read(from: "far/theirs")]),
            Consumer(id: "d", reads: [Read(from: "far/timed")]),
            Consumer(id: "e", reads: [Read(from: "far/stopped")]),
        ])"#,
    ));
    assert_eq!(["c", "d", "e"].map(|name| consumer(&report, name).acked), [10, 2, 2]);
    // What goes back to another region is stopped by the name of that.
    assert!(view.letters.is_empty(), "near has none");
    let stopped = report.outlets.get("far/timed").unwrap();
    assert_eq!((stopped.books.acked, stopped.books.dead_lettered), (2, 2));
}
