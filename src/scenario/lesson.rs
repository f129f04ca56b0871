//! Lessons: what a scenario teaches, step by step.
//!
//! Plain data. What it refers to is looked at in [`mod@super::check`]; whether a run bears it out, in `crate::lesson`.
//!
//! A lesson goes along one run of its scenario. A step's action either changes the scenario (`Change`, `Add`, `Remove`: the run begins
//! anew, as after any edit in the window) or the run on its way (`Now`). A step is reached when its condition holds.

use super::Scenario;
use super::document::Node;
use super::intervention::What;
use super::read::read;
use super::set::set;
use super::units::Percent;
use super::write::write;
use crate::time::Span;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// Text in Markdown, over several lines. Figures of the run stand in braces: `{billing.latency.p99}`. Code spans that look like names
/// must be names of the scenario. The space that all lines have in front is not part of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Prose(pub String);

/// The name by which the writer of scenarios knows prose.
pub(super) const PROSE: &str = "Prose";

impl Serialize for Prose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PROSE, &self.0)
    }
}

impl Prose {
    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The text without the space that all its lines have in front, and without empty lines around it.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.0.lines().collect();
        let space = |line: &&str| line.len() - line.trim_start().len();
        // The first line begins behind the quote, not at the margin.
        let margin = lines.iter().skip(1).filter(|line| !line.trim().is_empty()).map(space).min().unwrap_or(0);
        let cut = |(i, line): (usize, &&str)| match i {
            0 => line.trim_start().to_owned(),
            _ => line.get(margin.min(space(line))..).unwrap_or_default().trim_end().to_owned(),
        };
        lines.iter().enumerate().map(cut).collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

impl From<String> for Prose {
    /// Files of either kind of line ends say the same.
    fn from(text: String) -> Prose {
        Prose(if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text })
    }
}

impl From<&str> for Prose {
    fn from(text: &str) -> Prose {
        Prose(text.to_owned())
    }
}

/// What a scenario teaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// One line on what is learned, shown in the list of lessons.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// How long it takes, in minutes. Default 10.
    #[serde(default = "ten", skip_serializing_if = "is_ten")]
    pub minutes: u32,
    /// What is done, one after the other.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What is to be solved alone at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
}

/// One step of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it is called.
    #[serde(default)]
    pub title: String,
    /// What is to be read and done.
    #[serde(default, skip_serializing_if = "Prose::is_empty")]
    pub text: Prose,
    /// What pulses on the canvas: nodes (`"billing"`), channels and outlets (`"bus/orders"`), links (`"shop -> bus"`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub highlight: Vec<String>,
    /// What may be changed: nodes, event types, settings of them (`"billing.instances"`), lists of the scenario (`"nodes"`: adding and
    /// removing nodes; `"faults"`). Default: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touch: Vec<String>,
    /// Whether the run begins anew with this step. Default: it goes on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub anew: bool,
    /// What is asked before the run goes on. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict: Option<Predict>,
    /// What is to be done: the reference solution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub act: Vec<Act>,
    /// Whether the lesson does it, instead of the learner. Default: the learner does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub done_for_you: bool,
    /// When the step is reached: expectations, joined by `and`. Default: once the run has come to `by`, or at once without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The time of the run by which the reference solution reaches it. Default: the end of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Span>,
    /// What is to be read once the step is reached.
    #[serde(default, skip_serializing_if = "Prose::is_empty")]
    pub after: Prose,
    /// Help, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Prose>,
    /// For the trainer alone.
    #[serde(default, skip_serializing_if = "Prose::is_empty")]
    pub notes: Prose,
}

/// A question about what the run will show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Predict {
    /// One answer of several is right.
    Choice {
        /// What is asked.
        question: String,
        /// The answers, of which one is right.
        answers: Vec<Answer>,
        /// Why, once the run has shown it.
        #[serde(default, skip_serializing_if = "Prose::is_empty")]
        because: Prose,
    },
    /// A number is to be named.
    Number {
        /// What is asked.
        question: String,
        /// The figure of the run that is asked for, as in an expectation.
        figure: String,
        /// About what the run gives, with its unit.
        answer: String,
        /// How far off an answer may be to count as right. Default 20%.
        #[serde(default = "a_fifth", skip_serializing_if = "is_a_fifth")]
        within: Percent,
        /// Why, once the run has shown it.
        #[serde(default, skip_serializing_if = "Prose::is_empty")]
        because: Prose,
    },
}

impl Predict {
    /// What is asked.
    pub fn question(&self) -> &str {
        match self {
            Predict::Choice { question, .. } | Predict::Number { question, .. } => question,
        }
    }

    /// Why.
    pub fn because(&self) -> &Prose {
        match self {
            Predict::Choice { because, .. } | Predict::Number { because, .. } => because,
        }
    }
}

/// An answer to choose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// In words.
    pub text: String,
    /// What the run shows when the step is reached if this is the right one, and only then: expectations, joined by `and`.
    pub when: String,
    /// Whether it is the right one. Default: no.
    #[serde(default, skip_serializing_if = "is_default")]
    pub right: bool,
}

/// Something that is done in a lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "a lesson has few")]
pub enum Act {
    /// A setting of the scenario gets another value; path and value as `--set` takes them. The run begins anew.
    Change {
        /// Where, as in `billing.instances`.
        path: String,
        /// The new value, as in a scenario.
        value: String,
    },
    /// A node is added to the scenario. The run begins anew.
    Add {
        /// The node.
        node: Node,
    },
    /// A node is removed from the scenario, with what is said about it in `links`, `groups`, `faults` and `expect`. The run begins anew.
    Remove {
        /// Its id.
        node: String,
    },
    /// The run on its way is interfered with, by any intervention that a person can make.
    Now(What),
}

/// What is to be solved alone. It is judged at the end of a run of the scenario as it is after all steps, with what the learner changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// The task.
    #[serde(default, skip_serializing_if = "Prose::is_empty")]
    pub text: Prose,
    /// What is set up for it, after the last step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepare: Vec<Act>,
    /// What may be changed; see [`Step::touch`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touch: Vec<String>,
    /// Expectations that all have to hold: the first star.
    #[serde(default)]
    pub goal: Vec<String>,
    /// Expectations of which each is worth another star, once the goal is reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stars: Vec<String>,
    /// Help, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Prose>,
    /// The reference solution: reaches the goal and every star. Changes of the scenario only.
    #[serde(default)]
    pub solution: Vec<Act>,
    /// What is to be read once the goal is reached.
    #[serde(default, skip_serializing_if = "Prose::is_empty")]
    pub after: Prose,
    /// For the trainer alone.
    #[serde(default, skip_serializing_if = "Prose::is_empty")]
    pub notes: Prose,
}

/// What is wrong, and what to do about it.
pub type Wrong = (String, Option<String>);

impl Act {
    /// What it is to a run on its way; none if it changes the scenario.
    pub fn on_the_way(&self) -> Option<&What> {
        match self {
            Act::Now(what) => Some(what),
            Act::Change { .. } | Act::Add { .. } | Act::Remove { .. } => None,
        }
    }

    /// As it stands in a file, on one line.
    pub fn line(&self) -> String {
        super::write::line(self)
    }

    /// Reads what [`Act::line`] writes.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn parse(line: &str) -> Result<Act, String> {
        super::read::line(line.trim().trim_end_matches(','))
    }

    /// Changes the scenario, if that is what it does; what belongs to the run on its way leaves it alone.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn change(&self, scenario: &mut Scenario) -> Result<(), Wrong> {
        match self {
            Act::Change { path, value } => {
                let first = |problems: Vec<super::Problem>| {
                    problems.into_iter().next().map_or_else(|| ("nothing can be changed".to_owned(), None), |p| (p.message, p.help))
                };
                let text = set(&write(scenario), &format!("{path}={value}")).map_err(first)?;
                *scenario = read(&text, "").map_err(first)?;
            }
            Act::Add { node } => {
                if scenario.nodes.iter().any(|known| known.id() == node.id()) {
                    return Err((format!("there is a node `{}` already", node.id()), None));
                }
                scenario.nodes.push(node.clone());
            }
            Act::Remove { node } => {
                let before = scenario.nodes.len();
                scenario.nodes.retain(|known| known.id() != node);
                if scenario.nodes.len() == before {
                    return Err((format!("there is no node `{node}` to remove"), None));
                }
                scenario.links.retain(|link| link.between.0 != *node && link.between.1 != *node);
                scenario.groups.iter_mut().for_each(|group| group.nodes.retain(|id| id != node));
                scenario.faults.retain(|trouble| !trouble.what().targets().contains(&node.as_str()));
                scenario.expect.retain(|expect| !super::expect::mentions(&expect.0, node));
            }
            Act::Now(_) => {}
        }
        Ok(())
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Change { path, value } => write!(f, "{path} = {value}"),
            Act::Add { node } => write!(f, "add {} {}", node.role(), node.id()),
            Act::Remove { node } => write!(f, "remove {node}"),
            Act::Now(what) => what.fmt(f),
        }
    }
}

impl Lesson {
    /// The scenario as it is when each step begins (the reference solution of those before it done), and after the last one.
    ///
    /// # Errors
    /// The step and the action that cannot be done, and why.
    pub fn states(&self, scenario: &Scenario) -> Result<Vec<Scenario>, (usize, usize, Wrong)> {
        let mut now = Scenario { lesson: None, ..scenario.clone() };
        let mut states = vec![now.clone()];
        for (i, step) in self.steps.iter().enumerate() {
            for (j, act) in step.act.iter().enumerate() {
                act.change(&mut now).map_err(|wrong| (i, j, wrong))?;
            }
            states.push(now.clone());
        }
        Ok(states)
    }
}

fn ten() -> u32 {
    10
}
fn is_ten(n: &u32) -> bool {
    *n == 10
}
fn a_fifth() -> Percent {
    Percent(0.2)
}
fn is_a_fifth(share: &Percent) -> bool {
    *share == a_fifth()
}
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_no_margin() {
        let prose = Prose::from("\n        Watch **this**:\n\n          - one\n        - two  \n    ");
        assert_eq!(prose.text(), "Watch **this**:\n\n  - one\n- two");
        assert_eq!(Prose::from("one line").text(), "one line");
        assert_eq!(Prose::from("one\n  two").text(), "one\ntwo");
        assert!(Prose::from(" \n ").is_empty());
    }

    #[test]
    fn an_action_is_read_as_it_is_written() {
        for line in [
            "Change(path: \"billing.instances\", value: \"3\")",
            "Now(Fault(what: Crash(\"billing\"), lasts: \"10s\"))",
            "Now(EndFault(Slow(node: \"billing\", times: 8)))",
            "Now(Set(path: \"billing.instances\", value: \"2\"))",
            "Now(Ask(broker: \"bus\", request: Seek(group: \"billing\", to: Beginning)))",
            "Remove(node: \"billing\")",
        ] {
            assert_eq!(Act::parse(line).unwrap().line(), line);
        }
        assert!(Act::parse("Explode(node: \"billing\")").unwrap_err().contains("Explode"));
    }
}
