//! One pass over a text: brackets, texts, comments, keys and commas.

use super::{Broken, DEEPEST, Item, Place, Shape};

/// The values and comments of a text.
pub(super) fn scan(text: &str) -> Result<Builder<'_>, Broken> {
    let mut builder = Builder { text, items: Vec::new(), comments: Vec::new(), frames: Vec::new(), roots: Vec::new(), multiline: None };
    builder.run()?;
    Ok(builder)
}

/// An open bracket.
struct Frame {
    item: u32,
    close: u8,
    key: Option<Place>,
    /// The value since the last comma.
    value: Option<u32>,
}

/// What a scan has found so far.
pub(super) struct Builder<'t> {
    text: &'t str,
    pub items: Vec<Item>,
    pub comments: Vec<Place>,
    frames: Vec<Frame>,
    /// Outermost values; a scenario has one.
    pub roots: Vec<u32>,
    /// The first text in plain quotes that runs over a line end: the likely culprit when a later one never ends.
    multiline: Option<u32>,
}

impl Builder<'_> {
    fn run(&mut self) -> Result<(), Broken> {
        let bytes = self.text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b' ' | b'\t' | b'\r' | b'\n' => i += 1,
                b'/' if matches!(bytes.get(i + 1), Some(b'/' | b'*')) => i = self.comment(i)?,
                b'#' if bytes.get(i + 1) == Some(&b'!') && self.roots.is_empty() && self.frames.is_empty() => {
                    // An attribute such as #![enable(...)]: ron's business.
                    i = self.text[i..].find(']').map_or(bytes.len(), |n| i + n + 1);
                }
                open @ (b'(' | b'[' | b'{') => {
                    self.open(i, open)?;
                    i += 1;
                }
                close @ (b')' | b']' | b'}') => {
                    self.close(i, close)?;
                    i += 1;
                }
                b',' => {
                    self.comma(i);
                    i += 1;
                }
                b':' => {
                    self.colon();
                    i += 1;
                }
                _ => i = self.atom(i)?,
            }
        }
        match self.frames.last() {
            Some(frame) => {
                let item = &self.items[frame.item as usize];
                Err(Broken::Unclosed(item.open - 1, None))
            }
            None => Ok(()),
        }
    }

    fn comment(&mut self, start: usize) -> Result<usize, Broken> {
        let bytes = self.text.as_bytes();
        let end = if bytes[start + 1] == b'/' {
            let line = self.text[start..].find('\n').map_or(bytes.len(), |n| start + n);
            if bytes[line - 1] == b'\r' { line - 1 } else { line }
        } else {
            let (mut depth, mut i) = (1, start + 2);
            while depth > 0 {
                match (bytes.get(i), bytes.get(i + 1)) {
                    (Some(b'/'), Some(b'*')) => (depth, i) = (depth + 1, i + 2),
                    (Some(b'*'), Some(b'/')) => (depth, i) = (depth - 1, i + 2),
                    (Some(_), _) => i += 1,
                    (None, _) => return Err(Broken::Comment(start as u32)),
                }
            }
            i
        };
        self.comments.push(Place::new(start, end));
        Ok(end)
    }

    /// A word or a text; gives the byte behind it.
    fn atom(&mut self, start: usize) -> Result<usize, Broken> {
        let bytes = self.text.as_bytes();
        let mut i = start;
        while i < bytes.len() {
            let word = &bytes[start..i];
            match bytes[i] {
                b'"' if i == start || word == b"b" => return self.quoted(start, i),
                b'"' | b'#' if is_raw_prefix(word) => match self.raw(start, i)? {
                    Some(end) => return Ok(end),
                    None => i += 1,
                },
                b'\'' if i == start || word == b"b" => match char_end(self.text, i) {
                    Some(end) => return Ok(self.push(Shape::Text, start, end)),
                    None => i += 1,
                },
                b'/' if matches!(bytes.get(i + 1), Some(b'/' | b'*')) => break,
                b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b':' | b'"' => break,
                _ => i += 1,
            }
        }
        Ok(self.push(Shape::Word, start, i))
    }

    fn quoted(&mut self, start: usize, quote: usize) -> Result<usize, Broken> {
        let bytes = self.text.as_bytes();
        let mut i = quote + 1;
        let mut lines = false;
        loop {
            match bytes.get(i) {
                Some(b'"') => break,
                Some(b'\\') => i += 2,
                Some(b'\n') => (lines, i) = (true, i + 1),
                Some(_) => i += 1,
                None => return Err(Broken::Text(self.multiline.unwrap_or(start as u32))),
            }
        }
        if lines {
            self.multiline.get_or_insert(start as u32);
        }
        Ok(self.push(Shape::Text, start, i + 1))
    }

    /// `r"..."`, `r#"..."#`; `None` if it is a raw identifier after all.
    fn raw(&mut self, start: usize, from: usize) -> Result<Option<usize>, Broken> {
        let bytes = self.text.as_bytes();
        let hashes = bytes[from..].iter().take_while(|b| **b == b'#').count();
        if bytes.get(from + hashes) != Some(&b'"') {
            return Ok(None);
        }
        let mut i = from + hashes + 1;
        // Each byte is looked at once: a run of hashes that is too short contains no quote.
        loop {
            match self.text[i..].find('"') {
                None => return Err(Broken::Text(start as u32)),
                Some(n) => {
                    i += n + 1;
                    let closing = bytes[i..].iter().take(hashes).take_while(|b| **b == b'#').count();
                    i += closing;
                    if closing == hashes {
                        return Ok(Some(self.push(Shape::Text, start, i)));
                    }
                }
            }
        }
    }

    fn push(&mut self, shape: Shape, start: usize, end: usize) -> usize {
        let name = (shape == Shape::Word).then(|| Place::new(start, end));
        self.add(Item {
            key: None,
            name,
            shape,
            place: Place::new(start, end),
            open: start as u32,
            comma: None,
            parent: None,
            children: Vec::new(),
        });
        end
    }

    fn add(&mut self, mut item: Item) -> u32 {
        let index = self.items.len() as u32;
        if let Some(frame) = self.frames.last_mut() {
            item.key = frame.key.take();
            item.parent = Some(frame.item);
            frame.value = Some(index);
            self.items[frame.item as usize].children.push(index);
        } else {
            self.roots.push(index);
        }
        self.items.push(item);
        index
    }

    fn open(&mut self, at: usize, bracket: u8) -> Result<(), Broken> {
        if self.frames.len() >= DEEPEST {
            return Err(Broken::Deep(at as u32));
        }
        let (shape, close) = match bracket {
            b'(' => (Shape::Round, b')'),
            b'[' => (Shape::List, b']'),
            _ => (Shape::Map, b'}'),
        };
        // A word just before a round bracket is its name, not a value of its own.
        let before = self.frames.last().map_or_else(|| self.roots.last().copied(), |f| f.value);
        let named = before.filter(|b| shape == Shape::Round && self.items[*b as usize].shape == Shape::Word);
        let index = match named {
            Some(index) => {
                let item = &mut self.items[index as usize];
                (item.shape, item.open) = (shape, at as u32 + 1);
                index
            }
            None => self.add(Item {
                key: None,
                name: None,
                shape,
                place: Place::new(at, at + 1),
                open: at as u32 + 1,
                comma: None,
                parent: None,
                children: Vec::new(),
            }),
        };
        self.frames.push(Frame { item: index, close, key: None, value: None });
        Ok(())
    }

    fn close(&mut self, at: usize, bracket: u8) -> Result<(), Broken> {
        let Some(frame) = self.frames.pop() else { return Err(Broken::Unopened(at as u32)) };
        let item = &mut self.items[frame.item as usize];
        if frame.close != bracket {
            return Err(Broken::Unclosed(item.open - 1, Some(at as u32)));
        }
        item.place.end = at as u32 + 1;
        Ok(())
    }

    fn comma(&mut self, at: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.key = None;
            if let Some(value) = frame.value.take() {
                self.items[value as usize].comma = Some(at as u32);
            }
        }
    }

    /// What stood before the colon was a key.
    fn colon(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && let Some(value) = frame.value.take()
        {
            frame.key = Some(self.items[value as usize].place);
            self.items[frame.item as usize].children.pop();
        }
    }
}

fn is_raw_prefix(word: &[u8]) -> bool {
    matches!(word, b"r" | b"br")
}

/// The end of a character literal whose quote is at `at`; `None` if it is not one.
fn char_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at + 1..];
    let mut chars = rest.char_indices();
    let (_, first) = chars.next()?;
    if first != '\\' {
        return chars.next().filter(|(_, c)| *c == '\'').map(|(i, _)| at + 1 + i + 1);
    }
    chars.next()?;
    chars.take(10).find(|(_, c)| *c == '\'').map(|(i, _)| at + 1 + i + 1)
}
