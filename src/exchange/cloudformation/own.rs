//! What targets of a rule have for themselves, and what of it can be said once for all of them.

use std::fmt::Write;

/// A text in quotes, as the scenario file has it.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// What a target has for itself, as the scenario file has it.
#[derive(Clone, Default)]
pub(super) struct Own {
    /// The group that reads, or the bus.
    pub name: String,
    pub is_bus: bool,
    pub input: Option<String>,
    pub retry: Option<String>,
    pub dead_letter: Option<String>,
}

/// What all have in common stands in the rule, the rest with each: what follows in a rule behind its pattern.
pub(super) fn delivered(mut targets: Vec<Own>) -> String {
    fn usual(values: &[Option<String>]) -> Option<String> {
        let often = |value: &Option<String>| values.iter().filter(|other| *other == value).count();
        // Where some have none, nothing is said for all.
        values.iter().rev().max_by_key(|value| often(value)).filter(|_| values.iter().all(Option::is_some)).cloned().flatten()
    }
    let of = |targets: &[Own], field: fn(&Own) -> &Option<String>| usual(&targets.iter().map(|own| field(own).clone()).collect::<Vec<_>>());
    let readers: Vec<Own> = targets.iter().filter(|own| !own.is_bus).cloned().collect();
    let whole = [
        ("input", of(&readers, |own| &own.input)),
        ("retry", of(&targets, |own| &own.retry)),
        ("dead_letter", of(&targets, |own| &own.dead_letter)),
    ];
    let mut text = String::new();
    if let Some(bus) = targets.iter().find(|own| own.is_bus) {
        let _ = write!(text, ", forward: {}", quoted(&bus.name));
    }
    let mut own = String::new();
    for target in &mut targets {
        let fields = [&mut target.input, &mut target.retry, &mut target.dead_letter];
        let mut said = String::new();
        for (field, (name, usual)) in fields.into_iter().zip(&whole) {
            if let Some(value) = field.take_if(|value| usual.as_ref() != Some(value)) {
                let _ = write!(said, ", {name}: {value}");
            }
        }
        if !said.is_empty() {
            let _ = write!(own, "Target({}: {}{said}), ", if target.is_bus { "bus" } else { "reader" }, quoted(&target.name));
        }
    }
    for (name, usual) in whole {
        usual.into_iter().for_each(|value| text.push_str(&format!(", {name}: {value}")));
    }
    if !own.is_empty() {
        let _ = write!(text, ", targets: [{own}]");
    }
    text + "),"
}
