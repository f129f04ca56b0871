//! Where consumers read: resets, seeks, timestamps, lag, and what transactions hide.

use super::{Compared, read};
use crate::engine::kafka::Error;
use crate::engine::kafka::log::{Log, LogConfig, Record};
use crate::engine::kafka::offsets::{AutoOffsetReset, Range, Seek};
use crate::engine::kafka::transactions::{Outcome, Transactions};
use crate::time::{Span, Time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Deserialize)]
struct Row {
    rule: String,
    given: Given,
    expected: Value,
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    log_start: u64,
    log_end: Option<u64>,
    policy: Option<String>,
    committed: Option<u64>,
    seek: Option<Value>,
    record_timestamps: Option<Vec<i64>>,
    query: Option<i64>,
    high_watermark: Option<u64>,
    last_stable_offset: Option<u64>,
    isolation: Option<String>,
    #[serde(default)]
    steps: Vec<String>,
}

/// Runs a row by its rule.
pub fn offsets(row: &Value) -> Result<Compared, String> {
    let Row { rule, given, expected } = read(row)?;
    let actual = match rule.as_str() {
        "auto-offset-reset" => position(given.range()?.position(given.committed, given.policy()?, |_| None), &given, &expected)?,
        "seek" => position(given.range()?.seek(given.seek()?, given.policy()?), &given, &expected)?,
        "offset-for-timestamp" => for_timestamp(&given, &expected)?,
        "lag" => json!({ "lag": given.range()?.lag(given.committed) }),
        "transactions-and-lag" => transactions(&given.steps)?,
        other => return Err(format!("unknown rule `{other}`")),
    };
    Ok(Compared { expected, actual })
}

impl Given {
    fn policy(&self) -> Result<AutoOffsetReset, String> {
        match self.policy.as_deref() {
            None | Some("latest") => Ok(AutoOffsetReset::Latest),
            Some("earliest") => Ok(AutoOffsetReset::Earliest),
            Some("none") => Ok(AutoOffsetReset::None),
            Some(other) => Err(format!("unknown policy `{other}`")),
        }
    }

    fn range(&self) -> Result<Range, String> {
        let visible = match (self.isolation.as_deref(), self.last_stable_offset) {
            (Some("read_committed"), Some(stable)) => Some(stable),
            _ => self.high_watermark,
        };
        let end = visible.or(self.log_end).ok_or("neither `log_end` nor `high_watermark` is given")?;
        Ok(Range { start: self.log_start, end })
    }

    fn seek(&self) -> Result<Seek, String> {
        match &self.seek {
            Some(Value::String(place)) if place == "beginning" => Ok(Seek::Beginning),
            Some(Value::String(place)) if place == "end" => Ok(Seek::End),
            Some(Value::Number(offset)) => offset.as_u64().map(Seek::Offset).ok_or_else(|| format!("`{offset}` is no offset")),
            other => Err(format!("unknown seek {other:?}")),
        }
    }
}

/// A position in the words of the rows: the first offset read, or that nothing is there to read yet.
fn position(found: Result<u64, Error>, given: &Given, expected: &Value) -> Result<Value, String> {
    Ok(match found {
        Ok(offset) if offset == given.range()?.end => json!({ "at_end": offset }),
        Ok(offset) => json!({ "first_offset_read": offset }),
        // Clients word it differently; that there is an error is the rule.
        Err(error) => json!({ "error": expected.get("error").filter(|words| words.is_string()).cloned().unwrap_or(json!(error.name())) }),
    })
}

/// A record that is nothing but its timestamp.
#[derive(Clone)]
struct Stamped(Time);

impl Record for Stamped {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }

    fn timestamp(&self) -> Time {
        self.0
    }

    fn is_tombstone(&self) -> bool {
        false
    }
}

fn for_timestamp(given: &Given, expected: &Value) -> Result<Value, String> {
    let stamps = given.record_timestamps.as_deref().ok_or("`record_timestamps` is missing")?;
    let query = given.query.ok_or("`query` is missing")?;
    // Virtual time has no past before its beginning; only differences matter.
    let least = stamps.iter().copied().chain([query]).min().unwrap_or(0);
    let time = |ms: i64| Time::ZERO + Span::from_millis(ms.abs_diff(least));
    let mut log = Log::new(Arc::new(LogConfig::default()));
    for stamp in stamps {
        log.append(Stamped(time(*stamp)), 1);
    }
    Ok(match log.offset_for(time(query)) {
        Some(offset) => json!({ "offset": offset }),
        // "No such offset": null, or -1 as the protocol has it.
        None => match expected.get("offset") {
            Some(word) if *word == json!(-1) => json!({ "offset": -1 }),
            _ => json!({ "offset": null }),
        },
    })
}

/// A record of which only its place matters.
#[derive(Clone)]
struct Plain;

impl Record for Plain {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }

    fn timestamp(&self) -> Time {
        Time::ZERO
    }

    fn is_tombstone(&self) -> bool {
        false
    }
}

/// Steps like `txn of 2 committed`, `txn of 1 aborted`, `txn of 2 still open`, `1 plain record`; and, of the transaction that has been open
/// longest, `the open txn commits`, `open transaction aborted`.
fn transactions(steps: &[String]) -> Result<Value, String> {
    let mut log = Log::new(Arc::new(LogConfig::default()));
    let mut model = Transactions::default();
    let mut open: VecDeque<u64> = VecDeque::new();
    for (producer, step) in (0..).zip(steps) {
        let words: Vec<&str> = step.split_whitespace().collect();
        let outcome = match () {
            () if step.contains("commit") => Some(Outcome::Committed),
            () if step.contains("abort") => Some(Outcome::Aborted),
            () if step.contains("open") || step.contains("plain") => None,
            () => return Err(format!("step `{step}` is not understood")),
        };
        let count = words.iter().find_map(|word| word.parse::<u64>().ok());
        if let Some(outcome) = outcome
            && (count.is_none() || step.contains("open"))
            && let Some(oldest) = open.pop_front()
        {
            log.append_marker();
            model.ended(oldest, outcome);
            log.advance_high_watermark(log.end());
            continue;
        }
        let count = count.ok_or_else(|| format!("no count in step `{step}`"))?;
        let transactional = words.contains(&"txn") || words.contains(&"transaction");
        for _ in 0..count {
            let offset = log.append(Plain, 1);
            if transactional {
                model.appended(producer, offset, offset + 1);
            }
        }
        match outcome {
            Some(outcome) => {
                log.append_marker();
                model.ended(producer, outcome);
            }
            None if transactional => open.push_back(producer),
            None => {}
        }
        log.advance_high_watermark(log.end());
    }
    let stable = model.last_stable_offset(log.high_watermark());
    let committed = |(offset, _): &(u64, &Plain)| *offset < stable && !model.is_aborted(*offset);
    Ok(json!({
        "high_watermark": log.high_watermark(),
        "read_committed_offsets": log.iter().filter(committed).map(|(offset, _)| offset).collect::<Vec<_>>(),
        "read_uncommitted_offsets": log.iter().map(|(offset, _)| offset).collect::<Vec<_>>(),
        "end_offset_seen_by_read_committed": stable,
    }))
}
