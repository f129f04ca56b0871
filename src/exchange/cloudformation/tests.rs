//! Templates there and back.

use super::*;
use crate::scenario::broker::eventbridge::Input;
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::document::{Consumer, Node};
use crate::scenario::handling::Scale;
use crate::scenario::{NoFiles, load};
use serde_json::{Value, json};

const SCENARIO: &str = r###"Scenario(format: 1, events: [Event(name: "Order")], nodes: [
    Producer(id: "shop", emits: [Emit(event: "Order", to: "b/orders", arrivals: Every("1s"))]),
    Broker(id: "b", kind: EventBridge(
        buses: [Bus(name: "orders", archive: Archive(pattern: r#"{"source":["shop"]}"#, retention: "7d")), Bus(name: "default")],
        rules: [
            Rule(name: "big", bus: "orders", pattern: r#"{"detail-type":["Order"],"detail":{"total":[{"numeric":[">",1e2]}]}}"#,
                retry: RetryPolicy(max_age: "1h", attempts: 3), dead_letter: "big-dlq", forward: "default",
                input: Transformer(paths: {"t": "$.detail.total"}, template: r#"{"total": <t>}"#)),
            Rule(name: "off", bus: "default", pattern: r#"{"source":["shop"]}"#, enabled: false),
        ])),
    Consumer(id: "billing", reads: [Read(from: "b/big"), Read(from: "b/off")]),
    Consumer(id: "repair", reads: [Read(from: "b/big-dlq")]),
])"###;

fn exported() -> (Value, Vec<String>) {
    let scenario = load(SCENARIO, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
    let exchanged = export(&scenario, None).unwrap();
    (serde_json::from_str(&exchanged.result).unwrap(), exchanged.left)
}

#[test]
fn an_archive_keeps_whole_days_and_never_for_ever_by_rounding() {
    for (kept, days, said) in [("7d", 7, false), ("25h", 2, true), ("500ms", 1, true)] {
        let text = SCENARIO.replacen("retention: \"7d\"", &format!("retention: \"{kept}\""), 1);
        let scenario = load(&text, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0])).scenario;
        let exchanged = export(&scenario, None).unwrap();
        let template: Value = serde_json::from_str(&exchanged.result).unwrap();
        assert_eq!(template["Resources"]["ArchiveOrders"]["Properties"]["RetentionDays"], days, "{kept}");
        assert_eq!(exchanged.left.iter().any(|note| note.contains("whole days")), said, "{kept}");
    }
}

#[test]
fn buses_rules_archives_and_queues_are_resources() {
    let (template, notes) = exported();
    let resources = &template["Resources"];
    assert_eq!(resources["BusOrders"]["Properties"]["Name"], "orders");
    assert!(resources.get("BusDefault").is_none(), "every account has it");
    assert_eq!(resources["ArchiveOrders"]["Properties"]["RetentionDays"], 7);
    let big = &resources["RuleBig"]["Properties"];
    assert_eq!(big["EventPattern"]["detail-type"], json!(["Order"]));
    assert_eq!(big["Targets"][0]["Arn"], json!({"Fn::GetAtt": ["QueueBilling", "Arn"]}));
    assert_eq!(big["Targets"][0]["RetryPolicy"], json!({"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}));
    assert_eq!(big["Targets"][0]["DeadLetterConfig"]["Arn"], json!({"Fn::GetAtt": ["QueueBigDlq", "Arn"]}));
    assert_eq!(big["Targets"].as_array().unwrap().len(), 2, "billing and the other bus");
    assert_eq!(resources["RuleOff"]["Properties"]["State"], "DISABLED");
    assert_eq!(resources["QueueBigDlq"]["Type"], "AWS::SQS::Queue");
    assert!(notes.is_empty(), "{notes:?}");
}

/// The EventBridge broker of a scenario, once that is known to be sound.
fn parts(scenario: &Scenario, id: &str) -> EventBridge {
    let text = crate::scenario::write(scenario);
    let loaded = load(&text, "back.ron", &NoFiles).unwrap_or_else(|p| panic!("{}\n{text}", p[0]));
    let broker = loaded.scenario.nodes.into_iter().find(|node| node.id() == id);
    match broker {
        Some(Node::Broker(broker)) => match broker.kind {
            BrokerKind::EventBridge(parts) => parts,
            other => panic!("{other:?}"),
        },
        other => panic!("no broker {id}: {other:?}"),
    }
}

fn consumer<'s>(scenario: &'s Scenario, id: &str) -> &'s Consumer {
    let found = scenario.nodes.iter().find_map(|node| match node {
        Node::Consumer(consumer) if consumer.id == id => Some(consumer),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no consumer {id} in {:?}", scenario.nodes.iter().map(Node::id).collect::<Vec<_>>()))
}

#[test]
fn what_was_exported_comes_back() {
    let scenario = load(SCENARIO, "s.ron", &NoFiles).unwrap().scenario;
    let there = parts(&scenario, "b");
    for text in [export(&scenario, None).unwrap().result, export_yaml(&scenario, None).unwrap().result] {
        let back = import(&text, None).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let again = parts(&back.result, "events");
        assert_eq!(there.rules.len(), again.rules.len());
        for rule in &there.rules {
            let same = again.rules.iter().find(|other| other.name == rule.name).unwrap();
            assert_eq!(
                (&rule.bus, rule.enabled, &rule.forward, &rule.dead_letter, rule.retry.attempts),
                (&same.bus, same.enabled, &same.forward, &same.dead_letter, same.retry.attempts)
            );
            assert_eq!(rule.input, same.input);
            let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(parsed(&rule.pattern), parsed(&same.pattern));
        }
        let kept = |parts: &EventBridge| parts.buses.iter().find(|bus| bus.name == "orders").and_then(|bus| bus.archive.clone()).unwrap();
        assert_eq!(kept(&there).retention, kept(&again).retention);
        assert_eq!(consumer(&back.result, "billing").reads.len(), 2);
    }
}

/// As people write them.
const YAML: &str = r#"AWSTemplateFormatVersion: 2010-09-09
Description: "Orders: who hears of them"
Parameters:
  Stage: {Type: String, Default: prod}
Resources:
  OrderBus:
    Type: AWS::Events::EventBus
    Properties:
      Name: !Sub "${Stage}-orders"   # one per stage
  BigOrders:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref OrderBus
      EventPattern:
        source: [!Sub "com.${Stage}.shop"]
        detail-type:
          - OrderPlaced
        detail:
          total:
            - numeric: [">", 100]
          country: [{anything-but: ["NO"]}]
      State: ENABLED
      Targets:
        - Id: billing
          Arn: !GetAtt Billing.Arn
          InputTransformer:
            InputPathsMap: {total: $.detail.total}
            InputTemplate: |
              {"total": <total>}
          RetryPolicy: {MaximumRetryAttempts: 4, MaximumEventAgeInSeconds: 600}
          DeadLetterConfig:
            Arn: !GetAtt Failed.Arn
        - Id: mail
          Arn: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:mailer:live
  Everything:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !GetAtt OrderBus.Name
      EventPattern: {"source": [{"prefix": ""}]}
      Targets:
        - {Id: far, Arn: "arn:aws:events:eu-west-1:999988887777:event-bus/central"}
        - {Id: own, Arn: !Sub "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/audit"}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: cron(0 3 * * ? *)
      Targets: [{Id: q, Arn: !GetAtt [Jobs, Arn]}]
  Billing:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: billing, ReservedConcurrentExecutions: 20}
  Failed: {Type: AWS::SQS::Queue}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Join ["-", [!Ref Stage, jobs]]}
  Kept:
    Type: AWS::Events::Archive
    Properties:
      SourceArn: !GetAtt OrderBus.Arn
      RetentionDays: 14
      EventPattern:
        detail-type: [OrderPlaced]
"#;

#[test]
fn a_template_in_yaml_is_read_with_its_short_forms() {
    assert!(is(YAML));
    let Carried { result, left } = import(YAML, None).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(result.name, "Orders: who hears of them");
    let events = parts(&result, "events");
    let names: Vec<&str> = events.buses.iter().map(|bus| bus.name.as_str()).collect();
    assert_eq!(names, ["prod-orders", "audit", "default"]);
    let archive = events.buses[0].archive.as_ref().unwrap();
    assert_eq!(archive.retention.unwrap().to_string(), "14d");
    assert_eq!(archive.pattern.as_deref(), Some(r#"{"detail-type":["OrderPlaced"]}"#));
    let rule = |name: &str| events.rules.iter().find(|rule| rule.name == name).unwrap();
    let big = rule("BigOrders");
    assert_eq!(big.bus.as_deref(), Some("prod-orders"));
    let pattern = json!({
        "source": ["com.prod.shop"], "detail-type": ["OrderPlaced"],
        "detail": {"total": [{"numeric": [">", 100]}], "country": [{"anything-but": ["NO"]}]},
    });
    assert_eq!(serde_json::from_str::<Value>(&big.pattern).unwrap(), pattern);
    // Each target keeps what is its own.
    let (billing, mailer) = (big.to_reader("billing"), big.to_reader("mailer"));
    assert_eq!((billing.retry.attempts, billing.retry.max_age.seconds(), billing.dead_letter), (4, 600.0, Some("Failed")));
    assert!(matches!(billing.input, Some(Input::Transformer { template, .. }) if template == "{\"total\": <total>}\n"), "{billing:?}");
    assert_eq!((mailer.retry.attempts, mailer.dead_letter, mailer.input), (185, None, None));
    assert_eq!(rule("Everything-to-audit").forward.as_deref(), Some("audit"));
    assert_eq!(rule("Everything").forward.as_deref(), Some("999988887777-eu-west-1/central"));
    assert_eq!(rule("Nightly").schedule.as_ref().unwrap().to_string(), "cron(0 3 * * ? *)");
    let far = parts(&result, "999988887777-eu-west-1");
    assert_eq!((far.account.as_str(), far.region.as_str(), far.buses[0].name.as_str()), ("999988887777", "eu-west-1", "central"));
    assert!(matches!(consumer(&result, "billing").scale, Some(Scale::Serverless { limit: 20, .. })));
    assert!(matches!(consumer(&result, "mailer").scale, Some(Scale::Serverless { limit: 1000, .. })));
    assert_eq!(consumer(&result, "prod-jobs").scale, None);
    // That a second bus needs a second rule is said.
    assert!(left.iter().any(|note| note.contains("`Everything` (line 38)") && note.contains("`Everything-to-audit`")), "{left:#?}");
}

/// What holds for each target of each rule, in words.
fn deliveries(scenario: &Scenario, id: &str) -> Vec<String> {
    let mut all = Vec::new();
    for rule in &parts(scenario, id).rules {
        let readers = scenario.readers(&format!("{id}/{}", rule.name));
        all.extend(readers.iter().map(|(group, _)| format!("{} to {group}: {:?}", rule.name, rule.to_reader(group))));
        all.extend(rule.forward.iter().map(|bus| format!("{} on to {bus}: {:?}", rule.name, rule.to_bus())));
    }
    all.sort();
    all
}

#[test]
fn what_holds_for_each_target_comes_back() {
    let text = r##"Scenario(format: 1, events: [Event(name: "Order")], nodes: [
        Producer(id: "shop", emits: [Emit(event: "Order", to: "events/orders", arrivals: Every("1s"))]),
        Broker(id: "events", kind: EventBridge(buses: [Bus(name: "orders"), Bus(name: "other")], rules: [
            Rule(name: "all", bus: "orders", pattern: r#"{"source":["shop"]}"#, forward: "other", dead_letter: "usual",
                input: Path("$.detail"), retry: RetryPolicy(attempts: 5),
                targets: [
                    Target(reader: "billing", input: Constant("{\"a\":1}"), retry: RetryPolicy(max_age: "1h", attempts: 3), dead_letter: "own"),
                    Target(reader: "careless", dead_letter: "", input: Path("$")),
                    Target(reader: "again", input: Transformer(paths: {"t": "$.time"}, template: "<t>")),
                    Target(bus: "other", retry: RetryPolicy(attempts: 0), dead_letter: "hops"),
                ]),
            Rule(name: "same", bus: "other", pattern: r#"{"source":["shop"]}"#, retry: RetryPolicy(attempts: 7), dead_letter: "usual"),
        ])),
        Consumer(id: "billing", reads: [Read(from: "events/all"), Read(from: "events/all", group: "again"), Read(from: "events/same")],
            scale: Serverless(limit: 4)),
        Consumer(id: "careless", reads: [Read(from: "events/all"), Read(from: "events/same")]),
        Consumer(id: "mail-1", reads: [Read(from: "events/same", group: "mail")]),
        Consumer(id: "mail-2", reads: [Read(from: "events/same", group: "mail")]),
    ])"##;
    let loaded = load(text, "s.ron", &NoFiles).unwrap_or_else(|p| panic!("{}", p[0]));
    assert!(loaded.warnings.iter().all(|warning| !warning.path.contains("targets")), "{:?}", loaded.warnings);
    let there = deliveries(&loaded.scenario, "events");
    for text in [export(&loaded.scenario, None).unwrap().result, export_yaml(&loaded.scenario, None).unwrap().result] {
        let back = import(&text, None).unwrap_or_else(|e| panic!("{e}\n{text}")).result;
        // Those who share a group have become one reader of its name.
        assert_eq!(deliveries(&back, "events"), there, "{text}");
        // What all targets have in common is said once.
        let same = parts(&back, "events").rules.into_iter().find(|rule| rule.name == "same").unwrap();
        assert_eq!((same.targets.len(), same.retry.attempts, same.dead_letter.as_deref()), (0, 7, Some("usual")));
        // And once more, nothing moves at all.
        let twice = import(&export(&back, None).unwrap().result, None).unwrap().result;
        assert_eq!(parts(&twice, "events").rules, parts(&back, "events").rules);
    }
}

#[test]
fn a_queue_that_a_serverless_event_has_made_is_a_dead_letter_queue() {
    let template = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n        E:\n          Type: EventBridgeRule\n          Properties:\n            Pattern: {source: [a]}\n            DeadLetterConfig: {Type: SQS, QueueLogicalId: Lost}\n            RetryPolicy: {MaximumRetryAttempts: !Ref Unheard}\n";
    let Carried { result, left } = import(template, None).unwrap();
    assert_eq!(parts(&result, "events").rules[0].to_reader("F").dead_letter, Some("Lost"));
    assert!(left.iter().any(|note| note.contains("does not tell") && note.contains("MaximumRetryAttempts")), "{left:?}");
}

#[test]
fn events_of_serverless_functions_are_rules() {
    let template = r#"Transform: AWS::Serverless-2016-10-31
Resources:
  Resize:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Uploaded:
          Type: EventBridgeRule
          Properties:
            EventBusName: photos
            Pattern: {detail-type: [Uploaded]}
            RetryPolicy: {MaximumRetryAttempts: 7}
        Hourly:
          Type: Schedule
          Properties: {Schedule: rate(1 hour)}
        Api: {Type: HttpApi}
"#;
    assert!(is(template));
    let scenario = import(template, None).unwrap_or_else(|e| panic!("{e}")).result;
    let events = parts(&scenario, "events");
    let rules: Vec<_> = events.rules.iter().map(|rule| (rule.name.as_str(), rule.bus.as_deref().unwrap(), rule.retry.attempts)).collect();
    assert_eq!(rules, [("ResizeUploaded", "photos", 7), ("ResizeHourly", "default", 185)]);
    let resize = consumer(&scenario, "Resize");
    assert!(matches!(resize.scale, Some(Scale::Serverless { .. })) && resize.reads.len() == 2);
}

#[test]
fn what_is_wrong_in_a_template_has_its_line() {
    let broken = YAML.replace("numeric: [\">\", 100]", "numeric: [\">\", many]");
    let error = import(&broken, None).unwrap_err();
    assert!(error.contains("`BigOrders` (line 15)") && error.contains("invalid"), "{error}");
    let broken = YAML.replace("State: ENABLED", "State: [ENABLED");
    assert!(import(&broken, None).unwrap_err().starts_with("line "), "{}", import(&broken, None).unwrap_err());
    let unknown = YAML.replace("!Sub \"com.${Stage}.shop\"", "!Ref Unheard");
    let left = import(&unknown, None).unwrap().left;
    assert!(left.iter().any(|note| note.contains("uses Ref")), "{left:?}");
    // Names that refer to each other in a circle end.
    let circle = "Resources:\n  A: {Type: AWS::Events::EventBus, Properties: {Name: !Ref B}}\n  B: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref A}}\n  R: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref A, EventPattern: {source: [a]}}}\n";
    assert!(import(circle, None).is_ok());
}

#[test]
fn names_that_double_with_every_step_are_given_up() {
    let chain = |function: &str, length: usize| {
        let mut template = "Resources:\n".to_owned();
        for i in 0..=length {
            let name = if i == length { "x".to_owned() } else { function.replace("NEXT", &format!("R{}", i + 1)) };
            template += &format!("  R{i}:\n    Type: AWS::Events::EventBus\n    Properties:\n      Name: {name}\n");
        }
        template + "  Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [a]}}}\n"
    };
    for function in ["!Sub \"${NEXT}${NEXT}${NEXT}${NEXT}\"", "!Join [\"\", [!Ref NEXT, !Ref NEXT, !Ref NEXT, !Ref NEXT]]"] {
        let error = import(&chain(function, 19), None).unwrap_err();
        assert!(error.contains("more than 16 MiB of text at `Resources.R") && error.contains("Name` (line "), "{error}");
        assert!(import(&chain(function, 5), None).is_ok());
    }
}

#[test]
fn buses_of_other_accounts_keep_their_arns() {
    let text = include_str!("../../../scenarios/brokers/eventbridge-accounts.ron");
    let scenario = load(text, "a.ron", &NoFiles).unwrap().scenario;
    assert_eq!(export(&scenario, None).unwrap_err(), "there are several EventBridge brokers; say which: bus, europe");
    assert_eq!(export(&scenario, Some("app")).unwrap_err(), "there is no EventBridge broker `app`; there is bus, europe");
    let other: Value = serde_json::from_str(&export(&scenario, Some("europe")).unwrap().result).unwrap();
    assert!(other["Resources"].get("RuleIndex").is_some() && other["Resources"].get("RuleToEurope").is_none());
    let Carried { result, left } = export(&scenario, Some("bus")).unwrap();
    let template: Value = serde_json::from_str(&result).unwrap();
    assert!(template["Resources"].get("RuleIndex").is_none());
    let arn = &template["Resources"]["RuleToEurope"]["Properties"]["Targets"][0]["Arn"]["Fn::Sub"];
    assert_eq!(arn, "arn:${AWS::Partition}:events:eu-central-1:444455556666:event-bus/photos");
    assert!(left.iter().any(|note| note.contains("RoleArn")) && left.iter().any(|note| note.contains("their code")), "{left:?}");
    assert_eq!(template["Resources"]["FunctionThumbnails"]["Properties"]["ReservedConcurrentExecutions"], 8);
    let back = import(&result, None).unwrap().result;
    assert!(matches!(consumer(&back, "thumbnails").scale, Some(Scale::Serverless { limit: 8, .. })));
    let there = parts(&back, "events");
    let forward = there.rules.iter().find(|rule| rule.name == "to-europe").unwrap().forward.clone();
    assert_eq!(forward.as_deref(), Some("444455556666-eu-central-1/photos"));
}

#[test]
fn names_that_a_scenario_does_not_allow_are_changed_and_told() {
    let template = r##"{"Resources": {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "it's"}},
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs.`new`"}},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": "\"big\"", "EventBusName": {"Ref": "Bus"},
            "EventPattern": {"detail-type": ["it's", " x ", "", "a/b", "Plain", {"prefix": "it's"}]},
            "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Jobs", "Arn"]}}, {"Id": "2", "Arn": {"Fn::GetAtt": ["Bus", "Arn"]}}]}}}}"##;
    let Carried { result, left } = import(template, None).unwrap();
    let rule = parts(&result, "events").rules.remove(0);
    assert_eq!((rule.name.as_str(), rule.bus.as_deref(), rule.forward), ("-big-", Some("it-s"), None));
    let pattern: Value = serde_json::from_str(&rule.pattern).unwrap();
    assert_eq!(pattern["detail-type"], json!(["it-s", "x", "-", "a-b", "Plain", {"prefix": "it's"}]), "rules still want what is published");
    let names: Vec<&str> = result.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["it-s", "x", "-", "a-b", "Plain"]);
    assert_eq!(consumer(&result, "jobs--new-").reads.len(), 1);
    for told in ["bus `it's`", "detail type `it's`", "detail type ` x `", "target `jobs.`new``", "rule `\"big\"`", "rule's own bus"] {
        assert_eq!(left.iter().filter(|note| note.contains(told)).count(), 1, "{told}: {left:?}");
    }
    assert!(import(template, Some("/")).unwrap_err().contains("no virtual host `/`"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_upsets_the_reader(text in "[ \\n\\t:,\\[\\]{}\"'!&*|>#a-z0-9-]{0,80}") {
        let _ = yaml::read(&text);
        let _ = import(&format!("Resources:\n  A:\n    Type: AWS::Events::Rule\n{text}"), None);
    }

    #[test]
    fn pieces_of_a_template_upset_nobody(from in 0usize..2600, to in 0usize..2600) {
        let text = YAML.get(from.min(to)..from.max(to)).unwrap_or_default();
        let _ = import(text, None);
        let _ = import(&YAML.replace(text, ""), None);
    }
}

#[test]
fn what_cannot_be_exchanged_says_why() {
    let simple = r#"Scenario(format: 1, nodes: [Broker(id: "b", kind: Simple())])"#;
    let scenario = crate::scenario::read(simple, "s.ron");
    assert!(scenario.is_ok_and(|scenario| export(&scenario, None).unwrap_err().contains("no EventBridge")));
    assert!(import("Resources:\n  A: 1", None).unwrap_err().contains("no rule"));
    assert!(import("{\"Resources\": ", None).unwrap_err().contains("line 1 column"));
    assert!(import("{}", None).unwrap_err().contains("Resources"));
    assert!(import(r#"{"Resources": {"R": {"Type": "AWS::Events::Rule", "Properties": {"State": "ENABLED"}}}}"#, None).is_err());
}
