//! Branches: runs that leave another one at a moment, because something was changed there.

use super::script::Script;
use crate::record::Series;
use crate::record::faults::FaultSpan;
use crate::scenario::intervention::Intervention;
use crate::time::Time;
use std::sync::Arc;

/// A run, as far as it was ever simulated, and where it comes from.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Which; the first is 0.
    pub id: u32,
    /// Its name, given by a person or made.
    pub name: String,
    /// The branch it left, and when.
    pub parent: Option<(u32, Time)>,
    /// What decides it.
    pub script: Script,
    /// Its turns as a person made them.
    pub interventions: Vec<Intervention>,
    /// How far it was simulated.
    pub recorded: Time,
    /// The series up to there.
    pub film: Series,
    /// What went wrong up to there.
    pub faults: Vec<Arc<FaultSpan>>,
    /// The branches it goes back to, itself first, each with the time up to which it is followed and the turns taken there.
    pub lineage: Vec<(u32, Time, usize)>,
}

/// A branch as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchInfo {
    /// Which.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The branch it left, and when.
    pub parent: Option<(u32, Time)>,
    /// How far it was simulated.
    pub recorded: Time,
    /// What was changed on it, inherited changes included.
    pub interventions: Vec<Intervention>,
}

impl Branch {
    /// The first branch of a run.
    pub fn first(script: Script, interventions: Vec<Intervention>) -> Branch {
        Branch {
            id: 0,
            name: "Main".to_owned(),
            parent: None,
            script,
            interventions,
            recorded: Time::ZERO,
            film: Series::default(),
            faults: Vec::new(),
            lineage: vec![(0, Time::NEVER, usize::MAX)],
        }
    }

    /// A branch that leaves this one at `at`, where `taken` of its turns have been taken.
    pub fn fork(&self, id: u32, name: String, at: Time, taken: usize) -> Branch {
        let cut = |(branch, until, turns): &(u32, Time, usize)| (*branch, (*until).min(at), (*turns).min(taken));
        let mut lineage = vec![(id, Time::NEVER, usize::MAX)];
        lineage.extend(self.lineage.iter().map(cut));
        let script = Script { turns: self.script.turns[..taken].to_vec(), ..self.script.clone() };
        Branch {
            id,
            name,
            parent: Some((self.id, at)),
            script,
            interventions: self.interventions[..taken].to_vec(),
            recorded: at,
            film: Series::default(),
            faults: Vec::new(),
            lineage,
        }
    }

    /// As it is shown.
    pub fn info(&self) -> BranchInfo {
        BranchInfo {
            id: self.id,
            name: self.name.clone(),
            parent: self.parent,
            recorded: self.recorded,
            interventions: self.interventions.clone(),
        }
    }
}
