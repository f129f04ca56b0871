//! Ignoring case, character by character.

/// A text to compare without regard to case: each character stands for its lower and its upper case, whole. So a sharp s is
/// also "SS", but not "ss" (as in Java, in which event-ruler is written).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The text as given.
    pub text: String,
    letters: Vec<(Box<str>, Box<str>)>,
}

impl Folded {
    /// A text to compare with.
    pub fn new(text: &str) -> Folded {
        let letters = text.chars().map(|c| (c.to_lowercase().collect::<String>().into(), c.to_uppercase().collect::<String>().into()));
        Folded { text: text.to_owned(), letters: letters.collect() }
    }

    /// Whether a text is this one.
    pub fn equals(&self, text: &str) -> bool {
        self.rests(text).any(str::is_empty)
    }

    /// Whether a text begins with this one.
    pub fn begins(&self, text: &str) -> bool {
        self.rests(text).next().is_some()
    }

    /// Whether a text ends with this one.
    pub fn ends(&self, text: &str) -> bool {
        let mut fronts = vec![text];
        for (lower, upper) in self.letters.iter().rev() {
            step(&mut fronts, lower, upper, |front, letter| front.strip_suffix(letter));
        }
        !fronts.is_empty()
    }

    /// What can be left of a text behind this one.
    fn rests<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let mut rests = vec![text];
        for (lower, upper) in &self.letters {
            step(&mut rests, lower, upper, |rest, letter| rest.strip_prefix(letter));
        }
        rests.into_iter()
    }
}

/// Lower and upper case can both fit where one begins with the other: both ways go on.
fn step<'a>(ways: &mut Vec<&'a str>, lower: &str, upper: &str, strip: fn(&'a str, &str) -> Option<&'a str>) {
    let before = std::mem::take(ways);
    for way in before {
        for letter in [lower, upper] {
            if let Some(left) = strip(way, letter)
                && !ways.contains(&left)
            {
                ways.push(left);
            }
        }
    }
}

/// A form that texts share if any of them equals the other in the sense of [`Folded`], and seldom otherwise: for looking up.
pub fn rough(text: &str) -> String {
    let once = |text: &str| text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect::<String>();
    once(&once(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sharp_s_is_two_capitals() {
        let text = Folded::new("straße Ü");
        for same in ["straße ü", "STRAßE Ü", "STRASSE Ü", "sTRASSe ü"] {
            assert!(text.equals(same), "{same}");
        }
        for other in ["strasse ü", "STRAsSE Ü", "straße", "straße üx"] {
            assert!(!text.equals(other), "{other}");
        }
        assert!(text.begins("STRASSE ÜBER") && text.ends("Hauptstraße Ü"));
        assert!(Folded::new("").equals("") && !Folded::new("").equals("x") && Folded::new("").ends("x"));
    }

    #[test]
    fn no_character_escapes_the_rough_form() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            for other in [text.to_lowercase(), text.to_uppercase()] {
                assert_eq!(rough(&text), rough(&other), "{c:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn cases_of_a_text_equal_it(text in "\\PC{0,8}") {
            let upper: String = text.chars().flat_map(char::to_uppercase).collect();
            let folded = Folded::new(&text);
            prop_assert!(folded.equals(&upper) && folded.equals(&text.chars().flat_map(char::to_lowercase).collect::<String>()));
            prop_assert!(folded.begins(&(upper.clone() + "!")) && folded.ends(&("!".to_owned() + &upper)));
        }
    }
}
