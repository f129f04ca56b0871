//! `tidemill import` and `tidemill export` as people call them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use serde_json::Value as Json;
use std::process::{Command, Output};
use std::sync::Arc;
use tidemill::engine::rabbitmq::Session;
use tidemill::engine::rabbitmq::session::{Destination, ExchangeWish, QueueWish};
use tidemill::engine::rabbitmq::value::{Table, Value};

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
fn what_comes_in_is_a_scenario_that_runs_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rule = |types: &str| {
        format!(
            r#"{{"Resources": {{"R": {{"Type": "AWS::Events::Rule", "Properties": {{"EventPattern": {{"detail-type": [{types}]}},
                "Targets": [{{"Id": "t", "Arn": "arn:aws:events:us-east-1:123456789012:event-bus/default"}}]}}}}}}}}"#
        )
    };
    for types in [r#""it's""#, r#"" x ""#, r#""""#] {
        std::fs::write(path("t.json"), rule(types)).unwrap();
        let imported = tidemill(&["import", &path("t.json"), "-o", &path("s.ron")]);
        assert_eq!(imported.status.code(), Some(0), "{}", text(&imported.stderr));
        assert!(text(&imported.stderr).contains("the name of the detail type"), "{}", text(&imported.stderr));
        let checked = tidemill(&["check", &path("s.ron")]);
        assert_eq!(checked.status.code(), Some(0), "{types}: {}", text(&checked.stderr));
    }
    // Only the default bus has schedules: of what is not foreseen nothing is written.
    std::fs::remove_file(path("s.ron")).unwrap();
    let timed = rule("\"T\"")
        .replace("\"EventPattern\"", "\"EventBusName\": \"orders\", \"ScheduleExpression\": \"rate(1 hour)\", \"EventPattern\"");
    std::fs::write(path("t.json"), timed).unwrap();
    let refused = tidemill(&["import", &path("t.json"), "-o", &path("s.ron")]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(!std::path::Path::new(&path("s.ron")).exists());
}

#[test]
fn what_cannot_be_read_says_why_and_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("comma.json"), "{\"rabbit_version\": \"4.0.5\",\n \"queues\": [],\n}\n").unwrap();
    std::fs::write(path("list.json"), "[1, 2\n").unwrap();
    std::fs::write(path("picture"), b"\x89PNG\r\n\xff\xfe").unwrap();
    std::fs::write(path("t.json"), TEMPLATE).unwrap();
    for (arguments, words) in [
        (&["import", &path("comma.json")][..], "not JSON: trailing comma at line 3 column 1"),
        (&["import", &path("list.json")], "at line 2 column 0"),
        (&["import", &path("picture")], "only UTF-8 text can be read"),
        (&["import", &path("t.json"), "-o", &path("no/s.ron")], "there is no such file or folder"),
        (&["import", &path("t.json"), "--vhost", "shop"], "no virtual host `shop`"),
        (&["conform", "kafka", &path("none.json")], "there is no such file or folder"),
        (&["export", "scenarios/brokers/eventbridge-accounts.ron", "--to", "cloudformation"], "say which: bus, europe"),
    ] {
        let output = tidemill(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words) && !said.contains("os error"), "{arguments:?} should speak of {words:?}: {said}");
    }
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

/// What a server makes of JSON in arguments (`rabbit_misc:to_amqp_table`).
fn table(arguments: &Json) -> Table {
    let value = |value: &Json| match value {
        Json::Null => panic!("the import stops at a null"),
        Json::Bool(flag) => Value::Bool(*flag),
        // Whole numbers are signed ones of 64 bits, or nothing that a server could store.
        Json::Number(number) => Value::Int(number.as_i64().unwrap_or_else(|| panic!("{number} does not fit into a table"))),
        Json::String(text) => Value::text(text),
        other => panic!("{other} has no place among arguments"),
    };
    arguments.as_object().unwrap().iter().map(|(name, it)| (Arc::from(name.as_str()), value(it))).collect()
}

fn fields<'j>(thing: &'j Json, wanted: &[&str]) -> &'j serde_json::Map<String, Json> {
    let found = thing.as_object().unwrap();
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), wanted, "{thing}");
    for (name, value) in found.iter().filter(|(_, value)| value.is_string()) {
        assert!(value.as_str().unwrap().len() <= 255, "{name} is longer than AMQP's short strings: {value}");
    }
    assert_eq!(found["vhost"], "/");
    found
}

/// Takes definitions in as a server does: the document's fields as `rabbit_definitions` reads them, then exchanges, queues and
/// bindings by the rules of declarations.
fn a_server_takes(definitions: &str) {
    /// Longest life of messages and queues in milliseconds, and largest segment of a stream (`rabbit_misc`, `rabbit_stream_queue`).
    const LIMITS: [(&str, i64); 3] =
        [("x-message-ttl", 315_360_000_000), ("x-expires", 315_360_000_000), ("x-stream-max-segment-size-bytes", 3_000_000_000)];
    let json: Json = serde_json::from_str(definitions).unwrap();
    for part in [
        "users",
        "vhosts",
        "permissions",
        "topic_permissions",
        "parameters",
        "global_parameters",
        "policies",
        "queues",
        "exchanges",
        "bindings",
    ] {
        assert!(json[part].is_array(), "{part} is a list of maps, or the import stops: {}", json[part]);
    }
    assert_eq!((json["vhosts"][0]["name"].as_str(), json["rabbit_version"].as_str()), (Some("/"), Some("4.0.5")));
    let mut server: Session<Arc<str>> = Session::default();
    let channel = server.open(1);
    let list = |part: &str| json[part].as_array().unwrap().clone();
    let (text, flag) = (|json: &Json| json.as_str().unwrap().to_owned(), |json: &Json| json.as_bool().unwrap());
    for exchange in list("exchanges") {
        let of = fields(&exchange, &["name", "vhost", "type", "durable", "auto_delete", "internal", "arguments"]);
        let wish = ExchangeWish {
            name: text(&of["name"]),
            kind: text(&of["type"]),
            durable: flag(&of["durable"]),
            auto_delete: flag(&of["auto_delete"]),
            internal: flag(&of["internal"]),
            arguments: table(&of["arguments"]),
        };
        server.declare_exchange(channel, &wish, false).unwrap_or_else(|fault| panic!("{exchange}: {fault:?}"));
    }
    for queue in list("queues") {
        let of = fields(&queue, &["name", "vhost", "type", "durable", "auto_delete", "arguments"]);
        let arguments = table(&of["arguments"]);
        assert_eq!(of["type"], of["arguments"]["x-queue-type"], "a server reads the argument");
        for (name, most) in LIMITS {
            assert!(of["arguments"][name].as_i64().is_none_or(|value| value <= most), "{name} of {queue}");
        }
        let wish = QueueWish {
            name: text(&of["name"]),
            durable: flag(&of["durable"]),
            exclusive: false,
            auto_delete: flag(&of["auto_delete"]),
            arguments,
        };
        server.declare_queue(channel, &wish, false).unwrap_or_else(|fault| panic!("{queue}: {fault:?}"));
    }
    for binding in list("bindings") {
        let of = fields(&binding, &["source", "vhost", "destination", "destination_type", "routing_key", "arguments"]);
        let name = text(&of["destination"]);
        let to = match of["destination_type"].as_str() {
            Some("queue") => Destination::Queue(&name),
            Some("exchange") => Destination::Exchange(&name),
            other => panic!("{other:?} is no type of destination"),
        };
        let bound = server.bind(channel, of["source"].as_str().unwrap(), to, of["routing_key"].as_str().unwrap(), &table(&of["arguments"]));
        bound.unwrap_or_else(|fault| panic!("{binding}: {fault:?}"));
    }
}

/// A broker with everything that definitions know, at its limits and beyond.
const EVERYTHING: &str = r##"Scenario(format: 1, nodes: [Broker(id: "b", kind: RabbitMq(nodes: 3, memory: "64MiB",
  exchanges: [Exchange(name: "in", kind: Topic, alternate: "rest"), Exchange(name: "rest", kind: Fanout), Exchange(name: "h", kind: Headers, internal: true),
    Exchange(name: "amq.topic", kind: Topic), Exchange(name: "plain")],
  queues: [Queue(name: "jobs", max_length: 18446744073709551615, max_bytes: "1GiB", overflow: RejectPublishDlx, ttl: "1500us", max_priority: 255, single_active: true,
      dead_letter: DeadLetter(exchange: "rest", key: "late"), expires: "36000d", auto_delete: true),
    Queue(name: "safe", kind: Quorum, members: 3, delivery_limit: -1, overflow: RejectPublish, max_length: 9, ttl: "36000d", dead_letter: DeadLetter(key: "jobs", strategy: AtLeastOnce)),
    Queue(name: "log", kind: Stream, members: 2, max_age: "1500ms", max_bytes: "2GiB", segment: "4GiB", rate: "500/s"), Queue(name: "mine", exclusive: true)],
  bindings: [Binding(from: "in", to: "jobs", key: "a.*.#"), Binding(from: "in", to: "h", key: "#"), Binding(from: "amq.topic", to: "safe", key: "x"),
    Binding(from: "h", to: "log", match: Any, headers: {"a": Text("b"), "n": Number(-1)}), Binding(from: "h", to: "log", match: AnyWithX, headers: {"x-kind": Text("pdf"), "pages": Number(3), "draft": Flag(true), "stamp": Present}),
    Binding(from: "rest", to: "mine"), Binding(from: "plain", to: "rest", to_exchange: true, key: "r")])),
  Consumer(id: "c", reads: [Read(from: "b/mine")])])"##;

#[test]
fn a_server_takes_in_everything_that_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let everything = folder.path().join("everything.ron");
    std::fs::write(&everything, EVERYTHING).unwrap();
    let exported = tidemill(&["export", everything.to_str().unwrap(), "--to", "rabbitmq"]);
    assert_eq!(exported.status.code(), Some(0), "{}", text(&exported.stderr));
    a_server_takes(text(&exported.stdout));
    let left = text(&exported.stderr);
    for words in [
        "exclusive",
        "`stamp` only has to be there",
        "ten years",
        "whole milliseconds",
        "3 GB",
        "internal",
        "`memory`",
        "nodes of the cluster",
    ] {
        assert!(left.contains(words), "{words}: {left}");
    }
    // What comes back is the same broker, but for what was named.
    let definitions = folder.path().join("definitions.json");
    std::fs::write(&definitions, &exported.stdout).unwrap();
    let imported = tidemill(&["import", definitions.to_str().unwrap()]);
    assert_eq!(text(&imported.stderr), "");
    let back = folder.path().join("back.ron");
    std::fs::write(&back, &imported.stdout).unwrap();
    assert_eq!(text(&tidemill(&["export", back.to_str().unwrap(), "--to", "rabbitmq"]).stdout), text(&exported.stdout));
    let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/brokers")).unwrap();
    let mut seen = 0;
    for file in shipped.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().contains("rabbitmq")) {
        let exported = tidemill(&["export", file.to_str().unwrap(), "--to", "rabbitmq"]);
        assert_eq!(exported.status.code(), Some(0), "{}: {}", file.display(), text(&exported.stderr));
        a_server_takes(text(&exported.stdout));
        seen += 1;
    }
    assert!(seen >= 7, "{seen}");
}
