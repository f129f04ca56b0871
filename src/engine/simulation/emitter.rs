//! An `Emit` with its state.

use crate::engine::arrivals::Process;
use crate::engine::event::{Event, Flags, Key, Kind, odds};
use crate::engine::keys::{Interner, KeySampler};
use crate::engine::near::near;
use crate::ids::{ChannelId, EmitterId, EventId, LinkId, SeatId};
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::plan::{Occasion, Origin, Sending, Trace};
use crate::scenario::publishing::Publish;
use crate::time::{Span, Time};
use std::sync::Arc;

/// Makes events, when its process or a handled event says so.
#[derive(Clone, Debug)]
pub(super) struct Emitter {
    /// Where its events go, and the way there.
    pub(super) channel: ChannelId,
    pub(super) link: LinkId,
    /// Events made so far, those included that were not emitted.
    serial: u64,
    /// Of these, not emitted because something was wrong, or not yet.
    skipped: u64,
    /// Events that came back because nobody was to get them.
    pub(super) returned: u64,
    /// Whether something is wrong with it.
    pub(super) disturbed: bool,
    /// Whether it is plain, nothing is wrong with it and all its arrivals come: nothing of that is looked at otherwise.
    pub(super) usual: bool,
    /// So many reasons to emit nothing.
    mutes: u16,
    /// Faults that make it emit so many times as much.
    surges: Vec<(u32, f64, Stream)>,
    /// When the next arrival comes, up to which what a surge adds to the last one is spread.
    surges_until: Time,
    kind: Kind,
    process: Option<Process>,
    trace: Option<(Arc<Trace>, Arc<[Key]>)>,
    odds: u64,
    odds_random: Stream,
    /// Types a `then` follows from; empty means all.
    on: Box<[Kind]>,
    /// When arrivals are on the agenda that no longer come, because the workload was changed meanwhile.
    cancelled: Vec<Time>,
    keys: KeySampler,
    key_random: Stream,
    /// Whether its events are just made and sent: nobody keeps, expects or waits for them, and no store is called before.
    pub(super) plain: bool,
    /// On which occasion they follow.
    pub(super) occasion: Occasion,
    /// What its events are marked with.
    flags: Flags,
}

impl Emitter {
    pub(super) fn new(plan: &Plan, id: EmitterId, seed: u64, interner: &Interner) -> Emitter {
        let emitter = &plan.emitters[id.index()];
        let stream = |purpose: &str| Stream::named(seed ^ hash_name(purpose), &emitter.name);
        let (process, trace, share, on) = match &emitter.origin {
            Origin::Workload(arrivals) => (Some(Process::new(arrivals, stream("arrivals"), plan.duration)), None, 0, Box::default()),
            Origin::Trace(trace) => {
                let keys: Arc<[Key]> = trace.keys.iter().map(|text| interner.key(text)).collect();
                let process = Process::recorded(Arc::clone(trace), stream("arrivals"));
                (Some(process), Some((Arc::clone(trace), keys)), 0, Box::default())
            }
            Origin::Then { probability, on, .. } => (None, None, odds(*probability), on.iter().map(|t| Kind::from(*t)).collect()),
        };
        let key = emitter.event.and_then(|t| plan.types[t.index()].key.as_ref());
        let closed = process.as_ref().is_some_and(Process::is_closed_loop);
        let confirmed = emitter.publish != Publish::Forget;
        let stored = matches!(emitter.sending, Sending::Outbox(_));
        let watched = emitter.reply.is_some() || !plan.channels[emitter.channel.index()].folded_by.is_empty();
        let mut emitter = Emitter {
            usual: false,
            plain: !confirmed && !watched && emitter.calls.is_empty(),
            occasion: emitter.occasion,
            flags: if closed || confirmed || stored { Flags::TRACKED } else { Flags::default() },
            kind: emitter.event.map_or(Kind(0), Kind::from),
            channel: emitter.channel,
            link: emitter.link,
            serial: 0,
            skipped: 0,
            returned: 0,
            disturbed: false,
            mutes: 0,
            surges: Vec::new(),
            surges_until: Time::ZERO,
            process,
            trace,
            odds: share,
            odds_random: stream("odds"),
            on,
            cancelled: Vec::new(),
            keys: interner.sampler(key),
            key_random: stream("keys"),
        };
        emitter.look();
        emitter
    }

    /// Brings [near] what making an event takes.
    #[inline(always)]
    pub(super) fn bring_near(&self) {
        near(self);
        near(&self.process);
        near(&self.keys);
        near(&self.key_random);
        near(&self.flags);
    }

    /// Events emitted so far.
    pub(super) fn emitted(&self) -> u64 {
        self.serial - self.skipped
    }

    /// One reason more, or less, to emit nothing.
    pub(super) fn mute(&mut self, mute: bool) {
        self.mutes = if mute { self.mutes + 1 } else { self.mutes.saturating_sub(1) };
        self.look();
    }

    /// It emits so many times as much from now on. Closed loops and traces keep to their own.
    pub(super) fn surge(&mut self, fault: u32, times: f64, random: Stream) {
        if self.trace.is_none() && !self.process.as_ref().is_some_and(Process::is_closed_loop) {
            self.surges.push((fault, times, random));
            self.look();
        }
    }

    /// No longer.
    pub(super) fn calm(&mut self, fault: u32) {
        self.surges.retain(|(from, ..)| *from != fault);
        self.look();
    }

    fn look(&mut self) {
        self.disturbed = self.mutes > 0 || !self.surges.is_empty();
        self.usual = self.plain && !self.disturbed && self.cancelled.is_empty();
    }

    pub(super) fn is_mute(&self) -> bool {
        self.mutes > 0
    }

    /// How many events come of an arrival in a surge; the next arrival is at `next`.
    pub(super) fn surges(&mut self, next: Time) -> u64 {
        self.surges_until = next;
        let times: f64 = self.surges.iter().map(|(_, times, _)| times).product();
        let Some((.., random)) = self.surges.first_mut() else { return 1 };
        (times as u64).saturating_add(u64::from(random.chance(crate::random::threshold(times - libm::floor(times)))))
    }

    /// When the first `part` of so many `times` come that a surge emits from `now` until the next arrival, and by when they all have come.
    /// None once it is over.
    pub(super) fn spread(&mut self, now: Time, part: u64, times: u64) -> (Vec<Time>, Time) {
        let Some((.., random)) = self.surges.first_mut() else { return (Vec::new(), now) };
        let gap = u128::from((self.surges_until - now).0);
        let share = (gap * u128::from(part) / u128::from(times.max(1))) as u64;
        ((0..part).map(|_| now + Span(random.below(share))).collect(), now + Span(share))
    }

    /// An event that should have been made now is not: others keep their numbers, keys and luck.
    pub(super) fn skip(&mut self, id: EmitterId, now: Time) {
        self.make(id, now, None);
        self.skipped += 1;
    }

    /// The number of the event that is to come of the arrival that is due now, if it is not just the next when it is made: the rows of a
    /// trace belong to its arrivals, whichever of these come to nothing or overtake each other on the way.
    pub(super) fn bind(&mut self) -> Option<u64> {
        self.trace.as_ref()?;
        self.serial += 1;
        self.skipped += 1;
        Some(self.serial - 1)
    }

    /// The first arrivals of a workload.
    pub(super) fn first(&mut self) -> Vec<Time> {
        self.process.as_mut().map(Process::first).unwrap_or_default()
    }

    /// From `now` on it emits as this plan says; `id` is its own, `pending` are its arrivals on the agenda. Gives the first of the new
    /// arrivals.
    pub(super) fn adopt(&mut self, plan: &Plan, id: EmitterId, now: Time, pending: Vec<Time>) -> Option<Time> {
        match &plan.emitters[id.index()].origin {
            Origin::Workload(arrivals) => {
                let first = self.process.as_mut()?.exchange(arrivals, now, plan.duration)?;
                self.cancelled = pending;
                self.look();
                first
            }
            Origin::Trace(_) => None,
            Origin::Then { probability, on, .. } => {
                self.odds = odds(*probability);
                self.on = on.iter().map(|t| Kind::from(*t)).collect();
                None
            }
        }
    }

    /// Whether the arrival due now does not come.
    pub(super) fn cancels(&mut self, now: Time) -> bool {
        let found = self.cancelled.iter().position(|at| *at == now);
        let found = found.map(|place| self.cancelled.swap_remove(place)).is_some();
        self.look();
        found
    }

    /// The arrival after the one at `now`.
    #[inline(always)]
    pub(super) fn next(&mut self, now: Time) -> Option<Time> {
        self.process.as_mut()?.next(now)
    }

    /// How long a user of a closed loop thinks after an event has met its fate; `None` for all other emitters.
    pub(super) fn think(&mut self) -> Option<Span> {
        self.process.as_mut().filter(|process| process.is_closed_loop()).map(Process::think)
    }

    /// Whether an event of this type is followed by one of this emitter, chance permitting.
    pub(super) fn follows(&mut self, kind: Kind) -> bool {
        (self.on.is_empty() || self.on.contains(&kind)) && self.odds_random.chance(self.odds)
    }

    /// Makes the next event. `id` is the emitter's own.
    #[inline(always)]
    pub(super) fn make(&mut self, id: EmitterId, now: Time, cause: Option<&Event>) -> Event {
        let serial = self.serial;
        self.serial += 1;
        self.make_as(serial, id, now, cause)
    }

    /// Makes the event of a workload's arrival: the next one, or the one whose number is [bound](Emitter::bind).
    pub(super) fn make_arrived(&mut self, id: EmitterId, now: Time, serial: Option<u64>) -> Event {
        match serial {
            None => self.make(id, now, None),
            Some(serial) => {
                self.skipped -= 1;
                self.make_as(serial, id, now, None)
            }
        }
    }

    #[inline(always)]
    fn make_as(&mut self, serial: u64, id: EmitterId, now: Time, cause: Option<&Event>) -> Event {
        let (kind, key) = match &self.trace {
            Some((trace, keys)) => {
                let row = &trace.rows[serial as usize];
                (Kind::from(row.event), row.key.map_or(Key::NONE, |key| keys[key as usize]))
            }
            None => {
                let inherited = cause.map_or(Key::NONE, |event| event.key);
                (self.kind, self.keys.choose(serial, inherited, &mut self.key_random))
            }
        };
        let own = EventId::new(id, serial);
        Event {
            id: own,
            published: now,
            root: cause.map_or(own, |event| event.root),
            key,
            kind,
            failures: 0,
            flags: self.flags,
            // Who has made it, for brokers whose publishers are instances.
            seat: cause.map_or(SeatId(0), |event| event.seat),
        }
    }
}
