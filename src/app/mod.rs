//! The window.

pub mod action;
pub mod edit;
pub mod theme;
