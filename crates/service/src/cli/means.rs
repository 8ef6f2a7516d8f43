//! What a retention team can do, for `holdfast evaluate`.

use clap::Args;
use holdfast_model::contact::Terms;

use crate::study::Means;

#[derive(Debug, Clone, Args)]
pub struct MeansArgs {
    /// Customers that can be contacted at each cutoff [default: a tenth of them]
    #[arg(long, value_name = "K")]
    pub capacity: Option<u64>,

    /// What a customer who stays is worth [default: 100, with --saved 0.1 and --cost 3]
    #[arg(long, value_name = "MONEY", requires_all = ["saved", "cost"])]
    pub value: Option<f64>,

    /// Share of those about to leave whom a contact saves
    #[arg(long, value_name = "SHARE", requires_all = ["value", "cost"])]
    pub saved: Option<f64>,

    /// What a contact costs
    #[arg(long, value_name = "MONEY", requires_all = ["value", "saved"])]
    pub cost: Option<f64>,

    /// Alert threshold of the lead time [default: the least probability within the capacity]
    #[arg(long, value_name = "P")]
    pub threshold: Option<f64>,
}

impl MeansArgs {
    /// As the study wants them.
    pub fn means(&self) -> Means {
        let terms = match (self.value, self.saved, self.cost) {
            (Some(value), Some(saved), Some(cost)) => Some(Terms { value, saved, cost }),
            _ => None,
        };
        Means {
            capacity: self.capacity,
            terms,
            threshold: self.threshold,
        }
    }
}
