//! Zoom in, zoom out, fit: in the lower left corner.

use super::measures::ZOOM_STEP;
use super::view::{Fitting, View};
use crate::app::theme::{Theme, space};
use egui::{Align2, FontId, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

fn side(theme: &Theme) -> f32 {
    28.0 * (theme.body / 14.0)
}

/// Where they are.
pub fn place(view: &View, theme: &Theme) -> Rect {
    let side = side(theme);
    Rect::from_min_size(view.canvas.left_bottom() + vec2(space::M, -space::M - side), vec2(side * 5.0, side))
}

/// Draws the controls and acts on them.
pub fn show(ui: &Ui, view: &mut View, theme: &Theme, fitting: &mut Fitting) {
    let side = side(theme);
    let whole = place(view, theme);
    let corner = whole.min;
    if view.canvas.width() < side * 6.0 || view.canvas.height() < side * 3.0 {
        return;
    }
    let painter = ui.painter();
    painter.rect(whole, space::RADIUS, theme.panel, Stroke::new(theme.stroke, theme.line), StrokeKind::Outside);
    let middle = view.canvas.center();
    for (i, label) in ["Zoom out", "Zoom in", "Fit"].into_iter().enumerate() {
        let rect = Rect::from_min_size(corner + vec2(side * i as f32, 0.0), vec2(side, side));
        let response = ui.interact(rect, ui.scope_id().with(label), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
        if response.hovered() || response.has_focus() {
            painter.rect_filled(rect.shrink(2.0), space::RADIUS - 2.0, theme.line);
        }
        sign(ui, rect.center(), side * 0.2, i, Stroke::new(1.5 * theme.stroke, theme.text));
        if response.clicked() {
            match i {
                0 => view.zoom_at(middle, 1.0 / ZOOM_STEP),
                1 => view.zoom_at(middle, ZOOM_STEP),
                _ => {
                    fitting.ask();
                    ui.ctx().request_repaint();
                }
            }
        }
        response.on_hover_text(label);
    }
    let percent = format!("{:.0} %", view.zoom * 100.0);
    let at = whole.right_center() - vec2(space::S, 0.0);
    painter.text(at, Align2::RIGHT_CENTER, percent, FontId::proportional(theme.label), theme.muted);
}

fn sign(ui: &Ui, centre: Pos2, r: f32, which: usize, stroke: Stroke) {
    let painter = ui.painter();
    if which < 2 {
        painter.line_segment([centre - vec2(r, 0.0), centre + vec2(r, 0.0)], stroke);
    }
    if which == 1 {
        painter.line_segment([centre - vec2(0.0, r), centre + vec2(0.0, r)], stroke);
    }
    if which == 2 {
        for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
            let corner = centre + vec2(x, y) * r * 1.15;
            painter.line_segment([corner, pos2(corner.x - x * r * 0.8, corner.y)], stroke);
            painter.line_segment([corner, pos2(corner.x, corner.y - y * r * 0.8)], stroke);
        }
    }
}
