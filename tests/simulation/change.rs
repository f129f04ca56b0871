//! Changes on the way: the same door for all, the same run at any pacing, and branches that keep what they left.

use crate::seek::wait;
use std::sync::Arc;
use tidemill::engine::{Progress, Simulation};
use tidemill::random::Stream;
use tidemill::run::frame::{PlayState, Speed};
use tidemill::run::{Command, Moment, Runner, Script, Source, headless};
use tidemill::scenario::NoFiles;
use tidemill::scenario::intervention::{Intervention, What};
use tidemill::time::Time;

const TEXT: &str = r#"Scenario(format: 1, name: "change", seed: 3, duration: "20s", network: Network(latency: Exponential(mean: "3ms")),
    events: [Event(name: "E")],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("100/s"))]),
        Broker(id: "b", kind: Simple(topics: ["t"])),
        Consumer(id: "c", instances: 2, reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "15ms"), fails: "1%"),
            retry: Retry(attempts: 3, backoff: Fixed("20ms"))),
        Consumer(id: "d1", reads: [Read(from: "b/t", group: "d")], handle: Handle(time: Constant("4ms"))),
        Consumer(id: "d2", threads: 3, reads: [Read(from: "b/t", group: "d")], handle: Handle(time: Constant("9ms"))),
    ],
    links: [Link(between: ("c", "b"), latency: Constant("5ms"))])"#;

fn source() -> Source {
    Source { text: TEXT.to_owned(), name: "change".to_owned(), files: Arc::new(NoFiles) }
}

fn at(seconds: f64, change: &str) -> Intervention {
    Intervention::set(Time((seconds * 1e9) as u64), change).unwrap()
}

fn script(changes: &[Intervention]) -> Script {
    source().script(None, changes).unwrap_or_else(|p| panic!("{}", p[0]))
}

/// Everything that can be changed, at odd moments.
fn changes() -> Vec<Intervention> {
    vec![
        at(2.0, "c.instances=5"),
        at(3.0, "p.emits[0].arrivals=400/s"),
        at(4.0, "network.latency=1ms"),
        at(4.5, "links[0].latency=Constant(\"100us\")"),
        at(5.0, "c.instances=1"),
        at(6.0, "c.handle.time=Constant(\"2ms\")"),
        at(6.0, "c.handle.fails=30%"),
        at(7.0, "d2.threads=1"),
        at(8.0, "p.emits[0].arrivals=Every(\"10ms\")"),
        at(9.0, "d1.threads=4"),
        at(9.5, "Fault(what: Crash(\"c\"), lasts: \"700ms\")"),
        at(10.0, "c.instances=3"),
        at(11.0, "network.loss=5%"),
        at(12.0, "links[0].latency=Exponential(mean: \"9ms\")"),
        at(13.0, "c.retry.attempts=1"),
        at(14.0, "Fault(what: Pause(\"d2\"))"),
        at(14.5, "d2.threads=2"),
        at(15.0, "EndFault(Pause(\"d2\"))"),
    ]
}

#[test]
fn the_books_balance_through_all_changes_and_pieces_of_any_size_give_the_same_run() {
    let script = script(&changes());
    let whole = headless::follow(&script, &mut |_| {});
    whole.simulation.audit().unwrap();
    let mut random = Stream::named(5, "pieces");
    for _ in 0..3 {
        let mut moment = Moment::start(&script, 50);
        while moment.advance(&script, Time::NEVER, random.below(400) + 1, &mut ()) == Progress::Paused {
            moment.simulation.audit().unwrap_or_else(|wrong| panic!("at {}: {wrong}", moment.now()));
        }
        assert_eq!(moment.simulation.fingerprint(), whole.simulation.fingerprint());
    }
    // A copy in the middle of it goes the same way.
    let mut moment = Moment::start(&script, 50);
    moment.advance(&script, Time(6_000_000_000), u64::MAX, &mut ());
    assert_eq!(moment.taken, 7, "changes of a moment belong to it");
    let mut copy = moment.clone();
    copy.advance(&script, Time::NEVER, u64::MAX, &mut ());
    assert_eq!(copy.simulation.fingerprint(), whole.simulation.fingerprint());
}

#[test]
fn what_is_changed_shows_in_the_figures_and_nothing_else_does() {
    let rate = |changes: &[Intervention], from: f64, to: f64| {
        let script = script(changes);
        let mut moment = Moment::start(&script, 2000);
        moment.advance(&script, Time::NEVER, u64::MAX, &mut ());
        let series = moment.recorder.series_at(moment.now());
        let (p, c) = (script.plan.node("p").unwrap(), script.plan.node("c").unwrap());
        let bin = series.span(from, to).unwrap();
        (bin.throughput(p), bin.throughput(c), bin.utilisation(tidemill::ids::ConsumerId(0)))
    };
    let plain = rate(&[], 10.0, 20.0);
    let faster = rate(&[at(10.0, "p.emits[0].arrivals=300/s")], 10.0, 20.0);
    assert!((faster.0 / plain.0 - 3.0).abs() < 0.2, "{plain:?} {faster:?}");
    let served = rate(&[at(10.0, "p.emits[0].arrivals=300/s"), at(10.0, "c.instances=8")], 11.0, 20.0);
    assert!(served.1 > 280.0 && faster.1 < 150.0, "{faster:?} {served:?}");
    assert!(served.2 < 0.75 && faster.2 > 0.95, "utilisation is of the workers that there are: {faster:?} {served:?}");
    assert_eq!(rate(&[at(15.0, "c.instances=1")], 0.0, 14.9), rate(&[], 0.0, 14.9), "the past stays");
    // The same luck: what the producer does depends on no consumer.
    assert_eq!(rate(&[at(5.0, "c.instances=4")], 0.0, 20.0).0, rate(&[], 0.0, 20.0).0);
}

#[test]
fn a_rate_that_was_all_but_zero_can_be_raised_at_once() {
    let script = script(&[at(1.0, "p.emits[0].arrivals=Poisson(\"0.000001/s\")"), at(10.0, "p.emits[0].arrivals=Poisson(\"100/s\")")]);
    let finished = headless::follow(&script, &mut |_| {});
    let published = finished.simulation.published(tidemill::ids::EmitterId(0));
    assert!((1000..1250).contains(&published), "{published}");
}

#[test]
fn what_cannot_be_changed_on_the_way_is_said() {
    for (change, words) in [
        ("duration=30s", "restart"),
        ("c.reads[0].group=\"x\"", "restart"),
        ("p.emits[0].arrivals=ClosedLoop(users: 3, think: Constant(\"1s\"))", "arrivals of p"),
        ("c.instances=0", "instances"),
        ("nobody.instances=2", "nobody"),
    ] {
        let problem = &source().script(None, &[at(1.0, change)]).unwrap_err()[0];
        assert!(problem.to_string().contains(words), "{change}: {problem}");
    }
    assert!(source().script(None, &[at(2.0, "c.instances=3"), at(1.0, "c.instances=4")]).is_err(), "in order of time");
    assert!(source().script(None, &[at(21.0, "c.instances=3")]).is_err(), "within the run");
}

#[test]
fn a_branch_without_a_change_ends_as_its_parent_does() {
    let script = script(&[]);
    let whole = headless::follow(&script, &mut |_| {}).simulation.fingerprint();
    for seconds in [0.0, 3.3, 19.9] {
        let mut moment = Moment::start(&script, 50);
        moment.advance(&script, Time((seconds * 1e9) as u64), u64::MAX, &mut ());
        let mut branch = moment.clone();
        branch.advance(&script, Time::NEVER, u64::MAX, &mut ());
        assert_eq!(branch.simulation.fingerprint(), whole);
    }
    // A change to what already is changes nothing either.
    let same = source().script(None, &[at(5.0, "c.instances=2"), at(6.0, "p.emits[0].arrivals=Poisson(\"100/s\")")]).unwrap();
    assert_eq!(headless::follow(&same, &mut |_| {}).simulation.fingerprint(), whole);
    let mut other = Simulation::new(Arc::clone(&script.plan), script.seed + 1);
    other.advance(Time::NEVER, u64::MAX, &mut ());
    assert_ne!(other.fingerprint(), whole);
}

#[test]
fn a_change_is_taken_back_on_a_branch_of_its_own_and_made_again_where_it_was() {
    let plain = headless::follow(&script(&[]), &mut |_| {}).simulation.fingerprint();
    let (more, slow) = (at(2.0, "c.instances=4"), at(5.0, "c.handle.fails=20%"));
    let runner = Runner::start(Arc::clone(&script(&[]).plan), 3, || {}).unwrap();
    runner.send(Command::Source { source: Arc::new(source()), interventions: vec![more.clone(), slow.clone()] });
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    let both = headless::follow(&script(&[more.clone(), slow.clone()]), &mut |_| {}).simulation.fingerprint();
    wait(&runner, "the end with both", |frame| frame.state == PlayState::Finished && frame.fingerprint == both);
    runner.send(Command::Changes { wanted: vec![more.clone()], name: None });
    let one = headless::follow(&script(std::slice::from_ref(&more)), &mut |_| {}).simulation.fingerprint();
    let without = wait(&runner, "the same moment with one", |frame| frame.now.seconds() == 20.0 && frame.fingerprint == one);
    assert_eq!((without.past.branch, without.past.branches[1].parent), (1, Some((0, Time(5_000_000_000)))));
    assert_eq!(without.past.recorded, without.now, "the film is that of the branch");
    runner.send(Command::Changes { wanted: Vec::new(), name: None });
    wait(&runner, "the same moment with none", |frame| frame.past.branch == 2 && frame.fingerprint == plain);
    runner.send(Command::Changes { wanted: vec![more, slow], name: None });
    wait(&runner, "both again", |frame| frame.past.branch == 0 && frame.fingerprint == both);
    // In the past of what is taken back: to where it was made.
    runner.send(Command::Seek(Time(1_000_000_000)));
    wait(&runner, "early", |frame| frame.now.seconds() == 1.0 && frame.past.seeking.is_none());
    runner.send(Command::Changes { wanted: vec![at(2.0, "c.instances=9")], name: None });
    let other = wait(&runner, "another change", |frame| frame.past.branch == 3 && frame.past.seeking.is_none());
    assert_eq!(other.now, Time(2_000_000_000));
}

#[test]
fn changing_the_past_in_the_window_makes_a_branch_and_leaves_the_first_run_as_it_was() {
    let plain = headless::follow(&script(&[]), &mut |_| {}).simulation.fingerprint();
    let runner = Runner::start(Arc::clone(&script(&[]).plan), 3, || {}).unwrap();
    runner.send(Command::Source { source: Arc::new(source()), interventions: Vec::new() });
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    wait(&runner, "the end", |frame| frame.state == PlayState::Finished && frame.fingerprint == plain);
    let there = Time(7_000_000_000);
    runner.send(Command::Seek(there));
    wait(&runner, "the past", |frame| frame.now == there && frame.past.seeking.is_none());
    let what = |path: &str, value: &str| Command::Intervene(What::Set { path: path.to_owned(), value: value.to_owned() });
    runner.send(what("c.instances", "4"));
    let branch = wait(&runner, "the branch", |frame| frame.past.branch == 1);
    assert_eq!((branch.now, branch.past.branches.len(), branch.past.recorded), (there, 2, there));
    assert_eq!(branch.past.branches[1].parent, Some((0, there)));
    runner.send(Command::Play);
    let changed = headless::follow(&script(&[at(7.0, "c.instances=4")]), &mut |_| {}).simulation.fingerprint();
    wait(&runner, "the branch's end", |frame| frame.state == PlayState::Finished && frame.fingerprint == changed);
    // Back before the branch and on: still the branch, with its change.
    runner.send(Command::Seek(Time(6_500_000_000)));
    wait(&runner, "before it", |frame| frame.now == Time(6_500_000_000) && frame.past.seeking.is_none());
    runner.send(Command::Play);
    wait(&runner, "the branch's end", |frame| frame.state == PlayState::Finished && frame.fingerprint == changed);
    runner.send(Command::Branch(0));
    wait(&runner, "the first run", |frame| frame.past.branch == 0 && frame.fingerprint == plain);
    // A refusal changes nothing and says why.
    runner.send(what("c.instances", "many"));
    let refused = wait(&runner, "the refusal", |frame| !frame.past.refused.is_empty());
    assert!(refused.past.branches.len() == 2 && refused.fingerprint == plain, "{:?}", refused.past.refused);
}
