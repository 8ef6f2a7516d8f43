//! Where the fifths of recency, frequency and money end, for RFM segments.
//!
//! The cuts are those of everybody who had bought by the last training cutoff, not of the label's population only: who
//! has been silent for long belongs into a segment too. A score is counted from the cuts that a value exceeds, so a
//! cut is the greatest value of its fifth, and equal cuts (half of all customers have one order) leave scores out:
//!
//! | score | is |
//! | --- | --- |
//! | R, 5 for the latest | 5 less the cuts below the days since the last purchase |
//! | F, 5 for the most frequent | 1 and the cuts below the orders ever |
//! | M, 5 for the greatest spend | 1 and the cuts below the net spend ever |

use serde::{Deserialize, Serialize};

use crate::buyer::Buyer;
use crate::digits::nine;

/// Fewer buyers than these have no fifths worth the name.
const LEAST_BUYERS: usize = 30;
const FIFTHS: usize = 5;
/// Amounts beyond this are not sums of accepted events.
const GREATEST_SPEND: f64 = 1e17;

/// The cut points of a shop's buyers. Each list ascends, equal neighbours are possible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentCuts {
    /// Days since the last purchase.
    pub recency_days: [f64; 4],
    /// Orders ever.
    pub frequency: [u32; 4],
    /// Net spend ever (purchases less refunds), major units; none where no purchase had an amount.
    pub monetary: Option<[f64; 4]>,
    /// Net spend ever from which on a buyer is of the top fifth, major units; none without amounts.
    pub top_spend: Option<f64>,
}

impl SegmentCuts {
    /// Learns the cuts of these buyers; none of fewer than thirty.
    #[must_use]
    pub fn learn(buyers: &[Buyer]) -> Option<Self> {
        if buyers.len() < LEAST_BUYERS {
            return None;
        }
        let sorted = |of: fn(&Buyer) -> f64| {
            let mut values: Vec<f64> = buyers.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let recency = sorted(|buyer| buyer.recency_days);
        let mut orders: Vec<u32> = buyers.iter().map(|buyer| buyer.orders).collect();
        orders.sort_unstable();
        let has_amounts = buyers.iter().any(|buyer| buyer.spent > 0.0);
        let spend = has_amounts.then(|| sorted(Buyer::net_spend));
        Some(Self {
            recency_days: cuts(&recency).map(nine),
            frequency: cuts(&orders),
            // As they are: amounts have few digits, and a rounded one could fall to the wrong side of its cut.
            monetary: spend.as_ref().map(|spend| cuts(spend)),
            top_spend: spend.map(|spend| spend[(FIFTHS - 1) * spend.len() / FIFTHS]),
        })
    }

    pub(crate) fn faults(&self, faults: &mut Vec<String>) {
        let mut ascend = |name: &str, cuts: &[f64; 4], least: f64| {
            let sound = cuts.iter().all(|x| (least..=GREATEST_SPEND).contains(x));
            if !sound || cuts.windows(2).any(|pair| pair[0] > pair[1]) {
                faults.push(format!(
                    "segments.{name} is {cuts:?}, not four numbers from {least} on, none below the one before"
                ));
            }
        };
        ascend("recency_days", &self.recency_days, 0.0);
        ascend("frequency", &self.frequency.map(f64::from), 1.0);
        if let Some(monetary) = &self.monetary {
            ascend("monetary", monetary, -GREATEST_SPEND);
        }
        if let Some(top) = self.top_spend.filter(|x| x.abs() > GREATEST_SPEND) {
            faults.push(format!("segments.top_spend is {top:e}, no sum of amounts"));
        }
        if self.monetary.is_some() != self.top_spend.is_some() {
            faults.push("segments has one of monetary and top_spend without the other".to_owned());
        }
    }
}

/// The greatest value of each fifth but the last, of sorted values.
fn cuts<T: Copy>(sorted: &[T]) -> [T; 4] {
    std::array::from_fn(|k| sorted[((k + 1) * sorted.len()).div_ceil(FIFTHS) - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buyer(recency_days: f64, orders: u32, spent: f64, refunded: f64) -> Buyer {
        Buyer {
            orders,
            occasions: 1,
            span_days: 0.0,
            age_days: recency_days,
            recency_days,
            spent,
            refunded,
        }
    }

    #[test]
    fn each_fifth_of_different_buyers_has_a_score_of_its_own() {
        let buyers: Vec<Buyer> = (1..=50)
            .rev()
            .map(|i| buyer(f64::from(i), i as u32, 2.0 * f64::from(i), f64::from(i)))
            .collect();
        let cuts = SegmentCuts::learn(&buyers).unwrap();
        assert_eq!(cuts.recency_days, [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(cuts.frequency, [10, 20, 30, 40]);
        assert_eq!(cuts.monetary, Some([10.0, 20.0, 30.0, 40.0]));
        let top = cuts.top_spend.unwrap();
        let rich = buyers.iter().filter(|b| b.net_spend() >= top).count();
        assert_eq!((top, rich), (41.0, 10));
        let above = |buyer: &&Buyer| cuts.frequency.iter().all(|cut| *cut < buyer.orders);
        assert_eq!(buyers.iter().filter(above).count(), 10);
    }

    #[test]
    fn buyers_alike_have_equal_cuts_and_no_amounts_no_money() {
        let mut buyers = vec![buyer(3.0, 1, 0.0, 0.0); 40];
        buyers.extend([buyer(1.0, 7, 0.0, 0.0); 9]);
        let cuts = SegmentCuts::learn(&buyers).unwrap();
        assert_eq!(cuts.frequency, [1, 1, 1, 1]);
        assert_eq!((cuts.monetary, cuts.top_spend), (None, None));
        assert_eq!(SegmentCuts::learn(&buyers[..29]), None);
    }

    #[test]
    fn cuts_out_of_order_and_half_of_the_money_are_faults() {
        let cuts = SegmentCuts {
            recency_days: [1.0, 3.0, 2.0, 4.0],
            frequency: [0, 1, 1, 2],
            monetary: Some([f64::NAN; 4]),
            top_spend: None,
        };
        let mut faults = Vec::new();
        cuts.faults(&mut faults);
        let all = faults.join("\n");
        for name in [
            "segments.recency_days is",
            "segments.frequency is",
            "segments.monetary is",
            "without the other",
        ] {
            assert!(all.contains(name), "{name} is not in {all}");
        }
        assert_eq!(faults.len(), 4);
    }
}
