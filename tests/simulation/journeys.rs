//! What can be looked up in a run after the fact: events, their journeys, what differs between branches, what to notice.

use crate::plan;
use crate::replay::BUSY;
use crate::seek::wait;
use std::sync::Arc;
use tidemill::engine::{Observation, Observer};
use tidemill::ids::EventId;
use tidemill::run::find::{Fate, Query};
use tidemill::run::frame::{Against, Frame, PlayState, Speed};
use tidemill::run::journey::{Journey, StageKind};
use tidemill::run::look::{Look, why};
use tidemill::run::why::Weight;
use tidemill::run::{Command, Moment, Rival, Runner, Script, Source};
use tidemill::scenario::intervention::What;
use tidemill::scenario::{NoFiles, Plan};
use tidemill::time::Time;

/// A finished run in the window.
fn finished(plan: &Arc<Plan>) -> Runner {
    let runner = Runner::start(Arc::clone(plan), plan.seed, || {}).unwrap();
    runner.send(Command::Speed(Speed::Max));
    runner.send(Command::Play);
    wait(&runner, "the end", |frame| matches!(frame.state, PlayState::Finished));
    runner
}

fn found(runner: &Runner, query: Query) -> Vec<tidemill::run::find::Found> {
    runner.send(Command::Look(Look::Find(query.clone())));
    let answered = |frame: &Frame| !frame.past.answers.looking && frame.past.answers.found.as_ref().is_some_and(|(q, ..)| *q == query);
    let frame = wait(runner, "events", answered);
    frame.past.answers.found.as_ref().map(|(_, found, _)| found.to_vec()).unwrap_or_default()
}

fn journey(runner: &Runner, event: EventId) -> Option<Arc<Journey>> {
    runner.send(Command::Look(Look::Journey(event)));
    let answered = |frame: &Frame| !frame.past.answers.looking && frame.past.answers.journey.as_ref().is_some_and(|(e, _)| *e == event);
    let frame = wait(runner, "a journey", answered);
    frame.past.answers.journey.as_ref().and_then(|(_, journey)| journey.clone())
}

/// When an event was handled to the end, straight from the engine.
struct Handled(EventId, Vec<Time>);

impl Observer for Handled {
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        if let Observation::Acked { message, .. } = what
            && message.event.id == self.0
        {
            self.1.push(now);
        }
    }
}

#[test]
fn what_no_binding_fits_is_counted_at_its_broker_and_its_journey_says_so() {
    let plan = plan(
        r##"Scenario(format: 1, duration: "5s", events: [Event(name: "E")], nodes: [
            Producer(id: "p", emits: [Emit(event: "E", to: "r/x", arrivals: Every("100ms"))]),
            Broker(id: "r", kind: RabbitMq(exchanges: [Exchange(name: "x", kind: Direct)], queues: [Queue(name: "q")],
                bindings: [Binding(from: "x", to: "q", key: "#")])),
            Consumer(id: "c", reads: [Read(from: "r/q")]),
        ], expect: [Expect("r.unroutable > 40"), Expect("r.unroutable == r.accepted"), Expect("unroutable == r.unroutable")])"##,
    );
    let report = tidemill::run::headless::run(&plan, 1, &mut |_| {}).report();
    assert!(report.holds(), "{:?}", report.expectations);
    let runner = finished(&plan);
    let frame = runner.frame();
    let broker = &frame.nodes[plan.node("r").unwrap().index()];
    assert!(broker.unroutable > 40 && broker.unroutable == broker.count, "{broker:?}");
    let event = found(&runner, Query::Fate(Fate::Unroutable))[0].event;
    let journey = journey(&runner, event).unwrap();
    let fate = journey.events[0].tracks.iter().find_map(|track| track.fate.clone()).unwrap();
    assert_eq!((fate.good, fate.words.as_str()), (false, "reached r/x, where no binding fits it"));
}

#[test]
fn events_are_found_by_what_became_of_them_and_their_journeys_tell_it() {
    let plan = plan(BUSY);
    let runner = finished(&plan);
    let script = Script::plain(Arc::clone(&plan), plan.seed);
    let slowest = found(&runner, Query::Slowest);
    assert!(slowest.len() > 100 && slowest.windows(2).all(|pair| pair[0].at - pair[0].published >= pair[1].at - pair[1].published));
    for query in
        [Query::Latest, Query::Slowest, Query::Retried, Query::DeadLettered, Query::Lost, Query::Duplicates, Query::Key("3".to_owned())]
    {
        let events = found(&runner, query.clone());
        assert!(!events.is_empty(), "{query:?}");
        for event in events.iter().take(5) {
            let journey = journey(&runner, event.event).unwrap_or_else(|| panic!("{query:?}: {} has no journey", event.event));
            let traced = journey.events.iter().find(|traced| traced.id == event.event).unwrap();
            assert_eq!(traced.published, event.published);
            // Every handling to the end that the engine reports is a fate of one of its copies.
            let mut handled = Handled(event.event, Vec::new());
            Moment::start(&script, 10).advance(&script, journey.until, u64::MAX, &mut handled);
            let mut fates: Vec<Time> = traced
                .tracks
                .iter()
                .filter(|t| t.outlet.is_some())
                .filter_map(|t| t.fate.as_ref())
                .filter(|f| f.good)
                .map(|f| f.at)
                .collect();
            fates.sort_unstable();
            assert_eq!(fates, handled.1, "{query:?}: {traced:#?}");
            for stages in traced.tracks.iter().map(|track| &track.stages) {
                assert!(stages.iter().all(|stage| stage.to.is_none_or(|to| to >= stage.from) && !stage.words.is_empty()));
                assert!(stages.windows(2).all(|pair| pair[0].from <= pair[1].from), "{stages:#?}");
            }
            let worked = |kind: &StageKind| matches!(kind, StageKind::Failed(_));
            if query == Query::Retried || query == Query::DeadLettered {
                assert!(traced.tracks.iter().flat_map(|t| &t.stages).any(|s| worked(&s.kind)), "{traced:#?}");
            }
        }
    }
    // By fate: as many as the books have.
    let end = runner.frame();
    let count = |fate: Fate| {
        runner.send(Command::Look(Look::Find(Query::Fate(fate))));
        let asked = |frame: &Frame| frame.past.answers.found.as_ref().is_some_and(|(query, ..)| *query == Query::Fate(fate));
        let frame = wait(&runner, "a count", |frame| !frame.past.answers.looking && asked(frame));
        frame.past.answers.found.as_ref().map_or(0, |(_, _, all)| *all)
    };
    let totals = &end.totals;
    let outlets = |of: fn(&tidemill::run::frame::OutletFigures) -> u64| end.outlets.iter().map(of).sum::<u64>();
    for (fate, number) in [
        (Fate::Handled, totals.acked),
        (Fate::Failed, totals.failed),
        (Fate::DeadLettered, totals.dead_lettered),
        (Fate::Expired, totals.expired),
        (Fate::Dropped, totals.dropped),
        (Fate::Rejected, totals.rejected),
        (Fate::Unroutable, totals.unroutable),
        (Fate::Waiting, outlets(|outlet| outlet.waiting)),
        (Fate::InFlight, outlets(|outlet| outlet.in_flight)),
    ] {
        assert_eq!(count(fate), number, "{}", fate.name());
    }
    // Chains: what was caused stands with its cause.
    let invoice = found(&runner, Query::Type(tidemill::ids::TypeId(1))).into_iter().find(|f| f.node == plan.node("c")).unwrap();
    let chain = journey(&runner, invoice.event).unwrap();
    let caused = chain.events.iter().find(|traced| traced.id == invoice.event).unwrap();
    assert!(chain.events.iter().any(|traced| Some(traced.id) == caused.cause) && chain.nodes().len() >= 4);
    assert!(journey(&runner, EventId(u64::MAX >> 1)).is_none());
}

const LOADED: &str = r#"Scenario(format: 1, name: "loaded", seed: 4, duration: "40s", network: Network(loss: "0.5%", duplication: "0.5%"),
    events: [Event(name: "E", key: Zipf(keys: 50, exponent: 2.0))],
    nodes: [
        Producer(id: "p", emits: [Emit(event: "E", to: "b/t", arrivals: Poisson("100/s"))]),
        Broker(id: "b", kind: Simple(topics: ["t", "dead"])),
        Consumer(id: "slow", reads: [Read(from: "b/t")], handle: Handle(time: Exponential(mean: "12ms"))),
        Consumer(id: "flaky", instances: 3, reads: [Read(from: "b/t")], handle: Handle(time: Constant("2ms"), fails: "30%"),
            retry: Retry(attempts: 2, backoff: Fixed("50ms")), dead_letter: "b/dead"),
        Consumer(id: "morgue", reads: [Read(from: "b/dead")]),
    ])"#;

#[test]
fn what_is_wrong_with_a_run_is_told_with_its_moment_and_a_sound_one_is_left_alone() {
    let loaded = plan(LOADED);
    let insights = why(&Script::plain(Arc::clone(&loaded), 4), loaded.duration);
    let told =
        |words: &str| insights.iter().find(|insight| insight.title.contains(words)).unwrap_or_else(|| panic!("{words}: {insights:#?}"));
    let slow = told("slow cannot keep up");
    assert!(slow.weight == Weight::Bad && slow.at.is_some_and(|at| at < Time(20_000_000_000)) && slow.node == loaded.node("slow"));
    assert!(told("Events are lost").at.is_some() && told("handled more than once").at.is_some());
    assert_eq!(told("Retries multiply").node, loaded.node("flaky"));
    assert!(told("dead-letters").evidence.contains("last attempt") && told("out of order").at.is_some());
    assert!(told("One key dominates").evidence.contains('%'));
    assert!(insights.windows(2).all(|pair| pair[0].weight <= pair[1].weight), "the worst first");
    let sound = plan(&LOADED.replace("12ms", "2ms").replace("0.5%", "0%").replace("30%", "0%").replace("exponent: 2.0", "exponent: 0.1"));
    let insights = why(&Script::plain(Arc::clone(&sound), 4), sound.duration);
    assert!(insights.iter().all(|insight| insight.weight == Weight::Note || insight.title.contains("out of order")), "{insights:#?}");
}

#[test]
fn branches_are_compared_from_the_moment_at_which_they_part() {
    let text = LOADED.replace("0.5%", "0%");
    let plan = plan(&text);
    let runner = finished(&plan);
    let source = Source { text, name: "loaded".to_owned(), files: Arc::new(NoFiles) };
    runner.send(Command::Source { source: Arc::new(source), interventions: Vec::new() });
    let there = Time(10_000_000_000);
    runner.send(Command::Seek(there));
    wait(&runner, "the past", |frame| frame.now == there && frame.past.seeking.is_none());
    runner.send(Command::Intervene(What::Set { path: "slow.instances".to_owned(), value: "3".to_owned() }));
    wait(&runner, "a branch", |frame| frame.past.branch == 1);
    runner.send(Command::Compare(Some(Rival::Branch(0))));
    let contrast = |frame: &Frame| frame.past.answers.contrast.clone().map(|(_, contrast)| contrast);
    let at_once = wait(&runner, "a comparison", |frame| !frame.past.answers.looking && contrast(frame).is_some());
    // So far only those that waited have been handed to the new workers.
    let so_far = at_once.beside.as_ref().unwrap();
    assert!(so_far.lines.iter().filter(|line| ["Published", "Handled", "Lost"].contains(&line.name.as_str())).all(|line| line.a == line.b));
    runner.send(Command::Play);
    wait(&runner, "the end", |frame| frame.state == PlayState::Finished);
    runner.send(Command::Look(Look::Contrast(Against::Branch(0))));
    let later =
        wait(&runner, "a comparison", |frame| !frame.past.answers.looking && contrast(frame).is_some_and(|c| c.until == plan.duration));
    let contrast = contrast(&later).unwrap();
    let first = contrast.first.as_ref().unwrap();
    assert!(first.at >= there && first.at < Time(10_200_000_000), "{first:?}");
    assert!(first.a != first.b && first.a.contains("slow"), "{first:?}");
    let beside = later.beside.as_ref().unwrap();
    let line = |name: &str| beside.lines.iter().find(|line| line.name == name).unwrap();
    assert!(line("Handled").a > line("Handled").b && line("slow, latency p99").a < line("slow, latency p99").b);
    assert_eq!(line("Published").a, line("Published").b);
}
