//! The settings of other crates, made from this one's: each crate checks what is its own.

use holdfast_events::{Currency as Code, CurrencyRule, Settings as Decoding, mapping};
use holdfast_policy as policy;

use super::{AlertFormat, Currency, PolicyMode, Settings};

impl Settings {
    /// How records are decoded; records from Kafka need a key, lines of a file do not.
    ///
    /// # Errors
    /// Faults of `[events.mapping]`, which [`super::Layers::load`] has reported already.
    pub fn decoder(&self, currency: CurrencyRule, key_required: bool) -> anyhow::Result<Decoding> {
        let mut decoding = Decoding::new(currency)
            .with_key_required(key_required)
            .with_max_future_ms(self.events.max_future_ms)
            .with_strict(self.events.strict);
        if let Some(table) = &self.events.mapping {
            let config: mapping::Config = table.clone().try_into()?;
            let checked = config.check().map_err(|faults| {
                let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
                anyhow::anyhow!("{}", texts.join("; "))
            })?;
            decoding = decoding.with_mapping(checked);
        }
        Ok(decoding)
    }

    /// The currency rule of `[money]`; `None` when it leaves the choice to the model file.
    pub fn currency_rule(&self) -> Option<CurrencyRule> {
        match self.money.currency.as_ref()? {
            Currency::Ignore => Some(CurrencyRule::Ignore),
            // Checked when the configuration was read.
            Currency::Only(code) => Code::parse(code).map(CurrencyRule::Only),
        }
    }

    /// How decisions are made; `currency` is the deployment's, none when currencies are ignored.
    pub fn policy(&self, currency: Option<Code>) -> policy::Config {
        policy::Config {
            mode: match self.policy.mode {
                PolicyMode::Episodes => policy::Mode::Episodes,
                PolicyMode::Plain => policy::Mode::Plain,
            },
            open: self.policy.open,
            close: self.policy.close,
            bands: self.policy.bands.clone(),
            dwell_ms: self.policy.dwell_ms,
            cooldown_ms: self.policy.cooldown_ms,
            hard_churn: self.policy.hard_churn.clone(),
            silence: self.silence.enabled,
            not_before: self.alerts.not_before,
            tenant: self.app.tenant.clone(),
            format: match self.alerts.format {
                AlertFormat::Json => policy::Format::Json,
                AlertFormat::Spec => policy::Format::Spec,
            },
            currency,
        }
    }
}
