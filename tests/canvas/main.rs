//! The canvas as a person meets it: nodes found by their names, pressed, dragged, connected; the edits it asks for are applied.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod edits;
mod forwards;
mod fuzz;
mod gallery;
mod gestures;
mod more;
mod raster;
mod run;
mod targets;
mod world;
