//! The canvas.

use super::action::{Action, Placing, Selection};
use super::theme::Theme;
use crate::run::Frame;
use crate::scenario::Scenario;
use crate::scenario::check::Finding;

/// What the canvas reads.
pub struct CanvasInput<'a> {
    /// The open scenario.
    pub scenario: &'a Scenario,
    /// The run.
    pub frame: Option<&'a Frame>,
    /// What is selected.
    pub selection: &'a Selection,
    /// The look.
    pub theme: &'a Theme,
    /// What the next click places.
    pub placing: Option<Placing>,
    /// What is wrong.
    pub findings: &'a [Finding],
    /// Whether things appear in place.
    pub reduce_motion: bool,
}

/// The canvas.
#[derive(Default)]
pub struct Canvas {}

impl Canvas {
    /// Draws it.
    pub fn show(&mut self, _ui: &mut egui::Ui, _input: &CanvasInput<'_>, _actions: &mut Vec<Action>) {}
    /// Shows everything.
    pub fn fit(&mut self) {}
}
