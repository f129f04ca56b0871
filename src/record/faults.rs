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
