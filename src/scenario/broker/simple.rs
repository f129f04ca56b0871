//! The simple kind: topics, and nothing else to say.

use super::Parts;
use serde::{Deserialize, Serialize};

/// Publish and subscribe without a product's rules: every group that reads a topic gets a copy of every event, in the order
/// of arrival; the members of a group share its inbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simple {
    /// Topic names.
    #[serde(default)]
    pub topics: Vec<String>,
}

impl Parts for Simple {
    fn name(&self) -> &'static str {
        "Simple"
    }

    fn channel_word(&self) -> &'static str {
        "topic"
    }

    fn channels(&self) -> Vec<&str> {
        self.topics.iter().map(String::as_str).collect()
    }

    fn channel_path(&self, index: usize) -> String {
        format!("topics[{index}]")
    }
}
