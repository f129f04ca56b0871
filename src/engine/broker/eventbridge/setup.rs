//! What does not change while a run goes on: rules, patterns, targets, and which rules the events of each emitter reach.

use super::archive::Keep;
use super::delivery::RetryPolicy;
use super::envelope::{common, owner, scheduled_emitters, source};
use super::put_events::{Entry, check_call};
use super::table::{Asked, Given, Table};
use crate::engine::event::{Event, Flags, Message, attribute_salt};
use crate::engine::seats::Seats;
use crate::ids::{BrokerId, ChannelId, EmitterId, EventId, LinkId, OutletId, SeatId, TypeId};
use crate::language::matcher::Matcher;
use crate::language::pattern::Pattern;
use crate::language::template::Shape;
use crate::scenario::Plan;
use crate::scenario::broker::eventbridge::{Delivery, Input};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::plan::Origin;

/// The unchanging part of a broker.
#[derive(Debug)]
pub(super) struct Setup {
    pub parts: EventBridge,
    pub first_channel: usize,
    pub buses: Vec<BusSetup>,
    /// By position in the file.
    pub rules: Vec<RuleSetup>,
    pub targets: Vec<TargetSetup>,
    /// The outlets of the dead-letter queues.
    pub queues: Vec<OutletId>,
    /// By bus, then by emitter: decisions made in advance.
    tables: Vec<Option<Table>>,
    emitters: usize,
    /// By emitter: the rule whose schedule it is.
    scheduled: Vec<Option<u32>>,
    /// By event type: bytes that count against the size of a call.
    sizes: Vec<u64>,
}

/// A bus.
#[derive(Debug)]
pub(super) struct BusSetup {
    /// Of its enabled rules, and of its archive where that has a pattern.
    pub matcher: Matcher,
    /// By position in the matcher.
    pub wants: Vec<Want>,
    /// What its archive keeps, if it has one.
    pub keep: Option<Keep>,
    /// Whether its archive takes everything.
    pub keeps_all: bool,
}

/// Who wants what matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Rule(u32),
    Archive,
}

/// A rule.
#[derive(Debug)]
pub(super) struct RuleSetup {
    pub targets: Vec<u32>,
}

/// One target of one rule.
#[derive(Debug)]
pub(super) struct TargetSetup {
    pub rule: u32,
    pub outlet: OutletId,
    pub to: To,
    /// What reads as this target: a group, or the bus that the rule forwards to.
    pub name: String,
    pub policy: RetryPolicy,
    /// Its dead-letter queue, by position.
    pub dead_letter: Option<usize>,
    /// The events of which its input makes no JSON: they are never delivered.
    pub undeliverable: Vec<Shape>,
}

/// What a target is.
#[derive(Clone, Debug)]
pub(super) enum To {
    /// The consumers that read from the rule as one group: any of them that is there.
    Seats(Vec<SeatId>),
    /// Another bus of this broker.
    Bus(ChannelId),
    /// A bus of another broker, and the way there.
    Far(LinkId, ChannelId),
}

fn pattern(text: &str) -> Option<Pattern> {
    // The checks have read it before; what cannot be read matches nothing.
    Pattern::read(text).ok()
}

impl Setup {
    pub fn new(plan: &Plan, id: BrokerId, seats: &Seats, seed: u64) -> Setup {
        let parts = match &plan.brokers[id.index()].kind {
            BrokerKind::EventBridge(parts) => parts.clone(),
            _ => EventBridge::default(),
        };
        let broker = &plan.brokers[id.index()];
        let first_channel = broker.channels.start;
        let names = parts.dead_letter_queues();
        // By rule, and behind the rules by dead-letter queue: its outlets.
        let mut own: Vec<Vec<OutletId>> = vec![Vec::new(); parts.rules.len() + names.len()];
        for outlet in &broker.outlets {
            let part = plan.outlets[outlet.index()].part.and_then(|part| own.get_mut(part as usize));
            part.into_iter().for_each(|part| part.push(*outlet));
        }
        let target = |rule: usize, outlet: OutletId, to: To, name: &str, delivery: Delivery<'_>| TargetSetup {
            rule: rule as u32,
            outlet,
            to,
            name: name.to_owned(),
            policy: delivery.retry,
            dead_letter: delivery.dead_letter.and_then(|queue| names.iter().position(|name| *name == queue)),
            undeliverable: delivery.input.map_or_else(Vec::new, Input::undeliverable),
        };
        let (mut rules, mut targets) = (Vec::new(), Vec::new());
        for (i, rule) in parts.rules.iter().enumerate() {
            let first = targets.len() as u32;
            for outlet in own[i].iter().copied() {
                let readers = seats.at(plan, outlet);
                if let Some(reader) = plan.outlets[outlet.index()].readers.first() {
                    let group = &plan.reads[reader.index()].group;
                    targets.push(target(i, outlet, To::Seats(readers), group, rule.to_reader(group)));
                }
            }
            if let (Some(name), Some(outlet)) = (&rule.forward, own[i].first().copied()) {
                let bus = parts.buses.iter().position(|bus| bus.name == *name);
                let near = bus.map(|bus| To::Bus(ChannelId::at(first_channel + bus)));
                targets.extend(near.or_else(|| far(plan, id, name)).map(|to| target(i, outlet, to, name, rule.to_bus())));
            }
            rules.push(RuleSetup { targets: (first..targets.len() as u32).collect() });
        }
        let queues = own[parts.rules.len()..].iter().filter_map(|own| own.first().copied()).collect();
        let buses: Vec<BusSetup> = (0..parts.buses.len()).map(|bus| BusSetup::new(&parts, bus)).collect();
        let sizes = plan.types.iter().map(|kind| entry_size(&parts, &kind.name, kind.size.0)).collect();
        let mut scheduled = vec![None; plan.emitters.len()];
        for (emitter, rule, _) in scheduled_emitters(plan, plan.brokers[id.index()].node, &parts) {
            scheduled[emitter.index()] = Some(rule as u32);
        }
        let (emitters, tables) = (plan.emitters.len(), Vec::new());
        let mut setup = Setup { parts, first_channel, buses, rules, targets, queues, tables, emitters, scheduled, sizes };
        for bus in 0..setup.buses.len() {
            let patterns = setup.patterns(&setup.buses[bus]);
            let asked = Asked::of(&patterns);
            let tables: Vec<_> = (0..emitters).map(|emitter| setup.table(plan, seed, bus, EmitterId::at(emitter), &asked)).collect();
            setup.tables.extend(tables);
        }
        setup
    }

    /// Decides for the events of an emitter on a bus that they reach straight.
    fn table(&self, plan: &Plan, seed: u64, bus: usize, emitter: EmitterId, asked: &Asked<'_>) -> Option<Table> {
        let emits = &plan.emitters[emitter.index()];
        if emits.channel.index() != self.first_channel + bus || matches!(emits.origin, Origin::Trace(_)) {
            return None;
        }
        let kind = &plan.types[emits.event?.index()];
        let event = Event { id: EventId::new(emitter, 0), ..Message::NONE.event };
        let constant = crate::language::facts::Facts::new(common(&self.parts, source(plan, &self.parts, &event), &kind.name));
        let given: Vec<Given<'_>> = kind
            .attributes
            .iter()
            .map(|(name, attribute)| Given { name, attribute, salt: attribute_salt(plan, seed, emitter, name) })
            .collect();
        Table::build(&self.buses[bus].matcher, asked, &constant, &given)
    }

    fn patterns(&self, bus: &BusSetup) -> Vec<Pattern> {
        let text = |want: &Want| match want {
            Want::Rule(rule) => pattern(&self.parts.rules[*rule as usize].pattern),
            Want::Archive => bus.keep.as_ref().and_then(|keep| keep.pattern.clone()),
        };
        bus.wants.iter().filter_map(text).collect()
    }

    /// The decisions for a fresh event on a bus, if they were made in advance.
    #[inline]
    pub fn decided(&self, bus: usize, event: &Event) -> Option<&[u32]> {
        let table = self.tables.get(bus * self.emitters + event.id.emitter().index())?.as_ref()?;
        Some(table.find(event.id.serial()))
    }

    /// The rule that an event comes from, if it comes on a schedule.
    #[inline]
    pub fn schedule_of(&self, event: &Event) -> Option<u32> {
        self.scheduled[event.id.emitter().index()].filter(|_| !event.flags.has(Flags::FORWARDED))
    }

    /// The ARN of a bus of another broker.
    pub fn far_arn(&self, plan: &Plan, channel: ChannelId) -> String {
        let name = &plan.channels[channel.index()].name;
        owner(plan, &self.parts, channel).bus_arn(name.split_once('/').map_or(name.as_str(), |(_, bus)| bus))
    }

    /// Whether a bus of another broker is in another region.
    pub fn is_abroad(&self, plan: &Plan, channel: ChannelId) -> bool {
        owner(plan, &self.parts, channel).region != self.parts.region
    }

    /// Bytes of an event that count against the size of a call.
    pub fn bytes(&self, event: &Event) -> u64 {
        self.sizes[TypeId::from(event.kind).index()]
    }

    pub fn oversized(&self, event: &Event) -> bool {
        check_call(1, self.bytes(event)).is_err()
    }
}

impl BusSetup {
    fn new(parts: &EventBridge, bus: usize) -> BusSetup {
        let keep = parts.buses[bus]
            .archive
            .as_ref()
            .map(|archive| Keep { pattern: archive.pattern.as_deref().and_then(pattern), retention: archive.retention });
        let own = parts.rules.iter().enumerate().filter(|(_, rule)| rule.enabled && parts.bus_of(rule) == Some(bus));
        let own = own.filter(|(_, rule)| !rule.pattern.is_empty());
        let mut wants: Vec<(Want, Option<Pattern>)> = own.map(|(i, rule)| (Want::Rule(i as u32), pattern(&rule.pattern))).collect();
        let keeps_all = keep.as_ref().is_some_and(|keep| keep.pattern.is_none());
        if let Some(pattern) = keep.as_ref().and_then(|keep| keep.pattern.clone()) {
            wants.push((Want::Archive, Some(pattern)));
        }
        let matcher = Matcher::of(wants.iter().map(|(_, pattern)| pattern.as_ref()));
        BusSetup { matcher, wants: wants.into_iter().map(|(want, _)| want).collect(), keep, keeps_all }
    }
}

/// A bus of another broker, written as `broker/bus`.
fn far(plan: &Plan, here: BrokerId, to: &str) -> Option<To> {
    let channel = plan.channels.iter().position(|channel| channel.name == to)?;
    let ends = (plan.brokers[here.index()].node, plan.brokers[plan.channels[channel].broker.index()].node);
    let link = plan.links.iter().position(|link| (link.from, link.to) == ends)?;
    Some(To::Far(LinkId::at(link), ChannelId::at(channel)))
}

/// The size of an entry with an event of a type. The event's bytes count as those of its detail.
fn entry_size(parts: &EventBridge, detail_type: &str, bytes: u64) -> u64 {
    let longest = parts.sources.iter().map(|(_, source)| source.as_str()).max_by_key(|source| source.len());
    let entry = Entry { source: longest, detail_type: Some(detail_type), ..Entry::default() };
    entry.size() + bytes
}
