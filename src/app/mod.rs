//! The window: draws immutable pictures of a run, and acts by actions. Knows the scenario, the runner's handle and what it
//! gives; knows nothing of the engine.
//!
//! `session` is the model and the only place where actions take effect; `shell` is the frame around the parts, each of
//! which is a function of what it reads and a list of actions it may push.

pub mod action;
pub mod branches;
pub mod canvas;
pub mod clip;
pub mod commands;
pub mod compare;
pub mod dialogs;
pub mod dock;
pub mod document;
pub mod edit;
pub mod expectations;
pub mod files;
pub mod finder;
pub mod help;
pub mod history;
pub mod inspector;
pub mod journeys;
pub mod keep;
pub mod kept;
pub mod keys;
pub mod kinds;
pub mod launch;
pub mod legend;
pub mod library;
pub mod marks;
pub mod notices;
pub mod on_the_way;
pub mod panels;
pub mod parts;
pub mod picture;
pub mod plots;
pub mod problems;
pub mod rail;
pub mod session;
pub mod settings;
pub mod shell;
pub mod style;
pub mod teach;
pub mod theme;
pub mod timeline;
pub mod topbar;
pub mod transport;
pub mod typing;
pub mod welcome;
pub mod why;
pub mod widgets;
pub mod zoom;

pub use launch::launch;
pub use shell::{Shell, Start};
