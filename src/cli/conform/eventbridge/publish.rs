//! PutEvents and the size of its entries.

use super::{Compared, field, read};
use crate::engine::broker::eventbridge::put_events::{Entry, answer};
use serde::Deserialize;
use serde_json::{Value, json};

/// An entry as the API spells it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    time: Option<Value>,
    #[serde(default)]
    resources: Vec<String>,
}

impl Given {
    fn entry(&self) -> Entry<'_> {
        Entry {
            source: self.source.as_deref(),
            detail_type: self.detail_type.as_deref(),
            detail: self.detail.as_deref(),
            timed: self.time.is_some(),
            resources: self.resources.iter().map(|name| name.len() as u64).sum(),
        }
    }

    /// Makes the detail as long as the row wants it, by repeating the last character of the text in it.
    fn pad(&mut self, bytes: usize) {
        if let Some(detail) = &mut self.detail
            && let (Some(at), missing) = (detail.rfind('"'), bytes.saturating_sub(detail.len()))
        {
            detail.insert_str(at, &"x".repeat(missing));
        }
    }
}

pub(super) fn put_events(row: &Value) -> Result<Compared, String> {
    let mut given: Vec<Given> = read(field(row, "entries")?)?;
    if let Some(bytes) = row.get("repeat_detail_to_bytes").and_then(Value::as_u64) {
        given.iter_mut().for_each(|entry| entry.pad(bytes as usize));
    }
    let entries: Vec<Entry<'_>> = given.iter().map(Given::entry).collect();
    let actual = match answer(&entries) {
        Err(_) => json!({"http": 400, "error": "ValidationException"}),
        Ok(results) => json!({
            "http": 200,
            "failed_entry_count": results.iter().filter(|result| result.is_err()).count(),
            "entry_results": results.iter().map(|result| result.map_or_else(|error| error.code(), |()| "event_id")).collect::<Vec<_>>(),
        }),
    };
    Compared::with(row, actual)
}

pub(super) fn entry_size(row: &Value) -> Result<Compared, String> {
    let given: Given = read(field(row, "entry")?)?;
    Ok(Compared { expected: field(row, "expected_bytes")?.clone(), actual: json!(given.entry().size()) })
}
