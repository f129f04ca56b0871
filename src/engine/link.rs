//! One direction of a network edge.

use super::agenda::Entry;
use super::event::{Message, odds};
use super::fifo::Fifo;
use super::sample::Sampler;
use crate::random::Stream;
use crate::scenario::plan::LinkPlan;
use crate::time::{SECOND, Span, Time};

/// A link with its state.
#[derive(Clone, Debug)]
pub struct Link {
    latency: Sampler,
    loss: u64,
    duplication: u64,
    /// Nanoseconds per byte; 0 without limit.
    ns_per_byte: f64,
    ordered: bool,
    random: Stream,
    /// When the wire is free again, where bandwidth is limited.
    free: Time,
    /// The latest arrival so far, where order is kept.
    latest: Time,
    /// Whether arrivals leave in the order they came, so that only the head need be on the agenda.
    pub(super) in_order: bool,
    /// What travels on an in-order link, with the agenda entry of its arrival.
    pub(super) queue: Fifo<(Entry, Travelling)>,
    /// Whether the head of `queue` is on the agenda.
    pub(super) armed: bool,
    /// Whether it takes no time at all.
    pub(super) instant: bool,
    /// Where the latency was changed while something travelled: when arrivals leave in the order they came again.
    settles: Option<Time>,
}

/// A message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Travelling {
    /// What.
    pub message: Message,
    /// Where to.
    pub to: To,
}

/// Where a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To a broker's channel.
    Channel(crate::ids::ChannelId),
    /// To the consumer at whose seat the message is.
    Reader,
}

impl Travelling {
    /// The message, if it is on its way to a consumer.
    pub fn to_reader(&mut self) -> Option<&mut Message> {
        (self.to == To::Reader).then_some(&mut self.message)
    }
}

impl Link {
    /// Every message on its way to a consumer, where order is kept.
    pub fn each_to_reader(&mut self, mut visit: impl FnMut(&mut Message)) {
        self.queue.for_each_mut(|(_, travelling)| travelling.to_reader().into_iter().for_each(&mut visit));
    }

    /// A link of a checked plan.
    pub fn new(plan: &LinkPlan, random: Stream) -> Link {
        let latency = Sampler::new(&plan.latency);
        let constant = matches!(latency, Sampler::Constant(_));
        Link {
            instant: matches!(latency, Sampler::Constant(Span::ZERO)) && plan.bandwidth.is_none(),
            latency,
            loss: odds(plan.loss),
            duplication: odds(plan.duplication),
            ns_per_byte: plan.bandwidth.map_or(0.0, |b| SECOND as f64 / b.0),
            ordered: plan.ordered,
            random,
            free: Time::ZERO,
            latest: Time::ZERO,
            in_order: constant || plan.ordered,
            queue: Fifo::default(),
            armed: false,
            settles: None,
        }
    }

    /// From now on it is as this plan says; what travels on it arrives when it would have.
    pub fn adopt(&mut self, plan: &LinkPlan) {
        let fresh = Link::new(plan, self.random.clone());
        // An arrival that may overtake those in the queue cannot stand in it.
        let settles = self.queue.back().map(|(entry, _)| entry.at()).filter(|_| fresh.in_order);
        let old = std::mem::replace(self, fresh);
        (self.free, self.latest, self.queue, self.armed) = (old.free, old.latest, old.queue, old.armed);
        self.in_order &= settles.is_none();
        self.instant &= settles.is_none();
        self.settles = settles;
    }

    /// Whether a message that arrives then may stand in the queue, on a link that does not say so at once.
    pub fn settled(&mut self, arrives: Time) -> bool {
        let settled = self.settles.is_some_and(|last| arrives >= last);
        if settled {
            (self.in_order, self.settles) = (true, None);
        }
        settled
    }

    /// Whether the next message is lost.
    #[inline(always)]
    pub fn loses(&mut self) -> bool {
        self.random.chance(self.loss)
    }

    /// Whether the next message arrives twice.
    #[inline(always)]
    pub fn duplicates(&mut self) -> bool {
        self.random.chance(self.duplication)
    }

    /// When a message of `bytes` that sets out now arrives. It first waits for the wire, where bandwidth is limited.
    #[inline(always)]
    pub fn arrival(&mut self, now: Time, bytes: u64) -> Time {
        let mut start = now;
        if self.ns_per_byte > 0.0 {
            start = self.free.max(now) + Span((bytes as f64 * self.ns_per_byte) as u64);
            self.free = start;
        }
        let mut at = start + self.latency.draw(&mut self.random);
        if self.ordered {
            at = at.max(self.latest);
            self.latest = at;
        }
        at
    }
}
