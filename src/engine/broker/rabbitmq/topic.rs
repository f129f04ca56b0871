//! Topic patterns as a trie over words: the cost of a match follows the key and what matches, not the number of bindings.
//!
//! A pattern is words between dots; `*` is exactly one word, `#` any number of them, none included. Both only count as whole
//! words. The empty key has no word at all, so `#` matches it and `*` does not.

use super::names::{Name, Names};

/// A place in the trie.
type Node = u32;

/// Patterns with something behind each.
#[derive(Clone, Debug)]
pub struct Trie<T> {
    nodes: Vec<Branch<T>>,
    star: Name,
    hash: Name,
}

#[derive(Clone, Debug)]
struct Branch<T> {
    /// Children by literal word, sorted.
    words: Vec<(Name, Node)>,
    star: Option<Node>,
    hash: Option<Node>,
    /// What patterns that end here lead to.
    here: Vec<T>,
}

/// Work space of a match: which `#` nodes have been tried from which word on.
#[derive(Clone, Debug, Default)]
pub struct Walk(Vec<(Node, usize)>);

impl<T> Branch<T> {
    fn new() -> Self {
        Branch { words: Vec::new(), star: None, hash: None, here: Vec::new() }
    }
}

impl<T: Copy> Trie<T> {
    /// An empty trie over these names.
    pub fn new(names: &mut Names) -> Trie<T> {
        Trie { nodes: vec![Branch::new()], star: names.intern("*"), hash: names.intern("#") }
    }

    /// Adds what stands behind a pattern; the pattern is a key of [`Names::key`].
    pub fn insert(&mut self, pattern: Name, names: &Names, what: T) {
        let mut at: Node = 0;
        for word in names.words(pattern) {
            at = self.child(at, *word);
        }
        self.nodes[at as usize].here.push(what);
    }

    fn child(&mut self, at: Node, word: Name) -> Node {
        let new = self.nodes.len() as Node;
        let (star, hash) = (self.star, self.hash);
        let branch = &mut self.nodes[at as usize];
        let found = if word == star {
            *branch.star.get_or_insert(new)
        } else if word == hash {
            *branch.hash.get_or_insert(new)
        } else {
            match branch.words.binary_search_by_key(&word, |(known, _)| *known) {
                Ok(place) => branch.words[place].1,
                Err(place) => {
                    branch.words.insert(place, (word, new));
                    new
                }
            }
        };
        if found == new {
            self.nodes.push(Branch::new());
        }
        found
    }

    /// Calls back with everything behind patterns that match the words of a key; the same thing may come more than once.
    pub fn matching(&self, words: &[Name], walk: &mut Walk, found: &mut impl FnMut(T)) {
        walk.0.clear();
        self.visit(0, words, 0, walk, found);
    }

    fn visit(&self, at: Node, words: &[Name], from: usize, walk: &mut Walk, found: &mut impl FnMut(T)) {
        let branch = &self.nodes[at as usize];
        if let Some(hash) = branch.hash {
            self.visit_any(hash, words, from, walk, found);
        }
        let Some(word) = words.get(from) else {
            branch.here.iter().for_each(|what| found(*what));
            return;
        };
        if let Some(star) = branch.star {
            self.visit(star, words, from + 1, walk, found);
        }
        if let Ok(place) = branch.words.binary_search_by_key(word, |(known, _)| *known) {
            self.visit(branch.words[place].1, words, from + 1, walk, found);
        }
    }

    /// Goes on behind a `#` that may have swallowed any number of the words from `from` on. What an earlier visit has tried is
    /// left out, so that patterns with several `#` stay linear in the words.
    fn visit_any(&self, hash: Node, words: &[Name], from: usize, walk: &mut Walk, found: &mut impl FnMut(T)) {
        let until = match walk.0.iter_mut().find(|(node, _)| *node == hash) {
            Some((_, tried)) if *tried <= from => return,
            Some((_, tried)) => std::mem::replace(tried, from),
            None => {
                walk.0.push((hash, from));
                words.len() + 1
            }
        };
        for start in from..until {
            self.visit(hash, words, start, walk, found);
        }
    }
}

/// Whether one pattern matches one key; for tables and tests, a broker asks its trie.
pub fn matches(pattern: &str, key: &str) -> bool {
    let mut names = Names::default();
    let mut trie = Trie::new(&mut names);
    let pattern = names.key(pattern);
    let key = names.key(key);
    trie.insert(pattern, &names, ());
    let mut hit = false;
    trie.matching(names.words(key), &mut Walk::default(), &mut |()| hit = true);
    hit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// The definition, word by word.
    fn slow(pattern: &[&str], key: &[&str]) -> bool {
        match pattern {
            [] => key.is_empty(),
            ["#", rest @ ..] => (0..=key.len()).any(|n| slow(rest, &key[n..])),
            ["*", rest @ ..] => !key.is_empty() && slow(rest, &key[1..]),
            [word, rest @ ..] => key.first() == Some(word) && slow(rest, &key[1..]),
        }
    }

    #[test]
    fn a_trie_of_many_patterns_agrees_with_the_definition_of_each() {
        let mut random = Stream::named(1, "topic");
        let mut names = Names::default();
        let mut trie = Trie::new(&mut names);
        let mut text = |letters: &[&str], most: u64| {
            let words: Vec<&str> = (0..random.below(most)).map(|_| letters[random.below(letters.len() as u64) as usize]).collect();
            words.join(".")
        };
        let patterns: Vec<String> = (0..400).map(|_| text(&["a", "b", "*", "#", "#", ""], 6)).collect();
        for (number, pattern) in patterns.iter().enumerate() {
            let pattern = names.key(pattern);
            trie.insert(pattern, &names, number);
        }
        let cut = |text: &str| if text.is_empty() { Vec::new() } else { text.split('.').map(str::to_owned).collect::<Vec<_>>() };
        for _ in 0..2000 {
            let key = text(&["a", "b", "c", ""], 6);
            let number = names.key(&key);
            let mut hits = Vec::new();
            trie.matching(names.words(number), &mut Walk::default(), &mut |n| hits.push(n));
            hits.sort_unstable();
            hits.dedup();
            let words = cut(&key);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let wanted: Vec<usize> = (0..patterns.len())
                .filter(|n| {
                    let pattern = cut(&patterns[*n]);
                    slow(&pattern.iter().map(String::as_str).collect::<Vec<_>>(), &words)
                })
                .collect();
            assert_eq!(hits, wanted, "key `{key}`");
        }
    }

    #[test]
    fn patterns_of_hashes_do_not_explode() {
        let mut names = Names::default();
        let mut trie = Trie::new(&mut names);
        let pattern = names.key(&["#"; 40].join(".a."));
        trie.insert(pattern, &names, 7);
        let key = names.key(&["a"; 200].join("."));
        let mut hits = 0;
        trie.matching(names.words(key), &mut Walk::default(), &mut |_| hits += 1);
        assert!(hits >= 1);
    }
}
