//! What is marked on a canvas that stands beside another: which nodes are not the same there, and by how much.

use crate::app::canvas::beside::Mark;
use crate::figures;
use crate::ids::NodeId;
use crate::run::Frame;
use crate::scenario::plan::Role;

/// The nodes of `here` that differ from those of the same names `there`, with the difference that is largest.
pub fn marks(here: &Frame, there: &Frame) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (i, node) in here.plan.nodes.iter().enumerate() {
        let words = match there.plan.node(&node.name) {
            None => Some("only here".to_owned()),
            Some(other) => differs(here, NodeId::at(i), there, other),
        };
        marks.extend(words.map(|words| Mark { node: node.name.clone(), words }));
    }
    marks
}

/// A figure of both.
struct Pair {
    name: &'static str,
    here: f64,
    there: f64,
    /// What is too small to be told.
    noise: f64,
    words: fn(f64) -> String,
}

impl Pair {
    fn counts(name: &'static str, here: u64, there: u64) -> Pair {
        Pair { name, here: here as f64, there: there as f64, noise: 5.0, words: figures::number }
    }

    fn weight(&self) -> f64 {
        (self.here - self.there).abs() / (self.here.abs().max(self.there.abs()) + self.noise)
    }

    fn words(&self) -> String {
        let by = self.here - self.there;
        format!("{} {}{}", self.name, if by < 0.0 { "−" } else { "+" }, (self.words)(by.abs()))
    }
}

/// What differs most at a node; none if nothing does.
fn differs(here: &Frame, i: NodeId, there: &Frame, j: NodeId) -> Option<String> {
    let (Some(a), Some(b)) = (here.nodes.get(i.index()), there.nodes.get(j.index())) else { return None };
    let same = (a.count, a.lag, a.busy, a.capacity, a.failed, a.retries) == (b.count, b.lag, b.busy, b.capacity, b.failed, b.retries);
    let mut pairs = Vec::new();
    match here.plan.nodes[i.index()].role {
        Role::Producer => pairs.push(Pair::counts("emitted", a.count, b.count)),
        Role::Broker(_) => {
            let waiting = |frame: &Frame, node: NodeId| {
                let own = |(i, _): &(usize, _)| frame.plan.brokers[frame.plan.outlets[*i].broker.index()].node == node;
                frame.outlets.iter().enumerate().filter(own).map(|(_, outlet)| outlet.waiting).sum()
            };
            pairs.push(Pair::counts("waiting", waiting(here, i), waiting(there, j)));
            pairs.push(Pair::counts("taken in", a.count, b.count));
        }
        Role::Consumer(_) => {
            pairs.push(Pair::counts("lag", a.lag, b.lag));
            pairs.push(Pair::counts("handled", a.count, b.count));
            pairs.push(Pair::counts("failed", a.failed, b.failed));
            pairs.push(Pair::counts("workers", a.capacity.into(), b.capacity.into()));
            if let (Some((.., here)), Some((.., there))) = (a.latency, b.latency) {
                pairs.push(Pair { name: "p99", here, there, noise: 1e-3, words: figures::seconds });
            }
        }
        Role::Store(_) => {
            pairs.push(Pair::counts("queue", a.lag, b.lag));
            pairs.push(Pair::counts("served", a.count, b.count));
            pairs.push(Pair::counts("failed", a.failed, b.failed));
        }
    }
    pairs.retain(|pair| pair.here != pair.there && (pair.here - pair.there).is_finite());
    if pairs.is_empty() && same {
        return None;
    }
    let most = pairs.iter().max_by(|a, b| a.weight().total_cmp(&b.weight()));
    Some(most.map_or_else(|| "differs".to_owned(), Pair::words))
}
