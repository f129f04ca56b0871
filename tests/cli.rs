//! The program as people and scripts call it: output, exit codes, messages.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn tidemill(arguments: &[&str]) -> Output {
    // Without a display, whatever the machine has: the window must be opened by window tests only.
    Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = tidemill(arguments);
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    assert_eq!(text.lines().count(), 1, "one object on one line");
    serde_json::from_str(&text).unwrap()
}

fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("scenario.ron");
    std::fs::write(&path, text).unwrap();
    path
}

const SMALL: &str = r#"Scenario(format: 1, name: "Small", duration: "10s", events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("100ms"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("20ms"))),
    ],
    expect: [Expect("lost == 0"), Expect("c.latency.max < 30ms")])"#;

#[test]
fn run_prints_one_json_object_with_every_promised_field() {
    let report = json(&["run", "scenarios/cases/airport.ron", "--json"]);
    for field in ["scenario", "seed", "simulated", "fingerprint", "engine", "totals", "nodes", "outlets", "expectations"] {
        assert!(report.get(field).is_some(), "{field}");
    }
    for field in ["steps", "deliveries", "wall", "deliveries_per_second"] {
        assert!(report["engine"][field].is_number(), "engine.{field}");
    }
    for field in [
        "published",
        "rejected",
        "unroutable",
        "deliveries",
        "redeliveries",
        "acked",
        "retries",
        "failed",
        "dead_lettered",
        "expired",
        "dropped",
        "lost",
        "duplicates",
        "in_flight",
        "waiting",
    ] {
        assert!(report["totals"][field].is_u64(), "totals.{field}");
    }
    let node = &report["nodes"]["rebooking"];
    assert_eq!(node["kind"], "consumer");
    for field in ["deliveries", "acked", "failed", "dead_lettered", "throughput", "utilisation"] {
        assert!(node[field].is_number(), "nodes.rebooking.{field}");
    }
    for distribution in ["latency", "service", "wait"] {
        for field in ["mean", "p50", "p90", "p99", "p999", "max"] {
            assert!(node[distribution][field].is_number(), "nodes.rebooking.{distribution}.{field}");
        }
    }
    for field in ["mean", "max", "last"] {
        assert!(node["lag"][field].is_number());
        assert!(report["outlets"]["flights/cancelled#rebooking"]["depth"][field].is_number());
    }
    for field in ["routed", "acked", "dead_lettered", "expired", "dropped"] {
        assert!(report["outlets"]["flights/cancelled#rebooking"][field].is_u64(), "{field}");
    }
    assert!(
        report["expectations"].as_array().unwrap().iter().all(|e| e["text"].is_string() && e["holds"] == true && !e["actual"].is_null())
    );
}

/// The keys of a report, without those that are names of a scenario's own.
fn keys(value: &Value, of: &str, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let named = ["nodes", "outlets", "buses", "targets", "replays"].contains(&of);
            for (key, value) in fields {
                if !named {
                    found.insert(key.clone());
                }
                keys(value, if named { "" } else { key }, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, "", found)),
        _ => {}
    }
}

#[test]
fn the_readme_names_every_field_of_the_reports_of_the_scenarios_that_ship() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, table) = readme.split_once("### The report").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut found = std::collections::BTreeSet::new();
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios")).unwrap() {
        for entry in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "ron") {
                // What it came to is another test's business.
                let output = tidemill(&["run", path.to_str().unwrap(), "--json"]);
                keys(&serde_json::from_str(out(&output).trim()).unwrap(), "", &mut found);
            }
        }
    }
    assert!(found.len() > 100, "{found:?}");
    let unnamed: Vec<&String> = found.iter().filter(|key| !table.contains(&format!("`{key}`"))).collect();
    assert!(unnamed.is_empty(), "not in the README: {unnamed:?}");
}

#[test]
fn the_airport_accounts_for_every_event_of_its_day() {
    let report = json(&["run", "scenarios/cases/airport.ron", "--json"]);
    let totals = |name: &str| report["totals"][name].as_u64().unwrap();
    assert_eq!(totals("published"), 1843);
    assert_eq!((totals("unroutable"), totals("lost"), totals("in_flight"), totals("waiting")), (0, 0, 0, 0));
    let routed = |outlet: &str| report["outlets"][outlet]["routed"].as_u64().unwrap();
    let board = routed("flights/departed#departures-board")
        + routed("flights/cancelled#departures-board")
        + routed("flights/landed#departures-board");
    assert_eq!(board, 1843, "the board hears of everything");
    assert_eq!(
        (routed("flights/departed#gate-crew"), routed("flights/cancelled#rebooking"), routed("flights/landed#baggage")),
        (881, 85, 877)
    );
    assert_eq!(totals("acked"), totals("deliveries") - totals("redeliveries"));
}

#[test]
fn the_same_command_gives_the_same_fingerprint_and_options_change_it() {
    let fingerprint = |more: &[&str]| json(&[&["run", "scenarios/cases/shop.ron", "--json"], more].concat())["fingerprint"].clone();
    let plain = fingerprint(&[]);
    assert_eq!(plain, fingerprint(&[]));
    assert_eq!(plain, fingerprint(&["--seed", "42"]));
    assert_ne!(plain, fingerprint(&["--seed", "43"]));
    assert_ne!(plain, fingerprint(&["--set", "inventory.instances=7"]));
    assert_eq!(json(&["run", "scenarios/cases/shop.ron", "--json", "--for", "7s"])["simulated"], 7.0);
}

#[test]
fn set_changes_what_it_names_and_says_what_it_cannot_find() {
    let report =
        json(&["run", "scenarios/cases/shop.ron", "--json", "--set", "billing.handle.time=Constant(\"50us\")", "--set", "warmup=0s"]);
    assert_eq!(report["nodes"]["billing"]["service"]["max"], 0.00005);
    let output = tidemill(&["run", "scenarios/cases/shop.ron", "--set", "biling.instances=2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("billing"), "{}", err(&output));
    assert_eq!(out(&output), "");
}

#[test]
fn a_run_without_json_is_a_table_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let output = tidemill(&["run", file(&folder, SMALL).to_str().unwrap()]);
    let text = out(&output);
    for part in ["Small", "10 s simulated", "consumers", "b/t#c", "published 100", "holds  lost == 0"] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(text.lines().all(|line| line.len() <= 160 && line == line.trim_end()));
    assert_eq!(err(&output), "", "nothing is amiss, and a pipe sees no progress bar");
    assert!(!text.contains("given back"), "nothing was");
    let text = out(&tidemill(&["run", "scenarios/brokers/rabbitmq-retry.ron"]));
    let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap().split_whitespace().last().unwrap();
    assert_eq!((row("consumers"), row("mailer"), row("auditor")), ("back", "739", "1283"));
    assert!(text.lines().all(|line| line.len() <= 160 && line == line.trim_end()));
}

#[test]
fn what_the_parts_of_brokers_did_stands_in_the_table() {
    let line = |text: &str, name: &str| -> Vec<String> {
        let found = text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        found.split_whitespace().map(str::to_owned).collect()
    };
    let text = out(&tidemill(&["run", "scenarios/brokers/eventbridge-accounts.ron", "--for", "2min"]));
    let text = &text[text.find("\n  buses of").unwrap()..];
    let head = line(text, "rules");
    for column in ["matched", "not", "failed", "throttled", "forwarded"] {
        assert!(head.iter().any(|word| word == column), "{column} is missing in {head:?}");
    }
    let (all, report) = (line(text, "bus/to-europe"), line(text, "bus/report"));
    assert!(all[1] == all[3] && all[2] == "0", "it wants them all: {all:?}");
    assert_eq!(report[1..3], ["0", "0"], "one that waits for times looks at no event: {report:?}");
    assert!(line(text, "photos").len() >= 3, "{text}");
    let text = out(&tidemill(&["run", "scenarios/brokers/kafka-partitions.ron"]));
    let head = text.lines().find(|line| line.trim_start().starts_with("groups")).unwrap_or_else(|| panic!("no groups in\n{text}"));
    assert!(head.contains("records-lag-max") && head.contains("its peak"), "{head}");
}

#[test]
fn clients_and_producers_that_have_stopped_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = SMALL.replace(
        r#"Simple(topics: ["t"])"#,
        r#"Kafka(topics: [Topic(name: "t")], transactions: [Transaction(node: "p", id: "x"), Transaction(node: "q", id: "x")],
            groups: [Group(name: "c", reset: None)])"#,
    );
    let late = r#"Producer(id: "q", emits: [Emit(event: "E", to: "b/t", arrivals: Once(at: "5s", count: 3))]), Broker("#;
    let path = file(&folder, &text.replace("Broker(", late));
    let output = out(&tidemill(&["run", path.to_str().unwrap()]));
    for line in [
        "  1 client has stopped in group c of b: NoOffsetForPartitionException for t-0",
        "  p has stopped (x of b): ProducerFencedException",
    ] {
        assert!(output.lines().any(|known| known == line), "{line}\n{output}");
    }
}

#[test]
fn a_scenario_can_come_from_standard_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(SMALL.as_bytes()).unwrap();
    let report: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(report["totals"]["published"], 100);
}

#[test]
fn check_tests_expectations_and_its_exit_code_tells() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, SMALL);
    let good = tidemill(&["check", path.to_str().unwrap()]);
    assert_eq!((good.status.code(), out(&good).starts_with("holds")), (Some(0), true));

    std::fs::write(&path, SMALL.replace("< 30ms", "< 5ms")).unwrap();
    let failing = tidemill(&["check", path.to_str().unwrap()]);
    assert_eq!(failing.status.code(), Some(1));
    assert!(out(&failing).contains("FAILS  c.latency.max < 5ms  (it is 22.0 ms)"), "{}", out(&failing));
    let run = tidemill(&["run", path.to_str().unwrap(), "--json"]);
    assert_eq!(run.status.code(), Some(1), "a run tells as well, and prints all the same");
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&report["expectations"][0]["holds"], &report["expectations"][1]["holds"]), (&Value::Bool(true), &Value::Bool(false)));

    std::fs::write(&path, SMALL.replace("Every(\"100ms\")", "Every(\"1us\")").replace("duration", "limits: Limits(live: 500), duration"))
        .unwrap();
    let stopped = tidemill(&["check", path.to_str().unwrap()]);
    assert_eq!(stopped.status.code(), Some(3));
    assert!(out(&stopped).contains("more than 500 events"), "{}", out(&stopped));
    assert_eq!(tidemill(&["run", path.to_str().unwrap()]).status.code(), Some(3));

    std::fs::write(&path, "Scenario(").unwrap();
    std::fs::write(folder.path().join("fine.ron"), SMALL).unwrap();
    let mixed = tidemill(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(mixed.status.code(), Some(2));
    assert!(out(&mixed).contains("1 of 2 scenarios hold"), "{}", out(&mixed));
    let listed = tidemill(&["check", "--json", folder.path().to_str().unwrap()]);
    let outcome: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(outcome["files"].as_array().unwrap().len(), 2);
    assert_eq!(outcome["files"][0]["result"], "holds");
    assert_eq!(outcome["files"][1]["result"], "bad input");
}

#[test]
fn every_scenario_that_ships_holds() {
    let output = tidemill(&["check", "scenarios"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert_eq!(err(&output), "", "no warnings either");
}

#[test]
fn wrong_input_names_the_place_and_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = SMALL.replace("Every(\"100ms\")", "Evry(\"100ms\")");
    let output = tidemill(&["run", file(&folder, &wrong).to_str().unwrap()]);
    let text = err(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("scenario.ron:3:") && text.contains("Evry") && text.contains("Every") && text.contains('^'), "{text}");

    for (arguments, word) in [
        (&["run", "no-such-file.ron"][..], "no such file"),
        (&["run", "scenarios"], "folder"),
        (&["run"], "FILE"),
        (&["rum", "x"], "run"),
        (&["run", "scenarios/cases/shop.ron", "--for", "12"], "no unit"),
        (&["run", "scenarios/cases/shop.ron", "--seed", "x"], "seed"),
        (&["check", "assets"], "no scenario file"),
        (&["check", "-", "-"], "only once"),
    ] {
        let output = tidemill(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(word), "{arguments:?} should speak of {word:?}: {}", err(&output));
        assert_eq!(out(&output), "", "results only go to standard output");
    }
}

#[test]
fn without_a_display_the_window_says_so_in_one_line_and_names_what_works() {
    for arguments in [&[][..], &["open", "scenarios/cases/shop.ron"]] {
        let output = tidemill(arguments);
        assert_eq!(output.status.code(), Some(2));
        let text = err(&output);
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
        assert!(text.contains("tidemill run"), "{text}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidemill"))
        .args(["run", "scenarios/cases/shop.ron"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(err(&output), "");
    assert_eq!(output.status.code(), Some(0));
}

const CHANGING: &str = r#"Scenario(format: 1, name: "changing", duration: "10s", events: [Event(name: "E")], nodes: [
    Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Trace("arrivals.csv"))]),
    Producer(id: "q", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("50/s"))]),
    Broker(id: "b", kind: Simple(topics: ["t"])),
    Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "10ms"))), // a comment
])"#;

#[test]
fn a_recording_runs_again_bit_for_bit_and_one_that_does_not_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("s.ron"), CHANGING).unwrap();
    std::fs::write(file("arrivals.csv"), "time,event\n1,E\n2,E\n").unwrap();
    let changes = ["--at", "3s", "c.instances=3", "--at", "5s", "q.emits[0].arrivals=200/s"];
    let run = |more: &[&str]| tidemill(&[&["run", &file("s.ron"), "--json"], more].concat());
    let recorded = run(&[&changes[..], &["--record", &file("r.ron"), "--seed", "9"]].concat());
    assert!(recorded.status.success(), "{}", String::from_utf8_lossy(&recorded.stderr));
    let recorded: serde_json::Value = serde_json::from_slice(&recorded.stdout).unwrap();
    let plain: serde_json::Value = serde_json::from_slice(&run(&["--seed", "9"]).stdout).unwrap();
    assert_ne!(recorded["fingerprint"], plain["fingerprint"]);
    // The recording needs nothing beside it.
    std::fs::remove_file(file("arrivals.csv")).unwrap();
    let text = std::fs::read_to_string(file("r.ron")).unwrap();
    assert!(text.contains("// a comment") && text.contains(r#""c.instances""#), "{text}");
    let again = tidemill(&["replay", &file("r.ron"), "--json"]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    let again: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&again["fingerprint"], &again["totals"]), (&recorded["fingerprint"], &recorded["totals"]));
    assert_eq!(again["recording"]["same"], true);
    // As if another version had handled events a little faster from the sixth second on.
    let other = text.replace("tidemill: \"", "tidemill: \"0.0.1-").replace("value: \"200/s\"", "value: \"201/s\"");
    std::fs::write(file("other.ron"), other).unwrap();
    let differs = tidemill(&["replay", &file("other.ron")]);
    assert_eq!(differs.status.code(), Some(1));
    let (said, noted) = (String::from_utf8_lossy(&differs.stdout), String::from_utf8_lossy(&differs.stderr));
    assert!(said.contains("begins to differ between 4.9") || said.contains("begins to differ between 5"), "{said}");
    assert!(noted.contains("recorded with Tidemill 0.0.1-"), "{noted}");
    for (arguments, words) in [
        (vec!["replay".to_owned(), file("s.ron")], "is no recording"),
        (vec!["run".to_owned(), file("r.ron")], "is a recording"),
        (vec!["run".to_owned(), file("s.ron"), "--at".to_owned(), "3s".to_owned(), "c.instances".to_owned()], "sets nothing"),
    ] {
        std::fs::write(file("arrivals.csv"), "time,event\n1,E\n").unwrap();
        let output = tidemill(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
    }
}

#[test]
fn a_recording_of_a_run_that_a_limit_stopped_is_the_same_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("r.ron").display().to_string();
    let slow = SMALL.replace("20ms", "200ms");
    for limit in ["steps: 200", "live: 20"] {
        let scenario = file(&folder, &slow.replace("duration", &format!("limits: Limits({limit}), duration")));
        let stopped = tidemill(&["run", scenario.to_str().unwrap(), "--record", &record]);
        assert_eq!(stopped.status.code(), Some(3), "{limit}: {}", err(&stopped));
        let again = tidemill(&["replay", &record]);
        assert_eq!(again.status.code(), Some(0), "{limit}: {}", out(&again));
    }
    // As one that was written when marks behind the end were kept, and one whose end somebody has put off.
    let text = std::fs::read_to_string(&record).unwrap();
    let late = text.replace("    ],\n    interventions", "        (\"9s\", \"0000000000000000\"),\n    ],\n    interventions");
    assert_ne!(late, text);
    std::fs::write(&record, late).unwrap();
    assert_eq!(tidemill(&["replay", &record]).status.code(), Some(0));
    let until = text.lines().find(|line| line.contains("until")).unwrap();
    std::fs::write(&record, text.replace(until, "    until: \"20s\",")).unwrap();
    let again = tidemill(&["replay", &record, "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["recording"]["same"], true, "{again}");
}

#[test]
fn an_output_that_cannot_or_must_not_be_written_is_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = file(&folder, SMALL).display().to_string();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let here = folder.path().display().to_string();
    let other = path("../") + &folder.path().file_name().unwrap().display().to_string() + "/scenario.ron";
    for (arguments, words) in [
        (&["run", &scenario, "--record", &scenario][..], "write it to another file"),
        (&["run", &scenario, "--record", &other], "write it to another file"),
        (&["check", &scenario, "--junit", &scenario], "write it to another file"),
        (&["check", &here, "--junit", &scenario], "write it to another file"),
        (&["export", &scenario, "--to", "cloudformation", "-o", &scenario], "write it to another file"),
        (&["import", &scenario, "-o", &scenario], "write it to another file"),
        (&["run", &scenario, "--record", &path("no/r.ron")], "there is no such file or folder"),
        (&["run", &scenario, "--record", &here], "it is a folder"),
        (&["check", &scenario, "--junit", &path("no/r.xml")], "there is no such file or folder"),
        (&["import", &scenario, "-o", &path("no/s.ron")], "there is no such file or folder"),
    ] {
        let output = tidemill(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
        let said = err(&output);
        assert!(said.contains(words) && !said.contains("os error"), "{arguments:?} should speak of {words:?}: {said}");
        assert_eq!(out(&output), "", "{arguments:?} ran");
        assert_eq!(std::fs::read_to_string(&scenario).unwrap(), SMALL, "{arguments:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_came_of_a_run_is_printed_even_if_its_recording_cannot_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    // More than a pipe holds, for a reader that goes away.
    let scenario = file(&folder, &format!("// {}\n{SMALL}", "long ".repeat(100_000)));
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let from = pipe.clone();
    let reader = std::thread::spawn(move || drop(std::fs::File::open(from)));
    let output = tidemill(&["run", scenario.to_str().unwrap(), "--record", pipe.to_str().unwrap()]);
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&std::fs::metadata(&pipe).unwrap().file_type()), "it is still a pipe");
    reader.join().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("cannot write `"), "{}", err(&output));
    assert!(out(&output).contains("published 100"), "{}", out(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_for_which_there_is_no_room_is_no_success() {
    for arguments in [&["run", "scenarios/basics/first.ron", "--json"][..], &["check", "scenarios/basics"], &["explain"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_tidemill"));
        let output = program.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(err(&output), "error: the result cannot be written: the disk is full\n", "{arguments:?}");
    }
}

#[test]
fn the_place_of_a_problem_names_the_text_that_it_is_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, SMALL).display().to_string();
    let record = folder.path().join("r.ron").display().to_string();
    for (options, words) in [
        (&["--for", "0s"][..], "scenario.ron with duration=0s:1:"),
        (&["--set", "c.instances=0"], "scenario.ron with c.instances=0:5:"),
        (&["--set", "c.instances=0", "--for", "5s"], "scenario.ron with c.instances=0, duration=5s:5:"),
        (&["--set", "c.instnces=2"], "--> --set c.instnces=2\n"),
        (&["--at", "3s", "c.instances=0"], "scenario.ron with c.instances = 0 at 00:00:03.000:5:"),
        (&["--at", "3s", "c.instnces=2"], "--> c.instnces = 2 at 00:00:03.000\n"),
        (&["--at", "3s", "seed=4"], "the seed cannot be changed during a run"),
        // What is less than nothing is answered by the option itself.
        (&["--seed", "-1"], "invalid value '-1' for '--seed <N>'"),
        (&["--for", "-1s"], "invalid value '-1s' for '--for <TIME>'"),
        (&["--at", "-5s", "c.instances=2"], "--at -5s: "),
    ] {
        let output = tidemill(&[&["run", &path][..], options].concat());
        assert_eq!((output.status.code(), out(&output)), (Some(2), String::new()), "{options:?}");
        assert!(err(&output).contains(words) && !err(&output).contains("tip:"), "{options:?} should say {words:?}: {}", err(&output));
    }
    assert!(tidemill(&["run", &path, "--set", "c.instances=2", "--record", &record]).status.success());
    let recorded = std::fs::read_to_string(&record).unwrap();
    assert!(recorded.contains(&format!("name: \"{path}\"")), "the recording is of the file: {recorded}");
    // What is wrong with the file itself is in the file, whatever else is set.
    let wrong = file(&folder, &SMALL.replace("Every(\"100ms\")", "Evry(\"100ms\")"));
    let output = tidemill(&["run", wrong.to_str().unwrap(), "--set", "c.instances=2"]);
    assert!(err(&output).contains("scenario.ron:3:"), "{}", err(&output));
}

#[test]
fn explain_knows_what_a_mistyped_lint_was_meant_to_be() {
    let output = tidemill(&["explain", "unstable-nod"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("there is no lint `unstable-nod`; did you mean `unstable-node`?"), "{}", err(&output));
    assert!(err(&tidemill(&["explain", "x"])).contains("`tidemill explain` lists them all"));
}
