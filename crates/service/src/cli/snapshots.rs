//! The arguments of the commands that look after snapshots.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::ConfigFile;

#[derive(Debug, Args)]
pub struct Snapshot {
    #[command(subcommand)]
    pub command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Say which snapshots are there, newest first
    List(SnapshotFilter),
    /// Read every byte, check it and restore the state; exit code 1 if one cannot be used
    Verify(SnapshotFilter),
    /// Copy the newest snapshot of each partition to another place
    Export(SnapshotExport),
    /// Copy the newest snapshot of each partition from another place
    Import(SnapshotImport),
}

/// Which snapshots.
#[derive(Debug, Args)]
pub struct SnapshotFilter {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Only those of this input partition
    #[arg(long, value_name = "N")]
    pub partition: Option<i32>,

    /// Print JSON, one snapshot a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SnapshotExport {
    #[command(flatten)]
    pub filter: SnapshotFilter,

    /// Where to: a directory, file:///path or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    pub to: String,

    /// All generations, not only the newest
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct SnapshotImport {
    #[command(flatten)]
    pub filter: SnapshotFilter,

    /// Where from: a directory, file:///path or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    pub from: String,

    /// All generations, not only the newest
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub config: ConfigFile,

    /// A model that decided, beside the configuration's; may be given again
    #[arg(long, value_name = "FILE.json")]
    pub model: Vec<PathBuf>,

    /// Begin with a snapshot, not at the log's start: oldest, latest, or a name of `snapshot list`
    #[arg(long, value_name = "oldest|latest|NAME")]
    pub from_snapshot: Option<String>,

    /// Print what the alerts that differ say; they hold customers' data
    #[arg(long)]
    pub show: bool,

    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Rescale {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Partitions that the input topic has from now on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub partitions: u32,

    /// Say whether it can be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
