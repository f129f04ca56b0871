//! Hands that know no better: thousands of random events, repeatable by their seed.

use crate::world::*;
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, TouchPhase, pos2, vec2};
use tidemill::app::action::Placing;

/// A small generator of its own, so that a seed means the same for ever.
struct Luck(u64);

impl Luck {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[test]
fn random_hands_never_break_it() {
    let keys = [Key::Delete, Key::Backspace, Key::Escape, Key::Tab, Key::ArrowLeft, Key::ArrowUp, Key::Space, Key::A, Key::D, Key::Enter];
    for seed in [1, 0x9E37_79B9_7F4A_7C15, 77] {
        let mut luck = Luck(seed);
        let mut h = harness(connected());
        for _ in 0..1500 {
            let pos = pos2(luck.below(1040) as f32 - 20.0, luck.below(680) as f32 - 20.0);
            let modifiers = [Modifiers::NONE, Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND][luck.below(4) as usize];
            let button =
                [PointerButton::Primary, PointerButton::Primary, PointerButton::Secondary, PointerButton::Middle][luck.below(4) as usize];
            match luck.below(12) {
                0..=3 => h.event(Event::PointerMoved(pos)),
                4 | 5 => h.event(Event::PointerButton { pos, button, pressed: true, modifiers }),
                6 | 7 => h.event(Event::PointerButton { pos, button, pressed: false, modifiers }),
                8 => {
                    let key = keys[luck.below(keys.len() as u64) as usize];
                    h.key_press_modifiers(modifiers, key);
                }
                9 => {
                    let delta = vec2(luck.below(400) as f32 - 200.0, luck.below(2000) as f32 - 1000.0);
                    h.event(Event::MouseWheel {
                        unit: MouseWheelUnit::Point,
                        delta,
                        phase: TouchPhase::Move,
                        source: egui::MouseWheelSource::Wheel,
                        modifiers,
                    });
                }
                10 => h.event(Event::PointerGone),
                _ => {
                    let placing = [None, None, Some(Placing::Producer), Some(Placing::Broker("Simple")), Some(Placing::Consumer)];
                    h.state_mut().placing = placing[luck.below(5) as usize];
                    if h.state().scenario.nodes.len() > 60 {
                        h.state_mut().scenario = connected();
                        h.state_mut().canvas.fit();
                    }
                }
            }
            h.run_steps(1);
        }
        assert!(h.state().scenario.nodes.iter().all(|n| n.at().is_none_or(|(x, y)| x.is_finite() && y.is_finite())), "seed {seed}");
    }
}
