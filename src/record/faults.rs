//! What went wrong, and when.

use crate::ids::{LinkId, NodeId};
use crate::scenario::Plan;
use crate::scenario::faults::Strikes;
use crate::scenario::plan::FaultPlan;
use crate::time::Time;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use std::sync::Arc;

/// Most that are kept: chaos can go on for long.
const MOST: usize = 10_000;

/// Faults in the order in which they began.
#[derive(Clone, Debug, Default)]
pub struct FaultLog {
    spans: Arc<Vec<Arc<FaultSpan>>>,
}

/// One fault from its beginning to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpan {
    /// Its number in the run.
    pub number: u32,
    /// As written in a scenario.
    pub text: String,
    /// In words.
    pub words: String,
    /// What it struck.
    pub nodes: Vec<NodeId>,
    /// Which links it struck, both directions.
    pub links: Vec<LinkId>,
    /// When it began.
    pub began: Time,
    /// When it will end by itself, if that was known when it began.
    pub until: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
    /// Whether it began by hand.
    pub by_hand: bool,
    /// As a value, to end it by hand.
    pub what: crate::scenario::faults::Fault,
}

impl Serialize for FaultSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("FaultSpan", 5)?;
        fields.serialize_field("fault", &self.text)?;
        fields.serialize_field("words", &self.words)?;
        fields.serialize_field("began", &self.began.seconds())?;
        fields.serialize_field("ended", &self.ended.map(Time::seconds))?;
        fields.serialize_field("by_hand", &self.by_hand)?;
        fields.end()
    }
}

impl FaultLog {
    pub(super) fn began(&mut self, number: u32, fault: &FaultPlan, until: Option<Time>, now: Time, plan: &Plan) {
        if self.spans.len() >= MOST {
            return;
        }
        let between = fault.what.kind().strikes == Strikes::Link;
        let mut nodes: Vec<NodeId> = fault.strikes.iter().flatten().map(|place| place.node).collect();
        nodes.dedup();
        Arc::make_mut(&mut self.spans).push(Arc::new(FaultSpan {
            number,
            text: fault.what.to_string(),
            words: fault.what.words(),
            nodes: if between { Vec::new() } else { nodes },
            links: if between { crate::engine::faults::between(fault, plan) } else { Vec::new() },
            began: now,
            until,
            ended: None,
            by_hand: number as usize >= plan.faults.len(),
            what: fault.what.clone(),
        }));
    }

    pub(super) fn ended(&mut self, number: u32, now: Time) {
        if let Some(span) = Arc::make_mut(&mut self.spans).iter_mut().rev().find(|span| span.number == number && span.ended.is_none()) {
            Arc::make_mut(span).ended = Some(now);
        }
    }

    /// All of them, at most some thousand, in the order in which they began.
    pub fn spans(&self) -> &Arc<Vec<Arc<FaultSpan>>> {
        &self.spans
    }
}

/// Faults in the order in which they began, those that overlap as one: from when to when, in seconds, and what it says of all of them
/// (`2 faults: ...; ...`). One that goes on ends with what is recorded.
pub fn together(faults: &[Arc<FaultSpan>], recorded: Time) -> Vec<(f64, f64, String)> {
    let ends = |fault: &FaultSpan| fault.ended.unwrap_or(recorded).seconds();
    let (mut all, mut rest) = (Vec::new(), faults);
    while let Some(first) = rest.first() {
        let mut to = ends(first);
        let later = rest[1..].iter().take_while(|fault| {
            let with = fault.began.seconds() < to;
            to = to.max(if with { ends(fault) } else { to });
            with
        });
        let count = 1 + later.count();
        let words = match count {
            1 => first.words.clone(),
            n => format!("{n} faults: {}", rest[..n].iter().map(|fault| fault.words.as_str()).collect::<Vec<_>>().join("; ")),
        };
        all.push((first.began.seconds(), to, words));
        rest = &rest[count..];
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::faults::Fault;

    #[test]
    fn faults_that_overlap_share_their_words() {
        let span = |name: &str, began: u64, ended: Option<u64>| {
            Arc::new(FaultSpan {
                number: 0,
                text: String::new(),
                words: name.to_owned(),
                nodes: Vec::new(),
                links: Vec::new(),
                began: Time(began * 1_000_000_000),
                until: None,
                ended: ended.map(|ended| Time(ended * 1_000_000_000)),
                by_hand: false,
                what: Fault::Crash(name.to_owned()),
            })
        };
        let spans = [span("a", 1, Some(5)), span("b", 2, Some(3)), span("c", 4, Some(8)), span("d", 8, Some(9)), span("e", 20, None)];
        let all = together(&spans, Time(30_000_000_000));
        let expected = [(1.0, 8.0, "3 faults: a; b; c"), (8.0, 9.0, "d"), (20.0, 30.0, "e")];
        assert_eq!(all, expected.map(|(from, to, words)| (from, to, words.to_owned())));
    }
}
