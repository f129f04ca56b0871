use crate::world::*;
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, TouchPhase, pos2, vec2};
use egui_kittest::kittest::Queryable;
use tidemill::app::action::{Connection, Placing};
use tidemill::scenario::Scenario;
use tidemill::scenario::Severity;
use tidemill::scenario::check::Finding;
use tidemill::scenario::document::Node;

#[test]
fn a_click_places_a_node_and_selects_it() {
    let mut h = harness(Scenario::default());
    h.state_mut().placing = Some(Placing::Producer);
    h.hover_at(pos2(300.0, 200.0));
    h.run_steps(2);
    h.get_by_label("place here").click();
    h.run_steps(3);
    assert_eq!(h.state().scenario.nodes.len(), 1);
    assert_eq!(h.state().selected(), ["producer-1"]);
    assert_eq!(h.state().placing, None);
    let at = h.state().at("producer-1");
    assert_eq!((at.0 % 8.0, at.1 % 8.0), (0.0, 0.0));
    h.get_by_label("producer producer-1");
}

#[test]
fn dragging_moves_all_that_is_selected_in_one_edit() {
    let mut h = harness(three());
    let centre = rect(&h, "producer producer-1").center();
    h.get_by_label("producer producer-1").click();
    h.run_steps(2);
    assert_eq!(h.state().selected(), ["producer-1"]);
    h.get_by_label("consumer consumer-1").click_modifiers(Modifiers::SHIFT);
    h.run_steps(2);
    assert_eq!(h.state().selected(), ["consumer-1", "producer-1"]);
    let (before, other) = (h.state().at("producer-1"), h.state().at("consumer-1"));
    drag(&mut h, centre, centre + vec2(40.0, 100.0));
    assert_eq!(h.state().edits, ["Move 2 nodes"]);
    let (after, other_after) = (h.state().at("producer-1"), h.state().at("consumer-1"));
    assert!(after.1 > before.1 + 50.0 && after.0 > before.0);
    assert_eq!((after.0 - before.0, after.1 - before.1), (other_after.0 - other.0, other_after.1 - other.1));
    assert_eq!(after.1 % 8.0, 0.0);
    assert_eq!(h.state().at("broker-1"), (400.0, 240.0));
}

#[test]
fn escape_takes_a_drag_back() {
    let mut h = harness(three());
    let centre = rect(&h, "consumer consumer-1").center();
    h.hover_at(centre);
    h.drag_at(centre);
    h.run_steps(2);
    h.hover_at(centre + vec2(0.0, 120.0));
    h.run_steps(2);
    assert!(rect(&h, "consumer consumer-1").center().y > centre.y + 60.0, "it is seen to move");
    h.key_press(Key::Escape);
    h.run_steps(2);
    h.drop_at(centre + vec2(0.0, 120.0));
    h.run_steps(2);
    assert!(h.state().edits.is_empty());
    assert!((rect(&h, "consumer consumer-1").center() - centre).length() < 1.0);
}

#[test]
fn ports_connect() {
    let mut h = harness(three());
    let (from, to) = (rect(&h, "connect from producer-1").center(), rect(&h, "topic broker-1/events").center());
    drag(&mut h, from, to);
    assert_eq!(h.state().edits, ["Connect producer-1 to broker-1/events"]);
    let Node::Producer(producer) = &h.state().scenario.nodes[0] else { panic!() };
    assert_eq!((producer.emits[0].to.as_str(), producer.emits[0].event.as_deref()), ("broker-1/events", Some("Event1")));
    h.get_by_label("link producer-1 to broker-1/events");

    let (from, to) = (rect(&h, "connect from broker-1/events").center(), rect(&h, "consumer consumer-1").center());
    drag(&mut h, from, to);
    let Node::Consumer(consumer) = &h.state().scenario.nodes[2] else { panic!() };
    assert_eq!(consumer.reads[0].from, "broker-1/events");
    h.get_by_label("link broker-1/events to consumer-1");

    let (from, to) = (rect(&h, "connect from consumer-1").center(), rect(&h, "topic broker-1/events").center());
    drag(&mut h, from, to);
    let Node::Consumer(consumer) = &h.state().scenario.nodes[2] else { panic!() };
    assert_eq!(consumer.then[0].event, "Event2");
    assert_eq!(h.state().edits.len(), 3);
}

#[test]
fn senseless_links_are_not_made_and_say_why() {
    let mut h = harness(three());
    let (from, to) = (rect(&h, "connect from producer-1").center(), rect(&h, "consumer consumer-1").center());
    h.hover_at(from);
    h.drag_at(from);
    h.run_steps(2);
    h.hover_at(to);
    h.run_steps(3);
    h.get_by_label("A producer publishes to a broker");
    h.drop_at(to);
    h.run_steps(2);
    assert!(h.state().edits.is_empty());
}

#[test]
fn a_broker_of_several_topics_asks_which() {
    let mut scenario = three();
    connect(&mut scenario, "broker-1", "consumer-1", "second").unwrap();
    let mut h = harness(scenario);
    let (from, header) = (rect(&h, "connect from producer-1").center(), rect(&h, "broker broker-1").center_top() + vec2(0.0, 12.0));
    drag(&mut h, from, header);
    assert!(h.state().edits.is_empty());
    h.get_by_label("New topic…").click();
    h.run_steps(3);
    h.get_by_label("Name of the new topic").type_text("orders");
    h.run_steps(2);
    h.get_by_label("Create topic").click();
    h.run_steps(3);
    assert_eq!(h.state().edits, ["Connect producer-1 to broker-1/orders"]);

    drag(&mut h, from, header);
    h.get_by_label("second").click();
    h.run_steps(3);
    assert_eq!(h.state().edits.last().unwrap(), "Connect producer-1 to broker-1/second");
}

#[test]
fn a_marquee_selects_and_delete_deletes() {
    let mut h = harness(connected());
    let area = rect(&h, "producer producer-1").union(rect(&h, "broker broker-1")).expand(12.0);
    drag(&mut h, area.left_top(), area.right_bottom());
    assert_eq!(h.state().selected(), ["broker-1", "producer-1"]);
    h.key_press(Key::Delete);
    h.run_steps(2);
    assert_eq!(h.state().edits, ["Delete 2 nodes"]);
    assert_eq!(h.state().scenario.nodes.len(), 1);
    let Node::Consumer(consumer) = &h.state().scenario.nodes[0] else { panic!() };
    assert!(consumer.reads.is_empty());
}

#[test]
fn a_link_is_selected_by_a_click_and_deleted() {
    let mut h = harness(connected());
    h.get_by_label("link broker-1/events to consumer-1").click();
    h.run_steps(2);
    assert_eq!(h.state().selection.connection, Some(Connection::Read { consumer: "consumer-1".into(), index: 0 }));
    h.key_press(Key::Backspace);
    h.run_steps(2);
    let Node::Consumer(consumer) = &h.state().scenario.nodes[2] else { panic!() };
    assert!(consumer.reads.is_empty());
}

#[test]
fn keys_select_nudge_and_go_round() {
    let mut h = harness(three());
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.run_steps(2);
    assert_eq!(h.state().selected().len(), 3);
    h.key_press(Key::Escape);
    h.run_steps(2);
    assert!(h.state().selection.is_empty());
    h.get_by_label("producer producer-1").click();
    h.run_steps(2);
    h.key_press(Key::ArrowDown);
    h.run_steps(2);
    assert_eq!(h.state().at("producer-1"), (80.0, 248.0));
    for expected in ["broker-1", "consumer-1", "producer-1"] {
        h.key_press(Key::Tab);
        h.run_steps(3);
        assert_eq!(h.state().selected(), [expected]);
    }
    h.key_press_modifiers(Modifiers::COMMAND, Key::D);
    h.run_steps(2);
    assert_eq!(h.state().selected(), ["producer-2"]);
}

#[test]
fn the_wheel_zooms_to_the_pointer_and_fit_shows_all() {
    let mut h = harness(connected());
    let before = rect(&h, "consumer consumer-1");
    h.hover_at(before.center());
    h.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, 200.0),
        phase: TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    h.run_steps(40);
    let after = rect(&h, "consumer consumer-1");
    assert!(after.width() > before.width() * 1.3);
    assert!((after.center() - before.center()).length() < 3.0);
    h.get_by_label("minimap");
    h.get_by_label("Fit").click();
    h.run_steps(3);
    assert!((rect(&h, "consumer consumer-1").width() - before.width()).abs() < 1.0);
    assert!(h.query_by_label("minimap").is_none());
}

#[test]
fn menus_offer_what_can_be_done() {
    let mut h = harness(three());
    h.get_by_label("consumer consumer-1").click_secondary();
    h.run_steps(3);
    h.get_by_label("Duplicate").click();
    h.run_steps(3);
    assert_eq!(h.state().selected(), ["consumer-2"]);
    for button in [true, false] {
        let (pos, modifiers) = (pos2(500.0, 560.0), Modifiers::NONE);
        h.hover_at(pos);
        h.event(Event::PointerButton { pos, button: PointerButton::Secondary, pressed: button, modifiers });
        h.run_steps(6);
    }
    h.get_by_label("Add broker here").click();
    h.run_steps(3);
    assert_eq!(h.state().selected(), ["broker-2"]);
}

#[test]
fn findings_are_told_where_they_are() {
    let mut h = harness(three());
    let finding =
        |path: &str| Finding { severity: Severity::Warning, path: path.into(), message: "It reads nothing".into(), help: None, lint: None };
    h.state_mut().findings = vec![finding("nodes.consumer-1.reads"), finding("nodes.nobody"), finding("seed")];
    let at = rect(&h, "consumer consumer-1").center();
    h.hover_at(at);
    h.run_steps(3);
    h.get_by_label("It reads nothing");
}

#[test]
fn a_hint_that_follows_a_short_one_is_as_wide_as_it_wants() {
    let mut h = harness(three());
    let finding = |path: &str, message: &str| Finding {
        severity: Severity::Warning,
        path: path.into(),
        message: message.into(),
        help: None,
        lint: None,
    };
    let long = "It reads nothing, and what it would do with anything is not said anywhere either";
    h.state_mut().findings = vec![finding("nodes.producer-1", "No"), finding("nodes.consumer-1", long)];
    // From one to the next without a picture between, as a quick hand does.
    for (node, words, wide) in [("producer producer-1", "No", false), ("consumer consumer-1", long, true)] {
        let at = rect(&h, node).center();
        h.hover_at(at);
        h.run_steps(6);
        let hint = rect(&h, words);
        assert_eq!(hint.width() > 200.0, wide, "{words} is {hint:?}");
    }
}
