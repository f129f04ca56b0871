//! A window without a screen, and the hands to use it.

#![allow(clippy::disallowed_methods, reason = "runs are paced by wall time, so wall time has to pass here")]

use egui::{Key, Modifiers, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::time::{Duration, Instant};
use tidemill::app::Shell;
use tidemill::app::settings::Settings;
use tidemill::scenario::Scenario;

pub type Window = Harness<'static, Shell>;

pub fn window() -> Window {
    let builder = Harness::builder().with_size(egui::vec2(1280.0, 720.0)).with_step_dt(0.02);
    let mut window = builder.build_eframe(|cc| Shell::new(&cc.egui_ctx, Settings::default()));
    window.run_steps(3);
    window
}

pub fn scenario(window: &Window) -> &Scenario {
    &window.state().session.document.as_ref().unwrap().scenario
}

/// Lets pictures pass until something is so; wall time passes with them.
pub fn until(window: &mut Window, what: &str, so: impl Fn(&Shell) -> bool) {
    let began = Instant::now();
    while !so(window.state()) {
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
        window.run_steps(1);
    }
    window.run_steps(2);
}

pub fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(4);
}

pub fn press(window: &mut Window, key: Key) {
    window.key_press(key);
    window.run_steps(3);
}

/// A press and a release at a place.
pub fn click_at(window: &mut Window, at: Pos2) {
    window.hover_at(at);
    window.run_steps(2);
    window.drag_at(at);
    window.run_steps(1);
    window.drop_at(at);
    window.run_steps(3);
}

/// A press, a few moves, a release.
pub fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    window.hover_at(from);
    window.run_steps(2);
    window.drag_at(from);
    window.run_steps(1);
    for i in 1..=5 {
        window.hover_at(from.lerp(to, i as f32 / 5.0));
        window.run_steps(1);
    }
    window.drop_at(to);
    window.run_steps(3);
}

pub fn middle(window: &Window, label: &str) -> Pos2 {
    window.get_by_label(label).rect().center()
}

/// Puts another text into the field that has the focus.
pub fn retype(window: &mut Window, label: &str, text: &str) {
    window.get_by_role_and_label(egui::accesskit::Role::TextInput, label).focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.get_by_role_and_label(egui::accesskit::Role::TextInput, label).type_text(text);
    window.run_steps(2);
    press(window, Key::Enter);
}

/// Picks from a list of the inspector.
pub fn pick(w: &mut Window, list: &str, option: &str) {
    // A list that was picked from without a pointer is still open.
    if w.query_by_role_and_label(egui::accesskit::Role::Button, option).is_none() {
        w.get_by_role_and_label(egui::accesskit::Role::ComboBox, list).click_accesskit();
        w.run_steps(4);
    }
    w.get_by_role_and_label(egui::accesskit::Role::Button, option).click_accesskit();
    w.run_steps(4);
}
