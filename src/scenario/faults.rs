//! What goes wrong: faults, as a scenario names them.
//!
//! A target is a node's id (`"inventory"`), one instance of a consumer or one node of a broker's cluster (`"inventory#1"`, counted from
//! 1), or everything that carries a zone's tag (`"zone:eu-1a"`).
//!
//! A new kind of fault is a variant here with its line in [`KINDS`], its names resolved in [`mod@super::check`], and its effects in
//! `engine::faults`.

use super::units::Percent;
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// One entry of `faults`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Trouble {
    /// Goes wrong once, at a given time.
    Fault {
        /// When. Default: at the start.
        #[serde(default, skip_serializing_if = "is_zero")]
        at: Span,
        /// For how long. Default: to the end of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Span>,
        /// What.
        what: Fault,
    },
    /// Goes wrong again and again, at random times.
    Chaos {
        /// What.
        what: Fault,
        /// Mean time from the end of one to the beginning of the next, exponentially distributed.
        every: Span,
        /// Mean length, exponentially distributed. Default 5 s.
        #[serde(default = "seconds", skip_serializing_if = "is_seconds")]
        lasts: Span,
    },
}

impl Trouble {
    /// What goes wrong.
    pub fn what(&self) -> &Fault {
        match self {
            Trouble::Fault { what, .. } | Trouble::Chaos { what, .. } => what,
        }
    }

    /// The same, to be changed.
    pub fn what_mut(&mut self) -> &mut Fault {
        match self {
            Trouble::Fault { what, .. } | Trouble::Chaos { what, .. } => what,
        }
    }
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// It is gone, and what it had in memory is lost to it. A producer emits nothing; what a consumer held is its broker's again; a
    /// broker takes nothing in, hands nothing out, and its connections are broken.
    Crash(String),
    /// It stands still and loses nothing, as in a long garbage collection.
    Pause(String),
    /// Everything it handles takes longer.
    Slow {
        /// Target.
        node: String,
        /// How many times as long.
        times: f64,
    },
    /// Handling fails more often, on top of what fails anyway.
    Errors {
        /// Target.
        node: String,
        /// Share of attempts. Default 100%.
        #[serde(default = "always", skip_serializing_if = "is_always")]
        rate: Percent,
    },
    /// A share of the events fails at every attempt.
    Poison {
        /// Target.
        node: String,
        /// Share of events. Default 1%.
        #[serde(default = "one_in_hundred", skip_serializing_if = "is_one_in_hundred")]
        share: Percent,
    },
    /// A producer emits more events (or fewer, below 1). Closed loops and traces keep to their own.
    Surge {
        /// Target.
        producer: String,
        /// How many times as many.
        times: f64,
    },
    /// What travels takes longer.
    Latency {
        /// Both ends, in either order.
        between: (String, String),
        /// Added to each event's latency. Default nothing.
        #[serde(default, skip_serializing_if = "is_zero")]
        add: Span,
        /// How many times as long. Default 1.
        #[serde(default = "once", skip_serializing_if = "is_once")]
        times: f64,
    },
    /// Some of what travels never arrives, and nobody notices.
    Loss {
        /// Both ends, in either order.
        between: (String, String),
        /// Share of events. Default 100%.
        #[serde(default = "always", skip_serializing_if = "is_always")]
        rate: Percent,
    },
    /// Some of what travels arrives twice.
    Duplicate {
        /// Both ends, in either order.
        between: (String, String),
        /// Share of events. Default 100%.
        #[serde(default = "always", skip_serializing_if = "is_always")]
        rate: Percent,
    },
    /// What travels arrives in another order, even where the link keeps order: each event takes up to `by` longer.
    Reorder {
        /// Both ends, in either order.
        between: (String, String),
        /// Longest extra time, evenly spread. Default 100 ms.
        #[serde(default = "tenth", skip_serializing_if = "is_tenth")]
        by: Span,
    },
    /// Two parts of the network do not reach each other: connections are broken, what is sent is lost.
    Partition {
        /// Targets on one side.
        of: Vec<String>,
        /// Targets on the other side. Default: everybody else.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<String>,
    },
}

/// A kind of fault, described once: for menus, lists and help.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in a file.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What it strikes.
    pub strikes: Strikes,
    /// One of its kind, for a target (or two).
    pub make: fn(&str, &str) -> Fault,
}

/// What a kind of fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strikes {
    /// A node of any role.
    Node,
    /// A consumer.
    Consumer,
    /// A producer.
    Producer,
    /// A link: two targets.
    Link,
}

/// All kinds, in the order of the file format.
pub const KINDS: &[Kind] = &[
    Kind { name: "Crash", about: "gone, with all it had in memory", strikes: Strikes::Node, make: |a, _| Fault::Crash(a.into()) },
    Kind { name: "Pause", about: "stands still, loses nothing", strikes: Strikes::Consumer, make: |a, _| Fault::Pause(a.into()) },
    Kind {
        name: "Slow",
        about: "everything takes longer",
        strikes: Strikes::Consumer,
        make: |a, _| Fault::Slow { node: a.into(), times: 5.0 },
    },
    Kind {
        name: "Errors",
        about: "handling fails",
        strikes: Strikes::Consumer,
        make: |a, _| Fault::Errors { node: a.into(), rate: Percent(0.5) },
    },
    Kind {
        name: "Poison",
        about: "some events always fail",
        strikes: Strikes::Consumer,
        make: |a, _| Fault::Poison { node: a.into(), share: one_in_hundred() },
    },
    Kind {
        name: "Surge",
        about: "emits many times as much",
        strikes: Strikes::Producer,
        make: |a, _| Fault::Surge { producer: a.into(), times: 5.0 },
    },
    Kind {
        name: "Latency",
        about: "what travels takes longer",
        strikes: Strikes::Link,
        make: |a, b| Fault::Latency { between: (a.into(), b.into()), add: Span::from_millis(500), times: 1.0 },
    },
    Kind {
        name: "Loss",
        about: "what travels is lost",
        strikes: Strikes::Link,
        make: |a, b| Fault::Loss { between: (a.into(), b.into()), rate: Percent(0.2) },
    },
    Kind {
        name: "Duplicate",
        about: "what travels arrives twice",
        strikes: Strikes::Link,
        make: |a, b| Fault::Duplicate { between: (a.into(), b.into()), rate: Percent(0.2) },
    },
    Kind {
        name: "Reorder",
        about: "what travels arrives in another order",
        strikes: Strikes::Link,
        make: |a, b| Fault::Reorder { between: (a.into(), b.into()), by: tenth() },
    },
    Kind {
        name: "Partition",
        about: "neither side reaches the other",
        strikes: Strikes::Link,
        make: |a, b| Fault::Partition { of: vec![a.into()], from: vec![b.into()] },
    },
];

impl Fault {
    /// What kind it is.
    pub fn kind(&self) -> &'static Kind {
        let index = match self {
            Fault::Crash(_) => 0,
            Fault::Pause(_) => 1,
            Fault::Slow { .. } => 2,
            Fault::Errors { .. } => 3,
            Fault::Poison { .. } => 4,
            Fault::Surge { .. } => 5,
            Fault::Latency { .. } => 6,
            Fault::Loss { .. } => 7,
            Fault::Duplicate { .. } => 8,
            Fault::Reorder { .. } => 9,
            Fault::Partition { .. } => 10,
        };
        &KINDS[index]
    }

    /// The targets it names, in the order of the file.
    pub fn targets(&self) -> Vec<&str> {
        match self {
            Fault::Crash(node) | Fault::Pause(node) => vec![node],
            Fault::Slow { node, .. } | Fault::Errors { node, .. } | Fault::Poison { node, .. } => vec![node],
            Fault::Surge { producer, .. } => vec![producer],
            Fault::Latency { between: (a, b), .. }
            | Fault::Loss { between: (a, b), .. }
            | Fault::Duplicate { between: (a, b), .. }
            | Fault::Reorder { between: (a, b), .. } => vec![a, b],
            Fault::Partition { of, from } => of.iter().chain(from).map(String::as_str).collect(),
        }
    }

    /// The same, to be changed: when a node gets another name.
    pub fn targets_mut(&mut self) -> Vec<&mut String> {
        match self {
            Fault::Crash(node) | Fault::Pause(node) => vec![node],
            Fault::Slow { node, .. } | Fault::Errors { node, .. } | Fault::Poison { node, .. } => vec![node],
            Fault::Surge { producer, .. } => vec![producer],
            Fault::Latency { between: (a, b), .. }
            | Fault::Loss { between: (a, b), .. }
            | Fault::Duplicate { between: (a, b), .. }
            | Fault::Reorder { between: (a, b), .. } => vec![a, b],
            Fault::Partition { of, from } => of.iter_mut().chain(from).collect(),
        }
    }

    /// In words: `inventory crashed`, `bus - billing: 20% lost`.
    pub fn words(&self) -> String {
        let side = |targets: &[String]| if targets.is_empty() { "everybody else".to_owned() } else { targets.join(", ") };
        match self {
            Fault::Crash(node) => format!("{node} crashed"),
            Fault::Pause(node) => format!("{node} stands still"),
            Fault::Slow { node, times } => format!("{node} {times} times as slow"),
            Fault::Errors { node, rate } => format!("{node} fails {rate}"),
            Fault::Poison { node, share } => format!("{share} poison for {node}"),
            Fault::Surge { producer, times } => format!("{producer} emits {times} times as much"),
            Fault::Latency { between: (a, b), add, times } => match (*times == 1.0, *add == Span::ZERO) {
                (true, _) => format!("{a} - {b}: {add} longer"),
                (_, true) => format!("{a} - {b}: {times} times as long"),
                _ => format!("{a} - {b}: {times} times as long and {add}"),
            },
            Fault::Loss { between: (a, b), rate } => format!("{a} - {b}: {rate} lost"),
            Fault::Duplicate { between: (a, b), rate } => format!("{a} - {b}: {rate} twice"),
            Fault::Reorder { between: (a, b), .. } => format!("{a} - {b}: out of order"),
            Fault::Partition { of, from } => format!("{} cut off from {}", side(of), side(from)),
        }
    }
}

/// As written in a scenario.
impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::write::line(self))
    }
}

/// A target's parts: the name of a node or of a zone, and the number of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'t> {
    /// Everything with this tag.
    Zone(&'t str),
    /// A node.
    Node(&'t str),
    /// One instance of it, from 1; `None` if what stands behind the `#` is no number.
    Instance(&'t str, Option<u32>),
}

impl Target<'_> {
    /// What a text names.
    pub fn of(text: &str) -> Target<'_> {
        if let Some(zone) = text.strip_prefix("zone:") {
            return Target::Zone(zone);
        }
        match text.rsplit_once('#') {
            Some((node, number)) => Target::Instance(node, number.parse().ok()),
            None => Target::Node(text),
        }
    }
}

fn seconds() -> Span {
    Span::from_millis(5_000)
}
fn tenth() -> Span {
    Span::from_millis(100)
}
fn always() -> Percent {
    Percent(1.0)
}
fn one_in_hundred() -> Percent {
    Percent(0.01)
}
fn once() -> f64 {
    1.0
}
fn is_seconds(span: &Span) -> bool {
    *span == seconds()
}
fn is_tenth(span: &Span) -> bool {
    *span == tenth()
}
fn is_always(share: &Percent) -> bool {
    *share == always()
}
fn is_one_in_hundred(share: &Percent) -> bool {
    *share == one_in_hundred()
}
fn is_once(times: &f64) -> bool {
    *times == once()
}
fn is_zero(span: &Span) -> bool {
    *span == Span::ZERO
}
