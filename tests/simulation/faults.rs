//! What each kind of fault does, and that it is over when it is over.

use crate::{consumer, plan, run};
use std::sync::Arc;
use tidemill::engine::Simulation;
use tidemill::record::{Recorder, Report};
use tidemill::scenario::plan::When;
use tidemill::scenario::{NoFiles, check};
use tidemill::time::{Span, Time};

/// One event every 10 ms over a link of 1 ms to a consumer of two instances that takes 5 ms; what is given goes wrong.
fn text(faults: &str) -> String {
    format!(
        r#"Scenario(format: 1, duration: "10s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", zone: "east", emits: [Emit(event: "E", to: "b/t", arrivals: Every("10ms"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", zone: "east", instances: 2, reads: [Read(from: "b/t")], handle: Handle(time: Constant("5ms"))),
        ], faults: [{faults}])"#
    )
}

fn report(faults: &str) -> Report {
    run(&plan(&text(faults)), 1)
}

fn max(report: &Report) -> f64 {
    consumer(report, "c").latency.max
}

#[test]
fn a_crash_gives_back_what_was_held_and_nothing_is_lost() {
    let report = report(r#"Fault(at: "2.003s", lasts: "1s", what: Crash("c"))"#);
    let (t, c) = (report.totals, consumer(&report, "c"));
    assert_eq!((t.published, t.lost, t.duplicates), (1000, 0, 0));
    assert!(t.redeliveries >= 1 && c.acked >= 997, "{t:?}");
    // The first one to come while it was down waited for the whole second.
    assert!((1.0..1.02).contains(&max(&report)), "{}", max(&report));
    assert_eq!(report.faults.len(), 1);
    assert_eq!(
        (report.faults[0].text.as_str(), report.faults[0].began, report.faults[0].ended),
        ("Crash(\"c\")", Time(2_003_000_000), Some(Time(3_003_000_000)))
    );
}

#[test]
fn one_instance_crashes_and_the_other_goes_on() {
    let report = report(r#"Fault(at: "2s", what: Crash("c#1"))"#);
    assert_eq!((report.totals.lost, report.totals.redeliveries <= 1), (0, true));
    assert!(max(&report) < 0.02, "{}", max(&report));
    let both = self::report(r#"Fault(at: "2s", lasts: "4s", what: Crash("c#1")), Fault(at: "3s", lasts: "1s", what: Crash("c#2"))"#);
    assert!((1.0..1.3).contains(&max(&both)), "{}", max(&both));
}

#[test]
fn a_pause_stretches_what_is_in_hand_and_keeps_it() {
    let report = report(r#"Fault(at: "2.003s", lasts: "1s", what: Pause("c"))"#);
    assert_eq!((report.totals.lost, report.totals.redeliveries), (0, 0));
    let c = consumer(&report, "c");
    assert!((c.service.max - 1.005).abs() < 1e-6, "in hand over the pause: {}", c.service.max);
}

#[test]
fn pauses_and_crashes_of_one_instance_add_up_in_any_order() {
    // Both end: everything is handled in the end, at whatever order they overlap.
    for faults in [
        r#"Fault(at: "2s", lasts: "2s", what: Pause("c")), Fault(at: "3s", lasts: "2s", what: Crash("c"))"#,
        r#"Fault(at: "2s", lasts: "2s", what: Crash("c")), Fault(at: "3s", lasts: "2s", what: Pause("c"))"#,
        r#"Fault(at: "2s", lasts: "3s", what: Pause("c")), Fault(at: "3s", lasts: "1s", what: Crash("c"))"#,
        r#"Fault(at: "2s", lasts: "3s", what: Crash("c")), Fault(at: "3s", lasts: "1s", what: Pause("c"))"#,
        r#"Fault(at: "2s", lasts: "3s", what: Crash("c")), Fault(at: "3s", lasts: "1s", what: Crash("c"))"#,
    ] {
        let report = report(faults);
        assert_eq!(report.totals.lost, 0, "{faults}");
        assert!(report.totals.acked >= 997, "{faults}: {:?}", report.totals);
    }
}

#[test]
fn slow_errors_and_poison_weigh_while_they_last() {
    let slow = report(r#"Fault(at: "2s", lasts: "1s", what: Slow(node: "c", times: 3))"#);
    assert!((consumer(&slow, "c").service.max - 0.015).abs() < 1e-9);
    let one = report(r#"Fault(what: Slow(node: "c#2", times: 3))"#);
    let c = consumer(&one, "c");
    assert!((c.service.mean - 0.010).abs() < 0.0002, "every other event takes three times as long: {}", c.service.mean);

    let errors = report(r#"Fault(at: "2s", lasts: "5s", what: Errors(node: "c", rate: "20%"))"#);
    assert!((60..140).contains(&errors.totals.failed), "a fifth of 500: {}", errors.totals.failed);
    assert_eq!(errors.fates[0].reason, "its handler failed");

    let poison = r#"Fault(what: Poison(node: "c", share: "10%"))"#;
    let text = text(poison).replace("instances: 2", "instances: 2, retry: Retry(attempts: 3)");
    let poisoned = run(&plan(&text), 1);
    let t = poisoned.totals;
    assert!((60..140).contains(&t.failed) && t.retries == 2 * t.failed, "poison fails every time: {t:?}");
    assert_eq!((poisoned.fates.len(), poisoned.fates[0].count), (1, t.failed));
}

#[test]
fn a_broker_that_is_down_takes_nothing_and_keeps_what_it_had() {
    let report = report(r#"Fault(at: "2.0005s", lasts: "1s", what: Crash("b"))"#);
    let t = report.totals;
    // What arrives meanwhile finds nobody: the one on its way when it fell, and 99 after it.
    assert_eq!((t.lost, t.dropped), (100, 100));
    assert_eq!(report.fates.iter().map(|line| (line.reason.as_str(), line.count)).collect::<Vec<_>>(), [("its broker was down", 100)]);
    assert!(t.acked >= 896);
}

#[test]
fn a_partition_loses_what_is_sent_into_it_and_what_was_handed_comes_back() {
    let before = report(r#"Fault(at: "2s", lasts: "1s", what: Partition(of: ["p"], from: ["b"]))"#);
    assert!((99..=101).contains(&before.totals.lost), "{:?}", before.totals);
    assert_eq!(before.fates[0].reason, "the other side could not be reached");
    let behind = report(r#"Fault(at: "2.0045s", lasts: "1s", what: Partition(of: ["c"]))"#);
    assert_eq!((behind.totals.lost, behind.totals.redeliveries), (0, 1), "{:?}", behind.totals);
    assert!(behind.totals.acked >= 997 && max(&behind) > 1.0);
}

#[test]
fn links_are_slower_lossy_doubling_or_out_of_order() {
    let late = report(r#"Fault(at: "2s", lasts: "1s", what: Latency(between: ("p", "b"), add: "100ms", times: 3))"#);
    assert!((max(&late) - (0.103 + 0.001 + 0.005)).abs() < 0.006, "{}", max(&late));
    let lossy = report(r#"Fault(at: "2s", lasts: "5s", what: Loss(between: ("b", "c"), rate: "20%"))"#);
    assert!((60..140).contains(&lossy.totals.lost), "{:?}", lossy.totals);
    let double = report(r#"Fault(at: "2s", lasts: "1s", what: Duplicate(between: ("c", "b")))"#);
    assert!((99..=101).contains(&double.totals.duplicates), "{:?}", double.totals);
    let shuffled = report(r#"Fault(at: "2s", lasts: "1s", what: Reorder(between: ("p", "b"), by: "300ms"))"#);
    assert_eq!(shuffled.totals.lost, 0);
    assert!(max(&shuffled) > 0.25);
}

#[test]
fn producers_fall_silent_and_surge() {
    let silent = report(r#"Fault(at: "2.005s", lasts: "1s", what: Crash("p"))"#);
    assert_eq!((silent.totals.published, silent.totals.lost), (900, 0));
    let surge = report(r#"Fault(at: "2.005s", lasts: "1s", what: Surge(producer: "p", times: 2.5))"#);
    assert!((1130..1170).contains(&surge.totals.published), "{}", surge.totals.published);
    let less = report(r#"Fault(at: "2.005s", lasts: "5s", what: Surge(producer: "p", times: 0.5))"#);
    assert!((700..800).contains(&less.totals.published), "{}", less.totals.published);
}

#[test]
fn a_zone_takes_everything_with_it_that_stands_in_it() {
    let report = report(r#"Fault(at: "2.005s", lasts: "1s", what: Crash("zone:east"))"#);
    assert_eq!((report.totals.published, report.totals.lost), (900, 0));
    assert_eq!(report.faults[0].nodes.len(), 2);
}

#[test]
fn chaos_comes_at_random_but_the_same_for_the_same_seed() {
    let chaos = r#"Chaos(what: Crash("c"), every: "500ms", lasts: "100ms")"#;
    let (one, again) = (report(chaos), report(chaos));
    assert_eq!(one.fingerprint, again.fingerprint);
    assert!((6..30).contains(&one.faults.len()), "about 16: {}", one.faults.len());
    let other = run(&plan(&text(chaos)), 2);
    assert_ne!(one.faults.iter().map(|f| f.began).collect::<Vec<_>>(), other.faults.iter().map(|f| f.began).collect::<Vec<_>>());
    // Its luck is its own: nobody else's changes.
    let more = report(&format!("Fault(at: \"9s\", what: Slow(node: \"c\", times: 1.5)), {chaos}"));
    let began = |report: &Report| report.faults.iter().filter(|f| f.text.starts_with("Crash")).map(|f| f.began).collect::<Vec<_>>();
    assert_eq!(began(&one), began(&more));
}

#[test]
fn a_fault_begins_and_ends_by_hand() {
    let scenario = tidemill::scenario::read(&text(""), "").unwrap();
    let (plan, _) = check(&scenario, &NoFiles).unwrap();
    let plan = Arc::new(plan);
    let crash = tidemill::scenario::faults::Fault::Crash("c".to_owned());
    let stay = |lasts| When::Once { at: Time::ZERO, lasts };
    let run = |lasts: Option<Span>, mend: bool| {
        let mut simulation = Simulation::new(Arc::clone(&plan), 1);
        let mut recorder = Recorder::new(Arc::clone(&plan));
        simulation.advance(Time(2_000_000_000), u64::MAX, &mut recorder);
        simulation.begin_fault(check::fault(&scenario, &crash, stay(lasts)).unwrap(), &mut recorder);
        simulation.audit().unwrap();
        simulation.advance(Time(3_000_000_000), u64::MAX, &mut recorder);
        assert_eq!(simulation.end_fault(&crash, &mut recorder), mend);
        simulation.audit().unwrap();
        simulation.advance(Time::NEVER, u64::MAX, &mut recorder);
        (simulation.fingerprint(), recorder.faults().spans()[0].ended, recorder.faults().spans()[0].by_hand)
    };
    let (mended, ended, by_hand) = run(None, true);
    assert_eq!((ended, by_hand), (Some(Time(3_000_000_000)), true));
    assert_eq!(run(None, true).0, mended);
    let (_, ended, _) = run(Some(Span::from_millis(500)), false);
    assert_eq!(ended, Some(Time(2_500_000_000)));
    let unknown = check::fault(&scenario, &tidemill::scenario::faults::Fault::Crash("d".to_owned()), stay(None)).unwrap_err();
    assert_eq!(unknown.message, "there is no node `d`");
}

#[test]
fn every_kind_says_what_it_is() {
    use tidemill::scenario::faults::KINDS;
    for kind in KINDS {
        let fault = (kind.make)("a", "b");
        assert_eq!(fault.kind().name, kind.name);
        assert!(fault.to_string().starts_with(kind.name), "{fault}");
        assert!(fault.words().contains('a') && !fault.targets().is_empty());
    }
}
