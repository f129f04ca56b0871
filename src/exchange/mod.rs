//! Import and export: other tools' formats to scenarios and back. Text in, text out, with a list of what could not be carried over.
//!
//! Knows no file and no window. A new format is a file here and a line in [`FORMATS`].

pub mod cloudformation;
pub mod rabbitmq;

use crate::scenario::Scenario;
use crate::scenario::broker::BrokerKind;
use crate::scenario::document::Node;

/// Something that came out of an import or export, and what was left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried<T> {
    /// What came out.
    pub result: T,
    /// What was not carried over, one sentence each.
    pub left: Vec<String>,
}

/// A format that scenarios can be exported to or imported from.
pub struct Format {
    /// As on the command line.
    pub name: &'static str,
    /// One line on what it is.
    pub line: &'static str,
    /// What is written, as in "exported X".
    pub what: &'static str,
    /// Whether a text looks like it.
    pub is: fn(&str) -> bool,
    /// Makes a scenario of a text; the second argument chooses a part of it (a virtual host).
    pub import: fn(&str, Option<&str>) -> Result<Carried<Scenario>, String>,
    /// Makes a text of a scenario; the second argument chooses a part of it (a broker).
    pub export: fn(&Scenario, Option<&str>) -> Result<Carried<String>, String>,
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        name: "rabbitmq",
        line: "RabbitMQ definitions (JSON), as `rabbitmqctl export_definitions` writes them",
        what: "RabbitMQ definitions",
        is: rabbitmq::is,
        import: rabbitmq::import,
        export: rabbitmq::export,
    },
    Format {
        name: "cloudformation",
        line: "AWS CloudFormation: EventBridge's buses, rules, archives and queues; read in JSON and YAML, written in JSON",
        what: "a CloudFormation template",
        is: cloudformation::is,
        import: cloudformation::import,
        export: cloudformation::export,
    },
    Format {
        name: "cloudformation-yaml",
        line: "the same, written in YAML",
        what: "a CloudFormation template",
        is: cloudformation::is,
        import: cloudformation::import,
        export: cloudformation::export_yaml,
    },
];

/// The format that a file with this extension would be written in, if a scenario itself is none of those: `json` for what its
/// brokers are, `yaml` for EventBridge alone.
pub fn by_extension(scenario: &Scenario, extension: &str) -> Option<&'static Format> {
    let bridge = |node: &Node| matches!(node, Node::Broker(broker) if matches!(broker.kind, BrokerKind::EventBridge(_)));
    let name = match extension.to_ascii_lowercase().as_str() {
        "json" if scenario.nodes.iter().any(bridge) => "cloudformation",
        "json" => "rabbitmq",
        "yaml" | "yml" => "cloudformation-yaml",
        _ => return None,
    };
    FORMATS.iter().find(|format| format.name == name)
}

/// Whether a text is in one of the formats.
pub fn is_known(text: &str) -> bool {
    FORMATS.iter().any(|format| (format.is)(text))
}

/// The broker to export: the one called `wanted`, or the only one. `kind` is what all of them are.
fn chosen<'s, P>(kind: &str, all: &[(&'s str, &'s P)], wanted: Option<&str>) -> Result<(&'s str, &'s P), String> {
    let names = || all.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
    match (wanted, all) {
        (_, []) => Err(format!("there is no {kind} broker in this scenario")),
        (None, [only]) => Ok(*only),
        (None, _) => Err(format!("there are several {kind} brokers; say which: {}", names())),
        (Some(wanted), _) => {
            let found = all.iter().find(|(id, _)| *id == wanted).copied();
            found.ok_or_else(|| format!("there is no {kind} broker `{wanted}`; there is {}", names()))
        }
    }
}

/// A name without what has a meaning of its own in a scenario, and no longer than it may be.
fn tamed(name: &str) -> String {
    const LONGEST: usize = 200;
    let plain: String = name.trim().chars().map(|c| if matches!(c, '#' | '"' | '\'' | '`') || c.is_control() { '-' } else { c }).collect();
    match plain.chars().count() {
        0 => "-".to_owned(),
        n if n > LONGEST => plain.chars().take(LONGEST - 8).collect::<String>().trim_end().to_owned(),
        _ => plain,
    }
}

/// Makes a scenario of a text of any known format.
pub fn import(text: &str, part: Option<&str>) -> Result<Carried<Scenario>, String> {
    let Some(format) = FORMATS.iter().find(|format| (format.is)(text)) else {
        // Nobody can tell which format a text is in that cannot be read.
        if text.trim_start().starts_with(['{', '['])
            && let Err(error) = serde_json::from_str::<serde_json::Value>(text)
        {
            return Err(format!("this is not JSON: {error}"));
        }
        let known: Vec<&str> = FORMATS.iter().map(|format| format.line).collect();
        return Err(format!("this is in no known format; known are: {}", known.join("; ")));
    };
    (format.import)(text, part)
}
