//! Faults: what they strike, and whether they can.

use super::Findings;
use crate::ids::NodeId;
use crate::scenario::document::{Node, Scenario};
use crate::scenario::faults::{Fault, Strikes, Target, Trouble};
use crate::scenario::names::listed;
use crate::scenario::plan::{FaultPlan, Place, Plan, When};
use crate::time::{Span, Time};

/// Slower or more than this is beyond what is simulated.
const MOST_TIMES: f64 = 1_000_000.0;
/// Random faults that come this often would be all that is simulated.
const SHORTEST: Span = Span(1_000_000);

/// The faults of a scenario, resolved; what is wrong with them is reported.
pub(super) fn resolve(scenario: &Scenario, findings: &mut Findings) -> Vec<FaultPlan> {
    let mut plans = Vec::with_capacity(scenario.faults.len());
    for (i, trouble) in scenario.faults.iter().enumerate() {
        let path = format!("faults[{i}]");
        let when = match trouble {
            Trouble::Fault { at, lasts, .. } => {
                if *at > scenario.duration {
                    let message = format!("{at} lies behind the end of the run, {}", scenario.duration);
                    findings.warning(format!("{path}.at"), message, "nothing will go wrong");
                }
                if *lasts == Some(Span::ZERO) {
                    findings.error_help(format!("{path}.lasts"), "a fault of no length is none", "leave `lasts` out for one that stays");
                }
                When::Once { at: Time::ZERO + *at, lasts: *lasts }
            }
            Trouble::Chaos { every, lasts, .. } => {
                for (field, span) in [("every", every), ("lasts", lasts)] {
                    if *span < SHORTEST {
                        findings
                            .error(format!("{path}.{field}"), format!("a mean of {span} is shorter than the {SHORTEST} that chaos takes"));
                    }
                }
                When::Random { every: *every, lasts: *lasts }
            }
        };
        plans.extend(plan(scenario, trouble.what(), when, &format!("{path}.what"), findings));
    }
    plans
}

/// One fault, resolved; `None` if something is wrong, which is then reported.
pub(super) fn plan(scenario: &Scenario, what: &Fault, when: When, path: &str, findings: &mut Findings) -> Option<FaultPlan> {
    let before = findings.list.len();
    amounts(what, path, findings);
    let mut sides = [Vec::new(), Vec::new()];
    let seek = Seek { scenario, what };
    match what {
        Fault::Partition { of, from } => {
            if of.is_empty() {
                findings.error_help(format!("{path}.of"), "nobody is cut off", "name the nodes of one side");
            }
            for (side, (field, targets)) in [("of", of), ("from", from)].into_iter().enumerate() {
                for (n, target) in targets.iter().enumerate() {
                    sides[side].extend(seek.find(target, format!("{path}.{field}[{n}]"), findings));
                }
            }
            if from.is_empty() {
                let inside = |place: &Place| sides[0].iter().any(|other: &Place| other.node == place.node);
                sides[1] =
                    (0..scenario.nodes.len()).map(|i| Place { node: NodeId::at(i), instance: None }).filter(|p| !inside(p)).collect();
            }
            if let Some(both) = sides[0].iter().find(|place| sides[1].iter().any(|other| other.node == place.node)) {
                let name = scenario.nodes[both.node.index()].id();
                findings.error(path, format!("`{name}` stands on both sides of the partition"));
            }
        }
        _ => {
            let fields: &[&str] = match what {
                Fault::Crash(_) | Fault::Pause(_) => &["[0]"],
                Fault::Surge { .. } => &[".producer"],
                Fault::Slow { .. } | Fault::Errors { .. } | Fault::Poison { .. } => &[".node"],
                _ => &[".between[0]", ".between[1]"],
            };
            for (side, (target, field)) in what.targets().into_iter().zip(fields).enumerate() {
                sides[side] = seek.find(target, format!("{path}{field}"), findings);
            }
        }
    }
    (findings.list.len() == before).then(|| FaultPlan { what: what.clone(), strikes: sides, when })
}

/// Every number of a fault.
fn amounts(what: &Fault, path: &str, findings: &mut Findings) {
    let times = |times: f64, least: f64, findings: &mut Findings| {
        if !(times > least && times <= MOST_TIMES) {
            let words = if least < 0.0 { "0 or more".to_owned() } else { format!("more than {least}") };
            findings.error(format!("{path}.times"), format!("{times} times is not possible: it is {words} and at most {MOST_TIMES}"));
        }
    };
    match what {
        Fault::Slow { times: n, .. } => times(*n, 0.0, findings),
        Fault::Surge { times: n, .. } => times(*n, -f64::MIN_POSITIVE, findings),
        Fault::Latency { times: n, add, .. } => {
            times(*n, -f64::MIN_POSITIVE, findings);
            if *n == 1.0 && *add == Span::ZERO {
                findings.error_help(path, "this changes nothing", "say how much longer: `add: \"500ms\"`, or `times: 5`");
            }
        }
        _ => {}
    }
}

/// Looks for what a fault names.
struct Seek<'s> {
    scenario: &'s Scenario,
    what: &'s Fault,
}

impl Seek<'_> {
    fn find(&self, target: &str, path: String, findings: &mut Findings) -> Vec<Place> {
        let nodes = &self.scenario.nodes;
        let at = |id: &str| nodes.iter().position(|node| node.id() == id);
        let place = |i: usize, instance: Option<u32>| vec![Place { node: NodeId::at(i), instance }];
        // A node may be called like a zone; names come first.
        match (at(target), Target::of(target)) {
            (Some(i), _) => match self.struck(&nodes[i], false) {
                Ok(()) => return place(i, None),
                Err((message, help)) => findings.error_help(path, message, help),
            },
            (None, Target::Zone(zone)) => {
                let tagged: Vec<usize> = (0..nodes.len()).filter(|i| nodes[*i].zone() == Some(zone)).collect();
                let hit: Vec<Place> = tagged
                    .iter()
                    .filter(|i| self.struck(&nodes[**i], false).is_ok())
                    .map(|i| Place { node: NodeId::at(*i), instance: None })
                    .collect();
                if tagged.is_empty() {
                    let help = findings.suggest.did_you_mean(zone, nodes.iter().filter_map(Node::zone));
                    let message = format!("no node stands in the zone `{zone}`");
                    findings.add(
                        super::Severity::Error,
                        path,
                        message,
                        help.or_else(|| Some("tag some nodes with it: `zone: \"...\"`".to_owned())),
                    );
                } else if hit.is_empty() {
                    let message = format!("`{}` strikes none of the nodes in `{zone}`", self.what.kind().name);
                    findings.error_help(path, message, format!("it strikes {}", self.strikes()));
                }
                return hit;
            }
            (None, Target::Instance(id, number)) if at(id).is_some() => {
                let i = at(id).unwrap_or_default();
                let most = instances(&nodes[i]);
                match (self.struck(&nodes[i], true), number) {
                    (Err((message, help)), _) => findings.error_help(path, message, help),
                    (Ok(()), Some(n)) if (1..=most).contains(&n) => return place(i, Some(n - 1)),
                    (Ok(()), _) => {
                        let known = if most == 1 { "one instance".to_owned() } else { format!("the instances 1 to {most}") };
                        findings.error_help(path, format!("`{id}` has {known}"), format!("write `{id}#1`, or `{id}` for all of it"));
                    }
                }
            }
            (None, Target::Node(id) | Target::Instance(id, _)) => {
                let help = findings.suggest.did_you_mean(id, nodes.iter().map(Node::id));
                let help =
                    help.or_else(|| Some(format!("the nodes are {}", listed(nodes.iter().map(Node::id)))).filter(|_| !nodes.is_empty()));
                findings.add(super::Severity::Error, path, format!("there is no node `{id}`"), help);
            }
        }
        Vec::new()
    }

    /// Whether this kind of fault can strike this node (or one instance of it); else what to say.
    fn struck(&self, node: &Node, instance: bool) -> Result<(), (String, String)> {
        let fits = match (self.what.kind().strikes, node) {
            (Strikes::Node | Strikes::Link, _) => true,
            (Strikes::Consumer, Node::Consumer(_)) | (Strikes::Producer, Node::Producer(_)) => true,
            (Strikes::Consumer | Strikes::Producer, _) => false,
        };
        let kind = self.what.kind().name;
        if !fits {
            return Err((
                format!("`{}` is a {}: `{kind}` cannot strike it", node.id(), node.role()),
                format!("it strikes {}", self.strikes()),
            ));
        }
        let whole = self.what.kind().strikes == Strikes::Link || matches!(node, Node::Producer(_));
        if instance && whole {
            let message = format!("`{kind}` strikes `{}` as a whole", node.id());
            return Err((message, format!("write `{}`", node.id())));
        }
        Ok(())
    }

    fn strikes(&self) -> &'static str {
        match self.what.kind().strikes {
            Strikes::Node => "nodes",
            Strikes::Consumer => "consumers",
            Strikes::Producer => "producers",
            Strikes::Link => "what is between two nodes",
        }
    }
}

/// What can be struck by itself: instances of a consumer, nodes of a broker's cluster.
fn instances(node: &Node) -> u32 {
    match node {
        Node::Consumer(consumer) => consumer.instances,
        Node::Broker(broker) => broker.kind.parts().nodes(),
        Node::Producer(_) => 1,
    }
}

/// Warns of faults between nodes that exchange nothing.
pub(super) fn without_effect(plan: &Plan, findings: &mut Findings) {
    for (i, fault) in plan.faults.iter().enumerate().filter(|(_, fault)| fault.what.kind().strikes == Strikes::Link) {
        let on = |side: usize, node: NodeId| fault.strikes[side].iter().any(|place| place.node == node);
        let hit = plan.links.iter().any(|link| on(0, link.from) && on(1, link.to) || on(1, link.from) && on(0, link.to));
        if !hit {
            let message = "no events travel between these: this fault has no effect";
            findings.warning(format!("faults[{i}].what"), message, "name two nodes of which one writes to or reads from the other");
        }
    }
}
