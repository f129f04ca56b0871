//! Recorded arrivals: CSV files that `Trace("file.csv")` names.
//!
//! Columns: `time` (seconds from the start of the run, required), `event` and `key` where wanted; all others become
//! attributes of the events. Rows may stand in any order; equal times keep the file's order.

use super::Files;
use super::document::Scenario;
use super::names::{Suggest, listed};
use super::plan::{Trace, TraceRow};
use crate::ids::TypeId;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Latest time a row may have, in seconds: a hundred years.
const LATEST: f64 = 36_525.0 * 86_400.0;

type Wrong = (String, Option<String>);

/// The traces of a scenario, each file read and parsed once.
pub(super) struct Traces<'a> {
    types: &'a HashMap<&'a str, TypeId>,
    scenario: &'a Scenario,
    files: &'a dyn Files,
    parsed: BTreeMap<String, Result<Arc<Table>, Wrong>>,
    chosen: BTreeMap<(String, Option<TypeId>), Result<Arc<Trace>, Wrong>>,
}

/// A file as it is, before an `Emit` chooses its rows.
#[derive(Debug)]
pub struct Table {
    columns: Vec<String>,
    has_events: bool,
    /// The different names in the `event` column.
    events: Vec<String>,
    keys: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    at: Time,
    line: u64,
    event: u32,
    key: Option<u32>,
    values: Arc<[Box<str>]>,
}

impl<'a> Traces<'a> {
    /// No file read yet.
    pub fn new(types: &'a HashMap<&'a str, TypeId>, scenario: &'a Scenario, files: &'a dyn Files) -> Traces<'a> {
        Traces { types, scenario, files, parsed: BTreeMap::new(), chosen: BTreeMap::new() }
    }

    /// The rows of a file that an `Emit` of type `event` emits (all rows if it names none), sorted by time; or what is
    /// wrong, with advice.
    pub fn rows(&mut self, name: &str, event: Option<TypeId>, suggest: &Suggest) -> Result<Arc<Trace>, Wrong> {
        if let Some(known) = self.chosen.get(&(name.to_owned(), event)) {
            return known.clone();
        }
        let (files, types) = (self.files, self.types);
        let file = self.parsed.entry(name.to_owned()).or_insert_with(|| files.table(name));
        let chosen = match file {
            Ok(file) => choose(file, name, event, types, self.scenario, suggest).map(Arc::new),
            Err(wrong) => Err(wrong.clone()),
        };
        self.chosen.insert((name.to_owned(), event), chosen.clone());
        chosen
    }
}

impl Table {
    /// Parses the text of a file that a scenario calls `name`.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn parse(name: &str, text: &str) -> Result<Table, (String, Option<String>)> {
        parse(name, text.strip_prefix('\u{feff}').unwrap_or(text))
    }
}

fn parse(name: &str, text: &str) -> Result<Table, Wrong> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| csv_error(name, text, &e))?.clone();
    let column = |wanted: &str| headers.iter().position(|h| h == wanted);
    let Some(time) = column("time") else {
        let found = if headers.is_empty() { "the file is empty".to_owned() } else { format!("its columns are {}", listed(headers.iter())) };
        return Err((format!("{name}:1: there is no `time` column"), Some(found)));
    };
    let (event, key) = (column("event"), column("key"));
    let attributes: Vec<usize> = (0..headers.len()).filter(|i| *i != time && Some(*i) != event && Some(*i) != key).collect();
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = headers.iter().find(|h| !seen.insert(*h)) {
        return Err((format!("{name}:1: there are two columns called `{twice}`"), None));
    }
    let (mut events, mut keys) = (Numbered::default(), Numbered::default());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| csv_error(name, text, &e))? {
        let line = record.position().map_or(0, |p| line_of(text, p));
        let field = |column: usize| record.get(column).unwrap_or("");
        let written = field(time);
        let seconds = written.parse::<f64>().ok().filter(|s| (0.0..=LATEST).contains(s));
        let Some(seconds) = seconds else {
            let help = "times are seconds from the start of the run, such as `17940` or `0.25`";
            return Err((format!("{name}:{line}: `{written}` is not a time"), Some(help.to_owned())));
        };
        rows.push(Row {
            at: Time(Span::from_seconds(seconds).0),
            line,
            event: event.map_or(0, |c| events.number(field(c))),
            key: key.map(field).filter(|k| !k.is_empty()).map(|k| keys.number(k)),
            values: attributes.iter().map(|c| field(*c).into()).collect(),
        });
    }
    rows.sort_by_key(|r| r.at);
    let columns = attributes.iter().filter_map(|c| headers.get(*c)).map(str::to_owned).collect();
    Ok(Table { columns, has_events: event.is_some(), events: events.names, keys: keys.names, rows })
}

fn choose(
    file: &Table,
    name: &str,
    wanted: Option<TypeId>,
    types: &HashMap<&str, TypeId>,
    scenario: &Scenario,
    suggest: &Suggest,
) -> Result<Trace, Wrong> {
    let known: Vec<Option<TypeId>> = file.events.iter().map(|e| types.get(e.as_str()).copied()).collect();
    let type_of = |row: &Row| if file.has_events { known[row.event as usize] } else { wanted };
    if let Some(wanted) = wanted {
        let wanted_name = scenario.events.get(wanted.index()).map_or("", |e| e.name.as_str());
        let rows: Vec<&Row> = file.rows.iter().filter(|r| type_of(r) == Some(wanted)).collect();
        if rows.is_empty() {
            let there = || file.events.iter().map(String::as_str);
            let help = suggest.did_you_mean(wanted_name, there()).or_else(|| Some(format!("its events are {}", listed(there()))));
            let empty = file.rows.is_empty();
            let help = if empty { None } else { help };
            return Err((
                format!("`{name}` has no row{}", if empty { "s".to_owned() } else { format!(" of the event `{wanted_name}`") }),
                help,
            ));
        }
        return Ok(trace(file, rows.into_iter(), |_| wanted));
    }
    if !file.has_events {
        let help = "name it in the `Emit`, or add an `event` column to the file";
        return Err((format!("neither this nor `{name}` says which event is emitted"), Some(help.to_owned())));
    }
    if file.rows.is_empty() {
        return Err((format!("`{name}` has no rows"), None));
    }
    // The first in the file, not the first in time.
    if let Some(row) = file.rows.iter().filter(|r| type_of(r).is_none()).min_by_key(|r| r.line) {
        let unknown = &file.events[row.event as usize];
        let help = suggest.did_you_mean(unknown, scenario.events.iter().map(|e| e.name.as_str()));
        let help = help.or_else(|| Some("declare it in `events`, or name an event in the `Emit` to take only its rows".to_owned()));
        return Err((format!("{name}:{}: there is no event `{unknown}`", row.line), help));
    }
    Ok(trace(file, file.rows.iter(), |row| known[row.event as usize].unwrap_or(TypeId(0))))
}

fn trace<'f>(file: &Table, rows: impl Iterator<Item = &'f Row>, type_of: impl Fn(&Row) -> TypeId) -> Trace {
    let rows = rows.map(|r| TraceRow { at: r.at, event: type_of(r), key: r.key, values: Arc::clone(&r.values) }).collect();
    Trace { columns: file.columns.clone(), rows, keys: file.keys.clone() }
}

/// The line of a record. The reader's own count is that of the empty lines before it, if there are some.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let skipped = text.as_bytes().get(start..).unwrap_or_default().iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    position.line() + skipped.filter(|b| **b == b'\n').count() as u64
}

fn csv_error(name: &str, text: &str, error: &csv::Error) -> Wrong {
    let line = error.position().map_or(1, |p| line_of(text, p));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (format!("{name}:{line}: this row has {len} fields, the first line has {expected_len}"), None)
        }
        _ => (format!("{name}:{line}: {error}"), None),
    }
}

/// Different texts, numbered in order of appearance.
#[derive(Default)]
struct Numbered {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Numbered {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }
}
