//! When wall time may stand in for events on an idle partition.
//!
//! Without events the partition's clock stands still, and a deadline would wait for the next event of anybody. A tick
//! lets wall time fire deadlines instead; it never moves the clock, so it changes nothing but their hour of delivery.
//! It must not come while the partition lags or the broker is out of sight: on a log of 1998 a tick of today would
//! declare everybody lapsed before their own events were read. Nor may it be of a later instant than that of the
//! question whose answer was that there is nothing more: a process may stand still between the two, or between the
//! answer and its use, for as long as its machine likes, and events have come since.

/// What is known of a partition when a tick is wanted. Instants are wall time, ms UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// When the log was asked for its end.
    pub asked: i64,
    /// Its answer.
    pub log_end: i64,
    /// Offset of the next record that will be worked on.
    pub position: i64,
    /// When the last record was read; the start of the process if none was.
    pub last_record: i64,
}

/// The instant up to which a tick may fire deadlines, if the partition may tick at all.
pub fn tick(idle: &Idle, idle_after_ms: i64, grace_ms: i64) -> Option<i64> {
    let quiet = idle.asked - idle.last_record >= idle_after_ms;
    (quiet && idle.position >= idle.log_end).then(|| idle.asked - grace_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600_000;
    const IDLE: Idle = Idle {
        asked: NOW,
        log_end: 7,
        position: 7,
        last_record: NOW - 30_000,
    };

    fn check(idle: Idle, expected: Option<i64>) {
        assert_eq!(tick(&idle, 30_000, 3_600_000), expected, "{idle:?}");
    }

    #[test]
    fn an_idle_partition_at_the_logs_end_ticks_grace_behind_the_question() {
        check(IDLE, Some(NOW - 3_600_000));
    }

    #[test]
    fn no_tick_while_lagging_or_busy() {
        let lagging = Idle {
            position: 6,
            ..IDLE
        };
        let busy = Idle {
            last_record: NOW - 29_999,
            ..IDLE
        };
        // Worked on after the question: what the answer says of the end is old.
        let since = Idle {
            last_record: NOW + 1,
            ..IDLE
        };
        for idle in [lagging, busy, since] {
            check(idle, None);
        }
    }
}
