//! The wall clock, in one place: only ticks and metrics look at it, never a decision.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC.
#[must_use]
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
