//! Dense, typed ids. Names exist in the scenario and on the screen; the engine only counts.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the plan's list of its kind.
            #[inline(always)]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id for a position in the plan's list. Plans are far smaller than 2^32 entries.
            pub fn at(index: usize) -> Self {
                Self(index as u32)
            }
        }
    )*};
}

ids! {
    /// A node of any role, in the scenario's order.
    NodeId;
    /// An event type.
    TypeId;
    /// One `Emit`: of a producer, or of a consumer's `then`.
    EmitterId;
    /// A broker.
    BrokerId;
    /// What is written to: a topic, an exchange, a bus.
    ChannelId;
    /// What is read from: a channel with a group, a queue, a rule.
    OutletId;
    /// One `Read` of one consumer.
    ReadId;
    /// A consumer.
    ConsumerId;
    /// One `Read` as one instance of its consumer has it: a group member, a channel with its prefetch. (All instances together,
    /// where they take from one mailbox.)
    SeatId;
    /// One direction of one network edge.
    LinkId;
}

/// The identity of an event: which emitter made it and as its how-manieth.
///
/// Built this way, and not from one counter for the whole run, so that adding a consumer (which may
/// emit events of its own) leaves the identity of all other events as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u64);

impl EventId {
    const SERIAL_BITS: u32 = 40;

    /// The `serial`-th event (from 0) of `emitter`. Serials beyond 2^40 are beyond every step limit.
    #[inline(always)]
    pub fn new(emitter: EmitterId, serial: u64) -> EventId {
        EventId(u64::from(emitter.0) << Self::SERIAL_BITS | serial)
    }

    /// The emitter that made the event.
    #[inline(always)]
    pub fn emitter(self) -> EmitterId {
        EmitterId((self.0 >> Self::SERIAL_BITS) as u32)
    }

    /// Its number among that emitter's events, from 0.
    #[inline(always)]
    pub fn serial(self) -> u64 {
        self.0 & ((1 << Self::SERIAL_BITS) - 1)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.emitter().0, self.serial())
    }
}
