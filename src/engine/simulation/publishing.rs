//! Publishing: a workload's arrival or a handled event becomes a new event on its way.

use super::Simulation;
use super::errands::Errand;
use crate::engine::agenda::Due;
use crate::engine::broker::{Desk, Rules};
use crate::engine::event::{Event, Flags, Message};
use crate::engine::fate::Reason;
use crate::engine::link::To;
use crate::engine::observe::{Observation, Observer};
use crate::ids::{BrokerId, ChannelId, EmitterId, LinkId};
use crate::time::Time;

/// So many further events of a surge are on the agenda at once, for one arrival.
const MOST_EXTRA: u64 = 10_000;

impl Simulation {
    /// A workload's arrival: publish, and put the next one on the agenda.
    #[inline(always)]
    pub(super) fn emit<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        let emitter = &mut self.emitters[id.index()];
        if !emitter.usual {
            return self.emit_with_care(id, desk, observer);
        }
        let next = emitter.next(now);
        let event = emitter.make(id, now, None);
        let (channel, link) = (emitter.channel, emitter.link);
        if let Some(at) = next {
            self.agenda.schedule(at, Due::Arrival, id.0);
        }
        self.tell_published(id, &event, None, observer);
        self.send_in_line(link, channel, event, desk, observer);
    }

    #[inline(never)]
    fn emit_with_care<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        let emitter = &mut self.emitters[id.index()];
        if emitter.cancels(self.now) {
            return;
        }
        let next = emitter.next(self.now);
        if let Some(at) = next {
            self.agenda.schedule(at, Due::Arrival, id.0);
        }
        if self.emitters[id.index()].disturbed {
            return self.emit_disturbed(id, next, desk, observer);
        }
        self.workload_begins(id, desk, observer);
    }

    /// The same where something is wrong with the emitter: it may emit nothing, or more.
    #[cold]
    #[inline(never)]
    fn emit_disturbed<O: Observer>(&mut self, id: EmitterId, next: Option<Time>, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        let emitter = &mut self.emitters[id.index()];
        if emitter.is_mute() {
            emitter.skip(id, now);
            if let Some(pause) = emitter.think() {
                self.agenda.schedule(now + pause, Due::Arrival, id.0);
            }
            return;
        }
        // Further arrivals lie anywhere up to the next one, which is where those of a denser process would.
        let times = emitter.surges(next.unwrap_or(now));
        self.surge(id, times.saturating_sub(1));
        if times > 0 {
            self.workload_begins(id, desk, observer);
        } else {
            self.emitters[id.index()].skip(id, now);
        }
    }

    /// An emitter in a surge emits so many times more before its next arrival. Where these are many only the first part of the time is
    /// filled now, and the rest when that is over: little is on the agenda at once, and the limits of the run have their say.
    #[cold]
    pub(super) fn surge(&mut self, id: EmitterId, times: u64) {
        let now = self.now;
        let part = times.min(MOST_EXTRA);
        let (extra, over) = self.emitters[id.index()].spread(now, part, times);
        if part < times && !extra.is_empty() {
            self.errand(over, Errand::Surge(id, times - part));
        }
        extra.into_iter().for_each(|at| self.errand(at, Errand::Extra(id)));
    }

    /// An emitter in a surge emits once more.
    #[cold]
    #[inline(never)]
    pub(super) fn emit_extra<O: Observer>(&mut self, id: EmitterId, desk: &mut Desk, observer: &mut O) {
        if !self.emitters[id.index()].is_mute() {
            self.workload_begins(id, desk, observer);
        }
    }

    #[inline(always)]
    pub(super) fn publish<O: Observer>(&mut self, id: EmitterId, cause: Option<&Event>, desk: &mut Desk, observer: &mut O) {
        let now = self.now;
        let emitter = &mut self.emitters[id.index()];
        let event = emitter.make(id, now, cause);
        let (channel, link, plain) = (emitter.channel, emitter.link, emitter.plain);
        self.tell_published(id, &event, cause, observer);
        if plain {
            self.send_to_broker(link, channel, event, desk, observer);
        } else {
            self.watch(id, &event, observer);
            self.set_off(id, event, desk, observer);
        }
    }

    /// Publishes what comes of a workload's arrival.
    #[inline(never)]
    pub(super) fn publish_arrived<O: Observer>(&mut self, id: EmitterId, serial: Option<u64>, desk: &mut Desk, observer: &mut O) {
        let event = self.emitters[id.index()].make_arrived(id, self.now, serial);
        self.bear(id, &event, None, observer);
        self.set_off(id, event, desk, observer);
    }

    #[inline(always)]
    fn tell_published<O: Observer>(&mut self, id: EmitterId, event: &Event, cause: Option<&Event>, observer: &mut O) {
        if event.flags.has(Flags::TRACKED) {
            self.ledger.enter(event.id, None);
        }
        self.note(&Observation::Published { emitter: id, event, cause: cause.map(|event| event.id) }, observer);
    }

    /// An event has been made that does not set out yet.
    pub(super) fn bear<O: Observer>(&mut self, id: EmitterId, event: &Event, cause: Option<&Event>, observer: &mut O) {
        self.tell_published(id, event, cause, observer);
        self.watch(id, event, observer);
    }

    /// An event sets out in the way of its publisher. (The ledger knows it already, if it is tracked.)
    #[inline(never)]
    pub(super) fn set_off<O: Observer>(&mut self, id: EmitterId, event: Event, desk: &mut Desk, observer: &mut O) {
        if self.publishers[id.index()].is_some() {
            return self.publish_confirmed(id, event, desk, observer);
        }
        let emitter = &self.emitters[id.index()];
        let (channel, link) = (emitter.channel, emitter.link);
        self.send_to_broker(link, channel, event, desk, observer);
    }

    /// An event sets out for its broker.
    #[inline(never)]
    pub(super) fn send_to_broker<O: Observer>(
        &mut self,
        link: LinkId,
        channel: ChannelId,
        event: Event,
        desk: &mut Desk,
        observer: &mut O,
    ) {
        self.send_in_line(link, channel, event, desk, observer);
    }

    #[inline(always)]
    fn send_in_line<O: Observer>(&mut self, link: LinkId, channel: ChannelId, event: Event, desk: &mut Desk, observer: &mut O) {
        self.inbound.sent += 1;
        let door = self.doors[channel.index()];
        if door.kept && self.client_keeps(door.broker, link, channel, &event.apart(), desk, observer) {
            return;
        }
        if !self.plain_links[link.index()] {
            if self.links[link.index()].is_risky() {
                return self.send_at_risk(link, channel, event.apart(), desk, observer);
            }
            self.live += 1;
            return self.set_out(link, To::Channel(channel), &Message { event, routed: self.now }, observer);
        }
        self.note(&Observation::Sent { link, event: &event, arrives: self.now }, observer);
        self.arrive_at_broker(door, channel, &event, desk, observer);
    }

    /// The same over a link on which it may be lost or doubled.
    #[inline(never)]
    fn send_at_risk<O: Observer>(&mut self, link: LinkId, channel: ChannelId, event: Event, desk: &mut Desk, observer: &mut O) {
        if let Some(why) = self.links[link.index()].loses() {
            return self.lose_on_the_way(link, event, why, observer);
        }
        self.live += 1;
        if self.links[link.index()].duplicates() {
            return self.send_twins(link, channel, event, desk, observer);
        }
        self.travel_in(link, channel, &Message { event, routed: self.now }, desk, observer);
    }

    /// Publishers of this broker go through a client of its own kind. True if that keeps the event.
    #[inline(never)]
    fn client_keeps<O: Observer>(
        &mut self,
        broker: BrokerId,
        link: LinkId,
        channel: ChannelId,
        event: &Event,
        desk: &mut Desk,
        observer: &mut O,
    ) -> bool {
        desk.now = self.now;
        let kept = self.brokers[broker.index()].publish(link, channel, event, desk);
        self.live += u64::from(kept);
        self.decide(broker, desk, observer);
        kept
    }

    #[cold]
    #[inline(never)]
    pub(super) fn lose_on_the_way<O: Observer>(&mut self, link: LinkId, event: Event, why: Reason, observer: &mut O) {
        self.inbound.lost += 1;
        self.note(&Observation::LostOnLink { link, event: &event, outlet: None, why }, observer);
        if event.flags.has(Flags::TRACKED) {
            let verdict = self.ledger.arrived(event.id, true);
            self.conclude(event.id, verdict);
        } else {
            self.lost += 1;
        }
    }

    /// The network makes two of one on the way to a broker.
    #[cold]
    #[inline(never)]
    pub(super) fn send_twins<O: Observer>(
        &mut self,
        link: LinkId,
        channel: ChannelId,
        mut event: Event,
        desk: &mut Desk,
        observer: &mut O,
    ) {
        if !event.flags.has(Flags::TRACKED) {
            event.flags = event.flags.with(Flags::TRACKED);
            self.ledger.enter(event.id, None);
        }
        self.ledger.enter(event.id, None);
        let twin = Event { flags: event.flags.with(Flags::DUPLICATE), ..event };
        self.travel_in(link, channel, &Message { event, routed: self.now }, desk, observer);
        self.inbound.sent += 1;
        self.live += 1;
        self.travel_in(link, channel, &Message { event: twin, routed: self.now }, desk, observer);
    }
}
