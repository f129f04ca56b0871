//! The ground: dots to judge distances by, and the hint on an empty canvas.

use super::Brush;
use crate::app::canvas::measures::DOTS;
use egui::text::LayoutJob;
use egui::{Align, Mesh, Rect, Vec2, pos2, vec2};

/// What to do on an empty canvas.
pub const HINT: &str = "Place a producer, a broker and a consumer from the left, then drag from port to port";

/// A grid of dots that coarsens with distance.
pub fn dots(brush: &Brush<'_>, mesh: &mut Mesh) {
    let mut step = DOTS;
    while step * brush.view.zoom < 18.0 {
        step *= 2.0;
    }
    let visible = brush.view.visible();
    let first = pos2((visible.min.x / step).floor() * step, (visible.min.y / step).floor() * step);
    let (columns, rows) = (((visible.width() / step) as usize + 2).min(400), ((visible.height() / step) as usize + 2).min(400));
    let pixels = brush.painter.pixels_per_point();
    let side = Vec2::splat((1.5 * brush.theme.stroke * brush.view.zoom.clamp(0.8, 1.4) * pixels).round().max(1.0) / pixels);
    mesh.reserve_vertices(columns * rows * 4);
    mesh.reserve_triangles(columns * rows * 2);
    for row in 0..rows {
        for column in 0..columns {
            let place = first + vec2(column as f32 * step, row as f32 * step);
            // On whole pixels, or some dots are sharp and some are not.
            let corner = ((brush.view.screen_from_scene(place) - side / 2.0).to_vec2() * pixels).round() / pixels;
            mesh.add_colored_rect(Rect::from_min_size(corner.to_pos2(), side), brush.theme.grid);
        }
    }
}

/// Words for an empty canvas, over as many lines as they need.
pub fn hint(brush: &Brush<'_>) {
    let canvas = brush.view.canvas;
    let font = egui::FontId::proportional(brush.theme.body);
    let width = (canvas.width() - 48.0).clamp(80.0, 620.0 * brush.theme.body / 14.0);
    let mut job = LayoutJob::simple(HINT.to_owned(), font, brush.theme.muted, width);
    job.halign = Align::Center;
    let galley = brush.painter.layout_job(job);
    // A centred text is placed by its middle.
    let top = canvas.center() - vec2(0.0, galley.size().y / 2.0);
    brush.painter.galley(top, galley, brush.theme.muted);
}
