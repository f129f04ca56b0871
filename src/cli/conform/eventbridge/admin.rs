//! What administration refuses, and what follows from a failed delivery.

use super::{Compared, field, read};
use crate::engine::broker::eventbridge::delivery::{DeliveryError, Next, RetryPolicy};
use crate::engine::broker::eventbridge::limits::{self, Refusal, StartReplay};
use crate::time::Span;
use serde::Deserialize;
use serde_json::{Value, json};

/// The answer to a request: which one it is follows from what it names.
pub(super) fn limit(row: &Value) -> Result<Compared, String> {
    let request = field(row, "request")?;
    let number = |name: &str| request.get(name).and_then(Value::as_i64);
    let size = |name: &str| number(name).and_then(|n| usize::try_from(n).ok());
    let yes = |name: &str, otherwise: bool| request.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let mut fine = "accepted";
    let answer = if let Some(op) = request.get("op").and_then(Value::as_str) {
        match op {
            "StartReplay" => limits::start_replay(&StartReplay {
                archive_exists: yes("archive_exists", true),
                own_bus: request.get("destination").is_none_or(|to| to == "own bus"),
                length: number("end_minus_start_s").unwrap_or(3_600),
                name_taken: yes("name_in_use", false),
                active: size("active_replays").unwrap_or(0),
            }),
            "DeleteRule" => limits::delete_rule(size("targets").unwrap_or(0)),
            // Putting a rule again changes its pattern and leaves its targets alone, however many there are.
            op if op.starts_with("PutRule") => {
                if size("targets").is_some() {
                    fine = "accepted; targets kept";
                }
                Ok(())
            }
            other => return Err(format!("unknown operation `{other}`")),
        }
    } else if let Some(added) = size("add") {
        limits::put_targets(size("existing_targets").unwrap_or(0), added, yes("same_id_as_existing", false))
    } else if let Some(id) = request.get("target_id").and_then(Value::as_str) {
        limits::target_id(id)
    } else if request.get("InputPathsMap_entries").is_some() || request.get("InputTemplate_length").is_some() {
        limits::transformer(size("InputPathsMap_entries").unwrap_or(0), size("InputTemplate_length").unwrap_or(0))
    } else if request.get("MaximumEventAgeInSeconds").is_some() || request.get("MaximumRetryAttempts").is_some() {
        limits::retry_policy(number("MaximumEventAgeInSeconds"), number("MaximumRetryAttempts"))
    } else {
        return Err("a request of an unknown kind".to_owned());
    };
    Compared::with(row, json!(answer.map_or_else(Refusal::name, |()| fine)))
}

#[derive(Deserialize)]
struct Failure {
    error: String,
    retries_done: u32,
    event_age_s: f64,
    policy: Policy,
    dlq: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    maximum_event_age_in_seconds: Option<u64>,
    maximum_retry_attempts: Option<u32>,
}

pub(super) fn delivery(row: &Value) -> Result<Compared, String> {
    let failure: Failure = read(field(row, "given")?)?;
    let error = match failure.error.as_str() {
        "target_unavailable" => DeliveryError::Unavailable,
        code => DeliveryError::ALL.into_iter().find(|e| e.code() == code).ok_or_else(|| format!("unknown error `{code}`"))?,
    };
    let usual = RetryPolicy::default();
    let policy = RetryPolicy {
        max_age: failure.policy.maximum_event_age_in_seconds.map_or(usual.max_age, |s| Span::from_seconds(s as f64)),
        attempts: failure.policy.maximum_retry_attempts.unwrap_or(usual.attempts),
    };
    let answer = match policy.next(error, failure.retries_done, Span::from_seconds(failure.event_age_s)) {
        Next::Retry => "retry_later",
        Next::GiveUp(_) if failure.dlq => "dlq",
        Next::GiveUp(_) => "dropped",
    };
    Compared::with(row, json!(answer))
}
