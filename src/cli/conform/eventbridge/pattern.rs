//! Patterns against events: `match`, `no_match` or `invalid_pattern`.

use super::{Compared, field};
use crate::language::facts::Facts;
use crate::language::matcher::{Matcher, Scratch};
use crate::language::pattern::Pattern;
use serde_json::{Value, json};

pub(super) fn run(row: &Value) -> Result<Compared, String> {
    let text = field(row, "pattern")?.as_str().ok_or("`pattern` is not a text")?;
    let pattern = match Pattern::read(text) {
        Ok(pattern) => pattern,
        Err(fault) => {
            let expected = field(row, "expected")?.clone();
            // With the reason where the row expects something else.
            let refused = expected == "invalid_pattern";
            let actual = if refused { json!("invalid_pattern") } else { json!(format!("invalid_pattern: {fault}")) };
            return Ok(Compared { expected, actual });
        }
    };
    let answer = match field(row, "event")? {
        Value::Null => "valid_pattern",
        event => {
            let event = event.as_str().ok_or("`event` is neither a text nor null")?;
            let facts = Facts::read(event).map_err(|fault| format!("`event`: {fault}"))?;
            let mut found = Vec::new();
            Matcher::new([&pattern]).find(&facts, &mut Scratch::default(), &mut found);
            if found.is_empty() { "no_match" } else { "match" }
        }
    };
    Compared::with(row, json!(answer))
}
