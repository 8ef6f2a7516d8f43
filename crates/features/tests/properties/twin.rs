//! The plain twin: keeps the raw history of one customer and recomputes everything from it in the
//! plainest way. Slow, and written to be seen to be right.

use holdfast_events::EventType;
use holdfast_features::activity::is_activity;
use holdfast_features::{Applied, CartAbandon, DAY_MS, Input, Settings};
use std::collections::BTreeSet;

/// One customer's history.
#[derive(Debug, Clone)]
pub(crate) struct Twin {
    settings: Settings,
    pub(crate) applied: Vec<Input>,
    /// Instants of timers that fired.
    pub(crate) fired: Vec<i64>,
}

fn days(ms: i64) -> f64 {
    ms.max(0) as f64 / DAY_MS as f64
}

fn days_in(window: &str) -> i64 {
    window
        .parse()
        .unwrap_or_else(|_| panic!("{window:?} is no number of days"))
}

impl Twin {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            applied: Vec::new(),
            fired: Vec::new(),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings
    }

    pub(crate) fn newest(&self) -> Option<i64> {
        self.applied.iter().map(|e| e.ts).max()
    }

    pub(crate) fn first(&self) -> Option<i64> {
        self.applied.iter().map(|e| e.ts).min()
    }

    pub(crate) fn last_act(&self) -> Option<i64> {
        self.applied
            .iter()
            .filter(|e| is_activity(e.kind))
            .map(|e| e.ts)
            .max()
    }

    fn purchases(&self) -> impl Iterator<Item = &Input> {
        self.applied
            .iter()
            .filter(|e| e.kind == EventType::Purchase)
    }

    pub(crate) fn last_purchase(&self) -> Option<i64> {
        self.purchases().map(|e| e.ts).max()
    }

    pub(crate) fn apply(&mut self, input: &Input) -> Applied {
        let derived = self.settings.cart_abandon != CartAbandon::Given;
        if derived && input.kind == EventType::CartAbandon {
            return Applied::CartAbandonGiven;
        }
        if self
            .newest()
            .is_some_and(|newest| input.ts < newest - 7 * DAY_MS)
        {
            return Applied::Late;
        }
        let is_same = |e: &&Input| {
            e.kind.is_deduplicated()
                && e.id_hash == input.id_hash
                && (e.ts - input.ts).abs() <= DAY_MS
        };
        if self.settings.dedupe
            && input.kind.is_deduplicated()
            && self.applied.iter().any(|e| is_same(&e))
        {
            return Applied::Duplicate;
        }
        self.applied.push(*input);
        Applied::Applied
    }

    pub(crate) fn next_timer(&self) -> Option<i64> {
        let CartAbandon::Derived { after_ms } = self.settings.cart_abandon else {
            return None;
        };
        let over = self.fired.last().copied().unwrap_or(i64::MIN);
        let touch = self
            .applied
            .iter()
            .filter(|e| {
                use EventType as E;
                matches!(e.kind, E::CartAdd | E::CheckoutStart | E::CheckoutStep)
            })
            .map(|e| e.ts)
            .filter(|&ts| ts > over)
            .max()?;
        let bought = self.purchases().any(|e| e.ts >= touch);
        (!bought).then_some(touch + after_ms)
    }

    pub(crate) fn fire(&mut self) -> Option<i64> {
        let at = self.next_timer()?;
        self.fired.push(at);
        Some(at)
    }

    /// Whether a time is in the W UTC days that end with the day of `now`.
    fn within(ts: i64, now: i64, window: i64) -> bool {
        let (day, today) = (ts / DAY_MS, now / DAY_MS);
        day <= today && day > today - window
    }

    fn count(&self, now: i64, window: i64, names: &[&str]) -> f64 {
        let known = self
            .applied
            .iter()
            .filter(|e| Self::within(e.ts, now, window) && names.contains(&e.kind.name()));
        known.count() as f64
    }

    fn spend(&self, now: i64, window: i64) -> f64 {
        let minor: i64 = self
            .purchases()
            .filter(|e| Self::within(e.ts, now, window))
            .map(|e| e.minor.unwrap_or(0))
            .sum();
        minor as f64 / 10f64.powi(i32::from(self.settings.minor_exponent))
    }

    fn activity(&self, now: i64, window: i64) -> f64 {
        let acts = self.applied.iter().filter(|e| {
            is_activity(e.kind) && e.kind != EventType::Refund && Self::within(e.ts, now, window)
        });
        acts.count() as f64
    }

    fn abandons(&self, now: i64, window: i64) -> f64 {
        let fired = self
            .fired
            .iter()
            .filter(|&&at| Self::within(at, now, window))
            .count();
        fired as f64 + self.count(now, window, &["cart_abandon"])
    }

    pub(crate) fn purchase_days(&self) -> Vec<i64> {
        let days: BTreeSet<i64> = self.purchases().map(|e| e.ts / DAY_MS).collect();
        days.into_iter().collect()
    }

    fn gaps(&self) -> Vec<f64> {
        self.purchase_days()
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect()
    }

    fn usual_gap(&self) -> f64 {
        let gaps = self.gaps();
        (gaps.iter().sum::<f64>() + 60.0) / (gaps.len() as f64 + 2.0)
    }

    fn deviation(&self) -> f64 {
        let gaps = self.gaps();
        let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
        gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum()
    }

    fn total(&self, kind: EventType) -> f64 {
        let of_kind = self.applied.iter().filter(|e| e.kind == kind);
        let minor: i64 = of_kind.map(|e| e.minor.unwrap_or(0)).sum();
        minor as f64 / 10f64.powi(i32::from(self.settings.minor_exponent))
    }

    fn mean_order(&self) -> f64 {
        self.total(EventType::Purchase) / (self.purchases().count().max(1)) as f64
    }

    /// A feature by name, from scratch.
    pub(crate) fn feature(&self, name: &str, now: i64) -> f64 {
        let since = |from: Option<i64>| from.map_or(0.0, |from| days(now - from));
        let recency = since(self.last_purchase().or(self.first()));
        match name {
            "days_since_last_event" => since(self.last_act().or(self.first())),
            "days_since_last_purchase" => recency,
            "tenure_days" => since(self.first()),
            "days_since_first_purchase" => match self.purchase_days().first() {
                Some(first) => (now / DAY_MS - first).max(0) as f64,
                None => 0.0,
            },
            "purchases_total" => self.purchases().count() as f64,
            "purchase_days_total" => self.purchase_days().len() as f64,
            "purchase_days_per_30d" => {
                self.purchase_days().len() as f64 * 30.0 / since(self.first()).max(30.0)
            }
            "days_per_purchase_day" => {
                (since(self.first()) + 30.0) / (self.purchase_days().len() as f64 + 1.0)
            }
            "spend_total" => self.total(EventType::Purchase),
            "mean_order_value" => self.mean_order(),
            "refund_share" => {
                let (spent, back) = (
                    self.total(EventType::Purchase),
                    self.total(EventType::Refund),
                );
                if back == 0.0 {
                    0.0
                } else if spent == 0.0 {
                    1.0
                } else {
                    (back / spent).min(1.0)
                }
            }
            "gap_mean_days" => self.gaps().iter().sum::<f64>() / self.gaps().len().max(1) as f64,
            "gap_sd_days" => (self.deviation() / self.gaps().len().max(1) as f64).sqrt(),
            "usual_gap_days" => self.usual_gap(),
            "recency_over_gap" => recency / self.usual_gap(),
            "gap_z" => {
                let count = self.gaps().len() as f64 + 2.0;
                let spread = ((self.deviation() + 1800.0) / count).sqrt();
                (recency - self.usual_gap()) / spread
            }
            _ => self
                .life(name, now)
                .unwrap_or_else(|| self.windowed(name, now)),
        }
    }

    fn windowed(&self, name: &str, now: i64) -> f64 {
        if let Some((what, ends)) = name.split_once("_trend_") {
            let (short, long) = ends
                .split_once('_')
                .map_or((0, 0), |(s, l)| (days_in(s), days_in(l)));
            let (family, steady) = match what {
                "purchase" => ("purchases", 1.0),
                "activity" => ("activity", 1.0),
                _ => (
                    "spend",
                    if self.mean_order() > 0.0 {
                        self.mean_order()
                    } else {
                        1.0
                    },
                ),
            };
            let (recent, before) = (
                self.family(family, now, short),
                self.family(family, now, long),
            );
            let ratio = long as f64 / short as f64;
            return (recent + steady) * ratio / (before + steady * ratio);
        }
        let (family, window) = name.rsplit_once('_').unwrap_or((name, ""));
        self.family(family, now, days_in(window.trim_end_matches('d')))
    }

    fn family(&self, family: &str, now: i64, window: i64) -> f64 {
        let names: &[&str] = match family {
            "spend" => return self.spend(now, window),
            "activity" => return self.activity(now, window),
            "cart_abandons" => return self.abandons(now, window),
            "purchase_days" => {
                let known = self.purchase_days();
                let inside = known
                    .iter()
                    .filter(|&&day| Self::within(day * DAY_MS, now, window));
                return inside.count() as f64;
            }
            "purchases" => &["purchase"],
            "support_contacts" => &["support_contact"],
            "page_views" => &["page_view", "product_view", "search", "cart_view"],
            "cart_adds" => &["cart_add"],
            "checkouts" => &["checkout_start"],
            "email_opens" => &["email_open"],
            "sessions" => &["login", "session_start"],
            "uses" => &[
                "feature_use",
                "watch",
                "check_in",
                "webinar",
                "report_seen",
                "integration_connected",
                "activate",
            ],
            "engagements" => &[
                "review",
                "survey_response",
                "comment",
                "share",
                "mention",
                "poll_vote",
                "contest_entry",
                "publish",
                "referral",
                "peer_rating",
                "wishlist_add",
                "campaign_opened",
                "campaign_clicked",
            ],
            "refunds" => &["refund"],
            "payment_failures" => &["payment_failed"],
            other => panic!("no twin for {other}"),
        };
        self.count(now, window, names)
    }
}
