//! Every feature with its name, unit, formula, source, transform and sentence.

/// Index of a feature in [`registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId(pub u16);

impl FeatureId {
    /// The feature's description.
    #[must_use]
    pub fn describe(self) -> &'static Feature {
        &registry()[usize::from(self.0)]
    }
}

/// How a model column should transform the value before clipping and scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// As it is.
    Identity,
    /// ln(1 + x), for values that are never negative.
    Log1p,
    /// sign(x) ln(1 + |x|).
    SignedLog1p,
}

/// One feature, described for machines and for people.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Stable name, as in model files.
    pub name: &'static str,
    /// "days", "events", "purchases", "currency", "ratio" and so on.
    pub unit: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// The event types that feed it.
    pub source: &'static str,
    /// Suggested transform of a model column.
    pub transform: Transform,
    /// Sentence for people, with `{value}` in it.
    pub sentence: &'static str,
    /// Decimals with which people should see the value.
    pub decimals: u8,
}

/// All features, in the order of their [`FeatureId`].
#[must_use]
pub fn registry() -> &'static [Feature] {
    todo!()
}

/// The feature of this name.
#[must_use]
pub fn feature(_name: &str) -> Option<FeatureId> {
    todo!()
}

/// The registered name with the smallest edit distance to `name`.
#[must_use]
pub fn nearest(_name: &str) -> &'static str {
    todo!()
}

/// 16 hex digits over names, units, formulas and transforms of the whole registry.
#[must_use]
pub fn registry_hash() -> String {
    todo!()
}
