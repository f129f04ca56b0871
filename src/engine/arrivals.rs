//! When an emitter emits next.
//!
//! Processes whose rate changes are sampled exactly, by using up an exponential amount of "expected events" along the
//! rate curve, not by stepping through time.

use super::sample::Sampler;
use super::ziggurat::exponential;
use crate::random::Stream;
use crate::scenario::plan::Trace;
use crate::scenario::schedule::Schedule;
use crate::scenario::shapes::Arrivals;
use crate::time::{SECOND, Span, Time};
use std::sync::Arc;

/// An arrival process with its state.
#[derive(Clone, Debug)]
pub struct Process {
    kind: Kind,
    random: Stream,
}

#[derive(Clone, Debug)]
enum Kind {
    Every(Span),
    Poisson { gap: f64 },
    Bursts { on: f64, off: f64, gap: f64 },
    Ramp { from: f64, to: f64, over: f64 },
    Steps(Box<[(f64, f64)]>),
    Daily { mean: f64, swing: f64, period: f64 },
    Mmpp { states: Box<[(f64, f64)]>, state: usize, until: f64, end: f64 },
    ClosedLoop { users: u32, think: Sampler },
    Once { at: Time, left: u64 },
    Schedule(Schedule),
    Trace { trace: Arc<Trace>, next: usize },
}

/// Nanoseconds between events at a rate per second.
fn gap(rate: f64) -> f64 {
    SECOND as f64 / rate
}

impl Process {
    /// A workload of a checked plan whose run ends at `end`; `Trace` files arrive through [`Process::recorded`].
    pub fn new(arrivals: &Arrivals, random: Stream, end: Time) -> Process {
        let ns = |span: &Span| span.0 as f64;
        let kind = match arrivals {
            Arrivals::Every(span) => Kind::Every(*span),
            Arrivals::Poisson(rate) => Kind::Poisson { gap: gap(rate.0) },
            Arrivals::Bursts { on, off, rate } => Kind::Bursts { on: ns(on), off: ns(off), gap: gap(rate.0) },
            Arrivals::Ramp { from, to, over } => Kind::Ramp { from: 1.0 / gap(from.0), to: 1.0 / gap(to.0), over: ns(over) },
            Arrivals::Steps(steps) => Kind::Steps(steps.iter().map(|(at, rate)| (ns(at), gap(rate.0))).collect()),
            Arrivals::Daily { mean, swing, period } => Kind::Daily { mean: mean.0, swing: swing.0, period: ns(period) },
            Arrivals::Mmpp(states) => {
                let states = states.iter().map(|(rate, stay)| (gap(rate.0), ns(stay))).collect();
                Kind::Mmpp { states, state: usize::MAX, until: 0.0, end: end.0 as f64 }
            }
            Arrivals::ClosedLoop { users, think } => Kind::ClosedLoop { users: *users, think: Sampler::new(think) },
            Arrivals::Once { at, count } => Kind::Once { at: Time::ZERO + *at, left: *count },
            Arrivals::Schedule(schedule) => Kind::Schedule(schedule.clone()),
            Arrivals::Trace(_) => Kind::Once { at: Time::ZERO, left: 0 },
        };
        Process { kind, random }
    }

    /// Recorded arrivals.
    pub fn recorded(trace: Arc<Trace>, random: Stream) -> Process {
        Process { kind: Kind::Trace { trace, next: 0 }, random }
    }

    /// From `now` on the arrivals of a run that ends at `end` are these, with the same luck. The first of them; `None` if what arrives
    /// cannot be exchanged on the way (users who think, and lists of arrivals).
    pub fn exchange(&mut self, arrivals: &Arrivals, now: Time, end: Time) -> Option<Option<Time>> {
        let fresh = Process::new(arrivals, self.random.clone(), end);
        let listed = |kind: &Kind| matches!(kind, Kind::Once { .. } | Kind::Trace { .. });
        match (&self.kind, &fresh.kind) {
            (Kind::ClosedLoop { .. }, Kind::ClosedLoop { .. }) => {
                *self = fresh;
                None
            }
            (Kind::ClosedLoop { .. }, _) | (_, Kind::ClosedLoop { .. }) => None,
            (old, new) if listed(old) || listed(new) => None,
            _ => {
                *self = fresh;
                Some(self.next(now))
            }
        }
    }

    /// The first arrivals: one for most processes, one per user for a closed loop.
    pub fn first(&mut self) -> Vec<Time> {
        match &self.kind {
            Kind::ClosedLoop { users, .. } => {
                let users = *users;
                (0..users).map(|_| Time::ZERO + self.think()).collect()
            }
            _ => self.next(Time::ZERO).into_iter().collect(),
        }
    }

    /// Whether the next arrival waits for the fate of an earlier event.
    pub fn is_closed_loop(&self) -> bool {
        matches!(self.kind, Kind::ClosedLoop { .. })
    }

    /// How long a user of a closed loop thinks; zero for other processes.
    pub fn think(&mut self) -> Span {
        match &self.kind {
            Kind::ClosedLoop { think, .. } => think.draw(&mut self.random),
            _ => Span::ZERO,
        }
    }

    /// The arrival after the one at `now`, if there is another. A closed loop has none of its own accord.
    #[inline(always)]
    pub fn next(&mut self, now: Time) -> Option<Time> {
        match &mut self.kind {
            Kind::Poisson { gap } => Some(now + Span((exponential(&mut self.random) * *gap) as i64 as u64)),
            Kind::Every(span) => Some(now + *span),
            _ => self.next_other(now),
        }
        .filter(|at| *at < Time::NEVER)
    }

    #[inline(never)]
    fn next_other(&mut self, now: Time) -> Option<Time> {
        let random = &mut self.random;
        let now_ns = now.0 as f64;
        let at = match &mut self.kind {
            Kind::Every(_) | Kind::Poisson { .. } | Kind::ClosedLoop { .. } => return None,
            Kind::Once { at, left } => {
                *left = left.checked_sub(1)?;
                return Some(*at);
            }
            Kind::Schedule(schedule) => return schedule.next(now),
            Kind::Trace { trace, next } => {
                let row = trace.rows.get(*next)?;
                *next += 1;
                return Some(row.at);
            }
            Kind::Bursts { on, off, gap } => bursts(now_ns, exponential(random) * *gap, *on, *off),
            Kind::Ramp { from, to, over } => ramp(now_ns, exponential(random), *from, *to, *over),
            Kind::Steps(steps) => in_steps(now_ns, exponential(random), steps),
            Kind::Daily { mean, swing, period } => {
                // Thinning (Lewis and Shedler 1979): draw at the highest rate, keep each with its share of it.
                let highest = *mean * (1.0 + *swing);
                let mut at = now_ns;
                loop {
                    at += exponential(random) * gap(highest);
                    let rate = *mean * (1.0 + *swing * libm::sin(std::f64::consts::TAU * (at / *period).fract()));
                    if at >= u64::MAX as f64 || random.unit() * highest < rate {
                        break at;
                    }
                }
            }
            Kind::Mmpp { states, state, until, end } => {
                let mut at = now_ns;
                loop {
                    if *state == usize::MAX {
                        *state = 0;
                        *until = exponential(random) * states[0].1;
                    }
                    let (gap, _) = states[*state];
                    let next = at + exponential(random) * gap;
                    if next < *until {
                        break next;
                    }
                    // No arrival before the state changes; the exponential has no memory, so draw again from there. (A state may
                    // have no arrivals at all: only the end of the run ends the search.)
                    at = *until;
                    if at > *end {
                        break f64::INFINITY;
                    }
                    let others = states.len() as u64 - 1;
                    if others > 0 {
                        *state = (*state + 1 + random.below(others) as usize) % states.len();
                    }
                    *until = at + exponential(random) * states[*state].1;
                }
            }
        };
        Some(Time(at as u64).max(now))
    }
}

/// After `work` nanoseconds of burst time from `now`.
fn bursts(now: f64, work: f64, on: f64, off: f64) -> f64 {
    let cycle = on + off;
    let (cycles, within) = ((now / cycle).floor(), now % cycle);
    // Burst time used up since the start, then as much again as is asked for; a moment in the silence counts as the burst's end.
    let spent = cycles * on + within.min(on) + work;
    if !spent.is_finite() {
        return f64::INFINITY;
    }
    let full = (spent / on).floor();
    full * cycle + (spent - full * on)
}

/// Where the area under the rate, from `now` on, reaches `work` events. Rates per nanosecond.
fn ramp(now: f64, work: f64, from: f64, to: f64, over: f64) -> f64 {
    if now >= over {
        return now + work / to;
    }
    let slope = (to - from) / over;
    let rate = from + slope * now;
    let rest = (rate + to) / 2.0 * (over - now);
    if work >= rest {
        return over + (work - rest) / to;
    }
    // rate d + slope d^2 / 2 = work, in the form that is stable for small slopes.
    now + 2.0 * work / (rate + (rate * rate + 2.0 * slope * work).max(0.0).sqrt())
}

/// The same for a rate in steps of (start, gap between events).
fn in_steps(now: f64, work: f64, steps: &[(f64, f64)]) -> f64 {
    let (mut at, mut work) = (now, work);
    let current = steps.partition_point(|(start, _)| *start <= now);
    if current == 0 {
        at = steps.first().map_or(f64::INFINITY, |(start, _)| *start);
    }
    for (i, (_, gap)) in steps.iter().enumerate().skip(current.saturating_sub(1)) {
        let end = steps.get(i + 1).map_or(f64::INFINITY, |(start, _)| *start);
        let needed = work * gap;
        if at + needed < end {
            return at + needed;
        }
        work -= (end - at) / gap;
        at = end;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::units::{Percent, Rate};

    fn s(seconds: f64) -> Span {
        Span::from_seconds(seconds)
    }

    /// Arrival times in seconds up to `until`.
    fn arrivals(what: &Arrivals, until: f64) -> Vec<f64> {
        let mut process = Process::new(what, Stream::named(21, "arrivals"), Time::ZERO + s(until));
        let mut times = Vec::new();
        let mut next = process.first().first().copied();
        while let Some(at) = next.filter(|at| at.seconds() < until) {
            times.push(at.seconds());
            next = process.next(at);
        }
        assert!(times.is_sorted());
        times
    }

    fn count(times: &[f64], from: f64, to: f64) -> f64 {
        times.iter().filter(|t| (from..to).contains(*t)).count() as f64
    }

    /// Within five standard deviations of a Poisson count.
    fn near(got: f64, want: f64) {
        assert!((got - want).abs() <= 5.0 * want.sqrt(), "{got} against {want}");
    }

    #[test]
    fn every_is_regular_and_once_is_once() {
        assert_eq!(arrivals(&Arrivals::Every(s(0.25)), 1.1), [0.25, 0.5, 0.75, 1.0]);
        assert_eq!(arrivals(&Arrivals::Once { at: s(2.0), count: 3 }, 9.0), [2.0, 2.0, 2.0]);
    }

    #[test]
    fn poisson_counts_are_right_in_mean_and_variance() {
        let times = arrivals(&Arrivals::Poisson(Rate(100.0)), 1000.0);
        near(times.len() as f64, 100_000.0);
        let per_second: Vec<f64> = (0..1000).map(|i| count(&times, f64::from(i), f64::from(i + 1))).collect();
        let variance = per_second.iter().map(|n| (n - 100.0).powi(2)).sum::<f64>() / 1000.0;
        assert!((80.0..120.0).contains(&variance), "{variance}");
    }

    #[test]
    fn bursts_fall_silent() {
        let times = arrivals(&Arrivals::Bursts { on: s(2.0), off: s(8.0), rate: Rate(500.0) }, 100.0);
        assert!(times.iter().all(|t| t % 10.0 < 2.0 + 1e-6));
        near(times.len() as f64, 10_000.0);
        near(count(&times, 30.0, 31.0), 500.0);
        // Rare events in short bursts: no stepping through the cycles one by one.
        let rare = Arrivals::Bursts { on: s(0.000_001), off: s(10.0), rate: Rate(0.001) };
        assert!(arrivals(&rare, 1e9).len() < 10);
    }

    #[test]
    fn ramps_and_steps_have_the_area_under_their_rate() {
        let times = arrivals(&Arrivals::Ramp { from: Rate(10.0), to: Rate(200.0), over: s(60.0) }, 100.0);
        near(count(&times, 0.0, 60.0), 6300.0);
        near(count(&times, 0.0, 30.0), (10.0 + 105.0) / 2.0 * 30.0);
        near(count(&times, 60.0, 100.0), 8000.0);
        let down = arrivals(&Arrivals::Ramp { from: Rate(200.0), to: Rate(10.0), over: s(60.0) }, 60.0);
        near(count(&down, 30.0, 60.0), (105.0 + 10.0) / 2.0 * 30.0);
        let steps = arrivals(&Arrivals::Steps(vec![(s(5.0), Rate(10.0)), (s(30.0), Rate(80.0)), (s(50.0), Rate(1.0))]), 60.0);
        assert_eq!(count(&steps, 0.0, 5.0), 0.0);
        near(count(&steps, 5.0, 30.0), 250.0);
        near(count(&steps, 30.0, 50.0), 1600.0);
        near(count(&steps, 50.0, 60.0), 10.0);
    }

    #[test]
    fn daily_swings_around_its_mean() {
        let times = arrivals(&Arrivals::Daily { mean: Rate(50.0), swing: Percent(0.6), period: s(100.0) }, 1000.0);
        near(times.len() as f64, 50_000.0);
        let rising: f64 = (0..10).map(|i| count(&times, f64::from(i) * 100.0, f64::from(i) * 100.0 + 50.0)).sum();
        near(rising, 25_000.0 * (1.0 + 0.6 * 2.0 / std::f64::consts::PI));
    }

    #[test]
    fn modulated_poisson_spends_its_time_in_its_states() {
        let times = arrivals(&Arrivals::Mmpp(vec![(Rate(10.0), s(3.0)), (Rate(400.0), s(1.0))]), 20_000.0);
        let mean = times.len() as f64 / 20_000.0;
        assert!((mean - 107.5).abs() < 5.0, "{mean}");
        // On and off, whichever comes first.
        for states in [[(Rate(0.0), s(2.0)), (Rate(100.0), s(2.0))], [(Rate(100.0), s(2.0)), (Rate(0.0), s(2.0))]] {
            let mean = arrivals(&Arrivals::Mmpp(states.to_vec()), 20_000.0).len() as f64 / 20_000.0;
            assert!((mean - 50.0).abs() < 5.0, "{mean}");
        }
    }

    #[test]
    fn a_modulated_process_is_not_followed_beyond_the_end_of_the_run() {
        // 584 years of milliseconds would take days.
        let day = Rate(1.0 / 86_400.0);
        assert!(arrivals(&Arrivals::Mmpp(vec![(day, s(0.001)), (day, s(0.001))]), 60.0).len() < 3);
    }

    #[test]
    fn hopelessly_rare_processes_end_instead_of_overflowing() {
        assert!(arrivals(&Arrivals::Poisson(Rate(1e-300)), 1e9).is_empty());
        assert!(arrivals(&Arrivals::Steps(vec![(s(0.0), Rate(1e-300))]), 1e9).is_empty());
        assert!(arrivals(&Arrivals::Daily { mean: Rate(1e-300), swing: Percent(1.0), period: s(1.0) }, 1e9).is_empty());
        assert!(arrivals(&Arrivals::Mmpp(vec![(Rate(1e-300), s(1e9))]), 1e9).is_empty());
        for rate in [1e-300, 1e-305] {
            assert!(arrivals(&Arrivals::Bursts { on: s(1.0), off: s(1.0), rate: Rate(rate) }, 1e9).is_empty());
        }
    }
}
