//! Errors and warnings with a place.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It runs, but probably not as meant.
    Warning,
    /// It cannot run.
    Error,
}

/// Something wrong in a scenario's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// The file's name as the person gave it.
    pub file: String,
    /// Line from 1; 0 if the problem has no place in the text.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// Where in the document, as in `nodes.billing.reads[0].from`; empty if unknown.
    pub path: String,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do, one sentence.
    pub help: Option<String>,
    /// The line concerned with a caret under the place; empty if the problem has no place.
    pub excerpt: String,
    /// The lint that found it, if one did: `tidemill explain` tells more of it.
    pub lint: Option<&'static str>,
}

impl Problem {
    /// A problem with the whole of a file.
    pub fn of_file(file: &str, message: impl Into<String>, help: Option<String>) -> Problem {
        Problem {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            path: String::new(),
            message: shortened(message.into()),
            help: help.map(shortened),
            excerpt: String::new(),
            lint: None,
        }
    }
}

/// Names in a file can be of any length; sentences cannot.
pub(super) fn shortened(sentence: String) -> String {
    match sentence.char_indices().nth(600) {
        Some((end, _)) => format!("{}...", &sentence[..end]),
        None => sentence,
    }
}

impl fmt::Display for Problem {
    /// As compilers show it: the message, the place, the line with a caret, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        match self.lint {
            Some(lint) => write!(f, "{severity}[{lint}]: {}", self.message)?,
            None => write!(f, "{severity}: {}", self.message)?,
        }
        let gutter = self.line.to_string().len();
        match (self.file.is_empty(), self.line) {
            (true, 0) => {}
            (false, 0) => write!(f, "\n  --> {}", self.file)?,
            (_, line) => write!(f, "\n{:gutter$}--> {}:{line}:{}", "", self.file, self.column)?,
        }
        if !self.excerpt.is_empty() {
            write!(f, "\n{}", self.excerpt)?;
        }
        match &self.help {
            Some(help) => write!(f, "\n{:gutter$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

/// Columns of a line that an excerpt shows before it is cut.
const WIDEST: usize = 110;

/// The lines of a text, to turn places into line numbers, columns and excerpts.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of `text`, in one pass.
    pub fn new(text: &'t str) -> Lines<'t> {
        let starts = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1)).collect();
        Lines { text, starts }
    }

    /// Line and column, from 1, the column in characters. An offset beyond the text counts as its end.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.boundary(offset);
        let line = self.starts.partition_point(|s| *s <= offset);
        (line, self.text[self.starts[line - 1]..offset].chars().count() + 1)
    }

    /// The byte of a line and column, both from 1.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let Some(start) = self.starts.get(line.saturating_sub(1)) else { return self.text.len() };
        self.text[*start..].char_indices().nth(column.saturating_sub(1)).map_or(self.text.len(), |(i, _)| start + i)
    }

    /// The line with `start`, and carets under it up to `end` (or the end of the line).
    pub fn excerpt(&self, start: usize, end: usize) -> String {
        let (start, end) = (self.boundary(start), self.boundary(end));
        let (number, column) = self.position(start);
        let from = self.starts[number - 1];
        let line_end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        let line = self.text[from..line_end].trim_end_matches('\r');
        // Work on the neighbourhood only: a line may be megabytes long.
        let first = column.saturating_sub(WIDEST * 2 / 3 + 1);
        let near_start = line.char_indices().nth(first).map_or(0, |(i, _)| i);
        let near: Vec<char> = line[near_start..].chars().take(WIDEST + 1).collect();
        let (cut_before, cut_after) = (first > 0, near.len() > WIDEST);
        let shown = near.iter().take(WIDEST).map(|c| if c.is_control() { ' ' } else { *c }).collect::<String>();
        let before = column - 1 - first;
        let marked = self.text[start..end.clamp(start, line_end.max(start))].chars().take(WIDEST).count();
        let carets = marked.clamp(1, (WIDEST.saturating_sub(before)).max(1));
        let lead = if cut_before { "..." } else { "" };
        let tail = if cut_after { "..." } else { "" };
        let gutter = number.to_string().len();
        format!(
            "{:gutter$} |\n{number} | {lead}{}{tail}\n{:gutter$} | {:indent$}{}",
            "",
            shown.trim_end(),
            "",
            "",
            "^".repeat(carets),
            indent = before + lead.len()
        )
    }

    /// A problem at a stretch of the text.
    pub fn problem(&self, file: &str, start: usize, end: usize, message: impl Into<String>) -> Problem {
        let (line, column) = self.position(start);
        Problem { line, column, excerpt: self.excerpt(start, end), ..Problem::of_file(file, message, None) }
    }

    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_like_a_compilers() {
        let text = "Scenario(\n\tname: \"é\", seed: -1,\r\n)";
        let lines = Lines::new(text);
        let at = text.find("-1").map_or(0, |i| i);
        let problem = Problem { help: Some("seeds are 0 or more".into()), ..lines.problem("a.ron", at, at + 2, "`-1` is no seed") };
        assert_eq!(
            problem.to_string(),
            "error: `-1` is no seed\n --> a.ron:2:19\n  |\n2 |  name: \"é\", seed: -1,\n  |                   ^^\n  = help: seeds are 0 or more"
        );
        assert_eq!(lines.offset(2, 19), at);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}HERE{}", "x".repeat(5000), "y".repeat(5000));
        let excerpt = Lines::new(&text).excerpt(5000, 5004);
        let rows: Vec<&str> = excerpt.lines().collect();
        assert!(rows[1].len() < 130 && rows[1].starts_with("1 | ...x") && rows[1].ends_with("y..."));
        assert_eq!(rows[1].find("HERE"), rows[2].find("^^^^"));
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        let lines = Lines::new("a\n");
        assert_eq!(lines.position(99), (2, 1));
        assert_eq!(lines.excerpt(2, 2), "  |\n2 | \n  | ^");
    }
}
