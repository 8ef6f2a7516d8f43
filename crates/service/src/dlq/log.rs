//! Dead letters of the embedded log. Its lines have no headers, so attempts are not counted here.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};

use holdfast_events::RejectReason;
use holdfast_producer::log::DEAD_LETTERS;
use holdfast_producer::{DeadLetter, letters};
use serde_json::Value;

use super::Found;
use crate::config::Settings;
use crate::input;
use crate::run::RunError;

pub(super) fn read(
    settings: &Settings,
    take: &mut dyn FnMut(Found) -> bool,
) -> Result<(), RunError> {
    let path = settings.log.output.join(DEAD_LETTERS);
    let fault =
        |e: std::io::Error| RunError::Temporary(format!("cannot read {}: {e}", path.display()));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(RunError::Config(format!("{} is not there", path.display())));
        }
        Err(error) => return Err(fault(error)),
    };
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(fault)?;
        // The last line of a run that is writing may be half; it is not committed either.
        let Some(found) = serde_json::from_slice(&line)
            .ok()
            .and_then(|object| found(&object))
        else {
            continue;
        };
        if !take(found) {
            break;
        }
    }
    Ok(())
}

pub(super) fn found(object: &Value) -> Option<Found> {
    let header = |header: &Value| {
        Some((
            header.get("name")?.as_str()?.to_owned(),
            letters::bytes_of(header, "value"),
        ))
    };
    let headers = object.get("headers").and_then(Value::as_array);
    let letter = DeadLetter {
        partition: object.get("partition")?.as_i64()?.try_into().ok()?,
        offset: object.get("offset")?.as_i64()?,
        line: object.get("line").and_then(Value::as_u64),
        key: letters::bytes_of(object, "key"),
        value: letters::bytes_of(object, "value"),
        value_sha256: object
            .get("value_sha256")
            .and_then(Value::as_str)
            .map(str::to_owned),
        headers: headers
            .map(|all| all.iter().filter_map(header).collect())
            .unwrap_or_default(),
        timestamp: object.get("timestamp").and_then(Value::as_i64),
        reason: RejectReason::from_name(object.get("reason")?.as_str()?)?,
        detail: object
            .get("detail")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    };
    Some(Found {
        letter,
        attempts: 0,
    })
}

/// Appends to the input; its producer must not write meanwhile.
pub(super) fn send(settings: &Settings, chosen: &[Found]) -> Result<(), RunError> {
    let lines: Vec<input::Line<'_>> = chosen
        .iter()
        .map(|Found { letter, .. }| input::Line {
            partition: Some(letter.partition),
            key: letter.key.as_deref(),
            value: letter.value.as_deref(),
        })
        .collect();
    input::append(&settings.log.input, &lines)
}
