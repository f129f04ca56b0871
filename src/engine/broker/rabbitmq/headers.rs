//! The headers exchange: bindings that ask for headers instead of keys.

use super::value::{Table, Value, look_up};

/// How a binding of a headers exchange reads its arguments (`x-match`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Every argument, those that start with `x-` aside. The default.
    All,
    /// At least one argument, those that start with `x-` aside.
    Any,
    /// Every argument but `x-match` itself.
    AllWithX,
    /// At least one argument but `x-match` itself.
    AnyWithX,
}

impl Match {
    /// By its name in `x-match`.
    pub fn named(name: &str) -> Option<Match> {
        Some(match name {
            "all" => Match::All,
            "any" => Match::Any,
            "all-with-x" => Match::AllWithX,
            "any-with-x" => Match::AnyWithX,
            _ => return None,
        })
    }

    /// What the arguments of a binding say.
    pub fn of(arguments: &Table) -> Match {
        look_up(arguments, "x-match").and_then(Value::as_text).and_then(Match::named).unwrap_or(Match::All)
    }
}

/// Whether a message with these headers goes the way of a binding with these arguments. An `all` without arguments takes
/// everything, an `any` without arguments nothing.
pub fn matches(arguments: &Table, headers: &Table) -> bool {
    let how = Match::of(arguments);
    let with_x = matches!(how, Match::AllWithX | Match::AnyWithX);
    let asked = arguments.iter().filter(|(name, _)| &**name != "x-match" && (with_x || !name.starts_with("x-")));
    let fits = |(name, wanted): &(std::sync::Arc<str>, Value)| match (wanted, look_up(headers, name)) {
        (_, None) => false,
        (Value::Void, Some(_)) => true,
        (wanted, Some(value)) => wanted == value,
    };
    match how {
        Match::All | Match::AllWithX => asked.into_iter().all(fits),
        Match::Any | Match::AnyWithX => asked.into_iter().any(fits),
    }
}
