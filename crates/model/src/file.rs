//! The model file: readable JSON with provenance, checked when it is loaded.
//!
//! A column's share of the log-odds is `coefficient * (N(T(min(max(x, lo), hi))) - mean) / scale` with the
//! transform T and, where one is given, the function N of a spline's basis; the log-odds are the intercept plus all shares,
//! times `calibration.slope` plus `calibration.intercept` where the file has them, plus the shift of its `season` at the
//! instant. The file holds no creation time: equal training input gives equal bytes.

use holdfast_features::{Constants, FeatureId, Occasion, Plan, Transform, feature};
use serde::{Deserialize, Serialize};

use crate::curve::Spline;
use crate::season::Season;
use crate::{Alike, Calibration, Error, Label, Policy, SegmentCuts, UsualHour, Value};

mod cart;
mod check;
mod practice;
mod provenance;
mod reference;
mod seal;
mod text;

pub use practice::Practice;
pub use provenance::{CutoffFigures, Provenance, Tried};

/// Version of the file's format that this crate writes and reads.
pub const FORMAT: &str = "holdfast-model/1";

/// A model as it stands in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Format of the file, [`FORMAT`].
    format: String,
    id: String,
    /// Hash of the file with this value empty; none in a file written by hand.
    #[serde(default)]
    sha256: String,
    label: Label,
    /// ISO 4217 code, "ignore" where amounts were summed as they are, none where no amount came.
    #[serde(default)]
    currency: Option<String>,
    cart_abandon: CartSource,
    /// Hash over the definitions of the features that the columns use; none in a file written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registry: Option<String>,
    intercept: f64,
    /// What features over the whole life take from the training population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    constants: Option<Population>,
    columns: Vec<Column>,
    /// What is done to the sum of intercept and columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<Calibration>,
    /// What is added to the log-odds then, by instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    season: Option<Season>,
    /// Where alerts open and close, unless the configuration says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    training: Option<Provenance>,
    /// How the features were spread in training, for those who watch them drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<crate::watch::Spread>>,
    /// Where the fifths of recency, frequency and money end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segments: Option<SegmentCuts>,
    /// What customers spend, and how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    /// Quantiles of the members' probabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percentiles: Option<Vec<f64>>,
    /// What became of rows scored alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intervals: Option<Vec<Alike>>,
    /// The hour of the week in which customers act most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usual_hour: Option<UsualHour>,
}

/// Where `cart_abandon` events came from in training; scoring has to do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum CartSource {
    /// They were in the log.
    Given,
    /// A timer made them from idle carts.
    Derived {
        /// Idle time in ms after which a cart counts as abandoned.
        after_ms: i64,
    },
}

/// One column of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name in the feature registry.
    pub feature: String,
    /// Transform of the clipped value.
    #[serde(default = "identity")]
    pub transform: Transform,
    /// Range in which the value is held before the transform, in the feature's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<[f64; 2]>,
    /// Function of a spline's basis that is put on the transformed value; none leaves it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spline: Option<Spline>,
    /// Mean of the column's values over the training rows.
    #[serde(default)]
    pub mean: f64,
    /// Their standard deviation.
    #[serde(default = "one")]
    pub scale: f64,
    /// Change of the log-odds per standard deviation.
    pub coefficient: f64,
    /// Standard error of the coefficient, rows taken as independent, under the fit's penalty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard_error: Option<f64>,
}

/// The rhythm of the training population, in the words of model files.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Mean of ln(1 + gap in days).
    pub gap_mean: f64,
    /// Standard deviation of the same within a customer.
    pub gap_sd: f64,
    /// r, alpha (days), a and b of MBG/NBD.
    pub mbg: [f64; 4],
}

fn identity() -> Transform {
    Transform::Identity
}

fn one() -> f64 {
    1.0
}

/// What a model is made of before it has a hash.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// A short name for people.
    pub id: String,
    /// The question it answers.
    pub label: Label,
    /// ISO 4217 code, "ignore" or none.
    pub currency: Option<String>,
    /// Source of cart abandons.
    pub cart_abandon: CartSource,
    /// Log-odds where every column is at its mean.
    pub intercept: f64,
    /// The population's rhythm, where features over the whole life need it.
    pub constants: Option<Population>,
    /// The columns.
    pub columns: Vec<Column>,
    /// What it was made from.
    pub training: Option<Provenance>,
}

impl Model {
    /// A sealed model of these parts.
    ///
    /// # Errors
    /// [`Error::Faults`] as for a file.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        let registry = check::definitions(&parts.columns);
        let mut model = Self {
            format: FORMAT.to_owned(),
            id: parts.id,
            sha256: String::new(),
            label: parts.label,
            currency: parts.currency,
            cart_abandon: parts.cart_abandon,
            registry: Some(registry),
            intercept: parts.intercept,
            constants: parts.constants,
            columns: parts.columns,
            calibration: None,
            season: None,
            policy: None,
            training: parts.training,
            reference: None,
            segments: None,
            value: None,
            percentiles: None,
            intervals: None,
            usual_hour: None,
        };
        model.reseal()?;
        Ok(model)
    }

    /// The same model with thresholds of its own.
    ///
    /// # Errors
    /// [`Error::Faults`] for thresholds that are no probabilities, or cross.
    pub fn with_policy(mut self, policy: Policy) -> Result<Self, Error> {
        self.policy = Some(policy);
        self.reseal()?;
        Ok(self)
    }

    /// The same model with a correction of its log-odds; as it is without one.
    ///
    /// # Errors
    /// [`Error::Faults`] for a slope or an intercept out of range.
    pub fn with_calibration(mut self, calibration: Option<Calibration>) -> Result<Self, Error> {
        self.calibration = calibration;
        self.reseal()?;
        Ok(self)
    }

    /// The same model with a season; as it is without one.
    ///
    /// # Errors
    /// [`Error::Faults`] for a grid or a shift out of range.
    pub fn with_season(mut self, season: Option<Season>) -> Result<Self, Error> {
        self.season = season;
        self.reseal()?;
        Ok(self)
    }

    fn reseal(&mut self) -> Result<(), Error> {
        self.check()?;
        self.sha256 = String::new();
        self.sha256 = seal::hash(self.to_json()?.as_bytes());
        Ok(())
    }

    /// Reads a model file. A file without a hash gets the hash of its bytes.
    ///
    /// # Errors
    /// [`Error::Json`] if it is not a model file at all, [`Error::Faults`] with every fault at once:
    /// unknown features (with the nearest name), numbers that are not finite or out of range, a hash
    /// that isn't the file's, features that are computed differently now.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let mut model: Self = serde_json::from_slice(bytes)?;
        let mut faults = model.faults();
        let computed = seal::hash_without(bytes, &model.sha256);
        if model.sha256.is_empty() {
            model.sha256 = computed;
        } else if model.sha256 != computed {
            faults.push(format!(
                "sha256 is {} but the file hashes to {computed}: it was changed after training",
                model.sha256
            ));
        }
        if faults.is_empty() {
            Ok(model)
        } else {
            Err(Error::Faults(faults))
        }
    }

    /// The text of a model file written by hand, laid out as this crate does and with its hash filled in.
    ///
    /// # Errors
    /// As for [`Self::from_json`]; a hash that stands in the text is replaced.
    pub fn seal(bytes: &[u8]) -> Result<String, Error> {
        let mut model: Self = serde_json::from_slice(bytes)?;
        model.check()?;
        model.registry = Some(check::definitions(&model.columns));
        model.reseal()?;
        model.to_json()
    }

    /// The file's text. For a model made here it hashes to [`Self::sha256`].
    ///
    /// # Errors
    /// [`Error::Json`] if a number is not finite.
    pub fn to_json(&self) -> Result<String, Error> {
        Ok(text::lay_out(&serde_json::to_value(self)?))
    }

    fn check(&self) -> Result<(), Error> {
        let faults = self.faults();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Faults(faults))
        }
    }

    /// Short name for people.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// 64 hex digits that name exactly this file.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The question it answers.
    #[must_use]
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// ISO 4217 code of the amounts, "ignore" where they were summed as they are, none where the
    /// training log carried no currency.
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Where cart abandons came from.
    #[must_use]
    pub fn cart_abandon(&self) -> CartSource {
        self.cart_abandon
    }

    /// Log-odds where every column is at its mean.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The columns, in the file's order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What is done to the sum of intercept and columns; none where it stands as it is.
    #[must_use]
    pub fn calibration(&self) -> Option<Calibration> {
        self.calibration
    }

    /// What is added to the log-odds by instant; none in a model that knows no seasons.
    #[must_use]
    pub fn season(&self) -> Option<&Season> {
        self.season.as_ref()
    }

    /// Where alerts open and close, unless the configuration says so.
    #[must_use]
    pub fn policy(&self) -> Option<Policy> {
        self.policy
    }

    /// What it was made from; none for a model written by hand.
    #[must_use]
    pub fn training(&self) -> Option<&Provenance> {
        self.training.as_ref()
    }

    /// What has to be an occasion in the settings of a store that the model can score; none if the model asks for no
    /// statistics over the whole life.
    #[must_use]
    pub fn occasion(&self) -> Option<Occasion> {
        Plan::new(&self.features().ok()?).occasion()
    }

    /// The features of the columns, in their order.
    pub(crate) fn features(&self) -> Result<Vec<FeatureId>, Error> {
        self.columns.iter().map(known).collect()
    }

    /// What features over the whole life take from the training population, and the horizon.
    #[must_use]
    pub fn constants(&self) -> Constants {
        constants(self.constants.as_ref(), &self.label)
    }
}

/// What formulas over the whole life take from a population, or from none, and from the label.
pub(crate) fn constants(population: Option<&Population>, label: &Label) -> Constants {
    let usual = Constants {
        horizon_days: f64::from(label.horizon_days),
        ..Constants::default()
    };
    population.map_or(usual, |found| Constants {
        gap_mean: found.gap_mean,
        gap_sd: found.gap_sd,
        mbg: found.mbg,
        ..usual
    })
}

/// The feature of a column.
pub(crate) fn known(column: &Column) -> Result<FeatureId, Error> {
    feature(&column.feature).ok_or_else(|| Error::Faults(vec![check::unknown(&column.feature)]))
}

#[cfg(test)]
mod tests;
