//! Making frames.

use super::condition;
use super::frame::{BrokerView, Frame, LinkFigures, NodeFigures, OutboxView, OutletFigures, Past, PlayState, Speed, StateView};
use super::pacing::Pacing;
use super::stage::{Goal, Stage};
use crate::ids::{BrokerId, ConsumerId, LinkId, NodeId, OutletId, StoreId};
use crate::record::series::Bin;
use crate::record::{Report, Totals};
use crate::scenario::plan::Role;
use crate::time::{SECOND, Span};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Percentiles are searched through whole histograms, so not for every frame.
const PERCENTILES: Duration = Duration::from_millis(250);
/// Figures that took a while are renewed so many times later: they cost a twentieth of the time at most.
const SPARSELY: u32 = 20;
/// Events that set out per second of wall time, where single ones are to be followed.
const FOLLOWED: f64 = 6.0;

impl Stage {
    #[allow(clippy::disallowed_methods, reason = "the time it takes decides how often it is done")]
    pub(super) fn frame(&mut self, number: u64) -> Frame {
        let began = Instant::now();
        let mut frame = self.picture(number);
        frame.beside = self.beside.0.as_mut().map(|beside| Arc::new(beside.picture(number, &self.moment, &frame)));
        self.frame_took = began.elapsed();
        frame
    }

    #[allow(clippy::disallowed_methods, reason = "percentiles are refreshed by wall time")]
    fn refresh_latencies(&mut self) {
        let stale = self.latencies_at.is_none_or(|at| at.elapsed() >= PERCENTILES);
        if stale || self.state != PlayState::Playing {
            self.latencies_at = Some(Instant::now());
            self.latencies = (0..self.latencies.len()).map(|i| self.moment.recorder.latency(ConsumerId::at(i))).collect();
            self.waits = (0..self.waits.len()).map(|i| self.moment.recorder.store_wait(StoreId::at(i))).collect();
        }
        if !self.wants_figures {
            self.figures = None;
            return;
        }
        // All of them take a while where there are thousands of nodes.
        let (at, took) = self.figures_at.unwrap_or((Instant::now(), Duration::ZERO));
        let stale = self.figures.is_none() || at.elapsed() >= PERCENTILES.max(took * SPARSELY);
        if stale || self.state != PlayState::Playing {
            let began = Instant::now();
            self.figures = Some(Arc::new(Report::of(&self.moment.simulation, &self.moment.recorder, 0.0).figures()));
            self.figures_at = Some((began, began.elapsed()));
        }
    }

    /// Over how much virtual time rates are taken: a second, or a second of wall time where that is longer. While it stands, what is shown
    /// is the moment's, however fast it came there.
    fn window(&self) -> Span {
        let all = self.moment.simulation.plan().duration.seconds();
        let speed = match self.speed() {
            _ if self.state != PlayState::Playing => (all / 300.0).max(1.0),
            Speed::Times(times) => times.max(1.0),
            Speed::Max => (all / 60.0).max(1.0),
        };
        Span((speed * SECOND as f64) as u64)
    }

    fn picture(&mut self, number: u64) -> Frame {
        self.refresh_latencies();
        self.keep_film();
        let (flights, set_out) = self.flights.take();
        let (simulation, recorder) = (&self.moment.simulation, &self.moment.recorder);
        let (plan, now) = (Arc::clone(simulation.plan()), simulation.now());
        let series = recorder.series_at(now);
        let recent = series.recent(self.window());
        let link = |i: usize| {
            let (id, record) = (LinkId::at(i), recorder.link(LinkId::at(i)));
            LinkFigures { rate: recent.map_or(0.0, |bin| bin.sent(id)), sent: record.sent, lost: record.lost }
        };
        let outlet = |i: usize| {
            let books = simulation.books(OutletId::at(i));
            OutletFigures {
                routed: books.routed,
                acked: books.acked,
                ended_badly: books.failed + books.dead_lettered + books.expired + books.dropped,
                waiting: books.waiting,
                in_flight: books.in_flight(),
            }
        };
        let links: Vec<LinkFigures> = (0..plan.links.len()).map(link).collect();
        let brokers: Vec<BrokerView> = (0..plan.brokers.len()).map(|i| BrokerView::of(simulation.broker(BrokerId::at(i)))).collect();
        let mut nodes: Vec<NodeFigures> = (0..plan.nodes.len()).map(|i| self.node(NodeId::at(i), recent.as_ref())).collect();
        condition::note(simulation, &brokers, &mut nodes);
        let frame = Frame {
            run: self.id,
            number,
            seed: simulation.seed(),
            now,
            state: self.state.clone(),
            speed: self.speed(),
            achieved: if self.state == PlayState::Playing { self.achieved } else { 0.0 },
            steps: simulation.steps(),
            fingerprint: simulation.fingerprint(),
            totals: Totals::of(simulation),
            nodes,
            brokers,
            outlets: (0..plan.outlets.len()).map(outlet).collect(),
            links,
            flights,
            set_out,
            faults: Arc::clone(recorder.faults().spans()),
            past: self.past(),
            beside: None,
            figures: self.figures.clone(),
            window: self.window(),
            owed: recorder.owed(),
            series,
            plan,
        };
        if self.follow {
            let rate: f64 = frame.links.iter().map(|link| link.rate).sum();
            let speed = if rate > 0.0 { FOLLOWED / rate } else { 1.0 };
            self.pacing = Pacing::new(Speed::Times(speed.clamp(0.001, 1.0)));
        }
        frame
    }

    fn past(&self) -> Past {
        let branch = self.branch();
        let seeking = match &self.goal {
            Some(Goal::Time(to)) => Some(*to),
            Some(Goal::Next(_) | Goal::Last { .. }) => Some(self.moment.now()),
            None => self.hurries().then(|| self.moment.now()),
        };
        Past {
            recorded: branch.recorded,
            film: branch.film.clone(),
            faults: branch.faults.clone(),
            seeking,
            follow: self.follow,
            looping: self.looping,
            branch: branch.id,
            branches: Arc::clone(&self.infos),
            memory: self.memory(),
            budget: self.budget(),
            asked: self.asked,
            refused: Arc::clone(&self.refused),
            answers: self.answers.clone(),
        }
    }

    /// Bytes that checkpoints take, those of the run beside this one included, and how many there are.
    fn memory(&self) -> (usize, usize) {
        let (bytes, number) = (self.checkpoints.bytes(), self.checkpoints.len());
        let theirs = self.beside.0.as_ref().map_or((0, 0), |beside| beside.stage.memory());
        (bytes + theirs.0, number + theirs.1)
    }

    fn node(&self, id: NodeId, recent: Option<&Bin<'_>>) -> NodeFigures {
        let (simulation, recorder) = (&self.moment.simulation, &self.moment.recorder);
        let (count, rate) = (recorder.count(id), recent.map_or(0.0, |bin| bin.throughput(id)));
        let confirms = simulation.confirms(id).map(|c| (c.resent, c.given_up, c.unconfirmed));
        let outbox = simulation.outbox(id).map(|o| OutboxView {
            written: o.written,
            published: o.published,
            missing: o.missing,
            invented: o.invented,
            waiting: o.waiting,
        });
        let waits = simulation.replies(id).map(|replies| (replies.answered, replies.timed_out, replies.waiting));
        let held_back = recorder.held_back(id, simulation.now()).map(|_| recorder.held_back_now(id));
        let returned = simulation.returns(id);
        let figures = NodeFigures { confirms, held_back, returned, outbox, waits, rate, count, ..NodeFigures::default() };
        let consumer = match simulation.plan().nodes[id.index()].role {
            Role::Consumer(consumer) => consumer,
            Role::Store(store) => return self.store(store, recent, figures),
            Role::Broker(broker) => {
                return NodeFigures { unroutable: recorder.unroutable(broker), refused: recorder.refused(broker), ..figures };
            }
            Role::Producer => return figures,
        };
        let staleness = recorder.staleness(consumer, simulation.now()).map_or(0.0, |age| age.last);
        let state = simulation.state(consumer).map(|state| StateView {
            expected: state.expected,
            actual: state.actual,
            wrong: state.wrong,
            keys: state.keys,
            missing: state.missing,
            repeated: state.repeated,
            staleness,
        });
        let joins = simulation.joins(consumer).map(|joins| (joins.complete, joins.timed_out, joins.waiting));
        let (failed, retries, given_back) = recorder.failures(consumer);
        NodeFigures {
            lag: recorder.lag(consumer),
            busy: simulation.busy(consumer),
            capacity: simulation.workers(consumer),
            utilisation: recent.map_or(0.0, |bin| bin.utilisation(consumer)),
            failed,
            failing: recent.map_or(0.0, |bin| bin.failed(consumer) + bin.given_back(consumer)),
            retries,
            given_back,
            latency: self.latencies[consumer.index()],
            state,
            waits: joins.or(figures.waits),
            ..figures
        }
    }

    fn store(&self, id: StoreId, recent: Option<&Bin<'_>>, figures: NodeFigures) -> NodeFigures {
        let (simulation, recorder) = (&self.moment.simulation, &self.moment.recorder);
        let store = simulation.store(id);
        NodeFigures {
            lag: recorder.store_queue(id),
            busy: store.busy,
            capacity: simulation.plan().stores[id.index()].connections,
            utilisation: recent.map_or(0.0, |bin| bin.store_utilisation(id)),
            failed: store.counts.failed,
            failing: recent.map_or(0.0, |bin| bin.store_failed(id)),
            retries: store.counts.timed_out,
            latency: self.waits[id.index()],
            ..figures
        }
    }
}
