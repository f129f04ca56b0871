//! Typing where the words stand: names of nodes, titles of groups, notes.

use super::layout::Kind;
use super::notes::{change, note_rect};
use super::paint::Brush;
use super::{Canvas, CanvasInput};
use crate::app::action::Action;
use crate::app::edit::Edit;
use crate::app::inspector::broker::renamed;
use crate::app::kinds::{self, Way};
use crate::app::widgets::name_field;
use crate::scenario::document::Node;
use egui::{Key, Modifiers, Rect, TextEdit, Ui, vec2};

/// Whose words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The node of this name.
    Node(String),
    /// A broker's part.
    Part {
        /// The broker.
        broker: String,
        /// Its name now.
        part: String,
    },
    /// The title of the group at this position.
    Group(usize),
    /// The note at this position.
    Note(usize),
}

/// What is being typed.
#[derive(Clone, Debug)]
pub struct Writing {
    what: What,
    text: String,
    /// The field was shown before.
    shown: bool,
    /// Pictures in which there was nothing to write on: what is written on comes with the edit that makes it.
    missing: u8,
}

impl Canvas {
    /// Begins typing.
    pub(super) fn write(&mut self, what: What, text: String) {
        self.writing = Some(Writing { what, text, shown: false, missing: 0 });
    }

    /// The field, in place of the words.
    pub(super) fn show_writing(&mut self, ui: &mut Ui, input: &CanvasInput<'_>, actions: &mut Vec<Action>) {
        let Some(mut writing) = self.writing.take() else { return };
        let place = match &writing.what {
            What::Node(id) => self.scene.index.get(id).map(|i| self.scene.nodes[*i].rect),
            What::Part { broker, part } => {
                let node = self.scene.index.get(broker).map(|i| &self.scene.nodes[*i]);
                node.and_then(|n| n.rows.iter().find(|r| r.name == *part)).map(|r| r.rect)
            }
            What::Group(index) => {
                let frame = self.scene.frames.iter().find(|f| f.index == *index);
                frame.map(|f| f.bar(self.scene.scale))
            }
            What::Note(index) => input.scenario.notes.get(*index).map(|note| note_rect(note, self.scene.scale)),
        };
        let Some(place) = place else {
            writing.missing += 1;
            self.writing = (writing.missing < 4).then_some(writing);
            return;
        };
        let theme = input.theme;
        let screen = self.view.screen_rect(place);
        let rows = if matches!(writing.what, What::Note(_)) { writing.text.lines().count().clamp(2, 12) } else { 1 };
        let size = vec2(screen.width().max(theme.px(140.0)), theme.body * 1.4 * rows as f32 + theme.px(10.0));
        let top = match &writing.what {
            What::Node(id) => {
                let kind = self.scene.index.get(id).map_or(Kind::Consumer, |i| self.scene.nodes[*i].kind);
                Brush::new(ui.painter(), self.view, theme, self.scene.scale).name_line(kind, screen) - size.y / 2.0
            }
            What::Part { .. } => screen.center().y - size.y / 2.0,
            What::Group(_) | What::Note(_) => screen.top(),
        };
        let rect = Rect::from_min_size(egui::pos2(screen.left(), top), size);
        let wrong = self.trouble(input, &writing);
        let field = match rows {
            1 => TextEdit::singleline(&mut writing.text),
            _ => TextEdit::multiline(&mut writing.text).desired_rows(rows),
        };
        let colour = if wrong.is_some() { theme.bad } else { theme.text };
        // Before the field sees it: it would only lose the focus.
        let given_up = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape));
        let done = rows > 1 && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
        let response = ui.put(rect, field.text_color(colour).desired_width(size.x));
        let name = match &writing.what {
            What::Node(_) | What::Part { .. } => "New name",
            What::Group(_) => "Title of the group",
            What::Note(_) => "Words of the note",
        };
        name_field(&response, name);
        if !writing.shown {
            response.request_focus();
            let mut state = egui::text_edit::TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
            let whole = egui::text::CCursorRange::two(egui::text::CCursor::new(0), egui::text::CCursor::new(writing.text.chars().count()));
            state.cursor.set_char_range(Some(whole));
            state.store(ui.ctx(), response.id);
            writing.shown = true;
            self.writing = Some(writing);
            return;
        }
        if let Some(why) = &wrong {
            response.clone().show_tooltip_text(why);
        }
        if given_up {
            return;
        }
        if done || response.lost_focus() {
            if wrong.is_none() {
                actions.extend(written(input, writing));
            }
            return;
        }
        self.writing = Some(writing);
    }

    /// Why these words cannot be.
    fn trouble(&self, input: &CanvasInput<'_>, writing: &Writing) -> Option<String> {
        if let What::Part { broker, part } = &writing.what {
            let to = writing.text.trim();
            let node = &self.scene.nodes[*self.scene.index.get(broker)?];
            let taken = to != part && node.rows.iter().any(|r| r.name == to);
            return match to {
                "" => Some("It needs a name".to_owned()),
                _ if to.contains(['/', '#']) => Some("No `/` and no `#` in a name".to_owned()),
                _ => taken.then(|| format!("There is another `{to}`")),
            };
        }
        let What::Node(id) = &writing.what else { return None };
        let to = writing.text.trim().to_owned();
        let rename = Edit::Rename { from: id.clone(), to };
        rename.apply(&mut input.scenario.clone()).err()
    }
}

/// The edit that what was typed asks for.
fn written(input: &CanvasInput<'_>, writing: Writing) -> Option<Action> {
    let text = writing.text.trim().to_owned();
    match writing.what {
        What::Node(from) => (text != from).then_some(Action::Edit(Edit::Rename { from, to: text })),
        What::Part { broker, part } => {
            let node = input.scenario.nodes.iter().find(|n| n.id() == broker)?;
            let Node::Broker(found) = node else { return None };
            let ways: Vec<Way> = [Way::In, Way::Out].into_iter().filter(|way| kinds::has(&found.kind, &part, *way)).collect();
            (text != part).then(|| renamed(input.scenario, &broker, &ways, &part, &text))
        }
        What::Group(index) => {
            let same = input.scenario.groups.get(index).is_none_or(|g| g.title == text);
            (!same).then(|| change(input.scenario, "Name group", |s| s.groups[index].title = text))
        }
        What::Note(index) => {
            let same = input.scenario.notes.get(index).is_none_or(|n| n.text == text);
            let label = if text.is_empty() { "Delete note" } else { "Write note" };
            (!same).then(|| {
                change(input.scenario, label, |s| match text.is_empty() {
                    true => drop(s.notes.remove(index)),
                    false => s.notes[index].text = text,
                })
            })
        }
    }
}
