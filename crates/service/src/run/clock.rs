//! The wall clock, in one place: only ticks and metrics look at it, never a decision.

use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
// The source tells by it when it asked for the log's end, and ticks compare that with the instant of the last record.
pub(super) use holdfast_consumer::now_ms;

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
