//! What may be declared, and what is the same as what is there already.

use super::fault::Fault;
use super::headers::Match;
use super::settings::{QueueKind, age};
use super::value::{Table, Value, look_up};

/// What a queue argument may hold.
enum Holds {
    Anything,
    Text,
    Bool,
    Natural,
    Positive,
    /// Milliseconds, from this on.
    Span(i64),
    Within(i64, i64),
    OneOf(&'static [&'static str]),
}

/// The longest time that an argument or an expiration may say, in milliseconds: ten years.
pub const LONGEST: i64 = 315_360_000_000;
/// The largest segment of a stream, in bytes.
const LARGEST_SEGMENT: i64 = 3_000_000_000;

/// A queue argument, with the kinds of queues that know it.
struct Argument {
    name: &'static str,
    holds: Holds,
    classic: bool,
    quorum: bool,
    stream: bool,
}

const fn argument(name: &'static str, holds: Holds, kinds: &str) -> Argument {
    let kinds = kinds.as_bytes();
    Argument { name, holds, classic: kinds[0] == b'c', quorum: kinds[1] == b'q', stream: kinds[2] == b's' }
}

/// The arguments that RabbitMQ 4.0 knows; others are kept and mean nothing.
const ARGUMENTS: &[Argument] = &[
    argument("x-expires", Holds::Span(1), "cq-"),
    argument("x-message-ttl", Holds::Span(0), "cq-"),
    argument("x-dead-letter-exchange", Holds::Text, "cq-"),
    argument("x-dead-letter-routing-key", Holds::Text, "cq-"),
    argument("x-dead-letter-strategy", Holds::OneOf(&["at-most-once", "at-least-once"]), "-q-"),
    argument("x-max-length", Holds::Natural, "cq-"),
    argument("x-max-length-bytes", Holds::Natural, "cqs"),
    argument("x-max-in-memory-length", Holds::Natural, "-q-"),
    argument("x-max-in-memory-bytes", Holds::Natural, "-q-"),
    argument("x-max-priority", Holds::Within(0, 255), "c--"),
    argument("x-overflow", Holds::OneOf(&["drop-head", "reject-publish", "reject-publish-dlx"]), "cq-"),
    argument("x-queue-mode", Holds::OneOf(&["default", "lazy"]), "c--"),
    argument("x-queue-version", Holds::Within(1, 2), "c--"),
    argument("x-single-active-consumer", Holds::Bool, "cq-"),
    argument("x-queue-type", Holds::OneOf(&["classic", "quorum", "stream"]), "cqs"),
    argument("x-queue-master-locator", Holds::Anything, "c--"),
    argument("x-quorum-initial-group-size", Holds::Positive, "-q-"),
    argument("x-delivery-limit", Holds::Anything, "-q-"),
    argument("x-queue-leader-locator", Holds::OneOf(&["client-local", "balanced", "random", "least-leaders"]), "cqs"),
    argument("x-max-age", Holds::Text, "--s"),
    argument("x-stream-max-segment-size-bytes", Holds::Within(0, LARGEST_SEGMENT), "--s"),
    argument("x-initial-cluster-size", Holds::Positive, "--s"),
];

impl Argument {
    fn is_known_to(&self, kind: QueueKind) -> bool {
        match kind {
            QueueKind::Classic => self.classic,
            QueueKind::Quorum => self.quorum,
            QueueKind::Stream => self.stream,
        }
    }
}

impl Holds {
    fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Holds::Anything, _) | (Holds::Text, Value::Text(_)) | (Holds::Bool, Value::Bool(_)) => true,
            (Holds::Natural, Value::Int(n)) => *n >= 0,
            (Holds::Positive, Value::Int(n)) => *n > 0,
            (Holds::Span(least), Value::Int(n)) => (*least..=LONGEST).contains(n),
            (Holds::Within(least, most), Value::Int(n)) => (*least..=*most).contains(n),
            (Holds::OneOf(names), Value::Text(text)) => names.contains(&&**text),
            _ => false,
        }
    }
}

/// The kind of queue that the arguments name.
pub fn queue_kind(arguments: &Table) -> QueueKind {
    look_up(arguments, "x-queue-type").and_then(Value::as_text).and_then(QueueKind::named).unwrap_or_default()
}

/// Whether a queue that does not exist yet may be declared like this.
pub fn check_queue(name: &str, durable: bool, exclusive: bool, auto_delete: bool, arguments: &Table) -> Result<(), Fault> {
    let refuse = |what: String| Err(Fault::precondition(what));
    let known = |argument: &&Argument| look_up(arguments, argument.name).is_some();
    for argument in ARGUMENTS.iter().filter(known) {
        let fits = look_up(arguments, argument.name).is_some_and(|value| argument.holds.fits(value));
        if !fits {
            return refuse(format!("invalid arg '{}' for queue '{name}' in vhost '/'", argument.name));
        }
    }
    if look_up(arguments, "x-dead-letter-routing-key").is_some() && look_up(arguments, "x-dead-letter-exchange").is_none() {
        return refuse(format!("invalid arg 'x-dead-letter-routing-key' for queue '{name}' in vhost '/': routing_key_but_no_dlx_defined"));
    }
    let kind = queue_kind(arguments);
    for argument in ARGUMENTS.iter().filter(known) {
        if !argument.is_known_to(kind) {
            let kind = kind.name();
            return refuse(format!("invalid arg '{}' for queue '{name}' in vhost '/' of queue type rabbit_{kind}_queue", argument.name));
        }
    }
    if kind == QueueKind::Stream {
        check_stream(name, arguments)?;
    }
    if kind != QueueKind::Classic {
        for (property, wrong) in [("non-durable", !durable), ("exclusive-owner", exclusive), ("auto-delete", auto_delete)] {
            if wrong {
                return refuse(format!("invalid property '{property}' for queue '{name}' in vhost '/'"));
            }
        }
    }
    Ok(())
}

/// What else a stream's arguments may say. The size of its filters is looked at here alone: other queues do not know the argument.
fn check_stream(name: &str, arguments: &Table) -> Result<(), Fault> {
    let wrong = |argument: &str| Fault::precondition(format!("invalid arg '{argument}' for queue '{name}' in vhost '/'"));
    if let Some(text) = look_up(arguments, "x-max-age").and_then(Value::as_text) {
        match text.bytes().next() {
            Some(b'0'..=b'9') if age(text).is_none() => return Err(wrong("x-max-age")),
            Some(b'0'..=b'9') => {}
            _ => return Err(Fault::internal(format!("x-max-age '{text}' is no age"))),
        }
    }
    match look_up(arguments, "x-stream-filter-size-bytes") {
        Some(Value::Int(16..=255)) | None => Ok(()),
        Some(_) => Err(wrong("x-stream-filter-size-bytes")),
    }
}

/// Whether a queue that exists may be declared again with these arguments: those that mean something to it have to be the same.
pub fn check_same_queue(name: &str, current: &Table, wanted: &Table) -> Result<(), Fault> {
    let kind = queue_kind(current);
    for argument in ARGUMENTS.iter().filter(|argument| argument.is_known_to(kind)) {
        let same = if argument.name == "x-queue-type" {
            queue_kind(current) == queue_kind(wanted)
        } else {
            look_up(current, argument.name) == look_up(wanted, argument.name)
        };
        if !same {
            return Err(Fault::precondition(format!("inequivalent arg '{}' for queue '{name}' in vhost '/'", argument.name)));
        }
    }
    Ok(())
}

/// Whether a headers exchange takes a binding with these arguments.
pub fn check_headers_binding(arguments: &Table) -> Result<(), Fault> {
    match look_up(arguments, "x-match") {
        None => Ok(()),
        Some(Value::Text(text)) if Match::named(text).is_some() => Ok(()),
        Some(_) => Err(Fault::precondition("invalid x-match; expected all, any, all-with-x or any-with-x")),
    }
}

/// Names that clients may not use.
pub fn check_name(what: &str, name: &str) -> Result<(), Fault> {
    if name.starts_with("amq.") {
        return Err(Fault::refused(format!("{what} name '{name}' contains reserved prefix 'amq.*'")));
    }
    Ok(())
}
