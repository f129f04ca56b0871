//! The models of the brokers against rows of observed behaviour, and the command that runs them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod command;
mod eventbridge;
mod rabbitmq;
