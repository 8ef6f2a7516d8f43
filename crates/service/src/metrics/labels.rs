//! Closed sets of label values.

/// Ways in which a transaction ends.
pub const TRANSACTION_RESULTS: [&str; 3] = ["committed", "aborted", "unknown"];
/// Ways in which partitions come and go.
pub const REBALANCE_KINDS: [&str; 3] = ["assigned", "revoked", "lost"];
/// Why a decision was not sent.
pub const SUPPRESSED_REASONS: [&str; 2] = ["historic", "control"];
