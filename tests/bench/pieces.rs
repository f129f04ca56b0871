//! What every event passes through.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tidemill::engine::agenda::{Agenda, Due};
use tidemill::random::{Stream, threshold};
use tidemill::record::cells::Cells;
use tidemill::record::histogram::{Distribution, Precision};
use tidemill::time::{Span, Time};

/// Draws and samples per measurement: enough that the clock does not matter.
const MANY: u64 = 10_000;

#[divan::bench(args = [Precision::Fine, Precision::Coarse])]
fn distribution_record(bencher: Bencher<'_, '_>, precision: Precision) {
    let mut random = Stream::named(1, "samples");
    // Spread over as many cells as latencies around ten milliseconds are.
    let samples: Vec<u64> = (0..MANY).map(|_| 1_000_000 + random.below(20_000_000)).collect();
    let (mut distribution, mut cells) = (Distribution::default(), Cells::new(precision, 0));
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| samples.iter().for_each(|sample| distribution.record(*sample, &mut cells)));
}

/// One after the other into as many distributions as a large plan has: the cache decides.
#[divan::bench(args = [1, 100, 10_000])]
fn distribution_record_spread(bencher: Bencher<'_, '_>, number: usize) {
    let mut random = Stream::named(1, "samples");
    let samples: Vec<(usize, u64)> =
        (0..MANY).map(|_| (random.below(number as u64) as usize, 1_000_000 + random.below(20_000_000))).collect();
    let (mut all, mut cells) = (vec![Distribution::default(); number], Cells::new(Precision::of(number), 0));
    let mut record = || samples.iter().for_each(|(which, sample)| all[*which].record(*sample, &mut cells));
    bencher.counter(ItemsCount::new(MANY)).bench_local(&mut record);
}

#[divan::bench]
fn distribution_summary(bencher: Bencher<'_, '_>) {
    let mut random = Stream::named(1, "samples");
    let (mut distribution, mut cells) = (Distribution::default(), Cells::new(Precision::Fine, 0));
    (0..1_000_000).for_each(|_| distribution.record(1_000_000 + random.below(20_000_000), &mut cells));
    cells.settle();
    bencher.bench_local(|| cells.of(&distribution).summary());
}

#[divan::bench]
fn stream_bits(bencher: Bencher<'_, '_>) {
    let mut stream = Stream::named(1, "bits");
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| (0..MANY).fold(0, |sum, _| sum ^ stream.bits()));
}

#[divan::bench]
fn stream_unit(bencher: Bencher<'_, '_>) {
    let mut stream = Stream::named(1, "unit");
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| (0..MANY).map(|_| stream.unit()).sum::<f64>());
}

#[divan::bench]
fn stream_chance(bencher: Bencher<'_, '_>) {
    let (mut stream, odds) = (Stream::named(1, "chance"), black_box(threshold(0.01)));
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| (0..MANY).filter(|_| stream.chance(odds)).count());
}

/// A value derived when asked for instead of being stored.
#[divan::bench]
fn stream_numbered(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| (0..MANY).fold(0, |sum, n| sum ^ Stream::numbered(black_box(7), n).bits()));
}

/// The next entry is taken and another one put, later by an exponential time, while so many are pending.
#[divan::bench(args = [10, 1_000, 100_000, 1_000_000])]
fn agenda_hold(bencher: Bencher<'_, '_>, pending: u64) {
    let mut random = Stream::named(1, "agenda");
    let mut gap = move || Span((-libm::log(1.0 - random.unit()) * 1e6) as u64);
    let mut agenda = Agenda::default();
    (0..pending).for_each(|_| agenda.schedule(Time::ZERO + gap(), Due::Done, 0));
    let gaps: Vec<Span> = (0..MANY).map(|_| gap()).collect();
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        for gap in &gaps {
            let Some(entry) = agenda.next() else { return };
            agenda.open();
            agenda.schedule(entry.at() + *gap, Due::Done, entry.index());
            agenda.close();
        }
    });
}
