//! What a target gets of an event: constant, path or transformer.

use super::{Compared, field, read};
use crate::language::json;
use crate::language::template::{Input, Path, Surroundings, Transformer};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A target as the API spells it; what else it may say does not matter here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    input: Option<String>,
    input_path: Option<String>,
    input_transformer: Option<InputTransformer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InputTransformer {
    #[serde(default)]
    input_paths_map: BTreeMap<String, String>,
    input_template: String,
}

/// Rows write these for values that only a run has.
const AROUND: Surroundings<'_> = Surroundings { rule_arn: "{rule_arn}", rule_name: "{rule_name}", ingestion_time: "{ingestion_time}" };

/// The input that a target asks for; `None` if the service refuses the target.
fn input(target: &Target) -> Option<Input> {
    match (&target.input, &target.input_path, &target.input_transformer) {
        (None, None, None) => Some(Input::Event),
        (Some(text), None, None) => json::read(text).ok().map(|_| Input::Constant(text.clone())),
        (None, Some(path), None) => Path::read(path).ok().map(Input::Path),
        (None, None, Some(transformer)) => {
            let paths = transformer.input_paths_map.iter().map(|(name, path)| (name.as_str(), path.as_str()));
            Transformer::read(paths, &transformer.input_template).ok().map(Input::Transformer)
        }
        _ => None,
    }
}

pub(super) fn run(row: &Value) -> Result<Compared, String> {
    let target: Target = read(field(row, "target")?)?;
    // As text, so that the model reads it and not the command's own JSON library.
    let event = match field(row, "event")? {
        Value::String(text) => text.clone(),
        event => event.to_string(),
    };
    let event = json::read(&event).map_err(|fault| format!("`event`: {fault}"))?;
    let expected = field(row, "expected")?;
    let mut actual = Map::new();
    match input(&target) {
        None => {
            actual.insert("outcome".into(), json!("put_targets_rejected"));
            actual.insert("error".into(), json!("ValidationException"));
        }
        Some(input) => match input.apply(&event.json, &AROUND) {
            Err(_) => {
                actual.insert("outcome".into(), json!("not_delivered"));
                actual.insert("error_class".into(), json!("INVALID_JSON"));
            }
            Ok(body) => {
                actual.insert("outcome".into(), json!("delivered"));
                // In the form in which the row says it.
                let form = ["body_json", "body_text", "body_template"].into_iter().find(|form| expected.get(form).is_some());
                let form = form.unwrap_or("body_text");
                let value = if form == "body_json" { serde_json::from_str(&body).unwrap_or(json!(body)) } else { json!(body) };
                actual.insert(form.into(), value);
            }
        },
    }
    Compared::with(row, Value::Object(actual))
}
