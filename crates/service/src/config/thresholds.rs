//! The thresholds of a policy: the configuration's own, and the model file's where it says nothing.

use holdfast_model::Model;

use super::{Policy, Settings};

/// Which thresholds nobody set, so that a model may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unset {
    pub open: bool,
    pub close: bool,
    pub bands: bool,
}

impl Settings {
    /// The policy that holds with a model: what was set here, else what the model brings along, else the defaults.
    ///
    /// # Errors
    /// What was set contradicts what the model brings along, in words.
    pub fn policy_with(&self, model: &Model) -> Result<Policy, Vec<String>> {
        let mut policy = self.policy.clone();
        let Some(own) = model.policy() else {
            return Ok(policy);
        };
        let Unset { open, close, bands } = self.unset;
        if open {
            policy.open = own.open;
        }
        if close {
            policy.close = own.close.min(policy.open);
        }
        let mut faults = Vec::new();
        if policy.close > policy.open {
            faults.push(format!(
                "policy.close is {}, above the model's policy.open, {}: set both or none",
                policy.close, policy.open
            ));
        }
        if bands {
            policy.bands.retain(|band| *band > policy.open);
        }
        let below = policy.bands.iter().filter(|band| **band <= policy.open);
        faults.extend(below.map(|band| {
            format!(
                "policy.bands has {band}, which is not above the model's policy.open, {}",
                policy.open
            )
        }));
        if faults.is_empty() {
            Ok(policy)
        } else {
            Err(faults)
        }
    }

    /// Thresholds that are the model's, by the name of their key.
    pub fn from_model(&self, model: &Model) -> Vec<(&'static str, f64)> {
        let (Some(_), Ok(policy)) = (model.policy(), self.policy_with(model)) else {
            return Vec::new();
        };
        let keys = [
            ("policy.open", self.unset.open, policy.open),
            ("policy.close", self.unset.close, policy.close),
        ];
        let taken = keys.into_iter().filter(|(_, unset, _)| *unset);
        taken.map(|(key, _, value)| (key, value)).collect()
    }
}
