//! The whole window as a person meets it: the main road from nothing to a saved scenario, names for those who cannot see it,
//! and hands that know no better.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod brokers;
mod compare;
mod expectations;
mod faults;
mod fields;
mod find;
mod fuzz;
mod hands;
mod lesson;
mod moment;
mod names;
mod panels;
mod plots;
mod road;
mod shop;
mod time;
mod typing;
