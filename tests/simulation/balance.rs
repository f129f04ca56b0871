//! The books balance at every step of whatever scenario chance comes up with.

use crate::plan;
use crate::replay::BUSY;
use proptest::prelude::*;
use std::sync::Arc;
use tidemill::engine::{Observation, Observer, Progress, Simulation};
use tidemill::record::{Recorder, Totals};
use tidemill::scenario::Plan;
use tidemill::time::Time;

/// Steps one at a time with an audit after each.
fn audited(plan: &Arc<Plan>, seed: u64, steps: u64) -> Simulation {
    let mut simulation = Simulation::new(Arc::clone(plan), seed);
    for _ in 0..steps {
        let progress = simulation.advance(Time::NEVER, 1, &mut ());
        if let Err(imbalance) = simulation.audit() {
            panic!("{imbalance}");
        }
        if progress != Progress::Paused {
            break;
        }
    }
    simulation
}

/// Found by chance: workers that are paused while they are taken away.
#[test]
fn instances_that_are_taken_away_while_they_stand_still_keep_what_they_have() {
    let text = r#"Scenario(format: 1, duration: "4s", limits: Limits(live: 3000), network: Network(latency: Constant("0s")),
        events: [Event(name: "E", key: Zipf(keys: 20, exponent: 1.0), attributes: {"x": Whole(1, 9)}), Event(name: "F")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t0", arrivals: Daily(mean: "100/s", swing: "100%", period: "2s"))],
                outbox: Outbox(store: "s", poll: "20ms", batch: 3)),
            Broker(id: "b", kind: Simple(topics: ["t0", "out"])),
            Store(id: "s", connections: 2, time: Constant("0s"), fails: "10%"),
            Consumer(id: "c0", zone: "east", reads: [Read(from: "b/t0")],
                handle: Handle(time: LogNormal(median: "4ms", p99: "90ms"), poison: Share("20%"), outcomes: {"good": 1, "bad": 2}),
                timeout: "12ms", shed: Shed(queue: 5),
                scale: Autoscale(by: Utilisation("50%"), most: 5, every: "50ms", delay: "0s", hold: "0s"),
                outbox: Outbox(store: "s", poll: "20ms", batch: 3), then: [Emit(event: "F", to: "b/out", probability: "0%")]),
            Consumer(id: "sink", reads: [Read(from: "b/out")]),
        ],
        faults: [Chaos(every: "22ms", lasts: "10ms", what: Pause("zone:east"))])"#;
    for seed in 0..30 {
        audited(&plan(text), seed, 20_000);
    }
}

#[test]
fn the_busiest_scenario_balances_at_every_step() {
    let simulation = audited(&plan(BUSY), 5, 20_000);
    let totals = Totals::of(&simulation);
    for (what, n) in
        [("dead letters", totals.dead_lettered), ("duplicates", totals.duplicates), ("drops", totals.dropped), ("failures", totals.failed)]
    {
        assert!(n > 0, "the scenario was to have {what}");
    }
}

/// Copies and events that came to a bad end: nothing can be lost besides.
fn ended_badly(simulation: &Simulation) -> u64 {
    let totals = Totals::of(simulation);
    let nodes = (0..simulation.plan().nodes.len()).map(tidemill::ids::NodeId::at);
    let of = |node| {
        let unsent = simulation.outbox(node).map_or(0, |outbox| outbox.missing);
        unsent + simulation.confirms(node).map_or(0, |confirms| confirms.given_up)
    };
    totals.failed + totals.dropped + totals.expired + totals.unroutable + nodes.map(of).sum::<u64>()
}

fn span() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0s", "1us", "1ms", "20ms", "1s"])
}

fn times() -> impl Strategy<Value = String> {
    prop_oneof![
        span().prop_map(|s| format!("Constant({s:?})")),
        Just(r#"Exponential(mean: "15ms")"#.to_owned()),
        Just(r#"Uniform(from: "0s", to: "30ms")"#.to_owned()),
        Just(r#"Normal(mean: "5ms", sd: "9ms")"#.to_owned()),
        Just(r#"LogNormal(median: "4ms", p99: "90ms")"#.to_owned()),
        Just(r#"Gamma(mean: "10ms", shape: 0.5)"#.to_owned()),
        Just(r#"Pareto(min: "1ms", alpha: 0.9)"#.to_owned()),
        Just(r#"Empirical([("50%", "3ms"), ("99%", "70ms")])"#.to_owned()),
    ]
}

fn arrivals() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"Every("7ms")"#.to_owned()),
        Just(r#"Poisson("200/s")"#.to_owned()),
        Just(r#"Bursts(on: "100ms", off: "400ms", rate: "800/s")"#.to_owned()),
        Just(r#"Ramp(from: "10/s", to: "500/s", over: "3s")"#.to_owned()),
        Just(r#"Steps([("100ms", "10/s"), ("1s", "400/s")])"#.to_owned()),
        Just(r#"Daily(mean: "100/s", swing: "100%", period: "2s")"#.to_owned()),
        Just(r#"Mmpp([("10/s", "1s"), ("900/s", "200ms"), ("0/s", "100ms")])"#.to_owned()),
        (1u32..30).prop_map(|n| format!("ClosedLoop(users: {n}, think: Exponential(mean: \"20ms\"))")),
        (1u32..300).prop_map(|n| format!("Once(at: \"50ms\", count: {n})")),
    ]
}

/// None of the time, all of the time, or some of it: swarm testing switches features off and on as a whole.
fn share() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0%", "0%", "3%", "40%", "100%"])
}

fn publish() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        r#"publish: Confirmed(timeout: "15ms", retries: 2),"#,
        r#"publish: Confirmed(timeout: "300ms", retries: 0, window: 3),"#,
        r#"publish: Confirmed(timeout: "1us", retries: 9, window: 1),"#,
    ])
}

/// What is called and written, of a producer or a consumer.
fn stored() -> impl Strategy<Value = String> {
    let calls = prop::sample::select(vec![
        "",
        "",
        r#"calls: [Call(store: "s")],"#,
        r#"calls: [Call(store: "s", timeout: "9ms"), Call(store: "s")],"#,
    ]);
    let outbox = prop::sample::select(vec![
        "",
        "",
        r#"outbox: Outbox(store: "s", poll: "20ms", batch: 3),"#,
        r#"outbox: DualWrite(store: "s"),"#,
        r#"outbox: DualWrite(store: "s", first: Broker),"#,
    ]);
    (calls, outbox).prop_map(|(calls, outbox)| format!("{calls} {outbox}"))
}

/// The same and a state.
fn extras() -> impl Strategy<Value = String> {
    let state = prop::sample::select(vec!["", "", "state: Projection(fold: Count, by: Key),", r#"state: Projection(fold: Sum("x")),"#]);
    (stored(), state).prop_map(|(stored, state)| format!("{stored} {state}"))
}

/// What of its `then` follows when, and whether it joins.
fn chain() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("", ""),
        ("", ""),
        ("join: Join(count: 2, within: \"100ms\"),", ", when: TimedOut"),
        ("join: Join(count: 3),", ""),
        ("", ", when: Failed"),
        ("", ", when: Outcome(\"good\")"),
    ])
}

fn link() -> impl Strategy<Value = String> {
    (times(), share(), share(), prop::bool::ANY, prop::option::of(prop::sample::select(vec!["100kB/s", "10MB/s"]))).prop_map(
        |(latency, loss, duplication, ordered, bandwidth)| {
            let bandwidth = bandwidth.map_or(String::new(), |b| format!(", bandwidth: {b:?}"));
            format!("latency: {latency}, loss: {loss:?}, duplication: {duplication:?}, ordered: {ordered}{bandwidth}")
        },
    )
}

fn consumer(number: usize) -> impl Strategy<Value = String> {
    let backoff = prop::sample::select(vec![
        "Immediate",
        r#"Fixed("30ms")"#,
        r#"Exponential(first: "5ms", factor: 3, max: "1s", jitter: Equal)"#,
        r#"Exponential(first: "0s", jitter: Full)"#,
    ]);
    let reads = prop::collection::btree_set(0usize..3, 1..3);
    (
        times(),
        share(),
        (1u32..4, 1u32..3),
        prop::option::of((1u32..5, backoff)),
        reads,
        prop::bool::ANY,
        prop::bool::ANY,
        (share(), publish(), care(), prop::sample::select(vec!["", "effect: \"30%\",", "poison: Share(\"20%\"),"]), extras(), chain()),
    )
        .prop_map(move |(time, fails, (instances, threads), retry, reads, shared, dead, (then, publish, care, handle, extras, (join, when)))| {
            let zone = if number < 2 { "zone: \"east\"," } else { "" };
            let group = if shared { ", group: \"g\"" } else { "" };
            let reads = reads.iter().map(|t| format!("Read(from: \"b/t{t}\"{group})")).collect::<Vec<_>>().join(", ");
            let retry = retry.map_or(String::new(), |(n, backoff)| {
                format!(
                    "retry: Retry(attempts: {n}, backoff: {backoff}, {}),",
                    if n == 4 { "budget: Budget(tokens: 3), after: Drop" } else { "" }
                )
            });
            let dead = if dead { "dead_letter: \"b/dead\"," } else { "" };
            format!(
                "Consumer(id: \"c{number}\", {zone} instances: {instances}, threads: {threads}, reads: [{reads}],
                    handle: Handle(time: {time}, fails: {fails:?}, {handle} outcomes: {{\"good\": 1, \"bad\": 2}}), {retry} {dead} {publish} {care} {extras} {join}
                    then: [Emit(event: \"F\", to: \"b/out\", probability: {then:?}{when})]),\n"
            )
        })
}

/// What a consumer may do beyond handling: each feature on or off as a whole.
fn care() -> impl Strategy<Value = String> {
    let or = |choices: Vec<&'static str>| prop::sample::select(choices);
    (
        or(vec!["", "", "ack: BeforeWork,", "ack: Auto(every: \"50ms\"),"]),
        or(vec!["", "", "prefetch: 1,", "prefetch: 7,"]),
        or(vec!["", "", "ordered: PerKey,", "ordered: Free,"]),
        or(vec!["", "", "timeout: \"12ms\","]),
        or(vec!["", "", "inbox: Inbox(size: 3),", "inbox: Inbox(),"]),
        or(vec!["", "", "breaker: Breaker(window: \"300ms\", least: 3, open: \"100ms\"),"]),
        or(vec!["", "", "shed: Shed(queue: 5),", "shed: Shed(age: \"40ms\"),"]),
        or(vec![
            "",
            "",
            "scale: Serverless(cold_start: \"30ms\", idle: \"100ms\", limit: 3),",
            "scale: Autoscale(by: Lag(3), least: 0, most: 5, every: \"40ms\", delay: \"30ms\", hold: \"100ms\"),",
            "scale: Autoscale(by: Utilisation(\"50%\"), most: 5, every: \"50ms\", delay: \"0s\", hold: \"0s\"),",
            "scale: Autoscale(by: Schedule([(\"0s\", 3), (\"100ms\", 1), (\"200ms\", 5)]), most: 5, delay: \"20ms\"),",
        ]),
    )
        .prop_map(|(ack, prefetch, ordered, timeout, inbox, breaker, shed, scale)| {
            format!("{ack} {prefetch} {ordered} {timeout} {inbox} {breaker} {shed} {scale}")
        })
}

/// What may go wrong in a scenario of [`scenario`].
fn fault() -> impl Strategy<Value = String> {
    let node = prop::sample::select(vec!["c0", "c0#1", "sink", "zone:east"]);
    let ends = || prop::sample::select(vec![r#"("p", "b")"#, r#"("b", "c0")"#, r#"("zone:east", "b")"#]);
    let rate = || prop::sample::select(vec!["5%", "60%", "100%"]);
    prop_oneof![
        prop::sample::select(vec!["p", "b", "c0", "c0#1", "sink", "zone:east"]).prop_map(|node| format!("Crash({node:?})")),
        node.clone().prop_map(|node| format!("Pause({node:?})")),
        (node.clone(), 1u32..20).prop_map(|(node, times)| format!("Slow(node: {node:?}, times: {times})")),
        (node.clone(), rate()).prop_map(|(node, rate)| format!("Errors(node: {node:?}, rate: {rate:?})")),
        (node, rate()).prop_map(|(node, share)| format!("Poison(node: {node:?}, share: {share:?})")),
        prop::sample::select(vec!["0", "0.5", "4.5"]).prop_map(|times| format!("Surge(producer: \"p\", times: {times})")),
        (ends(), span()).prop_map(|(ends, add)| format!("Latency(between: {ends}, add: {add:?}, times: 2)")),
        (ends(), rate()).prop_map(|(ends, rate)| format!("Loss(between: {ends}, rate: {rate:?})")),
        (ends(), rate()).prop_map(|(ends, rate)| format!("Duplicate(between: {ends}, rate: {rate:?})")),
        (ends(), span()).prop_map(|(ends, by)| format!("Reorder(between: {ends}, by: {by:?})")),
        Just(r#"Partition(of: ["b"])"#.to_owned()),
        Just(r#"Partition(of: ["c0"], from: ["b"])"#.to_owned()),
    ]
}

fn trouble() -> impl Strategy<Value = String> {
    let when = prop_oneof![
        (0u32..3000, 1u32..2000).prop_map(|(at, lasts)| format!("Fault(at: \"{at}ms\", lasts: \"{lasts}ms\", what: ")),
        (0u32..3000).prop_map(|at| format!("Fault(at: \"{at}ms\", what: ")),
        (5u32..500, 5u32..300).prop_map(|(every, lasts)| format!("Chaos(every: \"{every}ms\", lasts: \"{lasts}ms\", what: ")),
    ];
    (when, fault()).prop_map(|(when, what)| format!("{when}{what}),\n"))
}

/// A scenario in which nothing goes wrong.
fn scenario() -> impl Strategy<Value = String> {
    troubled(0..1)
}

/// A scenario in which so many things go wrong, now and then.
fn troubled(faults: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    (calm(), prop::collection::vec(trouble(), faults))
        .prop_map(|(text, faults)| text.replace("faults: []", &format!("faults: [{}]", faults.concat())))
}

fn calm() -> impl Strategy<Value = String> {
    let consumers = prop::collection::vec(0u8..1, 1..5).prop_flat_map(|n| (0..n.len()).map(consumer).collect::<Vec<_>>());
    (
        prop::collection::vec((arrivals(), 0usize..3), 1..4),
        consumers,
        link(),
        prop::option::of(link()),
        (publish(), stored(), prop::bool::ANY, times()),
    )
        .prop_map(|(emits, consumers, network, odd, (publish, stored, asks, store))| {
            let reply = if asks { ", reply: Reply(to: \"b/out\", within: \"200ms\")" } else { "" };
            let emits = emits
                .iter()
                .map(|(arrivals, t)| format!("Emit(event: \"E\", to: \"b/t{t}\", arrivals: {arrivals}{reply})"))
                .collect::<Vec<_>>()
                .join(", ");
            let odd = odd.map_or(String::new(), |link| format!("Link(between: (\"b\", \"c0\"), {link})"));
            format!(
                "Scenario(format: 1, duration: \"4s\", limits: Limits(live: 3000), network: Network({network}),
                events: [Event(name: \"E\", key: Zipf(keys: 20, exponent: 1.0), attributes: {{\"x\": Whole(1, 9)}}), Event(name: \"F\")],
                nodes: [
                    Producer(id: \"p\", {publish} {stored} emits: [{emits}]),
                    Broker(id: \"b\", kind: Simple(topics: [\"t0\", \"t1\", \"t2\", \"out\", \"dead\"])),
                    Store(id: \"s\", connections: 2, time: {store}, fails: \"10%\"),
                    {}
                    Consumer(id: \"sink\", reads: [Read(from: \"b/out\"), Read(from: \"b/dead\")]),
                ],
                links: [{odd}], faults: [])",
                consumers.concat()
            )
        })
}

/// Counts what publishers give up.
#[derive(Default)]
struct GivenUp(u64);

impl Observer for GivenUp {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        self.0 += u64::from(matches!(what, Observation::GivenUp { .. }));
    }
}

proptest! {
    #![proptest_config(crate::random(150))]

    #[test]
    fn random_scenarios_balance_at_every_step(text in scenario(), seed in 0u64..1000) {
        let plan = plan(&text);
        let simulation = audited(&plan, seed, 1500);
        // Then in one go to the end or to the limit, and once more at the end.
        let mut whole = simulation.clone();
        whole.advance(Time::NEVER, 200_000, &mut ());
        prop_assert!(whole.audit().is_ok(), "{:?}", whole.audit());
        prop_assert!(Totals::of(&whole).lost <= ended_badly(&whole));
    }

    #[test]
    fn whatever_goes_wrong_the_books_balance(text in troubled(1..5), seed in 0u64..1000) {
        let plan = plan(&text);
        let mut recorder = Recorder::new(Arc::clone(&plan));
        let mut simulation = Simulation::new(Arc::clone(&plan), seed);
        for _ in 0..2500 {
            let progress = simulation.advance(Time::NEVER, 1, &mut recorder);
            prop_assert!(simulation.audit().is_ok(), "{:?}", simulation.audit());
            if progress != Progress::Paused {
                break;
            }
        }
        simulation.advance(Time::NEVER, 200_000, &mut recorder);
        prop_assert!(simulation.audit().is_ok(), "{:?}", simulation.audit());
        // Who only watches comes to the same.
        for i in 0..plan.outlets.len() {
            let outlet = tidemill::ids::OutletId::at(i);
            prop_assert_eq!(recorder.depth(outlet, simulation.now()).last, simulation.books(outlet).waiting);
        }
    }

    #[test]
    fn consumers_that_come_and_go_keep_the_books_balanced(text in scenario(), seed in 0u64..1000, pace in 1u64..60, orderly: bool) {
        let plan = plan(&text);
        let mut simulation = Simulation::new(Arc::clone(&plan), seed);
        let mut given_up = GivenUp::default();
        let mut random = tidemill::random::Stream::named(seed, "outages");
        for _ in 0..1500 {
            if simulation.advance(Time::NEVER, 1, &mut given_up) != Progress::Paused {
                break;
            }
            if random.below(pace) == 0 {
                let consumer = tidemill::ids::ConsumerId::at(random.below(plan.consumers.len() as u64) as usize);
                match simulation.is_up(consumer) {
                    true => simulation.stop(consumer, orderly, &mut given_up),
                    false => simulation.restart(consumer, &mut given_up),
                }
            }
            if let Err(imbalance) = simulation.audit() {
                panic!("{imbalance}");
            }
        }
        for i in 0..plan.consumers.len() {
            simulation.restart(tidemill::ids::ConsumerId::at(i), &mut given_up);
        }
        simulation.advance(Time::NEVER, 100_000, &mut given_up);
        prop_assert!(simulation.audit().is_ok(), "{:?}", simulation.audit());
        // Going away loses nothing by itself, for the broker has it all again; but for what a publisher kept in memory.
        let totals = Totals::of(&simulation);
        prop_assert!(totals.lost <= totals.failed + totals.dropped + totals.expired + totals.unroutable + given_up.0);
    }
}
