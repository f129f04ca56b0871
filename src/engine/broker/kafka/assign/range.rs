//! Range: every topic by itself, contiguous ranges in the order of members, the first ones one longer. Where racks are known
//! and not every partition has a replica in each, members first get partitions of their own rack (KIP-881), with the same
//! counts, and the same members for topics with equally many partitions.

use super::{Assignment, Group, TopicPartition, racks};
use std::collections::{BTreeMap, BTreeSet};

/// One topic on its way to be assigned.
struct State<'a> {
    topic: u32,
    /// Its members as they line up, with their racks.
    members: Vec<(usize, Option<&'a str>)>,
    racks: &'a [Vec<String>],
    needs_racks: bool,
    unassigned: BTreeSet<u32>,
    /// How many each of `members` has.
    given: Vec<u32>,
    quota: u32,
    longer: u32,
}

/// Assigns all topics; the broker's range does not look at racks.
pub fn assign(group: Group<'_>, rack_aware: bool) -> Assignment {
    let order = group.lined_up();
    let mut states: Vec<State<'_>> = group.subscribed().map(|topic| State::new(group, &order, topic, rack_aware)).collect();
    let mut assignment = vec![Vec::new(); group.members.len()];
    if states.iter().any(|state| state.needs_racks) {
        match_racks(&mut states, &mut assignment);
    }
    for state in &mut states {
        state.ranges(&mut assignment, |_, _, _| true);
    }
    assignment
}

/// Topics with the same members and equally many partitions are assigned together, so that they stay co-partitioned.
fn match_racks(states: &mut [State<'_>], assignment: &mut Assignment) {
    let mut alike: BTreeMap<(Vec<usize>, usize), Vec<usize>> = BTreeMap::new();
    for (at, state) in states.iter().enumerate() {
        let members = state.members.iter().map(|(member, _)| *member).collect();
        alike.entry((members, state.unassigned.len())).or_default().push(at);
    }
    for ((members, partitions), alike) in alike {
        if let [single] = alike[..] {
            let state = &mut states[single];
            if state.needs_racks {
                state.ranges(assignment, State::matches);
            }
            continue;
        }
        for partition in 0..partitions as u32 {
            let fits = |place: &usize| alike.iter().all(|at| states[*at].matches(*place, partition) && states[*at].room(*place) > 0);
            if let Some(place) = (0..members.len()).find(fits) {
                alike.iter().for_each(|at| states[*at].give(place, partition, assignment));
            }
        }
    }
}

impl<'a> State<'a> {
    fn new(group: Group<'a>, order: &[usize], topic: u32, rack_aware: bool) -> State<'a> {
        let subscribed = order.iter().copied().filter(|member| group.subscribes(*member, topic));
        let members: Vec<(usize, Option<&str>)> = subscribed.map(|member| (member, racks::of(&group.members[member]))).collect();
        let known = &group.topics[topic as usize];
        let count = members.len() as u32;
        State {
            topic,
            needs_racks: rack_aware && racks::matter(members.iter().filter_map(|(_, rack)| *rack), racks::of_partitions(known)),
            racks: &known.replica_racks,
            unassigned: (0..known.partitions).collect(),
            given: vec![0; members.len()],
            quota: known.partitions / count,
            longer: known.partitions % count,
            members,
        }
    }

    /// A member without a rack matches every partition.
    fn matches(&self, place: usize, partition: u32) -> bool {
        let here = |rack| self.racks.get(partition as usize).is_some_and(|racks| racks.iter().any(|known| known == rack));
        self.members[place].1.is_none_or(here)
    }

    /// How many more a member may get.
    fn room(&self, place: usize) -> u32 {
        (self.quota + u32::from(self.longer > 0)).saturating_sub(self.given[place])
    }

    fn give(&mut self, place: usize, partition: u32, assignment: &mut Assignment) {
        self.unassigned.remove(&partition);
        self.given[place] += 1;
        if self.given[place] > self.quota {
            self.longer -= 1;
        }
        assignment[self.members[place].0].push(TopicPartition { topic: self.topic, partition });
    }

    /// Gives every member in turn the first partitions that it may have.
    fn ranges(&mut self, assignment: &mut Assignment, may: impl Fn(&State<'a>, usize, u32) -> bool) {
        for place in 0..self.members.len() {
            let possible = self.unassigned.iter().copied().filter(|partition| may(self, place, *partition));
            let range: Vec<u32> = possible.take(self.room(place) as usize).collect();
            range.into_iter().for_each(|partition| self.give(place, partition, assignment));
        }
    }
}
