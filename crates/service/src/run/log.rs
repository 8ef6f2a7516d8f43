//! A run over the embedded log: files in, files out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use holdfast_consumer::{LogSettings, LogSource, Partitions};
use holdfast_producer::{LogSink, LogSinkSettings, Sink, StdoutSink};

use super::figures::Adding;
use super::journal::{JournalLog, Values};
use super::recovery::{Archive, open_snapshots};
use super::snapshots::Unstarted;
use super::{Run, RunError, Shared, prepare};
use crate::hop::Hop;

pub(super) fn start(shared: &Arc<Shared>, unstarted: Option<Unstarted>) -> Result<Run, RunError> {
    let log = &shared.settings.log;
    let mut committed = BTreeMap::new();
    let mut journal = Vec::new();
    let sink: Box<dyn Sink> = if log.output == Path::new("-") {
        Box::new(StdoutSink)
    } else {
        let sink = LogSink::open(LogSinkSettings {
            dir: log.output.clone(),
        })?;
        journal = sink.journal()?;
        for state in sink.committed() {
            committed.insert(
                state.partition,
                (state.next_offset, state.metadata.to_json()),
            );
        }
        match Hop::new(&shared.active().settings, None, 0) {
            Some(mut hop) => {
                sink.each_partial(|value| hop.take_next(value))?;
                // It was told when it was committed.
                while hop.due().is_some() {}
                let shared = Arc::clone(shared);
                Box::new(Adding { sink, hop, shared })
            }
            None => Box::new(sink),
        }
    };
    let follow = !shared.options.until_end;
    let settings = LogSettings {
        input: log.input.clone(),
        follow,
        committed: committed.clone(),
    };
    let source = LogSource::open(settings)?;
    let partitions = source.partitions();
    let lost = committed
        .keys()
        .find(|n| usize::try_from(**n).is_ok_and(|n| n >= partitions));
    if let Some(lost) = lost.filter(|_| !shared.options.accept_gap) {
        let input = log.input.display();
        return Err(RunError::Config(format!(
            "partition {lost} was committed and is not in {input}"
        )));
    }
    let archive = Archive {
        journal: Arc::new(JournalLog::new(Values(journal))),
        snapshots: open_snapshots(shared)?,
    };
    let prepared = prepare(shared, partitions, archive, unstarted)?;
    let source = source.tell(Arc::clone(&prepared.handover) as Arc<dyn Partitions>);
    Run::start(
        Arc::clone(shared),
        prepared,
        (Box::new(source), sink),
        partitions,
    )
}
