//! RabbitMQ's queues that come and go, publishers that are slowed down, dead letters that are kept until somebody has them, messages
//! that come back, and replays by hand.

use crate::rabbitmq::{checked, outlet, scenario};
use crate::{consumer, plan};
use std::sync::Arc;
use tidemill::engine::{Observation, Observer, Simulation};
use tidemill::ids::{BrokerId, OutletId};
use tidemill::record::Report;
use tidemill::record::report::NodeReport;
use tidemill::run::frame::BrokerView;
use tidemill::run::{Source, headless, words};
use tidemill::scenario::intervention::Intervention;
use tidemill::scenario::{NoFiles, Plan, load};
use tidemill::time::{SECOND, Time};

const WAY: &str = r#"exchanges: [Exchange(name: "x", kind: Fanout)], bindings: [Binding(from: "x", to: "q")],"#;

fn with_faults(text: &str, faults: &str) -> String {
    text.replace("nodes: [Broker(", &format!("faults: [{faults}], nodes: [Broker("))
}

fn queue(report: &Report, at: usize) -> serde_json::Value {
    serde_json::to_value(report).unwrap()["nodes"]["b"]["rabbitmq"]["queues"][at].clone()
}

/// What is wrong with a scenario; empty if nothing is.
fn problems(text: &str) -> String {
    load(text, "test.ron", &NoFiles).map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| String::new())
}

/// What happened to brokers, in words.
struct Notes<'p>(&'p Plan, Vec<String>);

impl Observer for Notes<'_> {
    fn observe(&mut self, _: Time, what: &Observation<'_>) {
        if matches!(what, Observation::Broker { .. } | Observation::Returned { .. }) {
            self.1.push(words::of(self.0, what));
        }
    }
}

#[test]
fn a_queue_expires_without_consumers_and_is_declared_again_when_one_comes() {
    let parts = format!(r#"{WAY} queues: [Queue(name: "q", expires: "1s")]"#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("10ms"))]),
        Consumer(id: "c", prefetch: 5, reads: [Read(from: "b/q")], handle: Handle(time: Constant("1ms")))"#;
    // Away for half a second, nothing is lost; away for three, the queue goes after one of them, with the hundred that it has.
    let text = with_faults(
        &scenario(&parts, nodes),
        r#"Fault(at: "2s", lasts: "500ms", what: Crash("c")), Fault(at: "5s", lasts: "3s", what: Crash("c"))"#,
    );
    let (_, report) = checked(&text);
    assert_eq!((report.totals.dropped, report.totals.unroutable), (100, 200));
    assert_eq!(report.totals.lost, 100, "what nobody was owed any more is not lost");
    let q = queue(&report, 0);
    assert_eq!((q["deleted"].as_u64(), q["exists"].as_bool(), q["published"].as_u64()), (Some(1), Some(true), Some(800)));
    assert!(report.fates.iter().any(|line| line.reason == "its queue was deleted"), "{:?}", report.fates);
}

#[test]
fn a_queue_that_nobody_ever_reads_expires_as_well() {
    // A quorum queue notices when it looks at itself next, every 5 s.
    for (kind, dropped) in [("Classic", 19), ("Quorum", 49)] {
        let parts = format!(r#"{WAY} queues: [Queue(name: "q", kind: {kind}, expires: "2s")]"#);
        let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("100ms"))])"#;
        let (_, report) = checked(&scenario(&parts, nodes));
        assert_eq!(outlet(&report, "b/q").books.dropped, dropped);
        assert_eq!((queue(&report, 0)["exists"].as_bool(), report.totals.waiting), (Some(false), 0));
    }
}

#[test]
fn leases_begin_anew_when_the_broker_is_back() {
    let parts = format!(r#"{WAY} queues: [Queue(name: "q", expires: "2s")]"#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "500ms", count: 5))])"#;
    let text = with_faults(&scenario(&parts, nodes), r#"Fault(at: "1s", lasts: "4s", what: Crash("b"))"#);
    let simulation = |until: u64| {
        let mut simulation = Simulation::new(plan(&text), 1);
        simulation.advance(Time(until * SECOND), u64::MAX, &mut ());
        simulation.books(OutletId(0)).dropped
    };
    assert_eq!((simulation(6), simulation(8)), (0, 5));
}

#[test]
fn auto_delete_and_exclusive_queues_go_with_their_consumers_and_take_all_along() {
    for kind in ["auto_delete: true", "exclusive: true"] {
        let parts = format!(r#"{WAY} queues: [Queue(name: "q", {kind}, dead_letter: DeadLetter(key: "dead")), Queue(name: "dead")]"#);
        let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 10)),
                Emit(event: "c", to: "b/x", arrivals: Once(at: "3s", count: 4)), Emit(event: "c", to: "b/x", arrivals: Once(at: "6s", count: 2))]),
            Consumer(id: "c", prefetch: 3, reads: [Read(from: "b/q")], handle: Handle(time: Constant("800ms")))"#;
        let text = with_faults(&scenario(&parts, nodes), r#"Fault(at: "2s", lasts: "2s", what: Crash("c"))"#);
        let (_, report) = checked(&text);
        // One was handled; nine, three of them in its hands, went with the queue and are no dead letters; four found no queue.
        assert_eq!((consumer(&report, "c").acked, outlet(&report, "b/q").books.dropped, report.totals.unroutable), (3, 9, 4), "{kind}");
        assert_eq!(outlet(&report, "b/dead").books.routed, 0, "{kind}");
        assert_eq!(queue(&report, 0)["deleted"], 1, "{kind}");
    }
    // With two instances one may go: an auto-delete queue stays until the last one does.
    let parts = format!(r#"{WAY} queues: [Queue(name: "q", auto_delete: true)]"#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("50ms"))]),
        Consumer(id: "c", instances: 2, reads: [Read(from: "b/q")], handle: Handle(time: Constant("1ms")))"#;
    let (_, report) = checked(&with_faults(&scenario(&parts, nodes), r#"Fault(at: "2s", lasts: "2s", what: Crash("c#1"))"#));
    assert_eq!((report.totals.dropped, report.totals.unroutable, queue(&report, 0)["deleted"].as_u64()), (0, 0, None));
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let text = |queue: &str, more: &str| scenario(&format!("{WAY} queues: [Queue(name: \"q\", {queue})]"), more);
    let one = r#"Consumer(id: "c", instances: 1, reads: [Read(from: "b/q")])"#;
    let two = one.replace("instances: 1", "instances: 2");
    assert_eq!(problems(&text("exclusive: true", one)), "");
    for (queue, nodes, words) in [
        ("exclusive: true", "", "nobody does"),
        ("exclusive: true", two.as_str(), "several instances"),
        ("exclusive: true", &format!("{one}, {}", one.replace("\"c\"", "\"d\"")), "read from it"),
        ("kind: Quorum, auto_delete: true", one, "only a classic queue can be `auto_delete`"),
        ("kind: Stream, expires: \"5s\"", one, "a stream has no `expires`"),
        ("expires: \"0s\"", one, "some time at least"),
        ("dead_letter: DeadLetter(strategy: AtLeastOnce)", one, "only a quorum queue"),
    ] {
        let found = problems(&text(queue, nodes));
        assert!(found.contains(words), "{queue}: {found}");
    }
}

#[test]
fn a_publisher_that_is_too_fast_for_a_queue_is_slowed_down_to_its_pace() {
    let parts = |rate: &str| format!(r#"{WAY} queues: [Queue(name: "q", {rate})]"#);
    let nodes = r#"Producer(id: "fast", emits: [Emit(event: "c", to: "b/x", arrivals: Every("1ms"))]),
        Consumer(id: "c", prefetch: 50, reads: [Read(from: "b/q")], handle: Handle(time: Constant("100us")))"#;
    let (plan, report) = checked(&scenario(&parts("rate: \"250/s\""), nodes));
    // A quarter gets in; the publisher is 400 ahead at most, and holds the rest.
    assert!((2495..=2501).contains(&consumer(&report, "c").acked), "{}", consumer(&report, "c").acked);
    let Some(NodeReport::Producer { published: 10_000, held_back: Some(held), .. }) = report.nodes.get("fast") else {
        panic!("{:?}", report.nodes.get("fast"))
    };
    assert!((7_000..7_300).contains(&held.last) && held.mean > 3_000.0, "{held:?}");
    assert_eq!((report.totals.lost, report.totals.rejected), (0, 0));
    let json = serde_json::to_value(&report).unwrap();
    let publisher = &json["nodes"]["b"]["rabbitmq"]["publishers"][0];
    assert_eq!((publisher["node"].as_str(), publisher["in_flow"].as_bool()), (Some("fast"), Some(true)));
    // It is told once that it is in flow, not at every turn.
    let mut notes = Notes(&plan, Vec::new());
    Simulation::new(Arc::clone(&plan), 1).advance(Time::NEVER, u64::MAX, &mut notes);
    assert_eq!(notes.1.iter().filter(|words| words.contains("slowed down by credit flow")).count(), 1);
    // The same pace without a limit of the queue: nobody waits, and nobody is asked.
    let (_, free) = checked(&scenario(&parts(""), nodes));
    assert!(consumer(&free, "c").acked >= 9_999);
    assert!(matches!(free.nodes.get("fast"), Some(NodeReport::Producer { held_back: None, .. })));
}

#[test]
fn flow_ends_five_seconds_after_the_last_block_and_others_are_not_slowed_down() {
    let parts = r#"exchanges: [Exchange(name: "x"), Exchange(name: "y")], queues: [Queue(name: "slow", rate: "400/s"), Queue(name: "free")],
        bindings: [Binding(from: "x", to: "slow", key: "c"), Binding(from: "y", to: "free", key: "c")]"#;
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 1200))]),
        Producer(id: "other", emits: [Emit(event: "c", to: "b/y", arrivals: Every("1ms"))]),
        Consumer(id: "c", reads: [Read(from: "b/slow")]), Consumer(id: "d", reads: [Read(from: "b/free")])"#;
    let (plan, report) = checked(&scenario(parts, nodes));
    let mut notes = Notes(&plan, Vec::new());
    let mut simulation = Simulation::new(Arc::clone(&plan), 1);
    // Four hundred are sent at once. At 1.5 s two hundred are in and two hundred more set out; the last ones do so at 3 s.
    simulation.advance(Time(7 * SECOND), u64::MAX, &mut notes);
    assert!(notes.1.iter().all(|words| !words.contains("no longer")), "{:?}", notes.1.last());
    simulation.advance(Time(9 * SECOND), u64::MAX, &mut notes);
    assert!(notes.1.iter().any(|words| words.contains("p is no longer slowed down")));
    assert!(consumer(&report, "d").latency.max < 0.0011, "{}", consumer(&report, "d").latency.max);
    assert!((2.9..3.1).contains(&consumer(&report, "c").latency.max), "{}", consumer(&report, "c").latency.max);
}

#[test]
fn dead_letters_at_least_once_wait_for_whoever_is_to_have_them() {
    let parts = |strategy: &str| {
        format!(
            r#"{WAY} queues: [
                Queue(name: "q", kind: Quorum, overflow: RejectPublish, max_length: 1000, dead_letter: DeadLetter(key: "dead", strategy: {strategy})),
                Queue(name: "dead", max_length: 4, overflow: RejectPublish)]"#
        )
    };
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 10))]),
        Consumer(id: "c", prefetch: 1, reads: [Read(from: "b/q")], handle: Handle(time: Constant("1ms"), fails: "100%")),
        Consumer(id: "late", prefetch: 1, reads: [Read(from: "b/dead")], handle: Handle(time: Constant("1ms")))"#;
    let text = |strategy: &str| {
        let text = scenario(&parts(strategy), nodes).replace(r#"duration: "10s""#, r#"duration: "400s""#);
        with_faults(&text, r#"Fault(at: "0s", lasts: "60s", what: Crash("late"))"#)
    };
    // Four fit; the rest is gone, or is sent again after three minutes, when there is room.
    let (_, report) = checked(&text("AtMostOnce"));
    assert_eq!((outlet(&report, "b/dead").books.routed, report.totals.failed, report.totals.lost), (4, 6, 6));
    let (plan, report) = checked(&text("AtLeastOnce"));
    assert_eq!((outlet(&report, "b/dead").books.routed, consumer(&report, "late").acked, report.totals.lost), (10, 10, 0));
    let mut simulation = Simulation::new(plan, 1);
    simulation.advance(Time(100 * SECOND), u64::MAX, &mut ());
    let BrokerView::RabbitMq(view) = BrokerView::of(simulation.broker(BrokerId(0))) else { panic!("it is of another kind") };
    assert_eq!(view.queues[0].dead_letters_waiting, 6);
    assert_eq!(simulation.books(OutletId(0)).waiting, 6, "they are in the queue");
}

#[test]
fn what_waits_among_dead_letters_fills_its_queue() {
    let parts = format!(
        r#"{WAY} queues: [Queue(name: "q", kind: Quorum, overflow: RejectPublish, max_length: 5, ttl: "100ms", dead_letter: DeadLetter(exchange: "nowhere", strategy: AtLeastOnce))]"#
    );
    let parts = parts.replace(r#"exchanges: ["#, r#"exchanges: [Exchange(name: "nowhere"), "#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("200ms"))])"#;
    let (_, report) = checked(&scenario(&parts, nodes));
    // Each expires and finds no way; from the sixth on the queue is over its limit.
    assert_eq!(outlet(&report, "b/q").books.routed, 6);
    assert_eq!((report.totals.waiting, report.totals.expired, report.totals.lost), (6, 0, 0));
    assert!(report.totals.rejected > 40, "{}", report.totals.rejected);
}

#[test]
fn mandatory_messages_come_back_when_no_queue_gets_them() {
    let parts = r#"exchanges: [Exchange(name: "x"), Exchange(name: "y", kind: Fanout)], queues: [Queue(name: "q")],
        bindings: [Binding(from: "x", to: "q", key: "right"), Binding(from: "x", to: "y", key: "round")]"#;
    let nodes = r#"Producer(id: "p", publish: Confirmed(timeout: "1s", retries: 0), emits: [
            Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 5), routing_key: "right", mandatory: true),
            Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 3), routing_key: "wrong", mandatory: true),
            Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 2), routing_key: "round", mandatory: true),
            Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 7), routing_key: "wrong")]),
        Producer(id: "plain", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 1), routing_key: "wrong")])"#;
    let text = scenario(parts, nodes)
        .replace("nodes: [Broker(", r#"expect: [Expect("p.returned == 5"), Expect("unroutable == 13")], nodes: [Broker("#);
    let (plan, report) = checked(&text);
    let Some(NodeReport::Producer { returned: Some(5), confirms: Some(confirms), .. }) = report.nodes.get("p") else {
        panic!("{:?}", report.nodes.get("p"))
    };
    assert_eq!(confirms.confirmed, 17, "what is returned is confirmed as well");
    assert!(matches!(report.nodes.get("plain"), Some(NodeReport::Producer { returned: None, .. })));
    let mut judged = report.clone();
    judged.judge(&plan.expectations);
    assert!(judged.holds(), "{:?}", judged.expectations);
    let mut notes = Notes(&plan, Vec::new());
    Simulation::new(Arc::clone(&plan), 1).advance(Time::NEVER, u64::MAX, &mut notes);
    assert_eq!(notes.1.iter().filter(|words| words.contains("is returned to p")).count(), 5);
}

#[test]
fn a_person_redrives_dead_letters_and_sends_readers_of_streams_back() {
    let parts = format!(
        r#"{WAY} queues: [Queue(name: "q", max_length: 4, dead_letter: DeadLetter(key: "dead")), Queue(name: "dead"), Queue(name: "log", kind: Stream)]"#
    );
    let parts = parts.replace(r#"bindings: ["#, r#"bindings: [Binding(from: "x", to: "log"), "#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Once(at: "1s", count: 9))]),
        Consumer(id: "c", prefetch: 1, reads: [Read(from: "b/q")], handle: Handle(time: Constant("1ms"))),
        Consumer(id: "r", prefetch: 1, reads: [Read(from: "b/log")], handle: Handle(time: Constant("1ms")))"#;
    let text = scenario(&parts, nodes);
    let source = Source { text: text.clone(), name: "test.ron".to_owned(), files: Arc::new(NoFiles) };
    let ask = |what: &str| Intervention::set(Time(5 * SECOND), &format!("Ask(broker: \"b\", request: {what})")).unwrap();
    let acked = |asked: &[&str]| {
        let interventions: Vec<_> = asked.iter().map(|what| ask(what)).collect();
        let script = source.script(None, &interventions).map_err(|problems| problems[0].to_string())?;
        let report = headless::follow(&script, &mut |_| {}).report();
        Ok::<_, String>((consumer(&report, "c").acked, consumer(&report, "r").acked))
    };
    assert_eq!(acked(&[]), Ok((5, 9)));
    let redrive = r#"Redrive(from: "dead", to: "q")"#;
    assert_eq!(acked(&[redrive]), Ok((9, 9)));
    assert_eq!(acked(&[redrive, r#"Attach(reader: "r", stream: "log", offset: Offset(6))"#]), Ok((9, 12)));
    assert_eq!(acked(&[r#"Attach(reader: "r", stream: "log")"#]), Ok((5, 18)));
    for (wrong, words) in [
        (r#"Redrive(from: "daed", to: "q")"#, "did you mean `dead`?"),
        (r#"Redrive(from: "q", to: "q")"#, "from one queue to another"),
        (r#"Redrive(from: "log", to: "q")"#, "is a stream"),
        (r#"Attach(reader: "c", stream: "log")"#, "does not read this stream"),
        (r#"Attach(reader: "r", stream: "q")"#, "there is no stream"),
        (r#"CancelReplay("x")"#, "this is RabbitMq"),
    ] {
        let said = acked(&[wrong]).unwrap_err();
        assert!(said.contains(words), "{wrong}: {said}");
    }
}

#[test]
fn nodes_are_numbered_from_one_wherever_people_read_of_them() {
    let parts = format!(r#"nodes: 3, election: "1s", {WAY} queues: [Queue(name: "q", kind: Quorum)]"#);
    let nodes = r#"Producer(id: "p", emits: [Emit(event: "c", to: "b/x", arrivals: Every("100ms"))])"#;
    let text = with_faults(&scenario(&parts, nodes), r#"Fault(at: "2s", lasts: "2s", what: Crash("b#1"))"#);
    let (plan, report) = checked(&text);
    let mut notes = Notes(&plan, Vec::new());
    Simulation::new(Arc::clone(&plan), 1).advance(Time::NEVER, u64::MAX, &mut notes);
    assert_eq!(notes.1, ["b: node 1 is down", "b: nobody leads b/q", "b: node 2 leads b/q", "b: node 1 is up"]);
    assert_eq!((queue(&report, 0)["leader"].as_u64(), queue(&report, 0)["members"].clone()), (Some(2), serde_json::json!([1, 2, 3])));
}
