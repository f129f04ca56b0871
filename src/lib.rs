//! Tidemill: a desktop workbench for event-driven architecture. People draw producers, brokers and consumers, an embedded bus
//! carries the events in simulated time, and plots show what happened.
//!
//! # The map
//!
//! Rooms, and whom each may use. Arrows go one way: a room uses those named behind it and no others (`tests/house.rs` watches).
//!
//! | room | what it is | what it does not know | uses |
//! | --- | --- | --- | --- |
//! | [`time`], [`ids`], [`random`] | virtual time, typed ids, named random streams | clocks | - |
//! | [`language`] | the small languages in a scenario: JSON, event patterns, input templates; matching many patterns at once | scenarios, brokers, time | - |
//! | [`scenario`] | the document: text, checks, a [`Plan`](scenario::Plan) | clocks, threads, files, the engine | `time`, `ids`, `language` |
//! | [`engine`] | the simulation: a plan and a seed in, observations out | clocks, threads, files, metrics | `scenario`, above |
//! | [`record`] | what a run leaves: totals, distributions, levels, series, the report | clocks, threads, files | `engine`, above |
//! | [`run`] | executing runs: headless, paced against wall time on its own thread with its past, its branches and another run beside it, swept and compared on all cores; looking things up in them | files, windows | `record`, `figures`, above |
//! | [`exchange`] | import and export: texts of other tools to scenarios and back | clocks, threads, files, the engine | `language`, `scenario`, `time` |
//! | [`files`] | reading and writing scenario files on disk | windows | `scenario` |
//! | [`lesson`] | lessons: gone through headless, conditions, answers and challenges judged by what a run shows | files, windows | `run`, `figures`, above |
//! | [`figures`] | numbers as people read them | everything | - |
//! | `app` | the window (feature `gui`): draws frames, acts by actions and commands | the engine | `run`, `lesson`, `files`, above |
//! | [`cli`] | the command line | the engine | all |
//!
//! # The invariants
//!
//! 1. **Deterministic.** Same scenario, seed and interventions: same observations, bit for bit, on every platform, at every
//!    pacing, in pieces of any size. Every run has a [`fingerprint`](engine::Simulation::fingerprint). Hence integer time, `libm` for
//!    every logarithm and power, no iteration over hash maps, no clock below `run` (`.clippy.toml` bans the calls).
//! 2. **A random stream per purpose**, named after what it is for: adding a consumer changes nothing upstream of it.
//! 3. **The books balance** at every step: every copy routed to an outlet is acked, failed, dead-lettered, expired, dropped,
//!    waiting or in flight. [`audit`](engine::Simulation::audit) counts them where they really are.
//! 4. **Parse, don't validate.** Only [`scenario::check()`] makes a plan; the engine never meets a bad one.
//! 5. **Observed, not instrumented.** The engine reports [`Observation`](engine::Observation)s to whoever the caller brings;
//!    nobody listening costs nothing.
//! 6. **The window reads immutable [`Frame`](run::Frame)s** and acts by [`Command`](run::Command)s. It never sees engine state.
//! 7. **Panics are bugs.** What a file or a person can cause is a value with a place and a next step. Runs that grow without end
//!    stop at the scenario's limits.
//!
//! # Adding a kind
//!
//! - *Broker*: a variant of [`BrokerKind`](scenario::broker::BrokerKind) with its native parts, a file under `engine/broker` behind
//!   its `Rules`, its line in `engine::broker::Broker`, and for the window a file under `app::kinds` behind its `Kind`.
//! - *Arrivals, times, keys*: a variant in [`scenario::shapes`], its checks in `scenario::check`, its draw in `engine`.
//!
//! # Where this departs from the first design
//!
//! - `scenario/` holds the trace reader and the expectation language as well: both are text to checked values.
//! - `files` is a room of its own, so that window and command line share atomic saving and the search for trace files.
//! - Statistics are an observer like any other, not a part of the engine.

#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
pub mod engine;
pub mod exchange;
pub mod figures;
pub mod files;
pub mod ids;
pub mod language;
pub mod lesson;
pub mod random;
pub mod record;
pub mod run;
pub mod scenario;
pub mod time;
