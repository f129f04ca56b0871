//! AWS CloudFormation, as JSON: event buses, rules, archives and queues.
//!
//! Each consumer is exported as a queue that its rules target, which is how a service of one's own usually reads from a bus; a
//! dead-letter queue is a queue too. Imported are the same resources from any JSON template; whatever else a rule targets becomes a
//! consumer of that resource's name.

use super::Carried;
use crate::scenario::Scenario;
use crate::scenario::broker::eventbridge::{Input, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::document::Node;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Whether a text looks like a template with something of EventBridge's in it.
pub fn is(text: &str) -> bool {
    text.contains("AWS::Events::")
}

const DAY: u64 = 86_400;

/// A name as a logical id: letters and digits, each word with a capital.
fn logical(kind: &str, name: &str) -> String {
    let mut id = kind.to_owned();
    let mut start = true;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            start = true;
        } else if start {
            id.push(c.to_ascii_uppercase());
            start = false;
        } else {
            id.push(c);
        }
    }
    id
}

/// Resources by logical id, each id once.
#[derive(Default)]
struct Resources {
    all: Map<String, Value>,
    ids: BTreeMap<(String, String), String>,
}

impl Resources {
    /// The logical id of a thing: the same for the same thing, another for another.
    fn id(&mut self, kind: &str, name: &str) -> String {
        if let Some(id) = self.ids.get(&(kind.to_owned(), name.to_owned())) {
            return id.clone();
        }
        let taken: BTreeSet<&String> = self.ids.values().collect();
        let base = logical(kind, name);
        let id = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}{n}") }).find(|id| !taken.contains(id)).unwrap_or_default();
        self.ids.insert((kind.to_owned(), name.to_owned()), id.clone());
        id
    }

    fn queue(&mut self, name: &str) -> String {
        let id = self.id("Queue", name);
        self.all.entry(id.clone()).or_insert_with(|| json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}));
        id
    }
}

fn arn(id: &str) -> Value {
    json!({"Fn::GetAtt": [id, "Arn"]})
}

/// Writes the EventBridge brokers of a scenario, or the one called `part`.
pub fn export(scenario: &Scenario, part: Option<&str>) -> Result<Carried<String>, String> {
    let mut resources = Resources::default();
    let mut notes = Vec::new();
    let mut found = false;
    for node in &scenario.nodes {
        let Node::Broker(broker) = node else { continue };
        if part.is_some_and(|part| part != broker.id) {
            continue;
        }
        match &broker.kind {
            BrokerKind::EventBridge(parts) => {
                found = true;
                export_broker(scenario, &broker.id, parts, &mut resources, &mut notes);
            }
            other => notes.push(format!("`{}` is a {} broker and not in the template", broker.id, other.name())),
        }
    }
    if !found {
        return Err("there is no EventBridge broker in it".to_owned());
    }
    let queues: Vec<String> = resources.all.iter().filter(|(_, r)| r["Type"] == "AWS::SQS::Queue").map(|(id, _)| id.clone()).collect();
    if !queues.is_empty() {
        let statement = json!({
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"
        });
        let names: Vec<Value> = queues.iter().map(|id| json!({"Ref": id})).collect();
        let policy = json!({"PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}, "Queues": names});
        resources.all.insert("QueuesTakeEvents".to_owned(), json!({"Type": "AWS::SQS::QueuePolicy", "Properties": policy}));
    }
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09", "Description": scenario.name, "Resources": resources.all,
    });
    let text = serde_json::to_string_pretty(&template).map_err(|error| error.to_string())?;
    Ok(Carried { result: text + "\n", left: notes })
}

fn export_broker(scenario: &Scenario, id: &str, parts: &EventBridge, resources: &mut Resources, notes: &mut Vec<String>) {
    for bus in &parts.buses {
        let own = resources.id("Bus", &bus.name);
        // Every account has the default bus already.
        if bus.name != "default" {
            resources.all.insert(own.clone(), json!({"Type": "AWS::Events::EventBus", "Properties": {"Name": bus.name}}));
        }
        if let Some(archive) = &bus.archive {
            let mut properties = Map::new();
            properties.insert("ArchiveName".into(), json!(format!("{}-archive", bus.name)));
            properties.insert("SourceArn".into(), bus_arn(&bus.name, &own));
            if let Some(pattern) = &archive.pattern {
                properties.insert("EventPattern".into(), parsed(pattern));
            }
            if let Some(retention) = archive.retention {
                properties.insert("RetentionDays".into(), json!((retention.seconds() as u64).div_ceil(DAY)));
            }
            let archive = resources.id("Archive", &bus.name);
            resources.all.insert(archive, json!({"Type": "AWS::Events::Archive", "Properties": properties}));
        }
    }
    for rule in &parts.rules {
        let targets = targets(scenario, id, rule, parts, resources);
        let Some(bus) = parts.bus_of(rule).map(|bus| parts.buses[bus].name.clone()) else { continue };
        let own = resources.id("Bus", &bus);
        let name = if bus == "default" { json!("default") } else { json!({"Ref": own}) };
        let mut properties = json!({
            "Name": rule.name,
            "EventBusName": name,
            "State": if rule.enabled { "ENABLED" } else { "DISABLED" },
            "Targets": targets,
        });
        if !rule.pattern.is_empty() {
            properties["EventPattern"] = parsed(&rule.pattern);
        }
        if let Some(schedule) = &rule.schedule {
            properties["ScheduleExpression"] = json!(schedule.to_string());
        }
        if rule.forward.as_ref().is_some_and(|to| to.contains('/')) {
            notes.push(format!(
                "`{}` sends events to a bus of another account or region, whose ARN is not known: it is left out",
                rule.name
            ));
        }
        let rule = resources.id("Rule", &rule.name);
        resources.all.insert(rule, json!({"Type": "AWS::Events::Rule", "Properties": properties}));
    }
    if !parts.replays.is_empty() {
        notes.push("event replays are made by a call, not by a template: they are left out".to_owned());
    }
}

fn bus_arn(name: &str, id: &str) -> Value {
    match name {
        "default" => json!({"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}),
        _ => arn(id),
    }
}

/// JSON text as JSON; checked before, so text that is none does not come here.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn targets(scenario: &Scenario, broker: &str, rule: &Rule, parts: &EventBridge, resources: &mut Resources) -> Vec<Value> {
    let from = format!("{broker}/{}", rule.name);
    let mut targets: Vec<(String, Value)> = Vec::new();
    for node in &scenario.nodes {
        let Node::Consumer(consumer) = node else { continue };
        if consumer.reads.iter().any(|read| read.from == from) {
            let queue = resources.queue(&consumer.id);
            targets.push((consumer.id.clone(), arn(&queue)));
        }
    }
    if let Some(bus) = &rule.forward
        && parts.buses.iter().any(|known| known.name == *bus)
    {
        let own = resources.id("Bus", bus);
        targets.push((format!("to-{bus}"), bus_arn(bus, &own)));
    }
    let dead_letter = rule.dead_letter.as_ref().map(|queue| arn(&resources.queue(queue)));
    let whole = |(id, arn): (String, Value)| {
        let mut target = Map::new();
        let id: String =
            id.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).take(64).collect();
        target.insert("Id".into(), json!(id));
        target.insert("Arn".into(), arn);
        match &rule.input {
            Some(Input::Constant(text)) => _ = target.insert("Input".into(), json!(text)),
            Some(Input::Path(path)) => _ = target.insert("InputPath".into(), json!(path)),
            Some(Input::Transformer { paths, template }) => {
                let paths: Map<String, Value> = paths.iter().map(|(name, path)| (name.clone(), json!(path))).collect();
                target.insert("InputTransformer".into(), json!({"InputPathsMap": paths, "InputTemplate": template}));
            }
            None => {}
        }
        let age = rule.retry.max_age.seconds() as u64;
        let policy = json!({"MaximumEventAgeInSeconds": age, "MaximumRetryAttempts": rule.retry.attempts});
        target.insert("RetryPolicy".into(), policy);
        if let Some(arn) = &dead_letter {
            target.insert("DeadLetterConfig".into(), json!({"Arn": arn}));
        }
        Value::Object(target)
    };
    targets.into_iter().map(whole).collect()
}

/// A text in quotes, as the scenario file has it.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A text that may have quotes in it, raw.
fn raw(text: &str) -> String {
    let mut fence = "#".to_owned();
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}

/// The logical id that a value refers to, if it does.
fn referred(value: &Value) -> Option<&str> {
    value.get("Ref").and_then(Value::as_str).or_else(|| match value.get("Fn::GetAtt")? {
        Value::Array(path) => path.first()?.as_str(),
        Value::String(path) => path.split('.').next(),
        _ => None,
    })
}

/// What is read of a template.
struct Template<'t> {
    resources: &'t Map<String, Value>,
}

impl<'t> Template<'t> {
    fn of_type(&self, kind: &'static str) -> impl Iterator<Item = (&'t String, &'t Value)> {
        let none = &Value::Null;
        let resources = self.resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
        resources.map(move |(id, resource)| (id, resource.get("Properties").unwrap_or(none)))
    }

    /// The name of a bus, a queue, or whatever a value refers to: the resource's own, else its logical id, else the end of an ARN.
    fn name(&self, value: &Value) -> Option<String> {
        if let Some(id) = referred(value) {
            let properties = self.resources.get(id).and_then(|resource| resource.get("Properties"));
            let named = ["Name", "QueueName", "FunctionName"].iter().find_map(|field| properties?.get(*field)?.as_str());
            return Some(named.unwrap_or(id).to_owned());
        }
        let text = value.as_str().or_else(|| value.get("Fn::Sub")?.as_str())?;
        text.rsplit(['/', ':']).next().filter(|name| !name.is_empty()).map(str::to_owned)
    }
}

/// Reads a template's buses, rules, archives and queues.
pub fn import(text: &str, _part: Option<&str>) -> Result<Carried<Scenario>, String> {
    let document: Value = serde_json::from_str(text)
        .map_err(|error| format!("this is not JSON ({error}); a template in YAML has to be converted first, with `cfn-flip` for one"))?;
    let resources = document.get("Resources").and_then(Value::as_object).ok_or("there are no `Resources` in it")?;
    let template = Template { resources };
    let mut notes = Vec::new();
    let mut buses: Vec<String> = template
        .of_type("AWS::Events::EventBus")
        .map(|(id, properties)| properties.get("Name").and_then(Value::as_str).unwrap_or(id).to_owned())
        .collect();
    let mut rules = String::new();
    let mut reads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut sources, mut types): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut dead_letters: Vec<String> = Vec::new();
    for (id, properties) in template.of_type("AWS::Events::Rule") {
        let name = properties.get("Name").and_then(Value::as_str).unwrap_or(id).replace('/', "-");
        let (pattern, schedule) = (properties.get("EventPattern"), properties.get("ScheduleExpression").and_then(Value::as_str));
        if pattern.is_none() && schedule.is_none() {
            notes.push(format!("`{name}` has neither a pattern nor a schedule: it is left out"));
            continue;
        }
        let bus = properties.get("EventBusName").and_then(|bus| template.name(bus)).unwrap_or_else(|| "default".to_owned());
        if !buses.contains(&bus) {
            buses.push(bus.clone());
        }
        if let Some(pattern) = pattern {
            plain_texts(pattern.get("source"), &mut sources);
            plain_texts(pattern.get("detail-type"), &mut types);
        }
        let mut forward = None;
        let mut own = Vec::new();
        let targets = properties.get("Targets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for target in targets {
            let Some(to) = target.get("Arn").and_then(|arn| template.name(arn)) else { continue };
            if buses.contains(&to) || target["Arn"].to_string().contains("event-bus") {
                forward = Some(to);
            } else {
                own.push(to.replace(['/', '#', '.', '[', ']', '='], "-"));
            }
        }
        own.iter().for_each(|to| reads.entry(to.clone()).or_default().push(name.clone()));
        let first = targets.first().unwrap_or(&Value::Null);
        let _ = write!(rules, "\n                Rule(name: {}, bus: {}", quoted(&name), quoted(&bus));
        if let Some(pattern) = pattern {
            let _ = write!(rules, ", pattern: {}", raw(&pattern.to_string()));
        }
        if let Some(schedule) = schedule {
            let _ = write!(rules, ", schedule: {}", quoted(schedule));
        }
        if properties.get("State").is_some_and(|state| state == "DISABLED") {
            rules.push_str(", enabled: false");
        }
        if let Some(to) = forward {
            let _ = write!(rules, ", forward: {}", quoted(&to));
        }
        if let Some(input) = input(first) {
            let _ = write!(rules, ", input: {input}");
        }
        if let Some(policy) = first.get("RetryPolicy") {
            let number = |field: &str, usual: u64| policy.get(field).and_then(Value::as_u64).unwrap_or(usual);
            let (age, tries) = (number("MaximumEventAgeInSeconds", DAY), number("MaximumRetryAttempts", 185));
            let _ = write!(rules, ", retry: RetryPolicy(max_age: \"{age}s\", attempts: {tries})");
        }
        if let Some(queue) = first.pointer("/DeadLetterConfig/Arn").and_then(|arn| template.name(arn)) {
            let _ = write!(rules, ", dead_letter: {}", quoted(&queue));
            if !dead_letters.contains(&queue) {
                dead_letters.push(queue);
            }
        }
        rules.push_str("),");
    }
    if rules.is_empty() {
        return Err("there is no rule with an event pattern or a schedule in it".to_owned());
    }
    let mut archives: BTreeMap<String, String> = BTreeMap::new();
    for (_, properties) in template.of_type("AWS::Events::Archive") {
        let bus = properties.get("SourceArn").and_then(|arn| template.name(arn)).unwrap_or_else(|| "default".to_owned());
        let pattern = properties.get("EventPattern").map(|pattern| format!("pattern: {}, ", raw(&pattern.to_string())));
        let days = properties.get("RetentionDays").and_then(Value::as_u64).filter(|days| *days > 0);
        let retention = days.map(|days| format!("retention: \"{days}d\""));
        archives.insert(bus, format!(", archive: Archive({}{})", pattern.unwrap_or_default(), retention.unwrap_or_default()));
    }
    let bus = |name: &String| format!("Bus(name: {}{}), ", quoted(name), archives.get(name).map_or("", String::as_str));
    let buses_text: String = buses.iter().map(bus).collect();
    if types.is_empty() {
        types.push("Event".to_owned());
        notes.push("no rule names a detail type: one called `Event` is made up".to_owned());
    }
    let source = sources.first().cloned().unwrap_or_else(|| "publisher".to_owned());
    if sources.len() > 1 {
        notes.push(format!("the rules name several sources ({}); the one producer speaks as the first", sources.join(", ")));
    }
    notes.push(
        "a template says nothing about traffic or handling: one producer with ten events per second of each type is made up".to_owned(),
    );
    let events: String = types.iter().map(|name| format!("Event(name: {}), ", quoted(&name.replace(['/', '#'], "-")))).collect();
    let emits: String = types
        .iter()
        .flat_map(|name| buses.iter().map(move |bus| (name, bus)))
        .map(|(name, bus)| {
            let to = quoted(&format!("events/{bus}"));
            format!("Emit(event: {}, to: {to}, arrivals: Poisson(\"10/s\")), ", quoted(&name.replace(['/', '#'], "-")))
        })
        .collect();
    let mut consumers = String::new();
    for (name, rules) in &reads {
        let reads: String = rules.iter().map(|rule| format!("Read(from: {}), ", quoted(&format!("events/{rule}")))).collect();
        let _ = writeln!(consumers, "        Consumer(id: {}, reads: [{reads}]),", quoted(name));
    }
    let text = format!(
        "Scenario(
    format: 1,
    name: {},
    events: [{events}],
    nodes: [
        Producer(id: \"publisher\", emits: [{emits}]),
        Broker(id: \"events\", kind: EventBridge(
            buses: [{buses_text}],
            rules: [{rules}
            ],
            sources: {{\"publisher\": {}}},
        )),
{consumers}    ],
)
",
        quoted(document.get("Description").and_then(Value::as_str).unwrap_or("Imported from CloudFormation")),
        quoted(&source)
    );
    let scenario =
        crate::scenario::read(&text, "template").map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))?;
    Ok(Carried { result: scenario, left: notes })
}

/// Plain texts in a pattern's list.
fn plain_texts(list: Option<&Value>, into: &mut Vec<String>) {
    for text in list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !into.iter().any(|known| known == text) {
            into.push(text.to_owned());
        }
    }
}

fn input(target: &Value) -> Option<String> {
    if let Some(text) = target.get("Input").and_then(Value::as_str) {
        return Some(format!("Constant({})", raw(text)));
    }
    if let Some(path) = target.get("InputPath").and_then(Value::as_str) {
        return Some(format!("Path({})", quoted(path)));
    }
    let transformer = target.get("InputTransformer")?;
    let paths = transformer.get("InputPathsMap").and_then(Value::as_object);
    let paths: Vec<String> =
        paths.into_iter().flatten().filter_map(|(name, path)| Some(format!("{}: {}", quoted(name), quoted(path.as_str()?)))).collect();
    let template = transformer.get("InputTemplate").and_then(Value::as_str)?;
    Some(format!("Transformer(paths: {{{}}}, template: {})", paths.join(", "), raw(template)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, load};

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

    #[test]
    fn what_was_exported_comes_back() {
        let (template, _) = exported();
        let text = crate::scenario::write(&import(&template.to_string(), None).unwrap().result);
        let loaded = load(&text, "back.ron", &NoFiles).unwrap_or_else(|p| panic!("{}\n{text}", p[0]));
        let parts = |scenario: &Scenario| {
            let broker = scenario.nodes.iter().find_map(|node| if let Node::Broker(b) = node { Some(b.kind.clone()) } else { None });
            match broker {
                Some(BrokerKind::EventBridge(parts)) => parts,
                other => panic!("{other:?}"),
            }
        };
        let (there, again) = (parts(&load(SCENARIO, "s.ron", &NoFiles).unwrap().scenario), parts(&loaded.scenario));
        assert_eq!(there.rules.len(), again.rules.len());
        for rule in &there.rules {
            let same = again.rules.iter().find(|other| other.name == rule.name).unwrap();
            assert_eq!(
                (&rule.bus, rule.enabled, &rule.forward, &rule.dead_letter, rule.retry.attempts),
                (&same.bus, same.enabled, &same.forward, &same.dead_letter, same.retry.attempts)
            );
            assert_eq!(rule.input, same.input);
            assert_eq!(parsed(&rule.pattern), parsed(&same.pattern));
        }
        assert_eq!(
            there.buses.iter().filter(|bus| bus.archive.is_some()).count(),
            again.buses.iter().filter(|bus| bus.archive.is_some()).count()
        );
        assert!(loaded.scenario.nodes.iter().any(|node| node.id() == "billing"));
    }

    #[test]
    fn what_cannot_be_exchanged_says_why() {
        let simple = r#"Scenario(format: 1, nodes: [Broker(id: "b", kind: Simple())])"#;
        let scenario = crate::scenario::read(simple, "s.ron");
        assert!(scenario.is_ok_and(|scenario| export(&scenario, None).unwrap_err().contains("no EventBridge")));
        assert!(import("Resources:\n  A: 1", None).unwrap_err().contains("YAML"));
        assert!(import("{}", None).unwrap_err().contains("Resources"));
        assert!(import(r#"{"Resources": {"R": {"Type": "AWS::Events::Rule", "Properties": {"State": "ENABLED"}}}}"#, None).is_err());
    }
}
