//! Every kind of node in every state, as pictures: drawn without a graphics card and held against those in `tests/canvas/gallery`.
//! With `UPDATE=1` they are drawn anew; look at them before they are kept.

#![allow(clippy::disallowed_methods, reason = "the run is on a thread that goes by wall time")]

use crate::raster::Raster;
use egui::{Color32, ColorImage, Pos2, RawInput, Rect, vec2};
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidemill::app::action::Selection;
use tidemill::app::canvas::state::State;
use tidemill::app::canvas::{Canvas, CanvasInput};
use tidemill::app::style;
use tidemill::app::theme::{Mode, Theme};
use tidemill::run::frame::{Frame, Speed};
use tidemill::run::{Command, Runner};
use tidemill::scenario::plan::Role;
use tidemill::scenario::{NoFiles, Scenario, load};
use tidemill::time::Time;

/// A pixel differs from this difference of a channel on.
const NOTICED: u8 = 24;
/// So many of ten thousand pixels may differ: letters' edges, on another machine.
const MOST: usize = 10;

/// The scenario, and the run at the moment at which everything is as it should be.
fn moment() -> (Scenario, Arc<Frame>) {
    at(include_str!("gallery.ron"), 20.0)
}

/// A scenario, and its run at a moment.
fn at(text: &str, seconds: f64) -> (Scenario, Arc<Frame>) {
    let loaded = load(text, "gallery.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0]));
    let runner = Runner::start(Arc::new(loaded.plan), 1, || {}).unwrap();
    let there = Time((seconds * 1e9) as u64);
    runner.send(Command::Speed(Speed::Times(1.0)));
    runner.send(Command::Seek(there));
    let began = Instant::now();
    loop {
        let frame = runner.frame();
        if frame.now == there && frame.past.seeking.is_none() {
            return (loaded.scenario, frame);
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the moment is not reached");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn drawn(scenario: &Scenario, frame: &Frame, mode: Mode, size: [usize; 2]) -> ColorImage {
    let (ctx, theme) = (egui::Context::default(), Theme::of(mode));
    style::install_fonts(&ctx);
    style::install(&ctx, &theme, true);
    let (mut canvas, mut raster, selection) = (Canvas::default(), Raster::default(), Selection::default());
    let screen = Rect::from_min_size(Pos2::ZERO, vec2(size[0] as f32, size[1] as f32));
    let mut image = ColorImage::filled(size, Color32::BLACK);
    // The first pictures find the layout and the zoom.
    for number in 0..30 {
        let input = CanvasInput {
            scenario,
            frame: Some(frame),
            selection: &selection,
            theme: &theme,
            placing: None,
            findings: &[],
            highlight: &[],
            marks: &[],
            reduce_motion: true,
        };
        let raw = RawInput { screen_rect: Some(screen), time: Some(f64::from(number)), ..RawInput::default() };
        let mut output = ctx.run_ui(raw, |ui| canvas.show(ui, &input, &mut Vec::new()));
        raster.learn(&mut output);
        if number == 29 {
            let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
            image = raster.draw(&primitives, size, output.pixels_per_point, theme.canvas);
        }
    }
    image
}

fn place(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/canvas/gallery").join(name)
}

fn write(path: &PathBuf, image: &ColorImage) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), image.size[0] as u32, image.size[1] as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

fn read(path: &PathBuf) -> Option<ColorImage> {
    let mut reader = png::Decoder::new(std::io::BufReader::new(File::open(path).ok()?)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    Some(ColorImage::from_rgb([info.width as usize, info.height as usize], &bytes))
}

/// Pixels that differ noticeably.
fn different(a: &ColorImage, b: &ColorImage) -> usize {
    let far = |a: &Color32, b: &Color32| a.to_array().iter().zip(b.to_array()).any(|(a, b)| a.abs_diff(b) >= NOTICED);
    if a.size == b.size { a.pixels.iter().zip(&b.pixels).filter(|(a, b)| far(a, b)).count() } else { a.pixels.len() }
}

fn held_against(mode: Mode, name: &str) {
    let (scenario, frame) = moment();
    let mut wrong = Vec::new();
    for (view, size) in [("near", [1480, 840]), ("far", [620, 360])] {
        let (image, name) = (drawn(&scenario, &frame, mode, size), format!("{name}-{view}.png"));
        let kept = place(&name);
        if std::env::var_os("UPDATE").is_some() {
            write(&kept, &image);
        }
        let differ = read(&kept).map_or(image.pixels.len(), |kept| different(&kept, &image));
        if differ * 10_000 > image.pixels.len() * MOST {
            let here = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&name);
            write(&here, &image);
            wrong.push(format!("{name}: {differ} pixels differ from the one that is kept; drawn now: {}", here.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nIf that is meant: UPDATE=1, and look at them", wrong.join("\n"));
}

#[test]
fn dark() {
    held_against(Mode::Dark, "dark");
}

#[test]
fn light() {
    held_against(Mode::Light, "light");
}

#[test]
fn projector() {
    held_against(Mode::Projector, "projector");
}

/// How a node is doing.
fn state(frame: &Frame, name: &str) -> State {
    let id = frame.plan.node(name).unwrap_or_else(|| panic!("{name}"));
    let goes_on = |span: &&Arc<tidemill::record::faults::FaultSpan>| span.ended.is_none_or(|ended| ended > frame.now);
    let fault = frame.faults.iter().filter(goes_on).find(|span| span.nodes.contains(&id));
    State::of(&frame.nodes[id.index()], fault.map(|span| &**span), frame.plan.nodes[id.index()].role)
}

#[test]
fn who_failed_once_is_fine_when_it_fails_no_more() {
    let text = r#"Scenario(format: 1, duration: "30s", events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("20ms"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], calls: [Call(store: "s")]),
        Store(id: "s"),
    ], faults: [
        Fault(at: "2s", what: Errors(node: "c", rate: "50%"), lasts: "2s"),
        Fault(at: "12s", what: Crash("s"), lasts: "2s"),
    ])"#;
    for (seconds, consumer, store) in [
        (1.5, State::Fine, State::Fine),
        (11.0, State::Fine, State::Fine),
        (13.0, State::Failing, State::Broken),
        (28.0, State::Fine, State::Fine),
    ] {
        let (_, frame) = at(text, seconds);
        assert_eq!((state(&frame, "c"), state(&frame, "s")), (consumer, store), "at {seconds} s");
    }
    assert!(at(text, 28.0).1.nodes.iter().all(|node| node.rate == 0.0 || node.failing == 0.0));
}

#[test]
fn all_kinds_in_all_states_are_there() {
    let (_, frame) = moment();
    for (name, wanted) in [
        ("steady", State::Fine),
        ("idle", State::Idle),
        ("down", State::Broken),
        ("surge", State::Busy),
        ("held-back", State::Throttled),
        ("bus", State::Fine),
        ("bus-idle", State::Idle),
        ("bus-down", State::Broken),
        ("log", State::Fine),
        ("exchange", State::Fine),
        ("full", State::Throttled),
        ("rules", State::Fine),
        ("quota", State::Throttled),
        ("nothing-to-do", State::Idle),
        ("fine", State::Fine),
        ("busy", State::Busy),
        ("failing", State::Failing),
        ("crashed", State::Broken),
        ("stands-still", State::Paused),
        ("slow", State::Slow),
        ("cold", State::Cold),
        ("at-its-limit", State::Throttled),
        ("starting", State::Cold),
        ("breaker-open", State::Breaker),
        ("rebalancing", State::Rebalancing),
        ("store-fine", State::Fine),
        ("store-busy", State::Busy),
        ("store-failing", State::Failing),
        ("store-down", State::Broken),
        ("store-slow", State::Slow),
        ("store-idle", State::Idle),
    ] {
        assert_eq!(state(&frame, name), wanted, "{name}");
    }
    let brokers = frame.plan.nodes.iter().filter(|node| matches!(node.role, Role::Broker(_))).count();
    assert_eq!(brokers, frame.brokers.len());
}
