//! Segments, value and where probabilities stand, as the training report tells of them.

use serde::{Deserialize, Serialize};

use super::card::Section;
use super::numbers::{fixed, grouped, percent};

/// What the model file holds for retention practice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Practice {
    /// Customers who had bought by the last training cutoff.
    pub buyers: u64,
    pub cuts: Option<Cuts>,
    pub spend: Option<Spend>,
    /// Probabilities of the members at the last cutoff: the middle, what a tenth exceed, and one in a hundred.
    pub risk: Option<[f64; 3]>,
    /// Rows of each bin of the intervals.
    pub alike: Vec<u64>,
}

/// Where the fifths of buyers end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cuts {
    pub recency_days: [f64; 4],
    pub orders: [u32; 4],
    /// Net spend ever, major units.
    pub spend: Option<[f64; 4]>,
    pub top_spend: Option<f64>,
}

/// The gamma-gamma model of spend at a day with a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spend {
    pub p: f64,
    pub q: f64,
    pub v: f64,
    /// Mean over the population, major units.
    pub mean: f64,
}

impl Spend {
    /// Expected at the next occasion of one who spent `times` the mean at so many.
    fn after(&self, occasions: f64, times: f64) -> f64 {
        let own = self.p * occasions;
        ((self.q - 1.0) * self.mean + own * times * self.mean) / (own + self.q - 1.0)
    }
}

impl Practice {
    pub(super) fn section(&self) -> Section {
        let mut items = Vec::new();
        if let Some(cuts) = &self.cuts {
            items.extend(cuts.words(self.buyers));
        }
        if let Some(spend) = &self.spend {
            items.push(format!(
                "Spend: {} on average at a day with a purchase, refunds taken off. Who spent twice that once is \
                 expected to spend {} the next time, after ten such days {} (gamma-gamma: p {}, q {}, v {}).",
                fixed(spend.mean, 2),
                fixed(spend.after(1.0, 2.0), 2),
                fixed(spend.after(10.0, 2.0), 2),
                fixed(spend.p, 2),
                fixed(spend.q, 2),
                fixed(spend.v, 2)
            ));
        }
        if let Some([half, tenth, hundredth]) = self.risk.map(|risk| risk.map(|p| percent(p, 1))) {
            items.push(format!(
                "Risk at the last cutoff: half of the customers below {half}, a tenth above {tenth}, one in a hundred \
                 above {hundredth}."
            ));
        }
        if let (Some(least), Some(most)) = (self.alike.iter().min(), self.alike.iter().max()) {
            items.push(format!(
                "Intervals of a probability: from what became of {} to {} customers scored alike by a fit that had not \
                 seen them, in {} bins.",
                grouped(*least),
                grouped(*most),
                self.alike.len()
            ));
        }
        Section {
            title: "Segments and value",
            text: vec![
                "What the model file holds for segments, for the money at stake, and to say where a probability stands \
                 among others."
                    .to_owned(),
            ],
            items,
        }
    }
}

impl Cuts {
    fn words(&self, buyers: u64) -> Vec<String> {
        let days = self.recency_days.map(|x| fixed(x, 1)).join(", ");
        let orders = self.orders.map(|n| grouped(u64::from(n))).join(", ");
        let spend = self.spend.map_or_else(String::new, |spend| {
            let cuts = spend.map(|x| fixed(x, 2)).join(", ");
            format!(", and {cuts} of net spend ever")
        });
        let fifths = format!(
            "Fifths of {} buyers end at {days} days since the last purchase, {orders} orders ever{spend}.",
            grouped(buyers)
        );
        let top = self
            .top_spend
            .map(|top| format!("The top fifth has spent {} or more.", fixed(top, 2)));
        std::iter::once(fifths).chain(top).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn practice() -> Practice {
        Practice {
            buyers: 1_234,
            cuts: Some(Cuts {
                recency_days: [10.0, 20.0, 30.5, 90.0],
                orders: [1, 1, 2, 4],
                spend: Some([9.5, 20.0, 50.0, 120.0]),
                top_spend: Some(120.5),
            }),
            spend: Some(Spend {
                p: 6.25,
                q: 3.74,
                v: 15.44,
                mean: 35.22,
            }),
            risk: Some([0.5, 0.9, 0.99]),
            alike: vec![60, 55],
        }
    }

    #[test]
    fn section_tells_cuts_spend_and_where_probabilities_stand() {
        let text = practice().section().items.join("\n");
        for part in [
            "Fifths of 1,234 buyers end at 10.0, 20.0, 30.5, 90.0 days",
            "1, 1, 2, 4 orders ever, and 9.50, 20.00, 50.00, 120.00 of net spend ever.",
            "The top fifth has spent 120.50 or more.",
            "35.22 on average",
            "is expected to spend 59.71 the next time",
            "half of the customers below 50.0",
            "of 55 to 60 customers scored alike",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }

    #[test]
    fn section_leaves_out_what_the_log_does_not_carry() {
        let bare = Practice {
            cuts: practice().cuts.map(|cuts| Cuts {
                spend: None,
                top_spend: None,
                ..cuts
            }),
            ..Practice::default()
        };
        let items = bare.section().items;
        assert!(
            items.len() == 1 && items[0].ends_with("4 orders ever."),
            "{items:?}"
        );
        assert!(Practice::default().section().items.is_empty());
    }
}
