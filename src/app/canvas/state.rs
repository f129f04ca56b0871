//! How a node is doing, and the mark that says so from near and from afar, so that it is never told by colour alone.

use super::live::Live;
use crate::record::faults::FaultSpan;
use crate::run::Frame;
use crate::run::frame::{Condition, NodeFigures};
use crate::scenario::faults::Fault;
use crate::scenario::plan::Role;

/// How a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing runs, or nothing to do.
    Idle,
    /// Working.
    Fine,
    /// Its workers have no time left.
    Busy,
    /// It gave up on events.
    Failing,
    /// What comes next waits until an instance has started.
    Cold,
    /// Its group is being divided anew.
    Rebalancing,
    /// It is held back, or holds others back.
    Throttled,
    /// Its circuit breaker lets nothing through.
    Breaker,
    /// A fault makes it slow.
    Slow,
    /// A fault makes it stand still.
    Paused,
    /// Another fault has struck it.
    Broken,
}

/// How much a state matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Not at all.
    Quiet,
    /// All is well.
    Good,
    /// To be looked at.
    Warn,
    /// Something is wrong.
    Bad,
}

/// Lines from corner to corner, in a box from -1 to 1 in both directions.
type Strokes = &'static [&'static [(f32, f32)]];

impl State {
    /// How much it matters.
    pub fn tone(self) -> Tone {
        match self {
            State::Idle => Tone::Quiet,
            State::Fine => Tone::Good,
            State::Busy | State::Cold | State::Rebalancing | State::Throttled | State::Slow | State::Paused => Tone::Warn,
            State::Failing | State::Breaker | State::Broken => Tone::Bad,
        }
    }

    /// The mark's lines; none where a dot or nothing says enough.
    pub fn strokes(self) -> Strokes {
        match self {
            State::Idle | State::Fine => &[],
            // A full stack.
            State::Busy => &[&[(-0.8, -0.75), (0.8, -0.75)], &[(-0.8, 0.0), (0.8, 0.0)], &[(-0.8, 0.75), (0.8, 0.75)]],
            // A cross.
            State::Failing => &[&[(-0.8, -0.8), (0.8, 0.8)], &[(-0.8, 0.8), (0.8, -0.8)]],
            // A snowflake.
            State::Cold => &[&[(0.0, -1.0), (0.0, 1.0)], &[(-0.87, -0.5), (0.87, 0.5)], &[(-0.87, 0.5), (0.87, -0.5)]],
            // One arrow there, one back.
            State::Rebalancing => &[&[(-1.0, -0.4), (1.0, -0.4), (0.45, -0.95)], &[(1.0, 0.4), (-1.0, 0.4), (-0.45, 0.95)]],
            // A funnel.
            State::Throttled => &[&[(-1.0, -0.9), (1.0, -0.9), (0.25, 0.05), (0.25, 0.9), (-0.25, 0.9), (-0.25, 0.05), (-1.0, -0.9)]],
            // A switch that is open.
            State::Breaker => &[&[(-1.0, 0.5), (-0.5, 0.5), (0.45, -0.7)], &[(0.5, 0.5), (1.0, 0.5)]],
            // An hourglass.
            State::Slow => &[&[(-0.75, -0.95), (0.75, -0.95), (-0.75, 0.95), (0.75, 0.95), (-0.75, -0.95)]],
            // Two bars.
            State::Paused => &[&[(-0.45, -0.9), (-0.45, 0.9)], &[(0.45, -0.9), (0.45, 0.9)]],
            // No entry.
            State::Broken => &[
                &[
                    (-0.4, -0.95),
                    (0.4, -0.95),
                    (0.95, -0.4),
                    (0.95, 0.4),
                    (0.4, 0.95),
                    (-0.4, 0.95),
                    (-0.95, 0.4),
                    (-0.95, -0.4),
                    (-0.4, -0.95),
                ],
                &[(-0.5, 0.0), (0.5, 0.0)],
            ],
        }
    }

    /// What a node's figures and the fault that has struck it come to.
    pub fn of(figures: &NodeFigures, fault: Option<&FaultSpan>, role: Role) -> State {
        let consumes = matches!(role, Role::Consumer(_) | Role::Store(_));
        match (fault.map(|span| &span.what), figures.condition) {
            (Some(Fault::Pause(_)), _) => State::Paused,
            (Some(Fault::Slow { .. }), _) => State::Slow,
            (Some(Fault::Surge { .. }), _) => State::Busy,
            (Some(Fault::Errors { .. } | Fault::Poison { .. }), None) => State::Failing,
            // Of one instance of several: what that does to the others says more.
            (Some(Fault::Crash(of)), _) if !of.contains('#') => State::Broken,
            (_, Some(Condition::BreakerOpen | Condition::BreakerHalfOpen)) => State::Breaker,
            (_, Some(Condition::Rebalancing)) => State::Rebalancing,
            (_, Some(Condition::Throttled)) => State::Throttled,
            (_, Some(Condition::Stopped)) => State::Failing,
            (_, Some(Condition::Cold | Condition::Starting(_))) => State::Cold,
            (Some(_), None) => State::Broken,
            (None, None) if consumes && figures.failing > 0.0 => State::Failing,
            (None, None) if consumes && figures.utilisation > 0.95 && figures.lag > u64::from(figures.capacity) => State::Busy,
            (None, None) if figures.rate > 0.0 || figures.busy > 0 => State::Fine,
            (None, None) => State::Idle,
        }
    }
}

impl Live {
    /// How a node is doing.
    pub fn state(&self, frame: Option<&Frame>, node: usize) -> State {
        let (Some(figures), Some(frame), Some(id)) = (self.node(frame, node), frame, self.id(node)) else { return State::Idle };
        State::of(figures, self.fault(Some(frame), node), frame.plan.nodes[id.index()].role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [State; 11] = [
        State::Idle,
        State::Fine,
        State::Busy,
        State::Failing,
        State::Cold,
        State::Rebalancing,
        State::Throttled,
        State::Breaker,
        State::Slow,
        State::Paused,
        State::Broken,
    ];

    #[test]
    fn every_state_that_matters_has_a_mark_of_its_own() {
        let marked: Vec<State> = ALL.into_iter().filter(|state| matches!(state.tone(), Tone::Warn | Tone::Bad)).collect();
        for (i, state) in marked.iter().enumerate() {
            assert!(!state.strokes().is_empty(), "{state:?}");
            assert!(marked[..i].iter().all(|other| other.strokes() != state.strokes()), "{state:?}");
            assert!(state.strokes().iter().flat_map(|line| line.iter()).all(|(x, y)| x.abs() <= 1.0 && y.abs() <= 1.0), "{state:?}");
        }
        assert_eq!(marked.len(), 9);
    }
}
