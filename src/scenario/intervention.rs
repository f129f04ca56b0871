//! Interventions: what a person changed while a run went on, stamped with virtual time.

use super::broker::Request;
use super::faults::Fault;
use super::read::line;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One change, made at one moment: after everything else that happens at that time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intervention {
    /// When, counted from the start of the run.
    pub at: Span,
    /// What.
    pub what: What,
}

/// What can be changed while a run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum What {
    /// A parameter of the scenario has another value from now on; path and value as `--set` takes them.
    Set {
        /// Where, as in `billing.instances`.
        path: String,
        /// What it is now, written as in a scenario.
        value: String,
    },
    /// Something goes wrong.
    Fault {
        /// What.
        what: Fault,
        /// For how long. Default: until it is mended by hand, or to the end of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts: Option<Span>,
    },
    /// What goes wrong is mended.
    EndFault(Fault),
    /// A broker is asked to do something.
    Ask {
        /// Which broker.
        broker: String,
        /// What.
        request: Request,
    },
}

impl Intervention {
    /// When, as a time of the run.
    pub fn time(&self) -> Time {
        Time::ZERO + self.at
    }

    /// From `PATH=VALUE`, or anything else as a recording has it: `Fault(what: Crash("inventory"), lasts: "5s")`,
    /// `EndFault(Crash("inventory"))`, `Ask(broker: "kafka", request: Seek(group: "billing", to: Beginning))`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn set(at: Time, assignment: &str) -> Result<Intervention, String> {
        if ["Fault(", "EndFault(", "Ask("].iter().any(|start| assignment.trim_start().starts_with(start)) {
            return Ok(Intervention { at: at - Time::ZERO, what: line(assignment.trim())? });
        }
        match assignment.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() && !value.trim().is_empty() => {
                let what = What::Set { path: path.trim().to_owned(), value: value.trim().to_owned() };
                Ok(Intervention { at: at - Time::ZERO, what })
            }
            _ => Err(format!("`{assignment}` sets nothing: write it as PATH=VALUE, such as `inventory.instances=4`")),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Set { path, value } => write!(f, "{path} = {value}"),
            What::Fault { what, lasts: None } => write!(f, "{what}"),
            What::Fault { what, lasts: Some(lasts) } => write!(f, "{what} for {lasts}"),
            What::EndFault(what) => write!(f, "end of {what}"),
            What::Ask { broker, request } => write!(f, "{broker}: {request}"),
        }
    }
}

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.what, self.time())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_explained() {
        let why = |text: &str| Intervention::set(Time::ZERO, text).unwrap_err();
        let seek = why(r#"Ask(broker: "bus", request: Seek(group: "x", to: Begining))"#);
        assert!(seek.contains("`Begining`") && seek.ends_with("did you mean `Beginning`?"), "{seek}");
        let slow = why(r#"Fault(what: Slow("billing", 8))"#);
        assert!(slow.ends_with("write `node: \"billing\"`"), "{slow}");
        let lasts = why(r#"Fault(what: Crash("billing"), lasts: 5)"#);
        assert!(lasts.contains("has no unit"), "{lasts}");
        assert!(why("Ask(").contains('`') && why("instances").contains("PATH=VALUE"));
        assert!(Intervention::set(Time::ZERO, r#" Fault(what: Crash("billing"), lasts: "5s") "#).is_ok());
    }
}
