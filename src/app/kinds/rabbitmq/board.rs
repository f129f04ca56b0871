//! Where a RabbitMQ broker's exchanges and queues stand: exchanges on the left, queues on the right. Where there are many, as in imported
//! brokers, every exchange has its queues beside it.

use super::FOOTER;
use crate::app::canvas::measures::{PAD, ROW};
use crate::app::kinds::{Board, Part, even, letters};
use crate::scenario::broker::RabbitMq;
use crate::scenario::broker::rabbitmq::{DEFAULT_EXCHANGE, ExchangeKind, Leads};
use egui::{Rect, pos2, vec2};
use std::collections::{BTreeMap, VecDeque};

/// Between the columns: room for bindings and their keys.
pub const GAP: f32 = 104.0;
/// Rows of a column; more would be a tower.
const TALL: usize = 18;

/// The board.
pub fn board(parts: &RabbitMq, least: f32) -> Board {
    let channels: Vec<&str> = parts.exchanges.iter().map(|exchange| exchange.name.as_str()).chain([DEFAULT_EXCHANGE]).collect();
    let names: Vec<&str> = parts.queues.iter().map(|queue| queue.name.as_str()).collect();
    let plan = if names.len().max(channels.len()) > TALL { bands(parts) } else { towers(parts) };
    let left = widths(&channels, &plan.exchanges, 48.0);
    let mut right = widths(&names, &plan.queues, 104.0);
    let total = |widths: &[f32]| widths.iter().sum::<f32>() + GAP * widths.len().saturating_sub(1) as f32;
    let from = total(&left) + GAP;
    let missing = least - from - total(&right);
    right.last_mut().into_iter().for_each(|width| *width += missing.max(0.0));
    let part = |name: &&str, noun, takes: bool, (column, row): (usize, usize), widths: &[f32], from: f32| {
        let before: f32 = widths[..column].iter().map(|width| width + GAP).sum();
        Part {
            name: (*name).to_owned(),
            noun,
            takes,
            gives: !takes,
            rect: Rect::from_min_size(pos2(from + before, ROW * row as f32), vec2(widths[column], ROW)),
        }
    };
    let exchanges = channels.iter().zip(&plan.exchanges).map(|(name, at)| part(name, "exchange", true, *at, &left, 0.0));
    let queues = names.iter().zip(&plan.queues).map(|(name, at)| part(name, "queue", false, *at, &right, from));
    let all: Vec<Part> = exchanges.chain(queues).collect();
    let rows = plan.exchanges.iter().chain(&plan.queues).map(|(_, row)| row + 1).max().unwrap_or(1);
    let footer = if parts.has_footer() { FOOTER } else { 0.0 };
    Board { size: vec2(from + total(&right), rows as f32 * ROW + footer), parts: all }
}

/// Where everything stands: columns and rows, of exchanges (the default one last) and of queues.
struct Places {
    exchanges: Vec<(usize, usize)>,
    queues: Vec<(usize, usize)>,
}

/// The widths of columns, by the longest name in each. `figures`: room beside a name.
fn widths(names: &[&str], places: &[(usize, usize)], figures: f32) -> Vec<f32> {
    let columns = places.iter().map(|(column, _)| column + 1).max().unwrap_or(1);
    let mut widths = vec![112.0_f32; columns];
    for (name, (column, _)) in names.iter().zip(places) {
        widths[*column] = widths[*column].max((letters(name) + figures + PAD * 2.0).min(232.0));
    }
    widths.into_iter().map(even).collect()
}

/// A few: one column each, in the order of the file.
fn towers(parts: &RabbitMq) -> Places {
    let tower = |count: usize| (0..count).map(|row| (0, row)).collect();
    Places { exchanges: tower(parts.exchanges.len() + 1), queues: tower(parts.queues.len()) }
}

/// Many: a band for every exchange with the queues that are most its own, side by side, so that most lines are short. Exchanges
/// without such queues stand where there is room, or further left.
fn bands(parts: &RabbitMq) -> Places {
    let groups = groups(parts);
    // About as wide as two thirds more than it is high.
    let count = parts.queues.len() as f32;
    let columns = ((count * ROW * 1.7 / 300.0).sqrt().round() as usize).clamp(1, 7);
    let (mut exchanges, mut queues) = (vec![None; groups.len()], vec![(0, 0); parts.queues.len()]);
    let mut row = 0;
    for (exchange, group) in groups.iter().enumerate().filter(|(_, group)| !group.is_empty()) {
        exchanges[exchange] = Some(row);
        for (at, queue) in group.iter().enumerate() {
            queues[*queue] = (at % columns, row + at / columns);
        }
        row += group.len().div_ceil(columns);
    }
    let rows = row.max(TALL.min(groups.len()));
    let taken: Vec<bool> = (0..rows).map(|row| exchanges.contains(&Some(row))).collect();
    let mut free = (0..rows).filter(|row| !taken[*row]).map(|row| (0, row)).collect::<VecDeque<(usize, usize)>>();
    // The others: first where the bands leave room, then in columns of their own.
    let others: Vec<usize> = (0..groups.len()).filter(|exchange| exchanges[*exchange].is_none()).collect();
    let more = others.len().saturating_sub(free.len()).div_ceil(rows.max(1));
    for column in 0..more {
        free.extend((0..rows).map(|row| (column + 1, row)));
    }
    let mut places: Vec<(usize, usize)> = exchanges.iter().map(|row| (more, row.unwrap_or(0))).collect();
    for (exchange, (column, row)) in others.into_iter().zip(free) {
        // Counted from the queues: the column next to them is the last.
        places[exchange] = (more - column, row);
    }
    Places { exchanges: places, queues }
}

/// By exchange, the default one last: the queues that are most its own. Those that get only dead letters follow their source; those that
/// nothing fills are the default exchange's.
fn groups(parts: &RabbitMq) -> Vec<Vec<usize>> {
    let (places, count) = (parts.places(), parts.queues.len());
    let default = parts.exchanges.len();
    let mut bound = vec![0_usize; default];
    let ends: Vec<(usize, usize, &str)> = parts
        .bindings
        .iter()
        .filter_map(|binding| match (places.exchange(&binding.from), places.leads(binding)) {
            (Some(from), Some(Leads::Queue(to))) => Some((from, to, binding.key.as_str())),
            _ => None,
        })
        .collect();
    ends.iter().for_each(|(from, ..)| bound[*from] += 1);
    // Where dead letters come from: straight to a queue, or through an exchange with a key.
    let mut dead_of: Vec<Option<usize>> = vec![None; count];
    let mut dead_by: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut dead_exchanges = vec![false; default];
    for (at, queue) in parts.queues.iter().enumerate() {
        let key = queue.dead_letter.as_ref().and_then(|way| way.key.as_deref()).unwrap_or_default();
        match places.dead_letters(queue) {
            Some(Leads::Queue(to)) if to != at => dead_of[to] = dead_of[to].or(Some(at)),
            Some(Leads::Exchange(exchange)) => {
                dead_by.entry((exchange, key)).or_insert(at);
                dead_exchanges[exchange] = true;
            }
            Some(Leads::Queue(_)) | None => {}
        }
    }
    // The most its own: not the exchange of dead letters, not one that gives to all, and of the others the one with the fewest bindings.
    let mut own: Vec<Option<(bool, bool, usize, usize)>> = vec![None; count];
    for (from, to, key) in ends {
        if let Some(of) = dead_by.get(&(from, key)).filter(|of| **of != to) {
            dead_of[to] = dead_of[to].or(Some(*of));
        }
        let rank = (dead_exchanges[from], parts.exchanges[from].kind == ExchangeKind::Fanout, bound[from], from);
        own[to] = Some(own[to].map_or(rank, |known| known.min(rank)));
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); default + 1];
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); count];
    for queue in 0..count {
        match (own[queue], dead_of[queue]) {
            // Nothing but dead letters comes here.
            (None | Some((true, ..)), Some(of)) => behind[of].push(queue),
            (Some((.., exchange)), _) => groups[exchange].push(queue),
            (None, None) => groups[default].push(queue),
        }
    }
    let mut placed = vec![false; count];
    for group in &mut groups {
        let mut all = Vec::with_capacity(group.len());
        for queue in group.drain(..) {
            follow(queue, &behind, &mut placed, &mut all);
        }
        *group = all;
    }
    // What dead letters reach in circles only.
    for queue in 0..count {
        if !placed[queue] {
            let mut all = Vec::new();
            follow(queue, &behind, &mut placed, &mut all);
            groups[default].extend(all);
        }
    }
    groups
}

/// A queue, and behind it what its dead letters fill.
fn follow(queue: usize, behind: &[Vec<usize>], placed: &mut [bool], all: &mut Vec<usize>) {
    let mut next = vec![queue];
    while let Some(queue) = next.pop() {
        if !std::mem::replace(&mut placed[queue], true) {
            all.push(queue);
            next.extend(behind[queue].iter().rev());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::broker::rabbitmq::{Binding, DeadLetter, Exchange, Match, Queue};
    use crate::scenario::pairs::Pairs;

    fn many() -> RabbitMq {
        let queue = |n: usize| {
            let way = n.is_multiple_of(2).then(|| DeadLetter { key: Some(format!("q{:02}", n + 1)), ..DeadLetter::default() });
            Queue { name: format!("q{n:02}"), dead_letter: way, ..Queue::default() }
        };
        let binding = |n: usize| Binding {
            from: format!("x{}", n % 3),
            to: format!("q{n:02}"),
            to_exchange: false,
            key: String::new(),
            matching: Match::All,
            headers: Pairs::default(),
        };
        RabbitMq {
            exchanges: (0..3).map(|n| Exchange::new(&format!("x{n}"), ExchangeKind::Direct)).collect(),
            queues: (0..60).map(queue).collect(),
            bindings: (0..60).step_by(2).map(binding).collect(),
            ..RabbitMq::default()
        }
    }

    #[test]
    fn many_queues_stand_in_bands_beside_what_fills_them() {
        let parts = many();
        let board = board(&parts, 0.0);
        assert!(board.size.y <= TALL as f32 * ROW && board.size.x > board.size.y, "{:?}", board.size);
        for (i, part) in board.parts.iter().enumerate() {
            assert!(board.parts[..i].iter().all(|other| !other.rect.shrink(0.5).intersects(part.rect)), "{part:?}");
            assert!(Rect::from_min_size(pos2(0.0, 0.0), board.size).expand(0.5).contains_rect(part.rect), "{part:?}");
        }
        // Every exchange has its queues in its band, each with its dead letters behind it.
        let groups = groups(&parts);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 20, 0]);
        assert_eq!(groups[1][..4], [4, 5, 10, 11]);
        let top = |part: usize| board.parts[part].rect.top();
        assert!(top(0) == top(4) && top(1) > top(4 + 54), "{:?}", board.parts);
    }

    #[test]
    fn more_exchanges_than_queues_stand_in_columns_too() {
        let mut parts = many();
        parts.exchanges.extend((0..90).map(|n| Exchange::new(&format!("m{n}"), ExchangeKind::Fanout)));
        parts.queues.truncate(9);
        parts.bindings.truncate(4);
        let board = board(&parts, 0.0);
        for (i, part) in board.parts.iter().enumerate() {
            assert!(board.parts[..i].iter().all(|other| !other.rect.shrink(0.5).intersects(part.rect)), "{part:?}");
        }
        assert!(board.size.y <= TALL as f32 * ROW, "{:?}", board.size);
    }
}
