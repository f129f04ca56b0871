//! Broker kinds as the window knows them: what the palette offers, what a broker shows below its header, what the inspector
//! asks, what connecting to it creates. One file per kind behind one contract.
//!
//! A new kind is its file here, its line in [`OFFERS`], and its line in [`of`] and [`of_mut`]; the canvas, the palette, the
//! quick-add, the right-click menus and the inspector follow from that.

pub mod eventbridge;
pub mod inside;
pub mod kafka;
pub mod rabbitmq;
pub mod removal;
pub mod simple;

use super::action::Action;
use super::canvas::measures::{BROKER_WIDTH, LETTER, PAD, ROW, ROW_FIGURES};
use super::edit::users::{Gone, Users};
use super::inspector::Inspected;
use crate::ids::NodeId;
use crate::run::Frame;
use crate::scenario::broker::{BrokerKind, Request};
use egui::{Rect, Ui, Vec2, pos2, vec2};
use egui_material_icons::MaterialIcon;
pub use inside::Inside;

/// A broker kind that can be put on the canvas.
#[derive(Debug)]
pub struct Offer {
    /// Its name, as in the file.
    pub kind: &'static str,
    /// Its name, as people say it.
    pub title: &'static str,
    /// One line on what it is.
    pub line: &'static str,
    /// Its icon.
    pub icon: MaterialIcon,
    /// A new one with sensible settings.
    pub fresh: fn() -> BrokerKind,
}

/// All kinds, in the order in which they are offered.
pub static OFFERS: &[Offer] = &[simple::OFFER, kafka::OFFER, rabbitmq::OFFER, eventbridge::OFFER];

/// The kind that a key or a plain "broker" stands for.
pub fn usual() -> &'static Offer {
    &OFFERS[0]
}

/// The offer of that name in the file.
pub fn offer(kind: &str) -> &'static Offer {
    OFFERS.iter().find(|o| o.kind == kind).unwrap_or(usual())
}

/// A broker's kind behind the contract.
pub fn of(kind: &BrokerKind) -> &dyn Kind {
    match kind {
        BrokerKind::Simple(simple) => simple,
        BrokerKind::Kafka(parts) => parts,
        BrokerKind::RabbitMq(rabbitmq) => rabbitmq,
        BrokerKind::EventBridge(parts) => parts,
    }
}

/// The same, to be changed.
pub fn of_mut(kind: &mut BrokerKind) -> &mut dyn Kind {
    match kind {
        BrokerKind::Simple(simple) => simple,
        BrokerKind::Kafka(parts) => parts,
        BrokerKind::RabbitMq(rabbitmq) => rabbitmq,
        BrokerKind::EventBridge(parts) => parts,
    }
}

/// In which direction events pass a part of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Producers publish to it.
    In,
    /// Consumers read from it.
    Out,
}

/// A part of a broker that links end at: a topic, an exchange, a queue, a bus, a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name, as in `broker/name`. Where a part that takes and one that gives share a name, the direction tells them apart.
    pub name: String,
    /// What it is, in one word and lower case.
    pub noun: &'static str,
    /// Producers may publish to it: links enter on its left.
    pub takes: bool,
    /// Consumers may read from it: links leave on its right, from a port that can be dragged.
    pub gives: bool,
    /// Where it is, in scene units from the left end of the header's lower edge.
    pub rect: Rect,
}

impl Part {
    /// Whether events pass it in this direction.
    pub fn goes(&self, way: Way) -> bool {
        match way {
            Way::In => self.takes,
            Way::Out => self.gives,
        }
    }
}

/// What a broker shows below its header.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// How large it is, in scene units.
    pub size: Vec2,
    /// What links end at.
    pub parts: Vec<Part>,
}

impl Board {
    /// One part per name, below each other, each over the whole width. `least` is the width that the header needs.
    pub fn stack<'n>(names: impl Iterator<Item = &'n str>, noun: &'static str, takes: bool, gives: bool, least: f32) -> Board {
        let names: Vec<&str> = names.collect();
        let wanted = names.iter().map(|name| letters(name) + ROW_FIGURES + PAD * 2.0).fold(least, f32::max);
        let width = even(wanted).clamp(BROKER_WIDTH.0, BROKER_WIDTH.1);
        let part = |(i, name): (usize, &&str)| Part {
            name: (*name).to_owned(),
            noun,
            takes,
            gives,
            rect: Rect::from_min_size(pos2(0.0, ROW * i as f32), vec2(width, ROW)),
        };
        Board { size: vec2(width, names.len().max(1) as f32 * ROW), parts: names.iter().enumerate().map(part).collect() }
    }
}

/// About how wide a text is at the size of a label: nodes are as wide as their names need, without asking the fonts.
pub fn letters(text: &str) -> f32 {
    text.chars().count() as f32 * LETTER
}

/// The next even width: nodes of about one width become nodes of one width.
pub fn even(width: f32) -> f32 {
    (width / 16.0).ceil() * 16.0
}

/// What the window asks of a broker kind.
pub trait Kind {
    /// The parts, and how much room they take. Called for every layout: cheap and repeatable.
    fn board(&self, least: f32) -> Board;

    /// Draws what is below the header, from the middle distance on; `scratch` is there to write figures into.
    fn paint(&self, inside: &Inside<'_>, scratch: &mut String);

    /// What the run shows of what is drawn at a place within a part: line by line, for a tooltip. The place and the part's size are in units
    /// of its measures, from its upper left corner.
    fn tells(&self, _frame: &Frame, _broker: NodeId, _part: usize, _at: Vec2, _size: Vec2) -> Vec<String> {
        Vec::new()
    }

    /// What a new part is called that events pass in this direction, in one word and lower case.
    fn noun(&self, way: Way) -> &'static str;

    /// Creates a part of that name that events can pass in this direction. Not called for one that exists.
    fn create(&mut self, name: &str, way: Way);

    /// Gives a part another name, along with whatever else in the broker refers to it. Ends of links follow by themselves.
    fn rename(&mut self, from: &str, to: &str, way: Way);

    /// Takes away the part at a position among those of this direction (in order of the file), along with whatever else in the broker
    /// refers to it, and tells its name. What leads there follows by itself.
    fn remove(&mut self, position: usize, way: Way) -> Option<String>;

    /// The places of other brokers (`broker/part`) that it sends events to, wherever it names them.
    fn places(&mut self) -> Vec<&mut String> {
        Vec::new()
    }

    /// Sends nothing more to places of other brokers that are `gone`.
    fn cut(&mut self, _gone: &dyn Fn(&str) -> bool) {}

    /// Takes away the link to another part that the one at a position makes among those that give; whether there was one.
    fn unforward(&mut self, _position: usize) -> bool {
        false
    }

    /// A node is called otherwise: what it says of single nodes follows.
    fn rename_node(&mut self, _from: &str, _to: &str) {}

    /// Who read a part as one group reads it as another now: what it says of the group follows, unless some of the `users` still read as it.
    fn regroup(&mut self, _part: &str, _from: &str, _to: &str, _users: &Users) {}

    /// Forgets what it says of readers and publishers that are gone.
    fn forget(&mut self, _gone: &Gone<'_>) {}

    /// What can be asked of a part while a run goes on, in groups with a name: each a line of words and the request.
    fn requests(&self, _part: &str, _readers: &[String]) -> Vec<(String, Vec<(String, Request)>)> {
        Vec::new()
    }

    /// A few sentences on how it works and where it departs from the real product; shown on demand.
    fn about(&self) -> &'static str {
        ""
    }

    /// Draws the fields of the inspector and makes the changes. What concerns more than the broker itself is pushed as an action.
    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>);
}

/// Whether there is a part of that name that events can pass in that direction.
pub fn has(kind: &BrokerKind, name: &str, way: Way) -> bool {
    of(kind).board(0.0).parts.iter().any(|p| p.goes(way) && p.name == name)
}

/// The names of all parts that events can pass in that direction.
pub fn names(kind: &BrokerKind, way: Way) -> Vec<String> {
    of(kind).board(0.0).parts.into_iter().filter(|p| p.goes(way)).map(|p| p.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind keeps the contract, the ones to come included.
    #[test]
    fn every_kind_keeps_the_contract() {
        for offer in OFFERS {
            let mut kind = (offer.fresh)();
            assert_eq!(kind.name(), offer.kind);
            for way in [Way::In, Way::Out] {
                if !has(&kind, "made-here", way) {
                    of_mut(&mut kind).create("made-here", way);
                }
                assert!(has(&kind, "made-here", way), "{}: created and not there", offer.kind);
                assert!(!of(&kind).noun(way).is_empty());
            }
            for way in [Way::In, Way::Out] {
                if has(&kind, "made-here", way) {
                    of_mut(&mut kind).rename("made-here", "new-name", way);
                }
                assert!(has(&kind, "new-name", way) && !has(&kind, "made-here", way), "{}: renamed and not there", offer.kind);
            }
            let mut rest = kind.clone();
            for way in [Way::In, Way::Out] {
                while let Some(name) = of_mut(&mut rest).remove(0, way) {
                    assert!(!has(&rest, &name, way), "{}: {name} is removed and still there", offer.kind);
                }
                assert!(!has(&rest, "new-name", way), "{}: all are removed", offer.kind);
            }
            let board = of(&kind).board(180.0);
            assert!(board.size.x >= 180.0 && board.size.y > 0.0);
            let whole = Rect::from_min_size(egui::Pos2::ZERO, board.size);
            for (i, part) in board.parts.iter().enumerate() {
                assert!(whole.expand(0.5).contains_rect(part.rect), "{}: {part:?} is outside of {whole:?}", offer.kind);
                assert!(board.parts[..i].iter().all(|other| !other.rect.shrink(0.5).intersects(part.rect)), "{}: {part:?}", offer.kind);
            }
        }
    }
}
