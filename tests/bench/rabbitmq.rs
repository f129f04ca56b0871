//! Pieces of the RabbitMQ model.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tidemill::engine::rabbitmq::names::Names;
use tidemill::engine::rabbitmq::topic::{Trie, Walk};
use tidemill::random::Stream;

/// Keys per measurement.
const MANY: u64 = 1_000;

/// One publish through a topic exchange: patterns of three words among many, a fifth of them with wildcards.
#[divan::bench(args = [10, 1_000, 10_000])]
fn topic_match(bencher: Bencher<'_, '_>, bindings: u32) {
    let mut random = Stream::named(1, "topics");
    let mut names = Names::default();
    let mut trie = Trie::new(&mut names);
    for binding in 0..bindings {
        let (a, b, c) = (random.below(100), random.below(100), random.below(20));
        let pattern = match binding % 10 {
            0 => format!("w{a}.#"),
            1 => format!("*.v{b}.u{c}"),
            _ => format!("w{a}.v{b}.u{c}"),
        };
        let pattern = names.key(&pattern);
        trie.insert(pattern, &names, binding);
    }
    let key = |random: &mut Stream| format!("w{}.v{}.u{}", random.below(100), random.below(100), random.below(20));
    let keys: Vec<_> = (0..MANY).map(|_| names.key(&key(&mut random))).collect();
    let mut walk = Walk::default();
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        let mut hits = 0;
        keys.iter().for_each(|key| trie.matching(names.words(*key), &mut walk, &mut |_| hits += 1));
        black_box(hits)
    });
}
