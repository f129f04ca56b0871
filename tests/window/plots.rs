//! Every plot reads right where there is nothing, one sample, zero, a gap, and at both ends.

#![allow(clippy::disallowed_methods, reason = "a run on its thread is waited for")]

use crate::hands::*;
use crate::time::{frame, ran};
use egui_kittest::kittest::Queryable;
use std::sync::Arc;
use tidemill::app::action::Action;
use tidemill::app::plots::figures::{Curve, Kind, columns};
use tidemill::run::{Command, Frame, Runner};
use tidemill::scenario::{NoFiles, load};
use tidemill::time::Time;

/// Busy for a second, quiet for a second; a state, a store, and a consumer that nothing ever reaches.
const BURSTS: &str = r#"Scenario(format: 1, seed: 2, duration: "20s", events: [Event(name: "E"), Event(name: "F")], nodes: [
    Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Bursts(on: "1s", off: "1s", rate: "100/s"))]),
    Broker(id: "b", kind: Simple(topics: ["t", "u"])),
    Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("2ms")), state: Projection(fold: Count), calls: [Call(store: "db")]),
    Consumer(id: "never", reads: [Read(from: "b/u")]),
    Store(id: "db", time: Constant("1ms")),
])"#;

/// More bins than there are.
const FINEST: usize = 100_000;

fn at(seconds: f64) -> Arc<Frame> {
    at_of(BURSTS, seconds)
}

fn at_of(text: &str, seconds: f64) -> Arc<Frame> {
    let plan = Arc::new(load(text, "plots", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan);
    let runner = Runner::start(Arc::clone(&plan), plan.seed, || {}).unwrap();
    let to = Time((seconds * 1e9) as u64);
    runner.send(Command::Seek(to));
    for _ in 0..4000 {
        let frame = runner.frame();
        if frame.now == to && frame.past.seeking.is_none() {
            return frame;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{seconds} s never came");
}

fn curves(frame: &Frame, kind: Kind) -> Vec<Curve> {
    kind.curves(frame, 0.0, 20.0, FINEST)
}

fn named(curves: Vec<Curve>, name: &str) -> Curve {
    curves.into_iter().find(|curve| curve.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn empty_and_with_one_sample() {
    let empty = at(0.0);
    for kind in Kind::ALL {
        for curve in curves(&empty, kind) {
            assert!(curve.points.is_empty() && curve.last().is_none() && curve.top() == 0.0, "{kind:?}: {curve:?}");
        }
    }
    assert!(columns(&empty, 0.0, 20.0, 100, |_| true).is_empty());
    // Less than a bin: one point, where it is.
    let one = at(0.0015);
    for kind in Kind::ALL {
        for curve in curves(&one, kind) {
            assert_eq!(curve.points.len(), 1, "{kind:?}");
            assert!((0.0..=0.0015).contains(&curve.points[0][0]), "{kind:?}: {curve:?}");
        }
    }
}

#[test]
fn gaps_zeros_and_both_ends() {
    let frame = at(20.0);
    let throughput = named(curves(&frame, Kind::Throughput), "p");
    let latency = named(curves(&frame, Kind::Latency), "c");
    let quiet = |points: &[[f64; 2]]| points.iter().filter(|p| (1.2..1.9).contains(&p[0])).map(|p| p[1]).collect::<Vec<_>>();
    assert!(!quiet(&throughput.points).is_empty() && quiet(&throughput.points).iter().all(|v| *v == 0.0), "nothing is zero of something");
    assert!(quiet(&latency.points).iter().all(|v| v.is_nan()), "but it takes no time: a gap");
    assert!(latency.points.iter().any(|p| p[1] > 0.0) && latency.top() < 1.0);
    // What never happens is zero where it is counted, and a gap where it is measured.
    assert!(named(curves(&frame, Kind::Published), "F").points.iter().all(|p| p[1] == 0.0));
    assert!(named(curves(&frame, Kind::Percentiles), "never p99").points.iter().all(|p| p[1].is_nan()));
    // From the start to the end, in order, and all of it: the area is the number of events.
    let bins = frame.past.film.bins(0.0, 20.0, FINEST);
    assert_eq!((bins[0].begin(), bins[bins.len() - 1].end()), (0.0, 20.0));
    // However coarse.
    let coarse = frame.past.film.bins(0.0, 20.0, 100);
    assert_eq!((coarse[0].begin(), coarse[coarse.len() - 1].end()), (0.0, 20.0));
    let area: f64 = bins.iter().zip(&throughput.points).map(|(bin, point)| point[1] * (bin.end() - bin.begin())).sum();
    assert!((area - frame.totals.published as f64).abs() < 1e-6, "{area} of {}", frame.totals.published);
    for kind in Kind::ALL {
        for curve in curves(&frame, kind) {
            let points = &curve.points;
            assert!(points.windows(2).all(|pair| pair[0][0] < pair[1][0]), "{kind:?} {}", curve.name);
            assert!(points[0][0] >= 0.0 && points[points.len() - 1][0] <= 20.0, "{kind:?} {}", curve.name);
            assert!(points.iter().all(|p| p[1].is_nan() || p[1] >= 0.0), "{kind:?} {}", curve.name);
        }
        // However long a run is, a plot draws some thousands of points at most.
        assert!(kind.curves(&frame, 0.0, 20.0, 100).iter().all(|curve| curve.points.len() <= 110), "{kind:?}");
    }
    // A state: it comes to what it should once all is quiet.
    let state = curves(&frame, Kind::State);
    let (actual, expected) = (named(state.clone(), "c"), named(state, "c expected"));
    assert_eq!(actual.last().unwrap()[1], frame.totals.acked as f64);
    assert_eq!(expected.last().unwrap()[1], frame.totals.published as f64);
    assert!(actual.points.iter().zip(&expected.points).all(|(a, e)| a[1] <= e[1]));
    // Beyond both ends there is nothing.
    assert!(Kind::Throughput.curves(&frame, 30.0, 40.0, 100).iter().all(|curve| curve.points.is_empty()));
}

#[test]
fn a_regular_source_has_a_straight_line_to_the_end_of_the_run() {
    let text = r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("500ms"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("10ms"))),
    ])"#;
    for until in [60.0, 57.3] {
        let frame = at_of(text, until);
        for most in [40, 64, 90, 120] {
            let line = named(Kind::Throughput.curves(&frame, 0.0, 60.0, most), "p");
            let (whole, last) = (&line.points[..line.points.len() - 1], line.points[line.points.len() - 1]);
            // The first event comes after half a second.
            assert!(whole[1..].iter().all(|point| point[1] == 2.0), "{most}: {whole:?}");
            let bins = frame.lines(0.0, 60.0, most);
            let end = bins[bins.len() - 1].end();
            match until {
                60.0 => assert!(end == until && (last[1] - 2.0).abs() < 1.0, "{most}: {last:?}"),
                // On the way the bin under way is left out: its rate would be chance.
                _ => assert!(end > 50.0 && end <= until && last[1] == 2.0, "{most}: {last:?} to {end}"),
            }
        }
    }
}

#[test]
fn latency_goes_by_powers_of_ten_and_is_kept_as_a_drawing() {
    let folder = tempfile::tempdir().unwrap();
    let mut w = ran();
    w.state_mut().session.apply(Action::SaveAs(folder.path().join("shop.ron")));
    w.run_steps(2);
    click(&mut w, "Plots tab");
    assert!(w.query_by_label("Plot 1 by powers of ten").is_none(), "throughput may be zero");
    click(&mut w, "Save plot 3 as SVG");
    click(&mut w, "Plot 3 by powers of ten");
    w.run_steps(3);
    click(&mut w, "Save plot 3 as SVG");
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_else(|why| panic!("{name}: {why}"));
    let (plain, log) = (text("Online shop - latency.svg"), text("Online shop - latency 2.svg"));
    assert!(plain.contains(">0 s</text>") && !log.contains(">0 s</text><"), "{log}");
    assert!(log.contains(">10 ms</text>") && log.contains(">100 ms</text>"), "{log}");
    assert!(frame(w.state()).now.seconds() > 5.0);
    // Every figure can be chosen, drawn and kept, both ways.
    for kind in Kind::ALL {
        let combo = format!("Plot 2: {}", current(&w));
        click(&mut w, &combo);
        click_last(&mut w, kind.title());
        for form in ["CSV", "SVG"] {
            click(&mut w, &format!("Save plot 2 as {form}"));
        }
    }
    let kept = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(kept >= Kind::ALL.len() + 2, "{kept} files: none was written over another");
}

#[test]
fn a_table_of_two_runs_keeps_the_moments_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut w = ran();
    w.state_mut().session.apply(Action::SaveAs(folder.path().join("shop.ron")));
    click(&mut w, "Plots tab");
    click(&mut w, "Save plot 1 as CSV");
    let shorter = folder.path().join("shorter.ron");
    let text = include_str!("../../scenarios/cases/shop.ron");
    let text = text.replacen("duration: \"60s\"", "duration: \"3s\"", 1).replacen("warmup: \"5s\"", "warmup: \"1s\"", 1);
    std::fs::write(&shorter, text).unwrap();
    w.state_mut().session.apply(Action::CompareWith(shorter));
    until(&mut w, "both are there", |s| frame(s).beside.as_ref().is_some_and(|beside| beside.frame.past.recorded.seconds() >= 3.0));
    click(&mut w, "Plots tab");
    click(&mut w, "Save plot 1 as CSV");
    let [alone, both] = ["", " 2"].map(|end| table(&folder.path().join(format!("Online shop - throughput{end}.csv"))));
    let (own, all) = (alone[0].len(), both[0].len());
    assert!(all == 2 * own - 1 && both[0][..own] == alone[0] && both[0][own].ends_with("(shorter.ron)"), "{:?}", both[0]);
    let time = |row: &[String]| row[0].parse::<f64>().unwrap();
    assert!(both[1..].windows(2).all(|pair| time(&pair[0]) < time(&pair[1])));
    // Each run has its points at its own moments, and nothing at those of the other or after its end.
    let (ours, theirs): (Vec<_>, Vec<_>) =
        (both[1..].iter().filter(|row| !row[1].is_empty()).collect(), both[1..].iter().filter(|row| !row[own].is_empty()).collect());
    assert!(ours.len() == alone.len() - 1 && ours.iter().zip(&alone[1..]).all(|(now, before)| now[..own] == before[..]));
    assert!(theirs.len() > 20 && theirs.iter().all(|row| time(row) <= 3.0) && ours.iter().any(|row| time(row) > 3.0));
}

/// A table's rows, the names first.
fn table(path: &std::path::Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    rows
}

/// What the second plot shows.
fn current(w: &Window) -> String {
    Kind::ALL.iter().map(|kind| kind.title()).find(|title| w.query_by_label(&format!("Plot 2: {title}")).is_some()).unwrap().to_owned()
}

/// Clicks the entry of a list that lies over everything else.
fn click_last(w: &mut Window, label: &str) {
    let entries: Vec<_> = w.query_all_by_label(label).collect();
    entries.last().unwrap_or_else(|| panic!("no {label}")).click();
    w.run_steps(4);
}
