//! What a person is told, and what they can do.

use super::values::Why;
use crate::scenario::locate::{Shape, Tree};
use crate::scenario::names::{Suggest, listed};
use crate::scenario::read::shortened;
use crate::scenario::units::Rate;
use crate::time::Span;

/// Message and help for a refusal of an item.
pub(super) fn explain(tree: &Tree<'_>, item: u32, why: &Why, suggest: &Suggest) -> (String, Option<String>) {
    match why {
        Why::Message(message) => (message.clone(), None),
        Why::Twice(name) => (format!("`{name}` is given twice"), Some("keep one of them".to_owned())),
        Why::Nameless { value, field } => {
            let help = field.map(|field| format!("write `{field}: {value}`")).or_else(|| quotes_within(tree, item));
            (format!("`{value}` stands here without the name of a field"), help)
        }
        Why::Unquoted(key) => {
            (format!("`{key}` is not in quotes: the names in curly brackets are texts"), Some(format!("write `\"{}\"`", plain(key))))
        }
        Why::Missing(field) => (format!("{} needs a field `{field}`", called(tree, item)), example(field)),
        Why::Field { name, known } => {
            // The item is the field's value; the structure is around it.
            let structure = tree.item(item).parent.unwrap_or(item);
            let help = suggest.did_you_mean(name, known.iter().copied()).unwrap_or_else(|| fields(known));
            (format!("there is no field `{}` in {}", shortened(name), called(tree, structure)), Some(help))
        }
        Why::Variant { of, name, known } => {
            let near = suggest.did_you_mean(name, known.iter().copied());
            let flag = known.contains(&"Flag") && matches!(name.as_str(), "true" | "false");
            let near = near.or_else(|| flag.then(|| format!("say what it is, such as `Flag({name})`")));
            let help = near.unwrap_or_else(|| format!("choose one of {}", listed(known.iter().copied())));
            (format!("there is no {} `{name}`", kind(of)), Some(help))
        }
        Why::Other { expected } => other(tree, item, expected),
        Why::Choice { known } => {
            let message = format!("expected one of {}, found {}", listed(known.iter().copied()), found(tree, item));
            (message, chosen(tree, item, known, suggest))
        }
        Why::Structure { name, first } => {
            let help = structure(tree, item, name, *first, suggest);
            (format!("expected `{name}(...)`, found {}", found(tree, item)), help)
        }
    }
}

/// What to do where a text ended early, at a quote that was meant as a part of it.
fn quotes_within(tree: &Tree<'_>, item: u32) -> Option<String> {
    let before = tree.text.get(..tree.item(item).place.start as usize)?;
    before.ends_with('"').then(|| "a text that has quotes in it is written `r#\"...\"#`".to_owned())
}

/// How to say it as one of the variants of an enum, where what stands there tells which.
fn chosen(tree: &Tree<'_>, item: u32, known: &[&'static str], suggest: &Suggest) -> Option<String> {
    let written = shortened(tree.slice(tree.item(item).place));
    let has = |name: &str| known.contains(&name);
    let variant = match tree.string(item) {
        Some(text) => {
            let meant = known.iter().find(|name| **name == text).copied().or_else(|| suggest.nearest(&text, known.iter().copied()));
            if let Some(name) = meant {
                return Some(format!("write `{name}` without quotes"));
            }
            let (time, rate) = (text.parse::<Span>().is_ok(), text.parse::<Rate>().is_ok());
            // Of a backoff, which has this variant too, it is a time.
            let fixed = time || !has("Exponential");
            let fits = [("Poisson", rate), ("Every", time), ("Constant", time), ("Time", time), ("Fixed", fixed), ("Text", true)];
            fits.into_iter().find(|(name, fits)| *fits && has(name))?.0
        }
        None if number(&written) => ["Number", "Offset"].into_iter().find(|name| has(name))?,
        None => return None,
    };
    Some(format!("say what it is, such as `{variant}({written})`"))
}

/// How to write a structure of which something else stands there.
fn structure(tree: &Tree<'_>, item: u32, name: &'static str, first: Option<&str>, suggest: &Suggest) -> Option<String> {
    if let Some(found) = tree.name(item) {
        return suggest.did_you_mean(found, [name]);
    }
    let written = shortened(tree.slice(tree.item(item).place));
    match (tree.item(item).shape, first) {
        (Shape::Text, None) => Some(format!("write `{name}({written})`")),
        (Shape::Text, Some(field @ ("name" | "from"))) => Some(format!("write `{name}({field}: {written})`")),
        _ => None,
    }
}

/// A word without the single quotes that other languages write texts in.
fn plain(word: &str) -> &str {
    word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')).unwrap_or(word)
}

fn number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
}

/// A bare number with the units that it may be meant in, where there are several that people write: a guess at one is a thousandfold off.
fn with_units(number: &str, unit: &str) -> String {
    let units = match unit {
        "ms" => ["ms", "s"].as_slice(),
        "KiB" => &["B", "KiB"],
        "MiB/s" => &["KiB/s", "MiB/s"],
        "/s" => &["/s", "/min"],
        unit => &[unit],
    };
    units.iter().map(|unit| format!("`\"{number}{unit}\"`")).collect::<Vec<_>>().join(" or ")
}

fn fields(known: &[&str]) -> String {
    if known.is_empty() { "it has no fields".to_owned() } else { format!("its fields are {}", listed(known.iter().copied())) }
}

/// Something else was expected than what stands there.
fn other(tree: &Tree<'_>, item: u32, expected: &str) -> (String, Option<String>) {
    let value = tree.item(item);
    let written = shortened(tree.slice(value.place));
    let (word, inside) = (value.shape == Shape::Word, plain(&written));
    let number = word && number(inside);
    let bare = number && inside.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    if let Some((what, example)) = expected.split_once(" in quotes such as ") {
        // The quantities of `units`.
        let example = example.trim_matches('"');
        let unit = example.trim_start_matches(|c: char| c.is_ascii_digit());
        // Whoever writes a share as a number below one means that part of the whole.
        let share = inside.parse::<f64>().ok().filter(|share| unit == "%" && *share <= 1.0);
        let such = share.map_or(inside.to_owned(), |share| ((share * 1e8).round() / 1e6).to_string());
        return match (bare, number) {
            (true, _) => (
                format!("`{written}` has no unit: {what} is expected here"),
                Some(format!("write it in quotes with a unit, such as {}", with_units(&such, unit))),
            ),
            (_, true) => {
                let quotes = if inside == written { "quotes" } else { "double quotes" };
                (format!("`{written}` is not in {quotes}"), Some(format!("write `\"{inside}\"`")))
            }
            _ => (
                format!("expected {what}, found {}", found(tree, item)),
                Some(format!("write it in quotes with a unit, such as `\"{example}\"`")),
            ),
        };
    }
    if expected == "a string" {
        let help = if word { Some(format!("write `\"{inside}\"`")) } else { None };
        return (format!("expected text in quotes, found {}", found(tree, item)), help);
    }
    let named = expected.starts_with("a list") && value.name.is_some();
    let help = named.then(|| "write `[` before it and `]` behind it".to_owned());
    (format!("expected {expected}, found {}", found(tree, item)), help)
}

fn found(tree: &Tree<'_>, item: u32) -> String {
    let value = tree.item(item);
    let written = shortened(tree.slice(value.place));
    match value.shape {
        Shape::Word if number(&written) => format!("the number `{written}`"),
        Shape::Word => format!("`{written}`"),
        Shape::Text => format!("the text `{written}`"),
        Shape::Round => tree.name(item).map_or_else(|| "values in round brackets".to_owned(), |n| format!("`{}(...)`", shortened(n))),
        Shape::List => "a list".to_owned(),
        Shape::Map => "a map".to_owned(),
    }
}

/// How a structure is called: by its name, else by the field it stands in.
fn called(tree: &Tree<'_>, item: u32) -> String {
    let name = tree.name(item).or_else(|| tree.key(item)).map(shortened);
    name.map_or_else(|| "this".to_owned(), |n| format!("`{n}`"))
}

fn example(field: &str) -> Option<String> {
    let example = match field {
        "id" => "id: \"inventory\"",
        "name" => "name: \"OrderCreated\"",
        "event" => "event: \"OrderCreated\"",
        "to" => "to: \"bus/orders\"",
        "from" => "from: \"bus/orders\"",
        "arrivals" => "arrivals: Poisson(\"50/s\")",
        "kind" => "kind: Simple(topics: [\"orders\"])",
        "between" => "between: (\"order-service\", \"bus\")",
        "what" => "what: Crash(\"inventory\")",
        "times" => "times: 5",
        "every" => "every: \"30s\"",
        "rate" => "rate: \"50/s\"",
        _ => return None,
    };
    Some(format!("such as `{example}`"))
}

/// What an enum of the document chooses between. Every enum that is read has its line here (`tests/house.rs` watches).
fn kind(of: &str) -> &str {
    match of {
        "Ack" => "way to acknowledge",
        "Acks" => "number of acknowledgements",
        "Act" => "action of a lesson",
        "After" => "end of an event",
        "Arrivals" => "workload",
        "Assignor" => "way to share partitions out",
        "Attribute" => "kind of attribute",
        "Backoff" => "backoff",
        "BrokerKind" => "broker kind",
        "By" => "owner of a state",
        "Cleanup" => "way to clean up",
        "ExchangeKind" => "kind of exchange",
        "Fault" => "fault",
        "First" => "write to come first",
        "Fold" => "fold",
        "Header" => "kind of header",
        "Input" => "input of a target",
        "Isolation" => "isolation level",
        "Jitter" => "jitter",
        "Key" => "choice of keys",
        "Match" => "way to match headers",
        "Measure" => "measure to scale by",
        "Minority" => "way to live in a minority",
        "Node" => "kind of node",
        "Offset" => "place in a stream to begin at",
        "Ordered" => "order of handling",
        "Outbox" => "way to store and publish",
        "Overflow" => "way to overflow",
        "Poison" => "kind of poison",
        "Position" => "place in a log to go to",
        "Predict" => "kind of prediction",
        "Protocol" => "protocol of a group",
        "Publish" => "way to publish",
        "QueueKind" => "kind of queue",
        "Request" => "request to a broker",
        "Reset" => "place to begin without an offset",
        "Scale" => "way to scale",
        "Strategy" => "way to pass dead letters on",
        "Times" => "time",
        "Trouble" => "way for things to go wrong",
        "What" => "intervention",
        "When" => "occasion",
        other => other,
    }
}
