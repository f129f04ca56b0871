//! The document types fed from a tree of places instead of from the text, to learn exactly where and why they refuse.
//!
//! Only used when `ron` has refused a text. What it finds is the same in substance; what it adds is the place of the very
//! value, field or name, and the words of this file format.

use crate::scenario::locate::{Item, Place, Shape, Tree};
use crate::scenario::read::shortened;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use std::collections::{BTreeSet, HashSet};
use std::fmt;

/// Why a value was refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    /// In its own words.
    Message(String),
    /// Not what belongs there.
    Other { expected: String },
    /// None of the variants of an enum.
    Choice { known: &'static [&'static str] },
    /// Not the structure that belongs there, whose first field may tell what was meant.
    Structure { name: &'static str, first: Option<&'static str> },
    /// A key of a map without quotes.
    Unquoted(String),
    /// No such field.
    Field { name: String, known: &'static [&'static str] },
    /// No such variant of an enum.
    Variant { of: &'static str, name: String, known: &'static [&'static str] },
    /// A field that must be there.
    Missing(&'static str),
    /// A field that is there again.
    Twice(String),
    /// A value without the name of its field, and the field that it is by its place, where that tells.
    Nameless { value: String, field: Option<&'static str> },
}

/// A refusal with its place.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub why: Why,
    /// The value concerned; `None` until it passes the first one that knows.
    pub item: Option<u32>,
    /// A more exact place than the value's.
    pub place: Option<Place>,
}

impl Refused {
    fn new(why: Why) -> Refused {
        Refused { why, item: None, place: None }
    }

    fn at(mut self, item: u32) -> Refused {
        self.item.get_or_insert(item);
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.why)
    }
}
impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Refused {
        Refused::new(Why::Message(message.to_string()))
    }
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Refused {
        Refused::new(Why::Other { expected: expected.to_string() })
    }
    fn invalid_length(found: usize, expected: &dyn Expected) -> Refused {
        Refused::new(Why::Message(format!("expected {}, found {found}", counted(&expected.to_string()))))
    }
    fn missing_field(field: &'static str) -> Refused {
        Refused::new(Why::Missing(field))
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Refused {
        Refused::new(Why::Field { name: field.to_owned(), known: expected })
    }
}

/// `a tuple of size 2`, `tuple variant Attribute::Uniform with 2 elements` -> `2 values`
fn counted(expected: &str) -> String {
    let number = expected.split(|c: char| !c.is_ascii_digit()).find(|n| !n.is_empty());
    number.map_or_else(|| expected.to_owned(), |n| format!("{n} value{}", if n == "1" { "" } else { "s" }))
}

/// A value of the tree.
#[derive(Clone, Copy)]
pub(super) struct Value<'a, 't> {
    pub tree: &'a Tree<'t>,
    pub item: u32,
    /// Whether the brackets of the item were a variant's: what is wanted is what stands in them.
    pub inside: bool,
    /// Fields and elements of lists that are read as if they were not there.
    pub passed: &'a BTreeSet<u32>,
}

impl<'a, 't> Value<'a, 't> {
    fn item(&self) -> &'a Item {
        self.tree.item(self.item)
    }

    fn other(&self, expected: impl Into<String>) -> Refused {
        Refused::new(Why::Other { expected: expected.into() }).at(self.item)
    }

    /// The child at this position, or the first behind it that is not passed over.
    fn next(&self, position: &mut usize) -> Option<u32> {
        let children = self.item().children.get(*position..)?;
        let passed = children.iter().take_while(|child| self.passed.contains(child)).count();
        *position += passed;
        children.get(passed).copied()
    }

    /// The value itself, where the brackets around it were a variant's.
    fn only(self, expected: &dyn Expected) -> Result<Self, Refused> {
        match self.item().children.as_slice() {
            _ if !self.inside => Ok(self),
            [only] => self.plain(*only),
            children => {
                let message = format!("expected one value in these brackets, {}, found {}", expected, children.len());
                Err(Refused::new(Why::Message(message)).at(self.item))
            }
        }
    }

    /// A child that must not be a named field.
    fn plain(self, child: u32) -> Result<Self, Refused> {
        match self.tree.item(child).key {
            Some(key) if self.item().shape != Shape::Map => {
                let message = format!("a value stands here without a name: leave `{}:` out", self.tree.slice(key));
                Err(Refused { why: Why::Message(message), item: Some(child), place: Some(key) })
            }
            _ => Ok(Value { item: child, inside: false, ..self }),
        }
    }

    fn word(&self) -> Option<&'t str> {
        (self.item().shape == Shape::Word).then(|| self.tree.slice(self.item().place))
    }

    /// A number by way of ron's own rules for numbers.
    fn number<T: de::DeserializeOwned>(self, expected: &dyn Expected, what: &str) -> Result<(T, u32), Refused> {
        let value = self.only(expected)?;
        let parsed = value.word().and_then(|word| ron::from_str(word).ok());
        parsed.map(|number| (number, value.item)).ok_or_else(|| value.other(what))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            let (number, item) = self.number::<$type>(&visitor, $what)?;
            visitor.$visit(number).map_err(|e: Refused| e.at(item))
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_, '_> {
    type Error = Refused;

    numbers! {
        deserialize_bool visit_bool bool, "`true` or `false`";
        deserialize_i8 visit_i8 i8, "a whole number";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number from -9223372036854775808 to 9223372036854775807";
        deserialize_u8 visit_u8 u8, "a whole number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a whole number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number from 0 to 4294967295";
        deserialize_u64 visit_u64 u64, "a whole number from 0 to 18446744073709551615";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.item().shape {
            Shape::Text => self.deserialize_str(visitor),
            _ => Err(self.other((&visitor as &dyn Expected).to_string())),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let value = self.only(&visitor)?;
        if value.item().shape != Shape::Text {
            return Err(value.other((&visitor as &dyn Expected).to_string()));
        }
        match ron::from_str::<String>(self.tree.slice(value.item().place)) {
            Ok(text) => visitor.visit_string(text).map_err(|e: Refused| e.at(value.item)),
            Err(error) => Err(Refused::new(Why::Message(format!("this text cannot be read: {}", error.code))).at(value.item)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_any(visitor)
    }
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_any(visitor)
    }
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let item = self.item();
        match (self.word(), item.shape, self.tree.name(self.item), item.children.as_slice()) {
            (Some("None"), ..) => visitor.visit_none(),
            (_, Shape::Round, Some("Some"), [_]) => visitor.visit_some(Value { inside: true, ..self }),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Refused> {
        let value = self.only(&visitor)?;
        let fits = value.item().shape == Shape::Round && self.tree.name(value.item).is_none_or(|n| n == name);
        if !fits {
            return Err(Refused::new(Why::Structure { name, first: None }).at(value.item));
        }
        visitor.visit_newtype_struct(Value { inside: true, ..value }).map_err(|e| e.at(value.item))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let value = self.only(&visitor)?;
        if value.item().shape != Shape::List {
            return Err(value.other("a list in square brackets"));
        }
        visitor.visit_seq(Children::of(value)).map_err(|e| e.at(value.item))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        let value = self.only(&visitor)?;
        if value.item().shape != Shape::Round || self.tree.name(value.item).is_some() {
            return Err(value.other(format!("{len} values in round brackets")));
        }
        value.tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let value = self.only(&visitor)?;
        if value.item().shape != Shape::Map {
            return Err(value.other((&visitor as &dyn Expected).to_string()));
        }
        visitor.visit_map(Fields::of(value, &[])).map_err(|e| e.at(value.item))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let fits = self.inside || self.item().shape == Shape::Round && self.tree.name(self.item).is_none_or(|n| n == name);
        if !fits {
            return Err(Refused::new(Why::Structure { name, first: fields.first().copied() }).at(self.item));
        }
        visitor.visit_map(Fields::of(self, fields)).map_err(|e| e.at(self.item))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, of: &'static str, known: &'static [&'static str], visitor: V) -> Result<V::Value, Refused> {
        let value = self.only(&visitor)?;
        let named = matches!(value.item().shape, Shape::Word | Shape::Round);
        match self.tree.name(value.item).filter(|n| named && n.starts_with(|c: char| c.is_alphabetic() || c == '_')) {
            None => Err(Refused::new(Why::Choice { known }).at(value.item)),
            Some(name) if !known.contains(&name) => {
                let why = Why::Variant { of, name: shortened(name), known };
                Err(Refused { why, item: Some(value.item), place: value.item().name })
            }
            Some(name) => visitor.visit_enum(Variant { value, name }).map_err(|e| e.at(value.item)),
        }
    }
}

impl Value<'_, '_> {
    fn tuple<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        let found = self.item().children.len();
        if found != len {
            let message = format!("expected {len} value{} in these brackets, found {found}", if len == 1 { "" } else { "s" });
            return Err(Refused::new(Why::Message(message)).at(self.item));
        }
        visitor.visit_seq(Children::of(self)).map_err(|e| e.at(self.item))
    }
}

struct Children<'a, 't> {
    of: Value<'a, 't>,
    next: usize,
}

impl<'a, 't> Children<'a, 't> {
    fn of(of: Value<'a, 't>) -> Self {
        Children { of, next: 0 }
    }
}

impl<'de> SeqAccess<'de> for Children<'_, '_> {
    type Error = Refused;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        let Some(child) = self.of.next(&mut self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(self.of.plain(child)?).map(Some).map_err(|e| e.at(child))
    }
}

struct Fields<'a, 't> {
    of: Value<'a, 't>,
    next: usize,
    seen: HashSet<&'t str>,
    /// Names of the fields in order, where they are known.
    names: &'static [&'static str],
}

impl<'a, 't> Fields<'a, 't> {
    fn of(of: Value<'a, 't>, names: &'static [&'static str]) -> Self {
        Fields { of, next: 0, seen: HashSet::new(), names }
    }
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let tree = self.of.tree;
        let Some(child) = self.of.next(&mut self.next) else { return Ok(None) };
        let refused = |why: Why| Refused { why, item: Some(child), place: tree.item(child).key };
        let Some(key) = tree.key(child) else {
            let value = shortened(tree.slice(tree.item(child).place));
            // Only where no name stands before it can its place tell.
            let field = self.names.first().copied().filter(|_| self.seen.is_empty());
            return Err(refused(Why::Nameless { value, field }));
        };
        if !self.seen.insert(key) {
            return Err(refused(Why::Twice(shortened(key))));
        }
        let written = tree.item(child).key.map_or(key, |k| tree.slice(k));
        if self.of.item().shape == Shape::Map && !written.ends_with(['"', '#']) {
            return Err(refused(Why::Unquoted(shortened(written))));
        }
        // Decoded where it is a text: a map key may contain escapes.
        let key = if written.starts_with('"') { ron::from_str(written).unwrap_or_else(|_| key.to_owned()) } else { key.to_owned() };
        let key: de::value::StringDeserializer<Refused> = de::IntoDeserializer::into_deserializer(key);
        seed.deserialize(key).map(Some).map_err(|e| Refused { place: e.place.or(tree.item(child).key), ..e.at(child) })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let child = self.of.item().children.get(self.next).copied().unwrap_or(self.of.item);
        self.next += 1;
        seed.deserialize(Value { item: child, inside: false, ..self.of }).map_err(|e| e.at(child))
    }
}

struct Variant<'a, 't> {
    value: Value<'a, 't>,
    name: &'t str,
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Refused;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refused> {
        let name: de::value::StrDeserializer<'_, Refused> = de::IntoDeserializer::into_deserializer(self.name);
        seed.deserialize(name).map(|v| (v, self))
    }
}

impl Variant<'_, '_> {
    fn brackets(&self) -> Result<(), Refused> {
        match self.value.item().shape {
            Shape::Round => Ok(()),
            _ => {
                Err(Refused::new(Why::Message(format!("`{0}` needs brackets with its values: `{0}(...)`", self.name))).at(self.value.item))
            }
        }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        match self.value.item().shape {
            Shape::Round => Err(Refused::new(Why::Message(format!("`{0}` stands alone, without brackets", self.name))).at(self.value.item)),
            _ => Ok(()),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        self.brackets()?;
        seed.deserialize(Value { inside: true, ..self.value })
    }
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.brackets()?;
        self.value.tuple(len, visitor)
    }
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refused> {
        self.brackets()?;
        visitor.visit_map(Fields::of(self.value, fields))
    }
}
