//! One direction of a network edge.

use super::convoy::{ConvoyId, Convoys};
use super::event::{Message, odds};
use super::fate::Reason;
use super::faults::Strain;
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
    /// Whether anything on it may be lost or doubled: nothing else is looked at otherwise.
    risky: bool,
    /// Nanoseconds per byte; 0 without limit.
    ns_per_byte: f64,
    ordered: bool,
    /// Whether an arrival takes more than a latency to know: order, or something wrong.
    involved: bool,
    /// What is wrong with it, and the fault it comes from.
    strains: Vec<(u32, Strain, Stream)>,
    /// So many reasons that nothing passes.
    cuts: u16,
    random: Stream,
    /// When the wire is free again, where bandwidth is limited.
    free: Time,
    /// The latest arrival so far, where order is kept.
    latest: Time,
    /// Where messages travel that arrive in the order in which they set out.
    pub(super) convoy: Option<ConvoyId>,
    /// Whether it takes no time at all.
    pub(super) instant: bool,
    /// Whether it takes no time and nothing can go wrong on it: then nothing else of it is looked at.
    pub(super) plain: bool,
    /// Both, when nothing is wrong.
    usual: (Option<ConvoyId>, bool),
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
    /// A link of a checked plan.
    pub fn new(plan: &LinkPlan, random: Stream, convoys: &mut Convoys) -> Link {
        Link::with(plan, random, convoys.of(plan, None))
    }

    fn with(plan: &LinkPlan, random: Stream, convoy: Option<ConvoyId>) -> Link {
        let latency = Sampler::new(&plan.latency);
        let instant = matches!(latency, Sampler::Constant(Span::ZERO)) && plan.bandwidth.is_none();
        let (loss, duplication) = (odds(plan.loss), odds(plan.duplication));
        Link {
            latency,
            loss,
            duplication,
            risky: loss | duplication > 0,
            ns_per_byte: plan.bandwidth.map_or(0.0, |b| SECOND as f64 / b.0),
            ordered: plan.ordered,
            involved: plan.ordered,
            strains: Vec::new(),
            cuts: 0,
            random,
            free: Time::ZERO,
            latest: Time::ZERO,
            convoy,
            instant,
            plain: instant && loss | duplication == 0,
            usual: (convoy, instant),
        }
    }

    /// From now on it is as this plan says; what travels on it arrives when it would have, and what is wrong with it stays so.
    pub fn adopt(&mut self, plan: &LinkPlan, convoys: &mut Convoys) {
        let fresh = Link::with(plan, self.random.clone(), convoys.of(plan, self.usual.0));
        let old = std::mem::replace(self, fresh);
        (self.free, self.latest, self.strains, self.cuts) = (old.free, old.latest, old.strains, old.cuts);
        self.look();
    }

    /// Whether a message may be lost or doubled. One that is neither risky nor plain just takes time.
    #[inline(always)]
    pub fn is_risky(&self) -> bool {
        self.risky
    }

    /// Why the next message does not arrive, if it does not.
    #[inline(always)]
    pub fn loses(&mut self) -> Option<Reason> {
        if self.risky { self.looses() } else { None }
    }

    #[inline(never)]
    fn looses(&mut self) -> Option<Reason> {
        let mut lost = self.random.chance(self.loss);
        for (_, strain, random) in &mut self.strains {
            if let Strain::Loses(odds) = strain {
                lost |= random.chance(*odds);
            }
        }
        if self.cuts > 0 {
            return Some(Reason::CutOff);
        }
        lost.then_some(Reason::LinkLoss)
    }

    /// Whether the next message arrives twice.
    #[inline(always)]
    pub fn duplicates(&mut self) -> bool {
        self.risky && self.doubles()
    }

    #[inline(never)]
    fn doubles(&mut self) -> bool {
        let mut twice = self.random.chance(self.duplication);
        for (_, strain, random) in &mut self.strains {
            if let Strain::Doubles(odds) = strain {
                twice |= random.chance(*odds);
            }
        }
        twice
    }

    /// When a message of `bytes` that sets out now arrives. It first waits for the wire, where bandwidth is limited.
    #[inline(always)]
    pub fn arrival(&mut self, now: Time, bytes: u64) -> Time {
        let mut start = now;
        if self.ns_per_byte > 0.0 {
            start = self.free.max(now) + Span((bytes as f64 * self.ns_per_byte) as u64);
            self.free = start;
        }
        let latency = self.latency.draw(&mut self.random);
        if self.involved { self.involved_arrival(start, latency) } else { start + latency }
    }

    #[inline(never)]
    fn involved_arrival(&mut self, start: Time, mut latency: Span) -> Time {
        let mut extra = Span::ZERO;
        for (_, strain, random) in &mut self.strains {
            match strain {
                Strain::Longer { times, add } => {
                    latency = Span((latency.0 as f64 * *times) as u64);
                    latency = Span(latency.0.saturating_add(add.0));
                }
                Strain::Shuffles(by) => extra = Span(extra.0.saturating_add(random.below(by.0.saturating_add(1)))),
                Strain::Loses(_) | Strain::Doubles(_) => {}
            }
        }
        let mut at = start + latency;
        if self.ordered {
            at = at.max(self.latest);
            self.latest = at;
        }
        // What is shuffled keeps no order, whatever the link does.
        at + extra
    }

    /// Something is wrong with it from now on.
    pub fn strain(&mut self, fault: u32, strain: Strain, random: Stream) {
        self.strains.push((fault, strain, random));
        self.look();
    }

    /// What came from this fault is over.
    pub fn relax(&mut self, fault: u32) {
        self.strains.retain(|(from, ..)| *from != fault);
        self.look();
    }

    /// One reason more, or less, that nothing passes.
    pub fn cut(&mut self, cut: bool) {
        self.cuts = if cut { self.cuts + 1 } else { self.cuts.saturating_sub(1) };
        self.look();
    }

    /// Looks what has to be looked at on the way of every message.
    fn look(&mut self) {
        let any = |wanted: fn(&Strain) -> bool| self.strains.iter().any(|(_, strain, _)| wanted(strain));
        let lossy = any(|strain| matches!(strain, Strain::Loses(_) | Strain::Doubles(_)));
        let slow = any(|strain| matches!(strain, Strain::Longer { .. } | Strain::Shuffles(_)));
        self.risky = self.loss | self.duplication > 0 || lossy || self.cuts > 0;
        self.involved = self.ordered || slow;
        // What takes longer for a while is overtaken by what comes after it.
        self.convoy = self.usual.0.filter(|_| !slow);
        self.instant = self.usual.1 && !slow;
        self.plain = self.instant && !self.risky;
    }
}
