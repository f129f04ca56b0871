//! The nodes of a cluster in a run: who leads which queue, what is lost with a node and what waits for another leader.
//!
//! As RabbitMQ's documentation has it: a classic queue is on one node and away with it; what is published to it meanwhile is refused
//! (a negative confirm). A quorum queue or a stream works while a majority of its members is up; when its leader is lost the others
//! elect one, and until then publishes are neither lost nor confirmed. A paused minority has no queue at all and hears nobody.
//! Clients reach the cluster through any node that is up. What consumers hold stays with them, and what they say meanwhile counts.

use super::exchange::QueueId;
use super::rules::RabbitMq;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::Note;
use crate::engine::event::Event;
use crate::scenario::broker::rabbitmq::{Minority, QueueKind, RabbitMq as Parts};
use crate::time::{Span, Time};
use std::sync::Arc;

/// In a wake-up's token: a queue elects a leader.
pub(super) const ELECT: u64 = 1 << 34;

/// The nodes and what is on them.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    up: Vec<bool>,
    pauses: bool,
    election: Span,
    /// By queue.
    queues: Vec<Placed>,
    /// Events that wait for leaders of their queues before they are confirmed, and how.
    unconfirmed: Vec<(Event, bool, Arc<[QueueId]>)>,
}

/// Where a queue is.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Nodes that have it; the first one led at the start.
    pub members: Box<[u32]>,
    /// Whether it needs a majority of them.
    elects: bool,
    /// Who leads.
    pub leader: Option<u32>,
    /// When the next leader is elected, if nothing comes between.
    election: Option<Time>,
}

/// How a queue takes what is published to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// At once.
    Now,
    /// It keeps it, and confirms when it has a leader.
    Later,
    /// Not at all.
    Never,
}

impl Cluster {
    /// All nodes are up.
    pub fn new(parts: &Parts) -> Cluster {
        let place = |(at, queue): (usize, &crate::scenario::broker::rabbitmq::Queue)| {
            let members: Box<[u32]> = parts.members(at).into();
            Placed { leader: members.first().copied(), members, elects: queue.kind != QueueKind::Classic, election: None }
        };
        Cluster {
            up: vec![true; parts.nodes.max(1) as usize],
            pauses: parts.minority == Minority::Pause,
            election: parts.election,
            queues: parts.queues.iter().enumerate().map(place).collect(),
            unconfirmed: Vec::new(),
        }
    }

    /// By node: whether it is up.
    pub fn nodes(&self) -> &[bool] {
        &self.up
    }

    /// Whether the nodes that are left have paused because they are no majority.
    pub fn is_paused(&self) -> bool {
        let up = self.up.iter().filter(|up| **up).count();
        self.pauses && up > 0 && up * 2 <= self.up.len()
    }

    /// Whether nobody can be reached at all.
    pub fn is_away(&self) -> bool {
        self.is_paused() || !self.up.contains(&true)
    }

    /// Where a queue is.
    pub fn placed(&self, queue: QueueId) -> Option<&Placed> {
        self.queues.get(queue.0 as usize)
    }

    /// How a queue takes what is published to it now.
    #[inline]
    pub fn takes(&self, queue: QueueId) -> Takes {
        match self.queues.get(queue.0 as usize) {
            Some(Placed { leader: None, elects: true, .. }) => Takes::Later,
            Some(Placed { leader: None, elects: false, .. }) => Takes::Never,
            _ => Takes::Now,
        }
    }

    /// Who of a queue's members could lead it now: the first that works, if enough do.
    fn candidate(&self, placed: &Placed) -> Option<u32> {
        let works = |node: &&u32| !self.is_paused() && self.up[**node as usize];
        let working = placed.members.iter().filter(works).count();
        if working == 0 || placed.elects && working * 2 <= placed.members.len() {
            return None;
        }
        placed.members.iter().find(works).copied()
    }
}

impl RabbitMq {
    /// Whether a queue hands nothing out for want of a leader.
    #[inline]
    pub(super) fn is_still(&self, queue: QueueId) -> bool {
        self.cluster.takes(queue) != Takes::Now
    }

    /// A publish is confirmed when all its queues have a leader.
    #[cold]
    pub(super) fn confirm_later(&mut self, event: &Event, taken: bool, queues: &Arc<[QueueId]>) {
        self.cluster.unconfirmed.push((*event, taken, Arc::clone(queues)));
    }

    /// A node is lost, or back.
    pub(super) fn node_is(&mut self, node: u32, up: bool, desk: &mut Desk) {
        let Some(known) = self.cluster.up.get_mut(node as usize).filter(|known| **known != up) else { return };
        *known = up;
        desk.note(Note::Node { node, up });
        self.host.at(desk.now().0);
        for number in 0..self.cluster.queues.len() {
            self.look_for_leader(number, up, desk);
        }
        self.confirm_what_waited(desk);
    }

    /// Whether the leader is still one, and who is the next. `quickly`: nobody has to be missed first.
    fn look_for_leader(&mut self, number: usize, quickly: bool, desk: &mut Desk) {
        let placed = &self.cluster.queues[number];
        let candidate = self.cluster.candidate(placed);
        let works = |node: u32| !self.cluster.is_paused() && self.cluster.up[node as usize];
        match (placed.leader, candidate) {
            (Some(leader), Some(_)) if works(leader) => {}
            (None, None) => self.cluster.queues[number].election = None,
            (Some(_), None) => self.led_by(number, None, desk),
            (leader, Some(next)) if quickly || !placed.elects => {
                debug_assert!(leader.is_none() || placed.elects, "a classic queue has one node");
                self.led_by(number, Some(next), desk);
            }
            (leader, Some(_)) => {
                if leader.is_some() {
                    self.led_by(number, None, desk);
                }
                let at = desk.now() + self.cluster.election;
                let placed = &mut self.cluster.queues[number];
                if placed.election.is_none() {
                    placed.election = Some(at);
                    desk.wake(at, ELECT | number as u64);
                }
            }
        }
    }

    /// The time of an election has come, unless it came otherwise.
    pub(super) fn elect(&mut self, number: usize, desk: &mut Desk) {
        if self.cluster.queues[number].election != Some(desk.now()) {
            return;
        }
        self.host.at(desk.now().0);
        let next = self.cluster.candidate(&self.cluster.queues[number]);
        self.led_by(number, next, desk);
        self.confirm_what_waited(desk);
    }

    fn led_by(&mut self, number: usize, leader: Option<u32>, desk: &mut Desk) {
        let queue = QueueId(number as u32);
        let placed = &mut self.cluster.queues[number];
        (placed.leader, placed.election) = (leader, None);
        desk.note(Note::QueueLeader { outlet: self.outlet(queue), node: leader });
        self.host.hold(queue, leader.is_none());
        self.act(desk);
        if leader.is_some() {
            self.after(queue, desk);
            for reader in 0..self.readers.len() {
                if self.readers[reader].queue == queue {
                    self.pump(reader, desk);
                }
            }
        }
    }

    fn confirm_what_waited(&mut self, desk: &mut Desk) {
        let waiting = std::mem::take(&mut self.cluster.unconfirmed);
        for (event, taken, queues) in waiting {
            if queues.iter().any(|queue| self.cluster.takes(*queue) == Takes::Later) {
                self.cluster.unconfirmed.push((event, taken, queues));
            } else {
                desk.confirm(&event, taken);
            }
        }
    }
}
