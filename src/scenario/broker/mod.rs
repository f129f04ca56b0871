//! Broker kinds, as the file names them. A new kind is one variant here, one file beside this for its native parts, one folder
//! in `engine::broker`.

pub mod eventbridge;
pub mod kafka;
pub mod rabbitmq;
pub mod request;
mod simple;

pub use eventbridge::EventBridge;
pub use kafka::Kafka;
pub use rabbitmq::RabbitMq;
pub use request::Request;
pub use simple::Simple;

use serde::{Deserialize, Serialize};

/// By whose rules a broker works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BrokerKind {
    /// Publish and subscribe, the concept itself.
    Simple(Simple),
    /// Kafka 4.x: topics of partitions, kept and read by offset.
    Kafka(Kafka),
    /// RabbitMQ 4.0: exchanges, queues and bindings.
    RabbitMq(RabbitMq),
    /// EventBridge's classic buses with rules.
    EventBridge(EventBridge),
}

/// What every kind's native parts can tell about themselves, so that names, checks and plans need not know the kind.
pub trait Parts {
    /// The kind's name, as in the file.
    fn name(&self) -> &'static str;

    /// What one channel is called: `topic`, `exchange`, `bus`.
    fn channel_word(&self) -> &'static str;

    /// What can be written to, by name, in file order.
    fn channels(&self) -> Vec<&str>;

    /// Where the `index`-th channel's name stands, below `kind`: `topics[0]`, `exchanges[0].name`.
    fn channel_path(&self, index: usize) -> String;

    /// Whether the file declares outlets by name (queues, rules); for other kinds a channel and a group make an outlet.
    fn declares_outlets(&self) -> bool {
        false
    }

    /// Those outlets, where it [does](Parts::declares_outlets). To find out what feeds each takes time: for whoever asks once.
    fn outlets(&self) -> Option<Vec<NamedOutlet<'_>>> {
        None
    }

    /// Whether each reader of a declared outlet gets copies of its own (the targets of a rule); otherwise they share them (a queue).
    /// The first reader's outlet is the declared one, those of others are called `broker/outlet#group`.
    fn fans_out(&self, _outlet: usize) -> bool {
        false
    }

    /// The channel through which any event can get to any outlet whose name it bears, if there is one (RabbitMQ's default exchange).
    fn open_channel(&self) -> Option<usize> {
        None
    }

    /// Whether each instance of a consumer has a mailbox of its own (a partition assignment, a channel with a prefetch); otherwise
    /// all instances take from one.
    fn seats_per_instance(&self) -> bool {
        false
    }

    /// Whether its own rules do what a consumer's `ack` says (commits of offsets).
    fn commits(&self) -> bool {
        false
    }

    /// Nodes of its cluster, each of which can fail by itself.
    fn nodes(&self) -> u32 {
        1
    }

    /// Whether a channel that nobody reads keeps its events all the same.
    fn keeps_unread(&self) -> bool {
        false
    }
}

/// An outlet that the file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedOutlet<'k> {
    /// Its name.
    pub name: &'k str,
    /// Where the name stands, below `kind`: `queues[0].name`.
    pub path: String,
    /// Positions of the channels whose events may get there.
    pub fed_by: Vec<usize>,
}

impl BrokerKind {
    /// The native parts, whatever their kind.
    pub fn parts(&self) -> &dyn Parts {
        match self {
            BrokerKind::Simple(parts) => parts,
            BrokerKind::Kafka(parts) => parts,
            BrokerKind::RabbitMq(parts) => parts,
            BrokerKind::EventBridge(parts) => parts,
        }
    }

    /// The kind's name, as in the file.
    pub fn name(&self) -> &'static str {
        self.parts().name()
    }

    /// What can be written to, by name, in file order.
    pub fn channels(&self) -> Vec<&str> {
        self.parts().channels()
    }
}
