//! Round robin: all partitions of all topics dealt to the members in a circle, skipping those that do not subscribe.

use super::{Assignment, Group};

/// Deals; the circle goes on where it stopped, also from topic to topic.
pub fn assign(group: Group<'_>) -> Assignment {
    let order = group.lined_up();
    let mut assignment = vec![Vec::new(); group.members.len()];
    let mut next = 0;
    for topic in group.subscribed() {
        for partition in group.partitions(topic) {
            while !group.subscribes(order[next % order.len()], topic) {
                next += 1;
            }
            assignment[order[next % order.len()]].push(partition);
            next += 1;
        }
    }
    assignment
}
