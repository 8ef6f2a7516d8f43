//! How the features of a model were spread in training.

use super::{Model, seal};
use crate::Error;
use crate::watch::Spread;

impl Model {
    /// The same model, sealed with how its features were spread in training.
    ///
    /// # Errors
    /// [`Error::Faults`] as for a file.
    pub fn with_reference(mut self, spreads: Vec<Spread>) -> Result<Self, Error> {
        self.reference = Some(spreads);
        self.check()?;
        self.sha256 = String::new();
        self.sha256 = seal::hash(self.to_json()?.as_bytes());
        Ok(self)
    }

    /// How its features were spread in training; nothing in a file that does not say.
    #[must_use]
    pub fn reference(&self) -> &[Spread] {
        self.reference.as_deref().unwrap_or_default()
    }

    pub(super) fn check_reference(&self, faults: &mut Vec<String>) {
        for spread in self.reference() {
            if !self.columns.iter().any(|c| c.feature == spread.feature) {
                faults.push(format!(
                    "reference names {:?}, which is in no column",
                    spread.feature
                ));
            }
            faults.extend(spread.fault());
        }
    }
}
