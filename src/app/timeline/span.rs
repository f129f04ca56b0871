//! The figures of a selected span.

use super::lanes::{emitted, failures, handled, waiting};
use super::{TimeView, Unit, row};
use crate::app::theme::{Theme, space};
use crate::app::widgets::muted;
use crate::figures;
use crate::ids::ConsumerId;
use crate::record::series::Bin;
use crate::run::Frame;
use crate::scenario::Plan;
use egui::{Grid, RichText, ScrollArea, Ui, vec2};

/// Most bins of a span that are looked at one by one.
const BINS: usize = 200;

type Figure = fn(&Plan, &Bin<'_>) -> f64;

const FIGURES: [(&str, Unit, Figure); 4] = [
    ("Emitted", Unit::PerSecond, emitted),
    ("Handled", Unit::PerSecond, handled),
    ("Waiting", Unit::Count, waiting),
    ("Failures", Unit::PerSecond, failures),
];

pub(super) fn show(ui: &mut Ui, theme: &Theme, frame: &Frame, time: &TimeView) {
    let Some((from, to)) = time.span else { return };
    let film = &frame.past.film;
    let title = format!("{} to {}, {} long", figures::seconds(from), figures::seconds(to), figures::seconds(to - from));
    ui.label(RichText::new(title).size(theme.label));
    let Some(whole) = film.span(from, to).filter(|_| from < frame.past.recorded.seconds()) else {
        ui.label(muted(theme, "This part of the run has not been simulated yet"));
        return;
    };
    let bins: Vec<Bin<'_>> = film.bins(from, to, BINS).into_iter().filter(|bin| bin.middle() >= from && bin.middle() <= to).collect();
    ScrollArea::vertical().id_salt("span").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = theme.label * 1.4;
        Grid::new("span figures").num_columns(5).min_col_width(theme.px(44.0)).spacing(vec2(theme.px(space::S), 2.0)).show(ui, |ui| {
            row(ui, theme, "Over the span", &["mean", "min", "max", "p95"].map(str::to_owned), true);
            for (name, unit, figure) in FIGURES {
                let mut values: Vec<f64> = bins.iter().map(|bin| figure(&frame.plan, bin)).filter(|v| v.is_finite()).collect();
                values.sort_by(f64::total_cmp);
                let at = |share: f64| values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1))).copied();
                let cells =
                    [figure(&frame.plan, &whole), at(0.0).unwrap_or(f64::NAN), at(1.0).unwrap_or(f64::NAN), at(0.95).unwrap_or(f64::NAN)];
                row(ui, theme, name, &cells.map(|value| unit.words(value)), false);
            }
            row(ui, theme, "Latency", &["mean", "p50", "p99", "max"].map(str::to_owned), true);
            for (i, consumer) in frame.plan.consumers.iter().enumerate() {
                let id = ConsumerId::at(i);
                let heat = film.heat(id, from, to);
                let most = heat.classes().last().map_or(f64::NAN, |(_, upper, _)| upper);
                let cells = [whole.latency(consumer.node, id), heat.quantile(0.5), heat.quantile(0.99), most];
                row(ui, theme, &frame.plan.nodes[consumer.node.index()].name, &cells.map(|value| Unit::Seconds.words(value)), false);
            }
        });
    });
}
