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

const WAYS: [&str; 4] = ["whole event", "part of it", "constant", "template"];

/// Letters of a body that are shown.
const EXCERPT: usize = 400;

/// What inputs are shown against.
pub(super) struct Example<'a> {
    /// An event that the rule wants, or any at all.
    pub event: Option<&'a Seen>,
    /// The rule's name.
    pub rule: &'a str,
    /// And its ARN.
    pub arn: &'a str,
}

/// Draws the fields of what all targets of a rule get.
pub(super) fn edit(ui: &mut Ui, theme: &Theme, input: &mut Option<Input>, example: &Example<'_>) {
    let at = input.as_ref().map_or(0, way);
    if let Some(picked) = choice(ui, theme, "Targets get", "What of an event its targets get: the input", &WAYS, at) {
        *input = fresh(picked);
    }
    if let Some(input) = input {
        fields(ui, theme, input);
        preview(ui, theme, input, example);
    }
}

/// The same for one target, which gets what the rule says unless it is given something of its own.
pub(super) fn edit_own(ui: &mut Ui, theme: &Theme, own: &mut Option<Input>, usual: Option<&Input>, example: &Example<'_>) {
    let options: Vec<&str> = std::iter::once(AS_RULE).chain(WAYS).collect();
    let at = own.as_ref().map_or(0, |own| way(own) + 1);
    if let Some(picked) = choice(ui, theme, "Input", "What of an event this target gets", &options, at) {
        *own = picked.checked_sub(1).map(|way| fresh(way).unwrap_or_else(|| Input::Path(WHOLE.to_owned())));
    }
    own.iter_mut().filter(|own| way(own) > 0).for_each(|own| fields(ui, theme, own));
    if let Some(input) = own.as_ref().or(usual) {
        preview(ui, theme, input, example);
    }
}

/// What is picked where a target has nothing of its own.
pub(super) const AS_RULE: &str = "as the rule";

/// What an input is called; none for the whole event.
pub(super) fn called(input: Option<&Input>) -> &'static str {
    WAYS[input.map_or(0, way)]
}

/// The path to the whole event.
const WHOLE: &str = "$";

/// Position of an input among the ways.
fn way(input: &Input) -> usize {
    match input {
        Input::Path(path) if path == WHOLE => 0,
        Input::Path(_) => 1,
        Input::Constant(_) => 2,
        Input::Transformer { .. } => 3,
    }
}

fn fields(ui: &mut Ui, theme: &Theme, input: &mut Input) {
    match input {
        Input::Path(path) => {
            let wrong = |text: &str| Path::read(text).err().map(|fault| fault.reason);
            text(ui, theme, "Path", "Where in the event it stands, as in $.detail.order", path, wrong);
        }
        Input::Constant(constant) => {
            let read = |text: &str| json::read(text).map(|_| ());
            code::field(ui, theme, "Constant input", "What is got every time, in JSON", constant, read);
        }
        Input::Transformer { paths, template } => {
            path_list(ui, theme, paths);
            let read = |text: &str| transformer(paths, text).map(|_| ());
            let help = "With <name> where a value goes: one of the paths, or the service's own, as in <aws.events.event.json>";
            code::field(ui, theme, "Template", help, template, read);
        }
    }
}

/// What an input comes to for an event that just went by.
fn preview(ui: &mut Ui, theme: &Theme, input: &Input, example: &Example<'_>) {
    let body = match input {
        Input::Path(path) => Path::read(path).ok().map(template::Input::Path),
        Input::Constant(text) => json::read(text).ok().map(|_| template::Input::Constant(text.clone())),
        Input::Transformer { paths, template } => transformer(paths, template).ok().map(template::Input::Transformer),
    };
    let Some(body) = body else { return };
    let Some(event) = example.event else {
        ui.label(muted(theme, "Run the scenario to see what that comes to").size(theme.label));
        return;
    };
    let around = Surroundings { rule_arn: example.arn, rule_name: example.rule, ingestion_time: &event.at("time") };
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
    Transformer::read([(name, path)], "{}").map_err(|fault| fault.reason)?;
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
