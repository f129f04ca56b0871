//! Broker kinds, as the file names them. A new kind is one variant here, one file for its native parts, one folder
//! in `engine::broker`.

use serde::{Deserialize, Serialize};

/// By whose rules a broker works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BrokerKind {
    /// Publish and subscribe, the concept itself.
    Simple(Simple),
}

impl BrokerKind {
    /// The kind's name, as in the file.
    pub fn name(&self) -> &'static str {
        match self {
            BrokerKind::Simple(_) => "Simple",
        }
    }

    /// What can be written to, by name.
    pub fn channels(&self) -> &[String] {
        match self {
            BrokerKind::Simple(simple) => &simple.topics,
        }
    }

    /// The same, to be edited.
    pub fn channels_mut(&mut self) -> &mut Vec<String> {
        match self {
            BrokerKind::Simple(simple) => &mut simple.topics,
        }
    }
}

/// Publish and subscribe without a product's rules: every group that reads a topic gets a copy of every event, in the order
/// of arrival; the members of a group share its inbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simple {
    /// Topic names.
    #[serde(default)]
    pub topics: Vec<String>,
}
