//! A scenario with a canvas on it, without a window.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use tidemill::app::action::{Action, Find, Placing, Selection};
use tidemill::app::canvas::{Canvas, CanvasInput};
use tidemill::app::edit::{Edit, added};
use tidemill::app::theme::{Mode, Theme};
use tidemill::run::Frame;
use tidemill::scenario::Scenario;
use tidemill::scenario::check::Finding;

pub struct World {
    pub scenario: Scenario,
    pub canvas: Canvas,
    pub selection: Selection,
    pub placing: Option<Placing>,
    pub findings: Vec<Finding>,
    pub theme: Theme,
    pub frame: Option<Frame>,
    pub reduce_motion: bool,
    /// The list that was asked for.
    pub find: Option<Find>,
    pub complaints: Vec<String>,
    /// Labels of the edits that were asked for, in order.
    pub edits: Vec<String>,
}

impl World {
    pub fn of(scenario: Scenario) -> World {
        World {
            scenario,
            canvas: Canvas::default(),
            selection: Selection::default(),
            placing: None,
            findings: Vec::new(),
            theme: Theme::of(Mode::Dark),
            frame: None,
            reduce_motion: false,
            find: None,
            complaints: Vec::new(),
            edits: Vec::new(),
        }
    }

    pub fn show(&mut self, ui: &mut egui::Ui) {
        let mut actions = Vec::new();
        let input = CanvasInput {
            scenario: &self.scenario,
            frame: self.frame.as_ref(),
            selection: &self.selection,
            theme: &self.theme,
            placing: self.placing,
            findings: &self.findings,
            highlight: &[],
            marks: &[],
            reduce_motion: self.reduce_motion,
        };
        self.canvas.show(ui, &input, &mut actions);
        for action in actions {
            match action {
                Action::Edit(edit) => {
                    self.edits.push(edit.label());
                    edit.apply(&mut self.scenario).unwrap_or_else(|e| panic!("{}: {e}", edit.label()));
                    let known = |id: &String| self.scenario.nodes.iter().any(|n| n.id() == id);
                    self.selection.nodes.retain(known);
                }
                Action::Select(selection) => self.selection = selection,
                Action::Place(placing) => self.placing = placing,
                Action::Canvas(command) => self.canvas.tell(command),
                Action::FitView => self.canvas.fit(),
                Action::Find(find) => self.find = Some(find),
                Action::Complain(why) => self.complaints.push(why),
                // The window brings the inspector; here there is none.
                Action::Inspect => {}
                other => panic!("not for a canvas: {other:?}"),
            }
        }
    }

    pub fn selected(&self) -> Vec<&str> {
        self.selection.nodes.iter().map(String::as_str).collect()
    }

    pub fn at(&self, id: &str) -> (f32, f32) {
        self.scenario.nodes.iter().find(|n| n.id() == id).and_then(|n| n.at()).unwrap()
    }
}

/// One of each, side by side, not connected.
pub fn three() -> Scenario {
    let mut scenario = Scenario::default();
    for (placing, x) in [(Placing::Producer, 80.0), (Placing::Broker("Simple"), 400.0), (Placing::Consumer, 720.0)] {
        scenario = added(placing, (x, 240.0), None, &scenario).unwrap().0;
    }
    scenario
}

pub fn connect(scenario: &mut Scenario, from: &str, to: &str, channel: &str) -> Result<(), String> {
    Edit::Connect { from: from.into(), to: to.into(), channel: channel.into() }.apply(scenario)
}

/// The same, connected.
pub fn connected() -> Scenario {
    let mut scenario = three();
    connect(&mut scenario, "producer-1", "broker-1", "events").unwrap();
    connect(&mut scenario, "broker-1", "consumer-1", "events").unwrap();
    scenario
}

pub fn harness(scenario: Scenario) -> Harness<'static, World> {
    let mut harness = Harness::builder()
        .with_size(egui::vec2(1000.0, 640.0))
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(|ui, world: &mut World| world.show(ui), World::of(scenario));
    harness.run_steps(3);
    harness
}

pub fn rect(harness: &Harness<'_, World>, label: &str) -> egui::Rect {
    harness.get_by_label(label).rect()
}

/// Press, a few moves, release.
pub fn drag(harness: &mut Harness<'_, World>, from: egui::Pos2, to: egui::Pos2) {
    harness.hover_at(from);
    harness.run_steps(2);
    harness.drag_at(from);
    harness.run_steps(1);
    for i in 1..=5 {
        harness.hover_at(from.lerp(to, i as f32 / 5.0));
        harness.run_steps(1);
    }
    harness.drop_at(to);
    harness.run_steps(2);
}
