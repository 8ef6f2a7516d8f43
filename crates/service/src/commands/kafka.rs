//! `holdfast topics` and `holdfast dlq`.

use std::io::{self, Write};
use std::path::Path;

use super::settings;
use crate::cli::terminal::{data, grouped, say};
use crate::cli::{
    Acl, AclFor, ConfigFile, Dlq, DlqCommand, DlqFilter, Topics, TopicsArgs, TopicsCommand,
};
use crate::config::{Settings, SourceKind};
use crate::run::RunError;
use crate::{dlq as letters, topics as names};

pub(super) fn topics(args: &Topics) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match &args.command {
        TopicsCommand::Plan(of) => names::plan(&on_kafka(&of.config)?, &wanted(of), &mut out)?,
        TopicsCommand::Apply(of) => {
            names::apply(&on_kafka(&of.config)?, &wanted(of), of.dry_run, &mut out)?;
        }
        TopicsCommand::Acl(of) => acl(of, &mut out)?,
    }
    Ok(())
}

fn wanted(of: &TopicsArgs) -> names::Wanted {
    names::Wanted {
        partitions: of.partitions,
        replication: of.replication,
    }
}

fn on_kafka(config: &ConfigFile) -> anyhow::Result<Settings> {
    let settings = settings(config.config.as_deref())?;
    if settings.source == SourceKind::Log {
        let text = "[source] kind is log: the embedded log has directories and files, no topics";
        return Err(RunError::Config(text.to_owned()).into());
    }
    Ok(settings)
}

fn acl(of: &Acl, out: &mut impl Write) -> anyhow::Result<()> {
    let settings = on_kafka(&of.config)?;
    let role = match of.role {
        AclFor::Run => names::Role::Run,
        AclFor::Operate => names::Role::Operate,
    };
    if of.json {
        let rights = names::needs(&settings, role);
        let all = serde_json::json!({ "principal": of.principal, "allow": rights });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        names::write_commands(&settings, role, &of.principal, out)?;
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
