//! Events on their way, as seen: each for long enough to be noticed, all in one mesh.

use super::atlas::{Atlas, Mark};
use super::layout::Scene;
use super::live::{Live, moves};
use super::measures::{CROWD, FADE, PARTICLE_SCREEN, PARTICLES, SEEN};
use super::view::View;
use crate::app::theme::Theme;
use crate::ids::EventId;
use crate::run::Frame;
use crate::run::frame::{Flight, Manner, Speed};
use egui::{Color32, Mesh, Pos2, Rect, Vec2};

/// What travels.
#[derive(Debug)]
pub struct Particles {
    /// Advances only while the run does.
    clock: f64,
    flying: Vec<Particle>,
    /// By wire: how many are on it.
    crowd: Vec<u32>,
    /// By wire: 0 to 1, how much of its traffic is shown as a flow.
    flow: Vec<f32>,
    /// Most at once.
    pub budget: usize,
}

impl Default for Particles {
    fn default() -> Self {
        Particles { clock: 0.0, flying: Vec::new(), crowd: Vec::new(), flow: Vec::new(), budget: PARTICLES }
    }
}

#[derive(Clone, Copy, Debug)]
struct Particle {
    wire: u32,
    kind: u32,
    event: EventId,
    manner: Manner,
    begin: f64,
    lasts: f64,
    /// How far a lost one gets.
    reach: f32,
}

/// Something that travels, as the pointer finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// On which wire.
    pub wire: usize,
    /// Of which type.
    pub kind: usize,
    /// Which event.
    pub event: EventId,
    /// What is special about it.
    pub manner: Manner,
}

impl Particle {
    /// How much of the way it has come at this age.
    fn share(&self, age: f64) -> f32 {
        match self.manner {
            Manner::Lost => ((age / (self.lasts - FADE)) as f32).min(1.0) * self.reach,
            _ => (age / self.lasts) as f32,
        }
    }

    /// How far a lost one has faded; nothing while it still travels.
    fn faded(&self, age: f64) -> Option<f32> {
        let travel = self.lasts - FADE;
        (age >= travel).then(|| ((age - travel) / FADE).clamp(0.0, 1.0) as f32)
    }
}

impl Particles {
    /// Forgets everything that travels.
    pub fn clear(&mut self) {
        self.flying.clear();
        self.flow.clear();
    }

    /// Whether anything is on the screen that moves.
    pub fn any(&self) -> bool {
        !self.flying.is_empty() || self.flow.iter().any(|f| *f > 0.01)
    }

    /// How many travel.
    pub fn len(&self) -> usize {
        self.flying.len()
    }

    /// Whether nothing travels.
    pub fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// Lets `elapsed` seconds of wall time pass and takes in the flights of a new frame.
    pub fn advance(&mut self, elapsed: f64, frame: &Frame, new: bool, live: &Live, scene: &Scene, zoom: f32) {
        self.flow.resize(scene.wires.len(), 0.0);
        if !moves(frame) {
            return;
        }
        // A window that was hidden comes back where it was.
        let elapsed = elapsed.clamp(0.0, 0.1);
        self.clock += elapsed;
        let clock = self.clock;
        self.flying.retain(|p| clock < p.begin + p.lasts);
        let settle = (elapsed * 2.0).min(1.0) as f32;
        self.flow.iter_mut().for_each(|f| *f -= *f * settle);
        if new {
            self.take_off(frame, live, scene, zoom);
        }
    }

    fn take_off(&mut self, frame: &Frame, live: &Live, scene: &Scene, zoom: f32) {
        self.crowd.clear();
        self.crowd.resize(scene.wires.len(), 0);
        for particle in &self.flying {
            if let Some(crowd) = self.crowd.get_mut(particle.wire as usize) {
                *crowd += 1;
            }
        }
        let pace = match frame.speed {
            Speed::Times(speed) if speed > 0.0 => 1.0 / speed,
            _ => 0.0,
        };
        let first = frame.flights.iter().map(|f| f.sent).min().unwrap_or_default();
        for flight in &frame.flights {
            let Some(wire) = live.wire(flight) else { continue };
            let Some(length) = scene.wires.get(wire as usize).map(|w| w.curve.length()) else { continue };
            let (crowd, flow) = (&mut self.crowd[wire as usize], &mut self.flow[wire as usize]);
            let room = (length * zoom / CROWD).max(4.0) as u32;
            // As many as can be told apart; what is special still finds room when the rest is a flow.
            let room = if flight.manner == Manner::Plain { room } else { room + room / 4 };
            if *crowd >= room || self.flying.len() >= self.budget {
                *flow = (*flow + 0.05).min(1.0);
                continue;
            }
            *crowd += 1;
            let late = (flight.sent.since(first).seconds() * pace).min(0.1);
            self.flying.push(particle(flight, wire, pace, self.clock + late));
        }
    }

    /// Adds everything that travels to the mesh.
    pub fn draw(&self, mesh: &mut Mesh, scene: &Scene, view: &View, theme: &Theme, frame: &Frame, live: &Live, scale: f32) {
        let half = PARTICLE_SCREEN * scale / 2.0;
        let screen = view.canvas.expand(half);
        mesh.reserve_vertices(self.flying.len() * 4);
        mesh.reserve_triangles(self.flying.len() * 2);
        for (i, flow) in self.flow.iter().enumerate() {
            if *flow > 0.01 {
                self.draw_flow(mesh, scene, view, theme, (frame, live), i, *flow, scale);
            }
        }
        let looks: Vec<(Color32, Rect, Rect)> = (0..frame.plan.types.len().max(1))
            .map(|kind| {
                let (colour, glyph) = theme.event(kind);
                (colour, Atlas::uv(Mark::Plain(glyph)), Atlas::uv(Mark::Hollow(glyph)))
            })
            .collect();
        let (dead, lost, grain) = (Atlas::uv(Mark::Dead), Atlas::uv(Mark::Lost), Atlas::uv(Mark::Grain));
        for p in &self.flying {
            let age = self.clock - p.begin;
            let Some(wire) = scene.wires.get(p.wire as usize) else { continue };
            if age < 0.0 {
                continue;
            }
            let (colour, plain, hollow) = looks[p.kind as usize % looks.len()];
            let share = p.share(age);
            let (uv, tint) = match p.manner {
                Manner::Plain | Manner::Redelivery | Manner::Replay => (plain, colour),
                Manner::Duplicate => (hollow, colour),
                Manner::DeadLetter => (dead, theme.muted),
                Manner::Lost => match p.faded(age) {
                    None => (plain, colour),
                    Some(faded) => (lost, theme.bad.gamma_multiply(1.0 - faded)),
                },
            };
            if let Manner::Redelivery | Manner::Replay = p.manner {
                // A tail: it has been this way before.
                let tail = if p.manner == Manner::Replay { theme.accent } else { colour };
                for step in 1..=4_u8 {
                    let behind = share - f32::from(step) * 5.0 * scale / (wire.curve.length() * view.zoom).max(1.0);
                    let point = view.screen_from_scene(wire.curve.at(behind));
                    if behind > 0.0 && screen.contains(point) {
                        quad(mesh, point, half * 0.6, grain, tail.gamma_multiply(0.8 - f32::from(step) * 0.17));
                    }
                }
            }
            let point = view.screen_from_scene(wire.curve.at(share));
            if screen.contains(point) {
                quad(mesh, point, half, uv, tint);
            }
        }
    }

    /// What travels at a point of the screen, if anything does.
    pub fn at(&self, point: Pos2, scene: &Scene, view: &View, reach: f32) -> Option<Seen> {
        let here = |p: &&Particle| {
            let (age, wire) = (self.clock - p.begin, scene.wires.get(p.wire as usize)?);
            if age < 0.0 || !wire.curve.bounds().expand(reach / view.zoom).contains(view.scene_from_screen(point)) {
                return None;
            }
            let distance = (view.screen_from_scene(wire.curve.at(p.share(age))) - point).length();
            (distance <= reach)
                .then_some((distance, Seen { wire: p.wire as usize, kind: p.kind as usize, event: p.event, manner: p.manner }))
        };
        let found = self.flying.iter().filter_map(|p| here(&p));
        found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, seen)| seen)
    }

    /// Grains at even distances, closer together the higher the rate.
    fn draw_flow(
        &self,
        mesh: &mut Mesh,
        scene: &Scene,
        view: &View,
        theme: &Theme,
        run: (&Frame, &Live),
        wire: usize,
        flow: f32,
        scale: f32,
    ) {
        let curve = &scene.wires[wire].curve;
        if !view.visible().intersects(curve.bounds()) {
            return;
        }
        let rate = run.1.rate(Some(run.0), wire).max(1.0);
        let gap = (22.0 - 4.0 * rate.log10() as f32).clamp(6.0, 18.0) / view.zoom;
        let (uv, half) = (Atlas::uv(Mark::Grain), 2.2 * scale);
        let colour = match scene.nodes[scene.wires[wire].from].events.first().or_else(|| row_event(scene, wire)) {
            Some(kind) => theme.event(*kind).0,
            None => theme.muted,
        }
        .gamma_multiply(flow * 0.9);
        let speed = f64::from(curve.length()) / SEEN;
        let mut along = ((self.clock * speed) % f64::from(gap)) as f32;
        while along < curve.length() {
            quad(mesh, view.screen_from_scene(curve.at(along / curve.length())), half, uv, colour);
            along += gap;
        }
    }
}

fn row_event(scene: &Scene, wire: usize) -> Option<&usize> {
    let wire = &scene.wires[wire];
    let ends = [(wire.from, wire.leaves), (wire.to, wire.enters)];
    ends.into_iter().find_map(|(node, row)| scene.nodes[node].rows.get(row?)?.events.first())
}

fn particle(flight: &Flight, wire: u32, pace: f64, begin: f64) -> Particle {
    let travel = (flight.arrives.since(flight.sent).seconds() * pace).clamp(SEEN, 3_600.0);
    let lasts = if flight.manner == Manner::Lost { travel / 2.0 + FADE } else { travel };
    // Not all at one spot; the same event always at the same.
    let reach = 0.35 + (flight.event.serial() % 7) as f32 * 0.05;
    Particle { wire, kind: flight.kind.0, event: flight.event, manner: flight.manner, begin, lasts, reach }
}

#[inline]
fn quad(mesh: &mut Mesh, centre: Pos2, half: f32, uv: Rect, colour: Color32) {
    mesh.add_rect_with_uv(Rect::from_center_size(centre, Vec2::splat(half * 2.0)), uv, colour);
}
