//! How an event file is to be read.

use std::path::PathBuf;

use holdfast_events::{Currency, CurrencyRule};
use holdfast_features::{CartAbandon, Occasion};
use holdfast_model::Model;
use jiff::tz::TimeZone;

use super::Error;
use crate::config;

/// An event file and how to read it.
#[derive(Debug, Clone)]
pub struct Source {
    /// One event a line, plain or `.gz`; `-` is stdin.
    pub events: PathBuf,
    pub(crate) decoding: holdfast_events::Settings,
    /// What is done about currencies; [`CurrencyRule::Any`] refuses a log with two of them.
    pub(crate) currency: CurrencyRule,
    pub(crate) dedupe: bool,
    /// The business's.
    pub(super) zone: TimeZone,
    /// For how long an erasure keeps events out, as in a run.
    pub(crate) block_ms: i64,
    /// As configured; none leaves it to the model, or to the default in training.
    pub(super) cart_abandon: Option<CartAbandon>,
    /// Statistics over the whole life, as the model wants them.
    pub(super) stats: Option<Occasion>,
}

impl Source {
    /// A file under the configuration (its defaults do where there is none). `currency` is the flag of that name:
    /// an ISO 4217 code or `ignore`; it wins over the configuration.
    ///
    /// # Errors
    /// [`Error::Setting`] for a currency that is no code and for a mapping that can't be used.
    pub fn new(
        events: PathBuf,
        config: &config::Settings,
        currency: Option<&str>,
    ) -> Result<Self, Error> {
        let configured = config
            .money
            .currency
            .as_ref()
            .map(|currency| match currency {
                config::Currency::Only(code) => code.as_str(),
                config::Currency::Ignore => "ignore",
            });
        let currency = rule(currency.or(configured))?;
        let decoding_rule = match currency {
            CurrencyRule::Ignore => CurrencyRule::Ignore,
            // Other currencies have to be seen, to be left out or to be named in the refusal.
            CurrencyRule::Only(_) | CurrencyRule::Any => CurrencyRule::Any,
        };
        let mut decoding = holdfast_events::Settings::new(decoding_rule)
            .with_max_future_ms(config.events.max_future_ms)
            .with_strict(config.events.strict);
        if let Some(table) = &config.events.mapping {
            decoding = decoding.with_mapping(mapping(table)?);
        }
        Ok(Self {
            events,
            decoding,
            currency,
            dedupe: config.events.dedupe,
            zone: TimeZone::get(&config.app.time_zone).unwrap_or(TimeZone::UTC),
            block_ms: config.erasure.block_ms,
            stats: None,
            cart_abandon: config.features.cart_abandon.map(|source| match source {
                config::CartAbandon::Given => CartAbandon::Given,
                config::CartAbandon::Derived { after_ms } => CartAbandon::Derived { after_ms },
            }),
        })
    }

    /// The same file as a model wants it read.
    ///
    /// # Errors
    /// [`Error::Contradiction`] where flags or configuration say other than the model.
    pub(crate) fn for_model(&self, model: &Model) -> Result<Self, Error> {
        let trained: CartAbandon = model.cart_abandon().into();
        if let Some(configured) = self
            .cart_abandon
            .filter(|configured| *configured != trained)
        {
            return Err(Error::Contradiction(format!(
                "features.cart_abandon is {}, the model was trained with {}",
                words(configured),
                words(trained)
            )));
        }
        let mut source = self.clone();
        source.cart_abandon = Some(trained);
        source.stats = model.occasion();
        if self.currency == CurrencyRule::Any && model.currency() == Some("ignore") {
            source.currency = CurrencyRule::Ignore;
            source.decoding = source.decoding.with_currency(CurrencyRule::Ignore);
        }
        Ok(source)
    }

    /// Where cart abandons come from in training.
    pub(crate) fn carts(&self) -> CartAbandon {
        self.cart_abandon
            .unwrap_or_else(|| match config::CartAbandon::default() {
                config::CartAbandon::Given => CartAbandon::Given,
                config::CartAbandon::Derived { after_ms } => CartAbandon::Derived { after_ms },
            })
    }
}

/// The source of cart abandons in words.
pub(super) fn words(source: CartAbandon) -> String {
    match source {
        CartAbandon::Given => "given".to_owned(),
        CartAbandon::Derived { after_ms } => {
            format!("derived after {}", config::format_duration(after_ms))
        }
    }
}

fn rule(text: Option<&str>) -> Result<CurrencyRule, Error> {
    match text {
        None => Ok(CurrencyRule::Any),
        Some("ignore") => Ok(CurrencyRule::Ignore),
        Some(code) => Currency::parse(code)
            .map(CurrencyRule::Only)
            .ok_or_else(|| {
                Error::Setting(format!(
                    "currency {code:?} is no ISO 4217 code such as EUR, nor `ignore`"
                ))
            }),
    }
}

fn mapping(table: &toml::Table) -> Result<holdfast_events::Mapping, Error> {
    let raw: holdfast_events::mapping::Config = table
        .clone()
        .try_into()
        .map_err(|e| Error::Setting(format!("the table [events.mapping] is wrong: {e}")))?;
    raw.check().map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Error::Setting(lines.join("; "))
    })
}
