//! The parts of the window in their tiles: what each draws, how its tab looks, and what its tab's menu offers.

use super::action::Action;
use super::canvas::{Canvas, CanvasInput};
use super::compare::Comparing;
use super::compare::sides::Sides;
use super::dock::Dock;
use super::document::Document;
use super::expectations::{self, Verdicts};
use super::inspector::{self, Inspected, Moment};
use super::panels::{GAP, Part, Side};
use super::session::Session;
use super::teach::{editor::Editor, panel};
use super::theme::{Theme, size, space};
use super::widgets::named_choice;
use super::{branches, journeys, legend, plots, problems, timeline, why};
use crate::run::Frame;
use egui::{Align2, Color32, FontId, Response, Sense, Stroke, Ui, UiBuilder, Visuals, WidgetText, vec2};
use egui_tiles::{Behavior, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, UiResponse};

/// Everything that the parts read and change.
pub struct Parts<'a> {
    /// The look.
    pub theme: &'a Theme,
    /// What is behind the window.
    pub session: &'a Session,
    /// What is open.
    pub document: &'a Document,
    /// The run.
    pub frame: Option<&'a Frame>,
    /// The topology.
    pub canvas: &'a mut Canvas,
    /// The same beside that of what it is compared with.
    pub sides: &'a mut Sides,
    /// When changes in the inspector hold.
    pub moment: &'a mut Moment,
    /// How things are looked at.
    pub dock: &'a mut Dock,
    /// The lesson, as it is gone through.
    pub teaching: &'a mut panel::Panel,
    /// The lesson, as it is written.
    pub editor: &'a mut Editor,
    /// What has come of what is expected of the run.
    pub verdicts: &'a Verdicts,
    /// What is asked for.
    pub actions: &'a mut Vec<Action>,
    /// The canvas needs no tab where it stands alone.
    pub canvas_tile: Option<TileId>,
}

impl Parts<'_> {
    fn part(&mut self, ui: &mut Ui, part: Part) {
        let Parts { theme, session, document, frame, dock, verdicts, actions, .. } = self;
        let (theme, document, frame) = (*theme, *document, *frame);
        match part {
            Part::Canvas => {
                let input = CanvasInput {
                    scenario: &document.scenario,
                    frame,
                    selection: &document.selection,
                    theme,
                    placing: session.placing,
                    findings: &document.findings,
                    highlight: session.course.as_ref().map_or(&[], |course| course.highlight()),
                    marks: &[],
                    reduce_motion: session.settings.reduce_motion,
                };
                match frame.and_then(|frame| Some((frame, frame.beside.as_deref()?))).filter(|_| session.sides) {
                    Some((frame, beside)) => {
                        let other = session.other.as_ref().map(|other| &other.scenario);
                        self.sides.show(ui, self.canvas, &input, frame, beside, other, actions);
                    }
                    None => self.canvas.show(ui, &input, actions),
                }
            }
            Part::Inspector => {
                let input = Inspected {
                    scenario: &document.scenario,
                    frame,
                    selection: &document.selection,
                    findings: &document.findings,
                    taught: document.taught(),
                    runnable: document.runnable(),
                    opened: session.opened,
                    revision: document.revision(),
                    files: &document.home,
                    verdicts,
                    theme,
                };
                inspector::show(ui, &input, self.moment, actions);
            }
            Part::Lesson if session.writing => self.editor.show(ui, theme, document, actions),
            Part::Lesson => {
                let input = panel::Input {
                    document,
                    course: session.course.as_ref(),
                    going: session.going.as_ref().map(|going| going.at),
                    progress: session.progress(),
                    presented: session.room.is_some(),
                    frame,
                    theme,
                };
                self.teaching.show(ui, &input, actions);
            }
            Part::Timeline => {
                let steps = session.course.as_ref().map_or_else(Vec::new, |course| course.stretches());
                timeline::show(ui, theme, frame, &steps, &mut dock.time, actions);
            }
            Part::Plots => plots::show(ui, theme, frame, &document.selection, &mut dock.plotting, &mut dock.time, actions),
            Part::Journeys => journeys::show(ui, theme, frame, &mut dock.finding, actions),
            Part::Branches => {
                let comparing = Comparing { other: session.other.as_ref(), sides: session.sides };
                let past = branches::Shown { frame, kept: &session.kept() };
                branches::show(ui, theme, past, &document.selection, comparing, &mut dock.branching, actions);
            }
            Part::Expectations => expectations::show(ui, theme, document, verdicts, actions),
            Part::Why => why::show(ui, theme, frame, actions),
            Part::Problems => problems::show(ui, theme, &document.scenario, &document.findings, actions),
            Part::Events => legend::show(ui, theme, &document.scenario),
        }
    }

    fn words(&self, part: Part) -> String {
        let counted = |n: usize, least: usize| if n < least { part.title().to_owned() } else { format!("{} ({n})", part.title()) };
        match part {
            Part::Expectations => counted(self.document.scenario.expect.len(), 1),
            Part::Problems => counted(self.document.findings.len(), 1),
            Part::Branches => counted(self.frame.map_or(1, |frame| frame.past.branches.len()) + self.session.kept().len(), 2),
            _ => part.title().to_owned(),
        }
    }
}

impl Behavior<Part> for Parts<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, part: &mut Part) -> UiResponse {
        let theme = self.theme;
        let canvas = *part == Part::Canvas;
        ui.painter().rect_filled(ui.max_rect(), 0.0, if canvas { theme.canvas } else { theme.panel });
        let (x, y) = if canvas { (0.0, 0.0) } else { (theme.px(space::M), theme.px(space::XS)) };
        // A child of fixed size: a part is as large as it was made, whatever is in it.
        let room = ui.max_rect().shrink2(vec2(x, y));
        let mut child = ui.new_child(UiBuilder::new().max_rect(room));
        child.shrink_clip_rect(room.expand2(vec2(x, 0.0)));
        self.part(&mut child, *part);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, part: &Part) -> WidgetText {
        self.words(*part).into()
    }

    fn tab_ui(&mut self, tiles: &mut Tiles<Part>, ui: &mut Ui, id: egui::Id, tile: TileId, state: &TabState) -> Response {
        let theme = self.theme;
        let part = match tiles.get(tile) {
            Some(Tile::Pane(part)) => *part,
            _ => Part::Canvas,
        };
        let words = self.words(part);
        let ink = if state.active { theme.text } else { theme.muted };
        let galley = ui.painter().layout_no_wrap(words.clone(), FontId::proportional(theme.label), ink);
        let wide = vec2(galley.size().x + theme.px(space::M), ui.available_height());
        let (_, rect) = ui.allocate_space(wide);
        let response = ui.interact(rect, id, Sense::click_and_drag());
        named_choice(&response, &format!("{words} tab"), state.active);
        let face = rect.shrink2(vec2(theme.px(1.0), theme.px(3.0)));
        let fill = match () {
            () if state.active => theme.wash(theme.accent, 0.22),
            () if response.hovered() => theme.wash(theme.muted, 0.14),
            () => Color32::TRANSPARENT,
        };
        let edge = if response.has_focus() { Stroke::new(theme.stroke * 1.5, theme.accent) } else { Stroke::NONE };
        ui.painter().rect(face, space::RADIUS, fill, edge, egui::StrokeKind::Inside);
        let place = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
        ui.painter().galley(place.min, galley, ink);
        let response = response.on_hover_text("Drag it to where it is to stand, or press it with the right button");
        response.context_menu(|ui| menu(ui, part, self.actions));
        response
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn is_tab_bar_visible(&self, _tile: TileId, tabs: &Tabs) -> bool {
        self.canvas_tile.is_none_or(|canvas| tabs.children != [canvas])
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        self.theme.px(size::TAB)
    }

    fn tab_bar_color(&self, _visuals: &Visuals) -> Color32 {
        self.theme.panel
    }

    fn tab_bar_left_ui(&mut self, _tiles: &Tiles<Part>, ui: &mut Ui, _tile: TileId, _tabs: &Tabs) {
        // In line with what the tabs head.
        ui.add_space(self.theme.px(space::S));
    }

    fn tab_bar_hline_stroke(&self, _visuals: &Visuals) -> Stroke {
        Stroke::NONE
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        GAP
    }

    fn min_size(&self) -> f32 {
        self.theme.px(120.0)
    }

    fn resize_stroke(&self, _style: &egui::Style, state: egui_tiles::ResizeState) -> Stroke {
        match state {
            egui_tiles::ResizeState::Idle => Stroke::new(GAP, self.theme.line),
            egui_tiles::ResizeState::Hovering | egui_tiles::ResizeState::Dragging => {
                Stroke::new(2.0 * self.theme.stroke, self.theme.accent)
            }
        }
    }

    fn drag_preview_stroke(&self, _visuals: &Visuals) -> Stroke {
        Stroke::new(2.0 * self.theme.stroke, self.theme.accent)
    }

    fn drag_preview_color(&self, _visuals: &Visuals) -> Color32 {
        self.theme.wash(self.theme.accent, 0.25)
    }
}

/// Where a part can go, by its tab's right button.
fn menu(ui: &mut Ui, part: Part, actions: &mut Vec<Action>) {
    for (side, words) in Side::ALL.into_iter().filter(|_| part != Part::Canvas) {
        if ui.button(format!("Move {} {words}", part.title())).clicked() {
            actions.push(Action::Panel(part, side));
            ui.close();
        }
    }
    if ui.button("Put all panels back").clicked() {
        actions.push(Action::PanelsBack);
        ui.close();
    }
}
