//! Values of headers and arguments: AMQP field tables.

use crate::random::{hash_name, mix};
use std::sync::Arc;

/// One value of a field table.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value. In a headers binding: the header has to be present.
    Void,
    /// Yes or no.
    Bool(bool),
    /// A whole number of any width.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(Arc<str>),
    /// An array.
    List(Vec<Value>),
    /// A table within the table.
    Table(Table),
}

/// Names with values, in the order in which they were given.
pub type Table = Vec<(Arc<str>, Value)>;

/// Equal as the headers exchange compares: numbers by value whatever their width, all else only with its own kind.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Void, Value::Void) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Table(a), Value::Table(b)) => a == b,
            _ => false,
        }
    }
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Value {
        Value::Text(Arc::from(text))
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that equal values share, and hardly any others.
    pub fn mark(&self) -> u64 {
        match self {
            Value::Void => 1,
            Value::Bool(yes) => 2 + u64::from(*yes),
            // Whole numbers equal those with a fraction of nothing; adding zero makes one of the two zeros.
            Value::Int(n) => mix((*n as f64 + 0.0).to_bits()),
            Value::Float(x) => mix((x + 0.0).to_bits()),
            Value::Text(text) => hash_name(text),
            Value::List(values) => values.iter().fold(4, |word, value| mix(word) ^ value.mark()),
            Value::Table(table) => table.iter().fold(5, |word, (name, value)| mix(word ^ hash_name(name)) ^ value.mark()),
        }
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }
}

/// The value of a name.
pub fn look_up<'a>(table: &'a [(Arc<str>, Value)], name: &str) -> Option<&'a Value> {
    table.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
}
