//! Names, each held once and known by a small number from then on.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A text by number: a name of an exchange or queue, a routing key, or one word of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u32);

impl Name {
    /// The empty text: the name of the default exchange, and a key of zero words.
    pub const EMPTY: Name = Name(0);
}

/// Texts by number and numbers by text. A routing key comes with its words, so that matching never cuts text.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, Name>,
    words: Vec<Option<Arc<[Name]>>>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Names { texts: Vec::new(), numbers: BTreeMap::new(), words: Vec::new() };
        names.intern("");
        names
    }
}

impl Names {
    /// The number of a text, a new one if it has none.
    pub fn intern(&mut self, text: &str) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        let name = Name(self.texts.len() as u32);
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.words.push(None);
        self.numbers.insert(text, name);
        name
    }

    /// The number of a text that has one.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// The text.
    pub fn text(&self, name: Name) -> &str {
        &self.texts[name.0 as usize]
    }

    /// A key for matching: its words are cut here, once. The empty key has no word; a key with n dots has n + 1.
    pub fn key(&mut self, text: &str) -> Name {
        let name = self.intern(text);
        if self.words[name.0 as usize].is_none() {
            let words = if text.is_empty() { Vec::new() } else { text.split('.').map(|word| self.intern(word)).collect() };
            self.words[name.0 as usize] = Some(Arc::from(words));
        }
        name
    }

    /// The words of a key made by [`Names::key`].
    #[inline]
    pub fn words(&self, key: Name) -> &[Name] {
        self.words[key.0 as usize].as_deref().unwrap_or(&[])
    }
}
