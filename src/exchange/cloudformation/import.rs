//! From a template: the resources that are EventBridge's, and a scenario around them.

use super::intrinsics::{ACCOUNT, REGION, Template};
use super::{CONCURRENCY, Carried, DAY, yaml};
use crate::language::Fault;
use crate::language::pattern::Pattern;
use crate::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Reads a template's buses, rules, archives and queues, and the events of its serverless functions.
///
/// # Errors
/// Why it cannot be read, with the place.
pub fn import(text: &str, _part: Option<&str>) -> Result<Carried<Scenario>, String> {
    let read = match text.trim_start().starts_with('{') {
        true => {
            yaml::Read { value: serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?, ..yaml::Read::default() }
        }
        false => yaml::read(text)?,
    };
    let template = Template::of(&read)?;
    let mut import = Import { template: &template, notes: read.notes.clone(), ..Import::new(&template) };
    import.buses();
    let given: Vec<(&str, String, &Value)> = template
        .of_type("AWS::Events::Rule")
        .map(|(id, properties)| (id.as_str(), format!("/Resources/{id}/Properties"), properties))
        .collect();
    for (id, place, properties) in given {
        import.rule(id, &place, properties)?;
    }
    let events = function_events(&template);
    for (id, place, properties) in &events {
        import.rule(id, place, properties)?;
    }
    if import.rules.is_empty() {
        return Err("there is no rule with an event pattern or a schedule in it".to_owned());
    }
    import.archives()?;
    import.scenario()
}

/// The events of serverless functions (`AWS::Serverless::Function`) as the rules that they are made into.
fn function_events(template: &Template<'_>) -> Vec<(String, String, Value)> {
    let mut rules = Vec::new();
    for kind in ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"] {
        for (id, properties) in template.of_type(kind) {
            for (event, given) in properties.get("Events").and_then(Value::as_object).into_iter().flatten() {
                let own = given.get("Properties").unwrap_or(&Value::Null);
                let place = format!("/Resources/{id}/Properties/Events/{event}/Properties");
                let mut target = json!({"Arn": {"Fn::GetAtt": [id, "Arn"]}});
                for field in ["Input", "InputPath", "InputTransformer", "RetryPolicy", "DeadLetterConfig"] {
                    own.get(field).into_iter().for_each(|value| target[field] = value.clone());
                }
                let mut rule = json!({"Name": format!("{id}{event}"), "Targets": [target]});
                let named = [("RuleName", "Name"), ("EventBusName", "EventBusName"), ("State", "State")];
                let timed = [("Name", "Name"), ("Schedule", "ScheduleExpression"), ("State", "State")];
                let fields = match given.get("Type").and_then(Value::as_str) {
                    Some("EventBridgeRule" | "CloudWatchEvent") => {
                        own.get("Pattern").into_iter().for_each(|pattern| rule["EventPattern"] = pattern.clone());
                        named
                    }
                    Some("Schedule") => timed,
                    _ => continue,
                };
                for (from, to) in fields {
                    own.get(from).into_iter().for_each(|value| rule[to] = value.clone());
                }
                rules.push((format!("{id}{event}"), place, rule));
            }
        }
    }
    rules
}

struct Import<'t> {
    template: &'t Template<'t>,
    notes: Vec<String>,
    /// Names of buses, and what is kept of each.
    buses: Vec<(String, String)>,
    /// Buses of other accounts and regions, by both.
    far: BTreeMap<(String, String), Vec<String>>,
    /// Rules, as the scenario file has them.
    rules: String,
    names: BTreeSet<String>,
    /// What reads from which rules.
    reads: BTreeMap<String, Vec<String>>,
    /// Of these, functions, and how many executions each may have at a time.
    functions: BTreeMap<String, u64>,
    sources: Vec<String>,
    types: Vec<String>,
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

/// A name that nodes and parts of brokers can have.
fn tame(name: &str) -> String {
    name.replace(['/', '#', '.', '[', ']', '='], "-")
}

/// The end of an ARN, or the name that it is.
fn end_of(arn: &str) -> String {
    // What a function's ARN has behind its name is a version of it.
    let function = arn.split_once(":function:").map(|(_, name)| name.split(':').next().unwrap_or(name));
    function.or_else(|| arn.rsplit(['/', ':']).next()).unwrap_or(arn).to_owned()
}

/// Where a target is.
enum To {
    Bus(String),
    Far(String),
    Reader(String),
}

impl<'t> Import<'t> {
    fn new(template: &'t Template<'t>) -> Import<'t> {
        Import {
            template,
            notes: Vec::new(),
            buses: Vec::new(),
            far: BTreeMap::new(),
            rules: String::new(),
            names: BTreeSet::new(),
            reads: BTreeMap::new(),
            functions: BTreeMap::new(),
            sources: Vec::new(),
            types: Vec::new(),
        }
    }

    fn buses(&mut self) {
        for (id, _) in self.template.of_type("AWS::Events::EventBus") {
            let name = self.template.own_name(id);
            self.bus(&name);
        }
    }

    fn bus(&mut self, name: &str) {
        if !self.buses.iter().any(|(known, _)| known == name) {
            self.buses.push((name.to_owned(), String::new()));
        }
    }

    /// The name of what a value refers to: a resource's own, else the end of an ARN.
    fn name(&self, value: &Value) -> Option<String> {
        match self.template.resource_of(value) {
            Some(id) => Some(self.template.own_name(&id)),
            None => self.template.text(value).map(|text| end_of(&text)).filter(|name| !name.is_empty()),
        }
    }

    fn rule(&mut self, id: &str, place: &str, properties: &Value) -> Result<(), String> {
        let template = self.template;
        let line = template.line(place);
        let mut name = tame(&properties.get("Name").and_then(|name| template.text(name)).unwrap_or_else(|| id.to_owned()));
        while !self.names.insert(name.clone()) {
            name.push_str("-2");
        }
        let schedule = properties.get("ScheduleExpression").and_then(|schedule| template.text(schedule));
        let pattern = properties.get("EventPattern").map(|pattern| self.pattern(pattern, &name, &format!("{place}/EventPattern")));
        let pattern = pattern.transpose()?;
        if pattern.is_none() && schedule.is_none() {
            self.notes.push(format!("`{name}`{line} has neither a pattern nor a schedule: it is left out"));
            return Ok(());
        }
        let bus =
            properties.get("EventBusName").and_then(|bus| template.text(bus)).map_or_else(|| "default".to_owned(), |bus| end_of(&bus));
        self.bus(&bus);
        let none = Vec::new();
        let targets = properties.get("Targets").and_then(Value::as_array).unwrap_or(&none);
        let mut forward: Option<String> = None;
        for target in targets {
            let sends = match target.get("Arn").and_then(|arn| self.target(arn)) {
                None => {
                    self.notes.push(format!("`{name}`{line}: a target's `Arn` cannot be told from the template: it is left out"));
                    continue;
                }
                Some(To::Reader(reader)) => {
                    self.reads.entry(reader).or_default().push(name.clone());
                    continue;
                }
                Some(To::Bus(to) | To::Far(to)) => to,
            };
            match &forward {
                None => forward = Some(sends),
                Some(first) => {
                    self.notes.push(format!(
                        "`{name}`{line} sends events to several buses; only {first} is kept: give {sends} a rule of its own"
                    ));
                }
            }
        }
        let first = targets.first().unwrap_or(&Value::Null);
        let differs = |field: &&str| targets.iter().any(|target| target.get(*field) != first.get(*field));
        let apart: Vec<&str> =
            ["Input", "InputPath", "InputTransformer", "RetryPolicy", "DeadLetterConfig"].into_iter().filter(|f| differs(f)).collect();
        if !apart.is_empty() {
            let what = apart.join(", ");
            self.notes.push(format!("the targets of `{name}`{line} differ in {what}: all get what the first one has"));
        }
        let _ = write!(self.rules, "\n                Rule(name: {}, bus: {}", quoted(&name), quoted(&bus));
        if let Some(pattern) = pattern {
            let _ = write!(self.rules, ", pattern: {}", raw(&pattern));
        }
        if let Some(schedule) = schedule {
            let _ = write!(self.rules, ", schedule: {}", quoted(&schedule));
        }
        if properties.get("State").and_then(|state| template.text(state)).is_some_and(|state| state == "DISABLED") {
            self.rules.push_str(", enabled: false");
        }
        if let Some(to) = forward {
            let _ = write!(self.rules, ", forward: {}", quoted(&to));
        }
        if let Some(input) = self.input(first) {
            let _ = write!(self.rules, ", input: {input}");
        }
        if let Some(policy) = first.get("RetryPolicy") {
            let number = |field: &str, usual: u64| {
                policy.get(field).and_then(|value| template.text(value)).and_then(|text| text.parse().ok()).unwrap_or(usual)
            };
            let (age, tries) = (number("MaximumEventAgeInSeconds", DAY), number("MaximumRetryAttempts", 185));
            let _ = write!(self.rules, ", retry: RetryPolicy(max_age: \"{age}s\", attempts: {tries})");
        }
        if let Some(queue) = first.pointer("/DeadLetterConfig/Arn").and_then(|arn| self.name(arn)) {
            let _ = write!(self.rules, ", dead_letter: {}", quoted(&tame(&queue)));
        }
        self.rules.push_str("),");
        Ok(())
    }

    /// A pattern as text, once it is known to be one.
    fn pattern(&mut self, given: &Value, rule: &str, place: &str) -> Result<String, String> {
        let mut unknown = Vec::new();
        let resolved = self.template.resolved(given, &mut unknown);
        let line = self.template.line(place);
        for function in unknown {
            self.notes.push(format!("the pattern of `{rule}`{line} uses {function}, whose value the template does not tell"));
        }
        // Some write the JSON as a text.
        let text = resolved.as_str().map_or_else(|| resolved.to_string(), str::to_owned);
        if let Err(Fault { reason, .. }) = Pattern::read(&text) {
            return Err(format!("the pattern of `{rule}`{line} is invalid: {reason}"));
        }
        let object = serde_json::from_str::<Value>(&text).unwrap_or_default();
        plain_texts(object.get("source"), &mut self.sources);
        plain_texts(object.get("detail-type"), &mut self.types);
        Ok(text)
    }

    fn target(&mut self, arn: &Value) -> Option<To> {
        let template = self.template;
        if let Some(id) = template.resource_of(arn) {
            let name = template.own_name(&id);
            let (kind, properties) = template.resource(&id)?;
            if kind == "AWS::Events::EventBus" {
                self.bus(&name);
                return Some(To::Bus(name));
            }
            if kind.ends_with("::Function") {
                let limit = properties.get("ReservedConcurrentExecutions").and_then(|limit| template.text(limit)?.parse().ok());
                self.functions.insert(tame(&name), limit.unwrap_or(CONCURRENCY));
            }
            return Some(To::Reader(tame(&name)));
        }
        let text = template.text(arn)?;
        let name = end_of(&text);
        if name.is_empty() {
            return None;
        }
        if text.contains(":event-bus/") {
            let parts: Vec<&str> = text.split(':').collect();
            let (region, account) = (*parts.get(3)?, *parts.get(4)?);
            if (region, account) != (REGION, ACCOUNT) {
                let key = (region.to_owned(), account.to_owned());
                let buses = self.far.entry(key).or_default();
                if !buses.contains(&name) {
                    buses.push(name.clone());
                }
                return Some(To::Far(format!("{}/{name}", far_broker(region, account))));
            }
            self.bus(&name);
            return Some(To::Bus(name));
        }
        if text.contains(":function:") {
            self.functions.insert(tame(&name), CONCURRENCY);
        }
        Some(To::Reader(tame(&name)))
    }

    /// What a target gets, as the scenario file has it.
    fn input(&self, target: &Value) -> Option<String> {
        let text = |field: &str| target.get(field).and_then(|value| self.template.text(value));
        if let Some(text) = text("Input") {
            return Some(format!("Constant({})", raw(&text)));
        }
        if let Some(path) = text("InputPath") {
            return Some(format!("Path({})", quoted(&path)));
        }
        let transformer = target.get("InputTransformer")?;
        let paths = transformer.get("InputPathsMap").and_then(Value::as_object);
        let paths: Vec<String> =
            paths.into_iter().flatten().filter_map(|(name, path)| Some(format!("{}: {}", quoted(name), quoted(path.as_str()?)))).collect();
        let template = self.template.text(transformer.get("InputTemplate")?)?;
        Some(format!("Transformer(paths: {{{}}}, template: {})", paths.join(", "), raw(&template)))
    }

    fn archives(&mut self) -> Result<(), String> {
        for (id, properties) in self.template.of_type("AWS::Events::Archive") {
            let name = properties.get("SourceArn").and_then(|arn| self.name(arn)).unwrap_or_else(|| "default".to_owned());
            let mut fields = Vec::new();
            if let Some(pattern) = properties.get("EventPattern") {
                let place = format!("/Resources/{id}/Properties/EventPattern");
                let (sources, types) = (self.sources.clone(), self.types.clone());
                fields.push(format!("pattern: {}", raw(&self.pattern(pattern, id, &place)?)));
                // What is only kept is published by nobody whom the rules know.
                (self.sources, self.types) = (sources, types);
            }
            let days = properties.get("RetentionDays").and_then(|days| self.template.text(days)?.parse::<u64>().ok());
            fields.extend(days.filter(|days| *days > 0).map(|days| format!("retention: \"{days}d\"")));
            self.bus(&name);
            let kept = format!(", archive: Archive({})", fields.join(", "));
            if let Some((_, archive)) = self.buses.iter_mut().find(|(known, _)| *known == name) {
                *archive = kept;
            }
        }
        Ok(())
    }

    fn scenario(mut self) -> Result<Carried<Scenario>, String> {
        if self.types.is_empty() {
            self.types.push("Event".to_owned());
            self.notes.push("no rule names a detail type: one called `Event` is made up".to_owned());
        }
        if self.sources.len() > 1 {
            let all = self.sources.join(", ");
            self.notes.push(format!("the rules name several sources ({all}); the one producer speaks as the first"));
        }
        self.notes.push(
            "a template says nothing about traffic or handling: one producer with ten events per second of each type is made up".to_owned(),
        );
        // Consumers have the names of resources: what is made up gives way.
        let free = |name: &str| if self.reads.contains_key(name) { format!("{name}-1") } else { name.to_owned() };
        let (broker, publisher) = (free("events"), free("publisher"));
        let bus = |(name, archive): &(String, String)| format!("Bus(name: {}{archive}), ", quoted(name));
        let buses: String = self.buses.iter().map(bus).collect();
        let types: Vec<String> = self.types.iter().map(|name| quoted(&name.replace(['/', '#'], "-"))).collect();
        let events: String = types.iter().map(|name| format!("Event(name: {name}), ")).collect();
        let mut emits = String::new();
        for name in &types {
            for (bus, _) in &self.buses {
                let to = quoted(&format!("{broker}/{bus}"));
                let _ = write!(emits, "Emit(event: {name}, to: {to}, arrivals: Poisson(\"10/s\")), ");
            }
        }
        let mut others = String::new();
        for ((region, account), buses) in &self.far {
            let buses: String = buses.iter().map(|bus| format!("Bus(name: {}), ", quoted(bus))).collect();
            let id = quoted(&far_broker(region, account));
            let place = format!("account: {}, region: {}", quoted(account), quoted(region));
            let _ = writeln!(others, "        Broker(id: {id}, kind: EventBridge(buses: [{buses}], {place})),");
        }
        for (name, rules) in &self.reads {
            let reads: String = rules.iter().map(|rule| format!("Read(from: {}), ", quoted(&format!("{broker}/{rule}")))).collect();
            let scale = self.functions.get(name).map_or_else(String::new, |limit| format!(", scale: Serverless(limit: {limit})"));
            let _ = writeln!(others, "        Consumer(id: {}, reads: [{reads}]{scale}),", quoted(name));
        }
        let text = format!(
            "Scenario(
    format: 1,
    name: {},
    events: [{events}],
    nodes: [
        Producer(id: {}, emits: [{emits}]),
        Broker(id: {}, kind: EventBridge(
            buses: [{buses}],
            rules: [{}
            ],
            sources: {{{}: {}}},
        )),
{others}    ],
)
",
            quoted(self.template.description().unwrap_or("Imported from CloudFormation")),
            quoted(&publisher),
            quoted(&broker),
            self.rules,
            quoted(&publisher),
            quoted(self.sources.first().map_or("publisher", String::as_str)),
        );
        let scenario =
            crate::scenario::read(&text, "template").map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))?;
        Ok(Carried { result: scenario, left: self.notes })
    }
}

/// The id of the broker that stands for another account or region.
fn far_broker(region: &str, account: &str) -> String {
    tame(&format!("{account}-{region}"))
}

/// Plain texts in a pattern's list.
fn plain_texts(list: Option<&Value>, into: &mut Vec<String>) {
    for text in list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !into.iter().any(|known| known == text) {
            into.push(text.to_owned());
        }
    }
}
