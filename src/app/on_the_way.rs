//! Undo of what was changed while a run went on. Such a change is no edit of the scenario: it is taken back by going on where it was
//! not made, on a branch of the run, and made again by going back to the branch that has it. Here stands in which order they and
//! the edits were made, so that undo takes back the latest, whichever it was.

use crate::run::frame::Past;
use crate::scenario::intervention::{Intervention, What};

/// Changes that undo and redo know.
#[derive(Debug, Default)]
pub struct OnTheWay {
    made: Vec<Step>,
    /// All changes of the branch that was left by undo, and what it took back.
    taken_back: Vec<(Vec<Intervention>, Step)>,
}

/// What was changed in one step.
#[derive(Debug)]
struct Step {
    /// How many edits of the scenario lay behind then.
    depth: u64,
    /// Each with the number that the run counts it by.
    changes: Vec<(u64, What)>,
}

/// What becomes of undo.
#[derive(Debug, PartialEq)]
pub enum Undo {
    /// The changes that are left of those of the branch.
    Left(Vec<Intervention>),
    /// What would be taken back is not on the branch that is shown, but on this one.
    Elsewhere(String),
    /// It is on its way to the run.
    Underway,
    /// It is on no branch any more.
    Gone,
}

impl OnTheWay {
    /// These were asked for, in one step, each with the number that the run counts it by.
    pub fn note(&mut self, depth: u64, changes: Vec<(u64, What)>) {
        self.taken_back.clear();
        if !changes.is_empty() {
            self.made.push(Step { depth, changes });
        }
    }

    /// The change of this number could not be made after all.
    pub fn refused(&mut self, number: u64) {
        self.made.iter_mut().for_each(|step| step.changes.retain(|(known, _)| *known != number));
        self.made.retain(|step| !step.changes.is_empty());
    }

    /// An edit was made: what was taken back stays so, and with `all` the run that was changed is no more.
    pub fn edited(&mut self, all: bool) {
        self.taken_back.clear();
        if all {
            self.made.clear();
        }
    }

    /// What undo would take back.
    pub fn undo_label(&self, depth: u64) -> Option<String> {
        self.made.last().filter(|step| step.depth == depth).map(Step::label)
    }

    /// What redo would make again.
    pub fn redo_label(&self, depth: u64) -> Option<String> {
        self.taken_back.last().filter(|(_, step)| step.depth == depth).map(|(_, step)| step.label())
    }

    /// Takes back the latest, if the branch that is shown has it. None where the latest was an edit.
    pub fn undo(&mut self, depth: u64, past: &Past) -> Option<Undo> {
        let step = self.made.pop_if(|step| step.depth == depth)?;
        if let Some((here, from)) = past.here().and_then(|here| Some((here, step.place(&here.interventions)?))) {
            let all = &here.interventions;
            let left = [&all[..from], &all[from + step.changes.len()..]].concat();
            self.taken_back.push((all.clone(), step));
            return Some(Undo::Left(left));
        }
        let other = past.branches.iter().rev().find(|branch| step.place(&branch.interventions).is_some());
        let undo = match other {
            Some(other) => Undo::Elsewhere(other.name.clone()),
            None if step.changes.iter().any(|(number, _)| *number > past.asked) => Undo::Underway,
            None => return Some(Undo::Gone),
        };
        self.made.push(step);
        Some(undo)
    }

    /// Makes the latest again that was taken back: all changes of the branch that has it.
    pub fn redo(&mut self, depth: u64) -> Option<Vec<Intervention>> {
        let (all, step) = self.taken_back.pop_if(|(_, step)| step.depth == depth)?;
        self.made.push(step);
        Some(all)
    }
}

impl Step {
    /// Where among the changes of a branch it is; the latest place.
    fn place(&self, all: &[Intervention]) -> Option<usize> {
        let fits = |from: &usize| all[*from..].iter().zip(&self.changes).all(|(intervention, (_, what))| intervention.what == *what);
        (0..=all.len().checked_sub(self.changes.len())?).rev().find(fits)
    }

    /// In words.
    fn label(&self) -> String {
        match self.changes.as_slice() {
            [(_, first)] => first.to_string(),
            [(_, first), rest @ ..] => format!("{first} and {} more", rest.len()),
            [] => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::branches::BranchInfo;
    use crate::time::Time;
    use std::sync::Arc;

    fn change(at: u64, text: &str) -> Intervention {
        Intervention::set(Time(at), text).unwrap()
    }

    fn numbered(changes: &[&Intervention]) -> Vec<(u64, What)> {
        changes.iter().map(|change| (change.at.0, change.what.clone())).collect()
    }

    fn branch(id: u32, interventions: &[&Intervention]) -> BranchInfo {
        let interventions = interventions.iter().map(|i| (*i).clone()).collect();
        BranchInfo { id, name: format!("Branch {id}"), parent: None, recorded: Time(9), interventions }
    }

    /// A run whose only branch has these.
    fn past(interventions: &[&Intervention]) -> Past {
        Past { branches: Arc::new(vec![branch(0, interventions)]), ..Past::default() }
    }

    #[test]
    fn the_latest_is_taken_back_first_and_made_again_last() {
        let (a, b) = (change(1, "x.instances=2"), change(2, "x.threads=3"));
        let mut way = OnTheWay::default();
        way.note(0, numbered(&[&a]));
        way.note(0, numbered(&[&b]));
        assert_eq!(way.undo_label(0).as_deref(), Some("x.threads = 3"));
        assert_eq!(way.undo(0, &past(&[&a, &b])), Some(Undo::Left(vec![a.clone()])));
        assert_eq!(way.undo(0, &past(&[&a])), Some(Undo::Left(vec![])));
        assert_eq!(way.undo(0, &past(&[])), None);
        assert_eq!(way.redo(0), Some(vec![a.clone()]));
        assert_eq!(way.redo_label(0).as_deref(), Some("x.threads = 3"));
        assert_eq!(way.redo(0), Some(vec![a, b]));
        assert_eq!(way.redo(0), None);
    }

    #[test]
    fn edits_between_come_first() {
        let a = change(1, "x.instances=2");
        let mut way = OnTheWay::default();
        way.note(3, numbered(&[&a]));
        assert_eq!(way.undo_label(4), None, "an edit was made after it");
        assert_eq!(way.undo(4, &past(&[&a])), None);
        assert_eq!(way.undo(3, &past(&[&a])), Some(Undo::Left(vec![])));
        way.edited(false);
        assert_eq!(way.redo(3), None);
    }

    #[test]
    fn what_another_branch_has_is_named_and_stays_to_be_undone_there() {
        let (a, b) = (change(1, "x.instances=2"), change(1, "x.threads=2"));
        let mut way = OnTheWay::default();
        way.note(0, numbered(&[&a]));
        let branches = Arc::new(vec![branch(0, &[&b]), branch(1, &[&a])]);
        let here = |branch| Past { branches: Arc::clone(&branches), branch, ..Past::default() };
        assert_eq!(way.undo(0, &here(0)), Some(Undo::Elsewhere("Branch 1".into())));
        assert_eq!(way.undo_label(0).as_deref(), Some("x.instances = 2"));
        assert_eq!(way.undo(0, &here(1)), Some(Undo::Left(vec![])));
        way.note(0, numbered(&[&a]));
        assert_eq!(way.undo(0, &past(&[&b])), Some(Undo::Underway));
        assert_eq!(way.undo(0, &Past { asked: 1, ..past(&[&b]) }), Some(Undo::Gone));
        assert_eq!(way.undo_label(0), None, "and is not offered again");
    }

    #[test]
    fn what_was_refused_is_not_undone_and_what_was_made_with_it_is() {
        let (a, b, c) = (change(1, "x.instances=2"), change(2, "x.threads=2"), change(3, "x.threads=3"));
        let mut way = OnTheWay::default();
        way.note(0, numbered(&[&a]));
        way.note(0, numbered(&[&b, &c]));
        way.refused(3);
        way.refused(7);
        assert_eq!(way.undo_label(0).as_deref(), Some("x.threads = 2"));
        way.refused(2);
        assert_eq!(way.undo_label(0).as_deref(), Some("x.instances = 2"));
    }
}
