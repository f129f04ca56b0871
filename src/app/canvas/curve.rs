//! The way of a link: points at equal distances along it, so that whatever travels moves at an even pace.

use super::measures::{CORNER, PIECE};
use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// A line through the scene, sampled at equal distances.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    points: Vec<Pos2>,
    length: f32,
    bounds: Rect,
}

impl Curve {
    /// From one point to another, leaving and arriving horizontally, to the right.
    pub fn horizontal(from: Pos2, to: Pos2) -> Curve {
        let mut raw = Vec::with_capacity(SAMPLES + 1);
        cubic(&mut raw, from, to);
        Curve::through(&raw)
    }

    /// Along straight stretches with rounded corners.
    pub fn corners(stops: &[Pos2]) -> Curve {
        let mut raw = Vec::with_capacity(stops.len() * 10);
        for (i, &stop) in stops.iter().enumerate() {
            let (Some(&before), Some(&after)) = (i.checked_sub(1).and_then(|j| stops.get(j)), stops.get(i + 1)) else {
                raw.push(stop);
                continue;
            };
            let radius = CORNER.min((stop - before).length() / 2.0).min((after - stop).length() / 2.0);
            let (start, end) = (stop + (before - stop).normalized() * radius, stop + (after - stop).normalized() * radius);
            for step in 0..=8 {
                let t = step as f32 / 8.0;
                // A quadratic curve with the corner as its control point.
                raw.push(start.lerp(stop, t).lerp(stop.lerp(end, t), t));
            }
        }
        Curve::through(&raw)
    }

    /// Horizontally to `left`, straight to `right`, horizontally to the end: over or under what is in between.
    pub fn detour(from: Pos2, left: Pos2, right: Pos2, to: Pos2) -> Curve {
        let mut raw = Vec::with_capacity(2 * SAMPLES + 2);
        cubic(&mut raw, from, left);
        cubic(&mut raw, right, to);
        Curve::through(&raw)
    }

    fn through(raw: &[Pos2]) -> Curve {
        let length: f32 = raw.windows(2).map(|w| (w[1] - w[0]).length()).sum();
        let pieces = ((length / PIECE).ceil() as usize).clamp(12, 400);
        let mut points = Vec::with_capacity(pieces + 1);
        let (mut index, mut passed) = (0, 0.0);
        for piece in 0..=pieces {
            let wanted = length * piece as f32 / pieces as f32;
            while index + 2 < raw.len() && passed + (raw[index + 1] - raw[index]).length() < wanted {
                passed += (raw[index + 1] - raw[index]).length();
                index += 1;
            }
            let stretch = raw[index + 1] - raw[index];
            let share = if stretch.length() > 0.0 { ((wanted - passed) / stretch.length()).clamp(0.0, 1.0) } else { 0.0 };
            points.push(raw[index] + stretch * share);
        }
        let bounds = Rect::from_points(&points);
        Curve { points, length, bounds }
    }

    /// Its points, equally far apart.
    pub fn points(&self) -> &[Pos2] {
        &self.points
    }

    /// Its length.
    pub fn length(&self) -> f32 {
        self.length
    }

    /// The rectangle around it.
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// The place at a share of the way, 0 to 1.
    #[inline]
    pub fn at(&self, share: f32) -> Pos2 {
        let last = self.points.len() - 1;
        let along = share.clamp(0.0, 1.0) * last as f32;
        let index = (along as usize).min(last - 1);
        self.points[index] + (self.points[index + 1] - self.points[index]) * (along - index as f32)
    }

    /// The direction at its end, of length 1.
    pub fn heading(&self) -> Vec2 {
        // A few points back, so that a last bend does not turn the arrowhead.
        let last = self.points.len() - 1;
        (self.points[last] - self.points[last - 2]).normalized()
    }

    /// How far `place` is from it.
    pub fn distance(&self, place: Pos2) -> f32 {
        let mut best = f32::INFINITY;
        for pair in self.points.windows(2) {
            let stretch = pair[1] - pair[0];
            let square = stretch.length_sq();
            let share = if square > 0.0 { ((place - pair[0]).dot(stretch) / square).clamp(0.0, 1.0) } else { 0.0 };
            best = best.min((place - pair[0] - stretch * share).length_sq());
        }
        best.sqrt()
    }
}

const SAMPLES: usize = 48;

fn cubic(raw: &mut Vec<Pos2>, from: Pos2, to: Pos2) {
    let reach = ((to.x - from.x).abs() * 0.5).clamp(24.0, 220.0);
    let (a, b) = (from + vec2(reach, 0.0), to - vec2(reach, 0.0));
    for i in 0..=SAMPLES {
        let t = i as f32 / SAMPLES as f32;
        let u = 1.0 - t;
        let (w0, w1, w2, w3) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
        raw.push(pos2(w0 * from.x + w1 * a.x + w2 * b.x + w3 * to.x, w0 * from.y + w1 * a.y + w2 * b.y + w3 * to.y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_and_ends_where_told_and_moves_evenly() {
        let (from, to) = (pos2(10.0, 20.0), pos2(400.0, 320.0));
        let corner = [from, pos2(200.0, 20.0), pos2(200.0, 320.0), to];
        for curve in [Curve::horizontal(from, to), Curve::corners(&corner), Curve::detour(from, pos2(100.0, 0.0), pos2(300.0, 0.0), to)] {
            assert!((curve.at(0.0) - from).length() < 0.1 && (curve.at(1.0) - to).length() < 0.1);
            let steps: Vec<f32> = (0..300).map(|i| (curve.at((i + 1) as f32 / 300.0) - curve.at(i as f32 / 300.0)).length()).collect();
            let mean = steps.iter().sum::<f32>() / 300.0;
            assert!(steps.iter().all(|s| (s - mean).abs() < mean * 0.25), "{steps:?}");
            assert!(curve.distance(curve.at(0.37)) < 0.5);
            assert!(curve.heading().x > 0.9);
        }
    }

    #[test]
    fn no_length_is_no_trouble() {
        let here = pos2(5.0, 5.0);
        for curve in [Curve::corners(&[here, here, here]), Curve::corners(&[here, here])] {
            assert_eq!(curve.at(0.5), here);
            assert!(curve.distance(pos2(5.0, 8.0)) - 3.0 < 1e-3);
        }
    }
}
