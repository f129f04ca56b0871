//! What a pattern can ask of one value.

use super::address::{Address, Block};
use super::fold::Folded;
use super::wildcard::Wildcard;
use crate::language::facts::Fact;

/// A question to a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Is this string.
    Text(String),
    /// Is this number, by value.
    Number(f64),
    /// Is this number, as spelled: numbers that no double is exactly.
    Spelled(String),
    /// Is `true` or `false`.
    Bool(bool),
    /// Is `null`.
    Null,
    /// Is an address in this block. A plain string that looks like an address is the block of itself.
    Address(Block),
    /// Begins with this string.
    Prefix(String),
    /// The same, case ignored.
    PrefixFolded(Folded),
    /// Ends with this string.
    Suffix(String),
    /// The same, case ignored.
    SuffixFolded(Folded),
    /// Is this string, case ignored.
    Folded(Folded),
    /// Fits this text with wildcards.
    Wildcard(Wildcard),
    /// Is a number between these.
    Range(Range),
    /// Is there, whatever it is.
    Present,
    /// Is not there. No value passes this; the absence of all does.
    Absent,
    /// Is there and none of these.
    AnythingBut(Vec<Test>),
}

/// Numbers between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower bound and whether it belongs to the range itself.
    pub low: Option<(f64, bool)>,
    /// Upper bound and whether it belongs to the range itself.
    pub high: Option<(f64, bool)>,
}

impl Range {
    /// Whether a number is inside.
    pub fn holds(&self, number: f64) -> bool {
        let above = self.low.is_none_or(|(low, closed)| number > low || closed && number == low);
        above && self.high.is_none_or(|(high, closed)| number < high || closed && number == high)
    }
}

impl Test {
    /// Whether a value passes.
    pub fn passes(&self, fact: &Fact) -> bool {
        match (self, fact) {
            (Test::Present, _) => true,
            (Test::Absent, _) => false,
            (Test::AnythingBut(tests), _) => !tests.iter().any(|test| test.passes(fact)),
            (Test::Null, Fact::Null) => true,
            (Test::Bool(wanted), Fact::Bool(is)) => wanted == is,
            (Test::Number(wanted), Fact::Number { value: Some(is), .. }) => wanted == is,
            (Test::Spelled(wanted), Fact::Number { spelling, .. }) => wanted == spelling,
            (Test::Range(range), Fact::Number { value: Some(is), .. }) => range.holds(*is),
            (test, Fact::Text(text)) => test.passes_text(text),
            _ => false,
        }
    }

    fn passes_text(&self, text: &str) -> bool {
        match self {
            Test::Text(wanted) => wanted == text,
            Test::Address(block) => Address::read(text).is_some_and(|address| block.holds(address)),
            Test::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Test::PrefixFolded(prefix) => prefix.begins(text),
            Test::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Test::SuffixFolded(suffix) => suffix.ends(text),
            Test::Folded(wanted) => wanted.equals(text),
            Test::Wildcard(wildcard) => wildcard.fits(text),
            _ => false,
        }
    }
}
