//! Undo of what was changed while a run went on. Such a change is no edit of the scenario: it is taken back by going on where it was
//! not made, on a branch of the run, and made again by going back to the branch that has it. Here stands in which order they and
//! the edits were made, so that undo takes back the latest, whichever it was.

use crate::run::branches::BranchInfo;
use crate::scenario::intervention::{Intervention, What};

/// Changes that undo and redo know.
#[derive(Debug, Default)]
pub struct OnTheWay {
    /// What was made in one step, and how many edits of the scenario lay behind then.
    made: Vec<(u64, Vec<What>)>,
    /// All changes of the branch that was left by undo, with the same number, and what it took back.
    taken_back: Vec<(u64, Vec<Intervention>, Vec<What>)>,
}

impl OnTheWay {
    /// These were asked for, in one step.
    pub fn note(&mut self, depth: u64, made: Vec<What>) {
        self.taken_back.clear();
        self.made.push((depth, made));
    }

    /// The latest could not be made after all.
    pub fn refused(&mut self) {
        self.made.pop();
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
        self.made.last().filter(|(at, _)| *at == depth).map(|(_, what)| label(what))
    }

    /// What redo would make again.
    pub fn redo_label(&self, depth: u64) -> Option<String> {
        self.taken_back.last().filter(|(at, ..)| *at == depth).map(|(.., what)| label(what))
    }

    /// Takes back the latest: the changes that are left of those of the branch. Nothing if they are not on this branch.
    pub fn undo(&mut self, depth: u64, branch: &BranchInfo) -> Option<Vec<Intervention>> {
        let (at, what) = self.made.pop_if(|(at, _)| *at == depth)?;
        let all = &branch.interventions;
        let fits = |from: &usize| all[*from..].iter().zip(&what).filter(|(i, w)| i.what == **w).count() == what.len();
        let from = (0..=all.len().checked_sub(what.len())?).rev().find(fits)?;
        let left = [&all[..from], &all[from + what.len()..]].concat();
        self.taken_back.push((at, all.clone(), what));
        Some(left)
    }

    /// Makes the latest again that was taken back: all changes of the branch that has it.
    pub fn redo(&mut self, depth: u64) -> Option<Vec<Intervention>> {
        let (at, all, what) = self.taken_back.pop_if(|(at, ..)| *at == depth)?;
        self.made.push((at, what));
        Some(all)
    }
}

/// In words.
fn label(what: &[What]) -> String {
    match what {
        [first] => first.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn change(at: u64, text: &str) -> Intervention {
        Intervention::set(Time(at), text).unwrap()
    }

    fn branch(interventions: &[Intervention]) -> BranchInfo {
        BranchInfo { id: 0, name: "Main".into(), parent: None, recorded: Time(9), interventions: interventions.to_vec() }
    }

    #[test]
    fn the_latest_is_taken_back_first_and_made_again_last() {
        let (a, b) = (change(1, "x.instances=2"), change(2, "x.threads=3"));
        let mut way = OnTheWay::default();
        way.note(0, vec![a.what.clone()]);
        way.note(0, vec![b.what.clone()]);
        assert_eq!(way.undo_label(0).as_deref(), Some("x.threads = 3"));
        assert_eq!(way.undo(0, &branch(&[a.clone(), b.clone()])), Some(vec![a.clone()]));
        assert_eq!(way.undo(0, &branch(std::slice::from_ref(&a))), Some(vec![]));
        assert_eq!(way.undo(0, &branch(&[])), None);
        assert_eq!(way.redo(0), Some(vec![a.clone()]));
        assert_eq!(way.redo_label(0).as_deref(), Some("x.threads = 3"));
        assert_eq!(way.redo(0), Some(vec![a, b]));
        assert_eq!(way.redo(0), None);
    }

    #[test]
    fn edits_between_come_first() {
        let a = change(1, "x.instances=2");
        let mut way = OnTheWay::default();
        way.note(3, vec![a.what.clone()]);
        assert_eq!(way.undo_label(4), None, "an edit was made after it");
        assert_eq!(way.undo(4, &branch(std::slice::from_ref(&a))), None);
        assert_eq!(way.undo(3, &branch(std::slice::from_ref(&a))), Some(vec![]));
        way.edited(false);
        assert_eq!(way.redo(3), None);
    }

    #[test]
    fn what_another_branch_has_is_left_alone() {
        let mut way = OnTheWay::default();
        way.note(0, vec![change(1, "x.instances=2").what]);
        assert_eq!(way.undo(0, &branch(&[change(1, "x.threads=2")])), None);
    }
}
