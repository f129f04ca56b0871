//! The scenarios that ship inside the program: everything under `scenarios/`, with its title and line taken from the file itself.

use crate::scenario::{self, lesson::Lesson};
use include_dir::{Dir, include_dir};
use std::sync::LazyLock;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A scenario in the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its path under `scenarios/`.
    pub file: &'static str,
    /// Title.
    pub name: String,
    /// One line on what it shows: the first sentence of the scenario's `about`.
    pub line: String,
    /// The scenario's text.
    pub text: &'static str,
    /// Files beside it that it may name, with their text.
    pub files: Vec<(&'static str, &'static str)>,
}

/// Scenarios that are shown together.
#[derive(Debug)]
pub struct Shelf {
    /// What stands above them.
    pub title: &'static str,
    /// In the order in which they are shown.
    pub scenarios: Vec<Shipped>,
}

/// A shelf's title, the folder whose scenarios stand on it, and those that come first, in this order. The first shelf has no folder
/// of its own; what stands on it stands nowhere else.
const SHELVES: &[(&str, Option<&str>, &[&str])] = &[
    ("To begin with", None, &["basics/event.ron", "cases/shop.ron", "cases/shop-loyalty.ron"]),
    ("Basics", Some("basics"), &["first", "competing", "backlog", "back-pressure", "one-down", "replay-state"]),
    ("Guarantees", Some("guarantees"), &["ordering", "idempotency", "inbox", "outbox", "dual-write"]),
    (
        "Brokers",
        Some("brokers"),
        &["kafka-partitions", "kafka-hot-partition", "kafka-rebalance", "kafka-node-lost", "kafka-acks-one", "kafka-transactions"],
    ),
    ("Failures", Some("failures"), &["slow-consumer", "poison", "crash-guarantees", "retry-storm", "retry-budget", "retry-breaker"]),
    ("Patterns", Some("patterns"), &["read-model", "event-sourcing", "saga"]),
    ("Cases", Some("cases"), &["airport", "bank-at-most-once", "bank-at-least-once", "bank-exactly-once"]),
];

/// A title and a line where the file's own would say the same as another's: it is that file with something added.
const OTHERWISE: &[(&str, &str, &str)] =
    &[("cases/shop-loyalty.ron", "Online shop with loyalty points", "A fifth service joins; the order service does not notice.")];

/// All of them.
pub static LIBRARY: LazyLock<Vec<Shelf>> = LazyLock::new(|| {
    let (_, _, first) = SHELVES[0];
    let shelf = |(title, folder, order): &(&'static str, Option<&str>, &[&'static str])| {
        let mut scenarios: Vec<Shipped> = match folder {
            None => order.iter().filter_map(|path| of(path)).collect(),
            Some(folder) => {
                let files = FILES.get_dir(folder).into_iter().flat_map(Dir::files).filter_map(|file| file.path().to_str());
                files.filter(|path| path.ends_with(".ron") && !first.contains(path)).filter_map(of).collect()
            }
        };
        let place = |shipped: &Shipped| order.iter().position(|name| stem(shipped.file) == *name || shipped.file == *name);
        scenarios.sort_by_key(|shipped| (place(shipped).unwrap_or(usize::MAX), shipped.file));
        Shelf { title, scenarios }
    };
    SHELVES.iter().map(shelf).collect()
});

/// Those with a lesson, in the order in which they follow each other.
pub static LESSONS: LazyLock<Vec<(&'static Shipped, Lesson)>> = LazyLock::new(|| {
    // Reading all of them only to find that most have none would be seen at the start.
    let some = LIBRARY.iter().flat_map(|shelf| &shelf.scenarios).filter(|shipped| shipped.text.contains("lesson: Lesson("));
    some.filter_map(|shipped| Some((shipped, scenario::read(shipped.text, shipped.file).ok()?.lesson?))).collect()
});

/// The lesson that follows one, by its path under `scenarios/`.
pub fn next_lesson(file: &str) -> Option<&'static Shipped> {
    let at = LESSONS.iter().position(|(shipped, _)| shipped.file == file)?;
    LESSONS.get(at + 1).map(|(shipped, _)| *shipped)
}

/// The one of that path under `scenarios/`.
pub fn shipped(file: &str) -> Option<&'static Shipped> {
    LIBRARY.iter().flat_map(|shelf| &shelf.scenarios).find(|shipped| shipped.file == file)
}

fn stem(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file).trim_end_matches(".ron")
}

fn of(path: &'static str) -> Option<Shipped> {
    let file = FILES.get_file(path)?;
    let text = file.contents_utf8()?;
    let beside = FILES.get_dir(file.path().parent()?)?.files().filter(|other| other.path().extension().is_some_and(|e| e != "ron"));
    let files = beside.filter_map(|other| Some((other.path().file_name()?.to_str()?, other.contents_utf8()?))).collect();
    let (name, line) = match OTHERWISE.iter().find(|(known, ..)| *known == path) {
        Some((_, name, line)) => ((*name).to_owned(), (*line).to_owned()),
        None => (field(text, "name")?.to_owned(), sentence(field(text, "about")?)),
    };
    Some(Shipped { file: path, name, line, text, files })
}

/// A text of the scenario itself as the files of the library write it: on a line of its own, without escapes.
fn field(text: &'static str, name: &str) -> Option<&'static str> {
    let line = text.lines().find_map(|line| line.strip_prefix("    ")?.strip_prefix(name)?.strip_prefix(": \""))?;
    line.strip_suffix("\",")
}

fn sentence(about: &str) -> String {
    let end = about.find(". ").or_else(|| about.find(".\\n")).map_or(about.len(), |at| at + 1);
    about[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::Home;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn all() -> impl Iterator<Item = &'static Shipped> {
        LIBRARY.iter().flat_map(|shelf| &shelf.scenarios)
    }

    #[test]
    fn every_scenario_that_ships_can_run_from_inside_the_program() {
        for shipped in all() {
            let read = scenario::read(shipped.text, shipped.file).unwrap();
            let (_, findings) = scenario::check(&read, &Home::Shipped(shipped)).unwrap();
            assert!(findings.is_empty(), "{}: {findings:?}", shipped.file);
            assert!(read.nodes.iter().all(|n| n.at().is_some()), "{}: a picture needs places", shipped.file);
        }
    }

    #[test]
    fn every_file_of_the_library_stands_on_a_shelf_under_its_own_title() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut on_disk = BTreeSet::new();
        for folder in std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let scenarios = files.filter(|path| path.extension().is_some_and(|e| e == "ron"));
            on_disk.extend(scenarios.map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()));
        }
        let shown: BTreeSet<String> = all().map(|shipped| shipped.file.to_owned()).collect();
        assert_eq!(shown, on_disk);
        assert_eq!(all().count(), shown.len(), "each stands on one shelf");
        for shipped in all() {
            let read = scenario::read(shipped.text, shipped.file).unwrap();
            let otherwise = OTHERWISE.iter().any(|(known, ..)| *known == shipped.file);
            assert!(otherwise || read.name == shipped.name, "{}", shipped.file);
            assert!(otherwise || read.about.starts_with(&shipped.line), "{}", shipped.file);
            assert!((20..=160).contains(&shipped.line.len()), "{}: {}", shipped.file, shipped.line);
        }
        let titles: BTreeSet<&str> = all().map(|shipped| shipped.name.as_str()).collect();
        assert_eq!(titles.len(), shown.len(), "two scenarios have the same title");
        for name in SHELVES.iter().flat_map(|(_, _, order)| order.iter()) {
            assert!(all().any(|shipped| stem(shipped.file) == stem(name)), "{name} is no scenario");
        }
    }
}
