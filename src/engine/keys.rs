//! Choosing keys.

use super::event::{Key, KeyTexts};
use crate::random::Stream;
use crate::scenario::Plan;
use crate::scenario::plan::Origin;
use crate::scenario::shapes;
use std::collections::BTreeMap;

/// How an emitter chooses the keys of its events.
#[derive(Clone, Debug)]
pub enum KeySampler {
    /// No key of its own: that of the cause, if there is one.
    Inherit,
    /// Always this one.
    Fixed(Key),
    /// Every event its own.
    Sequential,
    /// All alike below this number.
    Uniform(u64),
    /// Skewed.
    Zipf(Zipf),
}

impl KeySampler {
    /// The key of the `serial`-th event of an emitter, if the type has keys.
    #[inline(always)]
    pub fn choose(&self, serial: u64, cause: Key, random: &mut Stream) -> Key {
        match self {
            KeySampler::Inherit => cause,
            _ => self.choose_own(serial, cause, random),
        }
    }

    fn choose_own(&self, serial: u64, cause: Key, random: &mut Stream) -> Key {
        match self {
            KeySampler::Inherit => cause,
            KeySampler::Fixed(key) => *key,
            KeySampler::Sequential => Key::number(serial),
            KeySampler::Uniform(n) => Key::number(random.below(*n)),
            KeySampler::Zipf(zipf) => Key::number(zipf.draw(random) - 1),
        }
    }
}

/// The texts that serve as keys anywhere in a plan, and where each stands.
pub struct Interner {
    positions: BTreeMap<String, usize>,
}

impl Interner {
    /// All fixed and recorded keys of a plan.
    pub fn of(plan: &Plan) -> Interner {
        let mut interner = Interner { positions: BTreeMap::new() };
        for kind in &plan.types {
            if let Some(shapes::Key::Fixed(text)) = &kind.key {
                interner.add(text);
            }
        }
        for emitter in &plan.emitters {
            if let Origin::Trace(trace) = &emitter.origin {
                trace.keys.iter().for_each(|text| interner.add(text));
            }
        }
        interner
    }

    fn add(&mut self, text: &str) {
        let next = self.positions.len();
        if !self.positions.contains_key(text) {
            self.positions.insert(text.to_owned(), next);
        }
    }

    /// The key for a text. A number as text is the numbered key, so that `"7"` recorded and 7 drawn are one key.
    pub fn key(&self, text: &str) -> Key {
        match text.parse::<u64>() {
            Ok(n) if n < 1 << 63 && n.to_string() == text => Key::number(n),
            _ => self.positions.get(text).map_or(Key::NONE, |position| Key::text(*position)),
        }
    }

    /// How a type's keys are chosen.
    pub fn sampler(&self, key: Option<&shapes::Key>) -> KeySampler {
        match key {
            None => KeySampler::Inherit,
            Some(shapes::Key::Fixed(text)) => KeySampler::Fixed(self.key(text)),
            Some(shapes::Key::Sequential) => KeySampler::Sequential,
            Some(shapes::Key::Uniform { keys }) => KeySampler::Uniform(*keys),
            Some(shapes::Key::Zipf { keys, exponent }) => KeySampler::Zipf(Zipf::new(*keys, *exponent)),
        }
    }

    /// The texts by position.
    pub fn texts(self) -> KeyTexts {
        let mut texts = vec![String::new(); self.positions.len()];
        for (text, position) in self.positions {
            texts[position] = text;
        }
        KeyTexts::new(texts)
    }
}

/// Zipf-distributed numbers from 1 to `n` by rejection-inversion (Hörmann and Derflinger 1996): constant time and memory,
/// whatever `n` and the exponent.
#[derive(Clone, Debug)]
pub struct Zipf {
    n: f64,
    exponent: f64,
    h_first: f64,
    h_last: f64,
    shortcut: f64,
}

impl Zipf {
    /// `n` at least 1, `exponent` at least 0.
    pub fn new(n: u64, exponent: f64) -> Zipf {
        let mut zipf = Zipf { n: n as f64, exponent, h_first: 0.0, h_last: 0.0, shortcut: 0.0 };
        zipf.h_first = zipf.h_integral(1.5) - 1.0;
        zipf.h_last = zipf.h_integral(zipf.n + 0.5);
        zipf.shortcut = 2.0 - zipf.h_integral_inverse(zipf.h_integral(2.5) - zipf.h(2.0));
        zipf
    }

    fn h(&self, x: f64) -> f64 {
        libm::exp(-self.exponent * libm::log(x))
    }

    /// The integral of `h`, written so that it stays exact as the exponent nears 1.
    fn h_integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        expm1_over((1.0 - self.exponent) * log) * log
    }

    fn h_integral_inverse(&self, x: f64) -> f64 {
        let t = (x * (1.0 - self.exponent)).max(-1.0);
        libm::exp(log1p_over(t) * x)
    }

    /// One draw, from 1 to `n`.
    pub fn draw(&self, random: &mut Stream) -> u64 {
        loop {
            let u = self.h_last + random.unit() * (self.h_first - self.h_last);
            let x = self.h_integral_inverse(u);
            let k = (x + 0.5).floor().clamp(1.0, self.n);
            if k - x <= self.shortcut || u >= self.h_integral(k + 0.5) - self.h(k) {
                return k as u64;
            }
        }
    }
}

/// `ln(1 + x) / x`, by its series near zero.
fn log1p_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::log1p(x) / x } else { 1.0 - x * (0.5 - x * (1.0 / 3.0 - 0.25 * x)) }
}

/// `(e^x - 1) / x`, by its series near zero.
fn expm1_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::expm1(x) / x } else { 1.0 + x * 0.5 * (1.0 + x * (1.0 / 3.0) * (1.0 + 0.25 * x)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zipf_frequencies_follow_the_power_law() {
        for exponent in [0.0, 0.7, 1.0, 1.1, 2.0] {
            let (n, draws) = (50u64, 400_000);
            let zipf = Zipf::new(n, exponent);
            let mut random = Stream::named(9, "zipf");
            let mut counts = vec![0u32; n as usize];
            for _ in 0..draws {
                counts[zipf.draw(&mut random) as usize - 1] += 1;
            }
            let norm: f64 = (1..=n).map(|k| (k as f64).powf(-exponent)).sum();
            for (i, count) in counts.iter().enumerate() {
                let expected = f64::from(draws) * ((i + 1) as f64).powf(-exponent) / norm;
                assert!((f64::from(*count) - expected).abs() < 5.0 * expected.sqrt(), "key {i} of {exponent}: {count} against {expected}");
            }
        }
    }

    #[test]
    fn zipf_copes_with_extremes() {
        let mut random = Stream::named(9, "extremes");
        for (n, exponent) in [(1, 1.0), (u64::MAX, 1.0), (u64::MAX, 0.0), (10, 50.0), (1_000_000_000, 0.999_999_999)] {
            let zipf = Zipf::new(n, exponent);
            (0..1000).for_each(|_| assert!((1..=n).contains(&zipf.draw(&mut random))));
        }
    }
}
