//! Producers that share a `transactional.id`: whoever begins to use it takes it from the others, which are fenced.
//!
//! The newcomer's `initTransactions` raises the producer epoch and has the coordinator abort what the former one has left open. That one
//! is refused at its next batch (INVALID_PRODUCER_EPOCH), wants to abort, and then learns that nothing can be done
//! (ProducerFencedException): its application ends. A producer that is started again takes the id back.

use super::cluster::{Kafka, Stopped};
use super::error::Error;
use super::transactions::Outcome;
use crate::engine::broker::Desk;
use crate::engine::broker::desk::Note;

impl Kafka {
    /// Producers with the same id know each other.
    pub(super) fn pair_rivals(&mut self) {
        let id = |publisher: &super::publisher::Publisher| publisher.session.as_ref().map(|session| session.id.clone());
        let ids: Vec<Option<String>> = self.publishers.iter().map(id).collect();
        for (number, publisher) in self.publishers.iter_mut().enumerate() {
            if let Some(session) = &mut publisher.session {
                let same = |other: &usize| *other != number && ids[*other].as_deref() == Some(session.id.as_str());
                session.rivals = (0..ids.len()).filter(same).map(|other| other as u32).collect();
            }
        }
    }

    /// A producer that is not alone with its id claims it before it does anything.
    pub(super) fn claim(&mut self, publisher: u32, desk: &mut Desk) {
        if self.session(publisher).is_some_and(|session| session.must_claim()) {
            self.initialise(publisher, desk);
        }
    }

    /// The clients of a group claim the ids of their producers before they read.
    pub(super) fn claim_for(&mut self, group: usize, desk: &mut Desk) {
        for client in 0..self.groups[group].members.len() {
            if let Some(publisher) = self.member_of(group, client).session {
                self.claim(publisher, desk);
            }
        }
    }

    /// `initTransactions`: what has been left open under its id is aborted first; its members wait for that.
    pub(super) fn initialise(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher) else { return };
        (session.initialised, session.init) = (true, !session.rivals.is_empty());
        let members = session.members.clone();
        members.iter().for_each(|member| self.members[*member as usize].draining = true);
        self.ask_to_end(publisher, Outcome::Aborted, desk);
    }

    /// The coordinator gives a producer its id: nothing more is taken from others that have it.
    pub(super) fn takes_id(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher) else { return };
        (session.init, session.usurped, session.fenced, session.behind) = (false, false, false, true);
        let (rivals, mut epoch) = (session.rivals.clone(), session.epoch);
        let mut open = Vec::new();
        for rival in &rivals {
            let Some(session) = self.session(*rival).filter(|session| session.initialised) else { continue };
            (session.usurped, session.fenced) = (true, true);
            epoch = epoch.max(session.epoch);
            if session.open_since.is_some() && session.ending.is_none() {
                open.push(*rival);
            }
        }
        self.session(publisher).into_iter().for_each(|session| session.epoch = epoch);
        open.into_iter().for_each(|rival| self.decide(rival, Outcome::Aborted, desk));
        self.catches_up(publisher, desk);
    }

    /// A producer that waits for the end of its rivals' transactions begins once there is none.
    pub(super) fn catches_up(&mut self, publisher: u32, desk: &mut Desk) {
        let Some(session) = self.session(publisher).filter(|session| session.behind) else { return };
        let rivals = session.rivals.clone();
        if rivals.into_iter().any(|rival| self.session(rival).is_some_and(|session| session.ending.is_some())) {
            return;
        }
        if let Some(session) = self.session(publisher) {
            session.behind = false;
        }
        self.decide(publisher, Outcome::Aborted, desk);
    }

    /// A producer learns that another one has its id: it stops, and so do the clients that read for it.
    pub(super) fn is_fenced(&mut self, publisher: u32, members: &[u32], desk: &mut Desk) {
        desk.note(Note::PublisherFenced { link: self.publishers[publisher as usize].link });
        for member in members {
            self.throws(*member as usize, Stopped { why: Error::ProducerFenced, partition: None }, desk);
        }
    }

    /// A fenced producer is started again.
    pub(super) fn restart(&mut self, publisher: u32, desk: &mut Desk) {
        if let Some(session) = self.session(publisher).filter(|session| session.dead) {
            session.dead = false;
            self.initialise(publisher, desk);
        }
    }
}
