//! To a template.

use super::{CONCURRENCY, Carried, DAY, numbered};
use crate::exchange::chosen;
use crate::scenario::Scenario;
use crate::scenario::broker::eventbridge::{Delivery, Input, Rule};
use crate::scenario::broker::{BrokerKind, EventBridge};
use crate::scenario::document::{Consumer, Node};
use crate::scenario::handling::Scale;
use crate::time::SECOND;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
    taken: BTreeSet<String>,
}

impl Resources {
    /// The logical id of a thing: the same for the same thing, another for another.
    fn id(&mut self, kind: &str, name: &str) -> String {
        if let Some(id) = self.ids.get(&(kind.to_owned(), name.to_owned())) {
            return id.clone();
        }
        let id = numbered(&logical(kind, name), "", |id| !self.taken.contains(id));
        self.taken.insert(id.clone());
        self.ids.insert((kind.to_owned(), name.to_owned()), id.clone());
        id
    }

    fn queue(&mut self, name: &str) -> String {
        let id = self.id("Queue", name);
        self.all.entry(id.clone()).or_insert_with(|| json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}));
        id
    }
}

/// Code that does nothing yet.
const CODE: &str = "def handler(event, context):\n    return None\n";

impl Resources {
    /// A function that takes events: with a role for all of them, and the permission to be invoked by rules.
    fn function(&mut self, name: &str, limit: u32) -> String {
        let id = self.id("Function", name);
        if self.all.contains_key(&id) {
            return id;
        }
        let role = "FunctionsRole";
        let mut properties = json!({
            "FunctionName": name, "Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": CODE}, "Role": arn(role),
        });
        if u64::from(limit) != CONCURRENCY {
            properties["ReservedConcurrentExecutions"] = json!(limit);
        }
        self.all.insert(id.clone(), json!({"Type": "AWS::Lambda::Function", "Properties": properties}));
        let invoked = json!({"FunctionName": {"Ref": id}, "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"});
        self.all.insert(format!("{id}IsInvoked"), json!({"Type": "AWS::Lambda::Permission", "Properties": invoked}));
        let assumed = json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"});
        let logs = json!({"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"});
        let trust = json!({"Version": "2012-10-17", "Statement": [assumed]});
        let properties = json!({"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [logs]});
        self.all.entry(role).or_insert(json!({"Type": "AWS::IAM::Role", "Properties": properties}));
        id
    }
}

fn arn(id: &str) -> Value {
    json!({"Fn::GetAtt": [id, "Arn"]})
}

/// The template of the EventBridge broker called `part`, or of the only one: a template is for one account and region.
pub(super) fn template(scenario: &Scenario, part: Option<&str>) -> Result<Carried<Value>, String> {
    let mut resources = Resources::default();
    let readers = scenario.all_readers();
    let mut notes = Vec::new();
    let mut bridges = Vec::new();
    for node in &scenario.nodes {
        let Node::Broker(broker) = node else { continue };
        match &broker.kind {
            BrokerKind::EventBridge(parts) => bridges.push((broker.id.as_str(), parts)),
            other if part.is_none() => notes.push(format!("`{}` is a {} broker and not in the template", broker.id, other.name())),
            _ => {}
        }
    }
    let (id, parts) = chosen("EventBridge", &bridges, part)?;
    let own = |rule: &Rule| readers.get(format!("{id}/{}", rule.name).as_str()).map_or(&[][..], Vec::as_slice);
    export_broker(scenario, parts, own, &mut resources, &mut notes);
    let queues: Vec<String> = resources.all.iter().filter(|(_, r)| r["Type"] == "AWS::SQS::Queue").map(|(id, _)| id.clone()).collect();
    if resources.all.values().any(|resource| resource["Type"] == "AWS::Lambda::Function") {
        notes.push("what functions do is no part of a scenario: their code does nothing yet".to_owned());
    }
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
    Ok(Carried { result: template, left: notes })
}

fn export_broker<'s>(
    scenario: &Scenario,
    parts: &EventBridge,
    readers: impl Fn(&Rule) -> &'s [(&'s str, Vec<&'s Consumer>)],
    resources: &mut Resources,
    notes: &mut Vec<String>,
) {
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
                // None would be for ever.
                let days = retention.0.div_ceil(DAY * SECOND).max(1);
                if days * DAY * SECOND != retention.0 {
                    notes.push(format!(
                        "the archive of `{}` keeps events for {retention}: in the template for whole days, {days}",
                        bus.name
                    ));
                }
                properties.insert("RetentionDays".into(), json!(days));
            }
            let archive = resources.id("Archive", &bus.name);
            resources.all.insert(archive, json!({"Type": "AWS::Events::Archive", "Properties": properties}));
        }
    }
    for rule in &parts.rules {
        let targets = targets(scenario, readers(rule), rule, resources);
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
            notes
                .push(format!("`{}` sends events to a bus of another account or region: its target needs a `RoleArn` of yours", rule.name));
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

/// The ARN of a bus of another account or region.
fn far_arn(scenario: &Scenario, broker: &str, bus: &str) -> Option<Value> {
    let parts = scenario.nodes.iter().find_map(|node| match node {
        Node::Broker(other) if other.id == broker => match &other.kind {
            BrokerKind::EventBridge(parts) => Some(parts),
            _ => None,
        },
        _ => None,
    })?;
    Some(json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:events:{}:{}:event-bus/{bus}", parts.region, parts.account)}))
}

/// JSON text as JSON; checked before, so text that is none does not come here.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn targets(scenario: &Scenario, readers: &[(&str, Vec<&Consumer>)], rule: &Rule, resources: &mut Resources) -> Vec<Value> {
    let mut targets: Vec<Value> = Vec::new();
    let mut add = |id: &str, arn: Value, delivery: Delivery<'_>, resources: &mut Resources| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let id: String = id.chars().map(|c| if fits(c) { c } else { '-' }).take(60).collect();
        let id = numbered(&id, "-", |id| targets.iter().all(|target| target["Id"] != *id));
        let target = target(&id, arn, delivery, resources);
        targets.push(target);
    };
    for (group, consumers) in readers {
        let [first, others @ ..] = consumers.as_slice() else { continue };
        let own = match first.scale {
            Some(Scale::Serverless { limit, .. }) => resources.function(&first.id, limit),
            // Those who share a group read from one queue.
            _ => resources.queue(if others.is_empty() { &first.id } else { group }),
        };
        add(group, arn(&own), rule.to_reader(group), resources);
    }
    let there = match rule.forward.as_deref().map(|to| (to, to.split_once('/'))) {
        None => None,
        Some((bus, None)) => {
            let own = resources.id("Bus", bus);
            Some((bus, bus_arn(bus, &own)))
        }
        Some((_, Some((other, bus)))) => far_arn(scenario, other, bus).map(|arn| (bus, arn)),
    };
    if let Some((bus, arn)) = there {
        add(&format!("to-{bus}"), arn, rule.to_bus(), resources);
    }
    targets
}

/// A target with what holds for it.
fn target(id: &str, to: Value, delivery: Delivery<'_>, resources: &mut Resources) -> Value {
    let mut target = Map::new();
    target.insert("Id".into(), json!(id));
    target.insert("Arn".into(), to);
    match delivery.input {
        Some(Input::Constant(text)) => _ = target.insert("Input".into(), json!(text)),
        Some(Input::Path(path)) => _ = target.insert("InputPath".into(), json!(path)),
        Some(Input::Transformer { paths, template }) => {
            let paths: Map<String, Value> = paths.iter().map(|(name, path)| (name.clone(), json!(path))).collect();
            target.insert("InputTransformer".into(), json!({"InputPathsMap": paths, "InputTemplate": template}));
        }
        None => {}
    }
    let age = delivery.retry.max_age.seconds() as u64;
    let policy = json!({"MaximumEventAgeInSeconds": age, "MaximumRetryAttempts": delivery.retry.attempts});
    target.insert("RetryPolicy".into(), policy);
    if let Some(queue) = delivery.dead_letter {
        target.insert("DeadLetterConfig".into(), json!({"Arn": arn(&resources.queue(queue))}));
    }
    Value::Object(target)
}
