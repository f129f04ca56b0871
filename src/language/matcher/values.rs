//! What hangs on exact values.

use super::hash::Table;
use crate::language::facts::Fact;
use crate::language::pattern::Test;

/// Something for each value that is asked for exactly.
#[derive(Clone, Debug)]
pub(super) struct ByValue<T> {
    texts: Table<Box<str>, T>,
    numbers: Table<u64, T>,
    spelled: Table<Box<str>, T>,
    bools: [Option<T>; 2],
    null: Option<T>,
}

impl<T> Default for ByValue<T> {
    fn default() -> Self {
        ByValue { texts: Table::default(), numbers: Table::default(), spelled: Table::default(), bools: [None, None], null: None }
    }
}

impl<T> ByValue<T> {
    /// Whether this kind of test can be looked up here.
    pub(super) fn takes(test: &Test) -> bool {
        matches!(test, Test::Text(_) | Test::Number(_) | Test::Spelled(_) | Test::Bool(_) | Test::Null)
    }

    /// What hangs on the value of a test, made if need be; `None` for tests of another kind.
    pub(super) fn place(&mut self, test: &Test, make: impl FnOnce() -> T) -> Option<&mut T> {
        Some(match test {
            Test::Text(text) => self.texts.entry(text.as_str().into()).or_insert_with(make),
            Test::Number(number) => self.numbers.entry(number.to_bits()).or_insert_with(make),
            Test::Spelled(spelling) => self.spelled.entry(spelling.as_str().into()).or_insert_with(make),
            Test::Bool(yes) => self.bools[usize::from(*yes)].get_or_insert_with(make),
            Test::Null => self.null.get_or_insert_with(make),
            _ => return None,
        })
    }

    /// What hangs on a value.
    pub(super) fn get(&self, fact: &Fact) -> Option<&T> {
        match fact {
            Fact::Text(text) => self.texts.get(text.as_str()),
            Fact::Number { value: Some(value), .. } => self.numbers.get(&value.to_bits()),
            Fact::Number { spelling, value: None } => self.spelled.get(spelling.as_str()),
            Fact::Bool(yes) => self.bools[usize::from(*yes)].as_ref(),
            Fact::Null => self.null.as_ref(),
        }
    }
}
