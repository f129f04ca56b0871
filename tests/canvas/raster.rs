//! Pictures without a graphics card: the triangles that egui gives, filled in by hand. Slow, small, and the same everywhere.

use egui::epaint::{ImageData, Primitive, Vertex};
use egui::{ClippedPrimitive, Color32, ColorImage, FullOutput, Rect, TextureId};
use std::collections::HashMap;

/// What textures have become, picture by picture.
#[derive(Default)]
pub struct Raster {
    textures: HashMap<TextureId, ColorImage>,
}

impl Raster {
    /// Takes in what a picture changed of the textures; without this the next ones lack their letters.
    pub fn learn(&mut self, output: &mut FullOutput) {
        #[allow(clippy::iter_over_hash_type, reason = "textures know nothing of each other")]
        for (id, patches) in &output.textures_delta.set {
            for patch in patches {
                let ImageData::Color(image) = &patch.image;
                let Some([x, y]) = patch.pos else {
                    self.textures.insert(*id, ColorImage::clone(image));
                    continue;
                };
                let whole = self.textures.get_mut(id).unwrap();
                for row in 0..image.size[1] {
                    let (from, to) = (row * image.size[0], (y + row) * whole.size[0] + x);
                    whole.pixels[to..to + image.size[0]].copy_from_slice(&image.pixels[from..from + image.size[0]]);
                }
            }
        }
        output.textures_delta.clear();
    }

    /// The picture of these shapes.
    pub fn draw(&self, primitives: &[ClippedPrimitive], size: [usize; 2], scale: f32, ground: Color32) -> ColorImage {
        let mut image = ColorImage::filled(size, ground);
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let texture = &self.textures[&mesh.texture_id];
            let clip = Rect::from_min_max(clip_rect.min * scale, clip_rect.max * scale);
            for corners in mesh.indices.chunks_exact(3) {
                let corner = |i: usize| {
                    let vertex = mesh.vertices[corners[i] as usize];
                    Vertex { pos: vertex.pos * scale, ..vertex }
                };
                triangle(&mut image, texture, clip, [corner(0), corner(1), corner(2)]);
            }
        }
        image
    }
}

fn triangle(image: &mut ColorImage, texture: &ColorImage, clip: Rect, [a, mut b, mut c]: [Vertex; 3]) {
    let cross = |p: egui::Pos2, q: egui::Pos2, x: f32, y: f32| (q.x - p.x) * (y - p.y) - (q.y - p.y) * (x - p.x);
    let mut area = cross(a.pos, b.pos, c.pos.x, c.pos.y);
    if area < 0.0 {
        (b, c, area) = (c, b, -area);
    }
    if area < 1e-9 {
        return;
    }
    let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip);
    let pixels = |from: f32, to: f32, most: usize| (from - 0.5).ceil().max(0.0) as usize..((to + 0.5).floor().max(0.0) as usize).min(most);
    // On an edge that two triangles share, the pixel is of the one to whose upper or left side it lies: of one, not of both.
    let upper_left = |p: egui::Pos2, q: egui::Pos2| q.y < p.y || (q.y == p.y && q.x > p.x);
    let edges = [(b.pos, c.pos), (c.pos, a.pos), (a.pos, b.pos)].map(|(p, q)| (p, q, upper_left(p, q)));
    for y in pixels(bounds.top(), bounds.bottom(), image.size[1]) {
        for x in pixels(bounds.left(), bounds.right(), image.size[0]) {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            if !clip.contains(egui::pos2(px, py)) {
                continue;
            }
            let shares = edges.map(|(p, q, own)| (cross(p, q, px, py), own));
            if shares.iter().any(|(share, own)| *share < 0.0 || (*share == 0.0 && !own)) {
                continue;
            }
            let [wa, wb, wc] = shares.map(|(share, _)| share / area);
            let uv = [a.uv.x * wa + b.uv.x * wb + c.uv.x * wc, a.uv.y * wa + b.uv.y * wb + c.uv.y * wc];
            let texel = sample(texture, uv);
            let (ca, cb, cc) = (a.color.to_array(), b.color.to_array(), c.color.to_array());
            let colour: [f32; 4] =
                std::array::from_fn(|i| (f32::from(ca[i]) * wa + f32::from(cb[i]) * wb + f32::from(cc[i]) * wc) * texel[i] / 255.0);
            let pixel = &mut image.pixels[y * image.size[0] + x];
            let under = pixel.to_array();
            let over = |i: usize| (colour[i] + f32::from(under[i]) * (1.0 - colour[3] / 255.0)).round().clamp(0.0, 255.0) as u8;
            *pixel = Color32::from_rgba_premultiplied(over(0), over(1), over(2), over(3));
        }
    }
}

/// The four nearest pixels of a texture, each by how near it is.
fn sample(texture: &ColorImage, [u, v]: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.size;
    let (x, y) = (u * width as f32 - 0.5, v * height as f32 - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let at = |dx: f32, dy: f32| {
        let clamped = |value: f32, most: usize| value.clamp(0.0, most as f32 - 1.0) as usize;
        texture.pixels[clamped(top + dy, height) * width + clamped(left + dx, width)].to_array()
    };
    let (fx, fy) = (x - left, y - top);
    let (a, b, c, d) = (at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0), at(1.0, 1.0));
    std::array::from_fn(|i| {
        let mix = |from: u8, to: u8| f32::from(from) + (f32::from(to) - f32::from(from)) * fx;
        let (upper, lower) = (mix(a[i], b[i]), mix(c[i], d[i]));
        upper + (lower - upper) * fy
    })
}
