//! The whole in small, in the lower right corner, while not all of it is on the screen. A press on it goes there.

use super::layout::Scene;
use super::measures::MINIMAP_SCREEN;
use super::view::View;
use super::{CanvasInput, paint};
use crate::app::theme::space;
use egui::{Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

/// Draws the minimap if it is of use, and moves the view.
pub fn show(ui: &Ui, view: &mut View, scene: &Scene, input: &CanvasInput<'_>) {
    let visible = view.visible();
    let small = view.canvas.width() < MINIMAP_SCREEN.0 * 2.5 || view.canvas.height() < MINIMAP_SCREEN.1 * 2.5;
    if scene.nodes.is_empty() || small || visible.contains_rect(scene.bounds) {
        return;
    }
    let theme = input.theme;
    let all = scene.bounds.union(visible);
    let room = vec2(MINIMAP_SCREEN.0, MINIMAP_SCREEN.1);
    let scale = (room / all.size()).min_elem();
    let frame = Rect::from_min_size(view.canvas.right_bottom() - room - vec2(space::M, space::M), room);
    let to_map = |p: Pos2| frame.center() + (p - all.center()) * scale;
    let response = ui.interact(frame, ui.scope_id().with("minimap"), Sense::CLICK | Sense::DRAG);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "minimap"));
    if let (true, Some(pointer)) = (response.dragged() || response.clicked(), response.interact_pointer_pos()) {
        view.look_at(all.center() + (pointer - frame.center()) / scale);
    }
    let painter = ui.painter().with_clip_rect(frame.expand(2.0));
    painter.rect(frame, space::RADIUS, theme.panel.gamma_multiply(0.92), Stroke::new(theme.stroke, theme.line), StrokeKind::Outside);
    let mut mesh = egui::Mesh::default();
    for node in &scene.nodes {
        let colour = if input.selection.nodes.contains(&node.id) { theme.accent } else { paint::mix(theme.line, theme.muted, 0.6) };
        let rect = Rect::from_min_max(to_map(node.rect.min), to_map(node.rect.max));
        // Never smaller than can be seen.
        let rect = Rect::from_center_size(rect.center(), rect.size().max(vec2(2.0, 2.0)));
        mesh.add_colored_rect(rect.intersect(frame), colour);
    }
    painter.add(egui::Shape::mesh(mesh));
    let seen = Rect::from_min_max(to_map(visible.min), to_map(visible.max)).intersect(frame);
    painter.rect(seen, 2.0, theme.accent.gamma_multiply(0.08), Stroke::new(1.5 * theme.stroke, theme.accent), StrokeKind::Inside);
}
