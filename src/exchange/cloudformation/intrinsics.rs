//! What a value of a template comes to, as far as the template alone can tell: functions followed, parameters by their defaults.

use super::yaml::Read;
use serde_json::{Map, Value};
use std::cell::{Cell, OnceCell};

/// The account and region of whoever reads a template: those that EventBridge brokers have by default.
pub(super) const ACCOUNT: &str = "111122223333";
/// See [`ACCOUNT`].
pub(super) const REGION: &str = "us-east-1";

/// How many functions may refer to each other.
const DEEPEST: usize = 20;

/// What all functions of a template together may come to, in bytes and one for each look at a value: far more than any template
/// needs, and little enough for one whose names double with every step.
const MOST_WORK: usize = 16 << 20;

/// A template.
pub(super) struct Template<'t> {
    read: &'t Read,
    resources: &'t Map<String, Value>,
    /// What is left of [`MOST_WORK`].
    left: Cell<usize>,
    /// Where nothing of it was left first.
    spent_at: OnceCell<String>,
}

/// The first argument of a function: `{"Ref": ...}`.
fn call(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    // A field of an event may be called `Ref` as well: then a list or an object stands there.
    let calls = (name == "Ref" && argument.is_string()) || name.starts_with("Fn::");
    calls.then_some((name.as_str(), argument))
}

impl<'t> Template<'t> {
    pub fn of(read: &'t Read) -> Result<Template<'t>, String> {
        let resources = read.value.get("Resources").and_then(Value::as_object).ok_or("there are no `Resources` in it")?;
        Ok(Template { read, resources, left: Cell::new(MOST_WORK), spent_at: OnceCell::new() })
    }

    /// That the functions came to more than a template may ask for, with the place; what was made of it is of no use then.
    pub fn overrun(&self) -> Option<String> {
        let place = self.spent_at.get().map_or_else(String::new, |place| format!(" at {place}"));
        let most = MOST_WORK >> 20;
        (self.left.get() == 0)
            .then(|| format!("the functions in it come to more than {most} MiB of text{place}: do names refer to each other?"))
    }

    /// Takes so much from what is left; none if that is too little.
    fn spend(&self, amount: usize) -> Option<()> {
        self.left.set(self.left.get().saturating_sub(amount));
        (self.left.get() > 0).then_some(())
    }

    /// The value at a place of the template as text.
    fn follow_at(&self, pointer: &str, value: &Value, depth: usize) -> Option<String> {
        let text = self.follow(value, depth);
        if self.left.get() == 0 {
            self.spent_at.get_or_init(|| format!("`{}`{}", pointer.trim_start_matches('/').replace('/', "."), self.line(pointer)));
        }
        text
    }

    /// Resources of a type: logical id and properties.
    pub fn of_type(&self, kind: &'static str) -> impl Iterator<Item = (&'t String, &'t Value)> {
        let resources = self.resources.iter().filter(move |(_, resource)| resource["Type"] == kind);
        resources.map(|(id, resource)| (id, resource.get("Properties").unwrap_or(&Value::Null)))
    }

    /// The type and properties of a resource.
    pub fn resource(&self, id: &str) -> Option<(&'t str, &'t Value)> {
        let resource = self.resources.get(id)?;
        Some((resource["Type"].as_str()?, resource.get("Properties").unwrap_or(&Value::Null)))
    }

    /// What the template is about.
    pub fn description(&self) -> Option<&'t str> {
        self.read.value.get("Description").and_then(Value::as_str)
    }

    /// ` (line 12)`, where the template has lines.
    pub fn line(&self, pointer: &str) -> String {
        self.read.lines.get(pointer).map_or_else(String::new, |line| format!(" (line {line})"))
    }

    /// The resource that a value refers to, if it does.
    pub fn resource_of(&self, value: &Value) -> Option<String> {
        let id = match call(value)? {
            ("Ref", Value::String(id)) => Some(id.as_str()),
            ("Fn::GetAtt", Value::Array(path)) => path.first()?.as_str(),
            ("Fn::GetAtt", Value::String(path)) => path.split('.').next(),
            ("Fn::If", Value::Array(arguments)) => return self.resource_of(arguments.get(1)?),
            ("Fn::Sub", Value::String(text)) => {
                let inside = text.strip_prefix("${")?.strip_suffix('}')?;
                Some(inside.split('.').next().unwrap_or(inside))
            }
            _ => None,
        };
        id.filter(|id| self.resources.contains_key(*id)).map(str::to_owned)
    }

    /// The name that a resource gives itself, else its logical id.
    pub fn own_name(&self, id: &str) -> String {
        self.named(id, 0)
    }

    fn named(&self, id: &str, depth: usize) -> String {
        let properties = self.resources.get(id).and_then(|resource| resource.get("Properties"));
        let fields = ["Name", "QueueName", "FunctionName", "TopicName", "StateMachineName"];
        let given = fields
            .iter()
            .find_map(|field| self.follow_at(&format!("/Resources/{id}/Properties/{field}"), properties?.get(*field)?, depth + 1));
        given.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_owned())
    }

    /// A value as text.
    pub fn text(&self, value: &Value) -> Option<String> {
        self.follow(value, 0)
    }

    fn follow(&self, value: &Value, depth: usize) -> Option<String> {
        if depth > DEEPEST {
            return None;
        }
        self.spend(1)?;
        match value {
            Value::String(text) => return Some(text.clone()),
            Value::Number(number) => return Some(number.to_string()),
            Value::Bool(yes) => return Some(yes.to_string()),
            _ => {}
        }
        let text = |value: &Value| self.follow(value, depth + 1);
        match call(value)? {
            ("Ref", Value::String(id)) => self.reference(id, depth),
            ("Fn::GetAtt", Value::Array(path)) => Some(self.named(path.first()?.as_str()?, depth)),
            ("Fn::GetAtt", Value::String(path)) => Some(self.named(path.split('.').next()?, depth)),
            ("Fn::Sub", Value::String(template)) => self.substituted(template, &Map::new(), depth),
            ("Fn::Sub", Value::Array(arguments)) => {
                let own = arguments.get(1).and_then(Value::as_object);
                self.substituted(arguments.first()?.as_str()?, own.unwrap_or(&Map::new()), depth)
            }
            ("Fn::Join", Value::Array(arguments)) => {
                let parts: Option<Vec<String>> = arguments.get(1)?.as_array()?.iter().map(text).collect();
                let joined = parts?.join(arguments.first()?.as_str()?);
                self.spend(joined.len())?;
                Some(joined)
            }
            ("Fn::Select", Value::Array(arguments)) => {
                let at: usize = text(arguments.first()?)?.parse().ok()?;
                match arguments.get(1)? {
                    Value::Array(items) => text(items.get(at)?),
                    other => match call(other)? {
                        ("Fn::Split", Value::Array(split)) => {
                            text(split.get(1)?)?.split(split.first()?.as_str()?).nth(at).map(str::to_owned)
                        }
                        _ => None,
                    },
                }
            }
            // A condition is taken to hold.
            ("Fn::If", Value::Array(arguments)) => text(arguments.get(1)?),
            ("Fn::ImportValue", name) => text(name),
            ("Fn::FindInMap", Value::Array(keys)) => {
                let keys: Option<Vec<String>> = keys.iter().take(3).map(text).collect();
                let found = keys?.iter().try_fold(self.read.value.get("Mappings")?, |map, key| map.get(key))?;
                text(found)
            }
            _ => None,
        }
    }

    fn reference(&self, id: &str, depth: usize) -> Option<String> {
        match id {
            "AWS::AccountId" => Some(ACCOUNT.to_owned()),
            "AWS::Region" => Some(REGION.to_owned()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::StackName" => Some("stack".to_owned()),
            "AWS::NoValue" => None,
            id if self.resources.contains_key(id) => Some(self.named(id, depth)),
            id => {
                let default = self.read.value.get("Parameters")?.get(id)?.get("Default")?;
                self.follow_at(&format!("/Parameters/{id}/Default"), default, depth + 1)
            }
        }
    }

    /// A text with what stands for its `${...}`.
    fn substituted(&self, template: &str, own: &Map<String, Value>, depth: usize) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once("${") {
            out.push_str(before);
            let (name, after) = behind.split_once('}')?;
            rest = after;
            match (name.strip_prefix('!'), own.get(name)) {
                (Some(literal), _) => out.push_str(&format!("${{{literal}}}")),
                (None, Some(value)) => out.push_str(&self.follow(value, depth + 1)?),
                (None, None) => match name.split_once('.') {
                    Some((resource, _)) => out.push_str(&self.named(resource, depth)),
                    None => out.push_str(&self.reference(name, depth)?),
                },
            }
        }
        out.push_str(rest);
        self.spend(out.len())?;
        Some(out)
    }

    /// A value with its functions replaced by what they come to. Those that cannot be told stand in `unknown`.
    pub fn resolved(&self, value: &Value, unknown: &mut Vec<String>) -> Value {
        if let Some((name, _)) = call(value) {
            return match self.text(value) {
                Some(text) => Value::String(text),
                None => {
                    unknown.push(name.to_owned());
                    Value::String(format!("unknown-{}", name.trim_start_matches("Fn::").to_lowercase()))
                }
            };
        }
        match value {
            Value::Array(items) => Value::Array(items.iter().map(|item| self.resolved(item, unknown)).collect()),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.resolved(value, unknown))).collect())
            }
            other => other.clone(),
        }
    }
}
