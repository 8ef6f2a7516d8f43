//! The command line: what there is to say to `holdfast`. What it leads to is in [`crate::commands`].

mod args;
mod examples;
mod means;
mod operate;
mod playbook;
mod retention;
mod snapshots;
pub mod terminal;
mod threshold;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use args::{ConfigFile, Demo, Evaluate, Explain, Generate, Replay, Score, Task, Train};
pub use operate::{
    Acl, AclFor, Check, Dlq, DlqCommand, DlqFilter, Forget, OnGap, Products, Rekey, Resume, Run,
    Schema, Topics, TopicsArgs, TopicsCommand,
};
pub use playbook::{Init, RuleTable, Rules, RulesCommand, RulesList, RulesTest, Sample};
pub use retention::Report;
pub use snapshots::{
    Rescale, Snapshot, SnapshotCommand, SnapshotExport, SnapshotFilter, SnapshotImport, Verify,
};

pub use threshold::AlertThreshold;

use crate::logs;

/// Examples stand before everything else: they are what most readers look for.
const TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the data cannot carry a model, 70 internal fault,
75 try again later, 78 wrong configuration, 130/143 ended at once by a second signal.";

/// Behavioural events in, calibrated churn probability, at-risk alerts out.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, before_help = examples::HOLDFAST, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// What to log: a level, or directives such as `info,holdfast_service=debug`; wins over RUST_LOG
    #[arg(long, global = true, value_name = "FILTER", help_heading = "Logging")]
    pub log: Option<String>,

    /// How log lines look; auto is text on a terminal and JSON otherwise
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Logging"
    )]
    pub log_format: logs::Format,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole of it on made-up customers: train, backtest, stream, alert; no Kafka needed
    #[command(before_help = examples::DEMO)]
    Demo(Demo),
    /// Read events and send alerts, from Kafka or from the embedded log
    #[command(before_help = examples::RUN)]
    Run(Run),
    /// Check a configuration and list all its faults
    #[command(before_help = examples::CHECK)]
    Check(Check),
    /// Train a model from an event file
    #[command(before_help = examples::TRAIN)]
    Train(Train),
    /// Judge models on the past of an event file: temporal backtest
    #[command(before_help = examples::EVALUATE)]
    Evaluate(Evaluate),
    /// Write churn probabilities of all customers at given instants
    #[command(before_help = examples::SCORE)]
    Score(Score),
    /// Run an event file through the engine and write the alerts to files
    #[command(before_help = examples::REPLAY)]
    Replay(Replay),
    /// Tell how many customers stay, come and leave, what they are worth, and what comes next
    #[command(before_help = examples::REPORT)]
    Report(Report),
    /// Take one customer's score apart
    #[command(before_help = examples::EXPLAIN)]
    Explain(Explain),
    /// Make up the events of a shop or of software by subscription, with the truth about who left when
    #[command(before_help = examples::GENERATE)]
    Generate(Generate),
    /// Write a configuration and a rule table to begin with
    #[command(before_help = examples::INIT)]
    Init(Init),
    /// Look at a rule table of next actions, or test it on cases
    #[command(before_help = examples::RULES)]
    Rules(Rules),
    /// Print alerts of made-up customers with what to do about them, to train a team on
    #[command(before_help = examples::SAMPLE)]
    Sample(Sample),
    /// Compare the topics with what is needed, or make them
    #[command(before_help = examples::TOPICS)]
    Topics(Topics),
    /// Look at rejected records, or send them through again
    #[command(before_help = examples::DLQ)]
    Dlq(Dlq),
    /// Look at the images of the state, check or copy them
    #[command(before_help = examples::SNAPSHOT)]
    Snapshot(Snapshot),
    /// Compute the alerts that were served once more, and compare bit for bit
    #[command(before_help = examples::VERIFY)]
    Verify(Verify),
    /// Move the state to another number of partitions, while nothing runs
    #[command(before_help = examples::RESCALE)]
    Rescale(Rescale),
    /// Erase customers: from the state, and their late events for a month
    #[command(before_help = examples::FORGET)]
    Forget(Forget),
    /// Write an event file anew, each customer's events under one id, as identify and alias events say
    #[command(before_help = examples::REKEY)]
    Rekey(Rekey),
    /// Learn a catalogue from orders: what is sold, and what is bought together
    #[command(before_help = examples::PRODUCTS)]
    Products(Products),
    /// Print the JSON schema of a format
    #[command(before_help = examples::SCHEMA)]
    Schema(Schema),
    /// Print the completions of a shell
    #[command(before_help = examples::COMPLETIONS)]
    Completions {
        /// Whose completions
        shell: clap_complete::Shell,
    },
}

/// The whole command line as clap knows it.
pub fn command() -> clap::Command {
    with_template(Cli::command())
}

fn with_template(command: clap::Command) -> clap::Command {
    command
        .help_template(TEMPLATE)
        .mut_subcommands(with_template)
}

impl Cli {
    /// Reads the process's arguments; help and usage faults (exit code 2) end the process here.
    pub fn of_process() -> Self {
        match Self::from_arg_matches(&command().get_matches()) {
            Ok(cli) => cli,
            Err(error) => error.exit(),
        }
    }
}
