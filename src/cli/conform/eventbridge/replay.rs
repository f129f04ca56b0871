//! Archives and event replays. Which fact a row asks for follows from what it gives.

use super::{Compared, field, read};
use crate::engine::broker::eventbridge::archive::{Keep, Selection};
use crate::engine::broker::eventbridge::envelope::Envelope;
use crate::language::facts::Facts;
use crate::language::json::{self, Json};
use crate::language::pattern::Pattern;
use crate::time::{SECOND, Span, Time};
use serde_json::{Value, json};

fn at(seconds: u64) -> Time {
    Time(seconds * SECOND)
}

fn everything(rules: Option<Vec<String>>) -> Selection {
    Selection { from: Time::ZERO, to: Time::NEVER, rules }
}

/// An event of that source, come again by a replay or not.
fn envelope(source: &str, replay: Option<&str>) -> Envelope {
    Envelope {
        id: "1".into(),
        detail_type: "Order".into(),
        source: source.into(),
        account: "111111111111".into(),
        time: "2026-01-01T00:00:00Z".into(),
        region: "us-east-1".into(),
        replay_name: replay.map(str::to_owned),
        resources: Vec::new(),
        detail: Json::Object(Vec::new()),
    }
}

fn facts(envelope: &Envelope) -> Result<Facts, String> {
    Facts::read(&envelope.json().to_string()).map_err(|fault| fault.to_string())
}

fn pattern(value: &Value) -> Result<Pattern, String> {
    Pattern::read(&value.to_string()).map_err(|fault| fault.to_string())
}

pub(super) fn run(row: &Value) -> Result<Compared, String> {
    let given = field(row, "given")?;
    let has = |name: &str| given.get(name).is_some();
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let answer = if let Some(wanted) = given.get("rule_pattern") {
        let how = text("event").unwrap_or_default();
        let replay = how.starts_with("replayed").then(|| how.strip_prefix("replayed by ").unwrap_or("some-replay"));
        json!({"matches": pattern(wanted)?.matches(&facts(&envelope("shop", replay))?)})
    } else if has("replay") {
        extra_field(given)?
    } else if has("rule_created") {
        // Rules are those there are when the replay runs: none is left out for its age.
        let selection = everything(read(&given["FilterArns"])?);
        let reached: Vec<&str> = ["that rule"].into_iter().filter(|rule| selection.reaches(rule)).collect();
        json!({"delivered_by": reached})
    } else if has("matching_rules") {
        let selection = everything(read(&given["FilterArns"])?);
        let rules: Vec<String> = read(field(given, "matching_rules")?)?;
        json!({"delivered_by": rules.into_iter().filter(|rule| selection.reaches(rule)).collect::<Vec<_>>()})
    } else if let Some(times) = given.get("event_times") {
        let selection = Selection { from: at(read(field(given, "start")?)?), to: at(read(field(given, "end")?)?), rules: None };
        let times: Vec<u64> = read(times)?;
        json!({"replayed": times.into_iter().filter(|time| selection.takes(at(*time))).collect::<Vec<_>>()})
    } else if let Some(times) = given.get("event_times_s") {
        slices(&read::<Vec<u64>>(times)?)
    } else if has("archived_order") {
        let order: Vec<String> = read(field(given, "archived_order")?)?;
        let together = given.get("same_minute").and_then(Value::as_bool).unwrap_or(false);
        let slice = |i: usize| everything(None).slice(at(if together { i as u64 } else { i as u64 * 60 }));
        let free = (1..order.len()).all(|i| slice(i) == slice(0));
        json!({"order": if free { json!("any") } else { json!(order) }})
    } else if has("RetentionDays") {
        retention(given)?
    } else if has("archive_pattern") {
        archived(given)?
    } else {
        return Err("it asks for something unknown".to_owned());
    };
    Compared::with(row, answer)
}

/// What a replay adds to an event.
fn extra_field(given: &Value) -> Result<Value, String> {
    let name = given.get("replay").and_then(Value::as_str).ok_or("`replay` is not a text")?;
    let plain: Value = read(&serde_json::from_str(&envelope("shop", None).json().to_string()).map_err(|e| e.to_string())?)?;
    let again: Value = read(&serde_json::from_str(&envelope("shop", Some(name)).json().to_string()).map_err(|e| e.to_string())?)?;
    let members = again.as_object().into_iter().flatten();
    let extra: serde_json::Map<String, Value> =
        members.filter(|(name, value)| plain.get(name) != Some(value)).map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(json!({"extra_top_level_field": extra}))
}

/// Event times by the slice they come in.
fn slices(times: &[u64]) -> Value {
    let selection = everything(None);
    let mut slices: Vec<Vec<u64>> = Vec::new();
    let mut last = None;
    for time in times {
        let slice = Some(selection.slice(at(*time)));
        if slice != last {
            slices.push(Vec::new());
        }
        last = slice;
        if let Some(open) = slices.last_mut() {
            open.push(*time);
        }
    }
    json!({"order_constraint": slices})
}

fn retention(given: &Value) -> Result<Value, String> {
    let retention = Keep::days(read(field(given, "RetentionDays")?)?);
    let keep = Keep { pattern: None, retention };
    Ok(match given.get("event_age_days") {
        Some(days) => json!({"kept": keep.holds(Span(read::<u64>(days)? * 86_400 * SECOND))}),
        None if keep.holds(Span(u64::MAX)) => json!({"kept": "forever"}),
        None => json!({"kept": "for a time"}),
    })
}

fn archived(given: &Value) -> Result<Value, String> {
    let wanted = given.get("archive_pattern").filter(|wanted| !wanted.is_null());
    let keep = Keep { pattern: wanted.map(pattern).transpose()?, retention: None };
    if let Some(sources) = given.get("events") {
        let mut taken = Vec::new();
        for source in read::<Vec<String>>(sources)? {
            if keep.takes(&facts(&envelope(&source, None))?, false) {
                taken.push(source);
            }
        }
        return Ok(json!({"archived": taken}));
    }
    let replayed = given.get("event").and_then(Value::as_str).is_some_and(|how| how.starts_with("replayed"));
    let event = envelope("shop", replayed.then_some("some-replay"));
    json::read(&event.json().to_string()).map_err(|fault| fault.to_string())?;
    Ok(json!({"archived": keep.takes(&facts(&event)?, replayed)}))
}
