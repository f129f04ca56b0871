//! How many instances a consumer should have, by what is measured.
//!
//! The rules are those of Kubernetes' horizontal pod autoscaler (tolerance of a tenth, stabilisation before anything is taken away)
//! and of KEDA for queues (lag by lag per instance).

use crate::scenario::handling::{Measure, Scale};
use crate::scenario::plan::ConsumerPlan;
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// A change within this share of the target is none.
const TOLERANCE: f64 = 0.1;

/// What scales one consumer.
#[derive(Clone, Debug)]
pub struct Scaler {
    /// What decides.
    pub by: Measure,
    least: u32,
    most: u32,
    /// How often it looks.
    pub every: Span,
    /// How long a new instance takes until it works.
    pub delay: Span,
    hold: Span,
    /// Instances that the plan says.
    planned: u32,
    /// Instances that work.
    pub instances: u32,
    /// Instances that work or are on their way.
    pub asked: u32,
    /// What was needed lately, oldest first and falling: what something as high or higher came after calls for nothing any more.
    needed: VecDeque<(Time, u32)>,
    /// Nanoseconds of handling begun since it last looked.
    work: u64,
}

impl Scaler {
    /// The scaler of a consumer of a checked plan, if it has one.
    pub fn new(plan: &ConsumerPlan) -> Option<Scaler> {
        let Some(Scale::Autoscale { by, least, most, every, delay, hold }) = &plan.handling.scale else { return None };
        Some(Scaler {
            by: by.clone(),
            least: *least,
            most: *most,
            every: *every,
            delay: *delay,
            hold: *hold,
            planned: plan.instances,
            instances: plan.instances,
            asked: plan.instances,
            needed: VecDeque::new(),
            work: 0,
        })
    }

    /// A person has set the number of instances: it goes on from there.
    pub fn adopt(&mut self, plan: &ConsumerPlan) {
        if plan.instances != self.planned {
            (self.planned, self.instances, self.asked) = (plan.instances, plan.instances, plan.instances);
        }
    }

    /// A worker has begun to handle something that takes so long.
    pub fn works(&mut self, service: Span) {
        self.work = self.work.saturating_add(service.0);
    }

    /// Looks at what there is to do: how many instances are asked for from now on.
    pub fn look(&mut self, now: Time, lag: u64, threads: u32) -> u32 {
        let work = std::mem::take(&mut self.work);
        let needed = match &self.by {
            Measure::Lag(each) => lag.div_ceil(*each),
            Measure::Utilisation(target) => {
                let room = f64::from(self.instances.max(1)) * f64::from(threads) * self.every.0 as f64;
                let ratio = work as f64 / room / target.0;
                let near = (ratio - 1.0).abs() <= TOLERANCE;
                if near { u64::from(self.instances) } else { libm::ceil(f64::from(self.instances) * ratio) as u64 }
            }
            Measure::Schedule(_) => u64::from(self.asked),
        };
        let needed = needed.clamp(u64::from(self.least), u64::from(self.most)) as u32;
        while self.needed.back().is_some_and(|(_, before)| *before <= needed) {
            self.needed.pop_back();
        }
        self.needed.push_back((now, needed));
        while self.needed.front().is_some_and(|(at, _)| now - *at > self.hold) {
            self.needed.pop_front();
        }
        // More at once, fewer only once nothing has called for more for a while.
        let highest = self.needed.front().map_or(needed, |(_, needed)| *needed);
        self.asked = if needed > self.asked { needed } else { self.asked.min(highest) };
        self.asked
    }

    /// So many are asked for from now on, whatever is measured.
    pub fn ask(&mut self, instances: u32) {
        self.asked = instances.clamp(self.least, self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaler(by: Measure) -> Scaler {
        let second = Span::from_millis(1000);
        let hold = Span::from_millis(3000);
        Scaler {
            by,
            least: 1,
            most: 10,
            every: second,
            delay: second,
            hold,
            planned: 2,
            instances: 2,
            asked: 2,
            needed: VecDeque::new(),
            work: 0,
        }
    }

    fn at(seconds: u64) -> Time {
        Time(seconds * 1_000_000_000)
    }

    #[test]
    fn lag_asks_for_more_at_once_and_for_fewer_after_a_while() {
        let mut scaler = scaler(Measure::Lag(100));
        assert_eq!(scaler.look(at(1), 401, 1), 5);
        assert_eq!(scaler.look(at(2), 0, 1), 5);
        assert_eq!(scaler.look(at(4), 150, 1), 5, "the first look is three seconds old");
        assert_eq!(scaler.look(at(5), 0, 1), 2);
        assert_eq!(scaler.look(at(9), 0, 1), 1);
        assert_eq!(scaler.look(at(10), u64::MAX, 1), 10);
    }

    #[test]
    fn utilisation_is_kept_near_its_target() {
        let mut scaler = scaler(Measure::Utilisation(crate::scenario::units::Percent(0.5)));
        let look = |scaler: &mut Scaler, busy: f64, moment: u64| {
            scaler.works(Span((busy * 2e9) as u64));
            scaler.look(at(moment), 0, 1)
        };
        assert_eq!(look(&mut scaler, 0.54, 1), 2, "within a tenth of the target");
        assert_eq!(look(&mut scaler, 0.56, 2), 3);
        assert_eq!(look(&mut scaler, 1.0, 3), 4);
    }
}
