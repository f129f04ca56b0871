//! What is random does no harm: documents survive their text, texts of every kind are refused without a panic.

use crate::shipped::library;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidemill::scenario::broker::rabbitmq::Header;
use tidemill::scenario::broker::{BrokerKind, Simple};
use tidemill::scenario::chains::{Join, Reply, When};
use tidemill::scenario::document::{
    Broker, Consumer, Emit, Event, Expect, Group, Handle, Limits, Link, Network, Node, Note, Producer, Read, Retry, Scenario, Then,
};
use tidemill::scenario::faults::{KINDS, Trouble};
use tidemill::scenario::handling::{Ack, After, Breaker, Budget, Inbox, Ordered, Poison, Scale, Shed};
use tidemill::scenario::lesson::{Lesson, Prose, Step};
use tidemill::scenario::locate::Tree;
use tidemill::scenario::pairs::Pairs;
use tidemill::scenario::publishing::{First, Outbox, Publish};
use tidemill::scenario::shapes::{Arrivals, Attribute, Backoff, Jitter, Key, Times};
use tidemill::scenario::state::{By, Fold, Projection};
use tidemill::scenario::store::{Call, Store};
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

fn headers() -> impl Strategy<Value = Pairs<Header>> {
    pairs(prop_oneof![
        text().prop_map(Header::Text),
        any::<i64>().prop_map(Header::Number),
        any::<bool>().prop_map(Header::Flag),
        Just(Header::Present)
    ])
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    vec((text(), option::of(span())).prop_map(|(store, timeout)| Call { store, timeout }), 0..3)
}

fn outbox() -> impl Strategy<Value = Option<Outbox>> {
    option::of(prop_oneof![
        (text(), span(), any::<u32>()).prop_map(|(store, poll, batch)| Outbox::Outbox { store, poll, batch }),
        (text(), any::<bool>()).prop_map(|(store, broker)| {
            let first = if broker { First::Broker } else { First::Store };
            Outbox::DualWrite { store, first }
        }),
    ])
}

/// What a consumer stores, keeps and joins.
fn writes() -> BoxedStrategy<Consumer> {
    let fold = prop_oneof![
        Just(Fold::Count),
        text().prop_map(Fold::Sum),
        text().prop_map(Fold::Last),
        text().prop_map(Fold::Set),
        (text(), text(), text()).prop_map(|(from, to, amount)| Fold::Balance { from, to, amount }),
    ];
    let state = option::of((fold, any::<bool>()).prop_map(|(fold, key)| Projection { fold, by: if key { By::Key } else { By::Whole } }));
    let join = option::of((any::<u32>(), span()).prop_map(|(count, within)| Join { count, within }));
    (calls(), outbox(), state, join)
        .prop_map(|(calls, outbox, state, join)| Consumer { calls, outbox, state, join, ..Consumer::default() })
        .boxed()
}

fn consumer() -> BoxedStrategy<Node> {
    let reads = (text(), option::of(text()), any::<i32>(), any::<bool>());
    let reads = vec(reads.prop_map(|(from, group, priority, requeue)| Read { from, group, priority, requeue }), 0..3);
    let poison = prop_oneof![
        percent().prop_map(Poison::Share),
        text().prop_map(Poison::Key),
        (text(), text()).prop_map(|(name, value)| Poison::Attribute { name, value })
    ];
    let handle = (times(), percent(), percent(), option::of(poison)).prop_map(|(time, fails, effect, poison)| Handle {
        time,
        fails,
        effect,
        poison,
        outcomes: Pairs::default(),
    });
    let handle = (handle, pairs(number())).prop_map(|(handle, outcomes)| Handle { outcomes, ..handle });
    let when = prop_oneof![Just(When::Handled), Just(When::Failed), Just(When::TimedOut), text().prop_map(When::Outcome)];
    let budget = option::of((any::<u32>(), percent()).prop_map(|(tokens, refund)| Budget { tokens, refund }));
    let retry = option::of((any::<u32>(), backoff(), budget, any::<bool>()).prop_map(|(attempts, backoff, budget, drop)| Retry {
        attempts,
        backoff,
        budget,
        after: if drop { After::Drop } else { After::DeadLetter },
    }));
    let asked = (option::of(any::<u8>()), option::of(span()), any::<bool>());
    let then = (text(), text(), percent(), vec(text(), 0..3), option::of(text()), headers(), when, asked);
    let then = then.prop_map(|(event, to, probability, on, routing_key, headers, when, (priority, expiration, mandatory))| Then {
        priority,
        expiration,
        mandatory,
        event,
        to,
        probability,
        on,
        routing_key,
        headers,
        when,
    });
    let then = vec(then, 0..3);
    (
        (text(), at(), option::of(text())),
        reads,
        (0..3_u32, 0..3_u32),
        handle,
        retry,
        option::of(text()),
        then,
        (publish().boxed(), caring().boxed(), writes().boxed()),
    )
        .prop_map(|((id, at, zone), reads, (instances, threads), handle, retry, dead_letter, then, (publish, caring, writes))| {
            let Consumer { calls, outbox, state, join, .. } = writes;
            let caring = Consumer { calls, outbox, state, join, ..caring };
            Node::Consumer(Consumer { id, at, zone, reads, instances, threads, handle, retry, dead_letter, then, publish, ..caring })
        })
        .boxed()
}

/// What a consumer may do beyond handling.
fn caring() -> impl Strategy<Value = Consumer> {
    let ordered = option::of(prop_oneof![Just(Ordered::PerKey), Just(Ordered::Free)]);
    let ack = prop_oneof![Just(Ack::AfterWork), Just(Ack::BeforeWork), span().prop_map(|every| Ack::Auto { every })];
    let inbox = option::of(any::<u32>().prop_map(|size| Inbox { size }));
    let breaker =
        (percent(), span(), any::<u32>(), span()).prop_map(|(failures, window, least, open)| Breaker { failures, window, least, open });
    let shed = (option::of(any::<u32>()), option::of(span())).prop_map(|(queue, age)| Shed { queue, age });
    let scale = (span(), span(), any::<u32>()).prop_map(|(cold_start, idle, limit)| Scale::Serverless { cold_start, idle, limit });
    ((ack, ordered), option::of(any::<u32>()), option::of(span()), inbox, option::of(breaker), option::of(shed), option::of(scale))
        .prop_map(|((ack, ordered), prefetch, timeout, inbox, breaker, shed, scale)| Consumer {
            ack,
            ordered,
            prefetch,
            timeout,
            inbox,
            breaker,
            shed,
            scale,
            ..Consumer::default()
        })
}

fn publish() -> impl Strategy<Value = Publish> {
    prop_oneof![
        Just(Publish::Forget),
        (span(), any::<u32>(), any::<u32>()).prop_map(|(timeout, retries, window)| Publish::Confirmed { timeout, retries, window }),
    ]
}

fn node() -> BoxedStrategy<Node> {
    let reply = option::of((text(), span()).prop_map(|(to, within)| Reply { to, within }));
    let emit = (option::of(text()), text(), arrivals(), option::of(text()), headers(), option::of(any::<u8>()), option::of(span()))
        .prop_map(|(event, to, arrivals, routing_key, headers, priority, expiration)| Emit {
            event,
            to,
            arrivals,
            routing_key,
            headers,
            priority,
            expiration,
            reply: None,
            mandatory: false,
        });
    let emit = (emit, reply, any::<bool>()).prop_map(|(emit, reply, mandatory)| Emit { reply, mandatory, ..emit });
    prop_oneof![
        (text(), at(), option::of(text()), vec(emit, 0..3), (publish(), calls(), outbox())).prop_map(
            |(id, at, zone, emits, (publish, calls, outbox))| { Node::Producer(Producer { id, at, zone, emits, publish, calls, outbox }) }
        ),
        (text(), at(), option::of(text()), any::<u32>(), times(), percent())
            .prop_map(|(id, at, zone, connections, time, fails)| Node::Store(Store { id, at, zone, connections, time, fails })),
        (text(), at(), option::of(text()), vec(text(), 0..4)).prop_map(|(id, at, zone, topics)| Node::Broker(Broker {
            id,
            at,
            zone,
            kind: BrokerKind::Simple(Simple { topics })
        })),
        // On the heap: a document is large, and so are the tools that make random ones.
        consumer().boxed(),
    ]
    .boxed()
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
    let said = (vec(group, 0..3), vec(note, 0..3), vec(trouble(), 0..3));
    let body = (vec(event, 0..4), vec(node().boxed(), 0..5), vec(link(), 0..3), said, vec(text().prop_map(Expect), 0..3));
    (head.boxed(), body.boxed())
        .prop_map(|((name, about, seed, duration, warmup, network, limits), (events, nodes, links, (groups, notes, faults), expect))| {
            // Texts of a lesson are written raw where they have several lines.
            let step = Step { text: Prose(format!("{about}\n\"#{name}")), title: name.clone(), ..Step::default() };
            let lesson = (seed % 2 == 0).then(|| Lesson { summary: about.clone(), minutes: 5, steps: vec![step], challenge: None });
            Scenario {
                format: 1,
                name,
                about,
                seed,
                duration,
                warmup,
                network,
                limits,
                events,
                nodes,
                links,
                groups,
                notes,
                faults,
                expect,
                allow: Vec::new(),
                lesson,
            }
        })
        .boxed()
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let fault = || (0..KINDS.len(), text(), text()).prop_map(|(kind, a, b)| (KINDS[kind].make)(&a, &b));
    prop_oneof![
        (span(), proptest::option::of(span()), fault()).prop_map(|(at, lasts, what)| Trouble::Fault { at, lasts, what }),
        (fault(), span(), span()).prop_map(|(what, every, lasts)| Trouble::Chaos { what, every, lasts }),
    ]
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
        let mut old = old;
        // Within a text of several lines a comment would be a part of it.
        old.lesson.iter_mut().flat_map(|lesson| &mut lesson.steps).for_each(|step| step.text = Prose(step.title.clone()));
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
