//! The broker's uniform assignor with unequal subscriptions: what is free goes to those with least, topic by topic; then topics are
//! levelled one by one, from those with most to those with least, until a pass changes nothing. (As it is since KAFKA-17710, in 4.0.)

use super::levels::Levels;
use super::{Assignment, Group, TopicPartition};

/// How often all topics are levelled at most.
const MOST_PASSES: usize = 16;

struct Builder<'a> {
    group: Group<'a>,
    /// How many partitions each member has.
    sizes: Vec<usize>,
    /// Who has each partition, by topic.
    owners: Vec<Vec<Option<usize>>>,
    /// The readers of each topic.
    readers: Vec<Vec<usize>>,
}

/// Assigns.
pub fn assign(group: Group<'_>) -> Assignment {
    let readers = |topic| (0..group.members.len()).filter(|member| group.subscribes(*member, topic)).collect();
    let mut builder = Builder {
        group,
        sizes: vec![0; group.members.len()],
        owners: group.topics.iter().map(|topic| vec![None; topic.partitions as usize]).collect(),
        readers: (0..group.topics.len() as u32).map(readers).collect(),
    };
    builder.keep();
    let topics = builder.topics();
    topics.iter().for_each(|topic| builder.hand_out(*topic));
    builder.balance(&topics);
    builder.assignment()
}

impl Builder<'_> {
    /// Members keep what they have and still read.
    fn keep(&mut self) {
        let group = self.group;
        for (at, member) in group.members.iter().enumerate() {
            for owned in member.owned.iter().filter(|owned| group.subscribes(at, owned.topic)) {
                if owned.partition < group.topics[owned.topic as usize].partitions {
                    self.give(*owned, at);
                }
            }
        }
    }

    /// Topics that exist and are read: those with most partitions to a reader first, then those with few readers.
    fn topics(&self) -> Vec<u32> {
        let mut topics: Vec<u32> = self.group.subscribed().collect();
        topics.sort_by(|a, b| {
            let size = |topic: u32| (f64::from(self.group.topics[topic as usize].partitions), self.readers[topic as usize].len());
            let ((many, of), (more, by)) = (size(*a), size(*b));
            (more / by as f64).total_cmp(&(many / of as f64)).then(of.cmp(&by)).then(a.cmp(b))
        });
        topics
    }

    /// What nobody has of a topic goes to the readers with least.
    fn hand_out(&mut self, topic: u32) {
        let mut levels = Levels::new(&self.readers[topic as usize], &self.sizes);
        for partition in self.group.partitions(topic) {
            if self.owner(partition).is_none() {
                let member = levels.poorest(&self.sizes);
                self.give(partition, member);
            }
        }
    }

    fn balance(&mut self, topics: &[u32]) {
        let shared: Vec<u32> = topics.iter().copied().filter(|topic| self.readers[*topic as usize].len() > 1).collect();
        // Once round from the last topic at which something moved, nothing more will.
        let mut last = None;
        for _ in 0..MOST_PASSES {
            for topic in &shared {
                if last == Some(topic) {
                    return;
                }
                if self.level(*topic) || last.is_none() {
                    last = Some(topic);
                }
            }
        }
    }

    /// Moves partitions of a topic from the readers with most to those with least, as far as that helps. Whether any moved.
    fn level(&mut self, topic: u32) -> bool {
        let readers = &self.readers[topic as usize];
        let sizes = || readers.iter().map(|member| self.sizes[*member]);
        if sizes().max() <= sizes().min().map(|least| least + 1) {
            return false;
        }
        // What each can give, its last partition first.
        let mut has: Vec<Vec<TopicPartition>> = vec![Vec::new(); self.sizes.len()];
        for partition in self.group.partitions(topic) {
            if let Some(owner) = self.owner(partition) {
                has[owner].push(partition);
            }
        }
        let mut levels = Levels::new(readers, &self.sizes);
        let mut moved = false;
        while let Some(from) = levels.richest(&self.sizes, |member| !has[member].is_empty()) {
            let to = levels.poorest(&self.sizes);
            let Some(partition) = has[from].pop().filter(|_| !levels.met()) else { break };
            self.give(partition, to);
            moved = true;
        }
        moved
    }

    fn owner(&self, partition: TopicPartition) -> Option<usize> {
        self.owners[partition.topic as usize][partition.partition as usize]
    }

    fn give(&mut self, partition: TopicPartition, member: usize) {
        if let Some(owner) = self.owners[partition.topic as usize][partition.partition as usize].replace(member) {
            self.sizes[owner] -= 1;
        }
        self.sizes[member] += 1;
    }

    fn assignment(&self) -> Assignment {
        let mut assignment = vec![Vec::new(); self.sizes.len()];
        for partition in (0..self.group.topics.len() as u32).flat_map(|topic| self.group.partitions(topic)) {
            if let Some(owner) = self.owner(partition) {
                assignment[owner].push(partition);
            }
        }
        assignment
    }
}
