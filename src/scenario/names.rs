//! Close names: "did you mean".

use std::cell::Cell;
use std::collections::BTreeSet;

/// Longer names are not compared.
const LONGEST: usize = 64;

/// Suggests known names for unknown ones, within a budget of comparisons: a large file with many mistakes must not take
/// the square of its size.
#[derive(Debug)]
pub struct Suggest {
    budget: Cell<usize>,
    /// Names that were refused themselves, so that they are no help to anybody.
    refused: BTreeSet<String>,
}

impl Default for Suggest {
    fn default() -> Self {
        Suggest { budget: Cell::new(100_000), refused: BTreeSet::new() }
    }
}

impl Suggest {
    /// The known name nearest to `name`, if one is near enough.
    pub fn nearest<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
        let lower = name.to_lowercase();
        if name.len() > LONGEST {
            return None;
        }
        let mut best: Option<(f64, &str)> = None;
        for candidate in known {
            let left = self.budget.get();
            if left == 0 {
                break;
            }
            self.budget.set(left - 1);
            if candidate.len() > LONGEST || candidate == name || !self.sound(candidate) {
                continue;
            }
            let score = closeness(&lower, &candidate.to_lowercase());
            if score > best.map_or(0.0, |(b, _)| b) {
                best = Some((score, candidate));
            }
        }
        best.map(|(_, name)| name)
    }

    /// Takes a name out of what is suggested: it is wrong itself.
    pub fn refuse(&mut self, name: &str) {
        self.refused.insert(name.to_owned());
    }

    /// Whether a name was not refused.
    pub fn sound(&self, name: &str) -> bool {
        !self.refused.contains(name)
    }

    /// The name nearest to `name`, as a sentence.
    pub fn did_you_mean<'k>(&self, name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
        self.nearest(name, known).map(|n| format!("did you mean `{n}`?"))
    }
}

/// How alike two lower-case names are: 0 if not near enough to be meant, up to 1.
fn closeness(name: &str, candidate: &str) -> f64 {
    let similar = strsim::normalized_damerau_levenshtein(name, candidate);
    let shorter = name.chars().count().min(candidate.chars().count());
    let part = shorter >= 4 && (candidate.contains(name) || name.contains(candidate));
    match () {
        () if similar >= 0.6 => similar,
        () if part => 0.55 + similar * 0.05,
        () => 0.0,
    }
}

/// Names as a list in a sentence, the first few of them, each once.
pub fn listed<'k>(known: impl IntoIterator<Item = &'k str>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in known {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == 25 {
            break;
        }
    }
    let shown = names.iter().take(24).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 24 { format!("{shown}, ...") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_refused_themselves_are_not_suggested() {
        let mut suggest = Suggest::default();
        suggest.refuse("sh/op");
        assert_eq!(suggest.nearest("shop", ["sh/op", "shops"]), Some("shops"));
        assert_eq!(suggest.nearest("shop", ["sh/op"]), None);
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["Every", "Poisson", "Bursts", "ClosedLoop"];
        let suggest = Suggest::default();
        assert_eq!(suggest.nearest("Poison", known), Some("Poisson"));
        assert_eq!(suggest.nearest("poisson", known), Some("Poisson"));
        assert_eq!(suggest.nearest("Burst", known), Some("Bursts"));
        assert_eq!(suggest.nearest("Closed", known), Some("ClosedLoop"));
        assert_eq!(suggest.nearest("Weekly", known), None);
        assert_eq!(suggest.nearest("", known), None);
    }

    #[test]
    fn comparing_ends_when_the_budget_is_spent() {
        let suggest = Suggest { budget: Cell::new(1), ..Suggest::default() };
        assert_eq!(suggest.nearest("b", ["x", "b1"]), None);
        assert_eq!(suggest.nearest("b", ["b"]), None);
    }

    #[test]
    fn a_list_names_everything_once_and_ends_in_time() {
        assert_eq!(listed(["a", "b", "a"]), "`a`, `b`");
        let many: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        let shown = listed(many.iter().map(String::as_str));
        assert!(shown.starts_with("`0`, `1`, ") && shown.ends_with("`23`, ..."), "{shown}");
    }
}
