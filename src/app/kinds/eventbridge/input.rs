//! What a rule's targets get of an event, and what that comes to for one that just went by.

use super::code;
use super::recent::Seen;
use crate::app::inspector::fields::{add, choice, removable, text};
use crate::app::theme::Theme;
use crate::app::widgets::muted;
use crate::language::template::{self, Path, Surroundings, Transformer};
use crate::language::{Fault, json};
use crate::scenario::broker::eventbridge::Input;
use crate::scenario::pairs::Pairs;
use egui::{FontId, RichText, Ui};

const WAYS: [&str; 4] = ["the whole event", "a part of it", "always the same", "a filled template"];

/// Letters of a body that are shown.
const EXCERPT: usize = 400;

/// Draws the fields; `event` is one that the rule wants, or any at all.
pub(super) fn edit(ui: &mut Ui, theme: &Theme, input: &mut Option<Input>, rule: &str, event: Option<&Seen>) {
    let at = match input {
        None => 0,
        Some(Input::Path(_)) => 1,
        Some(Input::Constant(_)) => 2,
        Some(Input::Transformer { .. }) => 3,
    };
    if let Some(picked) = choice(ui, theme, "Targets get", "What of an event its targets get: the input", &WAYS, at) {
        *input = fresh(picked);
    }
    let body = match input {
        None => return,
        Some(Input::Path(path)) => {
            let wrong = |text: &str| Path::read(text).err().map(|fault| fault.reason);
            text(ui, theme, "Path", "Where in the event it stands, as in $.detail.order", path, wrong);
            Path::read(path).ok().map(template::Input::Path)
        }
        Some(Input::Constant(constant)) => {
            let read = |text: &str| json::read(text).map(|_| text.to_owned());
            code::field(ui, theme, "Constant input", "What every target gets, in JSON", constant, read).map(template::Input::Constant)
        }
        Some(Input::Transformer { paths, template }) => {
            path_list(ui, theme, paths);
            let read = |text: &str| transformer(paths, text);
            let help = "With <name> where a value goes: one of the paths, or the service's own, as in <aws.events.event.json>";
            code::field(ui, theme, "Template", help, template, read).map(template::Input::Transformer)
        }
    };
    let (Some(body), Some(event)) = (body, event) else { return };
    // The account of the rule's ARN is not worth a field of its own here.
    let arn = format!("arn:aws:events:::rule/{rule}");
    let around = Surroundings { rule_arn: &arn, rule_name: rule, ingestion_time: &event.at("time") };
    match body.apply(&event.json, &around) {
        Ok(body) => {
            let mut shown: String = body.chars().take(EXCERPT).collect();
            if shown.len() < body.len() {
                shown.push('…');
            }
            ui.label(muted(theme, format!("Of the newest {} that comes to", event.kind)).size(theme.label));
            ui.label(RichText::new(shown).font(FontId::monospace(theme.label)));
        }
        Err(_) => {
            let words = format!("Nothing is delivered of the newest {}: the filled template is not JSON", event.kind);
            ui.label(RichText::new(words).color(theme.bad).size(theme.label));
        }
    }
}

fn fresh(way: usize) -> Option<Input> {
    match way {
        0 => None,
        1 => Some(Input::Path("$.detail".to_owned())),
        2 => Some(Input::Constant(r#"{"hello": "target"}"#.to_owned())),
        _ => Some(Input::Transformer {
            paths: Pairs(vec![("type".to_owned(), "$.detail-type".to_owned())]),
            template: r#"{"type": <type>, "event": <aws.events.event.json>}"#.to_owned(),
        }),
    }
}

fn transformer(paths: &Pairs<String>, template: &str) -> Result<Transformer, Fault> {
    Transformer::read(paths.iter().map(|(name, path)| (name.as_str(), path.as_str())), template)
}

/// The paths by their names, one per line, as in `total = $.detail.total`.
fn path_list(ui: &mut Ui, theme: &Theme, paths: &mut Pairs<String>) {
    ui.label(muted(theme, "Paths, as in total = $.detail.total").size(theme.label));
    let names: Vec<String> = paths.iter().map(|(name, _)| name.clone()).collect();
    let mut gone = None;
    for (i, (name, path)) in paths.0.iter_mut().enumerate() {
        let parse = |typed: &str| named_path(typed, i, &names);
        let now = format!("{name} = {path}");
        let (new, remove) = ui.push_id(("path", i), |ui| removable(ui, theme, &format!("path {name}"), &now, &parse)).inner;
        if let Some((new_name, new_path)) = new {
            (*name, *path) = (new_name, new_path);
        }
        if remove {
            gone = Some(i);
        }
    }
    if let Some(i) = gone {
        paths.0.remove(i);
    }
    if add(ui, theme, "Add path") {
        let free = (1..).map(|n| format!("value{n}")).find(|name| !names.contains(name)).unwrap_or_default();
        paths.0.push((free, "$.detail".to_owned()));
    }
}

fn named_path(typed: &str, position: usize, names: &[String]) -> Result<(String, String), String> {
    let (name, path) = typed.split_once('=').ok_or("write a name and a path, as in total = $.detail.total")?;
    let (name, path) = (name.trim(), path.trim());
    if name.is_empty() || names.iter().enumerate().any(|(i, other)| i != position && other == name) {
        return Err(if name.is_empty() { "it needs a name".to_owned() } else { format!("there is another `{name}`") });
    }
    Transformer::read([(name, path)], "").map_err(|fault| fault.reason)?;
    Ok((name.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_path_is_read_or_refused_with_a_reason() {
        let names = ["total".to_owned(), "id".to_owned()];
        assert_eq!(named_path("total = $.detail.total", 0, &names), Ok(("total".to_owned(), "$.detail.total".to_owned())));
        for (typed, why) in
            [("total", "as in"), ("id=$.a", "another"), (" = $.a", "needs a name"), ("x = detail", "`$`"), ("aws.x = $.a", "own")]
        {
            assert!(named_path(typed, 0, &names).unwrap_err().contains(why), "{typed}");
        }
    }

    #[test]
    fn every_way_begins_with_something_valid() {
        for way in 0..WAYS.len() {
            match fresh(way) {
                None => assert_eq!(way, 0),
                Some(Input::Path(path)) => assert!(Path::read(&path).is_ok()),
                Some(Input::Constant(text)) => assert!(json::read(&text).is_ok()),
                Some(Input::Transformer { paths, template }) => assert!(transformer(&paths, &template).is_ok()),
            }
        }
    }
}
