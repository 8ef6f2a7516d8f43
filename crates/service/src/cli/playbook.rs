//! The arguments of the commands around the next action.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use holdfast_playbook::Preset;

#[derive(Debug, Args)]
pub struct Init {
    /// What kind of business it is for
    #[arg(long, value_name = "ecommerce|saas", value_parser = preset)]
    pub preset: Preset,

    /// Where to write; made if need be
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,

    /// Write over what is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct Rules {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Print the rules in their order: conditions, action, route, owner, cost
    List(RulesList),
    /// Check the table, run its cases, and name rules that nobody reaches
    Test(RulesTest),
}

/// Which rule table.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RuleTable {
    /// A rule table (TOML)
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,

    /// A shipped one
    #[arg(long, value_name = "ecommerce|saas", value_parser = preset)]
    pub preset: Option<Preset>,
}

#[derive(Debug, Args)]
pub struct RulesList {
    #[command(flatten)]
    pub table: RuleTable,
}

#[derive(Debug, Args)]
pub struct RulesTest {
    #[command(flatten)]
    pub table: RuleTable,

    /// Situations with the action that is expected [default: of FILE.toml, FILE-cases.toml; of a preset, its own]
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,

    /// Print each case's outcome as JSON, one a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Sample {
    /// Which business is made up, and whose rule table says what to do
    #[arg(long, value_name = "ecommerce|saas", default_value = "ecommerce", value_parser = preset)]
    pub preset: Preset,

    /// Another rule table (TOML) than the preset's
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,

    /// How many alerts
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub n: u32,

    /// Another seed makes up other customers
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
}

pub(super) fn preset(text: &str) -> Result<Preset, String> {
    let found = Preset::ALL.into_iter().find(|p| p.name() == text);
    let names = Preset::ALL.map(Preset::name);
    found.ok_or_else(|| format!("presets are {}", names.join(", ")))
}
