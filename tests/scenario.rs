//! The document from outside: what ships loads, what is wrong is explained, what is random does no harm.
#![allow(clippy::unwrap_used)]

#[path = "scenario/large.rs"]
mod large;
#[path = "scenario/lesson.rs"]
mod lesson;
#[path = "scenario/problems.rs"]
mod problems;
#[path = "scenario/random.rs"]
mod random;
#[path = "scenario/shipped.rs"]
mod shipped;
