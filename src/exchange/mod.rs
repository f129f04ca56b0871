//! Import and export: other tools' formats to scenarios and back. Text in, text out, with a list of what could not be carried over.
//!
//! Knows no file and no window. A new format is a file here and a line in [`FORMATS`].

pub mod cloudformation;
pub mod rabbitmq;

use crate::scenario::Scenario;

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
        is: rabbitmq::is,
        import: rabbitmq::import,
        export: rabbitmq::export,
    },
    Format {
        name: "cloudformation",
        line: "AWS CloudFormation (JSON): EventBridge's buses, rules, archives and queues",
        is: cloudformation::is,
        import: cloudformation::import,
        export: cloudformation::export,
    },
];

/// Whether a text is in one of the formats.
pub fn is_known(text: &str) -> bool {
    FORMATS.iter().any(|format| (format.is)(text))
}

/// Makes a scenario of a text of any known format.
pub fn import(text: &str, part: Option<&str>) -> Result<Carried<Scenario>, String> {
    let Some(format) = FORMATS.iter().find(|format| (format.is)(text)) else {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.line).collect();
        return Err(format!("this is in no known format; known are: {}", known.join("; ")));
    };
    (format.import)(text, part)
}
