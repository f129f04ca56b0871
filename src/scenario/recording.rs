//! Recordings: a scenario, a seed and everything that was changed on the way, in one readable file. Enough to have the run again,
//! bit for bit; fingerprints say whether it is the same.

use super::document::Node;
use super::intervention::Intervention;
use super::problem::Lines;
use super::read::options;
use super::shapes::Arrivals;
use super::write::quoted;
use super::{Files, Problem, Scenario};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The version of the form that is written.
pub const FORMAT: u32 = 1;

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The version of the form.
    pub format: u32,
    /// The version of the program that recorded it.
    pub tidemill: String,
    /// How the scenario is called.
    #[serde(default)]
    pub name: String,
    /// With which seed it ran.
    pub seed: u64,
    /// How far it ran.
    pub until: Span,
    /// Hash over everything observed up to there.
    pub fingerprint: Hash,
    /// The same at moments on the way, to tell where a run that is no longer the same begins to differ.
    #[serde(default)]
    pub trail: Vec<(Span, Hash)>,
    /// What was changed on the way, in order of time.
    #[serde(default)]
    pub interventions: Vec<Intervention>,
    /// The files that the scenario names, by the names it uses.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The scenario's text as it was at the start.
    pub scenario: String,
}

/// A fingerprint, written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub u64);

impl TryFrom<String> for Hash {
    type Error = String;
    fn try_from(text: String) -> Result<Hash, String> {
        u64::from_str_radix(&text, 16).map(Hash).map_err(|_| format!("`{text}` is no fingerprint: 16 hexadecimal digits"))
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> String {
        format!("{:016x}", hash.0)
    }
}

/// Numbers in faults are checked to be numbers, so that every recording equals itself.
impl Eq for Recording {}

impl Recording {
    /// How far it ran, as a time of the run.
    pub fn end(&self) -> Time {
        Time::ZERO + self.until
    }

    /// Whether a text is (meant as) a recording and no scenario.
    pub fn is_one(text: &str) -> bool {
        let mut rest = text.trim_start_matches('\u{feff}').trim_start();
        while rest.starts_with("//") || rest.starts_with("#!") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        rest.starts_with("Recording")
    }

    /// Reads a recording. `file` is how it is called in problems.
    ///
    /// # Errors
    /// What is wrong, with its place.
    pub fn read(text: &str, file: &str) -> Result<Recording, Vec<Problem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let recording: Recording = options().from_str(text).map_err(|error| {
            let before: usize = text.split_inclusive('\n').take(error.span.start.line.saturating_sub(1)).map(str::len).sum();
            let at = text.len().min(before + error.span.start.col.saturating_sub(1));
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            vec![Lines::new(text).problem(file, at, at, format!("this recording cannot be read: {}", error.code))]
        })?;
        if recording.format > FORMAT {
            let message = format!("the recording has format {}, which is newer than this version of Tidemill", recording.format);
            return Err(vec![Problem::of_file(file, message, Some(format!("this version reads format {FORMAT}")))]);
        }
        Ok(recording)
    }

    /// The text of the file.
    pub fn write(&self) -> String {
        let mut out = String::from("Recording(\n");
        // Writing to a text cannot fail.
        let _ = writeln!(out, "    format: {},\n    tidemill: {},\n    name: {},", self.format, quoted(&self.tidemill), quoted(&self.name));
        let _ = writeln!(out, "    seed: {},\n    until: \"{}\",", self.seed, self.until);
        let _ = writeln!(out, "    fingerprint: \"{}\",", String::from(self.fingerprint));
        if !self.trail.is_empty() {
            out.push_str("    trail: [\n");
            for (at, hash) in &self.trail {
                let _ = writeln!(out, "        (\"{at}\", \"{}\"),", String::from(*hash));
            }
            out.push_str("    ],\n");
        }
        out.push_str("    interventions: [\n");
        for intervention in &self.interventions {
            // A plain value of this form can always be written.
            let on_one_line = ron::ser::PrettyConfig::new().depth_limit(0);
            let text = options().to_string_pretty(intervention, on_one_line).unwrap_or_default();
            let _ = writeln!(out, "        {}{text},", if text.starts_with('(') { "Intervention" } else { "" });
        }
        out.push_str("    ],\n");
        if !self.files.is_empty() {
            out.push_str("    files: {\n");
            for (name, text) in &self.files {
                let _ = writeln!(out, "        {}: {},", quoted(name), raw(text));
            }
            out.push_str("    },\n");
        }
        let _ = writeln!(out, "    scenario: {},\n)", raw(&self.scenario));
        out
    }

    /// The files that a scenario names, wherever they come from.
    ///
    /// # Errors
    /// Why one of them cannot be had.
    pub fn gather(scenario: &Scenario, files: &dyn Files) -> Result<BTreeMap<String, String>, String> {
        let producers = scenario.nodes.iter().filter_map(|node| if let Node::Producer(p) = node { Some(p) } else { None });
        let names =
            producers.flat_map(|p| &p.emits).filter_map(|e| if let Arrivals::Trace(name) = &e.arrivals { Some(name) } else { None });
        names.map(|name| Ok((name.clone(), files.read(name)?))).collect()
    }
}

impl Files for Recording {
    fn read(&self, name: &str) -> Result<String, String> {
        self.files.get(name).cloned().ok_or_else(|| format!("`{name}` is not in this recording"))
    }
}

/// A text between as many signs as it takes that none of it needs escaping.
fn raw(text: &str) -> String {
    let most = text.split('"').skip(1).map(|after| after.len() - after.trim_start_matches('#').len()).max().unwrap_or(0);
    let signs = "#".repeat(most + 1);
    // A carriage return would not come back as it was.
    if text.contains('\r') { quoted(text) } else { format!("r{signs}\"{text}\"{signs}") }
}

#[cfg(test)]
mod tests {
    use super::super::intervention::What;
    use super::*;

    fn recording() -> Recording {
        Recording {
            format: FORMAT,
            tidemill: "0.1.0".to_owned(),
            name: "a \"shop\"".to_owned(),
            seed: 42,
            until: Span(12_345_678_901),
            fingerprint: Hash(0xfe),
            trail: vec![(Span(1), Hash(u64::MAX))],
            interventions: vec![Intervention {
                at: Span::from_millis(1500),
                what: What::Set { path: "c.instances".to_owned(), value: "\"2\"".to_owned() },
            }],
            files: BTreeMap::from([("t.csv".to_owned(), "a,b\r\n1,\"#2\"##\n".to_owned())]),
            scenario: "// \"quoted\"# and \\ slashes\nScenario(format: 1, about: r##\"x\"##)\n".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let recording = recording();
        let text = recording.write();
        assert!(Recording::is_one(&text) && Recording::is_one(&format!("// by hand\n{text}")) && !Recording::is_one("Scenario()"));
        assert_eq!(Recording::read(&text, "r.ron").unwrap_or_else(|p| panic!("{}\n{text}", p[0])), recording);
        assert!(text.contains("interventions: [\n        Intervention(at:"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        let text = recording().write();
        let newer = Recording::read(&text.replace("format: 1,\n    tide", "format: 9,\n    tide"), "r.ron").unwrap_err();
        assert!(newer[0].message.contains("format 9"), "{}", newer[0]);
        for broken in ["seed: many", "seed: 1, sed: 2"] {
            let problem = &Recording::read(&text.replace("seed: 42", broken), "r.ron").unwrap_err()[0];
            assert!(problem.to_string().contains("r.ron:5:"), "{problem}");
        }
        assert!(Recording::read("Recording(", "r.ron").is_err() && Recording::read("", "r.ron").is_err());
    }
}
