//! Events and messages as the engine carries them: plain values of fixed size, nothing on the heap.

use crate::ids::{EmitterId, EventId, SeatId, TypeId};
use crate::random::{Stream, hash_name, threshold};
use crate::scenario::Plan;
use crate::scenario::plan::Origin;
use crate::scenario::shapes::Attribute;
use crate::time::Time;

/// One event. Its size follows from its type and its attributes from its id (see [`attributes`]), so neither is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which event.
    pub id: EventId,
    /// When it was published.
    pub published: Time,
    /// The first event of its chain, itself if nothing caused it: the correlation id.
    pub root: EventId,
    /// Its key.
    pub key: Key,
    /// Its type.
    pub kind: Kind,
    /// Handling attempts that failed so far, at the outlet where this copy is.
    pub failures: u8,
    /// What is special about this copy.
    pub flags: Flags,
    /// To which seat this copy is handed; before that, which seat's worker made it (means nothing for a workload's). (Stands here and not in [`Message`] because here it costs no
    /// memory.)
    pub seat: SeatId,
}

impl Event {
    /// A copy to lend. What is on the way of every delivery lends copies to what is not part of it: a value whose address nobody has stays
    /// in registers, and is not written piece by piece to be read again as a whole, for which the processor has to wait. (With queues that
    /// do the same, an event of M/M/1 takes 7 % less time, a copy among a thousand fan-outs 11 %.)
    #[inline(always)]
    pub(super) fn apart(&self) -> Event {
        *self
    }
}

/// A [`TypeId`] in 16 bits: the checks refuse scenarios with more types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u16);

impl From<TypeId> for Kind {
    #[inline(always)]
    fn from(id: TypeId) -> Kind {
        Kind(id.0 as u16)
    }
}

impl From<Kind> for TypeId {
    #[inline(always)]
    fn from(kind: Kind) -> TypeId {
        TypeId(u32::from(kind.0))
    }
}

/// What is special about a copy of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The ledger follows this copy, because there are others like it or because somebody waits for its fate.
    pub const TRACKED: Flags = Flags(1);
    /// The network made it, or its publisher sent it again.
    pub const DUPLICATE: Flags = Flags(2);
    /// It is on its way through a dead-letter channel.
    pub const DEAD_LETTER: Flags = Flags(4);
    /// The outlet has handled the event before: handling it again makes a duplicate, losing this copy loses nothing.
    pub const HANDLED: Flags = Flags(8);
    /// It was handed over before, and came back.
    pub const REDELIVERED: Flags = Flags(16);
    /// Its broker has taken it back while it was still travelling: whoever receives it throws it away.
    pub const STALE: Flags = Flags(32);
    /// The broker delivers it again because it was told to replay stored events.
    pub const REPLAYED: Flags = Flags(64);
    /// The broker passed it on from one of its channels to another.
    pub const FORWARDED: Flags = Flags(128);

    /// Whether any of `other` is set.
    #[inline(always)]
    pub fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` are set.
    #[inline(always)]
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// With `other` set as well.
    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// With `other` cleared.
    pub fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }
}

/// A copy of an event that is owed to a reader: 48 bytes, which is what one waiting event costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The event.
    pub event: Event,
    /// When it was routed to the outlet (or came back to it after a backoff).
    pub routed: Time,
}

impl Message {
    /// A copy to lend, see [`Event::apart`].
    #[inline(always)]
    pub(super) fn apart(&self) -> Message {
        *self
    }

    /// Stands where there is no message yet.
    pub(super) const NONE: Message = Message {
        event: Event {
            id: EventId(0),
            published: Time::ZERO,
            root: EventId(0),
            key: Key::NONE,
            kind: Kind(0),
            failures: 0,
            flags: Flags(0),
            seat: SeatId(0),
        },
        routed: Time::ZERO,
    };
}

/// An event's key: none, a number, or one of the plan's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

impl Key {
    /// No key.
    pub const NONE: Key = Key(u64::MAX);
    const TEXT: u64 = 1 << 63;

    /// A numbered key, below 2^63.
    pub fn number(n: u64) -> Key {
        Key(n & !Self::TEXT)
    }

    /// The key at a position of [`KeyTexts`].
    pub fn text(position: usize) -> Key {
        Key(Self::TEXT | position as u64)
    }

    /// The key's text as bytes; `None` without a key.
    #[inline]
    pub(super) fn bytes<'b>(self, texts: &'b KeyTexts, digits: &'b mut [u8; 20]) -> Option<&'b [u8]> {
        match self.0 {
            u64::MAX => None,
            n if n & Self::TEXT == 0 => {
                let (mut n, mut at) = (n, digits.len());
                loop {
                    at -= 1;
                    digits[at] = b'0' + (n % 10) as u8;
                    n /= 10;
                    if n == 0 {
                        return Some(&digits[at..]);
                    }
                }
            }
            n => texts.0.get((n & !Self::TEXT) as usize).map(String::as_bytes),
        }
    }

    /// The key as it would stand in a real message; `None` without a key.
    pub fn show(self, texts: &KeyTexts) -> Option<String> {
        match self.0 {
            u64::MAX => None,
            n if n & Self::TEXT == 0 => Some(n.to_string()),
            n => texts.0.get((n & !Self::TEXT) as usize).cloned(),
        }
    }
}

/// The textual keys of a plan, each once.
#[derive(Clone, Debug, Default)]
pub struct KeyTexts(Vec<String>);

impl KeyTexts {
    pub(super) fn new(texts: Vec<String>) -> KeyTexts {
        KeyTexts(texts)
    }
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// One attribute of an event, `None` if it has none of that name.
pub fn attribute(plan: &Plan, seed: u64, event: &Event, name: &str) -> Option<Value> {
    if let Origin::Trace(trace) = &plan.emitters[event.id.emitter().index()].origin {
        let column = trace.columns.iter().position(|column| column == name)?;
        return Some(recorded(&trace.rows[event.id.serial() as usize].values[column]));
    }
    let kind = &plan.types[TypeId::from(event.kind).index()];
    let (_, attribute) = kind.attributes.iter().find(|(known, _)| known == name)?;
    let salt = attribute_salt(plan, seed, event.id.emitter(), name);
    Some(match draw(attribute, &mut Stream::numbered(salt, event.id.serial())) {
        Drawn::Number(number) => Value::Number(number),
        Drawn::Text(text) => Value::Text(text.to_owned()),
    })
}

/// The attributes of an event. They are not stored but follow from the seed and the event's id: whoever looks twice sees the same.
pub fn attributes(plan: &Plan, seed: u64, event: &Event) -> Vec<(String, Value)> {
    if let Origin::Trace(trace) = &plan.emitters[event.id.emitter().index()].origin {
        let row = &trace.rows[event.id.serial() as usize];
        return trace.columns.iter().cloned().zip(row.values.iter().map(|text| recorded(text))).collect();
    }
    let kind = &plan.types[TypeId::from(event.kind).index()];
    let emitter = event.id.emitter();
    let value = |name: &str, attribute: &Attribute| match draw(
        attribute,
        &mut Stream::numbered(attribute_salt(plan, seed, emitter, name), event.id.serial()),
    ) {
        Drawn::Number(number) => Value::Number(number),
        Drawn::Text(text) => Value::Text(text.to_owned()),
    };
    kind.attributes.iter().map(|(name, attribute)| (name.clone(), value(name, attribute))).collect()
}

/// A value as a trace has it.
fn recorded(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Number)
}

/// Under which salt the events of an emitter draw an attribute: with it and an event's serial, [`Stream::numbered`] gives the stream.
pub(super) fn attribute_salt(plan: &Plan, seed: u64, emitter: EmitterId, name: &str) -> u64 {
    hash_name(&plan.emitters[emitter.index()].name) ^ seed ^ hash_name(name)
}

/// A drawn value of an attribute, where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drawn<'a> {
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
}

/// Draws a value of an attribute.
pub(super) fn draw<'a>(attribute: &'a Attribute, random: &mut Stream) -> Drawn<'a> {
    match attribute {
        Attribute::Choice(choices) => {
            let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
            let mut left = random.unit() * total;
            let chosen = choices.iter().find(|(_, weight)| {
                left -= weight;
                left < 0.0
            });
            Drawn::Text(chosen.or(choices.0.last()).map_or("", |(text, _)| text))
        }
        Attribute::Uniform(from, to) => Drawn::Number(from + (to - from) * random.unit()),
        Attribute::Whole(from, to) => Drawn::Number((from + random.below(to.abs_diff(*from) + 1) as i64) as f64),
        Attribute::Text(text) => Drawn::Text(text),
        Attribute::Number(number) => Drawn::Number(*number),
    }
}

/// A share as a threshold for [`crate::random::Stream::chance`].
pub(super) fn odds(share: crate::scenario::units::Percent) -> u64 {
    threshold(share.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_event_stays_within_its_stated_size() {
        assert_eq!(size_of::<Message>(), 48);
    }

    #[test]
    fn keys_show_as_they_would_stand_in_a_message() {
        let texts = KeyTexts::new(vec!["N167US".to_owned()]);
        assert_eq!(Key::NONE.show(&texts), None);
        assert_eq!(Key::number(7).show(&texts).as_deref(), Some("7"));
        assert_eq!(Key::text(0).show(&texts).as_deref(), Some("N167US"));
    }
}
