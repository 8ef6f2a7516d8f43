//! The features over a whole life, from scratch in f64: sums over the days themselves, no state that goes on.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use holdfast_features::activity::is_activity;
use holdfast_features::{Constants, DAY_MS, Input, Occasion};

use crate::twin::Twin;

/// What happened on a day.
#[derive(Default)]
struct Day {
    purchases: f64,
    major: f64,
    refunds: f64,
    acts: f64,
}

pub(crate) struct Life<'a> {
    pub(crate) twin: &'a Twin,
    pub(crate) now: i64,
    /// Days up to the one of `now`.
    days: BTreeMap<i64, Day>,
    occasions: Vec<i64>,
    constants: Constants,
}

impl Twin {
    /// A feature over the whole life by name; none if it is another one.
    pub(crate) fn life(&self, name: &str, now: i64) -> Option<f64> {
        let life = Life::of(self, now);
        let own = ["buying_", "active_"]
            .iter()
            .find_map(|family| name.strip_prefix(family));
        match own {
            Some(name) => life.rhythm(name),
            None => life.amounts(name).or_else(|| life.served(name)),
        }
    }
}

fn half_life(name: &str) -> Option<f64> {
    name.rsplit_once('_')?.1.trim_end_matches('d').parse().ok()
}

impl<'a> Life<'a> {
    fn of(twin: &'a Twin, now: i64) -> Self {
        let mut days: BTreeMap<i64, Day> = BTreeMap::new();
        let scale = 10f64.powi(i32::from(twin.settings().minor_exponent));
        for event in twin
            .applied
            .iter()
            .filter(|e| e.ts / DAY_MS <= now / DAY_MS)
        {
            let day = days.entry(event.ts / DAY_MS).or_default();
            let Input { kind, minor, .. } = event;
            day.acts += f64::from(u8::from(is_activity(*kind) && *kind != EventType::Refund));
            day.refunds += f64::from(u8::from(*kind == EventType::Refund));
            if *kind == EventType::Purchase {
                day.purchases += 1.0;
                day.major += minor.unwrap_or(0) as f64 / scale;
            }
        }
        let counts = |day: &Day| match twin.settings().stats {
            Some(Occasion::Activity) => day.acts > 0.0,
            _ => day.purchases > 0.0,
        };
        let occasions = days
            .iter()
            .filter(|(_, day)| counts(day))
            .map(|(number, _)| *number);
        Self {
            twin,
            now,
            occasions: occasions.collect(),
            days,
            constants: Constants::default(),
        }
    }

    fn ago(&self, day: i64) -> f64 {
        (self.now / DAY_MS - day) as f64
    }

    fn decayed(&self, half: f64, of: impl Fn(&i64, &Day) -> f64) -> f64 {
        self.days
            .iter()
            .map(|(n, day)| of(n, day) * 0.5f64.powf(self.ago(*n) / half))
            .sum()
    }

    fn since(&self, from: Option<i64>) -> f64 {
        from.map_or(0.0, |from| (self.now - from).max(0) as f64 / DAY_MS as f64)
    }

    fn rhythm(&self, name: &str) -> Option<f64> {
        let population = self.constants.gap_mean.exp() - 1.0;
        let n = self.occasions.len() as f64;
        let first = self
            .occasions
            .first()
            .map(|day| day * DAY_MS)
            .or(self.twin.first());
        let tenure = self.since(first);
        let is = |day: &i64| f64::from(u8::from(self.occasions.contains(day)));
        Some(match name {
            "days_ever" => n,
            "days_per_month_ever" => 30.0 * (n + 1.0) / (tenure + population),
            "weekend_share" => {
                // Day 0 was a Thursday.
                let weekend = self
                    .occasions
                    .iter()
                    .filter(|day| matches!(*day % 7, 2 | 3))
                    .count();
                (weekend as f64 + 0.5) / (n + 1.0)
            }
            _ if name.starts_with("days_decayed") => self.decayed(half_life(name)?, |n, _| is(n)),
            _ if name.starts_with("pace") => {
                let (short, long) = name.trim_start_matches("pace_").split_once('_')?;
                let rate = |half: &str| self.rhythm(&format!("days_per_month_{half}d"));
                rate(short)? / rate(long)?
            }
            _ if name.starts_with("days_per_month") => {
                let half = half_life(name)?;
                let exposure = half / 2f64.ln() * (1.0 - 0.5f64.powf(tenure / half));
                30.0 * (self.decayed(half, |n, _| is(n)) + 0.5) / (exposure + 0.5 * population)
            }
            _ => return self.gaps(name, tenure, population),
        })
    }

    fn gaps(&self, name: &str, tenure: f64, population: f64) -> Option<f64> {
        let Constants {
            gap_mean: mu,
            gap_sd,
            ..
        } = self.constants;
        let gaps: Vec<f64> = self
            .occasions
            .windows(2)
            .map(|w| (w[1] - w[0]) as f64)
            .collect();
        let logs: Vec<f64> = gaps.iter().map(|gap| gap.ln_1p()).collect();
        let (k, span) = (gaps.len() as f64, gaps.iter().sum::<f64>());
        let own = logs.iter().sum::<f64>() / k.max(1.0);
        let mean = (k * own + 2.0 * mu) / (k + 2.0);
        let squares: f64 = logs.iter().map(|x| (x - own) * (x - own)).sum();
        let apart = if k > 0.0 {
            k * 2.0 / (k + 2.0) * (own - mu) * (own - mu)
        } else {
            0.0
        };
        let sd = ((squares + 2.0 * gap_sd * gap_sd + apart) / (k + 2.0)).sqrt();
        let silence = self.silence();
        let several = gaps.len() > 1;
        Some(match name {
            "gap_usual" => mean.exp() - 1.0,
            "gap_spread" => sd,
            "silence_z" => (silence.ln_1p() - mean) / sd,
            "silence_over_mean_gap" => {
                (1.0 + silence) / (1.0 + (span + 2.0 * population) / (k + 2.0))
            }
            "silence_over_longest_gap" => {
                (1.0 + silence)
                    / (1.0 + gaps.iter().copied().reduce(f64::max).unwrap_or(population))
            }
            "gap_recent_over_mean" if several => {
                let average = logs[1..]
                    .iter()
                    .fold(logs[0], |old, new| 0.7 * old + 0.3 * new);
                (average - own).exp()
            }
            "gap_last_over_mean" if several => (1.0 + gaps[gaps.len() - 1]) / own.exp(),
            "gap_recent_over_mean" | "gap_last_over_mean" => 1.0,
            "none_expected" => {
                self.mbg(k, span, tenure + self.constants.horizon_days) / self.mbg(k, span, tenure)
            }
            "still_there" => {
                let [r, alpha, a, b] = self.constants.mbg;
                1.0 / (1.0
                    + a / (b + k) * ((alpha + tenure.max(span)) / (alpha + span)).powf(r + k))
            }
            _ => return None,
        })
    }

    fn silence(&self) -> f64 {
        let last = match self.twin.settings().stats {
            Some(Occasion::Activity) => self.twin.last_act(),
            _ => self.twin.last_purchase(),
        };
        self.since(last.or(self.twin.first()))
    }

    /// The likelihood of MBG/NBD, but for what does not depend on the age.
    fn mbg(&self, x: f64, t: f64, age: f64) -> f64 {
        let [r, alpha, a, b] = self.constants.mbg;
        let alive = (b + x) / a * ((alpha + t) / (alpha + age.max(t))).powf(r + x);
        1.0 + alive
    }

    fn amounts(&self, name: &str) -> Option<f64> {
        let paid: Vec<f64> = self
            .days
            .values()
            .filter(|day| day.purchases > 0.0)
            .map(|day| (day.major / day.purchases).ln_1p())
            .collect();
        let n = paid.len().max(1) as f64;
        let mean = paid.iter().sum::<f64>() / n;
        let all = self
            .twin
            .applied
            .iter()
            .filter(|e| e.kind == EventType::Purchase);
        Some(match name {
            "order_usual" => mean.exp() - 1.0,
            "order_spread" => {
                (paid.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()
            }
            "order_last_over_usual" => paid.last().map_or(1.0, |last| (last - mean).exp()),
            "spend_decayed_30d" | "spend_decayed_90d" => {
                self.decayed(half_life(name)?, |_, day| day.major)
            }
            "spend_per_day_365d" => {
                let occasion = |n: &i64, _: &Day| f64::from(u8::from(self.occasions.contains(n)));
                // Both as of the last day, so that nothing decays to nought.
                let last = self
                    .days
                    .keys()
                    .next_back()
                    .map_or(0.0, |day| self.ago(*day));
                let days = self.decayed(365.0, occasion) * 2f64.powf(last / 365.0);
                self.decayed(365.0, |_, day| day.major) * 2f64.powf(last / 365.0) / days.max(1e-3)
            }
            "purchases_per_day" => {
                all.count().max(1) as f64 / self.twin.purchase_days().len().max(1) as f64
            }
            "refunds_decayed_90d" => self.decayed(90.0, |_, day| day.refunds),
            "other_acts_decayed_90d" => self.decayed(90.0, |_, day| day.acts - day.purchases),
            _ => return None,
        })
    }
}
