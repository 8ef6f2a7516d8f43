//! The arguments of each command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use holdfast_model::season::Seasonal;
use holdfast_playbook::Preset;

use super::means::MeansArgs;
use super::playbook::preset;
use super::threshold::AlertThreshold;
use crate::demo::Speed;
use crate::generate::DEFAULT_START_MS;
use crate::study::Horizon;

/// Where the configuration is, for commands that do without.
#[derive(Debug, Clone, Args)]
pub struct ConfigFile {
    /// Configuration (TOML); without it the defaults and HOLDFAST__ variables hold
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What to predict; shared by train and evaluate.
#[derive(Debug, Clone, Args)]
pub struct Task {
    /// What counts as having left: no purchase, no activity (any), or an event of this type
    #[arg(
        long,
        value_name = "purchase|any|EVENT_TYPE",
        default_value = "purchase"
    )]
    pub label: String,

    /// Who is judged: customers active within so many days before; 0 for ever [default: twice the horizon]
    #[arg(long, value_name = "DAYS")]
    pub active_days: Option<u32>,

    /// Use only amounts in this currency, or sum them as they are (ignore)
    #[arg(long, value_name = "XXX|ignore")]
    pub currency: Option<String>,

    /// Shift by the time of the year: half of what was wrong a year before, always or (auto) if later rows say it helps
    #[arg(long, value_name = "off|half|auto", default_value_t = Seasonal::Off)]
    pub seasonal: Seasonal,
}

#[derive(Debug, Args)]
pub struct Train {
    /// Events, one a line; may be .gz, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    /// Days of silence that count as having left; auto takes what the gaps between purchases suggest
    #[arg(long, value_name = "DAYS|auto", default_value_t = Horizon::Days(30))]
    pub horizon_days: Horizon,

    #[command(flatten)]
    pub task: Task,

    /// Use nothing later than this, label windows included [default: end of the last event's day, UTC]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub until: Option<i64>,

    /// Take training rows at these instants [default: up to 8, counted back]
    #[arg(long, value_name = "MS,..", value_delimiter = ',')]
    pub train_cutoffs_ms: Vec<i64>,

    /// Model file to write, - for stdout
    #[arg(long, value_name = "FILE.json")]
    pub out: PathBuf,

    /// Report to write, for people
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,

    /// Model card to write
    #[arg(long, value_name = "FILE.md")]
    pub card: Option<PathBuf>,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Print a summary as JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub threshold: AlertThreshold,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    /// Events, one a line; may be .gz, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    /// Days of silence that count as having left; auto takes what the gaps between purchases suggest
    #[arg(long, value_name = "DAYS|auto")]
    pub horizon_days: Horizon,

    #[command(flatten)]
    pub task: Task,

    /// Use nothing later than this [default: end of the last event's day, UTC]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub until: Option<i64>,

    #[command(flatten)]
    pub means: MeansArgs,

    /// Directory for report.html and metrics.json
    #[arg(long, value_name = "DIR")]
    pub out_dir: PathBuf,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Print metrics.json instead of the table
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Score {
    /// Events, one a line; may be .gz, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    /// Model file
    #[arg(long, value_name = "FILE.json")]
    pub model: PathBuf,

    /// Instants to score at
    #[arg(long, value_name = "MS,..", value_delimiter = ',', required = true)]
    pub cutoff_ms: Vec<i64>,

    /// Score customers active within so many days; 0 for all [default: the model's]
    #[arg(long, value_name = "DAYS")]
    pub active_days: Option<u32>,

    /// Use only amounts in this currency, or sum them as they are (ignore)
    #[arg(long, value_name = "XXX|ignore")]
    pub currency: Option<String>,

    /// Scores to write, - for stdout
    #[arg(long, value_name = "FILE.csv")]
    pub out: PathBuf,

    #[command(flatten)]
    pub config: ConfigFile,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// Events, one a line; may be .gz, or - for stdin [default: the configuration's input, topic or log]
    #[arg(long, value_name = "FILE", required_unless_present = "config")]
    pub events: Option<PathBuf>,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Model file [default: the configuration's]
    #[arg(long, value_name = "FILE.json")]
    pub model: Option<PathBuf>,

    /// Directory for alerts.jsonl, dead-letters.jsonl and summary.json
    #[arg(long, value_name = "DIR")]
    pub out_dir: PathBuf,

    /// Begin with a snapshot: latest, a name of `snapshot list`, or a file of `snapshot export`
    #[arg(long, value_name = "latest|NAME|FILE")]
    pub from_snapshot: Option<String>,

    /// Split a file's customers as Kafka would; the alerts stay the same
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096), conflicts_with = "from_snapshot")]
    pub partitions: u32,

    /// Page of what a trained model said after its training, and what became of it
    #[arg(long, value_name = "FILE.html")]
    pub watch_report: Option<PathBuf>,

    /// Let silence go on until this instant [default: the last event]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub until: Option<i64>,

    /// Print summary.json instead of a sentence
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Events, one a line; may be .gz, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    /// Model file
    #[arg(long, value_name = "FILE.json")]
    pub model: PathBuf,

    /// Whose score
    #[arg(long, value_name = "ID")]
    pub customer: String,

    /// At this instant [default: the last event of all customers]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub at: Option<i64>,

    /// Use only amounts in this currency, or sum them as they are (ignore)
    #[arg(long, value_name = "XXX|ignore")]
    pub currency: Option<String>,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Generate {
    /// Customers of a shop, or accounts of software by subscription
    #[arg(long, value_name = "ecommerce|saas", default_value = "ecommerce", value_parser = preset)]
    pub preset: Preset,

    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=9_999_999))]
    pub customers: u32,

    /// How many days
    #[arg(long, value_name = "D", default_value_t = 180, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,

    /// Another seed, another shop
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// First instant
    #[arg(long, value_name = "MS", default_value_t = DEFAULT_START_MS, value_parser = clap::value_parser!(i64).range(1..=4_102_444_800_000))]
    pub start: i64,

    /// Events to write; may be .gz, or - for stdout
    #[arg(long, value_name = "FILE.jsonl")]
    pub out: PathBuf,

    /// Who left when, to write
    #[arg(long, value_name = "FILE.csv")]
    pub truth: Option<PathBuf>,

    /// Leave cart_abandon events out, as a shop without such tracking would
    #[arg(long)]
    pub no_abandons: bool,

    /// Print a summary as JSON
    #[arg(long, conflicts_with_all = ["quiet"])]
    pub json: bool,

    /// Say nothing
    #[arg(long, short)]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// A shop, where customers leave by silence, or software by subscription, where they cancel
    #[arg(long, value_name = "ecommerce|saas", default_value = "ecommerce", value_parser = preset)]
    pub preset: Preset,

    /// How many customers the shop has
    #[arg(long, value_name = "N", default_value_t = 1500, value_parser = clap::value_parser!(u32).range(50..=1_000_000))]
    pub customers: u32,

    /// How many days of history the model learns from
    #[arg(long, value_name = "D", default_value_t = 180, value_parser = clap::value_parser!(u32).range(120..=1000))]
    pub days: u32,

    /// How many days are streamed after that
    #[arg(long, value_name = "D", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub stream_days: u32,

    /// Another seed, another shop
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// How much faster than life the stream runs, or max
    #[arg(long, value_name = "FACTOR|max", default_value = "30000")]
    pub speed: Speed,

    /// Probability from which a customer counts as at risk [default: 0.8; saas: 0.3]
    #[arg(long, value_name = "P")]
    pub open: Option<f64>,

    /// Port of /metrics, /livez and /readyz on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 9464)]
    pub port: u16,

    /// Directory for all files
    #[arg(long, value_name = "DIR", default_value = "holdfast-demo")]
    pub out: PathBuf,

    /// Stream through this Kafka instead of the embedded log
    #[arg(long, value_name = "HOST:PORT")]
    pub kafka: Option<String>,

    /// No alerts on the screen, the summary only
    #[arg(long, short)]
    pub quiet: bool,
}

impl Demo {
    /// Probability from which a customer counts as at risk: in a month few contracts are cancelled.
    pub fn open(&self) -> f64 {
        let usual = match self.preset {
            Preset::Ecommerce => 0.8,
            Preset::Saas => 0.3,
        };
        self.open.unwrap_or(usual)
    }

    /// Where the HTTP server listens.
    pub fn listen(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}
