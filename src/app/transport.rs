//! The transport: back to the start, play, step, speed, the clock, how far the run is.

use super::action::Action;
use super::theme::{Theme, size, space};
use super::timeline::TimeView;
use super::widgets::{icon_button, muted, named, named_choice};
use crate::figures;
use crate::run::frame::{PlayState, Speed};
use crate::run::{Command, Frame};
use crate::scenario::Scenario;
use crate::time::Time;
use egui::{Align2, Button, ComboBox, CornerRadius, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};
use egui_material_icons::icons::{
    ICON_CASINO, ICON_PAUSE, ICON_PLAY_ARROW, ICON_REPLAY, ICON_SKIP_NEXT, ICON_SKIP_PREVIOUS, ICON_SLOW_MOTION_VIDEO,
};

/// Speeds to choose from.
const SPEEDS: &[f64] = &[0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 1000.0, 10_000.0];

/// What the transport reads.
pub struct Transport<'a> {
    /// The open scenario.
    pub scenario: &'a Scenario,
    /// The run, if there is one.
    pub frame: Option<&'a Frame>,
    /// Whether what is on the canvas can run.
    pub runnable: bool,
    /// The look.
    pub theme: &'a Theme,
}

/// Draws the transport.
pub fn show(ui: &mut Ui, input: &Transport<'_>, time: &mut TimeView, actions: &mut Vec<Action>) {
    let theme = input.theme;
    ui.horizontal_centered(|ui| {
        buttons(ui, input, actions);
        ui.add_space(theme.px(space::XS));
        speed(ui, input, actions);
        ui.add_space(theme.px(space::XS));
        clock(ui, input);
        seed(ui, input, actions);
        scrub(ui, input, time, actions);
    });
}

fn buttons(ui: &mut Ui, input: &Transport<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let there = input.frame.is_some();
    let playing = input.frame.is_some_and(|f| f.state == PlayState::Playing);
    if icon_button(ui, theme, ICON_REPLAY, "Restart", "Home", there).clicked() {
        actions.push(Action::Run(Command::Restart));
    }
    if icon_button(ui, theme, ICON_SKIP_PREVIOUS, "Step back", "the last thing that happened: ,", there).clicked() {
        actions.push(Action::Run(Command::StepBack));
    }
    let (icon, name, command) = if playing { (ICON_PAUSE, "Pause", Command::Pause) } else { (ICON_PLAY_ARROW, "Play", Command::Play) };
    let face = icon.rich_text().size(theme.px(size::ICON)).color(theme.on_accent);
    let button = Button::new(face).fill(theme.accent).corner_radius(CornerRadius::same(theme.px(20.0) as u8));
    let response = ui.add_enabled(there, button.min_size(Vec2::splat(theme.px(40.0))));
    named(&response, name);
    let why = "Nothing can run yet: see the problems below";
    if response.on_hover_text(format!("{name} (Space)")).on_disabled_hover_text(why).clicked() {
        actions.push(Action::Run(command));
    }
    if icon_button(ui, theme, ICON_SKIP_NEXT, "Step", "the next thing that happens: .", there).clicked() {
        actions.push(Action::Run(Command::Step));
    }
    let follow = input.frame.is_some_and(|f| f.past.follow);
    let response = icon_button(ui, theme, ICON_SLOW_MOTION_VIDEO, "Slow motion", "follow single events: S", there);
    named_choice(&response, "Slow motion", follow);
    if follow {
        ui.painter().rect_stroke(response.rect, space::RADIUS, Stroke::new(theme.stroke * 1.5, theme.accent), StrokeKind::Inside);
    }
    if response.clicked() {
        actions.push(Action::Run(Command::Follow(!follow)));
    }
}

fn speed(ui: &mut Ui, input: &Transport<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let now = input.frame.map_or(Speed::Times(1.0), |f| f.speed);
    let shown = RichText::new(words(now));
    let list = ComboBox::from_id_salt("speed").selected_text(shown).width(theme.px(88.0)).height(theme.px(460.0));
    let response = ui.add_enabled_ui(input.frame.is_some(), |ui| {
        list.show_ui(ui, |ui| {
            for speed in SPEEDS.iter().map(|t| Speed::Times(*t)).chain([Speed::Max]) {
                if ui.selectable_label(speed == now, words(speed)).clicked() {
                    actions.push(Action::Run(Command::Speed(speed)));
                }
            }
        })
        .response
    });
    let response = response.inner;
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, response.enabled(), "Speed"));
    response.on_hover_text("Virtual seconds per second");
}

/// The speed a step faster or slower than this.
pub fn neighbour(now: Speed, faster: bool) -> Speed {
    let times = match now {
        Speed::Times(times) => times,
        Speed::Max if faster => return Speed::Max,
        Speed::Max => return Speed::Times(SPEEDS[SPEEDS.len() - 1]),
    };
    if faster {
        SPEEDS.iter().find(|s| **s > times * 1.001).map_or(Speed::Max, |s| Speed::Times(*s))
    } else {
        Speed::Times(SPEEDS.iter().rev().find(|s| **s < times * 0.999).copied().unwrap_or(SPEEDS[0]))
    }
}

fn words(speed: Speed) -> String {
    match speed {
        // Speeds that were not chosen from the list have any number of digits.
        Speed::Times(times) if SPEEDS.contains(&times) => format!("{times}×"),
        Speed::Times(times) => format!("{}×", figures::number(times)),
        Speed::Max => "Max".to_owned(),
    }
}

fn clock(ui: &mut Ui, input: &Transport<'_>) {
    let theme = input.theme;
    let now = input.frame.map_or(Time::ZERO, |f| f.now);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space(theme.px(space::S));
        ui.label(RichText::new(now.to_string()).monospace().size(theme.title));
        let (text, colour) = state(input);
        let label = ui.add(egui::Label::new(RichText::new(text).color(colour).size(theme.label)).extend());
        if let Some(PlayState::Stopped(why)) = input.frame.map(|f| &f.state) {
            label.on_hover_text(why);
        }
    });
}

/// What goes on, in words.
fn state(input: &Transport<'_>) -> (String, egui::Color32) {
    let theme = input.theme;
    let Some(frame) = input.frame else { return ("Nothing to run yet".to_owned(), theme.muted) };
    let changed = if input.runnable { "" } else { ", before the last change" };
    match &frame.state {
        // A machine that cannot keep up says so; otherwise the wanted speed is the speed.
        PlayState::Playing if behind(frame) => (format!("Playing at {}×{changed}", figures::number(frame.achieved)), theme.warn),
        PlayState::Playing => (format!("Playing{changed}"), theme.good),
        PlayState::Paused if frame.now == Time::ZERO => (format!("At the start{changed}"), theme.muted),
        PlayState::Paused => (format!("Paused{changed}"), theme.muted),
        PlayState::Finished => (format!("Finished{changed}"), theme.accent),
        PlayState::Stopped(_) => ("Stopped".to_owned(), theme.bad),
    }
}

fn behind(frame: &Frame) -> bool {
    match frame.speed {
        Speed::Max => true,
        Speed::Times(wanted) => frame.achieved > 0.0 && frame.achieved < wanted * 0.8,
    }
}

fn seed(ui: &mut Ui, input: &Transport<'_>, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let seed = input.frame.map_or(input.scenario.seed, |f| f.seed);
    ui.label(muted(theme, format!("Seed {seed}")).size(theme.label));
    if icon_button(ui, theme, ICON_CASINO, "Another seed", "the same scenario with other luck", true).clicked() {
        let mut next = input.scenario.clone();
        // Any other number will do; this one is neither random nor dependent on a clock.
        next.seed = next.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 44;
        let label = "Change seed".to_owned();
        actions.push(Action::Edit(super::edit::Edit::SetScenario { label, scenario: Box::new(next) }));
    }
}

/// The whole run in one line: how far it was recorded, where the moment is, what was changed and marked. Clicked or dragged, it goes there.
fn scrub(ui: &mut Ui, input: &Transport<'_>, time: &mut TimeView, actions: &mut Vec<Action>) {
    let theme = input.theme;
    let width = ui.available_width() - theme.px(space::S);
    if width < theme.px(80.0) {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme.px(size::CONTROL)), Sense::click_and_drag());
    let (now, recorded, all, warmup) = match input.frame {
        Some(f) => (f.now.seconds(), f.past.recorded.seconds(), f.plan.duration.seconds(), f.plan.warmup.seconds()),
        None => (0.0, 0.0, input.scenario.duration.seconds(), input.scenario.warmup.seconds()),
    };
    let share = |t: f64| if all > 0.0 { (t / all).clamp(0.0, 1.0) as f32 } else { 0.0 };
    let bar = egui::Rect::from_center_size(rect.center() - vec2(0.0, theme.px(space::XS)), vec2(rect.width(), theme.px(space::XS) * 1.5));
    let painter = ui.painter();
    let part = |share: f32| egui::Rect::from_min_size(bar.min, vec2(bar.width() * share, bar.height()));
    let x = |t: f64| bar.left() + bar.width() * share(t);
    painter.rect_filled(bar, space::XS, theme.line);
    painter.rect_filled(part(share(recorded)), space::XS, theme.wash(theme.accent, 0.45));
    painter.rect_filled(part(share(warmup)), space::XS, theme.wash(theme.warn, 0.5));
    painter.rect_filled(part(share(now)), space::XS, theme.accent);
    let tick = |t: f64, colour: egui::Color32| {
        let reach = theme.px(space::XS) * 1.5;
        painter.line_segment(
            [egui::pos2(x(t), bar.top() - reach), egui::pos2(x(t), bar.bottom() + reach)],
            Stroke::new(theme.stroke * 1.5, colour),
        );
    };
    if let Some(past) = input.frame.map(|f| &f.past) {
        past.branches.iter().filter_map(|b| b.parent).filter(|(p, _)| *p == past.branch).for_each(|(_, at)| tick(at.seconds(), theme.good));
        past.here().into_iter().flat_map(|b| &b.interventions).for_each(|change| tick(change.time().seconds(), theme.warn));
        past.looping.into_iter().flat_map(|(from, to)| [from, to]).for_each(|at| tick(at.seconds(), theme.good));
    }
    time.markers.iter().for_each(|marker| tick(marker.at.seconds(), theme.muted));
    let head = egui::pos2(x(now), bar.center().y);
    painter.circle(head, theme.px(space::XS) * 1.5, theme.accent, Stroke::new(theme.stroke * 2.0, theme.panel));
    let below = rect.bottom() + theme.px(space::XS);
    let font = egui::FontId::proportional(theme.label);
    let end = figures::seconds(all);
    painter.text(egui::pos2(bar.left(), below), Align2::LEFT_BOTTOM, "0 s", font.clone(), theme.muted);
    painter.text(egui::pos2(bar.right(), below), Align2::RIGHT_BOTTOM, end.clone(), font, theme.muted);
    if response.has_focus() {
        painter.rect_stroke(rect, space::RADIUS, Stroke::new(theme.stroke, theme.accent), StrokeKind::Inside);
    }
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from(share(now)) * 100.0),
        ..WidgetInfo::labeled(egui::Role::Slider, input.frame.is_some(), "Moment of the run")
    });
    let at = |pos: egui::Pos2| f64::from((pos.x - bar.left()) / bar.width()).clamp(0.0, 1.0) * all;
    if input.frame.is_some()
        && (response.clicked() || response.dragged())
        && let Some(pos) = response.interact_pointer_pos()
    {
        time.seek(at(pos), actions);
    }
    if response.drag_stopped() || response.clicked() {
        time.let_go();
    }
    let here = response.hover_pos().map_or(now, at);
    response.on_hover_text(format!(
        "{}: click or drag to go there\nat {} of {end}; statistics start after {}",
        figures::seconds(here),
        figures::seconds(now),
        figures::seconds(warmup)
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_go_up_and_down_by_steps_and_stop_at_the_ends() {
        assert_eq!(neighbour(Speed::Times(1.0), true), Speed::Times(2.0));
        assert_eq!(neighbour(Speed::Times(1.0), false), Speed::Times(0.5));
        assert_eq!(neighbour(Speed::Times(3.0), false), Speed::Times(2.0));
        assert_eq!(neighbour(Speed::Times(10_000.0), true), Speed::Max);
        assert_eq!(neighbour(Speed::Max, false), Speed::Times(10_000.0));
        assert_eq!(neighbour(Speed::Times(0.001), false), Speed::Times(0.001));
    }
}
