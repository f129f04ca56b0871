//! What is being typed counts: whatever saves or leaves what is open waits for the field that has the keyboard. Fields change the
//! scenario only once they have lost it, so it is taken from them at the start of a picture, and what waited is done at its end.

use super::action::Action;
use egui::{Context, Id};

/// Actions that wait for a field.
#[derive(Default)]
pub struct Typing {
    field: Option<Id>,
    waiting: Vec<Action>,
}

impl Typing {
    /// A picture begins: the field that is waited for gives what was typed in it.
    pub fn begin(&mut self, ctx: &Context) {
        self.field = if self.waiting.is_empty() { None } else { ctx.memory(|memory| memory.focused()) };
        if let Some(field) = self.field {
            ctx.memory_mut(|memory| memory.surrender_focus(field));
        }
    }

    /// Whether something waits in this picture.
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What is to be done at the end of a picture: what waited, after what the fields had to say. `typing` is whether a field had the
    /// keyboard: what saves or leaves then waits for the next picture.
    pub fn sort(&mut self, actions: Vec<Action>, typing: bool) -> Vec<Action> {
        let waited = std::mem::take(&mut self.waiting);
        let (wait, mut now): (Vec<_>, Vec<_>) = actions.into_iter().partition(|action| typing && action.saves_or_leaves());
        self.waiting = wait;
        now.extend(waited);
        now
    }

    /// Typing goes on where it was interrupted.
    pub fn go_on(&mut self, ctx: &Context) {
        if let Some(field) = self.field.take() {
            ctx.memory_mut(|memory| memory.request_focus(field));
        }
    }
}
