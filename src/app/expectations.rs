//! What the scenario expects of its run, and what has come of it so far.

use super::action::Action;
use super::document::Document;
use super::edit::Edit;
use super::theme::{Theme, size};
use super::widgets::{labelled_button, muted, prose};
use crate::figures::counted;
use crate::record::report::ExpectationReport;
use crate::run::Frame;
use crate::run::frame::PlayState;
use crate::run::words;
use crate::scenario::document::Expect;
use crate::time::Time;
use egui::{RichText, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_CANCEL, ICON_CHECK_CIRCLE, ICON_HOURGLASS_EMPTY};

/// How far a run is, for what is said of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// At its start: nothing has come of anything.
    #[default]
    Start,
    /// On its way: they say how it stands.
    Way,
    /// At its end.
    End,
}

/// What has come of the expectations.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// In their order in the file; none while there are no figures.
    pub judged: Vec<ExpectationReport>,
    /// How far the run is.
    pub stage: Stage,
}

impl Verdicts {
    /// That of an expectation as it is written.
    pub fn of(&self, text: &str) -> Option<&ExpectationReport> {
        self.judged.iter().find(|verdict| verdict.text == text)
    }

    /// How it stands in a few words, and whether all is well; nothing if nothing is expected, or not known yet.
    pub fn summary(&self) -> Option<(String, bool)> {
        let (all, hold) = (self.judged.len(), self.judged.iter().filter(|verdict| verdict.holds).count());
        let words = match (all, self.stage) {
            (0, _) => return None,
            (_, Stage::Start) => counted(all as u64, "expectation"),
            (_, Stage::Way) => format!("{hold} of {all} hold so far"),
            (1, Stage::End) if hold == 1 => "Holds".to_owned(),
            (1, Stage::End) => "Fails".to_owned(),
            (_, Stage::End) if hold == all => format!("All {all} hold"),
            (_, Stage::End) => format!("{} of {all} fail", all - hold),
        };
        Some((words, hold == all))
    }
}

/// What has come of the document's expectations at the moment that is shown.
pub fn verdicts(document: &Document, frame: Option<&Frame>) -> Verdicts {
    let judged = (|| Some(frame?.figures.as_ref()?.judge(&document.plan.as_ref()?.expectations)))();
    let stage = match frame {
        Some(frame) if matches!(frame.state, PlayState::Finished | PlayState::Stopped(_)) => Stage::End,
        Some(frame) if frame.now > Time::ZERO => Stage::Way,
        _ => Stage::Start,
    };
    Verdicts { judged: judged.unwrap_or_default(), stage }
}

/// Draws the tab.
pub fn show(ui: &mut Ui, theme: &Theme, document: &Document, verdicts: &Verdicts, actions: &mut Vec<Action>) {
    let expected = &document.scenario.expect;
    ui.horizontal(|ui| {
        if labelled_button(ui, theme, ICON_ADD, "Expect something", !document.taught()).clicked() {
            let mut scenario = document.scenario.clone();
            scenario.expect.push(Expect("lost == 0".to_owned()));
            actions.push(Action::Edit(Edit::SetScenario { label: "Expect something".to_owned(), scenario: Box::new(scenario) }));
            actions.push(Action::Select(super::action::Selection::default()));
        }
        if let Some((words, _)) = verdicts.summary() {
            ui.label(muted(theme, words));
        }
    });
    if expected.is_empty() {
        let words = "Statements that have to hold at the end of a run, such as lost == 0 or billing.latency.p99 < 500ms: `tidemill check` tests them too";
        ui.label(prose(theme, words, theme.body, theme.muted));
        return;
    }
    ScrollArea::vertical().id_salt("expectations").auto_shrink(false).show(ui, |ui| {
        // Nothing in these lines is clicked, so they may be close: most scenarios' fit in the dock.
        ui.spacing_mut().interact_size.y = theme.px(size::ICON);
        let begun = verdicts.stage != Stage::Start;
        let holds = |expect: &&Expect| !begun || verdicts.of(&expect.0).is_none_or(|verdict| verdict.holds);
        // What does not hold comes first: it is what is looked for.
        let (fine, failing): (Vec<&Expect>, Vec<&Expect>) = expected.iter().partition(holds);
        for expect in failing.into_iter().chain(fine) {
            ui.horizontal_wrapped(|ui| {
                let told = verdicts.of(&expect.0).and_then(|verdict| told(theme, verdict, verdicts.stage));
                if let Some((mark, _)) = &told {
                    ui.label(mark.clone());
                }
                ui.label(prose(theme, &format!("`{}`", expect.0), theme.body, theme.text));
                if let Some((_, words)) = told {
                    ui.label(muted(theme, words).size(theme.label));
                }
            });
        }
    });
}

/// A line on what has come of one, below where it is written.
pub fn line(ui: &mut Ui, theme: &Theme, verdict: &ExpectationReport, stage: Stage) {
    if let Some((mark, words)) = told(theme, verdict, stage) {
        ui.horizontal(|ui| {
            ui.label(mark);
            ui.label(muted(theme, words).size(theme.label));
        });
    }
}

/// What has come of one, as a mark and in words: whether it holds, and the figure it speaks of. Nothing at the start.
fn told(theme: &Theme, verdict: &ExpectationReport, stage: Stage) -> Option<(RichText, String)> {
    let (icon, colour, words) = match (verdict.holds, stage) {
        (_, Stage::Start) => return None,
        (true, Stage::End) => (ICON_CHECK_CIRCLE, theme.good, "Holds"),
        (false, Stage::End) => (ICON_CANCEL, theme.bad, "Fails"),
        (true, Stage::Way) => (ICON_CHECK_CIRCLE, theme.muted, "Holds so far"),
        (false, Stage::Way) => (ICON_HOURGLASS_EMPTY, theme.warn, "Does not hold so far"),
    };
    let actual =
        verdict.actual.map_or("the run gave no value".to_owned(), |value| format!("it is {}", words::figure(value, verdict.quantity)));
    Some((icon.rich_text().size(theme.px(size::ICON)).color(colour), format!("{words}: {actual}")))
}
