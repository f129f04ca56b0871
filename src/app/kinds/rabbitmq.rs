//! RabbitMQ: exchanges on the left, queues on the right as tubes with what is ready and what is unacked, the bindings between them
//! with their keys, and the ways of dead letters.

mod board;
mod fields;
mod inspect;
mod now;
mod paint;

pub use fields::{emitting, prefetch, reading};

use super::{Board, Inside, Kind, Offer, Way};
use crate::app::action::Action;
use crate::app::edit::users::Gone;
use crate::app::inspector::Inspected;
use crate::run::Frame;
use crate::run::frame::{BrokerView, rabbitmq};
use crate::scenario::Scenario;
use crate::scenario::broker::rabbitmq::{Binding, DeadLetter, Exchange, ExchangeKind, Leads, Match, Offset, Queue, QueueKind};
use crate::scenario::broker::{BrokerKind, RabbitMq, Request};
use crate::scenario::document::Node;
use crate::scenario::pairs::Pairs;
use crate::scenario::plan::Role;
use egui::Ui;
use egui_material_icons::icons::ICON_ACCOUNT_TREE;

/// What the palette says.
pub const OFFER: Offer = Offer {
    kind: "RabbitMq",
    title: "RabbitMQ",
    line: "Exchanges that route to queues, as RabbitMQ 4.0 does it",
    icon: ICON_ACCOUNT_TREE,
    fresh: || {
        BrokerKind::RabbitMq(RabbitMq {
            exchanges: vec![Exchange::new("events", ExchangeKind::Topic)],
            queues: vec![queue("work")],
            bindings: vec![binding("events", "work", "#")],
            ..RabbitMq::default()
        })
    },
};

/// Below the columns: nodes of a cluster, publishers held back.
const FOOTER: f32 = 22.0;

fn queue(name: &str) -> Queue {
    Queue { name: name.to_owned(), ..Queue::default() }
}

fn binding(from: &str, to: &str, key: &str) -> Binding {
    Binding {
        from: from.to_owned(),
        to: to.to_owned(),
        to_exchange: false,
        key: key.to_owned(),
        matching: Match::All,
        headers: Pairs::default(),
    }
}

/// Whether an endpoint belongs to a RabbitMQ broker.
pub fn is_at(scenario: &Scenario, endpoint: &str) -> bool {
    let broker = endpoint.split('/').next();
    let rabbit =
        |node: &Node| matches!(node, Node::Broker(b) if Some(b.id.as_str()) == broker && matches!(b.kind, BrokerKind::RabbitMq(_)));
    scenario.nodes.iter().any(rabbit)
}

/// What the run's latest frame shows of the broker called `id`.
fn view<'f>(frame: Option<&'f Frame>, id: &str) -> Option<&'f rabbitmq::View> {
    let frame = frame?;
    let node = frame.plan.nodes.iter().find(|node| node.name == id)?;
    let Role::Broker(broker) = node.role else { return None };
    match frame.brokers.get(broker.index())? {
        BrokerView::RabbitMq(view) => Some(view),
        _ => None,
    }
}

impl Kind for RabbitMq {
    fn board(&self, least: f32) -> Board {
        board::board(self, least)
    }

    fn paint(&self, inside: &Inside<'_>, scratch: &mut String) {
        let rows = &inside.node.rows;
        if rows.len() != self.exchanges.len() + 1 + self.queues.len() {
            return;
        }
        let (exchanges, queues) = rows.split_at(self.exchanges.len() + 1);
        let view = view(inside.frame, &inside.node.id);
        // Lines first: those that pass a row on their way go behind it.
        self.paint_bindings(inside, exchanges, queues);
        self.paint_dead_letters(inside, exchanges, queues);
        for (i, row) in exchanges.iter().enumerate() {
            paint::exchange_row(inside, i, row, self.exchanges.get(i));
        }
        for (i, row) in queues.iter().enumerate() {
            let figures = view.and_then(|view| view.queues.get(i));
            paint::queue_row(inside, exchanges.len() + i, row, &self.queues[i], self.nodes > 1, figures, scratch);
        }
        self.paint_keys(inside, queues);
        if self.has_footer() {
            self.footer(inside, view, scratch);
        }
    }

    fn noun(&self, way: Way) -> &'static str {
        match way {
            Way::In => "exchange",
            Way::Out => "queue",
        }
    }

    fn create(&mut self, name: &str, way: Way) {
        match way {
            Way::In => self.exchanges.push(Exchange::new(name, ExchangeKind::Topic)),
            Way::Out => {
                // A queue that nothing fills would be of no use: it gets everything of the first exchange until somebody says otherwise.
                if let Some(first) = self.exchanges.first() {
                    let key = if first.kind == ExchangeKind::Topic { "#" } else { "" };
                    self.bindings.push(binding(&first.name, name, key));
                }
                self.queues.push(queue(name));
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str, way: Way) {
        let set = |name: &mut String| {
            if name == from {
                to.clone_into(name);
            }
        };
        let leads: Vec<Option<Leads>> = self.bindings.iter().map(|binding| self.leads(binding)).collect();
        match way {
            Way::In => {
                self.exchanges.iter_mut().for_each(|exchange| {
                    set(&mut exchange.name);
                    exchange.alternate.iter_mut().for_each(set);
                });
                self.queues.iter_mut().filter_map(|queue| queue.dead_letter.as_mut()).for_each(|way| set(&mut way.exchange));
                for (binding, leads) in self.bindings.iter_mut().zip(leads) {
                    set(&mut binding.from);
                    if matches!(leads, Some(Leads::Exchange(_))) {
                        set(&mut binding.to);
                    }
                }
            }
            Way::Out => {
                for queue in &mut self.queues {
                    set(&mut queue.name);
                    if let Some(DeadLetter { exchange, key: Some(key), .. }) = &mut queue.dead_letter
                        && exchange.is_empty()
                    {
                        set(key);
                    }
                }
                self.attaches.iter_mut().for_each(|attach| set(&mut attach.stream));
                for redrive in &mut self.redrives {
                    set(&mut redrive.from);
                    set(&mut redrive.to);
                }
                for (binding, leads) in self.bindings.iter_mut().zip(leads) {
                    if matches!(leads, Some(Leads::Queue(_))) {
                        set(&mut binding.to);
                    }
                }
            }
        }
    }

    fn remove(&mut self, position: usize, way: Way) -> Option<String> {
        let part = match way {
            Way::In => Leads::Exchange(position),
            Way::Out => Leads::Queue(position),
        };
        let whole = self.clone();
        self.bindings.retain(|binding| whole.leads(binding) != Some(part));
        for (i, queue) in self.queues.iter_mut().enumerate() {
            queue.dead_letter.take_if(|_| whole.dead_letters_of(i).contains(&part));
        }
        match way {
            Way::In => {
                let name = (position < self.exchanges.len()).then(|| self.exchanges.remove(position).name)?;
                self.bindings.retain(|binding| binding.from != name);
                self.exchanges.iter_mut().for_each(|exchange| drop(exchange.alternate.take_if(|other| *other == name)));
                Some(name)
            }
            Way::Out => {
                let name = (position < self.queues.len()).then(|| self.queues.remove(position).name)?;
                self.redrives.retain(|redrive| redrive.from != name && redrive.to != name);
                self.attaches.retain(|attach| attach.stream != name);
                Some(name)
            }
        }
    }

    fn requests(&self, part: &str, readers: &[String]) -> Vec<(String, Vec<(String, Request)>)> {
        let Some(at) = self.queue(part) else { return Vec::new() };
        if self.queues[at].kind == QueueKind::Stream {
            let attach = |reader: &String, offset| Request::Attach { reader: reader.clone(), stream: part.to_owned(), offset };
            let places = [("the oldest event", Offset::First), ("the newest event", Offset::Last), ("the next event", Offset::Next)];
            let lines = |reader: &String| places.map(|(words, offset)| (format!("To {words}"), attach(reader, offset))).to_vec();
            return readers.iter().map(|reader| (format!("Send {reader} elsewhere"), lines(reader))).collect();
        }
        let lines = self.redrive_targets(at).into_iter().map(|to| {
            let to = self.queues[to].name.clone();
            (format!("To {to}"), Request::Redrive { from: part.to_owned(), to })
        });
        let lines: Vec<(String, Request)> = lines.collect();
        if lines.is_empty() { Vec::new() } else { vec![(format!("Move what waits in {part}"), lines)] }
    }

    fn rename_node(&mut self, from: &str, to: &str) {
        self.attaches.iter_mut().filter(|attach| attach.reader == from).for_each(|attach| to.clone_into(&mut attach.reader));
    }

    fn forget(&mut self, gone: &Gone<'_>) {
        self.attaches.retain(|attach| !gone.consumer(&attach.stream, &attach.reader));
    }

    fn inspect(&mut self, ui: &mut Ui, input: &Inspected<'_>, broker: &str, actions: &mut Vec<Action>) {
        inspect::show(self, ui, input, broker, actions);
    }
}

impl RabbitMq {
    /// Where what waits in a queue may be moved: first to the queues that dead-letter into it, then to all others, a handful.
    fn redrive_targets(&self, from: usize) -> Vec<usize> {
        const MOST: usize = 12;
        let others = || (0..self.queues.len()).filter(|at| *at != from);
        let feeds = |at: &usize| {
            self.dead_letters_of(*at).iter().any(|lead| match lead {
                Leads::Queue(to) => *to == from,
                Leads::Exchange(exchange) => {
                    let name = &self.exchanges[*exchange].name;
                    let bound = |binding: &&Binding| binding.from == *name && self.leads(binding) == Some(Leads::Queue(from));
                    self.bindings.iter().any(|binding| bound(&binding))
                }
            })
        };
        let (mut targets, rest): (Vec<usize>, Vec<usize>) = others().partition(feeds);
        targets.extend(rest);
        targets.truncate(MOST);
        targets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_takes_along_what_refers_to_it() {
        let BrokerKind::RabbitMq(mut parts) = (OFFER.fresh)() else { panic!("the offer is of another kind") };
        parts.queues[0].dead_letter = Some(DeadLetter { exchange: "events".to_owned(), ..DeadLetter::default() });
        parts.create("late", Way::Out);
        parts.queues[1].dead_letter = Some(DeadLetter { key: Some("work".to_owned()), ..DeadLetter::default() });
        parts.rename("events", "orders", Way::In);
        parts.rename("work", "jobs", Way::Out);
        assert!(parts.bindings.iter().all(|binding| binding.from == "orders" && parts.leads(binding).is_some()));
        assert_eq!(parts.queues[0].dead_letter.as_ref().map(|way| way.exchange.as_str()), Some("orders"));
        assert_eq!(parts.dead_letters_of(1), [Leads::Queue(0)]);
    }

    #[test]
    fn dead_letters_can_be_sent_back_to_work_and_readers_of_streams_elsewhere() {
        let BrokerKind::RabbitMq(mut parts) = (OFFER.fresh)() else { panic!("the offer is of another kind") };
        parts.create("audit", Way::Out);
        parts.create("dead", Way::Out);
        parts.queues[1].dead_letter = Some(DeadLetter { key: Some("dead".to_owned()), ..DeadLetter::default() });
        let asked = parts.requests("dead", &[]);
        let [(name, lines)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(name, "Move what waits in dead");
        let redrive = |to: &str| Request::Redrive { from: "dead".to_owned(), to: to.to_owned() };
        // First where they came from.
        assert_eq!(lines.iter().map(|(_, request)| request.clone()).collect::<Vec<_>>(), [redrive("audit"), redrive("work")]);
        parts.queues[0].kind = QueueKind::Stream;
        let asked = parts.requests("work", &["audit".to_owned()]);
        assert_eq!((asked.len(), asked[0].1.len()), (1, 3));
        assert!(parts.requests("nowhere", &[]).is_empty());
    }
}
