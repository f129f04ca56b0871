//! Which events set out on which links since the last frame: what the window draws as particles.

use super::frame::{Course, Flight, Frame, Manner};
use crate::engine::event::{Event, Flags};
use crate::engine::fate::Reason;
use crate::engine::{Observation, Observer};
use crate::ids::{EventId, OutletId};
use crate::time::Time;

/// Collects flights, thinned evenly where there are more than a frame takes.
#[derive(Debug, Default)]
pub struct Flights {
    kept: Vec<Flight>,
    seen: u64,
    /// Every how many-th is kept; doubles whenever the list is full.
    stride: u64,
    /// A rule has just sent this event on to another bus: over a link or not, what is observed next of it will tell.
    forwarded: Option<(EventId, OutletId)>,
    /// While the run is on its way to this time: only what is still on its way then counts.
    pub until: Option<Time>,
}

impl Flights {
    /// What was collected, and how many set out in all; starts anew.
    pub fn take(&mut self) -> (Vec<Flight>, u64) {
        let seen = std::mem::take(&mut self.seen);
        self.stride = 1;
        (std::mem::take(&mut self.kept), seen)
    }

    /// The way from bus to bus, if the event has just set out on one.
    #[inline(always)]
    fn course(&mut self, event: &Event) -> Option<Course> {
        let (_, outlet) = self.forwarded.take_if(|(id, _)| *id == event.id)?;
        Some(Course::Forward(outlet))
    }

    #[inline(always)]
    fn add(&mut self, course: Course, event: &Event, sent: Time, arrives: Time, lost: bool) {
        if self.until.is_some_and(|until| arrives <= until) {
            return;
        }
        self.seen += 1;
        if self.stride > 1 && !self.seen.is_multiple_of(self.stride) {
            return;
        }
        self.keep(course, event, sent, arrives, lost);
    }

    fn keep(&mut self, course: Course, event: &Event, sent: Time, arrives: Time, lost: bool) {
        if self.kept.len() >= Frame::FLIGHTS {
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride = self.stride.max(1) * 2;
        }
        let manner = match event.flags {
            _ if lost => Manner::Lost,
            flags if flags.has(Flags::DEAD_LETTER) => Manner::DeadLetter,
            flags if flags.has(Flags::DUPLICATE) => Manner::Duplicate,
            flags if flags.has(Flags::REPLAYED) => Manner::Replay,
            flags if flags.has(Flags::REDELIVERED) => Manner::Redelivery,
            _ => Manner::Plain,
        };
        self.kept.push(Flight { course, event: event.id, kind: event.kind.into(), sent, arrives, manner });
    }
}

impl Observer for Flights {
    #[inline(always)]
    fn observe(&mut self, now: Time, what: &Observation<'_>) {
        match what {
            Observation::Sent { link, event, arrives } => {
                let course = self.course(event).unwrap_or(Course::Link(*link));
                self.add(course, event, now, *arrives, false);
            }
            Observation::LostOnLink { link, event, .. } => {
                let course = self.course(event).unwrap_or(Course::Link(*link));
                self.add(course, event, now, now, true);
            }
            Observation::Ended { outlet, event, why: Reason::Forwarded, .. } => self.forwarded = Some((event.id, *outlet)),
            Observation::Accepted { event, .. } => {
                if let Some(course) = self.course(event) {
                    self.add(course, event, now, now, false);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Simulation;
    use crate::scenario::{NoFiles, load};
    use crate::time::SECOND;
    use std::sync::Arc;

    /// Order of the outlets: `near` within the broker, `far` to another one over a link of 5 ms.
    const SCENARIO: &str = r###"Scenario(format: 1, duration: "10s", network: Network(latency: Constant("5ms")), events: [Event(name: "A")], nodes: [
        Producer(id: "shop", emits: [Emit(event: "A", to: "here/one", arrivals: Once(at: "1s", count: 3))]),
        Broker(id: "here", kind: EventBridge(buses: [Bus(name: "one"), Bus(name: "two")], duplicates: "0%", rules: [
            Rule(name: "near", bus: "one", pattern: r#"{"source": ["shop"]}"#, forward: "two"),
            Rule(name: "far", bus: "one", pattern: r#"{"source": ["shop"]}"#, forward: "there/three"),
        ])),
        Broker(id: "there", kind: EventBridge(buses: [Bus(name: "three")], rules: [])),
    ])"###;

    #[test]
    fn what_goes_from_bus_to_bus_flies_on_the_way_of_its_rule() {
        let plan = Arc::new(load(SCENARIO, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).plan);
        let mut simulation = Simulation::new(Arc::clone(&plan), 1);
        let mut flights = Flights::default();
        simulation.advance(Time(9 * SECOND), u64::MAX, &mut flights);
        let (kept, seen) = flights.take();
        assert_eq!(seen, 9, "three to the broker, three on each way");
        let of = |name: &str| {
            let outlet = OutletId::at(plan.outlets.iter().position(|outlet| outlet.name == name).unwrap());
            kept.iter()
                .filter(|flight| flight.course == Course::Forward(outlet))
                .map(|flight| flight.arrives - flight.sent)
                .collect::<Vec<_>>()
        };
        assert_eq!(of("here/near"), [crate::time::Span::ZERO; 3]);
        assert_eq!(of("here/far"), [crate::time::Span::from_millis(5); 3]);
    }
}
