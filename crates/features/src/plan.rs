//! Which features are wanted.

use crate::{Error, FeatureId};

/// An ordered list of features with what has to be computed for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    ids: Vec<FeatureId>,
}

impl Plan {
    /// A plan of these features, in this order.
    #[must_use]
    pub fn new(ids: &[FeatureId]) -> Self {
        Self { ids: ids.to_vec() }
    }

    /// A plan by feature names.
    ///
    /// # Errors
    /// [`Error::UnknownFeature`] for the first name that isn't registered.
    pub fn from_names<S: AsRef<str>>(_names: &[S]) -> Result<Self, Error> {
        todo!()
    }

    /// The features, in plan order.
    #[must_use]
    pub fn ids(&self) -> &[FeatureId] {
        &self.ids
    }

    /// Number of features.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the plan asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
