//! Drawings as simple brokers.

use super::{Converter, Reading};
use crate::scenario::broker::{BrokerKind, Simple};

pub(super) const CONVERTER: Converter = Converter {
    name: "Simple",
    title: "Simple",
    make: |drawing| BrokerKind::Simple(Simple { topics: drawing.channels.clone() }),
    reading: Reading::Channels,
    cannot: &["events are pushed and then forgotten: nothing is stored, replayed or tried again by the broker."],
};
