//! One small picture with every mark a particle can have, so that each particle is four corners of one mesh.

use super::measures::PARTICLE_SCREEN;
use crate::app::theme::Glyph;
use egui::{Color32, ColorImage, Context, Pos2, Rect, TextureHandle, TextureOptions, Vec2, pos2, vec2};

/// The picture, made for one pixel size.
pub struct Atlas {
    texture: TextureHandle,
    pixels: usize,
}

/// How a mark is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// An event.
    Plain(Glyph),
    /// A copy of an event.
    Hollow(Glyph),
    /// On its way to the dead letters.
    Dead,
    /// It went no further.
    Lost,
    /// One of too many.
    Grain,
}

const GLYPHS: [Glyph; 7] = [Glyph::Disc, Glyph::Square, Glyph::Diamond, Glyph::Triangle, Glyph::Hexagon, Glyph::Ring, Glyph::Cross];
const CELLS: usize = 2 * GLYPHS.len() + 3;
/// Samples per pixel and direction.
const FINE: usize = 4;

impl Mark {
    fn cell(self) -> usize {
        match self {
            Mark::Plain(glyph) => glyph as usize,
            Mark::Hollow(glyph) => GLYPHS.len() + glyph as usize,
            Mark::Dead => CELLS - 3,
            Mark::Lost => CELLS - 2,
            Mark::Grain => CELLS - 1,
        }
    }
}

impl Atlas {
    /// The atlas for this screen; `before` if it still fits.
    pub fn ready(before: Option<Atlas>, ctx: &Context, scale: f32) -> Atlas {
        let pixels = ((PARTICLE_SCREEN * scale * ctx.pixels_per_point()).ceil() as usize + 2).clamp(8, 128);
        match before {
            Some(atlas) if atlas.pixels == pixels => atlas,
            _ => Atlas { texture: ctx.load_texture("particles", picture(pixels), TextureOptions::LINEAR), pixels },
        }
    }

    /// To be set on the mesh.
    pub fn texture(&self) -> egui::TextureId {
        self.texture.id()
    }

    /// The part of the picture with this mark.
    pub fn uv(mark: Mark) -> Rect {
        let width = 1.0 / CELLS as f32;
        let left = mark.cell() as f32 * width;
        // A hair inside, so that neighbours do not bleed in.
        Rect::from_min_max(pos2(left + width * 0.01, 0.01), pos2(left + width * 0.99, 0.99))
    }
}

fn picture(pixels: usize) -> ColorImage {
    let mut image = ColorImage::filled([pixels * CELLS, pixels], Color32::TRANSPARENT);
    let marks = GLYPHS.map(Mark::Plain).into_iter().chain(GLYPHS.map(Mark::Hollow)).chain([Mark::Dead, Mark::Lost, Mark::Grain]);
    for (cell, mark) in marks.enumerate() {
        for y in 0..pixels {
            for x in 0..pixels {
                let (mut body, mut rim) = (0.0, 0.0);
                for sample in 0..FINE * FINE {
                    let offset = vec2((sample % FINE) as f32 + 0.5, (sample / FINE) as f32 + 0.5) / FINE as f32;
                    // From -1 to 1 over the cell.
                    let place = (vec2(x as f32, y as f32) + offset) * 2.0 / pixels as f32 - Vec2::splat(1.0);
                    let depth = depth(mark, place.to_pos2());
                    body += f32::from(depth > 0.0);
                    rim += f32::from(depth <= 0.0 && depth > -RIM && outside(mark, place.to_pos2()));
                }
                let all = (FINE * FINE) as f32;
                let (body, rim) = (body / all, rim / all * 0.45);
                // White takes the particle's colour; the rim stays dark on every ground, which keeps yellow readable on white.
                let channel = (body * 255.0) as u8;
                image[(cell * pixels + x, y)] =
                    Color32::from_rgba_premultiplied(channel, channel, channel, ((body + rim).min(1.0) * 255.0) as u8);
            }
        }
    }
    image
}

const RIM: f32 = 0.2;

/// How deep inside the mark a place is; negative outside.
fn depth(mark: Mark, p: Pos2) -> f32 {
    let cross = |arm: f32, p: Pos2| {
        let (u, v) = ((p.x + p.y).abs() * 0.707, (p.x - p.y).abs() * 0.707);
        (arm - u).min(0.78 - v).max((arm - v).min(0.78 - u))
    };
    match mark {
        Mark::Plain(Glyph::Ring) => 0.17 - (p.to_vec2().length() - 0.55).abs(),
        Mark::Plain(Glyph::Cross) => {
            let (u, v) = (p.x.abs(), p.y.abs());
            (0.25 - u).min(0.78 - v).max((0.25 - v).min(0.78 - u))
        }
        Mark::Plain(glyph) => solid(glyph, p),
        // A ring is hollow already: its copy has a dot in the middle.
        Mark::Hollow(Glyph::Ring) => (0.1 - (p.to_vec2().length() - 0.62).abs()).max(0.2 - p.to_vec2().length()),
        Mark::Hollow(glyph) => {
            let depth = solid(glyph, p);
            depth.min(0.2 - depth)
        }
        Mark::Dead => solid(Glyph::Disc, p).min(-cross(0.14, p * 1.25)),
        Mark::Lost => cross(0.2, p),
        Mark::Grain => 0.5 - p.to_vec2().length(),
    }
}

/// Whether a place is outside the mark's outline; holes stay clear, so that hollow marks read as hollow.
fn outside(mark: Mark, p: Pos2) -> bool {
    match mark {
        Mark::Plain(Glyph::Ring) => p.to_vec2().length() > 0.55,
        Mark::Hollow(glyph) => solid(glyph, p) <= 0.0,
        _ => true,
    }
}

fn solid(glyph: Glyph, p: Pos2) -> f32 {
    let (u, v) = (p.x.abs(), p.y.abs());
    match glyph {
        Glyph::Disc | Glyph::Ring => 0.72 - p.to_vec2().length(),
        Glyph::Square => 0.62 - u.max(v),
        Glyph::Diamond => (0.8 - u - v) * 0.707,
        Glyph::Triangle => (0.58 - p.y).min((p.y + 0.8 - 1.8 * u) * 0.486),
        Glyph::Hexagon => (0.66 - v).min(0.66 - v * 0.5 - u * 0.866),
        Glyph::Cross => (0.36 - u).min(0.78 - v).max((0.36 - v).min(0.78 - u)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_all_different_and_inside_their_cells() {
        let image = picture(16);
        let cell = |i: usize| (0..256).map(|p| image[(i * 16 + p % 16, p / 16)]).collect::<Vec<_>>();
        for i in 0..CELLS {
            assert!(cell(i).iter().any(|c| c.r() > 200), "cell {i} is empty");
            assert!(cell(i)[0].a() < 40, "cell {i} spills over");
            for j in 0..i {
                assert_ne!(cell(i), cell(j), "{i} looks like {j}");
            }
        }
    }
}
