//! Exponential and normal variates by the ziggurat method (Marsaglia and Tsang 2000), 256 layers.
//!
//! Written out here and not taken from a library because the tails and the tables need logarithms, and only the `libm`
//! crate gives the same bits on every platform whatever features other crates switch on.

use crate::random::Stream;
use std::sync::LazyLock;

const LAYERS: usize = 256;

struct Tables {
    /// Right edges, from the base layer (which includes the tail) to zero at the top.
    x: [f64; LAYERS + 1],
    /// The density at those edges.
    f: [f64; LAYERS + 1],
}

impl Tables {
    /// `r` is where the tail begins and `v` the area of each layer (both from the paper, to full precision).
    fn new(r: f64, v: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Tables {
        let (mut x, mut f) = ([0.0; LAYERS + 1], [1.0; LAYERS + 1]);
        x[0] = v / density(r);
        x[1] = r;
        for i in 2..LAYERS {
            x[i] = inverse(v / x[i - 1] + density(x[i - 1]));
        }
        for i in 0..LAYERS {
            f[i] = density(x[i]);
        }
        Tables { x, f }
    }
}

const EXPONENTIAL_R: f64 = 7.697_117_470_131_05;
static EXPONENTIAL: LazyLock<Tables> =
    LazyLock::new(|| Tables::new(EXPONENTIAL_R, 0.003_949_659_822_581_557, |x| libm::exp(-x), |y| -libm::log(y)));

const NORMAL_R: f64 = 3.654_152_885_361_009;
static NORMAL: LazyLock<Tables> =
    LazyLock::new(|| Tables::new(NORMAL_R, 0.004_928_673_233_974_655, |x| libm::exp(-x * x / 2.0), |y| (-2.0 * libm::log(y)).sqrt()));

/// Exponential with mean 1.
#[inline(always)]
pub fn exponential(random: &mut Stream) -> f64 {
    let tables = &*EXPONENTIAL;
    let bits = random.bits();
    let layer = (bits & 255) as usize;
    let x = unit(bits) * tables.x[layer];
    // 98.9% of all draws end here.
    if x < tables.x[layer + 1] { x } else { exponential_edge(tables, layer, x, random) }
}

/// A draw that fell into the tail or on the edge of a layer.
#[cold]
#[inline(never)]
fn exponential_edge(tables: &Tables, mut layer: usize, mut x: f64, random: &mut Stream) -> f64 {
    loop {
        if layer == 0 {
            return EXPONENTIAL_R - libm::log(1.0 - random.unit());
        }
        if tables.f[layer + 1] + (tables.f[layer] - tables.f[layer + 1]) * random.unit() < libm::exp(-x) {
            return x;
        }
        let bits = random.bits();
        layer = (bits & 255) as usize;
        x = unit(bits) * tables.x[layer];
        if x < tables.x[layer + 1] {
            return x;
        }
    }
}

/// Uniform in [0, 1) from the upper 53 bits.
#[inline(always)]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Normal with mean 0 and standard deviation 1.
pub fn normal(random: &mut Stream) -> f64 {
    let tables = &*NORMAL;
    loop {
        let bits = random.bits();
        let layer = (bits & 255) as usize;
        // From -1 to 1; the sign comes from the same draw as the size, from other bits than the layer.
        let u = (bits >> 11) as f64 * (2.0 / (1u64 << 53) as f64) - 1.0;
        let x = u * tables.x[layer];
        if x.abs() < tables.x[layer + 1] {
            return x;
        }
        if layer == 0 {
            loop {
                let a = -libm::log(1.0 - random.unit()) / NORMAL_R;
                let b = -libm::log(1.0 - random.unit());
                if b + b >= a * a {
                    return if u < 0.0 { -(NORMAL_R + a) } else { NORMAL_R + a };
                }
            }
        }
        if tables.f[layer + 1] + (tables.f[layer] - tables.f[layer + 1]) * random.unit() < libm::exp(-x * x / 2.0) {
            return x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draw: fn(&mut Stream) -> f64) -> [f64; 4] {
        let mut random = Stream::named(11, "moments");
        let n = 2_000_000;
        let mut sums = [0.0; 4];
        for _ in 0..n {
            let x = draw(&mut random);
            (1..=4).for_each(|k| sums[k - 1] += x.powi(k as i32));
        }
        sums.map(|s| s / f64::from(n))
    }

    fn close(got: [f64; 4], want: [f64; 4], tolerance: [f64; 4]) {
        for i in 0..4 {
            assert!((got[i] - want[i]).abs() < tolerance[i], "moment {}: {} against {}", i + 1, got[i], want[i]);
        }
    }

    #[test]
    fn exponential_has_the_right_moments() {
        // E[x^k] = k!; tolerances are about five standard errors.
        close(moments(exponential), [1.0, 2.0, 6.0, 24.0], [0.004, 0.016, 0.1, 0.8]);
    }

    #[test]
    fn normal_has_the_right_moments() {
        close(moments(normal), [0.0, 1.0, 0.0, 3.0], [0.004, 0.006, 0.015, 0.04]);
    }

    #[test]
    fn exponential_has_the_right_tail() {
        let mut random = Stream::named(12, "tail");
        let n = 4_000_000;
        let beyond = (0..n).filter(|_| exponential(&mut random) > EXPONENTIAL_R).count() as f64;
        let expected = f64::from(n) * (-EXPONENTIAL_R).exp();
        assert!((beyond - expected).abs() < 5.0 * expected.sqrt(), "{beyond} against {expected}");
    }
}
