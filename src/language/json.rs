//! JSON as EventBridge needs it: how a number was spelled, keys given twice and the place of everything are kept.

use std::fmt;

/// How deep lists and objects may stand in each other.
const DEEPEST: usize = 200;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes before the place.
    pub at: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(at: usize, reason: impl Into<String>) -> Fault {
        Fault { at, reason: reason.into() }
    }

    /// Line and column of the fault in its text, both from 1, columns in characters.
    pub fn place(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        (line, column)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes before it.
    pub at: usize,
    /// The value.
    pub json: Json,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was spelled.
    Number(String),
    /// A string, its escapes resolved.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object: every member in order, repeated names included.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where the name begins.
    pub at: usize,
    /// Its value.
    pub node: Node,
}

impl Json {
    /// The last member of that name (what readers of JSON agree on where a name is repeated).
    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Json::Object(members) => members.iter().rev().find(|m| m.name == name).map(|m| &m.node),
            _ => None,
        }
    }

    /// What kind of value it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::Text(_) => "a string",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }

    /// Writes the value without spaces, numbers as they were spelled.
    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Json::Number(spelling) => out.push_str(spelling),
            Json::Text(text) => write_text(text, out),
            Json::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.json.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (i, member) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(&member.name, out);
                    out.push(':');
                    member.node.json.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

/// Writes a string with its quotes.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    write_inside(text, out);
    out.push('"');
}

/// Writes what stands between a string's quotes.
pub fn write_inside(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
}

/// Reads a text that is one JSON value and nothing else.
pub fn read(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip_space();
    if reader.at == text.len() {
        return Err(Fault::new(reader.at, "nothing here: a JSON value is expected"));
    }
    let node = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(Fault::new(reader.at, "something stands behind the end of the JSON value"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// What stands here, for messages.
    fn here(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) => format!("`{c}`"),
            None => "the end of the text".to_owned(),
        }
    }

    fn fail<T>(&self, expected: &str) -> Result<T, Fault> {
        Err(Fault::new(self.at, format!("not JSON: {expected} is expected, not {}", self.here())))
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let at = self.at;
        let json = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Json::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => match ["null", "true", "false"].iter().find(|word| self.text[self.at..].starts_with(**word)) {
                Some(word) => {
                    self.at += word.len();
                    if *word == "null" { Json::Null } else { Json::Bool(*word == "true") }
                }
                None => return self.fail("a value (string, number, list, object, true, false or null)"),
            },
        };
        Ok(Node { at, json })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, Fault>) -> Result<Json, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::new(self.at, format!("lists and objects stand more than {DEEPEST} deep in each other")));
        }
        self.at += 1;
        let json = read(self)?;
        self.depth -= 1;
        Ok(json)
    }

    fn object(&mut self) -> Result<Json, Fault> {
        let mut members = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            let at = self.at;
            if self.peek() != Some(b'"') {
                return self.fail("a name in double quotes");
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return self.fail("`:`");
            }
            self.at += 1;
            self.skip_space();
            let node = self.value()?;
            members.push(Member { name, at, node });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(members));
                }
                _ => return self.fail("`,` or `}`"),
            }
        }
    }

    fn list(&mut self) -> Result<Json, Fault> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value()?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::List(items));
                }
                _ => return self.fail("`,` or `]`"),
            }
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let first = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == first { self.fail("a digit") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Json, Fault> {
        let first = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading = self.at;
        self.digits()?;
        if self.text.as_bytes()[leading] == b'0' && self.at > leading + 1 {
            return Err(Fault::new(leading, "not JSON: a number does not begin with an extra 0"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text[first..self.at].to_owned()))
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut out = String::new();
        let mut plain = self.at;
        loop {
            match self.peek() {
                None => return self.fail("the closing `\"` of a string"),
                Some(b'"') => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(&self.text[plain..self.at]);
                    out.push(self.escape()?);
                    plain = self.at;
                }
                Some(0..0x20) => return Err(Fault::new(self.at, "not JSON: a control character in a string has to be escaped")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.at += 1;
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.fail("an escape (one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u)"),
        };
        self.at += 1;
        Ok(c)
    }

    /// Four hexadecimal digits, and four more where the first are half of a pair. A lone half becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u32::from_str_radix(d, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.fail("four hexadecimal digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_and_repeated_names_are_kept() {
        let text = r#"{"a": 3.0e2, "a": [true, null, "\u00fc\ud83d\ude00\n"]}"#;
        let node = read(text).unwrap();
        assert_eq!(node.json.to_string(), r#"{"a":3.0e2,"a":[true,null,"ü😀\n"]}"#);
        assert!(matches!(node.json.get("a").unwrap().json, Json::List(_)), "the last one counts");
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            (r#"{"a":["x"}"#, 9),
            (r#"{"a":['x']}"#, 6),
            (r#"{"a":[1,]}"#, 8),
            (r#"{"a":01}"#, 5),
            (r#"{a:1}"#, 1),
            (r#"{} x"#, 3),
            (r#"{"a":"x"#, 7),
            (r#""\x""#, 2),
            ("[1.]", 3),
            ("[tru]", 1),
        ] {
            assert_eq!(read(text).unwrap_err().at, at, "{text}");
        }
        let text = "{\n  \"a\": ['x']}";
        assert_eq!(read(text).unwrap_err().place(text), (2, 9));
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&"[".repeat(100_000)).unwrap_err().reason.contains("deep"));
    }

    proptest! {
        /// Any text is either read or refused, and what is read says the same when written and read again.
        #[test]
        fn any_text_is_survived(text in "\\PC*|[\\[\\]{}\",:0-9eE.+\\-truefalsn\\\\ ]*") {
            if let Ok(node) = read(&text) {
                let written = node.json.to_string();
                prop_assert_eq!(read(&written).unwrap().json.to_string(), written);
            }
        }

        /// Where the standard reader of JSON takes a text, so does this one, and the other way round.
        #[test]
        fn agrees_with_another_reader(text in "[\\[\\]{}\",:0-9eE.+\\-truefalsn\\\\ ]{0,12}") {
            let other = serde_json::from_str::<serde_json::Value>(&text);
            // The other one refuses numbers beyond its range, which are fine JSON.
            let out_of_range = other.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            prop_assert!(out_of_range || other.is_ok() == read(&text).is_ok(), "{}", text);
        }
    }
}
