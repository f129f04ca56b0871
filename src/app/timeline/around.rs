//! Was, now, change: the main figures before and after a marker.

use super::lanes::{emitted, failures, handled, waiting};
use super::{TimeView, Unit, row};
use crate::app::action::Action;
use crate::app::theme::{Theme, space};
use crate::app::widgets::{icon_button, muted};
use crate::figures;
use crate::ids::ConsumerId;
use crate::record::series::Bin;
use crate::run::Frame;
use egui::{RichText, ScrollArea, TextEdit, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_DELETE, ICON_MY_LOCATION};

pub(super) fn show(ui: &mut Ui, theme: &Theme, frame: &Frame, time: &mut TimeView, actions: &mut Vec<Action>) {
    let Some(place) = time.open.filter(|place| *place < time.markers.len()) else {
        time.open = None;
        return;
    };
    let at = time.markers[place].at.seconds();
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Around {}", figures::seconds(at))).size(theme.label));
        if icon_button(ui, theme, ICON_MY_LOCATION, "Go to the marker", "", true).clicked() {
            time.seek(at, actions);
            time.let_go();
        }
        let field =
            TextEdit::singleline(&mut time.markers[place].note).hint_text("Note").desired_width(ui.available_width() - theme.px(84.0));
        crate::app::widgets::name_field(&ui.add(field), "Note of the marker");
        if icon_button(ui, theme, ICON_DELETE, "Remove the marker", "", true).clicked() {
            time.markers.remove(place);
            time.open = None;
        }
        if icon_button(ui, theme, ICON_CLOSE, "Close", "", true).clicked() {
            time.open = None;
        }
    });
    let recorded = frame.past.recorded.seconds();
    // As much on both sides as there is on the shorter one, at most a tenth of the run.
    let width = (frame.plan.duration.seconds() / 10.0).min(at).min(recorded - at);
    let film = &frame.past.film;
    let spans = (width > 0.0).then(|| Some((film.span(at - width, at)?, film.span(at, at + width)?))).flatten();
    let Some((before, after)) = spans else {
        ui.label(muted(theme, "There is nothing on one side of this moment yet"));
        return;
    };
    ScrollArea::vertical().id_salt("around").auto_shrink(false).show(ui, |ui| {
        // The scroll bar has a place of its own.
        ui.set_width(ui.available_width() - theme.px(space::M));
        ui.spacing_mut().interact_size.y = theme.label * 1.4;
        ui.spacing_mut().item_spacing.y = 2.0;
        row(ui, theme, &format!("{} on each side", figures::seconds(width)), &["was", "now", "change"].map(str::to_owned), true);
        let mut line = |name: &str, unit: Unit, was: f64, now: f64| {
            row(ui, theme, name, &[unit.words(was), unit.words(now), change(was, now)], false);
        };
        let plan = &frame.plan;
        let mut whole = |name: &str, unit: Unit, figure: fn(&crate::scenario::Plan, &Bin<'_>) -> f64| {
            line(name, unit, figure(plan, &before), figure(plan, &after));
        };
        whole("Emitted", Unit::PerSecond, emitted);
        whole("Handled", Unit::PerSecond, handled);
        whole("Waiting", Unit::Count, waiting);
        whole("Failures", Unit::PerSecond, failures);
        for (i, consumer) in plan.consumers.iter().enumerate() {
            let (id, name) = (ConsumerId::at(i), &plan.nodes[consumer.node.index()].name);
            let p99 = |from: f64, to: f64| film.heat(id, from, to).quantile(0.99);
            line(&format!("{name} p99"), Unit::Seconds, p99(at - width, at), p99(at, at + width));
            line(&format!("{name} lag"), Unit::Count, before.lag(id), after.lag(id));
            line(&format!("{name} busy"), Unit::Share, before.utilisation(id), after.utilisation(id));
        }
    });
}

/// By how much a figure changed, in words.
pub fn change(was: f64, now: f64) -> String {
    if !was.is_finite() || !now.is_finite() {
        return figures::NONE.to_owned();
    }
    if was == now {
        return "=".to_owned();
    }
    if was.abs() < 1e-12 {
        return "new".to_owned();
    }
    let share = (now - was) / was.abs();
    if share.abs() >= 9.995 { format!("×{:.0}", now / was) } else { format!("{:+.0}%", share * 100.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_right() {
        for (was, now, words) in
            [(1.0, 1.0, "="), (0.0, 3.0, "new"), (2.0, 3.0, "+50%"), (2.0, 1.0, "-50%"), (1.0, 40.0, "×40"), (5.0, 0.0, "-100%")]
        {
            assert_eq!(change(was, now), words);
        }
        assert_eq!(change(f64::NAN, 1.0), figures::NONE);
    }
}
