//! The models that may have decided, each with the one configuration that is at hand.

use holdfast_model::Model;
use holdfast_policy::{Arm, Control};

use crate::config::{AlertFormat, Settings, SourceKind};
use crate::pipeline;
use crate::run::{Regime, RunError};

pub(super) struct Engines {
    /// By the order in which they were given; never empty.
    models: Vec<pipeline::Settings>,
    pub(super) tenant: String,
    pub(super) not_before: i64,
    pub(super) format: AlertFormat,
    control: Control,
}

impl Engines {
    pub(super) fn new(settings: &Settings, models: &[Model]) -> anyhow::Result<Self> {
        let from_kafka = settings.source == SourceKind::Kafka;
        let mut all: Vec<pipeline::Settings> = Vec::new();
        for model in models {
            let fresh = pipeline::Settings::new(settings, model, from_kafka)?;
            if let Some(first) = all.first()
                && first.state_hash() != fresh.state_hash()
            {
                let text = format!(
                    "model {} was trained with another currency or other abandoned carts than {}",
                    model.id(),
                    first.model().id()
                );
                return Err(RunError::Config(text).into());
            }
            all.push(fresh);
        }
        anyhow::ensure!(!all.is_empty(), "no model to verify with");
        Ok(Self {
            models: all,
            tenant: settings.app.tenant.clone(),
            not_before: settings.alerts.not_before.unwrap_or(i64::MIN),
            format: settings.alerts.format,
            control: Control {
                share: settings.policy.control_share,
                salt: settings.policy.control_salt.clone(),
            },
        })
    }

    /// Whether this customer is decided on and not alerted.
    pub(super) fn leaves_alone(&self, customer: &str) -> bool {
        self.control.arm(&self.tenant, customer) == Arm::Control
    }

    pub(super) fn state_hash(&self) -> &str {
        self.any().state_hash()
    }

    /// For state that nobody decides on.
    pub(super) fn any(&self) -> &pipeline::Settings {
        &self.models[0]
    }

    /// What decided, if it is at hand.
    ///
    /// # Errors
    /// What is not, in words.
    pub(super) fn of(&self, regime: &Regime) -> Result<&pipeline::Settings, String> {
        let Regime {
            model_sha256,
            config_hash,
        } = regime;
        // Thresholds come with a model, so that its settings' hash is its own.
        let same_settings =
            |settings: &&pipeline::Settings| settings.decision_hash() == config_hash;
        let mut models = self.models.iter();
        let known = models.find(|settings| settings.model().sha256() == model_sha256);
        match known {
            Some(found) if same_settings(&found) => Ok(found),
            None => Err(format!(
                "by a model that is not at hand (sha256 {model_sha256}): give its file with --model"
            )),
            Some(_) => Err("with other settings of policy, silence, tenant or alerts".to_owned()),
        }
    }
}
