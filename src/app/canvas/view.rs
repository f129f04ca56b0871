//! Where the scene is on the screen: pan and zoom, mapped there and back. Knows nothing of what is drawn.

use super::measures::{FIT_MARGIN_SCREEN, FIT_ZOOM, ZOOM};
use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Pan and zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Points per scene unit.
    pub zoom: f32,
    /// The scene's place in the middle of the canvas.
    pub centre: Pos2,
    /// The canvas on the screen.
    pub canvas: Rect,
}

impl Default for View {
    fn default() -> Self {
        View { zoom: 1.0, centre: Pos2::ZERO, canvas: Rect::from_min_size(Pos2::ZERO, vec2(1.0, 1.0)) }
    }
}

impl View {
    /// Where a place of the scene is on the screen.
    #[inline]
    pub fn screen_from_scene(&self, place: Pos2) -> Pos2 {
        self.canvas.center() + (place - self.centre) * self.zoom
    }

    /// Which place of the scene is at a point of the screen.
    #[inline]
    pub fn scene_from_screen(&self, point: Pos2) -> Pos2 {
        self.centre + (point - self.canvas.center()) / self.zoom
    }

    /// The same for a rectangle.
    pub fn screen_rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.screen_from_scene(rect.min), self.screen_from_scene(rect.max))
    }

    /// The part of the scene that is on the screen.
    pub fn visible(&self) -> Rect {
        Rect::from_min_max(self.scene_from_screen(self.canvas.min), self.scene_from_screen(self.canvas.max))
    }

    /// Moves the scene by so many points of the screen.
    pub fn pan(&mut self, points: Vec2) {
        self.look_at(self.centre - points / self.zoom);
    }

    /// Zooms so that what is at `point` of the screen stays there.
    pub fn zoom_at(&mut self, point: Pos2, factor: f32) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let fixed = self.scene_from_screen(point);
        self.zoom = (self.zoom * factor).clamp(ZOOM.0, ZOOM.1);
        self.look_at(fixed - (point - self.canvas.center()) / self.zoom);
    }

    /// Puts a place of the scene into the middle; far beyond all scenes figures lose their precision, so it ends there.
    pub fn look_at(&mut self, place: Pos2) {
        const EDGE: f32 = 200_000.0;
        if place.x.is_finite() && place.y.is_finite() {
            self.centre = place.clamp(pos2(-EDGE, -EDGE), pos2(EDGE, EDGE));
        }
    }

    /// Shows all of `content`.
    pub fn fit(&mut self, content: Rect) {
        if !content.is_finite() || content.is_negative() {
            (self.zoom, self.centre) = (1.0, Pos2::ZERO);
            return;
        }
        // A small canvas has no room to waste.
        let margin = (self.canvas.size() * 0.045).clamp(Vec2::splat(FIT_MARGIN_SCREEN.0), Vec2::splat(FIT_MARGIN_SCREEN.1));
        let room = (self.canvas.size() - margin * 2.0).max(vec2(40.0, 40.0));
        let zoom = (room / content.size().max(vec2(1.0, 1.0))).min_elem();
        self.zoom = zoom.clamp(ZOOM.0, FIT_ZOOM);
        self.look_at(content.center());
    }
}

/// Keeps the whole content in sight while the canvas changes its size, until the person moves the view.
#[derive(Clone, Copy, Debug)]
pub struct Fitting {
    /// The content is to be shown as a whole with the next frame.
    wanted: bool,
    /// What the view was fitted to, and how it was left.
    left: Option<(View, f32)>,
}

impl Default for Fitting {
    fn default() -> Self {
        Fitting { wanted: true, left: None }
    }
}

impl Fitting {
    /// Asks for the whole content.
    pub fn ask(&mut self) {
        self.wanted = true;
    }

    /// The view stays as it is now, whatever happens to the canvas.
    pub fn leave(&mut self) {
        *self = Fitting { wanted: false, left: None };
    }

    /// Fits `view` if that was asked for, or if its canvas or the content's `scale` has changed and nobody has moved it since.
    /// Nothing of it comes to lie under `corner`, on the screen, if `covered` says that it would.
    pub fn apply(&mut self, view: &mut View, content: Rect, scale: f32, corner: Rect, covered: impl Fn(&View) -> bool) {
        let untouched = self.left.is_some_and(|(left, _)| left.zoom == view.zoom && left.centre == view.centre);
        let changed = self.left.is_some_and(|(left, s)| left.canvas.size() != view.canvas.size() || s != scale);
        if self.wanted || (untouched && changed) {
            view.fit(content);
            if covered(view) {
                let whole = view.canvas;
                view.canvas = whole.with_max_y(corner.top());
                view.fit(content);
                let shown = view.canvas;
                view.canvas = whole;
                // The same place on the screen, in the whole canvas.
                view.look_at(content.center() + (whole.center() - shown.center()) / view.zoom);
            }
            // Nothing was shown yet: what comes first is put where the person wants it.
            (self.wanted, self.left) = (false, content.is_positive().then_some((*view, scale)));
        } else if !untouched {
            self.left = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        View { zoom: 1.7, centre: pos2(312.0, -40.0), canvas: Rect::from_min_size(pos2(60.0, 40.0), vec2(800.0, 600.0)) }
    }

    #[test]
    fn there_and_back() {
        let view = view();
        for (x, y) in [(0.0, 0.0), (-1234.5, 77.25), (3000.0, 900.0)] {
            let back = view.scene_from_screen(view.screen_from_scene(pos2(x, y)));
            assert!((back - pos2(x, y)).length() < 1e-2, "{back:?}");
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut view = view();
        let pointer = pos2(200.0, 500.0);
        let before = view.scene_from_screen(pointer);
        for factor in [1.25, 0.3, 100.0, 1e-9, f32::NAN, -1.0, 2.0] {
            view.zoom_at(pointer, factor);
            assert!((view.scene_from_screen(pointer) - before).length() < 1e-1);
            assert!((ZOOM.0..=ZOOM.1).contains(&view.zoom));
        }
    }

    #[test]
    fn the_whole_stays_in_sight_until_someone_moves_the_view() {
        let (mut view, mut fitting) = (view(), Fitting::default());
        let content = Rect::from_min_max(pos2(-500.0, 20.0), pos2(900.0, 700.0));
        let seen = |view: &View| view.canvas.contains_rect(view.screen_rect(content));
        fitting.apply(&mut view, content, 1.0, Rect::NOTHING, |_| false);
        assert!(seen(&view));
        for size in [vec2(500.0, 300.0), vec2(1900.0, 900.0), vec2(300.0, 900.0)] {
            view.canvas = Rect::from_min_size(pos2(60.0, 40.0), size);
            fitting.apply(&mut view, content, 1.0, Rect::NOTHING, |_| false);
            assert!(seen(&view), "{size:?}");
        }
        view.pan(vec2(10.0, 0.0));
        let moved = view;
        fitting.apply(&mut view, content, 1.0, Rect::NOTHING, |_| false);
        view.canvas = Rect::from_min_size(pos2(60.0, 40.0), vec2(200.0, 200.0));
        fitting.apply(&mut view, content, 1.0, Rect::NOTHING, |_| false);
        assert_eq!((view.zoom, view.centre), (moved.zoom, moved.centre), "it is the person's now");
        fitting.ask();
        fitting.apply(&mut view, content, 1.0, Rect::NOTHING, |_| false);
        assert!(seen(&view));
        fitting.leave();
        let left = view;
        view.canvas = Rect::from_min_size(pos2(60.0, 40.0), vec2(800.0, 200.0));
        fitting.apply(&mut view, content, 1.0, Rect::NOTHING, |_| false);
        assert_eq!((view.zoom, view.centre), (left.zoom, left.centre));
    }

    #[test]
    fn fitting_shows_all_and_survives_nothing() {
        let mut view = view();
        let content = Rect::from_min_max(pos2(-500.0, 20.0), pos2(4000.0, 700.0));
        view.fit(content);
        assert!(view.canvas.contains_rect(view.screen_rect(content)));
        view.fit(Rect::NOTHING);
        assert_eq!((view.zoom, view.centre), (1.0, Pos2::ZERO));
        view.canvas = Rect::from_min_size(Pos2::ZERO, Vec2::ZERO);
        view.fit(content);
        assert!(view.zoom >= ZOOM.0 && view.zoom.is_finite());
    }

    #[test]
    fn nothing_comes_to_lie_under_the_corner() {
        let mut view = view();
        let content = Rect::from_min_size(Pos2::ZERO, vec2(1000.0, 740.0));
        let node = Rect::from_min_size(pos2(0.0, 660.0), vec2(150.0, 80.0));
        let corner = Rect::from_min_size(view.canvas.left_bottom() + vec2(12.0, -60.0), vec2(140.0, 48.0));
        Fitting::default().apply(&mut view, content, 1.0, corner, |_| false);
        assert!(view.screen_rect(node).intersects(corner), "it would");
        Fitting::default().apply(&mut view, content, 1.0, corner, |view| view.screen_rect(node).intersects(corner));
        assert!(!view.screen_rect(node).intersects(corner));
        assert!(view.canvas.contains_rect(view.screen_rect(content)));
        assert_eq!(view.canvas, Rect::from_min_size(pos2(60.0, 40.0), vec2(800.0, 600.0)));
    }
}
