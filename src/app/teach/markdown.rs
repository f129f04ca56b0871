//! Markdown on a panel: paragraphs, headings, lists, code, emphasis. What is written in it is parsed by pulldown-cmark.

use crate::app::theme::{Theme, space};
use crate::app::widgets;
use egui::text::{LayoutJob, TextFormat};
use egui::{FontId, Label, Ui};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

/// Draws a text over the width that there is.
pub fn show(ui: &mut Ui, theme: &Theme, text: &str) {
    let mut page = Page { theme, job: LayoutJob::default(), strong: 0, emphasis: 0, heading: None, block: false, lists: Vec::new() };
    ui.spacing_mut().item_spacing.y = theme.px(space::S);
    for event in Parser::new(text) {
        page.take(ui, event);
    }
    page.flush(ui);
}

/// What has been read of a text and not been drawn yet.
struct Page<'t> {
    theme: &'t Theme,
    job: LayoutJob,
    strong: u32,
    emphasis: u32,
    heading: Option<HeadingLevel>,
    block: bool,
    /// The lists around: the number of the next entry, if they are numbered; and whether its mark is still to be drawn.
    lists: Vec<(Option<u64>, bool)>,
}

impl Page<'_> {
    fn take(&mut self, ui: &mut Ui, event: Event<'_>) {
        match event {
            Event::Text(text) => self.add(&text, self.block),
            Event::Code(text) => self.add(&text, true),
            Event::InlineHtml(text) | Event::Html(text) => self.add(&text, false),
            Event::SoftBreak => self.add(" ", false),
            Event::HardBreak => self.add("\n", false),
            Event::Rule => {
                self.flush(ui);
                ui.separator();
            }
            Event::Start(tag) => self.start(ui, tag),
            Event::End(tag) => self.end(ui, tag),
            _ => {}
        }
    }

    fn start(&mut self, ui: &mut Ui, tag: Tag<'_>) {
        match tag {
            Tag::Strong => self.strong += 1,
            Tag::Emphasis => self.emphasis += 1,
            Tag::Heading { level, .. } => {
                self.flush(ui);
                self.heading = Some(level);
            }
            Tag::CodeBlock(_) => {
                self.flush(ui);
                self.block = true;
            }
            Tag::List(first) => {
                self.flush(ui);
                self.lists.push((first, false));
            }
            Tag::Item => {
                self.flush(ui);
                if let Some(list) = self.lists.last_mut() {
                    list.1 = true;
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, ui: &mut Ui, tag: TagEnd) {
        match tag {
            TagEnd::Strong => self.strong = self.strong.saturating_sub(1),
            TagEnd::Emphasis => self.emphasis = self.emphasis.saturating_sub(1),
            TagEnd::Paragraph | TagEnd::Item | TagEnd::BlockQuote(_) => self.flush(ui),
            TagEnd::Heading(_) => {
                self.flush(ui);
                self.heading = None;
            }
            TagEnd::CodeBlock => {
                self.flush(ui);
                self.block = false;
            }
            TagEnd::List(_) => {
                self.flush(ui);
                self.lists.pop();
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str, code: bool) {
        let theme = self.theme;
        let size = match self.heading {
            Some(HeadingLevel::H1 | HeadingLevel::H2) => theme.title,
            _ => theme.body,
        };
        // There is no bold face.
        let colour = if self.strong > 0 || self.heading.is_some() && !code { theme.accent } else { theme.text };
        let plain = || TextFormat::simple(FontId::proportional(size), colour);
        let format = if code { widgets::code(theme, size, theme.text) } else { plain() };
        self.job.append(text, 0.0, TextFormat { italics: self.emphasis > 0, ..format });
    }

    /// Draws what has been gathered as a paragraph of its own.
    fn flush(&mut self, ui: &mut Ui) {
        if self.job.is_empty() {
            return;
        }
        let theme = self.theme;
        let job = std::mem::take(&mut self.job);
        let depth = self.lists.len();
        let Some(list) = self.lists.last_mut() else {
            ui.add(Label::new(job).wrap());
            return;
        };
        let mark = match (std::mem::take(&mut list.1), &mut list.0) {
            (false, _) => String::new(),
            (true, None) => "•".to_owned(),
            (true, Some(number)) => {
                let mark = format!("{number}.");
                *number += 1;
                mark
            }
        };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = theme.px(space::XS);
            ui.add_space(theme.px(space::M) * (depth - 1) as f32);
            let (rect, _) = ui.allocate_exact_size(egui::vec2(theme.body * 1.3, theme.body * 1.3), egui::Sense::hover());
            ui.painter().text(rect.left_top(), egui::Align2::LEFT_TOP, mark, FontId::proportional(theme.body), theme.muted);
            ui.add(Label::new(job).wrap());
        });
    }
}
