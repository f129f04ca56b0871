//! Lessons: gone through without a window, and judged by what a run shows.
//!
//! [`judge`] says whether a condition holds and an answer is right, [`mod@walk`] goes from step to step with the reference solutions,
//! [`mod@check`] finds out whether a lesson is true. Knows no window, no file: the window uses the same pieces with a learner's own run.

pub mod check;
pub mod judge;
pub mod walk;

pub use check::{Case, check};
pub use walk::Walk;
