//! Brokers: where events go and who gets them, each kind by its own rules, behind one narrow contract.
//!
//! A broker decides and the simulation does: rules write their decisions to a [`Desk`] and never touch links, workers or
//! the agenda. A new kind is a file here, a variant of [`Broker`] and a variant of `scenario::broker::BrokerKind`.

mod simple;

use super::event::Message;
use crate::ids::{BrokerId, ChannelId, OutletId, ReadId};
use crate::scenario::Plan;
use crate::scenario::broker::BrokerKind;

/// What every kind of broker can be told.
pub trait Rules {
    /// An event has arrived for a channel.
    fn arrive(&mut self, channel: ChannelId, desk: &mut Desk);

    /// A message handed to this reader is out of its hands, or waits for a backoff.
    fn settled(&mut self, read: ReadId, desk: &mut Desk);

    /// The reader took back a message that waited for a backoff.
    fn resumed(&mut self, read: ReadId);

    /// The simulation has stored a message because of [`Desk::store`].
    fn stored(&mut self, outlet: OutletId, message: Message, desk: &mut Desk);

    /// Calls `each` with the identity and the bytes of every block that copies of the broker share, and gives the bytes that a copy
    /// takes besides. Rules that keep more than what waits say so themselves.
    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let _ = each;
        self.waiting().count() * size_of::<Message>()
    }

    /// Messages that wait in the broker.
    fn waiting(&self) -> Box<dyn Iterator<Item = (OutletId, &Message)> + '_>;
}

/// Where rules put their decisions.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// Copies of the event that arrived: owed to an outlet and, with a reader, handed over at once.
    pub(super) routes: Vec<Route>,
    /// Messages that waited in the broker and are handed over now.
    pub(super) handed: Vec<(OutletId, Message)>,
}

/// One copy of an event that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// To whom it is owed.
    pub outlet: OutletId,
    /// Handed to this reader; otherwise it comes back through [`Rules::stored`] to wait.
    pub read: Option<ReadId>,
}

impl Desk {
    /// A copy goes to this outlet and straight on to this reader.
    #[inline(always)]
    pub fn hand(&mut self, outlet: OutletId, read: ReadId) {
        self.routes.push(Route { outlet, read: Some(read) });
    }

    /// A copy goes to this outlet and waits there.
    #[inline(always)]
    pub fn store(&mut self, outlet: OutletId) {
        self.routes.push(Route { outlet, read: None });
    }

    /// A message that waited goes to this reader.
    pub fn release(&mut self, outlet: OutletId, read: ReadId, mut message: Message) {
        message.event.read = read;
        self.handed.push((outlet, message));
    }
}

/// A broker of any kind.
#[derive(Clone, Debug)]
pub enum Broker {
    /// See [`simple`].
    Simple(simple::Simple),
}

impl Broker {
    /// A broker of a checked plan.
    pub fn new(plan: &Plan, id: BrokerId) -> Broker {
        match &plan.brokers[id.index()].kind {
            BrokerKind::Simple(_) => Broker::Simple(simple::Simple::new(plan, id)),
        }
    }
}

impl Rules for Broker {
    #[inline(always)]
    fn arrive(&mut self, channel: ChannelId, desk: &mut Desk) {
        match self {
            Broker::Simple(rules) => rules.arrive(channel, desk),
        }
    }

    fn settled(&mut self, read: ReadId, desk: &mut Desk) {
        match self {
            Broker::Simple(rules) => rules.settled(read, desk),
        }
    }

    fn resumed(&mut self, read: ReadId) {
        match self {
            Broker::Simple(rules) => rules.resumed(read),
        }
    }

    fn stored(&mut self, outlet: OutletId, message: Message, desk: &mut Desk) {
        match self {
            Broker::Simple(rules) => rules.stored(outlet, message, desk),
        }
    }

    fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        match self {
            Broker::Simple(rules) => rules.weigh(each),
        }
    }

    fn waiting(&self) -> Box<dyn Iterator<Item = (OutletId, &Message)> + '_> {
        match self {
            Broker::Simple(rules) => rules.waiting(),
        }
    }
}
