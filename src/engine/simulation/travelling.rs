//! Travelling: over links, through brokers, to consumers.

use super::Simulation;
use super::ways::Door;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules, Settled};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::ledger::End;
use crate::engine::link::{To, Travelling};
use crate::engine::observe::{Observation, Observer};
use crate::engine::seats::Seat;
use crate::ids::{BrokerId, ChannelId, LinkId};

impl Simulation {
    #[inline(always)]
    pub(super) fn travel_in<O: Observer>(&mut self, id: LinkId, channel: ChannelId, message: &Message, desk: &mut Desk, observer: &mut O) {
        if self.links[id.index()].instant {
            self.note(&Observation::Sent { link: id, event: &message.event, arrives: self.now }, observer);
            self.live -= 1;
            self.arrive_at_broker(self.doors[channel.index()], channel, &message.event, desk, observer);
        } else {
            self.set_out(id, To::Channel(channel), message, observer);
        }
    }

    /// A message sets out on a link that takes time.
    #[inline(always)]
    pub(super) fn set_out<O: Observer>(&mut self, id: LinkId, to: To, message: &Message, observer: &mut O) {
        let bytes = self.plan.types[usize::from(message.event.kind.0)].size.0;
        let link = &mut self.links[id.index()];
        let at = link.arrival(self.now, bytes);
        let travelling = Travelling { message: *message, to };
        if let Some(id) = link.convoy {
            // Only its first is on the agenda, but each has the place in the order that it took when it set out.
            let entry = self.agenda.reserve(at, Due::ConvoyHead, id.0);
            let convoy = self.convoys.get_mut(id);
            if convoy.is_empty() {
                self.agenda.insert(entry);
            }
            convoy.push((entry, travelling));
        } else {
            let place = self.transits.put(travelling);
            self.ahead.set_out(place, to);
            self.agenda.schedule(at, Due::Transit, place);
        }
        self.note(&Observation::Sent { link: id, event: &message.event, arrives: at }, observer);
    }

    pub(super) fn arrive<O: Observer>(&mut self, travelling: &Travelling, desk: &mut Desk, observer: &mut O) {
        match travelling.to {
            To::Channel(channel) => {
                self.live -= 1;
                self.arrive_at_broker(self.doors[channel.index()], channel, &travelling.message.event, desk, observer);
            }
            To::Reader => self.arrive_at_consumer(&travelling.message, observer),
        }
    }

    /// An event is at its broker's door; it no longer counts among those that are alive.
    #[inline(always)]
    pub(super) fn arrive_at_broker<O: Observer>(
        &mut self,
        door: Door,
        channel: ChannelId,
        event: &Event,
        desk: &mut Desk,
        observer: &mut O,
    ) {
        let Door { broker, shut, .. } = door;
        if shut {
            self.live += 1;
            return self.give_up(channel, &event.apart(), Reason::BrokerDown, observer);
        }
        self.inbound.accepted += 1;
        self.note(&Observation::Accepted { channel, event }, observer);
        if self.takes_short_ways(door, event, observer) {
            return;
        }
        self.take_in(broker, channel, event, desk, observer);
        if desk.has_acts() {
            self.decide(broker, desk, observer);
        }
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.arrived(event.id, false);
            self.conclude(event.id, verdict);
        }
    }

    /// The broker's rules look at an event that has reached a channel; what goes straight on does so.
    #[inline(always)]
    pub(super) fn take_in<O: Observer>(&mut self, broker: BrokerId, channel: ChannelId, event: &Event, desk: &mut Desk, observer: &mut O) {
        desk.now = self.now;
        self.brokers[broker.index()].arrive(channel, &event.apart(), desk);
        let mut i = 0;
        while let Some(seat) = desk.routes.get(i).copied() {
            i += 1;
            self.pass_on(*self.seats.get(seat), event, observer);
        }
        desk.routes.clear();
    }

    /// A copy of an event that has arrived is owed to an outlet and handed to a seat in one.
    #[inline(always)]
    pub(super) fn pass_on<O: Observer>(&mut self, seat: Seat, event: &Event, observer: &mut O) {
        let outlet = seat.outlet;
        let message = Message { event: Event { failures: 0, seat: seat.id, ..*event }, routed: self.now };
        self.books[outlet.index()].routed += 1;
        self.live += 1;
        if event.flags.has(Flags::TRACKED) {
            self.ledger.enter(event.id, Some(outlet));
        }
        self.note(&Observation::Routed { outlet, event: &message.event }, observer);
        if self.watches_routed {
            self.watch_routed(outlet, &event.apart(), observer);
        }
        self.hand_over_to(seat, &message, observer);
    }

    /// Nobody is owed the event.
    #[cold]
    #[inline(never)]
    pub(super) fn turn_away<O: Observer>(&mut self, channel: ChannelId, event: Event, observer: &mut O) {
        self.inbound.unroutable += 1;
        // Nobody was owed an ordinary event, but somebody was owed one that comes as a dead letter.
        self.lost += u64::from(event.flags.has(Flags::DEAD_LETTER));
        self.note(&Observation::Unroutable { channel, event: &event }, observer);
    }

    /// Sends a message from its broker to the consumer of its subscription.
    #[inline(always)]
    pub(super) fn hand_over<O: Observer>(&mut self, message: &Message, observer: &mut O) {
        self.hand_over_to(*self.seats.get(message.event.seat), message, observer);
    }

    #[inline(always)]
    fn hand_over_to<O: Observer>(&mut self, seat: Seat, message: &Message, observer: &mut O) {
        if !self.plain_links[seat.link.index()] {
            return self.hand_over_a_link(seat.link, &message.apart(), observer);
        }
        self.note(&Observation::Sent { link: seat.link, event: &message.event, arrives: self.now }, observer);
        self.reach(seat, message, observer);
    }

    /// The same over a link that takes time or may do worse.
    #[inline(never)]
    fn hand_over_a_link<O: Observer>(&mut self, id: LinkId, message: &Message, observer: &mut O) {
        let link = &mut self.links[id.index()];
        if let Some(why) = link.loses() {
            return self.lose_on_the_way_out(*message, why, observer);
        }
        if link.duplicates() {
            return self.hand_over_twins(*message, observer);
        }
        self.travel_out(id, message, observer);
    }

    #[inline(always)]
    pub(super) fn travel_out<O: Observer>(&mut self, id: LinkId, message: &Message, observer: &mut O) {
        if self.links[id.index()].instant {
            self.note(&Observation::Sent { link: id, event: &message.event, arrives: self.now }, observer);
            self.arrive_at_consumer(message, observer);
        } else {
            self.set_out(id, To::Reader, message, observer);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn lose_on_the_way_out<O: Observer>(&mut self, message: Message, why: Reason, observer: &mut O) {
        let Seat { outlet, link, told, .. } = *self.seats.get(message.event.seat);
        self.books[outlet.index()].dropped += 1;
        self.note(&Observation::LostOnLink { link, event: &message.event, outlet: Some(outlet), why }, observer);
        self.end(&message.event, outlet, End::Gone);
        if told {
            self.settled.push((message, Settled::Lost));
        }
    }

    /// The network makes two of one on the way to a consumer.
    #[cold]
    #[inline(never)]
    pub(super) fn hand_over_twins<O: Observer>(&mut self, mut message: Message, observer: &mut O) {
        let Seat { outlet, link, .. } = *self.seats.get(message.event.seat);
        if !message.event.flags.has(Flags::TRACKED) {
            message.event.flags = message.event.flags.with(Flags::TRACKED);
            self.ledger.enter(message.event.id, Some(outlet));
        }
        self.ledger.enter(message.event.id, Some(outlet));
        self.travel_out(link, &message, observer);
        message.event.flags = message.event.flags.with(Flags::DUPLICATE);
        self.books[outlet.index()].routed += 1;
        self.live += 1;
        self.note(&Observation::Routed { outlet, event: &message.event }, observer);
        self.travel_out(link, &message, observer);
    }
}
