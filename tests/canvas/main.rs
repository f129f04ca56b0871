//! The canvas as a person meets it: nodes found by their names, pressed, dragged, connected; the edits it asks for are applied.

mod edits;
mod fuzz;
mod gestures;
mod run;
mod world;
