//! When wall time may stand in for events on an idle partition.
//!
//! Without events the partition's clock stands still, and a deadline would wait for the next event of anybody. A tick
//! lets wall time fire deadlines instead; it never moves the clock, so it changes nothing but their hour of delivery.
//! It must not come while the partition lags or the broker is out of sight: on a log of 1998 a tick of today would
//! declare everybody lapsed before their own events were read.

/// For how long a broker's word about the log's end holds, ms.
pub const CONFIRMED_FOR_MS: i64 = 5_000;

/// What is known of a partition when a tick is wanted. Instants are wall time, ms UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    pub now: i64,
    /// Offset of the next record that will be worked on.
    pub position: i64,
    /// The log's end as last told by the broker, and when that was.
    pub log_end: Option<(i64, i64)>,
    /// When the last record was read; the start of the process if none was.
    pub last_record: i64,
}

/// The instant up to which a tick may fire deadlines, if the partition may tick at all.
pub fn tick(idle: &Idle, idle_after_ms: i64, grace_ms: i64) -> Option<i64> {
    let (end, told_at) = idle.log_end?;
    let confirmed = idle.now >= told_at && idle.now - told_at <= CONFIRMED_FOR_MS;
    let quiet = idle.now - idle.last_record >= idle_after_ms;
    (confirmed && quiet && idle.position >= end).then(|| idle.now - grace_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600_000;
    const IDLE: Idle = Idle {
        now: NOW,
        position: 7,
        log_end: Some((7, NOW - 1_000)),
        last_record: NOW - 30_000,
    };

    fn check(idle: Idle, expected: Option<i64>) {
        assert_eq!(tick(&idle, 30_000, 3_600_000), expected, "{idle:?}");
    }

    #[test]
    fn an_idle_partition_at_the_confirmed_end_ticks_grace_behind_the_wall() {
        check(IDLE, Some(NOW - 3_600_000));
    }

    #[test]
    fn no_tick_while_lagging_disconnected_or_busy() {
        check(
            Idle {
                position: 6,
                ..IDLE
            },
            None,
        );
        check(
            Idle {
                log_end: None,
                ..IDLE
            },
            None,
        );
        check(
            Idle {
                log_end: Some((7, NOW - CONFIRMED_FOR_MS - 1)),
                ..IDLE
            },
            None,
        );
        check(
            Idle {
                log_end: Some((7, NOW + 1)),
                ..IDLE
            },
            None,
        );
        check(
            Idle {
                last_record: NOW - 29_999,
                ..IDLE
            },
            None,
        );
    }
}
