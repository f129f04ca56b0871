//! The library that ships.

use std::path::{Path, PathBuf};
use tidemill::scenario::{Files, load};

/// Files beside a scenario.
pub struct Beside(pub PathBuf);

impl Files for Beside {
    fn read(&self, name: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(name)).map_err(|e| format!("{name}: {e}"))
    }
}

/// Every scenario of the library: its path and text.
pub fn library() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|e| e == "ron") {
                files.push((path.clone(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_shipped_scenario_loads_without_a_warning() {
    let library = library();
    assert!(library.len() >= 6);
    for (path, text) in library {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let loaded = load(&text, &name, &Beside(path.parent().unwrap().to_owned()));
        let problems = loaded.map_or_else(|p| p, |l| l.warnings);
        assert!(problems.is_empty(), "{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>());
    }
}

/// The point of the lesson: a fifth service is added, and nothing else changes.
#[test]
fn loyalty_only_adds_lines_to_the_shop() {
    let library = library();
    let text = |name: &str| &library.iter().find(|(p, _)| p.ends_with(name)).unwrap().1;
    let (shop, loyalty) = (text("shop.ron"), text("shop-loyalty.ron"));
    // Without the lesson, which is not needed where it has been followed.
    let shop = &(shop.split("\n    lesson: ").next().unwrap().to_owned() + ")\n");
    let mut rest: Vec<&str> = shop.split_inclusive('\n').rev().collect();
    let mut kept = String::new();
    let mut inserted = String::new();
    for line in loyalty.split_inclusive('\n') {
        match rest.last() {
            Some(next) if *next == line => kept.push_str(rest.pop().unwrap()),
            _ => inserted.push_str(line),
        }
    }
    assert_eq!(&kept, shop);
    assert!(inserted.contains("id: \"loyalty\""), "{inserted}");
}

#[test]
fn every_scenario_says_at_its_top_what_it_shows() {
    for (path, text) in library() {
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        let words = head.concat().len();
        assert!(words > 60 && text.contains("\nScenario("), "{}: {head:?}", path.display());
    }
}
