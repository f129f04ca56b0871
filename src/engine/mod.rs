//! The simulation itself: a plan and a seed in, observations out.
//!
//! Knows no clock, no thread, no file, no window and no metrics. Virtual time moves from one entry of the agenda to the
//! next; equal times are first in, first out. Everything random comes from named streams. So the same plan, seed and
//! interventions give the same observations in the same order, however the caller cuts the run into pieces.
//!
//! The way of an event: an [`arrivals::Process`] says when, [`simulation`] publishes, a [`link::Link`] carries it to a
//! [`broker`], whose rules route copies to outlets, links carry those to consumers, whose workers handle them.

pub mod agenda;
mod arrivals;
mod audit;
pub mod books;
pub mod broker;
mod calls;
pub mod care;
pub mod chains;
mod consumer;
mod convoy;
pub mod event;
pub mod fate;
pub mod faults;
mod fifo;
mod keys;
mod lanes;
mod ledger;
mod link;
pub mod near;
pub mod observe;
pub mod projection;
pub mod publisher;
pub mod relay;
mod sample;
mod scaler;
pub mod seats;
mod simulation;
mod slab;
pub mod store;
mod ziggurat;

pub use books::{Books, Imbalance, Inbound};
pub use broker::desk::{BrokerFate, Note};
pub use broker::{kafka, rabbitmq};
pub use event::{Event, Message, Value};
pub use fate::Reason;
pub use observe::{AfterFailure, Observation, Observer};
pub use sample::Sampler;
pub use simulation::{Progress, Simulation, Stop};
