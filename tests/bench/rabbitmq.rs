//! Pieces of the RabbitMQ model.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tidemill::engine::rabbitmq::Broker;
use tidemill::engine::rabbitmq::exchange::{Exchange, ExchangeKind, Target};
use tidemill::engine::rabbitmq::message::Letter;
use tidemill::engine::rabbitmq::names::Names;
use tidemill::engine::rabbitmq::settings::Settings;
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

/// A virtual host being set up: one topic exchange, a queue per hundred bindings.
#[divan::bench(args = [1_000, 10_000])]
fn topic_bind(bencher: Bencher<'_, '_>, bindings: u32) {
    bencher.counter(ItemsCount::new(bindings)).bench_local(|| black_box(bound(bindings, ExchangeKind::Topic)));
}

/// A fanout exchange with as many queues.
#[divan::bench(args = [1_000, 10_000])]
fn fanout_bind(bencher: Bencher<'_, '_>, bindings: u32) {
    bencher.counter(ItemsCount::new(bindings)).bench_local(|| black_box(bound(bindings, ExchangeKind::Fanout)));
}

/// A whole publish through a topic exchange into the one queue that its key leads to.
#[divan::bench(args = [10, 10_000])]
fn topic_publish(bencher: Bencher<'_, '_>, bindings: u32) {
    let mut broker = bound(bindings, ExchangeKind::Topic);
    let origins: Vec<_> = (0..MANY).map(|n| broker.origin("x", &format!("w{}.v.u", n % u64::from(bindings)))).collect();
    let payload: std::sync::Arc<str> = std::sync::Arc::from("");
    bencher.counter(ItemsCount::new(MANY)).bench_local(|| {
        for origin in &origins {
            broker.publish(Letter::new(std::sync::Arc::clone(&payload), 100, *origin), None);
        }
        broker.out.steps.clear();
    });
}

fn bound(bindings: u32, kind: ExchangeKind) -> Broker<std::sync::Arc<str>> {
    let mut broker = Broker::default();
    let name = broker.topology.names.intern("x");
    let exchange = Exchange::new(name, kind, Vec::new(), &mut broker.topology.names);
    let exchange = broker.add_exchange(exchange);
    let per = if kind == ExchangeKind::Fanout { 1 } else { 100 };
    // Queues that keep little: what is measured is the way there.
    let settings = || Settings { max_length: Some(1), ..Settings::default() };
    let queues: Vec<_> = (0..bindings.div_ceil(per)).map(|n| broker.add_queue(&format!("q{n}"), settings(), Vec::new())).collect();
    for n in 0..bindings {
        broker.bind(exchange, Target::Queue(queues[(n / per) as usize]), &format!("w{n}.*.#"), Vec::new());
    }
    broker
}
