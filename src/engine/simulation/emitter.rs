//! An `Emit` with its state.

use crate::engine::arrivals::Process;
use crate::engine::event::{Event, Flags, Key, Kind, odds};
use crate::engine::keys::{Interner, KeySampler};
use crate::ids::{ChannelId, EmitterId, EventId, LinkId, SeatId};
use crate::random::{Stream, hash_name};
use crate::scenario::Plan;
use crate::scenario::plan::{Origin, Trace};
use crate::scenario::publishing::Publish;
use crate::time::{Span, Time};
use std::sync::Arc;

/// Makes events, when its process or a handled event says so.
#[derive(Clone, Debug)]
pub(super) struct Emitter {
    /// Where its events go, and the way there.
    pub(super) channel: ChannelId,
    pub(super) link: LinkId,
    /// Events made so far.
    pub(super) serial: u64,
    kind: Kind,
    process: Option<Process>,
    trace: Option<(Arc<Trace>, Arc<[Key]>)>,
    odds: u64,
    odds_random: Stream,
    /// Types a `then` follows from; empty means all.
    on: Box<[Kind]>,
    keys: KeySampler,
    key_random: Stream,
    /// Whether its events are kept until they are confirmed.
    pub(super) confirmed: bool,
    /// What its events are marked with.
    flags: Flags,
}

impl Emitter {
    pub(super) fn new(plan: &Plan, id: EmitterId, seed: u64, interner: &Interner) -> Emitter {
        let emitter = &plan.emitters[id.index()];
        let stream = |purpose: &str| Stream::named(seed ^ hash_name(purpose), &emitter.name);
        let (process, trace, share, on) = match &emitter.origin {
            Origin::Workload(arrivals) => (Some(Process::new(arrivals, stream("arrivals"))), None, 0, Box::default()),
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
        Emitter {
            confirmed,
            flags: if closed || confirmed { Flags::TRACKED } else { Flags::default() },
            kind: emitter.event.map_or(Kind(0), Kind::from),
            channel: emitter.channel,
            link: emitter.link,
            serial: 0,
            process,
            trace,
            odds: share,
            odds_random: stream("odds"),
            on,
            keys: interner.sampler(key),
            key_random: stream("keys"),
        }
    }

    /// The first arrivals of a workload.
    pub(super) fn first(&mut self) -> Vec<Time> {
        self.process.as_mut().map(Process::first).unwrap_or_default()
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
            seat: SeatId(0),
        }
    }
}
