//! A subscription to a queue, and the limits on what it may hold.

/// A channel by number. The caller numbers its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(pub u32);

/// A consumer by number, over all queues. The caller numbers its consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(pub u32);

/// What somebody asks for who wants to consume.
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    /// The new consumer.
    pub seat: Seat,
    /// Its channel: what it holds goes back when that closes.
    pub channel: Channel,
    /// Most unacked messages; 0: no limit.
    pub prefetch: u32,
    /// A message counts as acked once it is sent; prefetch then means nothing.
    pub auto_ack: bool,
    /// Shuts the queue to all others (classic queues).
    pub exclusive: bool,
    /// `x-priority`.
    pub priority: i32,
}

/// Where a consumer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It takes messages.
    Up,
    /// It was cancelled and still holds messages (quorum queues).
    Cancelled,
    /// A higher one waits to take over when it holds nothing any more (quorum queues with a single active consumer).
    Quiescing,
}

/// A consumer of one queue.
#[derive(Clone, Debug)]
pub struct Consumer {
    /// What it asked for.
    pub wish: Subscription,
    /// How many more messages it may be sent; not counted where there is no limit.
    pub credit: u32,
    /// Messages sent and not settled.
    pub holding: u32,
    /// Where it stands.
    pub standing: Standing,
    /// Whether it stands in line (quorum queues).
    pub queued: bool,
    /// As the how-manieth it was found full, since it stands in line no longer; 0: it was not (classic queues).
    pub blocked: u64,
    /// A number that grows with every consumer of the queue.
    pub order: u64,
}

/// Most messages a consumer without a prefetch may hold from a quorum queue.
const QUORUM_UNLIMITED: u32 = 2000;

impl Consumer {
    /// A consumer of a classic queue: no credit to count without a prefetch.
    pub fn classic(wish: Subscription, order: u64) -> Consumer {
        let limited = wish.prefetch > 0 && !wish.auto_ack;
        let credit = if limited { wish.prefetch } else { u32::MAX };
        Consumer { wish, credit, holding: 0, standing: Standing::Up, queued: false, blocked: 0, order }
    }

    /// A consumer of a quorum queue.
    pub fn quorum(wish: Subscription, order: u64) -> Consumer {
        let credit = match wish {
            Subscription { auto_ack: true, .. } => u32::MAX,
            Subscription { prefetch: 0, .. } => QUORUM_UNLIMITED,
            Subscription { prefetch, .. } => prefetch,
        };
        Consumer { credit, ..Consumer::classic(wish, order) }
    }

    /// How many more messages a quorum queue reckons that it may take; it reckons with consumers that need no acks as with others.
    pub fn quorum_credit(&self) -> u32 {
        let most = if self.wish.prefetch == 0 { QUORUM_UNLIMITED } else { self.wish.prefetch };
        most.saturating_sub(self.holding)
    }

    /// Takes a credit for a message sent.
    #[inline]
    pub fn spend(&mut self) {
        if self.credit != u32::MAX {
            self.credit -= 1;
        }
    }

    /// Gives a credit back; a consumer that was cancelled gets none.
    #[inline]
    pub fn earn(&mut self) {
        if self.credit != u32::MAX && self.standing != Standing::Cancelled {
            self.credit += 1;
        }
    }
}

/// Limits over whole channels (`basic.qos` with global set), which only few set.
#[derive(Clone, Debug, Default)]
pub struct ChannelLimits(Vec<(Channel, u32, u32)>);

impl ChannelLimits {
    /// Sets the limit of a channel that holds so many messages now; 0 takes it away.
    pub fn set(&mut self, channel: Channel, most: u32, holding: u32) {
        self.0.retain(|(known, ..)| *known != channel);
        if most > 0 {
            self.0.push((channel, most, holding));
        }
    }

    /// Whether the channel has a limit.
    pub fn has(&self, channel: Channel) -> bool {
        self.0.iter().any(|(known, ..)| *known == channel)
    }

    /// Whether a channel may be sent one more message, which `counts` unless it needs no ack. False if it holds as many as it may.
    #[inline]
    pub fn admits(&mut self, channel: Channel, counts: bool) -> bool {
        if self.0.is_empty() {
            return true;
        }
        match self.0.iter_mut().find(|(known, ..)| *known == channel) {
            Some((_, most, holding)) if *holding >= *most => false,
            Some((_, _, holding)) => {
                *holding += u32::from(counts);
                true
            }
            None => true,
        }
    }

    /// Counts messages that a channel settled. True if it was full and is no longer.
    pub fn give(&mut self, channel: Channel, count: u32) -> bool {
        let Some((_, most, holding)) = self.0.iter_mut().find(|(known, ..)| *known == channel) else { return false };
        let full = *holding >= *most;
        *holding = holding.saturating_sub(count);
        full && *holding < *most
    }
}
