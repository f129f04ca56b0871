//! The matcher against trying every pattern in turn.

use super::*;
use proptest::prelude::*;

fn find(patterns: &[Pattern], event: &str) -> (Vec<u32>, Vec<u32>) {
    let matcher = Matcher::new(patterns);
    let facts = Facts::read(event).unwrap();
    let mut found = Vec::new();
    let mut scratch = Scratch::default();
    // Twice, because the work space of one event must not leak into the next.
    matcher.find(&facts, &mut scratch, &mut found);
    let first = found.clone();
    matcher.find(&facts, &mut scratch, &mut found);
    assert_eq!(first, found);
    let plain = (0..patterns.len() as u32).filter(|i| patterns[*i as usize].matches(&facts)).collect();
    (found, plain)
}

/// Values that are easily equal, begin or end like each other, or differ in case, type or spelling only.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAbB]{0,3}".prop_map(|text| format!("\"{text}\"")),
        (-2i32..4).prop_map(|n| n.to_string()),
        Just("1.0".to_owned()),
        Just("1e400".to_owned()),
        Just("\"10.0.0.1\"".to_owned()),
        Just("\"10.0.0.01\"".to_owned()),
        Just("\"a12::1\"".to_owned()),
        Just("\"ß\"".to_owned()),
        Just("\"SS\"".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
    ]
}

fn entry() -> impl Strategy<Value = String> {
    let text = "[aAbBß]{1,2}";
    prop_oneof![
        5 => value(),
        1 => text.prop_map(|t| format!(r#"{{"prefix":"{t}"}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"suffix":"{t}"}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"prefix":{{"equals-ignore-case":"{t}"}}}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"suffix":{{"equals-ignore-case":"{t}"}}}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"equals-ignore-case":"{t}"}}"#)),
        1 => "[ab]{0,1}\\*[ab]{0,1}".prop_map(|t| format!(r#"{{"wildcard":"{t}"}}"#)),
        1 => (-2i32..4, 0usize..5).prop_map(|(n, op)| format!(r#"{{"numeric":["{}",{n}]}}"#, ["=", "<", "<=", ">", ">="][op])),
        1 => (-2i32..1, 1i32..4).prop_map(|(low, high)| format!(r#"{{"numeric":[">",{low},"<=",{high}]}}"#)),
        1 => Just(r#"{"cidr":"10.0.0.0/8"}"#.to_owned()),
        1 => Just(r#"{"cidr":"a00::/8"}"#.to_owned()),
        1 => any::<bool>().prop_map(|yes| format!(r#"{{"exists":{yes}}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"anything-but":"{t}"}}"#)),
        1 => (-2i32..4).prop_map(|n| format!(r#"{{"anything-but":[{n},7]}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"anything-but":{{"prefix":"{t}"}}}}"#)),
        1 => text.prop_map(|t| format!(r#"{{"anything-but":{{"equals-ignore-case":["{t}","x"]}}}}"#)),
    ]
}

/// Fields of a pattern: names that clash with each other, lists of entries, objects and `$or`s.
fn asks() -> impl Strategy<Value = String> {
    let list = proptest::collection::vec(entry(), 1..4).prop_map(|entries| format!("[{}]", entries.join(",")));
    list.prop_recursive(3, 12, 3, |inner| {
        let fields = proptest::collection::vec(("[abcd]", inner), 1..4);
        let object =
            fields.prop_map(|fields| fields.into_iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect::<Vec<_>>().join(","));
        prop_oneof![
            3 => object.clone().prop_map(|fields| format!("{{{fields}}}")),
            1 => (object.clone(), object.clone()).prop_map(|(a, b)| format!(r#"{{"$or":[{{{a}}},{{{b}}}]}}"#)),
            1 => (object.clone(), object.clone(), object).prop_map(|(a, b, c)| format!(r#"{{{a},"$or":[{{{b}}},{{{c}}}]}}"#)),
        ]
    })
    .prop_map(|inner| if inner.starts_with('{') { inner } else { format!(r#"{{"a":{inner}}}"#) })
}

fn event() -> impl Strategy<Value = String> {
    value()
        .prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(("[abcd]", inner), 0..4).prop_map(|fields| format!(
                    "{{{}}}",
                    fields.into_iter().map(|(n, v)| format!(r#""{n}":{v}"#)).collect::<Vec<_>>().join(",")
                )),
            ]
        })
        .prop_map(|inner| if inner.starts_with('{') { inner } else { format!(r#"{{"a":{inner}}}"#) })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn finds_what_trying_each_in_turn_finds(texts in proptest::collection::vec(asks(), 1..24), event in event()) {
        let patterns: Vec<Pattern> = texts.iter().filter_map(|text| Pattern::read(text).ok()).collect();
        let (found, plain) = find(&patterns, &event);
        prop_assert_eq!(found, plain);
    }
}

#[test]
fn an_empty_matcher_finds_nothing() {
    assert_eq!(find(&[], r#"{"a":1}"#).0, Vec::<u32>::new());
}

#[test]
fn what_has_to_be_absent_needs_no_fact() {
    let patterns = [Pattern::read(r#"{"a":[{"exists":false}]}"#).unwrap()];
    assert_eq!(find(&patterns, "{}").0, [0]);
    assert_eq!(find(&patterns, r#"{"b":1}"#).0, [0]);
    assert_eq!(find(&patterns, r#"{"a":1}"#).0, Vec::<u32>::new());
}

/// How many branches an event is compared with: the cost that must not grow with the number of rules.
fn compared(rules: usize) -> usize {
    let text = |i: usize| {
        let (source, kind) = (i % 50, i % 7);
        match i % 4 {
            0 => format!(r#"{{"source":["svc-{source}"],"detail-type":["t-{kind}"],"detail":{{"tenant":["{i}"]}}}}"#),
            1 => format!(r#"{{"source":["svc-{source}"],"detail":{{"total":[{{"numeric":[">",{i},"<=",{}]}}]}}}}"#, i + 5),
            2 => format!(r#"{{"detail":{{"path":[{{"prefix":"/t/{i}/"}}]}}}}"#),
            _ => format!(r#"{{"detail":{{"ip":[{{"cidr":"10.{}.{}.0/24"}}]}}}}"#, i / 256 % 256, i % 256),
        }
    };
    let patterns: Vec<Pattern> = (0..rules).map(|i| Pattern::read(&text(i)).unwrap()).collect();
    let matcher = Matcher::new(&patterns);
    let event = r#"{"source":"svc-20","detail-type":"t-6","detail":{"tenant":"20","total":23,"path":"/t/22/x","ip":"10.0.23.9"}}"#;
    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    matcher.find(&Facts::read(event).unwrap(), &mut scratch, &mut found);
    assert_eq!(found, [20, 22, 23]);
    scratch.compared.iter().filter(|round| **round == scratch.round).count()
}

#[test]
fn comparisons_grow_far_slower_than_rules() {
    let (few, many) = (compared(1_000), compared(10_000));
    assert!(few <= 12 && many <= 12, "{few} {many}");
}
