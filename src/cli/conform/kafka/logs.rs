//! What a partition's log keeps: retention, compaction, and the batches of idempotent producers.

use super::{Compared, read};
use crate::engine::kafka::Error;
use crate::engine::kafka::log::{Log, LogConfig, Record};
use crate::engine::kafka::producer::{Admission, ProducerState};
use crate::time::{Span, Time};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// When rows take place: far enough from the beginning of time for records of any age.
const NOW: Time = Time(1_000_000_000 * 1_000_000_000);

/// A record of a row.
#[derive(Clone, Debug)]
struct Entry {
    key: Option<String>,
    value: Option<String>,
    timestamp: Time,
    bytes: u64,
}

impl Record for Entry {
    type Key = String;

    fn key(&self) -> Option<String> {
        self.key.clone()
    }

    fn timestamp(&self) -> Time {
        self.timestamp
    }

    fn is_tombstone(&self) -> bool {
        self.value.is_none()
    }
}

/// A batch of one record on disk: 61 bytes of batch, and the record with its lengths, which are zig-zag varints.
fn bytes(key: Option<&str>, value: Option<&str>) -> u64 {
    let varint = |n: usize| (1..5).find(|bytes| n < 1 << (7 * bytes - 1)).unwrap_or(5);
    let field = |field: Option<&str>| field.map_or(1, |field| varint(field.len()) + field.len());
    let record = 4 + field(key) + field(value);
    (61 + varint(record) + record) as u64
}

/// Settings by Kafka's names, numbers also as text, the rest by default.
fn config(settings: &Map<String, Value>) -> Result<LogConfig, String> {
    let mut config = LogConfig::default();
    for (name, value) in settings {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let wrong = || format!("`{text}` is no value for `{name}`");
        let whole = || text.parse::<i64>().map_err(|_| wrong());
        // Negative means unlimited. What virtual time cannot hold is longer than any run.
        let span = || whole().map(|ms| u64::try_from(ms).ok().map(|ms| Span(ms.saturating_mul(1_000_000))));
        match name.as_str() {
            "cleanup.policy" => (config.delete, config.compact) = (text.contains("delete"), text.contains("compact")),
            "retention.ms" => config.retention_ms = span()?,
            "retention.bytes" => config.retention_bytes = u64::try_from(whole()?).ok(),
            "segment.bytes" => config.segment_bytes = u64::try_from(whole()?).map_err(|_| wrong())?,
            "segment.ms" => config.segment_ms = span()?.ok_or_else(wrong)?,
            "delete.retention.ms" => config.delete_retention_ms = span()?.ok_or_else(wrong)?,
            "min.compaction.lag.ms" => config.min_compaction_lag_ms = span()?.ok_or_else(wrong)?,
            "min.cleanable.dirty.ratio" => config.min_cleanable_dirty_ratio = text.parse().map_err(|_| wrong())?,
            // What producers may claim of the time of their records is not modelled: they have no clocks.
            _ if name.starts_with("message.timestamp.") => {}
            _ => return Err(format!("the model has no setting `{name}`")),
        }
    }
    Ok(config)
}

#[derive(Deserialize)]
struct Compacted {
    config: Map<String, Value>,
    phases: Vec<Phase>,
}

#[derive(Deserialize)]
struct Phase {
    #[serde(default)]
    idle_s_before: f64,
    appended: Vec<Appended>,
    segment_base_offsets_before_cleaning: Value,
    active_segment_base: Value,
    expected_log: Value,
    segment_base_offsets_after: Value,
    expected_log_start_and_end: Value,
}

#[derive(Deserialize)]
struct Appended {
    #[serde(default)]
    offset: Value,
    key: Option<String>,
    value: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Appends phase by phase and cleans until nothing is left to clean.
pub fn compaction(row: &Value) -> Result<Compared, String> {
    let row: Compacted = read(row)?;
    let mut log: Log<Entry> = Log::new(Arc::new(config(&row.config)?));
    let mut now = NOW;
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    for phase in &row.phases {
        now += Span::from_seconds(phase.idle_s_before);
        let mut answers = Vec::new();
        for record in &phase.appended {
            // A segment rolls by its records' time: so much must have passed where the row has a new one.
            let bases = phase.segment_base_offsets_before_cleaning.as_array();
            if bases.is_some_and(|bases| log.end() > 0 && bases.contains(&json!(log.end()))) {
                now = now + log.config().segment_ms + Span::from_millis(1);
            }
            let (key, value) = (record.key.clone(), record.value.clone());
            let size = bytes(key.as_deref(), value.as_deref());
            let entry = Entry { key, value, timestamp: now, bytes: size };
            answers.push(match log.accepts(&entry) {
                Ok(()) => json!({ "offset": log.append(entry, size), "error": null }),
                Err(error) => json!({ "offset": null, "error": named_in(record.error.as_deref(), error) }),
            });
        }
        log.advance_high_watermark(log.end());
        let bases = |log: &Log<Entry>| json!(log.segments().map(|segment| segment.base).collect::<Vec<_>>());
        let before = bases(&log);
        let active = log.segments().next_back().map(|segment| segment.base);
        log.apply_retention(now);
        while log.clean(now, log.high_watermark(), |entry| entry.bytes, |_| false) {}
        let left: Vec<Value> =
            log.iter().map(|(offset, entry)| json!({ "offset": offset, "key": entry.key, "value": entry.value })).collect();
        let said = |record: &Appended| json!({ "offset": record.error.is_none().then_some(&record.offset), "error": record.error });
        expected.push(json!({
            "appended": phase.appended.iter().map(said).collect::<Vec<_>>(),
            "segment_base_offsets_before_cleaning": phase.segment_base_offsets_before_cleaning,
            "active_segment_base": phase.active_segment_base,
            "expected_log": phase.expected_log,
            "segment_base_offsets_after": phase.segment_base_offsets_after,
            "expected_log_start_and_end": phase.expected_log_start_and_end,
        }));
        actual.push(json!({
            "appended": answers,
            "segment_base_offsets_before_cleaning": before,
            "active_segment_base": active,
            "expected_log": left,
            "segment_base_offsets_after": bases(&log),
            "expected_log_start_and_end": [log.start(), log.end()],
        }));
    }
    Ok(Compared { expected: json!(expected), actual: json!(actual) })
}

/// The error's name, or the row's own words for it where they contain the name.
fn named_in(words: Option<&str>, error: Error) -> String {
    words.filter(|words| words.to_uppercase().contains(error.name())).unwrap_or(error.name()).to_owned()
}

#[derive(Deserialize)]
struct Retained {
    config: Map<String, Value>,
    segments: Vec<GivenSegment>,
    records: Vec<Aged>,
    high_watermark: u64,
    expected_log_start_offset: u64,
    expected_segment_bases: Vec<u64>,
}

#[derive(Deserialize)]
struct GivenSegment {
    base_offset: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Aged {
    offset: u64,
    age_s: f64,
}

/// One check of a log whose segments and ages are given.
pub fn retention(row: &Value) -> Result<Compared, String> {
    let row: Retained = read(row)?;
    // Segments are as the row has them.
    let config = LogConfig { segment_ms: Span(u64::MAX), segment_bytes: u64::MAX, ..config(&row.config)? };
    let mut log: Log<Entry> = Log::new(Arc::new(config));
    for (at, segment) in row.segments.iter().enumerate() {
        let end = row.segments.get(at + 1).map_or(u64::MAX, |next| next.base_offset);
        let records: Vec<&Aged> = row.records.iter().filter(|record| (segment.base_offset..end).contains(&record.offset)).collect();
        if at > 0 {
            log.roll();
        }
        for (place, record) in records.iter().enumerate() {
            if record.offset != log.end() {
                return Err(format!("offset {} does not follow {}", record.offset, log.end()));
            }
            let share = segment.bytes / records.len() as u64;
            let bytes = if place == 0 { segment.bytes - share * (records.len() as u64 - 1) } else { share };
            let age = Span::from_seconds(record.age_s.abs());
            let timestamp = if record.age_s < 0.0 { NOW + age } else { Time(NOW.0.saturating_sub(age.0)) };
            log.append(Entry { key: None, value: None, timestamp, bytes }, bytes);
        }
    }
    log.advance_high_watermark(row.high_watermark);
    log.apply_retention(NOW);
    let bases: Vec<u64> = log.segments().map(|segment| segment.base).collect();
    Ok(Compared {
        expected: json!({ "log_start_offset": row.expected_log_start_offset, "segment_bases": row.expected_segment_bases }),
        actual: json!({ "log_start_offset": log.start(), "segment_bases": bases }),
    })
}

#[derive(Deserialize)]
struct Batches {
    steps: Vec<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    send: Batch,
    expected: Value,
}

#[derive(Deserialize)]
struct Batch {
    producer: u64,
    epoch: u16,
    base_sequence: u32,
    records: u32,
}

/// Batches of idempotent producers as they arrive at one partition.
pub fn idempotence(row: &Value) -> Result<Compared, String> {
    let row: Batches = read(row)?;
    let mut log: Log<Entry> = Log::new(Arc::new(LogConfig::default()));
    let mut producers: BTreeMap<u64, ProducerState> = BTreeMap::new();
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    for Sent { send, expected: answer } in &row.steps {
        let fresh = ProducerState::new(send.epoch);
        let judged = producers.get(&send.producer).unwrap_or(&fresh).admit(send.epoch, send.base_sequence, send.records);
        let (error, offset) = match judged {
            Ok(Admission::New) => {
                let offset = log.end();
                for _ in 0..send.records {
                    log.append(Entry { key: None, value: None, timestamp: NOW, bytes: 0 }, 0);
                }
                let state = producers.entry(send.producer).or_insert(fresh);
                state.appended(send.epoch, send.base_sequence, send.records, offset);
                ("NONE", Some(offset))
            }
            Ok(Admission::Duplicate(offset)) => ("NONE", Some(offset)),
            Err(error) => (error.name(), None),
        };
        expected.push(answer.clone());
        // Kafka writes "no offset" as -1.
        actual.push(json!({ "error": error, "base_offset": offset.map_or(-1, |o| o as i64), "log_end_offset": log.end() }));
    }
    Ok(Compared { expected: json!(expected), actual: json!(actual) })
}
