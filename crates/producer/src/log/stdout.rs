//! Alerts on stdout, dead letters on stderr: for pipes; a restart has nothing to come back to. There is no place for the
//! records of streams: who wants them writes to a directory.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::{Outputs, Position, Sink, SinkError, letters};

/// Writes lines and keeps no position.
#[derive(Debug, Default)]
pub struct StdoutSink;

impl Sink for StdoutSink {
    fn commit(&mut self, outputs: &Outputs, _: &[Position]) -> Result<(), SinkError> {
        let mut text = Vec::new();
        for alert in &outputs.alerts {
            text.extend_from_slice(&alert.value);
            text.push(b'\n');
        }
        write_to("stdout", &mut io::stdout().lock(), &text)?;
        text.clear();
        for letter in &outputs.dead_letters {
            text.extend_from_slice(letters::to_json(letter).to_string().as_bytes());
            text.push(b'\n');
        }
        write_to("stderr", &mut io::stderr().lock(), &text)
    }
}

fn write_to(name: &str, to: &mut impl Write, text: &[u8]) -> Result<(), SinkError> {
    if text.is_empty() {
        return Ok(());
    }
    to.write_all(text)
        .and_then(|()| to.flush())
        .map_err(|source| SinkError::Write {
            path: PathBuf::from(name),
            source,
        })
}
