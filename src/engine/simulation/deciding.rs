//! What a broker's rules decided is done: books, ledger, observations, links, agenda.

use super::Simulation;
use crate::engine::agenda::Due;
use crate::engine::broker::desk::{Act, BrokerFate, Place};
use crate::engine::broker::{Desk, Rules, Settled};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::ledger::End;
use crate::engine::link::To;
use crate::engine::observe::{Observation, Observer};
use crate::ids::{BrokerId, ChannelId, LinkId, OutletId};

impl Simulation {
    /// Takes all decisions off the desk, in order. Acting on one may bring new ones, which come last.
    pub(super) fn decide<O: Observer>(&mut self, broker: BrokerId, desk: &mut Desk, observer: &mut O) {
        while let Some(act) = desk.next_act() {
            // By reference: what goes on is copied once, from the desk to where it goes.
            match act {
                Act::Owe(outlet, event) => self.owe(*outlet, event, observer),
                Act::Hand(message) => self.release(message, observer),
                Act::Accept(channel, event) => self.accept(*channel, event, observer),
                Act::Wake(at, token) => {
                    let place = self.wakes.put((broker, *token));
                    self.agenda.schedule((*at).max(self.now), Due::Wake, place);
                }
                Act::Ship { link, bytes, token } => self.ship(broker, *link, *bytes, *token),
                Act::Carries(link, event) => {
                    let arrives = self.parcel_arrives.unwrap_or(self.now);
                    self.note(&Observation::Sent { link: *link, event, arrives }, observer);
                }
                rarer => {
                    let rarer = *rarer;
                    self.decide_rarer(broker, rarer, desk, observer);
                }
            }
        }
    }

    /// The same for decisions that are not part of every delivery. (By itself, so that the code of those that are stays together: a Kafka
    /// delivery goes through as much code as the nearest cache holds.)
    #[inline(never)]
    fn decide_rarer<O: Observer>(&mut self, broker: BrokerId, act: Act, desk: &mut Desk, observer: &mut O) {
        match act {
            Act::Back(outlet, event) => {
                self.books[outlet.index()].waiting += 1;
                self.note(&Observation::Waits { outlet, event: &event }, observer);
            }
            Act::End { outlet, event, from, fate, why } => self.end_in_broker(outlet, &event, from, fate, why, observer),
            Act::Refuse(channel, event, why) => {
                self.inbound.refused += 1;
                // Somebody was owed what comes as a dead letter.
                self.lost += u64::from(event.flags.has(Flags::DEAD_LETTER));
                self.note(&Observation::Refused { channel, event: &event, why }, observer);
            }
            Act::Unroutable(channel, event) => self.turn_away(channel, event, observer),
            Act::LoseInbound(channel, event, why) => self.give_up(channel, &event, why, observer),
            Act::Count(channel, event) => self.count(channel, &event, observer),
            Act::Republish(channel, event) => {
                self.inbound.sent += 1;
                self.inbound.accepted += 1;
                self.note(&Observation::Accepted { channel, event: &event }, observer);
                self.take_in(broker, channel, &event, desk, observer);
            }
            Act::Forward(link, channel, event) => self.forward(link, channel, event, observer),
            Act::Rebuild(outlet) => self.rebuild(outlet, observer),
            Act::Confirm(event, taken) => self.confirm(&event, taken),
            Act::SendBack(event) => self.send_back(&event),
            Act::Note(note) => self.note(&Observation::Broker { broker, note }, observer),
            Act::Owe(..) | Act::Hand(_) | Act::Accept(..) | Act::Wake(..) | Act::Ship { .. } | Act::Carries(..) => {}
        }
    }

    /// Tells a broker what became of a message that it handed out.
    pub(super) fn tell<O: Observer>(&mut self, message: &Message, how: Settled, desk: &mut Desk, observer: &mut O) {
        let seat = message.event.seat;
        let outlet = self.seats.get(seat).outlet;
        let broker = self.plan.outlets[outlet.index()].broker;
        desk.now = self.now;
        self.brokers[broker.index()].settled(seat, message, how, desk);
        self.decide(broker, desk, observer);
    }

    fn owe<O: Observer>(&mut self, outlet: OutletId, event: &Event, observer: &mut O) {
        let books = &mut self.books[outlet.index()];
        books.routed += 1;
        books.waiting += 1;
        self.live += 1;
        if event.flags.has(Flags::TRACKED) {
            self.ledger.enter(event.id, Some(outlet));
        }
        self.note(&Observation::Routed { outlet, event }, observer);
        self.note(&Observation::Waits { outlet, event }, observer);
        if self.watches_routed {
            self.watch_routed(outlet, &event.apart(), observer);
        }
    }

    fn release<O: Observer>(&mut self, message: &Message, observer: &mut O) {
        let outlet = self.seats.get(message.event.seat).outlet;
        self.books[outlet.index()].waiting -= 1;
        self.note(&Observation::Leaves { outlet, event: &message.event }, observer);
        self.hand_over(message, observer);
    }

    fn end_in_broker<O: Observer>(
        &mut self,
        outlet: OutletId,
        event: &Event,
        from: Place,
        fate: BrokerFate,
        why: Reason,
        observer: &mut O,
    ) {
        let books = &mut self.books[outlet.index()];
        let (count, how) = match fate {
            BrokerFate::Expired => (&mut books.expired, End::Gone),
            BrokerFate::Dropped => (&mut books.dropped, End::Gone),
            BrokerFate::DeadLettered => (&mut books.dead_lettered, End::Kept),
            BrokerFate::Failed => (&mut books.failed, End::Gone),
            // It goes on elsewhere: nobody has handled it.
            BrokerFate::Acked if why == Reason::Forwarded => (&mut books.acked, End::Kept),
            BrokerFate::Acked => (&mut books.acked, End::Acked),
        };
        *count += 1;
        let waited = from == Place::Waiting;
        books.waiting -= u64::from(waited);
        self.note(&Observation::Ended { outlet, event, waited, fate, why }, observer);
        self.end(event, outlet, how);
    }

    fn accept<O: Observer>(&mut self, channel: ChannelId, event: &Event, observer: &mut O) {
        self.inbound.accepted += 1;
        self.live -= 1;
        self.note(&Observation::Accepted { channel, event }, observer);
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.arrived(event.id, false);
            self.conclude(event.id, verdict);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn give_up<O: Observer>(&mut self, channel: ChannelId, event: &Event, why: Reason, observer: &mut O) {
        self.inbound.lost += 1;
        self.live -= 1;
        self.note(&Observation::GivenUp { channel, event, why }, observer);
        // What its publisher has taken back is not lost.
        let lost = why != Reason::TransactionAborted;
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.arrived(event.id, lost);
            self.conclude(event.id, verdict);
        } else {
            self.lost += u64::from(lost);
        }
    }

    /// An event goes from one broker to another. It always takes its turn on the agenda: the other broker has a desk of its own.
    fn forward<O: Observer>(&mut self, link: LinkId, channel: ChannelId, event: Event, observer: &mut O) {
        self.inbound.sent += 1;
        if let Some(why) = self.links[link.index()].loses() {
            return self.lose_on_the_way(link, event, why, observer);
        }
        self.live += 1;
        self.set_out(link, To::Channel(channel), &Message { event, routed: self.now }, observer);
    }

    fn ship(&mut self, broker: BrokerId, id: LinkId, bytes: u64, token: u64) {
        let link = &mut self.links[id.index()];
        let arrives = link.loses().is_none();
        let at = link.arrival(self.now, bytes);
        self.parcel_arrives = arrives.then_some(at);
        let place = self.parcels.put((broker, token, arrives));
        self.agenda.schedule(at, Due::Parcel, place);
    }
}
