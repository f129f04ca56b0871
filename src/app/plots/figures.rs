//! What can be plotted: for each figure its lines, read from the series of the recorded run.

use crate::figures;
use crate::ids::{ConsumerId, NodeId, OutletId, StoreId, TypeId};
use crate::record::heat::Heat;
use crate::record::series::Bin;
use crate::run::Frame;
use crate::scenario::Plan;
use crate::scenario::plan::Role;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A figure over time.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What it is of.
    pub name: String,
    /// How its colour is chosen.
    pub ink: Ink,
    /// Seconds and values; not a number where there is none.
    pub points: Vec<[f64; 2]>,
    /// Drawn dashed, and named only under the pointer (but for lags, see [`ends`]).
    pub aside: bool,
}

/// How a line's colour is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// That of a node, everywhere the same.
    Node(NodeId),
    /// One of its own, of an outlet that nobody reads.
    Outlet(OutletId),
    /// That of an event type.
    Type(TypeId),
    /// Of something that only the run has which is compared with.
    Other,
}

/// What a plot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Per node.
    Throughput,
    /// Per event type.
    Published,
    /// Handled, retried and failed, per consumer.
    Outcomes,
    /// Depth of outlets and lag of consumers.
    Depth,
    /// Mean latency per consumer.
    Latency,
    /// Median, 90th and 99th percentile per consumer.
    Percentiles,
    /// How many took how long.
    Heat,
    /// Share of workers or connections busy.
    Utilisation,
    /// Age of projections.
    Staleness,
    /// What projections should come to, and what they come to.
    State,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plainly.
    Number,
    /// As times.
    Time,
    /// As shares.
    Share,
}

impl Kind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Kind; 10] = [
        Kind::Throughput,
        Kind::Published,
        Kind::Outcomes,
        Kind::Depth,
        Kind::Latency,
        Kind::Percentiles,
        Kind::Heat,
        Kind::Utilisation,
        Kind::Staleness,
        Kind::State,
    ];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Throughput => "Throughput, per second",
            Kind::Published => "Published by type, per second",
            Kind::Outcomes => "Handled (–), retried and failed (- -), per second",
            Kind::Depth => "Waiting (–) and lag (- -), events",
            Kind::Latency => "Latency, mean",
            Kind::Percentiles => "Latency, p50 (–), p90 and p99 (- -)",
            Kind::Heat => "Latency, how many took how long",
            Kind::Utilisation => "Utilisation",
            Kind::Staleness => "Staleness of projections, mean",
            Kind::State => "Projections, expected (- -) and actual (–)",
        }
    }

    /// How its values are written.
    pub fn format(self) -> Format {
        match self {
            Kind::Throughput | Kind::Published | Kind::Outcomes | Kind::Depth | Kind::State => Format::Number,
            Kind::Latency | Kind::Percentiles | Kind::Heat | Kind::Staleness => Format::Time,
            Kind::Utilisation => Format::Share,
        }
    }

    /// Its lines over a part of the run (in seconds), in about `most` points each. A heat map has none.
    pub fn curves(self, frame: &Frame, from: f64, to: f64, most: usize) -> Vec<Curve> {
        let mut curves = self.of(frame, from, to, most);
        // The run that is compared with, behind the one that is shown; same names, same colours.
        if let Some(beside) = &frame.beside {
            let plan = &beside.frame.plan;
            let theirs = self.of(&beside.frame, from, to, most).into_iter().filter(|curve| !curve.aside);
            let ink = |ink: Ink| match ink {
                Ink::Node(node) => frame.plan.node(&plan.nodes[node.index()].name).map_or(Ink::Other, Ink::Node),
                Ink::Outlet(outlet) => {
                    let name = &plan.outlets[outlet.index()].name;
                    frame.plan.outlets.iter().position(|outlet| outlet.name == *name).map_or(Ink::Other, |i| Ink::Outlet(OutletId::at(i)))
                }
                Ink::Type(kind) => {
                    let name = &plan.types[kind.index()].name;
                    frame.plan.types.iter().position(|kind| kind.name == *name).map_or(Ink::Other, |i| Ink::Type(TypeId::at(i)))
                }
                Ink::Other => Ink::Other,
            };
            curves.extend(theirs.map(|curve| Curve {
                name: format!("{} ({})", curve.name, beside.name),
                ink: ink(curve.ink),
                aside: true,
                ..curve
            }));
        }
        curves
    }

    fn of(self, frame: &Frame, from: f64, to: f64, most: usize) -> Vec<Curve> {
        let (plan, bins) = (&*frame.plan, frame.lines(from, to, most));
        let of = |name: String, ink: Ink, aside: bool, figure: &dyn Fn(&Bin<'_>) -> f64| Curve {
            name,
            ink,
            points: bins.iter().map(|bin| [bin.middle(), figure(bin)]).collect(),
            aside,
        };
        let consumers = || plan.consumers.iter().enumerate().map(|(i, c)| (ConsumerId::at(i), c.node, &plan.nodes[c.node.index()].name));
        let stores = || plan.stores.iter().enumerate().map(|(i, s)| (StoreId::at(i), s.node, &plan.nodes[s.node.index()].name));
        match self {
            Kind::Throughput => {
                let nodes = plan.nodes.iter().enumerate().filter(|(_, node)| !matches!(node.role, Role::Broker(_)));
                let line = |(i, node): (usize, &crate::scenario::plan::NodePlan)| {
                    let id = NodeId::at(i);
                    of(node.name.clone(), Ink::Node(id), false, &|bin| bin.throughput(id))
                };
                nodes.map(line).collect()
            }
            Kind::Published => {
                let types = plan.types.iter().enumerate();
                types.map(|(i, kind)| of(kind.name.clone(), Ink::Type(TypeId::at(i)), false, &|bin| bin.published(TypeId::at(i)))).collect()
            }
            Kind::Outcomes => consumers()
                .flat_map(|(id, node, name)| {
                    [
                        of(name.clone(), Ink::Node(node), false, &|bin| bin.throughput(node)),
                        of(format!("{name} retried"), Ink::Node(node), true, &|bin| bin.retries(id)),
                        of(format!("{name} failed"), Ink::Node(node), true, &|bin| bin.failed(id) + bin.given_back(id)),
                    ]
                })
                .collect(),
            Kind::Depth => {
                let outlets = (0..plan.outlets.len()).filter_map(|i| {
                    let (name, ink) = outlet(plan, i)?;
                    Some(of(name, ink, false, &|bin| bin.depth(OutletId::at(i))))
                });
                let lags = consumers().map(|(id, node, name)| of(format!("{name}{LAG}"), Ink::Node(node), true, &|bin| bin.lag(id)));
                let queues = stores().map(|(id, node, name)| of(format!("{name} queue"), Ink::Node(node), false, &|bin| bin.queue(id)));
                let publishes = |node: &crate::scenario::plan::NodePlan| matches!(node.role, Role::Producer | Role::Consumer(_));
                let any = bins.last().is_some_and(Bin::holds_back);
                let publishers = plan.nodes.iter().enumerate().filter(|(_, node)| any && publishes(node));
                let held = publishers.map(|(i, node)| {
                    let id = NodeId::at(i);
                    of(format!("{} holds back", node.name), Ink::Node(id), true, &|bin| bin.held_back(id))
                });
                let held = held.filter(|curve| curve.top() > 0.0);
                outlets.chain(lags).chain(queues).chain(held).collect()
            }
            Kind::Latency => {
                let handled = consumers().map(|(id, node, name)| of(name.clone(), Ink::Node(node), false, &|bin| bin.latency(node, id)));
                let called = stores().map(|(id, node, name)| of(name.clone(), Ink::Node(node), false, &|bin| bin.call_time(node, id)));
                handled.chain(called).collect()
            }
            Kind::Percentiles => consumers()
                .flat_map(|(id, node, name)| {
                    let share = move |share: f64| move |bin: &Bin<'_>| bin.heat(id).quantile(share);
                    [
                        of(name.clone(), Ink::Node(node), false, &share(0.5)),
                        of(format!("{name} p90"), Ink::Node(node), true, &share(0.9)),
                        of(format!("{name} p99"), Ink::Node(node), true, &share(0.99)),
                    ]
                })
                .collect(),
            Kind::Heat => Vec::new(),
            Kind::Utilisation => {
                let workers = consumers().map(|(id, node, name)| of(name.clone(), Ink::Node(node), false, &|bin| bin.utilisation(id)));
                let connections =
                    stores().map(|(id, node, name)| of(name.clone(), Ink::Node(node), false, &|bin| bin.store_utilisation(id)));
                workers.chain(connections).collect()
            }
            Kind::Staleness => {
                let keep = consumers().filter(|(id, ..)| plan.consumers[id.index()].state.is_some());
                keep.map(|(id, node, name)| of(name.clone(), Ink::Node(node), false, &|bin| bin.staleness(id))).collect()
            }
            Kind::State => {
                // Not a figure of a stretch but of a moment: that at which the bin ends.
                let line = |name: String, node: NodeId, aside: bool, value: &dyn Fn(&Bin<'_>) -> f64| Curve {
                    name,
                    ink: Ink::Node(node),
                    points: bins.iter().map(|bin| [bin.end(), value(bin)]).collect(),
                    aside,
                };
                let keep = consumers().filter(|(id, ..)| plan.consumers[id.index()].state.is_some());
                keep.flat_map(|(id, node, name)| {
                    [
                        line(name.clone(), node, false, &|bin| bin.state(id).1),
                        line(format!("{name} expected"), node, true, &|bin| bin.state(id).0),
                    ]
                })
                .collect()
            }
        }
    }
}

/// What an outlet's line is called, and its colour: that of who reads it first, if anybody does.
fn outlet(plan: &Plan, index: usize) -> Option<(String, Ink)> {
    let outlet = &plan.outlets[index];
    let Some(read) = outlet.readers.first() else {
        return Some((outlet.name.clone(), Ink::Outlet(OutletId::at(index))));
    };
    let reader = plan.consumers.get(plan.reads.get(read.index())?.consumer.index())?;
    let name = &plan.nodes.get(reader.node.index())?.name;
    let place = outlet.name.split_once('/').map_or(&*outlet.name, |(_, place)| place.split('#').next().unwrap_or(place));
    // The place first: names are cut at their end, and all places of a reader begin alike.
    let name = if reader.reads.len() > 1 { format!("{place}, {name}") } else { name.clone() };
    Some((name, Ink::Node(reader.node)))
}

/// The columns of a heat map over a part of the run: from, to, and the latencies of the consumers that `wanted` likes.
pub fn columns(frame: &Frame, from: f64, to: f64, most: usize, wanted: impl Fn(NodeId) -> bool) -> Vec<(f64, f64, Heat)> {
    let ids: Vec<ConsumerId> =
        frame.plan.consumers.iter().enumerate().filter(|(_, c)| wanted(c.node)).map(|(i, _)| ConsumerId::at(i)).collect();
    let column = |bin: &Bin<'_>| {
        let heats: Vec<Cow<'_, Heat>> = ids.iter().map(|id| bin.heat(*id)).collect();
        (bin.begin(), bin.end(), Heat::sum(heats.iter().map(|heat| &**heat)))
    };
    frame.lines(from, to, most).iter().map(column).collect()
}

/// All values of lines and of a heat map.
pub fn values<'a>(curves: &'a [Curve], heat: &'a [(f64, f64, Heat)]) -> impl Iterator<Item = f64> + 'a {
    let lines = curves.iter().flat_map(|curve| curve.points.iter().map(|point| point[1]));
    // A class that begins at zero has no place among powers of ten: its end has.
    let classes = heat.iter().flat_map(|(_, _, heat)| heat.classes().flat_map(|(low, high, _)| [low, high]));
    lines.chain(classes)
}

/// What the name of a consumer's lag ends with.
const LAG: &str = " lag";

/// Names of lines, with the number and the last value of the line at whose end each stands: the main ones, but a consumer's at that of its lag,
/// which is never below what waits for it and mostly far above.
pub fn ends(curves: &[Curve]) -> Vec<(&str, usize, [f64; 2])> {
    let with_lag: BTreeSet<&str> = curves.iter().filter_map(|curve| curve.last().and(curve.lags())).collect();
    let own = |curve: &Curve| !curve.aside && !with_lag.contains(&*curve.name);
    let named = curves.iter().enumerate().filter_map(|(i, curve)| {
        let name = curve.lags().or_else(|| own(curve).then_some(&*curve.name));
        Some((name?, i, curve.last()?))
    });
    named.collect()
}

impl Curve {
    /// Whose lag it is.
    fn lags(&self) -> Option<&str> {
        if self.aside { self.name.strip_suffix(LAG) } else { None }
    }

    /// The last value there is.
    pub fn last(&self) -> Option<[f64; 2]> {
        self.points.iter().rev().find(|p| p[1].is_finite()).copied()
    }

    /// The largest value.
    pub fn top(&self) -> f64 {
        self.points.iter().map(|p| p[1]).filter(|v| v.is_finite()).fold(0.0, f64::max)
    }
}

impl Format {
    /// A value as people read it.
    pub fn words(self, value: f64) -> String {
        match self {
            Format::Number => figures::number(value),
            Format::Time => figures::seconds(value),
            Format::Share => figures::share(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_s_name_stands_at_the_end_of_its_lag() {
        let curve = |name: &str, last: f64, aside: bool| Curve {
            name: name.to_owned(),
            ink: Ink::Other,
            points: vec![[1.0, last], [2.0, f64::NAN]],
            aside,
        };
        let curves = [
            curve("billing", 0.5, false),
            curve("bus/failed", 3.0, false),
            curve("orders, audit", 1.0, false),
            curve("billing lag", 7.0, true),
            curve("audit lag", 2.0, true),
            curve("billing lag (slower)", 9.0, true),
        ];
        let named: Vec<(&str, usize)> = ends(&curves).into_iter().map(|(name, i, _)| (name, i)).collect();
        assert_eq!(named, [("bus/failed", 1), ("orders, audit", 2), ("billing", 3), ("audit", 4)]);
        // Without its lag it stands at its own line.
        assert_eq!(ends(&curves[..3])[0], ("billing", 0, [1.0, 0.5]));
    }
}
