//! What consumers do beyond handling: time-outs, budgets, breakers, shedding, functions.

use crate::{consumer, plan, run};
use tidemill::record::Report;

fn report(arrivals: &str, handling: &str, faults: &str) -> Report {
    let text = format!(
        r#"Scenario(format: 1, duration: "60s", events: [Event(name: "E", key: Zipf(keys: 10, exponent: 1), attributes: {{"country": Choice({{"ES": 1, "FR": 3}})}})], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: {arrivals})]),
            Broker(id: "b", kind: Simple(topics: ["t", "dead"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], {handling}),
            Consumer(id: "morgue", reads: [Read(from: "b/dead")]),
        ], faults: [{faults}])"#
    );
    run(&plan(&text), 1)
}

fn fates(report: &Report) -> Vec<(String, u64)> {
    report.fates.iter().map(|line| (format!("{:?}: {}", line.fate, line.reason), line.count)).collect()
}

#[test]
fn an_attempt_that_takes_too_long_fails_and_says_so() {
    let slow = r#"handle: Handle(time: Constant("50ms")), timeout: "20ms", retry: Retry(attempts: 3), dead_letter: "b/dead""#;
    let report = report(r#"Every("1s")"#, slow, "");
    let c = consumer(&report, "c");
    assert!((c.service.max - 0.020).abs() < 1e-9);
    assert_eq!((c.acked, c.dead_lettered, c.retries), (0, 59, 118));
    assert_eq!(fates(&report), [("DeadLettered: its handler timed out".to_owned(), 59)]);
    // What took effect before it timed out does so again and again.
    let once = self::report(
        "Once()",
        r#"handle: Handle(time: Constant("50ms"), effect: "10%"), timeout: "20ms", inbox: Inbox(), retry: Retry(attempts: 3)"#,
        "",
    );
    assert_eq!((consumer(&once, "c").acked, once.totals.retries, once.totals.duplicates), (1, 1, 0), "the inbox knows the second attempt");
}

#[test]
fn a_budget_stops_retries_when_much_fails() {
    let failing = |budget: &str| {
        let handling = format!(r#"handle: Handle(time: Constant("1ms")), retry: Retry(attempts: 5, {budget})"#);
        report(r#"Every("100ms")"#, &handling, r#"Fault(at: "10s", lasts: "10s", what: Errors(node: "c"))"#)
    };
    let (free, tight) = (failing(""), failing("budget: Budget(tokens: 10)"));
    assert_eq!(free.totals.retries, 400, "four for each of a hundred");
    assert_eq!(tight.totals.retries, 10);
    assert!(fates(&tight).contains(&("Failed: its handler failed and the retry budget was spent".to_owned(), 98)), "{:?}", fates(&tight));
}

#[test]
fn what_is_dropped_goes_to_no_dead_letter_channel() {
    let handling = r#"handle: Handle(fails: "100%"), retry: Retry(attempts: 2, after: Drop), dead_letter: "b/dead""#;
    let report = report(r#"Every("1s")"#, handling, "");
    assert_eq!((report.totals.dropped, report.totals.dead_lettered, report.totals.lost), (59, 0, 59));
    assert_eq!(consumer(&report, "morgue").acked, 0);
}

#[test]
fn poison_is_told_by_key_and_by_attribute() {
    let failed =
        |poison: &str| report(r#"Every("10ms")"#, &format!("handle: Handle(poison: {poison}), retry: Retry(attempts: 2)"), "").totals;
    let country = failed(r#"Attribute(name: "country", value: "ES")"#);
    assert!((1350..1650).contains(&country.failed), "a quarter of 6000: {}", country.failed);
    assert_eq!(country.retries, country.failed, "it fails every time");
    let key = failed(r#"Key("0")"#);
    assert!((1800..2300).contains(&key.failed), "the most frequent of ten: {}", key.failed);
}

#[test]
fn a_breaker_opens_and_tries_and_closes() {
    let handling = r#"threads: 4, handle: Handle(time: Constant("5ms")), breaker: Breaker(window: "1s", open: "2s")"#;
    let report = report(r#"Every("10ms")"#, handling, r#"Fault(at: "10s", lasts: "7s", what: Errors(node: "c"))"#);
    let c = consumer(&report, "c");
    // Until half of the attempts of a second have failed some do; then one every two seconds.
    assert!((45..75).contains(&c.failed), "{}", c.failed);
    assert_eq!(c.acked + c.failed, 5999, "what waited is handled in the end");
    let without = self::report(
        r#"Every("10ms")"#,
        r#"threads: 4, handle: Handle(time: Constant("5ms"))"#,
        r#"Fault(at: "10s", lasts: "7s", what: Errors(node: "c"))"#,
    );
    assert_eq!(consumer(&without, "c").failed, 700);
}

#[test]
fn a_breaker_survives_the_crash_of_who_tries() {
    let handling = r#"instances: 2, handle: Handle(time: Constant("500ms")), breaker: Breaker(window: "10s", least: 2, open: "2s")"#;
    let faults = r#"Fault(at: "0s", lasts: "3s", what: Errors(node: "c")), Chaos(every: "1s", lasts: "300ms", what: Crash("c#1")), Chaos(every: "1s", lasts: "300ms", what: Crash("c#2"))"#;
    let report = report(r#"Steps([("0s", "5/s"), ("4s", "0/s")])"#, handling, faults);
    assert_eq!((report.totals.waiting, report.totals.in_flight, report.totals.lost), (0, 0, report.totals.failed));
}

#[test]
fn too_much_is_shed_at_the_door_or_when_its_turn_comes() {
    let door = report(r#"Every("10ms")"#, r#"handle: Handle(time: Constant("20ms")), shed: Shed(queue: 10)"#, "");
    let c = consumer(&door, "c");
    assert!((2980..3010).contains(&c.acked) && c.latency.max < 0.25, "{} {}", c.acked, c.latency.max);
    assert_eq!(fates(&door)[0].0, "Dropped: its consumer had too much to do");
    let turn = report(r#"Every("10ms")"#, r#"handle: Handle(time: Constant("20ms")), shed: Shed(age: "100ms")"#, "");
    let c = consumer(&turn, "c");
    assert!(c.acked > 2900 && c.latency.max < 0.13, "{} {}", c.acked, c.latency.max);
}

#[test]
fn a_prefetch_leaves_the_rest_in_the_broker() {
    let with = |prefetch: &str| report("Once(count: 50)", &format!(r#"handle: Handle(time: Constant("10ms")), {prefetch}"#), "");
    let (one, all) = (with("prefetch: 1"), with(""));
    // With one at a time each waits for the way to its consumer.
    assert!((consumer(&all, "c").latency.max - 0.502).abs() < 1e-6);
    assert!(consumer(&one, "c").latency.max > 0.545, "{}", consumer(&one, "c").latency.max);
    assert_eq!((one.totals.acked, all.totals.acked), (50, 50));
}

#[test]
fn a_function_starts_cold_and_stays_warm() {
    let function = r#"handle: Handle(time: Constant("100ms")), scale: Serverless(cold_start: "1s", idle: "5s", limit: 3)"#;
    let rare = report(r#"Every("6s")"#, function, "");
    assert!(consumer(&rare, "c").service.p50 > 1.09);
    let often = report(r#"Every("2s")"#, function, "");
    let c = consumer(&often, "c");
    assert!(c.service.p50 < 0.11 && c.service.max > 1.09);
    // Beyond the limit events wait.
    let many = report("Once(count: 9)", function, "");
    assert!((consumer(&many, "c").latency.max - (0.002 + 1.1 + 0.1 + 0.1)).abs() < 1e-6, "{}", consumer(&many, "c").latency.max);
}

#[test]
fn instances_come_with_lag_after_a_while_and_go_when_they_are_not_needed() {
    // One instance handles 10 per second. From 20 s to 30 s there are 50, so lag grows by some 40 a second.
    let scaled = |instances: &str| format!(r#"handle: Handle(time: Constant("100ms")), {instances}"#);
    let surge = r#"Fault(at: "20s", lasts: "10s", what: Surge(producer: "p", times: 10))"#;
    let auto = r#"scale: Autoscale(by: Lag(20), most: 5, every: "1s", delay: "3s", hold: "5s")"#;
    let (few, many) = (report(r#"Every("200ms")"#, &scaled(""), surge), report(r#"Every("200ms")"#, &scaled(auto), surge));
    let (few, many) = (consumer(&few, "c"), consumer(&many, "c"));
    assert_eq!(few.scaled, None);
    let instances = many.scaled.unwrap();
    assert_eq!((instances.max, instances.last), (5, 1));
    assert!(instances.mean > 1.2 && instances.mean < 3.0, "{instances:?}");
    assert!(many.latency.max < few.latency.max / 2.0 && many.lag.max * 2 < few.lag.max, "{:?} {:?}", many.lag, few.lag);
    assert_eq!((many.acked, many.redeliveries), (749, 0), "what is in hand is finished before an instance goes");
    // Busy time is shared among those that were there.
    let work = many.acked as f64 * 0.1 / 60.0;
    assert!((many.utilisation * instances.mean - work).abs() < 0.01, "{} {work}", many.utilisation);
}

#[test]
fn instances_follow_utilisation_and_schedules() {
    let scaled = |scale: &str| {
        let handling =
            format!(r#"instances: 2, handle: Handle(time: Exponential(mean: "100ms")), scale: Autoscale(most: 9, delay: "1s", {scale})"#);
        let report = report(r#"Poisson("30/s")"#, &handling, "");
        let c = consumer(&report, "c");
        (c.scaled.unwrap(), c.utilisation)
    };
    // Offered are 3 instances' worth of work.
    let (instances, busy) = scaled(r#"by: Utilisation("60%"), every: "5s", hold: "20s""#);
    assert!((4..=8).contains(&instances.last) && (0.4..0.75).contains(&busy), "{instances:?} {busy}");
    let (instances, _) = scaled(r#"by: Schedule([("10s", 6), ("40s", 3)])"#);
    assert_eq!((instances.max, instances.last), (6, 3));
    // Two up to 11 s, six up to 40 s, three up to 60 s.
    assert!((instances.mean - (2.0 * 11.0 + 6.0 * 29.0 + 3.0 * 20.0) / 60.0).abs() < 1e-9, "{instances:?}");
}

#[test]
fn members_of_a_group_are_scaled_too() {
    let text = r#"Scenario(format: 1, duration: "120s", events: [Event(name: "E")], nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("40/s"))]),
        Broker(id: "b", kind: Kafka(topics: [Topic(name: "t", partitions: 6)])),
        Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("50ms")),
            scale: Autoscale(by: Lag(50), most: 6, every: "5s", delay: "5s")),
    ])"#;
    let report = run(&plan(text), 1);
    let c = consumer(&report, "c");
    let instances = c.scaled.unwrap();
    assert!(instances.max > 1 && instances.max <= 6, "{instances:?}");
    // One instance would do 20 per second and owe half of all at the end.
    assert!(report.totals.lost == 0 && c.lag.last < 200, "{:?}", c.lag);
    assert_eq!(run(&plan(text), 1).fingerprint, report.fingerprint);
}

#[test]
fn a_whole_whose_last_part_is_cut_off_is_followed_when_that_comes_again() {
    // The second part is half handled when the instance crashes: it is stored, and what follows is not sent.
    let text = r#"Scenario(format: 1, duration: "10s",
        events: [Event(name: "A"), Event(name: "One"), Event(name: "Other"), Event(name: "Done")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "A", to: "b/t", arrivals: Once(at: "0s", count: 1))]),
            Broker(id: "b", kind: Simple(topics: ["t", "parts", "done"])),
            Consumer(id: "split", reads: [Read(from: "b/t")], handle: Handle(time: Constant("10ms")),
                then: [Emit(event: "One", to: "b/parts"), Emit(event: "Other", to: "b/parts")]),
            Consumer(id: "joiner", reads: [Read(from: "b/parts")], handle: Handle(time: Constant("100ms"), effect: "50%"),
                join: Join(count: 2), then: [Emit(event: "Done", to: "b/done")]),
            Consumer(id: "end", reads: [Read(from: "b/done")]),
        ],
        faults: [Fault(at: "180ms", lasts: "500ms", what: Crash("joiner"))])"#;
    let report = run(&plan(text), 1);
    let join = consumer(&report, "joiner").join.unwrap();
    assert_eq!((join.complete, join.timed_out, join.waiting), (1, 0, 0));
    assert_eq!((consumer(&report, "end").acked, report.totals.duplicates), (1, 1));
}
