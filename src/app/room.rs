//! Little room: below the least size at which everything works, everything is drawn smaller instead of being cut off.

use super::theme::size;
use egui::{Context, Vec2};

/// Nothing is drawn smaller than this; below it, it could not be read anyway.
pub const LEAST_ZOOM: f32 = 0.5;
/// The zoom changes in steps, so that text does not tremble while a window is being resized.
const STEP: f32 = 0.05;

/// Keeps the zoom of the whole window within what its size has room for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Room {
    /// What the zoom was before there was too little room for it.
    wanted: Option<f32>,
}

impl Room {
    /// Sets the zoom for the next picture.
    pub fn fit(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let most = most_zoom(ctx.viewport_rect().size() * zoom);
        let wanted = self.wanted.unwrap_or(zoom);
        let next = wanted.min(most);
        self.wanted = (next < wanted).then_some(wanted);
        if (next - zoom).abs() > STEP / 2.0 {
            ctx.set_zoom_factor(next);
        }
    }
}

/// The nearest zoom at which a window of this size, in points at a zoom of 1, has room for everything.
fn most_zoom(size: Vec2) -> f32 {
    let most = (size.x / size::LEAST[0]).min(size.y / size::LEAST[1]);
    ((most / STEP + 0.001).floor() * STEP).max(LEAST_ZOOM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{RawInput, Rect, vec2};

    fn zoom_in(ctx: &Context, room: &mut Room, native: Vec2) -> f32 {
        for _ in 0..3 {
            let points = native / ctx.zoom_factor();
            let raw = RawInput { screen_rect: Some(Rect::from_min_size(Default::default(), points)), ..RawInput::default() };
            // Nobody draws it.
            ctx.run_ui(raw, |ui| room.fit(ui.ctx())).textures_delta.clear();
        }
        ctx.zoom_factor()
    }

    #[test]
    fn a_small_window_shows_everything_smaller_and_a_larger_one_as_before() {
        let (ctx, mut room) = (Context::default(), Room::default());
        assert_eq!(zoom_in(&ctx, &mut room, vec2(1280.0, 720.0)), 1.0);
        assert!((zoom_in(&ctx, &mut room, vec2(960.0, 540.0)) - 0.9).abs() < 1e-4);
        assert!((zoom_in(&ctx, &mut room, vec2(640.0, 360.0)) - 0.6).abs() < 1e-4);
        assert_eq!(zoom_in(&ctx, &mut room, vec2(100.0, 100.0)), LEAST_ZOOM);
        assert_eq!(zoom_in(&ctx, &mut room, vec2(1920.0, 1080.0)), 1.0);
        // What a person chose stands as long as there is room for it.
        ctx.set_zoom_factor(1.5);
        assert_eq!(zoom_in(&ctx, &mut room, vec2(1920.0, 1080.0)), 1.5);
        assert!((zoom_in(&ctx, &mut room, vec2(1280.0, 720.0)) - 1.2).abs() < 1e-4);
        assert_eq!(zoom_in(&ctx, &mut room, vec2(2560.0, 1440.0)), 1.5);
    }
}
