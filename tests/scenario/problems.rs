//! What is wrong is explained: one row per mistake in `problems.txt`, each with everything that is printed about it.
//!
//! A row changes `base.ron` (`- old` becomes `+ new`) and is followed by the problems in full. Write new rows without
//! them and run with `UPDATE=1` to have them filled in; then read them as the person who made the mistake.

use std::fmt::Write as _;
use tidemill::scenario::{Files, load};

const BASE: &str = include_str!("base.ron");
const TABLE: &str = include_str!("problems.txt");

/// Files that rows may name.
struct Traces;

impl Files for Traces {
    fn read(&self, name: &str) -> Result<String, String> {
        let text = match name {
            "good.csv" => "time,event,key,total\n1,Ordered,a,10\n0.5,Ordered,,20\n",
            "other.csv" => "time,event\n1,Ordred\n",
            "late.csv" => "time\n1\n61\n62\n",
            "unnamed.csv" => "time,key\n1,a\n",
            "no-time.csv" => "when,event\n1,Ordered\n",
            "bad-time.csv" => "time\n1\n\nsoon\n",
            "negative.csv" => "time\n-1\n",
            "ragged.csv" => "time,event\n1,Ordered\n2\n",
            "twice.csv" => "time,time\n1,1\n",
            "empty.csv" => "",
            "no-rows.csv" => "time,event\n",
            _ => return Err(format!("{name}: no such file")),
        };
        Ok(text.to_owned())
    }
}

struct Row {
    title: String,
    changes: Vec<(String, String)>,
    expected: String,
}

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in TABLE.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            rows.push(Row { title: title.to_owned(), changes: Vec::new(), expected: String::new() });
            continue;
        }
        let Some(row) = rows.last_mut() else { continue };
        let unescaped = |text: &str| text.replace("\\n", "\n");
        if let Some(old) = line.strip_prefix("- ") {
            row.changes.push((unescaped(old), String::new()));
        } else if let Some(new) = line.strip_prefix("+ ").or_else(|| line.strip_prefix('+')) {
            row.changes.last_mut().unwrap().1 = unescaped(new);
        } else if !line.is_empty() || !row.expected.is_empty() {
            row.expected.push_str(line);
            row.expected.push('\n');
        }
    }
    rows
}

fn printed(row: &Row) -> String {
    let mut text = BASE.to_owned();
    for (old, new) in &row.changes {
        assert!(old == "*" || text.contains(old.as_str()), "{}: `{old}` is not in base.ron", row.title);
        text = if old == "*" { new.clone() } else { text.replacen(old.as_str(), new, 1) };
    }
    let (problems, loaded) = match load(&text, "base.ron", &Traces) {
        Ok(loaded) => (loaded.warnings, true),
        Err(problems) => (problems, false),
    };
    let errors = problems.iter().any(|p| p.severity == tidemill::scenario::Severity::Error);
    assert_eq!(loaded, !errors, "{}: an error is what keeps a scenario from loading", row.title);
    let mut printed = String::new();
    for problem in problems {
        let path = if problem.path.is_empty() { String::new() } else { format!("at {}\n", problem.path) };
        write!(printed, "{problem}\n{path}").unwrap();
    }
    printed
}

#[test]
fn every_mistake_is_explained_as_in_the_table() {
    let rows = rows();
    assert!(rows.len() >= 90, "{}", rows.len());
    if std::env::var_os("UPDATE").is_some() {
        let mut table = TABLE.split_once("## ").map_or("", |(head, _)| head).to_owned();
        for row in &rows {
            writeln!(table, "## {}", row.title).unwrap();
            for (old, new) in &row.changes {
                writeln!(table, "- {}\n+ {}", old.replace('\n', "\\n"), new.replace('\n', "\\n")).unwrap();
            }
            writeln!(table, "{}", printed(row)).unwrap();
        }
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenario/problems.txt"), table).unwrap();
        return;
    }
    for row in &rows {
        assert!(!row.expected.trim().is_empty(), "{} has no expected problem", row.title);
        assert_eq!(printed(row).trim_end(), row.expected.trim_end(), "{}", row.title);
    }
}

#[test]
fn the_base_of_the_table_has_no_problem() {
    let loaded = load(BASE, "base.ron", &Traces).unwrap();
    assert_eq!(loaded.warnings, []);
}
