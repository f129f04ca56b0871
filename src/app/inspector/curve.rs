//! A distribution of times as a small curve, with its mean and percentiles: what the settings mean, at a glance.

use super::fields::row;
use crate::app::theme::{Theme, size, space};
use crate::app::widgets::muted;
use crate::figures;
use crate::scenario::shapes::Times;
use egui::{Align2, FontId, Pos2, Sense, Shape, Stroke, Ui, pos2, vec2};

/// The time that a share of `p` does not exceed, in seconds.
pub fn quantile(times: &Times, p: f64) -> f64 {
    let p = p.clamp(0.0, 1.0 - 1e-12);
    match times {
        Times::Constant(time) => time.seconds(),
        Times::Uniform { from, to } => from.seconds() + (to.seconds() - from.seconds()) * p,
        Times::Exponential { mean } => -mean.seconds() * (1.0 - p).ln(),
        Times::Normal { mean, sd } => (mean.seconds() + sd.seconds() * normal(p)).max(0.0),
        Times::LogNormal { median, p99 } => median.seconds() * (sigma(median.seconds(), p99.seconds()) * normal(p)).exp(),
        Times::Gamma { mean, shape } => mean.seconds() / shape.max(1e-3) * gamma(shape.max(1e-3), p),
        Times::Pareto { min, alpha } => min.seconds() / (1.0 - p).powf(1.0 / alpha.max(1e-3)),
        Times::Empirical(points) => empirical(points.iter().map(|(share, time)| (share.0, time.seconds())), p),
    }
}

/// The mean, in seconds; without end where the tail is too long for one.
pub fn mean(times: &Times) -> f64 {
    match times {
        Times::Constant(mean) | Times::Exponential { mean } | Times::Gamma { mean, .. } => mean.seconds(),
        Times::Uniform { from, to } => (from.seconds() + to.seconds()) / 2.0,
        Times::LogNormal { median, p99 } => {
            let sigma = sigma(median.seconds(), p99.seconds());
            median.seconds() * (sigma * sigma / 2.0).exp()
        }
        Times::Pareto { alpha, .. } if *alpha <= 1.0 => f64::INFINITY,
        Times::Pareto { min, alpha } => min.seconds() * alpha / (alpha - 1.0),
        Times::Normal { .. } | Times::Empirical(_) => {
            const STEPS: usize = 2000;
            (0..STEPS).map(|i| quantile(times, (i as f64 + 0.5) / STEPS as f64)).sum::<f64>() / STEPS as f64
        }
    }
}

fn sigma(median: f64, p99: f64) -> f64 {
    if median > 0.0 && p99 > median { (p99 / median).ln() / normal(0.99) } else { 0.0 }
}

/// Where between two bounds a rising function reaches `p`.
fn reached(mut low: f64, mut high: f64, p: f64, share: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if share(middle) < p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The quantile of the standard normal distribution.
fn normal(p: f64) -> f64 {
    reached(-8.0, 8.0, p, |z| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2))
}

/// The quantile of the gamma distribution of this shape and scale 1.
fn gamma(shape: f64, p: f64) -> f64 {
    // The lower incomplete gamma function by its series: all terms are positive, and in the range that is drawn they fall soon.
    let share = |x: f64| {
        let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
        for _ in 0..500 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-12 {
                break;
            }
        }
        sum * (shape * x.ln() - x - libm::lgamma(shape)).exp()
    };
    reached(0.0, shape + 12.0 * shape.sqrt() + 20.0, p, share)
}

/// Straight lines between measured percentiles; from zero to the first.
fn empirical(points: impl Iterator<Item = (f64, f64)>, p: f64) -> f64 {
    let mut before = (0.0, 0.0);
    for (share, time) in points {
        if p <= share {
            let along = if share > before.0 { (p - before.0) / (share - before.0) } else { 1.0 };
            return before.1 + (time - before.1) * along;
        }
        before = (share, time);
    }
    before.1
}

/// The curve's points: time and density, up to where hardly anything is left.
fn density(times: &Times) -> Vec<(f64, f64)> {
    const STEPS: usize = 72;
    let last = quantile(times, 0.995);
    let at = |i: usize| quantile(times, (i as f64 / STEPS as f64).min(0.9975));
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(STEPS);
    for i in 0..STEPS {
        let (from, to) = (at(i), at(i + 1));
        if to > from && from <= last && to.is_finite() {
            points.push(((from + to) / 2.0, 1.0 / (to - from)));
        }
    }
    points
}

/// Draws the curve below the fields of a distribution. A constant needs none.
pub fn show(ui: &mut Ui, theme: &Theme, times: &Times) {
    if matches!(times, Times::Constant(_)) {
        return;
    }
    let points = density(times);
    let (mean, p50, p99) = (mean(times), quantile(times, 0.5), quantile(times, 0.99));
    let last = points.last().map_or(0.0, |p| p.0).max(p99 * 1.02);
    let highest = points.iter().map(|p| p.1).filter(|d| d.is_finite()).fold(0.0, f64::max);
    if points.len() < 2 || last <= 0.0 || highest <= 0.0 {
        return;
    }
    row(ui, theme, "", "", |ui, _| {
        let width = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(vec2(width, theme.px(size::CONTROL * 2.2)), Sense::hover());
        let painter = ui.painter();
        painter.rect_filled(rect, space::RADIUS, theme.field());
        let area = rect.shrink2(vec2(theme.px(space::XS), theme.px(space::XS)));
        let base = area.bottom() - theme.label * 1.2;
        let x = |time: f64| area.left() + area.width() * (time / last).clamp(0.0, 1.0) as f32;
        // Tall peaks would press everything else to the ground: the square root shows both.
        let y = |density: f64| base - (base - area.top()) * (density / highest).clamp(0.0, 1.0).sqrt() as f32;
        let line: Vec<Pos2> = points.iter().map(|(time, density)| pos2(x(*time), y(*density))).collect();
        let mut fill = egui::Mesh::default();
        for (i, point) in line.iter().enumerate() {
            fill.colored_vertex(*point, theme.wash(theme.accent, 0.18));
            fill.colored_vertex(pos2(point.x, base), theme.wash(theme.accent, 0.18));
            if i > 0 {
                let at = 2 * i as u32;
                fill.add_triangle(at - 2, at - 1, at);
                fill.add_triangle(at - 1, at, at + 1);
            }
        }
        painter.add(Shape::mesh(fill));
        painter.add(Shape::line(line, Stroke::new(theme.stroke * 1.5, theme.accent)));
        painter.hline(area.x_range(), base, Stroke::new(theme.stroke, theme.line));
        let font = FontId::proportional(theme.label * 0.9);
        // The labels that fit; the percentile in the tail matters more than the middle.
        let mut taken = f32::INFINITY;
        for (time, name) in [(p99, "p99"), (p50, "p50")] {
            let at = x(time);
            painter.vline(at, egui::Rangef::new(area.top(), base), Stroke::new(theme.stroke, theme.muted));
            let galley = painter.layout_no_wrap(format!("{name} {}", figures::seconds(time)), font.clone(), theme.muted);
            let left = (at - galley.size().x / 2.0).clamp(area.left(), (area.right() - galley.size().x).max(area.left()));
            if left + galley.size().x + theme.px(space::XS) < taken {
                taken = left;
                painter.galley(pos2(left, base + 1.0), galley, theme.muted);
            }
        }
        let words = if mean.is_finite() { format!("mean {}", figures::seconds(mean)) } else { "no mean: the tail is too long".to_owned() };
        if mean.is_finite() && mean <= last {
            let dash = Shape::dashed_line(
                &[pos2(x(mean), area.top()), pos2(x(mean), base)],
                Stroke::new(theme.stroke * 1.5, theme.text),
                3.0,
                3.0,
            );
            ui.painter().extend(dash);
        }
        let galley = ui.painter().layout_no_wrap(words.clone(), font, theme.text);
        let place = Align2::RIGHT_TOP.anchor_size(area.right_top(), galley.size());
        ui.painter().rect_filled(place.expand(2.0), 2.0, theme.field());
        ui.painter().galley(place.min, galley, theme.text);
        let p90 = figures::seconds(quantile(times, 0.9));
        let told = format!("{words}, p50 {}, p90 {p90}, p99 {}", figures::seconds(p50), figures::seconds(p99));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Distribution: {told}")));
        response.on_hover_text(muted(theme, told));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::units::Percent;
    use crate::time::Span;

    fn ms(n: u64) -> Span {
        Span::from_millis(n)
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-3 * b.abs().max(1e-9)
    }

    #[test]
    fn quantiles_are_those_of_the_books() {
        let lognormal = Times::LogNormal { median: ms(8), p99: ms(60) };
        assert!(near(quantile(&lognormal, 0.5), 0.008) && near(quantile(&lognormal, 0.99), 0.060));
        assert!(near(quantile(&Times::Exponential { mean: ms(10) }, 0.9), 0.010 * 10f64.ln()));
        // A gamma of shape 1 is exponential; of shape 4 and mean 12 the tables say 95 % at 23.26.
        assert!(near(quantile(&Times::Gamma { mean: ms(10), shape: 1.0 }, 0.9), 0.010 * 10f64.ln()));
        assert!(near(quantile(&Times::Gamma { mean: ms(12), shape: 4.0 }, 0.95), 0.003 * 7.7537));
        assert!(near(quantile(&Times::Normal { mean: ms(100), sd: ms(10) }, 0.975), 0.1196));
        assert!(near(quantile(&Times::Pareto { min: ms(2), alpha: 2.0 }, 0.75), 0.004));
        let measured = Times::Empirical(vec![(Percent(0.5), ms(8)), (Percent(0.9), ms(20)), (Percent(1.0), ms(30))]);
        assert!(near(quantile(&measured, 0.7), 0.014) && near(quantile(&measured, 0.95), 0.025));
    }

    #[test]
    fn means_agree_with_the_quantiles() {
        for times in [
            Times::Uniform { from: ms(5), to: ms(9) },
            Times::Exponential { mean: ms(10) },
            Times::Normal { mean: ms(50), sd: ms(10) },
            Times::LogNormal { median: ms(8), p99: ms(20) },
            Times::Gamma { mean: ms(12), shape: 2.0 },
            Times::Pareto { min: ms(2), alpha: 4.0 },
        ] {
            let steps = 20_000;
            let found = (0..steps).map(|i| quantile(&times, (f64::from(i) + 0.5) / f64::from(steps))).sum::<f64>() / f64::from(steps);
            assert!((found / mean(&times) - 1.0).abs() < 0.01, "{times:?}: {found} {}", mean(&times));
        }
        assert!(mean(&Times::Pareto { min: ms(2), alpha: 1.0 }).is_infinite());
    }

    #[test]
    fn curves_of_any_settings_can_be_drawn() {
        for times in [
            Times::Uniform { from: ms(5), to: ms(5) },
            Times::Normal { mean: ms(0), sd: ms(0) },
            Times::LogNormal { median: ms(8), p99: ms(8) },
            Times::Gamma { mean: ms(12), shape: 1e-3 },
            Times::Gamma { mean: ms(12), shape: 1e3 },
            Times::Pareto { min: ms(2), alpha: 1e-3 },
            Times::Empirical(Vec::new()),
        ] {
            assert!(density(&times).iter().all(|(x, y)| x.is_finite() && *y > 0.0), "{times:?}");
        }
    }
}
