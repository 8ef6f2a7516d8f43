//! `holdfast forget`: asking for the erasure of customers.
//!
//! What is asked for goes the way of every record: a tombstone under the customer's id at the end of the input. So it
//! reaches the partition that holds the customer, it is one with the log on every restart and in every replay, and
//! whoever else reads the topic learns of it.

mod search;

use holdfast_events::{CurrencyRule, Decoder, Outcome, Record};
use holdfast_producer::{Feeder, Outgoing};
use serde::Serialize;

use crate::config::{Settings, SourceKind};
use crate::input;
use crate::run::{RunError, client};

pub use search::{Generation, search};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Customers.
    pub erasures: u64,
    /// The topic, directory or file that the tombstones are in.
    pub input: String,
    /// When, ms UTC.
    pub at: i64,
    /// Events of these customers dated before it are left out, ms UTC. None where records have no timestamp, as in
    /// files: then it counts from the partition's clock.
    pub blocked_until: Option<i64>,
    /// False when it was only tried out.
    pub sent: bool,
}

/// An id that cannot be a customer's; which one, counted from 1, and why. The id itself is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("id {number} is no customer id: {why}")]
pub struct NoCustomer {
    pub number: usize,
    pub why: String,
}

/// Which of the ids cannot be a customer's, if any: the decoder would refuse their tombstones.
///
/// # Errors
/// The first such id.
pub fn check(ids: &[String]) -> Result<(), NoCustomer> {
    let decoder = Decoder::new(holdfast_events::Settings::new(CurrencyRule::Any));
    for (n, id) in ids.iter().enumerate() {
        let tombstone = Record {
            key: Some(id.as_bytes()),
            ..Record::default()
        };
        if let Outcome::Rejected(rejection) = decoder.decode(&tombstone) {
            return Err(NoCustomer {
                number: n + 1,
                why: rejection.detail,
            });
        }
    }
    Ok(())
}

/// Sends a tombstone for each of the ids, which were checked before, and waits until all are written; or only says
/// what it would do.
///
/// # Errors
/// When the input cannot be written.
pub fn forget(settings: &Settings, ids: &[String], dry_run: bool) -> Result<Asked, RunError> {
    let at = jiff::Timestamp::now().as_millisecond();
    let until = at.saturating_add(settings.erasure.block_ms);
    let (input, blocked_until) = match settings.source {
        SourceKind::Kafka => (settings.topics.input.clone(), Some(until)),
        SourceKind::Log => (settings.log.input.display().to_string(), None),
    };
    if !dry_run {
        match settings.source {
            SourceKind::Kafka => to_topic(settings, ids, at)?,
            SourceKind::Log => to_log(settings, ids)?,
        }
    }
    Ok(Asked {
        erasures: ids.len() as u64,
        input,
        at,
        blocked_until,
        sent: !dry_run,
    })
}

fn to_topic(settings: &Settings, ids: &[String], at: i64) -> Result<(), RunError> {
    let feeder = Feeder::new(&client(settings))?;
    for id in ids {
        let tombstone = Outgoing {
            key: Some(id.as_bytes()),
            timestamp: Some(at),
            ..Outgoing::default()
        };
        feeder.send(&settings.topics.input, tombstone)?;
    }
    Ok(feeder.finish()?)
}

fn to_log(settings: &Settings, ids: &[String]) -> Result<(), RunError> {
    let mut lines = Vec::with_capacity(ids.len());
    for id in ids {
        lines.push(input::Line {
            partition: None,
            key: Some(id.as_bytes()),
            value: None,
        });
    }
    input::append(&settings.log.input, &lines)
}
