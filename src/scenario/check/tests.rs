#![allow(clippy::unwrap_used)]
//! What a plan looks like. That each mistake is found is tested in `tests/scenario/problems.rs`.

use crate::scenario::plan::{Origin, Plan, Role};
use crate::scenario::{Files, NoFiles, load};
use crate::time::{Span, Time};

const SHOP: &str = include_str!("../../../scenarios/cases/shop.ron");
const LOYALTY: &str = include_str!("../../../scenarios/cases/shop-loyalty.ron");
const AIRPORT: &str = include_str!("../../../scenarios/cases/airport.ron");

struct Csv(&'static str);

impl Files for Csv {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

fn plan(text: &str) -> Plan {
    load(text, "", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan
}

#[test]
fn names_become_dense_ids_in_file_order() {
    let plan = plan(SHOP);
    let outlets: Vec<&str> = plan.outlets.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(
        outlets,
        ["bus/orders#inventory", "bus/orders#notification", "bus/orders#analytics", "bus/orders#billing", "bus/invoices#accounting"]
    );
    assert_eq!(plan.channels.iter().map(|c| c.outlets.len()).collect::<Vec<_>>(), [4, 1]);
    let emitters: Vec<&str> = plan.emitters.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(emitters, ["order-service/OrderCreated->bus/orders", "billing/InvoiceIssued->bus/invoices"]);
    // One link per direction in use: in, five out, and billing back in. Then those that only confirmations use.
    let ends = |l: &crate::scenario::plan::LinkPlan| format!("{}->{}", plan.nodes[l.from.index()].name, plan.nodes[l.to.index()].name);
    let links: Vec<String> = plan.links.iter().map(ends).collect();
    let (events, answers) = links.split_at(7);
    assert_eq!(
        events,
        ["order-service->bus", "billing->bus", "bus->inventory", "bus->notification", "bus->analytics", "bus->billing", "bus->accounting"]
    );
    assert_eq!(answers, ["bus->order-service", "inventory->bus", "notification->bus", "analytics->bus", "accounting->bus"]);
    for (i, link) in plan.links.iter().enumerate() {
        let back = &plan.links[link.back.index()];
        assert_eq!((back.from, back.to, back.back.index()), (link.to, link.from, i));
    }
    assert_eq!((plan.duration, plan.warmup), (Time(60_000_000_000), Time(5_000_000_000)));
}

#[test]
fn every_id_leads_back_to_its_owner() {
    for plan in [plan(SHOP), plan(LOYALTY)] {
        for (i, consumer) in plan.consumers.iter().enumerate() {
            assert_eq!(plan.nodes[consumer.node.index()].role, Role::Consumer(crate::ids::ConsumerId::at(i)));
            assert!(consumer.reads.iter().all(|r| plan.reads[r.index()].consumer.index() == i));
            assert!(consumer.then.iter().all(|e| plan.emitters[e.index()].node == consumer.node));
        }
        for (i, outlet) in plan.outlets.iter().enumerate() {
            assert!(!outlet.readers.is_empty() && outlet.readers.iter().all(|r| plan.reads[r.index()].outlet.index() == i));
            assert!(outlet.channels.iter().all(|c| plan.channels[c.index()].outlets.iter().any(|o| o.index() == i)));
        }
        for read in &plan.reads {
            let link = &plan.links[read.link.index()];
            let broker = plan.brokers[plan.outlets[read.outlet.index()].broker.index()].node;
            assert_eq!((link.from, link.to), (broker, plan.consumers[read.consumer.index()].node));
        }
    }
}

#[test]
fn another_consumer_leaves_the_names_of_the_others_alone() {
    let names = |text: &str| plan(text).emitters.into_iter().map(|e| e.name).collect::<Vec<_>>();
    assert_eq!(names(SHOP), names(LOYALTY));
}

#[test]
fn repeats_are_numbered_and_groups_shared() {
    let plan = plan(
        r#"Scenario(format: 1, events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [
                Emit(event: "E", to: "b/t", arrivals: Every("1s")),
                Emit(event: "E", to: "b/u", arrivals: Every("1s")),
                Emit(event: "E", to: "b/t", arrivals: Every("2s")),
                Emit(event: "E", to: "b/t", arrivals: Every("3s")),
            ]),
            Broker(id: "b", kind: Simple(topics: ["t", "u"])),
            Consumer(id: "one", reads: [Read(from: "b/t", group: "both"), Read(from: "b/u")], dead_letter: "b/u"),
            Consumer(id: "two", reads: [Read(from: "b/t", group: "both")]),
        ])"#,
    );
    let names: Vec<&str> = plan.emitters.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["p/E->b/t", "p/E->b/u", "p/E->b/t~2", "p/E->b/t~3"]);
    assert_eq!(plan.outlets.iter().map(|o| (o.name.as_str(), o.readers.len())).collect::<Vec<_>>(), [("b/t#both", 2), ("b/u#one", 1)]);
    let (channel, link) = plan.consumers[0].dead_letter.unwrap();
    assert_eq!(plan.channels[channel.index()].name, "b/u");
    assert_eq!(plan.links[link.index()].to, plan.node("b").unwrap());
    assert_eq!((plan.consumers[0].retry.attempts, plan.consumers[1].dead_letter), (1, None));
}

#[test]
fn links_take_what_they_leave_out_from_the_network() {
    let plan = plan(
        r#"Scenario(format: 1, network: Network(latency: Constant("7ms"), loss: "2%"), events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("1s"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")]),
        ], links: [Link(between: ("b", "c"), loss: "5%", bandwidth: "1MB/s", ordered: true)])"#,
    );
    assert_eq!(
        plan.links.iter().map(|l| (l.loss.0, l.ordered)).collect::<Vec<_>>(),
        [(0.02, false), (0.05, true), (0.02, false), (0.05, true)]
    );
    assert_eq!(plan.links[0].latency, plan.links[1].latency);
    assert_eq!(plan.links[1].bandwidth.map(|b| b.0), Some(1e6));
}

#[test]
fn the_rows_of_a_trace_are_those_of_its_event_in_order_of_time() {
    let csv = Csv("time,key,event,total,note\n2,b,E,7,\n0.5,a,F,8,x\n2,a,E,9,y\n1,,E,1,\n");
    let text = |emit: &str| {
        format!(
            r#"Scenario(format: 1, events: [Event(name: "E"), Event(name: "F")], nodes: [
                Producer(id: "p", emits: [{emit}]),
                Broker(id: "b", kind: Simple(topics: ["t"])), Consumer(id: "c", reads: [Read(from: "b/t")])])"#
        )
    };
    let rows = |emit: &str| {
        let loaded = load(&text(emit), "", &csv).unwrap_or_else(|p| panic!("{}", p[0]));
        let Origin::Trace(trace) = &loaded.plan.emitters[0].origin else { panic!("no trace") };
        assert_eq!(trace.columns, ["total", "note"]);
        let row = |r: &crate::scenario::plan::TraceRow| {
            let key = r.key.map_or("-", |k| &trace.keys[k as usize]);
            format!("{} {} {key} {}", r.at.seconds(), r.event.0, r.values.join(","))
        };
        trace.rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(rows(r#"Emit(event: "E", to: "b/t", arrivals: Trace("x"))"#), ["1 0 - 1,", "2 0 b 7,", "2 0 a 9,y"]);
    assert_eq!(rows(r#"Emit(to: "b/t", arrivals: Trace("x"))"#), ["0.5 1 a 8,x", "1 0 - 1,", "2 0 b 7,", "2 0 a 9,y"]);
}

#[test]
fn rows_behind_the_end_are_no_load() {
    let csv = Csv("time\n1\n2\n3\n3.001\n3.002\n3.003\n3.004\n3.005\n");
    let unstable = |duration: &str| {
        let text = format!(
            r#"Scenario(format: 1, duration: "{duration}", events: [Event(name: "E")], nodes: [
                Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Trace("x"))]), Broker(id: "b", kind: Simple(topics: ["t"])),
                Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("800ms")))])"#
        );
        let loaded = load(&text, "", &csv).unwrap_or_else(|p| panic!("{}", p[0]));
        loaded.warnings.into_iter().find(|w| w.lint == Some("unstable-node")).map(|w| w.message)
    };
    assert_eq!(unstable("2900ms"), None);
    assert!(unstable("4s").is_some_and(|message| message.contains("2 events/s")));
}

#[test]
fn the_airport_has_every_flight_of_the_day() {
    let csv = Csv(include_str!("../../../scenarios/cases/nyc-flights-2013-07-01.csv"));
    let loaded = load(AIRPORT, "", &csv).unwrap_or_else(|p| panic!("{}", p[0]));
    let rows = |e: &crate::scenario::plan::EmitterPlan| match &e.origin {
        Origin::Trace(trace) => trace.rows.len(),
        _ => 0,
    };
    assert_eq!(loaded.plan.emitters.iter().map(rows).collect::<Vec<_>>(), [881, 85, 877]);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn what_follows_has_what_a_rabbitmq_broker_looks_at_as_what_is_emitted_has() {
    let text = r#"Scenario(format: 1, events: [Event(name: "E"), Event(name: "F")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/in", priority: 3, expiration: "1s", arrivals: Every("1s"))]),
        Broker(id: "b", kind: RabbitMq(exchanges: [Exchange(name: "in", kind: Fanout), Exchange(name: "out", kind: Fanout)],
            queues: [Queue(name: "q"), Queue(name: "r", max_priority: 9)],
            bindings: [Binding(from: "in", to: "q"), Binding(from: "out", to: "r")])),
        Consumer(id: "c", reads: [Read(from: "b/q")], then: [Emit(event: "F", to: "b/out", priority: 7, expiration: "2s")]),
        Consumer(id: "d", reads: [Read(from: "b/r")]),
    ])"#;
    let plan = plan(text);
    let said = plan.emitters.iter().map(|emitter| (emitter.properties.priority, emitter.properties.expiration));
    assert_eq!(said.collect::<Vec<_>>(), [(Some(3), Some(Span::from_millis(1000))), (Some(7), Some(Span::from_millis(2000)))]);
}
