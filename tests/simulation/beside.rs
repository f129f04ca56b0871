//! Two runs side by side stand at the same moment, whatever is done to the one that is shown.

use crate::plan;
use crate::replay::BUSY;
use crate::seek::wait;
use std::sync::Arc;
use tidemill::run::frame::{Against, Beside, Frame, PlayState, Speed};
use tidemill::run::{Command, Moment, Rival, Runner, Script, Source};
use tidemill::scenario::NoFiles;
use tidemill::scenario::intervention::What;
use tidemill::time::Time;

fn beside(frame: &Frame) -> &Beside {
    frame.beside.as_deref().unwrap_or_else(|| panic!("there is nothing beside the run"))
}

/// A run in the window that can be changed, played to its end.
fn runner(text: &str) -> Runner {
    let plan = plan(text);
    let runner = Runner::start(Arc::clone(&plan), plan.seed, || {}).unwrap();
    let source = Source { text: text.to_owned(), name: "busy".to_owned(), files: Arc::new(NoFiles) };
    runner.send(Command::Source { source: Arc::new(source), interventions: Vec::new() });
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    wait(&runner, "the end", |frame| frame.state == PlayState::Finished);
    runner
}

fn go(runner: &Runner, to: Time) -> Arc<Frame> {
    runner.send(Command::Seek(to));
    wait(runner, "the moment", |frame| frame.now == to && frame.past.seeking.is_none())
}

fn straight(script: &Script, to: Time) -> (u64, tidemill::record::Totals) {
    let mut moment = Moment::start(script, 100);
    moment.advance(script, to, u64::MAX, &mut ());
    (moment.simulation.fingerprint(), tidemill::record::Totals::of(&moment.simulation))
}

#[test]
fn a_branch_beside_its_parent_is_always_where_the_parent_is() {
    let runner = runner(BUSY);
    let source = Source { text: BUSY.to_owned(), name: "busy".to_owned(), files: Arc::new(NoFiles) };
    let fork = Time(6_000_000_000);
    go(&runner, fork);
    runner.send(Command::Intervene(What::Set { path: "c.instances".to_owned(), value: "1".to_owned() }));
    let branch = wait(&runner, "a branch", |frame| frame.past.branch == 1);
    let changed = source.script(None, &branch.past.here().unwrap().interventions).unwrap();
    let plain = source.script(None, &[]).unwrap();
    runner.send(Command::Compare(Some(Rival::Branch(0))));
    wait(&runner, "the parent beside it", |frame| frame.beside.is_some() && frame.past.seeking.is_none());
    for seconds in [6.0, 14.5, 3.0, 19.99, 0.0, 20.0, 7.25] {
        let to = Time((seconds * 1e9) as u64);
        let frame = go(&runner, to);
        let other = beside(&frame);
        assert_eq!((other.frame.now, other.against), (to, Against::Branch(0)), "in step at {to}");
        let (ours, theirs) = (straight(&changed, to), straight(&plain, to));
        assert_eq!((frame.fingerprint, frame.totals), ours, "here at {to}");
        assert_eq!((other.frame.fingerprint, other.frame.totals), theirs, "there at {to}");
        assert_eq!(other.same, ours.0 == theirs.0);
        assert!(to < fork || to == Time::ZERO || !other.same || to == fork, "they differ after {fork}: {to}");
        let published = other.lines.iter().find(|line| line.name == "Published").unwrap();
        assert_eq!((published.a, published.b), (frame.totals.published as f64, other.frame.totals.published as f64));
    }
    // While it plays as well.
    runner.send(Command::Speed(Speed::Times(4.0)));
    runner.send(Command::Play);
    for _ in 0..6 {
        let frame = runner.frame();
        let frame = wait(&runner, "another picture", |next| next.number > frame.number + 3);
        assert_eq!(beside(&frame).frame.now, frame.now);
        assert_eq!(beside(&frame).frame.state, frame.state);
    }
    // Whoever goes over to the branch beside finds this one there.
    runner.send(Command::Branch(0));
    let over = wait(&runner, "the parent", |frame| frame.past.branch == 0 && frame.past.seeking.is_none());
    assert_eq!(beside(&over).against, Against::Branch(1));
    runner.send(Command::Compare(None));
    wait(&runner, "one run alone", |frame| frame.beside.is_none());
}

#[test]
fn another_scenario_beside_it_ends_where_it_ends_and_the_first_difference_is_told() {
    let text = r#"Scenario(format: 1, seed: 5, duration: "20s", events: [Event(name: "E")],
        nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Every("10ms"))]),
            Broker(id: "b", kind: Simple(topics: ["t"])),
            Consumer(id: "c", reads: [Read(from: "b/t")], handle: Handle(time: Constant("5ms"))),
        ])"#;
    let with = text
        .replace("\"20s\"", "\"12s\"")
        .replace("Consumer(id: \"c\"", "Consumer(id: \"new\", reads: [Read(from: \"b/t\")]),\n            Consumer(id: \"c\"");
    let late =
        text.replace("        ])", "        ],\n        faults: [Fault(at: \"8s\", lasts: \"1s\", what: Slow(node: \"c\", times: 3))])");
    let runner = runner(text);
    let rival = |text: &str| {
        let plan = plan(text);
        Rival::Other { name: "other.ron".to_owned(), script: Arc::new(Script::plain(Arc::clone(&plan), 5)), interventions: Vec::new() }
    };
    runner.send(Command::Compare(Some(rival(&with))));
    let contrast = |frame: &Frame| frame.past.answers.contrast.clone().map(|(_, contrast)| contrast);
    let frame = wait(&runner, "a comparison", |frame| contrast(frame).is_some() && frame.past.seeking.is_none() && frame.beside.is_some());
    assert_eq!((frame.now, beside(&frame).frame.now), (Time(20_000_000_000), Time(12_000_000_000)), "it is over by then");
    assert_eq!(beside(&frame).frame.state, PlayState::Finished);
    let first = contrast(&frame).unwrap().first.clone().unwrap();
    assert!(first.at < Time(100_000_000) && first.b.contains("new") && !first.a.contains("new"), "{first:?}");
    assert!(beside(&frame).lines.iter().any(|line| line.name == "new, latency p99" && line.a.is_nan() && line.b > 0.0));
    let back = go(&runner, Time(11_000_000_000));
    assert_eq!(beside(&back).frame.now, back.now);
    // The same until a fault: only the names of nodes count, and the moment is exact.
    runner.send(Command::Compare(Some(rival(&late))));
    let frame = wait(&runner, "another comparison", |frame| {
        let whole = frame.beside.as_ref().is_some_and(|beside| beside.frame.plan.duration == frame.plan.duration);
        whole && contrast(frame).is_some() && frame.past.seeking.is_none()
    });
    let first = contrast(&frame).unwrap().first.clone().unwrap();
    assert!(first.at == Time(8_000_000_000), "{first:?}");
    // The open scenario is edited: the other stays beside it.
    let run = frame.run;
    runner.send(Command::Load { plan: plan(text), seed: 5, play: false });
    let anew = wait(&runner, "the start", |frame| frame.run > run && frame.now == Time::ZERO && frame.past.seeking.is_none());
    assert_eq!((beside(&anew).frame.now, beside(&anew).same), (Time::ZERO, true));
}

#[test]
fn two_runs_together_keep_to_the_budget_of_one() {
    const BUDGET: usize = 8 << 20;
    let runner = runner(BUSY);
    runner.send(Command::Budget(BUDGET));
    go(&runner, Time(2_000_000_000));
    runner.send(Command::Intervene(What::Set { path: "c.instances".to_owned(), value: "3".to_owned() }));
    runner.send(Command::Compare(Some(Rival::Branch(0))));
    let frame = wait(&runner, "both", |frame| frame.beside.is_some() && frame.past.seeking.is_none());
    assert_eq!(frame.past.budget, BUDGET);
    assert!(frame.past.memory.0 <= BUDGET && frame.past.memory.1 >= 2, "{:?}", frame.past.memory);
    runner.send(Command::Compare(None));
    assert_eq!(wait(&runner, "one", |frame| frame.beside.is_none()).past.budget, BUDGET);
}
