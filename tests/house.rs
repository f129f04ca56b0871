//! The house: arrows between the rooms go one way, and the top level stays as it was asked for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Whom each room may use; what is not listed here is a new room and has to be placed on the map in `src/lib.rs` first.
const MAY_USE: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("ids", &[]),
    ("random", &[]),
    ("figures", &[]),
    ("language", &[]),
    ("scenario", &["time", "ids", "language"]),
    ("engine", &["time", "ids", "random", "language", "scenario"]),
    ("record", &["time", "ids", "scenario", "engine"]),
    ("run", &["time", "ids", "scenario", "engine", "record", "figures"]),
    ("lesson", &["time", "scenario", "record", "run", "figures"]),
    ("files", &["scenario"]),
    ("exchange", &["time", "language", "scenario"]),
    ("app", &["time", "ids", "language", "scenario", "record", "run", "lesson", "files", "figures", "exchange"]),
    ("cli", &["time", "random", "language", "scenario", "engine", "record", "run", "lesson", "files", "figures", "app", "exchange"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The code of a file: without comments, strings' insides kept, and without its test module.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Room to rooms it uses, with a place for each.
fn arrows() -> BTreeMap<String, BTreeMap<String, String>> {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut arrows: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if inside.file_name().is_some_and(|name| name == "tests.rs") || matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let code = code(&file);
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                // `use crate::{engine::..., time::...}`: every name at the first level of the braces.
                Some(group) => group.split('}').next().unwrap().split(',').map(|part| part.trim().split("::").next().unwrap()).collect(),
                None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()],
            };
            for name in names.into_iter().filter(|name| *name != room && !name.is_empty()) {
                arrows.entry(room.clone()).or_default().entry(name.to_owned()).or_insert_with(|| inside.display().to_string());
            }
        }
        arrows.entry(room).or_default();
    }
    arrows
}

#[test]
fn arrows_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (room, uses) in arrows() {
        let Some(may) = allowed.get(room.as_str()) else {
            wrong.push(format!("`{room}` is not on the map"));
            continue;
        };
        for (used, place) in uses.iter().filter(|(used, _)| !may.contains(&used.as_str())) {
            wrong.push(format!("`{room}` may not use `{used}` ({place})"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_watch_sees_arrows() {
    // A watch that reads nothing would always be content.
    let arrows = arrows();
    assert!(arrows["engine"].contains_key("scenario") && arrows["cli"].contains_key("run") && arrows["record"].contains_key("engine"));
    assert_eq!(arrows.keys().map(String::as_str).collect::<BTreeSet<_>>(), MAY_USE.iter().map(|(room, _)| *room).collect());
}

#[test]
fn only_the_window_knows_graphics_and_only_run_knows_threads() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let place = file.strip_prefix(root().join("src")).unwrap().display().to_string();
        let code = code(&file);
        let in_any = |rooms: &[&str]| rooms.iter().any(|room| place.starts_with(room));
        for (words, rooms) in [
            // The benchmark of the window builds pictures as the window does, without one.
            (&["egui::", "eframe::", "rfd::"][..], &["app/", "cli/bench/window.rs"][..]),
            (&["tokio::"], &["run/"]),
            (&["std::thread"], &["run/", "app/"]),
            (&["std::fs"], &["files.rs", "cli/", "app/"]),
        ] {
            for word in words.iter().filter(|word| code.contains(**word) && !in_any(rooms)) {
                wrong.push(format!("{place} uses {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_top_level_holds_what_was_asked_for() {
    let wanted = ["Cargo.toml", "Cargo.lock", "src", "assets", "scenarios", "tests", "README.md", "LICENSE-APACHE", "LICENSE-MIT"];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(name.starts_with('.') || name == "target" || wanted.contains(&name.as_str()), "`{name}` does not belong at the top level");
    }
}

#[test]
fn every_choice_in_a_file_has_a_name_for_people() {
    let mut files = Vec::new();
    sources(&root().join("src/scenario"), &mut files);
    let named = fs::read_to_string(root().join("src/scenario/diagnose/words.rs")).unwrap();
    let (mut choices, mut wrong) = (0, Vec::new());
    for file in files {
        let code = code(&file);
        for (at, _) in code.match_indices("pub enum ") {
            let name = code[at + "pub enum ".len()..].split(|c: char| !c.is_alphanumeric()).next().unwrap();
            // What stands between the item before and this one.
            let above = code[..at].rsplit("\n\n").next().unwrap();
            let by_name = above.contains("Deserialize") && !["try_from", "from = ", "untagged"].iter().any(|other| above.contains(other));
            if by_name {
                choices += 1;
                if !named.contains(&format!("\"{name}\" => \"")) {
                    wrong.push(name.to_owned());
                }
            }
        }
    }
    assert!(choices >= 30, "{choices}");
    assert!(wrong.is_empty(), "`diagnose/words.rs` has no words for {wrong:?}");
}
