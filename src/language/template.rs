//! Input: what of an event a target gets. A constant, a part of the event, or a template filled from parts of it.
//!
//! As recorded from the service: a path to a string gives a JSON string with its quotes; in a template an unquoted placeholder
//! inserts JSON, one inside of quotes inserts text.

use super::json::{Fault, Json, Node, read, write_inside};
use std::collections::BTreeMap;

/// Paths an input transformer may name.
pub const MOST_PATHS: usize = 100;

/// Characters its template may have, at least one.
pub const LONGEST_TEMPLATE: usize = 8192;

/// Characters that a path or its name may have.
const LONGEST_PATH: usize = 256;

/// A way through an event: `$.detail.order.id`, and `[0]` for an element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Element(usize),
}

impl Path {
    /// Reads a path.
    pub fn read(text: &str) -> Result<Path, Fault> {
        let Some(mut rest) = text.strip_prefix('$') else {
            return Err(Fault::new(0, format!("a path begins with `$`, as in `$.detail.id`, not `{text}`")));
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            if let Some(behind) = rest.strip_prefix('[') {
                let inside = behind.split_once(']').and_then(|(index, left)| Some((index.parse::<usize>().ok()?, left)));
                let Some((index, left)) = inside else {
                    return Err(Fault::new(at, "brackets hold the number of an element; names are written with dots"));
                };
                steps.push(Step::Element(index));
                rest = left;
            } else if let Some(behind) = rest.strip_prefix('.') {
                let end = behind.find(['.', '[']).unwrap_or(behind.len());
                if end == 0 {
                    return Err(Fault::new(at, "a name is missing behind the dot"));
                }
                steps.push(Step::Name(behind[..end].to_owned()));
                rest = &behind[end..];
            } else {
                return Err(Fault::new(at, "a dot is missing here"));
            }
        }
        Ok(Path(steps))
    }

    /// What stands there in an event.
    pub fn follow<'a>(&self, event: &'a Json) -> Option<&'a Json> {
        self.0.iter().try_fold(event, |json, step| match (step, json) {
            (Step::Name(name), json) => json.get(name).map(|node| &node.json),
            (Step::Element(index), Json::List(items)) => items.get(*index).map(|node| &node.json),
            _ => None,
        })
    }
}

/// What a target gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Input {
    /// The event as it is.
    #[default]
    Event,
    /// Always this JSON text.
    Constant(String),
    /// What stands at a path.
    Path(Path),
    /// A filled template.
    Transformer(Transformer),
}

/// A template with the paths that fill it.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformer {
    pieces: Vec<Piece>,
    /// Whether the result has to be JSON; otherwise it is text in quotes.
    json: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// Copied as it is.
    Literal(String),
    /// A value, and whether it stands inside of quotes.
    Value { source: Source, quoted: bool },
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Path(Path),
    RuleArn,
    RuleName,
    IngestionTime,
    /// The event without its detail, its detail type in another spelling, stamped with the time it came in.
    Event,
    /// The event, complete.
    EventJson,
}

impl Source {
    fn predefined(name: &str) -> Option<Source> {
        Some(match name {
            "aws.events.rule-arn" => Source::RuleArn,
            "aws.events.rule-name" => Source::RuleName,
            "aws.events.event.ingestion-time" => Source::IngestionTime,
            "aws.events.event" => Source::Event,
            "aws.events.event.json" => Source::EventJson,
            _ => return None,
        })
    }
}

/// What a template can name besides the event.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The rule's ARN.
    pub rule_arn: &'a str,
    /// The rule's name.
    pub rule_name: &'a str,
    /// When the event came in, as text.
    pub ingestion_time: &'a str,
}

/// Why a target gets nothing: what the template made is not JSON. Not retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidJson;

/// What events have or lack, which decides whether a template makes JSON of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether they have any details.
    pub details: bool,
    /// Whether they name resources, as those that come on a schedule do.
    pub resources: bool,
}

impl Shape {
    /// Of events that somebody publishes with details.
    pub const DETAILED: Shape = Shape { details: true, resources: false };

    /// Of events that come on a schedule.
    pub const SCHEDULED: Shape = Shape { details: false, resources: true };

    /// Every shape.
    pub const ALL: [Shape; 4] =
        [Shape { details: false, resources: false }, Shape::DETAILED, Shape::SCHEDULED, Shape { details: true, resources: true }];
}

impl Input {
    /// Makes a target's body of an event.
    pub fn apply(&self, event: &Json, around: &Surroundings<'_>) -> Result<String, InvalidJson> {
        match self {
            Input::Event => Ok(event.to_string()),
            Input::Constant(text) => Ok(text.clone()),
            Input::Path(path) => Ok(path.follow(event).map_or_else(|| "null".to_owned(), Json::to_string)),
            Input::Transformer(transformer) => transformer.fill(event, around),
        }
    }
}

impl Transformer {
    /// Reads a template and the paths it uses. Placeholders are `<name>`, where the name is one of the paths or predefined.
    pub fn read<'a>(paths: impl IntoIterator<Item = (&'a str, &'a str)>, template: &str) -> Result<Transformer, Fault> {
        let mut named = BTreeMap::new();
        for (name, path) in paths {
            if name.to_ascii_uppercase().starts_with("AWS.") {
                return Err(Fault::new(0, format!("`{name}`: names that begin with `aws.` are the service's own")));
            }
            if name.is_empty() || name.len() > LONGEST_PATH || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) {
                return Err(Fault::new(0, format!("`{name}`: names of paths are letters, digits, `-` and `_`, at most {LONGEST_PATH}")));
            }
            if path.chars().count() > LONGEST_PATH {
                return Err(Fault::new(0, format!("path of `{name}`: a path has at most {LONGEST_PATH} characters")));
            }
            named.insert(name, Path::read(path).map_err(|fault| Fault::new(0, format!("path of `{name}`: {}", fault.reason)))?);
        }
        if named.len() > MOST_PATHS {
            return Err(Fault::new(0, format!("a transformer has at most {MOST_PATHS} paths")));
        }
        if template.is_empty() {
            return Err(Fault::new(0, "a template has at least one character"));
        }
        if template.chars().count() > LONGEST_TEMPLATE {
            return Err(Fault::new(0, format!("a template has at most {LONGEST_TEMPLATE} characters")));
        }
        let mut pieces = Vec::new();
        let (mut literal, mut quoted, mut escaped) = (String::new(), false, false);
        let mut at = 0;
        while let Some(c) = template[at..].chars().next() {
            if let Some(name) = placeholder(&template[at..]) {
                let source = Source::predefined(name).or_else(|| named.get(name).cloned().map(Source::Path));
                let Some(source) = source else {
                    return Err(Fault::new(at, format!("`<{name}>` is neither one of the paths nor predefined")));
                };
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                pieces.push(Piece::Value { source, quoted });
                at += name.len() + 2;
                escaped = false;
                continue;
            }
            quoted ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            literal.push(c);
            at += c.len_utf8();
        }
        pieces.push(Piece::Literal(literal));
        Ok(Transformer { pieces, json: !template.trim_start().starts_with('"') })
    }

    /// Whether what it makes of such events is JSON. Single details are texts and numbers here, and resources texts, which are JSON
    /// wherever they are put: so it is the template that decides, and whether there are any.
    pub fn makes_json(&self, shape: Shape) -> bool {
        let detail = if shape.details { r#"{"a":""}"# } else { "{}" };
        let resources = if shape.resources { r#"["a"]"# } else { "[]" };
        let event =
            format!(r#"{{"version":"0","id":"","detail-type":"","source":"","time":"","resources":{resources},"detail":{detail}}}"#);
        let around = Surroundings { rule_arn: "", rule_name: "", ingestion_time: "" };
        read(&event).is_ok_and(|event| self.fill(&event.json, &around).is_ok())
    }

    fn fill(&self, event: &Json, around: &Surroundings<'_>) -> Result<String, InvalidJson> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value { source, quoted } => {
                    let value = source.value(event, around);
                    match (&value, quoted) {
                        (None, true) => {}
                        (None, false) => out.push_str("\"\""),
                        (Some(Json::Text(text)), true) => write_inside(text, &mut out),
                        (Some(json), true) if !self.json => out.push_str(&json.to_string().replace('"', "")),
                        (Some(json), _) => json.write(&mut out),
                    }
                }
            }
        }
        if self.json && read(&out).is_err() { Err(InvalidJson) } else { Ok(out) }
    }
}

impl Source {
    fn value(&self, event: &Json, around: &Surroundings<'_>) -> Option<Json> {
        let text = |text: &str| Some(Json::Text(text.to_owned()));
        match self {
            Source::Path(path) => path.follow(event).cloned(),
            Source::RuleArn => text(around.rule_arn),
            Source::RuleName => text(around.rule_name),
            Source::IngestionTime => text(around.ingestion_time),
            Source::EventJson => Some(event.clone()),
            Source::Event => {
                let Json::Object(members) = event else { return Some(event.clone()) };
                let kept = members.iter().filter(|member| member.name != "detail").cloned().map(|mut member| {
                    match member.name.as_str() {
                        "detail-type" => member.name = "detailType".to_owned(),
                        "time" => member.node = Node { at: 0, json: Json::Text(around.ingestion_time.to_owned()) },
                        _ => {}
                    }
                    member
                });
                Some(Json::Object(kept.collect()))
            }
        }
    }
}

/// The name of a placeholder that a text begins with.
fn placeholder(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('<')?.split_once('>')?;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AROUND: Surroundings<'_> = Surroundings { rule_arn: "arn:rule", rule_name: "big", ingestion_time: "2026-01-01T00:00:00Z" };

    fn fill(paths: &[(&str, &str)], template: &str, event: &str) -> Result<String, InvalidJson> {
        let transformer = Transformer::read(paths.iter().copied(), template).unwrap();
        Input::Transformer(transformer).apply(&read(event).unwrap().json, &AROUND)
    }

    const PATHS: &[(&str, &str)] =
        &[("id", "$.detail.id"), ("tags", "$.detail.tags"), ("gone", "$.detail.gone"), ("n", "$.detail.tags[1]")];
    const EVENT: &str = r#"{"detail-type":"T","time":"t","detail":{"id":"a\"b","tags":["x",2]}}"#;

    #[test]
    fn quotes_decide_how_a_value_is_inserted() {
        assert_eq!(
            fill(PATHS, r#"{"a": <id>, "b": "<id>!", "c": <tags>}"#, EVENT).unwrap(),
            r#"{"a": "a\"b", "b": "a\"b!", "c": ["x",2]}"#
        );
        assert_eq!(fill(PATHS, r#""tags: <tags>, <n>""#, EVENT).unwrap(), r#""tags: [x,2], 2""#);
        assert_eq!(fill(PATHS, r#"{"a": <gone>, "b": "<gone>"}"#, EVENT).unwrap(), r#"{"a": "", "b": ""}"#);
    }

    #[test]
    fn templates_that_never_make_json_are_known() {
        const PATHS: [(&str, &str); 4] = [("a", "$.detail.a"), ("all", "$.detail"), ("about", "$.resources"), ("first", "$.resources[0]")];
        let read = |template: &str| Transformer::read(PATHS, template).unwrap();
        let makes = |template: &str| read(template).makes_json(Shape::DETAILED);
        assert!(makes(r#"{"a": <a>, "b": "x<a>", "all": <all>}"#) && makes(r#""text with <all> and <a>""#));
        assert!(!makes(r#"{"a": "<all>"}"#) && !makes(r#"{"e": "<aws.events.event.json>"}"#) && !makes("{a: <a>}") && !makes("plain <a>"));
        // An object without members has no quotes to clash with those around it, and neither has a list without elements.
        let shapes = |template: &str| Shape::ALL.map(|shape| read(template).makes_json(shape));
        assert_eq!(shapes(r#"{"a": "<all>"}"#), [true, false, true, false]);
        assert_eq!(shapes(r#"{"a": "<about>"}"#), [true, true, false, false]);
        assert_eq!(shapes(r#"{"a": <about>, "b": "<first>"}"#), [true; 4]);
    }

    #[test]
    fn json_in_quotes_of_a_json_template_is_never_delivered() {
        assert_eq!(fill(PATHS, r#"{"a": "<tags>"}"#, EVENT), Err(InvalidJson));
    }

    #[test]
    fn predefined_variables_are_filled() {
        assert_eq!(fill(&[], r#""<aws.events.rule-name> <aws.events.rule-arn>""#, EVENT).unwrap(), r#""big arn:rule""#);
        assert_eq!(fill(&[], "<aws.events.event>", EVENT).unwrap(), r#"{"detailType":"T","time":"2026-01-01T00:00:00Z"}"#);
        assert_eq!(fill(&[], "<aws.events.event.json>", EVENT).unwrap(), read(EVENT).unwrap().json.to_string());
    }

    #[test]
    fn paths_and_templates_are_checked_when_read() {
        assert!(Transformer::read([], "\"<nothing>\"").unwrap_err().reason.contains("<nothing>"));
        assert!(Transformer::read([], "\"1 < 2 and <b c> are text\"").is_ok());
        assert!(Transformer::read([("a", "detail")], "{}").unwrap_err().reason.contains("begins with `$`"));
        assert!(Transformer::read([], &"x".repeat(8_193)).is_err());
        for (path, at) in [("$..a", 1), ("$.a.", 3), ("$['a']", 1), ("$x", 1)] {
            assert_eq!(Path::read(path).unwrap_err().at, at, "{path}");
        }
    }

    #[test]
    fn names_paths_and_templates_have_the_lengths_that_the_service_takes() {
        let long = "x".repeat(LONGEST_PATH + 1);
        let path = format!("$.{}", "x".repeat(LONGEST_PATH - 2));
        assert!(Transformer::read([("total-2_a", path.as_str())], "<total-2_a>").is_ok());
        for (name, path, template) in
            [("", "$.a", "x"), ("a b", "$.a", "x"), (long.as_str(), "$.a", "x"), ("a", &format!("{path}x"), "x"), ("a", "$.a", "")]
        {
            assert!(Transformer::read([(name, path)], template).is_err(), "{name} {path} {template}");
        }
    }
}
