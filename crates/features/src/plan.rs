//! Which features are wanted, and what has to be computed for them.

use crate::constants::Constants;
use crate::registry::{Kind, feature, nearest};
use crate::stats::Occasion;
use crate::{Error, FeatureId};

/// An ordered list of features. Windows that none of them needs are not summed up.
///
/// ```
/// use holdfast_features::Plan;
///
/// let plan = Plan::from_names(&["days_since_last_purchase", "purchases_30d"])?;
/// assert_eq!(plan.len(), 2);
/// assert!(Plan::from_names(&["purchases_31d"]).is_err());
/// # Ok::<(), holdfast_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    ids: Vec<FeatureId>,
    kinds: Vec<Kind>,
    windows: [bool; 3],
    constants: Constants,
    needs_stats: bool,
}

impl Plan {
    /// A plan of these features, in this order.
    #[must_use]
    pub fn new(ids: &[FeatureId]) -> Self {
        let kinds: Vec<Kind> = ids.iter().map(|id| id.describe().kind).collect();
        let mut windows = [false; 3];
        for window in kinds.iter().flat_map(|kind| kind.windows()) {
            windows[window] = true;
        }
        Self {
            ids: ids.to_vec(),
            needs_stats: kinds.iter().any(|kind| matches!(kind, Kind::Life(..))),
            kinds,
            windows,
            constants: Constants::default(),
        }
    }

    /// The same plan with a model's constants.
    #[must_use]
    pub fn with_constants(self, constants: Constants) -> Self {
        Self { constants, ..self }
    }

    /// What has to be an occasion for this plan: none if no feature needs statistics over the whole life. If features
    /// contradict each other, the first one's.
    #[must_use]
    pub fn occasion(&self) -> Option<Occasion> {
        let said = self.kinds.iter().find_map(|kind| kind.occasion());
        said.or(self.needs_stats.then_some(Occasion::Purchase))
    }

    /// A plan by feature names.
    ///
    /// # Errors
    /// [`Error::UnknownFeature`] for the first name that isn't registered.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Result<Self, Error> {
        let id = |name: &S| {
            let name = name.as_ref();
            feature(name).ok_or_else(|| Error::UnknownFeature {
                name: name.to_owned(),
                nearest: nearest(name),
            })
        };
        Ok(Self::new(
            &names.iter().map(id).collect::<Result<Vec<_>, _>>()?,
        ))
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

    pub(crate) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    pub(crate) fn constants(&self) -> &Constants {
        &self.constants
    }

    /// Whether it asks for statistics over the whole life, which not every state holds.
    #[must_use]
    pub fn needs_stats(&self) -> bool {
        self.needs_stats
    }

    /// Which of the windows (7, 30, 90 days) any feature needs.
    pub(crate) fn windows(&self) -> [bool; 3] {
        self.windows
    }
}
