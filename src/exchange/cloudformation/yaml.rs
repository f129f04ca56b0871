//! Templates in YAML: to JSON values with the short forms of functions (`!Ref`, `!Sub`) spelled out and the lines kept, and back.
//!
//! What CloudFormation does not read (aliases, merged keys, tags of its own making) is refused. Plain words become booleans and
//! numbers as YAML 1.1 has it, which is what CloudFormation reads.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How deep lists and mappings may stand in each other.
const DEEPEST: usize = 100;

/// Functions whose short form has no `Fn::` in its long one.
const PLAIN: &[&str] = &["Ref", "Condition"];

/// A template with the line of everything in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Read {
    /// What it says.
    pub value: Value,
    /// Lines by JSON pointer, both from 1; empty for a template in JSON.
    pub lines: BTreeMap<String, usize>,
    /// What may be read otherwise than it was meant, one sentence each.
    pub notes: Vec<String>,
}

/// Something that is not finished.
enum Open {
    List { items: Vec<Value>, function: Option<String>, path: String },
    Mapping { members: Map<String, Value>, key: Option<String>, function: Option<String>, path: String },
}

/// Reads a template; what is wrong comes with line and column.
pub(super) fn read(text: &str) -> Result<Read, String> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|wrong| {
            let place = wrong.marker();
            format!("line {}, column {}: not YAML: {}", place.line(), place.col() + 1, wrong.info())
        })?;
        reader.take(event, span).map_err(|why| format!("line {}, column {}: {why}", span.start.line(), span.start.col() + 1))?;
    }
    let value = reader.done.ok_or("there is nothing in it")?;
    Ok(Read { value, lines: reader.lines, notes: reader.notes })
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    done: Option<Value>,
    lines: BTreeMap<String, usize>,
    notes: Vec<String>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.done.is_some() => Err("a second document begins here: a template is one".to_owned()),
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(_) => Err("an alias: CloudFormation knows none, so write out what it stands for".to_owned()),
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), span),
            Event::SequenceStart(_, tag) => {
                self.begin(tag.as_deref(), span, |function, path| Open::List { items: Vec::new(), function, path })
            }
            Event::MappingStart(_, tag) => {
                self.begin(tag.as_deref(), span, |function, path| Open::Mapping { members: Map::new(), key: None, function, path })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { items, function, .. }) => self.put(spelled_out(function, Value::Array(items))),
                Some(Open::Mapping { members, function, .. }) => self.put(spelled_out(function, Value::Object(members))),
                None => Ok(()),
            },
        }
    }

    /// The pointer of what comes next.
    fn next(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(Open::List { items, path, .. }) => format!("{path}/{}", items.len()),
            Some(Open::Mapping { key, path, .. }) => format!("{path}/{}", pointed(key.as_deref().unwrap_or_default())),
        }
    }

    fn begin(&mut self, tag: Option<&Tag>, span: Span, open: impl Fn(Option<String>, String) -> Open) -> Result<(), String> {
        if self.open.len() >= DEEPEST {
            return Err(format!("lists and mappings stand more than {DEEPEST} deep in each other"));
        }
        if matches!(self.open.last(), Some(Open::Mapping { key: None, .. })) {
            return Err("a list or mapping cannot be the name of a field".to_owned());
        }
        let path = self.next();
        self.lines.insert(path.clone(), span.start.line());
        let function = function(tag)?;
        self.open.push(open(function, path));
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<(), String> {
        if let Some(Open::Mapping { members, key: key @ None, .. }) = self.open.last_mut() {
            if text == "<<" && style == ScalarStyle::Plain {
                return Err("a merged mapping (`<<`): CloudFormation knows none".to_owned());
            }
            if members.contains_key(text) {
                return Err(format!("`{text}` stands here a second time"));
            }
            *key = Some(text.to_owned());
            return Ok(());
        }
        self.lines.insert(self.next(), span.start.line());
        let text_is_meant = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        let value = if text_is_meant { json!(text) } else { self.plain(text, span) };
        let function = function(tag)?;
        // What a function is given is a name or a text, whatever it looks like.
        let value = if function.is_some() { json!(text) } else { value };
        self.put(spelled_out(function, value))
    }

    /// What a word without quotes is.
    fn plain(&mut self, text: &str, span: Span) -> Value {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => json!(true),
            "false" | "False" | "FALSE" => json!(false),
            "yes" | "Yes" | "YES" | "on" | "On" | "ON" => self.boolean(text, true, span),
            "no" | "No" | "NO" | "off" | "Off" | "OFF" => self.boolean(text, false, span),
            _ => serde_json::from_str::<serde_json::Number>(text).map_or_else(|_| json!(text), Value::Number),
        }
    }

    fn boolean(&mut self, text: &str, value: bool, span: Span) -> Value {
        let line = span.start.line();
        self.notes.push(format!("line {line}: `{text}` without quotes is {value} in YAML; should it be a text, quote it"));
        json!(value)
    }

    fn put(&mut self, value: Value) -> Result<(), String> {
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::List { items, .. }) => items.push(value),
            Some(Open::Mapping { members, key, .. }) => {
                members.insert(key.take().unwrap_or_default(), value);
            }
        }
        Ok(())
    }
}

/// A name as it stands in a JSON pointer.
fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The function that a tag is the short form of: its long name.
fn function(tag: Option<&Tag>) -> Result<Option<String>, String> {
    let Some(tag) = tag else { return Ok(None) };
    match tag.handle.as_str() {
        "!" if PLAIN.contains(&tag.suffix.as_str()) => Ok(Some(tag.suffix.clone())),
        "!" if tag.suffix.chars().all(|c| c.is_ascii_alphanumeric()) && !tag.suffix.is_empty() => Ok(Some(format!("Fn::{}", tag.suffix))),
        _ if tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "str" | "int" | "float" | "bool" | "null" | "seq" | "map") => {
            Ok(None)
        }
        _ => Err(format!("the tag `{tag}` is none of CloudFormation's")),
    }
}

fn spelled_out(function: Option<String>, value: Value) -> Value {
    let Some(function) = function else { return value };
    let value = match value {
        // The short form has a dot where the long one has a list.
        Value::String(text) if function == "Fn::GetAtt" => match text.split_once('.') {
            Some((resource, attribute)) => json!([resource, attribute]),
            None => Value::String(text),
        },
        value => value,
    };
    let mut members = Map::new();
    members.insert(function, value);
    Value::Object(members)
}

/// Writes a value as YAML, functions in their short forms.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(members) => mapping(members, 0, &mut out),
        other => out = scalar(other) + "\n",
    }
    out
}

fn mapping(members: &Map<String, Value>, indent: usize, out: &mut String) {
    for (name, value) in members {
        out.push_str(&"  ".repeat(indent));
        out.push_str(&word(name));
        out.push(':');
        nested(value, indent, out);
    }
}

/// What stands behind a name and its colon.
fn nested(value: &Value, indent: usize, out: &mut String) {
    if let Some(short) = short(value) {
        return out.push_str(&format!(" {short}\n"));
    }
    match value {
        Value::Object(members) if !members.is_empty() => {
            out.push('\n');
            mapping(members, indent + 1, out);
        }
        Value::Array(items) if !items.is_empty() => {
            if items.iter().all(|item| short(item).is_none() && !item.is_object() && !item.is_array()) {
                // Values side by side, as patterns are mostly written.
                let words: Vec<String> = items.iter().map(scalar).collect();
                return out.push_str(&format!(" [{}]\n", words.join(", ")));
            }
            out.push('\n');
            items.iter().for_each(|item| element(item, indent + 1, out));
        }
        other => out.push_str(&format!(" {}\n", scalar(other))),
    }
}

fn element(item: &Value, indent: usize, out: &mut String) {
    let lead = "  ".repeat(indent);
    match item {
        item if short(item).is_some() => out.push_str(&format!("{lead}- {}\n", short(item).unwrap_or_default())),
        Value::Object(members) if !members.is_empty() => {
            // The first member stands behind the dash, the others below it.
            let mut inner = String::new();
            mapping(members, indent + 1, &mut inner);
            out.push_str(&format!("{lead}- {}", inner.trim_start()));
        }
        Value::Array(items) if !items.is_empty() => {
            let words: Vec<String> = items.iter().map(Value::to_string).collect();
            out.push_str(&format!("{lead}- [{}]\n", words.join(", ")));
        }
        other => out.push_str(&format!("{lead}- {}\n", scalar(other))),
    }
}

/// The short form of a function, if the value is one that has any.
fn short(value: &Value) -> Option<String> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    match members.iter().next()? {
        (name, Value::String(text)) if name == "Ref" => Some(format!("!Ref {}", word(text))),
        (name, Value::String(text)) if name == "Fn::Sub" => Some(format!("!Sub {}", json!(text))),
        (name, Value::Array(path)) if name == "Fn::GetAtt" => {
            let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
            Some(format!("!GetAtt {}", path.join(".")))
        }
        _ => None,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => word(text),
        // JSON is YAML.
        other => other.to_string(),
    }
}

/// A text, in quotes where it would be read as something else without.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let known = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].iter().any(|word| text.eq_ignore_ascii_case(word));
    let named = text.split("::").all(|part| !part.is_empty() && part.chars().all(plain));
    if begins && named && !known { text.to_owned() } else { json!(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_spelled_out() {
        let text = "a: !Ref Bus\nb: !GetAtt Queue.Arn\nc: !Sub 'x-${AWS::Region}'\nd: !Sub [\"${A}\", {A: !Ref B}]\ne: !If [Prod, 1, !Ref AWS::NoValue]\nf: !GetAtt [Q, Arn]\ng: !Condition C\nh: !Join ['', [a, b]]\n";
        let long = json!({
            "a": {"Ref": "Bus"}, "b": {"Fn::GetAtt": ["Queue", "Arn"]}, "c": {"Fn::Sub": "x-${AWS::Region}"},
            "d": {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}, "e": {"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]},
            "f": {"Fn::GetAtt": ["Q", "Arn"]}, "g": {"Condition": "C"}, "h": {"Fn::Join": ["", ["a", "b"]]},
        });
        assert_eq!(read(text).unwrap().value, long);
    }

    #[test]
    fn words_are_read_as_cloudformation_reads_them() {
        let read = read("a: 10\nb: '10'\nc: 1.5\nd: 2010-09-09\ne: 012345678901\nf: true\ng: ~\nh:\ni: [NO, \"NO\"]\nj: |\n  two\n  lines\nk: !!str 7\n").unwrap();
        let value = json!({
            "a": 10, "b": "10", "c": 1.5, "d": "2010-09-09", "e": "012345678901", "f": true, "g": null, "h": null,
            "i": [false, "NO"], "j": "two\nlines\n", "k": "7",
        });
        assert_eq!(read.value, value);
        assert_eq!(read.lines["/i/1"], 9);
        assert!(read.notes.len() == 1 && read.notes[0].contains("line 9"), "{:?}", read.notes);
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, line, why) in [
            ("a: 1\nb: [1, 2\nc: 3\n", 3, "not YAML"),
            ("a: &x 1\nb: *x\n", 2, "alias"),
            ("a:\n  <<: {b: 1}\n", 2, "merged"),
            ("a: 1\na: 2\n", 2, "second time"),
            ("a: !<tag:other> 1\n", 1, "none of CloudFormation's"),
            ("a: 1\n---\nb: 1\n", 2, "second document"),
            ("? [a]\n: b\n", 1, "name of a field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line},")) && error.contains(why), "{text:?}: {error}");
        }
        assert!(read(&"[".repeat(150)).unwrap_err().contains("deep"));
        assert!(read("").is_err());
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let value = json!({
            "Resources": {"A": {"Type": "AWS::Events::Rule", "Properties": {
                "Name": "on", "State": "ENABLED", "Count": 3, "Empty": [], "None": {}, "Text": "it's \"so\": yes\nand # so on",
                "EventPattern": {"source": ["com.shop"], "detail": {"total": [{"numeric": [">", 100]}], "$or": [{"a": [null, true]}, {"b": ["x y"]}]}},
                "Targets": [{"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "Id": "1"}, {"Ref": "Bus"}, "text", [1, [2]]],
                "Sub": {"Fn::Sub": "arn:${AWS::Partition}:x"}, "date": "2010-09-09",
            }}},
        });
        let text = write(&value);
        assert_eq!(read(&text).unwrap_or_else(|e| panic!("{e}\n{text}")).value, value, "{text}");
        for part in ["Arn: !GetAtt Queue.Arn", "- !Ref Bus", "Type: AWS::Events::Rule", "source: [com.shop]", "Name: \"on\""] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}
