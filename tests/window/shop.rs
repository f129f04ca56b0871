//! The shop of the first lesson built from nothing, by the pointer and by the keyboard alone; and how many turns of the hand it takes.
//! A practised hand makes about one a second: within two minutes is within 120.

use crate::hands::*;
use egui::{Key, Modifiers, Pos2, Rect, pos2};
use egui_kittest::kittest::Queryable;
use tidemill::scenario::document::Node;

const CONSUMERS: [&str; 5] = ["inventory", "notification", "analytics", "billing", "accounting"];

/// A hand that counts what it does: a press, a click, a drag, a word.
struct Hand {
    w: Window,
    turns: usize,
}

impl Hand {
    fn new() -> Hand {
        Hand { w: window(), turns: 0 }
    }

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.w.key_press_modifiers(modifiers, key);
        self.w.run_steps(4);
        self.turns += 1;
    }

    fn press(&mut self, key: Key) {
        self.key(Modifiers::NONE, key);
    }

    /// A word into whatever has the focus.
    fn word(&mut self, word: &str) {
        self.w.event(egui::Event::Text(word.to_owned()));
        self.w.run_steps(3);
        self.turns += 1;
    }

    fn click(&mut self, label: &str) {
        click(&mut self.w, label);
        self.turns += 1;
    }

    fn click_at(&mut self, at: Pos2) {
        click_at(&mut self.w, at);
        self.turns += 1;
    }

    fn double_click(&mut self, label: &str) {
        let rect = self.rect(label);
        // A broker's name stands in its header.
        let at = if label.starts_with("broker") { rect.center_top() + egui::vec2(0.0, 12.0) } else { rect.center() };
        // What was clicked before is another matter.
        self.w.run_steps(25);
        for _ in 0..2 {
            self.w.hover_at(at);
            self.w.drag_at(at);
            self.w.run_steps(1);
            self.w.drop_at(at);
            self.w.run_steps(1);
        }
        self.w.run_steps(4);
        self.turns += 1;
    }

    fn drag(&mut self, from: &str, to: Pos2) {
        let from = middle(&self.w, from);
        drag(&mut self.w, from, to);
        self.turns += 1;
    }

    fn rect(&self, label: &str) -> Rect {
        self.w.get_by_label(label).rect()
    }
}

/// What it must have become, by whatever way.
fn is_the_shop(hand: &Hand) {
    let scenario = scenario(&hand.w);
    let node = |id: &str| scenario.nodes.iter().find(|n| n.id() == id).unwrap_or_else(|| panic!("no {id}"));
    let Node::Producer(orders) = node("order-service") else { panic!() };
    assert_eq!(orders.emits.iter().map(|e| e.to.as_str()).collect::<Vec<_>>(), ["bus/orders"]);
    for id in CONSUMERS {
        let Node::Consumer(consumer) = node(id) else { panic!() };
        let from = if id == "accounting" { "bus/invoices" } else { "bus/orders" };
        assert_eq!(consumer.reads.iter().map(|r| r.from.as_str()).collect::<Vec<_>>(), [from], "{id}");
        let then = if id == "billing" { vec!["bus/invoices"] } else { Vec::new() };
        assert_eq!(consumer.then.iter().map(|t| t.to.as_str()).collect::<Vec<_>>(), then, "{id}");
    }
    assert_eq!((scenario.nodes.len(), scenario.events.len()), (7, 2));
    assert!(hand.w.state().session.document.as_ref().unwrap().runnable());
    assert!(hand.turns <= 120, "{} turns of the hand", hand.turns);
}

/// It runs: the last in the chain gets what it waits for.
fn it_runs(hand: &mut Hand) {
    until(&mut hand.w, "invoices are booked", |s| {
        s.session.frame().is_some_and(|f| f.plan.node("accounting").is_some_and(|id| f.nodes[id.index()].count > 2))
    });
}

#[test]
fn by_the_pointer() {
    let mut hand = Hand::new();
    hand.click("New scenario");
    let place = |hand: &mut Hand, button: &str, at: Pos2, first: &str, name: &str| {
        hand.click(button);
        hand.click_at(at);
        hand.double_click(first);
        hand.word(name);
        hand.press(Key::Enter);
    };
    place(&mut hand, "Add producer", pos2(160.0, 220.0), "producer producer-1", "order-service");
    place(&mut hand, "Add broker", pos2(400.0, 220.0), "broker broker-1", "bus");
    for (i, name) in CONSUMERS.into_iter().enumerate() {
        let at = pos2(if i == 4 { 880.0 } else { 660.0 }, 90.0 + 90.0 * (i % 4) as f32);
        place(&mut hand, "Add consumer", at, "consumer consumer-1", name);
    }
    hand.double_click("topic bus/events");
    hand.word("orders");
    hand.press(Key::Enter);
    let to = hand.rect("topic bus/orders").center();
    hand.drag("connect from order-service", to);
    for name in ["inventory", "notification", "analytics", "billing"] {
        let to = hand.rect(&format!("consumer {name}")).center();
        hand.drag("connect from bus/orders", to);
    }
    // Onto the broker itself: there is one topic, and billing reads that already, so it asks.
    let to = hand.rect("broker bus").center_top() + egui::vec2(0.0, 12.0);
    hand.drag("connect from billing", to);
    hand.click("New topic…");
    hand.word("invoices");
    hand.press(Key::Enter);
    let to = hand.rect("consumer accounting").center();
    hand.drag("connect from bus/invoices", to);
    hand.click("Play");
    it_runs(&mut hand);
    is_the_shop(&hand);
}

#[test]
fn by_the_keyboard_alone() {
    let mut hand = Hand::new();
    hand.key(Modifiers::COMMAND, Key::N);
    let named = |hand: &mut Hand, key: Key, name: &str| {
        hand.press(key);
        hand.press(Key::F2);
        hand.word(name);
        hand.press(Key::Enter);
    };
    named(&mut hand, Key::P, "order-service");
    for name in CONSUMERS {
        named(&mut hand, Key::C, name);
    }
    named(&mut hand, Key::B, "bus");
    let found = |hand: &mut Hand, modifiers: Modifiers, key: Key, words: &str| {
        hand.key(modifiers, key);
        hand.word(words);
        hand.press(Key::Enter);
    };
    found(&mut hand, Modifiers::COMMAND, Key::K, "rename topic events");
    hand.word("orders");
    hand.press(Key::Enter);
    let plain = Modifiers::NONE;
    found(&mut hand, plain, Key::L, "order-service publishes to bus/orders");
    for name in ["inventory", "notification", "analytics", "billing"] {
        found(&mut hand, plain, Key::L, &format!("{name} reads bus/orders"));
    }
    found(&mut hand, plain, Key::L, "billing publishes to bus/topic-1");
    found(&mut hand, Modifiers::COMMAND, Key::K, "rename topic topic-1");
    hand.word("invoices");
    hand.press(Key::Enter);
    found(&mut hand, plain, Key::L, "accounting reads bus/invoices");
    hand.press(Key::T);
    hand.press(Key::Space);
    it_runs(&mut hand);
    is_the_shop(&hand);
}
