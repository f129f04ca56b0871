//! What a checkpoint takes in memory.

use super::{Emitter, Simulation};
use crate::engine::books::Books;
use crate::engine::broker::{Broker, Rules};
use crate::engine::consumer::{Consumer, Crew, Hand, OffDuty, Rare};
use crate::engine::link::Link;

impl Simulation {
    /// Calls `each` with the identity and the bytes of every block that copies of this simulation share (parts of long queues), and
    /// gives the bytes that a copy takes besides. What only the plan holds is not counted: all copies share it.
    pub fn weigh(&self, each: &mut dyn FnMut(usize, usize)) -> usize {
        let links = self.links.len() * size_of::<Link>() + self.convoys.weigh(each);
        let mut crew = |crew: &Crew| {
            let off = crew.off_duty.as_ref().map_or(0, |_| size_of::<OffDuty>());
            crew.inbox.weigh(each) + crew.lanes.as_ref().map_or(0, |lanes| lanes.weigh(each)) + off + size_of::<Crew>()
        };
        let crews: usize = self.crews.iter().map(&mut crew).sum();
        let brokers: usize = self.brokers.iter().map(|broker| broker.weigh(each) + size_of::<Broker>()).sum();
        let hands = self.hands.len() * (size_of::<Hand>() + size_of::<u32>());
        let plain = self.emitters.len() * size_of::<Emitter>()
            + self.consumers.len() * (size_of::<Consumer>() + size_of::<Rare>())
            + self.books.len() * size_of::<Books>()
            + size_of::<Simulation>();
        let slabs = self.transits.bytes()
            + self.backoffs.bytes()
            + self.wakes.bytes()
            + self.parcels.bytes()
            + self.errands.bytes()
            + self.calls.bytes()
            + self.ahead.bytes();
        let states: usize = self.states.iter().flatten().map(|state| state.bytes()).sum();
        links + states + crews + brokers + hands + plain + slabs + self.agenda.bytes() + self.ledger.bytes()
    }
}
