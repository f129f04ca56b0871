//! Meaning: names resolved, numbers looked at, a plan made.
//!
//! Four passes over the document, each of which reports everything it finds: `names` resolves what refers to what, `flow`
//! follows events from channel to channel, `numbers` looks at every quantity, `build` makes the plan when none of them
//! found an error. Time is linear in the size of the document, times a logarithm.

mod build;
mod calls;
mod chains;
mod eventbridge;
mod faults;
mod flow;
mod handling;
mod kafka;
mod lesson;
mod names;
mod numbers;
mod publishing;
mod rabbitmq;
#[cfg(test)]
mod tests;

use super::lint;
use super::names::Suggest;
use super::problem::Severity;
use super::{Files, Plan, Scenario};

/// Something wrong in a document, without a place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// Where, as in `nodes.billing.reads[0].from`.
    pub path: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub help: Option<String>,
    /// The lint that found it, if one did; see [`crate::scenario::lint`].
    pub lint: Option<&'static str>,
}

impl Finding {
    /// The id of the node that it is about, if it is about one. (There is neither a dot nor a bracket in an id: where somebody wrote one, the
    /// path has the node's position instead.)
    pub fn node(&self) -> Option<&str> {
        self.path.strip_prefix("nodes.")?.split(['.', '[']).next()
    }
}

/// Checks a document as it is (from a file or from the window): a plan with warnings, or everything that is wrong,
/// warnings included.
pub fn check(scenario: &Scenario, files: &dyn Files) -> Result<(Plan, Vec<Finding>), Vec<Finding>> {
    let mut findings = Findings::default();
    let mut names = names::Names::resolve(scenario, &mut findings);
    names.read_traces(scenario, files, &mut findings);
    flow::follow(scenario, &names, &mut findings);
    numbers::look(scenario, &names, &mut findings);
    calls::look(scenario, &names, &mut findings);
    chains::look(scenario, &names, &mut findings);
    kafka::look(scenario, &names, &mut findings);
    rabbitmq::look(scenario, &names, &mut findings);
    let faults = faults::resolve(scenario, &mut findings);
    handling::look(scenario, &names, &mut findings);
    publishing::look(scenario, &names, &mut findings);
    let expectations = names::expectations(scenario, &names, &mut findings);
    allowed(scenario, &mut findings);
    match findings.has_errors() {
        true => Err(findings.list),
        false => {
            let plan = Plan { faults, ..build::plan(scenario, &names, expectations) };
            faults::without_effect(&plan, &mut findings);
            findings.list.extend(lint::look(scenario, &plan));
            findings.list.retain(|finding| finding.lint.is_none_or(|id| scenario.allow.iter().all(|allowed| allowed != id)));
            lesson::look(scenario, files, &mut findings);
            Ok((plan, findings.list))
        }
    }
}

/// What a fault strikes, in a scenario that has been checked: for faults that begin by hand.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn fault(scenario: &Scenario, what: &super::faults::Fault, when: super::plan::When) -> Result<super::plan::FaultPlan, Finding> {
    let mut findings = Findings::default();
    let plan = faults::plan(scenario, what, when, "what", &mut findings);
    match (plan, findings.list.into_iter().next()) {
        (Some(plan), None) => Ok(plan),
        (_, wrong) => Err(wrong.unwrap_or_else(|| Finding {
            severity: Severity::Error,
            path: "what".to_owned(),
            message: format!("`{what}` strikes nothing"),
            help: None,
            lint: None,
        })),
    }
}

/// Whether a broker can be asked to do something, in a scenario that has been checked.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn request(scenario: &Scenario, broker: &str, request: &super::broker::Request) -> Result<(), Finding> {
    let mut findings = Findings::default();
    let kind = scenario.nodes.iter().find_map(|node| match node {
        super::document::Node::Broker(it) if it.id == broker => Some(&it.kind),
        _ => None,
    });
    let (message, help) = match kind {
        None => (format!("there is no broker `{broker}`"), None),
        Some(kind) => match request.wrong(kind, &askers(scenario, broker, request)) {
            None => return Ok(()),
            Some(wrong) => wrong,
        },
    };
    findings.add(Severity::Error, "what", message, help);
    Err(findings.list.remove(0))
}

/// Whom a request may speak of: readers of its stream, or the groups that read from the broker.
fn askers(scenario: &Scenario, broker: &str, request: &super::broker::Request) -> std::collections::BTreeSet<String> {
    match request {
        super::broker::Request::Attach { stream, .. } => {
            rabbitmq::readers(scenario, &format!("{broker}/{stream}")).map(str::to_owned).collect()
        }
        _ => kafka::groups(scenario, broker),
    }
}

/// What is allowed must be something that lints warn of.
fn allowed(scenario: &Scenario, findings: &mut Findings) {
    let known = || lint::LINTS.iter().map(|lint| lint.id);
    for (i, id) in scenario.allow.iter().enumerate().filter(|(_, id)| lint::lint(id).is_none()) {
        let help = findings.suggest.did_you_mean(id, known());
        let help = help.unwrap_or_else(|| format!("there are {}", super::names::listed(known())));
        findings.error_help(format!("allow[{i}]"), format!("there is no lint `{id}`"), help);
    }
}

/// What has been found so far.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    suggest: Suggest,
}

impl Findings {
    fn add(&mut self, severity: Severity, path: impl Into<String>, message: impl Into<String>, help: Option<String>) {
        self.list.push(Finding { severity, path: path.into(), message: message.into(), help, lint: None });
    }

    fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, path, message, None);
    }

    fn error_help(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, path, message, Some(help.into()));
    }

    fn warning(&mut self, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, path, message, Some(help.into()));
    }

    /// A warning that has an id and can be allowed.
    fn lint(&mut self, lint: &'static lint::Lint, path: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.warning(path, message, help);
        if let Some(last) = self.list.last_mut() {
            last.lint = Some(lint.id);
        }
    }

    fn has_errors(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Error)
    }
}
