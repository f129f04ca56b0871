//! `tidemill bench window`: pictures of the real canvas, built and tessellated, without a screen.

use super::spread::Spread;
use crate::app::action::Selection;
use crate::app::canvas::{Canvas, CanvasInput};
use crate::app::style;
use crate::app::theme::{Mode, Theme};
use crate::cli::progress::Runs;
use crate::cli::table;
use crate::run::bench::{Run, picture};
use crate::run::sweep::WHOLE;
use crate::scenario::{NoFiles, load};
use crate::time::{SECOND, Time};
use cpu_time::ThreadTime;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

/// A topology and how much travels in it.
struct View {
    name: &'static str,
    /// Producers, brokers, consumers.
    nodes: [usize; 3],
    /// Topics that each producer writes to and each consumer reads from.
    wires: usize,
    particles: usize,
}

const BUSY: View = View { name: "500 nodes, 20,000 particles", nodes: [80, 20, 400], wires: 2, particles: 20_000 };
const LARGE: View = View { name: "5,000 nodes", nodes: [800, 200, 4_000], wires: 1, particles: 4_000 };

/// Partitions of the Kafka topic that is looked into.
const PARTITIONS: usize = 1_000;
/// Consumers of its group.
const READERS: usize = 200;
/// How near it is looked at: so that brokers show their insides, and nodes their figures.
const NEAR: f32 = 0.65;

/// What is drawn.
struct Subject {
    name: &'static str,
    text: String,
    particles: usize,
    /// What is looked at from near, with what a real run shows of its brokers; else everything is on the screen.
    near: Option<(f32, f32)>,
}

/// How many pictures are drawn.
#[derive(Clone, Copy)]
struct Frames {
    /// Before the first that counts: the layout is made, letters come into the atlas, particles set out.
    settle: u64,
    /// Those that count.
    count: u64,
}

/// What came of a view.
struct Result {
    name: &'static str,
    ms: Spread,
    /// The same in processor time: what is left of it on a machine that others use as well.
    cpu_ms: Spread,
    particles: usize,
    vertices: usize,
}

/// Everything that was measured.
pub struct Figures {
    busy: Result,
    large: Result,
    kafka: Result,
}

/// Measures everything.
///
/// # Errors
/// If a topology could not be built: a bug.
pub fn measure(quick: bool) -> std::result::Result<Figures, String> {
    let frames = if quick { Frames { settle: 4, count: 3 } } else { Frames { settle: 60, count: 240 } };
    let progress = Runs::new("window", 3);
    let whole = |view: &View| Subject { name: view.name, text: view.text(), particles: view.particles, near: None };
    let (busy, large) = (draw(&whole(&BUSY), frames, &progress)?, draw(&whole(&LARGE), frames, &progress)?);
    Ok(Figures { busy, large, kafka: draw(&kafka(), frames, &progress)? })
}

#[allow(clippy::disallowed_methods, reason = "the time that a picture takes is what is measured here")]
fn draw(view: &Subject, frames: Frames, progress: &Runs) -> std::result::Result<Result, String> {
    let loaded = load(&view.text, view.name, &NoFiles).map_err(|p| p.first().map_or_else(String::new, ToString::to_string))?;
    let plan = Arc::new(loaded.plan);
    let ctx = egui::Context::default();
    let theme = Theme::of(Mode::Dark);
    style::install_fonts(&ctx);
    style::install(&ctx, &theme, false);
    let mut canvas = Canvas::default();
    canvas.set_particle_budget(view.particles);
    let (selection, mut actions) = (Selection::default(), Vec::new());
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1920.0, 1080.0));
    let mut run = view.near.map(|_| Run::new(&plan, plan.seed));
    let (mut times, mut worked, mut vertices) = (Vec::new(), Vec::new(), 0);
    for number in 1..=frames.settle + frames.count {
        // A few more than are to be seen, as some connections are too short for their share.
        let flights = if number == 2 { view.particles + view.particles / 20 } else { 0 };
        let mut frame = picture(&plan, number, flights);
        if let Some(run) = &mut run {
            run.advance(Time(number * SECOND / 60)).map_err(|error| error.to_string())?;
            frame.brokers = run.brokers();
        }
        let input = CanvasInput {
            scenario: &loaded.scenario,
            frame: Some(&frame),
            selection: &selection,
            theme: &theme,
            placing: None,
            findings: &[],
            highlight: &[],
            marks: &[],
            reduce_motion: false,
        };
        let events = view.near.map_or_else(Vec::new, |at| go_near(&canvas, at, number));
        let raw = egui::RawInput { screen_rect: Some(screen), time: Some(number as f64 / 60.0), events, ..egui::RawInput::default() };
        let (began, working) = (Instant::now(), ThreadTime::now());
        let mut output = ctx.run_ui(raw, |ui| canvas.show(ui, &input, &mut actions));
        let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
        let (taken, work) = (began.elapsed(), working.elapsed());
        // There is no GPU that would want them.
        output.textures_delta.clear();
        actions.clear();
        if number > frames.settle {
            times.push(taken.as_secs_f64() * 1e3);
            worked.push(work.as_secs_f64() * 1e3);
            let count = |p: &egui::ClippedPrimitive| match &p.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
                egui::epaint::Primitive::Callback(_) => 0,
            };
            vertices = primitives.iter().map(count).sum();
        }
    }
    progress.add(WHOLE);
    Ok(Result { name: view.name, ms: Spread::of(times), cpu_ms: Spread::of(worked), particles: canvas.particles(), vertices })
}

/// What a person does to look at a place from near, once the canvas has found its own view: zoom in there, and take the mouse away.
fn go_near(canvas: &Canvas, at: (f32, f32), number: u64) -> Vec<egui::Event> {
    let (here, aside) = (canvas.screen_position(at), canvas.screen_position((at.0 + 1.0, at.1)));
    match number {
        3 => vec![egui::Event::PointerMoved(here), egui::Event::Zoom(NEAR / (aside.x - here.x))],
        4 => vec![egui::Event::PointerGone],
        _ => Vec::new(),
    }
}

/// A Kafka topic of many partitions that ten producers write to and a large group reads, all round about it.
fn kafka() -> Subject {
    let at = (1400, 900);
    let mut text = String::from("Scenario(format: 1, events: [Event(name: \"E\", key: Uniform(keys: 100000))], nodes: [");
    for i in 0..10 {
        let _ = write!(
            text,
            "Producer(id: \"source-{i}\", at: (0, {}), emits: [Emit(event: \"E\", to: \"kafka/topic\", arrivals: Poisson(\"2000/s\"))]), ",
            200 * i
        );
    }
    let topic = format!("Topic(name: \"topic\", partitions: {PARTITIONS}, replication: 3, min_insync: 2)");
    let _ = write!(text, "Broker(id: \"kafka\", at: ({}, {}), kind: Kafka(nodes: 6, topics: [{topic}])), ", at.0, at.1);
    for i in 0..READERS {
        let (x, y) = (2000 + 240 * (i / 15), 120 * (i % 15));
        let _ = write!(
            text,
            "Consumer(id: \"reader-{i}\", at: ({x}, {y}), reads: [Read(from: \"kafka/topic\", group: \"all\")], \
             handle: Handle(time: Constant(\"2ms\"))), "
        );
    }
    let near = Some((at.0 as f32 + 700.0, at.1 as f32));
    Subject { name: "Kafka, 1,000 partitions, 200 readers", text: text + "])", particles: 8_000, near }
}

/// Columns left free on both sides of the brokers: connections that particles are seen on.
const GAP: usize = 4;

impl View {
    /// Producers to the left, brokers in the middle, consumers to the right, all on one screen.
    fn text(&self) -> String {
        let [producers, brokers, consumers] = self.nodes;
        // About as high as wide, given how far nodes stand apart: all of it fits on the screen at one zoom.
        let rows = ((producers + brokers + consumers) as f32 * 1.8).sqrt().ceil() as usize;
        let at = |i: usize, column: usize| (280 * (column + i / rows), 120 * (i % rows));
        let columns = |nodes: usize| nodes.div_ceil(rows);
        let (mut text, middle) =
            (String::from("Scenario(format: 1, events: [Event(name: \"E\"), Event(name: \"F\")], nodes: ["), columns(producers) + GAP);
        for i in 0..producers {
            let (x, y) = at(i, 0);
            // Writing to a text cannot fail.
            let _ = write!(text, "Producer(id: \"source-{i}\", at: ({x}, {y}), emits: [");
            for wire in 0..self.wires {
                let _ = write!(text, "Emit(event: \"E\", to: \"bus-{}/topic\", arrivals: Poisson(\"50/s\")), ", (i + wire * 7) % brokers);
            }
            text.push_str("]), ");
        }
        for i in 0..brokers {
            let (x, y) = at(i, middle);
            let _ = write!(text, "Broker(id: \"bus-{i}\", at: ({x}, {y}), kind: Simple(topics: [\"topic\"])), ");
        }
        for i in 0..consumers {
            let (x, y) = at(i, middle + columns(brokers) + GAP);
            let _ = write!(text, "Consumer(id: \"service-{i}\", at: ({x}, {y}), reads: [");
            for wire in 0..self.wires {
                let _ = write!(text, "Read(from: \"bus-{}/topic\"), ", (i + wire * 7) % brokers);
            }
            text.push_str("]), ");
        }
        text + "])"
    }
}

impl Result {
    fn json(&self) -> Value {
        json!({
            "frame_ms": {"median": self.ms.median(), "p95": self.ms.quantile(0.95)},
            "cpu_ms": {"median": self.cpu_ms.median(), "p95": self.cpu_ms.quantile(0.95)},
            "particles": self.particles,
            "vertices": self.vertices,
        })
    }
}

impl Figures {
    /// One object.
    pub fn json(&self) -> Value {
        let mut window = self.busy.json();
        window["nodes_5000"] = self.large.json();
        window["kafka"] = self.kafka.json();
        json!({"window": window})
    }

    /// A table for people.
    pub fn text(&self) -> String {
        let mut rows = vec![["picture", "median", "p95", "processor time", "particles", "vertices"].map(str::to_owned).to_vec()];
        for result in [&self.busy, &self.large, &self.kafka] {
            let ms = |value: f64| format!("{value:.2} ms");
            let row = [
                result.name.to_owned(),
                ms(result.ms.median()),
                ms(result.ms.quantile(0.95)),
                ms(result.cpu_ms.median()),
                result.particles.to_string(),
                result.vertices.to_string(),
            ];
            rows.push(row.to_vec());
        }
        let mut text = String::from("window: building and tessellating a picture of 1920 x 1080, without a GPU\n\n");
        table::aligned(&mut text, &rows);
        text
    }
}
