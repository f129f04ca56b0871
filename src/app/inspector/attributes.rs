//! What events of a type carry beside their key: attributes, each with the way its value is chosen.

use super::fields::{add, choice, edit, entry, factor, removable_with, section, text, whole_signed};
use crate::app::theme::Theme;
use crate::app::widgets::{muted, name_field};
use crate::scenario::pairs::Pairs;
use crate::scenario::shapes::Attribute;
use egui::Ui;

const KINDS: &[(&str, &str)] = &[
    ("Choice", "One of several texts, by weight"),
    ("Uniform", "A number, evenly spread between two"),
    ("Whole", "A whole number, evenly spread, both ends included"),
    ("Text", "Always the same text"),
    ("Number", "Always the same number"),
];

/// Draws the list; says whether anything changed.
pub fn show(ui: &mut Ui, theme: &Theme, attributes: &mut Pairs<Attribute>) -> bool {
    let names: Vec<String> = attributes.iter().map(|(name, _)| name.clone()).collect();
    let (mut done, mut gone) = (false, None);
    if !names.is_empty() {
        section(ui, theme, "Attributes");
    }
    for (i, (name, value)) in attributes.0.iter_mut().enumerate() {
        ui.push_id(("attribute", i), |ui| {
            let fields = |ui: &mut Ui| {
                let wrong = |wanted: &str| wrong_name(wanted, i, &names, "an attribute");
                done |= text(ui, theme, "Name", "As filters and traces call it", name, wrong);
                done |= one(ui, theme, value);
            };
            if entry(ui, theme, &format!("attribute {}", names[i]), fields) {
                gone = Some(i);
            }
        });
    }
    if let Some(i) = gone {
        attributes.0.remove(i);
    }
    let added = add(ui, theme, "Add attribute");
    if added {
        attributes.0.push((free("attribute", &names), Attribute::Choice(Pairs(vec![("a".to_owned(), 1.0), ("b".to_owned(), 1.0)]))));
    }
    done || gone.is_some() || added
}

/// The fields of one way to choose a value.
fn one(ui: &mut Ui, theme: &Theme, value: &mut Attribute) -> bool {
    let at = match value {
        Attribute::Choice(_) => 0,
        Attribute::Uniform(..) => 1,
        Attribute::Whole(..) => 2,
        Attribute::Text(_) => 3,
        Attribute::Number(_) => 4,
    };
    let mut done = false;
    let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    if let Some(picked) = choice(ui, theme, "Value", KINDS[at].1, &names, at) {
        *value = of_kind(picked, value);
        done = true;
    }
    done | match value {
        Attribute::Choice(weights) => choices(ui, theme, weights),
        Attribute::Uniform(from, to) => {
            factor(ui, theme, "From", "Smallest", from, f64::MIN) | factor(ui, theme, "To", "Largest", to, f64::MIN)
        }
        Attribute::Whole(from, to) => whole_signed(ui, theme, "From", "Smallest", from) | whole_signed(ui, theme, "To", "Largest", to),
        Attribute::Text(always) => text(ui, theme, "Text", "The value in every event", always, |_| None),
        Attribute::Number(always) => factor(ui, theme, "Number", "The value in every event", always, f64::MIN),
    }
}

/// Another kind starts from what the old one could give.
fn of_kind(kind: usize, before: &Attribute) -> Attribute {
    let (from, to) = match before {
        Attribute::Uniform(from, to) => (*from, *to),
        Attribute::Whole(from, to) => (*from as f64, *to as f64),
        Attribute::Number(number) => (*number, *number),
        Attribute::Choice(_) | Attribute::Text(_) => (0.0, 100.0),
    };
    let words = match before {
        Attribute::Choice(weights) => weights.iter().next().map_or("a", |(first, _)| first).to_owned(),
        Attribute::Text(text) => text.clone(),
        _ => "a".to_owned(),
    };
    match kind {
        0 if words == "b" => Attribute::Choice(Pairs(vec![(words, 1.0), ("a".to_owned(), 1.0)])),
        0 => Attribute::Choice(Pairs(vec![(words, 1.0), ("b".to_owned(), 1.0)])),
        1 => Attribute::Uniform(from, to),
        2 => Attribute::Whole(from.round() as i64, to.round() as i64),
        3 => Attribute::Text(words),
        _ => Attribute::Number((from + to) / 2.0),
    }
}

/// Texts with their weights, one per line.
fn choices(ui: &mut Ui, theme: &Theme, weights: &mut Pairs<f64>) -> bool {
    let names: Vec<String> = weights.iter().map(|(text, _)| text.clone()).collect();
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let (mut done, mut gone) = (false, None);
    ui.label(muted(theme, "Texts and their weights").size(theme.label));
    for (i, (name, weight)) in weights.0.iter_mut().enumerate() {
        let now = weight.to_string();
        let parse = |typed: &str| match wrong_name(typed.trim(), i, &names, "a choice") {
            Some(why) => Err(why),
            None => Ok(typed.trim().to_owned()),
        };
        let what = format!("choice {}", names[i]);
        let (new, remove) = ui
            .push_id(("choice", i), |ui| {
                removable_with(ui, theme, &what, &names[i], &parse, |ui| {
                    let id = ui.make_persistent_id("weight");
                    let (response, new) = edit(ui, theme, id, &now, "", &weight_of);
                    name_field(&response, &format!("Weight of {}", names[i]));
                    let share = if sum > 0.0 { *weight / sum } else { 0.0 };
                    response.on_hover_text(format!("{} of the events", crate::figures::share(share)));
                    if let Some(new) = new {
                        *weight = new;
                        done = true;
                    }
                })
            })
            .inner;
        if let Some(new) = new {
            *name = new;
            done = true;
        }
        if remove {
            gone = Some(i);
        }
    }
    // Without any choice there is nothing to choose from.
    if let Some(i) = gone.filter(|_| names.len() > 1) {
        weights.0.remove(i);
        done = true;
    }
    if add(ui, theme, "Add choice") {
        weights.0.push((free("choice", &names), 1.0));
        done = true;
    }
    done
}

fn weight_of(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
        _ => Err("a weight is a number from 0 on".to_owned()),
    }
}

fn wrong_name(wanted: &str, position: usize, names: &[String], what: &str) -> Option<String> {
    match wanted {
        "" => Some(format!("{what} needs a name")),
        _ if names.iter().enumerate().any(|(i, name)| i != position && name == wanted) => Some(format!("there is another `{wanted}`")),
        _ => None,
    }
}

fn free(stem: &str, names: &[String]) -> String {
    (1..).map(|n| format!("{stem}{n}")).find(|name| !names.contains(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kind_keeps_what_it_can() {
        let uniform = Attribute::Uniform(5.0, 500.4);
        assert_eq!(of_kind(2, &uniform), Attribute::Whole(5, 500));
        assert_eq!(of_kind(4, &uniform), Attribute::Number(252.7));
        let choice = Attribute::Choice(Pairs(vec![("ES".to_owned(), 5.0), ("DE".to_owned(), 3.0)]));
        assert_eq!(of_kind(3, &choice), Attribute::Text("ES".to_owned()));
        for (i, kind) in (0..KINDS.len()).map(|i| (i, of_kind(i, &Attribute::Text("b".to_owned())))) {
            let Attribute::Choice(pairs) = &kind else { continue };
            assert_eq!(i, 0);
            assert!(pairs.0.len() == 2 && pairs.0[0].0 != pairs.0[1].0, "two choices of one name cannot be written");
        }
    }
}
