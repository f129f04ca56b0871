//! What commands, menus and typing do.

use crate::world::*;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use tidemill::app::action::{Arrange, Find, OnCanvas, Placing, Selection, Source};
use tidemill::scenario::document::Node;
use tidemill::scenario::{Scenario, read};
use tidemill::time::Span;

fn tell(h: &mut Harness<'_, World>, command: OnCanvas) {
    h.state_mut().canvas.tell(command);
    h.run_steps(4);
}

fn select(h: &mut Harness<'_, World>, ids: &[&str]) {
    h.state_mut().selection = Selection::nodes(ids.iter().map(|id| (*id).to_owned()).collect());
    h.run_steps(1);
}

fn right_click(h: &mut Harness<'_, World>, pos: Pos2) {
    h.hover_at(pos);
    for pressed in [true, false] {
        h.event(Event::PointerButton { pos, button: PointerButton::Secondary, pressed, modifiers: Modifiers::NONE });
        h.run_steps(6);
    }
}

#[test]
fn what_is_copied_is_the_text_of_a_scenario_and_can_be_pasted() {
    let mut h = harness(connected());
    select(&mut h, &["broker-1", "consumer-1"]);
    h.event(Event::Copy);
    h.step();
    let copied = h.output().platform_output.commands.iter().find_map(|c| match c {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let text = copied.unwrap();
    let part = read(&text, "clipboard").unwrap();
    assert_eq!(part.nodes.len(), 2);
    h.event(Event::Paste(text));
    h.run_steps(3);
    assert_eq!(h.state().edits, ["Paste 2 nodes"]);
    assert_eq!(h.state().selected(), ["broker-2", "consumer-2"]);
    let Node::Consumer(copy) = &h.state().scenario.nodes[4] else { panic!() };
    assert_eq!(copy.reads[0].from, "broker-2/events");
    h.event(Event::Paste("what is this".into()));
    h.run_steps(3);
    assert_eq!((h.state().edits.len(), h.state().complaints.len()), (1, 1));
}

#[test]
fn several_nodes_are_put_in_order_in_one_step() {
    let mut h = harness(three());
    select(&mut h, &["producer-1", "broker-1", "consumer-1"]);
    tell(&mut h, OnCanvas::Arrange(Arrange::Left));
    assert_eq!(h.state().edits, ["Align left"]);
    tell(&mut h, OnCanvas::Arrange(Arrange::Layers));
    assert_eq!(h.state().edits, ["Align left", "Arrange in layers"]);
    h.run_steps(40);
    let lefts: Vec<f32> = ["producer producer-1", "broker broker-1", "consumer consumer-1"].map(|l| rect(&h, l).left()).to_vec();
    assert!(lefts.windows(2).all(|w| (w[0] - w[1]).abs() < 200.0), "nothing leads from one to the other: one layer");
}

#[test]
fn nodes_glide_to_places_they_were_not_dragged_to() {
    let mut h = harness(three());
    let before = rect(&h, "consumer consumer-1");
    select(&mut h, &["producer-1", "broker-1", "consumer-1"]);
    h.state_mut().canvas.tell(OnCanvas::Arrange(Arrange::Left));
    h.run_steps(3);
    let on_the_way = rect(&h, "consumer consumer-1");
    h.run_steps(40);
    let after = rect(&h, "consumer consumer-1");
    assert!(after.left() < on_the_way.left() && on_the_way.left() < before.left(), "{before:?} {on_the_way:?} {after:?}");
}

#[test]
fn a_link_into_nothing_asks_what_is_to_be_there() {
    let mut h = harness(three());
    let from = rect(&h, "connect from broker-1/events").center();
    drag(&mut h, from, from + vec2(120.0, 200.0));
    let Some(Find::Add { at: Some(at), with: Some(with) }) = h.state().find.clone() else { panic!("{:?}", h.state().find) };
    assert_eq!(with, Source::Channel { broker: "broker-1".into(), channel: "events".into() });
    tell(&mut h, OnCanvas::Add { placing: Placing::Consumer, at: Some(at), with: Some(with) });
    assert_eq!(h.state().edits, ["Add consumer-2 behind broker-1/events"]);
    let Node::Consumer(consumer) = &h.state().scenario.nodes[3] else { panic!() };
    assert_eq!(consumer.reads[0].from, "broker-1/events");
    assert_eq!(h.state().selected(), ["consumer-2"]);
}

#[test]
fn a_consumer_reads_by_a_link_drawn_from_its_way_in() {
    let mut h = harness(three());
    let (from, to) = (rect(&h, "connect to consumer-1").center(), rect(&h, "topic broker-1/events").center());
    drag(&mut h, from, to);
    assert_eq!(h.state().edits, ["Connect broker-1 to consumer-1/events"]);
    h.get_by_label("link broker-1/events to consumer-1");
}

#[test]
fn names_are_typed_where_they_stand() {
    let mut h = harness(connected());
    let centre = rect(&h, "consumer consumer-1").center();
    for _ in 0..2 {
        for pressed in [true, false] {
            h.event(Event::PointerMoved(centre));
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            h.event(Event::PointerButton { pos: centre, button, pressed, modifiers });
            h.run_steps(1);
        }
    }
    h.run_steps(3);
    h.get_by_label("New name").type_text("billing");
    h.run_steps(2);
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert_eq!(h.state().edits, ["Rename consumer-1 to billing"]);
    h.get_by_label("link broker-1/events to billing");
    // A name that is taken is not taken over.
    tell(&mut h, OnCanvas::Rename("billing".into()));
    h.get_by_label("New name").type_text("broker-1");
    h.run_steps(2);
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert_eq!(h.state().edits.len(), 1);
}

#[test]
fn notes_and_groups_are_made_named_moved_and_removed() {
    let mut h = harness(connected());
    select(&mut h, &["broker-1", "consumer-1"]);
    tell(&mut h, OnCanvas::Group);
    h.get_by_label("Title of the group").type_text("Money");
    h.run_steps(2);
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert_eq!(h.state().scenario.groups[0].title, "Money");
    let bar = rect(&h, "group Money").left_center() + vec2(60.0, 0.0);
    let before = (h.state().at("broker-1"), h.state().at("producer-1"));
    drag(&mut h, bar, bar + vec2(0.0, 120.0));
    assert!(h.state().at("broker-1").1 > before.0.1 + 40.0 && h.state().at("producer-1") == before.1);
    assert_eq!(h.state().selection.group, Some(0));
    h.key_press(Key::Delete);
    h.run_steps(3);
    assert!(h.state().scenario.groups.is_empty() && h.state().scenario.nodes.len() == 3);

    tell(&mut h, OnCanvas::Note(Some((0.0, 0.0))));
    h.get_by_label("Words of the note").type_text("Look at the lag");
    h.run_steps(2);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    h.run_steps(3);
    assert_eq!(h.state().scenario.notes[0].text, "Look at the lag");
    let at = rect(&h, "note Look at the lag").center();
    drag(&mut h, at, at + vec2(80.0, 0.0));
    assert!(h.state().scenario.notes[0].at.0 > 40.0);
    h.key_press(Key::Delete);
    h.run_steps(3);
    assert!(h.state().scenario.notes.is_empty());
}

#[test]
fn everything_has_a_menu() {
    let mut h = harness(connected());
    let row = rect(&h, "topic broker-1/events").center();
    right_click(&mut h, row);
    h.get_by_label("Add consumer of events").click();
    h.run_steps(4);
    assert_eq!(h.state().edits, ["Add consumer-2 behind broker-1/events"]);
    let link = rect(&h, "link producer-1 to broker-1/events").center();
    right_click(&mut h, link);
    h.get_by_label("Delete connection").click();
    h.run_steps(4);
    assert_eq!(h.state().edits.last().unwrap(), "Delete connection");
    right_click(&mut h, pos2(500.0, 600.0));
    h.get_by_label("Add note here").click();
    h.run_steps(4);
    assert_eq!(h.state().scenario.notes.len(), 1);
}

#[test]
fn a_dragged_node_keeps_to_its_neighbours_lines() {
    let text = "Scenario(format: 1, nodes: [Producer(id: \"a\", at: (0, 0)), Producer(id: \"b\", at: (400, 203))])";
    let scenario: Scenario = read(text, "x").unwrap();
    let mut h = harness(scenario);
    let (a, b) = (rect(&h, "producer a").center(), rect(&h, "producer b").center());
    drag(&mut h, a, pos2(a.x, b.y + 3.0));
    assert_eq!(h.state().at("a").1, 203.0, "as high as its neighbour, which is on no grid");
}

#[test]
fn a_node_is_broken_by_a_right_click_and_mended_by_another() {
    let mut h = harness(connected());
    let centre = rect(&h, "consumer consumer-1").center();
    right_click(&mut h, centre);
    h.get_by_label(&format!("Break at {} for {}", Span::ZERO, Span::from_millis(5_000))).click();
    h.run_steps(8);
    h.get_by_label("Crash: gone, with all it had in memory").click();
    h.run_steps(6);
    assert_eq!(h.state().scenario.faults.len(), 1);
    assert!(h.state().edits.last().unwrap().ends_with("consumer-1 crashed"), "{:?}", h.state().edits);
    right_click(&mut h, centre);
    h.get_by_label("Remove its faults").click();
    h.run_steps(6);
    assert!(h.state().scenario.faults.is_empty());
}
