//! The figures of a selected span.

use super::lanes::{emitted, failures, handled, lag, waiting};
use super::{TimeView, Unit, row};
use crate::app::theme::Theme;
use crate::app::widgets::muted;
use crate::figures;
use crate::ids::ConsumerId;
use crate::record::series::Bin;
use crate::run::Frame;
use crate::scenario::Plan;
use egui::{RichText, ScrollArea, Ui};

/// Most bins of a span that are looked at one by one.
const BINS: usize = 200;

type Figure = fn(&Plan, &Bin<'_>) -> f64;

const FIGURES: [(&str, Unit, Figure); 5] = [
    ("Emitted", Unit::PerSecond, emitted),
    ("Handled", Unit::PerSecond, handled),
    ("Waiting", Unit::Count, waiting),
    ("Lag", Unit::Count, lag),
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
        ui.spacing_mut().item_spacing.y = 2.0;
        row(ui, theme, "Over the span", &["mean", "min", "p50", "p95", "max"].map(str::to_owned), true);
        for (name, unit, figure) in FIGURES {
            let values = bins.iter().map(|bin| figure(&frame.plan, bin)).collect();
            let [least, middle, high, most] = spread(values);
            let cells = [figure(&frame.plan, &whole), least, middle, high, most];
            row(ui, theme, name, &cells.map(|value| unit.words(value)), false);
        }
        row(ui, theme, "Latency", &["mean", "p50", "p95", "p99", "max"].map(str::to_owned), true);
        for (i, consumer) in frame.plan.consumers.iter().enumerate() {
            let id = ConsumerId::at(i);
            let heat = film.heat(id, from, to);
            let most = heat.classes().last().map_or(f64::NAN, |(_, upper, _)| upper);
            let cells = [whole.latency(consumer.node, id), heat.quantile(0.5), heat.quantile(0.95), heat.quantile(0.99), most];
            row(ui, theme, &frame.plan.nodes[consumer.node.index()].name, &cells.map(|value| Unit::Seconds.words(value)), false);
        }
    });
}

/// The least, the median, the 95th percentile and the largest of the values that there are; no numbers if there are none.
fn spread(mut values: Vec<f64>) -> [f64; 4] {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    // The smallest value that so much of them do not exceed.
    let at = |share: f64| {
        let place = (values.len() as f64 * share).ceil() as usize;
        values.get(place.clamp(1, values.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
    };
    [at(0.0), at(0.5), at(0.95), at(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_a_span_reads_right_with_many_one_and_no_values() {
        assert_eq!(spread((1..=100).rev().map(f64::from).collect()), [1.0, 50.0, 95.0, 100.0]);
        assert_eq!(spread(vec![7.0, f64::NAN]), [7.0; 4]);
        assert!(spread(vec![f64::NAN]).iter().all(|value| value.is_nan()));
        assert_eq!(spread(vec![0.0, 0.0]), [0.0; 4]);
    }
}
