//! Where plans come from: a scenario's text and the files it names, so that a change on the way can be planned as well.

use super::script::{Script, Turn};
use crate::scenario::intervention::{Intervention, What};
use crate::scenario::{Files, Problem, read, set};
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

impl Source {
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
            let What::Set { path, value } = &intervention.what;
            text = set(&text, &format!("{path}={value}"))?;
            let plan = Arc::new(read::load(&text, &self.name, &*self.files)?.plan);
            script.plan.adoptable(&plan).map_err(fail)?;
            if script.turns.last().is_some_and(|turn| turn.at > intervention.time()) {
                return Err(fail("interventions stand in order of time".to_owned()));
            }
            if intervention.time() > script.plan.duration {
                return Err(fail(format!("the run is over at {}", script.plan.duration)));
            }
            script.turns.push(Turn { at: intervention.time(), plan });
        }
        Ok(script)
    }
}
