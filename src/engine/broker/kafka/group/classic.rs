//! The classic protocol: a barrier that everybody joins, then an assignment.
//!
//! Eager members give up everything before they join; cooperative ones keep it, and those who have to give something up join
//! once more, so that a second rebalance can hand it out.

use super::{Gone, Group, Happening, Member, Phase, Stage, Timer};
use crate::time::Time;

impl Group {
    /// A request to join is here.
    pub(super) fn join_arrives(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let life = self.clients[client].life;
        let known = if self.config.fixed { self.seat_of(client) } else { self.place(client, life).ok() };
        let returns = known.is_some_and(|at| self.members[at].life != life);
        let at = known.unwrap_or_else(|| {
            let at = self.members.partition_point(|member| (member.client, member.life) < (client, life));
            self.members.insert(at, Member::new(client, life, now));
            at
        });
        let member = &mut self.members[at];
        (member.life, member.heard) = (life, now);
        if known.is_none() || returns {
            self.set(now + self.config.heartbeat, Timer::Heartbeat(client, life));
        }
        if returns && self.stage == Stage::Stable {
            // A static member that is back in time gets what it had, and nobody else hears of it.
            self.set(now + self.config.round_trip, Timer::AssignmentArrives(client, life, self.generation));
            return;
        }
        let owned = if self.config.cooperative() { self.clients[client].has.clone() } else { self.members[at].target.clone() };
        let member = &mut self.members[at];
        self.joined += usize::from(!member.joined);
        member.joined = true;
        member.owned = owned;
        match &mut self.stage {
            Stage::Stable => self.begin(now, self.members.len() == 1, out),
            Stage::Joining { more, .. } => *more |= known.is_none(),
        }
        self.complete_if_all_joined(now, out);
    }

    /// Somebody is gone: the others share what it had.
    pub(super) fn member_gone(&mut self, now: Time, out: &mut Vec<Happening>) {
        if self.members.is_empty() {
            self.stage = Stage::Stable;
            return;
        }
        if self.stage == Stage::Stable {
            self.begin(now, false, out);
        }
        self.complete_if_all_joined(now, out);
    }

    /// A rebalance begins; members hear of it at their heartbeats. An empty group waits for more members first.
    fn begin(&mut self, now: Time, initial: bool, out: &mut Vec<Happening>) {
        self.rebalances += 1;
        let until = now + if initial { self.config.initial_delay } else { self.config.max_poll };
        self.stage = Stage::Joining { number: self.rebalances, initial, more: false };
        self.set(until, Timer::Deadline(self.rebalances));
        out.push(Happening::Began);
    }

    /// A heartbeat's answer says whether a rebalance goes on.
    pub(super) fn hears_of_rebalance(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let waits = self.member_mut(client).is_some_and(|member| !member.joined);
        if self.stage != Stage::Stable && waits && self.clients[client].phase == Phase::Reads {
            self.clients[client].phase = Phase::Told;
            if !self.clients[client].busy {
                self.rejoins(client, now, out);
            }
        }
    }

    /// At its poll a member gives up everything (eager) and joins again.
    pub(super) fn rejoins(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        if !self.config.cooperative() {
            self.revoke_all(client, false, out);
        }
        // A cooperative member goes on reading what it has.
        self.clients[client].phase = Phase::Waits;
        self.request(client, now);
    }

    /// The coordinator has waited long enough.
    pub(super) fn deadline(&mut self, number: u32, now: Time, out: &mut Vec<Happening>) {
        let Stage::Joining { number: current, initial, more } = self.stage else { return };
        if number != current {
            return;
        }
        if initial && more {
            let until = now + self.config.initial_delay;
            self.stage = Stage::Joining { number, initial, more: false };
            self.set(until, Timer::Deadline(number));
            return;
        }
        let late = self.members.iter().filter(|member| !member.joined);
        let late: Vec<(usize, u32)> = late.map(|member| (member.client, member.life)).collect();
        self.members.retain(|member| member.joined);
        for (client, life) in late {
            out.push(Happening::Removed { client, why: Gone::RebalanceTimeout });
            // Who was started again meanwhile is another member by now.
            if self.lives(client, life) {
                // It is told at its next request, and joins again at its next poll.
                self.clients[client].life += 1;
                self.clients[client].phase = Phase::Told;
                self.revoke_all(client, true, out);
            }
        }
        if self.members.is_empty() { self.stage = Stage::Stable } else { self.complete(now, out) }
    }

    fn complete_if_all_joined(&mut self, now: Time, out: &mut Vec<Happening>) {
        let waiting = matches!(self.stage, Stage::Joining { initial: false, .. });
        if waiting && self.joined == self.members.len() {
            self.complete(now, out);
        }
    }

    /// Everybody is there: the leader among the members assigns, and the answers go out (one trip for joining, one to sync).
    fn complete(&mut self, now: Time, out: &mut Vec<Happening>) {
        self.generation += 1;
        self.stage = Stage::Stable;
        self.joined = 0;
        let targets = self.assign();
        let arrives = now + self.config.round_trip + self.half_trip();
        let mut clients = Vec::new();
        for (member, target) in self.members.iter_mut().zip(targets) {
            member.target = target;
            member.joined = false;
            member.generation = Some(self.generation);
            clients.push((member.client, member.life));
        }
        for (client, life) in clients {
            self.set(arrives, Timer::AssignmentArrives(client, life, self.generation));
        }
        out.push(Happening::Settled { generation: self.generation });
    }

    /// A member starts on its new partitions; what it has to give up it gives up now, and joins again for somebody to get it.
    pub(super) fn assignment_arrives(&mut self, client: usize, generation: i32, now: Time, out: &mut Vec<Happening>) {
        if generation != self.generation {
            return;
        }
        let Some(target) = self.member_mut(client).map(|member| member.target.clone()) else { return };
        let it = &mut self.clients[client];
        it.phase = Phase::Reads;
        let before = std::mem::replace(&mut it.has, target.clone());
        let revoked: Vec<_> = before.iter().filter(|partition| !target.contains(partition)).copied().collect();
        let added: Vec<_> = target.iter().filter(|partition| !before.contains(partition)).copied().collect();
        let gives_up = !revoked.is_empty();
        if gives_up {
            out.push(Happening::Revoked { client, partitions: revoked, overdue: false });
        }
        if !added.is_empty() {
            out.push(Happening::Assigned { client, partitions: added });
        }
        if gives_up {
            self.rejoins(client, now, out);
        }
    }
}
