//! Lines and outlines as triangles of our own making, a few vertices per point, so that what did not change since the last
//! picture is kept as one mesh instead of being cut into triangles again. Pure geometry; knows nothing of what it draws.

use egui::{Color32, Mesh, Pos2, Vec2, vec2};
use std::sync::Arc;

/// A mesh that is kept for as long as what it was made from stays the same.
#[derive(Debug)]
pub struct Kept<K> {
    key: Option<K>,
    mesh: Arc<Mesh>,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Kept { key: None, mesh: Arc::default() }
    }
}

impl<K: PartialEq> Kept<K> {
    /// What the mesh was made from.
    pub fn key(&self) -> Option<&K> {
        self.key.as_ref()
    }

    /// The mesh for this key, made anew only if the key is another one.
    pub fn get(&mut self, key: K, make: impl FnOnce(&K, &mut Mesh)) -> Arc<Mesh> {
        if self.key.as_ref() != Some(&key) {
            // Its memory is used again once no picture holds it any more.
            let mut mesh = std::mem::take(&mut self.mesh);
            let fresh = Arc::make_mut(&mut mesh);
            fresh.clear();
            make(&key, fresh);
            self.mesh = mesh;
            self.key = Some(key);
        }
        Arc::clone(&self.mesh)
    }
}

/// Brushes for a mesh: `soft` is how wide edges fade, one pixel in points.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    /// See above.
    pub soft: f32,
}

impl Pen {
    /// A line through points. What is thinner than the fading edge becomes fainter instead.
    pub fn line(self, mesh: &mut Mesh, points: &[Pos2], width: f32, colour: Color32) {
        if points.len() < 2 || width <= 0.0 || colour == Color32::TRANSPARENT {
            return;
        }
        let thin = width <= self.soft;
        let across = if thin { 3 } else { 4 };
        let first = mesh.vertices.len() as u32;
        mesh.reserve_vertices(points.len() * across);
        mesh.reserve_triangles((points.len() - 1) * (across - 1) * 2);
        let ink = if thin { colour.gamma_multiply(width / self.soft) } else { colour };
        for i in 0..points.len() {
            let normal = normal(points, i, false);
            let (here, outer) = (points[i], if thin { self.soft } else { (width + self.soft) / 2.0 });
            mesh.colored_vertex(here + normal * outer, Color32::TRANSPARENT);
            if thin {
                mesh.colored_vertex(here, ink);
            } else {
                let inner = (width - self.soft) / 2.0;
                mesh.colored_vertex(here + normal * inner, ink);
                mesh.colored_vertex(here - normal * inner, ink);
            }
            mesh.colored_vertex(here - normal * outer, Color32::TRANSPARENT);
        }
        for i in 0..points.len() as u32 - 1 {
            band(mesh, first + i * across as u32, first + (i + 1) * across as u32, across as u32);
        }
    }

    /// Dashes along points.
    pub fn dashes(self, mesh: &mut Mesh, points: &[Pos2], width: f32, colour: Color32, dash: f32, gap: f32) {
        let (mut drawn, mut left) = (true, dash.max(0.5));
        let mut stroke: Vec<Pos2> = points.first().copied().into_iter().collect();
        for pair in points.windows(2) {
            let (mut from, whole) = (pair[0], (pair[1] - pair[0]).length());
            let way = if whole > 0.0 { (pair[1] - pair[0]) / whole } else { Vec2::ZERO };
            let mut rest = whole;
            while rest > left {
                from += way * left;
                rest -= left;
                if drawn {
                    stroke.push(from);
                    self.line(mesh, &stroke, width, colour);
                }
                drawn = !drawn;
                left = if drawn { dash } else { gap }.max(0.5);
                stroke.clear();
                stroke.push(from);
            }
            left -= rest;
            if drawn {
                stroke.push(pair[1]);
            }
        }
        if drawn {
            self.line(mesh, &stroke, width, colour);
        }
    }

    /// A convex shape, its corners clockwise on the screen: filled, with an edge of `width` in the middle of its outline.
    pub fn convex(self, mesh: &mut Mesh, corners: &[Pos2], fill: Color32, width: f32, edge: Color32) {
        let n = corners.len() as u32;
        if n < 3 {
            return;
        }
        let edged = width > 0.0 && edge != Color32::TRANSPARENT;
        let first = mesh.vertices.len() as u32;
        let rings: &[(f32, Color32)] = if edged {
            let (half, soft) = (width / 2.0, self.soft / 2.0);
            &[(-half - soft, fill), (-(half - soft).max(0.0), edge), ((half - soft).max(0.0), edge), (half + soft, Color32::TRANSPARENT)]
        } else {
            &[(-self.soft / 2.0, fill), (self.soft / 2.0, Color32::TRANSPARENT)]
        };
        for i in 0..corners.len() {
            let out = normal(corners, i, true);
            for (distance, colour) in rings {
                mesh.colored_vertex(corners[i] + out * *distance, *colour);
            }
        }
        let across = rings.len() as u32;
        for i in 2..n {
            mesh.add_triangle(first, first + (i - 1) * across, first + i * across);
        }
        for i in 0..n {
            band(mesh, first + i * across, first + (i + 1) % n * across, across);
        }
    }
}

/// Joins two rows of vertices.
fn band(mesh: &mut Mesh, a: u32, b: u32, across: u32) {
    for k in 0..across - 1 {
        mesh.add_triangle(a + k, a + k + 1, b + k);
        mesh.add_triangle(a + k + 1, b + k + 1, b + k);
    }
}

/// The direction across the line at a point, as long as it takes for both stretches to keep their width. Outward for clockwise corners.
fn normal(points: &[Pos2], i: usize, closed: bool) -> Vec2 {
    let n = points.len();
    let across = |from: Pos2, to: Pos2| {
        let way = (to - from).normalized();
        vec2(way.y, -way.x)
    };
    let before = if i > 0 {
        Some(points[i - 1])
    } else if closed {
        Some(points[n - 1])
    } else {
        None
    };
    let after = if i + 1 < n {
        Some(points[i + 1])
    } else if closed {
        Some(points[0])
    } else {
        None
    };
    let sides = [before.map(|p| across(p, points[i])), after.map(|p| across(points[i], p))];
    let (a, b) = match sides {
        [Some(a), Some(b)] if a != Vec2::ZERO && b != Vec2::ZERO => (a, b),
        [Some(a), _] if a != Vec2::ZERO => (a, a),
        [_, Some(b)] => (b, b),
        _ => return Vec2::ZERO,
    };
    let middle = (a + b) / 2.0;
    // At sharp turns a corner would reach far out.
    middle / middle.length_sq().max(0.3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Rect, pos2};

    const PEN: Pen = Pen { soft: 1.0 };
    const INK: Color32 = Color32::WHITE;

    /// The area of the triangles, all of which must turn the same way or have none.
    fn area(mesh: &Mesh) -> f32 {
        let at = |i: u32| mesh.vertices[i as usize].pos;
        mesh.indices.chunks(3).map(|t| ((at(t[1]) - at(t[0])).rot90().dot(at(t[2]) - at(t[0])) / 2.0).abs()).sum()
    }

    #[test]
    fn a_line_is_as_wide_as_told_with_soft_edges() {
        for width in [0.4, 1.0, 3.0, 8.0] {
            let mut mesh = Mesh::default();
            PEN.line(&mut mesh, &[pos2(0.0, 0.0), pos2(50.0, 0.0), pos2(100.0, 0.0)], width, INK);
            assert!(mesh.is_valid());
            let whole = if width <= 1.0 { 2.0 } else { width + 1.0 };
            assert!((area(&mesh) - 100.0 * whole).abs() < 0.1, "{width}: {}", area(&mesh));
            assert!((mesh.calc_bounds().height() - whole).abs() < 1e-3);
        }
    }

    #[test]
    fn a_shape_covers_itself_and_its_edge() {
        let corners = [pos2(0.0, 0.0), pos2(40.0, 0.0), pos2(40.0, 20.0), pos2(0.0, 20.0)];
        let mut mesh = Mesh::default();
        PEN.convex(&mut mesh, &corners, INK, 2.0, Color32::RED);
        assert!(mesh.is_valid());
        assert!((area(&mesh) - 43.0 * 23.0).abs() < 0.1, "{}", area(&mesh));
        assert!(mesh.calc_bounds().contains_rect(Rect::from_points(&corners).expand(1.4)), "{:?}", mesh.calc_bounds());
    }

    #[test]
    fn dashes_cover_their_share() {
        let mut mesh = Mesh::default();
        PEN.dashes(&mut mesh, &[pos2(0.0, 0.0), pos2(33.0, 0.0), pos2(100.0, 0.0)], 3.0, INK, 6.0, 4.0);
        assert!((area(&mesh) - 60.0 * 4.0).abs() < 1.0, "{}", area(&mesh));
    }

    #[test]
    fn nothing_of_no_length_breaks_it() {
        let here = pos2(3.0, 3.0);
        for points in [&[][..], &[here], &[here, here], &[here, here, here], &[pos2(0.0, 0.0), pos2(9.0, 0.0), pos2(0.0, 0.0)]] {
            let mut mesh = Mesh::default();
            PEN.line(&mut mesh, points, 2.0, INK);
            PEN.dashes(&mut mesh, points, 2.0, INK, 0.0, 0.0);
            PEN.convex(&mut mesh, points, INK, 1.0, INK);
            assert!(mesh.is_valid() && mesh.vertices.iter().all(|v| v.pos.x.is_finite() && v.pos.y.is_finite()));
        }
    }

    #[test]
    fn a_mesh_is_made_anew_only_for_another_key() {
        let mut kept = Kept::default();
        let mut made = 0;
        for key in [1, 1, 2, 2, 1] {
            let mesh = kept.get(key, |key, mesh| {
                made += 1;
                PEN.line(mesh, &[pos2(0.0, 0.0), pos2(*key as f32, 0.0)], 2.0, INK);
            });
            assert_eq!(mesh.vertices.len(), 8);
        }
        assert_eq!(made, 3);
    }
}
