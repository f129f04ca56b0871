//! `cargo bench`: the pieces, through the public interface. Whole workloads with figures to hold against others are in
//! `tidemill bench engine`; these here say which piece a change made faster or slower.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]

mod document;
mod eventbridge;
mod parts;
mod pieces;
mod rabbitmq;
mod runs;

fn main() {
    divan::main();
}
