//! What the engine reports, and to whom. The engine knows no metrics: whoever wants some observes.

use super::broker::desk::{BrokerFate, Note};
use super::care::State;
use super::event::{Event, Message};
use super::fate::Reason;
use crate::ids::{BrokerId, ChannelId, ConsumerId, EmitterId, EventId, LinkId, OutletId, StoreId};
use crate::random::mix;
use crate::scenario::plan::FaultPlan;
use crate::time::{Span, Time};

/// Something that happened, in the order in which it happened.
#[derive(Clone, Copy, Debug)]
pub enum Observation<'a> {
    /// An emitter published an event.
    Published {
        /// Who.
        emitter: EmitterId,
        /// What.
        event: &'a Event,
        /// The event whose handling caused it: the causation id.
        cause: Option<EventId>,
    },
    /// An event set out on a link and will arrive.
    Sent {
        /// Which link.
        link: LinkId,
        /// What.
        event: &'a Event,
        /// When it will be there.
        arrives: Time,
    },
    /// An event set out on a link and was lost.
    LostOnLink {
        /// Which link.
        link: LinkId,
        /// What.
        event: &'a Event,
        /// The outlet that was owed this copy; `None` on the way to a broker.
        outlet: Option<OutletId>,
        /// Why.
        why: Reason,
    },
    /// An event reached a broker.
    Accepted {
        /// By which channel.
        channel: ChannelId,
        /// What.
        event: &'a Event,
    },
    /// An event reached a broker where nobody reads the channel.
    Unroutable {
        /// Which channel.
        channel: ChannelId,
        /// What.
        event: &'a Event,
    },
    /// A broker refused an event that had reached it.
    Refused {
        /// By which channel it came.
        channel: ChannelId,
        /// What.
        event: &'a Event,
        /// Why.
        why: Reason,
    },
    /// A publisher's client gave up an event that had not reached its broker.
    GivenUp {
        /// For which channel it was meant.
        channel: ChannelId,
        /// What.
        event: &'a Event,
        /// Why.
        why: Reason,
    },
    /// Something about a store.
    Store {
        /// Which.
        store: StoreId,
        /// What.
        what: StoreNote,
    },
    /// An event was published that a consumer's state is meant to hold.
    Expected {
        /// Whose state.
        consumer: ConsumerId,
        /// What.
        event: &'a Event,
        /// What the state should come to, and what it comes to.
        sums: (f64, f64),
    },
    /// An event changed a consumer's state.
    Folded {
        /// Whose.
        consumer: ConsumerId,
        /// What.
        event: &'a Event,
        /// Whether it was in it already.
        again: bool,
        /// What the state should come to, and what it comes to.
        sums: (f64, f64),
    },
    /// A consumer has thrown its state away, to build it again.
    Rebuilds {
        /// Whose.
        consumer: ConsumerId,
    },
    /// The reply to a request has come.
    Answered {
        /// Who asked.
        emitter: EmitterId,
        /// The request.
        request: EventId,
        /// How long it took.
        after: Span,
    },
    /// The reply to a request has not come in time.
    NoReply {
        /// Who asked.
        emitter: EmitterId,
        /// The request.
        request: EventId,
    },
    /// A publisher was told that its broker has an event.
    Confirmed {
        /// Whose event.
        emitter: EmitterId,
        /// What.
        event: &'a Event,
    },
    /// An event that nobody is to get has come back to its publisher.
    Returned {
        /// Whose event.
        emitter: EmitterId,
        /// Which.
        event: EventId,
    },
    /// A copy is owed to an outlet from now on.
    Routed {
        /// Which outlet.
        outlet: OutletId,
        /// What.
        event: &'a Event,
    },
    /// A copy waits, because all workers are busy or a backoff has begun.
    Waits {
        /// At which outlet.
        outlet: OutletId,
        /// What.
        event: &'a Event,
    },
    /// A copy waits no longer in its broker or for its backoff: it is on its way to its consumer.
    Leaves {
        /// Which outlet.
        outlet: OutletId,
        /// What.
        event: &'a Event,
    },
    /// A worker begins to handle a copy.
    Delivered {
        /// From which outlet.
        outlet: OutletId,
        /// Whose worker.
        consumer: ConsumerId,
        /// Which worker of the consumer, from 0.
        worker: u32,
        /// What.
        message: &'a Message,
        /// Whether it had waited at the consumer (so that the outlet has one waiting message less).
        waited: bool,
        /// How long handling will take.
        service: Span,
    },
    /// A worker handled a copy to the end.
    Acked {
        /// From which outlet.
        outlet: OutletId,
        /// Whose worker.
        consumer: ConsumerId,
        /// Which worker.
        worker: u32,
        /// What.
        message: &'a Message,
        /// When handling began.
        began: Time,
    },
    /// A worker handled a copy to the end; it will be acknowledged later.
    Handled {
        /// From which outlet.
        outlet: OutletId,
        /// Whose worker.
        consumer: ConsumerId,
        /// Which worker.
        worker: u32,
        /// What.
        message: &'a Message,
        /// When handling began.
        began: Time,
    },
    /// A copy that was handled before is acknowledged.
    Acknowledged {
        /// From which outlet.
        outlet: OutletId,
        /// What.
        event: &'a Event,
    },
    /// A consumer's circuit breaker has changed.
    Breaker {
        /// Whose.
        consumer: ConsumerId,
        /// What it lets through now.
        state: State,
    },
    /// A consumer has another number of instances from now on.
    Resized {
        /// Which.
        consumer: ConsumerId,
        /// Its instances.
        instances: u32,
        /// Events that it can handle at the same time.
        workers: u32,
    },
    /// A copy met its fate in its broker's hands.
    Ended {
        /// Which outlet was owed it.
        outlet: OutletId,
        /// What.
        event: &'a Event,
        /// Whether it waited.
        waited: bool,
        /// How it ended.
        fate: BrokerFate,
        /// Why.
        why: Reason,
    },
    /// A worker lost its work half done, because its instance went away.
    Interrupted {
        /// From which outlet.
        outlet: OutletId,
        /// Whose worker.
        consumer: ConsumerId,
        /// Which worker.
        worker: u32,
        /// What.
        message: &'a Message,
        /// When handling began.
        began: Time,
    },
    /// Something about a broker.
    Broker {
        /// Which broker.
        broker: BrokerId,
        /// What.
        note: Note,
    },
    /// Handling failed.
    Failed {
        /// From which outlet.
        outlet: OutletId,
        /// Whose worker.
        consumer: ConsumerId,
        /// Which worker.
        worker: u32,
        /// What; its count of failures includes this one.
        message: &'a Message,
        /// When handling began.
        began: Time,
        /// What becomes of it.
        next: AfterFailure,
        /// Why it failed.
        why: Reason,
    },
    /// Something goes wrong from now on.
    FaultBegan {
        /// A number of its own: first those of the plan, then those that began by hand.
        number: u32,
        /// What.
        fault: &'a FaultPlan,
        /// When it will be over by itself, if that is known.
        until: Option<Time>,
    },
    /// It is over.
    FaultEnded {
        /// Which.
        number: u32,
    },
}

/// What happens at a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreNote {
    /// A call waits for a connection.
    Waits,
    /// A call is given one.
    Begins {
        /// Whether it waited.
        waited: bool,
        /// For how long.
        wait: Span,
    },
    /// A call has been served.
    Ends {
        /// How long that took.
        service: Span,
        /// Whether it went well.
        ok: bool,
    },
    /// A call that waited is given up by its caller.
    GivesUp,
    /// The connection of a call breaks.
    Breaks {
        /// Whether it was being served, so that its end has been told.
        served: bool,
    },
}

impl StoreNote {
    /// The note in one number, for the fingerprint.
    fn word(&self) -> u64 {
        match *self {
            StoreNote::Waits => 1,
            StoreNote::Begins { waited, wait } => 2 + u64::from(waited) + (wait.0 << 4),
            StoreNote::Ends { service, ok } => 4 + u64::from(ok) + (service.0 << 4),
            StoreNote::GivesUp => 6,
            StoreNote::Breaks { .. } => 7,
        }
    }
}

/// What becomes of a message whose handling failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another attempt at this time.
    Retry(Time),
    /// It goes to a dead-letter channel.
    DeadLetter,
    /// Its broker has it again and decides.
    Returned,
    /// It is dropped, as if it had been handled.
    Drop,
    /// It ends here.
    Final,
}

/// Whoever wants to know. Called in order, at the virtual time of each observation.
pub trait Observer {
    /// Virtual time has come to `now`: what is observed next, up to the next call, happens then. Called once per step, so that
    /// whoever cuts time into pieces need not look at the clock at every observation.
    #[inline(always)]
    fn at(&mut self, _now: Time) {}

    /// Something will most likely be observed next at this outlet and with this consumer, work in the hands of one of its workers if
    /// `work`: whoever keeps much may bring it [near](super::near) meanwhile.
    #[inline(always)]
    fn soon(&self, _consumer: ConsumerId, _outlet: OutletId, _work: bool) {}

    /// Something happened.
    fn observe(&mut self, now: Time, what: &Observation<'_>);

    /// Whether this is nobody at all, so that whoever has another observer as well can go without this one.
    fn is_nobody(&self) -> bool {
        false
    }
}

/// Nobody: costs nothing.
impl Observer for () {
    #[inline(always)]
    fn observe(&mut self, _: Time, _: &Observation<'_>) {}

    fn is_nobody(&self) -> bool {
        true
    }
}

impl<A: Observer + ?Sized, B: Observer + ?Sized> Observer for (&mut A, &mut B) {
    #[inline(always)]
    fn at(&mut self, now: Time) {
        self.0.at(now);
        self.1.at(now);
    }

    #[inline(always)]
    fn soon(&self, consumer: ConsumerId, outlet: OutletId, work: bool) {
        self.0.soon(consumer, outlet, work);
        self.1.soon(consumer, outlet, work);
    }

    #[inline(always)]
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        self.0.observe(now, what);
        self.1.observe(now, what);
    }
}

/// A 64-bit hash over everything observed, in order: two runs are the same if and (but for chance) only if theirs are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Takes in one observation.
    #[inline(always)]
    pub fn fold(&mut self, now: Time, what: &Observation<'_>) {
        let word = match what {
            // What sets out arrives, what arrives is routed or not, and what waits is delivered: the later observation tells it all.
            Observation::Sent { .. } | Observation::Accepted { .. } | Observation::Waits { .. } | Observation::Leaves { .. } => return,
            Observation::Published { event, cause, .. } => {
                tag(1, event.id.0 ^ event.root.0.rotate_left(7)) ^ cause.map_or(0, |c| c.0.rotate_left(23))
            }
            Observation::LostOnLink { link, event, .. } => tag(2 + u64::from(link.0) * 16, event.id.0),
            Observation::Unroutable { channel, event } => tag(4 + u64::from(channel.0) * 16, event.id.0),
            Observation::Routed { outlet, event } => tag(5 + u64::from(outlet.0) * 16, event.id.0),
            Observation::Delivered { outlet, worker, message, .. } => {
                tag(6 + u64::from(outlet.0) * 16 + (u64::from(*worker) << 36), message.event.id.0)
            }
            Observation::Refused { channel, event, why } => tag(9 + u64::from(channel.0) * 16, event.id.0) ^ (*why as u64).rotate_left(31),
            Observation::GivenUp { channel, event, why } => tag(10 + u64::from(channel.0) * 16, event.id.0) ^ (*why as u64).rotate_left(31),
            Observation::Ended { outlet, event, fate, why, .. } => {
                tag(11 + u64::from(outlet.0) * 16, event.id.0) ^ ((*fate as u64) << 8 | *why as u64).rotate_left(31)
            }
            Observation::Interrupted { outlet, worker, message, .. } => {
                tag(12 + u64::from(outlet.0) * 16 + (u64::from(*worker) << 36), message.event.id.0)
            }
            Observation::Confirmed { event, .. } => tag(14, event.id.0),
            Observation::Store { store, what } => tag(15 + u64::from(store.0) * 16, what.word()),
            // What is expected was published, and what is folded was handled.
            Observation::Expected { .. } => return,
            Observation::Folded { consumer, event, again, .. } => {
                tag(16 + u64::from(consumer.0) * 32, event.id.0 ^ u64::from(*again) << 62)
            }
            Observation::Rebuilds { consumer } => tag(17 + u64::from(consumer.0) * 32, 0),
            Observation::Answered { request, after, .. } => tag(18, request.0) ^ after.0.rotate_left(31),
            Observation::NoReply { request, .. } => tag(19, request.0),
            Observation::Returned { event, .. } => tag(20, event.0),
            // What is held back is published, and let go later.
            Observation::Broker { note: Note::HeldBack { .. }, .. } => return,
            Observation::Broker { broker, note } => tag(13 + u64::from(broker.0) * 16, note.word()),
            Observation::Handled { outlet, message, .. } => tag(15 + u64::from(outlet.0) * 16, message.event.id.0),
            Observation::Acknowledged { outlet, event } => tag(15 + u64::from(outlet.0) * 16, event.id.0).rotate_left(9),
            Observation::Breaker { consumer, state } => tag(14 + u64::from(consumer.0) * 16, 4 + *state as u64),
            Observation::Resized { consumer, instances, .. } => tag(14 + u64::from(consumer.0) * 16, 16 + u64::from(*instances)),
            Observation::FaultBegan { number, until, .. } => tag(14 + u64::from(*number) * 16, until.map_or(1, |at| at.0 | 2)),
            Observation::FaultEnded { number } => tag(14 + u64::from(*number) * 16, 0),
            Observation::Acked { outlet, message, .. } => tag(7 + u64::from(outlet.0) * 16, message.event.id.0),
            Observation::Failed { outlet, message, next, why, .. } => {
                let next = match next {
                    AfterFailure::Retry(at) => at.0,
                    AfterFailure::DeadLetter => 1,
                    AfterFailure::Final => 2,
                    AfterFailure::Returned => 3,
                    AfterFailure::Drop => 4,
                };
                tag(8 + u64::from(outlet.0) * 16, message.event.id.0) ^ next.rotate_left(31) ^ (*why as u64) << 56
            }
        };
        // One rotation and one multiplication per observation; the finaliser comes when somebody asks.
        self.0 = (self.0.rotate_left(25) ^ word ^ now.0.rotate_left(48)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The hash so far.
    pub fn value(self) -> u64 {
        mix(self.0)
    }
}

#[inline(always)]
fn tag(what: u64, id: u64) -> u64 {
    what.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ id
}
