//! Where plans come from: a scenario's text and the files it names, so that a change on the way can be planned as well.

use super::headless::Finished;
use super::script::{Change, Script, Turn};
use crate::ids::BrokerId;
use crate::scenario::intervention::{Intervention, What};
use crate::scenario::plan::When;
use crate::scenario::recording::{FORMAT, Hash, Recording};
use crate::scenario::{Files, Problem, check, read, set_for};
use crate::time::Time;
use std::fmt;
use std::sync::Arc;

/// A scenario as text.
#[derive(Clone)]
pub struct Source {
    /// The text.
    pub text: String,
    /// How it is called in problems.
    pub name: String,
    /// Where the files are that it names.
    pub files: Arc<dyn Files + Send + Sync>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Moments between the start and the end of a recording at which its fingerprint is noted.
pub const MARKS: u64 = 50;

impl Source {
    /// The scenario of a recording, with the files in it.
    pub fn of(recording: &Recording) -> Source {
        Source { text: recording.scenario.clone(), name: recording.name.clone(), files: Arc::new(recording.clone()) }
    }

    /// The recording of a run of this scenario that went up to where `finished` stands.
    ///
    /// # Errors
    /// Why a file that the scenario names cannot be had.
    pub fn recording(&self, finished: &Finished, trail: &[(Time, u64)], interventions: &[Intervention]) -> Result<Recording, String> {
        let scenario =
            read::read(&self.text, &self.name).map_err(|problems| problems.first().map(ToString::to_string).unwrap_or_default())?;
        let now = finished.simulation.now();
        Ok(Recording {
            format: FORMAT,
            tidemill: env!("CARGO_PKG_VERSION").to_owned(),
            name: self.name.clone(),
            seed: finished.simulation.seed(),
            until: now - Time::ZERO,
            fingerprint: Hash(finished.simulation.fingerprint()),
            // A limit may have stopped the run before it came to all of them.
            trail: trail.iter().filter(|(at, _)| *at <= now).map(|(at, hash)| (*at - Time::ZERO, Hash(*hash))).collect(),
            interventions: interventions.iter().filter(|i| i.time() <= now).cloned().collect(),
            files: Recording::gather(&scenario, &*self.files)?,
            scenario: self.text.clone(),
        })
    }
    /// The script of a run of this scenario with these interventions, in order of time. Without a seed it is the scenario's.
    ///
    /// # Errors
    /// What is wrong with the scenario, or with it after an intervention.
    pub fn script(&self, seed: Option<u64>, interventions: &[Intervention]) -> Result<Script, Vec<Problem>> {
        let plan = Arc::new(read::load(&self.text, &self.name, &*self.files)?.plan);
        let mut script = Script { seed: seed.unwrap_or(plan.seed), plan, turns: Vec::new() };
        let mut text = self.text.clone();
        for intervention in interventions {
            let fail = |message: String| vec![Problem::of_file(&intervention.to_string(), message, None)];
            let change = match &intervention.what {
                What::Set { path, value } => {
                    text = set_for(&text, &format!("{path}={value}"), &intervention.to_string())?;
                    // The places of problems are in a text that is in no file.
                    let name = format!("{} with {intervention}", self.name);
                    let plan = Arc::new(read::load(&text, &name, &*self.files)?.plan);
                    script.plan.adoptable(&plan).map_err(fail)?;
                    Change::Plan(plan)
                }
                What::Fault { what, lasts } => {
                    let when = When::Once { at: intervention.time(), lasts: *lasts };
                    let scenario = read::read(&text, &self.name)?;
                    Change::Begin(check::fault(&scenario, what, when).map_err(|finding| fail(finding.message))?)
                }
                What::EndFault(what) => Change::End(what.clone()),
                What::Ask { broker, request } => {
                    let scenario = read::read(&text, &self.name)?;
                    let wrong = |finding: check::Finding| vec![Problem::of_file(&intervention.to_string(), finding.message, finding.help)];
                    check::request(&scenario, broker, request).map_err(wrong)?;
                    let asked = script.plan.brokers.iter().position(|it| script.plan.nodes[it.node.index()].name == *broker);
                    Change::Ask(asked.map_or(BrokerId(0), BrokerId::at), request.clone())
                }
            };
            if script.turns.last().is_some_and(|turn| turn.at > intervention.time()) {
                return Err(fail("interventions stand in order of time".to_owned()));
            }
            if intervention.time() > script.plan.duration {
                return Err(fail(format!("the run is over at {}", script.plan.duration)));
            }
            script.turns.push(Turn { at: intervention.time(), change });
        }
        Ok(script)
    }
}
