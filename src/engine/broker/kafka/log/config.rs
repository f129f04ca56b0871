//! Settings of a topic's logs, with Kafka's defaults.

use crate::time::Span;

/// What Kafka calls topic configuration, as far as it concerns logs. Times in virtual time, sizes in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// `cleanup.policy` contains `delete` (default).
    pub delete: bool,
    /// `cleanup.policy` contains `compact`.
    pub compact: bool,
    /// `retention.ms`: none keeps for ever. Default 7 days.
    pub retention_ms: Option<Span>,
    /// `retention.bytes`, per partition: none is unlimited (default).
    pub retention_bytes: Option<u64>,
    /// `segment.bytes`: a record that does not fit starts a new segment. Default 1 GiB.
    pub segment_bytes: u64,
    /// `segment.ms`: a record so much younger than the segment's first starts a new one. Default 7 days.
    pub segment_ms: Span,
    /// `delete.retention.ms`: how long a tombstone stays after the pass that made it one. Default 24 h.
    pub delete_retention_ms: Span,
    /// `min.cleanable.dirty.ratio`: a log is compacted when its dirty share is larger. Default 0.5.
    pub min_cleanable_dirty_ratio: f64,
    /// `min.compaction.lag.ms`: younger segments are left alone. Default 0.
    pub min_compaction_lag_ms: Span,
}

impl Default for LogConfig {
    fn default() -> Self {
        const WEEK: Span = Span::from_millis(7 * 24 * 3_600_000);
        LogConfig {
            delete: true,
            compact: false,
            retention_ms: Some(WEEK),
            retention_bytes: None,
            segment_bytes: 1 << 30,
            segment_ms: WEEK,
            delete_retention_ms: Span::from_millis(24 * 3_600_000),
            min_cleanable_dirty_ratio: 0.5,
            min_compaction_lag_ms: Span::ZERO,
        }
    }
}
