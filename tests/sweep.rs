//! Many runs side by side: `tidemill sweep` and `tidemill compare`, through the program and through the library.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use serde_json::Value;
use std::num::NonZeroUsize;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tidemill::run::headless;
use tidemill::run::sweep::{self, Column, Row, WHOLE};
use tidemill::scenario::{NoFiles, Plan, load};

fn tidemill(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemill")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
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
    serde_json::from_slice(&output.stdout).unwrap()
}

const SHOP: &str = "scenarios/cases/shop.ron";

fn station(service: &str) -> String {
    format!(
        r#"Scenario(format: 1, name: "Station", duration: "20s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("80/s"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: {service})),
        ])"#
    )
}

fn plan(text: &str) -> Arc<Plan> {
    Arc::new(load(text, "test.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan)
}

fn threads(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let rows: Vec<Row> = [r#"Constant("5ms")"#, r#"Exponential(mean: "9ms")"#, r#"Constant("20ms")"#]
        .iter()
        .map(|service| plan(&station(service)))
        .map(|plan| Row { columns: Column::detailed(&plan), plan })
        .collect();
    let done = AtomicU64::new(0);
    let run = |threads| {
        sweep::execute(&rows, 7, 4, threads, &|more| {
            done.fetch_add(more, Ordering::Relaxed);
        })
    };
    let alone = run(threads(1));
    assert_eq!(done.swap(0, Ordering::Relaxed), 12 * WHOLE, "progress adds up to the whole");
    for n in [2, 5, 64] {
        assert_eq!(run(threads(n)), alone, "{n} threads");
    }
    let arguments = ["sweep", SHOP, "--vary", "inventory.instances=1,2", "--replicas", "3", "--json", "--jobs"];
    let with = |jobs| out(&tidemill(&[&arguments[..], &[jobs]].concat()));
    assert_eq!(with("1"), with("2"));
}

#[test]
fn a_replica_is_the_run_of_its_seed() {
    let plan = plan(&station(r#"Exponential(mean: "9ms")"#));
    let columns = ["throughput", "p50", "c.latency.mean", "'b/t#c'.routed"]
        .map(|text| Column::parse(text, &tidemill::scenario::expect::Known::of(&plan)).unwrap());
    let rows = [Row { plan: Arc::clone(&plan), columns: columns.to_vec() }];
    let results = &sweep::execute(&rows, 41, 3, threads(2), &|_| {})[0];
    for (replica, seed) in results.replicas.iter().zip(sweep::seeds(41, 3)) {
        let report = headless::run(&plan, seed, &mut |_| {}).report();
        let Some(tidemill::record::report::NodeReport::Consumer(c)) = report.nodes.get("c") else { panic!("c is no consumer") };
        let routed = report.outlets.get("b/t#c").unwrap().books.routed as f64;
        assert_eq!(*replica, Some(vec![Some(c.throughput), Some(report.latency.p50), Some(c.latency.mean), Some(routed)]));
    }
    let means: Vec<f64> = results.replicas.iter().map(|figures| figures.as_ref().unwrap()[2].unwrap()).collect();
    assert!((results.interval(2).mean.unwrap() - means.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    assert_eq!(results.difference(2, results, 2).half_width, Some(0.0), "the same runs do not differ");
}

#[test]
fn the_interval_covers_what_theory_says() {
    // M/M/1 at a load of 0.4: 5 ms of service at 80 per second stay 8.33 ms on average, after a millisecond on each of two links.
    let plan = plan(&station(r#"Exponential(mean: "5ms")"#));
    let rows = [Row { columns: vec![Column::parse("latency.mean", &tidemill::scenario::expect::Known::of(&plan)).unwrap()], plan }];
    let interval = sweep::execute(&rows, 1, 40, threads(2), &|_| {})[0].interval(0);
    let (mean, half) = (interval.mean.unwrap(), interval.half_width.unwrap());
    assert!((mean - 0.010_333).abs() < 2.0 * half && half < 0.000_3, "{mean} ± {half}");
}

#[test]
fn a_sweep_has_a_row_per_combination() {
    let object = json(&[
        "sweep",
        SHOP,
        "--vary",
        "inventory.instances=1,3",
        "--vary",
        r#"order-service.emits[0].arrivals=Poisson("20/s"),Poisson("40/s")"#,
        "--replicas",
        "2",
        "--seed",
        "9",
        "--set",
        "duration=10s",
        "--figure",
        "inventory.utilisation",
        "--figure",
        "'bus/orders#inventory'.depth.max",
        "--json",
    ]);
    assert_eq!(object["vary"], serde_json::json!(["inventory.instances", "order-service.emits[0].arrivals"]));
    assert_eq!(object["seeds"], serde_json::json!([9, 10]));
    let rows = object["rows"].as_array().unwrap();
    let values: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| {
            let value = |path: &str| row["values"][path].as_str().unwrap();
            (value("inventory.instances"), value("order-service.emits[0].arrivals"))
        })
        .collect();
    let (slow, fast) = (r#"Poisson("20/s")"#, r#"Poisson("40/s")"#);
    assert_eq!(values, [("1", slow), ("1", fast), ("3", slow), ("3", fast)]);
    for row in rows {
        for figure in ["inventory.utilisation", "'bus/orders#inventory'.depth.max"] {
            let figure = &row["figures"][figure];
            assert!(figure["mean"].is_number() && figure["half_width"].is_number() && figure["n"] == 2, "{figure}");
        }
    }
    let busy = |row: usize| rows[row]["figures"]["inventory.utilisation"]["mean"].as_f64().unwrap();
    assert!(busy(0) < busy(1) && (busy(0) / busy(2) - 3.0).abs() < 0.2, "the same arrivals over three times the workers");
}

#[test]
fn the_table_is_for_people() {
    let output = tidemill(&["sweep", SHOP, "--vary", "inventory.instances=1,2", "--set", "duration=10s"]);
    let text = out(&output);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for words in ["Online shop", "5 runs each, seeds 42 to 46", "throughput", "utilisation", " ± ", "\n  1 ", "\n  2 "] {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 200), "{text}");
    assert!(err(&output).contains("--figure"), "what is left out is told, and a pipe sees no progress bar");
    let one = tidemill(&["sweep", SHOP, "--vary", "duration=10s", "--replicas", "1"]);
    assert!(!out(&one).contains('±'), "one run says nothing of its spread");
}

#[test]
fn mistakes_are_told_before_anything_runs() {
    for (arguments, words) in [
        (&["--vary", "inventry.instances=1,2"][..], &["inventry", "did you mean `inventory`?", "--vary inventry.instances=1"][..]),
        (&["--vary", "inventory.instances=1,many"], &["--vary inventory.instances=many"]),
        (&["--vary", "inventory.instances=1,0"], &["no instances", "with inventory.instances=0"]),
        (&["--vary", "inventory.instances"], &["has no values", "inventory.instances=1,2,4"]),
        (&["--vary", "inventory.instances=1,,2"], &["empty value"]),
        (&["--vary", "inventory.instances=1", "--vary", "inventory.instances=2"], &["varied twice"]),
        (&["--vary", "seed=1,2"], &["--replicas"]),
        (&["--vary", "inventory.instances=1", "--figure", "losst"], &["--figure losst", "did you mean `lost`?"]),
        (&["--vary", "inventory.instances=1", "--set", "x.y=1"], &["no node, event or field `x`"]),
        (&["--vary", "inventory.instances=1", "--replicas", "0"], &["--replicas"]),
        (&["--vary", "inventory.instances=1", "--replicas", "-1"], &["invalid value '-1' for '--replicas"]),
        (&["--vary", "inventory.instances=1", "--set", "nodes.inventory.instances=2"], &["would change nothing"]),
        (&["--vary", "inventory.instances=0,1", "--set", "seed=2"], &["with seed=2, inventory.instances=0:"]),
        (&[], &["--vary"]),
    ] {
        let output = tidemill(&[&["sweep", SHOP][..], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
        for words in words {
            assert!(err(&output).contains(words), "{arguments:?} should speak of {words:?}: {}", err(&output));
        }
    }
}

#[test]
fn a_row_that_hits_a_limit_says_so() {
    let arguments = ["sweep", SHOP, "--vary", "limits.steps=1000,100000000", "--replicas", "2", "--figure", "lost"];
    let table = tidemill(&arguments);
    assert_eq!(table.status.code(), Some(3));
    assert!(out(&table).contains("2 of 2 runs stopped"), "{}", out(&table));
    assert!(err(&table).contains("with limits.steps=1000, seed 42: stopped at") && err(&table).contains("more than 1000 steps"));
    let output = tidemill(&[&arguments[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(3));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["rows"][0]["stopped"][0]["seed"], 42);
    assert_eq!(object["rows"][0]["figures"]["lost"]["n"], 0, "figures of a shorter run are none of the row's");
    assert_eq!((&object["rows"][1]["figures"]["lost"]["n"], object["rows"][1].get("stopped")), (&Value::from(2), None));
}

#[test]
fn compare_pairs_the_runs_of_two_scenarios() {
    let both = json(&["compare", SHOP, "scenarios/cases/shop-loyalty.ron", "--replicas", "1", "--json"]);
    let first = &both["first_difference"];
    assert!(
        first["at"].as_f64().is_some_and(|at| at < 1.0) && first["b"].as_str().is_some_and(|words| words.contains("loyalty")),
        "{first}"
    );
    let same = out(&tidemill(&["compare", SHOP, SHOP, "--replicas", "1"]));
    assert!(same.contains("the same run, bit for bit"), "{same}");
    // Nothing differs as long as both run, but one goes on.
    let folder = tempfile::tempdir().unwrap();
    let longer = folder.path().join("longer.ron");
    let text = include_str!("../scenarios/cases/shop.ron");
    std::fs::write(&longer, text.replacen("duration: \"60s\"", "duration: \"70s\"", 1)).unwrap();
    let longer = out(&tidemill(&["compare", SHOP, longer.to_str().unwrap(), "--replicas", "1"]));
    assert!(longer.contains("the same happens in both up to 00:01:00.000, where A ends") && !longer.contains("bit for bit"), "{longer}");
    let arguments = ["compare", SHOP, "scenarios/cases/shop-loyalty.ron", "--replicas", "3"];
    let object = json(&[&arguments[..], &["--json"]].concat());
    let lag = &object["figures"]["inventory.lag.mean"];
    assert_eq!(lag["difference"], serde_json::json!({"mean": 0.0, "half_width": 0.0, "n": 3}), "a new subscriber disturbs no other");
    assert_eq!(lag["a"], lag["b"]);
    assert!(object["figures"]["throughput"]["difference"]["mean"].as_f64().unwrap() > 40.0);
    assert_eq!(object["b"]["only_here"], serde_json::json!(["loyalty", "bus/orders#loyalty"]));
    assert_eq!(object["figures"]["loyalty.lag.max"]["a"], Value::Null);

    let text = out(&tidemill(&arguments));
    for words in ["only in B", "hardly luck", "3 runs each, seeds 42 to 44"] {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    let mirrored = out(&tidemill(&["compare", "scenarios/cases/shop-loyalty.ron", SHOP, "--replicas", "1", "--figure", "loyalty.lag.max"]));
    assert!(mirrored.contains("only in A"), "{mirrored}");
}

#[test]
fn compare_refuses_what_it_cannot_read() {
    for (arguments, words) in [
        (&["no-such.ron", SHOP][..], &["no-such.ron"][..]),
        (&["no-such.ron", "nor-this.ron"], &["no-such.ron", "nor-this.ron"]),
        (&[SHOP, SHOP, "--figure", "losst"], &["did you mean `lost`?"]),
        (&[SHOP], &["<B|--brokers <KINDS>"]),
        (&["-", "-"], &["only once"]),
    ] {
        let output = tidemill(&[&["compare"][..], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(words.iter().all(|words| err(&output).contains(words)), "{}", err(&output));
    }
}

#[test]
fn a_figure_of_what_no_row_has_is_refused_and_one_that_some_row_has_is_shown() {
    let arguments = ["sweep", SHOP, "--figure", "inventory.skipped", "--replicas", "1", "--vary"];
    let refused = tidemill(&[&arguments[..], &["inventory.instances=1,2"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("`inventory` has no `inbox`, so it skips nothing"), "{}", err(&refused));
    let rows = json(&[&arguments[..], &["inventory.inbox=None,Inbox()", "--json"]].concat());
    let skipped = |row: usize| rows["rows"][row]["figures"]["inventory.skipped"]["mean"].clone();
    assert_eq!((skipped(0), skipped(1).as_f64()), (Value::Null, Some(0.0)));
}
