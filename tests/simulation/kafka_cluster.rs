//! A cluster in a whole simulation: order, losses, duplicates, books; with nodes and members that die at any moment.

use crate::plan;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tidemill::engine::broker::Broker;
use tidemill::engine::{Observation, Observer, Progress, Simulation};
use tidemill::ids::{BrokerId, ConsumerId, EventId};
use tidemill::random::Stream;
use tidemill::record::Totals;
use tidemill::scenario::Plan;
use tidemill::scenario::broker::Request;
use tidemill::scenario::broker::kafka::Position;
use tidemill::scenario::faults::Fault;
use tidemill::scenario::plan::{FaultPlan, Place, When};
use tidemill::time::{Span, Time};

/// Who was handled when, by key and event.
#[derive(Default)]
struct Seen {
    acked: BTreeMap<EventId, u32>,
    published: BTreeSet<EventId>,
    /// By key text: serial numbers in the order of their first handling.
    order: BTreeMap<String, Vec<u64>>,
}

impl Observer for Seen {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        match what {
            Observation::Published { event, .. } => {
                self.published.insert(event.id);
            }
            Observation::Acked { message, .. } => {
                let times = self.acked.entry(message.event.id).or_default();
                *times += 1;
                if *times == 1 {
                    let key = format!("{:?}", message.event.key);
                    self.order.entry(key).or_default().push(message.event.id.serial());
                }
            }
            _ => {}
        }
    }
}

impl Seen {
    /// Whether events of one key were handled in the order in which they were published.
    fn in_order(&self) -> bool {
        self.order.values().all(|serials| serials.is_sorted())
    }

    fn never_handled(&self) -> usize {
        self.published.iter().filter(|id| !self.acked.contains_key(id)).count()
    }
}

fn advance(simulation: &mut Simulation, to: Span, seen: &mut Seen) {
    simulation.advance(Time::ZERO + to, u64::MAX, seen);
    if let Err(imbalance) = simulation.audit() {
        panic!("{imbalance}");
    }
}

/// A node of the cluster (from 0) is down from now on, or up again.
fn fail_node(simulation: &mut Simulation, node: u32, down: bool, observer: &mut impl Observer) {
    let what = Fault::Crash(format!("k#{}", node + 1));
    if down {
        let place = Place { node: simulation.plan().brokers[K.index()].node, instance: Some(node) };
        let when = When::Once { at: Time::ZERO, lasts: None };
        simulation.begin_fault(FaultPlan { what, strikes: [vec![place], Vec::new()], when }, observer);
    } else {
        simulation.end_fault(&what, observer);
    }
}

/// One group on one topic; emits for ten seconds, then has a minute to come to rest.
fn cluster(producers: &str, topic: &str, consumer: &str) -> Arc<Plan> {
    plan(&format!(
        r#"Scenario(format: 1, duration: "70s", events: [Event(name: "E", key: Uniform(keys: 50))],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Steps([("0s", "200/s"), ("10s", "0/s")]))]),
            Broker(id: "k", kind: Kafka(producers: Producers({producers}), topics: [Topic(name: "t", partitions: 4, {topic})])),
            Consumer(id: "c", reads: [Read(from: "k/t")], instances: 2, handle: Handle(time: Constant("1ms")), {consumer}),
        ])"#
    ))
}

const K: BrokerId = BrokerId(0);
const C: ConsumerId = ConsumerId(0);

#[test]
fn every_event_is_handled_once_and_in_the_order_of_its_key() {
    let plan = cluster("", "replication: 3, min_insync: 2", "");
    let (mut simulation, mut seen) = (Simulation::new(plan, 1), Seen::default());
    advance(&mut simulation, Span::from_millis(70_000), &mut seen);
    assert!(seen.published.len() > 1500);
    assert_eq!((seen.never_handled(), seen.acked.values().max()), (0, Some(&1)));
    assert!(seen.in_order());
}

#[test]
fn the_same_seed_gives_the_same_run_in_pieces_and_from_a_copy() {
    let plan = cluster("linger: \"20ms\"", "replication: 3", "");
    let whole = |seed| {
        let mut simulation = Simulation::new(Arc::clone(&plan), seed);
        simulation.advance(Time::NEVER, u64::MAX, &mut ());
        simulation.fingerprint()
    };
    let mut pieces = Simulation::new(Arc::clone(&plan), 7);
    while pieces.advance(Time::NEVER, 97, &mut ()) == Progress::Paused {
        pieces = pieces.clone();
    }
    assert_eq!(pieces.fingerprint(), whole(7));
    assert_ne!(whole(7), whole(8));
}

/// One node fails, so that batches are refused and tried again.
fn with_retries(producers: &str, seed: u64) -> Seen {
    let plan = plan(&format!(
        r#"Scenario(format: 1, duration: "90s", events: [Event(name: "E", key: Uniform(keys: 5))],
        network: Network(latency: Exponential(mean: "60ms")),
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Steps([("0s", "200/s"), ("10s", "0/s")]))]),
            Broker(id: "k", kind: Kafka(producers: Producers(batch: "1KiB", {producers}),
                topics: [Topic(name: "t", partitions: 2, replication: 3, min_insync: 2)])),
            Consumer(id: "c", reads: [Read(from: "k/t")], handle: Handle(time: Constant("0s"))),
        ],
        links: [Link(between: ("k", "c"), latency: Constant("0s"))])"#
    ));
    let (mut simulation, mut seen) = (Simulation::new(plan, seed), Seen::default());
    advance(&mut simulation, Span::from_millis(3_000), &mut seen);
    fail_node(&mut simulation, (seed % 3) as u32, true, &mut seen);
    advance(&mut simulation, Span::from_millis(18_000), &mut seen);
    fail_node(&mut simulation, (seed % 3) as u32, false, &mut seen);
    advance(&mut simulation, Span::from_millis(90_000), &mut seen);
    seen
}

#[test]
fn retries_break_the_order_only_with_several_in_flight_and_without_idempotence() {
    for seed in 0..12 {
        assert!(with_retries("", seed).in_order(), "idempotent, five in flight, seed {seed}");
        assert!(with_retries("idempotence: false, in_flight: 1", seed).in_order(), "one in flight, seed {seed}");
    }
    let broken = |seed: &u64| !with_retries("idempotence: false, in_flight: 5", *seed).in_order();
    assert!((0..12).any(|seed| broken(&seed)));
}

/// Records that only the leaders on a node have.
fn unreplicated(simulation: &Simulation, node: u32) -> u64 {
    let Broker::Kafka(kafka) = simulation.broker(K) else { panic!() };
    let partitions = kafka.view().topics.into_iter().flat_map(|topic| topic.partitions);
    partitions.filter(|it| it.leader == Some(node)).map(|it| it.log_end_offset - it.high_watermark).sum()
}

#[test]
fn acks_one_loses_exactly_what_was_not_replicated() {
    let (mut some, mut none) = (0, 0);
    for seed in 0..60 {
        let plan = cluster("acks: One", "replication: 3", "");
        let (mut simulation, mut seen) = (Simulation::new(plan, seed), Seen::default());
        advance(&mut simulation, Span::from_millis(2_000 + 97 * seed), &mut seen);
        // Step on until a leader has something new, in half of the cases.
        let node = (seed % 3) as u32;
        while seed % 2 == 0 && unreplicated(&simulation, node) == 0 {
            assert_eq!(simulation.advance(Time::NEVER, 1, &mut seen), Progress::Paused);
        }
        let doomed = unreplicated(&simulation, node);
        fail_node(&mut simulation, node, true, &mut seen);
        advance(&mut simulation, Span::from_millis(40_000), &mut seen);
        fail_node(&mut simulation, node, false, &mut seen);
        advance(&mut simulation, Span::from_millis(70_000), &mut seen);
        assert_eq!(Totals::of(&simulation).lost, doomed, "seed {seed}");
        assert_eq!(seen.never_handled() as u64, doomed, "seed {seed}");
        (some, none) = (some + u32::from(doomed > 0), none + u32::from(doomed == 0));
    }
    assert!(some >= 30 && none > 10, "{some} and {none}");
}

#[test]
fn a_group_is_sent_elsewhere_by_hand() {
    let plan = cluster("", "replication: 3", "");
    let (mut simulation, mut seen) = (Simulation::new(plan, 1), Seen::default());
    advance(&mut simulation, Span::from_millis(30_000), &mut seen);
    let published = seen.published.len() as u64;
    let to = |simulation: &mut Simulation, to: Position, seen: &mut Seen| {
        simulation.ask(K, &Request::Seek { group: "c".to_owned(), topic: Some("t".to_owned()), to }, seen);
    };
    let handled = |seen: &Seen| seen.acked.values().map(|times| u64::from(*times)).sum::<u64>();
    assert_eq!(handled(&seen), published);
    to(&mut simulation, Position::Beginning, &mut seen);
    advance(&mut simulation, Span::from_millis(50_000), &mut seen);
    assert_eq!(handled(&seen), 2 * published, "everything once more");
    to(&mut simulation, Position::Time(Span::from_millis(5_000)), &mut seen);
    advance(&mut simulation, Span::from_millis(60_000), &mut seen);
    let half = handled(&seen) - 2 * published;
    assert!(half > published / 3 && half < 2 * published / 3, "{half} of {published}");
    to(&mut simulation, Position::Offset(0), &mut seen);
    to(&mut simulation, Position::End, &mut seen);
    let before = handled(&seen);
    advance(&mut simulation, Span::from_millis(70_000), &mut seen);
    // Two members finish the batches that they have in hand; what waits is skipped.
    let (more, in_hand) = (handled(&seen) - before, 2 * 500);
    assert!(more <= in_hand && in_hand < published, "{more} of {published}");
}

/// Consumers and nodes go and come; the books are looked at after every step.
pub fn balances_through_outages(text: &str, seed: u64) {
    let mut simulation = Simulation::new(plan(text), seed);
    let mut random = Stream::named(seed, "outages");
    let mut down = [false; 3];
    for step in 0..4000 {
        if simulation.advance(Time::NEVER, 1, &mut ()) != Progress::Paused {
            break;
        }
        if random.below(300) == 0 {
            let consumer = ConsumerId::at(random.below(3) as usize);
            match simulation.is_up(consumer) {
                true => simulation.stop(consumer, random.below(2) == 0, &mut ()),
                false => simulation.restart(consumer, &mut ()),
            }
        }
        if random.below(200) == 0 {
            let node = random.below(3) as usize;
            down[node] = !down[node];
            fail_node(&mut simulation, node as u32, down[node], &mut ());
        }
        if let Err(imbalance) = simulation.audit() {
            panic!("step {step}: {imbalance}\n{text}");
        }
    }
    let mut rest = simulation.clone();
    rest.advance(Time::NEVER, 200_000, &mut ());
    assert!(rest.audit().is_ok(), "{:?}\n{text}", rest.audit());
}

proptest! {
    #![proptest_config(crate::random(40))]

    #[test]
    fn acks_all_loses_nothing_while_one_of_three_nodes_dies(at in 0u64..10_000, lasts in 1u64..20_000, node in 0u32..3, seed: u64) {
        let plan = cluster("", "replication: 3, min_insync: 2", "");
        let (mut simulation, mut seen) = (Simulation::new(plan, seed), Seen::default());
        advance(&mut simulation, Span::from_millis(at), &mut seen);
        fail_node(&mut simulation, node, true, &mut seen);
        advance(&mut simulation, Span::from_millis(at + lasts), &mut seen);
        fail_node(&mut simulation, node, false, &mut seen);
        advance(&mut simulation, Span::from_millis(70_000), &mut seen);
        prop_assert_eq!(seen.never_handled(), 0);
        prop_assert_eq!(Totals::of(&simulation).lost, 0);
        // Idempotent producers: no duplicates, and the order is kept.
        prop_assert_eq!(seen.acked.values().max(), Some(&1));
        prop_assert!(seen.in_order());
    }

    #[test]
    fn acks_one_loses_exactly_what_is_counted_as_lost(at in 0u64..10_000, node in 0u32..3, seed: u64) {
        let plan = cluster("acks: One", "replication: 3", "");
        let (mut simulation, mut seen) = (Simulation::new(plan, seed), Seen::default());
        advance(&mut simulation, Span::from_millis(at), &mut seen);
        fail_node(&mut simulation, node, true, &mut seen);
        advance(&mut simulation, Span::from_millis(at + 15_000), &mut seen);
        fail_node(&mut simulation, node, false, &mut seen);
        advance(&mut simulation, Span::from_millis(70_000), &mut seen);
        prop_assert_eq!(seen.never_handled() as u64, Totals::of(&simulation).lost);
    }

    #[test]
    fn members_that_come_and_go_repeat_but_lose_nothing(
        moments in prop::collection::vec(0u64..20_000, 1..5), orderly: bool, auto: bool,
        protocol in prop::sample::select(vec!["Classic", "Consumer"]), seed: u64
    ) {
        let ack = if auto { "ack: Auto(every: \"2s\")" } else { "" };
        let text = format!(
            r#"Scenario(format: 1, duration: "200s", events: [Event(name: "E", key: Uniform(keys: 50))],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Steps([("0s", "100/s"), ("10s", "0/s")]))]),
                Broker(id: "k", kind: Kafka(topics: [Topic(name: "t", partitions: 5)],
                    groups: [Group(name: "g", protocol: {protocol}, max_poll_records: 20)])),
                Consumer(id: "c", reads: [Read(from: "k/t", group: "g")], instances: 2, handle: Handle(time: Constant("9ms")), {ack}),
                Consumer(id: "d", reads: [Read(from: "k/t", group: "g")], handle: Handle(time: Constant("9ms")), {ack}),
            ])"#
        );
        let (mut simulation, mut seen) = (Simulation::new(plan(&text), seed), Seen::default());
        let mut moments = moments;
        moments.sort_unstable();
        for at in moments {
            advance(&mut simulation, Span::from_millis(at), &mut seen);
            match simulation.is_up(C) {
                true => simulation.stop(C, orderly, &mut seen),
                false => simulation.restart(C, &mut seen),
            }
            prop_assert!(simulation.audit().is_ok(), "{:?}", simulation.audit());
        }
        advance(&mut simulation, Span::from_millis(200_000), &mut seen);
        prop_assert_eq!(seen.never_handled(), 0);
        let totals = Totals::of(&simulation);
        let repeats: u64 = seen.acked.values().map(|times| u64::from(times - 1)).sum();
        prop_assert_eq!((totals.lost, totals.duplicates), (0, repeats));
        // First handling keeps the order of keys: partitions have one reader at a time.
        prop_assert!(seen.in_order());
    }

    #[test]
    fn books_balance_at_every_step_of_random_clusters(
        acks in prop::sample::select(vec!["Zero", "One", "All"]),
        idempotence in prop::sample::select(vec!["", ", idempotence: false"]),
        linger in prop::sample::select(vec!["0s", "5ms", "80ms"]),
        in_flight in 1u32..7,
        batch in prop::sample::select(vec!["1KiB", "5KiB", "16KiB"]),
        topic in prop::sample::select(vec![
            "partitions: 1", "partitions: 7, replication: 2", "partitions: 3, replication: 3, min_insync: 2",
            "partitions: 4, replication: 3, unclean: true", "partitions: 2, replication: 3, min_insync: 3",
            r#"partitions: 3, cleanup: Compact, segment: Segment(time: "100ms"), min_dirty: "1%""#,
            r#"partitions: 3, retention: Retention(time: "300ms"), segment: Segment(time: "100ms")"#,
        ]),
        group in prop::sample::select(vec![
            "", "protocol: Consumer", "assignor: CooperativeSticky", "assignor: RoundRobin, max_poll_records: 3", "fixed: true",
            r#"max_poll: "500ms", session: "4s", max_poll_records: 40"#, r#"starts: "300ms", reset: Earliest"#, r#"starts: "300ms""#,
        ]),
        ack in prop::sample::select(vec!["AfterWork", "BeforeWork", r#"Auto(every: "200ms")"#]),
        replay in prop::sample::select(vec!["Beginning", "End", "Offset(5)", r#"Time("200ms")"#]),
        link in prop::sample::select(vec!["", r#"loss: "10%""#, r#"loss: "5%", duplication: "10%""#]),
        latency in prop::sample::select(vec![r#"Constant("0s")"#, r#"Constant("1ms")"#, r#"Exponential(mean: "8ms")"#]),
        threads in 1u32..4,
        seed: u64,
    ) {
        let text = format!(
            r#"Scenario(format: 1, duration: "12s", limits: Limits(live: 20000), network: Network(latency: {latency}, {link}),
            events: [Event(name: "E", key: Zipf(keys: 30, exponent: 1.0)), Event(name: "F")],
            nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "k/t", arrivals: Poisson("300/s")),
                    Emit(event: "F", to: "k/u", arrivals: ClosedLoop(users: 5, think: Exponential(mean: "20ms")))]),
                Broker(id: "k", kind: Kafka(retention_check: "150ms", cleaner_pause: "170ms", node_session: "700ms",
                    producers: Producers(acks: {acks}, linger: "{linger}", in_flight: {in_flight}, batch: "{batch}"{idempotence}),
                    topics: [Topic(name: "t", {topic}), Topic(name: "u", partitions: 2)],
                    groups: [Group(name: "g", {group})],
                    replays: [Replay(at: "600ms", group: "g", to: {replay})])),
                Consumer(id: "c", reads: [Read(from: "k/t", group: "g"), Read(from: "k/u", group: "g")], instances: 2, threads: {threads},
                    handle: Handle(time: Exponential(mean: "4ms"), fails: "5%"), ack: {ack}, retry: Retry(attempts: 2, backoff: Fixed("30ms"))),
                Consumer(id: "d", reads: [Read(from: "k/t", group: "g")], handle: Handle(time: Constant("2ms")), ack: {ack}),
                Consumer(id: "e", reads: [Read(from: "k/t")], handle: Handle(time: Constant("2ms"))),
            ])"#
        );
        balances_through_outages(&text, seed);
    }
}
