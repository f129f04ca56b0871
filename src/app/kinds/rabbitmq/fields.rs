//! What events and reads say to RabbitMQ: keys, headers, priorities; and fields that may be left out.

use crate::app::inspector::fields::{flag, optional};
use crate::app::theme::Theme;
use crate::scenario::broker::rabbitmq::Header;
use crate::scenario::document::{Consumer, Emit, Read, Then};
use crate::scenario::pairs::Pairs;
use crate::time::Span;
use egui::Ui;
use std::str::FromStr;

/// Whole numbers, with what fits into them.
pub(super) trait Whole: FromStr + std::fmt::Display + Copy {
    /// What fits, in words.
    fn range() -> String;
}

macro_rules! whole {
    ($($number:ty),*) => {
        $(impl Whole for $number {
            fn range() -> String {
                // The most that 64 bits hold is no bound that anybody needs to read.
                if Self::BITS < 64 { format!("from {} to {}", Self::MIN, Self::MAX) } else { format!("of {} or more", Self::MIN) }
            }
        })*
    };
}

whole!(u8, u32, u64, i32);

/// A number that may be left out.
struct Count<T>(T);

impl<T: Whole> FromStr for Count<T> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.trim().parse().map(Count).map_err(|_| format!("`{text}` is not a whole number {}", T::range()))
    }
}

impl<T: std::fmt::Display> std::fmt::Display for Count<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that may be left out.
struct Words(String);

impl FromStr for Words {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Words(text.trim().to_owned()))
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn maybe_count<T: Whole>(ui: &mut Ui, theme: &Theme, name: &str, help: &str, none: &str, value: &mut Option<T>) {
    let mut wrapped = value.map(Count);
    if optional(ui, theme, name, help, none, &mut wrapped) {
        *value = wrapped.map(|count| count.0);
    }
}

pub(super) fn maybe_words(ui: &mut Ui, theme: &Theme, name: &str, help: &str, none: &str, value: &mut Option<String>) {
    let mut wrapped = value.clone().map(Words);
    if optional(ui, theme, name, help, none, &mut wrapped) {
        *value = wrapped.map(|words| words.0);
    }
}

/// What an `Emit` says to RabbitMQ, whether of a producer or of what follows from an event.
pub struct Emission<'a> {
    key: &'a mut Option<String>,
    headers: &'a mut Pairs<Header>,
    priority: &'a mut Option<u8>,
    expiration: &'a mut Option<Span>,
    mandatory: &'a mut bool,
}

impl<'a> From<&'a mut Emit> for Emission<'a> {
    fn from(emit: &'a mut Emit) -> Self {
        let Emit { routing_key, headers, priority, expiration, mandatory, .. } = emit;
        Emission { key: routing_key, headers, priority, expiration, mandatory }
    }
}

impl<'a> From<&'a mut Then> for Emission<'a> {
    fn from(then: &'a mut Then) -> Self {
        let Then { routing_key, headers, priority, expiration, mandatory, .. } = then;
        Emission { key: routing_key, headers, priority, expiration, mandatory }
    }
}

/// The fields of an emission.
pub fn emitting<'a>(ui: &mut Ui, theme: &Theme, emission: impl Into<Emission<'a>>) {
    let Emission { key, headers: all, priority, expiration, mandatory } = emission.into();
    maybe_words(ui, theme, "Routing key", "What exchanges compare with the keys of bindings", "the event's name", key);
    headers(ui, theme, all);
    maybe_count(ui, theme, "Event priority", "Counts in queues with priorities", "none", priority);
    optional(ui, theme, "Expiration", "How long the event may wait in a queue", "as long as the queue allows", expiration);
    flag(ui, theme, "Mandatory", "What no queue gets comes back to the publisher", mandatory);
}

/// What a `Read` says to RabbitMQ.
pub fn reading(ui: &mut Ui, theme: &Theme, read: &mut Read) {
    let mut priority = (read.priority != 0).then_some(read.priority);
    maybe_count(ui, theme, "Priority", "Higher ones are served first while they can take something", "0", &mut priority);
    read.priority = priority.unwrap_or(0);
    flag(ui, theme, "Requeue", "What failed for good goes back to the queue instead of being rejected", &mut read.requeue);
}

/// The prefetch of a consumer that reads from RabbitMQ.
pub fn prefetch(ui: &mut Ui, theme: &Theme, consumer: &mut Consumer) {
    let help = "Most events an instance may hold without having acknowledged them";
    maybe_count(ui, theme, "Prefetch", help, "without limit", &mut consumer.prefetch);
}

/// Headers in one line: `format=pdf, pages=3, draft=true, stamp`.
pub(super) fn headers(ui: &mut Ui, theme: &Theme, headers: &mut Pairs<Header>) {
    let mut line = (!headers.is_empty()).then(|| Words(shown(headers)));
    let help = "As in `format=pdf, pages=3, draft=true`: texts, whole numbers, yes or no";
    if optional(ui, theme, "Headers", help, "none", &mut line) {
        *headers = Pairs(line.map(|words| parsed(&words.0)).unwrap_or_default());
    }
}

pub(super) fn shown(headers: &Pairs<Header>) -> String {
    let one = |(name, header): &(String, Header)| match header {
        Header::Text(text) => format!("{name}={text}"),
        Header::Number(number) => format!("{name}={number}"),
        Header::Flag(flag) => format!("{name}={flag}"),
        Header::Present => name.clone(),
    };
    headers.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn parsed(line: &str) -> Vec<(String, Header)> {
    let one = |part: &str| {
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value.trim())));
        let header = match value {
            None => Header::Present,
            Some("true") => Header::Flag(true),
            Some("false") => Header::Flag(false),
            Some(value) => value.parse().map_or_else(|_| Header::Text(value.to_owned()), Header::Number),
        };
        (name.trim().to_owned(), header)
    };
    let mut headers: Vec<(String, Header)> = Vec::new();
    for (name, header) in line.split(',').filter(|part| !part.trim().is_empty()).map(one) {
        if !headers.iter().any(|(known, _)| *known == name) {
            headers.push((name, header));
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_told_what_does() {
        let told = |text: &str| Count::<u8>::from_str(text).err().unwrap_or_default();
        assert_eq!(told("300"), "`300` is not a whole number from 0 to 255");
        assert_eq!(told("many"), "`many` is not a whole number from 0 to 255");
        assert_eq!(told("255"), "");
        assert_eq!(Count::<u64>::from_str("-1").err().unwrap_or_default(), "`-1` is not a whole number of 0 or more");
    }

    #[test]
    fn headers_read_as_they_are_written() {
        let headers = Pairs(vec![
            ("format".to_owned(), Header::Text("pdf".to_owned())),
            ("pages".to_owned(), Header::Number(3)),
            ("draft".to_owned(), Header::Flag(true)),
            ("stamp".to_owned(), Header::Present),
        ]);
        assert_eq!(shown(&headers), "format=pdf, pages=3, draft=true, stamp");
        assert_eq!(Pairs(parsed(&shown(&headers))), headers);
    }
}
