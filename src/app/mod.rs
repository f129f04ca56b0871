//! The window.

pub mod action;
pub mod canvas;
pub mod edit;
pub mod theme;
