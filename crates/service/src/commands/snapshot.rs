//! `holdfast snapshot`: what is kept, whether it is whole, and copies of it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;
use holdfast_features::{LOGIC, registry_hash};
use holdfast_store::{
    Error, Fault, Listed, Location, Manifest, Snapshot as StoredState, Snapshots, Stored,
};
use serde_json::json;

use super::{files, settings};
use crate::cli::terminal::{bar, counted, data, grouped, say};
use crate::cli::{Snapshot, SnapshotCommand, SnapshotFilter};
use crate::config::{Settings, SourceKind};
use crate::pipeline::{self, Partition};

pub(super) fn snapshot(args: &Snapshot) -> anyhow::Result<()> {
    match &args.command {
        SnapshotCommand::List(filter) => list(filter),
        SnapshotCommand::Verify(filter) => verify(filter),
        SnapshotCommand::Export(export) => {
            let (from, settings) = opened(&export.filter)?;
            let to = create(&place(&export.to)?, &settings)?;
            copy(&from, &to, &export.filter, export.all)
        }
        SnapshotCommand::Import(import) => {
            let settings = settings(import.filter.config.config.as_deref())?;
            let from = open(&place(&import.from)?, &settings)?;
            let to = create(&settings.snapshot.location, &settings)?;
            copy(&from, &to, &import.filter, import.all)
        }
    }
}

/// A place from the command line; a relative path starts at the working directory.
fn place(text: &str) -> Result<Location, Error> {
    Location::parse(text, Path::new(""))
}

pub(super) fn open(location: &Location, settings: &Settings) -> Result<Snapshots, Error> {
    Snapshots::open(location, &settings.app.id, settings.input_name())
}

pub(super) fn create(location: &Location, settings: &Settings) -> Result<Snapshots, Error> {
    Snapshots::create(location, &settings.app.id, settings.input_name())
}

fn opened(filter: &SnapshotFilter) -> anyhow::Result<(Snapshots, Settings)> {
    let settings = settings(filter.config.config.as_deref())?;
    let snapshots = open(&settings.snapshot.location, &settings)?;
    Ok((snapshots, settings))
}

fn list(filter: &SnapshotFilter) -> anyhow::Result<()> {
    let (snapshots, settings) = opened(filter)?;
    let list = snapshots.list(filter.partition)?;
    for listed in &list {
        let fault = listed.manifest.as_ref().err();
        print(listed, fault, filter.json)?;
    }
    say(format_args!(
        "{} in {}",
        counted(list.len() as u64, "snapshot"),
        settings.snapshot.location
    ));
    Ok(())
}

/// Every byte of every file: checksums, blocks, and whether a state comes of it.
fn verify(filter: &SnapshotFilter) -> anyhow::Result<()> {
    let (snapshots, settings) = opened(filter)?;
    let list = snapshots.list(filter.partition)?;
    let progress = bar(list.len() as u64, "verifying");
    let engine = engine(&settings);
    let (mut damaged, mut restored) = (0, 0);
    for listed in &list {
        let fault = match snapshots.load(&listed.name) {
            Ok(snapshot) => match snapshot.check() {
                Err(fault) => Some(fault),
                Ok(()) => restores(&snapshot, engine.as_ref())
                    .map(|yes| restored += u64::from(yes))
                    .err(),
            },
            Err(Error::Unusable { source, .. }) => Some(source),
            Err(error) => return Err(error.into()),
        };
        damaged += usize::from(fault.is_some());
        print(listed, fault.as_ref(), filter.json)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    let place = &settings.snapshot.location;
    if list.is_empty() {
        bail!("there is no snapshot to verify in {place}");
    }
    if damaged > 0 {
        bail!(
            "{damaged} of {} in {place} cannot be used",
            counted(list.len() as u64, "snapshot")
        );
    }
    let others = list.len() as u64 - restored;
    say(format_args!(
        "{} whole: {restored} restored{}",
        match list.len() {
            1 => "1 snapshot is".to_owned(),
            n => format!("{n} snapshots are"),
        },
        match others {
            0 => String::new(),
            n => format!(
                ", {n} not tried, being of another version, other settings or another model"
            ),
        }
    ));
    Ok(())
}

/// Configuration and model, for restoring; none where they cannot be had.
fn engine(settings: &Settings) -> Option<pipeline::Settings> {
    let model = files::model(settings.model_path.as_deref()).ok()?;
    pipeline::Settings::new(settings, &model, settings.source == SourceKind::Kafka).ok()
}

/// Whether a state comes of it; false where this version, configuration or model cannot tell.
fn restores(snapshot: &StoredState, engine: Option<&pipeline::Settings>) -> Result<bool, Fault> {
    let Manifest {
        logic,
        registry,
        state_hash,
        ..
    } = snapshot.manifest();
    let fits = |engine: &&pipeline::Settings| {
        *logic == LOGIC && *registry == registry_hash() && state_hash == engine.state_hash()
    };
    let Some(engine) = engine.filter(fits) else {
        return Ok(false);
    };
    let restored = Partition::restore(engine, snapshot);
    restored
        .map(|_| true)
        .map_err(|fault| Fault::Corrupt(format!("it does not restore: {fault}")))
}

fn copy(
    from: &Snapshots,
    to: &Snapshots,
    filter: &SnapshotFilter,
    all: bool,
) -> anyhow::Result<()> {
    let list = from.list(filter.partition)?;
    let mut done = BTreeSet::new();
    let mut bytes = 0;
    let mut copied = 0_u64;
    for listed in list.iter().filter(|l| l.manifest.is_ok()) {
        if !all && done.contains(&listed.name.partition) {
            continue;
        }
        match from.copy_to(&listed.name, to) {
            Ok(stored) => {
                done.insert(listed.name.partition);
                bytes += stored.bytes;
                copied += 1;
                data(&stored_line(&stored, filter.json))?;
            }
            // An older generation may be whole.
            Err(error @ Error::Unusable { .. }) => {
                say(format_args!("{:#}", anyhow::Error::from(error)))
            }
            Err(error) => return Err(error.into()),
        }
    }
    let without: BTreeSet<i32> = list.iter().map(|l| l.name.partition).collect();
    let without: Vec<String> = without.difference(&done).map(ToString::to_string).collect();
    if !without.is_empty() {
        bail!("no usable snapshot of partition {}", without.join(", "));
    }
    if list.is_empty() {
        bail!("there is no snapshot to copy");
    }
    say(format_args!(
        "{}, {} bytes",
        counted(copied, "snapshot"),
        grouped(bytes)
    ));
    Ok(())
}

fn stored_line(stored: &Stored, json: bool) -> String {
    if json {
        let Stored {
            name,
            bytes,
            sha256,
        } = stored;
        let line = json!({"name": name.to_string(), "bytes": bytes, "sha256": sha256});
        format!("{line}\n")
    } else {
        format!("{}\n", stored.name)
    }
}

fn print(listed: &Listed, fault: Option<&Fault>, json: bool) -> anyhow::Result<()> {
    let line = if json {
        let mut line = json!({
            "name": listed.name.to_string(),
            "bytes": listed.bytes,
            "modified_ms": listed.modified_ms,
        });
        match (fault, &listed.manifest) {
            (Some(fault), _) | (None, Err(fault)) => line["fault"] = json!(fault.to_string()),
            (None, Ok(manifest)) => line["manifest"] = serde_json::to_value(manifest)?,
        }
        line.to_string()
    } else {
        let said = match (fault, &listed.manifest) {
            (Some(fault), _) | (None, Err(fault)) => fault.to_string(),
            (None, Ok(manifest)) => words(manifest),
        };
        format!("{}  {:>13}  {said}", listed.name, grouped(listed.bytes))
    };
    Ok(data(&format!("{line}\n"))?)
}

/// What people want to know of a whole one.
fn words(manifest: &Manifest) -> String {
    let instant = |ms: Option<i64>| {
        let at = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        at.map_or_else(|| "-".to_owned(), |at| at.to_string())
    };
    format!(
        "{} customers, clock {}, taken {}",
        grouped(manifest.customers),
        instant(manifest.clock),
        instant(Some(manifest.created_ms)),
    )
}
