//! The arguments of `holdfast report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use holdfast_reports::{Goods, Period};

use super::ConfigFile;

#[derive(Debug, Args)]
pub struct Report {
    /// Events, one a line; may be .gz, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub events: PathBuf,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Model file, whose horizon is the default of --alive-days
    #[arg(long, value_name = "FILE.json")]
    pub model: Option<PathBuf>,

    /// How long a period is
    #[arg(long, value_enum, default_value_t = Length::Month)]
    pub period: Length,

    /// Time zone of the periods, such as Europe/Berlin [default: the configuration's, UTC]
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,

    /// For how many days a purchase makes a customer [default: the model's horizon, else 90]
    #[arg(long, value_name = "A", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub alive_days: Option<u32>,

    /// Use only amounts in this currency, or sum them as they are (ignore)
    #[arg(long, value_name = "XXX|ignore")]
    pub currency: Option<String>,

    /// Page to write, for people
    #[arg(long, value_name = "FILE.html")]
    pub out: Option<PathBuf>,

    /// Figures to write, - for stdout
    #[arg(long, value_name = "FILE.json")]
    pub json: Option<PathBuf>,

    /// List of returning customers to write; holds customer ids
    #[arg(long, value_name = "FILE.csv")]
    pub customers: Option<PathBuf>,

    /// Check whether this retention rate is within reach of the last whole period's
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub goal_crr: Option<f64>,

    /// What is sold, for --goal-crr
    #[arg(long, value_enum, default_value_t = Sold::Mixed, requires = "goal_crr")]
    pub goods: Sold,

    /// Use your own range for one of the quoted figures, such as acquisition_cost=4..6; may be given again
    #[arg(long, value_name = "NAME=LOW..HIGH", value_parser = prior)]
    pub prior: Vec<(String, (f64, f64))>,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Length {
    Day,
    Week,
    Month,
    Year,
}

impl From<Length> for Period {
    fn from(length: Length) -> Self {
        match length {
            Length::Day => Self::Day,
            Length::Week => Self::Week,
            Length::Month => Self::Month,
            Length::Year => Self::Year,
        }
    }
}

/// What is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sold {
    Consumables,
    Durables,
    Gifts,
    Mixed,
}

impl From<Sold> for Goods {
    fn from(sold: Sold) -> Self {
        match sold {
            Sold::Consumables => Self::Consumables,
            Sold::Durables => Self::Durables,
            Sold::Gifts => Self::Gifts,
            Sold::Mixed => Self::Mixed,
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.parse().ok();
    let fits = percent.filter(|p| (0.0..=100.0).contains(p));
    fits.ok_or_else(|| "want a percentage from 0 to 100".to_owned())
}

fn prior(text: &str) -> Result<(String, (f64, f64)), String> {
    let parts = text.split_once('=').and_then(|(name, range)| {
        let (low, high) = range.split_once("..").unwrap_or((range, range));
        let range = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        Some((name.trim().to_owned(), range))
    });
    parts.ok_or_else(|| "want a name and a range, such as acquisition_cost=4..6".to_owned())
}
