//! What holds for every assignor, whatever the members own and subscribe to.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const ALL: [Assignor; 6] =
    [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky, Assignor::Uniform, Assignor::ServerRange];

/// Subscriptions as bits, what is claimed, in which generation.
type Claims = (u8, Vec<(u32, u32)>, Option<i32>);

/// Partitions of topics, and members.
fn group() -> impl Strategy<Value = (Vec<u32>, Vec<Claims>)> {
    let member = (0u8..8, prop::collection::vec((0u32..3, 0u32..9), 0..6), prop::option::of(0i32..3));
    (prop::collection::vec(0u32..9, 3), prop::collection::vec(member, 1..6))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_partition_goes_to_one_subscriber((counts, members) in group(), equal: bool) {
        let topics: Vec<Topic> = counts.iter().map(|partitions| Topic { partitions: *partitions, replica_racks: Vec::new() }).collect();
        let member = |(i, (bits, owned, generation)): (usize, &Claims)| Member {
            id: format!("m{i}"),
            topics: (0..3).filter(|topic| equal || bits >> topic & 1 == 1).collect(),
            owned: owned.iter().map(|(topic, partition)| TopicPartition { topic: *topic, partition: *partition }).collect(),
            generation: *generation,
            ..Member::default()
        };
        let mut members: Vec<Member> = members.iter().enumerate().map(member).collect();
        for assignor in ALL {
            if matches!(assignor, Assignor::Uniform | Assignor::ServerRange) {
                // The broker knows who owns what: nobody owns what another does, or what does not exist.
                let mut seen = BTreeSet::new();
                for member in &mut members {
                    member.owned.retain(|p| p.partition < topics[p.topic as usize].partitions && seen.insert(*p));
                }
            }
            let group = Group { topics: &topics, members: &members };
            let assignment = assignor.assign(group);
            prop_assert_eq!(assignment.len(), members.len());
            let given: Vec<TopicPartition> = assignment.iter().flatten().copied().collect();
            let distinct: BTreeSet<TopicPartition> = given.iter().copied().collect();
            prop_assert_eq!(given.len(), distinct.len(), "{:?} gives something twice", assignor);
            for (member, partitions) in members.iter().zip(&assignment) {
                prop_assert!(partitions.iter().all(|p| member.topics.contains(&p.topic)), "{:?}", assignor);
            }
            let wanted: BTreeSet<TopicPartition> = group.subscribed().flat_map(|topic| group.partitions(topic)).collect();
            if assignor == Assignor::CooperativeSticky {
                // What changes hands is missing until it was given up. With unequal subscriptions the next round may find
                // something better to move once more (so does the real one), but it comes to rest.
                prop_assert!(distinct.is_subset(&wanted));
                let mut next = members.clone();
                let mut round = assignment;
                for _ in 0..4 {
                    next.iter_mut().zip(&round).for_each(|(member, owned)| (member.owned, member.generation) = (owned.clone(), Some(9)));
                    round = assignor.assign(Group { topics: &topics, members: &next });
                }
                prop_assert_eq!(round.iter().flatten().copied().collect::<BTreeSet<_>>(), wanted);
            } else {
                prop_assert_eq!(distinct, wanted, "{:?}", assignor);
            }
            let balanced = matches!(assignor, Assignor::Sticky | Assignor::Uniform | Assignor::RoundRobin);
            if equal && balanced {
                let sizes = || assignor.assign(group).into_iter().map(|partitions| partitions.len()).collect::<Vec<_>>();
                let (least, most) = (sizes().into_iter().min(), sizes().into_iter().max());
                prop_assert!(most <= least.map(|least| least + 1), "{:?}: {:?}", assignor, sizes());
            }
        }
    }
}
