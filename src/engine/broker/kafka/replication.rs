//! Replication of one partition: leader, in-sync replicas, what `acks` waits for, the high watermark, elections.
//!
//! All replicas hold a prefix of the leader's log, or that and a tail which they cut off when they follow it again; so an end
//! offset per replica is all there is to know. Replicas are counted by their place in the assignment, the preferred leader
//! first.

use super::Error;
use crate::time::{Span, Time};

/// What a producer waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// `acks=0`: nothing; offset and errors stay unknown.
    Zero,
    /// `acks=1`: the leader's own log.
    One,
    /// `acks=all` (Kafka's default): every replica in sync, not merely `min.insync.replicas` of them.
    #[default]
    All,
}

/// How a partition is replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationConfig {
    /// `min.insync.replicas`: below it `acks=all` is refused and the high watermark stands still. Default 1.
    pub min_insync: u32,
    /// `unclean.leader.election.enable`: a replica out of sync may lead if none in sync lives. Default false.
    pub unclean: bool,
    /// Eligible leader replicas (KIP-966): those that left the set in sync with complete data may lead. Off in Kafka 4.0, on for
    /// clusters made with 4.1 or later.
    pub elr: bool,
    /// `replica.lag.time.max.ms`: who has not been at the leader's end for so long leaves the set in sync. Default 30 s.
    pub lag_time_max: Span,
}

impl Default for ReplicationConfig {
    fn default() -> Self {
        ReplicationConfig { min_insync: 1, unclean: false, elr: false, lag_time_max: Span::from_millis(30_000) }
    }
}

/// Places in the assignment, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places(u64);

impl Places {
    /// As many replicas as one partition may have.
    pub const MOST: usize = 64;

    /// Whether a place is in it.
    #[inline(always)]
    pub fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// How many are in it.
    #[inline(always)]
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether none is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With one more.
    pub fn with(self, place: usize) -> Places {
        Places(self.0 | 1 << place)
    }

    /// With one less.
    pub fn without(self, place: usize) -> Places {
        Places(self.0 & !(1 << place))
    }

    /// The places in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Places::MOST).filter(move |place| self.has(*place))
    }
}

impl FromIterator<usize> for Places {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Places {
        places.into_iter().fold(Places::default(), Places::with)
    }
}

/// One replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Replica {
    /// Its log's end.
    end: u64,
    /// When it was last at the leader's end.
    caught_up: Time,
}

/// The state of a partition over its replicas.
#[derive(Clone, Debug)]
pub struct Replication {
    config: ReplicationConfig,
    replicas: Vec<Replica>,
    /// Those whose broker is not fenced by the controller.
    alive: Places,
    isr: Places,
    elr: Places,
    leader: Option<usize>,
    last_leader: Option<usize>,
    /// Counts elections.
    epoch: u32,
    /// The leader's end when it was elected: who rejoins must have come so far.
    epoch_start: u64,
    high_watermark: u64,
}

impl Replication {
    /// A new partition: all alive and in sync, the preferred replica leads.
    pub fn new(config: ReplicationConfig, replicas: usize) -> Replication {
        let all: Places = (0..replicas.min(Places::MOST)).collect();
        Replication::restored(config, &vec![0; replicas], all, all, Some(0), 0)
    }

    /// A partition found in some state: ends by place, who is alive and in sync, who leads. More replicas in sync than there are replicas
    /// are not asked for (since 3.7: `Partition.effectiveMinIsr`).
    pub fn restored(
        mut config: ReplicationConfig,
        ends: &[u64],
        alive: Places,
        isr: Places,
        leader: Option<usize>,
        high_watermark: u64,
    ) -> Replication {
        config.min_insync = config.min_insync.min(ends.len() as u32);
        let replicas = ends.iter().map(|end| Replica { end: *end, caught_up: Time::ZERO }).collect();
        let (elr, last_leader, epoch, epoch_start) = (Places::default(), leader, 0, high_watermark);
        Replication { config, replicas, alive, isr, elr, leader, last_leader, epoch, epoch_start, high_watermark }
    }

    /// The same with replicas eligible though out of sync, and the last leader that is known.
    pub fn with_eligible(mut self, elr: Places, last_leader: Option<usize>) -> Replication {
        (self.elr, self.last_leader) = (elr, last_leader);
        self
    }

    /// Who leads, by place in the assignment.
    #[inline(always)]
    pub fn leader(&self) -> Option<usize> {
        self.leader
    }

    /// Who is in sync.
    #[inline(always)]
    pub fn isr(&self) -> Places {
        self.isr
    }

    /// Who may lead although it is not in sync (KIP-966).
    pub fn elr(&self) -> Places {
        self.elr
    }

    /// Who is alive as the controller sees it.
    pub fn alive(&self) -> Places {
        self.alive
    }

    /// How many elections there were.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Up to where consumers may read.
    #[inline(always)]
    pub fn high_watermark(&self) -> u64 {
        self.high_watermark
    }

    /// A replica's end.
    pub fn end(&self, place: usize) -> u64 {
        self.replicas[place].end
    }

    /// Fewer replicas in sync than there are replicas: what the metric `UnderReplicatedPartitions` counts.
    pub fn under_replicated(&self) -> bool {
        (self.isr.len() as usize) < self.replicas.len()
    }

    /// Fewer replicas in sync than `min.insync.replicas`.
    #[inline(always)]
    pub fn under_min_isr(&self) -> bool {
        self.isr.len() < self.config.min_insync
    }

    /// Whether a batch may be appended now.
    #[inline]
    pub fn admit(&self, acks: Acks) -> Result<(), Error> {
        match self.leader {
            None => Err(Error::LeaderNotAvailable),
            Some(_) if acks == Acks::All && self.under_min_isr() => Err(Error::NotEnoughReplicas),
            Some(_) => Ok(()),
        }
    }

    /// The leader's log has come to `end`.
    #[inline]
    pub fn appended(&mut self, end: u64, now: Time) {
        if let Some(leader) = self.leader {
            self.replicas[leader] = Replica { end, caught_up: now };
            self.advance();
        }
    }

    /// A follower has fetched up to `end`. It joins those in sync once it has all that is committed.
    #[inline]
    pub fn fetched(&mut self, place: usize, end: u64, now: Time) {
        let Some(leader) = self.leader else { return };
        let leaders = self.replicas[leader].end;
        let replica = &mut self.replicas[place];
        replica.end = end.min(leaders);
        if replica.end >= leaders {
            replica.caught_up = now;
        }
        if !self.isr.has(place) && self.alive.has(place) && replica.end >= self.high_watermark.max(self.epoch_start) {
            self.isr = self.isr.with(place);
            self.elr = if self.under_min_isr() { self.elr.without(place) } else { Places::default() };
        }
        self.advance();
    }

    /// What `acks=all` answers for the record at `offset`, once it can.
    #[inline]
    pub fn answer(&self, offset: u64) -> Option<Result<(), Error>> {
        match () {
            () if self.high_watermark > offset => Some(Ok(())),
            () if self.under_min_isr() => Some(Err(Error::NotEnoughReplicasAfterAppend)),
            () => None,
        }
    }

    /// The high watermark is the smallest end in sync. Below `min.insync.replicas` it moves for nobody.
    #[inline]
    fn advance(&mut self) {
        if self.leader.is_none() || self.under_min_isr() {
            return;
        }
        let least = self.replicas.iter().enumerate().filter(|(place, _)| self.isr.has(*place)).map(|(_, replica)| replica.end).min();
        self.high_watermark = self.high_watermark.max(least.unwrap_or(0));
    }

    /// Removes from those in sync who has not been at the leader's end for `replica.lag.time.max.ms`; says whether any went. The
    /// leader looks every half of that time.
    pub fn shrink(&mut self, now: Time) -> bool {
        let slow: Vec<usize> = self
            .isr
            .iter()
            .filter(|place| Some(*place) != self.leader && now.since(self.replicas[*place].caught_up) > self.config.lag_time_max)
            .collect();
        for place in &slow {
            self.leave(*place);
        }
        self.advance();
        !slow.is_empty()
    }

    /// The controller fences a broker: it leaves those in sync and leads no more.
    pub fn fence(&mut self, place: usize) {
        self.alive = self.alive.without(place);
        self.leave(place);
        self.elect();
        self.advance();
    }

    /// A broker is back: it cuts off what the leader does not have. It joins those in sync when it has caught up.
    pub fn unfence(&mut self, place: usize) {
        self.alive = self.alive.with(place);
        // What a leader since then lacked has been cut off with its election; what remains is a part of the leader's log.
        if let Some(leader) = self.leader {
            self.replicas[place].end = self.replicas[place].end.min(self.replicas[leader].end);
        }
        self.elect();
        self.advance();
    }

    /// One leaves those in sync, but the last one stays listed (unless it is remembered as eligible).
    fn leave(&mut self, place: usize) {
        if !self.isr.has(place) || (self.isr.len() == 1 && !self.config.elr) {
            return;
        }
        self.isr = self.isr.without(place);
        if self.config.elr && self.under_min_isr() {
            self.elr = self.elr.with(place);
        }
    }

    /// The current leader if it may stay, else the first in assignment order that lives and is in sync, else an eligible one,
    /// else (unclean) any that lives.
    pub fn elect(&mut self) {
        let valid = |place: usize| self.alive.has(place) && self.isr.has(place);
        if self.leader.is_some_and(valid) {
            return;
        }
        let places = || 0..self.replicas.len();
        let eligible = || {
            let last = self.last_leader.filter(|last| self.elr.is_empty() && self.alive.has(*last));
            let elr = places().find(|place| self.elr.has(*place) && self.alive.has(*place));
            elr.or(last).filter(|_| self.config.elr && self.isr.is_empty())
        };
        let unclean = || places().find(|place| self.alive.has(*place)).filter(|_| self.config.unclean);
        match places().find(|place| valid(*place)) {
            Some(leader) => self.lead(leader),
            None => match eligible().or_else(unclean) {
                Some(leader) => {
                    self.isr = Places::default().with(leader);
                    self.elr = self.elr.without(leader);
                    self.lead(leader);
                }
                None => self.leader = None,
            },
        }
    }

    /// Gives leadership back to the first replica, if it lives and is in sync (`leader.imbalance.check.interval.seconds`, 300 s).
    pub fn elect_preferred(&mut self) {
        if self.alive.has(0) && self.isr.has(0) && self.leader != Some(0) {
            self.lead(0);
        }
    }

    /// A new leader's log is the log: whoever has more cuts it off.
    fn lead(&mut self, place: usize) {
        (self.leader, self.last_leader) = (Some(place), Some(place));
        self.epoch += 1;
        self.epoch_start = self.replicas[place].end;
        for replica in &mut self.replicas {
            replica.end = replica.end.min(self.epoch_start);
        }
        // Only an unclean leader can lack what was committed.
        self.high_watermark = self.high_watermark.min(self.epoch_start);
    }
}
