//! `holdfast topics` and `holdfast dlq`.

use std::io;
use std::path::Path;

use super::settings;
use crate::cli::terminal::{data, grouped, say};
use crate::cli::{Dlq, DlqCommand, DlqFilter, Topics, TopicsCommand};
use crate::config::SourceKind;
use crate::run::RunError;
use crate::{dlq as letters, topics as names};

pub(super) fn topics(args: &Topics) -> anyhow::Result<()> {
    let (TopicsCommand::Plan(of) | TopicsCommand::Apply(of)) = &args.command;
    let settings = settings(of.config.config.as_deref())?;
    if settings.source == SourceKind::Log {
        let text = "[source] kind is log: the embedded log has directories and files, no topics";
        return Err(RunError::Config(text.to_owned()).into());
    }
    let wanted = names::Wanted {
        partitions: of.partitions,
        replication: of.replication,
    };
    let mut out = io::stdout().lock();
    match &args.command {
        TopicsCommand::Plan(_) => names::plan(&settings, &wanted, &mut out)?,
        TopicsCommand::Apply(of) => names::apply(&settings, &wanted, of.dry_run, &mut out)?,
    }
    Ok(())
}

pub(super) fn dlq(args: &Dlq) -> anyhow::Result<()> {
    match &args.command {
        DlqCommand::List(list) => {
            let settings = settings(config(&list.filter))?;
            let mut out = io::stdout().lock();
            let count = letters::list(&settings, &filter(&list.filter), &mut out)?;
            say(format_args!("{} rejected records", grouped(count)));
        }
        DlqCommand::Replay(replay) => {
            let settings = settings(config(&replay.filter))?;
            let mut filter = filter(&replay.filter);
            filter.max_attempts = Some(replay.max_attempts);
            let replayed = letters::replay(&settings, &filter, replay.dry_run)?;
            data(&format!("{}\n", serde_json::to_string(&replayed)?))?;
        }
    }
    Ok(())
}

fn config(filter: &DlqFilter) -> Option<&Path> {
    filter.config.config.as_deref()
}

fn filter(of: &DlqFilter) -> letters::Filter {
    letters::Filter {
        reasons: of.reason.clone(),
        partition: of.partition,
        from_offset: of.from_offset,
        since_ms: of.since,
        limit: of.limit,
        max_attempts: None,
    }
}
