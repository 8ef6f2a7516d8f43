//! `holdfast forget`.

use std::io;

use anyhow::{Context as _, bail};
use holdfast_store::Error;

use super::settings;
use super::snapshot::open;
use crate::cli::Forget;
use crate::cli::terminal::{counted, data, say};
use crate::config::{Settings, SourceKind, format_duration};
use crate::forget as erasures;
use crate::run::RunError;

pub(super) fn forget(args: &Forget) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let ids = ids(&args.ids)?;
    erasures::check(&ids)?;
    if args.check {
        return search(&settings, &ids);
    }
    let asked = erasures::forget(&settings, &ids, args.dry_run)?;
    data(&format!("{}\n", serde_json::to_string(&asked)?))?;
    let verb = if asked.sent { "sent to" } else { "would go to" };
    say(format_args!(
        "{} {verb} {}; events dated up to {} later are left out",
        counted(asked.erasures, "tombstone"),
        asked.input,
        format_duration(settings.erasure.block_ms),
    ));
    say(remains(&settings));
    Ok(())
}

/// One line of JSON per snapshot that could hold them; an error unless all show that they hold none, and another
/// exit code where there is nothing to search.
fn search(settings: &Settings, ids: &[String]) -> anyhow::Result<()> {
    let snapshots = open(&settings.snapshot.location, settings).map_err(|error| match error {
        Error::NoDirectory(_) => nothing_to_search(&error.to_string()),
        error => error.into(),
    })?;
    let found = erasures::search(&snapshots, ids)?;
    for generation in &found {
        data(&format!("{}\n", serde_json::to_string(generation)?))?;
    }
    let place = &settings.snapshot.location;
    let held = found.iter().filter(|g| !g.held.is_empty()).count();
    if let Some(last) = found
        .iter()
        .filter(|g| !g.held.is_empty())
        .map(|g| g.newer)
        .min()
    {
        let more = settings.snapshot.keep.saturating_sub(last).max(1);
        bail!(
            "{held} of {} in {place} {} them; the last of these goes when its partition has {} more, or by hand",
            counted(found.len() as u64, "snapshot"),
            if held == 1 { "holds" } else { "hold" },
            counted(more as u64, "newer one"),
        );
    }
    let unread = found.iter().filter(|g| g.fault.is_some()).count();
    if unread > 0 {
        bail!(
            "{unread} of {} in {place} cannot be searched",
            counted(found.len() as u64, "snapshot")
        );
    }
    if found.is_empty() {
        // Neither held nor absent: the state may be in a running process only.
        return Err(nothing_to_search(&format!(
            "{place} has no snapshot of their partitions, which shows nothing"
        )));
    }
    say(format_args!(
        "{} in {place} {} none of them",
        counted(found.len() as u64, "snapshot"),
        if found.len() == 1 { "holds" } else { "hold" },
    ));
    Ok(())
}

fn nothing_to_search(text: &str) -> anyhow::Error {
    RunError::Config(text.to_owned()).into()
}

/// The ids as given, or those of stdin.
fn ids(given: &[String]) -> anyhow::Result<Vec<String>> {
    if given != ["-"] {
        return Ok(given.to_vec());
    }
    let lines = io::stdin().lines().collect::<io::Result<Vec<String>>>();
    let ids: Vec<String> = lines
        .context("cannot read ids from stdin")?
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect();
    anyhow::ensure!(!ids.is_empty(), "stdin holds no id");
    Ok(ids)
}

/// Where their data still is: nothing here can be taken out of a log.
fn remains(settings: &Settings) -> String {
    match settings.source {
        SourceKind::Kafka => format!(
            "what the topics {}, {} and {} hold of them stays until it is past their retention",
            settings.topics.input, settings.topics.alerts, settings.topics.dead_letters
        ),
        SourceKind::Log => format!(
            "what {} and {} hold of them stays until you remove it",
            settings.log.input.display(),
            settings.log.output.display()
        ),
    }
}
