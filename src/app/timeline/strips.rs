//! Strips under the lanes: what happened to the run, from outside and by itself. Faults, what was changed on the way, what brokers went
//! through, the steps of a lesson.

use super::lanes::Ground;
use super::{Stretch, TimeView};
use crate::app::theme::{Theme, space};
use crate::app::widgets::cut;
use crate::figures;
use crate::record::faults::{FaultSpan, together};
use crate::run::{Frame, words};
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// What a strip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strip {
    /// What went wrong, as planned or by hand.
    Faults,
    /// What brokers went through: rebalances, nodes that failed, publishers held back.
    Brokers,
    /// The steps of the lesson that is gone through.
    Lesson,
    /// What was changed on the way, where branches begin, markers.
    Changes,
}

impl Strip {
    /// Those that have something to show, the last one always.
    pub(super) fn of(frame: &Frame, steps: &[Stretch]) -> Vec<Strip> {
        let mut strips = Vec::new();
        strips.extend((!frame.plan.faults.is_empty() || !frame.past.faults.is_empty()).then_some(Strip::Faults));
        strips.extend(frame.past.film.happenings().next().map(|_| Strip::Brokers));
        strips.extend((!steps.is_empty()).then_some(Strip::Lesson));
        strips.push(Strip::Changes);
        strips
    }

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Strip::Faults => "Faults",
            Strip::Brokers => "Broker events",
            Strip::Lesson => "Lesson steps",
            Strip::Changes => "Interventions",
        }
    }

    /// Draws it.
    pub(super) fn draw(self, painter: &Painter, ground: &Ground<'_>, rect: Rect, frame: &Frame, time: &TimeView, steps: &[Stretch]) {
        let theme = ground.theme;
        painter.rect_filled(rect, 0.0, theme.field());
        let painter = &painter.with_clip_rect(rect.expand2(vec2(theme.px(space::XS), 0.0)));
        match self {
            Strip::Faults => {
                let ends = |fault: &FaultSpan| fault.ended.unwrap_or(frame.past.recorded).seconds();
                for fault in &frame.past.faults {
                    band(painter, ground, rect, (fault.began.seconds(), ends(fault)), theme.bad, "");
                }
                for (from, to, words) in together(&frame.past.faults, frame.past.recorded) {
                    write(painter, ground, rect, (from, to), &words);
                }
            }
            Strip::Brokers => {
                for happening in frame.past.film.happenings() {
                    let x = ground.x(happening.at.seconds());
                    if ground.rect.x_range().contains(x) {
                        painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(theme.stroke, theme.accent));
                        painter.circle_filled(pos2(x, rect.center().y), theme.px(2.5), theme.accent);
                    }
                }
            }
            Strip::Lesson => {
                for step in steps {
                    let to = step.to.unwrap_or(frame.past.recorded.seconds().max(step.from));
                    let colour = if step.to.is_some() { theme.good } else { theme.accent };
                    band(painter, ground, rect, (step.from, to), colour, &step.name);
                }
            }
            Strip::Changes => changes(painter, ground, rect, frame, time),
        }
    }

    /// What lies under the pointer, in words.
    pub(super) fn tell(self, ground: &Ground<'_>, frame: &Frame, steps: &[Stretch], at: Pos2) -> Option<String> {
        let seconds = ground.seconds(at.x);
        let near = |moment: f64| (ground.x(moment) - at.x).abs() < ground.theme.px(space::S);
        match self {
            Strip::Faults => {
                let over = |end: Option<crate::time::Time>| end.unwrap_or(frame.past.recorded).seconds();
                let here =
                    |f: &&std::sync::Arc<FaultSpan>| (f.began.seconds() <= seconds && seconds <= over(f.ended)) || near(f.began.seconds());
                let told = |fault: &std::sync::Arc<FaultSpan>| {
                    format!("{}\n{} to {}", fault.words, fault.began, figures::seconds(over(fault.ended)))
                };
                let all: Vec<String> = frame.past.faults.iter().filter(here).map(told).collect();
                (!all.is_empty()).then(|| all.join("\n"))
            }
            Strip::Brokers => {
                let happening = frame.past.film.happenings().find(|h| near(h.at.seconds()))?;
                Some(format!("{}\nat {}", words::of_note(&frame.plan, &happening.note), happening.at))
            }
            Strip::Lesson => {
                let step = steps.iter().rfind(|step| step.from <= seconds || near(step.from))?;
                let end = step.to.map_or("not reached yet".to_owned(), |to| format!("reached at {}", figures::seconds(to)));
                Some(format!("{}\nbegins at {}, {end}", step.name, figures::seconds(step.from)))
            }
            Strip::Changes => {
                let change = frame.past.here().into_iter().flat_map(|b| &b.interventions).find(|i| near(i.time().seconds()));
                let branch = || frame.past.branches.iter().find(|b| b.parent.is_some_and(|(_, t)| near(t.seconds())));
                change.map(ToString::to_string).or_else(|| Some(format!("Branch: {}", branch()?.name)))
            }
        }
    }
}

/// A stretch of time with words in it.
fn band(painter: &Painter, ground: &Ground<'_>, rect: Rect, (from, to): (f64, f64), colour: Color32, words: &str) {
    let theme = ground.theme;
    let left = ground.x(from);
    let band = Rect::from_x_y_ranges(left..=ground.x(to).max(left + theme.px(2.0)), rect.y_range().shrink(1.0));
    let band = band.intersect(Rect::from_x_y_ranges(ground.rect.x_range(), rect.y_range()));
    if band.width() <= 0.0 {
        return;
    }
    painter.rect_filled(band, 2.0, theme.wash(colour, 0.35));
    painter.line_segment([band.left_top(), band.left_bottom()], Stroke::new(theme.stroke * 1.5, colour));
    write(painter, ground, rect, (from, to), words);
}

/// Words in a stretch of time, cut where it ends.
fn write(painter: &Painter, ground: &Ground<'_>, rect: Rect, (from, to): (f64, f64), words: &str) {
    let theme = ground.theme;
    let band = Rect::from_x_y_ranges(ground.x(from)..=ground.x(to).max(ground.x(from)), rect.y_range());
    let band = band.intersect(Rect::from_x_y_ranges(ground.rect.x_range(), rect.y_range()));
    if band.width() > theme.label {
        let at = band.left_center() + vec2(theme.px(space::XS), 0.0);
        let galley = cut(painter, words, FontId::proportional(theme.label), theme.text, band.right() - at.x);
        painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, theme.text);
    }
}

/// Interventions, where branches begin, and markers.
fn changes(painter: &Painter, ground: &Ground<'_>, rect: Rect, frame: &Frame, time: &TimeView) {
    let theme = ground.theme;
    let font = FontId::proportional(theme.label);
    let (y, side) = (rect.center().y, theme.px(5.0));
    for branch in frame.past.branches.iter() {
        let Some((_, at)) = branch.parent.filter(|(parent, _)| *parent == frame.past.branch) else { continue };
        let x = ground.x(at.seconds());
        painter.line_segment([pos2(x, y), pos2(x + side * 2.0, y - side * 1.6)], Stroke::new(theme.stroke * 1.5, theme.good));
        painter.circle_filled(pos2(x, y), theme.px(2.5), theme.good);
    }
    let interventions = frame.past.here().map_or(&[][..], |branch| &branch.interventions);
    for (i, intervention) in interventions.iter().enumerate() {
        let x = ground.x(intervention.time().seconds());
        let corners = vec![pos2(x, y - side), pos2(x + side, y), pos2(x, y + side), pos2(x - side, y)];
        painter.add(Shape::convex_polygon(corners, theme.warn, Stroke::NONE));
        if ground.rect.x_range().contains(x) {
            // Words up to where the next one begins.
            let end = interventions.get(i + 1).map_or(rect.right(), |next| ground.x(next.time().seconds()) - side);
            let room = Rect::from_x_y_ranges(x..=end.max(x), rect.y_range());
            painter.with_clip_rect(room).text(
                pos2(x + side * 1.5, y),
                Align2::LEFT_CENTER,
                intervention.what.to_string(),
                font.clone(),
                theme.text,
            );
        }
    }
    for (i, marker) in time.markers.iter().enumerate() {
        let x = ground.x(marker.at.seconds());
        if ground.rect.x_range().contains(x) {
            flag(painter, theme, pos2(x, rect.top()), if time.open == Some(i) { theme.accent } else { theme.muted }, &marker.note);
        }
    }
}

fn flag(painter: &Painter, theme: &Theme, at: Pos2, colour: Color32, note: &str) {
    let side = theme.px(5.0);
    painter.add(Shape::convex_polygon(vec![at, at + vec2(side * 2.0, side), at + vec2(0.0, side * 2.0)], colour, Stroke::NONE));
    let font = FontId::proportional(theme.label);
    painter.text(at + vec2(side * 2.5, side), Align2::LEFT_CENTER, note, font, theme.text);
}
