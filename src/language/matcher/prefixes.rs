//! All of many prefixes that a text begins with, at the cost of one search and of those that fit.

/// Prefixes with what hangs on each.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes {
    /// In order; complete after [`Prefixes::settle`].
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    prefix: Box<[u8]>,
    items: Vec<u32>,
    /// The longest other prefix that this one begins with.
    shorter: Option<u32>,
}

impl Prefixes {
    /// Hangs an item on a prefix.
    pub(super) fn add(&mut self, prefix: &[u8], item: u32) {
        self.entries.push(Entry { prefix: prefix.into(), items: vec![item], shorter: None });
    }

    /// Brings what was added into order.
    pub(super) fn settle(&mut self) {
        let mut added = std::mem::take(&mut self.entries);
        added.sort_by(|a, b| a.prefix.cmp(&b.prefix));
        for mut entry in added {
            match self.entries.last_mut() {
                Some(last) if last.prefix == entry.prefix => last.items.append(&mut entry.items),
                _ => self.entries.push(entry),
            }
        }
        let mut around: Vec<u32> = Vec::new();
        for i in 0..self.entries.len() {
            while let Some(outer) = around.last() {
                if self.entries[i].prefix.starts_with(&self.entries[*outer as usize].prefix) {
                    break;
                }
                around.pop();
            }
            self.entries[i].shorter = around.last().copied();
            around.push(i as u32);
        }
    }

    /// Visits the items of every prefix of a text.
    pub(super) fn visit(&self, text: &[u8], mut visit: impl FnMut(u32)) {
        // Whatever stands between a prefix of the text and the text begins with that prefix, so the chain from the last entry
        // before the text leads through all of them.
        let mut next = self.entries.partition_point(|entry| &*entry.prefix <= text).checked_sub(1);
        while let Some(at) = next {
            let entry = &self.entries[at];
            if text.starts_with(&entry.prefix) {
                entry.items.iter().copied().for_each(&mut visit);
            }
            next = entry.shorter.map(|at| at as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_exactly_the_prefixes(prefixes in proptest::collection::vec("[ab]{0,4}", 0..12), text in "[ab]{0,6}") {
            let mut all = Prefixes::default();
            for (i, prefix) in prefixes.iter().enumerate() {
                all.add(prefix.as_bytes(), i as u32);
            }
            all.settle();
            let mut found = Vec::new();
            all.visit(text.as_bytes(), |item| found.push(item));
            found.sort_unstable();
            let wanted: Vec<u32> = (0..prefixes.len()).filter(|i| text.starts_with(prefixes[*i].as_str())).map(|i| i as u32).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
