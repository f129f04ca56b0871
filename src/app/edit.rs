//! Changes of a scenario, as values: pure, without a window.

use super::action::Connection;
use crate::scenario::Scenario;
use crate::scenario::document::Node;

/// One undoable change.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Put a new node on the canvas (its id is made unique).
    Add(Node),
    /// Move nodes to these places.
    Move(Vec<(String, (f32, f32))>),
    /// Connect two nodes, in the direction events flow: producer or consumer to a broker's channel, broker's channel to consumer.
    /// A channel that does not exist is created; an event type is created for a producer where the scenario has none.
    Connect {
        /// Where events come from.
        from: String,
        /// Where they go.
        to: String,
        /// Which of the broker's channels.
        channel: String,
    },
    /// Remove these nodes with all that hangs on them, and this connection.
    Delete {
        /// Ids.
        nodes: Vec<String>,
        /// A connection.
        connection: Option<Connection>,
    },
    /// Give a node another name; everything that refers to it follows.
    Rename {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// Replace a node's parameters (its id must stay the same).
    SetNode(Box<Node>),
    /// Replace the whole scenario (settings, event types, links); the label says what the person did.
    SetScenario {
        /// For the undo menu, as in "Change duration".
        label: String,
        /// The new scenario.
        scenario: Box<Scenario>,
    },
}

impl Edit {
    /// x
    pub fn label(&self) -> String {
        String::new()
    }
    /// x
    pub fn apply(&self, _scenario: &mut crate::scenario::Scenario) -> Result<(), String> {
        Ok(())
    }
}
