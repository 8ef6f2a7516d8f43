//! The arguments of the commands that run the service and look after it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use holdfast_events::RejectReason;

use super::args::ConfigFile;
use crate::config::instant_ms;

/// What to do when the log cannot give the state back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnGap {
    /// Refuse to start
    #[default]
    Refuse,
    /// Go on with what there is: alerts may be missing or come again
    Accept,
}

/// Where to begin when the group's committed offsets are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Resume {
    /// At the end of the journal, with the newest snapshot
    Snapshot,
    /// At the end of the journal, state rebuilt from the log's start
    Earliest,
    /// At the log's end, with nobody known
    Latest,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Model file [default: the configuration's]
    #[arg(long, value_name = "FILE.json")]
    pub model: Option<PathBuf>,

    /// Read to the end that is there at the start, send what is due by then, commit, exit
    #[arg(long)]
    pub until_end: bool,

    /// When the state cannot be had in full, or was built with other settings
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub on_gap: OnGap,

    /// Where to begin when the group's committed offsets are gone although there was a run before
    #[arg(long, value_enum, value_name = "WHERE")]
    pub resume: Option<Resume>,

    /// Address of /metrics, /livez and /readyz, or off [default: the configuration's, 127.0.0.1:9464]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,

    /// Threads that work on partitions [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
}

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Print every setting, its value and who set it; secrets are left out
    #[arg(long)]
    pub show: bool,
}

#[derive(Debug, Args)]
pub struct Topics {
    #[command(subcommand)]
    pub command: TopicsCommand,
}

#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Say which topics are there and which are missing
    Plan(TopicsArgs),
    /// Make the missing ones
    Apply(TopicsArgs),
    /// Print the least rights on Kafka, as commands for an administrator
    Acl(Acl),
}

/// Whose rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum AclFor {
    /// The service: `holdfast run`
    #[default]
    Run,
    /// Those who look after it: dlq, forget, verify, topics plan
    Operate,
}

#[derive(Debug, Args)]
pub struct Acl {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Who gets them, as the broker names whom it let in
    #[arg(long, value_name = "User:NAME", default_value = "User:holdfast")]
    pub principal: String,

    /// Whose rights
    #[arg(long = "for", value_enum, default_value_t, value_name = "WHO")]
    pub role: AclFor,

    /// Print JSON instead of commands
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct TopicsArgs {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Partitions of topics to make
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(i32).range(1..))]
    pub partitions: i32,

    /// Copies of each partition; -1 leaves it to the broker
    #[arg(long, value_name = "N", default_value_t = -1, allow_negative_numbers = true)]
    pub replication: i32,

    /// Let the broker say whether it would, and make nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Dlq {
    #[command(subcommand)]
    pub command: DlqCommand,
}

#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// Print rejected records, one JSON object a line
    List(DlqList),
    /// Send rejected records to the input again
    Replay(DlqReplay),
}

/// Which rejected records.
#[derive(Debug, Args)]
pub struct DlqFilter {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Only those rejected for this reason; may be given again
    #[arg(long, value_name = "REASON", value_parser = reason)]
    pub reason: Vec<RejectReason>,

    /// Only those of this input partition
    #[arg(long, value_name = "N")]
    pub partition: Option<i32>,

    /// Only those from this input offset on
    #[arg(long, value_name = "N")]
    pub from_offset: Option<i64>,

    /// Only records of this instant and later: ms, a date, or an RFC 3339 instant
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub since: Option<i64>,

    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Debug, Args)]
pub struct DlqList {
    #[command(flatten)]
    pub filter: DlqFilter,

    /// Accepted as for replay: listing changes nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct DlqReplay {
    #[command(flatten)]
    pub filter: DlqFilter,

    /// Leave those alone that were sent again so many times
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub max_attempts: u32,

    /// Count what would be sent and send nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Forget {
    /// Whom: ids of customers, or - to read them from stdin, one a line
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Say what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Send nothing; search all snapshots for them: exit code 0 none holds any, 1 one does, 78 there is none
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct Rekey {
    /// Events, one a line; may be .gz. Read twice
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    /// The same events under one id for each customer; may be .gz, or - for stdout
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Print a summary as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Products {
    /// Events, one a line; may be .gz, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    /// The catalogue, a product a line; may be .gz, or - for stdout
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,

    /// Count at most so many pairs of products at a time: seldom ones make room
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub pairs: u32,

    #[command(flatten)]
    pub config: ConfigFile,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// Which format [default: list them]
    pub name: Option<String>,
}

fn reason(text: &str) -> Result<RejectReason, String> {
    let names: Vec<&str> = RejectReason::ALL
        .iter()
        .map(|reason| reason.name())
        .collect();
    RejectReason::from_name(text).ok_or_else(|| format!("reasons are {}", names.join(", ")))
}

fn instant(text: &str) -> Result<i64, String> {
    instant_ms(text).ok_or_else(|| "write ms, a date, or an RFC 3339 instant".to_owned())
}
