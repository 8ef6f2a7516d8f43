//! The wall clock, in one place: only ticks and metrics look at it, never a decision.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError};

/// Milliseconds since 1970, UTC.
#[must_use]
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Time as it goes by for the threads of one run. A simulation has its own.
pub(super) trait Time: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;

    /// Waits.
    fn pass(&self, time: Duration);

    /// Waits for the answer of another thread.
    ///
    /// # Errors
    /// When it did not come in time or never will.
    fn answer(&self, from: &Receiver<()>, patience: Duration) -> Result<(), RecvTimeoutError>;
}

/// That of the machine.
pub(super) struct WallTime;

impl Time for WallTime {
    fn now_ms(&self) -> i64 {
        now_ms()
    }

    fn pass(&self, time: Duration) {
        thread::sleep(time);
    }

    fn answer(&self, from: &Receiver<()>, patience: Duration) -> Result<(), RecvTimeoutError> {
        from.recv_timeout(patience)
    }
}
