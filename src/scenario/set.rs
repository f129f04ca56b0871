//! `--set PATH=VALUE`: one value of a scenario's text replaced or added.

use super::document::Scenario;
use super::locate::{Shape, Step, Tree, steps};
use super::names::{Suggest, listed};
use super::problem::Problem;
use super::read::read;
use super::units::{Bandwidth, Percent, Rate, Size};
use super::write::{Doc, Edits, quoted};
use crate::time::Span;

/// Structures that are added when a field in them is set and they are not written down.
const ADDED: &[(&str, &str)] = &[
    ("handle", "Handle"),
    ("retry", "Retry"),
    ("network", "Network"),
    ("limits", "Limits"),
    ("publish", "Confirmed"),
    ("state", "Projection"),
    ("join", "Join"),
];

/// What stands for the value that a field has when it is not written down.
pub(super) const DEFAULT: &str = "default";

/// Fields of a scenario that need not be written down.
pub(super) const TOP: &[&str] = &[
    "format", "name", "about", "seed", "duration", "warmup", "network", "limits", "events", "nodes", "links", "groups", "notes", "faults",
    "expect", "allow", "lesson",
];

/// The text with one value set, to be read again. The assignment is `PATH=VALUE`: a path begins with a node's id, an event's
/// name or a field of the scenario (`inventory.instances`, `OrderCreated.size`, `nodes.inventory.handle.time`,
/// `order-service.emits[0].arrivals`); the value is written as in the file, where quantities and names may go without quotes.
/// `default` without quotes makes it as if it had never been written down.
///
/// Fails if the path leads nowhere, or if the result could not be read although `text` could.
pub fn set(text: &str, assignment: &str) -> Result<String, Vec<Problem>> {
    set_for(text, assignment, &format!("--set {assignment}"))
}

/// The same for whoever does not write `--set`: `called` is what the assignment is called in problems.
pub fn set_for(text: &str, assignment: &str, called: &str) -> Result<String, Vec<Problem>> {
    let fail = |message: String, help: Option<String>| vec![Problem::of_file(called, message, help)];
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let usage = || Some("write it as PATH=VALUE, such as `inventory.instances=4`".to_owned());
    let Some((path, value)) = assignment.split_once('=') else {
        return Err(fail(format!("`{assignment}` sets nothing"), usage()));
    };
    let (path, value) = (path.trim(), value.trim());
    if path.is_empty() || value.is_empty() {
        return Err(fail(format!("`{assignment}` sets nothing"), usage()));
    }
    let tree = Tree::new(body).map_err(|b| vec![super::diagnose::broken(body, "", &b)])?;
    let target = Target::find(&tree, path).map_err(|(message, help)| fail(message, help))?;
    let mut first_problem = None;
    let unwritten = (value == DEFAULT).then(|| target.unwritten(&tree)).flatten();
    let written = target.candidates(&tree, value).into_iter().map(|candidate| target.write(&tree, candidate));
    for new in unwritten.into_iter().chain(written) {
        match read(&new, "") {
            Ok(_) => return Ok(format!("{}{new}", &text[..text.len() - body.len()])),
            Err(problems) => first_problem = first_problem.or(problems.into_iter().next()),
        }
    }
    Err(match first_problem {
        Some(problem) => fail(problem.message, problem.help),
        None => fail(format!("`{value}` cannot be set"), None),
    })
}

type Wrong = (String, Option<String>);

/// What a path leads to.
struct Target<'p> {
    /// The item itself, or the one that it is missing in.
    item: u32,
    /// The fields from there on that are not written down; the last is the one to be set.
    missing: Vec<&'p str>,
}

impl<'p> Target<'p> {
    fn find(tree: &Tree<'_>, path: &'p str) -> Result<Target<'p>, Wrong> {
        let steps = steps(path);
        let (mut item, rest) = start(tree, path, &steps)?;
        for (i, step) in rest.iter().enumerate() {
            let here = tree.item(item);
            let next = match step {
                Step::Index(index) => {
                    let found = here.children.get(*index).copied();
                    Some(found.ok_or_else(|| {
                        let at = tree.path(item);
                        (format!("`{at}` has {} entries, counted from 0: there is no [{index}]", here.children.len()), None)
                    })?)
                }
                Step::Name(name) => named(tree, item, name),
            };
            match next {
                Some(next) => item = next,
                None => return missing(tree, item, &rest[i..]),
            }
        }
        Ok(Target { item, missing: Vec::new() })
    }

    /// What `value` may mean, the likeliest first.
    fn candidates(&self, tree: &Tree<'_>, value: &str) -> Vec<(u32, String)> {
        let quantity = is_quantity(value);
        let text = if quantity { quoted(value) } else { value.to_owned() };
        let mut candidates = vec![(self.item, text.clone())];
        let item = tree.item(self.item);
        // `Poisson("50/s")` set to `80/s` stays a Poisson process.
        if let ([only], Shape::Round, true, true) = (item.children.as_slice(), item.shape, quantity, self.missing.is_empty())
            && tree.item(*only).shape == Shape::Text
            && tree.item(*only).key.is_none()
        {
            candidates.insert(0, (*only, text.clone()));
        }
        if quantity {
            candidates.push((self.item, format!("Constant({text})")));
        } else if !value.starts_with('"') {
            candidates.push((self.item, quoted(value)));
        }
        candidates
    }

    /// The text without the field; nothing if this is no field.
    fn unwritten(&self, tree: &Tree<'_>) -> Option<String> {
        if !self.missing.is_empty() {
            return Some(tree.text.to_owned());
        }
        tree.key(self.item)?;
        let mut edits = Edits::new(tree);
        edits.remove(self.item);
        Some(edits.apply(0..tree.text.len()))
    }

    fn write(&self, tree: &Tree<'_>, (item, value): (u32, String)) -> String {
        let mut edits = Edits::new(tree);
        match self.missing.split_last() {
            None => edits.put(tree.item(item).place.range(), value),
            Some((last, structures)) => {
                let inner = Doc::Atom(value);
                let whole = structures.iter().rev().fold((*last, inner), |(field, value), structure| {
                    let name = ADDED.iter().find(|(f, _)| f == structure).map_or("", |(_, n)| *n);
                    (*structure, Doc::Fields(name.to_owned(), vec![(field.to_owned(), value)]))
                });
                edits.insert(item, tree.item(item).children.last().copied(), Some(whole.0), &whole.1);
            }
        }
        edits.apply(0..tree.text.len())
    }
}

/// Where a path begins, and its steps from there.
fn start<'s, 'p>(tree: &Tree<'_>, path: &str, steps: &'s [Step<'p>]) -> Result<(u32, &'s [Step<'p>]), Wrong> {
    let Some(Step::Name(first)) = steps.first() else { return Err((format!("`{path}` is no path"), None)) };
    if TOP.contains(first) {
        return Ok((tree.root, steps));
    }
    for list in ["nodes", "events"] {
        let Some(list) = tree.field(tree.root, list) else { continue };
        if let Some(item) = named(tree, list, first) {
            return Ok((item, &steps[1..]));
        }
    }
    let called = |list: &str| {
        let items = tree.field(tree.root, list).map_or(&[][..], |l| &tree.item(l).children);
        items.iter().filter_map(|c| tree.called(*c)).collect::<Vec<_>>()
    };
    let (nodes, events) = (called("nodes"), called("events"));
    let known = || nodes.iter().chain(&events).map(String::as_str).chain(TOP.iter().copied());
    let help = Suggest::default().did_you_mean(first, known()).or_else(|| Some(format!("a path begins with one of {}", listed(known()))));
    Err((format!("there is no node, event or field `{first}`"), help))
}

fn named(tree: &Tree<'_>, item: u32, name: &str) -> Option<u32> {
    let inside = tree.item(item);
    if inside.shape == Shape::List {
        return inside.children.iter().copied().find(|c| tree.called(*c).as_deref() == Some(name));
    }
    tree.field(item, name)
}

fn missing<'p>(tree: &Tree<'_>, item: u32, rest: &[Step<'p>]) -> Result<Target<'p>, Wrong> {
    let at = tree.path(item);
    let mut missing = Vec::new();
    if let (Shape::List, Some(Step::Name(name))) = (tree.item(item).shape, rest.first()) {
        let called: Vec<String> = tree.item(item).children.iter().filter_map(|c| tree.called(*c)).collect();
        let help = Suggest::default().did_you_mean(name, called.iter().map(String::as_str));
        return Err((
            format!("there is no `{name}` in `{at}`"),
            help.or_else(|| Some("entries are addressed by number: `[0]`".to_owned())),
        ));
    }
    for (i, step) in rest.iter().enumerate() {
        let last = i + 1 == rest.len();
        match step {
            Step::Name(name) if last || ADDED.iter().any(|(field, _)| field == name) => missing.push(*name),
            Step::Name(name) => {
                let near = Suggest::default()
                    .did_you_mean(name, ADDED.iter().map(|(f, _)| *f).chain(tree.item(item).children.iter().filter_map(|c| tree.key(*c))));
                let help = near.or_else(|| Some(format!("set it as a whole: `{name}=...`")));
                return Err((format!("`{at}` has no `{name}` in which something could be set"), help));
            }
            Step::Index(index) => return Err((format!("`{at}` has no entry [{index}]"), None)),
        }
    }
    match tree.item(item).shape {
        Shape::Round => Ok(Target { item, missing }),
        _ => Err((format!("`{at}` is a single value; there is no `{}` in it", missing.join(".")), None)),
    }
}

/// Whether a text is a number with a unit.
fn is_quantity(text: &str) -> bool {
    text.parse::<Span>().is_ok()
        || text.parse::<Percent>().is_ok()
        || text.parse::<Rate>().is_ok()
        || text.parse::<Size>().is_ok()
        || text.parse::<Bandwidth>().is_ok()
}

// `TOP` is a list by hand because the path of a field that has its default must be known without the field being written.
const _: fn(&Scenario) -> usize = |s| {
    let Scenario {
        format: _,
        name: _,
        about: _,
        seed: _,
        duration: _,
        warmup: _,
        network: _,
        limits: _,
        events: _,
        nodes: _,
        links: _,
        groups: _,
        notes: _,
        faults: _,
        expect: _,
        allow: _,
        lesson: _,
    } = s;
    TOP.len()
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scenario::document::{Consumer, Event, Expect, Group, Limits, Link, Network, Node, Note, Producer};
    use crate::scenario::faults::{Fault, Trouble};
    use crate::scenario::lesson::Lesson;
    use crate::scenario::pairs::Pairs;
    use crate::scenario::write::write;

    const SHOP: &str = include_str!("../../scenarios/cases/shop.ron");

    /// The lines that `assignment` makes, and those that it replaces.
    fn lines(assignment: &str) -> (Vec<String>, Vec<String>) {
        let new = set(SHOP, assignment).unwrap_or_else(|p| panic!("{}", p[0]));
        let only = |a: &str, b: &str| a.lines().filter(|l| !b.lines().any(|m| m == *l)).map(|l| l.trim().to_owned()).collect::<Vec<_>>();
        (only(&new, SHOP), only(SHOP, &new))
    }

    #[test]
    fn values_are_replaced_where_they_stand() {
        for (assignment, new) in [
            ("inventory.instances=4", "instances: 4,"),
            ("nodes.inventory.instances = 4", "instances: 4,"),
            ("nodes[2].instances=4", "instances: 4,"),
            ("duration=10min", "duration: \"10min\","),
            ("seed=7", "seed: 7,"),
            ("name=A new title", "name: \"A new title\","),
            ("InvoiceIssued.size=16KiB", "Event(name: \"InvoiceIssued\", size: \"16KiB\"),"),
            ("events.InvoiceIssued.size=\"16KiB\"", "Event(name: \"InvoiceIssued\", size: \"16KiB\"),"),
            ("analytics.handle.time=5ms", "handle: Handle(time: Constant(\"5ms\")),"),
            ("analytics.handle.time=Constant(\"5ms\")", "handle: Handle(time: Constant(\"5ms\")),"),
            ("analytics.handle.time.mean=5ms", "handle: Handle(time: Exponential(mean: \"5ms\")),"),
            ("billing.then[0].probability=1%", "then: [Emit(event: \"InvoiceIssued\", to: \"bus/invoices\", probability: \"1%\")],"),
            ("billing.reads.0.group=money", "reads: [Read(from: \"bus/orders\", group: \"money\")],"),
            (
                "order-service.emits[0].arrivals=80/s",
                "emits: [Emit(event: \"OrderCreated\", to: \"bus/orders\", arrivals: Poisson(\"80/s\"))],",
            ),
        ] {
            let (made, replaced) = lines(assignment);
            // The old line may stand elsewhere too.
            assert!(made == [new] && replaced.len() <= 1, "{assignment}: {made:?} {replaced:?}");
        }
    }

    #[test]
    fn what_is_not_written_down_is_added() {
        for (assignment, new) in [
            ("network.latency=5ms", "network: Network(latency: Constant(\"5ms\")),"),
            ("limits.steps=1000", "limits: Limits(steps: 1000),"),
            ("billing.instances=3", "instances: 3,"),
            ("billing.retry.attempts=3", "retry: Retry(attempts: 3),"),
            ("billing.dead_letter=bus/orders", "dead_letter: \"bus/orders\","),
        ] {
            assert_eq!(lines(assignment), (vec![new.to_owned()], vec![]), "{assignment}");
        }
        let short = "Scenario(format: 1, nodes: [Consumer(id: \"c\")])";
        assert_eq!(
            set(short, "c.handle.fails=1%").unwrap(),
            "Scenario(format: 1, nodes: [Consumer(id: \"c\", handle: Handle(fails: \"1%\"))])"
        );
        assert_eq!(set(short, "seed=2").unwrap(), "Scenario(format: 1, nodes: [Consumer(id: \"c\")], seed: 2)");
        assert_eq!(set("Scenario(format:1,)", "seed=2").unwrap(), "Scenario(format:1, seed: 2)");
    }

    #[test]
    fn default_is_what_holds_without_a_word() {
        let without = |assignment: &str| {
            let scenario = read(&set(SHOP, assignment).unwrap(), "").unwrap();
            scenario
                .nodes
                .into_iter()
                .find_map(|n| if let Node::Consumer(c) = n { (c.id == "inventory").then_some(c) } else { None })
                .unwrap()
        };
        assert_eq!(without("inventory.instances=default").instances, Consumer::default().instances);
        assert_eq!(set(SHOP, "billing.timeout=default").unwrap(), SHOP, "it was not written down");
        assert_eq!(without("inventory.zone=\"default\"").zone.as_deref(), Some("default"), "in quotes it is a name");
        assert!(set(SHOP, "inventory.id=default").is_ok_and(|text| text.contains("id: \"default\"")), "what has no default is a name");
    }

    #[test]
    fn paths_that_lead_nowhere_are_explained() {
        for (assignment, message) in [
            ("inventry.instances=4", "there is no node, event or field `inventry` | did you mean `inventory`?"),
            ("nodes.inventry.instances=4", "there is no `inventry` in `nodes` | did you mean `inventory`?"),
            ("inventory.instancs=4", "there is no field `instancs` in `Consumer` | did you mean `instances`?"),
            ("inventory.handel.time=4ms", "`nodes.inventory` has no `handel` in which something could be set | did you mean `handle`?"),
            ("inventory.reads[5].group=a", "`nodes.inventory.reads` has 1 entries, counted from 0: there is no [5]"),
            ("seed.x=1", "`seed` is a single value; there is no `x` in it"),
            ("inventory.instances", "`inventory.instances` sets nothing | write it as PATH=VALUE, such as `inventory.instances=4`"),
            ("=4", "`=4` sets nothing | write it as PATH=VALUE, such as `inventory.instances=4`"),
        ] {
            let problem = set(SHOP, assignment).unwrap_err().remove(0);
            let said = problem.help.map_or(problem.message.clone(), |h| format!("{} | {h}", problem.message));
            assert_eq!(said, message, "{assignment}");
        }
        let wrong = &set(SHOP, "inventory.instances=many").unwrap_err()[0];
        assert!(wrong.to_string().starts_with("error: ") && wrong.to_string().contains("--set inventory.instances=many"), "{wrong}");
    }

    /// A scenario in which no field has its default, so that all are written.
    fn all_fields() -> Scenario {
        let node = || "p".to_owned();
        Scenario {
            format: 1,
            name: "n".to_owned(),
            about: "a".to_owned(),
            seed: 2,
            duration: Span(1),
            warmup: Span(1),
            network: Network { loss: Percent(0.5), ..Network::default() },
            limits: Limits { live: 1, ..Limits::default() },
            events: vec![Event { name: "E".to_owned(), size: Size(1), key: None, attributes: Pairs::default() }],
            nodes: vec![Node::Producer(Producer { id: node(), ..Producer::default() })],
            links: vec![Link { between: (node(), node()), latency: None, loss: None, duplication: None, bandwidth: None, ordered: None }],
            groups: vec![Group { title: node(), nodes: vec![node()] }],
            notes: vec![Note { text: "n".to_owned(), at: (0.0, 0.0) }],
            faults: vec![Trouble::Fault { at: Span(1), lasts: None, what: Fault::Crash(node()) }],
            expect: vec![Expect("lost == 0".to_owned())],
            allow: vec!["loops".to_owned()],
            lesson: Some(Lesson { summary: "s".to_owned(), minutes: 1, steps: Vec::new(), challenge: None }),
        }
    }

    #[test]
    fn every_top_field_is_known() {
        let text = write(&all_fields());
        let tree = Tree::new(&text).unwrap();
        let written: Vec<&str> = tree.item(tree.root).children.iter().map(|c| tree.key(*c).unwrap()).collect();
        assert_eq!(written, TOP);
        assert!(set(SHOP, "allow=[\"unstable-node\"]").is_ok());
    }
}
