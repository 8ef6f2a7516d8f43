//! `holdfast dlq`: looking at dead letters, and sending them to the input once more when their cause is gone.
//!
//! A record that is sent again carries the header `holdfast.dlq.attempt`, counted up each time, so that one that will
//! never be good does not go round for ever. Sending does not remember what it sent: choose by reason, place and time.

mod kafka;
mod log;

use std::io::Write;

use holdfast_events::RejectReason;
use holdfast_producer::DeadLetter;
use holdfast_producer::letters;
use serde_json::json;

use crate::config::{Settings, SourceKind};
use crate::run::RunError;

/// Which dead letters are meant; all conditions hold together, an empty one holds for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub reasons: Vec<RejectReason>,
    /// Of the input.
    pub partition: Option<i32>,
    /// Offsets of the input, from here on.
    pub from_offset: Option<i64>,
    /// Records of this instant (broker timestamp, ms) and later; lines of files have none and are left out.
    pub since_ms: Option<i64>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Those sent again fewer times than this; none is 3.
    pub max_attempts: Option<u32>,
}

/// How often a record is sent again unless asked for otherwise.
const MAX_ATTEMPTS: u32 = 3;

/// A dead letter and how often its record was sent again already.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    letter: DeadLetter,
    attempts: u32,
}

/// What a replay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Replayed {
    pub sent: u64,
    /// Values that were cut when they died: too large then, incomplete now.
    pub cut: u64,
    /// Sent again too often already.
    pub tired: u64,
}

impl Filter {
    fn holds(&self, found: &Found) -> bool {
        let letter = &found.letter;
        (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && self.partition.is_none_or(|p| p == letter.partition)
            && self.from_offset.is_none_or(|o| letter.offset >= o)
            && self
                .since_ms
                .is_none_or(|since| letter.timestamp.is_some_and(|t| t >= since))
    }
}

/// Writes the dead letters, one JSON object a line; how many there were.
///
/// # Errors
/// When they cannot be read, or the lines not be written.
pub fn list(settings: &Settings, filter: &Filter, out: &mut impl Write) -> Result<u64, RunError> {
    let mut count = 0;
    each(settings, filter, |found| {
        let mut object = letters::to_json(&found.letter);
        if let Some(map) = object.as_object_mut() {
            map.insert("attempts".into(), json!(found.attempts));
        }
        count += 1;
        writeln!(out, "{object}").map_err(|e| RunError::Temporary(format!("cannot write: {e}")))
    })?;
    Ok(count)
}

/// Sends the records of the dead letters to the input once more, or only counts them.
///
/// # Errors
/// When dead letters cannot be read, or the input not be written.
pub fn replay(settings: &Settings, filter: &Filter, dry_run: bool) -> Result<Replayed, RunError> {
    let mut replayed = Replayed::default();
    let mut chosen = Vec::new();
    each(settings, filter, |found| {
        if found.letter.value_sha256.is_some() {
            replayed.cut += 1;
        } else if found.attempts >= filter.max_attempts.unwrap_or(MAX_ATTEMPTS) {
            replayed.tired += 1;
        } else {
            replayed.sent += 1;
            chosen.push(found);
        }
        Ok(())
    })?;
    if dry_run || chosen.is_empty() {
        return Ok(replayed);
    }
    match settings.source {
        SourceKind::Kafka => kafka::send(settings, &chosen)?,
        SourceKind::Log => log::send(settings, &chosen)?,
    }
    Ok(replayed)
}

fn each(
    settings: &Settings,
    filter: &Filter,
    mut take: impl FnMut(Found) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut left = filter.limit.unwrap_or(usize::MAX);
    let mut result = Ok(());
    let mut one = |found: Found| {
        if left == 0 {
            return false;
        }
        if filter.holds(&found) {
            left -= 1;
            result = take(found);
        }
        left > 0 && result.is_ok()
    };
    match settings.source {
        SourceKind::Kafka => kafka::read(settings, &mut one)?,
        SourceKind::Log => log::read(settings, &mut one)?,
    }
    result
}

#[cfg(test)]
mod tests;
