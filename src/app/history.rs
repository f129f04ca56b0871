//! Undo and redo: snapshots with the name of what was done after them. Knows nothing of what it keeps.

/// Snapshots of `T` before and after the present one.
#[derive(Debug)]
pub struct History<T> {
    past: Vec<Entry<T>>,
    future: Vec<Entry<T>>,
    bound: usize,
    depth: u64,
}

#[derive(Debug)]
struct Entry<T> {
    label: String,
    value: T,
}

impl<T> History<T> {
    /// Keeps at most `bound` steps; the oldest are forgotten first.
    pub fn new(bound: usize) -> History<T> {
        History { past: Vec::new(), future: Vec::new(), bound: bound.max(1), depth: 0 }
    }

    /// `before` was left behind by doing `label`. What had been undone can no longer be done again.
    pub fn push(&mut self, label: String, before: T) {
        self.future.clear();
        if self.past.len() == self.bound {
            self.past.remove(0);
        }
        self.past.push(Entry { label, value: before });
        self.depth += 1;
    }

    /// Takes back the last step: gives what was there before it, with its label, and keeps `present` to be done again.
    pub fn undo(&mut self, present: T) -> Option<(String, T)> {
        let Entry { label, value } = self.past.pop()?;
        self.future.push(Entry { label: label.clone(), value: present });
        self.depth -= 1;
        Some((label, value))
    }

    /// Does again what was taken back last.
    pub fn redo(&mut self, present: T) -> Option<(String, T)> {
        let Entry { label, value } = self.future.pop()?;
        self.past.push(Entry { label: label.clone(), value: present });
        self.depth += 1;
        Some((label, value))
    }

    /// How many steps lie behind the present, those that were forgotten included.
    pub fn depth(&self) -> u64 {
        self.depth
    }

    /// What [`History::undo`] would take back.
    pub fn undo_label(&self) -> Option<&str> {
        self.past.last().map(|e| e.label.as_str())
    }

    /// What [`History::redo`] would do again.
    pub fn redo_label(&self) -> Option<&str> {
        self.future.last().map(|e| e.label.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let mut history = History::new(10);
        history.push("one".into(), 0);
        history.push("two".into(), 1);
        assert_eq!(history.undo_label(), Some("two"));
        assert_eq!(history.undo(2), Some(("two".into(), 1)));
        assert_eq!(history.undo(1), Some(("one".into(), 0)));
        assert_eq!(history.undo(0), None);
        assert_eq!(history.redo_label(), Some("one"));
        assert_eq!(history.redo(0), Some(("one".into(), 1)));
        assert_eq!(history.redo(1), Some(("two".into(), 2)));
        assert_eq!(history.redo(2), None);
    }

    #[test]
    fn a_new_step_forgets_what_was_undone() {
        let mut history = History::new(10);
        history.push("one".into(), 0);
        history.undo(1);
        history.push("other".into(), 0);
        assert_eq!(history.redo_label(), None);
        assert_eq!(history.undo_label(), Some("other"));
    }

    #[test]
    fn the_oldest_steps_go_first() {
        let mut history = History::new(2);
        for step in 0..5 {
            history.push(step.to_string(), step);
        }
        assert_eq!(history.depth(), 5);
        assert_eq!(history.undo(5), Some(("4".into(), 4)));
        assert_eq!(history.depth(), 4);
        assert_eq!(history.undo(4), Some(("3".into(), 3)));
        assert_eq!(history.undo(3), None);
    }
}
