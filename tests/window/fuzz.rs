//! Hands that know no better: random presses, moves, keys and words in the whole window while a run plays, repeatable by seed.
//! Nothing may panic, and at any time undo leads back to exactly what was opened.

use crate::hands::*;
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, TouchPhase, pos2, vec2};
use tidemill::app::action::{Action, Answer};
use tidemill::app::files::Home;
use tidemill::app::session::Question;
use tidemill::scenario::{self, Scenario};

/// A small generator of its own, so that a seed means the same for ever.
struct Luck(u64);

impl Luck {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

const KEYS: &[Key] = &[
    Key::Delete,
    Key::Backspace,
    Key::Escape,
    Key::Tab,
    Key::Enter,
    Key::ArrowLeft,
    Key::ArrowDown,
    Key::Space,
    Key::Period,
    Key::Home,
    Key::OpenBracket,
    Key::CloseBracket,
    Key::A,
    Key::B,
    Key::C,
    Key::D,
    Key::F,
    Key::N,
    Key::O,
    Key::P,
    Key::S,
    Key::Y,
    Key::Z,
    Key::G,
    Key::K,
    Key::L,
    Key::T,
    Key::Slash,
    Key::Plus,
    Key::Minus,
    Key::F1,
    Key::F2,
    Key::F3,
    Key::F4,
];
const WORDS: &[&str] = &["5", "90s", "12 %", "3/s", "-1", "bus", "ü✔", "1e999", "nan", "lost == 0"];

fn one(w: &mut Window, luck: &mut Luck) {
    let pos = pos2(luck.below(1320) as f32 - 20.0, luck.below(760) as f32 - 20.0);
    let modifiers = luck.of(&[Modifiers::NONE, Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND]);
    let button = luck.of(&[PointerButton::Primary, PointerButton::Primary, PointerButton::Secondary, PointerButton::Middle]);
    match luck.below(16) {
        0..=2 => w.event(Event::PointerMoved(pos)),
        3..=5 => {
            w.event(Event::PointerMoved(pos));
            w.event(Event::PointerButton { pos, button, pressed: true, modifiers });
            // Mostly a click, sometimes the beginning of a drag.
            if luck.below(3) > 0 {
                w.event(Event::PointerButton { pos, button, pressed: false, modifiers });
            }
        }
        6 | 7 => w.event(Event::PointerButton { pos, button, pressed: false, modifiers }),
        8 | 9 => w.key_press_modifiers(modifiers, luck.of(KEYS)),
        10 | 11 => {
            w.event(Event::Text(luck.of(WORDS).to_owned()));
            w.run_steps(1);
            w.key_press_modifiers(Modifiers::NONE, luck.of(&[Key::Enter, Key::Tab, Key::ArrowUp]));
        }
        // A drag with all that belongs to it.
        12 | 13 => {
            let from = pos2(luck.below(1280) as f32, luck.below(720) as f32);
            drag(w, from, pos);
        }
        14 if luck.below(3) == 0 => w.event(luck_of_the_clipboard(luck)),
        14 => w.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(luck.below(400) as f32 - 200.0, luck.below(2000) as f32 - 1000.0),
            phase: TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers,
        }),
        _ => w.event(Event::PointerGone),
    }
    w.run_steps(1);
}

/// Copy, cut, and paste of what is or is not a scenario.
fn luck_of_the_clipboard(luck: &mut Luck) -> Event {
    const PART: &str =
        "Scenario(format: 1, events: [Event(name: \"E\")], nodes: [Broker(id: \"bus\", at: (0, 0), kind: Simple(topics: [\"t\"])),
        Consumer(id: \"c\", at: (300, 0), reads: [Read(from: \"bus/t\")])], groups: [Group(title: \"G\", nodes: [\"bus\", \"c\"])],
        notes: [Note(text: \"N\", at: (0, 200))])";
    match luck.below(4) {
        0 => Event::Copy,
        1 => Event::Cut,
        2 => Event::Paste("nothing of use".to_owned()),
        _ => Event::Paste(PART.to_owned()),
    }
}

/// What undoing everything has to lead to. Nothing is saved here, so the text is that of the opening.
fn opened(w: &Window) -> Scenario {
    let document = w.state().session.document.as_ref().unwrap();
    match document.home {
        Home::Nowhere => Scenario::default(),
        _ => scenario::read(&document.original, "opened").unwrap(),
    }
}

/// Undoes everything, counts the steps, and does everything again.
fn undo_leads_back(w: &mut Window, seed: u64) -> usize {
    let now = scenario(w).clone();
    let mut steps = 0;
    while w.state().session.document.as_ref().unwrap().undo_label().is_some() {
        w.state_mut().session.apply(Action::Undo);
        steps += 1;
    }
    assert!(steps < 200, "the history must not have forgotten anything for this to be a test");
    assert_eq!(scenario(w), &opened(w), "seed {seed}");
    assert!(!w.state().session.dirty(), "seed {seed}");
    let document = w.state().session.document.as_ref().unwrap();
    if !document.original.is_empty() {
        let text = scenario::write_over(&document.scenario, &document.original).text;
        assert_eq!(text, document.original, "seed {seed}: byte for byte");
    }
    for _ in 0..steps {
        w.state_mut().session.apply(Action::Redo);
    }
    assert_eq!(scenario(w), &now, "seed {seed}");
    for _ in 0..steps {
        w.state_mut().session.apply(Action::Undo);
    }
    steps
}

#[test]
fn random_hands_never_break_the_window() {
    let mut edits = 0;
    for seed in [3, 0x9E37_79B9_7F4A_7C15] {
        let mut luck = Luck(seed);
        let mut w = window();
        w.state_mut().session.apply(Action::OpenShipped("cases/shop.ron"));
        w.run_steps(3);
        for i in 0..900 {
            one(&mut w, &mut luck);
            // Random hands must not write files, and not stay in front of a question for ever.
            let asked = w.state().session.question.clone();
            if matches!(asked, Some(Question::SavePath | Question::ChangedOnDisk(_))) || (asked.is_some() && i % 40 == 0) {
                w.state_mut().session.apply(Action::Answer(Answer::Cancel));
            }
            if w.state().session.document.is_none() {
                w.state_mut().session.apply(Action::OpenShipped(luck.of(&["cases/shop.ron", "cases/airport.ron", "basics/backlog.ron"])));
            }
            if i % 100 == 99 {
                edits += undo_leads_back(&mut w, seed);
            }
        }
    }
    assert!(edits > 50, "hands that change nothing test nothing: {edits}");
}
