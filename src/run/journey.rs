//! Journeys: everything that happened to one event and to what it caused, traced after the fact by simulating again.

use super::words::dead_end;
use crate::engine::{AfterFailure, BrokerFate, Event, Observation, Observer};
use crate::ids::{ConsumerId, EventId, LinkId, NodeId, OutletId, TypeId};
use crate::scenario::Plan;
use crate::time::Time;
use std::sync::Arc;

/// An event with all that came before and after it by cause.
#[derive(Clone, Debug)]
pub struct Journey {
    /// The event that was asked for.
    pub asked: EventId,
    /// The plan of the run, for names.
    pub plan: Arc<Plan>,
    /// The first event of the chain and all that followed from it, in the order in which they were published.
    pub events: Vec<Traced>,
    /// Up to when it was followed.
    pub until: Time,
}

/// One event of a chain.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Which.
    pub id: EventId,
    /// Of what type.
    pub kind: TypeId,
    /// Its key as it would stand in a message.
    pub key: Option<String>,
    /// When it was published.
    pub published: Time,
    /// Who published it.
    pub node: NodeId,
    /// The event whose handling caused it.
    pub cause: Option<EventId>,
    /// Its way to the broker first, then one for each copy that was owed to an outlet.
    pub tracks: Vec<Track>,
}

/// The way of one copy.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// To whom it was owed; none on the way to a broker.
    pub outlet: Option<OutletId>,
    /// What happened, in order.
    pub stages: Vec<Stage>,
    /// How it ended; none while it has not.
    pub fate: Option<Fate>,
    /// Handling attempts so far.
    attempts: u32,
}

/// How a copy ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Fate {
    /// When.
    pub at: Time,
    /// Whether it is as it should be.
    pub good: bool,
    /// In words, with the reason.
    pub words: String,
}

/// A stretch of a copy's way.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// From when.
    pub from: Time,
    /// To when; none if it was not over.
    pub to: Option<Time>,
    /// What kind of thing.
    pub kind: StageKind,
    /// In words: where, and why.
    pub words: String,
}

/// What kind of thing a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// On a link.
    Travels(LinkId),
    /// In a queue, of its broker or its consumer.
    Waits,
    /// In a worker's hands.
    Handled(ConsumerId),
    /// Handled in vain.
    Failed(ConsumerId),
    /// Waiting for another attempt.
    BacksOff,
}

impl Journey {
    /// The nodes that the event and what it caused came by.
    pub fn nodes(&self) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for event in &self.events {
            nodes.push(event.node);
            for stage in event.tracks.iter().flat_map(|track| &track.stages) {
                match stage.kind {
                    StageKind::Travels(link) => nodes.extend([self.plan.links[link.index()].from, self.plan.links[link.index()].to]),
                    StageKind::Handled(consumer) | StageKind::Failed(consumer) => nodes.push(self.plan.consumers[consumer.index()].node),
                    StageKind::Waits | StageKind::BacksOff => {}
                }
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// Follows all events of one chain.
#[derive(Debug)]
pub struct Tracer {
    plan: Arc<Plan>,
    keys: crate::engine::event::KeyTexts,
    root: EventId,
    events: Vec<Traced>,
    open: usize,
}

impl Tracer {
    /// For the chain that begins with this event.
    pub fn new(plan: &Arc<Plan>, keys: &crate::engine::event::KeyTexts, root: EventId) -> Tracer {
        Tracer { plan: Arc::clone(plan), keys: keys.clone(), root, events: Vec::new(), open: 0 }
    }

    /// Whether nothing more can happen to the chain.
    pub fn done(&self) -> bool {
        !self.events.is_empty() && self.open == 0
    }

    /// What was seen.
    pub fn journey(self, asked: EventId, until: Time) -> Journey {
        Journey { asked, plan: self.plan, events: self.events, until }
    }

    fn traced(&mut self, event: EventId) -> Option<&mut Traced> {
        self.events.iter_mut().find(|traced| traced.id == event)
    }

    /// The copy at an outlet (on its way to a broker, with none) that is not over yet and that `wanted` likes.
    fn track(&mut self, event: EventId, outlet: Option<OutletId>, wanted: impl Fn(&Track) -> bool) -> Option<&mut Track> {
        let tracks = &mut self.traced(event)?.tracks;
        tracks.iter_mut().find(|track| track.outlet == outlet && track.fate.is_none() && wanted(track))
    }

    fn begin(&mut self, event: EventId, track: Track) {
        self.open += 1;
        if let Some(traced) = self.traced(event) {
            traced.tracks.push(track);
        }
    }

    fn end(&mut self, now: Time, event: EventId, outlet: Option<OutletId>, good: bool, words: String) {
        let Some(track) = self.track(event, outlet, |_| true) else { return };
        track.close(now);
        track.fate = Some(Fate { at: now, good, words });
        self.open -= 1;
    }

    /// A copy sets out on a link.
    fn sent(&mut self, now: Time, event: &Event, link: LinkId, arrives: Time) {
        let plan = Arc::clone(&self.plan);
        let ends = &plan.links[link.index()];
        let name = |node: NodeId| &plan.nodes[node.index()].name;
        let stage = Stage {
            from: now,
            to: Some(arrives),
            kind: StageKind::Travels(link),
            words: format!("travels from {} to {}", name(ends.from), name(ends.to)),
        };
        let reads = |track: &Track| {
            let outlet = track.outlet.map(|outlet| &plan.outlets[outlet.index()]);
            outlet.is_some_and(|o| o.readers.iter().any(|r| plan.consumers[plan.reads[r.index()].consumer.index()].node == ends.to))
        };
        let Some(traced) = self.traced(event.id) else { return };
        let outward = traced.tracks.iter_mut().filter(|track| track.fate.is_none() && reads(track)).min_by_key(|track| track.stages.len());
        match outward {
            Some(track) => track.stages.push(stage),
            None => match traced.tracks.iter_mut().find(|track| track.outlet.is_none() && track.fate.is_none()) {
                Some(track) => track.stages.push(stage),
                // A twin that the network made, or a dead letter: a further way to a broker.
                None => self.begin(event.id, Track { stages: vec![stage], ..Track::default() }),
            },
        }
    }
}

impl Track {
    fn close(&mut self, now: Time) {
        if let Some(stage) = self.stages.last_mut().filter(|stage| stage.to.is_none()) {
            stage.to = Some(now);
        }
    }

    fn waits(&self) -> bool {
        self.stages.last().is_some_and(|stage| stage.kind == StageKind::Waits && stage.to.is_none())
    }

    fn in_hand(&self) -> bool {
        self.stages.last().is_some_and(|stage| matches!(stage.kind, StageKind::Handled(_)) && stage.to.is_none())
    }
}

/// How a broker ended a copy: whether that is as it should be, and in words.
pub(super) fn ended(fate: BrokerFate) -> (bool, &'static str) {
    match fate {
        BrokerFate::Expired => (false, "expired"),
        BrokerFate::Dropped => (false, "dropped"),
        BrokerFate::DeadLettered => (false, "dead-lettered"),
        BrokerFate::Failed => (false, "failed for good"),
        BrokerFate::Acked => (true, "known to be handled"),
    }
}

/// The event that something happened to.
pub(super) fn event_of<'a>(what: &'a Observation<'_>) -> Option<&'a Event> {
    Some(match what {
        Observation::Published { event, .. }
        | Observation::Sent { event, .. }
        | Observation::LostOnLink { event, .. }
        | Observation::Accepted { event, .. }
        | Observation::Unroutable { event, .. }
        | Observation::Refused { event, .. }
        | Observation::GivenUp { event, .. }
        | Observation::Routed { event, .. }
        | Observation::Waits { event, .. }
        | Observation::Leaves { event, .. }
        | Observation::Acknowledged { event, .. }
        | Observation::Ended { event, .. } => event,
        Observation::Delivered { message, .. }
        | Observation::Acked { message, .. }
        | Observation::Handled { message, .. }
        | Observation::Failed { message, .. }
        | Observation::Interrupted { message, .. } => &message.event,
        _ => return None,
    })
}

impl Observer for Tracer {
    #[inline]
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        if event_of(what).is_some_and(|event| event.root == self.root) {
            self.note(now, what);
        }
    }
}

impl Tracer {
    fn note(&mut self, now: Time, what: &Observation<'_>) {
        let plan = Arc::clone(&self.plan);
        let node = |consumer: ConsumerId| &plan.nodes[plan.consumers[consumer.index()].node.index()].name;
        match *what {
            Observation::Published { emitter, event, cause } => {
                let traced = Traced {
                    id: event.id,
                    kind: event.kind.into(),
                    key: event.key.show(&self.keys),
                    published: now,
                    node: plan.emitters[emitter.index()].node,
                    cause,
                    tracks: Vec::new(),
                };
                self.events.push(traced);
                self.begin(event.id, Track::default());
            }
            Observation::Sent { link, event, arrives } => self.sent(now, event, link, arrives),
            Observation::LostOnLink { event, outlet, why, .. } => self.end(now, event.id, outlet, false, format!("lost: {why}")),
            Observation::Accepted { channel, event } => {
                self.end(now, event.id, None, true, format!("reached {}", plan.channels[channel.index()].name));
            }
            Observation::Unroutable { channel, event } => {
                if let Some(traced) = self.traced(event.id)
                    && let Some(fate) = traced.tracks.iter_mut().rev().find(|track| track.outlet.is_none()).and_then(|t| t.fate.as_mut())
                {
                    let emitter = &plan.emitters[event.id.emitter().index()];
                    let returned = if emitter.properties.mandatory { " and is returned to its publisher" } else { "" };
                    let words = format!("reached {}, {}{returned}", plan.channels[channel.index()].name, dead_end(&plan, channel));
                    (fate.good, fate.words) = (false, words);
                }
            }
            Observation::Refused { event, why, .. } => {
                if let Some(traced) = self.traced(event.id)
                    && let Some(fate) = traced.tracks.iter_mut().rev().find(|track| track.outlet.is_none()).and_then(|t| t.fate.as_mut())
                {
                    (fate.good, fate.words) = (false, format!("refused by the broker: {why}"));
                }
            }
            Observation::GivenUp { event, why, .. } => self.end(now, event.id, None, false, format!("given up by its publisher: {why}")),
            Observation::Routed { outlet, event } => self.begin(event.id, Track { outlet: Some(outlet), ..Track::default() }),
            Observation::Waits { outlet, event } => {
                if let Some(track) = self.track(event.id, Some(outlet), |track| !track.waits() && !track.in_hand()) {
                    let words = match track.stages.last().map(|stage| stage.kind) {
                        Some(StageKind::BacksOff) => return,
                        Some(StageKind::Travels(_)) => "waits: all workers are busy",
                        _ => "waits at its broker",
                    };
                    track.stages.push(Stage { from: now, to: None, kind: StageKind::Waits, words: words.to_owned() });
                }
            }
            Observation::Leaves { outlet, event } => {
                if let Some(track) = self.track(event.id, Some(outlet), Track::waits) {
                    track.close(now);
                }
            }
            Observation::Delivered { outlet, consumer, worker, message, .. } => {
                if let Some(track) = self.track(message.event.id, Some(outlet), |track| !track.in_hand()) {
                    track.close(now);
                    track.attempts += 1;
                    let attempt = if track.attempts > 1 { format!(", attempt {}", track.attempts) } else { String::new() };
                    let words = format!("handled by {}, worker {}{attempt}", node(consumer), worker + 1);
                    track.stages.push(Stage { from: now, to: None, kind: StageKind::Handled(consumer), words });
                }
            }
            Observation::Acked { outlet, consumer, message, .. } => {
                let words = format!("acknowledged by {}", node(consumer));
                self.end(now, message.event.id, Some(outlet), true, words);
            }
            Observation::Handled { outlet, message, .. } => {
                if let Some(track) = self.track(message.event.id, Some(outlet), Track::in_hand) {
                    track.close(now);
                    let words = "handled, not acknowledged yet".to_owned();
                    track.stages.push(Stage { from: now, to: None, kind: StageKind::Waits, words });
                }
            }
            Observation::Acknowledged { outlet, event } => self.end(now, event.id, Some(outlet), true, "acknowledged".to_owned()),
            Observation::Failed { outlet, consumer, message, next, why, .. } => {
                let id = message.event.id;
                let attempts = match message.event.failures {
                    1 => "after one attempt".to_owned(),
                    n => format!("after {n} attempts"),
                };
                if let Some(track) = self.track(id, Some(outlet), Track::in_hand) {
                    track.close(now);
                    if let Some(stage) = track.stages.last_mut() {
                        stage.kind = StageKind::Failed(consumer);
                        stage.words.push_str(&format!(": {why}"));
                    }
                    if let AfterFailure::Retry(at) = next {
                        let words = format!("backs off before attempt {}", track.attempts + 1);
                        track.stages.push(Stage { from: now, to: Some(at), kind: StageKind::BacksOff, words });
                    }
                }
                match next {
                    AfterFailure::Retry(_) | AfterFailure::Returned => {}
                    AfterFailure::DeadLetter => self.end(now, id, Some(outlet), false, format!("dead-lettered {attempts}: {why}")),
                    AfterFailure::Final => self.end(now, id, Some(outlet), false, format!("failed for good {attempts}: {why}")),
                    AfterFailure::Drop => self.end(now, id, Some(outlet), false, format!("dropped {attempts}: {why}")),
                }
            }
            Observation::Interrupted { outlet, consumer, message, .. } => {
                if let Some(track) = self.track(message.event.id, Some(outlet), Track::in_hand) {
                    track.close(now);
                    if let Some(stage) = track.stages.last_mut() {
                        stage.kind = StageKind::Failed(consumer);
                        stage.words.push_str(": its instance went away");
                    }
                }
            }
            Observation::Ended { outlet, event, fate, why, .. } => {
                let (good, words) = ended(fate);
                self.end(now, event.id, Some(outlet), good, if good { words.to_owned() } else { format!("{words}: {why}") });
            }
            _ => {}
        }
    }
}
