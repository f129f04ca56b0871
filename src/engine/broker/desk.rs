//! The desk: where rules put their decisions. The simulation takes them off in order and acts on them.

use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::ids::{ChannelId, LinkId, OutletId, SeatId};
use crate::time::Time;

/// Where rules put their decisions.
///
/// Every copy of an event goes through the same stations, and the books follow it: *owed* to an outlet and waiting in the broker;
/// *handed* to a seat and in flight; *back* in the broker and waiting again; *ended* by the broker with a fate. (What a consumer
/// ends, it ends itself and tells the rules by [`Rules::settled`](super::Rules::settled).)
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// The moment.
    pub(in crate::engine) now: Time,
    /// The short way, for an event that arrived and goes straight on: owed and handed in one.
    pub(in crate::engine) routes: Vec<SeatId>,
    /// Everything else, and how many of them have been acted on. (A list that is emptied at the end, and not a queue: brokers that keep
    /// events put two decisions here per delivery, and a queue takes three times as long to turn them over.)
    acts: Vec<Act>,
    acted_on: usize,
}

/// One decision of a broker's rules.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// See [`Desk::owe`].
    Owe(OutletId, Event),
    /// See [`Desk::release`].
    Hand(Message),
    /// See [`Desk::take_back`].
    Back(OutletId, Event),
    /// See [`Desk::end`].
    End {
        /// Whose copy.
        outlet: OutletId,
        /// Of what.
        event: Event,
        /// Where it was.
        from: Place,
        /// How it ended.
        fate: BrokerFate,
        /// Why.
        why: Reason,
    },
    /// See [`Desk::accept`].
    Accept(ChannelId, Event),
    /// See [`Desk::refuse`].
    Refuse(ChannelId, Event, Reason),
    /// See [`Desk::unroutable`].
    Unroutable(ChannelId, Event),
    /// See [`Desk::lose_inbound`].
    LoseInbound(ChannelId, Event, Reason),
    /// See [`Desk::count`].
    Count(ChannelId, Event),
    /// See [`Desk::republish`].
    Republish(ChannelId, Event),
    /// See [`Desk::forward`].
    Forward(LinkId, ChannelId, Event),
    /// See [`Desk::rebuild`].
    Rebuild(OutletId),
    /// See [`Desk::confirm`].
    Confirm(Event, bool),
    /// See [`Desk::send_back`].
    SendBack(Event),
    /// See [`Desk::wake`].
    Wake(Time, u64),
    /// See [`Desk::ship`].
    Ship {
        /// Over which link.
        link: LinkId,
        /// How large.
        bytes: u64,
        /// Which of the broker's parcels.
        token: u64,
    },
    /// See [`Desk::carries`].
    Carries(LinkId, Event),
    /// See [`Desk::note`].
    Note(Note),
}

/// Where a copy was that its broker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Waiting in the broker.
    Waiting,
    /// Handed over and back in the broker's hands, but not yet waiting (what [`Rules::left`](super::Rules::left) and
    /// [`Rules::failed`](super::Rules::failed) give back).
    Returned,
}

/// How a broker ends a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerFate {
    /// It grew too old.
    Expired,
    /// It was pushed out or thrown away.
    Dropped,
    /// It goes on as a dead letter; follow with [`Desk::republish`].
    DeadLettered,
    /// Handling failed for good.
    Failed,
    /// It counts as handled: the broker knows that it was (a commit made before a crash, say).
    Acked,
}

/// Something about a broker that is worth telling, apart from what becomes of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The members of a group stop (some of) their work while partitions or queues are dealt out anew.
    RebalanceBegan {
        /// Of which outlet.
        outlet: OutletId,
    },
    /// They go on.
    RebalanceEnded {
        /// Of which outlet.
        outlet: OutletId,
        /// Partitions that have another owner now.
        moved: u32,
    },
    /// A node of the broker's cluster is down or up again.
    Node {
        /// Which, from 0.
        node: u32,
        /// Whether it works.
        up: bool,
    },
    /// A part has a new leader.
    Leader {
        /// Of which channel.
        channel: ChannelId,
        /// Which partition of it.
        part: u32,
        /// The leading node, or none.
        node: Option<u32>,
    },
    /// A queue has a new leader.
    QueueLeader {
        /// Its outlet.
        outlet: OutletId,
        /// The leading node, or none.
        node: Option<u32>,
    },
    /// Publishers to a channel are held back (back-pressure), or no longer.
    Blocked {
        /// Which channel.
        channel: ChannelId,
        /// Whether they are.
        blocked: bool,
    },
    /// A connection is slowed down by credit flow, or no longer.
    Flow {
        /// The publisher's link.
        link: LinkId,
        /// Whether it is.
        on: bool,
    },
    /// A publisher holds one event more, or less, back. Not part of the fingerprint.
    HeldBack {
        /// The publisher's link.
        link: LinkId,
        /// Whether it is one more.
        more: bool,
    },
    /// A queue was declared again, or deleted.
    QueueDeclared {
        /// Its outlet.
        outlet: OutletId,
        /// Whether it is there now.
        there: bool,
    },
    /// A client of a group was refused what it cannot do without, and has closed.
    ClientStopped {
        /// What it read.
        outlet: OutletId,
        /// Which partition it was about, if about one.
        part: Option<u32>,
        /// Which member of its group, from 0.
        member: u32,
        /// What it threw.
        why: crate::engine::broker::kafka::Error,
    },
    /// A publisher is refused for good, because another one has taken its name.
    PublisherFenced {
        /// The publisher's link.
        link: LinkId,
    },
    /// A replay of stored events began or ended.
    Replay {
        /// To which outlet.
        outlet: OutletId,
        /// Whether it goes on.
        under_way: bool,
    },
}

impl Note {
    /// The note in one number, for the fingerprint.
    pub(in crate::engine) fn word(&self) -> u64 {
        let pack = |kind: u64, a: u32, b: u64| kind << 60 ^ u64::from(a) << 28 ^ b;
        match *self {
            Note::RebalanceBegan { outlet } => pack(1, outlet.0, 0),
            Note::RebalanceEnded { outlet, moved } => pack(2, outlet.0, u64::from(moved)),
            Note::Node { node, up } => pack(3, node, u64::from(up)),
            Note::Leader { channel, part, node } => pack(4, channel.0, u64::from(part) << 8 ^ node.map_or(255, u64::from)),
            Note::Blocked { channel, blocked } => pack(5, channel.0, u64::from(blocked)),
            Note::QueueLeader { outlet, node } => pack(7, outlet.0, node.map_or(255, u64::from)),
            Note::Replay { outlet, under_way } => pack(6, outlet.0, u64::from(under_way)),
            Note::Flow { link, on } => pack(8, link.0, u64::from(on)),
            Note::QueueDeclared { outlet, there } => pack(9, outlet.0, u64::from(there)),
            Note::ClientStopped { outlet, part, member, why } => {
                pack(10, outlet.0, u64::from(part.unwrap_or(u32::MAX)) << 12 ^ u64::from(member) << 4 ^ why as u64)
            }
            Note::PublisherFenced { link } => pack(11, link.0, 0),
            Note::HeldBack { .. } => 0,
        }
    }
}

impl Desk {
    /// Whether there are decisions to act on, apart from those that go the short way.
    #[inline(always)]
    pub(in crate::engine) fn has_acts(&self) -> bool {
        !self.acts.is_empty()
    }

    /// The next decision to act on, in place.
    #[inline(always)]
    pub(in crate::engine) fn next_act(&mut self) -> Option<&Act> {
        if self.acted_on == self.acts.len() {
            self.acts.clear();
            self.acted_on = 0;
            return None;
        }
        self.acted_on += 1;
        self.acts.get(self.acted_on - 1)
    }

    /// The moment.
    #[inline(always)]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The event that arrived is owed to the outlet of this seat and handed straight to it. Only within [`Rules::arrive`](super::Rules::arrive);
    /// taken before all other decisions of the same call.
    #[inline(always)]
    pub fn hand(&mut self, seat: SeatId) {
        self.routes.push(seat);
    }

    /// A copy of `event` is owed to this outlet from now on and waits in the broker. Gives the message for the broker to keep.
    #[inline(always)]
    pub fn owe(&mut self, outlet: OutletId, event: &Event) -> Message {
        let event = Event { failures: 0, ..*event };
        self.acts.push(Act::Owe(outlet, event));
        Message { event, routed: self.now }
    }

    /// A message that waited in the broker goes to this seat.
    #[inline(always)]
    pub fn release(&mut self, seat: SeatId, mut message: Message) {
        message.event.seat = seat;
        self.acts.push(Act::Hand(message));
    }

    /// A copy that was handed over is back and waits again. `message` is what was handed over (its seat says which outlet it is);
    /// the one to keep, marked as redelivered, is given back.
    pub fn take_back(&mut self, outlet: OutletId, message: &Message) -> Message {
        let mut message = *message;
        message.event.flags = message.event.flags.with(Flags::REDELIVERED).without(Flags::STALE);
        message.routed = self.now;
        self.acts.push(Act::Back(outlet, message.event));
        message
    }

    /// The broker ends a copy.
    pub fn end(&mut self, outlet: OutletId, event: &Event, from: Place, fate: BrokerFate, why: Reason) {
        self.acts.push(Act::End { outlet, event: *event, from, fate, why });
    }

    /// An event that [`Rules::publish`](super::Rules::publish) kept has reached the broker. Call after the copies it makes are
    /// [owed](Desk::owe). (What arrives the ordinary way is accepted by the simulation.)
    pub fn accept(&mut self, channel: ChannelId, event: &Event) {
        self.acts.push(Act::Accept(channel, *event));
    }

    /// The broker refuses an event that has reached it: nobody is owed it.
    pub fn refuse(&mut self, channel: ChannelId, event: &Event, why: Reason) {
        self.acts.push(Act::Refuse(channel, *event, why));
    }

    /// Nobody is owed an event that has reached the broker.
    pub fn unroutable(&mut self, channel: ChannelId, event: &Event) {
        self.acts.push(Act::Unroutable(channel, *event));
    }

    /// An event that [`Rules::publish`](super::Rules::publish) kept is given up before it reached the broker (a delivery timeout).
    pub fn lose_inbound(&mut self, channel: ChannelId, event: &Event, why: Reason) {
        self.acts.push(Act::LoseInbound(channel, *event, why));
    }

    /// An event that was published in a transaction counts from now on: its transaction is committed.
    pub fn count(&mut self, channel: ChannelId, event: &Event) {
        self.acts.push(Act::Count(channel, *event));
    }

    /// The broker itself publishes an event to one of its channels, at once and without a link: a dead letter, a forwarded event.
    pub fn republish(&mut self, channel: ChannelId, event: &Event) {
        self.acts.push(Act::Republish(channel, *event));
    }

    /// The broker confirms an event to its publisher (`taken`), or tells it that it will not have it. Does nothing where the publisher
    /// does not wait for that. Word travels back over the publisher's link, with its latency and its losses; what is not taken is
    /// sent again when the publisher's time-out is over.
    #[inline(always)]
    pub fn confirm(&mut self, event: &Event, taken: bool) {
        // Events that are waited for are tracked.
        if event.flags.has(Flags::TRACKED) {
            self.acts.push(Act::Confirm(*event, taken));
        }
    }

    /// The broker sends an event back to its publisher, which asked for that where nobody is to get it. Word travels over the
    /// publisher's link.
    pub fn send_back(&mut self, event: &Event) {
        self.acts.push(Act::SendBack(*event));
    }

    /// The broker publishes an event to a channel of another broker, over the link between the two.
    pub fn forward(&mut self, link: LinkId, channel: ChannelId, event: &Event) {
        self.acts.push(Act::Forward(link, channel, *event));
    }

    /// [`Rules::wake`](super::Rules::wake) is to be called with this token, at `at` or (if that is past) now.
    pub fn wake(&mut self, at: Time, token: u64) {
        self.acts.push(Act::Wake(at, token));
    }

    /// Something of the broker's own travels over a link: [`Rules::parcel`](super::Rules::parcel) is called when it arrives, or when it is lost.
    pub fn ship(&mut self, link: LinkId, bytes: u64, token: u64) {
        self.acts.push(Act::Ship { link, bytes, token });
    }

    /// The parcel shipped last over this link carries this event: for those who watch links.
    pub fn carries(&mut self, link: LinkId, event: &Event) {
        self.acts.push(Act::Carries(link, *event));
    }

    /// A replay of everything that is stored begins at this outlet: whoever folds a state from it throws it away and builds it again.
    pub fn rebuild(&mut self, outlet: OutletId) {
        self.acts.push(Act::Rebuild(outlet));
    }

    /// Something worth telling.
    pub fn note(&mut self, note: Note) {
        self.acts.push(Act::Note(note));
    }
}
