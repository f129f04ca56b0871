//! What a run's figures say about conditions, answers and texts.

use crate::record::report::Figures;
use crate::run::words;
use crate::scenario::Plan;
use crate::scenario::expect::{Condition, Figure, Known, Quantity};
use crate::scenario::lesson::{Challenge, Predict, Prose};
use crate::scenario::wording::{Piece, pieces};

/// What a text shows for a figure that the run has no value for.
const NOTHING: &str = "–";

/// A run at a moment: its plan and its figures.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'r> {
    /// What runs.
    pub plan: &'r Plan,
    /// What it came to so far.
    pub figures: &'r Figures,
}

/// What came of a challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// By expectation of the goal.
    pub goal: Vec<bool>,
    /// By expectation that is worth a star.
    pub stars: Vec<bool>,
}

impl Score {
    /// Whether the goal was reached.
    pub fn reached(&self) -> bool {
        !self.goal.is_empty() && self.goal.iter().all(|holds| *holds)
    }

    /// Stars earned: one for the goal, and those beyond it; none without the goal.
    pub fn earned(&self) -> u32 {
        if self.reached() { 1 + self.stars.iter().filter(|holds| **holds).count() as u32 } else { 0 }
    }

    /// Stars there are.
    pub fn most(&self) -> u32 {
        1 + self.stars.len() as u32
    }
}

impl Shown<'_> {
    /// Whether a condition holds; one that names what is not there does not.
    pub fn holds(&self, condition: &str) -> bool {
        Condition::parse(condition, &Known::of(self.plan)).is_ok_and(|condition| condition.holds(&|path| self.figures.get(path)))
    }

    /// The value of a figure, and what it counts.
    pub fn figure(&self, text: &str) -> Option<(f64, Quantity)> {
        let figure = Figure::parse(text, &Known::of(self.plan)).ok()?;
        self.figures.get(&figure.path).map(|value| (value, figure.quantity))
    }

    /// A text with the run's figures in it.
    pub fn fill(&self, prose: &Prose) -> String {
        // A number stays with its unit at the end of a line.
        let told = |(value, quantity)| words::figure(value, quantity).replace(' ', "\u{a0}");
        fill(prose, &|figure| self.figure(figure).map(told))
    }

    /// Figures of a text for which the run has no value.
    pub fn unfilled(&self, prose: &Prose) -> Vec<String> {
        let figures = pieces(&prose.0).into_iter().filter_map(|piece| if let Piece::Figure(text) = piece { Some(text) } else { None });
        figures.filter(|text| self.figure(text).is_none()).map(str::to_owned).collect()
    }

    /// The answer that the run bears out, by its position, and whether it is the only one.
    pub fn borne_out(&self, predict: &Predict) -> Vec<usize> {
        match predict {
            Predict::Choice { answers, .. } => {
                answers.iter().enumerate().filter(|(_, answer)| self.holds(&answer.when)).map(|(i, _)| i).collect()
            }
            Predict::Number { .. } => Vec::new(),
        }
    }

    /// Whether a number is near enough to the one that is asked for; none if the run has none, or the text is no number of its kind.
    pub fn near(&self, predict: &Predict, answer: &str) -> Option<bool> {
        let Predict::Number { figure, within, .. } = predict else { return None };
        let (value, quantity) = self.figure(figure)?;
        let said = quantity.parse(figure, answer.trim()).ok()?;
        Some((said - value).abs() <= within.0 * value.abs())
    }

    /// How far a challenge is solved.
    pub fn score(&self, challenge: &Challenge) -> Score {
        let all = |list: &[String]| list.iter().map(|text| self.holds(text)).collect();
        Score { goal: all(&challenge.goal), stars: all(&challenge.stars) }
    }
}

/// A text with what `figure` gives for the figures in it.
pub fn fill(prose: &Prose, figure: &dyn Fn(&str) -> Option<String>) -> String {
    let text = prose.text();
    let piece = |piece: Piece<'_>| match piece {
        Piece::Words(words) | Piece::Block(words) => words.to_owned(),
        Piece::Code(code) => format!("`{code}`"),
        Piece::Figure(text) => format!("**{}**", figure(text).unwrap_or_else(|| NOTHING.to_owned())),
    };
    pieces(&text).into_iter().map(piece).collect()
}
