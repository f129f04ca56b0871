use super::*;

fn matches(pattern: &str, event: &str) -> bool {
    Pattern::read(pattern).unwrap().matches(&Facts::read(event).unwrap())
}

fn refusal(pattern: &str) -> (usize, String) {
    let fault = Pattern::read(pattern).unwrap_err();
    (fault.at, fault.reason)
}

#[test]
fn a_number_is_a_value_and_a_type() {
    assert!(matches(r#"{"a":[300]}"#, r#"{"a":3.0e2}"#));
    assert!(!matches(r#"{"a":[300]}"#, r#"{"a":"300"}"#));
    assert!(matches(r#"{"a":[1e400]}"#, r#"{"a":1e400}"#), "the same spelling");
    assert!(!matches(r#"{"a":[1e400]}"#, r#"{"a":1E400}"#));
}

#[test]
fn values_come_from_the_same_element() {
    let pattern = r#"{"items":{"k":["a"],"v":[1]}}"#;
    assert!(!matches(pattern, r#"{"items":[{"k":"a","v":2},{"k":"b","v":1}]}"#));
    assert!(matches(pattern, r#"{"items":[{"k":"b","v":2},{"k":"a","v":1}]}"#));
    let nested = r#"{"o":{"k":["a"],"t":{"n":["z"]}}}"#;
    assert!(!matches(nested, r#"{"o":[{"k":"a","t":[{"n":"y"}]},{"k":"b","t":[{"n":"z"}]}]}"#));
    assert!(matches(nested, r#"{"o":[{"k":"a","t":[{"n":"y"},{"n":"z"}]}]}"#));
}

#[test]
fn absence_is_judged_by_what_was_chosen_before() {
    // `price` stands before `sku`, so nothing is chosen yet when it is looked for.
    assert!(!matches(r#"{"i":{"sku":[{"exists":true}],"price":[{"exists":false}]}}"#, r#"{"i":[{"sku":1},{"sku":2,"price":3}]}"#));
    assert!(matches(r#"{"i":{"a":[1],"b":[{"exists":false}]}}"#, r#"{"i":[{"a":1},{"a":2,"b":3}]}"#));
    assert!(matches(r#"{"a":[{"exists":false},"x"]}"#, "{}") && matches(r#"{"a":[{"exists":false},"x"]}"#, r#"{"a":"x"}"#));
}

#[test]
fn a_path_named_again_is_replaced() {
    let outside_first = r#"{"a":["1"],"$or":[{"a":["2"]},{"b":["3"]}]}"#;
    assert!(matches(outside_first, r#"{"a":"2"}"#) && matches(outside_first, r#"{"a":"1","b":"3"}"#));
    let outside_last = r#"{"$or":[{"a":["2"]},{"b":["3"]}],"a":["1"]}"#;
    assert!(matches(outside_last, r#"{"a":"1"}"#) && !matches(outside_last, r#"{"a":"2"}"#));
    assert!(!matches(r#"{"d":{"e":["1"]},"d.e":["2"]}"#, r#"{"d":{"e":"1"}}"#));
}

#[test]
fn refusals_name_the_place_and_what_would_be_right() {
    for (pattern, at, reason) in [
        (r#"["a"]"#, 0, "a JSON object"),
        (r#"{"a":"x"}"#, 5, "[\"x\"]"),
        (r#"{"a":{}}"#, 5, "empty object"),
        (r#"{"a":[]}"#, 5, "empty list"),
        (r#"{"a":[{"Prefix":"x"}]}"#, 7, "did you mean `prefix`"),
        (r#"{"a":[{"prefix":"x","suffix":"y"}]}"#, 20, "one operator per object"),
        (r#"{"a":[{"numeric":["!=",5]}]}"#, 18, "no comparison"),
        (r#"{"a":[{"numeric":[">",5,"<",5]}]}"#, 17, "below the upper"),
        (r#"{"a":[{"numeric":[">",0,"<"]}]}"#, 17, "a number is missing"),
        (r#"{"a":[{"numeric":[">",9007199254740993]}]}"#, 22, "more digits"),
        (r#"{"a":[{"anything-but":["x",5]}]}"#, 22, "all of one kind"),
        (r#"{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}"#, 23, "not with `cidr`"),
        (r#"{"a":[{"wildcard":"a**b"}]}"#, 18, "two `*`"),
        (r#"{"a":[{"wildcard":"*:*:*:*:*:event-bus/*"}]}"#, 5, "too complex"),
        (r#"{"$or":[{"a":["1"]}]}"#, 7, "two objects"),
        (r#"{"$or":[{"a":["1"]},{"numeric":["2"]}]}"#, 21, "operator's name"),
    ] {
        let (place, text) = refusal(pattern);
        assert!(place == at && text.contains(reason), "{pattern}: {place} {text}");
    }
}

#[test]
fn patterns_that_explode_are_refused() {
    let fields: Vec<String> = (0..20).map(|i| format!(r#""f{i}":{{"$or":[{{"a":[1]}},{{"b":[1]}}]}}"#)).collect();
    assert!(refusal(&format!("{{{}}}", fields.join(","))).1.contains("combinations"));
    assert!(refusal(&format!(r#"{{"a":["{}"]}}"#, "x".repeat(5_000))).1.contains("4096"));
}

#[test]
fn what_does_not_fit_is_named_by_the_nearest_branch() {
    let pattern =
        Pattern::read(r#"{"source":["shop"],"detail":{"$or":[{"total":[{"numeric":[">",100]}]},{"country":["ES"],"total":[1]}]}}"#)
            .unwrap();
    let misses = |event: &str| pattern.misses(&Facts::read(event).unwrap()).join(" ");
    assert_eq!(misses(r#"{"source":"shop","detail":{"total":101}}"#), "");
    assert_eq!(misses(r#"{"source":"shop","detail":{"total":42}}"#), "detail.total");
    assert_eq!(misses(r#"{"source":"shop","detail":{"total":1,"country":"FR"}}"#), "detail.total");
    assert_eq!(misses(r#"{"detail":{"total":42}}"#), "detail.total source");
    let lists = Pattern::read(r#"{"items":{"k":["a"],"v":[1]}}"#).unwrap();
    let event = Facts::read(r#"{"items":[{"k":"a","v":2},{"k":"b","v":1}]}"#).unwrap();
    assert!(!lists.matches(&event) && lists.misses(&event).is_empty(), "no one element has both");
}
