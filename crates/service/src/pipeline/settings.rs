//! Configuration and model brought together.

use std::fmt;
use std::sync::Arc;

use holdfast_events::{Currency, CurrencyRule, Decoder, Mapping, Record};
use holdfast_features as features;
use holdfast_lifecycle as lifecycle;
use holdfast_model::{CartSource, Model};
use holdfast_policy as policy;
use holdfast_reports::live::Ledger;
use sha2::{Digest, Sha256};

use super::watch::Terms;
use crate::config;
use told::{Book, book_of, catalogue, lifecycle_settings};

mod told;

pub(crate) use told::{cuts_of, playbook};

/// What every partition of one process shares.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) decoder: Arc<Decoder>,
    pub(super) store: features::Settings,
    pub(super) policy: Arc<policy::Settings>,
    pub(super) model: Arc<Model>,
    pub(super) grace_ms: i64,
    state_hash: String,
    decision_hash: String,
    /// Probabilities at which episodes open and recover.
    thresholds: (f64, f64),
    /// Customers that one partition may hold.
    pub(super) max_customers: usize,
    /// For how long an erasure blocks events, after the instant it was asked for.
    pub(super) block_ms: i64,
    /// Records to be left out. Not part of the state's hash: none of them was ever worked.
    skip: Arc<[(i32, i64)]>,
    /// Under which the ids of erased customers are hashed.
    pub(super) erased_key: u64,
    /// What is predicted and held against its outcome; none for a model that nobody trained.
    pub(super) watch: Option<Arc<Terms>>,
    /// What is told beside alerts; none where nothing is.
    pub(super) lifecycle: Option<Arc<lifecycle::Settings>>,
    /// What figures of all customers are kept under; none where nobody keeps any.
    pub(super) book: Option<Book>,
    /// Records dated earlier enter the state unsent, as alerts do.
    pub(super) not_before: Option<i64>,
    /// Only asked what it would have said, beside the model that decides.
    challenger: Option<Arc<Model>>,
}

/// The configuration says other than the model it is to be used with, or cannot be used at all: every reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction(pub Vec<String>);

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the configuration cannot be used with this model: {}",
            self.0.join("; ")
        )
    }
}

impl std::error::Error for Contradiction {}

impl Settings {
    /// Brings both together. Records need a key where they come through Kafka.
    ///
    /// # Errors
    /// [`Contradiction`] with every fault of the configuration: other terms than the model was trained on, a mapping or
    /// a policy that cannot be used.
    pub fn new(
        config: &config::Settings,
        model: &Model,
        key_required: bool,
    ) -> anyhow::Result<Self> {
        let mut faults = Vec::new();
        let cart_abandon = cart_abandon(config, model, &mut faults);
        let rule = currency(config, model, &mut faults);
        let mut decoding = holdfast_events::Settings::new(rule)
            .with_key_required(key_required)
            .with_max_future_ms(config.events.max_future_ms)
            .with_strict(config.events.strict);
        if let Some(mapping) = mapping(config, &mut faults) {
            decoding = decoding.with_mapping(mapping);
        }
        let wanted = config.policy_with(model).unwrap_or_else(|found| {
            faults.extend(found);
            config.policy.clone()
        });
        let (rules, playbook) = playbook(&config.playbook, &mut faults).unzip();
        let (products, catalogue) = catalogue(config, &mut faults).unzip();
        let capacity = playbook.as_ref().and_then(|playbook| playbook.capacity());
        let welcomes = playbook
            .as_ref()
            .is_some_and(|playbook| playbook.names("signed_up"));
        let policy = policy::Config {
            playbook,
            catalogue,
            ..policy(config, &wanted, rule)
        };
        let policy = policy
            .check()
            .map_err(|fault| faults.push(format!("policy: {fault}")));
        match policy {
            Ok(policy) if faults.is_empty() => {
                let store = features::Settings {
                    dedupe: config.events.dedupe,
                    cart_abandon,
                    minor_exponent: rule.exponent(),
                    stats: model.occasion(),
                };
                let told = lifecycle_settings(config, model, store, welcomes);
                Ok(Self {
                    decoder: Arc::new(Decoder::new(decoding)),
                    state_hash: state_hash(config, store, rule),
                    decision_hash: decision_hash(
                        config,
                        &wanted,
                        told.as_deref(),
                        [rules, products],
                    ),
                    thresholds: (wanted.open, wanted.close),
                    store,
                    policy: Arc::new(policy),
                    model: Arc::new(model.clone()),
                    grace_ms: config.silence.grace_ms,
                    max_customers: config
                        .features
                        .max_customers
                        .map_or(usize::MAX, |n| n as usize),
                    block_ms: config.erasure.block_ms,
                    skip: config.run.skip.clone().into(),
                    erased_key: erased_key(&config.app.tenant),
                    watch: Terms::new(model, None, config.silence.grace_ms).map(Arc::new),
                    book: book_of(config, model, store, capacity),
                    lifecycle: told,
                    not_before: config.alerts.not_before,
                    challenger: None,
                })
            }
            _ => Err(Contradiction(faults).into()),
        }
    }

    /// The same, with another model that is scored beside the one that decides, and decides nothing.
    ///
    /// # Errors
    /// [`Contradiction`] where the two could not be compared, or the state does not hold what the other one asks for.
    pub fn challenged_by(mut self, challenger: &Model) -> Result<Self, Contradiction> {
        let champion = &self.model;
        let mut faults = Vec::new();
        if challenger.label() != champion.label() {
            faults.push("the challenger answers another question: kind, horizon or population differ from the model's");
        }
        if [champion.as_ref(), challenger]
            .iter()
            .any(|m| m.training().is_none())
        {
            faults.push("only trained models are held against their outcomes: one of model and challenger was written by hand");
        }
        if challenger.cart_abandon() != champion.cart_abandon() {
            faults.push("the challenger takes abandoned carts from elsewhere than the model");
        }
        if challenger.currency().is_some() && challenger.currency() != champion.currency() {
            faults.push("the challenger was trained with another currency than the model");
        }
        if challenger.occasion().is_some() && challenger.occasion() != champion.occasion() {
            faults.push("the challenger asks for statistics over the whole life, which the state holds only where the model asks for the same");
        }
        if !faults.is_empty() {
            return Err(Contradiction(
                faults.into_iter().map(str::to_owned).collect(),
            ));
        }
        self.watch = Terms::new(champion, Some(challenger), self.grace_ms).map(Arc::new);
        self.challenger = Some(Arc::new(challenger.clone()));
        Ok(self)
    }

    /// The model that is scored beside the one that decides.
    pub fn challenger(&self) -> Option<&Model> {
        self.challenger.as_deref()
    }

    pub(super) fn skips(&self, record: &Record<'_>) -> bool {
        !self.skip.is_empty() && self.skip.contains(&(record.partition, record.offset))
    }

    /// SHA-256 (hex) over everything that turns records into state.
    pub fn state_hash(&self) -> &str {
        &self.state_hash
    }

    /// SHA-256 (hex) over what decides beside the model: [`config::Settings::decision_hash`] with this model's thresholds.
    pub fn decision_hash(&self) -> &str {
        &self.decision_hash
    }

    /// Probabilities at which episodes open and recover, whoever said so.
    pub fn thresholds(&self) -> (f64, f64) {
        self.thresholds
    }

    /// The model that decides.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How decisions are made, for those who ask a decider themselves.
    pub fn policy(&self) -> Arc<policy::Settings> {
        Arc::clone(&self.policy)
    }

    /// Where partitions' figures are added up; none where nobody keeps any. Everything that ended by `done` (ms UTC) was
    /// told before.
    pub(crate) fn ledger(&self, done: Option<i64>) -> Option<Ledger> {
        let book = self.book.as_ref()?;
        let exponent = self.store.minor_exponent;
        Some(Ledger::new(
            book.zone.clone(),
            exponent,
            book.capacity,
            done,
        ))
    }

    /// The decoder, for those who route records before a partition sees them.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }
}

/// Over what decides beside the model, over the terms of what is told beside alerts, and over rule table and catalogue.
fn decision_hash(
    config: &config::Settings,
    wanted: &config::Policy,
    told: Option<&lifecycle::Settings>,
    texts: [Option<String>; 2],
) -> String {
    let alerts = config.decision_hash(wanted);
    let told = told.and_then(|told| serde_json::to_string(told).ok());
    config::hex(&Sha256::digest(format!("{alerts}\n{told:?}\n{texts:?}")))
}

fn state_hash(config: &config::Settings, store: features::Settings, rule: CurrencyRule) -> String {
    let text = format!(
        "{:?}\n{:?}\n{:?}\n{store:?}\n{rule:?}",
        config.events, config.erasure, config.features.max_customers
    );
    config::hex(&Sha256::digest(text.as_bytes()))
}

/// The tenant's own, so that hashes of two tenants tell nothing about each other.
fn erased_key(tenant: &str) -> u64 {
    let mut key = [0; 8];
    let digest = Sha256::digest(format!("holdfast erased {tenant}"));
    key.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(key)
}

fn mapping(config: &config::Settings, faults: &mut Vec<String>) -> Option<Mapping> {
    let raw = match config
        .events
        .mapping
        .clone()?
        .try_into::<holdfast_events::mapping::Config>()
    {
        Ok(raw) => raw,
        Err(fault) => {
            faults.push(format!(
                "events.mapping cannot be read: {}",
                fault.message()
            ));
            return None;
        }
    };
    raw.check()
        .map_err(|found| faults.extend(found.iter().map(ToString::to_string)))
        .ok()
}

/// The model's rule; another one in the configuration is a fault, for the model would see other features.
fn cart_abandon(
    config: &config::Settings,
    model: &Model,
    faults: &mut Vec<String>,
) -> features::CartAbandon {
    let trained = model.cart_abandon();
    let configured = config
        .features
        .cart_abandon
        .map(|configured| match configured {
            config::CartAbandon::Given => CartSource::Given,
            config::CartAbandon::Derived { after_ms } => CartSource::Derived { after_ms },
        });
    if let Some(configured) = configured.filter(|configured| *configured != trained) {
        let words = |source: CartSource| match source {
            CartSource::Given => "given".to_owned(),
            CartSource::Derived { after_ms } => {
                format!("derived after {}", config::format_duration(after_ms))
            }
        };
        faults.push(format!(
            "features.cart_abandon is {}, the model was trained with {}",
            words(configured),
            words(trained)
        ));
    }
    trained.into()
}

/// The configured currency, else the model's; amounts of a log that knew no currency are taken as they are.
fn currency(config: &config::Settings, model: &Model, faults: &mut Vec<String>) -> CurrencyRule {
    let configured = config
        .money
        .currency
        .as_ref()
        .map(|currency| match currency {
            config::Currency::Only(code) => code.as_str(),
            config::Currency::Ignore => "ignore",
        });
    let trained = model.currency();
    if let (Some(configured), Some(trained)) = (configured, trained)
        && configured != trained
    {
        faults.push(format!(
            "money.currency is {configured}, the model was trained with {trained}"
        ));
    }
    match configured.or(trained) {
        None | Some("ignore") => CurrencyRule::Ignore,
        Some(code) => Currency::parse(code).map_or_else(
            || {
                faults.push(format!("the currency `{code}` is no ISO 4217 code"));
                CurrencyRule::Ignore
            },
            CurrencyRule::Only,
        ),
    }
}

fn policy(
    config: &config::Settings,
    wanted: &config::Policy,
    rule: CurrencyRule,
) -> policy::Config {
    policy::Config {
        mode: match wanted.mode {
            config::PolicyMode::Episodes => policy::Mode::Episodes,
            config::PolicyMode::Plain => policy::Mode::Plain,
        },
        open: wanted.open,
        close: wanted.close,
        bands: wanted.bands.clone(),
        dwell_ms: wanted.dwell_ms,
        cooldown_ms: wanted.cooldown_ms,
        hard_churn: wanted.hard_churn.clone(),
        silence: config.silence.enabled,
        not_before: config.alerts.not_before,
        tenant: config.app.tenant.clone(),
        format: match config.alerts.format {
            config::AlertFormat::Json => policy::Format::Json,
            config::AlertFormat::Spec => policy::Format::Spec,
        },
        control: policy::Control {
            share: wanted.control_share,
            salt: wanted.control_salt.clone(),
        },
        currency: match rule {
            CurrencyRule::Only(currency) => Some(currency),
            CurrencyRule::Ignore | CurrencyRule::Any => None,
        },
        ..policy::Config::default()
    }
}
