//! `tidemill import` and `tidemill export` as people call them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::process::{Command, Output};

fn tidemill(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidemill")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_shipped_broker_goes_out_as_definitions_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = folder.path().join("definitions.json");
    let exported = tidemill(&["export", "scenarios/brokers/rabbitmq-retry.ron", "--to", "rabbitmq", "-o", definitions.to_str().unwrap()]);
    assert_eq!(exported.status.code(), Some(0), "{}", text(&exported.stderr));
    assert!(text(&exported.stderr).contains("not carried over"), "clients are named");
    let imported = tidemill(&["import", definitions.to_str().unwrap()]);
    assert_eq!(imported.status.code(), Some(0), "{}", text(&imported.stderr));
    assert_eq!(text(&imported.stderr), "");
    let scenario = folder.path().join("back.ron");
    std::fs::write(&scenario, &imported.stdout).unwrap();
    let again = tidemill(&["export", scenario.to_str().unwrap(), "--to", "rabbitmq"]);
    assert_eq!(text(&again.stdout), std::fs::read_to_string(&definitions).unwrap());
}

/// A template as people have it: names by reference, a function with its dead letters, a nightly rule.
const TEMPLATE: &str = r#"{"AWSTemplateFormatVersion": "2010-09-09", "Description": "Orders", "Resources": {
  "OrdersBus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
  "OrdersArchive": {"Type": "AWS::Events::Archive",
    "Properties": {"SourceArn": {"Fn::GetAtt": ["OrdersBus", "Arn"]}, "RetentionDays": 7, "EventPattern": {"source": ["shop"]}}},
  "DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders-dlq"}},
  "Big": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "big-orders-fn"}},
  "BigOrders": {"Type": "AWS::Events::Rule", "Properties": {"Name": "big-orders", "EventBusName": {"Ref": "OrdersBus"},
    "EventPattern": {"detail": {"total": [{"numeric": [">", 100]}]}}, "State": "ENABLED", "Targets": [{"Id": "fn",
      "Arn": {"Fn::GetAtt": ["Big", "Arn"]}, "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 4},
      "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
      "InputTransformer": {"InputPathsMap": {"total": "$.detail.total"}, "InputTemplate": "{\"amount\": <total>}"}}]}},
  "Nightly": {"Type": "AWS::Events::Rule", "Properties": {"Name": "nightly", "ScheduleExpression": "cron(0 2 * * ? *)",
    "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Big", "Arn"]}}]}}
}}"#;

#[test]
fn a_template_comes_in_and_what_goes_out_comes_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("template.json"), TEMPLATE).unwrap();
    let imported = tidemill(&["import", &path("template.json")]);
    assert_eq!(imported.status.code(), Some(0), "{}", text(&imported.stderr));
    for part in ["schedule: \"cron(0 2 * * ? *)\"", "retention: \"7d\"", "attempts: 4", "dead_letter: \"orders-dlq\"", "big-orders-fn"] {
        assert!(text(&imported.stdout).contains(part), "{part} is missing in {}", text(&imported.stdout));
    }
    std::fs::write(path("first.ron"), &imported.stdout).unwrap();
    let exported = tidemill(&["export", &path("first.ron"), "--to", "cloudformation"]);
    assert_eq!(exported.status.code(), Some(0), "{}", text(&exported.stderr));
    std::fs::write(path("second.json"), &exported.stdout).unwrap();
    let again = tidemill(&["import", &path("second.json")]);
    assert_eq!(text(&again.stdout), text(&imported.stdout));
    // The same by way of YAML.
    let exported = tidemill(&["export", &path("first.ron"), "--to", "cloudformation-yaml"]);
    assert!(text(&exported.stdout).contains("EventBusName: !Ref BusOrders"), "{}", text(&exported.stdout));
    std::fs::write(path("second.yaml"), &exported.stdout).unwrap();
    let again = tidemill(&["import", &path("second.yaml")]);
    assert_eq!(text(&again.stdout), text(&imported.stdout));
    std::fs::write(path("broken.yaml"), text(&exported.stdout).replace("Name: big-orders\n", "Name: [big-orders\n")).unwrap();
    let broken = tidemill(&["import", &path("broken.yaml")]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(text(&broken.stderr).contains("line "), "{}", text(&broken.stderr));
}

#[test]
fn what_cannot_be_imported_or_exported_is_bad_input() {
    for arguments in [
        &["import", "README.md"][..],
        &["import", "no-such-file.json"],
        &["export", "scenarios/basics/first.ron", "--to", "rabbitmq"],
        &["export", "scenarios/brokers/rabbitmq-retry.ron", "--to", "papyrus"],
        &["export", "scenarios/brokers/rabbitmq-retry.ron", "--to", "rabbitmq", "--broker", "nope"],
    ] {
        let output = tidemill(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(!output.stderr.is_empty());
    }
}
