//! Texts with `*`: any run of characters, the empty one included.

/// A piece of a wildcard text, byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    Star,
}

/// A checked text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    /// What stands between the stars; one more than there are stars.
    parts: Vec<Box<[u8]>>,
}

impl Wildcard {
    /// Reads a text in which `*` is any run, `\*` a star and `\\` a backslash.
    pub fn read(text: &str) -> Result<Wildcard, String> {
        let mut parts = vec![Vec::new()];
        let mut bytes = text.bytes().enumerate().peekable();
        while let Some((at, byte)) = bytes.next() {
            let next = bytes.peek().map(|(_, b)| *b);
            match byte {
                b'*' if next == Some(b'*') => return Err(format!("two `*` in a row at character {}: one says the same", at + 1)),
                b'*' => parts.push(Vec::new()),
                b'\\' => match bytes.next() {
                    Some((_, escaped @ (b'*' | b'\\'))) => Self::push(&mut parts, escaped),
                    _ => return Err(format!("a `\\` stands only before `*` or `\\` (character {})", at + 1)),
                },
                byte => Self::push(&mut parts, byte),
            }
        }
        Ok(Wildcard { parts: parts.into_iter().map(Vec::into_boxed_slice).collect() })
    }

    fn push(parts: &mut [Vec<u8>], byte: u8) {
        if let Some(last) = parts.last_mut() {
            last.push(byte);
        }
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        let (first, rest) = match self.parts.split_first() {
            Some(split) => split,
            None => return text.is_empty(),
        };
        let Some((last, middle)) = rest.split_last() else { return text.as_bytes() == &**first };
        let Some(text) = text.as_bytes().strip_prefix(&**first) else { return false };
        let Some(mut text) = text.strip_suffix(&**last) else { return false };
        // The earliest place is always good: what comes later then has the most room.
        for part in middle.iter().filter(|part| !part.is_empty()) {
            let Some(at) = text.windows(part.len()).position(|window| *window == **part) else { return false };
            text = &text[at + part.len()..];
        }
        true
    }

    /// What every fitting text begins with.
    pub fn head(&self) -> &[u8] {
        self.parts.first().map_or(&[], |part| part)
    }

    /// What every fitting text ends with.
    pub fn tail(&self) -> &[u8] {
        self.parts.last().map_or(&[], |part| part)
    }

    /// The pieces of the text in its quotes, as the service sees it.
    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = vec![Piece::Byte(b'"')];
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                pieces.push(Piece::Star);
            }
            pieces.extend(part.iter().map(|byte| Piece::Byte(*byte)));
        }
        pieces.push(Piece::Byte(b'"'));
        pieces
    }
}

/// From which [`complexity`] on the service refuses a pattern. The number is not published: `*:*:*:*:*:event-bus/*` is refused, and
/// everything below it that was recorded is taken.
pub const TOO_COMPLEX: usize = 10;

/// How many sets of places are looked at before the answer is what was found so far.
const PATIENCE: usize = 2_000;

/// Where a reader is after a byte: in which text, before which piece, and whether a star took the byte.
type Place = (u16, u16, bool);

/// In how many places of all these texts one reader can be at the same time, at worst: what makes wildcards expensive, and by what
/// event-ruler judges them (`MachineComplexityEvaluator`). Stops counting at [`TOO_COMPLEX`].
pub fn complexity(texts: &[&Wildcard]) -> usize {
    let texts: Vec<Vec<Piece>> = texts.iter().filter(|text| text.parts.len() > 1).map(|text| text.pieces()).collect();
    let piece = |t: u16, at: u16| texts[usize::from(t)].get(usize::from(at)).copied();
    let mut bytes: Vec<u8> = texts.iter().flatten().filter_map(|p| if let Piece::Byte(b) = p { Some(*b) } else { None }).collect();
    bytes.sort_unstable();
    bytes.dedup();
    let mut worst = 0;
    let mut seen = std::collections::BTreeSet::new();
    let mut open: Vec<Vec<Place>> = vec![(0..texts.len()).map(|t| (t as u16, 0, false)).collect()];
    while let Some(places) = open.pop() {
        if worst >= TOO_COMPLEX || seen.len() > PATIENCE {
            break;
        }
        for byte in &bytes {
            let mut next: Vec<Place> = Vec::new();
            for (t, at, _) in &places {
                // A star may also be passed without reading.
                let passed = (piece(*t, *at) == Some(Piece::Star)).then_some(at + 1);
                for at in std::iter::once(*at).chain(passed) {
                    match piece(*t, at) {
                        Some(Piece::Star) => next.push((*t, at, true)),
                        Some(Piece::Byte(b)) if b == *byte => next.push((*t, at + 1, false)),
                        _ => {}
                    }
                }
            }
            next.sort_unstable();
            next.dedup();
            // Whoever stands before a star is about to be in it as well.
            let ahead = |(t, at, star): &&Place| !star && piece(*t, *at) == Some(Piece::Star) && !next.contains(&(*t, *at, true));
            worst = worst.max(next.len() + next.iter().filter(ahead).count());
            if !next.is_empty() && seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    worst.min(TOO_COMPLEX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(wildcard: &str, text: &str) -> bool {
        Wildcard::read(wildcard).unwrap().fits(text)
    }

    #[test]
    fn stars_are_any_run() {
        assert!(fits("Simple*Service", "SimpleQueueService") && fits("Simple*Service", "SimpleService"));
        assert!(!fits("Simple*Service", "SimpleServic") && !fits("aba*aba", "aba"));
        assert!(fits("*/bin/*.jar", "/bin/.jar") && fits("*", "") && fits("", "") && !fits("", "x"));
        assert!(fits(r"a\*b*", "a*bcd") && fits(r"c:\\*", r"c:\dir") && !fits(r"a\*b*", "axb"));
        assert!(fits("*東*", "日東京"));
    }

    #[test]
    fn malformed_texts_are_refused() {
        for text in ["a**b", r"a\b", r"a\", r"\x*"] {
            assert!(Wildcard::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn many_stars_between_the_same_are_too_complex() {
        let score = |texts: &[&str]| {
            let read: Vec<Wildcard> = texts.iter().map(|t| Wildcard::read(t).unwrap()).collect();
            complexity(&read.iter().collect::<Vec<_>>())
        };
        assert_eq!(score(&["*:*:*:*:*:event-bus/*"]), TOO_COMPLEX);
        for fine in ["*/bin/*.jar", "arn:aws:events:us-east-1:*:event-bus/*", "/Users/*/dir/dir/dir/dir/dir/doc.txt", "*a*b*c*", "*", "abc"]
        {
            assert!(score(&[fine]) < TOO_COMPLEX, "{fine}: {}", score(&[fine]));
        }
        assert!(score(&["*:*:", "*:x", "*::*:*"]) > score(&["*:*:"]), "texts of one field add up");
    }

    proptest! {
        /// Against the plainest matcher there is.
        #[test]
        fn fits_like_the_definition(
            head in "[ab]{0,2}",
            between in proptest::collection::vec("[ab]{1,2}", 0..3),
            tail in proptest::option::of("[ab]{0,2}"),
            text in "[ab]{0,7}",
        ) {
            fn plain(parts: &[String], text: &str, first: bool) -> bool {
                let Some((head, rest)) = parts.split_first() else { return text.is_empty() };
                let starts: Vec<usize> = if first { vec![0] } else { (0..=text.len()).collect() };
                starts.into_iter().any(|i| {
                    text[i..].strip_prefix(head.as_str()).is_some_and(|left| if rest.is_empty() { left.is_empty() } else { plain(rest, left, false) })
                })
            }
            let mut parts = vec![head];
            if let Some(tail) = tail {
                parts.extend(between);
                parts.push(tail);
            }
            prop_assert_eq!(fits(&parts.join("*"), &text), plain(&parts, &text, true));
        }
    }
}
