//! Every feature with its name, unit, formula, source, transform and sentence.
//!
//! `now` is any instant; a window of W days is the UTC days D-(W-1) to D, D being the day of `now`,
//! and what is dated after D never counts. Totals are over the whole life.

mod families;
mod life;
mod sentence;
mod table;
mod theme;

use crate::stats::Occasion;
use crate::words::Field;
pub(crate) use life::{Life, Served};
use sentence::Sentence;
use table::FEATURES;
pub use theme::Theme;
use xxhash_rust::xxh3::Xxh3;

/// Index of a feature in [`registry`]. Not stable over versions: files keep names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId(u16);

impl FeatureId {
    /// The feature's description.
    #[must_use]
    pub fn describe(self) -> &'static Feature {
        &FEATURES[usize::from(self.0)]
    }

    /// Its place in [`registry`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Every feature, in registry order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..FEATURES.len() as u16).map(Self)
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
    /// ln(x), for values above 0.
    Log,
    /// ln(x / (1 - x)), for probabilities, held between 1e-6 and 1 - 1e-6.
    Logit,
}

impl Transform {
    /// The word in model files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Log1p => "log1p",
            Self::SignedLog1p => "signed_log1p",
            Self::Log => "log",
            Self::Logit => "logit",
        }
    }
}

/// One feature, described for machines and for people.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Stable name, as in model files.
    pub name: &'static str,
    /// What the number counts: days, events, purchases, currency (major units), ratio.
    pub unit: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// The event types that feed it.
    pub source: &'static str,
    /// Suggested transform of a model column.
    pub transform: Transform,
    pub(crate) sentence: Sentence,
    pub(crate) kind: Kind,
}

impl Feature {
    /// The value, in this feature's unit, as a sentence for people.
    #[must_use]
    pub fn say(&self, value: f64) -> String {
        self.sentence.with(value)
    }

    /// What has to be an occasion in the settings of a store that can answer it; none if it does not matter.
    #[must_use]
    pub fn occasion(&self) -> Option<Occasion> {
        self.kind.occasion()
    }

    /// Whether a store needs the statistics over the whole life for it ([`crate::Settings::stats`]).
    #[must_use]
    pub fn needs_stats(&self) -> bool {
        matches!(self.kind, Kind::Life(..))
    }
}

/// A window, by its place in the list of lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Days7,
    Days30,
    Days90,
}

impl Window {
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// Two windows whose paces are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trend {
    From7To30,
    From30To90,
}

impl Trend {
    pub(crate) const fn short(self) -> usize {
        self as usize
    }

    pub(crate) const fn long(self) -> usize {
        self as usize + 1
    }
}

/// Which formula a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SinceEvent,
    SincePurchase,
    SinceFirstPurchase,
    Tenure,
    Count(Field, Window),
    Purchases(Window),
    PurchaseDays(Window),
    Spend(Window),
    Activity(Window),
    PurchasesTotal,
    PurchaseDaysTotal,
    PurchaseRate,
    DaysPerPurchaseDay,
    SpendTotal,
    MeanOrder,
    RefundShare,
    GapMean,
    GapSd,
    UsualGap,
    RecencyOverGap,
    GapZ,
    PurchaseTrend(Trend),
    ActivityTrend(Trend),
    SpendTrend(Trend),
    /// Over the whole life, of one of the two families or of both.
    Life(Option<Occasion>, Life),
}

impl Kind {
    /// Whether only events change it, never time.
    pub(crate) fn is_timeless(self) -> bool {
        if let Self::Life(_, life) = self {
            return life.is_timeless();
        }
        matches!(
            self,
            Self::PurchasesTotal
                | Self::PurchaseDaysTotal
                | Self::SpendTotal
                | Self::MeanOrder
                | Self::RefundShare
                | Self::GapMean
                | Self::GapSd
                | Self::UsualGap
        )
    }

    /// What has to be an occasion for it; none if any may be, or if it asks for none.
    pub(crate) fn occasion(self) -> Option<Occasion> {
        match self {
            Self::Life(occasion, _) => occasion,
            _ => None,
        }
    }

    /// The windows that the formula reads.
    pub(crate) fn windows(self) -> impl Iterator<Item = usize> {
        let (first, second) = match self {
            Self::Count(_, w)
            | Self::Purchases(w)
            | Self::PurchaseDays(w)
            | Self::Spend(w)
            | Self::Activity(w) => (Some(w.index()), None),
            Self::PurchaseTrend(t) | Self::ActivityTrend(t) | Self::SpendTrend(t) => {
                (Some(t.short()), Some(t.long()))
            }
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }
}

/// All features, in the order of their [`FeatureId`].
#[must_use]
pub fn registry() -> &'static [Feature] {
    FEATURES
}

/// The feature of this name.
#[must_use]
pub fn feature(name: &str) -> Option<FeatureId> {
    let at = FEATURES.iter().position(|feature| feature.name == name)?;
    Some(FeatureId(at as u16))
}

/// The registered name closest to `name`, for messages to people.
#[must_use]
pub fn nearest(name: &str) -> &'static str {
    let names = FEATURES.iter().map(|feature| feature.name);
    names
        .min_by_key(|known| strsim::damerau_levenshtein(name, known))
        .unwrap_or("")
}

/// 16 hex digits over name, unit, formula, source and transform of every feature: another hash
/// means that a model file may speak of other numbers.
#[must_use]
pub fn registry_hash() -> String {
    let mut hasher = Xxh3::new();
    for feature in FEATURES {
        let parts = [
            feature.name,
            feature.unit,
            feature.formula,
            feature.source,
            feature.transform.name(),
        ];
        for part in parts {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
    }
    format!("{:016x}", hasher.digest())
}

#[cfg(test)]
mod tests;
