//! RabbitMQ in runs: its rules seen from outside, its books under everything at once.

use crate::{consumer, plan, run};
use proptest::prelude::*;
use std::sync::Arc;
use tidemill::engine::{Progress, Simulation};
use tidemill::ids::{ConsumerId, OutletId};
use tidemill::random::Stream;
use tidemill::record::Report;
use tidemill::record::report::OutletReport;
use tidemill::scenario::Plan;
use tidemill::time::{SECOND, Time};

pub fn scenario(parts: &str, nodes: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "10s", network: Network(latency: Constant("0s")),
            events: [Event(name: "a.b", size: "100B"), Event(name: "c", size: "1KiB")],
            nodes: [Broker(id: "b", kind: RabbitMq({parts})), {nodes}])"#
    )
}

pub fn outlet<'r>(report: &'r Report, name: &str) -> &'r OutletReport {
    report.outlets.get(name).unwrap()
}

/// With queues that come and go, that take their time, and that dead-letter at least once; some of what nobody gets comes back.
fn living(text: &str) -> String {
    let changes = [
        (r#"Queue(name: "plain","#, r#"expires: "150ms", rate: "400/s","#),
        (r#"Queue(name: "short","#, r#"auto_delete: true,"#),
        (r#"Queue(name: "full","#, r#"exclusive: true, rate: "300/s","#),
        (r#"Queue(name: "both","#, r#"auto_delete: true, rate: "900/s","#),
        (r#"Queue(name: "strict","#, r#"expires: "60ms", rate: "250/s","#),
        (r#"Queue(name: "log","#, r#"rate: "500/s","#),
        (r#"Emit(event: "c", to: "b/d", arrivals: Every("4ms")"#, r#", mandatory: true"#),
    ];
    let text = changes.iter().fold(text.to_owned(), |text, (at, more)| text.replacen(at, &format!("{at}{more}"), 1));
    let once = r#"max_length: 20, dead_letter: DeadLetter("#;
    text.replacen(once, r#"max_length: 20, overflow: RejectPublish, dead_letter: DeadLetter(strategy: AtLeastOnce, "#, 1)
}

/// A run's report with the books proven right at every step of its beginning.
pub fn checked(text: &str) -> (Arc<Plan>, Report) {
    let plan = plan(text);
    let mut simulation = Simulation::new(Arc::clone(&plan), 1);
    for _ in 0..3000 {
        if simulation.advance(Time::NEVER, 1, &mut ()) != Progress::Paused {
            break;
        }
        simulation.audit().unwrap();
    }
    let report = run(&plan, 1);
    (plan, report)
}

#[test]
fn a_topic_exchange_fills_the_queues_whose_patterns_fit() {
    let parts = r##"exchanges: [Exchange(name: "x", kind: Topic)], queues: [Queue(name: "all"), Queue(name: "es"), Queue(name: "none")],
        bindings: [Binding(from: "x", to: "all", key: "#"), Binding(from: "x", to: "es", key: "*.es.#"), Binding(from: "x", to: "es", key: "order.#"),
                   Binding(from: "x", to: "none", key: "order.es")]"##;
    let nodes = r#"Producer(id: "p", emits: [
            Emit(event: "a.b", to: "b/x", arrivals: Once(at: "1s", count: 10), routing_key: "order.es.new"),
            Emit(event: "a.b", to: "b/x", arrivals: Once(at: "1s", count: 5), routing_key: "bill.fr")])"#;
    let (_, report) = checked(&scenario(parts, nodes));
    let routed: Vec<u64> = ["b/all", "b/es", "b/none"].iter().map(|name| outlet(&report, name).books.routed).collect();
    assert_eq!(routed, [15, 10, 0]);
    assert_eq!(report.totals.waiting, 25);
}

#[test]
fn what_no_binding_wants_goes_to_the_alternate_exchange_or_is_unroutable() {
    let parts = r#"exchanges: [Exchange(name: "x", alternate: "rest"), Exchange(name: "rest", kind: Fanout), Exchange(name: "y")],
        queues: [Queue(name: "q"), Queue(name: "left")], bindings: [Binding(from: "x", to: "q", key: "k"), Binding(from: "rest", to: "left")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 3)),
        Emit(event: "c", to: "b/y", arrivals: Once(at: "1s", count: 2)),
        Emit(event: "c", to: "b/(default)", arrivals: Once(at: "1s", count: 4), routing_key: "q")])"#;
    let (_, report) = checked(&scenario(parts, nodes));
    assert_eq!((outlet(&report, "b/left").books.routed, outlet(&report, "b/q").books.routed, report.totals.unroutable), (3, 4, 2));
}

#[test]
fn prefetch_bounds_what_an_instance_holds_and_shares_the_work() {
    let parts = r#"exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "q")], bindings: [Binding(from: "x", to: "q")]"#;
    for (prefetch, fair) in [("", false), ("prefetch: 1,", true)] {
        // The backlog is there before the consumers; two of three handle slowly through one worker each.
        let nodes = format!(
            r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "0s", count: 90))]),
            Consumer(id: "c", instances: 3, {prefetch} reads: [Read(from: "b/q")], handle: Handle(time: Constant("100ms")))"#
        );
        let (plan, report) = checked(&scenario(parts, &nodes));
        assert_eq!(consumer(&report, "c").acked, 90);
        // With three at work it takes 3 s either way here: messages alternate while all have room.
        assert!(consumer(&report, "c").latency.max < 3.2, "fair {fair}");
        let mut simulation = Simulation::new(plan, 1);
        simulation.advance(Time(SECOND / 2), u64::MAX, &mut ());
        let in_flight = simulation.books(OutletId(0)).in_flight() + simulation.books(OutletId(0)).waiting;
        assert!(in_flight > 70);
    }
}

#[test]
fn full_queues_drop_their_heads_or_refuse_what_is_new() {
    let parts = |overflow: &str| {
        format!(
            r#"exchanges: [Exchange(name: "x", kind: Fanout), Exchange(name: "d", kind: Fanout)],
            queues: [Queue(name: "q", max_length: 10, overflow: {overflow}, dead_letter: DeadLetter(exchange: "d")), Queue(name: "dead")],
            bindings: [Binding(from: "x", to: "q"), Binding(from: "d", to: "dead")]"#
        )
    };
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 25))])"#;
    for (overflow, dead_lettered, refused, dead) in [("DropHead", 15, 0, 15), ("RejectPublish", 0, 15, 0), ("RejectPublishDlx", 0, 0, 15)] {
        let (_, report) = checked(&scenario(&parts(overflow), nodes));
        let found = (outlet(&report, "b/q").books.dead_lettered, report.totals.rejected, outlet(&report, "b/dead").books.routed);
        assert_eq!(found, (dead_lettered, refused, dead), "{overflow}");
    }
}

#[test]
fn delayed_retry_goes_round_through_a_waiting_queue() {
    let parts = r#"exchanges: [Exchange(name: "x", kind: Fanout)],
        queues: [Queue(name: "work", dead_letter: DeadLetter(key: "wait")), Queue(name: "wait", ttl: "500ms", dead_letter: DeadLetter(key: "work"))],
        bindings: [Binding(from: "x", to: "work")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 200))]),
        Consumer(id: "c", prefetch: 5, threads: 5, reads: [Read(from: "b/work")], handle: Handle(time: Constant("1ms"), fails: "50%"))"#;
    let (_, report) = checked(&scenario(parts, nodes));
    // Every failure is a round of half a second; in the end all get through.
    assert_eq!(consumer(&report, "c").acked, 200);
    assert_eq!(outlet(&report, "b/wait").books.routed, outlet(&report, "b/work").books.dead_lettered);
    assert_eq!(outlet(&report, "b/work").books.routed, 200 + outlet(&report, "b/wait").books.dead_lettered);
    assert!(consumer(&report, "c").latency.max > 2.0);
}

#[test]
fn what_keeps_coming_back_is_dead_lettered_at_the_delivery_limit() {
    let parts = r#"exchanges: [Exchange(name: "x", kind: Fanout)],
        queues: [Queue(name: "q", kind: Quorum, delivery_limit: 4, dead_letter: DeadLetter(key: "dead")), Queue(name: "dead")],
        bindings: [Binding(from: "x", to: "q")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 7))]),
        Consumer(id: "c", reads: [Read(from: "b/q", requeue: true)], handle: Handle(time: Constant("1ms"), fails: "100%"))"#;
    let (_, report) = checked(&scenario(parts, nodes));
    assert_eq!((consumer(&report, "c").deliveries, outlet(&report, "b/dead").books.routed), (35, 7));
    assert_eq!(report.totals.lost, 0);
}

#[test]
fn a_redrive_sends_dead_letters_back_to_work() {
    let parts = r#"exchanges: [Exchange(name: "x", kind: Fanout)], redrives: [Redrive(at: "5s", from: "dead", to: "q")],
        queues: [Queue(name: "q", max_length: 4, dead_letter: DeadLetter(key: "dead")), Queue(name: "dead")], bindings: [Binding(from: "x", to: "q")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 9))]),
        Consumer(id: "c", prefetch: 1, reads: [Read(from: "b/q")], handle: Handle(time: Constant("1ms")))"#;
    let (_, report) = checked(&scenario(parts, nodes));
    // One in hand and four waiting of the first nine; the other four come back later, and all fit.
    assert_eq!((outlet(&report, "b/dead").books.routed, consumer(&report, "c").acked, report.totals.lost), (4, 9, 0));
}

#[test]
fn an_event_that_expires_nowhere_is_lost_with_its_reason_in_the_books() {
    let parts =
        r#"exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "q", ttl: "2s")], bindings: [Binding(from: "x", to: "q")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 7)),
        Emit(event: "c", to: "b/x", arrivals: Once(at: "9s", count: 2), expiration: "100ms"), Emit(event: "c", to: "b/x", arrivals: Once(at: "9500ms", count: 1))])"#;
    let (_, report) = checked(&scenario(parts, nodes));
    assert_eq!((report.totals.expired, report.totals.lost, report.totals.waiting), (9, 9, 1));
}

#[test]
fn the_memory_alarm_holds_publishers_back_and_lets_them_go_on() {
    let parts = r#"memory: "10KiB", exchanges: [Exchange(name: "x", kind: Fanout)], queues: [Queue(name: "q")], bindings: [Binding(from: "x", to: "q")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("10ms"))]),
        Consumer(id: "c", prefetch: 1, reads: [Read(from: "b/q")], handle: Handle(time: Constant("15ms")))"#;
    let (_, report) = checked(&scenario(parts, nodes));
    let depth = &outlet(&report, "b/q").depth;
    assert!(depth.max <= 14, "the queue stays near its limit: {}", depth.max);
    assert_eq!(report.totals.lost, 0);
}

#[test]
fn one_run_is_like_the_other_and_like_itself_in_pieces() {
    let plan = plan(&scenario(PARTS, &nodes("0%", true, 3)));
    let whole = |pieces: u64| {
        let mut simulation = Simulation::new(Arc::clone(&plan), 5);
        while simulation.advance(Time::NEVER, pieces, &mut ()) == Progress::Paused {}
        simulation.fingerprint()
    };
    assert_eq!(whole(u64::MAX), whole(1));
    assert_eq!(whole(u64::MAX), whole(977));
}

const PARTS: &str = r##"exchanges: [Exchange(name: "t", kind: Topic, alternate: "f"), Exchange(name: "f", kind: Fanout), Exchange(name: "h", kind: Headers),
        Exchange(name: "d", kind: Direct)],
    queues: [
        Queue(name: "plain", ttl: "300ms", dead_letter: DeadLetter(exchange: "f")),
        Queue(name: "short", max_length: 8, dead_letter: DeadLetter(key: "plain")),
        Queue(name: "full", max_bytes: "4KiB", overflow: RejectPublish),
        Queue(name: "both", max_length: 3, overflow: RejectPublishDlx, dead_letter: DeadLetter(exchange: "d", key: "late")),
        Queue(name: "ranks", max_priority: 5, single_active: true, dead_letter: DeadLetter(key: "short")),
        Queue(name: "safe", kind: Quorum, delivery_limit: 2, max_length: 20, dead_letter: DeadLetter(exchange: "t", key: "a.safe")),
        Queue(name: "strict", kind: Quorum, max_length: 5, overflow: RejectPublish, single_active: true),
        Queue(name: "late", ttl: "50ms", dead_letter: DeadLetter(key: "plain")),
        Queue(name: "log", kind: Stream, max_bytes: "12KiB", segment: "3KiB", max_age: "400ms"),
    ],
    attaches: [
        Attach(reader: "c10", stream: "log", at: "500ms", offset: First), Attach(reader: "c10", stream: "log", at: "900ms", offset: Time("700ms")),
        Attach(reader: "c10", stream: "log", at: "1300ms", offset: Next),
    ],
    bindings: [
        Binding(from: "t", to: "plain", key: "a.#"), Binding(from: "t", to: "safe", key: "*.b"), Binding(from: "t", to: "h", key: "#"),
        Binding(from: "f", to: "short"), Binding(from: "f", to: "strict"), Binding(from: "d", to: "late", key: "late"),
        Binding(from: "h", to: "ranks", match: Any, headers: {"kind": Text("x"), "n": Number(1)}), Binding(from: "h", to: "both", headers: {"n": Present}),
        Binding(from: "d", to: "full", key: "c"), Binding(from: "f", to: "log"), Binding(from: "h", to: "log", headers: {"n": Present}),
    ]"##;

fn nodes(fails: &str, requeue: bool, prefetch: u32) -> String {
    let read = |id: &str, queue: &str, more: &str| {
        format!(
            r#"Consumer(id: "{id}", {more} prefetch: {prefetch}, reads: [Read(from: "b/{queue}", requeue: {requeue})],
                handle: Handle(time: Exponential(mean: "9ms"), fails: "{fails}")),"#
        )
    };
    let consumers = [
        read("c1", "plain", "instances: 2,"),
        read("c2", "short", ""),
        read("c3", "full", ""),
        read("c4", "both", "threads: 2,"),
        read("c5", "ranks", "instances: 2,"),
        read("c6", "safe", "instances: 3,"),
        read("c7", "strict", "retry: Retry(attempts: 2, backoff: Fixed(\"20ms\")),"),
        read("c8", "ranks", ""),
        read("c9", "log", "instances: 2,"),
        read("c10", "log", ""),
    ];
    format!(
        r#"Producer(id: "p", emits: [
            Emit(event: "a.b", to: "b/t", arrivals: Poisson("300/s"), headers: {{"kind": Text("x")}}, priority: 7),
            Emit(event: "c", to: "b/t", arrivals: Bursts(on: "100ms", off: "200ms", rate: "500/s"), routing_key: "z.b", headers: {{"n": Number(1)}}),
            Emit(event: "c", to: "b/d", arrivals: Every("4ms")),
            Emit(event: "c", to: "b/(default)", arrivals: Every("30ms"), routing_key: "plain", expiration: "20ms"),
            Emit(event: "a.b", to: "b/f", arrivals: ClosedLoop(users: 5, think: Constant("10ms"))),
        ]), {}"#,
        consumers.concat()
    )
}

const LOG: &str = r#"exchanges: [Exchange(name: "x", kind: Fanout)], bindings: [Binding(from: "x", to: "log")]"#;

#[test]
fn everybody_reads_all_of_a_stream_from_the_offset_they_ask_for() {
    // Ten events a second, at 0.1 s, 0.2 s, ..., 10 s.
    let parts = format!(
        r#"{LOG}, queues: [Queue(name: "log", kind: Stream)], attaches: [
            Attach(reader: "first", stream: "log", at: "5050ms", offset: First),
            Attach(reader: "last", stream: "log", at: "5050ms", offset: Last),
            Attach(reader: "next", stream: "log", at: "5050ms"),
            Attach(reader: "number", stream: "log", at: "5050ms", offset: Offset(20)),
            Attach(reader: "time", stream: "log", at: "5050ms", offset: Time("3s")),
            Attach(reader: "twice", stream: "log"), Attach(reader: "twice", stream: "log", at: "5050ms", offset: Time("4050ms"))]"#
    );
    let readers = ["all", "first", "last", "next", "number", "time", "twice"];
    let nodes = readers.map(|id| format!(r#"Consumer(id: "{id}", reads: [Read(from: "b/log")])"#)).join(", ");
    let nodes = format!(r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("100ms"))]), {nodes}"#);
    let (_, report) = checked(&scenario(&parts, &nodes));
    let acked = readers.map(|id| consumer(&report, id).acked);
    // The last one is on its way when the run ends; fifty were there when readers came.
    let (all, before) = (acked[0], 50);
    assert!((98..=101).contains(&all), "{all}");
    // Nobody takes anything away from anybody, and the offset says how much of what was there before comes as well.
    assert_eq!(acked, [all, all, all - before + 1, all - before, all - 20, all - before + 21, all + 10]);
    assert_eq!((report.totals.lost, report.totals.waiting), (0, 0));
}

#[test]
fn what_retention_deletes_has_expired_for_who_had_not_read_it() {
    let parts = format!(r#"{LOG}, queues: [Queue(name: "log", kind: Stream, max_bytes: "20KiB", segment: "5KiB")]"#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("10ms"))]),
        Consumer(id: "fast", reads: [Read(from: "b/log")]),
        Consumer(id: "slow", prefetch: 1, reads: [Read(from: "b/log")], handle: Handle(time: Constant("100ms")))"#;
    let (_, report) = checked(&scenario(&parts, nodes));
    let (fast, slow) = (outlet(&report, "b/log").books, outlet(&report, "b/log#slow").books);
    assert_eq!(fast.expired, 0);
    assert!(slow.expired > 700, "{slow:?}");
    assert!(slow.waiting <= 25, "no more waits than is kept: {slow:?}");
}

#[test]
fn another_instance_goes_on_where_the_active_reader_of_a_stream_stopped() {
    let parts = format!(r#"{LOG}, queues: [Queue(name: "log", kind: Stream)]"#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("10ms"))]),
        Consumer(id: "c", instances: 2, prefetch: 5, reads: [Read(from: "b/log")], handle: Handle(time: Constant("8ms")))"#;
    let text = scenario(&parts, nodes).replace("nodes: [Broker(", r#"faults: [Fault(at: "5003ms", what: Crash("c#1"))], nodes: [Broker("#);
    let (_, report) = checked(&text);
    let c = consumer(&report, "c");
    assert!(c.acked + 5 >= report.totals.published && c.acked <= report.totals.published, "{} of {}", c.acked, report.totals.published);
    assert!((1..=5).contains(&c.redeliveries), "what it held comes again: {}", c.redeliveries);
}

const CLUSTER: &str = r#"nodes: 3, election: "1s", exchanges: [Exchange(name: "s", kind: Fanout), Exchange(name: "p", kind: Fanout)],
    queues: [Queue(name: "safe", kind: Quorum, node: 1), Queue(name: "plain", node: 1)],
    bindings: [Binding(from: "s", to: "safe"), Binding(from: "p", to: "plain")]"#;

fn cluster(more: &str, faults: &str) -> String {
    let nodes = r#"Producer(id: "a", publish: Confirmed(timeout: "10s", retries: 0), emits: [Emit(event: "c", to: "b/s", arrivals: Every("10ms"))]),
        Producer(id: "z", publish: Confirmed(timeout: "500ms", retries: 0), emits: [Emit(event: "c", to: "b/p", arrivals: Every("10ms"))]),
        Consumer(id: "ca", prefetch: 50, reads: [Read(from: "b/safe")]), Consumer(id: "cz", prefetch: 50, reads: [Read(from: "b/plain")])"#;
    scenario(&format!("{more} {CLUSTER}"), nodes).replace("nodes: [Broker(", &format!("faults: [{faults}], nodes: [Broker("))
}

#[test]
fn a_quorum_queue_outlives_a_node_and_a_classic_queue_does_not() {
    let (_, report) = checked(&cluster("", r#"Fault(at: "3s", lasts: "2s", what: Crash("b#1"))"#));
    let (safe, plain) = (consumer(&report, "ca"), consumer(&report, "cz"));
    // A second without a leader, then all at once: nothing was lost, nothing sent again.
    assert!(safe.latency.max > 0.9 && safe.latency.max < 1.2, "{}", safe.latency.max);
    assert!(safe.acked + 2 >= 1000, "{}", safe.acked);
    // The classic queue refuses for two seconds.
    assert!((795..=802).contains(&plain.acked), "{}", plain.acked);
    assert!((195..=202).contains(&report.totals.rejected), "{}", report.totals.rejected);
    let json = serde_json::to_value(&report).unwrap();
    let queues = json["nodes"]["b"]["rabbitmq"]["queues"].as_array().unwrap();
    let refused: u64 = queues.iter().filter(|queue| queue["name"] == "plain").map(|queue| queue["refused"].as_u64().unwrap()).sum();
    assert_eq!((refused, json["nodes"]["b"]["refused"].as_u64()), (report.totals.rejected, Some(report.totals.rejected)));
    assert_eq!((report.totals.lost, report.totals.duplicates), (0, 0));
}

#[test]
fn without_a_majority_a_quorum_queue_waits_and_a_paused_minority_takes_nothing() {
    let two = r#"Fault(at: "3s", lasts: "2s", what: Crash("b#2")), Fault(at: "3s", lasts: "2s", what: Crash("b#3"))"#;
    let (_, report) = checked(&cluster("", two));
    assert!((1.9..2.2).contains(&consumer(&report, "ca").latency.max), "{}", consumer(&report, "ca").latency.max);
    assert!(consumer(&report, "cz").latency.max < 0.1, "the classic queue's own node is up: {}", consumer(&report, "cz").latency.max);
    assert_eq!((report.totals.rejected, report.totals.lost), (0, 0));
    let (_, report) = checked(&cluster("minority: Pause,", two));
    let (safe, plain) = (consumer(&report, "ca"), consumer(&report, "cz"));
    for acked in [safe.acked, plain.acked] {
        assert!((795..=802).contains(&acked), "two seconds of ten nobody could publish: {acked}");
    }
    assert_eq!(report.totals.lost, 0, "what was not confirmed was not promised");
}

#[test]
fn the_report_tells_what_every_queue_did() {
    let parts = r#"exchanges: [Exchange(name: "x", kind: Fanout), Exchange(name: "dlx", kind: Fanout)], bindings: [Binding(from: "x", to: "q"), Binding(from: "dlx", to: "d"), Binding(from: "x", to: "s")],
        queues: [Queue(name: "q", dead_letter: DeadLetter(exchange: "dlx")), Queue(name: "d", max_length: 4), Queue(name: "s", kind: Stream)]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 10))]),
        Consumer(id: "c", reads: [Read(from: "b/q")], handle: Handle(fails: "100%"))"#;
    let (_, report) = checked(&scenario(parts, nodes));
    let json = serde_json::to_value(&report).unwrap();
    let queues = &json["nodes"]["b"]["rabbitmq"]["queues"];
    let figure = |queue: usize, name: &str| queues[queue][name].as_u64().unwrap();
    assert_eq!((figure(0, "published"), figure(0, "delivered"), figure(0, "ready"), figure(0, "unacked")), (10, 10, 0, 0));
    assert_eq!(queues[0]["dead_lettered"]["rejected"], 10);
    assert_eq!((figure(1, "published"), figure(1, "ready")), (10, 4));
    assert_eq!(queues[1]["discarded"]["maxlen"], 6);
    assert_eq!((figure(2, "published"), &queues[2]["stream"]["next"]), (10, &serde_json::json!(10)));
}

proptest! {
    #![proptest_config(crate::random(24))]

    #[test]
    fn the_books_balance_whatever_fails_or_comes_and_goes(
        seed in 0u64..1000, fails in prop::sample::select(vec!["0%", "20%", "100%"]), requeue: bool, prefetch in 0u32..4,
        loss in prop::sample::select(vec!["0%", "5%"]), pace in 5u64..200, orderly: bool, memory: bool,
        minority in prop::sample::select(vec!["Ignore", "Pause"]), size in 1u32..5, lives: bool, outages: bool,
    ) {
        let cluster = format!("nodes: {size}, minority: {minority}, election: \"80ms\",");
        let parts = format!("{cluster} {} {PARTS}", if memory { "memory: \"20KiB\"," } else { "" });
        let mut chaos: Vec<String> =
            (1..=size).map(|node| format!(r#"Chaos(what: Crash("b#{node}"), every: "400ms", lasts: "200ms")"#)).collect();
        if outages {
            chaos.push(r#"Chaos(what: Crash("b"), every: "900ms", lasts: "100ms")"#.to_owned());
        }
        let text = scenario(&parts, &nodes(fails, requeue, prefetch));
        let text = if lives { living(&text) } else { text };
        let text = text.replace("nodes: [Broker(", &format!("faults: [{}], nodes: [Broker(", chaos.join(", ")));
        let network = format!("network: Network(latency: Exponential(mean: \"2ms\"), loss: \"{loss}\", duplication: \"{loss}\")");
        let plan = plan(&text.replace("network: Network(latency: Constant(\"0s\"))", &network));
        let mut simulation = Simulation::new(Arc::clone(&plan), seed);
        let mut random = Stream::named(seed, "outages");
        for _ in 0..2500 {
            if simulation.advance(Time::NEVER, 1, &mut ()) != Progress::Paused {
                break;
            }
            if random.below(pace) == 0 {
                let consumer = ConsumerId::at(random.below(plan.consumers.len() as u64) as usize);
                match simulation.is_up(consumer) {
                    true => simulation.stop(consumer, orderly, &mut ()),
                    false => simulation.restart(consumer, &mut ()),
                }
            }
            if let Err(imbalance) = simulation.audit() {
                panic!("{imbalance}");
            }
        }
        (0..plan.consumers.len()).for_each(|i| simulation.restart(ConsumerId::at(i), &mut ()));
        simulation.advance(Time::NEVER, 60_000, &mut ());
        prop_assert!(simulation.audit().is_ok(), "{:?}", simulation.audit());
    }
}

#[test]
fn what_fails_and_goes_back_and_what_is_refused_is_counted() {
    // Every attempt fails, and the queue dead-letters what comes back.
    let parts = r#"exchanges: [Exchange(name: "x", kind: Fanout), Exchange(name: "y", kind: Fanout), Exchange(name: "dead", kind: Fanout)],
        queues: [Queue(name: "q", dead_letter: DeadLetter(exchange: "dead")), Queue(name: "dead"),
            Queue(name: "small", max_length: 3, overflow: RejectPublish)],
        bindings: [Binding(from: "x", to: "q"), Binding(from: "y", to: "small"), Binding(from: "dead", to: "dead")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 10)),
            Emit(event: "a.b", to: "b/y", arrivals: Once(at: "1s", count: 8))]),
        Consumer(id: "worker", reads: [Read(from: "b/q")], handle: Handle(time: Constant("1ms"), fails: "100%"))"#;
    let (plan, report) = checked(&scenario(parts, nodes));
    let worker = consumer(&report, "worker");
    let given_back = worker.given_back;
    assert_eq!((given_back, worker.failed, worker.deliveries, report.totals.dead_lettered), (10, 0, 10, 10));
    let tidemill::record::report::NodeReport::Broker { accepted, refused, .. } = *report.nodes.get("b").unwrap() else { panic!() };
    assert_eq!((accepted, refused), (18, 5));
    let script = tidemill::run::Script::plain(Arc::clone(&plan), 1);
    let mut moment = tidemill::run::Moment::start(&script, 2000);
    moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
    let series = moment.recorder.series_at(moment.now());
    let failures: f64 = series.bins(0.0, 10.0, 1000).iter().map(|bin| bin.given_back(ConsumerId(0)) * (bin.end() - bin.begin())).sum();
    assert!((failures - given_back as f64).abs() < 1e-6, "{failures}");
}
