//! What brokers are asked by hand while a run goes on, and what they show.

use crate::hands::*;
use egui_kittest::kittest::Queryable;
use tidemill::app::Shell;
use tidemill::app::action::{Action, Selection};
use tidemill::run::Command;
use tidemill::run::frame::{BrokerView, eventbridge, kafka};
use tidemill::time::Time;

/// A shipped scenario at a moment, with a node selected.
fn at(file: &'static str, seconds: u64, node: &str) -> Window {
    let mut w = window();
    w.state_mut().session.apply(Action::OpenShipped(file));
    until(&mut w, "the run is there", |s| s.session.frame().is_some());
    let moment = Time(seconds * 1_000_000_000);
    w.state_mut().session.apply(Action::Run(Command::Seek(moment)));
    until(&mut w, "the moment is there", |s| s.session.frame().is_some_and(|f| f.now == moment && f.past.seeking.is_none()));
    w.state_mut().session.apply(Action::Select(Selection::node(node)));
    w.run_steps(4);
    w
}

/// Presses something that may be scrolled out of sight.
fn activate(w: &mut Window, label: &str) {
    w.get_by_label(label).click_accesskit();
    w.run_steps(4);
}

fn cluster(shell: &Shell) -> kafka::View {
    let frame = shell.session.frame().unwrap();
    match &frame.brokers[0] {
        BrokerView::Kafka(view) => (**view).clone(),
        other => panic!("{other:?}"),
    }
}

fn buses(shell: &Shell) -> eventbridge::View {
    let frame = shell.session.frame().unwrap();
    match &frame.brokers[0] {
        BrokerView::EventBridge(view) => (**view).clone(),
        other => panic!("{other:?}"),
    }
}

fn lag(shell: &Shell, group: &str) -> u64 {
    cluster(shell).groups.iter().find(|it| it.name == group).unwrap().lag
}

#[test]
fn a_group_is_sent_back_by_hand_while_the_run_goes_on() {
    let mut w = at("kafka-replay.ron", 20, "kafka");
    assert!(lag(w.state(), "shop") < 500);
    activate(&mut w, "Send shop elsewhere");
    activate(&mut w, "Send shop there now");
    until(&mut w, "the group is at the beginning", |s| lag(s, "shop") > 1500);
    let here = w.state().session.frame().unwrap();
    let told: Vec<String> = here.past.here().unwrap().interventions.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["kafka: shop goes to the beginning at 20s"]);
    assert!(here.past.refused.is_none());
}

#[test]
fn a_replay_is_cancelled_by_hand() {
    let mut w = at("eventbridge-replay.ron", 94, "bus");
    let under_way = buses(w.state()).replays[0];
    assert_eq!((under_way.state.word(), under_way.left > 0), ("RUNNING", true));
    activate(&mut w, "Cancel first-minute now");
    until(&mut w, "it is cancelled", |s| buses(s).replays[0].state.word() == "CANCELLED");
    assert!(w.query_by_label("Cancel first-minute now").is_none());
}

#[test]
fn what_is_modelled_can_be_read_in_the_inspector() {
    for (file, node, sentence) in
        [("kafka-replay.ron", "kafka", "does not|heartbeats"), ("eventbridge-replay.ron", "bus", "Scheduled rules")]
    {
        let mut w = at(file, 1, node);
        activate(&mut w, "Fidelity and limits");
        w.run_steps(20);
        let said = sentence.split('|').any(|part| w.query_all_by_label_contains(part).next().is_some());
        assert!(said, "{file}");
    }
}
