//! PutEvents: what the service takes in, what it refuses whole, and what it refuses entry by entry.
//!
//! Sources: API model of 2015-10-07 (1 to 10 entries), the formula of the user guide for an entry's size, and answers recorded
//! from the service for the error codes.

use crate::language::json::{Json, read};
use crate::scenario::broker::eventbridge::limits::MOST_ENTRIES;

/// Bytes that the entries of one call may not reach together: 1 MB since 29 January 2026, 256 KB before.
pub const MOST_BYTES: u64 = 1 << 20;

/// Bytes that a `Time` adds to an entry's size, however it is written.
const TIME_BYTES: u64 = 14;

/// An entry of a call. Bus name and trace header do not matter here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// Who says it.
    pub source: Option<&'a str>,
    /// What happened.
    pub detail_type: Option<&'a str>,
    /// The rest: text that has to be a JSON object.
    pub detail: Option<&'a str>,
    /// Whether the entry says when it happened.
    pub timed: bool,
    /// Bytes of the resources it names.
    pub resources: u64,
}

impl Entry<'_> {
    /// Bytes that count against [`MOST_BYTES`].
    pub fn size(&self) -> u64 {
        let texts = [self.source, self.detail_type, self.detail];
        let texts: u64 = texts.iter().flatten().map(|text| text.len() as u64).sum();
        texts + self.resources + if self.timed { TIME_BYTES } else { 0 }
    }

    /// Whether the entry alone is taken.
    pub fn check(&self) -> Result<(), EntryError> {
        let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        if !given(self.source) || !given(self.detail_type) || !given(self.detail) {
            return Err(EntryError::InvalidArgument);
        }
        let object = self.detail.and_then(|detail| read(detail).ok()).is_some_and(|node| matches!(node.json, Json::Object(_)));
        if object { Ok(()) } else { Err(EntryError::MalformedDetail) }
    }
}

/// Why one entry is refused although the call succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// Source, detail type or detail is missing.
    InvalidArgument,
    /// The detail is not a JSON object.
    MalformedDetail,
}

impl EntryError {
    /// The code in the answer.
    pub fn code(self) -> &'static str {
        match self {
            EntryError::InvalidArgument => "InvalidArgument",
            EntryError::MalformedDetail => "MalformedDetail",
        }
    }
}

/// Why a whole call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// None, or too many.
    Entries,
    /// Too large together.
    Bytes,
}

/// Whether a call of that many entries and bytes is taken at all.
pub fn check_call(entries: usize, bytes: u64) -> Result<(), CallError> {
    if !(1..=MOST_ENTRIES as usize).contains(&entries) {
        return Err(CallError::Entries);
    }
    if bytes >= MOST_BYTES { Err(CallError::Bytes) } else { Ok(()) }
}

/// The answer to a call: an error for all of it, or a result per entry in the order of the call.
pub fn answer(entries: &[Entry<'_>]) -> Result<Vec<Result<(), EntryError>>, CallError> {
    check_call(entries.len(), entries.iter().map(Entry::size).sum())?;
    Ok(entries.iter().map(Entry::check).collect())
}
