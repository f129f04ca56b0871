//! Kafka's rules as Kafka has them: plain values in its own words, driven by whoever holds them.
//!
//! Modelled are the defaults and rules of Kafka 4.x. Nothing here knows the agenda, links or workers: time and random numbers
//! are arguments, answers are values. Each file is one idea.

pub mod partitioner;
