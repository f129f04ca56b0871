//! `tidemill bench`: the shape of what it prints. What it measures differs from machine to machine, so no test looks at that.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use serde_json::Value;
use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemill")).arg("bench").args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = bench(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn engine_prints_every_workload() {
    let object = json(&["engine", "--quick", "--json"]);
    let looks_right = |name: &str, result: &Value| {
        let speed = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{name}: {result}"));
        let range = [&result["range"][0], &result["range"][1]].map(speed);
        let median = speed(&result["deliveries_per_cpu_second"]);
        assert!(0.0 < range[0] && range[0] <= median && median <= range[1], "{name}: {result}");
        assert!(result["deliveries"].as_u64().unwrap() > 5_000, "{name}: {result}");
        assert!(result["peak_memory_mb"].is_number() || !cfg!(target_os = "linux"), "{name}: {result}");
    };
    for (name, theory) in
        [("mm1", Some(5.0)), ("fanout", Some(0.006)), ("network", Some(0.006)), ("retry", None), ("kafka", None), ("eventbridge", None)]
    {
        looks_right(name, &object[name]);
        assert_eq!(object[name]["theory"].as_f64(), theory, "{name}");
        let mean = object[name]["mean_latency"].as_f64().unwrap();
        // Ten thousand messages are few: whether the mean is right is for the tests of the simulation.
        assert!(theory.is_none_or(|theory| (mean / theory - 1.0).abs() < 0.3), "{name}: {mean}");
    }
    let followed = &object["followed"];
    looks_right("followed", followed);
    assert_eq!(followed["deliveries"], object["fanout"]["deliveries"], "the same run");
    assert!(followed["of_headless"].as_f64().unwrap() > 0.0, "{followed}");
    for copies in ["1", "10", "100"] {
        looks_right(copies, &object["copies"][copies]);
    }
    let waiting = &object["waiting"];
    looks_right("waiting", waiting);
    assert_eq!(waiting["waiting"], 20_000);
    assert!(waiting["times_empty"].as_f64().unwrap() > 0.0 && waiting["empty_ns_per_delivery"].as_f64().unwrap() > 0.0);
    assert!(waiting["bytes_per_waiting_event"].is_number() || !cfg!(target_os = "linux"));
}

#[test]
fn engine_prints_a_table_for_people() {
    let output = bench(&["engine", "--quick"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for words in ["mm1", "fanout x 100", "waiting", "theory", "bytes per waiting event"] {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
}

#[test]
fn growth_prints_what_grows() {
    let object = json(&["growth", "--quick", "--json"]);
    let axes = [
        ("on_the_way", ["10", "1000"]),
        ("consumers", ["1", "10"]),
        ("partitions", ["4", "12"]),
        ("groups", ["1", "20"]),
        ("bindings", ["10", "1000"]),
        ("rules", ["10", "100"]),
    ];
    for (name, sizes) in axes {
        for size in sizes {
            let outcome = &object["growth"][name][size];
            assert!(outcome["ns_per_delivery"].as_f64().unwrap() > 0.0, "{name} {size}: {outcome}");
            let deliveries = outcome["deliveries"].as_f64().unwrap();
            assert!((deliveries / 20_000.0 - 1.0).abs() < 0.1, "of each size about as many are measured: {name} {size}: {outcome}");
        }
    }
    let table = String::from_utf8(bench(&["growth", "--quick"]).stdout).unwrap();
    assert!(table.contains("bindings of a topic exchange"), "{table}");
}

#[cfg(feature = "gui")]
#[test]
fn window_prints_the_time_of_a_picture() {
    let object = json(&["window", "--quick", "--json"]);
    let window = &object["window"];
    // Near a broker the ends of many connections are out of sight.
    let all =
        [("500", window, 20_000..=20_000), ("5000", &window["nodes_5000"], 4_000..=4_000), ("kafka", &window["kafka"], 6_000..=8_000)];
    for (name, result, particles) in all {
        let ms = |figure: &str| result["frame_ms"][figure].as_f64().unwrap();
        assert!(0.0 < ms("median") && ms("median") <= ms("p95"), "{name}: {result}");
        assert!(particles.contains(&result["particles"].as_u64().unwrap()), "all that were asked for are on their way: {name}: {result}");
        assert!(result["vertices"].as_u64().unwrap() > 4 * particles.start() / 2, "and most of them on the screen: {result}");
    }
}

#[test]
fn seek_prints_how_long_moments_take() {
    let object = json(&["seek", "--quick", "--json"]);
    let seek = &object["seek"];
    let ms = |figure: &str| seek["ms"][figure].as_f64().unwrap();
    assert!(0.0 < ms("p50") && ms("p50") <= ms("p95") && ms("p95") <= ms("max"), "{object}");
    assert!(seek["deliveries"].as_u64().unwrap() > 300_000 && seek["checkpoints"].as_u64().unwrap() > 5, "{object}");
    assert!(seek["memory_mb"].as_f64().unwrap() > 0.0 && seek["checkpoints_mb"].as_f64().unwrap() < 512.0, "{object}");
    let table = String::from_utf8(bench(&["seek", "--quick"]).stdout).unwrap();
    assert!(table.contains("95th percentile") && table.contains("checkpoints"), "{table}");
}

#[test]
fn only_what_exists_is_listed() {
    let output = bench(&["kafka"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("engine") && said.contains("window"), "{said}");
}
