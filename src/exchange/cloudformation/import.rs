//! From a template: the resources that are EventBridge's, and a scenario around them.

use super::intrinsics::{ACCOUNT, REGION, Template};
use super::own::{Own, delivered, quoted};
use super::{CONCURRENCY, Carried, numbered, yaml};
use crate::exchange::tamed;
use crate::language::Fault;
use crate::language::pattern::Pattern;
use crate::scenario::Scenario;
use crate::scenario::broker::eventbridge::limits::{AGE_SECONDS, MOST_ATTEMPTS};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Reads a template's buses, rules, archives and queues, and the events of its serverless functions.
///
/// # Errors
/// Why it cannot be read, with the place; that it has no parts, if `part` is to be taken.
pub fn import(text: &str, part: Option<&str>) -> Result<Carried<Scenario>, String> {
    if let Some(part) = part {
        return Err(format!("a template is imported whole: there is no virtual host `{part}` in it"));
    }
    let read = match text.trim_start().starts_with('{') {
        true => {
            yaml::Read { value: serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?, ..yaml::Read::default() }
        }
        false => yaml::read(text)?,
    };
    let template = Template::of(&read)?;
    let imported = resources(&template, read.notes.clone());
    template.overrun().map_or(imported, Err)
}

/// A scenario around the resources of a template.
fn resources(template: &Template<'_>, notes: Vec<String>) -> Result<Carried<Scenario>, String> {
    let mut import = Import { template, notes, ..Import::new(template) };
    import.buses();
    let given: Vec<(&str, String, &Value)> = template
        .of_type("AWS::Events::Rule")
        .map(|(id, properties)| (id.as_str(), format!("/Resources/{id}/Properties"), properties))
        .collect();
    for (id, place, properties) in given {
        import.rule(id, &place, properties)?;
    }
    let events = function_events(template);
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
    /// What reads from which rules, and as which group where it is not its own.
    reads: BTreeMap<String, Vec<(String, Option<String>)>>,
    /// Of these, functions, and how many executions each may have at a time.
    functions: BTreeMap<String, u64>,
    sources: Vec<String>,
    types: Vec<String>,
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
    tamed(name).replace(['/', '#', '.', '[', ']', '='], "-")
}

/// A name that events can have.
fn tame_type(name: &str) -> String {
    tamed(name).replace('/', "-")
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

    /// The name of a bus, which is there from now on.
    fn bus(&mut self, name: &str) -> String {
        let name = self.called("bus", name, tamed(name));
        if !self.buses.iter().any(|(known, _)| *known == name) {
            self.buses.push((name.clone(), String::new()));
        }
        name
    }

    /// What a thing is called here; said once if the template calls it otherwise.
    fn called(&mut self, kind: &str, name: &str, here: String) -> String {
        let note = format!("the name of the {kind} `{name}`, which is `{here}` here");
        if here != name && !self.notes.contains(&note) {
            self.notes.push(note);
        }
        here
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
        let own = properties.get("Name").and_then(|name| template.text(name)).unwrap_or_else(|| id.to_owned());
        let name = self.called("rule", &own, tame(&own));
        let name = self.free(&name);
        let schedule = properties.get("ScheduleExpression").and_then(|schedule| template.text(schedule));
        let pattern = properties.get("EventPattern").map(|pattern| self.pattern(pattern, &name, &format!("{place}/EventPattern")));
        let pattern = pattern.transpose()?;
        if pattern.is_none() && schedule.is_none() {
            self.notes.push(format!("`{name}`{line} has neither a pattern nor a schedule: it is left out"));
            return Ok(());
        }
        let bus =
            properties.get("EventBusName").and_then(|bus| template.text(bus)).map_or_else(|| "default".to_owned(), |bus| end_of(&bus));
        let bus = self.bus(&bus);
        let none = Vec::new();
        let targets = properties.get("Targets").and_then(Value::as_array).unwrap_or(&none);
        let (mut forwards, mut own): (Vec<Own>, Vec<Own>) = (Vec::new(), Vec::new());
        for target in targets {
            let what = format!("`{name}`{line}");
            let Some(to) = target.get("Arn").and_then(|arn| self.target(arn)) else {
                self.notes.push(format!("{what}: a target's `Arn` cannot be told from the template: it is left out"));
                continue;
            };
            if matches!(&to, To::Bus(to) if *to == bus) {
                self.notes.push(format!("{what}: a target is the rule's own bus, to which a rule cannot send events back: it is left out"));
                continue;
            }
            let settings = self.settings(target, &what, matches!(to, To::Reader(_)));
            match to {
                To::Bus(bus) | To::Far(bus) => forwards.push(Own { name: bus, is_bus: true, ..settings }),
                To::Reader(reader) => {
                    let id = target.get("Id").and_then(|id| template.text(id)).map(|id| tame(&id)).filter(|id| !id.is_empty());
                    let group = self.read(reader, &name, id);
                    own.push(Own { name: group, ..settings });
                }
            }
        }
        // A rule here forwards to one bus: for others there are further rules that want the same.
        let mut forwards = forwards.into_iter();
        own.extend(forwards.next());
        let further: Vec<(String, Own)> = forwards.map(|to| (self.free(&format!("{name}-to-{}", tame(&to.name))), to)).collect();
        if !further.is_empty() {
            let rules: Vec<String> = further.iter().map(|(rule, _)| format!("`{rule}`")).collect();
            self.notes
                .push(format!("`{name}`{line} sends events to several buses: {} with the same pattern does the rest", rules.join(", ")));
        }
        let disabled = properties.get("State").and_then(|state| template.text(state)).is_some_and(|state| state == "DISABLED");
        let head = |name: &str| {
            let mut head = format!("\n                Rule(name: {}, bus: {}", quoted(name), quoted(&bus));
            if let Some(pattern) = &pattern {
                let _ = write!(head, ", pattern: {}", raw(pattern));
            }
            if let Some(schedule) = &schedule {
                let _ = write!(head, ", schedule: {}", quoted(schedule));
            }
            if disabled {
                head.push_str(", enabled: false");
            }
            head
        };
        let mut rules = head(&name) + &delivered(own);
        for (name, to) in further {
            rules.push_str(&head(&name));
            rules.push_str(&delivered(vec![to]));
        }
        self.rules.push_str(&rules);
        Ok(())
    }

    /// A name for a rule that no other has.
    fn free(&mut self, wanted: &str) -> String {
        let name = numbered(wanted, "-", |name| !self.names.contains(name));
        self.names.insert(name.clone());
        name
    }

    /// A reader of a rule, and as which group it reads: as one of the target's name where it reads from the rule already.
    fn read(&mut self, reader: String, rule: &str, id: Option<String>) -> String {
        let known = self.reads.entry(reader.clone()).or_default();
        let taken = |group: &str| known.iter().any(|(other, as_group)| other == rule && as_group.as_ref().unwrap_or(&reader) == group);
        if !taken(&reader) {
            known.push((rule.to_owned(), None));
            return reader;
        }
        let group = numbered(&id.unwrap_or_else(|| reader.clone()), "-", |group| !taken(group));
        known.push((rule.to_owned(), Some(group.clone())));
        group
    }

    /// What a target has for itself.
    fn settings(&mut self, target: &Value, what: &str, takes_input: bool) -> Own {
        let mut untold = Vec::new();
        let input = if takes_input { self.input(target, &mut untold) } else { None };
        let policy = target.get("RetryPolicy");
        let mut number = |field: &str, usual: u64| match policy.and_then(|policy| policy.get(field)) {
            None => usual,
            Some(value) => self.template.text(value).and_then(|text| text.parse().ok()).unwrap_or_else(|| {
                untold.push(format!("{field} (taken as {usual})"));
                usual
            }),
        };
        let usual = (*AGE_SECONDS.end(), u64::from(MOST_ATTEMPTS));
        let (age, tries) = (number("MaximumEventAgeInSeconds", usual.0), number("MaximumRetryAttempts", usual.1));
        let retry = ((age, tries) != usual).then(|| format!("RetryPolicy(max_age: \"{age}s\", attempts: {tries})"));
        let dead_letter = target.get("DeadLetterConfig").and_then(|config| {
            let queue = config.get("Arn").and_then(|arn| self.name(arn));
            // Of serverless functions: the queue is made along with the rule.
            let made = || config.get("QueueLogicalId").and_then(|id| self.template.text(id)).unwrap_or_else(|| "dead-letters".to_owned());
            let queue = queue.or_else(|| config.get("Type").map(|_| made()));
            if queue.is_none() {
                untold.push("DeadLetterConfig".to_owned());
            }
            queue
        });
        if !untold.is_empty() {
            self.notes.push(format!("{what}: the template does not tell a target's {}", untold.join(", ")));
        }
        let dead_letter = dead_letter.map(|queue| quoted(&self.called("queue", &queue, tame(&queue))));
        Own { name: String::new(), is_bus: false, input, retry, dead_letter }
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
        let mut object = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let renamed = self.rename_types(object.get_mut("detail-type"));
        plain_texts(object.get("source"), &mut self.sources);
        plain_texts(object.get("detail-type"), &mut self.types);
        Ok(if renamed { object.to_string() } else { text })
    }

    /// Gives detail types that events cannot be called here the name that they can have, and tells whether there were such.
    fn rename_types(&mut self, list: Option<&mut Value>) -> bool {
        let mut renamed = false;
        for entry in list.and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::String(name) = entry {
                let here = self.called("detail type", name, tame_type(name));
                renamed |= here != *name;
                *name = here;
            }
        }
        renamed
    }

    fn target(&mut self, arn: &Value) -> Option<To> {
        let template = self.template;
        if let Some(id) = template.resource_of(arn) {
            let name = template.own_name(&id);
            let (kind, properties) = template.resource(&id)?;
            if kind == "AWS::Events::EventBus" {
                return Some(To::Bus(self.bus(&name)));
            }
            let reader = self.called("target", &name, tame(&name));
            if kind.ends_with("::Function") {
                let limit = properties.get("ReservedConcurrentExecutions").and_then(|limit| template.text(limit)?.parse().ok());
                self.functions.insert(reader.clone(), limit.unwrap_or(CONCURRENCY));
            }
            return Some(To::Reader(reader));
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
                let name = self.called("bus", &name, tamed(&name));
                let key = (region.to_owned(), account.to_owned());
                let buses = self.far.entry(key).or_default();
                if !buses.contains(&name) {
                    buses.push(name.clone());
                }
                return Some(To::Far(format!("{}/{name}", far_broker(region, account))));
            }
            return Some(To::Bus(self.bus(&name)));
        }
        let reader = self.called("target", &name, tame(&name));
        if text.contains(":function:") {
            self.functions.insert(reader.clone(), CONCURRENCY);
        }
        Some(To::Reader(reader))
    }

    /// What a target gets, as the scenario file has it.
    fn input(&self, target: &Value, untold: &mut Vec<String>) -> Option<String> {
        let mut text = |value: &Value, field: &str| {
            let text = self.template.text(value);
            if text.is_none() {
                untold.push(field.to_owned());
            }
            text
        };
        if let Some(input) = target.get("Input") {
            return text(input, "Input").map(|text| format!("Constant({})", raw(&text)));
        }
        if let Some(path) = target.get("InputPath") {
            return text(path, "InputPath").map(|path| format!("Path({})", quoted(&path)));
        }
        let transformer = target.get("InputTransformer")?;
        let paths = transformer.get("InputPathsMap").and_then(Value::as_object);
        let mut named = Vec::new();
        for (name, path) in paths.into_iter().flatten() {
            named.push(format!("{}: {}", quoted(name), quoted(&text(path, "InputPathsMap")?)));
        }
        let template = text(transformer.get("InputTemplate")?, "InputTemplate")?;
        Some(format!("Transformer(paths: {{{}}}, template: {})", named.join(", "), raw(&template)))
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
            let name = self.bus(&name);
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
        let types: Vec<String> = self.types.iter().map(|name| quoted(name)).collect();
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
            let read = |(rule, group): &(String, Option<String>)| {
                let group = group.as_ref().map_or_else(String::new, |group| format!(", group: {}", quoted(group)));
                format!("Read(from: {}{group}), ", quoted(&format!("{broker}/{rule}")))
            };
            let reads: String = rules.iter().map(read).collect();
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
