//! What was sold, how the customer was served and what it said, from scratch: sums over the events themselves.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_events::EventType as E;
use holdfast_features::{DAY_MS, Input};

use crate::life::Life;

fn day_of(event: &Input) -> i64 {
    event.ts / DAY_MS
}

impl Life<'_> {
    fn past(&self) -> impl Iterator<Item = &Input> {
        let today = self.now / DAY_MS;
        self.twin
            .applied
            .iter()
            .filter(move |event| day_of(event) <= today)
    }

    fn those(&self, kinds: &[E]) -> impl Iterator<Item = &Input> {
        self.past().filter(|event| kinds.contains(&event.kind))
    }

    /// The day's sum of a number, no greater than what its bits can hold.
    fn capped(&self, kinds: &[E], greatest: u64, of: impl Fn(&Input) -> u64) -> BTreeMap<i64, f64> {
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        for event in self.those(kinds) {
            *days.entry(day_of(event)).or_default() += of(event);
        }
        days.into_iter()
            .map(|(day, sum)| (day, sum.min(greatest) as f64))
            .collect()
    }

    fn faded(&self, days: &BTreeMap<i64, f64>, half: f64) -> f64 {
        let ago = |day: &i64| (self.now / DAY_MS - day) as f64;
        days.iter()
            .map(|(day, sum)| sum * 0.5f64.powf(ago(day) / half))
            .sum()
    }

    fn ratings(&self) -> BTreeMap<i64, f64> {
        let opinions = [E::SurveyResponse, E::Review, E::PeerRating];
        let count = self.capped(&opinions, 31, |event| {
            u64::from(event.particulars.rating.is_some())
        });
        let sum = self.capped(&opinions, 4_095, |event| {
            event.particulars.rating.unwrap_or(0).into()
        });
        let rated = count.into_iter().filter(|(_, count)| *count > 0.0);
        rated
            .map(|(day, count)| (day, (sum[&day] / count).min(100.0)))
            .collect()
    }

    /// Days of the first order, as far as what happens on them is told of it.
    fn first_order(&self) -> std::ops::Range<i64> {
        let days: BTreeSet<i64> = self.those(&[E::Purchase]).map(day_of).collect();
        let mut days = days.into_iter();
        let Some(first) = days.next() else {
            return 0..0;
        };
        first..days.next().unwrap_or(i64::MAX).min(first + 61)
    }

    pub(crate) fn served(&self, name: &str) -> Option<f64> {
        let late = || {
            self.capped(&[E::OrderDelivered], 31, |event| {
                event.particulars.is_late.into()
            })
        };
        let one = |_: &Input| 1;
        let first = self.first_order();
        let in_first =
            |days: &BTreeMap<i64, f64>| -> f64 { days.range(first.clone()).map(|(_, n)| n).sum() };
        let yearly = |days: &BTreeMap<i64, f64>| self.faded(days, 365.0);
        let over = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        Some(match name {
            "order_lines" => {
                let lines = self.capped(&[E::Purchase], 16_383, |event| {
                    event.particulars.lines.into()
                });
                over(
                    yearly(&lines),
                    yearly(&self.capped(&[E::Purchase], u64::MAX, one)),
                )
            }
            "discount_share" => {
                let taken = self.capped(&[E::Purchase], (1 << 30) - 1, |event| {
                    event.particulars.discount.into()
                });
                let paid = self.capped(&[E::Purchase], u64::MAX, |event| {
                    event.minor.unwrap_or(0) as u64
                });
                over(yearly(&taken), yearly(&taken) + yearly(&paid))
            }
            "tickets_unresolved" => {
                let solved: f64 = self.capped(&[E::SupportResolved], 63, one).values().sum();
                (self.those(&[E::SupportContact]).count() as f64 - solved).max(0.0)
            }
            "rating_days" => self.ratings().len() as f64,
            "rating_shortfall" => {
                let average = self
                    .ratings()
                    .into_values()
                    .reduce(|old, new| 0.7 * old + 0.3 * new);
                average.map_or(0.0, |average| (100.0 - average) / 100.0)
            }
            "message_clicks_decayed_90d" => {
                self.faded(&self.capped(&[E::CampaignClicked], 63, one), 90.0)
            }
            "late_deliveries_decayed_90d" => self.faded(&late(), 90.0),
            "plan_changes_decayed_90d" => {
                let kinds = [E::SubscriptionChange, E::SubscriptionPause];
                self.faded(&self.capped(&kinds, 31, one), 90.0)
            }
            "first_order_contacts" => {
                in_first(&self.capped(&[E::SupportContact], u64::MAX, one)).min(255.0)
            }
            "first_order_refunds" => {
                let refunds = in_first(&self.capped(&[E::Refund], u64::MAX, one));
                (refunds + in_first(&self.capped(&[E::OrderReturned], 31, one))).min(255.0)
            }
            "first_order_late" => in_first(&late()).min(255.0),
            "first_order_shortfall" => {
                let ratings = self.ratings();
                let worst = ratings.range(first).map(|(_, rating)| rating.floor());
                worst
                    .reduce(f64::min)
                    .map_or(0.0, |worst| (100.0 - worst) / 100.0)
            }
            _ => return None,
        })
    }
}
