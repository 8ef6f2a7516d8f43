//! The `[events]` table: raw as configured, and checked.

use std::fmt;

use serde::Deserialize;

use crate::currency::Currency;
use crate::mapping::{self, Mapping};
use crate::span::duration_ms;

/// How far an event may be dated beyond its own record's timestamp unless configured: 1 h.
pub const MAX_FUTURE_MS: i64 = 3_600_000;

/// The `[events]` table as written. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether duplicates of money and contract events are dropped. Carried out by the features.
    pub dedupe: bool,
    /// Whether types that are not in the vocabulary are rejected.
    pub strict: bool,
    /// How far an event may be dated beyond its record's broker timestamp, as "1h".
    pub max_future: String,
    /// How foreign JSON maps to the canonical form.
    pub mapping: Option<mapping::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dedupe: true,
            strict: false,
            max_future: "1h".to_owned(),
            mapping: None,
        }
    }
}

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The dotted key it stands under.
    pub key: String,
    /// What is wrong with it, naming the value.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

impl Config {
    /// The checked settings, for a currency rule and for records that must have a key (Kafka) or
    /// need not (files).
    ///
    /// # Errors
    /// Every fault of the table at once.
    pub fn check(
        &self,
        currency: CurrencyRule,
        key_required: bool,
    ) -> Result<Settings, Vec<Fault>> {
        let mut faults = Vec::new();
        let max_future_ms = duration_ms(&self.max_future).unwrap_or_else(|message| {
            faults.push(Fault::new("events.max_future", message));
            MAX_FUTURE_MS
        });
        let mapping = match self
            .mapping
            .as_ref()
            .map(mapping::Config::check)
            .transpose()
        {
            Ok(mapping) => mapping,
            Err(mut found) => {
                faults.append(&mut found);
                None
            }
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Settings {
            currency,
            max_future_ms,
            strict: self.strict,
            key_required,
            mapping,
        })
    }
}

/// What is done about the currency of money events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrencyRule {
    /// Only this one; a missing one is taken for it, another is rejected.
    Only(Currency),
    /// Amounts are summed in major units as they are, at two decimals, whatever the currency says.
    Ignore,
    /// Any sound code; the caller decides (training refuses a mixed log). Minor units are those
    /// of the event's own currency, two decimals where it has none.
    Any,
}

impl CurrencyRule {
    /// Whether amounts in this currency cannot be added to those of the deployment.
    #[must_use]
    pub fn is_other(self, currency: Currency) -> bool {
        matches!(self, Self::Only(own) if own != currency)
    }

    /// Decimals of the deployment's minor unit: the currency's own, else 2.
    #[must_use]
    pub fn exponent(self) -> u8 {
        match self {
            Self::Only(currency) => currency.exponent(),
            Self::Ignore | Self::Any => 2,
        }
    }

    /// Decimals of the minor unit in which an amount sent with this currency is counted.
    pub(crate) fn exponent_of(self, sent: Option<Currency>) -> u8 {
        match (self, sent) {
            (Self::Only(_) | Self::Any, Some(sent)) => sent.exponent(),
            _ => self.exponent(),
        }
    }
}

/// Checked settings of a [`crate::Decoder`].
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) currency: CurrencyRule,
    pub(crate) max_future_ms: i64,
    pub(crate) strict: bool,
    pub(crate) key_required: bool,
    pub(crate) mapping: Option<Mapping>,
}

impl Settings {
    /// Defaults: 1 h tolerance, unknown types accepted, no key needed, no mapping.
    #[must_use]
    pub fn new(currency: CurrencyRule) -> Self {
        Self {
            currency,
            max_future_ms: MAX_FUTURE_MS,
            strict: false,
            key_required: false,
            mapping: None,
        }
    }

    /// The same settings under another currency rule.
    #[must_use]
    pub fn with_currency(mut self, currency: CurrencyRule) -> Self {
        self.currency = currency;
        self
    }

    /// The same settings with keys required (Kafka) or not (files).
    #[must_use]
    pub fn with_key_required(mut self, required: bool) -> Self {
        self.key_required = required;
        self
    }

    /// The same settings with another tolerance for future times, in milliseconds.
    #[must_use]
    pub fn with_max_future_ms(mut self, max_future_ms: i64) -> Self {
        self.max_future_ms = max_future_ms;
        self
    }

    /// The same settings with unknown types rejected or accepted.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// The same settings with a mapping of foreign JSON.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// Whether records are read by a mapping, so that fields may have other names in them.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.mapping.is_some()
    }

    /// The rule for currencies.
    #[must_use]
    pub fn currency(&self) -> CurrencyRule {
        self.currency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_an_hour_no_strictness_and_deduplication() {
        let config: Config = toml::from_str("").unwrap();
        assert!(config.dedupe && !config.strict && config.mapping.is_none());
        let settings = config.check(CurrencyRule::Any, true).unwrap();
        assert_eq!(settings.max_future_ms, MAX_FUTURE_MS);
        assert!(settings.key_required);
    }

    #[test]
    fn faults_of_the_table_and_its_mapping_come_together() {
        let table = "max_future = \"soon\"\n[mapping.fields]\nuser = \"who\"";
        let config: Config = toml::from_str(table).unwrap();
        let faults = config.check(CurrencyRule::Any, false).unwrap_err();
        let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(
            keys,
            ["events.max_future", "events.mapping.fields.\"user\""]
        );
        assert!(
            faults[0]
                .to_string()
                .starts_with("events.max_future: \"soon\" is no duration")
        );
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<Config>("dedup = true").is_err());
    }
}
