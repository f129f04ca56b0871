//! Where a RabbitMQ broker's exchanges and queues stand: exchanges on the left, queues on the right. Brokers with many of them, as
//! imported ones are, stand in several columns, and queues stand near what fills them.

use super::FOOTER;
use crate::app::canvas::measures::{PAD, ROW};
use crate::app::kinds::{Board, Part, even, letters};
use crate::scenario::broker::RabbitMq;
use crate::scenario::broker::rabbitmq::{DEFAULT_EXCHANGE, Leads};
use egui::{Rect, pos2, vec2};

/// Between the columns: room for bindings and their keys.
pub const GAP: f32 = 104.0;
/// Rows of a column, where there are so many that one would be a tower.
const TALL: usize = 18;

/// The board.
pub fn board(parts: &RabbitMq, least: f32) -> Board {
    let channels: Vec<&str> = parts.exchanges.iter().map(|exchange| exchange.name.as_str()).chain([DEFAULT_EXCHANGE]).collect();
    let names: Vec<&str> = parts.queues.iter().map(|queue| queue.name.as_str()).collect();
    let (left, right) = (Columns::new(&channels, 48.0, in_file(channels.len())), Columns::new(&names, 104.0, near(parts)));
    let from = left.width() + GAP;
    let wanted = least - from - right.width();
    let right = right.widened(wanted);
    let part = |name: &&str, noun, takes: bool, at: (f32, f32, usize)| Part {
        name: (*name).to_owned(),
        noun,
        takes,
        gives: !takes,
        rect: Rect::from_min_size(pos2(at.0, ROW * at.2 as f32), vec2(at.1, ROW)),
    };
    let mut all: Vec<Part> = channels.iter().enumerate().map(|(i, name)| part(name, "exchange", true, left.place(i, 0.0))).collect();
    all.extend(names.iter().enumerate().map(|(i, name)| part(name, "queue", false, right.place(i, from))));
    let rows = left.rows.max(right.rows);
    let footer = if parts.has_footer() { FOOTER } else { 0.0 };
    Board { size: vec2(from + right.width(), rows as f32 * ROW + footer), parts: all }
}

/// Things in columns of equal height.
struct Columns {
    /// By thing: its column and row.
    places: Vec<(usize, usize)>,
    widths: Vec<f32>,
    rows: usize,
}

impl Columns {
    /// `order`: which thing stands at which place, column by column. `figures`: room beside a name.
    fn new(names: &[&str], figures: f32, order: Vec<usize>) -> Columns {
        let columns = names.len().div_ceil(TALL).max(1);
        let rows = names.len().div_ceil(columns).max(1);
        let mut places = vec![(0, 0); names.len()];
        let mut widths = vec![112.0_f32; columns];
        for (at, thing) in order.into_iter().enumerate() {
            places[thing] = (at / rows, at % rows);
            let width = &mut widths[at / rows];
            *width = width.max((letters(names[thing]) + figures + PAD * 2.0).min(232.0));
        }
        Columns { places, widths: widths.into_iter().map(even).collect(), rows }
    }

    fn width(&self) -> f32 {
        self.widths.iter().sum::<f32>() + GAP * (self.widths.len() - 1) as f32
    }

    /// With the last column wider by so much, if that is more than nothing.
    fn widened(mut self, by: f32) -> Columns {
        self.widths.last_mut().into_iter().for_each(|width| *width += by.max(0.0));
        self
    }

    /// Left end, width and row of a thing, the columns beginning at `from`.
    fn place(&self, thing: usize, from: f32) -> (f32, f32, usize) {
        let (column, row) = self.places[thing];
        let before: f32 = self.widths[..column].iter().map(|width| width + GAP).sum();
        (from + before, self.widths[column], row)
    }
}

fn in_file(count: usize) -> Vec<usize> {
    (0..count).collect()
}

/// Queues in the order of the file while they are few; many stand in the order of the exchanges that fill them, and a queue of dead
/// letters behind the first that sends some there.
fn near(parts: &RabbitMq) -> Vec<usize> {
    let count = parts.queues.len();
    if count <= TALL {
        return in_file(count);
    }
    let places = parts.places();
    // By queue and exchange: the first exchange that leads there, through others or not.
    let mut filled_by: Vec<Option<usize>> = vec![None; count];
    let mut dead_by: Vec<Option<usize>> = vec![None; parts.exchanges.len()];
    let mut dead_of: Vec<Option<usize>> = vec![None; count];
    for (at, queue) in parts.queues.iter().enumerate() {
        match places.dead_letters(queue) {
            Some(Leads::Queue(to)) if to != at => dead_of[to] = dead_of[to].or(Some(at)),
            Some(Leads::Exchange(exchange)) => dead_by[exchange] = dead_by[exchange].or(Some(at)),
            Some(Leads::Queue(_)) | None => {}
        }
    }
    for binding in &parts.bindings {
        let (Some(from), Some(Leads::Queue(to))) = (places.exchange(&binding.from), places.leads(binding)) else { continue };
        match dead_by[from] {
            Some(of) if of != to => dead_of[to] = dead_of[to].or(Some(of)),
            _ => filled_by[to] = Some(filled_by[to].map_or(from, |known| known.min(from))),
        }
    }
    let rank = |queue: usize| filled_by[queue].map_or(usize::MAX, |exchange| exchange);
    let key = |queue: &usize| match (filled_by[*queue], dead_of[*queue]) {
        // What is filled by dead letters only stands behind its source.
        (None, Some(of)) => (rank(of), of, 1, *queue),
        _ => (rank(*queue), *queue, 0, *queue),
    };
    let mut order = in_file(count);
    order.sort_by_key(key);
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::broker::rabbitmq::{Binding, DeadLetter, Exchange, ExchangeKind, Match, Queue};
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
    fn many_queues_stand_in_columns_near_what_fills_them() {
        let parts = many();
        let board = board(&parts, 0.0);
        assert!(board.size.y <= TALL as f32 * ROW && board.size.x > board.size.y, "{:?}", board.size);
        let queues = &board.parts[4..];
        for (i, part) in queues.iter().enumerate() {
            assert!(queues[..i].iter().all(|other| !other.rect.shrink(0.5).intersects(part.rect)), "{part:?}");
        }
        // A queue's dead letters stand below it, or on top of the next column.
        let below = (0..60).step_by(2).filter(|n| (queues[n + 1].rect.top() - queues[*n].rect.bottom()).abs() < 0.5).count();
        assert!(below >= 26, "{below}");
        let order = near(&parts);
        let filled: Vec<usize> = order.iter().filter(|n| n.is_multiple_of(2)).map(|n| n % 3).collect();
        assert!(filled.is_sorted(), "{filled:?}");
    }
}
