//! Texts that speak of a run: what in them are words, figures of the run in braces, and names in code spans.

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// To be shown as it is.
    Words(&'t str),
    /// What stands in braces: a figure of the run.
    Figure(&'t str),
    /// What stands in backquotes, without them.
    Code(&'t str),
    /// Code between fences or double backquotes, with these: to be shown as it is, not to be looked at.
    Block(&'t str),
}

/// The pieces of a text, in order. Braces in code are no figures.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut words) = (text, 0);
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        let line_start = at == 0 || rest[..at].ends_with('\n');
        let found = if line_start && here.starts_with("```") {
            let end = here[3..].find("\n```").map_or(here.len(), |end| 3 + end + 4);
            Some((Piece::Block(&here[..end]), end))
        } else if let Some(inside) = here.strip_prefix("``") {
            inside.find("``").map(|end| (Piece::Block(&here[..end + 4]), end + 4))
        } else if let Some(inside) = here.strip_prefix('`') {
            inside.find('`').map(|end| (Piece::Code(&inside[..end]), end + 2))
        } else if let Some(inside) = here.strip_prefix('{') {
            inside.find(['}', '\n']).filter(|end| inside[*end..].starts_with('}')).map(|end| (Piece::Figure(&inside[..end]), end + 2))
        } else {
            None
        };
        match found {
            Some((piece, length)) => {
                if at > words {
                    pieces.push(Piece::Words(&rest[words..at]));
                }
                pieces.push(piece);
                rest = &rest[at + length..];
                (at, words) = (0, 0);
            }
            None => at += here.chars().next().map_or(1, char::len_utf8),
        }
    }
    if rest.len() > words {
        pieces.push(Piece::Words(&rest[words..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_its_pieces() {
        let text = "At {lost} of `bus/orders`, `{a}` ``{b}`` é\n```json\n{x}\n```\nend { and ` open";
        let expected = [
            Piece::Words("At "),
            Piece::Figure("lost"),
            Piece::Words(" of "),
            Piece::Code("bus/orders"),
            Piece::Words(", "),
            Piece::Code("{a}"),
            Piece::Words(" "),
            Piece::Block("``{b}``"),
            Piece::Words(" é\n"),
            Piece::Block("```json\n{x}\n```"),
            Piece::Words("\nend { and ` open"),
        ];
        assert_eq!(pieces(text), expected);
        assert_eq!(pieces(""), []);
    }
}
