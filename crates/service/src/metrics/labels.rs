//! Closed sets of label values, and the handles of one partition.

use prometheus::{Gauge, IntCounter, IntGauge};

/// Ways in which a transaction ends.
pub const TRANSACTION_RESULTS: [&str; 3] = ["committed", "aborted", "unknown"];
/// Ways in which partitions come and go.
pub const REBALANCE_KINDS: [&str; 3] = ["assigned", "revoked", "lost"];
/// Why a decision was not sent.
pub const SUPPRESSED_REASONS: [&str; 2] = ["historic", "control"];

/// The handles of one partition, looked up once.
#[derive(Debug, Clone)]
pub struct PartitionMetrics {
    pub events_consumed: IntCounter,
    pub watermark: Gauge,
    pub lag_records: IntGauge,
    pub lag_seconds: Gauge,
    pub state_customers: IntGauge,
    pub state_bytes: IntGauge,
}
