//! What is random does no harm: documents survive their text, texts of every kind are refused without a panic.

use crate::shipped::library;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidemill::scenario::broker::{BrokerKind, Simple};
use tidemill::scenario::document::{
    Broker, Consumer, Emit, Event, Expect, Group, Handle, Limits, Link, Network, Node, Note, Producer, Read, Retry, Scenario, Then,
};
use tidemill::scenario::locate::Tree;
use tidemill::scenario::pairs::Pairs;
use tidemill::scenario::shapes::{Arrivals, Attribute, Backoff, Jitter, Key, Times};
use tidemill::scenario::units::{Bandwidth, Percent, Rate, Size};
use tidemill::scenario::{NoFiles, load, read, read_bytes, set, write, write_over};
use tidemill::time::Span;

/// Names with everything that could upset a writer: quotes, escapes, line ends, control characters, other scripts.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z][a-z-]{0,9}", 1 => "[ -~]{0,20}", 1 => any::<String>().prop_map(|s| s.chars().take(12).collect())]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![0..10_u64, 0..100_000_000_000_u64, Just(60_000_000_000), 0..3_000_000_000_000_000_000_u64].prop_map(Span)
}

fn percent() -> impl Strategy<Value = Percent> {
    prop_oneof![(0..=100_u32).prop_map(|p| Percent(f64::from(p) / 100.0)), (0.0..=1.0_f64).prop_map(Percent)]
}

fn rate() -> impl Strategy<Value = Rate> {
    prop_oneof![(1..1000_u32).prop_map(|r| Rate(f64::from(r))), (1e-6..1e8_f64).prop_map(Rate)]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(-1000..1000_i32).prop_map(f64::from), -1e300..1e300_f64, (0.0..1e-7_f64)]
}

fn times() -> impl Strategy<Value = Times> {
    prop_oneof![
        span().prop_map(Times::Constant),
        (span(), span()).prop_map(|(from, to)| Times::Uniform { from, to }),
        span().prop_map(|mean| Times::Exponential { mean }),
        (span(), span()).prop_map(|(mean, sd)| Times::Normal { mean, sd }),
        (span(), span()).prop_map(|(median, p99)| Times::LogNormal { median, p99 }),
        (span(), number()).prop_map(|(mean, shape)| Times::Gamma { mean, shape }),
        (span(), number()).prop_map(|(min, alpha)| Times::Pareto { min, alpha }),
        vec((percent(), span()), 0..4).prop_map(Times::Empirical),
    ]
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![
        span().prop_map(Arrivals::Every),
        rate().prop_map(Arrivals::Poisson),
        (span(), span(), rate()).prop_map(|(on, off, rate)| Arrivals::Bursts { on, off, rate }),
        (rate(), rate(), span()).prop_map(|(from, to, over)| Arrivals::Ramp { from, to, over }),
        vec((span(), rate()), 0..9).prop_map(Arrivals::Steps),
        (rate(), percent(), span()).prop_map(|(mean, swing, period)| Arrivals::Daily { mean, swing, period }),
        vec((rate(), span()), 0..4).prop_map(Arrivals::Mmpp),
        (any::<u32>(), times()).prop_map(|(users, think)| Arrivals::ClosedLoop { users, think }),
        (span(), any::<u64>()).prop_map(|(at, count)| Arrivals::Once { at, count }),
        text().prop_map(Arrivals::Trace),
    ]
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        (any::<u64>(), number()).prop_map(|(keys, exponent)| Key::Zipf { keys, exponent }),
        any::<u64>().prop_map(|keys| Key::Uniform { keys }),
        Just(Key::Sequential),
        text().prop_map(Key::Fixed),
    ]
}

fn pairs<V: Clone + std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = Pairs<V>> {
    vec((text(), value), 0..4).prop_map(|mut pairs| {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|a, b| a.0 == b.0);
        Pairs(pairs)
    })
}

fn attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        pairs(number()).prop_map(Attribute::Choice),
        (number(), number()).prop_map(|(a, b)| Attribute::Uniform(a, b)),
        (any::<i64>(), any::<i64>()).prop_map(|(a, b)| Attribute::Whole(a, b)),
        text().prop_map(Attribute::Text),
        number().prop_map(Attribute::Number),
    ]
}

fn backoff() -> impl Strategy<Value = Backoff> {
    prop_oneof![
        Just(Backoff::Immediate),
        span().prop_map(Backoff::Fixed),
        (span(), number(), span(), prop_oneof![Just(Jitter::None), Just(Jitter::Full), Just(Jitter::Equal)])
            .prop_map(|(first, factor, max, jitter)| Backoff::Exponential { first, factor, max, jitter }),
    ]
}

fn at() -> impl Strategy<Value = Option<(f32, f32)>> {
    option::of((-1e6..1e6_f32, (-2000..2000_i32).prop_map(|y| y as f32)))
}

fn consumer() -> impl Strategy<Value = Node> {
    let reads = vec((text(), option::of(text())).prop_map(|(from, group)| Read { from, group }), 0..3);
    let handle = (times(), percent()).prop_map(|(time, fails)| Handle { time, fails });
    let retry = option::of((any::<u32>(), backoff()).prop_map(|(attempts, backoff)| Retry { attempts, backoff }));
    let then = (text(), text(), percent(), vec(text(), 0..3));
    let then = vec(then.prop_map(|(event, to, probability, on)| Then { event, to, probability, on }), 0..3);
    ((text(), at(), option::of(text())), reads, 0..3_u32, 0..3_u32, handle, retry, option::of(text()), then).prop_map(
        |((id, at, zone), reads, instances, threads, handle, retry, dead_letter, then)| {
            Node::Consumer(Consumer { id, at, zone, reads, instances, threads, handle, retry, dead_letter, then })
        },
    )
}

fn node() -> impl Strategy<Value = Node> {
    let emit = (option::of(text()), text(), arrivals()).prop_map(|(event, to, arrivals)| Emit { event, to, arrivals });
    prop_oneof![
        (text(), at(), option::of(text()), vec(emit, 0..3)).prop_map(|(id, at, zone, emits)| Node::Producer(Producer {
            id,
            at,
            zone,
            emits
        })),
        (text(), at(), option::of(text()), vec(text(), 0..4)).prop_map(|(id, at, zone, topics)| Node::Broker(Broker {
            id,
            at,
            zone,
            kind: BrokerKind::Simple(Simple { topics })
        })),
        consumer(),
    ]
}

fn bandwidth() -> impl Strategy<Value = Option<Bandwidth>> {
    option::of(prop_oneof![(1..1_000_000_u32).prop_map(f64::from), 1.0..1e12_f64].prop_map(Bandwidth))
}

fn link() -> impl Strategy<Value = Link> {
    let link =
        ((text(), text()), option::of(times()), option::of(percent()), option::of(percent()), bandwidth(), option::of(any::<bool>()));
    link.prop_map(|(between, latency, loss, duplication, bandwidth, ordered)| Link {
        between,
        latency,
        loss,
        duplication,
        bandwidth,
        ordered,
    })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let event = (text(), (0..1_000_000_000_u64).prop_map(Size), option::of(key()), pairs(attribute()));
    let event = event.prop_map(|(name, size, key, attributes)| Event { name, size, key, attributes });
    let network = (times(), percent(), percent(), bandwidth(), any::<bool>());
    let network =
        network.prop_map(|(latency, loss, duplication, bandwidth, ordered)| Network { latency, loss, duplication, bandwidth, ordered });
    let network = prop_oneof![Just(Network::default()), network];
    let limits = prop_oneof![Just(Limits::default()), (any::<u64>(), any::<u64>()).prop_map(|(live, steps)| Limits { live, steps })];
    let head = (text(), text(), any::<u64>(), span(), span(), network, limits);
    let group = (text(), vec(text(), 0..3)).prop_map(|(title, nodes)| Group { title, nodes });
    let note = (text(), (-1e6..1e6_f32, (-2000..2000_i32).prop_map(|y| y as f32))).prop_map(|(text, at)| Note { text, at });
    let said = (vec(group, 0..3), vec(note, 0..3));
    let body = (vec(event, 0..4), vec(node(), 0..5), vec(link(), 0..3), said, vec(text().prop_map(Expect), 0..3));
    (head, body).prop_map(|((name, about, seed, duration, warmup, network, limits), (events, nodes, links, (groups, notes), expect))| {
        Scenario { format: 1, name, about, seed, duration, warmup, network, limits, events, nodes, links, groups, notes, expect, allow: Vec::new() }
    })
}

/// Puts a comment into every gap that the mask chooses.
fn commented(text: &str, mask: &[bool]) -> String {
    let mut out = String::new();
    for (i, line) in text.lines().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        match (mask[i % mask.len()], i % 3) {
            (false, _) => out.push_str(&format!("{line}\n")),
            (true, 0) => out.push_str(&format!("{indent}// above {i}\n{line}\n")),
            (true, 1) => out.push_str(&format!("{line} // behind {i}\n")),
            (true, _) => out.push_str(&format!("{indent}/* before {i} */ {}\n", line.trim_start())),
        }
    }
    out
}

fn comments(text: &str) -> Vec<String> {
    let tree = Tree::new(text).unwrap();
    let mut all: Vec<String> = tree.comments.iter().map(|c| tree.slice(*c).to_owned()).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_document_survives_its_text(scenario in scenario()) {
        let text = write(&scenario);
        let back = read(&text, "").map_err(|p| TestCaseError::fail(format!("{}\n{text}", p[0])))?;
        prop_assert_eq!(&back, &scenario, "{}", text);
        prop_assert_eq!(write_over(&scenario, &text).text, text);
    }

    #[test]
    fn writing_over_keeps_every_comment(old in scenario(), new in scenario(), mask in vec(any::<bool>(), 7), mix in any::<u8>()) {
        let original = commented(&write(&old), &mask);
        prop_assert_eq!(&read(&original, "").unwrap(), &old);
        // Mostly small changes: some lists are the old ones with something taken out, put in or swapped.
        let mut changed = old.clone();
        if mix & 1 != 0 { changed.nodes = new.nodes.iter().take(1).chain(old.nodes.iter().skip(1)).cloned().collect(); }
        if mix & 2 != 0 { changed.events.reverse(); }
        if mix & 4 != 0 { changed.links.extend(new.links); }
        if mix & 8 != 0 { (changed.network, changed.limits) = (new.network, new.limits); }
        if mix & 16 != 0 { changed.expect.pop(); changed.nodes.pop(); }
        if mix & 32 != 0 { changed.nodes.reverse(); }
        if mix & 64 != 0 { changed.seed = new.seed; changed.warmup = new.warmup; changed.about = new.about; }
        let rewritten = write_over(&changed, &original);
        prop_assert_eq!(&read(&rewritten.text, "").unwrap(), &changed, "{}", rewritten.text);
        prop_assert_eq!(comments(&rewritten.text), comments(&original), "{}\n---\n{}", original, rewritten.text);
    }

    #[test]
    fn random_bytes_are_refused(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(read_bytes(&bytes, "x").is_err());
    }

    #[test]
    fn random_ron_does_not_panic(text in "[-a-zA-Z0-9 ()\\[\\]{}:,\"'#r/*.\\\\\n]{0,200}") {
        let wrapped = format!("Scenario(format: 1, {text})");
        for text in [text.as_str(), wrapped.as_str()] {
            if let Err(problems) = load(text, "x", &NoFiles) {
                prop_assert!(!problems.is_empty() && problems.iter().all(|p| !p.to_string().is_empty()));
            }
            let _ = set(text, "seed=5");
            let _ = write_over(&Scenario::default(), text);
        }
    }

    #[test]
    fn mutated_files_do_not_panic(which in any::<prop::sample::Index>(), cuts in vec((any::<prop::sample::Index>(), 0..40_usize, any::<prop::sample::Index>()), 1..6)) {
        let library = library();
        let text = &library[which.index(library.len())].1;
        let mut bytes = text.clone().into_bytes();
        for (at, length, from) in cuts {
            // Overwrite a stretch with another one of the same file.
            let (at, from) = (at.index(bytes.len()), from.index(bytes.len()));
            let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
            let end = (at + length / 2).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        match read_bytes(&bytes, "x") {
            Ok(scenario) => prop_assert_eq!(&read(&write(&scenario), "").unwrap(), &scenario),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
        let mutated = String::from_utf8_lossy(&bytes).into_owned();
        let _ = load(&mutated, "x", &NoFiles);
        let _ = set(&mutated, "inventory.instances=4");
        let changed = Scenario { name: "Changed".to_owned(), ..Scenario::default() };
        let _ = write_over(&changed, &mutated);
    }
}
