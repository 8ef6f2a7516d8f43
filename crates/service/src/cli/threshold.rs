//! Where alerts are to open: the arguments of that choice.

use clap::Args;
use holdfast_model::policy::Profit;

use crate::study::Threshold;

/// Writes a threshold into the model file; where both ways are given, the higher level holds.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Alert threshold [default: the configuration's]")]
pub struct AlertThreshold {
    /// Alerts a day that can be followed up
    #[arg(long, value_name = "K")]
    pub capacity: Option<f64>,

    /// What a customer who stays is worth
    #[arg(long, value_name = "MONEY", requires_all = ["saved", "cost"])]
    pub value: Option<f64>,

    /// Share of those about to leave whom a contact saves
    #[arg(long, value_name = "SHARE", requires_all = ["value", "cost"])]
    pub saved: Option<f64>,

    /// What a contact costs
    #[arg(long, value_name = "MONEY", requires_all = ["value", "saved"])]
    pub cost: Option<f64>,
}

impl AlertThreshold {
    /// As a study wants it.
    pub fn wanted(&self) -> Threshold {
        let profit = match (self.value, self.saved, self.cost) {
            (Some(value), Some(saved), Some(cost)) => Some(Profit { value, saved, cost }),
            _ => None,
        };
        Threshold {
            capacity: self.capacity,
            profit,
        }
    }
}
