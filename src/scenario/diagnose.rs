//! From what a parser stumbled over to what a person can do about it.

use super::locate::{Broken, DEEPEST, LONGEST, Tree};
use super::problem::{Lines, Problem};

/// The problem of a text whose brackets, quotes or comments do not fit together.
pub(super) fn broken(text: &str, file: &str, broken: &Broken) -> Problem {
    let lines = Lines::new(text);
    let at = |offset: u32, message: String, help: &str| {
        let problem = lines.problem(file, offset as usize, offset as usize + 1, message);
        Problem { help: Some(help.to_owned()).filter(|h| !h.is_empty()), ..problem }
    };
    let bracket = |offset: u32| text.get(offset as usize..offset as usize + 1).unwrap_or("(");
    match *broken {
        Broken::Unclosed(open, None) => {
            let close = closing(bracket(open));
            at(open, format!("this `{}` is never closed", bracket(open)), &format!("a `{close}` is missing somewhere behind it"))
        }
        Broken::Unclosed(open, Some(wrong)) => {
            let (line, column) = lines.position(wrong as usize);
            let close = closing(bracket(open));
            let message =
                format!("this `{}` is not closed: a `{}` comes first, in line {line}, column {column}", bracket(open), bracket(wrong));
            at(open, message, &format!("a `{close}` is missing before it"))
        }
        Broken::Unopened(close) => at(
            close,
            format!("nothing was opened that this `{}` could close", bracket(close)),
            "remove it, or look for what closed too early above it",
        ),
        Broken::Text(quote) => at(quote, "the text that begins here has no closing quote".to_owned(), "write `\"` at its end"),
        Broken::Comment(start) => {
            at(start, "the comment that begins here never ends".to_owned(), "write `*/` at its end; comments may contain comments")
        }
        Broken::Deep(open) => at(open, format!("nested more than {DEEPEST} deep"), "a scenario needs about ten levels"),
        Broken::Trailing(start) => {
            at(start, "the scenario ended before this".to_owned(), "a file holds one `Scenario(...)` and nothing behind it")
        }
        Broken::Empty => Problem {
            help: Some("a scenario begins with `Scenario(format: 1, ...`".to_owned()),
            ..Problem::of_file(file, "the file is empty", None)
        },
        Broken::Long => Problem::of_file(file, format!("the file is longer than {} MiB", LONGEST >> 20), None),
    }
}

fn closing(open: &str) -> char {
    match open {
        "(" => ')',
        "[" => ']',
        _ => '}',
    }
}

/// What is wrong where `ron` stopped.
pub(super) fn diagnose(tree: &Tree<'_>, file: &str, error: &ron::error::SpannedError) -> Vec<Problem> {
    let lines = Lines::new(tree.text);
    let offset = lines.offset(error.span.end.line, error.span.end.col);
    let path = tree.path(tree.around(offset));
    vec![Problem { path, ..lines.problem(file, offset, offset + 1, error.code.to_string()) }]
}
