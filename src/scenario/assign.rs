//! What differs between two versions of a scenario, as assignments that lead from one to the other: the way from a changed value in
//! a form to what an intervention can say.

use super::Scenario;
use super::document::Node;
use super::set::{DEFAULT, TOP};
use super::units::{Bandwidth, Percent, Rate, Size};
use super::write::{Doc, in_one_line};
use crate::time::Span;

/// Paths and values as [`set`](super::set()) takes them, which make `new` out of `old` one after the other. Each is as deep as it can
/// be: a changed time is the time and not the whole node.
pub fn assignments(old: &Scenario, new: &Scenario) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let same = |a: &Node, b: &Node| a.id() == b.id() && a.role() == b.role();
    let same_nodes = old.nodes.len() == new.nodes.len() && old.nodes.iter().zip(&new.nodes).all(|(a, b)| same(a, b));
    if same_nodes {
        for (i, (old, new)) in old.nodes.iter().zip(&new.nodes).enumerate() {
            if old != new {
                differ(&head(i, old.id()), &Doc::of(old), &Doc::of(new), &mut found);
            }
        }
    }
    let (old, new) = (Doc::of(old), Doc::of(new));
    let fields = |doc: &Doc| if let Doc::Fields(_, fields) = doc { fields.clone() } else { Vec::new() };
    let rest = |doc: &Doc| Doc::Fields(String::new(), fields(doc).into_iter().filter(|(key, _)| !same_nodes || key != "nodes").collect());
    differ("", &rest(&old), &rest(&new), &mut found);
    found
}

/// How a path to a node begins: with its name, where that is no other word of paths.
fn head(place: usize, id: &str) -> String {
    let plain = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) && !id.starts_with(|c: char| c.is_ascii_digit());
    if plain && !TOP.contains(&id) { id.to_owned() } else { format!("nodes[{place}]") }
}

fn differ(path: &str, old: &Doc, new: &Doc, found: &mut Vec<(String, String)>) {
    if old == new {
        return;
    }
    let inside = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
    match (old, new) {
        (Doc::Fields(a, from), Doc::Fields(b, to)) if a == b => {
            for (field, value) in to {
                match old.field(field) {
                    Some(before) => differ(&inside(field), before, value, found),
                    None => found.push((inside(field), written(value))),
                }
            }
            let gone = from.iter().filter(|(field, _)| new.field(field).is_none());
            found.extend(gone.map(|(field, _)| (inside(field), DEFAULT.to_owned())));
        }
        (Doc::List(from), Doc::List(to)) if from.len() == to.len() => {
            for (i, (from, to)) in from.iter().zip(to).enumerate() {
                differ(&format!("{path}[{i}]"), from, to, found);
            }
        }
        _ => found.push((path.to_owned(), written(new))),
    }
}

/// A value as a person would type it: quantities without quotes.
fn written(value: &Doc) -> String {
    let text = in_one_line(value);
    let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).filter(|bare| {
        bare.parse::<Span>().is_ok()
            || bare.parse::<Percent>().is_ok()
            || bare.parse::<Rate>().is_ok()
            || bare.parse::<Size>().is_ok()
            || bare.parse::<Bandwidth>().is_ok()
    });
    bare.map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::shapes::{Arrivals, Times};
    use crate::scenario::units::Rate;
    use crate::scenario::{read, set, write};

    fn shop() -> Scenario {
        read(include_str!("../../scenarios/cases/shop.ron"), "shop.ron").unwrap()
    }

    fn changed(change: impl Fn(&mut Scenario)) -> Scenario {
        let mut next = shop();
        change(&mut next);
        next
    }

    /// The assignments as they are said; they must lead there.
    fn said(old: &Scenario, new: &Scenario) -> Vec<String> {
        let found = assignments(old, new);
        let mut text = write(old);
        for (path, value) in &found {
            text = set(&text, &format!("{path}={value}")).unwrap_or_else(|p| panic!("{path}={value}: {}", p[0]));
        }
        assert_eq!(read(&text, "").unwrap(), *new);
        found.into_iter().map(|(path, value)| format!("{path} = {value}")).collect()
    }

    #[test]
    fn each_change_is_said_where_it_is() {
        let shop = shop();
        let consumer = |s: &mut Scenario, change: &dyn Fn(&mut crate::scenario::document::Consumer)| {
            if let Some(Node::Consumer(c)) = s.nodes.iter_mut().find(|n| n.id() == "inventory") {
                change(c);
            }
        };
        let more = changed(|s| consumer(s, &|c| c.instances = 7));
        assert_eq!(said(&shop, &more), ["inventory.instances = 7"]);
        let slow = changed(|s| consumer(s, &|c| c.handle.time = Times::Constant(Span::from_millis(250))));
        assert_eq!(said(&shop, &slow), ["inventory.handle.time = Constant(\"250ms\")"]);
        let fewest = changed(|s| consumer(s, &|c| (c.instances, c.retry) = (1, None)));
        assert_eq!(said(&more, &fewest)[0], "inventory.instances = default");
        let busy = changed(|s| {
            for node in &mut s.nodes {
                if let Node::Producer(p) = node {
                    p.emits[0].arrivals = Arrivals::Poisson(Rate(123.0));
                }
            }
        });
        assert_eq!(said(&shop, &busy), ["order-service.emits[0].arrivals = Poisson(\"123/s\")"]);
        let network = changed(|s| s.network.latency = Times::Constant(Span::from_millis(9)));
        assert_eq!(said(&shop, &network).len(), 1);
        assert!(said(&shop, &shop).is_empty());
    }

    #[test]
    fn what_has_another_shape_is_said_whole() {
        let shop = shop();
        let fewer = changed(|s| s.nodes.truncate(3));
        assert!(said(&shop, &fewer)[0].starts_with("nodes = ["));
        let odd = changed(|s| *s.nodes[2].id_mut() = "seed".to_owned());
        let more = {
            let mut more = odd.clone();
            *more.nodes[2].zone_mut() = Some("eu.1".to_owned());
            more
        };
        assert_eq!(said(&odd, &more), ["nodes[2].zone = \"eu.1\""]);
    }
}
