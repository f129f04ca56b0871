#![allow(clippy::unwrap_used)]
use super::*;
use crate::scenario::document::{Consumer, Node, Read, Retry};
use crate::scenario::shapes::{Arrivals, Times};
use crate::time::Span;

const SHOP: &str = include_str!("../../../scenarios/cases/shop.ron");

fn shop() -> Scenario {
    read(SHOP, "shop.ron").unwrap()
}

fn consumer<'s>(scenario: &'s mut Scenario, id: &str) -> &'s mut Consumer {
    let found = scenario.nodes.iter_mut().find(|n| n.id() == id).unwrap();
    match found {
        Node::Consumer(c) => c,
        _ => panic!("{id}"),
    }
}

/// Lines of the new text that are not in the old one, and the other way round.
fn changed(scenario: &Scenario) -> (Vec<String>, Vec<String>, Vec<String>) {
    let new = write_over(scenario, SHOP);
    assert_eq!(&read(&new.text, "").unwrap(), scenario, "{}", new.text);
    let only = |a: &str, b: &str| a.lines().filter(|l| !b.lines().any(|m| m == *l)).map(|l| l.trim().to_owned()).collect::<Vec<_>>();
    (only(&new.text, SHOP), only(SHOP, &new.text), new.displaced)
}

#[test]
fn what_is_written_looks_written_by_a_person() {
    let text = write(&shop());
    for line in [
        "Scenario(",
        "    format: 1,",
        "    duration: \"60s\",",
        "        Event(name: \"InvoiceIssued\", size: \"2KiB\"),",
        "        Producer(",
        "            at: (60, 324),",
        "            emits: [Emit(event: \"OrderCreated\", to: \"bus/orders\", arrivals: Poisson(\"50/s\"))],",
        "            handle: Handle(time: LogNormal(median: \"8ms\", p99: \"60ms\"), fails: \"1%\"),",
        "        Broker(id: \"bus\", at: (400, 324), kind: Simple(topics: [\"orders\", \"invoices\"])),",
        "        Expect(\"lost == 0\"),",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    // What a lesson says stands there as it was typed.
    let plain = write(&Scenario { lesson: None, ..shop() });
    assert!(plain.lines().all(|l| l.chars().count() <= 120) && text.ends_with(")\n"));
    assert_eq!(read(&text, "").unwrap(), shop());
}

#[test]
fn the_empty_scenario_is_short() {
    let text = write(&Scenario::default());
    assert_eq!(read(&text, "").unwrap(), Scenario::default());
    assert!(text.lines().count() < 10, "{text}");
}

#[test]
fn nothing_changed_means_every_byte_stays() {
    for original in [SHOP.to_owned(), format!("\u{feff}{SHOP}"), SHOP.replace('\n', "\r\n")] {
        assert_eq!(write_over(&shop(), &original).text, original);
    }
}

#[test]
fn a_changed_value_touches_its_line_only() {
    let mut scenario = shop();
    consumer(&mut scenario, "inventory").instances = 3;
    scenario.nodes[0].set_at((10.0, 20.5));
    let (new, old, displaced) = changed(&scenario);
    assert_eq!(new, ["at: (10, 20.5),", "instances: 3,"]);
    assert_eq!(old, ["at: (60, 324),", "instances: 2,"]);
    assert!(displaced.is_empty());
}

#[test]
fn a_new_field_comes_where_it_belongs() {
    let mut scenario = shop();
    consumer(&mut scenario, "analytics").retry = Some(Retry::default());
    consumer(&mut scenario, "analytics").instances = 7;
    scenario.warmup = Span::ZERO;
    let (new, old, displaced) = changed(&scenario);
    assert_eq!(
        new,
        ["instances: 7,", "retry: Retry(attempts: 3),", "// the first seconds fill the pipes and do not count in the statistics"]
    );
    assert_eq!(old, ["warmup: \"5s\", // the first seconds fill the pipes and do not count in the statistics"]);
    assert_eq!(displaced, ["// the first seconds fill the pipes and do not count in the statistics"]);
}

#[test]
fn nodes_come_go_and_move_with_their_comments() {
    let mut scenario = shop();
    scenario.nodes.retain(|n| n.id() != "analytics");
    scenario.nodes.push(Node::Consumer(Consumer {
        id: "audit".into(),
        reads: vec![Read::new("bus/orders".into())],
        ..Consumer::default()
    }));
    let (_, _, displaced) = changed(&scenario);
    assert_eq!(displaced, ["// Only counts: quick, and never fails."]);

    let mut scenario = shop();
    scenario.nodes.swap(2, 4);
    let text = write_over(&scenario, SHOP).text;
    assert!(text.find("// Only counts").unwrap() < text.find("// Reserves the goods").unwrap());
    assert_eq!(changed(&scenario), (vec![], vec![], vec![]));
}

#[test]
fn a_renamed_node_keeps_its_place() {
    let mut scenario = shop();
    *scenario.nodes[2].id_mut() = "stock".into();
    let (new, old, _) = changed(&scenario);
    assert_eq!((new, old), (vec!["id: \"stock\",".to_owned()], vec!["id: \"inventory\",".to_owned()]));
}

#[test]
fn another_variant_replaces_the_whole_value() {
    let mut scenario = shop();
    consumer(&mut scenario, "billing").handle.time = Times::Constant(Span::from_millis(5));
    if let Node::Producer(p) = &mut scenario.nodes[0] {
        p.emits[0].arrivals = Arrivals::Every(Span::from_millis(20));
    }
    let (new, _, _) = changed(&scenario);
    assert_eq!(
        new,
        [
            "emits: [Emit(event: \"OrderCreated\", to: \"bus/orders\", arrivals: Every(\"20ms\"))],",
            "handle: Handle(time: Constant(\"5ms\")),"
        ]
    );
}

#[test]
fn an_unreadable_original_loses_no_comment() {
    let new = write_over(&shop(), "Scenario(/* why */ format: 1, nodes: [what], // so\n)");
    assert_eq!(new.displaced, ["/* why */", "// so"]);
    assert_eq!(read(&new.text, "").unwrap(), shop());
}

#[test]
fn a_text_on_one_endless_line_is_laid_out_anew() {
    let mut scenario = shop();
    let line = format!("{} /* kept */ // {}", write(&scenario).lines().map(str::trim).collect::<String>(), "x".repeat(20_000));
    scenario.seed = 8;
    let new = write_over(&scenario, &line);
    assert!(new.text.starts_with(&write(&scenario)));
    assert_eq!((new.displaced.len(), read(&new.text, "").unwrap()), (2, scenario));
}
