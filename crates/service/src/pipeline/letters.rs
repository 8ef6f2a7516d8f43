//! Dead letters: a record as it came, with the reason for which it could not be used.

use holdfast_events::{Record, RejectReason, Rejection};
use holdfast_producer::DeadLetter;
use sha2::{Digest, Sha256};

/// What is kept of a value that is too large; its hash stands for the rest.
pub const KEPT_BYTES: usize = 64 << 10;

/// Why a record was left out by order.
pub fn skipped() -> Rejection {
    Rejection {
        reason: RejectReason::Skipped,
        detail: "[run] skip names it".to_owned(),
    }
}

/// The dead letter of a rejected record.
pub fn letter(record: &Record<'_>, rejection: Rejection) -> DeadLetter {
    let cut = record
        .value
        .filter(|_| rejection.reason == RejectReason::TooLarge);
    let kept = record.value.map(|value| {
        if cut.is_some() {
            &value[..value.len().min(KEPT_BYTES)]
        } else {
            value
        }
    });
    DeadLetter {
        partition: record.partition,
        offset: record.offset,
        line: record.line,
        key: record.key.map(<[u8]>::to_vec),
        value: kept.map(<[u8]>::to_vec),
        value_sha256: cut.map(|value| {
            Sha256::digest(value)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect()
        }),
        headers: record
            .headers
            .list()
            .iter()
            .map(|h| (h.name.to_owned(), h.value.map(<[u8]>::to_vec)))
            .collect(),
        timestamp: record.timestamp,
        reason: rejection.reason,
        detail: rejection.detail,
    }
}
