//! The canvas: the topology as a drawing that is alive while a run is.
//!
//! Reads the scenario and the latest frame, draws, and pushes actions; changes nothing itself. It knows neither files nor the
//! engine. Each frame goes request -> layout -> gestures -> paint: [`layout`] and [`route`] say where things are in the scene
//! (pure, only when the scenario changed), [`view`] maps the scene to the screen, [`gestures`] and [`keys`] turn input into
//! actions, [`paint`] and [`particles`] draw.

pub mod arrange;
pub mod atlas;
pub mod beside;
pub mod connect;
pub mod controls;
pub mod curve;
pub mod gestures;
mod highlight;
pub mod hit;
pub mod keys;
pub mod labels;
pub mod layout;
pub mod live;
pub mod measures;
pub mod menus;
pub mod mesh;
pub mod minimap;
pub mod notes;
pub mod paint;
pub mod particles;
mod picture;
pub mod place;
pub mod route;
pub mod snap;
pub mod state;
pub mod told;
pub mod view;
pub mod writing;

use super::action::{Action, OnCanvas, Placing, Selection, Source};
use super::theme::{Theme, space};
use crate::run::Frame;
use crate::scenario::Scenario;
use crate::scenario::check::Finding;
use egui::{Pos2, Rect, Sense, Ui, Vec2};
use gestures::Gesture;
use layout::Scene;
use measures::{GLIDE, JUMP};
use std::collections::HashMap;
use view::{Fitting, View};

/// What the canvas shows.
#[derive(Clone, Copy)]
pub struct CanvasInput<'a> {
    /// The document.
    pub scenario: &'a Scenario,
    /// The run's latest frame, if there is a run.
    pub frame: Option<&'a Frame>,
    /// What is selected.
    pub selection: &'a Selection,
    /// How it looks.
    pub theme: &'a Theme,
    /// What the next click places.
    pub placing: Option<Placing>,
    /// What is wrong with the document; a finding's path marks the node it begins with.
    pub findings: &'a [Finding],
    /// What pulses: nodes, `broker/part`, and `node -> node`.
    pub highlight: &'a [String],
    /// Nodes that are not the same in the run that this one is compared with.
    pub marks: &'a [beside::Mark],
    /// No motion: rates are told by widths and figures alone.
    pub reduce_motion: bool,
}

/// What the canvas remembers from frame to frame.
#[derive(Default)]
pub struct Canvas {
    view: View,
    fitting: Fitting,
    scene: Scene,
    /// Counts the layouts.
    laid: u64,
    /// Triangles of earlier pictures that still fit.
    kept: picture::KeptMeshes,
    /// What the scene was laid out from.
    laid_out: Option<(Scenario, f32, Vec2, f32)>,
    live: live::Live,
    particles: particles::Particles,
    atlas: Option<atlas::Atlas>,
    gesture: Gesture,
    /// To be added where there is room.
    to_place: Option<Placing>,
    parts: Option<connect::PartMenu>,
    writing: Option<writing::Writing>,
    told: Vec<OnCanvas>,
    /// Where the drag that goes on has led to.
    snap: snap::Snap,
    glide: Option<Glide>,
    /// The view follows the nodes to where they glide; so many pictures more if they do not.
    following: u8,
    /// How often the same was pasted.
    pasted: u32,
    menu: menus::Menu,
    scratch: String,
    trend: Vec<f32>,
}

/// Nodes on the way to places that they were not dragged to: the eye follows them there.
#[derive(Clone, Debug)]
struct Glide {
    /// How far from its new place each began.
    from: HashMap<String, Vec2>,
    began: f64,
}

impl Glide {
    /// From where nodes were seen to where they are now; nothing if none jumps.
    fn between(old: &Scene, new: &Scene, now: f64) -> Option<Glide> {
        let jump = |node: &layout::NodeBox| {
            let before = &old.nodes[*old.index.get(&node.id)?];
            let by = before.rect.center() - node.rect.center();
            (by.length() > JUMP).then(|| (node.id.clone(), by))
        };
        let from: HashMap<String, Vec2> = new.nodes.iter().filter_map(jump).collect();
        (!from.is_empty()).then_some(Glide { from, began: now })
    }

    /// How far from its place a node is still.
    fn aside(&self, id: &str, now: f64) -> Vec2 {
        let left = 1.0 - (((now - self.began) / GLIDE) as f32).clamp(0.0, 1.0);
        self.from.get(id).map_or(Vec2::ZERO, |from| *from * left * left * left)
    }
}

/// What the pointer is on, found anew in each frame.
#[derive(Clone, Debug, Default)]
struct Pointed {
    node: Option<usize>,
    port: Option<Source>,
    wire: Option<usize>,
    particle: Option<particles::Seen>,
}

impl Canvas {
    /// Shows all of the content with the next frame.
    pub fn fit(&mut self) {
        // Another scenario may have nodes of the same names.
        (self.glide, self.laid_out) = (None, None);
        self.fitting.ask();
    }

    /// Keeps all in sight if that is wanted, and no node under the zoom buttons.
    fn fit_in(&mut self, theme: &Theme) {
        let (scene, fitting) = (&self.scene, &mut self.fitting);
        let corner = controls::place(&self.view, theme).expand(space::S);
        let covered = |view: &View| scene.nodes.iter().any(|node| view.screen_rect(node.rect).intersects(corner));
        fitting.apply(&mut self.view, scene.bounds, scene.scale, corner, covered);
    }

    /// Adds a node where there is room in what is seen, with the next frame.
    pub fn place_in_view(&mut self, placing: Placing) {
        self.to_place = Some(placing);
    }

    /// Allows so many particles at once.
    pub fn set_particle_budget(&mut self, most: usize) {
        self.particles.budget = most;
    }

    /// How many events are shown on their way.
    pub fn particles(&self) -> usize {
        self.particles.len()
    }

    /// Where a place of the scenario is on the screen, as of the latest frame.
    pub fn screen_position(&self, at: (f32, f32)) -> Pos2 {
        self.view.screen_from_scene(at.into())
    }

    /// Draws the canvas into all of the room that is left, and takes its gestures.
    pub fn show(&mut self, ui: &mut Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let rect = ui.available_rect_before_wrap();
        if !rect.is_positive() || !rect.is_finite() {
            return;
        }
        let ground = ui.allocate_rect(rect, Sense::click_and_drag());
        ground.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "canvas"));
        self.view.canvas = rect;
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt("canvas"));
        let ui = &mut ui;
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));

        let relaid = self.lay_out(ui, input);
        if self.following > 0 {
            self.following -= u8::from(self.glide.is_none());
            self.fitting.ask();
        }
        self.fit_in(input.theme);
        self.take_frame(ui, input, relaid);
        self.move_view(ui, &ground);
        let pointed = if self.is_placing(ui, input) {
            self.place(ui, input, actions);
            Pointed::default()
        } else {
            self.take_pointer(ui, input, &ground, actions)
        };
        if let Some(placing) = self.to_place.take() {
            self.tell(OnCanvas::Add { placing, at: None, with: None });
        }
        self.take_keys(ui, input, &ground, actions);
        self.obey(ui, input, ground.id, actions);
        self.draw(ui, input, &pointed);
        self.draw_highlight(ui, input, false);
        self.draw_marks(ui, input);
        self.tooltips(ui, input, &pointed);
        controls::show(ui, &mut self.view, input.theme, &mut self.fitting);
        minimap::show(ui, &mut self.view, &self.scene, input);
        self.show_menu(ui, input, actions);
        self.show_parts(ui, input, actions);
        self.show_writing(ui, input, actions);
        if self.particles.any() && input.frame.is_some_and(live::moves) && !input.reduce_motion {
            ui.ctx().request_repaint_after(std::time::Duration::from_micros(16_600));
        }
    }

    /// Lays the scene out anew if anything changed; says whether.
    fn lay_out(&mut self, ui: &Ui, input: &CanvasInput<'_>) -> bool {
        // Larger text needs larger nodes; not as much larger, as places stay where they are.
        let scale = (input.theme.body / 14.0).min(1.25);
        self.snap = self.gesture.snap(ui, &self.view, &self.scene);
        let (moved, now) = (self.snap.by, ui.input(|i| i.time));
        self.glide.take_if(|glide| now - glide.began >= GLIDE);
        let way = self.glide.as_ref().map_or(1.0, |glide| ((now - glide.began) / GLIDE) as f32);
        let same = self.laid_out.as_ref().is_some_and(|(scenario, ..)| scenario == input.scenario);
        let before = self.laid_out.as_ref().map(|(_, s, m, w)| (*s, *m, *w));
        if same && before == Some((scale, moved, way)) {
            return false;
        }
        let names = self.gesture.names();
        let by = |id: &str| if names.is_some_and(|n| n.contains(id)) { moved } else { Vec2::ZERO };
        let mut scene = Scene::of(input.scenario, scale, &by);
        if !same && before.is_some() && !input.reduce_motion {
            self.glide = Glide::between(&self.scene, &scene, now).or(self.glide.take());
        }
        if let Some(glide) = &self.glide {
            let aside = |id: &str| glide.aside(id, now);
            scene = Scene::on_the_way(input.scenario, scale, &by, &aside);
            ui.ctx().request_repaint();
        }
        if !scene.same_wires(&self.scene) {
            self.particles.clear();
        }
        self.scene = scene;
        self.laid += 1;
        match &mut self.laid_out {
            Some((_, s, m, w)) if same => (*s, *m, *w) = (scale, moved, way),
            other => *other = Some((input.scenario.clone(), scale, moved, way)),
        }
        true
    }

    fn take_frame(&mut self, ui: &Ui, input: &CanvasInput<'_>, relaid: bool) {
        let news = self.live.update(input.frame, &self.scene, relaid);
        if news.run || input.reduce_motion {
            self.particles.clear();
        }
        if let (Some(frame), false) = (input.frame, input.reduce_motion) {
            let elapsed = f64::from(ui.input(|i| i.stable_dt));
            self.particles.advance(elapsed, frame, news.frame, &self.live, &self.scene, self.view.zoom);
        }
    }

    /// The nodes that are on the screen, as links and halos reach a little beyond them.
    fn visible_nodes(&self) -> impl Iterator<Item = usize> {
        let visible: Rect = self.view.visible().expand(24.0 / self.view.zoom);
        self.scene.nodes.iter().enumerate().filter(move |(_, n)| n.rect.intersects(visible)).map(|(i, _)| i)
    }
}
