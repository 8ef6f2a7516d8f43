//! Thresholds, durations and switches: raw as configured, then checked.

use std::sync::Arc;

use holdfast_events::{Currency, EventType};
use holdfast_model::logit;
use holdfast_playbook::{Catalogue, Playbook};

use crate::arm::Control;
use crate::error::Error;

const HOUR_MS: i64 = 3_600_000;

/// How decisions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Opened, escalated, closed; with hysteresis, dwell time and cool-down.
    Episodes,
    /// A threshold and a cool-down, nothing else: every alert stands alone.
    Plain,
}

/// What an alert's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// All fields of `schemas/alert.schema.json`.
    Json,
    /// The nine fields of the side-by-side workload.
    Spec,
}

/// A policy as configured. Durations and instants are ms.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Episodes or plain alerts.
    pub mode: Mode,
    /// Probability at which an episode opens.
    pub open: f64,
    /// Probability at which an open episode recovers; at most `open`.
    pub close: f64,
    /// Probabilities at which an open episode escalates: ascending, above `open`.
    pub bands: Vec<f64>,
    /// An episode recovers no sooner than this after its opening.
    pub dwell_ms: i64,
    /// No new episode opens sooner than this after a close (plain mode: after an alert).
    pub cooldown_ms: i64,
    /// Event types that close an episode as churned.
    pub hard_churn: Vec<String>,
    /// Whether silence alone leads to decisions. Without it, open episodes still lapse and timers still fire.
    pub silence: bool,
    /// Decisions dated earlier enter the state but are not sent.
    pub not_before: Option<i64>,
    /// Part of every alert's identity.
    pub tenant: String,
    /// Shape of the alert's value.
    pub format: Format,
    /// The deployment's currency; `None` when currencies are ignored.
    pub currency: Option<Currency>,
    /// Who is left alone.
    pub control: Control,
    /// Says what to do about whom; none recommends nothing.
    pub playbook: Option<Arc<Playbook>>,
    /// Products, of which some are suggested; none suggests nothing.
    pub catalogue: Option<Arc<Catalogue>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Episodes,
            open: 0.8,
            close: 0.7,
            bands: vec![0.9],
            dwell_ms: crate::DAY_MS,
            cooldown_ms: 7 * crate::DAY_MS,
            hard_churn: [
                "account_closed",
                "subscription_cancel",
                "subscription_expire",
            ]
            .map(str::to_owned)
            .to_vec(),
            silence: true,
            not_before: None,
            tenant: "default".to_owned(),
            format: Format::Json,
            currency: None,
            control: Control::default(),
            playbook: None,
            catalogue: None,
        }
    }
}

/// A probability and the log-odds it is compared as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) probability: f64,
    pub(crate) log_odds: f64,
}

impl Threshold {
    fn check(name: &'static str, probability: f64) -> Result<Self, Error> {
        if probability > 0.0 && probability < 1.0 {
            return Ok(Self {
                probability,
                log_odds: logit(probability),
            });
        }
        Err(Error::NotAProbability {
            name,
            value: probability,
        })
    }
}

/// A policy that can be used.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) mode: Mode,
    pub(crate) open: Threshold,
    pub(crate) close: Threshold,
    pub(crate) bands: Vec<Threshold>,
    pub(crate) dwell_ms: i64,
    pub(crate) cooldown_ms: i64,
    pub(crate) hard_churn: Vec<HardChurn>,
    /// Whether a contract that runs out is such an end too, also where nobody says so.
    pub(crate) contracts_end: bool,
    pub(crate) silence: bool,
    pub(crate) not_before: i64,
    pub(crate) tenant: String,
    pub(crate) format: Format,
    pub(crate) currency: Option<Currency>,
    pub(crate) control: Control,
    pub(crate) playbook: Option<Arc<Playbook>>,
    pub(crate) catalogue: Option<Arc<Catalogue>>,
}

/// An event type by name; a type of the user's own has no kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HardChurn {
    pub(crate) kind: EventType,
    pub(crate) name: String,
}

impl HardChurn {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            kind: EventType::from_name(name).unwrap_or(EventType::Other),
            name: name.to_owned(),
        }
    }

    /// Whether an event of this kind and, for foreign types, this name is meant.
    pub(crate) fn is(&self, kind: EventType, name: &str) -> bool {
        self.kind == kind && (kind != EventType::Other || self.name == name)
    }
}

impl Config {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that cannot be used, by name.
    pub fn check(self) -> Result<Settings, Error> {
        let open = Threshold::check("open", self.open)?;
        let close = Threshold::check("close", self.close)?;
        if self.close > self.open {
            return Err(Error::CloseAboveOpen {
                open: self.open,
                close: self.close,
            });
        }
        let mut bands: Vec<Threshold> = Vec::with_capacity(self.bands.len());
        for band in self.bands {
            let below = bands.last().map_or(self.open, |b| b.probability);
            let band = Threshold::check("band", band)?;
            if band.probability <= below {
                return Err(Error::BandOutOfOrder {
                    band: band.probability,
                    below,
                });
            }
            bands.push(band);
        }
        for (name, value) in [("dwell", self.dwell_ms), ("cooldown", self.cooldown_ms)] {
            if value < 0 {
                return Err(Error::NegativeDuration { name, value });
            }
        }
        if self.mode == Mode::Plain && self.silence && self.cooldown_ms < HOUR_MS {
            return Err(Error::NoCooldown(self.cooldown_ms));
        }
        if !(0.0..=1.0).contains(&self.control.share) {
            return Err(Error::NotAProbability {
                name: "control share",
                value: self.control.share,
            });
        }
        if let Some(empty) = self.hard_churn.iter().find(|name| name.is_empty()) {
            return Err(Error::UnknownEventType(empty.clone()));
        }
        let hard_churn = self.hard_churn.iter().map(|name| HardChurn::new(name));
        let hard_churn: Vec<HardChurn> = hard_churn.collect();
        let is_expiry = |churn: &HardChurn| churn.kind == EventType::SubscriptionExpire;
        Ok(Settings {
            contracts_end: hard_churn.iter().any(is_expiry),
            mode: self.mode,
            open,
            close,
            bands,
            dwell_ms: self.dwell_ms,
            cooldown_ms: self.cooldown_ms,
            hard_churn,
            silence: self.silence,
            not_before: self.not_before.unwrap_or(i64::MIN),
            tenant: self.tenant,
            format: self.format,
            currency: self.currency,
            control: self.control,
            playbook: self.playbook,
            catalogue: self.catalogue,
        })
    }
}

impl Settings {
    /// Log-odds below which an episode closes.
    #[must_use]
    pub fn close(&self) -> f64 {
        self.close.log_odds
    }

    /// The threshold of a level: 0 is the opening threshold, n the n-th band.
    pub(crate) fn level(&self, level: usize) -> Option<Threshold> {
        if level == 0 {
            Some(self.open)
        } else {
            self.bands.get(level - 1).copied()
        }
    }

    /// The highest level that these log-odds reach; `None` below the opening threshold.
    pub(crate) fn level_reached(&self, log_odds: f64) -> Option<usize> {
        if log_odds < self.open.log_odds {
            return None;
        }
        Some(
            self.bands
                .iter()
                .take_while(|band| log_odds >= band.log_odds)
                .count(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: Config, expected: &str) {
        let fault = config
            .check()
            .map(|_| String::new())
            .unwrap_or_else(|fault| fault.to_string());
        assert_eq!(fault, expected);
    }

    #[test]
    fn the_defaults_are_sound() {
        check(Config::default(), "");
    }

    #[test]
    fn a_policy_that_cannot_be_used_is_refused_by_name_and_value() {
        let base = Config::default;
        check(
            Config {
                open: 1.0,
                ..base()
            },
            "open is 1, not a probability between 0 and 1",
        );
        check(
            Config {
                close: f64::NAN,
                ..base()
            },
            "close is NaN, not a probability between 0 and 1",
        );
        check(
            Config {
                close: 0.9,
                ..base()
            },
            "close is 0.9, above open, 0.8",
        );
        check(
            Config {
                bands: vec![0.9, 0.9],
                ..base()
            },
            "band 0.9 is not above 0.9",
        );
        check(
            Config {
                dwell_ms: -1,
                ..base()
            },
            "dwell is -1 ms, less than nothing",
        );
        let plain = Config {
            mode: Mode::Plain,
            cooldown_ms: 0,
            ..base()
        };
        check(
            Config {
                silence: false,
                ..plain.clone()
            },
            "",
        );
        check(
            plain,
            "cooldown is 0 ms: plain mode with silence needs at least an hour, or alerts never end",
        );
    }

    #[test]
    fn a_level_is_reached_from_its_threshold_on() {
        let settings = Config {
            bands: vec![0.9, 0.95],
            ..Config::default()
        }
        .check()
        .unwrap();
        for (p, level) in [
            (0.799, None),
            (0.8, Some(0)),
            (0.9, Some(1)),
            (0.94, Some(1)),
            (0.99, Some(2)),
        ] {
            assert_eq!(settings.level_reached(logit(p)), level, "{p}");
        }
    }
}
