//! A document as the pieces its text is made of.
//!
//! Built by serde from the document types, so that a new field or variant needs nothing here; what has its default is left
//! out by the types themselves (`skip_serializing_if`).

use crate::scenario::lesson::PROSE;
use serde::ser::{self, Serialize};
use std::fmt;

/// A value, ready to be laid out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Doc {
    /// One word or text: `12`, `"50/s"`, `Sequential`.
    Atom(String),
    /// `Name(field: value, ...)`; a plain struct's name, or a variant's.
    Fields(String, Vec<(String, Doc)>),
    /// `Name(value, ...)`; the name is empty for a tuple.
    Values(String, Vec<Doc>),
    /// `[value, ...]`
    List(Vec<Doc>),
    /// `{key: value, ...}`; keys are atoms.
    Map(Vec<(String, Doc)>),
}

impl Doc {
    /// The pieces of a value.
    pub fn of(value: &impl Serialize) -> Doc {
        // The document types only fail to serialise if their own `Serialize` does, which none of them can.
        value.serialize(Builder::default()).unwrap_or_else(|never| Doc::Atom(never.0))
    }

    /// The name of a structure or variant.
    pub fn name(&self) -> Option<&str> {
        match self {
            Doc::Fields(name, _) | Doc::Values(name, _) => Some(name),
            _ => None,
        }
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&Doc> {
        match self {
            Doc::Fields(_, fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }
}

/// A text in quotes, escaped as RON reads it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A quoted text over several lines as a raw one; none if it has one line, or characters that would not come back as they are.
fn raw(quoted: &str) -> Option<String> {
    let text: String = super::super::read::options().from_str(quoted).ok()?;
    if !text.contains('\n') || text.chars().any(|c| c.is_control() && c != '\n') {
        return None;
    }
    let longest = text.split('"').skip(1).map(|after| after.len() - after.trim_start_matches('#').len()).max().unwrap_or(0);
    let signs = "#".repeat(longest + 1);
    Some(format!("r{signs}\"{text}\"{signs}"))
}

/// A number that reads back to the same one.
fn number(value: f64) -> String {
    let small = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    match () {
        () if value.is_nan() => "NaN".to_owned(),
        () if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        () if small => format!("{value}"),
        () => format!("{value:e}"),
    }
}

#[derive(Default)]
struct Builder {
    /// The variant that holds what is built: its name stands for that of a struct.
    holder: Option<&'static str>,
}

/// Cannot happen; serde wants a type.
#[derive(Debug)]
pub(crate) struct Never(String);

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Never {}
impl ser::Error for Never {
    fn custom<T: fmt::Display>(message: T) -> Never {
        Never(message.to_string())
    }
}

type Built = Result<Doc, Never>;

macro_rules! atoms {
    ($($method:ident: $type:ty => |$v:ident| $text:expr;)*) => {$(
        fn $method(self, $v: $type) -> Built {
            Ok(Doc::Atom($text))
        }
    )*};
}

impl ser::Serializer for Builder {
    type Ok = Doc;
    type Error = Never;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Entries;
    type SerializeStruct = Named;
    type SerializeStructVariant = Named;

    atoms! {
        serialize_bool: bool => |v| v.to_string();
        serialize_i8: i8 => |v| v.to_string();
        serialize_i16: i16 => |v| v.to_string();
        serialize_i32: i32 => |v| v.to_string();
        serialize_i64: i64 => |v| v.to_string();
        serialize_u8: u8 => |v| v.to_string();
        serialize_u16: u16 => |v| v.to_string();
        serialize_u32: u32 => |v| v.to_string();
        serialize_u64: u64 => |v| v.to_string();
        // By way of its own digits: 0.1 as an f64 would show what an f32 cannot hold.
        serialize_f32: f32 => |v| if v.is_finite() && v.abs() < 1e9 { v.to_string() } else { number(f64::from(v)) };
        serialize_f64: f64 => |v| number(v);
        serialize_char: char => |v| format!("{v:?}");
        serialize_str: &str => |v| quoted(v);
        serialize_unit_struct: &'static str => |v| v.to_owned();
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Built {
        Ok(Doc::List(bytes.iter().map(|b| Doc::Atom(b.to_string())).collect()))
    }
    fn serialize_none(self) -> Built {
        Ok(Doc::Atom("None".to_owned()))
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Built {
        value.serialize(Builder::default())
    }
    fn serialize_unit(self) -> Built {
        Ok(Doc::Atom("()".to_owned()))
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Built {
        Ok(Doc::Atom(variant.to_owned()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Built {
        let inside = value.serialize(Builder::default())?;
        Ok(match inside {
            // Written as people write it: over several lines, without escapes.
            Doc::Atom(text) if name == PROSE => Doc::Atom(raw(&text).unwrap_or(text)),
            inside => Doc::Values(name.to_owned(), vec![inside]),
        })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, variant: &'static str, value: &T) -> Built {
        Ok(match value.serialize(Builder { holder: Some(variant) })? {
            // A struct; a variant with fields keeps its own name inside.
            Doc::Fields(name, fields) if name == variant => Doc::Fields(name, fields),
            other => Doc::Values(variant.to_owned(), vec![other]),
        })
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Never> {
        Ok(Parts { name: None, parts: Vec::new() })
    }
    fn serialize_tuple(self, _: usize) -> Result<Parts, Never> {
        Ok(Parts { name: Some(String::new()), parts: Vec::new() })
    }
    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Parts, Never> {
        Ok(Parts { name: Some(name.to_owned()), parts: Vec::new() })
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Parts, Never> {
        Ok(Parts { name: Some(variant.to_owned()), parts: Vec::new() })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Never> {
        Ok(Entries { key: String::new(), entries: Vec::new() })
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Named, Never> {
        Ok(Named { name: self.holder.unwrap_or(name), fields: Vec::new() })
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Named, Never> {
        Ok(Named { name: variant, fields: Vec::new() })
    }
}

/// Items of a list (no name) or of a tuple.
pub(crate) struct Parts {
    name: Option<String>,
    parts: Vec<Doc>,
}

impl Parts {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.parts.push(value.serialize(Builder::default())?);
        Ok(())
    }
    fn done(self) -> Built {
        Ok(match self.name {
            Some(name) => Doc::Values(name, self.parts),
            None => Doc::List(self.parts),
        })
    }
}

macro_rules! parts {
    ($($which:ident $method:ident;)*) => {$(
        impl ser::$which for Parts {
            type Ok = Doc;
            type Error = Never;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
                self.add(value)
            }
            fn end(self) -> Built {
                self.done()
            }
        }
    )*};
}

parts! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// Entries of a map.
pub(crate) struct Entries {
    key: String,
    entries: Vec<(String, Doc)>,
}

impl ser::SerializeMap for Entries {
    type Ok = Doc;
    type Error = Never;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.key = match key.serialize(Builder::default())? {
            Doc::Atom(text) => text,
            _ => return Err(ser::Error::custom("a map key is one word or text")),
        };
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.entries.push((std::mem::take(&mut self.key), value.serialize(Builder::default())?));
        Ok(())
    }
    fn end(self) -> Built {
        Ok(Doc::Map(self.entries))
    }
}

/// Fields of a struct.
pub(crate) struct Named {
    name: &'static str,
    fields: Vec<(String, Doc)>,
}

macro_rules! named {
    ($($which:ident)*) => {$(
        impl ser::$which for Named {
            type Ok = Doc;
            type Error = Never;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Never> {
                self.fields.push((name.to_owned(), value.serialize(Builder::default())?));
                Ok(())
            }
            fn end(self) -> Built {
                Ok(Doc::Fields(self.name.to_owned(), self.fields))
            }
        }
    )*};
}

named! { SerializeStruct SerializeStructVariant }
