//! The scenarios that ship inside the program.

/// A scenario in the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Shipped {
    /// Its name here and as a file.
    pub file: &'static str,
    /// Title.
    pub name: &'static str,
    /// One line on what it shows.
    pub line: &'static str,
    /// The scenario's text.
    pub text: &'static str,
    /// Files it names, with their text.
    pub files: &'static [(&'static str, &'static str)],
}

/// All of them, in the order in which they are shown.
pub static LIBRARY: &[Shipped] = &[
    Shipped {
        file: "shop.ron",
        name: "Online shop",
        line: "One OrderCreated event, four services that do not know each other",
        text: include_str!("../../scenarios/cases/shop.ron"),
        files: &[],
    },
    Shipped {
        file: "shop-loyalty.ron",
        name: "Online shop with loyalty points",
        line: "A fifth service joins; the order service does not notice",
        text: include_str!("../../scenarios/cases/shop-loyalty.ron"),
        files: &[],
    },
    Shipped {
        file: "airport.ron",
        name: "A day at the airport",
        line: "Real flights of one stormy day; the rebooking desk falls behind",
        text: include_str!("../../scenarios/cases/airport.ron"),
        files: &[("nyc-flights-2013-07-01.csv", include_str!("../../scenarios/cases/nyc-flights-2013-07-01.csv"))],
    },
    Shipped {
        file: "first.ron",
        name: "First steps",
        line: "One producer, one topic, one consumer",
        text: include_str!("../../scenarios/basics/first.ron"),
        files: &[],
    },
    Shipped {
        file: "competing.ron",
        name: "Competing consumers",
        line: "Four instances share one inbox; another consumer gets every event too",
        text: include_str!("../../scenarios/basics/competing.ron"),
        files: &[],
    },
    Shipped {
        file: "backlog.ron",
        name: "A backlog",
        line: "Bursts are faster than the consumer: the lag rises and falls",
        text: include_str!("../../scenarios/basics/backlog.ron"),
        files: &[],
    },
];

/// The one of that file name.
pub fn shipped(file: &str) -> Option<&'static Shipped> {
    LIBRARY.iter().find(|s| s.file == file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::Home;
    use crate::scenario;

    #[test]
    fn every_scenario_that_ships_can_run_from_inside_the_program() {
        for shipped in LIBRARY {
            let read = scenario::read(shipped.text, shipped.file).unwrap();
            let (_, findings) = scenario::check(&read, &Home::Shipped(shipped)).unwrap();
            assert!(findings.is_empty(), "{}: {findings:?}", shipped.file);
            assert!(read.nodes.iter().all(|n| n.at().is_some()), "{}: a picture needs places", shipped.file);
        }
    }
}
