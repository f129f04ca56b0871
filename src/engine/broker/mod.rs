//! Brokers: where events go and who gets them, each kind by its own rules, behind one narrow contract.
//!
//! A broker decides and the simulation does: rules write their decisions to a [`Desk`] and never touch links, workers or
//! the agenda. What producers emit and what handlers do is decided elsewhere, by code that does not know which kind of broker
//! is on the other side. A new kind is a folder here, a line in `kinds!` below and its parts in `scenario::broker`.

pub mod desk;
pub mod eventbridge;
pub mod kafka;
pub mod rabbitmq;
mod simple;

pub use desk::{Desk, Note};

use super::event::{Event, Message};
use super::seats::{Seat, Seats};
use crate::ids::{BrokerId, ChannelId, LinkId, OutletId, SeatId};
use crate::scenario::Plan;
use crate::scenario::broker::{BrokerKind, Request};
use std::sync::Arc;

/// What every kind of broker can be told.
pub trait Rules {
    /// The run starts: nothing has happened yet, all instances are up.
    fn start(&mut self, _desk: &mut Desk) {}

    /// Whether publishers to this broker go through [`Rules::publish`].
    fn keeps_publishers(&self) -> bool {
        false
    }

    /// Somebody publishes: the client side, before the network. `link` is the way to the broker; it says who, and which way
    /// confirmations come back. True if the rules keep the event (to batch it, or because they hold the publisher back); they then [`ship`](Desk::ship) it and [`accept`](Desk::accept) it themselves, and show it in
    /// [`Rules::held`] until then. False: it travels by itself.
    fn publish(&mut self, _link: LinkId, _channel: ChannelId, _event: &Event, _desk: &mut Desk) -> bool {
        false
    }

    /// Who publishes over this link is gone, with all its instances, or there again.
    fn publisher(&mut self, _link: LinkId, _up: bool, _desk: &mut Desk) {}

    /// An event has arrived for a channel. Every way it goes is put on the desk; if there is none, one of
    /// [`unroutable`](Desk::unroutable) and [`refuse`](Desk::refuse), unless the broker just keeps it.
    fn arrive(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk);

    /// Whether each event of this channel just goes [straight](Desk::hand) to the first seat of each of its outlets, in order: then the
    /// rules are not asked (unless somebody waits for word of the event). May change only while they are told who
    /// [joins](Rules::joined) and who [leaves](Rules::left).
    fn goes_straight(&self, _channel: ChannelId) -> bool {
        false
    }

    /// A message handed to this seat is out of its worker's hands. Only called for seats that the rules want to hear of
    /// ([`Rules::wants_word`]).
    fn settled(&mut self, seat: SeatId, message: &Message, how: Settled, desk: &mut Desk);

    /// A message that waited for a backoff of the consumer's goes on.
    fn resumed(&mut self, _seat: SeatId) {}

    /// Handling failed, the consumer does not try again and has no dead-letter channel of its own. The copy is in the broker's hands.
    fn failed(&mut self, _seat: SeatId, _message: &Message, _desk: &mut Desk) -> Failed {
        Failed::Final
    }

    /// An instance more may come, with these seats: it [joins](Rules::joined) when it is up. Only rules that know instances one by one
    /// are told.
    fn grow(&mut self, _plan: &Plan, _seats: &[(SeatId, Seat)]) {}

    /// This instance is up (again): it can be handed messages.
    fn joined(&mut self, _seat: SeatId, _desk: &mut Desk) {}

    /// This instance is gone, and with it these copies that had been handed to it, oldest first. Each of them is the broker's again:
    /// it takes it [`back`](Desk::take_back) or [`ends`](Desk::end) it.
    fn left(&mut self, seat: SeatId, copies: &[Message], orderly: bool, desk: &mut Desk);

    /// Who sits here wants nothing more and will [leave](Rules::left) when it has finished what it has; or it stays after all.
    fn leaving(&mut self, _seat: SeatId, _leaving: bool, _desk: &mut Desk) {}

    /// All of these seats are about to [leave](Rules::left) at once (`begins`): what one gives back must not go to another of them. Or
    /// the last of them has left.
    fn severing(&mut self, _seats: &[SeatId], _begins: bool, _desk: &mut Desk) {}

    /// The workers behind this seat are so many from now on.
    fn resized(&mut self, _seat: SeatId, _capacity: u32, _desk: &mut Desk) {}

    /// Some of the workers behind this seat are gone while others go on, and with them these copies, oldest first.
    fn returned(&mut self, seat: SeatId, copies: &[Message], desk: &mut Desk) {
        self.left(seat, copies, false, desk);
        self.joined(seat, desk);
    }

    /// Who sits here stands still (or goes on again): nothing it holds is lost, but it says nothing.
    fn paused(&mut self, _seat: SeatId, _paused: bool, _desk: &mut Desk) {}

    /// The broker as a whole is down. All seats have [left](Rules::left) before; nothing arrives until [`Rules::recovered`].
    fn crashed(&mut self, _desk: &mut Desk) {}

    /// It is up again; the seats [join](Rules::joined) after this.
    fn recovered(&mut self, _desk: &mut Desk) {}

    /// One node of its cluster (from 0) is down or up again.
    fn node(&mut self, _node: u32, _up: bool, _desk: &mut Desk) {}

    /// A person asks something of this broker. What its kind cannot do is not asked of it.
    fn asked(&mut self, _request: &Request, _desk: &mut Desk) {}

    /// The time asked for by [`Desk::wake`] has come.
    fn wake(&mut self, _token: u64, _desk: &mut Desk) {}

    /// What was sent by [`Desk::ship`] has arrived, or is lost.
    fn parcel(&mut self, _token: u64, _arrived: bool, _desk: &mut Desk) {}

    /// Whether [`Rules::settled`] is to be called for this seat.
    fn wants_word(&self, seat: &Seat) -> bool;

    /// Calls `each` with the identity and the bytes of every block that copies of the broker share, and gives the bytes that a copy
    /// takes besides.
    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize;

    /// Messages that wait in the broker, each once per outlet that is owed it. For audits and lists: may take long.
    fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message));

    /// Events that [`Rules::publish`] kept and that have not reached the broker.
    fn held(&self, _visit: &mut dyn FnMut(&Event)) {}
}

/// What became of a message that was handed to a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Handled and acknowledged.
    Acked,
    /// Failed for good, and the consumer itself has put it away (its own dead-letter channel).
    Ended,
    /// Failed for good, and [`Rules::failed`] has decided.
    Failed,
    /// Lost on the way to the consumer.
    Lost,
    /// Waits for a backoff of the consumer's: no worker holds it for now.
    Parked,
}

/// What a broker does with a message whose handling failed for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Nothing: its fate is `failed`.
    Final,
    /// It has decided on the desk: taken back, or ended.
    Decided,
}

macro_rules! kinds {
    ($($name:ident($module:ident::$rules:ident)),+ $(,)?) => {
        /// A broker of any kind.
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a run has a handful of them, and reaches them for every event")]
        pub enum Broker {
            $(
                #[doc = concat!("See `", stringify!($module), "`.")]
                $name($module::$rules),
            )+
        }

        impl Broker {
            /// A broker of a checked plan.
            pub fn new(plan: &Arc<Plan>, id: BrokerId, seats: &Seats, seed: u64) -> Broker {
                match &plan.brokers[id.index()].kind {
                    $(BrokerKind::$name(_) => Broker::$name($module::$rules::new(plan, id, seats, seed)),)+
                }
            }
        }

        impl Rules for Broker {
            fn start(&mut self, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.start(desk),)+ }
            }
            fn keeps_publishers(&self) -> bool {
                match self { $(Broker::$name(rules) => rules.keeps_publishers(),)+ }
            }
            fn publish(&mut self, link: LinkId, channel: ChannelId, event: &Event, desk: &mut Desk) -> bool {
                match self { $(Broker::$name(rules) => rules.publish(link, channel, event, desk),)+ }
            }
            fn publisher(&mut self, link: LinkId, up: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.publisher(link, up, desk),)+ }
            }
            #[inline(always)]
            fn arrive(&mut self, channel: ChannelId, event: &Event, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.arrive(channel, event, desk),)+ }
            }
            fn goes_straight(&self, channel: ChannelId) -> bool {
                match self { $(Broker::$name(rules) => rules.goes_straight(channel),)+ }
            }
            fn settled(&mut self, seat: SeatId, message: &Message, how: Settled, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.settled(seat, message, how, desk),)+ }
            }
            fn resumed(&mut self, seat: SeatId) {
                match self { $(Broker::$name(rules) => rules.resumed(seat),)+ }
            }
            fn failed(&mut self, seat: SeatId, message: &Message, desk: &mut Desk) -> Failed {
                match self { $(Broker::$name(rules) => rules.failed(seat, message, desk),)+ }
            }
            fn grow(&mut self, plan: &Plan, seats: &[(SeatId, Seat)]) {
                match self { $(Broker::$name(rules) => rules.grow(plan, seats),)+ }
            }
            fn joined(&mut self, seat: SeatId, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.joined(seat, desk),)+ }
            }
            fn left(&mut self, seat: SeatId, copies: &[Message], orderly: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.left(seat, copies, orderly, desk),)+ }
            }
            fn leaving(&mut self, seat: SeatId, leaving: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.leaving(seat, leaving, desk),)+ }
            }
            fn severing(&mut self, seats: &[SeatId], begins: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.severing(seats, begins, desk),)+ }
            }
            fn resized(&mut self, seat: SeatId, capacity: u32, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.resized(seat, capacity, desk),)+ }
            }
            fn returned(&mut self, seat: SeatId, copies: &[Message], desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.returned(seat, copies, desk),)+ }
            }
            fn paused(&mut self, seat: SeatId, paused: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.paused(seat, paused, desk),)+ }
            }
            fn crashed(&mut self, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.crashed(desk),)+ }
            }
            fn recovered(&mut self, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.recovered(desk),)+ }
            }
            fn node(&mut self, node: u32, up: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.node(node, up, desk),)+ }
            }
            fn asked(&mut self, request: &Request, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.asked(request, desk),)+ }
            }
            fn wake(&mut self, token: u64, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.wake(token, desk),)+ }
            }
            fn parcel(&mut self, token: u64, arrived: bool, desk: &mut Desk) {
                match self { $(Broker::$name(rules) => rules.parcel(token, arrived, desk),)+ }
            }
            fn wants_word(&self, seat: &Seat) -> bool {
                match self { $(Broker::$name(rules) => rules.wants_word(seat),)+ }
            }
            fn waiting(&self, visit: &mut dyn FnMut(OutletId, &Message)) {
                match self { $(Broker::$name(rules) => rules.waiting(visit),)+ }
            }
            fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
                match self { $(Broker::$name(rules) => rules.weigh(each),)+ }
            }
            fn held(&self, visit: &mut dyn FnMut(&Event)) {
                match self { $(Broker::$name(rules) => rules.held(visit),)+ }
            }
        }
    };
}

kinds! {
    Simple(simple::Simple),
    Kafka(kafka::Kafka),
    RabbitMq(rabbitmq::RabbitMq),
    EventBridge(eventbridge::EventBridge),
}
