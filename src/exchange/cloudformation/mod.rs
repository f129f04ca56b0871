//! AWS CloudFormation, as JSON or as YAML: event buses, rules, archives and queues.
//!
//! Each consumer is exported as a queue that its rules target, which is how a service of one's own usually reads from a bus, a
//! serverless one as a function; a dead-letter queue is a queue too. Imported are the same resources from any template, and the events of serverless functions;
//! whatever else a rule targets becomes a consumer of that resource's name, a function one that is a function as well.

mod export;
mod import;
mod intrinsics;
mod own;
mod yaml;

use super::Carried;
use crate::scenario::Scenario;
pub use import::import;

/// Seconds of a day: retention is counted in days.
const DAY: u64 = 86_400;

/// Executions of functions at a time that an account has unless it asks for more.
const CONCURRENCY: u64 = 1_000;

/// Whether a text looks like a template with something of EventBridge's in it.
pub fn is(text: &str) -> bool {
    let serverless = text.contains("AWS::Serverless::") && ["EventBridgeRule", "CloudWatchEvent"].iter().any(|kind| text.contains(kind));
    (text.contains("AWS::Events::") || serverless) && !text.lines().any(|line| line.starts_with("Scenario"))
}

/// Writes the EventBridge broker of a scenario, of several the one called `part`, as a template in JSON.
///
/// # Errors
/// That there is none, or which there are to choose from.
pub fn export(scenario: &Scenario, part: Option<&str>) -> Result<Carried<String>, String> {
    let Carried { result, left } = export::template(scenario, part)?;
    let text = serde_json::to_string_pretty(&result).map_err(|error| error.to_string())?;
    Ok(Carried { result: text + "\n", left })
}

/// The same in YAML.
///
/// # Errors
/// That there is none, or which there are to choose from.
pub fn export_yaml(scenario: &Scenario, part: Option<&str>) -> Result<Carried<String>, String> {
    let Carried { result, left } = export::template(scenario, part)?;
    Ok(Carried { result: yaml::write(&result), left })
}

/// The first free one of a name, the name with 2 behind `joint`, with 3, and so on.
fn numbered(name: &str, joint: &str, is_free: impl Fn(&str) -> bool) -> String {
    let nth = |n: u32| if n == 1 { name.to_owned() } else { format!("{name}{joint}{n}") };
    (1..).map(nth).find(|name| is_free(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
