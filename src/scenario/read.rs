//! Text to document, and document to plan, with problems that have a place.

use super::check::{Finding, check};
use super::diagnose::{broken, diagnose, sentence};
use super::document::FORMAT;
use super::locate::Tree;
use super::names::Suggest;
use super::problem::{Lines, Problem, Severity};
use super::{Files, Plan, Scenario};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

/// Problems that are shown with their place; a note says how many more there are.
const MOST: usize = 200;

/// A scenario that can run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The document.
    pub scenario: Scenario,
    /// What the engine runs.
    pub plan: Plan,
    /// What is probably not meant.
    pub warnings: Vec<Problem>,
}

/// The form of RON that scenarios are written in: optional values without `Some`, variants around their content.
pub(super) fn options() -> ron::Options {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// The text of a file's bytes, without a byte order mark; the problem is where they stop being UTF-8.
pub fn text(bytes: &[u8], file: &str) -> Result<String, Vec<Problem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let lines = Lines::new(&valid);
        let mut problem = lines.problem(file, valid.len(), valid.len(), "this is not text: the bytes here are not UTF-8");
        problem.help = Some("only UTF-8 text can be read; save the file with that encoding".to_owned());
        vec![problem]
    })
}

/// Reads a document from bytes; see [`read`].
pub fn read_bytes(bytes: &[u8], file: &str) -> Result<Scenario, Vec<Problem>> {
    read(&text(bytes, file)?, file)
}

/// Reads a document: its form only, not its meaning. `file` is how the text is called in problems.
pub fn read(text: &str, file: &str) -> Result<Scenario, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = Tree::new(text).map_err(|b| vec![broken(text, file, &b)])?;
    read_located(&tree, file)
}

/// Reads and checks: what is wrong in form is reported together, and where nothing is, what is wrong in meaning.
pub fn load(text: &str, file: &str, files: &dyn Files) -> Result<Loaded, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = Tree::new(text).map_err(|b| vec![broken(text, file, &b)])?;
    let scenario = read_located(&tree, file)?;
    match check(&scenario, files) {
        Ok((plan, findings)) => Ok(Loaded { scenario, plan, warnings: placed(&findings, &tree, file) }),
        Err(findings) => Err(placed(&findings, &tree, file)),
    }
}

/// Reads a value that stands alone on a line.
///
/// # Errors
/// What is wrong and what to do about it, in a sentence.
pub(super) fn line<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let tree = Tree::new(text).map_err(|b| format!("`{text}`: {}", broken(text, "", &b).message))?;
    options().from_str(text).map_err(|error| format!("`{text}`: {}", sentence::<T>(&tree, &error)))
}

fn read_located(tree: &Tree<'_>, file: &str) -> Result<Scenario, Vec<Problem>> {
    format(tree, file)?;
    // Deeper than the nesting that `Tree` lets through, so that ron never meets its own limit first.
    let options = options().with_recursion_limit(4 * super::locate::DEEPEST);
    options.from_str(tree.text).map_err(|error| diagnose(tree, file, &error))
}

/// The version comes before everything else: a newer file may be full of things unknown here.
fn format(tree: &Tree<'_>, file: &str) -> Result<(), Vec<Problem>> {
    let lines = || Lines::new(tree.text);
    let root = tree.item(tree.root);
    let Some(field) = tree.field(tree.root, "format") else {
        let spot = tree.spot(tree.root);
        if let Some(problem) = misspelt(tree, &lines(), file) {
            return Err(vec![problem]);
        }
        let problem = if root.shape == super::locate::Shape::Round {
            lines().problem(file, spot.start as usize, spot.end as usize, "the file does not say its format")
        } else {
            lines().problem(file, spot.start as usize, spot.end as usize, "this is not a scenario")
        };
        return Err(vec![Problem { help: Some(format!("a scenario begins with `Scenario(format: {FORMAT}, ...`")), ..problem }]);
    };
    let place = tree.item(field).place;
    let written = tree.slice(place);
    let wrong = |message: String, help: String| {
        let problem = lines().problem(file, place.start as usize, place.end as usize, message);
        Err(vec![Problem { path: "format".to_owned(), help: Some(help), ..problem }])
    };
    let only = format!("this version of Tidemill reads format {FORMAT}");
    match written.parse::<u32>() {
        Ok(FORMAT) => Ok(()),
        Ok(newer) if newer > FORMAT => wrong(
            format!("the file has format {newer}, which is newer than this version of Tidemill"),
            format!("{only}; a newer Tidemill reads this file"),
        ),
        Ok(older) => wrong(format!("there is no format {older}"), only),
        Err(_) => wrong(format!("the format is a whole number, not `{}`", shortened(written)), only),
    }
}

/// A field that was meant to be the format.
fn misspelt(tree: &Tree<'_>, lines: &Lines<'_>, file: &str) -> Option<Problem> {
    let keys = || tree.item(tree.root).children.iter().filter_map(|child| Some((*child, tree.key(*child)?)));
    let near = Suggest::default().nearest("format", keys().map(|(_, key)| key))?;
    let (child, _) = keys().find(|(_, key)| *key == near)?;
    let place = tree.item(child).key?;
    let problem = lines.problem(file, place.start as usize, place.end as usize, format!("there is no field `{near}` in a scenario"));
    Some(Problem { path: tree.path(child), help: Some("did you mean `format`?".to_owned()), ..problem })
}

/// The beginning of something that may be long.
pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.len() < text.len() => format!("{line}..."),
        None => line.to_owned(),
    }
}

/// Findings with their places in the text, errors and warnings each in the order of the text.
fn placed(findings: &[Finding], tree: &Tree<'_>, file: &str) -> Vec<Problem> {
    let lines = Lines::new(tree.text);
    let mut order: Vec<(Severity, u32, &Finding)> = findings.iter().map(|f| (f.severity, tree.find(&f.path).0, f)).collect();
    order.sort_by_key(|(severity, item, _)| (std::cmp::Reverse(*severity), tree.spot(*item)));
    let mut problems: Vec<Problem> = order
        .iter()
        .take(MOST)
        .map(|(severity, item, finding)| {
            let spot = tree.spot(*item);
            let problem = lines.problem(file, spot.start as usize, spot.end as usize, finding.message.clone());
            Problem {
                severity: *severity,
                path: finding.path.clone(),
                help: finding.help.clone().map(super::problem::shortened),
                lint: finding.lint,
                ..problem
            }
        })
        .collect();
    if let Some((severity, ..)) = order.get(MOST) {
        let more = Problem::of_file(file, format!("and {} more like these", order.len() - MOST), None);
        problems.push(Problem { severity: *severity, ..more });
    }
    problems
}
