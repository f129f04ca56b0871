//! The consumer protocol (KIP-848): the coordinator knows what everybody is to have and lets members follow, each at its own
//! heartbeats. Nobody waits for all; a partition is given only once it was given up.

use super::{Group, Happening, Member, Phase, Timer};
use crate::time::Time;

impl Group {
    /// A new member's first heartbeat: the targets change, and what is free of its own it gets at once.
    pub(super) fn first_heartbeat(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let life = self.clients[client].life;
        let known = self.seat_of(client).filter(|_| self.config.fixed);
        match known {
            // A static member that is back in time takes its place.
            Some(at) => (self.members[at].life, self.members[at].heard) = (life, now),
            None => {
                let at = self.members.partition_point(|member| (member.client, member.life) < (client, life));
                self.members.insert(at, Member::new(client, life, now));
                self.retarget(out);
            }
        }
        if let Some(at) = known {
            self.members[at].owned.clear();
        }
        self.clients[client].phase = Phase::Reads;
        self.set(now + self.config.heartbeat, Timer::Heartbeat(client, life));
        self.reconcile(client, now, out);
    }

    /// The membership changed: everybody gets a new target.
    pub(super) fn retarget(&mut self, out: &mut Vec<Happening>) {
        self.rebalances += 1;
        self.generation += 1;
        out.push(Happening::Began);
        // Targets follow from the targets before, not from how far members have come.
        let owned: Vec<_> = self.members.iter().map(|member| member.owned.clone()).collect();
        self.members.iter_mut().for_each(|member| member.owned.clone_from(&member.target));
        let targets = self.assign();
        for ((member, target), owned) in self.members.iter_mut().zip(targets).zip(owned) {
            (member.target, member.owned) = (target, owned);
        }
        out.push(Happening::Settled { generation: self.generation });
    }

    /// At a heartbeat a member is told one step towards its target: what to give up, or else what is free for it.
    pub(super) fn reconcile(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let life = self.clients[client].life;
        let Ok(at) = self.place(client, life) else { return };
        let member = &self.members[at];
        if member.owned == member.target {
            return;
        }
        let excess: Vec<_> = member.owned.iter().filter(|partition| !member.target.contains(partition)).copied().collect();
        if !excess.is_empty() {
            self.clients[client].told_to_revoke = excess;
            self.clients[client].phase = Phase::Told;
            if !self.clients[client].busy {
                self.gives_up(client, now, out);
            }
            return;
        }
        // Mostly it has them itself.
        let taken =
            |partition| self.members[at].owned.contains(partition) || self.members.iter().any(|other| other.owned.contains(partition));
        let free: Vec<_> = member.target.iter().filter(|partition| !taken(*partition)).copied().collect();
        if !free.is_empty() {
            self.members[at].owned.extend(&free);
            self.clients[client].has.extend(&free);
            out.push(Happening::Assigned { client, partitions: free });
        }
    }

    /// At its poll a member gives up what it was told to, and says so with a heartbeat at once. One that was removed meanwhile
    /// joins again.
    pub(super) fn gives_up(&mut self, client: usize, now: Time, out: &mut Vec<Happening>) {
        let life = self.clients[client].life;
        let partitions = std::mem::take(&mut self.clients[client].told_to_revoke);
        if self.member(client, life).is_none() {
            self.clients[client].phase = Phase::Waits;
            self.request(client, now);
            return;
        }
        self.clients[client].phase = Phase::Reads;
        self.clients[client].has.retain(|partition| !partitions.contains(partition));
        if let Some(member) = self.member_mut(client) {
            member.owned.retain(|partition| !partitions.contains(partition));
        }
        if !partitions.is_empty() {
            out.push(Happening::Revoked { client, partitions, overdue: false });
        }
        self.reconcile(client, now, out);
    }
}
