//! Which rules want an event, without looking at the event: what its attributes can be is known, so it is decided once for every
//! combination that makes a difference, and then looked up.

use crate::engine::event::{Drawn, draw};
use crate::language::facts::{Fact, Facts, Field};
use crate::language::matcher::{Matcher, Scratch};
use crate::language::pattern::{Pattern, Test};
use crate::random::Stream;
use crate::scenario::shapes::Attribute;
use std::collections::BTreeMap;

/// Combinations that are decided in advance at most; beyond, each event is looked at for itself.
const MOST: usize = 1 << 14;

/// Decisions for the events of one emitter on one bus.
#[derive(Clone, Debug)]
pub(super) struct Table {
    axes: Box<[Axis]>,
    /// By combination: where its rules stand in `rules`.
    spans: Box<[(u32, u32)]>,
    rules: Box<[u32]>,
}

/// An attribute that makes a difference.
#[derive(Clone, Debug)]
struct Axis {
    salt: u64,
    attribute: Attribute,
    classes: Classes,
    stride: usize,
}

/// Values between which no pattern tells a difference.
#[derive(Clone, Debug)]
enum Classes {
    /// One per text.
    Texts(BTreeMap<Box<str>, usize>),
    /// One per point, and one per gap between.
    Numbers(Box<[f64]>),
}

impl Classes {
    fn of(attribute: &Attribute, tests: &[&Test]) -> Classes {
        match attribute {
            Attribute::Choice(choices) => {
                Classes::Texts(choices.iter().enumerate().map(|(i, (text, _))| (text.as_str().into(), i)).collect())
            }
            _ => {
                let mut points = Vec::new();
                tests.iter().for_each(|test| note_points(test, &mut points));
                points.sort_by(f64::total_cmp);
                points.dedup();
                Classes::Numbers(points.into())
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Classes::Texts(texts) => texts.len(),
            Classes::Numbers(points) => 2 * points.len() + 1,
        }
    }

    /// A value of a class.
    fn example(&self, class: usize) -> Fact {
        match self {
            Classes::Texts(texts) => {
                Fact::Text(texts.iter().find(|(_, i)| **i == class).map(|(text, _)| text.to_string()).unwrap_or_default())
            }
            Classes::Numbers(points) => {
                let at = class / 2;
                Fact::number(match (class % 2, at.checked_sub(1).map(|i| points[i]), points.get(at)) {
                    (1, _, Some(point)) => *point,
                    (_, Some(low), Some(high)) => low + (high - low) / 2.0,
                    (_, Some(low), None) => low + low.abs().max(1.0),
                    (_, None, Some(high)) => high - high.abs().max(1.0),
                    (_, None, None) => 0.0,
                })
            }
        }
    }

    fn class(&self, value: Drawn<'_>) -> usize {
        match (self, value) {
            (Classes::Texts(texts), Drawn::Text(text)) => texts.get(text).copied().unwrap_or(0),
            (Classes::Numbers(points), Drawn::Number(number)) => {
                let at = points.partition_point(|point| *point < number);
                2 * at + usize::from(points.get(at) == Some(&number))
            }
            _ => 0,
        }
    }
}

/// The numbers at which a test changes its mind.
fn note_points(test: &Test, points: &mut Vec<f64>) {
    match test {
        Test::Number(number) => points.push(*number),
        Test::Range(range) => points.extend(range.low.iter().chain(&range.high).map(|(end, _)| *end)),
        Test::AnythingBut(tests) => tests.iter().for_each(|test| note_points(test, points)),
        _ => {}
    }
}

/// An attribute with the salt its values are drawn under.
pub(super) struct Given<'a> {
    pub name: &'a str,
    pub attribute: &'a Attribute,
    pub salt: u64,
}

/// What the patterns on a bus ask of each field.
pub(super) struct Asked<'p>(BTreeMap<&'p str, Vec<&'p Test>>);

impl<'p> Asked<'p> {
    /// By these patterns.
    pub fn of(patterns: &'p [Pattern]) -> Asked<'p> {
        let mut asked: BTreeMap<&str, Vec<&Test>> = BTreeMap::new();
        for (path, tests) in patterns.iter().flat_map(Pattern::branches).flatten() {
            asked.entry(path).or_default().extend(tests.iter());
        }
        Asked(asked)
    }

    fn at(&self, path: &str) -> &[&'p Test] {
        self.0.get(path).map_or(&[], Vec::as_slice)
    }
}

impl Table {
    /// Decides everything in advance, if that can be done: `constant` is what all the events have in common.
    pub fn build(matcher: &Matcher, asked: &Asked<'_>, constant: &Facts, given: &[Given<'_>]) -> Option<Table> {
        // Every event has its own id and time: nothing can be said in advance where they matter.
        if ["id", "time"].iter().any(|path| !asked.at(path).is_empty()) {
            return None;
        }
        let mut fixed: Vec<Field> = constant.fields().to_vec();
        let field = |name: &str, fact: Fact| Field { path: format!("detail.{name}"), fact, elements: Vec::new() };
        let mut axes: Vec<(String, Axis)> = Vec::new();
        let mut combinations = 1usize;
        for Given { name, attribute, salt } in given {
            match attribute {
                Attribute::Text(text) => fixed.push(field(name, Fact::Text(text.clone()))),
                Attribute::Number(number) => fixed.push(field(name, Fact::number(*number))),
                _ => {
                    let tests = asked.at(&format!("detail.{name}"));
                    if tests.is_empty() {
                        continue;
                    }
                    let classes = Classes::of(attribute, tests);
                    let stride = combinations;
                    combinations = combinations.checked_mul(classes.len()).filter(|all| *all <= MOST)?;
                    axes.push(((*name).to_owned(), Axis { salt: *salt, attribute: (*attribute).clone(), classes, stride }));
                }
            }
        }
        let (mut spans, mut rules) = (Vec::with_capacity(combinations), Vec::new());
        let (mut scratch, mut found) = (Scratch::default(), Vec::new());
        for combination in 0..combinations {
            let mut fields = fixed.clone();
            fields
                .extend(axes.iter().map(|(name, axis)| field(name, axis.classes.example(combination / axis.stride % axis.classes.len()))));
            matcher.find(&Facts::new(fields), &mut scratch, &mut found);
            let from = rules.len() as u32;
            rules.extend_from_slice(&found);
            spans.push((from, rules.len() as u32));
        }
        Some(Table { axes: axes.into_iter().map(|(_, axis)| axis).collect(), spans: spans.into(), rules: rules.into() })
    }

    /// The rules that want an emitter's event of this serial.
    #[inline]
    pub fn find(&self, serial: u64) -> &[u32] {
        let mut combination = 0;
        for axis in &self.axes {
            let value = draw(&axis.attribute, &mut Stream::numbered(axis.salt, serial));
            combination += axis.stride * axis.classes.class(value);
        }
        let (from, to) = self.spans[combination];
        &self.rules[from as usize..to as usize]
    }
}
