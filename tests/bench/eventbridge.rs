//! Pieces of the EventBridge model.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tidemill::language::facts::Facts;
use tidemill::language::matcher::{Matcher, Scratch};
use tidemill::language::pattern::Pattern;
use tidemill::random::Stream;

/// Events per measurement.
const MANY: u64 = 1_000;

/// Of a shop with so many customers: one rule in ten asks for a range, a prefix or what is not there as well.
fn rule(n: u64, random: &mut Stream) -> String {
    let customer = format!("c{n}");
    let more = match n % 10 {
        0 => format!(r#", "total": [{{"numeric": [">", {}]}}]"#, random.below(500)),
        1 => format!(r#", "path": [{{"prefix": "eu/{}/"}}]"#, random.below(100)),
        2 => r#", "gift": [{"exists": false}]"#.to_owned(),
        _ => String::new(),
    };
    format!(r#"{{"source": ["shop"], "detail-type": ["OrderPlaced"], "detail": {{"customer": ["{customer}"]{more}}}}}"#)
}

fn event(rules: u64, random: &mut Stream) -> Facts {
    let (customer, total, place) = (random.below(rules), random.below(500), random.below(100));
    Facts::read(&format!(
        r#"{{"version": "0", "source": "shop", "detail-type": "OrderPlaced", "account": "111122223333", "region": "us-east-1",
            "detail": {{"customer": "c{customer}", "total": {total}, "path": "eu/{place}/x", "country": "ES", "items": [1, 2, 3]}}}}"#
    ))
    .unwrap()
}

/// One event on a bus with so many rules: about one of them wants it.
#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn rules_find(bencher: Bencher<'_, '_>, rules: u64) {
    let mut random = Stream::named(1, "rules");
    let patterns: Vec<Pattern> = (0..rules).map(|n| Pattern::read(&rule(n, &mut random)).unwrap()).collect();
    let matcher = Matcher::of(patterns.iter().map(Some));
    let events: Vec<Facts> = (0..MANY).map(|_| event(rules, &mut random)).collect();
    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        let mut hits = 0;
        for event in &events {
            found.clear();
            matcher.find(event, &mut scratch, &mut found);
            hits += found.len();
        }
        black_box(hits)
    });
}

/// The same where no rule names a value: each wants a range of its own.
#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn ranges_find(bencher: Bencher<'_, '_>, rules: u64) {
    let mut random = Stream::named(1, "ranges");
    let pattern = |n: u64| {
        let width = 500.0 / rules as f64;
        let (from, to) = (n as f64 * width, (n + 1) as f64 * width);
        Pattern::read(&format!(r#"{{"detail": {{"total": [{{"numeric": [">=", {from}, "<", {to}]}}]}}}}"#)).unwrap()
    };
    let patterns: Vec<Pattern> = (0..rules).map(pattern).collect();
    let matcher = Matcher::of(patterns.iter().map(Some));
    let events: Vec<Facts> = (0..MANY).map(|_| event(rules, &mut random)).collect();
    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        let mut hits = 0;
        for event in &events {
            found.clear();
            matcher.find(event, &mut scratch, &mut found);
            hits += found.len();
        }
        black_box(hits)
    });
}

/// Reading a pattern and filing it among others, per rule.
#[divan::bench(args = [10, 1_000, 10_000])]
fn rules_file(bencher: Bencher<'_, '_>, rules: u64) {
    let mut random = Stream::named(1, "rules");
    let texts: Vec<String> = (0..rules).map(|n| rule(n, &mut random)).collect();
    bencher.counter(ItemsCount::new(rules)).bench_local(|| {
        let patterns: Vec<Pattern> = texts.iter().map(|text| Pattern::read(text).unwrap()).collect();
        Matcher::of(patterns.iter().map(Some))
    });
}
