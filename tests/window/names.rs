//! Whatever can be operated has a name, for those who hear the window instead of seeing it.

use crate::hands::*;
use egui::accesskit::{Action as Possible, Role};
use egui_kittest::kittest::{By, NodeT, Queryable};
use std::collections::BTreeMap;
use tidemill::app::action::{Action, Connection, Selection};
use tidemill::app::session::Question;
use tidemill::scenario::document::Node;
use tidemill::scenario::shapes::{Arrivals, Backoff, Jitter, Times};
use tidemill::scenario::units::{Percent, Rate};
use tidemill::time::Span;

const OPERATED: &[Role] = &[
    Role::Button,
    Role::CheckBox,
    Role::RadioButton,
    Role::ComboBox,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::Link,
    Role::Canvas,
];

/// How many of each role there are; fails where one has no name.
fn all_named(w: &Window, place: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let operated = By::new().predicate(|node| OPERATED.contains(&node.role()) || node.data().supports_action(Possible::Click));
    for node in w.query_all(operated) {
        let node = node.accesskit_node();
        // The ground of panels takes clicks too, but is nothing to operate; scroll bars are told by what they scroll.
        if matches!(node.role(), Role::GenericContainer | Role::ScrollView | Role::ScrollBar | Role::Window | Role::Unknown | Role::Label) {
            continue;
        }
        *found.entry(format!("{:?}", node.role())).or_insert(0) += 1;
        let name = node.label().unwrap_or_default();
        assert!(!name.trim().is_empty(), "{place}: a {:?} at {:?} has no name (value {:?})", node.role(), node.raw_bounds(), node.value());
    }
    found
}

fn select(w: &mut Window, selection: Selection) {
    w.state_mut().session.apply(Action::Select(selection));
    w.run_steps(3);
}

#[test]
fn the_welcome_screen_and_the_shop() {
    let mut w = window();
    let found = all_named(&w, "welcome");
    assert!(found["Button"] >= 10, "{found:?}");
    click(&mut w, "Open Online shop");
    let found = all_named(&w, "scenario");
    assert!(found["TextInput"] >= 5 && found["Slider"] >= 2 && found["Canvas"] == 1, "{found:?}");
    for id in ["order-service", "bus", "billing"] {
        select(&mut w, Selection::node(id));
        all_named(&w, id);
    }
    for connection in [
        Connection::Emit { producer: "order-service".into(), index: 0 },
        Connection::Read { consumer: "billing".into(), index: 0 },
        Connection::Then { consumer: "billing".into(), index: 0 },
    ] {
        let place = format!("{connection:?}");
        select(&mut w, Selection { connection: Some(connection), ..Selection::default() });
        all_named(&w, &place);
    }
    for tab in ["Problems tab", "Events tab", "Plots tab"] {
        click(&mut w, tab);
        all_named(&w, tab);
    }
    click(&mut w, "Help");
    all_named(&w, "help");
}

#[test]
fn every_shape_of_a_workload() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    let (rate, span) = (Rate(5.0), Span::from_millis(500));
    let times = [
        Times::Uniform { from: span, to: span },
        Times::LogNormal { median: span, p99: Span::from_millis(900) },
        Times::Pareto { min: span, alpha: 2.0 },
        Times::Empirical(vec![(Percent(0.5), span), (Percent(0.9), Span::from_millis(900))]),
    ];
    let arrivals = [
        Arrivals::Every(span),
        Arrivals::Bursts { on: span, off: span, rate },
        Arrivals::Ramp { from: rate, to: rate, over: span },
        Arrivals::Steps(vec![(Span::ZERO, rate)]),
        Arrivals::Daily { mean: rate, swing: Percent(0.5), period: span },
        Arrivals::Mmpp(vec![(rate, span)]),
        Arrivals::ClosedLoop { users: 3, think: times[0].clone() },
        Arrivals::Once { at: span, count: 3 },
        Arrivals::Trace("no-such-file.csv".into()),
    ];
    let backoffs = [
        Backoff::Immediate,
        Backoff::Fixed(span),
        Backoff::Exponential { first: span, factor: 2.0, max: Span::from_millis(9000), jitter: Jitter::Full },
    ];
    let change = |w: &mut Window, change: &dyn Fn(&mut Node)| {
        let selected = w.state().session.document.as_ref().unwrap().selection.single().unwrap().to_owned();
        let mut node = scenario(w).nodes.iter().find(|n| n.id() == selected).unwrap().clone();
        change(&mut node);
        w.state_mut().session.apply(Action::Edit(tidemill::app::edit::Edit::SetNode(Box::new(node.clone()))));
        w.run_steps(3);
        assert!(scenario(w).nodes.contains(&node));
    };
    select(&mut w, Selection::node("order-service"));
    for arrivals in arrivals {
        change(&mut w, &|node| {
            if let Node::Producer(p) = node {
                p.emits[0].arrivals = arrivals.clone()
            }
        });
        all_named(&w, &format!("{arrivals:?}"));
    }
    select(&mut w, Selection::node("billing"));
    for (i, time) in times.iter().enumerate() {
        change(&mut w, &|node| {
            if let Node::Consumer(c) = node {
                c.handle.time = time.clone();
                c.retry = Some(tidemill::scenario::document::Retry {
                    attempts: 3,
                    backoff: backoffs[i % backoffs.len()].clone(),
                    ..Default::default()
                });
                c.then[0].on = vec!["OrderCreated".into()];
            }
        });
        all_named(&w, &format!("{time:?}"));
    }
}

#[test]
fn every_question() {
    let mut w = window();
    click(&mut w, "Open Online shop");
    let questions = [
        Question::Unsaved,
        Question::ChangedOnDisk("/tmp/a.ron".into()),
        Question::Exists("/tmp/a.ron".into()),
        Question::Recover("/tmp/.a.ron.autosave".into()),
        Question::Reload { path: "/tmp/a.ron".into(), text: String::new() },
        Question::OpenPath,
        Question::SavePath,
        Question::ComparePath,
        Question::Broken { file: "a.ron".into(), problems: Vec::new() },
    ];
    for question in questions {
        w.state_mut().session.question = Some(question.clone());
        w.run_steps(4);
        let found = all_named(&w, &format!("{question:?}"));
        assert!(found.contains_key("Button"), "{question:?}: {found:?}");
        w.state_mut().session.question = None;
        w.run_steps(2);
    }
    click(&mut w, "Fold inspector");
    click(&mut w, "Fold plots");
    w.run_steps(20);
    all_named(&w, "all folded");
}
