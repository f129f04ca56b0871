//! A node gets another name, and everything that speaks of it follows: other nodes, links, faults, expectations, the lesson, and what
//! was changed on the way.

use super::{find, kinds, users};
use crate::scenario::broker::Request;
use crate::scenario::document::{Node, Read};
use crate::scenario::faults::{Fault, Target};
use crate::scenario::intervention::What;
use crate::scenario::lesson::{Act, Lesson, Predict, Prose};
use crate::scenario::wording::{Piece, pieces};
use crate::scenario::{Scenario, expect};

/// Renames a node.
pub(super) fn rename(scenario: &mut Scenario, from: &str, to: &str) -> Result<(), String> {
    let position = find(scenario, from)?;
    if from == to {
        return Ok(());
    }
    if to.trim() != to || to.is_empty() || to.contains(['/', '#']) {
        return Err(format!("`{to}` cannot be a name: it must not be empty, nor contain `/` or `#`"));
    }
    if find(scenario, to).is_ok() {
        return Err(format!("there is already a node {to}"));
    }
    let renaming = Renaming::new(&scenario.nodes[position], from, to);
    scenario.nodes.iter_mut().for_each(|node| renaming.node(node));
    *scenario.nodes[position].id_mut() = to.to_owned();
    scenario.groups.iter_mut().flat_map(|group| &mut group.nodes).for_each(|id| renaming.id(id));
    for link in &mut scenario.links {
        renaming.id(&mut link.between.0);
        renaming.id(&mut link.between.1);
    }
    scenario.faults.iter_mut().for_each(|trouble| renaming.fault(trouble.what_mut()));
    scenario.expect.iter_mut().for_each(|e| e.0 = expect::renamed(&e.0, from, to));
    if let Some(lesson) = &mut scenario.lesson {
        renaming.lesson(lesson);
    }
    let places: Vec<(String, String, String)> =
        renaming.shared.iter().map(|place| (place.clone(), from.to_owned(), to.to_owned())).collect();
    users::regroup(scenario, &places);
    Ok(())
}

/// One name in the place of another.
pub(in crate::app) struct Renaming<'a> {
    from: &'a str,
    to: &'a str,
    /// The places that the node reads as a group of its own name. Whoever joined it by that name stays in it.
    shared: Vec<String>,
}

impl<'a> Renaming<'a> {
    /// Of this node, before it is renamed or afterwards.
    pub(in crate::app) fn new(node: &Node, from: &'a str, to: &'a str) -> Renaming<'a> {
        let own = |read: &&Read| read.group.as_deref().is_none_or(|group| group == node.id());
        let shared = match node {
            Node::Consumer(c) => c.reads.iter().filter(own).map(|read| read.from.clone()).collect(),
            _ => Vec::new(),
        };
        Renaming { from, to, shared }
    }

    /// A name that is nothing but a node's.
    fn id(&self, name: &mut String) {
        if name == self.from {
            self.to.clone_into(name);
        }
    }

    /// A place, as `broker/channel`.
    fn place(&self, place: &mut String) {
        if let Some((broker, channel)) = place.split_once('/')
            && broker == self.from
        {
            *place = format!("{}/{channel}", self.to);
        }
    }

    /// What another node, or this one, says of it.
    fn node(&self, node: &mut Node) {
        match node {
            Node::Producer(p) => {
                p.emits.iter_mut().for_each(|emit| {
                    self.place(&mut emit.to);
                    emit.reply.iter_mut().for_each(|reply| self.place(&mut reply.to));
                });
                p.calls.iter_mut().for_each(|call| self.id(&mut call.store));
                p.outbox.iter_mut().for_each(|outbox| self.id(outbox.store_mut()));
            }
            Node::Broker(b) => {
                let kind = kinds::of_mut(&mut b.kind);
                kind.places().into_iter().for_each(|place| self.place(place));
                kind.rename_node(self.from, self.to);
            }
            Node::Store(_) => {}
            Node::Consumer(c) => {
                c.calls.iter_mut().for_each(|call| self.id(&mut call.store));
                c.outbox.iter_mut().for_each(|outbox| self.id(outbox.store_mut()));
                for read in &mut c.reads {
                    if read.group.as_deref() == Some(self.from) && self.shared.contains(&read.from) {
                        read.group = Some(self.to.to_owned());
                    }
                    self.place(&mut read.from);
                }
                c.then.iter_mut().for_each(|then| self.place(&mut then.to));
                c.dead_letter.iter_mut().for_each(|place| self.place(place));
            }
        }
    }

    /// What a fault strikes.
    fn fault(&self, fault: &mut Fault) {
        for target in fault.targets_mut() {
            match Target::of(target) {
                Target::Node(id) if id == self.from => self.to.clone_into(target),
                Target::Instance(id, _) if id == self.from => *target = format!("{}{}", self.to, &target[self.from.len()..]),
                _ => {}
            }
        }
    }

    /// What is changed on the way.
    pub(in crate::app) fn what(&self, what: &mut What) {
        match what {
            What::Set { path, value } => {
                *path = self.name(path);
                *value = self.value(value);
            }
            What::Fault { what, .. } | What::EndFault(what) => self.fault(what),
            What::Ask { broker, request } => {
                self.id(broker);
                match request {
                    // A reader is asked for by its group, which has its name where it has no other.
                    Request::Seek { group: reader, .. } | Request::Attach { reader, .. } => {
                        if !self.shared.is_empty() {
                            self.id(reader);
                        }
                    }
                    Request::CancelReplay(_) | Request::Redrive { .. } => {}
                }
            }
        }
    }

    /// A value as it stands in a file: what stands in quotes in it, or all of it, if it is the node's name or a place in it.
    fn value(&self, value: &str) -> String {
        let renamed = |text: &str| {
            let mut text = text.to_owned();
            self.id(&mut text);
            self.place(&mut text);
            text
        };
        match value.contains('"') {
            // Every second piece stands in quotes.
            true => {
                let piece = |(i, piece): (usize, &str)| if i % 2 == 1 { renamed(piece) } else { piece.to_owned() };
                value.split('"').enumerate().map(piece).collect::<Vec<_>>().join("\"")
            }
            false => renamed(value),
        }
    }

    /// A name of the node or of something in it: a setting, a channel, an outlet, an instance; the end of an outlet as its own group; one end
    /// of a link.
    fn name(&self, name: &str) -> String {
        if let Some((a, b)) = name.split_once(" -> ") {
            return format!("{} -> {}", self.name(a), self.name(b));
        }
        if let Some((place, group)) = name.split_once('#')
            && group == self.from
            && self.shared.iter().any(|shared| shared == place)
        {
            return format!("{place}#{}", self.to);
        }
        match name.strip_prefix(self.from) {
            Some(rest) if rest.is_empty() || rest.starts_with(['.', '[', '/', '#']) => format!("{}{rest}", self.to),
            _ => name.to_owned(),
        }
    }

    /// Expectations that hold together, or a figure.
    fn condition(&self, text: &str) -> String {
        let renamed = expect::condition_renamed(text, self.from, self.to);
        self.shared.iter().fold(renamed, |text, place| {
            let [old, new] = [self.from, self.to].map(|group| format!("{place}#{group}"));
            expect::condition_renamed(&text, &old, &new)
        })
    }

    fn prose(&self, prose: &mut Prose) {
        let mut told = String::new();
        for piece in pieces(&prose.0) {
            match piece {
                Piece::Words(text) | Piece::Block(text) => told.push_str(text),
                Piece::Figure(figure) => told.extend(["{", &self.condition(figure), "}"]),
                Piece::Code(code) => {
                    let name = self.name(code);
                    // What is no name may be a figure or an expectation.
                    let code = if name == code { self.condition(code) } else { name };
                    told.extend(["`", &code, "`"]);
                }
            }
        }
        prose.0 = told;
    }

    fn act(&self, act: &mut Act) {
        match act {
            Act::Change { path, value } => {
                *path = self.name(path);
                *value = self.value(value);
            }
            Act::Add { node } => self.node(node),
            Act::Remove { node } => self.id(node),
            Act::Now(what) => self.what(what),
        }
    }

    fn lesson(&self, lesson: &mut Lesson) {
        let names = |names: &mut Vec<String>| names.iter_mut().for_each(|name| *name = self.name(name));
        let conditions = |texts: &mut [String]| texts.iter_mut().for_each(|text| *text = self.condition(text));
        for step in &mut lesson.steps {
            [&mut step.text, &mut step.after, &mut step.notes].into_iter().chain(&mut step.hints).for_each(|prose| self.prose(prose));
            names(&mut step.highlight);
            names(&mut step.touch);
            step.act.iter_mut().for_each(|act| self.act(act));
            conditions(step.until.as_mut_slice());
            match &mut step.predict {
                None => {}
                Some(Predict::Choice { answers, because, .. }) => {
                    answers.iter_mut().for_each(|answer| answer.when = self.condition(&answer.when));
                    self.prose(because);
                }
                Some(Predict::Number { figure, because, .. }) => {
                    *figure = self.condition(figure);
                    self.prose(because);
                }
            }
        }
        if let Some(challenge) = &mut lesson.challenge {
            [&mut challenge.text, &mut challenge.after, &mut challenge.notes]
                .into_iter()
                .chain(&mut challenge.hints)
                .for_each(|prose| self.prose(prose));
            names(&mut challenge.touch);
            conditions(&mut challenge.goal);
            conditions(&mut challenge.stars);
            challenge.prepare.iter_mut().chain(&mut challenge.solution).for_each(|act| self.act(act));
        }
    }
}
