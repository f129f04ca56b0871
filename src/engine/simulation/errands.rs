//! Errands: what is due at a moment and is none of the common entries of the agenda.

use super::Simulation;
use crate::engine::agenda::Due;
use crate::engine::broker::Desk;
use crate::engine::observe::Observer;
use crate::ids::{ConsumerId, EmitterId, EventId};
use crate::time::Time;

/// Something to be done later.
#[derive(Clone, Copy, Debug)]
pub(super) enum Errand {
    /// Word of an event reaches its publisher.
    Confirmed {
        /// Which event.
        event: EventId,
        /// Whether its broker took it.
        taken: bool,
    },
    /// An event that nobody is to get is back at its publisher.
    Returned(EventId),
    /// The first of a publisher's deadlines passes.
    Deadline(EmitterId),
    /// A call reaches its store; its place, and which step of it this is.
    CallArrives(u32, u64),
    /// A store is done with a call.
    CallServed(u32, u64),
    /// The answer to a call is back.
    CallReturns(u32, u64),
    /// A caller waits no longer; the call's place and serial number.
    CallTimeout(u32, u64),
    /// A relay looks into its outbox; in which round.
    Poll(u32, u64),
    /// The time for the reply to a request is over.
    ReplyTimeout(EventId),
    /// The time for the parts of a whole is over; its correlation id.
    JoinTimeout(ConsumerId, EventId),
    /// Late parts of a whole need no longer be told from first ones.
    JoinForgotten(ConsumerId, EventId),
    /// A fault begins or ends.
    Fault {
        /// Its number.
        number: u32,
        /// In which round of it: it may have been mended meanwhile.
        round: u32,
        /// Whether it begins.
        begins: bool,
    },
    /// An emitter in a surge emits once more.
    Extra(EmitterId),
    /// An emitter in a surge emits so many times more before its next arrival.
    Surge(EmitterId, u64),
    /// A consumer acknowledges what it has handled.
    Acknowledge(ConsumerId),
    /// A consumer's scaler looks, or asks for as many instances as its schedule says.
    Scale(ConsumerId, Option<u32>),
    /// Instances that were asked for work from now on: so many in all.
    Grow(ConsumerId, u32),
    /// An open breaker lets one event through, if it has not been opened again since.
    Probe(ConsumerId, u32),
    /// A crew that is going away has nothing in hand any more.
    Leave(u32),
}

impl Simulation {
    /// Puts an errand on the agenda.
    pub(super) fn errand(&mut self, at: Time, errand: Errand) {
        let place = self.errands.put(errand);
        self.agenda.schedule(at, Due::Errand, place);
    }

    /// Runs an errand whose time has come.
    pub(super) fn run_errand<O: Observer>(&mut self, index: u32, desk: &mut Desk, observer: &mut O) {
        match self.errands.take(index) {
            Some(Errand::Confirmed { event, taken }) => self.confirmed(event, taken, desk, observer),
            Some(Errand::Returned(event)) => self.returned(event, observer),
            Some(Errand::Deadline(emitter)) => self.deadline(emitter, desk, observer),
            Some(Errand::CallArrives(place, step)) => self.call_arrives(place, step, observer),
            Some(Errand::CallServed(place, step)) => self.call_served(place, step, observer),
            Some(Errand::CallReturns(place, step)) => self.call_returns(place, step, desk, observer),
            Some(Errand::CallTimeout(place, serial)) => self.call_timeout(place, serial, desk, observer),
            Some(Errand::Poll(relay, round)) => self.poll(relay, round, observer),
            Some(Errand::ReplyTimeout(request)) => self.reply_timeout(request, observer),
            Some(Errand::JoinForgotten(consumer, root)) => self.joins[consumer.index()].iter_mut().for_each(|joins| joins.forget(root)),
            Some(Errand::JoinTimeout(consumer, root)) => self.join_timeout(consumer, root, desk, observer),
            Some(Errand::Fault { number, round, begins }) => self.fault_turns(number, round, begins, desk, observer),
            Some(Errand::Extra(emitter)) => self.emit_extra(emitter, desk, observer),
            Some(Errand::Surge(emitter, times)) => self.surge(emitter, times),
            Some(Errand::Acknowledge(consumer)) => self.acknowledge(consumer, observer),
            Some(Errand::Scale(consumer, asks)) => self.scale(consumer, asks, desk, observer),
            Some(Errand::Grow(consumer, instances)) => self.grow(consumer, instances, desk, observer),
            Some(Errand::Probe(consumer, round)) => self.half_open(consumer, round, observer),
            Some(Errand::Leave(crew)) => self.depart(crew, desk, observer),
            None => {}
        }
    }
}
