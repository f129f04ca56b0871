//! The zoom of the whole window: what the person chose, as long as there is room for it. In a window below the least size at which
//! everything works, everything is drawn smaller instead of being cut off.

use super::theme::size;
use egui::{Context, Vec2};

/// Nothing is drawn smaller than this; below it, it could not be read anyway.
pub const LEAST: f32 = 0.5;
/// The zoom changes in steps, so that text does not tremble while a window is being resized.
const STEP: f32 = 0.05;

/// Keeps the zoom within what the window's size has room for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zoom {
    /// What was set last. Another one is the person's choice, made with the keys that egui has for it.
    set: Option<f32>,
}

impl Zoom {
    /// Sets the zoom for the next picture. `wanted` is what the person chose, and is noted when that changes.
    pub fn fit(&mut self, ctx: &Context, wanted: &mut f32) {
        let zoom = ctx.zoom_factor();
        if self.set.is_some_and(|set| (set - zoom).abs() > 1e-4) {
            *wanted = zoom;
        }
        let next = wanted.min(most(ctx.viewport_rect().size() * zoom)).max(LEAST);
        self.set = Some(next);
        if (next - zoom).abs() > 1e-4 {
            ctx.set_zoom_factor(next);
        }
    }
}

/// The nearest zoom at which a window of this size, in points at a zoom of 1, has room for everything.
fn most(size: Vec2) -> f32 {
    let most = (size.x / size::LEAST[0]).min(size.y / size::LEAST[1]);
    (most / STEP + 0.001).floor() * STEP
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{RawInput, Rect, vec2};

    fn zoom_in(ctx: &Context, zoom: &mut Zoom, wanted: &mut f32, native: Vec2) -> f32 {
        for _ in 0..3 {
            let points = native / ctx.zoom_factor();
            let raw = RawInput { screen_rect: Some(Rect::from_min_size(Default::default(), points)), ..RawInput::default() };
            // Nobody draws it.
            ctx.run_ui(raw, |ui| zoom.fit(ui.ctx(), wanted)).textures_delta.clear();
        }
        (ctx.zoom_factor() * 1e4).round() / 1e4
    }

    #[test]
    fn a_small_window_shows_everything_smaller_and_a_larger_one_as_before() {
        let (ctx, mut zoom, mut wanted) = (Context::default(), Zoom::default(), 1.0);
        let mut at = |x: f32, y: f32| zoom_in(&ctx, &mut zoom, &mut wanted, vec2(x, y));
        assert_eq!(at(1280.0, 720.0), 1.0);
        assert_eq!(at(960.0, 540.0), 0.9);
        assert_eq!(at(640.0, 360.0), 0.6);
        assert_eq!(at(100.0, 100.0), LEAST);
        assert_eq!(at(1920.0, 1080.0), 1.0);
        assert_eq!(wanted, 1.0);
    }

    #[test]
    fn what_a_person_chose_stands_as_long_as_there_is_room_for_it() {
        let (ctx, mut zoom, mut wanted) = (Context::default(), Zoom::default(), 1.0);
        zoom_in(&ctx, &mut zoom, &mut wanted, vec2(1920.0, 1080.0));
        ctx.set_zoom_factor(1.5);
        assert_eq!(zoom_in(&ctx, &mut zoom, &mut wanted, vec2(1920.0, 1080.0)), 1.5);
        assert_eq!(zoom_in(&ctx, &mut zoom, &mut wanted, vec2(1280.0, 720.0)), 1.2);
        assert_eq!(zoom_in(&ctx, &mut zoom, &mut wanted, vec2(2560.0, 1440.0)), 1.5);
        // Smaller in a window that has no room for what was wanted before.
        zoom_in(&ctx, &mut zoom, &mut wanted, vec2(1280.0, 720.0));
        ctx.set_zoom_factor(1.1);
        assert_eq!(zoom_in(&ctx, &mut zoom, &mut wanted, vec2(1280.0, 720.0)), 1.1);
        assert_eq!(zoom_in(&ctx, &mut zoom, &mut wanted, vec2(2560.0, 1440.0)), 1.1);
    }

    #[test]
    fn the_next_start_knows_the_choice_and_not_what_there_was_room_for() {
        let (ctx, mut wanted) = (Context::default(), 1.0);
        assert_eq!(zoom_in(&ctx, &mut Zoom::default(), &mut wanted, vec2(640.0, 360.0)), 0.6);
        // The context remembers 0.6, the settings the choice.
        assert_eq!(zoom_in(&ctx, &mut Zoom::default(), &mut wanted, vec2(1920.0, 1080.0)), 1.0);
    }
}
