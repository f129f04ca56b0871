//! What a publisher knows of the topics that it writes to; nothing of all the others, of which there may be thousands.

use super::partitioner::Sticky;

/// One topic.
#[derive(Clone, Debug)]
pub(super) struct Written {
    topic: u32,
    /// The partition for records without a key, once there was one.
    pub sticky: Option<Sticky>,
    /// Which of its partitions have had a batch.
    begun: Box<[bool]>,
    left: u32,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Topics(Vec<Written>);

impl Written {
    /// One of its partitions has a batch.
    pub fn begin(&mut self, partition: u32) {
        self.left -= u32::from(!std::mem::replace(&mut self.begun[partition as usize], true));
    }

    /// Whether all of its partitions have had one.
    pub fn has_begun_all(&self) -> bool {
        self.left == 0
    }
}

impl Topics {
    fn place(&self, topic: usize) -> Result<usize, usize> {
        self.0.binary_search_by_key(&(topic as u32), |written| written.topic)
    }

    /// A topic, if anything was written to it.
    pub fn get(&self, topic: usize) -> Option<&Written> {
        self.place(topic).ok().map(|at| &self.0[at])
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, topic: usize) -> Option<&mut Written> {
        self.place(topic).ok().map(|at| &mut self.0[at])
    }

    /// A topic of so many partitions, from now on one that is written to.
    pub fn written(&mut self, topic: usize, partitions: u32) -> &mut Written {
        let at = self.place(topic).unwrap_or_else(|at| {
            let begun = vec![false; partitions as usize].into();
            self.0.insert(at, Written { topic: topic as u32, sticky: None, begun, left: partitions });
            at
        });
        &mut self.0[at]
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|written| size_of::<Written>() + written.begun.len()).sum()
    }
}
