//! Dead letters of the embedded log. Its lines have no headers, so attempts are not counted here.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;

use holdfast_events::RejectReason;
use holdfast_producer::log::DEAD_LETTERS;
use holdfast_producer::{DeadLetter, SegmentWriter, letters};
use serde_json::Value;

use super::Found;
use crate::config::Settings;
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
    let input = &settings.log.input;
    let fault = |e: std::io::Error| {
        RunError::Temporary(format!("cannot append to {}: {e}", input.display()))
    };
    let packed = input.extension().is_some_and(|e| e == "gz");
    if input == Path::new("-") || packed {
        let text = format!(
            "{} cannot be appended to; take the lines of `dlq list`",
            input.display()
        );
        return Err(RunError::Config(text));
    }
    if !input.is_dir() {
        return append(input, chosen).map_err(fault);
    }
    let partitions = (0..)
        .take_while(|n: &u32| input.join(n.to_string()).is_dir())
        .count();
    let mut writer =
        SegmentWriter::open(input, u32::try_from(partitions).unwrap_or(1)).map_err(fault)?;
    for Found { letter, .. } in chosen {
        let partition = usize::try_from(letter.partition).unwrap_or(0);
        let result = writer.append_to(partition, letter.key.as_deref(), letter.value.as_deref());
        result.map_err(fault)?;
    }
    writer.flush().map_err(fault)
}

fn append(path: &Path, chosen: &[Found]) -> std::io::Result<()> {
    let whole = fs::read(path)?.last().is_none_or(|byte| *byte == b'\n');
    let mut file = OpenOptions::new().append(true).open(path)?;
    let mut text: Vec<u8> = if whole { Vec::new() } else { b"\n".to_vec() };
    for Found { letter, .. } in chosen {
        if let Some(key) = &letter.key {
            text.extend_from_slice(key);
            text.push(b'\t');
        }
        text.extend_from_slice(letter.value.as_deref().unwrap_or_default());
        text.push(b'\n');
    }
    file.write_all(&text)?;
    file.sync_all()
}
