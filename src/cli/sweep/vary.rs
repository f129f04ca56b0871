//! `--vary PATH=A,B,C`: what is varied, and all combinations of it.

use std::collections::BTreeSet;

/// Most rows of a table: beyond it somebody has mistyped.
pub const MOST: usize = 10_000;

/// One parameter with the values it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary {
    /// As in `--set`.
    pub path: String,
    /// At least one.
    pub values: Vec<String>,
}

impl Vary {
    /// Parses `PATH=A,B,C`. Commas within brackets and quotes belong to a value.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Vary, String> {
        let usage = "write it as PATH=A,B,C, such as `inventory.instances=1,2,4`";
        let Some((path, values)) = text.split_once('=') else { return Err(format!("`--vary {text}` has no values; {usage}")) };
        let (path, values) = (path.trim(), split(values).map_err(|wrong| format!("`--vary {text}`: {wrong}"))?);
        if path.is_empty() {
            return Err(format!("`--vary {text}` names nothing to vary; {usage}"));
        }
        if values.iter().any(String::is_empty) {
            return Err(format!("`--vary {text}` has an empty value; {usage}"));
        }
        if path == "seed" {
            return Err("the replicas of every row already run under different seeds; use --replicas and --seed".to_owned());
        }
        let mut seen = BTreeSet::new();
        match values.iter().find(|value| !seen.insert(*value)) {
            Some(twice) => Err(format!("`--vary {text}` has the value `{twice}` twice")),
            None => Ok(Vary { path: path.to_owned(), values }),
        }
    }

    /// Whether its values take the place of what an assignment has set: the same, or a part of it.
    pub fn undoes(&self, assignment: &str) -> bool {
        // Nodes and events may be named with and without their list.
        fn short(path: &str) -> &str {
            let path = path.trim();
            path.strip_prefix("nodes.").or_else(|| path.strip_prefix("events.")).unwrap_or(path)
        }
        let set = short(assignment.split('=').next().unwrap_or(assignment));
        set.strip_prefix(short(&self.path)).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// Parses all of them.
///
/// # Errors
/// What is wrong with the first bad one, or that they make too many combinations.
pub fn all(texts: &[String]) -> Result<Vec<Vary>, String> {
    let mut paths = BTreeSet::new();
    let mut varied = Vec::new();
    for text in texts {
        let vary = Vary::parse(text)?;
        if !paths.insert(vary.path.clone()) {
            return Err(format!("`{}` is varied twice; put all its values into one --vary", vary.path));
        }
        varied.push(vary);
    }
    match varied.iter().try_fold(1usize, |rows, vary| rows.checked_mul(vary.values.len()).filter(|rows| *rows <= MOST)) {
        Some(_) => Ok(varied),
        None => Err(format!("these values make more than {MOST} combinations")),
    }
}

/// All combinations, the last parameter changing fastest. Each has one value per parameter.
pub fn combinations(varied: &[Vary]) -> Vec<Vec<&str>> {
    let mut rows = vec![Vec::new()];
    for vary in varied {
        rows = rows.iter().flat_map(|row: &Vec<&str>| vary.values.iter().map(|value| [row.as_slice(), &[value]].concat())).collect();
    }
    rows
}

/// The parts of a text between the commas outside brackets and quotes.
fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut open = Vec::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            ',' if open.is_empty() => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(c) => return Err("a bracket is closed that was not opened"),
            _ => {}
        }
        part.push(c);
        if c == '"' {
            quote(&mut characters, &mut part)?;
        }
    }
    parts.push(part);
    match open.is_empty() {
        true => Ok(parts.iter().map(|part| part.trim().to_owned()).collect()),
        false => Err("a bracket is not closed"),
    }
}

/// Takes what is quoted, up to and including the closing quote.
fn quote(characters: &mut std::str::Chars<'_>, part: &mut String) -> Result<(), &'static str> {
    while let Some(c) = characters.next() {
        part.push(c);
        match c {
            '"' => return Ok(()),
            '\\' => part.extend(characters.next()),
            _ => {}
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_split_at_the_commas_between_them() {
        for (text, values) in [
            ("1,2,4", &["1", "2", "4"][..]),
            ("80/s, 90/s", &["80/s", "90/s"]),
            (r#"Poisson("80/s"),Poisson("90/s")"#, &[r#"Poisson("80/s")"#, r#"Poisson("90/s")"#]),
            (r#"Exponential(mean: "5ms")"#, &[r#"Exponential(mean: "5ms")"#]),
            (r#"Steps([("0s", "10/s"), ("30s", "80/s")]),9/s"#, &[r#"Steps([("0s", "10/s"), ("30s", "80/s")])"#, "9/s"]),
            (r#""a,b","c\",d)""#, &[r#""a,b""#, r#""c\",d)""#]),
        ] {
            assert_eq!(Vary::parse(&format!("a.b={text}")).unwrap().values, values, "{text}");
        }
    }

    #[test]
    fn what_is_varied_is_not_set_as_well() {
        let vary = Vary::parse("billing.handle=Handle(),Handle(fails: \"1%\")").unwrap();
        for (assignment, undone) in [
            ("billing.handle=Handle()", true),
            (" nodes.billing.handle = Handle()", true),
            ("billing.handle.time=5ms", true),
            ("billing.handles=1", false),
            ("billing=1", false),
            ("shop.handle=Handle()", false),
        ] {
            assert_eq!(vary.undoes(assignment), undone, "{assignment}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_explained() {
        for (text, words) in [
            ("a.b", "has no values"),
            ("=1,2", "names nothing"),
            ("a=1,,2", "empty value"),
            ("a=", "empty value"),
            ("a=1,2,1", "`1` twice"),
            ("a=(1,2", "not closed"),
            ("a=1)", "not opened"),
            ("a=(1]", "not opened"),
            ("a=\"1", "quote is not closed"),
            ("seed=1,2", "--replicas"),
        ] {
            let wrong = Vary::parse(text).unwrap_err();
            assert!(wrong.contains(words), "{text}: {wrong}");
        }
        let many = (0..200).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
        assert!(all(&["a", "b", "c"].map(|path| format!("{path}={many}"))).unwrap_err().contains("more than 10000"));
        assert!(all(&["a=1".to_owned(), "a=2".to_owned()]).unwrap_err().contains("varied twice"));
    }

    #[test]
    fn combinations_count_up_from_the_last() {
        let varied = all(&["a=1,2".to_owned(), "b=x,y".to_owned()]).unwrap();
        assert_eq!(combinations(&varied), [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]]);
        assert_eq!(combinations(&[]), [Vec::<&str>::new()]);
    }
}
